"""Clients of a running Warren: what they see, from the outside, of the promises of its front door."""

import argparse
import asyncio
import json
import ssl
import sys
import uuid
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import aiohttp

PASSWORD = "a long enough phrase"
# For anything that should take milliseconds.
SOON_S = 20
# For a server to come or to go.
PATIENCE_S = 60
# A client says something more often than the 15 s that `hello` asks for.
HEARTBEAT_S = 10
# A user may hold 20 sockets at one ws-server: the oldest would be closed.
SOCKETS_PER_USER = 20
# The close code of a server that drains.
GOING_AWAY = aiohttp.WSCloseCode.GOING_AWAY
# Sockets that are being opened at once, below the backlog of the listeners.
OPENING = 100


class Person:
    """An account, seen through one front door."""

    def __init__(self, http: aiohttp.ClientSession, auth: dict):
        self.http, self.id, self.name = http, auth["user"]["id"], auth["user"]["username"]
        self.headers = {"Authorization": f"Bearer {auth['access_token']}"}

    @classmethod
    async def register(cls, http: aiohttp.ClientSession) -> "Person":
        account = {"username": f"o{uuid.uuid4().hex[:20]}", "password": PASSWORD}
        async with http.post("/v1/auth/register", json=account) as reply:
            assert reply.status == 201, f"registration: {reply.status} {await reply.text()}"
            return cls(http, await reply.json())

    @classmethod
    async def sign_in(cls, http: aiohttp.ClientSession, name: str) -> "Person":
        async with http.post("/v1/auth/login", json={"username": name, "password": PASSWORD}) as reply:
            assert reply.status == 200, f"login: {reply.status} {await reply.text()}"
            return cls(http, await reply.json())

    async def ask(self, status: int, method: str, path: str, **options):
        async with self.http.request(method, path, headers=self.headers, **options) as reply:
            assert reply.status == status, f"{method} {path}: {reply.status} {await reply.text()}"
            return None if status == 204 else await reply.json()

    async def chat_with(self, other: "Person") -> str:
        return (await self.ask(201, "POST", "/v1/conversations", json={"user_id": other.id}))["id"]

    async def upload(self, content: bytes, name: str) -> dict:
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        return await self.ask(201, "POST", "/v1/uploads", data=form)

    async def write(self, chat: str, **content) -> dict:
        message = {"client_id": str(uuid.uuid4()), **content}
        return await self.ask(201, "POST", f"/v1/conversations/{chat}/messages", json=message)

    @asynccontextmanager
    async def socket(self):
        """A socket that is ready; its `server` is the ws-server that it met."""
        async with self.http.ws_connect("/ws", headers=self.headers) as socket:
            hello = await expect(socket, "hello")
            await expect(socket, "ready")
            socket.server = hello["server_id"]
            yield socket


class SentOn(Exception):
    """The server goes away: it has said so, and closed the socket with 1001. Its client comes again."""


async def expect(socket, kind: str, **fields) -> dict:
    """The next frame of this kind with these fields; others are passed over."""
    told = False
    async with asyncio.timeout(SOON_S):
        while True:
            message = await socket.receive()
            if told and message.type is aiohttp.WSMsgType.CLOSE and message.data == GOING_AWAY:
                raise SentOn
            assert message.type is aiohttp.WSMsgType.TEXT, f"before {kind}: {message}"
            frame = message.json()
            told = told or frame["type"] == "draining"
            if frame["type"] == kind and all(frame.get(key) == value for key, value in fields.items()):
                return frame


# ---- What people do --------------------------------------------------------------------------------


async def talk(http: aiohttp.ClientSession, _options) -> str:
    ada, bob = await Person.register(http), await Person.register(http)
    chat = await ada.chat_with(bob)
    async with ada.socket() as hers, elsewhere(bob, hers.server) as his:
        message = await ada.write(chat, body="Which server are you on?")
        heard = await expect(his, "message.created", conversation_id=chat)
        assert heard["message"]["id"] == message["id"], "another message came"
        where = {"conversation_id": chat, "seq": message["seq"]}
        await his.send_json({"type": "delivered", **where})
        await expect(hers, "receipt", user_id=bob.id, delivered_seq=message["seq"])
        await his.send_json({"type": "read", **where})
        await expect(hers, "receipt", user_id=bob.id, read_seq=message["seq"])
        await pass_a_file(ada, bob, chat, his)
        return f"talked over {hers.server} and {his.server}"


@asynccontextmanager
async def elsewhere(person: Person, server: str):
    """A socket at another ws-server than this one."""
    for _ in range(SOCKETS_PER_USER):
        async with person.socket() as socket:
            if socket.server != server:
                yield socket
                return
    raise AssertionError(f"every socket met {server}")


async def pass_a_file(sender: Person, reader: Person, chat: str, socket):
    """What one uploads the other reads, also a part of it, under headers that keep it harmless."""
    content = b"<script>alert(1)</script>" * 100_000
    file = await sender.upload(content, "page.html")
    await sender.write(chat, body="", attachment_ids=[file["id"]])
    await expect(socket, "message.created", conversation_id=chat)
    async with reader.http.get(file["url"], headers=reader.headers) as reply:
        assert (reply.status, await reply.read() == content) == (200, True), "other bytes came back"
        policy = reply.headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; sandbox", policy
        assert reply.headers["Content-Disposition"].startswith("attachment"), reply.headers
        assert reply.headers["X-Content-Type-Options"] == "nosniff", reply.headers
        at = reply.url
    async with reader.http.get(at, headers={"Range": "bytes=1000-1099"}) as part:
        assert (part.status, await part.read()) == (206, content[1000:1100]), "not the part"


async def spread(http: aiohttp.ClientSession, options) -> str:
    """Again until it is so: a server that comes or goes is seen a moment later."""
    people = [await Person.register(http) for _ in range(10)]
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        async with AsyncExitStack() as sockets:
            opening = [sockets.enter_async_context(person.socket()) for person in people * 4]
            met = Counter([(await socket).server for socket in opening])
        if len(met) == options.servers:
            return f"sockets met {dict(met)}"
        assert asyncio.get_running_loop().time() < deadline, f"sockets met {dict(met)}"


async def hold(http: aiohttp.ClientSession, options) -> str:
    turn, everybody = asyncio.Semaphore(OPENING), asyncio.Event()
    open_now = 0

    async def stay(person: Person):
        nonlocal open_now
        async with AsyncExitStack() as leaving:
            async with turn:
                socket = await leaving.enter_async_context(person.socket())
            open_now += 1
            if open_now == options.sockets:
                everybody.set()
            while not everybody.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(everybody.wait(), HEARTBEAT_S)
                await socket.send_json({"type": "ping"})
            # None was lost while the others came.
            await socket.send_json({"type": "ping", "ref": "all"})
            await expect(socket, "pong", ref="all")

    people = [await Person.register(http) for _ in range(-(-options.sockets // SOCKETS_PER_USER))]
    await asyncio.gather(*(stay(people[at // SOCKETS_PER_USER]) for at in range(options.sockets)))
    return f"{open_now} sockets were open at once"


async def remember(http: aiohttp.ClientSession, options) -> str:
    ada, bob = await Person.register(http), await Person.register(http)
    chat, content = await ada.chat_with(bob), uuid.uuid4().hex
    file = await ada.upload(content.encode(), "note.txt")
    message = await ada.write(chat, body="Do not forget this", attachment_ids=[file["id"]])
    note = {"name": ada.name, "chat": chat, "message": message["id"], "content": content}
    Path(options.note).write_text(json.dumps(note))
    return f"{ada.name} wrote something to remember"


async def recall(http: aiohttp.ClientSession, options) -> str:
    note = json.loads(Path(options.note).read_text())
    ada = await Person.sign_in(http, note["name"])
    page = await ada.ask(200, "GET", f"/v1/conversations/{note['chat']}/messages")
    (message,) = [each for each in page["items"] if each["id"] == note["message"]]
    async with http.get(message["attachments"][0]["url"], headers=ada.headers) as reply:
        assert (reply.status, await reply.text()) == (200, note["content"]), f"file: {reply.status}"
    return f"{ada.name} found it again"


async def forgotten(http: aiohttp.ClientSession, options) -> str:
    name = json.loads(Path(options.note).read_text())["name"]
    async with http.post("/v1/auth/login", json={"username": name, "password": PASSWORD}) as reply:
        assert reply.status == 401, f"login: {reply.status} {await reply.text()}"
    return f"nobody knows {name}"


async def load(http: aiohttp.ClientSession, _options) -> str:
    """Writes, reads and connects until stdin ends."""
    count, end = Counter(), asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin, end.set)
    ada, bob = await Person.register(http), await Person.register(http)
    chat = await ada.chat_with(bob)

    async def again(what):
        while not end.is_set():
            await what()
            count[what.__name__] += 1

    async def write():
        await ada.write(chat, body="again")

    async def read():
        await bob.ask(200, "GET", f"/v1/conversations/{chat}/messages")

    async def page():
        async with http.get("/") as reply:
            assert reply.status == 200, f"page: {reply.status}"

    async def connect():
        try:
            async with bob.socket():
                pass
        except SentOn:
            count["sent on"] += 1

    print("begun", flush=True)
    await asyncio.gather(*map(again, [write, read, page, connect, connect]))
    return f"none failed: {dict(count)}"


# ---- The command -----------------------------------------------------------------------------------


async def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    for command, arguments in [
        (talk, {}), (spread, {"servers": int}), (hold, {"sockets": int}), (load, {}),
        (remember, {"note": str}), (recall, {"note": str}), (forgotten, {"note": str}),
    ]:
        one = commands.add_parser(command.__name__)
        one.add_argument("url")
        one.add_argument("--ca")
        for name, kind in arguments.items():
            one.add_argument(name, type=kind)
        one.set_defaults(command=command)
    options = parser.parse_args()
    trusted = ssl.create_default_context(cafile=options.ca) if options.ca else True
    connector = aiohttp.TCPConnector(ssl=trusted, limit=0)
    async with aiohttp.ClientSession(options.url, connector=connector) as http:
        print(await options.command(http, options))


asyncio.run(main())

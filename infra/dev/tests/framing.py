"""Requests that can be read in two ways: what a front door makes of each.

    framing.py URL     of HTTP/1.1, and over TLS of HTTP/2 too

Where one request ends and the next begins must be beyond doubt, or a client could put words into the mouth
of the next one. Each shape must be refused, and what follows it, which asks for /v1/smuggled, have no answer;
a line is printed for each where it is otherwise.

They are written byte by byte, because no client sends such requests (RFC 9112; RFC 9113 and RFC 7541:
literals without indexing or Huffman's code).
"""

import re
import socket
import ssl
import struct
import sys
from urllib.parse import urlsplit

DEADLINE_S = 20
REFUSED = "refused"

# ---- HTTP/1.1 --------------------------------------------------------------------------------------

HEAD = "POST /v1/auth/login HTTP/1.1\r\nHost: localhost\r\n"
NEXT = "GET /v1/smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
END = "\r\n\r\n0\r\n\r\n"

HTTP_1_SHAPES = [
    "Content-Length: 6\r\nTransfer-Encoding: chunked" + END,
    "Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
    "Content-Length: 0, 40\r\n\r\n",
    "Content-Length: +5\r\n\r\n",
    "Transfer-Encoding: xchunked" + END,
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" + END,
    "Transfer-Encoding : chunked" + END,
    "Transfer-Encoding:\r\n chunked" + END,
    "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n",
    "X-A: a\0b\r\nContent-Length: 0\r\n\r\n",
    "X-A: a\rTransfer-Encoding: chunked" + END,
    "Host: other\r\nContent-Length: 0\r\n\r\n",
]


def answer_1(door, shape):
    with door.connect("http/1.1") as connection:
        connection.sendall((HEAD + shape + NEXT).encode())
        answer = b""
        try:
            while part := connection.recv(65536):
                answer += part
        except OSError:
            pass  # What was not read makes the end a reset.
    statuses = re.findall(rb"HTTP/1.1 (\d+) ", answer)
    if statuses == [b"400"] and b'"code":"malformed"' in answer:
        return REFUSED
    return answer.decode(errors="replace")


# ---- HTTP/2 ----------------------------------------------------------------------------------------

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# The static table's entry 12, `:status: 400`.
BAD_REQUEST = 0x8C

# The name, what is said besides, and the body.
HTTP_2_SHAPES = [
    ("transfer-encoding", [("transfer-encoding", "chunked")], b"0\r\n\r\nGET /v1/smuggled HTTP/1.1\r\n\r\n"),
    ("content-length too short", [("content-length", "2")], b"{}GET /v1/smuggled HTTP/1.1\r\n\r\n"),
    ("content-length too long", [("content-length", "40")], b"{}"),
    ("content-length twice", [("content-length", "2"), ("content-length", "3")], b"{}"),
    ("a line break in a value", [("x-a", "b\r\ntransfer-encoding: chunked")], b"{}"),
    ("an upper-case name", [("X-A", "b")], b"{}"),
]


def literal(text):
    """Its length takes one byte below 127, and two here above."""
    data = text.encode()
    return (bytes([len(data)]) if len(data) < 127 else bytes([127, len(data) - 127])) + data


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def answer_2(door, extra, body):
    head = [(":method", "POST"), (":scheme", "https"), (":path", "/v1/auth/login"), (":authority", "localhost")]
    block = b"".join(b"\x00" + literal(name) + literal(value) for name, value in [*head, *extra])
    request = PREFACE + frame(SETTINGS, 0, 0, b"")
    request += frame(HEADERS, END_HEADERS, 1, block) + frame(DATA, END_STREAM, 1, body)
    with door.connect("h2") as connection:
        assert connection.selected_alpn_protocol() == "h2"
        connection.sendall(request)
        incoming = connection.makefile("rb")
        while header := incoming.read(9):
            length, kind = int.from_bytes(header[:3], "big"), header[3]
            payload = incoming.read(length)
            if kind in (RST_STREAM, GOAWAY):
                return REFUSED
            if kind == HEADERS:
                # The status is the first field.
                return REFUSED if payload[0] == BAD_REQUEST else payload.hex()
        return REFUSED


# ---- The command -----------------------------------------------------------------------------------


class Door:
    def __init__(self, url):
        address = urlsplit(url)
        self.at, self.tls = (address.hostname, address.port), address.scheme == "https"

    def connect(self, protocol):
        connection = socket.create_connection(self.at, DEADLINE_S)
        if not self.tls:
            return connection
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols([protocol])
        return context.wrap_socket(connection)


def main():
    door = Door(sys.argv[1])
    answers = {shape: answer_1(door, shape) for shape in HTTP_1_SHAPES}
    if door.tls:
        answers |= {name: answer_2(door, extra, body) for name, extra, body in HTTP_2_SHAPES}
    wrong = {shape: answer for shape, answer in answers.items() if answer != REFUSED}
    for shape, answer in wrong.items():
        print(f"{shape!r}: {answer}")
    sys.exit(bool(wrong))


main()

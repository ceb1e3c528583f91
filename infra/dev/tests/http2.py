"""Requests of HTTP/2 whose framing says two things: what the front door makes of each.

    http2.py PORT

Prints a line for each shape: its name, then the answer's status, or `reset`. Frames are written by hand,
because no client sends such requests (RFC 9113, RFC 7541: literals without indexing or Huffman's code).
"""

import socket
import ssl
import struct
import sys

DATA, HEADERS, RST_STREAM, SETTINGS, GOAWAY = 0, 1, 3, 4, 7
END_STREAM, END_HEADERS = 1, 4
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# The static table's entries 8 to 14.
STATUSES = {0x88: 200, 0x89: 204, 0x8A: 206, 0x8B: 304, 0x8C: 400, 0x8D: 404, 0x8E: 500}
DEADLINE_S = 5

# The name, what is said besides, and the body.
SHAPES = [
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


def answer(port, extra, body):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    head = [(":method", "POST"), (":scheme", "https"), (":path", "/v1/auth/login"), (":authority", "localhost")]
    block = b"".join(b"\x00" + literal(name) + literal(value) for name, value in [*head, *extra])
    request = PREFACE + frame(SETTINGS, 0, 0, b"")
    request += frame(HEADERS, END_HEADERS, 1, block) + frame(DATA, END_STREAM, 1, body)
    with context.wrap_socket(socket.create_connection(("127.0.0.1", port), DEADLINE_S)) as connection:
        assert connection.selected_alpn_protocol() == "h2"
        connection.sendall(request)
        incoming = connection.makefile("rb")
        while header := incoming.read(9):
            length, kind = int.from_bytes(header[:3], "big"), header[3]
            payload = incoming.read(length)
            if kind in (RST_STREAM, GOAWAY):
                return "reset"
            if kind == HEADERS:
                # The status is the first field: of the table, or a literal of its entry 8.
                return STATUSES.get(payload[0]) or payload[2:5].decode()
        return "reset"


for name, extra, body in SHAPES:
    print(f"{name}: {answer(int(sys.argv[1]), extra, body)}")

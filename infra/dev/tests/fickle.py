"""A server that closes on the first request of each kind without a word (on two where the path says
`twice`, on all where it says `never`), and answers all that follow with `method path length-of-body count`.

    fickle.py PORT
"""

import sys
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = Counter()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.close_connection = True
        length = len(self.rfile.read(int(self.headers["Content-Length"] or 0)))
        kind = f"{self.command} {self.path}"
        seen[kind] += 1
        if seen[kind] <= (2 if "twice" in kind else 1) or "never" in kind:
            return
        text = f"{kind} {length} {seen[kind]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

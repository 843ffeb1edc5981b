#!/usr/bin/env python3
"""A small shop, as a stand-in for the service under test: service.py PORT.

What an answer takes is a constant, so that a change can make it slower.
"""

import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Milliseconds of an answer; /health answers at once.
WORK = {"/products": 5, "/cart": 10}


class Shop(BaseHTTPRequestHandler):
    """Answers each path after its work."""

    protocol_version = "HTTP/1.1"
    # Headers and body leave in one piece.
    wbufsize = -1

    def do_GET(self):
        known = self.path == "/health" or self.path in WORK
        time.sleep(WORK.get(self.path, 0) / 1000)
        body = b'{"items":["shoes"]}' if known else b'{"error":"not found"}'
        self.send_response(200 if known else 404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing: the load would fill the log."""


if __name__ == "__main__":
    ThreadingHTTPServer.request_queue_size = 128
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Shop).serve_forever()

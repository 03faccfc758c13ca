#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A store that gives every upload the same answer.

lying_store.py CERT KEY CA PORT STATUS [TYPE BODY]: serves on localhost until it
is killed, over TLS and only to clients whose certificate CA signed; says
"ready" when it listens.
"""
import http.server
import socketserver
import ssl
import sys

cert, key, ca, port, status = sys.argv[1:6]
kind, body = (sys.argv[6:8] + ["text/plain", "no"])[:2]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def read_body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            return
        while True:
            size = int(self.rfile.readline(), 16)
            self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return

    def do_POST(self):
        self.read_body()
        self.say(int(status), kind, body.encode())

    def do_GET(self):
        self.say(404, "text/plain", b"nothing\n")

    def say(self, code, content_type, data):
        self.send_response(code)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


server = Server(("127.0.0.1", int(port)), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_REQUIRED
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A network that fails, between a host and its store.

fault_proxy.py CERT KEY CA CLIENT_CERT CLIENT_KEY STORE_PORT FAULTS SEED LOG

Serves on a port of localhost that the kernel chooses and prints; hands each
request to the store, except when it goes wrong. FAULTS is a file of one line,
read again for each request: the share of requests that go wrong, then the names
of what may happen to them. A line a request in LOG: seconds since the start,
bytes of the body, path, what went wrong, status that the host saw (0: none).

drop   closed before the body is read
reset  the same with RST
cut    half of the body reaches the store, then both sides are closed
lost   the store answers, the host hears nothing
half   half of the answer; nothing of an empty one
twice  the store gets the request twice, the host the second answer
late   half a second later
slow   the answer in single bytes
hole   nothing at all until the host gives up
busy   503 without asking the store
wait   429, Retry-After: 1
"""
import http.client
import http.server
import random
import socket
import socketserver
import ssl
import struct
import sys
import threading
import time

(cert, key, ca, client_cert, client_key, store_port, faults, seed,
 log_name) = sys.argv[1:10]
chance = random.Random(int(seed))
lock = threading.Lock()
begun = time.monotonic()
log = open(log_name, "w", buffering=1)


def client_context():
    context = ssl.create_default_context(cafile=ca)
    context.load_cert_chain(client_cert, client_key)
    return context


def choose():
    with open(faults) as f:
        share, *names = f.read().split()
    with lock:
        wrong = chance.random() < float(share)
        return chance.choice(names) if wrong and names else "none"


class Closed(Exception):
    """The host gets no whole answer."""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self):
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = b""
        while True:
            size = int(self.rfile.readline(), 16)
            data += self.rfile.read(size)
            self.rfile.readline()
            if size == 0:
                return data

    def to_store(self, data):
        """The store's status, headers and body."""
        c = http.client.HTTPSConnection("localhost", int(store_port), timeout=60,
                                        context=client_context())
        headers = {k: v for k, v in self.headers.items() if k.lower() not in
                   ("host", "transfer-encoding", "content-length", "expect",
                    "connection")}
        try:
            c.request(self.command, self.path, data, headers)
            answer = c.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            c.close()

    def half_to_store(self, data):
        c = client_context().wrap_socket(
            socket.create_connection(("localhost", int(store_port))),
            server_hostname="localhost")
        kept = ("content-type", "content-encoding")
        head = "%s %s HTTP/1.1\r\nHost: localhost\r\n" % (self.command, self.path)
        head += "".join("%s: %s\r\n" % (k, v) for k, v in self.headers.items()
                        if k.lower() in kept)
        head += "Content-Length: %d\r\n\r\n" % len(data)
        c.sendall(head.encode() + data[:len(data) // 2])
        c.close()

    def say(self, status, headers, data, part=None, slowly=False):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "transfer-encoding",
                                    "content-length", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for piece in ([data[i:i + 1] for i in range(len(data))] if slowly
                      else [data if part is None else data[:part]]):
            self.wfile.write(piece)
            self.wfile.flush()
            if slowly:
                time.sleep(0.002)
        if part is not None:
            raise Closed
        return status

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                   struct.pack("ii", 1, 0))
        socket.socket.close(self.connection)
        raise Closed

    def pass_on(self, data):
        return self.say(*self.to_store(data))

    def go_wrong(self, fault, data):
        if fault in ("drop", "cut", "lost"):
            if fault == "cut":
                self.half_to_store(data)
            if fault == "lost":
                self.to_store(data)
            raise Closed
        if fault == "half":
            status, headers, answer = self.to_store(data)
            if answer:
                self.say(status, headers, answer, len(answer) // 2)
            raise Closed
        if fault == "twice":
            self.to_store(data)
        if fault == "late":
            time.sleep(0.5)
        if fault == "slow":
            return self.say(*self.to_store(data), slowly=True)
        if fault == "hole":
            while self.connection.recv(65536):
                pass
            raise Closed
        if fault == "busy":
            return self.say(503, [], b"later\n")
        if fault == "wait":
            return self.say(429, [("Retry-After", "1")], b"later\n")
        return self.pass_on(data)

    def serve(self):
        fault, status, data, at = choose(), 0, b"", time.monotonic() - begun
        try:
            if fault == "reset":
                self.reset()
            if fault != "drop":
                data = self.body()
            status = self.go_wrong(fault, data)
        except (Closed, OSError, http.client.HTTPException):
            self.close_connection = True
        with lock:
            log.write("%.3f %d %s %s %d\n" % (at, len(data), self.path, fault,
                                              status))

    do_POST = do_GET = serve


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass


server = Server(("127.0.0.1", 0), Handler)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain(cert, key)
tls.load_verify_locations(ca)
tls.verify_mode = ssl.CERT_REQUIRED
server.socket = tls.wrap_socket(server.socket, server_side=True,
                                do_handshake_on_connect=False)
print(server.server_address[1], flush=True)
server.serve_forever()

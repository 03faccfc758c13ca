#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""An HTTPS server that behaves badly on request, for the tests of lib/http.

tls_server.py CERT KEY [CLIENT_CA]: prints its port, and that of a plain HTTP
proxy that wants a login (407) and takes any; then serves until its standard
input is closed. What it does is in the path.
"""
import gzip
import hashlib
import http.server
import os
import socket
import ssl
import sys
import threading

connections = 0
released = threading.Event()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rbufsize = 65536

    def setup(self):
        global connections
        connections += 1
        super().setup()

    def log_message(self, *args):
        pass

    def handle_expect_100(self):
        if self.path == "/refuse":
            return True
        return super().handle_expect_100()

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

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        if self.path == "/refuse":  # without a look at the body
            self.close_connection = True
            self.answer(413, b"too large\n", [("Connection", "close")])
            self.wfile.flush()
            self.connection.settimeout(5)
            try:  # a lingering close, as real servers do
                self.connection.unwrap().shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return
        data = self.body()
        length = len(data)
        if self.headers.get("Content-Encoding") == "gzip":
            data = gzip.decompress(data)
        lines = ["%s %s" % (self.command, self.path)]
        lines += ["%s: %s" % (k.lower(), v) for k, v in self.headers.items()]
        lines += ["sent %d" % length, "bytes %d" % len(data),
                  "sha256 " + hashlib.sha256(data).hexdigest(), ""]
        self.answer(200, "\n".join(lines).encode(),
                    [("Content-Type", "text/x.tlog.size"),
                     ("Accept-Encoding", "gzip, zstd")])

    def do_GET(self):
        part = self.path.strip("/").split("/")
        getattr(self, "on_" + part[0])(*part[1:])

    def on_status(self, status, retry=None):
        headers = [("Retry-After", retry.replace("_", " "))] if retry else []
        self.answer(int(status), b"status\n", headers)

    def on_redirect(self):
        self.answer(302, b"", [("Location", "/status/200")])

    def on_big(self, size):
        self.answer(200, b"x" * int(size))

    def on_endless(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"400\r\n" + b"y" * 1024 + b"\r\n")

    def on_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for i in range(100000):
            self.wfile.write(b"X-%d: %s\r\n" % (i, b"z" * 1000))

    def on_bomb(self):
        self.answer(200, gzip.compress(b"\0" * 10000000),
                    [("Content-Encoding", "gzip")])

    def on_packed(self):
        self.answer(200, gzip.compress(b"unpacked"),
                    [("Content-Encoding", "gzip")])

    def on_hang(self):
        released.wait(60)

    def on_stall(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"begun")
        self.wfile.flush()
        released.wait(60)

    def on_trickle(self):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(1000):
            self.wfile.write(b"t")
            self.wfile.flush()
            if released.wait(0.1):
                return

    def on_garbage(self):
        self.close_connection = True
        self.wfile.write(b"SSH-2.0-nonsense\r\n\r\n")

    def on_close(self):
        self.close_connection = True

    def on_cut(self):
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        self.wfile.write(b"half")

    def on_connections(self):
        self.answer(200, str(connections).encode())

    def on_peer(self):
        cert = self.connection.getpeercert()
        names = [v for rdn in cert.get("subject", ()) for k, v in rdn
                 if k == "commonName"] if cert else []
        self.answer(200, ("peer " + ",".join(names)).encode())


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context):
        self.context = context
        super().__init__(("127.0.0.1", 0), Handler)

    def finish_request(self, request, client_address):
        # The handshake belongs to the connection's own thread.
        with self.context.wrap_socket(request, server_side=True) as tls:
            super().finish_request(tls, client_address)

    def handle_error(self, request, client_address):
        pass


class Proxy(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_CONNECT(self):
        if "Proxy-Authorization" not in self.headers:
            self.send_response(407)
            self.send_header("Proxy-Authenticate", "Basic")
            self.end_headers()
            return
        host, port = self.path.split(":")
        with socket.create_connection((host, int(port))) as there:
            self.wfile.write(b"HTTP/1.1 200 go\r\nVia: test\r\n\r\n")
            self.wfile.flush()
            back = threading.Thread(target=self.pump,
                                    args=(there, self.connection), daemon=True)
            back.start()
            self.pump(self.connection, there)
            there.shutdown(socket.SHUT_RDWR)

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass


def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    if len(sys.argv) > 3:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(sys.argv[3])
    server = Server(context)
    proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    proxy.daemon_threads = True
    for each in (server, proxy):
        threading.Thread(target=each.serve_forever, daemon=True).start()
    print(server.server_address[1], proxy.server_address[1], flush=True)
    sys.stdin.read()
    released.set()
    os._exit(0)


main()

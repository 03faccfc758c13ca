#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tsa_server.py PORTFILE COMMAND...: an https server that hands the body of a
POST to COMMAND on its standard input and answers with its output; a path of
digits is the status.  server.crt and server.key are in the current directory."""
import http.server
import os
import ssl
import subprocess
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        query = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Type"] != "application/timestamp-query":
            self.send_error(415)
            return
        answer = subprocess.run(sys.argv[2:], input=query,
                                stdout=subprocess.PIPE, check=True).stdout
        path = self.path.strip("/")
        self.send_response(int(path) if path.isdigit() else 200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *words):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("server.crt", "server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
with open(sys.argv[1] + ".new", "w", encoding="ascii") as file:
    file.write(f"{server.server_port}\n")
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()

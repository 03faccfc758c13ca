#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes host17.enroll from docs/spec/protocol.md alone: hashes by hashlib,
signatures by openssl. Run it with the file's path to write it anew."""
import base64
import hashlib
import subprocess
import sys
import tempfile

ORIGIN = b"audit.example.org/host17"
CSR = """-----BEGIN CERTIFICATE REQUEST-----
TUlJQg==
-----END CERTIFICATE REQUEST-----
"""


def b64(data):
    return base64.b64encode(data).decode()


def openssl(*args, stdin):
    return subprocess.run(["openssl", *args], input=stdin, check=True,
                          stdout=subprocess.PIPE).stdout


class Key:
    """Ed25519 from a seed: PKCS#8 is a fixed prefix and the seed."""

    def __init__(self, seed):
        self.der = bytes.fromhex("302e020100300506032b657004220420") + seed
        self.public = openssl("pkey", "-inform", "DER", "-pubout", "-outform",
                              "DER", stdin=self.der)[-32:]

    def sign(self, message):
        with tempfile.NamedTemporaryFile() as key, \
             tempfile.NamedTemporaryFile() as text:
            key.write(self.der)
            key.flush()
            text.write(message)
            text.flush()
            return openssl("pkeyutl", "-sign", "-rawin", "-inkey", key.name,
                           "-keyform", "DER", "-in", text.name, stdin=b"")

    def vkey(self, name):
        body = b"\x01" + self.public
        ident = hashlib.sha256(name + b"\n" + body).hexdigest()[:8]
        return "%s+%s+%s" % (name.decode(), ident, b64(body))


host = Key(bytes(range(32)))
epoch = Key(hashlib.sha256(b"example epoch 0").digest())
log_id = hashlib.sha256(b"auditseal/log/v1\n" + len(ORIGIN).to_bytes(2, "big")
                        + ORIGIN + host.public + epoch.public).digest()
signed = b"auditseal/enrol/v1\n" + log_id
lines = ["auditseal/enroll/v1",
         "origin " + ORIGIN.decode(),
         "log-id " + b64(log_id),
         "host " + host.vkey(ORIGIN),
         "epoch-0 " + epoch.vkey(ORIGIN + b"/epoch"),
         "machine " + b64(hashlib.sha256(b"example machine-id").digest()),
         "host-signature " + b64(host.sign(signed)),
         "epoch-0-signature " + b64(epoch.sign(signed)),
         "section certificate-request %d" % CSR.count("\n"),
         CSR + "end"]
with open(sys.argv[1], "w") as out:
    out.write("\n".join(lines) + "\n")

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes epochs.txt: the file "epochs" of the log with one hand-over.

A second implementation of docs/spec/entry.md, "Epochs"; shares nothing with
lib/core. A line is a name and bytes in hexadecimal.
"""
import base64
import hashlib
import struct

HOST = bytes.fromhex(
    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
KEY0 = bytes.fromhex(
    "271e399391e126b1e300d139dd619e814d6d4325c160d65c09615d1e2316753a")
KEY1 = bytes.fromhex(
    "d0c70ac03c50b457b3d181910d7864f2d717aa3ba857e246037bdf1b0a522c39")
ROOT3 = bytes.fromhex(
    "73c2efd654c2614904244bd5409eec8f912bd0786ec593858d364885c5c84d8f")
SIG = base64.b64decode(
    "2G6Slg0LVlTump0CN7ykvwv8ZQNTANERH38D9/14/Lfye1Y8nDP8AvpsiViEuvSB79M8"
    "FjFDq47yTpxo9dhICA==")
ORIGIN = b"audit.example.org/host17"
INDEX, EPOCH, TIME = 3, 1, 1700000000000003


def tagged(data):
    return data + hashlib.sha256(data).digest()[:4]


header = struct.pack(">BBQ", 7, 0, TIME)
log = hashlib.sha256(b"auditseal/log/v1\n" + struct.pack(">H", len(ORIGIN)) +
                     ORIGIN + HOST + KEY0).digest()
signed = (b"auditseal/epoch/v1\n" + log + struct.pack(">Q", INDEX) + ROOT3 +
          header + struct.pack(">Q", EPOCH) + KEY1)
with open("epochs.txt", "w") as out:
    out.write("# Made by make_epochs.py.\n")
    for name, data in [
            ("log-id", log),
            ("signed", signed),
            ("root-record", tagged(HOST + KEY0 + bytes(90))),
            ("record-1", tagged(struct.pack(">Q", INDEX) + ROOT3 + header +
                                struct.pack(">Q", EPOCH) + KEY1 + SIG))]:
        out.write("%s %s\n" % (name, data.hex()))

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Recomputes a log's root from its tiles and entry bundles.

tile_root.py PREFIX [CA CERT KEY]; PREFIX is a folder or an https URL.
Written from C2SP tlog-tiles and tlog-checkpoint and RFC 6962 alone.
"""
import base64, hashlib, os, ssl, sys, urllib.request


def fetch(path):
    url = sys.argv[1].rstrip("/") + "/" + path
    if "://" not in url:
        return open(url, "rb").read()
    context = ssl.create_default_context(cafile=sys.argv[2])
    context.load_cert_chain(sys.argv[3], sys.argv[4])
    return urllib.request.urlopen(url, context=context).read()


def path(level, n, width):
    digits = "%03d" % n
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    parts = [digits[i:i + 3] for i in range(0, len(digits), 3)]
    name = "/".join(["x" + p for p in parts[:-1]] + parts[-1:])
    return "tile/%s/%s%s" % (level, name, "" if width == 256 else ".p/%d" % width)


def sha(data):
    return hashlib.sha256(data).digest()


def mth(hashes):
    """RFC 6962, 2.1, over hashes instead of leaves."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\1" + mth(hashes[:k]) + mth(hashes[k:]))


origin, size, root = fetch("checkpoint").decode().split("\n")[:3]
size = int(size)
level, below = 0, None
leaves = []
for n in range(-(-size // 256)):
    bundle, at, width = fetch(path("entries", n, min(256, size - n * 256))), 0, 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at:at + 2], "big")
        leaves.append(sha(b"\0" + bundle[at + 2:end]))
        at, width = end, width + 1
    assert at == len(bundle) and width == min(256, size - n * 256), "bundle %d" % n
below = leaves
while below:
    for n in range(-(-len(below) // 256)):
        tile = b"".join(below[n * 256:(n + 1) * 256])
        assert fetch(path(level, n, len(tile) // 32)) == tile, "tile %d/%d" % (level, n)
    below = [mth(below[i:i + 256]) for i in range(0, len(below) - 255, 256)]
    level += 1
got = mth(leaves) if leaves else sha(b"")
assert got == base64.b64decode(root), "the tree of size %d has another root" % size
print("%s: %d entries in %d levels of tiles give the checkpoint's root" % (origin, size, level))

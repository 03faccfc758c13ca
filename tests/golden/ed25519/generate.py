#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Prints keys.txt (argument "keys") or torsion.txt (argument "torsion").

Plain integer arithmetic on the curve, written from RFC 8032 alone; it shares
nothing with the code under test.
"""
import hashlib
import sys

p = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
d = -121665 * pow(121666, -1, p) % p
I = pow(2, (p - 1) // 4, p)


def recover_x(y, sign):
    u, v = (y * y - 1) % p, (d * y * y + 1) % p
    x = u * pow(v, 3, p) * pow(u * pow(v, 7, p), (p - 5) // 8, p) % p
    if v * x * x % p != u:
        x = x * I % p
    if v * x * x % p != u:
        return None
    return p - x if x and x & 1 != sign else x


def add(P, Q):
    (x1, y1), (x2, y2) = P, Q
    k = d * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + k, -1, p) % p,
            (y1 * y2 + x1 * x2) * pow(1 - k, -1, p) % p)


def mul(k, P):
    R = (0, 1)
    while k:
        if k & 1:
            R = add(R, P)
        P = add(P, P)
        k >>= 1
    return R


def neg(P):
    return (-P[0] % p, P[1])


def enc(P):
    return (P[1] | (P[0] & 1) << 255).to_bytes(32, "little")


By = 4 * pow(5, -1, p) % p
B = (recover_x(By, 0), By)
T = next(P for P in (mul(L, (recover_x(y, 0), y)) for y in range(2, 99)
                     if recover_x(y, 0) is not None)
         if mul(4, P) != (0, 1))  # a generator of the points of order 8


def le(n):
    return n.to_bytes(32, "little").hex()


def sign_bit(n):
    return le(n | 1 << 255)


def keys():
    print("# refused|accepted, key, why")
    for i in range(8):
        print("refused", enc(mul(i, T)).hex(), "small order, %d T" % i)
    print("refused", sign_bit(1), "x = 0 with the sign of x set")
    print("refused", sign_bit(p - 1), "x = 0 with the sign of x set")
    for n in (p, p + 1, p + 3, 2**255 - 1):
        print("refused", le(n), "y >= p")
        print("refused", sign_bit(n), "y >= p, sign of x")
    y, n = 2, 0
    while n < 3:  # short y that is on the curve
        if recover_x(y, 0) is not None:
            print("refused", le(y), "y of %d bits" % y.bit_length())
            print("refused", sign_bit(y), "y of %d bits" % y.bit_length())
            n += 1
        y += 1
    for bits in (191, 192):
        y = 2**bits - 1
        while recover_x(y, 0) is None:
            y -= 1
        print("refused", le(y), "y of %d bits" % y.bit_length())
    y = 2**192
    while recover_x(y, 0) is None:
        y += 1
    print("accepted", le(y), "y of %d bits, prime order not asked"
          % y.bit_length())
    x, n = 2, 0
    while n < 6:  # short x: y^2 = (1 + x^2) / (1 - d x^2)
        y2 = (1 + x * x) * pow(1 - d * x * x, -1, p) % p
        y = pow(y2, (p + 3) // 8, p)
        for y in (y, y * I % p):
            if y * y % p == y2:
                for P in ((x, y), (x, p - y), (p - x, y)):
                    word = "refused" if P[0].bit_length() < 193 else "accepted"
                    print(word, enc(P).hex(), "x of %d bits"
                          % P[0].bit_length())
                n += 1
                break
        x = x * 2**12 + 1
    n = 0
    for i in range(99):  # y that is on no point
        y = int.from_bytes(hashlib.sha256(b"%d" % i).digest(), "little")
        y %= 2**255
        if y < p and recover_x(y, 0) is None and n < 8:
            print("refused", le(y), "not on the curve")
            n += 1
    for i in range(8):
        a = int.from_bytes(hashlib.sha512(b"key %d" % i).digest(), "little")
        print("accepted", enc(mul(a % L, B)).hex(), "an ordinary key")


def torsion():
    """Keys a B + T: what the verifier computes for R is then of small order.

    h is not reduced modulo L, as RFC 8032 has it and libgcrypt does; verifiers
    that reduce it judge such signatures differently.
    """
    print("# good|bad, key, message, signature, what R' is")
    a = int.from_bytes(hashlib.sha512(b"torsion").digest(), "little") % L
    for t in (1, 2, 4):
        A = add(mul(a, B), mul(t, T))
        seen = {}
        for i in range(24):
            msg = b"message %d" % i
            for k in range(8):
                R = enc(mul(k, T))
                h = int.from_bytes(
                    hashlib.sha512(R + enc(A) + msg).digest(), "little")
                S = h * a % L
                got = enc(add(mul(S, B), neg(mul(h, A))))
                word = "good" if got == R else "bad"
                if seen.setdefault((word, got), 0) < 1:
                    seen[(word, got)] += 1
                    print(word, enc(A).hex(), msg.hex(), R.hex() + le(S),
                          "key + %d T, R' = %s" % (t, got.hex()))


{"keys": keys, "torsion": torsion}[sys.argv[1]]()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second verifier of logs, from docs/spec and C2SP alone: verify.py [OPTION...] SPOOL|STORE...
Prints a line of JSON a log (target, origin, exit, size, findings: [id, first, last, within]) and
exits as docs/spec/verdict.md says. Verifies every seal, as ours does with --deep; expects a policy
that ours accepts; holds a log in memory; reads what --state remembers and never writes."""
import argparse, base64, bisect, fcntl, functools, hashlib, json, os, re, sqlite3, struct, sys, time
from types import SimpleNamespace
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

START, STOP, BEAT, RECOVERY, GAP, CONFIG, EPOCH, KEY, RECORD = 1, 2, 3, 4, 5, 6, 7, 10, 16
RANK = (25, 28, 9, 7, 6, 30, 4, 5, 2, 3, 1, 31, 26, 10, 11, 12, 32, 13)  # verdict.md 3
STRANGER, SEEN, SECOND, ALL = 111, 211, 10**6, set(range(256))  # 111, 211: an AS011 of class A, N
CLASS = {**dict.fromkeys(range(38), 2), **dict.fromkeys((25, 33, 34, 35, 36), 3), 111: 1, 211: 0,
         **dict.fromkeys((13, 14, 15, 19, 21, 23, 29, 37), 1), 16: 0, 17: 0, 18: 0, 20: 0, 24: 0}
STANDS = {"new": {START}, "stop": {EPOCH, RECOVERY}, "stopped": {START, RECOVERY}, None: ALL,
          "recovery": {START, RECOVERY}, "restart": {EPOCH, RECOVERY}, "session": ALL - {START}}

def u(data): return int.from_bytes(data, "big")
def be(n): return n.to_bytes(8, "big")
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def leaf(entry): return sha(b"\0", entry)
def need(good):
    if not good: raise ValueError("a file is not of its form")
def attempt(make, *args):
    try: return make(*args)
    except (ValueError, IndexError, struct.error): return None
def grow(tree, hashes, width=1):  # a tree is its frontier (entry.md 1): [(width, hash), ...]
    tree = list(tree)
    for node in hashes:
        wide = width
        while tree and tree[-1][0] == wide: node, wide = sha(b"\1", tree.pop()[1], node), 2 * wide
        tree.append((wide, node))
    return tree
def root_of(tree):
    nodes = [node for _, node in tree] or [sha()]
    return functools.reduce(lambda right, left: sha(b"\1", left, right), nodes[::-1])
def frontier(size, data):
    bits = [bit for bit in range(63, -1, -1) if size >> bit & 1]
    need(len(data) == 32 * len(bits))
    return [(1 << bit, data[32 * i:32 * i + 32]) for i, bit in enumerate(bits)]
def number(text):
    need(re.fullmatch("0|[1-9][0-9]{0,18}", text, re.A) and int(text) < 2**63)
    return int(text)
def b64(text, size=None):
    data = base64.b64decode(text, validate=True)
    need(base64.b64encode(data).decode() == text and size in (None, len(data)))
    return data
def read(*path, missing=None):
    if missing is not None and not os.path.exists(os.path.join(*path)): return missing
    with open(os.path.join(*path), "rb") as f: return f.read()
@functools.lru_cache(None)
def public_key(raw):  # note.md 2
    p, y = 2**255 - 19, int.from_bytes(raw, "little") & 2**255 - 1
    xx = (y * y - 1) * pow(1 - 121665 * pow(121666, -1, p) * y * y, -1, p) % p
    x = pow(xx, (p + 3) // 8, p)
    x = x if x * x % p == xx else x * pow(2, (p - 1) // 4, p) % p
    x = x if x & 1 == u(raw[31:]) >> 7 else p - x
    need(len(raw) == 32 and y < p and x * x % p == xx and y >> 192 and x >> 192)
    need(not y.to_bytes(32, "little").hex().startswith(("26e8958fc2b227b0", "c7176a703d4dd84f")))
    return Ed25519PublicKey.from_public_bytes(raw)
@functools.lru_cache(None)
def signed(raw, sig, message):
    try: public_key(raw).verify(sig, message)  # refuses S >= L
    except (ValueError, InvalidSignature): return False
    return True
def key_id(name, kind, raw): return sha(name.encode(), b"\n", bytes([kind]), raw)[:4]
def vkey(text, kind):
    name, ident, rest = text.split("+", 2)
    raw = b64(rest, 33)
    need(raw[0] == kind and public_key(raw[1:]) and key_id(name, kind, raw[1:]).hex() == ident)
    return name, raw[1:]

class Note:
    """note.md 4 to 6: a checkpoint and its lines."""
    FORM = r"(([^\s+]+)\n(\d+)\n(\S+)\n(?:[^\n]+\n)*)\n((?:\u2014 [^\s+]+ \S+\n){1,100})"
    def __init__(self, data):
        m = re.fullmatch(self.FORM, data.decode())
        need(m and len(data) <= 10**6 and not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f]", m[0]))
        self.origin, self.size, self.root, self.text = m[2], number(m[3]), b64(m[4], 32), m[1]
        self.lines = [(name, b64(sig)) for name, sig in re.findall("\u2014 (.*) (.*)\n", m[5])]
        need(all(len(s) > 4 for _, s in self.lines) and (self.size or self.root == sha()))
    def by(self, kind, *keys):
        """Newest time (0: of none) of these keys' lines; -1: one is wrong; None: there is none."""
        times, at = [], 12 if kind == 4 else 4
        for name, raw in keys:
            for s in [s for n, s in self.lines if (n, s[:4]) == (name, key_id(name, kind, raw))]:
                text = "cosignature/v1\ntime %d\n" % u(s[4:12]) * (kind == 4) + self.text
                times.append(u(s[4:at]) if signed(raw, s[at:], text.encode()) else -1)
        return -1 if -1 in times else max(times, default=None)
class Policy:
    """note.md 7 and 8"""
    def __init__(self, path):
        files = [read(path), read(path + ".pins", missing=b"")] if path else [b"", b""]
        lines, pins = ([words for words in map(str.split, data.decode().split("\n"))
                        if words and words[0][0] != "#"] for data in files)
        logs, witnesses, groups, quorum = ([line[1:] for line in lines if line[0] == word]
                                           for word in ("log", "witness", "group", "quorum"))
        need(len(lines) == len(logs) + len(witnesses) + len(groups) + (len(quorum) == 1))
        self.logs, self.quorum = [vkey(key, 1) for key, *_ in logs], quorum[0][0] if path else None
        self.witnesses = {name: vkey(key, 4) for name, key, *_ in witnesses}
        self.groups = {name: ({"all": len(of), "any": 1}.get(k) or number(k), of)
                       for name, k, *of in groups}
        self.pins = {origin: b64(log_id, 32) for origin, log_id in pins}
        self.ids = [(n, key_id(n, kind, key)) for kind, keys in (
            (1, self.logs), (4, self.witnesses.values())) for n, key in keys]
    def met(self, names, node=None):
        k, members = self.groups.get(node or self.quorum, (0, ()))
        if not k: return (node or self.quorum) in names
        return sum(self.met(names, member) for member in members) >= k

# entry.md 5 and 6: the one encoding of each type, <> if it may be absent, and of each value
COMMON = "version,boot,policy,heartbeat,sync"
TEXT = r'(?:[^\0-\x1f"\\\x7f]|\\["\\]|\\u00(?:0[1-9a-f]|1[0-9a-f]|7f)){0,%d}'
FORMS = {0: "log,host,key,<predecessor:{origin,size,root},>" + COMMON, START: COMMON, STOP: "",
         BEAT: "backlog,clock,heartbeat,mirrors:[{name,receipt,openings}]", CONFIG: "what,value,by",
         RECOVERY: "size,root,from,to,dropped,hash,boot<,abandoned:{segment,offset,length,hash2}>",
         GAP: "reason,from2,to2,count,bound<,lost:{from,to,root}>", EPOCH: "epoch,key,sig",
         8: "origin,log,from,to,root,by,why", 9: "origin,log,index,leaf,part,by,why",
         KEY: "old,new,sig_old,sig_new", 11: "what,by,<about:{origin,log,from,to},>detail"}
H, S = "[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", "[A-Za-z0-9+/]{85}[AQgw]=="
VALUES = {name: value for names, value in (
    ("version boot clock what", TEXT % 64), ("origin", TEXT % 200), ("name by", TEXT % 255),
    ("value why detail", TEXT % 1024), ("log host key policy root hash leaf old new", H),
    ("sig sig_old sig_new", S), ("reason", "full|suspended|memory|toobig"), ("part", "[0-7]"),
    ("bound", "exact|least|open"), ("sync", "on|off")) for name in names.split()}
@functools.lru_cache(None)
def form(kind):
    def value(m): return '"%s":"(?P<%s>%s)"' % (m[1], m[0], VALUES.get(m[1], "0|[1-9][0-9]{0,18}"))
    text = re.sub(r"(\w+):", r'"\1":', FORMS[kind]).replace("<", "(?:").replace(">", ")?")
    text = text.replace("[", r"\[(?:").replace("]", r"(?:,(?=\{)|(?=\]))){0,8}\]")
    return re.compile(("{%s}" % re.sub(r'\b([a-z_]+)2?\b(?!")', value, text)).encode())
def control(kind, body):
    """The fields of a control entry."""
    found = form(kind).fullmatch(body) if kind in FORMS and len(body) <= 4096 else None
    need(found and body.decode())
    f = {name: value.decode() for name, value in found.groupdict(b"").items()}
    f |= {n: number(f[n] or "0") for n in f if n.rstrip("2") not in VALUES}
    need(f.get("bound") != "open" or (f["count"], f["from2"]) == (0, f["to2"]))
    need(f.get("epoch") != 0 and (kind == RECOVERY or f.get("from", 0) < f.get("to", 1)
                                  or f["from"] == f["to"] and (kind == 11 or f["to"] == 0)))
    return f | {n: b64(f[n]) for n in f if VALUES.get(n) in (H, S)}

class Log:
    """What is known of a log (v, below): entries, chain of keys, sizes, what is wrong."""
    broken = cosigned = sealed_end = start = free = unproven = False
    id = life = run = time = tree = beat = in_file = number = head = None
    size = first_index = handed_to = quorate = newest = due = 0
    def __init__(self, policy, origin, state, kind):
        self.origin, self.policy, self.kind, self.epoch = origin, policy, kind, origin + "/epoch"
        known, self.heads, self.told = remembered(state, origin, kind) if state else (None, [], [])
        self.pin, self.known = policy.pins.get(origin, known), known
        self.found, self.long, self.keys, self.said, self.hosts = [], [], [], [], []
        self.roots, self.before, self.words, self.held, self.cell = {}, {}, {}, [], []
        self.lived, self.first, self.strangers = [(-1, 0)], [0], set()
        self.listed = [log for log in policy.logs if log[0] == origin]
    def find(self, n, first=None, last=None, within=False):
        self.found.append((n, first, first if last is None else last, within))

def lose(v, size, tree=None):
    """What is before this size is not proven; what follows does not follow on anything."""
    v.size, v.tree, v.cell, v.broken = size, tree, [], v.broken or v.in_file is None
    v.life = v.run = v.time = None
def grown(v, entries): return root_of(grow(v.tree, map(leaf, entries)))
def root_keys(v, host, key0):
    """entry.md 7: the first two keys, if they give the log id that is pinned or known."""
    log_id = sha(b"auditseal/log/v1\n", be(len(v.origin))[6:], v.origin.encode(), host, key0)
    need(public_key(host) and public_key(key0) and host != key0 and v.pin in (None, log_id))
    v.id, v.hosts, v.keys = log_id, [(-1, 0, host)], [key0]
def sealed(v, size, root, ident, sig):
    """By the key of the epoch in force? None: no, but a later one may be in force."""
    e = bisect.bisect_left(v.first, size) - 1
    text = "%s\n%d\n%s\n" % (v.origin, size, base64.b64encode(root).decode())
    good = 0 <= e < len(v.keys) and signed(v.keys[e], sig, text.encode())
    good = good and ident == key_id(v.epoch, 1, v.keys[e])
    return good if good or v.keys and not (v.broken and size > v.first[-1]) else None
def hand_over(v, at, root, header, epoch, key, sig, computed=None):
    """entry.md 7: what is wrong with it; 0: it is known; None: new, right, now on the chain."""
    said = b"auditseal/epoch/v1\n" + v.id + be(at) + root + header + be(epoch) + key
    if not 1 <= epoch <= len(v.keys): return 12
    if not signed(v.keys[epoch - 1], sig, said): return 10
    if epoch < len(v.keys): return 0 if said == v.said[epoch - 1] else 8
    if not attempt(public_key, key) or header[:2] != b"\7\0" or at < v.first[-1] \
            or key in (v.hosts[0][2], *v.keys) or computed not in (None, root): return 12
    v.keys, v.first, v.said = v.keys + [key], v.first + [at + 1], v.said + [said]
def epochs(v, data):
    """entry.md 7, the file: a wrong tag is AS029; the log id and the signatures decide."""
    records = [data[i:i + 158] for i in range(0, max(len(data), 1), 158)]
    tags = [len(r) == 158 and sha(r[:154])[:4] == r[154:] for r in records]
    attempt(root_keys, v, data[:32], data[32:64])
    good = v.keys and len(data) >= 158 and (v.pin or tags[0] and not any(data[64:154]))
    for r in records[1:] if good else ():
        wrong = hand_over(v, u(r[:8]), r[8:40], r[40:50], u(r[50:58]), r[58:90], r[90:154])
        if wrong == 8: v.find(8, u(r[:8]))
        if not (good := len(r) == 158 and wrong in (None, 8)): break
    v.in_file = len(v.keys) if good else None
    if not good or not all(tags): v.find(29)
def commitments(entry):
    """Those of a record, by part; None: it is not of its form."""
    at, have = 10 + (entry[1] >> 1 & 16), entry[1] & 1
    n = u(entry[at:at + have])
    good = len(entry) >= at + have + 32 * n and have <= n <= 8 and entry[1] & 17 != 17
    return {i: entry[at + 1 + 32 * i:at + 33 + 32 * i] for i in range(n)} if good else None
def walk(v, at, entry):
    """A proven entry behind the tree."""
    if not 10 <= len(entry) <= 65535: return v.find(25, at)
    kind, flags, when, f, run = entry[0], entry[1], u(entry[2:10]), None, v.run
    if v.time is not None and when < v.time - SECOND: v.find(14, at)
    step = min(when - v.time, (v.beat or 60000) * 1000) if v.time is not None else 0
    v.lived.append((at, v.lived[-1][1] + max(step, 0)))
    v.time = v.newest = v.before[at + 1] = when
    if kind == RECORD:
        known = not flags & 0xc0 and commitments(entry) is not None
        v.run = None if not known else flags if flags & 8 else 0
        if known and run is not None and bool(run) != bool(flags & 16): v.find(32, at)
        elif known and run and (run ^ flags) & 0x26: v.find(32, at)
    else:
        if run: v.find(32, at)
        f = attempt(control, kind if at or kind != START else 0, entry[10:]) if not flags else None
        known, v.run = f is not None, 0
    if not known: v.find(12 if kind == EPOCH and not flags else 25, at)
    v.broken |= not known and kind == EPOCH
    life = v.life if at else "new"
    if known or kind in FORMS:
        if kind not in STANDS[life]: v.find(32, at)
        v.life = {START: "restart" if life == "recovery" else "session", STOP: "stop",
                  RECOVERY: "recovery", EPOCH: {"stop": "stopped", None: None}.get(life, "session"),
                  }.get(kind, "session")
    if not f: return
    if kind == START and at == 0:
        if not v.keys: attempt(root_keys, v, f["host"], f["key"])
        v.start = v.keys and (f["host"], f["key"], f["log"]) == (v.hosts[0][2], v.keys[0], v.id)
        if not v.start: v.find(28, at)
    need(kind != GAP or not f["to"])  # memory mode: lost entries are not known here
    if kind in (START, BEAT): v.beat = f["heartbeat"]
    if kind in (RECOVERY, GAP) or kind == CONFIG and f["what"] == "policy":
        v.find({RECOVERY: 20, GAP: 21, CONFIG: 24}[kind], at)
    if kind == KEY and v.hosts:
        said = b"auditseal/key/v1\n" + v.id + be(at) + f["old"] + f["new"]
        good = signed(f["old"], f["sig_old"], said) and signed(f["new"], f["sig_new"], said)
        v.find(11 if f["old"] != v.hosts[-1][2] else 24 if good else 10, at)
        if v.found[-1][0] == 24: v.hosts.append((at, when, f["new"]))
    if kind == EPOCH and v.keys:
        root = root_of(v.tree)
        wrong = hand_over(v, at, root, entry[:10], f["epoch"], f["key"], f["sig"], root)
        since = v.first[bisect.bisect_left(v.first, at + 1) - 1]
        said = (1, since, at, True) if wrong == 10 and v.unproven else (wrong, at)
        if wrong and not v.broken: v.find(*said)
        v.broken = wrong is not None and (v.broken or wrong not in (0, 8))
        v.handed_to = v.handed_to if wrong else max(v.handed_to, f["epoch"])
def align(v, a, b, found, root=None):
    """verdict.md 3: names what is wrong in [a, b), gives the entries in their places or None.
    found: (place or None, entry or None: it is no frame)."""
    runs, report = [], []
    mine = [i for i, (place, _) in enumerate(found) if place is not None and a <= place < b]
    for i in mine:
        k = bisect.bisect_left([found[run[-1]][0] for run in runs], found[i][0])
        runs[k:k + 1] = [(runs[k - 1] if k else []) + [i]]
    run = runs[-1] if runs else []
    placed = dict(found[i] for i in run)
    for i in [i for i in mine if i not in run]:
        report.append((5 if found[i][0] in [found[k][0] for k in run] else 4, found[i][0]))
        placed.setdefault(*found[i])
    edges = [(-1, a - 1), *((i, found[i][0]) for i in run), (len(found), b)]
    for (i, c), (j, d) in zip(edges, edges[1:]):
        places = [p for p in range(c + 1, d) if p not in placed]
        strange = [found[k][1] for k in range(i + 1, j) if k not in mine]
        if len(places) == len(strange) or not strange:
            placed.update(zip(places, strange))
            report += [(1 if strange else 2, p) for p in places]
        elif places: report.append((1, c + 1, d - 1, True))
        elif strange[0] is None: report.append((30, max(c, 0)))
        else: report.append((3, min(c + 1, b), None, len(strange) > 1))
    entries, known = [placed.get(p) for p in range(a, b)], v.tree is not None
    good = root and known and None not in entries and grown(v, entries) == root
    for n, *where in report or [(1, a, b - 1, True)] * (known and not good):
        v.find(30 if good and n == 1 else n, *where)
    return entries if good or not root else None
def claim(v, size, root, other, counts=True, short=7):
    """A statement that the log has this size and root; other: the finding if it has another."""
    if size <= v.reached or not counts:
        if root is not None and v.roots.get(size, root) != root: v.find(*other)
    elif not v.free: v.long.append((short, v.reached, size - 1, False))
def differs(v):
    return v.hosts and v.listed and not {h[2] for h in v.hosts} & {key for _, key in v.listed}
def judge_note(v, data, source, damaged=False):
    """A checkpoint: acked, frame; past, newest, pending, cosigned of a store. damaged: AS030."""
    note, stored = attempt(Note, data), source in ("past", "newest", "pending")
    if not note or note.origin != v.origin:
        return v.find(28 if note else 29 if source == "acked" else 30)
    size, root, ours = note.size, note.root, v.roots.get(note.size)
    hosts = [h for h in v.hosts if h[0] < size]
    late = hosts and v.newest > hosts[-1][1] + 30 * 86400 * SECOND
    host = note.by(1, *(v.listed or [(v.origin, h[2]) for h in hosts[-1 if late else -2:]]))
    marks = {w: note.by(4, key) for w, key in v.policy.witnesses.items()}
    good, wrong = {w: t for w, t in marks.items() if (t or 0) > 0}, -1 in marks.values()
    line, heard = dict(note.lines[::-1]).get(v.epoch, b""), host == 0 and not wrong
    seal = {True: 0, False: -1}.get(line and sealed(v, size, root, line[:4], line[4:]))
    if seal and source == "pending":
        seal = seal if line[:4] == key_id(v.epoch, 1, v.keys[-1]) else None
    v.sealed_end, v.cosigned = v.sealed_end or seal == 0 and source == "newest", v.cosigned or good
    v.quorate = max(v.quorate, size if heard and v.policy.met(set(good)) else 0)
    absent = v.origin not in [n for n, _ in note.lines]
    strange = v.listed and host is None and not absent
    changed = [host, seal, *marks.values()].count(-1) > 1 and not good and 0 not in (host, seal)
    aside, denied = source == "cosigned", wrong and ours in (None, root)  # the log's lines: its row
    for n, said in ((10, denied and host == 0),) if aside else ((30 if damaged else 10, True),) \
            if damaged or changed else ((10, host == -1 or stored and absent), (10, seal == -1),
                                        (11, strange and not differs(v)), (10, denied),
                                        (13, stored and not line)):
        if said: v.find(n)
    judged = host == 0 if aside else stored and not (strange or damaged or changed)
    if v.policy.quorum and judged: v.strangers |= {(n, s[:4]) for n, s in note.lines if (
        n, s[:4]) not in v.policy.ids and n != v.epoch and (n != v.origin or v.listed)}
    for name, when in good.items() if ours == root and heard else ():
        said = v.words.setdefault(name, {})
        if any((when - t) * (size - s) < 0 for s, (_, t) in said.items()): v.find(27)
        said[size] = said.get(size, (when,))[0], max(when, *said.get(size, (when,)))
    receipt = good and v.kind == "store"
    root = None if host and (damaged or changed) or aside and not good else root
    claim(v, size, root, (22 if receipt else 8 if host == 0 else 30,),
          (host == 0 or good) and source != "pending", 22 if receipt else 7)
def judge(v, as_of, freshness, expect, expect_root):
    """verdict.md 5 and 6; the findings as they are reported."""
    if differs(v): v.find(11)
    claim(v, v.first[-1], None, ())
    for size, root, _ in v.heads:
        claim(v, size, root, (8,))
        if v.known != v.pin: v.find(28)
    if expect: claim(v, expect, expect_root, (1, v.first_index, expect - 1, True))
    v.found += [f for f in v.long if f[0] == 22 or f == max(g for g in v.long if g[0] == 7)]
    if v.in_file and len(v.keys) > v.in_file and v.first[-1] < v.size: v.find(29)
    words = {name: max((s, t) for s, (_, t) in said.items()) for name, said in v.words.items()}
    def met(s, t): return v.policy.met({n for n, w in words.items() if w[0] >= s and w[1] >= t})
    size = max([s for s, _ in words.values() if met(s, 0)], default=0)
    when = max([t for _, t in words.values() if size and met(size, t)], default=0) * SECOND
    kind, bound = "quorum" if size else None, size > 0
    if freshness is None and v.beat != 0: freshness = 3 * (v.beat or 60000) / 1000 + 60
    oldest = as_of - freshness * SECOND if freshness else 2**63
    for s, _, t in sorted(head for head in v.heads if v.roots.get(head[0]) == head[1])[-1:]:
        bound |= when < oldest
        if not kind or when < oldest <= t: size, when, kind = s, t, "known"
    agreed = expect and expect <= v.reached and expect_root in (None, v.roots.get(expect))
    end = min([v.reached] + [f[1] for f in v.found if f[0] == 7])
    if when < oldest and agreed:
        size, when, kind, bound = expect, 0, "expected", bound or expect_root
    elif kind and when < oldest: v.find(34)
    elif not kind and (v.free or v.quorate <= end): v.find(35 if v.cosigned else 33)
    elif kind == "quorum" and v.kind == "host" and size < v.size and v.lived[-1][1] - dict(
            v.lived).get(size - 1, v.lived[-1][1]) > freshness * SECOND: v.find(37)
    if kind == "quorum" and size < v.first_index: v.find(9, size, v.first_index - 1)
    if v.beat and v.life not in ("stop", "stopped") and v.tree is not None \
            and when - v.newest > 2000 * v.beat: v.find(15)
    size = max([size] + [n for n in v.first[v.handed_to:v.handed_to + 1] if n <= v.size])
    if not v.keys or not (v.pin or bound and v.start): v.find(36)
    elif not v.sealed_end and v.size > size: v.find(36, size, v.size - 1)
    v.found += [(STRANGER, None, None, False)] * len(v.strangers) + clock(v)
    return settle(v.found)
def clock(v):
    """verdict.md 6, "Clock": where receipts are over 60 s earlier than the entry below them."""
    spans, out = [], []
    for said in v.words.values():
        runs, first = {}, None
        for size, (when, _) in sorted(said.items()):
            ahead = v.before.get(size, (when + 45) * SECOND) / SECOND - when
            first = first or size if ahead > 60 else first if ahead > 30 else None
            if ahead > 60: runs[first] = size
        spans += runs.items()
    for a, b in sorted(spans):
        if out and a - 1 <= out[-1][2]: a, b = out[-1][1] + 1, max(b, out.pop()[2] + 1)
        out.append((14, a - 1, b - 1, a < b))
    return out
def settle(found):
    """verdict.md 3: one cause is one finding, and what touches is one."""
    ranges, taken, merged = [f for f in found if f[0] in RANK and f[1] is not None], [], []
    for n in RANK:
        mine = []
        own = {f for f in ranges if f[0] == n}
        for _, a, b, within in sorted(own, key=lambda f: (f[1], -f[2])):
            for f in sorted(taken, key=lambda f: f[1]): a = f[2] + 1 if f[1] <= a <= f[2] else a
            for f in sorted(taken, key=lambda f: -f[1]): b = f[1] - 1 if f[1] <= b <= f[2] else b
            mine += [(n, a, b, within)] * (a <= b)
        taken += mine
    for f in sorted(taken, key=lambda f: (f[1], -f[2])):
        n, a, b, within = merged[-1] if merged else (0, 0, -2, False)
        if f[1] <= b + 1 and {f[0], n} <= {1, 2, 3, 4, 5, 6, 30}:
            merged[-1] = n if n == f[0] else 1, a, max(b, f[2]), within or f[3] or n != f[0]
        else: merged.append(f)
    return merged + [f for f in found if f not in ranges]

def header(data):
    """spool.md 2; None: damaged."""
    names = "magic length version number first id size root key sig end".split()
    h = SimpleNamespace(**dict(zip(names, struct.unpack(">8sH6sQQ32sQ32s4s64sB", data[:173]))))
    need(h.magic == b"\x89ASL1\r\n\x1a" and 181 <= h.length <= min(2397, len(data)))
    need(sha(data[:h.length - 8])[:8] == data[h.length - 8:h.length])
    h.newer = h.version not in (b"\1\1\0\0\0\0", b"\1\1\0\0\0\1")
    h.head = h.size, h.root, h.key, h.sig
    h.tree = [] if h.newer else frontier(h.first, data[173 + h.end:h.length - 8])
    h.origin = data[173:173 + h.end].decode(errors="replace")
    return h
def acked(slot):
    """spool.md 7: the end of a slot, and its notes."""
    at, notes = 17, []
    for _ in range(slot[16]):
        at += 29 + slot[at]
        notes.append(slot[at:at + u(slot[at - 4:at])])
        at += len(notes[-1])
    return at + 8, notes
def after(v): return v.size + len(v.cell)
def frame(v, data, at, ahead=False):
    """(type or 0, end, body, place or is it right) of what may be a frame; ahead: beyond doubt."""
    n, kind = u(data[at:at + 3]), data[at + 3:at + 4]
    end = at + n + 7
    if n < 11 or end > len(data) or kind not in (b"\0", b"\2") or n > 65536 and kind == b"\0":
        return None
    raw, tag = data[at + 3:end - 4], u(data[end - 4:end])
    if kind == b"\2":
        good = u(sha(raw[:20] if raw[1] == 0x22 else raw)[:4]) == tag and not raw[2]
        return None if ahead and not (good and 0x20 <= raw[1] <= 0x23) else (
            raw[1], end, raw[11:], good)
    place = (u(leaf(raw[1:])[:4]) ^ tag) - after(v) & 0xffffffff
    if ahead and (place > 16384 or raw[1] not in (*range(1, 12), 16)): return None
    return 0, end, raw[1:], after(v) + place - (place >> 31 << 32)
def frames(v, data, at):
    """spool.md 3: reads on after damage. Bytes that are no frame are of type -1."""
    ends = len(data.rstrip(b"\0"))
    while at < ends:
        f = frame(v, data, at)
        if f and f[3] != (True if f[0] else after(v)) and (
                any(frame(v, data, p, True) for p in range(at + 1, min(f[1], ends)))
                or f[1] != len(data) and u(data[f[1]:f[1] + 3]) and not frame(v, data, f[1])):
            f = None
        if not f:
            found = (p for p in range(at + 1, ends) if frame(v, data, p, True))
            end = next(found, max(ends, at + 1))
            f = -1, end, None, end < ends
        yield f
        at = f[1]
def close(v, size, root, key, sig):
    """A head. What stands since the last one that is believed is a cell."""
    a, last, good = v.size, max(after(v) - 1, 0), sealed(v, size, root, key, sig)
    entries, odd = [e for _, e in v.cell], [i for i, c in enumerate(v.cell, v.size) if c[0] != i]
    right = None not in (v.tree, *entries) and (after(v), grown(v, entries)) == (size, root)
    if not good and (good is False or not right):
        v.held = [f for f in v.held if f[0] != 10 or not right]
        v.held.append((10, min(a, last), last, False) if right else (30, last, last, False))
        return
    if right: v.held += [(30, i, i, False) for i in odd]
    else: entries = align(v, a, size, v.cell, root)
    if right or entries: v.found += [f for f in v.held if right or f[0] != 10]
    due, hurt = size >> 12 > (v.head or [0])[0] >> 12, v.held or not right
    v.due, v.head, v.held, v.cell = due, (size, root, key, sig, good), [], []
    if not entries or v.tree is None: lose(v, size, None if not entries else v.tree)
    for at, e in enumerate(entries if v.tree is not None and entries else (), a):
        if not hurt and at > a and entries[at - a - 1][0] == EPOCH: v.find(12, at)
        walk(v, at, e)
        v.tree = grow(v.tree, [leaf(e)])
        v.roots[at + 1] = root_of(v.tree)
    if not right: v.before = {s: t for s, t in v.before.items() if s <= a}
    v.size, v.roots[size] = size, root
def segment(v, first, data):
    """Where the frames of a file begin that is to be read, or None."""
    h = attempt(header, data)
    if h and h.newer:
        v.size, v.free = first if v.free else v.size, True
        return v.find(25, first, first, True)
    if h and (h.id, h.origin) != (v.id, v.origin): return v.find(28, h.first, h.first, True)
    if not h or h.first != first: v.find(30, None if h else first)
    first, jump = h.first if h else first, h and v.number not in (None, h.number - 1)
    if first < v.size: return v.find(6, first, v.size - 1, True) if h and not v.free else None
    if v.free: lose(v, first)
    v.broken &= first > 0
    if h and v.cell and first > v.size and not jump: close(v, *h.head)
    if v.size < first and (h or first != after(v)):
        v.found += [f for f in v.held if f[0] == 10] if h and v.held and after(v) == first else [
            (9 if jump else 2, v.size, first - 1, bool(v.cell) and not jump)]
        lose(v, first)
        v.held = []
    elif h and v.size == first:
        if v.cell: v.find(3, first, first, True)
        if jump: v.find(30, first)
        v.cell, v.held = [], []
    if not first: v.tree = []
    elif h:
        good, root = sealed(v, *h.head), root_of(h.tree)
        fits = v.tree is None or root_of(v.tree) == root and good is not False
        if (first, root) != h.head[:2] or not fits: v.find(30, first)
        elif v.tree is None and good is False: v.find(10, first)
        elif v.tree is None:
            v.tree, v.roots[first], v.head = h.tree, root, (*h.head, good)
            v.broken |= bool(v.keys) and not good
    v.free, v.number = False, h.number if h else None
    return h.length if h else 181 + len(v.origin) + 32 * first.bit_count()
def spool(path, policy, state):
    """spool.md: what its files say."""
    if os.path.exists(path + "/lock"):
        fcntl.flock(os.open(path + "/lock", 0), fcntl.LOCK_SH | fcntl.LOCK_NB)
    names = sorted(n for n in os.listdir(path) if re.fullmatch(r"[0-9]{20}\.seg", n))
    files = [(int(n[:20]), read(path, n)) for n in names]
    h, *_ = [h for h in (attempt(header, data) for _, data in files) if h and not h.newer]
    v = Log(policy, h.origin, state, "host")
    v.id, v.free, v.first_index, receipts = v.pin or h.id, True, files[0][0], []
    epochs(v, read(path, "epochs", missing=b""))
    for first, data in files:
        at, before, parts = segment(v, first, data), 0 if attempt(header, data) else None, {}
        for kind, _, body, good in frames(v, data, at) if at is not None else ():
            place, size, wrong = max(after(v) - 1, 0), u(body[:8] if body else b""), 0
            tree, known = attempt(frontier, size, body[8:]) if kind == 0x23 else None, parts
            record = kind == 0 and len(body) > 10 and body[0] == RECORD
            parts = commitments(body) or {} if record else {}
            note = attempt(Note, body) if kind == 0x21 else None
            if kind == 0: v.cell.append((good, body))
            elif kind == -1 and before is None: pass  # the damaged header, as was said
            elif kind == -1 and good: v.cell.append((None, None))
            elif kind == -1 or not good and kind: wrong = 30
            elif kind == 0x20 and len(body) == 108 and size > v.size:
                close(v, size, body[8:40], body[40:44], body[44:])
            elif kind == 0x21 and body not in receipts[-1:] and (not note or note.size <= after(v)):
                receipts.append(body)
            elif kind == 0x22 and size == place and body[8] in known and body[9] < 2:
                parts = {n: c for n, c in known.items() if n > body[8]}
                text = b"auditseal/commit/v1\n" + body[8:9] + body[10:]
                wrong = 31 if not body[9] and sha(text) != known[body[8]] else 0
            elif kind == 0x23 and (before == -1 or before == 0x20 and not v.cell and v.due and tree
                                   and (size, root_of(tree)) == v.head[:2]):
                if v.tree is None and v.head[4] and before != -1: v.tree = tree
            else: wrong = 30 if kind in (-1, 0x20, 0x21, 0x22, 0x23) else 25
            if wrong: v.held.append((wrong, place, place, False))
            before = kind if good or not kind else -1
    whole = next((i for i, c in enumerate(v.cell) if c[1] is None), len(v.cell))
    v.reached, v.sealed_end = v.size + whole, bool(v.head and v.head[4])
    v.found += [f for f in v.held if f[0] == 10]
    if whole > 16384: v.find(3, v.size, v.size, True)
    elif v.cell or v.held: v.find(13, v.size, v.size + max(whole, 1) - 1)
    def slot(name, size, length):
        """spool.md 6 and 7: the slot that counts; AS029 unless both are as they should be."""
        data = read(path, name, missing=b"")
        def whole(slot):
            n = length(slot)
            need(sha(slot[:n - 8])[:8] == slot[n - 8:n] and len(data) <= 2 * size)
            need(name == "acked" or len(slot) == size and not any(slot[n:]))
            return u(slot[8:16]), slot
        a, b = attempt(whole, data[:size]), attempt(whole, data[size:])
        begun = a is None and b and b[0] == 1 and not any(data[:size])
        if not (a and b and abs(a[0] - b[0]) == 1 or begun): v.find(29)
        return max(filter(None, (a, b)), default=(0, None))[1]
    notes = acked(slot("acked", 65536, lambda s: acked(s)[0]) or bytes(17))[1]
    for note in notes: judge_note(v, note, "acked")
    for note in receipts: judge_note(v, note, "frame")
    state = slot("state", 4096, lambda s: 137 + 40 * s[128] + 32 * u(s[16:24]).bit_count())
    if state: claim(v, u(state[16:24]), state[24:56], (27,))
    return v

def store(db, row, beside, policy, state):
    """storage.md: what the rows of a log say."""
    log, origin, digest, row_id, upto, pending, mirror = row
    v = Log(policy, origin, state, "store")
    def rows(what): return db.execute("SELECT %s = ? ORDER BY 1" % what, (log,)).fetchall()
    whole = rows("(id & 0xffffffffff) << 8, hashes, data FROM bundle WHERE id >> 40")
    pieces = rows("first, hashes, data FROM piece WHERE log")
    tiles = rows("level, number, hashes FROM tile WHERE log")
    checkpoints = rows("size, root, note, receipt FROM checkpoint WHERE log")
    records = rows("epoch, record FROM epoch WHERE log")
    cosigned = "size, name, lines FROM cosignature WHERE log"
    lines = rows(cosigned) if pragma(db, "user_version") > 1 else []
    v.bundles, v.stored, v.true, v.tree = {}, {}, {}, []
    for first, hashes, data in whole + pieces:
        h, d = v.bundles.get(first >> 8, (b"", b""))
        v.bundles[first >> 8] = h + hashes, d + data
    for level, n, h in [(0, n, h) for n, (h, _) in v.bundles.items()] + tiles:
        v.stored.update({(level, n << 8 | i): h[32 * i:32 * i + 32]
                         for i in range(min(len(h) // 32, 256)) if len(h) % 32 == 0})
    sizes, part = [c[0] for c in checkpoints] or [None], upto & 255
    newer, hashes = [w for w in whole if w[0] >= mirror & ~255], sum(len(h) for _, h, _ in pieces)
    end, full = whole[-1][0] + 256 if whole else 0, len(newer) == (upto >> 8) - (mirror >> 8)
    if not 0 <= mirror <= upto <= (pending or 0) or sizes[-1] != pending \
            or mirror not in (0, *sizes) or (sizes[0] or 0) < 0 or row_id is None and records \
            or not (end == upto - part and full or end < upto - part and not newer) \
            or pieces and (pieces[0][0] != upto - part or hashes > 32 * part) \
            or len(tiles) > sum((upto >> 8 * level) + 255 >> 8 for level in range(1, 8)): v.find(30)
    for n in beside: v.find(n)
    if row_id is not None or records: epochs(v, b"".join(r for _, r in records))
    ordered = [e for e, _ in records] == list(range(len(records)))
    if not ordered and (29, None, None, False) not in v.found: v.find(29)
    v.size = min(mirror, max(end, pieces[0][0] + hashes // 32 if pieces else 0))
    notes = [joined(*row) for row in checkpoints]
    best = max([n for n in notes if n[3]][-1:] + [n for n in notes if n[0] == mirror],
               key=lambda n: (n[2], n[0]), default=(0, b""))
    note, keys, root = attempt(Note, best[1]), v.listed or [(origin, h[2]) for h in v.hosts], None
    if note and note.origin == origin and not (keys and note.by(1, *keys)) and note.size >= v.size:
        v.size, root = note.size, note.root
    v.reached = n = end = v.size
    content(v, [(at, i) for at in range(7, -1, -1)
                for i in range(n >> 8 * at + 8 << 8, n >> 8 * at)], root)
    lost = {f[2]: f[1] for f in v.found if f[0] == 2 and not f[3]}
    while end - 1 in lost: end = lost[end - 1]
    v.found = [f for f in v.found if (f[0] != 2 or f[1] < end)
               and (f[0] != 3 or f[1] != n or not n & 255)]
    if end < n: v.find(7, end, n - 1)
    if v.keys and row_id not in (None, v.id) or digest != sha(origin.encode()): v.find(30)
    for row in notes:
        source = "newest" if row is best else "pending" if row[0] > n else "past"
        judge_note(v, row[1], source, not row[2])
    for size, name, line in lines:
        data = ([c[2] for c in checkpoints if c[0] == size] + [b""])[0]
        own, both = attempt(Note, data), attempt(Note, data + line)
        if own and both and {n for n, _ in both.lines[len(own.lines):]} == {name}:
            judge_note(v, data + line, "cosigned")
        elif own or not data: v.find(30)
    return v
def witnessed(db, policy):
    """storage.md 2: the first finding about what the store's own witness saw."""
    if pragma(db, "user_version") < 2: return []
    columns = "SELECT hash, origin, size, root, time, note, lines FROM witness ORDER BY 1"
    for digest, origin, size, root, when, data, line in db.execute(columns):
        own, both = attempt(Note, data), attempt(Note, data + line)
        if not own or not both: return [30]
        names, line = {n for n, _ in own.lines}, both.lines[-1][1]
        said = both.origin, both.size, both.root, names, u(line[4:12])
        if said != (origin, size, root, {origin}, when) or digest != sha(origin.encode()) \
                or len(both.lines) != len(own.lines) + 1: return [30]
        marks = [both.by(4, key) for key in policy.witnesses.values()]
        marks.append(both.by(1, *(log for log in policy.logs if log[0] == origin)))
        if -1 in marks: return [10]
        named = all((n, s[:4]) in policy.ids for n, s in own.lines) and any(marks)
        if policy.quorum and not named: return [SEEN]
    return []
def joined(size, root, note, receipt):
    """A row as a note: size, bytes, whether it is as it should be, whether there is a receipt."""
    own, data = attempt(Note, note), note + (receipt or b"")
    both = attempt(Note, data) or SimpleNamespace(lines=[], origin=None, size=None, root=None)
    names, epoch = [n for n, _ in both.lines], "%s/epoch" % both.origin
    count = len(own.lines if own else ())
    whole = (both.size, both.root) == (size, root) and names.count(epoch) <= 1 \
        and [n in (both.origin, epoch) for n in names] == [i < count for i in range(len(names))] \
        and (len(names) > count) == (receipt is not None)
    return size, data if both.origin or not own else note, whole, receipt is not None
def entries_of(v, n, expected=None):
    """The entries of a bundle; expected: leaf hashes by which to read on after a wrong length."""
    data, at, out = v.bundles.get(n, (b"", b""))[1], 0, []
    def end(p): return p + 2 + u(data[p:p + 2])
    def stands(p): return p + 2 <= end(p) <= len(data) and leaf(data[p + 2:end(p)]) in expected
    while at < len(data):
        good = expected is None or end(at) == len(data) or end(at) < len(data) and (
            stands(at) or stands(end(at)))
        later = (p for p in range(at + 1, len(data)) if stands(p))
        to = end(at) if good else next(later, len(data))
        out.append(data[at + 2 * good:to])
        at = to
    return out, at == len(data)
def below(v, at, i):
    """What lies below gives this hash, or None."""
    if at == 0: return next((leaf(e) for e in entries_of(v, i >> 8)[0][i & 255:]), None)
    row = [v.stored.get((at - 1, j)) for j in range(i << 8, i + 1 << 8)]
    return None if None in row else root_of(grow([], row))
def content(v, nodes, root, up=None):
    """verdict.md 2, from the root down: of the two known of each node, those that give it."""
    known = [(v.stored.get(x), below(v, *x)) for x in nodes]
    differ = [k for k, (s, b) in enumerate(known) if s and b and s != b]
    for pick in range((1 << len(differ)) - 1, -1, -1)[:1024] if root else ():
        row = [b if s is None or k in differ and not pick >> differ.index(k) & 1 else s
               for k, (s, b) in enumerate(known)]
        folded = zip(nodes, row if None not in row else ())
        tree = functools.reduce(lambda t, node: grow(t, [node[1]], 256**node[0][0]), folded, [])
        if None in row or root_of(tree) != root: continue
        v.true.update(zip(nodes, row))
        for (at, i), h in zip(nodes, row):
            if v.stored.get((at, i)) != h: v.find(30, i << 8 * at, (i + 1 << 8 * at) - 1)
        break
    else:
        v.unproven |= not up
        if root and up:
            (at, i), absent = up, up[0] == 1 and up[1] not in v.bundles
            v.find(2 if absent else 1, i << 8 * at, (i + 1 << 8 * at) - 1, not absent)
            return add(v, root, 256**at)
    for at, i in nodes:
        tile = [(at - 1, j) for j in range(i << 8, i + 1 << 8)]
        if at: content(v, tile, v.true.get((at, i)), (at, i))
    if nodes and not nodes[-1][0]: bundle(v, nodes[-1][1] >> 8 << 8, (nodes[-1][1] & 255) + 1)
def bundle(v, first, width):
    entries, whole = entries_of(v, first >> 8)
    for at in range(first, first + width):
        stored, made = v.stored.get((0, at)), below(v, 0, at)
        if (0, at) not in v.true and made and stored and made != stored: v.find(1, at, at, True)
        v.true.setdefault((0, at), made or stored)
    true = [v.true[0, at] for at in range(first, first + width)]
    if not whole or len(entries) != width:
        entries = entries_of(v, first >> 8, set(true) - {None})[0]
    used, found = set(), []
    for e in entries:
        spots = [at for at, h in enumerate(true, first) if h == leaf(e)]
        spot = next((at for at in spots if at not in used), (spots or [None])[-1])
        found.append((spot, e))
        used.add(spot)
    if [leaf(e) for e in entries] != true: entries = align(v, first, first + width, found)
    for at, (e, h) in enumerate(zip(entries, true), first):
        follows = e is not None and leaf(e) == h and v.tree is not None
        if follows: walk(v, at, e)
        add(v, h, 1, follows)
def add(v, h, width, follows=False):
    """One more subtree; unless it follows, its entries are not proven."""
    tree = grow(v.tree, [h], width) if h and v.tree is not None else None
    if tree is not None: v.roots[sum(w for w, _ in tree)] = root_of(tree)
    if not follows: lose(v, v.size)
    v.tree = tree

def remembered(path, origin, kind):
    """verdict.md 11: what --state knows of a log: its log id, heads, what was told of entries."""
    log_id, heads, told, of = None, [], set(), None
    for word, *rest in [line.split(" ") for line in read(path).decode().splitlines()]:
        if word == "log": of = rest[0] if rest[1] == origin else None
        elif of and word == "id": log_id = log_id or b64(rest[0], 32)
        elif of and word == "told" and rest[1].isdigit(): told.add(tuple(map(int, rest)))
        if of and word == "head": seen = int(rest[2])
        if of and (word == "head" and kind in ("host", of) or word == "stored" and kind == "store"):
            heads.append((int(rest[0]), b64(rest[1], 32), seen))
    return log_id, heads, told
def pragma(db, name): return db.execute("PRAGMA " + name).fetchone()[0]
def logs(target, policy, args):
    """What is known of each log of a target."""
    path = target + "/store.db" if os.path.exists(target + "/store.db") else target
    if os.path.isdir(path): return [spool(target, policy, args.state)]
    wal = "" if os.path.exists(path + "-wal") else "&immutable=1"
    db = sqlite3.connect("file:%s?mode=ro%s" % (path, wal), uri=True)
    need(pragma(db, "application_id") == 0x41555344 and pragma(db, "user_version") in (1, 2))
    rows = db.execute("SELECT id, origin, hash, log_id, next, pending, mirror FROM log ORDER BY 2")
    rows = rows.fetchall()
    tables = "piece tile checkpoint epoch cosignature".split()[:3 + pragma(db, "user_version")]
    owners = ["SELECT id >> 40 FROM bundle"] + ["SELECT log FROM " + table for table in tables]
    stray = db.execute(" UNION ".join(owners) + " EXCEPT SELECT id FROM log").fetchone()
    beside = [28] * bool(stray) + witnessed(db, policy)
    return [store(db, row, beside if row == rows[0] else [], policy, args.state)
            for row in rows if args.log in (None, row[1])]
def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in "policy", "log", "as-of", "expect-root", "state": parser.add_argument("--" + name)
    for name in "min-freshness", "expect-size": parser.add_argument("--" + name, type=int)
    parser.add_argument("--deep", action="store_true")
    parser.add_argument("target", nargs="+")
    args, worst = parser.parse_args(), {0}
    policy, root = Policy(args.policy), args.expect_root and b64(args.expect_root, 32)
    as_of = (int(args.as_of.lstrip("@")) if args.as_of else time.time()) * SECOND
    asked = as_of, args.min_freshness, args.expect_size, root
    for target, known in [(target, logs(target, policy, args)) for target in args.target]:
        judged = [(v.origin, v.size, v.told, judge(v, *asked)) for v in known]
        absent = {n for n, _ in policy.logs} - {v.origin for v in known}
        if not args.log and all(v.kind == "store" for v in known): judged += [
            (n, 0, (), [(33, None, None, False), (36, None, None, False)]) for n in absent]
        for origin, size, told, found in judged:
            once = {20: 1, 24: 1} if args.state else {}
            statuses = {0} | {0 if f[:3] in told else once.get(f[0], CLASS[f[0]]) for f in found}
            worst |= statuses
            print(json.dumps({
                "target": target, "origin": origin, "size": size,
                "exit": min(statuses, key=(2, 3, 1, 0).index),
                "findings": [["AS%03d" % (f[0] % 100), *f[1:]] for f in found]}))
    return min(worst, key=(2, 3, 1, 0).index)

if __name__ == "__main__":
    try: sys.exit(main())
    except (ValueError, OSError, sqlite3.Error) as error:
        print("verify.py: %s" % error, file=sys.stderr)
        sys.exit(3)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test: does a test fail for every change of the code?

    run.py --source DIR --work DIR --results FILE --files 'F...' --tests 'T...'
           [--again] [--jobs N] [--least PERCENT] [--each PERCENT]
           [--slowest SECONDS] [--budget SECONDS] [--passes 1|2]

Copies the source, lets mutate.py put every mutant of the files into it, and
builds the tests twice, plainly and with sanitizers. For each mutant the cases
that reach it run, quickest first, until one fails; those that survive meet the
sanitizers. Cases slower than SECONDS are left out, and named; a mutant that
survived a budget of SECONDS has survived (--passes 1: no sanitizers). FILE keeps what
is known: a run that was interrupted goes on there, and with --again a run after
a change looks only at what nothing has killed yet. Mutants that cannot be told
from the original stand in equivalent.txt with the reason. Prints what survived
and a table; fails when fewer than PERCENT of the others were killed, of all or
of one file, or when equivalent.txt is wrong.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../golden"))
import verdicts  # noqa: E402

SKIPPED = ("*.o", "*.lo", "*.la", ".libs", ".deps", ".dirstamp", ".git",
           ".quickstart", "autom4te.cache", "config.status", "_build", "_inst",
           "__pycache__")
CHECKER = "tools/auditseal/auditseal"
# The checker's signatures are remembered; tests that want it see to it.
SERVE = "-Wl,--wrap=_cmocka_run_group_tests,--wrap=main serve.o"
SERVE_CHECKER = "-Wl,--wrap=seal_pub_verify,--wrap=seal_pub_new memo.o " + SERVE
SANITIZERS = "address,undefined"
Mutant = collections.namedtuple("Mutant", "number file line function kind text")
# `request` is what serve.c is told; the checker's arguments, and the verdict.
Case = collections.namedtuple("Case", "program name request arguments verdict")
FAILED, PASSED = "killed", "survived"
TOO_LONG = 256 + signal.SIGPROF


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--source", required=True, type=os.path.abspath)
    p.add_argument("--work", required=True, type=os.path.abspath)
    p.add_argument("--results", required=True, type=os.path.abspath)
    p.add_argument("--tests", required=True, type=str.split)
    p.add_argument("--files", required=True, type=str.split)
    p.add_argument("--again", action="store_true")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--least", type=float, default=90)
    p.add_argument("--each", type=float, default=80)
    p.add_argument("--budget", type=float, default=2)
    p.add_argument("--passes", type=int, default=2)
    p.add_argument("--slowest", type=float, default=1)
    return p.parse_args()


def read(path):
    with open(path, "rb") as f:
        return f.read()


def write(path, data):
    """Leaves a file alone that has these bytes: make looks at its time."""
    if not os.path.exists(path) or read(path) != data:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)


def copy(source, target, files):
    """Copies what changed, but for `files`; the digest of all."""
    digest = hashlib.sha256()
    for top, folders, names in os.walk(source):
        folders[:] = sorted(f for f in folders if not skipped(f))
        for name in sorted(n for n in names if not skipped(n)):
            path = os.path.join(top, name)
            inside = os.path.relpath(path, source)
            if os.path.islink(path) or not os.path.isfile(path):
                continue
            data = read(path)
            if inside.split("/")[0] in ("lib", "tools", "tests"):
                digest.update(b"%s %d\0" % (inside.encode(), len(data)) + data)
            if inside not in files:
                write(os.path.join(target, inside), data)
                shutil.copymode(path, os.path.join(target, inside))
    return digest.hexdigest()


def skipped(name):
    return any(fnmatch.fnmatch(name, p) for p in SKIPPED)


def mutate(source, target, files):
    """Puts the mutants into the copy; returns them."""
    mutants = []
    for name in files:
        out = os.path.join(target, name) + ".mutants"
        text = subprocess.run(
            [sys.executable, os.path.join(HERE, "mutate.py"), name,
             str(len(mutants) + 1), out, "-Ilib", "-D_GNU_SOURCE",
             "-std=gnu11"],
            check=True, cwd=source, stdout=subprocess.PIPE, text=True).stdout
        write(os.path.join(target, name), read(out))
        os.remove(out)
        for line in text.splitlines():
            n, *rest = line.split("\t")
            mutants.append(Mutant(int(n), rest[0], int(rest[1]), *rest[2:]))
    return mutants


def compile_objects(source, work, flags, programs, run):
    """What programs are linked with; that is no dependency make knows of."""
    for name in ("tests/mutation/serve.c", "tests/attack/memo.c"):
        out = os.path.join(work, os.path.basename(name)[:-2] + ".o")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-I" + source,
                        f"-I{source}/lib", *flags, "-c", "-o", out + ".new",
                        os.path.join(source, name)], **run)
        if os.path.exists(out) and read(out) == read(out + ".new"):
            continue
        for program in programs:
            if os.path.exists(os.path.join(work, program)):
                os.remove(os.path.join(work, program))
        os.replace(out + ".new", out)


def build(source, work, tests, sanitizers):
    os.makedirs(work, exist_ok=True)
    name = os.path.join(work, "build.log")
    flags = ["-O1", "-w"] + (["-fsanitize=" + sanitizers] if sanitizers else [])
    with open(name, "w", encoding="utf-8") as log:
        run = {"check": True, "cwd": work, "stdout": log, "stderr": log}
        try:
            if not os.path.exists(os.path.join(work, "config.status")):
                subprocess.run(
                    [source + "/configure", "--quiet", "--disable-shared",
                     "--disable-plugin", "CFLAGS=-O1 -w",
                     *(["--enable-sanitizers=" + sanitizers]
                       if sanitizers else [])], **run)
            compile_objects(source, work, flags, [*tests, CHECKER], run)
            for wrap, what in ((SERVE, tests), (SERVE_CHECKER, [CHECKER])):
                subprocess.run(["make", f"-j{os.cpu_count()}",
                                f"LDFLAGS={wrap}", *what], **run)
        except subprocess.CalledProcessError:
            raise SystemExit(f"run.py: the mutants cannot be built: {name}")


class Server:
    """One program that runs cases for one thread: serve.c."""

    def __init__(self, build, place, program):
        os.makedirs(place, exist_ok=True)
        there, self.to = os.pipe()
        self.back, here = os.pipe()
        env = dict(os.environ, LC_ALL="C", TZ="UTC", TMPDIR=place,
                   SEAL_SRCDIR=build.source, SEAL_BUILDDIR=build.work,
                   CMOCKA_MESSAGE_OUTPUT="TAP",
                   ASAN_OPTIONS="exitcode=97:detect_leaks=1:"
                   "allocator_may_return_null=1",
                   LSAN_OPTIONS="exitcode=97:suppressions=" + os.path.join(
                       build.source, "tests/lib/lsan.supp"),
                   UBSAN_OPTIONS="exitcode=97:halt_on_error=1",
                   SEAL_MUTANT_SERVE=f"{there},{here}")
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(
            [os.path.join(build.work, program)], cwd=place, env=env,
            pass_fds=(there, here), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(there)
        os.close(here)
        # pylint: disable=consider-using-with
        self.answers = os.fdopen(self.back, encoding="utf-8")
        self.cases = []
        for line in self.answers:
            if line == "ready\n":
                return
            self.cases.append(line.removeprefix("case ").rstrip("\n"))
        raise SystemExit(f"run.py: {program} does not begin")

    def run(self, request, mutant, cpu_ms, trace="-"):
        """Its exit status, and how many seconds it took."""
        os.write(self.to, f"{request} {mutant} {cpu_ms} {trace}\n".encode())
        answer = self.answers.readline().split()
        if not answer:
            raise SystemExit(f"run.py: {self.process.args[0]} is gone")
        return int(answer[0]), int(answer[1]) / 1e6

    def close(self):
        os.close(self.to)
        self.process.wait()
        self.answers.close()


class Build:
    """What was built one way, and its servers, for `jobs` threads."""

    def __init__(self, source, work, jobs):
        self.source = source
        self.work = work
        self.place = work + ".run"
        self.limit = {}
        self.reach = {}
        self.used = 0
        self.free = queue.SimpleQueue()
        self.local = threading.local()
        self.open = []
        shutil.rmtree(self.place, ignore_errors=True)
        for k in range(jobs):
            self.free.put(os.path.join(self.place, str(k)))

    def server(self, program):
        if not hasattr(self.local, "place"):
            self.local.place = self.free.get()
            self.local.servers = {}
        if program not in self.local.servers:
            place = os.path.join(self.local.place, os.path.basename(program))
            self.local.servers[program] = Server(self, place, program)
            self.open.append(self.local.servers[program])
        return self.local.servers[program]

    def close(self):
        for server in self.open:
            server.close()

    def judge(self, case, mutant, trace="-"):
        """0 when the case passes, else an exit status; the time."""
        server = self.server(case.program)
        request = case.request
        said = os.path.join(self.local.place, "said")
        if case.verdict:
            request = os.path.join(self.local.place, "request")
            with open(request, "w", encoding="utf-8") as f:
                f.write("\n".join([case.request, said, "auditseal",
                                   *case.arguments]))
        status, took = server.run(request, mutant, self.limit[case], trace)
        self.used += took
        if not case.verdict or status == TOO_LONG:
            return status, took
        with open(said, encoding="utf-8", errors="replace") as f:
            got = verdicts.verdict(f.read())
        want = json.loads(case.verdict)
        return int(status != want["exit"] or got != want), took

    def survey(self, case, slowest):
        """What an untouched run comes to; nothing when it takes too long."""
        self.server(case.program)
        trace = os.path.join(self.local.place, "trace")
        self.limit[case] = int(1000 * slowest)
        status, took = self.judge(case, 0, trace)
        if status == TOO_LONG:
            return case, None, took
        if status:
            raise SystemExit(f"run.py: {case.program}: {case.name} fails "
                             "without a mutant")
        self.limit[case] = int(100 + 10000 * took)
        hits = {n for n, hit in enumerate(read(trace)) if hit}
        return case, hits, took


def cases_of(built, tests, work):
    """All cases: those of the programs, and of tests/golden/verdicts.jsonl."""
    cases = []
    for program in tests:
        names = built.server(program).cases
        cases += [Case(program, name, str(k), None, None)
                  for k, name in enumerate(names)]
    for vector, options, want in verdicts.lines():
        folder = os.path.join(work, "vectors", vector["name"])
        if not os.path.exists(folder):
            verdicts.vectors.load(vector["name"], folder)
        cases.append(Case(CHECKER, " ".join([vector["name"], *options]), folder,
                          tuple(verdicts.command(vector, options)),
                          json.dumps(want)))
    return cases


def survey(built, pool, cases, slowest):
    """Sets which case reaches which mutants, quickest first."""
    for case, hits, took in pool.map(lambda c: built.survey(c, slowest), cases):
        if hits is None:
            say(f"left out: {case.program}: {case.name}")
        else:
            built.reach[case] = hits, took
    order = sorted(built.reach, key=lambda c: built.reach[c][1])
    built.reach = {case: built.reach[case] for case in order}
    say(f"{len(built.reach)} cases, "
        f"{sum(t for _, t in built.reach.values()):.0f} s")


def equivalents(path, mutants, names):
    """Names of equivalent mutants: 'file function kind text #k  reason'."""
    known = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("# "):
                name, _, reason = line.rstrip("\n").partition("\t")
                if not reason:
                    raise SystemExit(f"run.py: no reason for: {name}")
                known[name] = reason
    files = {m.file for m in mutants}
    there = set(names.values())
    return known, [n for n in known
                   if n not in there and n.split(" ")[0] in files]


def names_of(mutants):
    """A name each that does not move when lines do."""
    count = collections.Counter()
    names = {}
    for m in mutants:
        key = f"{m.file} {m.function} {m.kind}: {m.text}"
        count[key] += 1
        names[m.number] = f"{key} #{count[key]}"
    return names


class Results:
    """What is known of each mutant, by name, in a file: state, and by whom."""

    def __init__(self, path, digest, again):
        self.known = {}
        first = f"# {digest}"
        lines = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as f:
                lines = [x.rstrip("\n") for x in f if x.endswith("\n")]
        same = bool(lines) and lines[0] == first
        for line in lines[1:] if same or again else []:
            name, state, by = line.split("\t")
            if state == FAILED or same and not again:
                self.known[name] = state, by
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # pylint: disable=consider-using-with
        self.file = open(path, "w", encoding="utf-8")
        print(first, file=self.file)
        for name, (state, by) in self.known.items():
            print(name, state, by, sep="\t", file=self.file)
        if self.known:
            say(f"{len(self.known)} mutants were judged before")

    def put(self, name, state, by):
        self.known[name] = state, by
        print(name, state, by, sep="\t", file=self.file, flush=True)

    def killed(self, name):
        return self.known.get(name, ("", ""))[0] == FAILED


def hunt(built, pool, mutants, names, results, budget, last):
    """Lets the cases loose; what survives is known only after the `last`."""
    recent = collections.defaultdict(list)
    done = collections.Counter()

    def likely(m):
        """What found a neighbour, and then the others, quickest first."""
        near = recent[m.function][:4] + recent[m.file][:8]
        return sorted((c for c, (hits, _) in built.reach.items()
                       if m.number in hits),
                      key=lambda c: near.index(c) if c in near else len(near))

    def one(m):
        state, spent = "not reached", 0
        for case in likely(m):
            if spent > budget:
                break
            status, took = built.judge(case, m.number)
            spent += took
            state = PASSED
            if status:
                for found in recent[m.function], recent[m.file]:
                    if case in found:
                        found.remove(case)
                    found.insert(0, case)
                return m, FAILED, case
        return m, state, None

    start = time.monotonic()
    for m, state, case in pool.map(one, mutants):
        if state == FAILED or last:
            by = f"{case.program}: {case.name}" if case else "-"
            results.put(names[m.number], state, by)
        done[state] += 1
        if sum(done.values()) % 100 == 0:
            say(f"{sum(done.values())} of {len(mutants)} mutants, "
                f"{done[FAILED]} killed, {time.monotonic() - start:.0f} s, "
                f"{built.used:.0f} s of work")
    say(f"{len(mutants)} mutants, {done[FAILED]} killed, "
        f"{time.monotonic() - start:.0f} s, {built.used:.0f} s of work")


def table(mutants, names, results, known):
    rows = collections.OrderedDict()
    for m in mutants:
        row = rows.setdefault(m.file, [0, 0, 0])
        killed = results.killed(names[m.number])
        row[0] += 1
        row[1] += killed
        row[2] += names[m.number] in known and not killed
    rows["all"] = [sum(r[k] for r in rows.values()) for k in range(3)]
    shares = {}
    print(f"{'file':28} {'mutants':>8} {'killed':>8} {'equal':>6} "
          f"{'survived':>9} {'%':>6}")
    for name, (n, dead, equal) in rows.items():
        shares[name] = 100 * dead / max(1, n - equal)
        print(f"{name:28} {n:8} {dead:8} {equal:6} {n - dead - equal:9} "
              f"{shares[name]:6.1f}")
    return shares


def report(args, mutants, names, results):
    known, wrong = equivalents(os.path.join(HERE, "equivalent.txt"), mutants,
                               names)
    for m in mutants:
        name = names[m.number]
        if not results.killed(name) and name not in known:
            print(f"{results.known[name][0]}\t{m.file}:{m.line}\t{name}")
    shares = table(mutants, names, results, known)
    wrong += [n for n in names.values() if n in known and results.killed(n)]
    for name in wrong:
        print(f"not equivalent, or not there: {name}")
    low = [n for n, share in shares.items() if share < args.each]
    print(f"killed {shares['all']:.1f} % (at least {args.least:g} % of all and "
          f"{args.each:g} % of each file are asked)")
    return 0 if shares["all"] >= args.least and not low and not wrong else 1


def main():
    args = arguments()
    start = time.monotonic()
    source = os.path.join(args.work, "source")
    digest = copy(args.source, source, args.files)
    mutants = mutate(args.source, source, args.files)
    names = names_of(mutants)
    say(f"{len(mutants)} mutants")
    results = Results(args.results, digest, args.again)
    for sanitizers in ("", SANITIZERS)[:args.passes]:
        left = [m for m in mutants if names[m.number] not in results.known]
        if not left:
            break
        work = os.path.join(args.work, "sanitized" if sanitizers else "plain")
        build(source, work, args.tests, sanitizers)
        say(f"built, {time.monotonic() - start:.0f} s")
        built = Build(source, work, args.jobs + 1)
        cases = cases_of(built, args.tests, args.work)
        with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
            survey(built, pool, cases, args.slowest)
            hunt(built, pool, left, names, results, args.budget,
                 bool(sanitizers) or args.passes == 1)
        built.close()
    return report(args, mutants, names, results)


sys.exit(main())

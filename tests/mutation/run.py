#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Mutation test: does a test fail for every change of the code?

    run.py --source DIR --work DIR [--tests 'T...'] [--files 'F...']
           [--jobs N] [--least PERCENT] [--slowest SECONDS]

Copies the source, lets mutate.py put every mutant of the files into it, builds
the tests once and runs, for each mutant, the test cases that reach it, quickest
first, until one fails; cases slower than SECONDS are left out, and named. Mutants that cannot be told from the original stand
in equivalent.txt with the reason. Prints what survived and a table; fails when
fewer than PERCENT of the others were killed, or equivalent.txt is wrong.
"""
import argparse
import collections
import concurrent.futures
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = ("*.o", "*.lo", "*.la", ".libs", ".deps", ".git", ".quickstart",
           "autom4te.cache", "config.status", "_build", "_inst")
Mutant = collections.namedtuple("Mutant", "number file line function kind text")


def say(*words):
    print(*words, file=sys.stderr, flush=True)


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--source", required=True, type=os.path.abspath)
    p.add_argument("--work", required=True, type=os.path.abspath)
    p.add_argument("--tests", required=True, type=str.split)
    p.add_argument("--files", required=True, type=str.split)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--least", type=float, default=90)
    p.add_argument("--slowest", type=float, default=10)
    return p.parse_args()


def mutate(source, files):
    """Puts the mutants into the copy at `source`; returns them."""
    mutants = []
    for name in files:
        path = os.path.join(source, name)
        out = path + ".mutants"
        text = subprocess.run(
            [os.path.join(HERE, "mutate.py"), name, str(len(mutants) + 1),
             out, "-Ilib", "-D_GNU_SOURCE", "-std=gnu11"],
            check=True, cwd=source, stdout=subprocess.PIPE, text=True).stdout
        os.replace(out, path)
        for line in text.splitlines():
            n, *rest = line.split("\t")
            mutants.append(Mutant(int(n), rest[0], int(rest[1]), *rest[2:]))
    return mutants


def build(source, work, tests):
    os.makedirs(work)
    log = open(os.path.join(work, "build.log"), "w", encoding="utf-8")
    run = dict(check=True, cwd=work, stdout=log, stderr=log)
    flags = "CFLAGS=-O1 -w"
    try:
        subprocess.run([source + "/configure", "--quiet", "--disable-shared",
                        "--disable-plugin", flags,
                        "--enable-sanitizers=address,undefined"], **run)
        subprocess.run(["make", f"-j{os.cpu_count()}", *tests], **run)
    except subprocess.CalledProcessError:
        raise SystemExit(f"run.py: the mutants cannot be built: {log.name}")


class Runner:
    """Runs cases; a case is (program, name)."""

    def __init__(self, source, work):
        self.work = work
        self.env = dict(os.environ, LC_ALL="C", TZ="UTC", SEAL_SRCDIR=source,
                        SEAL_BUILDDIR=work, CMOCKA_MESSAGE_OUTPUT="TAP")
        self.limit = {}

    def run(self, case, mutant=0, **more):
        """Its exit status and output; None when it took too long."""
        place = tempfile.mkdtemp(prefix="mutant.", dir=self.work)
        env = dict(self.env, TMPDIR=place, SEAL_MUTANT=str(mutant), **more)
        if case[1]:
            env["SEAL_MUTANT_CASE"] = case[1]
        try:
            done = subprocess.run(
                [os.path.join(self.work, case[0])], cwd=place, env=env,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, check=False,
                timeout=self.limit.get(case))
            return done.returncode, done.stdout.decode(errors="replace")
        except subprocess.TimeoutExpired:
            return None, ""
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def cases(self, program):
        status, text = self.run((program, ""))
        if status != 0:
            raise SystemExit(f"run.py: {program} fails without a mutant")
        return [(program, line.split(" - ", 1)[1])
                for line in text.splitlines() if line.startswith("ok ")]

    def reached(self, case):
        """The mutants that an untouched run comes to; its time."""
        trace = os.path.join(self.work, "trace")
        start = time.monotonic()
        status, _ = self.run(case, SEAL_MUTANT_TRACE=trace)
        took = time.monotonic() - start
        if status != 0:
            raise SystemExit(f"run.py: {' '.join(case)} fails by itself")
        self.limit[case] = 10 + 10 * took
        with open(trace, "rb") as f:
            return {n for n, hit in enumerate(f.read()) if hit}, took


def survey(runner, programs, slowest):
    """Which case reaches which mutants, and how fast; the slow ones go."""
    reach = {}
    for program in programs:
        for case in runner.cases(program):
            hits, took = runner.reached(case)
            if took > slowest:
                say(f"left out, {took:.0f} s: {' '.join(case)}")
            else:
                reach[case] = hits, took
    say(f"{len(reach)} cases, {sum(t for _, t in reach.values()):.0f} s")
    return reach


def equivalents(path, mutants):
    """Names of equivalent mutants: 'file function kind text #k  reason'."""
    known = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.strip() and not line.startswith("# "):
                name, _, reason = line.rstrip("\n").partition("\t")
                if not reason:
                    raise SystemExit(f"run.py: no reason for: {name}")
                known[name] = reason
    names = set(names_of(mutants).values())
    wrong = [n for n in known if n not in names]
    return known, wrong


def names_of(mutants):
    """A name each that does not move when lines do."""
    count = collections.Counter()
    names = {}
    for m in mutants:
        key = f"{m.file} {m.function} {m.kind}: {m.text}"
        count[key] += 1
        names[m.number] = f"{key} #{count[key]}"
    return names


def hunt(runner, mutants, reach, jobs):
    """The numbers of those that a test found."""
    order = sorted(reach, key=lambda t: reach[t][1])
    killed = set()
    done = 0

    def one(m):
        for case in order:
            if m.number in reach[case][0] and \
                    runner.run(case, m.number)[0] != 0:
                return m.number
        return None

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for number in pool.map(one, mutants):
            done += 1
            if number:
                killed.add(number)
            if done % 200 == 0:
                say(f"{done} of {len(mutants)} mutants, {len(killed)} killed")
    return killed


def table(mutants, killed, known, names):
    rows = collections.OrderedDict()
    for m in mutants:
        row = rows.setdefault(m.file, [0, 0, 0])
        row[0] += 1
        row[1] += m.number in killed
        row[2] += names[m.number] in known and m.number not in killed
    rows["all"] = [sum(r[k] for r in rows.values()) for k in range(3)]
    print(f"{'file':32} {'mutants':>8} {'killed':>8} {'equal':>6} {'%':>6}")
    for name, (n, dead, equal) in rows.items():
        share = 100 * dead / max(1, n - equal)
        print(f"{name:32} {n:8} {dead:8} {equal:6} {share:6.1f}")
    return 100 * rows["all"][1] / max(1, rows["all"][0] - rows["all"][2])


def main():
    args = arguments()
    source = os.path.join(args.work, "source")
    shutil.rmtree(args.work, ignore_errors=True)
    os.makedirs(args.work)
    shutil.copytree(args.source, source, symlinks=True,
                    ignore=shutil.ignore_patterns(*SKIPPED))
    mutants = mutate(source, args.files)
    names = names_of(mutants)
    known, wrong = equivalents(os.path.join(HERE, "equivalent.txt"), mutants)
    build(source, os.path.join(args.work, "build"), args.tests)
    runner = Runner(source, os.path.join(args.work, "build"))
    reach = survey(runner, args.tests, args.slowest)
    killed = hunt(runner, mutants, reach, args.jobs)

    reached = set().union(*(hits for hits, _ in reach.values()))
    for m in mutants:
        if m.number not in killed and names[m.number] not in known:
            state = "survived" if m.number in reached else "not reached"
            print(f"{state}\t{m.file}:{m.line}\t{names[m.number]}")
    share = table(mutants, killed, known, names)
    wrong += [names[n] for n in killed if names[n] in known]
    for name in wrong:
        print(f"not equivalent, or not there: {name}")
    print(f"killed {share:.1f} % (at least {args.least:g} % is asked)")
    return 0 if share >= args.least and not wrong else 1


sys.exit(main())

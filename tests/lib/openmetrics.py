#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A strict reader of OpenMetrics 1.0 text, gauges alone: standard input is
accepted or refused; what was read is printed, a sample a line."""
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? "
                    r"(-?[0-9]+(?:\.[0-9]+)?)\Z")
META = re.compile(rf"# (TYPE|UNIT|HELP) ({NAME}) (.+)\Z", re.S)


def main():
    text = sys.stdin.buffer.read().decode("utf-8")
    if not text.endswith("# EOF\n") or text.count("# EOF") != 1:
        sys.exit("no single # EOF at the end")
    family, families, seen, series = None, set(), set(), set()
    for line in text[:-len("# EOF\n")].split("\n")[:-1]:
        if any(ord(c) < 32 or 127 <= ord(c) < 160 for c in line):
            sys.exit(f"a control character: {line!r}")
        meta = META.match(line)
        if meta:
            what, name, value = meta.groups()
            if what == "TYPE":
                if name in families:
                    sys.exit(f"{name}: a family twice")
                if value != "gauge":
                    sys.exit(f"{name}: a {value}")
                family, seen = name, set()
                families.add(name)
            if name != family or what in seen:
                sys.exit(f"{line!r}: out of place")
            if what == "UNIT" and not name.endswith("_" + value):
                sys.exit(f"{name} does not end in its unit")
            seen.add(what)
            continue
        sample = SAMPLE.match(line)
        if not sample:
            sys.exit(f"no sample: {line!r}")
        name, labels, value = sample.groups()
        if name != family:
            sys.exit(f"{name}: outside of its family")
        names = re.findall(r'(?:\A|,)([a-zA-Z0-9_]+)="', labels or "")
        if len(set(names)) != len(names) or (name, labels) in series:
            sys.exit(f"{line!r}: twice")
        series.add((name, labels))
        print(name, labels or "", value)


if __name__ == "__main__":
    main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds a verdict on standard input against docs/spec/verdict.md, schema 1."""
import json
import sys

TIME = (str, type(None))
HASH = (str, type(None))
TOP = {"schema": str, "exit": int, "as_of": TIME,
       "policy": (str, type(None)), "logs": list}
LOG = {"exit": int, "origin": (str, type(None)), "log_id": HASH,
       "pinned": bool, "rooted": bool, "target": str, "first_index": int,
       "size": int, "root": HASH, "entries_checked": int, "newest": TIME,
       "unsealed": int, "anchor": (dict, type(None)), "window": dict,
       "not_proven": list, "findings": list, "findings_dropped": int}
ANCHOR = {"kind": str, "size": int, "root": HASH, "time": TIME,
          "by": (str, type(None)), "fresh": bool, "sole_word": bool}
WINDOW = {"unanchored": int, "rewritable": int, "epoch": int}
FINDING = {"id": str, "name": str, "class": str,
           "first": (int, type(None)), "last": (int, type(None)),
           "within": bool, "time_before": TIME, "time_after": TIME,
           "where": (str, type(None)), "text": (str, type(None)),
           "do": str, "see": (str, type(None))}


def hold(value, schema, name):
    if set(value) != set(schema):
        sys.exit(f"{name}: keys {sorted(value)}, not {sorted(schema)}")
    for key, kind in schema.items():
        if not isinstance(value[key], kind):
            sys.exit(f"{name}.{key}: {value[key]!r}")


def main():
    verdict = json.load(sys.stdin)
    hold(verdict, TOP, "verdict")
    if verdict["schema"] != "auditseal/verdict/1" or not verdict["logs"]:
        sys.exit("not a verdict of schema 1")
    for log in verdict["logs"]:
        hold(log, LOG, "log")
        hold(log["window"], WINDOW, "window")
        if log["anchor"]:
            hold(log["anchor"], ANCHOR, "anchor")
        for finding in log["findings"]:
            hold(finding, FINDING, "finding")
        for pair in log["not_proven"]:
            if len(pair) != 2 or pair[0] > pair[1]:
                sys.exit(f"not_proven: {pair}")


if __name__ == "__main__":
    main()

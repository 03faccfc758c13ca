#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds a verdict on standard input against docs/spec/verdict.schema.json.

Stricter than the schema: a key that it does not name is an error here, so
that no key is added to the program alone.
"""
import json
import os
import re
import sys

TYPES = {"object": dict, "array": list, "string": str, "integer": int,
         "boolean": bool, "null": type(None)}
KNOWN = {"type", "required", "properties", "items", "prefixItems", "minItems",
         "maxItems", "enum", "const", "pattern", "minimum", "$ref",
         "description", "title", "$schema", "$id", "$defs"}


def is_a(value, name):
    return isinstance(value, TYPES[name]) and (
        name != "integer" or not isinstance(value, bool))


def hold(value, schema, root, name):
    if not set(schema) <= KNOWN:
        sys.exit(f"the schema says more than this test reads: {set(schema)}")
    if "$ref" in schema:
        return hold(value, root["$defs"][schema["$ref"].split("/")[-1]], root,
                    name)
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_a(value, kind) for kind in kinds):
        sys.exit(f"{name}: {value!r} is not of type {kinds}")
    if "const" in schema and value != schema["const"]:
        sys.exit(f"{name}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        sys.exit(f"{name}: {value!r} is none of {schema['enum']}")
    if isinstance(value, str) and "pattern" in schema and not re.search(
            schema["pattern"], value):
        sys.exit(f"{name}: {value!r} does not match {schema['pattern']}")
    if is_a(value, "integer") and value < schema.get("minimum", value):
        sys.exit(f"{name}: {value} is too small")
    if isinstance(value, dict):
        missing = set(schema["required"]) - set(value)
        strange = set(value) - set(schema["properties"])
        if missing or strange:
            sys.exit(f"{name}: without {sorted(missing)}, with {sorted(strange)}")
        for key, inner in value.items():
            hold(inner, schema["properties"][key], root, f"{name}.{key}")
    if isinstance(value, list):
        if not (schema.get("minItems", 0) <= len(value)
                <= schema.get("maxItems", len(value))):
            sys.exit(f"{name}: {len(value)} items")
        for i, inner in enumerate(value):
            each = (schema["prefixItems"][i] if "prefixItems" in schema
                    else schema["items"])
            hold(inner, each, root, f"{name}[{i}]")


def main():
    path = os.path.join(os.path.dirname(__file__),
                        "../../docs/spec/verdict.schema.json")
    with open(path, encoding="utf-8") as file:
        schema = json.load(file)
    verdict = json.load(sys.stdin)
    hold(verdict, schema, schema, "verdict")
    if not verdict["logs"]:
        sys.exit("a verdict about no log")


if __name__ == "__main__":
    main()

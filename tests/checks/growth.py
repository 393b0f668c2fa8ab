#!/usr/bin/env python3
"""The SDK can grow within a major (docs/decisions/0037): each interface of its headers has extension(), or has a number in its
name as extensions have; and the classes that plugins hold by value are opaque.

Usage: growth.py [ROOT]
"""

import pathlib
import re
import sys

from source_tree import repository, without_comments

CLASS = re.compile(r"^(template <[^\n]*>\n)?class (\w+)(?: final)?(?: : ([^{;]+))? \{$(.*?)^\};$", re.M | re.S)
ABSTRACT = re.compile(r"virtual [^;]*= 0;")
EXTENSION = re.compile(r'= "alice/[\w-]+/\d+"')  # the name that a header's interface is asked for by
MEMBER = re.compile(r"^  ([^\n()]+?) (\w+_)(?: = [^;]+)?;", re.M)
OPAQUE = "std::shared_ptr<const State>"
LAYERS = ("core/api/", "core/math/")  # core/base has values that are done
DERIVED_FROM = ["PreparedWeight"]  # held by pointer: backends derive theirs from it


def breaches(root):
    headers = (root / "sdk/headers.txt").read_text().split()
    codes = {name: without_comments((root / name).read_text()) for name in headers if name.startswith(LAYERS)}
    found = [(header, match) for header, code in codes.items() for match in CLASS.findall(code)]
    growing = [name for _, (_, name, _, body) in found if "extension(const char* name)" in body]
    for header, (template, name, bases, body) in found:
        inherits = any(re.search(rf"\b{base}\b", bases) for base in growing)
        if ABSTRACT.search(body) and not (name in growing or inherits or EXTENSION.search(codes[header])):
            yield f"{header}: the interface {name} has no extension()"
        if template or name in DERIVED_FROM:  # a template's layout is the plugin's own
            continue
        for held, member in MEMBER.findall(body):
            if held != OPAQUE:
                yield f"{header}: {name} shows its member {member}: keep a State behind {OPAQUE} instead"


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else repository()
    found = list(breaches(root))
    print("\n".join(found) if found else "growth: the SDK's interfaces and values can grow")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""No file of core/, sdk/check/, server/ or web/ knows a plugin by name: no id, alias or class name, no model family, no
device.

The names come from the plugins themselves: `alice plugins --json`. Looked for outside comments, as identifiers and as words
of string literals. Exempt: one translator a front door or config dialect, and the table of request fields, which has
A1111's words for them.

Usage: names.py PLUGINS_JSON [ROOT]
"""

import json
import pathlib
import re
import sys

from source_tree import repository, source_files, without_comments

FOLDERS = ["core", "sdk/check", "server", "web"]
TRANSLATORS = ["server/config/alice_dialect.cpp", "server/config/alice_dialect.h", "core/base/infotext.cpp",
               "core/base/infotext_reader.cpp", "core/base/request_fields.cpp",
               "server/front/http/doors/comfy/node_classes.cpp"]
FAMILIES = ["sd15", "sd21", "sdxl", "sd3", "flux", "stable-diffusion"]
DEVICES = ["cuda", "rocm", "mps", "vulkan"]

LITERAL = re.compile(r'"((?:\\.|[^"\\\n])*)"')
IDENTIFIER = re.compile(r"[A-Za-z_]\w*")


def plugin_names(description):
    names = set()
    for factories in description["kinds"].values():
        for factory in factories:
            names.add(factory["id"])
            names.update(alias["name"] for alias in factory["aliases"])
            names.update(factory["classes"])
    return names


def breaches(root, names):
    wanted = sorted(names | set(FAMILIES) | set(DEVICES), key=len, reverse=True)
    word = re.compile(r"(?<![\w+-])(" + "|".join(map(re.escape, wanted)) + r")(?![\w+-])", re.IGNORECASE)
    exact = {name.lower() for name in wanted}
    for relative in source_files(root, FOLDERS):
        if str(relative) in TRANSLATORS:
            continue
        text = without_comments((root / relative).read_text())
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip().startswith("#include"):
                continue
            for literal in LITERAL.findall(line):
                for found in word.findall(literal):
                    yield f'{relative}:{number}: the string "{literal}" names {found}'
            for identifier in IDENTIFIER.findall(LITERAL.sub(" ", line)):
                if identifier.lower() in exact:
                    yield f"{relative}:{number}: the identifier {identifier} is a name of a plugin, family or device"


def main():
    description = json.loads(pathlib.Path(sys.argv[1]).read_text())
    root = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else repository()
    names = plugin_names(description)
    if not names:
        print("names: the plugins name nothing: are any loaded?")
        return 1
    found = list(breaches(root, names))
    print("\n".join(found) if found else f"names: none of {len(names)} names of plugins is in {', '.join(FOLDERS)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

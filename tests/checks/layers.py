#!/usr/bin/env python3
"""Who may include whom (docs/ARCHITECTURE.md, "Layers"). Prints each breach as file:line and exits 1 when there is one.

Usage: layers.py [ROOT]
"""

import pathlib
import re
import sys

from source_tree import repository, source_files, without_comments

# Folder -> what it may include of the project. The longest folder that fits a file counts.
PROJECT = {
    "core/base": ["core/base"],
    "core/api": ["core/base", "core/api"],
    "core/math": ["core/base", "core/api", "core/math"],
    "core/io": ["core/base", "core/api", "core/io"],
    "core/host": ["core"],
    "plugins": ["core/base", "core/api", "core/math", "<own folder>"],
    "sdk/check": ["core", "sdk/check"],
    "server": ["core/base", "server"],
    "server/front": ["core/base", "server/front", "server/accounts", "server/jobs", "server/link", "server/config",
                     "server/cli", "server/*"],
    "server/front/http/wire": ["core/base", "server/front/http/wire", "server/front/http/*"],
    "server/front/http/doors": ["core/base", "server/front/*", "server/front/http/*", "<own door>", "server/accounts", "server/jobs",
                                "server/config", "server/*"],
    "server/jobs": ["core/base", "server/jobs"],
    "server/jobs/sqlite": ["core/base", "server/jobs", "server/sqlite"],
    "server/accounts": ["core/base", "server/accounts"],
    "server/accounts/sqlite": ["core/base", "server/accounts", "server/sqlite"],
    "server/control": ["core/base", "server/control"],
    "server/sqlite": ["core/base", "server/sqlite"],
    "server/link": ["core/base", "server/link"],
    "server/config": ["core/base", "server/config", "server/*"],
    "server/cli": ["core/base", "server/cli", "server/*"],
    "server/author": ["core/base", "server/author", "server/cli", "server/*"],
    "server/worker": ["core", "server", "sdk/check"],
}

# Header of a library -> the only places that may include it.
LIBRARIES = {
    "yaml-cpp/": ["server/config/"],
    "restinio/": ["server/front/http/wire/"],
    "boost/dll/": ["core/host/plugin_loader.cpp"],
    "ATen/": ["core/api/", "core/math/", "core/io/", "core/host/", "plugins/", "sdk/", "server/worker/"],
    "c10/": ["core/api/", "core/math/", "core/io/", "core/host/", "plugins/", "sdk/", "server/worker/"],
    "torch/": ["core/api/plugin.h", "server/worker/session/description.cpp"],
    "png.h": ["core/io/"],
    "zlib.h": ["core/io/"],
    "jpeglib.h": ["core/io/"],
    "webp/": ["core/io/"],
    "lcms2.h": ["core/io/"],
    "CLI/": ["server/cli/"],
    "sqlite3.h": ["server/jobs/sqlite/", "server/accounts/sqlite/", "server/sqlite/"],
    "SQLiteCpp/": ["server/jobs/sqlite/", "server/accounts/sqlite/", "server/sqlite/"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def layer_of(path):
    fitting = [folder for folder in PROJECT if path.startswith(folder + "/")]
    return max(fitting, key=len, default=None)


def may_include(path, header):
    layer = layer_of(path)
    if layer is None:
        return True
    for allowed in PROJECT[layer]:
        if allowed == "<own folder>":
            allowed = "/".join(path.split("/")[:3])  # plugins/<kind>/<library>
        if allowed == "<own door>":
            allowed = "/".join(path.split("/")[:5])  # server/front/http/doors/<door>: no door knows another
        if allowed.endswith("/*"):  # the folder's own files, not those of its folders
            if header.rpartition("/")[0] == allowed[:-2]:
                return True
        elif header.startswith(allowed + "/"):
            return True
    return False


def breaches(root):
    for relative in source_files(root, ["core", "plugins", "sdk", "server"]):
        path = str(relative)
        text = without_comments((root / relative).read_text())
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            header = match.group(2)
            if match.group(1) == '"' and header.split("/")[0] in ("core", "plugins", "server", "tests", "sdk"):
                if not may_include(path, header):
                    yield f"{path}:{number}: {layer_of(path)} may not include {header}"
            for library, places in LIBRARIES.items():
                if header.startswith(library) and not any(path.startswith(place) for place in places):
                    yield f"{path}:{number}: only {', '.join(places)} may include {library}"


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else repository()
    found = list(breaches(root))
    print("\n".join(found) if found else "layers: every include is where it may be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

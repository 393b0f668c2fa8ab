#!/usr/bin/env python3
"""A kind of plugin (core/base/plugin_kinds.json) has all that a kind needs, and nothing is of a kind that the table lacks.

Usage: kinds.py [ROOT]
"""

import json
import pathlib
import re
import sys

from source_tree import repository

KIND = re.compile(r'kKind = "(\w+)";')


def lacks(root, kind):
    """What a kind of the table lacks."""
    name, header = kind["name"], kind["header"]
    code = (root / header).read_text() if (root / header).exists() else ""
    if header not in (root / "sdk/headers.txt").read_text().split():
        yield f"its header {header} is not in sdk/headers.txt"
    if name not in KIND.findall(code):
        yield f'{header} has no kKind = "{name}"'
    if not re.search(rf"(class|using) {kind['factory']}\b", code):
        yield f"{header} declares no {kind['factory']}"
    if not (root / kind["plugins"]).is_dir():
        yield f"there is no folder {kind['plugins']} for our own"
    if not (root / "sdk/templates" / name / "my_plugin.cpp").exists():
        yield f"there is no template sdk/templates/{name}/my_plugin.cpp"
    if not (root / f"docs/plugins/tutorial-{name.replace('_', '-')}.md").exists():
        yield f"there is no tutorial docs/plugins/tutorial-{name.replace('_', '-')}.md"
    if f'make_plugin("{name}")' not in (root / "tests/sdk/installed_sdk_test.py").read_text():
        yield "tests/sdk/installed_sdk_test.py makes no stranger's plugin of it"
    checks = "".join(file.read_text() for file in sorted((root / "sdk/check").glob("*.cpp")))
    if kind["factory"] not in (root / "sdk/check/kinds.h").read_text():
        yield f"sdk/check/kinds.h does not say what its objects are made from ({kind['factory']})"
    if f'"{name}/' not in checks:
        yield f"sdk/check has no check '{name}/...'"


def strangers(root, kinds):
    """What is of a kind that the table lacks."""
    names = {kind["name"] for kind in kinds}
    for header in (root / "sdk/headers.txt").read_text().split():
        for kind in KIND.findall((root / header).read_text()):
            if kind not in names:
                yield f"{header}: the kind '{kind}' is not in core/base/plugin_kinds.json"
    for folder in sorted((root / "sdk/templates").iterdir()):
        if (folder / "my_plugin.cpp").exists() and folder.name not in names:
            yield f"sdk/templates/{folder.name}: no kind of core/base/plugin_kinds.json"


def breaches(root):
    kinds = json.loads((root / "core/base/plugin_kinds.json").read_text())
    for kind in kinds:
        for sentence in lacks(root, kind):
            yield f"core/base/plugin_kinds.json: {kind['name']}: {sentence}"
    yield from strangers(root, kinds)


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else repository()
    found = list(breaches(root))
    print("\n".join(found) if found else "kinds: each has all that a kind needs")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

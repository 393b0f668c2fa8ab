#!/usr/bin/env python3
"""Keeps docs/plugins true: the reference is made from what the plugins say of themselves, and code in the tutorials and
the cookbook is taken from files that are compiled and run. docs/families must name every family that comes with ALICE.

Usage: docs.py BUILD [--check]

BUILD is a build folder, for its program alice. With --check nothing is written; the exit code is 1 when something is
stale.

A block of code is taken from a file where a line before it says so:

    <!-- code: FILE -->                          the whole file
    <!-- code: FILE from "TEXT" to "TEXT" -->    from the first line that begins with the one text to the next line that
                                                 begins with the other, both included
"""

import difflib
import json
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs/plugins"
REFERENCE = PAGES / "reference.md"
FAMILIES = ROOT / "docs/families/README.md"
KINDS = json.loads((ROOT / "core/base/plugin_kinds.json").read_text())
LANGUAGES = {".cpp": "cpp", ".h": "cpp", ".py": "python", ".yaml": "yaml", ".json": "json", ".txt": "cmake"}
CODE = re.compile(r'<!-- code: (\S+?)(?: from "(.+?)" to "(.+?)")? -->\n```.*?\n```\n', re.DOTALL)


def described(build):
    """What `alice plugins --json` says with the default plugins and nobody's configuration."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as config:
        config.write("plugins: [default]\n")
        config.flush()
        words = [str(build / "alice"), "plugins", "--json", "--config", config.name]
        return json.loads(subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout)


def cell(value):
    return str(value).replace("|", "\\|").replace("\n", " ")


def values_of(option):
    """"0 to 1", "linspace, leading, trailing", ..."""
    low, high = option.get("minimum"), option.get("maximum")
    if "choices" in option:
        text = ", ".join(f"`{choice}`" for choice in option["choices"])
    else:
        text = "list of " + option["type"] if option.get("list") else option["type"]
        text += f", {low:g} to {high:g}" if low is not None and high is not None else \
            f", from {low:g}" if low is not None else f", to {high:g}" if high is not None else ""
        text += f", in {option['unit']}" if option.get("unit") else ""
    return text + (", or null" if option.get("nullable") else "")


def names_by_options(aliases):
    """Names that mean the same share a row."""
    rows = {}
    for alias in aliases:
        options = ", ".join(f"`{name}: {json.dumps(value)}`" for name, value in alias.get("options", {}).items())
        rows.setdefault(options or "the plugin's defaults", []).append(f"`{alias['name']}`")
    return {options: ", ".join(names) for options, names in rows.items()}


def factory_page(factory):
    lines = [f"### `{factory['id']}`", "", factory["help"], ""]
    if factory["aliases"]:
        lines += ["| other names | stand for |", "|---|---|"]
        lines += [f"| {names} | {cell(options)} |" for options, names in names_by_options(factory["aliases"]).items()]
        lines += [""]
    if factory["classes"]:
        lines += ["Class in models' own files: " + ", ".join(f"`{name}`" for name in factory["classes"]) + ".", ""]
    if factory["options"]:
        lines += ["| option | values | default | what it does |", "|---|---|---|---|"]
        lines += [f"| `{option['name']}` | {cell(values_of(option))} | `{cell(json.dumps(option['default']))}` | "
                  f"{cell(option['help'])} |" for option in factory["options"]]
        lines += [""]
    return lines


def reference(description):
    lines = ["# The plugins that come with ALICE", "", "Made from `alice plugins --json` by `make docs`: change the "
             "plugins' own words, not this page. A plugin is named in config.yaml", "or a request by its id or another "
             "name; options are given beside it (config/config.yaml shows where).", ""]
    for kind in KINDS:
        lines += [f"## {kind['title']}", ""]
        for factory in sorted(description["kinds"][kind["name"]], key=lambda factory: factory["id"]):
            lines += factory_page(factory)
    return "\n".join(lines).rstrip() + "\n"


def excerpt(file, begin, end):
    """The lines that a comment asks for; complains when they are not there."""
    lines = (ROOT / file).read_text().splitlines()
    if begin is None:
        return lines
    first = next((i for i, line in enumerate(lines) if line.startswith(begin)), None)
    last = None if first is None else next((i for i in range(first, len(lines)) if lines[i].startswith(end)), None)
    if last is None:
        sys.exit(f"docs: {file} has no lines from '{begin}' to '{end}'")
    return lines[first:last + 1]


def refreshed(text):
    """A page with every block of code as its file has it."""
    def block(match):
        file, begin, end = match.groups()
        says = f'<!-- code: {file}' + (f' from "{begin}" to "{end}"' if begin is not None else "") + " -->"
        lines = excerpt(file, begin, end)
        return "\n".join([says, "```" + LANGUAGES.get(pathlib.Path(file).suffix, ""), *lines, "```"]) + "\n"
    return CODE.sub(block, text)


def families_without_page(description):
    """Those that the index of families does not name; a page is written by people."""
    text = FAMILIES.read_text()
    return [family["id"] for family in description["kinds"]["family"] if f"`{family['id']}`" not in text]


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--check"]):
        sys.exit(__doc__)
    wanted = {page: refreshed(page.read_text()) for page in sorted(PAGES.glob("*.md")) if page != REFERENCE}
    description = described(pathlib.Path(sys.argv[1]))
    wanted[REFERENCE] = reference(description)
    stale = 0
    for page, text in wanted.items():
        present = page.read_text() if page.exists() else ""
        if present == text:
            continue
        if len(sys.argv) == 2:
            page.write_text(text)
            print(f"wrote {page.relative_to(ROOT)}")
            continue
        stale = 1
        lines = difflib.unified_diff(present.splitlines(True), text.splitlines(True), str(page.relative_to(ROOT)), "needed")
        sys.stdout.writelines(lines)
    if stale:
        print("docs: what is above is stale: `make docs` mends it")
    for family in families_without_page(description):
        stale = 1
        print(f"docs: {FAMILIES.relative_to(ROOT)} does not name the family {family}")
    return stale


if __name__ == "__main__":
    sys.exit(main())

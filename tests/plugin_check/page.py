#!/usr/bin/env python3
"""docs/plugins/check.md says what `alice plugin check --list` says. Exits 1 when it does not.

Usage: page.py ALICE_WORKER [--write]
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "plugins" / "check.md"
KINDS = json.loads((ROOT / "core/base/plugin_kinds.json").read_text())
GROUPS = {"entry": "The library", "options": "Options of any factory", "model": "Models of any kind",
          **{kind["name"]: kind["title"] for kind in KINDS}}
BEGIN = "<!-- From here on the page is made by tests/plugin_check/page.py --write. -->\n"


def section(group, title, checks):
    lines = [f"## {title}\n"]
    for check in checks:
        if check["check"].split("/")[0] != group:
            continue
        lines.append(f"### {check['check']}\n")
        lines.append(check["demands"] + "\n")
        lines.append("*When it fails:* " + check["cure"] + "\n")
        if check["needs"]:
            lines.append(f"Is skipped when [{check['needs']}](#{check['needs'].replace('/', '')}) did not pass.\n")
    return "\n".join(lines)


def made(checks):
    unknown = {check["check"].split("/")[0] for check in checks} - set(GROUPS)
    if unknown:
        sys.exit(f"page.py: no title for the groups {unknown}")
    return BEGIN + "\n" + "\n".join(section(group, title, checks) for group, title in GROUPS.items())


def main():
    listed = subprocess.run([sys.argv[1], "plugin", "check", "--list", "--json"], capture_output=True, check=True)
    page = PAGE.read_text()
    head = page[: page.index(BEGIN)] if BEGIN in page else page
    wanted = head + made(json.loads(listed.stdout))
    if "--write" in sys.argv[2:]:
        PAGE.write_text(wanted)
    elif page != wanted:
        print(f"{PAGE}: does not say what the program says; run page.py {sys.argv[1]} --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

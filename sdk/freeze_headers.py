#!/usr/bin/env python3
"""Freezes the SDK's headers, with two plugins, for the tests of compatibility: tests/sdk/headers-MAJOR.MINOR.

Usage: freeze_headers.py

Run it when ALICE_SDK_MINOR has been raised. A version that is already frozen is only written over while no release
has had it (docs/decisions/0015)."""

import pathlib
import re
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent
PLUGINS = ["scheduler", "vae"]


def version():
    text = (ROOT / "core/api/plugin.h").read_text()
    return ".".join(re.search(rf"#define ALICE_SDK_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR"))


def main():
    folder = ROOT / "tests/sdk" / f"headers-{version()}"
    shutil.rmtree(folder, ignore_errors=True)
    files = {name: name for name in (ROOT / "sdk/headers.txt").read_text().split()}
    files.update({f"sdk/templates/{kind}/my_plugin.cpp": f"plugins/{kind}.cpp" for kind in PLUGINS})
    for source, target in files.items():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / source, folder / target)
    print(f"froze {len(files)} files in {folder.relative_to(ROOT)}")


if __name__ == "__main__":
    main()

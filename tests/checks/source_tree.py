"""The sources of the project, as the checks in this folder read them."""

import pathlib
import re

SUFFIXES = {".h", ".cpp", ".S"}


def source_files(root, folders):
    """Paths below `root`, relative to it, of every source file in `folders`."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                yield path.relative_to(root)


def without_comments(text):
    """The text with every comment blanked; line numbers and string literals stay."""
    pattern = re.compile(r'R"(\w*)\((?:.|\n)*?\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*(?:.|\n)*?\*/')

    def blank(match):
        token = match.group(0)
        return re.sub(r"[^\n]", " ", token) if token.startswith("/") else token

    return pattern.sub(blank, text)


def repository():
    return pathlib.Path(__file__).resolve().parents[2]

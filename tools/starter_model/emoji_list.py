"""The emoji that there are: code point, name, group, subgroup and keywords.

Names are those of Unicode's emoji-test.txt, keywords those of CLDR's English annotations.
"""
import re
import xml.etree.ElementTree
from dataclasses import dataclass, field
from pathlib import Path

EMOJI_TEST = Path("/usr/share/unicode/emoji/emoji-test.txt")  # Debian: unicode-data
ANNOTATIONS = Path("/usr/share/unicode/cldr/common/annotations/en.xml")  # Debian: unicode-cldr-core

LINE = re.compile(r"^(?P<points>[0-9A-F ]+?)\s*; fully-qualified\s*# \S+ E[\d.]+ (?P<name>.+)$")
VARIATION_SELECTOR = "FE0F"


@dataclass
class Emoji:
    point: int
    name: str
    group: str
    subgroup: str
    keywords: list = field(default_factory=list)


def read_keywords(path=ANNOTATIONS):
    """Code point -> keywords, for the annotations of one code point."""
    keywords = {}
    for node in xml.etree.ElementTree.parse(path).getroot().iter("annotation"):
        if node.get("type") is None and len(node.get("cp")) == 1:
            keywords[ord(node.get("cp"))] = [word.strip() for word in node.text.split("|")]
    return keywords


def read_emoji(path=EMOJI_TEST):
    """Every fully qualified emoji of one code point (U+FE0F not counted), in the file's order."""
    keywords = read_keywords()
    emoji, group, subgroup = [], "", ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# group:"):
            group = line.split(":", 1)[1].strip()
        elif line.startswith("# subgroup:"):
            subgroup = line.split(":", 1)[1].strip()
        elif match := LINE.match(line):
            points = [p for p in match["points"].split() if p != VARIATION_SELECTOR]
            if len(points) == 1:
                point = int(points[0], 16)
                emoji.append(Emoji(point, match["name"], group, subgroup, keywords.get(point, [])))
    return emoji

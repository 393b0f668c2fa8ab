"""The present headers are the frozen ones of the same version, but for comments (docs/decisions/0015)."""

import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADVICE = ("differs from the frozen SDK {version}. Plugins that are out there were built with that: take the change back, "
          "or, where 0015 allows it within a major, raise ALICE_SDK_MINOR and run sdk/freeze_headers.py. As long as no "
          "release has had SDK {version}, freezing it again will do.")
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\])*")', re.DOTALL)


def code_of(file):
    """The words of the code, without comments; blanks and line breaks count alike."""
    return re.findall(r"\w+|[^\w\s]", COMMENT_OR_TEXT.sub(lambda found: found.group(1) or " ", file.read_text()))


def present_version():
    text = (ROOT / "core/api/plugin.h").read_text()
    return ".".join(re.search(rf"#define ALICE_SDK_{part} (\d+)", text).group(1) for part in ("MAJOR", "MINOR"))


class FrozenHeaders(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.version = present_version()
        self.frozen = ROOT / "tests/sdk" / f"headers-{self.version}"

    def test_the_present_version_is_frozen(self):
        self.assertTrue(self.frozen.is_dir(), f"there is no {self.frozen.name}: run sdk/freeze_headers.py")

    def test_each_header_says_what_was_frozen(self):
        for name in (ROOT / "sdk/headers.txt").read_text().split():
            with self.subTest(name):
                self.assertTrue((self.frozen / name).exists(), f"{name} " + ADVICE.format(version=self.version))
                self.assertTrue(code_of(self.frozen / name) == code_of(ROOT / name),
                                f"{name} " + ADVICE.format(version=self.version))

    def test_no_frozen_header_was_taken_away(self):
        names = (ROOT / "sdk/headers.txt").read_text().split()
        for file in self.frozen.rglob("*.h"):
            self.assertIn(str(file.relative_to(self.frozen)), names)

    def test_the_list_holds_all_that_its_headers_include(self):
        names = (ROOT / "sdk/headers.txt").read_text().split()
        for name in names:
            for included in re.findall(r'#include "([^"]+)"', (ROOT / name).read_text()):
                self.assertIn(included, names, f"{name} includes it, and sdk/headers.txt lacks it")

    def test_our_own_plugins_are_built_with_nothing_else(self):
        names = (ROOT / "sdk/headers.txt").read_text().split()
        for file in [*(ROOT / "plugins").rglob("*.h"), *(ROOT / "plugins").rglob("*.cpp")]:
            for included in re.findall(r'#include "(core/[^"]+)"', file.read_text()):
                self.assertIn(included, names, f"{file.relative_to(ROOT)} includes what a stranger does not have")


if __name__ == "__main__":
    unittest.main(verbosity=2)

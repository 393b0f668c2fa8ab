"""The web interface: its files, and its pages in Debian's Chromium against `alice serve` with sd/emoji."""

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WEB = ROOT / "web"
sys.path[:0] = [str(ROOT / "tests/serve"), str(ROOT / "tests/clients")]
from alice_server import BUILD, Server  # noqa: E402
from npm_packages import run_script  # noqa: E402

SCRIPTS = [file for file in WEB.rglob("*.js") if "vendor" not in file.parts]
LANGUAGES = {file.stem: json.loads(file.read_text()) for file in (WEB / "lang").glob("*.json")}
# Keys that are made from a word of the server's or of the page's own.
MADE = ("nav.", "theme.", "field.", "status.", "stage.", "announce.", "viewer.use.", "admin.state.", "admin.level.",
        "signin.register.")
PLURAL = re.compile(r"\.(one|other|few|many|zero|two)$")


class Files(unittest.TestCase):
    def test_every_text_is_there_in_each_language_and_is_used(self):
        keys = set(LANGUAGES["en"])
        for name, texts in LANGUAGES.items():
            self.assertEqual(set(texts), keys, name)
        used = {key for file in SCRIPTS for key in re.findall(r'\bt\("([\w.]+)"', file.read_text())}
        for key in used:
            self.assertTrue(key in keys or f"{key}.other" in keys, key)
        for key in keys:
            self.assertTrue(PLURAL.sub("", key) in used or key.startswith(MADE), key + " is not used")

    def test_places_in_texts_are_the_same_in_each_language(self):
        for name, texts in LANGUAGES.items():
            for key, text in texts.items():
                self.assertEqual(sorted(re.findall(r"\{\w+\}", text)),
                                 sorted(re.findall(r"\{\w+\}", LANGUAGES["en"][key])), (name, key))

    def test_nothing_is_from_elsewhere_and_no_text_becomes_html(self):
        for file in [*SCRIPTS, WEB / "index.html", WEB / "style.css"]:
            text = file.read_text()
            self.assertNotRegex(text, r"(inner|outer|Adjacent)HTML|document\.write|\beval\(|dangerously", file)
            self.assertEqual(re.findall(r"https?://[\w.]+", text.replace("http://www.w3.org/2000/svg", "")), [], file)
            self.assertLessEqual(text.count("\n"), 400, file)

    def test_vendored_files_are_what_their_list_says(self):
        listed = (WEB / "vendor/README.md").read_text()
        for file in (WEB / "vendor").glob("*.js"):
            self.assertIn(f"{file.name} ", listed)
            self.assertIn(hashlib.sha256(file.read_bytes()).hexdigest(), listed)


class Pages(unittest.TestCase):
    def run_in(self, server, script, tests, **environment):
        with tempfile.TemporaryDirectory() as folder:
            code, said = run_script(HERE / script, server, {"ALICE_PICTURES": folder, **environment})
            self.assertEqual(code, 0, said)
            self.assertIn(f" pass {tests}", said)

    def test_pages(self):
        config = "server: {allowed_hosts: [alice.lan]}\n"
        with Server(models=ROOT / "models", config=config) as server:
            server.wait_ready()
            self.run_in(server, "pages.mjs", 13, ALICE_STRANGE=f"http://alice.lan:{server.port}")

    def test_signing_in(self):
        config = "server: {require_auth: true, registration_mode: approval}\n"
        with Server(models=ROOT / "models", config=config) as server:
            for words in (["Ann"], ["Root", "--admin"]):
                made = subprocess.run([BUILD / "alice", "users", "create", *words, "--data", server.data], text=True,
                                      input="a long password\na long password\n", capture_output=True)
                self.assertEqual(made.returncode, 0, made.stderr)
            server.wait_ready()
            self.run_in(server, "sign_in.mjs", 3, ALICE_USER="Ann", ALICE_ADMIN="Root",
                        ALICE_PASSWORD="a long password")


if __name__ == "__main__":
    unittest.main()

"""An installed ALICE whose folder was moved afterwards: it draws without a word of configuration, its unit is sound, and
its licences, pages of the manual and documents are there.

Environment: ALICE_BUILD_DIR, ALICE_SOURCE_DIR."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["ALICE_BUILD_DIR"]).resolve()
SOURCE = pathlib.Path(os.environ["ALICE_SOURCE_DIR"]).resolve()
LIVENESS = 300  # seconds: a hang, not a slow machine


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="alice-installed-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        first = cls.folder / "first"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", first], check=True, stdout=subprocess.DEVNULL,
                       timeout=LIVENESS)
        cls.unit_at_first = (first / "lib/systemd/system/alice.service").read_text()
        cls.first = first
        cls.prefix = first.rename(cls.folder / "moved")
        (cls.folder / "home").mkdir()

    def run_alice(self, *words, program=None):
        """With nothing of this process's environment; its standard output."""
        environment = {"PATH": f"{self.prefix / 'bin'}:/usr/bin:/bin", "HOME": str(self.folder / "home"),
                       "OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": "1000", "LANG": "C.UTF-8"}
        done = subprocess.run([program or "alice", *words], cwd=self.folder, env=environment, text=True,
                              capture_output=True, timeout=LIVENESS)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def test_it_draws_without_a_word_of_configuration(self):
        self.run_alice("generate", "a rocket", "--seed", "7", "--steps", "4", "--out", "rocket.png")
        self.assertTrue((self.folder / "rocket.png").read_bytes().startswith(b"\x89PNG\r\n"))

    def test_models_that_come_with_it_stand_beside_the_users_own(self):
        own = self.folder / "home/.local/share/alice/models"
        own.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, own)
        shutil.copytree(BUILD / "made-models/tiny", own / "mine")
        models = {model["id"] for model in json.loads(self.run_alice("models", "--json"))["models"]}
        self.assertLessEqual({"sd/emoji", "sd/emoji-turbo", "sd/mine"}, models)

    def test_a_folder_of_models_that_is_named_is_the_only_one(self):
        (self.folder / "empty").mkdir(exist_ok=True)
        self.assertEqual([], json.loads(self.run_alice("models", "--models", "empty", "--json"))["models"])

    def check_unit(self, text, program):
        unit = self.folder / "alice.service"
        unit.write_text(text)
        self.assertIn(f"ExecStart={program} serve\n", text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True,
                              timeout=LIVENESS)
        self.assertEqual((0, ""), (done.returncode, done.stdout + done.stderr))

    def test_the_unit_starts_what_was_installed(self):
        self.assertIn(f"ExecStart={self.first}/bin/alice serve\n", self.unit_at_first)
        self.check_unit(self.run_alice("serve", "--systemd-unit"), self.prefix / "lib/alice/alice")

    def test_every_command_has_a_page_of_the_manual(self):
        pages = self.prefix / "share/man/man1"
        self.assertLessEqual({"alice.1", "alice-serve.1", "alice-generate.1", "alice-config-explain.1",
                              "alice-plugin-check.1"}, {page.name for page in pages.iterdir()})
        for page in sorted(pages.iterdir()):
            with self.subTest(page.name):
                shown = subprocess.run(["man", "--warnings", "-l", page], capture_output=True, text=True, timeout=LIVENESS,
                                       env={**os.environ, "MANPAGER": "cat", "MANWIDTH": "120", "LANG": "C.UTF-8"})
                self.assertEqual((0, ""), (shown.returncode, shown.stderr))
                for section in ("NAME", "SYNOPSIS"):
                    self.assertIn(f"\n{section}\n", shown.stdout)

    def complete(self, *words):
        """What bash offers for the last of `words`."""
        script = self.prefix / "share/bash-completion/completions/alice"
        line = " ".join(f"'{word}'" for word in words)
        done = subprocess.run(["bash", "-c", f"source '{script}'; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _alice;"
                               ' printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True, timeout=LIVENESS)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        return set(done.stdout.split())

    def test_a_shell_completes_commands_and_options(self):
        self.assertLessEqual({"generate", "serve", "check", "completion"}, self.complete("alice", ""))
        self.assertEqual({"generate"}, self.complete("alice", "gen"))
        self.assertLessEqual({"model", "config", "compat"}, self.complete("alice", "check", ""))
        self.assertEqual({"--prompt", "--prompt-2", "--prompt-style"}, self.complete("alice", "generate", "--model", "sd/emoji", "--pro"))
        self.assertNotIn("work", self.complete("alice", "wo"))
        for script in ("zsh/site-functions/_alice", "fish/vendor_completions.d/alice.fish"):
            self.assertIn("generate", (self.prefix / "share" / script).read_text())

    def test_licences_and_documents_are_there(self):
        documents = self.prefix / "share/doc/alice"
        for name, source in {"LICENSE": "LICENSE", "README.md": "README.md", "docs/API.md": "docs/API.md",
                             "LICENSE.clip-vocabulary": "plugins/models/clip/vocabulary/LICENSE",
                             "docs/plugins/README.md": "docs/plugins/README.md"}.items():
            self.assertEqual((SOURCE / source).read_bytes(), (documents / name).read_bytes(), name)


if __name__ == "__main__":
    unittest.main()

"""A stranger's way, for each kind of plugin: in an empty prefix with only what is installed, `alice plugin new`, build,
`alice plugin check` by ctest, name it in config.yaml, make a picture with it.

Environment: ALICE_BUILD_DIR, ALICE_SOURCE_DIR, ALICE_TEST_DATA."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["ALICE_BUILD_DIR"]).resolve()
SOURCE = pathlib.Path(os.environ["ALICE_SOURCE_DIR"]).resolve()
LIVENESS = 1500  # seconds: a hang, not a slow machine
SIDE = 64
TEXT_WIDTH = 8  # of the small model


def write_tensors(path, tensors):
    """With the module that the templates write their weights with."""
    spec = importlib.util.spec_from_file_location("tensor_file", SOURCE / "sdk/templates/shared/tensor_file.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.write(path, tensors)


class InstalledSdk(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="alice-sdk-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)
        # Moved after it is installed: nothing may hold the path that it was installed to.
        subprocess.run(["cmake", "--install", BUILD, "--prefix", cls.folder / "first"], check=True,
                       stdout=subprocess.DEVNULL, timeout=LIVENESS)
        cls.prefix = (cls.folder / "first").rename(cls.folder / "prefix")
        cls.work = cls.folder / "work"
        cls.home = cls.folder / "home"
        cls.models = cls.folder / "models"
        for folder in (cls.work, cls.home, cls.models):
            folder.mkdir()
        shutil.copytree(BUILD / "made-models/tiny", cls.models / "tiny")

    def run_in(self, folder, *words):
        """With nothing of this process's environment but where tools and the prefix are."""
        environment = {"PATH": f"{self.prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.home),
                       "OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": "1000", "LANG": "C.UTF-8"}
        done = subprocess.run([str(word) for word in words], cwd=folder, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIVENESS)
        self.assertEqual(0, done.returncode, f"{' '.join(map(str, words))}:\n{done.stdout}")
        return done.stdout

    def make_plugin(self, kind):
        """Writes and builds a project of this kind; its folder."""
        name = f"strange_{kind}"
        self.run_in(self.work, "alice", "plugin", "new", name, "--kind", kind)
        project = self.work / name
        lines = (project / "CMakeLists.txt").read_text().splitlines()
        self.assertLessEqual(len(lines), 5)
        self.assertEqual([f"{name}.cpp"], [file.name for file in project.glob("*.cpp")])
        self.allow_time(project / "CMakeLists.txt", name)
        self.run_in(project, "cmake", "-B", "build", "-G", "Ninja")
        self.run_in(project, "cmake", "--build", "build", "-j", "1")
        self.assertTrue((project / f"build/{name}.so").is_file())
        rules = (project / "build/build.ninja").read_text()
        for foreign in (SOURCE, BUILD):
            self.assertNotIn(str(foreign) + "/", rules, "the build uses what is not installed")
        return project

    def allow_time(self, lists, name):
        """A busy machine is no fault of the plugin, which has a minute a check otherwise. The numbers are those of every
        run: a test that fails must fail again."""
        call = f"alice_check_plugin({name}"
        self.assertIn(call, lists.read_text())
        lists.write_text(lists.read_text().replace(call, call + f" --reproduce 1 --timeout {LIVENESS}"))

    def use_small_model(self, project, width_key=None):
        """What the README asks for: weights, and a model's name in config.yaml."""
        config = project / "config.yaml"
        config.write_text(config.read_text().replace("sd/my-model", "sd/tiny"))
        if width_key is not None:
            file = project / "weights/config.json"
            file.write_text(json.dumps({**json.loads(file.read_text()), width_key: TEXT_WIDTH}))
        if (project / "make_weights.py").exists():
            self.run_in(project, "python3", "make_weights.py")

    def picture(self, project, name, *words, config="config.yaml"):
        self.run_in(project, "alice", "generate", "--config", config, "--models", self.models, "--model", "sd/tiny",
                    "--prompt", "a lighthouse", "--steps", 3, "--seed", 7, "--width", SIDE, "--height", SIDE, "--out",
                    name, *words)
        data = (project / name).read_bytes()
        self.assertEqual(b"\x89PNG", data[:4])
        return data

    def plain_picture(self, project):
        (project / "plain.yaml").write_text("plugins: [default]\n")
        return self.picture(project, "plain.png", config="plain.yaml")

    def check(self, project):
        """The project's own test, which is `alice plugin check`."""
        self.assertIn("100% tests passed", self.run_in(project, "ctest", "--test-dir", "build", "--output-on-failure"))

    def explained(self, project):
        return self.run_in(project, "alice", "config", "explain", "sd/tiny", "--config", "config.yaml", "--models",
                           self.models)

    def test_the_package_is_found_by_its_major_and_at_most_its_minor(self):
        project = self.work / "versions"
        project.mkdir()
        (project / "CMakeLists.txt").write_text("""cmake_minimum_required(VERSION 3.22)
project(versions LANGUAGES CXX)
foreach(version 0.9 1.99 2.0 1.0)
  find_package(ALICE ${version} QUIET)
  message(STATUS "${version}: ${ALICE_FOUND}")
endforeach()
""")
        answers = self.run_in(project, "cmake", "-B", "build")
        for line in ("0.9: 0", "1.99: 0", "2.0: 0", "1.0: 1"):
            self.assertIn(f"-- {line}\n", answers)

    def test_a_strangers_scheduler(self):
        project = self.make_plugin("scheduler")
        self.use_small_model(project)
        self.check(project)
        picture = self.picture(project, "own.png")
        self.assertTrue(self.plain_picture(project) != picture)
        self.assertTrue(b"strange_scheduler" in picture)  # in the picture's own description

    def test_a_strangers_backend(self):
        project = self.make_plugin("backend")
        self.check(project)
        self.picture(project, "own.png")
        self.assertIn("plugin: strange_backend", (project / "config.yaml").read_text())
        self.assertRegex(self.explained(project), r"(?m)^backend +mine +<- generation.backend$")

    def test_a_strangers_vae(self):
        project = self.make_plugin("vae")
        self.use_small_model(project)
        self.check(project)
        self.assertTrue(self.plain_picture(project) != self.picture(project, "own.png"))
        self.assertIn("strange_vae", self.explained(project))

    def test_a_strangers_text_encoder(self):
        project = self.make_plugin("text_encoder")
        self.use_small_model(project, "width")
        self.check(project)
        self.assertTrue(self.plain_picture(project) != self.picture(project, "own.png"))
        self.assertIn("strange_text_encoder", self.explained(project))

    def test_a_strangers_unet(self):
        project = self.make_plugin("unet")
        self.use_small_model(project, "context_width")
        self.check(project)
        self.assertTrue(self.plain_picture(project) != self.picture(project, "own.png"))
        self.assertIn("strange_unet", self.explained(project))

    def test_a_strangers_lora_format(self):
        project = self.make_plugin("lora_format")
        self.check(project)
        shape = [32, 4, 3, 3]  # the first convolution of the small model's UNet
        count = shape[0] * shape[1] * shape[2] * shape[3]
        write_tensors(project / "change.safetensors", {"unet.conv_in.diff": (shape, [0.05] * count)})
        changed = self.picture(project, "own.png", "--lora", "change.safetensors")
        self.assertTrue(self.plain_picture(project) != changed)


if __name__ == "__main__":
    unittest.main(verbosity=2)

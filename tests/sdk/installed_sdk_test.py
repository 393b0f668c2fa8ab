"""A stranger's way, for each kind of plugin: in an empty prefix with only what is installed, `alice plugin new`, build,
`alice plugin check` by ctest, name it in config.yaml, make a picture with it.

Environment: ALICE_BUILD_DIR, ALICE_SOURCE_DIR."""

import importlib.util
import json
import os
import pathlib
import shutil
import struct
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


def renamed_file(source, target, beginnings):
    """A file of tensors whose names begin otherwise; and the settings beside it."""
    data = source.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])

    def renamed(name):
        old = next(old for old in beginnings if name.startswith(old))
        return beginnings[old] + name[len(old):]
    header = json.dumps({renamed(name): info for name, info in json.loads(data[8:8 + length]).items()}).encode()
    header += b" " * (-len(header) % 8)
    target.write_bytes(struct.pack("<Q", len(header)) + header + data[8 + length:])
    shutil.copyfile(source.with_suffix(".json"), target.with_suffix(".json"))


def pixels(png):
    """The compressed ones, without the words beside them."""
    found, place = b"", 8
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place:place + 8])
        found += png[place + 8:place + 8 + length] if kind == b"IDAT" else b""
        place += 12 + length
    return found


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

    def run_in(self, folder, *words, code=0, tools="/usr/local/bin:/usr/bin:/bin"):
        """With nothing of this process's environment but where tools and the prefix are."""
        environment = {"PATH": f"{self.prefix / 'bin'}:{tools}", "HOME": str(self.home),
                       "OMP_NUM_THREADS": "2", "GOMP_SPINCOUNT": "1000", "LANG": "C.UTF-8"}
        done = subprocess.run([str(word) for word in words], cwd=folder, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIVENESS)
        self.assertEqual(code, done.returncode, f"{' '.join(map(str, words))}:\n{done.stdout}")
        return done.stdout

    def try_plugin(self, project, *words, **arguments):
        return self.run_in(self.work, "alice", "plugin", "try", project, *words, **arguments)

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

    def picture(self, project, name, *words, config="config.yaml", model="sd/tiny"):
        self.run_in(project, "alice", "generate", "--config", config, "--models", self.models, "--model", model,
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

    def explained(self, project, model="sd/tiny", config="config.yaml", **arguments):
        return self.run_in(project, "alice", "config", "explain", model, "--config", config, "--models", self.models,
                           **arguments)

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
        (self.work / "quick.yaml").write_text("generation: {default_steps: 2}\n")
        tried = self.try_plugin(project, "--config", "quick.yaml", "--models", self.models, "--model", "sd/tiny")
        self.assertIn("seed 1\n", tried)  # the words of the project's own test
        self.assertIn("passed  scheduler/converges (strange_scheduler): order of the default options 2.", tried)
        rows = [line.split()[:2] for line in tried.splitlines() if line.endswith(" dB")]
        self.assertEqual(["1", "2", "4"], [steps for name, steps in rows if name == "strange_scheduler"], tried)
        self.assertEqual(6, len(rows), tried)
        self.assertEqual(b"\x89PNG", (project / "build/strange_scheduler.png").read_bytes()[:4])
        picture = self.picture(project, "own.png")
        self.assertTrue(self.plain_picture(project) != picture)
        self.assertTrue(b"strange_scheduler" in picture)  # in the picture's own description
        source = project / "strange_scheduler.cpp"
        source.write_text(source.read_text() + "#error not yet\n")
        self.assertRegex(self.try_plugin(project, code=1), r"(?s)error: #error not yet.*alice: .*cannot be built")

    def test_a_strangers_backend(self):
        project = self.make_plugin("backend")
        self.check(project)
        self.picture(project, "own.png")
        self.assertIn("plugin: strange_backend", (project / "config.yaml").read_text())
        self.assertRegex(self.explained(project), r"(?m)^backend +mine +<- generation.backend$")
        tried = self.try_plugin(project, "--models", self.models, "--model", "sd/tiny")
        self.assertRegex(tried, r"(?m)^(.* )?strange_backend .*( dB|identical)$")

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
        self.assertIn("LoRA format strange_lora_format draws nothing by itself", self.try_plugin(project))

    def test_a_strangers_family(self):
        project = self.make_plugin("family")
        brought = (project / "sample/my_model.safetensors").read_bytes()
        self.run_in(project, "python3", "make_sample.py")
        self.assertEqual(brought, (project / "sample/my_model.safetensors").read_bytes())
        self.check(project)
        roots = {"cond_stage_model.transformer.": "my_model.words.", "model.diffusion_model.": "my_model.network.",
                 "first_stage_model.": "my_model.pixels."}
        usual, strange = self.models / "usual.safetensors", self.models / "strange.safetensors"
        small = SOURCE / "tests/data/goldens/models/tiny_sd15.safetensors"
        renamed_file(small, usual, {root: root for root in roots})
        renamed_file(small, strange, roots)
        self.addCleanup(usual.unlink)
        self.addCleanup(strange.unlink)
        own = self.picture(project, "own.png", "--scheduler", "euler", model="sd/strange")
        plain = self.picture(project, "usual.png", "--scheduler", "euler", model="sd/usual")
        self.assertEqual(pixels(plain), pixels(own))
        self.assertRegex(self.explained(project, "sd/strange"), r"(?m)^family +strange_family +<- recognised in ")
        (project / "plain.yaml").write_text("plugins: [default]\n")
        refused = self.explained(project, "sd/strange", "plain.yaml", code=1)
        self.assertIn("strange.safetensors: ", refused)

    def test_what_cannot_be_tried_is_told_with_what_is_missing(self):
        def project(name, lists, **files):
            folder = self.work / name
            folder.mkdir()
            (folder / "CMakeLists.txt").write_text(
                f"cmake_minimum_required(VERSION 3.22)\nproject({name} LANGUAGES C)\n{lists}")
            for file, text in files.items():
                (folder / f"{file}.c").write_text(text)
            return folder
        (self.work / "empty").mkdir()
        self.assertIn("there is no CMakeLists.txt", self.try_plugin("empty", code=2))
        self.assertIn("there is no CMakeLists.txt", self.try_plugin("nowhere", code=2))
        self.assertIn("makes no plugin library", self.try_plugin(project("none", ""), code=2))
        several = project("several", "add_library(a MODULE a.c)\nadd_library(b MODULE b.c)\n", a="", b="")
        self.assertRegex(self.try_plugin(several, code=2), r"makes 2 plugin libraries.*liba\.so, .*libb\.so")
        stranger = self.try_plugin(project("stranger", "add_library(s MODULE s.c)\n", s=""), code=1)
        self.assertRegex(stranger, r"(?s)FAILED  entry/abi.*so nothing is drawn")
        wrong = self.try_plugin(project("wrong", "message(FATAL_ERROR here)"), code=1)
        self.assertRegex(wrong, r"(?s)CMake Error.*here.*alice: .*cannot be configured; what cmake said is above")
        tools = self.folder / "tools"
        tools.mkdir()
        self.assertIn("cmake: there is no such program", self.try_plugin(several, code=1, tools=tools))
        (tools / "cmake").write_text("#!/bin/sh\necho 'CMake Error: No CMAKE_CXX_COMPILER could be found.'; exit 1\n")
        (tools / "cmake").chmod(0o755)
        self.assertIn("there is no C++ compiler", self.try_plugin(several, code=1, tools=tools))

    def test_the_build_folder_is_an_sdk_too(self):
        said = self.run_in(self.work, BUILD / "alice", "plugin", "new", "from_build", "--kind", "scheduler")
        command = next(line.strip() for line in said.splitlines() if line.strip().startswith("cmake -B"))
        configured = self.run_in(self.work / "from_build", "sh", "-c", command.split(" && ")[0])
        self.assertIn("Configuring done", configured)
        self.assertIn(f"ALICE_DIR:UNINITIALIZED={BUILD}/lib", (self.work / "from_build/build/CMakeCache.txt").read_text())
        installed = self.prefix / "include/alice"
        headers = sorted(file.relative_to(installed) for file in installed.rglob("*.h"))
        built = BUILD / "include/alice"
        self.assertEqual(headers, sorted(file.relative_to(built) for file in built.rglob("*.h") if file.is_file()))


if __name__ == "__main__":
    unittest.main(verbosity=2)

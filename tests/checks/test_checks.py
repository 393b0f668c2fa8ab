#!/usr/bin/env python3
"""The checks of this folder find what they are for: a fault of each kind is planted in a copy of the sources.

Usage: test_checks.py PLUGINS_JSON
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from source_tree import repository

HERE = pathlib.Path(__file__).resolve().parent
PLUGINS_JSON = None


class PlantedFaults(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        for name in ("core", "docs/plugins", "plugins", "sdk", "server"):
            shutil.copytree(repository() / name, self.root / name)
        (self.root / "tests/sdk").mkdir(parents=True)
        shutil.copy(repository() / "tests/sdk/installed_sdk_test.py", self.root / "tests/sdk")

    def tearDown(self):
        self.folder.cleanup()

    def run_check(self, script, *arguments):
        return subprocess.run(
            [sys.executable, str(HERE / script), *map(str, arguments)], capture_output=True, text=True)

    def plant(self, path, line):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as out:
            out.write("\n" + line + "\n")

    def assert_found(self, result, *parts):
        self.assertEqual(result.returncode, 1, result.stdout + result.stderr)
        for part in parts:
            self.assertIn(part, result.stdout)

    def layer_fault(self, path, header, angled=False):
        self.plant(path, f"#include <{header}>" if angled else f'#include "{header}"')
        self.assert_found(self.run_check("layers.py", self.root), path, header.split("/")[0])

    def name_fault(self, path, line, name):
        self.plant(path, line)
        self.assert_found(self.run_check("names.py", PLUGINS_JSON, self.root), path, name)

    def open_fault(self, path, line):
        self.plant(path, line)
        self.assert_found(self.run_check("opens.py", self.root), path, "RegularFile")

    def header_fault(self, script, path, old, new, *parts):
        file = self.root / path
        text = file.read_text()
        self.assertIn(old, text)
        file.write_text(text.replace(old, new))
        self.assert_found(self.run_check(script, self.root), *parts)

    def test_sound_sources_pass(self):
        self.assertEqual(self.run_check("kinds.py", self.root).returncode, 0)
        self.assertEqual(self.run_check("growth.py", self.root).returncode, 0)
        self.assertEqual(self.run_check("layers.py", self.root).returncode, 0)
        self.assertEqual(self.run_check("opens.py", self.root).returncode, 0)
        self.assertEqual(self.run_check("names.py", PLUGINS_JSON, self.root).returncode, 0)

    def test_no_door_knows_another(self):
        self.layer_fault("server/front/http/doors/chat/planted.cpp", "server/front/http/doors/alice/job_events.h")

    def test_restinio_is_on_the_wire_alone(self):
        self.layer_fault("server/front/http/planted.cpp", "restinio/all.hpp", angled=True)

    def test_base_includes_no_api(self):
        self.layer_fault("core/base/error.cpp", "core/api/unet.h")

    def test_base_includes_no_tensors(self):
        self.layer_fault("core/base/error.cpp", "ATen/ATen.h", angled=True)

    def test_api_includes_no_math(self):
        self.layer_fault("core/api/scheduler.h", "core/math/noise_model.h")

    def test_math_includes_no_host(self):
        self.layer_fault("core/math/denoiser.h", "core/host/registry.h")

    def test_io_includes_no_math(self):
        self.layer_fault("core/io/images.h", "core/math/denoiser.h")

    def test_only_the_loader_includes_boost_dll(self):
        self.layer_fault("core/host/registry.cpp", "boost/dll/shared_library.hpp", angled=True)

    def test_a_plugin_includes_no_host(self):
        self.layer_fault("plugins/schedulers/euler/euler.cpp", "core/host/registry.h")

    def test_a_plugin_includes_no_io(self):
        self.layer_fault("plugins/schedulers/euler/euler.cpp", "core/io/images.h")

    def test_a_plugin_includes_no_server(self):
        self.layer_fault("plugins/schedulers/euler/euler.cpp", "server/logging.h")

    def test_a_plugin_includes_no_other_plugin(self):
        self.layer_fault("plugins/schedulers/euler/euler.cpp", "plugins/schedulers/ddim/ddim.h")

    def test_only_the_config_reader_includes_yaml(self):
        self.layer_fault("server/worker/main.cpp", "yaml-cpp/yaml.h", angled=True)

    def test_only_the_http_front_includes_restinio(self):
        self.layer_fault("server/worker/main.cpp", "restinio/all.hpp", angled=True)

    def test_the_front_includes_no_core_but_base(self):
        for folder in ("front", "jobs", "link"):
            with self.subTest(folder):
                self.layer_fault(f"server/{folder}/planted.cpp", "core/io/images.h")

    def test_the_front_includes_no_tensors(self):
        self.layer_fault("server/front/planted.cpp", "ATen/ATen.h", angled=True)

    def test_core_names_no_plugin_in_a_string(self):
        self.name_fault("core/host/make/denoise.cpp", 'const char* planted = "euler";', "euler")

    def test_core_names_no_alias(self):
        self.name_fault("core/host/make/denoise.cpp", 'const char* planted = "dpm++_karras";', "dpm++_karras")

    def test_server_names_no_class(self):
        self.name_fault("server/worker/main.cpp", 'const char* planted = "DDIMScheduler";', "DDIMScheduler")

    def test_server_names_no_plugin_as_identifier(self):
        self.name_fault("server/worker/main.cpp", "int unet2d = 0;", "unet2d")

    def test_core_names_no_model_family(self):
        self.name_fault("core/host/composer.cpp", 'bool planted(const char* f) { return f == "sdxl"; }', "sdxl")

    def test_core_names_no_device(self):
        self.name_fault("core/host/composer.cpp", 'const char* planted = "cuda";', "cuda")

    def test_the_checker_includes_no_plugin(self):
        self.layer_fault("sdk/check/check.cpp", "plugins/schedulers/euler/heun.h")

    def test_the_checker_includes_no_server(self):
        self.layer_fault("sdk/check/check.cpp", "server/logging.h")

    def test_only_the_worker_includes_the_checker(self):
        self.layer_fault("server/front/planted.cpp", "sdk/check/check.h")

    def test_the_checker_names_no_plugin(self):
        self.name_fault("sdk/check/sampling.cpp", 'const char* planted = "heun";', "heun")

    def test_files_are_opened_in_one_place(self):
        for line in ('std::ifstream in("x");', 'FILE* f = fopen("x", "r");', 'int d = open(name, O_RDONLY | O_CLOEXEC);',
                     "std::fstream file(path);"):
            with self.subTest(line):
                self.open_fault("core/io/images.cpp", line)

    def test_folders_and_writing_are_no_reading(self):
        self.plant("core/io/images.cpp", 'int d = ::open(folder, O_RDONLY | O_DIRECTORY); std::ofstream out("x");')
        self.plant("core/io/images.cpp", "// not by std::ifstream")
        self.assertEqual(self.run_check("opens.py", self.root).returncode, 0)

    def test_a_kind_in_a_header_is_in_the_table(self):
        self.header_fault("kinds.py", "core/api/vae.h", 'kKind = "vae"', 'kKind = "upscaler"',
                          "core/api/vae.h: the kind 'upscaler'", "vae: core/api/vae.h has no kKind")

    def test_a_kind_has_all_that_kinds_have(self):
        kinds = self.root / "core/base/plugin_kinds.json"
        table = json.loads(kinds.read_text())
        table.append({"name": "upscaler", "words": "upscaler", "title": "Upscalers", "factory": "UpscalerFactory",
                      "header": "core/api/upscaler.h", "plugins": "plugins/upscalers"})
        kinds.write_text(json.dumps(table))
        self.assert_found(self.run_check("kinds.py", self.root), "sdk/headers.txt", "kKind", "declares no UpscalerFactory",
                          "no folder plugins/upscalers", "sdk/templates/upscaler/my_plugin.cpp",
                          "docs/plugins/tutorial-upscaler.md", "no stranger's plugin", "sdk/check/kinds.h",
                          "no check 'upscaler/...'")

    def test_a_template_is_of_a_kind(self):
        self.plant("sdk/templates/upscaler/my_plugin.cpp", "")
        self.assert_found(self.run_check("kinds.py", self.root), "sdk/templates/upscaler: no kind")

    def test_an_interface_has_extension(self):
        self.header_fault("growth.py", "core/api/unet.h", "virtual void* extension(const char* name);", "",
                          "core/api/unet.h: the interface UNetRun has no extension()")

    def test_what_plugins_hold_by_value_is_opaque(self):
        self.header_fault("growth.py", "core/math/noise_model.h", "std::shared_ptr<const State> state_;",
                          "std::shared_ptr<const State> state_;\n  std::vector<double> alphas_cumprod_;",
                          "core/math/noise_model.h: NoiseModel shows its member alphas_cumprod_")

    def test_names_in_comments_are_free(self):
        self.plant("core/host/make/denoise.cpp", "// an euler step of sdxl on cuda")
        self.assertEqual(self.run_check("names.py", PLUGINS_JSON, self.root).returncode, 0)


if __name__ == "__main__":
    PLUGINS_JSON = pathlib.Path(sys.argv.pop(1)).resolve()
    unittest.main()

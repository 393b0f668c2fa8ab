"""One model in every format that is read: the same picture, or as near as its numbers are."""

import io
import shutil
import subprocess
import unittest
import zipfile

import numpy
from PIL import Image

from tensor_containers import (read_safetensors, write_gguf, write_safetensors, write_torch_legacy, write_torch_zip)
from worker_process import BUILD, ENVIRONMENT, MODELS, WorkerProcess, small_request

LEAST_PSNR = 30  # dB, of numbers of eight bits with a scale for each 32


def e4m3_values():
    """Of the bytes 0 to 0x7e: sign, four bits of exponent with bias 7, three of mantissa."""
    byte = numpy.arange(0x7f)
    exponent, mantissa = byte >> 3, byte & 7
    return numpy.where(exponent == 0, mantissa * 2.0**-9, (8 + mantissa) * 2.0**(exponent - 10.0)).astype(numpy.float32)


def scaled_fp8(tensors):
    """(the file's tensors, their dtypes, what they stand for): the UNet's matrices in eight bits, with scales."""
    stored, kinds, meant, values = {}, {}, {}, e4m3_values()
    for name, array in tensors.items():
        stored[name] = meant[name] = array
        if not (name.startswith("model.diffusion_model.") and name.endswith(".weight") and array.ndim == 2):
            continue
        scale = numpy.float32(numpy.abs(array).max() / 448)
        wanted = numpy.abs(array.astype(numpy.float32)) / scale
        number = numpy.clip(numpy.searchsorted(values, wanted), 0, len(values) - 1)
        negative = numpy.signbit(array)
        stored[name], kinds[name] = (number | negative << 7).astype(numpy.uint8), "F8_E4M3"
        stored[name[:-len("weight")] + "scale_weight"] = numpy.array(scale)
        meant[name] = numpy.where(negative, -values[number], values[number]) * scale
    stored["model.diffusion_model.scaled_fp8"] = numpy.zeros(2, numpy.float32)
    return stored, kinds, meant


class Formats(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.worker = WorkerProcess()
        cls.addClassCleanup(cls.worker.__exit__)
        cls.worker.stop()
        cls.worker.models = folder = cls.worker.folder / "models"
        folder.mkdir()
        half = read_safetensors(MODELS / "tiny_sd15.safetensors")
        single = {name: array.astype(numpy.float32) for name, array in half.items()}
        stored, kinds, meant = scaled_fp8(half)
        write_safetensors(folder / "half.safetensors", half)
        write_torch_zip(folder / "zip.ckpt", half)
        write_torch_zip(folder / "packed.pt", half, zipfile.ZIP_DEFLATED)
        write_torch_zip(folder / "single.pth", single)
        write_torch_legacy(folder / "legacy.bin", half)
        write_gguf(folder / "halves.gguf", half)
        write_gguf(folder / "singles.gguf", single)
        write_gguf(folder / "q8.gguf", half, quantised=True)
        write_safetensors(folder / "fp8.safetensors", stored, kinds)
        write_safetensors(folder / "meant.safetensors", meant)
        write_torch_zip(folder / "misnamed.safetensors", half)
        for file in list(folder.iterdir()):
            shutil.copyfile(MODELS / "tiny_sd15.json", file.with_suffix(".json"))
        cls.worker.start()
        cls.described = cls.worker.hear_until("described")[-1]["description"]["models"]

    def pixels(self, model):
        self.worker.start_job(model, small_request(model="sd/" + model, width=64, height=64, steps=2))
        messages = self.worker.end_of(model)
        self.assertEqual(messages[-1]["say"], "job_done", messages[-1])
        return numpy.asarray(Image.open(io.BytesIO(self.worker.pictures(messages)[0]))).astype(float)

    def alice(self, *words):
        command = [BUILD / "alice", "--models", self.worker.models, *words]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, env=ENVIRONMENT, check=False)

    def test_the_picture_is_the_same_in_every_format(self):
        wanted = self.pixels("half")
        self.assertGreater(wanted.std(), 1)
        for model in ("zip", "packed", "single", "legacy", "halves", "singles", "misnamed"):
            with self.subTest(model):
                self.assertTrue((self.pixels(model) == wanted).all())
        error = ((self.pixels("q8") - wanted)**2).mean()
        self.assertGreater(error, 0)
        self.assertGreater(10 * numpy.log10(255**2 / error), LEAST_PSNR)

    def test_weights_of_eight_bits_are_what_they_are_with_their_scales(self):
        self.assertTrue((self.pixels("fp8") == self.pixels("meant")).all())

    def test_all_are_listed_and_what_is_passed_over_is_said(self):
        names = "half zip packed single legacy halves singles q8 fp8 meant misnamed".split()
        self.assertEqual({model["id"]: model.get("unavailable") for model in self.described},
                         {"sd/" + name: None for name in names})
        listed = self.alice("models")
        self.assertEqual(listed.returncode, 0, listed.stderr)
        for name in ("sd/zip", "sd/q8"):
            self.assertIn(name, listed.stdout)
        checked = self.alice("check", "model", self.worker.models / "zip.ckpt")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn("passed over", checked.stdout + checked.stderr)
        self.assertIn("global_step", checked.stdout + checked.stderr)
        checked = self.alice("check", "model", self.worker.models / "q8.gguf")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        self.assertIn("Q8_0", checked.stdout)
        self.assertIn('general.architecture: "sd1"', checked.stdout)
        checked = self.alice("check", "model", self.worker.models / "fp8.safetensors")
        self.assertNotIn("scale", checked.stderr)  # no tensors that are not used
        self.assertIn("F8_E4M3", checked.stdout)

    def loss_of(self, png, kind):
        """What Pillow loses of it in this format: the pictures of small networks are noise, of which much is lost."""
        written = io.BytesIO()
        with Image.open(png) as picture:
            exact = picture.convert("RGB")
        exact.save(written, kind, quality=100)
        with Image.open(written) as picture:
            return abs(numpy.asarray(picture.convert("RGB")).astype(float) - numpy.asarray(exact)).mean()

    def test_a_picture_is_written_in_every_format_and_drawn_again_from_each(self):
        files = {kind: self.worker.folder / ("format" + end)
                 for kind, end in (("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp"))}
        words = ["generate", "a photo of an astronaut, caf\u00e9", "--model", self.worker.models / "zip.ckpt", "--steps", 2,
                 "--size", "64x64", "--seed", 7, "--output-quality", 100]
        shown = {}
        for kind, file in files.items():
            drawn = self.alice(*words, "--out", file)
            self.assertEqual(drawn.returncode, 0, drawn.stdout + drawn.stderr)
            self.assertEqual("no effect on PNG" in drawn.stderr, kind == "PNG", drawn.stderr)
            with Image.open(file) as picture:
                self.assertEqual((picture.format, picture.size), (kind, (64, 64)))
                shown[kind] = numpy.asarray(picture.convert("RGB")).astype(float)
                exif = picture.getexif().get_ifd(0x8769)
            if kind != "PNG":
                self.assertLess(abs(shown[kind] - shown["PNG"]).mean(), 1.1 * self.loss_of(files["PNG"], kind) + 1)
                comment = exif[0x9286]  # UserComment, as A1111's piexif reads it
                self.assertEqual(comment[:8], b"UNICODE\0")
                self.assertIn("caf\u00e9\nSteps: 2,", comment[8:].decode("utf-16-be"))
            told = self.alice("show", file)
            self.assertEqual(told.returncode, 0, told.stderr)
            self.assertIn("caf\u00e9", told.stdout)
            again = self.worker.folder / "again.png"
            drawn = self.alice("generate", "--from", file, "--out", again)
            self.assertEqual(drawn.returncode, 0, drawn.stdout + drawn.stderr)
            with Image.open(again) as picture:
                self.assertTrue((numpy.asarray(picture) == shown["PNG"]).all())
        refused = self.alice(*words, "--out", files["JPEG"], "--output-format", "webp")
        self.assertIn("--output-format says webp", refused.stdout + refused.stderr)

    def test_a_picture_is_drawn_from_a_path(self):
        out = self.worker.folder / "drawn.png"
        drawn = self.alice("generate", "a photo of an astronaut", "--model", self.worker.models / "zip.ckpt", "--steps",
                           2, "--width", 64, "--height", 64, "--seed", 7, "--out", out)
        self.assertEqual(drawn.returncode, 0, drawn.stdout + drawn.stderr)
        with Image.open(out) as picture:
            self.assertEqual(picture.size, (64, 64))


if __name__ == "__main__":
    unittest.main()

"""A1111's API on the real house: `alice serve` with a worker and the model that comes with ALICE."""

import base64
import hashlib
import io
import json
import pathlib
import struct
import sys
import threading
import unittest
import zlib

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
from alice_server import Server, wait_until  # noqa: E402

from a1111_requests import LIBRECHAT, PHOTOSHOP, SILLYTAVERN  # noqa: E402


def size_of(picture):
    return struct.unpack(">II", picture[16:24])


def half_white(side):
    """A PNG of grey: its left half black, its right half white."""
    rows = (b"\0" + bytes(side // 2) + b"\xff" * (side // 2)) * side
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(rows)),
              (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(data)) + kind + data +
                                           struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks)


def pixels_of(picture):
    return Image.open(io.BytesIO(picture)).convert("RGB")


def hash_of_model(folder):
    """As core/host/recipe_book.h has it: of several files the hash of a text in which each has a line."""
    files = sorted(folder.rglob("*.safetensors"), key=lambda file: str(file.relative_to(folder)))
    hashes = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    lines = "".join(f"{digest}  {file.relative_to(folder)}\n" for digest, file in zip(hashes, files))
    return hashes[0] if len(files) == 1 else hashlib.sha256(lines.encode()).hexdigest()


class RealA1111(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(models=ROOT / "models")
        cls.server.wait_ready()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def make(self, path, body, status=200):
        found, _, text = self.server.call("POST", "/sdapi/v1/" + path, body)
        self.assertEqual(found, status, text[:2000])
        return json.loads(text)

    def test_librechats_large_picture_is_made_small_and_says_so_and_bears_its_settings(self):
        answer = self.make("txt2img", {**LIBRECHAT, "prompt": "red apple", "steps": 4, "seed": 5})
        picture = base64.b64decode(answer["images"][0])
        info = json.loads(answer["info"])
        self.assertEqual(size_of(picture), (64, 64))
        self.assertEqual((info["width"], info["height"], info["steps"], info["seed"]), (64, 64, 4, 5))
        self.assertTrue(any("1024x1024" in warning for warning in info["warnings"]), info["warnings"])
        self.assertEqual(len(info["sd_model_hash"]), 10)

        read = self.make("png-info", {"image": answer["images"][0]})
        self.assertEqual(read["info"], info["infotexts"][0])
        self.assertEqual((read["parameters"]["Prompt"], read["parameters"]["Steps"]), ("red apple", "4"))
        self.assertIn("alice", read["items"])

    def test_titles_bear_hashes_once_they_are_known(self):
        def listed():
            models = self.server.get_json("/sdapi/v1/sd-models")
            return models if all(model["sha256"] for model in models) else None

        models = {model["model_name"]: model for model in wait_until(listed, "the hashes of all models")}
        sha256 = hash_of_model(ROOT / "models/emoji")
        title = f"emoji.safetensors [{sha256[:10]}]"
        self.assertEqual((models["emoji"]["title"], models["emoji"]["hash"], models["emoji"]["sha256"]),
                         (title, sha256[:10], sha256))
        for name in (title, "emoji.safetensors", "emoji", sha256[:10], sha256):
            info = json.loads(self.make("txt2img", {"prompt": "red apple", "steps": 1, "override_settings": {
                "sd_model_checkpoint": name}})["info"])
            self.assertEqual((info["sd_model_name"], info["sd_model_hash"]), ("emoji", sha256[:10]), name)
            self.assertIn(f"Model hash: {sha256[:10]}, Model: sd/emoji", info["infotexts"][0])
        self.assertEqual(self.make("options", {"sd_model_checkpoint": title}), None)
        options = self.server.get_json("/sdapi/v1/options")
        self.assertEqual((options["sd_model_checkpoint"], options["sd_checkpoint_hash"]), (title, sha256))

    def test_every_sampler_and_scheduler_that_is_listed_is_taken_and_comes_back_by_its_name(self):
        samplers = [one["name"] for one in self.server.get_json("/sdapi/v1/samplers")]
        self.assertLessEqual({"Euler", "Euler a", "DPM++ 2M", "DPM++ 2M SDE", "Heun", "LMS", "DDIM", "UniPC"},
                             set(samplers))
        self.assertFalse([name for name in samplers if name.endswith(("Karras", "Exponential"))])
        for name in samplers:
            info = json.loads(self.make("txt2img", {"prompt": "red apple", "steps": 4, "sampler_name": name})["info"])
            self.assertEqual(info["sampler_name"], name)
        schedulers = [one["name"] for one in self.server.get_json("/sdapi/v1/schedulers")]
        self.assertLessEqual({"automatic", "karras", "exponential"}, set(schedulers))
        joined = self.make("txt2img", {"prompt": "red apple", "steps": 4, "seed": 1,
                                       "sampler_name": "DPM++ 2M Karras"})
        apart = self.make("txt2img", {"prompt": "red apple", "steps": 4, "seed": 1, "sampler_name": "DPM++ 2M",
                                      "scheduler": "karras"})
        self.assertEqual(joined["images"], apart["images"])
        info = json.loads(apart["info"])
        self.assertEqual((info["sampler_name"], info["extra_generation_params"]), ("DPM++ 2M",
                                                                                    {"Schedule type": "Karras"}))

    def test_white_of_the_mask_is_made_anew_and_black_stays(self):
        first = self.make("txt2img", {"prompt": "red apple", "steps": 8, "seed": 5})["images"][0]
        mask = base64.b64encode(half_white(64)).decode()
        answer = self.make("img2img", {**PHOTOSHOP, "prompt": "blue car", "sampler_index": "DDIM", "steps": 8, "seed": 3,
                                       "init_images": ["data:image/png;base64," + first], "mask": mask,
                                       "mask_blur": 0, "inpaint_full_res": False})
        before, after = (pixels_of(base64.b64decode(text)) for text in (first, answer["images"][0]))
        left, right = (0, 0, 32, 64), (32, 0, 64, 64)
        self.assertEqual(before.crop(left).tobytes(), after.crop(left).tobytes())
        self.assertNotEqual(before.crop(right).tobytes(), after.crop(right).tobytes())
        self.assertEqual(json.loads(answer["info"])["denoising_strength"], 0.75)

    def test_sillytavern_from_its_first_question_to_its_picture(self):
        title = self.server.get_json("/sdapi/v1/sd-models")[0]["title"]
        self.assertEqual(self.make("options", {"sd_model_checkpoint": title}), None)
        self.assertEqual(self.server.get_json("/sdapi/v1/options")["sd_model_checkpoint"], title)
        progress = self.server.get_json("/sdapi/v1/progress")
        self.assertEqual((progress["progress"], progress["state"]["job_count"]), (0, 0))
        answer = self.make("txt2img", {**SILLYTAVERN, "sampler_name": "Euler a", "steps": 4})
        self.assertTrue(base64.b64decode(answer["images"][0]).startswith(b"\x89PNG"))
        self.assertNotIn("secret-of-sillytavern", self.server.log())
        self.assertNotIn("a cat", self.server.log())

    def test_a_long_job_shows_itself_and_can_be_ended(self):
        self.make("options", {"show_progress_every_n_steps": 1})
        self.addCleanup(self.make, "options", {"show_progress_every_n_steps": 10})
        answers = []
        long = {"prompt": "red apple", "width": 256, "height": 256, "steps": 1000}
        thread = threading.Thread(target=lambda: answers.append(self.server.call("POST", "/sdapi/v1/txt2img", long)))
        thread.start()

        def shown():
            progress = self.server.get_json("/sdapi/v1/progress?skip_current_image=false")
            return progress if progress["current_image"] else None

        progress = wait_until(shown, "a preview of the job")
        self.assertEqual(size_of(base64.b64decode(progress["current_image"])), (256, 256))
        self.assertEqual((progress["state"]["job_count"], progress["state"]["sampling_steps"]), (1, 1000))
        self.assertTrue(0.01 < progress["progress"] < 0.9, progress["progress"])
        self.assertEqual(self.make("interrupt", {}), {})
        thread.join()
        self.assertEqual(answers[0][0], 499)
        wait_until(lambda: self.server.get_json("/sdapi/v1/progress")["progress"] == 0, "nothing is done any more")


if __name__ == "__main__":
    unittest.main()

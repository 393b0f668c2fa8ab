"""ComfyUI's API on the real house: `alice serve` with a worker and the model that comes with ALICE."""

import io
import json
import pathlib
import sys
import unittest

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
from alice_server import Server, wait_until  # noqa: E402

from comfy_requests import avatar_graph, sillytavern_body, text_graph  # noqa: E402


class RealComfy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(models=ROOT / "models")
        cls.server.wait_ready()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def made(self, graph):
        """SillyTavern's way to a picture: (entry of its history, the picture's bytes)."""
        body, headers = sillytavern_body(graph)
        status, _, text = self.server.call("POST", "/prompt", body, headers)
        self.assertEqual(status, 200, text[:2000])
        prompt = json.loads(text)["prompt_id"]
        entry = wait_until(lambda: self.server.get_json("/history").get(prompt), "the prompt's end")
        self.assertEqual(entry["status"]["status_str"], "success", entry)
        image = entry["outputs"]["9"]["images"][0]
        status, _, picture = self.server.call("GET", "/view?filename={filename}&subfolder={subfolder}&type={type}"
                                              .format(**image))
        self.assertEqual(status, 200)
        return entry, picture

    def pixels(self, picture):
        return Image.open(io.BytesIO(picture)).convert("RGB").tobytes()

    def own(self, **request):
        """The same asked for by this server's own API."""
        status, _, picture = self.server.call("POST", "/v1/images/generations", request, {"Accept": "image/png"})
        self.assertEqual(status, 200, picture[:1000])
        return self.pixels(picture)

    def graph(self, **changes):
        return text_graph([("6", "text", "red apple"), ("7", "text", ""), ("3", "sampler_name", "euler"),
                           *[("3", name, value) for name, value in changes.items()]])

    def test_sillytaverns_picture_is_what_its_graph_says(self):
        _, picture = self.made(self.graph(scheduler="karras"))
        options = {"use_karras_sigmas": True, "timestep_spacing": "linspace"}
        self.assertEqual(self.pixels(picture), self.own(
            prompt="red apple", negative_prompt="", steps=4, guidance_scale=7, seed=5, width=64, height=64,
            scheduler="euler", scheduler_options=options))
        self.assertNotIn("red apple", self.server.log())

    def test_a_large_seed_makes_the_noise_of_its_lowest_bits(self):
        seed = 2**63 + 2**40 + 77
        _, large = self.made(self.graph(seed=seed))
        _, small = self.made(self.graph(seed=77))
        self.assertEqual(self.pixels(large), self.pixels(small))

    def test_every_sampler_and_scheduler_that_is_listed_makes_a_picture(self):
        inputs = self.server.get_json("/object_info/KSampler")["KSampler"]["input"]["required"]
        samplers, schedulers = inputs["sampler_name"][0], inputs["scheduler"][0]
        self.assertLessEqual({"euler", "euler_ancestral", "heun", "lms", "ddim", "uni_pc", "lcm", "dpmpp_2m",
                              "dpmpp_2m_sde", "dpmpp_2m_sde_heun", "dpmpp_sde"}, set(samplers))
        self.assertLessEqual({"normal", "karras", "exponential", "simple", "sgm_uniform", "ddim_uniform", "beta"},
                             set(schedulers))
        for name in samplers:
            self.made(self.graph(sampler_name=name))
        for name in schedulers:
            self.made(self.graph(scheduler=name))

    def test_the_avatar_becomes_a_picture_of_the_asked_size(self):
        apple = io.BytesIO()
        Image.new("RGB", (48, 96), (200, 30, 30)).save(apple, "PNG")
        graph = avatar_graph(apple.getvalue(), denoise=0.5, steps=4)
        graph["3"]["inputs"]["sampler_name"] = "euler"
        graph["6"]["inputs"]["text"] = "red apple"
        _, picture = self.made(graph)
        self.assertEqual(Image.open(io.BytesIO(picture)).size, (64, 64))


if __name__ == "__main__":
    unittest.main()

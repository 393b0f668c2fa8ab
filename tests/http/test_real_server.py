"""The front door on the real house: `alice serve` with a worker and the model that comes with ALICE."""

import base64
import http.client
import io
import json
import pathlib
import sys
import unittest

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/serve"))
from alice_server import Server, wait_until  # noqa: E402
from test_api_doc import check_commands  # noqa: E402
from test_job_events import read_events  # noqa: E402
from test_jobs import request_text  # noqa: E402

SMALL = {"prompt": "a cat", "width": 64, "height": 64, "steps": 3, "seed": 5}
LONG = {"prompt": "a cat", "width": 256, "height": 256, "steps": 1000}


class RealServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(models=ROOT / "models")
        cls.server.wait_ready()

    @classmethod
    def tearDownClass(cls):
        for job in cls.server.all_jobs():
            cls.server.call("DELETE", "/v1/jobs/" + job["id"])
        cls.server.__exit__()

    def post(self, path, body):
        status, _, answer = self.server.call("POST", path, body)
        return status, json.loads(answer)

    def picture(self, url):
        return self.server.call("GET", url[url.index("/images/"):])[2]

    def test_every_command_of_the_manual_works(self):
        check_commands(self, self.server.port)

    def test_a_picture_is_the_same_by_every_way(self):
        _, by_url = self.post("/v1/images/generations", SMALL)
        _, by_text = self.post("/v1/images/generations", {**SMALL, "response_format": "b64_json"})
        _, by_chat = self.post("/v1/chat/completions", {
            "model": "emoji", "messages": [{"role": "user", "content": SMALL["prompt"]}],
            "samConfig": {name: value for name, value in SMALL.items() if name != "prompt"}})
        picture = self.picture(by_url["data"][0]["url"])
        self.assertTrue(picture.startswith(b"\x89PNG"))
        self.assertEqual(base64.b64decode(by_text["data"][0]["b64_json"]), picture)
        self.assertEqual(self.picture(by_chat["choices"][0]["message"]["image_urls"][0]), picture)

    def test_what_only_the_worker_knows_to_be_wrong_is_named_in_the_clients_spelling(self):
        images, chat = "/v1/images/generations", "/v1/chat/completions"
        messages = [{"role": "user", "content": "x"}]
        for path, body, status, param in (
                (images, {**SMALL, "model": "sd/none"}, 404, "model"),
                (images, {**SMALL, "scheduler": "none"}, 400, "scheduler"),
                (images, {**SMALL, "scheduler_options": {"none": 1}}, 400, "scheduler_options.none"),
                (images, {**SMALL, "loras": ["none"]}, 404, "loras"),
                (images, {"prompt": "x", "size": "63x64"}, 400, "size"),
                (images, {"prompt": "x", "size": "63x65"}, 400, "size"),
                (chat, {"messages": messages, "metadata": {"scheduler": "none"}}, 400, "metadata.scheduler"),
                (chat, {"messages": messages, "samConfig": {"loraPaths": ["none"]}}, 404, "samConfig.loraPaths")):
            found, answer = self.post(path, body)
            self.assertEqual(found, status, answer)
            self.assertTrue((answer["error"]["param"] or "").startswith(param), answer)

    def test_what_workers_have_told_is_judged_while_they_work(self):
        job = self.server.submit(**LONG)
        for settings, status, param in (({"scheduler": "eular"}, 400, "scheduler"),
                                        ({"scheduler": "euler", "scheduler_options": {"s_churn": -1}}, 400,
                                         "scheduler_options.s_churn"),
                                        ({"scheduler": "lcm", "steps": 60}, 400, "steps"),
                                        ({"prompt": "a cat <lora:nihgt:1>"}, 404, "prompt"),
                                        ({"clip_skip": 50}, 400, "clip_skip"), ({"width": 63}, 400, "width")):
            found, answer = self.post("/v1/jobs", {"prompt": "a cat", **settings})
            self.assertEqual((found, answer["error"]["param"]), (status, param), answer)
        self.assertFalse(self.server.job(job)["finished"])
        self.server.call("DELETE", "/v1/jobs/" + job)
        self.assertEqual(self.server.wait_ended(job)["status"], "cancelled")

    def test_models_and_loras_tell_what_they_are_for(self):
        model = self.server.get_json("/v1/models/emoji")
        self.assertEqual((model["native_size"], model["size_multiple"]), ("64x64", 2))
        self.assertTrue(model["description"].startswith("A small latent diffusion model"), model)
        self.assertIn("red apple", model["examples"])
        self.assertGreater(len(model["examples"]), 400)
        defaults = self.server.get_json("/v1/generation/defaults?model=sd/emoji")
        self.assertEqual((defaults["steps"], defaults["guidance_scale"], defaults["scheduler"], defaults["width"]),
                         (20, 3, "ddim", 64))
        self.assertIn("night", [lora["id"] for lora in self.server.get_json("/v1/loras")["data"]])

    def test_a_picture_is_answered_to_whoever_wants_one_and_standard_sizes_are_fitted(self):
        body = {**SMALL, "width": None, "height": None, "size": "1024x1024"}
        status, _, picture = self.server.call("POST", "/v1/images/generations", body, {"Accept": "image/png"})
        self.assertEqual(status, 200, picture)
        self.assertEqual(picture[16:24], bytes([0, 0, 0, 64, 0, 0, 0, 64]))  # IHDR: width and height
        self.assertIn(b"Steps: 3", picture)

    def edited(self, picture, **fields):
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        image = "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
        status, answer = self.post("/v1/images/edits", {"prompt": "a cat", "image": image, "steps": 4, **fields})
        self.assertEqual(status, 200, answer)
        return answer

    def test_a_picture_is_changed_at_its_own_size_or_the_largest_that_the_model_makes(self):
        answer = self.edited(Image.new("RGB", (72, 40), "red"))
        self.assertEqual((answer["size"], answer["warnings"]), ("72x40", []))
        answer = self.edited(Image.new("RGB", (800, 400), "red"), strength=0.5)
        width, height = map(int, answer["size"].split("x"))
        self.assertLess(abs(width / height - 2), 0.1)
        self.assertTrue(50_000 < width * height <= 65_536, answer["size"])
        self.assertEqual(len(answer["warnings"]), 1)
        self.assertTrue(answer["warnings"][0].startswith("image: is larger than this model makes"), answer["warnings"])

    def test_events_tell_every_step_and_show_previews(self):
        job = self.server.submit(**{**SMALL, "steps": 6}, preview_every=2)
        link = self.server.connection()
        link.request("GET", f"/v1/jobs/{job}/events")
        events = read_events(link.getresponse())
        link.close()
        self.assertEqual(events[-1][1], "done")
        self.assertEqual(events[-1][2]["job"]["status"], "succeeded")
        for _, name, data in events:
            if name == "preview":
                self.assertTrue(base64.b64decode(data["png"]).startswith(b"\x89PNG"))

    def leave_while_running(self, **more):
        link = http.client.HTTPConnection("127.0.0.1", self.server.port)
        link.connect()
        link.sock.sendall(request_text("/v1/images/generations", {**LONG, **more}, self.server.port))
        running = wait_until(lambda: self.server.get_json("/v1/jobs?status=running")["data"], "the job to run")
        link.close()
        return running[0]["id"]

    def test_a_client_that_leaves_frees_the_worker(self):
        job = self.leave_while_running()
        self.assertEqual(self.server.wait_ended(job)["status"], "cancelled")
        self.assertEqual(self.post("/v1/images/generations", SMALL)[0], 200)

    def test_a_client_that_leaves_may_let_its_job_finish(self):
        job = self.leave_while_running(on_disconnect="finish")
        wait_until(lambda: b"alice_http_connections 1\n" in
                   self.server.call("GET", "/metrics", headers={"Accept": "text/plain"})[2], "the client's leaving")
        self.assertEqual(self.server.job(job)["status"], "running")
        self.server.call("DELETE", "/v1/jobs/" + job)
        self.assertEqual(self.server.wait_ended(job)["status"], "cancelled")


if __name__ == "__main__":
    unittest.main()

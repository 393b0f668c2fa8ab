"""What clients of other servers ask, and what they are told."""

import base64
import html
import json
import re
import unittest

from server import ServerCase

IMAGES, CHAT, JOBS = "/v1/images/generations", "/v1/chat/completions", "/v1/jobs"
PNG = b"\x89PNG\r\n\x1a\n"


class Names(ServerCase):
    def ask(self, path, **settings):
        """The settings that were used, of any door."""
        if path == CHAT:
            body = {"messages": [{"role": "user", "content": "x"}], "sam_config": settings}
        else:
            body = {"prompt": "x", **settings}
        answer = self.server.post(path, body)
        self.assertIn(answer.status, (200, 202), answer.body)
        job = self.server.get("/v1/jobs/" + answer.headers["x-job-id"]).json
        return job["request"]

    def test_other_tools_names_are_taken_at_every_door_and_told_by_ours(self):
        for path in (IMAGES, CHAT, JOBS):
            for theirs, ours, value in (("cfg_scale", "guidance_scale", 3), ("guidance", "guidance_scale", 3),
                                        ("cfg", "guidance_scale", 3), ("num_inference_steps", "steps", 9),
                                        ("sampler_name", "scheduler", "plain"), ("sampler", "scheduler", "plain"),
                                        ("num_images", "n", 2), ("num_images_per_prompt", "n", 2),
                                        ("num_outputs", "n", 2), ("batch_size", "n", 2), ("rng_seed", "seed", 9),
                                        ("negativePrompt", "negative_prompt", "y"), ("cfgScale", "guidance_scale", 3),
                                        ("clip_skip", "clip_skip", 1)):
                settings = self.ask(path, **{theirs: value})
                self.assertEqual(settings[ours], value, (path, theirs))
                self.assertEqual(theirs in settings, theirs == ours)

    def test_two_names_of_one_field_may_agree_but_not_differ(self):
        self.assertEqual(self.ask(JOBS, steps=9, num_inference_steps=9, sampleSteps=9)["steps"], 9)
        answer = self.server.post(JOBS, {"prompt": "x", "cfg_scale": 7, "guidance_scale": 8})
        self.assert_error(answer, 400, "bad_request", "guidance_scale")
        self.assertIn("cfg_scale", answer.error["message"])

    def test_a_name_that_is_nearly_right_leads_to_ours(self):
        for wrong, right in (("cfg_scal", "guidance_scale"), ("num_inference_step", "steps"), ("stepps", "steps"),
                             ("sampler_nam", "scheduler")):
            answer = self.server.post(JOBS, {"prompt": "x", wrong: 1})
            self.assert_error(answer, 400, "bad_request", wrong)
            self.assertIn(f"did you mean '{right}'?", answer.error["message"])

    def test_a_seed_of_minus_one_is_drawn(self):
        for path in (IMAGES, CHAT, JOBS):
            self.assertNotEqual(self.ask(path, seed=-1)["seed"], -1)
        self.assert_error(self.server.post(JOBS, {"prompt": "x", "seed": -2}), 400, "bad_request", "seed")


class Judged(ServerCase):
    """What workers have told is judged before a job is taken, in the client's spelling."""

    def test_every_door_judges_at_once(self):
        for field, value, status, code in (("scheduler", "plian", 400, "bad_request"),
                                           ("sampler_name", "plian", 400, "bad_request"),
                                           ("width", 63, 400, "bad_request"), ("clip_skip", 12, 400, "bad_request"),
                                           ("loras", ["sofd"], 404, "not_found")):
            self.assert_error(self.server.post(JOBS, {"prompt": "x", field: value}), status, code, field)
            self.assert_error(self.server.post(IMAGES, {"prompt": "x", field: value}), status, code, field)
        body = {"messages": [{"role": "user", "content": "x <lora:sofd:1>"}], "samConfig": {"clipSkip": 12}}
        answer = self.server.post(CHAT, body)
        self.assert_error(answer, 400, "bad_request", "samConfig.clipSkip")
        self.assertIn("messages[0].content: there is no LoRA 'sofd' (did you mean 'soft'?)", answer.error["message"])
        self.assertEqual(self.server.get(JOBS).json["data"], [])

    def test_options_and_steps_of_the_scheduler(self):
        answer = self.server.post(JOBS, {"prompt": "x", "scheduler_options": {"strength": 11, "strenght": 1}})
        self.assert_error(answer, 400, "bad_request", "scheduler_options.strenght")
        self.assertIn("scheduler_options.strength: must be a number from 0 to 10", answer.error["message"])
        self.assert_error(self.server.post(JOBS, {"prompt": "x", "scheduler": "Strong", "steps": 51}), 400,
                          "bad_request", "steps")

    def test_faults_of_size_are_told_once_and_by_its_name(self):
        answer = self.server.post(IMAGES, {"prompt": "x", "size": "63x63"})
        self.assert_error(answer, 400, "bad_request", "size")
        self.assertEqual(answer.error["message"],
                         "size: must be a multiple of 2 for this model, got 63 (near: 62 or 64)")
        for size in ("63x65", "0x0", "x", "64 x 64", "1e2x64"):
            message = self.server.post(IMAGES, {"prompt": "x", "size": size}).error["message"]
            self.assertTrue(message.startswith("size: "), message)
            self.assertNotIn("/", message)
            self.assertNotIn("\n", message)

    def test_faults_of_a_query_name_the_parameter(self):
        answer = self.server.get(JOBS + "?limt=3")
        self.assert_error(answer, 400, "bad_request", "limt")
        self.assertEqual(answer.error["message"], "limt: is no parameter here (did you mean 'limit'?)")

    def test_json_that_is_wrong_is_told_by_line_and_column(self):
        answer = self.server.ask("POST", JOBS, b'{\n  "prompt": "x",\n}')
        self.assert_error(answer, 400, "bad_request")
        self.assertIn("line 3, column 1", answer.error["message"])
        self.assertNotIn("exception", answer.error["message"])


class Unheard(ServerCase):
    SETTINGS = {"has_worker": False}

    def test_without_a_worker_a_request_waits_unjudged(self):
        answer = self.server.post(JOBS, {"prompt": "x", "scheduler": "none", "width": 63, "loras": ["none"]})
        self.assertEqual(answer.status, 202)


class Pictures(ServerCase):
    def test_whoever_would_rather_have_a_picture_gets_it(self):
        for accept in ("image/png", "image/*", "image/png, */*;q=0.8", "application/json;q=0.5, image/png;q=0.9"):
            answer = self.server.post(IMAGES, {"prompt": "x"}, {"Accept": accept})
            self.assertEqual((answer.status, answer.headers["content-type"]), (200, "image/png"), accept)
            self.assertTrue(answer.body.startswith(PNG))
            self.assertIn("x-job-id", answer.headers)
            self.assertNotIn("x-warnings", answer.headers)
        for accept in ("*/*", "application/json", "text/html, image/webp, */*", "image/png;q=0.1, application/json", ""):
            answer = self.server.post(IMAGES, {"prompt": "x"}, {"Accept": accept})
            self.assertEqual(answer.headers["content-type"], "application/json", accept)

    def test_a_picture_is_one_and_its_warnings_stand_in_a_header(self):
        wants = {"Accept": "image/png"}
        self.assert_error(self.server.post(IMAGES, {"prompt": "x", "n": 2}, wants), 400, "bad_request", "n")
        self.assert_error(self.server.post(IMAGES, {"prompt": "x", "num_images": 2}, wants), 400, "bad_request",
                          "num_images")
        answer = self.server.post(IMAGES, {"prompt": "x", "user": "\u00e4"}, wants)
        self.assertEqual(json.loads(answer.headers["x-warnings"]), ["user: has no effect here"])
        self.assert_error(self.server.post(IMAGES, {"prompt": "x", "steps": 0}, wants), 400, "bad_request", "steps")

    def test_openais_sizes_are_fitted_to_a_small_model_and_no_others(self):
        for size, fitted in (("1024x1024", (64, 64)), ("1792x1024", (84, 48)), ("1024x1792", (48, 84)),
                             ("1536x1024", (78, 52)), ("512x512", (64, 64))):
            body = self.server.post(IMAGES, {"prompt": "x", "size": size}).json
            self.assertEqual((body["settings"]["width"], body["settings"]["height"]), fitted)
            self.assertEqual(len(body["warnings"]), 1)
            self.assertIn(size, body["warnings"][0])
            width, height = map(int, size.split("x"))
            self.assertLess(abs(fitted[0] / fitted[1] - width / height), 0.05)
        for size in ("256x256", "64x64", "auto"):
            self.assertEqual(self.server.post(IMAGES, {"prompt": "x", "size": size}).json["warnings"], [])

    def test_a_chat_that_asks_for_images_has_them_in_its_message(self):
        body = {"messages": [{"role": "user", "content": 'x "url":"@"'}], "sam_config": {"n": 2},
                "modalities": ["image", "text", "audio"]}
        answer = self.server.post(CHAT, body).json
        message = answer["choices"][0]["message"]
        self.assertEqual(message["metadata"]["prompt"], 'x "url":"@"')
        self.assertEqual(answer["warnings"], ["modalities: 'audio' has no effect here"])
        self.assertEqual(len(message["images"]), 2)
        for image in message["images"]:
            self.assertEqual(image["type"], "image_url")
            start, _, data = image["image_url"]["url"].partition(",")
            self.assertEqual(start, "data:image/png;base64")
            self.assertTrue(base64.b64decode(data, validate=True).startswith(PNG))
        del body["modalities"]
        self.assertNotIn("images", self.server.post(CHAT, body).json["choices"][0]["message"])

    def test_times_of_a_job_have_fractions(self):
        job = self.server.post(JOBS, {"prompt": "hold"}).json
        self.assertIsInstance(job["created"], float)
        self.server.ask("DELETE", JOBS + "/" + job["id"])


class Paths(ServerCase):
    def test_known_doors_of_others_say_that_they_are_not_built(self):
        for method, path, word in (("POST", "/sdapi/v1/create/embedding", "A1111"), ("GET", "/controlnet/version", "A1111"),
                                   ("POST", "/v1/responses", "Responses"), ("GET", "/ws?clientId=1", "ComfyUI"),
                                   ("POST", "/upload/mask", "ComfyUI"), ("GET", "/userdata", "ComfyUI"),
                                   ("POST", "/api/generate", "Ollama"), ("GET", "/elsewhere", "nothing")):
            answer = self.server.ask(method, path)
            self.assert_error(answer, 404, "not_found")
            self.assertIn(word, answer.error["message"])
            self.assertIn("/openapi.json", answer.error["message"])
            self.assertEqual(answer.headers["x-should-retry"], "false")

    def test_a_page_for_people_says_what_is_here(self):
        for path in ("/", "/docs"):
            page = self.server.get(path)
            self.assertEqual((page.status, page.headers["content-type"]), (200, "text/html; charset=utf-8"))
            self.assertIn("default-src 'none'", page.headers["content-security-policy"])
            text = page.body.decode()
            self.assertNotIn("<script", text)
            for word in ("sd/emoji", "one grey pixel", IMAGES, "/v1/jobs/{id}/events", "/openapi.json"):
                self.assertIn(word, text)
            command = html.unescape(re.search(r"<pre>(.*?)</pre>", text, re.S)[1])
            self.assertIn(f"http://127.0.0.1:{self.server.port}{IMAGES}", command)
            self.assertIn("Accept: image/png", command)
        self.assertEqual(self.server.ask("HEAD", "/").status, 200)

    def test_what_a_stranger_sends_does_not_become_part_of_the_page(self):
        answer = self.server.get("/", {"Host": "a<b>&\"'"})
        self.assertFalse(answer.headers["content-type"].startswith("text/html") and b"a<b>" in answer.body)


if __name__ == "__main__":
    unittest.main()

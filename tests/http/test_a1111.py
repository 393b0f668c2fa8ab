"""A1111's API (/sdapi/v1): what its clients send, as docs/CLIENTS.md names them, and what each of them needs back."""

import base64
import json
import struct
import threading
import unittest
import zlib

import jsonschema

from a1111_requests import AIYA, LIBRECHAT, OPEN_WEBUI, PHOTOSHOP, PICTURE, SILLYTAVERN, SWARMUI, WEBUIAPI
from server import ServerCase, wait_until

TEXT = ("a cat, in a hat\nNegative prompt: dogs\n"
        "Steps: 20, Sampler: Wave Karras, CFG scale: 7, Seed: 5, Size: 64x64, Model hash: 0123456789, Model: emoji")

INFO = {"prompt", "all_prompts", "negative_prompt", "all_negative_prompts", "seed", "all_seeds", "subseed",
        "all_subseeds", "subseed_strength", "width", "height", "sampler_name", "cfg_scale", "steps", "batch_size",
        "restore_faces", "face_restoration_model", "sd_model_name", "sd_model_hash", "sd_vae_name", "sd_vae_hash",
        "seed_resize_from_w", "seed_resize_from_h", "denoising_strength", "extra_generation_params",
        "index_of_first_image", "infotexts", "styles", "job_timestamp", "clip_skip",
        "is_using_inpainting_conditioning", "version"}


def png_with(*chunks):
    """The grey picture with chunks of (type, data) before its pixels."""
    made = b"".join(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
                    for kind, data in chunks)
    return PICTURE[:33] + made + PICTURE[33:]


def in_base64(data):
    return base64.b64encode(data).decode()


class A1111(ServerCase):
    def make(self, body, path="/sdapi/v1/txt2img", status=200):
        answer = self.server.post(path, body)
        self.assertEqual(answer.status, status, answer.body[:2000])
        return answer.json

    def info(self, body, path="/sdapi/v1/txt2img"):
        text = self.make(body, path)["info"]
        self.assertTrue(text.startswith("{"))
        return json.loads(text)

    def last_request(self):
        """Of the newest job, as it was understood."""
        newest = self.server.get("/v1/jobs?limit=1").json["data"][0]["id"]
        return self.server.get("/v1/jobs/" + newest).json["request"]

    def assert_refused(self, answer, status, param):
        self.assert_error(answer, status, answer.error["code"], param)
        self.assertEqual(answer.json["detail"], answer.error["message"])


class Pictures(A1111):
    def test_the_answer_has_whole_pictures_all_fields_and_all_that_info_has(self):
        answer = self.make({"prompt": "a cat", "seed": 11, "batch_size": 2, "n_iter": 2, "unknown": 1})
        self.assertEqual([base64.b64decode(one, validate=True)[:4] for one in answer["images"]], [b"\x89PNG"] * 4)
        info = json.loads(answer["info"])
        self.assertLessEqual(INFO, set(info))
        self.assertEqual((info["all_seeds"], info["seed"], info["batch_size"]), ([11, 12, 13, 14], 11, 2))
        self.assertEqual((info["index_of_first_image"], len(info["infotexts"])), (0, 4))
        self.assertIn("Seed: 13", info["infotexts"][2])
        self.assertEqual(answer["parameters"]["n_iter"], 2)
        self.assertEqual(answer["parameters"]["hr_scale"], 2)  # one that was not said
        self.assertNotIn("unknown", answer["parameters"])

    def test_sizes_are_fitted_and_what_cannot_be_done_is_named(self):
        answer = self.make({**LIBRECHAT, "enable_hr": True, "restore_faces": True, "styles": ["Cinematic"],
                            "subseed_strength": 0.5, "alwayson_scripts": {"ADetailer": {"args": []}},
                            "override_settings": {"sd_vae": "other.pt"}})
        request = self.last_request()
        self.assertEqual((request["width"], request["height"]), (64, 64))
        told = " ".join(answer["warnings"])
        for word in ("1024x1024", "64x64", "enable_hr", "restore_faces", "styles", "subseed_strength", "ADetailer",
                     "override_settings.sd_vae"):
            self.assertIn(word, told)
        self.assertEqual(json.loads(answer["info"])["warnings"], answer["warnings"])
        self.make({"prompt": "x", "width": 63, "height": 31})
        self.assertEqual([self.last_request()[side] for side in ("width", "height")], [64, 32])

    def test_fields_have_their_names_here(self):
        self.make({"prompt": "a", "sampler_name": "Wave", "scheduler": "Karras", "cfg_scale": 5, "clip_skip": 2,
                   "seed": 5, "steps": 9, "negative_prompt": "b"})
        request = self.last_request()
        self.assertEqual([request[name] for name in ("scheduler", "guidance_scale", "clip_skip", "seed", "steps",
                                                     "negative_prompt")], ["Wave", 5, 1, 5, 9, "b"])
        self.assertEqual(request["scheduler_options"], {"use_karras_sigmas": True, "use_exponential_sigmas": False})

    def test_samplers_in_one_name_and_in_two(self):
        for sampler, scheduler, options in (
                ("Wave Karras", None, {"use_karras_sigmas": True, "use_exponential_sigmas": False}),
                ("wave 2m exponential", "karras", {"use_karras_sigmas": False, "use_exponential_sigmas": True}),
                ("Wave", "Automatic", {}), ("wavy", "", {}), ("strong", "karras", {}), ("plain", "unheard-of", {})):
            answer = self.make({"prompt": "a", "sampler_name": sampler, "scheduler": scheduler})
            self.assertEqual(self.last_request()["scheduler_options"], options, sampler)
            self.assertEqual(bool(answer["warnings"]), sampler in ("strong", "plain"), answer["warnings"])
        answer = self.server.post("/sdapi/v1/txt2img", {"prompt": "a", "sampler_name": "Nobody's"})
        self.assert_refused(answer, 404, "sampler_name")
        self.assertTrue(answer.json["detail"].startswith("Sampler not found"))

    def test_a_checkpoint_is_found_by_each_of_its_names(self):
        title = self.server.get("/sdapi/v1/sd-models").json[0]["title"]
        for name in (title, "emoji.safetensors", "emoji", "emoji.ckpt", "0123456789", "sd/emoji"):
            self.make({"prompt": "a", "override_settings": {"sd_model_checkpoint": name}})
            self.assertEqual(self.last_request()["model"], "sd/emoji", name)
        wrong = {"prompt": "a", "override_settings": {"sd_model_checkpoint": "x"}}
        answer = self.server.post("/sdapi/v1/txt2img", wrong)
        self.assert_refused(answer, 404, "override_settings.sd_model_checkpoint")

    def test_pictures_may_be_left_away(self):
        self.assertEqual(self.make({"prompt": "a", "send_images": False})["images"], [])

    def test_a_picture_and_a_mask(self):
        answer = self.make({**PHOTOSHOP, "n_iter": 2}, "/sdapi/v1/img2img")
        self.assertEqual(len(answer["images"]), 2)
        request = self.last_request()
        self.assertEqual([request[name] for name in (
            "strength", "mask_blur", "masked_content", "only_masked", "only_masked_padding", "mask_invert", "resize",
            "mask_from")], [0.75, 4, "original", True, 32, False, "stretch", "white"])
        self.assertEqual(request["image"], request["mask"])  # the same bytes
        self.assertIsNone(answer["parameters"]["init_images"])
        for value, param in (([], "init_images"), (None, "init_images"), (["http://x/y.png"], "init_images[0]"),
                             (["!"], "init_images[0]"), ([in_base64(b"GIF89a" + bytes(20))], "init_images[0]")):
            answer = self.server.post("/sdapi/v1/img2img", {"prompt": "a", "init_images": value})
            self.assert_refused(answer, 400, param)

    def test_a_large_picture_in_a_list_is_taken_and_other_long_texts_are_not(self):
        large = in_base64(PICTURE + bytes(1_000_000))
        self.make({"prompt": "a", "init_images": [large, large]}, "/sdapi/v1/img2img")
        answer = self.server.post("/sdapi/v1/img2img", {"prompt": "a", "other": [large]})
        self.assertEqual(answer.status, 400)

    def test_every_field_in_every_wrong_way_is_no_fault_of_ours(self):
        for path in ("/sdapi/v1/txt2img", "/sdapi/v1/img2img"):
            good = {"prompt": "a", "init_images": [in_base64(PICTURE)]}
            schema = self.server.get("/openapi.json").json["paths"][path]["post"]["requestBody"]["content"]
            names = schema["application/json"]["schema"]["properties"]
            self.assertGreater(len(names), 40)
            for name in names:
                for value in (None, True, [], {}, [{}], "", "\u00e9\u4e2d\U0001F600", "x" * 500, -1, -2, 0, 0.5, 3,
                              10**30, -(10**30), "1e999", {"sd_model_checkpoint": 5},
                              {"CLIP_stop_at_last_layers": "x"}):
                    answer = self.server.post(path, {**good, name: value})
                    self.assertIn(answer.status, (200, 400, 404, 429), (path, name, value, answer.body[:300]))
                    if answer.status != 200:
                        self.assertTrue(answer.json["detail"])
                        self.assertIn(name, answer.error["param"] or "", (name, value))

    def test_what_is_no_object_is_refused_in_its_way(self):
        for body in (b"", b"[]", b"{", b"\xff\xfe"):
            answer = self.server.post("/sdapi/v1/txt2img", body)
            self.assertEqual((answer.status, answer.json["detail"]), (400, answer.error["message"]))

    def test_a_job_that_fails_says_why(self):
        answer = self.server.post("/sdapi/v1/txt2img", {"prompt": "fail:bad_request"})
        self.assertEqual((answer.status, answer.json["detail"]), (400, answer.error["message"]))


class Lists(A1111):
    def test_every_answer_has_the_shape_that_it_says(self):
        document = self.server.get("/openapi.json").json
        tried = 0
        for path, item in document["paths"].items():
            if "get" not in item or item["get"]["tags"] != ["a1111"] and path not in ("/config", "/internal/ping"):
                continue
            answer = self.server.get(path)
            self.assertEqual(answer.status, 200, path)
            schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
            jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json)
            tried += 1
        self.assertGreater(tried, 18)

    def test_samplers_are_the_plugins_algorithms_and_schedulers_their_spacings(self):
        samplers = self.server.get("/sdapi/v1/samplers").json
        self.assertEqual([one["name"] for one in samplers], ["plain", "Wave", "Wave 2M"])
        self.assertEqual(samplers[1]["aliases"], ["wavy"])
        schedulers = self.server.get("/sdapi/v1/schedulers").json
        self.assertEqual([(one["name"], one["label"]) for one in schedulers],
                         [("automatic", "Automatic"), ("karras", "Karras"), ("exponential", "Exponential")])

    def test_models_loras_and_the_rest(self):
        models = self.server.get("/sdapi/v1/sd-models").json
        self.assertEqual(len(models), 1)  # one that is broken is none
        self.assertEqual(models[0], {
            "title": "emoji.safetensors [0123456789]", "model_name": "emoji", "hash": "0123456789",
            "sha256": "0123456789" + "a" * 54, "filename": "emoji.safetensors", "config": None})
        self.assertEqual([one["name"] for one in self.server.get("/sdapi/v1/loras").json], ["soft", "hard"])
        self.assertEqual(self.server.get("/sdapi/v1/upscalers").json[0]["name"], "None")
        self.assertEqual(self.server.get("/sdapi/v1/embeddings").json, {"loaded": {}, "skipped": {}})
        for path in ("checkpoints", "loras", "vae", "embeddings"):
            self.assertEqual(self.server.post("/sdapi/v1/refresh-" + path, b"").json, None)
        for path in ("/sdapi/v1/unload-checkpoint", "/sdapi/v1/reload-checkpoint"):
            self.assertEqual(self.server.post(path, b"").json, {})

    def test_what_is_not_built_says_so(self):
        for path in ("interrogate", "extra-single-image", "extra-batch-images"):
            answer = self.server.post("/sdapi/v1/" + path, {"image": "x"})
            self.assert_refused(answer, 400, None)

    def test_a_form_at_the_sign_in_is_passed_over(self):
        answer = self.server.post("/login", b"username=a&password=b",
                                  {"Content-Type": "application/x-www-form-urlencoded"})
        self.assertEqual(answer.status, 200)
        self.assertEqual(self.server.ask("HEAD", "/").status, 200)


class Options(A1111):
    def test_the_whole_object_comes_back_and_is_taken(self):
        options = self.server.get("/sdapi/v1/options").json
        self.assertEqual(options["sd_model_checkpoint"], "emoji.safetensors [0123456789]")
        self.assertNotIn("forge_preset", options)
        answer = self.server.post("/sdapi/v1/options", {**options, "sd_model_checkpoint": "emoji", "unknown": [1]})
        self.assertEqual((answer.status, answer.body), (200, b"null"))
        self.server.post("/sdapi/v1/options", {"CLIP_stop_at_last_layers": 2})
        self.assertEqual(self.server.get("/sdapi/v1/options").json["CLIP_stop_at_last_layers"], 2)
        self.make({"prompt": "a"})
        self.assertEqual((self.last_request()["clip_skip"], self.last_request()["model"]), (1, "sd/emoji"))
        self.server.post("/sdapi/v1/options", {"CLIP_stop_at_last_layers": 1})

    def test_what_is_wrong_is_named_and_changes_nothing(self):
        for body, status, param in (({"sd_model_checkpoint": "none"}, 404, "sd_model_checkpoint"),
                                    ({"sd_model_checkpoint": 5}, 400, "sd_model_checkpoint"),
                                    ({"CLIP_stop_at_last_layers": 0}, 400, "CLIP_stop_at_last_layers")):
            self.assert_refused(self.server.post("/sdapi/v1/options", body), status, param)
        self.assertEqual(self.server.get("/sdapi/v1/options").json["CLIP_stop_at_last_layers"], 1)


class Progress(A1111):
    SETTINGS = {"step_ms": 150}

    def progress(self, query=""):
        return self.server.get("/sdapi/v1/progress" + query).json

    def start(self, prompt):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(self.server.post("/sdapi/v1/txt2img", {
            "prompt": prompt})))
        thread.start()
        return thread, answers

    def is_idle(self):
        progress = self.progress()
        return progress["progress"] == 0 and progress["state"]["job_count"] == 0

    def test_idle_is_nothing(self):
        idle = self.progress("?skip_current_image=false")
        self.assertEqual((idle["progress"], idle["eta_relative"], idle["state"]["job_count"]), (0, 0, 0))
        self.assertIsNone(idle["current_image"])
        self.assertEqual(self.server.post("/sdapi/v1/interrupt", b"").json, {})

    def test_a_job_shows_its_steps_and_its_newest_picture(self):
        self.server.post("/sdapi/v1/options", {"show_progress_every_n_steps": 1})
        thread, answers = self.start("a cat")
        seen = wait_until_value(lambda: self.progress(), lambda one: one["current_image"])
        self.assertTrue(base64.b64decode(seen["current_image"]).startswith(b"\x89PNG"))
        self.assertGreater(seen["progress"], 0.01)
        self.assertEqual((seen["state"]["job_count"], seen["state"]["sampling_steps"]), (1, 4))
        for query in ("?skip_current_image=true", "?skipCurrentImage=true"):
            self.assertIsNone(self.progress(query)["current_image"])
        thread.join()
        self.assertEqual(answers[0].status, 200)
        wait_until(self.is_idle, "nothing is done any more")

    def test_interrupt_ends_the_callers_job_of_this_door_alone(self):
        other = self.server.post("/v1/jobs", {"prompt": "hold"}).json["id"]  # runs, and is none of this door's
        thread, answers = self.start("hold")
        waiting = wait_until_value(lambda: self.progress(), lambda one: one["state"]["job_count"])
        self.assertEqual(waiting["progress"], 0.01)
        self.assertEqual(self.server.post("/sdapi/v1/interrupt", b"").json, {})
        thread.join()
        self.assertEqual(answers[0].status, 499)
        self.assertFalse(self.server.get("/v1/jobs/" + other).json["finished"])
        wait_until(self.is_idle, "nothing of this door's is left")
        self.server.post("/sdapi/v1/skip", b"")
        self.assertFalse(self.server.get("/v1/jobs/" + other).json["finished"])
        self.server.ask("DELETE", "/v1/jobs/" + other)


def wait_until_value(ask, is_right):
    found = []

    def look():
        found[:] = [ask()]
        return is_right(found[0])

    wait_until(look, "an answer that is right")
    return found[0]


class PngInfo(A1111):
    def read(self, picture):
        answer = self.server.post("/sdapi/v1/png-info", {"image": picture})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def test_settings_and_other_texts(self):
        wide = "parameters\0\0\0\0\0".encode() + ("\u4e2d, " + TEXT).encode()
        for chunk in ((b"tEXt", b"parameters\0" + TEXT.encode("latin-1")), (b"iTXt", wide)):
            picture = png_with((b"tEXt", b"Software\0a tool"), chunk, (b"zTXt", b"packed\0\0" + zlib.compress(b"x")))
            for text in (in_base64(picture), "data:image/png;base64," + in_base64(picture)):
                answer = self.read(text)
                self.assertTrue(answer["info"].endswith(TEXT))
                self.assertEqual(answer["items"], {"Software": "a tool"})
                self.assertEqual((answer["parameters"]["Seed"], answer["parameters"]["Negative prompt"]), ("5", "dogs"))
                self.assertTrue(answer["parameters"]["Prompt"].endswith("a cat, in a hat"))
                self.assertIn("packed", answer["warnings"][0])

    def test_pictures_without_settings_and_what_is_none(self):
        self.assertEqual(self.read("")["info"], "")
        self.assertEqual(self.read(in_base64(PICTURE))["parameters"], {})
        for value in (None, 5, "!", in_base64(b"GIF89a" + bytes(20)), "http://x/y.png", "data:image/png;base64"):
            answer = self.server.post("/sdapi/v1/png-info", {"image": value})
            self.assert_refused(answer, 400, "image")

    def test_pictures_that_end_too_early_and_lie(self):
        picture = png_with((b"tEXt", b"parameters\0" + TEXT.encode()), (b"iTXt", b"x"), (b"iTXt", b"y\0\0"))
        for end in range(8, len(picture), 7):
            self.read(in_base64(picture[:end]))
        self.read(in_base64(PICTURE[:8] + b"\xff\xff\xff\xfftEXtabc" + bytes(40)))


class Clients(A1111):
    """Each request as the client sends it, and what it reads of the answer."""

    def test_librechat(self):
        answer = self.make(LIBRECHAT)
        info = json.loads(answer["info"])
        base64.b64decode(answer["images"][0], validate=True)
        self.assertTrue(info["infotexts"][0] and info["width"] and info["height"] and info["seed"] is not None)

    def test_sillytavern(self):
        for path in ("samplers", "schedulers", "upscalers", "latent-upscale-modes", "sd-vae", "sd-modules",
                     "sd-models"):
            self.assertIsInstance(self.server.get("/sdapi/v1/" + path).json, list)
        self.assertEqual(self.server.post("/sdapi/v1/options", {"sd_model_checkpoint": "emoji"}).status, 200)
        progress = self.server.get("/sdapi/v1/progress").json
        self.assertEqual((progress["progress"], progress["state"]["job_count"]), (0, 0))
        answer = self.server.post("/sdapi/v1/txt2img", SILLYTAVERN)
        self.assertEqual(answer.status, 200)
        self.assertEqual([one.split(":")[0] for one in answer.json["warnings"]], ["negative_prompt"])  # the fake's own
        self.assertNotIn(b"secret-of-sillytavern", answer.body)
        self.assertNotIn(b"host:7860", answer.body)

    def test_swarmui_webuiapi_and_open_webui(self):
        for body in (SWARMUI, WEBUIAPI, OPEN_WEBUI):
            answer = self.make(body)
            self.assertTrue(json.loads(answer["info"])["infotexts"])
            self.assertEqual(len(answer["images"]), body["batch_size"])
        self.assertEqual(self.make(WEBUIAPI)["warnings"], [])
        self.make({**SWARMUI, "init_images": [in_base64(PICTURE)], "denoising_strength": 0.6}, "/sdapi/v1/img2img")

    def test_aiya(self):
        self.assertEqual(self.server.get("/sdapi/v1/cmd-flags").status, 200)
        self.assertEqual(self.server.get("/config").status, 200)
        answer = self.make(AIYA)
        self.assertEqual(len(answer["images"]), 2)
        self.assertEqual((self.last_request()["guidance_scale"], self.last_request()["clip_skip"]), (7, 1))

    def test_auto_photoshop(self):
        self.make(PHOTOSHOP, "/sdapi/v1/img2img")
        self.assertEqual(self.server.get("/sdapi/v1/scripts").json, {"txt2img": [], "img2img": []})


if __name__ == "__main__":
    unittest.main()

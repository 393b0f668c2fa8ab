"""OpenAI's images API: aliases, pictures from pictures, streams, and what is said of what has no effect."""

import base64
import hashlib
import http.client
import json
import re
import unittest

from server import ServerCase, wait_until
from test_jobs import request_text
from test_pictures import JPEG, PNG, form

GENERATIONS, EDITS, VARIATIONS = "/v1/images/generations", "/v1/images/edits", "/v1/images/variations"
HASH = hashlib.sha256(PNG).hexdigest()
OTHER = PNG + b"other"


def data_url(picture):
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def events_of(answer):
    """(name, data) of each event of a whole stream."""
    events = []
    for block in answer.body.decode().split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            named = dict(line.split(": ", 1) for line in lines)
            events.append((named["event"], json.loads(named["data"])))
    return events


class ImagesCase(ServerCase):
    def made(self, path, body, headers=None):
        answer = self.server.ask("POST", path, body, headers)
        self.assertEqual(answer.status, 200, answer.body)
        return answer

    def request_of(self, answer):
        return self.server.get("/v1/jobs/" + answer.headers["x-job-id"]).json["request"]

    def edited(self, *parts, path=EDITS):
        headers, body = form(*parts)
        return self.made(path, body, headers)

    def refused(self, path, body, param, status=400, headers=None):
        answer = self.server.ask("POST", path, body, headers)
        self.assertEqual((answer.status, answer.error["param"]), (status, param), answer.body)
        return answer.error["message"]


class Names(ImagesCase):
    SETTINGS = {"server": {"model_aliases": {"mine": "sd/emoji", "dall-e-*": "sd/emoji", "dall-e-2*": "sd/none"}}}

    def test_openais_names_mean_the_default_model_and_say_so(self):
        for name in ("gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "gpt-image-2", "chatgpt-image-latest"):
            answer = self.made(GENERATIONS, {"prompt": "x", "model": name})
            self.assertEqual(self.request_of(answer)["model"], "")
            self.assertEqual(len(answer.json["warnings"]), 1)
            self.assertIn(f"model: '{name}' is not here", answer.json["warnings"][0])
        for name in ("gpt-4o", "gpt-image", "dalle-3", "nothing"):
            self.refused(GENERATIONS, {"prompt": "x", "model": name}, "model", 404)

    def test_a_configured_name_means_what_is_configured_and_needs_no_word(self):
        for name in ("mine", "dall-e-3", "sd/emoji"):
            answer = self.made(GENERATIONS, {"prompt": "x", "model": name})
            self.assertEqual(answer.json["settings"]["model"], "sd/emoji")
            self.assertEqual(answer.json["warnings"], [])
        self.assertIn("sd/none", self.refused(GENERATIONS, {"prompt": "x", "model": "dall-e-2"}, "model", 404))

    def test_the_other_doors_know_the_names_too(self):
        chat = {"model": "gpt-image-1", "messages": [{"role": "user", "content": "x"}]}
        answer = self.made("/v1/chat/completions", chat)
        self.assertEqual((answer.json["model"], len(answer.json["warnings"])), ("gpt-image-1", 1))
        job = self.server.post("/v1/jobs", {"prompt": "x", "model": "mine"})
        self.assertEqual((job.status, job.json["request"]["model"]), (202, "sd/emoji"))

    def test_the_asked_name_decides_how_pictures_come(self):
        for model, form_of, word in (("gpt-image-1", None, "b64_json"), ("dall-e-3", None, "url"), (None, None, "url"),
                                     ("gpt-image-1", "url", "url"), ("dall-e-3", "b64_json", "b64_json")):
            answer = self.made(GENERATIONS, {"prompt": "x", "model": model, "response_format": form_of})
            self.assertIn(word, answer.json["data"][0], (model, form_of))

    def test_the_routes_are_there_without_v1(self):
        self.made("/images/generations", {"prompt": "x"})
        self.edited(("image", PNG, "x.png"), ("prompt", b"x", None), path="/images/edits")
        self.edited(("image", PNG, "x.png"), path="/images/variations")
        answer = self.made(GENERATIONS, {"prompt": "x"})
        picture = self.server.get(re.sub(r"^http://[^/]+", "", answer.json["data"][0]["url"]))
        self.assertEqual(picture.headers["content-type"], "image/png")
        self.assertEqual(self.server.get("/images/generations").status, 405)


class Fields(ImagesCase):
    SETTINGS = {"server": {"quality": {"low": {"steps": 2}, "high": {"steps": 9, "guidance_scale": 5}}}}

    def test_what_has_no_effect_is_named_and_where_it_is_strict_refused(self):
        for field, value in (("input_fidelity", "high"), ("aspectRatio", "1:1"), ("user", "u"), ("style", "vivid"),
                             ("moderation", "low"), ("quality", "hd"), ("partial_images", 2), ("model", "dall-e-3"),
                             ("size", "1024x1024")):
            body = {"prompt": "x", field: value}
            warnings = self.made(GENERATIONS, body).json["warnings"]
            self.assertEqual((len(warnings), warnings[0].split(":")[0]), (1, field))
            self.refused(GENERATIONS, {**body, "strict": True}, field)
        self.made(GENERATIONS, {"prompt": "x", "strict": True, "quality": "auto", "background": "opaque",
                                "size": "auto"})

    def test_a_query_of_azures_clients_is_taken(self):
        answer = self.made(GENERATIONS + "?api-version=2025-04-01-preview", {"prompt": "x"})
        self.assertEqual(answer.json["warnings"], ["api-version: has no effect here"])
        self.refused(GENERATIONS + "?api-version=1", {"prompt": "x", "strict": True}, "api-version")
        self.refused(GENERATIONS + "?other=1", {"prompt": "x"}, "other")

    def test_no_transparent_pictures_are_made(self):
        for background in ("auto", "opaque", None):
            self.assertEqual(self.made(GENERATIONS, {"prompt": "x", "background": background}).json["background"],
                             "opaque")
        self.assertIn("transparent", self.refused(GENERATIONS, {"prompt": "x", "background": "transparent"},
                                                  "background"))

    def test_quality_is_what_the_configuration_binds(self):
        for quality, more, steps in (("low", {}, 2), ("high", {}, 9), ("high", {"steps": 3}, 3)):
            answer = self.made(GENERATIONS, {"prompt": "x", "quality": quality, **more})
            self.assertEqual((self.request_of(answer)["steps"], answer.json["quality"]), (steps, quality))
            self.assertEqual(answer.json["warnings"], [])
        answer = self.made(GENERATIONS, {"prompt": "x", "quality": "high"})
        self.assertEqual(self.request_of(answer)["guidance_scale"], 5)
        self.refused(GENERATIONS, {"prompt": "x", "quality": "x" * 65}, "quality")

    def test_usage_is_there(self):
        usage = self.made(GENERATIONS, {"prompt": "x"}).json["usage"]
        self.assertEqual(usage["input_tokens_details"], {"image_tokens": 0, "text_tokens": 0})
        self.assertEqual((usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]), (0, 0, 0))

    def test_a_seed_of_null_or_minus_one_is_drawn(self):
        for seed in (None, -1):
            self.assertIsNone(self.request_of(self.made(GENERATIONS, {"prompt": "x", "seed": seed}))["seed"])

    def reason(self, path, body):
        link = http.client.HTTPConnection("127.0.0.1", self.server.port)
        link.request("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        answer = link.getresponse()
        answer.read()
        link.close()
        return answer.status, answer.reason

    def test_the_reason_phrase_says_what_is_wrong(self):
        status, reason = self.reason(GENERATIONS, {"prompt": "x", "size": "large"})
        self.assertEqual(status, 400)
        self.assertEqual(reason, "size: must be WIDTHxHEIGHT in pixels, such as 512x512, or auto")
        self.assertEqual(self.reason("/elsewhere", {})[1],
                         "there is nothing at this path. GET /openapi.json lists all that is here")
        for name in ("\r\nSet-Cookie: a=b", "ä漢🙂", "y" * 500, "\u0000\u0007"):
            status, reason = self.reason(GENERATIONS, {"prompt": "x", name: 1})
            self.assertEqual(status, 400)
            self.assertTrue(reason.isascii() and reason.isprintable() and 0 < len(reason) <= 120, reason)
        self.assertEqual(self.reason(GENERATIONS, {"prompt": "x"}), (200, "OK"))


class Edits(ImagesCase):
    def test_a_picture_and_a_mask_come_in_a_form(self):
        parts = [("image", PNG, "blob"), ("mask", JPEG, "blob"), ("prompt", "ein Hut für".encode(), None),
                 ("n", b"2", None), ("size", b"64x64", None), ("steps", b"3", None), ("model", b"gpt-image-1", None)]
        for order in (parts, parts[::-1]):
            answer = self.edited(*order)
            request = self.request_of(answer)
            self.assertEqual((request["prompt"], request["n"], request["width"], request["steps"]),
                             ("ein Hut für", 2, 64, 3))
            self.assertEqual(request["image"]["sha256"], HASH)
            self.assertEqual(request["mask"]["sha256"], hashlib.sha256(JPEG).hexdigest())
            self.assertEqual([set(one) for one in answer.json["data"]], [{"b64_json", "seed"}] * 2)

    def test_without_a_size_the_picture_has_its_own_as_far_as_the_model_makes_it(self):
        for size in ((), (("size", b"auto", None),)):
            request = self.request_of(self.edited(("image", PNG, "x.png"), ("prompt", b"x", None), *size))
            self.assertEqual((request["width"], request["height"], request["fit"]), (None, None, True))
        answer = self.edited(("image", PNG, "x.png"), ("prompt", b"x", None), ("size", b"32x64", None))
        request = self.request_of(answer)
        self.assertEqual((request["width"], request["height"], request["fit"]), (32, 64, None))
        answer = self.edited(("image", PNG, "x.png"), ("prompt", b"x", None), ("size", b"1024x1024", None))
        self.assertEqual(self.request_of(answer)["width"], 64)
        self.assertIn("size: 1024x1024", answer.json["warnings"][0])

    def test_of_several_pictures_the_first_is_used_and_the_others_are_named(self):
        for names in (("image[]", "image[]"), ("image", "image"), ("image", "image[]")):
            parts = [(name, picture, "a.png") for name, picture in zip(names, (PNG, OTHER))] + [("prompt", b"x", None)]
            answer = self.edited(*parts)
            self.assertEqual(self.request_of(answer)["image"]["sha256"], HASH)
            self.assertEqual(answer.json["warnings"], ["image: the first picture is used alone, without image[1]"])
            headers, body = form(*parts, ("strict", b"true", None))
            self.refused(EDITS, body, "image", headers=headers)
        answer = self.edited(("image[]", PNG, "a.png"), ("prompt", b"x", None))
        self.assertEqual(answer.json["warnings"], [])

    def test_json_has_data_urls(self):
        for image in (data_url(PNG), [data_url(PNG)], {"image_url": data_url(PNG)}):
            answer = self.made(EDITS, {"prompt": "x", "image": image, "mask": {"image_url": data_url(OTHER)}})
            request = self.request_of(answer)
            self.assertEqual(request["image"]["sha256"], HASH)
            self.assertEqual(request["mask"]["sha256"], hashlib.sha256(OTHER).hexdigest())
        answer = self.made(EDITS, {"prompt": "x", "images": [{"image_url": data_url(PNG)}, {"image_url": "?"}]})
        self.assertEqual(self.request_of(answer)["image"]["sha256"], HASH)
        self.assertEqual(len(answer.json["warnings"]), 1)
        large = data_url(PNG + bytes(2 << 20))
        self.made(EDITS, {"prompt": "x", "images": [{"image_url": large}]})
        self.made(EDITS, {"prompt": "x", "image": [large, large]})

    def test_a_form_may_come_in_chunks_of_unknown_length(self):
        headers, body = form(("image", PNG, "blob"), ("prompt", b"x", None))
        link = self.server.connect()
        pieces = [body[at:at + 50] for at in range(0, len(body), 50)]
        link.request("POST", EDITS, iter(pieces), headers, encode_chunked=True)
        answer = link.getresponse()
        self.assertEqual((answer.status, answer.headers["x-job-id"] is not None), (200, True), answer.read())
        link.close()

    def test_what_is_missing_or_no_picture_is_named(self):
        self.refused(EDITS, {"prompt": "x"}, "image")
        self.refused(EDITS, {"image": data_url(PNG)}, "prompt")
        self.refused(EDITS, {"prompt": "x", "image": None}, "image")
        for image in ([], [7], 7, "?", "https://a.example/b.png", {"image_url": 7}, {"image_url": {"url": "x"}}):
            error = self.server.post(EDITS, {"prompt": "x", "image": image}).error
            self.assertEqual((error["code"], error["param"].split(".")[0]), ("bad_request", "image"))
        self.assertIn("nothing is fetched", self.refused(EDITS, {"prompt": "x", "image": "http://a/b"}, "image"))
        self.refused(EDITS, {"prompt": "x", "image": data_url(PNG), "mask": "?"}, "mask")
        self.assertIn("edits", self.refused(GENERATIONS, {"prompt": "x", "image": data_url(PNG)}, "image"))
        self.refused(GENERATIONS, {"prompt": "x", "imageUrls": ["x"]}, "imageUrls")
        self.made(GENERATIONS, {"prompt": "x", "imageUrls": []})

    def test_a_job_has_one_picture_as_before(self):
        headers, body = form(("image", PNG, "a.png"), ("image", OTHER, "b.png"), ("prompt", b"x", None))
        self.assertEqual(self.server.ask("POST", "/v1/jobs", body, headers).status, 400)

    def test_a_variation_has_a_picture_and_no_prompt(self):
        answer = self.edited(("image", PNG, "x.png"), ("n", b"2", None), path=VARIATIONS)
        request = self.request_of(answer)
        self.assertEqual((request["prompt"], request["strength"], request["n"], request["image"]["sha256"]),
                         ("", 0.6, 2, HASH))
        answer = self.edited(("image", PNG, "x.png"), ("strength", b"0.3", None), path=VARIATIONS)
        self.assertEqual(self.request_of(answer)["strength"], 0.3)
        self.refused(VARIATIONS, {}, "image")
        self.refused(VARIATIONS, {"image": data_url(PNG), "mask": data_url(PNG)}, "mask")
        self.refused(VARIATIONS, {"image": data_url(PNG), "stream": True}, "stream")

    def test_foreign_pages_send_no_forms(self):
        headers, body = form(("image", PNG, "x.png"), ("prompt", b"x", None))
        answer = self.server.ask("POST", EDITS, body, {**headers, "Origin": "http://evil.example"})
        self.assertEqual(answer.status, 403)


class Streams(ImagesCase):
    SETTINGS = {"step_ms": 5}
    COMMON = {"type", "b64_json", "created_at", "size", "quality", "background", "output_format", "image"}

    def test_partial_images_come_before_the_picture(self):
        for count in (0, 1, 2, 3):
            answer = self.made(GENERATIONS, {"prompt": "x", "stream": True, "partial_images": count})
            self.assertEqual(answer.headers["content-type"], "text/event-stream; charset=utf-8")
            events = events_of(answer)
            names = [name for name, _ in events]
            self.assertEqual(names[-1], "image_generation.completed")
            self.assertLessEqual(len(names) - 1, count)
            self.assertEqual(names[:-1], ["image_generation.partial_image"] * (len(names) - 1))
            for index, (name, data) in enumerate(events[:-1]):
                self.assertEqual(set(data), self.COMMON | {"partial_image_index"})
                self.assertEqual((data["type"], data["partial_image_index"], data["size"]), (name, index, "1x1"))
            name, data = events[-1]
            self.assertEqual(set(data), self.COMMON | {"usage", "seed", "job", "warnings"})
            self.assertTrue(base64.b64decode(data["b64_json"]).startswith(b"\x89PNG"))
            self.assertEqual(set(data["usage"]), {"input_tokens", "input_tokens_details", "output_tokens",
                                                  "total_tokens"})

    def test_as_many_partial_images_come_as_are_asked_for(self):
        body = {"prompt": "x", "stream": True, "partial_images": 2}
        wait_until(lambda: len(events_of(self.made(GENERATIONS, body))) == 3, "a client that reads quickly gets all")

    def test_previews_are_asked_for_as_often_as_they_are_sent(self):
        for body, every in (({"steps": 20, "partial_images": 3}, 5), ({"steps": 20}, 0), ({"partial_images": 1}, 2),
                            ({"steps": 2, "partial_images": 3}, 1)):
            answer = self.made(GENERATIONS, {"prompt": "x", "stream": True, **body})
            count = len([name for name, _ in events_of(answer) if name.endswith("partial_image")])
            self.assertLessEqual(count, 4 // every if every else 0)

    def test_each_picture_has_a_completed_event(self):
        events = events_of(self.made(GENERATIONS, {"prompt": "x", "stream": True, "n": 3, "seed": 5}))
        self.assertEqual([(data["image"], data["seed"]) for _, data in events], [(0, 5), (1, 6), (2, 7)])

    def test_edits_stream_under_their_own_names(self):
        answer = self.edited(("image", PNG, "x.png"), ("prompt", b"x", None), ("stream", b"true", None),
                             ("partial_images", b"1", None), ("output_format", b"webp", None))
        events = events_of(answer)
        self.assertEqual(events[-1][0], "image_edit.completed")
        self.assertEqual(events[-1][1]["output_format"], "webp")
        for name, data in events[:-1]:
            self.assertEqual((name, data["output_format"]), ("image_edit.partial_image", "png"))

    def test_what_is_wrong_before_the_job_is_no_stream(self):
        self.refused(GENERATIONS, {"prompt": "x", "stream": True, "steps": 0}, "steps")
        self.refused(GENERATIONS, {"prompt": "x", "stream": True, "partial_images": 4}, "partial_images")
        self.refused(GENERATIONS, {"prompt": "x", "stream": True, "model": "none"}, "model", 404)

    def test_what_goes_wrong_later_is_the_last_event(self):
        for prompt, code in (("die", "internal"), ("fail:bad_request", "bad_request"), ("hand-back", "restarting"),
                             ("disk-full", "storage_full")):
            answer = self.made(GENERATIONS, {"prompt": prompt, "stream": True})
            self.server.ask("DELETE", "/v1/jobs/" + answer.headers["x-job-id"])  # one that is handed back goes on
            events = events_of(answer)
            self.assertEqual([name for name, _ in events], ["error"], events)
            self.assertEqual(events[0][1]["error"]["code"], code)
            self.assertIn("message", events[0][1]["error"])

    def test_a_connection_serves_again_after_a_stream(self):
        link = self.server.connect()
        for _ in range(2):
            answer = self.server.ask("POST", GENERATIONS, {"prompt": "x", "stream": True}, connection=link)
            self.assertEqual(events_of(answer)[-1][0], "image_generation.completed")
        link.close()

    def test_a_url_cannot_be_streamed_and_that_is_said(self):
        events = events_of(self.made(GENERATIONS, {"prompt": "x", "stream": True, "response_format": "url"}))
        self.assertEqual(len(events[-1][1]["warnings"]), 1)

    def leave(self, **more):
        body = {"prompt": "hold", "stream": True, "partial_images": 1, **more}
        with self.server.socket() as link:
            link.sendall(request_text(GENERATIONS, body, self.server.port))
            data = b""
            while b"\r\n\r\n" not in data:
                data += link.recv(4096)
            job = re.search(rb"x-job-id: (\w+)", data)[1].decode()
            wait_until(lambda: self.server.get("/v1/jobs/" + job).json["status"] == "running", "the job runs")
        return job

    def test_leaving_cancels_or_lets_finish(self):
        job = self.leave()
        wait_until(lambda: self.server.get("/v1/jobs/" + job).json["status"] == "cancelled", "it is cancelled")
        job = self.leave(on_disconnect="finish")
        wait_until(self.server.is_alone, "the client is gone")
        self.assertEqual(self.server.get("/v1/jobs/" + job).json["status"], "running")
        self.server.ask("DELETE", "/v1/jobs/" + job)

    def test_a_quiet_stream_has_pings(self):
        with self.server.socket() as link:
            link.sendall(request_text(GENERATIONS, {"prompt": "hold", "stream": True}, self.server.port))
            data = b""
            while b"\n: ping\n\n" not in data:
                part = link.recv(4096)
                self.assertTrue(part, data)
                data += part


class Limited(ImagesCase):
    SETTINGS = {"server": {"request_timeout_s": 0.2}}

    def test_a_stream_that_takes_too_long_says_which_job_goes_on(self):
        answer = self.made(GENERATIONS, {"prompt": "hold", "stream": True})
        events = events_of(answer)
        self.assertEqual((events[0][0], events[0][1]["error"]["code"]), ("error", "timeout"))
        self.assertEqual(events[0][1]["error"]["job_id"], answer.headers["x-job-id"])
        self.server.ask("DELETE", "/v1/jobs/" + answer.headers["x-job-id"])


if __name__ == "__main__":
    unittest.main()

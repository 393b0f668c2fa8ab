"""The requests of clients of OpenAI's images API as they send them, and the fields that each of them reads.

What they send is read in their sources (docs/CLIENTS.md says which versions)."""

import base64
import copy
import re
import unittest

import jsonschema

from server import Answer, ServerCase
from test_openapi import closed
from test_pictures import PNG, form

BEARER = {"Authorization": "Bearer sk-none"}


class Clients(ServerCase):
    SETTINGS = {"step_ms": 1}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        schemas = cls.server.get("/openapi.json").json["components"]["schemas"]
        cls.schemas = closed(copy.deepcopy(schemas))

    def answer(self, path, body, headers=None, chunked=False):
        """Of a request that succeeds, as the description of the API has it."""
        link = self.server.connect()
        if chunked:
            pieces = iter([body[at:at + 64] for at in range(0, len(body), 64)])
            link.request("POST", path, pieces, {**BEARER, **headers}, encode_chunked=True)
            answer = Answer(link.getresponse())
        else:
            answer = self.server.ask("POST", path, body, {**BEARER, **(headers or {})}, connection=link)
        link.close()
        self.assertEqual(answer.status, 200, answer.body)
        name = "ChatCompletion" if "chat" in path else "Images"
        schema = {"$ref": "#/components/schemas/" + name, "components": {"schemas": self.schemas}}
        faults = list(jsonschema.Draft202012Validator(schema).iter_errors(answer.json))
        self.assertFalse(faults, answer.json)
        return answer.json

    def edit(self, *parts, path="/v1/images/edits", chunked=False):
        headers, body = form(*parts)
        return self.answer(path, body, headers, chunked)

    def assert_base64(self, answer, count=1):
        self.assertEqual(len(answer["data"]), count)
        for one in answer["data"]:
            self.assertTrue(base64.b64decode(one["b64_json"], validate=True).startswith(b"\x89PNG"))

    def assert_fetchable(self, answer):
        for one in answer["data"]:
            picture = self.server.get(re.sub(r"^http://127\.0\.0\.1:\d+", "", one["url"]))  # without any header
            self.assertEqual((picture.status, picture.headers["content-type"]), (200, "image/png"))

    def test_open_webui(self):
        for model, more in (("gpt-image-1", {}), ("dall-e-2", {"response_format": "b64_json"})):
            body = {"model": model, "prompt": "a cat", "n": 1, "size": "512x512", "steps": 8, "seed": 5,
                    "negative_prompt": "fog", **more}
            answer = self.answer("/v1/images/generations?api-version=2025-04-01", body,
                                 {"X-OpenWebUI-User-Name": "a", "X-OpenWebUI-User-Id": "1"})
            self.assert_base64(answer)
            self.assertEqual((answer["settings"]["steps"], answer["settings"]["seed"]), (8, 5))
        answer = self.edit(("model", b"gpt-image-1", None), ("prompt", b"a hat", None), ("n", b"1", None),
                           ("size", b"1024x1024", None), ("background", b"auto", None),
                           ("response_format", b"b64_json", None), ("image", PNG, "7f3c0d.png"))
        self.assert_base64(answer)

    def test_librechat(self):
        body = {"model": "gpt-image-1", "prompt": "a cat", "n": 1, "background": "auto", "quality": "auto",
                "size": "auto"}
        for kind in ("png", "webp", "jpeg"):
            compression = {} if kind == "png" else {"output_compression": 80}
            answer = self.answer("/v1/images/generations", {**body, "output_format": kind, **compression})
            self.assert_base64(answer)
            self.assertEqual(answer["output_format"], kind)
        parts = [("model", b"gpt-image-1", None), ("prompt", b"both", None), ("n", b"1", None),
                 ("quality", b"auto", None), ("size", b"auto", None), ("image[]", PNG, "image_0.png"),
                 ("image[]", PNG, "image_1.png")]
        self.assert_base64(self.edit(*parts, chunked=True))
        dalle = {"model": "dall-e-3", "prompt": "a cat", "quality": "hd", "style": "vivid", "size": "1792x1024", "n": 1}
        self.assert_fetchable(self.answer("/v1/images/generations", dalle))

    def test_lobechat(self):
        body = {"model": "sd/emoji", "n": 1, "prompt": "a cat", "width": 64, "height": 64, "cfg": 4, "steps": 6,
                "seed": None, "aspectRatio": "1:1", "quality": "standard"}
        answer = self.answer("/v1/images/generations", body)
        self.assert_fetchable(answer)
        self.assertEqual((answer["settings"]["guidance_scale"], answer["settings"]["steps"]), (4, 6))
        parts = [("model", b"gpt-image-1", None), ("prompt", b"a hat", None), ("n", b"1", None),
                 ("input_fidelity", b"high", None), ("image", PNG, "image.png")]
        answer = self.edit(*parts)
        self.assert_base64(answer)
        self.assertIn("input_fidelity: has no effect here", answer["warnings"])
        chat = {"model": "sd/emoji:image", "stream": False, "messages": [{"role": "user", "content": [
            {"type": "text", "text": "a hat"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(PNG).decode()}}]}]}
        answer = self.answer("/v1/chat/completions", chat)
        image = answer["choices"][0]["message"]["images"][0]["image_url"]["url"]
        self.assertTrue(image.startswith("data:image/png;base64,"))

    def test_anythingllm(self):
        body = {"model": "gpt-image-1", "prompt": "a cat", "size": "1024x1024", "n": 1}
        self.assert_base64(self.answer("/v1/images/generations", body))
        self.assert_fetchable(self.answer("/v1/images/generations", {**body, "model": "sd/emoji"}))
        parts = [("model", b"sd/emoji", None), ("prompt", b"both", None), ("size", b"1024x1024", None),
                 ("image", PNG, "reference-0.png"), ("image", PNG, "reference-1.png")]
        answer = self.edit(*parts)
        self.assert_fetchable(answer)
        self.assertIn("image: the first picture is used alone, without image[1]", answer["warnings"])

    def test_nextcloud(self):
        for path in ("/images/generations", "/v1/images/generations"):
            answer = self.answer(path, {"prompt": "a cat", "n": 2, "size": "512x512"})
            self.assert_fetchable(answer)
            self.assertEqual(len(answer["data"]), 2)

    def test_a_model_is_found_by_who_asks_for_the_list(self):
        self.assertIn("sd/emoji", [one["id"] for one in self.server.get("/v1/models", BEARER).json["data"]])


if __name__ == "__main__":
    unittest.main()

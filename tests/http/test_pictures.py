"""Pictures that come with a request, and the formats that pictures are made in."""

import base64
import hashlib
import unittest
import uuid

from server import ServerCase

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256))
SHA256 = {"sha256": hashlib.sha256(PNG).hexdigest()}


def form(*parts):
    """(name, bytes, file name or None) -> headers and body."""
    boundary = uuid.uuid4().hex
    body = b""
    for name, data, file in parts:
        named = f'form-data; name="{name}"' + (f'; filename="{file}"' if file else "")
        body += f"--{boundary}\r\nContent-Disposition: {named}\r\n\r\n".encode() + data + b"\r\n"
    return {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body + f"--{boundary}--\r\n".encode()


class Inputs(ServerCase):
    SETTINGS = {"step_ms": 1}

    def submitted(self, body, headers=None):
        answer = self.server.ask("POST", "/v1/jobs", body, headers)
        self.assertEqual(answer.status, 202, answer.body)
        return answer.json["request"]

    def refused(self, body, headers=None, status=400):
        answer = self.server.ask("POST", "/v1/jobs", body, headers)
        self.assertEqual(answer.status, status, answer.body)
        return answer.error

    def post_form(self, *parts):
        headers, body = form(*parts)
        return self.submitted(body, headers)

    def test_a_data_url_and_base64_are_a_picture(self):
        plain = base64.b64encode(PNG).decode()
        for text in (plain, "data:image/png;base64," + plain):
            request = self.submitted({"prompt": "a cat", "image": text, "strength": 0.5})
            self.assertEqual((request["image"], request["mask"], request["strength"]), (SHA256, None, 0.5))

    def test_a_form_has_files_and_fields(self):
        request = self.post_form(("prompt", "eine Kröte".encode(), None), ("steps", b"3", None),
                                 ("image", PNG, "cat.png"), ("mask", JPEG, "mask.jpg"))
        self.assertEqual((request["prompt"], request["steps"], request["image"]), ("eine Kröte", 3, SHA256))
        self.assertEqual(request["mask"]["sha256"], hashlib.sha256(JPEG).hexdigest())
        request = self.post_form(("request", b'{"prompt": "a cat", "steps": 4}', None), ("image", PNG, "blob"))
        self.assertEqual((request["prompt"], request["steps"], request["image"]), ("a cat", 4, SHA256))

    def test_what_is_no_picture_is_named(self):
        for image, words in (("http://a/b.png", "nothing is fetched"), ("?", "base64"), (7, "must be a picture"),
                             (base64.b64encode(b"GIF89a....").decode(), "is a GIF; PNG, JPEG and WebP"),
                             ({"sha256": "x"}, "SHA-256")):
            error = self.refused({"prompt": "a cat", "image": image})
            self.assertTrue(error["param"].startswith("image"), error)
            self.assertIn(words, error["message"])
        headers, body = form(("prompt", b"x", None), ("image", b"GIF89a", "cat.gif"))
        self.assertIn("is a GIF", self.refused(body, headers)["message"])

    def test_every_fault_is_told_at_once(self):
        message = self.refused({"prompt": "x", "image": "?", "steps": 0})["message"]
        self.assertTrue("image" in message and "steps" in message, message)

    def test_a_form_that_is_not_whole_is_refused(self):
        headers, body = form(("prompt", b"x", None))
        self.refused(body[:-10], headers)
        self.refused(body, {"Content-Type": "multipart/form-data"})

    def test_a_form_of_a_foreign_page_is_refused_and_so_is_one_at_other_doors(self):
        headers, body = form(("prompt", b"x", None))
        self.refused(body, {**headers, "Origin": "http://evil.example"}, 403)
        self.refused(body, {**headers, "Sec-Fetch-Site": "cross-site"}, 403)
        answer = self.server.ask("POST", "/v1/images/generations", body, headers)
        self.assertEqual(answer.status, 415)

    def test_pictures_have_32_mib_and_prompts_no_more_room_than_before(self):
        large = base64.b64encode(PNG + bytes(20 << 20)).decode()
        self.assertIsNotNone(self.submitted({"prompt": "x", "image": large})["image"])
        headers, body = form(("prompt", b"x", None), ("image", PNG + bytes(33 << 20), "x.png"))
        self.refused(body, headers, 413)
        self.assertIn("600,000", self.refused({"prompt": "x" * 700_000})["message"])


class Chats(ServerCase):
    SETTINGS = {"step_ms": 1}

    def asked(self, content, **more):
        body = {"messages": [{"role": "user", "content": "before"}, {"role": "user", "content": content}], **more}
        return self.server.post("/v1/chat/completions", body)

    def part(self, url):
        return {"type": "image_url", "image_url": {"url": url}}

    def test_a_message_or_the_settings_bring_a_picture(self):
        text, plain = {"type": "text", "text": "a hat"}, base64.b64encode(PNG).decode()
        url = "data:image/png;base64," + plain
        large = base64.b64encode(PNG + bytes(1 << 20)).decode()
        for content, more, count in (([text, self.part(url)], {}, 0), ([self.part(url), text, self.part(url)], {}, 1),
                                     ("a hat", {"sam_config": {"input_images": [plain]}}, 0),
                                     ("a hat", {"samConfig": {"inputImages": [url, large]}}, 1),
                                     ([text, self.part(url)], {"metadata": {"input_images": [large]}}, 1)):
            answer = self.asked(content, **more)
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(len(answer.json["warnings"]), count)
            metadata = answer.json["choices"][0]["message"]["metadata"]
            self.assertEqual((metadata["prompt"], metadata["mode"], metadata["input_image_count"]),
                             ("a hat", "img2img", 1))
            request = self.server.get("/v1/jobs/" + answer.json["job"]).json["request"]
            self.assertEqual((request["image"], request["fit"]), (SHA256, True))

    def test_what_is_no_picture_is_named(self):
        text = {"type": "text", "text": "a hat"}
        for url in ("https://a.example/x.png", "?", base64.b64encode(b"GIF89a").decode()):
            error = self.asked([text, self.part(url)]).error
            self.assertEqual(error["param"], "messages[1].content[1].image_url.url")
            error = self.asked("x", sam_config={"input_images": [url]}).error
            self.assertEqual(error["param"], "sam_config.input_images[0]")
        for wrong in (7, {}, {"url": 7}, None):
            error = self.asked([text, {"type": "image_url", "image_url": wrong}]).error
            self.assertTrue(error["param"].startswith("messages[1].content[1].image_url"), error)
        self.assertIn("fetched", self.asked("x", sam_config={"input_image_urls": ["http://a"]}).error["message"])

    def test_a_model_called_image_has_pictures_in_its_message(self):
        for model, has in (("sd/emoji:image", True), ("gpt-image-1:image", True), ("sd/emoji", False)):
            answer = self.asked("x", model=model).json
            self.assertEqual(("images" in answer["choices"][0]["message"], answer["model"]), (has, model))
        answer = self.asked("x", user="me", strict=True)
        self.assertEqual((answer.status, answer.error["param"]), (400, "user"))


class Formats(ServerCase):
    SETTINGS = {"step_ms": 1}

    def test_a_picture_has_the_type_of_its_format(self):
        for words, end, kind in (({}, ".png", "png"),
                                 ({"output_format": "jpeg"}, ".jpg", "jpeg"),
                                 ({"output_format": "jpg"}, ".jpg", "jpeg"),
                                 ({"outputFormat": "webp"}, ".webp", "webp")):
            answer = self.server.post("/v1/images/generations", {"prompt": "a cat", **words})
            self.assertEqual((answer.status, answer.json["output_format"]), (200, kind))
            url = answer.json["data"][0]["url"]
            self.assertTrue(url.endswith(end), url)
            picture = self.server.get(url[url.index("/images/"):])
            self.assertEqual((picture.status, picture.headers["content-type"]), (200, "image/" + kind))
            answer = self.server.post("/v1/images/generations", {"prompt": "a cat", **words},
                                      {"Accept": "image/" + kind})
            self.assertEqual(answer.headers["content-type"], "image/" + kind)

    def test_a_format_that_is_not_made_is_refused(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "a cat", "output_format": "avif"})
        self.assertEqual((answer.status, answer.error["param"]), (400, "output_format"))


if __name__ == "__main__":
    unittest.main()

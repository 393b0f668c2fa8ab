"""Every field of every route x every kind of value: never a fault of the server, and a refusal names the field."""

import base64
import json
import pathlib
import re
import unittest

from server import ServerCase
from test_pictures import PNG

TEXTS = ["", "x", "ä漢字🙂", "x" * 100_000, "NaN", "1e400", "-0", "\u0000", "\u202e", "<lora:", "../x",
         "/etc/passwd", "a\\b"]
VALUES = [None, True, False, 0, 1, -1, 7, 8, 64, 100, 101, 150, 151, 1000, 1001, 8192, 8193, 0.5, -0.5, 1.0, 3.9, 1e300,
          -1e300, 2**31, 2**53 - 1, 2**53, 2**63 - 1, 2**63, 2**64, 10**30, [], {}, [[]], [None], [1], ["x"], [{}],
          {"x": 1}, [{"name": "x"}], [{"name": "x", "strength": 1}], [{"name": 3}], [{"strength": "x"}],
          ["/etc/passwd"], ["x"] * 101, *TEXTS]
# Bytes that no JSON writer of ours would write.
RAW = [b"NaN", b"Infinity", b"-Infinity", b"1e400", b"-1e400", b"18446744073709551616", b"1" + b"0" * 400,
       b'"\xff\xfe"', b'"\xed\xa0\x80"', b'"\\ud800"', b"01", b"+1", b"0x10", b"'x'", b"nul"]

# Every row of the table, and the two structures; the prompt is each base's own.
TABLE = (pathlib.Path(__file__).resolve().parents[2] / "core/base/request_fields.cpp").read_text()
GENERATE = [*[name for name in re.findall(r'\.(?:boolean|integer|number|text|choice)\("(\w+)", &R::', TABLE)
              if name != "prompt"], "scheduler_options", "loras"]
IMAGES = ["prompt", *GENERATE, "size", "response_format", "on_disconnect", "quality", "style", "user",
          "background", "moderation", "output_compression", "input_fidelity",
          "stream", "partial_images", "strict", "aspect_ratio", "unknown"]
JOBS = ["prompt", *GENERATE, "image", "mask", "preview_every", "label", "priority", "deadline_seconds", "on_disconnect", "unknown"]
CHAT = ["model", "messages", "on_disconnect", "stream", "temperature", "top_p", "topP", "max_tokens", "n", "seed", "user",
        "tools", "functions", "sam_config", "samConfig", "metadata", "unknown"]
SETTINGS = [*[field for field in GENERATE if field != "model"], "num_images", "numImages", "guidanceScale",
            "negativePrompt", "lora_paths", "loraPaths", "lora_scales", "loraScales", "input_images", "inputImages",
            "input_image_urls", "model", "prompt", "unknown"]
CASES_AT_LEAST = 3000


def documents(base, fields, inside=None):
    """(field, param, body) for every field and value; `inside`: the member that holds the fields."""
    for field in fields:
        param = field if inside is None else f"{inside}.{field}"

        def body(value):
            members = {key: json.dumps(base[key]).encode() for key in base if key != field or inside is not None}
            if inside is None:
                members[field] = value
            else:
                members[inside] = b"{" + json.dumps(field).encode() + b":" + value + b"}"
            return b"{" + b",".join(json.dumps(key).encode() + b":" + text for key, text in members.items()) + b"}"

        for value in VALUES:
            yield field, param, body(json.dumps(value).encode()), True
            if isinstance(value, str):
                yield field, param, body(json.dumps(value, ensure_ascii=False).encode()), True
        for raw in RAW:
            yield field, param, body(raw), False


class Fields(ServerCase):
    SETTINGS = {"step_ms": 0, "queue_size": 100000}

    def check(self, path, base, fields, inside=None):
        link = self.server.connect()
        cases = refused = 0
        for field, param, body, is_json in documents(base, fields, inside):
            answer = self.server.ask("POST", path, body, connection=link)
            cases += 1
            self.assertIn(answer.status, (200, 202, 400, 404), (path, field, body[:200], answer.body[:300]))
            if answer.status not in (400, 404):
                continue
            refused += 1
            self.assertLess(len(answer.body), 10_000)
            error = answer.error
            if is_json:
                self.assertTrue(error["param"] is not None and error["param"].startswith(param),
                                (path, field, body[:200], error))
            self.assertTrue(error["message"])
        link.close()
        self.assertGreater(refused, 0)
        return cases

    def test_images(self):
        self.assertGreater(self.check("/v1/images/generations", {"prompt": "x"}, IMAGES), CASES_AT_LEAST / 3)

    def test_pictures_from_pictures(self):
        base = {"prompt": "x", "image": "data:image/png;base64," + base64.b64encode(PNG).decode()}
        self.assertGreater(self.check("/v1/images/edits", base, ["image", "mask", "size", "quality", "n", "strength",
                                                                 "stream", "partial_images", "strict"]), 400)
        self.assertGreater(self.check("/v1/images/variations", base, ["prompt", "image", "mask", "size", "n"]), 200)

    def test_jobs(self):
        self.assertGreater(self.check("/v1/jobs", {"prompt": "x"}, JOBS), CASES_AT_LEAST / 4)

    def test_chat(self):
        base = {"messages": [{"role": "user", "content": "x"}]}
        self.assertGreater(self.check("/v1/chat/completions", base, CHAT), CASES_AT_LEAST / 4)

    def test_chat_settings(self):
        base = {"messages": [{"role": "user", "content": "x"}]}
        for inside in ("sam_config", "metadata"):
            self.assertGreater(self.check("/v1/chat/completions", base, SETTINGS, inside), CASES_AT_LEAST / 4)

    def test_chat_messages(self):
        link = self.server.connect()
        for value in VALUES:
            for messages in (value, [value], [{"role": value, "content": "x"}], [{"role": "user", "content": value}],
                             [{"role": "user", "content": [value]}],
                             [{"role": "user", "content": [{"type": value, "text": "x"}]}],
                             [{"role": "user", "content": [{"type": "text", "text": value}]}]):
                answer = self.server.ask("POST", "/v1/chat/completions", {"messages": messages}, connection=link)
                self.assertIn(answer.status, (200, 400), (messages, answer.body))
                if answer.status == 400:
                    self.assertTrue(answer.error["param"].startswith("messages"), (messages, answer.error))
        link.close()

    def test_a_missing_prompt_is_named(self):
        for path in ("/v1/images/generations", "/v1/jobs"):
            self.assert_error(self.server.post(path, {}), 400, "bad_request", "prompt")
            self.assert_error(self.server.post(path, {"prompt": None}), 400, "bad_request", "prompt")
        self.assert_error(self.server.post("/v1/chat/completions", {}), 400, "bad_request", "messages")


class Accounts(ServerCase):
    """The bodies of /v1/auth, of which some are limited to a few each minute (429)."""

    SETTINGS = {"users": {"root": {"level": "admin"}}, "keys": {"me": {"level": "admin"}},
                "server": {"require_auth": True, "registration_mode": "open"}}

    def check(self, path, base, fields, status=(200, 201)):
        headers = {"Authorization": "Bearer " + self.server.keys["me"]}
        seen = set()
        for field, param, body, is_json in documents(base, fields):
            answer = self.server.ask("POST", path, body, headers)
            seen.add(answer.status)
            # 413: no field here is so long
            self.assertIn(answer.status, (*status, 400, 401, 403, 404, 409, 413, 429), (path, field, body[:200]))
            if answer.status == 400 and is_json:
                names = (param, re.sub("([A-Z])", r"_\1", param).lower())  # null is as good as nothing, in our spelling
                self.assertTrue((answer.error["param"] or "").startswith(names), (path, body[:200], answer.error))
        self.assertIn(400, seen, path)
        return seen

    def test_what_is_made(self):
        key = ["name", "level", "is_admin", "isAdmin", "access_level", "accessLevel", "scopes", "expires_days",
               "unknown"]
        self.assertIn(201, self.check("/v1/auth/keys/generate", {"name": "x"}, key))
        self.assertIn(201, self.check("/v1/auth/invites", {}, ["uses", "expires_hours", "expiresHours", "unknown"]))
        self.check("/v1/auth/users/nobody/level", {"level": "user"}, ["level", "unknown"])

    def test_who_comes(self):
        person = {"name": "x", "password": "long enough"}
        self.check("/v1/auth/sessions", person, ["name", "password", "unknown"])
        self.check("/v1/auth/register", person, ["name", "password", "invite_code", "unknown"])
        self.check("/v1/auth/bootstrap", {**person, "code": "x"}, ["name", "password", "code", "unknown"])
        for field in ("new_password", "newPassword"):
            self.check("/v1/auth/password", {"password": "x", field: "long enough"}, ["password", field, "unknown"])


class Bounds(ServerCase):
    """Of the fields alone: without a worker nothing is judged by a model."""

    SETTINGS = {"has_worker": False, "queue_size": 100000}

    def test_bounds_are_inclusive(self):
        for field, low, high in (("steps", 1, 1000), ("guidance_scale", 0, 100), ("guidance_rescale", 0, 1),
                                 ("guidance_start", 0, 1), ("guidance_end", 0, 1), ("deepcache_interval", 1, 10),
                                 ("clip_skip", 0, 100), ("width", 8, 8192), ("height", 8, 8192),
                                 ("seed", -1, 2**53 - 1), ("n", 1, 100), ("preview_every", 0, 1000),
                                 ("priority", -100, 100)):
            for value, status in ((low - 1, 400), (low, 202), (high, 202), (high + 1, 400)):
                answer = self.server.post("/v1/jobs", {"prompt": "x", field: value})
                self.assertEqual(answer.status, status, (field, value, answer.body))


if __name__ == "__main__":
    unittest.main()

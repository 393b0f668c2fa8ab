"""server.block_nsfw: a prompt with a blocked word is refused alike at every door, and the field is named."""

import base64
import unittest

from server import ServerCase
from test_pictures import PNG

PICTURE = "data:image/png;base64," + base64.b64encode(PNG).decode()


def requests(prompt):
    """(path, body, the name of the field)"""
    sdapi = {"prompt": prompt, "steps": 1}
    mcp = {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
           "params": {"name": "generate_image", "arguments": {"prompt": prompt}}}
    return [("/v1/images/generations", {"prompt": prompt}, "prompt"),
            ("/v1/images/edits", {"prompt": prompt, "image": PICTURE}, "prompt"),
            ("/v1/images/variations", {"prompt": prompt, "image": PICTURE}, "prompt"),
            ("/v1/jobs", {"prompt": prompt}, "prompt"),
            ("/v1/jobs", {"prompt": "a cat", "prompt_2": prompt}, "prompt_2"),
            ("/v1/chat/completions", {"messages": [{"role": "user", "content": prompt}]}, "messages"),
            ("/sdapi/v1/txt2img", sdapi, "prompt"),
            ("/sdapi/v1/img2img", {**sdapi, "init_images": [PICTURE]}, "prompt"),
            ("/mcp", mcp, "prompt")]


class BlockedWords(ServerCase):
    SETTINGS = {"blocked_words": ["riding", "bad thing"]}

    def answer(self, path, body):
        headers = {"Accept": "application/json, text/event-stream"} if path == "/mcp" else {}
        return self.server.post(path, body, headers)

    def test_every_door_refuses_alike_and_names_the_field(self):
        for prompt in ("a man RIDING a horse", "a bad, (thing:1.2)"):
            for path, body, field in requests(prompt):
                with self.subTest(path=path, prompt=prompt):
                    answer = self.answer(path, body)
                    self.assertIn(b"server.blocked_words", answer.body)
                    self.assertIn(field.encode(), answer.body)
                    if path == "/mcp":
                        self.assertTrue(answer.json["result"]["isError"])
                    else:
                        self.assertEqual(answer.status, 400, answer.body)

    def test_words_within_words_and_negative_prompts_are_let_in(self):
        for path, body, _ in requests("a bridging, a thing that is bad"):
            with self.subTest(path=path):
                self.assertIn(self.answer(path, body).status, (200, 202))
        self.assertEqual(self.server.post("/v1/jobs", {"prompt": "x", "negative_prompt": "riding"}).status, 202)


if __name__ == "__main__":
    unittest.main()

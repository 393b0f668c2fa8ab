"""ComfyUI's API where the queue is full, no worker is there, or keys are asked for."""

import unittest
import urllib.parse

from a1111_requests import PICTURE
from comfy_requests import form, text_graph
from server import wait_until
from test_comfy import Comfy


class Busy(Comfy):
    SETTINGS = {"queue_size": 1}

    def test_a_full_queue_says_when_to_come_again(self):
        self.queued(text_graph([("6", "text", "work")]))
        wait_until(lambda: self.server.get("/queue").json["queue_running"], "the job's begin")
        self.queued(text_graph())
        answer = self.post(text_graph())
        self.assertEqual(answer.status, 429)
        self.assertIn("retry-after", answer.headers)
        self.server.post("/queue", {"clear": True})
        self.server.post("/interrupt", {})


class Starting(Comfy):
    SETTINGS = {"has_worker": False}

    def test_without_a_worker_nothing_is_known_yet(self):
        answer = self.post(text_graph())
        self.assertEqual((answer.status, answer.headers["retry-after"]), (503, "1"))
        self.assertEqual(self.server.get("/object_info").status, 200)


class Keys(Comfy):
    SETTINGS = {"keys": {"ann": {}, "bob": {}}, "server": {"require_auth": True}}

    def ask_as(self, who, method, path, body=None):
        return self.server.ask(method, f"/k/{self.server.keys[who]}{path}", body)

    def test_prompts_uploads_and_pictures_are_their_owners_alone(self):
        prompt = self.ask_as("ann", "POST", "/prompt", {"prompt": text_graph()}).json["prompt_id"]
        wait_until(lambda: self.ask_as("ann", "GET", "/history/" + prompt).json, "the prompt's end")
        self.assertEqual(self.ask_as("bob", "GET", "/history").json, {})
        self.assertEqual(self.ask_as("bob", "GET", "/history/" + prompt).json, {})
        image = self.ask_as("ann", "GET", "/history").json[prompt]["outputs"]["9"]["images"][0]
        path = "/view?" + urllib.parse.urlencode(image)
        self.assertEqual(self.ask_as("ann", "GET", path).status, 200)
        self.assertEqual(self.ask_as("bob", "GET", path).status, 404)
        self.assertEqual(self.server.get(path).status, 401)

        hold = {"prompt": text_graph([("6", "text", "work")])}
        self.ask_as("ann", "POST", "/prompt", hold)
        wait_until(lambda: self.ask_as("ann", "GET", "/queue").json["queue_running"], "the job's begin")
        self.assertEqual(self.ask_as("bob", "GET", "/queue").json, {"queue_running": [], "queue_pending": []})
        self.ask_as("bob", "POST", "/interrupt")
        self.ask_as("bob", "POST", "/queue", {"clear": True})
        self.assertTrue(self.ask_as("ann", "GET", "/queue").json["queue_running"])
        self.ask_as("ann", "POST", "/interrupt")

        body, headers = form([("image", "ann.png", PICTURE)])
        self.server.ask("POST", f"/k/{self.server.keys['ann']}/upload/image", body, headers)
        self.assertEqual(self.ask_as("bob", "GET", "/view?filename=ann.png&type=input").status, 404)
        self.assertEqual(self.ask_as("ann", "GET", "/view?filename=ann.png&type=input").status, 200)


if __name__ == "__main__":
    unittest.main()

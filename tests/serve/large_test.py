#!/usr/bin/env python3
"""Pictures that are too large are refused, or fitted where a client cannot know better, and nobody else waits for them."""

import json
import unittest

from alice_server import BUILD, Server, wait_until

MODELS = BUILD.parent / "models"
ORDINARY = {"model": "sd/emoji-turbo", "prompt": "a cat", "seed": 1}
COUNT = 10


class Large(unittest.TestCase):
    def ended_pictures(self, ids):
        return sum(self.server.job(job)["status"] == "succeeded" for job in ids)

    def error_of(self, side):
        """Of a job that is too large: at once, or, while no worker has said what its models are, when it is begun."""
        status, _, body = self.server.call("POST", "/v1/jobs", {"model": "sd/emoji", "prompt": "a cat", "width": side,
                                                                "height": side})
        answer = json.loads(body)
        return answer["error"] if status == 400 else self.server.wait_ended(answer["id"])["error"]

    def check_sentence(self, error, side):
        self.assertEqual(error["code"], "bad_request")
        for words in (f"{side}x{side}", "65,536", "64x64", "generation.max_pixels"):
            self.assertIn(words, error["message"])

    def test_a_large_picture_delays_ordinary_ones_by_no_more_than_one_picture(self):
        with Server(models=MODELS) as self.server:
            self.server.wait_ready()
            ids = [self.server.submit(**ORDINARY) for _ in range(COUNT)]
            wait_until(lambda: self.ended_pictures(ids) >= 1, "the first of the ordinary pictures")
            for side in (1024, 8192):
                before = self.ended_pictures(ids)
                self.check_sentence(self.error_of(side), side)
                self.assertLessEqual(self.ended_pictures(ids) - before, 1, "it is refused without waiting in the queue")
            for job in ids:
                ended = self.server.wait_ended(job)
                self.assertEqual((ended["status"], ended["attempts"]), ("succeeded", 1))
            self.assertEqual(self.server.get_json("/health")["groups"][0]["deaths"], 0)

    def test_the_limit_is_the_configurations_of_all_models_or_of_one(self):
        config = "generation: {max_pixels: 4096}\nmodels: {sd/emoji-turbo: {max_pixels: 8192}}\n"
        with Server(models=MODELS, config=config) as self.server:
            self.server.wait_ready()
            for model, words in (("sd/emoji", ("4,096", "generation.max_pixels")),
                                 ("sd/emoji-turbo", ("8,192", "models.sd/emoji-turbo.max_pixels"))):
                job = self.server.submit(model=model, prompt="a cat", width=64, height=64, steps=4)
                self.assertEqual(self.server.wait_ended(job)["status"], "succeeded")
                status, _, body = self.server.call("POST", "/v1/images/generations",
                                                   {"model": model, "prompt": "a cat", "width": 136, "height": 64})
                self.assertEqual(status, 400, body)
                for word in ("136x64", *words):
                    self.assertIn(word, json.loads(body)["error"]["message"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""A server whose configuration names what cannot be had says so when it starts."""

import unittest

from alice_server import Server, wait_until


class BrokenConfigurationTest(unittest.TestCase):
    def test_a_server_none_of_whose_models_can_be_used_is_not_called_ready(self):
        with Server(config="backends: {fast: {plugin: cpu, options: {dtype: fp16}}}\n") as server:
            wait_until(lambda: "Not ready: none of the models can be used." in server.log(), "the greeting")
            self.assertIn("config.yaml:1:42: must be one of", server.log())
            self.assertNotIn("Ready. Models", server.log())
            model, = [one for one in server.get_json("/v1/models")["data"] if one["id"] == "sd/tiny"]
            self.assertIs(model["available"], False)

    def test_a_default_model_that_is_nowhere_is_told_at_the_start(self):
        with Server(config="models: {default_model: sd/nowhere}\n") as server:
            self.assertIn("config.yaml:1:25: models.default_model: there is no model 'sd/nowhere'", server.log())

    def test_the_greeting_says_what_size_a_model_is_for(self):
        with Server() as server:
            wait_until(lambda: "Ready. Models:" in server.log(), "the greeting")
            model, = [one for one in server.get_json("/v1/models")["data"] if one["id"] == "sd/tiny"]
            self.assertIn(f"\n  sd/tiny ({model['native_size']}): ", server.log())
            self.assertIn('"model": "sd/tiny", "prompt": "a cat in a hat"}', server.log())


if __name__ == "__main__":
    unittest.main()

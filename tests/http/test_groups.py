"""What is told of worker groups, and what may reload their plugins."""

import re
import unittest

from server import ServerCase

RELOAD = "/v1/plugins/reload"


class Groups(ServerCase):
    def test_health_tells_of_every_group(self):
        groups = self.server.get("/health").json["groups"]
        self.assertEqual([group["group"] for group in groups], ["default", "sandbox"])
        self.assertEqual([group["state"] for group in groups], ["ready", "resting"])
        self.assertEqual(groups[1]["models"], ["sd/broken"])
        self.assertEqual(groups[1]["trouble"], "the worker ended by SIGSEGV")
        self.assertNotIn("trouble", groups[0])

    def test_a_model_has_its_group_and_its_state(self):
        models = {model["id"]: (model["group"], model["state"]) for model in self.server.get("/v1/models").json["data"]}
        self.assertEqual(models, {"sd/emoji": ("default", "ready"), "sd/broken": ("sandbox", "resting")})
        self.assertEqual(self.server.get("/v1/models/sd/broken").json["state"], "resting")

    def test_prometheus_gets_a_sample_of_each_group(self):
        text = self.server.get("/metrics", {"Accept": "text/plain"}).body.decode()
        for family, value in (("workers", 0), ("queue_depth", 2), ("worker_deaths_total", 5), ("resting", 1)):
            found = re.search(rf'^alice_group_{family}{{group="sandbox"}} (\S+)$', text, re.MULTILINE)
            self.assertEqual(float(found[1]), value, family)

    def test_a_model_whose_workers_rest_is_refused_until_they_are_tried_again(self):
        for path in ("/v1/images/generations", "/v1/jobs"):
            answer = self.server.post(path, {"prompt": "x", "model": "sd/resting"})
            self.assert_error(answer, 503, "busy", "model")
            self.assertEqual(answer.headers["x-should-retry"], "true")
            self.assertTrue(3000 < int(answer.headers["retry-after"]) <= 3600, answer.headers["retry-after"])

    def test_a_reload_needs_the_configurations_word(self):
        answer = self.server.post(RELOAD, None)
        self.assert_error(answer, 403, "forbidden")
        self.assertIn("server.allow_plugin_reload", answer.error["message"])


class Reload(ServerCase):
    SETTINGS = {"server": {"allow_plugin_reload": True}}

    def test_a_reload_tells_what_each_group_has(self):
        answer = self.server.post(RELOAD, None)
        self.assertEqual(answer.status, 200)
        self.assertEqual([(group["group"], group["outcome"]) for group in answer.json["groups"]],
                         [("default", "unchanged"), ("sandbox", "loaded")])
        self.assertEqual(answer.json["groups"][1]["plugins"][0]["id"], "a")

    def test_a_page_of_another_site_may_not_ask_for_it(self):
        self.assert_error(self.server.post(RELOAD, None, {"Origin": "http://elsewhere.example"}), 403, "forbidden")


class RefusedReload(ServerCase):
    SETTINGS = {"server": {"allow_plugin_reload": True}, "reload_refused": "/p/a.so: is a damaged library"}

    def test_a_refused_reload_says_which_group_keeps_its_workers_and_why(self):
        answer = self.server.post(RELOAD, None)
        self.assert_error(answer, 409, "reload_refused")
        self.assertIn("sandbox: a.so: is a damaged library", answer.error["message"])
        self.assertEqual(answer.headers["x-should-retry"], "false")


if __name__ == "__main__":
    unittest.main()

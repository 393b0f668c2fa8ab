"""A1111's API where keys are asked for: each client's state is its own."""

import base64
import threading
import unittest

from server import ServerCase, wait_until


class Others(ServerCase):
    """With keys: nothing that one client has or does is another's."""

    SETTINGS = {"keys": {"ann": {}, "bob": {}}, "server": {"require_auth": True}}

    def call(self, who, method, path, body=None):
        shown = "anybody:" + self.server.keys[who]  # as Open WebUI, SillyTavern and webuiapi send it
        header = "Basic " + base64.b64encode(shown.encode()).decode()
        return self.server.ask(method, "/sdapi/v1/" + path, body, {"Authorization": header})

    def is_idle(self, who):
        return self.call(who, "GET", "progress").json["state"]["job_count"] == 0

    def test_options_progress_and_interrupt_are_each_keys_own(self):
        self.assertEqual(self.call("ann", "POST", "options", {"CLIP_stop_at_last_layers": 3}).status, 200)
        layers = [self.call(who, "GET", "options").json["CLIP_stop_at_last_layers"] for who in ("ann", "bob")]
        self.assertEqual(layers, [3, 1])
        answers = []
        thread = threading.Thread(target=lambda: answers.append(
            self.call("ann", "POST", "txt2img", {"prompt": "hold"})))
        thread.start()
        wait_until(lambda: not self.is_idle("ann"), "Ann's job")
        self.assertTrue(self.is_idle("bob"))
        self.assertEqual(self.call("bob", "POST", "interrupt").json, {})
        self.assertFalse(self.is_idle("ann"))
        self.call("ann", "POST", "interrupt")
        thread.join()
        self.assertEqual(answers[0].status, 499)

    def test_without_a_key_nothing_is_told(self):
        for method, path in (("GET", "options"), ("GET", "progress"), ("POST", "interrupt"), ("POST", "txt2img")):
            answer = self.server.ask(method, "/sdapi/v1/" + path, {} if method == "POST" else None)
            self.assertEqual(answer.status, 401, path)
            self.assertEqual(answer.json["detail"], answer.error["message"])


if __name__ == "__main__":
    unittest.main()

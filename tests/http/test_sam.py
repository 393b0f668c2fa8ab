"""The requests of SAM, the original ALICE's main client, as its ALICEProvider.swift sends them, and what its decoders
read (SyntheticAutonomicMind/SAM, August 2026): a member that is missing or of another type fails the whole answer."""

import json
import unittest

from server import PATIENCE, ServerCase, wait_until
from test_keys import path_of

# Of ALICEProvider.generateImages(): its own defaults, with every field that it may send.
SETTINGS = {"steps": 25, "guidance_scale": 7.5, "scheduler": "wave", "width": 64, "height": 64,
            "negative_prompt": "fog", "seed": 42}


def request(model="emoji", **changes):
    """SAM puts sd/ before a model that has it not, and leaves out a negative prompt that is empty and a seed below 0."""
    settings = {name: value for name, value in {**SETTINGS, **changes}.items() if value is not None}
    return {"model": model if model.startswith("sd/") else "sd/" + model,
            "messages": [{"role": "user", "content": "a cat"}], "metadata": settings}


class Sam(ServerCase):
    SETTINGS = {"keys": {"sam": {}, "bob": {}}, "server": {"require_auth": True}}

    def ask(self, method, path, body=None, key="sam"):
        headers = {} if key is None else {"X-Api-Key": self.server.keys[key]}
        return self.server.ask(method, path, body, headers)

    def assert_types(self, answer, **types):
        for name, kind in types.items():
            self.assertIs(type(answer[name]), kind, (name, answer))

    def test_health_is_asked_without_a_key_and_decoded(self):
        """ALICEHealthResponse: status, version, gpuAvailable or gpu_available, modelsLoaded or models_loaded."""
        answer = self.ask("GET", "/health", key=None)
        self.assertEqual(answer.status, 200)
        self.assert_types(answer.json, status=str, version=str, gpuAvailable=bool, modelsLoaded=int)

    def test_models_are_listed_and_decoded(self):
        """ALICEModelsResponse: object, data of id, object, created (a whole number), ownedBy or owned_by."""
        answer = self.ask("GET", "/v1/models")
        self.assert_types(answer.json, object=str, data=list)
        for model in answer.json["data"]:
            self.assert_types(model, id=str, object=str, created=int, ownedBy=str)
        self.assertEqual(self.ask("GET", "/v1/models", key=None).status, 401)  # "Invalid or missing API key"

    def test_a_picture_is_made_decoded_and_fetched_without_the_key(self):
        """ALICEChatResponse: id, object, created, model, choices[] of index, message (role, content, image_urls,
        metadata), finishReason or finish_reason, usage of promptTokens, completionTokens, totalTokens."""
        answer = self.ask("POST", "/v1/chat/completions", request())
        self.assertEqual(answer.status, 200, answer.body)
        self.assert_types(answer.json, id=str, object=str, created=int, model=str, choices=list, usage=dict)
        self.assert_types(answer.json["usage"], promptTokens=int, completionTokens=int, totalTokens=int)
        choice = answer.json["choices"][0]
        self.assert_types(choice, index=int, message=dict, finishReason=str)
        message = choice["message"]
        self.assert_types(message, role=str, content=str, image_urls=list, metadata=dict)
        self.assertEqual((answer.json["model"], message["role"]), ("sd/emoji", "assistant"))
        used = message["metadata"]
        self.assertEqual({name: used[name] for name in SETTINGS}, SETTINGS)  # they were not passed over
        url = message["image_urls"][0]
        self.assertRegex(url, "^http://")
        picture = self.server.get(path_of(url))  # URLSession.data(from:): no header of SAM's own
        self.assertEqual((picture.status, picture.headers["content-type"], picture.body[:4]),
                         (200, "image/png", b"\x89PNG"))

    def test_what_it_leaves_out_may_be_left_out(self):
        answer = self.ask("POST", "/v1/chat/completions", request("sd/emoji", negative_prompt=None, seed=None))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertGreaterEqual(answer.json["choices"][0]["message"]["metadata"]["seed"], 0)

    def test_the_statuses_that_it_tells_apart(self):
        """400 and 401 have sentences of their own, which bear the body's text; all else is one error."""
        wrong = self.ask("POST", "/v1/chat/completions", request(steps=0))
        self.assert_error(wrong, 400, "bad_request", "metadata.steps")
        self.assertEqual(self.ask("POST", "/v1/chat/completions", request(), key=None).status, 401)
        self.assertEqual(self.ask("POST", "/v1/chat/completions", request("nobody")).status, 404)

    def test_a_client_that_gives_up_frees_the_worker(self):
        link = self.server.connect()
        body = request()
        body["messages"][0]["content"] = "hold"
        link.request("POST", "/v1/chat/completions", json.dumps(body),
                     {"X-Api-Key": self.server.keys["sam"], "Content-Type": "application/json"})

        def running():
            return [job for job in self.ask("GET", "/v1/jobs").json["data"] if job["status"] == "running"]
        wait_until(running, f"the job's begin within {PATIENCE} s")
        link.close()
        wait_until(lambda: not running(), "its end")


if __name__ == "__main__":
    unittest.main()

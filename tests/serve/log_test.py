#!/usr/bin/env python3
"""The log: what a person reads at night, and what must not be in it."""

import json
import unittest

from alice_server import Server

SECRET = "a very private garden"


def use(server):
    """Good requests and bad ones; the id of a job."""
    server.wait_ready()
    job_id = server.submit(model="sd/tiny", prompt=SECRET, negative_prompt=SECRET + " too", steps=2)
    server.wait_ended(job_id)
    long_prompt = SECRET + " and more" * 200  # is cut off, with a warning
    for request in ({"prompt": long_prompt, "steps": 1}, {"prompt": SECRET + " <lora:x:y>", "steps": 1},
                    {"prompt": f"<lora:{SECRET}>", "steps": 1}, {"prompt": SECRET, "stepz": SECRET},
                    {"prompt": SECRET, "size": SECRET}, {"prompt": [SECRET]}):
        server.call("POST", "/v1/images/generations", request)
    server.call("POST", "/v1/images/generations", '{"prompt": "' + SECRET, {"Content-Type": "application/json"})
    elsewhere = {"/v1/jobs": {"prompt": SECRET, "label": SECRET, "steps": 1, "deadline_seconds": 60},
                 "/v1/chat/completions": {"messages": [{"role": "user", "content": SECRET}]},
                 "/sdapi/v1/txt2img": {"prompt": SECRET, "steps": 1, "alwayson_scripts": {"x": {"args": [SECRET]}}},
                 "/mcp": {"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                          "params": {"name": "generate_image", "arguments": {"prompt": SECRET, "steps": 1}}}}
    for path, body in elsewhere.items():
        server.call("POST", path, body, {"Accept": "application/json"})
        server.call("POST", path, {**body, "steps": SECRET, SECRET: 1}, {"Accept": "application/json"})
    server.call("GET", "/v1/jobs", headers={"Authorization": "Bearer " + SECRET, "X-Api-Key": SECRET})
    server.call("GET", "/v1/jobs?status=" + SECRET.replace(" ", "+"))
    server.call("GET", "/" + SECRET.replace(" ", "-"))
    return job_id


class LogTest(unittest.TestCase):
    def test_no_word_of_a_prompt_is_logged_unless_asked(self):
        with Server(environment={"ALICE_LOG_LEVEL": "debug"}) as server:
            use(server)
            self.assertIn(" POST /v1/images/generations 400 ", server.log())
            for word in SECRET.split()[1:]:
                self.assertNotIn(word, server.log())
        with Server(config="logging: {prompts: true}\n") as server:
            use(server)
            self.assertIn(SECRET, server.log())

    def test_json_lines_are_json_and_those_about_a_job_have_its_ids(self):
        with Server(config="logging: {format: json}\n") as server:
            job_id = use(server)
            lines = [json.loads(line) for line in server.log().splitlines() if line.startswith("{")]
            of_job = [line for line in lines if line.get("job") == job_id]
            self.assertGreaterEqual(len(of_job), 3)  # queued, begun, succeeded
            for line in of_job:
                self.assertEqual(line["request"], of_job[0]["request"])
            for line in lines:
                self.assertTrue({"time", "level", "message"} <= set(line), line)
            self.assertFalse([line for line in server.log().splitlines() if " info " in line or " warning " in line])

    def test_requests_are_told_at_the_default_level_unless_the_configuration_says_no(self):
        for config, count in (("", 1), ("logging: {requests: false}\n", 0)):
            with Server(config=config, environment={"ALICE_LOG_LEVEL": "warning"}) as server:
                server.call("GET", "/v1/jobs")
                server.call("GET", "/health")
                server.stop()
                lines = [line for line in server.log().splitlines() if " request=" in line]
                self.assertEqual(len(lines), count, lines)
                for line in lines:
                    self.assertRegex(line, r" info .*request=\S+ GET /v1/jobs 200 [0-9.]+ ms$")


if __name__ == "__main__":
    unittest.main(verbosity=2)

"""POST /mcp: the Model Context Protocol, of both eras."""

import base64
import hashlib
import json
import time
import unittest

import jsonschema

from server import ServerCase
from test_fields import VALUES
from test_pictures import PNG

STATELESS = "2026-07-28"
HANDSHAKES = ("2025-11-25", "2025-06-18", "2025-03-26")
BOTH = "application/json, text/event-stream"
META = {"io.modelcontextprotocol/protocolVersion": STATELESS, "io.modelcontextprotocol/clientCapabilities": {}}


def events_of(answer):
    """The messages of an answer that came as events; words between them are passed over."""
    return [json.loads(line[6:]) for line in answer.body.decode().split("\n") if line.startswith("data: ")]


class Mcp(ServerCase):
    def old(self, method, params=None, accept="application/json", version=None, **more):
        """A message of the era of the handshake."""
        headers = {"Accept": accept}
        if version:
            headers["MCP-Protocol-Version"] = version
        body = {"jsonrpc": "2.0", "id": 7, "method": method, **more}
        if params is not None:
            body["params"] = params
        return self.server.post("/mcp", body, headers)

    def new(self, method, params=None, accept="application/json", headers=None, meta=None, **more):
        """A message of the stateless era."""
        params = dict(params or {}, _meta=dict(META if meta is None else meta))
        own = {"Accept": accept, "MCP-Protocol-Version": STATELESS, "Mcp-Method": method}
        if "name" in params:
            own["Mcp-Name"] = params["name"]
        own.update(headers or {})
        own = {name: value for name, value in own.items() if value is not None}
        return self.server.post("/mcp", {"jsonrpc": "2.0", "id": "a", "method": method, "params": params, **more}, own)

    def call(self, tool, arguments, **more):
        return self.new("tools/call", {"name": tool, "arguments": arguments}, **more)

    def result(self, answer):
        self.assertEqual(answer.status, 200, answer.body)
        message = answer.json
        self.assertEqual((message["jsonrpc"], message["id"]), ("2.0", "a"))
        self.assertEqual(message["result"]["resultType"], "complete")
        return message["result"]

    # --- the handshake's era

    def test_a_handshake_agrees_on_the_version_that_is_asked_for_or_on_the_newest_of_its_era(self):
        for asked in HANDSHAKES:
            answer = self.old("initialize", {"protocolVersion": asked, "capabilities": {},
                                             "clientInfo": {"name": "x", "version": "1"}})
            result = answer.json["result"]
            self.assertEqual(result["protocolVersion"], asked)
            self.assertEqual(result["capabilities"], {"tools": {}})
            self.assertTrue(result["serverInfo"]["name"] and result["serverInfo"]["version"])
            self.assertNotIn("resultType", result)
            self.assertNotIn("mcp-session-id", answer.headers)
        for asked in ("2024-11-05", STATELESS, "x", None):
            self.assertEqual(self.old("initialize", {"protocolVersion": asked}).json["result"]["protocolVersion"],
                             HANDSHAKES[0])

    def test_notifications_are_taken_without_an_answer(self):
        for headers in ({}, {"MCP-Protocol-Version": HANDSHAKES[1]}, {"MCP-Protocol-Version": STATELESS}):
            body = {"jsonrpc": "2.0", "method": "notifications/initialized"}
            answer = self.server.post("/mcp", body, {"Accept": BOTH, **headers})
            self.assertEqual((answer.status, answer.body), (202, b""))

    def test_nothing_depends_on_an_earlier_request(self):
        for version in (None, *HANDSHAKES):
            tools = self.old("tools/list", version=version).json["result"]["tools"]
            self.assertEqual([tool["name"] for tool in tools],
                             ["generate_image", "edit_image", "list_models", "get_job", "cancel_job"])
        self.assertEqual(self.old("ping").json["result"], {})

    def test_a_method_that_there_is_not_is_no_fault_of_http_in_the_old_era(self):
        answer = self.old("resources/list")
        self.assertEqual((answer.status, answer.json["error"]["code"], answer.json["id"]), (200, -32601, 7))

    def test_there_is_no_stream_and_no_session(self):
        for method in ("GET", "DELETE"):
            self.assertEqual(self.server.ask(method, "/mcp", headers={"Accept": BOTH}).status, 405)

    # --- the stateless era

    def test_discovery_tells_versions_and_how_long_that_holds(self):
        result = self.result(self.new("server/discover"))
        self.assertEqual(result["supportedVersions"], [STATELESS, *HANDSHAKES])
        self.assertEqual(result["capabilities"], {"tools": {}})
        self.assertIn("name", result["_meta"]["io.modelcontextprotocol/serverInfo"])
        self.assertGreater(result["ttlMs"], 0)
        listed = self.result(self.new("tools/list"))
        self.assertIn(listed["cacheScope"], ("public", "private"))
        self.assertGreater(listed["ttlMs"], 0)

    def test_headers_must_say_what_the_message_says(self):
        cases = [
            ({"MCP-Protocol-Version": None}, None),
            ({"MCP-Protocol-Version": "2025-11-25"}, None),
            ({"Mcp-Method": None}, None),
            ({"Mcp-Method": "tools/call"}, None),
            ({"Mcp-Method": "Tools/List"}, None),
            ({}, {}),  # no version in the message
        ]
        for headers, meta in cases:
            answer = self.new("tools/list", headers=headers, meta=meta)
            self.assertEqual((answer.status, answer.json["error"]["code"]), (400, -32020), (headers, answer.body))
        for name in (None, "get_job", "=?base64?!!?=", "=?base64?" + base64.b64encode(b"get_job").decode() + "?="):
            answer = self.call("list_models", {}, headers={"Mcp-Name": name})
            self.assertEqual((answer.status, answer.json["error"]["code"]), (400, -32020), name)
        encoded = "=?base64?" + base64.b64encode(b"list_models").decode() + "?="
        self.assertIn("models", self.result(self.call("list_models", {}, headers={"Mcp-Name": encoded}))["structuredContent"])

    def test_a_version_that_is_not_served_is_told_those_that_are(self):
        meta = dict(META, **{"io.modelcontextprotocol/protocolVersion": "1900-01-01"})
        answer = self.new("tools/list", headers={"MCP-Protocol-Version": "1900-01-01"}, meta=meta)
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.json["error"]["code"], -32022)
        self.assertEqual(answer.json["error"]["data"],
                         {"supported": [STATELESS, *HANDSHAKES], "requested": "1900-01-01"})
        self.assertEqual(self.old("tools/list", version="1900-01-01").json["error"]["code"], -32022)

    def test_a_method_that_there_is_not_is_404(self):
        for method in ("initialize", "ping", "prompts/list", "subscriptions/listen"):
            answer = self.new(method)
            self.assertEqual((answer.status, answer.json["error"]["code"]), (404, -32601), method)

    # --- what is no message

    def test_what_is_no_message_is_said_so(self):
        cases = [
            (b"{", -32700), (b"[]", -32700), (b"[{}]", -32700), (b"", -32700), (b"\xff", -32700),
            ({"id": 1, "method": "ping"}, -32600),
            ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, -32600),
            ({"jsonrpc": "2.0", "id": 1, "result": {}}, -32600),
            ({"jsonrpc": "2.0", "id": 1, "method": 5}, -32600),
            ({"jsonrpc": "2.0", "id": None, "method": "ping"}, -32600),
            ({"jsonrpc": "2.0", "id": [1], "method": "ping"}, -32600),
            ({"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}, -32600),
        ]
        for body, code in cases:
            answer = self.server.post("/mcp", body)
            self.assertEqual((answer.status, answer.json["error"]["code"]), (400, code), body)

    def test_pages_of_other_sites_may_not_call(self):
        answer = self.server.post("/mcp", {"jsonrpc": "2.0", "id": 1, "method": "ping"},
                                  {"Origin": "http://evil.example", "Accept": BOTH})
        self.assertEqual(answer.status, 403)
        self.assertEqual(self.server.post("/mcp", b"{}", {"Content-Type": "text/plain"}).status, 415)

    # --- tools

    def test_schemas_are_valid_and_stand_alone(self):
        tools = self.result(self.new("tools/list"))["tools"]
        for tool in tools:
            jsonschema.Draft202012Validator.check_schema(tool["inputSchema"])
            self.assertNotIn("$ref", json.dumps(tool))
            self.assertEqual(tool["inputSchema"]["additionalProperties"], False)
            self.assertTrue(tool["title"] and tool["description"])
        generate = tools[0]["inputSchema"]
        self.assertEqual(generate["required"], ["prompt"])
        self.assertNotIn("strength", generate["properties"])
        self.assertIn("strength", tools[1]["inputSchema"]["properties"])
        jsonschema.validate({"prompt": "a cat", "seed": 7, "steps": 4, "wait_seconds": 3}, generate)
        self.assertLess(len(json.dumps(tools)), 40_000)  # a model reads all of it

    def test_pictures_come_in_the_answer_with_their_addresses(self):
        result = self.result(self.call("generate_image", {"prompt": "a cat", "seed": 7, "n": 2}))
        self.assertIs(result["isError"], False)
        data = result["structuredContent"]
        self.assertEqual(data["status"], "succeeded")
        self.assertEqual([image["seed"] for image in data["images"]], [7, 8])
        pictures = [part for part in result["content"] if part["type"] == "image"]
        self.assertEqual(len(pictures), 2)
        path = data["images"][0]["url"].split("/", 3)[3]
        self.assertEqual(base64.b64decode(pictures[0]["data"]), self.server.get("/" + path).body)
        text = result["content"][-1]["text"]
        self.assertIn(data["job"], text)
        self.assertIn(data["images"][1]["url"], text)
        self.assertEqual(self.server.get("/v1/jobs/" + data["job"]).json["request"]["output_format"], "jpeg")

    def test_progress_rises_until_the_answer(self):
        meta = dict(META, progressToken="p")
        answer = self.call("generate_image", {"prompt": "a cat"}, accept=BOTH, meta=meta)
        self.assertTrue(answer.headers["content-type"].startswith("text/event-stream"))
        *progress, last = events_of(answer)
        self.assertTrue(progress)
        values = [one["params"]["progress"] for one in progress]
        self.assertEqual(values, sorted(set(values)))
        for one in progress:
            self.assertEqual((one["method"], one["params"]["progressToken"]), ("notifications/progress", "p"))
        self.assertEqual(last["id"], "a")
        self.assertEqual(last["result"]["structuredContent"]["status"], "succeeded")
        silent = events_of(self.call("generate_image", {"prompt": "a cat"}, accept=BOTH))
        self.assertEqual(len(silent), 1)

    def test_faults_of_arguments_are_told_to_the_model(self):
        cases = [
            ("generate_image", {}, "prompt: is missing"),
            ("generate_image", {"prompt": "x", "steps": "many"}, "steps"),
            ("generate_image", {"prompt": "x", "stepps": 3}, "did you mean 'steps'?"),
            ("generate_image", {"prompt": "x", "wait_seconds": -1}, "wait_seconds"),
            ("generate_image", {"prompt": "x", "model": "sd/none"}, "there is no model"),
            ("generate_image", {"prompt": "x", "strength": 0.5}, "strength"),
            ("edit_image", {"prompt": "x"}, "image: is missing"),
            ("edit_image", {"prompt": "x", "image": "!!"}, "image"),
            ("edit_image", {"prompt": "x", "job": "0" * 32}, "there is no job"),
            ("get_job", {}, "job: is missing"),
            ("get_job", {"job": "0" * 32}, "there is no job"),
            ("get_job", {"job": "../x"}, "there is no job"),
            ("cancel_job", {"job": 5}, "job"),
            ("list_models", {"x": 1}, "x"),
            ("generate_image", {"prompt": "fail:internal x"}, ""),
        ]
        for tool, arguments, sentence in cases:
            result = self.result(self.call(tool, arguments))
            self.assertIs(result["isError"], True, (tool, arguments))
            self.assertIn(sentence, result["content"][0]["text"], (tool, arguments))
            self.assertNotIn("/srv/", json.dumps(result))

    def test_every_argument_in_every_wrong_way_is_no_fault_of_the_server_and_is_named(self):
        job = self.server.post("/v1/jobs", {"prompt": "x"}).json["id"]
        base = {"generate_image": {"prompt": "x"}, "get_job": {"job": job}, "cancel_job": {"job": job},
                "edit_image": {"prompt": "x", "image": base64.b64encode(PNG).decode()}, "list_models": {}}
        calls = refused = 0
        for tool in self.new("tools/list").json["result"]["tools"]:
            for argument in [*tool["inputSchema"].get("properties", {}), "unknown"]:
                for value in VALUES:
                    if argument == "wait_seconds" and value in (7, 8, 64, 100):
                        continue  # right, and slow
                    result = self.result(self.call(tool["name"], {**base[tool["name"]], argument: value}))
                    said = result["content"][0].get("text", "") if result.get("isError") else argument
                    self.assertIn(argument.split("_")[0], said, (tool["name"], argument, str(value)[:80]))
                    self.assertNotIn("internal fault", said)
                    calls, refused = calls + 1, refused + bool(result.get("isError"))
        self.assertGreater(calls, 2000)
        self.assertGreater(refused, calls // 3)

    def test_tools_that_there_are_not_are_faults_of_the_message(self):
        for name, arguments in (("nothing", {}), ("generate_image", []), ("generate_image", "x")):
            answer = self.call(name, arguments)
            self.assertEqual(answer.json["error"]["code"], -32602, answer.body)
        self.assertEqual(self.old("tools/call", {"arguments": {}}).json["error"]["code"], -32602)

    def test_who_need_not_wait_gets_the_jobs_id_and_fetches_it_later(self):
        begun = self.result(self.call("generate_image", {"prompt": "hold", "wait_seconds": 0}))
        self.assertIs(begun["isError"], False)
        job = begun["structuredContent"]["job"]
        self.assertIn(begun["structuredContent"]["status"], ("queued", "running"))
        self.assertIn(job, begun["content"][0]["text"])
        waiting = self.result(self.call("get_job", {"job": job, "wait_seconds": 0.3}))
        self.assertEqual(waiting["structuredContent"]["job"], job)
        cancelled = self.result(self.call("cancel_job", {"job": job}))
        self.assertEqual(cancelled["structuredContent"], {"job": job, "status": "cancelled"})
        self.assertIs(self.result(self.call("get_job", {"job": job}))["isError"], True)

    def test_a_finished_job_is_fetched_with_its_pictures(self):
        made = self.result(self.call("generate_image", {"prompt": "a cat", "seed": 3}))
        again = self.result(self.call("get_job", {"job": made["structuredContent"]["job"]}))
        self.assertEqual(made, again)

    def test_a_picture_of_an_earlier_job_is_changed_by_its_id(self):
        made = self.result(self.call("generate_image", {"prompt": "a cat", "n": 2}))["structuredContent"]["job"]
        edited = self.result(self.call("edit_image", {"prompt": "a dog", "job": made, "index": 1, "strength": 0.5}))
        request = self.server.get("/v1/jobs/" + edited["structuredContent"]["job"]).json["request"]
        picture = self.server.get("/v1/jobs/" + made).json["images"][1]
        bytes_of = self.server.get("/images/" + picture["file"]).body
        self.assertEqual(request["image"], {"sha256": hashlib.sha256(bytes_of).hexdigest()})
        self.assertEqual(request["strength"], 0.5)
        for arguments in ({"index": 2}, {"image": base64.b64encode(bytes_of).decode()}):
            result = self.result(self.call("edit_image", {"prompt": "x", "job": made, **arguments}))
            self.assertIs(result["isError"], True, arguments)

    def test_a_picture_is_brought_in_base64(self):
        made = self.result(self.call("generate_image", {"prompt": "a cat"}))
        data = next(part["data"] for part in made["content"] if part["type"] == "image")
        for sent in (data, "data:image/png;base64," + data):
            self.assertIs(self.result(self.call("edit_image", {"prompt": "a dog", "image": sent}))["isError"], False)

    # --- clients that leave

    def leave(self, new):
        """Asks for a picture that takes for ever, leaves, and returns what becomes of its job."""
        params = {"name": "generate_image", "arguments": {"prompt": "hold", "wait_seconds": 600}}
        headers = {"Accept": BOTH, "Content-Type": "application/json"}
        if new:
            params["_meta"] = META
            headers.update({"MCP-Protocol-Version": STATELESS, "Mcp-Method": "tools/call", "Mcp-Name": "generate_image"})
        connection = self.server.connect()
        connection.request("POST", "/mcp", json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call",
                                                       "params": params}), headers)
        response = connection.getresponse()
        job = response.getheader("x-job-id")
        self.assertTrue(job)
        connection.close()
        response.close()
        for _ in range(100 if new else 10):
            status = self.server.get("/v1/jobs/" + job).json["status"]
            if status == "cancelled":
                break
            time.sleep(0.05)
        self.server.ask("DELETE", "/v1/jobs/" + job)
        return status

    def test_a_client_that_leaves_cancels_its_job_in_the_stateless_era_alone(self):
        self.assertEqual(self.leave(new=True), "cancelled")
        self.assertIn(self.leave(new=False), ("queued", "running"))


if __name__ == "__main__":
    unittest.main()

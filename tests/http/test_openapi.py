"""GET /openapi.json says what the server does: every route, and for each field what is taken and what is refused."""

import copy
import json
import pathlib
import re
import unittest

import jsonschema

from people import Browser
from server import ServerCase

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUTE = re.compile(r'"(GET|POST|DELETE)",\s*"(/[^"]*)"')
# Other names of /health, / and OpenAI's routes.
TWINS = {("GET", "/api/health"), ("GET", "/docs"), ("GET", "/v1/models/loras"), ("POST", "/images/generations"), ("POST", "/images/edits"),
         ("POST", "/images/variations")}
ERROR = {"$ref": "#/components/responses/Error"}


def closed(schema):
    """The schema without room for members that it does not name."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {name: closed(inner) for name, inner in schema.items()}
    if out.get("type") == "object" and "properties" in out:
        out.setdefault("additionalProperties", False)
    return out


def number_schema(schema):
    """The schema's part that bounds a number, or None."""
    for one in schema.get("anyOf", [schema]):
        if one.get("type") in ("integer", "number"):
            return one
    return None


class OpenApi(ServerCase):
    def setUp(self):
        self.document = self.server.get("/openapi.json").json

    def body_schema(self, path):
        return self.document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]

    def test_every_route_is_described_and_nothing_else(self):
        self.assertTrue(self.document["openapi"].startswith("3.1"))
        routes = set()
        for source in (ROOT / "server/front/http").rglob("*.cpp"):
            routes.update(ROUTE.findall(source.read_text()))
        self.assertGreaterEqual(len(routes), 17)
        described = {(method.upper(), path) for path, item in self.document["paths"].items() for method in item}
        self.assertEqual({(method, path.replace("...}", "}")) for method, path in routes} - TWINS, described)

    def operations(self):
        for path, item in self.document["paths"].items():
            for method, operation in item.items():
                yield method, path, operation

    def test_every_operation_has_a_name_a_summary_its_parameters_and_the_shapes_of_its_answers(self):
        tags = {tag["name"] for tag in self.document["tags"]}
        names = [operation["operationId"] for _, _, operation in self.operations()]
        self.assertEqual(len(names), len(set(names)))
        for _, path, operation in self.operations():
            self.assertTrue(operation["summary"], path)
            self.assertLessEqual(set(operation["tags"]), tags)
            answers = dict(operation["responses"])
            self.assertEqual((answers.pop("4XX"), answers.pop("5XX")), (ERROR, ERROR))
            for status, answer in answers.items():
                self.assertRegex(status, "^2..$")
                for content in answer["content"].values():
                    self.assertIn("$ref", content["schema"], path)
            named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            self.assertEqual(named, set(re.findall(r"{(\w+)}", path)), path)

    def test_what_is_required_is_described(self):
        def look(schema):
            if isinstance(schema, dict):
                if schema.get("type") == "object" and isinstance(schema.get("required"), list):
                    self.assertLessEqual(set(schema["required"]), set(schema.get("properties", {})), schema)
                schema = list(schema.values())
            if isinstance(schema, list):
                for inner in schema:
                    look(inner)

        look(self.document)

    def test_the_licence_is_told_and_that_no_keys_are_asked_for(self):
        self.assertEqual(self.document["info"]["license"]["identifier"], "Apache-2.0")
        for _, path, operation in self.operations():
            ways = operation["security"]
            if operation["operationId"] in ("deleteModel", "deleteLora"):  # these are administrators' always
                self.assertEqual([way["bearer"] for way in ways if "bearer" in way], [["admin"]], path)
            elif not path.startswith("/v1/auth"):  # who somebody is, is always asked there
                self.assertEqual(ways, [], path)

    def test_every_reference_leads_somewhere(self):
        def follow(value):
            if isinstance(value, dict):
                if "$ref" in value:
                    target = self.document
                    for name in value["$ref"].removeprefix("#/").split("/"):
                        target = target[name]
                for inner in value.values():
                    follow(inner)
            elif isinstance(value, list):
                for inner in value:
                    follow(inner)

        follow(self.document)

    def test_the_fields_of_a_request_are_those_that_are_taken(self):
        unknown = "x" * 28
        for path in ("/v1/images/generations", "/v1/jobs"):
            properties = self.body_schema(path)["properties"]
            message = self.server.post(path, {"prompt": "x", unknown: 1}).error["message"]
            allowed = set(re.search(r"\(allowed: ([^)]*)\)", message)[1].split(", ")) - {"..."}
            for name in allowed - set(properties):  # what is known and refused
                answer = self.server.post(path, {"prompt": "x", name: True})
                self.assertEqual(answer.status, 400, name)
                self.assertEqual(answer.error["param"], name)
            self.assertIn("guidance_scale", properties)
            self.assertEqual(["prompt"], self.body_schema(path)["required"])

    def test_numbers_beyond_a_bound_are_refused_and_the_bounds_are_taken(self):
        tried = 0
        for path in ("/v1/images/generations", "/v1/jobs"):
            for name, schema in self.body_schema(path)["properties"].items():
                number = number_schema(schema)
                if number is None:
                    continue
                for bound, beyond in (("minimum", -1), ("maximum", 1)):
                    if bound not in number:
                        continue
                    answer = self.server.post(path, {"prompt": "x", name: number[bound] + beyond})
                    self.assertEqual((answer.status, answer.error["param"]), (400, name))
                    tried += 1
        self.assertGreater(tried, 20)

    def test_the_chat_has_its_settings_in_both_spellings(self):
        properties = self.body_schema("/v1/chat/completions")["properties"]
        for name in ("sam_config", "samConfig", "metadata"):
            settings = properties[name]["properties"]
            self.assertEqual(settings["guidance_scale"], settings["guidanceScale"])
            self.assertEqual(settings["num_images"], settings["n"])
            self.assertNotIn("prompt", settings)

    def test_the_schedulers_are_those_of_the_plugins_with_their_options(self):
        schemas = self.document["components"]["schemas"]
        schedulers = self.server.get("/v1/plugins").json["kinds"]["scheduler"]
        names = {one["id"] for one in schedulers} | {alias["name"] for one in schedulers for alias in one["aliases"]}
        self.assertEqual(names | {""}, set(schemas["Scheduler"]["enum"]))
        options = {one["title"]: one["properties"] for one in schemas["SchedulerOptions"]["anyOf"]}
        for one in schedulers:
            self.assertEqual({option["name"] for option in one["options"]}, set(options[one["id"]]))
        self.assertEqual((0.0, 10.0), tuple(options["plain"]["strength"][bound] for bound in ("minimum", "maximum")))
        self.assertEqual(["sd/emoji"], schemas["ModelId"]["examples"])


class Answers(ServerCase):
    """What is really answered is what is described, and no member more."""

    SETTINGS = {"server": {"allow_plugin_reload": True}}

    def setUp(self):
        self.document = self.server.get("/openapi.json").json
        self.schemas = closed(copy.deepcopy(self.document["components"]["schemas"]))

    def check(self, name, value):
        schema = {"$ref": "#/components/schemas/" + name, "components": {"schemas": self.schemas}}
        faults = list(jsonschema.Draft202012Validator(schema).iter_errors(value))
        self.assertFalse(faults, (name, value))

    def check_answer(self, method, path, body=None, described=None):
        answer = self.server.ask(method, path, body)
        operation = self.document["paths"][described or path.partition("?")[0]][method.lower()]
        content = operation["responses"][str(answer.status)]["content"]["application/json"]
        self.check(content["schema"]["$ref"].rpartition("/")[2], answer.json)
        return answer.json

    def test_how_the_server_is_and_what_it_has(self):
        for path in ("/health", "/livez", "/readyz", "/metrics", "/v1/models", "/v1/loras", "/v1/plugins",
                     "/v1/generation/defaults", "/v1/generation/defaults?model=emoji", "/openapi.json"):
            self.check_answer("GET", path)
        self.check_answer("GET", "/v1/models/sd/emoji", described="/v1/models/{id}")
        self.check_answer("GET", "/v1/models/broken", described="/v1/models/{id}")
        self.check_answer("POST", "/v1/models/refresh")
        self.check_answer("POST", "/v1/plugins/reload")

    def test_pictures(self):
        for form in ("url", "b64_json"):
            self.check_answer("POST", "/v1/images/generations", {"prompt": "x", "n": 2, "response_format": form,
                                                                 "quality": "hd"})
        for modalities in (None, ["image", "text"]):
            self.check_answer("POST", "/v1/chat/completions",
                              {"messages": [{"role": "user", "content": "x"}], "modalities": modalities})

    def test_pictures_as_events(self):
        for prompt, n in (("x", 2), ("die", 1)):
            answer = self.server.post("/v1/images/generations",
                                      {"prompt": prompt, "n": n, "stream": True, "partial_images": 3})
            events = re.findall(r"data: (.*)\n", answer.body.decode())
            self.assertGreaterEqual(len(events), n)
            for data in events:
                self.check("ImageEvent", json.loads(data))

    def test_jobs_and_their_events(self):
        held = self.check_answer("POST", "/v1/jobs", {"prompt": "hold"})["id"]  # the others wait for its end
        ids = [held]
        self.addCleanup(self.server.ask, "DELETE", f"/v1/jobs/{held}")
        for prompt, n in (("x", 2), ("fail:bad_request", 1), ("die", 1)):
            body = {"prompt": prompt, "n": n, "preview_every": 1, "loras": [{"name": "soft", "strength": 0.5}]}
            ids.append(self.check_answer("POST", "/v1/jobs", body)["id"])
        link = self.server.connect()
        link.request("GET", f"/v1/jobs/{ids[1]}/events")
        stream = link.getresponse()
        self.check_answer("DELETE", f"/v1/jobs/{held}", described="/v1/jobs/{id}")
        events = re.findall(r"event: (\w+)\ndata: (.*)\n", stream.read().decode())
        link.close()
        self.assertLessEqual({"position", "step", "preview", "done"}, {name for name, _ in events})
        for _, data in events:
            self.check("JobEvent", json.loads(data))
        for job in ids:
            self.server.get(f"/v1/jobs/{job}/events")  # until its end
            self.check_answer("GET", f"/v1/jobs/{job}", described="/v1/jobs/{id}")
        self.check_answer("GET", "/v1/jobs?limit=3")

    def test_errors(self):
        for answer in (self.server.post("/v1/jobs", {}), self.server.get("/none"),
                       self.server.post("/v1/images/generations", {"prompt": "die"})):
            self.check("Error", answer.json)

    def test_the_test_finds_a_member_that_is_not_described(self):
        with self.assertRaises(AssertionError):
            self.check("Status", {"status": "ok", "more": 1})


class AccountAnswers(ServerCase):
    """The same of /v1/auth, asked by who is signed in."""

    SETTINGS = {"users": {"root": {"level": "admin"}, "eve": {"state": "waiting"}},
                "server": {"require_auth": True, "registration_mode": "open"}}
    setUp, check = Answers.setUp, Answers.check

    def check_as(self, browser, method, path, body=None, described=None):
        answer = browser.ask(method, path, body)
        operation = self.document["paths"][described or path.partition("?")[0]][method.lower()]
        content = operation["responses"][str(answer.status)]["content"]["application/json"]
        self.check(content["schema"]["$ref"].rpartition("/")[2], answer.json)
        return answer.json

    def test_accounts(self):
        root = Browser(self.server)
        credentials = {"name": "root", "password": "password of root"}
        self.check_as(root, "GET", "/v1/auth/me")
        self.check_as(root, "GET", "/v1/auth/registration-mode")
        self.check_as(root, "POST", "/v1/auth/sessions", credentials)
        self.check_as(root, "GET", "/v1/auth/me")
        self.check_as(root, "POST", "/v1/auth/register", {"name": "new", "password": "long enough"})
        self.check_as(root, "POST", "/v1/auth/password",
                      {"password": credentials["password"], "new_password": credentials["password"]})
        for what, field, made in (("keys/generate", "name", "keys"), ("invites", "uses", "invites")):
            self.check_as(root, "POST", "/v1/auth/" + what, {field: "x" if field == "name" else 1})
            self.check_as(root, "GET", "/v1/auth/" + made)
        key = root.get("/v1/auth/keys").json["data"][0]["id"]
        self.check_as(root, "POST", f"/v1/auth/keys/{key}/revoke", {}, "/v1/auth/keys/{id}/revoke")
        self.check_as(root, "DELETE", "/v1/auth/keys/" + key, None, "/v1/auth/keys/{id}")
        invite = root.get("/v1/auth/invites").json["data"][0]["id"]
        self.check_as(root, "DELETE", "/v1/auth/invites/" + invite, None, "/v1/auth/invites/{id}")
        users = self.check_as(root, "GET", "/v1/auth/users?state=waiting")["data"]
        for what, body in (("approve", {}), ("disable", {}), ("enable", {}), ("level", {"level": "admin"})):
            self.check_as(root, "POST", f"/v1/auth/users/{users[0]['id']}/{what}", body, "/v1/auth/users/{id}/" + what)
        self.check_as(root, "DELETE", "/v1/auth/users/" + users[0]["id"], None, "/v1/auth/users/{id}")
        self.check_as(root, "GET", "/v1/auth/audit?limit=3")
        self.check_as(root, "GET", "/v1/auth/sessions")
        self.check_as(root, "DELETE", "/v1/auth/sessions/current", None, "/v1/auth/sessions/{id}")


class Kept(ServerCase):
    def test_long_answers_are_kept_by_who_has_them(self):
        for path in ("/v1/models", "/v1/plugins", "/openapi.json"):
            first = self.server.get(path)
            etag = first.headers["etag"]
            again = self.server.get(path, {"If-None-Match": '"x", W/' + etag})
            self.assertEqual((again.status, again.body, again.headers["etag"]), (304, b"", etag), path)
            self.assertEqual(self.server.get(path, {"If-None-Match": '"x"'}).body, first.body)
            self.assertEqual(self.server.ask("HEAD", path).headers["etag"], etag)
        here, there = (self.server.get("/openapi.json", {"Host": host}) for host in ("localhost:1", "127.0.0.1"))
        self.assertEqual(here.json["servers"], [{"url": "http://localhost:1"}])
        self.assertEqual(there.json["servers"], [{"url": "http://127.0.0.1"}])
        self.assertNotEqual(here.headers["etag"], there.headers["etag"])


if __name__ == "__main__":
    unittest.main()

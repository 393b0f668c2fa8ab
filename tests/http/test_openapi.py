"""GET /openapi.json says what the server does: every route, and for each field what is taken and what is refused."""

import pathlib
import re
import unittest

from server import ServerCase

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUTE = re.compile(r'"(GET|POST|DELETE)",\s*"(/[^"]*)"')
TWIN = ("GET", "/api/health")  # another name of /health


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
        for source in (ROOT / "server/front/http").glob("*.cpp"):
            routes.update(ROUTE.findall(source.read_text()))
        self.assertGreaterEqual(len(routes), 17)
        described = {(method.upper(), path) for path, item in self.document["paths"].items() for method in item}
        self.assertEqual({(method, path.replace("...}", "}")) for method, path in routes} - {TWIN}, described)

    def test_every_operation_has_a_summary_its_parameters_and_the_shape_of_errors(self):
        for path, item in self.document["paths"].items():
            for operation in item.values():
                self.assertTrue(operation["summary"], path)
                self.assertEqual(operation["responses"]["default"], {"$ref": "#/components/responses/Error"})
                named = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
                self.assertEqual(named, set(re.findall(r"{(\w+)}", path)), path)

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
        schedulers = self.server.get("/v1/plugins").json["schedulers"]
        names = {one["id"] for one in schedulers} | {alias["name"] for one in schedulers for alias in one["aliases"]}
        self.assertEqual(names | {""}, set(schemas["Scheduler"]["enum"]))
        options = {one["title"]: one["properties"] for one in schemas["SchedulerOptions"]["anyOf"]}
        for one in schedulers:
            self.assertEqual({option["name"] for option in one["options"]}, set(options[one["id"]]))
        self.assertEqual((0.0, 10.0), tuple(options["plain"]["strength"][bound] for bound in ("minimum", "maximum")))
        self.assertEqual(["sd/emoji"], schemas["Model"]["examples"])


if __name__ == "__main__":
    unittest.main()

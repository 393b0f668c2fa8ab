"""docs/API.md is true: its commands work, and it has every route and field."""

import pathlib
import re
import subprocess
import tempfile
import unittest

from server import PATIENCE, ServerCase

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOC = (ROOT / "docs/API.md").read_text()
# Tells the status of every answer on standard error.
CURL = """curl() { command curl -w '%{stderr}%{http_code}\\n' "$@"; }\n"""
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
ROUTE = re.compile(r'"(GET|POST|DELETE)",\s*"(/[^"]*)"')
OTHER_NAMES = {("GET", "/api/health"), ("GET", "/v1/models/loras"), ("POST", "/images/generations"), ("POST", "/images/edits"),
               ("POST", "/images/variations")}  # told of beside the routes that they are
FOLLOWED = ("/v1/images/generations", "/v1/images/edits", "/v1/images/variations",
            "/v1/chat/completions", "/v1/jobs")


def check_commands(case, port):
    """Runs all of them in one shell, for later ones use what earlier ones gave, and compares the statuses."""
    blocks = BLOCK.findall(DOC)
    case.assertGreater(len(blocks), 15)
    script = CURL + "".join(f"echo block {k} >&2\n{block}" for k, block in enumerate(blocks))
    script = script.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{port}")
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(["sh", "-eu"], input=script.encode(), cwd=folder, capture_output=True,
                             timeout=5 * PATIENCE)
        case.assertEqual(run.returncode, 0, run.stderr.decode())
        pictures = list(pathlib.Path(folder).glob("*.png"))
        case.assertTrue(pictures)
        for picture in pictures:
            case.assertTrue(picture.read_bytes().startswith(b"\x89PNG"))
    for number, said in enumerate(re.split(r"block \d+\n", run.stderr.decode())[1:]):
        statuses = re.findall(r"^\d{3}$", said, re.MULTILINE)
        case.assertEqual(len(statuses), len(re.findall(r"\bcurl -", blocks[number])), blocks[number])
        wanted = re.match(r"# (\d{3})\n", blocks[number])
        for status in statuses:
            case.assertTrue(status == wanted[1] if wanted else status < "300", (blocks[number], said))


class ApiDoc(ServerCase):
    def test_every_command_does_what_it_says(self):
        check_commands(self, self.server.port)

    def test_every_route_has_its_section(self):
        routes = set()
        for source in (ROOT / "server/front/http").rglob("*.cpp"):
            routes.update(ROUTE.findall(source.read_text()))
        self.assertGreaterEqual(len(routes), 16)
        headings = " ".join(re.findall(r"^## (.*)$", DOC, re.MULTILINE))
        for method, pattern in routes - OTHER_NAMES:
            self.assertIn(f"{method} {pattern.replace('...', '')}", headings)

    def test_every_field_is_there(self):
        for path, body in [(path, {"prompt": "x", "xxxxxxxxxxxxxxxxxxxxxxxxxxxx": 1}) for path in FOLLOWED]:
            message = self.server.post(path, body).error["message"]
            names = re.search(r"xxxxx' is no field here \(allowed: ([^)]*)\)", message)[1].split(", ")
            for name in names:
                if name != "..." and name == name.lower():
                    self.assertIn(f"`{name}`", DOC, (path, name))


if __name__ == "__main__":
    unittest.main()

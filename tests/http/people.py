"""Somebody in front of a browser: signs in, keeps the cookie, and names the page's origin in writes."""

import re

from server import ServerCase

USERS = {"root": {"level": "admin"}, "ann": {}, "bob": {}, "eve": {"state": "waiting"}, "old": {"state": "disabled"}}
ON = {"users": USERS, "keys": {"me": {"level": "admin"}, "plain": {}}, "server": {"require_auth": True}}
BODY = {"prompt": "a cat"}


class Browser:
    def __init__(self, server, extra=None):
        self.server, self.extra, self.cookies = server, dict(extra or {}), {}

    def origin(self):
        scheme = self.extra.get("X-Forwarded-Proto", "http")
        host = self.extra.get("X-Forwarded-Host", f"127.0.0.1:{self.server.port}")
        return f"{scheme}://{host}"

    def headers(self, more=None, origin=True):
        headers = {"User-Agent": "Mozilla/5.0", **self.extra}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if origin:
            headers["Origin"] = self.origin()
        return {**headers, **(more or {})}

    def ask(self, method, path, body=None, more=None, origin=True):
        answer = self.server.ask(method, path, body, self.headers(more, origin))
        found = re.match(r"([^=]+)=([^;]*);", answer.headers.get("set-cookie", ""))
        if found and found[2]:
            self.cookies[found[1]] = found[2]
        elif found:
            self.cookies.pop(found[1], None)
        return answer

    def get(self, path):
        return self.ask("GET", path)

    def post(self, path, body=None):
        return self.ask("POST", path, {} if body is None else body)

    def sign_in(self, name, password=None):
        return self.post("/v1/auth/sessions", {"name": name, "password": password or f"password of {name}"})


def signed_in(server, name, **extra):
    browser = Browser(server, extra)
    answer = browser.sign_in(name)
    assert answer.status == 201, answer.body
    return browser


def signed_in_as(server, name, password):
    browser = Browser(server)
    answer = browser.sign_in(name, password)
    assert answer.status == 201, answer.body
    return browser


class PeopleCase(ServerCase):
    SETTINGS = ON

    def key(self, name):
        return {"Authorization": "Bearer " + self.server.keys[name]}

    def user_id(self, name):
        users = self.server.get("/v1/auth/users", self.key("me")).json["data"]
        return next(user["id"] for user in users if user["name"] == name)

    def audit(self):
        return self.server.get("/v1/auth/audit?limit=200", self.key("me")).json["data"]

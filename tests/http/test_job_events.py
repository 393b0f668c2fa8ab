"""Events of one job and of all, and clients who read slowly or come back."""

import json
import re
import socket
import unittest

from server import PATIENCE, wait_until
from test_jobs import JobsCase


def read_events(response):
    """The events of a stream: (id, name, data)."""
    events, fields = [], {}
    for line in response.read().decode().splitlines():
        if not line and "event" in fields:
            events.append((fields["id"], fields["event"], json.loads(fields["data"])))
        if not line:
            fields = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            fields[name] = value
    return events


class Stream:
    """GET /v1/events, read as it comes."""

    def __init__(self, server, mark=None, headers=None):
        self.link = server.connect()
        self.link.request("GET", "/v1/events", headers={**({"Last-Event-ID": mark} if mark else {}), **(headers or {})})
        self.response = self.link.getresponse()
        self.mark, self.seen = mark, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()

    def wait(self, name, job):
        """The data of that event of that job, seen before or to come."""
        found = [data for kind, data in self.seen if kind == name and data.get("id") == job]
        while not found:
            fields = {}
            while line := self.response.readline().decode().strip():
                key, _, value = line.partition(": ")
                fields[key] = value
            if "event" not in fields:
                continue
            self.mark = fields.get("id", self.mark)
            self.seen.append((fields["event"], json.loads(fields["data"])))
            found = [self.seen[-1][1]] if fields["event"] == name and self.seen[-1][1].get("id") == job else []
        return found[0]


class Events(JobsCase):
    def events_from(self, job, last):
        link = self.server.connect()
        self.addCleanup(link.close)
        link.request("GET", f"/v1/jobs/{job}/events", headers={"Last-Event-ID": last})
        return link.getresponse()

    def test_one_stream_tells_of_all_jobs_and_goes_on_where_it_was(self):
        with Stream(self.server) as stream:
            jobs = [self.submit().json["id"] for _ in range(3)]
            for job in jobs:
                self.assertEqual(stream.wait("queued", job)["job"]["id"], job)
                done = stream.wait("done", job)
                self.assertEqual((done["id"], done["job"]["status"]), (job, "succeeded"))
            mark = stream.mark
        more = self.submit().json["id"]
        wait_until(lambda: self.status_of(more) == "succeeded", "the job ends")
        with Stream(self.server, mark) as stream:
            stream.wait("done", more)
            self.assertEqual({event["id"] for _, event in stream.seen}, {more})
        with Stream(self.server, "of-another-server") as stream:
            stream.wait("missed", None)

    def test_events_tell_a_jobs_way_and_end(self):
        job = self.submit(preview_every=2).json["id"]
        link = self.server.connect()
        link.request("GET", f"/v1/jobs/{job}/events")
        response = link.getresponse()
        self.assertEqual(response.getheader("Content-Type"), "text/event-stream; charset=utf-8")
        events = read_events(response)
        ids = [event_id for event_id, _, _ in events]
        self.assertEqual(len(set(ids)), len(ids), ids)
        event_id, name, data = events[-1]
        self.assertEqual((event_id, name, data["job"]["status"]), ("done", "done", "succeeded"))
        self.assertLessEqual({name for _, name, _ in events}, {"position", "step", "preview", "done"})
        for _, name, data in events:
            if name == "step":
                self.assertEqual((data["stage"], data["steps"], data["eta_seconds"]), ("denoise", 4, 0.5))
        # The connection lives on.
        self.assertEqual(self.server.ask("GET", "/health", connection=link).status, 200)
        link.close()

    def test_events_of_an_ended_job_are_its_end(self):
        job = self.submit().json["id"]
        wait_until(lambda: self.status_of(job) == "succeeded", "the job ends")
        link = self.server.connect()
        link.request("GET", f"/v1/jobs/{job}/events")
        events = read_events(link.getresponse())
        self.assertEqual([name for _, name, _ in events], ["done"])
        link.request("HEAD", f"/v1/jobs/{job}/events")
        response = link.getresponse()
        self.assertEqual((response.status, response.read()), (200, b""))
        link.close()

    def test_who_has_the_last_event_is_told_to_stop(self):
        job = self.submit().json["id"]
        wait_until(lambda: self.status_of(job) == "succeeded", "the job ends")
        response = self.events_from(job, "done")
        self.assertEqual((response.status, response.read()), (204, b""))  # at which EventSource asks no more
        for last in ("position-1", "denoise-0-3", "handed_back", ""):
            self.assertEqual([name for _, name, _ in read_events(self.events_from(job, last))], ["done"], last)
        self.assert_error(self.server.get("/v1/jobs/" + "0" * 32 + "/events", {"Last-Event-ID": "done"}), 404, "not_found")

    def test_who_comes_back_is_not_told_again_what_it_knows(self):
        job = self.submit("hold").json["id"]
        with self.server.socket() as link:
            head = f"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\n"
            link.sendall((head + "\r\n").encode())
            data = b""
            while b"\nid: " not in data:
                data += link.recv(4096)
        last = re.search(rb"\nid: (\S+)", data)[1].decode()
        with self.server.socket() as link:
            link.sendall((head + f"Last-Event-ID: {last}\r\n\r\n").encode())
            data = b""
            self.server.ask("DELETE", "/v1/jobs/" + job)
            while b"event: done" not in data:
                data += link.recv(4096)
        self.assertNotIn(f"\nid: {last}\n".encode(), data)

    def test_only_so_many_follow_jobs(self):
        job = self.submit("hold").json["id"]
        links = []
        for _ in range(512):
            link = self.server.socket()
            link.sendall(f"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            links.append(link)
        wait_until(lambda: self.server.get(f"/v1/jobs/{job}/events", {"Last-Event-ID": "x"}).status == 503
                   if all(link.recv(1, socket.MSG_PEEK) for link in links) else False, "one too many is refused")
        answer = self.server.get(f"/v1/jobs/{job}/events")
        self.assert_error(answer, 503, "busy")
        self.assertIn("retry-after", answer.headers)
        for link in links:
            link.close()
        self.server.ask("DELETE", "/v1/jobs/" + job)
        wait_until(lambda: self.events_from(job, "x").status == 200, "there is room again")

    def test_a_quiet_stream_has_comments(self):
        job = self.submit("hold").json["id"]
        with self.server.socket() as link:
            link.sendall(f"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            data = b""
            while b"\n: " not in data:
                part = link.recv(4096)
                self.assertTrue(part, "the stream ended: %r" % data)
                data += part
        self.server.ask("DELETE", "/v1/jobs/" + job)

    def test_a_slow_reader_costs_no_memory(self):
        before = self.server.resident_bytes()
        job = self.submit("stream:2000").json["id"]  # 270 MB of events in base64
        with socket.socket() as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            link.settimeout(PATIENCE)
            link.connect(("127.0.0.1", self.server.port))
            link.sendall(f"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            wait_until(lambda: self.status_of(job) == "succeeded", "the job ends")
            self.assertEqual(self.server.get("/health").status, 200)
            data = b""
            while b"event: done" not in data:
                part = link.recv(1 << 20)
                self.assertTrue(part)
                data += part
        self.assertLess(data.count(b"event: preview"), 2000)
        self.assertLess(self.server.grown_by(before), 64 << 20)


if __name__ == "__main__":
    unittest.main()

"""Jobs by themselves, and clients who wait or leave."""

import json
import re
import socket
import unittest

from server import PATIENCE, Server, ServerCase, wait_until


def request_text(path, body, port):
    data = json.dumps(body).encode()
    head = (f"POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n")
    return head.encode() + data


class JobsCase(ServerCase):
    """Jobs of one server; none is left behind a test."""

    SETTINGS = {"step_ms": 2}

    def submit(self, prompt="a cat", **more):
        answer = self.server.post("/v1/jobs", {"prompt": prompt, **more})
        self.assertEqual(answer.status, 202, answer.body)
        return answer

    def status_of(self, job):
        return self.server.get("/v1/jobs/" + job).json["status"]

    def cancel_all(self):
        for job in self.server.get("/v1/jobs?limit=100").json["data"]:
            self.server.ask("DELETE", "/v1/jobs/" + job["id"])

    def tearDown(self):
        self.cancel_all()


class Jobs(JobsCase):
    def test_a_job_goes_from_queued_to_succeeded(self):
        answer = self.submit(steps=3, seed=0)
        job = answer.json
        self.assertEqual((job["object"], job["status"], job["error"]), ("job", "queued", None))
        self.assertEqual(answer.headers["location"], "/v1/jobs/" + job["id"])
        self.assertEqual(answer.headers["x-job-id"], job["id"])
        self.assertEqual(job["request_id"], answer.headers["x-request-id"])
        wait_until(lambda: self.status_of(job["id"]) == "succeeded", "the job ends")
        done = self.server.get(answer.headers["location"]).json
        self.assertEqual((done["attempts"], done["settings"]["steps"], done["request"]["seed"]), (1, 3, 0))
        self.assertLessEqual(done["created"], done["started"])
        self.assertLessEqual(done["started"], done["finished"])
        self.assertEqual(self.server.get(done["images"][0]["url"].split(str(self.server.port))[1]).status, 200)

    def test_jobs_are_listed_newest_first_in_pages(self):
        made = [self.submit().json["id"] for _ in range(5)]
        wait_until(lambda: self.status_of(made[-1]) == "succeeded", "the last job ends")
        listed, before = [], ""
        while True:
            page = self.server.get("/v1/jobs?limit=2" + before).json
            listed += [job["id"] for job in page["data"]]
            if not page["has_more"] or len(listed) >= 5:
                break
            before = "&before=" + listed[-1]
        self.assertEqual(listed[:5], made[::-1])
        statuses = {job["status"] for job in self.server.get("/v1/jobs?status=succeeded").json["data"]}
        self.assertEqual(statuses, {"succeeded"})

    def test_a_bad_query_is_named(self):
        for query, param in (("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
                             ("limit=99999999999999999999", "limit"), ("before=x", "before"), ("status=done", "status"),
                             ("lmit=3", "lmit")):
            self.assert_error(self.server.get("/v1/jobs?" + query), 400, "bad_request", param)

    def test_an_unknown_job_is_not_found(self):
        for job in ("0" * 32, "x", "../x", "0" * 31 + "G"):
            for method, path in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
                self.assert_error(self.server.ask(method, "/v1/jobs/" + job.replace("/", "%2f") + path), 404,
                                  "not_found")

    def test_cancelling_a_running_job(self):
        job = self.submit("hold").json["id"]
        wait_until(lambda: self.status_of(job) == "running", "the job runs")
        answer = self.server.ask("DELETE", "/v1/jobs/" + job)
        self.assertIn(answer.status, (200, 202))
        wait_until(lambda: self.status_of(job) == "cancelled", "the job is cancelled")
        self.assertEqual(self.server.ask("DELETE", "/v1/jobs/" + job).status, 200)

    def test_a_request_that_comes_twice_under_one_key_is_one_job(self):
        for path in ("/v1/jobs", "/v1/images/generations", "/v1/chat/completions"):
            prompt = "a cat for " + path
            body = {"messages": [{"role": "user", "content": prompt}]} if "chat" in path else {"prompt": prompt}
            key = {"Idempotency-Key": "key of " + path}
            first, second = (self.server.post(path, body, key) for _ in range(2))
            self.assertEqual(first.headers["x-job-id"], second.headers["x-job-id"])
            self.assertEqual(first.status, second.status)
            self.assertNotEqual(self.server.post(path, body).headers["x-job-id"], first.headers["x-job-id"])
            other = self.server.post(path, {**body, "seed": 5} if "chat" not in path else {**body, "model": "tiny"}, key)
            self.assertEqual((other.status, other.error["param"]), (422, "Idempotency-Key"), other.body)
        for bad in ("", "x" * 256, "\xe4"):
            answer = self.server.post("/v1/jobs", {"prompt": "a cat"}, {"Idempotency-Key": bad})
            self.assertEqual((answer.status, answer.error["param"]), (400, "Idempotency-Key"), bad)

    def test_who_gives_a_key_and_leaves_finds_its_job_when_it_comes_back(self):
        key = {"Idempotency-Key": "later", "Content-Type": "application/json"}
        body = {"prompt": "hold later"}
        connection = self.server.connect()
        connection.request("POST", "/v1/images/generations", json.dumps(body), key)
        wait_until(lambda: self.server.get("/v1/jobs?limit=1").json["data"][0]["request"]["prompt"] == "hold later",
                   "the job is there")
        connection.close()
        wait_until(self.server.is_alone, "the client is gone")
        job = self.server.post("/v1/jobs", body, key).json
        self.assertIn(job["status"], ("queued", "running"))
        self.server.ask("DELETE", "/v1/jobs/" + job["id"])

    def test_on_disconnect_has_no_meaning_for_a_job(self):
        self.assert_error(self.server.post("/v1/jobs", {"prompt": "x", "on_disconnect": "finish"}), 400, "unsupported",
                          "on_disconnect")

    def test_a_job_bears_its_label_priority_and_deadline_and_is_listed_by_its_label(self):
        job = self.submit(label="a batch", priority=7, deadline_seconds=60).json
        self.assertEqual((job["label"], job["priority"], job["kept"]), ("a batch", 7, False))
        self.assertAlmostEqual(job["deadline"], job["created"] + 60, delta=5)
        plain = self.submit().json
        self.assertEqual((plain["label"], plain["priority"], plain["deadline"]), (None, 0, None))
        listed = [one["id"] for one in self.server.get("/v1/jobs?label=a%20batch").json["data"]]
        self.assertEqual(listed, [job["id"]])
        self.assert_error(self.server.get("/v1/jobs?label="), 400, "bad_request", "label")

    def test_jobs_are_cancelled_by_their_label(self):
        held = self.submit("hold", label="set").json["id"]
        waiting, other = self.submit(label="set").json["id"], self.submit().json["id"]
        self.assertEqual(self.server.ask("DELETE", "/v1/jobs?label=set").json,
                         {"object": "jobs.cancelled", "cancelled": 2})
        self.assertEqual([self.status_of(job) for job in (held, waiting)], ["cancelled"] * 2)
        wait_until(lambda: self.status_of(other) == "succeeded", "the other job ends")
        self.assert_error(self.server.ask("DELETE", "/v1/jobs"), 400, "bad_request", "label")
        self.assert_error(self.server.ask("DELETE", "/v1/jobs?lable=set"), 400, "bad_request", "lable")

    def test_a_job_is_kept_and_let_go(self):
        job = "/v1/jobs/" + self.submit().json["id"]
        for method, kept in (("POST", True), ("POST", True), ("DELETE", False)):
            self.assertEqual(self.server.ask(method, job + "/kept").json["kept"], kept)
            self.assertEqual(self.server.get(job).json["kept"], kept)
        self.assert_error(self.server.ask("POST", "/v1/jobs/" + "0" * 32 + "/kept"), 404, "not_found")

    def test_lists_have_the_beginnings_of_long_prompts(self):
        prompt, negative = "\u00e4" * 50_000, "b" * 200
        job = self.submit(prompt, negative_prompt=negative).json
        self.assertEqual(job["request"]["prompt"], prompt)
        wait_until(lambda: self.status_of(job["id"]) == "succeeded", "the job ends")
        answer = self.server.get("/v1/jobs?limit=1")
        entry = answer.json["data"][0]
        self.assertEqual((entry["id"], entry["request"]["prompt"]), (job["id"], prompt[:200]))
        self.assertEqual((entry["request"]["negative_prompt"], entry["settings"]["prompt"]), (negative, prompt[:200]))
        self.assertEqual(entry["cut"], ["request.prompt", "settings.prompt"])
        self.assertLess(len(answer.body), 5000)
        self.assertEqual(self.server.get("/v1/jobs/" + job["id"]).json["request"]["prompt"], prompt)

    def leave_while_waiting(self, prompt, **more):
        """Posts, waits until the job runs, leaves; returns the job's id."""
        known = {job["id"] for job in self.server.get("/v1/jobs?limit=100").json["data"]}
        with self.server.socket() as link:
            link.sendall(request_text("/v1/images/generations", {"prompt": prompt, **more}, self.server.port))
            found = []

            def runs():
                found[:] = [job["id"] for job in self.server.get("/v1/jobs?status=running").json["data"]
                            if job["id"] not in known]
                return bool(found)

            wait_until(runs, "the job runs")
        return found[0]

    def test_a_client_that_leaves_cancels_its_job(self):
        job = self.leave_while_waiting("hold")
        wait_until(lambda: self.status_of(job) == "cancelled", "the job is cancelled")

    def test_a_client_that_leaves_may_let_its_job_finish(self):
        job = self.leave_while_waiting("hold", on_disconnect="finish")
        wait_until(self.server.is_alone, "the server sees that the client has left")
        self.assertEqual(self.status_of(job), "running")

    def test_a_thousand_clients_that_leave_at_once_leave_nothing_behind(self):
        for _ in range(20):
            links = [self.server.socket() for _ in range(50)]
            for link in links:
                link.sendall(request_text("/v1/images/generations", {"prompt": "hold"}, self.server.port))
            for link in links:
                link.close()
        wait_until(lambda: self.server.get("/metrics").json["queue_depth"] == 0, "the queue is empty")
        wait_until(lambda: self.server.get("/metrics").json["active_generations"] == 0, "nothing runs")

    def test_a_job_cancelled_by_another_is_499_for_who_waits(self):
        with self.server.socket() as link:
            link.sendall(request_text("/v1/images/generations", {"prompt": "hold"}, self.server.port))
            wait_until(lambda: self.server.get("/v1/jobs?status=running").json["data"], "the job runs")
            self.cancel_all()
            head = link.recv(65536)
        self.assertTrue(head.startswith(b"HTTP/1.1 499 "), head)
        self.assertIn(b'"code":"cancelled"', head)

    def test_a_server_that_stops_names_the_job(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "hand-back"})
        self.assert_error(answer, 503, "restarting")
        self.assertIn("retry-after", answer.headers)
        self.assertEqual(answer.headers["x-should-retry"], "false")
        self.assertEqual(answer.error["job_id"], answer.headers["x-job-id"])


class FullDisk(ServerCase):
    def test_a_job_that_cannot_be_written_down_is_refused_for_now(self):
        for path in ("/v1/jobs", "/v1/images/generations"):
            answer = self.server.post(path, {"prompt": "x", "model": "sd/full"})
            self.assert_error(answer, 503, "storage_full")
            self.assertEqual((answer.headers["retry-after"], answer.headers["x-should-retry"]), ("10", "true"))
            self.assertNotIn("secret", answer.error["message"])

    def test_who_waits_for_a_job_that_cannot_go_on_is_told_and_may_send_it_again(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "disk-full"})
        self.assert_error(answer, 503, "storage_full")
        self.assertEqual((answer.headers["retry-after"], answer.headers["x-should-retry"]), ("10", "true"))
        job = "/v1/jobs/" + answer.error["job_id"]
        wait_until(lambda: self.server.get(job).json["status"] == "cancelled", "the job is cancelled")

    def test_unless_it_wants_the_job_done_without_it(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "disk-full", "on_disconnect": "finish"})
        self.assert_error(answer, 503, "storage_full")
        self.assertEqual(answer.headers["x-should-retry"], "false")
        job = "/v1/jobs/" + answer.error["job_id"]
        self.assertIn(job, answer.error["message"])
        self.assertEqual(self.server.get(job).json["status"], "running")
        self.server.ask("DELETE", job)

    def test_watchers_of_events_are_told(self):
        job = self.server.post("/v1/jobs", {"prompt": "disk-full"}).json["id"]
        with self.server.socket() as link:
            link.sendall(f"GET /v1/jobs/{job}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            text = b""
            while b'"code":"storage_full"' not in text:
                part = link.recv(65536)
                self.assertTrue(part, text)
                text += part
        self.assertIn(b"event: held", text)
        self.server.ask("DELETE", f"/v1/jobs/{job}")


class Retention(ServerCase):
    def test_a_picture_that_was_removed_says_so_and_its_job_marks_it(self):
        job = self.server.post("/v1/images/generations", {"prompt": "expired"}).headers["x-job-id"]
        picture = self.server.get("/v1/jobs/" + job).json["images"][0]
        self.assertEqual(picture["removed"], 1700000000)
        answer = self.server.get("/images/" + picture["file"])
        self.assert_error(answer, 410, "gone")
        self.assertIn("/v1/jobs/" + job, answer.error["message"])
        kept = self.server.post("/v1/images/generations", {"prompt": "x"}).headers["x-job-id"]
        self.assertNotIn("removed", self.server.get("/v1/jobs/" + kept).json["images"][0])


class Impatient(ServerCase):
    SETTINGS = {"server": {"request_timeout_s": 0.2}}

    def test_a_request_may_wait_only_so_long_and_the_job_goes_on(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "hold"})
        self.assert_error(answer, 504, "timeout")
        self.assertEqual(answer.headers["x-should-retry"], "false")
        self.assertEqual(self.server.get("/v1/jobs/" + answer.error["job_id"]).json["status"], "running")


class Ending(unittest.TestCase):
    def test_waiting_clients_do_not_hold_up_the_end(self):
        server = Server()
        self.addCleanup(server.stop)
        links = [server.socket() for _ in range(3)]
        for link in links:
            link.sendall(request_text("/v1/images/generations", {"prompt": "hold"}, server.port))
        wait_until(lambda: server.get("/v1/jobs?status=running").json["data"], "a job runs")
        self.assertEqual(server.stop(), 0)
        for link in links:
            link.close()


if __name__ == "__main__":
    unittest.main()

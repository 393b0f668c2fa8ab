"""Every route answers in its shape."""

import base64
import hashlib
import pathlib
import re
import unittest

from server import Server, ServerCase

PNG = b"\x89PNG\r\n\x1a\n"


class SystemRoutes(ServerCase):
    def test_health_has_both_spellings(self):
        for path in ("/health", "/api/health"):
            answer = self.server.get(path)
            self.assertEqual(answer.status, 200)
            health = answer.json
            self.assertEqual(health["status"], "ok")
            for snake, camel in (("gpu_available", "gpuAvailable"), ("gpu_stats_available", "gpuStatsAvailable"),
                                 ("models_loaded", "modelsLoaded"), ("uptime_seconds", "uptimeSeconds")):
                self.assertEqual(health[snake], health[camel])
            self.assertEqual(health["models_loaded"], 1)
            self.assertTrue(health["version"])
            self.assertIn("backend", health)

    def test_live_and_ready(self):
        self.assertEqual(self.server.get("/livez").json, {"status": "alive"})
        self.assertEqual(self.server.get("/readyz").json, {"status": "ready"})

    def test_metrics_are_json_unless_text_is_asked_for(self):
        for accept in (None, "*/*", "application/json", "application/json, text/plain", "text/html"):
            headers = {} if accept is None else {"Accept": accept}
            metrics = self.server.get("/metrics", headers).json
            for snake, camel in (("queue_depth", "queueDepth"), ("active_generations", "activeGenerations"),
                                 ("gpu_utilization", "gpuUtilization"), ("gpu_memory_used", "gpuMemoryUsed"),
                                 ("gpu_memory_total", "gpuMemoryTotal"), ("models_loaded", "modelsLoaded"),
                                 ("total_generations", "totalGenerations"),
                                 ("avg_generation_time", "avgGenerationTime")):
                self.assertEqual(metrics[snake], metrics[camel])

    def test_prometheus_gets_text(self):
        self.server.get("/health")
        accept = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1"
        for one in (accept, "text/plain"):
            answer = self.server.get("/metrics", {"Accept": one})
            self.assertTrue(answer.headers["content-type"].startswith("text/plain; version=0.0.4"))
            families = set()
            for line in answer.body.decode().splitlines():
                if line.startswith("# TYPE "):
                    families.add(line.split()[2])
                elif not line.startswith("#"):
                    match = re.fullmatch(r'([a-z_]+)(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? (\S+)', line)
                    self.assertTrue(match, line)
                    self.assertIn(match[1], families)
                    float(match[4])
            self.assertLessEqual(
                {"alice_build_info", "alice_queue_depth", "alice_jobs_total", "alice_http_requests_total",
                 "alice_worker_restarts_total", "process_resident_memory_bytes", "process_open_fds"}, families)
            self.assertIn('alice_http_requests_total{route="/health",code="200"}', answer.body.decode())

    def test_models(self):
        listed = self.server.get("/v1/models").json
        self.assertEqual(listed["object"], "list")
        model = listed["data"][0]
        self.assertEqual((model["id"], model["object"], model["owned_by"], model["ownedBy"]),
                         ("sd/emoji", "model", "alice", "alice"))
        for path in ("/v1/models/sd/emoji", "/v1/models/sd%2Femoji"):
            self.assertEqual(self.server.get(path).json, model)
        self.assert_error(self.server.get("/v1/models/sd/other"), 404, "not_found", "model")

    def test_refresh(self):
        answer = self.server.ask("POST", "/v1/models/refresh")
        self.assertEqual(answer.json, {"status": "ok", "models_found": 1, "loras_found": 2})

    def test_plugins_and_defaults(self):
        self.assertIn("scheduler", self.server.get("/v1/plugins").json["kinds"])
        self.assertEqual(self.server.get("/v1/generation/defaults").json,
                         {"steps": 4, "guidance_scale": 7.5, "scheduler": "plain", "width": 64, "height": 64})

    def test_defaults_of_a_model(self):
        for name in ("sd/emoji", "emoji", "sd%2Femoji"):
            self.assertEqual(self.server.get("/v1/generation/defaults?model=" + name).json["guidance_scale"], 3)
        self.assert_error(self.server.get("/v1/generation/defaults?model=none"), 404, "not_found", "model")
        answer = self.server.get("/v1/generation/defaults?modle=emoji")
        self.assert_error(answer, 400, "bad_request", "modle")
        self.assertIn("did you mean 'model'?", answer.error["message"])

    def test_a_model_tells_what_it_is_for_and_goes_by_its_name_alone(self):
        model = self.server.get("/v1/models/emoji").json
        self.assertEqual((model["id"], model["native_size"], model["size_mb"]), ("sd/emoji", "64x64", 1.43))
        self.assertEqual(model["defaults"]["steps"], 4)

    def test_loras(self):
        listed = self.server.get("/v1/loras").json
        self.assertEqual([lora["id"] for lora in listed["data"]], ["soft", "hard"])
        self.assertEqual(listed["data"][0]["trigger_words"], ["a", "b"])

    def test_a_group_tells_its_models(self):
        groups = {group["group"]: group["models"] for group in self.server.get("/health").json["groups"]}
        self.assertEqual(groups, {"default": ["sd/emoji"], "sandbox": ["sd/broken"]})


class WithoutWorker(ServerCase):
    SETTINGS = {"has_worker": False, "queue_size": 3}

    def test_readyz_says_why_not(self):
        answer = self.server.get("/readyz")
        self.assert_error(answer, 503, "not_ready")
        self.assertIn("no worker", answer.error["message"])
        self.assertEqual(self.server.get("/health").json["status"], "starting")
        self.assertEqual(self.server.get("/v1/models").json, {"object": "list", "data": []})

    def test_a_refresh_without_a_worker_is_for_later(self):
        answer = self.server.ask("POST", "/v1/models/refresh")
        self.assert_error(answer, 503, "busy")
        self.assertEqual(answer.headers["x-should-retry"], "true")

    def test_exactly_the_queue_is_accepted(self):
        answers = [self.server.post("/v1/jobs", {"prompt": "one"}) for _ in range(5)]
        self.assertEqual([answer.status for answer in answers], [202, 202, 202, 429, 429])
        self.assert_error(answers[3], 429, "busy")
        self.assertEqual(answers[3].headers["retry-after"], "3")
        self.assertEqual(answers[3].headers["x-should-retry"], "true")


class Images(ServerCase):
    def test_an_answer_by_url_leads_to_pictures(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "a cat", "n": 3, "seed": 0, "model": "sd/emoji"})
        self.assertEqual(answer.status, 200, answer.body)
        body = answer.json
        self.assertEqual([picture["seed"] for picture in body["data"]], [0, 1, 2])
        self.assertEqual(answer.headers["x-job-id"], body["job"])
        for picture in body["data"]:
            base = f"http://127.0.0.1:{self.server.port}"
            self.assertTrue(picture["url"].startswith(base + "/images/"))
            image = self.server.get(picture["url"][len(base):])
            self.assertEqual(image.status, 200)
            self.assertTrue(image.body.startswith(PNG))
            self.assertEqual(image.headers["content-type"], "image/png")
            self.assertEqual(image.headers["x-content-type-options"], "nosniff")

    def test_an_answer_in_base64_holds_the_pictures(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "a cat", "n": 3, "response_format": "b64_json"})
        self.assertEqual(int(answer.headers["content-length"]), len(answer.body))
        pictures = answer.json["data"]
        self.assertEqual(len(pictures), 3)
        for picture in pictures:
            self.assertTrue(base64.b64decode(picture["b64_json"], validate=True).startswith(PNG))

    def test_an_unknown_model_is_named(self):
        self.assert_error(self.server.post("/v1/images/generations", {"prompt": "x", "model": "sd/none"}), 404,
                          "not_found", "model")

    def test_size_becomes_width_and_height(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "x", "size": "64x128"})
        self.assertEqual((answer.json["settings"]["width"], answer.json["settings"]["height"]), (64, 128))
        self.assertIsNone(self.server.post("/v1/images/generations", {"prompt": "x", "size": "auto"})
                          .json["settings"]["width"])

    def test_what_has_no_effect_is_reported(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "x", "user": "me", "negative_prompt": "y"})
        self.assertEqual(answer.json["warnings"],
                         ["user: has no effect here", "negative_prompt: has no effect without guidance"])

    def test_every_standard_field_at_its_default_is_taken(self):
        body = {"prompt": "x", "n": 1, "size": "auto", "quality": "auto", "style": "vivid", "response_format": "url",
                "background": "auto", "moderation": "auto", "output_format": "png", "output_compression": 100,
                "partial_images": 0, "stream": False, "user": "me", "model": None}
        self.assertEqual(self.server.post("/v1/images/generations", body).status, 200)

    def test_what_is_not_built_is_refused(self):
        for field, value in (("background", "transparent"), ("image", "x"), ("mask", "x")):
            self.assert_error(self.server.post("/v1/images/generations", {"prompt": "x", field: value}), 400,
                              "unsupported", field)

    def test_a_picture_may_be_kept_by_its_hash(self):
        url = self.server.post("/v1/images/generations", {"prompt": "x"}).json["data"][0]["url"]
        path = url[url.index("/images/"):]
        first = self.server.get(path)
        self.assertEqual(first.headers["etag"], '"' + hashlib.sha256(first.body).hexdigest() + '"')
        self.assertIn("immutable", first.headers["cache-control"])
        for known in (first.headers["etag"], "W/" + first.headers["etag"], '"other", ' + first.headers["etag"], "*"):
            again = self.server.get(path, {"If-None-Match": known})
            self.assertEqual((again.status, again.body), (304, b""))
            self.assertEqual(again.headers["etag"], first.headers["etag"])
        self.assertEqual(self.server.get(path, {"If-None-Match": '"other"'}).status, 200)

    def test_head_of_a_picture_is_its_headers(self):
        url = self.server.post("/v1/images/generations", {"prompt": "x"}).json["data"][0]["url"]
        path = url[url.index("/images/"):]
        link = self.server.connect()
        head = self.server.ask("HEAD", path, connection=link)
        whole = self.server.ask("GET", path, connection=link)
        link.close()
        self.assertEqual((head.status, head.body), (200, b""))
        for name in ("content-length", "etag", "content-type"):
            self.assertEqual(head.headers[name], whole.headers[name])

    def test_a_picture_that_was_deleted_is_not_found(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "x"}).json
        url = answer["data"][0]["url"]
        pathlib.Path(self.server.folder.name, url.rpartition("/")[2]).unlink()
        self.assert_error(self.server.get(url[url.index("/images/"):]), 404, "not_found")

    def test_only_pictures_names_are_looked_for(self):
        real = "0" * 32 + "-0.png"
        for name in (real, "..%2f..%2fetc%2fpasswd", "../../etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "a.png",
                     "0" * 31 + "G-0.png", "0" * 32 + "-.png", "0" * 32 + "-0000.png", "0" * 32 + "-0.jpg",
                     "0" * 32 + "-0.png%00", "0" * 5000, "0" * 32 + "-0.png/", "%c0%ae%c0%ae/x"):
            self.assertIn(self.server.get("/images/" + name).status, (400, 404), name)


class Chat(ServerCase):
    PATH = "/v1/chat/completions"

    def ask(self, **more):
        return self.server.post(self.PATH, {"model": "sd/emoji", "messages": [{"role": "user", "content": "a cat"}],
                                            **more})

    def test_the_answer_has_the_originals_shape(self):
        body = self.ask(sam_config={"num_images": 2, "seed": 5}).json
        self.assertTrue(re.fullmatch(r"chatcmpl-[0-9a-f]{12}", body["id"]))
        self.assertEqual((body["object"], body["model"]), ("chat.completion", "sd/emoji"))
        self.assertIsInstance(body["created"], int)
        choice = body["choices"][0]
        self.assertEqual((choice["index"], choice["finish_reason"], choice["finishReason"]), (0, "stop", "stop"))
        message = choice["message"]
        self.assertEqual((message["role"], message["content"]), ("assistant", "2 image(s) generated successfully."))
        self.assertEqual(len(message["image_urls"]), 2)
        self.assertLessEqual({"prompt", "negative_prompt", "steps", "guidance_scale", "seed", "model", "scheduler",
                              "width", "height", "mode", "input_image_count"}, set(message["metadata"]))
        self.assertEqual(message["metadata"]["seed"], 5)
        self.assertEqual(body["usage"], {"prompt_tokens": 0, "promptTokens": 0, "completion_tokens": 0,
                                         "completionTokens": 0, "total_tokens": 0, "totalTokens": 0})

    def test_the_settings_have_three_names_and_two_spellings(self):
        for name in ("sam_config", "samConfig", "metadata"):
            for spelled in ({"guidance_scale": 3, "negative_prompt": "y"}, {"guidanceScale": 3, "negativePrompt": "y"}):
                metadata = self.ask(**{name: spelled}).json["choices"][0]["message"]["metadata"]
                self.assertEqual((metadata["guidance_scale"], metadata["negative_prompt"]), (3, "y"))
            self.assert_error(self.ask(**{name: {"guidanceScale": -1}}), 400, "bad_request", name + ".guidanceScale")

    def test_the_prompt_is_the_last_user_message(self):
        messages = [{"role": "system", "content": "draw"}, {"role": "user", "content": "a dog"},
                    {"role": "assistant", "content": None},
                    {"role": "user", "content": [{"type": "text", "text": "a cat"}, {"type": "text", "text": "sits"}]},
                    {"role": "assistant", "content": "ok"}]
        metadata = self.ask(messages=messages).json["choices"][0]["message"]["metadata"]
        self.assertEqual(metadata["prompt"], "a cat\nsits")

    def test_without_a_prompt_there_is_nothing_to_do(self):
        for messages, param in (([], "messages"), (None, "messages"), ("x", "messages"), ([3], "messages[0]"),
                                ([{"role": "system", "content": "x"}], "messages"),
                                ([{"role": "user"}], "messages[0].content"),
                                ([{"role": "user", "content": ""}], "messages[0].content"),
                                ([{"role": "user", "content": " "}], "messages[0].content"),
                                ([{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0].text"),
                                ([{"role": "user", "content": [3]}], "messages[0].content[0]")):
            self.assert_error(self.ask(messages=messages), 400, "bad_request", param)
        audio = [{"type": "input_audio", "input_audio": {}}]
        self.assert_error(self.ask(messages=[{"role": "user", "content": audio}]), 400, "unsupported",
                          "messages[0].content[0].type")

    def test_sizes_are_rounded_up_as_the_original_does(self):
        body = self.ask(sam_config={"width": 63, "height": 64}).json
        metadata = body["choices"][0]["message"]["metadata"]
        self.assertEqual((metadata["width"], metadata["height"]), (64, 64))
        self.assertEqual(body["warnings"], ["sam_config.width: 63 was rounded up to 64"])

    def test_loras_come_as_two_lists(self):
        job = self.ask(sam_config={"lora_paths": ["soft", "hard"], "loraScales": [0.5]}).json["job"]
        request = self.server.get("/v1/jobs/" + job).json["request"]
        self.assertEqual(request["loras"], [{"name": "soft", "strength": 0.5}, {"name": "hard", "strength": 1.0}])
        self.assert_error(self.ask(metadata={"lora_paths": [], "lora_scales": [1]}), 400, "bad_request",
                          "metadata.lora_scales")

    def test_one_thing_said_twice_and_differently_is_refused(self):
        self.assert_error(self.ask(sam_config={"steps": 3}, metadata={"steps": 4}), 400, "bad_request", "sam_config")
        self.assert_error(self.ask(sam_config={"num_images": 1, "n": 2}), 400, "bad_request", "sam_config.num_images")
        self.assertEqual(self.ask(sam_config={"num_images": 1, "n": 1}).status, 200)

    def test_the_standards_other_fields_are_reported(self):
        body = self.ask(temperature=0.7, topP=1, max_tokens=5, stream=False, user="me").json
        self.assertEqual(sorted(body["warnings"]),
                         [field + ": has no effect here" for field in ("max_tokens", "temperature", "topP", "user")])

    def test_what_is_not_built_is_refused(self):
        self.assert_error(self.ask(stream=True), 400, "unsupported", "stream")
        self.assert_error(self.ask(tools=[{}]), 400, "unsupported", "tools")
        self.assert_error(self.ask(sam_config={"input_image_urls": ["x"]}), 400, "unsupported",
                          "sam_config.input_image_urls")


class Errors(ServerCase):
    def test_every_fault_is_told_at_once_and_the_first_named(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "x", "steps": 0, "widht": 3, "n": "many"})
        self.assert_error(answer, 400, "bad_request", answer.error["param"])
        self.assertIn(answer.error["param"], ("steps", "widht", "n"))
        for word in ("steps: must be an integer from 1 to 1000", "did you mean 'width'?", "n: must be an integer"):
            self.assertIn(word, answer.error["message"])

    def test_a_failed_jobs_code_makes_the_status(self):
        for code, status in (("bad_request", 400), ("not_found", 404), ("unsupported", 400), ("busy", 429),
                             ("out_of_memory", 503), ("bad_weights", 503), ("bad_config", 503), ("cancelled", 499),
                             ("internal", 500)):
            answer = self.server.post("/v1/images/generations", {"prompt": "fail:" + code})
            self.assertEqual((answer.status, answer.error["code"]), (status, code))
            self.assertEqual(answer.headers["x-should-retry"], "false")
            self.assertEqual(answer.error["job_id"], answer.headers["x-job-id"])
            if status >= 500:
                self.assertNotIn("secret", answer.error["message"])
                self.assertNotIn("/srv", answer.error["message"])
            if status == 400:
                self.assertEqual(answer.error["param"], "steps")

    def test_a_job_that_killed_its_workers_says_so(self):
        answer = self.server.post("/v1/images/generations", {"prompt": "die"})
        self.assertEqual(answer.status, 500)
        self.assertIn("the worker ended by SIGSEGV, in code of the plugin bad", answer.error["message"])

    def test_errors_come_in_the_clients_spelling(self):
        answer = self.server.post("/v1/chat/completions", {"messages": [{"role": "user", "content": "fail:bad_request"}],
                                                           "samConfig": {"steps": 3}})
        self.assertEqual(answer.error["param"], "samConfig.steps")

    def test_a_slash_at_the_end_is_passed_over(self):
        for path in ("/health/", "/v1/models/", "/v1/models/sd/emoji/", "/v1/jobs/?limit=1"):
            self.assertEqual(self.server.get(path).status, 200, path)

    def test_unknown_paths_and_methods(self):
        for path in ("/nothing", "/v1", "/v1/jobs/x/y", "/health//", "//health", "/HEALTH"):
            self.assert_error(self.server.get(path), 404, "not_found")
        for method, path, allow in (("POST", "/health", "GET, HEAD, OPTIONS"),
                                    ("GET", "/v1/images/generations", "POST, OPTIONS"),
                                    ("PUT", "/v1/jobs", "POST, GET, HEAD, DELETE, OPTIONS"),
                                    ("PATCH", "/v1/jobs/1", "GET, HEAD, DELETE, OPTIONS"),
                                    ("PATCH", "/v1/models/sd/emoji", "GET, HEAD, DELETE, OPTIONS")):
            answer = self.server.ask(method, path)
            self.assert_error(answer, 405, "method_not_allowed")
            self.assertEqual(answer.headers["allow"], allow)

    def test_head_has_the_headers_without_the_body(self):
        for path in ("/health", "/v1/models", "/nothing"):
            answer, whole = self.server.ask("HEAD", path), self.server.get(path)
            self.assertEqual((answer.status, answer.body), (whole.status, b""))
            self.assertEqual(answer.headers["content-type"], whole.headers["content-type"])
            self.assertGreater(int(answer.headers["content-length"]), 0)

    def test_a_valid_request_id_comes_back(self):
        for given in ("abc", "A-b_c.9", "x" * 128):
            self.assertEqual(self.server.get("/health", {"x-request-id": given}).headers["x-request-id"], given)
        for given in ("", "a b", "x" * 129, "a/b", "{}"):
            made = self.server.get("/health", {"x-request-id": given}).headers["x-request-id"]
            self.assertTrue(re.fullmatch(r"[0-9a-f]{32}", made))


class Log(unittest.TestCase):
    def test_each_request_is_one_line_without_what_it_said(self):
        server = Server(log=True)
        server.get("/v1/jobs?limit=3", {"x-request-id": "list-1"})
        job = server.post("/v1/images/generations", {"prompt": "very secret"}, {"x-request-id": "make-1"}).json["job"]
        server.get("/v1/models/sd/emoji", {"x-request-id": "model-1"})
        queued = server.post("/v1/jobs", {"prompt": "x", "model": "sd/emoji"}, {"x-request-id": "queue-1"}).json["id"]
        for path in ("/health", "/livez", "/readyz", "/metrics"):
            server.get(path, {"x-request-id": "probe-1"})
        server.process.stdin.close()
        server.process.wait()
        log = server.process.stdout.read().decode() + server.process.stderr.read().decode()
        server.stop()
        self.assertEqual(len(re.findall(r"request=list-1 GET /v1/jobs 200 [0-9.]+ ms", log)), 1)
        self.assertEqual(len(re.findall(f"request=make-1 job={job} POST /v1/images/generations 200 [0-9.]+ ms", log)), 1)
        self.assertEqual(len(re.findall(r"request=model-1 GET /v1/models/{id...} 200 [0-9.]+ ms", log)), 1)
        self.assertEqual(
            len(re.findall(f"request=queue-1 job={queued} model=sd/emoji POST /v1/jobs 202 [0-9.]+ ms", log)), 1)
        self.assertNotIn("probe-1", log)
        self.assertNotIn("secret", log)
        self.assertNotIn("limit", log)


if __name__ == "__main__":
    unittest.main()

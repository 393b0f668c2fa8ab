"""What a worker says and does over its link, with a real alice-worker."""

import json
import pathlib
import random
import re
import resource
import signal
import struct
import subprocess
import unittest

from png_parts import png_size, png_texts
from worker_process import BUILD, DATA, ENVIRONMENT, LIVENESS_S, MODEL, MODELS, WorkerProcess, frame, of_kind, \
    preview_png, small_request


class SharedWorker(unittest.TestCase):
    """One worker does everything here: nothing that a job asks for harms the next."""

    @classmethod
    def setUpClass(cls):
        cls.worker = WorkerProcess()
        cls.described = cls.worker.hear_until("described")[-1]
        cls.jobs = 0

    @classmethod
    def tearDownClass(cls):
        assert cls.worker.process.poll() is None, cls.worker.stderr()
        cls.worker.__exit__()

    def run_job(self, request, **order):
        job = f"job{SharedWorker.jobs}"
        SharedWorker.jobs += 1
        self.worker.start_job(job, request, **order)
        return self.worker.end_of(job)

    def make(self, request, **order):
        messages = self.run_job(request, **order)
        self.assertEqual(messages[-1]["say"], "job_done", messages[-1])
        return messages

    def messages_of_failing(self, code, place, request, **order):
        messages = self.run_job(request, **order)
        failed = messages[-1]
        self.assertEqual((failed["say"], failed.get("code"), failed.get("place")), ("job_failed", code, place), failed)
        self.assertTrue(failed["sentence"])
        return messages

    def fail_to_make(self, code, place, request):
        return self.messages_of_failing(code, place, request)[-1]["sentence"]

    def test_it_describes_itself_before_anything_else_is_asked(self):
        description = self.described["description"]
        self.assertEqual(self.described["pid"], self.worker.process.pid)
        models = {model["id"]: model for model in description["models"]}
        self.assertTrue(models[MODEL]["available"])
        self.assertGreater(models[MODEL]["bytes"], 1 << 20)
        self.assertGreater(models[MODEL]["created"], 1 << 30)
        self.assertTrue(models["sd/tiny_sdxl"]["available"])
        self.assertTrue(description["plugins"]["kinds"]["scheduler"])
        self.assertEqual(description["generation_defaults"]["steps"], 25)
        self.assertIn("2 threads", description["backend"])
        self.assertRegex(description["libtorch"], r"^\d+\.\d+")

    def test_it_describes_itself_again_when_it_has_read_the_models_hashes(self):
        with WorkerProcess() as worker:
            first, second = (worker.hear_until("described")[-1]["description"]["models"] for _ in range(2))
        self.assertFalse([model for model in first if "sha256" in model])
        for model in second:
            self.assertEqual(len(model.get("sha256", "")), 64 if model["available"] else 0, model["id"])

    def test_a_job_is_told_stage_by_stage_and_step_by_step(self):
        messages = self.make(small_request(n=5, steps=3))
        self.assertEqual({message["job"] for message in messages if "attempt" in message}, {messages[0]["job"]})
        told = [(m["stage"], m["first_image"], m["images"], m["done"], m["total"]) if m["say"] == "job_progress"
                else (m["say"], m["picture"]["index"]) for m in messages if m["say"] in ("job_progress", "job_picture")]
        steps = lambda first, images: [("denoise", first, images, done, 3) for done in range(4)]
        self.assertEqual(told, [("load", 0, 0, 0, 0)]
                         + [("encode", 0, 4, 0, 0), *steps(0, 4), ("decode", 0, 4, 0, 0)]
                         + [("job_picture", index) for index in range(4)]
                         + [("encode", 4, 1, 0, 0), *steps(4, 1), ("decode", 4, 1, 0, 0), ("job_picture", 4)])
        self.assertEqual({m["all_images"] for m in of_kind(messages, "job_progress")}, {5})

    def test_every_library_is_named_before_it_is_loaded(self):
        named = [message["file"] for message in of_kind(self.worker.heard, "loading_plugin")]
        self.assertEqual(named, [plugin["file"] for plugin in self.described["description"]["plugins"]["plugins"]] + [""])

    def test_whose_code_runs_is_told_whenever_that_changes(self):
        plugins = self.described["description"]["plugins"]["plugins"]
        plugin_of = {factory: plugin["id"] for plugin in plugins for factory in plugin["factories"]}
        told = [m["plugins"] for m in of_kind(self.make(small_request(steps=2, scheduler="ddim")), "plugins_at_work")]
        everything, encode, network, sampler = told[:4]
        decode = told[-1]
        self.assertEqual(sampler, [plugin_of["scheduler ddim"]])
        self.assertEqual(told[2:-1], [network, sampler] * 3)  # the network is prepared, then called twice
        self.assertEqual(set(everything), {*encode, *network, *sampler, *decode})
        enrolled = lambda kind: {plugin for factory, plugin in plugin_of.items() if factory.startswith(kind + " ")}
        for kinds, stage in ((("text encoder", "family of models"), encode), (("UNet",), network), (("VAE",), decode)):
            self.assertEqual(len(stage), len(kinds) + 1, stage)
            for kind, plugin in zip((*kinds, "backend"), stage):
                self.assertIn(plugin, enrolled(kind))

    def test_pictures_are_on_the_disk_whole_and_say_what_made_them(self):
        messages = self.make(small_request(n=2, seed=40, negative_prompt="dog"))
        pictures = self.worker.pictures(messages)
        self.assertEqual([png_size(picture) for picture in pictures], [(128, 128)] * 2)
        self.assertEqual([m["picture"]["seed"] for m in of_kind(messages, "job_picture")], [40, 41])
        inside = json.loads(png_texts(pictures[1])["alice"])
        self.assertEqual((inside["seed"], inside["negative_prompt"], inside["n"]), (41, "dog", 1))
        self.assertIn("Seed: 41", png_texts(pictures[1])["parameters"])
        settings = messages[-1]["settings"]
        self.assertEqual((settings["seed"], settings["n"], settings["steps"]), (40, 2, 4))
        self.assertTrue(settings["scheduler"])
        leftovers = [file.name for file in (self.worker.folder / "images").iterdir() if file.suffix != ".png"]
        self.assertEqual(leftovers, [])

    def test_the_same_request_gives_the_same_bytes_and_those_of_the_command_line(self):
        request = small_request(seed=99)
        first = self.worker.pictures(self.make(request))
        self.assertEqual(self.worker.pictures(self.make(request)), first)
        out = self.worker.folder / "by_hand.png"
        subprocess.run([BUILD / "alice-worker", "--config", self.worker.folder / "config.yaml", "--models", MODELS,
                        "generate", "--model", MODEL, "--prompt", request["prompt"], "--steps", "4", "--width", "128",
                        "--height", "128", "--seed", "99", "--out", out], env=ENVIRONMENT, check=True,
                       capture_output=True, timeout=LIVENESS_S)
        self.assertEqual([out.read_bytes()], first)

    def test_previews_come_when_they_are_due_and_are_pictures(self):
        previews = of_kind(self.make(small_request(steps=7, n=2), preview_every=3), "job_preview")
        self.assertEqual([preview["step"] for preview in previews], [3, 6])
        for preview in previews:
            self.assertEqual(png_size(preview_png(preview)), (128, 128))
        self.assertEqual(of_kind(self.make(small_request(steps=3)), "job_preview"), [])

    def test_what_is_asked_for_in_vain_is_a_warning(self):
        done = self.make(small_request(guidance_scale=1, negative_prompt="dog"))[-1]
        self.assertEqual(len(done["warnings"]), 1)
        self.assertTrue(done["warnings"][0].startswith("/negative_prompt"))

    def test_a_seed_is_drawn_when_none_is_given(self):
        seeds = [self.make(small_request(seed=None, steps=1))[-1]["settings"]["seed"] for _ in range(2)]
        self.assertNotEqual(seeds[0], seeds[1])

    def test_bad_requests_fail_with_their_place(self):
        self.assertIn("did you mean", self.fail_to_make("not_found", "/model", small_request(model="sd/tiny_sd16")))
        self.fail_to_make("bad_request", "/width", small_request(width=129))
        both = self.fail_to_make("bad_request", "/width", small_request(width=129, height=131))
        self.assertTrue("/width" in both and "/height" in both, both)
        self.fail_to_make("bad_request", "/clip_skip", small_request(clip_skip=50))
        self.fail_to_make("bad_request", "/scheduler", small_request(scheduler="eulr"))
        self.fail_to_make("not_found", "/loras", small_request(loras=["none"]))
        self.fail_to_make("not_found", "/loras", small_request(prompt="a cat <lora:none:1>"))
        self.fail_to_make("bad_request", "/prompt", small_request(prompt="a cat <lora:none:much>"))
        for options in ({"steps_offset": "one"}, {"no_such_option": 1}, {"beta_start": []}):
            name = next(iter(options))
            self.fail_to_make("bad_request", "/scheduler_options/" + name, small_request(scheduler_options=options))
        self.make(small_request(steps=1))

    def test_files_are_not_opened_for_clients(self):
        for path in (str(MODELS / "tiny_sd15"), "../tiny_sd15", "/etc/passwd"):
            self.fail_to_make("not_found", "/model", small_request(model=path))
        lora = str(DATA / "goldens" / "lora" / "peft.safetensors")
        self.fail_to_make("not_found", "/loras", small_request(loras=[{"name": lora, "strength": 1}]))

    def test_a_cancel_ends_the_job_at_most_one_step_later(self):
        self.worker.start_job("cancelled", small_request(steps=1000))
        self.worker.hear_until("job_progress", stage="denoise", done=1)
        self.worker.cancel("cancelled")
        self.worker.say("ping")
        # When it is answered, the cancel has been taken, too; the job may have ended even before.
        rest = self.worker.hear_until("pong")
        if not of_kind(rest, "job_failed"):
            rest = self.worker.end_of("cancelled")
            self.assertLessEqual(len(of_kind(rest, "job_progress")), 1)
        self.assertEqual(of_kind(rest, "job_failed")[0]["code"], "cancelled")
        self.make(small_request(steps=1))

    def test_a_cancel_of_another_job_or_attempt_changes_nothing(self):
        self.worker.start_job("kept", small_request(steps=20), attempt=2)
        self.worker.hear_until("job_progress", job="kept", done=1)
        self.worker.cancel("kept", attempt=1)
        self.worker.cancel("other", attempt=2)
        self.assertEqual(self.worker.end_of("kept")[-1]["say"], "job_done")
        self.worker.cancel("kept", attempt=2)  # has ended
        self.make(small_request(steps=1))

    def test_describe_is_answered_while_a_job_is_made(self):
        self.worker.start_job("long", small_request(steps=1000))
        self.worker.hear_until("job_progress", stage="denoise", done=1)
        self.worker.describe()
        between = self.worker.hear_until("described", "job_done")
        self.assertEqual(between[-1]["say"], "described")
        self.worker.cancel("long")
        self.worker.end_of("long")

    def test_a_ping_is_answered_at_once_whatever_is_done(self):
        self.worker.start_job("pinged", small_request(steps=1000))
        self.worker.hear_until("job_progress", stage="denoise", done=1)
        self.worker.describe()
        self.worker.say("ping")
        self.assertEqual(self.worker.hear_until("pong", "job_done")[-1]["say"], "pong")
        self.worker.cancel("pinged")
        self.worker.end_of("pinged")

    def test_a_job_that_waits_can_be_cancelled_and_a_third_is_refused(self):
        self.worker.start_job("first", small_request(steps=1000))
        self.worker.hear_until("job_progress", job="first", done=1)
        self.worker.start_job("second", small_request())
        self.worker.start_job("third", small_request())
        self.assertEqual(self.worker.end_of("third")[-1]["code"], "busy")
        self.worker.cancel("second")
        self.assertEqual(self.worker.end_of("second")[-1]["code"], "cancelled")
        self.worker.cancel("first")
        self.assertEqual(self.worker.end_of("first")[-1]["code"], "cancelled")

    def test_a_picture_that_cannot_be_written_is_a_fault_of_the_storage(self):
        self.worker.start_job("nowhere", small_request(steps=1), pictures=self.worker.folder / "none")
        failed = self.worker.end_of("nowhere")[-1]
        self.assertEqual(failed["code"], "storage_failed")
        self.assertEqual(failed["place"], str(self.worker.folder / "none"))

    def test_a_record_that_cannot_be_written_is_a_warning_in_the_log(self):
        messages = self.make(small_request(steps=1), record=self.worker.folder / "none" / "record")
        lines = [line["text"] for line in of_kind(messages, "log_line") if line["level"] == "warning"]
        self.assertEqual(len(lines), 1)
        self.assertIn("record", lines[0])

    def test_want_of_memory_is_told_as_such_and_the_next_job_is_made(self):
        self.make(small_request(steps=1))
        pid = self.worker.process.pid
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        in_use = int(re.search(r"VmSize:\s+(\d+) kB", status).group(1)) * 1024
        unlimited = resource.prlimit(pid, resource.RLIMIT_AS)
        resource.prlimit(pid, resource.RLIMIT_AS, (in_use + (64 << 20), unlimited[1]))
        try:
            self.fail_to_make("out_of_memory", "worker", small_request(steps=1, width=2048, height=2048))
        finally:
            resource.prlimit(pid, resource.RLIMIT_AS, unlimited)
        self.make(small_request(steps=1))

    def test_a_job_is_estimated_before_it_runs(self):
        messages = self.make(small_request(steps=3, n=5))
        kinds = [message["say"] for message in messages]
        self.assertLess(kinds.index("job_estimate"), kinds.index("job_picture"))
        estimate = messages[kinds.index("job_estimate")]["estimate"]
        for part in ("seconds", "step_seconds", "decode_seconds"):
            self.assertGreater(estimate[part], 0, part)
        self.assertGreater(estimate["seconds"], 6 * estimate["step_seconds"] / 4)  # two groups of three steps
        self.assertGreater(estimate["bytes"], 50 << 20)  # with the libraries' code

    def test_a_job_beyond_its_bounds_is_refused_before_anything_is_computed_with_both_figures(self):
        request = small_request(steps=1000, width=2048, height=2048, n=4)
        messages = self.messages_of_failing("out_of_memory", "worker", request, most_bytes=300_000_000)
        self.assertRegex(messages[-1]["sentence"], r"4 pictures of 2048x2048 in 1000 steps of sd/tiny_sd15 would take "
                         r"about [0-9.]+ (s|min|h) and [0-9.]+ [MG]B, and [0-9.]+ [MG]B are left for it; it was trained "
                         r"for 64x64")
        self.assertEqual([m["stage"] for m in of_kind(messages, "job_progress")], ["load"])
        messages = self.messages_of_failing("bad_request", "", small_request(steps=1000), most_seconds=0.001)
        self.assertIn("generation.max_seconds", messages[-1]["sentence"])
        self.make(small_request(steps=1))

    def test_the_kernel_ends_a_worker_before_the_front(self):
        adjusted = pathlib.Path(f"/proc/{self.worker.process.pid}/oom_score_adj").read_text()
        self.assertEqual(adjusted.strip(), "800")

    def test_a_terminals_interrupt_and_a_services_stop_are_for_the_front(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self.worker.process.send_signal(number)
        self.make(small_request(steps=1))

    def test_prompts_are_not_logged(self):
        secret = "xyzzyplugh"
        self.make(small_request(prompt=secret, negative_prompt=secret, steps=1))
        self.fail_to_make("bad_request", "/prompt", small_request(prompt=f"<lora:{secret}:much>"))
        lines = of_kind(self.worker.heard, "log_line")
        self.assertTrue([line for line in lines if line["job"]], "jobs leave lines")
        self.assertEqual([line for line in lines if secret in line["text"]], [])
        self.assertNotIn(secret, self.worker.stderr())

    def test_lines_of_the_log_carry_their_job(self):
        messages = self.make(small_request(steps=1))
        lines = of_kind(messages, "log_line")
        self.assertTrue(lines)
        self.assertEqual({line["job"] for line in lines}, {messages[0]["job"]})


class Death(unittest.TestCase):
    """A worker that is killed, and the next one that takes its job up."""

    def test_the_next_worker_goes_on_from_the_record_with_the_same_bytes(self):
        rolls = random.Random(1)
        with WorkerProcess() as worker:
            for scheduler in ("euler_ancestral", "dpm++_sde", "heun"):
                request = small_request(scheduler=scheduler, n=5, steps=6)
                worker.start_job("whole", request)
                whole = worker.pictures(worker.end_of("whole"))
                for attempt in (1, 2, 3):  # each gets further than the one before
                    worker.start_job(scheduler, request, attempt=attempt)
                    step = rolls.randint(1, 3) + (attempt - 1) // 2 * 2
                    worker.hear_until("job_progress", done=step, first_image=0 if attempt == 1 else 4)
                    worker.process.kill()
                    worker.process.wait()
                    worker.stop()
                    worker.start()
                worker.start_job(scheduler, request, attempt=4)
                messages = worker.end_of(scheduler)
                self.assertEqual(worker.pictures(messages), whole)
                self.assertGreaterEqual(messages[-1]["resumed_from"], 6 + step)
                told = [m["resumed_from"] for m in of_kind(messages, "job_progress")]
                self.assertEqual(told, sorted(told))

    def test_the_seed_that_was_drawn_is_kept(self):
        request = small_request(seed=None, n=2, scheduler="euler_ancestral", steps=20)
        with WorkerProcess() as worker:
            worker.start_job("a", request)
            worker.hear_until("job_progress", done=5)
            worker.process.kill()
            worker.stop()
            worker.start()
            worker.start_job("a", request, attempt=2)
            messages = worker.end_of("a")
            self.assertGreaterEqual(messages[-1]["resumed_from"], 5)
            worker.start_job("b", dict(request, seed=messages[-1]["settings"]["seed"]))
            self.assertEqual(worker.pictures(worker.end_of("b")), worker.pictures(messages))

    def test_the_record_is_gone_when_the_job_has_ended(self):
        with WorkerProcess() as worker:
            worker.start_job("done", small_request(steps=2))
            worker.end_of("done")
            worker.start_job("cancelled", small_request(steps=1000))
            worker.hear_until("job_progress", done=2)
            self.assertTrue(worker.record_of("cancelled").exists())
            worker.cancel("cancelled")
            worker.end_of("cancelled")
            worker.start_job("failed", small_request(width=129))
            worker.end_of("failed")
            worker.start_job("last", small_request(steps=1))  # what came before it has been tidied
            worker.hear_until("job_progress", job="last")
            for job in ("done", "cancelled", "failed"):
                self.assertFalse(worker.record_of(job).exists(), job)


class TheEnd(unittest.TestCase):
    def assert_nothing_but_descriptions(self, worker):
        """Until its end: it describes itself once more when it knows its models' hashes."""
        while (message := worker.hear()) is not None:
            self.assertIn(message["say"], ("looking_at", "described"))

    def test_a_worker_whose_front_is_gone_ends_at_once_and_in_the_middle_of_a_step(self):
        for size in (128, 1024):  # steps of milliseconds, of seconds
            with WorkerProcess() as worker:
                worker.hear_until("described")
                worker.start_job("a", small_request(width=size, height=size, steps=1000))
                worker.hear_until("job_progress", stage="denoise", done=0)
                worker.socket.close()
                self.assertEqual(worker.process.wait(LIVENESS_S), 0)

    def test_a_worker_whose_front_is_gone_before_it_could_speak_ends(self):
        with WorkerProcess() as worker:
            worker.socket.close()
            self.assertEqual(worker.process.wait(LIVENESS_S), 0)

    def test_a_worker_whose_parent_died_ends_even_when_somebody_else_holds_the_fronts_end(self):
        with WorkerProcess(launch='"$@" & wait') as worker:  # its parent is the shell; we hold the socket
            worker.hear_until("described")
            worker.process.kill()
            self.assert_nothing_but_descriptions(worker)

    def test_garbage_ends_the_worker_with_a_line_in_the_log(self):
        for garbage in (b"GET / HTTP/1.1\r\n\r\n", frame(b"{}"), frame(b"\xff\x00"), frame(b'{"say":"dance"}'),
                        frame(b'{"say":"cancel_job","job":7,"attempt":1}'), struct.pack("<I", 0xffffffff)):
            with WorkerProcess() as worker:
                worker.hear_until("described")
                worker.socket.sendall(garbage)
                line = worker.hear_until("log_line", level="critical")[-1]
                self.assertIn("cannot follow the front", line["text"])
                self.assert_nothing_but_descriptions(worker)
                self.assertEqual(worker.process.wait(LIVENESS_S), 1)

    def test_a_message_that_comes_byte_by_byte_is_understood(self):
        with WorkerProcess() as worker:
            worker.hear_until("described")
            for byte in frame(b'{"say":"describe","pass_over":{}}'):
                worker.socket.sendall(bytes([byte]))
            worker.hear_until("described")

    def test_nobody_can_start_it_by_hand(self):
        ended = subprocess.run([BUILD / "alice-worker", "work"], env=ENVIRONMENT, capture_output=True, text=True,
                               timeout=LIVENESS_S, close_fds=True)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("alice serve", ended.stderr)


if __name__ == "__main__":
    unittest.main()

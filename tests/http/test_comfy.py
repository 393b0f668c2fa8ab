"""ComfyUI's API without its WebSocket: graphs, history, queue, pictures by name, and refusals that name the node."""

import copy
import json
import unittest
import urllib.parse

from a1111_requests import PICTURE
from comfy_requests import TEXT_GRAPH, avatar_graph, form, linked, sillytavern_body, text_graph
from server import ServerCase, wait_until
from test_fields import VALUES


class Comfy(ServerCase):
    def post(self, graph, **more):
        return self.server.post("/prompt", {"prompt": graph, **more})

    def queued(self, graph, **more):
        answer = self.post(graph, **more)
        self.assertEqual(answer.status, 200, answer.body[:2000])
        self.assertEqual(answer.json["node_errors"], {})
        return answer.json["prompt_id"]

    def history(self, prompt):
        """Its entry, once it has ended: asked for as SillyTavern does."""
        def found():
            return self.server.get("/history").json.get(prompt)
        wait_until(found, "the prompt's end")
        return found()

    def made(self, graph):
        return self.history(self.queued(graph))

    def last_request(self):
        newest = self.server.get("/v1/jobs?limit=1").json["data"][0]["id"]
        return self.server.get("/v1/jobs/" + newest).json["request"]

    def asked_for(self, graph):
        self.made(graph)
        return self.last_request()

    def assert_refused(self, answer, node, name, status=400):
        self.assertEqual(answer.status, status, answer.body)
        told = answer.json
        self.assertIn(node, told["node_errors"], told)
        errors = told["node_errors"][node]["errors"]
        self.assertTrue(all({"type", "message", "details", "extra_info"} <= set(one) for one in errors))
        self.assertIn(name, [one["extra_info"].get("input_name") for one in errors], errors)
        self.assertIn(f"node {node}", told["error"]["message"])
        self.assertLess(len(answer.body), 20_000)
        return told


class Graphs(Comfy):
    def test_the_default_graph_is_a_job(self):
        entry = self.made(text_graph())
        request = self.last_request()
        for name, value in (("model", "sd/emoji"), ("prompt", "a cat"), ("negative_prompt", "dogs"), ("steps", 4),
                            ("guidance_scale", 7), ("seed", 5), ("width", 64), ("height", 64), ("n", 1),
                            ("scheduler", "wave")):
            self.assertEqual(request[name], value, name)
        self.assertEqual(entry["status"]["status_str"], "success")
        self.assertTrue(entry["status"]["completed"])
        self.assertEqual([one[0] for one in entry["status"]["messages"]],
                         ["execution_start", "execution_cached", "execution_success"])
        self.assertEqual(entry["prompt"][2], TEXT_GRAPH)
        self.assertEqual(entry["prompt"][4], ["9"])

    def test_a_seed_beyond_ours_keeps_the_bits_that_noise_is_made_of(self):
        seed = 2**64 - 12345
        self.assertEqual(self.asked_for(text_graph([("3", "seed", seed)]))["seed"] % 2**32, seed % 2**32)
        self.assertEqual(self.asked_for(text_graph([("3", "seed", 2**53 - 1)]))["seed"], 2**53 - 1)
        self.assert_refused(self.post(text_graph([("3", "seed", 2**64)])), "3", "seed")
        self.assert_refused(self.post(text_graph([("3", "seed", -1)])), "3", "seed")

    def test_numbers_may_be_texts(self):
        request = self.asked_for(text_graph([("3", "steps", "3"), ("3", "cfg", "2.5"), ("5", "batch_size", "2")]))
        self.assertEqual((request["steps"], request["guidance_scale"], request["n"]), (3, 2.5, 2))

    def test_samplers_and_schedulers_have_comfyuis_names(self):
        karras = {"use_karras_sigmas": True, "use_exponential_sigmas": False, "timestep_spacing": "linspace"}
        normal = {**karras, "use_karras_sigmas": False}
        for sampler, scheduler, name, options in (
                ("wave", "karras", "wave", karras), ("wave_2m", "normal", "wave_2m", normal),
                ("wave", "simple", "wave", {**normal, "timestep_spacing": "trailing"}),
                ("wave", "automatic", "wave", {}), ("Wave 2M", "normal", "Wave 2M", normal),
                ("plain", "normal", "plain", {})):
            answer = self.post(text_graph([("3", "sampler_name", sampler), ("3", "scheduler", scheduler)]))
            self.assertEqual((answer.status, answer.json["warnings"]), (200, []), (sampler, scheduler))
            request = self.last_request()
            self.assertEqual((request["scheduler"], request["scheduler_options"]), (name, options))
        answer = self.post(text_graph([("3", "sampler_name", "plain"), ("3", "scheduler", "karras")]))
        self.assertIn("karras", answer.json["warnings"][0])

    def test_loras_and_the_encoders_layer(self):
        more = {"20": {"class_type": "LoraLoader", "inputs": {
                    "model": linked("4"), "clip": linked("4", 1), "lora_name": "soft.safetensors",
                    "strength_model": 0.5, "strength_clip": 0.25}},
                "21": {"class_type": "LoraLoaderModelOnly", "inputs": {
                    "model": linked("20"), "lora_name": "hard", "strength_model": -1}},
                "22": {"class_type": "CLIPSetLastLayer", "inputs": {"clip": linked("20", 1), "stop_at_clip_layer": -2}}}
        both = [("6", "clip", linked("22")), ("7", "clip", linked("22"))]
        request = self.asked_for(text_graph([("3", "model", linked("21")), *both], more))
        self.assertEqual(request["loras"], [
            {"name": "soft", "strength": 0.5, "text_encoder_strength": 0.25},
            {"name": "hard", "strength": -1, "text_encoder_strength": 0}])
        self.assertEqual(request["clip_skip"], 1)
        request = self.asked_for(text_graph(both, more))  # the network without, the text encoder with it
        self.assertEqual(request["loras"], [{"name": "soft", "strength": 0, "text_encoder_strength": 0.25}])
        self.assert_refused(self.post(text_graph([("6", "clip", linked("22"))], more)), "3", "negative")
        more["20"]["inputs"]["lora_name"] = "nobodys.safetensors"
        self.assert_refused(self.post(text_graph(both, more)), "20", "lora_name")

    def test_as_many_steps_are_done_as_comfyui_does(self):
        # comfy/samplers.py: the last `steps` of int(steps / denoise); ours: floor(steps * strength).
        for steps in (1, 2, 4, 7, 20, 33):
            for denoise in (0.01, 0.1, 0.3, 0.5, 0.62, 0.75, 0.9, 0.99, 1):
                request = self.asked_for(avatar_graph(denoise=denoise, steps=steps)) if steps / denoise <= 150 else None
                if request is None:
                    continue
                total = int(steps / denoise) if denoise <= 0.9999 else steps
                self.assertEqual(request["steps"], total)
                self.assertEqual(int(total * request["strength"]), steps, (steps, denoise))
                self.assertAlmostEqual(request["strength"], steps / total, delta=2e-6)

    def test_a_picture_is_made_from_a_picture(self):
        request = self.asked_for(avatar_graph())
        self.assertEqual((request["width"], request["height"], request["resize"]), (64, 64, "crop"))
        self.assertTrue(request["image"]["sha256"])
        self.assert_refused(self.post(text_graph([("3", "denoise", 0.5)])), "3", "denoise")
        self.assert_refused(self.post(avatar_graph(denoise=0)), "3", "denoise")
        graph = avatar_graph()
        graph["10"]["inputs"]["image"] = "no picture"
        self.assert_refused(self.post(graph), "10", "image")
        graph["10"]["inputs"]["image"] = "https://elsewhere.example/x.png"
        self.assert_refused(self.post(graph), "10", "image")

    def test_sizes_are_fitted_and_say_so(self):
        answer = self.post(text_graph([("5", "width", 1024), ("5", "height", 1024)]))
        self.assertIn("1024x1024", " ".join(answer.json["warnings"]))
        self.assertEqual([self.last_request()[side] for side in ("width", "height")], [64, 64])
        answer = self.post(text_graph([("5", "width", 63)]))
        self.assertIn("rounded down to 56", " ".join(answer.json["warnings"]))

    def test_what_is_not_built_is_refused_with_its_node(self):
        stranger = {"30": {"class_type": "UpscaleModelLoader", "inputs": {}}}
        told = self.assert_refused(self.post(text_graph(more=stranger)), "30", None)
        self.assertIn("UpscaleModelLoader", told["error"]["message"])
        self.assertEqual(told["node_errors"]["30"]["class_type"], "UpscaleModelLoader")
        unet = {"30": {"class_type": "UNETLoader", "inputs": {"unet_name": "x"}}}
        self.assert_refused(self.post(text_graph(more=unet)), "30", None)
        second = {"31": copy.deepcopy(TEXT_GRAPH["3"])}
        told = self.assert_refused(self.post(text_graph([("3", "latent_image", linked("31"))], second)), "31", None)
        self.assertIn("KSampler", told["error"]["message"])
        more = {"31": copy.deepcopy(TEXT_GRAPH["3"]),
                "32": {"class_type": "VAEDecode", "inputs": {"samples": linked("31"), "vae": linked("4", 2)}},
                "33": {"class_type": "PreviewImage", "inputs": {"images": linked("32")}}}
        self.assert_refused(self.post(text_graph(more=more)), "3", None)  # "33" comes before "9"
        scaled = {"34": {"class_type": "ImageScale", "inputs": {
            "image": linked("8"), "upscale_method": "lanczos", "width": 64, "height": 64, "crop": "disabled"}}}
        self.assert_refused(self.post(text_graph([("9", "images", linked("34"))], scaled)), "34", None)

    def test_wrong_links_are_refused(self):
        for value in (["4"], ["4", "1"], ["4", -1], [4, 0], ["nobody", 0], ["4", 99], ["5", 0], "4", 4, {}):
            self.assert_refused(self.post(text_graph([("3", "model", value)])), "3", "model")
        self.assert_refused(self.post(text_graph([("3", "model", None)])), "3", "model")
        circle = {"20": {"class_type": "CLIPSetLastLayer", "inputs": {"clip": linked("21"), "stop_at_clip_layer": -1}},
                  "21": {"class_type": "CLIPSetLastLayer", "inputs": {"clip": linked("20"), "stop_at_clip_layer": -1}}}
        told = self.post(text_graph([("6", "clip", linked("20"))], circle)).json
        self.assertIn("cycle", told["error"]["message"])

    def test_no_prompt_is_refused(self):
        for prompt in (None, {}, [], "x", 3, {"1": 3}, {"1": {}}, {"1": {"class_type": 3}}):
            answer = self.post(prompt)
            self.assertEqual(answer.status, 400, prompt)
            self.assertTrue({"type", "message", "details", "extra_info"} <= set(answer.json["error"]))
            self.assertIn("node_errors", answer.json)
        answer = self.post({"4": TEXT_GRAPH["4"]})
        self.assertEqual(answer.json["error"]["type"], "prompt_no_outputs")
        self.assertEqual(self.server.post("/prompt", b"{").status, 400)

    def test_no_value_of_any_input_is_a_fault_of_the_server(self):
        link = self.server.connect()
        graphs = [(text_graph(), None), (avatar_graph(), ("10", "12", "13"))]
        refused = 0
        for graph, only in graphs:
            for node in only or graph:
                for name in graph[node]["inputs"]:
                    for value in VALUES:
                        changed = copy.deepcopy(graph)
                        changed[node]["inputs"][name] = value
                        answer = self.server.ask("POST", "/prompt", {"prompt": changed}, connection=link)
                        self.assertIn(answer.status, (200, 400), (node, name, str(value)[:100], answer.body[:300]))
                        if answer.status == 400:
                            refused += 1
                            self.assert_refused(answer, node, name)
        link.close()
        self.assertGreater(refused, 500)

    SETTINGS = {"step_ms": 0, "queue_size": 100000}


class Clients(Comfy):
    def test_sillytavern_from_its_first_question_to_its_picture(self):
        self.assertEqual(self.server.get("/system_stats").status, 200)
        nodes = self.server.get("/object_info").json
        sampler = nodes["KSampler"]["input"]["required"]
        self.assertEqual(sampler["sampler_name"][0], ["plain", "strong", "wave", "wavy", "wave_2m"])
        self.assertEqual(sampler["scheduler"][0],
                         ["normal", "karras", "exponential", "simple", "sgm_uniform", "ddim_uniform", "automatic"])
        self.assertEqual(nodes["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0], ["emoji.safetensors"])
        self.assertEqual(nodes["UNETLoader"]["input"]["required"]["unet_name"][0], [])
        self.assertIsInstance(nodes["VAELoader"]["input"]["required"]["vae_name"][0], list)
        self.assertEqual(nodes["LoraLoader"]["input"]["required"]["lora_name"][0],
                         ["soft.safetensors", "hard.safetensors"])

        body, headers = sillytavern_body(text_graph([("3", "sampler_name", sampler["sampler_name"][0][2]),
                                                     ("3", "scheduler", sampler["scheduler"][0][0])]))
        prompt = self.server.ask("POST", "/prompt", body, headers).json["prompt_id"]
        self.assertRegex(prompt, "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
        entry = self.history(prompt)
        self.assertNotEqual(entry["status"]["status_str"], "error")
        image = [image for output in entry["outputs"].values() for image in output["images"]][0]
        view = self.server.get("/view?filename={filename}&subfolder={subfolder}&type={type}".format(**image))
        self.assertEqual((view.status, view.headers["content-type"], view.body[:4]), (200, "image/png", b"\x89PNG"))

    def test_sillytavern_is_told_why_a_picture_failed(self):
        body, headers = sillytavern_body(text_graph([("6", "text", "fail:bad_weights of a cat")]))
        status = self.history(self.server.ask("POST", "/prompt", body, headers).json["prompt_id"])["status"]
        self.assertEqual(status["status_str"], "error")
        told = [it[1] for it in status["messages"] if it[0] == "execution_error"]
        self.assertEqual([(one["node_type"], one["node_id"], one["exception_type"]) for one in told],
                         [("KSampler", "3", "bad_weights")])
        self.assertTrue(told[0]["exception_message"])

    def test_sillytavern_ends_its_picture(self):
        body, headers = sillytavern_body(text_graph([("6", "text", "work")]))
        prompt = self.server.ask("POST", "/prompt", body, headers).json["prompt_id"]
        wait_until(lambda: self.server.get("/queue").json["queue_running"], "the job's begin")
        self.assertEqual(self.server.get("/prompt").json, {"exec_info": {"queue_remaining": 1}})
        answer = self.server.ask("POST", "/interrupt", headers={"Authorization": "Basic dW5kZWZpbmVk"})
        self.assertEqual(answer.status, 200)
        entry = self.history(prompt)
        self.assertEqual((entry["status"]["status_str"], entry["outputs"]), ("error", {}))
        self.assertEqual(entry["status"]["messages"][-1][0], "execution_interrupted")

    def test_the_avatar_graph_makes_a_picture(self):
        entry = self.made(avatar_graph())
        self.assertEqual(entry["status"]["status_str"], "success")

    def test_an_uploaded_picture_is_loaded_by_its_name(self):
        body, headers = form([("image", "me/../cat.png", PICTURE), ("type", None, b"input"), ("subfolder", None, b"ours")])
        told = self.server.ask("POST", "/upload/image", body, headers).json
        self.assertEqual(told, {"name": "cat.png", "subfolder": "ours", "type": "input"})
        self.assertEqual(self.server.ask("POST", "/upload/image", body, headers).json, told)  # the same once more
        listed = self.server.get("/object_info/LoadImage").json["LoadImage"]["input"]["required"]["image"]
        self.assertEqual(listed, [["ours/cat.png"], {"image_upload": True}])
        graph = avatar_graph()
        graph["10"] = {"class_type": "LoadImage", "inputs": {"image": "ours/cat.png", "upload": "image"}}
        self.assertEqual(self.made(graph)["status"]["status_str"], "success")
        view = self.server.get("/view?filename=cat.png&subfolder=ours&type=input")
        self.assertEqual((view.status, view.body), (200, PICTURE))
        graph["10"]["inputs"]["image"] = "another.png"
        self.assert_refused(self.post(graph), "10", "image")

    def test_another_picture_of_that_name_gets_another_one(self):
        other = PICTURE[:33] + b"\0\0\0\0tEXt\x3d\x6d\x4f\x5e" + PICTURE[33:]
        names = []
        for data, overwrite in ((PICTURE, b"false"), (other, b"false"), (other, b"true")):
            body, headers = form([("image", "dog.png", data), ("overwrite", None, overwrite)])
            names.append(self.server.ask("POST", "/upload/image", body, headers).json["name"])
        self.assertEqual(names, ["dog.png", "dog (1).png", "dog.png"])

    def test_uploads_that_are_none_are_refused(self):
        for parts, param in (([("image", "x.png", b"text")], "image"), ([], "image"),
                             ([("image", "..", PICTURE)], "image"), ([("image", "a\x01.png", PICTURE)], "image"),
                             ([("image", "x" * 300, PICTURE)], "image"), ([("image", ".hidden", PICTURE)], "image"),
                             ([("image", "x.png", PICTURE), ("subfolder", None, b"../up")], "subfolder"),
                             ([("image", "x.png", PICTURE), ("subfolder", None, b"/etc")], "subfolder"),
                             ([("image", "x.png", PICTURE), ("type", None, b"output")], "type")):
            body, headers = form(parts)
            answer = self.server.ask("POST", "/upload/image", body, headers)
            self.assertEqual((answer.status, answer.json["error"]["param"]), (400, param), answer.body)
        self.assertEqual(self.server.post("/upload/image", {}).status, 415)

    def test_names_of_pictures_lead_nowhere_else(self):
        file = self.made(text_graph())["outputs"]["9"]["images"][0]["filename"]
        good = {"filename": file, "type": "output"}
        self.assertEqual(self.server.get("/view?" + urllib.parse.urlencode(good)).status, 200)
        for change in ({"filename": "../" + file}, {"filename": "x/" + file}, {"filename": "..\\" + file},
                       {"filename": "/etc/passwd"}, {"filename": "jobs.db"}, {"filename": ""}, {"filename": "\0"},
                       {"filename": file + "\0"}, {"filename": ".."}, {"subfolder": ".."}, {"subfolder": "/"},
                       {"subfolder": "a/../.."}, {"subfolder": "inputs"}, {"type": "input"}, {"type": "../output"},
                       {"type": "etc"}, {"filename": "ä" * 300}):
            answer = self.server.get("/view?" + urllib.parse.urlencode({**good, **change}))
            self.assertIn(answer.status, (400, 404), change)
            self.assertNotIn(b"root:", answer.body)

    def test_the_client_is_echoed_and_may_name_its_prompt(self):
        mine = "01234567-89ab-cdef-0123-456789abcdef"
        self.assertEqual(self.queued(text_graph(), client_id="me", prompt_id=mine), mine)
        self.assertEqual(self.history(mine)["prompt"][3], {"client_id": "me"})
        self.assertEqual(self.server.get("/history/" + mine).json[mine]["prompt"][1], mine)
        answer = self.post(text_graph(), prompt_id=mine)
        self.assertEqual((answer.status, answer.json["error"]["param"]), (400, "prompt_id"))
        for name, value in (("prompt_id", "x"), ("prompt_id", 3), ("client_id", 3), ("client_id", "x" * 300)):
            answer = self.post(text_graph(), **{name: value})
            self.assertEqual((answer.status, answer.json["error"]["param"]), (400, name))
        self.assertEqual(self.post(text_graph(), front=True, number=-1).json["warnings"],
                         ["number: has no effect here", "front: has no effect here"])

    def test_history_and_queue_are_kept_and_forgotten_as_asked(self):
        hold = self.queued(text_graph([("6", "text", "work")]))
        waiting = [self.queued(text_graph()) for _ in range(3)]
        wait_until(lambda: self.server.get("/queue").json["queue_running"], "the job's begin")
        queue = self.server.get("/queue").json
        self.assertEqual([one[1] for one in queue["queue_running"]], [hold])
        self.assertEqual([one[1] for one in queue["queue_pending"]], waiting)
        self.assertEqual(self.server.post("/queue", {"delete": [waiting[0]]}).status, 200)
        self.history(waiting[0])
        self.server.post("/queue", {"delete": [hold]})  # it runs: interrupt is for that
        self.server.post("/queue", {"clear": True})
        self.history(waiting[2])
        self.assertEqual([one[1] for one in self.server.get("/queue").json["queue_running"]], [hold])
        self.server.post("/interrupt", {"prompt_id": hold})
        self.history(hold)
        self.assertEqual(list(self.server.get("/history?max_items=1").json), [waiting[2]])
        self.server.post("/history", {"delete": [hold]})
        self.assertEqual(self.server.get("/history/" + hold).json, {})
        self.server.post("/history", {"clear": True})
        self.assertEqual(self.server.get("/history").json, {})
        for path, body in (("/queue", {"clear": 3}), ("/queue", {"delete": "x"}), ("/history", {"delete": [3]}),
                           ("/interrupt", {"prompt_id": []}), ("/queue", {"delete": ["x"] * 1001})):
            self.assertEqual(self.server.post(path, body).status, 400, body)
        self.assertEqual(self.server.get("/history?max_items=x").status, 400)
        self.assertEqual(self.server.get("/history?max_items=200&clientId=me").status, 200)

    def test_newer_clients_find_all_of_it_below_api(self):
        prompt = self.server.post("/api/prompt", {"prompt": text_graph()}).json["prompt_id"]
        wait_until(lambda: self.server.get("/api/history/" + prompt).json, "the prompt's end")
        for path in ("/api/system_stats", "/api/object_info", "/api/queue", "/api/embeddings", "/api/extensions",
                     "/api/models", "/api/models/checkpoints"):
            self.assertEqual(self.server.get(path).status, 200, path)
        self.assertEqual(self.server.get("/api/health").json["status"], "ok")

    def test_lists_of_what_there_is(self):
        self.assertEqual(self.server.get("/models").json, ["checkpoints", "loras"])
        self.assertEqual(self.server.get("/models/checkpoints").json, ["emoji.safetensors"])
        self.assertEqual(self.server.get("/models/vae").status, 404)
        self.assertEqual(self.server.get("/object_info/Nobody").json, {})
        self.assertEqual(self.server.post("/free", {"unload_models": True}).status, 200)


if __name__ == "__main__":
    unittest.main()

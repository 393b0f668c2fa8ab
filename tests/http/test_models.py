"""ALICE's routes of models: their facts, the list of LoRAs, and what may be deleted, by whom and when."""

import pathlib
import unittest

from server import ServerCase, wait_until

ADMIN = {"keys": {"ann": {}, "root": {"level": "admin"}, "librarian": {"scopes": "read models:write"}}}


class Facts(ServerCase):
    def test_info_is_as_the_original_has_it(self):
        info = self.server.get("/v1/models/sd/emoji/info").json
        self.assertEqual(info, {"id": "sd/emoji", "name": "emoji", "model_type": "one grey pixel",
                                "native_resolution": "64x64", "size_mb": 1.43, "created": 1700000000,
                                "recommended_resolutions": [{"width": 64, "height": 64, "label": "64x64"}]})
        self.assertEqual(self.server.get("/v1/models/emoji%2Finfo").json, info)
        self.assert_error(self.server.get("/v1/models/nobody/info"), 404, "not_found", "model")

    def test_loras_are_listed_in_both_spellings(self):
        data = self.server.get("/v1/models/loras").json["data"]
        self.assertEqual(data, self.server.get("/v1/loras").json["data"])
        self.assertEqual([(one["id"], one["name"], one["baseModel"]) for one in data],
                         [("soft", "soft", "sd_v1"), ("hard", "hard", None)])
        for one in data:
            self.assertEqual(one["sizeMb"], one["size_mb"])
            self.assertIs(type(one["created"]), int)


class Deleting(ServerCase):
    SETTINGS = ADMIN

    def setUp(self):
        self.folder = pathlib.Path(self.server.folder.name, "models")
        (self.folder / "loras").mkdir(parents=True, exist_ok=True)
        self.elsewhere = pathlib.Path(self.server.folder.name, "elsewhere")
        self.elsewhere.mkdir(exist_ok=True)
        self.model = self.folder / "emoji"

    def write_model(self, folder=None):
        folder = folder or self.model
        (folder / "unet").mkdir(parents=True)
        (folder / "model_index.json").write_text("{}")
        (folder / "unet/weights.safetensors").write_bytes(b"x" * 100)

    def write_lora(self, path=None):
        (path or self.folder / "loras/soft.safetensors").write_bytes(b"x")

    def delete(self, path, key="root"):
        headers = {} if key is None else {"X-Api-Key": self.server.keys[key]}
        return self.server.ask("DELETE", path, headers=headers)

    def left(self):
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*"))

    def test_a_model_and_a_lora_are_deleted_and_nothing_is_left(self):
        self.write_model()
        self.assertEqual(self.delete("/v1/models/sd/emoji").json, {"status": "deleted", "model_id": "sd/emoji"})
        self.write_lora()
        self.assertEqual(self.delete("/v1/loras/lora/soft").json, {"status": "deleted", "lora_id": "soft"})
        self.assertEqual(self.left(), ["loras"])

    def test_administrators_and_librarians_alone_may_even_without_keys(self):
        self.write_model()
        for key in (None, "ann"):
            self.assertEqual(self.delete("/v1/models/sd/emoji", key).status, 403)
        self.assertTrue(self.model.exists())
        self.assertEqual(self.delete("/v1/models/emoji", "root").status, 200)

    def test_what_lies_elsewhere_is_not_the_servers_to_delete(self):
        self.assert_error(self.delete("/v1/models/sd/emoji"), 409, "conflict", "id")  # described, and not in the folder
        for name in ("sd/nobody", "../elsewhere", "sd/../../elsewhere", "/etc", "sd/emoji/unet", "%2e%2e"):
            self.assertEqual(self.delete("/v1/models/" + name).status, 404, name)

    def test_a_link_is_deleted_and_never_what_it_leads_to(self):
        self.write_model(self.elsewhere / "real")
        self.model.symlink_to(self.elsewhere / "real")
        self.assertEqual(self.delete("/v1/models/sd/emoji").status, 200)
        self.assertFalse(self.model.is_symlink())
        self.assertTrue((self.elsewhere / "real/unet/weights.safetensors").exists())

        self.write_model()
        (self.model / "vae").symlink_to(self.elsewhere / "real/unet")  # within a model
        self.assertEqual(self.delete("/v1/models/sd/emoji").status, 200)
        self.assertTrue((self.elsewhere / "real/unet/weights.safetensors").exists())

    def test_what_lies_behind_a_link_that_leads_out_stays(self):
        (self.folder / "loras").rmdir()
        (self.elsewhere / "loras").mkdir()
        (self.folder / "loras").symlink_to(self.elsewhere / "loras")
        self.addCleanup((self.folder / "loras").unlink)
        self.write_lora()
        self.assert_error(self.delete("/v1/loras/soft"), 409, "conflict", "id")
        self.assertTrue((self.elsewhere / "loras/soft.safetensors").exists())

    def test_not_while_a_job_wants_it(self):
        self.write_model()
        self.write_lora()
        job = self.server.post("/v1/jobs", {"prompt": "hold", "loras": ["soft"]}).json["id"]
        self.assert_error(self.delete("/v1/models/sd/emoji"), 409, "in_use", "id")
        self.assert_error(self.delete("/v1/loras/soft"), 409, "in_use", "id")
        self.assertTrue(self.model.exists())
        self.server.ask("DELETE", "/v1/jobs/" + job)
        wait_until(lambda: self.server.get("/v1/jobs/" + job).json["status"] == "cancelled", "the job's end")
        self.assertEqual(self.delete("/v1/loras/soft").status, 200)
        self.assertEqual(self.delete("/v1/models/sd/emoji").status, 200)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""Planted faults are found by the check that is for them, and by no other; the sound twins pass.

A sample, one fault for each check; ALICE_LONG=1 plants all of them.

Usage: faults_test.py ALICE_WORKER BUILD_TESTS_FOLDER [unittest arguments]
"""

import json
import os
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = HERE / "faults" / "settings"
WORKER = None
TESTS = None

# Fault -> the check that must fail, and what must be in its sentence.
SCHEDULER = {
    "enrols-nothing": ("entry/enrols", "no factory"),
    "enrols-null": ("entry/enrols", "null"),
    "enrols-unknown-kind": ("entry/enrols", "of_no_kind"),
    "enrol-throws-int": ("entry/enrols", "threw int"),
    "enrol-crashes": ("entry/enrols", "SIGSEGV"),
    "alias-twice": ("entry/names", "My_Plugin"),
    "aborts-at-exit": ("entry/ends", "SIGABRT"),
    "hangs-at-exit": ("entry/ends", "--timeout"),
    "thread-at-enrol": ("entry/leaves-no-threads", "1 more threads"),
    "no-help": ("options/described", "strength"),
    "default-outside": ("options/defaults-fit", "2.0"),
    "refuses-edge": ("options/edges-accepted", "strength = 1.0"),
    "takes-beyond": ("options/beyond-refused", "was taken"),
    "takes-unknown": ("options/unknown-refused", "was taken"),
    "alias-unknown": ("options/aliases-work", "gentle"),
    "plan-rises": ("scheduler/plan-falls", "no quieter"),
    "plan-too-short": ("scheduler/plan-falls", "levels, not"),
    "plan-of-infinity": ("scheduler/plan-falls", "init_noise_sigma"),
    "takes-no-steps": ("scheduler/refuses-steps", "plan(0) was taken"),
    "throws-int": ("scheduler/refuses-steps", "threw int"),
    "throws-runtime-error": ("scheduler/refuses-steps", "std::runtime_error"),
    "takes-all-memory": ("scheduler/refuses-steps", "std::bad_alloc"),
    "wrong-shape": ("scheduler/result", "shape [4, 5, 7]"),
    "wrong-dtype": ("scheduler/result", "Double"),
    "segfault": ("scheduler/result", "SIGSEGV"),
    "nan": ("scheduler/finite", "1 step"),
    "abort": ("scheduler/finite", "SIGABRT"),
    "quick-exit": ("scheduler/finite", "exit(0)"),
    "exit": ("scheduler/starts-later", "exit(0)"),
    "hang": ("scheduler/starts-later", "--timeout"),
    "segfault-later": ("scheduler/starts-later", "SIGSEGV"),
    "throws-later": ("scheduler/starts-later", "char const*"),
    "tells-from-0": ("scheduler/steps-told", "step 1 of 9 was told as 0"),
    "tells-not-last": ("scheduler/steps-told", "8 were told"),
    "changes-x": ("scheduler/inputs-kept", "changed the x"),
    "own-noise": ("scheduler/noise-from-source", "libtorch's own generator"),
    "keeps-state": ("scheduler/keeps-nothing", "after another run"),
    "shares-state": ("scheduler/threads", "four runs at once"),
    "batch-mixes": ("scheduler/batch-equals-singles", "of a batch of 3"),
    "swallows-cancel": ("scheduler/exceptions-pass", "swallowed"),
    "renames-exceptions": ("scheduler/exceptions-pass", "another exception"),
    "thread-left": ("scheduler/leaves-nothing", "more threads"),
    "leaks": ("scheduler/leaves-nothing", "bytes more a run"),
    "biased": ("scheduler/constant-picture", "off a picture"),
    "wrong-slope": ("scheduler/converges", "twice the steps"),
    "first-order": ("scheduler/converges", "divide the error by 2^"),
    "too-noisy": ("scheduler/distribution", "nor does each level have its noise"),
}
BACKEND = {
    "wrong-in-bfloat16": ("backend/linear", "bfloat16"),
    "wrong-dtype": ("backend/linear", "Double"),
    "no-residual": ("backend/linear", "residual"),
    "wrong-at-odd-sides": ("backend/conv2d", "normalised error"),
    "wrong-eps": ("backend/group-norm", "normalised error"),
    "sees-the-future": ("backend/attention", "causal"),
    "changes-residual": ("backend/inputs-kept", "input 1"),
    "wrong-alone": ("backend/rows-independent", "rows 0 to 0 alone"),
    "wrong-channels-last": ("backend/channels-last", "channels-last"),
    "borrows-weights": ("backend/weights-own", "changes with its source"),
    "takes-misfits": ("backend/refuses-misfits", "5 channels"),
    "forgets-norms-activation": ("backend/norm-conv2d", "silu, then"),
    "forgets-added": ("backend/norm-conv2d", "added"),
    "changes-added": ("backend/inputs-kept", "input 1"),
    "norms-over-batch": ("backend/rows-independent", "norm_conv2d"),
    "norms-for-first-layer": ("backend/norm-linear", "normalised error"),
    "forgets-last-layer": ("backend/norm-linear", "shape"),
    "shifts-upsampled": ("backend/upsample-conv2d", "normalised error"),
    "wrong-upsampled-channels-last": ("backend/channels-last", "upsample_conv2d"),
    "upsamples-one-size": ("backend/sizes", "upsample_conv2d at side"),
    "borrows-upsampling-weights": ("backend/weights-own", "upsample_conv2d"),
    "upsamples-misfits": ("backend/refuses-misfits", "upsample_conv2d of 5 channels"),
}
LORA = {
    "recognises-everything": ("lora_format/foreign", "empty file"),
    "recognises-nothing": ("lora_format/recognised", "--lora-names"),
    "skips-text": ("lora_format/round-trip", "q_proj"),
    "transposed": ("lora_format/round-trip", "q_proj"),
    "takes-options": ("options/unknown-refused", "was taken"),
    "ignores-alpha": ("lora_format/alpha", "alpha 0.5"),
    "says-nothing-of-strangers": ("lora_format/misfits-named", "without its down half"),
    "lets-nan-through": ("lora_format/not-finite", "was taken"),
    "changes-its-file": ("lora_format/leaves-no-trace", "was changed"),
    "changes-the-weight": ("lora_format/round-trip", "wrote into the weight"),
}
VAE = {
    "recognises-nothing": ("model/recognised", "for its own"),
    "recognises-anything": ("model/foreign", "was recognised"),
    "misses-missing": ("model/missing-named", "latent_to_rgb"),
    "swallows-left-over": ("model/left-over-named", "left_over_by_the_checker"),
    "takes-any-shape": ("model/shape-named", "latent_to_rgb"),
    "claims-nothing": ("model/recognised", "not claimed"),
    "crashes-on-a-text": ("model/config-damaged", "std::invalid_argument"),
    "wrong-reduction": ("vae/pixels", "with reduction 8"),
    "nan": ("vae/pixels", "not finite"),
    "in-bfloat16": ("vae/pixels", "BFloat16"),
    "encodes-zeros": ("vae/latents", "was taken"),
    "takes-any-map": ("vae/refuses", "a channel too many"),
    "batch-mixes": ("model/batch-equals-singles", "row 0"),
}
TEXT_ENCODER = {
    "pads-too-far": ("text_encoder/tokens", "13 padded ids"),
    "cuts-in-silence": ("text_encoder/tokens", "cut-off text ''"),
    "fails-on-bad-text": ("text_encoder/tokens", "no UTF-8"),
    "claims-pooled-text": ("text_encoder/encoding", "pooled"),
    "miscounts-layers": ("text_encoder/encoding", "hidden_states"),
    "deaf": ("text_encoder/sees-prompt", "same tokens"),
    "hides-its-frame": ("text_encoder/frame", "more than the frame"),
    "ignores-vectors": ("text_encoder/vectors", "changes nothing"),
    "takes-any-clip-skip": ("text_encoder/refuses", "clip_skip -1"),
    "ignores-patches": ("model/patched", "changes no result"),
}
UNET = {
    "only-even-sides": ("unet/prediction", "[1, 4, 4, 7]"),
    "ignores-time": ("unet/heeds-inputs", "t changes nothing"),
    "ignores-prompt": ("unet/heeds-inputs", "'tokens' changes nothing"),
    "keeps-state": ("unet/runs-apart", "earlier call"),
    "needs-no-prompt": ("unet/refuses", "without 'tokens'"),
}
FAMILY = {
    "recognises-nothing": ("family/recognised", "for its own"),
    "reads-numbers": ("family/recognised", "my_model.network.in.weight"),
    "names-no-vae": ("family/recognised", "0 of its parts are of the kind vae"),
    "names-two-unets": ("family/recognised", "2 of its parts are of the kind unet"),
    "wrong-root": ("family/recognised", "my_model.wrods."),
    "one-root": ("family/recognised", "under the roots of 'unet' and of 'vae'"),
    "text-of-no-part": ("family/recognised", "'text_encoder_2', which is no text encoder"),
    "passes-over-its-own": ("family/recognised", "is passed over"),
    "no-schedule": ("family/recognised", "_class_name"),
    "recognises-anything": ("family/foreign", "an empty file was recognised"),
    "throws-at-folders": ("family/foreign", "std::out_of_range"),
    "crashes-on-a-text": ("family/settings-damaged", "std::invalid_argument"),
    "no-tokens": ("family/joins", "'tokens' is not there"),
    "narrow-tokens": ("family/joins", "not [1, 16, 8]"),
    "nan": ("family/joins", "not finite"),
    "changes-its-text": ("family/joins", "changed the text"),
    "refuses-guidance": ("family/joins", "is told 'guidance_scale'"),
    "refuses-channels": ("family/joins", "is told 'beside'"),
    "deaf": ("family/heeds-inputs", "another text of 'text_encoder'"),
    "keeps-state": ("family/keeps-nothing", "after another one"),
    "joins-any-width": ("family/refuses", "wider tokens"),
    "joins-any-latents": ("family/refuses", "more latent channels"),
    "joins-any-wish": ("family/refuses", "wish_of_nobody"),
}
TIMEOUTS = {"hang": 20, "hangs-at-exit": 20}
ARGUMENTS = {
    "scheduler": ["--order", "my_plugin=2", "--memory", "2048"],
    "family": ["--config", HERE.parents[1] / "sdk/templates/family/sample"],
    "vae": ["--config", SETTINGS / "vae"],
    "text_encoder": ["--config", SETTINGS / "text_encoder"],
    "unet": ["--config", SETTINGS / "unet"],
}


def check(library, arguments=(), fault=None):
    """The report of `alice-worker plugin check`, and its exit code."""
    environment = dict(os.environ)
    environment.pop("ALICE_FAULT", None)
    if fault:
        environment["ALICE_FAULT"] = fault
    command = [WORKER, "plugin", "check", library, "--reproduce", "1", "--json", *arguments]
    done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True)
    try:
        return json.loads(done.stdout), done.returncode
    except ValueError:
        raise AssertionError(f"{command} said: {done.stdout}\n{done.stderr}") from None


def planted(faults):
    """Those to plant in this run."""
    if os.environ.get("ALICE_LONG"):
        return faults
    first_of = {}
    for fault, (name, _) in faults.items():
        first_of.setdefault(name, fault)
    return {fault: faults[fault] for fault in first_of.values()}


def failures(report):
    return {one["check"]: one["seen"] for one in report["checks"] if one["status"] == "failed"}


class PlantedFaults(unittest.TestCase):
    maxDiff = None

    def find_all(self, kind, faults):
        library = TESTS / "faults" / f"faulty-{kind}.so"
        arguments = ARGUMENTS.get(kind, [])
        with self.subTest("the sound twin"):
            report, code = check(library, arguments)
            self.assertEqual((failures(report), code), ({}, 0))
            self.assertEqual(report["skipped"], 0)
        for fault, (name, words) in planted(faults).items():
            with self.subTest(fault):
                timeout = ["--timeout", TIMEOUTS.get(fault, 300)]
                report, code = check(library, arguments + timeout, fault)
                found = failures(report)
                self.assertEqual(list(found), [name], found)
                self.assertIn(words, found[name])
                self.assertEqual(code, 1)

    def test_schedulers(self):
        self.find_all("scheduler", SCHEDULER)

    def test_backends(self):
        self.find_all("backend", BACKEND)

    def test_lora_formats(self):
        self.find_all("lora", LORA)

    def test_vaes(self):
        self.find_all("vae", VAE)

    def test_text_encoders(self):
        self.find_all("text_encoder", TEXT_ENCODER)

    def test_unets(self):
        self.find_all("unet", UNET)

    def test_families(self):
        self.find_all("family", FAMILY)

    def test_a_family_that_the_checker_does_not_know_is_told_what_to_give(self):
        report, code = check(TESTS / "faults" / "faulty-family.so")
        found = failures(report)
        self.assertEqual(list(found), ["family/recognised"])
        self.assertIn("--config FOLDER", found["family/recognised"])
        self.assertEqual(code, 1)

    def test_an_architecture_that_the_checker_does_not_know_is_told_what_to_give(self):
        report, code = check(TESTS / "faults" / "faulty-vae.so")
        found = failures(report)
        self.assertEqual(list(found), ["model/recognised"])
        self.assertIn("--config FOLDER", found["model/recognised"])
        self.assertEqual(code, 1)

    def test_libraries_that_are_no_sound_plugins(self):
        libraries = {
            "plugins/other_abi.so": ("entry/abi", "SDK 2, libtorch 9.99"),
            "plugins/no_entry.so": ("entry/abi", "no ALICE plugin"),
            "plugins/missing-symbol.so": ("entry/loads", "a_function_that_nobody_has"),
            "plugins/newer-minor.so": ("entry/loads", "was built with SDK 1."),
            "plugins/throws.so": ("entry/enrols", "threw int"),
            "faults/two_symbols.so": ("entry/one-symbol", "alice_plugin_helper"),
            "faults/no_version.so": ("entry/identity", "version is ''"),
        }
        for library, (name, words) in libraries.items():
            with self.subTest(library):
                report, code = check(TESTS / library)
                found = failures(report)
                self.assertIn(name, found)
                self.assertIn(words, found[name])
                self.assertEqual(code, 1)


if __name__ == "__main__":
    WORKER, TESTS = sys.argv.pop(1), pathlib.Path(sys.argv.pop(1))
    unittest.main()

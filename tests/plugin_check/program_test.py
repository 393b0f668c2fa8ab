#!/usr/bin/env python3
"""`alice plugin check` as a program: its command line, its reports, its exit codes.

Usage: program_test.py ALICE BUILD_TESTS_FOLDER [unittest arguments]
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

ALICE = None
TESTS = None


def check(*arguments, fault=""):
    environment = dict(os.environ, ALICE_FAULT=fault)
    command = [str(ALICE), "plugin", "check", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


class Program(unittest.TestCase):
    def setUp(self):
        self.library = TESTS / "faults" / "faulty-scheduler.so"

    def test_a_sound_plugin_is_0_a_faulty_one_1_a_wrong_command_line_2(self):
        only = ["--only", "scheduler/plan-falls"]
        self.assertEqual(check(self.library, *only).returncode, 0)
        self.assertEqual(check(self.library, *only, fault="plan-rises").returncode, 1)
        self.assertEqual(check().returncode, 2)
        self.assertEqual(check(self.library, "--timeout", "soon").returncode, 2)
        self.assertEqual(check(self.library, "--only", "scheduler/plan-fals").returncode, 2)

    def test_a_check_that_is_not_there_is_told_with_the_nearest(self):
        self.assertIn("did you mean 'scheduler/plan-falls'", check(self.library, "--only", "scheduler/plan-fals").stderr)

    def test_a_failure_says_what_was_seen_and_what_to_do(self):
        said = check(self.library, "--only", "scheduler/plan-falls", "--reproduce", "7", fault="plan-too-short").stdout
        self.assertIn("seed 7", said)
        self.assertIn("FAILED  scheduler/plan-falls (my_plugin): the default options, 2 steps: the plan has 2 levels, not 3", said)
        self.assertIn("What to do: ", said)
        self.assertIn("--reproduce 7", said)

    def test_what_to_do_follows_from_what_happened(self):
        for fault, word in (("throws-later", "catch throw"), ("segfault", "address sanitizer")):
            with self.subTest(fault):
                said = check(self.library, "--only", "scheduler", fault=fault).stdout
                self.assertIn("FAILED", said)
                self.assertIn(word, said)

    def test_a_file_that_is_not_there_is_a_wrong_command_line(self):
        result = check("/nope.so")
        self.assertEqual(result.returncode, 2)
        self.assertIn("/nope.so: there is no such file; was it built?", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_names_that_a_plugin_beside_the_program_has_are_a_warning_with_both_libraries(self):
        installed = ALICE.resolve().parent / "plugins" / "alice-schedulers-euler.so"
        with tempfile.TemporaryDirectory() as folder:
            copy, link = pathlib.Path(folder) / "mine.so", pathlib.Path(folder) / "link.so"
            shutil.copy(installed, copy)
            link.symlink_to(installed)
            result = check(copy, "--only", "entry")
            warned = [line for line in result.stdout.splitlines() if line.startswith("warning ")]
            self.assertEqual((len(warned), result.returncode), (1, 0), result.stdout)
            for words in (f"{copy} and {installed} both have the scheduler ", "the scheduler 'heun', 'k_heun'", "refused whole"):
                self.assertIn(words, warned[0])
            for same in (installed, link):
                self.assertEqual(json.loads(check(same, "--only", "entry", "--json").stdout)["warnings"], [])

    def test_a_group_of_checks_runs_alone(self):
        report = json.loads(check(self.library, "--only", "options", "--json").stdout)
        self.assertGreaterEqual(len(report["checks"]), 5)
        self.assertEqual({one["check"].split("/")[0] for one in report["checks"]}, {"options"})

    def test_the_same_seed_sees_the_same_failure(self):
        arguments = ["--only", "scheduler/leaves-nothing", "--reproduce", "3", "--json"]
        both = [json.loads(check(self.library, *arguments, fault="leaks").stdout) for _ in range(2)]
        self.assertEqual(both[0]["seed"], 3)
        self.assertEqual([one["status"] for one in both[0]["checks"]], ["failed"])
        self.assertEqual([one["status"] for one in both[1]["checks"]], ["failed"])

    def test_a_library_that_cannot_be_loaded_fails_a_single_check_too(self):
        result = check(TESTS / "plugins" / "throws.so", "--only", "scheduler/plan-falls", "--json")
        self.assertEqual(result.returncode, 1)
        self.assertEqual([one["check"] for one in json.loads(result.stdout)["checks"]], ["entry/enrols"])

    def test_junit_is_xml_with_a_case_a_check(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "report.xml"
            result = check(self.library, "--only", "options", "--json", "--junit", file, fault="takes-beyond")
            suite = xml.etree.ElementTree.parse(file).getroot()
        report = json.loads(result.stdout)
        cases = suite.findall("testcase")
        self.assertEqual([case.get("name") for case in cases], [one["check"] for one in report["checks"]])
        self.assertEqual((suite.get("failures"), suite.get("skipped")), ("1", "0"))
        failed = [case for case in cases if case.find("failure") is not None]
        self.assertEqual([case.get("name") for case in failed], ["options/beyond-refused"])
        self.assertIn("was taken", failed[0].find("failure").get("message"))

    def test_what_a_plugin_prints_is_not_in_the_report(self):
        json.loads(check(self.library, "--only", "entry", "--json", fault="prints").stdout)

    def test_the_list_needs_no_library(self):
        listed = check("--list", "--json")
        self.assertEqual(listed.returncode, 0)
        checks = json.loads(listed.stdout)
        names = [one["check"] for one in checks]
        self.assertEqual(len(names), len(set(names)))
        for one in checks:
            self.assertTrue(one["demands"] and one["cure"] and one["kinds"], one)
            self.assertIn(one["needs"], ["", *names[: names.index(one["check"])]])


if __name__ == "__main__":
    ALICE, TESTS = pathlib.Path(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1))
    unittest.main()

"""The npm clients of A1111's API, unmodified, against the real server."""

import unittest

from npm_packages import check_script


class A1111(unittest.TestCase):
    def test_three_clients_find_the_server_that_they_expect(self):
        check_script(self, "a1111.mjs", 5)


if __name__ == "__main__":
    unittest.main()

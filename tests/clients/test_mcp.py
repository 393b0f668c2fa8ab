"""The SDKs of the Model Context Protocol, unmodified, against the real server."""

import unittest

from npm_packages import check_script


class Mcp(unittest.TestCase):
    def test_both_eras_are_agreed_on_and_served(self):
        check_script(self, "mcp.mjs", 4)


if __name__ == "__main__":
    unittest.main()

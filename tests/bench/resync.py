"""The full synchronization of the statewide day's generator (tests/bench/statewide), once: its own program checks every message's end."""
import json
import pathlib
import subprocess
import tempfile

import field


def resync(figures, rounds, seconds, long):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run([pathlib.Path(__file__).with_name("statewide"), "--resync", "--build", field.BIN, "--json", out.name], check=True, stdout=subprocess.DEVNULL)
        found = json.load(out)
    figures.head["statewide"] = found
    figures.add("resync.seconds", found["seconds"], "s")

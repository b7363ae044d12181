"""A small state, played whole: a day and a synchronization through 64 adapters, every message compared with what the generator says must happen."""
import json
import subprocess
import sys

import field
import pytest

PROGRAM = field.SOURCE / "tests/bench/statewide"


def play(tmp_path, *arguments):
    result = tmp_path / "result.json"
    done = subprocess.run([sys.executable, PROGRAM, "--build", field.BIN, "--json", result, *arguments], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(result.read_text())


@pytest.mark.parametrize("seed", ["20260301", "7"])
def test_a_day_ends_as_the_generator_says(tmp_path, seed):
    result = play(tmp_path, "--cases", "1200", "--seed", seed)
    assert result["held_and_let_through"] > 0 and result["refused_as_expected"] > 0 and result["requests_closed"] > 0
    assert not result["wrong"] and not result["unaccounted_deliveries"] and not result["strays"]


def test_a_synchronization_reaches_every_court_in_order(tmp_path):
    result = play(tmp_path, "--cases", "400", "--resync")
    assert result["messages"] == result["deliveries"] == 1600

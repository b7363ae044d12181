"""One message at a time: the hub syncs at least once before each verdict, and an adapter at least once for each message that it takes and each that it hands
over. Counted by strace, from outside."""
import json
import re
import shutil
import signal
import subprocess

import pytest

from field import PAROLE, POLICE, Field, wait_until
from load import long_or

MESSAGES = long_or(10, 200)
SYNC = re.compile(r"\b(?:fsync|fdatasync)\(\d+(?:<(?P<file>[^>]*)>)?\)\s*= 0")

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


class Syncs:
    """Counts the syncs of a program from now on."""

    def __init__(self, program, folder):
        self.out = folder / f"{program.name}.strace"
        self.tracer = subprocess.Popen(["strace", "-f", "-y", "-qq", "-e", "trace=fsync,fdatasync", "-o", self.out, "-p", str(program.pid)],
                                       stderr=subprocess.DEVNULL)
        status = f"/proc/{program.pid}/status"

        def is_traced():
            assert self.tracer.poll() is None, "strace may not look at a process here"
            with open(status) as lines:
                return any(line.startswith("TracerPid") and int(line.split()[1]) for line in lines)
        try:
            wait_until(is_traced, 10, "strace")
        except AssertionError as why:
            pytest.skip(str(why))

    def count(self):
        return len(SYNC.findall(self.out.read_text())) if self.out.exists() else 0

    def stop(self):
        self.tracer.send_signal(signal.SIGINT)
        self.tracer.wait(10)


@pytest.fixture
def field():
    with Field() as made:
        made.agency("parole", PAROLE, "parole_office")
        made.agency("police", POLICE, "police")
        yield made.start()


def test_a_sync_stands_before_every_verdict_and_every_hand_over(field, figure):
    parole, police = field.agencies["parole"], field.agencies["police"]
    syncs = {program.name: Syncs(program, field.folder) for program in (field.hub, parole, police)}
    try:
        least = {name: [] for name in syncs}
        for number in range(MESSAGES):
            before = {name: counter.count() for name, counter in syncs.items()}
            name = f"{number:03}.json"
            parole.drop(name, json.dumps({"type": "admin.message/1", "to": [POLICE], "body": {"text": f"number {number}"}}))
            status = parole.fate(name)
            assert syncs["hub"].count() > before["hub"], f"the verdict on {status['id']} was there before any sync of the hub"
            assert syncs["parole"].count() > before["parole"], "and the adapter had taken it for good"
            wait_until(lambda: any(file.startswith(status["id"]) for file in police.collect()), 10, "the hand-over")
            assert syncs["police"].count() > before["police"], "it was handed over before any sync of its adapter"
            wait_until(lambda: parole.outcomes(name), 10, "the receipt")
            for program, counter in syncs.items():
                least[program].append(counter.count() - before[program])
        figure("syncs of the hub for each message, verdict to receipt, least", min(least["hub"]))
        figure("syncs of the sending adapter for each message, least", min(least["parole"]))
        figure("syncs of the receiving adapter for each message, least", min(least["police"]))
    finally:
        for counter in syncs.values():
            counter.stop()

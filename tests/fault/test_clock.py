"""Somebody sets the clock of the hub, or of some adapters, a day ahead or a day back while messages flow, and then right again. Nothing is lost and nothing
comes twice; while the clocks differ the hub says `clock`, and after it everything goes as before."""
import contextlib
import mmap
import os
import pathlib
import struct
import subprocess

import pytest

from field import Field
from load import Crew, Load, furnish, long_or

DAY_S = 86400
LIMITS = {"heartbeat_ms": "2 s", "redeliver_ms": "2 s", "attempts": 50}
WRONG_S = long_or(1, 20)
DIFFERENT = ["clock", "expired"]  # with which messages may be refused while clocks differ
SOME = ("hartford", "york", "police_hartford", "capitol")


class Clock:
    """The wall clock of one program; takes effect with its next start."""

    def __init__(self, program, library):
        path = pathlib.Path(library).with_name(f"{program.name}.clock")
        path.write_bytes(bytes(8))
        with open(path, "r+b") as file:
            self.map = mmap.mmap(file.fileno(), 8)
        program.surroundings = {"LD_PRELOAD": str(library), "LIAISON_CLOCK": str(path)}

    def move(self, seconds):
        self.map[:] = struct.pack("=q", seconds)


@contextlib.contextmanager
def days_ago(library, days):
    """What is run meanwhile lives then."""
    path = library.with_name("then.clock")
    path.write_bytes(struct.pack("=q", -days * DAY_S))
    os.environ.update(LD_PRELOAD=str(library), LIAISON_CLOCK=str(path))
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"], os.environ["LIAISON_CLOCK"]


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """Its certificates and lists are ten days old."""
    library = tmp_path_factory.mktemp("clock") / "clock.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-D_GNU_SOURCE", "-o", library,
                    pathlib.Path(__file__).with_name("clock_shim.c"), "-ldl"], check=True)
    with contextlib.ExitStack() as stack:
        with days_ago(library, 10):
            made = stack.enter_context(Field())
            made.limits = LIMITS
            furnish(made)
        made.clocks = {program.name: Clock(program, library) for program in (made.hub, *made.agencies.values())}
        yield made.start()


@pytest.mark.parametrize("seconds", [DAY_S, -DAY_S], ids=["a day ahead", "a day back"])
@pytest.mark.parametrize("whose", [("hub",), SOME], ids=["the hub", "four adapters"])
def test_a_clock_that_is_set(field, whose, seconds, figure):
    with Load(field, 40) as load:
        crew = Crew(load)
        load.tolerates = DIFFERENT
        load.flow_for(0.5)
        for name in whose:
            load.history.note("fault", name=f"clock {seconds:+} s", victim=name)
            field.clocks[name].move(seconds)
        load.flow()
        crew.mind_for(WRONG_S)
        load.pause()
        for name in whose:
            field.clocks[name].move(0)
        crew.mind_for(1)
        load.tolerates = []
        wrong = load.now()
        load.flow_for(1)
        crew.mind()
        numbers = load.settle(40, known=DIFFERENT)
        refused = {event["id"] for event in load.history.all("status") if event["verdict"] and event["verdict"]["code"] == "clock"}
        names = "hub's" if whose == ("hub",) else "four adapters'"
        is_future = (seconds < 0) == (whose == ("hub",))
        assert bool(refused) == is_future, "what is signed in the hub's future is refused, and only that"
        figure(f"{names} clock {'ahead' if seconds > 0 else 'back'} by a day: messages accounted for", numbers["messages"])
        figure(f"{names} clock {'ahead' if seconds > 0 else 'back'} by a day: refused with clock", len(refused))
        assert any(event["at"] > wrong for event in load.history.all("got")), "and after it everything goes as before"


def test_a_hub_that_starts_with_a_clock_that_stood_still(field, figure):
    """Killed, and started a day back: numbers and the ledger go on from where they were."""
    with Load(field, 40) as load:
        crew = Crew(load)
        load.tolerates = DIFFERENT
        load.flow_for(0.5)
        entries = field.verify_ledger()["entries"]
        field.clocks["hub"].move(-DAY_S)
        crew.kill(field.hub)
        crew.mind_for(1.5)
        field.clocks["hub"].move(0)
        crew.mind_for(1)
        load.tolerates = []
        crew.bring_back()
        load.flow_for(0.5)
        numbers = load.settle(40, known=DIFFERENT)
        assert field.verify_ledger()["entries"] > entries
        figure("hub restarted a day back: messages accounted for", numbers["messages"])

"""kill -9 before and after every call by which a program changes what is on disk, while a message passes and while it recovers from such a death. The
long measure takes every call of each program, the short one a sample."""
import random

import pytest

from field import Field, Late, wait_until
from load import AGENCIES, SEED, Crew, Load, furnish, long_or
from shim import Shim, build

CAST = [row for row in AGENCIES if row[0] in ("hartford", "police_hartford", "capitol")]  # spool, ZeroMQ, spool
VICTIMS = ("hub", "hartford", "police_hartford")
SAMPLE = long_or(5, 10**6)


@pytest.fixture
def field():
    with Field() as made:
        made.limits = {"attempts": 1000, "redeliver_ms": "2 s", "heartbeat_ms": "1 s"}
        yield furnish(made, CAST).start()


def say(load, name):
    """To the victim and from it: a spool's document, a question that is answered, and one that is of no use soon."""
    load.send("capitol", "question")
    load.send("hartford", "word", 2)
    load.send("police_hartford", "question")


def has_ended(load):
    return not load.left()


def life(load, crew, shim, program, rule):
    """One life of a program under a rule, with some messages; true when the rule ended it."""
    shim.rule(rule)
    program.start()
    say(load, program.name)
    try:
        wait_until(lambda: not program.is_up() or has_ended(load), 10, "an end of this life")
    except Late:
        print(f"{rule}: {load.left()} left after ten seconds")
    died = not program.is_up()
    if died:
        assert program.process.returncode in (-9, 137), (rule, program.process.returncode)
        program.process = None
    else:
        program.kill()
    return died


@pytest.mark.parametrize("victim", VICTIMS)
def test_dies_at_each_write_and_again_while_it_recovers(field, victim, figure):
    dice = random.Random(f"{SEED}/{victim}")
    program = field.hub if victim == "hub" else field.agencies[victim]
    library = build(field.folder)
    shim = Shim(program, field.folder / victim, library)
    with Load(field) as load:
        crew = Crew(load)
        program.kill()
        life(load, crew, shim, program, "")
        calls = shim.count
        assert calls > 20 and shim.count_of("fdatasync") > 3, "the shim sees what the program writes"
        instants = [(when, number) for number in range(1, calls + 1) for when in ("before", "after")]
        if len(instants) > SAMPLE:
            instants = sorted(dice.sample(instants, SAMPLE), key=lambda instant: instant[1])
        deaths = again = 0
        for when, number in instants:
            died = life(load, crew, shim, program, f"kill-{when}@{number}")
            deaths += died
            load.history.note("fault", name=f"kill {when} {shim.last}", victim=victim)
            if died:
                again += life(load, crew, shim, program, f"kill-{dice.choice(('before', 'after'))}@{dice.randrange(1, 12)}")
        shim.take_off()
        program.start()
        load.settle(30)
        figure(f"{victim}: calls on files in one small case", calls)
        figure(f"{victim}: deaths at a call", deaths)
        figure(f"{victim}: deaths during the recovery from one", again)
        assert deaths >= len(instants) // 2 and again

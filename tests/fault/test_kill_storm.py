"""kill -9 of the hub, of adapters, of several at once and of what the hub has started, at random instants under load, also while recipients are away
and a backlog stands: nothing is lost, nothing comes twice, and the order holds. LIAISON_TEST_SEED repeats a run."""
import random

import pytest

from field import Field
from history import percentile
from load import SEED, Crew, Load, furnish, long_or

KILLS = long_or(42, 1000)  # and all twenty-one at once, once or many times
RATE = 40
LIMITS = {"heartbeat_ms": "2 s", "redeliver_ms": "10 s", "attempts": 50}  # a storm is no reason to give up on a message


@pytest.fixture(scope=long_or("module", "function"))  # in the long measure no test has anything of the one before it
def field():
    with Field() as made:
        made.limits = LIMITS
        yield furnish(made).start()


def kill_some(crew, dice):
    """One, a few or all at once; how many died."""
    adapters = list(crew.field.agencies.values())
    victims = dice.choices(
        [[crew.field.hub], dice.sample(adapters, 1), dice.sample(adapters, 3), [crew.field.hub, *dice.sample(adapters, 2)], ["gateway"]], [4, 6, 2, 2, 2])[0]
    if victims == ["gateway"]:
        return int(crew.kill_gateway(crew.field.hub))
    dead = 0
    for victim in victims:
        dead += victim.is_up()
        crew.kill(victim, after_s=dice.choice((0, 0, 0.05, 0.5)))
    return dead


def storm(crew, dice, kills, pause_s):
    done = 0
    while done < kills:
        done += kill_some(crew, dice)
        crew.mind_for(dice.uniform(0, 2 * pause_s))
    crew.bring_back()
    return done


def tell(figure, name, load, crew, numbers, storm_begin, storm_end):
    figure(f"{name}: kills", sum(crew.kills.values()))
    figure(f"{name}: messages accounted for", numbers["messages"])
    figure(f"{name}: hand-overs, each once", numbers["hand_overs"])
    figure(f"{name}: end to end during the storm, p99", load.p99_ms(storm_begin, storm_end), "ms")
    recovery = crew.recovery_ms("hub")
    figure(f"{name}: hub's start to the first delivery, median", round(percentile(recovery, 0.5)), "ms")
    figure(f"{name}: hub's start to the first delivery, p99", round(percentile(recovery, 0.99)), "ms")


def test_kills_at_any_instant_under_load(field, figure):
    dice = random.Random(SEED)
    with Load(field, RATE) as load:
        crew = Crew(load)
        load.flow_for(1)
        begin = load.now()
        storm(crew, dice, KILLS // 2, 0.3)
        end = load.now()
        numbers = load.settle(long_or(60, 300))
        tell(figure, "storm", load, crew, numbers, begin, end)


def test_kills_with_recipients_away_and_a_backlog(field, figure):
    """A third of the recipients' adapters are down while the rest goes on and dies; then they come back into the next storm, with all that waited."""
    dice = random.Random(SEED + 1)
    with Load(field, RATE) as load:
        crew = Crew(load)
        load.flow_for(1)
        away = dice.sample(list(field.agencies.values()), 7)
        for agency in away:
            agency.stop()
        silent = dice.sample(list(load.systems.values()), 3)
        for system in silent:
            system.is_away = True
        begin = load.now()
        storm_of_present(crew, dice, KILLS // 4, away)
        waiting = sum(row["count"] for row in field.ask("queues")["queues"])
        for agency in away:
            agency.start()
        storm(crew, dice, KILLS // 4, 0.3)
        for system in silent:
            system.is_away = False
        end = load.now()
        numbers = load.settle(long_or(60, 300))
        figure("backlog: messages that waited when the second storm began", waiting)
        tell(figure, "backlog", load, crew, numbers, begin, end)


def storm_of_present(crew, dice, kills, away):
    done = 0
    while done < kills:
        present = [program for program in crew.programs() if program not in away]
        for victim in dice.sample(present, dice.choice((1, 1, 2, 3))) if dice.random() < 0.7 else [crew.field.hub]:
            done += victim.is_up()
            crew.kill(victim)
        crew.mind_for(dice.uniform(0, 0.6))
    crew.mind_for(0.1)


def test_everything_dies_at_once_again_and_again(field, figure):
    dice = random.Random(SEED + 2)
    rounds = long_or(1, 10)
    with Load(field, RATE) as load:
        crew = Crew(load)
        load.flow_for(0.5)
        begin = load.now()
        for _ in range(rounds):
            programs = crew.programs()
            dice.shuffle(programs)
            for program in programs:
                crew.kill(program)
            crew.mind_for(dice.uniform(0.2, 1.0))
            crew.bring_back()
        end = load.now()
        numbers = load.settle(long_or(60, 300))
        tell(figure, "all at once", load, crew, numbers, begin, end)

"""Power cuts under load, of the hub's machine and of an adapter's: only what was synced is there again, or that and any part of the rest, in pieces of 512
bytes. Everything that anybody was told before must be true after it, and nothing that a power cut can leave may be taken for damage."""
import collections
import contextlib
import random
import sqlite3

import msgpack
import pytest

from field import Field, wait_until
from load import AGENCIES, SEED, Load, furnish, long_or
from power import Power, build

CAST = [row for row in AGENCIES if row[0] in ("capitol", "adult", "troop", "northend")]  # spool, spool, ZeroMQ, ZeroMQ
LIMITS = {"attempts": 1000, "redeliver_ms": "1500 ms", "heartbeat_ms": "2 s"}
CUTS = long_or(7, 120)
SHARES = (0, 0.5, 1, 0, 0.15, 0.85)


@pytest.fixture
def field():
    with Field() as made:
        made.limits = LIMITS
        yield furnish(made, CAST)


def refused_receipts(field):
    """Of the hub's ledger: each receipt that the hub has refused with not_found, who said it, and the reason. Said again after a cut, it is refused again."""
    with contextlib.closing(sqlite3.connect(f"file:{field.folder}/hub/data/store.db?mode=ro", uri=True)) as database:
        entries = [msgpack.unpackb(row[0]) for row in database.execute("SELECT entry FROM ledger ORDER BY number")]
    return {receipt: (party, detail["reason"]) for _, _, _, kind, receipt, _, party, what, detail in entries
            if kind == "refused" and what == "receipt/1" and detail["code"] == "not_found"}.values()


def judge_refused_receipts(field, load):
    """A receipt may come too late for a delivery that had expired meanwhile, and for nothing else. Were it of a message that the hub does not hold, something
    would have been delivered that could still vanish; were it of any other end, a hand-over would be lost."""
    refused = refused_receipts(field)
    unknown = [line for line in refused if not line[1].startswith("no delivery of that message")]
    assert not unknown, unknown
    expired = {(outcome["recipient"], event["id"]) for event in load.history.all("status") for outcome in event["outcomes"] if outcome["what"] == "expired"}
    late, ended = collections.Counter(party for party, _ in refused), collections.Counter(party for party, _ in expired)
    assert not late - ended, f"receipts that found no delivery: {late}, deliveries that have expired: {ended}"
    return len(refused)


def play_cuts(field, program, folders, figure, name, cuts, away=()):
    dice = random.Random(f"{SEED}/{name}")
    power = Power(program, folders, build(field.folder))
    field.start()
    program.stop()
    power.begin()
    program.start()
    air = names = 0
    with Load(field, 60) as load:
        for system in away:
            load.systems[system].is_away = True
        load.flow()
        for number in range(cuts):
            load.flow_for(dice.uniform(0.2, 0.8))
            if away and number == cuts - 2:
                for system in away:
                    load.systems[system].is_away = False
            load.history.note("fault", name="power cut", victim=program.name)
            program.kill()
            share = SHARES[number % len(SHARES)]
            lost, unnamed = power.cut(dice, share)
            air, names = air + lost, names + unnamed
            power.begin()
            program.start()
            if program is field.hub:
                wait_until(field.is_answering, 20, f"the start after cut {number} with {share} of what was not synced")
            else:
                wait_until(lambda: program.is_up() and program.is_open(), 20, f"the start after cut {number} with {share} of what was not synced")
        program.surroundings = {}
        numbers = load.settle(45)
        late = judge_refused_receipts(field, load)
        assert not [line for agency in field.agencies.values() for line in agency.log() if line.get("code") == "history"]
        assert not [line for line in program.log() if line.get("code") == "corrupt" and line["event"] != "index_set_aside"]
        figure(f"{name}: power cuts under load", cuts)
        figure(f"{name}: writes that were not synced at a cut, in all", air)
        figure(f"{name}: names that were not synced at a cut, in all", names)
        figure(f"{name}: messages accounted for", numbers["messages"])
        figure(f"{name}: receipts that came after the expiry of what they were of", late)


def test_power_cuts_of_the_hub(field, figure):
    """With a backlog: two recipients take nothing for most of the time."""
    play_cuts(field, field.hub, [field.folder / "hub/data"], figure, "hub", CUTS, away=("northend", "adult"))


def test_power_cuts_of_an_adapter(field, figure):
    agency = field.agencies["troop"]
    play_cuts(field, agency, [agency.folder / "data"], figure, "adapter", CUTS)


def test_power_cuts_of_a_recipient_with_a_spool(field, figure):
    """Its system takes nothing away: what a sender has a receipt for is in the inbox, once, after every cut."""
    agency, sender = field.agencies["adult"], field.agencies["capitol"]
    dice = random.Random(f"{SEED}/spool")
    power = Power(agency, [agency.folder / "data", agency.spool], build(field.folder))
    field.start()
    agency.stop()
    power.begin()
    agency.start()
    sent = 0
    for number in range(long_or(4, 60)):
        for _ in range(12):
            sent += 1
            sender.drop(f"{sent:05}.json", {"type": "admin.message/1", "to": [agency.party], "subject": {"case_no": "26-1"}, "body": {"text": f"No. {sent}"}})
        wait_until(lambda: len(list((agency.spool / "inbox").glob("[!.]*"))) >= sent - dice.randrange(0, 10), 20, "some of the deliveries")
        received = {status["id"] for status in sender.statuses() for outcome in status["outcomes"] if outcome["what"] == "received"}
        agency.kill()
        power.cut(dice, SHARES[number % len(SHARES)])
        power.begin()
        agency.start()
        wait_until(lambda: agency.is_up() and agency.is_open(), 20, "the start after the cut")
        shown = [path.name for path in (agency.spool / "inbox").glob("[!.]*")]
        missing = [message for message in received if not any(message in name for name in shown)]
        assert not missing, f"receipted and gone: {missing}"
    wait_until(lambda: len(list((agency.spool / "inbox").glob("[!.]*"))) == sent, 30, "all deliveries, once each")
    agency.surroundings = {}
    figure("inbox of a spool: power cuts", long_or(4, 60))
    figure("inbox of a spool: deliveries, each there once", sent)

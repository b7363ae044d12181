"""A hub or an adapter that is stopped by SIGSTOP for longer than three heartbeats: its links are given up, everybody else goes on, and when it wakes up
it finds its place again. What it then says about an old link is void."""
import contextlib
import random
import signal

import pytest

from field import PAROLE, POLICE, Field, wait_until
from liaison_wire import ACK, BYE, CREDIT, DELIVER, SUBMIT, VERDICT, Adapter, Message, header_decode, receipt_body, submit_frame, unpack
from load import SEED, Load, furnish, long_or
from test_forgery import FakeHub

FROZEN_S = long_or(5, 30)
LIMITS = {"heartbeat_ms": "1 s", "redeliver_ms": "3 s", "attempts": 50}


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.limits = LIMITS
        yield furnish(made).start()


def thaw(programs):
    for program in programs:
        program.signal(signal.SIGCONT)


def freeze(load, programs, seconds):
    for program in programs:
        load.history.note("fault", name="freeze", victim=program.name)
        program.signal(signal.SIGSTOP)
    try:
        load.flow_for(seconds)
    finally:
        thaw(programs)


def test_frozen_recipients_hold_up_nobody_else(field, figure):
    dice = random.Random(SEED)
    with Load(field, 40) as load:
        load.flow_for(1)
        frozen = dice.sample(list(field.agencies.values()), 5)
        parties = {agency.party for agency in frozen}
        begin = load.now()
        freeze(load, frozen, FROZEN_S)
        end = load.now()
        numbers = load.settle(45)
        lost = [line for line in field.hub.log("link_down") if line["party"] in parties]
        assert {line["party"] for line in lost} == parties, "each was missed after three questions"
        offers = {event["key"]: event for event in load.history.all("offered") if begin <= event["at"] <= end}
        others = sorted(1000 * (event["at"] - offers[event["key"]]["at"]) for event in load.history.all("got")
                        if event["key"] in offers and event["who"] not in parties and offers[event["key"]]["who"] not in parties)
        figure(f"5 of 20 recipients frozen for {FROZEN_S} s: messages accounted for", numbers["messages"])
        figure("… p99 end to end among the others meanwhile", round(others[int(len(others) * 0.99)]), "ms")
        figure("… p99 with those that were frozen", load.p99_ms(begin, end), "ms")


def test_a_frozen_hub_takes_up_where_it_stood(field, figure):
    with Load(field, 40) as load:
        load.flow_for(1)
        begin = load.now()
        freeze(load, [field.hub], FROZEN_S)
        woken = load.now()
        numbers = load.settle(45)
        first = load.history.first_after(woken)
        figure(f"hub frozen for {FROZEN_S} s: messages accounted for", numbers["messages"])
        figure("… first delivery after it woke", round(1000 * (first["at"] - woken)), "ms")
        figure("… p99 end to end", load.p99_ms(begin), "ms")


@pytest.fixture
def desk():
    """A hub with one adapter that is played by the test: POLICE."""
    with Field() as made:
        made.limits = {"heartbeat_ms": "30 s", "redeliver_ms": "60 s"}
        made.agency("parole", PAROLE, "parole_office")
        made.papers("police", POLICE)
        made.parties.append((POLICE, ("police",), None))
        yield made.start()


def call_as_police(desk):
    return Adapter(desk.port, desk.folder / "police", POLICE, desk.pki / "ca.pem")


def take_delivery(link, all_of_it=False):
    link.send([CREDIT, 10])
    frame = link.expect(DELIVER)
    return frame[1] if all_of_it else frame[1][0]


def queued(desk):
    rows = [row for row in desk.ask("queues")["queues"] if row["party"] == POLICE]
    return rows[0]["count"] if rows else 0


class Delivered:
    def __init__(self, data):
        self.header_bytes = unpack(data)[1]
        self.id = header_decode(self.header_bytes)["id"]


def receipt_of(data):
    delivered = Delivered(data)
    return Message(POLICE, "receipt/1", receipt_body(delivered), re=delivered.id, thread=delivered.id)


def test_a_receipt_over_an_old_link_is_void_and_the_delivery_comes_again(desk):
    desk.agencies["parole"].drop("word.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": "who answers?"}})
    first = call_as_police(desk)
    delivered = take_delivery(first)
    second = call_as_police(desk)  # the same party again: the older link is superseded
    with contextlib.suppress(OSError):
        first.send(submit_frame(first.papers, [receipt_of(delivered)]))
    again = take_delivery(second)
    assert again == delivered, "what had no receipt comes again, the very same bytes"
    assert queued(desk) == 1 and not desk.agencies["parole"].outcomes("word.json")
    receipt = receipt_of(again)
    assert second.submit(receipt)[receipt.id].code == "ok"
    wait_until(lambda: desk.agencies["parole"].outcomes("word.json"), 10, "the receipt")
    first.close()
    second.close()


def test_an_acknowledgement_does_not_stand_for_a_receipt(desk):
    desk.agencies["parole"].drop("word.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": "who answers?"}})
    link = call_as_police(desk)
    delivered = take_delivery(link)
    link.send([ACK, [Delivered(delivered).id]])
    behind = Message(POLICE, "admin.message/1", {"text": "and behind it"}, [PAROLE])
    assert link.submit(behind)[behind.id].code == "ok"
    assert not desk.agencies["parole"].outcomes("word.json")
    link.close()
    link = call_as_police(desk)
    assert delivered in take_delivery(link, all_of_it=True), "it is not settled, and comes again"
    link.close()


@pytest.fixture
def fake():
    """A hub that is played by the test, and an adapter."""
    with Field() as made:
        police = made.agency("police", POLICE, "police")
        made.papers("parole", PAROLE)
        made.write_agency(police)
        hub = FakeHub(made)
        police.start()
        hub.field = made
        yield hub


def hang_up(fake):
    fake.link.close()
    fake.link = None
    fake.wait_link()


def test_a_verdict_of_an_old_link_is_void_and_the_message_is_submitted_again(fake):
    police = fake.field.agencies["police"]
    fake.wait_link()
    police.drop("word.json", {"type": "admin.message/1", "to": [PAROLE], "body": {"text": "who judges?"}})
    header, _ = fake.link.expect(SUBMIT)[4][0]
    message_id = header_decode(header)["id"]
    hang_up(fake)  # before any verdict
    assert fake.link.expect(SUBMIT)[4][0][0] == header, "the very same bytes"
    fake.link.send([VERDICT, [[message_id, "ok", False, 4, [[PAROLE, True, 0]], "", ""]]])
    assert police.fate("word.json")["verdict"]["entry"] == 4
    hang_up(fake)
    fake.link.send([VERDICT, [[message_id, "schema", False, 3, [], "/x", "a word of the link before"]]])
    assert fake.link.expect(BYE)[1] == "protocol"
    status = police.statuses("word.json")[0]
    assert (status["state"], status["verdict"]["entry"]) == ("accepted", 4)
    fake.link.close()

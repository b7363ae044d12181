"""Recipients that are no good: one never acknowledges, one refuses everything, one dies of a certain message, each time. Their messages end as dead letters
or refusals that the originator is told of, the rest flows, and nobody else is held up. What an adapter cannot read it refuses, and stays."""
import threading

import pytest

from field import PAROLE, POLICE, Authority, Field, wait_until
from liaison_wire import (ACK, BYE, CREDIT, DELIVER, HEAD, PING, PONG, SUBMIT, VERDICT, Adapter, Gone, Message, Papers, envelope_of, header_decode, leaf_of,
                          pack, receipt_body, submit_frame, unpack)
from load import Load, furnish, long_or
from test_forgery import FakeHub

LIMITS = {"redeliver_ms": "1 s", "attempts": 3, "heartbeat_ms": "2 s"}
SILENT, REFUSING, DYING = "ct.silent", "ct.refusing", "ct.dying"
POISON = "poison"
LOAD_S = long_or(4, 60)


class Played(threading.Thread):
    """An adapter of the test's own that behaves as told: on_delivery(played, envelope) answers, or raises Gone to leave."""

    def __init__(self, field, name, party, on_delivery):
        super().__init__(daemon=True)
        self.field, self.folder, self.party, self.on_delivery = field, field.folder / name, party, on_delivery
        self.seen = []
        self.deaths = 0
        self.is_done = False

    def run(self):
        while not self.is_done:
            try:
                self.live()
            except (Gone, OSError, TimeoutError):
                pass

    def live(self):
        self.link = Adapter(self.field.port, self.folder, self.party, self.field.pki / "ca.pem")
        try:
            self.link.send([CREDIT, 1000])
            while not self.is_done:
                try:
                    frame = self.link.receive(0.2)
                except TimeoutError:
                    continue
                if frame[0] == PING:
                    self.link.send([PONG, frame[1]])
                elif frame[0] == BYE:
                    raise Gone("goodbye")
                elif frame[0] == DELIVER:
                    for data in frame[1]:
                        self.take(data)
        finally:
            self.link.close()

    def take(self, data):
        envelope = unpack(data)
        header = header_decode(envelope[1])
        self.seen.append(header["id"])
        if header["type"] in ("receipt/1", "notice/1"):
            self.link.send([ACK, [header["id"]]])
        else:
            self.on_delivery(self, envelope, header)

    def receipt(self, envelope, header, code="ok"):
        class Of:
            header_bytes, id = envelope[1], header["id"]
        body = receipt_body(Of) if code == "ok" else receipt_body(Of, code=code, disposition="refused", field="/parts/main", reason="of no use here")
        self.link.send(submit_frame(self.link.papers, [Message(self.party, "receipt/1", body, re=header["id"], thread=header.get("thread", header["id"]))]))

    def stop(self):
        self.is_done = True
        self.join(5)


def never(_played, _envelope, _header):
    pass


def refuse(played, envelope, header):
    played.receipt(envelope, header, "schema")


def die_of_poison(played, envelope, header):
    if POISON in repr(envelope[2]):
        played.deaths += 1
        raise Gone("dead of it")
    played.receipt(envelope, header)


@pytest.fixture
def field():
    with Field() as made:
        made.limits = LIMITS
        furnish(made)
        for name, party in (("silent", SILENT), ("refusing", REFUSING), ("dying", DYING)):
            made.papers(name, party)
            made.parties.append((party, ("bad",), None))
        yield made.start()


def test_bad_recipients_hold_up_nobody(field, figure):
    played = [Played(field, "silent", SILENT, never), Played(field, "refusing", REFUSING, refuse), Played(field, "dying", DYING, die_of_poison)]
    for one in played:
        one.start()
    try:
        with Load(field, 40) as load:
            system = load.systems["hartford"]

            def say(party, word, may_end):
                draft, must = load.shapes._words(system, system.dice, 1, word)
                draft.update(to=[party], priority=5)
                system.offer([(draft, {"to": [party], "may_end": may_end})])
            load.flow_for(0.5)
            for number in range(30):
                if number < 8:  # from the third time on each goes alone, and waits its second
                    system.errands.append(lambda: say(SILENT, "unheard", ["dead_lettered"]))
                system.errands.append(lambda: say(REFUSING, "unwanted", ["refused"]))
                system.errands.append(lambda n=number: say(DYING, POISON if n % 10 == 4 else "good", ["dead_lettered"]))
            load.flow_for(LOAD_S)
            numbers = load.settle(60)
            told = {}
            texts = {event["id"]: event["key"] for event in load.history.all("taken")}
            for event in load.history.all("status"):
                for outcome in event["outcomes"]:
                    told.setdefault(outcome["recipient"], {})[texts[event["id"]]] = outcome["what"]
            assert set(told[SILENT].values()) == {"dead_lettered"} and len(told[SILENT]) == 8
            assert set(told[REFUSING].values()) == {"refused"} and len(told[REFUSING]) == 30
            ends = sorted(told[DYING].values())
            assert ends == ["dead_lettered"] * 3 + ["received"] * 27, "the poison is put away, and nothing else with it"
            assert 3 <= played[2].deaths <= 3 * LIMITS["attempts"], "a death counts for all that were on their way; then suspects go alone"
            figure("bad recipients: messages accounted for", numbers["messages"])
            figure("bad recipients: dead letters told to their originator", 11)
            figure("bad recipients: p99 end to end of everybody else", load.p99_ms(), "ms")
    finally:
        for one in played:
            one.stop()


# ---- what an adapter cannot read ----

@pytest.fixture
def fake():
    with Field() as made:
        police = made.agency("police", POLICE, "police")
        made.parole = Papers(made.papers("parole", PAROLE) / "signing")
        made.write_agency(police)
        hub = FakeHub(made)
        police.start()
        hub.field = made
        hub.know(made.parole)
        yield hub


def note(text, **more):
    return Message(PAROLE, "admin.message/1", {"text": text}, [POLICE], **more)


def test_a_header_that_cannot_be_read_costs_its_message_and_not_the_link(fake):
    before, odd, after = note("before"), note("odd"), note("after")
    envelopes = [envelope_of(fake.field.parole, [message], 0) for message in (before, odd, after)]
    header = unpack(envelopes[1][1])
    envelopes[1][1] = pack({**header, "v": 2, "urgency": "of a later version"})
    told = fake.deliver(*envelopes)
    assert not isinstance(told, str), f"it left: {told}"
    assert told[before.id]["code"] == told[after.id]["code"] == "ok"
    assert told[odd.id]["disposition"] == "refused" and told[odd.id]["code"] == "malformed"
    assert told[odd.id]["hash"] == leaf_of(envelopes[1][1]).hex(), "the receipt is of those very bytes"
    assert fake.deliver(envelope_of(fake.field.parole, [odd], 0))[odd.id]["code"] == "ok", "in good order it is taken"
    police = fake.field.agencies["police"]
    wait_until(lambda: len(police.collect()) == 3, 10, "the three in the inbox")


def test_what_names_no_message_ends_the_link_and_the_next_goes_on(fake):
    assert fake.deliver(b"\xc1") == "malformed"
    message = note("after it")
    assert fake.deliver(envelope_of(fake.field.parole, [message], 0))[message.id]["code"] == "ok"


def test_a_receipt_that_is_not_believed_yet_is_not_acknowledged(fake):
    """Its certificate begins tomorrow, as a clock that is a day behind would have it: it may be believed later."""
    police = fake.field.agencies["police"]
    fake.wait_link()
    police.drop("asked.json", {"type": "admin.message/1", "to": [PAROLE], "body": {"text": "Received?"}})
    header_bytes = fake.link.expect(SUBMIT)[4][0][0]
    header = header_decode(header_bytes)
    fake.link.send([VERDICT, [[header["id"], "ok", False, 3, [[PAROLE, True, 0]], "", ""]]])

    class Sent:
        id = header["id"]
    Sent.header_bytes = header_bytes
    young = Papers(Authority(fake.field.pki).issue(fake.field.folder / "young", f"urn:liaison:party:{PAROLE}", (), signs=True, begins=1.0))
    fake.know(young)
    receipt = Message(PAROLE, "receipt/1", receipt_body(Sent), re=header["id"], thread=header["id"])
    fake.link.send([DELIVER, [pack(envelope_of(young, [receipt], 0))]])
    told = fake.deliver(envelope_of(fake.field.parole, [note("behind it")], 0))
    assert not isinstance(told, str)
    wait_until(lambda: police.log("receipt_refused"), 10, "the refusal in the log")
    fake.link.send([DELIVER, [pack(envelope_of(fake.field.parole, [receipt], 0))]])
    assert fake.link.expect(ACK)[1] == [receipt.id], "one acknowledgement, for the one that is believed"
    assert police.outcomes("asked.json")[0]["what"] == "received"


def test_a_receipt_that_the_hub_refused_is_said_anew_when_the_message_comes_again(fake):
    message = note("received, and the hub does not hear of it")
    data = pack(envelope_of(fake.field.parole, [message], 0))
    fake.wait_link()
    fake.link.send([DELIVER, [data]])
    first = None
    while not first:
        frame = fake.link.receive()
        if frame[0] == SUBMIT:
            first = header_decode(frame[4][0][0])
        elif frame[0] not in (CREDIT, ACK):
            fake.link.send([14, 0]) if frame[0] == HEAD else fake.link.send([11, frame[1], fake.chains.get(frame[1], [])])
    fake.link.send([VERDICT, [[first["id"], "clock", False, 3, [], "/issued", "in the future"]]])
    fake.link.send([CREDIT, 1])
    fake.link.send([DELIVER, [data]])
    again = header_decode(fake.link.expect(SUBMIT)[4][0][0])
    assert again["re"] == message.id and again["id"] != first["id"]
    fake.link.send([DELIVER, [data]])
    fake.link.send([PING, 7])
    assert fake.link.expect(PONG, SUBMIT)[0] == PONG, "while it waits for its verdict it is not said twice"
    fake.link.send([VERDICT, [[again["id"], "ok", False, 4, [], "", ""]]])
    fake.link.send([DELIVER, [data]])
    anew = header_decode(fake.link.expect(SUBMIT)[4][0][0])
    assert anew["re"] == message.id and anew["id"] != again["id"], "a hub that has it and asks all the same goes on from before it"
    wait_until(lambda: len(fake.field.agencies["police"].collect()) == 1, 10, "the message in the inbox")
    assert not fake.field.agencies["police"].twice

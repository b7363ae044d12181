"""A party with good papers that breaks the link's rules, or uses its own and others' messages in ways they were not made for: replays, swapped proofs,
bombs of msgpack. Each is answered by a code, and the hub's memory stays where it was.

Elsewhere, in tests/system/test_forgery.py: every flipped bit, another party's key, malformed signed headers, wrong messages, one id with other bytes,
frames out of turn, credit, batch and frame limits, forged inclusion paths at the recipient (a hub that lies); test_tls.py: HELLO; frames, headers, parts
and envelopes byte by byte in tests/fuzz and tests/unit/schemas."""
import os

import pytest

import honest
import liaison_wire as wire
from field import PAROLE, POLICE, Field, wait_until

MIB = 1024


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.limits = {"heartbeat_ms": "10 min", "source_handshake_rate": 0, "handshake_rate": 0}
        made.parties = [(PAROLE, ("parole_office",), None), (POLICE, ("police",), None)]
        made.papers_of = {party: made.papers(name, party) for name, party in (("parole", PAROLE), ("police", POLICE))}
        made.write_hub()
        made.start_hub()
        dial(made).close()
        yield made


def dial(field, party=PAROLE):
    return wire.Adapter(field.port, field.papers_of[party], party, field.pki / "ca.pem")


def note(sender=PAROLE, text="Radio check.", **more):
    return wire.Message(sender, "admin.message/1", {"text": text}, [POLICE if sender == PAROLE else PAROLE], **more)


def codes(link, frame, count=1):
    """The verdicts' codes, or the goodbye's."""
    link.send(frame)
    found = []
    while len(found) < count:
        told = link.expect(wire.VERDICT, wire.BYE)
        if told[0] == wire.BYE:
            return told[1]
        found += [wire.Verdict(one) for one in told[1]]
    return found


def memory(field):
    return sum(honest.memory_kib(pid) for pid in (field.hub.pid, honest.gateway_pid(field.hub.pid)))


# ---- again, and elsewhere ----

def test_a_submit_again_byte_by_byte_gets_the_same_verdict_and_no_second_delivery(field):
    link, taker = dial(field), dial(field, POLICE)
    frame = wire.pack(wire.submit_frame(link.papers, [note(text=f"{i}") for i in range(5)]))
    first = codes(link, frame, 5)
    assert {verdict.code for verdict in first} == {"ok"}
    for where in (lambda: link, lambda: dial(field)):
        again = codes(where(), frame, 5)
        assert all(one.is_duplicate and one.same_as(other) for one, other in zip(again, first))
    taker.send([wire.CREDIT, 100])
    delivered = []
    while len(delivered) < 5:
        delivered += taker.expect(wire.DELIVER)[1]
    with pytest.raises(TimeoutError):
        delivered += taker.expect(wire.DELIVER, limit=0.5)[1]
    assert len({wire.header_decode(wire.unpack(data)[1])["id"] for data in delivered}) == len(delivered) == 5
    taker.close()


def test_anothers_submit_is_nobodys_here(field):
    """Recorded on one link, played on another party's: the statement, the signature and the messages are all good."""
    link, thief = dial(field), dial(field, POLICE)
    good = wire.submit_frame(link.papers, [note()])
    assert codes(link, good)[0].code == "ok"
    new = wire.submit_frame(link.papers, [note()])
    for frame in (good, new):
        assert codes(thief, frame)[0].code == "not_your_party"
    own = list(new)
    own[3] = thief.papers.fingerprint
    assert codes(thief, own)[0].code == "signature", "under the own certificate"
    assert codes(link, new)[0].code == "ok", "and it is still to be had by whom it is of"
    thief.close()


@pytest.mark.parametrize("what", ["statements swapped", "signature of another batch", "one message more", "one message less", "another order",
                                  "a message of another batch", "the count of another", "twice the same"])
def test_what_was_signed_is_the_whole_batch_in_its_order(field, what):
    link = dial(field)
    a, b = [note(text=f"a{i}") for i in range(4)], [note(text=f"b{i}") for i in range(4)]
    one, two = wire.submit_frame(link.papers, a), wire.submit_frame(link.papers, b)
    if what == "statements swapped":
        one[1], one[2] = two[1], two[2]
    elif what == "signature of another batch":
        one[2] = two[2]
    elif what == "one message more":
        one[4] = one[4] + two[4][:1]
    elif what == "one message less":
        one[4] = one[4][:-1]
    elif what == "another order":
        one[4] = [one[4][1], one[4][0], *one[4][2:]]
    elif what == "a message of another batch":
        one[4] = [*one[4][:3], two[4][3]]
    elif what == "the count of another":
        root = wire.root_of([wire.leaf_of(message.header_bytes) for message in a])
        one[1] = wire.statement_encode(root, 5, wire.now_ms())
        one[2] = wire.sign(link.papers.key, one[1])
    elif what == "twice the same":
        one[4] = [one[4][0]] * 4
    told = codes(link, one, len(one[4]))
    assert told == "malformed" or {verdict.code for verdict in told} <= {"signature", "malformed"}, told


def test_an_id_of_another_party_is_a_conflict_and_tells_nothing_of_it(field):
    link, other = dial(field), dial(field, POLICE)
    message = note(text="The content that nobody else may learn.")
    assert codes(link, wire.submit_frame(link.papers, [message]))[0].code == "ok"
    taken = note(POLICE, id=message.id)
    verdict, = codes(other, wire.submit_frame(other.papers, [taken]))
    assert verdict.code == "duplicate_conflict" and not verdict.recipients and "learn" not in verdict.reason
    other.close()


# ---- bombs ----

DEEP = 200000
BOMBS = {
    "an array of four thousand million": b"\xdd\xff\xff\xff\xff",
    "a map of four thousand million": b"\xdf\xff\xff\xff\xff",
    "bytes of four thousand million": b"\xc6\xff\xff\xff\xff",
    "a text of four thousand million": b"\xdb\xff\xff\xff\xff",
    "an extension of four thousand million": b"\xc9\xff\xff\xff\xff\x01",
    "arrays in arrays": b"\x91" * DEEP + b"\xc0",
    "maps in maps": b"\x81\xa1a" * DEEP + b"\xc0",
    "many arrays of none": b"\xdd" + (DEEP).to_bytes(4, "big") + b"\x90" * DEEP,
    "arrays that all promise more": b"\xdd\x00\xff\xff\xff" * 50000,
}


def placed(bomb):
    """A frame that brings it to each reader: the frame's, the batch's, the header's, the part's, the statement's."""
    def header(link):
        message = note()
        message.header_bytes = b"\x81\xa1v" + bomb
        return wire.submit_frame(link.papers, [message])

    def part(link):
        message = note()
        message.parts[0][2] = bomb
        message.header["parts"] = {"main": ["CJ", wire.part_hash(message.parts[0][1], bomb)]}
        return wire.submit_frame(link.papers, [message.encode()])

    def parts(link):
        good = wire.pack(wire.submit_frame(link.papers, [note()]))
        head = wire.pack(note().header_bytes)
        return good[:good.index(wire.pack(link.papers.fingerprint)) + 34] + b"\x91\x92" + head + bomb

    def statement(link):
        frame = wire.submit_frame(link.papers, [note()])
        frame[1] = bomb[:100]
        return frame
    return {"the frame": lambda _: bomb, "a SUBMIT": lambda _: b"\x95\x03" + bomb, "a HELLO": lambda _: b"\x95\x01" + bomb, "an ACK": lambda _: b"\x92\x06" + bomb,
            "a BYE": lambda _: b"\x93\x0d" + bomb, "the header": header, "the parts": parts, "the main part": part, "the statement": statement}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_wherever_it_is_put(field, figure, name):
    before, told = memory(field), {}
    for place, make in placed(BOMBS[name]).items():
        link = dial(field)
        frame = make(link)
        answer = codes(link, frame)
        told[place] = answer if isinstance(answer, str) else answer[0].code
        link.close()
    assert set(told.values()) <= {"malformed", "schema", "too_large", "protocol", "signature", "closed"}, told
    assert memory(field) - before < 24 * MIB, told
    figure(f"hub's memory more after bombs: {name}", max(0, memory(field) - before), "KiB")


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_for_a_greeting_is_refused(field, name):
    link = wire.dial(field.port, field.papers_of[PAROLE], field.pki / "ca.pem")
    try:
        link.send(BOMBS[name])
        assert link.expect(wire.BYE)[1] in ("malformed", "too_large")
    except wire.Gone:
        assert len(BOMBS[name]) > 40960, "unread bytes may reset the connection before the goodbye is read"
    link.close()


# ---- without end ----

def test_frames_without_messages_count_too(field):
    """A flood of questions is read no faster than messages are."""
    text = field.hub_config().replace(f'party = "{PAROLE}";', f'party = "{PAROLE}"; rate = 50;', 1)
    field.hub.config.write_text(text.replace("limits = {", 'limits = { burst_ms = "100 ms";'))
    field.liaison("reload")
    held, link = field.metrics().get("liaison_link_held_total", 0), dial(field)
    for _ in range(100):
        link.send([wire.CERT_ASK, os.urandom(32)])
    wait_until(lambda: field.metrics().get("liaison_link_held_total", 0) > held, 5, "the holding")
    answers = 0
    while answers < 100:
        answers += link.expect(wire.CERT)[0] == wire.CERT
    link.close()
    field.write_hub()
    field.liaison("reload")


def test_credit_without_end_is_no_memory(field):
    """The most that may be granted is a number, not a queue."""
    link, before = dial(field), memory(field)
    link.send([wire.CREDIT, 2**63 - 1])
    link.send([wire.CREDIT, 2**63 - 1])
    told = codes(link, wire.submit_frame(link.papers, [note()]))
    assert told in ("malformed", "credit", "too_large", "protocol") or told[0].code == "ok", told
    assert memory(field) - before < 8 * MIB
    link.close()


def test_the_ledger_verifies_after_all_of_it(field):
    assert field.verify_ledger()["entries"] > 10

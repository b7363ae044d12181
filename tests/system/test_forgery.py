"""One bit changed anywhere is refused with the right code: by the hub, when an adapter submits it, and by an adapter, when the hub itself is the
forger. Both ends are played by liaison_wire."""
import json
import random
import socket
import ssl

import pytest

import liaison_wire as wire
from field import ACCEPTED, BOARD, HUB, PAROLE, POLICE, Authority, Field, wait_until

ELSE = "ct.newhaven.police"


def flipped(data, at, bit=None):
    out = bytearray(data)
    out[at] ^= 1 << (random.randrange(8) if bit is None else bit)
    return bytes(out)


def note(sender=PAROLE, to=(POLICE,), text="Radio check at 15:00.", **more):
    return wire.Message(sender, "admin.message/1", {"text": text}, to, **more)


def resealed(message):
    """The header binds the parts as they are now."""
    message.header["parts"] = {name: ["CJ", wire.part_hash(salt, data)] for name, salt, data in message.parts}
    return message.encode()


# ---- the hub judges ----

@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.limits = {"credit": 64, "batch": 16, "message_bytes": "8 KiB", "frame_bytes": "64 KiB", "heartbeat_ms": "30 s"}
        made.parties = [(PAROLE, ("parole_office",), None), (POLICE, ("police",), None), (ELSE, ("police",), None),
                        (BOARD, ("parole_board",), None)]
        made.agreements += ''',
  { name = "authorizations"; from = ["role:parole_board"]; types = ["release.authorize/1"]; to = ["role:parole_office"]; }'''
        made.papers_of = {party: made.papers(name, party) for name, party in
                          (("parole", PAROLE), ("police", POLICE), ("else", ELSE), ("board", BOARD))}
        made.persons = [made.person("board", BOARD, "brandt", "board_chair"), made.person("board", BOARD, "osei", "board_member")]
        made.write_hub()
        made.start_hub()
        made.accepted = []
        yield made


def dial(field, party=PAROLE):
    return wire.Adapter(field.port, field.papers_of[party], party, field.pki / "ca.pem")


@pytest.fixture
def adapter(field):
    link = dial(field)
    yield link
    link.close()


def one(adapter, message, **more):
    return list(adapter.submit(message, **more).values())[0]


def answer(field, adapter, frame):
    """What the hub says to a SUBMIT of one message: the verdict, or the goodbye; then the link is made anew."""
    adapter.send(frame)
    told = adapter.expect(wire.VERDICT, wire.BYE)
    if told[0] == wire.BYE:
        adapter.close()
        adapter.__init__(field.port, field.papers_of[adapter.party], adapter.party, field.pki / "ca.pem")
        return told[1]
    return told[1][0][1]


def refused(field, code):
    return sum(value for name, value in field.metrics().items() if name.startswith("liaison_messages_refused") and f'code="{code}"' in name)


def test_takes_what_is_good_from_the_second_implementation(field, adapter):
    message = note(subject={"case_no": "26-1"}, thread=wire.uuid7())
    verdict = one(adapter, message)
    assert verdict.code == "ok" and verdict.entry >= 0 and not verdict.is_duplicate
    assert [recipient[:2] for recipient in verdict.recipients] == [[POLICE, False]]
    field.accepted.append(message)
    batch = [note(text=f"number {i}") for i in range(16)]
    assert {verdict.code for verdict in adapter.submit(*batch).values()} == {"ok"}
    field.accepted += batch


def test_a_bit_of_the_header(field, adapter):
    message = note()
    frame = wire.submit_frame(adapter.papers, [message])
    for at in range(len(message.header_bytes)):
        frame[4] = [[flipped(message.header_bytes, at), message.parts]]
        assert answer(field, adapter, frame) == "signature", at


def test_a_bit_of_one_header_refuses_the_whole_batch(field, adapter):
    messages = [note(text=f"number {i}") for i in range(5)]
    frame = wire.submit_frame(adapter.papers, messages)
    frame[4][3][0] = flipped(frame[4][3][0], -1)
    adapter.send(frame)
    assert {verdict.code for verdict in adapter.verdicts(5).values()} == {"signature"}


def test_a_bit_of_the_part(field, adapter):
    message = note()
    frame = wire.submit_frame(adapter.papers, [message])
    name, salt, data = message.parts[0]
    for at in range(len(data)):
        frame[4] = [[message.header_bytes, [[name, salt, flipped(data, at)]]]]
        assert answer(field, adapter, frame) == "part_hash", at


def test_a_bit_of_the_salt(field, adapter):
    message = note()
    frame = wire.submit_frame(adapter.papers, [message])
    name, salt, data = message.parts[0]
    for at in range(len(salt)):
        frame[4] = [[message.header_bytes, [[name, flipped(salt, at), data]]]]
        assert answer(field, adapter, frame) == "part_hash", at


@pytest.mark.parametrize("element,code", [(1, "signature"), (2, "signature"), (3, "certificate")], ids=["statement", "signature", "signer"])
def test_a_bit_of_the_proof(field, adapter, element, code):
    good = wire.submit_frame(adapter.papers, [note()])
    before = refused(field, code)
    for at in range(len(good[element])):
        frame = list(good)
        frame[element] = flipped(good[element], at)
        assert answer(field, adapter, frame) == code, at
    assert refused(field, code) == before + len(good[element])


def test_a_refusal_is_recorded_and_a_good_message_of_the_same_id_is_taken(field, adapter):
    message = note()
    frame = wire.submit_frame(adapter.papers, [message])
    frame[2] = flipped(frame[2], 9)
    adapter.send(frame)
    verdict, = adapter.verdicts(1).values()
    assert (verdict.id, verdict.code, verdict.field) == (message.id, "signature", "statement") and verdict.entry >= 0 and verdict.reason
    assert one(adapter, message).code == "ok"
    field.accepted.append(message)


def test_another_partys_key(field, adapter):
    other = wire.Papers(field.papers_of[ELSE] / "signing")
    message = note()
    frame = wire.submit_frame(other, [message])
    dial(field, ELSE).close()  # so that the hub knows whose certificate it is
    assert answer(field, adapter, frame) == "not_your_party"
    frame[3] = adapter.papers.fingerprint
    assert answer(field, adapter, frame) == "signature", "another key under the own certificate"
    assert answer(field, adapter, wire.submit_frame(adapter.papers, [note(sender=ELSE)])) == "not_your_party", "another party's name"
    stranger = Authority().issue(field.folder / "stranger/signing", f"urn:liaison:party:{PAROLE}", extended=(), signs=True)
    assert answer(field, adapter, wire.submit_frame(wire.Papers(stranger), [note()])) == "certificate"
    again = field.issue("parole/again", "--signing", PAROLE)
    assert answer(field, adapter, wire.submit_frame(wire.Papers(again), [note()])) == "certificate", "not the one that HELLO has shown"


def raw_header(header, pairs_more=b"", count_more=0, behind=b""):
    """The map with pairs that no dictionary would hold."""
    packed = wire.header_encode(header)
    assert packed[0] & 0xF0 == 0x80
    return bytes([packed[0] + count_more]) + packed[1:] + pairs_more + behind


BAD_HEADERS = {
    "an unknown key": (lambda header: raw_header(header, wire.pack("color") + wire.pack("red"), 1), "/color"),
    "a key twice": (lambda header: raw_header(header, wire.pack("priority") + wire.pack(9), 1), "/priority"),
    "a key that is no text": (lambda header: raw_header(header, wire.pack(1) + wire.pack(1), 1), ""),
    "a byte behind": (lambda header: raw_header(header, behind=b"\xc0"), ""),
    "an extension": (lambda header: raw_header(header, wire.pack("purpose") + b"\xd4\x01\x00", 1), "/purpose"),
    "text that is not UTF-8": (lambda header: raw_header(header, wire.pack("purpose") + b"\xa2\xc3\x28", 1), "/purpose"),
    "version 2": (lambda header: wire.header_encode({**header, "v": 2}), "/v"),
    "no time": (lambda header: wire.pack({key: value for key, value in header.items() if key != "issued"}), "/issued"),
    "priority 10": (lambda header: wire.header_encode({**header, "priority": 10}), "/priority"),
    "a recipient twice": (lambda header: wire.header_encode({**header, "to": [POLICE, POLICE]}), "/to/1"),
    "a class that is none": (lambda header: wire.header_encode({**header, "parts": {"main": ["TOP", bytes(32)]}}), "/parts/main"),
}


@pytest.mark.parametrize("name", BAD_HEADERS)
def test_a_header_that_is_signed_and_malformed(field, adapter, name):
    make, place = BAD_HEADERS[name]
    message = note()
    message.header_bytes = make(message.header)
    adapter.send(wire.submit_frame(adapter.papers, [message]))
    told = adapter.expect(wire.VERDICT, wire.BYE)
    if told[0] == wire.BYE:
        assert told[1] == "malformed" and name in ("a key twice", "a key that is no text", "a byte behind", "an extension", "text that is not UTF-8")
    else:
        verdict = wire.Verdict(told[1][0])
        assert (verdict.id, verdict.code, verdict.field) == (message.id, "malformed", place), verdict


def with_part(change):
    def make(_field):
        message = note()
        change(message)
        return message
    return make


BAD_MESSAGES = {
    "a part that the header does not name": (with_part(lambda m: m.parts.append(["more", bytes(16), b"\x80"])), "part_hash", "/parts/more"),
    "no part": (with_part(lambda m: m.parts.clear()), "part_hash", "/parts/main"),
    "a type that is none": (lambda field: wire.Message(PAROLE, "admin.telegram/1", {"text": "x"}, [POLICE]), "unknown_type", "/type"),
    "a body that does not fit": (lambda field: note(text=""), "schema", "/parts/main/text"),
    "another class than the catalogue's": (lambda field: wire.Message(PAROLE, "admin.message/1", {"text": "x"}, [POLICE], cls="PUB"), "schema", None),
    "issued tomorrow": (lambda field: note(issued=wire.now_ms() + 86400000), "clock", "/issued"),
    "expired": (lambda field: note(expires=wire.now_ms() - 1000), "expired", "/expires"),
    "too large": (lambda field: note(text="✓" * 3000), "too_large", ""),
    "a role that may not": (lambda field: wire.Message(PAROLE, "release.notification/1", field.example("release.notification/1")["body"],
                                                        subject={"sid": "CT01284417"}),
                            "no_agreement", "/type"),
    "an address that nobody has": (lambda field: note(to=["ct.nobody"]), None, None),
    "to itself": (lambda field: note(to=[PAROLE]), None, None),
    "to nobody, where no agreement chooses": (lambda field: note(to=[]), None, None),
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_message_that_is_signed_and_wrong(field, adapter, name):
    make, code, place = BAD_MESSAGES[name]
    verdict = one(adapter, make(field))
    assert verdict.code in ([code] if code else ["no_agreement", "no_recipient"]), verdict
    assert place is None or verdict.field == place, verdict
    assert verdict.reason and verdict.entry >= 0


def test_a_batch_signed_tomorrow(field, adapter):
    verdict = one(adapter, note(), signed_at=wire.now_ms() + 86400000)
    assert (verdict.code, verdict.field) == ("clock", "signed_at")


def test_a_message_again_gets_the_original_verdict(field, adapter):
    message = note()
    first = one(adapter, message)
    police = dial(field, POLICE)
    wait_until(lambda: field.ask("status")["links"] == 2, 5, "both links")
    again = one(adapter, message)
    assert first.code == "ok" and not first.is_duplicate
    assert again.is_duplicate and again.same_as(first), "recipients as they were, though one has come since"
    both = list(adapter.submit(message, note(text="new")).values())
    assert sorted(verdict.is_duplicate for verdict in both) == [False, True]
    police.close()
    adapter.close()
    later = dial(field)
    assert one(later, message).same_as(first), "over another link, under another signature"
    later.close()
    field.accepted.append(message)


def test_the_same_id_with_other_bytes(field, adapter):
    message = note()
    assert one(adapter, message).code == "ok"
    other = note(text="Another text.", id=message.id)
    verdict = one(adapter, other)
    assert (verdict.code, verdict.field) == ("duplicate_conflict", "/id")
    assert one(adapter, message).is_duplicate, "and the first one stands"
    elsewhere = dial(field, ELSE)
    assert one(elsewhere, note(sender=ELSE, id=message.id)).code == "duplicate_conflict", "nor from another party"
    elsewhere.close()
    field.accepted.append(message)


def test_one_id_twice_in_a_batch(field, adapter):
    first, second = note(text="first"), note(text="second")
    second.header["id"] = first.id
    second.encode()
    adapter.send(wire.submit_frame(adapter.papers, [first, second]))
    codes = []
    while len(codes) < 2:
        codes += [verdict[1] for verdict in adapter.expect(wire.VERDICT)[1]]
    assert codes == ["ok", "duplicate_conflict"]
    field.accepted.append(first)


@pytest.mark.parametrize("what", ["messages beyond the credit", "batch beyond the limit", "an oversize frame", "second HELLO", "a WELCOME", "a frame that is none",
                                  "an empty batch", "credit of none"])
def test_who_breaks_the_rules_is_told_goodbye(field, what):
    link = dial(field)
    frames, code = {
        "messages beyond the credit": ([wire.submit_frame(link.papers, [note() for _ in range(16)]) for _ in range(40)], "credit"),
        "batch beyond the limit": ([wire.submit_frame(link.papers, [note() for _ in range(17)])], "too_large"),
        "an oversize frame": ([wire.pack([wire.SUBMIT, bytes(66000)])], "too_large"),
        "second HELLO": ([[wire.HELLO, 1, PAROLE, link.papers.chain, "x"]], "protocol"),
        "a WELCOME": ([[wire.WELCOME, 1, HUB, 65536, 65536, 1, 1000, 1, None, []]], "protocol"),
        "a frame that is none": ([b"\x91\x63"], "malformed"),
        "an empty batch": ([[wire.SUBMIT, b"s", b"s", bytes(32), []]], "malformed"),
        "credit of none": ([[wire.CREDIT, 0]], "malformed"),
    }[what]
    if code == "credit":
        # In one write, so that it is all there before the hub could give any back.
        link.send_bytes(b"".join(len(data).to_bytes(4, "big") + data for data in map(wire.pack, frames)))
    else:
        for frame in frames:
            link.send(frame)
    try:
        assert link.expect(wire.BYE)[1] == code
    except wire.Gone as why:
        assert code == "too_large", why  # unread bytes may reset the connection before the goodbye is read
    wait_until(lambda: [line for line in field.hub.log("link_down") if line["code"] == code], 5, "the line of the log")
    link.close()


def approval(field, person, kind, main, **changes):
    papers = wire.Papers(person)
    at = changes.pop("at", wire.now_ms())
    signed = wire.pack(["liaison-approval", 1, kind, wire.hashlib.sha256(main).digest(), at])
    name, role = {"brandt": ("brandt", "board_chair"), "osei": ("osei", "board_member")}[person.name]
    return {"person": name, "role": role, "at": at, "certificates": papers.chain, "signature": wire.sign(papers.key, signed), **changes}


def authorization(field, approvals=None):
    example = field.example("release.authorize/1")
    message = wire.Message(BOARD, "release.authorize/1", example["body"], [PAROLE], subject=example["subject"])
    main = message.parts[0][2]
    made = [approval(field, person, "release.authorize/1", main) for person in field.persons]
    made = approvals(made, main) if approvals else made
    if made is not None:
        message.parts.append(["approvals", bytes(16), wire.pack(made)])
    return resealed(message)


def test_the_signatures_of_persons(field):
    board = dial(field, BOARD)

    def judged(change=None):
        return one(board, authorization(field, change)).code
    assert judged() == "ok"
    assert judged(lambda made, main: None) == "authority"
    assert judged(lambda made, main: made[:1]) == "authority"
    assert judged(lambda made, main: [made[0], made[0]]) == "authority"
    for at in (10, 40):
        assert judged(lambda made, main, at=at: [made[0], {**made[1], "signature": flipped(made[1]["signature"], at)}]) == "authority"
    assert judged(lambda made, main: [made[0], {**made[1], "at": made[1]["at"] + 1}]) == "authority"
    assert judged(lambda made, main: [made[0], {**made[1], "role": "board_chair"}]) == "authority"
    assert judged(lambda made, main: [made[0], {**made[1], "certificates": made[0]["certificates"]}]) == "authority"
    assert judged(lambda made, main: [made[0], approval(field, field.persons[1], "release.rescind/1", main)]) == "authority"
    assert judged(lambda made, main: [made[0], approval(field, field.persons[1], "release.authorize/1", main + b"\xc0")]) == "authority"
    assert judged(lambda made, main: [made[0], {**made[1], "more": 1}]) == "malformed"
    board.close()


def test_the_recipient_gets_what_was_accepted_and_nothing_else(field):
    police = dial(field, POLICE)
    certificate = wire.Papers(field.papers_of[PAROLE] / "signing").certificate
    police.send([wire.CREDIT, 1000])
    got = {}
    wanted = {message.id: message for message in field.accepted}
    while not set(wanted) <= set(got):
        for data in police.expect(wire.DELIVER)[1]:
            header, parts = wire.envelope_verify(data, certificate)
            assert header["id"] not in got
            got[header["id"]] = header
            receipt = wire.Message(POLICE, "receipt/1", wire.receipt_body(wanted.get(header["id"]) or as_message(data)), re=header["id"],
                                   thread=header.get("thread", header["id"]))
            assert one_of(police, receipt).code == "ok"
    for message_id in wanted:
        assert got[message_id] == wanted[message_id].header
    police.close()


def as_message(data):
    class Delivered:
        header_bytes = wire.unpack(data)[1]
        id = wire.header_decode(header_bytes)["id"]
    return Delivered


def one_of(link, message):
    """Like submit, with deliveries kept for later: they are pushed back to be read again."""
    link.send(wire.submit_frame(link.papers, [message]))
    kept = []
    while True:
        frame = link.receive()
        if frame[0] == wire.VERDICT:
            break
        kept.append(frame)
    packed = [wire.pack(frame) for frame in kept]
    link.heard = b"".join(len(data).to_bytes(4, "big") + data for data in packed) + link.heard
    return wire.Verdict(frame[1][0])


def test_a_receipt_that_does_not_fit(field, adapter):
    message = note()
    assert one(adapter, message).code == "ok"
    police, other = dial(field, POLICE), dial(field, ELSE)

    def judged(link, party, body, re=message.id):
        return one_of(link, wire.Message(party, "receipt/1", body, re=re, thread=message.id)).code
    body = wire.receipt_body(message)
    assert judged(other, ELSE, body) == "not_found", "it was not sent to that one"
    assert judged(police, POLICE, {**body, "hash": "00" * 32}) == "schema"
    assert judged(police, POLICE, body, re=wire.uuid7()) == "schema"
    assert judged(police, POLICE, {**body, "code": "schema"}) in ("schema", "malformed"), "received, with a refusal's code"
    assert judged(police, POLICE, wire.receipt_body(note())) in ("schema", "not_found")
    assert judged(police, POLICE, body) == "ok"
    assert judged(police, POLICE, body) == "not_found", "settled already"
    police.close()
    other.close()


def test_the_ledger_verifies_after_all_of_it(field):
    assert field.verify_ledger()["entries"] > 500


# ---- an adapter judges what a hub delivers ----

class FakeHub:
    """A hub with real certificates that says what it likes to one adapter."""

    def __init__(self, field):
        self.listener = socket.create_server(("127.0.0.1", field.port))
        self.listener.settimeout(20)
        self.context = wire.tls_context(ssl.PROTOCOL_TLS_SERVER, field.folder / "hub/tls.pem", field.folder / "hub/tls.key", field.pki / "ca.pem")
        self.signing = wire.Papers(field.folder / "hub/signing")
        self.link, self.chains = None, {}
        self.of_agency = wire.Papers(field.agencies["police"].folder / "signing")

    def wait_link(self):
        while not self.link:
            raw, _ = self.listener.accept()
            link = wire.Link(self.context.wrap_socket(raw, server_side=True))
            assert link.expect(wire.HELLO)[2] == POLICE
            link.send([wire.WELCOME, 2, HUB, 4 << 20, 1 << 20, 1024, 30000, 1024, None, self.signing.chain, b""])
            link.expect(wire.CREDIT)
            self.link = link

    def know(self, papers):
        self.chains[papers.fingerprint] = papers.chain

    def deliver(self, *envelopes):
        """Receipts by `of` for as many envelopes, or the code of the adapter's goodbye."""
        self.wait_link()
        self.link.send([wire.DELIVER, [data if isinstance(data, bytes) else wire.pack(data) for data in envelopes]])
        receipts = {}
        while len(receipts) < len(envelopes):
            frame = self.link.expect(wire.CERT_ASK, wire.SUBMIT, wire.BYE)
            if frame[0] == wire.BYE:
                self.link.close()
                self.link = None
                return frame[1]
            if frame[0] == wire.CERT_ASK:
                self.link.send([wire.CERT, frame[1], self.chains.get(frame[1], [])])
            else:
                receipts.update(self.take(frame))
        return receipts

    def take(self, frame):
        """A batch of receipts, verified as any hub would."""
        _, statement, signature, signer, messages = frame
        assert signer == self.of_agency.fingerprint
        wire.check_signature(self.of_agency.certificate, statement, signature)
        root, count, _ = wire.statement_decode(statement)
        assert root == wire.root_of([wire.leaf_of(header) for header, _ in messages]) and count == len(messages)
        receipts, verdicts = {}, []
        for data, parts in messages:
            header = wire.header_decode(data)
            wire.check_bound(header, parts, True)
            assert (header["type"], header["from"]) == ("receipt/1", POLICE)
            body = wire.receipt_check(wire.unpack(parts[0][2]))
            assert wire.uuid_bytes(body["of"]) == header["re"]
            receipts[header["re"]] = body
            verdicts.append([header["id"], "ok", False, 1, [], "", ""])
        self.link.send([wire.VERDICT, verdicts])
        self.link.send([wire.CREDIT, len(verdicts)])
        return receipts

    def judged(self, envelope):
        """The code of the one receipt, which must be of that very message; or of the goodbye, as "bye CODE"."""
        told = self.deliver(envelope)
        if isinstance(told, str):
            return f"bye {told}"
        (message_id, body), = told.items()
        header = (wire.unpack(envelope) if isinstance(envelope, bytes) else envelope)[1]
        assert body["hash"] == wire.leaf_of(header).hex() and wire.unpack(header)["id"] == message_id
        return body["code"]


@pytest.fixture(scope="module")
def fake():
    with Field() as made:
        police = made.agency("police", POLICE, "police")
        made.parole = wire.Papers(made.papers("parole", PAROLE) / "signing")
        made.other = wire.Papers(made.papers("else", ELSE) / "signing")
        made.write_agency(police)
        hub = FakeHub(made)
        police.start()
        hub.field, hub.good = made, []
        hub.know(made.parole)
        hub.know(made.other)
        yield hub


def envelope(fake, message=None, papers=None, **more):
    return wire.envelope_of(papers or fake.field.parole, [message or note()], 0, **more)


def good(fake):
    message = note()
    fake.good.append(wire.uuid_text(message.id))
    return fake.deliver(envelope(fake, message))[message.id]


def test_the_adapter_takes_what_is_good(fake):
    assert good(fake)["disposition"] == "received"
    batch = [note(text=f"number {i}") for i in range(7)]
    fake.good += [wire.uuid_text(message.id) for message in batch]
    told = fake.deliver(*[wire.envelope_of(fake.field.parole, batch, i) for i in range(7)])
    assert {body["code"] for body in told.values()} == {"ok"} and len(told) == 7


def test_the_hub_flips_a_bit_of_the_header(fake):
    codes = set()
    for at in range(len(note().header_bytes)):
        made = envelope(fake)
        made[1] = flipped(made[1], at)
        try:
            wire.header_decode(made[1])
            code = fake.judged(made)
            assert code == "signature", (at, made[1])
        except wire.Refused:
            told = fake.deliver(made)
            code = f"bye {told}" if isinstance(told, str) else list(told.values())[0]["code"]
            # Where its id can still be found, that message alone is refused.
            assert code in ("malformed", "too_large", "bye malformed", "bye too_large"), (at, made[1], code)
        codes.add(code)
    assert {"signature", "malformed", "bye malformed"} <= codes


def flips_of(element):
    def make(fake):
        for at in range(len(envelope(fake)[element])):
            made = envelope(fake)
            if at < len(made[element]):
                made[element] = flipped(made[element], at)
                yield made
    return make


def flips_of_part(index):
    def make(fake):
        for at in range(len(envelope(fake)[2][0][index])):
            made = envelope(fake)
            made[2][0][index] = flipped(made[2][0][index], at)
            yield made
    return make


def flips_of_path(fake):
    batch_size = 5
    for at in range(0, 96, 7):
        batch = [note() for _ in range(batch_size)]
        made = wire.envelope_of(fake.field.parole, batch, 1)
        made[7] = flipped(made[7], at)
        yield made


def other_indexes(fake):
    for index in (0, 2, 3, 4, 5, 1023):
        made = wire.envelope_of(fake.field.parole, [note() for _ in range(5)], 1)
        made[6] = index
        yield made


def other_paths(fake):
    for change in (lambda path: b"", lambda path: path[:-32], lambda path: path + bytes(32), lambda path: path[32:64] + path[:32] + path[64:]):
        made = wire.envelope_of(fake.field.parole, [note() for _ in range(5)], 1)
        made[7] = change(made[7])
        yield made


FLIPS = {
    "the part": (flips_of_part(2), {"part_hash"}),
    "the salt": (flips_of_part(1), {"part_hash"}),
    "the statement": (flips_of(3), {"signature", "malformed"}),
    "the signature": (flips_of(4), {"signature"}),
    "the signer": (flips_of(5), {"certificate"}),
    "the path": (flips_of_path, {"signature"}),
    "the index": (other_indexes, {"signature"}),
    "the length of the path": (other_paths, {"signature"}),
}


@pytest.mark.parametrize("name", FLIPS)
def test_the_hub_alters(fake, name):
    make, codes = FLIPS[name]
    count = 0
    for made in make(fake):
        assert fake.judged(made) in codes, (name, count)
        count += 1
    assert count > 3


def test_the_hub_changes_the_shape(fake):
    for change in (lambda e: e.__setitem__(0, 2), lambda e: e.append(1), lambda e: e.pop(), lambda e: e.__setitem__(5, e[5][:31]),
                   lambda e: e.__setitem__(6, 1024), lambda e: e.__setitem__(7, b"x"), lambda e: e.__setitem__(2, [["main", b"short", b"x"]])):
        made = envelope(fake)
        change(made)
        told = fake.deliver(made)
        assert told == "malformed" or list(told.values())[0]["code"] == "malformed", told
    assert good(fake)["code"] == "ok", "and the adapter comes back"


def test_the_hub_adds_takes_or_exchanges_a_part(fake):
    made = envelope(fake)
    made[2].append(["more", bytes(16), b"\x80"])
    assert fake.judged(made) == "part_hash"
    made = envelope(fake)
    made[2] = envelope(fake)[2]
    assert fake.judged(made) == "part_hash"
    made = envelope(fake)
    made[2][0][0] = "mein"
    assert fake.judged(made) == "part_hash"


def test_the_hub_speaks_for_another(fake):
    """Real certificates of the hub's own authority: what it cannot make is the originator's signature."""
    assert fake.judged(envelope(fake, note(), fake.field.other)) == "not_your_party"
    assert fake.judged(envelope(fake, note(), fake.signing)) == "not_your_party"
    made = envelope(fake, note(), fake.field.other)
    made[5] = fake.field.parole.fingerprint
    assert fake.judged(made) == "signature"
    made = envelope(fake)
    made[5] = fake.field.other.fingerprint
    assert fake.judged(made) in ("signature", "not_your_party")


def test_an_unknown_or_unfit_signer(fake):
    field = fake.field
    uri, signing = f"urn:liaison:party:{PAROLE}", {"extended": (), "signs": True}
    known, stranger = Authority(field.pki), Authority()
    unfit = {
        "unknown": known.issue(field.folder / "unfit/unknown", uri, **signing),
        "untrusted": stranger.issue(field.folder / "unfit/untrusted", uri, **signing),
        "expired": known.issue(field.folder / "unfit/expired", uri, begins=-9, ends=-1, **signing),
        "for TLS": field.folder / "parole/tls",
        "of a person": known.issue(field.folder / "unfit/person", f"urn:liaison:person:{PAROLE}:m.alvarez:officer", **signing),
    }
    for name, prefix in unfit.items():
        papers = wire.Papers(prefix)
        if name != "unknown":
            fake.know(papers)
        assert fake.judged(envelope(fake, note(), papers)) == "certificate", name


def test_a_certificate_that_was_not_asked_for(fake):
    papers = wire.Papers(fake.field.issue("unfit/asked", "--signing", PAROLE))
    fake.chains[papers.fingerprint] = fake.field.other.chain
    assert fake.judged(envelope(fake, note(), papers)) == "bye protocol"
    assert good(fake)["code"] == "ok"


def test_what_is_signed_and_wrong(fake):
    assert fake.judged(envelope(fake, note(text=""))) == "schema"
    assert fake.judged(envelope(fake, note(expires=wire.now_ms() - 1))) == "expired"
    assert fake.judged(envelope(fake, wire.Message(PAROLE, "admin.telegram/1", {}, [POLICE]))) == "unknown_type"
    assert fake.judged(envelope(fake, wire.Message(PAROLE, "release.authorize/1", fake.field.example("release.authorize/1")["body"]))) in (
        "authority", "schema", "no_agreement")


def test_a_message_again_is_known_and_another_under_its_id_is_a_conflict(fake):
    message = note()
    fake.good.append(wire.uuid_text(message.id))
    assert fake.deliver(envelope(fake, message))[message.id]["code"] == "ok"
    other = note(text="Another text.", id=message.id)
    # The first goes along: it is known, and is not receipted again.
    fake.link.send([wire.DELIVER, [wire.pack(envelope(fake, message))]])
    assert fake.judged(envelope(fake, other)) == "duplicate_conflict"


def test_receipts_of_strangers_do_not_become_outcomes(fake):
    """A receipt or notice that does not hold is acknowledged and said in the log, and nothing more."""
    police = fake.field.agencies["police"]
    police.drop("asked.json", {"type": "admin.message/1", "to": [PAROLE], "body": {"text": "Received?"}})
    fake.wait_link()
    frame = fake.link.expect(wire.SUBMIT)
    header = wire.header_decode(frame[4][0][0])
    fake.link.send([wire.VERDICT, [[header["id"], "ok", False, 3, [[PAROLE, True, 0]], "", ""]]])
    assert police.fate("asked.json")["state"] in ACCEPTED

    class Sent:
        header_bytes, id = frame[4][0][0], header["id"]

    def receipt(**more):
        return wire.Message(PAROLE, "receipt/1", wire.receipt_body(Sent, **more), re=header["id"], thread=header["id"])

    def acknowledged(data):
        fake.link.send([wire.DELIVER, [wire.pack(data)]])
        return fake.link.expect(wire.ACK)[1][0]
    forged = receipt()
    assert acknowledged(envelope(fake, forged, fake.field.other)) == forged.id
    bent = envelope(fake, receipt())
    bent[4] = flipped(bent[4], 12)
    acknowledged(bent)
    assert len(police.log("receipt_refused")) == 2 and not police.outcomes("asked.json")
    true = receipt()
    assert acknowledged(envelope(fake, true)) == true.id
    outcome, = wait_until(lambda: police.outcomes("asked.json"), 10, "the outcome")
    assert (outcome["recipient"], outcome["what"]) == (PAROLE, "received")


def test_the_agency_saw_what_was_good_and_nothing_else(fake):
    police = fake.field.agencies["police"]
    wait_until(lambda: len(police.collect()) >= len(fake.good), 10, "the good ones")
    assert sorted(name.partition(".")[0] for name in police.collected) == sorted(fake.good)
    assert not police.twice and len(police.log("delivery_refused")) > 100
    assert all(json.loads(text)["from"] == PAROLE for text in police.collected.values())

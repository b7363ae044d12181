"""Heads of the ledger reach the agencies, and a hub whose past is another one is refused: a store that was restored from an older copy, one that went on from
there, a fork; and what the record is worth to an auditor."""
import contextlib
import json
import shutil
import socket
import sqlite3
import ssl
import time

import pytest

import liaison_wire as wire
from field import FACILITY, HUB, PAROLE, POLICE, Authority, Field, wait_until

LIMITS = {"heads_ms": "150ms"}


@contextlib.contextmanager
def made(*agencies):
    with Field() as field:
        field.limits = LIMITS
        for name, party, kind in agencies:
            field.agency(name, party, kind)
        yield field


@pytest.fixture
def field():
    """A parole office and the police through real adapters, and a facility in the test's hands, which believes the hub by a second implementation."""
    with made(("police", POLICE, "police"), ("parole", PAROLE, "parole_office")) as field:
        field.papers("facility", FACILITY)
        field.parties.append((FACILITY, ("facility",), None))
        yield field.start()


def say(field, name, text="Radio check."):
    parole = field.agencies["parole"]
    parole.drop(f"{name}.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": text}})
    return "accepted" if parole.fate(f"{name}.json")["state"] in ("accepted", "settled") else "refused"


def facility(field, **more):
    return wire.Adapter(field.port, field.folder / "facility", FACILITY, field.pki / "ca.pem", **more)


def talk(link, count):
    messages = [wire.Message(FACILITY, "admin.message/1", {"text": f"word {i}"}, [POLICE]) for i in range(count)]
    assert {verdict.code for verdict in link.submit(*messages).values()} == {"ok"}


def history(field, name):
    return field.ask("status", "--port", field.agencies[name].endpoint)["history"]


def copy_of(field, name):
    """The hub's store as it is now, by the stopped hub's files."""
    shutil.copytree(field.folder / "hub/data", field.folder / name)
    return field.folder / name


def restore(field, copy):
    shutil.rmtree(field.folder / "hub/data")
    shutil.copytree(copy, field.folder / "hub/data")


def refusal(field, name, what):
    return wait_until(lambda: (history(field, name)["refused"] or {}).get("what") == what and history(field, name), 15, f"{name} refuses")


# ---- honest hubs ----

def test_heads_come_while_the_ledger_grows_and_prove_that_it_only_grows(field):
    link = facility(field)
    sizes = [link.known.size]
    for _ in range(5):
        talk(link, 7)
        sizes.append(link.hear_head(lambda head: head.size >= sizes[-1] + 7).size)
    assert sizes == sorted(set(sizes)) and sizes[-1] >= sizes[0] + 35
    link.close()
    field.hub.kill()
    field.start_hub()
    again = facility(field, known=link.known)  # WELCOME goes on from there, through a kill and a restart
    assert again.known.size > sizes[-1]
    for name in ("police", "parole"):
        wait_until(lambda name=name: history(field, name)["size"] >= sizes[-1], 10, "the adapter's knowledge")
        assert history(field, name)["refused"] is None
    again.close()


def test_a_renewed_signing_certificate_of_the_hub_is_nothing_to_be_afraid_of(field):
    link = facility(field)
    talk(link, 3)
    before = link.known.signer
    field.issue("hub/fresh", "--hub-signing", HUB)
    for ending in ("key", "pem"):
        (field.folder / f"hub/fresh.{ending}").rename(field.folder / f"hub/signing.{ending}")
    field.liaison("reload")
    talk(link, 3)
    size = link.hear_head(lambda head: head.signer != before).size
    assert say(field, "after") == "accepted"
    for name in ("police", "parole"):
        wait_until(lambda name=name: history(field, name)["size"] >= size, 10, "the heads by the new certificate")
        assert not field.agencies[name].log("uplink_lost"), "the links stand"
    field.hub.stop()
    field.start_hub()
    field.wait_connected()
    link.close()


def test_an_adapter_of_the_older_version_gets_in_and_hears_no_heads(field):
    link = facility(field, version=1)
    assert len(link.welcome) == 10
    talk(link, 3)
    with pytest.raises(TimeoutError):
        link.expect(wire.HEAD, limit=0.6)
    link.close()


# ---- a hub that was restored ----

def test_a_hub_restored_from_an_older_copy_is_refused_until_it_is_whole_again(field):
    police, parole = field.agencies["police"], field.agencies["parole"]
    assert say(field, "first") == "accepted"
    field.hub.stop()
    older = copy_of(field, "older")
    field.start_hub()
    field.wait_connected()
    for i in range(5):
        assert say(field, f"more{i}") == "accepted"
    size = field.status()["ledger_size"]
    wait_until(lambda: history(field, "parole")["size"] >= size, 10, "what the adapter knows")
    wait_until(lambda: history(field, "police")["size"] >= size, 10, "what the adapter knows")
    known = history(field, "parole")
    field.hub.stop()
    newer = copy_of(field, "newer")
    restore(field, older)
    field.start_hub()
    seen = refusal(field, "parole", "behind")
    refusal(field, "police", "behind")
    assert seen["root"] == known["root"] and seen["refused"]["size"] < seen["size"]
    line = parole.log("history_rewritten")[-1]
    assert line["what"] == "behind" and line["known_root"] == known["root"] and line["known_size"] > line["offered_size"] and line["offered_root"]
    assert wait_until(lambda: field.hub.log("history_disputed", party=PAROLE), 10, "the hub hears of it")
    assert field.hub.log("history_behind", party=PAROLE)[0]["known_to_it"] == known["size"]
    # Nothing is sent, nothing is lost, and a restart of the adapter changes nothing.
    parole.drop("waits.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": "still here?"}})
    parole.stop()
    parole.start()
    refusal(field, "parole", "behind")
    assert [status["state"] for status in parole.statuses("waits.json")] == [] or parole.statuses("waits.json")[0]["state"] == "waiting"
    assert field.ask("status", "--port", parole.endpoint)["uplink"] != "open"
    # Its own folder is as it should be; only who has seen more can tell.
    assert field.verify_ledger()["findings_count"] == 0
    head = field.folder / "parole.head"
    field.liaison("adapter", "head", "--port", parole.endpoint, "--out", head)
    done = field.run("ledger", "verify", field.folder / "hub/data", "--ca", field.pki / "ca.pem", "--against", head, "--json")
    assert done.returncode != 0 and json.loads(done.stdout)["findings"][0]["code"] == "history"
    # The newer copy is found after all.
    field.hub.stop()
    restore(field, newer)
    field.start_hub()
    field.wait_connected()
    assert parole.fate("waits.json")["state"] in ("accepted", "settled")
    wait_until(lambda: police.received("admin.message/1") and len(police.collected) == 7, 20, "all seven words")
    assert not police.twice
    assert history(field, "parole")["refused"] is None and parole.log("history_continues")
    report = field.ask("ledger", "verify", field.folder / "hub/data", "--ca", field.pki / "ca.pem", "--against", head)
    assert report["against_size"] == known["size"] and report["findings"] == []


def test_a_past_that_went_on_from_an_older_copy_is_accepted_by_an_operator_only(field):
    parole = field.agencies["parole"]
    assert say(field, "first") == "accepted"
    field.hub.stop()
    older = copy_of(field, "older")
    field.start_hub()
    field.wait_connected()
    assert say(field, "lost") == "accepted"
    size = field.status()["ledger_size"]
    for name in ("police", "parole"):
        wait_until(lambda name=name: history(field, name)["size"] >= size, 10, "what the adapter knows")
    field.hub.stop()
    restore(field, older)
    for agency in field.agencies.values():
        agency.stop()
    field.start_hub()
    link = facility(field, version=1)  # one that does not look
    for _ in range(6):
        talk(link, 20)
    link.close()
    for agency in field.agencies.values():
        agency.start()
    for name in ("police", "parole"):
        refusal(field, name, "rewritten")
    refused = history(field, "parole")["refused"]
    evidence = sorted((parole.folder / "data/history").glob("rewritten-*.json"))
    assert evidence and field.ask("ledger", "compare", evidence[0], "--ca", field.pki / "ca.pem")["verdict"] == "different_sizes"
    decision = ["adapter", "accept-history", "-c", parole.config, "--size", refused["size"], "--root", refused["root"], "--by", "m.alvarez",
                "--why", "the hub was restored from the backup of Sunday"]
    busy = field.run(*decision)
    assert busy.returncode == 1 and "Stop the adapter" in busy.stderr, "never behind a running adapter's back"
    parole.stop()
    wrong = field.run(*decision[:7], "0" * 64, *decision[8:])
    assert wrong.returncode == 1 and refused["root"] in wrong.stderr, "only the very head that was refused"
    assert field.run("adapter", "accept-history", "-c", parole.config).returncode == 2
    assert "m.alvarez" in field.liaison(*decision)
    parole.start()
    field.wait_connected("parole")
    assert say(field, "goes-on") == "accepted"
    journal = field.ask("adapter", "history", "--port", parole.endpoint)
    assert [row["what"] for row in journal][-2:] == ["rewritten", "accepted"]
    assert journal[-1]["by"] == "m.alvarez" and journal[-1]["why"].startswith("the hub was restored") and journal[-1]["known"] and journal[-1]["offered"]
    assert history(field, "police")["refused"]["what"] == "rewritten", "each agency decides for itself"


# ---- a hostile hub ----

class Liar:
    """A hub with the real one's certificates that shows what it likes."""

    def __init__(self, field):
        self.field = field
        self.listener = socket.create_server(("127.0.0.1", field.port))
        self.listener.settimeout(20)
        self.context = wire.tls_context(ssl.PROTOCOL_TLS_SERVER, field.folder / "hub/tls.pem", field.folder / "hub/tls.key", field.pki / "ca.pem")
        self.papers = wire.Papers(field.folder / "hub/signing")
        self.leaves = [wire.leaf_of(b"entry %d" % i) for i in range(60)]

    def head(self, size, leaves=None, papers=None):
        return wire.Head.sign(papers or self.papers, HUB, size, wire.root_of((leaves or self.leaves)[:size]))

    def accept(self):
        raw, _ = self.listener.accept()
        link = wire.Link(self.context.wrap_socket(raw, server_side=True))
        hello = link.expect(wire.HELLO)
        assert hello[1] == 2
        link.known = hello[5]
        return link

    def greet(self, size, leaves=None, proof=None, papers=None):
        """WELCOME to the next that dials; the link, and what it says to that: CREDIT, or BYE."""
        link = self.accept()
        known, leaves = link.known, leaves or self.leaves
        if proof is None:
            proof = wire.prefix_proof(leaves[:size], known) if known <= size else b""
        link.send([wire.WELCOME, 2, HUB, 4 << 20, 1 << 20, 1024, 30000, 1024, self.head(size, leaves, papers).data, (papers or self.papers).chain, proof])
        return link, link.expect(wire.CREDIT, wire.BYE)

    def show(self, link, start, size, leaves=None, proof=None):
        leaves = leaves or self.leaves
        proof = wire.prefix_proof(leaves[:size], start) if proof is None else proof
        link.send([wire.HEAD, self.head(size, leaves).data, start, proof, []])


@pytest.fixture
def liar():
    with made(("police", POLICE, "police")) as field:
        field.write_agency(field.agencies["police"])
        field.agencies["police"].start()
        hub = Liar(field)
        yield hub
        hub.listener.close()


def test_an_adapter_leaves_a_hub_that_rewrites_its_past_while_the_link_stands(liar):
    police = liar.field.agencies["police"]
    link, answer = liar.greet(20)
    assert answer[0] == wire.CREDIT and link.known == 0
    liar.show(link, 20, 30)
    wait_until(lambda: history(liar.field, "police")["size"] == 30, 10, "the growth that is believed")
    liar.show(link, 30, 40, [wire.leaf_of(b"another %d" % i) for i in range(60)])
    bye = link.expect(wire.BYE)
    assert bye[1] == "history" and "rewritten" in bye[2]
    line = police.log("history_rewritten")[0]
    assert (line["known_size"], line["offered_size"]) == (30, 40) and line["known_root"] == wire.root_of(liar.leaves[:30]).hex()
    # It does not come back by showing the true past again: whoever has shown two is not believed.
    _, answer = liar.greet(50)
    assert answer[:2] == [wire.BYE, "history"]
    assert history(liar.field, "police")["size"] == 30


def test_a_fork_is_refused_and_both_heads_are_evidence_for_others(liar):
    police = liar.field.agencies["police"]
    assert liar.greet(25)[1][0] == wire.CREDIT
    police.stop()
    police.start()
    others = [*liar.leaves[:10], *(wire.leaf_of(b"slipped in %d" % i) for i in range(50))]
    link, answer = liar.greet(25, others)
    assert link.known == 25 and answer[:2] == [wire.BYE, "history"] and "forked" in answer[2]
    evidence, = (police.folder / "data/history").glob("forked-25-*.json")
    done = liar.field.run("ledger", "compare", evidence, "--ca", liar.field.pki / "ca.pem")
    assert done.returncode == 1 and "FORKED" in done.stdout and "proof against it" in done.stdout
    kept = json.loads(evidence.read_text())
    assert kept["known"]["size"] == kept["offered"]["size"] == 25 and kept["known"]["root"] != kept["offered"]["root"]
    # Somebody else's authority makes nothing of it, and neither does a file that was written by hand.
    stranger = Authority()
    (liar.field.folder / "stranger.pem").write_bytes(stranger.certificate.public_bytes(wire.serialization.Encoding.PEM))
    assert liar.field.run("ledger", "compare", evidence, "--ca", liar.field.folder / "stranger.pem").returncode == 4
    kept["offered"]["root"] = kept["known"]["root"]
    forged = liar.field.folder / "forged.json"
    forged.write_text(json.dumps(kept))
    assert "not what it says" in liar.field.run("ledger", "compare", forged, "--ca", liar.field.pki / "ca.pem").stderr


@pytest.mark.parametrize("lie", ["a proof that is too short", "no proof", "another start", "fewer", "the signature of a party", "a stranger's head", "version 1"])
def test_nothing_but_a_proof_and_a_good_signature_goes_on(liar, lie):
    link, answer = liar.greet(20)
    assert answer[0] == wire.CREDIT
    wait_until(lambda: history(liar.field, "police")["size"] == 20, 10, "the first head")
    if lie == "version 1":
        link.close()
        link = liar.accept()
        link.send([wire.WELCOME, 1, HUB, 4 << 20, 1 << 20, 1024, 30000, 1024, liar.head(30).data, liar.papers.chain])
    elif lie == "a proof that is too short":
        liar.show(link, 20, 31, proof=wire.prefix_proof(liar.leaves[:31], 20)[:-32])
    elif lie == "no proof":
        liar.show(link, 20, 31, proof=b"")
    elif lie == "another start":
        liar.show(link, 19, 31)
    elif lie == "fewer":
        liar.show(link, 20, 19, proof=b"")
    elif lie == "the signature of a party":
        papers = wire.Papers(liar.field.agencies["police"].folder / "signing")
        link.send([wire.HEAD, liar.head(31, papers=papers).data, 20, wire.prefix_proof(liar.leaves[:31], 20), papers.chain])
    else:
        stranger = wire.Papers(Authority().issue(liar.field.folder / "stranger/signing", f"urn:liaison:hub:{HUB}", (), signs=True))
        link.send([wire.HEAD, liar.head(31, papers=stranger).data, 20, wire.prefix_proof(liar.leaves[:31], 20), stranger.chain])
    codes = {"another start": "protocol", "the signature of a party": "certificate", "a stranger's head": "certificate", "version 1": "version"}
    assert link.expect(wire.BYE)[1] == codes.get(lie, "history")
    assert history(liar.field, "police")["size"] == 20


def test_a_head_by_a_revoked_certificate_counts_for_nothing(liar):
    police = liar.field.agencies["police"]
    link, answer = liar.greet(20)
    assert answer[0] == wire.CREDIT
    liar.field.issue("hub/fresh", "--hub-signing", HUB)
    fresh = wire.Papers(liar.field.folder / "hub/fresh")
    liar.field.liaison("pki", "revoke", liar.field.pki, liar.field.folder / "hub/signing.pem", "--reason", "keyCompromise")
    police.signal(1)
    assert link.expect(wire.BYE)[1] == "revoked", "whoever signs for the hub is not believed any more"
    _, answer = liar.greet(30)
    assert answer[:2] == [wire.BYE, "revoked"]
    link, answer = liar.greet(30, papers=fresh)
    assert answer[0] == wire.CREDIT and link.known == 20


# ---- links that were refused ----

def test_refused_links_are_on_the_record_and_a_flood_of_them_is_a_few_entries(field):
    stranger = field.papers("stranger", "ct.nowhere.police")
    before = field.status()["ledger_size"]

    def knock():
        with contextlib.suppress(wire.Gone, OSError):
            link = wire.dial(field.port, stranger, field.pki / "ca.pem")
            link.send([wire.HELLO, 2, "ct.nowhere.police", wire.Papers(stranger / "signing").chain, "knock", 0])
            assert link.expect(wire.BYE)[1] == "not_enrolled"
            link.close()
    for _ in range(30):
        knock()
    entries = wait_until(lambda: [entry for entry in ledger(field) if entry[3] == "link_refused"], 10, "the entry")
    assert entries[0][6] == "ct.nowhere.police" and entries[0][8]["code"] == "not_enrolled" and entries[0][8]["address"] == "127.0.0.1"
    assert entries[0][8]["count"] >= 1
    field.hub.stop()  # the rest is told at the end
    entries = [entry for entry in ledger(field) if entry[3] == "link_refused"]
    assert len(entries) <= 3 and sum(entry[8]["count"] for entry in entries) == 30 and len(ledger(field)) < before + 20
    field.start_hub()


def ledger(field):
    with sqlite3.connect(f"file:{field.folder}/hub/data/store.db?mode=ro", uri=True) as database:
        return [wire.unpack(entry) for entry, in database.execute("SELECT entry FROM ledger ORDER BY number")]


# ---- what the record is worth to an auditor ----

ALTERED = {
    "a byte of an envelope": "UPDATE message SET envelope = flip(envelope, 60) WHERE seq = 3",
    "a byte of a signature": "UPDATE message SET envelope = flip(envelope, length(envelope) - 60) WHERE seq = 3",
    "a verdict": "UPDATE message SET verdict = flip(verdict, length(verdict) - 4) WHERE seq = 3",
    "the time of an acceptance": "UPDATE message SET accepted_at = accepted_at + 1 WHERE seq = 3",
    "a message that is gone": "DELETE FROM message WHERE seq = 3",
    "a message put in": "INSERT INTO message SELECT 1 + (SELECT max(seq) FROM message), x'00112233445566778899aabbccddeeff', leaf, accepted_at, entry, envelope,"
                        " verdict FROM message WHERE seq = 3",
    "a byte of an entry": "UPDATE ledger SET entry = flip(entry, length(entry) - 2) WHERE number = 9",
    "an entry that is gone": "DELETE FROM ledger WHERE number = 9",
    "the last entry gone": "DELETE FROM ledger WHERE number = (SELECT max(number) FROM ledger)",
    "two entries exchanged": "UPDATE ledger SET entry = (SELECT other.entry FROM ledger AS other WHERE other.number = 17 - ledger.number) WHERE number IN (8, 9)",
    "a queue's row gone": "DELETE FROM queue WHERE seq = (SELECT max(seq) FROM queue)",
    "a row put into a queue": "INSERT INTO queue SELECT recipient, urgency, 2, attempts, expires, queued_at, wants_receipt, withheld, consent FROM queue LIMIT 1",
    "a certificate gone": "DELETE FROM chain",
    "a subtree": "UPDATE row SET value = zeroblob(32) WHERE space = 11 AND key = x'050000000000000000'",
    "the head": "UPDATE note SET value = flip(value, length(value) - 40) WHERE name = 'ledger.head'",
}


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A stopped hub's folder with a past: messages, receipts, persons, and words that wait for an agency that is away."""
    with made(("police", POLICE, "police"), ("parole", PAROLE, "parole_office")) as field:
        field.start()
        for i in range(12):
            assert say(field, f"word{i}") == "accepted"
        wait_until(lambda: len(field.agencies["police"].received("admin.message/1")) == 12, 20, "all words")
        wait_until(lambda: len(field.agencies["parole"].outcomes("word")) == 12, 20, "all receipts")
        field.agencies["police"].stop()
        for i in range(3):
            assert say(field, f"waits{i}") == "accepted"
        field.agencies["parole"].stop()
        field.hub.stop()
        yield field


def verify(field, folder, *more):
    done = field.run("ledger", "verify", folder, "--ca", field.pki / "ca.pem", "--crl", field.pki / "crl.pem", *more, "--json")
    return done.returncode, json.loads(done.stdout)


def test_an_honest_record_verifies_with_every_signature(record):
    code, report = verify(record, record.folder / "hub/data")
    assert code == 0 and report["findings"] == []
    assert report["signatures"] == report["messages"] >= 27 and report["receipts"] == 12 and report["open"] == 3 and report["signers"] == 3, "two agencies and the hub"
    assert report["signatures_checked"] and report["queues_checked"] and report["subtrees"] >= 1
    text = record.liaison("ledger", "verify", record.folder / "hub/data")
    assert "NO signature of an originator was checked" in text
    head = record.folder / "own.head"
    shown = record.ask("ledger", "head", record.folder / "hub/data", "--out", head)
    assert record.ask("ledger", "head", record.folder / "hub/data", "--size", shown["size"])["root"] == shown["root"]
    assert record.ask("ledger", "compare", head, head, "--ca", record.pki / "ca.pem")["verdict"] == "same"
    code, report = verify(record, record.folder / "hub/data", "--since", str(shown["size"] - 10))
    assert code == 0 and report["entries"] < 42 and report["messages"] >= 1 and not report["queues_checked"]
    code, report = verify(record, record.folder / "hub/data", "--quick")
    assert code == 0 and report["messages"] == 0 and not report["signatures_checked"]


@pytest.mark.parametrize("what", ALTERED)
def test_whatever_is_altered_in_the_store_is_named(record, tmp_path, what):
    folder = tmp_path / "data"
    shutil.copytree(record.folder / "hub/data", folder)
    with sqlite3.connect(folder / "store.db") as database:
        database.create_function("flip", 2, lambda blob, at: bytes([*blob[:at], blob[at] ^ 1, *blob[at + 1:]]))
        assert database.execute(ALTERED[what]).rowcount > 0
        database.commit()
    code, report = verify(record, folder)
    assert code != 0 and report["findings"], what
    first = report["findings"][0]
    assert first["where"] and first["reason"]
    print(what, "→", first["where"], first["code"], first["reason"])


def test_what_was_revoked_since_is_said_and_still_stands_unless_its_key_was_compromised(record):
    signing = record.agencies["parole"].folder / "signing.pem"
    time.sleep(1)  # a list of revoked certificates knows whole seconds, and what was signed within that second counts as signed after it
    record.liaison("pki", "revoke", record.pki, signing, "--reason", "superseded")
    code, report = verify(record, record.folder / "hub/data")
    assert code == 0 and report["signers_revoked"] == 1 and report["signatures"] == report["messages"]
    other = record.agencies["police"].folder / "signing.pem"
    record.liaison("pki", "revoke", record.pki, other, "--reason", "keyCompromise")
    code, report = verify(record, record.folder / "hub/data")
    assert code != 0 and {finding["code"] for finding in report["findings"]} == {"revoked"} and report["findings_count"] == 12


def test_check_answers_in_json(record):
    for config, program in ((record.hub.config, "liaison-broker"), (record.agencies["police"].config, "liaison-adapter")):
        told = json.loads(record.run("check", config, "--json").stdout)
        assert told["program"] == program
    broken = record.folder / "broken.cfg"
    broken.write_text(record.hub.config.read_text() + 'nonsense = 1;\n')
    done = record.run("check", broken, "--json")
    told = json.loads(done.stdout)
    assert done.returncode == 3 and not told["in_order"] and any("nonsense" in fault for fault in told["faults"])

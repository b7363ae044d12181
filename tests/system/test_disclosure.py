"""Disclosure by part, in the field: a program's report to three recipients with different clearances, a consent that is revoked while a
delivery waits, an order that erases everywhere, and a sealed part that stock openssl opens."""
import json
import sqlite3
import subprocess

import pytest

from field import Field, wait_until

CLINIC, OFFICE, BOARD, VICTIMS, COURT = ("org.recovery.capitol", "ct.doc.parole.hartford", "ct.bopp", "ct.victim.services", "ct.jud.court.hartford")
NOTICE = "42 CFR part 2 prohibits unauthorized disclosure of these records."
FINDING = "Opiates were found twice in the second week."
CONSENT = "CRRC-C26-0412"

AGREEMENTS = f'''
  {{ name = "referrals"; from = ["{OFFICE}"]; types = ["referral.send/1"]; to = ["{CLINIC}"]; classes = ["CJ", "P2"]; }},
  {{ name = "consents"; from = ["{CLINIC}"]; types = ["consent.*"]; to = ["{OFFICE}", "{BOARD}"]; route = true; }},
  {{ name = "reports"; from = ["{CLINIC}"]; types = ["progress.report/1"]; to = ["{OFFICE}", "{BOARD}"]; classes = ["CJ", "P2"]; route = true; }},
  {{ name = "for victims"; from = ["{CLINIC}"]; types = ["progress.report/1"]; to = ["{VICTIMS}"]; route = true; }},
  {{ name = "orders"; from = ["{COURT}"]; types = ["record.erase/1"]; to = ["{CLINIC}", "{OFFICE}", "{BOARD}", "{VICTIMS}"]; classes = ["PUB", "CJ", "ERASE"];
    route = true; }}'''


def seal_for(field, name, party, partners):
    """A sealing certificate of its own, and those of its partners in a folder."""
    field.issue(f"{name}/sealing", "--sealing", party)
    folder = field.folder / name / "partners"
    folder.mkdir()
    for partner in partners:
        (folder / f"{partner}.pem").write_bytes((field.folder / partner / "sealing.pem").read_bytes())
    return 'sealing = { certificate = "sealing.pem"; key = "sealing.key"; partners = "partners"; };'


@pytest.fixture(name="field")
def a_field():
    with Field() as field:
        field.agreements = AGREEMENTS
        for name, party, kind, roles in (("clinic", CLINIC, "community", ()), ("office", OFFICE, "parole_office", ()),
                                         ("board", BOARD, "parole_board", ()), ("victims", VICTIMS, "community", ("victim_services",)),
                                         ("court", COURT, "community", ("court",))):
            field.agency(name, party, kind, roles=roles)
        for name, party in (("office", OFFICE), ("board", BOARD)):
            field.agencies[name].more["extra"] = seal_for(field, name, party, ())
        field.agencies["clinic"].more["extra"] = seal_for(field, "clinic", CLINIC, ("office", "board"))
        yield field.start()


def grant(recipients=(OFFICE,)):
    return {"type": "consent.grant/1", "subject": {"consent_id": CONSENT, "doc_number": "00312845"}, "body": {
        "consent_id": CONSENT, "person": {"name": {"family": "Delgado-Pierce", "given": "Marcus"}, "dob": "1988-04-17",
                                          "ids": {"doc_number": "00312845"}},
        "disclosers": [CLINIC], "recipients": list(recipients), "info": ["Results of drug tests"], "purpose": "Supervision of a condition of parole",
        "legal_basis": "2.31", "effective": "2026-01-01", "expires_on": "2096-01-01", "signed_on": "2026-01-01"}}


def report(field, referral="CT-HFD-26-0338", **more):
    draft = {key: value for key, value in field.example("progress.report/1").items() if key in ("type", "body", "subject")}
    draft["subject"] = {**draft.get("subject", {}), "doc_number": "00312845"}
    return {**draft, "consent": CONSENT, "parts": {"clinical": {"notice": NOTICE, "findings": FINDING}}, **more}


def sent(agency, name, draft):
    agency.drop(name, draft)
    fate = agency.fate(name)
    assert fate["verdict"]["code"] == "ok", fate
    return fate["id"]


def refused(agency, name, draft):
    """The first fault that stands beside a document that was not taken in."""
    agency.drop(name, draft)
    error = agency.spool / "refused" / f"{name}.error"
    wait_until(error.exists, 20, f"{name} refused")
    return error.read_text()


def took(agency, kind):
    """The first delivery of a type at an agency, as its system gets it."""
    name = wait_until(lambda: agency.received(kind), 20, f"{kind} at {agency.name}")[0]
    return json.loads(agency.collected[name])


def give_consent(field, recipients=(OFFICE,)):
    clinic = field.agencies["clinic"]
    sent(clinic, "consent.json", grant(recipients))
    took(field.agencies["office"], "consent.grant/1")


def hop(field, message, party):
    def found():
        rows = [row for row in field.ask("trace", message) if row["id"] == message]
        return [one for one in rows[0]["hops"] if one["recipient"] == party] if rows else None
    return wait_until(found, 20, f"the hop to {party}")[0]


def boxes_hold(field, text):
    """Which files of the field hold a text, the agencies' own folders apart."""
    files = [*(field.folder / "hub/data").glob("store.db*"), *(path for name in field.agencies for path in (field.folder / name / "data").glob("adapter.db*"))]
    return [str(path.relative_to(field.folder)) for path in files if text.encode() in path.read_bytes()]


def test_each_recipient_gets_its_parts_and_the_signature_holds_for_all(field):
    give_consent(field)
    message = sent(field.agencies["clinic"], "report.json", report(field))
    office, board, victims = (took(field.agencies[name], "progress.report/1") for name in ("office", "board", "victims"))
    assert office["parts"]["clinical"]["findings"] == FINDING
    assert office["notice"] == NOTICE
    assert "sealed" not in office and "withheld" not in office
    for other in (board, victims):
        assert other["withheld"] == ["clinical"]
        assert FINDING not in json.dumps(other)
        assert other["body"] == office["body"] and other["signer"] == office["signer"]
    for party, expected in ((OFFICE, None), (BOARD, {"clinical": "consent"}), (VICTIMS, {"clinical": "not_cleared"})):
        wait_until(lambda who=party: hop(field, message, who)["state"] == "received", 20, f"the receipt of {party}")
        assert hop(field, message, party).get("withheld") == expected
    assert boxes_hold(field, FINDING) == []  # sealed wherever it lies
    field.verify_ledger()


def test_a_consent_revoked_while_a_delivery_waits_stops_it(field):
    give_consent(field)
    field.agencies["office"].stop()
    message = sent(field.agencies["clinic"], "report.json", report(field))
    sent(field.agencies["clinic"], "revoke.json", {"type": "consent.revoke/1", "subject": {"consent_id": CONSENT},
                                                    "body": {"consent_id": CONSENT, "revoked_at": "2026-02-01T00:00:00Z"}})
    field.agencies["office"].start()
    late = took(field.agencies["office"], "progress.report/1")
    assert late["withheld"] == ["clinical"] and FINDING not in json.dumps(late)
    assert hop(field, message, OFFICE)["withheld"] == {"clinical": "consent"}
    assert "has been revoked" in refused(field.agencies["clinic"], "again.json", report(field))
    field.verify_ledger()


def test_what_cannot_be_sealed_does_not_leave(field):
    clinic = field.agencies["clinic"]
    assert "consent" in refused(clinic, "unknown.json", report(field))
    draft = report(field)
    del draft["consent"]
    assert "/consent" in refused(clinic, "unnamed.json", draft)
    give_consent(field, (OFFICE, VICTIMS))
    assert VICTIMS in refused(clinic, "missing.json", report(field))


def test_a_repeated_draft_with_a_sealed_part_is_the_same(field):
    give_consent(field)
    draft = report(field, id="019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61")
    first = sent(field.agencies["clinic"], "one.json", draft)
    field.agencies["clinic"].drop("two.json", draft)
    wait_until(lambda: (field.agencies["clinic"].spool / "sent/two.json").exists(), 20, "the repetition taken in")
    draft["parts"]["clinical"]["findings"] = "Something else."
    assert "duplicate_conflict" in refused(field.agencies["clinic"], "three.json", draft)
    assert len(field.agencies["office"].received("progress.report/1")) <= 1
    assert first == draft["id"]


def test_stock_openssl_opens_the_sealed_part(field):
    give_consent(field)
    sent(field.agencies["clinic"], "report.json", report(field))
    took(field.agencies["office"], "progress.report/1")
    field.agencies["office"].stop()
    with sqlite3.connect(f"file:{field.folder}/office/data/adapter.db?mode=ro", uri=True) as box:
        envelopes = [row[0] for row in box.execute("SELECT envelope FROM inbox WHERE envelope IS NOT NULL")]
    sealed = field.folder / "part.cms"
    opened = False
    for envelope in envelopes:
        at = envelope.find(bytes.fromhex("060b2a864886f70d0109100117"))  # id-ct-authEnvelopedData
        while at >= 0 and not opened:
            start = envelope.rfind(b"\x30\x82", 0, at)
            sealed.write_bytes(envelope[start:start + 4 + int.from_bytes(envelope[start + 2:start + 4], "big")])
            done = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", sealed, "-recip", field.folder / "office/sealing.pem",
                                   "-inkey", field.folder / "office/sealing.key"], capture_output=True, check=False)
            opened = done.returncode == 0 and FINDING.encode() in done.stdout
            at = envelope.find(bytes.fromhex("060b2a864886f70d0109100117"), at + 1)
    assert opened
    stranger = subprocess.run(["openssl", "cms", "-decrypt", "-inform", "DER", "-in", sealed, "-recip", field.folder / "board/sealing.pem",
                               "-inkey", field.folder / "board/sealing.key"], capture_output=True, check=False)
    assert stranger.returncode != 0


def test_an_order_erases_everywhere_and_the_ledger_still_verifies(field):
    give_consent(field)
    summary = "He kept his appointments and speaks freely in the group, said nobody else."
    draft = report(field)
    draft["body"]["summary"] = summary
    field.agencies["victims"].stop()
    message = sent(field.agencies["clinic"], "report.json", draft)
    for name in ("office", "board"):
        took(field.agencies[name], "progress.report/1")
    assert len(boxes_hold(field, summary)) >= 3
    order = sent(field.agencies["court"], "erase.json", {"type": "record.erase/1", "body": {
        "ids": {"doc_number": "00312845"}, "authority": {"name": "Hon. T. Kowalczyk", "title": "Judge of the Superior Court"},
        "order_ref": "HHD-CR23-0712345-T", "reason": "The charge was dismissed."}})
    wait_until(lambda: {outcome["recipient"] for outcome in field.agencies["court"].outcomes("erase.json") if outcome["what"] == "received"}
               >= {CLINIC, OFFICE, BOARD}, 20, "the receipts of the order")
    wait_until(lambda: boxes_hold(field, summary) == [], 20, "the content gone from all files")
    field.agencies["victims"].start()
    took(field.agencies["victims"], "record.erase/1")
    assert field.agencies["victims"].received("progress.report/1") == []
    traced = [row for row in field.ask("trace", message) if row["id"] == message][0]
    assert traced["erased_at"] and traced["type"] == "progress.report/1"
    assert [outcome for outcome in field.agencies["clinic"].outcomes("report.json") if outcome["what"] == "discarded"]
    assert field.verify_ledger()["erased"] >= 2  # the report and the grant, which has his number too
    assert order != message

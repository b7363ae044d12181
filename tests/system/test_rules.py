"""The rules of the field between running programs: steps of a warrant, a release that is held, two identities, an override, a subscription."""
import datetime
import json

import pytest

from field import ACCEPTED, BOARD, FACILITY, PAROLE, POLICE, Field, wait_until

AGREEMENTS = '''
  { name = "warrants"; from = ["*"]; types = ["warrant.*"]; to = ["role:police", "role:parole_office"]; classes = ["CJ", "CJI"]; route = true; },
  { name = "hits"; from = ["*"]; types = ["hit.*"]; to = ["role:parole_office"]; classes = ["CJ", "CJI"]; route = true; },
  { name = "releases"; from = ["*"]; types = ["release.*"]; to = ["role:facility", "role:parole_office"]; route = true; },
  { name = "identities"; from = ["role:facility", "role:parole_board"]; types = ["identity.*", "interlock.*"]; to = ["role:parole_office"]; route = true; },
  { name = "subscriptions"; from = ["*"]; types = ["subscription.*"]; to = ["role:parole_office"]; route = true; },
  { name = "arrests"; from = ["*"]; types = ["arrest.*"]; to = ["subscriber"]; classes = ["CJ", "CJI"]; route = true; }'''
WANTED, OTHER = {"sid": "CT99999999"}, {"doc_number": "00312845"}


class Desk:
    """The field with what the tests say in it."""

    def __init__(self, at):
        self.at, self.count = at, 0
        self.board, self.facility, self.parole, self.police = (at.agencies[name] for name in ("board", "facility", "parole", "police"))

    def send(self, agency, draft):
        self.count += 1
        agency.drop(f"{self.count}.json", draft)
        return agency.fate(f"{self.count}.json")

    def refused(self, agency, draft):
        verdict = self.send(agency, draft)["verdict"]
        return verdict["code"], verdict["field"], verdict["reason"]

    def draft(self, kind, ids, subject=None, **body):
        draft = self.at.example(kind)
        draft["subject"] = {**(subject or {}), **ids}
        if "person" in draft["body"]:
            draft["body"]["person"].update(name={"family": "Testcase", "given": "Jordan"}, dob="1990-02-14", ids=ids)
        draft["body"].update(body)
        return draft

    def warrant(self, kind, number="1"):
        names = {"nic": f"W90000000{number}", "warrant_no": f"PR-{number}"}
        return self.draft(kind, {}, names, **names) if kind != "warrant.issue/1" else self.draft(kind, WANTED, names, **names)

    def release(self, ids):
        draft = self.draft("release.notification/1", ids)
        draft["body"].pop("authority_ref", None)
        return draft

    def approved(self, draft, person):
        path = self.at.folder / "draft.json"
        path.write_text(json.dumps(draft))
        self.at.liaison("approve", path, "--certificate", f"{person}.pem", "--key", f"{person}.key", "--ca", self.at.pki / "ca.pem")
        return json.loads(path.read_text())

    def alerts(self, agency, event):
        agency.collect()
        bodies = [json.loads(text)["body"] for name, text in agency.collected.items() if ".alert-1." in name]
        return [body for body in bodies if body["event"] == event]


@pytest.fixture
def desk():
    with Field() as at:
        at.agreements = AGREEMENTS
        at.agency("board", BOARD, "parole_board")
        at.agency("facility", FACILITY, "facility")
        at.agency("parole", PAROLE, "parole_office")
        at.agency("police", POLICE, "police", format="json")
        yield Desk(at.start())


def test_a_step_that_is_not_allowed_says_what_stands_and_what_is_allowed(desk):
    assert desk.send(desk.parole, desk.warrant("warrant.issue/1"))["state"] in ACCEPTED
    code, field, reason = desk.refused(desk.parole, desk.warrant("warrant.issue/1"))
    assert (code, field) == ("lifecycle", "/subject/nic") and "is active" in reason and PAROLE in reason and "warrant.served/1" in reason
    assert desk.refused(desk.police, desk.warrant("warrant.clear/1"))[0] == "authority"
    assert desk.refused(desk.parole, desk.warrant("warrant.locate/1"))[0] == "authority"
    assert desk.refused(desk.police, desk.warrant("warrant.locate/1", "2"))[0] == "lifecycle"
    assert desk.send(desk.parole, desk.warrant("warrant.clear/1"))["state"] in ACCEPTED
    code, _, reason = desk.refused(desk.police, desk.warrant("warrant.locate/1"))
    assert code == "lifecycle" and "is cleared" in reason and "nothing may follow" in reason


def test_a_release_is_held_until_the_warrant_is_cleared(desk):
    desk.send(desk.parole, desk.warrant("warrant.issue/1"))
    held = desk.send(desk.facility, desk.release(WANTED))
    assert held["state"] == "held" and "W900000001" in held["verdict"]["reason"]
    wait_until(lambda: desk.alerts(desk.parole, "held"), 10, "the alert to who issued the warrant")
    assert not desk.parole.received("release.notification/1")
    desk.send(desk.parole, desk.warrant("warrant.clear/1"))
    wait_until(lambda: desk.parole.received("release.notification/1"), 10, "the release")
    wait_until(lambda: desk.alerts(desk.facility, "released"), 10, "the word to the facility")
    assert desk.at.verify_ledger()["signature_checked"]


def test_a_name_alone_is_a_candidate_until_somebody_says_that_it_is_the_same_person(desk):
    desk.send(desk.parole, desk.warrant("warrant.issue/1"))
    assert desk.send(desk.facility, desk.release(OTHER))["state"] in ACCEPTED
    wait_until(lambda: desk.alerts(desk.facility, "candidate") and desk.alerts(desk.parole, "candidate"), 10, "the question to both")
    desk.send(desk.facility, desk.draft("identity.merge/1", WANTED, keep=WANTED, merge=OTHER))
    assert desk.send(desk.facility, desk.release(OTHER))["state"] == "held"


def test_a_named_authority_lets_one_message_through(desk):
    chair = desk.at.person("board", BOARD, "h.brandt", "board_chair")
    clerk = desk.at.person("board", BOARD, "c.clerk", "clerk")
    desk.send(desk.parole, desk.warrant("warrant.issue/1"))
    held = desk.send(desk.facility, desk.release(WANTED))
    override = desk.draft("interlock.override/1", WANTED, held=held["id"])
    desk.board.drop("clerk.json", desk.approved(override, clerk))
    wait_until(lambda: (desk.board.spool / "refused/clerk.json.error").exists(), 10, "the refusal of a clerk's signature")
    unknown = desk.draft("interlock.override/1", WANTED, held="019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61")
    assert desk.refused(desk.board, desk.approved(unknown, chair))[:2] == ("not_found", "/parts/main/held")
    assert desk.send(desk.board, desk.approved(override, chair))["state"] in ACCEPTED
    wait_until(lambda: desk.parole.received("release.notification/1"), 10, "the release")
    assert desk.send(desk.facility, desk.release(WANTED))["state"] == "held", "an override is of one message"


def test_a_second_request_for_confirmation_needs_the_first(desk):
    request = desk.at.example("hit.confirm_request/1")
    request["body"]["request_no"] = 2
    assert desk.refused(desk.police, request)[0] == "lifecycle"
    request["body"]["request_no"] = 1
    assert desk.send(desk.police, request)["state"] in ACCEPTED


def test_a_subscriber_is_told_and_nobody_else(desk):
    arrest = desk.draft("arrest.notification/1", OTHER)
    assert desk.refused(desk.facility, arrest)[0] == "no_recipient"
    names = {"subscription_id": "CTDOC001G-S26-1"}
    subscription = desk.draft("subscription.subscribe/1", OTHER, names, topics=["arrest"], **names)
    subscription["body"].pop("from", None)
    subscription["body"]["ids"] = OTHER
    subscription["body"]["until"] = (datetime.date.today() + datetime.timedelta(days=90)).isoformat()
    assert desk.send(desk.police, subscription)["state"] in ACCEPTED
    assert desk.send(desk.facility, arrest)["state"] in ACCEPTED
    wait_until(lambda: desk.police.received("arrest.notification/1"), 10, "the arrest")
    assert not desk.parole.received("arrest.notification/1")

"""What the hub's operator sees of records, persons, held messages, deadlines, exchanges, subscriptions and consents, and that each look leaves a line."""
import datetime
import os

import pytest

from field import BOARD, FACILITY, PAROLE, POLICE, Field, wait_until
from test_rules import AGREEMENTS, OTHER, WANTED, Desk

MORE = AGREEMENTS + ''',
  { name = "queries"; from = ["*"]; types = ["query.wanted/1"]; to = ["role:parole_office", "role:facility"]; classes = ["CJ", "CJI"]; route = true; },
  { name = "consents"; from = ["*"]; types = ["consent.*"]; to = ["role:parole_board"]; route = true; }'''


@pytest.fixture(scope="module")
def desk():
    """One day at a hub, which the tests look at and do not change."""
    with Field() as at:
        at.agreements = MORE
        at.agency("board", BOARD, "parole_board")
        at.agency("facility", FACILITY, "facility")
        at.agency("parole", PAROLE, "parole_office")
        at.agency("police", POLICE, "police", format="json")
        desk = Desk(at.start())
        for number in "123":
            accepted(desk.send(desk.parole, desk.warrant("warrant.issue/1", number)))
        accepted(desk.send(desk.parole, desk.warrant("warrant.clear/1", "3")))
        desk.held = desk.send(desk.facility, desk.release(WANTED))
        assert desk.held["state"] == "held"
        desk.send(desk.facility, desk.draft("identity.merge/1", WANTED, keep=WANTED, merge=OTHER))
        query = at.example("query.wanted/1")
        query["subject"] = dict(WANTED)
        desk.query = accepted(desk.send(desk.police, query))
        names = {"subscription_id": "CTDOC001G-S26-1"}
        until = (datetime.date.today() + datetime.timedelta(days=90)).isoformat()
        subscription = desk.draft("subscription.subscribe/1", OTHER, names, topics=["arrest"], until=until, **names)
        subscription["body"]["ids"] = OTHER
        subscription["body"].pop("from", None)
        accepted(desk.send(desk.police, subscription))
        consent = at.example("consent.grant/1")
        consent["body"].update(disclosers=[PAROLE], recipients=[BOARD], effective=datetime.date.today().isoformat(), expires_on=until)
        desk.consent = consent["body"]["consent_id"]
        accepted(desk.send(desk.parole, consent))
        yield desk


def accepted(status):
    assert status["state"] not in ("refused", "held"), status
    return status


def refused(desk, *arguments):
    done = desk.at.run(*arguments)
    assert done.returncode != 0 and not done.stdout, (arguments, done)
    return done.returncode, done.stderr


def test_a_record_is_found_by_any_number_of_it(desk):
    for what in ("W900000003", "nic=W900000003", "warrant_no=PR-3"):
        row, = desk.at.ask("record", "show", what)["rows"]
        assert (row["lifecycle"], row["state"], row["owner"], row["terminal"]) == ("warrant", "cleared", PAROLE, True)
        assert [step["type"] for step in row["history"]] == ["warrant.issue/1", "warrant.clear/1"]
        assert all(step["from"] == PAROLE and step["signed_at"] and step["id"] for step in row["history"])
    text = desk.at.liaison("record", "show", "W900000003")
    assert "cleared" in text and "warrant.clear/1" in text and PAROLE in text
    assert refused(desk, "record", "show", "W900000009")[0] == 4
    assert "not_found" in refused(desk, "record", "show", "hold_id=W900000003")[1]


def test_records_are_listed_by_lifecycle_and_state_a_page_at_a_time(desk):
    rows = desk.at.ask("record", "list", "--lifecycle", "warrant", "--state", "active")["rows"]
    assert [row["names"]["nic"] for row in rows] == ["W900000001", "W900000002"]
    assert all(row["blocks"] == ["release"] for row in rows)
    first = desk.at.ask("record", "list", "--lifecycle", "warrant", "--limit", "2")
    rest = desk.at.ask("record", "list", "--lifecycle", "warrant", "--limit", "2", "--after", first["next"])
    assert [row["names"]["warrant_no"] for row in first["rows"] + rest["rows"]] == ["PR-1", "PR-2", "PR-3"] and "next" not in rest
    done = desk.at.run("record", "list", "--limit", "1")
    assert "W900000001" in done.stdout and "--after" in done.stderr
    assert "not_found" in refused(desk, "record", "list", "--lifecycle", "nothing")[1]
    assert "not_found" in refused(desk, "record", "list", "--state", "placed", "--lifecycle", "warrant")[1]
    assert refused(desk, "record", "list", "--limit", "0")[0] == 2
    assert refused(desk, "record", "list", "--after", "xyz")[0] == 2
    assert refused(desk, "record", "burn")[0] == 2


def test_a_person_is_shown_with_identifiers_mergers_and_records(desk):
    person = desk.at.ask("person", "show", "doc_number=00312845")["person"]
    assert {("doc_number", "00312845"), ("sid", "CT99999999")} <= set(map(tuple, person["ids"]))
    assert person["person"] == desk.at.ask("person", "show", "sid=CT99999999")["person"]["person"]
    assert {record["names"].get("nic") for record in person["records"]} >= {"W900000001", "W900000002", "W900000003"}
    assert {record["names"]["nic"] for record in person["records"] if record["blocks"] == ["release"]} == {"W900000001", "W900000002"}
    assert "W900000001" in desk.at.liaison("person", "show", "sid=CT99999999")
    assert "not_found" in refused(desk, "person", "show", "sid=CT1")[1]
    for bad in ("Testcase", "name=Testcase", "oln=123"):
        assert refused(desk, "person", "show", bad)[0] == 2


def test_what_is_held_says_since_when_because_of_what_and_who_may_let_it_through(desk):
    row, = desk.at.ask("held", "list")["rows"]
    assert (row["id"], row["type"], row["from"], row["interlock"]) == (desk.held["id"], "release.notification/1", FACILITY, "release")
    assert "subject" not in row and PAROLE in row["recipients"]
    held = desk.at.ask("held", "show", desk.held["id"])
    assert held["held"]["subject"] == WANTED
    assert {record["names"]["nic"] for record in held["records"]} == {"W900000001", "W900000002"}
    override, = held["overrides"]
    assert override["type"] == "interlock.override/1" and "board_chair" in override["roles"] and override["signatures"] == 1
    text = desk.at.liaison("held", "show", desk.held["id"])
    assert "W900000002" in text and "board_chair" in text and "Testcase" not in text
    assert refused(desk, "held", "show", desk.held["id"][:8])[0] == 2
    assert "not_found" in refused(desk, "held", "show", desk.query["id"])[1]


def test_deadlines_and_exchanges_say_who_owes_what(desk):
    row, = [row for row in desk.at.ask("deadline", "list")["rows"] if row["id"] == desk.query["id"]]
    assert {owing["party"] for owing in row["owing"]} == {PAROLE, FACILITY} and not row["overdue"]
    assert desk.at.ask("deadline", "list", "--overdue")["rows"] == []
    row, = desk.at.ask("exchange", "list", "--open")["rows"]
    assert row["of"] == desk.query["id"] and "closed_at" not in row
    exchange = desk.at.ask("exchange", "show", desk.query["id"])["exchange"]
    assert [answer["outcome"] for answer in exchange["answers"]] == ["NO_ANSWER", "NO_ANSWER"] and exchange["from"] == POLICE
    assert PAROLE in desk.at.liaison("exchange", "show", desk.query["id"])
    assert "not_found" in refused(desk, "exchange", "show", desk.held["id"])[1]


def test_subscriptions_and_consents_are_listed(desk):
    row, = desk.at.ask("subscription", "list")["rows"]
    assert (row["subscription_id"], row["party"], row["topics"], row["ids"]) == ("CTDOC001G-S26-1", POLICE, ["arrest"], OTHER)
    row, = desk.at.ask("consent", "list")["rows"]
    assert (row["consent_id"], row["by"], row["state"], row["revoked_at"]) == (desk.consent, PAROLE, "holds", 0)
    assert "grant" not in row
    assert desk.at.ask("consent", "show", desk.consent)["consent"]["grant"]["legal_basis"]
    assert desk.consent in desk.at.liaison("consent", "list")
    assert "not_found" in refused(desk, "consent", "show", "C-0")[1]


def test_status_and_metrics_count_them(desk):
    status = desk.at.ask("status")
    counts = {name: status[name] for name in ("held", "deadlines_overdue", "exchanges_open", "subscriptions")}
    assert counts == {"held": 1, "deadlines_overdue": 0, "exchanges_open": 1, "subscriptions": 1}
    metrics = desk.at.metrics()
    assert (metrics["liaison_held_messages"], metrics["liaison_exchanges_open"], metrics["liaison_subscriptions"]) == (1, 1, 1)
    assert "held" in desk.at.liaison("status")


def test_each_look_leaves_a_line_with_who_asked_and_without_naming_anybody(desk):
    before = len(desk.at.hub.log("looked_up"))
    number = desk.at.ask("person", "show", "sid=CT99999999")["person"]["person"]
    desk.at.liaison("held", "list")
    desk.at.liaison("trace", "sid=CT99999999")
    refused(desk, "person", "show", "sid=CT1")
    lines = wait_until(lambda: (found := desk.at.hub.log("looked_up")[before:])[3:] and found, 10, "the lines")
    assert [line["op"] for line in lines] == ["person_show", "held_list", "trace", "person_show"]
    assert all(line["uid"] == os.getuid() and line["pid"] > 0 for line in lines)
    assert lines[0]["at"] == f"person {number}" and lines[2]["at"] == f"person {number}"
    assert lines[3]["code"] == "not_found" and not lines[3].get("at")
    assert not [line for line in desk.at.hub.log() if any("CT99999999" in str(value) for value in line.values())]

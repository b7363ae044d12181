"""The judge itself: a history in good order has no findings, and each breach that is planted into it is named, with whose and which message."""
import copy

import pytest

from history import History, account, content_of, judge, percentile

HUB = "ct.hub"
ANN, BEN, CAM = "ct.ann", "ct.ben", "ct.cam"


def outcome(party, what="received", code="ok"):
    return {"recipient": party, "what": what, "code": code, "reason": ""}


def verdict(*parties, code="ok", entry=7):
    return {"code": code, "entry": entry, "recipients": [{"party": party} for party in parties]}


def draft(key):
    return {"type": "admin.message/1", "body": {"text": key}, "to": [BEN, CAM]}


def offered(key, **more):
    return {"what": "offered", "who": ANN, "key": key, "to": [BEN, CAM], "priority": 5, "content": content_of(draft(key)), "may_end": [], "expect": "ok", **more}


def got(who, key, order, **more):
    return {"what": "got", "who": who, "id": f"id-{key}", "key": key, "sender": ANN, "type": "admin.message/1", "content": content_of(draft(key)), "order": order,
            **more}


def kept(who, key):
    return {"what": "kept", "who": who, "id": f"id-{key}"}


def status(key, state, said=None, outcomes=()):
    return {"what": "status", "who": ANN, "id": f"id-{key}", "state": state, "verdict": said, "outcomes": list(outcomes)}


def message(key, order, entry=7):
    """All that is noted of one message to two recipients that went well."""
    return [offered(key), {"what": "taken", "who": ANN, "key": key, "id": f"id-{key}"}, status(key, "waiting"),
            status(key, "accepted", verdict(BEN, CAM, entry=entry)), got(BEN, key, order), kept(BEN, key),
            status(key, "accepted", verdict(BEN, CAM, entry=entry), [outcome(BEN)]), got(CAM, key, order), kept(CAM, key),
            status(key, "settled", verdict(BEN, CAM, entry=entry), [outcome(BEN), outcome(CAM)])]


def good():
    return [*message("a1", 10, 1), *message("a2", 11, 2), *message("a3", 12, 3),
            offered("bad", expect="port schema"), {"what": "refused", "who": ANN, "key": "bad", "code": "schema"},
            offered("no", expect="no_agreement"), {"what": "taken", "who": ANN, "key": "no", "id": "id-no"},
            status("no", "refused", verdict(code="no_agreement", entry=4)),
            offered("old", may_end=["expired"]), {"what": "taken", "who": ANN, "key": "old", "id": "id-old"},
            status("old", "settled", verdict(BEN, CAM, entry=5), [outcome(BEN), outcome(CAM, "expired", "expired")]), got(BEN, "old", 13), kept(BEN, "old"),
            {"what": "got", "who": ANN, "id": "id-n", "key": None, "sender": HUB, "type": "alert/1", "content": "x", "order": 3},
            {"what": "ledger", "ok": True, "text": ""}]


def judged(events):
    history = History()
    history.events = [{"at": number / 10, **event} for number, event in enumerate(copy.deepcopy(events))]
    return judge(history, [ANN, BEN, CAM])


def test_a_history_in_good_order_has_no_findings():
    assert judged(good()) == []


def without(**wanted):
    return lambda events: [event for event in events if any(event.get(name) != value for name, value in wanted.items())]


def adding(*more):
    return lambda events: [*events, *more]


def changing(where, **changes):
    def change(events):
        for event in events:
            if all(event.get(name) == value for name, value in where.items()):
                event.update(changes)
        return events
    return change


A2 = "id-a2"
PLANTED = {
    "accepted, and the end at one recipient is never told": ("never_ended", ANN, A2, changing(
        {"id": A2, "state": "settled"}, state="accepted", outcomes=[outcome(BEN)])),
    "taken, and never a verdict": ("never_ended", ANN, A2, lambda events: [
        event for event in events if event.get("id") != A2 or event["what"] == "taken" or event.get("state") == "waiting"]),
    "a file that appears once more after it was taken away": ("twice", CAM, A2, adding(got(CAM, "a2", 40))),
    "one document under two ids": ("twice", BEN, "id-other", adding(got(BEN, "a2", 40, id="id-other"))),
    "a document that was taken in twice": ("twice", ANN, "id-other", adding({"what": "taken", "who": ANN, "key": "a2", "id": "id-other"})),
    "two documents under one id": ("verdicts_disagree", ANN, A2, adding(offered("a9"), {"what": "taken", "who": ANN, "key": "a9", "id": A2})),
    "an older one after a younger one": ("out_of_order", BEN, "id-a1", changing({"what": "got", "who": BEN, "key": "a1"}, order=50)),
    "a receipt, and nothing in the hands of its recipient": ("receipt_without_hand_over", CAM, A2, without(what="got", who=CAM, key="a2")),
    "what its originator never handed over": ("never_sent", BEN, "id-ghost", adding(got(BEN, "ghost", 60))),
    "what another sent": ("never_sent", BEN, A2, changing({"what": "got", "who": BEN, "key": "a2"}, sender=CAM)),
    "other words than were handed over": ("altered", BEN, A2, changing({"what": "got", "who": BEN, "key": "a2"}, content="0123")),
    "accepted, then refused": ("verdicts_disagree", ANN, A2, adding(status("a2", "refused", verdict(code="schema", entry=9)))),
    "the same verdict under another entry": ("verdicts_disagree", ANN, A2, adding(
        status("a2", "settled", verdict(BEN, CAM, entry=99), [outcome(BEN), outcome(CAM)]))),
    "a verdict that is gone again": ("verdicts_disagree", ANN, A2, adding(status("a2", "waiting", None, [outcome(BEN), outcome(CAM)]))),
    "received, then expired": ("ends_disagree", ANN, A2, adding(
        status("a2", "settled", verdict(BEN, CAM, entry=2), [outcome(BEN), outcome(CAM), outcome(CAM, "expired", "expired")]))),
    "an end that is gone again": ("ends_disagree", ANN, A2, adding(status("a2", "accepted", verdict(BEN, CAM, entry=2), [outcome(BEN)]))),
    "a refusal with an end": ("ends_disagree", ANN, "id-no", changing({"id": "id-no", "what": "status"}, outcomes=[outcome(BEN)])),
    "refused by the adapter that handed it over": ("ends_disagree", CAM, "id-old", lambda events: [
        *changing({"id": "id-old", "what": "status"}, outcomes=[outcome(BEN), outcome(CAM, "refused", "schema")])(events), got(CAM, "old", 60)]),
    "handed over although refused": ("unaccepted", BEN, "id-no", adding(got(BEN, "no", 60))),
    "handed over to somebody else": ("stranger", ANN, A2, adding(got(ANN, "a2", 60))),
    "a good message that is refused": ("unexpected", ANN, A2, lambda events: [
        *(event for event in events if event.get("id") != A2 or event["what"] == "taken"), status("a2", "refused", verdict(code="rate", entry=9))]),
    "a bad message that is accepted": ("unexpected", ANN, "id-no", changing({"id": "id-no", "what": "status"}, verdict=verdict(BEN, CAM), state="settled",
                                                                          outcomes=[outcome(BEN), outcome(CAM)])),
    "a dead letter where nobody expects one": ("unexpected", ANN, A2, changing(
        {"id": A2, "state": "settled"}, outcomes=[outcome(BEN), outcome(CAM, "dead_lettered", "undeliverable")])),
    "accepted for others than it was for": ("unexpected", ANN, A2, changing({"what": "offered", "key": "a2"}, to=[BEN])),
    "neither sent nor refused nor waiting": ("vanished", ANN, "a2", lambda events: [
        event for event in events if event.get("id") != A2]),
    "taken, and no status any more": ("vanished", ANN, A2, lambda events: [event for event in events if event.get("id") != A2 or event["what"] != "status"]),
    "a good document that the adapter refuses": ("unexpected", ANN, "a2", lambda events: [
        *(event for event in events if event.get("id") != A2), {"what": "refused", "who": ANN, "key": "a2", "code": "schema"}]),
    "a document that was refused and taken": ("verdicts_disagree", ANN, A2, adding({"what": "refused", "who": ANN, "key": "a2", "code": "schema"})),
    "a ledger that does not verify": ("ledger", HUB, None, changing({"what": "ledger"}, ok=False, text="entry 4 does not hash to what follows")),
    "a ledger that nobody looked at": ("ledger", HUB, None, without(what="ledger")),
    "a program that ends by itself": ("crashed", "hub", None, adding({"what": "ended", "who": "hub", "code": -11})),
    "a delivery that its adapter does not believe": ("refused_delivery", BEN, A2, adding(
        {"what": "complaint", "who": BEN, "id": A2, "code": "signature", "text": "the signature does not hold"})),
    "words of the hub that it never says": ("never_sent", ANN, "id-n", changing({"id": "id-n"}, type="warrant.issue/1")),
}


@pytest.mark.parametrize("name", PLANTED)
def test_names(name):
    breach, who, which, plant = PLANTED[name]
    findings = judged(plant(good()))
    assert (breach, who, which) in [finding[:3] for finding in findings], findings
    assert all(finding.why for finding in findings)
    strangers = {finding.id for finding in findings} - {which, A2, "a2", "id-other", "id-a1", "id-a3"}
    assert not strangers, f"what was not touched is not accused: {findings}"


def test_what_comes_again_unacknowledged_is_no_breach():
    events = good()
    at = next(number for number, event in enumerate(events) if event["what"] == "kept" and event["id"] == A2)
    assert judged([*events[:at], got(BEN, "a2", 11), *events[at:]]) == []


def test_what_appears_at_the_same_instant_has_no_order():
    events = good()
    for event in events:
        if event["what"] == "got" and event["who"] == BEN:
            event["order"] = 10
    assert judged(events) == []


def test_an_order_holds_within_a_priority_only():
    events = changing({"what": "got", "who": BEN, "key": "a1"}, order=50)(good())
    assert judged(changing({"what": "offered", "key": "a1"}, priority=1)(events)) == []


def test_counts_and_figures(tmp_path):
    history = History()
    for event in good():
        history.note(**event)
    history.save(tmp_path / "history.jsonl")
    again = History.load(tmp_path / "history.jsonl")
    assert judge(again, [ANN, BEN, CAM]) == []
    numbers = account(again)
    assert (numbers["offered"], numbers["messages"], numbers["received"], numbers["expired"], numbers["refused by the hub"]) == (6, 5, 7, 1, 1)
    assert len(again.latencies_ms()) == 7 and percentile(again.latencies_ms(), 0.99) < 1000

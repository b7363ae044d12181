"""A stock ZeroMQ client in another language at an adapter's port: pyzmq with JSON and with msgpack, DEALER and REQ."""
import json
import os
import time

import msgpack
import pytest
import zmq

from field import FACILITY, PAROLE, POLICE, Field, wait_until
from liaison_wire import uuid7, uuid_text


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.limits = {"redeliver_ms": "5 s"}
        made.agency("parole", PAROLE, "parole_office", spool=False, hand_over="zmq")
        made.agency("police", POLICE, "police", spool=False, hand_over="zmq", ori="CT0006400")
        made.agency("osborn", FACILITY, "facility", hand_over="spool")
        yield made.start()


class Client:
    """A system that speaks to a port: a DEALER, or a REQ that hears answers only."""

    context = zmq.Context()

    def __init__(self, agency, form="json", kind=zmq.DEALER):
        self.pack, self.unpack = {"json": (lambda value: json.dumps(value).encode(), json.loads),
                                  "msgpack": (msgpack.packb, msgpack.unpackb)}[form]
        self.socket = self.context.socket(kind)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(agency.endpoint)
        self.events = []
        self.count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def hear(self, limit=10):
        if not self.socket.poll(limit * 1000):
            raise AssertionError("nothing came from the port in time")
        return self.unpack(self.socket.recv())

    def say(self, **request):
        self.socket.send(self.pack(request))

    def ask(self, **request):
        """The answer to this request; events that come meanwhile are kept."""
        self.count += 1
        self.say(**request, ref=self.count)
        while True:
            answer = self.hear()
            if answer.get("ref") == self.count:
                del answer["ref"]
                return answer
            self.events.append(answer)

    def event(self, name, limit=15, **wanted):
        """The first event of this name whose pairs are as wanted; it is taken."""
        end = time.monotonic() + limit
        while True:
            for event in self.events:
                if event.get("event") == name and all(event.get(key) == value for key, value in wanted.items()):
                    self.events.remove(event)
                    return event
            self.events.append(self.hear(max(end - time.monotonic(), 0.001)))

    def fate(self, message_id):
        """Events until the message is received everywhere."""
        while True:
            event = self.event("fate", id=message_id)
            if any(outcome["what"] == "received" for outcome in event["outcomes"]):
                return event

    def messages(self, count):
        return [self.event("message")["message"] for _ in range(count)]


def draft(text, to=POLICE, **more):
    return {"op": "send", "type": "admin.message/1", "to": [to], "body": {"text": text}, **more}


def settle(field, name, form="json"):
    """Takes and acknowledges what tests before have left."""
    with Client(field.agencies[name], form) as client:
        while field.ask("status", "--port", field.agencies[name].endpoint)["unhanded"]:
            client.ask(op="receive", credit=1)
            client.ask(op="ack", id=client.messages(1)[0]["id"])


@pytest.mark.parametrize("form", ["json", "msgpack"])
def test_sends_and_hears_the_fate(field, form):
    with Client(field.agencies["parole"], form) as client:
        answer = client.ask(**draft("Radio check at 15:00.", subject={"case_no": "26-1"}))
        assert answer["ok"] is True and answer["duplicate"] is False
        event = client.event("fate", id=answer["id"])
        assert event["state"] in ("accepted", "settled") and event["type"] == "admin.message/1"
        assert event["verdict"]["code"] == "ok"
        assert [recipient["party"] for recipient in event["verdict"]["recipients"]] == [POLICE]
        while not event["outcomes"]:
            event = client.event("fate", id=answer["id"])
        assert [(outcome["recipient"], outcome["what"]) for outcome in event["outcomes"]] == [(POLICE, "received")]
    settle(field, "police")


def test_a_message_is_settled_once_each_recipient_has_ended(field):
    police = field.agencies["police"]
    police.kill()
    with Client(field.agencies["parole"]) as client:
        answer = client.ask(**{**draft("to two"), "to": [POLICE, FACILITY]})
        event = client.event("fate", id=answer["id"])
        while not event["outcomes"]:
            assert event["state"] == "accepted"
            event = client.event("fate", id=answer["id"])
        assert (len(event["outcomes"]), event["state"]) == (1, "accepted")
        police.start()
        event = client.event("fate", id=answer["id"])
        assert (len(event["outcomes"]), event["state"]) == (2, "settled")
    field.wait_connected("police")
    settle(field, "police")


@pytest.mark.parametrize("form", ["json", "msgpack"])
def test_receives_and_acknowledges(field, form):
    with Client(field.agencies["parole"], form) as sender, Client(field.agencies["police"], form) as receiver:
        assert receiver.ask(op="receive", credit=3) == {"ok": True, "credit": 3}
        sent = [sender.ask(**draft(f"number {i}"))["id"] for i in range(4)]
        got = receiver.messages(3)
        assert [message["id"] for message in got] == sent[:3], "in order"
        assert [message["body"]["text"] for message in got] == ["number 0", "number 1", "number 2"]
        assert {message["from"] for message in got} == {PAROLE} and got[0]["classes"] == {"main": "CJ"}
        assert len(got[0]["signer"]) == 64 and got[0]["to"] == [POLICE]
        for message_id in sent[:3]:
            assert receiver.ask(op="ack", id=message_id) == {"ok": True, "was_waiting": True}
        assert receiver.ask(op="ack", id=sent[0]) == {"ok": True, "was_waiting": False}
        assert not [event for event in receiver.events if event["event"] == "message"], "no more than the credit"
        receiver.ask(op="receive", credit=1)
        assert receiver.messages(1)[0]["id"] == sent[3]
        receiver.ask(op="ack", id=sent[3])


def test_a_req_hears_answers_only(field):
    with Client(field.agencies["parole"], kind=zmq.REQ) as client:
        answer = client.ask(**draft("from a REQ"))
        assert answer["ok"] is True
        wait_until(lambda: client.ask(op="status", id=answer["id"])["status"]["outcomes"], 15, "the receipt")
        status = client.ask(op="status", id=answer["id"])["status"]
        assert status["state"] == "settled" and status["outcomes"][0]["what"] == "received"
        assert client.ask(op="receive")["error"]["code"] == "usage"
        assert not client.events
    settle(field, "police", "msgpack")


@pytest.mark.parametrize("form", ["json", "msgpack"])
def test_what_a_gone_client_left_unacknowledged_comes_to_the_next(field, form):
    parole, police = field.agencies["parole"], field.agencies["police"]
    with Client(parole, form) as sender:
        sent = [sender.ask(**draft(f"lent {i}"))["id"] for i in range(3)]
        with Client(police, form) as first:
            first.ask(op="receive", credit=10)
            assert [message["id"] for message in first.messages(3)] == sent
            first.ask(op="ack", id=sent[1])
        with Client(police, form) as second:
            # The port looks for who is gone at each receive, and every ten seconds.
            def redelivered():
                second.ask(op="receive", credit=10)
                return [event for event in second.events if event["event"] == "message"]
            wait_until(redelivered, 15, "the redelivery")
            assert [message["id"] for message in second.messages(2)] == [sent[0], sent[2]]
            for message_id in (sent[0], sent[2]):
                assert second.ask(op="ack", id=message_id)["was_waiting"] is True
        assert field.ask("status", "--port", police.endpoint)["unhanded"] == 0


def test_unacknowledged_ones_outlive_the_adapter(field):
    parole, police = field.agencies["parole"], field.agencies["police"]
    with Client(parole) as sender, Client(police) as receiver:
        message_id = sender.ask(**draft("outlives"))["id"]
        receiver.ask(op="receive")
        assert receiver.messages(1)[0]["id"] == message_id
    police.kill()
    police.start()
    with Client(police) as receiver:
        receiver.ask(op="receive", credit=5)
        assert receiver.messages(1)[0]["id"] == message_id
        assert receiver.ask(op="ack", id=message_id)["was_waiting"] is True
    field.wait_connected("police")


def test_a_draft_sent_twice_under_one_id_is_one_message(field):
    message_id = uuid_text(uuid7())
    with Client(field.agencies["parole"]) as client, Client(field.agencies["police"]) as receiver:
        receiver.ask(op="receive", credit=10)
        assert client.ask(**draft("once", id=message_id)) == {"ok": True, "id": message_id, "duplicate": False}
        assert client.ask(**draft("once", id=message_id)) == {"ok": True, "id": message_id, "duplicate": True}
        assert client.ask(**draft("other", id=message_id))["error"]["code"] == "duplicate_conflict"
        client.fate(message_id)
        marker = client.ask(**draft("marker"))["id"]
        assert [message["id"] for message in receiver.messages(2)] == [message_id, marker]
        for one in (message_id, marker):
            receiver.ask(op="ack", id=one)


REFUSED = {
    "no op": ({}, "usage", "/op"),
    "an op that is none": ({"op": "dance"}, "usage", "/op"),
    "ack without an id": ({"op": "ack"}, "usage", "/id"),
    "status of a stranger": ({"op": "status", "id": "019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61"}, "not_found", "/id"),
    "credit of 0": ({"op": "receive", "credit": 0}, "usage", "/credit"),
    "credit that is text": ({"op": "receive", "credit": "1"}, "usage", "/credit"),
    "no body": ({"op": "send", "type": "admin.message/1", "to": [POLICE]}, "malformed", "/body"),
    "an unknown key": (draft("x", colour="red"), "malformed", "/colour"),
    "an unknown type": ({**draft("x"), "type": "admin.message/2"}, "unknown_type", "/type"),
    "a body that does not fit": ({**draft("x"), "body": {"text": ""}}, "schema", "/parts/main/text"),
    "an address that is none": (draft("x", to="Hartford Police"), "malformed", "/to/0"),
    "past its expiry": (draft("x", expires="2020-01-01T00:00:00Z"), "expired", "/expires"),
}


@pytest.mark.parametrize("form", ["json", "msgpack"])
@pytest.mark.parametrize("name", REFUSED)
def test_refuses(field, name, form):
    request, code, place = REFUSED[name]
    with Client(field.agencies["parole"], form) as client:
        error = client.ask(**request)["error"]
        assert (error["code"], error["field"]) == (code, place), error
        assert error["reason"] and error["remedy"]


@pytest.mark.parametrize("raw", [b"{", b"[1,2]", b"\xc1", b"\x81\xa2op", b'{"op":"status"} x', b"{" * 40 + b"}" * 40, b"\x90", b'"op"'])
def test_answers_what_is_no_request(field, raw):
    with Client(field.agencies["parole"], "json" if raw[:1] in b'{["' else "msgpack") as client:
        client.socket.send(raw)
        assert client.hear()["error"]["code"] in ("malformed", "usage")
        assert client.ask(op="status")["ok"] is True, "and goes on"


def test_status_check_and_convert(field):
    with Client(field.agencies["police"]) as client:
        status = client.ask(op="status")["status"]
        assert (status["party"], status["kind"], status["uplink"], status["error"]) == (POLICE, "police", "open", None)
        assert client.ask(**{**draft("only checked"), "op": "check"}) == {"ok": True}
        text = "QW.CT0006400.*0000000041.TXT\r\nNAM/DELGADO-PIERCE,MARCUS ELLIOT.DOB/19880417.SEX/M.RAC/W."
        converted = client.ask(op="convert", format="ncic", document=text)
        assert not converted["faults"] and [message["type"] for message in converted["messages"]] == ["query.wanted/1"]
        assert client.ask(op="convert", format="morse", document=text)["error"]["code"] == "not_found"


def test_receive_says_where_deliveries_go_instead(field):
    with Client(field.agencies["osborn"]) as client:
        error = client.ask(op="receive")["error"]
        assert error["code"] == "usage" and "hand_over" in error["reason"]


def test_the_port_is_open_to_owner_and_group_only(field):
    path = field.agencies["parole"].endpoint.removeprefix("ipc://")
    assert os.stat(path).st_mode & 0o777 == 0o660

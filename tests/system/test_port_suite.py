"""What every port must keep, asked of each: the ZeroMQ port, the HTTPS port and the spool folder."""
import http.client
import itertools
import json

import pytest

from field import PAROLE, POLICE, Field, wait_until
from test_port import Client


class SpoolDesk:
    """An agency system that knows files."""

    names = itertools.count()

    def __init__(self, field, agency):
        self.field, self.agency = field, agency

    def send(self, **draft):
        """(id, None) once the hub has given its verdict, or (None, code) when the document was refused at home."""
        name = f"{self.agency.name}-{next(self.names)}.json"
        self.agency.drop(name, draft)
        error = self.agency.spool / "refused" / f"{name}.error"
        wait_until(lambda: error.exists() or self.agency.statuses(name), 20, "an answer")
        if error.exists():
            return None, error.read_text().split(": ")[2]
        return self.agency.fate(name)["id"], None

    def take(self):
        """What is new: ids and texts, in the order of their handing over."""
        before = set(self.agency.collected)
        return [json.loads(text) for name, text in self.agency.collect().items() if name not in before and "admin.message" in name]

    def close(self):
        assert self.agency.twice == []


class ZmqDesk:
    """An agency system that speaks to the socket."""

    def __init__(self, field, agency):
        self.field, self.agency = field, agency
        self.client = Client(agency, "msgpack")

    def send(self, **draft):
        answer = self.client.ask(op="send", **draft)
        return (answer["id"], None) if answer.get("ok") else (None, answer["error"]["code"])

    def take(self):
        self.client.ask(op="receive", credit=100)
        taken = []
        while self.field.ask("status", "--port", self.agency.endpoint)["unhanded"]:
            message = self.client.messages(1)[0]
            self.client.ask(op="ack", id=message["id"])
            taken.append(message)
        return taken

    def close(self):
        self.client.__exit__()


class HttpDesk:
    """An agency system that speaks HTTP."""

    def __init__(self, field, agency):
        self.link = http.client.HTTPConnection("127.0.0.1", agency.https_port, timeout=30)

    def ask(self, method, target, value=None):
        body = None if value is None else json.dumps(value)
        self.link.request(method, target, body, {} if body is None else {"Content-Type": "application/json"})
        answer = self.link.getresponse()
        return answer.status, json.loads(answer.read())

    def send(self, **draft):
        status, answer = self.ask("POST", "/v1/messages", draft)
        return (answer["id"], None) if status == 202 else (None, answer["error"]["code"])

    def take(self):
        taken = []
        while self.ask("GET", "/v1/status")[1]["unhanded"]:
            for message in self.ask("GET", "/v1/messages?max=1&wait=10")[1]["messages"]:
                assert self.ask("POST", f"/v1/messages/{message['id']}/ack") == (200, {"was_waiting": True})
                taken.append(message)
        return taken

    def close(self):
        self.link.close()


@pytest.fixture(scope="module", params=["spool", "zmq", "https"])
def desks(request):
    with Field() as field:
        field.limits = {"redeliver_ms": "5 s"}
        for name, party, kind in (("parole", PAROLE, "parole_office"), ("police", POLICE, "police")):
            field.agency(name, party, kind, hand_over=request.param, https="", ori="CT0006400" if kind == "police" else "")
        field.start()
        make = {"spool": SpoolDesk, "zmq": ZmqDesk, "https": HttpDesk}[request.param]
        yield field, make


def take_until(desk, count):
    taken = []
    wait_until(lambda: taken.extend(desk.take()) or len(taken) >= count, 30, f"{count} deliveries")
    return taken


def talk(text):
    return {"type": "admin.message/1", "to": [POLICE], "body": {"text": text}}


def test_what_is_sent_arrives_once_and_in_order(desks):
    field, make = desks
    sender, receiver = make(field, field.agencies["parole"]), make(field, field.agencies["police"])
    sent = [sender.send(**talk(f"in order {i}"))[0] for i in range(5)]
    taken = take_until(receiver, 5)
    assert [message["id"] for message in taken] == sent
    assert [message["body"]["text"] for message in taken] == [f"in order {i}" for i in range(5)]
    assert receiver.take() == []
    sender.close()
    receiver.close()


@pytest.mark.parametrize("draft, code", [
    ({"type": "no.such.type/1", "body": {}}, "unknown_type"),
    ({"type": "admin.message/1", "to": [POLICE], "body": {"txet": "misspelt"}}, "schema"),
    ({"type": "admin.message/1", "to": ["Not A Party"], "body": {"text": "x"}}, "malformed"),
    ({"type": "admin.message/1", "to": [POLICE], "body": {"text": "x"}, "expires": "2020-01-01T00:00:00Z"}, "expired"),
    ({"type": "release.authorize/1", "to": [POLICE], "subject": {"sid": "CT01284417"}, "body": {}}, "schema"),
])
def test_what_is_wrong_is_refused_at_home_with_its_code_and_not_sent(desks, draft, code):
    field, make = desks
    sender, receiver = make(field, field.agencies["parole"]), make(field, field.agencies["police"])
    before = field.status()["accepted"]
    message_id, refused = sender.send(**draft)
    assert message_id is None and refused in (code, "authority")
    assert field.status()["accepted"] == before and receiver.take() == []
    sender.close()
    receiver.close()


def test_a_dead_adapter_loses_nothing_and_says_nothing_twice(desks):
    field, make = desks
    parole, police = field.agencies["parole"], field.agencies["police"]
    sender, receiver = make(field, parole), make(field, police)
    first = sender.send(**talk("before"))[0]
    assert [message["id"] for message in take_until(receiver, 1)] == [first]
    receiver.close()
    police.kill()
    second = sender.send(**talk("while it was dead"))[0]
    sender.close()
    parole.kill()
    police.start()
    parole.start()
    field.wait_connected("police", "parole")
    receiver = make(field, police)
    assert [message["id"] for message in take_until(receiver, 1)] == [second]
    assert receiver.take() == []
    receiver.close()
    traced = field.ask("trace", second)[0]["hops"]
    wait_until(lambda: all(hop["state"] == "received" for hop in field.ask("trace", second)[0]["hops"]), 20, "the receipt")
    assert [hop["recipient"] for hop in traced] == [POLICE]

"""The HTTPS port: curl, Python's client and raw sockets at real adapters; what HTTP lets two readers understand differently is refused."""
import contextlib
import http.client
import json
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from field import FACILITY, PAROLE, POLICE, Authority, Field, wait_until
from liaison_wire import uuid7, uuid_text

LEASE, PATIENCE, CONNECTIONS = 1.0, 0.6, 6
TOKEN = "correct-horse-battery-staple"
SOURCE_TEXT = pathlib.Path(__file__).parents[2]
DESCRIPTION = json.loads((SOURCE_TEXT / "schemas/openapi.json").read_text())
STRANGER = "019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61"


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.limits = {"redeliver_ms": "5 s"}
        made.agency("parole", PAROLE, "parole_office", zmq=False, spool=False, https='names = ["liaison.parole.example"];')
        made.agency("police", POLICE, "police", zmq=False, spool=False, ori="CT0006400",
                    https=f'lease = "{int(LEASE * 1000)} ms"; patience = "{int(PATIENCE * 1000)} ms"; connections = {CONNECTIONS};',
                    extra="")
        osborn = made.agency("osborn", FACILITY, "facility", hand_over="spool",
                             https='certificate = "web.pem"; key = "web.key"; ca = ["clients.pem"]; clients = ["urn:osborn:records", "ct.doc.it"]; '
                                   'token_file = "token";')
        make_papers(osborn.folder)
        yield made.start()


def make_papers(folder):
    """An authority of the agency's own, the port's certificate, and those of some clients."""
    own = Authority(title="Osborn's own")
    (folder / "clients.pem").write_bytes(own.certificate.public_bytes(serialization.Encoding.PEM))
    own.issue(folder / "web", "urn:osborn:liaison", extended=(ExtendedKeyUsageOID.SERVER_AUTH,), hosts=("localhost",))
    own.issue(folder / "records", "urn:osborn:records")
    own.issue(folder / "party", "urn:liaison:party:ct.doc.it")
    own.issue(folder / "visitor", "urn:osborn:visitor")
    own.issue(folder / "late", "urn:osborn:records", begins=-9, ends=-1)
    Authority(title="Somebody else's").issue(folder / "foreign", "urn:osborn:records")
    (folder / "token").write_text(TOKEN + "\n")
    (folder / "token").chmod(0o600)


class Web:
    """A client that keeps its connection."""

    def __init__(self, agency):
        self.link = http.client.HTTPConnection("127.0.0.1", agency.https_port, timeout=30)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.link.close()

    def ask(self, method, target, value=None, headers=()):
        body = None if value is None else value if isinstance(value, bytes) else json.dumps(value).encode()
        given = dict(headers)
        if body is not None:
            given.setdefault("Content-Type", "application/json")
        self.link.request(method, target, body, given)
        answer = self.link.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None

    def send(self, text, **more):
        status, answer = self.ask("POST", "/v1/messages", draft(text, **more))
        assert status == 202, answer
        return answer["id"]

    def take(self, wait=20, most=16):
        return self.ask("GET", f"/v1/messages?wait={wait}&max={most}")[1]["messages"]

    def acknowledge(self, *ids):
        for message_id in ids:
            assert self.ask("POST", f"/v1/messages/{message_id}/ack") == (200, {"was_waiting": True})

    def settle(self):
        """Takes what tests before have left."""
        while self.ask("GET", "/v1/status")[1]["unhanded"]:
            self.acknowledge(*[message["id"] for message in self.take()])


def draft(text, **more):
    return {"type": "admin.message/1", "to": [POLICE], "body": {"text": text}, **more}


def curl(*arguments):
    """(status, body) of the answer; status 0 when there was none."""
    done = subprocess.run(["curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}", *map(str, arguments)], capture_output=True, text=True, timeout=30)
    text, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(text) if text else done.stderr


def answers(data):
    """[(status, {field: value}, body)] of what came, each by its Content-Length."""
    found = []
    while data:
        head, _, rest = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(fields.get("content-length", 0))
        found.append((int(first.split()[1]), fields, rest[:length]))
        data = rest[length:]
    return found


def raw(agency, data, limit=5):
    """Everything that comes until the port closes."""
    with socket.create_connection(("127.0.0.1", agency.https_port), timeout=limit) as link:
        link.sendall(data)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := link.recv(65536):
                got += chunk
        return got


def request(first="GET /v1/status HTTP/1.1", *fields, body=b"", host="Host: localhost", last=True):
    lines = [first, *([host] if host else []), *fields, *(["Connection: close"] if last else [])]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


POST = "POST /v1/messages HTTP/1.1"
JSON = "Content-Type: application/json"


# ---- what it is for ----

def test_curl_sends_asks_and_takes(field):
    parole, police = (f"http://127.0.0.1:{field.agencies[name].https_port}" for name in ("parole", "police"))
    status, answer = curl(f"{parole}/v1/messages", "-H", JSON, "-d", json.dumps(draft("Radio check at 15:00.")))
    assert (status, answer["duplicate"]) == (202, False)
    status, got = curl(f"{police}/v1/messages?wait=20")
    assert status == 200 and [(message["id"], message["from"], message["body"]) for message in got["messages"]] == [
        (answer["id"], PAROLE, {"text": "Radio check at 15:00."})]
    assert curl("-X", "POST", f"{police}/v1/messages/{answer['id']}/ack") == (200, {"was_waiting": True})
    assert curl("-X", "DELETE", f"{police}/v1/messages/{answer['id']}") == (200, {"was_waiting": False})

    def received():
        fate = curl(f"{parole}/v1/messages/{answer['id']}")[1]
        return fate if fate["outcomes"] else None
    fate = wait_until(received, 20, "the receipt")
    assert fate["verdict"]["code"] == "ok" and [(outcome["recipient"], outcome["what"]) for outcome in fate["outcomes"]] == [(POLICE, "received")]
    status, state = curl(f"{police}/v1/status")
    assert (status, state["party"], state["uplink"], state["unhanded"]) == (200, POLICE, "open", 0)


def test_what_is_only_checked_is_not_sent(field):
    before = field.status()["accepted"]
    with Web(field.agencies["parole"]) as web:
        assert web.ask("POST", "/v1/check", draft("x")) == (200, {"ok": True})
        assert web.ask("POST", "/v1/messages?check=1", draft("x")) == (200, {"ok": True})
        status, refused = web.ask("POST", "/v1/check", {**draft("x"), "body": {"text": ""}})
        assert (status, refused["error"]["code"], refused["error"]["field"]) == (422, "schema", "/parts/main/text")
        marker = web.send("marker")
    with Web(field.agencies["police"]) as web:
        assert [message["id"] for message in web.take()] == [marker]
        web.acknowledge(marker)
    assert field.status()["accepted"] == before + 1


def test_a_draft_sent_twice_under_one_id_is_one_message(field):
    message_id = uuid_text(uuid7())
    with Web(field.agencies["parole"]) as sender, Web(field.agencies["police"]) as receiver:
        for duplicate in (False, True):
            assert sender.ask("POST", "/v1/messages", draft("once", id=message_id)) == (202, {"id": message_id, "duplicate": duplicate})
        status, refused = sender.ask("POST", "/v1/messages", draft("other", id=message_id))
        assert (status, refused["error"]["code"]) == (409, "duplicate_conflict")
        assert [message["id"] for message in receiver.take()] == [message_id]
        receiver.acknowledge(message_id)


def test_a_poll_waits_for_the_first_delivery_and_no_longer_than_it_was_told(field):
    with Web(field.agencies["parole"]) as sender, Web(field.agencies["police"]) as receiver:
        begin = time.monotonic()
        assert receiver.take(wait=1) == []
        assert 0.9 < time.monotonic() - begin < 5
        got = []
        waiting = threading.Thread(target=lambda: got.extend(receiver.take(wait=30)))
        waiting.start()
        sent = sender.send("now")
        waiting.join(20)
        assert [message["id"] for message in got] == [sent]
        receiver.acknowledge(sent)


def test_deliveries_come_in_order_and_no_more_than_asked_for(field):
    with Web(field.agencies["parole"]) as sender, Web(field.agencies["police"]) as receiver, Web(field.agencies["police"]) as other:
        sent = [sender.send(f"number {i}") for i in range(5)]
        wait_until(lambda: receiver.ask("GET", "/v1/status")[1]["unhanded"] == 5, 20, "five deliveries")
        assert [message["id"] for message in receiver.take(most=2)] == sent[:2]
        assert [message["id"] for message in other.take()] == sent[2:], "what is lent is not given to another"
        receiver.acknowledge(*sent)


# ---- loans ----

def test_what_is_not_acknowledged_comes_again_when_its_lease_is_over(field):
    with Web(field.agencies["parole"]) as sender, Web(field.agencies["police"]) as receiver:
        sent = sender.send("again")
        assert [message["id"] for message in receiver.take()] == [sent]
        begin = time.monotonic()
        assert receiver.take(wait=0) == []
        assert [message["id"] for message in receiver.take()] == [sent]
        assert time.monotonic() - begin > LEASE - 0.3
        receiver.acknowledge(sent)
        assert receiver.take(wait=2) == [], "and never again"


def test_a_waiting_poll_that_is_broken_off_keeps_nothing(field):
    police = field.agencies["police"]
    with Web(field.agencies["parole"]) as sender, Web(police) as receiver:
        receiver.settle()
        gone = socket.create_connection(("127.0.0.1", police.https_port))
        gone.sendall(request("GET /v1/messages?wait=60 HTTP/1.1", last=False))
        receiver.ask("GET", "/v1/status")
        gone.close()
        begin = time.monotonic()
        sent = sender.send("for who is there")
        assert [message["id"] for message in receiver.take()] == [sent]
        assert time.monotonic() - begin < 10
        receiver.acknowledge(sent)


def test_a_killed_adapter_lends_again_what_was_not_acknowledged_and_only_that(field):
    police = field.agencies["police"]
    with Web(field.agencies["parole"]) as sender:
        sent = [sender.send(f"before the kill {i}") for i in range(3)]
    with Web(police) as receiver:
        wait_until(lambda: receiver.ask("GET", "/v1/status")[1]["unhanded"] == 3, 20, "three deliveries")
        assert [message["id"] for message in receiver.take()] == sent
        receiver.acknowledge(sent[1])
        police.kill()
    police.start()
    field.wait_connected("police")
    with Web(police) as receiver:
        assert [message["id"] for message in receiver.take()] == [sent[0], sent[2]]
        receiver.acknowledge(sent[0], sent[2])
        assert receiver.ask("POST", f"/v1/messages/{sent[1]}/ack") == (200, {"was_waiting": False})
        assert receiver.take(wait=2) == []


def test_deliveries_that_go_elsewhere_are_not_lent_here(field):
    osborn = field.agencies["osborn"]
    status, refused = curl(*as_client(osborn, "records"), "-H", f"Authorization: Bearer {TOKEN}", f"https://localhost:{osborn.https_port}/v1/messages")
    assert (status, refused["error"]["code"]) == (409, "usage") and "hand_over" in refused["error"]["reason"]


def test_converts_a_document_and_names_the_line_of_a_fault(field):
    text = "QW.CT0006400.*0000000041.TXT\r\nNAM/DELGADO-PIERCE,MARCUS ELLIOT.DOB/19880417.SEX/M.RAC/W."
    form = {"Content-Type": "application/octet-stream"}
    with Web(field.agencies["police"]) as web:
        status, got = web.ask("POST", "/v1/convert?format=ncic", text.encode(), form)
        assert status == 200 and not got["faults"] and [message["type"] for message in got["messages"]] == ["query.wanted/1"]
        status, got = web.ask("POST", "/v1/convert?format=ncic", text.replace("19880417", "19881417").encode(), form)
        assert status == 422 and not got["messages"] and got["error"] == got["faults"][0]["error"]
        assert web.ask("POST", "/v1/convert?format=morse", text.encode(), form)[0] == 404
        assert web.ask("POST", "/v1/convert", text.encode(), form)[0] == 400


# ---- what is no request ----

HUGE = "x" * 20000
REFUSED = {
    # name: (bytes, status, code)
    "length and coding": (request(POST, JSON, "Content-Length: 4", "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 400, "malformed"),
    "coding and length": (request(POST, JSON, "Transfer-Encoding: chunked", "Content-Length: 4", body=b"0\r\n\r\n"), 400, "malformed"),
    "chunks": (request(POST, JSON, "Transfer-Encoding: chunked", body=b"0\r\n\r\n"), 411, "malformed"),
    "a coding that hides": (request(POST, JSON, "Transfer-Encoding: \tchunked", "Content-Length: 4", body=b"{}  "), 400, "malformed"),
    "a coding with a space before its colon": (request(POST, JSON, "Transfer-Encoding : chunked", "Content-Length: 4", body=b"{}  "), 400, "malformed"),
    "two lengths": (request(POST, JSON, "Content-Length: 2", "Content-Length: 4", body=b"{}  "), 400, "malformed"),
    "one length twice": (request(POST, JSON, "Content-Length: 2", "Content-Length: 2", body=b"{}"), 400, "malformed"),
    "a list of lengths": (request(POST, JSON, "Content-Length: 2, 2", body=b"{}"), 400, "malformed"),
    "a signed length": (request(POST, JSON, "Content-Length: +2", body=b"{}"), 400, "malformed"),
    "a negative length": (request(POST, JSON, "Content-Length: -2", body=b"{}"), 400, "malformed"),
    "a length in hex": (request(POST, JSON, "Content-Length: 0x2", body=b"{}"), 400, "malformed"),
    "an empty length": (request(POST, JSON, "Content-Length:", body=b"{}"), 400, "malformed"),
    "a length beyond all numbers": (request(POST, JSON, "Content-Length: 99999999999999999999"), 400, "malformed"),
    "more than is read": (request(POST, JSON, "Content-Length: 99999999"), 413, "too_large"),
    "a bare LF": (b"GET /v1/status HTTP/1.1\nHost: localhost\n\n", 400, "malformed"),
    "one bare LF among others": (b"GET /v1/status HTTP/1.1\r\nHost: localhost\nConnection: close\r\n\r\n", 400, "malformed"),
    "a bare CR": (b"GET /v1/status HTTP/1.1\r\nHost: localhost\rX: y\r\n\r\n", 400, "malformed"),
    "a folded field": (request("GET /v1/status HTTP/1.1", "X-Long: a", " b"), 400, "malformed"),
    "a first field that is folded": (b"GET /v1/status HTTP/1.1\r\n Host: localhost\r\n\r\n", 400, "malformed"),
    "a NUL": (request("GET /v1/status HTTP/1.1", "X: a\0b"), 400, "malformed"),
    "a byte beyond ASCII": (request("GET /v1/status HTTP/1.1", "X: \xe9"), 400, "malformed"),
    "a field without a colon": (request("GET /v1/status HTTP/1.1", "Nothing"), 400, "malformed"),
    "a field without a name": (request("GET /v1/status HTTP/1.1", ": x"), 400, "malformed"),
    "an empty line first": (b"\r\n" + request(), 400, "malformed"),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "malformed"),
    "no version": (b"GET /v1/status\r\n\r\n", 400, "malformed"),
    "two spaces": (request("GET  /v1/status HTTP/1.1"), 400, "malformed"),
    "HTTP/1.0": (request("GET /v1/status HTTP/1.0"), 505, "malformed"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "malformed"),
    "HTTP/1.10": (request("GET /v1/status HTTP/1.10"), 505, "malformed"),
    "no version that is one": (request("GET /v1/status HTTPS/1.1"), 400, "malformed"),
    "a proxy's target": (request("GET http://localhost/v1/status HTTP/1.1"), 400, "malformed"),
    "a target that is *": (request("OPTIONS * HTTP/1.1"), 400, "malformed"),
    "a percent-encoded slash": (request("GET /v1%2fstatus HTTP/1.1"), 400, "malformed"),
    "a percent-encoded letter": (request("GET /v1/%73tatus HTTP/1.1"), 400, "malformed"),
    "a percent-encoded NUL": (request("GET /v1/status%00 HTTP/1.1"), 400, "malformed"),
    "a broken percent": (request("GET /v1/status% HTTP/1.1"), 400, "malformed"),
    "a percent-encoded value": (request("GET /v1/messages?wait=%31 HTTP/1.1"), 400, "malformed"),
    "a fragment": (request("GET /v1/status#x HTTP/1.1"), 400, "malformed"),
    "a backslash": (request("GET /v1\\status HTTP/1.1"), 400, "malformed"),
    "a way up": (request("GET /v1/../v1/status HTTP/1.1"), 404, "not_found"),
    "a doubled slash": (request("GET //v1/status HTTP/1.1"), 404, "not_found"),
    "a slash at the end": (request("GET /v1/status/ HTTP/1.1"), 404, "not_found"),
    "another letter case": (request("GET /V1/status HTTP/1.1"), 404, "not_found"),
    "a parameter twice": (request("GET /v1/messages?wait=0&wait=1 HTTP/1.1"), 400, "malformed"),
    "a parameter without a value": (request("GET /v1/messages?wait HTTP/1.1"), 400, "malformed"),
    "a parameter that is not": (request("GET /v1/messages?colour=red HTTP/1.1"), 400, "usage"),
    "a wait that is too long": (request("GET /v1/messages?wait=61 HTTP/1.1"), 400, "usage"),
    "a wait that is no number": (request("GET /v1/messages?wait=long HTTP/1.1"), 400, "usage"),
    "no delivery at all": (request("GET /v1/messages?max=0 HTTP/1.1"), 400, "usage"),
    "a long target": (request(f"GET /v1/{'x' * 2000} HTTP/1.1"), 414, "too_large"),
    "an endless first line": (f"GET /{HUGE}".encode(), 414, "too_large"),
    "an endless field": (request("GET /v1/status HTTP/1.1", f"X: {HUGE}"), 431, "too_large"),
    "too many fields": (request("GET /v1/status HTTP/1.1", *["X: y"] * 70), 431, "too_large"),
    "an unknown method": (request("BREW /v1/status HTTP/1.1"), 501, "usage"),
    "a method in small letters": (request("get /v1/status HTTP/1.1"), 501, "usage"),
    "TRACE": (request("TRACE /v1/status HTTP/1.1"), 405, "usage"),
    "OPTIONS": (request("OPTIONS /v1/messages HTTP/1.1"), 405, "usage"),
    "PUT": (request("PUT /v1/messages HTTP/1.1", JSON, "Content-Length: 2", body=b"{}"), 405, "usage"),
    "CONNECT": (request("CONNECT localhost:443 HTTP/1.1"), 400, "malformed"),
    "no host": (request(host=None), 400, "malformed"),
    "two hosts": (request("GET /v1/status HTTP/1.1", "Host: localhost"), 400, "malformed"),
    "an empty host": (request(host="Host:"), 421, "forbidden"),
    "a host that was made to point here": (request(host="Host: evil.example"), 421, "forbidden"),
    "a host that begins like ours": (request(host="Host: localhost.evil.example:8443"), 421, "forbidden"),
    "a host with a user": (request(host="Host: localhost@evil.example"), 421, "forbidden"),
    "another page's origin": (request("GET /v1/status HTTP/1.1", "Origin: https://evil.example"), 403, "forbidden"),
    "a hidden origin": (request("GET /v1/status HTTP/1.1", "Origin: null"), 403, "forbidden"),
    "another site": (request("GET /v1/status HTTP/1.1", "Sec-Fetch-Site: cross-site"), 403, "forbidden"),
    "a form": (request(POST, "Content-Type: application/x-www-form-urlencoded", "Content-Length: 2", body=b"{}"), 415, "usage"),
    "text": (request(POST, "Content-Type: text/plain", "Content-Length: 2", body=b"{}"), 415, "usage"),
    "no type": (request(POST, "Content-Length: 2", body=b"{}"), 415, "usage"),
    "JSON in another encoding": (request(POST, JSON + "; charset=utf-16", "Content-Length: 2", body=b"{}"), 415, "usage"),
    "packed": (request(POST, JSON, "Content-Encoding: gzip", "Content-Length: 2", body=b"{}"), 415, "usage"),
    "nothing to send": (request(POST, JSON), 400, "usage"),
    "a body where none belongs": (request("GET /v1/status HTTP/1.1", "Content-Length: 2", body=b"{}"), 400, "usage"),
    "an expectation": (request(POST, JSON, "Expect: 200-ok", "Content-Length: 2", body=b"{}"), 417, "malformed"),
    "what is no JSON": (request(POST, JSON, "Content-Length: 1", body=b"{"), 400, "malformed"),
    "JSON that is no object": (request(POST, JSON, "Content-Length: 2", body=b"[]"), 400, "malformed"),
    "a key twice": (request(POST, JSON, "Content-Length: 15", body=b'{"to":1,"to":2}'), 400, "malformed"),
    "an id that is none": (request("GET /v1/messages/x HTTP/1.1"), 400, "malformed"),
    "a stranger's id": (request(f"GET /v1/messages/{STRANGER} HTTP/1.1"), 404, "not_found"),
    "a stranger's delivery": (request(f"POST /v1/messages/{STRANGER}/ack HTTP/1.1"), 404, "not_found"),
}


def operation(data):
    """Its description in the OpenAPI file, if there is one."""
    first = data.split(b"\r\n")[0].decode("latin-1").split(" ")
    path = re.sub(r"(?<=messages/)[^/]+", "{id}", first[1].partition("?")[0]) if len(first) == 3 else ""
    return DESCRIPTION["paths"].get(path, {}).get(first[0].lower())


@pytest.mark.parametrize("name", REFUSED)
def test_refuses(field, name):
    data, status, code = REFUSED[name]
    got = answers(raw(field.agencies["parole"], data))
    assert len(got) == 1, "one answer, and what follows is not taken for a request"
    assert (got[0][0], got[0][1]["liaison-code"]) == (status, code), got
    error = json.loads(got[0][2])["error"]
    assert error["code"] == code and error["reason"] and error["remedy"]
    described = operation(data)
    assert not described or str(status) in described["responses"], "schemas/openapi.json does not say so"
    assert field.agencies["parole"].is_up()


def test_a_head_only_request_is_refused_without_a_body(field):
    got = raw(field.agencies["parole"], request("HEAD /v1/status HTTP/1.1"))
    head, _, body = got.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 405 ") and b"Allow: GET" in head and b"Liaison-Code: usage" in head and body == b""


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8443", "liaison.parole.example:8443"])
def test_its_own_names_are_taken(field, host):
    assert answers(raw(field.agencies["parole"], request(host=f"Host: {host}")))[0][0] == 200


def test_a_page_of_its_own_origin_is_no_stranger(field):
    assert answers(raw(field.agencies["parole"], request("GET /v1/status HTTP/1.1", "Origin: http://localhost", "Sec-Fetch-Site: same-origin")))[0][0] == 200


def test_requests_that_come_together_are_answered_one_after_the_other(field):
    body = json.dumps(draft("pipelined")).encode()
    together = (request(last=False) + request(POST, JSON, f"Content-Length: {len(body)}", body=body, last=False) + request("GET /v1/nothing HTTP/1.1", last=False)
                + request(f"GET /v1/messages/{STRANGER} HTTP/1.1") + request())
    got = answers(raw(field.agencies["parole"], together))
    assert [status for status, _, _ in got] == [200, 202, 404, 404], "and nothing after Connection: close"
    with Web(field.agencies["police"]) as web:
        web.acknowledge(*[message["id"] for message in web.take()])


def test_what_follows_a_refused_body_is_no_request(field):
    smuggled = request(POST, "Content-Type: text/plain", f"Content-Length: {len(request())}", body=request(), last=False)
    assert [status for status, _, _ in answers(raw(field.agencies["parole"], smuggled))] == [415]


def test_a_request_may_come_byte_by_byte(field):
    with socket.create_connection(("127.0.0.1", field.agencies["parole"].https_port), timeout=5) as link:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in request():
            link.sendall(bytes([byte]))
        assert link.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_waits_for_leave_to_send_gets_it_or_the_refusal(field):
    body = json.dumps(draft("x")).encode()
    with socket.create_connection(("127.0.0.1", field.agencies["parole"].https_port), timeout=5) as link:
        link.sendall(request("POST /v1/check HTTP/1.1", JSON, "Expect: 100-continue", f"Content-Length: {len(body)}"))
        assert link.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(body)
        assert link.recv(65536).startswith(b"HTTP/1.1 200 ")
    assert answers(raw(field.agencies["parole"], request("POST /v1/check HTTP/1.1", "Content-Type: text/plain", "Expect: 100-continue", "Content-Length: 9")))[0][0] == 415


# ---- those that want to hold it up ----

@pytest.mark.parametrize("data", [request()[:-4], request(POST, JSON, "Content-Length: 100", body=b"{")], ids=["head", "body"])
def test_who_is_slow_is_told_so_and_goes(field, data):
    begin = time.monotonic()
    got = answers(raw(field.agencies["police"], data))
    assert [(status, fields["liaison-code"]) for status, fields, _ in got] == [(408, "timeout")]
    assert PATIENCE * 0.8 < time.monotonic() - begin < PATIENCE + 4


def test_who_drips_does_not_win_time(field):
    begin = time.monotonic()
    with socket.create_connection(("127.0.0.1", field.agencies["police"].https_port), timeout=0.05) as link:
        got = b""

        def dripped():
            nonlocal got
            with contextlib.suppress(TimeoutError, ConnectionError):
                got += link.recv(65536)
            if not got:
                with contextlib.suppress(ConnectionError):
                    link.sendall(b"x")
            return got
        wait_until(dripped, 10, "the end")
    assert got.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 400 ")) and time.monotonic() - begin < PATIENCE + 4


def test_who_says_nothing_goes_without_a_word(field):
    assert raw(field.agencies["police"], b"") == b""


def test_one_connection_too_many_is_told_so_and_the_others_are_served(field):
    police = field.agencies["police"]
    held = []
    try:
        for _ in range(CONNECTIONS):
            web = Web(police)
            wait_until(lambda: web.ask("GET", "/v1/status")[0] == 200, 10, "a free place")
            held.append(web)
        got = answers(raw(police, request()))
        assert [(status, fields["liaison-code"]) for status, fields, _ in got] == [(503, "busy")]
        assert all(web.ask("GET", "/v1/status")[0] == 200 for web in held)
    finally:
        for web in held:
            web.link.close()

    def served():
        return answers(raw(police, request()))[0][0] == 200
    wait_until(served, 10, "a place")


# ---- who may ----

def as_client(agency, name):
    folder = agency.folder
    return ["--cacert", folder / "clients.pem", *(["--cert", folder / f"{name}.pem", "--key", folder / f"{name}.key"] if name else [])]


@pytest.mark.parametrize("client, token, status", [
    ("records", TOKEN, 200), ("party", TOKEN, 200), ("visitor", TOKEN, 403), ("records", None, 401), ("records", TOKEN + "x", 401),
    ("records", "", 401), ("foreign", TOKEN, 0), ("late", TOKEN, 0), (None, TOKEN, 0)])
def test_only_named_clients_with_the_token_are_served(field, client, token, status):
    osborn = field.agencies["osborn"]
    more = ["-H", f"Authorization: Bearer {token}"] if token is not None else []
    got, answer = curl(*as_client(osborn, client), *more, f"https://localhost:{osborn.https_port}/v1/status")
    assert got == status, answer
    if status == 200:
        assert answer["party"] == FACILITY
    elif status:
        assert answer["error"]["code"] == "forbidden"


def test_the_port_speaks_nothing_older_than_tls_1_3_and_no_plain_http(field):
    osborn = field.agencies["osborn"]
    assert curl(*as_client(osborn, "records"), "--tls-max", "1.2", f"https://localhost:{osborn.https_port}/v1/status")[0] == 0
    assert raw(osborn, request()).find(b"HTTP/1.1 200") < 0


def test_a_reload_changes_the_token_and_ends_what_stood(field):
    osborn = field.agencies["osborn"]
    url = f"https://localhost:{osborn.https_port}/v1/status"

    def ask(token):
        return curl(*as_client(osborn, "records"), "-H", f"Authorization: Bearer {token}", url)[0]
    (osborn.folder / "token").write_text("another-token-of-some-length\n")
    osborn.signal(signal.SIGHUP)
    wait_until(lambda: ask("another-token-of-some-length") == 200, 20, "the new token")
    assert ask(TOKEN) == 401
    (osborn.folder / "token").write_text(TOKEN + "\n")
    osborn.signal(signal.SIGHUP)
    wait_until(lambda: ask(TOKEN) == 200, 20, "the old token")


def test_a_reload_answers_who_waits_and_they_come_again(field):
    parole = field.agencies["parole"]
    with Web(parole) as idle, Web(parole) as waiting:
        assert idle.ask("GET", "/v1/status")[0] == 200
        waiting.link.request("GET", "/v1/messages?wait=60")
        wait_until(lambda: len(parole.log("http_open")) == 1 and Web(parole).ask("GET", "/v1/status")[0] == 200, 10, "the port")
        parole.signal(signal.SIGHUP)
        answer = waiting.link.getresponse()
        assert (answer.status, answer.getheader("Connection"), json.loads(answer.read())) == (200, "close", {"messages": []})
        assert idle.link.sock.recv(1) == b"", "what stood was closed"
    with Web(parole) as again:
        assert again.ask("GET", "/v1/status")[0] == 200


FAULTY = {
    "no TLS off loopback": ('listen = "0.0.0.0:8443";', "not loopback"),
    "no client certificates off loopback": ('listen = "[::]:8443"; certificate = "web.pem"; key = "web.key";', "not loopback"),
    "a name": ('listen = "liaison.example:8443";', "not an IP address"),
    "no port": ('listen = "127.0.0.1";', "not an address"),
    "a certificate without its key": ('listen = "127.0.0.1:8443"; certificate = "web.pem";', "belong together"),
    "clients that nobody vouches for": ('listen = "127.0.0.1:8443"; certificate = "web.pem"; key = "web.key"; clients = ["x"];', "nobody vouches"),
    "the key of another": ('listen = "127.0.0.1:8443"; certificate = "web.pem"; key = "records.key";', "is not the key"),
    "everybody whom the hub knows": ('listen = "127.0.0.1:8443"; certificate = "web.pem"; key = "web.key"; ca = ["PKI/ca.pem"];', "vouches for other agencies"),
    "a token for everybody": ('listen = "127.0.0.1:8443"; token_file = "open";', "set it to 600"),
    "a token that is short": ('listen = "127.0.0.1:8443"; token_file = "short";', "16 to 512"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_what_would_open_the_port_too_wide_is_a_fault_of_the_configuration(field, name):
    osborn = field.agencies["osborn"]
    group, reason = FAULTY[name]
    for token, text, mode in (("open", TOKEN, 0o644), ("short", "short", 0o600)):
        (osborn.folder / token).write_text(text)
        (osborn.folder / token).chmod(mode)
    config = osborn.folder / "faulty.cfg"
    text = osborn.config.read_text()
    config.write_text(re.sub(r"https = \{.*?\};", lambda _: "https = { " + group.replace("PKI", str(field.pki)) + " };", text))
    done = subprocess.run([osborn.program, "--check", "-c", config], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and reason in done.stderr, done.stderr


# ---- what the documents say ----

def test_the_examples_of_the_manual_work(field):
    text = (SOURCE_TEXT / "docs/connect-an-agency.md").read_text().partition("### Over HTTP")[2].partition("\n## ")[0]
    first, second = re.findall(r"```bash\n(.*?)```", text, re.S)
    parole, police = field.agencies["parole"], field.agencies["police"]
    (parole.folder / "port.token").write_text(TOKEN)
    (parole.folder / "draft.json").write_text(json.dumps(draft("by the book")))

    def run(script, agency, **variables):
        script = first.partition("\n\n")[0].replace("127.0.0.1:8443", f"127.0.0.1:{agency.https_port}") + "\n" + script
        done = subprocess.run(["bash", "-euc", script.replace("curl ", "curl -sSw '\\n' ")], capture_output=True, text=True, timeout=60, cwd=parole.folder,
                              env={"PATH": "/usr/bin:/bin", **variables})
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line]
    status, checked, sent = run(first.partition("\n\n")[2], parole)
    assert status["party"] == PAROLE and checked == {"ok": True} and sent["duplicate"] is False
    lines = second.splitlines()
    fate, = run(lines[0], parole, id=sent["id"])
    assert fate["id"] == sent["id"]
    got, = run(lines[1], police)
    assert [message["id"] for message in got["messages"]] == [sent["id"]]
    assert run(lines[2], police, delivery=sent["id"]) == [{"was_waiting": True}]



def test_the_description_is_served_and_is_the_one_that_is_shipped(field):
    with Web(field.agencies["parole"]) as web:
        assert web.ask("GET", "/v1/openapi.json") == (200, DESCRIPTION)


def test_every_path_and_method_that_is_described_exists_and_no_other(field):
    with Web(field.agencies["parole"]) as web:
        for path, operations in DESCRIPTION["paths"].items():
            target = path.replace("{id}", STRANGER)
            answer = answers(raw(field.agencies["parole"], request(f"PATCH {target} HTTP/1.1")))[0]
            assert answer[0] == 405 and set(answer[1]["allow"].lower().split(", ")) == set(operations), path
            for method, described in operations.items():
                status, _ = web.ask(method.upper(), target)
                assert status not in (405, 501) and str(status) in described["responses"], (method, path, status)


def test_every_status_that_is_described_is_one_that_was_seen_or_cannot_be_provoked():
    described = {status for operations in DESCRIPTION["paths"].values() for one in operations.values() for status in one["responses"]}
    seen = {str(status) for _, status, _ in REFUSED.values()} | {"200", "202", "401", "408", "409", "422", "503"}
    assert described - seen == {"500"}, "500 needs a broken disk"


def test_references_of_the_description_lead_somewhere():
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(DESCRIPTION)):
        place = DESCRIPTION
        for step in reference.split("/"):
            place = place[step]

"""The three ports of an adapter, each as the way in at one agency and the way out at another: messages of 1 KiB until they are handed over and acknowledged. The
clients of the spool and of HTTPS are in Python, and share the cores."""
import http.client
import json
import ssl
import threading
import time

import field
import growth
from loaded_field import LoadedField

TEXT = "x" * 1024
CONNECTIONS = 4
LIST = 500  # drafts of one document


def draft():
    return {"type": "admin.message/1", "to": ["bench.r"], "body": {"text": TEXT}}


def pair(**more):
    made = field.Field()
    made.limits = {"rate": 0, "rate_bytes": "0 B"}
    for name in ("s", "r"):
        made.agency(name, f"bench.{name}", "community", **more)
    return made


def spool_rate(each, count):
    """A document of `each` drafts at a time."""
    with pair(zmq=False) as made:
        made.start()
        sender, receiver = made.agencies["s"], made.agencies["r"]
        inbox, taken, begun = receiver.spool / "inbox", 0, time.monotonic()
        document = json.dumps([draft()] * each if each > 1 else draft())
        for i in range(count // each):
            sender.drop(f"{i:06}.json", document)
        while taken < count:
            found = list(inbox.glob("[!.]*"))
            for path in found:
                path.unlink()
            taken += len(found)
            if time.monotonic() > begun + 300:
                raise SystemExit(f"the spool gave {taken} of {count}")
        return count / (time.monotonic() - begun)


class Web:
    """Connections to an adapter's HTTPS port that are kept."""

    def __init__(self, made, agency):
        context = ssl.create_default_context(cafile=made.pki / "ca.pem")
        context.load_cert_chain(agency.folder / "tls.pem", agency.folder / "tls.key")
        self.link = http.client.HTTPSConnection("127.0.0.1", agency.https_port, timeout=60, context=context)

    def ask(self, method, target, body=None):
        self.link.request(method, target, body, {"Content-Type": "application/json"} if body else {})
        answer = self.link.getresponse()
        text = answer.read()
        if answer.status not in (200, 202):
            raise SystemExit(f"{target}: {answer.status} {text[:200]}")
        return json.loads(text)


def send_all(made, count):
    web, body = Web(made, made.agencies["s"]), json.dumps(draft())
    for _ in range(count):
        web.ask("POST", "/v1/messages", body)


def take_all(made, left):
    web = Web(made, made.agencies["r"])
    while left[0] > 0:
        for message in web.ask("GET", "/v1/messages?wait=1&max=100")["messages"]:
            left[0] -= web.ask("POST", f"/v1/messages/{message['id']}/ack")["was_waiting"]


def https_rate(count):
    made = pair(zmq=False, spool=False)
    hub = made.folder / "hub"
    for agency in made.agencies.values():
        agency.more["https"] = f'certificate = "{hub}/tls.pem"; key = "{hub}/tls.key"; ca = ["{made.pki}/ca.pem"]; clients = ["{agency.party}"];'
    with made:
        made.start()
        left, begun = [count], time.monotonic()
        threads = [threading.Thread(target=send_all, args=(made, count // CONNECTIONS)) for _ in range(CONNECTIONS)]
        threads.append(threading.Thread(target=take_all, args=(made, left)))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if left[0] > 0:
            raise SystemExit(f"the HTTPS port left {left[0]}")
        return count / (time.monotonic() - begun)


def ports(figures, rounds, seconds, long):
    few = 200 if seconds < 2 else 2000
    for _ in range(rounds):
        with LoadedField(pairs=1) as contender:
            figures.add("port.zmq", growth.cost(contender, seconds, size=1024)[1]["per_second"], "messages/s")
        figures.add("port.spool, a file each", spool_rate(1, few), "messages/s")
        figures.add(f"port.spool, {LIST} in a file", spool_rate(LIST, max(LIST, few)), "messages/s")
        figures.add("port.https", https_rate(few), "messages/s")

"""An agency that was away for two days: what waits for it neither fills the hub's memory nor holds up its start, and flows once it is back."""
import datetime
import json
import os
import time

import pytest
import zmq

from field import Field, wait_until
from load import long_or

COUNT = int(os.environ.get("LIAISON_TEST_BACKLOG", long_or(20_000, 1_000_000)))
PACE = 2000          # requests under way
READY_S = 2
MEMORY_MIB = 32      # more than with an empty queue, at most


@pytest.fixture
def field():
    with Field() as made:
        made.limits = {"redeliver_ms": "60 s"}
        for name, party in (("sender", "ct.community.sender"), ("away", "ct.community.away")):
            made.agency(name, party, "community", zmq=True, spool=False, hand_over="zmq", extra="")
        yield made


def resident_mib(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0


def in_three_days():
    when = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=3)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Port:
    def __init__(self, agency):
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.set_hwm(0)
        self.socket.connect(agency.endpoint)

    def say(self, request):
        self.socket.send(json.dumps(request).encode())

    def hear(self, wait_ms):
        """What has come, as maps."""
        if not self.socket.poll(wait_ms):
            return
        while True:
            try:
                yield json.loads(self.socket.recv(zmq.DONTWAIT))
            except zmq.Again:
                return


def fill(port, party, count):
    """As fast as the adapter takes them; half of them have an expiry, so that the hub keeps an eye on it."""
    sent = taken = 0
    until = in_three_days()
    while taken < count:
        while sent < count and sent - taken < PACE:
            more = {"expires": until} if sent % 2 else {}
            port.say({"op": "send", "ref": "send", "type": "admin.message/1", "to": [party], "priority": sent % 10, "subject": {"case_no": "26-0417"},
                      "body": {"text": f"No. {sent} of what was said while nobody listened"}, **more})
            sent += 1
        for answer in port.hear(1000):
            if answer.get("ref") == "send":
                assert answer.get("ok"), answer
                taken += 1


def empty(port, count, limit):
    seen, begin, granted = set(), time.monotonic(), 0
    while len(seen) < count:
        assert time.monotonic() - begin < limit, f"{len(seen)} of {count} have come"
        if time.monotonic() - granted > 0.2:
            granted = time.monotonic()
            port.say({"op": "receive", "credit": 1000, "ref": "receive"})
        for answer in port.hear(200):
            if answer.get("event") == "message":
                message = answer["message"]["id"]
                assert message not in seen, "twice"
                seen.add(message)
                port.say({"op": "ack", "id": message, "ref": "ack"})
    return time.monotonic() - begin


def start_timed(field):
    begin = time.monotonic()
    field.hub.start()
    wait_until(field.is_answering, 60, "the hub's start")
    return time.monotonic() - begin


def test_a_backlog_costs_no_memory_and_no_time_at_the_start(field, figure):
    sender, away = field.agencies["sender"], field.agencies["away"]
    field.write_hub()
    for agency in (sender, away):
        field.write_agency(agency)
    empty_s = start_timed(field)
    sender.start()
    wait_until(sender.is_open, 20, "the sender's link")
    port = Port(sender)
    fill(port, away.party, 500)
    wait_until(lambda: field.status()["queued"] == 500, 30, "the first of them")
    before = resident_mib(field.hub.pid)
    begin = time.monotonic()
    fill(port, away.party, COUNT - 500)
    wait_until(lambda: field.status()["queued"] == COUNT, 600, "the backlog")
    figure("accepted while filling the backlog", round((COUNT - 500) / (time.monotonic() - begin)), "messages/s")
    after = resident_mib(field.hub.pid)
    figure("messages queued for one recipient", COUNT)
    figure("hub's resident memory, 500 queued", round(before, 1), "MiB")
    figure(f"hub's resident memory, {COUNT} queued", round(after, 1), "MiB")
    figure("store on disk", round(sum(path.stat().st_size for path in (field.folder / "hub/data").glob("store.db*")) / 2**20), "MiB")

    field.hub.stop()
    clean_s = start_timed(field)
    figure("ready after a clean stop, empty", round(1000 * empty_s), "ms")
    figure(f"ready after a clean stop, {COUNT} queued", round(1000 * clean_s), "ms")
    field.hub.kill()
    crash_s = start_timed(field)
    figure(f"ready after kill -9, {COUNT} queued", round(1000 * crash_s), "ms")
    assert field.status()["queued"] == COUNT

    away.start()
    taken_s = empty(Port(away), COUNT, 60 + COUNT / 300)
    figure("catch-up, handed over and receipted", round(COUNT / taken_s), "messages/s")
    figure("hub's resident memory after the catch-up", round(resident_mib(field.hub.pid), 1), "MiB")
    wait_until(lambda: field.status()["queued"] == 0, 60, "the receipts")
    assert after - before < MEMORY_MIB and resident_mib(field.hub.pid) - before < 2 * MEMORY_MIB
    assert clean_s < READY_S and crash_s < READY_S
    assert os.path.exists(field.folder / "hub/data/store.db")

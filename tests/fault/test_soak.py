"""Nothing is wrong, for long, and every message is accounted for; the same message again, after restarts and after time, gets the same answer; and nothing
is delivered that could still vanish."""
import os
import random

import pytest

from field import PAROLE, POLICE, Field, wait_until
from liaison_wire import CREDIT, DELIVER, Adapter, Message, header_decode, submit_frame, unpack
from load import SEED, Load, ZmqSystem, furnish, long_or

SOAK_S = int(os.environ.get("LIAISON_TEST_SOAK_S", long_or(15, 1900)))


@pytest.fixture
def field():
    with Field() as made:
        yield furnish(made).start()


def rss_kib(program):
    with open(f"/proc/{program.pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def test_a_healthy_soak_accounts_for_every_message(field, figure):
    programs = [field.hub, *field.agencies.values()]
    with Load(field, long_or(60, 40)) as load:
        load.flow_for(SOAK_S / 5)
        early = {program.name: rss_kib(program) for program in programs}
        load.flow_for(SOAK_S * 4 / 5)
        late = {program.name: rss_kib(program) for program in programs}
        numbers = load.settle(30)
        assert numbers["offered"] == numbers["messages"] + numbers["refused at the port"]
        assert not field.hub.log("link_down") and not any(agency.log("uplink_lost") for agency in field.agencies.values())
        assert all(late[name] < 2 * early[name] + 20000 for name in early), (early, late)
        for what in ("messages", "hand_overs", "received", "expired", "refused by the hub", "refused at the port"):
            figure(f"soak of {SOAK_S} s: {what}", numbers.get(what, 0))
        figure("soak: p99 end to end", load.p99_ms(), "ms")
        figure("soak: memory of the hub, a fifth in and at the end", f"{early['hub']} → {late['hub']}", "KiB")


def test_the_same_again_gets_the_same_answer_over_restarts_and_time(field, figure):
    dice = random.Random(SEED)
    with Load(field, 40) as load:
        load.flow_for(2)
        load.drain(20)
        zmq = [system for system in load.systems.values() if isinstance(system, ZmqSystem)]
        before = {event["id"]: event for event in load.history.all("status") if event["verdict"]}
        for program in (field.hub, *(system.agency for system in zmq)):
            program.kill()
            program.start()
        wait_until(field.is_answering, 20, "the hub")
        field.wait_connected()
        asked = 0
        for system in zmq:
            own = [message for message in before if before[message]["who"] == system.party]
            for message in dice.sample(own, min(5, len(own))):
                system.errands.append(lambda s=system, m=message: s.say_to_port({"op": "status", "id": m, "ref": "status"}))
                asked += 1
        load.flow_for(1)
        numbers = load.settle(30)  # the judge: no verdict and no end is another than it was
        figure("asked again after restarts: statuses", asked)
        figure("asked again after restarts: messages accounted for", numbers["messages"])


@pytest.fixture
def desk():
    """A hub, and two adapters that are played by the test."""
    with Field() as made:
        for name, party, role in (("parole", PAROLE, "parole_office"), ("police", POLICE, "police")):
            made.papers(name, party)
            made.parties.append((party, (role,), None))
        yield made.start()


def call(desk, name, party):
    return Adapter(desk.port, desk.folder / name, party, desk.pki / "ca.pem")


def test_a_message_submitted_again_gets_its_first_verdict_and_other_bytes_a_conflict(desk):
    first = Message(PAROLE, "admin.message/1", {"text": "once"}, [POLICE])
    other = Message(PAROLE, "admin.message/1", {"text": "under the same id"}, [POLICE], id=first.id)
    link = call(desk, "parole", PAROLE)
    verdict = link.submit(first)[first.id]
    assert verdict.code == "ok"
    for _ in range(long_or(3, 20)):
        again = link.submit(first)[first.id]
        assert again.same_as(verdict) and again.is_duplicate
        assert link.submit(other)[first.id].code == "duplicate_conflict"
        link.close()
        desk.hub.kill()
        desk.hub.start()
        wait_until(desk.is_answering, 20, "the hub")
        link = call(desk, "parole", PAROLE)
    link.close()


def test_nothing_is_delivered_that_could_still_vanish(desk, figure):
    """The hub dies at the instant when a delivery is seen: its message has the same place in the ledger after that, and the very same verdict."""
    dice = random.Random(SEED)
    rounds, seen = long_or(8, 200), 0
    for number in range(rounds):
        sender, receiver = call(desk, "parole", PAROLE), call(desk, "police", POLICE)
        receiver.send([CREDIT, 1000])
        batch = [Message(PAROLE, "admin.message/1", {"text": f"{number} {i}"}, [POLICE]) for i in range(dice.randrange(1, 40))]
        sender.send(submit_frame(sender.papers, batch))
        wanted, delivered = {message.id: message for message in batch}, None
        while not delivered:
            delivered = {header_decode(unpack(data)[1])["id"] for data in receiver.expect(DELIVER)[1]} & set(wanted)
        desk.hub.kill()
        sender.close()
        receiver.close()
        desk.hub.start()
        wait_until(desk.is_answering, 20, "the hub")
        sender = call(desk, "parole", PAROLE)
        verdicts = sender.submit(*batch)
        sender.close()
        seen += len(delivered)
        for message_id in delivered:
            assert verdicts[message_id].code == "ok" and verdicts[message_id].is_duplicate, "what was delivered was accepted before, for good"
    desk.verify_ledger()
    figure("killed at a delivery: deliveries seen, each of a message that was there for good", seen)

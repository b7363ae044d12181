"""kill -9 of the hub and of each adapter at each step of a case, before and after each document, and at instants by chance: started again, the
case completes, nothing that was accepted is missing, and no agency's system sees anything twice. LIAISON_TEST_SEED repeats a run;
LIAISON_TEST_MODE=long kills many more times."""
import json
import os
import pathlib
import random
import signal
import time

import pytest

from field import BOARD, FACILITY, FUGITIVE, IS_LONG, OF_THE_CASE, PAROLE, POLICE, Field, wait_until

SEED = int(os.environ.get("LIAISON_TEST_SEED", random.SystemRandom().randrange(10**6)))
VICTIMS = ("hub", "board", "osborn", "parole", "police", "fugitive")
INSTANT_MS = 40  # a document is through within about so much


@pytest.fixture(scope="module")
def chance():
    print(f"LIAISON_TEST_SEED={SEED}")
    return random.Random(SEED)


@pytest.fixture
def field(chance):
    print(f"LIAISON_TEST_SEED={SEED}")
    with Field() as made:
        made.agreements = OF_THE_CASE
        made.agency("board", BOARD, "parole_board")
        made.agency("osborn", FACILITY, "facility")
        made.agency("parole", PAROLE, "parole_office", town="Hartford, Newington")
        made.agency("police", POLICE, "police", town="Hartford")
        made.agency("fugitive", FUGITIVE, "parole_office", roles=["fugitive_unit"])
        made.persons = [made.person("board", BOARD, "h.brandt", "board_chair"), made.person("board", BOARD, "k.osei", "board_member")]
        yield made.start()


def program(field, name):
    return field.hub if name == "hub" else field.agencies[name]


def kill_and_start(field, name):
    victim = program(field, name)
    victim.kill()
    victim.start()


class Case:
    """One person's case, of a number of its own; steps() in order, each a document and who must get what."""

    def __init__(self, field, number):
        self.field, self.number = field, number
        self.expected = {name: [] for name in field.agencies}  # ids of messages that each must see, once
        self.sent = {}
        self.warrant = {"nic": f"W9{number:08}", "warrant_no": f"PR-26-{number:04}"}

    def _draft(self, kind, **body):
        draft = self.field.example(kind)
        draft["body"].update(body)
        return draft

    def authorize(self):
        draft = {**self._draft("release.authorize/1"), "to": [FACILITY, PAROLE]}
        path = self.field.folder / f"authorize-{self.number}.json"
        path.write_text(json.dumps(draft))
        for person in self.field.persons:
            self.field.liaison("approve", path, "--certificate", person.with_suffix(".pem"), "--key", person.with_suffix(".key"), "--ca",
                               self.field.pki / "ca.pem")
        return "board", path.read_text(), ("osborn", "parole")

    def release(self):
        return "osborn", self._draft("release.notification/1"), ("parole", "police")

    def issue(self):
        draft = self._draft("warrant.issue/1", **self.warrant)
        draft["subject"].update(self.warrant)
        return "parole", draft, ("police", "fugitive")

    def _about_warrant(self, kind):
        draft = {**self._draft(kind, **self.warrant), "re": self.sent["issue"], "thread": self.sent["issue"]}
        draft["subject"].update(self.warrant)
        return draft

    def locate(self):
        return "police", self._about_warrant("warrant.locate/1"), ("parole", "fugitive")

    def clear(self):
        return "parole", self._about_warrant("warrant.clear/1"), ("police", "fugitive")

    def play(self, before=lambda step: None, after=lambda step: None):
        """before: runs with the document in hand; after: runs right when it was dropped. Each step then completes."""
        for step in ("authorize", "release", "issue", "locate", "clear"):
            sender, document, recipients = getattr(self, step)()
            before(step)
            name = f"{step}-{self.number}.json"
            self.field.agencies[sender].drop(name, document)
            after(step)
            status = self.field.agencies[sender].fate(name)
            assert status["verdict"]["code"] == "ok", status
            assert {recipient["party"] for recipient in status["verdict"]["recipients"]} == {
                self.field.agencies[recipient].party for recipient in recipients}
            self.sent[step] = status["id"]
            for recipient in recipients:
                self.expected[recipient].append(status["id"])
                self.wait_seen(recipient, status["id"])
            self.wait_receipts(sender, name, len(recipients))

    def wait_seen(self, name, message_id):
        wait_until(lambda: any(file.startswith(message_id) for file in self.field.agencies[name].collect()), 30,
                   f"{message_id} in the inbox of {name}")

    def wait_receipts(self, sender, name, count):
        def all_in():
            received = [outcome["recipient"] for outcome in self.field.agencies[sender].outcomes(name) if outcome["what"] == "received"]
            assert len(received) == len(set(received)), received
            return len(received) == count
        wait_until(all_in, 30, f"{count} receipts beside {name}")


def check_all(field, expected):
    """expected: agency to ids of messages. What every system saw is that and no more, what the hub says agrees, its ledger verifies."""
    def empty():
        done = field.status()
        return done is not None and done["queued"] == 0
    wait_until(empty, 30, "empty queues")
    for name, ids in expected.items():
        agency = field.agencies[name]
        agency.collect()
        assert not agency.twice, (name, agency.twice)
        seen = sorted(file.partition(".")[0] for file in agency.collected)
        assert seen == sorted(ids), f"{name} saw {len(seen)}, should have seen {len(ids)}: {set(seen) ^ set(ids)}"
        assert not list((agency.spool / "inbox").glob(".*")), "nothing is left half written"
        assert not [path for path in (agency.spool / "outbox").iterdir() if path.name[0] != "."], "every document was taken"
    assert field.ask("dead", "list")["dead"] == []
    sent = {}
    for name, ids in expected.items():
        for message_id in ids:
            sent.setdefault(message_id, set()).add(field.agencies[name].party)
    for message_id, parties in sent.items():
        def settled():
            done = field.run("trace", message_id, "--json")
            rows = [row for row in json.loads(done.stdout) if row["id"] == message_id] if done.returncode == 0 else []
            return rows and all(hop["state"] == "received" and hop["receipt_at"] for hop in rows[0]["hops"]) and rows
        row = wait_until(settled, 20, f"the trace of {message_id}")[0]
        assert {hop["recipient"] for hop in row["hops"]} == parties
    report = field.verify_ledger()
    assert report["entries"] >= 2 * len(sent)


def together(cases):
    expected = {}
    for case in cases:
        for name, ids in case.expected.items():
            expected.setdefault(name, []).extend(ids)
    return expected


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_kill_before_each_document_and_right_after_it(field, victim, chance):
    cases = []
    for number in range(10 if IS_LONG else 2):
        case = Case(field, number)
        cases.append(case)

        def after(_step):
            time.sleep(chance.uniform(0, INSTANT_MS) / 1000)  # the instant of the kill, not a wait for anything
            kill_and_start(field, victim)
        case.play(before=lambda _step: kill_and_start(field, victim), after=after)
    check_all(field, together(cases))


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_document_that_is_dropped_while_a_program_is_down(field, victim):
    case = Case(field, 7)
    down = program(field, victim)
    case.play(before=lambda _step: down.kill(), after=lambda _step: down.start())
    check_all(field, together([case]))


def test_everything_dies_at_once(field, chance):
    case = Case(field, 8)

    def after(_step):
        time.sleep(chance.uniform(0, INSTANT_MS) / 1000)
        for name in VICTIMS:
            program(field, name).kill()
        for name in VICTIMS:
            program(field, name).start()
    case.play(after=after)
    check_all(field, together([case]))


def test_kills_at_any_instant_of_a_stream_of_messages(field, chance):
    """Documents of several messages each, while programs die by chance."""
    documents, messages, kills = (60, 10, 80) if IS_LONG else (16, 6, 12)
    parole, police, fugitive = (field.agencies[name] for name in ("parole", "police", "fugitive"))
    texts = []

    def taken():
        return len({file for agency in (police, fugitive) for file in agency.collect()})
    for document in range(documents):
        drafts = [{"type": "admin.message/1", "to": [POLICE, FUGITIVE], "body": {"text": f"document {document} message {i}"}}
                  for i in range(messages)]
        texts += [draft["body"]["text"] for draft in drafts]
        parole.drop(f"stream-{document:03}.json", drafts)
        for _ in range(kills // documents + (document < kills % documents)):
            time.sleep(chance.uniform(0, INSTANT_MS) / 1000)
            kill_and_start(field, chance.choice(("hub", "parole", "police", "fugitive")))
            taken()
    count = documents * messages
    wait_until(lambda: taken() >= count and len(police.collected) >= count and len(fugitive.collected) >= count, 60, "every message everywhere")

    def all_received():
        statuses = parole.statuses("stream-")
        return len(statuses) == count and all(
            sorted(outcome["recipient"] for outcome in status["outcomes"] if outcome["what"] == "received") == sorted([POLICE, FUGITIVE])
            for status in statuses) and statuses
    ids = [status["id"] for status in wait_until(all_received, 30, "the receipts of the stream")]
    for agency in (police, fugitive):
        assert sorted(json.loads(text)["body"]["text"] for text in agency.collected.values()) == sorted(texts), agency.name
    check_all(field, {"police": ids, "fugitive": ids})


def heeds_no_signal_yet(program):
    """It has taken SIGTERM into its own hands, and has no handler for it so far."""
    lines = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{program.pid}/status").read_text().splitlines() if ":\t" in line)
    return int(lines["SigBlk"], 16) >> (signal.SIGTERM - 1) & 1


@pytest.mark.parametrize("name", ["hub", "board"])
def test_a_stop_during_the_start_is_one_in_good_order(field, name):
    program = field.hub if name == "hub" else field.agencies[name]
    program.stop()
    program.start()
    wait_until(lambda: heeds_no_signal_yet(program), 10, "the beginning of the start")
    program.signal(signal.SIGTERM)
    assert program.stop() == 0

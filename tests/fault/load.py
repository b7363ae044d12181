"""Twenty agencies under load: their systems as threads that hand documents over, are told what becomes of them, and take what comes, at spool folders and
at ZeroMQ ports. Everything that they see goes into a history, which the judge of history.py reads; nothing here asks the broker."""
import collections
import contextlib
import datetime
import json
import os
import pathlib
import random
import threading
import time

import zmq

from field import IS_LONG, WORDS, Late, wait_until
from history import History, account, content_of, explain, judge, percentile
from liaison_wire import uuid7, uuid_text

SEED = int(os.environ.get("LIAISON_TEST_SEED", random.SystemRandom().randrange(10**6)))
TICK_S = 0.03
ASK_AGAIN_S = 1.0   # what the port did not answer is asked again
OPEN_MAX = 600      # a system with so many messages under way waits with the next

# name, party, kind, more roles, town, port
AGENCIES = [
    ("board", "ct.bopp", "parole_board", (), None, "zmq"),
    ("osborn", "ct.doc.facility.osborn", "facility", (), None, "spool"),
    ("york", "ct.doc.facility.york", "facility", (), None, "zmq"),
    ("cheshire", "ct.doc.facility.cheshire", "facility", (), None, "spool"),
    ("hartford", "ct.doc.parole.hartford", "parole_office", (), "Hartford", "spool"),
    ("new_haven", "ct.doc.parole.new_haven", "parole_office", (), "New Haven", "zmq"),
    ("bridgeport", "ct.doc.parole.bridgeport", "parole_office", (), "Bridgeport", "spool"),
    ("fugitive", "ct.doc.parole.fugitive", "parole_office", ("fugitive_unit",), None, "zmq"),
    ("police_hartford", "ct.police.hartford", "police", (), "Hartford", "zmq"),
    ("police_new_haven", "ct.police.new_haven", "police", (), "New Haven", "spool"),
    ("police_bridgeport", "ct.police.bridgeport", "police", (), "Bridgeport", "spool"),
    ("troop", "ct.police.troop_h", "police", (), None, "zmq"),
    ("capitol", "ct.community.capitol_recovery", "community", (), None, "spool"),
    ("shoreline", "ct.community.shoreline", "community", (), None, "zmq"),
    ("northend", "ct.community.northend", "community", (), None, "zmq"),
    ("adult", "ct.cssd.adult", "probation", (), None, "spool"),
    ("intensive", "ct.cssd.intensive", "probation", (), None, "zmq"),
    ("ga14", "ct.court.ga14", "community", ("court",), None, "spool"),
    ("ga23", "ct.court.ga23", "community", ("court",), None, "zmq"),
    ("compact", "ct.doc.compact", "interstate", (), None, "zmq"),
]
TOWNS = ("Hartford", "New Haven", "Bridgeport")

AGREEMENTS = WORDS + ''',
  { name = "release notices"; from = ["role:facility"]; types = ["release.notification/1"];
    to = ["role:parole_office town=/destination/town", "role:police town=/destination/town"]; route = true; },
  { name = "warrants"; from = ["role:parole_office"]; types = ["warrant.issue/1"];
    to = ["role:police town=/last_known/town", "role:fugitive_unit"]; classes = ["CJ", "CJI"]; route = true; }'''

# What is said, and how often; more in Shapes.
SHAPES = {"word": 40, "round": 12, "question": 15, "notice": 8, "warrant": 6, "brief": 9, "unknown": 5, "wrong": 5}


def furnish(field, agencies=AGENCIES, **more):
    """The agencies of a field, not started; more: as for Field.agency."""
    field.agreements = AGREEMENTS if agencies is AGENCIES else WORDS
    for name, party, kind, roles, town, port in agencies:
        field.agency(name, party, kind, town=town, roles=list(roles), zmq=port == "zmq", spool=port == "spool", hand_over=port, **more)
    return field


def rfc3339(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def key_of(message):
    """What makes a document unlike any other stands in its text, or is the person's number."""
    words = message["body"].get("text", "").split()
    return words[0] if words else message.get("subject", {}).get("doc_number") or message.get("subject", {}).get("warrant_no")


class Shapes:
    """Drafts, with what must become of them: (draft, {expect, may_end, to})."""

    def __init__(self, field, parties):
        self.notice_form, self.warrant_form = field.example("release.notification/1"), field.example("warrant.issue/1")
        self.parties = parties
        self.of_town = {town: [party for _, party, kind, _, place, _ in AGENCIES if place == town] for town in TOWNS}
        self.police_of = {town: [party for _, party, kind, _, place, _ in AGENCIES if place == town and kind == "police"] for town in TOWNS}

    def draw(self, system, dice):
        shape = dice.choices(list(SHAPES), list(SHAPES.values()))[0]
        if shape == "notice" and system.kind != "facility" or shape == "warrant" and system.kind != "parole_office":
            shape = "word"
        return getattr(self, shape)(system, dice)

    def _words(self, system, dice, count=1, mark="", **more):
        others = [party for party in self.parties if party != system.party]
        draft = {"type": "admin.message/1", "to": dice.sample(others, min(count, len(others))), "priority": dice.choice((0, 2, 5, 9)), "subject": {"case_no": "26-0417"},
                 "body": {"text": f"{system.next_key()} {mark} {'.' * dice.randrange(10, 600)}"}, **more}
        return draft, {"to": draft["to"]}

    def word(self, system, dice):
        return self._words(system, dice)

    def round(self, system, dice):
        return self._words(system, dice, dice.randrange(2, 6))

    def question(self, system, dice):
        return self._words(system, dice, dice.choice((1, 1, 2)), "?")

    def brief(self, system, dice):
        """Of no use after a moment: it arrives, or its end is told."""
        draft, must = self._words(system, dice, dice.choice((1, 3)), expires=rfc3339(time.time() + dice.uniform(0.2, 3)))
        return draft, {**must, "may_end": ["expired", "refused"]}

    def unknown(self, system, dice):
        draft, _ = self._words(system, dice)
        draft["to"] = ["ct.nobody"]
        return draft, {"to": [], "expect": "no_recipient"}

    def wrong(self, system, dice):
        draft, must = self._words(system, dice)
        draft["colour"] = "red"
        return draft, {**must, "expect": "port malformed"}

    def _about_person(self, form, system, **body):
        number = system.next_key()
        draft = json.loads(json.dumps(form))
        draft["body"].update(body)
        draft["body"]["person"]["ids"] = {"doc_number": number}
        draft["body"]["person"]["dob"] = str(datetime.date(1950, 1, 1) + datetime.timedelta(days=int(number) * 7919 % 18000))  # few are born on one day
        draft["body"]["person"]["name"] = {"family": f"Of-{number}", "given": "Marcus"}  # of two by the same name the hub asks whether they are one
        return draft, number

    def notice(self, system, dice):
        draft, number = self._about_person(self.notice_form, system)
        town = dice.choice(TOWNS)
        draft["body"]["destination"]["town"] = town
        draft["subject"] = {"doc_number": number}
        return draft, {"to": self.of_town[town]}

    def warrant(self, system, dice):
        draft, number = self._about_person(self.warrant_form, system)
        town = dice.choice(TOWNS)
        draft["body"].update(warrant_no=number, nic=f"W{number[-9:]:0>9}")
        draft["body"]["last_known"]["town"] = town
        draft["subject"] = {"warrant_no": number, "nic": draft["body"]["nic"]}
        return draft, {"to": [party for party in (*self.police_of[town], "ct.doc.parole.fugitive") if party != system.party]}

    def answer(self, system, message):
        """To whoever asked, in the same conversation."""
        draft = {"type": "admin.message/1", "to": [message["from"]], "priority": message.get("priority", 2), "subject": {"case_no": "26-0417"},
                 "body": {"text": f"{system.next_key()} in answer"}, "re": message["id"], "thread": message.get("thread") or message["id"]}
        return draft, {"to": draft["to"]}


class System(threading.Thread):
    """An agency's system at its port: one thread, one tick after the other."""

    def __init__(self, load, number, agency, pace_s):
        super().__init__(name=agency.name, daemon=True)
        self.load, self.number, self.agency, self.pace_s = load, number, agency, pace_s
        self.party, self.kind = agency.party, agency.kind
        self.dice = random.Random(f"{load.seed}/{agency.name}")
        self.keys = 0
        self.open = {}       # id → newest status, of what has not ended
        self.seen = set()    # ids that are in its hands
        self.is_away = False # takes nothing; what it sent it still looks after
        self.is_done = False
        self.fault = None
        self.errands = collections.deque()  # what a test wants done in the system's thread
        self.next_at = time.monotonic() + self.dice.uniform(0, pace_s)

    def next_key(self):
        self.keys += 1
        return f"{100 + self.number + 20 * (self.load.serial % 45)}{self.keys:05}"  # eight digits, as a number of a person has

    def note(self, what, **more):
        self.load.history.note(what, who=self.party, **more)

    def run(self):
        try:
            self.open_port()
            while not self.is_done:
                if self.load.is_flowing and time.monotonic() >= self.next_at:
                    self.next_at = max(self.next_at + self.dice.uniform(0.5, 1.5) * self.pace_s, time.monotonic() - self.pace_s)
                    if self.under_way() < OPEN_MAX:
                        self.say()
                while self.errands:
                    self.errands.popleft()()
                self.tick()
            self.close_port()
        except Exception as why:  # told when the load is judged; a thread has nobody to raise it to
            self.fault = why

    def say(self):
        self.offer([self.load.shapes.draw(self, self.dice)])

    def note_offer(self, draft, must):
        key = key_of(draft)
        self.note("offered", key=key, to=must["to"], priority=draft.get("priority", draft["type"]), content=content_of(draft),
                  may_end=must.get("may_end", []), expect=must.get("expect", "ok"), tolerate=self.load.tolerates)
        return key

    def take(self, message, order):
        """A message is in its hands; true when it had not seen it before."""
        self.note("got", id=message["id"], key=key_of(message) if message["from"] in self.load.parties else None, sender=message["from"], type=message["type"],
                  content=content_of(message), order=order)
        is_new = message["id"] not in self.seen
        self.seen.add(message["id"])
        if is_new and message["type"] == "admin.message/1" and message["body"]["text"].split()[1:2] == ["?"]:
            self.offer([self.load.shapes.answer(self, message)])

    def hear(self, status):
        """What became of one of its messages; noted when it says anything new."""
        known = self.open.get(status["id"])
        if status == known:
            return
        self.note("status", id=status["id"], state=status["state"], verdict=status["verdict"], outcomes=status["outcomes"])
        if status["state"] in ("refused", "settled"):
            self.open.pop(status["id"], None)
        else:
            self.open[status["id"]] = status
        for outcome in status["outcomes"]:
            if outcome["what"] == "received":
                self.load.received.add((outcome["recipient"], status["id"]))

    def close_port(self):
        pass


class SpoolSystem(System):
    def open_port(self):
        self.documents = {}  # name of a document that the adapter has not taken → its keys
        self.ids = set()
        self.read = {}       # status file → what it looked like
        self.count = 0

    def under_way(self):
        return len(self.documents) + len(self.open)

    def say(self):
        """At times several drafts in one document, under ids of their own choice."""
        drafts = [self.load.shapes.draw(self, self.dice)]
        if drafts[0][1].get("expect", "ok") == "ok" and not drafts[0][1].get("may_end") and self.dice.random() < 0.15:
            more = [self.load.shapes.word(self, self.dice) for _ in range(self.dice.randrange(1, 4))]
            drafts = [({**draft, "id": uuid_text(uuid7())}, must) for draft, must in drafts + more]
        self.offer(drafts)

    def offer(self, drafts):
        self.count += 1
        name = f"{self.load.serial:02}-{self.count:06}.json"
        self.documents[name] = {draft.get("id"): self.note_offer(draft, must) for draft, must in drafts}
        self.agency.drop(name, [draft for draft, _ in drafts] if len(drafts) > 1 else drafts[0][0])

    def tick(self):
        if not self.is_away:
            self.look_at_inbox()
        self.look_at_sent()
        self.look_at_refused()
        time.sleep(TICK_S)

    def look_at_inbox(self):
        found = []
        for entry in os.scandir(self.agency.spool / "inbox"):
            if not entry.name.startswith("."):
                found.append((entry.stat().st_ctime_ns, entry.name))
        for appeared, name in sorted(found):
            path = self.agency.spool / "inbox" / name
            message = json.loads(path.read_text())
            self.take(message, appeared)
            path.unlink()
            self.note("kept", id=message["id"])

    def look_at_sent(self):
        for entry in list(os.scandir(self.agency.spool / "sent")):
            if not entry.name.endswith(".status.json") or entry.name.startswith("."):
                continue
            with contextlib.suppress(FileNotFoundError):
                about = entry.stat()
                if self.read.get(entry.name) != (about.st_ino, about.st_mtime_ns):
                    self.read[entry.name] = (about.st_ino, about.st_mtime_ns)
                    self.read_status(entry.name)

    def read_status(self, file):
        path = self.agency.spool / "sent" / file
        status = json.loads(path.read_text())
        document = file[:-len(f".{status['id']}.status.json")]
        if document not in self.documents and status["id"] not in self.ids and document[:3] < f"{self.load.serial:02}-":
            path.unlink()  # the adapter has written the end of a message of an earlier load once more
            return
        if status["id"] not in self.ids:
            self.ids.add(status["id"])
            keys = self.documents[document]
            self.note("taken", key=keys.pop(status["id"] if status["id"] in keys else None), id=status["id"])
            if not keys:
                del self.documents[document]
        self.hear(status)
        if status["id"] not in self.open:  # ended: put away; should the adapter ever write it again, it is read again
            path.unlink()
            self.read.pop(file, None)
            with contextlib.suppress(FileNotFoundError):
                (self.agency.spool / "sent" / document).unlink()

    def look_at_refused(self):
        folder = self.agency.spool / "refused"
        for entry in list(os.scandir(folder)):
            if not entry.name.endswith(".error") or entry.name.startswith("."):
                continue
            document = entry.name[:-len(".error")]
            code = (folder / entry.name).read_text().split(": ")[2]
            for key in self.documents.pop(document).values():
                self.note("refused", key=key, code=code)
            (folder / entry.name).unlink()
            (folder / document).unlink()


class ZmqSystem(System):
    context = zmq.Context()

    def connect(self):
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 20)
        self.socket.connect(self.agency.endpoint)
        self.takes = not self.is_away

    def open_port(self):
        self.connect()
        self.waiting = collections.deque()  # requests to send, in order, one at a time
        self.asked = None                   # (request, key, when)
        self.acks = {}                      # id → when the acknowledgement was sent
        self.granted_at = self.polled_at = 0.0
        self.count = 0

    def close_port(self):
        self.socket.close()

    def under_way(self):
        return len(self.waiting) + len(self.open) + (self.asked is not None)

    def offer(self, drafts):
        for draft, must in drafts:
            self.waiting.append(({"op": "send", "id": uuid_text(uuid7()), **draft}, self.note_offer(draft, must)))

    def say_to_port(self, request):
        with contextlib.suppress(zmq.Again):
            self.socket.send(json.dumps(request).encode(), zmq.DONTWAIT)

    def tick(self):
        now = time.monotonic()
        if self.takes == self.is_away:  # what it was lent and did not acknowledge comes to the next connection
            self.socket.close()
            self.connect()
        if self.asked is None and self.waiting:
            self.asked = (*self.waiting.popleft(), 0.0)
        if self.asked and now - self.asked[2] > ASK_AGAIN_S:
            self.asked = (*self.asked[:2], now)
            self.say_to_port({**self.asked[0], "ref": "send " + self.asked[1]})
        if self.takes and now - self.granted_at > 0.25:
            self.granted_at = now
            self.say_to_port({"op": "receive", "credit": 200, "ref": "receive"})
        if now - self.polled_at > 0.5:
            self.polled_at = now
            self.look_after(now)
        if self.socket.poll(1000 * TICK_S):
            with contextlib.suppress(zmq.Again):
                for _ in range(200):
                    self.on_answer(json.loads(self.socket.recv(zmq.DONTWAIT)))

    def look_after(self, now):
        """Events tell most; what they were lost of is asked for."""
        for message in list(self.open)[:100]:
            self.say_to_port({"op": "status", "id": message, "ref": "status"})
        for message, when in list(self.acks.items()):
            if now - when > ASK_AGAIN_S:
                self.acks[message] = now
                self.say_to_port({"op": "ack", "id": message, "ref": "ack " + message})

    def on_answer(self, answer):
        if answer.get("event") == "message":
            self.on_message(answer["message"])
        elif answer.get("event") == "fate":
            self.hear({name: answer[name] for name in ("id", "type", "state", "verdict", "outcomes")})
        elif answer.get("ref") == "status" and answer.get("ok"):
            self.hear(answer["status"])
        elif answer.get("ref", "").startswith("ack ") and answer.get("ok"):
            if self.acks.pop(answer["ref"][4:], None):
                self.note("kept", id=answer["ref"][4:])
        elif answer.get("ref", "").startswith("send ") and self.asked and answer["ref"] == "send " + self.asked[1]:
            self.on_sent(answer)

    def on_sent(self, answer):
        request, key, _ = self.asked
        code = answer.get("error", {}).get("code")
        if code in ("io", "full", "busy", "nomem", "internal"):
            return  # the adapter's own trouble: asked again
        self.asked = None
        if code:
            self.note("refused", key=key, code=code)
            return
        self.note("taken", key=key, id=answer["id"])
        self.open.setdefault(request["id"], None)

    def on_message(self, message):
        self.count += 1
        self.take(message, self.count)
        self.acks[message["id"]] = time.monotonic()
        self.say_to_port({"op": "ack", "id": message["id"], "ref": "ack " + message["id"]})


class Load:
    """with Load(field, rate=…) as load: the systems watch; load.flow() and load.pause(); load.settle() at the end, which judges."""

    serial = 0  # one field may see several, one after the other

    def __init__(self, field, rate=40, seed=SEED):
        print(f"LIAISON_TEST_SEED={seed}")
        self.field, self.seed = field, seed
        Load.serial += 1
        self.serial = Load.serial
        self.history = History()
        self.received = set()
        self.parties = [agency.party for agency in field.agencies.values()]
        self.shapes = Shapes(field, self.parties)
        self.is_flowing = False
        self.tolerates = []  # codes with which what is handed over from now on may be refused
        self.systems = {}
        for number, (name, agency) in enumerate(field.agencies.items()):
            kind = SpoolSystem if agency.more["hand_over"] == "spool" else ZmqSystem
            self.systems[name] = kind(self, number, agency, len(field.agencies) / rate)

    def __enter__(self):
        for system in self.systems.values():
            system.start()
        return self

    def __exit__(self, kind, _value, _trace):
        self.stop()
        if kind:
            self.field.is_kept = True
            self.history.save(self.field.folder / "history.jsonl")

    def now(self):
        return time.monotonic() - self.history.begin

    def flow(self):
        self.is_flowing = True

    def pause(self):
        self.is_flowing = False

    def flow_for(self, seconds):
        """The load for so long; not a wait for anything."""
        self.flow()
        time.sleep(seconds)

    def stop(self):
        self.pause()
        for system in self.systems.values():
            system.is_done = True
        for system in self.systems.values():
            if system.is_alive():
                system.join(10)

    def send(self, name, shape, count=1):
        """Some documents of one shape, from one agency; without the steady load."""
        system = self.systems[name]
        for _ in range(count):
            system.errands.append(lambda: system.offer([getattr(self.shapes, shape)(system, system.dice)]))

    def faults(self):
        return [f"{system.name}: {system.fault!r}" for system in self.systems.values() if system.fault]

    def left(self):
        """What has not ended, by agency; empty when all has."""
        left = {name: system.under_way() + len(system.errands) for name, system in self.systems.items() if system.under_way() or system.errands}
        for party, message in list(self.received):
            system = next((system for system in self.systems.values() if system.party == party), None)
            if system and message not in system.seen:
                left[f"in the inbox of {system.name}"] = left.get(f"in the inbox of {system.name}", 0) + 1
        for name, system in self.systems.items():
            if getattr(system, "acks", None):
                left[f"acknowledged by {name}"] = len(system.acks)
        return left

    def drain(self, limit=30):
        """No more is handed over; true once everything has ended."""
        self.pause()
        try:
            wait_until(lambda: self.faults() or not self.left(), limit, "the end of every message")
        except Late:
            print(f"not ended: {self.left()}")
        return not self.left()

    def note_complaints(self, known):
        """What an adapter would not believe of what the hub brought, beyond what has expired."""
        for agency in self.field.agencies.values():
            for line in agency.log():
                if line["event"] in ("delivery_refused", "receipt_refused") and line.get("code") not in ("expired", *known):
                    self.history.note("complaint", who=agency.party, id=line["id"], code=line["code"], text=f"{line.get('field')}: {line.get('reason')}")

    def note_ended(self):
        """What ended by itself and was not started again."""
        for program in (self.field.hub, *self.field.agencies.values()):
            if program.process is not None and program.process.poll() is not None:
                self.history.note("ended", who=program.name, code=program.process.returncode)

    def settle(self, limit=30, known=(), **about):
        """Drains, verifies the ledger, judges; gives the accounts. known: codes with which adapters may refuse deliveries; about: as for judge()."""
        self.drain(limit)
        assert not self.faults(), self.faults()
        self.stop()
        report = self.field.run("ledger", "verify", self.field.folder / "hub/data", "--hub-certificate", self.field.folder / "hub/signing.pem", "--ca",
                                self.field.pki / "ca.pem")
        self.note_ended()
        self.note_complaints(known)
        self.history.note("ledger", ok=report.returncode == 0, text=report.stdout + report.stderr)
        findings = judge(self.history, self.parties, **about)
        assert not findings, f"LIAISON_TEST_SEED={self.seed}, {len(findings)} breaches\n" + explain(findings)
        return account(self.history)

    def p99_ms(self, begin=0.0, end=float("inf")):
        return round(percentile(self.history.latencies_ms(begin, end), 0.99))


def long_or(short, long):
    return long if IS_LONG else short


class Crew:
    """Kills programs and starts them again, as a service manager does; what ends by itself is noted as such."""

    def __init__(self, load):
        self.load, self.field = load, load.field
        self.due = []        # (when, program): to be started
        self.kills = collections.Counter()
        self.restarts = []   # (program's name, when), in the history's time
        self.may_end = set() # programs that may end by themselves, because something was done to what they had started

    def programs(self):
        return [self.field.hub, *self.field.agencies.values()]

    def gateways(self, hub):
        """The processes, by id, that hold the hub's links: below the one that starts them."""
        if not hub.is_up():
            return []
        above, named = {}, []
        for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                pid, _, rest = path.read_text().partition(" (")
                name, _, about = rest.rpartition(") ")
                above[int(pid)] = int(about.split()[1])
                if name == "liaison-gateway" and about[0] != "Z":
                    named.append(int(pid))
        return [pid for pid in named if hub.pid in (above[pid], above.get(above[pid]))]

    def kill(self, program, after_s=0.0):
        """kill -9, and a start after so long."""
        if not program.is_up():
            return
        self.load.history.note("fault", name="kill", victim=program.name)
        program.kill()
        self.kills[program.name] += 1
        self.due.append((time.monotonic() + after_s, program))

    def kill_gateway(self, hub, number=9):
        """The hub starts another; while it is starting itself, it may end over it."""
        gateways = self.gateways(hub)
        if not gateways:
            return False
        self.may_end.add(hub.name)
        self.load.history.note("fault", name="kill", victim="gateway")
        with contextlib.suppress(ProcessLookupError):
            os.kill(gateways[0], number)
        self.kills["gateway"] += 1
        return True

    def mind(self):
        """To be called often."""
        for program in self.programs():
            if program.process is not None and program.process.poll() is not None:
                code = program.process.returncode
                if program.name not in self.may_end:
                    self.load.history.note("ended", who=program.name, code=code)
                self.may_end.discard(program.name)
                program.process = None
                self.due.append((time.monotonic(), program))
        now = time.monotonic()
        for when, program in [entry for entry in self.due if entry[0] <= now]:
            self.due.remove((when, program))
            program.start()
            self.restarts.append((program.name, self.load.now()))

    def mind_for(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.mind()
            time.sleep(0.005)

    def bring_back(self):
        """Everything runs again, and is connected."""
        wait_until(lambda: self.mind() or not self.due, 20, "the starts")
        wait_until(lambda: self.field.is_answering(), 30, "the hub's answer")
        self.field.wait_connected()

    def recovery_ms(self, name):
        """From each start of a program to the first delivery after it: at that agency, or of the hub's at anybody's."""
        party = self.field.agencies[name].party if name in self.field.agencies else None
        found = []
        for restarted, at in self.restarts:
            if restarted != name:
                continue
            first = next((event for event in self.load.history.all("got") if event["at"] >= at and party in (None, event["who"])), None)
            if first:
                found.append(1000 * (first["at"] - at))
        return sorted(found)

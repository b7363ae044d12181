"""Flipped bits and cut files: every kind of byte of every file that a hub and an adapter keep. Each is found and named, or it is shown that nothing that the
file holds has changed by it; none is taken in silence, at the start or while the program runs."""
import collections
import contextlib
import json
import pathlib
import random
import shutil
import sqlite3
import uuid

import pytest
import zmq

from field import Field, wait_until
from load import AGENCIES, SEED, Load, furnish, long_or
from liaison_wire import uuid7, uuid_text
from store_pages import PAGE

CAST = [row for row in AGENCIES if row[0] in ("capitol", "troop", "northend")]  # spool, ZeroMQ, ZeroMQ
FLIPS = long_or(2, 400)  # of each class
CUTS = long_or(2, 60)
FRAME = PAGE + 24


@pytest.fixture(scope="module")
def field():
    """With a hub and an adapter that died at work: their logs hold what the files do not."""
    with Field() as made:
        made.limits = {"attempts": 1000, "redeliver_ms": "2 s", "heartbeat_ms": "2 s"}
        furnish(made, CAST).start()
        with Load(made, 80) as load:
            load.flow_for(1.5)
            made.hub.stop()
            made.start_hub()
            made.wait_connected()
            load.flow_for(0.2)
            load.settle(20)
            made.hub.kill()
            made.agencies["troop"].kill()
        for agency in made.agencies.values():
            agency.stop()
        yield made


def holdings(data, name):
    """All that a database holds, as SQLite alone would read it; None when it cannot."""
    copy = pathlib.Path(data).with_name("looked")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for path in pathlib.Path(data).glob(name + "*"):
        if not path.name.endswith(("-shm", "-mark")):
            shutil.copy(path, copy / path.name)
    try:
        database = sqlite3.connect(copy / name)
        database.text_factory = bytes
        tables = [row[0].decode() for row in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")]
        return {table: sorted(map(repr, database.execute(f"SELECT * FROM {table}"))) for table in tables}
    except sqlite3.DatabaseError:
        return None
    finally:
        database.close()
        shutil.rmtree(copy)


PAGE_KINDS = {2: "interior of a key", 5: "interior of a table", 10: "leaf of a key", 13: "leaf of a table"}


def classes_of(path):
    """Class of byte → offsets of it, for a database or its log."""
    data, found = path.read_bytes(), collections.defaultdict(list)
    if path.name.endswith("-wal"):
        found["log header"] = list(range(32))
        for start in range(32, len(data) - FRAME + 1, FRAME):
            live = data[start + 8:start + 16] == data[16:24]  # others are of an earlier round of the log, and are in the file
            found["frame header" if live else "left over"] += range(start, start + 24)
            found["frame data" if live else "left over"] += range(start + 24, start + FRAME, 61)
    elif path.name.endswith("-mark"):
        found["mark"] = list(range(len(data)))
    elif path.name.endswith(".lock"):
        found["lock file"] = list(range(len(data)))
    else:
        found["file header"] = list(range(100))
        for start in range(0, len(data), PAGE):
            kind = data[start + 100 if start == 0 else start]
            found[PAGE_KINDS.get(kind, "overflow or free page")] += range(start + (100 if start == 0 else 0), start + PAGE, 37)
            found["page's checksum"] += range(start + PAGE - 8, start + PAGE)
    return found


def faults(field, program):
    done = field.run("doctor", "-c", program.config, "--json")
    return [finding for finding in json.loads(done.stdout)["findings"] if finding["grade"] == "fault" and finding["about"] not in ("hub", "configuration")]


class Patient:
    """A program's data folder, damaged and made whole again."""

    def __init__(self, field, program, database):
        self.field, self.program, self.database = field, program, database
        self.data = program.config.parent / "data"
        self.whole = program.config.parent / "whole"
        shutil.copytree(self.data, self.whole)
        self.held = holdings(self.data, database)
        self.dice = random.Random(f"{SEED}/{program.name}")
        self.counts = collections.Counter()
        assert not faults(field, program), "before any damage"

    def heal(self):
        shutil.rmtree(self.data)
        shutil.copytree(self.whole, self.data)

    def judge(self, path, what):
        found = [finding for finding in faults(self.field, self.program) if path.name.split("-")[0] in finding["which"] or "ledger" in finding["about"]]
        if found:
            self.counts["found and named"] += 1
            return True
        same = holdings(self.data, self.database) == self.held
        assert same, f"{what}: taken in silence"
        self.counts["without any effect"] += 1
        return False

    def flip(self, path, at):
        data = bytearray(path.read_bytes())
        data[at] ^= 1 << self.dice.randrange(8)
        path.write_bytes(data)

    def files(self):
        return [path for path in sorted(self.whole.glob(f"{self.database.split('.')[0]}*")) if path.suffix in (".db", ".lock") or path.name.endswith(("-wal", "-mark"))]

    def damage_all(self):
        for source in self.files():
            path = self.data / source.name
            for kind, offsets in classes_of(source).items():
                for at in self.dice.sample(offsets, min(FLIPS, len(offsets))):
                    self.flip(path, at)
                    is_found = self.judge(path, f"{path.name}: {kind}, byte {at}")
                    assert is_found or not kind.startswith(("frame", "log")), f"{path.name}: {kind}, byte {at} was not found"
                    self.heal()
            size = source.stat().st_size
            for length in [0, *(self.dice.randrange(1, size) for _ in range(CUTS - 1))]:
                path.write_bytes(source.read_bytes()[:length])
                self.judge(path, f"{path.name} cut to {length}")
                self.heal()
            path.unlink()
            self.judge(path, f"{path.name} removed")
            self.heal()


@pytest.mark.parametrize("victim", ["hub", "troop"])
def test_damage_of_a_file_at_rest_is_found(field, victim, figure):
    program = field.hub if victim == "hub" else field.agencies[victim]
    patient = Patient(field, program, "store.db" if victim == "hub" else "adapter.db")
    patient.damage_all()
    for what, count in patient.counts.items():
        figure(f"{victim}: flips, cuts and removals {what}", count)
    figure(f"{victim}: taken in silence", 0)
    shutil.rmtree(patient.whole)


def end_of(program, limit=15):
    wait_until(lambda: not program.is_up(), limit, f"the end of {program.name}")
    code, program.process = program.process.returncode, None
    return code


def named(program, since, *events):
    lines = [line for line in program.log()[since:] if line["event"] in events and line.get("code") == "corrupt"]
    assert lines, f"{program.name} does not say it"
    return lines[-1]


def test_a_damaged_log_stops_the_start(field):
    dice = random.Random(SEED)
    for program, event in ((field.hub, "not_started"), (field.agencies["troop"], "cannot_start")):
        data = program.config.parent / "data"
        name = "store.db-wal" if program is field.hub else "adapter.db-wal"
        whole = (data / name).read_bytes()
        for _ in range(3):
            altered, classes = bytearray(whole), classes_of(data / name)
            altered[dice.choice(classes["frame header"] + classes["frame data"])] ^= 4
            (data / name).write_bytes(altered)
            since = len(program.log())
            program.start()
            assert end_of(program) == 1
            assert named(program, since, event)["field"].endswith("-wal")
            assert (data / name).read_bytes() == bytes(altered), "nothing is mended or removed"
        (data / name).write_bytes(whole)


def ask_all(agency, ids):
    """Its system wants to know what became of each."""
    with contextlib.closing(zmq.Context.instance().socket(zmq.DEALER)) as port:
        port.setsockopt(zmq.LINGER, 0)
        port.connect(agency.endpoint)
        for number in ids:
            port.send(json.dumps({"op": "status", "id": number}).encode())
        wait_until(lambda: not agency.is_up() or port.poll(50) and not port.recv(), 15, "the end over it")


def test_damage_that_is_met_while_it_runs_ends_the_program(field, figure):
    """Every page of the file but the first is altered under a program that has read none of them yet."""
    field.start_hub()
    field.hub.stop()
    troop = field.agencies["troop"]
    troop.start()
    wait_until(lambda: troop.log("uplink_failed"), 10, "the adapter's start")
    troop.stop()
    with contextlib.closing(sqlite3.connect(f"file:{troop.folder}/data/adapter.db?immutable=1", uri=True)) as database:
        sent = [str(uuid.UUID(bytes=row[0])) for row in database.execute("SELECT id FROM outbox WHERE is_receipt = 0")]
    for program, name in ((field.hub, "store.db"), (troop, "adapter.db")):
        data = program.config.parent / "data"
        whole = (data / name).read_bytes()
        since = len(program.log())
        program.start()
        if program is field.hub:
            wait_until(field.is_answering, 20, "the hub's start")
        else:
            wait_until(lambda: troop.log()[since:] and troop.log("port_open"), 10, "the adapter's start")
        with open(data / name, "r+b") as file:
            for at in range(2 * PAGE, len(whole), PAGE):
                file.seek(at + 2000)
                file.write(bytes([whole[at + 2000] ^ 1]))
        if program is field.hub:
            field.agencies["capitol"].start()
            field.agencies["northend"].start()
            for number in range(20):
                field.agencies["capitol"].drop(f"late{number}.json", {"type": "admin.message/1", "to": [field.agencies["northend"].party], "subject": {"case_no": "26-1"},
                                                                      "body": {"text": "late"}})
        else:
            ask_all(troop, sent)
        assert end_of(program, 30) == 1
        line = named(program, since, "router_failed", "storage_failed", "not_started", "cannot_start", "box_failed")
        assert "page" in line["reason"] and name in line["field"], line
        (data / name).write_bytes(whole)
        for path in data.glob(name + "-*"):
            path.unlink()
    for name in ("capitol", "northend"):
        field.agencies[name].stop()


def test_a_damaged_index_is_set_aside_and_made_anew(field):
    data = field.folder / "hub/data"
    index = data / "index.db"
    index.write_bytes(index.read_bytes()[:5000])
    since = len(field.hub.log())
    field.start_hub()
    assert named(field.hub, since, "index_set_aside")["as"] == str(data / "index.db.damaged")
    field.hub.stop()
    assert index.stat().st_size > 5000 and (data / "index.db.damaged").exists()


def word(party, text):
    return {"type": "admin.message/1", "to": [party], "subject": {"case_no": "26-1"}, "body": {"text": text}}


def damages(dice, whole):
    """The same bytes, cut and altered."""
    yield b""
    yield whole[:dice.randrange(1, len(whole) - 2)]
    for _ in range(long_or(2, 40)):
        altered = bytearray(whole)
        altered[dice.randrange(len(whole))] ^= 1 << dice.randrange(8)
        yield bytes(altered)


@pytest.fixture
def spools():
    with Field() as made:
        for name in ("capitol", "adult"):
            made.agency(name, f"ct.community.{name}", "community", zmq=False, hand_over="spool")
        yield made.start()


def test_a_damaged_status_file_is_made_anew(spools):
    """Whatever stands in it, and also when it is gone: with the next change it says what is so, and nothing else follows from it."""
    capitol, adult = spools.agencies["capitol"], spools.agencies["adult"]
    dice = random.Random(SEED)
    for number, damage in enumerate([*damages(dice, b"{ 'state': 'accepted', 'outcomes': [] }"), None]):
        adult.stop()
        name = f"status{number}.json"
        capitol.drop(name, word(adult.party, "x"))
        assert capitol.fate(name)["state"] == "accepted"
        path = next((capitol.spool / "sent").glob(f"{name}.*.status.json"))
        capitol.stop()
        if damage is None:
            path.unlink()
        else:
            path.write_bytes(damage)
        capitol.start()
        adult.start()
        wait_until(lambda path=path: path.exists() and b'"settled"' in path.read_bytes(), 20, "the next change")
        status = json.loads(path.read_text())
        assert status["id"] in path.name and [outcome["what"] for outcome in status["outcomes"]] == ["received"]
        assert len(capitol.statuses(name)) == 1 and not capitol.collect()
    wait_until(lambda: len(adult.collect()) == number + 1, 10, "the last delivery")  # it is receipted a moment before it is shown
    assert not adult.twice


def test_what_was_damaged_before_it_was_shown_is_written_anew(spools):
    """A delivery that stands hidden when its adapter dies, known as handed over, and is damaged until it starts again; and the beginning of one."""
    capitol, adult = spools.agencies["capitol"], spools.agencies["adult"]
    inbox = adult.spool / "inbox"
    capitol.drop("word.json", word(adult.party, "whole"))
    shown = wait_until(lambda: list(inbox.glob("[!.]*")), 20, "the delivery")[0]
    whole = shown.read_bytes()
    for damage in [whole, *damages(random.Random(SEED), whole)]:
        adult.kill()
        shown.unlink()
        (inbox / f".{shown.name}").write_bytes(damage)
        begun = inbox / f"..{shown.name}.x7Yq2A"
        begun.write_bytes(whole[:40])
        adult.start()
        wait_until(lambda: shown.exists() and not begun.exists(), 20, "what was hidden is shown, what was begun is gone")
        assert shown.read_bytes() == whole
        assert [path.name for path in inbox.iterdir()] == [shown.name]
    wait_until(lambda: capitol.fate("word.json")["state"] == "settled", 20, "the receipt")


def test_what_a_death_left_hidden_is_shown_in_the_order_in_which_it_came(spools):
    """Whatever their names: an id that a system has chosen says nothing of the order."""
    capitol, adult = spools.agencies["capitol"], spools.agencies["adult"]
    inbox = adult.spool / "inbox"
    ids = sorted((uuid_text(uuid7()) for _ in range(6)), reverse=True)
    capitol.drop("words.json", [{**word(adult.party, f"No. {number}"), "id": message} for number, message in enumerate(ids)])
    shown = wait_until(lambda: len(paths := list(inbox.glob("[!.]*"))) == 6 and paths, 20, "the deliveries")
    adult.kill()
    for path in shown:
        path.rename(path.with_name("." + path.name))
    adult.start()
    wait_until(lambda: not list(inbox.glob(".*")), 20, "what was hidden")
    order = sorted(inbox.iterdir(), key=lambda path: (path.stat().st_ctime_ns, ids.index(path.name[:36])))  # at the same instant any order will do
    assert [path.name[:36] for path in order] == ids


def test_a_damaged_document_is_refused_whole(spools):
    """Cut anywhere, or with a byte that no JSON has: it is put away with the reason, and nobody gets a part of it."""
    capitol, adult = spools.agencies["capitol"], spools.agencies["adult"]
    dice = random.Random(SEED)
    whole = json.dumps([word(adult.party, f"{number} of three") for number in range(3)]).encode()
    broken = [whole[:dice.randrange(1, len(whole))] for _ in range(long_or(6, 200))]
    for place in dice.sample([at for at, byte in enumerate(whole) if byte in b'{}[]":,'], long_or(6, 60)):
        broken.append(whole[:place] + bytes([whole[place] ^ 0x80]) + whole[place + 1:])
    for number, damage in enumerate(broken):
        capitol.drop(f"broken{number:03}.json", damage)
    capitol.drop("whole.json", whole)
    wait_until(lambda: len(capitol.statuses("whole.json")) == 3 and len(adult.collect()) == 3, 20, "what is whole behind it")
    for number in range(len(broken)):
        reason = (capitol.spool / f"refused/broken{number:03}.json.error").read_text()
        assert "malformed" in reason, reason
        assert (capitol.spool / f"refused/broken{number:03}.json").read_bytes() == broken[number], "it is there to be corrected"
    assert len(adult.collect()) == 3 and not adult.twice and not capitol.statuses("broken")


def test_what_is_put_away_has_its_reason_also_after_a_death(spools):
    """The adapter dies after it has moved the document and before its reason can be seen; or before it has moved it; also when there was one of that name."""
    capitol = spools.agencies["capitol"]
    refused, broken = capitol.spool / "refused", b"{"
    for number in range(2):
        capitol.drop("broken.error.json", broken)
        document = refused / f"broken.error.json{f'.{number}' if number else ''}"
        reason = document.with_name(document.name + ".error")
        text = wait_until(lambda reason=reason: reason.exists() and reason.read_text(), 20, "the refusal")
        capitol.kill()
        reason.rename(refused / ".broken.error.json.error")
        (refused / ".other.json.error").write_text("never put away")
        (refused / "..other.json.error.aB3dE6").write_text("beg")
        capitol.start()
        wait_until(reason.exists, 20, "the reason beside its document")
        wait_until(lambda: not list(refused.glob(".*")), 20, "the end of what is of no use")
        assert reason.read_text() == text and document.read_bytes() == broken

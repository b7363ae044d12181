"""What rests on the disk, sealed: nothing of a message is found in the data of a hub and of an adapter, and what becomes of lost, wrong and changed keys."""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from field import ACCEPTED, PAROLE, POLICE, Field, wait_until

NAME, GIVEN, SSN = "Quillfeather", "Zephyrine", "912847365"
PLANTED = (NAME, GIVEN, SSN, NAME.upper(), GIVEN.upper(), "CT99999999")
WARRANTS = '  { name = "warrants"; from = ["*"]; types = ["warrant.*"]; to = ["role:police", "role:parole_office"]; classes = ["CJ", "CJI"]; route = true; }'


def warrant(field, number):
    names = {"nic": f"W90000000{number}", "warrant_no": f"PR-{number}"}
    draft = field.example("warrant.issue/1")
    draft["subject"] = {**names, "sid": "CT99999999"}
    draft["body"].update(names)
    draft["body"]["person"].update(name={"family": NAME, "given": GIVEN}, dob="1987-03-19", ids={"sid": "CT99999999", "ssn": SSN})
    return draft


class Place:
    """A field whose hub and police are sealed when they are started with sealed=True."""

    def __init__(self, at):
        self.at, self.count = at, 0
        at.agreements = WARRANTS
        at.agency("parole", PAROLE, "parole_office")
        at.agency("police", POLICE, "police", ori="CT0006400")
        self.ring = at.folder / "ring"
        at.liaison("vault", "new", self.ring)

    def start(self, sealed):
        extra = f'at_rest = {{ key = "{self.ring}"; }};' if sealed else ""
        self.at.write_hub(extra=extra)
        self.at.start_hub()
        for agency in self.at.agencies.values():
            agency.more["extra"] = extra
            self.at.write_agency(agency)
            agency.start()
        self.at.wait_connected()

    def stop(self):
        for program in (*self.at.agencies.values(), self.at.hub):
            assert program.stop() == 0

    def traffic(self):
        self.count += 1
        parole, police = self.at.agencies["parole"], self.at.agencies["police"]
        parole.drop(f"{self.count}.json", warrant(self.at, self.count))
        assert parole.fate(f"{self.count}.json")["state"] in ACCEPTED
        wait_until(lambda: parole.outcomes(f"{self.count}.json"), 20, "the receipt")
        wait_until(lambda: len(police.received("warrant.issue/1")) == self.count, 20, "the warrant")

    def data(self):
        return [self.at.folder / "hub/data", *(agency.folder / "data" for agency in self.at.agencies.values())]

    def found(self):
        """Which of what was planted stands in which file."""
        return sorted({(word, path.name) for folder in self.data() for path in folder.rglob("*") if path.is_file()
                       for word in PLANTED if word.encode() in path.read_bytes()})

    def states(self):
        rows = []
        for config in (self.at.hub.config, *(agency.config for agency in self.at.agencies.values())):
            rows += self.at.ask("vault", "status", "-c", config)["files"]
        return rows

    def verify(self):
        return json.loads(self.at.liaison("ledger", "verify", self.at.folder / "hub/data", "--at-rest", self.ring, "--json"))


@pytest.fixture
def place():
    with Field() as at:
        yield Place(at)


def test_what_is_plain_is_found_and_what_is_sealed_is_not(place):
    place.start(sealed=False)
    place.traffic()
    assert {name for _, name in place.found()} >= {"adapter.db-wal", "store.db-wal"}, "the search finds nothing"
    assert place.at.hub.log("at_rest_plain") and {row["state"] for row in place.states()} == {"plain"}
    place.stop()
    assert {word for word, _ in place.found()} >= {NAME, SSN, "CT99999999"}

    place.start(sealed=True)
    assert place.at.hub.log("at_rest_sealed")[-1]["sealed_now"] == 2
    assert place.found() == []
    place.traffic()
    assert place.found() == []
    assert place.verify()["entries"] > 0
    place.stop()
    assert place.found() == [], "after the logs were merged"
    assert {row["state"] for row in place.states()} == {"sealed"} and len(place.states()) == 4

    place.start(sealed=True)
    assert place.at.hub.log("at_rest_sealed")[-1]["sealed_now"] == 0
    place.traffic()
    trace = place.at.ask("trace", "sid=CT99999999")
    assert len(trace["messages"] if isinstance(trace, dict) and "messages" in trace else trace) >= 1


def test_kills_leave_a_sealed_store_that_goes_on(place):
    place.start(sealed=True)
    for victim in ("hub", "police", "parole", "hub"):
        place.traffic()
        program = place.at.hub if victim == "hub" else place.at.agencies[victim]
        program.kill()
        program.start()
        place.at.wait_connected()
    place.traffic()
    assert place.found() == []
    assert place.verify()["entries"] > 0


def refused(program):
    program.start()
    code = program.process.wait(20)
    program.process = None
    assert code not in (0, None)
    return next(line for line in reversed(program.log()) if line["event"] in ("not_started", "cannot_start"))


def test_a_lost_or_a_wrong_key_is_said_so_and_nothing_is_touched(place):
    place.start(sealed=True)
    place.traffic()
    place.stop()
    kept = {path: path.read_bytes() for folder in place.data() for path in folder.iterdir() if path.suffix == ".db"}
    away = place.ring.rename(place.at.folder / "away")
    for program in (place.at.hub, place.at.agencies["police"]):
        assert refused(program)["code"] == "io"
    place.at.liaison("vault", "new", place.ring)
    for program in (place.at.hub, place.at.agencies["police"]):
        line = refused(program)
        assert line["code"] == "key" and "not in the ring" in line["reason"]
        program.config.write_text(program.config.read_text().replace("at_rest", "#at_rest"))
        line = refused(program)
        assert line["code"] == "key" and "no key is set" in line["reason"]
    without = place.at.run("ledger", "verify", place.at.folder / "hub/data")
    assert without.returncode != 0 and "no key is set" in without.stderr
    place.ring.chmod(0o644)
    open_ring = place.at.run("ledger", "verify", place.at.folder / "hub/data", "--at-rest", place.ring)
    assert open_ring.returncode != 0 and "set it to 600" in open_ring.stderr
    assert {path: path.read_bytes() for path in kept} == kept
    place.ring.unlink()
    away.rename(place.ring)
    place.start(sealed=True)
    place.traffic()


def test_a_rotation_seals_everything_with_a_new_key(place):
    place.start(sealed=True)
    place.traffic()
    busy = place.at.run("vault", "rotate", "-c", place.at.hub.config)
    assert busy.returncode != 0 and "stop it first" in busy.stderr
    text = place.ring.read_text()
    place.stop()
    assert place.ring.read_text() == text, "a rotation that may not begin leaves the ring as it is"

    # Each configuration has the same ring here: the first rotation makes the new key, and the old one has to stay until all are done.
    own = {}
    for program in (place.at.hub, *place.at.agencies.values()):
        own[program] = program.config.parent / "ring"
        shutil.copy(place.ring, own[program])
        program.config.write_text(program.config.read_text().replace(str(place.ring), str(own[program])))
        place.at.liaison("vault", "rotate", "-c", program.config)
        keys = [line for line in own[program].read_text().splitlines() if line.startswith("key ")]
        assert len(keys) == 1 and keys[0] not in text
        place.at.liaison("vault", "rotate", "-c", program.config)
    for row in place.states():
        assert len(row["keys"]) == 1 and row["unknown"] == 0
    for program in (place.at.hub, *place.at.agencies.values()):
        program.start()
    place.at.wait_connected()
    place.traffic()
    place.ring = own[place.at.hub]
    assert place.found() == [] and place.verify()["entries"] > 0


def test_an_interrupted_rotation_goes_on(place):
    place.start(sealed=True)
    for _ in range(3):
        place.traffic()
    place.stop()
    for attempt in range(12):
        command = subprocess.Popen([place.at.hub.program.parent / "liaison", "vault", "rotate", "-c", place.at.agencies["police"].config],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.002 * attempt)
        os.kill(command.pid, signal.SIGKILL)
        command.wait()
    place.at.liaison("vault", "rotate", "-c", place.at.agencies["police"].config)
    row = place.at.ask("vault", "status", "-c", place.at.agencies["police"].config)["files"][0]
    assert row["state"] == "sealed" and len(row["keys"]) == 1 and row["unknown"] == 0
    for name in ("hub", "parole"):
        config = place.at.hub.config if name == "hub" else place.at.agencies[name].config
        config.write_text(config.read_text().replace("at_rest", "#"))
    police = place.at.agencies["police"]
    before = len(police.log("started"))
    police.start()
    wait_until(lambda: len(police.log("started")) > before, 20, "its start")


def test_copies_of_what_is_sealed_are_sealed_and_need_its_ring(place):
    place.start(sealed=True)
    place.traffic()
    at, programs = place.at, (place.at.hub, place.at.agencies["police"])
    copies = {program: at.folder / f"copy-{program.name}" for program in programs}
    wrong = at.folder / "wrong"
    at.liaison("vault", "new", wrong)

    def with_ring(program, ring):
        """Its configuration with another ring, or none."""
        text = "\n".join(line for line in program.config.read_text().splitlines() if "at_rest" not in line)
        program.config.write_text(text + (f'\nat_rest = {{ key = "{ring}"; }};\n' if ring else "\n"))

    for program in programs:
        at.liaison("backup", "-c", program.config, copies[program])
        files = [path for path in copies[program].iterdir() if path.suffix == ".db" or "-wal" in path.name]
        assert len(files) == 1 and not any(word.encode() in files[0].read_bytes() for word in PLANTED)
    # The record in the copy: with its ring it verifies, otherwise it is said why not.
    store = copies[at.hub]
    assert json.loads(at.liaison("ledger", "verify", store, "--at-rest", place.ring, "--json"))["entries"] > 0
    for ring, why in ((None, "no key is set"), (wrong, "not in the ring")):
        done = at.run("ledger", "verify", store, *(("--at-rest", ring) if ring else ()))
        assert done.returncode != 0 and why in done.stderr, done
    place.stop()
    for program in programs:
        database = program.config.parent / "data" / ("store.db" if program is at.hub else "adapter.db")
        kept = database.read_bytes()
        for ring, why in ((None, "no key is set"), (wrong, "not in the ring")):
            with_ring(program, ring)
            for command in (("doctor", "-c", program.config), ("backup", "-c", program.config, at.folder / "none")):
                done = at.run(*command)
                assert done.returncode == 1 and why in done.stdout + done.stderr, done
            assert not (at.folder / "none/manifest.json").exists()
            shutil.rmtree(at.folder / "none", ignore_errors=True)
        assert database.read_bytes() == kept
        shutil.move(database.parent, at.folder / f"lost-{program.name}")
        for ring, why in ((None, "no key is set"), (wrong, "not in the ring")):
            with_ring(program, ring)
            done = at.run("restore", "-c", program.config, copies[program])
            assert done.returncode == 1 and why in done.stderr, done
            assert not database.exists()
        with_ring(program, place.ring)
        at.liaison("restore", "-c", program.config, copies[program])
        assert database.read_bytes() == (copies[program] / database.name).read_bytes()
    place.start(sealed=True)
    place.traffic()
    assert place.found() == [] and place.verify()["entries"] > 0


@pytest.mark.skipif(not shutil.which("softhsm2-util"), reason="softhsm2 is not installed")
def test_the_ring_may_be_sealed_by_a_key_on_a_token(place, monkeypatch):
    from test_token import PIN, Tokens
    monkeypatch.setenv("SOFTHSM2_CONF", "")
    tokens = Tokens(place.at.folder / "hsm")
    place.ring.unlink()
    place.at.liaison("vault", "new", place.ring, "--wrap", tokens.uri("at-rest"))
    assert "wrap pkcs11:" in place.ring.read_text()
    place.start(sealed=True)
    place.traffic()
    assert place.found() == [] and place.verify()["entries"] > 0
    place.stop()
    away = tokens.store.rename(tokens.folder / "away")
    line = refused(place.at.hub)
    assert line["code"] == "token" and PIN not in json.dumps(line)
    away.rename(tokens.store)
    place.start(sealed=True)

"""Copies of a hub and of an adapter that are made while messages pass, verified, put back in an empty folder, and gone on from; and a doctor that finds what is
wrong and says what to do."""
import json
import shutil
import time

import pytest

from field import Field, wait_until
from load import AGENCIES, Load, furnish
from small_disk import SmallDisk

CAST = [row for row in AGENCIES if row[0] in ("capitol", "adult", "troop", "northend")]  # spool, spool, ZeroMQ, ZeroMQ
LIMITS = {"attempts": 1000, "redeliver_ms": "2 s", "heartbeat_ms": "2 s", "heads_ms": "100 ms"}


@pytest.fixture
def field():
    with Field() as made:
        made.limits = LIMITS
        yield furnish(made, CAST)


def test_a_copy_is_made_under_load_verified_and_gone_on_from(field, figure):
    hub, troop = field.hub, field.agencies["troop"]
    field.start()
    copies = field.folder / "copies"
    with Load(field, 60) as load:
        load.flow_for(1)
        for victim, name in ((hub, "hub"), (troop, "troop")):
            begin = time.monotonic()
            field.liaison("backup", "-c", victim.config, copies / name)
            figure(f"{name}: copy of a database in use", round(1000 * (time.monotonic() - begin)), "ms")
        load.flow_for(0.5)
        again = field.run("backup", "-c", hub.config, copies / "hub")
        assert again.returncode == 2 and "something in it" in again.stderr
        numbers = load.settle(30)
        figure("messages accounted for, with copies made meanwhile", numbers["messages"])
    manifest = json.loads((copies / "hub/manifest.json").read_text())
    assert manifest["party"] == "ct.hub" and manifest["ledger"]["size"] > 10 and not (copies / "hub/signing.key").exists()
    assert field.verify_ledger(copies / "hub")["entries"] == manifest["ledger"]["size"]
    refused = field.run("restore", "-c", hub.config, copies / "hub")
    assert refused.returncode == 2 and "nothing is overwritten" in refused.stderr
    for agency in field.agencies.values():
        agency.stop()
    hub.stop()

    # The hub's disk is lost. The agencies have seen more of the ledger than the copy has, and say so.
    (field.folder / "hub/data").rename(field.folder / "lost")
    shown = field.liaison("restore", "-c", hub.config, copies / "hub")
    assert f"{manifest['ledger']['size']} entries" in shown
    field.start_hub()
    assert field.verify_ledger()["entries"] >= manifest["ledger"]["size"]
    troop.start()
    wait_until(lambda: troop.log("history_rewritten"), 20, "the adapter's refusal")
    troop.stop()
    # An agency that has seen nothing of it goes on at once.
    shutil.rmtree(field.agencies["capitol"].folder / "data")
    shutil.rmtree(field.agencies["northend"].folder / "data")
    for name in ("capitol", "northend"):
        field.agencies[name].start()
    field.wait_connected("capitol", "northend")
    field.agencies["capitol"].drop("after.json", {"type": "admin.message/1", "to": [field.agencies["northend"].party], "subject": {"case_no": "26-1"}, "body": {"text": "after"}})
    assert field.agencies["capitol"].fate("after.json")["state"] in ("accepted", "settled")


def accept_history(field, agency):
    """As its operator does, who has been told by telephone."""
    wait_until(lambda: agency.log("history_rewritten"), 20, "the adapter's refusal")
    refused = field.ask("status", "--port", agency.endpoint)["history"]["refused"]
    agency.stop()
    field.liaison("adapter", "accept-history", "-c", agency.config, "--size", refused["size"], "--root", refused["root"], "--by", "M. Alvarez", "--why",
                  "restored from the copy of last night")
    agency.start()


def test_a_hub_from_an_older_copy_brings_what_was_received_again_and_is_answered_again():
    """The copy still holds a delivery that has ended since: its recipient has it, hands it over no second time, and says so once more."""
    with Field() as field:
        capitol, adult = (field.agency(name, f"ct.community.{name}", "community", hand_over="spool") for name in ("capitol", "adult"))
        field.limits = {**LIMITS, "redeliver_ms": "300 ms", "attempts": 5}
        field.start()
        adult.stop()
        capitol.drop("late.json", {"type": "admin.message/1", "to": [adult.party], "subject": {"case_no": "26-1"}, "body": {"text": "late"}})
        assert capitol.fate("late.json")["state"] == "accepted"
        field.liaison("backup", "-c", field.hub.config, field.folder / "copy")
        adult.start()
        wait_until(lambda: capitol.fate("late.json")["state"] == "settled", 20, "the receipt")
        size = field.verify_ledger()["entries"]
        for agency in (capitol, adult):
            wait_until(lambda agency=agency: field.ask("status", "--port", agency.endpoint)["history"]["size"] >= size, 10, "what the adapter knows of the ledger")
        for agency in field.agencies.values():
            agency.stop()
        field.hub.stop()
        (field.folder / "hub/data").rename(field.folder / "lost")
        field.liaison("restore", "-c", field.hub.config, field.folder / "copy")
        field.start_hub()
        for agency in (capitol, adult):
            agency.start()
            accept_history(field, agency)
        field.wait_connected("capitol", "adult")
        wait_until(lambda: not sum(row["count"] for row in field.ask("queues")["queues"]), 20, "the end of the delivery")
        assert not field.ask("dead", "list")["dead"]
        assert len(adult.collect()) == 1 and not adult.twice
        assert [outcome["what"] for outcome in capitol.outcomes("late.json")] == ["received"]
        assert field.verify_ledger()


def test_an_adapter_goes_on_from_its_copy(field, figure):
    """Without its database an adapter would forget what it has in hand; with the copy it takes up there, and nothing comes twice of what the copy knows."""
    troop = field.agencies["troop"]
    field.start()
    with Load(field, 40) as load:
        load.flow_for(0.7)
        load.drain(20)
        field.liaison("backup", "-c", troop.config, field.folder / "copy", "--keys")
        assert (field.folder / "copy/signing.key").exists()
        troop.stop()
        (troop.folder / "data").rename(troop.folder / "lost")
        field.liaison("restore", "-c", troop.config, field.folder / "copy")
        troop.start()
        load.flow_for(0.7)
        numbers = load.settle(30)
        figure("adapter: messages accounted for across a restore", numbers["messages"])


def test_where_there_is_no_room_there_is_no_copy_and_no_store(field):
    field.start()
    with Load(field, 60) as load:
        load.flow_for(1)
        load.settle(20)
    hub, small = field.hub, field.folder / "small"
    with SmallDisk(small, 1) as disk:
        disk.fill(64 << 10)
        done = field.run("backup", "-c", hub.config, small / "copy")
        assert done.returncode == 1 and "full" in done.stderr, done
        assert not (small / "copy/manifest.json").exists()
        begun = field.run("restore", "-c", hub.config, small / "copy")
        assert begun.returncode == 1, begun
    field.liaison("backup", "-c", hub.config, field.folder / "copy")
    for agency in field.agencies.values():
        agency.stop()
    hub.stop()
    data = field.folder / "hub/data"
    data.rename(field.folder / "lost")
    with SmallDisk(data, 1) as disk:
        disk.fill(64 << 10)
        done = field.run("restore", "-c", hub.config, field.folder / "copy")
        assert done.returncode == 1 and "full" in done.stderr, done
        assert not (data / "store.db").exists()
        disk.empty()
        disk.fill(900 << 10)  # room enough: the same words once more
        field.liaison("restore", "-c", hub.config, field.folder / "copy")
        assert (data / "store.db").read_bytes() == (field.folder / "copy/store.db").read_bytes()


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0x10]))


def test_a_copy_that_was_altered_is_not_put_back(field):
    field.start()
    field.liaison("backup", "-c", field.hub.config, field.folder / "copy")
    for agency in field.agencies.values():
        agency.stop()
    field.hub.stop()
    (field.folder / "hub/data").rename(field.folder / "lost")
    flip(field.folder / "copy/store.db", 5000)
    done = field.run("restore", "-c", field.hub.config, field.folder / "copy")
    assert done.returncode == 1 and "corrupt" in done.stderr
    assert not (field.folder / "hub/data/store.db").exists()


def diagnose(field, program, wanted=0):
    done = field.run("doctor", "-c", program.config, "--json")
    assert done.returncode == wanted, done
    return json.loads(done.stdout)["findings"]


def faults(findings):
    return {finding["about"]: finding for finding in findings if finding["grade"] == "fault"}


def test_the_doctor_finds_what_is_wrong_and_says_what_to_do(field):
    hub, capitol = field.hub, field.agencies["capitol"]
    field.start()
    with Load(field, 40) as load:
        load.flow_for(0.5)
        assert not faults(diagnose(field, hub)), "of a hub that runs"
        assert not faults(diagnose(field, capitol)), "of an adapter that runs"
        load.settle(20)
    capitol.stop()
    hub.stop()
    assert not faults(diagnose(field, hub))
    assert "hub" in faults(diagnose(field, capitol, 1)), "nobody listens there"
    (field.folder / "hub/signing.key").chmod(0o644)
    found = faults(diagnose(field, hub, 1))
    assert "signing.key" in found["configuration"]["reason"] and "600" in found["configuration"]["reason"], found
    (field.folder / "hub/signing.key").chmod(0o600)
    store = field.folder / "hub/data/store.db"
    whole = store.read_bytes()
    flip(store, len(whole) - 2000)
    found = faults(diagnose(field, hub, 1))
    assert found["store"]["which"] == str(store) and f"page {len(whole) // 4096} " in found["store"]["reason"]
    store.write_bytes(whole)
    store.rename(store.with_suffix(".away"))
    assert "restore" in faults(diagnose(field, hub, 1))["store"]["remedy"]
    store.with_suffix(".away").rename(store)
    hub.config.write_text(hub.config.read_text().replace("heartbeat_ms", "heartbeat_mss"))
    assert "configuration" in faults(diagnose(field, hub, 1))
    text = field.run("doctor", "-c", capitol.config)
    assert text.returncode == 1 and "fault    hub 127.0.0.1" in text.stdout
    field.write_hub()
    flip(capitol.folder / "data/adapter.db", 9000)
    assert "page 3 " in faults(diagnose(field, capitol, 1))["database"]["reason"]
    flip(capitol.folder / "data/adapter.db", 9000)

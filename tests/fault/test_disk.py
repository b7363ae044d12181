"""Disks that fill up while messages pass, each of a hub's and an adapter's folders by itself, and then have space again: nothing that was accepted is
gone, nobody is restarted, and the log says it once. A disk that fails at a sync ends the program that asked for it: what it forgot is not known."""
import contextlib
import errno
import time

import pytest

from field import Field, wait_until
from load import AGENCIES, Load, furnish, long_or
from shim import Shim, build
from small_disk import SmallDisk

CAST = [row for row in AGENCIES if row[0] in ("capitol", "adult", "troop", "northend")]  # spool, spool, ZeroMQ, ZeroMQ
LIMITS = {"attempts": 1000, "redeliver_ms": "2 s", "heartbeat_ms": "2 s"}
FULL_S = long_or(1.5, 30)
LINES_MAX = 12


@pytest.fixture
def field():
    with Field() as made:
        made.limits = LIMITS
        yield furnish(made, CAST)


def complaints(program, since):
    """The lines of its log that speak of a full disk."""
    return [line for line in program.log()[since:] if line.get("code") == "full"]


def play(field, folder, victim, figure, name, megabytes=24):
    """The load goes on while the disk of a folder is full, and everything comes to its end after it."""
    with SmallDisk(folder, megabytes) as disk:
        field.start()
        with Load(field, 30) as load:
            load.flow_for(0.5)
            before = len(victim.log())
            load.history.note("fault", name="full disk", victim=str(folder.relative_to(field.folder)))
            disk.fill()
            load.flow_for(FULL_S)
            lives = [(program, program.pid) for program in (field.hub, *field.agencies.values())]
            yield load, disk
            disk.empty()
            freed = load.now()
            load.flow_for(0.5)
            numbers = load.settle(45)
            told = complaints(victim, before)
            for program, pid in lives:
                assert program.is_up() and program.pid == pid, f"{program.name} was not to end"
            figure(f"{name} full for {FULL_S} s: messages accounted for", numbers["messages"])
            figure(f"{name}: lines in the log about it", len(told))
            first = next((event for event in load.history.all("got") if event["at"] > freed), None)
            figure(f"{name}: first delivery after there is space", round(1000 * (first["at"] - freed)) if first else None, "ms")
            assert len(told) <= LINES_MAX, told
        for program in (*field.agencies.values(), field.hub):
            program.stop()


def test_the_hubs_store_is_full(field, figure):
    for _, _ in play(field, field.folder / "hub/data", field.hub, figure, "store"):
        status = field.run("status")
        assert status.returncode != 0 and "full" in status.stderr + status.stdout, status
        assert field.hub.log("store_full"), "the log says it"
    assert field.hub.log("store_recovered")


def test_an_adapters_database_is_full(field, figure):
    agency = field.agencies["troop"]
    for _, _ in play(field, agency.folder / "data", agency, figure, "adapter's database"):
        status = field.run("--port", agency.endpoint, "status")
        assert status.returncode != 0 and "full" in status.stderr + status.stdout, status


def test_a_spool_is_full(field, figure):
    """With outbox, sent, refused and inbox: documents move between them by a rename, so that they are on one disk."""
    agency = field.agencies["adult"]
    drop = agency.drop

    def drop_patiently(name, document):
        def is_written():
            with contextlib.suppress(OSError):
                drop(name, document)
                return True
        wait_until(is_written, 60, "space for a document of the agency's own system")
    agency.drop = drop_patiently
    for _, _ in play(field, agency.spool, agency, figure, "spool"):
        pass


def test_the_log_is_full(field, figure):
    for _, _ in play(field, field.folder / "log", field.hub, figure, "log", megabytes=2):
        assert field.status(), "the hub answers all the same"


@pytest.mark.parametrize("victim", ["hub", "troop", *long_or([], ["adult"])])
def test_a_failed_sync_ends_the_program_and_nothing_is_pretended(field, victim, figure):
    program = field.hub if victim == "hub" else field.agencies[victim]
    folder = field.folder / "hub/data" if victim == "hub" else program.folder / "data"
    shim = Shim(program, folder, build(field.folder))
    shim.rule("")
    field.start()
    with Load(field, 30) as load:
        load.flow_for(0.5)
        syncs = shim.count_of("fdatasync")
        load.history.note("fault", name="EIO at a sync", victim=victim)
        shim.now(errno.EIO, "fdatasync")
        begin = time.monotonic()
        wait_until(lambda: not program.is_up(), 15, "the end of the program")
        figure(f"{victim}: from the first failed sync to the end of the program", round(1000 * (time.monotonic() - begin)), "ms")
        failed = shim.count_of("fdatasync") - syncs
        assert program.process.returncode not in (0, -6, -11), program.process.returncode
        assert [line for line in program.log() if line.get("code") == "io" and line.get("level") == "error"]
        assert failed <= 12, f"a sync that failed is not tried again: {failed}"
        program.process = None
        shim.rule("")
        program.start()
        load.flow_for(0.5)
        numbers = load.settle(45)
        figure(f"{victim}: messages accounted for, with a life ended by EIO", numbers["messages"])

"""The hub's own doors on its host, and one identity used twice: who may not speak at the control socket, at the feed of events and at an adapter's port,
and what becomes of a second adapter of the same party.

Elsewhere: modes of the port in tests/system/test_port.py; questions that are none in tests/unit/broker/admin; two brokers on one database in
tests/system/test_kill.py."""
import json
import os
import shutil
import socket
import stat
import subprocess
import time

import pytest
import zmq

from field import BIN, FACILITY, POLICE, Field, Program, wait_until

NOBODY = 65534


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.agency("police", POLICE, "police")
        made.agency("osborn", FACILITY, "facility")
        made.start()
        yield made


def path_of(endpoint):
    return endpoint.removeprefix("ipc://")


def as_nobody(act):
    """What act() gives, as text, in a child that is another user; skipped where that cannot be."""
    if os.geteuid() != 0:
        pytest.skip("only root becomes another user")
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            said = act()
        except BaseException as why:  # told to the parent
            said = type(why).__name__
        os.write(write, str(said).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def connect(endpoint):
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path_of(endpoint))
        return "connected"


@pytest.mark.parametrize("which", ["control", "events", "port"])
def test_another_user_may_not_speak(field, which):
    os.chmod(field.folder, 0o755)  # it is the socket that must refuse, not the test's folder
    os.chmod(field.folder / "run", 0o755)
    endpoint = {"control": field.control, "events": field.events, "port": field.agencies["police"].endpoint}[which]
    about = os.stat(path_of(endpoint))
    assert stat.S_ISSOCK(about.st_mode) and about.st_uid == os.geteuid() and stat.S_IMODE(about.st_mode) & 0o007 == 0
    assert which == "port" or stat.S_IMODE(about.st_mode) == 0o600
    assert connect(endpoint) == "connected"
    assert as_nobody(lambda: connect(endpoint)) == "PermissionError"


def test_another_user_has_no_answer_from_the_command(field):


    os.chmod(field.folder, 0o755)
    os.chmod(field.folder / "run", 0o755)

    def ask():
        done = subprocess.run([BIN / "liaison", "status", "--json", "--timeout", "1s"], capture_output=True, text=True, timeout=20,
                              env={**os.environ, "LIAISON_CONTROL": field.control})
        return f"{done.returncode} {done.stdout.strip()[:40]}"
    said = as_nobody(ask)
    assert said == "PermissionError" or not said.startswith("0") and "{" not in said, said


def test_the_folders_of_hub_and_adapters_are_closed_to_others(field):
    for folder in (field.folder / "hub/data", field.folder / "police/data"):
        assert stat.S_IMODE(os.stat(folder).st_mode) & 0o007 == 0
        for path in folder.rglob("*"):
            assert stat.S_IMODE(os.lstat(path).st_mode) & 0o007 == 0 or stat.S_ISDIR(os.lstat(path).st_mode), path


BAD = [b"", b"{", b"[]", b"null", b'{"op":1}', b'{"op":"erase everything"}', b'{"op":"status"} {"op":"status"}', b'{"op":' + b"[" * 30000 + b"}",
       b'{"op":"trace","what":"' + b"x" * 60000 + b'"}', b'{"op":"trace","what":"x","most":99999999999999999999}', b"\xff\xfe", b'{"op":"dead.show","id":"../../x"}',
       b'{"op":"status","op":"reload"}', b"\x81\xa2op\xa6status", b'{"op":"status\\u0000"}']


@pytest.mark.parametrize("question", BAD, ids=range(len(BAD)))
def test_a_question_that_is_none_is_answered_with_a_code(field, question):
    with zmq.Context.instance().socket(zmq.DEALER) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.connect(field.control)
        client.send(question)
        assert client.poll(10000), "no answer"
        answer = json.loads(client.recv())
        assert answer["error"]["code"] in ("malformed", "usage", "too_large", "not_found"), answer
    assert field.status()


def test_a_flood_at_the_control_socket_takes_nothing_from_the_links(field):
    police = field.agencies["police"]
    with zmq.Context.instance().socket(zmq.DEALER) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.setsockopt(zmq.SNDHWM, 100000)
        client.connect(field.control)
        for _ in range(5000):
            client.send(b'{"op":"agencies"}')
        begun = time.monotonic()
        police.drop("during.json", {"type": "admin.message/1", "to": [FACILITY], "body": {"text": "During."}})
        assert police.fate("during.json", 10)["state"] in ("accepted", "settled")
        assert time.monotonic() - begun < 10
    wait_until(field.status, 20, "an answer again")


# ---- one identity twice ----

def test_a_second_adapter_on_the_same_data_is_refused(field):
    police = field.agencies["police"]
    done = subprocess.run([police.program, "-c", police.config], capture_output=True, text=True, timeout=20)
    assert done.returncode != 0 and "busy" in done.stderr, done.stderr
    assert police.is_up() and police.is_open()


def test_two_adapters_of_one_party_neither_storm_nor_lose(field, figure):
    """Two machines with the same papers: the newer link stays, the older comes again; at the pace of its backoff, and nothing is lost or doubled."""
    police, folder = field.agencies["police"], field.folder / "twin"
    shutil.copytree(police.folder, folder, ignore=shutil.ignore_patterns("data", "spool", "taken"))
    (folder / "spool").mkdir()
    text = police.config.read_text().replace(police.endpoint, f"ipc://{field.folder}/run/twin")
    (folder / "adapter.cfg").write_text(text)

    twin = Program("twin", "liaison-adapter", folder / "adapter.cfg", field.folder / "log/twin.log")
    before, begun = len(field.hub.log("link_up", party=POLICE)), time.monotonic()
    twin.start()
    try:
        wait_until(lambda: field.hub.log("link_down", code="superseded", party=POLICE), 10, "the one pushing the other out")
        for i in range(5):
            police.drop(f"twin{i}.json", {"type": "admin.message/1", "to": [FACILITY], "body": {"text": f"twin {i}"}})
        for i in range(5):
            assert police.fate(f"twin{i}.json", 30)["state"] in ("accepted", "settled")
        end = begun + 4
        wait_until(lambda: time.monotonic() > end, 5, "the time")
        ups = len(field.hub.log("link_up", party=POLICE)) - before
    finally:
        twin.stop()
    figure("links a second of two adapters of one party (backoff 20 to 200 ms)", round(ups / (time.monotonic() - begun), 1), "/s")
    assert ups <= 200
    osborn = field.agencies["osborn"]
    wait_until(lambda: sum("twin " in text for text in osborn.collect().values()) == 5, 20, "all five")
    assert not osborn.twice
    wait_until(police.is_open, 10, "the link of the first")

"""What somebody who may write to an adapter's spool can put there: links, pipes, devices, folders, names, sizes, files that are still written; documents
that blow up when they are read. None is followed, none blocks the adapter, nothing outside is read, moved or written; each is told by a line with a code,
or by a `.error` beside the document, and the good document beside it is sent.

Elsewhere: what each format refuses, line by line, in tests/system/test_convert.py and tests/unit/adapters; parsers byte by byte in tests/fuzz; names of
documents that are sent twice in tests/unit/adapters/runtime/port_spool_test.c."""
import contextlib
import json
import os
import stat
import time

import msgpack
import pytest
import zmq

import honest
from field import FACILITY, IS_LONG, POLICE, Field, wait_until

MIB = 1024
COUNT = 5000 if IS_LONG else 300
SECRET = "what no document may ever hold"


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.agency("police", POLICE, "police")
        made.agency("osborn", FACILITY, "facility", format="niem", extra='limits = { document_bytes = "1 MiB"; };')
        config = made.write_agency

        def write(agency, port=None):
            config(agency, port)
            text = agency.config.read_text()
            first, rest = text.split("limits = {", 1)
            if "document_bytes" in rest:
                text = first + "limits = { document_bytes = \"1 MiB\"; " + rest.replace('limits = { document_bytes = "1 MiB"; };', "")
            agency.config.write_text(text)
        made.write_agency = write
        made.start()
        made.secret = made.folder / "secret.json"
        made.secret.write_text(json.dumps({"type": "admin.message/1", "to": [FACILITY], "body": {"text": SECRET}}))
        made.secret.chmod(0o600)
        made.count = 0
        yield made


def still_serves(field, name="police", limit=10):
    """A good document goes its way."""
    field.count += 1
    good = f"good{field.count}.json"
    agency = field.agencies[name]
    agency.drop(good, {"type": "admin.message/1", "to": [FACILITY if name == "police" else POLICE], "body": {"text": "Radio check."}})
    assert agency.fate(good, limit)["state"] in ("accepted", "settled")


def left(agency, code, before=0):
    """The lines that tell of what was left; bursts are held back, so the folder is touched until one has come."""
    def lines():
        (agency.spool / "outbox" / ".touched").touch()
        (agency.spool / "outbox" / ".touched").unlink()
        return agency.log("document_left", code=code)[before:]
    return wait_until(lines, 12, f"the line with {code}")


def untouched(field):
    assert field.secret.exists() and not field.secret.is_symlink() and SECRET in field.secret.read_text()
    assert not any(SECRET in text for agency in field.agencies.values() for text in agency.collect().values())
    for agency in field.agencies.values():
        for folder in ("sent", "refused", "inbox"):
            for path in (agency.spool / folder).iterdir():
                with contextlib.suppress(FileNotFoundError):  # hidden, and renamed meanwhile
                    assert path.is_symlink() or SECRET not in path.read_text(errors="replace"), path


# ---- what is no file ----

def link(path, field):
    path.symlink_to(field.secret)


def dangling(path, field):
    path.symlink_to(field.folder / "nowhere")


def own_link(path, field):
    path.symlink_to(path.name)


def to_device(path, field):
    path.symlink_to("/dev/zero")


def pipe(path, field):
    os.mkfifo(path)


def folder(path, field):
    path.mkdir()
    (path / "inside.json").write_text("{}")


def socket_file(path, field):
    import socket
    with socket.socket(socket.AF_UNIX) as made:
        here = os.getcwd()
        os.chdir(path.parent)  # the path may be longer than a socket's
        try:
            made.bind(path.name)
        finally:
            os.chdir(here)


def device(path, field):
    if os.geteuid() != 0:
        pytest.skip("only root makes devices")
    try:
        os.mknod(path, 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("no devices in this container")


@pytest.mark.parametrize("make", [link, dangling, own_link, to_device, pipe, folder, socket_file, device], ids=lambda make: make.__name__)
def test_what_is_no_file_is_left_and_told(field, make):
    police = field.agencies["police"]
    path, lines = police.spool / "outbox" / f"{make.__name__}.json", len(police.log("document_left", code="malformed"))
    make(path, field)
    still_serves(field)
    line = left(police, "malformed", lines)[0]
    assert line["name"] == path.name, line
    assert os.path.lexists(path), "it is nobody's to move"
    untouched(field)
    if path.is_dir() and not path.is_symlink():
        (path / "inside.json").unlink()
        path.rmdir()
    else:
        path.unlink()


def test_a_file_that_has_another_name_elsewhere_is_not_read(field):
    """A hard link is how one hands over what one may not read."""
    police = field.agencies["police"]
    path = police.spool / "outbox" / "hard.json"
    os.link(field.secret, path)
    still_serves(field)
    assert left(police, "permission")[-1]["name"] == "hard.json"
    untouched(field)
    path.unlink()


def test_a_file_that_becomes_a_link_after_it_was_listed_is_not_followed(field):
    police = field.agencies["police"]
    path, end = police.spool / "outbox" / "quick.json", time.monotonic() + 2
    while time.monotonic() < end:
        beside = police.spool / "outbox" / ".quick"
        beside.write_text("{}")
        beside.rename(path)
        beside.symlink_to(field.secret)
        beside.rename(path)
    path.unlink(missing_ok=True)
    still_serves(field)
    untouched(field)


def test_links_in_place_of_what_the_adapter_writes_are_replaced_not_followed(field):
    """Whoever may write to sent/ and refused/ cannot have the adapter write through a link of theirs."""
    police = field.agencies["police"]
    for name in ("bad.json.error", "bad.json"):
        (police.spool / "refused" / name).symlink_to(field.secret)
    police.drop("bad.json", "{")
    wait_until(lambda: list((police.spool / "refused").glob("bad.json.1*")), 10, "the refused document")
    still_serves(field)
    untouched(field)
    assert (police.spool / "refused" / "bad.json").is_symlink(), "what stood there was not overwritten"
    for name in ("bad.json.error", "bad.json"):
        (police.spool / "refused" / name).unlink(missing_ok=True)


# ---- names ----

NAMES = ["..%2f..%2fsecret.json", "....json", "a\nb.json", "a\tb.json", "-rf.json", "$(id).json", "`id`.json", "a;b.json", "*.json", "\udcff\udcfe.json",
         "a\x1b[2Jb.json", "a" * 190 + ".json", ".hidden.json", "x.json.tmp", "noending", "%s%n%x.json", "💥.json"]


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_a_strange_name_is_a_name(field, name):
    police = field.agencies["police"]
    police.drop(name, {"type": "admin.message/1", "to": [FACILITY], "body": {"text": "Odd."}})
    outbox = police.spool / "outbox" / name
    still_serves(field)
    if name.startswith(".") or name.endswith(".tmp"):
        assert outbox.exists(), "what is hidden or unfinished is not taken"
        outbox.unlink()
        return
    wait_until(lambda: not outbox.exists(), 10, "its way")
    where = "refused" if name == "noending" else "sent"
    assert name in os.listdir(police.spool / where)
    assert all(line.isprintable() for line in police.log_file.read_text(errors="surrogateescape").splitlines())
    untouched(field)


def test_a_name_that_is_too_long_is_told_and_not_forgotten(field):
    police = field.agencies["police"]
    name = "n" * 230 + ".json"
    police.drop(name, {"type": "admin.message/1", "to": [FACILITY], "body": {"text": "Long."}})
    still_serves(field)
    assert left(police, "too_large")[-1]["name"].startswith("nnn")
    (police.spool / "outbox" / name).unlink()


# ---- sizes ----

def refusal(agency, name):
    path = agency.spool / "refused" / f"{name}.error"
    return wait_until(lambda: path.exists() and path.read_text(), 20, f"the refusal of {name}")


def test_a_huge_file_is_refused_before_it_is_read(field, figure):
    osborn = field.agencies["osborn"]
    before = honest.memory_kib(osborn.pid)
    path = osborn.spool / "outbox" / ".huge.json"
    with open(path, "wb") as file:
        file.truncate(8 << 30)
    path.rename(osborn.spool / "outbox" / "huge.json")
    assert "too_large" in refusal(osborn, "huge.json")
    figure("adapter's memory more after a document of 8 GiB", max(0, honest.memory_kib(osborn.pid) - before), "KiB")
    assert honest.memory_kib(osborn.pid) - before < 8 * MIB
    (osborn.spool / "refused/huge.json").unlink()


def test_a_file_that_is_still_written_is_not_taken_half(field):
    """Against the rule that it is put there whole: what is read is what stands there before and after."""
    police = field.agencies["police"]
    path, end, lines = police.spool / "outbox" / "growing.json", time.monotonic() + 1.5, 0
    with open(path, "w") as file:
        file.write("[")
        while time.monotonic() < end:
            file.write(json.dumps({"type": "admin.message/1", "to": [FACILITY], "body": {"text": f"row {lines}"}}) + ",")
            file.flush()
            lines += 1
    if path.exists():
        path.unlink()
        assert not police.statuses("growing.json")
    else:
        assert "malformed" in refusal(police, "growing.json"), "an unfinished array is none"
    assert not any("row" in text for text in field.agencies["osborn"].collect().values())
    still_serves(field)


def test_many_files_do_not_keep_the_others_waiting(field, figure):
    """Read in turns: links, ports and deliveries go on between them."""
    police, osborn = field.agencies["police"], field.agencies["osborn"]
    for i in range(COUNT):
        (police.spool / "outbox" / f"junk{i:05}.json").write_text("{")
    begun = time.monotonic()
    osborn.drop("through.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": "Through."}})
    assert osborn.fate("through.json")["state"] in ("accepted", "settled")
    wait_until(lambda: any("Through." in text for text in police.collect().values()), 20, "the delivery")
    figure(f"a delivery to an adapter that finds {COUNT} bad documents took", round(time.monotonic() - begun, 2), "s")
    wait_until(lambda: not list((police.spool / "outbox").glob("junk*")), 60, "their refusal")
    for path in (police.spool / "refused").glob("junk*"):
        path.unlink()


# ---- documents that blow up ----

XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
LAUGHS = XML_HEAD + "<!DOCTYPE x [<!ENTITY a0 \"ha\">" + "".join(f"<!ENTITY a{i} \"{f'&a{i - 1};' * 10}\">" for i in range(1, 12)) + "]><x>&a11;</x>"
XML = {
    "entities in entities": LAUGHS,
    "one long entity, often": XML_HEAD + f'<!DOCTYPE x [<!ENTITY a "{"x" * 50000}">]><x>{"&a;" * 50000}</x>',
    "an entity of itself": XML_HEAD + '<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]><x>&a;</x>',
    "a file of the host": XML_HEAD + '<!DOCTYPE x [<!ENTITY a SYSTEM "file://SECRET">]><x>&a;</x>',
    "a page of the net": XML_HEAD + '<!DOCTYPE x [<!ENTITY a SYSTEM "http://127.0.0.1:PORT/">]><x>&a;</x>',
    "a parameter entity": XML_HEAD + '<!DOCTYPE x [<!ENTITY % a SYSTEM "file://SECRET"> %a;]><x/>',
    "an outside definition": XML_HEAD + '<!DOCTYPE x SYSTEM "file://SECRET"><x/>',
    "an inclusion": XML_HEAD + '<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="file://SECRET"/></x>',
    "a stylesheet": XML_HEAD + '<?xml-stylesheet href="file://SECRET"?><x/>',
    "elements in elements": XML_HEAD + "<a>" * 100000,
    "elements in elements, closed": XML_HEAD + "<a>" * 60000 + "</a>" * 60000,
    "attributes without end": XML_HEAD + "<x " + " ".join(f'a{i}=""' for i in range(60000)) + "/>",
    "one attribute": XML_HEAD + f'<x a="{"y" * 900000}"/>',
    "namespaces without end": XML_HEAD + "<x " + " ".join(f'xmlns:a{i}="u{i}"' for i in range(30000)) + "/>",
    "comments": XML_HEAD + "<!--x-->" * 100000 + "<x/>",
    "UTF-16": ('<?xml version="1.0" encoding="UTF-16"?><x/>').encode("utf-16"),
    "UTF-7": '<?xml version="1.0" encoding="UTF-7"?><x>+ADw-</x>',
    "no XML but packed XML": b"\x1f\x8b\x08\x00" + os.urandom(2000),
}


@pytest.mark.parametrize("name", XML)
def test_xml_that_blows_up_is_refused(field, figure, name):
    osborn, document = field.agencies["osborn"], XML[name]
    before, begun = honest.memory_kib(osborn.pid), time.monotonic()
    file = f"bomb{list(XML).index(name)}.xml"
    text = document if isinstance(document, bytes) else document.replace("SECRET", str(field.secret)).replace("PORT", str(field.port)).encode()
    osborn.drop(file, text)
    said = refusal(osborn, file)
    took, grew = time.monotonic() - begun, honest.memory_kib(osborn.pid) - before
    assert "malformed" in said or "too_large" in said or "schema" in said or "unknown_type" in said, said
    assert SECRET not in said and took < 10 and grew < 48 * MIB, (took, grew)
    figure(f"adapter's memory more after XML with {name}", max(0, grew), "KiB")
    untouched(field)


def test_the_adapter_serves_after_the_xml(field):
    still_serves(field, "osborn")


DEEP = 100000
JSON = {
    "arrays in arrays": b"[" * DEEP,
    "arrays in arrays, closed": b"[" * DEEP + b"]" * DEEP,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "many of none": b"[" + b",".join([b"{}"] * 200000) + b"]",
    "a number without end": b'{"type":' + b"9" * 500000 + b"}",
    "an exponent": b'{"type": 1e999999999}',
    "a key without end": b'{"' + b"k" * 900000 + b'":1}',
    "keys twice": b'{"type":"a","type":"b"}',
    "a NUL": b'{"type":"admin.message/1\\u0000","to":[],"body":{}}',
    "half a surrogate": b'{"type":"\\ud800"}',
}


@pytest.mark.parametrize("name", JSON)
def test_json_that_blows_up_is_refused(field, name):
    osborn = field.agencies["osborn"]
    before, begun = honest.memory_kib(osborn.pid), time.monotonic()
    file = f"json{list(JSON).index(name)}.json"
    osborn.drop(file, JSON[name])
    said = refusal(osborn, file)
    assert time.monotonic() - begun < 10 and honest.memory_kib(osborn.pid) - before < 48 * MIB, said


PACKED = {
    "an array of four thousand million": b"\xdd\xff\xff\xff\xff", "a map of four thousand million": b"\xdf\xff\xff\xff\xff",
    "bytes of four thousand million": b"\x81\xa2op\xc6\xff\xff\xff\xff", "arrays in arrays": b"\x81\xa2op" + b"\x91" * DEEP + b"\xc0",
    "maps in maps": b"\x81\xa1a" * DEEP + b"\xc0", "an extension": b"\x81\xa2op\xc7\xff\x01" + bytes(255), "more than a document": b"{" + b" " * (2 << 20) + b"}",
    "JSON arrays in arrays": b'{"op":"send","body":' + b"[" * DEEP + b"]" * DEEP + b"}",
}


@pytest.mark.parametrize("name", PACKED)
def test_a_request_at_the_port_that_blows_up_is_refused(field, name):
    osborn, context = field.agencies["osborn"], zmq.Context.instance()
    before = honest.memory_kib(osborn.pid)
    with context.socket(zmq.DEALER) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.connect(osborn.endpoint)
        client.send(PACKED[name])
        if len(PACKED[name]) <= 1 << 20:
            assert client.poll(10000), "no answer"
            answer = client.recv()
            told = json.loads(answer) if answer[:1] == b"{" else msgpack.unpackb(answer)
            assert told["error"]["code"] in ("malformed", "too_large", "usage"), told
    with context.socket(zmq.DEALER) as client:  # one whose message is too large is cut off; others are served
        client.setsockopt(zmq.LINGER, 0)
        client.connect(osborn.endpoint)
        client.send(b'{"op":"status","ref":1}')
        assert client.poll(10000) and json.loads(client.recv())["ok"] is True
    assert honest.memory_kib(osborn.pid) - before < 24 * MIB


def test_the_folders_are_as_they_were_and_the_adapters_the_same(field):
    assert all(agency.is_up() for agency in field.agencies.values())
    untouched(field)

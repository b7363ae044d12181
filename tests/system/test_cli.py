"""`liaison` from outside: exit codes, --help, --json, what `check` says, what the ledger's verification finds, evidence for the stock openssl."""
import json
import os
import shutil
import signal
import sqlite3
import subprocess

import pytest

import liaison_wire as wire
import store_pages
from field import BIN, BOARD, CATALOGUE, PAROLE, POLICE, Field, wait_until

COMMANDS = ("send", "receive", "approve", "status", "agencies", "queues", "dead", "trace", "watch", "metrics", "reload", "check", "ledger",
            "evidence", "pki", "catalogue", "convert")


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.limits = {"attempts": 1, "redeliver_ms": "300 ms"}
        made.agency("parole", PAROLE, "parole_office", zmq=True, spool=False, hand_over="zmq")
        made.agency("police", POLICE, "police", spool=False, hand_over="zmq")
        made.parties.append((BOARD, ("parole_board",), None))
        made.papers("board", BOARD)
        made.start()
        made.draft = made.folder / "draft.json"
        made.draft.write_text(json.dumps({"type": "admin.message/1", "to": [POLICE], "subject": {"case_no": "26-77"},
                                          "body": {"text": "Radio check."}}))
        made.sent = made.ask("send", "--port", made.agencies["parole"].endpoint, "--wait", "received", made.draft)
        yield made


# ---- every command ----

def test_help_names_every_command_and_every_exit_code(field):
    for arguments in (("--help",), ("-h",), ("help",)):
        text = field.liaison(*arguments)
        assert all(f"  {command} " in text for command in COMMANDS)
        assert "0 done, 1 the answer is no, 2 wrong usage, 3 wrong configuration, 4 refused, 5 not reached" in text
    assert field.liaison("--version").startswith("liaison ")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_has_help_and_refuses_an_unknown_option(field, command):
    assert field.liaison(command, "--help").startswith(f"Usage: liaison {command}")
    done = field.run(command, "--bogus")
    assert done.returncode == 2 and done.stderr.startswith(f"liaison {command}: ") and "Usage: " in done.stderr and not done.stdout


BAD = [[], ["nosuch"], ["status", "word"], ["status", "--timeout"], ["status", "--timeout", "soon"], ["trace"], ["trace", "a", "b"],
       ["dead"], ["dead", "list", "x"], ["dead", "requeue", PAROLE], ["ledger", "verify"], ["ledger", "burn", "x"],
       ["ledger", "verify", "x", "--crl", "y"], ["evidence", "x"], ["approve", "x"], ["check"], ["catalogue"], ["catalogue", "show"], ["pki"],
       ["pki", "nosuch"], ["pki", "issue", "x"], ["pki", "issue", "x", "--out", "y", "--tls", "a", "--signing", "b"],
       ["pki", "init", "x", "--days", "soon"], ["pki", "init", "x", "--key", "des"], ["send"], ["send", "--wait", "forever", "x"],
       ["receive", "--count", "x"]]


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_wrong_usage_is_2_on_stderr(field, arguments):
    done = field.run(*arguments)
    assert done.returncode == 2 and done.stderr and not done.stdout, done


@pytest.mark.parametrize("program", ["liaison-broker", "liaison-adapter"])
def test_the_programs_too(program):
    def run(*arguments):
        return subprocess.run([BIN / program, *arguments], capture_output=True, text=True, timeout=20)
    assert run("--help").returncode == 0 and f"{program}" in run("--help").stdout
    assert run("--version").returncode == 0
    assert run().returncode == 2 and run("--bogus").returncode == 2
    done = run("-c", "/nonexistent/x.cfg")
    assert done.returncode == 3 and "/nonexistent/x.cfg" in done.stderr


def test_json_everywhere(field):
    port = ("--port", field.agencies["parole"].endpoint)
    assert field.ask("status")["party"] == "ct.hub" and field.ask("status", *port)["party"] == PAROLE
    assert {row["party"] for row in field.ask("agencies")["agencies"]} == {PAROLE, POLICE, BOARD}
    assert {row["party"] for row in field.ask("queues")["queues"]} >= {PAROLE, POLICE}
    assert field.ask("dead", "list") == {"dead": []}
    assert "liaison_messages_accepted" in field.ask("metrics")["metrics"]
    assert field.ask("reload")["generation"] >= 2
    assert field.sent["state"] in ("accepted", "settled") and field.sent["verdict"]["code"] == "ok"
    row, = field.ask("trace", field.sent["id"])
    assert (row["id"], row["from"], row["type"]) == (field.sent["id"], PAROLE, "admin.message/1")
    assert [(hop["recipient"], hop["state"]) for hop in row["hops"]] == [(POLICE, "received")]
    assert field.ask("trace", "case_no=26-77") == [row] and field.run("trace", "case_no=none", "--json").returncode == 4
    received = field.ask("receive", "--port", field.agencies["police"].endpoint, "--count", 1)
    assert received["id"] == field.sent["id"] and received["body"] == {"text": "Radio check."}
    assert len(field.ask("catalogue", "list")) >= 15 and field.ask("catalogue", "show", "receipt/1")["type"] == "receipt/1"
    assert field.ask("catalogue", "example", "warrant.issue/1")["type"] == "warrant.issue/1"
    assert field.ask("catalogue", "show", "warrant")["lifecycle"] == "warrant"
    assert "warrant" in [row.get("lifecycle") for row in field.ask("catalogue", "list")]
    listed = field.ask("pki", "list", field.pki)
    assert {row["status"] for row in listed} == {"V"} and f"urn:liaison:party:{PAROLE}" in {row["name"] for row in listed}
    assert "text" in field.ask("pki", "show", field.pki / "ca.pem") and field.ask("pki", "crl", field.pki)["of"] == str(field.pki)


def test_catalogue_check(field):
    def check(name, value):
        path = field.folder / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        done = field.run("catalogue", "check", path)
        return done.returncode, done.stdout.splitlines()

    warrant = field.ask("catalogue", "example", "warrant.issue/1")
    assert check("good.json", warrant)[0] == 0
    assert check("odd.json", {**warrant, "body": {}})[0] == 1
    assert check("unknown.json", {**warrant, "type": "no.such/1"})[1][0].startswith("unknown.json: /type: unknown_type: ")
    assert check("cut.json", "{")[0] == 1
    refused = field.ask("catalogue", "example", "warrant.issue/1", "--invalid", 1)
    code, lines = check("refused.json", refused)
    assert code == 1 and lines[0].startswith("refused.json: /parts/main")
    kept = (CATALOGUE / "warrant.locate-1.json").read_text()
    code, lines = check("warrant.locate-1.json", kept.replace('"located"', '"lost"'))
    assert code == 1 and lines[0].startswith("warrant.locate-1.json: /lifecycle/0/moves/") and lines[0].endswith("lost is no state of warrant")
    assert check("warrant.locate-1.json", kept)[0] == 0
    assert field.run("catalogue", "check", CATALOGUE).returncode == 0


def test_tables_for_people(field):
    lines = field.liaison("agencies").splitlines()
    assert lines[0].split()[:3] == ["PARTY", "ROLES", "CONNECTED"] and len(lines) == 4
    assert "ct.hub" in field.liaison("status") and "\x1b" not in field.liaison("trace", field.sent["id"])
    assert field.liaison("metrics").rstrip().endswith("# EOF")
    text = field.liaison("metrics", "--port", field.agencies["parole"].endpoint)
    assert "liaison_uplink_open 1" in text and text.rstrip().endswith("# EOF")


def test_refusals_and_what_is_not_there(field):
    port = ("--port", field.agencies["parole"].endpoint)
    draft = json.loads(field.draft.read_text())
    for name, change, code in (("by the adapter", {"body": {}}, "schema"), ("by the hub", {"to": ["role:coroner"]}, "no_")):
        path = field.folder / "bad.json"
        path.write_text(json.dumps({**draft, **change}))
        done = field.run("send", *port, path)
        assert done.returncode == 4 and code in done.stdout + done.stderr, (name, done)
    assert field.run("dead", "requeue", POLICE, field.sent["id"]).returncode == 4
    assert field.run("dead", "show", "0000").returncode == 1
    assert field.run("catalogue", "show", "no.such/1").returncode == 4
    assert field.run("evidence", "019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61", "--data", field.folder / "hub/data", "--out", field.folder / "none"
                     ).returncode == 4
    assert field.run("send", *port, field.folder / "nowhere.json").returncode == 1
    nobody = f"ipc://{field.folder}/run/nobody"
    assert field.run("status", "--control", nobody, "--timeout", "200 ms").returncode == 5
    assert field.run("status", "--port", nobody, "--timeout", "200 ms").returncode == 5


def test_watch_shows_what_happens(field):
    watch = subprocess.Popen([BIN / "liaison", "watch", "--json", "--events", field.events], stdout=subprocess.PIPE, text=True)
    try:
        os.set_blocking(watch.stdout.fileno(), False)
        heard = []

        def events():
            field.ask("send", "--port", field.agencies["parole"].endpoint, field.draft)
            text = watch.stdout.read()
            heard.extend(json.loads(line) for line in (text or "").splitlines())
            return {"accepted", "receipt"} <= {event.get("kind") for event in heard} and heard
        wait_until(events, 15, "the events")
        assert not any("Radio check" in json.dumps(event) for event in heard), "never a message's content"
    finally:
        os.kill(watch.pid, signal.SIGKILL)
        watch.wait()
        watch.stdout.close()


def test_a_dead_letter_is_shown_requeued_and_discarded(field):
    """A recipient over the link that never receipts."""
    board = wire.Adapter(field.port, field.folder / "board", BOARD, field.pki / "ca.pem")
    board.send([wire.CREDIT, 100])
    path = field.folder / "to-board.json"
    path.write_text(json.dumps({"type": "admin.message/1", "to": [BOARD], "body": {"text": "Anybody?"}}))
    parole = ("--port", field.agencies["parole"].endpoint)
    message_id = field.ask("send", *parole, path)["id"]
    row, = wait_until(lambda: field.ask("dead", "list")["dead"], 15, "the dead letter")
    assert (row["id"], row["party"]) == (message_id, BOARD)
    assert message_id in field.liaison("dead", "list") and [one["id"] for one in field.ask("dead", "show", message_id[:13])] == [message_id]
    field.liaison("dead", "requeue", BOARD, message_id)
    wait_until(lambda: field.ask("dead", "list")["dead"], 15, "the dead letter again")
    field.liaison("dead", "discard", BOARD, message_id, "--reason", "told by telephone")
    assert field.ask("dead", "list") == {"dead": []}

    def told():
        done = field.run("send", *parole, "--json", "--wait", "nothing", path)
        return done.returncode == 0 and [hop for hop in field.ask("trace", message_id)[0]["hops"] if hop["state"] == "discarded"]
    wait_until(told, 10, "the end in the trace")
    board.close()


# ---- check ----

def test_check_lists_every_fault_with_file_and_line(field):
    good = field.hub.config.read_text()
    assert "no faults" in field.liaison("check", field.hub.config)
    path = field.folder / "hub/bad.cfg"
    lines = good.replace('listen = "127.0.0.1', 'lisden = "127.0.0.1').replace('attempts = 1', 'attempts = "many"').splitlines()
    lines = [line.replace("tls.key", "absent.key").replace('"parole_office"', '"Parole Office"') for line in lines]
    path.write_text("\n".join(lines))
    done = field.run("check", path)
    assert done.returncode == 3

    def fault(word, at):
        number = next(i for i, line in enumerate(lines, 1) if at in line)
        assert any(f"{path}:{number}: " in line and word in line for line in done.stderr.splitlines()), (word, number, done.stderr)
    fault("lisden", "lisden")
    fault("attempts", "attempts")
    fault("roles", '"Parole Office"')
    assert done.stderr.rstrip().endswith("faults")


def test_check_reads_what_the_file_names(field):
    path = field.folder / "hub/bad.cfg"
    path.write_text(field.hub.config.read_text().replace("signing.key", "tls.key", 1).replace('crl = ["', 'crl = ["/nowhere'))
    done = field.run("check", path)
    assert done.returncode == 3 and "/nowhere" in done.stderr, done.stderr
    agency = field.agencies["police"]
    assert "in order" in field.liaison("check", agency.config)
    (agency.folder / "bad.cfg").write_text(agency.config.read_text().replace('key = "signing.key"', 'key = "tls.key"').replace('kind = "police"', 'kind = "navy"'))
    done = field.run("check", agency.folder / "bad.cfg")
    assert done.returncode == 3 and "navy" in done.stderr


def test_the_examples_are_without_unknown_names(field):
    done = field.run("check", field.hub.config.parent.parent / "nowhere.cfg")
    assert done.returncode in (1, 3) and "nowhere.cfg" in done.stderr


# ---- the record ----

def test_the_ledger_verifies_and_a_flipped_byte_is_found(field):
    report = field.verify_ledger()
    assert report["signature_checked"] is True and report["entries"] > 4 and report["messages"] >= 1 and len(report["root"]) == 64
    copy = field.folder / "copy"
    copy.mkdir()
    with sqlite3.connect(f"file:{field.folder}/hub/data/store.db?mode=ro", uri=True) as source, sqlite3.connect(copy / "store.db") as target:
        source.backup(target)
    (copy / "store.db").chmod(0o600)
    whole = store_pages.reseal((copy / "store.db").read_bytes())
    (copy / "store.db").write_bytes(whole)
    assert field.verify_ledger(copy)["entries"] >= report["entries"]

    def verify_with(data):
        for rest in copy.iterdir():
            rest.unlink()
        (copy / "store.db").write_bytes(data)
        (copy / "store.db").chmod(0o600)
        return field.run("ledger", "verify", copy, "--hub-certificate", field.folder / "hub/signing.pem", "--ca", field.pki / "ca.pem")
    # The text of the message, an identifier of its subject, a party's name in an entry and in the message: each is covered by some hash.
    for marker, change in (
            (b"Radio check.", b"Radio Check."), (b"26-77", b"26-78"), (b"admin.message/1", b"admin.massage/1"), (b"liaison-batch\x01", b"liaison-batch\x02")):
        at, altered = whole.find(marker), bytearray(whole)
        assert at > 0, marker
        altered[at:at + len(marker)] = change
        done = verify_with(bytes(altered))
        assert done.returncode in (1, 4) and "corrupt" in done.stderr, (marker, done)  # its page's checksum
        done = verify_with(store_pages.reseal(altered))  # a forger mends that
        assert done.returncode in (1, 4) and done.stderr, (marker, done)
    assert verify_with(whole).returncode == 0
    shutil.rmtree(copy)


def test_a_ledger_of_another_hub_does_not_verify(field):
    other = field.issue("hub/other", "--hub-signing", "ct.other.hub")
    done = field.run("ledger", "verify", field.folder / "hub/data", "--hub-certificate", other.with_suffix(".pem"), "--ca", field.pki / "ca.pem")
    assert done.returncode in (1, 4) and done.stderr


def test_evidence_is_checked_by_the_stock_openssl(field):
    out = field.folder / "evidence"
    field.liaison("evidence", field.sent["id"], "--data", field.folder / "hub/data", "--out", out)
    assert {path.name for path in out.iterdir()} == {"header.msgpack", "leaf.bin", "statement.msgpack", "statement.sig", "path.txt", "signer.pem",
                                                     "part-main.salted", "part-main.json"}

    def openssl(*arguments):
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    public = openssl("x509", "-in", out / "signer.pem", "-noout", "-pubkey")
    (out / "signer.pub").write_text(public.stdout)
    verify = ("dgst", "-sha256", "-verify", out / "signer.pub", "-signature", out / "statement.sig")
    assert openssl(*verify, out / "statement.msgpack").stdout.strip() == "Verified OK"
    assert openssl("verify", "-CAfile", field.pki / "ca.pem", out / "signer.pem").returncode == 0
    root, count, _ = wire.statement_decode((out / "statement.msgpack").read_bytes())
    leaf = openssl("dgst", "-sha256", "-r", out / "leaf.bin").stdout.split()[0]
    assert count == 1 and leaf == root.hex() and (out / "path.txt").read_text() == "index 0\n"
    header = wire.header_decode((out / "header.msgpack").read_bytes())
    assert wire.uuid_text(header["id"]) == field.sent["id"]
    assert openssl("dgst", "-sha256", "-r", out / "part-main.salted").stdout.split()[0] == header["parts"]["main"][1].hex()
    assert json.loads((out / "part-main.json").read_text()) == {"text": "Radio check."}
    altered = bytearray((out / "statement.msgpack").read_bytes())
    altered[-1] ^= 1
    (out / "altered").write_bytes(altered)
    assert openssl(*verify, out / "altered").returncode != 0


def test_papers_are_what_the_stock_openssl_reads(field):
    def openssl(*arguments):
        return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True)
    assert "CA:TRUE" in openssl("x509", "-in", field.pki / "ca.pem", "-noout", "-text").stdout
    assert openssl("crl", "-in", field.pki / "crl.pem", "-noout", "-CAfile", field.pki / "ca.pem").stderr.strip() == "verify OK"
    for kind in ("p256", "p384", "ed25519", "rsa"):
        prefix = field.issue(f"kinds/{kind}", "--signing", PAROLE, "--key", kind)
        assert openssl("verify", "-CAfile", field.pki / "ca.pem", prefix.with_suffix(".pem")).returncode == 0
        assert openssl("pkey", "-in", prefix.with_suffix(".key"), "-noout").returncode == 0
        assert prefix.with_suffix(".key").stat().st_mode & 0o777 == 0o600
    request = field.folder / "kinds/request"
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=ct.hartford.police", "-keyout",
            f"{request}.key", "-out", f"{request}.csr")
    field.liaison("pki", "sign", field.pki, f"{request}.csr", "--out", f"{request}.pem", "--tls", POLICE)
    text = openssl("x509", "-in", f"{request}.pem", "-noout", "-text").stdout
    assert f"URI:urn:liaison:party:{POLICE}" in text and "TLS Web Client Authentication" in text
    assert field.run("pki", "issue", field.pki, "--out", field.folder / "kinds/p256", "--tls", PAROLE).returncode == 2, "nothing is written over"

"""The network-facing gateway is a process of its own: it has nothing to lose, whoever kills it loses nothing, and it does not outlive the core."""
import contextlib
import os
import pathlib
import signal
import socket
import ssl
import subprocess

import pytest
from cryptography import x509

import liaison_wire as wire
from field import ACCEPTED, BIN, IS_LONG, PAROLE, POLICE, Field, wait_until

WORDS_SENT = 60


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.agency("parole", PAROLE, "parole_office")
        made.agency("police", POLICE, "police")
        yield made.start()


def gateway_pid(field):
    return field.hub.log("gateway_started")[-1]["pid"]


def status_of(pid):
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def is_alive(pid):
    try:
        return status_of(pid)["State"][0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def starter_pid(field):
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            status = status_of(entry.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if status["PPid"] == str(field.hub.pid) and status["Name"] == "liaison-starter":
            return int(entry.name)
    raise AssertionError("there is no starter")


def drop_words(agency, prefix, count):
    for number in range(count):
        agency.drop(f"{prefix}-{number}.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": f"{prefix} {number}"}})


def texts(agency):
    """Of all that its system took, in order."""
    return [text for text in agency.collect().values()]


def test_the_gateway_has_nothing_but_its_sockets(field):
    pid = gateway_pid(field)
    status = status_of(pid)
    assert status["Name"] == "liaison-gateway"
    assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", status
    assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0, status
    if os.geteuid() == 0:
        assert status["Uid"].split()[0] == "65534"  # nobody
    held = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    files = {path for path in held if path.startswith("/") and path not in ("/dev/null", str(field.hub.log_file))}
    assert not files, files
    for task in os.listdir(f"/proc/{pid}/task"):
        one = status_of(f"{pid}/task/{task}")
        assert one["Seccomp"] == "2" and one["NoNewPrivs"] == "1", one
    mapped = pathlib.Path(f"/proc/{pid}/maps").read_text()
    assert "libsqlite" not in mapped and str(field.folder) not in mapped


def test_every_program_says_what_it_took_from_itself(field):
    for program in (field.hub, *field.agencies.values()):
        lines = program.log("sandbox")
        assert lines and not program.log("sandbox_absent"), program.name
        assert all(line["files"].startswith("landlock") and line["calls"] == "seccomp" for line in lines), lines
        status = status_of(program.pid)
        assert status["Seccomp"] == "2" and status["NoNewPrivs"] == "1", program.name
    assert field.ask("status")["memory_bytes"] > 1 << 20  # what it must still read, it reads
    assert {line["program"] for line in field.hub.log("sandbox")} == {"liaison-broker", "liaison-gateway"}


def test_no_name_is_left_to_connect_to(field):
    assert not list((field.folder / "hub/data/gateway").iterdir())


def test_killed_under_traffic_it_comes_back_and_nothing_is_lost_or_twice(field):
    parole, police = field.agencies["parole"], field.agencies["police"]
    before = len(police.received("admin.message/1"))
    kills = 5
    for turn in range(kills):
        drop_words(parole, f"storm-{turn}", WORDS_SENT // kills)
        pid, lost = gateway_pid(field), len(field.hub.log("gateway_lost"))
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: len(field.hub.log("gateway_lost")) > lost, 5, "that the core notices")
        wait_until(lambda: gateway_pid(field) != pid, 10, "another gateway")
    for turn in range(kills):
        for number in range(WORDS_SENT // kills):
            assert parole.fate(f"storm-{turn}-{number}.json")["state"] in ACCEPTED
    wait_until(lambda: len(police.received("admin.message/1")) - before >= WORDS_SENT, 30, "all words")
    wait_until(lambda: all(parole.outcomes(f"storm-{turn}-{number}.json") for turn in range(kills) for number in range(WORDS_SENT // kills)), 30,
               "all receipts")
    got = texts(police)
    assert all(sum(f"storm-{turn} {number}\"" in text for text in got) == 1 for turn in range(kills) for number in range(WORDS_SENT // kills))
    assert not police.twice
    line = field.hub.log("gateway_lost")[-1]
    assert "signal 9" in line["reason"] and line["level"] == "error"
    field.wait_connected()
    # Counted anew: what the dead had open is not open any more. And it was not the recipients' fault.
    wait_until(lambda: field.metrics()["liaison_links_open"] == 2, 10, "the gauge")
    assert field.metrics().get("liaison_dead_letters_total", 0) == 0
    assert field.verify_ledger()


def test_who_connects_while_there_is_no_gateway_waits(field):
    field.wait_connected()
    pid = gateway_pid(field)
    os.kill(starter_pid(field), signal.SIGSTOP)  # nobody starts another for now
    try:
        os.kill(pid, signal.SIGKILL)
        with socket.create_connection(("127.0.0.1", field.port), 5) as waiting:
            os.kill(starter_pid(field), signal.SIGCONT)
            wait_until(lambda: gateway_pid(field) != pid, 10, "another gateway")
            context = wire.tls_context(ssl.PROTOCOL_TLS_CLIENT, field.agencies["police"].folder / "tls.pem",
                                       field.agencies["police"].folder / "tls.key", field.pki / "ca.pem", (wire.ALPN,))
            assert context.wrap_socket(waiting, server_hostname="127.0.0.1").version() == "TLSv1.3"
    finally:
        os.kill(starter_pid(field), signal.SIGCONT)
    field.wait_connected()


def served_serial(field):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([wire.ALPN])
    papers = field.agencies["police"].folder
    context.load_cert_chain(papers / "tls.pem", papers / "tls.key")
    with socket.create_connection(("127.0.0.1", field.port), 5) as raw, context.wrap_socket(raw) as link:
        return x509.load_der_x509_certificate(link.getpeercert(True)).serial_number


def test_a_reload_reaches_the_gateway_whole(field):
    before = served_serial(field)
    renew(field)
    wait_until(lambda: served_serial(field) != before, 10, "the new certificate")
    line = field.hub.log("mandate_taken")[-1]
    assert int(line["serial"], 16) == served_serial(field) and line["generation"] == field.ask("status")["generation"]
    assert len(field.hub.log("gateway_lost")) == len(field.hub.log("gateway_started")) - 1  # the same process


def renew(field):
    for name in ("tls.pem", "tls.key"):
        (field.folder / "hub" / name).unlink()
    field.issue("hub/tls", "--hub-tls", "ct.hub", "--host", "localhost", "--host", "127.0.0.1")
    field.liaison("reload")


def test_a_new_revocation_list_dismisses_a_link_through_the_gateway(field):
    police = field.agencies["police"]
    field.liaison("pki", "revoke", field.pki, police.folder / "tls.pem")
    field.liaison("reload")
    line = wait_until(lambda: field.hub.log("link_down", party=POLICE, code="revoked"), 10, "the end of its link")[-1]
    assert line["program"] == "liaison-gateway"
    for name in ("tls.pem", "tls.key"):
        (police.folder / name).unlink()
    field.issue("police/tls", "--tls", POLICE)
    police.signal(signal.SIGHUP)
    field.wait_connected()


@pytest.mark.skipif(not IS_LONG, reason="waits for the core's patience; LIAISON_TEST_MODE=long")
def test_a_gateway_that_is_stuck_is_ended_and_replaced(field):
    pid = gateway_pid(field)
    os.kill(pid, signal.SIGSTOP)
    line = wait_until(lambda: field.hub.log("gateway_distrusted", pid=pid), 40, "that the core notices")[0]
    assert line["code"] == "timeout"
    wait_until(lambda: not is_alive(pid), 5, "its end")
    field.wait_connected()


def test_a_signal_from_a_terminal_is_the_cores_alone(field):
    pid = gateway_pid(field)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(pid, number)
        os.kill(starter_pid(field), number)
    field.wait_connected()
    assert gateway_pid(field) == pid and is_alive(pid)


def test_without_its_starter_the_core_ends_for_the_service_manager_to_start_anew(field):
    pid = gateway_pid(field)
    os.kill(starter_pid(field), signal.SIGKILL)
    wait_until(lambda: field.hub.process.poll() is not None, 20, "the end of the core")
    assert field.hub.process.returncode == 1 and field.hub.log("starter_lost")
    assert not is_alive(pid)
    field.hub.process = None
    field.start_hub()
    field.wait_connected()


def test_a_second_signal_does_not_wait_for_a_gateway_that_is_stuck(field):
    pid = gateway_pid(field)
    os.kill(pid, signal.SIGSTOP)
    field.hub.signal(signal.SIGTERM)
    wait_until(lambda: field.hub.log("stopping"), 5, "the line about it")
    assert field.hub.is_up()  # it has goodbyes to say
    field.hub.signal(signal.SIGTERM)
    wait_until(lambda: field.hub.process.poll() is not None, 8, "the end of the core")
    wait_until(lambda: not is_alive(pid), 1, "the end of the gateway")
    field.hub.process = None
    field.start_hub()
    field.wait_connected()


def is_free(port):
    with socket.socket() as probe, contextlib.suppress(OSError):
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return True
    return False


def test_killed_the_core_takes_its_gateway_along_and_the_port_is_free(field):
    pid, starter = gateway_pid(field), starter_pid(field)
    field.hub.kill()
    wait_until(lambda: not is_alive(pid) and not is_alive(starter), 1, "the end of gateway and starter")
    wait_until(lambda: is_free(field.port), 1, "the end of its last thread, and of the port with it")
    field.start_hub()
    field.wait_connected()


def test_a_gateway_is_not_for_starting_by_hand(field):
    done = subprocess.run([BIN / "liaison-gateway"], capture_output=True, text=True)
    assert done.returncode == 2 and "liaison-broker" in done.stderr
    done = subprocess.run([BIN / "liaison-gateway", "/tmp", "1", "1", "1", "0", "0"], capture_output=True, text=True)
    assert done.returncode == 2


def test_the_sandbox_can_be_switched_off_and_says_so(field):
    field.write_hub(extra="sandbox = { on = false; };")
    assert field.hub.stop() == 0
    field.start_hub()
    line = field.hub.log("sandbox_absent")[-1]
    assert line["files"] == "switched off" and line["level"] == "warning"
    assert status_of(gateway_pid(field))["Seccomp"] == "0"

"""The HTTPS port under a client that means ill: floods of connections and of pipelined requests, smuggling by what proxies read differently, guesses at
the token. Refused with a status and a code, bounded, and the adapter's other ports go on.

Elsewhere, in tests/system/test_http.py: framing (two lengths, length and coding, folded fields, bare LF and CR, NUL), targets, hosts, origins and
Sec-Fetch-Site, content types, oversize heads, slow heads and bodies, dripped bytes, one connection too many, clients and tokens."""
import contextlib
import http.client
import socket
import statistics
import time

import pytest

import honest
from field import FACILITY, POLICE, Field, wait_until

MIB = 1024
TOKEN = "a-token-of-thirty-two-characters"
CONNECTIONS = 16


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        police = made.agency("police", POLICE, "police", hand_over="https", https=f'token_file = "token"; connections = {CONNECTIONS}; patience = "2 s";')
        made.agency("osborn", FACILITY, "facility")
        (police.folder / "token").write_text(TOKEN + "\n")
        (police.folder / "token").chmod(0o600)
        made.start()
        made.police = police
        assert ask(made)[0] == 200
        yield made


def ask(field, token=TOKEN, path="/v1/status"):
    link = http.client.HTTPConnection("127.0.0.1", field.police.https_port, timeout=10)
    with contextlib.closing(link):
        link.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        answer = link.getresponse()
        return answer.status, answer.getheader("Liaison-Code"), answer.read()


def dial(field):
    return socket.create_connection(("127.0.0.1", field.police.https_port), 10)


def said(link):
    got = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        while chunk := link.recv(65536):
            got += chunk
    return got


def statuses(got):
    return [int(piece.split(b" ")[0]) for piece in got.split(b"HTTP/1.1 ")[1:]]


HEAD = f"Host: localhost\r\nAuthorization: Bearer {TOKEN}\r\n".encode()
HIDDEN = b"GET /v1/hidden HTTP/1.1\r\n" + HEAD + b"\r\n"
SMUGGLED = {
    "a chunk's extension without end": b"Transfer-Encoding: chunked\r\n\r\n1;" + b"x" * 100000 + b"\r\na\r\n0\r\n\r\n" + HIDDEN,
    "a chunk of a size beyond all numbers": b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n" + HIDDEN,
    "a coding twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a coding that is none": b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a length behind a vertical tab": b"Content-Length:\x0b5\r\n\r\n" + HIDDEN,
    "a length with a comment": b"Content-Length: 5 (all)\r\n\r\n" + HIDDEN,
    "a name with CR": b"Content-Length\r: 5\r\n\r\n" + HIDDEN,
    "a name with a space": b"Content Length: 5\r\n\r\n" + HIDDEN,
    "a field in a value": b"X: y\rContent-Length: 5\r\n\r\n" + HIDDEN,
    "a length in a folded line": b"X: y\r\n Content-Length: 5\r\n\r\n" + HIDDEN,
    "an upgrade": b"Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nTransfer-Encoding: chunked\r\n\r\n" + HIDDEN,
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_no_second_request_hides_in_the_first(field, name):
    with dial(field) as link:
        link.sendall(b"POST /v1/messages HTTP/1.1\r\nContent-Type: application/json\r\n" + HEAD + SMUGGLED[name])
        got = said(link)
    assert len(statuses(got)) <= 1 and set(statuses(got)) <= {400, 411, 431, 501}, got[:500]
    assert not statuses(got) or b"Liaison-Code: " in got


def test_a_flood_of_pipelined_requests_is_answered_in_turn_and_costs_no_memory(field, figure):
    before, count = honest.memory_kib(field.police.pid), 3000
    one = b"GET /v1/status HTTP/1.1\r\n" + HEAD + b"\r\n"
    with dial(field) as link:
        link.setblocking(False)
        data, got, begun = one * count, 0, time.monotonic()
        answers = b""
        while got < count and time.monotonic() - begun < 30:
            with contextlib.suppress(BlockingIOError):
                if data:
                    data = data[link.send(data[:65536]):]
            with contextlib.suppress(BlockingIOError):
                answers = answers[-16:] + link.recv(65536)
                got += answers[16:].count(b"HTTP/1.1 200") if len(answers) > 16 else 0
            if got >= count * 0.99 and not data:
                break
    grew = honest.memory_kib(field.police.pid) - before
    assert got >= count * 0.9 and grew < 8 * MIB, (got, grew)
    figure("pipelined requests answered", round(got / (time.monotonic() - begun)), "/s")
    assert ask(field)[0] == 200


def test_a_client_that_pipelines_and_never_reads_is_cut_off(field):
    with dial(field) as link:
        link.settimeout(0.2)
        one, begun = b"GET /v1/openapi.json HTTP/1.1\r\n" + HEAD + b"\r\n", time.monotonic()
        sent = 0
        with contextlib.suppress(ConnectionError):
            while time.monotonic() - begun < 10:
                try:
                    link.sendall(one * 100)
                    sent += 100
                except TimeoutError:
                    if field.police.log("http_lost", code="timeout"):
                        break
    wait_until(lambda: field.police.log("http_lost"), 10, "the line")
    assert ask(field)[0] == 200


def test_a_flood_of_connections_leaves_the_other_ports_alone(field, figure):
    before, held = honest.memory_kib(field.police.pid), []
    for _ in range(400):
        with contextlib.suppress(OSError):
            held.append(dial(field))
    begun = time.monotonic()
    field.police.drop("beside.json", {"type": "admin.message/1", "to": [FACILITY], "body": {"text": "Beside."}})
    assert field.police.fate("beside.json", 10)["state"] in ("accepted", "settled")
    figure("a document through the spool during 400 connections to the HTTPS port", round(time.monotonic() - begun, 2), "s")
    grew = honest.memory_kib(field.police.pid) - before
    figure("adapter's memory more for 400 connections", max(0, grew), "KiB")
    assert grew < 8 * MIB
    for link in held:
        link.close()

    def served():
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(field)[0] == 200
    wait_until(served, 10, "a place")


def test_heads_that_do_not_end_are_bounded_together(field, figure):
    before, held = honest.memory_kib(field.police.pid), []
    for _ in range(CONNECTIONS):
        link = dial(field)
        link.sendall(b"GET /v1/status HTTP/1.1\r\nX: " + b"x" * 16000)
        held.append(link)
    for link in held:
        assert set(statuses(said(link))) <= {408, 431, 503}
    figure("adapter's memory more for as many heads that do not end as may be", max(0, honest.memory_kib(field.police.pid) - before), "KiB")
    assert honest.memory_kib(field.police.pid) - before < 4 * MIB


def test_a_body_is_not_read_before_the_token_is_right(field):
    """Nobody without it makes the adapter hold a document."""
    with dial(field) as link:
        link.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n")
        got = said(link)
    assert statuses(got) == [401] and b"Liaison-Code: forbidden" in got


def test_a_guess_that_is_nearly_right_takes_no_longer(field, figure):
    """Hashes are compared, whole; the figure is for eyes, a machine at work has more noise than a byte would make."""
    guesses = {"first byte wrong": "b" + TOKEN[1:], "last byte wrong": TOKEN[:-1] + "b", "one byte more": TOKEN + "s", "cut": TOKEN[:-1], "nothing": "x"}
    times = {name: [] for name in guesses}
    for _ in range(60):
        for name, guess in guesses.items():
            begun = time.monotonic()
            assert ask(field, guess)[:2] == (401, "forbidden")
            times[name].append(1e6 * (time.monotonic() - begun))
    first, last = statistics.median(times["first byte wrong"]), statistics.median(times["last byte wrong"])
    figure("a token whose last byte is wrong is refused later than one whose first is, median", round(last - first, 1), "µs")
    assert ask(field)[0] == 200 and field.police.log("http_forbidden")


@pytest.mark.parametrize("path", ["/../../../etc/passwd", "/v1/messages/../../secret", "/v1/messages/..%2f..%2fsecret", "/v1/openapi.json/../../secret",
                                  "/v1//messages", "/v1/messages/.", "/.git/config", "//etc/passwd", "/v1/openapi.json%00.html"])
def test_no_path_leads_out(field, path):
    with dial(field) as link:
        link.sendall(b"GET " + path.encode() + b" HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n")
        got = said(link)
    assert set(statuses(got)) <= {400, 404} and b"root:" not in got, got

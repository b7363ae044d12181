"""Who does not get in, and how that is told: to the peer by an alert or BYE, to the operator by one line of the log with code and reason, and by a
counter. A good link stands through all of it."""
import socket
import ssl

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

import liaison_wire as wire
from field import HUB, PAROLE, POLICE, Authority, Field, wait_until

PARTY_URI = f"urn:liaison:party:{POLICE}"
HANDSHAKE_S = 1.0


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.limits = {"handshake_ms": "1 s", "heartbeat_ms": "30 s"}
        made.parties = [(POLICE, ("police",), None), (PAROLE, ("parole_office",), None)]
        made.good = made.papers("police", POLICE)
        made.steady_papers = made.papers("parole", PAROLE)
        make_bad_papers(made)
        made.write_hub()
        made.start_hub()
        made.steady = wire.Adapter(made.port, made.steady_papers, PAROLE, made.pki / "ca.pem")
        yield made


def make_bad_papers(field):
    known, stranger, twin = Authority(field.pki), Authority(), Authority(title="Authority of the field")
    bad = field.folder / "bad"
    client, server = (ExtendedKeyUsageOID.CLIENT_AUTH,), (ExtendedKeyUsageOID.SERVER_AUTH,)
    known.issue(bad / "expired", PARTY_URI, begins=-10, ends=-1)
    known.issue(bad / "not_yet_valid", PARTY_URI, begins=1, ends=10)
    known.issue(bad / "server_only", PARTY_URI, extended=server)
    known.issue(bad / "for_signing", PARTY_URI, extended=(), signs=True)
    known.issue(bad / "both_uses", PARTY_URI, extended=client, signs=True)
    known.issue(bad / "a_hub", f"urn:liaison:hub:{HUB}", extended=client)
    known.issue(bad / "a_person", f"urn:liaison:person:{POLICE}:m.alvarez:chief", extended=client)
    known.issue(bad / "nobody", "https://hartford.example/", extended=client)
    known.issue(bad / "strange_name", "urn:liaison:party:CT.Hartford Police", extended=client)
    stranger.issue(bad / "wrong_ca", PARTY_URI)
    twin.issue(bad / "twin_ca", PARTY_URI)
    field.issue("bad/revoked", "--tls", POLICE)
    field.liaison("pki", "revoke", field.pki, bad / "revoked.pem")


def client(field, prefix=None, alpn=(wire.ALPN,), newest=ssl.TLSVersion.TLSv1_3):
    context = wire.tls_context(ssl.PROTOCOL_TLS_CLIENT, prefix and prefix.with_suffix(".pem"), prefix and prefix.with_suffix(".key"),
                               field.pki / "ca.pem", alpn)
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1_2, newest
    return context


class Knock:
    """One attempt: what the peer was told, and what was logged of its address."""

    def __init__(self, field, act):
        self.raw = socket.create_connection(("127.0.0.1", field.port), 10)
        self.address = "127.0.0.1:%d" % self.raw.getsockname()[1]
        self.told = act(self.raw)
        self.raw.close()


def refusal(field, act, code, limit=5):
    """Knocks until the refusal is logged (bursts are held back); checks line and counter, gives the knock and the line."""
    before, knocks = field.refused_links(code), 0

    def logged():
        nonlocal knocks
        knock = Knock(field, act)
        knocks += 1
        try:
            return knock, wait_until(lambda: field.hub.log("link_refused", address=knock.address), limit)[0]
        except AssertionError:
            return None
    knock, line = wait_until(logged, 30, "the line in the log")
    assert line["code"] == code and line["level"] == "warning", line
    wait_until(lambda: field.refused_links(code) == before + knocks, 5, "its count")
    return knock, line


def shake(context):
    """TLS and HELLO; the refusal comes with the handshake or, as TLS 1.3 has it, with the first read after it."""
    def act(raw):
        try:
            connection = context.wrap_socket(raw, server_hostname="127.0.0.1")
            connection.settimeout(10)
            link = wire.Link(connection)
            link.send([wire.HELLO, 1, POLICE, [b"x"], "knock"])
            frame = link.receive()
        except (ssl.SSLError, wire.Gone, ConnectionError) as why:
            return str(why)
        raise AssertionError(f"got in: {frame}")
    return act


REFUSED = {
    "no certificate": (None, "certificate", "no certificate was presented", "certificate required"),
    "expired": ("expired", "certificate", "expired on 20", "certificate expired"),
    "not yet valid": ("not_yet_valid", "certificate", "not valid before 20", "certificate"),
    "revoked": ("revoked", "revoked", "was revoked on 20", "certificate revoked"),
    "of another authority": ("wrong_ca", "certificate", "authority that is not trusted", "unknown ca"),
    "of another authority with the same name": ("twin_ca", "certificate", "authority", ""),
    "only for servers": ("server_only", "certificate", "does not name clientAuth", "certificate"),
    "only for signing": ("for_signing", "certificate", "is not for TLS", "certificate"),
    "for TLS and signing": ("both_uses", "certificate", "nonRepudiation", ""),
    "of a hub": ("a_hub", "certificate", "is not a party's", ""),
    "of a person": ("a_person", "certificate", "is not a party's", ""),
    "that names nobody": ("nobody", "certificate", "", ""),
    "that names no party": ("strange_name", "certificate", "", ""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_a_certificate(field, name):
    paper, code, reason, alert = REFUSED[name]
    knock, line = refusal(field, shake(client(field, paper and field.folder / "bad" / paper)), code)
    assert reason in line["reason"] and line["reason"], line
    assert alert in knock.told.lower().replace("_", " "), knock.told


def test_refuses_tls_1_2(field):
    knock, line = refusal(field, shake(client(field, field.good / "tls", newest=ssl.TLSVersion.TLSv1_2)), "tls")
    assert "TLS 1.3" in line["reason"] and "protocol version" in knock.told.lower().replace("_", " ")


@pytest.mark.parametrize("alpn,reason", [((), "did not offer liaison/1"), (("h2", "liaison/2"), "not liaison/1")], ids=["none", "others"])
def test_refuses_whoever_speaks_another_protocol(field, alpn, reason):
    knock, line = refusal(field, shake(client(field, field.good / "tls", alpn)), "tls")
    assert reason in line["reason"] and "no application protocol" in knock.told.lower().replace("_", " ")


@pytest.mark.parametrize("junk,reason", [
    (b"GET / HTTP/1.0\r\n\r\n", "HTTP"), (b"\x00" * 64, "TLS"), (b"SSH-2.0-OpenSSH_9.2p1\r\n" * 4, "TLS"),
    (b"\x16\x03\x01\xff\xff" + b"\xff" * 64, "TLS"), (b"\x00\x00\x00\x03\x92\x08\x01" * 20, "TLS")], ids=["http", "zeros", "ssh", "long record", "frames"])
def test_refuses_junk(field, junk, reason):
    def act(raw):
        raw.sendall(junk)
        raw.settimeout(10)
        try:
            while raw.recv(4096):
                pass
        except ConnectionError:
            pass
    _, line = refusal(field, act, "tls")
    assert reason in line["reason"], line


@pytest.mark.parametrize("beginning", [b"", b"\x16\x03\x01\x02\x00\x01"], ids=["silent", "begun"])
def test_cuts_off_a_slow_handshake(field, beginning):
    def act(raw):
        raw.sendall(beginning)
        raw.settimeout(HANDSHAKE_S * 5)
        assert raw.recv(1) == b"", "closed, without a word"
    _, line = refusal(field, act, "timeout")
    assert "no handshake within 1000 ms" in line["reason"], line


def test_cuts_off_one_who_drips_its_handshake(field):
    def act(raw):
        raw.settimeout(0.05)
        for _ in range(100):
            try:
                raw.sendall(b"\x16")
                if raw.recv(1) == b"":
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return
        raise AssertionError("dripped for five seconds and was not cut off")
    before = field.refused_links("timeout") + field.refused_links("tls")
    Knock(field, act)
    wait_until(lambda: field.refused_links("timeout") + field.refused_links("tls") == before + 1, 5, "the count")


def greeting(field, hello, folder=None):
    """Through TLS with good papers, then what the hub says to a HELLO, or to none."""
    def act(raw):
        link = wire.Link(client(field, (folder or field.good) / "tls").wrap_socket(raw, server_hostname="127.0.0.1"))
        for frame in hello:
            link.send(frame)
        frame = link.expect(wire.BYE, limit=HANDSHAKE_S * 5)
        with pytest.raises(wire.Gone):
            link.receive()
        return frame
    return act


def hello(field, party=POLICE, chain=None, version=1):
    return [wire.HELLO, version, party, wire.Papers(field.good / "signing").chain if chain is None else chain, "knock"]


GREETINGS = {
    "no HELLO": (lambda field: [], "timeout"),
    "the party of another": (lambda field: [hello(field, PAROLE)], "not_your_party"),
    "the signing certificate of another": (lambda field: [hello(field, chain=wire.Papers(field.steady_papers / "signing").chain)], "not_your_party"),
    "a TLS certificate for signing": (lambda field: [hello(field, chain=wire.Papers(field.good / "tls").chain)], "certificate"),
    "no certificate at all": (lambda field: [hello(field, chain=[])], "malformed"),
    "a certificate that is none": (lambda field: [hello(field, chain=[b"certificate"])], "certificate"),
    "another version": (lambda field: [hello(field, version=3)], "version"),
    "another frame first": (lambda field: [[wire.PING, 1]], "protocol"),
    "a frame that is none": (lambda field: [b"\xc1"], "malformed"),
    "a broker's frame": (lambda field: [[wire.HEAD, b"head", 0, b"", []]], "protocol"),
}


@pytest.mark.parametrize("name", GREETINGS)
def test_says_goodbye_to_a_bad_greeting(field, name):
    frames, code = GREETINGS[name]
    knock, line = refusal(field, greeting(field, frames(field)), code)
    assert knock.told[1] == code and knock.told[2] == line["reason"]
    assert line["party"] == POLICE, "TLS has said already who it is"


def test_refuses_a_party_that_is_not_enrolled(field):
    stranger = field.papers("stranger", "ct.nowhere.police")
    frames = [[wire.HELLO, 1, "ct.nowhere.police", wire.Papers(stranger / "signing").chain, "knock"]]
    knock, line = refusal(field, greeting(field, frames, stranger), "not_enrolled")
    assert line["party"] == "ct.nowhere.police" and knock.told[1] == "not_enrolled"


def test_refuses_a_frame_longer_than_allowed_before_it_came(field):
    def act(raw):
        link = wire.Link(client(field, field.good / "tls").wrap_socket(raw, server_hostname="127.0.0.1"))
        link.send_bytes((4 * 1024 * 1024 + 1).to_bytes(4, "big"))
        try:
            return link.expect(wire.BYE)[1]
        except wire.Gone:
            return "closed"
    _, line = refusal(field, act, "too_large")
    assert line["reason"]


def test_a_burst_is_counted_whole_and_logged_in_part(field):
    before, lines = field.refused_links("tls"), len(field.hub.log("link_refused"))
    knocks = 120
    for _ in range(knocks):
        with socket.create_connection(("127.0.0.1", field.port), 10) as raw:
            raw.sendall(b"\x00" * 16)
            try:
                raw.recv(1)
            except ConnectionError:
                pass
    wait_until(lambda: field.refused_links("tls") == before + knocks, 10, "the count of the burst")
    assert len(field.hub.log("link_refused")) - lines < knocks


def test_the_good_link_stood_through_all_of_it(field):
    field.steady.send([wire.PING, 77])
    assert field.steady.expect(wire.PONG) == [wire.PONG, 77]
    adapter = wire.Adapter(field.port, field.good, POLICE, field.pki / "ca.pem")
    verdict, = adapter.submit(wire.Message(POLICE, "admin.message/1", {"text": "In at last."}, [PAROLE])).values()
    assert verdict.code == "ok"
    adapter.close()

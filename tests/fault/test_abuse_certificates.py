"""Certificates that no authority should have made, and good ones at the wrong time or place: at the TLS door and in HELLO. Each is refused with a code, a
line and a count, and a good link stands through all of it.

Elsewhere: expired, not yet valid, revoked, of a stranger, for servers, for signing, of a hub or person stand in tests/system/test_tls.py; the judge's
branches in tests/unit/certs/{trust,trust_judge,identity,stream}_test.c; revocation by a reload in tests/system/test_reload.py; clients of the HTTPS port
in tests/system/test_http.py."""
import datetime
import socket
import ssl
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import liaison_wire as wire
from field import PAROLE, POLICE, Field, wait_until

pytestmark = pytest.mark.filterwarnings("ignore:SHA1 signatures")

URI = f"urn:liaison:party:{POLICE}"
PEM = serialization.Encoding.PEM
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)


def day(days):
    return datetime.datetime.utcnow() + datetime.timedelta(days=days)


def named(text, organization=None):
    more = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization)] if organization else []
    return x509.Name([*more, x509.NameAttribute(NameOID.COMMON_NAME, text)])


class Issuer:
    """An authority that keeps to no rule."""

    def __init__(self, title, above=None, until=30, path_length=None, organization=None, constraints=None):
        self.name, self.key = named(title, organization), ec.generate_private_key(ec.SECP256R1())
        signer = above or self
        builder = (x509.CertificateBuilder().subject_name(self.name).issuer_name(signer.name).public_key(self.key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(day(-60)).not_valid_after(day(until))
                   .add_extension(x509.BasicConstraints(True, path_length), True)
                   .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), True)
                   .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False))
        if constraints:
            builder = builder.add_extension(constraints, True)
        self.certificate = builder.sign(signer.key, hashes.SHA256())

    def crl(self, due=20, revoked=()):
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name).last_update(day(-30)).next_update(day(due))
        for serial in revoked:
            builder = builder.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(day(-1)).build())
        return builder.sign(self.key, hashes.SHA256())

    def pem(self):
        return self.certificate.public_bytes(PEM)

    def issue(self, prefix, uris=(URI,), extended=CLIENT, signs=False, is_authority=False, usage=True, key=None, digest=None, subject=None, above=()):
        key = key or ec.generate_private_key(ec.SECP256R1())
        builder = (x509.CertificateBuilder().subject_name(subject or named("made by hand")).issuer_name(self.name).public_key(key.public_key())
                   .serial_number(x509.random_serial_number()).not_valid_before(day(-1)).not_valid_after(day(25))
                   .add_extension(x509.BasicConstraints(is_authority, None), True))
        if usage:
            builder = builder.add_extension(x509.KeyUsage(True, signs, False, False, False, is_authority, False, False, False), True)
        if uris:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris]), False)
        if extended:
            builder = builder.add_extension(x509.ExtendedKeyUsage(extended), False)
        made = builder.sign(self.key, digest or hashes.SHA256())
        prefix.parent.mkdir(exist_ok=True, parents=True)
        prefix.with_suffix(".pem").write_bytes(made.public_bytes(PEM) + b"".join(issuer.pem() for issuer in above))
        prefix.with_suffix(".key").write_bytes(key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        prefix.with_suffix(".key").chmod(0o600)
        return prefix


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.limits = {"heartbeat_ms": "10 min"}
        made.parties = [(POLICE, ("police",), None), (PAROLE, ("parole_office",), None)]
        made.good, made.steady_papers = made.papers("police", POLICE), made.papers("parole", PAROLE)
        root = Issuer("Another root")
        made.issuers = {
            "root": root, "old": Issuer("Old intermediate", root, until=-1), "short": Issuer("Short of path", root, path_length=0),
            "confined": Issuer("Confined", root, organization="Inside", constraints=x509.NameConstraints([x509.DirectoryName(named("x", "Inside"))], None)),
            "listless": Issuer("Without a list", root), "overdue": Issuer("With an old list", root)}
        made.issuers["below"] = Issuer("Below the short", made.issuers["short"])
        more, lists = made.folder / "more.pem", made.folder / "more.crl"
        more.write_bytes(b"".join(issuer.pem() for issuer in made.issuers.values()))
        lists.write_bytes(b"".join(issuer.crl(-1 if name == "overdue" else 20).public_bytes(PEM)
                                   for name, issuer in made.issuers.items() if name != "listless"))
        made.hub.config.write_text(made.hub_config().replace(f'ca = ["{made.pki}/ca.pem"]', f'ca = ["{made.pki}/ca.pem", "{more}"]')
                                   .replace(f'crl = ["{made.pki}/crl.pem"]', f'crl = ["{made.pki}/crl.pem", "{lists}"]'))
        made.start_hub()
        made.steady = wire.Adapter(made.port, made.steady_papers, PAROLE, made.pki / "ca.pem")
        yield made


def weak_rsa():
    return rsa.generate_private_key(65537, 1024)


BAD = {
    "of two parties": ("root", {"uris": (URI, f"urn:liaison:party:{PAROLE}")}, "names 2 holders"),
    "of one party twice": ("root", {"uris": (URI, URI)}, "names 2 holders"),
    "of a party and a hub": ("root", {"uris": (URI, "urn:liaison:hub:ct.hub")}, "names 2 holders"),
    "with a NUL in its name": ("root", {"uris": (URI + "\0.evil",)}, "NUL"),
    "with a NUL in another name": ("root", {"uris": (URI, "https://a\0b/")}, "NUL"),
    "with a wildcard": ("root", {"uris": ("urn:liaison:party:ct.*.police",)}, "outside the syntax"),
    "that is one wildcard": ("root", {"uris": ("urn:liaison:party:*",)}, "outside the syntax"),
    "in another letter case": ("root", {"uris": ("URN:LIAISON:party:" + POLICE,)}, "outside the syntax"),
    "with a name that goes on": ("root", {"uris": (URI + "/x",)}, "outside the syntax"),
    "with a name in capitals": ("root", {"uris": (URI.replace("hartford", "Hartford"),)}, "outside the syntax"),
    "without a name": ("root", {"uris": ()}, "names no holder"),
    "with its party as common name only": ("root", {"uris": (), "subject": named(POLICE)}, "names no holder"),
    "without extended usage": ("root", {"extended": ()}, "clientAuth"),
    "for any extended usage": ("root", {"extended": (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,)}, "clientAuth"),
    "for mail": ("root", {"extended": (ExtendedKeyUsageOID.EMAIL_PROTECTION,)}, "clientAuth"),
    "without usage": ("root", {"usage": False}, "keyUsage"),
    "of an authority": ("root", {"is_authority": True}, "authority's certificate"),
    "of an expired intermediate": ("old", {}, "expired"),
    "too deep for its path length": ("below", {"above": ("below", "short")}, ""),
    "outside of the names of its authority": ("confined", {"subject": named("x", "Outside")}, ""),
    "of an authority without a list": ("listless", {}, "revocation list"),
    "of an authority whose list is overdue": ("overdue", {}, "overdue"),
    "with a weak key": ("root", {"key": weak_rsa}, "too small"),
    "signed with SHA-1": ("root", {"digest": hashes.SHA1()}, "too weak"),
}


def made(field, name, folder, **more):
    issuer, how, reason = BAD[name]
    how = {key: value() if key == "key" else tuple(field.issuers[above] for above in value) if key == "above" else value for key, value in how.items()}
    return field.issuers[issuer].issue(field.folder / folder / name.replace(" ", "_"), **{**how, **more}), reason


def context_of(field, prefix):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_verify_locations(field.pki / "ca.pem")
    context.load_cert_chain(prefix.with_suffix(".pem"), prefix.with_suffix(".key"))
    context.set_alpn_protocols([wire.ALPN])
    return context


def dial(field, prefix):
    return wire.Link(context_of(field, prefix).wrap_socket(socket.create_connection(("127.0.0.1", field.port), 10), server_hostname="127.0.0.1"))


def refusals(field, knock, codes=("certificate",)):
    """Knocks until the refusal is logged, since bursts are held back; gives its line."""
    before, known = sum(map(field.refused_links, codes)), len(field.hub.log("link_refused"))

    def line():
        knock()
        return [line for line in field.hub.log("link_refused")[known:] if line["code"] in codes]
    found = wait_until(line, 10, "the refusal")[-1]
    wait_until(lambda: sum(map(field.refused_links, codes)) > before, 5, "its count")
    assert found["reason"] and found["address"], found
    return found


@pytest.mark.parametrize("name", BAD)
def test_the_door_refuses_a_certificate(field, name):
    prefix, reason = made(field, name, "tls")

    def knock():
        with pytest.raises((ssl.SSLError, wire.Gone, ConnectionError)):
            link = dial(field, prefix)
            link.send([wire.HELLO, 1, POLICE, [b"x"], "knock"])
            raise AssertionError(f"got in: {link.receive()}")
    assert reason in refusals(field, knock)["reason"]


NOT_OF_SIGNING = ("for mail", "without extended usage", "for any extended usage")


@pytest.mark.parametrize("name", [name for name in BAD if name not in NOT_OF_SIGNING])
def test_hello_refuses_a_signing_certificate(field, name):
    prefix, reason = made(field, name, "signing", extended=(), signs=True)
    told = []

    def knock():
        link = dial(field, field.good / "tls")
        link.send([wire.HELLO, 1, POLICE, wire.Papers(prefix).chain, "knock"])
        told.append(link.expect(wire.BYE))
        link.close()
    line = refusals(field, knock)
    assert told[-1][1] == "certificate" and told[-1][2] == line["reason"] and line["party"] == POLICE
    assert reason in line["reason"] or name == "without usage", line


def test_a_revoked_signing_certificate_is_refused_though_that_of_tls_is_good(field):
    """In HELLO, in a SUBMIT of a link that stands, and by a reload, which ends the link."""
    prefix = field.issue("police/lost", "--signing", POLICE)
    link = dial(field, field.good / "tls")
    link.send([wire.HELLO, 1, POLICE, wire.Papers(prefix).chain, "still good"])
    assert link.expect(wire.WELCOME)
    field.liaison("pki", "revoke", field.pki, prefix.with_suffix(".pem"))
    field.liaison("reload")
    assert link.expect(wire.BYE)[1] == "revoked"
    wait_until(lambda: field.hub.log("link_down", code="revoked", party=POLICE), 5, "the line")

    def knock():
        again = dial(field, field.good / "tls")
        again.send([wire.HELLO, 1, POLICE, wire.Papers(prefix).chain, "revoked"])
        assert again.expect(wire.BYE)[1] == "revoked"
        again.close()
    assert "revoked" in refusals(field, knock, ("revoked",))["reason"]
    good = wire.Adapter(field.port, field.good, POLICE, field.pki / "ca.pem")
    note = wire.Message(POLICE, "admin.message/1", {"text": "x"}, [PAROLE])
    good.send(wire.submit_frame(wire.Papers(prefix), [note]))
    verdict, = good.verdicts(1).values()
    assert verdict.code in ("revoked", "certificate"), verdict
    good.close()


def test_nothing_is_resumed_so_that_nobody_outlives_a_revocation(field):
    prefix = field.issue("police/resumed", "--tls", POLICE)
    context = context_of(field, prefix)

    def come(session=None):
        raw = socket.create_connection(("127.0.0.1", field.port), 10)
        return context.wrap_socket(raw, server_hostname="127.0.0.1", session=session)
    first = wire.Link(come())
    first.send([wire.HELLO, 1, POLICE, wire.Papers(field.good / "signing").chain, "first"])
    first.expect(wire.WELCOME)
    session = first.connection.session
    assert session is None or not session.has_ticket, "a ticket was given out"
    second = come(session)
    assert not second.session_reused
    second.close()
    first.close()
    field.liaison("pki", "revoke", field.pki, prefix.with_suffix(".pem"))
    field.liaison("reload")

    def knock():
        with pytest.raises((ssl.SSLError, wire.Gone, ConnectionError)):
            again = wire.Link(come(session))
            again.send([wire.HELLO, 1, POLICE, wire.Papers(field.good / "signing").chain, "again"])
            raise AssertionError(f"got in: {again.receive()}")
    refusals(field, knock, ("revoked",))


def test_renegotiation_and_early_data_are_no_way_in(field):
    """TLS 1.3 knows neither the one nor, without tickets, the other: s_client's R and -early_data find no door. TLS 1.2, which has renegotiation, is
    refused in tests/system/test_tls.py."""
    papers = ["-cert", field.good / "tls.pem", "-key", field.good / "tls.key", "-CAfile", field.pki / "ca.pem", "-alpn", wire.ALPN]
    early = field.folder / "early"
    early.write_bytes(b"early")
    for more, word in ((["-tls1_2"], "protocol version"), (["-tls1_3", "-sess_out", field.folder / "session"], "")):
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{field.port}", *map(str, papers), *map(str, more)], input=b"R\n",
                              capture_output=True, timeout=20)
        text = (done.stdout + done.stderr).decode(errors="replace")
        assert word in text and "Reused, TLS" not in text and "Max Early Data: 1" not in text, text
        assert "RENEGOTIATING" not in text or "error" in text.lower(), text


def test_the_good_link_stood_through_all_of_it(field):
    field.steady.send([wire.PING, 5])
    assert field.steady.expect(wire.PONG) == [wire.PONG, 5]

"""fips = true: what a hub and an adapter take and refuse then, asked by stock openssl and by --check."""
import subprocess

import pytest

from field import ACCEPTED, PAROLE, POLICE, WORDS, Field, wait_until

ON = 'fips = true; fips_module = "none";'


def begin(at, extra):
    at.agreements = WORDS
    at.agency("parole", PAROLE, "parole_office", extra=extra)
    at.agency("police", POLICE, "police", ori="CT0006400", extra=extra)
    at.write_hub(extra=extra)
    at.start_hub()
    for agency in at.agencies.values():
        at.write_agency(agency)
        agency.start()
    at.wait_connected()
    return at


@pytest.fixture(scope="module")
def strict():
    with Field() as at:
        yield begin(at, ON)


@pytest.fixture(scope="module")
def usual():
    with Field() as at:
        yield begin(at, "")


def shake(at, *arguments):
    """What stock openssl says of a handshake with the hub, and whether there was one."""
    folder = at.agencies["parole"].folder
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{at.port}", "-tls1_3", "-alpn", "liaison/1", "-CAfile", at.pki / "ca.pem",
                           "-cert", folder / "tls.pem", "-key", folder / "tls.key", *arguments], input="", capture_output=True, text=True, timeout=20)
    return "New, TLSv1.3" in done.stdout and "Cipher is (NONE)" not in done.stdout, done.stdout + done.stderr


OFFERS = [(("-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), False), (("-groups", "X25519"), False), (("-groups", "P-256"), True), (("-groups", "P-384"), True),
          (("-groups", "P-256", "-ciphersuites", "TLS_AES_128_GCM_SHA256"), True), (("-groups", "P-256", "-ciphersuites", "TLS_AES_256_GCM_SHA384"), True)]


@pytest.mark.parametrize("offer, approved", OFFERS)
def test_what_is_not_approved_gets_no_handshake(strict, usual, offer, approved):
    made, text = shake(strict, *offer)
    assert made == approved, text
    made, text = shake(usual, *offer)
    assert made, text


def test_messages_flow_as_ever(strict):
    parole, police = strict.agencies["parole"], strict.agencies["police"]
    parole.drop("word.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": "approved"}})
    assert parole.fate("word.json")["state"] in ACCEPTED
    wait_until(lambda: police.received("admin.message/1"), 20, "the message")
    assert "TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384" in shake(strict)[1]


def checked(program, config):
    done = subprocess.run([program.program, "-c", config, "--check"], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("paper", ("tls", "signing"))
def test_an_ed25519_party_is_refused_with_the_reason(strict, paper):
    parole = strict.agencies["parole"]
    prefix = strict.issue(f"parole/ed-{paper}", f"--{paper}", PAROLE, "--key", "ed25519")
    config = parole.folder / "ed.cfg"
    text = parole.config.read_text().replace(f'"{paper}.pem"', f'"{prefix}.pem"').replace(f'"{paper}.key"', f'"{prefix}.key"')
    config.write_text(text)
    code, said = checked(parole, config)
    assert code != 0 and "Ed25519" in said and "P-256" in said
    config.write_text(text.replace("fips = true", "fips = false"))
    assert checked(parole, config)[0] == 0


def test_an_ed25519_link_and_one_of_an_unapproved_authority_are_refused(strict, usual):
    for at in (strict, usual):
        prefix = at.issue("parole/ed", "--tls", PAROLE, "--key", "ed25519")
        before = sum(at.refused_links(code) for code in ("tls", "certificate"))
        made, text = shake(at, "-groups", "P-256", "-cert", f"{prefix}.pem", "-key", f"{prefix}.key")
        if at is strict:
            wait_until(lambda: sum(at.refused_links(code) for code in ("tls", "certificate")) > before, 10, "the refusal")
        else:
            assert made, text


def test_an_authority_makes_nothing_else_with_the_switch(strict):
    refused = strict.run("pki", "issue", strict.pki, "--out", strict.folder / "x", "--tls", "ct.x", "--key", "ed25519", "--fips")
    assert refused.returncode != 0 and "Ed25519" in refused.stderr
    strict.liaison("pki", "issue", strict.pki, "--out", strict.folder / "x", "--tls", "ct.x", "--key", "p384", "--fips")
    strict.liaison("pki", "init", strict.folder / "ed-pki", "--key", "ed25519", "--title", "Ed")
    for kind in ("tls", "signing"):
        strict.liaison("pki", "issue", strict.folder / "ed-pki", "--out", strict.folder / f"y-{kind}", f"--{kind}", PAROLE)
    parole = strict.agencies["parole"]
    config = parole.folder / "ca.cfg"
    text = parole.config.read_text().replace(str(strict.pki), str(strict.folder / "ed-pki")).replace('"tls.', f'"{strict.folder}/y-tls.').replace('"signing.', f'"{strict.folder}/y-signing.')
    config.write_text(text)
    code, said = checked(parole, config)
    assert code != 0 and "that FIPS approves" in said
    config.write_text(text.replace("fips = true", "fips = false"))
    assert checked(parole, config)[0] == 0


@pytest.mark.skipif("fips" in subprocess.run(["openssl", "list", "-providers"], capture_output=True, text=True).stdout, reason="there is a validated module")
def test_without_a_validated_module_the_switch_alone_does_not_start(usual):
    for program in (usual.hub, usual.agencies["parole"]):
        config = program.config.parent / "module.cfg"
        config.write_text(program.config.read_text() + "\nfips = true;\n")
        code, said = checked(program, config)
        assert code != 0 and 'no provider "fips"' in said and "fips_module" in said

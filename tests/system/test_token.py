"""Private keys on a PKCS#11 token: a hub and an adapter that sign and speak TLS with them, a person's approval, an authority. SoftHSM plays the token."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from field import ACCEPTED, BOARD, PAROLE, POLICE, Field, wait_until

MODULE = pathlib.Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "canary-pin-16180339"

pytestmark = pytest.mark.skipif(not MODULE.exists() or not shutil.which("softhsm2-util"), reason="softhsm2 is not installed")


class Tokens:
    def __init__(self, folder):
        self.folder = folder
        self.store = folder / "tokens"
        self.store.mkdir(parents=True)
        conf = folder / "softhsm2.conf"
        conf.write_text(f"directories.tokendir = {self.store}\nobjectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = str(conf)
        self.pin = folder / "pin"
        self.write_pin(PIN)
        self.util("--init-token", "--free", "--label", "field", "--so-pin", "so-pin-1", "--pin", PIN)

    def write_pin(self, pin):
        self.pin.write_text(pin + "\n")
        self.pin.chmod(0o600)

    def util(self, *arguments):
        subprocess.run(["softhsm2-util", *map(str, arguments)], check=True, capture_output=True)

    def take(self, key, label):
        """Moves a key file into the token; its URI."""
        self.util("--import", key, "--token", "field", "--label", label, "--id", label.encode().hex(), "--pin", PIN)
        key.unlink()
        return self.uri(label)

    def uri(self, label, pin=None):
        return f"pkcs11:token=field;object={label}?module-path={MODULE}&pin-source=file:{pin or self.pin}"


@pytest.fixture(scope="module")
def field():
    before = os.environ.get("SOFTHSM2_CONF")
    with Field() as made:
        made.tokens = Tokens(made.folder / "hsm")
        made.agency("parole", PAROLE, "parole_office", https='certificate = "web.pem"; key = "web.key";')
        made.agency("police", POLICE, "police", ori="CT0006400")
        made.parties.append((BOARD, ("parole_board",), None))
        folder = made.agencies["parole"].folder
        made.issue("parole/web", "--hub-tls", "ct.parole.web", "--host", "localhost")
        uris = {name: made.tokens.take(folder / f"{name}.key", name) for name in ("signing", "tls", "web")}
        hub = made.tokens.take(made.folder / "hub/signing.key", "hub")
        made.write_hub()
        sandbox = f'sandbox = {{ write = ["{made.tokens.folder}"]; }};\n'
        made.hub.config.write_text(made.hub.config.read_text().replace('key = "signing.key"', f'key = "{hub}"') + sandbox)
        made.start_hub()
        for agency in made.agencies.values():
            made.write_agency(agency)
            if agency.name == "parole":
                text = agency.config.read_text()
                for name, uri in uris.items():
                    text = text.replace(f'key = "{name}.key"', f'key = "{uri}"')
                agency.config.write_text(text + sandbox)
            agency.start()
        made.wait_connected()
        yield made
    os.environ.pop("SOFTHSM2_CONF")
    if before:
        os.environ["SOFTHSM2_CONF"] = before


def word(field, name, text="from a token"):
    parole = field.agencies["parole"]
    parole.drop(name, {"type": "admin.message/1", "to": [POLICE], "body": {"text": text}})
    return parole


def test_a_hub_and_an_adapter_work_with_keys_that_they_cannot_read(field):
    assert not list(field.folder.glob("parole/*.key")) and not (field.folder / "hub/signing.key").exists()
    parole = word(field, "word.json")
    assert parole.fate("word.json")["state"] in ACCEPTED
    wait_until(lambda: parole.outcomes("word.json"), 20, "the receipt")
    assert wait_until(lambda: field.agencies["police"].received("admin.message/1"), 20, "the message")
    wait_until(lambda: field.verify_ledger()["signature_checked"], 20, "a head that the hub signed")
    done = subprocess.run(["curl", "-sS", "--cacert", field.pki / "ca.pem", f"https://localhost:{parole.https_port}/v1/status"], capture_output=True, text=True)
    assert json.loads(done.stdout)["party"] == PAROLE, done.stderr


def test_while_the_token_is_away_documents_wait_and_go_when_it_is_back(field):
    away = field.tokens.folder / "away"
    field.tokens.store.rename(away)
    parole = word(field, "waits.json")
    wait_until(lambda: parole.log("submit_failed", code="token"), 20, "the line about it")
    assert [status["state"] for status in wait_until(lambda: parole.statuses("waits.json"), 20, "its status")] == ["waiting"]
    assert parole.is_up() and parole.is_open()
    away.rename(field.tokens.store)
    assert parole.fate("waits.json")["state"] in ACCEPTED
    wait_until(lambda: parole.outcomes("waits.json"), 20, "the receipt")


def test_a_hub_whose_token_fails_takes_nothing_and_goes_on_by_itself(field):
    """It signs heads of its ledger: rather nobody connected than a hub that cannot be held to its word."""
    away = field.tokens.folder / "away"
    police, starts = field.agencies["police"], len(field.hub.log("started"))

    def come_in_again():
        """Who comes in is shown a head, which is signed anew when the last one is a second old."""
        police.stop()
        police.start()
        wait_until(lambda: police.log()[-1]["event"] in ("uplink_open", "uplink_failed"), 20, "its try")
        return field.hub.log("signing_failed")
    field.tokens.store.rename(away)
    line = wait_until(come_in_again, 20, "the hub's word")[0]
    assert line["level"] == "error" and line["code"] == "token" and PIN not in json.dumps(line), line
    asked = field.run("status")
    assert asked.returncode == 1 and "token" in asked.stderr, asked
    police.drop("asked.json", {"type": "admin.message/1", "to": [PAROLE], "body": {"text": "is anybody there?"}})
    assert [status["state"] for status in wait_until(lambda: police.statuses("asked.json"), 20, "its status")] == ["waiting"]
    away.rename(field.tokens.store)
    wait_until(lambda: field.hub.log("signing_recovered"), 20, "the hub's word")
    field.wait_connected()
    assert police.fate("asked.json")["state"] in ACCEPTED
    wait_until(lambda: police.outcomes("asked.json"), 20, "the receipt")
    assert len(field.hub.log("started")) == starts and len(field.hub.log("signing_failed")) == 1
    assert field.verify_ledger()["signature_checked"]


def test_a_configuration_is_refused_with_the_reason(field):
    parole = field.agencies["parole"]
    text = parole.config.read_text()
    bad = parole.folder / "bad.cfg"
    wrong = field.tokens.folder / "wrong"
    wrong.write_text("not-the-pin-2718")
    wrong.chmod(0o600)
    good = field.tokens.uri("signing")
    rows = [(field.tokens.uri("nothing"), "no such private key"), (good.replace("object=signing", "object=unknown"), "no such private key"),
            (good.replace("token=field", "token=other"), "no such token"), (good.split("pin-source")[0] + f"pin-value={PIN}", "into a file"),
            (field.tokens.uri("web"), "does not belong to signing.certificate"), (good.replace(str(MODULE), "/nowhere.so"), "cannot be loaded")]
    for uri, words in rows:
        bad.write_text(text.replace(good, uri))
        done = subprocess.run([parole.program, "-c", bad, "--check"], capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert done.returncode != 0 and words in said, (uri, said)
        assert PIN not in said and "not-the-pin" not in said
    bad.write_text(text.replace(f"file:{field.tokens.pin}", f"file:{wrong}"))
    done = subprocess.run([parole.program, "-c", bad, "--check"], capture_output=True, text=True)
    assert done.returncode != 0 and "the PIN is wrong" in done.stdout + done.stderr and "not-the-pin" not in done.stdout + done.stderr
    printed = subprocess.run([parole.program, "-c", parole.config, "--print"], capture_output=True, text=True)
    assert good in printed.stdout and PIN not in printed.stdout


def test_the_hubs_tls_key_stays_a_file(field):
    text = field.hub.config.read_text()
    bad = field.folder / "hub/bad.cfg"
    bad.write_text(text.replace('key = "tls.key"', f'key = "{field.tokens.uri("hub")}"'))
    done = subprocess.run([field.hub.program, "-c", bad, "--check"], capture_output=True, text=True)
    assert done.returncode != 0 and "tls.key" in done.stdout + done.stderr and "cannot be on a token" in done.stdout + done.stderr


def test_a_person_approves_with_a_token(field):
    prefix = field.person("board", BOARD, "m.alvarez", "board_chair")
    uri = field.tokens.take(pathlib.Path(f"{prefix}.key"), "alvarez")
    draft = field.folder / "draft.json"
    draft.write_text(json.dumps(field.example("release.authorize/1")))
    field.liaison("approve", draft, "--certificate", f"{prefix}.pem", "--key", uri, "--ca", field.pki / "ca.pem")
    assert len(json.loads(draft.read_text())["approvals"]) == 1
    refused = field.run("approve", draft, "--certificate", f"{prefix}.pem", "--key", field.tokens.uri("hub"), "--ca", field.pki / "ca.pem")
    assert refused.returncode != 0 and "does not belong" in refused.stderr


def test_an_authority_signs_on_a_token(field):
    uri = field.tokens.take(field.pki / "ca.key", "authority")
    (field.pki / "ca.key").write_text(uri + "\n")
    (field.pki / "ca.key").chmod(0o600)
    path = field.issue("later/tls", "--tls", "ct.later")
    assert "ct.later" in field.liaison("pki", "show", f"{path}.pem")
    field.liaison("pki", "revoke", field.pki, f"{path}.pem")
    field.liaison("pki", "crl", field.pki)
    subprocess.run(["openssl", "verify", "-CAfile", field.pki / "ca.pem", f"{path}.pem"], check=True, capture_output=True)
    subprocess.run(["openssl", "crl", "-in", field.pki / "crl.pem", "-CAfile", field.pki / "ca.pem", "-noout"], check=True, capture_output=True)


def test_no_pin_is_in_any_log(field):
    for path in (field.folder / "log").iterdir():
        assert PIN not in path.read_text(), path

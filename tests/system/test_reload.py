"""SIGHUP and `liaison reload`: checked whole first, refused whole and said; in force at once when taken; nobody else's link suffers."""
import json
import signal
import time

import pytest

from field import BOARD, PAROLE, POLICE, WORDS, Field, wait_until

QUIET = '''  { name = "nothing"; from = ["role:police"]; types = ["admin.message/1"]; to = ["role:parole_office"]; route = false; }'''


@pytest.fixture
def field():
    with Field() as made:
        made.agency("parole", PAROLE, "parole_office")
        made.agency("police", POLICE, "police")
        made.agency("board", BOARD, "parole_board")
        yield made.start()


def hang_up(program, event):
    """SIGHUP, and the line that says what came of it."""
    before = len(program.log(event))
    program.signal(signal.SIGHUP)
    return wait_until(lambda: program.log(event)[before:], 10, f"{event} of {program.name}")[0]


def send(field, sender="parole", to=POLICE, name=None):
    """The verdict's code on a word from one agency to another."""
    agency = field.agencies[sender]
    name = name or f"word-{len(agency.statuses()) + 1}.json"
    agency.drop(name, {"type": "admin.message/1", "to": [to], "body": {"text": f"This is {name}."}})
    return agency.fate(name)["verdict"]["code"]


def links(field):
    """Party to the address it came from: another address is another link."""
    return {row["party"]: row["address"] for row in field.ask("agencies")["agencies"] if row["connected"]}


BROKEN = {
    "grammar": ("extra", "this is = no libconfig", "syntax"),
    "an unknown name": ("extra", 'colour = "red";', "colour"),
    "a value out of bounds": ("limits", {"batch": 5000}, "batch"),
    "a party twice": ("parties", [(POLICE, ("police",), None), (POLICE, ("police",), None)], POLICE),
    "an agreement with a role that nobody has": ("agreements", WORDS.replace('["*"]', '["role:coroner"]'), "coroner"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_configuration_is_refused_whole_and_said(field, name):
    what, value, named = BROKEN[name]
    standing, generation = links(field), field.ask("status")["generation"]
    changes = {"agreements": QUIET, what: value}  # what is right about it must not come into force either
    field.write_hub(**changes)
    line = hang_up(field.hub, "reload_refused")
    assert line["level"] == "error" and line["code"] == "config" and line["faults"] >= 1
    faults = [entry["fault"] for entry in field.hub.log("config_fault")]
    assert faults and any(named in fault for fault in faults), faults
    assert any(f"{field.hub.config}:" in fault for fault in faults), "with file and line"
    done = field.run("reload")
    assert done.returncode == 3 and "nothing was changed" in done.stderr, done
    assert field.ask("status")["generation"] == generation and links(field) == standing
    assert send(field) == "ok"


def test_papers_that_are_missing_refuse_a_reload(field):
    key = field.folder / "hub/tls.key"
    text = key.read_text()
    key.chmod(0o644)
    hang_up(field.hub, "reload_refused")
    assert any("tls.key" in line["fault"] for line in field.hub.log("config_fault"))
    key.unlink()
    hang_up(field.hub, "reload_refused")
    key.write_text(text)
    key.chmod(0o600)
    hang_up(field.hub, "reloaded")
    assert send(field) == "ok"


def test_what_needs_a_restart_is_refused_by_name(field):
    field.write_hub(port=field.port + 1)
    line = hang_up(field.hub, "reload_refused")
    assert line["field"] == "listen" and "restart" in line["reason"]
    assert send(field) == "ok"


def test_new_agreements_take_effect(field):
    standing = links(field)
    assert send(field) == "ok"
    field.write_hub(agreements=QUIET)
    hang_up(field.hub, "reloaded")
    assert send(field) == "no_agreement"
    assert send(field, "police", PAROLE) == "ok"
    field.write_hub()
    assert "in force" in field.liaison("reload")
    assert send(field) == "ok"
    assert links(field) == standing, "no link was made anew for it"


def replace(field, folder, paper, *command):
    """New papers made beside, then put in the place of the old ones."""
    field.liaison("pki", command[0], field.pki, *command[1:], "--out", folder / "fresh")
    for ending in ("key", "pem"):
        (folder / f"fresh.{ending}").rename(folder / f"{paper}.{ending}")


@pytest.mark.parametrize("paper", ["tls", "signing"])
def test_the_link_of_a_revoked_party_closes_at_once(field, paper):
    standing, parole = links(field), field.agencies["parole"]
    field.liaison("pki", "revoke", field.pki, parole.folder / f"{paper}.pem", "--reason", "superseded")
    assert links(field) == standing, "not before the reload"
    hang_up(field.hub, "reloaded")
    line = wait_until(lambda: field.hub.log("link_down", party=PAROLE), 2, "the end of the link")[0]
    assert line["code"] == "revoked" and "was revoked on" in line["reason"]
    wait_until(lambda: field.hub.log("link_refused", code="revoked"), 10, "the next attempt, refused")
    wait_until(lambda: field.refused_links("revoked") >= 1, 5, "its count")
    assert links(field) == {party: address for party, address in standing.items() if party != PAROLE}
    done = field.run("pki", "renew", field.pki, parole.folder / f"{paper}.pem", "--out", parole.folder / "fresh")
    assert done.returncode == 4 and "revoked" in done.stderr, "what was revoked is not renewed"
    replace(field, parole.folder, paper, "issue", f"--{paper}", PAROLE)
    hang_up(parole, "reloaded")
    field.wait_connected("parole")
    assert send(field) == "ok"


def test_a_party_that_is_no_longer_enrolled_is_put_out_and_comes_back(field):
    standing = links(field)
    field.write_hub(parties=field.parties[1:])
    hang_up(field.hub, "reloaded")
    line = wait_until(lambda: field.hub.log("link_down", party=PAROLE), 2, "the end of the link")[0]
    assert line["code"] == "not_enrolled"
    assert set(links(field)) == {POLICE, BOARD} and all(standing[party] == address for party, address in links(field).items())
    field.write_hub()
    hang_up(field.hub, "reloaded")
    field.wait_connected("parole")
    assert send(field) == "ok"


def signers(field):
    return [json.loads(text)["signer"] for _, text in sorted(field.agencies["police"].collect().items())]


def test_an_adapters_certificates_are_renewed(field):
    parole, police = field.agencies["parole"], field.agencies["police"]
    assert send(field) == "ok"
    until = field.ask("status", "--port", parole.endpoint)["certificate_until"]
    standing = links(field)
    for paper in ("tls", "signing"):
        replace(field, parole.folder, paper, "renew", parole.folder / f"{paper}.pem", "--days", "500")
    hang_up(parole, "reloaded")
    wait_until(lambda: links(field).get(PAROLE, standing[PAROLE]) != standing[PAROLE], 10, "the link with new papers")
    assert send(field) == "ok"
    wait_until(lambda: len(police.collect()) == 2, 10, "both words")
    first, second = signers(field)
    assert first != second, "signed with the new key"
    assert field.ask("status", "--port", parole.endpoint)["certificate_until"] > until
    assert {party: address for party, address in links(field).items() if party != PAROLE} == {
        party: address for party, address in standing.items() if party != PAROLE}


def test_an_adapter_refuses_a_broken_configuration_whole(field):
    parole = field.agencies["parole"]
    text, address = parole.config.read_text(), links(field)[PAROLE]
    for broken, named in ((text.replace("backoff_least", "backoff_most_least"), "backoff_most_least"), (text + "]", "syntax"),
                          (text.replace("signing.key", "no.key"), "no.key")):
        parole.config.write_text(broken)
        line = hang_up(parole, "reload_refused")
        assert named in line["fault"] and line["level"] == "error", line
    parole.config.write_text(text.replace(f'party = "{PAROLE}"', f'party = "{POLICE}"'))
    assert "party" in hang_up(parole, "reload_refused")["restart_for"]
    parole.config.write_text(text)
    assert links(field)[PAROLE] == address and send(field) == "ok"


def test_the_hubs_own_certificates_are_renewed_while_links_stand(field):
    standing = links(field)
    for paper in ("tls", "signing"):
        replace(field, field.folder / "hub", paper, "renew", field.folder / f"hub/{paper}.pem")
    hang_up(field.hub, "reloaded")
    assert links(field) == standing and send(field) == "ok"
    field.agencies["police"].kill()
    field.agencies["police"].start()
    field.wait_connected("police")
    assert send(field) == "ok"
    wait_until(lambda: len(field.agencies["police"].collect()) == 2, 10, "both words")


def test_what_a_compromised_key_signed_is_not_believed_any_more(field):
    parole, police = field.agencies["parole"], field.agencies["police"]
    police.stop()
    assert send(field, name="before.json") == "ok"
    field.liaison("pki", "revoke", field.pki, parole.folder / "signing.pem", "--reason", "keyCompromise")
    police.start()
    outcome = wait_until(lambda: field.agencies["parole"].outcomes("before.json"), 15, "the receipt")[0]
    assert (outcome["what"], outcome["code"]) == ("refused", "revoked") and "compromised" in outcome["reason"]
    assert not police.collect()


def test_what_was_signed_before_an_ordinary_revocation_still_stands(field):
    parole, police = field.agencies["parole"], field.agencies["police"]
    police.stop()
    assert send(field, name="before.json") == "ok"
    # Revocation lists count in seconds: the list must name a later one than that of the signature.
    second = int(time.time()) + 1
    wait_until(lambda: time.time() > second, 3, "the next second")
    field.liaison("pki", "revoke", field.pki, parole.folder / "signing.pem", "--reason", "superseded")
    police.start()
    outcome = wait_until(lambda: parole.outcomes("before.json"), 15, "the receipt")[0]
    assert (outcome["what"], outcome["code"]) == ("received", "ok"), outcome

"""Certificates, revocation lists and the configuration are renewed under load: links that stay valid stay, a reload tells the truth, and no message is
lost or handed over twice."""
import math

import pytest

from field import Field, wait_until
from load import AGREEMENTS, Load, furnish, long_or

LIMITS = {"heartbeat_ms": "2 s", "redeliver_ms": "10 s"}
ROUNDS = long_or(2, 40)


@pytest.fixture(scope="module")
def county():
    with Field() as made:
        made.limits = LIMITS
        yield furnish(made).start()


@pytest.fixture
def field(county):
    county.log_begins = len(county.hub.log())
    return county


def links_down(field):
    return [line for line in field.hub.log()[field.log_begins:] if line["event"] == "link_down"]


def reload_adapter(agency):
    count = len(agency.log("reloaded"))
    agency.signal(1)
    wait_until(lambda: len(agency.log("reloaded")) > count, 10, f"the reload of {agency.name}")


def renew(field, prefix):
    """A new key with it; the files are replaced as an operator does."""
    fresh = field.folder / "fresh"
    field.liaison("pki", "renew", field.pki, prefix.with_suffix(".pem"), "--out", fresh)
    for ending in (".pem", ".key"):
        fresh.with_suffix(ending).replace(prefix.with_suffix(ending))


def test_lists_and_configuration_are_renewed_and_no_link_goes(field, figure):
    with Load(field, 40) as load:
        load.flow_for(0.5)
        for number in range(ROUNDS):
            field.liaison("pki", "crl", field.pki)
            field.write_hub(agreements=AGREEMENTS + ("" if number % 2 else ',\n  { name = "more"; from = ["role:police"]; types = ["arrest.*"]; '
                                                                          'to = ["role:parole_office"]; route = true; }'))
            field.liaison("reload")
            for agency in list(field.agencies.values())[number::2]:
                reload_adapter(agency)
            load.flow_for(0.5)
        numbers = load.settle(30)
    assert not links_down(field), links_down(field)
    figure("lists and configuration renewed under load: reloads", ROUNDS * 11)
    figure("lists and configuration renewed under load: links lost", 0)
    figure("lists and configuration renewed under load: messages accounted for", numbers["messages"])


def test_the_hub_shows_new_certificates_and_no_link_goes(field, figure):
    with Load(field, 40) as load:
        load.flow_for(0.5)
        renew(field, field.folder / "hub/tls")
        field.liaison("reload")
        load.flow_for(1)
        numbers = load.settle(30)
    assert not links_down(field), links_down(field)
    figure("the hub's certificate renewed under load: messages accounted for", numbers["messages"])


def test_adapters_with_new_certificates_come_back_at_once_and_alone(field, figure):
    some = [field.agencies[name] for name in ("hartford", "york", "troop")]
    with Load(field, 40) as load:
        load.flow_for(0.5)
        for agency in some:
            renew(field, agency.folder / "tls")
            renew(field, agency.folder / "signing")
            reload_adapter(agency)
        load.flow_for(1)
        field.wait_connected()
        numbers = load.settle(30)
    down = links_down(field)
    assert {line["party"] for line in down} == {agency.party for agency in some}, down
    figure("adapters' certificates renewed under load: messages accounted for", numbers["messages"])


def test_a_reload_with_a_fault_says_so_and_changes_nothing(field, figure):
    with Load(field, 40) as load:
        load.flow_for(0.5)
        before = field.hub.config.read_text()
        field.hub.config.write_text(before.replace('role:parole_office', 'role:parole_offices'))
        done = field.run("reload")
        assert done.returncode != 0 and "parole_offices" in done.stdout + done.stderr + field.hub.log_file.read_text()
        field.hub.config.write_text(before)
        agency = field.agencies["osborn"]
        papers = (agency.folder / "tls.pem").read_bytes()
        (agency.folder / "tls.pem").write_bytes(b"no certificate")
        count = len(agency.log("reloaded"))
        agency.signal(1)
        wait_until(lambda: agency.log("reload_refused"), 10, "the refusal")
        assert len(agency.log("reloaded")) == count
        (agency.folder / "tls.pem").write_bytes(papers)
        load.flow_for(0.5)
        numbers = load.settle(30)
    assert not links_down(field)
    figure("reloads with a fault: messages accounted for", numbers["messages"])


def test_a_revoked_party_goes_and_nobody_else(field, figure):
    """Last: it does not come back."""
    gone = field.agencies["compact"]
    with Load(field, 40) as load:
        load.systems["compact"].next_at = math.inf  # says nothing any more, and is not spoken to: the others' messages are what counts
        load.flow_for(0.3)
        load.drain(20)
        load.shapes.parties = [party for party in load.shapes.parties if party != gone.party]
        field.liaison("pki", "revoke", field.pki, gone.folder / "tls.pem", "--reason", "superseded")
        field.liaison("reload")
        load.flow_for(1)
        wait_until(lambda: links_down(field), 10, "the end of its link")
        numbers = load.settle(30)
    assert {line["party"] for line in links_down(field)} == {gone.party}
    figure("a revocation under load: messages accounted for", numbers["messages"])

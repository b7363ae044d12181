"""docs/runbook.md, carried out as it is written: losses and damages are made here, and the document's own commands mend them. One hub for nearly all, in the order
in which its operator has a bad year."""
import re

import pytest

from field import wait_until
from procedures import AGENCIES, Site, procedures

RUN = ("First look", "Backup", "Restore", "Index damaged", "Disk full", "Hub lost", "An agency's key in wrong hands", "The hub's key in wrong hands",
       "The authority's key in wrong hands", "Renewing", "Rotating the at-rest key", "Adapters refuse the hub", "An adapter lost", "Upgrade")
DATA = "/var/lib/liaison"


@pytest.fixture(scope="module")
def site():
    with Site() as made:
        yield made


@pytest.fixture(autouse=True)
def tidy(request):
    """What one operator left in his folder is not in the next one's way."""
    if "site" in request.fixturenames:
        for path in request.getfixturevalue("site").at("/media/carry").iterdir():
            path.unlink()


def flip(path, at):
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(bytes(data))


def lose(site):
    """The hub's store, at once and for good."""
    wait_for_heads(site)
    site.units["liaison-broker"].kill()
    for path in [*site.at(DATA).glob("store.*"), *site.at(DATA).glob("index.*")]:
        path.unlink()


def wait_for_heads(site):
    """Until both adapters know all that the hub has."""
    size = site.status()["ledger_size"]
    for agency in AGENCIES:
        wait_until(lambda agency=agency: site.known(agency)["size"] >= size, 20, f"what {agency} knows")


def refuses(site):
    for agency in AGENCIES:
        wait_until(lambda agency=agency: site.known(agency)["refused"], 20, f"the refusal of {agency}")


def accept(site, agency, time):
    """Both ends of the telephone: size and root are what the agency reads at its own adapter, and the hub has to know them."""
    title = "Adapters refuse the hub"
    site.run(title, slice(0, 1), agency=agency)
    refusal, code = site.shell(f"liaison adapter accept-history -c /etc/liaison/{agency}/adapter.cfg --size 0 --root {'0' * 64} --by nobody --why 'to be told'")
    size, root = re.search(r"the head that is refused is of (\d+) entries and has the root (\w{64})", refusal).groups()
    assert code == 1
    outputs = site.run(title, slice(1, None), agency=agency, SIZE=size, ROOT=root, TIME=time)
    site.wait_connected(agency)
    return outputs


def test_every_procedure_with_commands_is_run_here():
    assert sorted(procedures()) == sorted(RUN)


def test_an_adapter_that_was_lost_goes_on_from_its_copy(site):
    site.run("First look")
    site.say("before.json", "before the copy")
    site.run("Backup")
    site.say("after.json", "after the copy")
    site.run("An adapter lost")
    site.say("then.json", "and then")
    assert site.heard("before the copy") >= 1 and site.heard("after the copy") >= 1 and site.heard("and then") == 1


def test_a_damaged_store_is_restored_and_the_agencies_send_again(site):
    site.say("new.json", "new since the backup")
    wait_for_heads(site)
    site.units["liaison-broker"].stop()
    store = site.at(f"{DATA}/store.db")
    flip(store, store.stat().st_size - 2000)
    time = re.search(r"as of (\S+)", "".join(site.run("Restore"))).group(1)
    assert [path for path in site.at("/var/lib").glob("liaison.*/store.db")], "what was damaged is kept"
    refuses(site)
    for agency in AGENCIES:
        outputs = accept(site, agency, time)
    assert "/srv/liaison/parole/sent/new.json\n" in outputs[-1] and "before.json" not in outputs[-1]
    site.drop("new.json", site.at("/srv/liaison/parole/sent/new.json").read_text())
    site.wait_settled("new.json", count=2)
    assert site.heard("new since the backup") == 2
    assert "the ledger verifies" in site.type("liaison ledger verify /var/lib/liaison --ca /etc/liaison/ca.pem")


def test_a_document_with_an_id_is_not_sent_twice_under_it(site):
    """Why it has to be taken out of what is sent again."""
    draft = '{"id": "01a20969-7a15-77b6-8de5-ab77668d0a84", "type": "admin.message/1", "to": ["ct.hartford.police"], "body": {"text": "its own id"}}'
    site.drop("own.json", draft)
    site.wait_settled("own.json")
    accepted = site.status()["accepted"]
    site.drop("own.json", draft)
    wait_until(lambda: not list(site.at("/srv/liaison/parole/outbox").iterdir()), 20, "its taking")
    site.say("later.json", "later")
    assert site.heard("its own id") == 1 and site.status()["accepted"] == accepted + 1


def test_a_damaged_index_is_moved_aside_and_made_anew(site):
    site.units["liaison-broker"].stop()
    index = site.at(f"{DATA}/index.db")
    flip(index, index.stat().st_size - 2000)
    shown, code = site.shell("liaison doctor -c /etc/liaison/broker.cfg")
    assert code == 1 and "fault    index" in shown and "fault    store" not in shown and "fault    ledger" not in shown
    site.run("Index damaged")
    wait_until(lambda: site.shell("liaison trace 01a20969-7a15-77b6-8de5-ab77668d0a84")[1] == 0, 20, "the index to catch up")
    site.run("Disk full")
    site.run("Upgrade")
    site.wait_connected()


def test_a_lost_hub_is_set_up_again(site):
    lose(site)
    site.run("Hub lost")
    site.run("Restore", slice(4, None))
    refuses(site)
    for agency in AGENCIES:
        accept(site, agency, "2026-01-01")
    site.say("again.json", "the hub is there again")


def test_a_hub_lost_without_a_backup_begins_anew(site):
    lose(site)
    site.type("systemctl start liaison-broker")
    refuses(site)
    for agency in AGENCIES:
        accept(site, agency, "2026-01-01")
    site.say("anew.json", "the hub begins anew")


def test_certificates_and_the_list_are_renewed_and_links_stand(site):
    lost = len(site.units["liaison-adapter@parole"].log("uplink_lost"))
    site.run("Renewing")
    site.say("renewed.json", "by the new certificates")
    assert len(site.units["liaison-adapter@parole"].log("uplink_lost")) == lost


def test_keys_in_wrong_hands_are_revoked_and_replaced(site):
    site.run("An agency's key in wrong hands")
    site.type("install -m 0640 /media/carry/crl.pem /etc/liaison/parole/crl.pem")
    site.type("systemctl reload liaison-adapter@parole")
    site.say("new-key.json", "signed by the new key", by="police", to="ct.doc.parole.hartford")
    shown, code = site.shell("liaison ledger verify /var/lib/liaison --ca /etc/liaison/ca.pem --crl /etc/liaison/crl.pem")
    assert code == 1 and "revoked" in shown, shown
    shown = site.type("liaison doctor -c /etc/liaison/broker.cfg")
    assert "warning  ledger entry" in shown and "revoked" in shown, "that is no damage, and no reason to restore"
    site.type("rm /media/carry/crl.pem")
    site.run("The hub's key in wrong hands")
    site.run("The hub's key in wrong hands", slice(2, None), agency="parole")
    site.wait_connected()
    site.say("new-hub-key.json", "by the hub's new keys")
    # A backup of before has a head that the compromised key signed: it is put back like any other.
    lose(site)
    site.run("Restore", slice(4, None))
    refuses(site)
    for agency in AGENCIES:
        accept(site, agency, "2026-01-01")
    site.say("after-all.json", "after all of it")


def test_an_authority_is_replaced(site):
    title = "The authority's key in wrong hands"
    site.run(title, slice(0, 2))
    site.run(title, slice(1, 2), agency="parole")
    site.run(title, slice(2, None))
    site.wait_connected()
    site.say("both.json", "while both are believed")
    for name in AGENCIES:
        for key in ("tls", "signing"):
            site.type(f"liaison pki issue /srv/authority-new --out /media/carry/{name}-{key} --{key} {AGENCIES[name][0]}")
            site.type(f"cp -p /media/carry/{name}-{key}.pem /etc/liaison/{name}/{key}.pem")
            site.type(f"cp -p /media/carry/{name}-{key}.key /etc/liaison/{name}/{key}.key")
    for file in ("/etc/liaison/broker.cfg", *(f"/etc/liaison/{name}/adapter.cfg" for name in AGENCIES)):
        path = site.at(file)
        path.write_text(path.read_text().replace('"ca.pem", ', "").replace('"crl.pem", ', ""))
    for name in AGENCIES:
        site.type(f"systemctl reload liaison-adapter@{name}")
    site.type("liaison reload")
    site.wait_connected()
    site.say("alone.json", "under the new one alone")


def test_the_key_at_rest_is_rotated():
    with Site(at_rest=True, agencies=()) as site:
        ring = site.at("/etc/liaison/ring/at-rest.ring")
        old = ring.read_text()
        site.run("Rotating the at-rest key")
        assert ring.read_text() != old and site.at("/media/carry/at-rest.ring.old").read_text() == old

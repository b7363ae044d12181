"""Nothing of a person and no secret leaves by a side door: a field with everything written down, planted values, and a search for them in every log, every
answer to an operator and every event."""
import json
import shutil

import pytest
import zmq

from field import ACCEPTED, CATALOGUE, PAROLE, POLICE, WORDS, Field, wait_until
from test_http import Web

NAME, GIVEN, SSN, DOB = "Quillfeather", "Zephyrine", "912847365", "1987-03-19"
RECORD = "W987654321"               # of a record that nobody has
ENTRY = "QUILLFEATHER ZEPHYRINE"    # a field's name that is a person's
BAD = "Quillfeather-born-1987"      # where a date belongs
TOKEN, GUESS = "canary-token-of-the-port-3141", "canary-guess-of-a-stranger-2718"
PLANTED = {"a person's name": NAME, "a given name": GIVEN, "a number of a person": SSN, "a date of birth": DOB, "a record's number": RECORD,
           "a field that is a name": ENTRY, "a bad value": BAD, "the port's token": TOKEN, "a stranger's token": GUESS}


def lenient_catalogue(field):
    """The hub's and the sender's: another edition of a type, which lets in what the recipient's refuses."""
    folder = field.folder / "catalogue"
    shutil.copytree(CATALOGUE, folder)
    path = folder / "admin.message-1.json"
    value = json.loads(path.read_text())
    value["parts"]["main"]["schema"]["additionalProperties"] = True
    value["examples"]["invalid"] = [{"note": "Without a text", "subject": {}, "body": {}, "field": "/text", "code": "schema"},
                                    {"note": "An empty text", "subject": {}, "body": {"text": ""}, "field": "/text", "code": "schema"}]
    path.write_text(json.dumps(value))
    return folder


def speak_up(program, catalogue=None):
    text = program.config.read_text().replace('level = "info"', 'level = "debug"')
    program.config.write_text(text.replace(str(CATALOGUE), str(catalogue)) if catalogue else text)


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.agreements = WORDS + ''',
  { name = "warrants"; from = ["*"]; types = ["warrant.*"]; to = ["role:police", "role:parole_office"]; classes = ["CJ", "CJI"]; route = true; }'''
        made.agency("parole", PAROLE, "parole_office", https='token_file = "token";')
        made.agency("police", POLICE, "police", ori="CT0006400")
        token = made.agencies["parole"].folder / "token"
        token.write_text(TOKEN + "\n")
        token.chmod(0o600)
        lenient = lenient_catalogue(made)
        made.write_hub(extra='log = { level = "debug"; format = "json"; };')
        speak_up(made.hub, lenient)
        made.start_hub()
        for agency in made.agencies.values():
            made.write_agency(agency)
            speak_up(agency, lenient if agency.name == "parole" else None)
            agency.start()
        made.wait_connected()
        yield made


def about_a_person(draft, ids):
    draft["subject"] = {**draft.get("subject", {}), **ids}
    draft["body"]["person"].update(name={"family": NAME, "given": GIVEN}, dob=DOB, ids={**ids, "ssn": SSN})
    return draft


def warrant(field):
    names = {"nic": "W900000001", "warrant_no": "PR-1"}
    draft = about_a_person(field.example("warrant.issue/1"), {"sid": "CT99999999"})
    draft["subject"].update(names)
    draft["body"].update(names)
    return draft


def leaks(where, text):
    return [f"{what} in {where}" for what, value in PLANTED.items() if value.lower() in text.lower()]


def refused_locally(agency, name, document):
    agency.drop(name, document)
    path = agency.spool / "refused" / f"{name}.error"
    wait_until(path.exists, 20, f"the refusal of {name}")
    return path.read_text()


def test_what_is_planted_is_found_in_no_log_answer_or_event(field):
    parole, police = field.agencies["parole"], field.agencies["police"]
    with zmq.Context() as context, context.socket(zmq.SUB) as events:
        events.setsockopt(zmq.SUBSCRIBE, b"")
        events.connect(field.events)
        play(field, parole, police)
        heard = []
        while events.poll(300):
            heard.append(b" ".join(events.recv_multipart()).decode())
    assert heard, "no event was heard"

    found = []
    for program in (field.hub, *field.agencies.values()):
        found += leaks(f"the log of {program.name}", program.log_file.read_text())
    for command in (["status"], ["metrics"], ["agencies"], ["queues"]):
        done = field.run(*command, *([] if command == ["metrics"] else ["--json"]))
        found += leaks(f"liaison {command[0]}", done.stdout + done.stderr)
    for event in heard:
        found += [leak for leak in leaks("an event", event) if "record" not in leak]  # the operator's events name records, as the ledger does
    assert not found, sorted(set(found))


def play(field, parole, police):
    """Each step is seen to have happened with what was planted in it."""
    # accepted, stored, delivered, handed over
    parole.drop("warrant.json", warrant(field))
    assert parole.fate("warrant.json")["state"] in ACCEPTED
    wait_until(lambda: police.received("warrant.issue/1"), 20, "the warrant")
    assert any(NAME in text and SSN in text for text in police.collected.values())

    # refused at the port: a bad value in a field, a name in a field's place, no JSON at all
    bad = warrant(field)
    bad["body"]["person"]["dob"] = BAD
    assert "/dob" in refused_locally(parole, "bad.json", bad)
    odd = warrant(field)
    odd["body"]["person"][ENTRY] = SSN
    assert ENTRY in refused_locally(parole, "odd.json", odd)
    assert refused_locally(parole, "torn.json", f'{{"type": "warrant.issue/1", "body": {{"name": {NAME} {SSN}')
    assert refused_locally(police, "rows.json", json.dumps([NAME, SSN]))

    # refused by the hub, whose reason names the record
    clear = field.example("warrant.clear/1")
    clear["subject"] = {"nic": RECORD}
    clear["body"]["nic"] = RECORD
    parole.drop("clear.json", clear)
    verdict = parole.fate("clear.json")["verdict"]
    assert verdict["code"] == "lifecycle" and RECORD in verdict["reason"]
    wait_until(lambda: parole.log("refused_by_hub"), 10, "the line about it")

    # refused by the recipient, at a field that only the sender has heard of
    parole.drop("word.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": f"{GIVEN} {NAME}", ENTRY: SSN}})
    assert parole.fate("word.json")["state"] in ACCEPTED
    outcome = wait_until(lambda: parole.outcomes("word.json"), 20, "the recipient's refusal")[0]
    assert outcome["what"] == "refused" and outcome["code"] == "schema"
    wait_until(lambda: police.log("delivery_refused"), 10, "the line about it")

    # a stranger at the HTTP port, and one who has the token
    with Web(parole) as web:
        assert web.ask("GET", "/v1/status", headers={"Authorization": f"Bearer {GUESS}"})[0] == 401
        assert web.ask("POST", f"/v1/{ENTRY.replace(' ', '%20')}", {"ssn": SSN}, headers={"Authorization": f"Bearer {TOKEN}"})[0] in (400, 404)
        status, answer = web.ask("POST", "/v1/messages", bad, headers={"Authorization": f"Bearer {TOKEN}"})
        assert status == 422 and answer["error"]["field"].endswith("/dob")

    # junk at the ZeroMQ port
    with zmq.Context() as context, context.socket(zmq.DEALER) as client:
        client.setsockopt(zmq.LINGER, 0)
        client.connect(parole.endpoint)
        for junk in (f"{NAME} {SSN}".encode(), json.dumps({"op": ENTRY, "ref": SSN}).encode(), json.dumps({"op": "send", "message": bad}).encode()):
            client.send(junk)
            assert client.poll(10000), "no answer to junk"
            client.recv()


def test_key_material_is_in_no_log(field):
    text = "".join(path.read_text() for path in (field.folder / "log").iterdir())
    for key in field.folder.glob("*/*.key"):
        for line in key.read_text().splitlines():
            assert line not in text or line.startswith("-----"), key
        assert "BEGIN" not in text

"""`liaison convert`: every form in and out, every fault with its line and its field, and what it says of files that are no documents at all."""
import csv
import json
import os
import pathlib
import subprocess

import pytest

from field import BIN, CATALOGUE, SOURCE

OWN = SOURCE / "tests/samples"
SHARED = pathlib.Path(os.environ.get("LIAISON_SAMPLES", SOURCE.parent / "shared/samples"))
shared = pytest.mark.skipif(not SHARED.is_dir(), reason=f"{SHARED} is not here: the public samples are kept outside of the project")
CSV = OWN / "csv/releases.csv"
CSV_CONFIG = OWN / "csv/releases.cfg"


def run(*arguments, **more):
    return subprocess.run([BIN / "liaison", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, "LIAISON_CATALOGUE": str(CATALOGUE)}, **more)


def convert(*arguments):
    done = run("convert", *arguments)
    assert done.returncode == 0, done.stderr
    return done


def refused(*arguments):
    """The faults, each as (file, line, field, code, reason)."""
    done = run("convert", *arguments)
    assert done.returncode == 1 and not done.stdout, done
    faults = []
    for line in done.stderr.splitlines():
        if ": not mapped: " in line:
            continue
        place, field, code, reason = line.split(": ", 3)
        name, number = place.rsplit(":", 1)
        faults.append((name, int(number), field, code, reason))
    assert faults, done.stderr
    return faults


def example(type_, tmp_path):
    path = tmp_path / "draft.json"
    path.write_text(run("catalogue", "example", type_).stdout)
    return path


# ---- every form ----

def test_a_draft_comes_out_as_it_went_in(tmp_path):
    path = example("warrant.issue/1", tmp_path)
    assert json.loads(convert(path).stdout) == json.loads(path.read_text())
    both = tmp_path / "both.json"
    both.write_text(json.dumps([json.loads(path.read_text())] * 2))
    assert json.loads(convert(both, "--from", "json", "--to", "json").stdout) == json.loads(both.read_text())


def test_ncic_there_and_back(tmp_path):
    text = tmp_path / "query.ncic"
    text.write_bytes(b"QW.CT0006400.*0000000041.TXT\r\nNAM/DELGADO-PIERCE,MARCUS ELLIOT.DOB/19880417.SEX/M.RAC/W.\r\n")
    draft = json.loads(convert(text).stdout)
    assert draft["type"] == "query.wanted/1" and draft["body"]["person"]["dob"] == "1988-04-17"
    back = tmp_path / "back.json"
    back.write_text(json.dumps(draft))
    assert "NAM/DELGADO-PIERCE,MARCUS ELLIOT." in convert(back, "--to", "ncic").stdout
    assert convert(text, "--from", "ncic", "--to", "ncic").stdout.startswith("QW.CT0006400.")


def test_niem_there_and_back(tmp_path):
    document = OWN / "niem/release-6.xml"
    options = ("--agency", "Osborn Correctional Institution", "--ori", "CTDOC001G")
    draft = json.loads(convert(document, *options).stdout)
    assert draft["type"] == "release.notification/1"
    again = tmp_path / "again.xml"
    again.write_text(convert(document, "--to", "niem", *options).stdout)
    assert json.loads(convert(again, "--from", "niem", *options).stdout)["body"] == draft["body"]


def test_csv_by_an_adapters_configuration():
    done = convert(CSV, "--config", CSV_CONFIG)
    first, second = json.loads(done.stdout)
    assert first["body"]["released_at"] == "2026-03-02T08:12:00-05:00" and second["body"]["reason"] == "END_OF_SENTENCE"
    assert f"{CSV}: not mapped: CELL\n" in done.stderr
    done = run("convert", CSV)
    assert done.returncode == 2 and "--config" in done.stderr
    assert run("convert", CSV, "--config", "/nonexistent/a.cfg").returncode == 3


def test_a_configuration_that_the_catalogue_does_not_know(tmp_path):
    config = tmp_path / "bad.cfg"
    config.write_text(CSV_CONFIG.read_text().replace('"/reason"', '"/reasom"'))
    done = run("convert", CSV, "--config", config)
    assert done.returncode == 3 and "release.notification/1 has no field /reasom" in done.stderr and f"{config}:" in done.stderr


def test_case_systems_json():
    done = convert(OWN / "casework/referral.case.json", "--agency", "DOC Parole", "--ori", "CTDOC001G")
    assert [draft["type"] for draft in json.loads(done.stdout)] == [
        "referral.send/1", "plan.submit/1", "plan.approve/1", "attendance.report/1", "attendance.report/1", "casenote.share/1",
        "discharge.report/1"]
    assert ": not mapped: /content/referral/0/status\n" in done.stderr
    draft = json.loads(convert(OWN / "casework/licence.case.json", "--from", "json").stdout)
    assert draft["type"] == "board.conditions_change/1" and len(draft["body"]["add"]) == 5


def test_standard_input_and_what_still_needs_a_signature(tmp_path):
    path = example("release.authorize/1", tmp_path)
    done = run("convert", "-", input=path.read_text())
    assert done.returncode == 0 and json.loads(done.stdout)["type"] == "release.authorize/1"
    assert "still needs the signatures of" in done.stderr


# ---- faults ----

def test_a_fault_of_a_draft_has_its_line_and_field(tmp_path):
    path = example("warrant.issue/1", tmp_path)
    draft = json.loads(path.read_text())
    draft["body"]["person"]["dob"] = "soon"
    path.write_text(json.dumps(draft, indent=1))
    line = 1 + path.read_text().split('"dob"')[0].count("\n")
    (fault,) = refused(path)
    assert fault[:4] == (str(path), line, "/parts/main/person/dob", "schema")
    del draft["body"]["person"]
    path.write_text(json.dumps([draft, draft], indent=1))
    assert [fault[2:4] for fault in refused(path)] == [("/0/parts/main/person", "schema"), ("/1/parts/main/person", "schema")]


@pytest.mark.parametrize("contents,place", [("", 1), ("{", 1), ('{"type":\n\n}', 3), ("[1]", 1), ("{}", 1), ("[]", 1), ('{"a":1,"a":2}', 1),
                                             ('{"type":"no.such/1","body":{}}', 1)])
def test_json_that_is_no_draft(tmp_path, contents, place):
    path = tmp_path / "odd.json"
    path.write_text(contents)
    assert refused(path)[0][1] == place


def test_faults_of_an_export(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(CSV.read_text().replace("PAR", "XYZ").replace("08:12", "25:99").replace("11/02/1979", "1979-13-02"))
    assert [fault[1:4] for fault in refused(path, "--config", CSV_CONFIG)] == [(2, "REL TIME", "schema"), (2, "REL TYPE", "schema"),
                                                                              (3, "DOB", "schema")]


def test_faults_of_a_case_document(tmp_path):
    path = tmp_path / "bad.case.json"
    text = (OWN / "casework/referral.case.json").read_text().replace("5 June 2026, 4:00:00 pm", "31 June 2026, 4:00:00 pm")
    path.write_text(text)
    line = 1 + text.split('"31 June')[0].count("\n")
    assert {fault[1:4] for fault in refused(path)} == {(line, "/content/referral/0/end_of_service_report/submitted_at", "schema")}


def test_a_message_that_a_form_has_no_word_for(tmp_path):
    path = example("plan.submit/1", tmp_path)
    assert refused(path, "--to", "ncic")[0][2:4] == ("/type", "unknown_type")


@pytest.mark.parametrize("name", ["empty.json", "empty.ncic", "empty.xml", "empty.case.json", "empty"])
def test_an_empty_file(tmp_path, name):
    path = tmp_path / name
    path.touch()
    assert refused(path)[0][0] == str(path)


@pytest.mark.parametrize("form", ["json", "ncic", "niem", "casework", "csv", None])
def test_garbage(tmp_path, form):
    path = tmp_path / "garbage"
    path.write_bytes(bytes((i * 7919 + i // 251) % 256 for i in range(50000)))
    arguments = ([] if form is None else ["--from", form]) + (["--config", CSV_CONFIG] if form == "csv" else [])
    assert all(fault[1] >= 1 for fault in refused(path, *arguments))


def test_a_huge_file(tmp_path):
    path = tmp_path / "huge.json"
    with open(path, "wb") as file:
        file.truncate(100 << 20)
    (fault,) = refused(path)
    assert fault[1:4] == (1, "/", "too_large")


def test_a_missing_file_and_a_folder(tmp_path):
    assert refused(tmp_path / "nowhere.xml")[0][3] == "io"
    assert refused(tmp_path)[0][1] == 1


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["a", "--bogus"], ["a", "--from"], ["a", "--from", "doc"], ["a", "--to", "csv"],
                                       ["a", "--to", "doc"], ["a", "--to", "casework"]], ids=" ".join)
def test_wrong_usage(arguments):
    done = run("convert", *arguments)
    assert done.returncode == 2 and done.stderr.startswith("liaison convert: ") and not done.stdout


# ---- the public samples ----

@shared
def test_the_texts_of_the_manifest():
    with open(SHARED / "ncic-text/MANIFEST.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows
    for row in rows:
        path = SHARED / "ncic-text" / row["file"]
        done = run("convert", path)
        assert done.returncode == (1 if row["expect"] == "reject" else 0), (row, done.stderr)
        if row["expect"] != "reject":
            assert json.loads(done.stdout)["type"]


OJBC = {"custody/BookingReport-Pima.xml": "custody.booking/1", "custody/CustodyReleaseReport-Adams.xml": "release.notification/1",
        "custody/CustodyStatusChangeReport-Adams.xml": "custody.status_change/1", "warrant/WarrantIssuedReport.xml": "warrant.issue/1",
        "warrant/WarrantAcceptedReport.xml": "warrant.accepted/1", "warrant/WarrantRejectedReport.xml": "warrant.rejected/1",
        "warrant/WarrantCancelledReport.xml": "warrant.cancel/1", "behavioral_health/ConsentDecisionReport.xml": "consent.decision/1"}


@shared
@pytest.mark.parametrize("name,type_", OJBC.items(), ids=OJBC)
def test_the_documents_of_niem(name, type_):
    assert json.loads(convert(SHARED / "ojbc-main" / name).stdout)["type"] == type_


@shared
def test_the_documents_of_case_systems():
    done = convert(SHARED / "hmpps-interventions/sar-api-response.json")
    assert [draft["type"] for draft in json.loads(done.stdout)] == ["plan.submit/1", "attendance.report/1", "discharge.report/1"]
    assert "no referral.send/1, because" in done.stderr
    for name in ("licence-by-id.json", "licences.json"):  # neither names the person
        assert "no board.conditions_change/1, because" in refused(SHARED / "hmpps-licence" / name)[0][4]
    assert refused(SHARED / "hmpps-licence/policyV4.json")[0][3] == "unknown_type"

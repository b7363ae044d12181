"""What documents cost on their way into messages, beside a bare parse of the same bytes, and a schema's check beside ajv's of the same body and schema."""
import json
import shutil
import subprocess
import tempfile
import pathlib

import field

SAMPLES = field.SOURCE / "tests/samples"
TYPE = "warrant.issue/1"


def _bench(*arguments):
    return json.loads(subprocess.run([field.BIN / "tests/bench/bench_documents", field.CATALOGUE, *map(str, arguments)], check=True, capture_output=True, text=True).stdout)


def _ajv(figures, body):
    if not shutil.which("node"):
        figures.note("ajv: skipped, node is not installed")
        return
    done = subprocess.run(["node", pathlib.Path(__file__).with_name("schema_ajv.js"), field.CATALOGUE, TYPE.replace("/", "-") + ".json", body],
                          capture_output=True, text=True)
    if done.returncode != 0:
        why = "is not found (npm install --prefix DIR ajv ajv-formats; NODE_PATH=DIR/node_modules)" if "Cannot find module" in done.stderr else done.stderr[-300:]
        figures.note(f"ajv: skipped, it {why}")
        return
    found = json.loads(done.stdout)
    figures.note(f"ajv {found['version']}, compiled and warm, on a parsed body; ours on a packed one")
    figures.add("convert.schema.ajv", found["us"], "µs")


def conversions(figures, rounds, seconds, long):
    example = json.loads((field.CATALOGUE / "warrant.issue-1.json").read_text())["examples"]["valid"][0]["body"]
    with tempfile.TemporaryDirectory() as folder:
        body = pathlib.Path(folder) / "body.json"
        body.write_text(json.dumps(example))
        documents = {"ncic": SAMPLES / "ncic/valid/EW_with_all_there_is.ncic", "niem": SAMPLES / "niem/warrant-3.xml", "json": body}
        for _ in range(rounds):
            for name, path in documents.items():
                found = _bench(name, path)
                figures.add(f"convert.{name}.rate", 1e6 / found["us"], "documents/s")
                figures.add(f"convert.{name}.us", found["us"], f"µs for {found['bytes']:,} bytes")
                if found["bare_us"]:
                    figures.add(f"convert.{name}.bare", found["bare_us"], "µs, " + {"niem": "libxml2", "json": "jansson"}[name])
            figures.add("convert.schema.ours", _bench("schema", body, TYPE)["us"], "µs")
            _ajv(figures, body)

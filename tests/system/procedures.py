"""The procedures of docs/runbook.md, taken from the document: what is typed in its console blocks is typed here, and what stands below has to come. A site is a
hub and two agencies as operate.md sets them up, with every path of the document below a folder of the test; systemctl, journalctl and sudo are played."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import time

from field import BIN, CATALOGUE, SOURCE, Program, free_port, wait_until

DOCUMENT = SOURCE / "docs/runbook.md"
PLACES = re.compile(r"/(?:etc/liaison|var/lib/liaison|srv/authority|srv/liaison|run/liaison|backup|media/carry)(?!\w)")
ASKED_AGAIN = re.compile(r"^(?:sudo -u \w+ )?liaison (?:status|doctor|agencies|adapter history|trace|vault status)\b")  # as long as it takes: they change nothing
PATIENCE = 15
ANY = "…"


class Step:
    def __init__(self, command):
        self.command, self.expected, self.code = command, [], 0

    def pattern(self, fill):
        lines = []
        for line in self.expected:
            lines.append(r"(?:.*\n)*?" if line == ANY else ".*".join(re.escape(part) for part in fill(line).split(ANY)) + r"\s*\n")
        return re.compile("".join(lines))


def steps_of(block):
    steps = []
    for line in block.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:]))
        elif match := re.fullmatch(r"\(exit (\d+)\)", line):
            steps[-1].code = int(match.group(1))
        else:
            steps[-1].expected.append(line)
    return steps


def procedures():
    """Heading → blocks of steps, in the order of the document."""
    found = {}
    for section in re.split(r"^## ", DOCUMENT.read_text(), flags=re.M)[1:]:
        title, _, text = section.partition("\n")
        assert "```sh" not in text and "\n    $ " not in text, f"{title}: a block that is not run"
        blocks = [steps_of(block) for block in re.findall(r"^```console\n(.*?)^```$", text, re.M | re.S)]
        if blocks:
            found[title] = blocks
    return found


CONFIG = '''party = "ct.hub";
data = "/var/lib/liaison";
tls     = {{ certificate = "hub-tls.pem";  key = "hub-tls.key"; ca = ["ca.pem"]; crl = ["crl.pem"]; }};
signing = {{ certificate = "hub-sign.pem"; key = "hub-sign.key"; }};
parties = ( {{ party = "ct.hartford.police"; title = "Hartford Police Department"; roles = ["police"]; }},
            {{ party = "ct.doc.parole.hartford"; title = "Hartford Parole Office"; roles = ["parole_office"]; }} );
agreements = ( {{ name = "words"; from = ["*"]; types = ["admin.message/1"]; to = ["*"]; }} );
listen = "127.0.0.1:{port}";
catalogue = "{catalogue}";
control = "ipc:///run/liaison/control";
events = "ipc:///run/liaison/events";
limits = {{ heads_ms = "100 ms"; }};
log = {{ format = "json"; }};
{more}
'''

ADAPTER = '''party = "{party}";
kind = "{kind}";
title = "{kind}";
ori = "CT0006400";
data = "/var/lib/liaison/{name}";
hub = {{ address = "127.0.0.1:{port}"; name = "hub.example.gov"; party = "ct.hub"; }};
tls     = {{ certificate = "tls.pem";     key = "tls.key";     ca = ["ca.pem"]; crl = ["crl.pem"]; }};
signing = {{ certificate = "signing.pem"; key = "signing.key"; }};
ports = {{ spool = "/srv/liaison/{name}"; zmq = "ipc:///run/liaison/{name}/port"; }};
catalogue = "{catalogue}";
limits = {{ backoff_least = "20 ms"; backoff_most = "200 ms"; }};
log = {{ format = "json"; }};
'''

AGENCIES = {"police": ("ct.hartford.police", "police"), "parole": ("ct.doc.parole.hartford", "parole_office")}


class Site:
    def __init__(self, at_rest=False, agencies=tuple(AGENCIES)):
        self.agencies = agencies
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="liaison-"))
        self.port, self.procedures, self.done = free_port(), procedures(), []
        for folder in ("etc/liaison", "var/lib/liaison", "run/liaison", "media/carry", "log", "srv/liaison"):
            (self.root / folder).mkdir(parents=True)
        self.fills = {}
        more = 'at_rest = { key = "ring/at-rest.ring"; };' if at_rest else ""
        self.units = {"liaison-broker": Program("hub", "liaison-broker", self.at("/etc/liaison/broker.cfg"), self.root / "log/hub.log")}
        self.type("liaison pki init /srv/authority --title 'Connecticut liaison hub'")
        self.type("liaison pki issue /srv/authority --out /etc/liaison/hub-tls --hub-tls ct.hub --host hub.example.gov")
        self.type("liaison pki issue /srv/authority --out /etc/liaison/hub-sign --hub-signing ct.hub")
        self.type("cp /srv/authority/ca.pem /srv/authority/crl.pem /etc/liaison/")
        if at_rest:
            self.type("install -d -m 0700 /etc/liaison/ring")
            self.type("liaison vault new /etc/liaison/ring/at-rest.ring")
        self.write("/etc/liaison/broker.cfg", CONFIG.format(port=self.port, catalogue=CATALOGUE, more=more))
        for name in agencies:
            party, kind = AGENCIES[name]
            for folder in ("etc/liaison", "srv/liaison", "run/liaison"):
                (self.root / folder / name).mkdir()
            self.type(f"liaison pki issue /srv/authority --out /etc/liaison/{name}/tls --tls {party}")
            self.type(f"liaison pki issue /srv/authority --out /etc/liaison/{name}/signing --signing {party}")
            self.type(f"cp /srv/authority/ca.pem /srv/authority/crl.pem /etc/liaison/{name}/")
            config = f"/etc/liaison/{name}/adapter.cfg"
            self.write(config, ADAPTER.format(party=party, kind=kind, name=name, port=self.port, catalogue=CATALOGUE))
            self.units[f"liaison-adapter@{name}"] = Program(name, "liaison-adapter", self.at(config), self.root / f"log/{name}.log")
        for unit in self.units:
            assert self.systemctl("start", unit) == 0, self.last_words()
        self.wait_connected()

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        for program in reversed(self.units.values()):
            program.stop()
        if kind:
            print(self.last_words())
        else:
            shutil.rmtree(self.root)

    def last_words(self):
        return "\n".join(f"--- {path.name}\n" + "\n".join(path.read_text().splitlines()[-12:]) for path in sorted((self.root / "log").iterdir()))

    # ---- the machine ----

    def at(self, path):
        return self.root / path.lstrip("/")

    def here(self, text):
        """The text with the document's paths below the site's folder."""
        return PLACES.sub(lambda match: f"{self.root}{match.group()}", text)

    def write(self, path, text):
        self.at(path).write_text(self.here(text))

    def systemctl(self, verb, unit):
        program = self.units[unit]
        if verb in ("stop", "restart"):
            program.stop()
        if verb in ("start", "restart"):
            begun = len(program.log("started"))
            program.start()
            wait_until(lambda: len(program.log("started")) > begun or not program.is_up(), 20, f"the start of {unit}")
            if not program.is_up():
                program.process = None
                return 1
        if verb == "reload":
            program.signal(signal.SIGHUP)
        return 0

    def shell(self, command):
        """stdout and stderr, and the exit code; variables in capitals stay, as in one session."""
        state = self.root / "state"
        # The machine's users are not the test's: who owns what was tried by hand, by a user of its own.
        command = re.sub(r"\bsudo -u liaison ", "", command)
        command = re.sub(r"(install .*?)-o \w+ -g \w+ ", r"\1", command)
        script = f"[ -e {state} ] && . {state}\n{self.here(command)}\ncode=$?\nset | grep -E '^(BACKUP|AWAY)=' >{state}\nexit $code\n"
        surroundings = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "LIAISON_CATALOGUE": str(CATALOGUE), "LC_ALL": "C.UTF-8",
                        "LIAISON_CONTROL": self.here("ipc:///run/liaison/control"), "LIAISON_EVENTS": self.here("ipc:///run/liaison/events")}
        done = subprocess.run(["bash", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60,
                              env=surroundings, cwd=self.root, umask=0o077)
        return done.stdout.replace(str(self.root), ""), done.returncode

    def carry_out(self, command):
        words = command.split()
        if words[0] == "systemctl":
            return "", self.systemctl(words[1], words[2])
        if words[0] == "journalctl":
            return self.units[words[2]].log_file.read_text() if words[1] == "-u" else "", 0
        return self.shell(command)

    def type(self, command):
        """What the test types of its own accord."""
        output, code = self.carry_out(command)
        assert code == 0, (command, code, output)
        return output

    # ---- the document ----

    def fill(self, text):
        for word, value in self.fills.items():
            text = re.sub(rf"\b{word}\b", value, text)
        return text

    def follow(self, step):
        command, pattern = self.fill(step.command), step.pattern(self.fill)
        end = time.monotonic() + PATIENCE
        while True:
            output, code = self.carry_out(command)
            if code == step.code and pattern.fullmatch(output if not output or output.endswith("\n") else output + "\n"):
                break
            assert ASKED_AGAIN.match(command) and time.monotonic() < end, (
                f"docs/runbook.md says\n$ {step.command}\n" + "\n".join(step.expected) + f"\n(exit {step.code})\nand what came is\n{output}(exit {code})")
            time.sleep(0.05)
        return output

    def run(self, title, blocks=slice(None), agency="police", **fills):
        """Carries out the blocks of a procedure; the outputs of all its steps."""
        self.fills = fills
        self.done.append(title)
        chosen = self.procedures[title][blocks]
        outputs = []
        for steps in chosen:
            for step in steps:
                if agency != "police":
                    party = AGENCIES[agency][0]
                    swapped = Step(step.command.replace("ct.hartford.police", party).replace("police", agency))
                    swapped.expected, swapped.code = [line.replace("ct.hartford.police", party).replace("police", agency) for line in step.expected], step.code
                    step = swapped
                outputs.append(self.follow(step))
        self.fills = {}
        return outputs

    # ---- what the agencies do ----

    def status(self):
        return json.loads(self.type("liaison status --json"))

    def known(self, agency):
        """What an adapter knows of the hub's ledger, and refuses."""
        return json.loads(self.type(f"liaison status --port ipc:///run/liaison/{agency}/port --json"))["history"]

    def wait_connected(self, *names):
        wanted = {AGENCIES[name][0] for name in names or self.agencies}

        def connected():
            output, code = self.shell("liaison agencies --json")
            return code == 0 and wanted <= {row["party"] for row in json.loads(output)["agencies"] if row["connected"]}
        wait_until(connected, 20, "the links")

    def drop(self, name, draft, by="parole"):
        outbox = self.at(f"/srv/liaison/{by}/outbox")
        (outbox / f".{name}").write_text(draft)
        (outbox / f".{name}").rename(outbox / name)

    def say(self, name, text, by="parole", to="ct.hartford.police"):
        """A message by the spool, until it is received."""
        self.drop(name, '{"type": "admin.message/1", "to": ["%s"], "body": {"text": "%s"}}' % (to, text), by)
        self.wait_settled(name, by)

    def wait_settled(self, name, by="parole", count=1):
        sent = self.at(f"/srv/liaison/{by}/sent")
        wait_until(lambda: sum('"settled"' in path.read_text() for path in sent.glob(f"{name}.*.status.json")) >= count, 20, f"the receipt for {name}")

    def heard(self, text, by="police"):
        return sum(text in path.read_text() for path in self.at(f"/srv/liaison/{by}/inbox").glob("[!.]*"))

"""A field to test in: a hub, its authority and agencies in a folder of their own, on free ports of the loopback. Programs are killed by
their process id only, and nothing waits but for a condition, with a limit."""
import contextlib
import ctypes
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SOURCE = pathlib.Path(os.environ.get("LIAISON_SOURCE", pathlib.Path(__file__).parents[2]))
BIN = pathlib.Path(os.environ.get("LIAISON_BIN", SOURCE / "build/release"))
CATALOGUE = SOURCE / "schemas/catalogue"
IS_OPEN = os.environ.get("LIAISON_TEST_SANDBOX") == "off"  # for programs that write down at their end which lines they ran
IS_LONG = os.environ.get("LIAISON_TEST_MODE") == "long"
HUB = "ct.hub"
BOARD, FACILITY, PAROLE, POLICE, FUGITIVE = ("ct.bopp", "ct.doc.facility.osborn", "ct.doc.parole.hartford", "ct.hartford.police",
                                            "ct.doc.parole.fugitive")

ACCEPTED = ("accepted", "settled")  # a state of what the hub took; the second once every recipient has ended

standing = []  # fields that are up, for the report of a failure


class Late(AssertionError):
    pass


def wait_until(condition, limit=20, what="the condition"):
    """The first true value of the condition; asked again every few milliseconds until the limit, in seconds."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Late(f"{what} did not come within {limit} s")
        time.sleep(0.005)


def free_port():
    """Below the ports that the kernel gives to outgoing connections, so that none of those takes it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(15000, 32000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def open_sandbox(settings):
    return "\nsandbox = { on = false; };" if IS_OPEN and "sandbox" not in settings else ""


class Program:
    """A long-running program; its log goes on in one file over all its lives."""

    def __init__(self, name, program, config, log):
        self.name, self.program, self.config, self.log_file = name, BIN / program, config, log
        self.process = None
        self.before, self.surroundings = [], {}  # what a test puts in front of it, and into its environment

    def start(self):
        assert self.process is None, f"{self.name} runs already"
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen([*self.before, self.program, "-c", self.config], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            preexec_fn=_die_with_parent, env={**os.environ, **self.surroundings})

    @property
    def pid(self):
        return self.process.pid

    def is_up(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        assert self.is_up(), f"{self.name} is not running any more"
        os.kill(self.pid, number)

    def kill(self):
        """kill -9, and gone when this returns."""
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self):
        """In good order; gives the exit code."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            os.kill(self.pid, signal.SIGTERM)
        try:
            code = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Late(f"{self.name} did not stop")
        self.process = None
        return code

    def log(self, event=None, **wanted):
        """The lines of its log as maps, in order: those of an event whose fields are as wanted."""
        lines = []
        for line in self.log_file.read_text(errors="replace").splitlines() if self.log_file.exists() else []:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"event": "?", "text": line}
            if (event is None or entry.get("event") == event) and all(entry.get(key) == value for key, value in wanted.items()):
                lines.append(entry)
        return lines


class Agency(Program):
    def __init__(self, field, name, party, kind, more):
        self.folder = field.folder / name
        super().__init__(name, "liaison-adapter", self.folder / "adapter.cfg", field.folder / f"log/{name}.log")
        self.field, self.party, self.kind, self.more = field, party, kind, more
        self.endpoint = f"ipc://{field.folder}/run/{name}"
        self.https_port = free_port()
        self.collected = {}  # what the agency's system took from the inbox: file name to contents, once each
        self.twice = []      # and what it saw once more
        (self.folder / "spool").mkdir(parents=True)

    @property
    def spool(self):
        return self.folder / "spool"

    def drop(self, name, document):
        """As a system does it: written beside, then renamed."""
        text = document if isinstance(document, (str, bytes)) else json.dumps(document)
        outbox = self.spool / "outbox"
        hidden = outbox / f".{name}"
        hidden.write_bytes(text if isinstance(text, bytes) else text.encode())
        hidden.rename(outbox / name)

    def statuses(self, name=""):
        """What stands beside the documents that were sent: one map for each message."""
        found = []
        for path in sorted((self.spool / "sent").glob(f"{name}*.status.json")):
            with contextlib.suppress(ValueError, FileNotFoundError):  # it is written anew by a rename
                found.append(json.loads(path.read_text()))
        return found

    def fate(self, name, limit=30):
        """The status of a dropped document's only message once it has a verdict."""
        def judged():
            error = self.spool / "refused" / f"{name}.error"
            assert not error.exists(), error.read_text()
            return [status for status in self.statuses(name) if status["state"] != "waiting"]
        return wait_until(judged, limit, f"the verdict on {name} of {self.name}")[0]

    def outcomes(self, name):
        return [outcome for status in self.statuses(name) for outcome in status["outcomes"]]

    def collect(self):
        """Takes what is in the inbox away, as the agency's system does."""
        taken = self.folder / "taken"
        taken.mkdir(exist_ok=True)
        inbox = self.spool / "inbox"
        for path in sorted(inbox.glob("[!.]*")) if inbox.exists() else []:
            if path.name in self.collected:
                self.twice.append(path.name)
            self.collected[path.name] = path.read_text()
            path.rename(taken / f"{len(self.collected)}.{path.name}")
        return self.collected

    def received(self, kind):
        return [name for name in self.collect() if f".{kind.replace('/', '-')}." in name]

    def is_open(self):
        """Its last word on the link to the hub."""
        states = [line for line in self.log() if line["event"] in ("started", "uplink_open", "uplink_lost", "uplink_failed")]
        return bool(states) and states[-1]["event"] == "uplink_open"


class Field:
    """agency(…) for each, then start(). `agreements` is the text of the list in broker.cfg."""

    def __init__(self, host="127.0.0.1"):
        self.host = host  # where the hub listens
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="liaison-"))
        self.is_kept = False
        for name in ("hub", "run", "log"):
            (self.folder / name).mkdir()
        self.pki = self.folder / "pki"
        self.port = free_port()
        self.control, self.events = f"ipc://{self.folder}/run/control", f"ipc://{self.folder}/run/events"
        self.hub = Program("hub", "liaison-broker", self.folder / "hub/broker.cfg", self.folder / "log/hub.log")
        self.agencies = {}
        self.parties = []    # more of them than run an adapter
        self.agreements = WORDS
        self.limits = {}
        self.liaison("pki", "init", self.pki, "--title", "Authority of the field")
        self.issue("hub/tls", "--hub-tls", HUB, "--host", "localhost", "--host", host)
        self.issue("hub/signing", "--hub-signing", HUB)

    def __enter__(self):
        standing.append(self)
        return self

    def __exit__(self, kind, value, trace):
        self.is_kept = self.is_kept or kind is not None
        ends = []
        for program in [*self.agencies.values(), self.hub]:
            try:
                code = program.stop()
                if code not in (0, None):
                    ends.append(f"{program.name} ended with {code}")
            except Late as why:
                ends.append(str(why))
        standing.remove(self)
        if not self.is_kept and not ends:
            shutil.rmtree(self.folder)
        assert not ends or kind, (ends, self.last_words())

    def last_words(self, lines=25):
        text = []
        for log in sorted((self.folder / "log").glob("*.log")):
            text += [f"--- {log.name}", *log.read_text(errors="replace").splitlines()[-lines:]]
        return "\n".join(text)

    # ---- the command ----

    def run(self, *arguments, **options):
        """`liaison` with these arguments; a CompletedProcess with text."""
        surroundings = {"LIAISON_CONTROL": self.control, "LIAISON_EVENTS": self.events, "LIAISON_CATALOGUE": str(CATALOGUE)}
        return subprocess.run([BIN / "liaison", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **surroundings}, **options)

    def liaison(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode == 0, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def ask(self, *arguments):
        return json.loads(self.liaison(*arguments, "--json"))

    def metrics(self):
        """Name with labels to value."""
        values = {}
        for line in self.liaison("metrics").splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                values[name] = float(value)
        return values

    def refused_links(self, code):
        return sum(value for name, value in self.metrics().items() if name.startswith("liaison_links_refused") and f'code="{code}"' in name)

    # ---- papers ----

    def issue(self, prefix, *arguments):
        path = self.folder / prefix
        path.parent.mkdir(exist_ok=True, parents=True)
        self.liaison("pki", "issue", self.pki, "--out", path, *arguments)
        return path

    def papers(self, name, party):
        """TLS and signing certificates of a party, in a folder of that name."""
        self.issue(f"{name}/tls", "--tls", party)
        self.issue(f"{name}/signing", "--signing", party)
        return self.folder / name

    def person(self, name, party, person, role):
        return self.issue(f"{name}/{person.replace('.', '_')}", "--person", party, person, role)

    # ---- configuration ----

    def agency(self, name, party, kind, town=None, roles=(), **more):
        """more: zmq=False, spool=False, https="more of its group", hand_over="zmq", format="ncic", ori=…, extra="more of adapter.cfg"; an adapter that is not wanted: the party alone goes to `parties`."""
        self.papers(name, party)
        self.agencies[name] = Agency(self, name, party, kind, more)
        self.parties.append((party, (kind, *roles), town))
        return self.agencies[name]

    def hub_config(self, **changes):
        """The text of broker.cfg; changes: parties, agreements, limits, extra, port."""
        parties = ",\n".join(
            f'  {{ party = "{party}"; title = "{party}"; roles = [{", ".join(quoted(roles))}];'
            + (f' attributes = {{ town = "{town}"; }};' if town else "") + " }"
            for party, roles, town in changes.get("parties", self.parties))
        limits = "".join(f' {name} = {value if isinstance(value, int) else quote(value)};'
                         for name, value in changes.get("limits", self.limits).items())
        return f'''party = "{HUB}";
listen = "{self.host}:{changes.get("port", self.port)}";
data = "data";
catalogue = "{CATALOGUE}";
control = "{self.control}";
events = "{self.events}";
tls = {{ certificate = "tls.pem"; key = "tls.key"; ca = ["{self.pki}/ca.pem"]; crl = ["{self.pki}/crl.pem"]; }};
signing = {{ certificate = "signing.pem"; key = "signing.key"; }};
limits = {{{limits} }};
parties = (
{parties}
);
agreements = (
{changes.get("agreements", self.agreements)}
);
{changes.get("extra", "")}{open_sandbox(changes.get("extra", ""))}
'''

    def write_hub(self, **changes):
        self.hub.config.write_text(self.hub_config(**changes))

    def write_agency(self, agency, port=None):
        more = agency.more
        ports = []
        if more.get("zmq", True):
            ports.append(f'zmq = "{agency.endpoint}";')
        if more.get("spool", True):
            ports.append(f'spool = "spool"; spool_format = "{more.get("format", "json")}";')
        if "https" in more:
            ports.append(f'https = {{ listen = "127.0.0.1:{agency.https_port}"; {more["https"]} }};')
        if "hand_over" in more:
            ports.append(f'hand_over = "{more["hand_over"]}";')
        agency.config.write_text(f'''party = "{agency.party}";
kind = "{agency.kind}";
title = "{agency.party}";
ori = "{more.get("ori", "")}";
data = "data";
catalogue = "{CATALOGUE}";
hub = {{ address = "{self.host}:{port or self.port}"; party = "{HUB}"; }};
tls = {{ certificate = "tls.pem"; key = "tls.key"; ca = ["{self.pki}/ca.pem"]; crl = ["{self.pki}/crl.pem"]; }};
signing = {{ certificate = "signing.pem"; key = "signing.key"; }};
ports = {{ {" ".join(ports)} }};
limits = {{ backoff_least = "20 ms"; backoff_most = "200 ms"; {more.get("more_limits", "")} }};
log = {{ level = "info"; format = "json"; }};
{more.get("extra", "")}{open_sandbox(more.get("extra", ""))}
''')

    # ---- life ----

    def status(self):
        done = self.run("status", "--json", "--timeout", "1s")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def start_hub(self):
        self.hub.start()
        wait_until(lambda: self.is_answering(), 20, "the hub's start")

    def is_answering(self):
        assert self.hub.is_up(), "the hub ended: " + self.last_words()
        return self.status()

    def start(self):
        self.write_hub()
        self.start_hub()
        for agency in self.agencies.values():
            self.write_agency(agency)
            agency.start()
        self.wait_connected()
        return self

    def wait_connected(self, *names):
        """All of them, or those named, have the link that the hub knows of."""
        wanted = {self.agencies[name].party for name in names or self.agencies}

        def connected():
            done = self.run("agencies", "--json", "--timeout", "1s")
            rows = json.loads(done.stdout)["agencies"] if done.returncode == 0 else []
            return wanted <= {row["party"] for row in rows if row["connected"]}
        wait_until(connected, 20, f"the links of {sorted(wanted)}")

    def example(self, kind):
        return json.loads(self.liaison("catalogue", "example", kind))

    def verify_ledger(self, data=None):
        return self.ask("ledger", "verify", data or self.folder / "hub/data", "--hub-certificate", self.folder / "hub/signing.pem", "--ca",
                        self.pki / "ca.pem")


def quote(text):
    return f'"{text}"'


def quoted(texts):
    return [quote(text) for text in texts]


WORDS = '''  { name = "words"; from = ["*"]; types = ["admin.message/1"]; to = ["*"]; route = false; }'''

OF_THE_CASE = WORDS + ''',
  { name = "release authorizations"; from = ["role:parole_board"]; types = ["release.authorize/1"];
    to = ["role:facility", "role:parole_office"]; route = false; },
  { name = "release notices"; from = ["role:facility"]; types = ["release.notification/1"];
    to = ["role:parole_office town=/destination/town", "role:police town=/destination/town"]; route = true; },
  { name = "warrants"; from = ["role:parole_office"]; types = ["warrant.issue/1"];
    to = ["role:police town=/last_known/town", "role:fugitive_unit"]; classes = ["CJ", "CJI"]; route = true; },
  { name = "warrant changes"; from = ["role:parole_office", "role:police"]; types = ["warrant.locate/1", "warrant.clear/1"];
    to = ["thread"]; classes = ["CJ", "CJI"]; route = true; }'''


class Authority:
    """Makes what `liaison pki` would never: with the key of an authority's folder, or of an authority that nobody knows."""

    def __init__(self, folder=None, title="Nobody's authority"):
        if folder:
            self.certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
            self.key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
            return
        self.key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, title)])
        now = datetime.datetime.utcnow()
        self.certificate = (
            x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(x509.KeyUsage(True, False, False, False, False, True, True, False, False), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False)
            .sign(self.key, hashes.SHA256()))

    def issue(self, prefix, uri, extended=(ExtendedKeyUsageOID.CLIENT_AUTH,), signs=False, begins=-1.0, ends=30.0, hosts=()):
        """PREFIX.pem and PREFIX.key; begins and ends in days from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.datetime.utcnow()
        names = [x509.UniformResourceIdentifier(uri), *(x509.DNSName(host) for host in hosts)]
        builder = (
            x509.CertificateBuilder().subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made by hand")]))
            .issuer_name(self.certificate.subject).public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + datetime.timedelta(days=begins)).not_valid_after(now + datetime.timedelta(days=ends))
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(x509.KeyUsage(True, signs, False, False, False, False, False, False, False), True)
            .add_extension(x509.SubjectAlternativeName(names), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False))
        if extended:
            builder = builder.add_extension(x509.ExtendedKeyUsage(extended), False)
        certificate = builder.sign(self.key, hashes.SHA256())
        pem = serialization.Encoding.PEM
        prefix.parent.mkdir(exist_ok=True, parents=True)
        prefix.with_suffix(".pem").write_bytes(certificate.public_bytes(pem))
        prefix.with_suffix(".key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        prefix.with_suffix(".key").chmod(0o600)
        return prefix

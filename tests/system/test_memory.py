"""Private keys in the memory of running programs: locked, left out of dumps, and nowhere else. Read from outside, as only root may."""
import os
import pathlib
import re
import resource
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from field import ACCEPTED, PAROLE, POLICE, Field, wait_until

KEY_HEAD = bytes.fromhex("30770201010420")  # of a P-256 key as DER: the number follows

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root reads another process's memory")


@pytest.fixture(scope="module")
def field():
    with Field() as made:
        made.agency("parole", PAROLE, "parole_office")
        made.agency("police", POLICE, "police", ori="CT0006400")
        made.start()
        parole = made.agencies["parole"]
        for number in range(5):
            parole.drop(f"{number}.json", {"type": "admin.message/1", "to": [POLICE], "body": {"text": "a word"}})
            parole.fate(f"{number}.json")
        wait_until(lambda: len(made.agencies["police"].received("admin.message/1")) == 5, 20, "the words")
        yield made


def regions(pid):
    """(start, end, name, flags) of what the process can write."""
    found, current = [], None
    for line in pathlib.Path(f"/proc/{pid}/smaps").read_text().splitlines():
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
        if head:
            current = [int(head[1], 16), int(head[2], 16), head[3], head[4]]
        elif line.startswith("VmFlags:") and current[2].startswith("rw"):
            found.append((current[0], current[1], current[3], set(line.split()[1:])))
    return found


def sightings(pid, needle):
    """The flags of every region that holds these bytes, once for each time."""
    seen = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for start, end, name, flags in regions(pid):
            try:
                memory.seek(start)
                data = memory.read(end - start)
            except OSError:
                continue
            at = data.find(needle)
            while at >= 0:
                seen.append((name or hex(start), flags))
                at = data.find(needle, at + 1)
    return seen


def forms(path):
    """What the file's key looks like: a line of the PEM, the number as it is written, and as it is held for computing."""
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    number = key.private_numbers().private_value
    lines = path.read_text().splitlines()
    return {"PEM": lines[1].encode(), "DER": number.to_bytes(32, "big")}, number.to_bytes(32, "little")


def below(pid):
    return [int(child) for child in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True).stdout.split()]


def processes(field):
    """Name, pid and the key files of each program. The hub's TLS key, which is handed from one of its processes to another, has a test of its own."""
    hub = field.folder / "hub"
    rows = [("hub", field.hub.pid, [hub / "signing.key"])]
    for child in below(field.hub.pid):
        rows += [(f"child {pid} of the hub", pid, [hub / "signing.key"]) for pid in (child, *below(child))]
    for name, agency in field.agencies.items():
        rows.append((name, agency.pid, [agency.folder / "signing.key", agency.folder / "tls.key"]))
    return rows


def locked_kib(pid):
    return int(re.search(r"VmLck:\s+(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def test_keys_stand_in_locked_memory_only(field):
    problems, held = [], []
    for name, pid, keys in processes(field):
        for path in keys:
            written, number = forms(path)
            for form, needle in written.items():
                problems += [f"{name}: {path.name} as {form} in {where}" for where, _ in sightings(pid, needle)]
            for where, flags in sightings(pid, number):
                held.append(name)
                if not {"lo", "dd"} <= flags:
                    problems.append(f"{name}: {path.name} in {where}, flags {sorted(flags)}")
    assert {"hub", "parole", "police"} == set(held), "who signs holds its key, and nobody else"
    assert not problems, "\n".join(problems)


def test_the_hubs_tls_key_is_in_the_two_processes_that_have_to_have_it(field):
    """It is held in locked memory. On its way from the core to the gateway ZeroMQ keeps what it carried in buffers of its own (docs/threat-model.md, C13):
    that, and never the file, and never the process between them."""
    written, number = forms(field.folder / "hub/tls.key")
    (starter,) = below(field.hub.pid)
    (gateway,) = below(starter)
    for pid in (field.hub.pid, starter, gateway):
        assert not sightings(pid, written["PEM"])
        held = sightings(pid, number)
        assert all({"lo", "dd"} <= flags for _, flags in held), held
        assert bool(held) == (pid != starter)
    assert not sightings(starter, written["DER"])
    # What ZeroMQ keeps stands behind the certificate, as the core packed it; a copy anywhere else would be another leak.
    certificate = x509.load_pem_x509_certificate((field.folder / "hub/tls.pem").read_bytes()).signature
    for pid in (field.hub.pid, gateway):
        alone = len(sightings(pid, written["DER"])) - len(sightings(pid, certificate[-24:] + b"\xc4\x79" + KEY_HEAD + written["DER"]))
        assert alone == 0, f"{alone} copies of the key that are not the message which carried it"


def test_programs_lock_memory_and_say_so_when_they_may_not(field):
    assert locked_kib(field.hub.pid) > 0
    assert all(locked_kib(agency.pid) > 0 for agency in field.agencies.values())
    assert not any(program.log("keys_not_locked") for program in (field.hub, *field.agencies.values()))

    def give_up():
        resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
        os.setuid(65534)  # root may lock whatever the limit says
    parole = field.agencies["parole"]
    other = pathlib.Path(field.folder / "open")
    subprocess.run(["cp", "-r", parole.folder, other], check=True)
    subprocess.run(["chown", "-R", "65534", other], check=True)
    for path in [field.folder, field.folder / "run", field.pki, *other.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o055 if path.is_dir() else path.stat().st_mode)
    config = other / "adapter.cfg"
    text = config.read_text().replace(parole.endpoint, f"ipc://{other}/zmq").replace(f":{field.port}", ":1")
    config.write_text(text)
    for path in other.glob("data/*"):
        path.unlink()
    with open(other / "log", "w") as log:
        process = subprocess.Popen([parole.program, "-c", config], stderr=log, preexec_fn=give_up)
        try:
            wait_until(lambda: '"started"' in (other / "log").read_text() or process.poll() is not None, 20, "the start")
        finally:
            process.kill()
            process.wait()
    assert '"keys_not_locked"' in (other / "log").read_text(), (other / "log").read_text()

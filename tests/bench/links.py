"""Links that do nothing, and links that all come at once. Each is a party with papers and an address of its own (links.c)."""
import json
import shutil
import subprocess
import threading

import field
import growth
import processes
from loaded_field import LoadedField

WEIGHED = 100  # links at least, to tell their memory from the ups and downs of a process
CALM = 200  # messages a second of one pair, while others come


class Crowd:
    """`count` light links to the hub of a field."""

    def __init__(self, contender, count, at_once=100):
        self.field, self.count, self.at_once = contender.field, count, at_once
        self.folder = self.field.folder / f"crowd{count}"
        self.folder.mkdir()
        shutil.copy(self.field.pki / "ca.pem", self.folder / "ca.pem")
        authority = field.Authority(self.field.pki)
        for i in range(count):
            uri = f"urn:liaison:party:bench.link{i}"
            authority.issue(self.folder / f"tls-{i}", uri)
            authority.issue(self.folder / f"signing-{i}", uri, extended=(), signs=True)

    def __enter__(self):
        self.process = subprocess.Popen([field.BIN / "tests/bench/bench_links", self.folder, str(self.field.port), str(self.count), str(self.at_once)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.came = self.hear()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)
        shutil.rmtree(self.folder)

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the links did not come in: {self.field.last_words(5)}")
        return json.loads(line)

    def again(self):
        """All of them leave and come at once."""
        self.process.stdin.write("again\n")
        self.process.stdin.flush()
        return self.hear()


def parties(count):
    return [f"bench.link{i}" for i in range(count)]


def resident(contender):
    groups = contender.groups()
    return processes.resident_kb(groups["broker"] + groups["gateway"])


def links(figures, rounds, seconds, long):
    """Memory of an idle link, and what a message costs beside them; a crowd's first coming is paced."""
    for count in growth.points(long, seconds < 2, [10, 100, 1000, 2000], [100, 400], [5000]):
        for _ in range(rounds if count <= 1000 else min(rounds, 2)):
            with LoadedField(pairs=1, parties=parties(count)) as contender:
                growth.cost(contender, seconds / 4, size=1024)  # what a hub needs at all, it has now
                before = resident(contender)
                with Crowd(contender, count) as crowd:
                    if count >= WEIGHED:
                        figures.add(f"links.kb.{count}", (resident(contender) - before) / count, "kB/link")
                    figures.add(f"links.rate.{count}", crowd.came["per_second"], "links/s")
                    figures.add(f"links.refused.{count}", crowd.came["refused"], "connections")
                    figures.add(f"growth.links.{count}", growth.cost(contender, seconds / 2, size=1024)[0], "µs/message")


def storm(figures, rounds, seconds, long):
    """All of them lose their links and come at once, while a pair that keeps its own goes on."""
    for count in growth.points(long, seconds < 2, [200, 1000], [200], [2000]):
        with LoadedField(pairs=1, parties=parties(count)) as contender, Crowd(contender, count) as crowd:
            for _ in range(rounds):
                others = {}
                expected_s = count / max(crowd.came["per_second"], 50) + 1
                load = threading.Thread(target=lambda: others.update(contender.load(count=int(CALM * expected_s), size=1024, rate=CALM)))
                load.start()
                hub = growth.hub_cpu_s(contender)
                came = crowd.again()
                figures.add(f"storm.cpu.{count}", (growth.hub_cpu_s(contender) - hub) / count * 1e3, "ms/link")
                load.join()
                figures.add(f"storm.rate.{count}", came["per_second"], "links/s")
                figures.add(f"storm.refused.{count}", came["refused"], "connections")
                figures.add(f"storm.welcome_p99.{count}", came["p99_ms"], "ms")
                figures.add(f"storm.client.{count}", came["cpu_us"] / 1e3, "ms/link")
                figures.add(f"storm.p99.{count}", others["p99_ms"], "ms")

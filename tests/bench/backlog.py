"""An agency that is away, and many messages that wait for it: what each of them costs, what the hub holds in memory, and how it all goes out when the agency is
back, after the hub was started again."""
import json
import time
import subprocess

import field
import growth
import processes
from loaded_field import LoadedField


def generator(sender, party, port, count, window=20000):
    return subprocess.Popen([field.BIN / "tests/bench/bench_load", str(count), "1024", "0", str(window), sender, "1", party, port],
                            stdout=subprocess.PIPE, text=True)


def finish(process):
    text, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit("the generator did not finish")
    return json.loads(text)


def backlog(figures, rounds, seconds, long):
    """One round of each: a queue that has gone out is another store than before."""
    for count in growth.points(long, seconds < 2, [10**4, 10**5], [10**3, 10**4], [10**6]):
        with LoadedField(pairs=1) as contender:
            sender, receiver = contender.field.agencies["s0"], contender.field.agencies["r0x0"]
            figures.add("backlog.live", growth.cost(contender, seconds, size=1024)[1]["per_second"], "messages/s")
            receiver.stop()
            before = growth.hub_cpu_s(contender)
            finish(generator(sender.endpoint, receiver.party, "-", count))
            figures.add(f"backlog.cpu.{count}", (growth.hub_cpu_s(contender) - before) / count * 1e6, "µs/message")
            groups = contender.groups()
            figures.add(f"backlog.resident.{count}", processes.resident_kb(groups["broker"] + groups["gateway"]) / 1024, "MiB")
            contender.field.hub.stop()
            receiver.start()
            taking = generator("-", receiver.party, receiver.endpoint, count)
            begun = time.monotonic()
            contender.field.hub.start()
            done = finish(taking)
            figures.add(f"backlog.restart.{count}", done["first_at"] - begun, "s")
            figures.add(f"backlog.rate.{count}", done["per_second_since_first"], "messages/s")

"""The same loads for whoever can carry them, so that figures stand side by side: the rounds of all contenders are interleaved, because a machine drifts.

A contender is a context with a `name`, `start()`-ed on entering, with load(count, bytes, rate, pairs, fan_out) → what the generator printed, and
groups() → {group: pids}, whose processor time is stated per message."""
import processes

LEAST, MOST = 200, 400000  # messages of one measurement
WINDOW = 2000              # messages of a sender that may be on their way: the same for all


def measured(contender, figures, prefix, seconds, **shape):
    """Warms up, and from that knows how many messages the seconds are."""
    pairs = shape.get("pairs", 1)
    warm = contender.load(count=LEAST * pairs, rate=0, **shape)
    count = max(LEAST * pairs, min(MOST, int(warm["per_second"] * seconds)))
    groups = contender.groups()
    before = {group: processes.cpu_s(pids) for group, pids in groups.items()}
    done = contender.load(count=count, rate=0, **shape)
    figures.add(f"{prefix}.rate", done["per_second"], "messages/s")
    if "settled_per_second" in done:
        figures.add(f"{prefix}.settled", done["settled_per_second"], "messages/s")
    for group, pids in groups.items():
        figures.add(f"{prefix}.cpu.{group}", (processes.cpu_s(pids) - before[group]) / count * 1e6, "µs/message")
    figures.add(f"{prefix}.cpu.load", done["cpu_us"], "µs/message")


def calm(contender, figures, prefix, seconds, **shape):
    """Latency at 500 messages a second."""
    done = contender.load(count=int(500 * seconds), rate=500, **shape)
    for name in ("p50", "p99", "max"):
        figures.add(f"{prefix}.{name}", done[f"{name}_ms"], "ms")


def hold(makers, figures, rounds, seconds, sizes=(256, 1024, 16384), pairs=(1, 8)):
    """makers: functions that make a contender anew, for each round."""
    for turn in range(rounds):
        for make in makers:
            with make() as contender:
                print(f"round {turn + 1} of {rounds}: {contender.name}", flush=True)
                for count in pairs:
                    for size in sizes:
                        measured(contender, figures, f"{contender.name}.{count}x{size}", seconds, pairs=count, size=size)
                calm(contender, figures, f"{contender.name}.calm", max(seconds, 2), pairs=1, size=1024)
                for group, pids in contender.groups().items():
                    figures.add(f"{contender.name}.resident.{group}", processes.resident_kb(pids) / 1024, "MiB")

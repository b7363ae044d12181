"""How the hub's cost per message grows with what is stored, agreed, sent at once or to many."""
import contest
import processes
from loaded_field import LoadedField

KIB = 1024


def hub_cpu_s(contender):
    groups = contender.groups()
    return processes.cpu_s(groups["broker"] + groups["gateway"])


def cost(contender, seconds, least=contest.LEAST, most=contest.MOST, **shape):
    """Of the hub, in µs per message, and what the generator printed; a warm-up tells how many messages the seconds are."""
    warm = contender.load(count=least, rate=0, **shape)
    count = max(least, min(most, int(warm["per_second"] * seconds)))
    before = hub_cpu_s(contender)
    done = contender.load(count=count, rate=0, **shape)
    return (hub_cpu_s(contender) - before) / count * 1e6, {**done, "count": least + count}


def points(long, quick, all_of_them, few, far=()):
    return few if quick else [*all_of_them, *(far if long else ())]


def stored(figures, rounds, seconds, long):
    """One store that fills: the rounds of a point are measurements one after the other."""
    with LoadedField() as contender:
        count = 0
        for point in points(long, seconds < 2, [10**4, 10**5, 10**6], [10**3, 10**4], [10**7]):
            while count < point:
                more = max(contest.LEAST, min(point - count, 500000))
                contender.load(count=more, size=KIB, rate=0, pairs=8)
                count += more
            for _ in range(rounds):
                us, done = cost(contender, seconds / 2, size=KIB, pairs=8)
                count += done["count"]
                figures.add(f"growth.stored.{point}", us, "µs/message")
            groups = contender.groups()
            figures.add(f"growth.stored_resident.{point}", processes.resident_kb(groups["broker"] + groups["gateway"]) / KIB, "MiB")


def fanout(figures, rounds, seconds, long):
    many = points(long, seconds < 2, [1, 3, 20, 100], [1, 3, 20])
    with LoadedField(pairs=1, receivers=max(many), routed=True) as contender:
        for _ in range(rounds):
            for receivers in many:
                us, done = cost(contender, seconds / 2, least=50, size=KIB, fan_out=receivers)
                figures.add(f"growth.fanout.{receivers}", us / receivers, "µs/delivery")
                figures.add(f"growth.fanout_rate.{receivers}", done["per_second"] * receivers, "deliveries/s")


def agreements(figures, rounds, seconds, long):
    for count in points(long, seconds < 2, [1, 10, 100, 1000, 2000], [1, 2000]):
        with LoadedField(agreements=count) as contender:
            for _ in range(rounds):
                figures.add(f"growth.agreements.{count}", cost(contender, seconds / 2, size=KIB, pairs=8)[0], "µs/message")


def bytes(figures, rounds, seconds, long):
    with LoadedField(pairs=1, message_bytes="8 MiB") as contender:
        for _ in range(rounds):
            for size in points(long, seconds < 2, [256 * 4**i for i in range(8)], [256, 16 * KIB, KIB * KIB]):
                window = max(4, min(contest.WINDOW, (32 << 20) // size))
                us, done = cost(contender, seconds / 2, least=max(4, min(200, (8 << 20) // size)), size=size, window=window)
                figures.add(f"growth.bytes.{size}", us / size * KIB, "µs/KiB")
                figures.add(f"growth.bytes_rate.{size}", done["per_second"] * size / 2**20, "MiB/s")

"""What is to be reached, each as a ratio of figures of one run."""

SYNCING = ("redis", "rabbitmq", "nats-sync")  # peers whose acknowledgement follows a sync
BATCH = 256         # messages under one signature, as adapters have it
RECEIPT = 0.25      # a receipt is a message of a quarter KiB; one more signature of a batch


class Absent(Exception):
    pass


class Medians(dict):
    def __missing__(self, name):
        raise Absent(name)


def best_peer(m):
    rates = {name: m[f"{name}.8x1024.rate"] for name in SYNCING if f"{name}.8x1024.rate" in m}
    if not rates:
        raise Absent("peers")
    return max(rates, key=rates.get), max(rates.values())


def unavoidable_us(m):
    """Of a KiB in a batch, and its receipt, at the hub: read and written as TLS records, hashed, one row, its share of a verification."""
    one = 2 * m["limit.record"] + m["limit.hash"] + m["limit.row"]
    return one * (1 + RECEIPT) + 2 * 1e6 / m["limit.verify"] / BATCH


def hub_us(m, shape="liaison.8x1024"):
    return m[f"{shape}.cpu.broker"] + m[f"{shape}.cpu.gateway"]


def largest(m, prefix):
    """(point, value) of the farthest point of a curve."""
    points = {int(name[len(prefix) + 1:]): value for name, value in m.items() if name.startswith(prefix + ".") and name[len(prefix) + 1:].isdigit()}
    if not points:
        raise Absent(prefix)
    return max(points), points[max(points)]


def least(m, prefix):
    points = {int(name[len(prefix) + 1:]): value for name, value in m.items() if name.startswith(prefix + ".") and name[len(prefix) + 1:].isdigit()}
    if not points:
        raise Absent(prefix)
    return min(points), points[min(points)]


def _against_best(m):
    name, rate = best_peer(m)
    return f"8 pairs, 1 KiB / {name}, the best peer that syncs", m["liaison.8x1024.rate"] / rate, ">=", 1.0


def _against(peer):
    return lambda m: (f"8 pairs, 1 KiB / {peer}", m["liaison.8x1024.rate"] / m[f"{peer}.8x1024.rate"], ">=", 2.0)


def _curve(prefix, title, unit, goal):
    def row(m):
        (far, value), (near, base) = largest(m, prefix), least(m, prefix)
        if far == near:
            raise Absent(prefix)  # one point is no curve
        return f"{title}: {far:,} {unit} / {near:,}", value / base, "<=", goal
    return row


def _links(m):
    count, kb = largest(m, "links.kb")
    return f"memory of an idle link, kB, at {count:,} links", kb, "<=", 24.0


def _storm(m):
    count, rate = largest(m, "storm.rate")
    return f"reconnect storm of {count:,} adapters / TLS handshakes of openssl s_time", rate / m["limit.handshake"], ">=", 0.8


def _restart(m):
    count, seconds = largest(m, "backlog.restart")
    return f"restart with {count:,} queued until the first delivery, s", seconds, "<=", 2.0


def _catch_up(m):
    count, rate = largest(m, "backlog.rate")
    return f"catch-up rate of an adapter that {count:,} waited for / live rate", rate / m["backlog.live"], ">=", 1.0


# Each gives (what, value, sense, goal), or raises Absent.
GOALS = (
    _against_best, _against("rabbitmq"), _against("nats-sync"),
    lambda m: ("single messages, one signature each / P-256 verifications of all cores", m["single.8x1024.rate"] / (m["limit.verify"] * m["cores"]), ">=", 0.8),
    lambda m: ("CPU of broker and gateway per message in batches / its unavoidable parts", hub_us(m) / unavoidable_us(m), "<=", 1.5),
    lambda m: ("latency at 500/s, p50 / (4 fdatasync + 1 ms)", m["liaison.calm.p50"] / (4e3 / m["limit.fdatasync"] + 1), "<=", 1.0),
    lambda m: ("latency at 500/s, p99, ms", m["liaison.calm.p99"], "<=", 10.0),
    _links,
    _curve("links.kb", "memory of an idle link", "links", 1.1),
    _storm,
    _curve("growth.stored", "broker's CPU per message", "stored messages", 1.2),
    _restart, _catch_up,
    lambda m: ("full synchronization of 71,145 cases × 4 messages, s", m["resync.seconds"], "<=", 60.0),
    lambda m: ("resident memory of broker and gateway under load, MiB", m["liaison.resident.broker"] + m["liaison.resident.gateway"], "<=", 64.0),
)

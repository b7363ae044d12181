"""The document of a run, from its JSON alone: ratios against the goals first, then what they are made of."""
from goals import GOALS, Absent, Medians


def number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def cell(figures, name):
    one = figures.get(name)
    if one is None:
        return ""
    if one["rounds"] == 1:
        return number(one["median"])
    return f"{number(one['median'])} ({number(one['min'])}–{number(one['max'])})"


def grid(title, head, rows):
    """Rows that hold nothing but their name are left out, and a grid without rows, too."""
    rows = [row for row in rows if any(row[1:])]
    if not rows:
        return []
    return [f"**{title}**", "", f"| {' | '.join(head)} |", "| --- " * len(head) + "|", *(f"| {' | '.join(row)} |" for row in rows), ""]


def goals(run):
    medians = Medians({name: one["median"] for name, one in run["figures"].items()}, cores=run["machine"]["cores"])
    rows = []
    for goal in GOALS:
        try:
            what, value, sense, wanted = goal(medians)
        except Absent:
            continue
        met = value >= wanted if sense == ">=" else value <= wanted
        rows.append([what, number(value), f"{'≥' if sense == '>=' else '≤'} {wanted:g}", "yes" if met else "**no**"])
    return grid("Against the goals", ["figure", "measured", "goal", "reached"], rows)


LIMITS = {"limit.sign": "ECDSA P-256, sign, a core, /s", "limit.verify": "ECDSA P-256, verify, a core, /s", "limit.hash": "SHA-256 of 1 KiB, µs",
          "limit.fdatasync": "4 KiB appended and fdatasynced, /s", "limit.row": "SQLite row of 1 KiB in a large transaction, µs",
          "limit.record": "1 KiB written to and read from TLS 1.3 in records of 16 KiB, µs", "limit.handshake": "mutual TLS 1.3 handshakes, openssl s_time, /s"}
SHAPES = [(pairs, size) for pairs in (1, 8) for size in (256, 1024, 16384)]
SIZES = {256: "256 B", 1024: "1 KiB", 16384: "16 KiB"}
GROUPS = ("broker", "gateway", "adapters", "load")


def contenders(figures):
    return list(dict.fromkeys(name.split(".")[0] for name in figures if name.endswith(".rate") and "x" in name.split(".")[1]))


def curves(figures):
    """{what: {unit: {point: name}}} of figures whose last part is a number."""
    found = {}
    for name in figures:
        what, _, point = name.rpartition(".")
        if point.isdigit():
            found.setdefault(what, {})[int(point)] = name
    return found


TITLES = {"growth.stored": "broker and gateway per message, messages stored", "growth.agreements": "broker and gateway per message, agreements",
          "growth.fanout": "broker and gateway per delivery, receivers of each message", "growth.bytes": "broker and gateway per KiB, bytes of payload",
          "growth.links": "broker and gateway per message, idle links beside", "links.kb": "memory per idle link, links", "links.rate": "first coming, 100 on their way at a time, links",
          "links.refused": "connections that the hub refused in it, links", "storm.cpu": "broker and gateway per link in the storm, adapters",
          "storm.client": "the adapters' side of it, adapters", "storm.welcome_p99": "p99 of the time until the WELCOME, adapters",
          "growth.stored_resident": "memory of broker and gateway, messages stored",
          "growth.fanout_rate": "deliveries, receivers of each message", "growth.bytes_rate": "payload, bytes of payload", "storm.rate": "reconnect storm, adapters",
          "storm.refused": "connections that the hub refused in it, adapters", "storm.p99": "p99 of others' messages meanwhile, adapters",
          "backlog.restart": "restart until the first delivery, messages queued", "backlog.rate": "catch-up, messages queued",
          "backlog.resident": "memory of broker and gateway, messages queued", "backlog.cpu": "broker and gateway per queued message, messages queued"}


def tables(run):
    figures = run["figures"]
    show = lambda names: [cell(figures, name) for name in names]
    names = contenders(figures)
    single = {name: value for name, value in figures.items() if name.startswith("port.") or name.startswith("convert.") or name.startswith("resync.")
              or name in ("backlog.live", "storm.handshakes")}
    text = goals(run)
    text += grid("Limits of the machine", ["limit", "median (least–most)"], [[title, cell(figures, name)] for name, title in LIMITS.items()])
    text += grid("Messages/s, handed over and acknowledged", ["", *(f"{pairs} × {SIZES[size]}" for pairs, size in SHAPES)],
                 [[name, *show(f"{name}.{pairs}x{size}.rate" for pairs, size in SHAPES)] for name in names])
    text += grid("The same until the originator has every receipt", ["", *(f"{pairs} × {SIZES[size]}" for pairs, size in SHAPES)],
                 [[name, *show(f"{name}.{pairs}x{size}.settled" for pairs, size in SHAPES)] for name in names])
    text += grid("Processor time, µs per message", ["", *GROUPS],
                 [[f"{name}, {pairs} × {SIZES[size]}", *show(f"{name}.{pairs}x{size}.cpu.{group}" for group in GROUPS)] for name in names for pairs, size in SHAPES])
    text += grid("Latency at 500 messages/s, ms", ["", "p50", "p99", "most"], [[name, *show(f"{name}.calm.{what}" for what in ("p50", "p99", "max"))] for name in names])
    text += grid("Resident memory after it, MiB", ["", *GROUPS[:3]], [[name, *show(f"{name}.resident.{group}" for group in GROUPS[:3])] for name in names])
    for what, points in curves(figures).items():
        unit = figures[points[max(points)]]["unit"]
        text += grid(TITLES.get(what, what), ["", *(f"{point:,}" for point in sorted(points))], [[unit, *show(points[point] for point in sorted(points))]])
    text += grid("Ports, conversions and the whole", ["", "median (least–most)", ""], [[name, cell(figures, name), one["unit"]] for name, one in single.items()])
    return "\n".join(text)


def document(run):
    machine = run["machine"]
    head = (f"`{run['command']}`, {run['rounds']} rounds, median with least and most: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']} GiB, "
            f"{machine['system']}, Linux {machine['kernel']}.")
    return "\n".join([head, "", *(f"* {note}" for note in run["notes"]), *([""] if run["notes"] else []), tables(run)])

"""Curves of a run as SVG, by gnuplot: medians, with bars from least to most."""
import os
import shutil
import subprocess

import table

# figure → (file, words, unit of what grows, whether the other axis is logarithmic too)
CURVES = {
    "growth.stored": ("stored", "Broker and gateway per message", "messages stored", False),
    "growth.links": ("links", "Broker and gateway per message", "idle links beside", False),
    "growth.agreements": ("agreements", "Broker and gateway per message", "agreements", False),
    "growth.fanout": ("fan-out", "Broker and gateway per delivery", "receivers of each message", False),
    "growth.bytes": ("payload", "Broker and gateway per KiB", "payload, bytes", True),
    "growth.bytes_rate": ("payload-rate", "Throughput of one pair", "payload, bytes", True),
    "links.kb": ("link-memory", "Memory of broker and gateway per idle link", "links", False),
    "storm.rate": ("storm", "Adapters that come at once", "adapters", False),
    "backlog.cpu": ("backlog", "Broker and gateway per message for one that is away", "messages queued", False),
    "backlog.resident": ("backlog-memory", "Memory of broker and gateway", "messages queued", False),
    "backlog.restart": ("restart", "Restart until the first delivery", "messages queued", False),
}

SCRIPT = '''set terminal svg size 720,400 font "sans-serif,13" background "white"
set output "{output}"
set title "{title}"
set xlabel "{across}"
set ylabel "{unit}"
set logscale x
{more}
set format x "%.0s%c"
set grid back lc rgb "#dddddd" lw 1
set border 3 lc rgb "#444444"
set tics nomirror
unset key
set offsets graph 0.05, graph 0.05, 0, 0
$points << END
{points}
END
plot $points using 1:2 with lines lw 2 lc rgb "#1f5fa8", $points using 1:2:3:4 with yerrorbars pt 7 ps 0.7 lw 1.5 lc rgb "#1f5fa8"
'''


def there(run):
    """(figure, its points) of the curves that this run has."""
    curves = table.curves(run["figures"])
    return [(name, curves[name]) for name in CURVES if len(curves.get(name, {})) > 1]


def draw(run, folder):
    if not shutil.which("gnuplot"):
        raise SystemExit("gnuplot is not installed (apt-get install gnuplot-nox); the curves are not drawn")
    folder.mkdir(exist_ok=True)
    for name, points in there(run):
        file, title, across, is_steep = CURVES[name]
        rows = [run["figures"][points[point]] for point in sorted(points)]
        text = "\n".join(f"{point} {one['median']} {one['min']} {one['max']}" for point, one in zip(sorted(points), rows))
        script = SCRIPT.format(output=folder / f"{file}.svg", title=title, across=across, unit=rows[0]["unit"], points=text,
                               more="set logscale y" if is_steep else "set yrange [0:*]")
        subprocess.run(["gnuplot"], input=script, text=True, check=True)


def links(run, document):
    """The lines that show them in the document."""
    folder = os.path.basename(document.with_suffix(""))
    return "\n".join(f"![{CURVES[name][1]}, by {CURVES[name][2]}]({folder}/{CURVES[name][0]}.svg)" for name, _ in there(run))

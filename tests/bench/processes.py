"""What processes used, as /proc has it."""
import contextlib
import os
import pathlib

TICKS = os.sysconf("SC_CLK_TCK")


def _stat(pid):
    text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()


def family(pid):
    """A process and all that it started, with their names: {pid: name}."""
    children = {}
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            name, rest = _stat(folder.name)
            children.setdefault(int(rest[1]), []).append((int(folder.name), name))
    found, waiting = {pid: _stat(pid)[0]}, [pid]
    while waiting:
        for child, name in children.get(waiting.pop(), []):
            found[child] = name
            waiting.append(child)
    return found


def cpu_s(pids):
    """Seconds of processor time so far."""
    return sum((int(rest[11]) + int(rest[12])) / TICKS for _, rest in map(_stat, pids))


def resident_kb(pids):
    """Memory that is theirs, what they share counted in parts."""
    return sum(int(next(line for line in open(f"/proc/{pid}/smaps_rollup") if line.startswith("Pss:")).split()[1]) for pid in pids)

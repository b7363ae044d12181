#!/usr/bin/python3
"""How much of the rooms the tests of a build with --coverage have run: lines and branches by room, and in all against the floor. gcovr reads what gcc wrote."""
import collections
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = ("broker/", "schemas/", "certs/", "adapters/runtime/")
FLOOR = {"line": 94.0, "branch": 77.0}  # per cent, of all these rooms together: what is reached, so that it does not fall; 80 of the branches is wanted


def measured(build):
    """[{filename, line_covered, line_total, branch_covered, branch_total}]"""
    out = pathlib.Path(build) / "coverage.json"
    filters = [word for room in ROOMS for word in ("--filter", room)]
    subprocess.run(["gcovr", "--root", ROOT, *filters, "--exclude", f"{pathlib.Path(build).resolve()}/.*", "--exclude-unreachable-branches", "--json-summary", out, "--txt", out.with_suffix(".txt"), build],
                   check=True, cwd=ROOT)
    return json.loads(out.read_text())["files"]


def share(tally, what):
    return 100 * tally[what + "_covered"] / tally[what + "_total"] if tally[what + "_total"] else 100.0


def main():
    if len(sys.argv) != 2:
        sys.exit("Usage: coverage.py BUILD")
    rooms, whole = collections.defaultdict(collections.Counter), collections.Counter()
    for file in measured(sys.argv[1]):
        parts = {name: file[name] for name in ("line_covered", "line_total", "branch_covered", "branch_total")}
        rooms[str(pathlib.PurePath(file["filename"]).parent)].update(parts)
        whole.update(parts)
    for room, tally in [*sorted(rooms.items()), ("in all", whole)]:
        print(f"{room:20} lines {share(tally, 'line'):5.1f} % of {tally['line_total']:>6,}   branches {share(tally, 'branch'):5.1f} % of {tally['branch_total']:>6,}")
    low = [f"{what}: {share(whole, what):.1f} %, wanted {floor:.0f} %" for what, floor in FLOOR.items() if share(whole, what) < floor]
    print("coverage: " + ("; ".join(low) if low else "not below its floor") + f"; file by file in {sys.argv[1]}/coverage.txt")
    sys.exit(bool(low))


if __name__ == "__main__":
    main()

#!/usr/bin/python3
"""Puts what runs of tests/fault/run measured (--json FILE) into docs/reliability.md, between its two marks; each kind of fault with the words of its own
test file, and the command that repeats it. Later files win.

Usage: tests/fault/measured.py FILE…"""
import ast
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
DOC = HERE.parents[1] / "docs/reliability.md"
BEGIN, END = "<!-- measured: begin -->\n", "<!-- measured: end -->\n"


def read(files):
    """file → (mode → (name → (value, unit)))."""
    found = {}
    for file in files:
        for line in pathlib.Path(file).read_text().splitlines():
            one = json.loads(line)
            found.setdefault(one["file"], {}).setdefault(one["mode"], {})[one["name"]] = (one["value"], one["unit"])
    return found


def number(value):
    return f"{value:,}" if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value)


def section(file, modes):
    words = ast.get_docstring(ast.parse((HERE / file).read_text())).split("\n\n")[0].replace("\n", " ")
    name = file.removeprefix("test_").removesuffix(".py")
    lines = [f"### {name.replace('_', ' ').capitalize()}", "", words, ""]
    for mode, figures in sorted(modes.items(), reverse=True):
        lines += [f"`tests/fault/run{' --long' if mode == 'long' else ''} --only {name}`", "", "| measured | |", "| --- | ---: |"]
        lines += [f"| {figure.replace('|', '/')} | {number(value)} {unit} |".replace("  |", " |") for figure, (value, unit) in figures.items()]
        lines.append("")
    return lines


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    before, _, rest = DOC.read_text().partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        sys.exit(f"{DOC} has not its two marks")
    lines = [line for file, modes in sorted(read(sys.argv[1:]).items()) for line in section(file, modes)]
    DOC.write_text(before + BEGIN + "\n" + "\n".join(lines) + END + after)


if __name__ == "__main__":
    main()

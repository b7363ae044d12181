#!/usr/bin/python3
"""Counts the instructions of each pure step of a message's way under callgrind, and compares with what is kept: a step that costs more than 5 % above it
fails. Whoever means it writes the new counts with --write, and says why in the commit.

Usage: instructions.py --program bench_instructions [--write]

A count does not depend on what else the machine does. It does on the compiler and the libraries, which are Debian 12's; where they are others, the test
says so and compares nothing."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
KEPT = pathlib.Path(__file__).with_name('instructions.json')
STEPS = {'submit': 'SUBMIT of 16 messages, decoded', 'header': 'header and parts, decoded', 'envelope': 'envelope, decoded',
         'proof': 'one message of a batch whose signature is known', 'validate': 'warrant.issue/1 against its schema', 'agreement': 'recipients by agreement',
         'json': 'the same body, JSON to msgpack'}
FEW, MANY = 10, 60  # times, as the program does it
RISE = 1.05
SKIPPED = 77
# The same code is taken in libc and libcrypto whatever the processor offers.
PLAIN = {'GLIBC_TUNABLES': 'glibc.cpu.hwcaps=-AVX2,-AVX512F,-ERMS,-FSRM,-MOVBE,-BMI2,-LZCNT', 'OPENSSL_ia32cap': '~0xffffffffffffffff:~0xffffffffffffffff'}


def tools():
    gcc = subprocess.run(['gcc', '-dumpfullversion'], capture_output=True, text=True).stdout.strip()
    valgrind = subprocess.run(['valgrind', '--version'], capture_output=True, text=True).stdout.strip()
    return f'gcc {gcc}, {valgrind}'


def count(program, folder):
    """Instructions of each step: the difference of two counts is free of what is done once."""
    done = subprocess.run(['valgrind', '--tool=callgrind', '--collect-atstart=no', '--toggle-collect=measured', '--dump-after=measured',
                           f'--callgrind-out-file={folder}/out', program, folder / 'body.json', folder / 'subject.json'],
                          capture_output=True, text=True, env=os.environ | PLAIN)
    totals = [int(re.search(r'^(?:totals|summary): (\d+)', (folder / f'out.{i + 1}').read_text(), re.M)[1]) for i in range(2 * len(STEPS))] \
        if done.returncode == 0 else sys.exit(done.stderr)
    return {step: (totals[2 * i + 1] - totals[2 * i]) // (MANY - FEW) for i, step in enumerate(STEPS)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--program', type=pathlib.Path, required=True)
    parser.add_argument('--write', action='store_true')
    options = parser.parse_args()
    if not shutil.which('valgrind'):
        print('skipped: valgrind is not installed')
        return SKIPPED
    example = json.loads((SOURCE / 'schemas/catalogue/warrant.issue-1.json').read_text())['examples']['valid'][0]
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if kept and kept['tools'] != tools() and not options.write:
        print(f"skipped: counted with {kept['tools']}, here is {tools()}")
        return SKIPPED
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / 'body.json').write_text(json.dumps(example['body']))
        (folder / 'subject.json').write_text(json.dumps(example['subject']))
        counts = count(options.program, folder)
    if options.write:
        KEPT.write_text(json.dumps({'tools': tools(), 'instructions': counts}, indent=1) + '\n')
    risen = []
    for step, title in STEPS.items():
        before = kept.get('instructions', {}).get(step, counts[step])
        print(f'{title:55} {counts[step]:>9,} instructions, kept {before:,}')
        if counts[step] > before * RISE and not options.write:
            risen.append(step)
    if risen:
        print(f"more than 5 % above what is kept: {', '.join(risen)}. If that is meant, run this with --write and say why in the commit.")
    return 1 if risen else 0


sys.exit(main())

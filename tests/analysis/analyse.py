#!/usr/bin/python3
"""Static analysis of the rooms and programs: cppcheck, clang-tidy with the checks of .clang-tidy, and gcc's -fanalyzer. Clean means: nothing is found but
what accepted.txt accepts with a reason, and everything that it accepts is still found."""
import argparse
import concurrent.futures
import fnmatch
import glob
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SKIPPED = 77
TOPS = ('base', 'sandbox', 'schemas', 'certs', 'pages', 'care', 'atrest', 'broker', 'adapters', 'cli')
FINDING = re.compile(r'^(?P<path>[^\s:]+):(?P<line>\d+)(?::\d+)?: (?:warning|error|style|performance|portability|information): (?P<text>.*) \[(?P<checks>[^\]]+)\]$')


def sources():
    found = []
    for top in TOPS:
        found += glob.glob(os.path.join(ROOT, top, '**', '*.c'), recursive=True)
    return sorted(os.path.relpath(path, ROOT) for path in found)


def findings_of(tool, output, checks=r'.'):
    """{(tool, check, file, line, what it says)}; a header's finding is counted once, however many files include it."""
    found = set()
    for row in output.splitlines():
        match = FINDING.match(row)
        if not match:
            continue
        path = os.path.relpath(os.path.realpath(os.path.join(ROOT, match['path'])), ROOT)
        names = [name for name in match['checks'].replace(' ', '').split(',') if re.match(checks, name)]
        if path.startswith('..') or not names:
            continue
        found.add((tool, names[0], path, int(match['line']), match['text']))
    return found


def commands(build):
    """{file: its compiler's words} of a configured build."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        listed = json.load(file)
    found = {}
    for entry in listed:
        path = os.path.relpath(os.path.realpath(os.path.join(entry['directory'], entry['file'])), ROOT)
        found[path] = (entry['directory'], shlex.split(entry['command']))
    return found


def in_pairs(jobs, work, items):
    """What work says of each item, and the items that it could not be done for."""
    output, broken = [], []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for item, (fine, text) in zip(items, pool.map(work, items)):
            output.append(text)
            if not fine:
                broken.append((item, text))
    return '\n'.join(output), broken


def run_cppcheck(_build, jobs):
    command = ['cppcheck', '-q', '--enable=warning,performance,portability', '--std=c11', '--library=posix', '--library=' + os.path.join(HERE, 'macros.cfg'),
               '-j', str(jobs), '-I', '.', '-D_GNU_SOURCE', '-DLIAISON_VERSION="0"', '-DLIAISON_CATALOGUE="/"',
               '--template={file}:{line}: {severity}: {message} [{id}]', *TOPS]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    broken = [] if done.returncode == 0 else [('cppcheck', done.stderr)]
    return findings_of('cppcheck', done.stderr), broken


def run_clang_tidy(build, jobs):
    known = commands(build)

    def look(path):
        done = subprocess.run(['clang-tidy', '-p', build, '--quiet', path], cwd=ROOT, capture_output=True, text=True)
        return done.returncode == 0, done.stdout

    output, broken = in_pairs(jobs, look, [path for path in sources() if path in known])
    return findings_of('clang-tidy', output), broken


def run_gcc(build, jobs):
    known = commands(build)

    def look(path):
        folder, words = known[path]
        words = ['gcc'] + [word for word in words[1:] if word != '-Werror']
        words[words.index('-o') + 1] = os.devnull
        # The rooms do not know each other's headers, so that one file at a time is all that there is to see.
        done = subprocess.run(words + ['-fanalyzer', '-Wanalyzer-too-complex', '-fdiagnostics-plain-output', '-fdiagnostics-path-format=none'],
                              cwd=folder, capture_output=True, text=True)
        return done.returncode == 0, done.stderr

    output, broken = in_pairs(jobs, look, [path for path in sources() if path in known])
    return findings_of('gcc', re.sub(r' \[CWE-\d+\]', '', output), r'-Wanalyzer-(?!too-complex)'), broken


TOOLS = {'cppcheck': ('cppcheck', run_cppcheck), 'clang-tidy': ('clang-tidy', run_clang_tidy), 'gcc': ('gcc', run_gcc)}


def accepted(tool):
    """[(check, file, what it says, reason, line of the list)] of accepted.txt."""
    rows = []
    with open(os.path.join(HERE, 'accepted.txt'), encoding='utf-8') as file:
        for number, row in enumerate(file, 1):
            if not row.strip() or row.startswith('#'):
                continue
            cells = [cell.strip() for cell in row.split('|')]
            if len(cells) != 5 or not cells[4] or cells[0] not in TOOLS:
                sys.exit('accepted.txt:%d: a line is: tool | check | file | what it says | reason' % number)
            if cells[0] == tool:
                rows.append((*cells[1:], number))
    return rows


def judge(tool, found):
    rows, used, bad = accepted(tool), set(), 0
    for _, check, path, line, text in sorted(found):
        hits = [number for name, where, what, _, number in rows if fnmatch.fnmatch(check, name) and fnmatch.fnmatch(path, where) and fnmatch.fnmatch(text, what)]
        used.update(hits)
        if not hits:
            print('%s:%d: %s [%s: %s]' % (path, line, text, tool, check))
            bad += 1
    for name, where, _, _, number in rows:
        if number not in used:
            print('accepted.txt:%d: %s finds nothing of %s in %s any more; take the line out' % (number, tool, name, where))
            bad += 1
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('tools', nargs='+', choices=sorted(TOOLS))
    parser.add_argument('--build', help='a configured build, with compile_commands.json')
    parser.add_argument('--jobs', type=int, default=2)
    options = parser.parse_args()
    bad = 0
    for tool in options.tools:
        program, run = TOOLS[tool]
        if not shutil.which(program):
            print('SKIP: %s is not installed' % program)
            return SKIPPED
        found, broken = run(options.build and os.path.abspath(options.build), options.jobs)
        for item, text in broken:
            print('%s could not look at %s:\n%s' % (tool, item, text[-2000:]))
        wrong = judge(tool, found)
        print('%s: %d found, %d of them not accepted' % (tool, len(found), wrong))
        bad += wrong + len(broken)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())

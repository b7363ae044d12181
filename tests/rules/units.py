#!/usr/bin/python3
"""What systemd makes of the units: an exposure of at most 2.0, and calls that the programs' own sandbox needs are not filtered away."""
import glob
import os
import re
import shutil
import subprocess
import sys

import tree

MOST = 2.0
NEEDED = ('landlock_create_ruleset', 'landlock_add_rule', 'landlock_restrict_self', 'seccomp')


def exposure(unit):
    done = subprocess.run(['systemd-analyze', 'security', '--offline=true', '--no-pager', unit], capture_output=True, text=True)
    found = re.search(r'Overall exposure level for \S+: ([0-9.]+)', done.stdout)
    return float(found.group(1)) if found else None


def check(unit, problems):
    name = os.path.basename(unit)
    with open(unit) as file:
        text = file.read()
    allowed = ' '.join(re.findall(r'^SystemCallFilter=(?!~)(.*)$', text, re.M)).split()
    for call in NEEDED:
        if call not in allowed:
            problems.append('%s: SystemCallFilter does not allow %s, which the sandbox of the programs needs' % (name, call))
    if 'KillMode=mixed' not in text and 'broker' in name:
        problems.append('%s: KillMode is not mixed; a stop would reach the gateway before the broker said goodbye' % name)
    level = exposure(unit)
    if level is None:
        problems.append('%s: systemd-analyze says nothing of its exposure' % name)
    elif level > MOST:
        problems.append('%s: exposure %.1f is more than %.1f' % (name, level, MOST))
    return '%s %s' % (name, level)


def main():
    if not shutil.which('systemd-analyze'):
        print('SKIP: systemd-analyze is not installed (package systemd)')
        sys.exit(77)
    problems = []
    units = sorted(glob.glob(os.path.join(tree.ROOT, 'deploy/systemd/*.service')))
    levels = [check(unit, problems) for unit in units]
    tree.report('units', problems, ', '.join(levels))


main()

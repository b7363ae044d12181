#!/usr/bin/python3
"""Each rule finds what it is there for: a copy of the tree gets one violation at a time, and the rule must name it."""
import os
import shutil
import subprocess
import sys
import tempfile

import tree

HERE = os.path.dirname(os.path.abspath(__file__))
LONG_FUNCTION = '\nvoid bytes_long(void);\nvoid bytes_long(void)\n{\n' + '\tbytes_none();\n' * 80 + '}\n'

# (rule, file, what is appended — or (what stands there, what takes its place), what the rule must say)
PLANTED = [
    ('layers', 'certs/merkle.c', '\n#include "schemas/message.h"\n', 'room certs may not know "schemas/message.h"'),
    ('layers', 'certs/merkle.c', '\n#include "../schemas/message.h"\n', 'climbs out of its room'),
    ('layers', 'schemas/part.c', '\n#include "part.h"\n', 'does not begin with a room'),
    ('layers', 'schemas/part.c', '\n#include <openssl/evp.h>\n', '<openssl/evp.h> belongs to certs'),
    ('layers', 'schemas/part.c', '\n#include <curl/curl.h>\n', 'is in no table'),
    ('layers', 'broker/route/core.c', '\n#include "broker/ledger/ledger_inside.h"\n', 'is the inside of room broker/ledger'),
    ('layers', 'broker/main.c', '\n#include "adapters/kind/kind.h"\n', 'of another program'),
    ('layers', 'CMakeLists.txt', ('room(base)', 'room(base cli)'), 'a circle of rooms'),
    ('layers', 'loose/stray.c', '\nint stray;\n', 'lies in no room'),
    ('banned', 'schemas/part.c', '\nvoid part_x(char *a) { strcpy(a, a); }\n', 'strcpy is banned'),
    ('banned', 'schemas/part.c', '\nvoid part_x(void) { free (0); }\n', 'free is banned'),
    ('banned', 'schemas/part.c', '\nvoid part_x(void) { printf("x"); }\n', 'printf is banned'),
    ('banned', 'schemas/part.c', '\n/* TO' + 'DO: later */\n', 'is banned (todo)'),
    ('banned', 'tests/unit/base/text_test.c', '\nvoid nap(void) { usleep(5); }\n', 'usleep is banned'),
    ('banned', 'schemas/part.c', '\nvoid part_x(void) { (void)pack_scan(bytes_none(), 0); }\n', '(void) hides the result of pack_scan'),
    ('banned', 'schemas/json.c', ('strtod', 'text_real'), 'is not needed any more'),
    ('codes', 'docs/codes.md', '\nSomething by hand.\n', 'docs/codes.md is not what'),
    ('codes', 'base/codes.def', '\nCODE(NOVEL, "novel", FAULT, "nobody", "None.")\n', 'NOVEL is used by no source'),
    ('codes', 'base/codes.def', ('"schema",             REFUSAL', '"schem",              REFUSAL'), 'is not the text of SCHEMA'),
    ('names', 'schemas/part.c', '\nvoid whole(void)\n{\n}\n', 'whole does not begin with its file\'s noun'),
    ('names', 'certs/part.c', '\nint part_;\n', 'part.c: the name is there 2 times'),
    ('sizes', 'base/bytes.c', LONG_FUNCTION, 'bytes_long has 83 lines'),
    ('sizes', 'schemas/part.c', '\n' * 600, 'lines are more than 600'),
    ('declared', 'schemas/party.h', '\nvoid party_x(int a);\n', 'party_x has no comment'),
    ('declared', 'schemas/party.h', '\nstruct bytes *party_x(int a,\n                      int b);\n', 'party_x has no comment'),
    ('documented_settings', 'docs/operate.md', ('| `limits.credit` |', '| `limits.credits` |'), 'begins with | `limits.credit` |'),
    ('documented_settings', 'docs/operate.md', ('`2048`', '`2049`'), '`limits.credit` does not give its default'),
    ('documented_settings', 'docs/connect-an-agency.md', ('| `hub.address` |', '| `hub.addresses` |'), 'begins with | `hub.address` |'),
    ('documented_settings', 'docs/man/broker.cfg.5', ('.It Cm limits.links', '.It Cm limits.link'), 'has no ".It Cm limits.links"'),
    ('documented_settings', 'docs/man/adapter.cfg.5', ('Default: 256.', 'Default: 255.'), 'limits.batch does not say "Default: 256."'),
    ('no_private_words', 'README.md', '\nSee /wor' + 'k/notes.\n', 'a path of the machine'),
    ('no_private_words', 'schemas/part.c', '\n/* Is' + 'sue #7 */\n', 'the number of a plan'),
    ('no_private_words', 'README.md', '\nFrom py' + 'pi.org.\n', 'a host of packages'),
    ('shell', 'deploy/packages.sh', '\ncd $1\nrm -rf $2/*\n', 'SC2086'),
]
if shutil.which('systemd-analyze'):
    PLANTED += [
        ('units', 'deploy/systemd/liaison-broker.service', ('NoNewPrivileges=yes\nCapabilityBoundingSet=\nAmbientCapabilities=\nProtectSystem=strict\nProtectHome=yes\nPrivateTmp=yes', ''), 'is more than 2.0'),
        ('units', 'deploy/systemd/liaison-broker.service', ('KillMode=mixed', ''), 'KillMode is not mixed'),
    ]


def plant(root, path, what):
    whole = os.path.join(root, path)
    before = None
    if os.path.exists(whole):
        with open(whole, encoding='utf-8') as file:
            before = file.read()
    if isinstance(what, tuple):
        if before is None or what[0] not in before:
            return None, False
        after = before.replace(what[0], what[1], 1) if what[0] != 'strtod' else before.replace(*what)
    else:
        after = (before or '/* Planted. */\n') + what
    os.makedirs(os.path.dirname(whole) or '.', exist_ok=True)
    with open(whole, 'w', encoding='utf-8') as file:
        file.write(after)
    return before, True


def take_out(root, path, before):
    whole = os.path.join(root, path)
    if before is None:
        os.remove(whole)
        if not os.listdir(os.path.dirname(whole)):
            os.rmdir(os.path.dirname(whole))
    else:
        with open(whole, 'w', encoding='utf-8') as file:
            file.write(before)


def run(rule, root):
    script = os.path.join(HERE, rule)
    command = [script + '.sh', '--root', root] if rule == 'shell' else [sys.executable, '-B', script + '.py', '--root', root]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def main():
    problems = []
    with tempfile.TemporaryDirectory() as root:
        for path in tree.files():
            if '/corpus/' not in path:
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                shutil.copy(tree.path_of(path), os.path.join(root, path))
        for rule, path, what, says in PLANTED:
            before, done = plant(root, path, what)
            if not done:
                problems.append('%s: nothing in %s to alter; correct tests/rules/rules_bite.py' % (rule, path))
                continue
            code, out = run(rule, root)
            take_out(root, path, before)
            if code == tree.SKIPPED:
                print('%s: not asked, its tool is not installed' % rule)
            elif code == 0 or says not in out:
                problems.append('%s says nothing of "%s" in %s (status %d)\n%s' % (rule, says, path, code, out[-400:]))
    tree.report('rules_bite', problems, '%d violations, each found' % len(PLANTED))


main()

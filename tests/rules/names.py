#!/usr/bin/python3
"""What a file exports begins with its noun (trust.c: trust_*), and no two files of the tree have the same name but main.c."""
import os
import re

import tree

# A file or a folder → further prefixes that it may export, and why.
PREFIXES = {
    'base/bytes.c': (('blob_', 'buf_'), 'the three ways of holding bytes are explained, and read, together'),
    'base/err.c': (('code_',), 'codes and the errors that carry them'),
    'base/metrics.c': (('metric_',), 'one of them is a metric, the page of all is metrics'),
    'base/wire.c': (('wires_',), 'the context that all wires share'),
    'schemas/plain.c': (('draft_',), 'what the plain form is read into'),
    'schemas/receipt.c': (('notice_',), 'what a hub says in place of a receipt, in the same form'),
    'cli/': (('cli_',), 'each command is cli_NAME, in the file of its theme'),
}
# Basenames that may be there more than once → why.
TWICE = {
    'judge.c': 'the broker and an adapter judge the same message, each for itself',
    'judge.h': 'the same',
    'pki.c': 'the authority, and the commands of that name',
    'main.c': 'one for each program',
    'conftest.py': 'pytest looks for it by this name, in each folder of tests',
    'CMakeLists.txt': 'CMake wants it',
    'README.md': 'one for each folder that needs one',
}


def may_export(path, name):
    """The file's own noun, or a shorter one that it shares with its siblings: conf_print.c exports conf_print, conf_*."""
    words = os.path.basename(path)[:-2].split('_')
    if any(name == '_'.join(words[:n]) or name.startswith('_'.join(words[:n]) + '_') for n in range(1, len(words) + 1)):
        return True
    for where, (prefixes, _) in PREFIXES.items():
        if path == where or (where.endswith('/') and path.startswith(where)):
            if name.startswith(prefixes):
                return True
    return False


def main():
    problems, used = [], set()
    sources = tree.room_files('.c')
    exported = [(path, name, first) for path, name, first, _, is_static in tree.functions(sources) if not is_static and name != 'main']
    for path, name, first in exported:
        if not may_export(path, name):
            problems.append('%s:%d: %s does not begin with its file\'s noun' % (path, first, name))
    for where, (prefixes, _) in PREFIXES.items():
        inside = [name for path, name, _ in exported if path == where or (where.endswith('/') and path.startswith(where))]
        for prefix in prefixes:
            if not any(name.startswith(prefix) for name in inside):
                problems.append('tests/rules/names.py: no function of %s begins with %s any more; take it out' % (where, prefix))
    seen = {}
    for path in tree.files('.c', '.h', '.py', '.def', 'CMakeLists.txt', 'README.md'):
        seen.setdefault(os.path.basename(path), []).append(path)
    for name, paths in sorted(seen.items()):
        if len(paths) > 1 and name in TWICE:
            used.add(name)
        elif len(paths) > 1:
            problems.append('%s: the name is there %d times: %s' % (name, len(paths), ', '.join(paths)))
    for path in tree.files('.c', '.h'):
        if not re.fullmatch(r'[a-z0-9_]+\.[ch]', os.path.basename(path)):
            problems.append('%s: names are small letters, digits and _' % path)
    for name in sorted(set(TWICE) - used):
        problems.append('tests/rules/names.py: %s is not there twice any more; take it out of TWICE' % name)
    tree.report('names', problems, '%d exported functions of %d files, each under its noun' % (len(exported), len(sources)))


main()

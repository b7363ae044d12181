#!/usr/bin/python3
"""Every block of hex in docs/protocol.md is, whole and byte for byte, a value of tests/vectors/*.json."""
import json
import re
import sys

import tree

DOCUMENT = 'docs/protocol.md'
BLOCKS_LEAST = 20 # so that a document whose layout this no longer reads does not pass
HEX_ROW = re.compile(r'^ {4,}([0-9a-f]+)$')
INLINE = re.compile(r'`([0-9a-f]{16,})`')


def blocks(document):
    """[(line, hex)]: rows of nothing but hex, joined; and hex of eight bytes or more between backquotes."""
    found, open_at, joined = [], 0, ''
    for number, row in enumerate(document.split('\n') + [''], 1):
        match = HEX_ROW.match(row)
        if match:
            open_at = open_at if joined else number
            joined += match.group(1)
            continue
        if joined:
            found.append((open_at, joined))
            joined = ''
        found += [(number, text) for text in INLINE.findall(row)]
    return found


def texts(value):
    """Every text of a JSON value."""
    if isinstance(value, str):
        return {value}
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return set().union(*(texts(one) for one in inside))


def check(found, known):
    problems = ['%s:%d: %s… is no value of tests/vectors/*.json' % (DOCUMENT, line, text[:32]) for line, text in found if text not in known]
    if len(found) < BLOCKS_LEAST:
        problems.append('%s: %d blocks of hex; there should be %d at least' % (DOCUMENT, len(found), BLOCKS_LEAST))
    return problems


def main():
    known = set().union(*(texts(json.loads(tree.text(path))) for path in tree.files('.json') if path.startswith('tests/vectors/')))
    found = blocks(tree.text(DOCUMENT))
    problems = check(found, known)
    # One digit turned in each block must be noticed, or this looks at nothing.
    for line, text in found:
        turned = ('1' if text[0] == '0' else '0') + text[1:]
        if not problems and not check([(line, turned)] * BLOCKS_LEAST, known):
            problems.append('%s:%d: another first digit would not be noticed' % (DOCUMENT, line))
    tree.report('vectors_quoted', problems, '%d blocks are quoted as they are' % len(found))


if __name__ == '__main__':
    sys.exit(main())

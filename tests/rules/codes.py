#!/usr/bin/python3
"""docs/codes.md is what base/codes.def says (--write makes it), and every code is used by some program."""
import re
import sys

import tree

DOCUMENT = 'docs/codes.md'

# Codes that no source uses: symbol → why it is there all the same.
RESERVED = {}

CLASSES = (
    ('REFUSAL', 'Refusals', 'The other side\'s input is at fault. The code, the field and the reason travel back to whoever sent it, and are logged and counted.'),
    ('FAULT', 'Faults', 'This machine, its configuration or its network is at fault. They are logged where they happen; a program that cannot '
                        'start says the code on standard error and ends with status 1.'),
    ('NONE', 'No failure', 'The code of what went well.'),
)
WHO = (
    ('originator', 'the agency that made the message: its system, or the person who runs its adapter'),
    ('hub', 'the operator of the hub, mostly in broker.cfg'),
    ('operator', 'whoever runs the program that reports it'),
    ('peer', 'whoever runs the program at the other end of the link'),
    ('caller', 'the person or program that asked'),
    ('nobody', 'nothing has to be done; it passes, or it is only said for the record'),
)


def codes():
    found = re.findall(r'^CODE\((\w+),\s*"([^"]*)",\s*(\w+),\s*"([^"]*)",\s*"([^"]*)"\)', tree.text('base/codes.def'), re.M)
    expected = len(re.findall(r'^CODE\(', tree.text('base/codes.def'), re.M))
    if len(found) != expected or not found:
        sys.exit('base/codes.def: %d of %d lines can be read; each code is one line' % (len(found), expected))
    return found


def document(listed):
    rows = ['<!-- Generated from base/codes.def by tests/rules/codes.py --write; change it there. -->', '# Codes', '',
            'Every refusal and every fault names one of these codes, the field it is about, and a reason in plain words. The text of a code never',
            'changes, so that other systems can match on it; the reason may be worded differently tomorrow. A program that meets a code it does not',
            'know treats it as a refusal of the class *refusal*.', '', '| who must act | that is |', '| --- | --- |']
    rows += ['| %s | %s |' % pair for pair in WHO]
    for name, title, what in CLASSES:
        rows += ['', '## ' + title, '', what, '', '| code | what it means, and what to do | who must act |', '| --- | --- | --- |']
        rows += ['| `%s` | %s | %s |' % (text, remedy.replace('|', '\\|'), who) for _, text, kind, who, remedy in listed if kind == name]
    return '\n'.join(rows) + '\n'


def check(listed):
    problems, texts = [], set()
    for symbol, text, kind, who, _ in listed:
        if text in texts:
            problems.append('base/codes.def: "%s" is there twice' % text)
        texts.add(text)
        if text != symbol.lower():
            problems.append('base/codes.def: %s is not the text of %s in small letters' % (text, symbol))
        if kind not in [c[0] for c in CLASSES] or who not in [w[0] for w in WHO]:
            problems.append('base/codes.def: %s: class %s or actor %s is unknown' % (symbol, kind, who))
    sources = '\n'.join(tree.code(path) for path in tree.room_files('.c', '.h'))
    for symbol, _, _, _, _ in listed:
        is_used = re.search(r'\bCODE_%s\b' % symbol, sources) is not None
        if not is_used and symbol not in RESERVED:
            problems.append('base/codes.def: %s is used by no source; use it, or say in tests/rules/codes.py why it is there' % symbol)
        if is_used and symbol in RESERVED:
            problems.append('tests/rules/codes.py: %s is used now; take it out of RESERVED' % symbol)
    known = {symbol for symbol, _, _, _, _ in listed} | {'COUNT', 'CLASS_NONE', 'CLASS_REFUSAL', 'CLASS_FAULT'}
    for symbol in sorted(set(RESERVED) - known):
        problems.append('tests/rules/codes.py: RESERVED names %s, which is no code' % symbol)
    try:
        fresh = tree.text(DOCUMENT) == document(listed)
    except FileNotFoundError:
        fresh = False
    if not fresh:
        problems.append('%s is not what base/codes.def says; run tests/rules/codes.py --write' % DOCUMENT)
    return problems


def main():
    listed = codes()
    if '--write' in sys.argv:
        with open(tree.path_of(DOCUMENT), 'w', encoding='utf-8') as file:
            file.write(document(listed))
        return
    tree.report('codes', check(listed), '%d codes, documented and used' % len(listed))


main()

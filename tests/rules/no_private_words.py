#!/usr/bin/python3
"""The project speaks of itself only: no paths of whoever wrote it, no numbers of plans, no hosts that packages were fetched from."""
import re

import tree

# In pieces, so that this file does not hold what it looks for.
WORDS = {
    r'(?<![\w.])/wor' + r'k/': 'a path of the machine that this was written on',
    r'(?<![\w.])/roo' + r't/': 'a path of the machine that this was written on',
    r'(?<![\w.])/hom' + r'e/[a-z]': 'a path of the machine that this was written on',
    r'\biss' + r'ues?\s*#\s*\d': 'the number of a plan',
    r'\biss' + r'ues?\s+\d+\b': 'the number of a plan',
    r'\b(?:this|last|next|previous|earlier|another|in a|coding) sess' + r'ion\b': 'how it was written',
    r'\b(?:py' + r'pi\.org|npm' + r'js\.org|crat' + r'es\.io|ghc' + r'r\.io|proxy\.gol' + r'ang\.org|files\.python' + r'hosted\.org)':
        'a host of packages; Debian\'s are enough',
    r'\bdeb\.deb' + r'ian\.org': 'a host of packages; apt knows its own',
    r'\b(?:artif' + r'actory|nexus-' + r'mirror)': 'a host of packages',
}
# (file, word's reason) → why it may stand there.
EXCEPTIONS = {}


def main():
    problems, used, count = [], set(), 0
    patterns = [(re.compile(pattern, re.I), why) for pattern, why in WORDS.items()]
    for path in tree.files():
        if path == 'LICENSE' or '/corpus/' in path:
            continue
        count += 1
        for number, row in enumerate(tree.text(path).split('\n'), 1):
            for pattern, why in patterns:
                match = pattern.search(row)
                if match and (path, why) in EXCEPTIONS:
                    used.add((path, why))
                elif match:
                    problems.append('%s:%d: "%s": %s' % (path, number, match.group(0), why))
    for exception in sorted(set(EXCEPTIONS) - used):
        problems.append('tests/rules/no_private_words.py: the exception %s is not needed any more' % (exception,))
    tree.report('no_private_words', problems, '%d files' % count)


main()

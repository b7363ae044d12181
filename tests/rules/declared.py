#!/usr/bin/python3
"""Every function that a header offers is explained there: a comment above or beside it, or in the paragraph of lines that it stands in.

What is called x_new, x_free, x_init, x_done, x_ref or x_unref makes and ends an x everywhere in this tree, and needs no words."""
import re

import tree

DECLARATION = re.compile(r'^(?!\s*(?:typedef|static\s+inline|return|#|//|\*))[A-Za-z_][\w\s*]*?\b(\w+)\s*\(')


def blocks(lines):
    """Paragraphs: runs of lines without an empty one between them, as (first line's number, lines)."""
    block, first = [], 1
    for number, line in enumerate(lines + [''], 1):
        if line.strip():
            if not block:
                first = number
            block.append(line)
        elif block:
            yield first, block
            block = []


USUAL = re.compile(r'\w+_(?:new|free|init|done|ref|unref)')


def undocumented(path):
    depth, in_comment, pending = 0, False, False
    for first, block in blocks(tree.text(path).split('\n')):
        explained = in_comment or depth > 0 or any('/*' in line for line in block)
        for offset, line in enumerate(block):
            was_in_comment = in_comment
            if '/*' in line or '*/' in line:
                in_comment = line.rfind('/*') > line.rfind('*/')
            bare = re.sub(r'/\*.*?\*/|/\*.*$', '', line)
            if was_in_comment:
                bare = bare.split('*/', 1)[1] if '*/' in bare else ''
            match = DECLARATION.match(bare) if depth == 0 and not pending else None
            pending = bool(bare.strip()) and not bare.rstrip().endswith((';', '{', '}')) and not bare.lstrip().startswith('#')
            depth += bare.count('{') - bare.count('}')
            if match and not explained and not USUAL.fullmatch(match.group(1)) and not match.group(1).isupper():
                yield first + offset, match.group(1)


def main():
    problems, count = [], 0
    for path in tree.room_files('.h'):
        count += 1
        # The opening comment of a header with one function is that function's.
        is_alone = len(re.findall(r'^(?!typedef|static|#)[A-Za-z_][\w *]*\b\w+\([^;{]*\)[^;{]*;', tree.code(path), re.M)) == 1
        for line, name in [] if is_alone else undocumented(path):
            problems.append('%s:%d: %s has no comment' % (path, line, name))
        if not tree.text(path).lstrip().startswith('/*'):
            problems.append('%s:1: does not begin by saying what it is' % path)
    tree.report('declared', problems, '%d headers, every function explained' % count)


main()

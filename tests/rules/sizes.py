#!/usr/bin/python3
"""Functions of at most 80 lines, .c files of at most 600. An exception says why, and goes when it is not needed any more."""
import tree

FUNCTION_LINES, FILE_LINES = 80, 600

FILES = {
    # 'path': 'why it is one thing',
}
FUNCTIONS = {
    # ('path', 'function'): 'why it is one thing',
}


def main():
    problems, used = [], set()
    sources = tree.files('.c', '.h')
    for path in sources:
        lines = tree.text(path).count('\n')
        if path.startswith('tests/') or not path.endswith('.c') or lines <= FILE_LINES:
            continue
        used.add(path)
        if path not in FILES:
            problems.append('%s: %d lines are more than %d; does it do two things?' % (path, lines, FILE_LINES))
    defined = tree.functions(sources)
    for path, name, first, last, _ in defined:
        lines = last - first + 1
        if lines <= FUNCTION_LINES:
            continue
        used.add((path, name))
        if (path, name) not in FUNCTIONS:
            problems.append('%s:%d: %s has %d lines, more than %d; does it do two things?' % (path, first, name, lines, FUNCTION_LINES))
    for exception in sorted((set(FILES) | set(FUNCTIONS)) - used, key=str):
        problems.append('tests/rules/sizes.py: the exception %s is not needed any more; take it out' % (exception,))
    lengths = sorted(last - first + 1 for path, _, first, last, _ in defined if not path.startswith('tests/'))
    if lengths:
        print('functions: %d, median %d lines, 95th percentile %d, longest %d'
              % (len(lengths), lengths[len(lengths) // 2], lengths[len(lengths) * 95 // 100], lengths[-1]))
    tree.report('sizes', problems, 'functions ≤ %d lines, .c files ≤ %d' % (FUNCTION_LINES, FILE_LINES))


main()

#!/usr/bin/python3
"""Functions and habits that are not used here, and the few places that have a reason. An exception that nothing needs any more fails."""
import re

import tree

ROOMS, TESTS, ALL = 'rooms', 'tests', 'all'

# what → (where it is banned, pattern, what to use instead)
CALL = r'(?<![\w.>])(?:%s)\s*\('
BANNED = {
    'copy': (ALL, CALL % 'strcpy|strcat|stpcpy|strncpy|strncat|sprintf|vsprintf|gets|strtok|strtok_r', 'snprintf, mem_text or a struct buf'),
    'number': (ALL, CALL % 'atoi|atol|atoll|atof|strtol|strtoll|strtoul|strtoull|strtod', 'text_int and its siblings'),
    'scan': (ROOMS, CALL % 'sscanf|fscanf|scanf', 'text_int, pack_*, or a reader that checks its end'),
    'stack': (ALL, CALL % 'alloca', 'mem_alloc'),
    'shell': (ALL, CALL % 'system|popen', 'posix_spawn in tests, nothing in programs'),
    'jump': (ROOMS, CALL % 'setjmp|longjmp|sigsetjmp|siglongjmp', 'RESULT'),
    'memory': (ALL, CALL % 'malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|vasprintf', 'base/mem.h'),
    'print': (ROOMS, CALL % 'printf|vprintf|fprintf|vfprintf|puts|putchar|fputs|fputc|putc|perror|dprintf', 'RESULT with a reason; programs print and log'),
    'assert': (ROOMS, CALL % 'assert|abort', 'RESULT: never stop on what a peer can influence'),
    'sleep': (ALL, CALL % 'sleep|usleep|nanosleep|clock_nanosleep', 'a timer of the loop; in tests, wait for a condition with a limit'),
    'todo': (ALL, r'\b(?:TODO|FIXME)\b', 'do it, or write it down where work is planned'),
    'pragma': (ALL, r'#\s*pragma\s+(?:GCC|clang)\s+diagnostic|\b_Pragma\b', 'correct what the warning says'),
    'warning': (ALL, r'\bNOLINT\b', 'correct what the warning says'),
}
# 'todo' and 'warning' hide in comments, where the others do not count.
IN_COMMENTS = ('todo', 'warning')

# (file or folder/, what) → why.
EXCEPTIONS = {
    ('base/mem.c', 'memory'): 'the one place that asks the C library for memory',
    ('base/mem.c', 'assert'): 'out of memory ends the program, as base/mem.h says',
    ('base/secret.c', 'assert'): 'as base/mem.c: without a page of memory there is nothing to go on with',
    ('base/loop.c', 'print'): 'the last words of a program whose loop cannot run',
    ('base/loop.c', 'assert'): 'a loop that the kernel refuses ends the program',
    ('base/bytes.c', 'assert'): 'the caller in this process broke its promise; sizes of strangers are checked before',
    ('base/uuid.c', 'assert'): 'without random numbers an id might repeat',
    ('certs/hash.c', 'assert'): 'a libcrypto that cannot hash, or give random numbers, leaves nothing that could be promised',
    ('schemas/json.c', 'number'): 'asks whether a written number reads back as itself; the input is its own output',
    ('certs/token.c', 'sleep'): 'between two tries of a call that blocks anyway; mostly before there is a loop',
    ('cli/', 'print'): 'it is what the operator reads',
    ('care/', 'print'): 'it is what the operator reads',
    ('broker/upkeep/', 'print'): 'it is what the operator reads',
    ('adapters/upkeep/', 'print'): 'it is what the operator reads',
    ('broker/main.c', 'print'): 'a program: faults of the configuration go to the person who started it',
    ('broker/gateway/main.c', 'print'): 'a program: who starts it by hand is told that it is not for that',
    ('adapters/main.c', 'print'): 'a program: faults of the configuration go to the person who started it',
    ('tests/fault/shim.c', 'number'): 'goes before the C library of programs that have not begun; its settings come from the tests',
}


def exception_for(path, what):
    for (where, name), _ in EXCEPTIONS.items():
        if name == what and (path == where or (where.endswith('/') and path.startswith(where))):
            return (where, name)
    return None


def returning_result():
    """Names of functions and of function pointers in structs that return RESULT."""
    names = set()
    for path in tree.files('.h', '.c'):
        names.update(re.findall(r'\bRESULT\s+(?:\(\*)?(\w+)\)?\s*\(', tree.code(path)))
    return names


def check_casts(problems):
    names = returning_result()
    for path in tree.files('.c', '.h'):
        source = tree.code(path)
        for match in re.finditer(r'\(void\)\s*!?\s*(?:\w+(?:\.|->))*(\w+)\s*\(', source):
            if match.group(1) in names:
                problems.append('%s:%d: (void) hides the result of %s; look at it or hand it on'
                                % (path, tree.line_of(source, match.start()), match.group(1)))


def main():
    problems, used, count = [], set(), 0
    for path in tree.files('.c', '.h'):
        count += 1
        in_tests = path.startswith('tests/')
        bare, full = tree.code(path), tree.text(path)
        for what, (where, pattern, instead) in BANNED.items():
            if (where == ROOMS and in_tests) or (where == TESTS and not in_tests):
                continue
            source = full if what in IN_COMMENTS else bare
            for match in re.finditer(pattern, source):
                exception = exception_for(path, what)
                if exception:
                    used.add(exception)
                else:
                    problems.append('%s:%d: %s is banned (%s); use %s'
                                    % (path, tree.line_of(source, match.start()), match.group(0).strip('( \t'), what, instead))
    for exception in sorted(set(EXCEPTIONS) - used):
        problems.append('tests/rules/banned.py: the exception %s for %s is not needed any more; take it out' % exception[::-1])
    check_casts(problems)
    tree.report('banned', problems, '%d files, %d exceptions, all needed' % (count, len(EXCEPTIONS)))


main()

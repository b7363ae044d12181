#!/usr/bin/python3
"""Rooms know only what CMakeLists.txt lets them know, in no circle, and each external library is touched where it lives."""
import re

import tree

# header → where it may be included: a room, or a file. Tests may include any of them.
LIBRARIES = {
    r'uv\.h': ['base/loop_inside.h'],
    r'zmq\.h': ['base/wire.c'],
    r'msgpack\.h|msgpack/.*': ['base/pack.c'],
    r'libconfig\.h': ['base/conf.c', 'base/conf_source.c'],
    r'systemd/.*': ['base/daemon.c'],
    r'jansson\.h': ['schemas/json.c'],
    r'pcre2\.h': ['schemas/regex.c'],
    r'openssl/.*': ['certs'],
    r'p11-kit/.*': ['certs/token_module.h'],
    r'dlfcn\.h': ['certs/token_module.c'],
    r'malloc\.h': ['base/mem.c'],
    r'sqlite3\.h': ['pages', 'atrest', 'broker/store', 'broker/index', 'adapters/runtime'],
    r'libxml/.*': ['adapters/niem'],
    r'uthash\.h': ['broker/gateway', 'broker/warden', 'broker/ledger', 'broker/verify', 'broker/route', 'adapters/runtime'],
    r'utlist\.h': ['adapters/runtime'],
    r'seccomp\.h': ['sandbox'],
    r'linux/(landlock|seccomp)\.h': ['sandbox'],
    r'cmocka\.h': [],
}
# What the C library and the kernel give; base wraps the rest of POSIX as far as a room needs it.
SYSTEM = set('''assert ctype dirent errno fcntl ftw getopt grp inttypes limits locale math netdb poll pthread pwd sched setjmp signal spawn stdalign
stdarg stdatomic stdbool stddef stdint stdio stdlib string strings termios time unistd arpa/inet net/if netinet/in netinet/tcp sys/file sys/mman
sys/prctl sys/queue sys/random sys/resource sys/signalfd sys/socket sys/stat sys/statvfs sys/syscall sys/time sys/timex sys/types sys/uio sys/un sys/wait'''.split())


def circle(graph):
    """A list of rooms that depend on each other in a circle, or None."""
    done = set()

    def visit(room, path):
        if room in path:
            return path[path.index(room):] + [room]
        if room in done:
            return None
        for below in graph.get(room, ()):
            found = visit(below, path + [room])
            if found:
                return found
        done.add(room)
        return None

    for room in graph:
        found = visit(room, [])
        if found:
            return found
    return None


def check_quoted(path, line, name, graph, problems):
    target = name.rsplit('/', 1)[0] if '/' in name else ''
    where = '%s:%d: ' % (path, line)
    if name.startswith('../') or '/../' in name:
        problems.append(where + 'include "%s" climbs out of its room; name the room' % name)
        return
    if path.startswith('tests/'):
        return
    if target not in graph:
        problems.append(where + 'include "%s" does not begin with a room' % name)
        return
    room = tree.room_of(path)
    if name.endswith('_inside.h') and target != room:
        problems.append(where + '"%s" is the inside of room %s; what others need belongs in its other headers' % (name, target))
    if room is None:
        other = {'broker': 'adapters', 'adapters': 'broker', 'cli': 'adapters'}[path.split('/')[0]]
        if target.split('/')[0] == other:
            problems.append(where + 'a program includes "%s" of another program' % name)
    elif target != room and target not in graph[room]:
        problems.append(where + 'room %s may not know "%s"' % (room, name))


def check_angled(path, line, name, problems, seen):
    if path.startswith('tests/'):
        return
    if name.endswith('.h') and name[:-2] in SYSTEM:
        return
    for pattern, owners in LIBRARIES.items():
        if re.fullmatch(pattern, name):
            seen.add(pattern)
            if not any(path == owner or tree.room_of(path) == owner for owner in owners):
                problems.append('%s:%d: <%s> belongs to %s' % (path, line, name, ' and '.join(owners) or 'tests'))
            return
    problems.append('%s:%d: <%s> is in no table of tests/rules/layers.py; say there which room owns it' % (path, line, name))


def main():
    graph, problems, seen = tree.rooms(), [], set()
    for room, below in graph.items():
        print('%-24s → %s' % (room, ' '.join(below) or '(nothing)'))
        for other in below:
            if other not in graph:
                problems.append('CMakeLists.txt: room(%s) names %s, which is no room' % (room, other))
    found = circle(graph)
    if found:
        problems.append('CMakeLists.txt: a circle of rooms: ' + ' → '.join(found))
    for path in tree.files('.c', '.h'):
        if not path.startswith('tests/') and tree.room_of(path) is None and path not in tree.PROGRAMS:
            problems.append('%s: lies in no room' % path)
        for number, row in enumerate(tree.code(path, keep_strings=True).split('\n'), 1):
            match = re.match(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', row)
            if match and match.group(1):
                check_quoted(path, number, match.group(1), graph, problems)
            elif match:
                check_angled(path, number, match.group(2), problems, seen)
    tree.report('layers', problems, '%d rooms, no circle, every include within its bounds' % len(graph))


main()

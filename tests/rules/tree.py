"""What the rules have in common: the project's own files, C without its comments, the rooms, the functions.

Every rule takes --root DIR, so that rules_bite.py can run it over a copy with a violation in it."""
import os
import re
import shutil
import subprocess
import sys

SKIPPED = 77
PROGRAMS = ('broker/main.c', 'broker/gateway/main.c', 'adapters/main.c', 'cli/main.c')


def _root():
    if '--root' in sys.argv:
        return os.path.abspath(sys.argv[sys.argv.index('--root') + 1])
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


ROOT = _root()


def path_of(path):
    return os.path.join(ROOT, path)


def _git_files():
    if not os.path.exists(path_of('.git')) or not shutil.which('git'):
        return None
    listed = subprocess.run(['git', '-c', 'safe.directory=*', '-C', ROOT, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
                            capture_output=True)
    if listed.returncode != 0:
        return None
    return [name for name in listed.stdout.decode().split('\0') if name and os.path.isfile(path_of(name))]


def _walked_files():
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in ('.git', 'build', '__pycache__', '.pytest_cache') and not f.startswith('build-')]
        found += [os.path.relpath(os.path.join(folder, name), ROOT) for name in names if not name.endswith('.pyc')]
    return found


def files(*endings):
    """The project's files, relative to its root, in order; those that are ignored by git are not the project's."""
    listed = _git_files()
    if listed is None:
        listed = _walked_files()
    return sorted(name for name in set(listed) if not endings or name.endswith(endings))


def text(path):
    with open(path_of(path), encoding='utf-8', errors='replace') as file:
        return file.read()


def room_files(*endings):
    """C of the rooms and programs: everything but the tests."""
    tops = tuple(sorted({room.split('/')[0] + '/' for room in rooms()}))
    return [name for name in files(*(endings or ('.c', '.h'))) if name.startswith(tops)]


_LITERAL = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code(path, keep_strings=False):
    """C without comments and with empty literals; lines keep their numbers."""
    def blank(match):
        found = match.group(0)
        if found[0] == '/':
            return ' ' + '\n' * found.count('\n')
        return found if keep_strings else found[0] * 2
    return _LITERAL.sub(blank, text(path))


def line_of(source, offset):
    return source.count('\n', 0, offset) + 1


def _cmake():
    source = re.sub(r'#[^\n]*', '', text('CMakeLists.txt'))
    return re.sub(r'foreach\((\w+) IN ITEMS ([^)]*)\)(.*?)endforeach\(\)',
                  lambda m: ''.join(m.group(3).replace('${%s}' % m.group(1), item) for item in m.group(2).split()), source, flags=re.S)


def rooms():
    """{room: [rooms that it may include]}, from the room(…) lines of CMakeLists.txt."""
    found = {}
    for match in re.finditer(r'^\s*room\(([^)$]+)\)', _cmake(), re.M):
        words = match.group(1).split()
        found[words[0]] = words[1:]
    if len(found) < 3:
        sys.exit('CMakeLists.txt has no room(…) lines that can be read')
    return found


def room_of(path):
    """The room of a file, None for a program's main.c and for tests."""
    folder = os.path.dirname(path)
    return folder if folder in rooms() and path not in PROGRAMS else None


def functions(paths):
    """[(file, name, first line, last line, is static)] of every function that is defined in the files."""
    ctags = shutil.which('ctags')
    if not ctags:
        print('SKIP: ctags (universal-ctags) is not installed')
        sys.exit(SKIPPED)
    # RESULT and the attributes are macros that ctags would take for part of the name.
    out = subprocess.run([ctags, '--quiet', '--languages=C', '--langmap=C:.c.h', '--kinds-C=f', '--fields=+neSf', '--output-format=u-ctags', '-I',
                          'RESULT,AUTO_FREE', '--sort=no', '-f', '-', *paths], cwd=ROOT, capture_output=True, text=True)
    if out.returncode != 0 or 'end:' not in out.stdout:
        print('SKIP: this ctags does not tell where a function ends; install universal-ctags')
        sys.exit(SKIPPED)
    found = []
    for row in out.stdout.splitlines():
        if row.startswith('!'):
            continue
        cells = row.split('\t')
        first = next((int(c[5:]) for c in cells if c.startswith('line:')), 0)
        last = next((int(c[4:]) for c in cells if c.startswith('end:')), first)
        found.append((cells[1], cells[0], first, last, 'file:' in cells))
    return found


def report(rule, problems, summary):
    """Prints every problem and ends the program: 0 when there are none."""
    for problem in problems:
        print(problem)
    print('%s: %s' % (rule, '%d violations' % len(problems) if problems else summary))
    sys.exit(1 if problems else 0)

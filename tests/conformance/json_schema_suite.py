#!/usr/bin/python3
"""Holds the validator to the official JSON Schema Test Suite, draft 2020-12: json_schema_suite.py JUDGE FOLDER.

Every group whose schema has only keywords that the validator claims must compile, and every value of it be judged as the suite says. A group with
another keyword must be refused, for that keyword. What is left out besides is named below, each with its reason, and is asserted too: a group that
is left out for a reason that does not show is a failure. JUDGE is schema_judge; the suite is fetched into FOLDER once, from the distribution's
packages. Exit 77: it cannot be fetched here."""
import collections
import hashlib
import json
import os
import subprocess
import sys

# Debian's packaging of the suite for Perl programs: every file of draft 2020-12, also the optional ones.
PACKAGE = 'libtest-json-schema-acceptance-perl'
VERSION = '1.019-1'
SHA512 = 'e060a940bd13357119d0064ccc2965958bb6a653905ff5ff125baac42fd1e9f77190ef53c0aa7ab04e589d4c303f894280a4a724e2c3433ad3a6938a151500b2'
INSIDE = 'usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance/tests/draft2020-12'
LEAST_PASSED = 850  # of the suite's values; fewer means that this program, or the validator, looks away

DIALECT = 'https://json-schema.org/draft/2020-12/schema'
NOT_A_KEYWORD = 'is not a keyword that is supported'

# Whole files about what Liaison does otherwise, by design.
FILES = {
    'format.json': 'the suite has formats as annotations here; Liaison asserts those that it knows, as optional/format/ wants',
}

# Single values: why the answer differs → (file, group, values). A value that is judged as the suite says after all is a failure.
SINGLE = {
    'no agency has an address with quotes or brackets, and systems behind an adapter choke on them': [
        ('optional/format/email.json', 'validation of e-mail addresses', [
            'a quoted string with a space in the local part is valid', 'a quoted string with a double dot in the local part is valid',
            'a quoted string with a @ in the local part is valid', 'an IPv4-address-literal after the @ is valid',
            'an IPv6-address-literal after the @ is valid'])],
    'a blank in a pattern is one of ASCII': [
        ('optional/ecmascript-regex.json', 'ECMA 262 \\s matches whitespace', [
            'latin-1 non-breaking-space matches', 'zero-width whitespace matches', 'paragraph separator matches (line terminator)',
            'EM SPACE matches (Space_Separator)']),
        ('optional/ecmascript-regex.json', 'ECMA 262 \\S matches everything but whitespace', [
            'latin-1 non-breaking-space does not match', 'zero-width whitespace does not match',
            'paragraph separator does not match (line terminator)', 'EM SPACE does not match (Space_Separator)'])],
    'a quotient beyond a double is no multiple': [
        ('optional/float-overflow.json', 'all integers are multiples of 0.5, if overflow is handled', [
            'valid if optional overflow handling is implemented'])],
}
VALUES = {(name, group, value): why for why, rows in SINGLE.items() for name, group, values in rows for value in values}

# Groups that a claimed keyword is refused for: (reason of the refusal begins with) → why.
REFUSALS = {
    'there is no document of that name': 'references go to files of the catalogue only; nothing is fetched',
    'the name of the document is too long': 'references go to files of the catalogue only; nothing is fetched',
    'refers to nothing': 'a reference by anchor, or into what is no schema',
    'only ' + DIALECT: 'one dialect',
    'the pattern is wrong': 'Unicode properties have the short names of PCRE2, \\p{L}',
    'is not a format that is supported': 'an unknown format would be no check, and look like one',
}

SCHEMA = ('additionalProperties', 'contains', 'else', 'if', 'items', 'not', 'propertyNames', 'then')
SCHEMAS = ('allOf', 'anyOf', 'oneOf', 'prefixItems')
NAMED = ('$defs', 'dependentSchemas', 'patternProperties', 'properties')


def fetch(folder):
    """The folder of the tests, or None."""
    os.makedirs(folder, exist_ok=True)
    archive = os.path.join(folder, '%s_%s_all.deb' % (PACKAGE, VERSION))
    if not os.path.exists(archive):
        try:
            subprocess.run(['apt-get', 'download', '-qq', '%s=%s' % (PACKAGE, VERSION)], cwd=folder, timeout=120, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.SubprocessError):
            return None
    with open(archive, 'rb') as file:
        if hashlib.sha512(file.read()).hexdigest() != SHA512:
            os.remove(archive)
            sys.exit('%s %s is not the file that was pinned' % (PACKAGE, VERSION))
    tests = os.path.join(folder, INSIDE)
    if not os.path.isdir(tests):
        subprocess.run(['dpkg-deb', '-x', archive, folder], check=True)
    return tests


def unclaimed(schema, claimed):
    """The keywords of a schema and all schemas in it that the validator does not claim."""
    found = set()
    if not isinstance(schema, dict):
        return found
    for key, value in schema.items():
        if key not in claimed:
            found.add(key)
        elif key in SCHEMA:
            found |= unclaimed(value, claimed)
        elif key in SCHEMAS and isinstance(value, list):
            found |= set().union(*[unclaimed(one, claimed) for one in value])
        elif key in NAMED and isinstance(value, dict):
            found |= set().union(*[unclaimed(one, claimed) for one in value.values()])
    return found


class Judge:
    def __init__(self, program):
        self.claimed = set(subprocess.run([program, '--keywords'], stdout=subprocess.PIPE, check=True, text=True).stdout.split())
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, letter, value):
        self.process.stdin.write('%s %s\n' % (letter, json.dumps(value)))
        self.process.stdin.flush()
        return self.process.stdout.readline().rstrip('\n').split('\t')

    def close(self):
        self.process.stdin.close()
        return self.process.wait(timeout=60)


class Tally:
    def __init__(self):
        self.groups = self.passed = 0
        self.left_out = collections.Counter()
        self.failures = []


def judge_group(judge, name, group, tally):
    where = '%s: %s' % (name, group['description'])
    foreign = unclaimed(group['schema'], judge.claimed)
    answer = judge.ask('S', group['schema'])
    why = [reason for reason in REFUSALS if answer[0] == 'refused' and answer[2].startswith(reason)]
    if foreign:
        is_for_it = answer[0] == 'refused' and answer[2] == NOT_A_KEYWORD and answer[1].rsplit('/', 1)[-1] in foreign
        if not is_for_it and not why:
            tally.failures.append('%s: must be refused for %s: %s' % (where, ', '.join(sorted(foreign)), answer))
        tally.left_out['keyword ' + min(foreign)] += len(group['tests'])
        return
    if answer[0] == 'refused':
        if not why:
            tally.failures.append('%s: does not compile: %s' % (where, answer))
        else:
            tally.left_out['"%s": %s' % (why[0], REFUSALS[why[0]])] += len(group['tests'])
        return
    if answer[0] == 'unreadable':
        tally.left_out['schema is no JSON that Liaison carries: ' + answer[1]] += len(group['tests'])
        return
    tally.groups += 1
    for test in group['tests']:
        answer = judge.ask('V', test['data'])
        key = (name, group['description'], test['description'])
        if answer[0] == 'unreadable':
            tally.left_out['value is no JSON that Liaison carries'] += 1
        elif (answer[0] == 'valid') == test['valid']:
            tally.passed += 1
            if key in VALUES:
                tally.failures.append('%s: %s: is judged as the suite says now; take it out of VALUES' % (where, test['description']))
        elif key in VALUES:
            tally.left_out[VALUES[key]] += 1
        else:
            tally.failures.append('%s: %s: must be %s: %s' % (where, test['description'], 'valid' if test['valid'] else 'refused', answer))


def main():
    program, folder = sys.argv[1:3]
    tests = fetch(folder)
    if not tests:
        print('SKIP: the package %s %s cannot be fetched here' % (PACKAGE, VERSION))
        sys.exit(77)
    judge, tally = Judge(program), Tally()
    for above, _, names in sorted(os.walk(tests)):
        for name in sorted(names):
            path = os.path.join(above, name)
            short = os.path.relpath(path, tests)
            with open(path, encoding='utf-8') as file:
                groups = json.load(file)
            if short in FILES:
                tally.left_out['%s: %s' % (short, FILES[short])] += sum(len(group['tests']) for group in groups)
                continue
            for group in groups:
                judge_group(judge, short, group, tally)
    if judge.close() != 0:
        tally.failures.append('the judge ended badly')
    for reason, count in sorted(tally.left_out.items()):
        print('left out %4d  %s' % (count, reason))
    for failure in tally.failures:
        print('FAILED ' + failure)
    print('%d groups and %d values judged as the suite says, %d failures, %d values left out' %
          (tally.groups, tally.passed, len(tally.failures), sum(tally.left_out.values())))
    if tally.passed < LEAST_PASSED:
        print('FAILED fewer than %d values were judged' % LEAST_PASSED)
    sys.exit(1 if tally.failures or tally.passed < LEAST_PASSED else 0)


main()

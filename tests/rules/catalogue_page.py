#!/usr/bin/python3
"""docs/catalogue.md is what schemas/catalogue says (--write makes it); its head, which explains the files, is docs/catalogue-format.md."""
import json
import os
import sys

import tree

FOLDER = 'schemas/catalogue'
DOCUMENT = 'docs/catalogue.md'
FORMAT = 'catalogue-format.md'
DEFINITIONS = set()  # of common.json, filled by load()
BY = {'any': 'anybody', 'owner': 'who entered the record', 'other': 'anybody but who entered the record'}
LINKS = {'re': 'an answer to the message', 'thread': 'a message of its conversation', 'person': 'a message about the same person'}
HUB = {'merge': 'makes two identities one person', 'override': 'lets a held message through', 'grant': 'keeps the consent', 'revoke': 'ends the consent',
       'erase': 'destroys the parts that are named', 'subscribe': 'keeps the subscription', 'renew': 'prolongs the subscription',
       'unsubscribe': 'ends the subscription'}


def load():
    types, lifecycles, common = {}, {}, {}
    folder = tree.path_of(FOLDER)
    for name in sorted(os.listdir(folder)):
        if not name.endswith('.json'):
            continue
        with open(os.path.join(folder, name), encoding='utf-8') as file:
            value = json.load(file)
        if 'type' in value:
            types[value['type']] = value
        elif 'lifecycle' in value:
            lifecycles[value['lifecycle']] = value
        else:
            common.update(value.get('$defs', {}))
            DEFINITIONS.update(value.get('$defs', {}))
    return types, lifecycles, common


def anchor(title):
    """As Markdown makes one of a heading."""
    return ''.join(c for c in title.lower().replace(' ', '-') if c.isalnum() or c in '-_')


def cell(text):
    return str(text).replace('|', '\\|').replace('\n', ' ')


def code(values):
    return ', '.join('`%s`' % value for value in values)


def see(title, shown=None):
    return '[%s](#%s)' % (shown or '`%s`' % title, anchor(title))


# ---- schemas ----

def bounds(schema):
    words = []
    for key, text in (('minLength', 'at least %s characters'), ('maxLength', 'at most %s characters'), ('minimum', 'from %s'), ('maximum', 'to %s'),
                      ('minItems', 'at least %s'), ('maxItems', 'at most %s')):
        if key in schema:
            words.append(text % schema[key])
    return words


def kind(schema):
    """What a value is, in a few words."""
    if schema is True:
        return 'anything'
    if not isinstance(schema, dict):
        return 'nothing'
    if '$ref' in schema:
        name = schema['$ref'].rsplit('/', 1)[-1]
        shown = see('definition ' + name, name) if name in DEFINITIONS else '`%s`' % name
        return ', '.join([shown] + bounds(schema))
    if 'enum' in schema:
        return 'one of ' + code(schema['enum'])
    if 'const' in schema:
        return '`%s`' % schema['const']
    if schema.get('type') == 'array':
        return ', '.join(['list of ' + kind(schema.get('items', True))] + bounds(schema))
    words = schema.get('type', '')
    words = ' or '.join(words) if isinstance(words, list) else words
    if not words:
        for key, glue in (('allOf', ' and '), ('anyOf', ' or '), ('oneOf', ' or ')):
            named = [kind(one) for one in schema.get(key, []) if isinstance(one, dict) and ('$ref' in one or 'type' in one or 'enum' in one)]
            if named:
                return glue.join(named)
    if 'format' in schema:
        words = schema['format']
    elif words == 'string':
        words = 'text'
    return ', '.join([words or 'anything'] + bounds(schema))


def rows_of(schema, above=''):
    """(name, kind, required, meaning) of an object's fields, those inside them after them."""
    rows = []
    if not isinstance(schema, dict):
        return rows
    required = schema.get('required', [])
    for name, field in schema.get('properties', {}).items():
        path = above + name
        meaning = field.get('description', field.get('title', '')) if isinstance(field, dict) else ''
        if not meaning and isinstance(field, dict) and 'pattern' in field:
            meaning = 'fits `%s`' % field['pattern']
        rows.append((path, kind(field), 'yes' if name in required else '', meaning))
        inner = field
        if isinstance(field, dict) and field.get('type') == 'array' and isinstance(field.get('items'), dict):
            inner, path = field['items'], path + '[]'
        if isinstance(inner, dict) and '$ref' not in inner:
            rows += rows_of(inner, path + '.')
    for one in schema.get('allOf', []):
        rows += rows_of(one, above)
    return rows


def fields(schema):
    rows = rows_of(schema)
    if not rows:
        fits = ', fits `%s`' % schema['pattern'] if isinstance(schema, dict) and 'pattern' in schema else ''
        return ['', kind(schema)[0].upper() + kind(schema)[1:] + fits + '.']
    return ['', '| field | what | required | meaning |', '| --- | --- | --- | --- |'] + ['| `%s` | %s | %s | %s |' % (
        path, cell(what), required, cell(meaning)) for path, what, required, meaning in rows]


# ---- what a type does ----

def condition(when):
    return ' and '.join('`%s` is %s' % (pointer, ' or '.join('`%s`' % value for value in values)) for pointer, values in when.items())


def deadline(type_, due):
    if isinstance(due, str):
        due = {'within': due}
    cases = due['within'] if isinstance(due['within'], list) else [{'within': due['within']}]
    words = '; '.join(('%s when %s' % (one['within'], condition(one['when']))) if one.get('when') else one['within'] for one in cases)
    words += ', from `%s`' % due['from'] if 'from' in due else ''
    met = due.get('met_by', type_['answers'])
    if met:
        words += '; met by %s as %s' % (', '.join(see(one) for one in met), LINKS[due.get('link', 're')])
    if 'rearm' in due:
        rearm = due['rearm']
        words += '; %s%s moves it by the hours at `%s`' % (see(rearm['type']), ' where ' + condition(rearm['when']) if rearm.get('when') else '',
                                                            rearm['hours'])
    return words


def facts(name, value, answered):
    rows = [('from', code(value['originators'])), ('subject', code(value['subject']) + (' (one of them)' if len(value['subject']) > 1 else ''))]
    rows.append(('priority', str(value['priority'])))
    rows.append(('expires', value.get('expiry', '')))
    rows.append(('due', deadline(value, value['due']) if 'due' in value else ''))
    by = value.get('by')
    rows.append(('on behalf of', 'required' if by is True else 'required, with ' + code(by) if by else ''))
    rows.append(('purpose', 'one of ' + code(value['purpose']) if 'purpose' in value else ''))
    if 'persons' in value:
        rows.append(('signatures', '%d of %s' % (value['persons']['count'], code(value['persons']['roles']))))
    rows.append(('answered by', ', '.join(see(one) for one in value['answers'])))
    rows.append(('answers', ', '.join(see(one) for one in answered.get(name, []))))
    rows.append(('exchange', 'answers are collected; the outcome is their `%s`' % value['exchange'] if 'exchange' in value else ''))
    rows.append(('interlock', '`%s`: held while a record of the same person blocks it' % value['interlock'] if 'interlock' in value else ''))
    rows.append(('topic', '`%s`' % value['topic'] if 'topic' in value else ''))
    rows.append(('the hub', HUB[value['hub']] if 'hub' in value else ''))
    return ['', '| | |', '| --- | --- |'] + ['| %s | %s |' % (key, cell(text)) for key, text in rows if text]


def moves(value):
    lines = []
    for lifecycle in value.get('lifecycle', []):
        lines += ['', 'Moves a record of %s%s:' % (see('lifecycle ' + lifecycle['name'], lifecycle['name']),
                                                   ', if there is one' if lifecycle.get('optional') else ''), '',
                  '| from | to | by | when |', '| --- | --- | --- | --- |']
        lines += ['| %s | `%s` | %s | %s |' % (code(move['from']), move['to'], BY[move.get('by', 'any')], cell(condition(move.get('when', {}))))
                  for move in lifecycle['moves']]
    return lines


def type_section(name, value, answered):
    lines = ['', '### ' + name, '', '**%s.** %s' % (value['title'], value['description'])]
    lines += facts(name, value, answered) + moves(value)
    for part, rule in value['parts'].items():
        lines += ['', 'Part `%s`, class %s%s:' % (part, rule['class'], '' if rule['required'] else ', may be left out')] + fields(rule['schema'])
    return lines


# ---- lifecycles ----

def diagram(name, types):
    """from -> to, each with the types that make the move; one line a pair."""
    pairs = {}
    for type_, value in types.items():
        for lifecycle in value.get('lifecycle', []):
            if lifecycle['name'] != name:
                continue
            for move in lifecycle['moves']:
                for start in move['from']:
                    pairs.setdefault((start, move['to']), set()).add(type_)
    return pairs


def lifecycle_section(name, value, types):
    pairs = diagram(name, types)
    lines = ['', '### lifecycle ' + name, '', '**%s.** %s' % (value['title'], value['description']), '']
    keys = ['`%s`%s' % (key['name'], ' (each agency\'s own)' if key.get('per_owner') else '') for key in value['keys']]
    lines += ['A record is named by %s.' % ', or '.join(keys), '', '| state | what it means | blocks | final |', '| --- | --- | --- | --- |']
    lines += ['| `%s` | %s | %s | %s |' % (state, cell(about['title']), code(about.get('blocks', [])), 'yes' if about.get('terminal') else '')
              for state, about in value['states'].items()]
    lines += ['', '| from | to | by a message of |', '| --- | --- | --- |']
    order = ['none'] + list(value['states'])
    for start, end in sorted(pairs, key=lambda pair: (order.index(pair[0]), order.index(pair[1]))):
        lines.append('| `%s` | `%s` | %s |' % (start, end, ', '.join(see(one) for one in sorted(pairs[start, end]))))
    return lines


def family(name):
    return name.split('.')[0].split('/')[0]


def document(types, lifecycles, common):
    answered = {}
    for name, value in types.items():
        for answer in value['answers']:
            answered.setdefault(answer, []).append(name)
    lines = ['<!-- Generated from schemas/catalogue by tests/rules/catalogue_page.py --write; change it there. -->', '# The catalogue', '',
             'Every type that may be sent through a hub: %d types, %d lifecycles. `liaison catalogue show NAME` prints one with its schema and examples,'
             % (len(types), len(lifecycles)),
             '`liaison catalogue example TYPE` a draft to start from, and `liaison catalogue check FILE` says what is wrong with a draft or with a file',
             'of the catalogue. How such a file is written: [%s](%s).' % (FORMAT, FORMAT), '',
             'Facts about the practice of agencies and switches follow public descriptions; each wants a primary source before conformance is claimed.']
    lines += ['', '## All types', '', '| type | what | from |', '| --- | --- | --- |']
    lines += ['| %s | %s | %s |' % (see(name), cell(types[name]['title']), code(types[name]['originators'])) for name in sorted(types)]
    for group in sorted({family(name) for name in types}):
        lines += ['', '## ' + group]
        for name in sorted(types):
            if family(name) == group:
                lines += type_section(name, types[name], answered)
    lines += ['', '## Lifecycles', '', 'What a record can be, and what a message does to it. `none`: there is no record yet.']
    for name in sorted(lifecycles):
        lines += lifecycle_section(name, lifecycles[name], types)
    lines += ['', '## Definitions', '', 'Shared by the types; `common#/$defs/NAME` refers to them.']
    for name in sorted(common):
        about = common[name].get('description', '') if isinstance(common[name], dict) else ''
        lines += ['', '### definition ' + name] + (['', about[0].upper() + about[1:] + '.' if not about.endswith('.') else about] if about else [])
        lines += fields(common[name])
    return '\n'.join(lines) + '\n'


def main():
    page = document(*load())
    if '--write' in sys.argv:
        with open(tree.path_of(DOCUMENT), 'w', encoding='utf-8') as file:
            file.write(page)
        return
    try:
        fresh = tree.text(DOCUMENT) == page
    except FileNotFoundError:
        fresh = False
    tree.report('catalogue_page', [] if fresh else ['%s is not what %s says; run tests/rules/catalogue_page.py --write' % (DOCUMENT, FOLDER)],
                '%d lines, as the catalogue says' % page.count('\n'))


main()

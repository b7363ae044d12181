#!/usr/bin/python3
"""Every setting of the programs stands in a row of its document's tables and in its manual page, under its whole name and with its default."""
import re

import tree

# document → its manual page, files with tables of settings, whether those of the kinds belong to it
DOCUMENTS = {
    'docs/operate.md': ('docs/man/broker.cfg.5', ['broker/config/settings.c'], False),
    'docs/connect-an-agency.md': ('docs/man/adapter.cfg.5', ['adapters/runtime/options.c'], True),
}


def fields_of(source):
    """{variable: [(name, fallback or None, table that is below or None)]}; tables' names lead to their fields' variable."""
    arrays, tables = {}, {}
    for match in re.finditer(r'struct conf_field (\w+)\[\]\s*=\s*\{(.*?)\n\};', source, re.S):
        rows = []
        for name, rest in re.findall(r'\.name\s*=\s*"([^"]+)"(.*?)(?=\{\s*\.name|\Z)', match.group(2), re.S):
            fallback = re.search(r'\.fallback\s*=\s*(?:"([^"]*)"|(\w+))', rest)
            below = re.search(r'\.sub\s*=\s*&(\w+)', rest)
            rows.append((name, (fallback.group(1) or '') if fallback else None, below.group(1) if below else None))
        arrays[match.group(1)] = rows
    for match in re.finditer(r'struct conf_table (\w+)\s*=\s*\{(.*?)\};', source, re.S):
        variable = re.search(r'(?:\.fields\s*=\s*)?\b(\w+)\b', match.group(2)).group(1)
        tables[match.group(1)] = variable
    return arrays, tables


def settings(source, prefix):
    """[(whole name, default or None)] of a source, groups and lists unfolded."""
    arrays, tables = fields_of(source)
    below = {tables[sub] for rows in arrays.values() for _, _, sub in rows if sub in tables}
    found = []

    def walk(variable, path):
        for name, fallback, sub in arrays[variable]:
            found.append((path + name, fallback))
            if sub in tables and tables[sub] in arrays:
                walk(tables[sub], path + name + '.')

    for variable in arrays:
        if variable not in below:
            walk(variable, prefix)
    return found


def kinds():
    """Sources of kinds with settings of their own → the name of their group, which is the kind's."""
    found = {}
    for path in tree.files('.c'):
        if re.match(r'adapters/(?!runtime|kind)\w+/', path) and 'struct conf_field ' in tree.text(path):
            found[path] = path.split('/')[1] + '.'
    return found


def main():
    problems, count = [], 0
    for document, (page, sources, has_kinds) in DOCUMENTS.items():
        try:
            rows = [row for row in tree.text(document).split('\n') if row.startswith('|')]
            items = {item.split('\n')[0]: item for item in tree.text(page).split('.It Cm ')[1:]}
        except FileNotFoundError as missing:
            problems.append('%s is missing' % missing.filename)
            continue
        wanted = [(path, '') for path in sources] + (sorted(kinds().items()) if has_kinds else [])
        for path, prefix in wanted:
            listed = settings(tree.text(path), prefix)
            if not listed:
                problems.append('%s: no settings can be read from it' % path)
            for name, fallback in listed:
                count += 1
                row = next((r for r in rows if r.startswith('| `%s` |' % name)), None)
                if row is None:
                    problems.append('%s: no row begins with | `%s` |, a setting of %s' % (document, name, path))
                elif fallback and '`%s`' % fallback not in row.split('|')[2]:
                    problems.append('%s: the row of `%s` does not give its default `%s`' % (document, name, fallback))
                if name not in items:
                    problems.append('%s: has no ".It Cm %s", a setting of %s' % (page, name, path))
                elif fallback and 'Default: %s.\n' % fallback not in items[name]:
                    problems.append('%s: %s does not say "Default: %s."' % (page, name, fallback))
    tree.report('documented_settings', problems, '%d settings, each with its default' % count)


main()

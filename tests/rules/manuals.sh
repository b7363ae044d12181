#!/usr/bin/env bash
# The manual pages are clean for groff and, if it is there, mandoc; liaison(1) has every command. 77: neither is installed.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
failed=0 asked=no
pages=("$root"/docs/man/*.[1-9])
[ -e "${pages[0]}" ] || { echo "there are no manual pages"; exit 1; }

complain() { # complain PAGE WORDS
  [ -z "$2" ] && return
  printf '%s:\n%s\n' "$(basename "$1")" "$2"
  failed=1
}
for page in "${pages[@]}"; do
  if command -v groff >/dev/null && [ -n "$(find /usr/share/groff -name doc.tmac -print -quit 2>/dev/null)" ]; then
    asked=yes
    complain "$page" "$(groff -mdoc -Tutf8 -ww -b -z "$page" 2>&1)"
  fi
  if command -v mandoc >/dev/null; then
    asked=yes
    complain "$page" "$(mandoc -T lint -W warning "$page" 2>&1)"
  fi
done

commands=$(sed -n 's/^\t{"\([a-z]*\)", ".*/\1/p' "$root/cli/main.c")
[ "$(wc -w <<<"$commands")" -ge 10 ] || { echo "the commands of cli/main.c cannot be read"; failed=1; }
for command in $commands; do
  grep -q "^\.It Ic $command\b" "$root/docs/man/liaison.1" || { echo "liaison.1 has nothing of $command"; failed=1; }
done
for page in broker.cfg.5 adapter.cfg.5 liaison.1 liaison-broker.8 liaison-gateway.8 liaison-adapter.8; do
  [ -s "$root/docs/man/$page" ] || { echo "$page is missing"; failed=1; }
done
[ $failed -eq 0 ] || exit 1
[ $asked = yes ] || { echo "SKIP: neither groff nor mandoc is installed"; exit 77; }
echo "manuals: ${#pages[@]} pages, clean"

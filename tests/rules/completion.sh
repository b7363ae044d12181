#!/usr/bin/env bash
# The completion file loads without a word and completes; it knows every command that the program has.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
failed=0
said=$(bash --norc -c ". '$root/deploy/completion/liaison.bash'" 2>&1) || failed=1
[ -z "$said" ] || { echo "loading it says: $said"; failed=1; }
# shellcheck source=deploy/completion/liaison.bash
. "$root/deploy/completion/liaison.bash"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

# complete_words FUNCTION WORD…: what is offered for the last word.
complete_words() {
  local function=$1
  shift
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  "$function" 2>/dev/null
  printf '%s\n' "${COMPREPLY[@]}"
}
# offers WHAT FUNCTION WORD…
offers() {
  local what=$1
  shift
  complete_words "$@" | grep -qxF -- "$what" || { echo "\"${*:2}\" does not offer $what"; failed=1; }
}
# offers_not WHAT FUNCTION WORD…
offers_not() {
  local what=$1
  shift
  ! complete_words "$@" | grep -qxF -- "$what" || { echo "\"${*:2}\" offers $what"; failed=1; }
}

commands=$(sed -n 's/^\t{"\([a-z]*\)", ".*/\1/p' "$root/cli/main.c")
[ "$(wc -w <<<"$commands")" -ge 10 ] || { echo "the commands of cli/main.c cannot be read"; failed=1; }
for command in $commands; do offers "$command" _liaison liaison ''; done
touch draft.json notes.txt hub.cfg own.pem
mkdir folder
offers status _liaison liaison st
offers_not send _liaison liaison st
for sub in init issue sign renew revoke crl list show; do
  offers $sub _liaison liaison pki ''
  grep -q "\"  $sub \|{\"$sub\"" "$root/cli/pki.c" || { echo "pki has no $sub any more"; failed=1; }
done
offers requeue _liaison liaison dead r
offers verify _liaison liaison ledger ''
offers compare _liaison liaison ledger c
offers accept-history _liaison liaison adapter a
offers --against _liaison liaison ledger verify folder --a
offers --wait _liaison liaison send --w
offers received _liaison liaison send --wait r
offers draft.json _liaison liaison send d
offers_not notes.txt _liaison liaison send n
offers hub.cfg _liaison liaison check h
offers own.pem _liaison liaison pki show o
offers folder _liaison liaison pki crl f
offers ed25519 _liaison liaison pki init folder --key ''
offers --hub-tls _liaison liaison pki issue folder --h
offers hub.cfg _liaison_daemon liaison-broker -c h
offers --check _liaison_daemon liaison-adapter --c

# Types come from the catalogue: from a program that answers as `liaison catalogue list --json` does.
mkdir bin
cat >bin/liaison <<'STUB'
#!/bin/sh
[ "$*" = "catalogue list --json" ] || exit 9
printf '[\n  {\n    "type": "warrant.issue/1"\n  },\n  {\n    "type": "warrant.clear/1"\n  },\n  {\n    "lifecycle": "warrant"\n  }\n]\n'
STUB
chmod +x bin/liaison
PATH=$scratch/bin:$PATH
offers warrant.issue/1 _liaison liaison catalogue show w
offers warrant.clear/1 _liaison liaison catalogue example warrant.c
offers warrant _liaison liaison catalogue show w
offers_not warrant _liaison liaison catalogue example w
offers draft.json _liaison liaison catalogue check d
offers --invalid _liaison liaison catalogue example warrant.issue/1 --i
printf '#!/bin/sh\nexit 1\n' >bin/liaison
[ -z "$(complete_words _liaison liaison catalogue show w)" ] || { echo "types are offered without a catalogue"; failed=1; }
[ $failed -eq 0 ] && echo "completion: all of it completes"
exit $failed

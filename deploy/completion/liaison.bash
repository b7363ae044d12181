# shellcheck shell=bash
# Completion of `liaison`, `liaison-broker` and `liaison-adapter` for bash. Commands that would ask a hub are never run here; the types come from
# the catalogue's files.

_liaison_words() { # the candidates in $1, one a word, that begin with what is being typed
  local IFS=$' \t\n'
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_liaison_files() { # files that end in one of the words in $1, and folders
  local endings=$1 found ending
  mapfile -t COMPREPLY < <(compgen -d -- "$cur")
  for ending in $endings; do
    while IFS= read -r found; do COMPREPLY+=("$found"); done < <(compgen -f -X "!*.$ending" -- "$cur")
  done
  compopt -o filenames 2>/dev/null || true
}

_liaison_folders() {
  mapfile -t COMPREPLY < <(compgen -d -- "$cur")
  compopt -o filenames 2>/dev/null || true
}

_liaison_types() { # the names of what the catalogue has, of the kinds in $1
  local types='' kind
  if command -v liaison >/dev/null; then
    for kind in $1; do
      types="$types $(liaison catalogue list --json 2>/dev/null | sed -n "s/.*\"$kind\": *\"\([^\"]*\)\".*/\1/p")"
    done
  fi
  _liaison_words "$types"
}

# The value of the option before the cursor; fails when that is none that takes one.
_liaison_value() {
  case $prev in
    --wait) _liaison_words 'nothing verdict received' ;;
    --key) if [ "${words[1]:-}" = approve ]; then _liaison_files key; else _liaison_words 'p256 p384 ed25519 rsa'; fi ;;
    --reason) if [ "${words[1]:-}" = pki ]; then
        _liaison_words 'unspecified keyCompromise affiliationChanged superseded cessationOfOperation privilegeWithdrawn'
      fi ;;
    --control | --port | --events) _liaison_words "ipc:///run/liaison/ tcp://127.0.0.1:" ;;
    --catalogue | --data) _liaison_folders ;;
    --certificate | --hub-certificate | --ca) _liaison_files 'pem crt' ;;
    --crl) _liaison_files 'pem crl' ;;
    --against) _liaison_files 'json head' ;;
    --out) compopt -o default 2>/dev/null || true ;;
    --from) _liaison_words 'json ncic niem csv casework' ;;
    --to) _liaison_words 'json ncic niem' ;;
    --config | -c) _liaison_files cfg ;;
    --at-rest) compopt -o default 2>/dev/null || true ;;
    --wrap) _liaison_words pkcs11: ;;
    --timeout) _liaison_words '1s 10s 60s' ;;
    --lifecycle) _liaison_types lifecycle ;;
    --count | --state | --limit | --after | --days | --invalid | --title | --tls | --signing | --sealing | --hub-tls | --hub-signing | --host | --person | --ori | --agency | --since | --size | --root | --by | --why) ;;
    *) return 1 ;;
  esac
}

_liaison_pki() {
  local about='--tls --signing --sealing --hub-tls --hub-signing --person --host'
  if [ "$cword" -eq 2 ]; then
    _liaison_words 'init issue sign renew revoke crl list show'
  elif [[ $cur == -* ]]; then
    case ${words[2]} in
      init) _liaison_words '--title --key --days --fips' ;;
      issue) _liaison_words "--out --key --days --fips $about" ;;
      sign) _liaison_words "--out --days $about" ;;
      renew) _liaison_words '--out --same-key --days' ;;
      revoke) _liaison_words '--reason' ;;
      crl) _liaison_words '--days' ;;
    esac
  else
    case ${words[2]} in
      sign) if [ "$cword" -gt 3 ]; then _liaison_files 'csr pem'; else _liaison_folders; fi ;;
      renew | revoke) if [ "$cword" -gt 3 ]; then _liaison_files 'pem crt'; else _liaison_folders; fi ;;
      show) _liaison_files 'pem crt crl' ;;
      *) _liaison_folders ;;
    esac
  fi
}

_liaison_arguments() {
  local common='--json --control --port --catalogue --at-rest --timeout --help'
  case ${words[1]} in
    pki) _liaison_pki; return ;;
    vault)
      if [ "$cword" -eq 2 ]; then _liaison_words 'new rotate status'; return; fi
      if [[ ${words[2]} == new && $cur != -* ]]; then compopt -o default 2>/dev/null || true; return; fi ;;
    catalogue)
      if [ "$cword" -eq 2 ]; then _liaison_words 'list show example check'; return; fi
      if [ "$cword" -eq 3 ] && [[ ${words[2]} == show ]]; then _liaison_types 'type lifecycle'; return; fi
      if [ "$cword" -eq 3 ] && [[ ${words[2]} == example ]]; then _liaison_types type; return; fi
      if [ "$cword" -eq 3 ] && [[ ${words[2]} == check ]]; then _liaison_files json; return; fi ;;
    dead) if [ "$cword" -eq 2 ]; then _liaison_words 'list show requeue discard'; return; fi ;;
    record | held | exchange | consent) if [ "$cword" -eq 2 ]; then _liaison_words 'list show'; return; fi ;;
    person)
      if [ "$cword" -eq 2 ]; then _liaison_words 'show'; return; fi
      if [ "$cword" -eq 3 ]; then _liaison_words 'doc_number= sid= ucn= ssn= oln='; return; fi ;;
    deadline | subscription) if [ "$cword" -eq 2 ]; then _liaison_words 'list'; return; fi ;;
    ledger)
      if [ "$cword" -eq 2 ]; then _liaison_words 'verify head compare'; return; fi
      if [[ $cur != -* && ${words[2]} == compare ]]; then _liaison_files 'json head'; return; fi
      if [[ $cur != -* ]]; then _liaison_folders; return; fi ;;
    doctor) _liaison_words '-c --json' ;;
    backup) if [ "${cur:0:1}" = - ]; then _liaison_words '-c --keys'; else _liaison_folders; fi ;;
    restore) if [ "${cur:0:1}" = - ]; then _liaison_words '-c'; else _liaison_folders; fi ;;
    adapter) if [ "$cword" -eq 2 ]; then _liaison_words 'head history accept-history'; return; fi ;;
    watch)
      if [ "$cword" -eq 2 ] && [[ $cur != -* ]]; then
        _liaison_words 'link_ accepted refused receipt acked expired dead requeued discarded withheld erased reloaded started stopped'
        return
      fi ;;
    send | approve) if [[ $cur != -* ]]; then _liaison_files json; return; fi ;;
    convert) if [[ $cur != -* ]]; then _liaison_files 'json xml ncic csv'; return; fi ;;
    check) if [[ $cur != -* ]]; then _liaison_files cfg; return; fi ;;
  esac
  [[ $cur == -* ]] || return
  case ${words[1]} in
    send) common="$common --wait" ;;
    receive) common="$common --count --no-ack" ;;
    convert) common='--from --to --config --ori --agency --catalogue --help' ;;
    approve) common='--certificate --key --ca --help' ;;
    dead) common="$common --reason" ;;
    record) common="$common --lifecycle --state --limit --after" ;;
    held | consent | subscription) common="$common --limit --after" ;;
    deadline) common="$common --overdue --limit --after" ;;
    exchange) common="$common --open --limit --after" ;;
    ledger) common="$common --hub-certificate --ca --crl --against --since --quick --size --out" ;;
    adapter) common="$common --out --config --size --root --by --why" ;;
    evidence) common='--data --out --at-rest --help' ;;
    vault) common='-c --wrap --json --help' ;;
    catalogue) common="$common --invalid" ;;
    watch) common="$common --events" ;;
  esac
  _liaison_words "$common"
}

_liaison() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cword=$COMP_CWORD
  local words=("${COMP_WORDS[@]}")
  COMPREPLY=()
  if [ "$cword" -eq 1 ]; then
    _liaison_words 'send receive approve status agencies queues dead record person held deadline exchange subscription consent trace watch metrics reload convert check doctor backup restore ledger adapter evidence vault pki catalogue help --help --version'
  else
    _liaison_value || _liaison_arguments
  fi
}

_liaison_daemon() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  case $prev in
    -c | --config) _liaison_files cfg ;;
    *) _liaison_words '-c --config --check --print --version --help' ;;
  esac
}

complete -F _liaison liaison
complete -F _liaison_daemon liaison-broker liaison-adapter

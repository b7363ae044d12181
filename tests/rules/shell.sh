#!/bin/sh
# Every shell script of the tree as shellcheck likes it. 77: shellcheck is not installed.
set -eu
command -v shellcheck >/dev/null || { echo "SKIP: shellcheck is not installed"; exit 77; }
root=$(cd "$(dirname "$0")/../.." && pwd)
[ "${1:-}" = --root ] && root=$2
cd "$root"
list=$(mktemp)
trap 'rm -f "$list"' EXIT
find . \( -name .git -o -name build -o -name 'build-*' -o -name corpus -o -name __pycache__ \) -prune -o -type f -size -256k -print | while IFS= read -r file; do
	case $file in
	*.c | *.h | *.py | *.json | *.md | *.txt | *.cfg | *.pem) continue ;;
	*.sh | *.bash) echo "$file" ;;
	*) head -c 80 "$file" | head -n 1 | tr -d '\0' | grep -Eq '^#!.*[ /](ba|da)?sh( |$)' && echo "$file" ;;
	esac
done >"$list"
[ -s "$list" ] || { echo "no shell script was found"; exit 1; }
xargs -d '\n' shellcheck -x --source-path=SCRIPTDIR:"$root" <"$list"
echo "shell: $(wc -l <"$list") scripts"

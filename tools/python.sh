#!/bin/sh
# Runs its arguments with the first Python >= 3.11 of this machine; `--which` prints its path.
# $PYTHON is tried before all others.
set -u

for candidate in ${PYTHON:-} python3 /usr/bin/python3 \
    python3.14 python3.13 python3.12 python3.11 \
    "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[1-9]*/bin/python3; do
    # a shim of pyenv can be on PATH and run nothing, so ask the interpreter itself
    path=$("$candidate" -c '
import sys
print(sys.executable)
sys.exit(sys.version_info < (3, 11))' 2>/dev/null) || continue
    if [ "${1:-}" = --which ]; then
        echo "$path"
        exit 0
    fi
    exec "$path" "$@"
done
echo "minarrow needs Python 3.11 or newer, and none was found (Debian: apt-get install python3)" >&2
exit 1

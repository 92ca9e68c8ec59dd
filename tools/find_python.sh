#!/usr/bin/env bash
# Print a Python that kurto runs with; otherwise say in one line how to install what is missing.
set -eu

fail() {
    echo "kurto: $1" >&2
    exit 1
}

[ "$(uname -sm)" = "Linux x86_64" ] || fail "needs Linux on x86-64; this is $(uname -sm)"
case "$PWD" in *[[:space:]]*) fail "make can't work below a path with spaces: move $PWD" ;; esac

for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
    path=$(command -v "$name") || continue
    "$path" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || continue
    "$path" -c 'import ensurepip, venv' 2>/dev/null && echo "$path" && exit 0
    version=$("$path" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    fail "$path has no venv; install it with: apt-get install python$version-venv"
done
fail "Python 3.11 or newer is missing; install it with: apt-get install python3 python3-venv (where that is older: python3.11 python3.11-venv)"

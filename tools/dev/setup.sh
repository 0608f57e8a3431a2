#!/bin/sh
# Make .venv with Facewire in it. Usage: setup.sh run|dev   (dev adds the test and lint groups)
# Quick when nothing changed: a stamp holds the checksum of pyproject.toml.
set -eu
cd "$(dirname "$0")/../.."
kind=${1:-run}
python=${PYTHON:-python3}

apt_or_name() { # apt_or_name PACKAGE...: install as root, else say what is missing
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "setup: installing $* with apt-get"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
    else
        echo "setup: please install: $*   (as root: apt-get install $*)" >&2
        exit 1
    fi
}

command -v "$python" >/dev/null 2>&1 || apt_or_name python3 python3-venv
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "setup: Facewire needs Python 3.11 or newer; $python is older. Set PYTHON=/path/to/python3.11" >&2
    exit 1
}
stamp=.venv/.facewire-$kind
sum=$(cksum <pyproject.toml)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi
"$python" -c 'import ensurepip, venv' 2>/dev/null || apt_or_name python3-venv
if [ "$kind" = dev ] && ! command -v "${CXX:-c++}" >/dev/null 2>&1; then apt_or_name g++; fi

echo "setup: preparing .venv ($kind), this takes a minute the first time"
[ -x .venv/bin/python ] || "$python" -m venv .venv
# An activated environment or a user's pip settings must not redirect what goes into .venv.
unset PYTHONPATH VIRTUAL_ENV
pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }
quiet() { # show pip's output only when it fails
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then cat "$log" >&2; rm -f "$log"; exit 1; fi
    rm -f "$log"
}
quiet pip install --upgrade "pip>=25.1"
groups=""
[ "$kind" = dev ] && groups="--group test --group lint"
# shellcheck disable=SC2086
quiet pip install -e ".[cpu]" $groups
printf '%s\n' "$sum" >"$stamp"
[ "$kind" = dev ] && printf '%s\n' "$sum" >.venv/.facewire-run
echo "setup: done. The command is .venv/bin/facewire"

#!/usr/bin/env bash
# Install Peibu into .venv: install.sh runtime|dev; or what benchmarks compare it with into .tools/bench: install.sh bench. Everything that is fetched is pinned with hashes in requirements/.
set -euo pipefail
cd "$(dirname "$0")/.."
level=$1
python=${PYTHON:-python3}

# Someone who develops here keeps the development tools when only the runtime is asked for.
if [ "$level" = runtime ] && [ -e .venv/installed-dev ]; then level=dev; fi

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Peibu needs Python 3.11 or newer; '$python' is $("$python" --version 2>&1 || true)." >&2
    echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv) or name it: make PYTHON=python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends python3-venv
    else
        echo "Python's venv module is missing; install it: sudo apt-get install python3-venv" >&2
        exit 1
    fi
fi

[ "$level" = bench ] || rm -f .venv/installed-*
[ -x .venv/bin/python ] || "$python" -m venv --clear .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/build.txt

# uv does not read pip's configuration: where pip is told to use a mirror, uv uses it too.
mirror=$(.venv/bin/python -m pip config get global.index-url 2>/dev/null || true)
mirror=${PIP_INDEX_URL:-$mirror}
[ -z "$mirror" ] || export UV_DEFAULT_INDEX="${UV_DEFAULT_INDEX:-$mirror}"

# Its requirements are nobody else's: they stand in an environment of their own.
if [ "$level" = bench ]; then
    [ -x .tools/bench/bin/python ] || "$python" -m venv --clear --without-pip .tools/bench
    UV_PYTHON=.tools/bench/bin/python .venv/bin/uv pip sync --require-hashes requirements/bench.txt
    touch .tools/bench/installed
    exit
fi

export UV_PYTHON=.venv/bin/python
.venv/bin/uv pip sync --require-hashes --compile-bytecode "requirements/$level.txt"
.venv/bin/uv pip install --quiet --no-deps --no-build-isolation -e .
touch .venv/installed-runtime
if [ "$level" = dev ]; then touch .venv/installed-dev; fi

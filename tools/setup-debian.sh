#!/bin/sh
# Makes sure that this machine can build minarrow. Debian packages that are missing are installed
# where that is allowed (root, or sudo without a password); otherwise the line to type is printed,
# and the exit status is 1 if something that the build cannot do without is missing. Packages named
# as arguments are needed too.
set -u

required=""
optional=""

need() { required="$required $*"; }
want() { optional="$optional $*"; }

# A Python that can build extensions and make virtual environments; "$1" is its command.
usable_python() {
    "$1" - 2>/dev/null <<'PYTHON'
import os, sys, sysconfig
import ensurepip
header = os.path.join(sysconfig.get_path("include"), "Python.h")
sys.exit(not (sys.version_info >= (3, 11) and os.path.exists(header)))
PYTHON
}

here=$(dirname "$0")
command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || need build-essential
command -v make >/dev/null 2>&1 || need make
if ! python=$("$here/python.sh" --which) || ! usable_python "$python"; then
    need python3 python3-dev python3-venv
fi
# The system's own Python is one of those that the tests run on, once its headers are there.
if [ -x /usr/bin/python3 ] && ! usable_python /usr/bin/python3; then
    case "$required" in
        *python3-dev*) ;;
        *) want python3-dev python3-venv ;;
    esac
fi
command -v "${PKG_CONFIG:-pkg-config}" >/dev/null 2>&1 || want pkg-config
command -v xz >/dev/null 2>&1 || want xz-utils
${PKG_CONFIG:-pkg-config} --exists liblz4 2>/dev/null || want liblz4-dev
${PKG_CONFIG:-pkg-config} --exists libzstd 2>/dev/null || want libzstd-dev

for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' ||
        need "$package"
done

missing=$(echo $required $optional)
[ -n "$missing" ] || exit 0

as_root() { [ "$(id -u)" -eq 0 ] || printf 'sudo '; }

say_line() { echo "    $(as_root)apt-get install -y --no-install-recommends $*"; }

can_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" -eq 0 ] || sudo -n true 2>/dev/null
}

install() {
    $(as_root)apt-get update -qq &&
        $(as_root)env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

if can_install; then
    echo "installing Debian packages: $missing"
    # one after the other when all together fail, so that an optional one can't stop the others
    install $missing && exit 0
    [ -z "$required" ] || install $required || {
        echo "This did not work; please see to it by hand:"
        say_line $required
        exit 1
    }
    echo "note: could not install $optional; going on without"
    exit 0
fi

if [ -n "$required" ]; then
    echo "These Debian packages are missing, and this user may not install them. Please run:"
    say_line $missing
    exit 1
fi
echo "note: going on without $optional. To have these too, run:"
say_line $missing

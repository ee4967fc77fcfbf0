#!/bin/sh
# Prints the path of a free-threaded CPython 3.13, and builds it first if that wasn't done yet: from
# the source package of Debian trixie, whose signature apt checks, in a folder of the user's cache.
set -eu

home="${XDG_CACHE_HOME:-$HOME/.cache}/minarrow"
prefix="$home/cpython-3.13t"
python="$prefix/bin/python3.13t"

if [ -x "$python" ] && "$python" -c 'import ssl, ctypes, zlib' 2>/dev/null; then
    echo "$python"
    exit 0
fi

"$(dirname "$0")/setup-debian.sh" libssl-dev libffi-dev zlib1g-dev xz-utils debian-archive-keyring >&2

work="$home/build"
rm -rf "$work" "$prefix"
mkdir -p "$work/lists/partial"
cd "$work"

# An apt of its own: this machine's list of sources stays as it is.
cat >sources.list <<LIST
deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${DEBIAN_MIRROR:-http://deb.debian.org/debian} trixie main
LIST
own_apt() {
    apt-get -qq -o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::State::lists="$work/lists" -o APT::Sandbox::User=root "$@" >&2
}
echo "fetching the source of CPython 3.13" >&2
own_apt update
own_apt source --download-only python3.13
tar -xf python3.13_*.orig.tar.xz
cd Python-3.13*/ 2>/dev/null || cd python3.13-*/

echo "building a free-threaded CPython; this takes a few minutes" >&2
log="$home/build.log"
{
    ./configure --disable-gil --prefix="$prefix" --with-ensurepip=install &&
        make -j "$(nproc)" && make install
} >"$log" 2>&1 || {
    echo "this failed; the end of $log:" >&2
    tail -n 20 "$log" >&2
    exit 1
}
"$python" -c 'import ssl, ctypes, zlib'
cd "$home"
rm -rf "$work"
echo "$python"

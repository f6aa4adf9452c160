#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# install.sh: puts the agent into /usr/local, makes its directories and starts its service. Again is an upgrade.
# DESTDIR=DIR installs below DIR, and then starts nothing. Files in /etc/tetragon are never touched; the defaults in
# /usr/local/lib/tetragon/tetragon.conf.d are the product's and are replaced.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=${DESTDIR:-}
units=$root/usr/lib/systemd/system

fail() {
	echo "install.sh: $*" >&2
	exit 1
}

# Debian's package of a shared library, for people who must install it.
package_of() {
	case $1 in
	libbpf.so.*) echo libbpf1 ;;
	libelf.so.*) echo libelf1 ;;
	libz.so.*) echo zlib1g ;;
	libyaml-0.so.*) echo libyaml-0-2 ;;
	libnghttp2.so.*) echo libnghttp2-14 ;;
	libjansson.so.*) echo libjansson4 ;;
	libprotobuf-c.so.*) echo libprotobuf-c1 ;;
	libpcre2-8.so.*) echo libpcre2-8-0 ;;
	libssl.so.* | libcrypto.so.*) echo libssl3 ;;
	libmicrohttpd.so.*) echo libmicrohttpd12 ;;
	*) echo "the one with $1" ;;
	esac
}

# The binaries use the libraries of Debian 12 (glibc 2.36); say what is missing before anything is changed.
check_libraries() {
	missing=$(ldd "$here/usr/local/bin/tetragon" "$here/usr/local/bin/tetra" 2>&1 | awk '/not found/ { print $1 }' | sort -u)
	[ -n "$missing" ] || return 0
	packages=
	for library in $missing; do
		case $library in
		/*) fail "this system's C library is too old for these binaries; they need glibc 2.36 (Debian 12)" ;;
		esac
		packages="$packages $(package_of "$library")"
	done
	fail "shared libraries are missing; on Debian: apt-get install$packages"
}

# A file takes the place of another at once: a program that runs goes on with the old one.
put() {
	install -m "$1" "$2" "$3.new"
	mv -f "$3.new" "$3"
}

install_files() {
	install -d "$root/usr/local/bin" "$root/usr/local/lib/tetragon/tetragon.conf.d" "$units" \
		"$root/etc/tetragon/tetragon.conf.d" "$root/etc/tetragon/tetragon.tp.d"
	install -d -m 0750 "$root/var/log/tetragon"
	put 0755 "$here/usr/local/bin/tetragon" "$root/usr/local/bin/tetragon"
	put 0755 "$here/usr/local/bin/tetra" "$root/usr/local/bin/tetra"
	ln -sfn tetragon "$root/usr/local/bin/tetrad"
	for file in "$here"/usr/local/lib/tetragon/tetragon.conf.d/*; do
		put 0644 "$file" "$root/usr/local/lib/tetragon/tetragon.conf.d/${file##*/}"
	done
	put 0644 "$here/usr/local/lib/tetragon/systemd/tetragon.service" "$units/tetragon.service"
}

start_service() {
	systemctl daemon-reload
	systemctl enable tetragon.service
	# restart, not start: an upgrade should run the new agent
	systemctl restart tetragon.service || fail "installed, but the agent does not start; see: journalctl -u tetragon"
	echo "tetragon.service runs; try: tetra getevents -o compact"
}

[ $# -eq 0 ] || fail "takes no arguments; set DESTDIR to install below another directory"
[ "$(id -u)" -eq 0 ] || fail "must be run as root (try: sudo $0)"
[ -x "$here/usr/local/bin/tetragon" ] || fail "\"$here\" is not the unpacked tarball: usr/local/bin/tetragon is missing"
check_libraries
install_files
echo "installed in $root/usr/local; policies go into $root/etc/tetragon/tetragon.tp.d"
if [ -n "$root" ]; then
	echo "DESTDIR is set: nothing was started"
elif [ -d /run/systemd/system ]; then
	start_service
else
	echo "systemd does not run here; start the agent with: /usr/local/bin/tetragon"
fi

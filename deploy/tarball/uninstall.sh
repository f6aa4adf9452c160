#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# uninstall.sh [--purge]: stops the service and takes away what install.sh brought; a second time there is nothing to do.
# /etc/tetragon and /var/log/tetragon are kept unless --purge is given. DESTDIR=DIR works below DIR.
set -eu

root=${DESTDIR:-}
units=$root/usr/lib/systemd/system

fail() {
	echo "uninstall.sh: $*" >&2
	exit 1
}

purge=no
case ${1-} in
'') ;;
--purge) purge=yes ;;
*) fail "unknown argument \"$1\"; it takes --purge, which removes configuration and event files too" ;;
esac
[ "$(id -u)" -eq 0 ] || fail "must be run as root (try: sudo $0)"

if [ -z "$root" ] && [ -d /run/systemd/system ] && [ -e "$units/tetragon.service" ]; then
	systemctl disable --now tetragon.service
fi
rm -f "$root/usr/local/bin/tetrad" "$root/usr/local/bin/tetragon" "$root/usr/local/bin/tetra" "$units/tetragon.service"
rm -rf --one-file-system "$root/usr/local/lib/tetragon"
if [ -z "$root" ] && [ -d /run/systemd/system ]; then
	systemctl daemon-reload
fi
# What an agent left for a next one must not go on without any.
[ -n "$root" ] || rm -rf --one-file-system /sys/fs/bpf/tetragon
# Directories that nobody has put anything in are no configuration.
for directory in etc/tetragon/tetragon.conf.d etc/tetragon/tetragon.tp.d etc/tetragon var/log/tetragon; do
	rmdir "$root/$directory" 2>/dev/null || true
done
if [ $purge = yes ]; then
	# Never into what is mounted there: the agent's own BPF file system, or something of somebody else's.
	umount "$root/run/tetragon/bpffs" 2>/dev/null || true
	rm -rf --one-file-system "$root/etc/tetragon" "$root/var/log/tetragon" "$root/run/tetragon" || true
fi
kept=
for directory in etc/tetragon var/log/tetragon; do
	[ ! -d "$root/$directory" ] || kept="$kept $root/$directory"
done
echo "uninstalled${kept:+; kept$kept (--purge removes them too)}"

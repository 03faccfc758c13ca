#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs contrib/quickstart on a fresh Debian 12 that this script makes.
#
#	bare_root.sh WAY [COMMAND...]     default COMMAND: contrib/quickstart run
#
# WAY	root	as root (quickstart's way a)
#	user	as an ordinary user who may make user namespaces (way b)
#	none	as an ordinary user in a chroot, which forbids them (way c)
#
# The root is entered by pivot_root: a chroot forbids user namespaces, so only
# "none" uses one.  Needs root and debootstrap; leaves nothing behind but
# BARE_CACHE (default: none), where the bootstrapped root is kept for next time.
set -euo pipefail
export LC_ALL=C TZ=UTC
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
way=${1:?usage: bare_root.sh root|user|none [COMMAND...]}
shift
[ $# -gt 0 ] || set -- contrib/quickstart run

skip() {
	echo "SKIP: $*" >&2
	exit 77
}
[ "$(id -u)" = 0 ] || skip "needs root"
command -v debootstrap > /dev/null || skip "needs the package debootstrap"
unshare --mount true 2> /dev/null || skip "needs mount namespaces"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root

mirror() {
	cat /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources \
		2> /dev/null | sed -nE \
		's/^(URIs:|deb( +\[[^]]*\])?) +([^ ]+).*/\3/p' | sed -n 1p
}

bootstrap() {
	local cache=${BARE_CACHE:-$work/cache}

	if [ ! -e "$cache/complete" ]; then
		rm -rf "$cache"
		mkdir -p "$cache"
		debootstrap --variant=minbase bookworm "$cache/root" \
			"$(mirror)" > "$work/debootstrap.log" 2>&1 || {
			tail -n 20 "$work/debootstrap.log" >&2
			exit 1
		}
		cp /etc/resolv.conf "$cache/root/etc/resolv.conf"
		cp /etc/hosts "$cache/root/etc/hosts"
		rm -rf "$cache/root/etc/apt/sources.list"*
		mkdir "$cache/root/etc/apt/sources.list.d"
		cp /etc/apt/sources.list "$cache/root/etc/apt/" 2> /dev/null || true
		cp /etc/apt/sources.list.d/debian.sources \
			"$cache/root/etc/apt/sources.list.d/" 2> /dev/null || true
		cp /etc/apt/apt.conf.d/*prox* \
			"$cache/root/etc/apt/apt.conf.d/" 2> /dev/null || true
		touch "$cache/complete"
	fi
	cp -a "$cache/root" "$root"
	mkdir -p "$root/src/auditseal"
	git -C "$top" archive HEAD | tar -x -C "$root/src/auditseal"
	chroot "$root" useradd --create-home tester
	chroot "$root" chown -R tester: /src/auditseal
}

# enter pivot|chroot USER COMMAND...: runs COMMAND in the new root
# shellcheck disable=SC2016 # the inner shell expands it
enter() {
	local how=$1 user=$2
	shift 2
	unshare --mount --pid --fork --kill-child --propagation private \
		bash -c '
		set -eu
		root=$1 how=$2 user=$3
		shift 3
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /dev "$root/dev"
		mount -t tmpfs tmpfs "$root/run"
		mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
		cd "$root"
		if [ "$how" = pivot ]; then
			mkdir -p old
			pivot_root . old
			umount -l /old
			set -- setpriv --reuid "$user" --regid "$user" --init-groups "$@"
		else
			set -- chroot --userspec="$user" "$root" "$@"
		fi
		exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			HOME="$([ "$user" = root ] && echo /root || echo "/home/$user")" \
			USER="$user" LC_ALL=C TZ=UTC TERM=dumb "$@"
		' bash "$root" "$how" "$user" "$@"
}

in_src='cd /src/auditseal && exec "$@"'

# What an ordinary user is told to have installed is what root installs here.
install_as_told() {
	local told=$work/told

	if enter pivot tester sh -c "$in_src" sh "$@" > "$told" 2>&1; then
		echo "FAIL: quickstart ran without its packages" >&2
		exit 1
	fi
	line=$(grep -oE 'apt-get (-[^ ]+ )*install .*' "$told" | sed -n 1p) ||
		:
	[ -n "$line" ] || {
		cat "$told" >&2
		echo "FAIL: quickstart did not print the line to run as root" >&2
		exit 1
	}
	echo "as told, root runs: $line"
	enter pivot root sh -c "apt-get -qq update && \
		DEBIAN_FRONTEND=noninteractive ${line/install/install -y -qq}" \
		> "$work/install.log" 2>&1 || {
		tail -n 20 "$work/install.log" >&2
		exit 1
	}
}

bootstrap
started=$(date +%s)
status=0
case $way in
root)
	enter pivot root sh -c "$in_src" sh "$@" || status=$?
	;;
user)
	install_as_told "$@"
	started=$(date +%s)
	enter pivot tester sh -c "$in_src" sh "$@" || status=$?
	;;
none)
	install_as_told "$@"
	started=$(date +%s)
	enter chroot tester sh -c "$in_src" sh "$@" || status=$?
	;;
*)
	echo "bare_root.sh: no way named $way" >&2
	exit 2
	;;
esac
echo "way $way: exit $status after $(($(date +%s) - started)) s"
exit "$status"

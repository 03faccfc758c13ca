# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian packages: which are needed, which are missing, and how they come.
# Only compilers, headers and shared libraries are ever installed, and only by
# root; never a daemon. "A|B": A is what is installed, B would do as well.

qs_build_packages=(
	gcc libc6-dev make autoconf automake libtool 'pkg-config|pkgconf'
	xz-utils dpkg-dev
	libgcrypt20-dev libgnutls28-dev zlib1g-dev libzstd-dev liblzma-dev
	'libcurl4-gnutls-dev|libcurl4-openssl-dev|libcurl4-nss-dev'
	libfastjson-dev libestr-dev libmicrohttpd-dev libsqlite3-dev
)
qs_test_packages=(
	iproute2 openssl libcmocka-dev python3 python3-cryptography
	mandoc shellcheck clang-format-14 universal-ctags zstd
)
qs_long_packages=(golang-go golang-golang-x-mod-dev debootstrap valgrind python3-clang-14)

# The packages of daemons and of what our events come from; unpacked, not
# installed.
qs_daemon_packages=(rsyslog openssh-server openssh-client sudo)

qs_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null)" = installed ]
}

# qs_missing NEED...: names those of the packages that are not there.
qs_missing() {
	local need choice found
	for need in "$@"; do
		found=
		for choice in ${need//|/ }; do
			qs_installed "$choice" && found=1
		done
		[ -n "$found" ] || printf '%s\n' "${need%%|*}"
	done
}

# qs_need_packages NEED...: installs what is missing (root), or says how.
qs_need_packages() {
	local missing
	command -v apt-get > /dev/null && command -v dpkg-query > /dev/null ||
		fail "this needs a Debian machine, with apt-get and dpkg"
	mapfile -t missing < <(qs_missing "$@" | LC_ALL=C sort -u)
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		say "Packages are missing. As root, run this one line" \
			"(after apt-get update, if that was never run):"
		say
		say "  apt-get install --no-install-recommends ${missing[*]}"
		say
		exit 3
	fi
	say "These packages are missing and are installed now:"
	say "  ${missing[*]}" | fold -s -w 76 | sed '2,$s/^/  /'
	step "installing ${#missing[@]} packages" install.log \
		qs_install "${missing[@]}" ||
		fail "the packages could not be installed"
}

# With lists of its own, so that apt's need not exist and are not changed.
# --no-remove: a package that would have to go is a reason to stop.
qs_install() {
	# shellcheck source=contrib/apt-private.sh
	. "$qs_top/contrib/apt-private.sh"
	apt_private_init "$qs_home/apt" deb || return
	DEBIAN_FRONTEND=noninteractive apt_private apt-get -y -q install \
		--no-install-recommends --no-remove "$@" || return
	rm -rf "$qs_home/apt"
}

# qs_need_daemons: unpacked in $qs_daemons; nothing is installed or started.
# QUICKSTART_DAEMONS=DIR names a folder that has them. Root's must be root's
# own, or sudo would not run from there.
qs_need_daemons() {
	qs_daemons=${QUICKSTART_DAEMONS:-$qs_home/daemons}
	[ "$(cat "$qs_daemons/DAEMON" 2> /dev/null)" != \
		"${qs_daemon_packages[*]}" ] || [ ! -O "$qs_daemons" ] || return 0
	[ -z "${QUICKSTART_DAEMONS:-}" ] ||
		fail "$qs_daemons lacks ${qs_daemon_packages[*]}, or has another owner"
	rm -rf "$qs_daemons"
	step "downloading ${qs_daemon_packages[*]} (unpacked, not installed)" \
		daemons.log "$qs_top/contrib/rsyslog-daemon" "$qs_daemons" \
		"${qs_daemon_packages[@]:1}" ||
		fail "the daemons could not be downloaded"
}

# The folders of the libraries that were unpacked with them.
qs_daemon_libs() {
	find "$qs_daemons/usr/lib" "$qs_daemons/lib" -maxdepth 1 \
		-name '*-linux-*' 2> /dev/null | paste -sd: -
}

# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Configure and make, each in a folder of its own; nothing is done twice.

# qs_need_sdk: of the version of the rsyslogd that the tests run.
qs_need_sdk() {
	local version
	qs_need_daemons
	version=$(LD_LIBRARY_PATH=$(qs_daemon_libs) \
		"$qs_daemons/usr/sbin/rsyslogd" -v |
		sed -n '1s/^rsyslogd *\([0-9.]*\).*/\1/p')
	qs_sdk=$qs_home/sdk
	[ "$(cat "$qs_sdk/SDK-VERSION" 2> /dev/null)" != "$version" ] || return 0
	rm -rf "$qs_sdk"
	step "making the module SDK of rsyslog $version from its source package" \
		sdk.log "$qs_top/contrib/rsyslog-sdk" --version "$version" \
		"$qs_sdk" || fail "the rsyslog SDK could not be made"
}

# qs_make_build NAME [CONFIGURE OPTION...]: builds in $qs_home/NAME, which is
# then in $qs_built.
qs_make_build() {
	local name=$1
	shift
	qs_built=$qs_home/$name
	set -- --quiet --with-rsyslog-sdk="$qs_sdk" "$@"
	if [ ! -x "$qs_top/configure" ]; then
		[ -w "$qs_top" ] || fail "cannot write to $qs_top: run as its owner"
		step "autoreconf" autoreconf.log \
			autoreconf -fi "$qs_top" || exit
	fi
	mkdir -p "$qs_built"
	if [ "$(cat "$qs_built/configured" 2> /dev/null)" != "$*" ] ||
		[ "$qs_top/configure" -nt "$qs_built/config.status" ]; then
		step "configure ($name)" "$name-configure.log" \
			qs_configure "$qs_built" "$@" || exit
		printf '%s\n' "$*" > "$qs_built/configured"
	fi
	step "make ($name)" "$name-make.log" \
		make -C "$qs_built" -j"$(nproc)" || exit
}

qs_configure() {
	cd "$1" || return
	shift
	rm -f configured
	"$qs_top/configure" "$@"
}

qs_build() {
	local prefix=
	while [ $# -gt 0 ]; do
		case $1 in
		--prefix) prefix=${2:?--prefix needs a folder}; shift 2 ;;
		--prefix=*) prefix=${1#*=}; shift ;;
		*) bad_usage "build knows no $1" ;;
		esac
	done
	[ -n "$prefix" ] || bad_usage "build needs --prefix DIR"
	mkdir -p "$prefix" && [ -w "$prefix" ] || fail "cannot write to $prefix"
	prefix=$(cd "$prefix" && pwd)
	qs_open_home
	qs_need_packages "${qs_build_packages[@]}"
	qs_need_sdk
	qs_make_build build-install --prefix="$prefix" \
		--sysconfdir=/etc --localstatedir=/var \
		--with-rsyslog-moddir="$prefix/lib/rsyslog"
	step "make install" install-tree.log \
		make -C "$qs_built" install || exit
	say "installed below $prefix"
}

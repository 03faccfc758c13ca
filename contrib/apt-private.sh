# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by scripts that fetch Debian packages without installing them: as any
# user, without root, and without touching apt's own lists, caches or sources.
# (Sharing apt's lists directory deletes the lists of every other source.)

# apt_private_init DIR TYPE    TYPE is deb or deb-src. Makes an apt state of its
# own under DIR from the machine's sources, in either form, and updates it.
apt_private_init() {
	apt_private_dir=$1
	_type=$2
	mkdir -p "$apt_private_dir/lists/partial" \
		"$apt_private_dir/cache/archives/partial" \
		"$apt_private_dir/parts" "$apt_private_dir/all"
	for _file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -e "$_file" ] || continue
		sed -n "s/^deb[[:blank:]]/$_type /p" "$_file" \
			> "$apt_private_dir/all/${_file##*/}"
	done
	for _file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$_file" ] || continue
		sed "s/^Types:.*/Types: $_type/" "$_file" \
			> "$apt_private_dir/all/${_file##*/}"
	done
	rm -f "$apt_private_dir"/parts/*
	cp "$apt_private_dir"/all/* "$apt_private_dir/parts/"
	apt_private apt-get -qq update && return
	# A broken source (often not the distribution's own) must not cost the
	# others: keep those that work alone.
	mkdir -p "$apt_private_dir/work"
	for _file in "$apt_private_dir"/all/*; do
		rm -f "$apt_private_dir"/parts/*
		cp "$_file" "$apt_private_dir/parts/"
		if apt_private apt-get -qq update; then
			cp "$_file" "$apt_private_dir/work/"
		else
			echo "passing over ${_file##*/}: apt cannot read it" >&2
		fi
	done
	rm -f "$apt_private_dir"/parts/*
	cp "$apt_private_dir"/work/* "$apt_private_dir/parts/"
}

# apt_private COMMAND ARG...    apt-get or apt-cache on that state.
apt_private() {
	_command=$1
	shift
	"$_command" -o Dir::Etc::sourcelist=/dev/null \
		-o Dir::Etc::sourceparts="$apt_private_dir/parts" \
		-o Dir::State::lists="$apt_private_dir/lists" \
		-o Dir::Cache="$apt_private_dir/cache" \
		-o APT::Get::List-Cleanup=0 -o APT::Sandbox::User= "$@"
}

# apt_private_unpack ROOT PACKAGE...    downloads the packages, and what they
# depend on that is not installed here, and unpacks them into ROOT. Nothing is
# installed, so apt's locks are not needed.
apt_private_unpack() {
	_root=$1
	shift
	mkdir -p "$apt_private_dir/debs" "$_root"
	(cd "$apt_private_dir/debs" && rm -f ./*.deb &&
		apt_private apt-get -qq download "$@") || return 1
	apt_private apt-get -qq -y install --download-only --no-remove \
		--no-install-recommends -o Debug::NoLocking=1 "$@" || return 1
	for _file in "$apt_private_dir"/debs/*.deb \
		"$apt_private_dir"/cache/archives/*.deb; do
		[ -e "$_file" ] || continue
		dpkg -x "$_file" "$_root" || return 1
	done
}

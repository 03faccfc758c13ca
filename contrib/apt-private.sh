# SPDX-License-Identifier: Apache-2.0
# Sourced by scripts that fetch Debian packages without installing them: as any
# user, without root, and without touching apt's own lists, caches or sources.
# (Sharing apt's lists directory deletes the lists of every other source.)

# apt_private_init DIR TYPE    TYPE is deb or deb-src. Makes an apt state of its
# own under DIR from the machine's sources, in either form, and updates it.
apt_private_init() {
	_dir=$1
	_type=$2
	mkdir -p "$_dir/lists/partial" "$_dir/cache/archives/partial" \
		"$_dir/parts"
	for _file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$_file" ] || continue
		sed "s/^Types:.*/Types: $_type/" "$_file" \
			> "$_dir/parts/${_file##*/}"
	done
	cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2> /dev/null |
		sed -n "s/^deb[[:blank:]]/$_type /p" > "$_dir/parts/one.list" ||
		:
	apt_private_dir=$_dir
	apt_private apt-get -qq update
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

# apt_private_unpack ROOT PACKAGE...    downloads the packages (nothing that
# they depend on) and unpacks them into ROOT.
apt_private_unpack() {
	_root=$1
	shift
	mkdir -p "$apt_private_dir/debs" "$_root"
	(cd "$apt_private_dir/debs" && rm -f ./*.deb &&
		apt_private apt-get -qq download "$@") || return 1
	for _file in "$apt_private_dir"/debs/*.deb; do
		dpkg -x "$_file" "$_root" || return 1
	done
}

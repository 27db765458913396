# Sourced after lib-master.sh or lib-local.sh: a Debian with nothing in it but
# dash, mawk, coreutils and the libraries that those need, and kits run in it.

# Their files as dpkg lists them: no download, no debootstrap.
bare_root() { # DIR
	local root=$1 file
	mkdir -p "$root"/usr/{bin,lib,lib64} "$root"/{tmp,proc,dev,etc,root}
	ln -s usr/bin "$root/bin"
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	while read -r file; do
		[ -f "$file" ] && cp -P "$file" "$root/usr/bin/"
	done < <(dpkg -L dash mawk coreutils | grep -E '^(/usr)?/bin/')
	ln -sf dash "$root/usr/bin/sh"
	ln -sf mawk "$root/usr/bin/awk"
	while read -r file; do
		mkdir -p "$root${file%/*}"
		cp -L "$file" "$root$file"
	done < <(ldd "$root"/usr/bin/{dash,mawk,cat,ls,mv,rm,sort} 2>/dev/null |
	    grep -oE '/[^ ):]*\.so[^ ):]*' | sort -u)
	[ -x "$root/usr/bin/dash" ] && [ -x "$root/usr/bin/mawk" ]
}

# in_bare ROOT COMMAND...: nothing of the host is there.  By chroot where root
# may, else by bwrap; /proc is mounted, for sanitizers want it.
in_bare() {
	local root=$1
	shift
	if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
		# shellcheck disable=SC2016
		unshare -m --pid --fork env -i PATH=/usr/bin sh -c '
			PATH=/usr/sbin:/usr/bin:/sbin:/bin
			root=$1; shift
			mount -t proc proc "$root/proc" || exit 99
			touch "$root/dev/null"
			mount --bind /dev/null "$root/dev/null" || exit 99
			exec chroot "$root" env -i PATH=/usr/bin "$@"' \
		    - "$root" "$@"
	else
		bwrap --unshare-all --bind "$root" / --proc /proc --dev /dev \
		    --tmpfs /tmp --die-with-parent --clearenv \
		    --setenv PATH /usr/bin "$@"
	fi
}

#!/bin/sh
# SPDX-License-Identifier: MIT
# fresh.sh bookworm|trixie [DIR]: does ./quickstart check work on a machine that has nothing?
# Makes a minimal Debian in DIR (default: a temporary folder, removed afterwards), clones this tree into it and
# runs the documented command there, with apt as the only way to get anything. As root; needs debootstrap
# and the network. Not a part of make check. FRESH_COMMAND runs something else there (./quickstart).
set -eu
suite=${1:?usage: fresh.sh bookworm|trixie [DIR]}
tree=$(cd "$(dirname "$0")/.." && pwd)
root=${2:-}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
[ "$(id -u)" = 0 ] || { echo "fresh.sh: chroot needs root" >&2; exit 2; }
keep=yes
[ -n "$root" ] || { root=$(mktemp -d); keep=; }
finish() {
  for m in proc sys dev/pts dev; do
    mountpoint -q "$root/$m" 2>/dev/null && umount "$root/$m"
  done
  [ -n "$keep" ] || rm -rf --one-file-system "$root"
}
trap finish EXIT
case $(cd "$root" 2>/dev/null && pwd)/ in "$tree"/*) echo "fresh.sh: $root is inside the source tree" >&2; exit 2 ;; esac

if ! [ -x "$root/usr/bin/apt-get" ]; then
  echo "== debootstrap $suite in $root"
  debootstrap --variant=minbase "$suite" "$root" "$mirror"
fi
[ -e "$root/dev/null" ] && [ -c "$root/dev/null" ] || mount --bind /dev "$root/dev"
[ -d "$root/proc/1" ] || mount -t proc proc "$root/proc" 2>/dev/null || mount --bind /proc "$root/proc"
cp -L /etc/resolv.conf "$root/etc/resolv.conf"

echo "== clone"
rm -rf "$root/keelback"
git clone -q --no-hardlinks "$tree" "$root/keelback"
echo "== in $suite: ${FRESH_COMMAND:-./quickstart check}"
chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
  ${http_proxy:+http_proxy="$http_proxy"} sh -c "cd /keelback && ${FRESH_COMMAND:-./quickstart check}"

#!/bin/sh
# Installs the Debian packages that ALICE builds and is tested with, and those named as arguments. Does nothing when all
# are there.
set -eu

packages="
  g++ cmake ninja-build ccache make pkg-config
  libtorch-dev libopenblas0-openmp libdnnl-dev
  libboost1.81-dev libboost-filesystem1.81-dev libboost-system1.81-dev
  python3 libyaml-cpp-dev nlohmann-json3-dev libspdlog-dev libcli11-dev libpng-dev libicu-dev catch2
  librestinio-dev libhttp-parser-dev libfmt-dev libsqlitecpp-dev libsqlite3-dev libsodium-dev libxxhash-dev curl
  python3-numpy python3-pil python3-fonttools fonts-noto-color-emoji unicode-data unicode-cldr-core
  $*
"

# Debian 13 has no 1.81; its default is newer.
if [ -r /etc/os-release ] && . /etc/os-release && [ "${VERSION_ID:-12}" != 12 ]; then
  packages=$(echo "$packages" | sed 's/libboost\([a-z-]*\)1\.81-dev/libboost\1-dev/g')
fi

missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "install_packages: needs root or sudo to install:$missing" >&2; exit 1; }
  as_root=sudo
fi
echo "Installing:$missing"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing

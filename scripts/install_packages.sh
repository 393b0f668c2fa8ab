#!/bin/sh
# Installs the Debian packages that a use of ALICE needs: "build" (the default: to build and to run), "test" (what the
# tests want beside those), "train" (what `make starter-model` wants beside those). Several may be named. Does nothing
# when all are there.
set -eu

build="
  g++ cmake ninja-build ccache make pkg-config
  libtorch-dev libopenblas0-openmp libdnnl-dev
  libboost1.81-dev libboost-filesystem1.81-dev libboost-system1.81-dev
  python3 libyaml-cpp-dev nlohmann-json3-dev libspdlog-dev libcli11-dev libpng-dev libjpeg62-turbo-dev libwebp-dev
  liblcms2-dev zlib1g-dev libicu-dev
  librestinio-dev libhttp-parser-dev libfmt-dev libsqlitecpp-dev libsqlite3-dev libsodium-dev libxxhash-dev curl help2man
"
test="catch2 chromium man-db openssl systemd python3-jsonschema python3-numpy python3-pil fonts-noto-color-emoji python3-fonttools unicode-data unicode-cldr-core"
# npm installs clients that the tests run; with a Node from elsewhere it is there already.
command -v npm >/dev/null || test="$test nodejs npm"
train="python3-torch"

packages=""
for use in "${@:-build}"; do
  case "$use" in
    build) packages="$packages $build" ;;
    test) packages="$packages $build $test" ;;
    train) packages="$packages $build $test $train" ;;
    *) echo "install_packages: '$use' is no use that packages are listed for (build, test, train)" >&2; exit 2 ;;
  esac
done

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
echo "Installing, with what they need (some minutes):$missing"
$as_root apt-get update -qq
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing

#!/bin/sh
# Brings Debian's nginx and Caddy into a folder, without installing them: installed, they would begin to serve.
# Usage: fetch.sh FOLDER. Its exit status is 77 where no lists of Debian's packages are.
set -eu
apt-cache show nginx caddy > /dev/null 2>&1 || { echo "no Debian packages can be had: skipped"; exit 77; }
mkdir -p "$1"
cd "$1"
for package in nginx nginx-common caddy; do
  ls "$package"_*.deb > /dev/null 2>&1 || apt-get -q download "$package"
  dpkg-deb --extract "$package"_*.deb .
done

#!/bin/sh
# build.sh FOLDER JOBS TARGET [CMake's options...]: configures FOLDER where it must be, says how many files are to be
# compiled and about how long that takes, and compiles them.
set -eu
folder=$1 jobs=$2 target=$3
shift 3

# Options stay as they were said before: `make run` after `make test` builds in the same folder.
if [ ! -f "$folder/build.ninja" ] || [ $# -gt 0 ]; then
  log=$(mktemp)
  cmake -S . -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release "$@" >"$log" 2>&1 || { cat "$log" >&2; rm -f "$log"; exit 1; }
  rm -f "$log"
fi

# A file takes about three seconds of one core (reference/RESULTS.md); ccache may know it.
SECONDS_A_FILE=3
objects=$(ninja -C "$folder" -t commands "$target" | sed -n 's/.* -o \([^ ]*\.o\) -c .*/\1/p')
files=$(cd "$folder" && for object in $objects; do [ -e "$object" ] || echo "$object"; done | wc -l)
if [ "$files" -gt 5 ]; then
  echo "Building $files files: about $(((files * SECONDS_A_FILE / jobs + 59) / 60)) minutes on $jobs quiet cores, less where they were compiled before."
fi
exec cmake --build "$folder" --target "$target" -j "$jobs"

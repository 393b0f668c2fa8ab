#!/bin/sh
# man_pages.sh PROGRAM FOLDER: writes FOLDER/alice.1 and a page for each of the program's commands, from what their
# --help says (help2man).
set -eu
program=$(realpath "$1") folder=$2
rm -rf "$folder"
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The commands that a command's --help lists, a word each.
commands_of() { "$program" "$@" --help | sed -n '/^Subcommands:/,/^$/ s/^  \([a-z_-]*\) .*/\1/p'; }

# page COMMAND...: help2man wants a program of one word.
page() {
  name=$(echo alice "$@" | tr ' ' '-')
  printf '#!/bin/sh\nexec "%s" %s "$@"\n' "$program" "$*" >"$work/$name"
  chmod +x "$work/$name"
  about=$("$program" "$@" --help | sed -n '1s/\.\{0,1\}$//p')
  # It takes the page's name from the usage, which has the command's words: "alice generate".
  help2man --no-info --no-discard-stderr --version-string="$version" --name="$about" "$work/$name" |
    sed "s/^\.TH ALICE /.TH $(echo "$name" | tr a-z A-Z) /; s/^alice \\\\- /$name \\\\- /" >"$folder/$name.1"
}

version=$("$program" --version)
page
for command in $(commands_of); do
  page "$command"
  for deeper in $(commands_of "$command"); do page "$command" "$deeper"; done
done

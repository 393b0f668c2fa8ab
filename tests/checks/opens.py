#!/usr/bin/env python3
"""Files are opened for reading in one place, core/base/regular_file.cpp, which takes regular files only: what a model, a
client or a configuration names may be a device, a pipe, or a file of the kernel's. Prints each other opening as
file:line and exits 1 when there is one.

Usage: opens.py [ROOT]
"""

import pathlib
import re
import sys

from source_tree import repository, source_files, without_comments

OPENS = re.compile(r"\b(?:std::)?(i?fstream|fopen|freopen|openat2?|open64|creat)\b(?!\.h)|\b(O_RDONLY|O_RDWR)\b(?!.*O_DIRECTORY)")

# Where a file is opened otherwise, and why that may be. A path that ends in "/" is a folder.
EXCEPTIONS = {
    "core/base/regular_file.cpp": "the one door",
    "core/base/atomic_file.cpp": "writes, and syncs the folder",
    "server/worker/session/step_record.cpp": "reads and writes its own record",
    "server/front/folder_lock.cpp": "holds a lock",
    "server/front/worker_process.cpp": "/dev/null as a worker's standard input",
    # The kernel's answers about ourselves, under names that are written in the source.
    "core/host/recipe_book.cpp": "/proc/cpuinfo",
    "core/base/machine_memory.cpp": "/proc/meminfo, /proc/self/status, the files of control groups",
    "sdk/check/runner.cpp": "/proc/self/status",
    "server/front/process_memory.cpp": "/proc/PID/status of a worker",
    "server/worker/bench/figures.cpp": "/proc/cpuinfo",
    "server/worker/bench/other_programs.cpp": "/proc/stat",
    "server/worker/bench/subject_process.cpp": "/proc/self/status",
}


def breaches(root):
    for relative in source_files(root, ["core", "plugins", "sdk", "server"]):
        path = str(relative)
        if path in EXCEPTIONS:
            continue
        for number, line in enumerate(without_comments((root / relative).read_text()).splitlines(), 1):
            match = OPENS.search(line)
            if match and not line.lstrip().startswith("#include"):
                word = match.group(1) or match.group(2)
                yield f"{path}:{number}: {word} opens a file: use RegularFile (core/base/regular_file.h)"


def main():
    root = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else repository()
    found = list(breaches(root))
    print("\n".join(found) if found else "opens: files are opened for reading in one place")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

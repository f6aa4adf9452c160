#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tail_rotated FILE BINARY COUNT: a strict reader of a rotated event file, as a log shipper that follows it by inode.

Reads FILE while it grows; when another file stands there, reads the old one to its end, then those that were put aside
meanwhile in the order of their names, then the new one. Ends once it has seen the exec whose argument is "the-last-one" and
COUNT calls of BINARY, which come from another ring and so in any order. Each line must be a whole JSON object. Prints how many of
lines, files and calls it saw.
"""
from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import BinaryIO

PATIENCE = float(os.environ.get("PATIENCE", "3"))


def open_next(path: Path, pattern: re.Pattern[str], seen: set[int]) -> BinaryIO:
    """The oldest file that was not read yet: one that was put aside, or the one that has the name."""
    while True:
        try:
            newest = path.open("rb")
        except FileNotFoundError:
            continue  # between two names
        # It was opened first, so that whatever was put aside before it is listed now.
        for entry in sorted(entry for entry in path.parent.iterdir() if pattern.match(entry.name)):
            if entry.stat().st_ino not in seen:
                newest.close()
                return entry.open("rb")
        return newest


def follow(path: Path, binary: str, count: int) -> tuple[int, int, int]:
    pattern = re.compile(re.escape(path.stem) + r"-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}" + re.escape(path.suffix) + "$")
    seen: set[int] = set()
    lines = calls = 0
    is_marked = False
    rest = b""
    current = path.open("rb")
    deadline = time.monotonic() + 20 * PATIENCE
    while time.monotonic() < deadline:
        piece = current.read(1 << 20)
        if piece:
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                event = json.loads(line)
                lines += 1
                calls += event.get("process_kprobe", {}).get("process", {}).get("binary") == binary
                is_marked |= event.get("process_exec", {}).get("process", {}).get("arguments") == "the-last-one"
            if is_marked and calls >= count:
                return lines, len(seen) + 1, calls
            continue
        held = os.fstat(current.fileno())
        named = path.stat() if path.exists() else None
        if named and named.st_ino == held.st_ino:
            time.sleep(0.001)
            continue
        if current.read(1):  # written between the last read and its end
            current.seek(-1, os.SEEK_CUR)
            continue
        assert not rest, f"half a line at the end of a file: {rest[-80:]!r}"
        seen.add(held.st_ino)
        current.close()
        current = open_next(path, pattern, seen)
    raise SystemExit(f"gave up after {lines} lines in {len(seen)} files, {calls} calls")


if __name__ == "__main__":
    print("lines=%d files=%d calls=%d" % follow(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))

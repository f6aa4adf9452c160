# SPDX-License-Identifier: Apache-2.0
"""rsyslog follows the event file by its name (imfile), as on many machines, while it is rotated some fifty times a second."""
from __future__ import annotations

import gzip
import os
import subprocess
from pathlib import Path

from daemon import Daemon
from place import FLOW_ONLY, Place, expect

EVENTS = 50000
CONFIG = """global(workDirectory="{state}" maxMessageSize="1m")
module(load="imfile" mode="inotify")
template(name="raw" type="string" string="%msg%\\n")
input(type="imfile" File="{file}" Tag="tetrad" ruleset="take" addMetadata="off")
ruleset(name="take") {{ action(type="omfile" file="{out}" template="raw" flushInterval="1" asyncWriting="off") }}
"""


def start_rsyslog(place: Place, file: Path) -> Path:
    state, out = place.directory / "state", place.directory / "taken"
    config = place.directory / "rsyslog.conf"
    state.mkdir()
    file.touch()
    out.touch()
    config.write_text(CONFIG.format(state=state, file=file, out=out))
    place.run("rsyslogd", "-n", "-f", config, "-i", place.directory / "rsyslogd.pid")
    place.await_that("rsyslog's start", (place.directory / "rsyslogd.pid").exists)
    return out


def lines_of(path: Path) -> list[bytes]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    expect(data.endswith(b"\n") or not data, f"{path.name} ends in half a line")
    return data.splitlines()


def follow(place: Place, *options: str) -> Daemon:
    file = place.directory / "events.log"
    out = start_rsyslog(place, file)
    agent = place.start_agent(
        "--export-filename", str(file), "--export-file-max-size-mb", "1", "--export-file-max-backups", "0", *FLOW_ONLY, *options)
    place.make_events(EVENTS)
    place.await_that(f"{EVENTS} lines at rsyslog", lambda: out.read_bytes().count(b"\n") >= EVENTS, 20)
    written = [line for path in place.directory.glob("events*.log*") for line in lines_of(path)]
    taken = lines_of(out)
    expect(len(written) == EVENTS, f"{len(written)} lines in the files")
    expect(len(list(place.directory.glob("events-*"))) >= 20, "the file was not rotated often")
    expect(sorted(taken) == sorted(written), f"{len(taken)} lines taken, not those that were written")
    return agent


def follows_plain_files(place: Place, directory: Path) -> None:
    follow(place).stop()


def follows_files_that_are_packed(place: Place, directory: Path) -> None:
    agent = follow(place, "--export-file-compress")
    for path in directory.glob("events-*.log"):
        os.utime(path, (0, 0))
    subprocess.run([place.build / "tetra", "--server-address", f"unix://{agent.socket}", "eventlog", "set", "--max-backups", "0"],
                   check=True, stdout=subprocess.DEVNULL)
    place.await_that("all older files packed", lambda: not list(directory.glob("events-*.log")))
    expect(sum(len(lines_of(path)) for path in directory.glob("events*.log*")) == EVENTS, "lines are missing in packed files")
    agent.stop()


CASES = [
    ("rsyslog gets each line once while the file is rotated", follows_plain_files),
    ("rsyslog gets each line once while older files are packed", follows_files_that_are_packed),
]

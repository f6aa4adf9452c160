# SPDX-License-Identifier: Apache-2.0
"""Starts and ends the agent under test, and reads what it exports: a process in, a growing list of events out."""
from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Callable

from match import Event


class DaemonError(Exception):
    """The agent did not start, answer or end as it should; the text carries the end of its log."""


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Polls: the thing waited for decides when this ends, `seconds` only when it is given up."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


class EventFile:
    """The export file, read as it grows. Every complete line must be one JSON object in valid UTF-8."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.rest = b""
        self.events: list[Event] = []

    def poll(self) -> None:
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read()
        self.offset += len(data)
        lines = (self.rest + data).split(b"\n")
        self.rest = lines.pop()
        for text in lines:
            line = json.loads(text.decode("utf-8", errors="strict"))
            kind = next(iter(line))
            self.events.append(Event(kind, line[kind], line))


class Daemon:
    """One running tetrad with its own directory. `patience` stretches deadlines on slow machines."""

    def __init__(self, tetrad: Path, directory: Path, options: list[str], patience: float) -> None:
        directory.mkdir()
        self.patience = patience
        self.log = directory / "log"
        self.socket = directory / "socket"
        self.file = EventFile(directory / "events.json")
        self.command = [
            str(tetrad),
            *("--export-filename", str(self.file.path), "--export-file-max-size-mb", "0"),
            *("--server-address", f"unix://{self.socket}"),
            *("--run-dir", str(directory / "run")),
            *("--health-server-address", ""),  # other agents run on this machine
            *("--tracing-policy-dir", ""),  # nothing of this machine's; an option of the case may name another one
            *options,
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory
            )
        try:
            self.await_ready()
        except DaemonError:
            self.process.kill()
            self.process.wait()
            raise

    def log_end(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]

    def answers(self) -> bool:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with client:
            try:
                client.connect(str(self.socket))
            except OSError:
                return False
        return True

    def await_ready(self) -> None:
        def ready() -> bool:
            if self.process.poll() is not None:
                raise DaemonError(f"tetrad ended with {self.process.returncode}:\n{self.log_end()}")
            return "ready" in self.log.read_text(errors="replace") and self.answers()

        if not wait_until(ready, 10 * self.patience):
            raise DaemonError(f"tetrad is not ready:\n{self.log_end()}")

    def await_sentinel(self, program: Path, word: str) -> None:
        """Executes `program` until its exit is exported: what happened before has then been exported too.

        One is enough unless it is lost itself, which cases that force losses bring about.
        """

        def seen() -> bool:
            self.file.poll()
            return any(
                event.kind == "process_exit"
                and event.body.get("process", {}).get("binary") == str(program)
                and event.body["process"].get("arguments") == word
                for event in reversed(self.file.events)
            )

        for _ in range(4):
            subprocess.run([program, word], check=True)
            if wait_until(seen, 1.5 * self.patience):
                return
            if self.process.poll() is not None:
                break
        raise DaemonError(f"the sentinel's exit was not exported:\n{self.log_end()}")

    def stop(self) -> None:
        """SIGTERM ends it cleanly within 2 seconds; everything is in the file then."""
        if self.process.poll() is not None:
            raise DaemonError(f"tetrad had ended with {self.process.returncode}:\n{self.log_end()}")
        os.kill(self.process.pid, signal.SIGTERM)
        try:
            status = self.process.wait(timeout=2 * self.patience)
        except subprocess.TimeoutExpired as error:
            self.process.kill()
            self.process.wait()
            raise DaemonError(f"tetrad did not end after SIGTERM:\n{self.log_end()}") from error
        if status != 0:
            raise DaemonError(f"tetrad ended with {status} after SIGTERM:\n{self.log_end()}")

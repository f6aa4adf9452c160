# SPDX-License-Identifier: Apache-2.0
"""Where the seed's lines run. In: mount and network namespaces of our own. Out: a machine that has nothing installed, with
the seed's files in the current directory, `sudo`, and a host "elasticsearch"; and terminals to type lines into."""
from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Callable

HOME = Path(__file__).resolve().parent.parent.parent
# The lines write here, or read what could be there: each gets a layer that is gone at the end.
LAYERED = ("/etc", "/usr/local", "/var")
SUDO = '#!/bin/sh\nexec "$@"\n'


class Failure(Exception):
    """What should have been seen was not."""


class Terminal:
    """One line of shell, typed at a terminal (script(1) makes it); what it shows is read while it runs."""

    def __init__(self, line: str, log: Path, directory: Path, environment: dict[str, str]) -> None:
        self.line = line
        self.log = log
        # --log-out is written as it comes; -e hands on the status; stdin stays open, so the terminal does.
        self.process = subprocess.Popen(
            ["script", "--quiet", "--return", "--flush", "--command", line, str(log)],
            cwd=directory,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def text(self) -> str:
        """What is on the screen, without colours and the frame that script(1) adds."""
        raw = self.log.read_text(errors="replace") if self.log.exists() else ""
        raw = re.sub(r"^Script started.*\n|\nScript done.*\n?", "", raw)
        return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", raw).replace("\r", "")

    def pids(self, name: str) -> list[int]:
        """Processes below this terminal that are called NAME."""
        table: dict[int, list[tuple[int, str]]] = {}
        for line in subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout.splitlines():
            pid, parent, comm = line.split(None, 2)
            table.setdefault(int(parent), []).append((int(pid), comm))
        found, todo = [], [self.process.pid]
        while todo:
            for pid, comm in table.get(todo.pop(), []):
                todo.append(pid)
                if comm == name:
                    found.append(pid)
        return found

    def end(self, name: str, timeout: float) -> None:
        """Ends the program NAME of the line as Ctrl-C would, and waits for what stands behind it in the pipe."""
        for pid in self.pids(name):
            os.kill(pid, signal.SIGINT)
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired as error:
            self.kill()
            raise Failure(f'after the end of {name}, "{self.line}" went on; it showed:\n{self.text()[-2000:]}') from error

    def kill(self) -> None:
        """Closing the terminal ends all that runs on it."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()


class Elasticsearch:
    """Answers POST as the real one would, and keeps what it was given."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, str | None, bytes]] = []
        kept = self.requests

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802 (the library's name)
                body = self.rfile.read(int(self.headers["Content-Length"]))
                kept.append((self.path, self.headers["Content-Type"], body))
                answer = b'{"result":"created"}'
                self.send_response(201)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 9200), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def documents(self) -> list[Any]:
        return [json.loads(body) for _, _, body in list(self.requests)]


class Place:
    def __init__(self, root: Path, build: Path, slow: bool) -> None:
        self.root = root
        self.logs = root / "logs"
        self.cwd = root / "seed"
        self.patience = 10 if slow else 1
        self.terminals: list[Terminal] = []
        self.mount_layers()
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        with open("/etc/hosts", "a", encoding="ascii") as hosts:
            hosts.write("\n127.0.0.1 localhost elasticsearch\n")
        if Path("/etc/tetragon").exists():  # what this machine's agent is told is not for ours
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/etc/tetragon"], check=True)
        self.logs.mkdir()
        shutil.copytree(HOME / "examples", self.cwd)
        shutil.copy(build / "tetrad", self.cwd / "tetragon")
        shutil.copy(build / "tetra", self.cwd / "tetra")
        shims = root / "shims"
        shims.mkdir()
        (shims / "sudo").write_text(SUDO)
        (shims / "sudo").chmod(0o755)
        self.environment = {
            "PATH": f"{shims}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": str(root),
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
        }

    def mount_layers(self) -> None:
        """The upper sides are in a tmpfs: an overlay may not lie on another one."""
        layers = self.root / "layers"
        layers.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(layers)], check=True)
        for number, path in enumerate(LAYERED):
            upper, work = layers / f"upper{number}", layers / f"work{number}"
            upper.mkdir()
            work.mkdir()
            options = f"lowerdir={path},upperdir={upper},workdir={work}"
            subprocess.run(["mount", "-t", "overlay", "-o", options, "overlay", path], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)

    def type(self, line: str) -> Terminal:
        log = self.logs / f"{len(self.terminals):02}.txt"
        terminal = Terminal(line, log, self.cwd, self.environment)
        self.terminals.append(terminal)
        return terminal

    def shell(self, line: str) -> subprocess.CompletedProcess[str]:
        """A line that ends by itself; for what the test does, and for short lines of the seed."""
        return subprocess.run(
            ["bash", "-c", line], cwd=self.cwd, env=self.environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=30 * self.patience, check=False,
        )

    def must(self, line: str) -> str:
        done = self.shell(line)
        if done.returncode != 0:
            raise Failure(f'"{line}" ended with {done.returncode}: {done.stdout}{done.stderr}')
        return done.stdout

    def wait(self, condition: Callable[[], object], what: Callable[[], str], seconds: float = 10) -> None:
        deadline = time.monotonic() + seconds * self.patience
        while not condition():
            if time.monotonic() > deadline:
                raise Failure(what())
            time.sleep(0.02)

    def end_agent(self) -> None:
        """A closed terminal does not end it: SIGHUP makes it read its configuration again."""
        file = Path("/var/run/tetragon/tetragon.pid")
        if not file.exists():
            return
        os.kill(int(file.read_text()), signal.SIGTERM)
        self.wait(lambda: not file.exists(), lambda: "the agent does not end")

    def close(self) -> None:
        self.end_agent()
        for terminal in reversed(self.terminals):
            terminal.kill()
        subprocess.run(["umount", "-l", "--recursive", "/run", *LAYERED, str(self.root / "layers")], check=False)

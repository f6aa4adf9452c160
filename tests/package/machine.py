# SPDX-License-Identifier: Apache-2.0
"""A copy of this machine to install things on. In: a mount namespace of our own. Out: commands that run with an overlay of /
as their root, agents that run there, and what has become different from the machine itself."""
from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import time
from pathlib import Path
from typing import Callable

HOME = Path(__file__).resolve().parent.parent.parent
UNIT = HOME / "deploy/systemd/tetragon.service.in"


class Failure(Exception):
    """What should be so is not."""


def expect(is_so: object, text: str) -> None:
    if not is_so:
        raise Failure(text)


def wait_until(condition: Callable[[], object], what: str, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        expect(time.monotonic() < deadline, what)
        time.sleep(0.02)


def unit_values(key: str) -> list[str]:
    """The words that the unit gives KEY."""
    lines = [line.split("=", 1)[1] for line in UNIT.read_text().splitlines() if line.startswith(f"{key}=")]
    return " ".join(lines).split()


class Manager:
    """The service manager's end of the protocol: a socket, and what came through it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))

    def hear(self, seconds: float = 15) -> list[str]:
        self.socket.settimeout(seconds)
        return self.socket.recv(4096).decode().splitlines()

    def await_word(self, word: str, seconds: float = 15) -> list[str]:
        """The next message with WORD in it; what comes before is passed over."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            message = self.hear(seconds)
            if word in message:
                return message
        raise Failure(f"the agent did not say {word}")


class Machine:
    def __init__(self, work: Path, build: Path) -> None:
        self.work = work
        self.build = build
        self.logs = work / "logs"
        self.logs.mkdir()
        self.layers = work / "layers"
        self.root = work / "root"
        self.agents: list[subprocess.Popen[bytes]] = []
        self.reset()

    def reset(self) -> None:
        """As if nothing had ever been installed."""
        self.unmount()
        for path in (self.layers, self.root):
            path.mkdir(exist_ok=True)
        self.run(["mount", "-t", "tmpfs", "tmpfs", str(self.layers)])
        for name in ("upper", "work"):
            (self.layers / name).mkdir()
        options = f"lowerdir=/,upperdir={self.layers}/upper,workdir={self.layers}/work"
        self.run(["mount", "-t", "overlay", "-o", options, "overlay", str(self.root)])
        self.mount_kernel_files()
        for path in ("/run", "/tmp"):
            self.run(["mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", f"{self.root}{path}"])

    def mount_kernel_files(self) -> None:
        """Never the machine's own /dev, nor anything mounted below its /sys: whatever goes wrong here, a deletion that
        walks into this tree finds nothing of the machine's that it could delete."""
        self.run(["mount", "-t", "proc", "proc", f"{self.root}/proc"])
        self.run(["mount", "--bind", "/sys", f"{self.root}/sys"])
        self.run(["mount", "-o", "remount,bind,ro", f"{self.root}/sys"])
        self.run(["mount", "-t", "bpf", "bpf", f"{self.root}/sys/fs/bpf"])  # an instance of its own, and empty
        self.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", f"{self.root}/dev"])
        for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9)):
            os.mknod(self.at(f"/dev/{name}"), 0o666 | stat.S_IFCHR, os.makedev(1, minor))
            self.at(f"/dev/{name}").chmod(0o666)
        for name, target in (("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2")):
            self.at(f"/dev/{name}").symlink_to(target)

    def unmount(self) -> None:
        for path in (self.root, self.layers):
            if path.is_mount():
                self.run(["umount", "--lazy", "--recursive", str(path)])

    def close(self) -> None:
        for agent in self.agents:
            if agent.poll() is None:
                agent.kill()
                agent.wait()
        self.unmount()

    def run(self, command: list[str], status: int = 0, **options: object) -> str:
        """Its output; any other exit status is a failure with all it said."""
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False, **options)  # type: ignore[call-overload]
        expect(done.returncode == status, f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-3000:]}")
        return str(done.stdout)

    def inside(self, line: str, status: int = 0) -> str:
        environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                       "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
        return self.run(["chroot", str(self.root), "/bin/sh", "-c", line], status, env=environment)

    def at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def changed(self) -> set[str]:
        """Files that are not as on the machine, and not the business of dpkg or of its log."""
        upper = self.layers / "upper"
        found = {f"/{path.relative_to(upper)}" for path in upper.rglob("*") if path.is_symlink() or not path.is_dir()}
        empty = {f"/{path.relative_to(upper)}" for path in upper.rglob("*") if path.is_dir() and not any(path.iterdir())}
        machines = ("/var/lib/dpkg/", "/var/log/dpkg.log", "/var/log/alternatives.log", "/etc/ld.so.cache", "/var/cache/",
                    "/etc/.pwd.lock", "/etc/group-", "/etc/gshadow-", "/etc/passwd-", "/etc/shadow-")
        return {path for path in found | empty if not path.startswith(machines) and not self.is_same(path)}

    def is_same(self, path: str) -> bool:
        """The directories that existed before, and files that were written again with the same text."""
        mine, machines = self.layers / "upper" / path[1:], Path(path)
        if not machines.exists():
            return False
        return machines.is_dir() or (mine.is_file() and mine.read_bytes() == machines.read_bytes())

    def agent(self, path: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        """The program at PATH with the privileges that the unit leaves it, on this machine's copy."""
        kept = [word.removeprefix("CAP_").lower() for word in unit_values("CapabilityBoundingSet")]
        restrict = ["setpriv", "--no-new-privs", "--inh-caps=-all", f"--bounding-set=-all,{','.join(f'+{one}' for one in kept)}"]
        with (self.logs / "agent.log").open("ab") as log:
            agent = subprocess.Popen(["chroot", str(self.root), *restrict, path], stdin=subprocess.DEVNULL, stdout=log,
                                     stderr=log, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **(environment or {})})
        self.agents.append(agent)
        info = self.at("/run/tetragon/tetragon-info.json")

        def ready() -> bool:
            expect(agent.poll() is None, f"the agent ended with {agent.returncode}: {self.log()}")
            return info.exists() and f'"pid":{agent.pid}' in info.read_text()

        wait_until(ready, f"the agent did not get ready: {self.log()}")
        return agent

    def log(self) -> str:
        return (self.logs / "agent.log").read_text(errors="replace")[-2000:]

    def stop(self, agent: subprocess.Popen[bytes]) -> None:
        os.kill(agent.pid, signal.SIGTERM)
        expect(agent.wait(15) == 0, f"the agent ended with {agent.returncode}: {self.log()}")

# SPDX-License-Identifier: Apache-2.0
"""Where a case happens: a directory of its own, an agent, a policy whose events are counted, and programs that end with it."""
from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from daemon import Daemon, wait_until

POLICY = """apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: {{name: flow}}
spec:
  kprobes:
  - call: sys_openat
    args: [{{index: 1, type: string}}]
    selectors:
    - matchArgs: [{{index: 1, operator: Equal, values: ["{path}"]}}]
"""
# Events of that policy only, so that what arrives can be counted.
FLOW_ONLY = ("--export-allowlist", '{"policy_names": ["flow"]}')
PATIENCE = float(os.environ.get("TETRAD_PATIENCE", "3"))


class Failure(Exception):
    """Something is not as it has to be."""


class Place:
    def __init__(self, build: Path, root: Path) -> None:
        self.build = build
        self.root = root
        self.directory = root
        self.running: list[subprocess.Popen[bytes]] = []
        self.agents: list[Daemon] = []

    def enter(self, name: str) -> Path:
        self.directory = self.root / name
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir()
        return self.directory

    def leave(self) -> None:
        for agent in self.agents:
            if agent.process.poll() is None:
                agent.process.kill()
                agent.process.wait()
        for program in reversed(self.running):
            program.terminate()
            program.wait()
        self.agents, self.running = [], []

    def run(self, *command: str | Path) -> subprocess.Popen[bytes]:
        """Starts a program that ends with the case; what it says is in a file of its name."""
        program = shutil.which(str(command[0]), path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        if not program:
            raise Failure(f"{command[0]} is not installed; make setup-check does it")
        with (self.directory / f"{Path(program).name}.log").open("ab") as log:
            self.running.append(subprocess.Popen([program, *map(str, command[1:])], stdin=subprocess.DEVNULL, stdout=log, stderr=log))
        return self.running[-1]

    def start_agent(self, *options: str, name: str = "agent") -> Daemon:
        policy = self.directory / "policy.yaml"
        policy.write_text(POLICY.format(path=self.directory / "watched"))
        (self.directory / "watched").touch()
        words = ["--tracing-policy", str(policy), "--policy-rb-size-total", "16M", *options]
        self.agents.append(Daemon(self.build / "tetrad", self.directory / name, words, PATIENCE))
        return self.agents[-1]

    def make_events(self, count: int, pause_us: int = 1000) -> None:
        """COUNT events of the policy, a hundred at once, then a pause."""
        actor = self.build / "tests" / "actors" / "open_loop"
        subprocess.run([actor, str(count), self.directory / "watched", str(pause_us)], check=True, stdout=subprocess.DEVNULL)

    def await_that(self, what: str, condition, seconds: float = 10) -> None:
        if not wait_until(condition, seconds * PATIENCE):
            raise Failure(f"never seen: {what}")


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise Failure(what)

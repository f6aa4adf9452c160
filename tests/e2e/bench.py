# SPDX-License-Identifier: Apache-2.0
"""The place where cases are acted out: a tmpfs with the actors, one directory for each case, and its result."""
from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from casefile import PATTERN_OPERATORS, Case, Constraint
from daemon import Daemon, wait_until
from match import Event, Seen, missing_wants, refusal
from policy import SEEDS, PolicyLoader, write_policies

TESTS = Path(__file__).resolve().parent
WORD = re.compile(r"^([a-z_]\w*)=(.*)$", re.MULTILINE)
VARIABLE = re.compile(r"\$([A-Z]+)\b")


@dataclass
class Act:
    """What an act left behind."""

    status: int
    stdout: str
    stderr: str

    def as_event(self) -> Event:
        return Event("act", {"stdout": self.stdout, "stderr": self.stderr}, {})


@dataclass
class Bench:
    """build: where tetrad, tetra and the actors are. kernel: own, 6.1 or 6.12; the latter two are slow guests."""

    build: Path
    kernel: str
    root: Path = field(init=False)
    patience: float = field(init=False)
    sentinels: int = 0

    def __post_init__(self) -> None:
        self.patience = 1.0 if self.kernel == "own" else 4.0
        for name in ("tetrad", "tetra", "tests/actors/true"):
            if not (self.build / name).exists():
                raise FileNotFoundError(f'"{self.build / name}" is missing; `make` builds it')
        self.root = Path(tempfile.mkdtemp(prefix="tetrad-e2e."))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=1g", "tmpfs", self.root], check=True)
        shutil.copytree(self.build / "tests" / "actors", self.actors, ignore=shutil.ignore_patterns("*.p"))
        for name in ("tetrad", "tetra"):
            shutil.copy(self.build / name, self.root / name)

    def keep(self, target: Path) -> None:
        for directory in self.root.glob("daemon*"):
            ignored = shutil.ignore_patterns("socket", "run")
            shutil.copytree(directory, target / directory.name, ignore=ignored, dirs_exist_ok=True)

    def close(self) -> None:
        """Lazily: a process that a failed case left behind must not keep the directory."""
        subprocess.run(["umount", "-R", "-l", self.root], check=True)
        self.root.rmdir()

    @property
    def actors(self) -> Path:
        return self.root / "actors"

    @property
    def tetrad(self) -> Path:
        return self.root / "tetrad"

    def variables(self, directory: Path, daemon: Daemon | None) -> dict[str, str]:
        values = {
            "D": str(directory),
            "A": str(self.actors),
            "NODE": os.environ.get("NODE_NAME") or socket.gethostname(),
            "KERNEL": self.kernel,
            "PATIENCE": str(int(self.patience)),
            "EXECS": "20000" if self.kernel == "own" else "2000",
            "CYCLES": "10000" if self.kernel == "own" else "300",
            "OPENS": "100000" if self.kernel == "own" else "20000",
            "SEEDS": str(SEEDS),
            "TETRAD": str(self.tetrad),
            "TETRA": str(self.root / "tetra"),
            "LIB": str(TESTS / "lib.sh"),
            "CHURN": str(TESTS / "churn.py"),
            "TAIL": str(TESTS / "tail_rotated.py"),
        }
        if daemon is not None:
            values["PID"] = str(daemon.process.pid)
            values["EVENTS"] = str(daemon.file.path)
            values["LOG"] = str(daemon.log)
            values["SOCKET"] = f"unix://{daemon.socket}"
            values["RUN"] = str(daemon.log.parent / "run")
        return values

    def make_directory(self, number: int) -> Path:
        directory = self.root / f"case{number}"
        directory.mkdir()
        os.link(self.actors / "true", directory / "true")
        return directory

    def shell(self, text: str, directory: Path, daemon: Daemon | None) -> Act:
        """Runs lines in bash, where the first failing one ends them; with the helpers of lib.sh."""
        if not text:
            return Act(0, "", "")
        environment = {**os.environ, **self.variables(directory, daemon)}
        command = ["bash", "-euo", "pipefail", "-c", f". $LIB\n{text}"]
        return self.execute(command, directory, environment)

    def execute(self, command: list[str], directory: Path, environment: dict[str, str]) -> Act:
        # Files, not pipes: a process that the act leaves behind would hold a pipe open.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            done = subprocess.run(
                command,
                cwd=directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                timeout=60 * self.patience,
                check=False,
            )
            out.seek(0)
            err.seek(0)
            status = done.returncode if done.returncode >= 0 else 128 - done.returncode
            return Act(status, out.read().decode(errors="replace"), err.read().decode(errors="replace"))

    def act(self, case: Case, directory: Path, daemon: Daemon | None) -> Act:
        """The one thing that the case is about: an actor started directly, or a script."""
        if case.run == "":
            return self.shell(case.blocks["script"], directory, daemon)
        values = self.variables(directory, daemon)
        words = [expand(word, values) for word in shlex.split(case.run)]
        if "/" not in words[0]:
            words[0] = str(self.actors / words[0])
        return self.execute(words, directory, dict(os.environ))

    def play(self, case: Case, number: int, daemon: Daemon | None, directory: Path) -> list[str]:
        """Acts the case out; the answer is what was wrong with it, nothing if it passed."""
        text = expand(case.blocks.get("policy", ""), self.variables(directory, daemon))
        policies = write_policies(case, text, directory)
        if not daemon or not policies:
            return self.play_out(case, number, daemon, directory)
        loader = PolicyLoader(self.root / "tetra", f"unix://{daemon.socket}")
        refused = loader.add(policies)
        if refused:
            return [refused, *loader.delete(policies)]
        problems = self.play_out(case, number, daemon, directory)
        return problems + (loader.delete(policies) if daemon.process.poll() is None else [])

    def play_out(self, case: Case, number: int, daemon: Daemon | None, directory: Path) -> list[str]:
        first = len(daemon.file.events) if daemon and case.daemon == "shared" else 0
        began = f"{time.time():.6f}"
        setup = self.shell(case.blocks.get("setup", ""), directory, daemon)
        if setup.status != 0:
            return [f"setup ended with {setup.status}: {setup.stderr}"]
        act = self.act(case, directory, daemon)
        seen = Seen(words={**dict(WORD.findall(act.stdout)), "began": began, "runner": str(os.getpid())})
        problems = self.judge_act(case, act, seen, self.variables(directory, daemon))
        if daemon is not None and case.wants:
            problems += self.judge_events(case, daemon, first, seen, directory)
        cleanup = self.shell(case.blocks.get("cleanup", ""), directory, daemon)
        if cleanup.status != 0:
            problems.append(f"cleanup ended with {cleanup.status}: {cleanup.stderr}")
        if problems:
            problems.append(f"the act printed: {act.stdout[-1000:]}{act.stderr[-1000:]}")
        return problems

    def judge_act(self, case: Case, act: Act, seen: Seen, values: dict[str, str]) -> list[str]:
        problems = []
        if str(act.status) != case.status:
            problems.append(f"the act ended with status {act.status} in place of {case.status}")
        for constraint in case.output:
            constraint.value = expand_value(constraint, values)
            why = refusal(act.as_event(), constraint, seen)
            problems += [why] if why else []
        return problems

    def judge_events(self, case: Case, daemon: Daemon, first: int, seen: Seen, directory: Path) -> list[str]:
        values = self.variables(directory, daemon)
        for want in case.wants:
            want.number = expand(want.number, values)
            for constraint in want.constraints:
                constraint.value = expand_value(constraint, values)
        # Hooks report through a ring that is read behind that of processes: a second one comes after both.
        for _ in range(2 if any(want.event == "process_kprobe" for want in case.wants) else 1):
            self.sentinels += 1
            daemon.await_sentinel(self.actors / "true", f"sentinel-{self.sentinels}")
        problems: list[str] = []

        # Events that waited for their parent's record may come after the sentinel, at most a second later.
        def satisfied() -> bool:
            nonlocal problems
            daemon.file.poll()
            problems = missing_wants(case, daemon.file.events[first:], seen)
            return not problems

        wait_until(satisfied, 2 * self.patience)
        return problems


def expand(text: str, values: dict[str, str]) -> str:
    """$NAME for the names above; any other dollar stays (regular expressions end in one)."""
    return VARIABLE.sub(lambda match: values.get(match.group(1), match.group(0)), text)


def expand_value(constraint: Constraint, values: dict[str, str]) -> str:
    """In a regular expression what is put in stands for itself."""
    if constraint.operator in PATTERN_OPERATORS:
        values = {name: re.escape(value) for name, value in values.items()}
    return expand(constraint.value, values)

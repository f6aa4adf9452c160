# SPDX-License-Identifier: Apache-2.0
"""The unit, as far as it can be tried without a running systemd: its text, the protocol, and the privileges it leaves."""
from __future__ import annotations

import json
import os
import re
import signal
from pathlib import Path

from machine import HOME, UNIT, Machine, Manager, expect, unit_values

# systemd's own measure, ten times its 0 (nothing open) to 10; it is 3.2 now, most of it network and other processes, which
# are the agent's subject.
EXPOSURE_MAX = 35


def filled_unit(machine: Machine) -> Path:
    """Under its own name, and with a program that exists."""
    path = machine.work / "tetragon.service"
    path.write_text(UNIT.read_text().replace("@BINDIR@/tetragon", "/bin/true"))
    return path


def is_well_formed(machine: Machine) -> None:
    said = machine.run(["systemd-analyze", "verify", "--man=no", str(filled_unit(machine))])
    expect("tetragon.service" not in said, said)


def is_hardened(machine: Machine) -> None:
    machine.run(["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE_MAX}", str(filled_unit(machine))])


def says_why(_: Machine) -> None:
    """No setting without a comment above it or above its neighbours."""
    for block in re.split(r"\n\n", UNIT.read_text().split("[Service]", 1)[1]):
        lines = [line for line in block.splitlines() if line and not line.startswith("[")]
        expect("[Install]" in block or any(line.startswith("#") for line in lines), f"nothing is explained in:\n{block}")


def defaults_are_flags(machine: Machine) -> None:
    text = machine.run([str(machine.build / "tetrad"), "--help"])
    for path in sorted((HOME / "deploy/conf.d").iterdir()):
        expect(re.search(rf"--{path.name}\b", text), f'deploy/conf.d/{path.name}: tetrad has no flag "--{path.name}"')
        expect(path.read_text().strip(), f"deploy/conf.d/{path.name} is empty")


def speaks_to_the_manager(machine: Machine) -> None:
    """READY when clients are served, keep-alives, RELOADING and READY about SIGHUP, STOPPING."""
    machine.reset()
    machine.inside("cp /bin/true /usr/bin/tetragon")  # a name to put the agent at
    machine.at("/usr/bin/tetragon").write_bytes((machine.build / "tetrad").read_bytes())
    manager = Manager(machine.at("/run/notify"))
    agent = machine.agent("/usr/bin/tetragon", {"NOTIFY_SOCKET": "/run/notify", "WATCHDOG_USEC": "2000000"})
    ready = manager.await_word("READY=1")
    expect(re.fullmatch(r"STATUS=\d+ processes, 0 policies, 0 lost", ready[1]), f"not a status: {ready}")
    for _ in range(3):
        manager.await_word("WATCHDOG=1", 3)
    os.kill(agent.pid, signal.SIGHUP)
    reloading = manager.await_word("RELOADING=1")
    expect(any(re.fullmatch(r"MONOTONIC_USEC=\d+", line) for line in reloading), f"no time: {reloading}")
    manager.await_word("READY=1")
    os.kill(agent.pid, signal.SIGTERM)
    manager.await_word("STOPPING=1")
    expect(agent.wait(15) == 0, f"ended with {agent.returncode}")


def needs_no_more_privileges(machine: Machine) -> None:
    """All policies of the examples load with the unit's capabilities; CAP_SYS_ADMIN is not among them."""
    expect("CAP_SYS_ADMIN" not in unit_values("CapabilityBoundingSet"), "CAP_SYS_ADMIN is asked for")
    machine.reset()
    machine.at("/usr/bin/tetragon").write_bytes((machine.build / "tetrad").read_bytes())
    machine.at("/usr/bin/tetragon").chmod(0o755)
    machine.inside("mkdir -p /etc/tetragon/tetragon.tp.d")
    for path in (HOME / "examples").glob("*.yaml"):
        (machine.at("/etc/tetragon/tetragon.tp.d") / path.name).write_bytes(path.read_bytes())
    agent = machine.agent("/usr/bin/tetragon")
    listed = machine.run([str(machine.build / "tetra"), "--server-address", "localhost:54321", "tp", "list", "-o", "json"])
    states = [one["state"] for one in json.loads(listed)["policies"]]
    expect(len(states) == 7 and all(one.endswith("ENABLED") for one in states), f"seven enabled policies expected: {listed}")
    machine.stop(agent)


CASES = (
    ("systemd-analyze finds nothing wrong with the unit", is_well_formed),
    ("systemd-analyze finds the unit hardened", is_hardened),
    ("each part of the unit says why", says_why),
    ("each shipped default is a flag of the agent", defaults_are_flags),
    ("the agent speaks the service manager's protocol", speaks_to_the_manager),
    ("the agent needs no more than the unit's capabilities", needs_no_more_privileges),
)

# SPDX-License-Identifier: Apache-2.0
"""The Debian package: made, looked into, installed, upgraded, removed, purged."""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from machine import HOME, Machine, expect

CONTENTS = Path(__file__).resolve().parent / "contents"
POLICY = "/etc/tetragon/tetragon.tp.d/mine.yaml"
WANTS = "/etc/systemd/system/multi-user.target.wants/tetragon.service"


def package(machine: Machine) -> Path:
    found = sorted((machine.build / "deb").glob("tetrad_*.deb"))
    expect(len(found) == 1, f"one package expected: {found}")
    return found[0]


def newer(machine: Machine) -> Path:
    """The same package with a higher version: what an upgrade must cope with is in its scripts."""
    tree, result = machine.work / "newer", machine.work / "newer.deb"
    if not result.exists():
        machine.run(["dpkg-deb", "-R", str(package(machine)), str(tree)])
        control = tree / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^(Version: .*)$", r"\1+next", control.read_text()))
        machine.run(["dpkg-deb", "--build", "--root-owner-group", str(tree), str(result)])
    return result


def is_built(machine: Machine) -> None:
    """From a copy of the tree, with nothing of it changed."""
    before = machine.run(["git", "-C", str(HOME), "status", "--porcelain"])
    machine.run(["make", "-C", str(HOME), "deb", f"BUILD={machine.build}"])
    expect(machine.run(["git", "-C", str(HOME), "status", "--porcelain"]) == before, "the tree was changed")
    version = re.search(r"version: '(.*)'", (HOME / "meson.build").read_text())
    built = machine.run(["dpkg-deb", "-f", str(package(machine)), "Version"]).strip()
    expect(version and built == version.group(1), f"meson.build's version is not the package's: {built}")


def has_contents(machine: Machine) -> None:
    """Modes, owners and names, one line each; documentation may grow."""
    listed = []
    for line in machine.run(["dpkg-deb", "-c", str(package(machine))]).splitlines():
        mode, owner, _, _, _, name = line.split(None, 5)
        if not re.match(r"\./usr/share/|.*/$", name) or "tetragon/" in name:
            listed.append(f"{mode} {owner} {name[1:]}")
    wanted = [line for line in CONTENTS.read_text().splitlines() if line and not line.startswith("#")]
    missing, surplus = set(wanted) - set(listed), set(listed) - set(wanted)
    expect(not missing and not surplus, f"missing: {sorted(missing)}, not in the list: {sorted(surplus)}")


def is_clean(machine: Machine) -> None:
    # Manual pages belong to the install target; without them here, their absence is its finding and not this one's.
    has_pages = "/man" in (HOME / "Makefile").read_text()
    suppress = [] if has_pages else ["--suppress-tags", "no-manual-page"]
    said = machine.run(["lintian", "--allow-root", "--fail-on", "error,warning", *suppress, str(package(machine))])
    expect(not said.strip(), said)


def install(machine: Machine, path: Path) -> str:
    shutil.copy(path, machine.at("/tmp/package.deb"))
    return machine.inside("dpkg -i /tmp/package.deb")


def is_installed(machine: Machine) -> None:
    machine.reset()
    install(machine, package(machine))
    for path in ("/usr/bin/tetra", "/usr/bin/tetragon", "/usr/sbin/tetrad", "/etc/tetragon/tetragon.tp.d"):
        expect(machine.at(path).exists(), f"{path} is missing")
    for link in (WANTS, "/etc/systemd/system/tetrad.service"):
        expect(machine.at(link).is_symlink(), f"the service is not enabled: {link}")
    machine.inside("getent group tetragon && tetrad --version && tetragon --version && tetra version")
    owner = machine.at("/var/log/tetragon").stat()
    expect(owner.st_mode & 0o7777 == 0o750, "others may look into /var/log/tetragon")


def runs_and_is_upgraded(machine: Machine) -> None:
    """The agent of before goes on while its files are replaced, and the new one starts."""
    machine.at(POLICY).write_bytes((HOME / "examples/file-access-monitor.yaml").read_bytes())
    agent = machine.agent("/usr/bin/tetragon")
    install(machine, newer(machine))
    expect(agent.poll() is None, "the agent was ended by an upgrade without systemd")
    expect(machine.inside("tetra tp list -o json").count("monitor-sensitive-file-access"), "the policy is not loaded")
    machine.stop(agent)
    machine.stop(machine.agent("/usr/bin/tetragon"))
    expect("+next" in machine.inside("dpkg-query -W -f '${Version}' tetrad"), "the version is the old one")


def keeps_what_is_the_administrators(machine: Machine) -> None:
    event_file = machine.at("/var/log/tetragon/tetragon.log")
    event_file.write_text("{}\n")
    machine.inside("dpkg -r tetrad")
    for path in ("/usr/bin/tetragon", "/usr/bin/tetra", "/usr/sbin/tetrad", "/lib/systemd/system/tetragon.service"):
        expect(not machine.at(path).exists(), f"{path} is left after removal")
    expect(machine.at(POLICY).exists() and event_file.exists(), "a removal took policies or events away")
    machine.inside("dpkg -P tetrad")
    expect(machine.at(POLICY).exists(), "a purge took a policy of the administrator away")
    machine.at(POLICY).unlink()


def leaves_nothing(machine: Machine) -> None:
    """Installed, run, upgraded and purged without anything of the administrator's: not a file is left, nor a group."""
    machine.reset()
    install(machine, package(machine))
    machine.stop(machine.agent("/usr/bin/tetragon"))
    machine.at("/var/log/tetragon/tetragon.log").write_text("{}\n")
    install(machine, newer(machine))
    machine.inside("dpkg -P tetrad")
    left = machine.changed()
    expect(not left, f"left after a purge: {sorted(left)}")
    expect(not machine.at("/run/tetragon").exists(), "/run/tetragon is left")
    found = subprocess.run(["chroot", str(machine.root), "getent", "group", "tetragon"], check=False).returncode
    expect(found == 2, "the group is left")


def spares_what_is_mounted(machine: Machine) -> None:
    """Below /run/tetragon there may be another file system: a purge does not delete in it."""
    machine.reset()
    install(machine, package(machine))
    machine.inside("mkdir -p /run/tetragon/other && mount -t tmpfs tmpfs /run/tetragon/other && : >/run/tetragon/other/file")
    machine.inside("dpkg -P tetrad")
    expect(machine.at("/run/tetragon/other/file").exists(), "a purge deleted on a file system that is not the agent's")


def keeps_outer_make_out(machine: Machine) -> None:
    """BUILD=... is for the make that was called, and not for the one in the copy, whose clean would remove that directory."""
    fake = machine.work / "outer"
    fake.mkdir()
    (fake / "precious").touch()
    machine.run(["make", "-C", str(HOME), "deb", f"BUILD={fake}"])
    expect((fake / "precious").exists(), "make deb removed the directory that BUILD names")
    expect(list((fake / "deb").glob("tetrad_*.deb")), "the package is not in the directory that BUILD names")


def takes_the_place_of_tetragon(machine: Machine) -> None:
    fields = machine.run(["dpkg-deb", "-f", str(package(machine)), "Provides", "Conflicts", "Replaces"])
    expect(fields.count(": tetragon") == 3, fields)


CASES = (
    ("make deb builds a package from a clean copy", is_built),
    ("the package holds what its list says", has_contents),
    ("lintian finds nothing", is_clean),
    ("the package takes the place of tetragon", takes_the_place_of_tetragon),
    ("dpkg -i installs and enables", is_installed),
    ("the installed agent runs, and is upgraded", runs_and_is_upgraded),
    ("removal and purge keep what is the administrator's", keeps_what_is_the_administrators),
    ("after a purge nothing is left", leaves_nothing),
    ("a purge spares what is mounted below", spares_what_is_mounted),
    ("make deb leaves the directory of BUILD alone", keeps_outer_make_out),
)

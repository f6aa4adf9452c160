# SPDX-License-Identifier: Apache-2.0
"""The tarball in upstream's layout, and its two scripts."""
from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path

from machine import HOME, Machine, expect

LAYOUT = {
    "LICENSE", "README.md", "install.sh", "uninstall.sh",
    "usr/local/bin/tetra", "usr/local/bin/tetrad", "usr/local/bin/tetragon",
    "usr/local/lib/tetragon/systemd/tetragon.service",
    *(f"usr/local/lib/tetragon/tetragon.conf.d/{path.name}" for path in (HOME / "deploy/conf.d").iterdir()),
}
LDD_WITHOUT = """#!/bin/sh
echo "	libbpf.so.1 => not found"
echo "	libfuture.so.9 => not found"
"""


def pack(machine: Machine) -> Path:
    """Made in a directory of the test's own: the caller's tarball stays."""
    for program in ("tetrad", "tetra"):
        shutil.copy(machine.build / program, machine.work)
    said = machine.run(["deploy/tarball/build", str(machine.work), "1.2.3"], cwd=HOME)
    return machine.work / said.strip().rsplit("/", 1)[1]


def unpack(machine: Machine) -> str:
    """A fresh copy of the machine with the tarball unpacked in /tmp; the answer is where."""
    machine.reset()
    archive = pack(machine)
    with tarfile.open(archive) as file:
        file.extractall(machine.at("/tmp"))
    return f"/tmp/{archive.name.removesuffix('.tar.gz')}"


def is_made(machine: Machine) -> None:
    contents = []
    for _ in range(2):
        archive = pack(machine)
        contents.append(archive.read_bytes())
    expect(contents[0] == contents[1], "two archives of the same binaries differ")
    with tarfile.open(archive) as file:
        names = {one.name.split("/", 1)[1] for one in file.getmembers() if not one.isdir()}
        owners = {(one.uid, one.gid) for one in file.getmembers()}
    expect(names == LAYOUT, f"missing: {sorted(LAYOUT - names)}, surplus: {sorted(names - LAYOUT)}")
    expect(owners == {(0, 0)}, f"not all is root's: {owners}")


def refuses(machine: Machine) -> None:
    """Before anything is changed."""
    tree = unpack(machine)
    shim = machine.at("/tmp/shim")
    shim.mkdir()
    (shim / "ldd").write_text(LDD_WITHOUT)
    (shim / "ldd").chmod(0o755)
    rows = (
        (f"setpriv --reuid=65534 --clear-groups {tree}/install.sh", "must be run as root"),
        (f"setpriv --reuid=65534 --clear-groups {tree}/uninstall.sh", "must be run as root"),
        (f"{tree}/install.sh --force", "takes no arguments"),
        (f"{tree}/uninstall.sh --all", 'unknown argument "--all"'),
        (f"PATH=/tmp/shim:$PATH {tree}/install.sh", "apt-get install libbpf1 the one with libfuture.so.9"),
        (f"cp {tree}/install.sh /tmp/shim/ && /tmp/shim/install.sh", "is not the unpacked tarball"),
    )
    for line, wanted in rows:
        said = machine.inside(line, 1)
        expect(wanted in said, f"{line} said: {said}")
    left = machine.changed()
    expect(not left, f"a script that refused left: {sorted(left)}")


def installs_below_destdir(machine: Machine) -> None:
    """Twice: the second time is an upgrade, and what the administrator wrote stays."""
    tree = unpack(machine)
    machine.inside(f"DESTDIR=/tmp/scratch {tree}/install.sh")
    mine = machine.at("/tmp/scratch/etc/tetragon/tetragon.conf.d/log-level")
    mine.write_text("debug\n")
    default = machine.at("/tmp/scratch/usr/local/lib/tetragon/tetragon.conf.d/export-filename")
    default.write_text("edited\n")
    said = machine.inside(f"DESTDIR=/tmp/scratch {tree}/install.sh")
    expect("nothing was started" in said, said)
    expect(mine.read_text() == "debug\n", "configuration was overwritten")
    expect(default.read_text() == (HOME / "deploy/conf.d/export-filename").read_text(), "an old default stayed")
    unit = machine.at("/tmp/scratch/usr/lib/systemd/system/tetragon.service").read_text()
    expect("ExecStart=/usr/local/bin/tetragon\n" in unit, "the unit starts another program")
    expect(not machine.changed(), f"DESTDIR was left: {sorted(machine.changed())}")
    for _ in range(2):
        said = machine.inside(f"DESTDIR=/tmp/scratch {tree}/uninstall.sh")
    files = [path for path in machine.at("/tmp/scratch").rglob("*") if path.is_file() or path.is_symlink()]
    expect(files == [mine] and "kept" in said, f"{said}; left: {files}")
    machine.inside(f"DESTDIR=/tmp/scratch {tree}/uninstall.sh --purge")
    expect(not mine.exists(), "--purge kept configuration")


def installs_for_real(machine: Machine) -> None:
    tree = unpack(machine)
    said = machine.inside(f"{tree}/install.sh")
    expect("systemd does not run here; start the agent with: /usr/local/bin/tetragon" in said, said)
    agent = machine.agent("/usr/local/bin/tetragon")
    said = machine.inside("tetra status")
    expect("running" in said, said)
    machine.inside(f"{tree}/install.sh")  # over a program that runs
    machine.stop(agent)
    machine.inside(f"{tree}/uninstall.sh --purge")
    expect(not machine.changed(), f"left: {sorted(machine.changed())}")
    said = machine.inside(f"{tree}/uninstall.sh")
    expect(said.strip() == "uninstalled", said)


def scripts_are_plain_sh(machine: Machine) -> None:
    for name in ("install.sh", "uninstall.sh"):
        subprocess.run(["dash", "-n", str(HOME / "deploy/tarball" / name)], check=True)


CASES = (
    ("the tarball has upstream's layout, and is the same bytes each time", is_made),
    ("install.sh and uninstall.sh are plain sh", scripts_are_plain_sh),
    ("the scripts refuse before they change anything", refuses),
    ("install.sh and uninstall.sh work below DESTDIR, twice", installs_below_destdir),
    ("install.sh and uninstall.sh work on a whole machine", installs_for_real),
)

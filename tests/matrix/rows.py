# SPDX-License-Identifier: Apache-2.0
"""The table: one row for each type of argument and each way to bring one about.

In: the kernel, and the directory where files may be touched. Out: rows: which function is hooked, what is done so that
it is called once with a known value, what the event shows then, and what filters must say of it.
"""
from __future__ import annotations

import base64
import os
import re
import socket
import struct
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import checks
from checks import Checks, Ends
from facts import SHOWN

GUESTS = ("6.1", "6.12")
EVERYWHERE = ("own", *GUESTS)
ANY = re.compile("")
OPTIONAL = re.compile("")  # may also be missing
# System calls that nothing else on a machine makes, by their numbers on x86-64.
READ, WRITE, OPEN, WRITEV, UNLINK, CONNECT, CHROOT = 0, 1, 2, 20, 87, 42, 161
CAPSET, SWAPOFF, MQ_GETSETATTR, NEWFSTATAT, KCMP, BPF = 126, 168, 245, 262, 312, 321
AT_FDCWD = "-100"

Act = tuple[str, ...]


@dataclass
class Row:
    type: str
    call: str
    index: int
    act: tuple[Act, ...]  # an actor and its arguments, for each of the values
    shown: tuple[dict[str, Any], ...]  # the argument in the event, for each of the values
    checks: Checks
    kernels: tuple[str, ...] = GUESTS
    key: tuple[str, ...] = ()  # members of what is shown that tell this act's events from others; none: all
    once: bool = True  # each act calls the function once
    size_from: int = 0  # argument with the size, counted from 1
    others: tuple[tuple[int, str], ...] = ()  # further arguments: index and type
    note: str = ""
    is_absent: bool = False  # the value cannot be read: no filter lets it pass, whatever it asks

    @property
    def title(self) -> str:
        return f"{self.type} ({self.call}{', ' + self.note if self.note else ''})"

    def arguments(self) -> list[dict[str, Any]]:
        first: dict[str, Any] = {"index": self.index, "type": self.type, "label": "subject"}
        if self.size_from:
            first["sizeArgIndex"] = self.size_from
        return [first, *({"index": index, "type": kind} for index, kind in self.others)]


def raw(number: int, *arguments: str) -> Act:
    return ("raw_call", str(number), *arguments)


SHOW_ONLY: Checks = [checks.Check(SHOWN, True)]

# ---- numbers ---------------------------------------------------------------------------------------------------------

# Each width of it has its highest bit set.
NUMBER = 0x8182838485868788
NUMBER_ACT = raw(KCMP, hex(NUMBER), "-1", "99", "7")
NUMBERS = {
    **{f"int{bits}": (bits, True, "long_arg" if bits == 64 else "int_arg") for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": (bits, False, "size_arg" if bits == 64 else "uint_arg") for bits in (8, 16, 32, 64)},
    "size_t": (64, False, "size_arg"),
}


def numbers() -> list[Row]:
    rows = []
    for kind, (bits, is_signed, member) in NUMBERS.items():
        value = NUMBER & (1 << bits) - 1
        value -= 1 << bits if is_signed else 0
        shown = {member: str(value) if bits == 64 else value}
        rows.append(Row(kind, "sys_kcmp", 0, (NUMBER_ACT,), (shown,), checks.number(value, bits, is_signed), EVERYWHERE))
    return rows


def names() -> list[Row]:
    chroot = checks.symbol("CAP_SYS_CHROOT", 18, "CAP_CHOWN", 40)
    shown = {"capability_arg": {"value": 18, "name": "CAP_SYS_CHROOT"}}
    run_program = checks.symbol("BPF_PROG_TEST_RUN", 10, "BPF_MAP_CREATE", 30)
    return [
        Row("capability", "sys_mq_getsetattr", 0, (MQ_ACT,), (shown,), chroot, EVERYWHERE),
        Row("capability", "cap_capable", 2, (CHROOT_ACT,), (shown,), chroot, once=False),
        Row("bpf_cmd", "sys_bpf", 0, (raw(BPF, "10", "0", "0"),), ({"bpf_cmd_arg": "BPF_PROG_TEST_RUN"},), run_program,
            EVERYWHERE),
    ]  # fmt: skip


# ---- capabilities ----------------------------------------------------------------------------------------------------

SETS = {"old": 1 << 5 | 1 << 1, "new": 1 << 5 | 1 << 1 | 1 << 38 | 1}
CHROOT_ACT = raw(CHROOT, "=/")
# The number of a capability that is no descriptor, and two sets.
MQ_ACT = raw(MQ_GETSETATTR, "18", *(":" + struct.pack("<Q", SETS[name]).hex() for name in ("old", "new")))


def capset_act() -> Act:
    """Effective and permitted are the new set, inheritable the old one (capset(2), version 3)."""
    low, high = ({name: SETS[name] >> shift & 0xFFFFFFFF for name in SETS} for shift in (0, 32))
    data = struct.pack("<6I", low["new"], low["new"], low["old"], high["new"], high["new"], high["old"])
    return raw(CAPSET, ":" + struct.pack("<II", 0x20080522, 0).hex(), ":" + data.hex())


def capability_sets() -> list[Row]:
    rows = []
    places = {"kernel_cap_t": (2, "new"), "cap_effective": (2, "new"), "cap_inheritable": (3, "old"),
              "cap_permitted": (4, "new")}  # fmt: skip
    for kind, (index, which) in places.items():
        bits = SETS[which]
        shown = ({f"{kind}_arg": f"{bits:016x}"},)
        # the other set: the second argument that is collected
        gained = (0, 1) if which == "old" else (1, 0)
        of_set = checks.capabilities(bits, "CAP_KILL", gained)
        at, other = (1, 2) if which == "old" else (2, 1)
        rows += [
            Row(kind, "sys_mq_getsetattr", at, (MQ_ACT,), shown, of_set, EVERYWHERE, others=((other, kind),)),
            Row(kind, "security_capset", index, (capset_act(),), shown, of_set,
                others=((2 if which == "old" else 3, kind),)),
        ]  # fmt: skip
    return rows


def credentials() -> list[Row]:
    space = {"level": 0, "uid": 0, "gid": 0, "ns": {"inum": ANY, "is_host": True}}
    ids = {name: 0 for name in ("uid", "gid", "euid", "egid", "suid", "sgid", "fsuid", "fsgid")}
    cred = {**ids, "caps": {"permitted": ANY, "effective": ANY}, "user_ns": space}
    number = {"int_arg": 7}
    return [
        Row("cred", "cap_capable", 0, (CHROOT_ACT,), ({"process_credentials_arg": cred},), SHOW_ONLY, once=False),
        Row("user_namespace", "cap_capable", 1, (CHROOT_ACT,), ({"user_ns_arg": space},), SHOW_ONLY, once=False),
        # What is shown as first argument is the second one: the first has nothing to show.
        Row("nop", "sys_kcmp", 0, (NUMBER_ACT,), (number,), SHOW_ONLY, EVERYWHERE,
            others=((3, "int32"),)),
    ]  # fmt: skip


# ---- texts and buffers -----------------------------------------------------------------------------------------------

TEXT = "matrix-Text.of-twenty-six"
BUFFER = "Matrix buffer, written"


def in_base64(value: str) -> str:
    return base64.b64encode(value.encode()).decode()


def texts(path: str) -> list[Row]:
    half = len(BUFFER) // 2
    write = raw(WRITE, f"+{path}", f"={BUFFER}", str(len(BUFFER)))
    writev = raw(WRITEV, f"+{path}", f"/{BUFFER[:half]}/{BUFFER[half:]}", "2")
    shown = ({"bytes_arg": in_base64(BUFFER)},)
    of_text, of_buffer = checks.text(TEXT), checks.text(BUFFER)
    return [
        Row("string", "sys_swapoff", 0, (raw(SWAPOFF, f"={TEXT}"),), ({"string_arg": TEXT},), of_text, EVERYWHERE),
        Row("char_buf", "sys_write", 1, (write,), shown, of_buffer, EVERYWHERE, size_from=3),
        Row("const_buf", "sys_write", 1, (write,), shown, of_buffer, EVERYWHERE, size_from=3),
        Row("char_iovec", "sys_writev", 1, (writev,), shown, of_buffer, EVERYWHERE, size_from=3),
        Row("filename", "do_filp_open", 1, (raw(OPEN, f"={path}", "0"),), ({"string_arg": path},), checks.text(path),
            once=False),
        Row("net_device", "dev_get_stats", 0, (raw(READ, "</proc/net/dev", "=" + " " * 4000, "4000"),),
            ({"string_arg": "lo"},), checks.text("lo"), once=False),
    ]  # fmt: skip


# ---- what cannot be read -----------------------------------------------------------------------------------------------

UNREADABLE = {"error_arg": {"Message": "bad address"}}
UNREADABLE_BUFFER = {"bytes_arg": in_base64("CharBufErrorPageFault")}


def absent() -> list[Row]:
    """Addresses where nothing is mapped, and a number that is no descriptor."""

    def row(kind: str, call: str, index: int, act: Act, questions: Checks, **more: Any) -> Row:
        shown = UNREADABLE_BUFFER if kind.startswith("char_") else UNREADABLE
        all_out = [replace(check, passes=False, value=0) for check in questions if check.passes]
        return Row(kind, call, index, (act,), (shown,), SHOW_ONLY + all_out, EVERYWHERE, note="unreadable",
                   is_absent=True, **more)  # fmt: skip

    connect = raw(CONNECT, "@2", "16", "16")
    write = raw(WRITE, "999", "16", "16")
    no_sets = raw(MQ_GETSETATTR, "-1", "16", "32")
    return [
        row("string", "sys_swapoff", 0, raw(SWAPOFF, "16"), checks.text(TEXT)),
        row("char_buf", "sys_write", 1, write, checks.text(BUFFER), size_from=3),
        row("char_iovec", "sys_writev", 1, raw(WRITEV, "999", "16", "1"), checks.text(BUFFER), size_from=3),
        row("fd", "sys_write", 0, write, checks.file("/etc/passwd")),
        row("sockaddr", "sys_connect", 1, connect, checks.source(Ends("127.0.0.1", 1009))),
        row("sockaddr_un", "sys_connect", 1, connect, checks.unix_address("/run/socket")),
        row("kernel_cap_t", "sys_mq_getsetattr", 1, no_sets, checks.capabilities(SETS["new"], "CAP_KILL", (0, 1)),
            others=((2, "kernel_cap_t"),)),
    ]  # fmt: skip


# ---- files -----------------------------------------------------------------------------------------------------------


def files(directory: Path) -> list[Row]:
    path = str(directory / "Matrix.file")
    doomed = str(directory / "Doomed.file")
    program = str(directory / "Matrix.program")
    inner = f"/{directory.name}/Doomed.file"  # in its file system, which is mounted where `directory` lies
    of_file = checks.file(path)
    opening = raw(OPEN, f"={path}", "0")
    write = raw(WRITE, f"+{path}", f"={BUFFER}", str(len(BUFFER)))
    shown = ({"file_arg": {"path": path, "permission": "-rw-r--r--"}},)
    as_path = ({"path_arg": {"path": path, "permission": "-rw-r--r--"}},)
    as_program = ({"linux_binprm_arg": {"path": program, "permission": "-rwxr-xr-x"}},)
    as_dentry = ({"path_arg": {"path": inner, "permission": "-rw-r--r--"}},)
    return [
        Row("fd", "sys_write", 0, (write,), shown, of_file, EVERYWHERE),
        Row("file", "fd_install", 1, (opening,), shown, of_file, EVERYWHERE, once=False),
        Row("file", "security_file_open", 0, (opening,), shown, of_file, once=False),
        Row("kiocb", "shmem_file_read_iter", 0, (raw(READ, f"<{path}", "=        ", "8"),), shown, of_file),
        Row("path", "security_inode_getattr", 0, (raw(NEWFSTATAT, AT_FDCWD, f"={path}", "=" + " " * 144, "0"),),
            as_path, of_file),
        Row("linux_binprm", "security_bprm_check", 0, (("exec", program),), as_program, checks.file(program)),
        Row("dentry", "security_inode_unlink", 1, (raw(UNLINK, f"={doomed}"),), as_dentry, checks.file(inner)),
    ]  # fmt: skip


# ---- network ---------------------------------------------------------------------------------------------------------


def loopback(kind: str, ends: Ends) -> Act:
    return ("loopback", kind, ends.address, str(ends.source), str(ends.destination))


def show_ends(ends: Ends) -> dict[str, Any]:
    return {"family": ends.family, "saddr": ends.address, "daddr": ends.address, "sport": ends.source,
            "dport": ends.destination, "protocol": ends.protocol}  # fmt: skip


def show_socket(ends: Ends) -> dict[str, Any]:
    return {"sock_arg": {**show_ends(ends), "type": "SOCK_STREAM", "state": ends.state, "cookie": ANY}}


def show_packet(ends: Ends) -> dict[str, Any]:
    length = 6 + 8 + (40 if ":" in ends.address else 20)
    return {"skb_arg": {**show_ends(ends), "len": length, "proto": 17, "hash": OPTIONAL}}


def packets(where: str) -> list[Row]:
    def pair(kind: str, protocol: str, state: str, number: int) -> tuple[tuple[Act, Act], tuple[Ends, Ends]]:
        """From a privileged port to another one, and the other way."""
        ends = (
            Ends(where, 1000 + number, 2000 + number, protocol, state),
            Ends(where, 3000 + number, 900 + number, protocol, state),
        )
        return (loopback(kind, ends[0]), loopback(kind, ends[1])), ends

    rows = []
    note = "IPv6" if ":" in where else "IPv4"
    for kind, call, state, kernels in (
        ("sock", "tcp_connect", "TCP_SYN_SENT", EVERYWHERE),
        ("socket", "security_socket_getpeername", "TCP_ESTABLISHED", GUESTS),
    ):
        acts, ends = pair("tcp", "IPPROTO_TCP", state, 1)
        shown = tuple(map(show_socket, ends))
        rows.append(Row(kind, call, 0, acts, shown, checks.socket(ends[0]), kernels, note=note))
    acts, ends = pair("udp", "IPPROTO_UDP", "", 2)
    call = "ip6_output" if ":" in where else "ip_output"
    shown = tuple(map(show_packet, ends))
    key = ("skb_arg.sport", "skb_arg.dport", "skb_arg.proto")
    rows.append(Row("skb", call, 2, acts, shown, checks.packet(ends[0]), key=key, note=note))
    return rows


def addresses(where: str) -> list[Row]:
    """Datagram sockets only: to connect them sends nothing."""
    family = socket.AF_INET6 if ":" in where else socket.AF_INET
    packed = socket.inet_pton(family, where)
    both = (Ends(where, 1009), Ends(where, 2009))
    acts, shown = [], []
    for ends in both:
        middle = b"\0" * 4 if family == socket.AF_INET6 else b""
        address = struct.pack("<H", family) + struct.pack(">H", ends.source) + middle + packed + b"\0" * 8
        acts.append(raw(CONNECT, f"@{int(family)}", ":" + address.hex(), str(28 if middle else 16)))
        shown.append({"sockaddr_arg": {"family": ends.family, "addr": where, "port": ends.source}})
    of_address = checks.source(both[0])
    note = "IPv6" if ":" in where else "IPv4"
    return [
        Row("sockaddr", "sys_connect", 1, tuple(acts), tuple(shown), of_address, EVERYWHERE, note=note),
        Row("sockaddr", "security_socket_connect", 1, tuple(acts), tuple(shown), of_address, note=note),
    ]


def unix_addresses(directory: Path) -> list[Row]:
    rows = []
    for path, note in ((str(directory / "Matrix.socket"), "path"), ("@Matrix-abstract", "abstract")):
        name = b"\0" + path[1:].encode() if note == "abstract" else path.encode() + b"\0"
        address = struct.pack("<H", socket.AF_UNIX) + name
        act = (raw(CONNECT, "@1", ":" + address.hex(), str(len(address))),)
        shown = ({"sockaddrun_arg": {"family": "AF_UNIX", "path": path}},)
        of_address = checks.unix_address(path)
        rows += [
            Row("sockaddr_un", "sys_connect", 1, act, shown, of_address, EVERYWHERE, note=note),
            Row("sockaddr_un", "security_socket_connect", 1, act, shown, of_address, note=note),
        ]
    return rows


# ---- all of them -----------------------------------------------------------------------------------------------------


def prepare(directory: Path) -> None:
    for name, mode in (("Matrix.file", 0o644), ("Doomed.file", 0o644)):
        (directory / name).write_text("")
        (directory / name).chmod(mode)
    os.rename(directory / "true", directory / "Matrix.program")
    (directory / "Matrix.program").chmod(0o755)


def make_rows(directory: Path) -> list[Row]:
    path = str(directory / "Matrix.file")
    return [
        *numbers(),
        *names(),
        *capability_sets(),
        *credentials(),
        *texts(path),
        *packets("127.0.0.1"),
        *packets("::1"),
        *addresses("127.0.0.1"),
        *addresses("::1"),
        *unix_addresses(directory),
        *absent(),
        *files(directory),
    ]

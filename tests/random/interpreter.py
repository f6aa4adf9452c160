# SPDX-License-Identifier: Apache-2.0
"""What a policy must say to a call, told as plainly as possible: a policy and a call in, what is to be seen out.

Written down from the documented semantics (docs/policy.md), not from the product's code. One hook per policy.
"""
from __future__ import annotations

import ipaddress
import re
import socket
import stat
from dataclasses import dataclass, field
from typing import Any, Callable

UNREADABLE = None  # an argument that cannot be read: it fulfils no filter, negated ones neither

BITS = {"int8": 8, "sint8": 8, "uint8": 8, "int16": 16, "sint16": 16, "uint16": 16, "int": 32, "int32": 32}
BITS.update({"sint32": 32, "uint32": 32, "int64": 64, "sint64": 64, "long": 64, "uint64": 64, "ulong": 64, "size_t": 64})
UNSIGNED = ("uint8", "uint16", "uint32", "uint64", "ulong", "size_t")
TEXTS = ("string", "char_buf")
FAMILIES = {"AF_UNSPEC": 0, "AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16, "AF_VSOCK": 40}
FILE_TYPES = {"reg": stat.S_IFREG, "dir": stat.S_IFDIR, "fifo": stat.S_IFIFO, "pipe": stat.S_IFIFO}
FILE_TYPES.update({"chr": stat.S_IFCHR, "char": stat.S_IFCHR, "blk": stat.S_IFBLK, "block": stat.S_IFBLK})
FILE_TYPES.update({"lnk": stat.S_IFLNK, "link": stat.S_IFLNK, "sock": stat.S_IFSOCK, "socket": stat.S_IFSOCK})
FILE_TYPES.update({"regular": stat.S_IFREG})


@dataclass
class File:
    path: bytes
    mode: int


@dataclass
class Caller:
    """Who makes a call: pids are those of the initial pid namespace."""

    pid: int
    binary: str
    ancestors: set[int] = field(default_factory=set)
    parent_binary: str = ""


@dataclass
class Call:
    """One call of a function. Arguments are what stands in registers (int), what pointers lead to (bytes, File), or
    UNREADABLE."""

    function: str
    arguments: list[int | bytes | File | None]
    result: int = 0
    returns: bool = True  # whether it is known what it returned


# ---- values of arguments ---------------------------------------------------------------------------------------------


def to_number(register: int, kind: str) -> int:
    number = register & (2 ** BITS[kind] - 1)
    if kind not in UNSIGNED and number >= 2 ** (BITS[kind] - 1):
        number -= 2 ** BITS[kind]
    return number


def value_of(call: Call, argument: dict[str, Any]) -> Any:
    """A number, bytes, a File, or a raw address, as the type says."""
    kind = argument["type"]
    value = call.arguments[argument["index"]]
    if kind in BITS:
        return to_number(value, kind)
    if kind == "char_buf":
        size = call.arguments[argument["sizeArgIndex"] - 1]
        if size == 0:
            return b""
        return value[:size] if isinstance(value, bytes) else UNREADABLE
    if isinstance(value, int):  # a number in the place of an address: nothing can be read there
        return UNREADABLE
    if kind == "string" and value is not UNREADABLE:
        return value.split(b"\0")[0]
    return value


# ---- tests -----------------------------------------------------------------------------------------------------------


def parse_number(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    if re.fullmatch(r"0[0-7]+", digits):
        return sign * int(digits, 8)
    return sign * int(digits, 0)


def parse_range(text: str) -> tuple[int, int]:
    low, _, high = text.partition(":")
    return parse_number(low), parse_number(high or low)


def in_ranges(number: int, values: list[str]) -> bool:
    return any(low <= number <= high for low, high in map(parse_range, values))


def test_number(number: int, operator: str, values: list[str], kind: str) -> bool:
    if operator in ("Equal", "InMap", "InRange"):
        return in_ranges(number, values)
    if operator in ("GT", "GreaterThan"):
        return any(number > parse_number(value) for value in values)
    if operator in ("LT", "LessThan"):
        return any(number < parse_number(value) for value in values)
    if operator == "Mask":
        width = 2 ** BITS[kind] - 1
        return any(number & parse_number(value) & width for value in values)
    raise KeyError(operator)


def lower(text: bytes) -> bytes:
    return bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in text)


def test_text(text: bytes, operator: str, values: list[str], kind: str) -> bool:
    wanted = [value.encode() for value in values]
    if kind != "char_buf":
        wanted = [value.rstrip(b"\0") for value in wanted]
    tests: dict[str, Callable[[bytes], bool]] = {
        "Equal": lambda value: text == value,
        "Prefix": text.startswith,
        "Postfix": text.endswith,
        "SubString": lambda value: value in text,
        "SubStringIgnCase": lambda value: lower(value) in lower(text),
    }
    return any(map(tests[operator], wanted))


def test_file(file: File, operator: str, values: list[str]) -> bool:
    if operator == "FileType":
        return any(stat.S_IFMT(file.mode) == FILE_TYPES[value] for value in values)
    return test_text(file.path, operator, values, "file")


def parse_family(text: str) -> int:
    return FAMILIES[text] if text in FAMILIES else parse_number(text)


def test_address(raw: bytes, operator: str, values: list[str]) -> bool | None:
    """None: an address of this family has no port and no address."""
    family = int.from_bytes(raw[0:2], "little")
    if operator == "Family":
        return family in map(parse_family, values)
    if family not in (socket.AF_INET, socket.AF_INET6):
        return None
    port = int.from_bytes(raw[2:4], "big")
    if operator == "SPort":
        return in_ranges(port, values)
    if operator in ("SPortPriv", "SportPriv"):
        return port < 1024
    if operator == "SAddr":
        address = ipaddress.ip_address(raw[4:8] if family == socket.AF_INET else raw[8:24])
        networks = [ipaddress.ip_network(value, strict=False) for value in values]
        return any(address.version == network.version and address in network for network in networks)
    raise KeyError(operator)


def test_unix_address(raw: bytes, operator: str, values: list[str]) -> bool | None:
    """None: an address of another family has no path."""
    family = int.from_bytes(raw[0:2], "little")
    if operator == "Family":
        return family in map(parse_family, values)
    if family != socket.AF_UNIX:
        return None
    path = raw[2:]
    abstract = path[:1] == b"\0"
    name = path[1:].split(b"\0")[0] if abstract else path.split(b"\0")[0]
    return test_text(b"@" + name if abstract and name else name, operator, values, "sockaddr_un")


def test_value(value: Any, operator: str, values: list[str], kind: str) -> bool | None:
    if kind in BITS:
        return test_number(value, operator, values, kind)
    if kind in TEXTS:
        return test_text(value, operator, values, kind)
    if kind == "file":
        return test_file(value, operator, values)
    if kind == "sockaddr":
        return test_address(value, operator, values)
    return test_unix_address(value, operator, values)


def fulfils(value: Any, kind: str, operator: str, values: list[str]) -> bool:
    if value is UNREADABLE:
        return False
    negated = operator.startswith("Not")
    answer = test_value(value, operator[3:] if negated else operator, values, kind)
    return answer is not None and answer != negated


# ---- selectors -------------------------------------------------------------------------------------------------------


def subject_of(hook: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    if "args" in entry:
        return hook["args"][entry["args"][0]]
    return next(argument for argument in hook["args"] if argument["index"] == entry["index"])


def argument_matches(hook: dict[str, Any], entry: dict[str, Any], call: Call) -> bool:
    subject = subject_of(hook, entry)
    return fulfils(value_of(call, subject), subject["type"], entry["operator"], entry.get("values", []))


def binary_matches(entry: dict[str, Any], caller: Caller) -> bool:
    operator, negated = entry["operator"], entry["operator"].startswith("Not")
    test = {"In": "Equal", "Prefix": "Prefix", "Postfix": "Postfix"}[operator[3:] if negated else operator]
    binaries = [caller.binary] + ([caller.parent_binary] if entry.get("followChildren") else [])
    return any(test_text(binary.encode(), test, entry["values"], "string") for binary in binaries) != negated


def pids_match(entry: dict[str, Any], caller: Caller) -> bool:
    pids = {caller.pid} | (caller.ancestors if entry.get("followForks") else set())
    return bool(pids & set(entry["values"])) != (entry["operator"] == "NotIn")


def selector_matches(hook: dict[str, Any], selector: dict[str, Any], call: Call, caller: Caller) -> bool:
    return (
        all(pids_match(entry, caller) for entry in selector.get("matchPIDs", []))
        and all(binary_matches(entry, caller) for entry in selector.get("matchBinaries", []))
        and all(argument_matches(hook, entry, call) for entry in selector.get("matchArgs", []))
    )


def return_matches(hook: dict[str, Any], selector: dict[str, Any], call: Call) -> bool:
    kind = hook["returnArg"]["type"] if "returnArg" in hook else ""
    return all(
        fulfils(to_number(call.result, kind), kind, entry["operator"], entry["values"])
        for entry in selector.get("matchReturnArgs", [])
    )


def action_of(selector: dict[str, Any]) -> str | None:
    """The last action that is more than to post; None: it does not post."""
    actions = [action["action"] for action in selector.get("matchActions", [])]
    if "NoPost" in actions:
        return None
    more = [action for action in actions if action != "Post"]
    return more[-1].upper() if more else "POST"


def verdict(policy: dict[str, Any], call: Call, caller: Caller) -> str | None:
    """The action that the event of this policy must show, or None when there must be no event."""
    hook = policy["spec"]["kprobes"][0]
    selectors = hook.get("selectors", [])
    if not selectors:
        return "POST"
    for selector in selectors:
        if selector_matches(hook, selector, call, caller):
            return action_of(selector) if return_matches(hook, selector, call) else None
    return None

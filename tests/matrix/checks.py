# SPDX-License-Identifier: Apache-2.0
"""What is asked of a value: for each operator that its group takes one question that is answered yes and one no."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One filter, and whether the value must pass it."""

    operator: str
    passes: bool
    values: tuple[str, ...] = ()  # none: the operator takes none
    value: int = 0  # which of the row's values is looked at
    args: tuple[int, ...] = ()  # positions of the arguments that are compared, where it is not the first


Checks = list[Check]


def both(operator: str, right: tuple[str, ...], wrong: tuple[str, ...], negated: str = "") -> Checks:
    """RIGHT lets the value pass and WRONG does not; the negated operator has it the other way."""
    checks = [Check(operator, True, right), Check(operator, False, wrong)]
    if negated:
        checks += [Check(negated, True, wrong), Check(negated, False, right)]
    return checks


def number(value: int, bits: int, is_signed: bool) -> Checks:
    """Of a number whose highest bit is set: signed ones are below zero, unsigned ones above everything signed."""
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else (0, (1 << bits) - 1)
    half = 0 if is_signed else high >> 1
    other = str(value + 2)
    pattern = value & (1 << bits) - 1
    clear = next(1 << bit for bit in range(bits) if not pattern >> bit & 1)
    above, below = (str(low), str(half)) if is_signed else (str(half), str(high))
    return [
        *both("Equal", (other, str(value)), (other, str(value + 1)), "NotEqual"),
        *both("InMap", (other, f"{value - 1}:{value}"), (other, f"{value + 1}:{value + 3}"), "NotInMap"),
        *both("InRange", (f"{value}:{value + 1}",), (f"{low}:{value - 1}", f"{value + 1}:{high}"), "NotInRange"),
        *both("GreaterThan", (str(value - 1),), (str(value),)),
        *both("GT", (above,), (below,)),
        *both("LessThan", (str(value + 1),), (str(value),)),
        *both("LT", (str(half) if is_signed else str(high),), (str(low) if is_signed else str(half),)),
        *both("Mask", (hex(1 << bits - 1 | clear),), (hex(clear),)),
    ]


def symbol(name: str, number_: int, other: str, other_number: int) -> Checks:
    """Of a number that has a name."""
    wide = f"{number_ - 1}:{number_ + 1}"
    return [
        *both("Equal", (other, name), (other,), "NotEqual"),
        *both("InMap", (wide,), (other, str(other_number + 1)), "NotInMap"),
    ]


def text(value: str) -> Checks:
    """Of a text with letters; longer ones are cut behind their eighth byte, where tables go on."""
    cut = 9 if len(value) > 12 else len(value) // 2
    middle = value[len(value) // 2 :]
    # They differ from it in the last of the eight bytes that tables look at together.
    siblings = tuple(value[:7] + digit + value[8:] for digit in "0123456789") if len(value) > 12 else ()
    return [
        *both("Equal", (*siblings, value), (*siblings, value + "x", value[:-1]), "NotEqual"),
        *both("Prefix", ("other", value[:cut]), ("other", value[:cut] + "~", value[1:]), "NotPrefix"),
        *both("Postfix", ("other", value[-cut:]), ("other", "~" + value[-cut:], value[:-1]), "NotPostfix"),
        *both("SubString", ("other", middle), ("other", middle.swapcase())),
        *both("SubStringIgnCase", ("other", middle.swapcase()), ("other", middle + "~")),
    ]


def file(path: str, kind: str = "reg") -> Checks:
    return [*text(path), *both("FileType", ("dir", kind), ("dir", "lnk"), "NotFileType")]


@dataclass(frozen=True)
class Ends:
    """What sockets and packets say."""

    address: str
    source: int
    destination: int = 0
    protocol: str = ""
    state: str = ""

    @property
    def family(self) -> str:
        return "AF_INET6" if ":" in self.address else "AF_INET"

    @property
    def network(self) -> str:
        return "::/64" if ":" in self.address else "127.0.0.0/8"


ELSEWHERE = ("10.0.0.0/8", "fe80::/10", "127.0.0.2", "::2")


def address(operator: str, negated: str, ends: Ends) -> Checks:
    return both(operator, ("10.0.0.0/8", "fe80::/10", ends.network), ELSEWHERE, negated)


def port(operator: str, negated: str, number_: int) -> Checks:
    return both(operator, ("1", f"{number_ - 1}:{number_}"), ("1", f"{number_ + 1}:65535"), negated)


def privileged(operator: str, negated: str, value: int, other: int) -> Checks:
    """Two values are needed: one with a port below 1024, and one with another."""
    return [
        Check(operator, True, value=value),
        Check(operator, False, value=other),
        Check(negated, True, value=other),
        Check(negated, False, value=value),
    ]


def source(ends: Ends) -> Checks:
    """Of two values: the first has a privileged source port, the second has not."""
    return [
        *port("SPort", "NotSPort", ends.source),
        *privileged("SPortPriv", "NotSportPriv", 0, 1),
        *address("SAddr", "NotSAddr", ends),
        *both("Family", ("AF_UNIX", ends.family), ("AF_UNIX", "AF_NETLINK")),
    ]


def packet(ends: Ends) -> Checks:
    """Of two values: the first goes from a privileged port to another, the second the other way."""
    return [
        *source(ends),
        *port("DPort", "NotDPort", ends.destination),
        *privileged("DPortPriv", "NotDPortPriv", 1, 0),
        *address("DAddr", "NotDAddr", ends),
        *both("Protocol", ("IPPROTO_SCTP", ends.protocol), ("IPPROTO_SCTP", "IPPROTO_ICMP")),
    ]


def socket(ends: Ends) -> Checks:
    return [*packet(ends), *both("State", ("TCP_LISTEN", ends.state), ("TCP_LISTEN", "TCP_TIME_WAIT"))]


def unix_address(path: str) -> Checks:
    return [*text(path), *both("Family", ("AF_INET", "AF_UNIX"), ("AF_INET", "AF_INET6"))]


def capabilities(bits: int, name: str, gained: tuple[int, int]) -> Checks:
    """Of a set that has NAME; GAINED: positions of an old and a new set, where the new one has more."""
    return [
        *both("Equal", ("0x1", hex(bits)), ("0x1", hex(bits ^ 1 << 7)), "NotEqual"),
        *both("GreaterThan", (hex(bits - 1),), (hex(bits),)),
        *both("GT", (hex(bits >> 1),), (hex(bits << 1),)),
        *both("LessThan", (hex(bits + 1),), (hex(bits),)),
        *both("LT", (hex(bits << 1),), (hex(bits >> 1),)),
        *both("Mask", (f"CAP_AUDIT_READ,{name}",), ("CAP_AUDIT_READ",)),
        Check("CapabilitiesGained", True, args=gained),
        Check("CapabilitiesGained", False, args=(gained[1], gained[0])),
    ]

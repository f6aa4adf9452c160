# SPDX-License-Identifier: Apache-2.0
"""A round of the randomised test: a seed and a directory in, policies and the calls that they are tried with out.

The same seed gives the same round, but for the pids and the directory that are written into it. Values of policies are
made from those of the calls, so that about half of the filters hold.
"""
from __future__ import annotations

import ipaddress
import os
import random
import socket
import stat
from dataclasses import dataclass, field
from typing import Any

from interpreter import UNREADABLE, Call, File, value_of
from values import PREFIX_BYTES_MAX, SUBSTRING_BYTES_MAX, Addresses, Numbers, Texts, limits_of

Argument = dict[str, Any]
NUMBERS = ("int8", "int16", "int", "int32", "int64", "long", "uint8", "uint16", "uint32", "uint64", "ulong", "size_t")
NUMBERS += ("sint8", "sint16", "sint32", "sint64")
BAD_ADDRESSES = (0, 1, 0xDEAD000000000000, 0xFFFF888000001000)
PYTHON = os.path.realpath("/proc/self/exe")  # what starts the actors
# Different (argument, type) pairs that the policies of one round collect of one function.
MENU_MAX = 11
# The product's limit is 256 on one value of one function.
SUBSTRINGS_MAX = 4


@dataclass(frozen=True)
class Shape:
    """A function, and what its arguments can be taken for. No argument that the calls make does anything."""

    name: str
    number: int  # of the system call
    marker: int  # the argument that tells calls apart
    types: dict[int, tuple[str, ...]]
    sizes: dict[int, int] = field(default_factory=dict)  # buffer -> argument with its size
    is_syscall: bool = True


SETXATTR = Shape(
    # flags that do not exist are refused before anything else
    "sys_setxattr", 188, 4, {0: ("string",), 1: ("string",), 2: ("char_buf", "string"), 3: NUMBERS}, {2: 3}
)
SPLICE = Shape("sys_splice", 275, 0, {index: NUMBERS for index in range(1, 6)})
SENDTO = Shape(
    "sys_sendto",
    44,
    0,
    {1: ("char_buf", "string"), 3: NUMBERS, 4: ("sockaddr", "sockaddr_un", "sockaddr", "sockaddr_un"), 5: NUMBERS},
    {1: 2},
)
OPEN = Shape("fd_install", 257, 0, {1: ("file",)}, is_syscall=False)
SHAPES = (SETXATTR, SETXATTR, SPLICE, SENDTO, SENDTO, OPEN)

OPEN_FLAGS = {
    "reg": os.O_RDONLY,
    "dir": os.O_RDONLY | os.O_DIRECTORY,
    "fifo": os.O_RDWR | os.O_NONBLOCK,
    "chr": os.O_RDONLY,
    "lnk": os.O_PATH | os.O_NOFOLLOW,
    "sock": os.O_PATH,
    "blk": os.O_PATH,
}
MODES = dict(zip(OPEN_FLAGS, (stat.S_IFREG, stat.S_IFDIR, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFLNK, stat.S_IFSOCK)))
MODES["blk"] = stat.S_IFBLK
TEXT_OPERATORS = ("Equal", "NotEqual", "Prefix", "NotPrefix", "Postfix", "NotPostfix", "SubString", "SubStringIgnCase")
TEXT_OPERATORS += ("Equal", "Prefix", "Postfix", "SubString", "SubStringIgnCase")
NUMBER_OPERATORS = ("Equal", "NotEqual", "GT", "LT", "GreaterThan", "LessThan", "Mask", "InMap", "NotInMap", "InRange")
NUMBER_OPERATORS += ("NotInRange",)
ACTIONS: tuple[list[dict[str, Any]], ...] = (
    [],
    [],
    [{"action": "Post"}],
    [{"action": "Sigkill"}],
    [{"action": "Signal", "argSig": 10}],
    [{"action": "Sigkill"}, {"action": "Signal", "argSig": 12}],
    [{"action": "Sigkill"}, {"action": "NoPost"}],
    [{"action": "NoPost"}],
)
# How many entries of matchArgs a selector has.
ENTRIES = (0,) + 8 * (1,) + 8 * (2,) + 4 * (3,) + 2 * (4,)
ERRNOS = (-9, -22, -14, -1, 0, -8, -10, -23)


class Filters:
    """Entries of matchArgs for values of calls."""

    def __init__(self, rng: random.Random, numbers: Numbers, texts: Texts, addresses: Addresses) -> None:
        self.rng = rng
        self.numbers = numbers
        self.texts = texts
        self.addresses = addresses

    def make(self, kind: str, target: Any, others: list[Any]) -> dict[str, Any]:
        """Operator and values; TARGET and OTHERS are values of calls."""
        others = [value for value in others if value is not UNREADABLE] or [target]
        if target is UNREADABLE:
            target = others[0]
        if target is UNREADABLE:  # nobody can be read
            target, others = (b"x", [b"x"]) if kind in ("string", "char_buf") else (b"\2\0" + bytes(108), [])
        makers = {"string": self.text, "char_buf": self.text, "file": self.file}
        makers.update({"sockaddr": self.address, "sockaddr_un": self.unix_address})
        if kind in makers:
            return makers[kind](target, others or [target])
        return self.number(kind, target, others)

    def sources(self, operator: str, target: Any, others: list[Any]) -> list[Any]:
        """Whose values are written into the filter: for most filters such that TARGET passes."""
        rng = self.rng
        is_hit = (rng.random() < 0.6) != operator.startswith("Not")
        count = rng.choice((1, 1, 1, 2, 3, 4)) if rng.random() < 0.95 else rng.choice((20, 60, 200))
        values = [rng.choice(others) for _ in range(count)]
        if is_hit:
            values[rng.randrange(count)] = target
        return values

    # ---- numbers ----

    def word(self, number: int) -> str:
        if number >= 0 and self.rng.random() < 0.3:
            return self.rng.choice((hex(number), "0" + oct(number)[2:] if number else "0"))
        return str(number)

    def span(self, number: int, kind: str, separator: str = ":") -> str:
        rng = self.rng
        low, high = limits_of(kind)
        first = number + rng.choice((0, 0, 0, -1, 1, -7, low - number))
        last = number + rng.choice((0, 0, 0, -1, 1, 9, high - number))
        first, last = sorted((min(max(first, low), high), min(max(last, low), high)))
        return f"{first}{separator}{last}"

    def number(self, kind: str, target: int, others: list[int]) -> dict[str, Any]:
        rng = self.rng
        operator = rng.choice(NUMBER_OPERATORS)
        sources = self.sources(operator, target, others)
        if operator in ("GT", "LT", "GreaterThan", "LessThan"):
            values = [self.word(self.numbers.near(source, kind)) for source in sources[: rng.choice((1, 1, 2))]]
        elif operator == "Mask":
            width = 2 ** (limits_of(kind)[1] - limits_of(kind)[0]).bit_length() - 1
            bit = 1 << rng.randrange(width.bit_length())
            values = [self.word(rng.choice((source & width, bit, width ^ (source & width))) or 1) for source in sources]
        elif operator in ("InRange", "NotInRange"):
            values = [self.span(source, kind) for source in sources]
        elif operator in ("InMap", "NotInMap"):
            near = [str(self.numbers.near(source, kind)) for source in sources]
            values = [self.span(source, kind) if rng.random() < 0.2 else text for source, text in zip(sources, near)]
        else:
            values = [self.word(self.numbers.near(source, kind)) for source in sources]
        return {"operator": operator, "values": values}

    # ---- texts ----

    def part(self, operator: str, text: bytes) -> bytes:
        """What the operator would have to look for in TEXT."""
        rng = self.rng
        if operator in ("Equal", "NotEqual"):
            return text
        longest = min(len(text), self.limit(operator))
        length = longest if rng.random() < 0.3 else self.texts.length(longest)
        if operator in ("Prefix", "NotPrefix"):
            return text[:length]
        if operator in ("Postfix", "NotPostfix"):
            return text[len(text) - length :]
        start = rng.choice((0, rng.randint(0, len(text)), max(len(text) - length, 0)))
        return text[start : start + length]

    def limit(self, operator: str) -> int:
        if operator in ("Equal", "NotEqual"):
            return 4000
        return SUBSTRING_BYTES_MAX if operator.startswith("SubString") else PREFIX_BYTES_MAX

    def text(self, target: bytes, others: list[bytes], operators: tuple[str, ...] = TEXT_OPERATORS) -> dict[str, Any]:
        operator = self.rng.choice(operators)
        values = []
        sources = self.sources(operator, target, others)
        if operator.startswith("SubString"):
            sources = sources[:SUBSTRINGS_MAX]
        for source in sources:
            part = self.part(operator, source)
            chance = self.rng.random()
            if chance < 0.4:
                part = self.texts.mutate(part) if chance < 0.15 else self.texts.edge(part)
            text = part.decode(errors="ignore")
            if operator == "SubStringIgnCase" and self.rng.random() < 0.7:
                text = "".join(one.swapcase() if one.isascii() and self.rng.random() < 0.5 else one for one in text)
            if len(text.encode()) <= self.limit(operator):
                values.append(text)
        return {"operator": operator, "values": values or ["a"]}

    def file(self, target: File, others: list[File]) -> dict[str, Any]:
        rng = self.rng
        if rng.random() < 0.3:
            names = [name for name, mode in MODES.items() if mode == stat.S_IFMT(target.mode)]
            count = rng.randint(1, 3)
            values = (names if rng.random() < 0.6 else []) + rng.sample(sorted(MODES), count)
            return {"operator": rng.choice(("FileType", "NotFileType")), "values": values}
        return self.text(target.path, [other.path for other in others])

    # ---- addresses ----

    def family(self, raw: bytes) -> dict[str, Any]:
        family = int.from_bytes(raw[:2], "little")
        names = {1: "AF_UNIX", 2: "AF_INET", 10: "AF_INET6", 16: "AF_NETLINK", 40: "AF_VSOCK", 0: "AF_UNSPEC"}
        values = [names.get(family, str(family))] if self.rng.random() < 0.7 else []
        values += self.rng.sample(["AF_INET", "AF_UNIX", "AF_INET6", "16", "AF_VSOCK"], self.rng.choice((0, 1, 2)))
        return {"operator": "Family", "values": values or ["AF_INET"]}

    def address(self, target: bytes, others: list[bytes]) -> dict[str, Any]:
        rng = self.rng
        operator = rng.choice(("SAddr", "SAddr", "NotSAddr", "SPort", "NotSPort", "SPortPriv", "NotSportPriv", "Family"))
        if operator == "Family":
            return self.family(target)
        if operator in ("SPortPriv", "NotSportPriv"):
            return {"operator": operator}
        values = []
        for raw in self.sources(operator, target, others):
            family, port = int.from_bytes(raw[:2], "little"), int.from_bytes(raw[2:4], "big")
            if operator in ("SPort", "NotSPort"):
                values.append(self.span(port, "uint16") if rng.random() < 0.3 else str(self.numbers.near(port, "uint16")))
            elif family == socket.AF_INET6:
                values.append(self.addresses.network(ipaddress.IPv6Address(raw[8:24])))
            else:
                values.append(self.addresses.network(ipaddress.IPv4Address(raw[4:8])))
        return {"operator": operator, "values": values}

    def unix_address(self, target: bytes, others: list[bytes]) -> dict[str, Any]:
        if self.rng.random() < 0.2:
            return self.family(target)

        def path(raw: bytes) -> bytes:
            name = raw[2:].lstrip(b"\0").split(b"\0")[0].decode(errors="ignore").encode()
            return b"@" + name if raw[2:3] == b"\0" and name else name

        return self.text(path(target), list(map(path, others)))


class Round:
    """Calls at once; policies by make_policies(), when it is known which processes will make the calls."""

    def __init__(self, seed: int, directory: str, calls_count: int) -> None:
        self.seed = seed
        self.rng = rng = random.Random(seed)
        self.directory = directory
        self.shape = rng.choice(SHAPES)
        self.is_wide = rng.random() < 0.15  # more selectors than one word of a vector has bits
        self.is_late = rng.random() < 0.4  # the actors are started when the policies are already there
        self.actors = rng.sample(["call", "calk", "call-", "c", "call" + 200 * "l"], rng.choice((1, 2, 3)))
        self.numbers = Numbers(rng)
        self.texts = Texts(rng) if self.shape is not OPEN else Texts(rng, ("abAB", "abcdefghijk.-_", "aéß漢"))
        self.addresses = Addresses(rng, self.texts)
        self.filters = Filters(rng, self.numbers, self.texts, self.addresses)
        self.files: dict[str, str] = {}  # path -> kind
        self.calls = [self.make_call() for _ in range(calls_count)]
        self.callers = [rng.randrange(len(self.actors)) for _ in self.calls]  # who makes which call
        self.policies: list[dict[str, Any]] = []
        self.deleted = 0

    # ---- calls ----

    def make_call(self) -> Call:
        if self.shape is OPEN:
            return self.make_open()
        arguments: list[int | bytes | File | None] = [self.numbers.draw() for _ in range(6)]
        for index, types in self.shape.types.items():
            if "string" in types:
                arguments[index] = self.make_text()
            elif "sockaddr" in types:
                arguments[index] = self.addresses.draw()
            if not isinstance(arguments[index], int) and self.rng.random() < 0.05:
                arguments[index] = self.rng.choice(BAD_ADDRESSES)
        for buffer, size in self.shape.sizes.items():
            arguments[size] = self.make_size(arguments[buffer])
        return Call(self.shape.name, arguments)

    def make_text(self) -> bytes:
        """With its final NUL."""
        rng = self.rng
        text = self.texts.draw()
        if rng.random() < 0.02:
            text = (self.texts.base * 6)[: rng.choice((1000, 2048, 4000, 4090))]
        return text + b"\0"

    def make_size(self, buffer: Any) -> int:
        """Of a buffer: all of it, without the NUL, or only a part."""
        if not isinstance(buffer, bytes):
            return self.rng.choice((0, 1, 8, 100))
        return self.rng.choice((len(buffer), len(buffer) - 1, len(buffer) - 1, self.texts.length(len(buffer))))

    def make_open(self) -> Call:
        rng = self.rng
        path = self.directory + "/f"
        for _ in range(rng.choice((1, 1, 2, 3, 8, 40))):
            name = self.texts.draw(rng.choice((9, 17, 64, 200))).decode().strip(".") or "x"
            if len(path) + len(name.encode()) > 1500:
                break
            deeper = f"{path}/{name}"
            if self.files.get(deeper, "dir") != "dir":
                break
            path = deeper
        if path not in self.files:
            parts = path.split("/")
            for end in range(len(self.directory.split("/")) + 1, len(parts)):
                self.files["/".join(parts[:end])] = "dir"
            self.files[path] = rng.choice(list(OPEN_FLAGS) + ["reg"] * 4)
        mode = MODES[self.files[path]]
        return Call(self.shape.name, [0, File(path.encode(), mode)])

    def mark(self, number: int) -> None:
        """Gives each call its own value of the argument that no filter looks at; files get theirs from the kernel."""
        for at, call in enumerate(self.calls):
            if self.shape is SETXATTR:
                call.arguments[self.shape.marker] = 0x40000000 | (number + at)
            elif self.shape is not OPEN:
                call.arguments[self.shape.marker] = (-(1000 + number + at)) % 2**64

    def line_of(self, call: Call) -> str:
        """For the actor `call`. Some bytes stand at the very end of what can be read."""
        words = [f"{self.shape.number:x}"]
        arguments = call.arguments
        if self.shape is OPEN:
            file = arguments[1]
            assert isinstance(file, File)
            flags = OPEN_FLAGS[self.files[file.path.decode()]]
            arguments = [2**64 - 100, file.path + b"\0", flags]  # AT_FDCWD
        for argument in arguments:
            if isinstance(argument, bytes):
                words.append(("^" if sum(argument) % 4 == 0 else "@") + argument.hex())
            else:
                assert isinstance(argument, int)
                words.append(f"={argument:x}")
        return " ".join(words)

    # ---- policies ----

    def make_policies(self, pids: list[int], others: list[int]) -> None:
        """PIDS: of the actors, or empty when they do not run yet. OTHERS: pids above them and elsewhere."""
        self.menu = self.make_menu()
        count = self.rng.randint(16, 28) if self.is_wide else self.rng.randint(3, 9)
        for number in range(count):
            self.policies.append(self.make_policy(f"r{self.seed}-{number}", pids, others))
        self.rng.shuffle(self.policies)
        self.deleted = self.rng.randint(1, count - 1)  # how many of them go before the second half of the round

    def make_menu(self) -> list[Argument]:
        """Everything that is no number, and some numbers."""
        rng = self.rng
        pairs = {(index, rng.choice(types)) for _ in range(MENU_MAX) for index, types in self.shape.types.items()}
        numbers = sorted(pair for pair in pairs if pair[1] in NUMBERS)
        others = sorted(pairs - set(numbers))
        count = MENU_MAX if not others else MENU_MAX // 2
        menu = []
        for index, kind in others + rng.sample(numbers, min(count, len(numbers))):
            argument: Argument = {"index": index, "type": kind}
            if kind == "char_buf":
                argument["sizeArgIndex"] = self.shape.sizes[index] + 1
            menu.append(argument)
        return menu

    def make_policy(self, name: str, pids: list[int], others: list[int]) -> dict[str, Any]:
        rng = self.rng
        marker = {"index": self.shape.marker, "type": "int", "label": "marker"}
        arguments = rng.sample(self.menu, min(rng.randint(1, 4), len(self.menu)))
        arguments.insert(rng.randint(0, len(arguments)), marker)
        hook: dict[str, Any] = {"call": self.shape.name, "syscall": self.shape.is_syscall, "args": arguments}
        if self.shape.is_syscall and rng.random() < 0.15:
            hook["return"] = True
            hook["returnArg"] = {"index": 0, "type": rng.choice(("int", "int64", "uint8", "uint64"))}
        if self.shape is OPEN or rng.random() < 0.95:
            hook["selectors"] = [self.make_selector(hook, pids, others) for _ in range(rng.choice((1, 1, 2, 3, 4, 5, 6)))]
        spec = {"options": [{"name": "policy-mode", "value": "monitor"}], "kprobes": [hook]}
        return {"apiVersion": "cilium.io/v1alpha1", "kind": "TracingPolicy", "metadata": {"name": name}, "spec": spec}

    def make_selector(self, hook: dict[str, Any], pids: list[int], others: list[int]) -> dict[str, Any]:
        rng = self.rng
        selector: dict[str, Any] = {}
        target = rng.choice(self.calls)
        entries = [self.make_entry(hook, target) for _ in range(rng.choice(ENTRIES))]
        if rng.random() < 0.12:
            selector["matchPIDs"] = [self.make_pids(pids, others) for _ in range(rng.choice((1, 1, 2)))]
        binaries = [self.make_binaries() for _ in range(rng.choice((1, 1, 2)))] if rng.random() < 0.2 else []
        if self.shape is OPEN:  # the whole machine opens files
            binaries.insert(0, {"operator": "Prefix", "values": [self.directory + "/bin/"]})
        if binaries:
            selector["matchBinaries"] = binaries
        if entries:
            selector["matchArgs"] = entries
        actions = rng.choice(ACTIONS)
        if actions:
            selector["matchActions"] = actions
        if "returnArg" in hook and rng.random() < 0.6:
            selector["matchReturnArgs"] = [self.make_return(hook["returnArg"]["type"])]
        return selector

    def make_entry(self, hook: dict[str, Any], target: Call) -> dict[str, Any]:
        rng = self.rng
        arguments = hook["args"]
        position = rng.choice([at for at, argument in enumerate(arguments) if argument.get("label") != "marker"])
        argument = arguments[position]
        others = [value_of(rng.choice(self.calls), argument) for _ in range(8)]
        entry = self.filters.make(argument["type"], value_of(target, argument), others)
        is_alone = sum(other["index"] == argument["index"] for other in arguments) == 1
        if is_alone and rng.random() < 0.5:
            return {"index": argument["index"], **entry}
        return {"args": [position], **entry}

    def make_return(self, kind: str) -> dict[str, Any]:
        low, high = limits_of(kind)
        results = [min(errno % 2 ** (high - low).bit_length() if low == 0 else errno, high) for errno in ERRNOS]
        return {"index": 0, **self.filters.number(kind, self.rng.choice(results[:3]), results)}

    def make_pids(self, pids: list[int], others: list[int]) -> dict[str, Any]:
        rng = self.rng
        values = rng.sample(others, 1) + ([rng.choice(pids)] if pids and rng.random() < 0.7 else [])
        entry: dict[str, Any] = {"operator": rng.choice(("In", "In", "NotIn")), "values": values}
        if rng.random() < 0.4:
            entry["followForks"] = True
        return entry

    def make_binaries(self) -> dict[str, Any]:
        rng = self.rng
        operator = rng.choice(("In", "In", "NotIn", "NotIn", "Prefix", "NotPrefix", "Postfix", "NotPostfix"))
        path = self.directory + "/bin/" + rng.choice(self.actors)
        if rng.random() < 0.3:
            path += "l"
        if operator.endswith("Prefix"):
            path = path[: len(path) - rng.choice((0, 1, 2, 3))]
        elif operator.endswith("Postfix"):
            path = path[rng.choice((0, 1, len(self.directory), len(path) - 4, len(path) - 1)) :]
        entry: dict[str, Any] = {"operator": operator, "values": [path]}
        if operator in ("In", "NotIn") and rng.random() < 0.4:
            entry["followChildren"] = True
            entry["values"] = rng.choice(([PYTHON], [PYTHON, path], [path], ["/nowhere", path]))
        elif rng.random() < 0.5:
            entry["values"].append("/nowhere")
        return entry

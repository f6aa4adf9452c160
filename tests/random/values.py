# SPDX-License-Identifier: Apache-2.0
"""Values that lie close to each other: a random generator in, numbers, texts, addresses out."""
from __future__ import annotations

import ipaddress
import random
import socket
import struct

from interpreter import BITS, UNSIGNED

# Where the product's own tables change their step: words of eight bytes, buffers, the longest prefix.
LENGTHS = (0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 14, 15, 16, 17, 18, 23, 24, 25, 31, 32, 33, 47, 63, 64, 65, 100, 126, 127)
LENGTHS += (128, 129, 130, 200, 254, 255, 256, 257, 258, 300, 511, 512, 513, 600)
PREFIX_BYTES_MAX = 256
SUBSTRING_BYTES_MAX = 128
# Letters, and what stands beside them in ASCII, where a careless lower() goes wrong; and some of several bytes.
ALPHABETS = ("ab", "aAbB", "aZz@[`{AM", "Zz[{@", "abcdefghijklmnopqrstuvwxyz/._-", "aéßÉ漢😀", "a\x01\x7fb \t\"\\")


def limits_of(kind: str) -> tuple[int, int]:
    bits = BITS[kind]
    return (0, 2**bits - 1) if kind in UNSIGNED else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


class Numbers:
    """What stands in 64-bit registers: some numbers, their neighbours, and the ends of all types."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.base = [rng.getrandbits(rng.choice((4, 8, 12, 16, 31, 32, 33, 63, 64))) for _ in range(6)]

    def draw(self) -> int:
        rng = self.rng
        bits = rng.choice((3, 7, 8, 15, 16, 31, 32, 63, 64))
        start = rng.choice((rng.choice(self.base), rng.choice(self.base), 1 << bits, 0, -1, rng.choice((-128, -9, 255))))
        return (start + rng.choice((-1, 0, 0, 0, 1))) % 2**64

    def near(self, number: int, kind: str) -> int:
        """NUMBER or something beside it; always one that the type can hold."""
        low, high = limits_of(kind)
        rng = self.rng
        step = rng.choice((0, 0, 0, 0, 1, -1, 2, -2, 16, -256))
        other = rng.choice((low, high, 0, low + 1, high - 1))
        return min(max(other if rng.random() < 0.08 else number + step, low), high)


class Texts:
    """Pieces of one long text, mostly from its beginning, some with one byte changed."""

    def __init__(self, rng: random.Random, alphabets: tuple[str, ...] = ALPHABETS) -> None:
        self.rng = rng
        alphabet = rng.choice(alphabets)
        self.base = "".join(rng.choice(alphabet) for _ in range(700)).encode()
        self.alphabet = alphabet

    def length(self, longest: int) -> int:
        rng = self.rng
        return min(rng.choice(LENGTHS), longest) if rng.random() < 0.85 else rng.randint(0, longest)

    def mutate(self, text: bytes) -> bytes:
        """Still valid UTF-8."""
        rng = self.rng
        characters = list(text.decode(errors="ignore"))
        at = rng.randint(0, max(len(characters) - 1, 0))
        if rng.random() < 0.5:  # in the first or last word of eight bytes
            near = rng.randint(0, min(8, max(len(characters) - 1, 0)))
            at = rng.choice((near, max(len(characters) - 1 - near, 0)))
        kind = rng.choice(("change", "case", "drop", "add", "end"))
        if kind == "add" or not characters:
            characters.insert(at, rng.choice(self.alphabet))
        elif kind == "change":
            characters[at] = rng.choice(self.alphabet)
        elif kind == "case":
            characters = [character.swapcase() if character.isascii() else character for character in characters]
        elif kind == "drop":
            del characters[at]
        else:
            characters.append(rng.choice(self.alphabet))
        return "".join(characters).encode()

    def edge(self, text: bytes) -> bytes:
        """Another first or last character, or one with another bit 5: letters change their case, others what they are."""
        rng = self.rng
        characters = list(text.decode(errors="ignore"))
        if not characters:
            return text
        at = rng.choice((0, -1, -1, rng.randrange(len(characters))))
        code = ord(characters[at]) ^ 0x20
        characters[at] = chr(code) if 0x20 <= code < 0x7F and rng.random() < 0.6 else rng.choice(self.alphabet)
        return "".join(characters).encode()

    def draw(self, longest: int = 600) -> bytes:
        rng = self.rng
        start = 0 if rng.random() < 0.75 else rng.randint(0, 20)
        text = self.base[start : start + self.length(longest)].decode(errors="ignore").encode()
        return self.mutate(text)[:longest].decode(errors="ignore").encode() if rng.random() < 0.4 else text


class Addresses:
    """sockaddr_in, sockaddr_in6, sockaddr_un and others, as bytes of 110."""

    def __init__(self, rng: random.Random, texts: Texts) -> None:
        self.rng = rng
        self.texts = texts
        self.ports = [rng.choice((0, 1, 53, 80, 443, 8080, 65535)) for _ in range(2)] + [1023]
        self.v4 = [rng.getrandbits(32) for _ in range(3)] + [0x7F000001, 0x0A000000, 0]
        self.v6 = [rng.getrandbits(128) for _ in range(2)] + [1, 0, 0xFFFF7F000001, 0xFE80 << 112]

    def near(self, numbers: list[int], bits: int) -> int:
        rng = self.rng
        number = rng.choice(numbers)
        change = rng.choice((0, 0, 1, -1, 1 << rng.randrange(bits)))
        return (number + change if change in (0, 1, -1) else number ^ change) % 2**bits

    def draw(self) -> bytes:
        rng = self.rng
        family = rng.choice((socket.AF_INET,) * 4 + (socket.AF_INET6,) * 4 + (socket.AF_UNIX,) * 7 + (0, 16, 40, 0x4202))
        port = (rng.choice(self.ports) + rng.choice((0, 0, 1, -1))) % 65536
        if family == socket.AF_INET:
            raw = struct.pack("<H", family) + struct.pack(">HI", port, self.near(self.v4, 32))
        elif family == socket.AF_INET6:
            address = self.near(self.v6, 128).to_bytes(16, "big")
            raw = struct.pack("<H", family) + struct.pack(">HI", port, rng.getrandbits(32)) + address
        else:
            path = self.texts.draw(100)
            abstract = b"\0" if rng.random() < 0.4 else b""
            raw = struct.pack("<H", family) + abstract + path
        return raw.ljust(110, b"\0")

    def network(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
        rng = self.rng
        longest = address.max_prefixlen
        bits = rng.choice((0, 1, 7, 8, 9, 16, 24, 31, 32, 33, 63, 64, 65, 96, 127, 128, longest, longest, longest - 1))
        if rng.random() < 0.4:
            return str(address)
        return str(ipaddress.ip_network((address, min(bits, longest)), strict=False))

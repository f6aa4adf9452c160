# SPDX-License-Identifier: Apache-2.0
"""Texts that an attacker or a broken editor makes. Each must be taken or refused with words, in bounded time and memory."""
from __future__ import annotations

import codecs
from typing import Callable, Iterator

from checker import Checker

Test = tuple[str, Callable[[Checker], Iterator[str]]]

HEAD = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: p\n"
HOOK = "spec:\n  kprobes:\n  - call: f\n    syscall: false\n"
RIGHT = HEAD + HOOK
# The model itself is far smaller; what is more is a tree of the largest file, and a sanitizer's shadow of it.
PEAK_KIB_MAX = 768 * 1024


def changed(call: str) -> str:
    return RIGHT.replace("- call: f", "- " + call)


def values(count: int, value: str = "/tmp/file-{}") -> str:
    items = "".join(f'          - "{value.format(number)}"\n' for number in range(count))
    return (
        RIGHT
        + "    args:\n    - index: 0\n      type: path\n    selectors:\n    - matchArgs:\n"
        + "      - index: 0\n        operator: Equal\n        values:\n"
        + items
    )


def laughs(depth: int, width: int = 10) -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, depth)]
    return "\n".join(lines) + "\n" + RIGHT


def merges(count: int) -> str:
    keys = "".join(f"  k{number}: 1\n" for number in range(count))
    return f"a: &a\n{keys}b: &b\n  <<: [{', '.join(['*a'] * count)}]\n" + RIGHT


def long_texts(count: int) -> str:
    return f'x: &x "/{"a" * 4000}"\n' + values(0) + "".join("          - *x\n" for _ in range(count))


# Title, text, exit status, words that the findings have (all of them).
ROWS: list[tuple[str, str | bytes, int, tuple[str, ...]]] = [
    ("10,000 values are taken", values(10_000), 0, ()),
    ("16,384 values are taken", values(16_384), 0, ()),
    ("one value more is refused", values(16_385), 1, ("17:11: \"values\" has 16385 items; at most 16384",)),
    ("a comment of a mebibyte is taken", RIGHT + "# " + "x" * (1 << 20) + "\n", 0, ()),
    ("more than two mebibytes are refused", RIGHT + "# " + "x" * (2 << 20), 1, ("a file has at most 2097152",)),
    ("a billion laughs are refused", laughs(10), 1, ("with this alias the file has more than 262144",)),
    ("aliases ten deep are refused, wherever they stand", RIGHT + laughs(10), 1, ("14:50: with this alias the file has more",)),
    ("few laughs are only unknown fields", laughs(3), 1, ('unknown field "a0"', 'unknown field "a2"')),
    ("an alias inside of what it names is refused", "a: &a [*a]\n", 1, ('alias "a" stands inside of what it names',)),
    ("an alias without its anchor is refused", RIGHT + "  - call: *nothing\n", 1, ('no anchor "nothing"',)),
    ("too many anchors are refused", "".join(f"a{n}: &a{n} 1\n" for n in range(1100)), 1, ("at most 1024 anchors",)),
    ("many merges of a large map are refused", merges(600), 1, ("with this alias the file has more than 262144",)),
    ("aliases that repeat long texts are refused", long_texts(16_384), 1, ("takes more than 64 MiB",)),
    ("a list nested 100,000 deep is refused", "[" * 100_000, 1, ("a file is nested at most 64 deep",)),
    ("a map nested 100,000 deep is refused", "{a: " * 100_000, 1, ("a file is nested at most 64 deep",)),
    ("blocks nested 1,000 deep are refused", "".join(" " * n + "a:\n" for n in range(1000)), 1, ("at most 64 deep",)),
    ("100,000 keys are refused in good time", RIGHT + "".join(f"k{n}: 1\n" for n in range(100_000)), 1, ("200 ", " more")),
    ("one key 100,000 times is refused in good time", RIGHT + "k: 1\n" * 100_000, 1, ("stands here twice", " more")),
    ("300,000 items are refused", "[" + "1," * 300_000 + "]", 1, ("at most 262144 keys and values",)),
    ("a NUL is refused", changed("call: f\0g").encode(), 1, ("7:12: a control character stands here",)),
    ("an escaped NUL in a name is refused", changed('call: "f\\0g"'), 1, ('"call" has a NUL inside',)),
    ("an escaped NUL in a value is taken", values(1, "a\\0b"), 0, ()),
    ("an escape sequence is refused", changed("call: \x1b[31m"), 1, ("7:11: a control character",)),
    ("a delete character is refused", changed("call: a\x7f"), 1, ("7:12: a control character",)),
    ("a C1 control is refused", changed("call: a\x85b\x9fc"), 1, ("a control character",)),
    ("bytes that are no UTF-8 are refused", RIGHT.encode() + b"# \xff\xfe\n", 1, ("9:3: byte 0xff is not UTF-8",)),
    ("an overlong form is refused", RIGHT.encode() + b"# \xc0\xaf\n", 1, ("9:3: byte 0xc0 is not UTF-8",)),
    ("a lone surrogate is refused", RIGHT.encode() + b"# \xed\xa0\x80\n", 1, ("9:3: byte 0xed is not UTF-8",)),
    ("a cut character is refused", RIGHT.encode() + b"# \xe2\x82", 1, ("9:3: byte 0xe2 is not UTF-8",)),
    ("UTF-16 is refused by name", RIGHT.encode("utf-16"), 1, ("the text is UTF-16; save it as UTF-8",)),
    ("a byte order mark is taken", codecs.BOM_UTF8 + RIGHT.encode(), 0, ()),
    ("places are right behind a byte order mark", codecs.BOM_UTF8 + b"kind: x\n", 1, ('p.yaml:1:7: unknown kind "x"',)),
    ("CR LF is taken", RIGHT.replace("\n", "\r\n"), 0, ()),
    ("places are right in a file with CR LF", RIGHT.replace("\n", "\r\n") + "    sycall: 1\r\n", 1, ("p.yaml:9:5: ",)),
    ("CR alone ends lines", RIGHT.replace("\n", "\r"), 0, ()),
    ("a file without a last line end is taken", RIGHT.rstrip("\n"), 0, ()),
    ("a tab that indents is refused", RIGHT + "\targs: []\n", 1, ("9:1: a tab indents this line",)),
    ("an empty file is refused", "", 1, ("p.yaml: the text holds nothing",)),
    ("comments alone are refused", "# nothing\n---\n", 1, ("a policy is a map, this is nothing",)),
    ("text alone is refused", "hello\n", 1, ("1:1: a policy is a map, this is text",)),
    ("a list is refused", "- a\n", 1, ("1:1: a policy is a map, this is a list",)),
    ("a second policy in the file is refused", RIGHT + "---\n" + RIGHT, 1, ("10:1: a second document begins here",)),
    ("an empty second document is taken", RIGHT + "---\n", 0, ()),
    ("an end mark is taken", "---\n" + RIGHT + "...\n", 0, ()),
    ("a number of a thousand digits is refused", RIGHT + f"    args:\n    - index: {'9' * 1000}\n", 1, ('"index" is a number',)),
    ("a number beyond 32 bits is refused", RIGHT + "    args:\n    - index: 4294967296\n", 1, ('"index" is 4294967296;',)),
    ("a negative index is refused", RIGHT + "    args:\n    - index: -1\n", 1, ('"index" is -1; it must be between 0',)),
    ("a text longer than a path is refused", values(1, "/" + "a" * 4096), 1, ("this text has 4097 bytes",)),
    ("a key of a mebibyte is refused", "k" * (1 << 20) + ": 1\n" + RIGHT, 1, ()),
    ("quotes that never end are refused", RIGHT + '    message: "x\n', 1, ("the text ends inside quotes",)),
    ("an unknown tag is refused", changed("call: !secret f"), 1, ('tag "!secret" has no meaning',)),
    ("a known tag is taken", changed("call: !!str f"), 0, ()),
    ("a list as a key is refused", "? [a, b]\n: c\n", 1, ("a key is text, this is a list",)),
    ("an alias as a key is taken", changed("&c call: f") + "  - *c : g\n    syscall: false\n", 0, ()),
]


def row_test(title: str, text: str | bytes, status: int, words: tuple[str, ...]) -> Test:
    def play(checker: Checker) -> Iterator[str]:
        outcome = checker.check(text, "")
        shown = outcome.findings[:2000]
        if outcome.status != status:
            yield f"exit status {outcome.status}, wanted {status}: {shown}"
        if (not outcome.findings) != (status == 0):
            yield f"status {status} with findings: {shown!r}"
        for word in words:
            if word not in outcome.findings:
                yield f"no {word!r} in: {shown}"
        yield from unsafe(outcome.findings)
        if outcome.peak_kib > PEAK_KIB_MAX:
            yield f"took {outcome.peak_kib} KiB; at most {PEAK_KIB_MAX} are allowed"

    return f"hostile: {title}", play


def unsafe(findings: str) -> Iterator[str]:
    """Nothing that reaches a terminal may move its cursor or turn its writing around; no line is endless."""
    for line in findings.splitlines():
        if any(ord(char) < 32 and char != "\t" or 0x7F <= ord(char) < 0xA0 or 0x202A <= ord(char) <= 0x202E for char in line):
            yield f"unsafe character in {line!r}"
        if len(line) > 1000:
            yield f"a line of {len(line)} characters"


def json_is_taken(checker: Checker) -> Iterator[str]:
    policy = '{"apiVersion": "cilium.io/v1alpha1", "kind": "TracingPolicy", "metadata": {"name": "p"},\n'
    policy += '"spec": {"kprobes": [{"call": "f", "syscall": false}]}}'
    outcome = checker.check(policy, "")
    if outcome.model != 'p.yaml: ok (policy "p", 1 hook, 0 selectors)\n':
        yield f"{outcome}"


def standard_input(checker: Checker) -> Iterator[str]:
    outcome = checker.run("-", text=b"kind: Pod\n")
    if '<stdin>:1:7: unknown kind "Pod"' not in outcome.findings or outcome.status != 1:
        yield f"{outcome}"


def unreadable(path: str, words: str) -> Test:
    def play(checker: Checker) -> Iterator[str]:
        outcome = checker.run(path)
        if outcome.status != 1 or words not in outcome.findings:
            yield f"{outcome}"

    return f"hostile: {path} is refused", play


def every_file_is_looked_at(checker: Checker) -> Iterator[str]:
    (checker.folder / "right.yaml").write_text(RIGHT)
    outcome = checker.run("missing.yaml", "right.yaml")
    if outcome.status != 1 or "right.yaml: ok" not in outcome.model or "missing.yaml: cannot read" not in outcome.findings:
        yield f"{outcome}"


def tests() -> list[Test]:
    return [
        *(row_test(*row) for row in ROWS),
        ("hostile: JSON is YAML", json_is_taken),
        ("hostile: standard input is a file called <stdin>", standard_input),
        ("hostile: a file that is missing does not hide the next", every_file_is_looked_at),
        unreadable("/dev/zero", "a file has at most 2097152"),
        unreadable("/", "cannot read this file: Is a directory"),
    ]

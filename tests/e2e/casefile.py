# SPDX-License-Identifier: Apache-2.0
"""Reads case files: text in, a list of Case out. What the words mean stands in docs/testing.md.

A mistake in a case file is a CaseError that names the file and the line. Nothing is run or matched here.
"""
from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

PATTERN_OPERATORS = ("~", "!~", "?~")
OPERATORS = (*PATTERN_OPERATORS, "=", "!=", ">=", "<=", ">", "<", "has", "lacks")
BARE_OPERATORS = ("present", "absent")
DAEMONS = ("shared", "own", "none")
BLOCKS = ("before", "policy", "setup", "script", "cleanup")
KERNELS = ("own", "6.1", "6.12")


class CaseError(Exception):
    """The author of a case file erred; the text says where."""


@dataclass
class Constraint:
    """One line below a want: field path, operator, value (still with its {references})."""

    path: str
    operator: str
    value: str

    def __str__(self) -> str:
        return f"{self.path} {self.operator} {self.value}".rstrip()


@dataclass
class Want:
    """want, absent, count or balance: which events, and how many of them."""

    verb: str
    event: str
    line: int
    label: str = ""
    number: str = ""
    record: str = ""
    constraints: list[Constraint] = field(default_factory=list)


@dataclass
class Case:
    """name: of its file below the directory of cases, "seed/network-monitor"; with the title what --only looks at."""

    title: str
    file: Path
    name: str
    line: int
    options: str = ""
    daemon: str = "shared"
    run: str = ""
    status: str = "0"
    policies: str = ""
    blocks: dict[str, str] = field(default_factory=dict)
    output: list[Constraint] = field(default_factory=list)
    wants: list[Want] = field(default_factory=list)
    skips: dict[str, str] = field(default_factory=dict)


WANT_FORMS = {
    "want": re.compile(r"(?P<event>\w+)( as (?P<label>\w+))?$"),
    "absent": re.compile(r"(?P<event>\w+)$"),
    "count": re.compile(r"(?P<number>\S+) (?P<event>\w+)$"),
    "balance": re.compile(r"(?P<number>\S+) (?P<event>\w+) (?P<record>\w+)$"),
}


def parse_constraint(text: str, where: str) -> Constraint:
    words = text.split(None, 2)
    if len(words) == 2 and words[1] in BARE_OPERATORS:
        return Constraint(words[0], words[1], "")
    if len(words) < 2 or words[1] not in OPERATORS:
        known = " ".join(OPERATORS + BARE_OPERATORS)
        raise CaseError(f'{where}: "{text}" is not PATH OPERATOR VALUE; operators are: {known}')
    return Constraint(words[0], words[1], words[2] if len(words) == 3 else "")


class Parser:
    """One file. A line that begins in the first column opens something, an indented one belongs to it."""

    def __init__(self, path: Path, name: str) -> None:
        self.path = path
        self.name = name
        self.cases: list[Case] = []
        self.block = ""
        self.want: Want | None = None
        self.number = 0

    def where(self) -> str:
        return f"{self.path.name}:{self.number}"

    def parse(self) -> list[Case]:
        for self.number, line in enumerate(self.path.read_text().splitlines(), 1):
            if line.startswith(("\t", " ")):
                self.indented(line)
            elif line.strip() and not line.startswith("#"):
                self.opening(line.rstrip())
        for case in self.cases:
            self.check(case)
        return self.cases

    def indented(self, line: str) -> None:
        if self.block:
            self.cases[-1].blocks[self.block] += line[1:] + "\n"
        elif self.want is not None:
            if not line.strip().startswith("#"):
                self.want.constraints.append(parse_constraint(line.strip(), self.where()))
        elif line.strip():
            raise CaseError(f"{self.where()}: an indented line must follow a block or a want")

    def opening(self, line: str) -> None:
        head, _, rest = line.partition(":")
        word, rest = head.split(None, 1)[0], rest.strip()
        self.block, self.want = "", None
        if re.match(r"std(out|err)\b", line) and self.cases:
            self.cases[-1].output.append(parse_constraint(line, self.where()))
        elif word == "case":
            self.cases.append(Case(rest, self.path, self.name, self.number))
        elif not self.cases:
            raise CaseError(f'{self.where()}: "{word}" stands before the first "case:"')
        elif word in BLOCKS and head == word and not rest:
            self.block = word
            self.cases[-1].blocks[word] = ""
        elif word in WANT_FORMS:
            self.open_want(word, head, rest)
        else:
            self.set_word(word, head, rest)

    def open_want(self, verb: str, head: str, rest: str) -> None:
        match = WANT_FORMS[verb].match(head.partition(" ")[2])
        if match is None or rest:
            raise CaseError(f'{self.where()}: "{head}:" is not a form of "{verb}"')
        parts = {name: text or "" for name, text in match.groupdict().items()}
        self.want = Want(verb=verb, line=self.number, **parts)
        self.cases[-1].wants.append(self.want)

    def set_word(self, word: str, head: str, rest: str) -> None:
        case = self.cases[-1]
        if word == "skip" and " on " in head:
            kernel = head.split()[-1]
            if kernel not in KERNELS or not rest:
                raise CaseError(f'{self.where()}: use "skip on {"|".join(KERNELS)}: reason"')
            case.skips[kernel] = rest
        elif word == "daemon" and rest in DAEMONS:
            case.daemon = rest
        elif word in ("options", "run", "status", "policies") and head == word:
            setattr(case, word, rest)
        else:
            raise CaseError(f'{self.where()}: unknown line "{head}"')

    def check(self, case: Case) -> None:
        place = f"{self.path.name}:{case.line}"
        if bool(case.run) == ("script" in case.blocks):
            raise CaseError(f'{place}: case "{case.title}" needs either "run:" or "script:"')
        if not case.wants and not case.output and case.daemon != "none":
            raise CaseError(f'{place}: case "{case.title}" wants nothing, so it cannot fail')
        if (case.policies or "policy" in case.blocks) and case.daemon == "none":
            raise CaseError(f'{place}: case "{case.title}" has no agent that its policies could be given to')
        if "before" in case.blocks:
            case.daemon = "own"


def read_cases(directory: Path) -> list[Case]:
    """All cases of a directory and those in it, in the order of file names and lines. Titles are unique."""
    cases: list[Case] = []
    for path in sorted(directory.rglob("*.case")):
        cases += Parser(path, str(path.relative_to(directory).with_suffix(""))).parse()
    titles: dict[str, Case] = {}
    for case in cases:
        if case.title in titles:
            raise CaseError(f'{case.file.name}:{case.line}: the title "{case.title}" is taken')
        titles[case.title] = case
    return cases

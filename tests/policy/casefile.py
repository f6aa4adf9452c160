# SPDX-License-Identifier: Apache-2.0
"""Policy cases as text: a policy goes in, its model or its findings come out.

A file holds cases, a case is a title and blocks; a block's lines are indented by four:

    case: a hook of one function
    spec:
        kprobes:
        - call: sys_read
    model:
        policy "p"
        ...

The first block is the policy, whole or in part; a part is put where it belongs (see WRAPPERS):
    policy    a whole file
    spec      what stands below "spec:"
    kprobe    what stands in a hook of the function "f"
    types     a line "types: int, path" before `selector` says what that hook collects
    selector  what stands in its only selector
The last block is what is wanted:
    model     the whole model, exactly; there are no findings
    lines     lines that the model has, in this order; there are no findings
    findings  all findings, exactly
    warnings  the same, and the policy is taken
or, of `--print plan`:
    plan      the whole plan, exactly; there are no findings
    tables    parts of the plan: each line in the first column, with all that is indented below it, in this order
    refusals  all findings, exactly; the plan cannot be made
    cautions  all findings and behind them the plan, exactly
`update` writes what came out into the file, for a person to read.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

INDENT = "    "
INPUTS = ("policy", "spec", "kprobe", "selector")
WANTS = ("model", "lines", "findings", "warnings", "plan", "tables", "refusals", "cautions")
OF_PLAN = ("plan", "tables", "refusals", "cautions")
HEAD = ["apiVersion: cilium.io/v1alpha1", "kind: TracingPolicy", "metadata:", "  name: p", "spec:"]
KPROBE = ["  kprobes:", "  - call: f", "    syscall: false"]


class CaseError(Exception):
    """The author of a case file erred."""


@dataclass
class Case:
    title: str
    file: Path
    line: int
    types: str = ""
    kind: str = ""  # of INPUTS
    text: list[str] | None = None
    want: str = ""  # of WANTS
    wanted: list[str] | None = None

    def policy(self) -> str:
        """The whole file that the case's block is a part of."""
        body = self.text or []
        if self.kind == "policy":
            return "\n".join(body) + "\n"
        lines = list(HEAD)
        if self.kind == "spec":
            return "\n".join([*lines, *("  " + line if line else "" for line in body)]) + "\n"
        lines += KPROBE
        if self.kind == "kprobe":
            return "\n".join([*lines, *("    " + line if line else "" for line in body)]) + "\n"
        types = [word.strip() for word in self.types.split(",") if word.strip()]
        if types:
            lines.append("    args:")
            lines += [f"    - {{index: {index}, type: {word}}}" for index, word in enumerate(types)]
        lines += ["    selectors:", "    -"]
        return "\n".join([*lines, *("      " + line if line else "" for line in body)]) + "\n"


def indent_of(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def find_tables(wanted: list[str], plan: list[str]) -> list[str]:
    """The parts of PLAN that the lines of WANTED in the first column begin, dedented."""
    found: list[str] = []
    at = 0
    for line in wanted:
        if line.startswith(" "):
            continue
        while at < len(plan) and plan[at].strip() != line:
            at += 1
        if at == len(plan):
            return [*found, f"(no line {line!r} behind that)"]
        depth = indent_of(plan[at])
        found.append(plan[at].strip())
        at += 1
        while at < len(plan) and indent_of(plan[at]) > depth:
            found.append(plan[at][depth:])
            at += 1
    return found


def parse(path: Path) -> list[Case]:
    cases: list[Case] = []
    block: list[str] | None = None
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if line.startswith(INDENT):
            if block is None:
                raise CaseError(f"{path}:{number}: this line belongs to no block")
            block.append(line[len(INDENT) :])
            continue
        if not line.strip():
            if block is not None:
                block.append("")
            continue
        block = None
        if line.startswith("#"):
            continue
        word, _, rest = line.partition(":")
        if word == "case":
            cases.append(Case(rest.strip(), path, number))
        elif not cases:
            raise CaseError(f"{path}:{number}: no case begins before this line")
        elif word == "types":
            cases[-1].types = rest.strip()
        elif word in INPUTS:
            cases[-1].kind, cases[-1].text = word, (block := [])
        elif word in WANTS:
            cases[-1].want, cases[-1].wanted = word, (block := [])
        else:
            raise CaseError(f'{path}:{number}: unknown word "{word}"')
    for case in cases:
        finish(case)
    return cases


def finish(case: Case) -> None:
    """Blank lines that only part blocks belong to none."""
    if case.text is None or case.wanted is None:
        raise CaseError(f'{case.file}:{case.line}: case "{case.title}" needs a policy and what is wanted of it')
    for block in (case.text, case.wanted):
        while block and not block[-1]:
            block.pop()


def update(path: Path, results: dict[int, list[str]]) -> None:
    """Replaces the wanted block of each case (by its line) with what came out."""
    out: list[str] = []
    replaced: list[str] | None = None
    skipping = False
    for number, line in enumerate(path.read_text().split("\n"), 1):
        if line.startswith("case:"):
            replaced = results.get(number)
        if skipping and (line.startswith(INDENT) or not line.strip()):
            continue
        if skipping:
            out.append("")
        skipping = line.partition(":")[0] in WANTS and replaced is not None
        out.append(line)
        if skipping:
            out += [INDENT + wanted if wanted else "" for wanted in replaced or []]
    path.write_text("\n".join(out).rstrip("\n") + "\n")

# SPDX-License-Identifier: Apache-2.0
"""Which pairs of type and operator there are: read from the product's tables, so that a new row there is missed here."""
from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
# What no policy can be loaded with yet although the tables have it.
OPERATORS_LEFT_OUT = {"CelExpr": "expressions cannot be loaded yet"}
# Types that take no operators have one thing to show: themselves.
SHOWN = "shown"


@dataclass(frozen=True)
class Pair:
    type: str
    operator: str  # SHOWN: the type takes none
    skip: str = ""  # why it cannot be tried on any kernel


def read(path: str) -> str:
    return (HOME / path).read_text()


def read_rows(path: str, macro: str, row: str) -> list[tuple[str, ...]]:
    """All rows of a table; one that is written in another way must not be passed over."""
    text = read(path)
    rows = re.findall(rf"^{macro}\({row}\)", text, re.MULTILINE)
    if not rows or len(rows) != len(re.findall(rf"^{macro}\(", text, re.MULTILINE)):
        raise ValueError(f"{path} has rows that tests/matrix/facts.py cannot read")
    return rows


def group_words(expression: str, macros: dict[str, str]) -> set[str]:
    for name, meaning in macros.items():
        expression = re.sub(rf"\b{name}\b", meaning, expression)
    if re.sub(r"IN\(\w+\)", "", expression).strip(" |()"):
        raise ValueError(f'tests/matrix/facts.py cannot read the groups "{expression}"')
    return set(re.findall(r"IN\((\w+)\)", expression))


def operators_of_groups() -> dict[str, set[str]]:
    """Operator -> the groups that take it."""
    macros = dict(re.findall(r"^#define (TEXTS|INTERNET)\s+(.*)$", read("src/policy/tables.c"), re.MULTILINE))
    rows = read_rows("src/policy/operators.def", "OPERATOR", r'\w+, "(\w+)", \w+, \w+, \w+, (.*)')
    return {word: group_words(expression, macros) for word, expression in rows}


def types_left_out() -> set[str]:
    """The names that src/policy/support.c refuses."""
    body = re.search(r"type_is_supported\(.*?\n}", read("src/policy/support.c"), re.DOTALL)
    return set(re.findall(r"case ARG_TYPE_(\w+):", body.group(0))) if body else set()


def read_pairs() -> list[Pair]:
    operators = operators_of_groups()
    left_out = types_left_out()
    pairs = []
    for name, word, group in read_rows("wire/arg_types.def", "ARG_TYPE", r'(\w+), \d+, "(\w+)", \w+, \w+, (\w+)'):
        why = "values of this type cannot be collected yet" if name in left_out else ""
        of_type = [operator for operator, groups in operators.items() if group in groups]
        for operator in of_type or [SHOWN]:
            pairs.append(Pair(word, operator, why or OPERATORS_LEFT_OUT.get(operator, "")))
    return pairs

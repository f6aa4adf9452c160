# SPDX-License-Identifier: Apache-2.0
"""Decides whether events are what a case wants: constraints and events in, reasons for a refusal out.

Field paths are dotted (process.ns.pid.inum, ancestors.0.binary) and may end in a filter, path|filter.
Values may refer to what was seen before: {name} for a word that the act printed, {label.path} for an event.
"""
from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Callable

from casefile import PATTERN_OPERATORS, Case, Constraint, Want

MISSING = object()
REFERENCE = re.compile(r"\{([a-z_]\w*(?:\.[\w.]+(?:\|\w+)?)?)\}")


@dataclass
class Event:
    kind: str
    body: dict[str, Any]
    line: dict[str, Any]


@dataclass
class Seen:
    """What references can name."""

    words: dict[str, str] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)


def decode_base64(value: Any) -> str:
    return base64.b64decode(str(value), validate=True).decode()


def to_seconds(value: Any) -> float:
    """RFC 3339 in UTC with 0 to 9 fractional digits; Python reads no more than 6."""
    whole, _, fraction = str(value).rstrip("Z").partition(".")
    moment = datetime.fromisoformat(whole + "+00:00").timestamp()
    return moment + float("0." + (fraction or "0"))


FILTERS: dict[str, Callable[[Any], Any]] = {
    "base64": decode_base64,
    "seconds": to_seconds,
    "length": len,
    "bytes": lambda value: len(str(value).encode()),
    "lines": lambda value: len(str(value).splitlines()),
}


def look_up(event: Event, path: str) -> Any:
    """The value at a path, or MISSING. Paths beginning with a dot start at the whole line (.node_name)."""
    names, _, name_of_filter = path.partition("|")
    value: Any = event.line if names.startswith(".") else event.body
    for name in names.lstrip(".").split("."):
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return MISSING
    if not name_of_filter:
        return value
    try:
        return FILTERS[name_of_filter](value)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return MISSING


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "<missing>" if value is MISSING else json.dumps(value)


def resolve(text: str, seen: Seen, quote: Callable[[str], str] = str) -> str:
    def replace(match: re.Match[str]) -> str:
        name, _, path = match.group(1).partition(".")
        if path and name in seen.events:
            return quote(as_text(look_up(seen.events[name], path)))
        if name in seen.words:
            return quote(seen.words[name])
        return match.group(0)

    return REFERENCE.sub(replace, text)


def number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def is_member(value: Any, wanted: str) -> bool:
    """Of a list: one element (compared as JSON or text). Of a string: one of its words."""
    if isinstance(value, list):
        return any(as_text(element) == wanted or equals(element, wanted) for element in value)
    return wanted in str(value).split()


def equals(value: Any, wanted: str) -> bool:
    if isinstance(value, str):
        return value == (json.loads(wanted) if re.fullmatch(r'".*"', wanted) else wanted)
    try:
        return bool(value == json.loads(wanted)) and isinstance(value, bool) == (wanted in ("true", "false"))
    except json.JSONDecodeError:
        return False


TESTS: dict[str, Callable[[Any, str], bool]] = {
    "=": equals,
    "!=": lambda value, wanted: not equals(value, wanted),
    "~": lambda value, wanted: re.search(wanted, as_text(value)) is not None,
    "!~": lambda value, wanted: re.search(wanted, as_text(value)) is None,
    "?~": lambda value, wanted: re.search(wanted, as_text(value)) is not None,
    ">=": lambda value, wanted: number(value) >= number(wanted),
    "<=": lambda value, wanted: number(value) <= number(wanted),
    ">": lambda value, wanted: number(value) > number(wanted),
    "<": lambda value, wanted: number(value) < number(wanted),
    "has": is_member,
    "lacks": lambda value, wanted: not is_member(value, wanted),
}


def refusal(event: Event, constraint: Constraint, seen: Seen) -> str:
    """Why the event does not satisfy the constraint; empty when it does."""
    value = look_up(event, constraint.path)
    wanted = resolve(constraint.value, seen, re.escape if constraint.operator in PATTERN_OPERATORS else str)
    if constraint.operator in ("present", "absent"):
        holds = (value is MISSING) == (constraint.operator == "absent")
    elif value is MISSING:
        holds = constraint.operator in ("lacks", "?~")
    else:
        holds = TESTS[constraint.operator](value, wanted)
    if holds:
        return ""
    return f"{constraint} (wanted {wanted!r}, found {as_text(value)[:300]!r})"


def refusals(event: Event, constraints: list[Constraint], seen: Seen) -> list[str]:
    return [why for why in (refusal(event, one, seen) for one in constraints) if why]


def matching(events: list[Event], want: Want, seen: Seen) -> list[Event]:
    return [event for event in events if event.kind == want.event and not refusals(event, want.constraints, seen)]


def closest(events: list[Event], want: Want, seen: Seen) -> str:
    """For a failed want: what kept the best candidate from being it."""
    candidates = [(refusals(event, want.constraints, seen), event) for event in events if event.kind == want.event]
    if not candidates:
        return f"no {want.event} at all"
    reasons, event = min(candidates, key=lambda pair: len(pair[0]))
    return "; ".join(reasons) + f"\n  closest event: {json.dumps(event.line)[:3000]}"


def reported_losses(events: list[Event], record: str) -> int:
    return sum(
        int(count["count"])
        for event in events
        if event.kind == "gap"
        for count in event.body.get("counts", [])
        if count.get("record") == record
    )


def missing_wants(case: Case, events: list[Event], seen: Seen) -> list[str]:
    """Everything that the case still lacks. An event serves one want only; labels are kept in `seen`."""
    problems: list[str] = []
    used: list[Event] = []
    for want in case.wants:
        place = f"{case.file.name}:{want.line}"
        found = matching(events, want, seen)
        wanted = int(number(resolve(want.number.removesuffix(".."), seen))) if want.number else 0
        if want.verb == "want":
            free = [event for event in found if all(event is not other for other in used)]
            if free:
                used.append(free[0])
                seen.events[want.label or "_"] = free[0]
            else:
                problems.append(f"{place}: no such {want.event}: {closest(events, want, seen)}")
        elif want.verb == "absent" and found:
            problems.append(f"{place}: unwanted {want.event}: {json.dumps(found[0].line)[:3000]}")
        elif want.verb == "count" and len(found) != wanted:
            problems.append(f"{place}: {len(found)} {want.event} in place of {wanted}")
        elif want.verb == "balance":
            lost = reported_losses(events, want.record)
            told = len(found) + lost
            if told < wanted or (told > wanted and not want.number.endswith("..")):
                problems.append(f"{place}: {len(found)} {want.event} + {lost} reported lost, done {wanted}")
    return problems

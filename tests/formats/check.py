#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""check [--update]: lines of events in another form, which `write FORMAT <events.jsonl` made, against what is public about it.

In: TETRAD_WRITE, the program. ECS and OCSF: each line is one JSON object without a name twice; each field is in the list beside
this file, with its type and, where the list has values, one of them. CEF: the head has its eight parts, the extension is pairs
whose names are known, and a reader of CEF gets back what went in. All: what golden_FORMAT.txt says, byte for byte
(`--update` writes it anew).
"""
from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unittest
from datetime import datetime
from pathlib import Path
from typing import Iterator

HERE = Path(__file__).resolve().parent
EVENTS = HERE / "events.jsonl"
OURS = {"ecs": "tetrad.", "ocsf": "unmapped."}
# Of ArcSight's public extension dictionary.
CEF_NAMES = set("rt dvchost cnt end act msg spid sproc suid suser externalId outcome reason cn1 cn1Label".split()) | {
    f"cs{number}{end}" for number in range(1, 7) for end in ("", "Label")}
DATE = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$")


def write(form: str, data: bytes = EVENTS.read_bytes()) -> bytes:
    return subprocess.run([os.environ["TETRAD_WRITE"], form], input=data, check=True, stdout=subprocess.PIPE).stdout


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        assert value, f"{path} is an empty object"
        for name, below in value.items():
            yield from leaves(below, f"{path}.{name}" if path else name)
    else:
        yield path, value


def no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"a name twice: {names}"
    return dict(pairs)


def read_fields(form: str) -> dict[str, tuple[str, set[str]]]:
    fields = {}
    for line in (HERE / f"{form}_fields.txt").read_text().splitlines():
        if not line.startswith("#"):
            name, kind, *values = line.split(" ", 2)
            fields[name] = (kind, set(values[0].split("|")) if values else set())
    return fields


def fits(kind: str, value: object) -> bool:
    if kind == "long":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "date":
        return isinstance(value, str) and bool(DATE.match(value)) and bool(datetime.fromisoformat(value[:19]))
    if kind == "keyword[]":
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    return isinstance(value, str) and value != ""


def shown(text: str) -> str:
    """What CEF has no escape for is told as JSON does."""
    return re.sub("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", lambda one: f"\\u{ord(one.group()):04x}", text)


def read_cef(line: str) -> tuple[list[str], dict[str, str]]:
    """As a receiver does it."""
    head, rest = [], line
    while len(head) < 7:
        match = re.match(r"((?:[^|\\]|\\.)*)\|", rest)
        assert match, f"no head: {line!r}"
        head.append(re.sub(r"\\(.)", r"\1", match.group(1)))
        rest = rest[match.end():]
    pairs = {}
    for match in re.finditer(r"(\w+)=((?:[^=\\]|\\.)*?)(?= \w+=|$)", rest):
        assert match.group(1) not in pairs, match.group(1)
        pairs[match.group(1)] = re.sub(r"\\(.)", lambda m: {"n": "\n", "r": "\r"}.get(m.group(1), m.group(1)), match.group(2))
    return head, pairs


class Formats(unittest.TestCase):
    def test_lines_are_those_of_the_golden_file(self) -> None:
        for form in ("native", "ecs", "ocsf", "cef"):
            self.assertEqual(write(form), (HERE / f"golden_{form}.txt").read_bytes(), form)

    def test_fields_are_those_of_the_schema(self) -> None:
        for form, ours in OURS.items():
            fields, seen = read_fields(form), set()
            for line in write(form).splitlines():
                event = json.loads(line.decode("utf-8", errors="strict"), object_pairs_hook=no_doubles)
                if "test" in event:
                    continue  # a kind that no table knows is told as it is
                for path, value in leaves(event):
                    if path.startswith(ours):
                        continue
                    self.assertIn(path, fields, line)
                    kind, allowed = fields[path]
                    self.assertTrue(fits(kind, value), f"{path}: {value!r} is no {kind}")
                    for one in value if isinstance(value, list) else [value]:
                        self.assertTrue(not allowed or str(one) in allowed, f"{path}: {one!r}")
                    seen.add(path)
            self.assertEqual(set(fields) - seen, set(), f"fields of {form} that nothing here has")

    def test_ocsf_numbers_belong_together(self) -> None:
        for line in write("ocsf").splitlines():
            event = json.loads(line)
            if "test" not in event:
                self.assertEqual(event["type_uid"], event["class_uid"] * 100 + event["activity_id"])
                self.assertEqual(event["category_uid"], event["class_uid"] // 1000)

    def test_cef_is_read_back(self) -> None:
        native = [json.loads(line) for line in write("native").splitlines()]
        lines = write("cef").decode().split("\n")[:-1]
        self.assertEqual(len(lines), len(native))
        for event, line in zip(native, lines):
            if "test" in event:
                continue
            head, pairs = read_cef(line)
            self.assertEqual(head[:3], ["CEF:0", "tetrad", "tetrad"])
            self.assertRegex(head[6], r"^([0-9]|10)$")
            self.assertEqual(set(pairs) - CEF_NAMES, set())
            body = next(iter(event.values()))
            process = body.get("process", {}) if isinstance(body, dict) else {}
            self.assertEqual(pairs.get("sproc", ""), shown(process.get("binary", "")))
            self.assertEqual(pairs.get("externalId", ""), process.get("exec_id", ""))
            command = " ".join(filter(None, (process.get("binary"), process.get("arguments"))))
            self.assertEqual(pairs.get("cs1", ""), shown(command))
            self.assertEqual(pairs.get("dvchost", ""), event.get("node_name", ""))
            for name in pairs:
                if name.endswith("Label"):
                    self.assertIn(name[:-5], pairs)


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        for form in ("native", "ecs", "ocsf", "cef"):
            (HERE / f"golden_{form}.txt").write_bytes(write(form))
    else:
        unittest.main()

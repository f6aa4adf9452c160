#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""differential.py VERDICT [SEED [CASES]]: random filters and events, judged twice.

VERDICT (verdict.c) asks the code; here the rules of docs/filters.md are written once more, slowly and plainly, over
parsed JSON and with Python's regular expressions. A case that differs is printed with its seed.
"""
from __future__ import annotations

import copy
import json
import random
import re
import subprocess
import sys
from typing import Any

Json = dict[str, Any]

KINDS = ["process_exec", "process_exit", "process_kprobe", "process_tracepoint", "process_lsm", "process_uprobe",
         "process_usdt", "process_loader", "process_throttle"]
WITH_POLICY = KINDS[2:7]
BINARIES = ["/usr/bin/bash", "/usr/bin/curl", "/bin/sh", "/opt/a b", "/usr/sbin/sshd", "", "/usr/bin/\u00e9t\u00e9"]
ARGUMENTS = ["", "-c ls", "--password x", "-la /tmp", "\u00c9 k", "a\nb"]
NAMESPACES = ["", "default", "kube-system", "web"]
NAMES = ["web-1", "web-2", "db", ""]
POLICIES = ["a", "b", "ab", ""]
PATTERNS = ["sh", "^/usr/bin/", "(?i)CURL$", "b.*h", "^$", "a|b", "[a-c]+", r"\bx\b", r"\d", "(?:we|d)b", r"-\w{2}", ".",
            r"[^a-z/]", "", "w{1,2}", r"^.{3,5}$", r"\S\s\S", "(?s)a.b", "(?i)\u00e9"]
CAPABILITIES = ["CAP_CHOWN", "CAP_KILL", "CAP_SYS_ADMIN", "CAP_NET_RAW"]
KEYS = ["app", "tier", "n"]
VALUES = ["web", "db", "", "5", "12"]
PIDS = [1, 2, 3, 4, 5]
PATHS = ["process", "parent", "ancestors", "process.binary", "process.pid", "process.pod", "process.pod.namespace",
         "process.pod.container.name", "process.pod.pod_labels", "parent.binary", "parent.pod.name", "ancestors.binary",
         "ancestors.pid", "process.cap.effective", "process.cap", "process.arguments"]


def some(dice: random.Random, values: list[Any], most: int = 3) -> list[Any]:
    return [dice.choice(values) for _ in range(dice.randint(1, most))]


def make_pod(dice: random.Random) -> Json:
    container = {"name": dice.choice(NAMES)}
    if dice.random() < 0.3:
        container["maybe_exec_probe"] = True
    pod: Json = {"namespace": dice.choice(NAMESPACES), "name": dice.choice(NAMES)}
    if dice.random() < 0.8:
        pod["container"] = container
    pod["pod_labels"] = {key: dice.choice(VALUES) for key in KEYS if dice.random() < 0.6}
    return pod


def make_process(dice: random.Random) -> Json:
    process: Json = {"binary": dice.choice(BINARIES), "arguments": dice.choice(ARGUMENTS), "docker": dice.choice(["", "ab12", "c"])}
    if dice.random() < 0.9:
        process["pid"] = dice.choice(PIDS)
    if dice.random() < 0.5:
        process["pod"] = make_pod(dice)
    if dice.random() < 0.7:
        process["cap"] = {name: sorted(set(some(dice, CAPABILITIES)), key=CAPABILITIES.index)
                          for name in ("permitted", "effective", "inheritable") if dice.random() < 0.7}
    if dice.random() < 0.7:
        process["in_init_tree"] = dice.random() < 0.5
    return process


def make_event(dice: random.Random) -> Json:
    kind = dice.choice(KINDS)
    if kind == "process_throttle":
        return {kind: {"cgroup": "c"}, "node_name": "here"}
    event: Json = {}
    if dice.random() < 0.95:
        event["process"] = make_process(dice)
    if dice.random() < 0.7:
        event["parent"] = make_process(dice)
    if dice.random() < 0.4:
        event["ancestors"] = [make_process(dice) for _ in range(dice.randint(1, 3))]
    if kind in WITH_POLICY:
        event["policy_name"] = dice.choice(POLICIES)
    return {kind: event, "node_name": "here"}


def make_selector(dice: random.Random) -> str:
    def requirement() -> str:
        key, value = dice.choice([*KEYS, "none"]), dice.choice(VALUES)
        listed = ", ".join(some(dice, VALUES))
        return dice.choice([key, f"!{key}", f"{key}={value}", f"{key} == {value}", f"{key}!={value}", f"{key} in ({listed})",
                            f"{key} notin ({listed})", f"{key}>6", f"{key}<6"])

    return ",".join(requirement() for _ in range(dice.randint(1, 3)))


def make_filter(dice: random.Random) -> Json:
    capability_set = lambda: {dice.choice(["any", "all", "exactly", "none"]): some(dice, CAPABILITIES)}  # noqa: E731
    makers = {
        "event_set": lambda: [kind.upper() for kind in some(dice, KINDS, 4)],
        "pid": lambda: some(dice, PIDS),
        "namespace": lambda: some(dice, NAMESPACES),
        "health_check": lambda: dice.random() < 0.5,
        "in_init_tree": lambda: dice.random() < 0.5,
        "policy_names": lambda: some(dice, POLICIES),
        "labels": lambda: [make_selector(dice) for _ in range(dice.randint(1, 2))],
        "capabilities": lambda: {name: capability_set() for name in ("permitted", "effective", "inheritable")
                                 if dice.random() < 0.5},
    }
    for name in ("binary_regex", "parent_binary_regex", "ancestor_binary_regex", "arguments_regex", "parent_arguments_regex",
                 "pod_regex", "container_name_regex", "container_id", "namespace_regex"):
        makers[name] = lambda: some(dice, PATTERNS)
    return {name: makers[name]() for name in dice.sample(list(makers), dice.choice([0, 1, 1, 1, 2, 2, 3]))}


def requirement_holds(text: str, labels: dict[str, str]) -> bool:
    text = text.strip()
    if match := re.fullmatch(r"(\w+)\s+(in|notin)\s+\((.*)\)", text):
        inside = labels.get(match[1]) in [value.strip() for value in match[3].split(",")] and match[1] in labels
        return inside if match[2] == "in" else not inside
    if match := re.fullmatch(r"(\w+)\s*(!=|==|=|>|<)\s*(\w*)", text):
        key, operator, value = match.groups()
        if operator in "><":
            is_number = re.fullmatch(r"[+-]?\d+", labels.get(key, "")) is not None
            return is_number and (int(labels[key]) > int(value) if operator == ">" else int(labels[key]) < int(value))
        return (labels.get(key) == value) != (operator == "!=")
    return (text.lstrip("!") in labels) != text.startswith("!")


def selector_matches(text: str, labels: dict[str, str]) -> bool:
    pieces = re.findall(r"(?:[^,(]|\([^)]*\))+", text)
    return all(requirement_holds(piece, labels) for piece in pieces)


def set_holds(wanted: Json, had: list[str]) -> bool:
    [(how, names)] = wanted.items()
    wanted_set, had_set = set(names), set(had)
    return {"any": bool(wanted_set & had_set), "all": wanted_set <= had_set, "exactly": wanted_set == had_set,
            "none": not wanted_set & had_set}[how]


def search(patterns: list[str], text: str) -> bool:
    return any(re.search(re.sub(r"\$$", r"\\Z", pattern), text, re.ASCII if "\u00e9" not in pattern else 0) for pattern in patterns)


def is_probe(process: Json | None) -> bool:
    return bool(process and process.get("pod", {}).get("container", {}).get("maybe_exec_probe"))


def key_holds(name: str, wanted: Any, kind: str, event: Json) -> bool:
    process, parent = event.get("process"), event.get("parent")
    if name == "event_set":
        return kind.upper() in wanted
    if name == "health_check":
        return (is_probe(process) or is_probe(parent)) == wanted
    if name == "policy_names":
        return kind in WITH_POLICY and event.get("policy_name", "") in wanted
    if name.startswith("parent_"):
        return parent is not None and search(wanted, parent[name.split("_")[1]])
    if name == "ancestor_binary_regex":
        return any(search(wanted, one["binary"]) for one in event.get("ancestors", []))
    if process is None:
        return False
    pod = process.get("pod")
    if name == "namespace":
        return (pod["namespace"] if pod else "") in wanted
    if name == "capabilities":
        return "cap" in process and all(set_holds(one, process["cap"].get(which, [])) for which, one in wanted.items())
    plain = {"pid": lambda: process.get("pid") in wanted, "in_init_tree": lambda: process.get("in_init_tree", False) == wanted,
             "binary_regex": lambda: search(wanted, process["binary"]), "container_id": lambda: search(wanted, process["docker"]),
             "arguments_regex": lambda: search(wanted, process["arguments"])}
    if name in plain:
        return plain[name]()
    if pod is None:
        return False
    return {"namespace_regex": lambda: search(wanted, pod["namespace"]), "pod_regex": lambda: search(wanted, pod["name"]),
            "container_name_regex": lambda: "container" in pod and search(wanted, pod["container"]["name"]),
            "labels": lambda: any(selector_matches(one, pod["pod_labels"]) for one in wanted)}[name]()


def list_matches(filters: list[Json], kind: str, event: Json) -> bool:
    return any(all(key_holds(name, wanted, kind, event) for name, wanted in one.items()) for one in filters)


def passes(allow: list[Json], deny: list[Json], message: Json) -> bool:
    kind = next(iter(message))
    return (not allow or list_matches(allow, kind, message[kind])) and not list_matches(deny, kind, message[kind])


def without_path(message: Any, path: list[str]) -> None:
    for one in message if isinstance(message, list) else [message]:
        if len(path) == 1:
            one.pop(path[0], None)
        elif path[0] in one:
            without_path(one[path[0]], path[1:])


def only_paths(message: Any, paths: list[list[str]]) -> Any:
    if isinstance(message, list):
        return [only_paths(one, paths) for one in message]
    kept = {}
    for name, value in message.items():
        below = [path[1:] for path in paths if path[0] == name]
        if [] in below:
            kept[name] = value
        elif below:
            kept[name] = only_paths(value, below)
    return kept


def apply_fields(filters: list[Json], message: Json) -> Json:
    kind = next(iter(message))
    shown = copy.deepcopy(message)
    for one in filters:
        listed = one.get("event_set", [])
        if (listed and (kind.upper() in listed) == one.get("invert_event_set", False)) or not one["fields"]:
            continue
        paths = [path.split(".") for path in one["fields"].split(",")]
        if one["action"] == "INCLUDE":
            shown[kind] = only_paths(shown[kind], paths)
        else:
            for path in paths:
                without_path(shown[kind], path)
    return shown


def make_field_filter(dice: random.Random) -> Json:
    one: Json = {"fields": ",".join(some(dice, PATHS, 4)), "action": dice.choice(["INCLUDE", "EXCLUDE"])}
    if dice.random() < 0.5:
        one["event_set"] = [kind.upper() for kind in some(dice, KINDS[:8], 4)]
        one["invert_event_set"] = dice.random() < 0.3
    return one


def without_defaults(value: Any) -> Any:
    """As protobuf's JSON leaves them out; wrappers (pid, in_init_tree) and empty messages stay."""
    if isinstance(value, list):
        return [without_defaults(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, one in value.items():
        if name == "pod_labels":
            if one:
                kept[name] = one
        elif one not in ("", []) and not (one is False and name != "in_init_tree"):
            kept[name] = without_defaults(one)
    return kept


def make_case(dice: random.Random) -> tuple[str, str]:
    """A line for VERDICT and what it is to answer."""
    event = make_event(dice)
    text = json.dumps(event, ensure_ascii=False)
    if dice.random() < 0.3:
        filters = [make_field_filter(dice) for _ in range(dice.randint(1, 3))]
        want = json.dumps(without_defaults(apply_fields(filters, event)), sort_keys=True)
        return f"fields\t{''.join(map(json.dumps, filters))}\t\t{text}", want
    allow = [make_filter(dice) for _ in range(dice.choice([0, 1, 1, 2, 3]))]
    deny = [make_filter(dice) for _ in range(dice.choice([0, 0, 1, 2]))]
    lists = ("".join(json.dumps(one, ensure_ascii=False) for one in filters) for filters in (allow, deny))
    return f"list\t{next(lists)}\t{next(lists)}\t{text}", str(int(passes(allow, deny, event)))


def main() -> int:
    verdict, seed, count = sys.argv[1], *map(int, [*sys.argv[2:], *("1", "6000")[len(sys.argv) - 2:]][:2])
    dice = random.Random(seed)
    cases = [make_case(dice) for _ in range(count)]
    asked = "".join(line + "\n" for line, _ in cases)
    done = subprocess.run([verdict], input=asked, capture_output=True, text=True, check=True)
    wrong, yes = 0, 0
    answers = done.stdout.split("\n")[:-1]
    for (line, want), got in zip(cases, answers, strict=True):
        told = json.dumps(json.loads(got), sort_keys=True) if got.startswith("{") else got
        yes += told == "1"
        if told != want:
            wrong += 1
            print(f"seed {seed}: want {want}, got {told}\n  {line}")
        if wrong == 5:
            break
    print(f"differential: {count} cases of seed {seed}, {yes} events passed, {wrong} differ")
    return 1 if wrong or not count // 10 < yes < count else 0


if __name__ == "__main__":
    sys.exit(main())

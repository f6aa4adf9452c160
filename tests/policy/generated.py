# SPDX-License-Identifier: Apache-2.0
"""Cases that are made from tables: every required field missing, every field of a wrong kind, every operator with every type.

The tables are written down from the public schema and the documented semantics, not from the product's own .def files.
"""
from __future__ import annotations

import copy
import json
from typing import Any, Callable, Iterator

from checker import Checker

Test = tuple[str, Callable[[Checker], Iterator[str]]]
Path = tuple[str | int, ...]

SELECTOR = {
    "label": "one",
    "matchPIDs": [{"operator": "In", "values": [1], "followForks": True, "isNamespacePID": False}],
    "matchBinaries": [{"operator": "In", "values": ["/bin/sh"], "followChildren": False}],
    "matchParentBinaries": [{"operator": "NotIn", "values": ["/bin/sh"], "followChildren": False}],
    "matchNamespaces": [{"namespace": "Net", "operator": "In", "values": ["host_ns"]}],
    "matchNamespaceChanges": [{"operator": "In", "values": ["Mnt"]}],
    "matchCapabilities": [{"operator": "In", "values": ["CAP_BPF"], "type": "Effective", "isNamespaceCapability": False}],
    "matchCapabilityChanges": [{"operator": "In", "values": ["CAP_BPF"]}],
    "matchWorkloads": {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}},
    "matchArgs": [{"index": 0, "operator": "Equal", "values": ["1"]}],
    "matchActions": [{"action": "Post", "rateLimit": "5s", "rateLimitScope": "global", "kernelStackTrace": True}],
}
ARGUMENT = {"index": 0, "type": "int", "label": "number", "resolve": "a.b", "btfType": "s", "btfTypeModule": "m"}
SPEC: dict[str, Any] = {
    "kprobes": [
        {
            "call": "f",
            "syscall": False,
            "args": [ARGUMENT],
            "data": [{"index": 0, "type": "int", "source": "current_task", "resolve": "pid"}],
            "return": True,
            "returnArg": {"index": 0, "type": "int"},
            "message": "hello",
            "tags": ["one"],
            "ignore": {"callNotFound": True},
            "selectors": [SELECTOR],
        }
    ],
    "tracepoints": [{"subsystem": "syscalls", "event": "sys_enter_read", "raw": False, "args": [{"index": 4}]}],
    "lsmhooks": [{"hook": "file_open", "args": [{"index": 0, "type": "file"}]}],
    "uprobes": [{"path": "/bin/bash", "symbols": ["readline"], "binaryDigests": ["build-id:00ff"]}],
    "usdts": [{"path": "/bin/bash", "provider": "p", "name": "n"}],
    "fentries": [{"call": "g", "syscall": False}],
    "lists": [{"name": "l", "type": "syscalls", "values": ["sys_read"]}],
    "enforcers": [{"calls": ["sys_write"]}],
    "options": [{"name": "policy-mode", "value": "monitor"}],
    "selectorsMacros": {"m": {"matchPIDs": [{"operator": "In", "values": [1]}]}},
    "podSelector": {"matchLabels": {"app": "web"}},
    "nodeSelector": {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]},
    "hostSelector": {},
    "loader": True,
}
POLICY: dict[str, Any] = {
    "apiVersion": "cilium.io/v1alpha1",
    "kind": "TracingPolicy",
    "metadata": {"name": "p"},
    "spec": SPEC,
}
KPROBE: Path = ("spec", "kprobes", 0)
IN_SELECTOR: Path = (*KPROBE, "selectors", 0)

REQUIRED: tuple[Path, ...] = (
    ("apiVersion",),
    ("kind",),
    ("metadata",),
    ("metadata", "name"),
    (*KPROBE, "call"),
    (*KPROBE, "args", 0, "index"),
    (*KPROBE, "data", 0, "index"),
    (*KPROBE, "returnArg", "index"),
    (*IN_SELECTOR, "matchPIDs", 0, "operator"),
    (*IN_SELECTOR, "matchPIDs", 0, "values"),
    (*IN_SELECTOR, "matchBinaries", 0, "operator"),
    (*IN_SELECTOR, "matchBinaries", 0, "values"),
    (*IN_SELECTOR, "matchParentBinaries", 0, "operator"),
    (*IN_SELECTOR, "matchParentBinaries", 0, "values"),
    (*IN_SELECTOR, "matchNamespaces", 0, "namespace"),
    (*IN_SELECTOR, "matchNamespaces", 0, "operator"),
    (*IN_SELECTOR, "matchNamespaces", 0, "values"),
    (*IN_SELECTOR, "matchNamespaceChanges", 0, "operator"),
    (*IN_SELECTOR, "matchNamespaceChanges", 0, "values"),
    (*IN_SELECTOR, "matchCapabilities", 0, "operator"),
    (*IN_SELECTOR, "matchCapabilities", 0, "values"),
    (*IN_SELECTOR, "matchCapabilityChanges", 0, "operator"),
    (*IN_SELECTOR, "matchCapabilityChanges", 0, "values"),
    (*IN_SELECTOR, "matchWorkloads", "podSelector", "matchExpressions", 0, "key"),
    (*IN_SELECTOR, "matchWorkloads", "podSelector", "matchExpressions", 0, "operator"),
    (*IN_SELECTOR, "matchArgs", 0, "operator"),
    (*IN_SELECTOR, "matchActions", 0, "action"),
    ("spec", "tracepoints", 0, "subsystem"),
    ("spec", "tracepoints", 0, "event"),
    ("spec", "lsmhooks", 0, "hook"),
    ("spec", "uprobes", 0, "path"),
    ("spec", "usdts", 0, "path"),
    ("spec", "usdts", 0, "provider"),
    ("spec", "usdts", 0, "name"),
    ("spec", "fentries", 0, "call"),
    ("spec", "lists", 0, "name"),
    ("spec", "enforcers", 0, "calls"),
    ("spec", "options", 0, "name"),
)


def word(path: Path) -> str:
    return ".".join(str(step) for step in path)


def parent_of(policy: Any, path: Path) -> Any:
    for step in path[:-1]:
        policy = policy[step]
    return policy


def errors(findings: list[dict[str, object]]) -> list[str]:
    return [str(finding["message"]) for finding in findings if finding["severity"] == "error"]


def missing_field(path: Path) -> Test:
    def play(checker: Checker) -> Iterator[str]:
        policy = copy.deepcopy(POLICY)
        del parent_of(policy, path)[path[-1]]
        found = errors(checker.check_all([json.dumps(policy, indent=1)])[0])
        if len(found) != 1 or not found[0].startswith(f'"{path[-1]}" is missing in '):
            yield f"wanted one finding about the missing field, got {found}"

    return f"generated: {word(path)} cannot be left out", play


def wrong_values(value: Any) -> list[Any]:
    """What cannot stand for VALUE. Text may be a number or a truth value: that is only warned of."""
    if isinstance(value, bool):
        return ["x", 1, [], {}]
    if isinstance(value, int):
        return ["x", True, [], {}]
    if isinstance(value, str):
        return [[], {}]
    return ["x", 1, True, {} if isinstance(value, list) else []]


def fields(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield (*path, step), item
        yield from fields(item, (*path, step))


def wrong_kinds(path: Path, value: Any) -> Test:
    def play(checker: Checker) -> Iterator[str]:
        policies = []
        for wrong in wrong_values(value):
            policy = copy.deepcopy(POLICY)
            parent_of(policy, path)[path[-1]] = wrong
            policies.append(json.dumps(policy, indent=1))
        for wrong, findings in zip(wrong_values(value), checker.check_all(policies)):
            found = errors(findings)
            if len(found) != 1 or "must be" not in found[0]:
                yield f"{json.dumps(wrong)} must be refused once, got {found}"

    return f"generated: {word(path)} is of one kind", play


# ---- operators and types ---------------------------------------------------------------------------------------------

EQUALITY = "Equal NotEqual"
MAPS = "InMap NotInMap"
NUMBERS = f"{EQUALITY} {MAPS} GreaterThan GT LessThan LT Mask InRange NotInRange CelExpr"
TEXTS = f"{EQUALITY} Prefix NotPrefix Postfix NotPostfix SubString SubStringIgnCase"
FILES = f"{TEXTS} FileType NotFileType"
SOURCE = "SPort NotSPort SPortPriv NotSportPriv SAddr NotSAddr Family"
PACKET = f"{SOURCE} DPort NotDPort DPortPriv NotDPortPriv DAddr NotDAddr Protocol"
SETS = f"{EQUALITY} Mask GreaterThan GT LessThan LT CapabilitiesGained"
OPERATORS = sorted(set(f"{NUMBERS} {FILES} {PACKET} {SETS} State".split()))

TYPES: dict[str, str] = {
    **dict.fromkeys("int sint8 int8 uint8 sint16 int16 uint16 uint32 sint32 int32".split(), NUMBERS),
    **dict.fromkeys("ulong uint64 size_t long sint64 int64".split(), NUMBERS),
    **dict.fromkeys("string filename char_buf char_iovec iov_iter const_buf data_loc net_device".split(), TEXTS),
    **dict.fromkeys("fd file kiocb path dentry linux_binprm".split(), FILES),
    **dict.fromkeys("sock socket".split(), f"{PACKET} State"),
    "skb": PACKET,
    "sockaddr": SOURCE,
    "sockaddr_un": f"Family {TEXTS}",
    **dict.fromkeys("kernel_cap_t cap_inheritable cap_permitted cap_effective".split(), SETS),
    **dict.fromkeys("capability bpf_cmd syscall64".split(), f"{EQUALITY} {MAPS}"),
    **dict.fromkeys("cred user_namespace bpf_attr perf_event bpf_map bpf_prog load_info module nop".split(), ""),
}
TRACEPOINT_ONLY = ("syscall64", "data_loc")
SAMPLES = {
    "capability": "CAP_BPF",
    "bpf_cmd": "BPF_PROG_LOAD",
    "kernel_cap_t": "CAP_BPF,CAP_SYS_ADMIN",
    "InRange": "1:2",
    "NotInRange": "1:2",
    "CelExpr": "arg0 == 1",
    "SAddr": "10.0.0.0/8",
    "NotSAddr": "::1",
    "DAddr": "10.0.0.1",
    "NotDAddr": "fe80::/10",
    "Family": "AF_INET",
    "Protocol": "IPPROTO_TCP",
    "State": "TCP_LISTEN",
    "FileType": "reg",
    "NotFileType": "dir",
}
WITHOUT_VALUES = ("SPortPriv", "NotSportPriv", "DPortPriv", "NotDPortPriv", "CapabilitiesGained")


def pair_policy(kind: str, operator: str) -> str:
    flt: dict[str, Any] = {"operator": operator, "values": [SAMPLES.get(operator, SAMPLES.get(kind, "1"))]}
    if operator in WITHOUT_VALUES:
        del flt["values"]
    flt.update({"args": [0, 1]} if operator == "CapabilitiesGained" else {"index": 0})
    hook = {
        "args": [{"index": index, "type": kind, "sizeArgIndex": 2} for index in (0, 1)],
        "selectors": [{"matchArgs": [flt]}],
    }
    if kind in TRACEPOINT_ONLY:
        return policy_of({"tracepoints": [{"subsystem": "s", "event": "e", **hook}]})
    return policy_of({"kprobes": [{"call": "f", "syscall": False, **hook}]})


def policy_of(spec: dict[str, Any]) -> str:
    return json.dumps({**POLICY, "spec": spec}, indent=1)


def refusal_of(operator: str) -> str:
    return "argument 0 (" if operator == "CelExpr" else f"operator {operator} cannot be used for argument 0 ("


def operators_of(kind: str) -> Test:
    def play(checker: Checker) -> Iterator[str]:
        policies = [pair_policy(kind, operator) for operator in OPERATORS]
        for operator, findings in zip(OPERATORS, checker.check_all(policies)):
            found = errors(findings)
            if operator in TYPES[kind].split():
                if found:
                    yield f"{operator} must be taken, got {found}"
            elif len(found) != 1 or not found[0].startswith(refusal_of(operator)):
                yield f"{operator} must be refused once, got {found}"

    return f"generated: type {kind} takes its {len(TYPES[kind].split())} operators and no other", play


# ---- numbers ---------------------------------------------------------------------------------------------------------

WIDTHS = {
    **dict.fromkeys(("int8", "sint8"), (-(2**7), 2**7 - 1)),
    **dict.fromkeys(("int16", "sint16"), (-(2**15), 2**15 - 1)),
    **dict.fromkeys(("int", "int32", "sint32"), (-(2**31), 2**31 - 1)),
    **dict.fromkeys(("int64", "sint64", "long"), (-(2**63), 2**63 - 1)),
    "uint8": (0, 2**8 - 1),
    "uint16": (0, 2**16 - 1),
    "uint32": (0, 2**32 - 1),
    **dict.fromkeys(("uint64", "ulong", "size_t"), (0, 2**64 - 1)),
}


def width_of(kind: str) -> Test:
    low, high = WIDTHS[kind]

    def number_policy(value: str) -> str:
        flt = {"index": 0, "operator": "Equal", "values": [value]}
        hook = {"call": "f", "syscall": False, "args": [{"index": 0, "type": kind}], "selectors": [{"matchArgs": [flt]}]}
        return policy_of({"kprobes": [hook]})

    def play(checker: Checker) -> Iterator[str]:
        right = [str(low), str(high), hex(high), "0" + oct(high)[2:]]
        wrong = [str(low - 1), str(high + 1), hex(high + 1), "", "one", "1.5", "0x", "1 ", "--1"]
        for value, findings in zip(right + wrong, checker.check_all(list(map(number_policy, right + wrong)))):
            if len(errors(findings)) != (value in wrong):
                yield f"{value!r}: {findings}"

    return f"generated: {kind} goes from {low} to {high}", play


def tests() -> list[Test]:
    whole = [
        *map(missing_field, REQUIRED),
        *(wrong_kinds(path, value) for path, value in fields(POLICY)),
        *map(operators_of, TYPES),
        *map(width_of, WIDTHS),
    ]
    return [("generated: the policy that the others are made from is right", everything_is_right), *whole]


def everything_is_right(checker: Checker) -> Iterator[str]:
    found = checker.check_all([json.dumps(POLICY, indent=1)])[0]
    if errors(found):
        yield f"{found}"

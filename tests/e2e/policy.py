# SPDX-License-Identifier: Apache-2.0
"""The policies of a case: its text in, files that the agent is given before the act and loses after it out."""
from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from casefile import Case

SEEDS = Path(__file__).resolve().parents[2] / "examples"
NAME = re.compile(r"^  name: (\S+)$", re.MULTILINE)
NAMESPACE = re.compile(r"^  namespace: (\S+)$", re.MULTILINE)
HEAD = """apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata:
  name: policy-{number}
spec:
"""


@dataclass
class PolicyFile:
    path: Path
    name: str
    namespace: str


def read_name(path: Path) -> PolicyFile:
    text = path.read_text()
    name, namespace = NAME.search(text), NAMESPACE.search(text)
    return PolicyFile(path, name.group(1) if name else "", namespace.group(1) if namespace else "")


def write_policies(case: Case, text: str, directory: Path) -> list[PolicyFile]:
    """The seeds that the case names, and one file in DIRECTORY for each document of its block (TEXT)."""
    paths = [SEEDS / f"{name}.yaml" for name in case.policies.split()]
    for number, document in enumerate(re.split(r"^---\n", text, flags=re.MULTILINE) if text else [], 1):
        path = directory / f"policy-{number}.yaml"
        if not document.startswith("apiVersion:"):
            document = HEAD.format(number=number) + re.sub(r"^(?=.)", "  ", document, flags=re.MULTILINE)
        path.write_text(document)
        paths.append(path)
    return [read_name(path) for path in paths]


class PolicyLoader:
    """Gives policies to an agent through its API, as a person would: with `tetra`."""

    def __init__(self, tetra: Path, server: str) -> None:
        self.command = [str(tetra), "--server-address", server, "tracingpolicy"]

    def run(self, *words: str) -> str:
        """What went wrong; empty if nothing did."""
        done = subprocess.run([*self.command, *words], capture_output=True, text=True, check=False, timeout=60)
        return "" if done.returncode == 0 else f"tetra {' '.join(words)}: {done.stderr}"

    def add(self, policies: list[PolicyFile]) -> str:
        return self.run("add", *(str(policy.path) for policy in policies)) if policies else ""

    def delete(self, policies: list[PolicyFile]) -> list[str]:
        problems = []
        for policy in policies:
            namespace = ["--namespace", policy.namespace] if policy.namespace else []
            problems.append(self.run("delete", policy.name, *namespace))
        return [problem for problem in problems if problem]

# SPDX-License-Identifier: Apache-2.0
"""Runs `tetra policy check` on texts. In: the text of a policy. Out: exit status, findings, and what was understood."""
from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

# Far more than anything needs; a text that takes longer is a defect.
SECONDS_MAX = 60


@dataclass
class Outcome:
    status: int
    findings: str  # standard error
    model: str  # standard output
    peak_kib: int  # resident memory


class Checker:
    def __init__(self, tetra: Path, folder: Path) -> None:
        self.tetra = tetra
        self.folder = folder

    def run(self, *arguments: str, text: bytes = b"") -> Outcome:
        """With TEXT as standard input."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(text)
            given.seek(0)
            command = [str(self.tetra), "policy", "check", *arguments]
            child = subprocess.Popen(command, cwd=self.folder, stdin=given, stdout=out, stderr=err)
            alarm = threading.Timer(SECONDS_MAX, child.kill)
            alarm.start()
            _, status, usage = os.wait4(child.pid, 0)
            alarm.cancel()
            child.returncode = os.waitstatus_to_exitcode(status)
            out.seek(0)
            err.seek(0)
            findings, model = err.read().decode(errors="replace"), out.read().decode(errors="replace")
        return Outcome(child.returncode, findings, model, usage.ru_maxrss)

    def check(self, policy: str | bytes, stage: str = "model") -> Outcome:
        """One policy, as the file p.yaml."""
        text = policy if isinstance(policy, bytes) else policy.encode(errors="surrogatepass")
        (self.folder / "p.yaml").write_bytes(text)
        return self.run("p.yaml", *(["--print", stage] if stage else []))

    def check_all(self, policies: list[str]) -> list[list[dict[str, object]]]:
        """Many policies in one run: the findings of each."""
        names = [f"{number}.yaml" for number in range(len(policies))]
        for name, policy in zip(names, policies):
            (self.folder / name).write_text(policy)
        outcome = self.run("-o", "json", *names)
        if outcome.findings or outcome.status not in (0, 1):
            raise AssertionError(f"exit status {outcome.status}: {outcome.findings}")
        findings: dict[str, list[dict[str, object]]] = {name: [] for name in names}
        for line in outcome.model.splitlines():
            finding = json.loads(line)
            findings[finding["file"]].append(finding)
        return [findings[name] for name in names]

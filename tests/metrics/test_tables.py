# SPDX-License-Identifier: Apache-2.0
"""Holds the table of metrics against what is written elsewhere: the paper, upstream's names, rules and dashboard.

In: TETRAD_LIST_METRICS, the program that prints the table. No agent, no root.
"""
from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import unittest
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

HOME = Path(__file__).resolve().parent.parent.parent
RULES = HOME / "deploy" / "prometheus" / "tetrad.rules.yml"
RULE_TESTS = HOME / "deploy" / "prometheus" / "tests" / "tetrad.test.yml"
DASHBOARD = HOME / "deploy" / "grafana" / "tetrad.json"
# What Prometheus itself says of a target and of alerts, and names that rules record.
FOREIGN = re.compile(r"^(up|ALERTS|tetrad:.*)$")
NAME = re.compile(r"\b(?:tetragon|tetrad|process|grpc_server|go)_\w+|\btetrad:[\w:]+")


@dataclass
class Metric:
    name: str
    kind: str
    unit: str
    labels: list[str]
    help: str

    def doc_row(self) -> str:
        return f"| `{self.name}` | {self.kind} | {' '.join(self.labels)} | {self.help} |"

    def samples(self) -> list[str]:
        suffixes = ("_bucket", "_sum", "_count") if self.kind == "histogram" else ("",)
        return [self.name + suffix for suffix in suffixes]


def read_metrics() -> dict[str, Metric]:
    done = subprocess.run([os.environ["TETRAD_LIST_METRICS"]], capture_output=True, text=True, check=True)
    metrics = {}
    for line in done.stdout.splitlines():
        name, kind, unit, labels, text = line.split("\t")
        metrics[name] = Metric(name, kind, unit, labels.split(), text)
    return metrics


def read_upstream() -> Iterator[tuple[str, str, list[str]]]:
    for line in (HOME / "tests" / "metrics" / "upstream_metrics.tsv").read_text().splitlines():
        if not line.startswith("#"):
            name, kind, labels = line.split("\t")
            yield name, kind, labels.split()


def read_reasons() -> dict[str, str]:
    """The table of names that are not here, in the paper."""
    text = (HOME / "docs" / "metrics.md").read_text()
    part = text.split("### Upstream's names that are not here")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([\w*]+)` \| (.+) \|$", part, re.MULTILINE))


def expressions(node: Any) -> Iterator[str]:
    """Queries of a dashboard: of panels and of variables."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("expr", "definition") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(node, list):
        for value in node:
            yield from expressions(value)


class Tables(unittest.TestCase):
    def setUp(self) -> None:
        self.metrics = read_metrics()

    def test_the_paper_has_every_row_and_no_other(self) -> None:
        text = (HOME / "docs" / "metrics.md").read_text()
        rows = re.findall(r"^\| `(?:tetragon|tetrad|process|grpc_server)_\w+` \| (?:counter|gauge|histogram) \|.*$", text, re.MULTILINE)
        self.assertEqual(sorted(rows), sorted(metric.doc_row() for metric in self.metrics.values()))

    def test_every_upstream_name_is_here_or_has_a_reason(self) -> None:
        reasons = read_reasons()
        upstream = {name for name, _, _ in read_upstream()}
        self.assertGreater(len(upstream), 70)
        self.assertEqual(sorted(upstream - set(self.metrics)), sorted(reasons))
        for name, reason in reasons.items():
            self.assertGreater(len(reason), 3, name)

    def test_upstream_names_have_upstream_kinds_and_labels(self) -> None:
        for name, kind, labels in read_upstream():
            if name in self.metrics:
                self.assertEqual(self.metrics[name].kind, kind, name)
                self.assertEqual(sorted(self.metrics[name].labels), sorted(labels), name)

    def test_only_our_own_names_are_new(self) -> None:
        upstream = {name for name, _, _ in read_upstream()}
        for name in set(self.metrics) - upstream:
            self.assertTrue(name.startswith("tetrad_"), name)

    def check_names(self, texts: list[str], where: str) -> None:
        samples = {sample for metric in self.metrics.values() for sample in metric.samples()}
        recorded = set(re.findall(r"record: (\S+)", RULES.read_text()))
        used = {name for text in texts for name in NAME.findall(re.sub(r'"(?:\\.|[^"])*"', '""', text))}
        self.assertGreater(len(used), 20, where)
        labels = {label for metric in self.metrics.values() for label in metric.labels}
        for name in used - labels:
            self.assertIn(name, recorded if FOREIGN.match(name) else samples, where)

    def test_rules_use_names_that_exist(self) -> None:
        self.check_names(re.findall(r"expr: (.+)", RULES.read_text()), "rules")

    def test_series_of_rule_tests_exist(self) -> None:
        self.check_names([text.split("{")[0] for text in re.findall(r"series: '([^']+)'", RULE_TESTS.read_text())], "tests")

    def test_the_dashboard_uses_names_that_exist(self) -> None:
        dashboard = json.loads(DASHBOARD.read_text())
        self.check_names(list(expressions(dashboard)), "dashboard")

    def test_panels_have_their_own_places_and_say_what_they_ask(self) -> None:
        panels = json.loads(DASHBOARD.read_text())["panels"]
        self.assertEqual(len({panel["id"] for panel in panels}), len(panels))
        cells = set()
        for panel in panels:
            grid = panel["gridPos"]
            for x in range(grid["x"], grid["x"] + grid["w"]):
                for y in range(grid["y"], grid["y"] + grid["h"]):
                    self.assertNotIn((x, y), cells, panel["title"])
                    self.assertLess(x, 24, panel["title"])
                    cells.add((x, y))
            self.assertTrue(panel["type"] == "row" or panel["targets"], panel["title"])

    def test_every_alert_says_what_to_do_and_is_tried(self) -> None:
        text = RULES.read_text()
        alerts = re.split(r"\n\s+- alert: ", text)[1:]
        self.assertGreater(len(alerts), 15)
        tried = RULE_TESTS.read_text()
        for alert in alerts:
            name = alert.split("\n")[0]
            for word in ("severity", "summary", "description", "action"):
                self.assertRegex(alert, rf"\n\s+{word}: ", name)
            self.assertIn(f"- name: {name} fires\n", tried)
            self.assertIn(f"- name: {name} is quiet\n", tried)


@unittest.skipUnless(shutil.which("promtool"), "needs promtool, of Debian's package prometheus")
class Promtool(unittest.TestCase):
    def run_promtool(self, *words: str) -> None:
        done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_rules_are_valid(self) -> None:
        self.run_promtool("check", "rules", str(RULES))

    def test_alerts_fire_when_they_should(self) -> None:
        self.run_promtool("test", "rules", str(RULE_TESTS))

    def test_queries_of_the_dashboard_are_valid(self) -> None:
        """As one file of rules, which promtool reads; variables of Grafana stand for themselves."""
        queries = [text for text in expressions(json.loads(DASHBOARD.read_text())) if not text.startswith("label_values")]
        rules = [
            {"record": f"panel:{i}", "expr": text.replace("$__rate_interval", "5m")} for i, text in enumerate(queries)
        ]
        done = subprocess.run(
            ["promtool", "check", "rules", "--lint=none", "/dev/stdin"],
            input=json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(queries)} rules found", done.stdout)


if __name__ == "__main__":
    unittest.main()

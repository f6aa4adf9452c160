#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""flags.py TETRAD [--write]: upstream's flags against the agent's and against docs/operations.md.

In: upstream_flags.tsv (name, default), what `tetrad --generate-docs` and `--help` print, the table between two markers
in docs/operations.md. Out: TAP. Every flag of upstream must be a flag here with the same default, or have its reason in
DIFFERENT. The table in the document must be what this program makes of the three; --write puts it there.
"""
from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parent.parent / "docs" / "operations.md"
BEGIN = "<!-- flags: made by tests/docs/flags.py --write -->"
END = "<!-- flags end -->"

# Defaults that are another one on purpose, and why.
DIFFERENT: dict[str, str] = {}

EMPTY = ("-", "", "[]", "0", "false")
WORDS = {
    "ignored": "taken, changes nothing: ",
    "missed": "taken with a warning: ",
    "refused": "only with its default: ",
}


def unquote(text: str) -> str:
    """A scalar as --generate-docs writes it: plain, in double quotes, or a list of such."""
    if text.startswith("["):
        return ",".join(unquote(item) for item in re.findall(r'"(?:\\.|[^"\\])*"', text))
    if not text.startswith('"'):
        return text
    return re.sub(r"\\(u[0-9a-f]{4}|.)", lambda m: chr(int(m[1][1:], 16)) if len(m[1]) > 1 else m[1], text[1:-1])


def read_table(tetrad: str) -> dict[str, dict[str, str]]:
    text = subprocess.run([tetrad, "--generate-docs"], capture_output=True, text=True, check=True).stdout
    flags: dict[str, dict[str, str]] = {}
    for block in text.split("    - name: ")[1:]:
        lines = block.splitlines()
        flags[lines[0]] = {key: unquote(value) for key, value in (line.strip().split(": ", 1) for line in lines[1:])}
    return flags


def read_upstream() -> dict[str, str]:
    lines = (HERE / "upstream_flags.tsv").read_text().splitlines()
    return dict(line.split("\t") for line in lines if not line.startswith("#"))


def same_default(ours: str, theirs: str) -> bool:
    return ours == theirs or (ours in EMPTY and theirs in EMPTY) or (theirs == "0s" and ours in ("0", "0s"))


def shown(value: str) -> str:
    return f"`{value}`" if value not in EMPTY else "-"


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def row(name: str, default: str, flag: dict[str, str] | None) -> str:
    if flag is None:
        return f"| `--{name}` | {shown(default)} | not there yet |"
    if "upstream" in flag:
        return f"| `--{name}` | {shown(default)} | {WORDS[flag['upstream']]}{cell(flag['reason'])} |"
    note = f" ({DIFFERENT[name]})" if name in DIFFERENT else ""
    return f"| `--{name}` | {shown(flag['default_value'])} | {cell(flag['usage'])}{note} |"


def make_table(flags: dict[str, dict[str, str]], upstream: dict[str, str]) -> str:
    head = "| flag | default | here |\n|---|---|---|\n"
    rows = [row(name, upstream[name], flags.get(name)) for name in sorted(upstream)]
    own = [row(name, flags[name]["default_value"], flags[name]) for name in sorted(set(flags) - set(upstream))]
    return f"{head}{chr(10).join(rows)}\n\nFlags that upstream does not have:\n\n{head}{chr(10).join(own)}\n"


class Tap:
    def __init__(self) -> None:
        self.count = self.failed = 0

    def line(self, title: str, offences: list[str]) -> None:
        self.count += 1
        self.failed += bool(offences)
        print(f"{'not ok' if offences else 'ok'} {self.count} - {title}")
        for offence in offences:
            print(f"#   {offence}")


def check(tetrad: str, flags: dict[str, dict[str, str]], upstream: dict[str, str], document: str) -> int:
    tap = Tap()
    usage = subprocess.run([tetrad, "--help"], capture_output=True, text=True, check=True).stdout
    in_help = set(re.findall(r"^ +(?:-\w, )?--([a-z0-9-]+)", usage, re.MULTILINE))
    tap.line(
        "every flag of upstream is a flag here",
        [f"--{name} is missing" for name in upstream if name not in flags],
    )
    tap.line(
        "defaults are upstream's",
        [
            f"--{name} is {flags[name]['default_value']!r}, upstream's {theirs!r}"
            for name, theirs in upstream.items()
            if name in flags and name not in DIFFERENT and not same_default(flags[name]["default_value"], theirs)
        ],
    )
    tap.line(
        "flags that differ do differ",
        [f"--{name} need not be listed" for name in DIFFERENT if same_default(flags[name]["default_value"], upstream[name])],
    )
    tap.line(
        "flags that do something are in the help, and only they",
        [f"--{name}" for name, flag in flags.items() if (name in in_help) == ("upstream" in flag)],
    )
    tap.line(
        "flags that change nothing are upstream's",
        [f"--{name}" for name, flag in flags.items() if "upstream" in flag and name not in upstream],
    )
    found = re.search(re.escape(BEGIN) + r"\n(.*?)" + re.escape(END), document, re.DOTALL)
    wanted = make_table(flags, upstream).splitlines()
    have = found.group(1).splitlines() if found else []
    tap.line(
        "the table in docs/operations.md is up to date (tests/docs/flags.py TETRAD --write)",
        [f"missing: {line}" for line in wanted if line not in have]
        + [f"outdated: {line}" for line in have if line not in wanted],
    )
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


def main() -> int:
    tetrad = sys.argv[1]
    flags, upstream, document = read_table(tetrad), read_upstream(), DOCUMENT.read_text()
    if "--write" not in sys.argv:
        return check(tetrad, flags, upstream, document)
    table = f"{BEGIN}\n{make_table(flags, upstream)}{END}"
    DOCUMENT.write_text(re.sub(re.escape(BEGIN) + r".*?" + re.escape(END), lambda _: table, document, flags=re.DOTALL))
    return 0


if __name__ == "__main__":
    sys.exit(main())

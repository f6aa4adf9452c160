#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""upstream TETRA TSV DOC: whether each command and flag of upstream's is here, or named with its reason.

In: the program, upstream_commands.tsv, docs/cli.md. Out: a line for each that is neither, and for each reason that is for
nothing. A flag is here if --help shows it or the table has it hidden; its letter must be upstream's, and its default
unless there is a reason.
"""
import json
import re
import subprocess
import sys

SECTION = "## What is not here"


def read_wanted(path):
    """(command, flag, letter, default), the flags of all commands under the command "*"."""
    rows = [line.rstrip("\n").split("\t") for line in open(path) if not line.startswith("#")]
    return [tuple(row + [""] * (4 - len(row))) for row in rows]


def read_reasons(path):
    """The first cells of the table: `command`, `command --flag` or `--flag`."""
    text = open(path).read().split(SECTION, 1)[1].split("\n## ", 1)[0]
    reasons = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
        if len(cells) == 2 and cells[0].startswith("`"):
            for name in re.findall(r"`([^`]+)`", cells[0]):
                reasons[name] = cells[1]
    return reasons


def read_commands(tetra):
    lines = subprocess.run([tetra, "commands", "-o", "json"], check=True, capture_output=True, text=True).stdout
    commands = {}
    for row in map(json.loads, lines.splitlines()):
        commands[row["command"]] = {flag["name"]: flag for flag in row["flags"]}
    return commands


class Check:
    def __init__(self, tetra, doc):
        self.tetra = tetra
        self.commands = read_commands(tetra)
        self.reasons = read_reasons(doc)
        self.used = set()
        self.faults = []

    def has_reason(self, command, flag):
        words = command.split()
        names = [flag, command + " " + flag] + [" ".join(words[:count]) for count in range(1, len(words) + 1)]
        found = [name for name in names if self.reasons.get(name)]
        self.used.update(found)
        return bool(found)

    def find(self, command):
        """The flags of a command by any of its names; a SHELL is a word of `completion`."""
        words = command.split()
        for count in range(len(words), 0, -1):
            done = subprocess.run([self.tetra, *words[:count], "--help"], capture_output=True, text=True)
            path = re.search(r"^Usage:\n  tetra (.*?)( \[?[A-Z].*)?$", done.stdout, re.MULTILINE)
            if done.returncode == 0 and path and path.group(1) in self.commands:
                is_whole = count == len(words) or (words[:count] == ["completion"] and self.runs(words))
                return self.commands[path.group(1)] if is_whole else None
        return None

    def runs(self, words):
        return subprocess.run([self.tetra, *words], capture_output=True).returncode == 0

    def look(self, command, flag, letter, default):
        shown = command if flag == "-" else command + " " + flag
        flags = self.find("status" if command == "*" else command)
        if flags is None or (flag != "-" and flag[2:] not in flags):
            if not self.has_reason(command, flag):
                self.faults.append('"%s" is upstream\'s and neither here nor in the table of docs/cli.md' % shown)
            return
        if flag == "-":
            return
        row = flags[flag[2:]]
        if row.get("letter", "") != letter:
            self.faults.append('"%s" has the letter "%s", upstream\'s is "%s"' % (shown, row.get("letter", ""), letter))
        if default and row.get("default", "") != default and not self.has_reason(command, flag):
            self.faults.append('"%s" is "%s" by default, upstream\'s "%s"' % (shown, row.get("default", ""), default))

    def run(self, rows):
        for row in rows:
            self.look(*row)
        for name in sorted(set(self.reasons) - self.used):
            self.faults.append('docs/cli.md gives a reason for "%s", which is here or not upstream\'s' % name)
        return self.faults


def main():
    check = Check(sys.argv[1], sys.argv[3])
    faults = check.run(read_wanted(sys.argv[2]))
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


main()

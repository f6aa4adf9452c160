# SPDX-License-Identifier: Apache-2.0
"""The seed's lines, word by word, and what each must bring about. In: a place. Out: cases, in the order of the tutorial.

What is about Kubernetes and what downloads is not here; `tetra tp add` stands for `kubectl apply`.
"""
from __future__ import annotations

import json
from typing import Callable

from place import Elasticsearch, Failure, Place, Terminal

INSTALL = ("sudo cp tetragon /usr/local/bin/", "sudo cp tetra /usr/local/bin/")
START = "sudo tetragon --btf /sys/kernel/btf/vmlinux &"
COMPACT = "tetra getevents -o compact"
PIPE = "tetra getevents -o json | jq '.process_exec // .process_exit'"
FILTER = 'tetra getevents -o compact --process-filter "event_set:PROCESS_KPROBE"'
POST = """tetra getevents -o json | jq -c 'select(.process_kprobe != null)' | \\
  while IFS= read -r line; do
    curl -s -X POST "http://elasticsearch:9200/tetragon-events/_doc" \\
      -H "Content-Type: application/json" \\
      -d "$line"
  done
"""
# A policy of the seed, what a person does, and what a line of FILTER then shows.
WATCHED = (
    ("file-access-monitor.yaml", "cat /etc/shadow", ("/usr/bin/cat", "/etc/shadow")),
    ("network-monitor.yaml", "curl -s http://127.0.0.1:9/ || true", ("curl", "127.0.0.1:9")),
    ("reverse-shell-detect.yaml", "bash -c ': >/dev/tcp/127.0.0.1/22' 2>/dev/null || true", ("bash", "127.0.0.1:22")),
    ("privilege-escalation-detect.yaml", "python3 -c 'import os; os.setuid(0)'", ("python3", "__sys_setuid")),
    ("container-escape-detect.yaml", "cat /proc/1/root/etc/hostname || true", ("/usr/bin/cat", "/proc/1/root/etc/hostname")),
)


class Skip(Exception):
    """Why a case has no meaning here."""


def open_stream(place: Place, line: str) -> Terminal:
    """The line at a terminal, once it has told of something that happened after it was typed."""
    terminal = place.type(line)

    def alive() -> bool:
        if terminal.process.poll() is not None:
            raise Failure(f'"{line}" ended with {terminal.process.returncode}: {terminal.text()}')
        place.must("/usr/bin/env true seed-probe; cat /etc/passwd >/dev/null")
        return "seed-probe" in terminal.text() or "/etc/passwd" in terminal.text()

    place.wait(alive, lambda: f'"{line}" showed no event; the terminal has: {terminal.text()[-2000:]}')
    return terminal


def installs(place: Place) -> None:
    for line in INSTALL:
        place.must(line)
    for name in ("tetragon", "tetra"):
        if place.must(f"command -v {name}").strip() != f"/usr/local/bin/{name}":
            raise Failure(f"{name} is not found in the PATH")


def starts(place: Place) -> None:
    """In the background of a terminal that stays open; `wait` only keeps it so."""
    terminal = place.type(f"{START}\nwait")
    place.wait(
        lambda: place.shell("tetra status").returncode == 0 and "ready after" in terminal.text(),
        lambda: f"the agent is not ready; the terminal has: {terminal.text()}",
    )
    info = json.loads(place.must("cat /var/run/tetragon/tetragon-info.json"))
    if info["btf_fname"] != "/sys/kernel/btf/vmlinux" or info["server_address"] != "localhost:54321":
        raise Failure(f"unexpected info file: {info}")


def shows_compact(place: Place) -> None:
    terminal = open_stream(place, COMPACT)
    place.must("/usr/bin/env true one two")
    wanted = ("process", '/usr/bin/true "one two"')

    def seen() -> bool:
        lines = terminal.text().splitlines()
        return any(all(word in line for word in wanted) for line in lines) and any(
            "exit" in line and wanted[1] in line and line.rstrip().endswith("0") for line in lines
        )

    place.wait(seen, lambda: f"no process and exit line with {wanted}: {terminal.text()[-2000:]}")
    terminal.end("tetra", 5 * place.patience)


def documents_of(text: str) -> list[dict[str, dict[str, str]]]:
    """All complete JSON values that a terminal shows."""
    decoder, found, at = json.JSONDecoder(), [], 0
    while (at := text.find("{", at)) >= 0:
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            break
        found.append(value)
    return found


def pipes_to_jq(place: Place) -> None:
    terminal = open_stream(place, PIPE)
    place.must("/usr/bin/env true piped")

    def of_ours() -> list[dict[str, dict[str, str]]]:
        return [one for one in documents_of(terminal.text()) if one["process"].get("arguments") == "piped"]

    place.wait(lambda: len(of_ours()) >= 2, lambda: f"no exec and exit: {terminal.text()[-2000:]}")
    execs = [one for one in of_ours() if "time" not in one]
    exits = [one for one in of_ours() if "time" in one]
    if len(execs) != 1 or len(exits) != 1 or execs[0]["process"]["binary"] != "/usr/bin/true":
        raise Failure(f"one exec and one exit of /usr/bin/true were expected: {of_ours()}")
    terminal.end("tetra", 5 * place.patience)


def loads_policies(place: Place) -> None:
    for file in sorted(place.cwd.glob("*.yaml")):
        place.must(f"tetra tp add {file.name}")
    states = {one["name"]: one["state"] for one in json.loads(place.must("tetra tp list -o json"))["policies"]}
    bad = {name: state for name, state in states.items() if not state.endswith("ENABLED")}
    if len(states) != 7 or bad:
        raise Failure(f"seven enabled policies were expected: {states}")


def needs_filter(place: Place) -> None:
    if "--process-filter" not in place.must("tetra getevents --help"):
        raise Skip("this tetra has no --process-filter")


def filters(place: Place) -> None:
    needs_filter(place)
    terminal = open_stream(place, FILTER)
    for policy, act, words in WATCHED:
        place.must(act + " >/dev/null 2>&1")
        place.wait(
            lambda words=words: any(all(word in line for word in words) for line in terminal.text().splitlines()),
            lambda policy=policy, words=words: f"{policy}: no line with {words}: {terminal.text()[-3000:]}",
        )
    others = [line for line in terminal.text().splitlines() if "🚀" in line or "💥" in line]
    if others:
        raise Failure(f"only PROCESS_KPROBE was asked for: {others[:3]}")
    terminal.end("tetra", 5 * place.patience)


def kills(place: Place) -> None:
    place.must("cp /usr/bin/true xmrig")
    done = place.shell("./xmrig; echo $?")
    if done.stdout.strip() != "137":
        raise Failure(f"a miner was to be killed (137): {done.stdout}{done.stderr}")
    place.must("cp xmrig harmless; ./harmless")


def posts(place: Place) -> None:
    """Every call that is told becomes a document, in order. curl's own connections would be told too, each making one more:
    the policies about connections go before."""
    for name in ("monitor-tcp-connections", "detect-reverse-shells"):
        place.must(f"tetra tp delete {name}")
    server = Elasticsearch()
    terminal = place.type(POST)
    number = 0

    def posted() -> bool:
        nonlocal number
        if terminal.process.poll() is not None:
            raise Failure(f"the loop ended: {terminal.text()}")
        number += 1
        place.must(f"cat /etc/shadow /dev/null/seed{number} >/dev/null 2>&1 || true")
        return len(server.requests) >= 20

    # jq fills a buffer before it lets lines go into a pipe
    place.wait(posted, lambda: f"{len(server.requests)} documents after {number} openings: {terminal.text()}", 30)
    terminal.end("tetra", 20 * place.patience)
    check_documents(server)


def check_documents(server: Elasticsearch) -> None:
    for path, kind, body in server.requests:
        if path != "/tetragon-events/_doc" or kind != "application/json":
            raise Failure(f"posted to {path} as {kind}: {body[:200]!r}")
    marks = []
    for document in server.documents():
        event = document["process_kprobe"]
        if set(document) - {"process_kprobe", "node_name", "time", "cluster_name", "node_labels"} or not document["time"]:
            raise Failure(f"not a kprobe event: {document}")
        words = event["process"].get("arguments", "")
        if event["process"]["binary"] == "/usr/bin/cat" and "/dev/null/seed" in words:
            marks.append(int(words.rsplit("seed", 1)[1]))
    if not marks or marks != list(range(marks[0], marks[0] + len(marks))):
        raise Failure(f"each opening was to be posted once, in order: {marks}")


CASES: tuple[tuple[str, Callable[[Place], None]], ...] = (
    (" ; ".join(INSTALL), installs),
    (START, starts),
    (COMPACT, shows_compact),
    (PIPE, pipes_to_jq),
    ("tetra tp add, for each of the seven policies", loads_policies),
    (FILTER, filters),
    ("enforce-binary-allowlist.yaml kills a miner", kills),
    ("tetra getevents -o json | jq -c ... | while read; do curl -X POST ...; done", posts),
)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra ps` and `tetra loss` against answers that the tests made up, some of them hostile."""
import json
import os
import subprocess
import tempfile
import time
import unittest

from google.protobuf import json_format

from serve_fixture import DEADLINE, Serve, sensors

TETRA = os.environ["TETRAD_TETRA"]
NOW = int(time.time())


class Looking(unittest.TestCase):
    def setUp(self):
        self.serve = Serve()
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.serve.stop()
        self.folder.cleanup()

    def load(self, kind, message):
        path = os.path.join(self.folder.name, kind)
        with open(path, "w") as file:
            file.write(json_format.MessageToJson(message, preserving_proto_field_name=True))
        self.assertEqual(self.serve.command("load %s %s" % (kind, path)), "loaded")

    def tetra(self, *words):
        return subprocess.run([TETRA, *words, "--server-address", self.serve.target()], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=DEADLINE)

    def show(self, *words):
        got = self.tetra(*words)
        self.assertEqual((got.returncode, got.stderr), (0, ""), words)
        return got.stdout


def process(cache, pid, parent="", exec_id=None, **fields):
    row = cache.processes.add(color="inUse")
    row.process.exec_id = exec_id or str(pid)
    row.process.parent_exec_id = str(parent)
    row.process.pid.value = pid
    row.process.uid.value = 0
    row.process.binary = fields.pop("binary", "/bin/p%d" % pid)
    row.process.start_time.seconds = NOW - 65
    row.is_kernel_thread = fields.pop("is_kernel_thread", False)
    if fields.pop("ended", False):
        row.ended.seconds = NOW
    for name, value in fields.items():
        setattr(row.process, name, value)
    return row.process


def commands(text):
    """The column of commands, from where its heading stands."""
    lines = text.splitlines()
    at = lines[0].index("COMMAND")
    return [line[at:] for line in lines[1:]]


class Ps(Looking):
    def ps(self, cache, *words):
        self.load("processes", cache)
        return self.show("ps", *words)

    def test_children_stand_below_their_parents(self):
        cache = sensors.DumpProcessCacheResArgs()
        for pid, parent in ((30, 10), (1, ""), (11, 10), (10, 1), (2, 1), (12, 11)):
            process(cache, pid, parent)
        self.assertEqual(commands(self.ps(cache)), [
            "/bin/p1",
            " \\_ /bin/p2",
            " \\_ /bin/p10",
            "     \\_ /bin/p11",
            "     |   \\_ /bin/p12",
            "     \\_ /bin/p30"])

    def test_the_order_is_that_of_the_processes_not_of_the_answer(self):
        forward, backward = sensors.DumpProcessCacheResArgs(), sensors.DumpProcessCacheResArgs()
        rows = [(1, ""), (2, 1), (3, 2), (4, 1), (5, "gone")]
        for pid, parent in rows:
            process(forward, pid, parent)
        for pid, parent in reversed(rows):
            process(backward, pid, parent)
        self.assertEqual(self.ps(forward), self.ps(backward))

    def test_circles_and_missing_parents_hide_nobody(self):
        cache = sensors.DumpProcessCacheResArgs()
        for pid, parent in ((1, 1), (2, 3), (3, 2), (4, 3), (5, "gone"), (6, ""), (7, 6)):
            process(cache, pid, parent)
        process(cache, 8, exec_id="6")  # two of one name
        got = self.ps(cache)
        self.assertEqual(sorted(int(line.split()[0]) for line in got.splitlines()[1:]), list(range(1, 9)))

    def test_kernel_threads_and_the_dead_are_shown_when_asked_for(self):
        cache = sensors.DumpProcessCacheResArgs()
        process(cache, 1)
        process(cache, 2, binary="[kthreadd]", is_kernel_thread=True)
        process(cache, 3, 1, ended=True)
        process(cache, 4, 3)
        alive = ["/bin/p1", " \\_ /bin/p4"]  # below the nearest who is shown
        self.assertEqual(commands(self.ps(cache)), alive)
        self.assertEqual(commands(self.show("ps", "--kernel-threads")), alive + ["[kthreadd]"])
        self.assertEqual(commands(self.show("ps", "--exited")), ["/bin/p1", " \\_ /bin/p3", "     \\_ /bin/p4"])
        self.assertEqual(len(commands(self.show("ps", "-a"))), 4)
        self.assertIn("exited", self.show("ps", "--exited"))

    def test_a_subtree_and_a_list(self):
        cache = sensors.DumpProcessCacheResArgs()
        for pid, parent in ((1, ""), (2, 1), (3, 2), (4, 1)):
            process(cache, pid, parent)
        self.ps(cache)
        self.assertEqual(commands(self.show("ps", "-p", "2")), ["/bin/p2", " \\_ /bin/p3"])
        self.assertEqual(commands(self.show("ps", "-p", "2", "--no-tree")), ["/bin/p2", "/bin/p3"])
        self.assertEqual(commands(self.show("ps", "--no-tree")), ["/bin/p%d" % pid for pid in range(1, 5)])
        for pid in ("77", "4294967297", "18446744073709551615"):  # the second is 1 in 32 bits
            got = self.tetra("ps", "-p", pid)
            self.assertEqual((got.returncode, got.stdout), (1, ""), pid)
            self.assertIn("knows no process %s that" % pid, got.stderr)

    def test_columns_tell_user_age_and_container(self):
        cache = sensors.DumpProcessCacheResArgs()
        process(cache, 1).user.name = "root"
        process(cache, 2, 1, docker="0123456789abcdef")
        pod = process(cache, 3, 1).pod
        pod.namespace, pod.name = "shop", "web-1"
        lines = [line.split() for line in self.ps(cache).splitlines()]
        self.assertEqual(lines[0], ["PID", "USER", "ELAPSED", "CONTAINER", "COMMAND"])
        self.assertEqual(lines[1][:2] + lines[1][3:4], ["1", "root", "-"])
        self.assertRegex(lines[1][2], r"^01:\d\d$")
        self.assertEqual([lines[2][3], lines[3][3]], ["0123456789ab", "shop/web-1"])

    def test_nothing_of_a_process_moves_the_cursor(self):
        cache = sensors.DumpProcessCacheResArgs()
        hostile = process(cache, 1, binary="/bin/\x1b[2J\r", arguments="\x07 \u202e \x9b1m \n x")
        hostile.user.name = "ro\x1bot"
        hostile.docker = "\x1b]0;x"
        process(cache, 2, 1, arguments="\x1b" * 1000)
        for words in ((), ("-w", "40"), ("-o", "json")):
            got = self.ps(cache, *words)
            self.assertFalse(set(got) & {"\x1b", "\x07", "\r", "\x9b", "\u202e"} if "json" not in words
                             else set(got) & {"\x1b", "\x07", "\r"}, words)
            self.assertEqual(len(got.splitlines()), 3 if "json" not in words else 2)

    def test_lines_end_where_the_terminal_does(self):
        cache = sensors.DumpProcessCacheResArgs()
        process(cache, 1, arguments="x" * 100000)
        process(cache, 2, arguments="\u732b" * 1000)  # two columns each
        for width in (1, 20, 80):
            lines = self.ps(cache, "-w", str(width)).splitlines()
            self.assertLessEqual(max(map(len, lines)), width)
        self.assertLessEqual(len(lines[2]), 80 - 20)  # half of its columns
        self.assertGreater(len(self.show("ps", "-w", "0").splitlines()[1]), 100000)

    def test_a_long_chain_is_no_square_of_spaces(self):
        cache = sensors.DumpProcessCacheResArgs()
        for pid in range(1, 3001):
            process(cache, pid, pid - 1)
        got = self.ps(cache)
        self.assertLess(len(got), 3001 * 200)
        self.assertIn("(2999) /bin/p3000", got)

    def test_json_has_a_line_for_each_in_the_same_order(self):
        cache = sensors.DumpProcessCacheResArgs()
        for pid, parent in ((9, 1), (1, ""), (5, 9)):
            process(cache, pid, parent)
        rows = [json.loads(line) for line in self.ps(cache, "-o", "json").splitlines()]
        self.assertEqual([row["process"]["pid"] for row in rows], [1, 9, 5])


class Loss(Looking):
    def status(self, *findings):
        status = sensors.GetStatusResponse()
        status.started.seconds = NOW - 2 * 86400
        status.time.seconds = NOW
        sums = {}
        for age, count, where, record, reason in findings:
            finding = status.loss_history.add(where=where)
            getattr(finding, "from").seconds = NOW - age - 1
            finding.to.seconds = NOW - age
            finding.loss.record, finding.loss.reason, finding.loss.count = record, reason, count
            finding.loss.advice = "change it"
            sums[record, reason] = sums.get((record, reason), 0) + count
        for (record, reason), count in sums.items():
            status.losses.add(record=record, reason=reason, count=count, advice="change it")
        self.load("status", status)

    def test_nothing_is_said_to_be_nothing(self):
        self.status()
        self.assertEqual(self.show("loss"), "nothing was lost\n")
        self.assertEqual(self.show("loss", "--fail", "1h"), "nothing was lost\n")

    def test_sums_of_the_last_hour_and_day_and_the_rate_of_now(self):
        self.status((90000, 1, "lifecycle", "exec", "ring full"), (7200, 20, "lifecycle", "exec", "ring full"),
                    (600, 300, "policy", "exec", "ring full"), (30, 6000, "lifecycle", "exec", "ring full"),
                    (30, 5, "lifecycle", "exit", "ring full"))
        lines = [line.split() for line in self.show("loss").splitlines()]
        self.assertEqual(lines[2], ["6321", "6300", "6320", "100.0/s", "exec", "ring", "full", "change", "it"])
        self.assertEqual(lines[3][:4], ["5", "5", "5", "0.1/s"])

    def test_findings_are_told_by_place_the_last_ones_last(self):
        self.status(*((100 - i, i + 1, "export", "event", "no space") for i in range(30)))
        lines = self.show("loss").splitlines()
        self.assertEqual(lines[-1], "10 earlier findings are not shown; see --lines")
        self.assertEqual(lines[-2].split()[2:], ["30", "export", "event", "no", "space"])
        self.assertEqual(len(self.show("loss", "-n", "0").splitlines()), 6 + 30)
        self.assertEqual(lines[-2].split()[1], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - 71)))

    def test_monitoring_fails_on_what_is_new(self):
        self.status((600, 1, "client", "event", "queue"))
        for since, wanted in (("5m", 0), ("11m", 1), ("24h", 1)):
            self.assertEqual(self.tetra("loss", "--fail", since).returncode, wanted, since)
        self.assertEqual(self.tetra("loss").returncode, 0)

    def test_json_has_totals_and_findings(self):
        self.status((600, 18446744073709551615, "client", "event", "queue"))
        got = json.loads(self.show("loss", "-o", "json"))
        self.assertEqual(got["losses"][0]["count"], "18446744073709551615")
        self.assertEqual(got["loss_history"][0]["where"], "client")
        self.assertNotIn("version", got)

    def test_texts_of_an_agent_do_not_move_the_cursor(self):
        self.status((5, 1, "\x1b[2J", "\x1b[3J", "a\nb"))
        got = self.show("loss")
        self.assertNotIn("\x1b", got)
        self.assertEqual(len(got.splitlines()), 7)


if __name__ == "__main__":
    unittest.main()

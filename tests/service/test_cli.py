#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra` as a person and a script use it, against the test server."""
import json
import os
import signal
import subprocess
import unittest

from serve_fixture import DEADLINE, Serve

TETRA = os.environ["TETRAD_TETRA"]
LINE = '{"process_exec":{"process":{"exec_id":"eA==","pid":7,"binary":"/usr/bin/id"}},"node_name":"n"}\n'
EXIT_LINE = '{"process_exit":{"process":{"exec_id":"eA==","pid":7,"binary":"/usr/bin/id"}},"node_name":"n"}\n'


def tetra(*words, stdin=subprocess.DEVNULL, text=None):
    if text is not None:
        stdin = None
    return subprocess.run(
        [TETRA, *words], stdin=stdin, input=text, capture_output=True, text=True, timeout=DEADLINE
    )


class Offline(unittest.TestCase):
    def test_mistakes_end_with_two_and_say_what_would_be_right(self):
        cases = {
            ("getevent",): 'did you mean "tetra getevents"?',
            ("dump", "proc"): 'did you mean "tetra dump processcache"?',
            ("xyzzy",): '"tetra --help" lists the commands',
            ("getevents", "--outptu", "json"): 'did you mean "--output"?',
            ("getevents", "-o", "xml"): "want json|compact",
            ("getevents", "-e", "PROCESS_EXECC"): 'did you mean "PROCESS_EXEC"?',
            ("getevents", "-e", "zzz"): "want some of PROCESS_EXEC",
            ("status", "now"): 'unexpected word "now"',
            ("--timeout", "5", "status"): "a time with its unit",
        }
        for words, wanted in cases.items():
            got = tetra(*words)
            self.assertEqual(got.returncode, 2, words)
            self.assertIn(wanted, got.stderr)
            self.assertEqual(got.stdout, "")

    def test_help_fits_a_screen(self):
        for words in ((), ("--help",), ("getevents", "--help"), ("status", "-h"), ("version", "-h"),
                      ("dump", "processcache", "-h"), ("debug", "dump", "processcache", "--help")):
            got = tetra(*words)
            self.assertEqual((got.returncode, got.stderr), (0, ""), words)
            lines = got.stdout.splitlines()
            self.assertLessEqual(max(map(len, lines)), 80, words)
            self.assertLessEqual(len(lines), 50, words)
            self.assertNotIn("\n\n\n", got.stdout)

    def test_an_agent_that_is_not_there_is_named(self):
        for address, wanted in (
            ("localhost:1", 'cannot reach the agent at "localhost:1": connection refused; is tetrad running?'),
            ("unix:///none/such", "no such file or directory; is tetrad running?"),
            ("nonsense", 'bad address "nonsense"'),
        ):
            for command in (("status",), ("version", "-s"), ("getevents",), ("dump", "processcache")):
                got = tetra(*command, "--server-address", address, "--retries", "0")
                self.assertEqual(got.returncode, 1)
                self.assertIn(wanted, got.stderr)
                self.assertEqual(len(got.stderr.splitlines()), 1)

    def test_version_needs_no_agent(self):
        self.assertRegex(tetra("version").stdout, r"^CLI version: \d+\.\d+\.\d+\n$")

    def test_events_are_read_from_a_pipe(self):
        got = tetra("getevents", text=LINE + "\n" + EXIT_LINE.rstrip("\n"))
        self.assertEqual((got.returncode, got.stdout, got.stderr), (0, LINE + EXIT_LINE, ""))

    def test_events_from_a_pipe_are_chosen_by_type(self):
        got = tetra("getevents", "-e", "process_exit", text=LINE + EXIT_LINE)
        self.assertEqual(got.stdout, EXIT_LINE)

    def test_events_from_a_pipe_are_shown_compact(self):
        got = tetra("getevents", "-o", "compact", "--color", "never", text=LINE)
        self.assertTrue(got.stdout.startswith("🚀 process n /usr/bin/id"), got.stdout)
        got = tetra("getevents", "-o", "compact", "--color", "always", text=LINE)
        self.assertIn("\x1b[", got.stdout)

    def test_lines_that_are_no_events_are_named_and_the_rest_is_shown(self):
        got = tetra("getevents", text="nonsense\n" + LINE + '{"process_exec":7}\n')
        self.assertEqual((got.returncode, got.stdout), (1, LINE))
        self.assertIn("standard input line 1: ", got.stderr)
        self.assertIn("standard input line 3: ", got.stderr)

    def test_a_line_that_never_ends_is_bounded(self):
        got = tetra("getevents", text="x" * (9 << 20) + "\n" + LINE)
        self.assertEqual((got.returncode, got.stdout), (1, LINE))
        self.assertIn("standard input line 1: longer than", got.stderr)

    def test_complaints_about_a_file_of_something_else_are_few(self):
        got = tetra("getevents", text="nonsense\n" * 10000)
        self.assertEqual(got.returncode, 1)
        self.assertLess(len(got.stderr.splitlines()), 30)
        self.assertIn("10000 lines", got.stderr)

    def test_empty_input_says_how_to_ask_the_agent(self):
        got = tetra("getevents", text="")
        self.assertEqual((got.returncode, got.stdout), (0, ""))
        self.assertIn("</dev/null", got.stderr)


class Online(unittest.TestCase):
    def setUp(self):
        self.serve = Serve()
        self.address = ("--server-address", self.serve.target())

    def tearDown(self):
        self.assertEqual(self.serve.stop(), (0, ""))

    def begin(self, *words, **streams):
        process = subprocess.Popen(
            [TETRA, "getevents", *self.address, *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **streams
        )
        self.serve.wait_for("streams", 1)
        return process

    def end(self, process, status=0):
        _, errors = process.communicate(timeout=DEADLINE)
        self.assertEqual(process.returncode, status, errors)
        return errors

    def test_status_begins_with_health_and_lists_losses(self):
        lines = tetra("status", *self.address).stdout.splitlines()
        self.assertEqual(lines[0], "Health Status: running")
        self.assertEqual([line.split(":")[0] for line in lines[1:9]],
                         ["version", "tier", "since", "events", "processes", "streams", "memory", "lost"])
        self.assertRegex(lines[9], r"^ +3 exec: ring full$")

    def test_status_is_json_for_programs(self):
        got = json.loads(tetra("status", "-o", "json", *self.address).stdout)
        self.assertEqual(got["events"], "42")

    def test_versions_of_both_sides(self):
        got = tetra("version", "-s", *self.address).stdout
        self.assertRegex(got, r"^CLI version: (\S+)\nServer version: \1\n$")

    def test_the_process_cache_in_both_forms(self):
        for path in (("dump",), ("debug", "dump")):
            table = tetra(*path, "processcache", *self.address).stdout.splitlines()
            self.assertEqual([line.split()[0] for line in table], ["PID", "100", "101", "102"])
        lines = tetra("dump", "processcache", "-o", "json", "--skip-zero-refcnt", *self.address).stdout
        self.assertEqual([json.loads(line)["process"]["pid"] for line in lines.splitlines()], [101, 102])

    def test_events_arrive_without_delay_and_gaps_among_them(self):
        process = self.begin()
        self.serve.command("publish 1 3")
        self.assertEqual(json.loads(process.stdout.readline())["process_exec"]["process"]["arguments"], "aaa")
        self.serve.command("gap")
        self.assertEqual(json.loads(process.stdout.readline())["gap"]["where"], "lifecycle")
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.end(process), "")

    def test_event_types_are_chosen_by_the_agent(self):
        process = self.begin("-e", "PROCESS_EXIT")
        self.serve.command("publish 5 1")
        self.serve.command("exit 1")
        self.assertIn("process_exit", process.stdout.readline())
        self.assertEqual(self.serve.counters()["sent"], 1)
        process.terminate()
        self.assertEqual(self.end(process), "")

    def test_a_reader_that_has_enough_is_no_failure(self):
        process = self.begin()
        process.stdout.close()
        self.serve.command("publish 1 1")
        process.wait(DEADLINE)
        self.assertEqual((process.returncode, process.stderr.read()), (0, ""))
        process.stderr.close()

    def test_a_reader_that_does_not_read_can_be_interrupted(self):
        process = self.begin()
        self.serve.command("publish 2000 1000")
        process.send_signal(signal.SIGINT)
        process.wait(DEADLINE)
        self.assertEqual(process.returncode, 0)
        process.communicate()

    def test_many_events_are_all_written(self):
        process = self.begin()
        self.serve.command("publish 9000 100")
        pids = [json.loads(process.stdout.readline())["process_exec"]["process"]["pid"] for _ in range(9000)]
        self.assertEqual(pids, list(range(1, 9001)))
        process.send_signal(signal.SIGINT)
        self.end(process)

    def test_an_agent_that_stops_is_a_failure(self):
        process = self.begin()
        self.serve.stop()
        self.assertIn("agent is stopping (UNAVAILABLE)", self.end(process, status=1))

    def test_reconnects_when_asked(self):
        process = self.begin("--reconnect", "--reconnect-wait", "50ms", "--retries", "0")
        port = self.serve.port
        self.serve.stop()
        self.serve = Serve("localhost:%d" % port)
        self.serve.wait_for("streams", 1)
        self.serve.command("exit 1")
        self.assertIn("process_exit", process.stdout.readline())
        process.send_signal(signal.SIGINT)
        self.assertIn("agent is stopping", self.end(process))


if __name__ == "__main__":
    unittest.main(verbosity=2)

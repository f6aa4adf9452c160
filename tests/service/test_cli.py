#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra` as a person and a script use it, against the test server."""
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

import grpc

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
            ("dump", "proc"): 'did you mean "tetra debug dump processcache"?',
            ("xyzzy",): '"tetra --help" lists the commands',
            ("getevents", "--outptu", "json"): 'did you mean "--output"?',
            ("getevents", "-o", "xml"): "want json|compact",
            ("getevents", "-e", "PROCESS_EXECC"): 'did you mean "PROCESS_EXEC"?',
            ("getevents", "-e", "zzz"): "want some of PROCESS_EXEC",
            ("status", "now"): 'unexpected word "now"',
            ("--timeout", "5", "status"): "a time with its unit",
            ("tp", "lst"): 'did you mean "tetra tracingpolicy list"?',
            ("tracingpolicy", "add"): "tetra tracingpolicy add needs FILE...",
            ("tp", "add", "-m", "enforced", "-"): "want enforce|monitor",
            ("tp", "set-mode", "web"): "tetra tracingpolicy set-mode needs NAME MODE",
            ("tp", "set-mode", "web", "moniter"): 'unknown mode "moniter"; did you mean "monitor"?',
            ("tp", "set-mode", "web", "zzz"): 'unknown mode "zzz"; want enforce or monitor',
            ("tp", "enable", "web", "db"): 'unexpected word "db"; tetra tracingpolicy enable takes only NAME',
            ("tp", "list", "web"): 'unexpected word "web"',
        }
        for words, wanted in cases.items():
            got = tetra(*words)
            self.assertEqual(got.returncode, 2, words)
            self.assertIn(wanted, got.stderr)
            self.assertEqual(got.stdout, "")

    def test_words_of_a_script_do_not_move_the_cursor(self):
        bad = "\x1b[2J\u202e\x9b"
        cases = (
            (bad,), ("--" + bad,), ("-" + bad,), ("status", bad), ("status", "-o", bad), ("status", "--server-address", bad),
            ("status", "--timeout", bad), ("status", "--debug=" + bad), ("tp", bad), ("tp", "set-mode", "x", bad),
            ("tp", "add", "/none/" + bad, "--server-address", "localhost:1", "--retries", "0"), ("loglevel", "set", bad),
            ("tp", "delete", bad, "--server-address", "localhost:1", "--retries", "0"), ("help", bad), ("completion", bad),
            ("policy", "check", "/none/" + bad), ("policy", "explain", "/none/" + bad), ("tp", "modify", "/none/" + bad, "-m", "monitor"),
            ("why", bad), ("why", "--policy", "/none/" + bad, '{"process_kprobe": {"policy_name": "%s"}}'), ("explain", bad),
            ("explain", "tracingpolicy." + bad), ("tp", "generate", "uprobes", "-b", "/none" + bad), ("man", "/none/" + bad),
            ("tp", "generate", "ftrace-list", "-r", "(" + bad), ("probe", "config", "--file", "/none/" + bad),
            ("getevents", "-e", bad), ("getevents", "--process-filter", bad + ":x"), ("getevents", "--cel-expression", bad),
            ("getevents", "-f", bad), ("getevents", "--process", "(" + bad), ("eventlog", "set", "--max-size", bad),
            ("rthooks", "create-container", "--annotations", bad), ("cri", "version", "-r", "/none/" + bad),
        )
        for words in cases:
            got = tetra(*words)
            self.assertIn(got.returncode, (1, 2), words)
            self.assertNotEqual(got.stderr, "", words)
            self.assertEqual(set(got.stdout + got.stderr) & set("\x1b\u202e\x9b"), set(), (words, got.stderr))

    def test_help_fits_a_screen(self):
        for words in ((), ("--help",), ("getevents", "--help"), ("status", "-h"), ("version", "-h"),
                      ("tp", "--help"), ("tp", "add", "-h"), ("tp", "list", "-h"), ("tp", "domains", "-h"),
                      ("tracingpolicy", "delete", "-h"), ("tracingpolicy", "set-mode", "-h"),
                      ("dump", "processcache", "-h"), ("debug", "dump", "processcache", "--help"),
                      ("ps", "-h"), ("loss", "-h"), ("top", "-h"), ("why", "-h"), ("bugtool", "-h"), ("debug", "maps", "-h"),
                      ("debug", "progs", "-h"), ("debug", "enable-stats", "-h")):
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
            for command in (("status",), ("version", "-s"), ("getevents",), ("dump", "processcache"),
                            ("tp", "list"), ("tp", "domains"), ("tp", "delete", "x"), ("tp", "disable", "x")):
                got = tetra(*command, "--server-address", address, "--retries", "0")
                self.assertEqual(got.returncode, 1)
                self.assertIn(wanted, got.stderr)
                self.assertEqual(len(got.stderr.splitlines()), 1)

    def test_version_needs_no_agent(self):
        self.assertRegex(tetra("version").stdout, r"^CLI version: \d+\.\d+\.\d+\n$")

    def test_a_policy_is_checked_against_a_kernel(self):
        text = """apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: {name: p}
spec:
  lists: [{name: some, values: [vfs_read, vfs_wrte]}]
  kprobes:
  - call: tcp_connect
    syscall: false
    args: [{index: 0, type: file}, {index: 4, type: int}]
  - {call: sys_opne, syscall: true}
  - call: "list:some"
    syscall: false
    args: [{index: 0, type: file}, {index: 2, type: dentry}]
  - {call: no_such_function_at_all, syscall: false, ignore: {callNotFound: true}}
"""
        kernel = "/sys/kernel/btf/vmlinux"
        got = tetra("policy", "check", "--btf", kernel, "-o", "json", "-", text=text)
        found = [json.loads(line) for line in got.stdout.splitlines()]
        self.assertEqual((got.returncode, got.stderr), (1, ""))
        self.assertEqual([(one["line"], one["severity"], one["message"], one.get("suggestion")) for one in found], [
            (5, "error", 'the kernel has no function "vfs_wrte"', 'did you mean "vfs_write"?'),
            (9, "error", 'argument 0 of "tcp_connect" is a struct sock; type file reads a struct file', None),
            (9, "error", '"tcp_connect" has no argument 4: it takes 1, counted from 0', None),
            (10, "error", 'the kernel has no function "__x64_sys_opne"', 'did you mean "__x64_sys_open"?'),
            (13, "warning", 'argument 2 of "vfs_read" is no pointer to a struct dentry', None),
            (14, "warning", 'the kernel has no function "no_such_function_at_all"; that is ignored', None)])
        got = tetra("policy", "check", "--btf", "/none/such", "-", text=text)
        self.assertEqual((got.returncode, got.stdout), (1, ""))
        self.assertIn('cannot read kernel type information "/none/such": No such file', got.stderr)

    def test_events_are_read_from_a_pipe(self):
        got = tetra("getevents", text=LINE + "\n" + EXIT_LINE.rstrip("\n"))
        self.assertEqual((got.returncode, got.stdout, got.stderr), (0, LINE + EXIT_LINE, ""))

    def test_events_from_a_pipe_are_chosen_by_type(self):
        got = tetra("getevents", "-e", "process_exit", text=LINE + EXIT_LINE)
        self.assertEqual(got.stdout, EXIT_LINE)

    def test_events_from_a_pipe_are_chosen_by_any_key(self):
        text = "".join(
            json.dumps({"process_exec": {"process": {"pid": pid, "binary": binary, "pod": pod}, "parent": {"pid": 1}}}) + "\n"
            for pid, binary, pod in ((7, "/bin/sh", None), (8, "/bin/id", {"namespace": "web", "name": "a-1"}))
        )
        cases = (
            (("--process", "sh$"), [7]),
            (("--process", "sh$,id$"), [7, 8]),
            (("--host",), [7]),
            (("-n", "web"), [8]),
            (("--namespaces", "web,other", "--pod", "^a-"), [8]),
            (("--namespace-regex", "^w", "-e", "process_exit"), []),
            (("--process-filter", "event_set:process_exec,pid:8,7"), [7, 8]),
            (("--process-filter", "pid:7", "-n", "web"), []),
            (("--cel-expression", "process_exec.process.pid > 7u && process_exec.parent.pid == 1u"), [8]),
        )
        for words, wanted in cases:
            done = tetra("getevents", *words, text=text)
            got = [json.loads(line)["process_exec"]["process"]["pid"] for line in done.stdout.splitlines()]
            self.assertEqual((got, done.stderr, done.returncode), (wanted, "", 0), words)

    def test_fields_are_chosen(self):
        text = '{"process_exec":{"process":{"pid":7,"binary":"/bin/sh"},"parent":{"pid":1}},"node_name":"n"}\n'
        cases = (
            (("-f", "process.pid"), {"process_exec": {"process": {"pid": 7}}, "node_name": "n"}),
            (("-F", "process,parent.pid"), {"process_exec": {"parent": {}}, "node_name": "n"}),
            (("-f", "process", "-F", "process.pid"), {"process_exec": {"process": {"binary": "/bin/sh"}}, "node_name": "n"}),
        )
        for words, wanted in cases:
            self.assertEqual(json.loads(tetra("getevents", *words, text=text).stdout), wanted)

    def test_what_a_terminal_got_is_written_as_it_is(self):
        def write(path, data):
            args = [{"file_arg": {"path": path}}, {"bytes_arg": data}]
            return json.dumps({"process_kprobe": {"process": {}, "function_name": "tty_write", "args": args}}) + "\n"

        text = write("/dev/pts/1", "bHMK") + write("/dev/pts/2", "cHdkCg==") + write("/dev/pts/1", "G1sybQ==")
        self.assertEqual(tetra("getevents", "-t", "/dev/pts/1", text=text).stdout, "ls\n\x1b[2m")

    def test_wrong_filters_are_usage_and_say_what_would_be_right(self):
        cases = (
            (("--process", "(a"), "( has no )"),
            (("--process-filter", "evnt_set:X"), 'did you mean "event_set"?'),
            (("-f", "proces.pid"), 'did you mean "process"?'),
            (("--cel-expression", "process_exec.process.binry == 'x'"), "binary"),
        )
        for words, wanted in cases:
            done = tetra("getevents", *words)
            self.assertEqual((done.stdout, done.returncode), ("", 2), words)
            self.assertIn(wanted, done.stderr)

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


def policy(name, more=""):
    return "metadata:\n  name: %s\n%s" % (name, more)


class Policies(unittest.TestCase):
    def setUp(self):
        self.serve = Serve()
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()
        self.assertEqual(self.serve.stop(), (0, ""))

    def run_tp(self, *words, text=None):
        return tetra("tp", *words, "--server-address", self.serve.target(), text=text)

    def succeed(self, *words, text=None):
        got = self.run_tp(*words, text=text)
        self.assertEqual((got.returncode, got.stderr), (0, ""), words)
        return got.stdout

    def refuse(self, *words, text=None):
        got = self.run_tp(*words, text=text)
        self.assertEqual((got.returncode, got.stdout), (1, ""), words)
        return got.stderr

    def write(self, name, more=""):
        path = os.path.join(self.folder.name, name + ".yaml")
        with open(path, "w") as file:
            file.write(policy(name, more))
        return path

    def listed(self, *words):
        return json.loads(self.succeed("list", "-o", "json", *words)).get("policies", [])

    def test_policies_are_added_listed_and_deleted(self):
        files = [self.write("web"), self.write("db", "  namespace: shop\n")]
        self.assertEqual(self.succeed("add", *files),
                         "".join('tracing policy of "%s" added\n' % path for path in files))
        head, *rows = self.succeed("list").splitlines()
        self.assertEqual(head.split(), "ID NAME DOMAIN STATE FILTERID NAMESPACE SENSORS KERNELMEMORY MODE NPOST "
                         "NENFORCE NMONITOR".split())
        self.assertEqual([re.split("   +", row) for row in rows], [
            ["1", "web", "grpc", "enabled", "0", "(global)", "generic_kprobe", "1.50 MiB", "enforce", "5", "15", "300"],
            ["2", "db", "grpc", "enabled", "0", "shop", "generic_kprobe", "1.50 MiB", "enforce", "5", "15", "300"]])
        for title in ("STATE", "MODE", "NMONITOR"):
            column = head.index(title)
            self.assertTrue(all(row[column - 1] == " " != row[column] for row in rows), title)
        self.assertEqual(self.succeed("delete", "web"), 'tracing policy "web" deleted\n')
        self.assertIn('no policy "db"', self.refuse("delete", "db"))
        self.succeed("delete", "db", "-n", "shop")
        self.assertEqual(self.succeed("list").splitlines(), [re.sub(" +", "   ", head)])

    def test_the_full_name_of_the_commands_works_too(self):
        got = tetra("tracingpolicy", "list", "--server-address", self.serve.target())
        self.assertEqual((got.returncode, got.stderr, len(got.stdout.splitlines())), (0, "", 1))

    def test_a_policy_is_read_from_standard_input(self):
        self.assertEqual(self.succeed("add", "-", text=policy("piped")), 'tracing policy of "-" added\n')
        self.assertEqual([one["name"] for one in self.listed()], ["piped"])

    def test_a_mode_is_set_with_the_policy_and_later(self):
        self.succeed("add", "-m", "monitor", self.write("web"))
        self.assertEqual(self.listed()[0]["mode"], "TP_MODE_MONITOR")
        self.assertEqual(self.succeed("set-mode", "web", "enforce"), 'tracing policy "web" set to mode enforce\n')
        self.assertEqual(self.listed()[0]["mode"], "TP_MODE_ENFORCE")
        self.assertIn('no policy "none"', self.refuse("set-mode", "none", "monitor"))

    def test_a_policy_is_disabled_and_enabled(self):
        self.succeed("add", self.write("web"))
        self.assertEqual(self.succeed("disable", "web"), 'tracing policy "web" disabled\n')
        self.assertEqual(self.listed()[0]["state"], "TP_STATE_DISABLED")
        self.assertEqual(self.succeed("enable", "web"), 'tracing policy "web" enabled\n')
        self.assertEqual(self.listed()[0]["state"], "TP_STATE_ENABLED")
        self.assertEqual(self.refuse("enable", "none"),
                         'the agent refuses ConfigureTracingPolicy of "none": no policy "none"; '
                         '"tetra tracingpolicy list" shows all (NOT_FOUND)\n')

    def test_domains_keep_policies_of_one_name_apart(self):
        path = self.write("web")
        self.succeed("add", path)
        self.succeed("add", path, "--domain", "mine")
        self.assertEqual(self.succeed("domains"), "grpc\nmine\n")
        self.assertEqual(json.loads(self.succeed("domains", "-o", "json")), {"domains": ["grpc", "mine"]})
        self.succeed("disable", "web", "--domain", "mine")
        self.assertEqual([one["state"] for one in self.listed("--domain", "mine")], ["TP_STATE_DISABLED"])
        self.assertEqual([one["state"] for one in self.listed("--domain", "grpc")], ["TP_STATE_ENABLED"])
        self.succeed("delete", "web", "--domain", "mine")
        self.assertEqual(self.succeed("domains"), "grpc\n")

    def test_hooks_that_are_not_loaded_are_shown_with_their_reason(self):
        self.succeed("add", self.write("half", "# partial"), self.write("whole"))
        lines = self.succeed("list").splitlines()
        self.assertEqual([re.split("   +", line.strip()) for line in lines[2:5]], [
            ["SECTION", "CFGIDX", "DESCRIPTION", "STATUS", "MECHANISM", "REASON"],
            ["kprobes", "0", "sys_openat", "loaded", "raw tracepoint (substitute)", "return values are not seen"],
            ["kprobes", "1", "no_such_call", "call_not_found", "-", 'this kernel has no function "no_such_call"']])
        self.assertEqual([line[:5] for line in lines[2:5]], [" " * 5] * 3)
        self.assertTrue(lines[5].startswith("2    whole"), lines[5])
        self.assertEqual(len(lines), 6)
        details = self.succeed("list", "--details").splitlines()
        self.assertEqual([line.strip() for line in details[7:10]], [
            lines[5], "from /etc/tetragon/tetragon.tp.d/web.yaml",
            "matched 20, posted 5, enforced 0, would enforce 0, dropped 0, rate limited 7"])
        self.assertEqual(len(details), 13)

    def test_errors_stand_below_their_policy_and_spare_the_terminal(self):
        self.succeed("add", self.write("broken"))
        lines = self.succeed("list").splitlines()
        self.assertIn("load_error", lines[1])
        self.assertEqual(lines[2:], ['     cannot load "kprobes[0]":', '     "  argument 1\\x1b[2J"'])

    def test_findings_are_printed_whole_and_the_other_files_are_added(self):
        bad = self.write("bad", "# Equals")
        got = self.run_tp("add", bad, self.write("web"), "/none/such")
        self.assertEqual(got.returncode, 1)
        self.assertEqual(got.stderr.splitlines(), [
            'the agent refuses AddTracingPolicy of "%s" (INVALID_ARGUMENT):' % bad,
            'policy:14:19: unknown operator "Equals" for argument 1 (path)',
            "   14 |       - operator: Equals",
            '      |                   ^~~~~~ did you mean "Equal"?',
            'cannot read "/none/such": no such file or directory'])
        self.assertEqual([one["name"] for one in self.listed()], ["web"])

    def test_several_kilobytes_of_findings_arrive(self):
        lines = self.refuse("add", self.write("endless")).splitlines()
        self.assertGreater(sum(map(len, lines)), 5000)
        self.assertEqual(lines[1], "policy:1:1: größer than 100% is not possible")
        self.assertRegex(lines[-1], r"^\.\.\. and \d+ more lines$")

    def test_warnings_do_not_fail(self):
        got = self.run_tp("add", self.write("odd"))
        self.assertEqual((got.returncode, got.stderr), (0, 'policy:3:1: warning: "odd" does nothing\n'))

    def test_an_agent_that_would_ignore_the_mode_gets_no_policy(self):
        agent = grpc.server(ThreadPoolExecutor(1))
        port = agent.add_insecure_port("localhost:0")
        agent.start()
        address = ("--server-address", "localhost:%d" % port)
        got = tetra("tp", "add", "-m", "monitor", self.write("web"), *address)
        self.assertEqual((got.returncode, got.stdout), (1, ""))
        self.assertIn('this agent cannot add a policy in a mode; want an option "policy-mode"', got.stderr)
        self.assertEqual(len(got.stderr.splitlines()), 1)
        got = tetra("tp", "add", self.write("web"), *address)
        self.assertIn("the agent refuses AddTracingPolicy of", got.stderr)
        agent.stop(None)

    def test_what_is_no_text_is_not_sent(self):
        self.assertIn("has a NUL byte; want YAML", self.refuse("add", "-", text="a\0b"))
        self.assertIn("is a directory", self.refuse("add", "/"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

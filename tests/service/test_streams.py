#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra` with standard streams and signals that are not as usual: a full disk, closed descriptors, readers that go,
terminals that go. What could not be told is a failure, and nothing is written where it does not belong."""
import os
import pty
import signal
import subprocess
import tarfile
import tempfile
import termios
import time
import unittest

from serve_fixture import DEADLINE, Serve

TETRA = os.environ["TETRAD_TETRA"]
DATA = os.path.join(os.path.dirname(os.environ["TETRAD_PROTO"]), "tests", "cli", "data")
LINE = b'{"process_exec":{"process":{"exec_id":"eA==","pid":7,"binary":"/usr/bin/id"}},"node_name":"n"}\n'
PROBES = os.path.join(os.path.dirname(TETRA), "tests", "cli", "probes")

# Commands that print something and ask no agent.
OFFLINE = (
    ("--help",), ("help", "flags"), ("commands",), ("version",), ("completion", "bash"), ("__complete", "tp", ""),
    ("explain", "tracingpolicy", "-R"), ("explain", "tracingpolicy", "-o", "json"), ("explain", "--list"),
    ("policy", "check", "acts.yaml"), ("policy", "explain", "--offline", "acts.yaml"),
    ("policy", "check", "--print", "model", "acts.yaml"), ("tp", "modify", "acts.yaml", "-m", "monitor"),
    ("tp", "generate", "empty"), ("tp", "generate", "ftrace-list", "--from", "functions.txt"),
    ("tp", "generate", "uprobes", "-b", PROBES), ("probe", "config", "--file", "config.txt"),
)
# The same that ask one.
ONLINE = (
    ("status",), ("status", "-o", "json"), ("info",), ("tp", "list"), ("tp", "list", "-o", "json"), ("tp", "domains"),
    ("version", "-s"), ("loglevel", "get"), ("loss",), ("ps",), ("ps", "-o", "json"), ("debug", "dump", "processcache"),
    ("top", "--once", "--interval", "100ms"), ("top", "-o", "json", "--interval", "100ms"),
)


def run(*words, **streams):
    streams.setdefault("stdin", subprocess.DEVNULL)
    streams.setdefault("stderr", subprocess.PIPE)
    return subprocess.run([TETRA, *words], cwd=DATA, timeout=DEADLINE, **streams)


def closes(*numbers):
    """For a child: without these descriptors."""
    def close():
        for number in numbers:
            os.close(number)

    return {"preexec_fn": close}


def ignores(number):
    return {"preexec_fn": lambda: signal.signal(number, signal.SIG_IGN)}


class Output(unittest.TestCase):
    def check_all(self, commands, *more):
        for words in commands:
            with open("/dev/full", "w") as full:
                got = run(*words, *more, stdout=full)
            self.assertEqual(got.returncode, 1, words)
            # of a text larger than a buffer it is known that it is not whole, and not why
            self.assertRegex(got.stderr, rb"^cannot write standard output: (no space left on device|not all of it .*)\n$")
            got = run(*words, *more, stdout=None, **closes(1))
            self.assertEqual(got.returncode, 1, words)
            self.assertRegex(got.stderr, rb"^cannot write standard output: (bad file descriptor|not all of it .*)\n$")
            reader, writer = os.pipe()
            os.close(reader)
            got = run(*words, *more, stdout=writer)
            os.close(writer)
            self.assertEqual((got.returncode, got.stderr), (0, b""), words)

    def test_what_cannot_be_printed_is_a_failure(self):
        self.check_all(OFFLINE)

    def test_what_the_agent_says_and_nobody_gets_is_a_failure(self):
        with Serve() as serve:
            self.assertEqual(run("tp", "add", "acts.yaml", "--server-address", serve.target(), stdout=subprocess.PIPE).returncode, 0)
            self.check_all(ONLINE, "--server-address", serve.target())

    def test_wrong_words_stay_wrong_words(self):
        with open("/dev/full", "w") as full:
            self.assertEqual(run("explain", "nonsense", stdout=full).returncode, 2)
            self.assertEqual(run("tp", "generate", "empty", "extra", stdout=full).returncode, 2)

    def test_a_long_text_is_written_whole_or_not_called_done(self):
        whole = run("explain", "tracingpolicy", "-R", "-o", "json", stdout=subprocess.PIPE).stdout
        self.assertGreater(len(whole), 60000)
        for room in (0, 4096, 8192, 20480):
            with tempfile.NamedTemporaryFile() as file:
                # ulimit -f counts in kilobytes; SIGXFSZ is ignored so that write(2) tells it
                got = subprocess.run(["bash", "-c", 'trap "" XFSZ; ulimit -f %d; exec "$@"' % (room // 1024), "-",
                                      TETRA, "explain", "tracingpolicy", "-R", "-o", "json"],
                                     stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.PIPE, timeout=DEADLINE)
                self.assertEqual(got.returncode, 1, room)
                self.assertIn(b"cannot write standard output", got.stderr)
                self.assertEqual(os.path.getsize(file.name), room)

    def test_events_that_cannot_be_written_are_a_failure(self):
        for form in ("json", "compact"):
            with open("/dev/full", "w") as full:
                got = run("getevents", "-o", form, stdin=None, input=LINE, stdout=full)
                self.assertEqual(got.returncode, 1)
                self.assertIn(b"cannot write events: No space left on device", got.stderr)
            got = run("getevents", "-o", form, stdin=None, input=LINE, stdout=None, **closes(1))
            self.assertEqual(got.returncode, 1)
            self.assertIn(b"cannot write events: Bad file descriptor", got.stderr)


class Closed(unittest.TestCase):
    """Files and sockets must not become what a closed stream was."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def test_a_report_does_not_hold_its_own_messages(self):
        path = os.path.join(self.folder.name, "report.tar.gz")
        for numbers in ((1,), (0, 1), (1, 2), (0, 1, 2)):
            got = run("bugtool", "-o", path, "--bpftool", "/bin/true", "--retries", "0", "--server-address",
                      "unix:///none", stdin=None, stdout=None, stderr=None if 2 in numbers else subprocess.PIPE, **closes(*numbers))
            self.assertEqual(got.returncode, 1, numbers)  # its list of pieces could not be told
            with tarfile.open(path) as archive:
                self.assertIn("tetragon-bugtool/contents.txt", archive.getnames(), numbers)
            os.unlink(path)

    def test_complaints_do_not_go_to_the_agent(self):
        with Serve() as serve:
            for numbers in ((2,), (0, 2), (0, 1, 2)):
                for words, status in ((("tp", "delete", "nobody"), 1), (("tp", "add", "acts.yaml"), int(1 in numbers)),
                                      (("tp", "delete", "shadow-writes"), int(1 in numbers))):
                    got = run(*words, "--server-address", serve.target(), stdin=None, stderr=None,
                              stdout=None if 1 in numbers else subprocess.DEVNULL, **closes(*numbers))
                    self.assertEqual(got.returncode, status, (words, numbers))

    def test_a_policy_is_not_read_from_a_stream_that_is_closed(self):
        got = run("policy", "check", "-", stdin=None, stdout=subprocess.PIPE, **closes(0))
        self.assertEqual(got.returncode, 1)
        self.assertIn(b"the text holds nothing", got.stderr)


class Signals(unittest.TestCase):
    def test_pieces_of_a_report_keep_their_status_where_sigchld_is_ignored(self):
        with tempfile.TemporaryDirectory() as folder:
            got = run("bugtool", "-o", os.path.join(folder, "r"), "--bpftool", "/bin/false", "--retries", "0",
                      "--server-address", "unix:///none", stdout=subprocess.PIPE, **ignores(signal.SIGCHLD))
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertRegex(got.stdout, rb"bpftool-maps.json +0 bytes, failed with status 1, as it says")

    def test_top_ends_where_sigchld_is_ignored(self):
        with Serve() as serve:
            master, slave = pty.openpty()
            before = termios.tcgetattr(slave)
            process = subprocess.Popen([TETRA, "top", "--server-address", serve.target()], stdin=slave, stdout=slave,
                                       stderr=slave, start_new_session=True, **ignores(signal.SIGCHLD))
            try:
                seen = b""
                while b"q quit" not in seen:
                    seen += os.read(master, 65536)
                os.write(master, b"q")
                end = time.monotonic() + DEADLINE
                while process.poll() is None:
                    self.assertLess(time.monotonic(), end, "it does not end")
                    time.sleep(0.01)
                self.assertEqual((process.returncode, termios.tcgetattr(slave)), (0, before))
            finally:
                process.kill()
                process.wait()
                os.close(master)
                os.close(slave)


if __name__ == "__main__":
    unittest.main()

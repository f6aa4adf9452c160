#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra top` on a pseudo terminal, with made-up numbers: what it shows, and that the terminal is as
before however it ends."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from google.protobuf import json_format

from serve_fixture import DEADLINE, Serve, sensors

TETRA = os.environ["TETRAD_TETRA"]
ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"


def children_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(word) for word in file.read().split()]


class Terminal:
    """`tetra top` with a terminal of its own."""

    def __init__(self, target, *words, size=(24, 100)):
        self.master, self.slave = pty.openpty()
        self.resize(*size)
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.process = subprocess.Popen([TETRA, "top", "--server-address", target, "--interval", "100ms", *words],
                                        stdin=self.slave, stdout=self.slave, stderr=self.slave, start_new_session=True)

    def resize(self, lines, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def wait_for(self, text, fresh=False):
        """Reads until TEXT was seen, with FRESH from now on."""
        start = len(self.seen) if fresh else 0
        end = time.monotonic() + DEADLINE
        while text not in self.seen[start:]:
            if time.monotonic() > end:
                raise AssertionError("no %r in %r" % (text, self.seen[-2000:]))
            self.read(0.1)
        return self.seen[start:]

    def read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            try:
                self.seen += os.read(self.master, 65536)
            except OSError:
                return

    def type(self, text):
        os.write(self.master, text)

    def end(self):
        """Its exit status, with all that it wrote read."""
        end = time.monotonic() + DEADLINE
        while self.process.poll() is None and time.monotonic() < end:
            self.read(0.05)
        self.read(0.05)
        if self.process.poll() is None:
            self.process.kill()
            raise AssertionError("it does not end: %r" % self.seen[-300:])
        return self.process.returncode

    def is_as_before(self):
        return termios.tcgetattr(self.slave) == self.before and self.seen.rstrip().count(ENTER) == self.seen.count(LEAVE)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def paint(data, lines, columns):
    """What a terminal shows after DATA: rows of text. Letters are one column wide; the cursor stays on the last one."""
    rows, row, column = [[" "] * columns for _ in range(lines)], 0, 0
    for sequence, letter in re.findall(r"\x1b\[([?0-9]*[a-zA-Z])|(.)", data.decode(errors="replace"), re.S):
        if sequence == "H":
            row = column = 0
        elif sequence in ("K", "J"):
            rows[row][column:] = [" "] * (columns - column)
            for below in rows[row + 1:] if sequence == "J" else []:
                below[:] = [" "] * columns
        elif letter == "\r":
            column = 0
        elif letter == "\n":
            row = min(row + 1, lines - 1)
        elif letter:
            rows[row][column] = letter
            column = min(column + 1, columns - 1)
    return ["".join(row).rstrip() for row in rows]


def numbers(step, hostile=False):
    status = sensors.GetStatusResponse(version="1.2.3", events=1000 * step, cpu_time_ns=10 ** 7 * step,
                                       resident_bytes=14 << 20, has_program_stats=True)
    policies = sensors.ListTracingPoliciesResponse()
    for number in range(3):
        title = "\x1b[2J\x07" if hostile else "p%d" % number
        hook = status.hooks.add(name="\x1b]0;x\x07" if hostile else "function_%d" % number, mechanism="fentry",
                                calls=2 ** 63 if hostile else 100 * number * step, run_time_ns=10 ** 6 * number * step)
        hook.policies.append(title)
        policy = policies.policies.add(id=number + 1, name=title, mode=2)
        policy.counters.matched = 10 * number * step
    return status, policies


class Top(unittest.TestCase):
    def setUp(self):
        self.serve = Serve()
        self.folder = tempfile.TemporaryDirectory()
        self.show(*numbers(1))
        self.terminal = None

    def tearDown(self):
        if self.terminal:
            self.terminal.close()
        self.serve.stop()
        self.folder.cleanup()

    def show(self, status, policies):
        for kind, message in (("status", status), ("policies", policies)):
            path = os.path.join(self.folder.name, kind)
            with open(path, "w") as file:
                file.write(json_format.MessageToJson(message, preserving_proto_field_name=True))
            self.assertEqual(self.serve.command("load %s %s" % (kind, path)), "loaded")

    def start(self, *words, **options):
        self.terminal = Terminal(self.serve.target(), *words, **options)
        self.terminal.wait_for(b"q quit" if "size" not in options else ENTER)
        return self.terminal

    def test_it_shows_rates_once_there_are_two_samples(self):
        terminal = self.start()
        self.assertIn(b"tetrad 1.2.3", terminal.seen)
        first = terminal.seen.split(b"\x1b[H")[1]
        self.assertRegex(first, rb"\s-\s+-\s+-\s+-\s+1 function_2")
        self.show(*numbers(2))
        terminal.wait_for(b"function_2")
        terminal.wait_for(b"events 0/s", fresh=True)

    def test_a_key_quits_and_the_terminal_is_as_before(self):
        for key in (b"q", b"\x03"):
            terminal = self.start()
            self.assertNotEqual(termios.tcgetattr(terminal.slave), terminal.before)
            terminal.type(key)
            self.assertEqual(terminal.end(), 0)
            self.assertTrue(terminal.is_as_before(), terminal.seen[-200:])
            terminal.close()
        self.terminal = None

    def test_a_signal_ends_it_and_the_terminal_is_as_before(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)  # nohup(1) may have switched it off for all of us
            terminal = self.start()
            terminal.process.send_signal(number)
            self.assertEqual(terminal.end(), -number)
            self.assertTrue(terminal.is_as_before(), (number, terminal.seen[-200:]))
            terminal.close()
        self.terminal = None

    def test_a_signal_that_nohup_has_switched_off_ends_nothing(self):
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            terminal = self.start()
        finally:
            signal.signal(signal.SIGHUP, before)
        terminal.process.send_signal(signal.SIGHUP)
        terminal.wait_for(b"events", fresh=True)
        terminal.type(b"q")
        self.assertEqual(terminal.end(), 0)

    def test_the_one_that_draws_may_crash(self):
        for number in (signal.SIGSEGV, signal.SIGKILL):
            terminal = self.start()
            os.kill(children_of(terminal.process.pid)[0], number)
            self.assertEqual(terminal.end(), 1)
            self.assertTrue(terminal.is_as_before(), terminal.seen[-200:])
            terminal.close()
        self.terminal = None

    def test_it_fits_any_terminal(self):
        terminal = self.start()
        for lines, columns in ((1, 1), (2, 5), (10, 40), (50, 200)):
            terminal.resize(lines, columns)
            terminal.process.send_signal(signal.SIGWINCH)
            frames = []
            end = time.monotonic() + DEADLINE
            while time.monotonic() < end:  # the first frame may be older than the size
                terminal.wait_for(b"\x1b[H", fresh=True)
                terminal.wait_for(b"\x1b[H", fresh=True)
                frames = terminal.seen.split(b"\x1b[H")[1:-1]
                rows = [re.sub(rb"\x1b\[[KJ]|\r", b"", row) for row in frames[-1].split(b"\r\n")]
                if len(rows) <= lines + 1 and all(len(row) <= columns for row in rows):
                    break
            self.assertLessEqual(len(rows), lines + 1, (lines, columns))
            self.assertLessEqual(max(map(len, rows)), columns)
        terminal.type(b"q")
        self.assertEqual(terminal.end(), 0)

    def test_nothing_of_an_older_screen_stays(self):
        terminal = self.start()
        # letters of one column and two bytes, from a line that fills the screen to one that does not by far
        for letters in ("x" * 80, "\u00e9" * 47, "\u00e9" * 50, "\u00e9" * 26, "x" * 53, "x" * 54, "x" * 55, "x", ""):
            status, policies = numbers(1)
            for hook in status.hooks:
                hook.name = letters
            status.hooks.add(name="the_last", mechanism="fentry")
            self.show(status, policies)
            end = time.monotonic() + DEADLINE
            while True:  # a frame may be between the two answers
                terminal.wait_for(b"q quit", fresh=True)
                shown = paint(terminal.seen[:terminal.seen.rindex(b"\x1b[H")], 24, 100)
                found = [row for row in shown if row[45:] == ((letters or "?") + "  fentry")[:55].rstrip()]
                if len(found) == 3 or time.monotonic() > end:
                    break
            self.assertEqual(len(found), 3, (letters, shown))
        terminal.type(b"q")
        self.assertEqual(terminal.end(), 0)

    def test_keys_that_mean_nothing_are_passed_over(self):
        terminal = self.start()
        terminal.type(b"\x1b[A\x1b[B\x00\xff\xc3\xa9 z1\x1a\x04\x1c")
        for key in (b"c", b"a", b"m", b"e", b"d", b"n"):
            terminal.type(key)
            terminal.wait_for(b"q quit", fresh=True)
        terminal.type(b"Q")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_as_before())

    def test_it_ends_with_its_terminal(self):
        terminal = self.start()
        os.close(terminal.master)
        terminal.master = os.dup(0)
        self.assertIn(terminal.process.wait(timeout=DEADLINE), (0, 1))

    def test_keys_change_the_order(self):
        terminal = self.start("--sort", "name")
        terminal.type(b"n")
        frame = terminal.wait_for(b"q quit", fresh=True)
        self.assertLess(frame.rindex(b"p0"), frame.rindex(b"p2"))

    def test_an_agent_that_goes_is_told_and_it_goes_on(self):
        terminal = self.start()
        self.serve.stop()
        terminal.wait_for(b"the agent", fresh=True)
        terminal.wait_for(b"cannot reach the agent", fresh=True)
        terminal.type(b"q")
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.is_as_before())

    def test_texts_of_an_agent_do_not_move_the_cursor(self):
        self.show(*numbers(1, hostile=True))
        terminal = self.start()
        terminal.wait_for(b"\x1b[H", fresh=True)
        sequences = set(re.findall(rb"\x1b[\[\]][^a-zA-Z]*[a-zA-Z]|\x07|\x1b", terminal.seen))
        self.assertLessEqual(sequences, {ENTER, LEAVE, b"\x1b[?25l", b"\x1b[?25h", b"\x1b[H", b"\x1b[K", b"\x1b[J"})

    def test_without_a_terminal_it_shows_once(self):
        got = subprocess.run([TETRA, "top", "--server-address", self.serve.target(), "--interval", "100ms"],
                             stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        self.assertNotIn("\x1b", got.stdout)
        self.assertRegex(got.stdout, r"0\.00 +0 +0 +0 +0 +0 +20 monitor +p2")

    def test_json_is_one_object_with_numbers(self):
        got = subprocess.run([TETRA, "top", "-o", "json", "--server-address", self.serve.target(), "--interval",
                              "100ms"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)
        top = json.loads(got.stdout)
        self.assertEqual([row["name"] for row in top["policies"]], ["p0", "p1", "p2"])
        self.assertEqual(top["hooks"][0]["calls"], 0)

    def test_an_interval_out_of_reason_is_refused(self):
        got = subprocess.run([TETRA, "top", "--interval", "1ms"], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((got.returncode, got.stderr), (2, "bad --interval; want 100ms to 1h\n"))


if __name__ == "__main__":
    unittest.main()

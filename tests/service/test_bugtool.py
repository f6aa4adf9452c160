#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra bugtool`: whole without an agent, without secrets, within its time, for its owner only."""
import json
import os
import stat
import subprocess
import tarfile
import tempfile
import time
import unittest

from serve_fixture import DEADLINE, Serve

TETRA = os.environ["TETRAD_TETRA"]
FOLDER = "tetragon-bugtool/"


class Bugtool(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "report.tar.gz")
        self.tool = os.path.join(self.folder.name, "bpftool")
        self.write_tool("echo $*")

    def tearDown(self):
        self.folder.cleanup()

    def write_tool(self, text):
        with open(self.tool, "w") as file:
            file.write("#!/bin/sh\n" + text + "\n")
        os.chmod(self.tool, 0o755)

    def run_tool(self, *words, target="unix:///none/such", **more):
        return subprocess.run([TETRA, "bugtool", "-o", self.path, "--bpftool", self.tool, "--retries", "0",
                               "--server-address", target, *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=3 * DEADLINE, **more)

    def read(self):
        with tarfile.open(self.path) as archive:
            return {name[len(FOLDER):]: archive.extractfile(name).read() for name in archive.getnames()}

    def test_without_an_agent_it_says_what_is_missing_and_has_the_rest(self):
        got = self.run_tool()
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertIn('written to "%s"' % self.path, got.stdout)
        parts = self.read()
        self.assertIn(b"cannot reach the agent", parts["agent/status.txt"])
        self.assertIn(b"Linux", parts["kernel/uname.txt"])
        self.assertIn(b"MemTotal", parts["machine/memory.txt"])
        self.assertEqual(parts["bpf/bpftool-maps.json"], b"-j map show\n")
        self.assertIn(b"left out: events may hold secrets", parts["contents.txt"])
        self.assertIn(b"left out on purpose:\n  environment variables", parts["contents.txt"])
        for name in parts:
            self.assertIn(name, got.stdout + "contents.txt")

    def test_only_its_owner_may_read_it(self):
        self.assertEqual(self.run_tool().returncode, 0)
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o600)

    def test_a_link_in_its_place_is_replaced_and_not_followed(self):
        other = os.path.join(self.folder.name, "other")
        with open(other, "w") as file:
            file.write("mine")
        os.symlink(other, self.path)
        self.assertEqual(self.run_tool().returncode, 0)
        with open(other) as file:
            self.assertEqual(file.read(), "mine")
        self.assertFalse(os.path.islink(self.path))

    def test_what_an_agent_tells_is_in_it_without_arguments(self):
        with Serve() as serve:
            answer = os.path.join(self.folder.name, "processes")
            with open(answer, "w") as file:
                json.dump({"processes": [{"process": {"pid": 7, "binary": "/bin/login",
                                                      "arguments": "--password hunter2"}}]}, file)
            self.assertEqual(serve.command("load processes " + answer), "loaded")
            got = self.run_tool(target=serve.target(), env={**os.environ, "TOKEN": "hunter3"})
        self.assertEqual(got.returncode, 0, got.stderr)
        parts = self.read()
        self.assertIn(b"/bin/login", parts["agent/processes.txt"])
        self.assertIn(b"running", parts["agent/status.txt"])
        for name, text in parts.items():
            self.assertNotIn(b"hunter2", text, name)
            self.assertNotIn(b"hunter3", text, name)

    def test_flags_of_tls_reach_the_parts_that_ask_the_agent(self):
        with Serve() as serve:
            got = self.run_tool("--tls-ca-cert-files", "/none/a.pem,/none/b.pem", "--tls-server-name", "x",
                                target=serve.target())
        self.assertEqual(got.returncode, 0, got.stderr)
        parts = self.read()
        self.assertIn(b"/none/a.pem", parts["agent/status.txt"])
        self.assertIn(b"/none/a.pem", parts["agent/policies.yaml"])

    def test_what_hangs_or_never_ends_is_cut(self):
        self.write_tool("""echo before
case "$2" in
prog) sleep 1000 & sleep 1000;;
map) exec cat /dev/zero;;
link) kill -SEGV $$;;
esac""")
        began = time.monotonic()
        got = self.run_tool("--piece-timeout", "2s")
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertLess(time.monotonic() - began, DEADLINE)
        parts = self.read()
        self.assertEqual(parts["bpf/bpftool-programs.json"], b"before\n")
        self.assertEqual(len(parts["bpf/bpftool-maps.json"]), 8 << 20)
        self.assertRegex(got.stdout, r"bpftool-programs.json +7 bytes, cut: it took longer than 2 s")
        self.assertRegex(got.stdout, r"bpftool-maps.json +8388608 bytes, cut: it is longer")
        self.assertRegex(got.stdout, r"bpftool-links.json +7 bytes, failed with status 139")

    def test_a_long_patience_cuts_nothing(self):
        self.write_tool("sleep 0.2; echo late")
        for patience in ("1193h2m47.296s", "18446744073709551615ns"):  # of 2^32 ms, and beyond the clock
            got = self.run_tool("--piece-timeout", patience)
            self.assertEqual((got.returncode, got.stdout.count("took longer")), (0, 0), got.stdout)
            self.assertEqual(self.read()["bpf/bpftool-maps.json"], b"late\n")

    def test_a_tool_that_is_not_there_is_said(self):
        got = self.run_tool("--bpftool", "/none/such", "--gops", "/none/gops")
        self.assertEqual(got.returncode, 0)
        self.assertIn(b'cannot run "/none/such"', self.read()["bpf/bpftool-maps.json"])

    def test_nothing_is_left_where_it_cannot_be_written(self):
        self.path = os.path.join(self.folder.name, "no", "such", "report")
        got = self.run_tool()
        self.assertEqual(got.returncode, 1)
        self.assertIn("cannot write", got.stderr)
        self.assertIn("No such file or directory", got.stderr)

    @unittest.skipUnless(os.geteuid() == 0, "only root can become another user")
    def test_another_user_gets_what_he_may_read(self):
        os.chmod(self.folder.name, 0o777)
        got = self.run_tool(user=65534, group=65534)
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertIn("not run as root", got.stderr)
        self.assertIn(b"run as root", self.read()["bpf/maps.txt"])


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `tetra` makes of the files in /run/tetragon, right and wrong ones: where the agent is, what is its own, what an
administrator wants in a report. Each command runs in a mount namespace with a /run of its own."""
import ctypes
import http.server
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import tarfile
import tempfile
import threading
import unittest

from serve_fixture import DEADLINE, Serve

TETRA = os.environ["TETRAD_TETRA"]
REPORT = "tetragon-bugtool/"
INSIDE = """mount -t tmpfs none /run && mkdir /run/tetragon && cp -r "$0/." /run/tetragon/ && exec "$@" """
SYSCALL_BPF = {"x86_64": 321, "aarch64": 280}


def make_map(name, value_bytes):
    """A BPF map (an array) as a descriptor: enum bpf_cmd 0, union bpf_attr of <linux/bpf.h>."""
    words = [2, 4, value_bytes, 16, 0, 0, 0]
    attributes = b"".join(word.to_bytes(4, "little") for word in words) + name.encode().ljust(16, b"\0") + bytes(64)
    libc = ctypes.CDLL(None, use_errno=True)
    fd = libc.syscall(SYSCALL_BPF[platform.machine()], 0, ctypes.create_string_buffer(attributes), len(attributes))
    if fd < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return fd


def id_of_map(fd):
    with open("/proc/self/fdinfo/%d" % fd) as file:
        return int(re.search(r"map_id:\s*(\d+)", file.read()).group(1))


class FakeAgent:
    """A process of a program that is called as the agent, with a BPF map."""

    SCRIPT = """for word in "$@"; do last=$word; done
[ "$last" = --print-config ] && { echo "configured: $*"; exit 0; }
echo ready; read line"""

    def __init__(self, folder, name="tetrad-made-up", fds=()):
        self.path = os.path.join(folder, name)
        shutil.copy(os.path.realpath("/bin/sh"), self.path)
        self.process = subprocess.Popen([self.path, "-c", self.SCRIPT, "agent", "--bpf-dir", "two words"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=fds)
        self.process.stdout.readline()

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.communicate(b"\n")


@unittest.skipUnless(os.geteuid() == 0, "only root may mount and make maps")
class Info(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.run = os.path.join(self.folder.name, "run")
        self.report = os.path.join(self.folder.name, "report.tar.gz")
        os.mkdir(self.run)

    def tearDown(self):
        self.folder.cleanup()

    def write(self, name, text):
        with open(os.path.join(self.run, name), "wb") as file:
            file.write(text if isinstance(text, bytes) else json.dumps(text).encode())

    def tetra(self, *words, status=0):
        got = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", INSIDE, self.run, TETRA, *words],
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=3 * DEADLINE)
        self.assertEqual(got.returncode, status, (words, got.stderr))
        return got

    def collect(self, *words):
        """What a report says, and its pieces."""
        got = self.tetra("bugtool", "-o", self.report, "--bpftool", "/bin/true", "--retries", "0", *words)
        with tarfile.open(self.report) as archive:
            return got.stdout.decode(), {name[len(REPORT):]: archive.extractfile(name).read()
                                         for name in archive.getnames()}


class Where(Info):
    def reached(self, info, *words):
        """The address that is tried."""
        self.write("tetragon-info.json", info)
        error = self.tetra("version", "--server", "--retries", "0", *words, status=1).stderr.decode()
        return re.search('cannot reach the agent at "([^"]*)"', error).group(1)

    def test_the_address_of_the_file_is_used_and_flags_come_first(self):
        self.assertEqual(self.reached({"server_address": "localhost:7"}), "localhost:7")
        self.assertEqual(self.reached({"server_address": "localhost:7"}, "--server-address", "localhost:9"), "localhost:9")

    def test_what_is_no_address_there_is_passed_over(self):
        for info in (b"", b"{", b"[]", b"\xff\xfe\x00", b"7", b"null", b"[" * 100000, b'{"server_address": "\\u0000"}',
                     {}, {"server_address": ""}, {"server_address": 7}, {"server_address": ["localhost:7"]},
                     {"server_address": None, "socket_path": {}}, {"socket_path": ""}, {"socket_path": "/none/such"},
                     {"socket_path": "a" * 300000}):
            self.assertEqual(self.reached(info), "localhost:54321", info)

    def test_a_socket_that_may_be_used_comes_first_unless_tls_is_asked_for(self):
        path = os.path.join(self.folder.name, "tetragon.sock")
        with socket.socket(socket.AF_UNIX) as stale:
            stale.bind(path)  # nobody listens
        info = {"server_address": "localhost:7", "socket_path": path}
        self.assertEqual(self.reached(info), "unix://" + path)
        self.assertEqual(self.reached(info, "--tls-skip-verify"), "localhost:7")

    def test_an_agent_that_listens_there_is_asked(self):
        path = os.path.join(self.folder.name, "tetragon.sock")
        with Serve("localhost:0", path) as serve:
            for info in ({"socket_path": path}, {"server_address": serve.target()}):
                self.write("tetragon-info.json", info)
                self.assertIn(b"Server version: ", self.tetra("version", "--server").stdout)

    def test_runtimes_are_found_in_their_order(self):
        got = self.tetra("cri", "version", status=1)
        self.assertEqual(got.stdout, b"")
        lines = got.stderr.decode().splitlines()
        self.assertIn("no container runtime is here", lines[0])
        places = [line.strip() for line in lines[1:]]
        self.assertEqual(places[:2], ["/run/containerd/containerd.sock", "/run/crio/crio.sock"])
        script = 'for place; do mkdir -p "${place%/*}"; : >"$place"; done; exec "$0" cri version'
        for first in range(len(places)):
            got = subprocess.run(["unshare", "-m", "sh", "-c", INSIDE, self.run, "sh", "-c", script, TETRA, *places[first:]],
                                 stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)
            self.assertEqual(got.returncode, 1)
            self.assertIn('cannot reach the runtime at "unix://%s"' % places[first], got.stderr)


class Owned(Info):
    """`debug maps` shows what the agent holds, as the file names it."""

    def setUp(self):
        super().setUp()
        self.fds = [make_map("mine_small", 8), make_map("mine_large", 65536), make_map("others", 4)]
        self.ids = [id_of_map(fd) for fd in self.fds]

    def tearDown(self):
        for fd in self.fds:
            os.close(fd)
        super().tearDown()

    def maps(self, *words):
        return json.loads(self.tetra("debug", "maps", "-o", "json", *words).stdout)["maps"]

    def test_maps_of_the_agent_only_the_largest_first(self):
        with FakeAgent(self.folder.name, fds=self.fds[:2]) as agent:
            self.write("tetragon-info.json", {"pid": agent.pid})
            shown = self.maps()
            self.assertEqual([(one["id"], one["name"]) for one in shown],
                             [(self.ids[1], "mine_large"), (self.ids[0], "mine_small")])
            self.assertEqual([one["type"] for one in shown], ["array", "array"])
            self.assertGreaterEqual(shown[0]["memory_bytes"], 16 * 65536)
            self.assertIn(self.ids[2], [one["id"] for one in self.maps("--all")])
            lines = self.tetra("debug", "maps", "--lines", "1").stdout.decode().splitlines()
            self.assertRegex(lines[0], r"^maps: 2, \d")
            self.assertEqual(lines[1].split(), ["ID", "NAME", "TYPE", "MEMORY", "KEY/VALUE", "ENTRIES"])
            self.assertEqual(lines[2].split()[:3], [str(self.ids[1]), "mine_large", "array"])
            self.assertEqual(lines[2].split()[4:], ["4/65536", "16"])
            self.assertEqual(lines[3], "1 more; see --lines")
            self.assertIn("programs: 0, 0", lines)

    def test_an_agent_that_has_no_maps_yet(self):
        with FakeAgent(self.folder.name) as agent:
            self.write("tetragon-info.json", {"pid": agent.pid})
            self.assertEqual(self.maps(), [])
            self.assertIn("maps: 0, 0", self.tetra("debug", "maps").stdout.decode().splitlines())
            self.assertEqual(len(self.tetra("debug", "progs", "--once", "--interval", "1ms").stdout.splitlines()), 1)

    def test_without_an_agent_all_of_the_machine_is_shown(self):
        gone = subprocess.Popen(["true"])
        gone.wait()
        for info in (b"", b"{", {}, {"pid": 0}, {"pid": -1}, {"pid": "1"}, {"pid": gone.pid}, {"pid": 2 ** 40}):
            self.write("tetragon-info.json", info)
            self.assertLessEqual(set(self.ids), {one["id"] for one in self.maps()}, info)

    def test_programs_are_measured_in_one_look(self):
        for words in (("--all",), ()):
            lines = self.tetra("debug", "progs", "--once", "--interval", "50ms", *words).stdout.decode().splitlines()
            self.assertEqual(lines[0].split(), ["ID", "CPU%", "RUNS/s", "NS/RUN", "TYPE", "NAME"])
            self.assertEqual([line for line in lines[1:] if not re.match(r"\d+ +\d+\.\d{3} +\d+\.\d +\d+ +\S+ +\S", line)], [])

    def test_another_user_is_told_that_only_root_may(self):
        for words in (("maps",), ("progs", "--once")):
            got = subprocess.run([TETRA, "debug", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=DEADLINE, user=65534, group=65534)
            self.assertEqual((got.returncode, got.stdout), (1, ""))
            self.assertRegex(got.stderr, r"(?m)^cannot list BPF (maps|programs): .*; run as root$")


class Report(Info):
    def test_what_belongs_to_the_agent_is_in_it(self):
        events = os.path.join(self.folder.name, "events.log")
        with open(events, "w") as file:
            file.write("".join("line %d\n" % number for number in range(10000)))
        fd = make_map("mine", 8)
        with FakeAgent(self.folder.name, fds=(fd,)) as agent:
            self.write("tetragon-info.json", {"pid": agent.pid, "export_fname": events})
            said, pieces = self.collect("--with-events", "--events-size", "100")
            self.assertIn(b"map_id:\t%d\n" % id_of_map(fd), pieces["agent/bpf-descriptors.txt"])
            self.assertIn(b"Name:\ttetrad-made-up", pieces["agent/proc-status.txt"])
            self.assertEqual(pieces["agent/config.txt"], b"configured: --bpf-dir two words --print-config\n")
            with open(events, "rb") as file:
                self.assertEqual(pieces["agent/events.json"], file.read()[-100:])
            self.assertNotIn("left out: no agent", said)
            said, pieces = self.collect()
            self.assertNotIn("agent/events.json", pieces)
            self.assertIn("left out: events may hold secrets", said)
        os.close(fd)

    def test_nothing_is_run_that_is_no_agent(self):
        with FakeAgent(self.folder.name, "sleep-made-up") as other:
            self.write("tetragon-info.json", {"pid": other.pid})
            self.assertIn(b"there is no running agent", self.collect()[1]["agent/config.txt"])
        with FakeAgent(self.folder.name) as writable:
            os.chmod(os.path.join(self.folder.name, "tetrad-made-up"), 0o777)
            self.write("tetragon-info.json", {"pid": writable.pid})
            self.assertIn(b"there is no running agent", self.collect()[1]["agent/config.txt"])

    def test_an_event_file_that_is_none_is_told(self):
        for path, wanted in (("/none/such", b"cannot read /none/such"), (self.folder.name, b"Is a directory")):
            self.write("tetragon-info.json", {"export_fname": path})
            self.assertIn(wanted, self.collect("--with-events")[1]["agent/events.json"])
        fifo = os.path.join(self.folder.name, "fifo")
        os.mkfifo(fifo)
        self.write("tetragon-info.json", {"export_fname": fifo})
        self.assertEqual(self.collect("--with-events")[1]["agent/events.json"], b"")

    def test_metrics_are_read_from_where_they_are(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"made_up 1 " + self.path.encode())

            def log_message(self, *_):
                pass

        class Server6(http.server.HTTPServer):
            address_family = socket.AF_INET6

        for kind, host, written in ((http.server.HTTPServer, "127.0.0.1", "127.0.0.1"),
                                    (http.server.HTTPServer, "127.0.0.1", ""), (Server6, "::1", "[::1]")):
            with kind((host, 0), Handler) as server:
                threading.Thread(target=server.serve_forever).start()
                self.write("tetragon-info.json", {"metrics_address": "%s:%d" % (written, server.server_port)})
                try:
                    self.assertIn(b"made_up 1 /metrics", self.collect()[1]["agent/metrics.txt"], written)
                finally:
                    server.shutdown()
        for address in ("nonsense", "127.0.0.1:1", "]:1"):
            self.write("tetragon-info.json", {"metrics_address": address})
            self.assertIn(b"cannot read " + address.encode(), self.collect()[1]["agent/metrics.txt"])

    def test_a_full_disk_leaves_the_old_report_and_nothing_else(self):
        script = """mount -t tmpfs -o size=%dk none "$0" && echo old >"$0/r" && "$@" >/dev/null; status=$?
            ls -A "$0"; cat "$0/r"; exit $status"""
        for kilobytes in (4, 8, 16):  # for nothing, for some of it, for all but the end
            got = subprocess.run(["unshare", "-m", "--propagation", "private", "sh", "-c", script % kilobytes, self.run, TETRA,
                                  "bugtool", "-o", self.run + "/r", "--bpftool", "/bin/true", "--retries", "0",
                                  "--server-address", "unix:///none"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                 timeout=3 * DEADLINE)
            self.assertEqual((got.returncode, got.stdout), (1, "r\nold\n"), (kilobytes, got.stderr))
            self.assertEqual(got.stderr, 'cannot write "%s/r": No space left on device\n' % self.run)

    def test_a_report_replaces_no_folder(self):
        os.mkdir(self.report)
        got = self.tetra("bugtool", "-o", self.report, "--bpftool", "/bin/true", "--retries", "0", status=1)
        self.assertIn(b'cannot write "%s": ' % self.report.encode(), got.stderr)
        self.assertEqual(sorted(os.listdir(self.folder.name)), ["report.tar.gz", "run"])

    def test_files_of_the_administrator_are_in_it_whatever_they_are_called(self):
        names = ["plain", "two words", "caf\u00e9-" + 30 * "\u00e9", "\x1b[2J", "%s%n", "-rf", "x" * 200]
        paths = []
        for name in names:
            paths.append(os.path.join(self.folder.name, name))
            with open(paths[-1], "w") as file:
                file.write("in " + name)
        items = [*paths, {"path": paths[0]}, self.folder.name + "/", "..", "/none/such", "", 5, {"path": 5}, {}, None]
        self.write("tetragon-bugtool-extra-files.json", items)
        said, pieces = self.collect()
        found = sorted(name for name in pieces if name.startswith("extra/"))
        self.assertEqual([name for name in found if not re.fullmatch(r"extra/\d\d-[A-Za-z0-9._-]*", name)], [])
        for number, name in enumerate([*names, names[0]]):
            self.assertEqual(pieces[found[number]], b"in " + name.encode())
        self.assertIn(b"Is a directory", pieces["extra/08-"])
        self.assertIn(b"cannot read /none/such", pieces["extra/10-such"])
        self.assertEqual(said.count("left out: the list has no path here"), 4)
        self.assertNotIn("\x1b", said)

    def test_a_list_that_is_too_long_is_cut_and_that_is_told(self):
        self.write("tetragon-bugtool-extra-files.json", ["/etc/hostname"] * 100)
        said, pieces = self.collect()
        self.assertEqual(len([name for name in pieces if name.startswith("extra/")]), 64)
        self.assertEqual(said.count("left out: the list is too long"), 1)

    def test_a_list_that_is_none_is_told(self):
        for text in (b"", b"[", b"{}", b'{"path": "/etc/hostname"}', b'"/etc/hostname"', b"\xff", b'["\\u0000"]'):
            self.write("tetragon-bugtool-extra-files.json", text)
            said, pieces = self.collect()
            self.assertRegex(said, r'(?m)^extra +left out: .*tetragon-bugtool-extra-files.json.* is no list: .', text)
            self.assertIn(b"is no list", pieces["contents.txt"])


if __name__ == "__main__":
    unittest.main()

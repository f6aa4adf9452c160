# SPDX-License-Identifier: Apache-2.0
"""/metrics of a running agent, on the kernel of this machine: what it says, in both formats, to friends and to others.

In: TETRAD_TETRAD, TETRAD_TETRA. As root; without, everything is skipped.
"""
from __future__ import annotations

import ctypes
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(HOME / "tests" / "e2e"))
from daemon import Daemon, wait_until  # noqa: E402

POLICY = HOME / "examples" / "file-access-monitor.yaml"
POLICY_NAME = "monitor-sensitive-file-access"
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
# promtool dislikes these two names, which are upstream's.
LINT_KNOWN = re.compile(r"^tetragon_map_errors_(update|delete)_total non-counter metrics should not have")
SAMPLE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")
LABEL = re.compile(r'(\w+)="((?:\\.|[^"\\])*)"')
NOWHERE = b"GET /nowhere HTTP/1.0\r\n\r\n"
PATIENCE = float(os.environ.get("TETRAD_PATIENCE", "3"))

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse(page: str) -> Series:
    series: Series = {}
    for line in page.splitlines():
        if line.startswith("#"):
            continue
        match = SAMPLE.match(line)
        assert match, line
        key = (match.group(1), frozenset(LABEL.findall(match.group(2) or "")))
        assert key not in series, line
        series[key] = float(match.group(3))
    return series


def total(series: Series, name: str, **labels: str) -> float:
    wanted = set(labels.items())
    return sum(value for (one, having), value in series.items() if one == name and wanted <= having)


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Agent(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.directory = Path(tempfile.mkdtemp(prefix="tetrad-metrics-"))
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        options = ["--metrics-server", "127.0.0.1:0", "--tracing-policy", str(POLICY), "--enable-msg-handling-latency"]
        cls.daemon = Daemon(Path(os.environ["TETRAD_TETRAD"]), cls.directory / "agent", options, PATIENCE)
        cls.addClassCleanup(cls.stop)
        cls.port = int(re.search(r"metrics at port (\d+)", cls.daemon.log.read_text()).group(1))

    @classmethod
    def stop(cls) -> None:
        cls.daemon.stop()

    def ask(self, method: str = "GET", path: str = "/metrics", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10 * PATIENCE)
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body

    def scrape(self, **headers: str) -> str:
        response, body = self.ask(**headers)
        self.assertEqual(response.status, 200)
        return body.decode("utf-8", errors="strict")

    def await_series(self, name: str, least: float, **labels: str) -> Series:
        """Scrapes until NAME is at least that much."""
        seen: list[Series] = []

        def enough() -> bool:
            seen.append(parse(self.scrape()))
            return total(seen[-1], name, **labels) >= least

        self.assertTrue(wait_until(enough, 5 * PATIENCE), f"{name} {labels} stays below {least}")
        return seen[-1]

    def assert_alive(self) -> None:
        """It answers, and events still go through."""
        before = total(parse(self.scrape()), "tetragon_msg_op_total", msg_op="5")
        subprocess.run(["/bin/true"], check=True)
        self.await_series("tetragon_msg_op_total", before + 1, msg_op="5")
        self.assertIsNone(self.daemon.process.poll())

    def send_raw(self, data: bytes, seconds: float = 10, source: str = "127.0.0.1") -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), seconds * PATIENCE, (source, 0)) as peer:
            answer = b""
            try:
                peer.sendall(data)
                while piece := peer.recv(65536):
                    answer += piece
            except ConnectionResetError:
                pass
            return answer


class Page(Agent):
    def test_events_are_counted_by_binary(self) -> None:
        program = self.directory / 'odd "name"\\with\nall'
        shutil.copy("/bin/true", program)
        for _ in range(3):
            subprocess.run([program], check=True)
        self.await_series("tetragon_events_total", 3, type="PROCESS_EXIT", binary=str(program).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n"))

    def test_policies_are_counted(self) -> None:
        before = parse(self.scrape())
        name = "tetrad_policy_matched_total"
        for _ in range(2):
            subprocess.run(["cat", "/etc/shadow"], stdout=subprocess.DEVNULL, check=True)
        after = self.await_series(name, total(before, name) + 2, policy=POLICY_NAME, domain="static")
        self.assertEqual(total(after, "tetragon_tracingpolicy_loaded", state="enabled"), 1)
        self.assertEqual(total(after, "tetragon_tracingpolicy_loaded", state="load_error"), 0)
        self.assertGreater(total(after, "tetragon_tracingpolicy_kernel_memory_bytes", policy=POLICY_NAME), 4096)
        self.assertGreaterEqual(total(after, "tetragon_policy_events_total", policy=POLICY_NAME, binary="/usr/bin/cat"), 2)
        self.assertGreaterEqual(total(after, "tetragon_tracingpolicy_selector_actions_total", policy=POLICY_NAME, action="post"), 2)

    def test_numbers_are_those_of_this_process(self) -> None:
        page = parse(self.scrape())
        pid = self.daemon.process.pid
        resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")
        self.assertAlmostEqual(total(page, "process_resident_memory_bytes"), resident, delta=4 << 20)
        descriptors = len(os.listdir(f"/proc/{pid}/fd"))
        self.assertAlmostEqual(total(page, "process_open_fds"), descriptors, delta=5)
        self.assertAlmostEqual(total(page, "process_start_time_seconds"), time.time(), delta=300)
        self.assertGreater(total(page, "tetragon_map_entries"), 5)
        self.assertLess(total(page, "tetragon_map_entries"), total(page, "tetragon_map_capacity"))
        self.assertGreater(total(page, "tetrad_startup_seconds"), 0.01)
        self.assertGreater(total(page, "tetragon_handling_latency_count", op="5"), 0)

    def test_rings_show_how_full_they_were(self) -> None:
        os.kill(self.daemon.process.pid, signal.SIGSTOP)
        try:
            for _ in range(20):
                subprocess.run(["/bin/true"], check=True)
        finally:
            os.kill(self.daemon.process.pid, signal.SIGCONT)
        page = self.await_series("tetrad_ring_peak_bytes", 20 * 300, ring="lifecycle")
        self.assertLessEqual(total(page, "tetrad_ring_peak_bytes", ring="lifecycle"), total(page, "tetrad_ring_bytes", ring="lifecycle"))

    def test_grpc_calls_are_counted_by_code(self) -> None:
        tetra = [os.environ["TETRAD_TETRA"], "--server-address", f"unix://{self.daemon.socket}"]
        subprocess.run([*tetra, "status"], stdout=subprocess.DEVNULL, check=True)
        subprocess.run([*tetra, "tp", "delete", "nobody"], stderr=subprocess.DEVNULL, check=False)
        self.await_series("grpc_server_handled_total", 1, grpc_method="DeleteTracingPolicy", grpc_code="NotFound")
        self.await_series("grpc_server_handled_total", 1, grpc_method="GetStatus", grpc_code="OK")

    def test_costs_appear_while_the_kernel_counts_them(self) -> None:
        """BPF_ENABLE_STATS (command 32 of bpf(2), 5.8): as long as the descriptor is open."""
        self.assertNotIn("tetragon_overhead_program_runs_total{", self.scrape() if not self.stats_are_on() else "")
        attributes = ctypes.create_string_buffer(struct.pack("I", 0))
        stats = ctypes.CDLL(None, use_errno=True).syscall(321, 32, attributes, 4)
        self.assertGreaterEqual(stats, 0)
        try:
            subprocess.run(["/bin/true"], check=True)
            page = self.await_series("tetragon_overhead_program_runs_total", 3, policy="__base__")
            self.assertGreater(total(page, "tetragon_overhead_program_seconds_total", policy="__base__"), 0)
        finally:
            os.close(stats)

    @staticmethod
    def stats_are_on() -> bool:
        return Path("/proc/sys/kernel/bpf_stats_enabled").read_text().strip() != "0"

    @unittest.skipUnless(shutil.which("promtool"), "needs promtool, of Debian's package prometheus")
    def test_promtool_has_nothing_to_say(self) -> None:
        done = subprocess.run(["promtool", "check", "metrics"], input=self.scrape(), capture_output=True, text=True, check=False)
        said = (done.stdout + done.stderr).splitlines()
        self.assertEqual([line for line in said if not LINT_KNOWN.match(line)], [])


class Forms(Agent):
    def test_the_text_format_is_the_default(self) -> None:
        response, body = self.ask()
        self.assertEqual(response.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertIn(b"\n# TYPE tetragon_events_total counter\n", body)
        self.assertNotIn(b"# EOF", body)

    def test_openmetrics_comes_to_who_asks(self) -> None:
        response, body = self.ask(Accept=OPENMETRICS)
        self.assertEqual(response.headers["Content-Type"], "application/openmetrics-text; version=1.0.0; charset=utf-8")
        self.assertIn(b"\n# TYPE tetragon_events counter\n", body)
        self.assertIn(b"\n# UNIT process_resident_memory_bytes bytes\n", body)
        self.assertTrue(body.endswith(b"\n# EOF\n"))

    def test_gzip_comes_to_who_takes_it(self) -> None:
        response, body = self.ask(Accept_Encoding="gzip")
        self.assertEqual(response.headers["Content-Encoding"], "gzip")
        page = gzip.decompress(body)
        self.assertIn(b"tetragon_build_info", page)
        self.assertLess(len(body), len(page) / 3)

    def test_methods_and_paths(self) -> None:
        for method, path, status in (
            ("HEAD", "/metrics", 200),
            ("GET", "/metrics?name=x", 200),
            ("GET", "/", 404),
            ("GET", "/metrics/", 404),
            ("HEAD", "/etc/passwd", 404),
            ("POST", "/metrics", 405),
            ("PUT", "/", 405),
            ("OPTIONS", "/metrics", 405),
        ):
            with self.subTest(method=method, path=path):
                response, body = self.ask(method, path)
                self.assertEqual(response.status, status)
                self.assertEqual(response.headers["Connection"], "close")
                self.assertEqual(response.headers.get("Allow"), "GET, HEAD" if status == 405 else None)
                self.assertEqual(body == b"", method == "HEAD")


class Hostile(Agent):
    def test_malformed_requests(self) -> None:
        for name, data, status in (
            ("no http", b"\x00\xff\xfe garbage\r\n\r\n", b""),
            ("no version", b"GET /metrics\r\n\r\n", b""),
            ("a huge header", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100000 + b"\r\n\r\n", b""),
            ("a huge path", b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b""),
            ("many headers", b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 5000 + b"\r\n", b""),
            ("no host", b"GET /metrics HTTP/1.1\r\n\r\n", b"400"),
            ("a bad length", b"GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b""),
            ("half a request and an end", b"GET /met", b""),
            ("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b""),
            ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""),
        ):
            with self.subTest(name):
                with socket.create_connection(("127.0.0.1", self.port), timeout=15 * PATIENCE) as peer:
                    try:
                        peer.sendall(data)
                        peer.shutdown(socket.SHUT_WR)
                        answer = peer.recv(65536)
                    except OSError:
                        answer = b""
                self.assertNotIn(b" 200 ", answer[:20])
                self.assertIn(status, answer[:20])
        self.assert_alive()

    def test_a_request_byte_by_byte_ends_after_ten_seconds(self) -> None:
        before = total(parse(self.scrape()), "tetrad_metrics_refused_total")
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.port), timeout=1) as peer:
            peer.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            ended = False
            while not ended and time.monotonic() - began < 10 + 5 * PATIENCE:
                try:
                    peer.sendall(b"a")
                    peer.settimeout(0.5)
                    ended = peer.recv(100) == b""
                except TimeoutError:
                    continue
                except OSError:
                    ended = True
        self.assertTrue(ended)
        self.assertGreater(time.monotonic() - began, 8)
        self.await_series("tetrad_metrics_refused_total", before + 1)

    def test_a_hundred_scrapes_at_once(self) -> None:
        made = total(parse(self.scrape()), "tetrad_metrics_pages_total")
        with ThreadPoolExecutor(100) as pool:
            pages = list(pool.map(lambda _: self.send_raw(b"GET /metrics HTTP/1.0\r\n\r\n"), range(100)))
        whole = [page for page in pages if page.startswith(b"HTTP/1.1 200") and b"tetrad_metrics_samples_left_out 0\n" in page]
        self.assertGreaterEqual(len(whole), 64)  # what one address may have at once; the rest was closed
        time_of_pages = 100 * PATIENCE
        self.assertLess(total(parse(self.scrape()), "tetrad_metrics_pages_total") - made, time_of_pages)
        self.assert_alive()

    def test_connections_that_say_nothing_leave_room_for_others(self) -> None:
        silent = [socket.create_connection(("127.0.0.1", self.port), timeout=5) for _ in range(300)]
        try:
            # another address of this machine, as another Prometheus has
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5 * PATIENCE, source_address=("127.0.0.2", 0))
            connection.request("GET", "/metrics")
            self.assertEqual(connection.getresponse().status, 200)
            connection.close()
        finally:
            for peer in silent:
                peer.close()
        self.assert_alive()

    def test_who_has_gone_makes_room_before_who_comes(self) -> None:
        for _ in range(5):
            address = ("127.0.0.1", self.port)
            silent = [socket.create_connection(address, timeout=5) for _ in range(64)]
            self.assertIn(b" 404 ", self.send_raw(NOWHERE, source="127.0.0.2"))  # so all of them are known to the agent
            self.daemon.process.send_signal(signal.SIGSTOP)
            for peer in [*silent, socket.create_connection(address, timeout=5)]:
                peer.close()
            with ThreadPoolExecutor(1) as pool:
                answer = pool.submit(self.send_raw, NOWHERE)
                time.sleep(0.1)
                self.daemon.process.send_signal(signal.SIGCONT)
                self.assertIn(b" 404 ", answer.result())


@unittest.skipUnless(shutil.which("prometheus"), "needs Debian's package prometheus")
class RealPrometheus(Agent):
    def query(self, address: str, words: str) -> list[dict[str, object]]:
        try:
            with urllib.request.urlopen(f"http://{address}/api/v1/{words}", timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError:
            return []

    def test_it_scrapes_and_evaluates_the_rules(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(HOME / "deploy" / "prometheus" / "tetrad.rules.yml")],
            "scrape_configs": [{"job_name": "tetrad", "static_configs": [{"targets": [f"127.0.0.1:{self.port}"]}]}],
        }
        file = self.directory / "prometheus.yml"
        file.write_text(json.dumps(config))
        with (self.directory / "prometheus.log").open("wb") as log:
            server = subprocess.Popen(
                ["prometheus", f"--config.file={file}", f"--storage.tsdb.path={self.directory}/data", f"--web.listen-address={address}"],
                stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self.check_prometheus(address)
        finally:
            server.terminate()
            server.wait(timeout=10 * PATIENCE)

    def check_prometheus(self, address: str) -> None:
        def value(expression: str) -> float:
            data = self.query(address, "query?query=" + urllib.request.quote(expression))
            return float(data["result"][0]["value"][1]) if data and data["result"] else 0  # type: ignore[call-overload]

        up = 'up{job="tetrad"} == 1'
        self.assertTrue(wait_until(lambda: value(up) == 1, 20 * PATIENCE), (self.directory / "prometheus.log").read_text()[-2000:])
        self.assertTrue(wait_until(lambda: value("count(tetragon_events_total)") > 0, 10 * PATIENCE))
        self.assertGreater(value("scrape_samples_scraped"), 100)
        self.assertEqual(value('tetragon_tracingpolicy_loaded{state="enabled"}'), 1)
        # it asks for OpenMetrics, whose metadata have a unit
        targets = self.query(address, "targets")["activeTargets"]  # type: ignore[call-overload]
        self.assertEqual([(one["health"], one["lastError"]) for one in targets], [("up", "")])
        metadata = self.query(address, "metadata?metric=process_resident_memory_bytes")
        self.assertEqual(metadata["process_resident_memory_bytes"][0]["unit"], "bytes")  # type: ignore[call-overload]
        rules = self.query(address, "rules")["groups"]  # type: ignore[call-overload]
        self.assertGreater(len(rules), 3)
        self.assertEqual({rule["health"] for group in rules for rule in group["rules"]} - {"ok", "unknown"}, set())


@unittest.skipUnless(os.geteuid() == 0, "needs root")
class Flags(unittest.TestCase):
    def run_agent(self, *options: str) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory() as directory:
            return subprocess.run(
                [os.environ["TETRAD_TETRAD"], "--run-dir", directory, "--server-address", "", *options],
                capture_output=True, text=True, timeout=20 * PATIENCE, check=False,
            )  # fmt: skip

    def test_a_label_that_there_is_not_is_refused(self) -> None:
        done = self.run_agent("--metrics-label-filter", "pod,binry")
        self.assertEqual(done.returncode, 2)
        self.assertIn('unknown label "binry" for --metrics-label-filter; did you mean "binary"', done.stderr)

    def test_an_address_that_cannot_be_is_refused(self) -> None:
        for address, said in (("unix:///tmp/x", "want host:port"), ("127.0.0.1:notaport", "notaport")):
            done = self.run_agent("--metrics-server", address)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(said, done.stderr)


if __name__ == "__main__":
    unittest.main()

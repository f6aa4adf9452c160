#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The service against the gRPC library that upstream's Python clients use, and against bad peers."""
import os
import socket
import stat
import struct
import tempfile
import threading
import unittest

import grpc

import wire_client as wire
from serve_fixture import DEADLINE, Client, Serve, events, path_of, sensors, api

EXEC = 1
EXIT = 5


class ServiceCase(unittest.TestCase):
    def setUp(self):
        self.serve = Serve()

    def tearDown(self):
        status, errors = self.serve.stop()
        self.assertEqual((status, errors), (0, ""))

    def assert_still_serves(self):
        with self.serve.client() as client:
            version = client.call("GetVersion", sensors.GetVersionRequest(), sensors.GetVersionResponse)
        self.assertTrue(version.version)

    def assert_fails(self, code, *words):
        """A context whose body is to end with that status."""
        case = self

        class Context:
            def __enter__(self):
                return self

            def __exit__(self, kind, error, _):
                case.assertIsInstance(error, grpc.RpcError)
                case.assertEqual(error.code(), code)
                for word in words:
                    case.assertIn(word, error.details())
                return True

        return Context()


class UnaryCalls(ServiceCase):
    def test_version_is_a_number(self):
        with self.serve.client() as client:
            got = client.call("GetVersion", sensors.GetVersionRequest(), sensors.GetVersionResponse)
        self.assertRegex(got.version, r"^\d+\.\d+\.\d+")

    def test_health_is_running(self):
        with self.serve.client() as client:
            got = client.call("GetHealth", api.GetHealthStatusRequest(), api.GetHealthStatusResponse)
        self.assertEqual([one.status for one in got.health_status], [api.HEALTH_STATUS_RUNNING])

    def test_status_carries_the_agents_losses_and_the_streams(self):
        with self.serve.client() as client:
            stream = client.events()
            got = client.call("GetStatus", sensors.GetStatusRequest(), sensors.GetStatusResponse)
            stream.cancel()
        self.assertEqual((got.version, got.events, got.streams), ("1.2.3", 42, 1))
        self.assertEqual([(one.record, one.reason, one.count) for one in got.losses], [("exec", "ring full", 3)])

    def test_info_names_the_agent(self):
        with self.serve.client() as client:
            got = client.call("GetInfo", sensors.GetInfoRequest(), sensors.GetInfoResponse)
        self.assertEqual(got.name, "tetrad")

    def test_log_level_is_read_and_set(self):
        with self.serve.client() as client:
            request = sensors.SetDebugRequest(flag=0, level=sensors.LOG_LEVEL_ERROR)
            client.call("SetDebug", request, sensors.SetDebugResponse)
            got = client.call("GetDebug", sensors.GetDebugRequest(), sensors.GetDebugResponse)
        self.assertEqual(got.level, sensors.LOG_LEVEL_ERROR)
        _, errors = self.serve.stop()
        self.assertEqual(errors, "")

    def test_bad_log_level_is_refused(self):
        with self.serve.client() as client, self.assert_fails(grpc.StatusCode.INVALID_ARGUMENT, "17"):
            client.call("SetDebug", sensors.SetDebugRequest(level=17), sensors.SetDebugResponse)

    def test_process_cache_is_dumped(self):
        for skip, pids in ((False, [100, 101, 102]), (True, [101, 102])):
            args = sensors.DumpProcessCacheReqArgs(skip_zero_refcnt=skip)
            request = sensors.GetDebugRequest(flag=sensors.CONFIG_FLAG_DUMP_PROCESS_CACHE, dump=args)
            with self.serve.client() as client:
                got = client.call("GetDebug", request, sensors.GetDebugResponse)
            self.assertEqual(got.flag, sensors.CONFIG_FLAG_DUMP_PROCESS_CACHE)
            self.assertEqual([one.process.pid.value for one in got.processes.processes], pids)

    def test_methods_that_are_not_available_say_so_by_name(self):
        cases = {
            "EnableTracingPolicy": "ConfigureTracingPolicy",
            "ListSensors": "ListTracingPolicies",
            "Nonsense": "unknown method",
        }
        with self.serve.client() as client:
            for method, word in cases.items():
                with self.assert_fails(grpc.StatusCode.UNIMPLEMENTED, word):
                    client.call(method, sensors.GetVersionRequest())


ADD, DELETE, LIST = "AddTracingPolicy", "DeleteTracingPolicy", "ListTracingPolicies"
CONFIGURE = "ConfigureTracingPolicy"


def policy_text(name, more=""):
    return "metadata:\n  name: %s\n%s" % (name, more)


class Policies(ServiceCase):
    def setUp(self):
        super().setUp()
        self.client = self.serve.client()

    def tearDown(self):
        self.client.channel.close()
        super().tearDown()

    def add(self, name, more="", **fields):
        request = sensors.AddTracingPolicyRequest(yaml=policy_text(name, more), **fields)
        return self.client.call(ADD, request, sensors.AddTracingPolicyResponse)

    def delete(self, name, **fields):
        request = sensors.DeleteTracingPolicyRequest(name=name, **fields)
        return self.client.call(DELETE, request, sensors.DeleteTracingPolicyResponse)

    def configure(self, name, **fields):
        request = sensors.ConfigureTracingPolicyRequest(name=name, **fields)
        return self.client.call(CONFIGURE, request, sensors.ConfigureTracingPolicyResponse)

    def list(self, **fields):
        request = sensors.ListTracingPoliciesRequest(**fields)
        return self.client.call(LIST, request, sensors.ListTracingPoliciesResponse).policies

    def test_policies_come_and_go_by_domain(self):
        self.assertEqual(list(self.list()), [])
        self.add("web")
        self.add("web", domain="mine")
        self.add("db", "  namespace: shop\n")
        self.assertEqual([(one.name, one.namespace, one.domain) for one in self.list()],
                         [("web", "", "grpc"), ("web", "", "mine"), ("db", "shop", "grpc")])
        self.assertEqual([one.id for one in self.list(domain="mine")], [2])
        got = self.client.call("ListDomains", sensors.ListDomainsRequest(), sensors.ListDomainsResponse)
        self.assertEqual(list(got.domains), ["grpc", "mine"])
        self.delete("web", domain="mine")
        self.delete("db", namespace="shop")
        self.assertEqual([(one.name, one.domain) for one in self.list()], [("web", "grpc")])

    def test_a_mode_is_there_from_the_beginning(self):
        self.add("plain")
        self.add("careful", mode=sensors.TP_MODE_MONITOR)
        self.assertEqual([one.mode for one in self.list()], [sensors.TP_MODE_ENFORCE, sensors.TP_MODE_MONITOR])

    def test_configuring_changes_what_is_named(self):
        self.add("web")
        self.configure("web", enable=False)
        self.assertEqual([one.state for one in self.list()], [sensors.TP_STATE_DISABLED])
        self.configure("web", mode=sensors.TP_MODE_MONITOR)
        self.assertEqual([(one.state, one.mode) for one in self.list()],
                         [(sensors.TP_STATE_DISABLED, sensors.TP_MODE_MONITOR)])
        self.configure("web", enable=True, mode=sensors.TP_MODE_ENFORCE)
        self.assertEqual([(one.state, one.mode) for one in self.list()],
                         [(sensors.TP_STATE_ENABLED, sensors.TP_MODE_ENFORCE)])

    def test_hooks_and_counters_are_listed(self):
        self.add("half", "# partial")
        one = self.list()[0]
        self.assertEqual(one.state, sensors.TP_STATE_PARTIALLY_ENABLED)
        self.assertEqual([hook.mechanism for hook in one.hook_statuses], ["raw tracepoint (substitute)", ""])
        self.assertEqual(one.hook_statuses[1].reason, 'this kernel has no function "no_such_call"')
        self.assertEqual((one.counters.matched, one.counters.rate_limited, one.stats.action_counters.post), (20, 7, 5))
        self.assertEqual(one.source, "/etc/tetragon/tetragon.tp.d/web.yaml")

    def test_warnings_come_with_success(self):
        self.assertEqual(self.add("web").warnings, "")
        self.assertEqual(self.add("other", "odd").warnings, 'policy:3:1: warning: "odd" does nothing\n')

    def test_refusals_have_their_status(self):
        self.add("web")
        code = grpc.StatusCode
        with self.assert_fails(code.ALREADY_EXISTS, 'policy "web" is there already'):
            self.add("web")
        with self.assert_fails(code.FAILED_PRECONDITION, "the bpf LSM is not active"):
            self.add("x", "exotic")
        with self.assert_fails(code.NOT_FOUND, 'no policy "none"'):
            self.delete("none")
        with self.assert_fails(code.NOT_FOUND, 'no policy "web"'):
            self.configure("web", domain="elsewhere", enable=True)
        with self.assert_fails(code.INVALID_ARGUMENT, "changes nothing"):
            self.configure("web")
        with self.assert_fails(code.INVALID_ARGUMENT, "mode 3"):
            self.configure("web", mode=sensors.TP_MODE_MONITOR_ONLY)
        for name in ("a", "b", "c"):
            self.add(name)
        with self.assert_fails(code.RESOURCE_EXHAUSTED, "want at most 4"):
            self.add("d")

    def test_findings_arrive_line_by_line(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.add("web", "Equals")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        lines = caught.exception.details().split("\n")
        self.assertEqual(len(lines), 3)
        self.assertEqual(lines[2], '      |                   ^~~~~~ did you mean "Equal"?')

    def test_findings_without_end_are_cut_between_lines_and_counted(self):
        with self.assertRaises(grpc.RpcError) as caught:
            self.add("web", "endless")
        self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)
        *lines, last = caught.exception.details().split("\n")
        self.assertGreater(sum(map(len, lines)), 5000)
        self.assertEqual(lines, ["policy:%d:1: größer than 100%% is not possible" % (i + 1) for i in range(len(lines))])
        self.assertEqual(last, "... and %d more lines" % (500 - len(lines)))


class Streams(ServiceCase):
    def test_events_arrive_in_order_and_whole(self):
        with self.serve.client() as client:
            stream = client.events()
            self.serve.command("publish 1000 300")
            got = [next(stream) for _ in range(1000)]
            stream.cancel()
        self.assertEqual([one.process_exec.process.pid.value for one in got], list(range(1, 1001)))
        self.assertEqual({len(one.process_exec.process.arguments) for one in got}, {300})
        self.assertEqual(got[0].node_name, "node")

    def test_a_megabyte_event_arrives(self):
        with self.serve.client() as client:
            stream = client.events()
            self.serve.command("publish 3 1000000")
            sizes = [len(next(stream).process_exec.process.arguments) for _ in range(3)]
            stream.cancel()
        self.assertEqual(sizes, [1000000] * 3)

    def test_event_sets_choose(self):
        exec_only = events.Filter(event_set=[EXEC])
        exit_only = events.Filter(event_set=[EXIT])
        cases = (
            (dict(), ["process_exec", "process_exit"]),
            (dict(allow_list=[exec_only]), ["process_exec"]),
            (dict(allow_list=[exec_only, exit_only]), ["process_exec", "process_exit"]),
            (dict(deny_list=[exec_only]), ["process_exit"]),
            (dict(allow_list=[exit_only], with_gaps=True), ["process_exit", "gap"]),
            (dict(with_gaps=True), ["process_exec", "process_exit", "gap"]),
        )
        for fields, wanted in cases:
            with self.serve.client() as client:
                stream = client.events(**fields)
                for command in ("publish 1 1", "exit 1", "gap", "publish 1 2", "exit 1"):
                    self.serve.command(command)
                got = [next(stream).WhichOneof("event") for _ in wanted]
                stream.cancel()
            self.assertEqual(got, wanted)
            self.serve.wait_for("streams", 0)

    def test_keys_choose(self):
        # pids are counted up from 1, three for each case
        cases = (
            (dict(allow_list=[events.Filter(event_set=[EXEC], pid=[3])]), [3]),
            (dict(deny_list=[events.Filter(pid=[4, 5])]), [6]),
            (dict(allow_list=[events.Filter(arguments_regex=["^a+$"])], deny_list=[events.Filter(pid=[7])]), [8, 9]),
            (dict(allow_list=[events.Filter(pid=[10]), events.Filter(health_check={"value": False}, pid=[11])]), [10, 11]),
        )
        for fields, wanted in cases:
            with self.serve.client() as client:
                stream = client.events(**fields)
                self.serve.command("publish 3 5")
                got = [next(stream).process_exec.process.pid.value for _ in wanted]
                stream.cancel()
            self.assertEqual(got, wanted)
            self.serve.wait_for("streams", 0)

    def test_fields_are_left_out_for_who_asks(self):
        only_pid = events.FieldFilter(fields={"paths": ["process.pid"]})
        no_arguments = events.FieldFilter(fields={"paths": ["process.arguments"]}, action="EXCLUDE")
        with self.serve.client() as client, self.serve.client() as other, self.serve.client() as third:
            streams = [client.events(field_filters=[only_pid]), other.events(field_filters=[no_arguments]), third.events()]
            self.serve.command("publish 1 300")
            got = [next(stream) for stream in streams]
            for stream in streams:
                stream.cancel()
        self.assertEqual([len(one.process_exec.process.arguments) for one in got], [0, 0, 300])
        self.assertEqual([one.process_exec.process.binary != "" for one in got], [False, True, True])
        self.assertEqual({one.process_exec.process.pid.value for one in got}, {1})
        self.assertEqual({one.node_name for one in got}, {"node"})

    def test_what_is_wrong_is_refused_by_name(self):
        cases = {
            "binary_regex": dict(allow_list=[events.Filter(event_set=[EXEC], binary_regex=["("])]),
            "label selector": dict(deny_list=[events.Filter(labels=["a in b"])]),
            "capabilities": dict(allow_list=[events.Filter(), events.Filter(capabilities={"effective": {}})]),
            "did you mean": dict(field_filters=[events.FieldFilter(fields={"paths": ["proces"]})]),
        }
        for word, fields in cases.items():
            with self.serve.client() as client:
                with self.assert_fails(grpc.StatusCode.INVALID_ARGUMENT, word):
                    next(client.events(**fields))

    def test_a_cancelled_stream_is_forgotten(self):
        with self.serve.client() as client:
            stream = client.events()
            self.assertEqual(self.serve.counters()["streams"], 1)
            stream.cancel()
            self.serve.wait_for("streams", 0)
            self.serve.command("publish 10 10")
        self.assertEqual(self.serve.counters()["sent"], 0)

    def test_a_vanished_client_is_forgotten(self):
        client = self.serve.client()
        client.events()
        client.channel.close()
        self.serve.wait_for("streams", 0)

    def test_fifty_clients_each_get_everything(self):
        count, failures = 500, []

        def read(client, stream):
            got = [next(stream).process_exec.process.pid.value for _ in range(count)]
            if got != list(range(1, count + 1)):
                failures.append(got)
            stream.cancel()

        clients = [self.serve.client() for _ in range(50)]
        threads = [threading.Thread(target=read, args=(one, one.events())) for one in clients]
        for thread in threads:
            thread.start()
        self.serve.command("publish %d 200" % count)
        for thread in threads:
            thread.join(DEADLINE)
            self.assertFalse(thread.is_alive())
        for client in clients:
            client.channel.close()
        self.assertEqual(failures, [])
        self.assertEqual(self.serve.counters()["dropped"], 0)
        self.serve.wait_for("streams", 0)

    def test_a_stopping_agent_says_so_after_the_last_event(self):
        with self.serve.client() as client:
            stream = client.events()
            self.serve.command("publish 100 1000")
            stopped = threading.Thread(target=self.serve.stop)
            stopped.start()
            got = []
            with self.assert_fails(grpc.StatusCode.UNAVAILABLE, "agent is stopping"):
                for event in stream:
                    got.append(event)
            stopped.join()
        self.assertEqual(len(got), 100)


class SlowClients(ServiceCase):
    def begin_silent_stream(self, with_gaps):
        """A client that asks for events, sees the stream begin, and then does not read."""
        client = wire.WireClient(self.serve.port).greet()
        request = events.GetEventsRequest(with_gaps=with_gaps).SerializeToString()
        client.request(path_of("GetEvents"), wire.grpc_frame(request))
        client.read_until(wire.HEADERS, 1)
        return client

    def read_events(self, client, count):
        """Opens the windows and reads COUNT events."""
        window = struct.pack(">I", 0x7FFFFF00)
        client.send(wire.frame(wire.WINDOW_UPDATE, 0, 0, window) + wire.frame(wire.WINDOW_UPDATE, 0, 1, window))
        got, data = [], b""
        while len(got) < count:
            data += client.read_until(wire.DATA, 1)[3]
            while len(data) >= 5 and len(data) >= 5 + int.from_bytes(data[1:5], "big"):
                size = int.from_bytes(data[1:5], "big")
                got.append(events.GetEventsResponse.FromString(data[5 : 5 + size]))
                data = data[5 + size :]
        return got

    def test_one_that_never_reads_costs_the_others_nothing(self):
        total, batch = 20000, 500
        with self.begin_silent_stream(False), self.serve.client() as client:
            stream = client.events()
            for first in range(1, total, batch):
                self.serve.command("publish %d 100" % batch)
                got = [next(stream).process_exec.process.pid.value for _ in range(batch)]
                self.assertEqual(got, list(range(first, first + batch)))
            stream.cancel()
            counters = self.serve.counters()
        self.assertEqual(counters["sent"] + counters["dropped"], 2 * total)
        # Its queue, its window and one write of the socket are all that it got.
        self.assertGreaterEqual(counters["dropped"], total - 10000 - 2000)
        self.assertLess(counters["dropped"], total - 9999)

    def test_bytes_that_wait_are_bounded(self):
        with self.begin_silent_stream(False):
            for _ in range(40):
                self.serve.command("publish 10 100000")
            counters = self.serve.counters()
        waiting = counters["sent"] * 100000
        self.assertLess(waiting, 9 << 20)
        self.assertGreater(waiting, 7 << 20)

    def test_one_that_catches_up_is_told_what_it_missed(self):
        for with_gaps in (True, False):
            before = self.serve.counters()
            with self.begin_silent_stream(with_gaps) as client:
                for _ in range(30):
                    self.serve.command("publish 500 100")
                counters = self.serve.counters()
                sent = counters["sent"] - before["sent"]
                dropped = counters["dropped"] - before["dropped"]
                self.assertGreater(dropped, 0)
                got = self.read_events(client, sent + with_gaps)
                self.serve.command("exit 1")
                after = self.read_events(client, 1)
            kinds = [one.WhichOneof("event") for one in got]
            self.assertEqual(kinds.count("gap"), int(with_gaps))
            if with_gaps:
                gap = got[kinds.index("gap")].gap
                self.assertEqual((gap.where, gap.lost), ("client", dropped))
                self.assertEqual(sum(one.count for one in gap.counts), dropped)
            self.assertEqual(after[0].WhichOneof("event"), "process_exit")
            self.serve.wait_for("streams", 0)

    def test_status_counts_what_clients_missed(self):
        with self.begin_silent_stream(False), self.serve.client() as client:
            for _ in range(30):
                self.serve.command("publish 500 100")
            got = client.call("GetStatus", sensors.GetStatusRequest(), sensors.GetStatusResponse)
        counters = self.serve.counters()
        self.assertIn(("event", "client queue full", counters["dropped"]),
                      [(one.record, one.reason, one.count) for one in got.losses])


class HostilePeers(ServiceCase):
    def test_garbage_ends_only_its_connection(self):
        with self.serve.client() as good:
            stream = good.events()
            for garbage in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(100000), b"\0" * 1000):
                with wire.WireClient(self.serve.port) as client:
                    try:
                        client.send(garbage)
                    except (ConnectionResetError, BrokenPipeError):
                        pass
                    self.assertTrue(client.is_closed_by_server())
            self.serve.command("publish 1 1")
            self.assertTrue(next(stream).HasField("process_exec"))
            stream.cancel()

    def test_a_request_that_is_no_message_names_what_it_should_be(self):
        with self.serve.client() as client:
            with self.assert_fails(grpc.StatusCode.INVALID_ARGUMENT, "GetVersionRequest"):
                client.channel.unary_unary(path_of("GetVersion"))(b"\xff\xff\xff", timeout=DEADLINE)

    def test_an_early_answer_stops_the_sender(self):
        compressed = wire.grpc_frame(b"x" * 100, flags=1)
        with wire.WireClient(self.serve.port).greet() as client:
            client.request(path_of("GetVersion"), compressed[:50], end=False)
            _, flags, _, _ = client.read_until(wire.HEADERS, 1)
            self.assertTrue(flags & wire.END_STREAM)
            reset = client.read_until(wire.RST_STREAM, 1)
            self.assertEqual(int.from_bytes(reset[3], "big"), 0)  # NO_ERROR

    def test_a_message_that_is_too_large_is_refused_and_not_stored(self):
        before = self.serve.counters()["resident"]
        with self.serve.client() as client:
            with self.assert_fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "10485760"):
                client.channel.unary_unary(path_of("GetVersion"))(b"x" * (20 << 20), timeout=DEADLINE)
        self.assertLess(self.serve.counters()["resident"] - before, 1024)
        self.assert_still_serves()

    def test_a_small_request_cannot_unfold_into_much_memory(self):
        # Two bytes each become a structure of some hundred.
        request = b"\x0a\x00" * (4 << 20)
        with self.serve.client() as client:
            with self.assert_fails(grpc.StatusCode.INVALID_ARGUMENT, "GetEvents"):
                client.channel.unary_unary(path_of("GetEvents"))(request, timeout=DEADLINE)
        self.assert_still_serves()

    def test_unfinished_requests_are_bounded_together(self):
        streams = range(1, 21, 2)
        before = self.serve.counters()["resident"]
        with wire.WireClient(self.serve.port).greet() as client:
            for stream in streams:
                head = struct.pack(">BI", 0, 9 << 20)
                client.request(path_of("GetVersion"), head, stream=stream, end=False)
            # 84 MiB in all, of which 12 may be held at a time.
            for _ in range(550):
                for stream in streams:
                    client.send(wire.frame(wire.DATA, 0, stream, b"x" * 16000))
            answered = client.read_until(wire.HEADERS)
            self.assertTrue(answered[1] & wire.END_STREAM)
            self.assertLess(self.serve.counters()["resident"] - before, 64 << 10)
        self.assert_still_serves()

    def test_header_bombs_end_their_stream(self):
        block = wire.header_block(path_of("GetVersion")) + wire.literal("x", "y" * 100) * 140
        with wire.WireClient(self.serve.port).greet() as client:
            client.send(wire.frame(wire.HEADERS, wire.END_HEADERS, 1, block[:16000]))
            block *= 3
            client.send(wire.frame(wire.HEADERS, 0, 3, block[:16000]))
            client.send(wire.frame(wire.CONTINUATION, 0, 3, block[16000:32000]))
            client.send(wire.frame(wire.CONTINUATION, wire.END_HEADERS, 3, block[32000:]))
            got = client.read_frame()
            while got is not None and got[0] not in (wire.RST_STREAM, wire.GOAWAY):
                got = client.read_frame()
            self.assertIsNotNone(got)
        self.assert_still_serves()

    def test_streams_of_one_connection_are_bounded(self):
        with wire.WireClient(self.serve.port).greet() as client:
            request = wire.grpc_frame(b"")
            for stream in range(1, 2 * 150, 2):
                client.request(path_of("GetEvents"), request, stream=stream)
            got = client.read_until(wire.RST_STREAM)
            self.assertEqual(int.from_bytes(got[3], "big"), 7)  # REFUSED_STREAM
            self.assertEqual(self.serve.counters()["streams"], 100)
        self.serve.wait_for("streams", 0)

    def test_connections_are_bounded_and_idle_ones_make_way(self):
        first = wire.WireClient(self.serve.port).greet()
        others = [wire.WireClient(self.serve.port).greet() for _ in range(256)]
        self.assertTrue(first.is_closed_by_server())
        with Client("127.0.0.1:%d" % self.serve.port) as client:
            client.call("GetVersion", sensors.GetVersionRequest(), sensors.GetVersionResponse)
        for one in others + [first]:
            one.socket.close()

    def test_busy_connections_do_not_make_way(self):
        busy = []
        for _ in range(256):
            client = wire.WireClient(self.serve.port).greet()
            client.request(path_of("GetEvents"), wire.grpc_frame(b""))
            client.read_until(wire.HEADERS, 1)
            busy.append(client)
        with wire.WireClient(self.serve.port) as late:
            self.assertTrue(late.is_closed_by_server())
        self.assertEqual(self.serve.counters()["streams"], 256)
        self.assertEqual(self.serve.refused()["peer_connections"], 1)
        for one in busy:
            one.socket.close()
        self.serve.wait_for("streams", 0)

    def test_pings_without_reading_end_the_connection(self):
        with wire.WireClient(self.serve.port).greet() as client:
            ping = wire.frame(wire.PING, 0, 0, b"12345678") * 1000
            with self.assertRaises((ConnectionResetError, BrokenPipeError, socket.timeout)) as caught:
                for _ in range(20000):
                    client.send(ping)
            self.assertNotIsInstance(caught.exception, socket.timeout)
        self.assert_still_serves()

    def test_a_silent_connection_is_closed_in_time(self):
        with wire.WireClient(self.serve.port, timeout=15) as silent:
            self.assertTrue(silent.is_closed_by_server())


class Addresses(unittest.TestCase):
    def test_the_unix_socket_is_private_and_replaced_when_stale(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run", "tetragon.sock")
            for _ in range(2):
                with Serve("localhost:0", path) as serve, Client("unix:" + path) as client:
                    self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o660)
                    client.call("GetVersion", sensors.GetVersionRequest(), sensors.GetVersionResponse)
                    serve.process.kill()
                    serve.process.wait()
                self.assertTrue(os.path.exists(path))
            with Serve("unix://" + path):
                with self.assertRaisesRegex(RuntimeError, "address already in use; stop the other"):
                    Serve("unix://" + path)
            self.assertFalse(os.path.exists(path))

    def test_a_taken_port_is_named(self):
        with Serve() as serve:
            with self.assertRaisesRegex(RuntimeError, "cannot listen on \"localhost:%d\"" % serve.port):
                Serve(serve.target())

    def test_bad_addresses_say_what_would_be_right(self):
        for address in ("localhost", "localhost:x", "localhost:99999", "unix:relative", "::1:5", "[::1:5", "a:b:1"):
            with self.assertRaisesRegex(RuntimeError, "bad address .*: want "):
                Serve(address)


if __name__ == "__main__":
    unittest.main(verbosity=2)

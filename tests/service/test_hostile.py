#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Peers that mean harm: each loses its own connection, is counted, and somebody else goes on undisturbed."""
import os
import random
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import grpc

import wire_client as wire
from certificates import Authority, read
from serve_fixture import DEADLINE, Client, Serve, path_of, sensors

CALM = 11  # ENHANCE_YOUR_CALM
MANY = 20000  # hundreds of frames: more than all buffers between the two hold
GET_VERSION, GET_EVENTS = path_of("GetVersion"), path_of("GetEvents")
EMPTY = wire.grpc_frame(b"")


class HostileCase(unittest.TestCase):
    """The one who is not to be disturbed reads events over the unix socket all the time."""

    FLAGS = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "s")
        self.serve = Serve("localhost:0", self.path, self.FLAGS)
        self.addCleanup(self.serve.stop)
        self.other = Client("unix:" + self.path)
        self.addCleanup(self.other.channel.close)
        self.stream = self.other.events()
        self.seen = 0

    def assert_undisturbed(self, count=100, size=100):
        """Events arrive whole and in order, and a question is answered at once."""
        self.serve.command("publish %d %d" % (count, size))
        got = [next(self.stream).process_exec.process.pid.value for _ in range(count)]
        self.assertEqual(got, list(range(self.seen + 1, self.seen + count + 1)))
        self.seen += count
        began = time.monotonic()
        self.assertTrue(self.version(self.other))
        self.assertLess(time.monotonic() - began, 2)

    def version(self, client):
        return client.call("GetVersion", sensors.GetVersionRequest(), sensors.GetVersionResponse).version

    def flood(self, pieces, client):
        """Sends until the server has had enough."""
        try:
            for piece in pieces:
                client.send(piece)
        except (ConnectionResetError, BrokenPipeError):
            return
        self.fail("all of it was taken")

    def assert_told_to_calm_down(self, client):
        """GOAWAY says why, unless a reset of the connection has overtaken it."""
        got = client.read_until(wire.GOAWAY)
        if got is not None:
            self.assertEqual(int.from_bytes(got[3][4:8], "big"), CALM)


class Floods(HostileCase):
    def attack(self, pieces):
        with wire.WireClient(self.serve.port).greet() as client:
            self.flood(pieces, client)
            self.assert_told_to_calm_down(client)
        self.assertEqual(self.serve.refused()["flood"], 1)
        self.assert_undisturbed()

    def test_rapid_reset(self):
        block = wire.header_block(GET_VERSION)
        cancel = struct.pack(">I", 8)
        self.attack(
            wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block) + wire.frame(wire.RST_STREAM, 0, stream, cancel)
            for stream in range(1, 4000000, 2))

    def test_requests_that_never_end(self):
        block = wire.header_block(GET_VERSION)
        self.attack(wire.frame(wire.HEADERS, wire.END_HEADERS | wire.END_STREAM, stream, block)
                    for stream in range(1, 4000000, 2))

    def test_pings(self):
        self.attack(wire.frame(wire.PING, 0, 0, b"12345678") * 100 for _ in range(MANY))

    def test_settings(self):
        self.attack(wire.frame(wire.SETTINGS, 0, 0) * 100 for _ in range(MANY))

    def test_window_updates(self):
        self.attack(wire.frame(wire.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) * 100 for _ in range(MANY))

    def test_priorities(self):
        self.attack(wire.frame(2, 0, 1001, struct.pack(">IB", 0, 1)) * 100 for _ in range(MANY))

    def test_data_without_content(self):
        block = wire.header_block(GET_VERSION)
        yes = [wire.frame(wire.HEADERS, wire.END_HEADERS, 1, block)]
        self.attack(yes + [wire.frame(wire.DATA, 0, 1) * 100] * MANY)

    def test_data_that_is_padding_only(self):
        block = wire.header_block(GET_VERSION)
        yes = [wire.frame(wire.HEADERS, wire.END_HEADERS, 1, block)]
        self.attack(yes + [wire.frame(wire.DATA, wire.PADDED, 1, b"\x01\x00") * 100] * MANY)

    def test_headers_that_begin_no_request(self):
        """Of streams over the limit, by a peer that has not confirmed it yet: each is decoded and reset."""
        block = wire.header_block(GET_VERSION)
        headers = b"".join(wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block) for stream in range(1, 20000, 2))
        with wire.WireClient(self.serve.port).greet() as client:
            sender = threading.Thread(target=self.send_all, args=(client, headers))
            sender.start()
            self.assertTrue(client.is_closed_by_server())
            sender.join()
        self.assertEqual((self.serve.refused()["flood"], self.serve.refused()["rate"]), (1, 0))
        self.assert_undisturbed()

    def test_messages_of_one_call_count_as_requests(self):
        path = path_of("ServerReflectionInfo", "grpc.reflection.v1.ServerReflection")
        with wire.WireClient(self.serve.port).greet() as client:
            client.request(path, EMPTY, end=False)
            began, count, waiting, data = time.monotonic(), 1, 1, b""
            while count < 30000:  # many times what may come at once
                if waiting == 0:
                    client.send(wire.frame(wire.DATA, 0, 1, EMPTY) * 30)
                    count, waiting = count + 30, 30
                kind, flags, _, payload = client.read_frame()
                if kind == wire.HEADERS and flags & wire.END_STREAM:
                    break
                if kind == wire.DATA:
                    got = struct.pack(">I", len(payload))
                    client.send(b"".join(wire.frame(wire.WINDOW_UPDATE, 0, one, got) for one in (0, 1)))
                    data += payload
                    if wire.count_messages(data) == waiting:
                        waiting, data = 0, b""
                if count > 3000 and count / (time.monotonic() - began) < 700:
                    self.skipTest("this machine is too slow to go over the rate")
        self.assertEqual(self.serve.refused()["rate"], 1)
        self.assert_undisturbed()

    def test_continuations(self):
        block = wire.header_block(GET_VERSION)
        begin = [wire.frame(wire.HEADERS, 0, 1, block)]
        self.attack(begin + [wire.frame(wire.CONTINUATION, 0, 1) * 100] * MANY)

    def test_a_table_of_large_headers_used_again_and_again(self):
        # One header of 3 KiB enters the table of 4 KiB; each byte after it means it once more.
        name, value = b"x" * 10, b"y" * 3000
        entry = b"\x40" + bytes([len(name)]) + name + b"\x7f" + self.varint(len(value) - 127) + value
        bomb = wire.header_block(GET_VERSION) + entry + b"\xbe" * 12000
        before = self.serve.counters()["resident"]
        with wire.WireClient(self.serve.port).greet() as client:
            for stream in range(1, 101, 2):
                client.send(wire.frame(wire.HEADERS, wire.END_HEADERS | wire.END_STREAM, stream, bomb))
            got = client.read_until(wire.RST_STREAM)
            self.assertIsNotNone(got)
        self.assertGreater(self.serve.refused()["headers"], 0)
        self.assertLess(self.serve.counters()["resident"] - before, 8 << 10)
        self.assert_undisturbed()

    @staticmethod
    def varint(number):
        out = b""
        while number >= 128:
            out += bytes([number % 128 | 128])
            number //= 128
        return out + bytes([number])

    def test_calls_cannot_be_made_faster_than_the_rate(self):
        # In one piece, so that the server is not waiting for this program: 1,000 are answered, then it is enough.
        block = wire.header_block(GET_VERSION)
        requests = b"".join(
            wire.frame(wire.HEADERS, wire.END_HEADERS, stream, block) + wire.frame(wire.DATA, wire.END_STREAM, stream, EMPTY)
            for stream in range(1, 10000, 2))
        with wire.WireClient(self.serve.port).greet() as client:
            sender = threading.Thread(target=self.send_all, args=(client, requests))
            sender.start()
            self.assertTrue(client.is_closed_by_server())
            sender.join()
        self.assertGreater(self.serve.refused()["rate"], 0)
        self.assert_undisturbed()
        end = time.monotonic() + DEADLINE
        refusals = set()
        with self.serve.client() as client:
            while True:
                try:
                    self.assertTrue(self.version(client))
                    break
                except grpc.RpcError as error:
                    refusals.add(error.code())
                    if error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED:
                        self.assertIn("500 requests a second", error.details())
                    self.assertLess(time.monotonic(), end)
        self.assertLessEqual(refusals, {grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE})

    @staticmethod
    def send_all(client, data):
        try:
            client.send(data)
        except OSError:
            pass

    def test_answers_that_are_read_earn_room_for_pings(self):
        """As clients do that measure the line with each window: thousands of pings, but no flood."""
        with wire.WireClient(self.serve.port).greet() as client:
            client.request(GET_EVENTS, EMPTY)
            client.read_until(wire.HEADERS, 1)
            ping = wire.frame(wire.PING, 0, 0, b"12345678")
            window = struct.pack(">I", 1 << 16)
            for _ in range(1500):
                self.serve.command("publish 1 100")
                client.read_until(wire.DATA, 1)
                client.send(ping + b"".join(wire.frame(wire.WINDOW_UPDATE, 0, one, window) for one in (0, 1)))
            self.assertEqual(self.serve.refused()["flood"], 0)
            self.assertEqual(self.serve.counters()["streams"], 2)


class Rubbish(HostileCase):
    def test_bytes_that_are_no_http2(self):
        chance = random.Random(7)
        for beginning in (b"", b"GET / HTTP/1.1\r\n\r\n", wire.PREFACE, wire.PREFACE + wire.frame(wire.SETTINGS, 0, 0)):
            for _ in range(20):
                with wire.WireClient(self.serve.port) as client:
                    try:
                        client.send(beginning + chance.randbytes(3000))
                        client.socket.shutdown(socket.SHUT_WR)
                        self.assertTrue(client.is_closed_by_server())
                    except (ConnectionResetError, BrokenPipeError):
                        pass
        self.assertGreaterEqual(self.serve.refused()["protocol"], 40)
        self.assert_undisturbed()

    def test_a_message_that_is_announced_as_too_large(self):
        with wire.WireClient(self.serve.port).greet() as client:
            client.request(GET_VERSION, struct.pack(">BI", 0, 0xFFFFFFFF) + b"x" * 100, end=False)
            self.assertTrue(client.read_until(wire.HEADERS, 1)[1] & wire.END_STREAM)
        self.assertEqual(self.serve.refused()["message"], 1)
        self.assert_undisturbed()

    def test_tls_where_there_is_none(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.serve.port), timeout=DEADLINE) as plain:
            with self.assertRaises((ssl.SSLError, ConnectionResetError)):
                context.wrap_socket(plain)
        self.assertEqual(self.serve.refused()["protocol"], 1)
        self.assert_undisturbed()

    def test_a_client_that_never_reads(self):
        with wire.WireClient(self.serve.port).greet() as client:
            client.request(GET_EVENTS, EMPTY)
            client.read_until(wire.HEADERS, 1)
            for _ in range(40):
                self.assert_undisturbed(500)
        self.assertGreater(self.serve.counters()["dropped"], 0)

    def test_windows_of_zero(self):
        settings = wire.frame(wire.SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
        with wire.WireClient(self.serve.port) as client:
            client.send(wire.PREFACE + settings)
            for stream in range(1, 200, 2):
                client.request(GET_VERSION, EMPTY, stream=stream)
            client.read_until(wire.HEADERS, 199)
            self.assert_undisturbed()


class Crowds(HostileCase):
    def test_one_peer_cannot_have_all_streams(self):
        clients = [wire.WireClient(self.serve.port).greet() for _ in range(3)]
        for client in clients[:2]:
            for stream in range(1, 200, 2):
                client.request(GET_EVENTS, EMPTY, stream=stream)
        for stream in range(1, 2 * 56 + 1, 2):
            clients[2].request(GET_EVENTS, EMPTY, stream=stream)
        self.serve.wait_for("streams", 257)
        clients[2].request(GET_EVENTS, EMPTY, stream=301)
        self.assertTrue(clients[2].read_until(wire.HEADERS, 301)[1] & wire.END_STREAM)
        self.assertEqual(self.serve.refused()["streams"], 1)
        with self.assertRaises(grpc.RpcError) as caught, self.serve.client() as client:
            next(client.events())
        self.assertEqual(caught.exception.code(), grpc.StatusCode.RESOURCE_EXHAUSTED)
        self.assertIn("256 streams open", caught.exception.details())
        self.other.events().cancel()
        self.assert_undisturbed()
        for client in clients:
            client.socket.close()
        self.serve.wait_for("streams", 1)

    def test_all_addresses_of_this_machine_are_one_peer(self):
        clients = [wire.WireClient(self.serve.port, source="127.0.%d.1" % number).greet() for number in range(4)]
        for client in clients:
            for stream in range(1, 2 * 64 + 1, 2):
                client.request(GET_EVENTS, EMPTY, stream=stream)
        self.serve.wait_for("streams", 257)
        clients[3].request(GET_EVENTS, EMPTY, stream=201)
        self.assertTrue(clients[3].read_until(wire.HEADERS, 201)[1] & wire.END_STREAM)
        self.assertEqual(self.serve.refused()["streams"], 1)
        for client in clients:
            client.socket.close()

    def test_all_of_tcp_leaves_streams_for_the_unix_socket(self):
        # This machine's address in the network, from which it reaches itself, too. Nothing is sent here.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect(("192.0.2.1", 9))
            except OSError:
                self.skipTest("this machine has one address only; a second peer needs another")
            second = probe.getsockname()[0]
        clients = [wire.WireClient(self.serve.port, source=source).greet()
                   for source in ("127.0.0.1", "127.0.0.1", "127.0.0.1", second)]
        for client, count in zip(clients, (100, 100, 56, 63)):
            for stream in range(1, 2 * count + 1, 2):
                client.request(GET_EVENTS, EMPTY, stream=stream)
        self.serve.wait_for("streams", 320)
        clients[3].request(GET_EVENTS, EMPTY, stream=201)
        self.assertTrue(clients[3].read_until(wire.HEADERS, 201)[1] & wire.END_STREAM)
        with Client("unix:" + self.path) as local:
            local.events().cancel()
        self.assert_undisturbed()
        for client in clients:
            client.socket.close()

    def test_root_comes_in_when_others_hold_all_connections(self):
        if os.geteuid() != 0:
            self.skipTest("other users can be played by root only")
        for path, mode in ((self.path, 0o666), (os.path.dirname(self.path), 0o755)):
            os.chmod(path, mode)
        begun = wire.PREFACE + wire.frame(wire.SETTINGS, 0, 0) + wire.frame(
            wire.HEADERS, wire.END_HEADERS, 1, wire.header_block(GET_VERSION))
        program = ("import socket, sys\nheld = []\nfor _ in range(int(sys.argv[2])):\n"
                   " held.append(socket.socket(socket.AF_UNIX))\n held[-1].connect(sys.argv[1])\n"
                   " try:\n  held[-1].send(bytes.fromhex(sys.argv[3]))\n"
                   # The server's settings, and that it has read ours: it has the request as well, and is not idle.
                   "  held[-1].recv(30, socket.MSG_WAITALL)\n except OSError:\n  pass\n"
                   "print('held', flush=True)\nsys.stdin.read()\n")
        others = [subprocess.Popen([sys.executable, "-c", program, self.path, str(count), begun.hex()], user=uid, cwd="/",
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE)
                  for uid, count in ((4242, 250), (4243, 140))]
        for one in others:
            self.addCleanup(one.communicate)
        for one in others:
            self.assertEqual(one.stdout.readline(), b"held\n")
        with Client("unix:" + self.path) as local:
            self.assertTrue(self.version(local))
        self.assertGreater(self.serve.refused()["connections"], 0)
        self.assert_undisturbed()

    def test_queues_filled_one_after_the_other_are_bounded_together(self):
        settings = wire.frame(wire.SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
        with wire.WireClient(self.serve.port) as client:
            client.send(wire.PREFACE + settings)
            for number in range(20):
                client.request(GET_EVENTS, EMPTY, stream=2 * number + 1)
                self.serve.wait_for("streams", number + 2)
                for _ in range(9):
                    self.assert_undisturbed(50, 20000)
            queued = self.serve.counters()["queued"]
            self.assertGreater(queued, 30 << 20)
            # Each of the 20 may have one more.
            self.assertLess(queued, (32 << 20) + 20 * 21000)
        self.serve.wait_for("streams", 1)
        self.assert_undisturbed()

    def test_two_hundred_clients_at_once(self):
        count, failures = 50, []

        def read(client, stream):
            got = [next(stream).process_exec.process.pid.value for _ in range(count)]
            if got != list(range(1, count + 1)) or not self.version(client):
                failures.append(got)
            stream.cancel()

        clients = [self.serve.client() for _ in range(200)]
        threads = [threading.Thread(target=read, args=(one, one.events())) for one in clients]
        for thread in threads:
            thread.start()
        self.assert_undisturbed(count)
        for thread in threads:
            thread.join(60)
            self.assertFalse(thread.is_alive())
        for client in clients:
            client.channel.close()
        self.assertEqual(failures, [])
        self.assertEqual(self.serve.counters()["dropped"], 0)

    def test_connections_made_without_end_are_refused_by_their_rate(self):
        began, count = time.monotonic(), 0
        while count < 15000 and not (refused := self.serve.refused()["rate"]):
            for _ in range(500):
                wire.WireClient(self.serve.port).socket.close()
            count += 500
        if not refused and count / (time.monotonic() - began) < 700:
            self.skipTest("this machine is too slow to go over the rate")
        self.assertGreater(refused, 0)
        self.assert_undisturbed()


class OverTls(HostileCase):
    @classmethod
    def setUpClass(cls):
        cls.authority = Authority()
        cert, key = cls.authority.sign("server")
        cls.FLAGS = ("--tls-cert-file", cert, "--tls-key-file", key)

    @classmethod
    def tearDownClass(cls):
        cls.authority.folder.cleanup()

    def credentials(self):
        return grpc.ssl_channel_credentials(read(self.authority.cert))

    def hello(self):
        """The first bytes of a handshake."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return outgoing.read()

    def test_http_in_clear(self):
        with wire.WireClient(self.serve.port).greet() as client:
            got = client.read_until(wire.GOAWAY)
            self.assertEqual(int.from_bytes(got[3][4:8], "big"), 12)  # INADEQUATE_SECURITY
            self.assertEqual(got[3][8:], b"this address speaks TLS only")
        with wire.WireClient(self.serve.port) as client:
            client.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(client.is_closed_by_server())
        self.assertEqual(self.serve.refused()["tls"], 2)
        self.assert_undisturbed()

    def test_garbage_after_a_good_beginning(self):
        for cut in (1, 5, 50, 200):
            with wire.WireClient(self.serve.port) as client:
                client.send(self.hello()[:cut] + b"\xff" * 2000)
                self.assertTrue(client.is_closed_by_server())
        self.assert_undisturbed()

    def test_a_handshake_that_comes_byte_by_byte_is_given_up(self):
        began = time.monotonic()
        with wire.WireClient(self.serve.port, timeout=1) as client:
            hello = self.hello()
            try:
                for at in range(len(hello) - 1):
                    client.send(hello[at : at + 1])
                    self.assert_undisturbed(1)
                    time.sleep(0.1)
                    self.assertLess(time.monotonic() - began, 15)
                self.fail("it was waited for")
            except (ConnectionResetError, BrokenPipeError):
                pass
        self.assertGreater(time.monotonic() - began, 5)
        self.assertEqual(self.serve.refused()["handshake"], 1)

    def test_silent_connections_make_way_for_those_who_speak(self):
        silent = [wire.WireClient(self.serve.port) for _ in range(256)]
        with Client(self.serve.target(), self.credentials()) as client:
            self.assertTrue(self.version(client))
        self.assert_undisturbed()
        for one in silent:
            one.socket.close()

    def test_two_hundred_clients_that_stay(self):
        clients = [Client(self.serve.target(), self.credentials()) for _ in range(200)]
        # A busy machine may need more than the ten seconds of a handshake for all of them: they try again.
        for ready in [grpc.channel_ready_future(client.channel) for client in clients]:
            ready.result(60)
        streams = [client.events() for client in clients]
        self.assert_undisturbed(20)
        for stream in streams:
            got = [next(stream).process_exec.process.pid.value for _ in range(20)]
            self.assertEqual(got, list(range(1, 21)))
        for client in clients:
            client.channel.close()
        self.serve.wait_for("streams", 1)
        self.assert_undisturbed()

    # Windows as large as can be.
    OPEN = (wire.PREFACE + wire.frame(wire.SETTINGS, 0, 0, struct.pack(">HI", 4, 0x7FFFFFFF))
            + wire.frame(wire.WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFF0000)))

    def context(self):
        context = ssl.create_default_context(cafile=self.authority.cert)
        context.set_alpn_protocols(["h2"])
        return context

    def events_before_answer(self):
        """How many of 1,024 events, published in one round, come before the answer to a request sent meanwhile."""
        with wire.WireClient(self.serve.port, tls=self.context()) as client:
            client.send(self.OPEN)
            client.request(GET_EVENTS, EMPTY)
            self.serve.wait_for("streams", 2)
            self.serve.process.send_signal(signal.SIGSTOP)
            self.serve.process.stdin.write("publish 1024 10\n")
            self.serve.process.stdin.flush()
            client.request(GET_VERSION, EMPTY, stream=3)
            self.serve.process.send_signal(signal.SIGCONT)
            self.assertEqual(self.serve.process.stdout.readline().strip(), "published")
            data = b""
            while True:
                kind, _, stream, payload = client.read_frame()
                if (kind, stream) == (wire.HEADERS, 3):
                    break
                data += payload if (kind, stream) == (wire.DATA, 1) else b""
        self.serve.wait_for("streams", 1)
        return wire.count_messages(data)

    def test_a_request_never_runs_between_two_events_of_a_round(self):
        # They are written in pieces while they are published. Which of the two comes first is the kernel's choice.
        end, seen = time.monotonic() + DEADLINE, 0
        while seen == 0 and time.monotonic() < end:
            seen = self.events_before_answer()
        self.assertGreater(seen, 1000)

    def test_a_flood_of_key_updates(self):
        peer = subprocess.Popen(["openssl", "s_client", "-connect", self.serve.target(), "-alpn", "h2", "-tls1_3"],
                                bufsize=0, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # What one read brings is one command: "k", one key update.
        end = time.monotonic() + DEADLINE
        try:
            while not self.serve.refused()["flood"] and time.monotonic() < end:
                peer.stdin.write(b"k\n")
        except BrokenPipeError:
            pass
        peer.kill()
        peer.stdin.close()
        peer.wait()
        self.assertEqual(self.serve.refused()["flood"], 1)
        self.assert_undisturbed()

    def test_a_flood_within_tls(self):
        with wire.WireClient(self.serve.port, tls=self.context()).greet() as client:
            with self.assertRaises((ConnectionResetError, BrokenPipeError, ssl.SSLError)):
                for _ in range(2000):
                    client.send(wire.frame(wire.PING, 0, 0, b"12345678") * 100)
        self.assertEqual(self.serve.refused()["flood"], 1)
        self.assert_undisturbed()

    def test_a_client_that_never_reads(self):
        with wire.WireClient(self.serve.port, tls=self.context()) as client:
            client.send(self.OPEN)
            client.request(GET_EVENTS, EMPTY)
            self.serve.wait_for("streams", 2)
            for _ in range(60):
                self.assert_undisturbed(100, 10000)
            self.assertGreater(self.serve.counters()["dropped"], 0)
            # It reads after all: what it gets is whole.
            data = b""
            while len(data) < 2 << 20:
                kind, _, _, payload = client.read_frame()
                self.assertIn(kind, {wire.DATA, wire.HEADERS, wire.SETTINGS, wire.WINDOW_UPDATE})
                data += payload if kind == wire.DATA else b""
            self.assertGreater(wire.count_messages(data), 100)
        self.assert_undisturbed()


if __name__ == "__main__":
    unittest.main(verbosity=2)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra` and agents that answer wrongly: nothing, something else, too much, messages with damage. It ends with status 0 or
1, says why, and prints nothing that moves a terminal. Servers are made of Python's gRPC library."""
import os
import random
import socket
import subprocess
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import grpc

from serve_fixture import DEADLINE, api, events, sensors
from tetragon import eventlogservice_pb2 as eventlog  # serve_fixture has made it

TETRA = os.environ["TETRAD_TETRA"]
SENSORS, EVENT_LOG = "/tetragon.FineGuidanceSensors/", "/tetragon.EventLogService/"
HOSTILE = "\x1b[2J\x07\u202e\x9b\n\r\t"
SEED, ROUNDS = 11, 25
# What a person's terminal may get; colours are off.
PLAIN = set(map(chr, range(32, 127))) | {"\n"}

EVENT = '{"process_kprobe": {"policy_name": "p", "function_name": "f", "process": {"binary": "/b"}}}'
# Each method that commands call, and they.
COMMANDS = (
    ("GetHealth", ("status",)), ("GetStatus", ("status",)), ("GetStatus", ("loss",)), ("GetStatus", ("loss", "-o", "json")),
    ("GetStatus", ("top", "--once", "--interval", "100ms")), ("GetVersion", ("version", "-s")), ("GetInfo", ("info",)),
    ("ListTracingPolicies", ("tp", "list", "--details")), ("ListTracingPolicies", ("tp", "list", "-o", "json")),
    ("ListTracingPolicies", ("why", EVENT)), ("ListDomains", ("tp", "domains")), ("GetDebug", ("ps", "-a", "-w", "0")),
    ("GetDebug", ("ps", "-a", "-o", "json")), ("GetDebug", ("dump", "processcache")), ("GetDebug", ("loglevel", "get")),
    ("SetDebug", ("loglevel", "set", "info")), ("ListSensors", ("sensors", "list")),
    ("GetEventLogParams", ("eventlog", "get")), ("SetEventLogParams", ("eventlog", "set", "--max-size", "1")),
    ("DeleteTracingPolicy", ("tp", "delete", "p")),
)


def path_of(method):
    return (EVENT_LOG if "EventLog" in method else SENSORS) + method


class Agent(grpc.GenericRpcHandler):
    """Answers a method with bytes, a text to refuse with, or a function of the context; others with nothing in a message."""

    def __init__(self, **answers):
        self.answers = answers
        self.server = grpc.server(ThreadPoolExecutor(2), options=[("grpc.max_send_message_length", -1)])
        self.server.add_generic_rpc_handlers((self,))
        self.address = "localhost:%d" % self.server.add_insecure_port("localhost:0")
        self.server.start()

    def service(self, call):
        method = call.method.rsplit("/", 1)[1]
        made = self.answers.get(method, b"")

        def answer(_, context):
            if isinstance(made, str):
                context.abort(grpc.StatusCode.INTERNAL, made)
            return made(context) if callable(made) else made

        if method == "GetEvents":
            return grpc.unary_stream_rpc_method_handler(answer)
        return grpc.unary_unary_rpc_method_handler(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop(None)

    def ask(self, *words, flags=()):
        return subprocess.run([TETRA, *words, "--server-address", self.address, "--retries", "0", *flags],
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, env={**os.environ, "NO_COLOR": "1"})


def full_messages():
    """One of each answer, with something in every sort of field; texts are hostile."""
    status = sensors.GetStatusResponse(version=HOSTILE, tier=HOSTILE, events=2 ** 64 - 1, cpu_time_ns=2 ** 64 - 1)
    status.started.seconds, status.time.seconds = 10 ** 9, 10 ** 9 + 90000
    status.losses.add(record=HOSTILE, reason=HOSTILE, count=2 ** 64 - 1, advice=HOSTILE)
    finding = status.loss_history.add(where=HOSTILE)
    finding.loss.record = finding.loss.reason = HOSTILE
    hook = status.hooks.add(name=HOSTILE, mechanism=HOSTILE, counted_in=HOSTILE, calls=5, run_time_ns=5)
    hook.policies.append(HOSTILE)
    policies = sensors.ListTracingPoliciesResponse()
    policy = policies.policies.add(id=2 ** 63, name="p", namespace=HOSTILE, info=HOSTILE, error=HOSTILE, domain=HOSTILE,
                                   source=HOSTILE, sensors=[HOSTILE, HOSTILE], state=77, mode=77, yaml="[" + HOSTILE)
    policy.stats.action_counters.post = 2 ** 63
    policy.counters.matched = 2 ** 64 - 1
    policy.hook_statuses.add(section=HOSTILE, hook_description=HOSTILE, mechanism=HOSTILE, reason=HOSTILE, state=99)
    cache = sensors.GetDebugResponse(flag=1)
    for pid in range(4):
        row = cache.processes.processes.add(color=HOSTILE)
        row.refcnt.value = 2 ** 32 - 1
        row.process.exec_id, row.process.parent_exec_id = str(pid), str(pid // 2)
        row.process.pid.value, row.process.uid.value = 2 ** 32 - 1 - pid, 2 ** 32 - 1
        row.process.binary = row.process.arguments = row.process.docker = row.process.cwd = HOSTILE
        row.process.user.name = row.process.pod.name = HOSTILE
        row.process.start_time.seconds = 5
    return {"GetStatus": status, "ListTracingPolicies": policies, "GetDebug": cache,
            "GetHealth": api.GetHealthStatusResponse(health_status=[{"event": 1, "status": 77, "details": HOSTILE}]),
            "GetVersion": sensors.GetVersionResponse(version=HOSTILE), "ListDomains": sensors.ListDomainsResponse(domains=[HOSTILE, ""]),
            "ListSensors": sensors.ListSensorsResponse(sensors=[{"name": HOSTILE, "collection": HOSTILE}]),
            "GetEventLogParams": eventlog.GetEventLogParamsResponse(max_size=-1, rotation_interval=HOSTILE, max_backups=-1)}


class Case(unittest.TestCase):
    def check(self, got, why, statuses=(0, 1)):
        """It ended by itself, and told a failure."""
        self.assertIn(got.returncode, statuses, (why, got.stderr))
        self.assertTrue(got.returncode == 0 or got.stderr, why)
        for text in (got.stdout, got.stderr):
            shown = text.decode()  # UTF-8 in any case
            # JSON is for programs: it escapes what JSON asks for
            plain = {letter for letter in shown if letter >= "\x7f"} if shown.startswith("{") else PLAIN
            bad = {letter for letter in shown if letter not in plain and letter != "\n" and not letter.isprintable()}
            self.assertEqual(bad, set(), (why, shown[:300]))


class Answers(Case):
    def test_messages_with_nothing_in_them(self):
        with Agent() as agent:
            for method, words in COMMANDS:
                self.check(agent.ask(*words), words)

    def test_messages_of_something_else(self):
        for raw in (b"\xff", b"\x0a\x7f", b"\x0a\xff\xff\xff\xff\x0f", b"\x07", b"\x00", b"\x0b" * 1000):
            for method, words in COMMANDS:
                with Agent(**{method: raw}) as agent:
                    got = agent.ask(*words)
                    if got.returncode:  # an answer that has no fields takes bytes of other ones
                        self.assertRegex(got.stderr, rb"^the agent's answer to %s.* is not a tetragon\.\w+\n$" % method.encode())
                    self.check(got, (raw, words))

    def test_texts_and_numbers_of_an_enemy(self):
        answers = {method: message.SerializeToString() for method, message in full_messages().items()}
        with Agent(**answers) as agent:
            for _, words in COMMANDS:
                self.check(agent.ask(*words), words)

    def test_refusals_of_an_enemy(self):
        for text in (HOSTILE, "", "%s%n%100000d", "\u00e9" * 3000, "two\nlines"):
            for method, words in COMMANDS:
                if method == "GetHealth":
                    continue
                with Agent(**{method: text}) as agent:
                    got = agent.ask(*words)
                    self.check(got, (text, words), (1,))
                    self.assertIn(b"the agent refuses %s" % method.encode(), got.stderr)

    def test_messages_with_damage(self):
        chance = random.Random(SEED)
        whole = {method: message.SerializeToString() for method, message in full_messages().items()}
        for number in range(ROUNDS):
            damaged = {}
            for method, data in whole.items():
                data = bytearray(data)
                for _ in range(chance.randrange(1, 5)):
                    data[chance.randrange(len(data))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
                if number % 3 == 0:
                    del data[chance.randrange(len(data)):]
                damaged[method] = bytes(data)
            with Agent(**damaged) as agent:
                for method, words in COMMANDS:
                    if "json" not in words:  # which replaces what is no UTF-8 and escapes the rest
                        self.check(agent.ask(*words), (number, words))

    def test_an_answer_that_is_larger_than_it_may_be(self):
        with Agent(GetVersion=sensors.GetVersionResponse(version="x" * 5000).SerializeToString()) as agent:
            self.assertEqual(agent.ask("version", "-s", flags=("--max-recv-size", "8K")).returncode, 0)
            got = agent.ask("version", "-s", flags=("--max-recv-size", "4K"))
            self.check(got, "too large", (1,))
            self.assertRegex(got.stderr, rb"the agent's answer to GetVersion: .*; see --max-recv-size\n")

    def test_an_agent_that_does_not_answer(self):
        with socket.create_server(("localhost", 0)) as listener:  # the kernel takes the connection, nobody reads it
            got = subprocess.run([TETRA, "version", "-s", "--timeout", "150ms", "--retries", "0", "--server-address",
                                  "localhost:%d" % listener.getsockname()[1]], capture_output=True, timeout=DEADLINE)
        self.check(got, "silent", (1,))
        self.assertEqual(got.stderr, b"the agent does not answer GetVersion within 150ms; see --timeout\n")

    def test_a_long_patience_is_no_short_one(self):
        with Agent(GetVersion=sensors.GetVersionResponse(version="9.8").SerializeToString()) as agent:
            # 10^8 ms do not fit the eight digits of a gRPC timeout; 2^32 ms, poll(2); 2^64 ns, a clock
            for patience in ("99999999ms", "100000000ms", "100000s", "1193h2m47.296s", "30000h", "2562047h", "5124095h",
                             "18446744073709551615ns"):
                got = agent.ask("version", "-s", flags=("--timeout", patience))
                self.assertEqual((got.returncode, got.stderr), (0, b""), patience)

    def test_something_that_is_no_agent(self):
        greetings = (b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 1000, b"\x00\x00\x00\x04\x00\x00\x00\x00\x00",
                     b"\xff\xff\xff\x04\x00\x00\x00\x00\x00", b"\x00\x00\x00\x04\x00\x00\x00\x00\x00" + b"\x00\x00\x08\x07\x00" + bytes(12))
        for greeting in greetings:
            with socket.create_server(("localhost", 0)) as listener:
                def serve():
                    peer = listener.accept()[0]
                    peer.sendall(greeting)
                    peer.shutdown(socket.SHUT_WR)
                    while peer.recv(65536):
                        pass
                    peer.close()

                thread = threading.Thread(target=serve)
                thread.start()
                got = subprocess.run([TETRA, "status", "--retries", "0", "--server-address", "localhost:%d" % listener.getsockname()[1]],
                                     capture_output=True, timeout=DEADLINE)
                thread.join()
            self.check(got, greeting, (1,))
            self.assertEqual(len(got.stderr.splitlines()), 1, got.stderr)


def event(kind="process_exec", **fields):
    message = events.GetEventsResponse(node_name="n")
    process = getattr(message, kind).process
    process.binary = "/usr/bin/id"
    for name, value in fields.items():
        setattr(process, name, value)
    return message


def hostile_event(kind):
    message = event(kind, binary=HOSTILE, arguments=HOSTILE, cwd=HOSTILE, docker=HOSTILE, flags=HOSTILE)
    message.node_name = HOSTILE
    body = getattr(message, kind)
    body.process.pod.namespace = body.process.pod.name = body.process.user.name = HOSTILE
    if kind == "process_kprobe":
        body.function_name = body.policy_name = body.message = HOSTILE
        body.args.add(string_arg=HOSTILE)
        body.args.add().file_arg.path = HOSTILE
        body.args.add().bytes_arg = HOSTILE.encode()
        body.args.add(kernel_cap_t_arg=HOSTILE)
        body.args.add().sock_arg.saddr = HOSTILE
    if kind == "process_exit":
        body.signal = HOSTILE
    return message


class Stream(Case):
    KINDS = ("process_exec", "process_exit", "process_kprobe")

    def ask(self, messages, *words):
        with Agent(GetEvents=lambda _: iter(messages)) as agent:
            return agent.ask("getevents", *words)

    def test_events_before_one_that_cannot_be_read_are_shown(self):
        good = event().SerializeToString()
        for words in ((), ("-o", "compact"), ("--reconnect",)):
            for bad in (b"\xff", b"\x0a\x7f", b"\x07"):
                got = self.ask([good, good, bad, good], *words)
                self.assertEqual((got.returncode, got.stdout.count(b"/usr/bin/id")), (1, 2), (words, bad))
                self.assertEqual(got.stderr, b"the agent sent an event that cannot be read\n")

    def test_events_with_nothing_in_them(self):
        empty = [events.GetEventsResponse(node_name="n").SerializeToString()]
        for kind in self.KINDS:
            message = events.GetEventsResponse()
            getattr(message, kind).SetInParent()
            empty.append(message.SerializeToString())
        got = self.ask([b"", *empty])
        self.assertEqual((got.returncode, got.stderr, len(got.stdout.splitlines())), (0, b"", 5))
        got = self.ask([b"", *empty], "-o", "compact")
        self.check(got, "compact", (0,))
        left_out = len(empty) + 1 - len(got.stdout.splitlines())
        self.assertGreater(left_out, 1)
        self.assertEqual(got.stderr, b"%d events without a compact form left out; -o json shows all\n" % left_out)

    def test_texts_of_an_enemy(self):
        messages = [hostile_event(kind).SerializeToString() for kind in self.KINDS]
        for words in ((), ("-o", "compact"), ("-o", "compact", "--timestamps")):
            got = self.ask(messages, *words)
            self.check(got, words, (0,))
            self.assertEqual(len(got.stdout.splitlines()), len(messages), words)

    def test_events_with_damage(self):
        chance = random.Random(SEED)
        for number in range(ROUNDS):
            messages = []
            for _ in range(20):
                data = bytearray(hostile_event(chance.choice(self.KINDS)).SerializeToString())
                for _ in range(chance.randrange(1, 4)):
                    data[chance.randrange(len(data))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
                messages.append(bytes(data))
            for words in ((), ("-o", "compact")):
                self.check(self.ask(messages, *words), (number, words))

    def test_a_refusal_is_told_once(self):
        with Agent(GetEvents="no " + HOSTILE) as agent:
            got = agent.ask("getevents")
        self.check(got, "refusal", (1,))
        self.assertIn(b"the agent refuses GetEvents", got.stderr)

    def test_what_is_told_of_a_cut_terminal_is_what_there_is(self):
        message = event("process_kprobe")
        message.process_kprobe.args.add().file_arg.path = "/dev/tty1"
        cut = message.process_kprobe.args.add().truncated_bytes_arg
        cut.bytes_arg, cut.orig_size = b"\x1b[31mred\xff\x00", 900
        self.assertEqual(self.ask([message.SerializeToString()], "-t", "/dev/tty1").stdout, b"\x1b[31mred\xff\x00")
        for path in ("/dev/tty", "/dev/tty11", ""):
            self.assertNotIn(b"red", self.ask([message.SerializeToString()], "-t", path or "x").stdout)


if __name__ == "__main__":
    unittest.main()

# SPDX-License-Identifier: Apache-2.0
"""The test server as a process, and the API's messages and methods for Python.

In: the path of the `serve` program and the folder of .proto files. Stubs are made when the tests
start; nothing generated is kept.
"""
import os
import subprocess
import sys
import tempfile
import time

import grpc

DEADLINE = 20  # seconds; far above what anything here takes

_folder = tempfile.TemporaryDirectory()


def _load_messages(proto_folder):
    files = [
        os.path.relpath(os.path.join(folder, name), proto_folder)
        for folder, _, names in os.walk(proto_folder)
        for name in names
        if name.endswith(".proto")
    ]
    subprocess.run(
        ["protoc", "-I" + proto_folder, "--python_out=" + _folder.name, *files],
        cwd=proto_folder,
        check=True,
    )
    # "grpc" is the library's name: the stubs below it are found by a path of their own.
    sys.path.insert(0, _folder.name)
    grpc.__path__.append(os.path.join(_folder.name, "grpc"))
    from tetragon import eventlogservice_pb2, events_pb2, sensors_pb2, tetragon_pb2

    return eventlogservice_pb2, events_pb2, sensors_pb2, tetragon_pb2


eventlog, events, sensors, api = _load_messages(os.environ["TETRAD_PROTO"])
from grpc.health.v1 import health_pb2 as health  # noqa: E402
from grpc.reflection.v1 import reflection_pb2 as reflection  # noqa: E402

SENSORS, EVENT_LOG, HEALTH = "tetragon.FineGuidanceSensors", "tetragon.EventLogService", "grpc.health.v1.Health"


def path_of(method, service=SENSORS):
    return "/%s/%s" % (service, method)


class Client:
    """One channel of its own."""

    def __init__(self, target, credentials=None, name=None):
        options = [("grpc.use_local_subchannel_pool", 1)]
        if name:
            options.append(("grpc.ssl_target_name_override", name))
        if credentials:
            self.channel = grpc.secure_channel(target, credentials, options=options)
        else:
            self.channel = grpc.insecure_channel(target, options=options)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.channel.close()

    def call(self, method, request, response_type=None, service=SENSORS):
        response_type = response_type or api.Test
        stub = self.channel.unary_unary(
            path_of(method, service),
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response_type.FromString,
        )
        return stub(request, timeout=DEADLINE)

    def events(self, **fields):
        """A stream that the server has begun: events published from now on arrive."""
        stub = self.channel.unary_stream(
            path_of("GetEvents"),
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=events.GetEventsResponse.FromString,
        )
        stream = stub(events.GetEventsRequest(**fields), timeout=60)
        stream.initial_metadata()
        return stream


class Serve:
    """Without FLAGS everybody on TCP may change, so that tests of the rest need no certificates."""

    def __init__(self, address="localhost:0", socket_path="", flags=("--tcp-may-change",)):
        self.process = subprocess.Popen(
            [os.environ["TETRAD_SERVE"], address, socket_path, *flags],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(self.process.communicate()[1])
        self.port, self.health_port = int(line.split()[1]), int(line.split()[3])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def target(self):
        return "localhost:%d" % self.port

    def client(self):
        return Client(self.target())

    def command(self, text):
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def counters(self):
        words = self.command("counters").split()
        return dict(zip(words[::2], map(int, words[1::2])))

    def refused(self):
        words = self.command("refused").split()
        return dict(zip(words[::2], map(int, words[1::2])))

    def wait_for(self, name, value):
        """Asks the server until its counter is VALUE."""
        end = time.monotonic() + DEADLINE
        while self.counters()[name] != value:
            if time.monotonic() > end:
                raise AssertionError("%s is %s" % (name, self.counters()))

    def stop(self):
        """Ends it as its input ends; its exit status and what it said."""
        if self.process.stdin.closed:
            return self.process.returncode, ""
        _, errors = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, errors

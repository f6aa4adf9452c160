# SPDX-License-Identifier: Apache-2.0
"""What `tetra` sends and what it makes of answers that the test server does not give: settings of the event file, sensors,
hooks of runtimes, and the CRI of container runtimes. Servers are made of Python's gRPC library."""
import json
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor

import grpc

from serve_fixture import DEADLINE, api, sensors
from tetragon import eventlogservice_pb2 as eventlog  # serve_fixture has made it

TETRA = os.environ["TETRAD_TETRA"]
SOURCE = os.path.dirname(os.environ["TETRAD_PROTO"])

_folder = tempfile.TemporaryDirectory()


def load(folder, name):
    """The messages of one more .proto file."""
    subprocess.run(["protoc", "-I" + folder, "--python_out=" + _folder.name, name], cwd=folder, check=True)
    if _folder.name not in sys.path:
        sys.path.append(_folder.name)
    return __import__(os.path.splitext(os.path.basename(name))[0] + "_pb2")


cri = load(os.path.join(SOURCE, "src", "cli"), "cri.proto")


class Raw:
    """Bytes that stand for a message."""

    def __init__(self, data):
        self.data = data

    def SerializeToString(self):
        return self.data


class Server(grpc.GenericRpcHandler):
    """Answers each method with a message, or refuses it with a text; keeps what was asked."""

    def __init__(self, answers, address="localhost:0"):
        self.answers = answers
        self.asked = []
        self.server = grpc.server(ThreadPoolExecutor(1))
        self.server.add_generic_rpc_handlers((self,))
        port = self.server.add_insecure_port(address)
        self.address = address if address.startswith("unix:") else "localhost:%d" % port
        self.server.start()

    def service(self, call):
        def answer(request, context):
            self.asked.append((call.method, request))
            made = self.answers.get(call.method)
            if made is None:
                context.abort(grpc.StatusCode.UNIMPLEMENTED, "no such method here")
            if isinstance(made, str):
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, made)
            return made

        return grpc.unary_unary_rpc_method_handler(answer, response_serializer=lambda one: one.SerializeToString())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop(None)


def tetra(*words):
    return subprocess.run([TETRA, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)


class Case(unittest.TestCase):
    def ask(self, server, *words, status=0):
        got = tetra("--server-address", server.address, *words)
        self.assertEqual(got.returncode, status, got.stderr)
        return got


class EventLog(Case):
    GET = "/tetragon.EventLogService/GetEventLogParams"
    SET = "/tetragon.EventLogService/SetEventLogParams"

    def test_settings_are_shown(self):
        params = eventlog.GetEventLogParamsResponse(max_size=10, rotation_interval="1h0m0s", max_backups=5)
        with Server({self.GET: params}) as server:
            lines = self.ask(server, "eventlog", "get").stdout.splitlines()
            self.assertEqual([line.split(":")[1].strip() for line in lines], ["10 MB", "5", "1h0m0s"])
            self.assertEqual(json.loads(self.ask(server, "eventlog", "get", "-o", "json").stdout)["max_backups"], 5)

    def test_only_what_is_given_is_sent(self):
        cases = {
            ("--max-size", "50"): {"max_size": 50},
            ("--max-size=0", "--max-backups", "3"): {"max_size": 0, "max_backups": 3},
            ("--rotation-interval", "1h"): {"rotation_interval": "1h"},
        }
        with Server({self.SET: eventlog.SetEventLogParamsResponse()}) as server:
            for flags, wanted in cases.items():
                self.ask(server, "eventlog", "set", *flags)
                method, request = server.asked.pop()
                sent = eventlog.SetEventLogParamsRequest.FromString(request)
                self.assertEqual(method, self.SET)
                self.assertEqual({field.name: value for field, value in sent.ListFields()}, wanted)

    def test_a_refusal_is_told(self):
        with Server({self.SET: "no event file is written"}) as server:
            got = self.ask(server, "eventlog", "set", "--max-size", "1", status=1)
            self.assertIn("no event file is written", got.stderr)
            self.assertEqual(got.stdout, "")


class Deprecated(Case):
    PATH = "/tetragon.FineGuidanceSensors/"

    def test_sensors_are_listed(self):
        one = sensors.SensorStatus(name="kprobe\x1b[1m", enabled=True, collection="web")
        with Server({self.PATH + "ListSensors": sensors.ListSensorsResponse(sensors=[one])}) as server:
            lines = self.ask(server, "sensors", "list").stdout.splitlines()
            self.assertEqual(lines[0].split(), ["NAME", "ENABLED", "COLLECTION"])
            self.assertNotIn("\x1b", lines[1])
            self.assertEqual(json.loads(self.ask(server, "sensors", "list", "-o", "json").stdout)["sensors"][0]["collection"], "web")

    def test_each_change_calls_its_own_method(self):
        names = {"enable": "EnableSensor", "disable": "DisableSensor", "rm": "RemoveSensor"}
        answers = {self.PATH + name: sensors.EnableSensorResponse() for name in names.values()}
        with Server(answers) as server:
            for word, name in names.items():
                self.ask(server, "sensors", word, "one")
                method, request = server.asked.pop()
                self.assertEqual(method, self.PATH + name)
                self.assertEqual(sensors.EnableSensorRequest.FromString(request).name, "one")
        with Server({}) as server:
            self.assertIn("no such method here", self.ask(server, "sensors", "rm", "one", status=1).stderr)

    def test_a_runtime_hook_carries_all_that_is_given(self):
        with Server({self.PATH + "RuntimeHook": api.RuntimeHookResponse()}) as server:
            self.ask(server, "rthooks", "create-container", "--container-id", "c1", "--root-dir", "/r", "--cgroups-path",
                     "/g", "--annotations", "a=1,b=x=y")
            container = api.RuntimeHookRequest.FromString(server.asked.pop()[1]).createContainer
            self.assertEqual((container.containerID, container.rootDir, container.cgroupsPath), ("c1", "/r", "/g"))
            self.assertEqual(dict(container.annotations), {"a": "1", "b": "x=y"})
            got = self.ask(server, "rthooks", "create-container", "--annotations", "a=1,b", status=2)
            self.assertIn('bad annotation "b"; want KEY=VALUE', got.stderr)
            self.assertEqual(server.asked, [])


class Runtime(unittest.TestCase):
    PATH = "/runtime.v1.RuntimeService/"

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "cri.sock")

    def tearDown(self):
        self.folder.cleanup()

    def serve(self, answers):
        return Server(answers, "unix:" + self.socket)

    def path(self, info, *flags, status=0):
        answer = cri.ContainerStatusResponse(info=info)
        with self.serve({self.PATH + "ContainerStatus": answer}) as server:
            got = tetra("cri", "cgroup_path", "abc", "-r", self.socket, *flags)
            request = cri.ContainerStatusRequest.FromString(server.asked[0][1])
        self.assertEqual((request.container_id, request.verbose), ("abc", True))
        self.assertEqual(got.returncode, status, got.stderr)
        return got

    def test_version(self):
        answer = cri.VersionResponse(runtime_name="made\x1bup", runtime_version="1.2", runtime_api_version="v1")
        with self.serve({self.PATH + "Version": answer}):
            got = tetra("cri", "version", "-r", "unix://" + self.socket)
            self.assertEqual(got.returncode, 0, got.stderr)
            self.assertRegex(got.stdout, r'^"?made.*up"? 1\.2 \(CRI v1\)$')
            self.assertNotIn("\x1b", got.stdout)
            got = tetra("cri", "version", "-r", self.socket, "-o", "json")
            self.assertEqual(json.loads(got.stdout)["runtimeVersion"], "1.2")

    def test_paths_of_both_kinds(self):
        cases = {
            "/kubepods/pod1/abc": "/kubepods/pod1/abc",
            "kubepods-besteffort-pod1.slice:cri-containerd:abc":
                "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod1.slice/cri-containerd-abc.scope",
            "system.slice::abc": "/system.slice/abc.scope",
            # runc without systemd's driver makes folders of such names
            "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:abc":
                "/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:abc",
            "/a:b": "/a:b",
            "-.slice:crio:abc": "/crio-abc.scope",
            "a.slice:crio:b.slice": "/a.slice/b.slice",
            "a-b-c.slice:x-y:z-1": "/a.slice/a-b.slice/a-b-c.slice/x-y-z-1.scope",
        }
        for given, wanted in cases.items():
            info = {"info": json.dumps({"runtimeSpec": {"linux": {"cgroupsPath": given}}})}
            self.assertEqual(self.path(info).stdout, wanted + "\n")
            self.assertEqual(json.loads(self.path(info, "-o", "json").stdout), {"id": "abc", "cgroup_path": wanted})

    def test_answers_without_a_path_are_told(self):
        for path in ("a:b", "x.slic:a:b", "", ".slice:a:b", "a.slice:b:", "a.slice:b:c:d", "a--b.slice:c:d", "-a.slice:b:c",
                     "a-.slice:b:c", "--.slice:b:c", "abc"):
            info = {"info": json.dumps({"runtimeSpec": {"linux": {"cgroupsPath": path}}})}
            self.assertIn('does not tell the cgroup of "abc"', self.path(info, status=1).stderr)
        for text in ("", "{", "[]", '{"runtimeSpec": 1}', '{"runtimeSpec": {"linux": {"cgroupsPath": 7}}}'):
            self.assertIn('does not tell the cgroup of "abc"', self.path({"info": text}, status=1).stderr)
        self.assertEqual(self.path({}, status=1).stdout, "")

    def test_answers_that_are_no_text_are_no_json(self):
        with self.serve({self.PATH + "Version": Raw(b"\x12\x02\xff\xfe\x1a\x011")}):  # runtime_name, runtime_version
            got = tetra("cri", "version", "-r", self.socket, "-o", "json")
            self.assertEqual((got.returncode, got.stdout), (1, ""))
            self.assertIn("no UTF-8", got.stderr)
            self.assertIn("\\xff\\xfe", tetra("cri", "version", "-r", self.socket).stdout)

    def test_answers_that_are_no_messages_are_told(self):
        for raw in (b"\xff", b"\x12\x7fshort", b"\x0a", b"\x12\xff\xff\xff\xff\x0f", b"\x00"):
            with self.serve({self.PATH + "Version": Raw(raw), self.PATH + "ContainerStatus": Raw(raw)}):
                for words in (("version",), ("cgroup_path", "abc")):
                    got = tetra("cri", *words, "-r", self.socket)
                    self.assertEqual((got.returncode, got.stdout), (1, ""), raw)
                    self.assertRegex(got.stderr, r"^the answer of the runtime at .* is no runtime\.v1\.[A-Za-z]*Response$")

    def test_a_socket_of_something_else_is_told(self):
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.socket)
            listener.listen()
            process = subprocess.Popen([TETRA, "cri", "version", "-r", self.socket], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            peer = listener.accept()[0]
            peer.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 10)
            peer.close()
            out, error = process.communicate(timeout=DEADLINE)
        self.assertEqual((process.returncode, out), (1, ""))
        self.assertIn('the runtime at "unix://%s"' % self.socket, error)

    def test_a_refusal_is_told(self):
        with self.serve({self.PATH + "ContainerStatus": "no such container"}):
            got = tetra("cri", "cgroup_path", "abc", "-r", self.socket)
            self.assertEqual((got.returncode, got.stdout), (1, ""))
            self.assertIn("refuses ContainerStatus: no such container", got.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)

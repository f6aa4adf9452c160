#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who comes in by which door, and what they may do: TLS, client certificates, unix users, roles, health, reflection."""
import contextlib
import os
import select
import shutil
import stat
import subprocess
import tempfile
import threading
import time
import unittest

import grpc
from google.protobuf import descriptor_pb2

import wire_client as wire
from certificates import Authority, read
from serve_fixture import (DEADLINE, EVENT_LOG, HEALTH, Client, Serve, api, eventlog, events, health, path_of, reflection,
                           sensors)

TETRA = os.environ["TETRAD_TETRA"]
ADD = sensors.AddTracingPolicyRequest(yaml="metadata:\n  name: web\n")
NOBODY = 65534


def setUpModule():
    global authority, stranger, server_files, admin_files
    authority, stranger = Authority(), Authority("other CA")
    server_files = authority.sign("server")
    admin_files = authority.sign("alice", "DNS:alice.example,URI:spiffe://example/alice")


def wait_until(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("gave up waiting")
        time.sleep(0.01)


def tls_flags(files=None, *more):
    cert, key = files or server_files
    return ("--tls-cert-file", cert, "--tls-key-file", key, *more)


def mutual_flags(*more):
    return tls_flags(None, "--tls-client-ca-files", authority.cert, *more)


def credentials(files=None, ca=None):
    cert, key = (read(files[0]), read(files[1])) if files else (None, None)
    return grpc.ssl_channel_credentials(read((ca or authority).cert), key, cert)


def version(client):
    return client.call("GetVersion", sensors.GetVersionRequest(), sensors.GetVersionResponse).version


def add(client):
    return client.call("AddTracingPolicy", ADD, sensors.AddTracingPolicyResponse)


def tetra(serve, *words, host="localhost"):
    return subprocess.run(
        [TETRA, "--server-address", "%s:%d" % (host, serve.port), "--timeout", "5s", *words],
        capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)


class DoorCase(unittest.TestCase):
    @contextlib.contextmanager
    def fails(self, code, *words):
        with self.assertRaises(grpc.RpcError) as caught:
            yield
        self.assertEqual(caught.exception.code(), code, caught.exception.details())
        for word in words:
            self.assertIn(word, caught.exception.details())

    def denied(self, *words):
        return self.fails(grpc.StatusCode.PERMISSION_DENIED, 'needs the role "change"', *words)


class Tls(DoorCase):
    def test_calls_and_streams_go_through_tls(self):
        with Serve(flags=tls_flags()) as serve, Client(serve.target(), credentials()) as client:
            self.assertTrue(version(client))
            stream = client.events()
            serve.command("publish 300 20000")
            got = [next(stream) for _ in range(300)]
            stream.cancel()
        self.assertEqual([one.process_exec.process.pid.value for one in got], list(range(1, 301)))
        self.assertEqual({len(one.process_exec.process.arguments) for one in got}, {20000})

    def test_the_unix_socket_stays_in_clear(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "s")
            with Serve("localhost:0", path, tls_flags()), Client("unix:" + path) as client:
                self.assertTrue(version(client))

    def test_old_versions_are_refused(self):
        with Serve(flags=tls_flags()) as serve:
            for version_flag, wanted in (("-tls1_1", False), ("-tls1_2", True), ("-tls1_3", True)):
                done = subprocess.run(
                    ["openssl", "s_client", "-connect", serve.target(), version_flag, "-alpn", "h2", "-cipher",
                     "ALL:@SECLEVEL=0"],
                    capture_output=True, text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
                self.assertEqual("BEGIN CERTIFICATE" in done.stdout, wanted, version_flag)

    def test_whoever_does_not_speak_h2_is_refused(self):
        with Serve(flags=tls_flags()) as serve:
            for words in (("-alpn", "http/1.1"), ()):
                done = subprocess.run(["openssl", "s_client", "-connect", serve.target(), *words], capture_output=True,
                                      text=True, timeout=DEADLINE, stdin=subprocess.DEVNULL)
                self.assertNotIn("ALPN protocol: h2", done.stdout)
            self.assertEqual(serve.refused()["tls"], 2)

    def test_a_client_without_a_certificate_only_reads(self):
        with Serve(flags=mutual_flags()) as serve, Client(serve.target(), credentials()) as client:
            self.assertTrue(version(client))
            with self.denied("127.0.0.1", "--server-tls-client-ca-files"):
                add(client)
            self.assertEqual(serve.refused()["role"], 1)

    def test_a_required_certificate_is_required(self):
        with Serve(flags=mutual_flags("--tls-require-client-cert")) as serve:
            with Client(serve.target(), credentials()) as client, self.fails(grpc.StatusCode.UNAVAILABLE):
                version(client)
            with Client(serve.target(), credentials(admin_files)) as client:
                add(client)

    def test_a_certificate_of_a_strange_ca_is_refused(self):
        files = stranger.sign("mallory")
        with Serve(flags=mutual_flags()) as serve:
            with Client(serve.target(), credentials(files)) as client, self.fails(grpc.StatusCode.UNAVAILABLE):
                version(client)
            self.assertGreater(serve.refused()["tls"], 0)

    def test_names_in_certificates_decide(self):
        cases = (
            ((), True),
            (("--admins", "alice"), True),
            (("--admins", "bob,alice.example"), True),
            (("--admins", "spiffe://example/alice"), True),
            (("--admins", "alic,alice.exampl,Alice"), False),
            (("--admins", "bob", "--tcp-may-change"), True),
        )
        for flags, allowed in cases:
            with Serve(flags=mutual_flags(*flags)) as serve:
                with Client(serve.target(), credentials(admin_files)) as client:
                    if allowed:
                        add(client)
                        continue
                    with self.denied('"alice" at 127.0.0.1:', "--server-admins"):
                        add(client)
                    self.assertTrue(version(client))

    def test_mistakes_at_the_start_name_the_file(self):
        other_key = authority.sign("other")[1]
        with tempfile.TemporaryDirectory() as folder:
            garbage, fifo = os.path.join(folder, "garbage"), os.path.join(folder, "fifo")
            with open(garbage, "w") as file:
                file.write("nothing\n")
            os.mkfifo(fifo)
            cut = os.path.join(folder, "cut")
            with open(cut, "wb") as file:
                whole = read(server_files[0])
                file.write(whole + whole[: len(whole) // 2])
            locked = os.path.join(folder, "locked")
            subprocess.run(["openssl", "ec", "-in", server_files[1], "-aes256", "-passout", "pass:x", "-out", locked],
                           check=True, capture_output=True)
            cases = (
                (tls_flags((server_files[0], other_key)), 'private key file "%s" does not belong to certificate file "%s"'
                 % (other_key, server_files[0])),
                (tls_flags(("/none", other_key)), 'cannot read certificate file "/none": no such file'),
                (tls_flags((server_files[0], "")), "go together"),
                (tls_flags((garbage, other_key)), 'certificate file "%s" holds no certificate in PEM' % garbage),
                (tls_flags((server_files[0], garbage)), 'private key file "%s" holds no key' % garbage),
                (tls_flags((server_files[0], locked)), "holds no key without a password"),
                (tls_flags((fifo, other_key)), "it is no regular file"),
                (tls_flags(None, "--tls-client-ca-files", garbage), 'CA file "%s" holds no certificate' % garbage),
                (tls_flags((cut, server_files[1])), 'certificate file "%s" has a certificate that is broken' % cut),
                (tls_flags(None, "--tls-client-ca-files", cut), 'CA file "%s" has a certificate that is broken' % cut),
                (tls_flags(None, "--tls-require-client-cert"), "a file with the CAs"),
            )
            for flags, wanted in cases:
                with self.assertRaises(RuntimeError) as caught:
                    Serve(flags=flags)
                self.assertIn(wanted, str(caught.exception))
                self.assertEqual(str(caught.exception).count("\n"), 1)


class Reload(DoorCase):
    """Certificates as Kubernetes mounts them: links through ..data, which is switched as one."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.number = 0
        for name in ("tls.crt", "tls.key", "ca.crt"):
            os.symlink("..data/" + name, self.path(name))
        self.publish(server_files, authority)
        self.flags = ("--tls-cert-file", self.path("tls.crt"), "--tls-key-file", self.path("tls.key"),
                      "--tls-client-ca-files", self.path("ca.crt"))

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def publish(self, files, ca):
        self.number += 1
        version_folder = self.path("..%d" % self.number)
        os.mkdir(version_folder)
        for source, name in ((files[0], "tls.crt"), (files[1], "tls.key"), (ca.cert, "ca.crt")):
            shutil.copy(source, os.path.join(version_folder, name))
        os.symlink("..%d" % self.number, self.path("..new"))
        os.replace(self.path("..new"), self.path("..data"))

    def trusts(self, serve, ca, files=None):
        try:
            with Client(serve.target(), credentials(files, ca)) as client:
                return bool(version(client))
        except grpc.RpcError:
            return False

    def test_a_new_certificate_is_used_while_streams_run(self):
        fresh = Authority("fresh CA")
        with Serve(flags=self.flags) as serve, Client(serve.target(), credentials(admin_files)) as old:
            stream = old.events()
            serve.command("publish 5 10")
            self.publish(fresh.sign("server"), fresh)
            wait_until(lambda: self.trusts(serve, fresh))
            self.assertFalse(self.trusts(serve, authority))
            # Trust has changed, too.
            with Client(serve.target(), credentials(fresh.sign("carol"), fresh)) as client:
                add(client)
            self.assertFalse(self.trusts(serve, fresh, admin_files))
            serve.command("publish 5 10")
            got = [next(stream).process_exec.process.pid.value for _ in range(10)]
            stream.cancel()
            status, said = serve.stop()
        self.assertEqual(got, list(range(1, 11)))
        self.assertGreaterEqual(said.count("read anew"), 1)

    def test_a_bad_new_certificate_is_told_once_and_the_old_one_stays(self):
        wrong_key = authority.sign("other")[1]
        with Serve(flags=self.flags) as serve:
            self.publish((server_files[0], wrong_key), authority)
            fresh = authority.sign("newer")
            time_to_see = self.path("tls.key")
            for _ in range(3):
                os.utime(time_to_see)
                self.assertTrue(self.trusts(serve, authority))
            self.publish((server_files[0], wrong_key), authority)
            self.assertTrue(self.trusts(serve, authority))
            self.publish(fresh, authority)
            wait_until(lambda: b"newer" in self.subject(serve))
            _, said = serve.stop()
        self.assertLessEqual(said.count("does not belong to"), 1)
        self.assertGreaterEqual(said.count("read anew"), 1)

    def subject(self, serve):
        return subprocess.run(
            ["openssl", "s_client", "-connect", serve.target(), "-alpn", "h2"], capture_output=True,
            timeout=DEADLINE, stdin=subprocess.DEVNULL).stdout

    def test_a_bad_certificate_is_logged_with_its_reason(self):
        with Serve(flags=self.flags) as serve:
            self.publish((server_files[0], authority.sign("other")[1]), authority)
            ready, _, _ = select.select([serve.process.stderr], [], [], DEADLINE)
            self.assertTrue(ready, "nothing was said")
            line = serve.process.stderr.readline()
            self.assertIn("the old ones stay: private key file", line)
            self.assertTrue(self.trusts(serve, authority))


class CommandLine(DoorCase):
    def test_tetra_speaks_tls_with_any_of_its_flags(self):
        with Serve(flags=tls_flags()) as serve:
            for words in (("--tls-ca-cert-files", authority.cert), ("--tls-skip-verify",),
                          ("--tls-ca-cert-files", authority.cert, "--tls-server-name", "localhost")):
                got = tetra(serve, *words, "version", "-s")
                self.assertEqual((got.returncode, got.stderr), (0, ""))
            got = tetra(serve, "--tls-ca-cert-files", authority.cert, "status", host="127.0.0.1")
            self.assertEqual(got.returncode, 0, got.stderr)

    def test_tetra_shows_its_certificate(self):
        with Serve(flags=mutual_flags("--tls-require-client-cert")) as serve:
            got = tetra(serve, "--tls-ca-cert-files", authority.cert, "--tls-cert-file", admin_files[0],
                        "--tls-key-file", admin_files[1], "tp", "delete", "none")
            self.assertIn("NOT_FOUND", got.stderr)

    def test_tetra_says_what_is_wrong_with_tls(self):
        trust = ("--tls-ca-cert-files", authority.cert)
        expired = authority.sign("expired", days=-1)
        cases = (
            (tls_flags(), ("--tls-ca-cert-files", stranger.cert),
             "signed by an unknown CA; give the CA's certificate with --tls-ca-cert-files"),
            (tls_flags(), (*trust, "--tls-server-name", "elsewhere"),
             "for another host name; give that name with --tls-server-name"),
            (tls_flags(expired), trust, "the certificate has expired"),
            (mutual_flags("--tls-require-client-cert"), trust,
             "wants a certificate; give one with --tls-cert-file and --tls-key-file"),
            ((), trust, "the other side does not speak TLS; leave the --tls flags out"),
            (tls_flags(), (), "this address speaks TLS only"),
            (tls_flags(), ("--tls-cert-file", admin_files[0]), "go together; give both"),
            (tls_flags(), (*trust, "--tls-skip-verify"), "--tls-skip-verify verifies nothing"),
            (tls_flags(), ("--tls-ca-cert-files", "/none"), 'cannot read CA file "/none": no such file'),
        )
        for flags, words, wanted in cases:
            with Serve(flags=flags) as serve:
                got = tetra(serve, *words, "version", "-s")
                self.assertEqual(got.returncode, 1, wanted)
                self.assertIn(wanted, got.stderr)
                self.assertEqual(got.stderr.count("\n"), 1, got.stderr)

    def test_a_unix_socket_takes_no_tls(self):
        got = subprocess.run([TETRA, "--server-address", "unix:///x", "--tls-skip-verify", "status"],
                             capture_output=True, text=True, timeout=DEADLINE)
        self.assertIn("a unix socket speaks no TLS", got.stderr)


class UnixUsers(DoorCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        os.chmod(self.folder.name, 0o755)
        self.socket = os.path.join(self.folder.name, "s")

    def add_as(self, uid, gid, groups=()):
        """What `tetra tp delete` of nothing says to another user."""
        if os.geteuid() != 0:
            self.skipTest("another user can be played by root only")
        tool = os.path.join(self.folder.name, "tetra")
        if not os.path.exists(tool):
            shutil.copy(TETRA, tool)
        os.chmod(self.socket, 0o666)
        return subprocess.run(
            [tool, "--server-address", "unix://" + self.socket, "tp", "delete", "none"], user=uid, group=gid,
            extra_groups=list(groups), capture_output=True, text=True, timeout=DEADLINE, cwd="/").stderr

    def test_root_or_the_agents_user_may_change(self):
        with Serve("unix://" + self.socket, flags=()), Client("unix:" + self.socket) as client:
            add(client)

    def test_others_only_read_unless_they_are_named(self):
        cases = (
            ((), (NOBODY, NOBODY, ()), "uid 65534 (pid "),
            (("--socket-admins", "65534"), (NOBODY, NOBODY, ()), None),
            (("--socket-admins", "nobody"), (NOBODY, NOBODY, ()), None),
            (("--socket-admins", "@4242"), (NOBODY, 4242, ()), None),
            (("--socket-admins", "@4242"), (NOBODY, NOBODY, (7, 4242)), None),
            (("--socket-admins", "@4242,4242"), (NOBODY, NOBODY, (7,)), "--server-socket-admins"),
        )
        for flags, who, wanted in cases:
            with Serve("unix://" + self.socket, flags=flags):
                said = self.add_as(*who)
            self.assertIn("PERMISSION_DENIED" if wanted else "NOT_FOUND", said)
            self.assertIn(wanted or "", said)

    def test_names_that_nobody_has_are_refused_at_the_start(self):
        for flags, wanted in ((("--socket-admins", "no-such-user"), 'unknown user "no-such-user"; want'),
                              (("--socket-admins", "@no-such"), 'unknown group "no-such"; want'),
                              (("--socket-admins", "4294967295"), "unknown user"),
                              (("--socket-group", "no-such"), 'unknown group "no-such"')):
            with self.assertRaisesRegex(RuntimeError, wanted):
                Serve("unix://" + self.socket, flags=flags)

    def test_the_socket_gets_its_group(self):
        if os.geteuid() != 0:
            self.skipTest("only root gives files away")
        with Serve("unix://" + self.socket, flags=("--socket-group", "4242")):
            status = os.stat(self.socket)
        self.assertEqual((status.st_gid, stat.S_IMODE(status.st_mode)), (4242, 0o660))


class ClearTcp(DoorCase):
    CHANGES = ("SetDebug", "DeleteTracingPolicy", "ConfigureTracingPolicy", "RuntimeHook")

    def test_without_tls_it_reads(self):
        with Serve(flags=()) as serve, serve.client() as client:
            self.assertTrue(version(client))
            with self.denied("AddTracingPolicy", "127.0.0.1", "unix socket", "--server-tcp-may-change"):
                add(client)
            for method in self.CHANGES:
                with self.denied(method):
                    client.call(method, sensors.GetVersionRequest())
            with self.denied("SetEventLogParams"):
                client.call("SetEventLogParams", eventlog.SetEventLogParamsRequest(max_size=1), service=EVENT_LOG)
            self.assertEqual(serve.refused()["role"], 6)

    def test_an_address_that_the_network_reaches_is_warned_about(self):
        with Serve("0.0.0.0:0", flags=()) as serve:
            _, said = serve.stop()
        self.assertIn("open to the network", said)
        self.assertIn("--server-tls-cert-file", said)


class EveryCall(DoorCase):
    """Each method once, with the library's own messages."""

    def test_all_of_them_answer(self):
        sensor_error = (grpc.StatusCode.UNIMPLEMENTED, "deprecated")
        container = api.RuntimeHookRequest(createContainer=api.CreateContainer(containerID="c"))
        cases = (
            ("GetVersion", sensors.GetVersionRequest(), sensors.GetVersionResponse, None),
            ("GetHealth", api.GetHealthStatusRequest(), api.GetHealthStatusResponse, None),
            ("GetStatus", sensors.GetStatusRequest(), sensors.GetStatusResponse, None),
            ("GetInfo", sensors.GetInfoRequest(), sensors.GetInfoResponse, None),
            ("GetDebug", sensors.GetDebugRequest(), sensors.GetDebugResponse, None),
            ("SetDebug", sensors.SetDebugRequest(level=4), sensors.SetDebugResponse, None),
            ("AddTracingPolicy", ADD, sensors.AddTracingPolicyResponse, None),
            ("ListTracingPolicies", sensors.ListTracingPoliciesRequest(), sensors.ListTracingPoliciesResponse, None),
            ("ConfigureTracingPolicy", sensors.ConfigureTracingPolicyRequest(name="web", enable=False),
             sensors.ConfigureTracingPolicyResponse, None),
            ("EnableTracingPolicy", sensors.EnableTracingPolicyRequest(name="web"), None,
             (grpc.StatusCode.UNIMPLEMENTED, "ConfigureTracingPolicy")),
            ("DisableTracingPolicy", sensors.DisableTracingPolicyRequest(name="web"), None,
             (grpc.StatusCode.UNIMPLEMENTED, "ConfigureTracingPolicy")),
            ("ListDomains", sensors.ListDomainsRequest(), sensors.ListDomainsResponse, None),
            ("DeleteTracingPolicy", sensors.DeleteTracingPolicyRequest(name="web"),
             sensors.DeleteTracingPolicyResponse, None),
            ("RuntimeHook", container, api.RuntimeHookResponse, None),
            ("RuntimeHook", api.RuntimeHookRequest(), None, (grpc.StatusCode.INVALID_ARGUMENT, "createContainer")),
            ("ListSensors", sensors.ListSensorsRequest(), None, sensor_error),
            ("EnableSensor", sensors.EnableSensorRequest(), None, sensor_error),
            ("DisableSensor", sensors.DisableSensorRequest(), None, sensor_error),
            ("RemoveSensor", sensors.RemoveSensorRequest(), None, sensor_error),
        )
        with Serve() as serve, serve.client() as client:
            for method, request, response, failure in cases:
                if failure:
                    with self.fails(*failure):
                        client.call(method, request)
                else:
                    self.assertIsInstance(client.call(method, request, response), response)
            info = client.call("GetInfo", sensors.GetInfoRequest(), sensors.GetInfoResponse)
        self.assertEqual([(one.Name, one.Enabled.value) for one in info.probes], [("kprobe", True)])

    def test_the_event_log_is_read_and_set(self):
        def get(client):
            got = client.call("GetEventLogParams", eventlog.GetEventLogParamsRequest(), eventlog.GetEventLogParamsResponse,
                              EVENT_LOG)
            return got.max_size, got.max_backups, got.rotation_interval

        def put(client, **fields):
            client.call("SetEventLogParams", eventlog.SetEventLogParamsRequest(**fields),
                        eventlog.SetEventLogParamsResponse, EVENT_LOG)

        with Serve() as serve, serve.client() as client:
            self.assertEqual(get(client), (0, 0, "0s"))
            put(client, max_size=10, max_backups=5)
            put(client, rotation_interval="90m")
            self.assertEqual(get(client), (10, 5, "1h30m0s"))
            put(client, rotation_interval="1500ms", max_size=0)
            self.assertEqual(get(client), (0, 5, "1.500s"))
            for fields, word in (({}, "changes nothing"), ({"max_size": -1}, "negative"),
                                 ({"rotation_interval": "soon"}, '"soon" is no time')):
                with self.fails(grpc.StatusCode.INVALID_ARGUMENT, word):
                    put(client, **fields)


SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3


class Health(DoorCase):
    def setUp(self):
        self.serve = Serve(flags=("--health-address", "localhost:0", "--health-interval", "20ms"))
        self.addCleanup(self.serve.stop)
        self.client = Client("localhost:%d" % self.serve.health_port)
        self.addCleanup(self.client.channel.close)

    def check(self, name):
        request = health.HealthCheckRequest(service=name)
        return self.client.call("Check", request, health.HealthCheckResponse, HEALTH).status

    def watch(self, name):
        stub = self.client.channel.unary_stream(
            path_of("Watch", HEALTH), request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=health.HealthCheckResponse.FromString)
        return stub(health.HealthCheckRequest(service=name), timeout=DEADLINE)

    def test_check_follows_the_self_check(self):
        wait_until(lambda: self.check("liveness") == SERVING)
        self.assertEqual(self.check(""), SERVING)
        self.serve.command("ill")
        wait_until(lambda: self.check("") == NOT_SERVING)
        self.assertEqual(self.check("liveness"), NOT_SERVING)
        self.serve.command("healthy")
        wait_until(lambda: self.check("liveness") == SERVING)
        _, said = self.serve.stop()
        self.assertEqual(said.count("the self check fails: it was told to be ill"), 1)
        self.assertEqual(said.count("succeeds again"), 1)

    def test_an_unknown_service_is_not_found(self):
        with self.fails(grpc.StatusCode.NOT_FOUND, '"nonsense"'):
            self.check("nonsense")

    def test_watch_tells_each_change(self):
        wait_until(lambda: self.check("") == SERVING)
        stream, unknown = self.watch("liveness"), self.watch("nonsense")
        self.assertEqual(next(stream).status, SERVING)
        self.assertEqual(next(unknown).status, SERVICE_UNKNOWN)
        self.serve.command("ill")
        self.assertEqual(next(stream).status, NOT_SERVING)
        self.serve.command("healthy")
        self.assertEqual(next(stream).status, SERVING)
        stopped = threading.Thread(target=self.serve.stop)
        stopped.start()
        self.assertEqual(next(stream).status, NOT_SERVING)
        with self.fails(grpc.StatusCode.UNAVAILABLE, "stopping"):
            next(stream)
        stopped.join()

    def test_all_names_are_listed(self):
        wait_until(lambda: self.check("") == SERVING)
        got = self.client.call("List", health.HealthListRequest(), health.HealthListResponse, HEALTH)
        self.assertEqual({name: one.status for name, one in got.statuses.items()}, {"": SERVING, "liveness": SERVING})

    def test_nothing_else_is_served_there(self):
        with self.fails(grpc.StatusCode.UNIMPLEMENTED, "unknown method"):
            version(self.client)
        with self.serve.client() as client:
            wait_until(lambda: client.call("Check", health.HealthCheckRequest(), health.HealthCheckResponse,
                                           HEALTH).status == SERVING)

    def test_a_busy_port_names_its_flag(self):
        with self.assertRaisesRegex(RuntimeError, "choose another with --health-server-address"):
            Serve(flags=("--health-address", "localhost:%d" % self.serve.health_port))


class Reflection(DoorCase):
    def setUp(self):
        self.serve = Serve(flags=())
        self.addCleanup(self.serve.stop)
        self.client = self.serve.client()
        self.addCleanup(self.client.channel.close)

    def ask(self, *requests, version="v1"):
        stub = self.client.channel.stream_stream(
            path_of("ServerReflectionInfo", "grpc.reflection.%s.ServerReflection" % version),
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=reflection.ServerReflectionResponse.FromString)
        return list(stub(iter([reflection.ServerReflectionRequest(**one) for one in requests]), timeout=DEADLINE))

    def file(self, **request):
        answer = self.ask(request)[0]
        self.assertTrue(answer.HasField("file_descriptor_response"), answer)
        return descriptor_pb2.FileDescriptorProto.FromString(answer.file_descriptor_response.file_descriptor_proto[0])

    def test_services_are_listed_in_both_versions(self):
        for version in ("v1", "v1alpha"):
            answer = self.ask({"list_services": ""}, version=version)[0]
            names = {one.name for one in answer.list_services_response.service}
            self.assertEqual(names, {"tetragon.FineGuidanceSensors", "tetragon.EventLogService", "grpc.health.v1.Health",
                                     "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"})

    def test_symbols_lead_to_their_files(self):
        cases = {
            "tetragon.FineGuidanceSensors": "tetragon/sensors.proto",
            "tetragon.FineGuidanceSensors.GetEvents": "tetragon/sensors.proto",
            "tetragon.Process": "tetragon/tetragon.proto",
            "tetragon.Process.pid": "tetragon/tetragon.proto",
            "tetragon.GetInfoResponse.BuildInfo.commit": "tetragon/sensors.proto",
            "tetragon.EventType": "tetragon/events.proto",
            "tetragon.PROCESS_EXEC": "tetragon/events.proto",
            "google.protobuf.Timestamp": "google/protobuf/timestamp.proto",
            "grpc.health.v1.HealthCheckResponse.ServingStatus": "grpc/health/v1/health.proto",
            "grpc.reflection.v1alpha.ServerReflection": "grpc/reflection/v1alpha/reflection.proto",
        }
        for symbol, wanted in cases.items():
            self.assertEqual(self.file(file_containing_symbol=symbol).name, wanted)

    def test_files_and_all_they_need_can_be_had(self):
        wanted, seen = ["tetragon/sensors.proto"], set()
        while wanted:
            name = wanted.pop()
            if name in seen:
                continue
            seen.add(name)
            found = self.file(file_by_filename=name)
            self.assertEqual(found.name, name)
            wanted += found.dependency
        self.assertIn("google/protobuf/wrappers.proto", seen)

    def test_one_call_answers_many_requests_in_order(self):
        requests = [{"file_containing_symbol": "tetragon.Process"}, {"list_services": ""},
                    {"file_by_filename": "none.proto"}, {"file_containing_symbol": "tetragon.Nothing"},
                    {"file_containing_symbol": "tetragon"}, {"file_containing_symbol": ""},
                    {"all_extension_numbers_of_type": "tetragon.Process"},
                    {"file_containing_extension": {"containing_type": "tetragon.Process", "extension_number": 1}}, {}]
        answers = self.ask(*requests)
        self.assertEqual([one.WhichOneof("message_response") for one in answers],
                         ["file_descriptor_response", "list_services_response"] + ["error_response"] * 4 +
                         ["all_extension_numbers_response"] + ["error_response"] * 2)
        self.assertEqual(answers[2].error_response.error_code, 5)
        self.assertEqual(answers[8].error_response.error_code, 3)
        self.assertEqual(answers[0].original_request.file_containing_symbol, "tetragon.Process")

    def test_who_asks_without_end_and_never_reads_is_ended(self):
        request = reflection.ServerReflectionRequest(file_by_filename="tetragon/tetragon.proto").SerializeToString()
        with wire.WireClient(self.serve.port).greet() as client:
            path = path_of("ServerReflectionInfo", "grpc.reflection.v1.ServerReflection")
            client.request(path, wire.grpc_frame(request) * 100, end=False)
            # The window of 64 KiB fills, then the queue; what follows ends the call.
            client.send(wire.frame(wire.WINDOW_UPDATE, 0, 1, b"\x00\xff\xff\xff"))
            client.send(wire.frame(wire.WINDOW_UPDATE, 0, 0, b"\x00\xff\xff\xff"))
            last = client.read_until(wire.HEADERS, 1)
            while not last[1] & wire.END_STREAM:
                last = client.read_until(wire.HEADERS, 1)
        self.assertTrue(version(self.client))

    def test_a_request_that_is_none_ends_the_call(self):
        stub = self.client.channel.stream_stream(path_of("ServerReflectionInfo", "grpc.reflection.v1.ServerReflection"))
        for request in (b"\xff\xff", b"\x1a\x82\x40" + b"x" * 8194):
            with self.fails(grpc.StatusCode.INVALID_ARGUMENT, "ServerReflectionRequest"):
                list(stub(iter([request]), timeout=DEADLINE))


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 by hand, for peers that a gRPC library cannot play: wrong, silent, greedy.

In: bytes of frames to send. Out: frames as they arrive. Headers are sent as literals without
indexing (RFC 7541 6.2.2) and are not decoded when received.
"""
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, END_HEADERS, PADDED, ACK = 1, 4, 8, 1
GRPC_HEADERS = [
    (":method", "POST"),
    (":scheme", "http"),
    (":authority", "localhost"),
    ("te", "trailers"),
    ("content-type", "application/grpc"),
]


def frame(kind, flags, stream, payload=b""):
    head = struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream)
    return head + payload


def literal(name, value):
    def text(data):
        assert len(data) < 127
        return bytes([len(data)]) + data

    return b"\x00" + text(name.encode()) + text(value.encode())


def header_block(path, replace=()):
    headers = dict(GRPC_HEADERS + [(":path", path)])
    headers.update(replace)
    pseudo_first = sorted(headers.items(), key=lambda item: not item[0].startswith(":"))
    return b"".join(literal(name, value) for name, value in pseudo_first)


def grpc_frame(message, flags=0):
    return struct.pack(">BI", flags, len(message)) + message


def count_messages(data):
    """Whole ones in the DATA of one stream."""
    count = 0
    while len(data) >= 5 and len(data) >= 5 + (length := int.from_bytes(data[1:5], "big")):
        count, data = count + 1, data[5 + length :]
    return count


class WireClient:
    def __init__(self, port, timeout=10, source="127.0.0.1", tls=None):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=timeout, source_address=(source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)

    def greet(self):
        self.send(PREFACE + frame(SETTINGS, 0, 0))
        return self

    def request(self, path, body, stream=1, replace=(), end=True):
        self.send(
            frame(HEADERS, END_HEADERS, stream, header_block(path, replace))
            + frame(DATA, END_STREAM if end else 0, stream, body)
        )

    def read_frame(self):
        """The next frame as (kind, flags, stream, payload), or None when the server has closed."""
        while True:
            if len(self.buffer) >= 9:
                length = int.from_bytes(self.buffer[:3], "big")
                if len(self.buffer) >= 9 + length:
                    kind, flags, stream = struct.unpack(">BBI", self.buffer[3:9])
                    payload = self.buffer[9 : 9 + length]
                    self.buffer = self.buffer[9 + length :]
                    return kind, flags, stream, payload
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                return None
            if not data:
                return None
            self.buffer += data

    def read_until(self, kind, stream=None):
        while True:
            got = self.read_frame()
            if got is None or (got[0] == kind and stream in (None, got[2])):
                return got

    def is_closed_by_server(self):
        while self.read_frame() is not None:
            pass
        return True

# SPDX-License-Identifier: Apache-2.0
"""Certificates for tests, made with openssl(1). In: names. Out: PEM files in a folder of their own."""
import os
import subprocess
import tempfile


def _openssl(*words, text=""):
    subprocess.run(["openssl", *words], input=text, text=True, check=True, capture_output=True)


class Authority:
    """A CA and what it signs. `cert`, `key`: its own files."""

    def __init__(self, name="test CA"):
        self.folder = tempfile.TemporaryDirectory()
        self.key, self.cert = self.path("ca.key"), self.path("ca.crt")
        _openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
            *("-subj", "/CN=" + name, "-keyout", self.key, "-out", self.cert),
        )

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def sign(self, name, alternatives="DNS:localhost,IP:127.0.0.1", days=2):
        """(certificate, key) of NAME; negative DAYS: expired."""
        file = name.replace(" ", "-").replace("/", "-")
        key, request, cert = self.path(file + ".key"), self.path(file + ".csr"), self.path(file + ".crt")
        _openssl(
            *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=" + name),
            *("-keyout", key, "-out", request),
        )
        extensions = self.path(file + ".ext")
        with open(extensions, "w") as out:
            out.write("subjectAltName=%s\n" % alternatives)
        _openssl(
            *("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key, "-CAcreateserial"),
            *("-days", str(days), "-extfile", extensions, "-out", cert),
        )
        return cert, key


def read(path):
    with open(path, "rb") as file:
        return file.read()

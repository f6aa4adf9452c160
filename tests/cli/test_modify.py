#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra tracingpolicy modify` with files of any layout: what is printed is the same policy in the other mode, and the same
text but for one place; or nothing is printed."""
import glob
import os
import subprocess
import unittest

TETRA = os.environ["TETRAD_TETRA"]
SOURCE = os.environ["TETRAD_SOURCE"]
DEADLINE = 20
HEAD = "apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata: {name: x}\n"
HOOK = "kprobes: [{call: sys_read}]"

# What stands below the head.
LAYOUTS = (
    "spec:\n  %s\n" % HOOK,
    "spec:\n        kprobes:\n        - call: sys_read\n",
    "spec: {%s}\n" % HOOK,
    "spec: {\n  %s\n}\n" % HOOK,
    "spec: { # c }\n  %s}\n" % HOOK,
    "spec:\n  {%s}\n" % HOOK,
    "spec: # a comment\n\n  # policy-mode: enforce\n  %s\n" % HOOK,
    '"spec":\n  "kprobes":\n  - "call": sys_read\n',
    "spec:\n  options: []\n  %s\n" % HOOK,
    "spec:\n  options:\n    []\n  %s\n" % HOOK,
    "spec:\n  options: [{name: policy-mode, value: enforce}]\n  %s\n" % HOOK,
    "spec:\n  options: [{name: policy-mode, value: \"monitor\"}] # \u00e4\n  %s\n" % HOOK,
    "spec: {options: [{name: policy-mode, value: 'enforce'}], %s}\n" % HOOK,
    "spec: {%s, options: [{value: enforce, name: policy-mode}]}\n" % HOOK.replace("}", ', message: "\u00e4\U0001f600\u00f6"}'),
    "spec:\n  options:\n  - name: policy-mode # first\n    value: enforce # second\n  %s\n" % HOOK,
    "spec:\n  options:\n  - value: 'enforce'\n    name: policy-mode\n  %s\n" % HOOK,
    "spec:\n  options:\n    -   name: disable-kprobe-multi\n        value: \"true\"\n  %s\n" % HOOK,
    "spec:\n  options:\n  - {name: disable-kprobe-multi, value: \"true\"}\n  %s\n" % HOOK,
    "spec:\n  %s\n  options:\n  - name: policy-mode\n    value: enforce" % HOOK,
)
VARIANTS = {
    "as it is": lambda text: text,
    "lines of DOS": lambda text: text.replace("\n", "\r\n"),
    "without a last line end": lambda text: text.rstrip("\n"),
    "with a byte order mark": lambda text: "\ufeff" + text,
    "a document that begins": lambda text: "%YAML 1.1\n---\n" + text,
    "a document that ends": lambda text: text.rstrip("\n") + "\n...\n",
    "below comments": lambda text: "# options:\n# - name: policy-mode\n#   value: enforce\n\n" + text,
}


def tetra(*words, data):
    return subprocess.run([TETRA, *words], input=data, capture_output=True, timeout=DEADLINE)


class Modify(unittest.TestCase):
    def model(self, data):
        got = tetra("policy", "check", "--print", "model", "-", data=data)
        self.assertEqual(got.returncode, 0, (data, got.stderr))
        return [line for line in got.stdout.split(b"\n") if not line.startswith(b"  mode ")]

    def check(self, data, mode):
        """The text that is printed; the same policy, and one place of the text is another."""
        got = tetra("tp", "modify", "-", "-m", mode, data=data)
        if got.returncode:
            self.assertEqual((got.returncode, got.stdout), (1, b""), data)
            self.assertIn(b"by hand", got.stderr)
            return None
        self.assertEqual(self.model(got.stdout), self.model(data), got.stdout)
        data = data.removeprefix("\ufeff".encode())  # which says nothing
        before = os.path.commonprefix([data, got.stdout])
        rest = data[len(before):], got.stdout[len(before):]
        behind = os.path.commonprefix([rest[0][::-1], rest[1][::-1]])
        self.assertLess(len(rest[0]) - len(behind), len("enforce") + 1, got.stdout)  # at most the old word is gone
        self.assertLess(len(rest[1]) - len(behind), 120, got.stdout)
        again = tetra("tp", "modify", "-", "-m", mode, data=got.stdout)
        self.assertEqual((again.returncode, again.stdout), (0, got.stdout), "twice is once")
        return got.stdout

    def test_layouts(self):
        for below in LAYOUTS:
            for name, change in VARIANTS.items():
                data = change(HEAD + below).encode()
                for mode in ("monitor", "enforce"):
                    with self.subTest(name, below=below, mode=mode):
                        printed = self.check(data, mode)
                        self.assertIsNotNone(printed)
                        if name == "lines of DOS":
                            self.assertNotIn(b"\n", printed.replace(b"\r\n", b""))

    def test_examples(self):
        paths = glob.glob(os.path.join(SOURCE, "examples", "*.yaml"))
        self.assertGreater(len(paths), 3)
        for path in paths:
            with open(path, "rb") as file:
                data = file.read()
            for mode in ("monitor", "enforce"):
                self.assertIsNotNone(self.check(data, mode), path)

    def test_what_can_be_read_otherwise_is_not_guessed(self):
        for below in ("spec:\n  options:\n  - name: policy-mode\n    value: |-\n      enforce\n  %s\n", "spec: &a\n  %s\n",
                      "spec:\n  options:\n  - name: policy-mode\n    value: \"en\\\n      force\"\n  %s\n",
                      "spec:\n   ? options\n   : - {name: policy-mode, value: enforce}\n   %s\n", "spec: !!map\n  %s\n",
                      "spec:\n  options: &o [{name: policy-mode, value: enforce}]\n  %s\n"):
            data = (HEAD + below % HOOK).encode()
            for mode in ("monitor", "enforce"):
                if tetra("policy", "check", "-", data=data).returncode == 0:
                    self.check(data, mode)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra tracingpolicy generate` with files that are odd, damaged or made to hurt: what is printed is always a policy that
`tetra policy check` takes, with these names and no others; else there is nothing but a line that says why."""
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from elf import SHT_DYNSYM, SHT_STRTAB, STT_FUNC, STT_OBJECT, TEXT, UNDEFINED, Elf  # noqa: E402

TETRA = os.environ["TETRAD_TETRA"]
DEADLINE = 20
with open(TETRA, "rb") as program:
    # Of address space, in KiB, far above what any of this takes; a sanitizer's shadow has terabytes.
    MEMORY = "unlimited" if b"__asan_init" in program.read() else str(500 << 10)
LONGEST = b"l" * 4095


def tetra(*words, data=None):
    return subprocess.run(["bash", "-c", 'ulimit -v %s; exec "$0" "$@"' % MEMORY, TETRA, *words], input=data, capture_output=True,
                          stdin=subprocess.DEVNULL if data is None else None, timeout=DEADLINE)


def unescape(text):
    """A text as the model shows it, to what it is."""
    return re.sub(rb'\\(x[0-9a-f]{2}|.)', lambda hit: bytes([int(hit[1][1:], 16)]) if len(hit[1]) == 3 else hit[1], text)


class Generate(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "file").encode()

    def tearDown(self):
        self.folder.cleanup()

    def write(self, data):
        with open(self.path, "wb") as file:
            file.write(data)

    def refused(self, kind, wanted, *words, status=1):
        flag = "--from" if kind == "ftrace-list" else "-b"
        got = tetra("tp", "generate", kind, flag, self.path, *words)
        self.assertEqual((got.returncode, got.stdout), (status, b""), got.stderr)
        self.assertIn(wanted, got.stderr)

    def model(self, kind, *words, said=b""):
        """The lines of the policy that is made, checked."""
        flag = "--from" if kind == "ftrace-list" else "-b"
        got = tetra("tp", "generate", kind, flag, self.path, *words)
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertEqual(got.stderr, said and got.stderr)
        self.assertIn(said, got.stderr)
        checked = tetra("policy", "check", "--print", "model", "-", data=got.stdout)
        self.assertEqual((checked.returncode, checked.stderr), (0, b""), got.stdout[:300])
        return checked.stdout.split(b"\n")

    def texts(self, lines, word):
        """What stands in quotes behind WORD."""
        return [unescape(line.strip()[len(word) + 2:-1]) for line in lines if line.strip().startswith(word + b' "')]


class Functions(Generate):
    """Symbols."""

    def names(self, *words, said=b""):
        return self.texts(self.model("uprobes", *words, said=said), b"symbol")

    def test_files_of_each_class_and_order(self):
        for bits in (32, 64):
            for order in "<>":
                elf = Elf(bits, order)
                elf.add_symbols([b"beta", (b"data", STT_OBJECT, TEXT), (b"outside", STT_FUNC, UNDEFINED), b"alpha"])
                elf.add_symbols([b"gamma", b"beta"], SHT_DYNSYM)
                self.write(elf.bytes())
                self.assertEqual(self.names(), [b"alpha", b"beta", b"gamma"], (bits, order))

    def test_names_that_no_policy_can_hold_are_left_out(self):
        odd = (b"", b"v@V1", b"a+4", b"sp ace", b"\x1b[2J", b"\xff\xfe", "caf\u00e9".encode(), b"\x7f", LONGEST + b"l", b"tab\t", b"nl\n")
        kept = sorted([b'q"uote', b"back\\slash", b"_ZN3fooIcE3barEv.part.0", LONGEST, b"{%s}: &a *b #c", b"-", b"~", b"null"])
        elf = Elf()
        elf.add_symbols([*odd, *(name.replace(b" ", b"_") for name in kept)])
        self.write(elf.bytes())
        self.assertEqual(self.names(), sorted(name.replace(b" ", b"_") for name in kept))

    def test_headers_that_lie(self):
        """Each is told or its symbols are left out; the right table beside it is still read."""
        wrong = [{"link": 0}, {"link": 1}, {"link": 99}, {"link": 2 ** 32 - 1}, {"entry": 0}, {"entry": 1}, {"entry": 2 ** 63},
                 {"size": 0}, {"size": 7}, {"size": 2 ** 63}, {"size": 2 ** 64 - 1}, {"offset": 2 ** 63}, {"offset": 2 ** 64 - 1},
                 {"offset": 1}, {"align": 3}, {"align": 2 ** 63}, {"ended": False}]
        for more in wrong:
            elf = Elf()
            elf.add_symbols([b"right"])
            elf.add_symbols([b"lied", b"about"], **more)
            self.write(elf.bytes())
            got = tetra("tp", "generate", "uprobes", "-b", self.path)
            if got.returncode:
                self.assertEqual((got.returncode, got.stdout), (1, b""), more)
                self.assertNotEqual(got.stderr, b"", more)
            else:
                self.assertIn(b"right", self.names(), more)
                self.assertLessEqual(set(self.names()), {b"right", b"lied", b"about"}, more)

    def test_names_that_lie_outside_their_table(self):
        elf = Elf()
        strings = elf.add(SHT_STRTAB, b"\0inside\0not ended")
        places = (1, 3, 8, 9, 17, 18, 2 ** 31, 2 ** 32 - 1)
        elf.add(2, b"".join(elf.symbol(at) for at in places), strings, elf.symbol_bytes())
        self.write(elf.bytes())
        self.assertLessEqual(set(self.names()), {b"inside", b"side"})

    def test_heads_that_lie(self):
        elf = Elf()
        elf.add_symbols([b"f"])
        whole = elf.bytes()
        for wrong in ({"shoff": 0}, {"shoff": 2 ** 64 - 1}, {"shoff": len(whole) - 1}, {"shnum": 0}, {"shnum": 65535},
                      {"shentsize": 0}, {"shentsize": 1}, {"ehsize": 0}, {"version": 9}, {"phnum": 65535, "phoff": 2 ** 63}):
            self.write(elf.bytes(**wrong))
            got = tetra("tp", "generate", "uprobes", "-b", self.path)
            self.assertIn(got.returncode, (0, 1), wrong)
            self.assertEqual(bool(got.stdout), got.returncode == 0, wrong)
            if got.returncode == 0:
                self.assertEqual(self.names(), [b"f"], wrong)

    def test_files_that_are_cut_anywhere(self):
        elf = Elf()
        elf.add_symbols([b"first", b"second"])
        whole = elf.bytes()
        for bytes_kept in range(0, len(whole), 5):
            self.write(whole[:bytes_kept])
            self.refused("uprobes", b"ELF file" if bytes_kept < 16 else b'"')

    def test_what_is_no_elf_file(self):
        for data in (b"", b"\x7fELF", b"#!/bin/sh\n", b"\0" * 100, b"!<arch>\n" + b" " * 100, b"MZ" + b"\0" * 200):
            self.write(data)
            for kind in ("uprobes", "usdts"):
                self.refused(kind, b"is no ELF file; want an executable or a library")
        for path, wanted in (("/none/such", b"no such file"), ("/", b'"/"'), ("", b"give --binary FILE"), ("/dev/null", b"/dev/null")):
            got = tetra("tp", "generate", "uprobes", "-b", path)
            self.assertEqual((got.returncode, got.stdout), (1 if path else 2, b""))
            self.assertIn(wanted, got.stderr)
        os.remove(self.path)
        os.mkfifo(self.path)
        self.refused("uprobes", b'"')

    def test_more_names_than_a_policy_may_have_are_refused(self):
        elf = Elf()
        elf.add_symbols([b"function_with_a_longer_name_%06d" % number for number in range(60000)])
        self.write(elf.bytes())
        self.refused("uprobes", b"a policy has at most 2097152")

    def test_a_small_file_cannot_name_endless_functions(self):
        cases = {}
        cases["one name, very often"] = elf = Elf()
        strings = elf.add(SHT_STRTAB, b"\0" + LONGEST + b"\0")
        elf.add(2, elf.symbol(1) * 200000, strings, 24)
        cases["one table, in many sections"] = elf = Elf()
        at = elf.add_symbols([LONGEST[:200] + b"%d" % number for number in range(20000)])
        offset = 64 + sum(len(data) + -len(data) % 8 for _, _, _, data, _ in elf.sections[:at])
        for _ in range(2000):
            elf.add(2, b"", at - 1, 24, offset=offset, size=20001 * 24)
        cases["no names at all"] = elf = Elf()
        at = elf.add_symbols([b""] * 200000)
        offset = 64 + sum(len(data) + -len(data) % 8 for _, _, _, data, _ in elf.sections[:at])
        for _ in range(5000):
            elf.add(2, b"", at - 1, 24, offset=offset, size=200001 * 24)
        for name, elf in cases.items():
            with self.subTest(name):
                self.write(elf.bytes())
                self.refused("uprobes", b"names more functions than a policy can have")

    def test_paths_of_any_letters_are_kept_or_refused(self):
        elf = Elf()
        elf.add_symbols([b"f"])
        names = [b'quo"te', b"back\\slash", b"new\nline", b"\t\x01\x1b\x7f", "\u0085\u009b\u2028\u2029\ufeff".encode(),
                 "caf\u00e9 \u732b \U0001f600".encode(), b": # &a *b !c", b" "]
        for name in names:
            self.path = os.path.join(self.folder.name.encode(), name)
            self.write(elf.bytes())
            lines = self.model("uprobes", "-m", b"/opt/" + name)
            self.assertEqual(self.texts(lines, b"uprobe"), [self.path])
            self.assertEqual(self.texts(lines, b"binary In"), [b"/opt/" + name])
        self.path = os.path.join(self.folder.name.encode(), b"\xff\xfe")
        self.write(elf.bytes())
        self.refused("uprobes", b"would be no UTF-8")

    def test_binaries_to_match_are_utf8_everywhere(self):
        for kind in ("all-syscalls", "all-syscalls-list"):
            got = tetra("tp", "generate", kind, "-m", b"/bin/\xff")
            self.assertEqual((got.returncode, got.stdout), (1, b""))
            self.assertIn(b"would be no UTF-8", got.stderr)
        self.write(b"tcp_close\n")
        self.refused("ftrace-list", b"would be no UTF-8", "-m", b"/\x80")


class Probes(Generate):
    """Notes of static probes."""

    def names(self, said=b""):
        """Provider and name of each, as they are quoted."""
        got = tetra("tp", "generate", "usdts", "-b", self.path)
        self.assertIn(said, got.stderr)
        checked = tetra("policy", "check", "-", data=got.stdout)
        self.assertEqual((got.returncode, checked.returncode), (0, 0), got.stderr + checked.stderr)
        return re.findall(rb'provider: "(.*)"\n    name: "(.*)"\n', got.stdout)

    def test_files_of_each_class_and_order(self):
        for bits in (32, 64):
            for order in "<>":
                elf = Elf(bits, order)
                elf.add_notes(elf.probe(b"db", b"query", b"8@%rdi"), elf.probe(b"db", b"row"), elf.probe(b"db", b"query"))
                self.write(elf.bytes())
                self.assertEqual(self.names(), [(b"db", b"query"), (b"db", b"row")], (bits, order))

    def test_notes_that_are_no_probes_are_passed_over(self):
        elf = Elf()
        addresses = elf.pack("PPP", 0, 0, 0)
        elf.add_notes(elf.note(b"\x01\x02", b"GNU\0", 3), elf.note(addresses + b"a\0b\0", b"stapsdt\0", 4),
                      elf.note(addresses + b"c\0d\0", b"stapsdx\0"), elf.note(addresses + b"e\0f\0", b"stapsdt"),
                      elf.note(b""), elf.note(addresses[:-1]), elf.note(addresses), elf.note(addresses + b"g"),
                      elf.note(addresses + b"h\0"), elf.note(addresses + b"i\0j"), elf.note(addresses + b"\0k\0"),
                      elf.note(addresses + b"l\0\0"), elf.note(addresses + b"bad word\0m\0"), elf.note(addresses + b"\xff\0n\0"),
                      elf.note(addresses + b"o\0\x1b[2J\0"), elf.note(addresses + "p\0caf\u00e9\0".encode()),
                      elf.note(addresses + LONGEST + b"l\0q\0"), elf.probe(b'last"\\', b"one"))
        self.write(elf.bytes())
        self.assertEqual(self.names(), [(b'last\\"\\\\', b"one")])

    def test_notes_that_lie_about_their_length_end_the_section_only(self):
        for wrong in ({"bytes": 2 ** 32 - 1}, {"bytes": 1000}, {"name_bytes": 2 ** 32 - 1}, {"name_bytes": 2 ** 31}):
            elf = Elf()
            elf.add_notes(elf.probe(b"before", b"it"), elf.note(elf.pack("PPP", 0, 0, 0) + b"lied\0about\0", **wrong))
            elf.add_notes(elf.probe(b"behind", b"it"))
            self.write(elf.bytes())
            self.assertEqual(self.names(), [(b"before", b"it"), (b"behind", b"it")], wrong)

    def test_as_many_as_a_policy_may_have_are_taken(self):
        elf = Elf()
        elf.add_notes(*(elf.probe(b"p", b"n%d" % (number // 2)) for number in range(2048)))
        self.write(elf.bytes())
        self.assertEqual(len(self.names()), 1024)
        self.assertEqual(tetra("tp", "generate", "usdts", "-b", self.path).stderr, b"")
        elf.add_notes(elf.probe(b"p", b"n1"), elf.probe(b"p", b"one more"))
        elf.add_notes(elf.probe(b"p", b"one_more"), elf.probe(b"p", b"another"))
        self.write(elf.bytes())
        self.assertEqual(len(self.names(b"has more static probes; the first 1024 are in the policy")), 1024)

    def test_a_small_file_cannot_have_endless_probes(self):
        elf = Elf()
        notes = b"".join(elf.probe(b"p", LONGEST[:50] + b"%d" % number) for number in range(1000))
        at = elf.add_notes(notes)
        offset = 64 + sum(len(data) + -len(data) % 8 for _, _, _, data, _ in elf.sections[:at])
        for _ in range(60000):
            elf.add(7, b"", offset=offset, size=len(notes))
        self.write(elf.bytes())
        self.assertEqual(len(self.names(b"has more static probes; the first 1000 are in the policy")), 1000)


class Lists(Generate):
    """Files of functions."""

    def names(self, data, *words, said=b""):
        self.write(data)
        got = tetra("tp", "generate", "ftrace-list", "--from", self.path, *words)
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertEqual(got.stderr, said and said % self.path)
        self.assertEqual(tetra("policy", "check", "-", data=got.stdout).returncode, 0)
        return re.findall(rb'\n    - "(.*)"', got.stdout)

    def test_lines_of_any_form(self):
        for data, wanted in ((b"a\nb [mod]\nc\tx\n", [b"a", b"b", b"c"]), (b"a\r\nb\r\n", [b"a", b"b"]), (b"\n\n  \n\r\na", [b"a"]),
                             (b"no_newline", [b"no_newline"]), (b"x" * 511 + b" [module]\nlast\n", [b"x" * 511, b"last"])):
            self.assertEqual(self.names(data), wanted)

    def test_lines_that_name_no_function_are_counted(self):
        one, many = b'1 line of "%s" names no function and is left out\n', b'4 lines of "%s" name no function and are left out\n'
        self.assertEqual(self.names(b"a\nnul\0hidden\nb\n", said=one), [b"a", b"b"])
        self.assertEqual(self.names(b"a\n" + b"x" * 1100 + b"tail\nb\n", said=one), [b"a", b"b"])
        self.assertEqual(self.names(b"\xff\n\xc2\x80\n\x1b[2J\na\n caf\xc3\xa9\n", said=many), [b"a"])

    def test_regular_expressions_choose_names_and_not_modules(self):
        self.assertEqual(self.names(b"a [tcp]\ntcp_x [m]\nx_tcp\n", "-r", "^tcp"), [b"tcp_x"])
        self.assertEqual(self.names(b"a\nb\n", "-r", ""), [b"a", b"b"])
        for regex in ("(", "[", "a{2", "*a)", "[[:nonsense:]]"):
            self.refused("ftrace-list", b'bad regular expression "', "-r", regex, status=2)
        self.refused("ftrace-list", b'no function that can be traced matches "^z"', "-r", "^z")

    def test_what_cannot_be_read_is_told(self):
        for path, wanted in (("/", b"is a directory"), ("/none/such", b"no such file"), ("/proc/self/mem", b"input/output error")):
            got = tetra("tp", "generate", "ftrace-list", "--from", path)
            self.assertEqual((got.returncode, got.stdout), (1, b""))
            self.assertIn(b'cannot read "%s": %s' % (path.encode(), wanted), got.stderr)
        self.write(b"")
        self.refused("ftrace-list", b"no function that can be traced")
        self.write(b"\0" * (8 << 20))
        self.refused("ftrace-list", b"no function that can be traced")

    def test_more_than_a_policy_can_hold_is_refused(self):
        self.write(b"".join(b"a_function_of_the_kernel_%d\n" % number for number in range(80000)))
        self.refused("ftrace-list", b"a policy has at most 2097152")

    def test_type_information_that_is_none_is_told(self):
        for data in (b"", b"\x9f\xeb", b"\x9f\xeb\x01\x00" + b"\xff" * 200, b"\x7fELF" + b"\0" * 100):
            self.write(data)
            for kind in ("all-syscalls", "all-syscalls-list"):
                got = tetra("tp", "generate", kind, "--btf", self.path)
                self.assertEqual((got.returncode, got.stdout), (1, b""), data)
                self.assertIn(b'cannot read kernel type information "%s"' % self.path, got.stderr)


if __name__ == "__main__":
    unittest.main()

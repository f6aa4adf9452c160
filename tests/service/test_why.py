#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`tetra why` with policies in files: one row per kind of operator and value, what it says to an
event, and which selector it names."""
import json
import os
import subprocess
import tempfile
import unittest

from serve_fixture import DEADLINE, Serve, sensors

TETRA = os.environ["TETRAD_TETRA"]
HOLDS, FAILS, OPEN = "holds", "does not hold", "cannot be judged"
SOCK = {"sock_arg": {"family": "AF_INET", "protocol": "IPPROTO_TCP", "state": "TCP_SYN_SENT", "saddr": "10.1.2.3",
                     "daddr": "192.168.7.9", "sport": 40000, "dport": 443}}
SOCK6 = {"sock_arg": {"family": "AF_INET6", "saddr": "fe80::1", "daddr": "2001:db8::5", "dport": 22}}
FILE = {"file_arg": {"path": "/etc/shadow", "permission": "-rw-r-----"}}
DIRECTORY = {"path_arg": {"path": "/etc", "permission": "drwxr-xr-x"}}
CUT = {"truncated_bytes_arg": {"bytes_arg": "YWJj", "orig_size": "900"}}

PART = {"path_arg": {"path": "b/c", "flags": "unresolvedPathComponents"}}

# type, what the event shows, operator, values, verdict
VALUES = (
    ("int", {"int_arg": 5}, "Equal", ["5"], HOLDS),
    ("int", {"int_arg": 5}, "Equal", ["4", "6"], FAILS),
    ("int", {"int_arg": 5}, "NotEqual", ["4"], HOLDS),
    ("int", {"int_arg": -1}, "Equal", ["-1"], HOLDS),
    ("int", {"int_arg": -1}, "GT", ["-2"], HOLDS),
    ("int", {"int_arg": -1}, "LT", ["-2"], FAILS),
    ("int", {"int_arg": -5}, "InRange", ["-9:-3"], HOLDS),
    ("uint32", {"uint_arg": 4294967295}, "GreaterThan", ["1"], HOLDS),
    ("uint32", {"uint_arg": 7}, "LessThan", ["7"], FAILS),
    ("uint64", {"size_arg": "18446744073709551615"}, "InMap", ["1", "10:18446744073709551615"], HOLDS),
    ("uint64", {"size_arg": "9"}, "NotInMap", ["1:8"], HOLDS),
    ("uint64", {"size_arg": "9"}, "NotInRange", ["1:9"], FAILS),
    ("int64", {"long_arg": "6"}, "Mask", ["4"], HOLDS),
    ("int64", {"long_arg": "6"}, "Mask", ["1"], FAILS),
    ("int", {"int_arg": 5}, "CelExpr", ["arg0 > 4 && arg0 != 6"], HOLDS),
    ("int", {"int_arg": -5}, "CelExpr", ["arg0 > 4"], FAILS),
    ("uint32", {"uint_arg": 4294967295}, "CelExpr", ["arg0 > uint32(4)"], HOLDS),
    ("string", {"string_arg": "/etc/passwd"}, "Equal", ["/etc/passwd"], HOLDS),
    ("string", {"string_arg": "/etc/passwd"}, "NotEqual", ["/etc/passwd"], FAILS),
    ("string", {"string_arg": "/etc/passwd"}, "Prefix", ["/etc/"], HOLDS),
    ("string", {"string_arg": "/etc/passwd"}, "NotPrefix", ["/etc/"], FAILS),
    ("string", {"string_arg": "/etc/passwd"}, "Postfix", ["wd", "x"], HOLDS),
    ("string", {"string_arg": "/etc/passwd"}, "NotPostfix", ["x"], HOLDS),
    ("string", {"string_arg": "/etc/passwd"}, "SubString", ["pass"], HOLDS),
    ("string", {"string_arg": "/etc/passwd"}, "SubString", ["PASS"], FAILS),
    ("string", {"string_arg": "/etc/passwd"}, "SubStringIgnCase", ["PASS"], HOLDS),
    ("string", {"string_arg": "a\ufffdb"}, "Equal", ["ab"], OPEN),
    ("char_buf", {"bytes_arg": "AGFi"}, "Equal", ["ab"], FAILS),
    ("char_buf", {"bytes_arg": "YWI="}, "Equal", ["ab"], HOLDS),
    ("char_buf", CUT, "Prefix", ["ab"], HOLDS),
    ("char_buf", CUT, "Prefix", ["b"], FAILS),
    ("char_buf", CUT, "Postfix", ["z"], OPEN),
    ("file", FILE, "Equal", ["/etc/shadow"], HOLDS),
    ("file", FILE, "FileType", ["reg"], HOLDS),
    ("file", FILE, "NotFileType", ["reg", "dir"], FAILS),
    ("path", DIRECTORY, "FileType", ["dir"], HOLDS),
    ("path", {"path_arg": {"path": "b/c", "flags": "unresolvedPathComponents"}}, "Prefix", ["/a"], OPEN),
    ("path", {"path_arg": {"path": "/x"}}, "FileType", ["dir"], OPEN),
    ("linux_binprm", {"linux_binprm_arg": {"path": "/bin/sh"}}, "Equal", ["/bin/sh"], HOLDS),
    ("sock", SOCK, "DPort", ["443"], HOLDS),
    ("sock", SOCK, "NotDPort", ["443"], FAILS),
    ("sock", SOCK, "DPort", ["80", "400:500"], HOLDS),
    ("sock", SOCK, "DPortPriv", [], HOLDS),
    ("sock", SOCK, "NotDPortPriv", [], FAILS),
    ("sock", SOCK, "SPort", ["40000"], HOLDS),
    ("sock", SOCK, "SPortPriv", [], FAILS),
    ("sock", SOCK, "DAddr", ["192.168.0.0/16"], HOLDS),
    ("sock", SOCK, "DAddr", ["192.168.6.0/23"], HOLDS),
    ("sock", SOCK, "NotDAddr", ["192.168.8.0/23"], HOLDS),
    ("sock", SOCK, "SAddr", ["10.1.2.3"], HOLDS),
    ("sock", SOCK6, "DAddr", ["2001:db8::/32"], HOLDS),
    ("sock", SOCK6, "NotDAddr", ["192.168.0.0/16"], HOLDS),
    ("sock", SOCK, "Protocol", ["IPPROTO_TCP"], HOLDS),
    ("sock", SOCK, "Protocol", ["IPPROTO_UDP"], FAILS),
    ("sock", SOCK, "Family", ["AF_INET"], HOLDS),
    ("sock", SOCK6, "Family", ["AF_INET"], FAILS),
    ("sock", SOCK, "State", ["TCP_SYN_SENT"], HOLDS),
    ("sock", SOCK6, "State", ["TCP_LISTEN"], OPEN),
    ("skb", {"skb_arg": {"family": "AF_INET", "protocol": "IPPROTO_UDP", "daddr": "1.1.1.1", "dport": 53}},
     "DPort", ["53"], HOLDS),
    ("sockaddr", {"sockaddr_arg": {"family": "AF_INET", "addr": "1.2.3.4", "port": 80}}, "SPort", ["80"], HOLDS),
    ("sockaddr", {"sockaddr_arg": {"family": "AF_INET", "addr": "1.2.3.4", "port": 80}}, "SAddr", ["1.2.3.0/24"],
     HOLDS),
    ("capability", {"capability_arg": {"value": 21, "name": "CAP_SYS_ADMIN"}}, "Equal", ["CAP_SYS_ADMIN"], HOLDS),
    ("bpf_cmd", {"bpf_cmd_arg": "BPF_PROG_LOAD"}, "Equal", ["BPF_PROG_LOAD"], HOLDS),
    ("cap_effective", {"cap_effective_arg": "0000000000200000"}, "Mask", ["CAP_SYS_ADMIN"], HOLDS),
    ("cap_effective", {"cap_effective_arg": "no digits"}, "Mask", ["CAP_SYS_ADMIN"], OPEN),
    ("kernel_cap_t", {"kernel_cap_t_arg": "0000000000200001"}, "Equal", ["0x200001"], HOLDS),
    ("kernel_cap_t", {"kernel_cap_t_arg": "0000000000200001"}, "NotEqual", ["0x200001"], FAILS),
    ("kernel_cap_t", {"kernel_cap_t_arg": "0000000000200001"}, "Equal", ["0x200000"], FAILS),
    ("cap_inheritable", {"cap_inheritable_arg": "ffffffffffffffff"}, "GT", ["0x7fffffffffffffff"], HOLDS),
    ("cap_inheritable", {"cap_inheritable_arg": "8000000000000000"}, "LT", ["0x7fffffffffffffff"], FAILS),
    ("cap_permitted", {"cap_permitted_arg": "1"}, "LT", ["2"], HOLDS),
    ("cap_permitted", {"cap_permitted_arg": "2"}, "GT", ["2"], FAILS),
    ("cap_permitted", {"cap_permitted_arg": ""}, "Mask", ["CAP_CHOWN"], OPEN),
    ("cap_permitted", {"cap_permitted_arg": "0000000000200001 "}, "Mask", ["CAP_CHOWN"], OPEN),
    ("cap_effective", {"cap_effective_arg": "0000000000200000"}, "Mask", ["CAP_CHOWN"], FAILS),
    ("net_device", {"net_dev_arg": {"name": "eth0"}}, "Equal", ["eth0"], HOLDS),
    ("net_device", {"net_dev_arg": {"name": "eth0"}}, "Prefix", ["eth0."], FAILS),
    ("net_device", {"net_dev_arg": {}}, "Equal", ["eth0"], FAILS),
    ("linux_binprm", {"linux_binprm_arg": {"path": "/bin/sh", "permission": "-rwxr-xr-x"}}, "FileType", ["reg"], HOLDS),
    ("linux_binprm", {"linux_binprm_arg": {"path": "/bin/sh", "permission": "-rwxr"}}, "FileType", ["reg"], OPEN),
    ("linux_binprm", {"linux_binprm_arg": {"path": "/bin/sh", "permission": "?rwxr-xr-x"}}, "FileType", ["reg"], OPEN),
    ("file", {"file_arg": {"path": "/dev/x", "permission": "crw-------"}}, "FileType", ["blk", "char"], HOLDS),
    ("file", {"file_arg": {"path": "/run/x", "permission": "srwx------"}}, "NotFileType", ["fifo"], HOLDS),
    ("file", {"file_arg": {"path": "b/c", "flags": "unresolvedPathComponents"}}, "Postfix", ["/c"], HOLDS),
    ("file", {"file_arg": {"path": "b/c", "flags": "unresolvedPathComponents"}}, "Postfix", ["/d"], FAILS),
    ("file", {"file_arg": {"path": "b/c", "flags": "unresolvedPathComponents"}}, "NotEqual", ["/a/b/c"], OPEN),
    ("sockaddr_un", {"sockaddrun_arg": {"family": "AF_UNIX", "path": "/run/x"}}, "Family", ["AF_UNIX"], HOLDS),
    ("sockaddr_un", {"sockaddrun_arg": {"family": "AF_UNIX", "path": "/run/x"}}, "Family", ["AF_INET", "2"], FAILS),
    ("sock", {"sock_arg": {"family": "44", "protocol": "200"}}, "Family", ["44"], HOLDS),
    ("sock", {"sock_arg": {"family": "44", "protocol": "200"}}, "Protocol", ["200"], HOLDS),
    ("sock", {"sock_arg": {"family": "44x", "protocol": ""}}, "Family", ["44"], OPEN),
    ("sock", {"sock_arg": {"saddr": "fe80::1%eth0"}}, "SAddr", ["fe80::/10"], OPEN),
    ("sock", {"sock_arg": {"saddr": "256.1.1.1"}}, "SAddr", ["0.0.0.0/0"], OPEN),
    ("sock", SOCK, "SAddr", ["0.0.0.0/0"], HOLDS),
    ("sock", SOCK, "SAddr", ["10.1.2.2/31"], HOLDS),
    ("sock", SOCK, "SAddr", ["10.1.2.4/30"], FAILS),
    ("sock", SOCK6, "SAddr", ["fe80::/9", "::/0"], HOLDS),
    ("sock", SOCK6, "SAddr", ["fe80::2/127"], FAILS),
    ("char_buf", {"bytes_arg": ""}, "Prefix", ["a"], FAILS),
    ("char_buf", {"bytes_arg": "/w=="}, "NotEqual", ["a"], HOLDS),
    # the end of a cut buffer, and the beginning of a path that was not resolved, are other ones
    ("char_buf", CUT, "Equal", ["abc"], OPEN),
    ("char_buf", CUT, "NotEqual", ["abc"], OPEN),
    ("char_buf", CUT, "Postfix", ["c"], OPEN),
    ("char_buf", CUT, "Prefix", ["abc"], HOLDS),
    ("char_buf", CUT, "NotPrefix", ["abc"], FAILS),
    ("char_buf", CUT, "Prefix", ["x", "abcd"], OPEN),
    ("char_buf", CUT, "NotPrefix", ["abcd"], OPEN),
    ("char_buf", CUT, "Prefix", ["abd", "bc"], FAILS),
    ("char_buf", CUT, "SubString", ["bc"], HOLDS),
    ("path", PART, "Equal", ["b/c"], OPEN),
    ("path", PART, "Prefix", ["b/"], OPEN),
    ("path", PART, "NotPrefix", ["b/"], OPEN),
    ("path", PART, "Postfix", ["x", "/a/b/c"], OPEN),
    ("path", PART, "NotPostfix", ["/a/b/c"], OPEN),
    ("path", PART, "Postfix", ["/a/d/c"], FAILS),
    ("path", PART, "NotPostfix", ["/c"], FAILS),
    ("path", PART, "SubString", ["/c"], HOLDS),
    ("char_buf", CUT, "SubString", ["d"], OPEN),
    ("int", {"int_arg": 6}, "CelExpr", ["and(arg0, 3) == 2 && or(arg0, 1) == 7 && xor(arg0, 2) == 4"], HOLDS),
    ("int", {"int_arg": 6}, "CelExpr", ["!(arg0 == 6) || not(arg0) == -7"], HOLDS),
    ("int", {"int_arg": -2147483648}, "CelExpr", ["-arg0 == arg0 && arg0 - 1 == 2147483647"], HOLDS),
    ("int", {"int_arg": 2147483647}, "CelExpr", ["arg0 + 1 < 0"], HOLDS),
    ("int", {"int_arg": 5}, "CelExpr", ["arg0 <= 4 || arg0 >= 6"], FAILS),
    ("int", {"int_arg": 5}, "CelExpr", ["arg0 >= 5 && arg0 <= 5"], HOLDS),
    ("uint32", {"uint_arg": 0}, "CelExpr", ["arg0 - uint32(1) > uint32(5)"], HOLDS),
    ("uint64", {"size_arg": "18446744073709551615"}, "CelExpr", ["arg0 > 9223372036854775807 && arg0 + 1 == 0"], HOLDS),
    ("int64", {"long_arg": "-1"}, "CelExpr", ["int32(arg0) == int32(-1)"], HOLDS),
    ("int", {"string_arg": "x"}, "CelExpr", ["arg0 == 0"], OPEN),
    ("string", {"error_arg": {"Message": "fault"}}, "NotEqual", ["x"], FAILS),
    ("int", {"string_arg": "an agent that is not ours"}, "Equal", ["5"], OPEN),
)

PROCESS = {"pid": 70, "binary": "/usr/bin/cat", "executable": "/usr/bin/coreutils",
           "ns": {"net": {"inum": 4026531840, "is_host": True}},
           "cap": {"effective": ["CAP_SYS_ADMIN"], "permitted": ["CAP_CHOWN", "CAP_SYS_ADMIN"]}}
PARENT = {"pid": 7, "binary": "/bin/bash"}

# filter of a selector, verdict
FILTERS = (
    ("matchPIDs: [{operator: In, values: [70]}]", HOLDS),
    ("matchPIDs: [{operator: NotIn, values: [70, 1]}]", FAILS),
    ("matchPIDs: [{operator: In, values: [7], followForks: true}]", HOLDS),
    ("matchPIDs: [{operator: In, values: [8], followForks: true}]", OPEN),
    ("matchPIDs: [{operator: NotIn, values: [7], followForks: true}]", FAILS),
    ("matchPIDs: [{operator: In, values: [1], isNamespacePID: true}]", OPEN),
    ('matchBinaries: [{operator: In, values: ["/usr/bin/cat"]}]', HOLDS),
    ('matchBinaries: [{operator: In, values: ["/usr/bin/coreutils"]}]', HOLDS),
    ('matchBinaries: [{operator: NotIn, values: ["/usr/bin/cat"]}]', FAILS),
    ('matchBinaries: [{operator: Prefix, values: ["/usr/"]}]', HOLDS),
    ('matchBinaries: [{operator: NotPrefix, values: ["/usr/"]}]', FAILS),
    ('matchBinaries: [{operator: Postfix, values: ["bin/cat"]}]', HOLDS),
    ('matchBinaries: [{operator: NotPostfix, values: ["dog"]}]', HOLDS),
    ('matchBinaries: [{operator: In, values: ["/bin/bash"], followChildren: true}]', HOLDS),
    ('matchBinaries: [{operator: In, values: ["/bin/zsh"], followChildren: true}]', OPEN),
    ('matchParentBinaries: [{operator: In, values: ["/bin/bash"]}]', HOLDS),
    ('matchParentBinaries: [{operator: In, values: ["/usr/bin/cat"]}]', FAILS),
    ('matchNamespaces: [{namespace: Net, operator: In, values: ["host_ns"]}]', HOLDS),
    ('matchNamespaces: [{namespace: Net, operator: In, values: ["4026531840"]}]', HOLDS),
    ('matchNamespaces: [{namespace: Net, operator: NotIn, values: ["4026531840"]}]', FAILS),
    ('matchNamespaces: [{namespace: Mnt, operator: In, values: ["host_ns"]}]', OPEN),
    ("matchCapabilities: [{operator: In, values: [CAP_SYS_ADMIN]}]", HOLDS),
    ("matchCapabilities: [{operator: NotIn, values: [CAP_SYS_ADMIN]}]", FAILS),
    ("matchCapabilities: [{type: Permitted, operator: In, values: [CAP_CHOWN]}]", HOLDS),
    ("matchCapabilities: [{type: Inheritable, operator: In, values: [CAP_CHOWN]}]", FAILS),
    ("matchNamespaceChanges: [{operator: In, values: [Net]}]", OPEN),
    ("matchCapabilityChanges: [{operator: In, values: [CAP_CHOWN]}]", OPEN),
)


def policy(selectors, arguments="[{index: 0, type: int}]", call="security_file_open", more=""):
    lines = "".join("\n    - " + line for line in selectors)
    return """apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: {name: p}
spec:
  kprobes:
  - call: %s
    syscall: false%s
    args: %s
    selectors:%s
""" % (call, more, arguments, lines or " []")


def event(arguments=({"int_arg": 5},), function="security_file_open", name="p", **more):
    body = {"process": PROCESS, "parent": PARENT, "function_name": function, "policy_name": name,
            "args": list(arguments), "action": "KPROBE_ACTION_POST", **more}
    return json.dumps({"process_kprobe": body})


class Why(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "p.yaml")

    def tearDown(self):
        self.folder.cleanup()

    def run_why(self, *words, text=None):
        given = {"input": text} if text is not None else {"stdin": subprocess.DEVNULL}
        return subprocess.run([TETRA, "why", *words], capture_output=True, text=True, timeout=DEADLINE, **given)

    def ask(self, policy_text, event_text, *words):
        with open(self.path, "w") as file:
            file.write(policy_text)
        got = self.run_why("--policy", self.path, *words, event_text)
        self.assertEqual(got.stderr, "", policy_text)
        return got

    def judge(self, policy_text, event_text):
        got = self.ask(policy_text, event_text, "-o", "json")
        answer = json.loads(got.stdout)
        self.assertEqual(got.returncode, answer["verdict"] == FAILS)
        return answer

    def test_each_operator_says_to_a_value_what_the_kernel_would(self):
        for type_, shown, operator, values, verdict in VALUES:
            text = "matchArgs: [{index: 0, operator: %s%s}]" % (
                operator, ", values: " + json.dumps(values) if values else "")
            if operator == "CelExpr":
                text = "matchArgs: [{args: [0], operator: CelExpr, values: %s}]" % json.dumps(values)
            answer = self.judge(policy([text], "[{index: 0, type: %s}]" % type_), event([shown]))
            self.assertEqual(answer["filters"][0]["verdict"], verdict, (type_, shown, operator, values, answer))

    def test_each_filter_on_the_process_says_what_the_event_shows(self):
        for text, verdict in FILTERS:
            answer = self.judge(policy([text]), event())
            self.assertEqual(answer["filters"][0]["verdict"], verdict, (text, answer))

    def test_capabilities_gained_needs_both_sets(self):
        arguments = "[{index: 0, type: cap_effective}, {index: 1, type: cap_effective}]"
        selector = ["matchArgs: [{args: [0, 1], operator: CapabilitiesGained}]"]
        for old, new, verdict in (("1", "3", HOLDS), ("3", "1", FAILS)):
            shown = [{"cap_effective_arg": old}, {"cap_effective_arg": new}]
            self.assertEqual(self.judge(policy(selector, arguments), event(shown))["verdict"], verdict)

    def test_the_first_selector_that_holds_made_it(self):
        selectors = ["matchArgs: [{index: 0, operator: Equal, values: ['%d']}]" % number for number in (4, 5, 5)]
        answer = self.judge(policy(selectors), event())
        self.assertEqual((answer["selector"], answer["line"], answer["verdict"]), (1, 11, HOLDS))

    def test_one_that_cannot_be_judged_comes_before_one_that_holds(self):
        selectors = ["matchNamespaceChanges: [{operator: In, values: [Net]}]",
                     "matchArgs: [{index: 0, operator: Equal, values: ['5']}]"]
        got = self.ask(policy(selectors), event())
        self.assertIn("selector 1 of 2 may have made this event", got.stdout)

    def test_the_action_in_the_event_tells_selectors_apart(self):
        one = "matchArgs: [{index: 0, operator: Equal, values: ['5']}]"
        selectors = [one + "\n      matchActions: [{action: %s}]" % action for action in ("NoPost", "Sigkill", "Post")]
        self.assertEqual(self.judge(policy(selectors), event())["selector"], 2)
        self.assertEqual(self.judge(policy(selectors), event(action="KPROBE_ACTION_SIGKILL"))["selector"], 1)

    def test_hooks_are_found_by_function_list_and_message(self):
        text = """apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: {name: p}
spec:
  lists: [{name: some, type: syscalls, values: [sys_read, sys_write]}]
  kprobes:
  - {call: "list:some", syscall: true, message: listed}
  - {call: sys_openat, syscall: true, args: [{index: 2, type: int}]}
  - {call: sys_openat, syscall: true, message: other}
  lsmhooks:
  - {hook: file_open}
  tracepoints:
  - {subsystem: syscalls, event: sys_enter_read}
  uprobes:
  - {path: /bin/x, symbols: [main]}
  usdts:
  - {path: /bin/y, provider: db, name: query}
"""
        process = {"process": PROCESS, "policy_name": "p"}
        cases = (
            (event([], "__x64_sys_write", message="listed"), "kprobes", 0),
            (event([], "__x64_sys_openat", message="other"), "kprobes", 2),
            (event([{"int_arg": 1}], "__x64_sys_openat"), "kprobes", 1),
            (json.dumps({"process_lsm": {**process, "function_name": "file_open"}}), "lsmhooks", 0),
            (json.dumps({"process_tracepoint": {**process, "subsys": "syscalls", "event": "sys_enter_read"}}),
             "tracepoints", 0),
            (json.dumps({"process_uprobe": {**process, "path": "/bin/x", "symbol": "main"}}), "uprobes", 0),
        )
        for line, section, number in cases:
            answer = self.judge(text, line)
            self.assertEqual((answer.get("section"), answer.get("hook_number")), (section, number), line)
        usdt = {**process, "path": "/bin/y", "provider": "db", "name": "query"}
        for other in ({}, {"path": "/bin/x"}, {"provider": "dc"}, {"name": "quer"}, {"args": [{"int_arg": 1}]}):
            line = json.dumps({"process_usdt": {**usdt, **other}})
            answer = self.judge(text, line)
            self.assertEqual((answer.get("section"), answer["verdict"]), (None, FAILS) if other else ("usdts", HOLDS), line)
        for line in (event([], "__x64_sys_close"), event([], "__x64_sys_openat"), event([], "__x64_sys_write")):
            got = self.ask(text, line)
            self.assertEqual(got.returncode, 1)
            self.assertIn("has no hook that makes such events", got.stdout)

    def test_a_return_value_and_data_are_judged(self):
        selector = "matchReturnArgs: [{index: 0, operator: LT, values: ['0']}]"
        text = policy([selector], more="\n    return: true\n    returnArg: {index: 0, type: int}")
        self.assertEqual(self.judge(text, event(**{"return": {"int_arg": -13}}))["verdict"], HOLDS)
        self.assertEqual(self.judge(text, event(**{"return": {"int_arg": 3}}))["verdict"], FAILS)
        self.assertEqual(self.judge(text, event())["verdict"], OPEN)

    def test_system_calls_are_judged_by_number_and_list(self):
        text = """apiVersion: cilium.io/v1alpha1
kind: TracingPolicy
metadata: {name: p}
spec:
  lists: [{name: some, type: syscalls, values: [sys_read, sys_write]}]
  tracepoints:
  - subsystem: raw_syscalls
    event: sys_enter
    args: [{index: 4, type: syscall64}]
    selectors:
    - matchArgs: [{index: 4, operator: %s, values: ["%s"]}]
"""
        for operator, value, number, verdict in (
            ("InMap", "list:some", 1, HOLDS), ("InMap", "list:some", 3, FAILS), ("NotInMap", "list:some", 0, FAILS),
            ("Equal", "257", 257, HOLDS), ("InMap", "250:260", 257, HOLDS), ("NotEqual", "257", 257, FAILS),
        ):
            line = json.dumps({"process_tracepoint": {
                "process": PROCESS, "policy_name": "p", "subsys": "raw_syscalls", "event": "sys_enter",
                "args": [{"syscall_id": {"id": number, "abi": "x64"}}]}})
            self.assertEqual(self.judge(text % (operator, value), line)["verdict"], verdict, (operator, value, number))

    def test_ancestors_that_the_event_shows_are_asked(self):
        follow = "matchPIDs: [{operator: %s, values: [%d], followForks: true}]"
        first, second = {"pid": 5, "binary": "/bin/five"}, {"pid": 1, "binary": "/sbin/init"}
        for operator, pid, ancestors, verdict in (
            ("In", 5, [first, second], HOLDS), ("In", 5, [second], FAILS), ("NotIn", 5, [first, second], FAILS),
            ("NotIn", 6, [first, second], HOLDS), ("In", 6, [first], OPEN), ("NotIn", 6, [], OPEN), ("In", 1, [first, second], HOLDS),
        ):
            answer = self.judge(policy([follow % (operator, pid)]), event(ancestors=ancestors))
            self.assertEqual(answer["verdict"], verdict, (operator, pid, ancestors))
        selector = "matchBinaries: [{operator: In, values: [/bin/five], followChildren: true}]"
        self.assertEqual(self.judge(policy([selector]), event(ancestors=[first]))["verdict"], HOLDS)

    def test_an_event_without_its_process_cannot_be_judged(self):
        for text in ("matchPIDs: [{operator: NotIn, values: [70]}]", "matchBinaries: [{operator: NotIn, values: [/x]}]",
                     "matchParentBinaries: [{operator: NotIn, values: [/x]}]",
                     "matchNamespaces: [{namespace: Net, operator: NotIn, values: [host_ns]}]",
                     "matchCapabilities: [{operator: NotIn, values: [CAP_CHOWN]}]",
                     "matchCapabilities: [{operator: In, isNamespaceCapability: true, values: [CAP_CHOWN]}]"):
            for process in ({}, None):
                line = event(process=process, parent=process)
                self.assertEqual(self.judge(policy([text]), line)["verdict"], OPEN, (text, process))

    def test_a_filter_that_fails_decides_whatever_is_open(self):
        opened, failed = "matchNamespaceChanges: [{operator: In, values: [Net]}]", "matchPIDs: [{operator: In, values: [1]}]"
        for order in ((opened, failed), (failed, opened)):
            self.assertEqual(self.judge(policy(["\n      ".join(order)]), event())["verdict"], FAILS)

    def test_a_hook_without_selectors_makes_every_event(self):
        got = self.ask(policy([]), event())
        self.assertIn("has no selectors: every call makes an event\n    6 |   - call: security_file_open\n", got.stdout)
        self.assertEqual(self.judge(policy([]), event())["verdict"], HOLDS)

    def test_people_see_the_lines_of_the_selector_and_the_values(self):
        selectors = ["matchArgs:\n      - index: 0\n        operator: Equal\n        values: ['5']"]
        got = self.ask(policy(selectors), event())
        self.assertEqual(got.stdout, """policy "p", kprobe 0 (%(path)s:6), selector 1 of 1 made this event
  holds            matchArgs: 5: Equal 5 (%(path)s:11)
   10 |     - matchArgs:
   11 |       - index: 0
   12 |         operator: Equal
   13 |         values: ['5']
""" % {"path": self.path})

    def test_events_that_need_no_policy(self):
        line = json.dumps({"process_exec": {"process": PROCESS, "parent": PARENT}})
        got = self.run_why(text=line + "\n")
        self.assertEqual((got.returncode, got.stderr), (0, ""))
        self.assertIn("no policy is needed\nprocess: pid 70 /usr/bin/cat", got.stdout)
        self.assertIn("parent: pid 7 /bin/bash", got.stdout)
        got = self.run_why(json.dumps({"process_exit": {"process": PROCESS, "status": 3}}))
        self.assertEqual(got.returncode, 0)
        self.assertIn("process: pid 70 /usr/bin/cat", got.stdout)
        self.assertNotIn("parent:", got.stdout)
        got = self.run_why("-o", "json", '{"process_loader": {"path": "/lib/x"}}')
        self.assertEqual(json.loads(got.stdout), {"policy": None, "verdict": "holds"})

    def test_mistakes_are_named(self):
        for words, text, status, wanted in (
            ((), "", 2, "there is no event"),
            (("-",), "nonsense\n", 1, ""),
            (("{}", "{}"), None, 2, "takes only EVENT-JSON"),
            (("--policy", "/none/such", event()), None, 1, "/none/such"),
        ):
            got = self.run_why(*words, text=text)
            self.assertEqual((got.returncode, got.stdout), (status, ""), words)
            self.assertIn(wanted, got.stderr)

    def test_lines_are_explained_as_they_come(self):
        process = subprocess.Popen([TETRA, "why", "-o", "json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2):
            process.stdin.write(json.dumps({"process_exec": {"process": PROCESS}}).encode() + b"\n")
            process.stdin.flush()
            self.assertEqual(process.stdout.readline(), b'{"policy":null,"verdict":"holds"}\n')
        process.stdin.close()
        self.assertEqual((process.wait(timeout=DEADLINE), process.stdout.read()), (0, b""))
        process.stdout.close()

    def test_lines_that_are_no_events_are_named_and_the_rest_is_explained(self):
        line = json.dumps({"process_exec": {"process": PROCESS}})
        got = self.run_why("-", text="\n \t\r\n".join([line, "[1]", "x" * 5000000, line, '{"process_exec": 1}', line]))
        self.assertEqual((got.returncode, got.stdout.count("no policy is needed")), (1, 3))
        for number, wanted in ((3, "the message is a list"), (5, "longer than 4194304 bytes"), (9, "process_exec")):
            self.assertRegex(got.stderr, r"(?m)^standard input line %d: .*%s" % (number, wanted))
        self.assertEqual(len(got.stderr.splitlines()), 3)
        got = self.run_why(text="nonsense\n" * 1000)
        self.assertEqual((got.returncode, len(got.stderr.splitlines())), (1, 21))
        self.assertIn("1000 lines of standard input are no events", got.stderr)

    def test_a_line_that_never_ends_takes_no_memory(self):
        with open(TETRA, "rb") as program:  # a sanitizer's shadow has terabytes
            limit = "unlimited" if b"__asan_init" in program.read() else "500000"
        with open("/dev/zero", "rb") as zeros:
            got = subprocess.run(["bash", "-c", 'ulimit -v %s; head -c 200M | "$0" why -' % limit, TETRA], stdin=zeros,
                                 capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual((got.returncode, got.stderr), (1, "standard input line 1: longer than 4194304 bytes\n"))

    def test_what_cannot_be_read_is_not_called_empty(self):
        folder = os.open("/", os.O_RDONLY)
        got = subprocess.run([TETRA, "why"], stdin=folder, capture_output=True, text=True, timeout=DEADLINE)
        os.close(folder)
        self.assertEqual((got.returncode, got.stderr), (1, "cannot read standard input: is a directory\n"))
        for text in ("", "\n\n", " \r\n"):
            self.assertEqual(self.run_why(text=text).returncode, 2, text)

    def test_a_reader_that_has_enough_ends_it(self):
        reader, writer = os.pipe()
        process = subprocess.Popen([TETRA, "why", "-"], stdin=subprocess.PIPE, stdout=writer, stderr=subprocess.PIPE)
        os.close(writer)
        os.close(reader)
        line = json.dumps({"process_exec": {"process": PROCESS}}).encode() + b"\n"
        with self.assertRaises(BrokenPipeError):
            while True:
                process.stdin.write(line * 100)
                process.stdin.flush()
        self.assertEqual((process.wait(timeout=DEADLINE), process.stderr.read()), (0, b""))
        process.stderr.close()
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass

    def test_nothing_of_an_event_moves_the_cursor(self):
        selector = "matchArgs: [{index: 0, operator: Equal, values: ['x']}]"
        text = policy([selector], "[{index: 0, type: string}]")
        got = self.ask(text, event([{"string_arg": "\x1b[2J\x07\x9b"}]))
        self.assertEqual(got.returncode, 1)
        self.assertFalse(set(got.stdout) & {"\x1b", "\x07", "\x9b"})
        got = self.run_why("--policy", self.path, event([{"string_arg": "x"}], name="\x1b[2J\u202eq\x9b"))
        self.assertFalse(set(got.stderr) & {"\x1b", "\u202e", "\x9b"}, got.stderr)
        self.assertIn('the event is of policy "\ufffd[2J', got.stderr)

    def test_the_agent_is_asked_for_the_policy(self):
        text = policy(["matchArgs: [{index: 0, operator: Equal, values: ['5']}]"])
        with Serve() as serve:
            def ask(line):
                return self.run_why("--server-address", serve.target(), line)

            got = ask(event())
            self.assertIn('the agent has no policy "p" any more; see --policy', got.stderr)
            listed = sensors.ListTracingPoliciesResponse()
            listed.policies.add(name="p")
            for yaml, status, wanted in (("", 1, "does not tell the text"), ("nonsense: [", 1, "policy:2:1:"),
                                         (text, 0, "made this event")):
                listed.policies[0].yaml = yaml
                with open(self.path, "w") as file:
                    file.write(json.dumps({"policies": [{"name": "p", "yaml": yaml}]}))
                self.assertEqual(serve.command("load policies " + self.path), "loaded")
                got = ask(event())
                self.assertEqual(got.returncode, status)
                self.assertIn(wanted, got.stdout + got.stderr)


if __name__ == "__main__":
    unittest.main()

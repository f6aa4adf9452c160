#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Commands that ask no agent: their text and their JSON.
load face

setup() {
	cd "$DATA"
}

@test "explain tells a resource, a field, all of them, and JSON" {
	golden explain 0 tetra explain tracingpolicy
	golden explain-object 0 tetra explain tracingpolicy.spec.kprobes.selectors.matchBinaries
	golden explain-word 0 tetra explain TGTP.spec.kprobes.args.type
	golden explain-text 0 tetra explain tracingpolicynamespaced.metadata.namespace
	golden explain-recursive 0 tetra explain tracingpolicy.spec.kprobes.selectors -R
	golden explain-json 0 tetra explain tracingpolicy.spec.lists -o json
	golden explain-list 0 tetra explain --list
	golden explain-example 0 tetra explain tracingpolicy --example
}

@test "explain says what is wrong" {
	golden explain-no-field 2 tetra explain tracingpolicy.spec.kprobs
	golden explain-no-resource 2 tetra explain tracingpolcy
	golden explain-no-object 2 tetra explain tracingpolicy.metadata.name.first
	golden explain-no-version 2 tetra explain tracingpolicy --api-version v2
	golden explain-nothing 2 tetra explain
	golden explain-no-word 2 tetra explain 'tracingpolicy..spec'
	golden explain-nonsense 2 tetra explain zzzzzzzzzz
	golden explain-hostile 2 tetra explain $'tracingpolicy.\e[2J\xff\u202e'
	diff <(tetra explain tracingpolicy.spec) <(tetra explain tracingpolicy.spec.)
	diff <(tetra explain tracingpolicy) <(tetra explain tracingpolicy.)
}

@test "every field of a policy has a sentence" {
	tetra explain tracingpolicy -R -o json | /usr/bin/python3 -c '
import json, sys
def walk(fields):
    for field in fields:
        assert field["description"].endswith("."), field
        assert len(field["description"]) < 140, field
        walk(field.get("fields", []))
walk(json.load(sys.stdin)["fields"])'
}

@test "the example of explain is a policy that is right" {
	tetra explain tracingpolicy --example | tetra policy check -
}

@test "policy explain tells what policies do" {
	for file in acts watches monitors wide returns; do
		golden "policy-explain-$file" 0 tetra policy explain --offline "$file.yaml"
	done
	golden policy-explain-unloadable 1 tetra policy explain --offline unloadable.yaml
	golden policy-explain-places 1 tetra policy explain --offline places.yaml
	golden policy-explain-wrong 1 tetra policy explain --offline wrong.yaml
	golden policy-explain-none 1 tetra policy explain --offline none.yaml
}

@test "policy explain asks this kernel" {
	[ "$(id -u)" = 0 ] && [ -r /sys/kernel/btf/vmlinux ] || skip "needs root, and a kernel with type information"
	tetra policy explain watches.yaml | grep -F 'sys_setns" by '
	sed 's/sys_setns/no_such_function_at_all/; s/syscall: true/syscall: false/' watches.yaml >"$BATS_TEST_TMPDIR/missing.yaml"
	run tetra policy explain "$BATS_TEST_TMPDIR/missing.yaml"
	[ "$status" = 1 ]
	[[ $output == *'this kernel has no function'* ]]
	run tetra policy explain --btf /none watches.yaml
	[ "$status" = 1 ]
	[[ $output == *'--offline'* ]]
}

@test "policy explain asks this kernel for all of a list, and shows the first and those that it lacks" {
	[ "$(id -u)" = 0 ] && [ -r /sys/kernel/btf/vmlinux ] || skip "needs root, and a kernel with type information"
	run tetra policy explain lists.yaml
	[ "$status" = 1 ]
	[ "$(grep -c 'This kernel: "__.*_sys_' <<<"$output")" = 8 ]
	grep -F '   And 2 more functions.' <<<"$output"
	grep -F 'watches calls of the functions that are found for the list' <<<"$output"
	sed '/name: gen/d; /list:gen/d' lists.yaml >"$BATS_TEST_TMPDIR/known.yaml"
	tetra policy explain "$BATS_TEST_TMPDIR/known.yaml"
	sed '/name: gen/d; /list:gen/d; s/type: syscalls, //; s/syscall: true/syscall: false/' lists.yaml >"$BATS_TEST_TMPDIR/missing.yaml"
	run tetra policy explain "$BATS_TEST_TMPDIR/missing.yaml" # no function has the name without its prefix
	[ "$status" = 1 ]
	[ "$(grep -c 'It cannot be hooked here: this kernel has no function' <<<"$output")" = 10 ]
	! grep -E '\?\.|more functions' <<<"$output"
}

@test "policy explain has a sentence for each operator and each action" {
	for operator in $(tetra explain tracingpolicy.spec.kprobes.selectors.matchBinaries.operator -o json | jq -r '.values[]'); do
		sed "s/operator: In/operator: $operator/" acts.yaml | tetra policy explain --offline - >"$BATS_TEST_TMPDIR/out"
		! grep -q 'null\|?' "$BATS_TEST_TMPDIR/out"
	done
}

@test "policy check has text and JSON" {
	golden policy-check 0 tetra policy check acts.yaml
	golden policy-check-wrong 1 tetra policy check wrong.yaml
	golden policy-check-json 1 tetra policy check -o json wrong.yaml
}

@test "modify keeps comments and layout, whatever the layout" {
	for file in acts watches options flow json utf8; do
		golden "modify-$file" 0 tetra tp modify "$file.yaml" -m monitor
	done
	golden modify-again 0 tetra tp modify monitors.yaml -m enforce
	golden modify-stdin 0 sh -c 'tetra tp modify - -m monitor <acts.yaml'
}

@test "modify refuses what it cannot do, and prints nothing then" {
	golden modify-no-mode 2 tetra tp modify acts.yaml
	golden modify-wrong 1 tetra tp modify wrong.yaml -m monitor
	golden modify-no-spec 1 tetra tp modify no-spec.yaml -m monitor
	golden modify-anchor 1 tetra tp modify anchor.yaml -m monitor
}

@test "what modify prints is the policy that it was, but for the mode" {
	for file in acts watches options flow json utf8; do
		diff <(tetra policy check --print model "$file.yaml" | grep -v '  mode') \
			<(tetra tp modify "$file.yaml" -m monitor | tetra policy check --print model - | grep -v '  mode')
	done
}

@test "generate makes policies that are right" {
	golden generate-empty 0 tetra tp generate empty
	golden generate-ftrace 0 tetra tp generate ftrace-list -r '^tcp_' --from functions.txt -m /usr/bin/curl -m '/opt/a "b"'
	golden generate-ftrace-none 1 tetra tp generate ftrace-list -r '^udp_' --from functions.txt
	golden generate-ftrace-regex 2 tetra tp generate ftrace-list -r '(' --from functions.txt
	golden generate-ftrace-file 1 tetra tp generate ftrace-list --from none.txt
	golden generate-uprobes 0 tetra tp generate uprobes -b "$CLI_BUILD/tests/cli/probes"
	golden generate-usdts 0 tetra tp generate usdts -b "$CLI_BUILD/tests/cli/probes" -m /bin/true
	golden generate-no-elf 1 tetra tp generate uprobes -b acts.yaml
	golden generate-no-probes 1 tetra tp generate usdts -b acts.yaml
	golden generate-no-binary 2 tetra tp generate usdts
	for kind in all-syscalls all-syscalls-list "all-syscalls-list -m /usr/bin/id"; do
		tetra tp generate $kind >"$BATS_TEST_TMPDIR/policy.yaml"
		tetra policy check "$BATS_TEST_TMPDIR/policy.yaml"
		grep -q '"sys_openat"' "$BATS_TEST_TMPDIR/policy.yaml"
	done
}

@test "damaged ELF files end nothing but the command" {
	/usr/bin/python3 "$CLI_SOURCE/tests/cli/damage.py" "$CLI_BUILD/tests/cli/probes" "$BATS_TEST_TMPDIR/damaged" "$CLI_BUILD/tetra"
}

@test "probe config reads a configuration, packed or not" {
	golden probe-config 0 tetra probe config --file config.txt
	golden probe-config-json 0 tetra probe config --file config.txt -o json
	gzip -c config.txt >"$BATS_TEST_TMPDIR/config.gz"
	diff <(tetra probe config --file config.txt) <(tetra probe config --file "$BATS_TEST_TMPDIR/config.gz")
	golden probe-config-none 1 tetra probe config --file none.txt
	golden probe-config-folder 1 tetra probe config --file .
	golden probe-config-other 1 tetra probe config --file acts.yaml
	head -c 60 "$BATS_TEST_TMPDIR/config.gz" >"$BATS_TEST_TMPDIR/cut.gz"
	run tetra probe config --file "$BATS_TEST_TMPDIR/cut.gz"
	[ "$status" = 1 ]
	[ "$output" = "cannot read \"$BATS_TEST_TMPDIR/cut.gz\": it is packed, and damaged" ]
}

@test "probe names each feature once, in text and in JSON" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	tetra probe >"$BATS_TEST_TMPDIR/text"
	[ "$(tetra probe -o json | jq length)" = "$(wc -l <"$BATS_TEST_TMPDIR/text")" ]
	! grep -vE '^[A-Za-z_. ]+: (true|false)$' "$BATS_TEST_TMPDIR/text"
}

@test "cri without a runtime, and with a socket that is not there" {
	golden cri-no-socket 1 tetra cri version -r /none/such.sock
}

@test "version has text and JSON" {
	golden version 0 tetra version -b
}

#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Commands that ask the agent, with a server of made-up policies and processes in its place. What the server says, and what
# becomes of streams, is looked at more closely in tests/service/test_cli.py.
load face

setup() {
	cd "$DATA"
	serve_start
}

teardown() {
	serve_stop
}

@test "status, info and version" {
	golden status 0 ask status
	golden status-json 0 ask status -o json
	ask info | jq -e '.name == "tetrad" and (.version | length > 0)'
	golden version-server 0 ask version -s
}

@test "policies: their whole life" {
	golden tp-add 0 ask tp add acts.yaml monitors.yaml
	golden tp-add-again 1 ask tp add acts.yaml
	golden tp-list 0 ask tp list
	golden tp-list-details 0 ask tp list --details
	golden tp-list-json 0 ask tp list -o json
	golden tp-domains 0 ask tp domains
	golden tp-domains-json 0 ask tp domains -o json
	golden tp-disable 0 ask tp disable shadow-writes
	golden tp-enable 0 ask tp enable shadow-writes
	golden tp-set-mode 0 ask tp set-mode shadow-writes monitor
	golden tp-set-mode-unknown 2 ask tp set-mode shadow-writes monitr
	golden tp-delete 0 ask tp delete shadow-writes
	golden tp-delete-again 1 ask tp delete shadow-writes
}

@test "the log level is read and set" {
	golden loglevel-set 0 ask loglevel set debug
	golden loglevel-get 0 ask log get
	golden loglevel-get-json 0 ask loglevel get -o json
	golden loglevel-unknown 2 ask loglevel set debgu
	golden loglevel-unknown-too 2 ask loglevel set quiet
}

@test "what the agent remembers of processes, under both names" {
	golden dump 0 ask debug dump processcache
	golden dump-json 0 ask debug dump processcache -o json
	diff <(ask dump processcache) <(ask debug dump processcache)
}

@test "settings of the event file that say nothing are refused before the agent is asked" {
	golden eventlog-nothing 2 ask eventlog set
	golden eventlog-too-much 2 ask eventlog set --max-size 9999999999
}

@test "no agent: one line, exit status 1, for every command that needs one" {
	for words in status info "tp list" "tp domains" "loglevel get" "loglevel set info" "eventlog get" \
		"eventlog set --max-size 1" "sensors list" "sensors rm a" "debug dump processcache" \
		"rthooks create-container --container-id a"; do
		run tetra --server-address localhost:1 --retries 0 $words
		[ "$status" = 1 ]
		[ "${#lines[@]}" = 1 ]
		[[ $output == *"is tetrad running?"* ]]
	done
}

#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Help of every command: each row of the table has a golden file, and each golden file a row.
load face

# The words of a command as a file name.
help_name() {
	echo "help/${1// /-}"
}

@test "the help of every command is as it was" {
	failed=0
	while read -r command; do
		[ "$command" = __complete ] && continue
		golden "$(help_name "$command")" 0 tetra $command --help || failed=1
	done < <(tetra commands)
	return $failed
}

@test "no golden help is left of a command that is gone" {
	for file in "$GOLDEN"/help/*.txt; do
		name=${file##*/}
		name=${name%.txt}
		tetra commands | tr ' ' - | grep -qx -e "$name" || { echo "$name is no command"; return 1; }
	done
}

@test "tetra help COMMAND says the same as COMMAND --help" {
	while read -r command; do
		[ "$command" = __complete ] && continue
		diff <(tetra help $command) <(tetra $command --help)
	done < <(tetra commands)
	diff <(tetra help tp add) <(tetra tracingpolicy add --help)
}

@test "the overviews are as they were, and fit a screen" {
	golden overview 0 tetra --help
	golden overview-tracingpolicy 0 tetra tp --help
	golden overview-generate 0 tetra tp generate --help
	[ "$(tetra --help | wc -l)" -le 40 ]
	diff <(tetra --help) <(tetra)
	diff <(tetra --help) <(tetra help)
}

@test "no line of help is wider than 80 columns" {
	while read -r command; do
		[ "$command" = __complete ] && continue
		wide=$(tetra help $command | awk 'length > 80')
		[ -z "$wide" ] || { echo "$command: $wide"; return 1; }
	done < <(tetra commands)
}

@test "first words alone are a mistake, told on standard error" {
	run tetra tp
	[ "$status" = 2 ]
	[ -z "$(tetra tp 2>/dev/null)" ]
	[[ $output == *"Commands:"* ]]
}

@test "mistyped commands get a suggestion at every level" {
	golden mistyped 2 tetra statsu
	golden mistyped-below 2 tetra tp lst
	golden mistyped-third 2 tetra tp generate empti
	golden mistyped-flag 2 tetra tp list --detials
	golden unknown-help 2 tetra help zzz
}

@test "what upstream has and this has not is answered with the reason" {
	for words in policytest "pt list" policyfilter "policyfilter dump" cgtracker "completion powershell" \
		"debug dump execve" "dump policyfilter" "debug dump errmetrics"; do
		golden "absent/${words// /-}" 1 tetra $words
	done
}

#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whether each command and flag of upstream's is here, or named with its reason in docs/cli.md.
load face

@test "commands and flags of upstream are here, or their absence has a reason" {
	/usr/bin/python3 "$CLI_SOURCE/tests/cli/upstream.py" "$CLI_BUILD/tetra" "$CLI_SOURCE/tests/cli/upstream_commands.tsv" \
		"$CLI_SOURCE/docs/cli.md"
}

@test "a flag that is neither here nor explained is found, and so is a reason for nothing" {
	printf 'status\t--colour\t\t\nversion\t--build\tc\t\ngetevents\t--output\to\ttext\n' >"$BATS_TEST_TMPDIR/wanted.tsv"
	printf '## What is not here\n| upstream | why |\n|---|---|\n| `frobnicate` | no |\n' >"$BATS_TEST_TMPDIR/cli.md"
	run /usr/bin/python3 "$CLI_SOURCE/tests/cli/upstream.py" "$CLI_BUILD/tetra" "$BATS_TEST_TMPDIR/wanted.tsv" "$BATS_TEST_TMPDIR/cli.md"
	[ "$status" = 1 ]
	[[ $output == *'"status --colour" is upstream'* ]]
	[[ $output == *'"version --build" has the letter "b"'* ]]
	[[ $output == *'"getevents --output" is "json" by default'* ]]
	[[ $output == *'a reason for "frobnicate"'* ]]
}

@test "each command that is refused with a reason is in docs/cli.md" {
	for file in "$GOLDEN"/absent/*.txt; do
		name=$(sed -n 's/^"tetra \(.*\)" is not here.*/\1/p' "$file")
		grep -qF -e "\`$name\`" "$CLI_SOURCE/docs/cli.md" || { echo "$name"; return 1; }
	done
}

#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Manual pages: one for each command that is shown, right for both programs that render them.
load face

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir pages
	tetra man pages
}

@test "each command that is shown has its page, and each page its command" {
	diff <(tetra commands -o json | jq -r 'select(.hidden | not) | "tetra-" + (.command | gsub(" "; "-")) + ".1"' | sort; echo tetra.1) \
		<(ls pages | grep -v '^tetra.1$' | LC_ALL=C sort; echo tetra.1)
}

@test "mandoc finds nothing to warn of" {
	command -v mandoc || skip "needs mandoc"
	mandoc -T lint -W warning pages/*.1 "$CLI_BUILD/tools/tetrad.8"
}

@test "groff renders them without a warning" {
	command -v man || skip "needs man-db"
	for page in pages/*.1 "$CLI_BUILD/tools/tetrad.8"; do
		said=$(man --warnings -E UTF-8 -l -Tutf8 "$page" 2>&1 >/dev/null)
		[ -z "$said" ] || { echo "$page: $said"; return 1; }
	done
}

@test "a page tells all flags of its command" {
	for command in "tracingpolicy list" getevents "policy explain"; do
		man -E UTF-8 -l -Tutf8 "pages/tetra-${command// /-}.1" | sed 's/.\x08//g; s/\x1b\[[0-9;]*m//g' >text
		tetra commands -o json | jq -r --arg name "$command" \
			'select(.command == $name) | .flags[] | select(.hidden | not) | "--" + .name' |
			while read -r flag; do
				grep -qF -e "$flag" text || { echo "$command: no $flag"; return 1; }
			done
	done
}

@test "the page of a command is as it was" {
	golden man-tracingpolicy-add 0 sed '/^\.TH/d' pages/tetra-tracingpolicy-add.1
	golden man-tetra-head 0 sed '1d;12q' pages/tetra.1
}

@test "a folder that is not there is named" {
	golden man-no-folder 1 tetra man /none/such
}

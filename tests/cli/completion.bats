#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Completion, asked of the program itself and of the real shells.
load face

setup() {
	cd "$DATA"
}

# Words of a command line, the last one to be completed; candidates on one line each, without what is said about them.
words() {
	tetra __complete "$@" | cut -f1
}

has_line() {
	grep -qxF -e "$1"
}

@test "the program completes commands, flags, values, files and folders" {
	golden complete-first 0 tetra __complete ""
	golden complete-below 0 tetra __complete tp generate ""
	golden complete-prefix 0 tetra __complete tp d
	golden complete-flags 0 tetra __complete tp list --
	golden complete-value 0 tetra __complete getevents -o ""
	golden complete-value-long 0 tetra __complete getevents --output j
	golden complete-joined 0 tetra __complete getevents --output=j
	golden complete-file 0 tetra __complete policy check ""
	golden complete-file-flag 0 tetra __complete policy check --btf ""
	golden complete-folder 0 tetra __complete man ""
	golden complete-help 0 tetra __complete help tp d
	golden complete-shell 0 tetra __complete completion ""
	golden complete-second 0 tetra __complete --timeout 1s tp set-mode web ""
	golden complete-full 0 tetra __complete tp set-mode web monitor ""
	golden complete-longer 0 tetra __complete probe ""
	golden complete-behind-dashes 0 tetra __complete policy check -- -
	golden complete-behind-boolean 0 tetra __complete --debug tp l
	golden complete-nonsense 0 tetra __complete no such ""
}

@test "every command of the table can be completed word by word" {
	while read -r command; do
		set -- $command
		typed=()
		while [ $# -gt 0 ]; do
			# hidden first words are known and not offered
			[ ${#typed[@]} = 0 ] || words "${typed[@]}" "" | has_line "$1"
			typed+=("$1")
			shift
		done
	done < <(tetra commands | grep -v __complete)
}

@test "names of policies come from the agent; without one there are none, and nothing is said" {
	serve_start
	ask tp add acts.yaml monitors.yaml
	for verb in delete enable disable set-mode; do
		words --server-address "localhost:$SERVE_PORT" tp $verb "" | has_line shadow-writes
		words "--server-address=localhost:$SERVE_PORT" tp $verb c | has_line connections
	done
	! words --server-address "localhost:$SERVE_PORT" tp delete c | has_line shadow-writes
	serve_stop
	[ "$(tetra __complete --server-address localhost:1 tp delete "" 2>/dev/null)" = :4 ]
}

# What bash would offer for these words.
in_bash() {
	bash --norc -c '
		source <(tetra completion bash)
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_tetra
		printf "%s\n" "${COMPREPLY[@]}"' bash "$@"
}

@test "bash" {
	in_bash tetra tp d | has_line delete
	! in_bash tetra tp d | has_line add
	in_bash tetra getevents -o "" | has_line compact
	in_bash tetra getevents --output = j | has_line json
	in_bash tetra getevents --output = | has_line compact
	in_bash tetra policy check act | has_line acts.yaml
	in_bash tetra tp list --det | has_line --details
	[ -z "$(in_bash tetra status "" | tr -d '\n')" ]
	mkdir "$BATS_TEST_TMPDIR/folder"
	touch "$BATS_TEST_TMPDIR/file"
	[ "$(in_bash tetra man "$BATS_TEST_TMPDIR/f")" = "$BATS_TEST_TMPDIR/folder" ]
}

# What fish would offer for this line.
in_fish() {
	HOME=$BATS_TEST_TMPDIR fish --no-config -c 'source (tetra completion fish | psub); complete -C $argv[1]' "$1" | cut -f1
}

@test "fish" {
	command -v fish || skip "needs fish"
	in_fish "tetra tp d" | has_line delete
	! in_fish "tetra tp d" | has_line add
	in_fish "tetra getevents -o " | has_line compact
	in_fish "tetra getevents --output=j" | has_line --output=json
	in_fish "tetra policy check act" | has_line acts.yaml
	in_fish "tetra tp list --det" | has_line --details
	[ -z "$(in_fish "tetra status ")" ]
}

@test "zsh" {
	command -v zsh || skip "needs zsh"
	tetra completion zsh >"$BATS_TEST_TMPDIR/_tetra"
	zsh -n "$BATS_TEST_TMPDIR/_tetra"
	HOME=$BATS_TEST_TMPDIR /usr/bin/python3 "$CLI_SOURCE/tests/cli/in_zsh.py" "$BATS_TEST_TMPDIR" \
		"tetra tp del" "tetra tp delete " \
		"tetra getevents --output com" "tetra getevents --output compact " \
		"tetra policy check act" "tetra policy check acts.yaml " \
		"tetra tp list --det" "tetra tp list --details "
}

@test "no other shell" {
	golden completion-unknown 2 tetra completion tcsh
	golden completion-mistyped 2 tetra completion zhs
}

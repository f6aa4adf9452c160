# SPDX-License-Identifier: Apache-2.0
# What the cases share: the program as people call it, and golden files. A golden file is what a command printed, with
# what differs from run to run replaced; CLI_UPDATE=1 writes it anew instead of comparing.
export LC_ALL=C.UTF-8 NO_COLOR=1 COLUMNS=80
export PATH="$CLI_BUILD:$PATH"
GOLDEN="$CLI_SOURCE/tests/cli/golden"
DATA="$CLI_SOURCE/tests/cli/data"

normalise() {
	sed -E -e "s|$CLI_BUILD|BUILD|" -e 's/\([0-9]+ ?d [0-9:]{8}\)/(AGE)/' \
		-e 's/"version":"[0-9.]+"/"version":"VERSION"/' \
		-e 's/(version: )[0-9]+\.[0-9.]+[^ ]*/\1VERSION/' \
		-e 's/(compiler: ).*/\1COMPILER/' \
		-e 's/localhost:[0-9]{4,5}/localhost:PORT/'
}

# golden NAME STATUS COMMAND...: standard output, then what went to standard error.
golden() {
	local name=$1 wanted=$2 file="$GOLDEN/$1.txt" got status=0
	shift 2
	got=$(mktemp -d "$BATS_TEST_TMPDIR/golden.XXXXXX")
	"$@" >"$got/out" 2>"$got/err" </dev/null || status=$?
	{
		cat "$got/out"
		[ -s "$got/err" ] && { echo '--- standard error'; cat "$got/err"; }
		[ "$status" = 0 ] || echo "--- exit status $status"
	} | normalise >"$got/all"
	[ "$status" = "$wanted" ] || { echo "$name: exit status $status, want $wanted"; cat "$got/all"; return 1; }
	if [ -n "${CLI_UPDATE:-}" ]; then
		mkdir -p "${file%/*}"
		cp "$got/all" "$file"
	fi
	[ -e "$file" ] || { echo "no golden file $name.txt; tests/cli/run BUILD --update writes it"; return 1; }
	diff -u "$file" "$got/all"
}

# A server with made-up policies, of this test alone.
serve_start() {
	mkfifo "$BATS_TEST_TMPDIR/commands"
	"$CLI_BUILD/tests/service/serve" --tcp-may-change localhost:0 <"$BATS_TEST_TMPDIR/commands" >"$BATS_TEST_TMPDIR/answers" 3>&- &
	SERVE=$!
	exec 9>"$BATS_TEST_TMPDIR/commands"
	for _ in $(seq 200); do
		SERVE_PORT=$(sed -n 's/^port \([0-9]*\).*/\1/p' "$BATS_TEST_TMPDIR/answers")
		[ -n "$SERVE_PORT" ] && return
		sleep 0.05
	done
	echo "the server does not begin"
	return 1
}

serve_stop() {
	exec 9>&-
	wait "$SERVE"
}

# tetra, asking that server.
ask() {
	tetra --server-address "localhost:$SERVE_PORT" "$@"
}

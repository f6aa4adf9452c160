# SPDX-License-Identifier: Apache-2.0
# Helpers for the scripts of case files (bash). The variables D, TETRAD, ... come from the runner; see docs/testing.md.

# wait_for SECONDS COMMAND...: polls until COMMAND succeeds; fails when it has not after SECONDS (times $PATIENCE).
wait_for() {
	local deadline=$((SECONDS + $1 * PATIENCE))
	shift
	until "$@"; do
		[ $SECONDS -le $deadline ] || {
			echo "gave up waiting for: $*" >&2
			return 1
		}
		sleep 0.02
	done
}

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

# start_tetrad OPTION...: an agent of the script's own in $D, log in $D/log; sets `tetrad`, its pid. Does not wait.
start_tetrad() {
	"$TETRAD" --health-server-address "" --run-dir "$D/run" --server-address "unix://$D/socket" --tracing-policy-dir "" --export-file-max-size-mb 0 "$@" \
		>"$D/log" 2>&1 </dev/null &
	tetrad=$!
	trap 'kill -9 $tetrad 2>/dev/null || true' EXIT
}

await_ready() {
	wait_for 10 grep -q ready "$D/log"
}

# tp WORD...: tetra tracingpolicy, against the agent of the case or that of start_tetrad.
tp() {
	"$TETRA" --server-address "${SOCKET-unix://$D/socket}" tracingpolicy "$@"
}

# policy_named NAME: a TracingPolicy with what stands below its spec in standard input.
policy_named() {
	printf 'apiVersion: cilium.io/v1alpha1\nkind: TracingPolicy\nmetadata:\n  name: %s\nspec:\n' "$1"
	sed 's/^/  /'
}

# policy_opens NAME FILE: a policy that tells who opens FILE.
policy_opens() {
	policy_named "$1" <<-END
		kprobes:
		- call: sys_openat
		  args: [{index: 1, type: string}]
		  selectors:
		  - matchArgs: [{index: 1, operator: Equal, values: ["$2"]}]
	END
}

# is_listed PATTERN: whether a line of the list of policies has it.
is_listed() {
	tp list | grep -Eq "$1"
}

# is_seen FILE WORD: opens FILE; whether the agent has told it. WORD makes the process known by its arguments.
is_seen() {
	"$A/open_file" "$2" "$1" >/dev/null
	is_told "$2 $1"
}

# is_told ARGUMENTS: whether a call of a process with exactly these arguments is among the events.
is_told() {
	grep -q "process_kprobe.*\"arguments\": *\"$1\"" "$EVENTS"
}

# status_of COMMAND...: prints status=N, for a command that may fail.
status_of() {
	local status=0
	"$@" || status=$?
	echo "status=$status"
}

# The ids of the BPF programs that the whole machine has loaded, one to a line.
bpf_programs() {
	bpftool prog list 2>/dev/null | sed -n 's/^\([0-9]*\): .*/\1/p' | sort
}

# The ids of those that a process holds, by themselves or by their links. Other agents may run on this machine.
programs_of() {
	sed -n 's/^prog_id:[^0-9]*//p' /proc/"$1"/fdinfo/* | sort -u
}

# held_by PID: how many descriptors of which kind a process has, on one line. Programs and maps that nobody else
# holds are gone with them.
held_by() {
	find "/proc/$1/fd" -type l -printf '%l\n' | sed 's/:\[[0-9]*\]$//; s/^anon_inode://; s/^\/.*/file/' | sort |
		uniq -c | tr -s ' \n' ' '
}

# let_open PID N: from now on PID can have N more descriptors than now; `let_open PID many` ends that.
let_open() {
	local limit=-1 left=$2
	[ "$2" != many ] || limit=16383 left=0
	until [ "$left" -lt 0 ]; do
		limit=$((limit + 1))
		[ -e "/proc/$1/fd/$limit" ] || left=$((left - 1))
	done
	prlimit --pid "$1" --nofile=$limit:
}

# refused COMMAND...: for a command that must not start: prints status=N, lines=N and what it said.
refused() {
	local status=0
	timeout $((10 * PATIENCE)) "$@" >"$D/refused" 2>&1 </dev/null || status=$?
	echo "status=$status"
	echo "lines=$(wc -l <"$D/refused")"
	cat "$D/refused"
}

# stream OPTION...: tetra getevents against the shared agent, into $D/stream; returns once the first event arrived.
stream() {
	: >"$D/stream"
	"$TETRA" --server-address "$SOCKET" getevents "$@" >>"$D/stream" 2>"$D/stream.log" </dev/null &
	reader=$!
	trap 'kill $reader 2>/dev/null || true' EXIT
	wait_for 10 pinged || {
		cat "$D/stream.log" >&2
		return 1
	}
}

# A ping is an exec whose event shows that the stream has begun.
pinged() {
	"$A/true" ping
	grep -q ping "$D/stream"
}

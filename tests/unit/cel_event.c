/* SPDX-License-Identifier: Apache-2.0 */
/* Two events, put together from static parts. */
#include "cel_event.h"

static Google__Protobuf__UInt32Value pid = {
	PROTOBUF_C_MESSAGE_INIT(&google__protobuf__uint32_value__descriptor), 4711
};
static Google__Protobuf__UInt32Value uid = {
	PROTOBUF_C_MESSAGE_INIT(&google__protobuf__uint32_value__descriptor), 1000
};
static Google__Protobuf__BoolValue in_init_tree = {
	PROTOBUF_C_MESSAGE_INIT(&google__protobuf__bool_value__descriptor), 1
};
/* 2026-01-31T12:30:45.5Z */
static Google__Protobuf__Timestamp start_time = {
	PROTOBUF_C_MESSAGE_INIT(&google__protobuf__timestamp__descriptor), 1769862645, 500000000
};
static char app[] = "app", web[] = "web", tier[] = "tier", front[] = "front";
static Tetragon__Pod__PodLabelsEntry labels[] = {
	{ PROTOBUF_C_MESSAGE_INIT(&tetragon__pod__pod_labels_entry__descriptor), app, web },
	{ PROTOBUF_C_MESSAGE_INIT(&tetragon__pod__pod_labels_entry__descriptor), tier, front },
};
static Tetragon__Pod__PodLabelsEntry *label_list[] = { &labels[0], &labels[1] };
static Tetragon__CapabilitiesType capabilities[] = { TETRAGON__CAPABILITIES_TYPE__CAP_NET_RAW,
						     TETRAGON__CAPABILITIES_TYPE__CAP_SYS_ADMIN };

static Tetragon__Pod pod = TETRAGON__POD__INIT;
static Tetragon__Capabilities cap = TETRAGON__CAPABILITIES__INIT;
static Tetragon__Process process = TETRAGON__PROCESS__INIT;
static Tetragon__Process parent = TETRAGON__PROCESS__INIT;
static Tetragon__Process ancestor = TETRAGON__PROCESS__INIT;
static Tetragon__Process *ancestors[] = { &ancestor, &parent };

static void fill_processes(void)
{
	pod.namespace_ = (char *)"default";
	pod.name = (char *)"web-0";
	pod.n_pod_labels = 2;
	pod.pod_labels = label_list;
	cap.n_effective = 2;
	cap.effective = capabilities;
	process.pid = &pid;
	process.uid = &uid;
	process.in_init_tree = &in_init_tree;
	process.start_time = &start_time;
	process.binary = (char *)"/usr/bin/curl";
	process.arguments = (char *)"-s https://10.1.2.3/caf\xc3\xa9";
	process.cwd = (char *)"/tmp/\xff\xfe"; /* what is no UTF-8 must harm nobody */
	process.pod = &pod;
	process.cap = &cap;
	process.refcnt = 1;
	parent.binary = (char *)"/bin/bash";
	ancestor.binary = (char *)"/sbin/init";
}

const Tetragon__GetEventsResponse *cel_exec_event(void)
{
	static Tetragon__ProcessExec exec = TETRAGON__PROCESS_EXEC__INIT;
	static Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;

	fill_processes();
	exec.process = &process;
	exec.parent = &parent;
	exec.ancestors = ancestors;
	exec.n_ancestors = 2;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_EXEC;
	event.process_exec = &exec;
	return &event;
}

static Tetragon__KprobeArgument *arguments(void)
{
	static Tetragon__KprobeFile file = TETRAGON__KPROBE_FILE__INIT;
	static Tetragon__KprobeSock sock = TETRAGON__KPROBE_SOCK__INIT;
	static Tetragon__KprobeArgument args[5];

	for (size_t i = 0; i < 5; i++)
		tetragon__kprobe_argument__init(&args[i]);
	file.path = (char *)"/etc/shadow";
	args[0].arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_FILE_ARG;
	args[0].file_arg = &file;
	args[1].arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_INT_ARG;
	args[1].int_arg = -4;
	args[2].arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SIZE_ARG;
	args[2].size_arg = UINT64_MAX;
	sock.saddr = (char *)"10.1.2.3";
	sock.daddr = (char *)"2001:db8::1";
	sock.dport = 443;
	args[3].arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_SOCK_ARG;
	args[3].sock_arg = &sock;
	args[4].arg_case = TETRAGON__KPROBE_ARGUMENT__ARG_BYTES_ARG;
	args[4].bytes_arg = (ProtobufCBinaryData){ 3, (uint8_t *)"a\0b" };
	return args;
}

const Tetragon__GetEventsResponse *cel_kprobe_event(void)
{
	static Tetragon__ProcessKprobe kprobe = TETRAGON__PROCESS_KPROBE__INIT;
	static Tetragon__GetEventsResponse event = TETRAGON__GET_EVENTS_RESPONSE__INIT;
	static Tetragon__KprobeArgument *args[5];
	static char *tags[] = { (char *)"observability.filesystem" };

	fill_processes();
	for (size_t i = 0; i < 5; i++)
		args[i] = arguments() + i;
	kprobe.process = &process;
	kprobe.function_name = (char *)"security_file_permission";
	kprobe.args = args;
	kprobe.n_args = 5;
	kprobe.action = TETRAGON__KPROBE_ACTION__KPROBE_ACTION_SIGKILL;
	kprobe.tags = tags;
	kprobe.n_tags = 1;
	event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE;
	event.process_kprobe = &kprobe;
	return &event;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Events counted by type, process and policy; and the agent's page without a kernel. */
#include "cmocka_case.h"

#include <stdio.h>
#include <string.h>

#include "daemon/agent_metrics_private.h"
#include "sensor/engine_private.h"

#include "run_pipeline.h"

static const struct metrics_row events_row = { "e", METRICS_COUNTER, "",
					       "type namespace workload pod binary node_name",
					       "E" };
static const struct metrics_row policies_row = {
	"p", METRICS_COUNTER, "", "policy hook namespace workload pod binary node_name", "P"
};

/* A call of a hooked function by a process of a pod. */
struct call {
	Tetragon__GetEventsResponse event;
	Tetragon__ProcessKprobe kprobe;
	Tetragon__Process process;
	Tetragon__Pod pod;
};

static void call_fill(struct call *call)
{
	tetragon__get_events_response__init(&call->event);
	tetragon__process_kprobe__init(&call->kprobe);
	tetragon__process__init(&call->process);
	tetragon__pod__init(&call->pod);
	call->event.event_case = TETRAGON__GET_EVENTS_RESPONSE__EVENT_PROCESS_KPROBE;
	call->event.process_kprobe = &call->kprobe;
	call->event.node_name = (char *)"web-1";
	call->kprobe.process = &call->process;
	call->kprobe.policy_name = (char *)"watch";
	call->kprobe.function_name = (char *)"fd_install";
	call->process.binary = (char *)"/bin/cat";
	call->process.pod = &call->pod;
	call->pod.namespace_ = (char *)"shop";
	call->pod.workload = (char *)"web";
	call->pod.name = (char *)"web-77";
}

static void assert_shown(const struct metrics_family *family, const struct metrics_row *row,
			 const char *wanted)
{
	struct metrics_page page = {};

	metrics_page_begin(&page, row);
	buf_reset(&page.text);
	metrics_family_write(family, &page);
	assert_string_equal(buf_text(&page.text), wanted);
	buf_done(&page.text);
}

static void shows_only_labels_that_are_wanted(void **state)
{
	static const struct {
		bool shows[METERS_LABELS];
		const char *labels;
	} rows[] = {
		{ {}, "namespace=\"\",workload=\"\",pod=\"\",binary=\"\",node_name=\"\"" },
		{ { [METERS_BINARY] = true },
		  "namespace=\"\",workload=\"\",pod=\"\",binary=\"/bin/cat\",node_name=\"\"" },
		{ { true, true, true, true, true },
		  "namespace=\"shop\",workload=\"web\",pod=\"web-77\",binary=\"/bin/cat\",node_name=\"web-1\"" },
	};
	struct call call;

	call_fill(&call);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct meters meters = {};
		char wanted[256];

		memcpy(meters.shows, rows[i].shows, sizeof(meters.shows));
		assert_int_equal(meters_init(&meters, true), 0);
		meters_note_event(&meters, &call.event);
		meters_note_event(&meters, &call.event);
		snprintf(wanted, sizeof(wanted), "e{type=\"PROCESS_KPROBE\",%s} 2\n",
			 rows[i].labels);
		assert_shown(meters.events, &events_row, wanted);
		snprintf(wanted, sizeof(wanted),
			 "p{policy=\"watch\",hook=\"kprobe:fd_install\",%s} 2\n", rows[i].labels);
		assert_shown(meters.policies, &policies_row, wanted);
		meters_done(&meters);
	}
}

static void counts_nothing_by_labels_when_told_so(void **state)
{
	struct meters meters = {};
	struct call call;

	call_fill(&call);
	assert_int_equal(meters_init(&meters, false), 0);
	meters_note_event(&meters, &call.event);
	assert_int_equal(meters.missing_process, 0);
	call.process.binary = (char *)""; /* nothing is known but its number */
	meters_note_event(&meters, &call.event);
	call.kprobe.process = NULL;
	meters_note_event(&meters, &call.event);
	assert_null(meters.events);
	assert_int_equal(meters.missing_process, 2);
	meters_done(&meters);
}

static void bounds_the_number_of_binaries(void **state)
{
	struct meters meters = { .shows = { [METERS_BINARY] = true } };
	char binary[32];
	struct call call;

	call_fill(&call);
	call.process.binary = binary;
	assert_int_equal(meters_init(&meters, true), 0);
	for (int i = 0; i < METERS_SETS_MAX + 100; i++) {
		snprintf(binary, sizeof(binary), "/tmp/%d", i);
		meters_note_event(&meters, &call.event);
	}
	assert_int_equal(metrics_family_count(meters.events), METERS_SETS_MAX);
	assert_int_equal(metrics_family_overflowed(meters.events), 100);
	assert_int_equal(metrics_family_overflowed(meters.policies), 100);
	meters_done(&meters);
}

/* ---- the page
 * --------------------------------------------------------------------------------------- */

struct page_run {
	struct run run;
	struct agent_metrics *metrics;
	struct engine *engine;
	struct service *service;
	struct metrics_page page;
};

static void page_start(struct page_run *run)
{
	static const char *const labels[] = { "binary" };
	const struct option_list list = { (const char **)labels, 1 };
	const struct agent_metrics_sources sources = {
		.pipeline = &run->run.pipeline,
		.engine = &run->engine,
		.service = &run->service,
	};
	const struct agent_metrics_options options = {
		.address = "", .with_events = true, .with_latency = true, .labels = &list
	};
	_cleanup_diag_ struct diag diag = {};

	assert_int_equal(run_init(&run->run, 64), 0);
	assert_int_equal(agent_metrics_new(&run->metrics, NULL, &sources, &options, &diag), 0);
}

static const char *page_make(struct page_run *run)
{
	buf_reset(&run->page.text);
	agent_metrics_make(run->metrics, &run->page);
	return buf_text(&run->page.text);
}

static void page_end(struct page_run *run)
{
	agent_metrics_free(run->metrics);
	assert_null(run->run.pipeline.meters);
	run_done(&run->run);
	buf_done(&run->page.text);
}

static void has_every_row_once(void **state)
{
	static struct page_run run;
	const char *page;

	run = (struct page_run){};
	page_start(&run);
	page = page_make(&run);
	for (size_t i = 0; i < agent_metrics_count(); i++) {
		const struct metrics_row *row = agent_metrics_get_row(i);
		char line[256];
		const char *first;

		snprintf(line, sizeof(line), "# TYPE %s %s\n", row->name,
			 metrics_kind_name(row->kind));
		first = strstr(page, line);
		assert_non_null(first);
		assert_null(strstr(first + 1, line));
	}
	page_end(&run);
}

/* OpenMetrics: the unit ends the name, and only counters of ours end in _total. */
static void names_rows_as_openmetrics_wants(void **state)
{
	for (size_t i = 0; i < agent_metrics_count(); i++) {
		const struct metrics_row *row = agent_metrics_get_row(i);
		bool is_counter = !strcmp(metrics_kind_name(row->kind), "counter");
		const char *total = strstr(row->name, "_total");
		char wanted[64];

		assert_true(row->help[0] && row->help[strlen(row->help) - 1] != '.');
		if (is_counter)
			assert_true(total && !total[strlen("_total")]);
		else if (!strstr(row->name, "tetragon_map_errors_")) /* upstream's gauges */
			assert_null(total);
		if (!row->unit[0])
			continue;
		snprintf(wanted, sizeof(wanted), "_%s%s", row->unit, is_counter ? "_total" : "");
		assert_string_equal(row->name + strlen(row->name) - strlen(wanted), wanted);
	}
}

static void shows_what_went_through_the_line(void **state)
{
	static const char *const wanted[] = {
		"tetragon_msg_op_total{msg_op=\"5\"} 1\n",
		"tetragon_msg_op_total{msg_op=\"7\"} 1\n",
		"tetragon_msg_op_total{msg_op=\"13\"} 1\n",
		"tetragon_handler_errors_total{opcode=\"13\",error=\"event_handler_failed\"} 1\n",
		"tetragon_handler_errors_total{opcode=\"0\",error=\"unknown_opcode\"} 1\n",
		"tetragon_process_cache_misses_total{operation=\"get\"} 1\n",
		"tetragon_process_cache_misses_total{operation=\"remove\"} 1\n",
		"tetragon_handling_latency_count{op=\"5\"} 1\n",
		"tetragon_observer_ringbuf_events_received_total 4\n",
		"tetragon_events_total{type=\"PROCESS_EXEC\",namespace=\"\",workload=\"\",pod=\"\",binary=\"/bin/sh\",node_name=\"\"} 1\n",
		"tetragon_flags_total{type=\"execve\"} 1\n",
		"tetrad_metrics_label_sets{metric=\"tetragon_events_total\"} 2\n",
		"tetrad_metrics_samples_left_out 0\n",
	};
	const struct made_texts texts = { .filename = SPAN("/bin/sh"), .binary = SPAN("/bin/sh") };
	static struct page_run run;
	const char *page;

	run = (struct page_run){};
	page_start(&run);
	run_exec(&run.run, process_id(5, 50), process_id(0, 1), process_id(0, 0), &texts);
	run_exit(&run.run, process_id(9, 90), 0);
	run_call(&run.run, process_id(9, 90));
	pipeline_on_record(&run.run.pipeline, "short", 5);
	page = page_make(&run);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (!strstr(page, wanted[i]))
			fail_msg("no %s in:\n%s", wanted[i], page);
	}
	page_end(&run);
}

/* In: a set of labels, and for how many seconds it was not counted. Out: what is left of it after a
 * minute's look. The only policy that there is, is "watch". */
static const struct {
	const char *pod, *policy;
	uint32_t silent_seconds;
	bool is_tight; /* the room is used up to two thirds by others */
	bool stays_as_event, stays_of_policy;
} expiries[] = {
	{ "", "watch", 0, false, true, true },
	{ "", "watch", 100000, false, true, true },
	{ "web-77", "watch", 500, false, true, true },
	{ "web-77", "watch", 700, false, false, false },
	{ "", "watch", 3500, true, true, true },
	{ "", "watch", 3700, true, false, false },
	{ "", "gone", 30, false, true, true },
	{ "", "gone", 90, false, true, false },
	{ "web-77", "gone", 90, false, true, false },
	{ "web-77", "gone", 0, true, true, true },
};

/* Sets that were counted SILENT_SECONDS ago. */
static void expiry_note(struct agent_metrics *metrics, struct call *call, int sets,
			uint32_t silent_seconds)
{
	uint32_t now = metrics->meters.now;
	char binary[32];

	call->process.binary = binary;
	metrics->meters.now = now - silent_seconds;
	for (int i = 0; i < sets; i++) {
		snprintf(binary, sizeof(binary), "/%u/%d", silent_seconds, i);
		meters_note_event(&metrics->meters, &call->event);
	}
	metrics->meters.now = now;
}

static void sets_that_say_nothing_any_more_make_way(void **state)
{
	struct engine_policy watch = { .name = "watch" };
	struct engine engine = { .policies = &watch };

	for (size_t i = 0; i < COUNT(expiries); i++) {
		size_t others = expiries[i].is_tight ? METERS_SETS_MAX / 3 * 2 : 0;
		struct page_run run = { .engine = &engine };
		size_t events, policies;
		struct call call;

		page_start(&run);
		run.metrics->meters.shows[METERS_POD] = true;
		call_fill(&call);
		call.pod.name = (char *)"";
		expiry_note(run.metrics, &call, (int)others, 1);
		call.pod.name = (char *)expiries[i].pod;
		call.kprobe.policy_name = (char *)expiries[i].policy;
		expiry_note(run.metrics, &call, 1, expiries[i].silent_seconds);
		for (int tick = 0; tick < 60; tick++)
			agent_metrics_tick(run.metrics);
		events = metrics_family_count(run.metrics->meters.events) - others;
		policies = metrics_family_count(run.metrics->meters.policies) - others;
		if (events != expiries[i].stays_as_event || policies != expiries[i].stays_of_policy)
			fail_msg("row %zu: %zu, %zu", i, events, policies);
		page_end(&run);
	}
}

static void refuses_labels_that_there_are_not(void **state)
{
	static const char *const labels[] = { "binary", "bniary" };
	const struct option_list good = { (const char **)labels, 1 };
	const struct option_list bad = { (const char **)labels, 2 };
	_cleanup_diag_ struct diag diag = {};

	assert_true(agent_metrics_check_labels(&good, &diag));
	assert_false(agent_metrics_check_labels(&bad, &diag));
	assert_string_equal(
		buf_text(&diag.text),
		"unknown label \"bniary\" for --metrics-label-filter; did you mean \"binary\"; it takes namespace, workload, pod, binary and node_name\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_only_labels_that_are_wanted),
		cmocka_unit_test(counts_nothing_by_labels_when_told_so),
		cmocka_unit_test(bounds_the_number_of_binaries),
		cmocka_unit_test(has_every_row_once),
		cmocka_unit_test(names_rows_as_openmetrics_wants),
		cmocka_unit_test(shows_what_went_through_the_line),
		cmocka_unit_test(sets_that_say_nothing_any_more_make_way),
		cmocka_unit_test(refuses_labels_that_there_are_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

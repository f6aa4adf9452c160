/* SPDX-License-Identifier: Apache-2.0 */
/* The table of methods against the .proto files, and the descriptors that reflection reads. */
#include "cmocka_case.h"

#include <string.h>

#include <descriptors.h>
#include <grpc/health/v1/health.pb-c.h>
#include <grpc/reflection/v1/reflection.pb-c.h>
#include <grpc/reflection/v1alpha/reflection.pb-c.h>
#include <tetragon/eventlogservice.pb-c.h>

#include "service/descriptor_set.h"
#include "service/service_private.h"

static const ProtobufCServiceDescriptor *const services[] = {
	&tetragon__fine_guidance_sensors__descriptor,
	&tetragon__event_log_service__descriptor,
	&grpc__health__v1__health__descriptor,
	&grpc__reflection__v1__server_reflection__descriptor,
	&grpc__reflection__v1alpha__server_reflection__descriptor,
};

static void assert_one_row(const ProtobufCServiceDescriptor *service,
			   const ProtobufCMethodDescriptor *method)
{
	unsigned int rows = 0;

	for (size_t i = 0; i < service_methods_count; i++) {
		const struct service_method *row = &service_methods[i];

		if (strcmp(row->name, method->name) || strcmp(row->service, service->name))
			continue;
		rows++;
		assert_true(!row->answer == !!row->instead);
		if (row->answer && !row->takes_stream)
			assert_ptr_equal(row->request, method->input);
	}
	assert_int_equal(rows, 1);
}

static void every_method_of_the_api_has_one_row(void **state)
{
	size_t count = 0;

	for (size_t i = 0; i < COUNT(services); i++) {
		for (unsigned int j = 0; j < services[i]->n_methods; j++)
			assert_one_row(services[i], &services[i]->methods[j]);
		count += services[i]->n_methods;
	}
	assert_int_equal(service_methods_count, count);
}

/* Who may only read must not be able to change anything by a method that was added later. */
static void methods_that_change_need_the_role(void **state)
{
	static const char *const readers[] = { "Get", "List", "Check", "Watch",
					       "ServerReflection" };

	for (size_t i = 0; i < service_methods_count; i++) {
		const struct service_method *row = &service_methods[i];
		bool is_reader = false;

		for (size_t j = 0; j < COUNT(readers); j++)
			is_reader |= strncmp(row->name, readers[j], strlen(readers[j])) == 0;
		assert_int_equal(row->role, is_reader ? SERVICE_READ : SERVICE_CHANGE);
	}
}

static struct span all_descriptors(void)
{
	return (struct span){ (const char *)proto_descriptors, proto_descriptors_bytes };
}

/* FileDescriptorProto begins with field 1, its name. */
static void assert_file(struct span file, const char *name)
{
	if (!name) {
		assert_null(file.data);
		return;
	}
	assert_non_null(file.data);
	assert_int_equal(file.data[1], strlen(name));
	assert_memory_equal(file.data + 2, name, strlen(name));
}

static void symbols_lead_to_their_files(void **state)
{
	static const struct {
		const char *symbol;
		const char *file;
	} cases[] = {
		{ "tetragon.FineGuidanceSensors", "tetragon/sensors.proto" },
		{ "tetragon.FineGuidanceSensors.GetEvents", "tetragon/sensors.proto" },
		{ "tetragon.FineGuidanceSensors.GetEvent", NULL },
		{ "tetragon.FineGuidanceSensors.", NULL },
		{ "tetragon.GetInfoResponse.BuildInfo.commit", "tetragon/sensors.proto" },
		{ "tetragon.EventType", "tetragon/events.proto" },
		{ "tetragon.PROCESS_EXEC", "tetragon/events.proto" },
		{ "grpc.health.v1.Health", "grpc/health/v1/health.proto" },
		{ "tetragon", NULL },
		{ "tetragon.", NULL },
		{ "", NULL },
		{ ".", NULL },
		{ "tetragonx.Process", NULL },
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		assert_file(descriptor_set_find_symbol(all_descriptors(), cases[i].symbol),
			    cases[i].file);
}

static void files_are_found_by_their_whole_name(void **state)
{
	assert_file(descriptor_set_find_file(all_descriptors(), "tetragon/events.proto"),
		    "tetragon/events.proto");
	assert_file(descriptor_set_find_file(all_descriptors(), "events.proto"), NULL);
	assert_file(descriptor_set_find_file(all_descriptors(), ""), NULL);
}

/* Each way to cut the set short must end, and read nothing behind its end (sanitizers look). */
static void broken_descriptors_have_nothing(void **state)
{
	for (size_t bytes = 0; bytes < 2000; bytes++) {
		char *cut = malloc(bytes + 1);

		assert_non_null(cut);
		memcpy(cut, proto_descriptors, bytes);
		assert_null(descriptor_set_find_file((struct span){ cut, bytes }, "none").data);
		assert_null(descriptor_set_find_symbol((struct span){ cut, bytes },
						       "grpc.health.v1.Nothing")
				    .data);
		free(cut);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_method_of_the_api_has_one_row),
		cmocka_unit_test(methods_that_change_need_the_role),
		cmocka_unit_test(symbols_lead_to_their_files),
		cmocka_unit_test(files_are_found_by_their_whole_name),
		cmocka_unit_test(broken_descriptors_have_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

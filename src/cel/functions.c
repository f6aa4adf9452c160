/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of all functions. Rows of one name stand together, because they are tried one after the
 * other; where two fit, the first one is taken.
 */
#include "cel/calls.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#define GLOBAL(name, call, result, ...) { name, CEL_GLOBAL, { __VA_ARGS__ }, result, call, false, 0 }
#define METHOD(name, call, result, ...) { name, CEL_METHOD, { __VA_ARGS__ }, result, call, false, 0 }
#define STRICT(name, call, result, ...) { name, CEL_GLOBAL, { __VA_ARGS__ }, result, call, true, 0 }
#define SEARCH(name, style, call, result, ...) { name, style, { __VA_ARGS__ }, result, call, false, 1 }
#define ORDERED(name, call)                                              \
	GLOBAL(name, call, CEL_BOOL, CEL_NUMBER, CEL_NUMBER),            \
	GLOBAL(name, call, CEL_BOOL, CEL_STRING, CEL_STRING),            \
	GLOBAL(name, call, CEL_BOOL, CEL_BYTES, CEL_BYTES),              \
	GLOBAL(name, call, CEL_BOOL, CEL_BOOL, CEL_BOOL),                \
	GLOBAL(name, call, CEL_BOOL, CEL_TIMESTAMP, CEL_TIMESTAMP),      \
	GLOBAL(name, call, CEL_BOOL, CEL_DURATION, CEL_DURATION)
#define DATE(name, call)                                                 \
	METHOD(name, call, CEL_INT, CEL_TIMESTAMP),                      \
	METHOD(name, call, CEL_INT, CEL_TIMESTAMP, CEL_STRING)
#define CHOICE(name, call)                                               \
	GLOBAL(name, call, CEL_NUMBER, CEL_NUMBER),                      \
	GLOBAL(name, call, CEL_NUMBER, CEL_LIST_NUMBER),                 \
	GLOBAL(name, call, CEL_NUMBER, CEL_NUMBER, CEL_NUMBER),          \
	GLOBAL(name, call, CEL_NUMBER, CEL_NUMBER, CEL_NUMBER, CEL_NUMBER), \
	GLOBAL(name, call, CEL_NUMBER, CEL_NUMBER, CEL_NUMBER, CEL_NUMBER, CEL_NUMBER)

static const struct cel_function functions[] = {
	/* operators */
	GLOBAL("!_", cel_not, CEL_BOOL, CEL_BOOL),
	GLOBAL("-_", cel_negate_int, CEL_INT, CEL_INT),
	GLOBAL("-_", cel_negate_double, CEL_DOUBLE, CEL_DOUBLE),
	GLOBAL("_+_", cel_add_ints, CEL_INT, CEL_INT, CEL_INT),
	GLOBAL("_+_", cel_add_uints, CEL_UINT, CEL_UINT, CEL_UINT),
	GLOBAL("_+_", cel_add_doubles, CEL_DOUBLE, CEL_DOUBLE, CEL_DOUBLE),
	GLOBAL("_+_", cel_concatenate_texts, CEL_STRING, CEL_STRING, CEL_STRING),
	GLOBAL("_+_", cel_concatenate_texts, CEL_BYTES, CEL_BYTES, CEL_BYTES),
	GLOBAL("_+_", cel_concatenate_lists, CEL_LIST_A, CEL_LIST_A, CEL_LIST_A),
	GLOBAL("_+_", cel_add_times, CEL_TIMESTAMP, CEL_TIMESTAMP, CEL_DURATION),
	GLOBAL("_+_", cel_add_times, CEL_TIMESTAMP, CEL_DURATION, CEL_TIMESTAMP),
	GLOBAL("_+_", cel_add_times, CEL_DURATION, CEL_DURATION, CEL_DURATION),
	GLOBAL("_-_", cel_subtract_ints, CEL_INT, CEL_INT, CEL_INT),
	GLOBAL("_-_", cel_subtract_uints, CEL_UINT, CEL_UINT, CEL_UINT),
	GLOBAL("_-_", cel_subtract_doubles, CEL_DOUBLE, CEL_DOUBLE, CEL_DOUBLE),
	GLOBAL("_-_", cel_subtract_times, CEL_DURATION, CEL_TIMESTAMP, CEL_TIMESTAMP),
	GLOBAL("_-_", cel_subtract_times, CEL_TIMESTAMP, CEL_TIMESTAMP, CEL_DURATION),
	GLOBAL("_-_", cel_subtract_times, CEL_DURATION, CEL_DURATION, CEL_DURATION),
	GLOBAL("_*_", cel_multiply_ints, CEL_INT, CEL_INT, CEL_INT),
	GLOBAL("_*_", cel_multiply_uints, CEL_UINT, CEL_UINT, CEL_UINT),
	GLOBAL("_*_", cel_multiply_doubles, CEL_DOUBLE, CEL_DOUBLE, CEL_DOUBLE),
	GLOBAL("_/_", cel_divide_ints, CEL_INT, CEL_INT, CEL_INT),
	GLOBAL("_/_", cel_divide_uints, CEL_UINT, CEL_UINT, CEL_UINT),
	GLOBAL("_/_", cel_divide_doubles, CEL_DOUBLE, CEL_DOUBLE, CEL_DOUBLE),
	GLOBAL("_%_", cel_modulo_ints, CEL_INT, CEL_INT, CEL_INT),
	GLOBAL("_%_", cel_modulo_uints, CEL_UINT, CEL_UINT, CEL_UINT),
	GLOBAL("_==_", cel_equal, CEL_BOOL, CEL_A, CEL_A),
	GLOBAL("_!=_", cel_not_equal, CEL_BOOL, CEL_A, CEL_A),
	ORDERED("_<_", cel_less),
	ORDERED("_<=_", cel_less_equal),
	ORDERED("_>_", cel_more),
	ORDERED("_>=_", cel_more_equal),
	GLOBAL("in", cel_in_list, CEL_BOOL, CEL_A, CEL_LIST_A),
	GLOBAL("in", cel_in_map, CEL_BOOL, CEL_A, CEL_MAP_AB),
	GLOBAL("_[_]", cel_index_list, CEL_A, CEL_LIST_A, CEL_NUMBER),
	GLOBAL("_[_]", cel_index_map, CEL_B, CEL_MAP_AB, CEL_A),

	/* sizes */
	GLOBAL("size", cel_size_text, CEL_INT, CEL_STRING),
	GLOBAL("size", cel_size_text, CEL_INT, CEL_BYTES),
	GLOBAL("size", cel_size_items, CEL_INT, CEL_LIST_A),
	GLOBAL("size", cel_size_items, CEL_INT, CEL_MAP_AB),
	METHOD("size", cel_size_text, CEL_INT, CEL_STRING),
	METHOD("size", cel_size_text, CEL_INT, CEL_BYTES),
	METHOD("size", cel_size_items, CEL_INT, CEL_LIST_A),
	METHOD("size", cel_size_items, CEL_INT, CEL_MAP_AB),

	/* conversions */
	GLOBAL("int", cel_to_int, CEL_INT, CEL_NUMBER),
	STRICT("int", cel_to_int, CEL_INT, CEL_STRING),
	GLOBAL("int", cel_to_int, CEL_INT, CEL_TIMESTAMP),
	GLOBAL("uint", cel_to_uint, CEL_UINT, CEL_NUMBER),
	STRICT("uint", cel_to_uint, CEL_UINT, CEL_STRING),
	GLOBAL("double", cel_to_double, CEL_DOUBLE, CEL_NUMBER),
	STRICT("double", cel_to_double, CEL_DOUBLE, CEL_STRING),
	GLOBAL("string", cel_to_string, CEL_STRING, CEL_STRING),
	GLOBAL("string", cel_to_string, CEL_STRING, CEL_BYTES),
	GLOBAL("string", cel_to_string, CEL_STRING, CEL_NUMBER),
	GLOBAL("string", cel_to_string, CEL_STRING, CEL_BOOL),
	GLOBAL("string", cel_to_string, CEL_STRING, CEL_TIMESTAMP),
	GLOBAL("string", cel_to_string, CEL_STRING, CEL_DURATION),
	GLOBAL("string", cel_to_string, CEL_STRING, CEL_IP),
	GLOBAL("string", cel_to_string, CEL_STRING, CEL_CIDR),
	GLOBAL("bytes", cel_to_bytes, CEL_BYTES, CEL_STRING),
	GLOBAL("bytes", cel_to_bytes, CEL_BYTES, CEL_BYTES),
	GLOBAL("bool", cel_to_bool, CEL_BOOL, CEL_BOOL),
	STRICT("bool", cel_to_bool, CEL_BOOL, CEL_STRING),
	GLOBAL("dyn", cel_same, CEL_ANY, CEL_ANY),
	GLOBAL("type", cel_type_of, CEL_TYPE, CEL_ANY),
	STRICT("timestamp", cel_to_timestamp, CEL_TIMESTAMP, CEL_STRING),
	STRICT("timestamp", cel_to_timestamp, CEL_TIMESTAMP, CEL_INT),
	GLOBAL("timestamp", cel_to_timestamp, CEL_TIMESTAMP, CEL_TIMESTAMP),
	STRICT("duration", cel_to_duration, CEL_DURATION, CEL_STRING),
	GLOBAL("duration", cel_to_duration, CEL_DURATION, CEL_DURATION),

	/* times */
	DATE("getFullYear", cel_get_full_year),
	DATE("getMonth", cel_get_month),
	DATE("getDate", cel_get_date),
	DATE("getDayOfMonth", cel_get_day_of_month),
	DATE("getDayOfWeek", cel_get_day_of_week),
	DATE("getDayOfYear", cel_get_day_of_year),
	DATE("getHours", cel_get_hours),
	METHOD("getHours", cel_get_hours_of_duration, CEL_INT, CEL_DURATION),
	DATE("getMinutes", cel_get_minutes),
	METHOD("getMinutes", cel_get_minutes_of_duration, CEL_INT, CEL_DURATION),
	DATE("getSeconds", cel_get_seconds),
	METHOD("getSeconds", cel_get_seconds_of_duration, CEL_INT, CEL_DURATION),
	DATE("getMilliseconds", cel_get_milliseconds),
	METHOD("getMilliseconds", cel_get_milliseconds_of_duration, CEL_INT, CEL_DURATION),

	/* strings */
	METHOD("contains", cel_contains, CEL_BOOL, CEL_STRING, CEL_STRING),
	METHOD("startsWith", cel_starts_with, CEL_BOOL, CEL_STRING, CEL_STRING),
	METHOD("endsWith", cel_ends_with, CEL_BOOL, CEL_STRING, CEL_STRING),
	METHOD("charAt", cel_char_at, CEL_STRING, CEL_STRING, CEL_INT),
	METHOD("indexOf", cel_index_of, CEL_INT, CEL_STRING, CEL_STRING),
	METHOD("indexOf", cel_index_of, CEL_INT, CEL_STRING, CEL_STRING, CEL_INT),
	METHOD("indexOf", cel_list_index_of, CEL_INT, CEL_LIST_A, CEL_A),
	METHOD("lastIndexOf", cel_last_index_of, CEL_INT, CEL_STRING, CEL_STRING),
	METHOD("lastIndexOf", cel_last_index_of, CEL_INT, CEL_STRING, CEL_STRING, CEL_INT),
	METHOD("lastIndexOf", cel_list_last_index_of, CEL_INT, CEL_LIST_A, CEL_A),
	METHOD("substring", cel_substring, CEL_STRING, CEL_STRING, CEL_INT),
	METHOD("substring", cel_substring, CEL_STRING, CEL_STRING, CEL_INT, CEL_INT),
	METHOD("lowerAscii", cel_lower_ascii, CEL_STRING, CEL_STRING),
	METHOD("upperAscii", cel_upper_ascii, CEL_STRING, CEL_STRING),
	METHOD("trim", cel_trim, CEL_STRING, CEL_STRING),
	METHOD("replace", cel_replace, CEL_STRING, CEL_STRING, CEL_STRING, CEL_STRING),
	METHOD("replace", cel_replace, CEL_STRING, CEL_STRING, CEL_STRING, CEL_STRING, CEL_INT),
	METHOD("split", cel_split, CEL_LIST_STRING, CEL_STRING, CEL_STRING),
	METHOD("split", cel_split, CEL_LIST_STRING, CEL_STRING, CEL_STRING, CEL_INT),
	METHOD("join", cel_join, CEL_STRING, CEL_LIST_STRING),
	METHOD("join", cel_join, CEL_STRING, CEL_LIST_STRING, CEL_STRING),
	METHOD("reverse", cel_reverse_text, CEL_STRING, CEL_STRING),
	METHOD("format", cel_format, CEL_STRING, CEL_STRING, CEL_LIST_ANY),
	GLOBAL("strings.quote", cel_quote, CEL_STRING, CEL_STRING),

	/* regular expressions */
	SEARCH("matches", CEL_GLOBAL, cel_matches, CEL_BOOL, CEL_STRING, CEL_STRING),
	SEARCH("matches", CEL_METHOD, cel_matches, CEL_BOOL, CEL_STRING, CEL_STRING),
	SEARCH("find", CEL_METHOD, cel_find, CEL_STRING, CEL_STRING, CEL_STRING),
	SEARCH("findAll", CEL_METHOD, cel_find_all, CEL_LIST_STRING, CEL_STRING, CEL_STRING),
	SEARCH("findAll", CEL_METHOD, cel_find_all, CEL_LIST_STRING, CEL_STRING, CEL_STRING, CEL_INT),

	/* lists and sets */
	METHOD("isSorted", cel_is_sorted, CEL_BOOL, CEL_LIST_A),
	METHOD("sum", cel_sum, CEL_A, CEL_LIST_A),
	METHOD("min", cel_min, CEL_A, CEL_LIST_A),
	METHOD("max", cel_max, CEL_A, CEL_LIST_A),
	GLOBAL("sets.contains", cel_sets_contains, CEL_BOOL, CEL_LIST_A, CEL_LIST_A),
	GLOBAL("sets.equivalent", cel_sets_equivalent, CEL_BOOL, CEL_LIST_A, CEL_LIST_A),
	GLOBAL("sets.intersects", cel_sets_intersects, CEL_BOOL, CEL_LIST_A, CEL_LIST_A),
	CHOICE("math.greatest", cel_greatest),
	CHOICE("math.least", cel_least),

	/* addresses */
	STRICT("ip", cel_to_ip, CEL_IP, CEL_STRING),
	METHOD("ip", cel_cidr_ip, CEL_IP, CEL_CIDR),
	GLOBAL("isIP", cel_is_ip, CEL_BOOL, CEL_STRING),
	STRICT("ip.isCanonical", cel_ip_is_canonical, CEL_BOOL, CEL_STRING),
	METHOD("family", cel_ip_family, CEL_INT, CEL_IP),
	METHOD("isUnspecified", cel_ip_is_unspecified, CEL_BOOL, CEL_IP),
	METHOD("isLoopback", cel_ip_is_loopback, CEL_BOOL, CEL_IP),
	METHOD("isLinkLocalMulticast", cel_ip_is_link_local_multicast, CEL_BOOL, CEL_IP),
	METHOD("isLinkLocalUnicast", cel_ip_is_link_local_unicast, CEL_BOOL, CEL_IP),
	METHOD("isGlobalUnicast", cel_ip_is_global_unicast, CEL_BOOL, CEL_IP),
	STRICT("cidr", cel_to_cidr, CEL_CIDR, CEL_STRING),
	GLOBAL("isCIDR", cel_is_cidr, CEL_BOOL, CEL_STRING),
	METHOD("containsIP", cel_cidr_contains_ip, CEL_BOOL, CEL_CIDR, CEL_STRING),
	METHOD("containsIP", cel_cidr_contains_ip, CEL_BOOL, CEL_CIDR, CEL_IP),
	METHOD("containsCIDR", cel_cidr_contains_cidr, CEL_BOOL, CEL_CIDR, CEL_STRING),
	METHOD("containsCIDR", cel_cidr_contains_cidr, CEL_BOOL, CEL_CIDR, CEL_CIDR),
	METHOD("masked", cel_cidr_masked, CEL_CIDR, CEL_CIDR),
	METHOD("prefixLength", cel_cidr_prefix_length, CEL_INT, CEL_CIDR),
};
/* clang-format on */

/* Functions of upstream's libraries for which events have no use. */
static const char *const absent[] = {
	"url",		 "isURL",	  "quantity",	   "isQuantity",
	"semver",	 "isSemver",	  "cel.bind",	   "optional.of",
	"optional.none", "base64.encode", "base64.decode", "format.named",
};

const struct cel_function *cel_function_at(size_t i)
{
	return i < COUNT(functions) ? &functions[i] : NULL;
}

unsigned int cel_function_arity(const struct cel_function *function)
{
	unsigned int count = 0;

	while (count < CEL_ARGUMENTS_MAX && function->arguments[count] != CEL_NOTHING)
		count++;
	return count;
}

static bool has_name(const struct cel_function *function, struct span name)
{
	return strlen(function->name) == name.bytes &&
	       memcmp(function->name, name.data, name.bytes) == 0;
}

/* The first row from FUNCTION on that NODE may mean, as long as rows have its name. */
static const struct cel_function *search(const struct cel_function *function,
					 const struct cel_node *node)
{
	enum cel_style style = node->kind == CEL_NODE_METHOD ? CEL_METHOD : CEL_GLOBAL;

	for (; function < functions + COUNT(functions) && has_name(function, node->name);
	     function++) {
		if (function->style == style && cel_function_arity(function) == node->count)
			return function;
	}
	return NULL;
}

const struct cel_function *cel_function_first(const struct cel_node *node)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		if (has_name(&functions[i], node->name))
			return search(&functions[i], node);
	}
	return NULL;
}

const struct cel_function *cel_function_next(const struct cel_function *function,
					     const struct cel_node *node)
{
	return search(function + 1, node);
}

bool cel_function_takes(const struct cel_function *function, const struct cel_value *arguments,
			uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (!cel_pattern_takes_value(function->arguments[i], &arguments[i]))
			return false;
	}
	return true;
}

/* Operators have a character that no name has, but for "in", which no function can be named. */
bool cel_function_is_operator(struct span name)
{
	for (size_t i = 0; i < name.bytes; i++) {
		if (strchr("!+-*/%=<>[", name.data[i]))
			return true;
	}
	return name.bytes == 2 && memcmp(name.data, "in", 2) == 0;
}

struct span cel_function_word(struct span name)
{
	if (name.bytes == 4 && memcmp(name.data, "_[_]", 4) == 0)
		return span_of("[]");
	if (!cel_function_is_operator(name) || name.data[name.bytes - 1] != '_')
		return name;
	if (name.data[0] == '_') {
		name.data++;
		name.bytes--;
	}
	name.bytes--;
	return name;
}

bool cel_function_is_namespace(struct span name)
{
	for (size_t i = 0; i < COUNT(functions); i++) {
		if (strncmp(functions[i].name, name.data, name.bytes) == 0 &&
		    functions[i].name[name.bytes] == '.')
			return true;
	}
	return false;
}

const char *cel_function_refusal(struct span name)
{
	for (size_t i = 0; i < COUNT(absent); i++) {
		if (strlen(absent[i]) == name.bytes &&
		    memcmp(absent[i], name.data, name.bytes) == 0)
			return "this function of other libraries is not available here";
	}
	return NULL;
}

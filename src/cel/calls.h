/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of the table (functions.c) call. In: values whose kinds the row's patterns take.
 * Out: a value; false: why there is none was said. One file for each subject.
 */
#pragma once

#include "cel/function.h"

#define CEL_CALL(name) \
	bool name(struct cel_eval *eval, const struct cel_value *arguments, struct cel_value *out)

/* numbers.c */
CEL_CALL(cel_add_ints);
CEL_CALL(cel_add_uints);
CEL_CALL(cel_add_doubles);
CEL_CALL(cel_subtract_ints);
CEL_CALL(cel_subtract_uints);
CEL_CALL(cel_subtract_doubles);
CEL_CALL(cel_multiply_ints);
CEL_CALL(cel_multiply_uints);
CEL_CALL(cel_multiply_doubles);
CEL_CALL(cel_divide_ints);
CEL_CALL(cel_divide_uints);
CEL_CALL(cel_divide_doubles);
CEL_CALL(cel_modulo_ints);
CEL_CALL(cel_modulo_uints);
CEL_CALL(cel_negate_int);
CEL_CALL(cel_negate_double);
CEL_CALL(cel_greatest);
CEL_CALL(cel_least);

/* compare.c */
CEL_CALL(cel_not);
CEL_CALL(cel_equal);
CEL_CALL(cel_not_equal);
CEL_CALL(cel_less);
CEL_CALL(cel_less_equal);
CEL_CALL(cel_more);
CEL_CALL(cel_more_equal);
CEL_CALL(cel_in_list);
CEL_CALL(cel_in_map);
CEL_CALL(cel_index_list);
CEL_CALL(cel_index_map);

/* convert.c */
CEL_CALL(cel_same);
CEL_CALL(cel_to_int);
CEL_CALL(cel_to_uint);
CEL_CALL(cel_to_double);
CEL_CALL(cel_to_string);
CEL_CALL(cel_to_bytes);
CEL_CALL(cel_to_bool);
CEL_CALL(cel_type_of);

/* strings.c */
CEL_CALL(cel_size_text);
CEL_CALL(cel_concatenate_texts);
CEL_CALL(cel_contains);
CEL_CALL(cel_starts_with);
CEL_CALL(cel_ends_with);
CEL_CALL(cel_char_at);
CEL_CALL(cel_index_of);
CEL_CALL(cel_last_index_of);
CEL_CALL(cel_substring);
CEL_CALL(cel_lower_ascii);
CEL_CALL(cel_upper_ascii);
CEL_CALL(cel_trim);

/* strings_make.c */
CEL_CALL(cel_replace);
CEL_CALL(cel_split);
CEL_CALL(cel_join);
CEL_CALL(cel_reverse_text);
CEL_CALL(cel_quote);

/* format.c */
CEL_CALL(cel_format);

/* searches.c */
CEL_CALL(cel_matches);
CEL_CALL(cel_find);
CEL_CALL(cel_find_all);

/* lists.c */
CEL_CALL(cel_size_items);
CEL_CALL(cel_concatenate_lists);
CEL_CALL(cel_is_sorted);
CEL_CALL(cel_sum);
CEL_CALL(cel_min);
CEL_CALL(cel_max);
CEL_CALL(cel_list_index_of);
CEL_CALL(cel_list_last_index_of);
CEL_CALL(cel_sets_contains);
CEL_CALL(cel_sets_equivalent);
CEL_CALL(cel_sets_intersects);

/* times.c */
CEL_CALL(cel_to_timestamp);
CEL_CALL(cel_to_duration);
CEL_CALL(cel_add_times);
CEL_CALL(cel_subtract_times);
CEL_CALL(cel_get_full_year);
CEL_CALL(cel_get_month);
CEL_CALL(cel_get_date);
CEL_CALL(cel_get_day_of_month);
CEL_CALL(cel_get_day_of_week);
CEL_CALL(cel_get_day_of_year);
CEL_CALL(cel_get_hours);
CEL_CALL(cel_get_minutes);
CEL_CALL(cel_get_seconds);
CEL_CALL(cel_get_milliseconds);
CEL_CALL(cel_get_hours_of_duration);
CEL_CALL(cel_get_minutes_of_duration);
CEL_CALL(cel_get_seconds_of_duration);
CEL_CALL(cel_get_milliseconds_of_duration);

/* addresses.c */
CEL_CALL(cel_to_ip);
CEL_CALL(cel_is_ip);
CEL_CALL(cel_ip_is_canonical);
CEL_CALL(cel_ip_family);
CEL_CALL(cel_ip_is_unspecified);
CEL_CALL(cel_ip_is_loopback);
CEL_CALL(cel_ip_is_link_local_multicast);
CEL_CALL(cel_ip_is_link_local_unicast);
CEL_CALL(cel_ip_is_global_unicast);
CEL_CALL(cel_to_cidr);
CEL_CALL(cel_is_cidr);
CEL_CALL(cel_cidr_contains_ip);
CEL_CALL(cel_cidr_contains_cidr);
CEL_CALL(cel_cidr_ip);
CEL_CALL(cel_cidr_masked);
CEL_CALL(cel_cidr_prefix_length);

/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions at the edges: the ends of types, texts that are almost right, positions just outside.
 * In a list of texts that are all wrong, exists() would find one that is taken, and not fail then.
 */
#include "cel_rows.h"

static void signs_and_differences_are_those_of_the_type(void **state)
{
	static const struct cel_row rows[] = {
		{ "1.5 - 2.0 == -0.5 && 7u / 2u == 3u && 0u / 5u == 0u", TRUE },
		{ "dyn(5.0) - dyn(0.5) == 4.5 && -dyn(1.5) == -1.5 && -dyn(-3) == 3", TRUE },
		{ "-(1.5 - 1.5) == 0.0 && 1.0 / -(1.5 - 1.5) < 0.0", TRUE }, /* minus zero */
		{ "-dyn(1u) == 1", WRONG },
		{ "-dyn('1') == 1", WRONG },
		{ "--5 == 5 && !!true && - -(2) == 2", TRUE },
		{ "math.greatest(dyn([])) == 1", WRONG },
		{ "math.least(dyn([1, 'a'])) == 1", WRONG },
	};

	CHECK_VALUES(rows);
}

static void order_and_equality_hold_at_the_edges_of_types(void **state)
{
	static const struct cel_row rows[] = {
		{ "1 <= 1 && 1u <= 2u && 1.5 <= 1.5 && 'a' <= 'a' && !(2 <= 1)", TRUE },
		{ "1 <= 1u && 1u <= 1.0 && -1 <= 0u && !(0u <= -1) && 1 <= 1.0", TRUE },
		{ "0.0 / 0.0 <= 0.0 / 0.0 || 0.0 / 0.0 <= 1.0 || 1 >= 0.0 / 0.0", FALSE },
		{ "dyn(1u) == 0.0 / 0.0 || dyn(1) < 0.0 / 0.0 || dyn(1u) > 0.0 / 0.0", FALSE },
		{ "timestamp(1) <= timestamp(1) && duration('1s') <= duration('1s')", TRUE },
		{ "9223372036854775808u > 9223372036854775807 && 9223372036854775808u == "
		  "9223372036854775808.0",
		  TRUE },
		{ "-9223372036854775808 == -9223372036854775808.0 && "
		  "-9223372036854775808 > -9223372036854777856.0",
		  TRUE },
		{ "9007199254740993u == 9007199254740992.0 || 9007199254740993 <= 9007199254740992.0",
		  FALSE },
		{ "dyn({}) < dyn({})", WRONG },
		{ "dyn(null) < dyn(null)", WRONG },
		{ "dyn(int) < dyn(int)", WRONG },
		{ "dyn(true) == dyn(1) || dyn('a') == dyn(b'a') || dyn(null) == dyn(false)",
		  FALSE },
		{ "dyn([]) == dyn({}) || dyn(duration('1s')) == dyn(1000000000)", FALSE },
		{ "dyn({1: 'a'}) == dyn({1u: 'a'}) && dyn({true: 1}) == dyn({true: 1.0})", TRUE },
		{ "dyn({'a': [{'b': 1}]}) == dyn({'a': [{'b': 1.0}]}) && dyn([[1], [2]]) == dyn([[1u], [2.0]])",
		  TRUE },
	};

	CHECK_VALUES(rows);
}

static void texts_of_numbers_are_taken_whole_or_not(void **state)
{
	static const struct cel_row rows[] = {
		{ "['1e400', '-1e400', '1e999999999999'].exists(y, double(y) == double(y))",
		  WRONG },
		{ "double('1e-400') == 0.0 && double('.5') == 0.5 && double('5.') == 5.0", TRUE },
		{ "['+', '-', '.', '1e', '1e+', '1 ', '1,5', '1_0', '--1', 'infinit', 'nanx'].exists(y, "
		  "double(y) == double(y))",
		  WRONG },
		{ "['9223372036854775807', '-9223372036854775808', '+5', '-0'].all(y, int(y) == int(y))",
		  TRUE },
		{ "['9223372036854775808', '-9223372036854775809', '', '-', '+', '1.0', '5u', '--5', "
		  "'18446744073709551616'].exists(y, int(y) == int(y))",
		  WRONG },
		{ "['18446744073709551615', '0'].all(y, uint(y) >= 0u)", TRUE },
		{ "['18446744073709551616', '-1', '+1', '99999999999999999999'].exists(y, uint(y) == uint(y))",
		  WRONG },
		{ "['yes', '', 'TRue', ' true', 'true ', '2', 'T'].exists(y, bool(y) == bool(y))",
		  WRONG },
		{ "bool('True') && bool('TRUE') && !bool('f') && !bool('0') && !bool('False')",
		  TRUE },
		{ "string(dyn(timestamp(0))) == '1970-01-01T00:00:00Z' && string(dyn(ip('::'))) == '::'",
		  TRUE },
		{ "string(dyn([1])) == '[1]'", WRONG },
		{ "string(dyn(null)) == ''", WRONG },
		{ "string(dyn(int)) == 'int'", WRONG },
		{ "string(0.0) == '0' && string(-(0.5 - 0.5)) == '-0' && string(0.0 / 0.0) == 'NaN'",
		  TRUE },
		{ "string(-1.0 / 0.0) == '-Inf' && string(5e-324) == '5e-324'", TRUE },
		{ "string(1.7976931348623157e308) == '1.7976931348623157e+308'", TRUE },
		{ "string(9007199254740993.0) == '9007199254740992' && string(0.3) == '0.3'",
		  TRUE },
		{ "[0.1, 1.0 / 3.0, 2.5e-8, 123456.789, 1e22, 4.35].all(x, double(string(x)) == x)",
		  TRUE },
	};

	CHECK_VALUES(rows);
}

static void times_that_are_none_are_refused(void **state)
{
	static const struct cel_row rows[] = {
		{ "['', '1:00', '+1:00', '+01:0', '+01:000', '01-00', '+24:00', '+00:60', 'utc', 'Z', "
		  "'+0a:00', '++1:00'].exists(z, timestamp(0).getHours(z) >= 0)",
		  WRONG },
		{ "timestamp(0).getHours('-23:59') == 0 && timestamp(0).getMinutes('-23:59') == 1",
		  TRUE },
		{ "timestamp('9999-12-31T23:59:59Z').getFullYear('+23:59') == 10000", TRUE },
		{ "timestamp('0001-01-01T00:00:00Z').getFullYear('-00:01') == 0", TRUE },
		{ "timestamp('2000-02-29T12:00:00Z').getDayOfYear() == 59 && "
		  "timestamp('1900-03-01T00:00:00Z').getDayOfYear() == 59",
		  TRUE },
		{ "timestamp('2100-12-31T00:00:00Z').getDayOfYear() == 364 && "
		  "timestamp('2000-12-31T00:00:00Z').getDayOfYear() == 365",
		  TRUE },
		{ "['2100-02-29T00:00:00Z', '2023-04-31T00:00:00Z', '2023-00-10T00:00:00Z', "
		  "'2023-10-00T00:00:00Z', '2023-01-01T00:60:00Z', '2023-01-01T00:00:60Z', "
		  "'2023-01-01T00:00:00+24:00', '2023-01-01T00:00:00+00:60', '2023-1-01T00:00:00Z', "
		  "'2023-01-01 00:00:00Z', '2023-01-01T00:00:00Zx', '2023-01-01T00:00:00+0100', "
		  "'10000-01-01T00:00:00Z', '-001-01-01T00:00:00Z'].exists(t, timestamp(t) == timestamp(t))",
		  WRONG },
		{ "timestamp('2023-01-01T00:00:00.123456789999Z').getMilliseconds() == 123", TRUE },
		{ "timestamp('1969-12-31T23:59:59.5Z') + duration('-1ns') == "
		  "timestamp('1969-12-31T23:59:59.499999999Z')",
		  TRUE },
		{ "string(timestamp(-1) + duration('1ns')) == '1969-12-31T23:59:59.000000001Z'",
		  TRUE },
		{ "[-62135596801, 253402300800, 9223372036854775807, -9223372036854775808].exists(s, "
		  "timestamp(s) == timestamp(s))",
		  WRONG },
		{ "[-62135596800, 253402300799].all(s, timestamp(s) == timestamp(s))", TRUE },
		{ "duration('2562047h47m16.854775807s') + duration('1ns') > duration('0')", WRONG },
		{ "duration('-2562047h47m16.854775808s') - duration('1ns') < duration('0')",
		  WRONG },
		{ "duration('-1.5s').getSeconds() == -1 && duration('-1.5s').getMilliseconds() == -500",
		  TRUE },
		{ "duration('1h1m1s1ms1us1ns') == duration('3661001001001ns')", TRUE },
		{ "['1h-1m', '1 h', 'h', '1', '1hs', '1.5.5s', '1e3s', '++1s', "
		  "'99999999999999999999999999999999999999999s'].exists(d, duration(d) == duration(d))",
		  WRONG },
	};

	CHECK_VALUES(rows);
}

static void formats_show_what_they_can_and_positions_are_inside(void **state)
{
	static const struct cel_row rows[] = {
		{ "'%.100f'.format([1.7976931348623157e308]).size() == 410", TRUE },
		{ "'%.100e'.format([-1.7976931348623157e308]).size() == 108", TRUE },
		{ "'%.0f %.1f %.3e'.format([2.5, 0.05, 0.0]) == '2 0.1 0.000e+00'", TRUE },
		{ "'%f %e'.format([0.0 / 0.0, -1.0 / 0.0]) == 'NaN -Infinity'", TRUE },
		{ "'%f %e'.format([1, 2u]) == '1.000000 2.000000e+00'", TRUE },
		{ "'%x %X %o %b'.format([18446744073709551615u, 0, 0u, 0]) == 'ffffffffffffffff 0 0 0'",
		  TRUE },
		{ "'%b'.format([-9223372036854775808]).size() == 65", TRUE },
		{ "'%x'.format([b'\\xff\\x00']) == 'ff00' && '%x'.format(['']) == ''", TRUE },
		{ "'%s'.format([[[], {}, [null]]]) == '[[], {}, [null]]' && '%%%%'.format([]) == '%%'",
		  TRUE },
		{ "'%s%s'.format([b'a', timestamp(0)]) == 'a1970-01-01T00:00:00Z'", TRUE },
		{ "'%s'.format([b'\\xff']) == ''", WRONG },
		{ "'%f'.format(['1']) == ''", WRONG },
		{ "'%e'.format([null]) == ''", WRONG },
		{ "'%o'.format([true]) == ''", WRONG },
		{ "'%x'.format([1.0]) == ''", WRONG },
		{ "'%b'.format([[]]) == ''", WRONG },
		{ "'%s %s'.format([1]) == ''", WRONG },
		{ "'%.'.format([1.0]) == ''", WRONG },
		{ "'%.101f'.format([1.0]) == ''", WRONG },
		{ "'%.99999999999999999999f'.format([1.0]) == ''", WRONG },
		{ "'%-5d'.format([1]) == ''", WRONG },
		{ "'abc'.lastIndexOf('c', 1) == -1 && 'abcabc'.lastIndexOf('abc', 2) == 0", TRUE },
		{ "'abc'.lastIndexOf('', 1) == 1 && ''.lastIndexOf('') == 0 && ''.indexOf('') == 0",
		  TRUE },
		{ "'\u00e9\u00e9a'.lastIndexOf('a') == 2 && '\u00e9a\u00e9'.lastIndexOf('\u00e9', 1) == 0",
		  TRUE },
		{ "'abc'.lastIndexOf('a', 4) == 0", WRONG },
		{ "'abc'.indexOf('a', -1) == 0", WRONG },
		{ "'abc'.substring(-1) == ''", WRONG },
		{ "'abc'.substring(0, 4) == ''", WRONG },
		{ "'abc'.substring(1, -1) == ''", WRONG },
		{ "'abc'.charAt(9223372036854775807) == ''", WRONG },
		{ "'\u2028\u00a0 \t'.trim() == '' && ''.trim() == '' && '\u200bx'.trim() == '\u200bx'",
		  TRUE },
	};

	CHECK_VALUES(rows);
}

static void an_index_is_a_whole_number_inside(void **state)
{
	static const struct cel_row rows[] = {
		{ "[1, 2][1] == 2 && [1, 2][dyn(1u)] == 2 && [1, 2][dyn(1.0)] == 2", TRUE },
		{ "[1][1] == 1", WRONG },
		{ "[1][-1] == 1", WRONG },
		{ "[1][dyn(0.5)] == 1", WRONG },
		{ "[1][dyn(-1.0)] == 1", WRONG },
		{ "[1][dyn(1e300)] == 1", WRONG },
		{ "[1][dyn(0.0 / 0.0)] == 1", WRONG },
		{ "[1][dyn(18446744073709551615u)] == 1", WRONG },
		{ "[1][dyn('0')] == 1", WRONG },
		{ "[1][dyn(false)] == 1", WRONG },
		{ "{1: 'a'}[1u] == 'a' && {1: 'a'}[dyn(1.0)] == 'a'", TRUE },
		{ "{'a': 1}['b'] == 1", WRONG },
		{ "{1: 1}[2] == 1", WRONG },
	};

	CHECK_VALUES(rows);
}

static void addresses_are_written_in_full(void **state)
{
	static const struct cel_row rows[] = {
		{ "isIP('1.2.3.4.5') || isIP('1.2.3.256') || isIP('1.2.3.4 ') || isIP(':::') || isIP('1::2::3')",
		  FALSE },
		{ "isIP('1:2:3:4:5:6:7:8:9') || isIP('12345::') || isIP('1.2.3.4\\x00'.substring(0)) || "
		  "isIP('::1.2.3')",
		  FALSE },
		{ "isIP('::1.2.3.4') && string(ip('::1.2.3.4')) == '::102:304'", TRUE },
		{ "isCIDR('1.2.3.4/') || isCIDR('/8') || isCIDR('1.2.3.4/-1') || isCIDR('1.2.3.4/8/8') || "
		  "isCIDR('1.2.3.4/ 8') || isCIDR('1.2.3.4/+8') || isCIDR('::/1000')",
		  FALSE },
		{ "cidr('1.2.3.4/31').containsIP('1.2.3.5') && !cidr('1.2.3.4/31').containsIP('1.2.3.6')",
		  TRUE },
		{ "cidr('0.0.0.0/0').containsIP('255.255.255.255') && !cidr('0.0.0.0/0').containsIP('::')",
		  TRUE },
		{ "!cidr('10.0.0.0/8').containsCIDR('::/0') && cidr('::/0').containsCIDR('::1/128')",
		  TRUE },
		{ "ip('172.15.0.1') != ip('172.15.0.2') && cidr('1.0.0.0/8') != cidr('1.0.0.0/9')",
		  TRUE },
		{ "cidr('10.0.0.0/8').containsCIDR('10.0.0.0')", WRONG },
	};

	CHECK_VALUES(rows);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(signs_and_differences_are_those_of_the_type),
		cmocka_unit_test(order_and_equality_hold_at_the_edges_of_types),
		cmocka_unit_test(texts_of_numbers_are_taken_whole_or_not),
		cmocka_unit_test(times_that_are_none_are_refused),
		cmocka_unit_test(formats_show_what_they_can_and_positions_are_inside),
		cmocka_unit_test(an_index_is_a_whole_number_inside),
		cmocka_unit_test(addresses_are_written_in_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit/schemas/sample.h"

#include "schemas/value.h"

#include <math.h>

static struct value_number number_of(const char *json)
{
	struct buf packed;
	struct value_number number = {.number = 0};
	buf_init(&packed, 64);
	sample_pack(json, &packed);
	struct pack_in in = pack_in(buf_bytes(&packed), NULL);
	assert_true(value_number(pack_next(&in, ""), &number));
	buf_done(&packed);
	return number;
}

static void orders_numbers_exactly_across_integers_and_floats(void **state)
{
	static const struct {
		const char *a, *b;
		int order;
	} cases[] = {
		{"1", "2", -1},
		{"2", "2", 0},
		{"2.0", "2", 0},
		{"-1", "-1.5", 1},
		{"-2", "-1.5", -1},
		{"1", "1.5", -1},
		{"2", "1.5", 1},
		{"1.25", "1.5", -1},
		{"0", "0.5", -1},
		{"0", "-0.5", 1},
		{"-1", "-0.5", -1},
		/* As doubles these two are the same. */
		{"9007199254740993", "9007199254740992.0", 1},
		{"9223372036854775807", "9223372036854775808.0", -1},
		{"-9223372036854775808", "-9223372036854775808.0", 0},
		{"9223372036854775807", "1e300", -1},
		{"-9223372036854775808", "-1e300", 1},
		{"1e300", "-1e300", 1},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct value_number a = number_of(cases[i].a), b = number_of(cases[i].b);
		assert_int_equal(value_order(&a, &b), cases[i].order);
		assert_int_equal(value_order(&b, &a), -cases[i].order);
	}
}

static void knows_whole_numbers_also_as_floats(void **state)
{
	static const struct {
		const char *json;
		bool whole;
	} cases[] = {{"1", true}, {"1.0", true}, {"1e300", true}, {"1.5", false}, {"-0.0", true}, {"0.1", false}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct value_number number = number_of(cases[i].json);
		assert_int_equal(value_is_whole(&number), cases[i].whole);
	}
}

static void takes_neither_infinity_nor_text_for_a_number(void **state)
{
	struct value_number number;
	(void)state;
	assert_false(value_number((struct pack_item){.kind = PACK_FLOAT, .number = 1e308 * 10}, &number));
	assert_false(value_number((struct pack_item){.kind = PACK_FLOAT, .number = (double)NAN}, &number));
	assert_false(value_number((struct pack_item){.kind = PACK_TEXT, .bytes = BYTES_LIT("1")}, &number));
	assert_false(value_number((struct pack_item){.kind = PACK_BOOL, .truth = true}, &number));
}

static void divides_with_tolerance_for_the_last_digits(void **state)
{
	static const struct {
		const char *of, *by;
		bool multiple;
	} cases[] = {
		{"10", "2", true},
		{"7", "2", false},
		{"0", "3", true},
		{"35", "1.5", false},
		{"4.5", "1.5", true},
		{"0.0075", "0.0001", true},
		{"0.00751", "0.0001", false},
		{"-9223372036854775808", "1", true},
		{"1e-20", "1", false},
		{"19.99", "0.01", true},
		{"1e308", "0.5", false},
		{"1e300", "0.5", true},
		{"-4.5", "1.5", true},
		{"-4", "1.5", false},
		{"9007199254740993", "2", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct value_number of = number_of(cases[i].of), by = number_of(cases[i].by);
		if (value_is_multiple(&of, &by) != cases[i].multiple)
			fail_msg("%s by %s", cases[i].of, cases[i].by);
	}
}

static bool equal(const char *a, const char *b, size_t *steps)
{
	struct buf x, y;
	buf_init(&x, SAMPLE_MAX);
	buf_init(&y, SAMPLE_MAX);
	sample_pack(a, &x);
	sample_pack(b, &y);
	bool is_equal = value_equal(buf_bytes(&x), buf_bytes(&y), steps);
	buf_done(&x);
	buf_done(&y);
	return is_equal;
}

static void compares_values_as_json_schema_does(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"1", "1.0", true},
		{"0", "false", false},
		{"1", "true", false},
		{"null", "null", true},
		{"null", "false", false},
		{"'a'", "'a'", true},
		{"'a'", "'A'", false},
		{"'1'", "1", false},
		{"[1,[2]]", "[1.0,[2]]", true},
		{"[1,2]", "[2,1]", false},
		{"[1]", "[1,1]", false},
		{"{'a':1,'b':{'c':2}}", "{'b':{'c':2.0},'a':1}", true},
		{"{'a':1,'b':2}", "{'a':1,'c':2}", false},
		{"{'a':1}", "{'a':1,'b':2}", false},
		{"{'a':false}", "{'a':0}", false},
		{"{'$base64':'AAE='}", "{'$base64':'AAE='}", true},
		{"{'$base64':'YQ=='}", "'a'", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		size_t steps = 1000;
		if (equal(cases[i].a, cases[i].b, &steps) != cases[i].equal)
			fail_msg("%s and %s", cases[i].a, cases[i].b);
		steps = 1000;
		if (equal(cases[i].b, cases[i].a, &steps) != cases[i].equal)
			fail_msg("%s and %s", cases[i].b, cases[i].a);
	}
}

static void stops_comparing_when_the_steps_are_used_up(void **state)
{
	size_t steps = 3;
	(void)state;
	assert_false(equal("[1,2,3]", "[1,2,3]", &steps));
	assert_int_equal(steps, 0);
	steps = 4;
	assert_true(equal("[1,2,3]", "[1,2,3]", &steps));
	steps = 4;
	assert_false(equal("{'a':1,'b':2,'c':3}", "{'c':3,'b':2,'a':1}", &steps));
	assert_int_equal(steps, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(orders_numbers_exactly_across_integers_and_floats),
		cmocka_unit_test(knows_whole_numbers_also_as_floats),
		cmocka_unit_test(takes_neither_infinity_nor_text_for_a_number),
		cmocka_unit_test(divides_with_tolerance_for_the_last_digits),
		cmocka_unit_test(compares_values_as_json_schema_does),
		cmocka_unit_test(stops_comparing_when_the_steps_are_used_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

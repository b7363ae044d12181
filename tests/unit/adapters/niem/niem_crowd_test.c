#include "unit/certs/pki_fixture.h"

#include "adapters/niem/niem_crowd.h"
#include "base/clock.h"

static struct buf document_of(const char *before, size_t count, const char *attribute, const char *behind)
{
	struct buf text;
	buf_init(&text, (size_t)64 << 20);
	buf_add_text(&text, before);
	for (size_t i = 0; i < count; i++)
		buf_add_text(&text, attribute);
	buf_add_text(&text, behind);
	return text;
}

static void counts_the_attributes_of_a_tag(void **state)
{
	static const struct {
		const char *before, *attribute, *behind;
		size_t count;
		bool is_crowded;
	} rows[] = {
		{"<x", " a=\"\"", "/>", NIEM_CROWD_MAX, false},
		{"<x", " a=\"\"", "/>", NIEM_CROWD_MAX + 1, true},
		{"<x", " a='\"=>'", ">", NIEM_CROWD_MAX + 1, true},
		{"<x a=\"", "=", "\"/>", 10000, false},
		{"<x>", "=", "</x>", 10000, false},
		{"", "<x a=\"\">", "", 10000, false},
		{"<!--", "=", "--><x/>", 10000, false},
		{"<?x ", "=", "?><x/>", 10000, false},
		{"<x", " a=\"\"", "", NIEM_CROWD_MAX + 1, true},
		{"<x a=\"", " b=", "", 10000, false},
		{"", "<", "", 10000, false},
		{"", "", "", 0, false},
		{"<", "", "", 0, false},
	};
	int line = 0;
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct buf text = document_of(rows[i].before, rows[i].count, rows[i].attribute, rows[i].behind);
		if (niem_crowd_is(buf_bytes(&text), &line) != rows[i].is_crowded)
			fail_msg("row %zu", i);
		buf_done(&text);
	}
}

static void names_the_line_of_the_tag(void **state)
{
	struct buf text = document_of("<a>\n<b c='\n'/>\n<x", NIEM_CROWD_MAX + 1, " a=''", "/>");
	int line = 0;
	(void)state;
	assert_true(niem_crowd_is(buf_bytes(&text), &line));
	assert_int_equal(line, 4);
	buf_done(&text);
}

static void looks_at_each_byte_once(void **state)
{
	struct buf text = document_of("", 4 << 20, "<a ", "");
	int64_t begun = clock_mono_ms();
	int line = 0;
	(void)state;
	assert_false(niem_crowd_is(buf_bytes(&text), &line));
	assert_true(clock_mono_ms() - begun < 5000);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_the_attributes_of_a_tag),
		cmocka_unit_test(names_the_line_of_the_tag),
		cmocka_unit_test(looks_at_each_byte_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

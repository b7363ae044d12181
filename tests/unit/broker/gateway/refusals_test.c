#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "broker/gateway/refusals.h"

struct heard {
	struct loop *loop;
	struct refusals *refusals;
	struct buf rows;
	int times;
};

static void hear(void *ctx, struct bytes rows)
{
	struct heard *heard = ctx;
	buf_clear(&heard->rows);
	buf_add(&heard->rows, rows);
	heard->times++;
}

static int set_up(void **state)
{
	static struct heard heard;
	heard = (struct heard){.loop = loop_new()};
	buf_init(&heard.rows, 1 << 20);
	heard.refusals = refusals_new(heard.loop, hear, &heard);
	*state = &heard;
	return 0;
}

static int tear_down(void **state)
{
	struct heard *heard = *state;
	refusals_free(heard->refusals);
	loop_free(heard->loop);
	buf_done(&heard->rows);
	return 0;
}

static void note(struct heard *heard, const char *party, const char *address, enum code code, const char *reason)
{
	struct err why;
	if (FAILED(err_set(&why, code, "", "%s", reason)))
		refusals_note(heard->refusals, party, address, &why);
}

static size_t rows_in(const struct heard *heard)
{
	struct err err;
	struct pack_in in = pack_in_scanned(buf_bytes(&heard->rows), &err);
	size_t count = pack_array(&in, "");
	assert_false(in.failed);
	return count;
}

static int64_t number(const struct heard *heard, const char *pointer)
{
	struct bytes value;
	int64_t found = -1;
	assert_true(pack_pointer(buf_bytes(&heard->rows), pointer, &value) && pack_as_int(value, &found));
	return found;
}

static void assert_text(const struct heard *heard, const char *pointer, const char *expected)
{
	struct bytes value, text = BYTES_NONE;
	assert_true(pack_pointer(buf_bytes(&heard->rows), pointer, &value) && pack_as_text(value, &text));
	assert_true(bytes_is(text, expected));
}

static void the_same_again_is_counted_whatever_its_port(void **state)
{
	struct heard *heard = *state;
	for (int i = 0; i < 5; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.0.0.7:%d", 5000 + i);
		note(heard, "ct.doc", address, CODE_REVOKED, "was revoked");
	}
	note(heard, "ct.doc", "10.0.0.8:1", CODE_REVOKED, "was revoked");
	note(heard, "ct.doc", "10.0.0.7:1", CODE_CERTIFICATE, "has expired");
	note(heard, NULL, NULL, CODE_BUSY, "too many");
	assert_int_equal(heard->times, 0); /* not for each */
	refusals_flush(heard->refusals);
	assert_int_equal(heard->times, 1);
	assert_int_equal(rows_in(heard), 4);
	assert_text(heard, "/0/0", "10.0.0.7");
	assert_text(heard, "/0/1", "ct.doc");
	assert_text(heard, "/0/2", "revoked");
	assert_text(heard, "/0/3", "was revoked");
	assert_int_equal(number(heard, "/0/4"), 5);
	assert_text(heard, "/3/0", "");
	refusals_flush(heard->refusals);
	assert_int_equal(heard->times, 1); /* and then there is nothing more to tell */
}

static void a_flood_is_a_few_rows_and_all_of_it_is_counted(void **state)
{
	struct heard *heard = *state;
	int64_t all = 0;
	for (int i = 0; i < 10000; i++) {
		char address[32];
		snprintf(address, sizeof(address), "10.0.%d.%d:443", i / 250, i % 250);
		note(heard, "", address, CODE_TLS, "no certificate");
	}
	refusals_flush(heard->refusals);
	assert_int_equal(rows_in(heard), REFUSALS_ROWS + 1);
	for (int i = 0; i <= REFUSALS_ROWS; i++) {
		char pointer[16];
		snprintf(pointer, sizeof(pointer), "/%d/4", i);
		all += number(heard, pointer);
	}
	assert_int_equal(all, 10000);
	assert_text(heard, "/32/0", "");
}

/* What a stranger made of the reason is text in any case. */
static void a_reason_is_cut_to_good_text(void **state)
{
	struct heard *heard = *state;
	char reason[300];
	memset(reason, 'x', sizeof(reason) - 1);
	memcpy(reason + 157, "\xc3\xa9\xff\x01", 4);
	reason[sizeof(reason) - 1] = 0;
	note(heard, NULL, "[::1]:9", CODE_TLS, reason);
	refusals_flush(heard->refusals);
	assert_int_equal(rows_in(heard), 1);
	assert_text(heard, "/0/0", "[::1]");
}

static void the_first_is_told_soon_and_the_next_after_a_minute(void **state)
{
	struct heard *heard = *state;
	int64_t until = clock_mono_ms() + 5000;
	note(heard, "ct.doc", "10.0.0.7:1", CODE_REVOKED, "was revoked");
	while (heard->times == 0 && clock_mono_ms() < until)
		loop_run_once(heard->loop, 50);
	assert_int_equal(heard->times, 1);
	note(heard, "ct.doc", "10.0.0.7:1", CODE_REVOKED, "was revoked");
	until = clock_mono_ms() + 1200;
	while (clock_mono_ms() < until)
		loop_run_once(heard->loop, 50);
	assert_int_equal(heard->times, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_same_again_is_counted_whatever_its_port, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_flood_is_a_few_rows_and_all_of_it_is_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_reason_is_cut_to_good_text, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_first_is_told_soon_and_the_next_after_a_minute, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

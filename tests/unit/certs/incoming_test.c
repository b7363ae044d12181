#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "certs/incoming.h"

struct seen {
	struct buf text; /* the frames, each followed by a semicolon */
	size_t stop_at;  /* the frame after which there is enough for now; 0: never */
	size_t frames;
};

static bool see(void *ctx, struct bytes frame)
{
	struct seen *seen = ctx;

	buf_add(&seen->text, frame);
	buf_add_byte(&seen->text, ';');
	seen->frames++;
	return seen->frames != seen->stop_at;
}

static const uint8_t stream[] = "\0\0\0\5first\0\0\0\0\0\0\0\1x\0\0\0\x0cthe last one";
enum { STREAM_LEN = sizeof(stream) - 1 };

static void cuts_frames_whatever_the_portions(void **state)
{
	(void)state;
	for (size_t portion = 1; portion <= STREAM_LEN; portion++) {
		struct incoming incoming;
		struct seen seen = {0};
		struct err err;

		incoming_init(&incoming, 12, STREAM_LEN);
		buf_init(&seen.text, 1000);
		for (size_t at = 0; at < STREAM_LEN; at += portion) {
			size_t len = STREAM_LEN - at < portion ? STREAM_LEN - at : portion;
			assert_int_equal(incoming_take(&incoming, bytes_of(stream + at, len), see, &seen, &err).code, CODE_OK);
		}
		assert_true(bytes_is(buf_bytes(&seen.text), "first;;x;the last one;"));
		assert_false(incoming_holds(&incoming));
		assert_int_equal(incoming.buf.cap, 0);
		buf_done(&seen.text);
		incoming_done(&incoming);
	}
}

static void takes_nothing_where_nothing_was_kept(void **state)
{
	struct incoming incoming;
	struct seen seen = {0};
	struct err err;

	(void)state;
	incoming_init(&incoming, 12, STREAM_LEN);
	assert_int_equal(incoming_take(&incoming, BYTES_NONE, see, &seen, &err).code, CODE_OK);
	assert_int_equal(seen.frames, 0);
	assert_false(incoming_holds(&incoming));
	incoming_done(&incoming);
}

static void keeps_the_rest_when_there_is_enough_for_now(void **state)
{
	(void)state;
	for (size_t stop = 1; stop <= 3; stop++) {
		struct incoming incoming;
		struct seen seen = {.stop_at = stop};
		struct err err;

		incoming_init(&incoming, 12, STREAM_LEN);
		buf_init(&seen.text, 1000);
		assert_int_equal(incoming_take(&incoming, bytes_of(stream, STREAM_LEN), see, &seen, &err).code, CODE_OK);
		assert_int_equal(seen.frames, stop);
		assert_true(incoming_holds(&incoming));
		assert_int_equal(incoming_take(&incoming, BYTES_NONE, see, &seen, &err).code, CODE_OK);
		assert_true(bytes_is(buf_bytes(&seen.text), "first;;x;the last one;"));
		assert_false(incoming_holds(&incoming));
		buf_done(&seen.text);
		incoming_done(&incoming);
	}
}

static void refuses_a_length_over_the_limit_before_the_frame_is_there(void **state)
{
	static const struct {
		struct bytes bytes;
		size_t limit;
		enum code code;
	} rows[] = {
		{{(const uint8_t *)"\0\0\0\5", 4}, 5, CODE_OK},
		{{(const uint8_t *)"\0\0\0\6", 4}, 5, CODE_TOO_LARGE},
		{{(const uint8_t *)"\0\0\0\0\xff\xff\xff\xff", 8}, 1 << 20, CODE_TOO_LARGE},
		{{(const uint8_t *)"\xff\xff\xff", 3}, 5, CODE_OK},
		{{(const uint8_t *)"\0\0\0\1", 4}, 0, CODE_TOO_LARGE},
		{{(const uint8_t *)"\1\0\0\0", 4}, SIZE_MAX, CODE_OK},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct incoming incoming;
		struct seen seen = {0};
		struct err err;

		incoming_init(&incoming, rows[i].limit, 100);
		buf_init(&seen.text, 1000);
		assert_int_equal(incoming_take(&incoming, rows[i].bytes, see, &seen, &err).code, rows[i].code);
		assert_in_range(incoming.buf.cap, 0, 1024);
		buf_done(&seen.text);
		incoming_done(&incoming);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_frames_whatever_the_portions),
		cmocka_unit_test(takes_nothing_where_nothing_was_kept),
		cmocka_unit_test(keeps_the_rest_when_there_is_enough_for_now),
		cmocka_unit_test(refuses_a_length_over_the_limit_before_the_frame_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "certs/outgoing.h"

static void puts_each_length_before_its_frame(void **state)
{
	struct outgoing outgoing;
	struct err err;

	(void)state;
	outgoing_init(&outgoing, 100);
	assert_int_equal(outgoing_add(&outgoing, BYTES_LIT("abc"), &err).code, CODE_OK);
	assert_int_equal(outgoing_add(&outgoing, BYTES_NONE, &err).code, CODE_OK);
	assert_int_equal(outgoing_add(&outgoing, BYTES_LIT("d"), &err).code, CODE_OK);
	assert_true(bytes_equal(outgoing_next(&outgoing, 100), BYTES_LIT("\0\0\0\3abc\0\0\0\0\0\0\0\1d")));
	outgoing_done(&outgoing);
}

static void says_busy_when_full_and_too_large_when_it_never_fits(void **state)
{
	uint8_t zeros[200] = {0};
	struct outgoing outgoing;
	struct err err;

	(void)state;
	outgoing_init(&outgoing, 100);
	assert_int_equal(outgoing_add(&outgoing, bytes_of(zeros, 97), &err).code, CODE_TOO_LARGE);
	assert_int_equal(outgoing_add(&outgoing, bytes_of(zeros, 50), &err).code, CODE_OK);
	assert_int_equal(outgoing_add(&outgoing, bytes_of(zeros, 43), &err).code, CODE_BUSY);
	assert_int_equal(outgoing_waiting(&outgoing), 54);
	assert_int_equal(outgoing_add(&outgoing, bytes_of(zeros, 42), &err).code, CODE_OK);
	assert_int_equal(outgoing_add(&outgoing, BYTES_NONE, &err).code, CODE_BUSY);
	outgoing_wrote(&outgoing, 4);
	assert_int_equal(outgoing_add(&outgoing, BYTES_NONE, &err).code, CODE_OK);
	assert_int_equal(outgoing_waiting(&outgoing), 100);
	outgoing_done(&outgoing);

	outgoing_init(&outgoing, 3);
	assert_int_equal(outgoing_add(&outgoing, BYTES_NONE, &err).code, CODE_TOO_LARGE);
	outgoing_done(&outgoing);
}

/* However it is filled and written, what comes out is what went in, and the memory stays within twice the limit. */
static void gives_the_same_bytes_whatever_the_portions(void **state)
{
	(void)state;
	for (size_t portion = 1; portion < 300; portion += 7) {
		struct outgoing outgoing;
		struct err err;
		uint8_t next_in = 0, next_out = 0;
		size_t skip = 0;

		outgoing_init(&outgoing, 500);
		for (int round = 0; round < 300; round++) {
			while (!FAILED(outgoing_add(&outgoing, bytes_of(&next_in, 1), &err)))
				next_in++;
			struct bytes part = outgoing_next(&outgoing, portion);
			assert_true(part.len > 0 && part.len <= portion);
			for (size_t i = 0; i < part.len; i++) {
				assert_int_equal(part.at[i], skip % 5 == 3 ? 1 : skip % 5 == 4 ? next_out++ : 0);
				skip++;
			}
			outgoing_wrote(&outgoing, part.len);
			assert_in_range(outgoing.buf.len, 0, 1000);
		}
		outgoing_wrote(&outgoing, outgoing_waiting(&outgoing));
		assert_int_equal(outgoing.buf.cap, 0);
		outgoing_done(&outgoing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_each_length_before_its_frame),
		cmocka_unit_test(says_busy_when_full_and_too_large_when_it_never_fits),
		cmocka_unit_test(gives_the_same_bytes_whatever_the_portions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

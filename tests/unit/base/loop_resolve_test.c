#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"

struct asked {
	struct loop *loop;
	int answers;
	size_t count;
	struct loop_address first;
	struct err why;
};

static void answer(void *ctx, const struct loop_address *addresses, size_t count, const struct err *why)
{
	struct asked *asked = ctx;

	asked->answers++;
	asked->count = count;
	if (count > 0)
		asked->first = addresses[0];
	assert_true((why == NULL) == (count > 0));
	if (why)
		asked->why = *why;
}

static void wait_for(struct asked *asked)
{
	int64_t start = clock_mono_ms();

	while (asked->answers == 0) {
		assert_in_range(clock_mono_ms() - start, 0, 60000);
		loop_run_once(asked->loop, 20);
	}
}

static void reads_addresses(void **state)
{
	struct asked asked = {.loop = loop_new()};
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	struct in6_addr expected = IN6ADDR_LOOPBACK_INIT;

	(void)state;
	assert_non_null(loop_resolve(asked.loop, "127.0.0.3", 4433, answer, &asked));
	assert_int_equal(asked.answers, 0);
	wait_for(&asked);
	assert_int_equal(asked.count, 1);
	assert_int_equal(asked.first.len, sizeof four);
	memcpy(&four, &asked.first.at, sizeof four);
	assert_int_equal(four.sin_family, AF_INET);
	assert_int_equal(four.sin_port, htons(4433));
	assert_int_equal(four.sin_addr.s_addr, htonl(0x7f000003));

	asked.answers = 0;
	assert_non_null(loop_resolve(asked.loop, "::1", 1, answer, &asked));
	wait_for(&asked);
	memcpy(&six, &asked.first.at, sizeof six);
	assert_int_equal(six.sin6_family, AF_INET6);
	assert_memory_equal(&six.sin6_addr, &expected, sizeof expected);
	loop_free(asked.loop);
}

static void looks_up_names(void **state)
{
	struct asked asked = {.loop = loop_new()};

	(void)state;
	assert_non_null(loop_resolve(asked.loop, "localhost", 80, answer, &asked));
	wait_for(&asked);
	assert_int_equal(asked.answers, 1);
	assert_true(asked.count >= 1);
	loop_free(asked.loop);
}

static void says_why_there_is_no_address(void **state)
{
	struct asked asked = {.loop = loop_new()};

	(void)state;
	/* A label of more than 63 characters is never asked for (RFC 1035 §2.3.4). */
	const char *name = "a-label-of-more-than-sixty-three-characters-can-never-be-a-name-anywhere.invalid";
	assert_non_null(loop_resolve(asked.loop, name, 80, answer, &asked));
	wait_for(&asked);
	assert_int_equal(asked.count, 0);
	assert_true(asked.why.code == CODE_NOT_FOUND || asked.why.code == CODE_IO || asked.why.code == CODE_TIMEOUT);
	assert_non_null(strstr(asked.why.reason, "a-label-of-more"));
	loop_free(asked.loop);
}

static void says_nothing_after_it_was_cancelled(void **state)
{
	struct asked asked = {.loop = loop_new()};

	(void)state;
	loop_resolve_cancel(loop_resolve(asked.loop, "127.0.0.1", 80, answer, &asked));
	loop_resolve_cancel(loop_resolve(asked.loop, "localhost", 80, answer, &asked));
	loop_resolve_cancel(NULL);
	for (int i = 0; i < 20; i++)
		loop_run_once(asked.loop, 5);
	assert_int_equal(asked.answers, 0);
	loop_free(asked.loop);
}

static void says_nothing_after_the_loop_went(void **state)
{
	struct asked asked = {.loop = loop_new()};

	(void)state;
	for (int i = 0; i < 8; i++)
		assert_non_null(loop_resolve(asked.loop, i % 2 ? "localhost" : "127.0.0.1", 80, answer, &asked));
	loop_free(asked.loop);
	assert_int_equal(asked.answers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(looks_up_names),
		cmocka_unit_test(says_why_there_is_no_address),
		cmocka_unit_test(says_nothing_after_it_was_cancelled),
		cmocka_unit_test(says_nothing_after_the_loop_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"

static void fresh_memory_is_zeroed(void **state)
{
	(void)state;
	static const char zeroes[96];
	char *one = mem_alloc(96);
	char *many = mem_array(12, 8);
	assert_memory_equal(one, zeroes, 96);
	assert_memory_equal(many, zeroes, 96);
	mem_free(one);
	mem_free(many);
}

static void nothing_has_an_address_too(void **state)
{
	(void)state;
	void *none[] = {mem_alloc(0), mem_array(0, 8), mem_array(8, 0), mem_grow(NULL, 0, 4)};
	for (size_t i = 0; i < 4; i++) {
		assert_non_null(none[i]);
		mem_free(none[i]);
	}
	mem_free(NULL);
}

static void growing_keeps_what_was_there(void **state)
{
	(void)state;
	char *at = mem_text("abc");
	at = mem_grow(at, 1000, 16);
	assert_string_equal(at, "abc");
	at = mem_grow(at, 0, 16);
	assert_non_null(at);
	mem_free(at);
}

static void copies_of_texts_are_terminated(void **state)
{
	(void)state;
	assert_null(mem_text(NULL));
	char *cut = mem_text_n("abcdef", 3);
	char *none = mem_text_n(NULL, 0);
	char *made = mem_printf("%s-%d", "x", 7);
	assert_string_equal(cut, "abc");
	assert_string_equal(none, "");
	assert_string_equal(made, "x-7");
	mem_free(cut);
	mem_free(none);
	mem_free(made);
}

static void wiping_leaves_nothing(void **state)
{
	(void)state;
	char secret[] = "secret";
	static const char zeroes[sizeof secret];
	mem_wipe(secret, 0);
	assert_string_equal(secret, "secret");
	mem_wipe(secret, sizeof secret);
	assert_memory_equal(secret, zeroes, sizeof secret);
	mem_wipe(NULL, 0);
}

/* That nothing is left is for the leak checker to say. */
static void the_end_of_a_scope_releases(void **state)
{
	(void)state;
	AUTO_FREE char *text = mem_text("x");
	AUTO_FREE char *none = NULL;
	assert_string_equal(text, "x");
	assert_null(none);
	void *at = mem_alloc(1);
	mem_free_at(&at);
}

static void a_size_that_overflows_ends_the_program(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		close(STDERR_FILENO);
		mem_grow(NULL, SIZE_MAX / 2, 4);
		_exit(0);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_memory_is_zeroed),
		cmocka_unit_test(nothing_has_an_address_too),
		cmocka_unit_test(growing_keeps_what_was_there),
		cmocka_unit_test(copies_of_texts_are_terminated),
		cmocka_unit_test(wiping_leaves_nothing),
		cmocka_unit_test(the_end_of_a_scope_releases),
		cmocka_unit_test(a_size_that_overflows_ends_the_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

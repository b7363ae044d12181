#include "base/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

/* The VmFlags of the mapping that `at` is in. */
static void flags_of(const void *at, char into[static 256])
{
	char line[512];
	bool is_in = false;
	FILE *maps = fopen("/proc/self/smaps", "r");

	assert_non_null(maps);
	into[0] = '\0';
	while (fgets(line, sizeof(line), maps)) {
		unsigned long from = 0, to = 0;
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			is_in = from <= (uintptr_t)at && (uintptr_t)at < to;
		else if (is_in && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(into, 256, "%.250s", line);
	}
	fclose(maps);
}

static void is_locked_zeroed_and_left_out_of_dumps(void **state)
{
	char flags[256];
	(void)state;
	for (size_t len = 0; len < 10000; len += 4999) {
		uint8_t *at = secret_alloc(len);
		for (size_t i = 0; i < len; i++)
			assert_int_equal(at[i], 0);
		flags_of(at, flags);
		if (secret_is_locked() && !SANITIZED) /* a sanitizer locks nothing */
			assert_non_null(strstr(flags, " lo"));
		assert_non_null(strstr(flags, " dd"));
		secret_free(at, len);
	}
	secret_free(NULL, 5);
}

static void a_child_does_not_have_it(void **state)
{
	int status = 0;
	(void)state;
	char *at = secret_alloc(16);
	memcpy(at, "only the parent", 16);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(at[0] == '\0' && at[15] == '\0' ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_string_equal(at, "only the parent");
	secret_free(at, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_locked_zeroed_and_left_out_of_dumps),
		cmocka_unit_test(a_child_does_not_have_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

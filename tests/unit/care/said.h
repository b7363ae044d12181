/* What a function prints to its two streams, as text. Included after cmocka.h. */
#ifndef TESTS_UNIT_CARE_SAID_H
#define TESTS_UNIT_CARE_SAID_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAID_TEXT_MAX = 1 << 16 };

static char said_text[SAID_TEXT_MAX];
static FILE *said_file;
static int said_out = -1, said_err = -1;

static inline void said_begin(void)
{
	fflush(NULL);
	said_file = tmpfile();
	assert_non_null(said_file);
	said_out = dup(STDOUT_FILENO);
	said_err = dup(STDERR_FILENO);
	assert_true(dup2(fileno(said_file), STDOUT_FILENO) >= 0 && dup2(fileno(said_file), STDERR_FILENO) >= 0);
}

/* Everything since said_begin; valid until the next one. */
static inline const char *said_end(void)
{
	fflush(NULL);
	assert_true(dup2(said_out, STDOUT_FILENO) >= 0 && dup2(said_err, STDERR_FILENO) >= 0);
	close(said_out);
	close(said_err);
	rewind(said_file);
	said_text[fread(said_text, 1, SAID_TEXT_MAX - 1, said_file)] = '\0';
	fclose(said_file);
	return said_text;
}

#define assert_says(text, part)                                                       \
	do {                                                                          \
		if (!strstr((text), (part)))                                          \
			fail_msg("expected: %s\ngot: %s", (part), (text));            \
	} while (0)

#endif

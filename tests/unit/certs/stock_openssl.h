/* The machine's openssl command, for tests: a second opinion on the files that Liaison writes. */
#ifndef TESTS_UNIT_CERTS_STOCK_OPENSSL_H
#define TESTS_UNIT_CERTS_STOCK_OPENSSL_H

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "pki_fixture.h"

#define STOCK_OPENSSL "/usr/bin/openssl"

extern char **environ;

/* Skips the test, and says so, where there is none. */
static inline void stock_openssl_needed(void)
{
	if (access(STOCK_OPENSSL, X_OK) == 0)
		return;
	print_message("skipped: there is no " STOCK_OPENSSL "\n");
	skip();
}

/* Runs it with arguments that end in NULL; its output, both kinds, is appended. Returns its exit status. */
static inline int stock_openssl(struct buf *output, const char *first, ...)
{
	char *arguments[32] = {(char[]){"openssl"}, (char *)(uintptr_t)first};
	posix_spawn_file_actions_t actions;
	int pipes[2], status = 0;
	pid_t child;
	va_list more;
	uint8_t *room;
	ssize_t got = 1;

	va_start(more, first);
	for (size_t i = 2; i < 31 && (arguments[i] = va_arg(more, char *)) != NULL;)
		i++;
	va_end(more);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 1);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], 2);
	assert_int_equal(posix_spawn(&child, STOCK_OPENSSL, &actions, NULL, arguments, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	while ((room = buf_room(output, 4096)) != NULL && ((got = read(pipes[0], room, 4096)) > 0 || (got < 0 && errno == EINTR)))
		buf_grew(output, got > 0 ? (size_t)got : 0);
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	buf_add_byte(output, '\0');
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void stock_openssl_says(const struct buf *output, const char *word)
{
	if (strstr((const char *)output->at, word) == NULL)
		fail_msg("openssl does not say \"%s\" but: %s", word, (const char *)output->at);
}

#endif

#include "unit/sandbox/in_child.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "sandbox/landlock.h"

enum { PATH_MOST = 256, VERSION_NET = 4, VERSION_SCOPE = 6 };

static const char *in(const char *folder, const char *name)
{
	static char path[PATH_MOST];
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static bool opens(const char *path, int how)
{
	int fd = open(path, how | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

/* A folder with `shown`, `kept` and `hidden`, each with a file. */
static int make(void **state)
{
	static char folder[] = "/tmp/liaison-landlock-XXXXXX";
	memcpy(strrchr(folder, '-') + 1, "XXXXXX", 7);
	assert_non_null(mkdtemp(folder));
	static const char *const names[] = {"shown", "kept", "hidden"};
	for (size_t i = 0; i < 3; i++) {
		char path[PATH_MOST];
		assert_int_equal(mkdir(in(folder, names[i]), 0700), 0);
		snprintf(path, sizeof(path), "%s/file", names[i]);
		assert_true(opens(in(folder, path), O_WRONLY | O_CREAT));
	}
	*state = folder;
	return 0;
}

static int drop(void **state)
{
	static const char *const left[] = {"shown/file", "kept/file", "kept/new", "kept/renamed", "hidden/file", "shown", "kept", "hidden"};
	for (size_t i = 0; i < sizeof(left) / sizeof(*left); i++)
		remove(in(*state, left[i]));
	remove(*state);
	return 0;
}

static void enter(const char *folder, bool dials)
{
	char shown[PATH_MOST], kept[PATH_MOST], absent[PATH_MOST];
	snprintf(shown, sizeof(shown), "%s/shown", folder);
	snprintf(kept, sizeof(kept), "%s/kept", folder);
	snprintf(absent, sizeof(absent), "%s/absent", folder);
	const struct landlock_path paths[] = {
		{shown, SANDBOX_READ}, {kept, SANDBOX_WRITE}, {absent, SANDBOX_READ}, {(char *)"/dev/null", SANDBOX_USE}};
	struct err err;
	MUST(!FAILED(landlock_close(paths, 4, dials, &err)));
}

static void only_what_is_allowed(const char *folder)
{
	char from[PATH_MOST];
	enter(folder, false);
	MUST(opens(in(folder, "shown/file"), O_RDONLY));
	MUST(!opens(in(folder, "shown/file"), O_WRONLY) && errno == EACCES);
	MUST(!opens(in(folder, "shown/new"), O_WRONLY | O_CREAT));
	MUST(opens(in(folder, "kept/file"), O_RDWR));
	MUST(opens(in(folder, "kept/new"), O_WRONLY | O_CREAT));
	snprintf(from, sizeof(from), "%s/kept/new", folder);
	MUST(rename(from, in(folder, "kept/renamed")) == 0);
	MUST(remove(in(folder, "kept/renamed")) == 0);
	MUST(!opens(in(folder, "hidden/file"), O_RDONLY) && errno == EACCES);
	MUST(!opens("/etc/passwd", O_RDONLY) && errno == EACCES);
	MUST(opens("/dev/null", O_RDWR));
	char *const arguments[] = {(char *)"true", NULL};
	MUST(execv("/bin/true", arguments) < 0 && errno == EACCES);
}

static void opens_only_what_is_allowed(void **state)
{
	if (landlock_version() == 0)
		skip();
	assert_int_equal(in_child(only_what_is_allowed, *state), 0);
}

static void nothing_at_all(const char *folder)
{
	struct err err;
	MUST(!FAILED(landlock_close(NULL, 0, false, &err)));
	MUST(!opens(in(folder, "shown/file"), O_RDONLY));
	MUST(!opens("/", O_RDONLY | O_DIRECTORY));
	MUST(!opens("/proc/self/mem", O_RDWR));
	MUST(!opens("/dev/null", O_RDWR));
}

static void opens_nothing_where_nothing_is_allowed(void **state)
{
	if (landlock_version() == 0)
		skip();
	assert_int_equal(in_child(nothing_at_all, *state), 0);
}

static bool connects(int port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int rc = connect(fd, (struct sockaddr *)&at, sizeof(at)), why = errno;
	close(fd);
	errno = why;
	return rc == 0;
}

static int listen_somewhere(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	MUST(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 && listen(fd, 4) == 0);
	MUST(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
	return ntohs(at.sin_port);
}

static void who_dials(const char *folder)
{
	int port = listen_somewhere();
	enter(folder, true);
	MUST(connects(port));
}

static void who_does_not(const char *folder)
{
	int port = listen_somewhere();
	enter(folder, false);
	MUST(!connects(port) && errno == EACCES);
	MUST(listen_somewhere() > 0);
}

static void connects_to_nobody_unless_it_may(void **state)
{
	if (landlock_version() < VERSION_NET)
		skip();
	assert_int_equal(in_child(who_dials, *state), 0);
	assert_int_equal(in_child(who_does_not, *state), 0);
}

static void who_kills(const char *folder)
{
	enter(folder, false);
	MUST(kill(getppid(), 0) < 0 && errno == EPERM);
	MUST(kill(getpid(), 0) == 0);
}

static void signals_nobody_outside(void **state)
{
	if (landlock_version() < VERSION_SCOPE)
		skip();
	assert_int_equal(in_child(who_kills, *state), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(opens_only_what_is_allowed),
		TEST(opens_nothing_where_nothing_is_allowed),
		TEST(connects_to_nobody_unless_it_may),
		TEST(signals_nobody_outside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A library for LD_PRELOAD that stands between a program and its files: it counts the calls that change what is on disk, and at one of them kills the
 * program, before or after the call, lets the call fail, or pretends that it was done. The fault tests compile it by themselves.
 *
 * LIAISON_SHIM_PROGRAM  name of the program that it is for; in any other it does nothing
 * LIAISON_SHIM_UNDER    only calls on files below this folder count
 * LIAISON_SHIM_STATE    a file of at least sizeof(struct state) bytes that the test shares with the program: what happened, and what to do from now on
 * LIAISON_SHIM_RULES    what to do at the call of a number, which begins with 1: ACTION@FROM[-TO][:CALL] joined by ';'. ACTION is kill-before,
 *                       kill-after, lose (pretend) or the number of an errno; CALL limits it to one kind of call, such as fdatasync. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum call { CALL_WRITE, CALL_PWRITE, CALL_SYNC, CALL_RENAME, CALL_UNLINK, CALL_TRUNCATE, CALL_COUNT };
enum { ACTION_NONE = 0, ACTION_KILL_BEFORE = -1, ACTION_KILL_AFTER = -2, ACTION_LOSE = -3, RULES_MAX = 16 }; /* above 0: an errno */

static const char *const names[CALL_COUNT] = {"write", "pwrite", "fdatasync", "rename", "unlink", "ftruncate"};

/* Shared with the test. action_now holds for every call of the kinds in calls_now (bits), whatever its number. */
struct state {
	_Atomic int64_t count;
	_Atomic int64_t action_now;
	_Atomic int64_t calls_now;
	_Atomic int64_t by_kind[8];
	char last[256]; /* the call at which a rule was followed */
};

struct rule {
	int action;
	int64_t from, to;
	int call; /* -1: any */
};

static struct state *state;
static struct rule rules[RULES_MAX];
static size_t rules_count;
static const char *under;

/* The function that this one stands in front of. */
#define NEXT(name)                                                                   \
	static __typeof__(&name) next;                                               \
	if (!next)                                                                   \
		next = (__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name)

static int action_of(const char *text)
{
	if (!strncmp(text, "kill-before", 11))
		return ACTION_KILL_BEFORE;
	if (!strncmp(text, "kill-after", 10))
		return ACTION_KILL_AFTER;
	return !strncmp(text, "lose", 4) ? ACTION_LOSE : (int)strtol(text, NULL, 10);
}

static void read_rule(const char *text, size_t len)
{
	struct rule *rule = &rules[rules_count];
	char copy[128], *at, *dash, *colon;
	if (rules_count == RULES_MAX || len >= sizeof(copy))
		return;
	memcpy(copy, text, len);
	copy[len] = 0;
	at = strchr(copy, '@');
	if (!at)
		return;
	dash = strchr(at, '-');
	colon = strchr(at, ':');
	rule->action = action_of(copy);
	rule->from = rule->to = strtoll(at + 1, NULL, 10);
	if (dash)
		rule->to = strtoll(dash + 1, NULL, 10);
	rule->call = -1;
	for (int i = 0; colon && i < CALL_COUNT; i++)
		if (!strcmp(colon + 1, names[i]))
			rule->call = i;
	rules_count++;
}

__attribute__((constructor)) static void begin(void)
{
	const char *program = getenv("LIAISON_SHIM_PROGRAM"), *path = getenv("LIAISON_SHIM_STATE"), *text = getenv("LIAISON_SHIM_RULES");
	under = getenv("LIAISON_SHIM_UNDER");
	if (!program || !path || !under || strcmp(program, program_invocation_short_name) != 0)
		return;
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0)
		close(fd);
	while (text && *text) {
		size_t len = strcspn(text, ";");
		read_rule(text, len);
		text += len + (text[len] == ';');
	}
	if (map != MAP_FAILED)
		state = map;
}

static int is_under(const char *path)
{
	size_t len = strlen(under);
	return !strncmp(path, under, len) && (path[len] == '/' || path[len] == 0);
}

static void die(void)
{
	/* A sandbox may forbid to kill. This ends as abruptly: nothing of the program runs any more. */
	syscall(SYS_kill, getpid(), SIGKILL);
	syscall(SYS_exit_group, 137);
}

/* What to do at this call; kills at once when it is to die before it. */
static int meet(enum call call, const char *path)
{
	int action = ACTION_NONE;
	if (!state || !is_under(path))
		return ACTION_NONE;
	int64_t number = atomic_fetch_add(&state->count, 1) + 1;
	atomic_fetch_add(&state->by_kind[call], 1);
	if (state->action_now && (state->calls_now >> call & 1))
		action = (int)state->action_now;
	for (size_t i = 0; i < rules_count; i++)
		if (number >= rules[i].from && number <= rules[i].to && (rules[i].call < 0 || rules[i].call == (int)call))
			action = rules[i].action;
	if (action != ACTION_NONE)
		snprintf(state->last, sizeof(state->last), "%lld %s %s", (long long)number, names[call], path);
	if (action == ACTION_KILL_BEFORE)
		die();
	return action;
}

static int meet_fd(enum call call, int fd)
{
	char link[64], path[4096];
	if (!state)
		return ACTION_NONE;
	int keep = errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, path, sizeof(path) - 1);
	errno = keep;
	if (len <= 0)
		return ACTION_NONE;
	path[len] = 0;
	return meet(call, path);
}

/* The call, as the action says; `done` is what a call that only pretends answers. */
#define FOLLOW(action, done, call)              \
	do {                                    \
		if ((action) == ACTION_LOSE)    \
			return (done);          \
		if ((action) > 0) {             \
			errno = (action);       \
			return -1;              \
		}                               \
		__typeof__(call) result_ = (call); \
		if ((action) == ACTION_KILL_AFTER) \
			die();                  \
		return result_;                 \
	} while (0)

ssize_t write(int fd, const void *bytes, size_t count)
{
	NEXT(write);
	int action = meet_fd(CALL_WRITE, fd);
	FOLLOW(action, (ssize_t)count, next(fd, bytes, count));
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	NEXT(pwrite);
	int action = meet_fd(CALL_PWRITE, fd);
	FOLLOW(action, (ssize_t)count, next(fd, bytes, count, at));
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at)
{
	NEXT(pwrite64);
	int action = meet_fd(CALL_PWRITE, fd);
	FOLLOW(action, (ssize_t)count, next(fd, bytes, count, at));
}

int fdatasync(int fd)
{
	NEXT(fdatasync);
	int action = meet_fd(CALL_SYNC, fd);
	FOLLOW(action, 0, next(fd));
}

int fsync(int fd)
{
	NEXT(fsync);
	int action = meet_fd(CALL_SYNC, fd);
	FOLLOW(action, 0, next(fd));
}

int rename(const char *from, const char *to)
{
	NEXT(rename);
	int action = meet(CALL_RENAME, to);
	FOLLOW(action, 0, next(from, to));
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	NEXT(renameat2);
	int action = meet(CALL_RENAME, to);
	FOLLOW(action, 0, next(from_folder, from, to_folder, to, flags));
}

int unlink(const char *path)
{
	NEXT(unlink);
	int action = meet(CALL_UNLINK, path);
	FOLLOW(action, 0, next(path));
}

int ftruncate(int fd, off_t length)
{
	NEXT(ftruncate);
	int action = meet_fd(CALL_TRUNCATE, fd);
	FOLLOW(action, 0, next(fd, length));
}

int ftruncate64(int fd, off64_t length)
{
	NEXT(ftruncate64);
	int action = meet_fd(CALL_TRUNCATE, fd);
	FOLLOW(action, 0, next(fd, length));
}

/* A library for LD_PRELOAD that writes down everything a program does to its files, in the order in which it happened: what was written where, what was
 * made, renamed and removed, and what was synced. power.py makes of it what a power cut would have left. The fault tests compile it by themselves.
 *
 * LIAISON_POWER_PROGRAM  name of the program that it is for; in any other it does nothing
 * LIAISON_POWER_UNDER    folders, joined by ':'; only what lies below them is written down
 * LIAISON_POWER_LOG      the file to write to, at its end
 *
 * One line for each call, and after that of a write the bytes: O inode is_new is_cut is_folder path, W inode offset length, T inode size, S inode,
 * R from TAB to, U path, D path. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int log_fd = -1;
static const char *under;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;

/* The function that this one stands in front of. */
#define NEXT(name)                                                                   \
	static __typeof__(&name) next;                                               \
	if (!next)                                                                   \
		next = (__typeof__(&name))(uintptr_t)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
	const char *program = getenv("LIAISON_POWER_PROGRAM"), *path = getenv("LIAISON_POWER_LOG");
	under = getenv("LIAISON_POWER_UNDER");
	if (program && path && under && strcmp(program, program_invocation_short_name) == 0)
		log_fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

static int is_under(const char *path)
{
	for (const char *at = under; at && *at;) {
		size_t len = strcspn(at, ":");
		if (!strncmp(path, at, len) && (path[len] == '/' || path[len] == 0))
			return 1;
		at += len + (at[len] == ':');
	}
	return 0;
}

/* Is the open file one of those? */
static int is_ours(int fd, struct stat *about)
{
	char link[64], path[PATH_MAX];
	int keep = errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = log_fd < 0 ? -1 : syscall(SYS_readlink, link, path, sizeof(path) - 1);
	int ours = 0;
	if (len > 0) {
		path[len] = 0;
		ours = is_under(path) && fstat(fd, about) == 0;
	}
	errno = keep;
	return ours;
}

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char line[2 * PATH_MAX + 128];
	int keep = errno;
	va_list arguments;
	va_start(arguments, format);
	int len = vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (len < 0 || syscall(SYS_write, log_fd, line, (size_t)len) != len)
		abort();
	errno = keep;
}

static void say_written(const struct stat *about, off_t at, const void *bytes, ssize_t count)
{
	if (count <= 0)
		return;
	say("W %llu %lld %zd\n", (unsigned long long)about->st_ino, (long long)at, count);
	if (syscall(SYS_write, log_fd, bytes, (size_t)count) != count)
		abort();
}

static void say_opened(int fd, const char *path, int was_there, int flags)
{
	struct stat about;
	if (fd < 0 || !is_ours(fd, &about))
		return;
	char whole[PATH_MAX], link[64];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = syscall(SYS_readlink, link, whole, sizeof(whole) - 1);
	whole[len > 0 ? len : 0] = 0;
	(void)path;
	say("O %llu %d %d %d %s\n", (unsigned long long)about.st_ino, !was_there, was_there && (flags & O_TRUNC), S_ISDIR(about.st_mode), whole);
}

#define MODE_OF(flags, mode)                                       \
	do {                                                       \
		if ((flags) & (O_CREAT | O_TMPFILE)) {             \
			va_list arguments;                         \
			va_start(arguments, flags);                \
			mode = va_arg(arguments, mode_t);          \
			va_end(arguments);                         \
		}                                                  \
	} while (0)

#define OPEN(call)                                                      \
	do {                                                            \
		struct stat before;                                     \
		if (log_fd < 0)                                         \
			return (call);                                  \
		pthread_mutex_lock(&order);                             \
		int was_there = lstat(path, &before) == 0;              \
		int fd = (call);                                        \
		say_opened(fd, path, was_there, flags);                 \
		pthread_mutex_unlock(&order);                           \
		return fd;                                              \
	} while (0)

int open(const char *path, int flags, ...)
{
	mode_t mode = 0;
	NEXT(open);
	MODE_OF(flags, mode);
	OPEN(next(path, flags, mode));
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	NEXT(open64);
	MODE_OF(flags, mode);
	OPEN(next(path, flags, mode));
}

int mkostemp(char *path, int flags)
{
	NEXT(mkostemp);
	if (log_fd < 0)
		return next(path, flags);
	pthread_mutex_lock(&order);
	int fd = next(path, flags);
	say_opened(fd, path, 0, flags);
	pthread_mutex_unlock(&order);
	return fd;
}

#define WRITE(at_expression, call)                                      \
	do {                                                            \
		struct stat about;                                      \
		if (!is_ours(fd, &about))                               \
			return (call);                                  \
		pthread_mutex_lock(&order);                             \
		off_t place = (at_expression);                          \
		ssize_t done = (call);                                  \
		say_written(&about, place, bytes, done);                \
		pthread_mutex_unlock(&order);                           \
		return done;                                            \
	} while (0)

ssize_t write(int fd, const void *bytes, size_t count)
{
	NEXT(write);
	WRITE(lseek(fd, 0, SEEK_CUR), next(fd, bytes, count));
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at)
{
	NEXT(pwrite);
	WRITE(at, next(fd, bytes, count, at));
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at)
{
	NEXT(pwrite64);
	WRITE(at, next(fd, bytes, count, at));
}

#define AFTER(fd, call, ...)                                            \
	do {                                                            \
		struct stat about;                                      \
		if (!is_ours(fd, &about))                               \
			return (call);                                  \
		pthread_mutex_lock(&order);                             \
		int done = (call);                                      \
		if (done == 0)                                          \
			say(__VA_ARGS__);                               \
		pthread_mutex_unlock(&order);                           \
		return done;                                            \
	} while (0)

/* What is written while a sync is under way may miss it: the lock keeps both apart, so that the order in the log is the order on the disk. */
int fsync(int fd)
{
	NEXT(fsync);
	AFTER(fd, next(fd), "S %llu\n", (unsigned long long)about.st_ino);
}

int fdatasync(int fd)
{
	NEXT(fdatasync);
	AFTER(fd, next(fd), "S %llu\n", (unsigned long long)about.st_ino);
}

int ftruncate(int fd, off_t length)
{
	NEXT(ftruncate);
	AFTER(fd, next(fd, length), "T %llu %lld\n", (unsigned long long)about.st_ino, (long long)length);
}

int ftruncate64(int fd, off64_t length)
{
	NEXT(ftruncate64);
	AFTER(fd, next(fd, length), "T %llu %lld\n", (unsigned long long)about.st_ino, (long long)length);
}

#define NAME(path, call, ...)                                           \
	do {                                                            \
		if (log_fd < 0 || !is_under(path))                      \
			return (call);                                  \
		pthread_mutex_lock(&order);                             \
		int done = (call);                                      \
		if (done == 0)                                          \
			say(__VA_ARGS__);                               \
		pthread_mutex_unlock(&order);                           \
		return done;                                            \
	} while (0)

int rename(const char *from, const char *to)
{
	NEXT(rename);
	NAME(to, next(from, to), "R %s\t%s\n", from, to);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
	NEXT(renameat2);
	NAME(to, next(from_folder, from, to_folder, to, flags), "R %s\t%s\n", from, to);
}

int unlink(const char *path)
{
	NEXT(unlink);
	NAME(path, next(path), "U %s\n", path);
}

int mkdir(const char *path, mode_t mode)
{
	NEXT(mkdir);
	NAME(path, next(path, mode), "D %s\n", path);
}

#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What came after the headers that this is built with; the numbers are the kernel's for ever. */
#define FS_TRUNCATE (1ULL << 14)
#define FS_IOCTL_DEV (1ULL << 15)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_SIGNAL (1ULL << 1)

enum { VERSION_REFER = 2, VERSION_TRUNCATE = 3, VERSION_NET = 4, VERSION_IOCTL = 5, VERSION_SCOPE = 6 };

struct ruleset {
	uint64_t fs, net, scoped;
};

int landlock_version(void)
{
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	return version > 0 ? (int)version : 0;
}

#define FS_READS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define FS_USES (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE | FS_IOCTL_DEV)
#define FS_WRITES                                                                                                                \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE | FS_TRUNCATE |                  \
	 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_REFER)
/* Those that mean something of a file that is no folder. */
#define FS_OF_FILES FS_USES

static uint64_t known_rights(int version)
{
	uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
	rights |= version >= VERSION_REFER ? LANDLOCK_ACCESS_FS_REFER : 0;
	rights |= version >= VERSION_TRUNCATE ? FS_TRUNCATE : 0;
	rights |= version >= VERSION_IOCTL ? FS_IOCTL_DEV : 0;
	return rights;
}

static uint64_t rights_of(enum sandbox_access access)
{
	switch (access) {
	case SANDBOX_READ:
		return FS_READS;
	case SANDBOX_WRITE:
		return FS_WRITES;
	case SANDBOX_USE:
		return FS_USES;
	}
	return 0;
}

static RESULT add_path(int ruleset, const struct landlock_path *path, uint64_t known, struct err *err)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights_of(path->access) & known};
	struct stat about;
	rule.parent_fd = open(path->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return OK; /* what is not there cannot be opened either */
	if (fstat(rule.parent_fd, &about) == 0 && !S_ISDIR(about.st_mode))
		rule.allowed_access &= FS_OF_FILES;
	long rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
	int why = errno;
	close(rule.parent_fd);
	errno = why;
	return rc == 0 ? OK : err_errno(err, path->path, "allowing it to the sandbox");
}

static RESULT fill_and_enter(int ruleset, const struct landlock_path *paths, size_t count, uint64_t known, struct err *err)
{
	for (size_t i = 0; i < count; i++)
		TRY(add_path(ruleset, &paths[i], known, err));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return err_errno(err, "landlock", "entering the sandbox");
	return OK;
}

result landlock_close(const struct landlock_path *paths, size_t count, bool dials, struct err *err)
{
	int version = landlock_version();
	struct ruleset rules = {
		.fs = known_rights(version),
		.net = version >= VERSION_NET && !dials ? NET_CONNECT_TCP : 0,
		.scoped = version >= VERSION_SCOPE ? SCOPE_SIGNAL : 0,
	};
	size_t size = version >= VERSION_SCOPE ? sizeof(rules) : version >= VERSION_NET ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (ruleset < 0)
		return err_errno(err, "landlock", "making the sandbox");
	result r = fill_and_enter(ruleset, paths, count, rules.fs, err);
	close(ruleset);
	return r;
}

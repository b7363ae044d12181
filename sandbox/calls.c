#include "sandbox/calls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the C library, libuv, libzmq and OpenSSL do with descriptors, memory, time and threads that are there already. */
static const char *const everybody[] = {
	"read", "readv", "write", "writev", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg", "close", "shutdown",
	"accept", "accept4", "getsockname", "getpeername", "getsockopt", "setsockopt", "fcntl", "fstat", "lseek", "dup", "dup2", "dup3",
	"epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6", "eventfd2",
	"timerfd_create", "timerfd_settime", "timerfd_gettime", "pipe2",
	"brk", "munmap", "mremap", "madvise", "mlock", "mlock2", "munlock", "mlockall", "membarrier",
	"futex", "futex_waitv", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_setscheduler",
	"sched_get_priority_max", "sched_get_priority_min", /* libzmq insists that these answer */ "get_robust_list", "set_robust_list", "rseq", "restart_syscall",
	"clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "getrusage", "sysinfo", "uname",
	"getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getpriority", "getrandom", "getcpu", "getrlimit",
	"rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigpending", "rt_sigtimedwait", "sigaltstack",
	"exit", "exit_group",
};

/* And what needs files and threads of one's own. */
static const char *const with_files[] = {
	"open", "openat", "openat2", "creat", "stat", "lstat", "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink",
	"readlinkat", "getdents64", "getcwd", "mkdir", "mkdirat", "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link",
	"linkat", "umask", "chmod", "fchmod", "fchmodat", "fchown", "fchownat", "utimensat", "fsync", "fdatasync", "sync_file_range",
	"ftruncate", "truncate", "fallocate", "fadvise64", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "flock",
	"statfs", "fstatfs", "copy_file_range", "sendfile", "inotify_init1", "inotify_add_watch", "inotify_rm_watch", "signalfd4",
	"bind", "listen", "socketpair", "set_tid_address", "prlimit64", "setrlimit", "sched_setaffinity", "capget", "waitid", "wait4", "msync",
};

/* None of ours ever makes these, nor will a library that is only newer: who does has broken in, and must not get a second try. */
static const char *const intruder[] = {
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp", "bpf", "perf_event_open",
	"userfaultfd", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "mount", "umount2", "move_mount",
	"open_tree", "fsopen", "pivot_root", "chroot", "setns", "unshare", "open_by_handle_at", "name_to_handle_at", "add_key", "keyctl",
	"request_key", "reboot", "swapon", "swapoff", "iopl", "ioperm", "modify_ldt", "acct", "quotactl", "setuid", "setgid", "setresuid",
	"setresgid", "setgroups", "mknod", "mknodat",
};

bool calls_can_be_filtered(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;
	return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/* Names that this library does not know yet, or this machine has not, are passed over. */
static int add_names(scmp_filter_ctx filter, uint32_t action, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		if (number == __NR_SCMP_ERROR)
			continue;
		int rc = seccomp_rule_add(filter, action, number, 0);
		if (rc < 0 && rc != -EDOM && rc != -EACCES)
			return rc;
	}
	return 0;
}

/* No memory that is written becomes code, and nothing is both. */
static int add_memory(scmp_filter_ctx filter, enum sandbox_role role)
{
	int rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (rc == 0)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	/* Names are looked up by libraries that are loaded when they are needed. */
	if (rc == 0 && role != SANDBOX_GATEWAY)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC));
	return rc;
}

static struct scmp_arg_cmp when_is(unsigned argument, scmp_datum_t value)
{
	return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

static int allow_if(scmp_filter_ctx filter, int call, struct scmp_arg_cmp condition)
{
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &condition);
}

/* Signals to oneself alone, names of threads, and the few questions that are put to a descriptor. */
static int add_narrow(scmp_filter_ctx filter)
{
	static const unsigned long asked[] = {0x5401 /* TCGETS */, 0x541b /* FIONREAD */, 0x5421 /* FIONBIO */, 0x5450, 0x5451 /* FIOCLEX */};
	static const unsigned long set[] = {4 /* SET_DUMPABLE */, 15 /* SET_NAME */, 16 /* GET_NAME */, 3 /* GET_DUMPABLE */};
	int rc = allow_if(filter, SCMP_SYS(tgkill), when_is(0, (scmp_datum_t)getpid()));
	if (rc == 0)
		rc = allow_if(filter, SCMP_SYS(kill), when_is(0, (scmp_datum_t)getpid()));
	for (size_t i = 0; rc == 0 && i < sizeof(asked) / sizeof(*asked); i++)
		rc = allow_if(filter, SCMP_SYS(ioctl), when_is(1, asked[i]));
	for (size_t i = 0; rc == 0 && i < sizeof(set) / sizeof(*set); i++)
		rc = allow_if(filter, SCMP_SYS(prctl), when_is(0, set[i]));
	return rc;
}

/* Threads, but no processes. What clone3 would do is behind a pointer, so the C library is told to use clone. */
static int add_threads(scmp_filter_ctx filter)
{
	int rc = allow_if(filter, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	return rc == 0 ? seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) : rc;
}

static int add_sockets(scmp_filter_ctx filter, enum sandbox_role role)
{
	static const unsigned families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(families) / sizeof(*families); i++)
		rc = allow_if(filter, SCMP_SYS(socket), when_is(0, families[i]));
	/* The core asks with it whether a socket of another life still answers, and tells the service manager how it is. */
	return rc == 0 && role != SANDBOX_GATEWAY ? seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0) : rc;
}

static int fill(scmp_filter_ctx filter, enum sandbox_role role)
{
	int rc = add_names(filter, SCMP_ACT_ALLOW, everybody, sizeof(everybody) / sizeof(*everybody));
	if (rc == 0)
		rc = add_names(filter, SCMP_ACT_KILL_PROCESS, intruder, sizeof(intruder) / sizeof(*intruder));
	if (rc == 0)
		rc = add_memory(filter, role);
	if (rc == 0)
		rc = add_narrow(filter);
	if (rc == 0 && role != SANDBOX_GATEWAY)
		rc = add_names(filter, SCMP_ACT_ALLOW, with_files, sizeof(with_files) / sizeof(*with_files));
	if (rc == 0 && role != SANDBOX_GATEWAY)
		rc = add_threads(filter);
	if (rc == 0 && role != SANDBOX_GATEWAY)
		rc = add_sockets(filter, role);
	return rc;
}

result calls_close(enum sandbox_role role, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = filter ? seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) : -ENOMEM;
	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (rc == 0)
		rc = fill(filter, role);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	errno = -rc;
	return rc == 0 ? OK : err_errno(err, "seccomp", "entering the sandbox");
}

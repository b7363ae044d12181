#include "broker/warden/starter.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

struct starter {
	int fd;
	int lifeline; /* the write end, never written */
	pid_t pid;
	bool is_running; /* what it started */
};

enum { STARTER_END_MS = 3000, STARTER_PATH_MAX = 4096 };

enum order_kind { ORDER_START, ORDER_KILL };

struct order {
	enum order_kind kind;
	struct starter_order what;
};

union control {
	char at[CMSG_SPACE(sizeof(int) * STARTER_LISTEN_MAX)];
	struct cmsghdr align;
};

/* ── the starter's own process: no heap, no log ── */

struct child {
	int fd, lifeline, program, signals;
	pid_t pid; /* of what was started; 0: nothing runs */
};

static void report(const struct child *child, enum starter_event event, int number)
{
	const struct starter_report report = {event, number};
	while (send(child->fd, &report, sizeof(report), MSG_NOSIGNAL) < 0 && errno == EINTR)
		continue;
}

/* Takes the descriptors above all that they are to be moved to. */
static int aside(int fd)
{
	return fcntl(fd, F_DUPFD, STARTER_FIRST_LISTEN + STARTER_LISTEN_MAX);
}

static void place_descriptors(const struct child *child, const int *listen, unsigned count)
{
	int lifeline = aside(child->lifeline), program = aside(child->program), moved[STARTER_LISTEN_MAX];
	for (unsigned i = 0; i < count; i++)
		moved[i] = aside(listen[i]);
	dup2(lifeline, STARTER_LIFELINE);
	dup3(program, STARTER_PROGRAM, O_CLOEXEC);
	for (unsigned i = 0; i < count; i++)
		dup2(moved[i], (int)(STARTER_FIRST_LISTEN + i));
	syscall(SYS_close_range, STARTER_FIRST_LISTEN + count, ~0U, 0);
}

/* In the new process. Ends with it. */
static void become(const struct child *child, const struct order *order, const int *listen, pid_t starter)
{
	const struct starter_order *what = &order->what;
	char incarnation[16], count[16], sandbox[16], uid[16], gid[16], name[] = "liaison-gateway", folder[STARTER_FOLDER_MAX];
	char *const arguments[] = {name, folder, incarnation, count, sandbox, uid, gid, NULL};
	memcpy(folder, what->folder, sizeof(folder));
	snprintf(incarnation, sizeof(incarnation), "%u", what->incarnation);
	snprintf(count, sizeof(count), "%u", what->count);
	snprintf(sandbox, sizeof(sandbox), "%d", what->is_sandboxed);
	snprintf(uid, sizeof(uid), "%u", what->uid);
	snprintf(gid, sizeof(gid), "%u", what->gid);
	/* It ends with the starter, which ends with the core. */
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != starter)
		_exit(127);
	unsetenv("NOTIFY_SOCKET");
	place_descriptors(child, listen, what->count);
	syscall(SYS_execveat, STARTER_PROGRAM, "", arguments, environ, AT_EMPTY_PATH);
	_exit(127);
}

static void start(struct child *child, const struct order *order, const int *listen)
{
	pid_t self = getpid();
	if (child->pid != 0) {
		report(child, STARTER_FAILED, EBUSY);
		return;
	}
	pid_t pid = fork();
	if (pid == 0)
		become(child, order, listen, self);
	if (pid < 0) {
		report(child, STARTER_FAILED, errno);
		return;
	}
	child->pid = pid;
	report(child, STARTER_STARTED, pid);
}

static void take_order(struct child *child)
{
	struct order order;
	int listen[STARTER_LISTEN_MAX];
	union control control;
	struct iovec part = {&order, sizeof(order)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.at, .msg_controllen = sizeof(control.at)};
	ssize_t got = recvmsg(child->fd, &message, MSG_CMSG_CLOEXEC);
	if (got < 0 && errno == EINTR)
		return;
	if (got != (ssize_t)sizeof(order)) /* the core is gone: what was started goes with this */
		_exit(0);
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	unsigned count = header ? (unsigned)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
	if (header)
		memcpy(listen, CMSG_DATA(header), count * sizeof(int));
	if (order.kind == ORDER_KILL && child->pid != 0)
		kill(child->pid, SIGKILL);
	else if (order.kind == ORDER_START && count == order.what.count)
		start(child, &order, listen);
	for (unsigned i = 0; i < count; i++)
		close(listen[i]);
}

static void bury(struct child *child)
{
	struct signalfd_siginfo ignored;
	int status = 0;
	pid_t pid;
	if (read(child->signals, &ignored, sizeof(ignored)) < 0)
		return;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child->pid)
			continue;
		child->pid = 0;
		report(child, STARTER_ENDED, status);
	}
}

static void serve(struct child *child)
{
	struct pollfd polled[] = {{child->fd, POLLIN, 0}, {child->signals, POLLIN, 0}};
	for (;;) {
		if (poll(polled, 2, -1) < 0)
			continue;
		if (polled[1].revents)
			bury(child);
		if (polled[0].revents)
			take_order(child);
	}
}

/* Signals for the service, from a terminal for instance, are the core's alone. */
static void live(int fd, int lifeline, int program, pid_t core)
{
	struct child child = {.fd = fd, .lifeline = lifeline, .program = program};
	sigset_t set;
	prctl(PR_SET_NAME, "liaison-starter", 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (getppid() != core)
		_exit(0);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	child.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (child.signals < 0)
		_exit(1);
	serve(&child);
}

/* ── the core's side ── */

static RESULT fork_it(struct starter *starter, int program, struct err *err)
{
	int pair[2], line[2];
	pid_t core = getpid();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, "gateway", "making a socket to its starter");
	starter->fd = pair[0];
	if (pipe2(line, O_CLOEXEC) < 0) {
		close(pair[1]);
		return err_errno(err, "gateway", "making a pipe to it");
	}
	starter->lifeline = line[1];
	starter->pid = fork();
	if (starter->pid == 0) {
		close(pair[0]);
		close(line[1]);
		live(pair[1], line[0], program, core);
	}
	int why = errno;
	close(pair[1]);
	close(line[0]);
	errno = why;
	return starter->pid < 0 ? err_errno(err, "gateway", "making the process that starts it") : OK;
}

static RESULT open_beside(const char *name, int *ret_file, struct err *err)
{
	char path[STARTER_PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
	if (len <= 0 || (size_t)len >= sizeof(path))
		return err_errno(err, "/proc/self/exe", "looking for this program");
	path[len] = '\0';
	char *last = strrchr(path, '/');
	AUTO_FREE char *beside = mem_printf("%.*s/%s", last ? (int)(last - path) : 0, path, name);
	*ret_file = open(beside, O_PATH | O_CLOEXEC);
	return *ret_file >= 0 ? OK : err_errno(err, beside, "looking for the program");
}

result starter_fork(const char *name, struct starter **ret, struct err *err)
{
	int file = -1;
	TRY(open_beside(name, &file, err));
	struct starter *starter = mem_alloc(sizeof(*starter));
	*starter = (struct starter){.fd = -1, .lifeline = -1, .pid = -1};
	result r = fork_it(starter, file, err);
	close(file);
	if (FAILED(r)) {
		starter_free(starter);
		return r;
	}
	*ret = starter;
	return OK;
}

static void await_end(struct starter *starter)
{
	struct pollfd polled = {.fd = starter->fd, .events = POLLIN};
	for (enum starter_event event = STARTER_NOTHING; starter->is_running && event != STARTER_GONE;) {
		if (poll(&polled, 1, STARTER_END_MS) == 0)
			return;
		event = starter_report(starter).event;
	}
}

void starter_free(struct starter *starter)
{
	if (!starter)
		return;
	if (starter->lifeline >= 0)
		close(starter->lifeline);
	await_end(starter);
	if (starter->fd >= 0)
		close(starter->fd);
	if (starter->pid > 0)
		while (waitpid(starter->pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	mem_free(starter);
}

int starter_fd(const struct starter *starter)
{
	return starter->fd;
}

static RESULT give_order(struct starter *starter, const struct order *order, const int *fds, struct err *err)
{
	union control control = {.at = {0}};
	struct iovec part = {(void *)order, sizeof(*order)};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t sent;
	if (order->what.count) {
		message.msg_control = control.at;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * order->what.count);
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * order->what.count);
		memcpy(CMSG_DATA(header), fds, sizeof(int) * order->what.count);
	}
	do
		sent = sendmsg(starter->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? err_errno(err, "gateway", "telling its starter") : OK;
}

result starter_start(struct starter *starter, const struct starter_order *what, const int *listen, struct err *err)
{
	const struct order order = {.kind = ORDER_START, .what = *what};
	return give_order(starter, &order, listen, err);
}

void starter_kill(struct starter *starter)
{
	const struct order order = {.kind = ORDER_KILL};
	struct err ignored;
	if (FAILED(give_order(starter, &order, NULL, &ignored)))
		return; /* without a starter there is no gateway: the report says so */
}

struct starter_report starter_report(struct starter *starter)
{
	struct starter_report report;
	ssize_t got;
	do
		got = recv(starter->fd, &report, sizeof(report), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got == (ssize_t)sizeof(report)) {
		starter->is_running = report.event == STARTER_STARTED || (report.event == STARTER_FAILED && starter->is_running);
		return report;
	}
	if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return (struct starter_report){STARTER_NOTHING, 0};
	return (struct starter_report){STARTER_GONE, 0};
}

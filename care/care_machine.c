#include "care/care.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "pages/pages.h"

enum { DIAL_MS = 3000, SPACE_FAULT_MIB = 16, SPACE_WARNING_MIB = 256, CLOCK_ERROR_MS = 500 };
#define CARE_DAY_MS ((int64_t)24 * 3600 * 1000)
#define CARE_BEGIN_MS INT64_C(1767225600000) /* 2026: no clock of a machine that runs this can be before it */

void care_clock(struct care *care)
{
	char text[CLOCK_TEXT_MAX];
	struct timex timex = {.modes = 0};
	int64_t now = clock_wall_ms();
	int state = adjtimex(&timex);
	if (now < CARE_BEGIN_MS)
		care_say(care, CARE_FAULT, "clock", "", "Set the clock: messages and certificates are judged by it.", "it shows %s", clock_text(now, text));
	else if (state < 0)
		care_say(care, CARE_WARNING, "clock", "", "See that NTP runs on this machine.", "whether it is set by NTP cannot be seen here: %s", strerror(errno));
	else if (state == TIME_ERROR || (timex.status & STA_UNSYNC))
		care_say(care, CARE_WARNING, "clock", "", "Run an NTP client (chrony, systemd-timesyncd).", "nothing keeps it right; it shows %s", clock_text(now, text));
	else if (timex.maxerror / 1000 > CLOCK_ERROR_MS)
		care_say(care, CARE_WARNING, "clock", "", "Look at the NTP client's sources.", "it may be wrong by %ld ms", timex.maxerror / 1000);
	else
		care_say(care, CARE_FINE, "clock", "", "", "kept right by NTP, within %ld ms", timex.maxerror / 1000);
}

static bool look(struct care *care, const char *about, const char *path, struct stat *ret)
{
	if (stat(path, ret) == 0)
		return true;
	care_say(care, CARE_FAULT, about, path, errno == ENOENT ? "Make it, or correct the setting." : "Give the program's user access.", "%s", strerror(errno));
	return false;
}

static bool is_well_owned(struct care *care, const char *about, const char *path, const struct stat *status)
{
	uid_t user = geteuid();
	if (status->st_uid == user || status->st_uid == 0 || user == 0)
		return true;
	care_say(care, CARE_WARNING, about, path, "chown it to the user that the program runs as; run this command as that user.", "it belongs to user %u, and this is user %u", status->st_uid, user);
	return false;
}

void care_folder(struct care *care, const char *about, const char *path)
{
	struct stat status;
	struct statvfs disk;
	if (!look(care, about, path, &status))
		return;
	if (!S_ISDIR(status.st_mode)) {
		care_say(care, CARE_FAULT, about, path, "Name a folder.", "this is no folder");
		return;
	}
	if ((status.st_mode & S_IWOTH) && !(status.st_mode & S_ISVTX))
		care_say(care, CARE_FAULT, about, path, "chmod o-w it.", "everybody may write into it");
	if (!is_well_owned(care, about, path, &status) || statvfs(path, &disk) != 0)
		return;
	uint64_t left = (uint64_t)disk.f_bavail * disk.f_frsize >> 20;
	const char *remedy = "Free space: a full disk stops the taking of messages.";
	if (left < SPACE_FAULT_MIB || (disk.f_files && disk.f_favail < 100))
		care_say(care, CARE_FAULT, about, path, remedy, "%llu MiB and %llu files are left on its disk", (unsigned long long)left, (unsigned long long)disk.f_favail);
	else if (left < SPACE_WARNING_MIB)
		care_say(care, CARE_WARNING, about, path, remedy, "%llu MiB are left on its disk", (unsigned long long)left);
	else
		care_say(care, CARE_FINE, about, path, "", "%llu MiB are left on its disk", (unsigned long long)left);
}

void care_file(struct care *care, const char *about, const char *path, bool secret)
{
	struct stat status;
	if (strstr(path, ":") && path[0] != '/')
		return; /* a token's or a credential's URI */
	if (!look(care, about, path, &status))
		return;
	if (secret && (status.st_mode & 077))
		care_say(care, CARE_FAULT, about, path, "chmod 0600 it, and have a new key issued if others may have read it.", "others may read it (mode %04o)", status.st_mode & 07777);
	else if (status.st_mode & 022)
		care_say(care, CARE_FAULT, about, path, "chmod go-w it.", "others may change it (mode %04o)", status.st_mode & 07777);
	else if (is_well_owned(care, about, path, &status))
		care_say(care, CARE_FINE, about, path, "", "mode %04o", status.st_mode & 07777);
}

static bool listens(const struct sockaddr *address, socklen_t len)
{
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), failed = ETIMEDOUT;
	socklen_t size = sizeof(failed);
	if (fd < 0)
		return false;
	if (connect(fd, address, len) == 0) {
		close(fd);
		return true;
	}
	struct pollfd wait = {.fd = fd, .events = POLLOUT};
	if (errno == EINPROGRESS && poll(&wait, 1, DIAL_MS) == 1 && getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size) != 0)
		failed = errno;
	else if (errno != EINPROGRESS && failed == ETIMEDOUT)
		failed = errno ? errno : ECONNREFUSED;
	close(fd);
	errno = failed;
	return failed == 0;
}

bool care_socket(struct care *care, const char *about, const char *endpoint)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!endpoint || strncmp(endpoint, "ipc://", 6) != 0 || strlen(endpoint + 6) >= sizeof(address.sun_path))
		return false;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", endpoint + 6);
	if (access(address.sun_path, F_OK) != 0) {
		care_say(care, CARE_FINE, about, address.sun_path, "", "nobody listens: the program is not running");
		return false;
	}
	if (listens((const struct sockaddr *)&address, sizeof(address))) {
		care_say(care, CARE_FINE, about, address.sun_path, "", "the program is running");
		return true;
	}
	care_say(care, CARE_WARNING, about, address.sun_path, "It goes with the program's next start; start it.", "left behind by a program that ended: %s", strerror(errno));
	return false;
}

void care_dial(struct care *care, const char *about, const char *address)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	AUTO_FREE char *host = mem_text(address);
	char *colon = strrchr(host, ':'), *name = host;
	if (!colon)
		return;
	*colon = '\0';
	if (name[0] == '[' && colon > name && colon[-1] == ']') {
		name++;
		colon[-1] = '\0';
	}
	int failed = getaddrinfo(name, colon + 1, &hints, &found);
	if (failed != 0) {
		care_say(care, CARE_FAULT, about, address, "Correct the name, or look at this machine's resolver.", "%s", gai_strerror(failed));
		return;
	}
	bool is_there = false;
	for (const struct addrinfo *at = found; at && !is_there; at = at->ai_next)
		is_there = listens(at->ai_addr, at->ai_addrlen);
	freeaddrinfo(found);
	if (is_there)
		care_say(care, CARE_FINE, about, address, "", "it can be reached");
	else
		care_say(care, CARE_FAULT, about, address, "Ask the hub's operator whether it is up; look at firewalls on the way.", "it cannot be reached: %s", strerror(errno));
}

void care_until(struct care *care, const char *about, const char *which, int64_t until_ms, int64_t notice_days)
{
	char text[CLOCK_TEXT_MAX];
	int64_t left = until_ms - clock_wall_ms();
	if (until_ms == 0)
		return;
	if (left < 0)
		care_say(care, CARE_FAULT, about, which, "Have a new one issued; reload.", "it ended at %s", clock_text(until_ms, text));
	else if (left < notice_days * CARE_DAY_MS)
		care_say(care, CARE_WARNING, about, which, "Have a new one issued; reload.", "it ends in %lld days, at %s", (long long)(left / CARE_DAY_MS), clock_text(until_ms, text));
	else
		care_say(care, CARE_FINE, about, which, "", "good until %s", clock_text(until_ms, text));
}

bool care_is_gone(struct care *care, const char *about, const char *path, const char *lock)
{
	struct stat status;
	bool was_made = stat(lock, &status) == 0 && status.st_size > 0;
	if (!was_made || (stat(path, &status) == 0 && status.st_size > 0))
		return false;
	care_say(care, CARE_FAULT, about, path, "Look for it; otherwise restore it from a backup: liaison restore.", "the file is missing or empty, though it was in use before");
	return true;
}

bool care_database(struct care *care, const char *about, const char *path, int application, int version)
{
	struct err why;
	enum pages_kind kind;
	int64_t pages = 0;
	int is_application = 0, is_version = 0;
	result r = pages_look(path, &kind, &why);
	if (!FAILED(r) && kind == PAGES_EMPTY) {
		care_say(care, CARE_FINE, about, path, "", "not made yet");
		return false;
	}
	if (!FAILED(r))
		r = pages_stamp(path, &is_application, &is_version, &why);
	if (!FAILED(r) && is_application == application && is_version != version) {
		care_say(care, is_version > version ? CARE_FAULT : CARE_WARNING, about, path,
		         is_version > version ? "Run the newer version that made it." : "Start its program once: the file is brought up to date.",
		         "format %d, and this program writes %d", is_version, version);
		return false;
	}
	if (!FAILED(r) && (kind != PAGES_CHECKED || is_application != application))
		r = err_set(&why, CODE_CORRUPT, path, "its beginning is damaged, or it is not what it should be");
	if (!FAILED(r))
		r = pages_check(path, &pages, &why);
	if (!FAILED(r))
		r = pages_integrity(path, &why);
	if (FAILED(r)) {
		care_fault(care, about, &why);
		return false;
	}
	care_say(care, CARE_FINE, about, path, "", "format %d, %lld pages, each with its checksum, and its tables fit together", version, (long long)pages);
	return true;
}

#include "sandbox/sandbox.h"

#include "base/log.h"
#include "base/mem.h"
#include "sandbox/calls.h"
#include "sandbox/landlock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sanitizers and valgrind open files and make calls of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { IS_WATCHED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
enum { IS_WATCHED = 1 };
#else
enum { IS_WATCHED = 0 };
#endif
#else
enum { IS_WATCHED = 0 };
#endif

enum { TEXT_MAX = 80 };

struct sandbox {
	enum sandbox_role role;
	struct landlock_path *paths;
	size_t count;
	bool is_on, dials, has_files, has_calls;
	char files[TEXT_MAX], calls[TEXT_MAX];
};

static const char *const system_reads[] = {
	"/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/usr/share/zoneinfo", "/etc/localtime", "/etc/ssl", "/etc/ld.so.cache",
	"/proc/sys/kernel/random/boot_id", /* tells what a power cut may have taken */
	"/etc/protocols", "/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf", "/etc/gai.conf", "/etc/services", "/sys/devices/system/cpu", "/proc/stat",
	"/proc/sys/kernel/random/boot_id", /* whether what was not synced can have been lost */
	"/proc/self/statm",
};

/* Files of a whole folder, because they are replaced while a program runs that looks names up. */
static const char *const names_reads[] = {"/etc", "/run/systemd/resolve", "/run/resolvconf", "/run/NetworkManager", "/run/nscd"};

struct sandbox *sandbox_new(enum sandbox_role role, bool is_on)
{
	struct sandbox *sandbox = mem_alloc(sizeof(*sandbox));
	sandbox->role = role;
	sandbox->dials = role == SANDBOX_ADAPTER;
	sandbox->is_on = is_on;
	return sandbox;
}

void sandbox_free(struct sandbox *sandbox)
{
	if (!sandbox)
		return;
	for (size_t i = 0; i < sandbox->count; i++)
		mem_free(sandbox->paths[i].path);
	mem_free(sandbox->paths);
	mem_free(sandbox);
}

void sandbox_allow(struct sandbox *sandbox, const char *path, enum sandbox_access access)
{
	if (!path || !path[0])
		return;
	sandbox->paths = mem_grow(sandbox->paths, sandbox->count + 1, sizeof(*sandbox->paths));
	sandbox->paths[sandbox->count++] = (struct landlock_path){mem_text(path), access};
}

static void allow_folder_of(struct sandbox *sandbox, const char *file)
{
	const char *slash = strrchr(file, '/');
	AUTO_FREE char *folder = slash ? mem_text_n(file, slash > file ? (size_t)(slash - file) : 1) : mem_text(".");
	sandbox_allow(sandbox, folder, SANDBOX_READ);
}

void sandbox_allow_beside(struct sandbox *sandbox, const char *file)
{
	char *real = realpath(file, NULL);
	allow_folder_of(sandbox, file);
	if (real)
		allow_folder_of(sandbox, real);
	mem_free(real);
}

bool sandbox_allow_key(struct sandbox *sandbox, const char *uri)
{
	bool is_credential = !strncmp(uri, "credential:", strlen("credential:"));
	if (is_credential)
		sandbox_allow(sandbox, getenv("CREDENTIALS_DIRECTORY"), SANDBOX_READ);
	if (strncmp(uri, "pkcs11:", strlen("pkcs11:")) != 0)
		return is_credential;
	const char *pin = strstr(uri, "pin-source=");
	pin = pin ? pin + strlen("pin-source=") : "";
	pin += !strncmp(pin, "file:", 5) ? 5 : 0;
	AUTO_FREE char *file = mem_text_n(pin, strcspn(pin, "&;"));
	if (file[0] == '/')
		sandbox_allow_beside(sandbox, file);
	sandbox->dials = true;
	return true;
}

void sandbox_allow_socket(struct sandbox *sandbox, const char *endpoint)
{
	const char *path = endpoint && !strncmp(endpoint, "ipc://", 6) ? endpoint + 6 : NULL, *slash = path ? strrchr(path, '/') : NULL;
	if (!slash || slash == path)
		return;
	AUTO_FREE char *folder = mem_text_n(path, (size_t)(slash - path));
	sandbox_allow(sandbox, folder, SANDBOX_WRITE);
}

void sandbox_allow_system(struct sandbox *sandbox)
{
	for (size_t i = 0; i < sizeof(system_reads) / sizeof(*system_reads); i++)
		sandbox_allow(sandbox, system_reads[i], SANDBOX_READ);
	for (size_t i = 0; sandbox->role == SANDBOX_ADAPTER && i < sizeof(names_reads) / sizeof(*names_reads); i++)
		sandbox_allow(sandbox, names_reads[i], SANDBOX_READ);
	sandbox_allow(sandbox, "/dev/null", SANDBOX_USE);
	sandbox_allow(sandbox, "/dev/urandom", SANDBOX_USE);
	sandbox_allow(sandbox, "/dev/random", SANDBOX_USE);
}

/* Why not; NULL: nothing is against it. */
static const char *hindrance(const struct sandbox *sandbox)
{
	if (!sandbox->is_on)
		return "switched off";
	if (IS_WATCHED)
		return "built with a sanitizer";
	const char *preload = getenv("LD_PRELOAD");
	return preload && strstr(preload, "vgpreload") ? "run by valgrind" : NULL;
}

result sandbox_close_files(struct sandbox *sandbox, struct err *err)
{
	const char *why = hindrance(sandbox);
	int version = landlock_version();
	if (!why && version == 0)
		why = "the kernel has no Landlock";
	if (why) {
		snprintf(sandbox->files, TEXT_MAX, "%s", why);
		return OK;
	}
	TRY(landlock_close(sandbox->paths, sandbox->count, sandbox->dials, err));
	snprintf(sandbox->files, TEXT_MAX, "landlock %d", version);
	sandbox->has_files = true;
	return OK;
}

result sandbox_close_calls(struct sandbox *sandbox, struct err *err)
{
	const char *why = hindrance(sandbox);
	if (!why && !calls_can_be_filtered())
		why = "the kernel has no seccomp filters";
	if (why) {
		snprintf(sandbox->calls, TEXT_MAX, "%s", why);
		return OK;
	}
	TRY(calls_close(sandbox->role, err));
	snprintf(sandbox->calls, TEXT_MAX, "seccomp");
	sandbox->has_calls = true;
	return OK;
}

void sandbox_log(const struct sandbox *sandbox)
{
	bool whole = sandbox->has_files && sandbox->has_calls;
	log_event(whole ? LOG_NOTICE : LOG_WARNING, whole ? "sandbox" : "sandbox_absent", LOG_TEXT("files", sandbox->files),
	          LOG_TEXT("calls", sandbox->calls));
}

#include "broker/confine/confine.h"

#include "base/file.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* Has nothing on any system. */
#define NOBODY "nobody"

struct visit {
	struct sandbox *sandbox;
	const char *data;
};

static void allow_path(const char *path, void *ctx)
{
	const struct visit *visit = ctx;
	if (!sandbox_allow_key(visit->sandbox, path) && strcmp(path, visit->data) != 0) /* what lies beside it is nobody's business */
		sandbox_allow_beside(visit->sandbox, path);
}

result confine_files(const struct settings *settings, const char *file, struct sandbox **ret, struct err *err)
{
	struct sandbox *sandbox = *ret = sandbox_new(SANDBOX_CORE, settings->sandbox.on);
	struct visit visit = {sandbox, settings->data};
	TRY(file_make_folder(settings->data, 0700, err));
	sandbox_allow_system(sandbox);
	sandbox_allow_beside(sandbox, file);
	conf_paths(&settings_table, settings, allow_path, &visit);
	sandbox_allow(sandbox, settings->data, SANDBOX_WRITE);
	sandbox_allow_socket(sandbox, settings->control);
	sandbox_allow_socket(sandbox, settings->events);
	for (size_t i = 0; i < settings->sandbox.read.count; i++)
		sandbox_allow(sandbox, settings->sandbox.read.at[i], SANDBOX_READ);
	for (size_t i = 0; i < settings->sandbox.write.count; i++)
		sandbox_allow(sandbox, settings->sandbox.write.at[i], SANDBOX_WRITE);
	return sandbox_close_files(sandbox, err);
}

result confine_user(const struct settings *settings, uid_t *ret_uid, gid_t *ret_gid, struct err *err)
{
	const char *name = settings->gateway_user;
	bool is_root = geteuid() == 0;
	const struct passwd *user = name[0] ? getpwnam(name) : is_root ? getpwnam(NOBODY) : NULL;
	*ret_uid = 0;
	if (name[0] && !user)
		return err_set(err, CODE_CONFIG, "gateway_user", "there is no user %s", name);
	if (name[0] && !is_root && geteuid() != user->pw_uid)
		return err_set(err, CODE_CONFIG, "gateway_user", "only a broker that is started as root can have it changed to %s", name);
	if (is_root && user) {
		*ret_uid = user->pw_uid;
		*ret_gid = user->pw_gid;
	}
	return OK;
}

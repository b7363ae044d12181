/* A SoftHSM of the test's own, in a folder under /tmp: tokens and keys that are imported into it. Tests that need one are skipped where Debian's softhsm2 is
 * not installed. To be made before the process loads the module: SoftHSM reads its configuration once. */
#ifndef TESTS_UNIT_CERTS_TOKEN_FIXTURE_H
#define TESTS_UNIT_CERTS_TOKEN_FIXTURE_H

#include <spawn.h>
#include <sys/wait.h>

#include "base/file.h"
#include "pki_fixture.h"

#define TOKEN_FIXTURE_MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define TOKEN_FIXTURE_PIN "canary-pin-16180"

extern char **environ;

static char token_fixture_folder[64];

static inline bool token_fixture_is_here(void)
{
	return access(TOKEN_FIXTURE_MODULE, R_OK) == 0 && access("/usr/bin/softhsm2-util", X_OK) == 0;
}

static inline bool token_fixture_run(const char *const arguments[])
{
	posix_spawn_file_actions_t quiet;
	pid_t pid = 0;
	int status = 0;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", 1 /* O_WRONLY */, 0);
	bool ran = posix_spawn(&pid, "/usr/bin/softhsm2-util", &quiet, NULL, (char **)(uintptr_t)arguments, environ) == 0 && waitpid(pid, &status, 0) == pid;
	posix_spawn_file_actions_destroy(&quiet);
	return ran && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static inline void token_fixture_write(const char *name, struct bytes contents, unsigned mode)
{
	AUTO_FREE char *path = mem_printf("%s/%s", token_fixture_folder, name);
	struct err err;

	pki_fixture_fine(file_write(path, contents, mode, &err), &err);
}

static inline int token_fixture_make(void **state)
{
	(void)state;
	snprintf(token_fixture_folder, sizeof(token_fixture_folder), "/tmp/liaison-token-XXXXXX");
	if (mkdtemp(token_fixture_folder) == NULL)
		return -1;
	AUTO_FREE char *tokens = mem_printf("%s/tokens", token_fixture_folder);
	AUTO_FREE char *conf = mem_printf("%s/softhsm2.conf", token_fixture_folder);
	AUTO_FREE char *text = mem_printf("directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n", tokens);
	mkdir(tokens, 0700);
	token_fixture_write("softhsm2.conf", bytes_text(text), 0600);
	token_fixture_write("pin", BYTES_LIT(TOKEN_FIXTURE_PIN "\n"), 0600);
	token_fixture_write("wrong-pin", BYTES_LIT("not-the-pin"), 0600);
	return setenv("SOFTHSM2_CONF", conf, 1);
}

static inline int token_fixture_remove(void **state)
{
	(void)state;
	return nftw(token_fixture_folder, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void token_fixture_token(const char *label)
{
	const char *const arguments[] = {"softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "so-pin-1", "--pin", TOKEN_FIXTURE_PIN, NULL};

	assert_true(token_fixture_run(arguments));
}

/* key: a PEM file in PKCS#8. */
static inline void token_fixture_import(const char *token, const char *key, const char *label, const char *id, bool with_public)
{
	const char *const arguments[] = {"softhsm2-util", "--import", key, "--token", token, "--label", label,
	                           "--id", (char *)(uintptr_t)id, "--pin", TOKEN_FIXTURE_PIN, "--force", with_public ? NULL : "--no-public-key", NULL};

	assert_true(token_fixture_run(arguments));
}

/* Lasts until the next. pin: the name of a file of the fixture's; NULL: no source. */
static inline const char *token_fixture_uri(const char *path, const char *pin)
{
	static char uri[512];

	snprintf(uri, sizeof(uri), "pkcs11:%s?module-path=%s%s%s%s%s", path, TOKEN_FIXTURE_MODULE, pin ? "&pin-source=" : "", pin ? token_fixture_folder : "",
	         pin ? "/" : "", pin ? pin : "");
	return uri;
}

#endif

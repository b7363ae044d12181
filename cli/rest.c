/* The ring of keys that seals what rests on a disk: made, changed, and asked what is sealed with which key. */
#include "atrest/atrest.h"
#include "base/conf.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* Of a broker's or an adapter's configuration, what matters here. */
struct place {
	char *data;
	struct {
		char *key;
	} at_rest;
};

static const struct conf_field key_fields[] = {
	{.name = "key", .kind = CONF_PATH, .offset = offsetof(struct place, at_rest.key), .flags = CONF_OR_URI},
};
static const struct conf_table key_table = {key_fields, 1, 0, CONF_NO_LINE, NULL};
static const struct conf_field place_fields[] = {
	{.name = "data", .kind = CONF_PATH, .offset = offsetof(struct place, data), .flags = CONF_REQUIRED},
	{.name = "at_rest", .kind = CONF_GROUP, .offset = 0, .sub = &key_table},
};
static const struct conf_table place_table = {place_fields, 2, sizeof(struct place), CONF_NO_LINE, NULL};

/* What a folder of data may hold. */
static const char *const databases[] = {"store.db", "index.db", "adapter.db"};
enum { DATABASES = sizeof(databases) / sizeof(*databases) };

static bool load_place(const char *file, struct place *ret)
{
	struct conf_faults faults;
	conf_faults_init(&faults);
	result r = conf_load_part(&place_table, file, ret, &faults);
	if (FAILED(r))
		fprintf(stderr, "%.*s", (int)faults.text.len, faults.text.len ? (const char *)faults.text.at : "");
	conf_faults_done(&faults);
	return !FAILED(r);
}

/* ---- status ---- */

static void say_state(const char *path, const struct atrest_count *count, const struct vault *vault, bool json, bool is_first)
{
	static const char *const states[] = {[ATREST_PLAIN] = "plain", [ATREST_SEALED] = "sealed"};
	char id[2 * VAULT_ID_LEN + 1];
	uint64_t blocks = count->blocks;
	if (json)
		printf("%s{\"file\": \"%s\", \"state\": \"%s\", \"pages\": %llu, \"keys\": {", is_first ? "" : ", ", path, states[count->state], (unsigned long long)blocks);
	else
		printf("%s: %s, %llu pages\n", path, states[count->state], (unsigned long long)blocks);
	for (size_t i = 0, said = 0; vault != NULL && i < vault_count(vault); i++) {
		text_hex(bytes_of(vault_id(vault, i), VAULT_ID_LEN), id);
		if (count->by_key[i] > 0 && json)
			printf("%s\"%s\": %llu", said++ ? ", " : "", id, (unsigned long long)count->by_key[i]);
		else if (count->by_key[i] > 0)
			printf("  key %s%s: %llu\n", id, i == 0 ? ", the first" : "", (unsigned long long)count->by_key[i]);
	}
	if (json)
		printf("}, \"unknown\": %llu}", (unsigned long long)count->by_others);
	else if (count->by_others > 0)
		printf("  keys that are not in the ring: %llu\n", (unsigned long long)count->by_others);
}

static result say_all(const struct cli *cli, const struct place *place, const struct vault *vault, struct err *err)
{
	bool is_first = true;
	if (cli->json)
		printf("{\"files\": [");
	for (size_t i = 0; i < DATABASES; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", place->data, databases[i]);
		struct atrest_count count;
		TRY(atrest_look(path, vault, &count, err));
		if (count.state == ATREST_ABSENT)
			continue;
		say_state(path, &count, vault, cli->json, is_first);
		is_first = false;
	}
	if (cli->json)
		printf("]}\n");
	return OK;
}

static result status(const struct cli *cli, const struct place *place, struct err *err)
{
	struct vault *vault = NULL;
	if (place->at_rest.key)
		TRY(vault_load(place->at_rest.key, &vault, err));
	result r = say_all(cli, place, vault, err);
	vault_free(vault);
	return r;
}

/* ---- rotation ---- */

/* The programs' own locks: while they are held, none starts. */
static result lock_file(const struct place *place, const char *name, int *ret_fd, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/%s", place->data, name);
	*ret_fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*ret_fd < 0)
		return errno == ENOENT ? OK : err_errno(err, path, "cannot open it");
	if (flock(*ret_fd, LOCK_EX | LOCK_NB) == 0)
		return OK;
	return errno == EWOULDBLOCK ? err_set(err, CODE_BUSY, path, "its program runs; stop it first") : err_errno(err, path, "cannot lock it");
}

static result seal_all(const struct place *place, const struct vault *vault, size_t *ret_count, struct err *err)
{
	for (size_t i = 0; i < DATABASES; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", place->data, databases[i]);
		bool is_done = false;
		TRY(atrest_seal_file(path, vault, &is_done, err));
		*ret_count += is_done;
	}
	return OK;
}

/* A rotation that was interrupted left more than one key: it goes on with the first. */
static result load_for_rotation(const struct place *place, struct vault **ret, struct err *err)
{
	struct vault *vault = NULL;
	TRY(vault_load(place->at_rest.key, &vault, err));
	size_t count = vault_count(vault);
	if (count > 1) {
		*ret = vault;
		return OK;
	}
	vault_free(vault);
	TRY(vault_add(place->at_rest.key, err));
	return vault_load(place->at_rest.key, ret, err);
}

static result rotate_locked(const struct place *place, struct err *err)
{
	struct vault *vault = NULL;
	char id[2 * VAULT_ID_LEN + 1];
	size_t count = 0;
	TRY(load_for_rotation(place, &vault, err));
	text_hex(bytes_of(vault_id(vault, 0), VAULT_ID_LEN), id);
	const struct vault *kept = vault;
	TRY(atrest_setup(vault, err));
	TRY(seal_all(place, kept, &count, err));
	TRY(vault_keep_first(place->at_rest.key, err));
	printf("%zu databases are sealed with the key %s now, which is the only one of %s\n", count, id, place->at_rest.key);
	return OK;
}

static result rotate(const struct place *place, struct err *err)
{
	int broker = -1, adapter = -1;
	if (!place->at_rest.key)
		return err_set(err, CODE_CONFIG, "at_rest.key", "is not set: nothing is sealed here");
	if (place->at_rest.key[0] != '/')
		return err_set(err, CODE_CONFIG, "at_rest.key", "a credential cannot be written from here; rotate with a file, and make the credential of it again");
	result r = lock_file(place, "store.lock", &broker, err);
	if (!FAILED(r))
		r = lock_file(place, "adapter.lock", &adapter, err);
	if (!FAILED(r))
		r = rotate_locked(place, err);
	if (broker >= 0)
		close(broker);
	if (adapter >= 0)
		close(adapter);
	return r;
}

static int with_place(const struct cli *cli, const char *file, bool rotates)
{
	struct place place;
	struct err why;
	if (!load_place(file, &place))
		return EXIT_CONFIG;
	result r = rotates ? rotate(&place, &why) : status(cli, &place, &why);
	conf_free(&place_table, &place);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

static int make(const char *file, const char *wrap)
{
	struct err why;
	if (FAILED(vault_make(file, wrap, &why)))
		return cli_fail(&why);
	printf("%s holds a new key. Without it nothing that it seals can be read again: keep a copy, apart from the backups of the data.\n", file);
	return EXIT_FINE;
}

int cli_vault(struct cli *cli, int argc, char **argv)
{
	const char *config = NULL, *wrap = NULL;
	bool bad = false;
	bool has_config = cli_option(&argc, argv, "-c", &config, &bad), has_wrap = cli_option(&argc, argv, "--wrap", &wrap, &bad);
	if (!bad && argc == 3 && !strcmp(argv[1], "new") && argv[2][0] != '-' && !has_config)
		return make(argv[2], wrap);
	bool rotates = argc == 2 && !strcmp(argv[1], "rotate");
	if (!bad && argc == 2 && has_config && !has_wrap && (rotates || !strcmp(argv[1], "status")))
		return with_place(cli, config, rotates);
	return cli_usage("vault", "new FILE [--wrap pkcs11:…], rotate -c CONFIG, or status -c CONFIG");
}

result cli_open_rest(const struct cli *cli, const char *folder, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/store.db", folder);
	struct vault *vault = NULL;
	if (cli->at_rest)
		TRY(vault_load(cli->at_rest, &vault, err));
	result r = atrest_may_open(path, vault, err);
	if (!FAILED(r) && vault)
		return atrest_setup(vault, err);
	vault_free(vault);
	return r;
}

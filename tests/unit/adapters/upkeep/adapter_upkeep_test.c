/* liaison-adapter doctor, backup and restore: what they say, and with which code they end. */
#include "unit/certs/pki_fixture.h"

#include "adapters/runtime/box.h"
#include "adapters/upkeep/adapter_upkeep.h"
#include "base/file.h"
#include "unit/care/said.h"

#define PARTY "ct.hartford.police"

struct place {
	struct pki_fixture pki;
	struct conf_table *table;
	struct options options;
	char file[96], data[96], copy[96], spool[96];
	const char *text; /* what was said last */
};

static void write_config(struct place *place, const char *party)
{
	struct buf text;
	struct err err;
	buf_init(&text, 1 << 16);
	buf_printf(&text, "party = \"%s\"; kind = \"police\"; data = \"data\"; catalogue = \"%s/schemas/catalogue\";\n", party, LIAISON_SOURCE_DIR);
	buf_add_text(&text, "hub = { address = \"127.0.0.1:1\"; party = \"ct.hub\"; };\n"
	                    "tls = { certificate = \"" PARTY "-tls.pem\"; key = \"" PARTY "-tls.key\"; ca = [\"ca/ca.pem\"]; crl = [\"ca/crl.pem\"]; };\n"
	                    "signing = { certificate = \"" PARTY "-sign.pem\"; key = \"" PARTY "-sign.key\"; };\nports = { spool = \"spool\"; };\n");
	pki_fixture_fine(file_write(place->file, buf_bytes(&text), 0600, &err), &err);
	buf_done(&text);
}

static void load(struct place *place)
{
	struct conf_faults faults;
	conf_faults_init(&faults);
	if (FAILED(conf_load(place->table, place->file, &place->options, &faults)))
		fail_msg("%.*s", (int)faults.text.len, (const char *)faults.text.at);
	conf_faults_done(&faults);
}

static int set_up(void **state)
{
	struct place *place = mem_alloc(sizeof(*place));
	struct box *box = NULL;
	struct err err;
	pki_fixture_new(&place->pki);
	pki_fixture_party(&place->pki, PARTY);
	snprintf(place->file, sizeof(place->file), "%s/adapter.cfg", place->pki.folder);
	snprintf(place->data, sizeof(place->data), "%s/data", place->pki.folder);
	snprintf(place->copy, sizeof(place->copy), "%s/copy", place->pki.folder);
	snprintf(place->spool, sizeof(place->spool), "%s/spool", place->pki.folder);
	place->table = options_table_new(NULL, NULL, NULL, 0, sizeof(place->options));
	write_config(place, PARTY);
	load(place);
	assert_true(mkdir(place->data, 0700) == 0 && mkdir(place->spool, 0700) == 0);
	pki_fixture_fine(box_open(place->data, NULL, &box, &err), &err);
	pki_fixture_fine(box_commit(box, &err), &err);
	box_close(box);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;
	conf_free(place->table, &place->options);
	options_table_free(place->table);
	pki_fixture_done(&place->pki);
	mem_free(place);
	clock_release();
	return 0;
}

static int doctor(struct place *place, bool json)
{
	said_begin();
	int code = adapter_upkeep_doctor(place->file, &place->options, json);
	place->text = said_end();
	return code;
}

static int backup(struct place *place, const char *folder, bool with_keys)
{
	said_begin();
	int code = adapter_upkeep_backup(place->file, &place->options, folder, with_keys);
	place->text = said_end();
	return code;
}

static int restore(struct place *place, const char *folder)
{
	said_begin();
	int code = adapter_upkeep_restore(&place->options, folder);
	place->text = said_end();
	return code;
}

static void lose(struct place *place)
{
	static const char *const names[] = {"adapter.db", "adapter.db-wal", "adapter.db-shm", "adapter.db-mark", "adapter.lock"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", place->data, names[i]);
		if (unlink(path) != 0)
			assert_int_not_equal(access(path, F_OK), 0);
	}
}

static void a_hub_that_cannot_be_reached_is_the_only_fault_of_an_adapter_in_order(void **state)
{
	struct place *place = *state;
	assert_int_equal(doctor(place, false), 1);
	assert_says(place->text, "fault    hub 127.0.0.1:1: it cannot be reached");
	assert_says(place->text, ", 1 faults\n");
	assert_says(place->text, "fine     database");
	assert_int_equal(doctor(place, true), 1);
	assert_says(place->text, "\"faults\": 1");
}

static void what_is_wrong_is_named_each_with_its_place(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *refused = mem_printf("%s/refused", place->spool), *error = mem_printf("%s/x.json.error", refused), *box = mem_printf("%s/adapter.db", place->data);
	struct err err;
	assert_int_equal(chmod(pki_fixture_path(&place->pki, PARTY "-sign.key"), 0644), 0);
	assert_int_equal(mkdir(refused, 0700), 0);
	pki_fixture_fine(file_write(error, BYTES_LIT("no"), 0600, &err), &err);
	assert_int_equal(unlink(box), 0);
	assert_int_equal(doctor(place, false), 1);
	assert_says(place->text, "others may read it (mode 0644)");
	assert_says(place->text, "1 files of refused documents");
	assert_says(place->text, "restore it from a backup");
}

static void a_copy_comes_back_where_there_is_nothing(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *key = mem_printf("%s/" PARTY "-sign.key", place->copy);
	assert_int_equal(backup(place, place->copy, false), 0);
	assert_says(place->text, "copied to ");
	assert_int_not_equal(access(key, F_OK), 0);
	assert_int_equal(restore(place, place->copy), 2);
	assert_says(place->text, "nothing is overwritten");
	lose(place);
	assert_int_equal(restore(place, place->copy), 0);
	assert_says(place->text, "restored from ");
	assert_int_equal(doctor(place, false), 1);
	assert_says(place->text, "fine     database");
}

static void keys_are_in_a_copy_where_they_are_asked_for(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *key = mem_printf("%s/" PARTY "-sign.key", place->copy);
	struct stat status;
	assert_int_equal(backup(place, place->copy, true), 0);
	assert_int_equal(stat(key, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(backup(place, place->copy, true), 2);
	assert_says(place->text, "there is something in it");
}

static void no_copy_anothers_and_a_cut_one_are_refused_and_nothing_is_made(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *box = mem_printf("%s/adapter.db", place->data), *cut = mem_printf("%s/adapter.db", place->copy), *none = mem_printf("%s-none", place->copy);
	assert_int_equal(backup(place, place->copy, false), 0);
	lose(place);
	assert_int_equal(restore(place, none), 1);
	assert_says(place->text, "manifest.json");
	conf_free(place->table, &place->options);
	write_config(place, "ct.norwich.police");
	load(place);
	assert_int_equal(restore(place, place->copy), 2);
	assert_says(place->text, "it is a copy of adapter " PARTY ", and the configuration is that of adapter ct.norwich.police");
	conf_free(place->table, &place->options);
	write_config(place, PARTY);
	load(place);
	assert_int_equal(truncate(cut, 8192), 0);
	assert_int_equal(restore(place, place->copy), 1);
	assert_says(place->text, "corrupt");
	assert_int_not_equal(access(box, F_OK), 0);
}

static void a_database_that_is_gone_is_not_copied(void **state)
{
	struct place *place = *state;
	AUTO_FREE char *manifest = mem_printf("%s/manifest.json", place->copy);
	lose(place);
	assert_int_equal(backup(place, place->copy, false), 1);
	assert_int_not_equal(access(manifest, F_OK), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_hub_that_cannot_be_reached_is_the_only_fault_of_an_adapter_in_order),
		TEST(what_is_wrong_is_named_each_with_its_place),
		TEST(a_copy_comes_back_where_there_is_nothing),
		TEST(keys_are_in_a_copy_where_they_are_asked_for),
		TEST(no_copy_anothers_and_a_cut_one_are_refused_and_nothing_is_made),
		TEST(a_database_that_is_gone_is_not_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

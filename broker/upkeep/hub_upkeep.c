#include "broker/upkeep/hub_upkeep.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "atrest/atrest.h"
#include "base/clock.h"
#include "base/daemon.h"
#include "base/mem.h"
#include "base/text.h"
#include "broker/config/snapshot.h"
#include "broker/ledger/ledger.h"
#include "care/care.h"

enum { STORE_APPLICATION = 0x4c494153, INDEX_APPLICATION = 0x4c494149, INDEX_VERSION = 3, CERTIFICATE_NOTICE_DAYS = 30, CRL_NOTICE_DAYS = 3 };

static int fail(const struct err *why)
{
	fprintf(stderr, "liaison-broker: %s%s%s: %s\n%s\n", why->field, why->field[0] ? ": " : "", code_text(why->code), why->reason, code_remedy(why->code));
	return why->code == CODE_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

/* Sealed files are read and written with their key; nothing that is plain is sealed here. folder: the one whose databases are to be read. A wrong key is told from
 * damage: who takes the one for the other restores what is whole. */
static result load_vault(const struct settings *settings, const char *folder, struct err *err)
{
	AUTO_FREE char *store = mem_printf("%s/store.db", folder), *index = mem_printf("%s/index.db", folder);
	const char *const paths[] = {store, index};
	return atrest_begin_reading(settings->at_rest.key, paths, sizeof(paths) / sizeof(*paths), err);
}

/* ── doctor ── */

static void look_at_papers(struct care *care, const struct snapshot *snapshot)
{
	const struct settings *settings = &snapshot->settings;
	care_file(care, "key", settings->tls.key, true);
	care_file(care, "key", settings->signing.key, true);
	care_file(care, "certificate", settings->tls.certificate, false);
	care_file(care, "certificate", settings->signing.certificate, false);
	for (size_t i = 0; i < settings->tls.ca.count; i++)
		care_file(care, "authority", settings->tls.ca.at[i], false);
	care_until(care, "certificate", settings->tls.certificate, tls_not_after_ms(snapshot->tls), CERTIFICATE_NOTICE_DAYS);
	care_until(care, "certificate", settings->signing.certificate, signer_not_after_ms(snapshot->signing), CERTIFICATE_NOTICE_DAYS);
	care_until(care, "revocation list", "", trust_crl_due_ms(snapshot->trust), CRL_NOTICE_DAYS);
}

/* What a key signed that was revoked as compromised is not believed any more, and no damage: a restore mends nothing of it. */
static void on_finding(void *ctx, const struct ledger_finding *finding)
{
	if (finding->code == CODE_REVOKED)
		care_say(ctx, CARE_WARNING, "ledger", finding->where, "Nothing is damaged: docs/runbook.md, keys in wrong hands.", "%s: %s", code_text(finding->code), finding->reason);
	else
		care_say(ctx, CARE_FAULT, "ledger", finding->where, code_remedy(finding->code), "%s: %s", code_text(finding->code), finding->reason);
}

/* While the broker runs it commits between two looks; what it says of the queues then is of two moments. */
static void look_at_ledger(struct care *care, const struct snapshot *snapshot, bool is_running)
{
	struct store *store = NULL;
	struct ledger_report report;
	struct ledger_asking asking = {.trust = snapshot->trust, .found = on_finding, .ctx = care};
	struct err why;
	result r = store_sqlite_read(snapshot->settings.data, &store, &why);
	if (FAILED(r)) {
		care_fault(care, "store", &why);
		return;
	}
	if (is_running) {
		asking.found = NULL;
		r = ledger_audit(store, &asking, &report, &why);
		if (FAILED(r)) /* once more, and it counts */
			asking.found = on_finding;
	}
	if (asking.found)
		r = ledger_audit(store, &asking, &report, &why);
	store_close(store);
	if (!FAILED(r))
		care_say(care, CARE_FINE, "ledger", "", "", "%lld entries, %lld messages with their leaves, signatures and verdicts; %lld deliveries open, %lld dead letters",
		         (long long)report.entries, (long long)report.messages, (long long)report.open, (long long)report.dead);
	else if (r.code == CODE_IO || r.code == CODE_BUSY)
		care_fault(care, "ledger", &why);
}

static void look_at_data(struct care *care, const struct snapshot *snapshot, bool is_running)
{
	const char *data = snapshot->settings.data;
	AUTO_FREE char *store = mem_printf("%s/store.db", data), *index = mem_printf("%s/index.db", data), *lock = mem_printf("%s/store.lock", data);
	AUTO_FREE char *damaged = mem_printf("%s/index.db.damaged", data);
	care_folder(care, "data", data);
	bool is_gone = care_is_gone(care, "store", store, lock);
	if (!is_gone && care_database(care, "store", store, STORE_APPLICATION, store_sqlite_version()))
		look_at_ledger(care, snapshot, is_running);
	if (access(index, F_OK) == 0 && !care_database(care, "index", index, INDEX_APPLICATION, INDEX_VERSION))
		care_say(care, CARE_WARNING, "index", index, "Stop the broker, remove it, start: it is made anew from the store.", "traces may be wrong or fail; no message is at risk");
	if (access(damaged, F_OK) == 0)
		care_say(care, CARE_WARNING, "index", damaged, "Look at the disk; then remove it.", "a damaged index was set aside");
}

static int doctor(const char *file, bool json)
{
	struct care *care = care_new(file, json);
	struct conf_faults faults;
	struct snapshot *snapshot = NULL;
	conf_faults_init(&faults);
	care_file(care, "configuration", file, false);
	care_clock(care);
	if (FAILED(snapshot_load(file, 1, &snapshot, &faults))) {
		care_config(care, buf_bytes(&faults.text));
	} else {
		care_say(care, CARE_FINE, "configuration", file, "", "%zu parties, %zu agreements", snapshot->parties_count, snapshot->agreements_count);
		look_at_papers(care, snapshot);
		bool is_running = care_socket(care, "control", snapshot->settings.control);
		care_socket(care, "events", snapshot->settings.events);
		struct err why;
		if (FAILED(load_vault(&snapshot->settings, snapshot->settings.data, &why)))
			care_fault(care, "key at rest", &why);
		else
			look_at_data(care, snapshot, is_running);
		snapshot_unref(snapshot);
	}
	conf_faults_done(&faults);
	return care_end(care);
}

/* ── backup and restore ── */

/* The settings alone: a copy must be possible with papers that have expired. */
static bool load(const char *file, struct settings *ret, int *ret_code)
{
	const struct daemon_options options = {.config = file};
	return daemon_config(&options, &settings_table, ret, ret_code);
}

/* Size and root as the copy has them. */
static result read_ledger(const char *folder, struct care_copy *copy, struct err *err)
{
	struct store *store = NULL;
	TRY(store_sqlite_read(folder, &store, err));
	result r = store_ledger_size(store, &copy->ledger_size, err);
	if (!FAILED(r) && copy->ledger_size > 0)
		r = ledger_root_at(store, (uint64_t)copy->ledger_size, &copy->ledger_root, err);
	store_close(store);
	return r;
}

static result copy_papers(const struct settings *settings, const char *folder, struct err *err)
{
	const char *const from[] = {settings->tls.certificate, settings->tls.key, settings->signing.certificate, settings->signing.key};
	for (size_t i = 0; i < sizeof(from) / sizeof(*from); i++)
		if (from[i][0] == '/' || !strchr(from[i], ':')) /* what a token holds stays there */
			TRY(care_copy_file(from[i], folder, false, err));
	return OK;
}

static result make_copy(const struct settings *settings, const char *file, const char *folder, bool with_keys, struct care_copy *copy, struct err *err)
{
	TRY(care_copy_database(settings->data, folder, copy, err));
	TRY(read_ledger(folder, copy, err));
	TRY(care_copy_file(file, folder, false, err));
	if (with_keys)
		TRY(copy_papers(settings, folder, err));
	return care_copy_end(folder, copy, err);
}

static void print_copy(const char *what, const char *folder, const struct care_copy *copy)
{
	char made[CLOCK_TEXT_MAX], hex[2 * HASH_LEN + 1];
	printf("%s %s: %lld entries of the ledger, root %s, as of %s\n", what, folder, (long long)copy->ledger_size,
	       text_hex(hash_bytes(&copy->ledger_root), hex), clock_text(copy->made_at, made));
}

static int backup(const char *file, const char *folder, bool with_keys)
{
	struct settings settings;
	struct err why;
	int code = EXIT_FINE;
	if (!load(file, &settings, &code))
		return code;
	struct care_copy copy = {.what = "hub", .party = settings.party, .database = "store.db", .ledger_size = -1};
	result r = load_vault(&settings, settings.data, &why);
	if (!FAILED(r))
		r = make_copy(&settings, file, folder, with_keys, &copy, &why);
	if (!FAILED(r))
		print_copy("copied to", folder, &copy);
	conf_free(&settings_table, &settings);
	return FAILED(r) ? fail(&why) : EXIT_FINE;
}

static int restore(const char *file, const char *folder)
{
	struct settings settings;
	struct care_copy copy;
	struct err why;
	int code = EXIT_FINE;
	if (!load(file, &settings, &code))
		return code;
	result r = load_vault(&settings, folder, &why);
	if (!FAILED(r))
		r = care_copy_check(folder, "hub", settings.party, "store.db", &copy, &why);
	if (!FAILED(r))
		r = care_copy_restore(folder, settings.data, "store.db", &why);
	if (!FAILED(r)) {
		print_copy("restored from", folder, &copy);
		printf("What was accepted after that is with the agencies only: docs/operate.md, 11 and 14.\n");
	}
	conf_free(&settings_table, &settings);
	return FAILED(r) ? fail(&why) : EXIT_FINE;
}

/* ── the command line ── */

bool hub_upkeep(int argc, char **argv, int *ret_code)
{
	static const char *const names[] = {"doctor", "backup", "restore"};
	const char *file = NULL, *folder = NULL;
	bool json = false, with_keys = false, fine = true;
	size_t which = 0;
	while (argc > 1 && which < 3 && strcmp(argv[1], names[which]) != 0)
		which++;
	if (argc < 2 || which == 3)
		return false;
	for (int i = 2; i < argc; i++) {
		if (!strcmp(argv[i], "-c") && i + 1 < argc)
			file = argv[++i];
		else if (!strcmp(argv[i], "--json"))
			json = true;
		else if (!strcmp(argv[i], "--keys"))
			with_keys = true;
		else if (argv[i][0] != '-' && !folder)
			folder = argv[i];
		else
			fine = false;
	}
	if (!fine || !file || (which > 0) != (folder != NULL)) {
		fprintf(stderr, "Usage: liaison-broker doctor -c FILE [--json] | backup -c FILE [--keys] FOLDER | restore -c FILE FOLDER\n");
		*ret_code = EXIT_USAGE;
		return true;
	}
	daemon_prepare();
	*ret_code = which == 0 ? doctor(file, json) : which == 1 ? backup(file, folder, with_keys) : restore(file, folder);
	return true;
}

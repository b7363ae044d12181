#include "adapters/upkeep/adapter_upkeep.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/runtime/box.h"
#include "adapters/runtime/office.h"
#include "atrest/atrest.h"
#include "base/clock.h"
#include "base/daemon.h"
#include "base/file.h"
#include "base/mem.h"
#include "care/care.h"

enum { CERTIFICATE_NOTICE_DAYS = 30, CRL_NOTICE_DAYS = 3, OLD_DOCUMENT_MS = 10 * 60 * 1000 };

static int fail(const struct err *why)
{
	fprintf(stderr, "liaison-adapter: %s%s%s: %s\n%s\n", why->field, why->field[0] ? ": " : "", code_text(why->code), why->reason, code_remedy(why->code));
	return why->code == CODE_USAGE ? EXIT_USAGE : EXIT_FAILED;
}

/* Sealed files are read and written with their key; nothing that is plain is sealed here. folder: the one whose database is to be read. A wrong key is told from
 * damage: who takes the one for the other restores what is whole. */
static result load_vault(const struct options *options, const char *folder, struct err *err)
{
	AUTO_FREE char *box = mem_printf("%s/adapter.db", folder);
	const char *const paths[] = {box};
	return atrest_begin_reading(options->at_rest.key, paths, 1, err);
}

/* ── doctor ── */

static void look_at_papers(struct care *care, const char *file, const struct options *options)
{
	struct office_papers papers;
	struct conf_faults faults;
	conf_faults_init(&faults);
	care_file(care, "key", options->tls.key, true);
	care_file(care, "key", options->signing.key, true);
	care_file(care, "certificate", options->tls.certificate, false);
	care_file(care, "certificate", options->signing.certificate, false);
	if (options->ports.https.token_file)
		care_file(care, "token", options->ports.https.token_file, true);
	if (FAILED(office_papers_load(options, &papers, &faults, file))) {
		care_config(care, buf_bytes(&faults.text));
	} else {
		care_until(care, "certificate", options->tls.certificate, tls_not_after_ms(papers.tls), CERTIFICATE_NOTICE_DAYS);
		care_until(care, "certificate", options->signing.certificate, signer_not_after_ms(papers.signing), CERTIFICATE_NOTICE_DAYS);
		care_until(care, "revocation list", "", trust_crl_due_ms(papers.trust), CRL_NOTICE_DAYS);
		office_papers_done(&papers);
	}
	conf_faults_done(&faults);
}

static void look_at_data(struct care *care, const struct options *options)
{
	AUTO_FREE char *box = mem_printf("%s/adapter.db", options->data), *lock = mem_printf("%s/adapter.lock", options->data);
	care_folder(care, "data", options->data);
	if (!care_is_gone(care, "database", box, lock))
		care_database(care, "database", box, BOX_APPLICATION, BOX_FORMAT);
}

/* Files that begin like this, of the folder; of these, how many have been there for longer than ten minutes. */
static size_t count_files(const char *folder, bool hidden, size_t *ret_old)
{
	char **names = NULL;
	size_t count = 0;
	struct err ignored;
	struct stat status;
	int64_t now = clock_wall_ms();
	*ret_old = 0;
	if (FAILED(hidden ? file_list_hidden(folder, &names, &count, &ignored) : file_list(folder, "", &names, &count, &ignored)))
		return 0;
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", folder, names[i]);
		*ret_old += stat(path, &status) == 0 && now - (int64_t)status.st_mtim.tv_sec * 1000 > OLD_DOCUMENT_MS;
	}
	file_list_free(names, count);
	return count;
}

static void look_at_spool(struct care *care, const char *spool)
{
	static const char *const parts[] = {"outbox", "inbox", "sent", "refused"};
	size_t old = 0;
	care_folder(care, "spool", spool);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		AUTO_FREE char *folder = mem_printf("%s/%s", spool, parts[i]);
		count_files(folder, true, &old);
		if (old)
			care_say(care, CARE_WARNING, "spool", folder, i == 0 ? "Its own system left them there: look at it." : "They are made good at the adapter's next start.",
			         "%zu unfinished files of more than ten minutes ago", old);
		size_t count = count_files(folder, false, &old);
		if (i == 0 && old)
			care_say(care, CARE_WARNING, "spool", folder, "Is the adapter running? Its log says why they are not taken.", "%zu documents wait for more than ten minutes", old);
		if (i == 3 && count)
			care_say(care, CARE_WARNING, "spool", folder, "Read the .error beside each, correct the document, and drop it again.", "%zu files of refused documents", count);
	}
}

int adapter_upkeep_doctor(const char *file, const struct options *options, bool json)
{
	struct care *care = care_new(file, json);
	care_file(care, "configuration", file, false);
	care_clock(care);
	look_at_papers(care, file, options);
	care_socket(care, "port", options->ports.zmq);
	struct err why;
	if (FAILED(load_vault(options, options->data, &why)))
		care_fault(care, "key at rest", &why);
	else
		look_at_data(care, options);
	if (options->ports.spool && options->ports.spool[0])
		look_at_spool(care, options->ports.spool);
	care_dial(care, "hub", options->hub.address);
	return care_end(care);
}

/* ── backup and restore ── */

static result copy_papers(const struct options *options, const char *folder, struct err *err)
{
	const char *const from[] = {options->tls.certificate, options->tls.key, options->signing.certificate, options->signing.key};
	for (size_t i = 0; i < sizeof(from) / sizeof(*from); i++)
		if (from[i][0] == '/' || !strchr(from[i], ':')) /* what a token holds stays there */
			TRY(care_copy_file(from[i], folder, false, err));
	return OK;
}

int adapter_upkeep_backup(const char *file, const struct options *options, const char *folder, bool with_keys)
{
	struct care_copy copy = {.what = "adapter", .party = options->party, .database = "adapter.db", .ledger_size = -1};
	char made[CLOCK_TEXT_MAX];
	struct err why;
	result r = load_vault(options, options->data, &why);
	if (!FAILED(r))
		r = care_copy_database(options->data, folder, &copy, &why);
	if (!FAILED(r))
		r = care_copy_file(file, folder, false, &why);
	if (!FAILED(r) && with_keys)
		r = copy_papers(options, folder, &why);
	if (!FAILED(r))
		r = care_copy_end(folder, &copy, &why);
	if (FAILED(r))
		return fail(&why);
	printf("copied to %s: as of %s\n", folder, clock_text(copy.made_at, made));
	return EXIT_FINE;
}

int adapter_upkeep_restore(const struct options *options, const char *folder)
{
	struct care_copy copy;
	char made[CLOCK_TEXT_MAX];
	struct err why;
	result r = load_vault(options, folder, &why);
	if (!FAILED(r))
		r = care_copy_check(folder, "adapter", options->party, "adapter.db", &copy, &why);
	if (!FAILED(r))
		r = care_copy_restore(folder, options->data, "adapter.db", &why);
	if (FAILED(r))
		return fail(&why);
	printf("restored from %s: as of %s\n", folder, clock_text(copy.made_at, made));
	printf("What was handed over or taken in after that is not known any more: docs/connect-an-agency.md, 14.\n");
	return EXIT_FINE;
}

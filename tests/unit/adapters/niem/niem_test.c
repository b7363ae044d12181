/* Documents of every kind: the project's own samples as their manifest says, the catalogue's examples written and read back, what
 * strangers send. The instances of the exchanges' own specifications stay outside of the project; where they are at hand they are
 * read, too. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/niem/niem.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/json.h"
#include "schemas/value.h"

enum { DOCUMENT_MAX = 4 << 20 };

#define OURS LIAISON_SOURCE_DIR "/tests/samples/niem/"
#define THEIRS LIAISON_SOURCE_DIR "/../shared/samples/ojbc-main/"

static struct catalogue *catalogue;

static struct kind_host host_of(void)
{
	return (struct kind_host){.party = "ct.doc.osborn", .ori = "", .agency = "", .catalogue = catalogue};
}

static void read_bytes(struct bytes document, struct kind_reading *reading)
{
	const struct kind_host host = host_of();
	/* Exactly as long as it is, so that a byte too far is noticed. */
	char *exact = mem_text_n(document.len ? (const void *)document.at : "", document.len);
	kind_reading_init(reading);
	niem_format.read(NULL, &host, bytes_of(exact, document.len), reading);
	mem_free(exact);
}

static void read_file(const char *path, struct kind_reading *reading)
{
	struct buf document;
	struct err err = {.reason = ""};
	buf_init(&document, DOCUMENT_MAX);
	if (FAILED(file_read(path, DOCUMENT_MAX, &document, &err)))
		fail_msg("%s: %s", path, err.reason);
	read_bytes(buf_bytes(&document), reading);
	buf_done(&document);
}

static void print_value(const char *what, struct bytes value)
{
	struct buf text;
	struct err err;
	buf_init(&text, DOCUMENT_MAX);
	if (!FAILED(json_from_pack(value, 0, &text, &err)))
		print_error("%s %.*s\n", what, (int)text.len, (const char *)text.at);
	buf_done(&text);
}

static struct bytes body_of(const struct kind_reading *reading)
{
	struct bytes body = BYTES_NONE;
	assert_int_equal(reading->drafts_count, 1);
	assert_true(pack_find(buf_bytes(&reading->drafts[0].plain), "body", &body));
	return body;
}

static struct bytes type_of(const struct kind_reading *reading)
{
	struct bytes type = BYTES_NONE, text = BYTES_NONE;
	assert_true(pack_find(buf_bytes(&reading->drafts[0].plain), "type", &type) && pack_as_text(type, &text));
	return text;
}

static bool write_body(struct bytes type, struct bytes body, struct buf *out)
{
	static const uint8_t id[UUID_LEN] = {1};
	struct message message = {.type = type, .id = id, .issued = 1772442000000};
	const struct kind_message passing = {.message = &message, .main = body, .tag = ""};
	struct err err = {.reason = ""};
	bool wrote = false;
	buf_init(out, DOCUMENT_MAX);
	assert_int_equal(niem_write(&passing, out, &wrote, &err).code, CODE_OK);
	return wrote;
}

static void fail_with_faults(const char *what, const struct kind_reading *reading)
{
	for (size_t i = 0; i < reading->faults_count; i++)
		print_error("%d %s: %s: %s\n", reading->faults[i].line, reading->faults[i].err.field,
		            code_text(reading->faults[i].err.code), reading->faults[i].err.reason);
	fail_msg("%s", what);
}

/* What is written reads back to the same body. True when there is a document for it. */
static bool comes_back(const char *what, struct bytes type, struct bytes body)
{
	struct kind_reading again;
	struct buf document;
	size_t steps = 1000000;
	bool wrote = write_body(type, body, &document);
	if (wrote) {
		read_bytes(buf_bytes(&document), &again);
		if (again.drafts_count != 1) {
			print_error("%.*s\n", (int)document.len, (const char *)document.at);
			fail_with_faults(what, &again);
		}
		if (!value_equal(body, body_of(&again), &steps)) {
			print_error("%.*s\n", (int)document.len, (const char *)document.at);
			print_value("is", body);
			print_value("comes back as", body_of(&again));
			fail_msg("%s", what);
		}
		kind_reading_done(&again);
	}
	buf_done(&document);
	return wrote;
}

static void fits_the_catalogue(const char *what, const struct kind_reading *reading)
{
	const struct catalogue_type *type = catalogue_find(catalogue, type_of(reading));
	struct err err = {.reason = ""};
	assert_non_null(type);
	assert_int_equal(pack_scan(buf_bytes(&reading->drafts[0].plain), &err).code, CODE_OK);
	if (FAILED(validator_run(type->parts[0].validator, body_of(reading), &err)))
		fail_msg("%s: %s: %s", what, err.field, err.reason);
}

/* ---- the catalogue's examples ---- */

static void writes_examples_that_read_back_to_the_same_body(void **state)
{
	size_t written = 0;
	(void)state;
	for (size_t i = 0; i < catalogue_count(catalogue); i++) {
		const struct catalogue_type *type = catalogue_at(catalogue, i);
		struct bytes examples, body;
		if (!pack_pointer(buf_bytes(&type->source), "/examples/valid", &examples))
			continue;
		struct pack_in in = pack_in(examples, NULL);
		for (size_t count = pack_array(&in, ""), j = 0; j < count; j++) {
			struct bytes example = pack_value(&in, "");
			assert_true(pack_find(example, "body", &body));
			AUTO_FREE char *what = mem_printf("%s %zu", type->name, j);
			written += comes_back(what, bytes_text(type->name), body);
		}
	}
	assert_true(written > 30);
}

/* ---- the manifest ---- */

/* "POINTER=TEXT": the body says so. */
static void says(const char *what, struct bytes body, const char *claim)
{
	size_t len = strcspn(claim, "=");
	AUTO_FREE char *pointer = mem_text_n(claim, len);
	struct bytes value, text;
	struct buf json;
	struct err err;
	buf_init(&json, DOCUMENT_MAX);
	if (!pack_pointer(body, pointer, &value)) {
		print_value(what, body);
		fail_msg("%s has no %s", what, pointer);
	}
	if (!pack_as_text(value, &text)) {
		assert_false(FAILED(json_from_pack(value, 0, &json, &err)));
		text = buf_bytes(&json);
	}
	if (!bytes_is(text, claim + len + 1))
		fail_msg("%s: %s is %.*s, not %s", what, pointer, (int)text.len, (const char *)text.at, claim + len + 1);
	buf_done(&json);
}

static char *next_cell(char **line)
{
	char *cell = *line;
	size_t len = strcspn(cell, "|");
	*line = cell + len + (cell[len] == '|');
	cell[len] = 0;
	return cell;
}

/* FILE|accepted|TYPE|POINTER=TEXT|… or FILE|refused|LINE|CODE|FIELD */
static void check_line(const char *folder, char *line, bool must_come_back)
{
	struct kind_reading reading;
	const char *name = next_cell(&line), *outcome = next_cell(&line);
	AUTO_FREE char *path = mem_printf("%s%s", folder, name);
	read_file(path, &reading);
	if (!strcmp(outcome, "accepted")) {
		const char *type = next_cell(&line);
		if (reading.drafts_count != 1)
			fail_with_faults(name, &reading);
		if (!bytes_is(type_of(&reading), type))
			fail_msg("%s is not read as %s", name, type);
		fits_the_catalogue(name, &reading);
		while (*line)
			says(name, body_of(&reading), next_cell(&line));
		if (!comes_back(name, type_of(&reading), body_of(&reading)) && must_come_back)
			fail_msg("%s is not written", name);
	} else {
		int64_t at = 0;
		struct err err;
		assert_false(FAILED(text_int(bytes_text(next_cell(&line)), 0, 10000, &at, &err)));
		const char *code = next_cell(&line), *field = next_cell(&line);
		bool is_named = false;
		assert_int_equal(reading.drafts_count, 0);
		for (size_t i = 0; i < reading.faults_count; i++)
			is_named = is_named || ((at == 0 || reading.faults[i].line == at) &&
			                        !strcmp(code_text(reading.faults[i].err.code), code) &&
			                        !strcmp(reading.faults[i].err.field, field));
		if (!is_named)
			fail_with_faults(name, &reading);
	}
	kind_reading_done(&reading);
}

static void check_manifest(const char *folder, const char *path, bool must_come_back)
{
	struct buf manifest;
	struct err err = {.reason = ""};
	buf_init(&manifest, DOCUMENT_MAX);
	if (FAILED(file_read(path, DOCUMENT_MAX, &manifest, &err)))
		fail_msg("%s: %s", path, err.reason);
	buf_add_byte(&manifest, 0);
	size_t count = 0;
	for (char *at = (char *)manifest.at, *end; (end = strchr(at, '\n')); at = end + 1) {
		*end = 0;
		if (*at && *at != '#') {
			check_line(folder, at, must_come_back);
			count++;
		}
	}
	assert_true(count > 10);
	buf_done(&manifest);
}

static void reads_every_sample_as_its_manifest_says(void **state)
{
	(void)state;
	check_manifest(OURS, OURS "MANIFEST", true);
}

static void reads_the_instances_of_the_exchanges_where_they_are_at_hand(void **state)
{
	DIR *folder = opendir(THEIRS);
	(void)state;
	if (!folder) {
		print_message("SKIPPED: %s is not there\n", THEIRS);
		skip();
	}
	closedir(folder);
	check_manifest(THEIRS, OURS "INSTANCES", false);
}

/* ---- strangers ---- */

static const struct kind_fault *only_fault(struct kind_reading *reading, struct bytes document)
{
	read_bytes(document, reading);
	assert_int_equal(reading->drafts_count, 0);
	assert_true(reading->faults_count > 0);
	return &reading->faults[0];
}

static void refuses_what_strangers_send(void **state)
{
	static const struct {
		const char *document;
		enum code code;
	} cases[] = {
	    {"", CODE_MALFORMED},
	    {"<", CODE_MALFORMED},
	    {"<a/>", CODE_SCHEMA},
	    {"<Warrants/>", CODE_SCHEMA},
	    {"<!DOCTYPE a [<!ENTITY x 'y'>]><BookingReport>&x;</BookingReport>", CODE_MALFORMED},
	    {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><BookingReport/>", CODE_MALFORMED},
	    {"<?xml version='1.0' encoding='UTF-16'?><BookingReport/>", CODE_MALFORMED},
	    {"<BookingReport>\xff\xfe</BookingReport>", CODE_MALFORMED},
	    {"<BookingReport/>", CODE_SCHEMA},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kind_reading reading;
		const struct kind_fault *fault = only_fault(&reading, bytes_text(cases[i].document));
		if (fault->err.code != cases[i].code)
			fail_msg("%s: %s: %s", cases[i].document, code_text(fault->err.code), fault->err.reason);
		kind_reading_done(&reading);
	}
}

static void add_many(struct buf *document, const char *text, int count)
{
	for (int i = 0; i < count; i++)
		buf_add_text(document, text);
}

static void bounds_what_it_keeps_of_a_document_with_thousands_of_everything(void **state)
{
	struct kind_reading reading;
	struct buf document;
	(void)state;
	buf_init(&document, DOCUMENT_MAX);
	buf_add_text(&document, "<x:BookingReport xmlns:x='urn:x' xmlns:nc='http://release.niem.gov/niem/niem-core/3.0/' "
	                        "xmlns:j='http://release.niem.gov/niem/domains/jxdm/5.1/'>");
	add_many(&document, "<j:Charge><j:ChargeDescriptionText>A</j:ChargeDescriptionText></j:Charge>", 5000);
	add_many(&document, "<nc:Person><nc:PersonName/></nc:Person>", 3000);
	buf_add_text(&document, "</x:BookingReport>");
	read_bytes(buf_bytes(&document), &reading);
	assert_int_equal(reading.drafts_count, 0);
	assert_true(reading.faults_count > 0 && reading.unmapped_count <= 1000);
	kind_reading_done(&reading);
	buf_done(&document);
}

static void lists_what_no_field_takes_with_its_value(void **state)
{
	struct kind_reading reading;
	(void)state;
	read_file(OURS "booking-3.xml", &reading);
	bool is_listed = false;
	for (size_t i = 0; i < reading.unmapped_count; i++)
		is_listed = is_listed || !strcmp(reading.unmapped[i], "Person/PersonPrimaryLanguage/LanguageName = Portuguese");
	assert_true(is_listed);
	kind_reading_done(&reading);
}

static void writes_nothing_for_a_type_that_has_no_document(void **state)
{
	struct buf document, body;
	(void)state;
	buf_init(&body, DOCUMENT_MAX);
	pack_put_map(&body, 0);
	assert_false(write_body(BYTES_LIT("casenote.share/1"), buf_bytes(&body), &document));
	assert_int_equal(document.len, 0);
	buf_done(&body);
	buf_done(&document);
}

static int load(void **state)
{
	struct err err = {.reason = ""};
	(void)state;
	niem_prepare();
	if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &catalogue, &err))) {
		print_error("%s: %s\n", err.field, err.reason);
		return 1;
	}
	return 0;
}

static int unload(void **state)
{
	(void)state;
	catalogue_unref(catalogue);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_examples_that_read_back_to_the_same_body),
	    cmocka_unit_test(reads_every_sample_as_its_manifest_says),
	    cmocka_unit_test(reads_the_instances_of_the_exchanges_where_they_are_at_hand),
	    cmocka_unit_test(refuses_what_strangers_send),
	    cmocka_unit_test(bounds_what_it_keeps_of_a_document_with_thousands_of_everything),
	    cmocka_unit_test(lists_what_no_field_takes_with_its_value),
	    cmocka_unit_test(writes_nothing_for_a_type_that_has_no_document),
	};
	return cmocka_run_group_tests(tests, load, unload);
}

/* What every kind of adapter must keep, asked of each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "adapters/community/community.h"
#include "adapters/facility/facility.h"
#include "adapters/kind/holdings.h"
#include "adapters/parole_board/parole_board.h"
#include "adapters/parole_office/parole_office.h"
#include "adapters/interstate/interstate.h"
#include "adapters/probation/probation.h"
#include "adapters/police/police.h"
#include "base/conf.h"
#include "base/mem.h"
#include "schemas/catalogue.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const struct kind *const kinds[] = {&facility_kind, &parole_board_kind, &parole_office_kind, &police_kind,
                                           &community_kind, &probation_kind, &interstate_kind};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), DOCUMENT_MAX = 1 << 20 };

struct desk {
	struct catalogue *catalogue;
	struct kind_host host;
	const struct kind *kind;
	void *state;
	void *settings;
	size_t records;
};

static result put(void *ctx, const struct kind_record *record, struct err *err)
{
	struct desk *desk = ctx;
	(void)err;
	assert_true(record->kind[0] && record->number[0]);
	desk->records++;
	return OK;
}

static result each(void *ctx, const char *kind, const char *by, const char *value, bool (*fn)(void *fn_ctx, const struct kind_record *record),
                   void *fn_ctx, struct err *err)
{
	(void)ctx;
	(void)kind;
	(void)by;
	(void)value;
	(void)fn;
	(void)fn_ctx;
	(void)err;
	return OK;
}

static void load_defaults(struct desk *desk, const struct kind *kind)
{
	struct conf_faults faults;
	char path[64];
	int fd = memfd_create("settings", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	desk->settings = mem_alloc(kind->settings->size);
	conf_faults_init(&faults);
	if (FAILED(conf_load(kind->settings, path, desk->settings, &faults)))
		fail_msg("%.*s", (int)faults.text.len, (const char *)faults.text.at);
	conf_faults_done(&faults);
	close(fd);
}

/* Opened with its settings' own defaults; a kind that cannot start without any says so in words. */
static bool open_desk(struct desk *desk, const struct kind *kind)
{
	struct err err = {.code = CODE_OK};
	memset(desk, 0, sizeof(*desk));
	desk->kind = kind;
	if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &desk->catalogue, &err)))
		fail_msg("%s", err.reason);
	desk->host = (struct kind_host){.ctx = desk, .party = "ct.some.party", .ori = "CT0006400", .agency = "Some agency", .answers = true,
	                                .catalogue = desk->catalogue, .put = put, .each = each};
	if (kind->settings)
		load_defaults(desk, kind);
	if (kind->open && FAILED(kind->open(desk->settings, &desk->host, &desk->state, &err))) {
		assert_true(err.reason[0]);
		assert_int_equal(err.code, CODE_CONFIG);
		return false;
	}
	return true;
}

static void close_desk(struct desk *desk)
{
	if (desk->state && desk->kind->close)
		desk->kind->close(desk->state);
	catalogue_unref(desk->catalogue);
	if (desk->settings)
		conf_free(desk->kind->settings, desk->settings);
	mem_free(desk->settings);
}

static void names_are_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		assert_true(kinds[i]->name && kinds[i]->name[0]);
		for (size_t n = 0; n < i; n++)
			assert_string_not_equal(kinds[i]->name, kinds[n]->name);
		for (size_t f = 0; f < kinds[i]->formats_count; f++) {
			const struct kind_format *format = &kinds[i]->formats[f];
			assert_true(format->name[0] && format->ending[0] == '.' && (format->read || format->write));
			assert_string_not_equal(format->ending, ".json");
			for (size_t n = 0; n < f; n++)
				assert_string_not_equal(format->ending, kinds[i]->formats[n].ending);
		}
	}
}

/* Whatever comes in as a document: faults with a reason and no message, or messages and no fault; never neither. */
static void read_garbage(struct desk *desk, struct bytes garbage)
{
	for (size_t f = 0; f < desk->kind->formats_count; f++) {
		struct kind_reading reading;
		if (!desk->kind->formats[f].read)
			continue;
		kind_reading_init(&reading);
		desk->kind->formats[f].read(desk->state, &desk->host, garbage, &reading);
		assert_true(reading.faults_count > 0);
		for (size_t i = 0; i < reading.faults_count; i++) {
			assert_int_not_equal(reading.faults[i].err.code, CODE_OK);
			assert_true(reading.faults[i].err.reason[0]);
		}
		kind_reading_done(&reading);
	}
}

static void garbage_is_answered_with_a_reason(void **state)
{
	static const char long_line[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	const struct bytes garbage[] = {BYTES_LIT(""), BYTES_LIT("\0\0\0\0"), BYTES_LIT("\xff\xfe\xfd"), BYTES_LIT("<a><b></a>"), BYTES_LIT("\"open"),
	                                BYTES_LIT("QW"), bytes_text(long_line), BYTES_LIT("<?xml version=\"1.0\"?><!DOCTYPE x [<!ENTITY a \"b\">]><x>&a;</x>")};
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct desk desk;
		if (open_desk(&desk, kinds[i]))
			for (size_t g = 0; g < sizeof(garbage) / sizeof(*garbage); g++)
				read_garbage(&desk, garbage[g]);
		close_desk(&desk);
	}
}

struct passing {
	struct message message;
	struct part part;
	struct kind_message kind_message;
};

static const uint8_t some_id[UUID_LEN] = {0x01, 0x9c, 0x8f, 0x2a, 0x6b, 0x7d, 0x7c, 0x10, 0x9a, 0x44, 0x0f, 0x3b, 0x5e, 0x2d, 0x7a, 0x61};
static const uint8_t some_salt[MESSAGE_SALT_LEN], some_hash[MESSAGE_HASH_LEN];

static void make_message(const char *type, struct bytes body, bool is_ours, struct passing *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->part = (struct part){.name = BYTES_LIT("main"), .salt = some_salt, .bytes = body};
	ret->message = (struct message){.id = some_id, .type = bytes_text(type), .from = BYTES_LIT("ct.other.party"), .issued = 1767225600000,
	                                .priority = 5, .parts_count = 1,
	                                .parts = {{.name = BYTES_LIT("main"), .cls = BYTES_LIT("CJ"), .hash = some_hash}}};
	ret->kind_message = (struct kind_message){.message = &ret->message, .parts = &ret->part, .parts_count = 1, .main = body,
	                                          .is_ours = is_ours, .tag = ""};
}

static void pass_and_write(struct desk *desk, const char *type, struct bytes body, bool is_ours)
{
	struct passing passing;
	struct kind_reading answers;
	struct err err;
	make_message(type, body, is_ours, &passing);
	kind_reading_init(&answers);
	if (desk->kind->pass && FAILED(desk->kind->pass(desk->state, &desk->host, &passing.kind_message, &answers, &err)))
		fail_msg("%s does not pass %s: %s %s", desk->kind->name, type, err.field, err.reason);
	for (size_t i = 0; i < answers.drafts_count; i++)
		assert_false(FAILED(pack_scan(buf_bytes(&answers.drafts[i].plain), &err)));
	kind_reading_done(&answers);
	for (size_t f = 0; f < desk->kind->formats_count; f++) {
		struct buf document;
		bool wrote = false;
		if (!desk->kind->formats[f].write)
			continue;
		buf_init(&document, DOCUMENT_MAX);
		if (FAILED(desk->kind->formats[f].write(desk->state, &desk->host, &passing.kind_message, &document, &wrote, &err)))
			fail_msg("%s does not write %s: %s %s", desk->kind->formats[f].name, type, err.field, err.reason);
		assert_int_equal(wrote, document.len > 0);
		buf_done(&document);
	}
}

static void every_example_of_the_catalogue(struct desk *desk)
{
	for (size_t i = 0; i < catalogue_count(desk->catalogue); i++) {
		const struct catalogue_type *type = catalogue_at(desk->catalogue, i);
		for (int n = 0; n < 100; n++) {
			char pointer[64];
			struct bytes body;
			snprintf(pointer, sizeof(pointer), "/examples/valid/%d/body", n);
			if (!pack_pointer(buf_bytes(&type->source), pointer, &body))
				break;
			pass_and_write(desk, type->name, body, false);
			pass_and_write(desk, type->name, body, true);
		}
	}
}

static void every_valid_message_passes_and_is_written_or_left_alone(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct desk desk;
		if (open_desk(&desk, kinds[i])) {
			every_example_of_the_catalogue(&desk);
			assert_true(desk.records > 0);
		}
		close_desk(&desk);
	}
}

static void a_query_is_answered_once_and_only_when_it_came_from_elsewhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		struct desk desk;
		struct passing passing;
		struct kind_reading answers;
		struct bytes body;
		struct err err;
		if (!open_desk(&desk, kinds[i])) {
			close_desk(&desk);
			continue;
		}
		const struct catalogue_type *type = catalogue_find(desk.catalogue, BYTES_LIT("query.wanted/1"));
		assert_true(type && pack_pointer(buf_bytes(&type->source), "/examples/valid/0/body", &body));
		for (int ours = 0; ours <= 1; ours++) {
			make_message("query.wanted/1", body, ours == 1, &passing);
			kind_reading_init(&answers);
			assert_false(FAILED(kinds[i]->pass(desk.state, &desk.host, &passing.kind_message, &answers, &err)));
			assert_int_equal(answers.drafts_count, ours ? 0 : 1);
			kind_reading_done(&answers);
		}
		close_desk(&desk);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_its_own),
		cmocka_unit_test(garbage_is_answered_with_a_reason),
		cmocka_unit_test(every_valid_message_passes_and_is_written_or_left_alone),
		cmocka_unit_test(a_query_is_answered_once_and_only_when_it_came_from_elsewhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

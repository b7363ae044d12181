/* What the tests of adapters/facility share: the catalogue, a host, settings read from text, and what came of a document. */
#ifndef TESTS_UNIT_ADAPTERS_FACILITY_FACILITY_FIXTURE_H
#define TESTS_UNIT_ADAPTERS_FACILITY_FACILITY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/facility/facility.h"
#include "adapters/facility/facility_settings.h"
#include "adapters/niem/niem.h"
#include "base/file.h"
#include "base/mem.h"
#include "schemas/json.h"
#include "schemas/value.h"

enum { FIXTURE_MAX = 4 << 20 };

struct fixture {
	struct catalogue *catalogue;
	struct kind_host host;
	struct {
		struct facility_settings facility;
	} conf;
	struct kind_reading reading;
};

static const struct conf_field fixture_fields[] = {
	{.name = "facility", .kind = CONF_GROUP, .offset = 0, .sub = &facility_settings_table},
};
static const struct conf_table fixture_table = {fixture_fields, 1, sizeof(struct facility_settings), CONF_NO_LINE, NULL};

/* Appends a file of the checkout. */
static inline void fixture_file(const char *path, struct buf *out)
{
	struct err err = {.reason = ""};
	AUTO_FREE char *whole = path[0] == '/' ? mem_text(path) : mem_printf("%s/%s", LIAISON_SOURCE_DIR, path);
	if (FAILED(file_read(whole, FIXTURE_MAX, out, &err)))
		fail_msg("%s: %s", whole, err.reason);
}

/* Loads settings from text; what is wrong with them goes into faults, unless it is NULL: then nothing may be. */
static inline bool fixture_settings(struct fixture *fixture, const char *text, struct buf *faults)
{
	char path[] = "/tmp/liaison-facility-XXXXXX";
	struct conf_faults all;
	struct err err;
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_write(path, bytes_text(text), 0600, &err).code, CODE_OK);
	conf_faults_init(&all);
	bool fine = !FAILED(conf_load(&fixture_table, path, &fixture->conf, &all));
	if (!fine && !faults)
		fail_msg("%.*s", (int)all.text.len, (const char *)all.text.at);
	if (faults)
		buf_add(faults, buf_bytes(&all.text));
	conf_faults_done(&all);
	unlink(path);
	return fine;
}

static inline void fixture_init_with(struct fixture *fixture, const char *settings)
{
	struct err err = {.reason = ""};
	memset(fixture, 0, sizeof(*fixture));
	if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &fixture->catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	fixture->host = (struct kind_host){.party = "ct.doc.osborn", .ori = "", .agency = "", .catalogue = fixture->catalogue};
	fixture_settings(fixture, settings, NULL);
	kind_reading_init(&fixture->reading);
	niem_prepare();
}

/* With tests/samples/facility/facility.cfg. */
static inline void fixture_init(struct fixture *fixture)
{
	struct buf text;
	fixture_file("tests/samples/facility/facility.cfg", &text);
	buf_add_byte(&text, 0);
	fixture_init_with(fixture, (const char *)text.at);
	buf_done(&text);
}

static inline void fixture_again(struct fixture *fixture)
{
	kind_reading_done(&fixture->reading);
}

static inline void fixture_done(struct fixture *fixture)
{
	kind_reading_done(&fixture->reading);
	conf_free(&fixture_table, &fixture->conf);
	catalogue_unref(fixture->catalogue);
}

/* All faults as lines "LINE FIELD CODE REASON\n". */
static inline char *fixture_faults(const struct fixture *fixture)
{
	struct buf text;
	buf_init(&text, FIXTURE_MAX);
	for (size_t i = 0; i < fixture->reading.faults_count; i++) {
		const struct kind_fault *fault = &fixture->reading.faults[i];
		buf_printf(&text, "%d %s %s %s\n", fault->line, fault->err.field, code_text(fault->err.code), fault->err.reason);
	}
	char *owned = mem_text_n(text.at ? (const void *)text.at : "", text.len);
	buf_done(&text);
	return owned;
}

static inline char *fixture_unmapped(const struct fixture *fixture)
{
	struct buf text;
	buf_init(&text, FIXTURE_MAX);
	for (size_t i = 0; i < fixture->reading.unmapped_count; i++)
		buf_printf(&text, "%s\n", fixture->reading.unmapped[i]);
	char *owned = mem_text_n(text.at ? (const void *)text.at : "", text.len);
	buf_done(&text);
	return owned;
}

static inline void fixture_no_faults(const struct fixture *fixture)
{
	AUTO_FREE char *faults = fixture_faults(fixture);
	assert_string_equal(faults, "");
}

static inline void fixture_only_faults(const struct fixture *fixture, const char *expected)
{
	AUTO_FREE char *faults = fixture_faults(fixture);
	assert_string_equal(faults, expected);
	assert_int_equal(fixture->reading.drafts_count, 0);
}

static inline void fixture_has(const char *text, const char *expected)
{
	if (!strstr(text, expected))
		fail_msg("no \"%s\" in \"%s\"", expected, text);
}

static inline void fixture_pack(const char *json, struct buf *out)
{
	struct err err = {.reason = ""};
	AUTO_FREE char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	buf_init(out, FIXTURE_MAX);
	if (FAILED(json_to_pack(bytes_text(text), out, &err)))
		fail_msg("%s: %s in %s", err.field, err.reason, text);
}

static inline void fixture_same(struct bytes a, struct bytes b)
{
	size_t steps = 100000;
	struct buf first, second;
	struct err err;
	if (value_equal(a, b, &steps))
		return;
	buf_init(&first, FIXTURE_MAX);
	buf_init(&second, FIXTURE_MAX);
	assert_false(FAILED(json_from_pack(a, 0, &first, &err)));
	assert_false(FAILED(json_from_pack(b, 0, &second, &err)));
	fail_msg("%.*s\nis not\n%.*s", (int)first.len, (const char *)first.at, (int)second.len, (const char *)second.at);
}

/* The draft at `index` is this value, written as JSON with ' for ", and it fits the catalogue. */
static inline void fixture_draft_is(const struct fixture *fixture, size_t index, const char *json)
{
	struct buf expected;
	struct bytes body;
	struct err err = {.reason = ""};
	const struct catalogue_type *type = catalogue_find(fixture->catalogue, BYTES_LIT("release.notification/1"));
	assert_true(index < fixture->reading.drafts_count);
	struct bytes plain = buf_bytes(&fixture->reading.drafts[index].plain);
	fixture_pack(json, &expected);
	assert_int_equal(pack_scan(plain, &err).code, CODE_OK);
	fixture_same(plain, buf_bytes(&expected));
	assert_true(pack_find(plain, "body", &body));
	if (FAILED(validator_run(type->parts[0].validator, body, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	buf_done(&expected);
}

#endif

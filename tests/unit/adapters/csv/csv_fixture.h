/* What the tests of adapters/csv share: the catalogue, a plan made of settings in text, and what came of a document. */
#ifndef TESTS_UNIT_ADAPTERS_CSV_CSV_FIXTURE_H
#define TESTS_UNIT_ADAPTERS_CSV_CSV_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "adapters/csv/csv_read.h"
#include "base/file.h"
#include "base/mem.h"
#include "schemas/json.h"
#include "schemas/value.h"

enum { FIXTURE_MAX = 4 << 20 };

struct fixture {
	struct catalogue *catalogue;
	struct csv_settings settings;
	struct csv_plan *plan; /* NULL: the settings have faults, which are in `faults` */
	struct buf faults;
	struct kind_reading reading;
};

static const struct conf_field fixture_fields[] = {
	{.name = "csv", .kind = CONF_GROUP, .offset = 0, .sub = &csv_settings_table},
};
static const struct conf_table fixture_table = {fixture_fields, 1, sizeof(struct csv_settings), CONF_NO_LINE, NULL};

/* Appends a file of the checkout. */
static inline void fixture_file(const char *path, struct buf *out)
{
	struct err err = {.reason = ""};
	AUTO_FREE char *whole = mem_printf("%s/%s", LIAISON_SOURCE_DIR, path);
	if (FAILED(file_read(whole, FIXTURE_MAX, out, &err)))
		fail_msg("%s: %s", whole, err.reason);
}

/* "LINE: path: what is wrong\n"… without the file's name. */
static inline void fixture_take_faults(struct fixture *fixture, const char *path, const struct conf_faults *all)
{
	AUTO_FREE char *text = mem_text_n(all->text.at ? (const void *)all->text.at : "", all->text.len);
	for (const char *at = text; *at;) {
		size_t len = strcspn(at, "\n") + 1, skip = strncmp(at, path, strlen(path)) ? 0 : strlen(path) + 1;
		buf_add(&fixture->faults, bytes_of(at + skip, len - skip));
		at += len;
	}
	buf_add_byte(&fixture->faults, 0);
}

static inline void fixture_init_any(struct fixture *fixture, const char *text)
{
	char path[] = "/tmp/liaison-csv-XXXXXX";
	struct conf_faults all;
	struct err err = {.reason = ""};
	memset(fixture, 0, sizeof(*fixture));
	buf_init(&fixture->faults, FIXTURE_MAX);
	if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &fixture->catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_write(path, bytes_text(text), 0600, &err).code, CODE_OK);
	conf_faults_init(&all);
	if (!FAILED(conf_load(&fixture_table, path, &fixture->settings, &all)) && fixture->settings.type &&
	    FAILED(csv_plan_new(&fixture->settings, fixture->catalogue, path, &fixture->plan, &all)))
		assert_null(fixture->plan);
	fixture_take_faults(fixture, path, &all);
	conf_faults_done(&all);
	unlink(path);
	kind_reading_init(&fixture->reading);
}

static inline void fixture_init_with(struct fixture *fixture, const char *text)
{
	fixture_init_any(fixture, text);
	if (!fixture->plan)
		fail_msg("%s", (const char *)fixture->faults.at);
}

static inline void fixture_init_from(struct fixture *fixture, const char *path)
{
	struct buf text;
	fixture_file(path, &text);
	buf_add_byte(&text, 0);
	fixture_init_with(fixture, (const char *)text.at);
	buf_done(&text);
}

static inline void fixture_done(struct fixture *fixture)
{
	kind_reading_done(&fixture->reading);
	csv_plan_free(fixture->plan);
	conf_free(&fixture_table, &fixture->settings);
	catalogue_unref(fixture->catalogue);
	buf_done(&fixture->faults);
}

/* All faults of the document as lines "LINE FIELD CODE REASON\n". */
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

/* The draft at `index` is this value, written as JSON with ' for ". */
static inline void fixture_draft_is(const struct fixture *fixture, size_t index, const char *json)
{
	struct buf expected, shown;
	struct err err = {.reason = ""};
	size_t steps = 100000;
	AUTO_FREE char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	assert_true(index < fixture->reading.drafts_count);
	buf_init(&expected, FIXTURE_MAX);
	buf_init(&shown, FIXTURE_MAX);
	if (FAILED(json_to_pack(bytes_text(text), &expected, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	struct bytes plain = buf_bytes(&fixture->reading.drafts[index].plain);
	assert_int_equal(json_from_pack(plain, 0, &shown, &err).code, CODE_OK);
	if (!value_equal(plain, buf_bytes(&expected), &steps))
		fail_msg("%.*s\nis not\n%s", (int)shown.len, (const char *)shown.at, text);
	buf_done(&expected);
	buf_done(&shown);
}

#endif

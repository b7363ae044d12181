/* What the tests of the XML tree share: the catalogue, a host, and what came of a document. */
#ifndef TESTS_UNIT_ADAPTERS_NIEM_NIEM_FIXTURE_H
#define TESTS_UNIT_ADAPTERS_NIEM_NIEM_FIXTURE_H

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

enum { FIXTURE_MAX = 4 << 20 };

struct fixture {
	struct catalogue *catalogue;
	struct kind_host host;
	struct kind_reading reading;
};

static inline void fixture_init(struct fixture *fixture)
{
	struct err err = {.reason = ""};
	memset(fixture, 0, sizeof(*fixture));
	if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &fixture->catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	fixture->host = (struct kind_host){.party = "ct.doc.osborn", .ori = "", .agency = "", .catalogue = fixture->catalogue};
	kind_reading_init(&fixture->reading);
	niem_prepare();
}

static inline void fixture_again(struct fixture *fixture)
{
	kind_reading_done(&fixture->reading);
}

static inline void fixture_done(struct fixture *fixture)
{
	kind_reading_done(&fixture->reading);
	catalogue_unref(fixture->catalogue);
}

static inline void fixture_niem(struct fixture *fixture, struct bytes document)
{
	niem_read(NULL, &fixture->host, document, &fixture->reading);
}

/* Appends a file of the checkout. */
static inline void fixture_file(const char *path, struct buf *out)
{
	struct err err = {.reason = ""};
	AUTO_FREE char *whole = path[0] == '/' ? mem_text(path) : mem_printf("%s/%s", LIAISON_SOURCE_DIR, path);
	if (FAILED(file_read(whole, FIXTURE_MAX, out, &err)))
		fail_msg("%s: %s", whole, err.reason);
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

#endif

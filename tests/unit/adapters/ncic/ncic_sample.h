/* What the tests of the NCIC-style text share: an agency without a runtime, with records that a test gives it. */
#ifndef TESTS_UNIT_ADAPTERS_NCIC_NCIC_SAMPLE_H
#define TESTS_UNIT_ADAPTERS_NCIC_NCIC_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/ncic/ncic_read.h"
#include "adapters/ncic/ncic_write.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "schemas/catalogue.h"
#include "schemas/json.h"
#include "schemas/value.h"

#define SAMPLE_COUNT(array) (sizeof(array) / sizeof(*(array)))
#define SAMPLE_TODAY INT64_C(1780315200000) /* 2026-06-01 */
#define SAMPLE_RECORDS LIAISON_SOURCE_DIR "/tests/samples/ncic"

enum { SAMPLE_HOLD_MAX = 4, SAMPLE_BYTES_MAX = 1 << 20 };

struct sample_agency {
	struct kind_host host;
	struct kind_record records[SAMPLE_HOLD_MAX];
	struct buf bodies[SAMPLE_HOLD_MAX];
	size_t records_count;
	enum code each_fails; /* what asking for records ends with */
};

static inline result sample_put(void *ctx, const struct kind_record *record, struct err *err)
{
	(void)ctx;
	(void)record;
	return err_set(err, CODE_IO, "", "nothing is put by a codec");
}

static inline result sample_each(void *ctx, const char *kind, const char *by, const char *value,
	                             bool (*fn)(void *, const struct kind_record *), void *fn_ctx, struct err *err)
{
	struct sample_agency *agency = ctx;
	if (agency->each_fails != CODE_OK)
		return err_set(err, agency->each_fails, "", "the records cannot be read");
	if (!strcmp(kind, "hit"))
		return OK;
	assert_string_equal(kind, "warrant");
	assert_string_equal(by, "nic");
	for (size_t i = 0; i < agency->records_count; i++)
		if (!strcmp(agency->records[i].nic, value) && !fn(fn_ctx, &agency->records[i]))
			break;
	return OK;
}

static inline void sample_open(struct sample_agency *agency, const char *ori)
{
	memset(agency, 0, sizeof(*agency));
	agency->host = (struct kind_host){.ctx = agency,
	                                  .party = "ct.hartford.police",
	                                  .ori = ori,
	                                  .agency = "HARTFORD POLICE",
	                                  .answers = true,
	                                  .put = sample_put,
	                                  .each = sample_each};
	clock_freeze(SAMPLE_TODAY);
}

static inline void sample_close(struct sample_agency *agency)
{
	for (size_t i = 0; i < agency->records_count; i++)
		buf_done(&agency->bodies[i]);
	clock_release();
}

/* Packs JSON that is written with ' for ". */
static inline void sample_pack(const char *json, struct buf *out)
{
	struct err err = {.reason = ""};
	char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	if (FAILED(json_to_pack(bytes_text(text), out, &err)))
		fail_msg("%s in %s", err.reason, text);
	mem_free(text);
}

/* A record of a warrant; thread and message are of 0x70 and 0x71 in the place of the version. */
static inline struct kind_record *sample_hold(struct sample_agency *agency, const char *nic, const char *state, bool is_ours,
	                                          const char *body)
{
	size_t index = agency->records_count++;
	struct kind_record *record = &agency->records[index];
	*record = (struct kind_record){.kind = "warrant",
	                               .number = "PR-26-0017",
	                               .owner = "ct.doc.parole.hartford",
	                               .is_ours = is_ours,
	                               .name = "DELGADO-PIERCE,MARCUS ELLIOT"};
	snprintf(record->nic, sizeof(record->nic), "%s", nic);
	snprintf(record->state, sizeof(record->state), "%s", state);
	record->thread[6] = record->message[6] = 0x70;
	record->thread[15] = (uint8_t)(10 + index);
	record->message[15] = (uint8_t)(20 + index);
	record->thread[8] = record->message[8] = 0x80;
	buf_init(&agency->bodies[index], SAMPLE_BYTES_MAX);
	sample_pack(
	    body
	        ? body
	        : "{'person':{'name':{'family':'Delgado-Pierce','given':'Marcus','middle':'Elliot'},'ids':{'sid':'CT01284417'}}}",
	    &agency->bodies[index]);
	record->body = buf_bytes(&agency->bodies[index]);
	return record;
}

static inline struct conf_pairs sample_directory(void)
{
	static struct conf_pair pairs[] = {{(char *)(uintptr_t) "CT0006400", (char *)(uintptr_t) "ct.hartford.police", 1},
	                                   {(char *)(uintptr_t) "CT0009300", (char *)(uintptr_t) "ct.newhaven.police", 2},
	                                   {(char *)(uintptr_t) "CT0001500", (char *)(uintptr_t) "ct.bridgeport.police", 3},
	                                   {(char *)(uintptr_t) "CTDOC001G", (char *)(uintptr_t) "ct.doc.parole.hartford", 4},
	                                   {(char *)(uintptr_t) "CT", (char *)(uintptr_t) "role:police", 5},
	                                   {(char *)(uintptr_t) "MA", (char *)(uintptr_t) "ma.compact", 6},
	                                   {(char *)(uintptr_t) "MA0130100", (char *)(uintptr_t) "ma.springfield.police", 7}};
	return (struct conf_pairs){pairs, SAMPLE_COUNT(pairs)};
}

static inline void sample_read(struct sample_agency *agency, struct bytes document, struct kind_reading *reading)
{
	struct conf_pairs directory = sample_directory();
	kind_reading_init(reading);
	ncic_read(&directory, &agency->host, document, reading);
}

static inline const struct kind_fault *sample_fault(const struct kind_reading *reading, const char *field)
{
	for (size_t i = 0; i < reading->faults_count; i++)
		if (!strcmp(reading->faults[i].err.field, field))
			return &reading->faults[i];
	return NULL;
}

static inline void sample_print(const char *name, const struct kind_reading *reading)
{
	char line[512];
	for (size_t i = 0; i < reading->faults_count; i++)
		print_error("%s:%d: %s\n", name, reading->faults[i].line, err_text(&reading->faults[i].err, line, sizeof(line)));
}

/* The first draft's member as text, JSON pointer into the plain form. */
static inline void sample_draft_is(const struct kind_reading *reading, const char *pointer, const char *expected)
{
	struct bytes value, text;
	assert_int_equal(reading->drafts_count, 1);
	if (!pack_pointer(buf_bytes(&reading->drafts[0].plain), pointer, &value)) {
		if (expected)
			fail_msg("%s is not there; expected %s", pointer, expected);
		return;
	}
	if (!expected) {
		fail_msg("%s is there", pointer);
		return;
	}
	assert_true(pack_as_text(value, &text));
	if (!bytes_is(text, expected))
		fail_msg("%s is \"%.*s\"; expected \"%s\"", pointer, (int)text.len, (const char *)text.at, expected);
}

static inline struct catalogue *sample_catalogue(void)
{
	static struct catalogue *catalogue;
	struct err err = {.reason = ""};
	if (!catalogue && FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	return catalogue;
}

/* The drafts are what the catalogue wants. */
static inline void sample_drafts_fit(const char *name, const struct kind_reading *reading)
{
	for (size_t i = 0; i < reading->drafts_count; i++) {
		struct draft draft;
		struct err err = {.reason = ""};
		if (FAILED(plain_read(buf_bytes(&reading->drafts[i].plain), &draft, &err)))
			fail_msg("%s: %s: %s", name, err.field, err.reason);
		const struct catalogue_type *type = catalogue_find(sample_catalogue(), draft.type);
		if (!type)
			fail_msg("%s: not in the catalogue", name);
		else if (FAILED(validator_run(type->parts[0].validator, draft.parts[0].bytes, &err)))
			fail_msg("%s: %s: %s", name, err.field, err.reason);
		if (type && type->subject_count && draft.subject.len == 0)
			fail_msg("%s: no subject", name);
		if (type && type->wants_by && draft.by.len == 0)
			fail_msg("%s: on whose behalf is not said", name);
		draft_done(&draft);
	}
}

/* The ORI of a document's header, or of the second line of an answer. */
static inline void sample_origin(struct bytes document, char into[static 10])
{
	const char *text = (const char *)document.at;
	const char *dot = document.len ? memchr(text, '.', document.len) : NULL;
	into[0] = 0;
	if (dot && (size_t)(dot - text) + 10 < document.len)
		snprintf(into, 10, "%.9s", dot + 1);
	into[strcspn(into, ".\r\n")] = 0;
}

static inline void sample_write(struct sample_agency *agency, const char *type, struct bytes body, const char *tag,
	                            struct buf *out, bool *ret_wrote)
{
	struct message message = {.type = bytes_text(type), .from = BYTES_LIT("ct.doc.parole.hartford")};
	struct kind_message passing = {.message = &message, .main = body, .tag = tag};
	struct err err = {.reason = ""};
	if (FAILED(ncic_write(&agency->host, &passing, out, ret_wrote, &err)))
		fail_msg("%s: %s", err.field, err.reason);
}

#endif

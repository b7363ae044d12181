#include "adapters/ncic/ncic_record.h"

#include "adapters/ncic/ncic_letters.h"
#include "adapters/ncic/ncic_name.h"

#include <stdio.h>
#include <string.h>

enum { RECORD_BODY_MAX = 16 << 20 };

void ncic_record_init(struct ncic_record *record)
{
	memset(record, 0, sizeof(*record));
	buf_init(&record->body, RECORD_BODY_MAX);
}

void ncic_record_done(struct ncic_record *record)
{
	buf_done(&record->body);
}

static bool is_open(const struct kind_record *record)
{
	return strcmp(record->state, "cleared") != 0 && strcmp(record->state, "cancelled") != 0 &&
	       strcmp(record->state, "expired") != 0;
}

/* The record is borrowed during the call only. */
static bool keep_open(void *ctx, const struct kind_record *record)
{
	struct ncic_record *found = ctx;
	found->record = *record;
	found->count++;
	buf_clear(&found->body);
	buf_add(&found->body, record->body);
	return !is_open(record);
}

static void fault(struct kind_reading *into, struct ncic_text *text, enum code code, const char *tag, const char *why)
{
	const struct ncic_text_field *field = ncic_text_find(text, tag, 0);
	ncic_text_fault(into, field ? field->line : 0, code, NCIC_TEXT_NO_NUMBER, tag, "%s", why);
}

static void check_owner(const struct ncic_record *found, const struct ncic_keys_key *key, struct ncic_text *text,
	                    struct kind_reading *into)
{
	bool is_locate = !strcmp(key->type, "warrant.locate/1");
	char why[96];
	if (is_locate && found->record.is_ours)
		fault(into, text, CODE_LIFECYCLE, "NIC",
		      "this agency entered the record; it is not located by its owner but cleared");
	if (!is_locate && !found->record.is_ours)
		fault(into, text, CODE_NOT_YOUR_PARTY, "NIC", "only the agency that entered the record may close it");
	if (!is_open(&found->record)) {
		snprintf(why, sizeof(why), "no longer on file: %s", found->record.state);
		fault(into, text, CODE_LIFECYCLE, "NIC", why);
	}
}

/* The record's surname in the letters of the text; empty when it cannot be said in them. */
static void surname_of(const struct ncic_record *found, char into[static NCIC_NAME_MAX + 1])
{
	struct bytes name;
	char whole[NCIC_NAME_MAX + 1];
	struct buf letters;
	into[0] = 0;
	if (pack_pointer(buf_bytes(&found->body), "/person/name", &name) && ncic_name_say(name, whole)) {
		struct bytes surname = ncic_name_surname(bytes_text(whole));
		snprintf(into, NCIC_NAME_MAX + 1, "%.*s", (int)surname.len, (const char *)surname.at);
		return;
	}
	buf_init(&letters, 1024);
	ncic_letters_put(ncic_name_surname(bytes_text(found->record.name)), &letters);
	if (letters.len <= NCIC_NAME_MAX && letters.len && !memchr(letters.at, '?', letters.len))
		snprintf(into, NCIC_NAME_MAX + 1, "%.*s", (int)letters.len, (const char *)letters.at);
	buf_done(&letters);
}

/* A wrong digit in a NIC must not close another person's warrant. */
static void check_same(const struct ncic_record *found, struct ncic_text *text, struct kind_reading *into)
{
	char surname[NCIC_NAME_MAX + 1];
	struct bytes name = ncic_text_value(text, "NAM"), number = ncic_text_value(text, "WNO");
	surname_of(found, surname);
	if (name.len && surname[0] && !bytes_is(ncic_name_surname(name), surname))
		fault(into, text, CODE_SCHEMA, "NAM", "the record with that NIC is another person's");
	if (number.len && !bytes_is(number, found->record.number))
		fault(into, text, CODE_SCHEMA, "WNO", "the record with that NIC has another warrant number");
}

void ncic_record_check(const struct kind_host *host, const struct ncic_keys_key *key, struct ncic_text *text,
	                   struct ncic_record *record, struct kind_reading *into)
{
	char nic[16];
	struct err why;
	struct bytes value = ncic_text_value(text, "NIC");
	if (value.len == 0)
		return;
	snprintf(nic, sizeof(nic), "%.*s", (int)value.len, (const char *)value.at);
	if (FAILED(host->each(host->ctx, "warrant", "nic", nic, keep_open, record, &why))) {
		fault(into, text, why.code, "NIC", why.reason);
		return;
	}
	record->record.body = buf_bytes(&record->body);
	if (record->count == 0) {
		fault(into, text, CODE_NOT_FOUND, "NIC", "not on file");
		return;
	}
	check_owner(record, key, text, into);
	check_same(record, text, into);
}

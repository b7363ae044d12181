#include "adapters/casework/casework.h"

#include "adapters/casework/casework_make.h"
#include "base/mem.h"
#include "schemas/json.h"
#include "schemas/json_line.h"
#include "schemas/pointer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CASEWORK_PACKED_MAX = 64 << 20, CASEWORK_ITEMS_MAX = 2000, CASEWORK_UNMAPPED_MAX = 1000 };

/* ---- which document it is ---- */

static bool has(struct bytes map, const char *key)
{
	struct bytes unused;
	return pack_find(map, key, &unused);
}

static bool is_list(struct bytes value)
{
	struct pack_in in = pack_in(value, NULL);
	return pack_next(&in, "").kind == PACK_ARRAY && !in.failed;
}

static bool is_referral(struct bytes value)
{
	return has(value, "referral_number") || has(value, "referral_details");
}

static bool is_licence(struct bytes value)
{
	return has(value, "licenceType");
}

static bool is_policy(struct bytes value)
{
	return has(value, "standardConditions") && has(value, "additionalConditions");
}

bool casework_is(struct bytes packed)
{
	struct bytes content, first = packed;
	if (is_list(packed)) {
		struct pack_in in = pack_in(packed, NULL);
		first = pack_array(&in, "") > 0 ? pack_value(&in, "") : BYTES_NONE;
	}
	if (has(first, "type") && has(first, "body"))
		return false;
	if (pack_find(first, "content", &content))
		first = content;
	return is_referral(first) || is_licence(first) || is_policy(first) || has(first, "referral");
}

/* ---- items ---- */

static void read_items(struct casework_reading *reading, struct casework_case *whole, const struct casework_message *message)
{
	struct casework_item item = {.value = whole->value};
	struct bytes list = BYTES_NONE;
	snprintf(item.pointer, sizeof(item.pointer), "%s", whole->pointer);
	if (!message->each[0]) {
		casework_make(reading, whole, &item, message);
		return;
	}
	if (!pack_pointer(whole->value, message->each, &list) || !is_list(list))
		return;
	struct pack_in in = pack_in(list, NULL);
	size_t count = pack_array(&in, "");
	for (item.index = 0; item.index < count && !in.failed; item.index++) {
		item.value = pack_value(&in, "");
		snprintf(item.pointer, sizeof(item.pointer), "%.100s%s/%zu", whole->pointer, message->each, item.index);
		if (item.index == CASEWORK_ITEMS_MAX) {
			casework_fault(reading, item.pointer, CODE_TOO_LARGE, "is one of too many; split the document");
			return;
		}
		casework_make(reading, whole, &item, message);
	}
}

static void read_case(struct casework_reading *reading, struct bytes value, const char *pointer)
{
	struct casework_case whole = {.value = value};
	const struct casework_message *messages = is_licence(value) ? casework_of_licence : casework_of_referral;
	size_t count = is_licence(value) ? casework_of_licence_count : casework_of_referral_count;
	snprintf(whole.pointer, sizeof(whole.pointer), "%s", pointer);
	if (is_policy(value))
		casework_fault(reading, pointer, CODE_UNKNOWN_TYPE, "lists conditions that may be set, and sets none for anybody");
	else if (!is_licence(value) && !is_referral(value))
		casework_fault(reading, pointer, CODE_UNKNOWN_TYPE, "is neither a referral nor a licence");
	else
		for (size_t i = 0; i < count; i++) {
			whole.found_count = 0;
			read_items(reading, &whole, &messages[i]);
		}
}

static void read_cases(struct casework_reading *reading, struct bytes packed)
{
	struct bytes cases = packed, content, referrals;
	char place[ERR_FIELD_MAX];
	bool has_content = pack_find(packed, "content", &content);
	if (has_content)
		cases = content;
	bool has_referrals = pack_find(cases, "referral", &referrals);
	if (has_referrals)
		cases = referrals;
	const char *above = has_content ? has_referrals ? "/content/referral" : "/content" : has_referrals ? "/referral" : "";
	if (!is_list(cases)) {
		read_case(reading, cases, above);
		return;
	}
	struct pack_in in = pack_in(cases, NULL);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && i < CASEWORK_ITEMS_MAX && !in.failed; i++)
		read_case(reading, pack_value(&in, ""), pointer_index(above, i, place));
	if (count > CASEWORK_ITEMS_MAX)
		casework_fault(reading, above, CODE_TOO_LARGE, "has too many cases; split the document");
}

/* ---- what nothing took ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_used(const struct casework_reading *reading, const char *pointer)
{
	return reading->used_count && bsearch(&pointer, reading->used, reading->used_count, sizeof(*reading->used), by_text);
}

static void list_rest(const struct casework_reading *reading, struct pack_in *in, const char *pointer)
{
	char place[ERR_FIELD_MAX];
	bool is_full = reading->into->unmapped_count >= CASEWORK_UNMAPPED_MAX || is_used(reading, pointer);
	if (is_full) {
		pack_value(in, "");
		return;
	}
	struct pack_item item = pack_next(in, "");
	for (size_t i = 0; (item.kind == PACK_ARRAY || item.kind == PACK_MAP) && i < item.count && !in->failed; i++) {
		struct bytes key = item.kind == PACK_MAP ? pack_text(in, "", SIZE_MAX) : BYTES_NONE;
		list_rest(reading, in, item.kind == PACK_MAP ? pointer_key(pointer, key, place) : pointer_index(pointer, i, place));
	}
	bool is_leaf = item.kind != PACK_ARRAY && item.kind != PACK_MAP && item.kind != PACK_NIL && (item.kind != PACK_TEXT || item.bytes.len);
	if (is_leaf && !in->failed)
		kind_reading_unmapped(reading->into, pointer);
}

/* Each is "ITEM\nwords". */
static void tell_unmade(struct casework_reading *reading)
{
	bool is_all = reading->into->drafts_count == 0 && reading->into->faults_count == 0;
	for (size_t i = 0; i < reading->unmade_count; i++) {
		char *words = strchr(reading->unmade[i], '\n');
		*words++ = 0;
		if (is_all)
			casework_fault(reading, reading->unmade[i], CODE_SCHEMA, words + strlen(reading->unmade[i]) + (reading->unmade[i][0] ? 2 : 3));
		else
			kind_reading_unmapped(reading->into, words);
	}
}

/* ---- the format ---- */

static void reading_done(struct casework_reading *reading)
{
	for (size_t i = 0; i < reading->used_count; i++)
		mem_free(reading->used[i]);
	for (size_t i = 0; i < reading->unmade_count; i++)
		mem_free(reading->unmade[i]);
	mem_free(reading->used);
	mem_free(reading->unmade);
}

void casework_read(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	struct casework_reading reading = {.host = host, .into = into, .document = document};
	struct buf packed;
	struct err why;
	(void)state;
	buf_init(&packed, CASEWORK_PACKED_MAX);
	if (FAILED(json_to_pack(document, &packed, &why))) {
		kind_reading_fault(into, json_line_of(&why), why.code, why.field, "%s", why.reason);
		buf_done(&packed);
		return;
	}
	read_cases(&reading, buf_bytes(&packed));
	tell_unmade(&reading);
	if (into->faults_count)
		kind_reading_drop_drafts(into);
	struct pack_in in = pack_in(buf_bytes(&packed), NULL);
	if (reading.used_count)
		qsort(reading.used, reading.used_count, sizeof(*reading.used), by_text);
	if (into->faults_count == 0)
		list_rest(&reading, &in, "");
	reading_done(&reading);
	buf_done(&packed);
}

const struct kind_format casework_format = CASEWORK_FORMAT;

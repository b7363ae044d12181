#include "adapters/kind/holdings_query.h"

#include "adapters/kind/holdings.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { QUERY_HITS_MAX = 10, QUERY_HIT_BYTES = 64 * 1024 };

static void copy_text(struct bytes from, char *into, size_t size)
{
	snprintf(into, size, "%.*s", (int)from.len, from.len ? (const char *)from.at : "");
}

static struct bytes text_at(struct bytes body, const char *pointer)
{
	struct bytes value, text;
	return pack_pointer(body, pointer, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

void holdings_query_plate(struct bytes state, struct bytes plate, char into[static 16])
{
	into[0] = 0;
	if (plate.len)
		snprintf(into, 16, "%.*s%.*s", (int)state.len, state.len ? (const char *)state.at : "", (int)plate.len, (const char *)plate.at);
}

/* ---- what fits ---- */

struct hits;
typedef void (*put_hit_fn)(const struct hits *hits, const struct kind_record *record, struct buf *out);

struct hits {
	struct buf packed[QUERY_HITS_MAX];
	size_t count; /* more than QUERY_HITS_MAX: too many */
	const char *dob;
	bool (*is_live)(const struct hits *hits, const struct kind_record *record);
	put_hit_fn put;
	struct bytes query;
	struct {
		char number[sizeof(((struct kind_record *)0)->number)], owner[sizeof(((struct kind_record *)0)->owner)];
	} seen[QUERY_HITS_MAX];
};

static bool add_hit(void *ctx, const struct kind_record *record)
{
	struct hits *hits = ctx;
	if (!hits->is_live(hits, record) || (hits->dob && record->dob[0] && strcmp(hits->dob, record->dob) != 0))
		return true;
	for (size_t i = 0; i < hits->count && i < QUERY_HITS_MAX; i++)
		if (!strcmp(hits->seen[i].number, record->number) && !strcmp(hits->seen[i].owner, record->owner))
			return true;
	if (hits->count < QUERY_HITS_MAX) {
		buf_init(&hits->packed[hits->count], QUERY_HIT_BYTES);
		hits->put(hits, record, &hits->packed[hits->count]);
		memcpy(hits->seen[hits->count].number, record->number, sizeof(record->number));
		memcpy(hits->seen[hits->count].owner, record->owner, sizeof(record->owner));
	}
	hits->count++;
	return true;
}

struct way {
	const char *pointer, *by;
};

static result search_by(const struct kind_host *host, const char *kind, const struct way *ways, size_t count, struct hits *hits, struct err *err)
{
	char value[64];
	for (size_t i = 0; i < count; i++) {
		copy_text(text_at(hits->query, ways[i].pointer), value, sizeof(value));
		if (value[0])
			TRY(host->each(host->ctx, kind, ways[i].by, value, add_hit, hits, err));
	}
	return OK;
}

/* By name only together with the date of birth. */
static result search_name(const struct kind_host *host, const char *kind, struct hits *hits, struct err *err)
{
	char name[64], dob[12];
	struct bytes person;
	copy_text(text_at(hits->query, "/person/dob"), dob, sizeof(dob));
	if (!dob[0] || !pack_find(hits->query, "person", &person))
		return OK;
	hits->dob = dob;
	holdings_name(person, name);
	result r = host->each(host->ctx, kind, "name", name, add_hit, hits, err);
	hits->dob = NULL;
	return r;
}

/* ---- warrants ---- */

static void put_raw(struct buf *out, const char *key, struct bytes body, const char *pointer)
{
	struct bytes value;
	if (!pack_pointer(body, pointer, &value))
		return;
	pack_put_str(out, key);
	pack_put_raw(out, value);
}

static size_t count_present(struct bytes body, const char *const *pointers, size_t count)
{
	size_t present = 0;
	struct bytes value;
	for (size_t i = 0; i < count; i++)
		present += pack_pointer(body, pointers[i], &value);
	return present;
}

/* The record's own NIC, which a switch may have given later, stands before what the entry said. */
static void put_warrant(const struct hits *hits, const struct kind_record *record, struct buf *out)
{
	static const char *const keys[] = {"warrant_no", "person", "offense", "extradition", "cautions", "issuer", "warrant_date", "confirm_with"};
	static const char *const pointers[] = {"/warrant_no", "/person", "/offense", "/extradition", "/cautions", "/issuer", "/warrant_date", "/issuer"};
	size_t count = sizeof(keys) / sizeof(*keys);
	(void)hits;
	pack_put_map(out, count_present(record->body, pointers, count) + (record->nic[0] ? 1u : 0u));
	if (record->nic[0]) {
		pack_put_str(out, "nic");
		pack_put_str(out, record->nic);
	}
	for (size_t i = 0; i < count; i++)
		put_raw(out, keys[i], record->body, pointers[i]);
}

static bool is_live_warrant(const struct hits *hits, const struct kind_record *record)
{
	static const char *const live[] = {"active", "entered", "rejected", "located", "lodged"};
	(void)hits;
	for (size_t i = 0; i < sizeof(live) / sizeof(*live); i++)
		if (record->is_ours && !strcmp(record->state, live[i]))
			return true;
	return false;
}

static result search_wanted(const struct kind_host *host, struct hits *hits, struct err *err)
{
	static const struct way ways[] = {{"/nic", "nic"},
	                                  {"/person/ids/ucn", "ucn"},
	                                  {"/person/ids/sid", "sid"},
	                                  {"/person/ids/doc_number", "doc_number"},
	                                  {"/person/ids/ssn", "ssn"}};
	hits->is_live = is_live_warrant;
	hits->put = put_warrant;
	TRY(search_by(host, "warrant", ways, sizeof(ways) / sizeof(*ways), hits, err));
	return search_name(host, "warrant", hits, err);
}

/* ---- vehicles ---- */

/* Records are read while a statement is open over them: first the numbers of the warrants that name the vehicle, then these. */
struct named {
	char numbers[QUERY_HITS_MAX + 1][sizeof(((struct kind_record *)0)->number)];
	size_t count;
};

static bool keep_named(void *ctx, const struct kind_record *record)
{
	struct named *named = ctx;
	if (record->is_ours && named->count <= QUERY_HITS_MAX)
		memcpy(named->numbers[named->count++], record->number, sizeof(record->number));
	return true;
}

static result search_vehicle(const struct kind_host *host, struct hits *hits, struct err *err)
{
	struct named named = {.count = 0};
	char plate[16], vin[64];
	hits->is_live = is_live_warrant;
	hits->put = put_warrant;
	holdings_query_plate(text_at(hits->query, "/plate_state"), text_at(hits->query, "/plate"), plate);
	copy_text(text_at(hits->query, "/vin"), vin, sizeof(vin));
	if (plate[0])
		TRY(host->each(host->ctx, "vehicle", "nic", plate, keep_named, &named, err));
	if (vin[0])
		TRY(host->each(host->ctx, "vehicle", "name", vin, keep_named, &named, err));
	for (size_t i = 0; i < named.count; i++)
		TRY(host->each(host->ctx, "warrant", "number", named.numbers[i], add_hit, hits, err));
	return OK;
}

/* ---- supervised people ---- */

/* What the entry does not say is parole: whoever enters another kind says so. */
static struct bytes kind_of(const struct kind_record *record)
{
	struct bytes kind = text_at(record->body, "/kind");
	return kind.len ? kind : BYTES_LIT("PAROLE");
}

static bool is_asked_kind(struct bytes query, struct bytes kind)
{
	struct bytes list, text;
	struct err ignored;
	if (!pack_find(query, "kinds", &list))
		return true;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++)
		if (pack_as_text(pack_value(&in, ""), &text) && bytes_equal(text, kind))
			return true;
	return false;
}

static bool is_live_supervised(const struct hits *hits, const struct kind_record *record)
{
	return record->is_ours && !strcmp(record->state, "active") && is_asked_kind(hits->query, kind_of(record));
}

static void put_supervised(const struct hits *hits, const struct kind_record *record, struct buf *out)
{
	(void)hits;
	pack_put_map(out, 5);
	pack_put_str(out, "kind");
	pack_put_text(out, kind_of(record));
	pack_put_str(out, "supervision_id");
	pack_put_str(out, record->number);
	put_raw(out, "person", record->body, "/person");
	put_raw(out, "agency", record->body, "/agency");
	pack_put_str(out, "status");
	pack_put_str(out, "ACTIVE");
}

static result search_supervised(const struct kind_host *host, struct hits *hits, struct err *err)
{
	static const struct way ways[] = {{"/ucn", "ucn"}, {"/sid", "sid"}, {"/ssn", "ssn"}};
	hits->is_live = is_live_supervised;
	hits->put = put_supervised;
	TRY(search_by(host, "supervised", ways, sizeof(ways) / sizeof(*ways), hits, err));
	return search_name(host, "supervised", hits, err);
}

/* ---- the answer ---- */

static void put_text(struct buf *out, const char *key, const char *text)
{
	pack_put_str(out, key);
	pack_put_str(out, text);
}

static const char *result_of(const struct hits *hits)
{
	return hits->count == 0 ? "NO_RECORD" : hits->count > QUERY_HITS_MAX ? "TOO_MANY" : "HIT";
}

static const struct query {
	const char *type, *answer, *list;
	result (*search)(const struct kind_host *host, struct hits *hits, struct err *err);
} queries[] = {
	{"query.wanted/1", "query.result/1", "hits", search_wanted},
	{"query.person/1", "query.result/1", "hits", search_wanted},
	{"query.vehicle/1", "query.result/1", "hits", search_vehicle},
	{"query.supervision/1", "query.supervision_result/1", "records", search_supervised},
};

static void put_answer(const struct kind_message *message, const struct query *query, const struct hits *hits, struct buf *out)
{
	char id[UUID_TEXT_MAX], thread[UUID_TEXT_MAX];
	bool lists = hits->count > 0 && hits->count <= QUERY_HITS_MAX;
	pack_put_map(out, 5 + (message->message->subject.len ? 1u : 0u));
	put_text(out, "type", query->answer);
	pack_put_str(out, "to");
	pack_put_array(out, 1);
	pack_put_text(out, message->message->from);
	put_text(out, "re", uuid_text(message->message->id, id));
	put_text(out, "thread", uuid_text(message_thread(message->message), thread));
	if (message->message->subject.len) {
		pack_put_str(out, "subject");
		pack_put_raw(out, message->message->subject);
	}
	pack_put_str(out, "body");
	pack_put_map(out, 1 + (lists ? 1u : 0u));
	put_text(out, "result", result_of(hits));
	if (!lists)
		return;
	pack_put_str(out, query->list);
	pack_put_array(out, hits->count);
	for (size_t i = 0; i < hits->count; i++)
		pack_put_raw(out, buf_bytes(&hits->packed[i]));
}

static result answer_query(const struct kind_host *host, const struct kind_message *message, const struct query *query,
                           struct kind_reading *answers, struct err *err)
{
	struct hits *hits = mem_alloc(sizeof(*hits));
	*hits = (struct hits){.query = message->main};
	result r = query->search(host, hits, err);
	if (!FAILED(r))
		put_answer(message, query, hits, kind_reading_draft(answers, NULL));
	for (size_t i = 0; i < hits->count && i < QUERY_HITS_MAX; i++)
		buf_done(&hits->packed[i]);
	mem_free(hits);
	return r;
}

result holdings_query_answer(const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers, struct err *err)
{
	for (size_t i = 0; i < sizeof(queries) / sizeof(*queries); i++)
		if (bytes_is(message->message->type, queries[i].type))
			return answer_query(host, message, &queries[i], answers, err);
	return OK;
}

#include "adapters/kind/holdings.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { HOLDINGS_HITS_MAX = 10, HOLDINGS_HIT_BYTES = 64 * 1024 };

static void copy_text(struct bytes from, char *into, size_t size)
{
	snprintf(into, size, "%.*s", (int)from.len, from.len ? (const char *)from.at : "");
}

/* The text at a pointer, or empty. */
static struct bytes text_at(struct bytes body, const char *pointer)
{
	struct bytes value, text;
	return pack_pointer(body, pointer, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

static void add_capitals(char *into, size_t size, struct bytes text)
{
	size_t len = strlen(into);
	for (size_t i = 0; i < text.len && len + 1 < size; i++) {
		uint8_t c = text.at[i];
		into[len++] = (char)(c >= 'a' && c <= 'z' ? c - 32 : c);
	}
	into[len] = 0;
}

void holdings_name(struct bytes person, char into[static 64])
{
	struct bytes given = text_at(person, "/name/given"), middle = text_at(person, "/name/middle");
	into[0] = 0;
	add_capitals(into, 64, text_at(person, "/name/family"));
	add_capitals(into, 64, BYTES_LIT(","));
	add_capitals(into, 64, given);
	if (middle.len) {
		add_capitals(into, 64, BYTES_LIT(" "));
		add_capitals(into, 64, middle);
	}
}

/* ---- warrants ---- */

static result enter_warrant(const struct kind_host *host, const struct kind_message *message, struct err *err)
{
	struct kind_record record = {.kind = "warrant", .state = "active", .is_ours = message->is_ours, .body = message->main};
	struct bytes person;
	copy_text(text_at(message->main, "/warrant_no"), record.number, sizeof(record.number));
	copy_text(text_at(message->main, "/nic"), record.nic, sizeof(record.nic));
	copy_text(message->message->from, record.owner, sizeof(record.owner));
	memcpy(record.thread, message_thread(message->message), UUID_LEN);
	memcpy(record.message, message->message->id, UUID_LEN);
	copy_text(text_at(message->main, "/person/dob"), record.dob, sizeof(record.dob));
	if (pack_find(message->main, "person", &person))
		holdings_name(person, record.name);
	return host->put(host->ctx, &record, err);
}

/* A record is found while a statement over it is open: it is copied, and changed after. Only a record that the step is meant for fits: numbers are each
 * agency's own, and who clears or cancels must be who entered it. */
struct found {
	char owner[104]; /* empty: whoever */
	char nic[16];    /* empty: not said */
	struct kind_record record;
	struct buf body;
	bool has;
};

static bool keep_fitting(void *ctx, const struct kind_record *record)
{
	struct found *found = ctx;
	if (found->owner[0] && strcmp(found->owner, record->owner) != 0)
		return true;
	if (found->nic[0] && record->nic[0] && strcmp(found->nic, record->nic) != 0)
		return true;
	found->has = true;
	found->record = *record;
	buf_add(&found->body, record->body);
	return false;
}

static result find_warrant(const struct kind_host *host, struct bytes main, struct found *found, struct err *err)
{
	char number[64];
	copy_text(text_at(main, "/nic"), found->nic, sizeof(found->nic));
	copy_text(text_at(main, "/warrant_no"), number, sizeof(number));
	if (number[0])
		TRY(host->each(host->ctx, "warrant", "number", number, keep_fitting, found, err));
	if (!found->has && found->nic[0])
		TRY(host->each(host->ctx, "warrant", "nic", found->nic, keep_fitting, found, err));
	return OK;
}

static result change_warrant(const struct kind_host *host, const struct kind_message *message, const char *state, bool owner_only, struct err *err)
{
	struct found found = {.has = false};
	if (owner_only)
		copy_text(message->message->from, found.owner, sizeof(found.owner));
	buf_init(&found.body, (size_t)16 << 20);
	result r = find_warrant(host, message->main, &found, err);
	if (!FAILED(r) && found.has) {
		snprintf(found.record.state, sizeof(found.record.state), "%s", state);
		memcpy(found.record.message, message->message->id, UUID_LEN);
		found.record.body = buf_bytes(&found.body);
		r = host->put(host->ctx, &found.record, err);
	}
	buf_done(&found.body);
	return r;
}

/* ---- queries ---- */

struct hits {
	struct buf packed[HOLDINGS_HITS_MAX];
	size_t count; /* more than HOLDINGS_HITS_MAX: too many */
	const char *name, *dob;
	char seen[HOLDINGS_HITS_MAX][64];
};

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

static void put_hit(const struct kind_record *record, struct buf *out)
{
	static const char *const keys[] = {"warrant_no", "nic", "person", "offense", "extradition", "cautions", "issuer", "warrant_date", "confirm_with"};
	static const char *const pointers[] = {"/warrant_no", "/nic", "/person", "/offense", "/extradition", "/cautions", "/issuer", "/warrant_date", "/issuer"};
	size_t count = sizeof(keys) / sizeof(*keys);
	pack_put_map(out, count_present(record->body, pointers, count));
	for (size_t i = 0; i < count; i++)
		put_raw(out, keys[i], record->body, pointers[i]);
}

static bool is_live(const struct kind_record *record)
{
	return record->is_ours && (!strcmp(record->state, "active") || !strcmp(record->state, "located"));
}

static bool add_hit(void *ctx, const struct kind_record *record)
{
	struct hits *hits = ctx;
	if (!is_live(record) || (hits->dob && record->dob[0] && strcmp(hits->dob, record->dob) != 0))
		return true;
	for (size_t i = 0; i < hits->count && i < HOLDINGS_HITS_MAX; i++)
		if (!strcmp(hits->seen[i], record->number))
			return true;
	if (hits->count < HOLDINGS_HITS_MAX) {
		buf_init(&hits->packed[hits->count], HOLDINGS_HIT_BYTES);
		put_hit(record, &hits->packed[hits->count]);
		snprintf(hits->seen[hits->count], sizeof(hits->seen[0]), "%s", record->number);
	}
	hits->count++;
	return true;
}

/* By every identifier that the query names; by name only together with the date of birth. */
static result search(const struct kind_host *host, struct bytes query, struct hits *hits, struct err *err)
{
	static const struct {
		const char *pointer, *by;
	} ways[] = {{"/nic", "nic"}, {"/person/ids/ucn", "ucn"}, {"/person/ids/sid", "sid"}, {"/person/ids/doc_number", "doc_number"},
	            {"/person/ids/ssn", "ssn"}};
	char value[64], dob[12];
	struct bytes person;
	hits->dob = NULL;
	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		copy_text(text_at(query, ways[i].pointer), value, sizeof(value));
		if (value[0])
			TRY(host->each(host->ctx, "warrant", ways[i].by, value, add_hit, hits, err));
	}
	copy_text(text_at(query, "/person/dob"), dob, sizeof(dob));
	if (!dob[0] || !pack_find(query, "person", &person))
		return OK;
	hits->dob = dob;
	holdings_name(person, value);
	result r = host->each(host->ctx, "warrant", "name", value, add_hit, hits, err);
	hits->dob = NULL;
	return r;
}

static void put_text(struct buf *out, const char *key, const char *text)
{
	pack_put_str(out, key);
	pack_put_str(out, text);
}

static const char *result_of(const struct hits *hits)
{
	return hits->count == 0 ? "NO_RECORD" : hits->count > HOLDINGS_HITS_MAX ? "TOO_MANY" : "HIT";
}

static void put_answer(const struct kind_message *message, const struct hits *hits, struct buf *out)
{
	char id[UUID_TEXT_MAX], thread[UUID_TEXT_MAX];
	bool lists = hits->count > 0 && hits->count <= HOLDINGS_HITS_MAX;
	pack_put_map(out, 5 + (message->message->subject.len ? 1u : 0u));
	put_text(out, "type", "query.result/1");
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
	if (lists) {
		pack_put_str(out, "hits");
		pack_put_array(out, hits->count);
		for (size_t i = 0; i < hits->count; i++)
			pack_put_raw(out, buf_bytes(&hits->packed[i]));
	}
}

static result answer_query(const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers, struct err *err)
{
	struct hits *hits = mem_alloc(sizeof(*hits));
	result r = search(host, message->main, hits, err);
	if (!FAILED(r))
		put_answer(message, hits, kind_reading_draft(answers, NULL));
	for (size_t i = 0; i < hits->count && i < HOLDINGS_HITS_MAX; i++)
		buf_done(&hits->packed[i]);
	mem_free(hits);
	return r;
}

result holdings_pass(const struct kind_host *host, const struct kind_message *message, bool answer, struct kind_reading *answers, struct err *err)
{
	static const struct {
		const char *type, *state;
		bool owner_only;
	} changes[] = {{"warrant.locate/1", "located", false}, {"warrant.clear/1", "cleared", true}, {"warrant.cancel/1", "cancelled", true}};
	struct bytes type = message->message->type;
	if (bytes_is(type, "warrant.issue/1"))
		return enter_warrant(host, message, err);
	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++)
		if (bytes_is(type, changes[i].type))
			return change_warrant(host, message, changes[i].state, changes[i].owner_only, err);
	if (bytes_is(type, "query.wanted/1") && !message->is_ours && answer)
		return answer_query(host, message, answers, err);
	return OK;
}

#include "adapters/kind/holdings.h"

#include "adapters/kind/holdings_query.h"

#include <stdio.h>
#include <string.h>

enum { HOLDINGS_BODY_MAX = 16 << 20 };

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

static void begin_record(const struct kind_message *message, const char *kind, const char *state, struct kind_record *record)
{
	struct bytes person;
	*record = (struct kind_record){.is_ours = message->is_ours, .body = message->main};
	snprintf(record->kind, sizeof(record->kind), "%s", kind);
	snprintf(record->state, sizeof(record->state), "%s", state);
	copy_text(text_at(message->main, "/nic"), record->nic, sizeof(record->nic));
	copy_text(message->message->from, record->owner, sizeof(record->owner));
	memcpy(record->thread, message_thread(message->message), UUID_LEN);
	memcpy(record->message, message->message->id, UUID_LEN);
	copy_text(text_at(message->main, "/person/dob"), record->dob, sizeof(record->dob));
	if (pack_find(message->main, "person", &person))
		holdings_name(person, record->name);
}

/* A vehicle's record leads to its warrant: the number is the warrant's, the plate stands in place of the NIC and the vehicle's own number in
 * place of the name, because records are found by these. */
static result enter_vehicle(const struct kind_host *host, const struct kind_record *warrant, struct err *err)
{
	struct kind_record record = *warrant;
	struct bytes plate = text_at(warrant->body, "/vehicle/plate"), vin = text_at(warrant->body, "/vehicle/vin");
	if (plate.len == 0 && vin.len == 0)
		return OK;
	snprintf(record.kind, sizeof(record.kind), "vehicle");
	holdings_query_plate(text_at(warrant->body, "/vehicle/plate_state"), plate, record.nic);
	copy_text(vin, record.name, sizeof(record.name));
	return host->put(host->ctx, &record, err);
}

static result enter_warrant(const struct kind_host *host, const struct kind_message *message, struct err *err)
{
	struct kind_record record;
	bool is_asked_for = bytes_is(text_at(message->main, "/status"), "REQUESTED");
	begin_record(message, "warrant", is_asked_for ? "requested" : "active", &record);
	copy_text(text_at(message->main, "/warrant_no"), record.number, sizeof(record.number));
	TRY(enter_vehicle(host, &record, err));
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
	buf_init(&found.body, HOLDINGS_BODY_MAX);
	result r = find_warrant(host, message->main, &found, err);
	if (!FAILED(r) && found.has) {
		snprintf(found.record.state, sizeof(found.record.state), "%s", state);
		memcpy(found.record.message, message->message->id, UUID_LEN);
		if (!found.record.nic[0])
			snprintf(found.record.nic, sizeof(found.record.nic), "%s", found.nic);
		found.record.body = buf_bytes(&found.body);
		r = host->put(host->ctx, &found.record, err);
	}
	buf_done(&found.body);
	return r;
}

/* The state that a step leads to; NULL: none. A person who will not be fetched stays wanted. */
static const char *state_after(struct bytes type, struct bytes main)
{
	static const char *const plain[][2] = {{"warrant.accepted/1", "entered"}, {"warrant.rejected/1", "rejected"}, {"warrant.served/1", "served"},
	                                       {"warrant.clear/1", "cleared"},    {"warrant.cancel/1", "cancelled"}};
	static const char *const modified[][2] = {{"ACTIVE", "active"},     {"STAYED", "stayed"},     {"INACTIVE", "inactive"},
	                                          {"RETURNED", "returned"}, {"RECALLED", "recalled"}, {"EXPIRED", "expired"}};
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++)
		if (bytes_is(type, plain[i][0]))
			return plain[i][1];
	for (size_t i = 0; i < sizeof(modified) / sizeof(*modified) && bytes_is(type, "warrant.modify/1"); i++)
		if (bytes_is(text_at(main, "/status"), modified[i][0]))
			return modified[i][1];
	if (!bytes_is(type, "warrant.locate/1") || bytes_is(text_at(main, "/disposition"), "NOEX"))
		return NULL;
	return bytes_is(text_at(main, "/hit"), "3") ? "lodged" : "located";
}

static bool is_owners(struct bytes type)
{
	return bytes_is(type, "warrant.modify/1") || bytes_is(type, "warrant.clear/1") || bytes_is(type, "warrant.cancel/1");
}

/* ---- other records ---- */

static result enter_supervised(const struct kind_host *host, const struct kind_message *message, struct err *err)
{
	struct kind_record record;
	begin_record(message, "supervised", "active", &record);
	copy_text(text_at(message->main, "/oca"), record.number, sizeof(record.number));
	return host->put(host->ctx, &record, err);
}

static result end_supervised(const struct kind_host *host, const struct kind_message *message, struct err *err)
{
	struct found found = {.has = false};
	copy_text(message->message->from, found.owner, sizeof(found.owner));
	copy_text(text_at(message->main, "/nic"), found.nic, sizeof(found.nic));
	buf_init(&found.body, HOLDINGS_BODY_MAX);
	result r = host->each(host->ctx, "supervised", "nic", found.nic, keep_fitting, &found, err);
	if (!FAILED(r) && found.has) {
		snprintf(found.record.state, sizeof(found.record.state), "cancelled");
		found.record.body = buf_bytes(&found.body);
		r = host->put(host->ctx, &found.record, err);
	}
	buf_done(&found.body);
	return r;
}

/* A question for confirmation, so that what answers it by its number alone is known to answer it. */
static result enter_hit(const struct kind_host *host, const struct kind_message *message, struct err *err)
{
	struct kind_record record;
	struct bytes id;
	if (!message_subject(message->message, "hit_id", &id))
		return OK;
	begin_record(message, "hit", "requested", &record);
	copy_text(id, record.number, sizeof(record.number));
	return host->put(host->ctx, &record, err);
}

result holdings_pass(const struct kind_host *host, const struct kind_message *message, bool answer, struct kind_reading *answers, struct err *err)
{
	struct bytes type = message->message->type;
	const char *state = state_after(type, message->main);
	if (bytes_is(type, "warrant.issue/1"))
		return enter_warrant(host, message, err);
	if (state)
		return change_warrant(host, message, state, is_owners(type), err);
	if (bytes_is(type, "supervised_release.enter/1"))
		return enter_supervised(host, message, err);
	if (bytes_is(type, "supervised_release.cancel/1"))
		return end_supervised(host, message, err);
	if (bytes_is(type, "hit.confirm_request/1"))
		return enter_hit(host, message, err);
	if (answer && !message->is_ours)
		return holdings_query_answer(host, message, answers, err);
	return OK;
}

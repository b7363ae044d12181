#include "adapters/kind/consents.h"

#include "schemas/grant.h"

#include <stdio.h>
#include <string.h>

#define KIND "consent"
#define STATE_REVOKED "revoked"

/* A record is found while a statement over it is open: it is copied, and changed after. */
struct found {
	struct kind_record record;
	struct buf *body;
	bool has;
};

static bool keep(void *ctx, const struct kind_record *record)
{
	struct found *found = ctx;
	found->has = true;
	found->record = *record;
	buf_clear(found->body);
	buf_add(found->body, record->body);
	return false;
}

static result find(const struct kind_host *host, struct bytes id, struct found *found, struct err *err)
{
	char number[sizeof(found->record.number)];
	found->has = false;
	if (id.len == 0 || id.len >= sizeof(number))
		return OK;
	snprintf(number, sizeof(number), "%.*s", (int)id.len, (const char *)id.at);
	TRY(host->each(host->ctx, KIND, "number", number, keep, found, err));
	return buf_check(found->body, "consent", err);
}

result consents_find(const struct kind_host *host, struct bytes id, struct buf *hold, bool *ret_found, bool *ret_revoked, struct err *err)
{
	struct found found = {.body = hold};
	TRY(find(host, id, &found, err));
	*ret_found = found.has;
	*ret_revoked = found.has && !strcmp(found.record.state, STATE_REVOKED);
	return OK;
}

static void set_ids(struct kind_record *record, const struct kind_message *message)
{
	memcpy(record->thread, message_thread(message->message), UUID_LEN);
	memcpy(record->message, message->message->id, UUID_LEN);
}

static result grant(const struct kind_host *host, const struct kind_message *message, struct found *known, struct err *err)
{
	struct kind_record record = {.kind = KIND, .state = "active", .is_ours = message->is_ours, .body = message->main};
	struct bytes id = grant_id(message->main), from = message->message->from;
	if (known->has || id.len >= sizeof(record.number))
		return OK; /* a grant is never changed, and granting it again revives nothing */
	snprintf(record.number, sizeof(record.number), "%.*s", (int)id.len, (const char *)id.at);
	snprintf(record.owner, sizeof(record.owner), "%.*s", (int)from.len, (const char *)from.at);
	set_ids(&record, message);
	return host->put(host->ctx, &record, err);
}

static result revoke(const struct kind_host *host, const struct kind_message *message, struct found *known, struct err *err)
{
	struct bytes from = message->message->from;
	bool may = known->has && (bytes_is(from, known->record.owner) || grant_names_discloser(buf_bytes(known->body), from));
	if (!may)
		return OK;
	snprintf(known->record.state, sizeof(known->record.state), "%s", STATE_REVOKED);
	known->record.body = buf_bytes(known->body);
	set_ids(&known->record, message);
	return host->put(host->ctx, &known->record, err);
}

result consents_pass(const struct kind_host *host, const struct kind_message *message, struct err *err)
{
	struct bytes type = message->message->type;
	bool grants = bytes_is(type, GRANT_TYPE), revokes = bytes_is(type, GRANT_REVOKE_TYPE) || bytes_is(type, GRANT_EXPIRE_TYPE);
	struct buf hold;
	struct found known = {.body = &hold};
	if (!grants && !revokes)
		return OK;
	buf_init(&hold, (size_t)16 << 20);
	result r = find(host, grant_id(message->main), &known, err);
	if (!FAILED(r))
		r = grants ? grant(host, message, &known, err) : revoke(host, message, &known, err);
	buf_done(&hold);
	return r;
}

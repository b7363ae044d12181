#include "broker/route/ask.h"

#include "base/clock.h"
#include "base/text.h"
#include "broker/route/notify.h"

#include <string.h>

enum { ASK_ANSWER_MAX = 8 << 20, ASK_DEAD_MAX = 1000 };

static void put_count(struct buf *out, const char *key, int64_t number)
{
	pack_put_str(out, key);
	pack_put_int(out, number);
}

static void put_text(struct buf *out, const char *key, const char *text)
{
	pack_put_str(out, key);
	pack_put_str(out, text);
}

static void put_error(struct buf *out, const struct err *why)
{
	pack_put_map(out, 1);
	pack_put_str(out, "error");
	pack_put_map(out, 3);
	put_text(out, "code", code_text(why->code));
	put_text(out, "field", why->field);
	put_text(out, "reason", why->reason);
}

static void refuse(struct buf *out, enum code code, const char *field, const char *reason)
{
	struct err why;
	result refused = err_set(&why, code, field, "%s", reason);
	if (FAILED(refused))
		put_error(out, &why);
}

static bool find_text(struct bytes map, const char *key, struct bytes *ret)
{
	struct bytes value;
	return pack_find(map, key, &value) && pack_as_text(value, ret);
}

/* An enrolled party that has not sent or been sent anything gets its number here. */
static result queue_of(struct core *core, const char *party, struct store_queue_state *ret, struct err *err)
{
	int64_t number = 0;
	memset(ret, 0, sizeof(*ret));
	TRY(core_write(core, err));
	TRY(store_party(core->store, party, &number, err));
	return store_queue_state(core->store, number, ret, err);
}

static result answer_status(struct core *core, struct buf *out, struct err *err)
{
	int64_t queued = 0, oldest = 0;
	for (size_t i = 0; i < core->snapshot->parties_count; i++) {
		struct store_queue_state state;
		TRY(queue_of(core, core->snapshot->parties[i].name, &state, err));
		queued += state.count;
		if (state.oldest_at && (!oldest || state.oldest_at < oldest))
			oldest = state.oldest_at;
	}
	pack_put_map(out, 12);
	put_text(out, "party", core->snapshot->settings.party);
	put_count(out, "generation", core->snapshot->generation);
	put_count(out, "started_at", core->started_at);
	put_count(out, "parties", (int64_t)core->snapshot->parties_count);
	put_count(out, "links", (int64_t)HASH_CNT(by_link, core->by_link));
	put_count(out, "accepted", metric_value(core->accepted));
	put_count(out, "receipts", metric_value(core->receipts));
	put_count(out, "duplicates", metric_value(core->duplicates));
	put_count(out, "queued", queued);
	put_count(out, "oldest_at", oldest);
	put_count(out, "ledger_size", ledger_size(core->ledger));
	put_count(out, "commit_p99_us", metric_quantile_us(core->commit_us, 0.99));
	return OK;
}

static result put_agency(struct core *core, const struct snapshot_party *party, struct buf *out, struct err *err)
{
	const struct session *session = session_of_party(core, party->name);
	struct store_queue_state state;
	TRY(queue_of(core, party->name, &state, err));
	pack_put_map(out, 10);
	put_text(out, "party", party->name);
	put_text(out, "title", party->settings->title ? party->settings->title : "");
	pack_put_str(out, "roles");
	pack_put_array(out, party->settings->roles.count);
	for (size_t i = 0; i < party->settings->roles.count; i++)
		pack_put_str(out, party->settings->roles.at[i]);
	pack_put_str(out, "connected");
	pack_put_bool(out, session != NULL);
	put_count(out, "since", session ? session->since : 0);
	put_text(out, "address", session ? session->address : "");
	put_count(out, "certificate_until", session ? session->certificate_until : 0);
	put_count(out, "queued", state.count);
	put_count(out, "oldest_at", state.oldest_at);
	put_count(out, "in_flight", session ? (int64_t)session->flights_count : 0);
	return OK;
}

static result answer_agencies(struct core *core, struct buf *out, struct err *err)
{
	pack_put_map(out, 1);
	pack_put_str(out, "agencies");
	pack_put_array(out, core->snapshot->parties_count);
	for (size_t i = 0; i < core->snapshot->parties_count; i++)
		TRY(put_agency(core, &core->snapshot->parties[i], out, err));
	return OK;
}

static result put_queue(struct core *core, const struct snapshot_party *party, struct buf *out, struct err *err)
{
	const struct session *session = session_of_party(core, party->name);
	struct store_queue_state state;
	TRY(queue_of(core, party->name, &state, err));
	pack_put_map(out, 5);
	put_text(out, "party", party->name);
	put_count(out, "count", state.count);
	put_count(out, "oldest_at", state.oldest_at);
	put_count(out, "in_flight", session ? (int64_t)session->flights_count : 0);
	pack_put_str(out, "connected");
	pack_put_bool(out, session != NULL);
	return OK;
}

static result answer_queues(struct core *core, struct buf *out, struct err *err)
{
	pack_put_map(out, 1);
	pack_put_str(out, "queues");
	pack_put_array(out, core->snapshot->parties_count);
	for (size_t i = 0; i < core->snapshot->parties_count; i++)
		TRY(put_queue(core, &core->snapshot->parties[i], out, err));
	return OK;
}

static result put_dead(struct core *core, const struct store_dead *dead, struct buf *out, struct err *err)
{
	char party[STORE_PARTY_MAX], id[UUID_TEXT_MAX] = "";
	struct store_message stored;
	struct envelope envelope;
	struct message message = {.type = BYTES_NONE};
	bool found = false;
	TRY(store_party_name(core->store, dead->place.recipient, party, err));
	TRY(store_get(core->store, dead->place.seq, &core->hold, &found, &stored, err));
	if (found) {
		uuid_text(stored.id, id);
		TRY(envelope_decode(stored.envelope, &envelope, err));
		TRY(message_decode(envelope.header, &message, err));
	}
	pack_put_map(out, 8);
	put_text(out, "party", party);
	put_count(out, "seq", dead->place.seq);
	put_text(out, "id", id);
	pack_put_str(out, "type");
	pack_put_text(out, message.type);
	pack_put_str(out, "from");
	pack_put_text(out, message.from);
	put_count(out, "since", dead->since);
	put_text(out, "code", code_text(dead->code));
	put_text(out, "reason", dead->reason);
	return OK;
}

/* The party that a question names; 0 with *ret_named false: it names none. */
static result asked_party(struct core *core, struct bytes question, bool *ret_named, int64_t *ret_number, struct err *err)
{
	struct bytes name;
	char party[STORE_PARTY_MAX];
	*ret_number = 0;
	*ret_named = find_text(question, "party", &name) && name.len > 0 && name.len < sizeof(party);
	if (!*ret_named)
		return OK;
	memcpy(party, name.at, name.len);
	party[name.len] = 0;
	TRY(core_write(core, err));
	return store_party(core->store, party, ret_number, err);
}

static result answer_dead_list(struct core *core, struct bytes question, struct buf *out, struct err *err)
{
	static struct store_dead dead[ASK_DEAD_MAX]; /* one router thread; too large for its stack */
	int64_t recipient = 0;
	size_t count = 0;
	bool named = false;
	TRY(asked_party(core, question, &named, &recipient, err));
	TRY(store_dead_next(core->store, recipient, 0, dead, ASK_DEAD_MAX, &count, err));
	pack_put_map(out, 1);
	pack_put_str(out, "dead");
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		TRY(put_dead(core, &dead[i], out, err));
	return OK;
}

/* Takes the dead letter out that a question names by party and id. *ret_found false: the refusal has been written. */
static result exhume(struct core *core, struct bytes question, struct buf *out, struct store_dead *ret, char party[static STORE_PARTY_MAX], bool *ret_found,
                     struct err *err)
{
	struct bytes id_text;
	struct uuid id;
	struct store_message stored;
	struct err why;
	int64_t recipient = 0;
	bool named = false;
	*ret_found = false;
	TRY(asked_party(core, question, &named, &recipient, err));
	if (!named || !find_text(question, "id", &id_text) || FAILED(uuid_parse(id_text, &id, &why))) {
		refuse(out, CODE_USAGE, "/id", "name the party and the message id");
		return OK;
	}
	TRY(core_write(core, err));
	TRY(store_find(core->store, id.at, &core->hold, ret_found, &stored, err));
	if (*ret_found)
		TRY(store_exhume(core->store, recipient, stored.seq, ret_found, ret, err));
	if (!*ret_found)
		refuse(out, CODE_NOT_FOUND, "/id", "no dead letter of that id for that party");
	else
		TRY(store_party_name(core->store, recipient, party, err));
	return OK;
}

static result record_requeued(struct core *core, const struct store_message *stored, const char *party, struct err *err)
{
	struct buf detail;
	buf_init(&detail, 256);
	pack_put_map(&detail, 1);
	put_text(&detail, "recipient", party);
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = LEDGER_REQUEUED, .id = stored->id, .leaf = stored->leaf,
	                             .party = bytes_text(core->snapshot->settings.party), .detail = buf_bytes(&detail)};
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

/* What a place in a queue says of a message stands in the message itself: until when it is wanted, and what settles it. */
static result queue_again(struct core *core, const struct store_dead *dead, const struct store_message *stored, struct err *err)
{
	struct envelope envelope;
	struct message message;
	TRY(envelope_decode(stored->envelope, &envelope, err));
	TRY(message_decode(envelope.header, &message, err));
	bool settled_by_ack = bytes_is(message.type, RECEIPT_TYPE) || bytes_is(message.type, NOTICE_TYPE);
	struct store_queued queued = {
		.place = dead->place,
		.expires = settled_by_ack ? 0 : message.expires,
		.queued_at = clock_wall_ms(),
		.wants_receipt = !settled_by_ack,
		.withheld = dead->withheld,
		.consent = dead->consent,
	};
	TRY(store_enqueue(core->store, &queued, err));
	core->next_expiry = -1;
	return OK;
}

static result answer_requeue(struct core *core, struct bytes question, struct buf *out, struct err *err)
{
	struct store_dead dead;
	struct store_message stored;
	char party[STORE_PARTY_MAX];
	bool found = false;
	TRY(exhume(core, question, out, &dead, party, &found, err));
	if (!found)
		return OK;
	TRY(store_get(core->store, dead.place.seq, &core->hold, &found, &stored, err));
	if (!found)
		return err_set(err, CODE_CORRUPT, "", "message %lld is a dead letter but not stored", (long long)dead.place.seq);
	TRY(queue_again(core, &dead, &stored, err));
	TRY(record_requeued(core, &stored, party, err));
	struct session *session = session_of_party(core, party);
	if (session)
		session->backlog = true;
	pack_put_map(out, 1);
	put_count(out, "requeued", 1);
	return OK;
}

static result answer_discard(struct core *core, struct bytes question, struct buf *out, struct err *err)
{
	struct store_dead dead;
	struct bytes reason = BYTES_NONE;
	char party[STORE_PARTY_MAX], shown[200];
	bool found = false;
	TRY(exhume(core, question, out, &dead, party, &found, err));
	if (!found)
		return OK;
	if (!find_text(question, "reason", &reason))
		reason = BYTES_LIT("discarded by the operator");
	TRY(notify_lost(core, &dead.place, party, NOTICE_DISCARDED, CODE_UNDELIVERABLE, text_safe(reason, shown, sizeof(shown)), err));
	pack_put_map(out, 1);
	put_count(out, "discarded", 1);
	return OK;
}

static result answer(struct core *core, struct bytes question, struct buf *out, struct err *err)
{
	struct bytes op = BYTES_NONE;
	if (!find_text(question, "op", &op))
		op = BYTES_NONE;
	if (bytes_is(op, "status"))
		return answer_status(core, out, err);
	if (bytes_is(op, "agencies"))
		return answer_agencies(core, out, err);
	if (bytes_is(op, "queues"))
		return answer_queues(core, out, err);
	if (bytes_is(op, "dead_list"))
		return answer_dead_list(core, question, out, err);
	if (bytes_is(op, "dead_requeue"))
		return answer_requeue(core, question, out, err);
	if (bytes_is(op, "dead_discard"))
		return answer_discard(core, question, out, err);
	refuse(out, CODE_USAGE, "/op", "the router knows no such question");
	return OK;
}

static void become_answer(struct job *job, struct buf *out)
{
	blob_unref(job->frame);
	job->frame = buf_take_blob(out);
	job->kind = JOB_ANSWER;
}

result ask_answer(struct core *core, struct job *job, struct err *err)
{
	struct buf out;
	buf_init(&out, ASK_ANSWER_MAX);
	result r = answer(core, blob_bytes(job->frame), &out, err);
	if (out.overflow) {
		buf_clear(&out);
		refuse(&out, CODE_TOO_LARGE, "", "the answer is too large; name a party");
	}
	if (!FAILED(r))
		become_answer(job, &out);
	buf_done(&out);
	return r;
}

void ask_fault(struct job *job, const struct err *why)
{
	struct buf out;
	buf_init(&out, 4096);
	put_error(&out, why);
	become_answer(job, &out);
	buf_done(&out);
}

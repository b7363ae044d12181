#include "broker/store/store.h"

#include <string.h>

#include "broker/store/store_ops.h"

enum { STORE_NOTE_NAME_MAX = 64 };

void store_setup(struct store *store, const struct store_ops *ops, bool readonly)
{
	store->ops = ops;
	store->readonly = readonly;
	store->last_seq = -1;
	store->ledger_size = -1;
}

result store_hold_message(struct buf *hold, const uint8_t *id, const uint8_t *leaf, struct bytes envelope, struct bytes verdict,
                          struct store_message *ret, struct err *err)
{
	buf_clear(hold);
	buf_add(hold, bytes_of(id, UUID_LEN));
	buf_add(hold, bytes_of(leaf, STORE_HASH_LEN));
	buf_add(hold, envelope);
	buf_add(hold, verdict);
	TRY(buf_check(hold, "message", err));
	ret->id = hold->at;
	ret->leaf = hold->at + UUID_LEN;
	ret->envelope = bytes_of(hold->at + UUID_LEN + STORE_HASH_LEN, envelope.len);
	ret->verdict = buf_from(hold, UUID_LEN + STORE_HASH_LEN + envelope.len);
	return OK;
}

result store_hold(struct buf *hold, struct bytes value, const char *what, struct err *err)
{
	buf_clear(hold);
	buf_add(hold, value);
	return buf_check(hold, what, err);
}

static result may_read(const struct store *store, struct err *err)
{
	if (!store->failed)
		return OK;
	if (err)
		*err = store->failure;
	return (result){store->failure.code};
}

static result may_write(const struct store *store, struct err *err)
{
	if (store->readonly)
		return err_set(err, CODE_USAGE, "", "the store was opened for reading only");
	if (!store->in_transaction)
		return err_set(err, CODE_USAGE, "", "a write outside of a transaction");
	return may_read(store, err);
}

static result pass_failure(struct store *store, const struct err *why, bool spoils, struct err *err)
{
	if (spoils && store->in_transaction) {
		store->failed = true;
		store->failure = *why;
	}
	if (err)
		*err = *why;
	return (result){why->code};
}

/* A write that failed may have been done by half. */
static result wrote(struct store *store, result r, const struct err *why, struct err *err)
{
	return FAILED(r) ? pass_failure(store, why, true, err) : OK;
}

/* A read can fail for the caller's sake alone: its buffer is too small. */
static result have_read(struct store *store, result r, const struct err *why, struct err *err)
{
	return FAILED(r) ? pass_failure(store, why, code_class_of(r.code) == CODE_CLASS_FAULT, err) : OK;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	store_rollback(store);
	store->ops->close(store);
}

result store_begin(struct store *store, struct err *err)
{
	if (store->readonly)
		return err_set(err, CODE_USAGE, "", "the store was opened for reading only");
	if (store->in_transaction)
		return err_set(err, CODE_USAGE, "", "a transaction is open already");
	TRY(store->ops->begin(store, err));
	store->in_transaction = true;
	return OK;
}

result store_commit(struct store *store, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	TRY(wrote(store, store->ops->commit(store, &why), &why, err));
	store->in_transaction = false;
	return OK;
}

void store_rollback(struct store *store)
{
	if (!store->in_transaction)
		return;
	store->ops->rollback(store);
	store->in_transaction = false;
	store->failed = false;
	store->last_seq = -1;
	store->ledger_size = -1;
}

static result check_party(struct bytes party, struct err *err)
{
	if (party.len == 0 || party.len >= STORE_PARTY_MAX)
		return err_set(err, CODE_USAGE, "party", "a name of 1 to %d bytes is wanted", STORE_PARTY_MAX - 1);
	return OK;
}

result store_party(struct store *store, const char *party, int64_t *ret_number, struct err *err)
{
	struct err why;
	struct bytes name = bytes_text(party);
	int64_t number = 0;
	TRY(may_read(store, err));
	TRY(check_party(name, err));
	TRY(have_read(store, store->ops->party_find(store, name, &number, &why), &why, err));
	if (number == 0) {
		TRY(may_write(store, err));
		TRY(wrote(store, store->ops->party_add(store, name, &number, &why), &why, err));
	}
	*ret_number = number;
	return OK;
}

result store_party_name(struct store *store, int64_t number, char into[static STORE_PARTY_MAX], struct err *err)
{
	struct err why;
	bool found = false;
	TRY(may_read(store, err));
	TRY(have_read(store, store->ops->party_name(store, number, into, &found, &why), &why, err));
	if (!found)
		return err_set(err, CODE_NOT_FOUND, "", "no party has the number %lld", (long long)number);
	return OK;
}

result store_last_seq(struct store *store, int64_t *ret_seq, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	if (store->readonly)
		return have_read(store, store->ops->last_seq(store, ret_seq, &why), &why, err);
	if (store->last_seq < 0)
		TRY(have_read(store, store->ops->last_seq(store, &store->last_seq, &why), &why, err));
	*ret_seq = store->last_seq;
	return OK;
}

result store_put(struct store *store, const struct store_message *message, struct err *err)
{
	struct err why;
	int64_t last = 0;
	TRY(may_write(store, err));
	TRY(store_last_seq(store, &last, err));
	if (message->seq <= last)
		return err_set(err, CODE_USAGE, "seq", "%lld does not come after %lld", (long long)message->seq, (long long)last);
	TRY(wrote(store, store->ops->put(store, message, &why), &why, err));
	store->last_seq = message->seq;
	return OK;
}

result store_find(struct store *store, const uint8_t *id, struct buf *hold, bool *ret_found, struct store_message *ret,
                  struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->find(store, id, 0, hold, ret_found, ret, &why), &why, err);
}

result store_get(struct store *store, int64_t seq, struct buf *hold, bool *ret_found, struct store_message *ret, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->find(store, NULL, seq, hold, ret_found, ret, &why), &why, err);
}

result store_replace(struct store *store, int64_t seq, struct bytes envelope, struct err *err)
{
	struct err why;
	bool found = false;
	TRY(may_write(store, err));
	TRY(wrote(store, store->ops->replace(store, seq, envelope, &found, &why), &why, err));
	if (!found)
		return err_set(err, CODE_NOT_FOUND, "", "no message has the number %lld", (long long)seq);
	return OK;
}

static result check_place(const struct store_place *place, struct err *err)
{
	if (place->recipient <= 0 || place->seq <= 0 || place->priority < 0 || place->priority > 9)
		return err_set(err, CODE_USAGE, "place", "recipient %lld, priority %lld, seq %lld is no place of a queue",
		               (long long)place->recipient, (long long)place->priority, (long long)place->seq);
	return OK;
}

result store_enqueue(struct store *store, const struct store_queued *queued, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	TRY(check_place(&queued->place, err));
	return wrote(store, store->ops->enqueue(store, queued, &why), &why, err);
}

result store_dequeue(struct store *store, const struct store_place *place, bool *ret_removed, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	TRY(check_place(place, err));
	return wrote(store, store->ops->dequeue(store, place, ret_removed, &why), &why, err);
}

result store_queued_find(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_queued *ret,
                         struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->queued_find(store, recipient, seq, ret_found, ret, &why), &why, err);
}

result store_queue_next(struct store *store, int64_t recipient, const struct store_place *after, struct store_queued *ret,
                        size_t max, size_t *ret_count, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->queue_next(store, recipient, after, ret, max, ret_count, &why), &why, err);
}

result store_queue_state(struct store *store, int64_t recipient, struct store_queue_state *ret, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->queue_state(store, recipient, ret, &why), &why, err);
}

result store_attempted(struct store *store, const struct store_place *place, int64_t attempts, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	TRY(check_place(place, err));
	return wrote(store, store->ops->attempted(store, place, attempts, &why), &why, err);
}

result store_withhold(struct store *store, const struct store_place *place, int64_t withheld, int64_t consent, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	TRY(check_place(place, err));
	return wrote(store, store->ops->withhold(store, place, withheld, consent, &why), &why, err);
}

result store_expired(struct store *store, int64_t now, struct store_queued *ret, size_t max, size_t *ret_count, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->expired(store, now, ret, max, ret_count, &why), &why, err);
}

result store_next_expiry(struct store *store, int64_t *ret_at, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->next_expiry(store, ret_at, &why), &why, err);
}

result store_bury(struct store *store, const struct store_dead *dead, struct err *err)
{
	struct err why;
	bool queued = false;
	struct store_queued place;
	TRY(may_write(store, err));
	TRY(check_place(&dead->place, err));
	TRY(have_read(store, store->ops->queued_find(store, dead->place.recipient, dead->place.seq, &queued, &place, &why), &why,
	              err));
	if (queued)
		return err_set(err, CODE_USAGE, "place", "still queued; a dead letter must be dequeued first");
	return wrote(store, store->ops->bury(store, dead, &why), &why, err);
}

result store_dead_next(struct store *store, int64_t recipient, int64_t after_seq, struct store_dead *ret, size_t max,
                       size_t *ret_count, struct err *err)
{
	struct err why;
	size_t count = 0;
	int64_t following = 0;
	TRY(may_read(store, err));
	TRY(have_read(store, store->ops->dead_next(store, recipient, after_seq, ret, max, &count, &following, &why), &why, err));
	/* The next page begins after a seq: letters of one message to several recipients must not be torn apart. */
	size_t whole = count;
	while (whole > 0 && ret[whole - 1].place.seq == following)
		whole--;
	*ret_count = whole > 0 ? whole : count;
	return OK;
}

result store_exhume(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_dead *ret, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	return wrote(store, store->ops->exhume(store, recipient, seq, ret_found, ret, &why), &why, err);
}

result store_thread_join(struct store *store, const uint8_t *thread, int64_t party, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	return wrote(store, store->ops->thread_join(store, thread, party, &why), &why, err);
}

result store_thread_parties(struct store *store, const uint8_t *thread, int64_t *ret, size_t max, size_t *ret_count,
                            struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->thread_parties(store, thread, ret, max, ret_count, &why), &why, err);
}

result store_put_chain(struct store *store, const uint8_t *fingerprint, struct bytes chain, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	return wrote(store, store->ops->put_chain(store, fingerprint, chain, &why), &why, err);
}

result store_chain(struct store *store, const uint8_t *fingerprint, struct buf *hold, bool *ret_found, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->chain(store, fingerprint, hold, ret_found, &why), &why, err);
}

result store_ledger_put(struct store *store, int64_t number, struct bytes entry, struct err *err)
{
	struct err why;
	int64_t size = 0;
	TRY(may_write(store, err));
	TRY(store_ledger_size(store, &size, err));
	if (number != size)
		return err_set(err, CODE_USAGE, "number", "entry %lld where %lld is next", (long long)number, (long long)size);
	TRY(wrote(store, store->ops->ledger_put(store, number, entry, &why), &why, err));
	store->ledger_size = number + 1;
	return OK;
}

result store_ledger_get(struct store *store, int64_t number, struct buf *hold, bool *ret_found, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->ledger_get(store, number, hold, ret_found, &why), &why, err);
}

result store_ledger_size(struct store *store, int64_t *ret_size, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	if (store->readonly)
		return have_read(store, store->ops->ledger_size(store, ret_size, &why), &why, err);
	if (store->ledger_size < 0)
		TRY(have_read(store, store->ops->ledger_size(store, &store->ledger_size, &why), &why, err));
	*ret_size = store->ledger_size;
	return OK;
}

static result check_note(struct bytes name, struct err *err)
{
	if (name.len == 0 || name.len > STORE_NOTE_NAME_MAX)
		return err_set(err, CODE_USAGE, "name", "a name of 1 to %d bytes is wanted", STORE_NOTE_NAME_MAX);
	return OK;
}

result store_note(struct store *store, const char *name, struct bytes value, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	TRY(check_note(bytes_text(name), err));
	return wrote(store, store->ops->note(store, bytes_text(name), value, &why), &why, err);
}

result store_noted(struct store *store, const char *name, struct buf *hold, bool *ret_found, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	return have_read(store, store->ops->noted(store, bytes_text(name), hold, ret_found, &why), &why, err);
}

/* ---- rows ---- */

static result check_row(enum store_space space, struct bytes key, size_t least, struct err *err)
{
	if (space <= 0 || space >= STORE_SPACE_COUNT)
		return err_set(err, CODE_TOO_LARGE, "space", "there is no space %d", (int)space);
	if (key.len < least || key.len > STORE_KEY_MAX)
		return err_set(err, CODE_TOO_LARGE, "key", "a key has 1 to %d bytes", STORE_KEY_MAX);
	return OK;
}

result store_row_put(struct store *store, enum store_space space, struct bytes key, struct bytes value, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	TRY(check_row(space, key, 1, err));
	if (value.len > STORE_VALUE_MAX)
		return err_set(err, CODE_TOO_LARGE, "value", "a value has at most %d bytes", STORE_VALUE_MAX);
	return wrote(store, store->ops->row_put(store, space, key, value, &why), &why, err);
}

result store_row_get(struct store *store, enum store_space space, struct bytes key, struct buf *hold, bool *ret_found, struct err *err)
{
	struct err why;
	TRY(may_read(store, err));
	TRY(check_row(space, key, 1, err));
	return have_read(store, store->ops->row_get(store, space, key, hold, ret_found, &why), &why, err);
}

result store_row_next(struct store *store, enum store_space space, struct bytes prefix, struct bytes after, struct buf *hold, bool *ret_found,
                      struct bytes *ret_key, struct bytes *ret_value, struct err *err)
{
	struct err why;
	size_t key_len = 0;
	bool from_start = after.len == 0 || bytes_order(after, prefix) < 0;
	TRY(may_read(store, err));
	TRY(check_row(space, prefix, 0, err));
	TRY(check_row(space, after, 0, err));
	TRY(have_read(store, store->ops->row_next(store, space, from_start ? prefix : after, from_start, hold, ret_found, &key_len, &why), &why, err));
	if (!*ret_found)
		return OK;
	*ret_key = bytes_of(hold->at, key_len);
	*ret_value = bytes_of(hold->at + key_len, hold->len - key_len);
	*ret_found = key_len >= prefix.len && (prefix.len == 0 || memcmp(ret_key->at, prefix.at, prefix.len) == 0);
	return OK;
}

result store_row_count(struct store *store, enum store_space space, struct bytes prefix, int64_t *ret_count, struct err *err)
{
	uint8_t end[STORE_KEY_MAX + 1];
	struct err why;
	TRY(may_read(store, err));
	TRY(check_row(space, prefix, 0, err));
	/* No key that starts with the prefix is after it and bytes of ones, more than a key has. */
	memset(end, 0xff, sizeof(end));
	if (prefix.len)
		memcpy(end, prefix.at, prefix.len);
	return have_read(store, store->ops->row_count(store, space, prefix, bytes_of(end, sizeof(end)), ret_count, &why), &why, err);
}

result store_row_drop(struct store *store, enum store_space space, struct bytes key, struct err *err)
{
	struct err why;
	TRY(may_write(store, err));
	TRY(check_row(space, key, 1, err));
	return wrote(store, store->ops->row_drop(store, space, key, &why), &why, err);
}

result store_reader(struct store *store, struct store **ret, struct err *err)
{
	return store->ops->reader(store, ret, err);
}

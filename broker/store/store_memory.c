#include "broker/store/store.h"

#include <string.h>

#include "base/mem.h"
#include "broker/store/store_memory.h"

enum table {
	TABLE_PARTY,      /* name → number */
	TABLE_PARTY_NAME, /* number → name */
	TABLE_MESSAGE,    /* seq → struct kept_message, envelope, verdict */
	TABLE_ID,         /* id → seq */
	TABLE_QUEUE,      /* recipient, urgency, seq → struct store_queued */
	TABLE_EXPIRY,     /* time, recipient, urgency, seq → nothing */
	TABLE_DEAD,       /* seq, recipient → struct store_dead */
	TABLE_THREAD,     /* thread, party → nothing */
	TABLE_CHAIN,
	TABLE_LEDGER,
	TABLE_NOTE,
	TABLE_ROWS,       /* as many as there are spaces: key → value */
	TABLE_COUNT = TABLE_ROWS + STORE_SPACE_COUNT
};

/* What a store and its readers share. */
struct data {
	int users;
	struct store_map tables[TABLE_COUNT];
};

struct memory {
	struct store store;
	struct data *data;
};

struct kept_message {
	int64_t seq, accepted_at, entry;
	uint8_t id[UUID_LEN], leaf[STORE_HASH_LEN];
	size_t envelope_len;
};

/* A key in the making: numbers big-endian, so that bytes sort as the numbers do. */
struct key {
	uint8_t at[STORE_PARTY_MAX + 64];
	size_t len;
};

static void key_number(struct key *key, int64_t number)
{
	for (int shift = 56; shift >= 0; shift -= 8)
		key->at[key->len++] = (uint8_t)((uint64_t)number >> shift);
}

static void key_bytes(struct key *key, const uint8_t *at, size_t len)
{
	memcpy(key->at + key->len, at, len);
	key->len += len;
}

static struct bytes key_view(const struct key *key)
{
	return bytes_of(key->at, key->len);
}

static int64_t number_at(struct bytes key, size_t at)
{
	uint64_t number = 0;
	for (size_t i = 0; i < 8; i++)
		number = number << 8 | key.at[at + i];
	return (int64_t)number;
}

static struct key number_key(int64_t number)
{
	struct key key = {.len = 0};
	key_number(&key, number);
	return key;
}

static struct key pair_key(int64_t first, int64_t second)
{
	struct key key = number_key(first);
	key_number(&key, second);
	return key;
}

static struct key place_key(const struct store_place *place)
{
	struct key key = pair_key(place->recipient, 9 - place->priority);
	key_number(&key, place->seq);
	return key;
}

static struct key expiry_key(int64_t at, const struct store_place *place)
{
	struct key key = number_key(at), rest = place_key(place);
	key_bytes(&key, rest.at, rest.len);
	return key;
}

static struct store_map *map_of(struct store *store, enum table table)
{
	return &((struct memory *)store)->data->tables[table];
}

static bool get(struct store *store, enum table table, struct bytes key, struct store_map_found *ret)
{
	return store_map_get(map_of(store, table), key, store->readonly, ret);
}

static bool next(struct store *store, enum table table, struct bytes key, bool or_equal, struct store_map_found *ret)
{
	return store_map_next(map_of(store, table), key, or_equal, store->readonly, ret);
}

static result set_new(struct store *store, enum table table, struct bytes key, struct bytes value, struct err *err)
{
	struct store_map_found there;
	if (get(store, table, key, &there))
		return err_set(err, CODE_DUPLICATE, "", "a row with that key is there already");
	store_map_set(map_of(store, table), key, value);
	return OK;
}

static void close_memory(struct store *store)
{
	struct data *data = ((struct memory *)store)->data;
	if (--data->users == 0) {
		for (int i = 0; i < TABLE_COUNT; i++)
			store_map_done(&data->tables[i]);
		mem_free(data);
	}
	mem_free(store);
}

static result begin(struct store *store, struct err *err)
{
	(void)store;
	(void)err;
	return OK;
}

static result commit(struct store *store, struct err *err)
{
	(void)err;
	for (int i = 0; i < TABLE_COUNT; i++)
		store_map_commit(map_of(store, (enum table)i));
	return OK;
}

static void rollback(struct store *store)
{
	for (int i = 0; i < TABLE_COUNT; i++)
		store_map_rollback(map_of(store, (enum table)i));
}

static result party_find(struct store *store, struct bytes party, int64_t *ret_number, struct err *err)
{
	struct store_map_found there;
	(void)err;
	*ret_number = get(store, TABLE_PARTY, party, &there) ? number_at(there.value, 0) : 0;
	return OK;
}

static result party_add(struct store *store, struct bytes party, int64_t *ret_number, struct err *err)
{
	struct store_map_found last;
	bool any = store_map_last(map_of(store, TABLE_PARTY_NAME), store->readonly, &last);
	*ret_number = any ? number_at(last.key, 0) + 1 : 1;
	struct key number = number_key(*ret_number);
	TRY(set_new(store, TABLE_PARTY_NAME, key_view(&number), party, err));
	return set_new(store, TABLE_PARTY, party, key_view(&number), err);
}

static result party_name(struct store *store, int64_t number, char into[static STORE_PARTY_MAX], bool *ret_found, struct err *err)
{
	struct store_map_found there;
	struct key key = number_key(number);
	(void)err;
	*ret_found = get(store, TABLE_PARTY_NAME, key_view(&key), &there);
	if (*ret_found) {
		memcpy(into, there.value.at, there.value.len);
		into[there.value.len] = 0;
	}
	return OK;
}

static result last_seq(struct store *store, int64_t *ret_seq, struct err *err)
{
	struct store_map_found last;
	(void)err;
	*ret_seq = store_map_last(map_of(store, TABLE_MESSAGE), store->readonly, &last) ? number_at(last.key, 0) : 0;
	return OK;
}

static result put(struct store *store, const struct store_message *message, struct err *err)
{
	struct kept_message kept = {.seq = message->seq,
	                            .accepted_at = message->accepted_at,
	                            .entry = message->entry,
	                            .envelope_len = message->envelope.len};
	struct key seq = number_key(message->seq);
	memcpy(kept.id, message->id, UUID_LEN);
	memcpy(kept.leaf, message->leaf, STORE_HASH_LEN);
	TRY(set_new(store, TABLE_ID, bytes_of(message->id, UUID_LEN), key_view(&seq), err));
	size_t len = sizeof(kept) + message->envelope.len + message->verdict.len;
	AUTO_FREE uint8_t *value = mem_alloc(len);
	memcpy(value, &kept, sizeof(kept));
	if (message->envelope.len)
		memcpy(value + sizeof(kept), message->envelope.at, message->envelope.len);
	if (message->verdict.len)
		memcpy(value + sizeof(kept) + message->envelope.len, message->verdict.at, message->verdict.len);
	return set_new(store, TABLE_MESSAGE, key_view(&seq), bytes_of(value, len), err);
}

static result find(struct store *store, const uint8_t *id, int64_t seq, struct buf *hold, bool *ret_found,
                   struct store_message *ret, struct err *err)
{
	struct store_map_found there;
	struct kept_message kept;
	struct key key = number_key(seq);
	*ret_found = false;
	if (id) {
		if (!get(store, TABLE_ID, bytes_of(id, UUID_LEN), &there))
			return OK;
		key = number_key(number_at(there.value, 0));
	}
	if (!get(store, TABLE_MESSAGE, key_view(&key), &there))
		return OK;
	*ret_found = true;
	memcpy(&kept, there.value.at, sizeof(kept));
	struct bytes envelope = bytes_of(there.value.at + sizeof(kept), kept.envelope_len);
	struct bytes verdict = bytes_of(envelope.at + envelope.len, there.value.len - sizeof(kept) - envelope.len);
	ret->seq = kept.seq;
	ret->accepted_at = kept.accepted_at;
	ret->entry = kept.entry;
	return store_hold_message(hold, kept.id, kept.leaf, envelope, verdict, ret, err);
}

static result replace(struct store *store, int64_t seq, struct bytes envelope, bool *ret_found, struct err *err)
{
	struct store_map_found there;
	struct kept_message kept;
	struct key key = number_key(seq);
	(void)err;
	*ret_found = get(store, TABLE_MESSAGE, key_view(&key), &there);
	if (!*ret_found)
		return OK;
	memcpy(&kept, there.value.at, sizeof(kept));
	size_t verdict_len = there.value.len - sizeof(kept) - kept.envelope_len, len = sizeof(kept) + envelope.len + verdict_len;
	AUTO_FREE uint8_t *value = mem_alloc(len);
	if (envelope.len)
		memcpy(value + sizeof(kept), envelope.at, envelope.len);
	if (verdict_len)
		memcpy(value + sizeof(kept) + envelope.len, there.value.at + sizeof(kept) + kept.envelope_len, verdict_len);
	kept.envelope_len = envelope.len;
	memcpy(value, &kept, sizeof(kept));
	store_map_set(map_of(store, TABLE_MESSAGE), key_view(&key), bytes_of(value, len));
	return OK;
}

static void read_queued(struct bytes value, struct store_queued *ret)
{
	memcpy(ret, value.at, sizeof(*ret));
}

static result enqueue(struct store *store, const struct store_queued *queued, struct err *err)
{
	struct key place = place_key(&queued->place);
	TRY(set_new(store, TABLE_QUEUE, key_view(&place), bytes_of(queued, sizeof(*queued)), err));
	if (!queued->expires)
		return OK;
	struct key expiry = expiry_key(queued->expires, &queued->place);
	return set_new(store, TABLE_EXPIRY, key_view(&expiry), BYTES_NONE, err);
}

static result dequeue(struct store *store, const struct store_place *place, bool *ret_removed, struct err *err)
{
	struct store_map_found there;
	struct store_queued queued;
	struct key key = place_key(place);
	(void)err;
	*ret_removed = get(store, TABLE_QUEUE, key_view(&key), &there);
	if (!*ret_removed)
		return OK;
	read_queued(there.value, &queued);
	store_map_remove(map_of(store, TABLE_QUEUE), key_view(&key));
	if (queued.expires) {
		struct key expiry = expiry_key(queued.expires, place);
		store_map_remove(map_of(store, TABLE_EXPIRY), key_view(&expiry));
	}
	return OK;
}

static result queued_find(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_queued *ret,
                          struct err *err)
{
	struct store_map_found there;
	struct store_place place = {.recipient = recipient, .seq = seq};
	(void)err;
	*ret_found = false;
	for (place.priority = 9; place.priority >= 0 && !*ret_found; place.priority--) {
		struct key key = place_key(&place);
		*ret_found = get(store, TABLE_QUEUE, key_view(&key), &there);
	}
	if (*ret_found)
		read_queued(there.value, ret);
	return OK;
}

static result queue_next(struct store *store, int64_t recipient, const struct store_place *after, struct store_queued *ret,
                         size_t max, size_t *ret_count, struct err *err)
{
	struct store_map_found there;
	struct key from = number_key(recipient);
	size_t count = 0;
	(void)err;
	if (after) {
		struct store_place place = *after;
		place.recipient = recipient;
		from = place_key(&place);
	}
	struct bytes key = key_view(&from);
	while (count < max && next(store, TABLE_QUEUE, key, false, &there) && number_at(there.key, 0) == recipient) {
		read_queued(there.value, &ret[count++]);
		key = there.key;
	}
	*ret_count = count;
	return OK;
}

/* The oldest is looked for at the front of each priority, as the other store does. */
static result queue_state(struct store *store, int64_t recipient, struct store_queue_state *ret, struct err *err)
{
	struct store_map_found there;
	struct key from = number_key(recipient);
	struct bytes key = key_view(&from);
	int64_t priority = -1;
	(void)err;
	memset(ret, 0, sizeof(*ret));
	while (next(store, TABLE_QUEUE, key, false, &there) && number_at(there.key, 0) == recipient) {
		struct store_queued queued;
		read_queued(there.value, &queued);
		bool is_front = queued.place.priority != priority;
		if (is_front && (ret->oldest_at == 0 || queued.queued_at < ret->oldest_at))
			ret->oldest_at = queued.queued_at;
		priority = queued.place.priority;
		ret->count++;
		key = there.key;
	}
	return OK;
}

static result attempted(struct store *store, const struct store_place *place, int64_t attempts, struct err *err)
{
	struct store_map_found there;
	struct store_queued queued;
	struct key key = place_key(place);
	(void)err;
	if (!get(store, TABLE_QUEUE, key_view(&key), &there))
		return OK;
	read_queued(there.value, &queued);
	queued.attempts = attempts;
	store_map_set(map_of(store, TABLE_QUEUE), key_view(&key), bytes_of(&queued, sizeof(queued)));
	return OK;
}

static result withhold(struct store *store, const struct store_place *place, int64_t withheld, int64_t consent, struct err *err)
{
	struct store_map_found there;
	struct store_queued queued;
	struct key key = place_key(place);
	(void)err;
	if (!get(store, TABLE_QUEUE, key_view(&key), &there))
		return OK;
	read_queued(there.value, &queued);
	queued.withheld = withheld;
	queued.consent = consent;
	store_map_set(map_of(store, TABLE_QUEUE), key_view(&key), bytes_of(&queued, sizeof(queued)));
	return OK;
}

static result expired(struct store *store, int64_t now, struct store_queued *ret, size_t max, size_t *ret_count, struct err *err)
{
	struct store_map_found there, queued;
	struct bytes key = BYTES_NONE;
	size_t count = 0;
	while (count < max && next(store, TABLE_EXPIRY, key, false, &there) && number_at(there.key, 0) <= now) {
		if (!get(store, TABLE_QUEUE, bytes_of(there.key.at + 8, there.key.len - 8), &queued))
			return err_set(err, CODE_CORRUPT, "expiry", "an expiry without its place in the queue");
		read_queued(queued.value, &ret[count++]);
		key = there.key;
	}
	*ret_count = count;
	return OK;
}

static result next_expiry(struct store *store, int64_t *ret_at, struct err *err)
{
	struct store_map_found first;
	(void)err;
	*ret_at = next(store, TABLE_EXPIRY, BYTES_NONE, false, &first) ? number_at(first.key, 0) : 0;
	return OK;
}

static result bury(struct store *store, const struct store_dead *dead, struct err *err)
{
	struct key key = pair_key(dead->place.seq, dead->place.recipient);
	return set_new(store, TABLE_DEAD, key_view(&key), bytes_of(dead, sizeof(*dead)), err);
}

static result dead_next(struct store *store, int64_t recipient, int64_t after_seq, struct store_dead *ret, size_t max,
                        size_t *ret_count, int64_t *ret_following, struct err *err)
{
	struct store_map_found there;
	struct key from = number_key(after_seq + 1);
	struct bytes key = key_view(&from);
	size_t count = 0;
	(void)err;
	*ret_following = 0;
	while (next(store, TABLE_DEAD, key, false, &there)) {
		key = there.key;
		if (recipient != 0 && number_at(key, 8) != recipient)
			continue;
		if (count == max) {
			*ret_following = number_at(key, 0);
			break;
		}
		memcpy(&ret[count++], there.value.at, sizeof(*ret));
	}
	*ret_count = count;
	return OK;
}

static result exhume(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_dead *ret,
                     struct err *err)
{
	struct store_map_found there;
	struct key key = pair_key(seq, recipient);
	(void)err;
	*ret_found = get(store, TABLE_DEAD, key_view(&key), &there);
	if (!*ret_found)
		return OK;
	memcpy(ret, there.value.at, sizeof(*ret));
	store_map_remove(map_of(store, TABLE_DEAD), key_view(&key));
	return OK;
}

static result thread_join(struct store *store, const uint8_t *thread, int64_t party, struct err *err)
{
	struct key key = {.len = 0};
	(void)err;
	key_bytes(&key, thread, UUID_LEN);
	key_number(&key, party);
	store_map_set(map_of(store, TABLE_THREAD), key_view(&key), BYTES_NONE);
	return OK;
}

static result thread_parties(struct store *store, const uint8_t *thread, int64_t *ret, size_t max, size_t *ret_count,
                             struct err *err)
{
	struct store_map_found there;
	struct bytes key = bytes_of(thread, UUID_LEN);
	size_t count = 0;
	(void)err;
	while (count < max && next(store, TABLE_THREAD, key, false, &there) && memcmp(there.key.at, thread, UUID_LEN) == 0) {
		ret[count++] = number_at(there.key, UUID_LEN);
		key = there.key;
	}
	*ret_count = count;
	return OK;
}

static result get_held(struct store *store, enum table table, struct bytes key, struct buf *hold, const char *what,
                       bool *ret_found, struct err *err)
{
	struct store_map_found there;
	*ret_found = get(store, table, key, &there);
	return *ret_found ? store_hold(hold, there.value, what, err) : OK;
}

static result put_chain(struct store *store, const uint8_t *fingerprint, struct bytes chain, struct err *err)
{
	struct store_map_found there;
	(void)err;
	if (!get(store, TABLE_CHAIN, bytes_of(fingerprint, STORE_HASH_LEN), &there))
		store_map_set(map_of(store, TABLE_CHAIN), bytes_of(fingerprint, STORE_HASH_LEN), chain);
	return OK;
}

static result get_chain(struct store *store, const uint8_t *fingerprint, struct buf *hold, bool *ret_found, struct err *err)
{
	return get_held(store, TABLE_CHAIN, bytes_of(fingerprint, STORE_HASH_LEN), hold, "chain", ret_found, err);
}

static result ledger_put(struct store *store, int64_t number, struct bytes entry, struct err *err)
{
	struct key key = number_key(number);
	return set_new(store, TABLE_LEDGER, key_view(&key), entry, err);
}

static result ledger_get(struct store *store, int64_t number, struct buf *hold, bool *ret_found, struct err *err)
{
	struct key key = number_key(number);
	return get_held(store, TABLE_LEDGER, key_view(&key), hold, "entry", ret_found, err);
}

static result ledger_size(struct store *store, int64_t *ret_size, struct err *err)
{
	struct store_map_found last;
	(void)err;
	*ret_size = store_map_last(map_of(store, TABLE_LEDGER), store->readonly, &last) ? number_at(last.key, 0) + 1 : 0;
	return OK;
}

static result note(struct store *store, struct bytes name, struct bytes value, struct err *err)
{
	(void)err;
	store_map_set(map_of(store, TABLE_NOTE), name, value);
	return OK;
}

static result noted(struct store *store, struct bytes name, struct buf *hold, bool *ret_found, struct err *err)
{
	return get_held(store, TABLE_NOTE, name, hold, "note", ret_found, err);
}

struct store_map *store_memory_rows(struct store *store, enum store_space space)
{
	return map_of(store, (enum table)(TABLE_ROWS + (int)space));
}

static result reader(struct store *store, struct store **ret, struct err *err);

static const struct store_ops ops = {
	.close = close_memory,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.party_find = party_find,
	.party_add = party_add,
	.party_name = party_name,
	.last_seq = last_seq,
	.put = put,
	.find = find,
	.replace = replace,
	.enqueue = enqueue,
	.dequeue = dequeue,
	.queued_find = queued_find,
	.queue_next = queue_next,
	.queue_state = queue_state,
	.attempted = attempted,
	.withhold = withhold,
	.expired = expired,
	.next_expiry = next_expiry,
	.bury = bury,
	.dead_next = dead_next,
	.exhume = exhume,
	.thread_join = thread_join,
	.thread_parties = thread_parties,
	.put_chain = put_chain,
	.chain = get_chain,
	.ledger_put = ledger_put,
	.ledger_get = ledger_get,
	.ledger_size = ledger_size,
	.note = note,
	.noted = noted,
	.row_put = store_memory_row_put,
	.row_get = store_memory_row_get,
	.row_next = store_memory_row_next,
	.row_count = store_memory_row_count,
	.row_drop = store_memory_row_drop,
	.reader = reader,
};

static struct store *new_memory(struct data *data, bool readonly)
{
	struct memory *memory = mem_alloc(sizeof(*memory));
	store_setup(&memory->store, &ops, readonly);
	memory->data = data;
	data->users++;
	return &memory->store;
}

static result reader(struct store *store, struct store **ret, struct err *err)
{
	(void)err;
	*ret = new_memory(((struct memory *)store)->data, true);
	return OK;
}

result store_memory_open(struct store **ret, struct err *err)
{
	(void)err;
	*ret = new_memory(mem_alloc(sizeof(struct data)), false);
	return OK;
}

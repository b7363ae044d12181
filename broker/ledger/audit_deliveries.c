#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "base/uuid.h"
#include "broker/ledger/audit.h"

enum { DELIVERIES_PAGE = 256, DELIVERIES_SETTLE_MAX = 1000, DELIVERIES_ROW_MAX = STORE_KEY_MAX + STORE_VALUE_MAX };

enum standing { STANDING_OPEN, STANDING_DEAD, STANDING_HELD, STANDING_GONE };

/* What the record leaves open of one message: at a recipient (his number in the store), or held, or its parts gone unexplained (recipient 0). */
struct delivery {
	struct {
		uint8_t id[UUID_LEN];
		int64_t recipient, kind; /* kind: 0 a delivery, 1 held, 2 gone */
	} key;
	enum standing standing;
	int64_t seq, entry;
	bool is_seen; /* in the pass over the store */
	UT_hash_handle hh;
};

struct recipient {
	char name[STORE_PARTY_MAX];
	int64_t number;
	UT_hash_handle hh;
};

struct audit_deliveries {
	struct audit *audit;
	struct delivery *all;
	struct recipient *recipients;
	int64_t recipients_count;
	struct buf hold;
};

struct audit_deliveries *audit_deliveries_new(struct audit *audit)
{
	struct audit_deliveries *deliveries = mem_alloc(sizeof(*deliveries));
	deliveries->audit = audit;
	buf_init(&deliveries->hold, DELIVERIES_ROW_MAX);
	return deliveries;
}

static void drop(struct audit_deliveries *deliveries, struct delivery *delivery)
{
	HASH_DEL(deliveries->all, delivery);
	mem_free(delivery);
}

void audit_deliveries_free(struct audit_deliveries *deliveries)
{
	struct delivery *delivery, *next;
	struct recipient *recipient, *after;
	if (!deliveries)
		return;
	HASH_ITER(hh, deliveries->all, delivery, next)
		drop(deliveries, delivery);
	HASH_ITER(hh, deliveries->recipients, recipient, after) {
		HASH_DEL(deliveries->recipients, recipient);
		mem_free(recipient);
	}
	buf_done(&deliveries->hold);
	mem_free(deliveries);
}

/* Numbers are given from 1 on; names that the store does not know get one of their own, below 0, so that what is open there is found missing. */
static int64_t number_of(struct audit_deliveries *deliveries, struct bytes name)
{
	struct recipient *recipient = NULL;
	struct err ignored;
	char text[STORE_PARTY_MAX];
	if (name.len >= sizeof(text))
		return 0;
	memset(text, 0, sizeof(text));
	memcpy(text, name.at, name.len);
	HASH_FIND(hh, deliveries->recipients, text, (unsigned)name.len, recipient);
	while (!recipient) {
		struct recipient *more = mem_alloc(sizeof(*more));
		more->number = deliveries->recipients_count + 1;
		if (FAILED(store_party_name(deliveries->audit->store, more->number, more->name, &ignored))) {
			memcpy(more->name, text, sizeof(text));
			more->number = -1 - (int64_t)HASH_COUNT(deliveries->recipients);
		} else {
			deliveries->recipients_count++;
		}
		HASH_ADD_KEYPTR(hh, deliveries->recipients, more->name, (unsigned)strlen(more->name), more);
		HASH_FIND(hh, deliveries->recipients, text, (unsigned)name.len, recipient);
	}
	return recipient->number;
}

static struct delivery *find(struct audit_deliveries *deliveries, const uint8_t *id, int64_t recipient, int64_t kind)
{
	struct delivery *delivery = NULL, probe;
	memset(&probe.key, 0, sizeof(probe.key));
	memcpy(probe.key.id, id, UUID_LEN);
	probe.key.recipient = recipient;
	probe.key.kind = kind;
	HASH_FIND(hh, deliveries->all, &probe.key, sizeof(probe.key), delivery);
	return delivery;
}

static struct delivery *put(struct audit_deliveries *deliveries, const struct ledger_entry *entry, int64_t recipient, enum standing standing, int64_t seq)
{
	int64_t kind = standing == STANDING_HELD ? 1 : standing == STANDING_GONE ? 2 : 0;
	struct delivery *delivery = find(deliveries, entry->id, recipient, kind);
	if (!delivery) {
		delivery = mem_alloc(sizeof(*delivery));
		memcpy(delivery->key.id, entry->id, UUID_LEN);
		delivery->key.recipient = recipient;
		delivery->key.kind = kind;
		delivery->seq = seq;
		HASH_ADD(hh, deliveries->all, key, sizeof(delivery->key), delivery);
	}
	delivery->standing = standing;
	delivery->entry = entry->number;
	return delivery;
}

static void end(struct audit_deliveries *deliveries, const uint8_t *id, int64_t recipient, int64_t kind)
{
	struct delivery *delivery = find(deliveries, id, recipient, kind);
	if (delivery)
		drop(deliveries, delivery);
}

static void open_all(struct audit_deliveries *deliveries, const struct ledger_entry *entry, int64_t seq)
{
	struct bytes to = BYTES_NONE;
	struct err ignored;
	if (!pack_find(entry->detail, "to", &to))
		return;
	struct pack_in in = pack_in(to, &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		pack_array_of(&in, "", 2);
		struct bytes name = pack_text(&in, "", STORE_PARTY_MAX);
		pack_value(&in, "");
		if (!in.failed)
			put(deliveries, entry, number_of(deliveries, name), STANDING_OPEN, seq);
	}
}

static int64_t recipient_in(struct audit_deliveries *deliveries, const struct ledger_entry *entry)
{
	struct bytes value, name;
	return pack_find(entry->detail, "recipient", &value) && pack_as_text(value, &name) ? number_of(deliveries, name) : 0;
}

static void note_receipt(struct audit_deliveries *deliveries, const struct ledger_entry *entry, int64_t seq)
{
	struct bytes value;
	struct err ignored;
	if (pack_find(entry->detail, "of", &value)) {
		struct pack_in in = pack_in(value, &ignored);
		const uint8_t *of = pack_bin_of(&in, "", UUID_LEN);
		if (of)
			end(deliveries, of, number_of(deliveries, entry->party), 0);
	}
	open_all(deliveries, entry, seq);
}

/* Dead letters of an erased message go without a word; what was queued or held is discarded, which has entries of its own. */
static void note_erased(struct audit_deliveries *deliveries, const struct ledger_entry *entry)
{
	struct recipient *recipient, *next;
	if (find(deliveries, entry->id, 0, 2))
		deliveries->audit->report->erased++;
	end(deliveries, entry->id, 0, 1);
	end(deliveries, entry->id, 0, 2);
	HASH_ITER(hh, deliveries->recipients, recipient, next) {
		struct delivery *delivery = find(deliveries, entry->id, recipient->number, 0);
		if (delivery && delivery->standing == STANDING_DEAD)
			drop(deliveries, delivery);
	}
}

void audit_deliveries_gone(struct audit_deliveries *deliveries, const struct ledger_entry *entry)
{
	put(deliveries, entry, 0, STANDING_GONE, 0);
}

static void let_through(struct audit_deliveries *deliveries, const struct ledger_entry *entry)
{
	struct delivery *held = find(deliveries, entry->id, 0, 1);
	int64_t seq = held ? held->seq : 0;
	if (held)
		drop(deliveries, held);
	open_all(deliveries, entry, seq);
}

void audit_deliveries_note(struct audit_deliveries *deliveries, const struct ledger_entry *entry, int64_t seq)
{
	struct delivery *delivery = NULL;
	if (!entry->id)
		return;
	switch (entry->kind) {
	case LEDGER_ACCEPTED:
		open_all(deliveries, entry, seq);
		break;
	case LEDGER_HELD:
		put(deliveries, entry, 0, STANDING_HELD, seq);
		break;
	case LEDGER_LET_THROUGH:
		let_through(deliveries, entry);
		break;
	case LEDGER_RECEIPT:
		note_receipt(deliveries, entry, seq);
		break;
	case LEDGER_EXPIRED:
		end(deliveries, entry->id, 0, 1);
		end(deliveries, entry->id, recipient_in(deliveries, entry), 0);
		break;
	case LEDGER_ACKED:
	case LEDGER_DISCARDED:
		end(deliveries, entry->id, recipient_in(deliveries, entry), 0);
		break;
	case LEDGER_DEAD:
	case LEDGER_REQUEUED:
		delivery = find(deliveries, entry->id, recipient_in(deliveries, entry), 0);
		if (delivery)
			delivery->standing = entry->kind == LEDGER_DEAD ? STANDING_DEAD : STANDING_OPEN;
		break;
	case LEDGER_ERASED:
		note_erased(deliveries, entry);
		break;
	case LEDGER_STARTED:
	case LEDGER_STOPPED:
	case LEDGER_RELOADED:
	case LEDGER_LINK_UP:
	case LEDGER_LINK_DOWN:
	case LEDGER_LINK_REFUSED:
	case LEDGER_REFUSED:
	case LEDGER_WITHHELD:
	case LEDGER_KIND_COUNT:
		break;
	}
}

/* ---- comparing with the store ---- */

/* What a running broker has recorded meanwhile. Its messages are for the next audit. */
static result catch_up(struct audit_deliveries *deliveries, int64_t *next, struct err *err)
{
	struct audit *audit = deliveries->audit;
	struct ledger_entry entry;
	struct store_message row;
	struct err ignored;
	bool found = true;
	for (;; ++*next) {
		bool stored = false;
		TRY(store_ledger_get(audit->store, *next, &audit->entry, &found, err));
		if (!found || FAILED(ledger_entry_decode(buf_bytes(&audit->entry), &entry, &ignored)))
			return OK;
		if (entry.id)
			TRY(store_find(audit->store, entry.id, &audit->message, &stored, &row, err));
		audit_deliveries_note(deliveries, &entry, stored ? row.seq : 0);
	}
}

static result is_there(struct audit_deliveries *deliveries, const struct delivery *delivery, bool *ret, struct err *err)
{
	struct store *store = deliveries->audit->store;
	struct store_queued queued;
	struct store_dead dead;
	size_t count = 0;
	*ret = false;
	switch (delivery->standing) {
	case STANDING_OPEN:
		return delivery->key.recipient <= 0 ? OK : store_queued_find(store, delivery->key.recipient, delivery->seq, ret, &queued, err);
	case STANDING_DEAD:
		if (delivery->key.recipient <= 0)
			return OK;
		TRY(store_dead_next(store, delivery->key.recipient, delivery->seq - 1, &dead, 1, &count, err));
		*ret = count == 1 && dead.place.seq == delivery->seq;
		return OK;
	case STANDING_HELD:
		return store_row_get(store, STORE_HELD, bytes_of(delivery->key.id, UUID_LEN), &deliveries->hold, ret, err);
	case STANDING_GONE:
		break;
	}
	return OK;
}

static void tell_missing(struct audit_deliveries *deliveries, const struct delivery *delivery)
{
	static const char *const reasons[] = {
		[STANDING_OPEN] = "the message was accepted, has not ended, and waits for this recipient no more",
		[STANDING_DEAD] = "the dead letter is gone, and no entry says what became of it",
		[STANDING_HELD] = "the held message is held no more, and no entry says what became of it",
		[STANDING_GONE] = "parts of the accepted message are not stored, and no entry says that they were erased",
	};
	char id[UUID_TEXT_MAX], party[STORE_PARTY_MAX] = "";
	struct err ignored;
	if (delivery->key.recipient > 0 && FAILED(store_party_name(deliveries->audit->store, delivery->key.recipient, party, &ignored)))
		party[0] = 0;
	audit_found(deliveries->audit, delivery->entry, NULL, CODE_CORRUPT, "%s (message %s%s%s)", reasons[delivery->standing],
	            uuid_text(delivery->key.id, id), party[0] ? ", recipient " : "", party);
}

/* Each that is missing is looked at again after what was recorded meanwhile. */
static result check_one(struct audit_deliveries *deliveries, struct delivery *delivery, int64_t *next, struct err *err)
{
	struct delivery wanted = *delivery;
	bool there = false;
	for (int i = 0; i < DELIVERIES_SETTLE_MAX; i++) {
		int64_t before = *next;
		TRY(is_there(deliveries, &wanted, &there, err));
		if (there)
			return OK;
		TRY(catch_up(deliveries, next, err));
		struct delivery *now = find(deliveries, wanted.key.id, wanted.key.recipient, wanted.key.kind);
		if (!now)
			return OK; /* it has ended */
		if (*next == before && now->standing == wanted.standing) {
			tell_missing(deliveries, now);
			return OK;
		}
		wanted = *now;
	}
	return err_set(err, CODE_BUSY, "queue", "the ledger grows too fast to be looked at");
}

/* While a broker goes on, dropping happens in between: the keys are copied first. */
static result check_all(struct audit_deliveries *deliveries, int64_t *next, struct err *err)
{
	size_t count = HASH_COUNT(deliveries->all), at = 0;
	struct delivery *copies = mem_array(count + 1, sizeof(*copies)), *delivery, *after;
	result r = OK;
	HASH_ITER(hh, deliveries->all, delivery, after)
		copies[at++] = *delivery;
	for (size_t i = 0; i < count && !FAILED(r); i++) {
		delivery = find(deliveries, copies[i].key.id, copies[i].key.recipient, copies[i].key.kind);
		if (delivery)
			r = check_one(deliveries, delivery, next, err);
	}
	mem_free(copies);
	return r;
}

/* A row of a queue, or a dead letter, that the record knows nothing of. */
static result check_row(struct audit_deliveries *deliveries, int64_t recipient, int64_t seq, enum standing standing, int64_t *next, struct err *err)
{
	struct audit *audit = deliveries->audit;
	struct store_message row;
	struct err ignored;
	char party[STORE_PARTY_MAX], id[UUID_TEXT_MAX];
	bool found = false, there = false;
	TRY(store_get(audit->store, seq, &audit->message, &found, &row, err));
	for (int round = 0; found && round < 2; round++) {
		struct delivery *delivery = find(deliveries, row.id, recipient, 0);
		if (delivery && delivery->standing == standing)
			return OK;
		/* It may have been put there, or taken out, by what was recorded meanwhile. */
		struct delivery wanted = {.standing = standing, .seq = seq};
		uint8_t copy[UUID_LEN];
		memcpy(copy, row.id, UUID_LEN);
		memcpy(wanted.key.id, row.id, UUID_LEN);
		wanted.key.recipient = recipient;
		TRY(catch_up(deliveries, next, err));
		TRY(is_there(deliveries, &wanted, &there, err));
		if (!there)
			return OK;
		TRY(store_get(audit->store, seq, &audit->message, &found, &row, err));
	}
	if (FAILED(store_party_name(audit->store, recipient, party, &ignored)))
		snprintf(party, sizeof(party), "party %lld", (long long)recipient);
	audit_found(audit, found ? row.entry : -1, found ? NULL : "queue", CODE_CORRUPT, "message %s is %s for %s, and the record says otherwise",
	            found ? uuid_text(row.id, id) : "that is not stored", standing == STANDING_DEAD ? "a dead letter" : "queued", party);
	return OK;
}

static result check_queue(struct audit_deliveries *deliveries, int64_t recipient, int64_t *next, struct err *err)
{
	struct store_queued page[DELIVERIES_PAGE];
	struct store_place after;
	size_t count = DELIVERIES_PAGE;
	for (bool first = true; count == DELIVERIES_PAGE; first = false) {
		TRY(store_queue_next(deliveries->audit->store, recipient, first ? NULL : &after, page, DELIVERIES_PAGE, &count, err));
		for (size_t i = 0; i < count; i++)
			TRY(check_row(deliveries, recipient, page[i].place.seq, STANDING_OPEN, next, err));
		if (count)
			after = page[count - 1].place;
	}
	return OK;
}

static result check_dead(struct audit_deliveries *deliveries, int64_t recipient, int64_t *next, struct err *err)
{
	struct store_dead page[DELIVERIES_PAGE];
	int64_t after = 0;
	size_t count = DELIVERIES_PAGE;
	while (count == DELIVERIES_PAGE) {
		TRY(store_dead_next(deliveries->audit->store, recipient, after, page, DELIVERIES_PAGE, &count, err));
		for (size_t i = 0; i < count; i++)
			TRY(check_row(deliveries, recipient, page[i].place.seq, STANDING_DEAD, next, err));
		if (count)
			after = page[count - 1].place.seq;
	}
	return OK;
}

static void count_all(struct audit_deliveries *deliveries)
{
	struct ledger_report *report = deliveries->audit->report;
	struct delivery *delivery, *next;
	HASH_ITER(hh, deliveries->all, delivery, next) {
		report->open += delivery->standing == STANDING_OPEN;
		report->dead += delivery->standing == STANDING_DEAD;
		report->held += delivery->standing == STANDING_HELD;
	}
}

result audit_deliveries_compare(struct audit_deliveries *deliveries, int64_t next, struct err *err)
{
	char name[STORE_PARTY_MAX];
	struct err ignored;
	TRY(check_all(deliveries, &next, err));
	for (int64_t number = 1; !FAILED(store_party_name(deliveries->audit->store, number, name, &ignored)); number++) {
		TRY(check_queue(deliveries, number, &next, err));
		TRY(check_dead(deliveries, number, &next, err));
	}
	count_all(deliveries);
	return OK;
}

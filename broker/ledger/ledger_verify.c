#include <stdio.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "broker/ledger/ledger_inside.h"
#include "certs/proof.h"
#include "schemas/envelope.h"
#include "schemas/message.h"

enum { VERIFY_MESSAGE_MAX = 64 << 20, VERIFY_SETTLE_MAX = 1000 };

/* A message of which parts are not stored; an entry further on must say that they were erased. */
struct missing {
	uint8_t id[UUID_LEN];
	int64_t entry;
	UT_hash_handle hh;
};

struct verification {
	struct store *store;
	struct ledger_report *report;
	struct merkle_frontier frontier; /* as noted */
	struct merkle_frontier rebuilt;
	struct buf entry, message;
	struct head head;
	bool has_head;
	struct missing *missing;
};

static result bad_entry(struct verification *run, int64_t number, struct err *err, const char *reason)
{
	char field[32];
	run->report->bad_entry = number;
	snprintf(field, sizeof(field), "entry %lld", (long long)number);
	return err_set(err, CODE_CORRUPT, field, "%s", reason);
}

/* The head first: what is read later covers at least as much, also while a broker goes on. */
static result read_head(struct verification *run, const struct signer *hub, struct err *err)
{
	bool found = false;
	struct err why;
	TRY(store_noted(run->store, LEDGER_NOTE_HEAD, &run->message, &found, err));
	if (!found)
		return OK;
	result r = hub ? head_check(hub, buf_bytes(&run->message), &run->head, &why)
	               : head_decode(buf_bytes(&run->message), &run->head, &why);
	if (FAILED(r) && hub)
		return err_set(err, CODE_SIGNATURE, "head", "%s", why.reason);
	if (FAILED(r))
		return err_set(err, CODE_CORRUPT, "head", "the noted head is damaged: %s", why.reason);
	run->has_head = true;
	run->report->head_size = (int64_t)run->head.size;
	return OK;
}

/* A broker may commit between two reads: the size belongs to the frontier when that was the same before and after. */
static result read_frontier(struct verification *run, struct err *err)
{
	struct merkle_frontier after;
	int64_t size = 0;
	TRY(ledger_frontier_read(run->store, &run->message, &after, err));
	for (int i = 0; i < VERIFY_SETTLE_MAX; i++) {
		run->frontier = after;
		TRY(store_ledger_size(run->store, &size, err));
		TRY(ledger_frontier_read(run->store, &run->message, &after, err));
		if (after.size == run->frontier.size)
			break;
	}
	if (after.size != run->frontier.size)
		return err_set(err, CODE_BUSY, "frontier", "the ledger grows too fast to be looked at");
	if ((uint64_t)size != run->frontier.size)
		return err_set(err, CODE_CORRUPT, "frontier", "%lld entries are stored, and the noted frontier covers %llu",
		               (long long)size, (unsigned long long)run->frontier.size);
	if (run->has_head && run->head.size > run->frontier.size)
		return err_set(err, CODE_CORRUPT, "head", "the signed head covers %llu entries, and there are %llu",
		               (unsigned long long)run->head.size, (unsigned long long)run->frontier.size);
	return OK;
}

/* Parts may have been erased; those that are there must be those that the header binds. *ret_whole: all are there. */
static bool are_bound(struct bytes header, struct bytes packed, bool *ret_whole)
{
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 0;
	struct err ignored;
	if (FAILED(message_decode(header, &message, &ignored)) || FAILED(part_decode_all(packed, parts, &count, &ignored)))
		return false;
	for (size_t i = 0; i < count; i++) {
		const struct message_part *bound = message_part_find(&message, parts[i].name);
		struct hash hash = hash_of_two(bytes_of(parts[i].salt, MESSAGE_SALT_LEN), parts[i].bytes);
		if (!bound || !hash_equal(&hash, bound->hash))
			return false;
	}
	*ret_whole = count == message.parts_count;
	return true;
}

static void note_missing(struct verification *run, const struct ledger_entry *entry)
{
	struct missing *missing = mem_alloc(sizeof(*missing));
	memcpy(missing->id, entry->id, UUID_LEN);
	missing->entry = entry->number;
	HASH_ADD(hh, run->missing, id, UUID_LEN, missing);
}

static void forget_missing(struct verification *run, struct missing *missing)
{
	HASH_DEL(run->missing, missing);
	mem_free(missing);
}

/* Accounts for what is missing of a message. */
static void note_erased(struct verification *run, const struct ledger_entry *entry)
{
	struct missing *missing = NULL;
	if (!entry->id)
		return;
	HASH_FIND(hh, run->missing, entry->id, UUID_LEN, missing);
	if (!missing)
		return;
	forget_missing(run, missing);
	run->report->erased++;
}

/* Whether the path leads from the message to what its originator signed. The signature itself is for `liaison evidence` to show. */
static bool is_proven(const struct envelope *envelope, const struct hash *leaf)
{
	struct proof_statement statement;
	struct hash root;
	struct err ignored;
	return !FAILED(proof_statement_decode(envelope->statement, &statement, &ignored)) &&
	       merkle_root_from_path(leaf, (uint64_t)envelope->index, statement.count, envelope->path.at, envelope->path.len / HASH_LEN,
	                             &root) &&
	       hash_equal(&root, statement.root.at);
}

/* The stored envelope must be the message that the entry speaks of. */
static result check_message(struct verification *run, const struct ledger_entry *entry, struct err *err)
{
	struct store_message stored;
	struct envelope envelope;
	struct err why;
	bool found = false, whole = true;
	if (!entry->id || !entry->leaf)
		return bad_entry(run, entry->number, err, "an accepted message without its id or leaf");
	TRY(store_find(run->store, entry->id, &run->message, &found, &stored, err));
	if (!found)
		return bad_entry(run, entry->number, err, "the message that was accepted is not stored");
	if (FAILED(envelope_decode(stored.envelope, &envelope, &why)))
		return bad_entry(run, entry->number, err, "the stored envelope cannot be read");
	struct hash leaf = merkle_leaf(envelope.header);
	if (!hash_equal(&leaf, entry->leaf) || !hash_equal(&leaf, stored.leaf))
		return bad_entry(run, entry->number, err, "the stored message is not the one that was accepted");
	if (!are_bound(envelope.header, envelope.parts, &whole))
		return bad_entry(run, entry->number, err, "a stored part is not the one that was accepted");
	if (!is_proven(&envelope, &leaf))
		return bad_entry(run, entry->number, err, "the stored statement is not the one that was accepted");
	if (stored.entry != entry->number)
		return bad_entry(run, entry->number, err, "the stored message names another entry");
	if (!whole)
		note_missing(run, entry);
	run->report->messages++;
	return OK;
}

static result check_entry(struct verification *run, int64_t number, struct err *err)
{
	struct ledger_entry entry;
	struct err why;
	bool found = false;
	TRY(store_ledger_get(run->store, number, &run->entry, &found, err));
	if (!found)
		return bad_entry(run, number, err, "the entry is missing");
	if (FAILED(ledger_entry_decode(buf_bytes(&run->entry), &entry, &why)))
		return bad_entry(run, number, err, "the entry cannot be read");
	if (entry.number != number)
		return bad_entry(run, number, err, "the entry carries another number");
	struct hash leaf = merkle_leaf(buf_bytes(&run->entry));
	merkle_append(&run->rebuilt, &leaf);
	run->report->entries++;
	if (entry.kind == LEDGER_ACCEPTED || entry.kind == LEDGER_HELD || entry.kind == LEDGER_RECEIPT)
		return check_message(run, &entry, err);
	if (entry.kind == LEDGER_ERASED)
		note_erased(run, &entry);
	return OK;
}

/* While a broker goes on, parts may have been erased by an entry that came after the frontier was read. */
static result check_missing(struct verification *run, struct err *err)
{
	struct ledger_entry entry;
	struct err ignored;
	bool found = true;
	for (int64_t number = (int64_t)run->frontier.size; run->missing && found; number++) {
		TRY(store_ledger_get(run->store, number, &run->entry, &found, err));
		if (found && !FAILED(ledger_entry_decode(buf_bytes(&run->entry), &entry, &ignored)) && entry.kind == LEDGER_ERASED)
			note_erased(run, &entry);
	}
	if (run->missing)
		return bad_entry(run, run->missing->entry, err, "parts of the accepted message are not stored, and no entry says that they were erased");
	return OK;
}

static result compare_head(struct verification *run, struct err *err)
{
	struct hash root = merkle_frontier_root(&run->rebuilt);
	if (!run->has_head || run->rebuilt.size != run->head.size || hash_equal(&root, run->head.root.at))
		return OK;
	return err_set(err, CODE_CORRUPT, "head", "the first %llu entries are not those that the hub signed",
	               (unsigned long long)run->head.size);
}

static result check_all(struct verification *run, const struct signer *hub, struct err *err)
{
	TRY(read_head(run, hub, err));
	TRY(read_frontier(run, err));
	TRY(compare_head(run, err));
	for (int64_t number = 0; (uint64_t)number < run->frontier.size; number++) {
		TRY(check_entry(run, number, err));
		TRY(compare_head(run, err));
	}
	TRY(check_missing(run, err));
	struct hash noted = merkle_frontier_root(&run->frontier);
	run->report->root = merkle_frontier_root(&run->rebuilt);
	if (!hash_equal(&run->report->root, noted.at))
		return err_set(err, CODE_CORRUPT, "frontier", "the entries are not those that the noted frontier covers");
	return OK;
}

result ledger_verify(struct store *store, const struct signer *hub, struct ledger_report *ret, struct err *err)
{
	struct verification *run = mem_alloc(sizeof(*run));
	memset(ret, 0, sizeof(*ret));
	ret->bad_entry = -1;
	run->store = store;
	run->report = ret;
	buf_init(&run->entry, LEDGER_ENTRY_MAX);
	buf_init(&run->message, VERIFY_MESSAGE_MAX);
	struct missing *missing, *next;
	result r = check_all(run, hub, err);
	HASH_ITER(hh, run->missing, missing, next)
		forget_missing(run, missing);
	buf_done(&run->entry);
	buf_done(&run->message);
	mem_free(run);
	return r;
}

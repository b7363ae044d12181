#include "broker/ledger/ledger.h"

#include <string.h>

#include "base/mem.h"
#include "broker/ledger/ledger_inside.h"

struct ledger {
	struct store *store;
	char *hub;
	struct key *key;
	uint8_t fingerprint[HASH_LEN];
	struct merkle_frontier frontier, committed; /* with and without the open transaction */
	struct buf head, committed_head;
	struct buf scratch;
	bool unsealed;
};

static result read_head(struct ledger *ledger, struct err *err)
{
	struct head head;
	struct err why;
	bool found = false;
	TRY(store_noted(ledger->store, LEDGER_NOTE_HEAD, &ledger->head, &found, err));
	if (!found) {
		buf_clear(&ledger->head);
		return OK;
	}
	if (FAILED(head_decode(buf_bytes(&ledger->head), &head, &why)))
		return err_set(err, CODE_CORRUPT, "head", "the noted head is damaged: %s", why.reason);
	if (head.size > ledger->frontier.size)
		return err_set(err, CODE_CORRUPT, "head", "the signed head covers %llu entries, and there are %llu",
		               (unsigned long long)head.size, (unsigned long long)ledger->frontier.size);
	struct hash root = merkle_frontier_root(&ledger->frontier);
	if (head.size == ledger->frontier.size && !hash_equal(&root, head.root.at))
		return err_set(err, CODE_CORRUPT, "head", "the signed head and the noted frontier disagree");
	buf_add(&ledger->committed_head, buf_bytes(&ledger->head));
	return OK;
}

static result read_state(struct ledger *ledger, struct err *err)
{
	int64_t size = 0;
	TRY(ledger_frontier_read(ledger->store, &ledger->scratch, &ledger->frontier, err));
	TRY(store_ledger_size(ledger->store, &size, err));
	if ((uint64_t)size != ledger->frontier.size)
		return err_set(err, CODE_CORRUPT, "frontier", "%lld entries are stored, and the noted frontier covers %llu",
		               (long long)size, (unsigned long long)ledger->frontier.size);
	TRY(ledger_tree_complete(ledger->store, &ledger->frontier, err));
	ledger->committed = ledger->frontier;
	return read_head(ledger, err);
}

result ledger_open(struct store *store, const char *hub, struct key *key, const uint8_t *fingerprint, struct ledger **ret,
                   struct err *err)
{
	struct ledger *ledger = mem_alloc(sizeof(*ledger));
	ledger->store = store;
	ledger->hub = mem_text(hub);
	ledger->key = key_ref(key);
	memcpy(ledger->fingerprint, fingerprint, HASH_LEN);
	buf_init(&ledger->head, HEAD_MAX);
	buf_init(&ledger->committed_head, HEAD_MAX);
	buf_init(&ledger->scratch, LEDGER_ENTRY_MAX);
	result r = read_state(ledger, err);
	if (FAILED(r)) {
		ledger_close(ledger);
		return r;
	}
	*ret = ledger;
	return OK;
}

void ledger_sign_with(struct ledger *ledger, struct key *key, const uint8_t *fingerprint)
{
	struct key *old = ledger->key;
	ledger->key = key_ref(key);
	key_unref(old);
	memcpy(ledger->fingerprint, fingerprint, HASH_LEN);
}

void ledger_close(struct ledger *ledger)
{
	if (!ledger)
		return;
	key_unref(ledger->key);
	buf_done(&ledger->head);
	buf_done(&ledger->committed_head);
	buf_done(&ledger->scratch);
	mem_free(ledger->hub);
	mem_free(ledger);
}

result ledger_append(struct ledger *ledger, const struct ledger_entry *entry, int64_t *ret_number, struct err *err)
{
	struct ledger_entry numbered = *entry;
	struct hash grown[64];
	numbered.number = (int64_t)ledger->frontier.size;
	buf_clear(&ledger->scratch);
	TRY(ledger_entry_encode(&numbered, &ledger->scratch, err));
	TRY(store_ledger_put(ledger->store, numbered.number, buf_bytes(&ledger->scratch), err));
	struct hash leaf = merkle_leaf(buf_bytes(&ledger->scratch));
	unsigned levels = merkle_append_grown(&ledger->frontier, &leaf, grown);
	ledger->unsealed = true;
	TRY(ledger_tree_keep(ledger->store, ledger->frontier.size, grown, levels, err));
	*ret_number = numbered.number;
	return OK;
}

result ledger_seal(struct ledger *ledger, struct err *err)
{
	if (!ledger->unsealed)
		return OK;
	buf_clear(&ledger->scratch);
	ledger_frontier_encode(&ledger->frontier, &ledger->scratch);
	TRY(buf_check(&ledger->scratch, "frontier", err));
	TRY(store_note(ledger->store, LEDGER_NOTE_FRONTIER, buf_bytes(&ledger->scratch), err));
	ledger->unsealed = false;
	return OK;
}

static void copy_head(struct buf *into, const struct buf *from)
{
	buf_clear(into);
	buf_add(into, buf_bytes(from));
}

void ledger_committed(struct ledger *ledger)
{
	ledger->committed = ledger->frontier;
	copy_head(&ledger->committed_head, &ledger->head);
}

void ledger_rolled_back(struct ledger *ledger)
{
	ledger->frontier = ledger->committed;
	copy_head(&ledger->head, &ledger->committed_head);
	ledger->unsealed = false;
}

int64_t ledger_size(const struct ledger *ledger)
{
	return (int64_t)ledger->frontier.size;
}

result ledger_sign(struct ledger *ledger, int64_t at, struct err *err)
{
	struct hash root = merkle_frontier_root(&ledger->frontier);
	buf_clear(&ledger->scratch);
	TRY(head_sign(ledger->key, ledger->fingerprint, ledger->hub, ledger->frontier.size, &root, at, &ledger->scratch, err));
	TRY(store_note(ledger->store, LEDGER_NOTE_HEAD, buf_bytes(&ledger->scratch), err));
	copy_head(&ledger->head, &ledger->scratch);
	return buf_check(&ledger->head, "head", err);
}

struct bytes ledger_head(const struct ledger *ledger)
{
	return buf_bytes(&ledger->head);
}

result ledger_rebuild_tree(struct ledger *ledger, struct err *err)
{
	return ledger_tree_rebuild(ledger->store, &ledger->frontier, err);
}

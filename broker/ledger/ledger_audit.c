#include "broker/ledger/audit.h"

#include <string.h>

#include "base/mem.h"

enum { AUDIT_MESSAGE_MAX = 64 << 20, AUDIT_SETTLE_MAX = 1000, AUDIT_PROOFS = 65536 };

/* ---- heads ---- */

static result check_head(struct audit *audit, struct bytes bytes, const struct signer *hub, struct head *ret, struct err *err)
{
	struct signer *signer = NULL;
	TRY(head_decode(bytes, ret, err));
	if (hub)
		return head_check(hub, bytes, ret, err);
	if (!audit->signers)
		return OK;
	TRY(audit_signer(audit->signers, ret->signer, TRUST_SIGN_HUB, ret->at, ret->at, &signer, err));
	return head_check(signer, bytes, ret, err);
}

/* The head first: what is read later covers at least as much, also while a broker goes on. */
static result read_head(struct audit *audit, struct err *err)
{
	bool found = false;
	struct err why;
	TRY(store_noted(audit->store, LEDGER_NOTE_HEAD, &audit->message, &found, err));
	if (!found)
		return OK;
	result r = check_head(audit, buf_bytes(&audit->message), audit->asking->hub, &audit->head, &why);
	if (r.code == CODE_MALFORMED)
		audit_found(audit, -1, "head", audit->asking->hub ? CODE_SIGNATURE : CODE_CORRUPT, "the noted head is damaged: %s", why.reason);
	else if (FAILED(r))
		audit_found(audit, -1, "head", why.code == CODE_REVOKED ? CODE_REVOKED : CODE_SIGNATURE, "%s", why.reason);
	if (r.code == CODE_MALFORMED)
		return OK;
	audit->has_head = true;
	audit->report->head_size = (int64_t)audit->head.size;
	audit->report->head_at = audit->head.at;
	memcpy(audit->hub, audit->head.hub, sizeof(audit->hub));
	return OK;
}

static void read_against(struct audit *audit)
{
	struct err why;
	audit->report->against_size = -1;
	if (!audit->asking->against.len)
		return;
	if (FAILED(head_decode(audit->asking->against, &audit->against, &why))) {
		audit_found(audit, -1, "against", why.code, "what was handed in is no head: %s", why.reason);
		return;
	}
	audit->has_against = true;
	audit->report->against_size = (int64_t)audit->against.size;
	if (audit->against.size > audit->noted.size)
		audit_found(audit, -1, "against", CODE_HISTORY, "the hub has signed a head of %llu entries, and there are %llu: entries are gone",
		            (unsigned long long)audit->against.size, (unsigned long long)audit->noted.size);
}

/* A broker may commit between two reads: the size belongs to the frontier when that was the same before and after. */
static result read_frontier(struct audit *audit, struct err *err)
{
	struct merkle_frontier after;
	int64_t size = 0;
	TRY(ledger_frontier_read(audit->store, &audit->message, &after, err));
	for (int i = 0; i < AUDIT_SETTLE_MAX; i++) {
		audit->noted = after;
		TRY(store_ledger_size(audit->store, &size, err));
		TRY(ledger_frontier_read(audit->store, &audit->message, &after, err));
		if (after.size == audit->noted.size)
			break;
	}
	if (after.size != audit->noted.size)
		return err_set(err, CODE_BUSY, "frontier", "the ledger grows too fast to be looked at");
	if ((uint64_t)size != audit->noted.size)
		audit_found(audit, -1, "frontier", CODE_CORRUPT, "%lld entries are stored, and the noted frontier covers %llu", (long long)size,
		            (unsigned long long)audit->noted.size);
	if (audit->has_head && audit->head.size > audit->noted.size)
		audit_found(audit, -1, "head", CODE_CORRUPT, "the signed head covers %llu entries, and there are %llu", (unsigned long long)audit->head.size,
		            (unsigned long long)audit->noted.size);
	return OK;
}

static void compare_roots(struct audit *audit)
{
	struct hash root = merkle_frontier_root(&audit->rebuilt);
	if (audit->has_head && audit->rebuilt.size == audit->head.size && !hash_equal(&root, audit->head.root.at))
		audit_found(audit, -1, "head", CODE_CORRUPT, "the first %llu entries are not those that the hub signed", (unsigned long long)audit->head.size);
	if (audit->has_against && audit->rebuilt.size == audit->against.size && !hash_equal(&root, audit->against.root.at))
		audit_found(audit, -1, "against", CODE_HISTORY, "the first %llu entries are not those of the head that was handed in: the past was rewritten",
		            (unsigned long long)audit->against.size);
}

/* Heads of what lies before `since` are compared by the subtrees that are kept. */
static result compare_earlier(struct audit *audit, const struct head *head, const char *where, enum code code, struct err *err)
{
	struct hash root;
	if (head->size >= audit->rebuilt.size)
		return OK;
	TRY(ledger_root_at(audit->store, head->size, &root, err));
	if (!hash_equal(&root, head->root.at))
		audit_found(audit, -1, where, code, "the first %llu entries are not those of the head", (unsigned long long)head->size);
	return OK;
}

/* ---- entries ---- */

/* A subtree that does not fit says where among the entries something was changed; one that is not there is computed anew by the broker. */
static result check_tree(struct audit *audit, const struct hash *grown, unsigned levels, struct err *err)
{
	struct hash kept;
	bool found = false;
	for (unsigned level = LEDGER_TREE_LEAST; audit->has_tree && level < levels; level++) {
		uint64_t index = (audit->rebuilt.size >> level) - 1;
		TRY(ledger_tree_kept(audit->store, level, index, &audit->other, &found, &kept, err));
		audit->report->subtrees += found;
		if (found && hash_equal(&kept, grown[level].at))
			continue;
		if (level == LEDGER_TREE_LEAST)
			audit_found(audit, -1, "tree", CODE_CORRUPT, "one of the entries %llu to %llu, or the hash that is kept of them, is not as it was recorded",
			            (unsigned long long)index << level, (unsigned long long)audit->rebuilt.size - 1);
	}
	return OK;
}

static result check_content(struct audit *audit, const struct ledger_entry *entry, struct err *err)
{
	int64_t seq = 0;
	if (entry->kind == LEDGER_STARTED && !audit->hub[0] && entry->party.len < sizeof(audit->hub))
		memcpy(audit->hub, entry->party.at, entry->party.len);
	if (audit->asking->quick)
		return OK;
	if (entry->kind == LEDGER_ACCEPTED || entry->kind == LEDGER_HELD || entry->kind == LEDGER_RECEIPT)
		TRY(audit_message(audit, entry, &seq, err));
	if (audit->deliveries)
		audit_deliveries_note(audit->deliveries, entry, seq);
	return OK;
}

static result check_entry(struct audit *audit, int64_t number, struct err *err)
{
	struct ledger_entry entry;
	struct hash grown[64];
	struct err why;
	bool found = false;
	result r = store_ledger_get(audit->store, number, &audit->entry, &found, &why);
	TRY(audit_read(audit, number, r, &why, err));
	if (FAILED(r) || !found)
		buf_clear(&audit->entry); /* the tree goes on over a gap, and will not fit */
	if (!FAILED(r) && !found)
		audit_found(audit, number, NULL, CODE_CORRUPT, "the entry is missing");
	struct hash leaf = merkle_leaf(buf_bytes(&audit->entry));
	unsigned levels = merkle_append_grown(&audit->rebuilt, &leaf, grown);
	audit->report->entries += found;
	if (found && FAILED(ledger_entry_decode(buf_bytes(&audit->entry), &entry, &why)))
		audit_found(audit, number, NULL, CODE_CORRUPT, "the entry cannot be read");
	else if (found && entry.number != number)
		audit_found(audit, number, NULL, CODE_CORRUPT, "the entry carries another number");
	else if (found)
		TRY(check_content(audit, &entry, err));
	return check_tree(audit, grown, levels, err);
}

/* Each message that is stored has its entry: they are numbered without gaps. */
static result count_messages(struct audit *audit, struct err *err)
{
	int64_t last = 0, size = 0;
	if (audit->asking->since || audit->asking->quick)
		return OK;
	TRY(store_last_seq(audit->store, &last, err));
	TRY(store_ledger_size(audit->store, &size, err));
	if (last > audit->report->messages && (uint64_t)size == audit->noted.size)
		audit_found(audit, -1, "messages", CODE_CORRUPT, "%lld messages are stored or numbered, and %lld entries of accepted ones were found",
		            (long long)last, (long long)audit->report->messages);
	return OK;
}

/* ---- an audit ---- */

/* The frontier of the first entries, from the subtrees that are kept. */
static result begin_at(struct audit *audit, uint64_t size, struct err *err)
{
	struct hash root;
	uint64_t at = 0;
	bool found = false;
	if (size > audit->noted.size)
		return err_set(err, CODE_USAGE, "since", "there are %llu entries", (unsigned long long)audit->noted.size);
	audit->rebuilt.size = size & ~(((uint64_t)1 << LEDGER_TREE_LEAST) - 1); /* of an incomplete subtree the entries are read */
	for (unsigned level = 63; level >= LEDGER_TREE_LEAST; level--) {
		if (!(audit->rebuilt.size >> level & 1))
			continue;
		TRY(ledger_tree_kept(audit->store, level, at >> level, &audit->other, &found, &root, err));
		if (!found)
			return err_set(err, CODE_NOT_FOUND, "since", "the store keeps no subtrees; look at all entries");
		audit->rebuilt.peaks[audit->rebuilt.peaks_count++] = root;
		at += (uint64_t)1 << level;
	}
	if (audit->has_head)
		TRY(compare_earlier(audit, &audit->head, "head", CODE_CORRUPT, err));
	return audit->has_against ? compare_earlier(audit, &audit->against, "against", CODE_HISTORY, err) : OK;
}

static result find_tree(struct audit *audit, struct err *err)
{
	struct hash ignored;
	TRY(ledger_tree_kept(audit->store, LEDGER_TREE_LEAST, 0, &audit->other, &audit->has_tree, &ignored, err));
	return OK;
}

static result run(struct audit *audit, struct err *err)
{
	const struct ledger_asking *asking = audit->asking;
	TRY(read_head(audit, err));
	TRY(read_frontier(audit, err));
	read_against(audit);
	TRY(find_tree(audit, err));
	TRY(begin_at(audit, (uint64_t)asking->since, err));
	compare_roots(audit);
	while (audit->rebuilt.size < audit->noted.size) {
		TRY(check_entry(audit, (int64_t)audit->rebuilt.size, err));
		compare_roots(audit);
	}
	struct hash noted = merkle_frontier_root(&audit->noted);
	audit->report->root = merkle_frontier_root(&audit->rebuilt);
	if (!hash_equal(&audit->report->root, noted.at))
		audit_found(audit, -1, "frontier", CODE_CORRUPT, "the entries are not those that the noted frontier covers");
	if (audit->deliveries)
		TRY(audit_deliveries_compare(audit->deliveries, (int64_t)audit->noted.size, err));
	return count_messages(audit, err);
}

result ledger_audit(struct store *store, const struct ledger_asking *asking, struct ledger_report *ret, struct err *err)
{
	struct audit *audit = mem_alloc(sizeof(*audit));
	memset(ret, 0, sizeof(*ret));
	ret->bad_entry = -1;
	audit->store = store;
	audit->asking = asking;
	audit->report = ret;
	buf_init(&audit->entry, LEDGER_ENTRY_MAX);
	buf_init(&audit->message, AUDIT_MESSAGE_MAX);
	buf_init(&audit->other, AUDIT_MESSAGE_MAX);
	if (asking->trust)
		audit->signers = audit_signers_new(audit);
	if (asking->trust && !asking->quick)
		audit->proofs = proof_cache_new(AUDIT_PROOFS);
	if (!asking->quick && !asking->since)
		audit->deliveries = audit_deliveries_new(audit);
	result r = run(audit, err);
	if (!FAILED(r) && audit->first.code != CODE_OK) {
		*err = audit->first;
		r = (result){err->code};
	}
	audit_deliveries_free(audit->deliveries);
	audit_signers_free(audit->signers);
	proof_cache_free(audit->proofs);
	buf_done(&audit->entry);
	buf_done(&audit->message);
	buf_done(&audit->other);
	mem_free(audit);
	return r;
}

result ledger_verify(struct store *store, const struct signer *hub, struct ledger_report *ret, struct err *err)
{
	return ledger_audit(store, &(struct ledger_asking){.hub = hub}, ret, err);
}

#include <string.h>

#include "broker/ledger/audit.h"
#include "certs/approval.h"
#include "schemas/envelope.h"
#include "schemas/frame.h"
#include "schemas/message.h"
#include "schemas/receipt.h"

/* A message as it is stored, unpacked: views over audit->message. */
struct stored {
	struct store_message row;
	struct envelope envelope;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t parts_count;
	struct hash leaf;
};

static void complain(struct audit *audit, const struct ledger_entry *entry, const char *reason)
{
	audit_found(audit, entry->number, NULL, CODE_CORRUPT, "%s", reason);
}

/* Parts may have been erased; those that are there must be those that the header binds. */
static bool are_bound(const struct stored *stored)
{
	for (size_t i = 0; i < stored->parts_count; i++) {
		const struct message_part *bound = message_part_find(&stored->message, stored->parts[i].name);
		struct hash hash = hash_of_two(bytes_of(stored->parts[i].salt, MESSAGE_SALT_LEN), stored->parts[i].bytes);
		if (!bound || !hash_equal(&hash, bound->hash))
			return false;
	}
	return true;
}

/* Whether the path leads from the message to what its originator signed. */
static bool is_proven(const struct stored *stored, struct proof_statement *ret)
{
	const struct envelope *envelope = &stored->envelope;
	struct hash root;
	struct err ignored;
	return !FAILED(proof_statement_decode(envelope->statement, ret, &ignored)) &&
	       merkle_root_from_path(&stored->leaf, (uint64_t)envelope->index, ret->count, envelope->path.at, envelope->path.len / HASH_LEN, &root) &&
	       hash_equal(&root, ret->root.at);
}

/* What a duplicate would be answered: as the entry has its hash; in entries of an older version at least of this message and entry. */
static bool is_the_verdict(const struct ledger_entry *entry, struct bytes verdict)
{
	struct bytes value;
	struct err ignored;
	if (pack_find(entry->detail, "verdict", &value)) {
		struct hash hash = hash_of(verdict);
		struct pack_in in = pack_in(value, &ignored);
		const uint8_t *kept = pack_bin_of(&in, "", HASH_LEN);
		return kept && hash_equal(&hash, kept);
	}
	if (verdict.len == 0)
		return true; /* the hub answers nobody but its agencies */
	struct pack_in in = pack_in_scanned(verdict, &ignored);
	pack_array_of(&in, "", 7);
	const uint8_t *id = pack_bin_of(&in, "", UUID_LEN);
	pack_text(&in, "", 64);
	bool duplicate = pack_bool(&in, "");
	int64_t number = pack_int(&in, "", 0, INT64_MAX);
	return !in.failed && !duplicate && number == entry->number && !memcmp(id, entry->id, UUID_LEN);
}

static bool unpack(struct stored *stored)
{
	struct err ignored;
	if (FAILED(envelope_decode(stored->row.envelope, &stored->envelope, &ignored)))
		return false;
	stored->leaf = merkle_leaf(stored->envelope.header);
	return !FAILED(message_decode(stored->envelope.header, &stored->message, &ignored)) &&
	       !FAILED(part_decode_all(stored->envelope.parts, stored->parts, &stored->parts_count, &ignored));
}

static bool compare(struct audit *audit, const struct ledger_entry *entry, struct stored *stored, struct proof_statement *statement)
{
	const char *wrong = NULL;
	bool readable = unpack(stored);
	if (!readable && stored->envelope.header.len == 0)
		wrong = "the stored envelope cannot be read";
	else if (!hash_equal(&stored->leaf, entry->leaf) || !hash_equal(&stored->leaf, stored->row.leaf))
		wrong = "the stored message is not the one that was accepted";
	else if (!readable || !are_bound(stored))
		wrong = "a stored part is not the one that was accepted";
	else if (!is_proven(stored, statement))
		wrong = "the stored statement is not the one that was accepted";
	else if (stored->row.entry != entry->number)
		wrong = "the stored message names another entry";
	else if (stored->row.accepted_at != entry->at)
		wrong = "the stored message names another time of its acceptance";
	else if (!bytes_equal(stored->message.from, entry->party) || !bytes_equal(stored->message.type, entry->type))
		wrong = "the entry names another party or type than the message";
	else if (!is_the_verdict(entry, stored->row.verdict))
		wrong = "the stored verdict is not the one that was given";
	if (wrong)
		complain(audit, entry, wrong);
	return !wrong;
}

static bool is_of_hub(const struct audit *audit, const struct ledger_entry *entry)
{
	return audit->hub[0] && bytes_is(entry->party, audit->hub);
}

static void check_signature(struct audit *audit, const struct ledger_entry *entry, const struct stored *stored, const struct proof_statement *statement)
{
	const struct envelope *envelope = &stored->envelope;
	struct signer *signer = NULL;
	struct err why;
	result r = audit_signer(audit->signers, envelope->signer, is_of_hub(audit, entry) ? TRUST_SIGN_HUB : TRUST_SIGN_PARTY, statement->signed_at, entry->at,
	                        &signer, &why);
	if (!FAILED(r) && !bytes_is(entry->party, signer_party(signer)))
		r = err_set(&why, CODE_NOT_YOUR_PARTY, "", "it was signed with a certificate of %s", signer_party(signer));
	if (!FAILED(r))
		r = proof_check_one(audit->proofs, signer, envelope->statement, envelope->signature, &stored->leaf, (uint64_t)envelope->index, envelope->path,
		                    NULL, &why);
	if (FAILED(r))
		audit_found(audit, entry->number, NULL, r.code, "%s", why.reason);
	else
		audit->report->signatures++;
}

/* Which persons a type needs is the catalogue's to say, and was judged when it was accepted; here, that each who is named did sign. */
static void check_persons(struct audit *audit, const struct ledger_entry *entry, const struct stored *stored)
{
	static const struct approval_rule none = {.persons = 0};
	const struct part *approvals = part_find(stored->parts, stored->parts_count, BYTES_LIT("approvals"));
	const struct part *main = part_find(stored->parts, stored->parts_count, BYTES_LIT("main"));
	char party[TRUST_NAME_MAX];
	struct err why;
	if (!approvals || !main || entry->party.len >= sizeof(party))
		return;
	memcpy(party, entry->party.at, entry->party.len);
	party[entry->party.len] = 0;
	if (FAILED(approval_check(audit->asking->trust, approvals->bytes, party, stored->message.type, main->bytes, &none, &why))) {
		audit_found(audit, entry->number, NULL, why.code, "%s: %s", why.field, why.reason);
		return;
	}
	struct pack_in in = pack_in(approvals->bytes, &why);
	audit->report->persons += (int64_t)pack_array(&in, "");
}

/* What was receipted is what was accepted, and the entry says so too. */
static result check_receipt(struct audit *audit, const struct ledger_entry *entry, const struct stored *stored, struct err *err)
{
	const struct part *main = part_find(stored->parts, stored->parts_count, BYTES_LIT("main"));
	struct store_message of;
	struct receipt receipt;
	struct bytes value;
	struct err why;
	bool found = false;
	audit->report->receipts++;
	if (!main)
		return OK;
	if (FAILED(receipt_decode(main->bytes, &receipt, &why)) || !pack_find(entry->detail, "of", &value)) {
		complain(audit, entry, "what is stored is no receipt");
		return OK;
	}
	struct pack_in in = pack_in(value, &why);
	const uint8_t *id = pack_bin_of(&in, "", UUID_LEN);
	if (!id || memcmp(id, receipt.of, UUID_LEN) != 0) {
		complain(audit, entry, "the entry speaks of another message than the receipt");
		return OK;
	}
	TRY(audit_read(audit, entry->number, store_find(audit->store, receipt.of, &audit->other, &found, &of, &why), &why, err));
	if (!found || memcmp(of.leaf, receipt.hash, HASH_LEN) != 0)
		complain(audit, entry, "the message that was receipted is not the one that is stored");
	return OK;
}

result audit_message(struct audit *audit, const struct ledger_entry *entry, int64_t *ret_seq, struct err *err)
{
	struct stored stored = {.parts_count = 0};
	struct proof_statement statement;
	struct err why;
	bool found = false;
	*ret_seq = 0;
	if (!entry->id || !entry->leaf) {
		complain(audit, entry, "an accepted message without its id or leaf");
		return OK;
	}
	result r = store_find(audit->store, entry->id, &audit->message, &found, &stored.row, &why);
	TRY(audit_read(audit, entry->number, r, &why, err));
	if (FAILED(r))
		return OK;
	if (!found) {
		complain(audit, entry, "the message that was accepted is not stored");
		return OK;
	}
	*ret_seq = stored.row.seq;
	audit->report->messages++;
	if (!compare(audit, entry, &stored, &statement))
		return OK;
	if (stored.parts_count < stored.message.parts_count && audit->deliveries)
		audit_deliveries_gone(audit->deliveries, entry);
	if (audit->signers) {
		check_signature(audit, entry, &stored, &statement);
		check_persons(audit, entry, &stored);
	}
	return entry->kind == LEDGER_RECEIPT ? check_receipt(audit, entry, &stored, err) : OK;
}

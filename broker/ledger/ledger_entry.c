#include <string.h>

#include "broker/ledger/ledger_inside.h"

/* Entries carry the text, so that a record read in twenty years does not depend on how the enumeration was numbered. */
static const char *const kinds[LEDGER_KIND_COUNT] = {
	[LEDGER_STARTED] = "started",
	[LEDGER_STOPPED] = "stopped",
	[LEDGER_RELOADED] = "reloaded",
	[LEDGER_LINK_UP] = "link_up",
	[LEDGER_LINK_DOWN] = "link_down",
	[LEDGER_LINK_REFUSED] = "link_refused",
	[LEDGER_ACCEPTED] = "accepted",
	[LEDGER_HELD] = "held",
	[LEDGER_LET_THROUGH] = "let_through",
	[LEDGER_REFUSED] = "refused",
	[LEDGER_RECEIPT] = "receipt",
	[LEDGER_ACKED] = "acked",
	[LEDGER_EXPIRED] = "expired",
	[LEDGER_DEAD] = "dead",
	[LEDGER_REQUEUED] = "requeued",
	[LEDGER_DISCARDED] = "discarded",
	[LEDGER_WITHHELD] = "withheld",
	[LEDGER_ERASED] = "erased",
};

const char *ledger_kind_text(enum ledger_kind kind)
{
	return (unsigned)kind < LEDGER_KIND_COUNT ? kinds[kind] : "unknown";
}

static enum ledger_kind read_kind(struct pack_in *in)
{
	struct bytes text = pack_text(in, "kind", 32);
	for (int i = 0; i < LEDGER_KIND_COUNT; i++)
		if (bytes_is(text, kinds[i]))
			return (enum ledger_kind)i;
	pack_fail(in, CODE_MALFORMED, "kind", "not a kind of entry");
	return LEDGER_KIND_COUNT;
}

static const uint8_t *read_optional(struct pack_in *in, const char *field, size_t len)
{
	return pack_try_nil(in) ? NULL : pack_bin_of(in, field, len);
}

static bool is_map(struct bytes value)
{
	/* fixmap, map 16, map 32 */
	return value.len > 0 && ((value.at[0] & 0xf0) == 0x80 || value.at[0] == 0xde || value.at[0] == 0xdf);
}

result ledger_entry_decode(struct bytes bytes, struct ledger_entry *ret, struct err *err)
{
	struct pack_in in = pack_in_scanned(bytes, err);
	pack_array_of(&in, "", 9);
	pack_int(&in, "version", 1, 1);
	ret->number = pack_int(&in, "number", 0, INT64_MAX);
	ret->at = pack_int(&in, "at", INT64_MIN, INT64_MAX);
	ret->kind = read_kind(&in);
	ret->id = read_optional(&in, "id", UUID_LEN);
	ret->leaf = read_optional(&in, "leaf", HASH_LEN);
	ret->party = pack_text(&in, "party", LEDGER_PARTY_MAX);
	ret->type = pack_text(&in, "type", LEDGER_TYPE_MAX);
	ret->detail = pack_value(&in, "detail");
	if (!in.failed && !is_map(ret->detail))
		pack_fail(&in, CODE_MALFORMED, "detail", "not a map");
	return pack_end(&in);
}

static void put_optional(struct buf *out, const uint8_t *at, size_t len)
{
	if (at)
		pack_put_bin(out, bytes_of(at, len));
	else
		pack_put_nil(out);
}

result ledger_entry_encode(const struct ledger_entry *entry, struct buf *out, struct err *err)
{
	struct ledger_entry again;
	size_t start = out->len;
	pack_put_array(out, 9);
	pack_put_int(out, 1);
	pack_put_int(out, entry->number);
	pack_put_int(out, entry->at);
	pack_put_str(out, ledger_kind_text(entry->kind));
	put_optional(out, entry->id, UUID_LEN);
	put_optional(out, entry->leaf, HASH_LEN);
	pack_put_text(out, entry->party);
	pack_put_text(out, entry->type);
	if (entry->detail.len)
		pack_put_raw(out, entry->detail);
	else
		pack_put_map(out, 0);
	TRY(buf_check(out, "entry", err));
	return ledger_entry_decode(buf_from(out, start), &again, err);
}

void ledger_frontier_encode(const struct merkle_frontier *frontier, struct buf *out)
{
	pack_put_array(out, 3);
	pack_put_int(out, 1);
	pack_put_int(out, (int64_t)frontier->size);
	pack_put_bin(out, bytes_of(frontier->peaks, frontier->peaks_count * sizeof(*frontier->peaks)));
}

static unsigned ones(uint64_t number)
{
	unsigned count = 0;
	for (; number; number &= number - 1)
		count++;
	return count;
}

result ledger_frontier_decode(struct bytes bytes, struct merkle_frontier *ret, struct err *err)
{
	struct pack_in in = pack_in_scanned(bytes, err);
	memset(ret, 0, sizeof(*ret));
	pack_array_of(&in, "", 3);
	pack_int(&in, "version", 1, 1);
	ret->size = (uint64_t)pack_int(&in, "size", 0, INT64_MAX);
	/* RFC 9162 §2.1.2: one full subtree for each bit of the size. */
	const uint8_t *peaks = pack_bin_of(&in, "peaks", ones(ret->size) * sizeof(*ret->peaks));
	TRY(pack_end(&in));
	ret->peaks_count = ones(ret->size);
	if (ret->peaks_count)
		memcpy(ret->peaks, peaks, ret->peaks_count * sizeof(*ret->peaks));
	return OK;
}

result ledger_frontier_read(struct store *store, struct buf *hold, struct merkle_frontier *ret, struct err *err)
{
	bool found = false;
	struct err why;
	memset(ret, 0, sizeof(*ret));
	TRY(store_noted(store, LEDGER_NOTE_FRONTIER, hold, &found, err));
	if (!found)
		return OK;
	if (FAILED(ledger_frontier_decode(buf_bytes(hold), ret, &why)))
		return err_set(err, CODE_CORRUPT, "frontier", "the noted frontier is damaged: %s", why.reason);
	return OK;
}

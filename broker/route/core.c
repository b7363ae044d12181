#include "broker/route/core.h"

#include "base/clock.h"
#include "base/mem.h"

#include <string.h>

result core_write(struct core *core, struct err *err)
{
	if (core->in_transaction)
		return OK;
	TRY(store_begin(core->store, err));
	core->in_transaction = true;
	return OK;
}

void core_send(struct core *core, uint64_t link, struct blob *frame, int64_t credit)
{
	if (core->outgoing_count == core->outgoing_cap) {
		core->outgoing_cap = core->outgoing_cap ? 2 * core->outgoing_cap : 64;
		core->outgoing = mem_grow(core->outgoing, core->outgoing_cap, sizeof(*core->outgoing));
	}
	core->outgoing[core->outgoing_count++] = (struct outgoing){.link = link, .frame = frame, .credit = credit};
}

void core_fresh(struct core *core, const struct store_queued *queued, struct blob *envelope)
{
	if (core->fresh_count == core->fresh_cap) {
		core->fresh_cap = core->fresh_cap ? 2 * core->fresh_cap : 64;
		core->fresh = mem_grow(core->fresh, core->fresh_cap, sizeof(*core->fresh));
	}
	core->fresh[core->fresh_count++] = (struct fresh){.queued = *queued, .envelope = blob_ref(envelope)};
}

static void add_event(struct core *core, const struct ledger_entry *entry, int64_t number)
{
	size_t before = core->events.len;
	struct buf *out = &core->events;
	pack_put_map(out, entry->id ? 7 : 6);
	pack_put_str(out, "entry");
	pack_put_int(out, number);
	pack_put_str(out, "at");
	pack_put_int(out, entry->at);
	pack_put_str(out, "kind");
	pack_put_str(out, ledger_kind_text(entry->kind));
	if (entry->id) {
		char id[UUID_TEXT_MAX];
		pack_put_str(out, "id");
		pack_put_str(out, uuid_text(entry->id, id));
	}
	pack_put_str(out, "party");
	pack_put_text(out, entry->party);
	pack_put_str(out, "type");
	pack_put_text(out, entry->type);
	pack_put_str(out, "detail");
	if (entry->detail.len)
		pack_put_raw(out, entry->detail);
	else
		pack_put_map(out, 0);
	/* The feed is a convenience: what does not fit is in the ledger all the same. */
	if (out->overflow) {
		out->len = before;
		out->overflow = false;
		return;
	}
	core->events_count++;
}

result core_record(struct core *core, const struct ledger_entry *entry, int64_t *ret_number, struct err *err)
{
	int64_t number = 0;
	TRY(core_write(core, err));
	TRY(ledger_append(core->ledger, entry, &number, err));
	add_event(core, entry, number);
	if (ret_number)
		*ret_number = number;
	return OK;
}

result core_note_chain(struct core *core, const struct signer *signer, struct err *err)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	struct buf packed;
	size_t count = signer_chain(signer, chain);
	buf_init(&packed, TRUST_CHAIN_MAX * (FRAME_CERT_MAX + 8));
	pack_put_array(&packed, count);
	for (size_t i = 0; i < count; i++)
		pack_put_bin(&packed, chain[i]);
	result r = store_put_chain(core->store, signer_fingerprint(signer), buf_bytes(&packed), err);
	buf_done(&packed);
	return r;
}

void core_forget_group(struct core *core)
{
	for (size_t i = 0; i < core->fresh_count; i++)
		blob_unref(core->fresh[i].envelope);
	for (size_t i = 0; i < core->outgoing_count; i++)
		blob_unref(core->outgoing[i].frame);
	core->fresh_count = 0;
	core->outgoing_count = 0;
	core->events_count = 0;
	buf_clear(&core->events);
}

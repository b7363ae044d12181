#include "broker/route/heads.h"

#include "base/clock.h"
#include "base/log.h"

#include <string.h>

enum { HEADS_TURN_LINKS = 64, HEADS_FRAME_MAX = FRAME_HEAD_MAX + FRAME_PROOF_MAX + FRAME_CHAIN_MAX * FRAME_CERT_MAX + 256 };

/* A head by the present key: after a reload the last one may be of a certificate that WELCOME does not show. And a fresh one, but for a storm of links. */
static result present_head(struct core *core, struct head *ret, struct err *err)
{
	int64_t now = clock_mono_ms();
	struct err none;
	bool is_ours = !FAILED(head_decode(ledger_head(core->ledger), ret, &none)) &&
	               !memcmp(ret->signer, signer_fingerprint(core->snapshot->signing), HASH_LEN);
	if (is_ours && ((int64_t)ret->size == ledger_size(core->ledger) || now - core->head_signed_at < CORE_HEAD_MS))
		return OK;
	TRY(core_write(core, err));
	TRY(ledger_sign(core->ledger, clock_wall_ms(), err));
	core->head_signed_at = now;
	return head_decode(ledger_head(core->ledger), ret, err);
}

/* Damaged subtrees are made anew from the entries, which are what they are of. */
static result prove(struct core *core, int64_t from, const struct head *head, struct buf *proof, struct err *err)
{
	struct err why;
	buf_clear(proof);
	result r = ledger_prove(core->store, (uint64_t)from, head->size, proof, &why);
	if (!FAILED(r))
		return OK;
	log_event(LOG_ERROR, "ledger_tree_damaged", LOG_REASON(&why));
	TRY(core_write(core, err));
	TRY(ledger_rebuild_tree(core->ledger, err));
	buf_clear(proof);
	return ledger_prove(core->store, (uint64_t)from, head->size, proof, err);
}

result heads_greet(struct core *core, struct session *session, int64_t known, struct frame_welcome *welcome, struct buf *proof, struct err *err)
{
	struct head head;
	TRY(present_head(core, &head, err));
	welcome->version = known < 0 ? 1 : FRAME_VERSION;
	welcome->head = ledger_head(core->ledger);
	session->hears_heads = known >= 0;
	session->head_size = (int64_t)head.size;
	memcpy(session->head_signer, head.signer, HASH_LEN);
	if (known > (int64_t)head.size) {
		/* It will refuse this hub, and says so itself; here is who knows how much. */
		log_event(LOG_ERROR, "history_behind", LOG_TEXT("party", session->party), LOG_INT("known_to_it", known), LOG_INT("entries", head.size));
		return OK;
	}
	if (known > 0)
		TRY(prove(core, known, &head, proof, err));
	welcome->proof = buf_bytes(proof);
	return OK;
}

static bool is_due(const struct core *core)
{
	return clock_mono_ms() >= core->heads_due;
}

result heads_prepare(struct core *core, struct err *err)
{
	struct head head;
	struct err none;
	bool heard = false;
	struct session *session, *next;
	if (!is_due(core))
		return OK;
	HASH_ITER(by_link, core->by_link, session, next)
		heard |= session->hears_heads && session->head_size < ledger_size(core->ledger);
	if (!heard || (!FAILED(head_decode(ledger_head(core->ledger), &head, &none)) && (int64_t)head.size == ledger_size(core->ledger)))
		return OK;
	core->wants_head = true;
	return core_write(core, err);
}

static void send_head(struct core *core, struct session *session, const struct head *head, struct bytes proof)
{
	struct frame_head frame = {.head = ledger_head(core->ledger), .from = session->head_size, .proof = proof};
	struct buf packed;
	if (memcmp(session->head_signer, head->signer, HASH_LEN) != 0)
		frame.chain_count = signer_chain(core->snapshot->signing, frame.chain);
	buf_init(&packed, HEADS_FRAME_MAX);
	frame_head_encode(&frame, &packed);
	core_send(core, session->link, buf_take_blob(&packed), 0);
	buf_done(&packed);
	memcpy(session->head_signer, head->signer, HASH_LEN);
	session->head_size = (int64_t)head->size;
	metric_add(core->heads, 1);
}

/* *ret_more: others wait for the next turn. Most links have had the same head before, so that one proof serves them. */
static result send_all(struct core *core, const struct head *head, bool *ret_more, struct buf *proof, struct err *err)
{
	struct session *session, *next;
	int64_t proven = -1;
	int sent = 0;
	HASH_ITER(by_link, core->by_link, session, next) {
		if (!session->hears_heads || session->head_size >= (int64_t)head->size)
			continue;
		if (sent++ == HEADS_TURN_LINKS) {
			*ret_more = true;
			return OK;
		}
		if (proven != session->head_size) {
			buf_clear(proof);
			TRY(ledger_prove(core->store, (uint64_t)session->head_size, head->size, proof, err));
			proven = session->head_size;
		}
		send_head(core, session, head, buf_bytes(proof));
	}
	return OK;
}

void heads_send(struct core *core)
{
	struct head head;
	struct err why;
	struct buf proof;
	bool more = false;
	if (!is_due(core) || FAILED(head_decode(ledger_head(core->ledger), &head, &why)))
		return;
	buf_init(&proof, FRAME_PROOF_MAX);
	/* Nobody depends on this one: the next WELCOME makes the tree anew, or says why it cannot. */
	if (FAILED(send_all(core, &head, &more, &proof, &why)))
		log_event(LOG_ERROR, "head_not_proven", LOG_REASON(&why));
	buf_done(&proof);
	core->heads_due = clock_mono_ms() + (more ? 0 : core->snapshot->settings.limits.heads_ms);
}

int64_t heads_wait_ms(const struct core *core, int64_t most)
{
	int64_t left = core->heads_due - clock_mono_ms();
	return left < most ? left < 0 ? 0 : left : most;
}

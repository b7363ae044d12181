#include "adapters/runtime/history.h"

#include "adapters/runtime/history_inside.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/head_file.h"
#include "schemas/json.h"

#include <stdio.h>
#include <string.h>

enum { HISTORY_EVIDENCE_MAX = 4 * HEAD_FILE_MAX, HISTORY_CHAIN_BYTES = TRUST_CHAIN_MAX * 8192 + 64, HISTORY_FILES_MAX = 100 };

struct history {
	struct office *office;
	struct history_state state;
	struct signer *signer; /* of the hub, over this link */
	struct metric *refused;
};

result history_new(struct office *office, struct history **ret, struct err *err)
{
	struct history *history = mem_alloc(sizeof(*history));
	history->office = office;
	history_state_init(&history->state);
	history->refused = metric_gauge("liaison_history_refused", "1 while the hub's ledger is not what this adapter has verified", NULL, NULL);
	result r = history_state_read(office->box, &history->state, err);
	if (FAILED(r)) {
		history_free(history);
		return r;
	}
	metric_set(history->refused, history->state.refused != HISTORY_FINE);
	*ret = history;
	return OK;
}

void history_free(struct history *history)
{
	if (!history)
		return;
	signer_unref(history->signer);
	history_state_done(&history->state);
	mem_free(history);
}

int64_t history_known(const struct history *history)
{
	return history->state.has_known ? (int64_t)history->state.known.size : 0;
}

/* ---- evidence ---- */

static void add_chain(struct history *history, const struct head *head, struct bytes chain[static TRUST_CHAIN_MAX], size_t *ret_count, struct buf *hold)
{
	struct err ignored;
	bool found = false;
	*ret_count = 0;
	if (FAILED(box_chain(history->office->box, head->signer, hold, &found, &ignored)) || !found)
		return;
	struct pack_in in = pack_in(buf_bytes(hold), &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && i < TRUST_CHAIN_MAX && !in.failed; i++)
		chain[(*ret_count)++] = pack_bin(&in, "", HISTORY_CHAIN_BYTES);
}

static result put_head(struct history *history, const struct head *head, struct bytes signed_head, struct buf *out, struct err *err)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	struct buf hold;
	size_t count = 0;
	buf_init(&hold, HISTORY_CHAIN_BYTES);
	add_chain(history, head, chain, &count, &hold);
	result r = head_file_put(signed_head, chain, count, out, err);
	buf_done(&hold);
	return r;
}

result history_known_head(struct history *history, struct buf *out, struct err *err)
{
	if (!history->state.has_known)
		return err_set(err, CODE_NOT_FOUND, "", "no head of the hub's ledger was verified yet");
	return put_head(history, &history->state.known, buf_bytes(&history->state.known_head), out, err);
}

static result put_evidence(struct history *history, struct bytes offered, const struct head *head, struct bytes proof, struct buf *out, struct err *err)
{
	const struct history_state *state = &history->state;
	char at[CLOCK_TEXT_MAX];
	pack_put_map(out, 6);
	pack_put_str(out, "what");
	pack_put_str(out, history_refusal_text(state->refused));
	pack_put_str(out, "at");
	pack_put_str(out, clock_text(state->refused_at, at));
	pack_put_str(out, "party");
	pack_put_str(out, history->office->options->party);
	pack_put_str(out, "known");
	TRY(put_head(history, &state->known, buf_bytes(&state->known_head), out, err));
	pack_put_str(out, "offered");
	if (offered.len)
		TRY(put_head(history, head, offered, out, err));
	else
		pack_put_nil(out);
	pack_put_str(out, "proof");
	pack_put_bin(out, proof);
	return buf_check(out, "evidence", err);
}

/* data/history/WHAT-SIZE-ROOT.json. A hub may show a new head at each dial: the box has the newest, the folder the first hundred. */
static result write_evidence(struct history *history, struct bytes offered, const struct head *head, struct bytes proof, struct err *err)
{
	char root[2 * HASH_LEN + 1], **names = NULL;
	size_t count = 0;
	struct buf packed, json;
	AUTO_FREE char *folder = mem_printf("%s/history", history->office->options->data);
	AUTO_FREE char *path = mem_printf("%s/%s-%llu-%.16s.json", folder, history_refusal_text(history->state.refused), (unsigned long long)head->size,
	                                  text_hex(hash_bytes(&head->root), root));
	TRY(file_make_folder(folder, 0700, err));
	TRY(file_list(folder, ".json", &names, &count, err));
	file_list_free(names, count);
	if (count >= HISTORY_FILES_MAX)
		return OK;
	buf_init(&packed, HISTORY_EVIDENCE_MAX);
	buf_init(&json, 2 * HISTORY_EVIDENCE_MAX);
	result r = put_evidence(history, offered, head, proof, &packed, err);
	if (!FAILED(r))
		r = json_from_pack(buf_bytes(&packed), 2, &json, err);
	if (!FAILED(r))
		r = file_write(path, buf_bytes(&json), 0600, err);
	buf_done(&packed);
	buf_done(&json);
	return r;
}

/* ---- judging ---- */

static result judge_chain(struct history *history, const struct bytes *chain, size_t count, struct err *err)
{
	struct signer *signer = NULL;
	const struct options *options = history->office->options;
	TRY(trust_judge(history->office->papers.trust, chain, count, TRUST_SIGN_HUB, clock_wall_ms(), false, &signer, err));
	signer_unref(history->signer);
	history->signer = signer;
	if (strcmp(signer_party(signer), options->hub.party) != 0)
		return err_set(err, CODE_NOT_YOUR_PARTY, "hub", "the hub signs as %s", signer_party(signer));
	return OK;
}

static void log_refusal(const struct history *history, const struct head *offered)
{
	const struct head *known = &history->state.known;
	char known_root[2 * HASH_LEN + 1], offered_root[2 * HASH_LEN + 1];
	log_event(LOG_ERROR, "history_rewritten", LOG_TEXT("hub", history->office->options->hub.party),
	          LOG_TEXT("what", history_refusal_text(history->state.refused)), LOG_INT("known_size", known->size),
	          LOG_TEXT("known_root", text_hex(hash_bytes(&known->root), known_root)), LOG_INT("offered_size", offered->size),
	          LOG_TEXT("offered_root", text_hex(hash_bytes(&offered->root), offered_root)),
	          LOG_TEXT("remedy", "nothing is sent or received; ask the hub's operator, see accept-history in docs/operate.md"));
}

static result refusal_error(const struct history *history, const struct head *offered, struct err *err)
{
	const struct head *known = &history->state.known;
	char known_root[2 * HASH_LEN + 1], offered_root[2 * HASH_LEN + 1];
	return err_set(err, CODE_HISTORY, "head", "%s: the hub shows %llu entries with root %.16s, and %llu with root %.16s were verified here before",
	               history_refusal_text(history->state.refused), (unsigned long long)offered->size, text_hex(hash_bytes(&offered->root), offered_root),
	               (unsigned long long)known->size, text_hex(hash_bytes(&known->root), known_root));
}

/* Said each time, kept once for each head: in the box and, for others to see, in a file. */
static result refuse(struct history *history, enum history_refusal what, struct bytes head, const struct head *offered, struct bytes proof, struct err *err)
{
	struct history_state *state = &history->state;
	struct err why;
	bool is_new = state->refused != what || !bytes_equal(buf_bytes(&state->offered_head), head);
	if (is_new) {
		state->refused_at = state->refused == HISTORY_FINE ? clock_wall_ms() : state->refused_at;
		state->refused = what;
		buf_clear(&state->offered_head);
		buf_add(&state->offered_head, head);
		metric_set(history->refused, 1);
		if (FAILED(history_state_write(history->office->box, state, &why)) || FAILED(write_evidence(history, head, offered, proof, &why)))
			log_event(LOG_ERROR, "evidence_not_kept", LOG_REASON(&why));
	}
	log_refusal(history, offered);
	return refusal_error(history, offered, err);
}

static result go_on(struct history *history, struct bytes head, const struct head *offered, struct err *err)
{
	struct history_state *state = &history->state;
	if (state->refused != HISTORY_FINE) {
		log_event(LOG_NOTICE, "history_continues", LOG_TEXT("hub", history->office->options->hub.party), LOG_INT("size", offered->size));
		state->refused = HISTORY_FINE;
		buf_clear(&state->offered_head);
		metric_set(history->refused, 0);
	} else if (state->has_known && state->known.size == offered->size) {
		return OK; /* nothing new */
	}
	state->known = *offered;
	state->has_known = true;
	buf_clear(&state->known_head);
	buf_add(&state->known_head, head);
	return history_state_write(history->office->box, state, err);
}

static enum history_refusal compare(const struct history_state *state, const struct head *offered, struct bytes proof)
{
	const struct head *known = &state->known;
	/* Whoever has shown two pasts is not believed because the next one fits again. */
	if (state->refused == HISTORY_REWRITTEN || state->refused == HISTORY_FORKED)
		return state->refused;
	if (!state->has_known)
		return HISTORY_FINE;
	if (offered->size < known->size)
		return HISTORY_BEHIND;
	if (offered->size == known->size)
		return hash_equal(&known->root, offered->root.at) ? HISTORY_FINE : HISTORY_FORKED;
	return merkle_consistent(known->size, &known->root, offered->size, &offered->root, proof.at, proof.len / HASH_LEN) ? HISTORY_FINE : HISTORY_REWRITTEN;
}

static result judge(struct history *history, struct bytes head, struct bytes proof, struct err *err)
{
	struct head offered;
	TRY(head_check(history->signer, head, &offered, err));
	enum history_refusal what = compare(&history->state, &offered, proof);
	if (what != HISTORY_FINE)
		return refuse(history, what, head, &offered, proof, err);
	return go_on(history, head, &offered, err);
}

result history_welcome(struct history *history, const struct frame_welcome *welcome, struct err *err)
{
	static const struct head nothing;
	TRY(judge_chain(history, welcome->chain, welcome->chain_count, err));
	if (welcome->head.len)
		return judge(history, welcome->head, welcome->proof, err);
	/* A hub without a head has no past at all. */
	return history->state.has_known ? refuse(history, HISTORY_BEHIND, BYTES_NONE, &nothing, BYTES_NONE, err) : OK;
}

result history_head(struct history *history, const struct frame_head *frame, struct err *err)
{
	if (frame->chain_count)
		TRY(judge_chain(history, frame->chain, frame->chain_count, err));
	else
		TRY(trust_rejudge(history->office->papers.trust, history->signer, TRUST_SIGN_HUB, clock_wall_ms(), false, err));
	if (frame->from != history_known(history))
		return err_set(err, CODE_PROTOCOL, "/2", "HEAD goes on from %lld entries, and the last head was of %lld", (long long)frame->from,
		               (long long)history_known(history));
	return judge(history, frame->head, frame->proof, err);
}

void history_show(const struct history *history, struct buf *out)
{
	const struct history_state *state = &history->state;
	struct head offered = {.size = 0};
	struct err why, ignored;
	char at[CLOCK_TEXT_MAX];
	history_put_head(&state->known, state->has_known, 4, out);
	pack_put_str(out, "refused");
	if (state->refused == HISTORY_FINE) {
		pack_put_nil(out);
		return;
	}
	bool has_offered = !FAILED(head_decode(buf_bytes(&state->offered_head), &offered, &ignored));
	history_put_head(&offered, has_offered, 6, out);
	pack_put_str(out, "what");
	pack_put_str(out, history_refusal_text(state->refused));
	pack_put_str(out, "since");
	pack_put_str(out, clock_text(state->refused_at, at));
	pack_put_str(out, "reason");
	if (FAILED(refusal_error(history, &offered, &why)))
		pack_put_str(out, why.reason);
}

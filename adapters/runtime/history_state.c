#include "adapters/runtime/history.h"
#include "adapters/runtime/history_inside.h"
#include "base/clock.h"
#include "base/text.h"

#include <string.h>

enum { HISTORY_NOTE_MAX = 1 << 20, HISTORY_JOURNAL_ENTRIES = 100, HISTORY_ROOT_DIGITS = 16, HISTORY_WHO_MAX = 128, HISTORY_WHY_MAX = 512 };

#define NOTE_KNOWN "hub_head"
#define NOTE_REFUSAL "hub_head_refused"
#define NOTE_JOURNAL "hub_head_journal"

static const char *const refusals[HISTORY_REFUSAL_COUNT] = {"fine", "behind", "rewritten", "forked"};

void history_state_init(struct history_state *state)
{
	memset(state, 0, sizeof(*state));
	buf_init(&state->known_head, HEAD_MAX);
	buf_init(&state->offered_head, HEAD_MAX);
}

void history_state_done(struct history_state *state)
{
	buf_done(&state->known_head);
	buf_done(&state->offered_head);
}

const char *history_refusal_text(enum history_refusal refusal)
{
	return refusals[refusal];
}

void history_put_head(const struct head *head, bool is_there, size_t pairs, struct buf *out)
{
	char root[2 * HASH_LEN + 1], at[CLOCK_TEXT_MAX];
	pack_put_map(out, pairs);
	pack_put_str(out, "size");
	pack_put_int(out, is_there ? (int64_t)head->size : 0);
	pack_put_str(out, "root");
	pack_put_str(out, is_there ? text_hex(hash_bytes(&head->root), root) : NULL);
	pack_put_str(out, "at");
	pack_put_str(out, is_there ? clock_text(head->at, at) : NULL);
}

/* ---- what is known, and what is refused ---- */

static result damaged(const struct err *why, struct err *err)
{
	return err_set(err, CODE_CORRUPT, "history", "what was noted of the hub's ledger is damaged: %s", why->reason);
}

/* [1, what, at, head]; a head of no bytes: the hub showed none. */
static result read_refusal(struct bytes packed, struct history_state *ret, struct err *err)
{
	struct pack_in in = pack_in_scanned(packed, err);
	pack_array_of(&in, "", 4);
	pack_int(&in, "/0", 1, 1);
	struct bytes what = pack_text(&in, "/1", 32);
	ret->refused_at = pack_int(&in, "/2", 0, INT64_MAX);
	buf_add(&ret->offered_head, pack_bin(&in, "/3", HEAD_MAX));
	for (int i = HISTORY_BEHIND; i < HISTORY_REFUSAL_COUNT; i++)
		if (bytes_is(what, refusals[i]))
			ret->refused = (enum history_refusal)i;
	if (!in.failed && ret->refused == HISTORY_FINE)
		pack_fail(&in, CODE_MALFORMED, "/1", "no kind of refusal");
	return pack_end(&in);
}

result history_state_read(struct box *box, struct history_state *ret, struct err *err)
{
	struct buf hold;
	struct err why;
	bool found = false;
	TRY(box_noted(box, NOTE_KNOWN, &ret->known_head, &ret->has_known, err));
	if (ret->has_known && FAILED(head_decode(buf_bytes(&ret->known_head), &ret->known, &why)))
		return damaged(&why, err);
	buf_init(&hold, HISTORY_NOTE_MAX);
	result r = box_noted(box, NOTE_REFUSAL, &hold, &found, err);
	if (!FAILED(r) && found && hold.len && FAILED(read_refusal(buf_bytes(&hold), ret, &why)))
		r = damaged(&why, err);
	buf_done(&hold);
	return r;
}

/* ---- the journal ---- */

result history_journal(struct box *box, struct buf *out, struct err *err)
{
	bool found = false;
	TRY(box_noted(box, NOTE_JOURNAL, out, &found, err));
	if (!found)
		pack_put_array(out, 0);
	return buf_check(out, "journal", err);
}

struct remark {
	const char *what, *by, *why;
	struct bytes known, offered;
};

static void put_remark(const struct remark *remark, struct buf *out)
{
	char at[CLOCK_TEXT_MAX];
	pack_put_map(out, 6);
	pack_put_str(out, "what");
	pack_put_str(out, remark->what);
	pack_put_str(out, "at");
	pack_put_str(out, clock_text(clock_wall_ms(), at));
	pack_put_str(out, "by");
	pack_put_str(out, remark->by);
	pack_put_str(out, "why");
	pack_put_str(out, remark->why);
	pack_put_str(out, "known");
	pack_put_bin(out, remark->known);
	pack_put_str(out, "offered");
	pack_put_bin(out, remark->offered);
}

/* The newest are kept: a hub that shows another head at each dial must not fill the disk. Decisions of persons always are. */
static void copy_journal(struct bytes journal, struct buf *out)
{
	struct err ignored;
	struct pack_in in = pack_in(journal, &ignored);
	size_t count = pack_array(&in, ""), kept = 0;
	struct buf rows;
	buf_init(&rows, HISTORY_NOTE_MAX);
	for (size_t seen = 0; seen < count && !in.failed; seen++) {
		struct bytes row = pack_value(&in, ""), by;
		bool is_decision = pack_find(row, "by", &by) && by.len && by.at[0] != 0xc0; /* nil */
		if (seen + HISTORY_JOURNAL_ENTRIES <= count && !is_decision)
			continue;
		pack_put_raw(&rows, row);
		kept++;
	}
	pack_put_array(out, kept + 1);
	pack_put_raw(out, buf_bytes(&rows));
	buf_done(&rows);
}

static result note_remark(struct box *box, const struct remark *remark, struct err *err)
{
	struct buf journal, out;
	buf_init(&journal, HISTORY_NOTE_MAX);
	buf_init(&out, HISTORY_NOTE_MAX);
	result r = history_journal(box, &journal, err);
	if (!FAILED(r)) {
		copy_journal(buf_bytes(&journal), &out);
		put_remark(remark, &out);
		r = buf_check(&out, "journal", err);
	}
	if (!FAILED(r))
		r = box_note(box, NOTE_JOURNAL, buf_bytes(&out), err);
	buf_done(&journal);
	buf_done(&out);
	return r;
}

/* ---- writing ---- */

static result write_refusal(struct box *box, const struct history_state *state, struct err *err)
{
	struct buf packed;
	buf_init(&packed, HEAD_MAX + 64);
	if (state->refused != HISTORY_FINE) {
		pack_put_array(&packed, 4);
		pack_put_int(&packed, 1);
		pack_put_str(&packed, refusals[state->refused]);
		pack_put_int(&packed, state->refused_at);
		pack_put_bin(&packed, buf_bytes(&state->offered_head));
	}
	result r = box_note(box, NOTE_REFUSAL, buf_bytes(&packed), err);
	buf_done(&packed);
	return r;
}

result history_state_write(struct box *box, const struct history_state *state, struct err *err)
{
	struct history_state before;
	history_state_init(&before);
	result r = history_state_read(box, &before, err);
	const struct remark remark = {.what = state->refused == HISTORY_FINE ? "continues" : refusals[state->refused],
	                              .known = buf_bytes(&state->known_head), .offered = buf_bytes(&state->offered_head)};
	bool is_said = before.refused == state->refused && bytes_equal(buf_bytes(&before.offered_head), buf_bytes(&state->offered_head));
	if (!FAILED(r) && state->has_known)
		r = box_note(box, NOTE_KNOWN, buf_bytes(&state->known_head), err);
	if (!FAILED(r) && !is_said)
		r = write_refusal(box, state, err);
	if (!FAILED(r) && !is_said)
		r = note_remark(box, &remark, err);
	history_state_done(&before);
	return r;
}

/* ---- an operator's decision ---- */

static result check_decision(const struct history_state *state, const struct history_decision *decision, struct err *err)
{
	struct head offered;
	struct err why;
	char root[2 * HASH_LEN + 1];
	size_t digits = strlen(decision->root_hex);
	if (!decision->by[0] || strlen(decision->by) > HISTORY_WHO_MAX || !decision->why[0] || strlen(decision->why) > HISTORY_WHY_MAX)
		return err_set(err, CODE_USAGE, "by", "who decides (at most %d bytes) and why (at most %d) must be said", HISTORY_WHO_MAX, HISTORY_WHY_MAX);
	if (digits < HISTORY_ROOT_DIGITS || digits > 2 * HASH_LEN)
		return err_set(err, CODE_USAGE, "root", "name the root by its first %d hex digits at least", HISTORY_ROOT_DIGITS);
	if (state->refused == HISTORY_FINE)
		return err_set(err, CODE_NOT_FOUND, "", "no head of the hub is refused");
	if (FAILED(head_decode(buf_bytes(&state->offered_head), &offered, &why)))
		return err_set(err, CODE_NOT_FOUND, "", "the hub has shown no head that could be accepted");
	text_hex(hash_bytes(&offered.root), root);
	if ((int64_t)offered.size != decision->size || strncmp(root, decision->root_hex, digits) != 0)
		return err_set(err, CODE_NOT_FOUND, "", "the head that is refused is of %llu entries and has the root %s", (unsigned long long)offered.size, root);
	return OK;
}

static result take_decision(struct box *box, struct history_state *state, const struct history_decision *decision, struct err *err)
{
	const struct remark remark = {.what = "accepted", .by = decision->by, .why = decision->why, .known = buf_bytes(&state->known_head),
	                              .offered = buf_bytes(&state->offered_head)};
	TRY(check_decision(state, decision, err));
	TRY(note_remark(box, &remark, err));
	TRY(box_note(box, NOTE_KNOWN, buf_bytes(&state->offered_head), err));
	TRY(box_note(box, NOTE_REFUSAL, BYTES_NONE, err));
	return box_commit(box, err);
}

result history_accept(struct box *box, const struct history_decision *decision, struct err *err)
{
	struct history_state state;
	history_state_init(&state);
	result r = history_state_read(box, &state, err);
	if (!FAILED(r))
		r = take_decision(box, &state, decision, err);
	history_state_done(&state);
	return r;
}

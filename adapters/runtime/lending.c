#include "adapters/runtime/lending.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"

#include <string.h>
#include <uthash.h>
#include <utlist.h>

struct borrower {
	struct lending *lending;
	const struct lending_events *events;
	void *ctx;
	int64_t lease_ms;
	int64_t credit;
	struct borrower *prev, *next;
};

struct loan {
	int64_t seq;
	uint8_t id[UUID_LEN];
	struct borrower *borrower; /* NULL: it has left, the lease goes on */
	int64_t until_ms;          /* 0: no lease */
	UT_hash_handle by_seq, by_id;
};

struct lending {
	struct box *box;
	struct borrower *borrowers;
	struct loan *by_seq, *by_id;
	int64_t lent_to; /* everything up to this seq is lent or handed over: looking begins after it */
};

struct lending *lending_new(struct box *box)
{
	struct lending *lending = mem_alloc(sizeof(*lending));
	lending->box = box;
	return lending;
}

static void end_loan(struct lending *lending, struct loan *loan)
{
	HASH_DELETE(by_seq, lending->by_seq, loan);
	HASH_DELETE(by_id, lending->by_id, loan);
	mem_free(loan);
}

void lending_free(struct lending *lending)
{
	struct loan *loan, *next;
	if (!lending)
		return;
	box_forget(lending->box, lending);
	HASH_ITER(by_seq, lending->by_seq, loan, next)
		end_loan(lending, loan);
	mem_free(lending);
}

/* ---- borrowers ---- */

struct borrower *lending_join(struct lending *lending, const struct lending_events *events, void *ctx, int64_t lease_ms)
{
	struct borrower *borrower = mem_alloc(sizeof(*borrower));
	borrower->lending = lending;
	borrower->events = events;
	borrower->ctx = ctx;
	borrower->lease_ms = lease_ms;
	DL_APPEND(lending->borrowers, borrower);
	return borrower;
}

void lending_grant(struct borrower *borrower, int64_t credit)
{
	borrower->credit = credit;
}

void lending_leave(struct borrower *borrower, bool gives_back)
{
	struct lending *lending = borrower->lending;
	struct loan *loan, *next;
	HASH_ITER(by_seq, lending->by_seq, loan, next) {
		if (loan->borrower != borrower)
			continue;
		loan->borrower = NULL;
		if (gives_back || !loan->until_ms) {
			end_loan(lending, loan);
			lending->lent_to = 0;
		}
	}
	DL_DELETE(lending->borrowers, borrower);
	mem_free(borrower);
}

static struct borrower *free_borrower(const struct lending *lending)
{
	struct borrower *borrower = lending->borrowers;
	while (borrower && borrower->credit <= 0)
		borrower = borrower->next;
	return borrower;
}

/* ---- lending ---- */

static void begin_loan(struct borrower *borrower, const struct box_in *in)
{
	struct lending *lending = borrower->lending;
	struct loan *loan = mem_alloc(sizeof(*loan));
	loan->seq = in->seq;
	memcpy(loan->id, in->id, UUID_LEN);
	loan->borrower = borrower;
	loan->until_ms = borrower->lease_ms ? clock_mono_ms() + borrower->lease_ms : 0;
	HASH_ADD(by_seq, lending->by_seq, seq, sizeof(loan->seq), loan);
	HASH_ADD(by_id, lending->by_id, id, UUID_LEN, loan);
	borrower->credit--;
}

/* The first who takes it; NULL when nobody does. Who turns out to be gone gives back what it had: *ret_dropped. */
static struct borrower *give(struct lending *lending, struct bytes envelope, bool *ret_dropped)
{
	struct borrower *borrower;
	struct err why;
	*ret_dropped = false;
	while ((borrower = free_borrower(lending))) {
		result r = borrower->events->give(borrower->ctx, envelope, &why);
		if (!FAILED(r))
			return borrower;
		if (r.code != CODE_CLOSED) {
			log_event(LOG_WARNING, "port_busy", LOG_REASON(&why));
			return NULL;
		}
		borrower->events->gone(borrower->ctx);
		*ret_dropped = true;
	}
	return NULL;
}

static bool lend(void *ctx, const struct box_in *in)
{
	struct lending *lending = ctx;
	struct loan *loan = NULL;
	bool dropped = false;
	HASH_FIND(by_seq, lending->by_seq, &in->seq, sizeof(in->seq), loan);
	if (loan)
		return true;
	struct borrower *borrower = give(lending, in->envelope, &dropped);
	if (!borrower)
		return false;
	begin_loan(borrower, in);
	/* What a borrower gave back stands before this one: the next look begins at the front. */
	lending->lent_to = dropped ? 0 : in->seq;
	return !dropped && free_borrower(lending) != NULL;
}

result lending_deliver(struct lending *lending, struct err *err)
{
	return free_borrower(lending) ? box_each_unhanded(lending->box, lending->lent_to, lend, lending, err) : OK;
}

/* ---- what ends a loan ---- */

static void on_acked(void *ctx, int64_t seq, const struct err *why)
{
	struct lending *lending = ctx;
	struct loan *loan = NULL;
	HASH_FIND(by_seq, lending->by_seq, &seq, sizeof(seq), loan);
	if (!why && loan)
		end_loan(lending, loan);
}

result lending_ack(struct lending *lending, const uint8_t *id, bool *ret_was_waiting, struct err *err)
{
	struct loan *loan = NULL;
	TRY(box_handed(lending->box, id, ret_was_waiting, err));
	HASH_FIND(by_id, lending->by_id, id, UUID_LEN, loan);
	if (loan)
		box_after(lending->box, on_acked, lending, loan->seq);
	return OK;
}

int64_t lending_expire(struct lending *lending)
{
	struct loan *loan, *next;
	int64_t now = clock_mono_ms(), least = -1;
	HASH_ITER(by_seq, lending->by_seq, loan, next) {
		if (!loan->until_ms)
			continue;
		int64_t left = loan->until_ms - now;
		if (left <= 0) {
			end_loan(lending, loan);
			lending->lent_to = 0;
		} else if (least < 0 || left < least) {
			least = left;
		}
	}
	return least;
}

size_t lending_count(const struct lending *lending)
{
	return HASH_CNT(by_seq, lending->by_seq);
}

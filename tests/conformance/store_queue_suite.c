/* What every store promises of queues, expiry and dead letters, asked of each: broker/store/store.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conformance/store_fixture.h"

static void assert_queue(struct suite *suite, int64_t recipient, const struct store_place *after, size_t max, const int64_t *seqs,
                         size_t expected)
{
	struct store_queued got[16];
	size_t count = 99;
	assert_true(max <= 16);
	assert_ok(store_queue_next(suite->store, recipient, after, got, max, &count, &suite->err));
	assert_int_equal(count, expected);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(got[i].place.recipient, recipient);
		assert_int_equal(got[i].place.seq, seqs[i]);
	}
}

static void a_queue_is_ordered_by_priority_and_then_by_number(void **state)
{
	struct suite *suite = *state;
	static const int64_t places[][3] = {{1, 5, 1}, {1, 0, 2}, {1, 9, 3}, {2, 9, 3},
	                                    {1, 5, 4}, {1, 9, 5}, {2, 0, 6}, {300, 5, 7}};
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		begin(suite);
		enqueue(suite, places[i][0], places[i][1], places[i][2]);
		commit(suite);
	}
	assert_queue(suite, 1, NULL, 16, (const int64_t[]){3, 5, 1, 4, 2}, 5);
	assert_queue(suite, 1, NULL, 2, (const int64_t[]){3, 5}, 2);
	assert_queue(suite, 1, &(struct store_place){1, 9, 5}, 2, (const int64_t[]){1, 4}, 2);
	assert_queue(suite, 1, &(struct store_place){1, 9, 4}, 1, (const int64_t[]){5}, 1); /* a place that is gone */
	assert_queue(suite, 1, &(struct store_place){1, 0, 2}, 16, NULL, 0);
	assert_queue(suite, 2, NULL, 16, (const int64_t[]){3, 6}, 2);
	assert_queue(suite, 3, NULL, 16, NULL, 0);
	assert_queue(suite, 1, NULL, 0, NULL, 0);
}

static void a_place_keeps_what_was_queued(void **state)
{
	struct suite *suite = *state;
	struct store_queued queued = {.place = {4, 7, 11},
	                              .attempts = 3,
	                              .expires = 12345,
	                              .queued_at = 678,
	                              .wants_receipt = false},
			    got;
	bool found = false;
	begin(suite);
	assert_ok(store_enqueue(suite->store, &queued, &suite->err));
	assert_ok(store_queued_find(suite->store, 4, 11, &found, &got, &suite->err));
	assert_true(found);
	assert_int_equal(got.place.priority, 7);
	assert_int_equal(got.attempts, 3);
	assert_int_equal(got.expires, 12345);
	assert_int_equal(got.queued_at, 678);
	assert_false(got.wants_receipt);
	assert_ok(store_attempted(suite->store, &queued.place, 4, &suite->err));
	commit(suite);
	assert_ok(store_queued_find(suite->store, 4, 11, &found, &got, &suite->err));
	assert_int_equal(got.attempts, 4);
	assert_ok(store_queued_find(suite->store, 4, 12, &found, &got, &suite->err));
	assert_false(found);
	assert_ok(store_queued_find(suite->store, 5, 11, &found, &got, &suite->err));
	assert_false(found);
}

static void a_place_keeps_what_is_withheld(void **state)
{
	struct suite *suite = *state;
	struct store_queued queued = queued_of(4, 7, 11), got;
	struct store_place absent = {4, 7, 12};
	size_t count = 0;
	queued.withheld = 5;
	queued.consent = 2;
	begin(suite);
	assert_ok(store_enqueue(suite->store, &queued, &suite->err));
	commit(suite);
	assert_ok(store_queue_next(suite->store, 4, NULL, &got, 1, &count, &suite->err));
	assert_int_equal(count, 1);
	assert_true(got.withheld == 5 && got.consent == 2);
	begin(suite);
	assert_ok(store_withhold(suite->store, &queued.place, 7, 0, &suite->err));
	assert_ok(store_withhold(suite->store, &absent, 7, 0, &suite->err));
	commit(suite);
	assert_ok(store_queue_next(suite->store, 4, NULL, &got, 1, &count, &suite->err));
	assert_true(count == 1 && got.withheld == 7 && got.consent == 0);
	assert_true(got.wants_receipt && got.queued_at == 5011);
	begin(suite);
	assert_ok(store_withhold(suite->store, &queued.place, 1, 1, &suite->err));
	store_rollback(suite->store);
	assert_ok(store_queue_next(suite->store, 4, NULL, &got, 1, &count, &suite->err));
	assert_true(got.withheld == 7 && got.consent == 0);
}

static void a_dead_letter_keeps_what_is_withheld(void **state)
{
	struct suite *suite = *state;
	struct store_dead dead = {.place = {1, 5, 7}, .since = 9, .withheld = 6, .consent = 1, .code = CODE_UNDELIVERABLE}, got;
	size_t count = 0;
	bool found = false;
	begin(suite);
	assert_ok(store_bury(suite->store, &dead, &suite->err));
	commit(suite);
	assert_ok(store_dead_next(suite->store, 1, 0, &got, 1, &count, &suite->err));
	assert_true(count == 1 && got.withheld == 6 && got.consent == 1);
	begin(suite);
	assert_ok(store_exhume(suite->store, 1, 7, &found, &got, &suite->err));
	assert_true(found && got.withheld == 6 && got.consent == 1);
	commit(suite);
}

static void a_place_is_settled_once(void **state)
{
	struct suite *suite = *state;
	begin(suite);
	enqueue(suite, 1, 5, 1);
	assert_false(dequeue(suite, 1, 4, 1));
	assert_false(dequeue(suite, 2, 5, 1));
	assert_true(dequeue(suite, 1, 5, 1));
	assert_false(dequeue(suite, 1, 5, 1));
	commit(suite);
	begin(suite);
	assert_false(dequeue(suite, 1, 5, 1));
	commit(suite);
}

static void a_place_is_taken_once(void **state)
{
	struct suite *suite = *state;
	struct store_queued queued = queued_of(1, 5, 1);
	begin(suite);
	enqueue(suite, 1, 5, 1);
	assert_code(store_enqueue(suite->store, &queued, &suite->err), CODE_DUPLICATE);
	store_rollback(suite->store);
}

static void a_place_out_of_bounds_is_refused(void **state)
{
	struct suite *suite = *state;
	static const struct store_place places[] = {{0, 5, 1}, {-1, 5, 1}, {1, -1, 1}, {1, 10, 1}, {1, 5, 0}};
	begin(suite);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		struct store_queued queued = {.place = places[i]};
		assert_code(store_enqueue(suite->store, &queued, &suite->err), CODE_USAGE);
	}
	enqueue(suite, 1, 5, 1);
	commit(suite);
}

static void a_queue_tells_how_long_and_how_old_it_is(void **state)
{
	struct suite *suite = *state;
	assert_int_equal(state_of(suite, 1).count, 0);
	assert_int_equal(state_of(suite, 1).oldest_at, 0);
	begin(suite);
	enqueue(suite, 1, 5, 10);
	enqueue(suite, 1, 9, 11);
	assert_int_equal(state_of(suite, 1).count, 2);
	enqueue(suite, 1, 5, 12);
	assert_int_equal(state_of(suite, 1).oldest_at, 5010);
	assert_true(dequeue(suite, 1, 5, 10));
	assert_int_equal(state_of(suite, 1).count, 2);
	assert_int_equal(state_of(suite, 1).oldest_at, 5011);
	commit(suite);
	begin(suite);
	enqueue(suite, 1, 5, 13);
	assert_true(dequeue(suite, 1, 9, 11));
	assert_int_equal(state_of(suite, 1).oldest_at, 5012);
	store_rollback(suite->store);
	assert_int_equal(state_of(suite, 1).count, 2);
	assert_int_equal(state_of(suite, 1).oldest_at, 5011);
	begin(suite);
	assert_true(dequeue(suite, 1, 9, 11));
	assert_true(dequeue(suite, 1, 5, 12));
	commit(suite);
	assert_int_equal(state_of(suite, 1).count, 0);
	assert_int_equal(state_of(suite, 1).oldest_at, 0);
	assert_int_equal(state_of(suite, 1 << 20).count, 0);
}

static void enqueue_expiring(struct suite *suite, int64_t recipient, int64_t seq, int64_t expires)
{
	struct store_queued queued = queued_of(recipient, 5, seq);
	queued.expires = expires;
	assert_ok(store_enqueue(suite->store, &queued, &suite->err));
}

static int64_t next_expiry(struct suite *suite)
{
	int64_t at = -1;
	assert_ok(store_next_expiry(suite->store, &at, &suite->err));
	return at;
}

static void what_expires_is_told_in_time_and_in_order(void **state)
{
	struct suite *suite = *state;
	struct store_queued got[8];
	size_t count = 0;
	assert_int_equal(next_expiry(suite), 0);
	begin(suite);
	enqueue(suite, 1, 5, 1); /* never */
	enqueue_expiring(suite, 1, 2, 300);
	enqueue_expiring(suite, 2, 2, 300);
	enqueue_expiring(suite, 1, 3, 200);
	enqueue_expiring(suite, 1, 4, 301);
	commit(suite);
	assert_int_equal(next_expiry(suite), 200);
	assert_ok(store_expired(suite->store, 199, got, 8, &count, &suite->err));
	assert_int_equal(count, 0);
	assert_ok(store_expired(suite->store, 300, got, 8, &count, &suite->err));
	assert_int_equal(count, 3);
	assert_int_equal(got[0].place.seq, 3);
	assert_int_equal(got[0].expires, 200);
	assert_int_equal(got[1].place.recipient, 1);
	assert_int_equal(got[2].place.recipient, 2);
	assert_ok(store_expired(suite->store, 300, got, 2, &count, &suite->err));
	assert_int_equal(count, 2);
	begin(suite);
	assert_true(dequeue(suite, 1, 5, 3));
	assert_true(dequeue(suite, 1, 5, 2));
	commit(suite);
	assert_int_equal(next_expiry(suite), 300);
	assert_ok(store_expired(suite->store, INT64_MAX, got, 8, &count, &suite->err));
	assert_int_equal(count, 2);
}

static void bury(struct suite *suite, int64_t recipient, int64_t seq)
{
	struct store_dead dead = {.place = {recipient, 5, seq}, .since = 40 + seq, .code = CODE_UNDELIVERABLE};
	snprintf(dead.reason, sizeof(dead.reason), "reason %d", (int)seq);
	assert_ok(store_bury(suite->store, &dead, &suite->err));
}

static void dead_letters_are_listed_by_number(void **state)
{
	struct suite *suite = *state;
	struct store_dead got[8];
	size_t count = 0;
	begin(suite);
	bury(suite, 2, 7);
	bury(suite, 1, 3);
	bury(suite, 1, 9);
	bury(suite, 1, 7);
	commit(suite);
	assert_ok(store_dead_next(suite->store, 1, 0, got, 8, &count, &suite->err));
	assert_int_equal(count, 3);
	assert_int_equal(got[0].place.seq, 3);
	assert_int_equal(got[1].place.seq, 7);
	assert_int_equal(got[1].place.recipient, 1);
	assert_int_equal(got[1].place.priority, 5);
	assert_int_equal(got[1].since, 47);
	assert_int_equal(got[1].code, CODE_UNDELIVERABLE);
	assert_string_equal(got[1].reason, "reason 7");
	assert_ok(store_dead_next(suite->store, 1, 3, got, 8, &count, &suite->err));
	assert_int_equal(count, 2);
	assert_ok(store_dead_next(suite->store, 3, 0, got, 8, &count, &suite->err));
	assert_int_equal(count, 0);
}

static void a_page_of_dead_letters_never_ends_within_a_message(void **state)
{
	struct suite *suite = *state;
	struct store_dead got[8];
	int64_t after = 0;
	size_t count = 0, seen = 0, pages = 0;
	begin(suite);
	for (int64_t seq = 1; seq <= 6; seq++)
		for (int64_t recipient = 1; recipient <= 1 + seq % 3; recipient++)
			bury(suite, recipient, seq);
	commit(suite);
	do {
		assert_ok(store_dead_next(suite->store, 0, after, got, 4, &count, &suite->err));
		for (size_t i = 0; i < count; i++)
			assert_true(got[i].place.seq > after);
		seen += count;
		after = count ? got[count - 1].place.seq : after;
		pages++;
	} while (count > 0 && pages < 20);
	assert_int_equal(seen, 2 + 3 + 1 + 2 + 3 + 1);
}

static void a_dead_letter_is_exhumed_once(void **state)
{
	struct suite *suite = *state;
	struct store_dead got;
	bool found = true;
	begin(suite);
	bury(suite, 1, 3);
	assert_ok(store_exhume(suite->store, 2, 3, &found, &got, &suite->err));
	assert_false(found);
	assert_ok(store_exhume(suite->store, 1, 3, &found, &got, &suite->err));
	assert_true(found);
	assert_string_equal(got.reason, "reason 3");
	assert_int_equal(got.place.priority, 5);
	assert_ok(store_exhume(suite->store, 1, 3, &found, &got, &suite->err));
	assert_false(found);
	enqueue(suite, 1, 5, 3);
	commit(suite);
}

static void what_is_queued_is_not_buried(void **state)
{
	struct suite *suite = *state;
	struct store_dead dead = {.place = {1, 5, 1}};
	begin(suite);
	enqueue(suite, 1, 5, 1);
	assert_code(store_bury(suite->store, &dead, &suite->err), CODE_USAGE);
	assert_true(dequeue(suite, 1, 5, 1));
	bury(suite, 1, 1);
	commit(suite);
}

/* A history of queue operations that is the same for the same seed. */
struct dice {
	uint64_t state;
};

static int64_t roll(struct dice *dice, int64_t sides)
{
	dice->state = dice->state * 6364136223846793005u + 1442695040888963407u;
	return (int64_t)((dice->state >> 33) % (uint64_t)sides);
}

static void play_step(struct store *store, struct dice *dice, int64_t seq, bool *open)
{
	struct err err;
	struct store_queued queued = queued_of(1 + roll(dice, 3), roll(dice, 10), seq), there;
	struct store_dead dead = {.code = CODE_EXPIRED};
	int64_t other = 1 + roll(dice, seq);
	int64_t move = roll(dice, 12);
	bool found = false;
	if (!*open) {
		assert_ok(store_begin(store, &err));
		*open = true;
	}
	queued.expires = roll(dice, 4) ? 0 : 1 + roll(dice, 1000);
	assert_ok(store_queued_find(store, queued.place.recipient, other, &found, &there, &err));
	if (move < 5) {
		assert_ok(store_enqueue(store, &queued, &err));
	} else if (move < 9 && found) {
		assert_ok(store_dequeue(store, &there.place, &found, &err));
		dead.place = there.place;
		if (move == 8)
			assert_ok(store_bury(store, &dead, &err));
	} else if (move == 9 && found) {
		assert_ok(store_attempted(store, &there.place, there.attempts + 1, &err));
	} else if (move == 10) {
		assert_ok(store_commit(store, &err));
		*open = false;
	} else if (move == 11) {
		store_rollback(store);
		*open = false;
	}
}

static void tell_queues(struct store *store, struct buf *out)
{
	struct err err;
	struct store_queued got[64];
	struct store_dead dead[64];
	struct store_queue_state queue;
	size_t count = 0;
	for (int64_t recipient = 1; recipient <= 3; recipient++) {
		struct store_place after, *from = NULL;
		assert_ok(store_queue_state(store, recipient, &queue, &err));
		buf_printf(out, "%d: %d since %d\n", (int)recipient, (int)queue.count, (int)queue.oldest_at);
		do {
			assert_ok(store_queue_next(store, recipient, from, got, 7, &count, &err));
			for (size_t i = 0; i < count; i++)
				buf_printf(out, " %d/%d/%d/%d", (int)got[i].place.priority, (int)got[i].place.seq,
				           (int)got[i].attempts, (int)got[i].expires);
			if (count)
				after = got[count - 1].place;
			from = &after;
		} while (count > 0);
	}
	assert_ok(store_expired(store, 600, got, 64, &count, &err));
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "\nexpired %d %d", (int)got[i].place.recipient, (int)got[i].place.seq);
	assert_ok(store_dead_next(store, 0, 0, dead, 64, &count, &err));
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "\ndead %d %d", (int)dead[i].place.recipient, (int)dead[i].place.seq);
	buf_add_byte(out, 0);
}

/* The memory twin is what other tests rely on: it must not differ from this one in any history. */
static void answers_any_history_as_the_memory_twin_does(void **state)
{
	struct suite *suite = *state;
	struct store *stores[2] = {suite->store, NULL};
	struct dice dice[2] = {{7}, {7}};
	struct buf told[2];
	bool open[2] = {false, false};
	assert_ok(store_memory_open(&stores[1], &suite->err));
	for (int i = 0; i < 2; i++)
		buf_init(&told[i], 1 << 20);
	for (int64_t seq = 1; seq <= 1500; seq++) {
		for (int i = 0; i < 2; i++)
			play_step(stores[i], &dice[i], seq, &open[i]);
		if (seq % 10)
			continue;
		for (int i = 0; i < 2; i++) {
			buf_clear(&told[i]);
			tell_queues(stores[i], &told[i]);
			assert_ok(buf_check(&told[i], "told", &suite->err));
		}
		assert_string_equal((char *)told[0].at, (char *)told[1].at);
	}
	for (int i = 0; i < 2; i++)
		buf_done(&told[i]);
	store_close(stores[1]);
}

int main(void)
{
	static const struct promise promises[] = {
		PROMISE(a_queue_is_ordered_by_priority_and_then_by_number),
		PROMISE(a_place_keeps_what_was_queued),
		PROMISE(a_place_keeps_what_is_withheld),
		PROMISE(a_dead_letter_keeps_what_is_withheld),
		PROMISE(a_place_is_settled_once),
		PROMISE(a_place_is_taken_once),
		PROMISE(a_place_out_of_bounds_is_refused),
		PROMISE(a_queue_tells_how_long_and_how_old_it_is),
		PROMISE(what_expires_is_told_in_time_and_in_order),
		PROMISE(dead_letters_are_listed_by_number),
		PROMISE(a_page_of_dead_letters_never_ends_within_a_message),
		PROMISE(a_dead_letter_is_exhumed_once),
		PROMISE(what_is_queued_is_not_buried),
		PROMISE(answers_any_history_as_the_memory_twin_does),
	};
	return ask_all(promises, sizeof(promises) / sizeof(*promises));
}

/* What every store promises of messages, transactions and notes, asked of each: broker/store/store.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conformance/store_fixture.h"

static void a_message_is_found_as_it_was_put(void **state)
{
	struct suite *suite = *state;
	static uint8_t large[300 * 1024];
	struct store_message put_message = message_of(7), got;
	bool found = false;
	memset(large, 0xa5, sizeof(large));
	put_message.envelope = bytes_of(large, sizeof(large));
	begin(suite);
	assert_ok(store_put(suite->store, &put_message, &suite->err));
	for (int after_commit = 0; after_commit < 2; after_commit++) {
		assert_ok(store_find(suite->store, id_of(7), &suite->hold, &found, &got, &suite->err));
		assert_true(found);
		assert_int_equal(got.seq, 7);
		assert_int_equal(got.accepted_at, 1007);
		assert_int_equal(got.entry, 14);
		assert_memory_equal(got.id, id_of(7), UUID_LEN);
		assert_memory_equal(got.leaf, hash_for(7), STORE_HASH_LEN);
		assert_true(bytes_equal(got.envelope, put_message.envelope));
		assert_true(bytes_is(got.verdict, "verdict"));
		found = false;
		assert_ok(store_get(suite->store, 7, &suite->hold, &found, &got, &suite->err));
		assert_true(found);
		assert_memory_equal(got.id, id_of(7), UUID_LEN);
		if (!after_commit)
			commit(suite);
	}
}

static void a_message_without_a_verdict_is_kept(void **state)
{
	struct suite *suite = *state;
	struct store_message message = message_of(1), got;
	bool found = false;
	message.verdict = BYTES_NONE;
	begin(suite);
	assert_ok(store_put(suite->store, &message, &suite->err));
	commit(suite);
	assert_ok(store_get(suite->store, 1, &suite->hold, &found, &got, &suite->err));
	assert_true(found);
	assert_int_equal(got.verdict.len, 0);
	assert_true(bytes_is(got.envelope, "envelope"));
}

static void an_unknown_message_is_not_found(void **state)
{
	struct suite *suite = *state;
	struct store_message got;
	bool found = true;
	assert_ok(store_find(suite->store, id_of(1), &suite->hold, &found, &got, &suite->err));
	assert_false(found);
	found = true;
	assert_ok(store_get(suite->store, 1, &suite->hold, &found, &got, &suite->err));
	assert_false(found);
}

static void an_envelope_is_replaced_and_nothing_else_of_the_message(void **state)
{
	struct suite *suite = *state;
	struct store_message got;
	bool found = false;
	begin(suite);
	put(suite, 1);
	put(suite, 2);
	commit(suite);
	begin(suite);
	assert_ok(store_replace(suite->store, 1, BYTES_LIT("another, and a longer one"), &suite->err));
	assert_ok(store_get(suite->store, 1, &suite->hold, &found, &got, &suite->err));
	assert_true(found && bytes_is(got.envelope, "another, and a longer one") && bytes_is(got.verdict, "verdict"));
	store_rollback(suite->store);
	assert_ok(store_get(suite->store, 1, &suite->hold, &found, &got, &suite->err));
	assert_true(found && bytes_is(got.envelope, "envelope"));
	begin(suite);
	assert_ok(store_replace(suite->store, 1, BYTES_LIT("x"), &suite->err));
	commit(suite);
	assert_ok(store_find(suite->store, id_of(1), &suite->hold, &found, &got, &suite->err));
	assert_true(found && bytes_is(got.envelope, "x") && bytes_is(got.verdict, "verdict"));
	assert_true(got.seq == 1 && got.entry == 2 && got.accepted_at == 1001);
	assert_memory_equal(got.leaf, hash_for(1), STORE_HASH_LEN);
	assert_ok(store_get(suite->store, 2, &suite->hold, &found, &got, &suite->err));
	assert_true(found && bytes_is(got.envelope, "envelope"));
	begin(suite);
	assert_code(store_replace(suite->store, 3, BYTES_LIT("x"), &suite->err), CODE_NOT_FOUND);
	commit(suite);
}

static void numbers_of_messages_only_grow(void **state)
{
	struct suite *suite = *state;
	struct store_message again = message_of(5);
	int64_t last = -1;
	assert_ok(store_last_seq(suite->store, &last, &suite->err));
	assert_int_equal(last, 0);
	begin(suite);
	put(suite, 5);
	assert_ok(store_last_seq(suite->store, &last, &suite->err));
	assert_int_equal(last, 5);
	again.id = id_of(6);
	assert_code(store_put(suite->store, &again, &suite->err), CODE_USAGE);
	commit(suite);
	begin(suite);
	put(suite, 9);
	store_rollback(suite->store);
	assert_ok(store_last_seq(suite->store, &last, &suite->err));
	assert_int_equal(last, 5);
}

static void an_id_is_put_only_once(void **state)
{
	struct suite *suite = *state;
	struct store_message again = message_of(1);
	begin(suite);
	put(suite, 1);
	commit(suite);
	begin(suite);
	again.seq = 2;
	assert_code(store_put(suite->store, &again, &suite->err), CODE_DUPLICATE);
	store_rollback(suite->store);
	assert_false(knows(suite, 2));
}

static void after_a_failed_write_only_a_rollback_helps(void **state)
{
	struct suite *suite = *state;
	struct store_message again = message_of(1), next = message_of(3), got;
	bool found = false;
	int64_t number = 0;
	begin(suite);
	put(suite, 1);
	again.seq = 2;
	assert_code(store_put(suite->store, &again, &suite->err), CODE_DUPLICATE);
	assert_code(store_put(suite->store, &next, &suite->err), CODE_DUPLICATE);
	assert_code(store_find(suite->store, id_of(1), &suite->hold, &found, &got, &suite->err), CODE_DUPLICATE);
	assert_code(store_party(suite->store, "a.b", &number, &suite->err), CODE_DUPLICATE);
	assert_code(store_commit(suite->store, &suite->err), CODE_DUPLICATE);
	store_rollback(suite->store);
	assert_false(knows(suite, 1));
	begin(suite);
	put(suite, 3);
	commit(suite);
	assert_true(knows(suite, 3));
}

static void a_hold_that_is_too_small_spoils_nothing(void **state)
{
	struct suite *suite = *state;
	struct store_message got;
	struct buf small;
	bool found = false;
	buf_init(&small, 32);
	begin(suite);
	put(suite, 1);
	assert_code(store_get(suite->store, 1, &small, &found, &got, &suite->err), CODE_TOO_LARGE);
	put(suite, 2);
	commit(suite);
	assert_true(knows(suite, 2));
	buf_done(&small);
}

static void writes_need_a_transaction(void **state)
{
	struct suite *suite = *state;
	struct store *store = suite->store;
	struct err *err = &suite->err;
	struct store_message message = message_of(1);
	struct store_queued queued = queued_of(1, 5, 1);
	struct store_dead dead = {.place = queued.place};
	struct store_dead exhumed;
	bool flag;
	int64_t number;
	assert_code(store_put(store, &message, err), CODE_USAGE);
	assert_code(store_party(store, "a.b", &number, err), CODE_USAGE);
	assert_code(store_enqueue(store, &queued, err), CODE_USAGE);
	assert_code(store_dequeue(store, &queued.place, &flag, err), CODE_USAGE);
	assert_code(store_attempted(store, &queued.place, 1, err), CODE_USAGE);
	assert_code(store_withhold(store, &queued.place, 1, 0, err), CODE_USAGE);
	assert_code(store_replace(store, 1, BYTES_LIT("x"), err), CODE_USAGE);
	assert_code(store_bury(store, &dead, err), CODE_USAGE);
	assert_code(store_exhume(store, 1, 1, &flag, &exhumed, err), CODE_USAGE);
	assert_code(store_thread_join(store, id_of(1), 1, err), CODE_USAGE);
	assert_code(store_put_chain(store, hash_for(1), BYTES_LIT("chain"), err), CODE_USAGE);
	assert_code(store_ledger_put(store, 0, BYTES_LIT("entry"), err), CODE_USAGE);
	assert_code(store_note(store, "name", BYTES_LIT("value"), err), CODE_USAGE);
	assert_code(store_commit(store, err), CODE_USAGE);
}

static void transactions_do_not_nest(void **state)
{
	struct suite *suite = *state;
	begin(suite);
	assert_code(store_begin(suite->store, &suite->err), CODE_USAGE);
	put(suite, 1);
	commit(suite);
	assert_true(knows(suite, 1));
	store_rollback(suite->store); /* none is open: nothing happens */
	assert_true(knows(suite, 1));
}

static void write_some_of_everything(struct suite *suite)
{
	struct store *store = suite->store;
	struct err *err = &suite->err;
	struct store_queued expiring = queued_of(1, 9, 1);
	struct store_dead dead = {.place = {1, 3, 2}, .since = 77, .code = CODE_UNDELIVERABLE, .reason = "again and again"};
	int64_t number = 0;
	expiring.expires = 9000;
	assert_ok(store_party(store, "ct.doc", &number, err));
	put(suite, 1);
	assert_ok(store_enqueue(store, &expiring, err));
	assert_ok(store_bury(store, &dead, err));
	assert_ok(store_thread_join(store, id_of(1), 4, err));
	assert_ok(store_put_chain(store, hash_for(1), BYTES_LIT("chain"), err));
	assert_ok(store_ledger_put(store, 0, BYTES_LIT("entry"), err));
	assert_ok(store_note(store, "name", BYTES_LIT("value"), err));
}

/* How many of the things that write_some_of_everything writes can be read. */
static int count_everything(struct store *store)
{
	struct err err;
	struct buf hold;
	struct store_message message;
	struct store_queued queued;
	struct store_dead dead;
	struct store_queue_state queue;
	char name[STORE_PARTY_MAX];
	bool found[5] = {false};
	int64_t parties[2], at = 0, size = 0;
	size_t counts[3] = {0};
	buf_init(&hold, 4096);
	found[0] = !FAILED(store_party_name(store, 1, name, &err));
	assert_ok(store_find(store, id_of(1), &hold, &found[1], &message, &err));
	assert_ok(store_queue_next(store, 1, NULL, &queued, 1, &counts[0], &err));
	assert_ok(store_dead_next(store, 0, 0, &dead, 1, &counts[1], &err));
	assert_ok(store_thread_parties(store, id_of(1), parties, 2, &counts[2], &err));
	assert_ok(store_chain(store, hash_for(1), &hold, &found[2], &err));
	assert_ok(store_ledger_get(store, 0, &hold, &found[3], &err));
	assert_ok(store_noted(store, "name", &hold, &found[4], &err));
	assert_ok(store_next_expiry(store, &at, &err));
	assert_ok(store_ledger_size(store, &size, &err));
	assert_ok(store_queue_state(store, 1, &queue, &err));
	buf_done(&hold);
	return found[0] + found[1] + found[2] + found[3] + found[4] + (int)(counts[0] + counts[1] + counts[2]) + (at == 9000) +
	       (int)size + (int)queue.count;
}

enum { EVERYTHING = 11 };

static void a_rollback_undoes_everything(void **state)
{
	struct suite *suite = *state;
	begin(suite);
	write_some_of_everything(suite);
	assert_int_equal(count_everything(suite->store), EVERYTHING);
	store_rollback(suite->store);
	assert_int_equal(count_everything(suite->store), 0);
	begin(suite);
	write_some_of_everything(suite);
	commit(suite);
	assert_int_equal(count_everything(suite->store), EVERYTHING);
}

static void a_rollback_brings_back_what_was_removed(void **state)
{
	struct suite *suite = *state;
	struct store_dead dead;
	bool found = false;
	begin(suite);
	write_some_of_everything(suite);
	commit(suite);
	begin(suite);
	assert_true(dequeue(suite, 1, 9, 1));
	assert_ok(store_exhume(suite->store, 1, 2, &found, &dead, &suite->err));
	assert_true(found);
	assert_ok(store_note(suite->store, "name", BYTES_LIT("other"), &suite->err));
	assert_int_equal(count_everything(suite->store), EVERYTHING - 4); /* queued, counted, expiring, dead */
	store_rollback(suite->store);
	assert_int_equal(count_everything(suite->store), EVERYTHING);
	assert_ok(store_noted(suite->store, "name", &suite->hold, &found, &suite->err));
	assert_true(bytes_is(buf_bytes(&suite->hold), "value"));
}

static void a_reader_sees_what_was_committed_and_no_more(void **state)
{
	struct suite *suite = *state;
	struct store *reader = NULL;
	begin(suite);
	commit(suite);
	assert_ok(store_reader(suite->store, &reader, &suite->err));
	begin(suite);
	write_some_of_everything(suite);
	assert_int_equal(count_everything(reader), 0);
	commit(suite);
	assert_int_equal(count_everything(reader), EVERYTHING);
	begin(suite);
	assert_true(dequeue(suite, 1, 9, 1));
	assert_int_equal(count_everything(reader), EVERYTHING);
	store_rollback(suite->store);
	assert_int_equal(count_everything(reader), EVERYTHING);
	store_close(reader);
}

static void a_reader_cannot_write(void **state)
{
	struct suite *suite = *state;
	struct store *reader = NULL;
	struct store_message message = message_of(1);
	int64_t number = 0;
	assert_ok(store_reader(suite->store, &reader, &suite->err));
	assert_code(store_begin(reader, &suite->err), CODE_USAGE);
	assert_code(store_put(reader, &message, &suite->err), CODE_USAGE);
	assert_code(store_party(reader, "a.b", &number, &suite->err), CODE_USAGE);
	store_close(reader);
}

static void parties_are_numbered_once_and_for_ever(void **state)
{
	struct suite *suite = *state;
	static const char *const names[] = {"ct.doc", "ct.doc.parole", "a", "ct.police.hartford"};
	int64_t numbers[4], again = 0;
	char name[STORE_PARTY_MAX];
	begin(suite);
	for (int i = 0; i < 4; i++) {
		assert_ok(store_party(suite->store, names[i], &numbers[i], &suite->err));
		assert_true(numbers[i] > 0);
		for (int j = 0; j < i; j++)
			assert_int_not_equal(numbers[i], numbers[j]);
	}
	commit(suite);
	for (int i = 0; i < 4; i++) {
		assert_ok(store_party(suite->store, names[i], &again, &suite->err));
		assert_int_equal(again, numbers[i]);
		assert_ok(store_party_name(suite->store, numbers[i], name, &suite->err));
		assert_string_equal(name, names[i]);
	}
	assert_code(store_party_name(suite->store, 99, name, &suite->err), CODE_NOT_FOUND);
}

static void names_have_bounds(void **state)
{
	struct suite *suite = *state;
	char longest[STORE_PARTY_MAX + 1], name[STORE_PARTY_MAX];
	int64_t number = 0;
	memset(longest, 'x', sizeof(longest));
	longest[STORE_PARTY_MAX] = 0;
	begin(suite);
	assert_code(store_party(suite->store, longest, &number, &suite->err), CODE_USAGE);
	assert_code(store_party(suite->store, "", &number, &suite->err), CODE_USAGE);
	longest[STORE_PARTY_MAX - 1] = 0;
	assert_ok(store_party(suite->store, longest, &number, &suite->err));
	assert_ok(store_party_name(suite->store, number, name, &suite->err));
	assert_string_equal(name, longest);
	assert_code(store_note(suite->store, longest, BYTES_NONE, &suite->err), CODE_USAGE);
	commit(suite);
}

static void a_conversation_knows_its_parties(void **state)
{
	struct suite *suite = *state;
	int64_t got[4];
	size_t count = 0;
	begin(suite);
	for (int again = 0; again < 2; again++) {
		assert_ok(store_thread_join(suite->store, id_of(5), 9, &suite->err));
		assert_ok(store_thread_join(suite->store, id_of(5), 2, &suite->err));
		assert_ok(store_thread_join(suite->store, id_of(6), 3, &suite->err));
		if (!again) {
			commit(suite);
			begin(suite);
		}
	}
	commit(suite);
	assert_ok(store_thread_parties(suite->store, id_of(5), got, 4, &count, &suite->err));
	assert_int_equal(count, 2);
	assert_int_equal(got[0], 2);
	assert_int_equal(got[1], 9);
	assert_ok(store_thread_parties(suite->store, id_of(5), got, 1, &count, &suite->err));
	assert_int_equal(count, 1);
	assert_ok(store_thread_parties(suite->store, id_of(7), got, 4, &count, &suite->err));
	assert_int_equal(count, 0);
}

static void a_chain_is_kept_as_it_first_came(void **state)
{
	struct suite *suite = *state;
	bool found = true;
	assert_ok(store_chain(suite->store, hash_for(1), &suite->hold, &found, &suite->err));
	assert_false(found);
	begin(suite);
	assert_ok(store_put_chain(suite->store, hash_for(1), BYTES_LIT("first"), &suite->err));
	commit(suite);
	begin(suite);
	assert_ok(store_put_chain(suite->store, hash_for(1), BYTES_LIT("second"), &suite->err));
	commit(suite);
	assert_ok(store_chain(suite->store, hash_for(1), &suite->hold, &found, &suite->err));
	assert_true(found);
	assert_true(bytes_is(buf_bytes(&suite->hold), "first"));
}

static void the_ledger_has_no_gaps(void **state)
{
	struct suite *suite = *state;
	int64_t size = -1;
	bool found = true;
	begin(suite);
	assert_code(store_ledger_put(suite->store, 1, BYTES_LIT("x"), &suite->err), CODE_USAGE);
	assert_ok(store_ledger_put(suite->store, 0, BYTES_LIT("zero"), &suite->err));
	assert_code(store_ledger_put(suite->store, 0, BYTES_LIT("x"), &suite->err), CODE_USAGE);
	assert_ok(store_ledger_put(suite->store, 1, BYTES_LIT("one"), &suite->err));
	assert_ok(store_ledger_size(suite->store, &size, &suite->err));
	assert_int_equal(size, 2);
	commit(suite);
	begin(suite);
	assert_ok(store_ledger_put(suite->store, 2, BYTES_LIT("two"), &suite->err));
	store_rollback(suite->store);
	assert_ok(store_ledger_size(suite->store, &size, &suite->err));
	assert_int_equal(size, 2);
	assert_ok(store_ledger_get(suite->store, 1, &suite->hold, &found, &suite->err));
	assert_true(found && bytes_is(buf_bytes(&suite->hold), "one"));
	assert_ok(store_ledger_get(suite->store, 2, &suite->hold, &found, &suite->err));
	assert_false(found);
}

static void a_note_is_what_was_noted_last(void **state)
{
	struct suite *suite = *state;
	bool found = true;
	assert_ok(store_noted(suite->store, "head", &suite->hold, &found, &suite->err));
	assert_false(found);
	begin(suite);
	assert_ok(store_note(suite->store, "head", BYTES_LIT("one"), &suite->err));
	assert_ok(store_note(suite->store, "head", BYTES_LIT("another"), &suite->err));
	assert_ok(store_note(suite->store, "empty", BYTES_NONE, &suite->err));
	commit(suite);
	assert_ok(store_noted(suite->store, "head", &suite->hold, &found, &suite->err));
	assert_true(found && bytes_is(buf_bytes(&suite->hold), "another"));
	assert_ok(store_noted(suite->store, "empty", &suite->hold, &found, &suite->err));
	assert_true(found && suite->hold.len == 0);
}

int main(void)
{
	static const struct promise promises[] = {
		PROMISE(a_message_is_found_as_it_was_put),
		PROMISE(a_message_without_a_verdict_is_kept),
		PROMISE(an_unknown_message_is_not_found),
		PROMISE(an_envelope_is_replaced_and_nothing_else_of_the_message),
		PROMISE(numbers_of_messages_only_grow),
		PROMISE(an_id_is_put_only_once),
		PROMISE(after_a_failed_write_only_a_rollback_helps),
		PROMISE(a_hold_that_is_too_small_spoils_nothing),
		PROMISE(writes_need_a_transaction),
		PROMISE(transactions_do_not_nest),
		PROMISE(a_rollback_undoes_everything),
		PROMISE(a_rollback_brings_back_what_was_removed),
		PROMISE(a_reader_sees_what_was_committed_and_no_more),
		PROMISE(a_reader_cannot_write),
		PROMISE(parties_are_numbered_once_and_for_ever),
		PROMISE(names_have_bounds),
		PROMISE(a_conversation_knows_its_parties),
		PROMISE(a_chain_is_kept_as_it_first_came),
		PROMISE(the_ledger_has_no_gaps),
		PROMISE(a_note_is_what_was_noted_last),
	};
	return ask_all(promises, sizeof(promises) / sizeof(*promises));
}

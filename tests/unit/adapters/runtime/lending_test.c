/* Loans of deliveries: one borrower each, credit, leases, what comes back, and that an acknowledgement is for good only with its commit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/broker/scratch.h"

#include "adapters/runtime/lending.h"
#include "base/clock.h"
#include "base/log.h"

enum { TAKEN_MAX = 16, LEASE_MS = 1000 };

struct desk {
	struct scratch scratch;
	struct box *box;
	struct lending *lending;
};

/* An agency's system: notes the first byte of each envelope that it gets. */
struct client {
	struct borrower *borrower;
	char taken[TAKEN_MAX + 1];
	size_t count;
	enum code says;
};

static result give(void *ctx, struct bytes envelope, struct err *err)
{
	struct client *client = ctx;
	if (client->says != CODE_OK)
		return err_set(err, client->says, "", "not now");
	assert_true(client->count < TAKEN_MAX);
	client->taken[client->count++] = (char)envelope.at[0];
	return OK;
}

static void gone(void *ctx)
{
	struct client *client = ctx;
	lending_leave(client->borrower, true);
	client->borrower = NULL;
}

static const struct lending_events events = {give, gone};

static int set_up(void **state)
{
	struct desk *desk = mem_alloc(sizeof(*desk));
	struct err err;
	log_setup("lending_test", LOG_ERROR, LOG_FORMAT_AUTO);
	clock_freeze(1800000000000);
	scratch_make(&desk->scratch);
	assert_int_equal(box_open(desk->scratch.folder, NULL, &desk->box, &err).code, CODE_OK);
	desk->lending = lending_new(desk->box);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;
	lending_free(desk->lending);
	box_close(desk->box);
	scratch_remove(&desk->scratch);
	clock_release();
	mem_free(desk);
	return 0;
}

static struct uuid id_of(char name)
{
	struct uuid id = {{1, 2, 3, 4, 5, 6, 0x70, 0, 0x80}};
	id.at[15] = (uint8_t)name;
	return id;
}

static void commit(struct desk *desk)
{
	struct err err;
	assert_int_equal(box_commit(desk->box, &err).code, CODE_OK);
}

/* Deliveries of these names, in this order. */
static void arrive(struct desk *desk, const char *names)
{
	static const uint8_t leaf[BOX_HASH_LEN];
	struct err err;
	for (; *names; names++) {
		struct uuid id = id_of(*names);
		assert_int_equal(box_put_in(desk->box, &(struct box_in){.id = id.at, .leaf = leaf, .envelope = bytes_of(names, 1)}, &err).code, CODE_OK);
	}
	commit(desk);
}

static void join(struct desk *desk, struct client *client, int64_t lease_ms, int64_t credit)
{
	*client = (struct client){.says = CODE_OK};
	client->borrower = lending_join(desk->lending, &events, client, lease_ms);
	lending_grant(client->borrower, credit);
}

static void deliver(struct desk *desk)
{
	struct err err;
	assert_int_equal(lending_deliver(desk->lending, &err).code, CODE_OK);
}

static bool acknowledge(struct desk *desk, char name)
{
	struct uuid id = id_of(name);
	struct err err;
	bool was_waiting = false;
	assert_int_equal(lending_ack(desk->lending, id.at, &was_waiting, &err).code, CODE_OK);
	return was_waiting;
}

static void nobody_gets_more_than_the_credit_and_nothing_goes_to_two(void **state)
{
	struct desk *desk = *state;
	struct client first, second;
	arrive(desk, "abcde");
	join(desk, &first, 0, 2);
	join(desk, &second, 0, 2);
	deliver(desk);
	assert_string_equal(first.taken, "ab");
	assert_string_equal(second.taken, "cd");
	assert_int_equal(lending_count(desk->lending), 4);
	lending_grant(first.borrower, 5);
	deliver(desk);
	deliver(desk);
	assert_string_equal(first.taken, "abe");
	lending_leave(first.borrower, true);
	lending_leave(second.borrower, true);
}

static void what_a_borrower_gives_back_goes_to_the_next_before_what_came_later(void **state)
{
	struct desk *desk = *state;
	struct client first, second;
	arrive(desk, "abc");
	join(desk, &first, 0, 2);
	deliver(desk);
	lending_leave(first.borrower, true);
	join(desk, &second, 0, 3);
	deliver(desk);
	assert_string_equal(second.taken, "abc");
	lending_leave(second.borrower, true);
}

static void who_turns_out_to_be_gone_loses_all_to_the_next(void **state)
{
	struct desk *desk = *state;
	struct client first, second;
	arrive(desk, "ab");
	join(desk, &first, 0, 9);
	deliver(desk);
	join(desk, &second, 0, 9);
	arrive(desk, "c");
	first.says = CODE_CLOSED;
	deliver(desk);
	deliver(desk);
	assert_null(first.borrower);
	assert_string_equal(second.taken, "cab");
	lending_leave(second.borrower, true);
}

static void who_is_busy_gets_it_later(void **state)
{
	struct desk *desk = *state;
	struct client client;
	arrive(desk, "ab");
	join(desk, &client, 0, 9);
	client.says = CODE_BUSY;
	deliver(desk);
	assert_int_equal(lending_count(desk->lending), 0);
	client.says = CODE_OK;
	deliver(desk);
	assert_string_equal(client.taken, "ab");
	lending_leave(client.borrower, true);
}

static void a_lease_outlives_its_borrower_and_ends(void **state)
{
	struct desk *desk = *state;
	struct client first, second;
	arrive(desk, "ab");
	join(desk, &first, LEASE_MS, 1);
	assert_int_equal(lending_expire(desk->lending), -1);
	deliver(desk);
	lending_leave(first.borrower, false);
	join(desk, &second, LEASE_MS, 9);
	deliver(desk);
	assert_string_equal(second.taken, "b");
	clock_turn(LEASE_MS - 1);
	assert_int_equal(lending_expire(desk->lending), 1);
	deliver(desk);
	assert_string_equal(second.taken, "b");
	clock_turn(1);
	assert_int_equal(lending_expire(desk->lending), -1);
	assert_int_equal(lending_count(desk->lending), 0);
	deliver(desk);
	assert_string_equal(second.taken, "bab");
	lending_leave(second.borrower, true);
}

static void what_is_acknowledged_never_comes_again(void **state)
{
	struct desk *desk = *state;
	struct client client;
	arrive(desk, "ab");
	join(desk, &client, LEASE_MS, 9);
	deliver(desk);
	assert_true(acknowledge(desk, 'a'));
	assert_int_equal(lending_count(desk->lending), 2);
	commit(desk);
	assert_int_equal(lending_count(desk->lending), 1);
	assert_false(acknowledge(desk, 'a'));
	commit(desk);
	clock_turn(LEASE_MS);
	lending_expire(desk->lending);
	deliver(desk);
	assert_string_equal(client.taken, "abb");
	lending_leave(client.borrower, true);
}

static void an_acknowledgement_that_is_undone_leaves_the_loan(void **state)
{
	struct desk *desk = *state;
	struct client client;
	struct err err;
	arrive(desk, "a");
	join(desk, &client, LEASE_MS, 9);
	deliver(desk);
	assert_true(acknowledge(desk, 'a'));
	box_undo(desk->box, &(struct err){.code = CODE_IO});
	assert_int_equal(box_commit(desk->box, &err).code, CODE_IO);
	assert_int_equal(lending_count(desk->lending), 1);
	assert_true(acknowledge(desk, 'a'));
	commit(desk);
	assert_int_equal(lending_count(desk->lending), 0);
	lending_leave(client.borrower, true);
}

static void what_was_never_lent_can_be_acknowledged_and_is_not_lent_then(void **state)
{
	struct desk *desk = *state;
	struct client client;
	arrive(desk, "ab");
	assert_true(acknowledge(desk, 'a'));
	commit(desk);
	join(desk, &client, 0, 9);
	deliver(desk);
	assert_string_equal(client.taken, "b");
	lending_leave(client.borrower, true);
}

static void what_is_not_committed_yet_is_lent_to_nobody(void **state)
{
	static const uint8_t leaf[BOX_HASH_LEN];
	struct desk *desk = *state;
	struct client client;
	struct err err;
	struct uuid id = id_of('b');
	arrive(desk, "a");
	join(desk, &client, 0, 9);
	assert_int_equal(box_put_in(desk->box, &(struct box_in){.id = id.at, .leaf = leaf, .envelope = BYTES_LIT("b")}, &err).code, CODE_OK);
	deliver(desk);
	assert_string_equal(client.taken, "a");
	box_undo(desk->box, &(struct err){.code = CODE_IO});
	assert_int_equal(box_commit(desk->box, &err).code, CODE_IO);
	deliver(desk);
	assert_string_equal(client.taken, "a");
	arrive(desk, "b");
	deliver(desk);
	assert_string_equal(client.taken, "ab");
	lending_leave(client.borrower, true);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nobody_gets_more_than_the_credit_and_nothing_goes_to_two),
		TEST(what_a_borrower_gives_back_goes_to_the_next_before_what_came_later),
		TEST(who_turns_out_to_be_gone_loses_all_to_the_next),
		TEST(who_is_busy_gets_it_later),
		TEST(a_lease_outlives_its_borrower_and_ends),
		TEST(what_is_acknowledged_never_comes_again),
		TEST(an_acknowledgement_that_is_undone_leaves_the_loan),
		TEST(what_is_not_committed_yet_is_lent_to_nobody),
		TEST(what_was_never_lent_can_be_acknowledged_and_is_not_lent_then),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

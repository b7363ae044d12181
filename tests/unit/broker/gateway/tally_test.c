#include "unit/broker/hub_fixture.h"

#include "base/log.h"
#include "base/metrics.h"
#include "broker/gateway/tally.h"

enum { SECOND_US = 1000000 };

struct rig {
	struct hub_fixture hub;
	struct mandate *mandate;
	struct tally *tally;
	int lines;
};

static void count_line(const char *line, size_t len, void *ctx)
{
	struct rig *rig = ctx;
	if (memmem(line, len, "party_held", strlen("party_held")))
		rig->lines++;
}

static struct mandate *mandate_of(struct hub_fixture *hub, int64_t generation)
{
	struct snapshot *snapshot = hub_fixture_load(hub, generation);
	struct mandate *mandate = NULL;
	struct buf packed;
	struct err err;
	buf_init(&packed, MANDATE_MAX);
	pki_fixture_fine(mandate_pack(snapshot, 1, &packed, &err), &err);
	pki_fixture_fine(mandate_unpack(buf_bytes(&packed), &mandate, &err), &err);
	buf_done(&packed);
	snapshot_unref(snapshot);
	return mandate;
}

static int make(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	hub_fixture_new(&rig->hub, &(struct hub_config){
		.limits = "rate = 100; rate_bytes = \"1 MiB\"; burst_ms = \"500 ms\";",
		.parties = "{ party = \"" POLICE "\"; roles = [ \"police\" ]; },\n"
			   "{ party = \"" BOARD "\"; roles = [ \"parole_board\" ]; rate = 10; rate_bytes = \"1 KiB\"; }\n",
	});
	rig->mandate = mandate_of(&rig->hub, 1);
	rig->tally = tally_new(rig->mandate);
	log_capture(count_line, rig);
	*state = rig;
	return 0;
}

static int drop(void **state)
{
	struct rig *rig = *state;
	log_capture(NULL, NULL);
	tally_free(rig->tally);
	mandate_unref(rig->mandate);
	hub_fixture_done(&rig->hub);
	mem_free(rig);
	return 0;
}

static void who_is_within_the_rate_is_read_on(void **state)
{
	struct rig *rig = *state;
	struct tally_party *police = tally_of(rig->tally, POLICE, 0);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(tally_count(police, 1, 1000, (int64_t)i * SECOND_US / 100), 0);
	assert_int_equal(rig->lines, 0);
}

static void who_is_over_it_waits_for_what_it_owes(void **state)
{
	struct rig *rig = *state;
	struct tally_party *police = tally_of(rig->tally, POLICE, 0);
	assert_int_equal(tally_count(police, 50, 1, 0), 0);
	assert_int_equal(tally_count(police, 100, 1, 0), 1000);
	assert_int_equal(tally_count(police, 0, 0, SECOND_US), 0);
	assert_int_equal(tally_count(police, 0, 1 << 20, 10 * SECOND_US), 500);
}

static void a_party_may_have_a_rate_of_its_own(void **state)
{
	struct rig *rig = *state;
	assert_int_equal(tally_count(tally_of(rig->tally, BOARD, 0), 15, 0, 0), 1000);
	assert_int_equal(tally_count(tally_of(rig->tally, BOARD, 0), 0, 512, 2 * SECOND_US), 0);
	assert_int_equal(tally_count(tally_of(rig->tally, BOARD, 0), 0, 1024, 2 * SECOND_US), 1000);
	assert_int_equal(tally_count(tally_of(rig->tally, POLICE, 0), 15, 0, 0), 0);
}

static void coming_again_gains_nothing(void **state)
{
	struct rig *rig = *state;
	assert_int_equal(tally_count(tally_of(rig->tally, POLICE, 0), 150, 0, 0), 1000);
	assert_int_equal(tally_count(tally_of(rig->tally, POLICE, SECOND_US / 2), 0, 0, SECOND_US / 2), 500);
}

static void is_told_once_in_a_while_and_counted_each_time(void **state)
{
	struct rig *rig = *state;
	struct tally_party *police = tally_of(rig->tally, POLICE, 0);
	struct metric *held = metric_counter("liaison_link_held", "", NULL, NULL), *held_ms = metric_counter("liaison_link_held_ms", "", NULL, NULL);
	int64_t before = metric_value(held), before_ms = metric_value(held_ms);
	for (int i = 0; i < 30; i++)
		assert_true(tally_count(police, 200, 0, (int64_t)i * SECOND_US) > 0);
	assert_int_equal(rig->lines, 1);
	assert_int_equal(metric_value(held) - before, 30);
	assert_true(metric_value(held_ms) - before_ms >= 30000);
	assert_true(tally_count(police, 20000, 0, 1000 * INT64_C(1000000)) > 0);
	assert_int_equal(rig->lines, 2);
}

static void a_reload_brings_another_rate_and_forgives_nothing(void **state)
{
	struct rig *rig = *state;
	struct tally_party *police = tally_of(rig->tally, POLICE, 0);
	assert_int_equal(tally_count(police, 150, 0, 0), 1000);
	hub_fixture_write(&rig->hub, &(struct hub_config){.limits = "rate = 1000;"});
	struct mandate *mandate = mandate_of(&rig->hub, 2);
	tally_set(rig->tally, mandate);
	mandate_unref(mandate);
	assert_int_equal(tally_count(police, 0, 0, 0), 100);
	assert_int_equal(tally_count(police, 1000, 0, 5 * SECOND_US), 0);
}

static void without_a_limit_nobody_waits(void **state)
{
	struct rig *rig = *state;
	hub_fixture_write(&rig->hub, &(struct hub_config){.limits = "rate = 0; rate_bytes = \"0\";"});
	struct mandate *mandate = mandate_of(&rig->hub, 2);
	tally_set(rig->tally, mandate);
	mandate_unref(mandate);
	assert_int_equal(tally_count(tally_of(rig->tally, POLICE, 0), 1000000, INT64_C(1) << 40, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_is_within_the_rate_is_read_on, make, drop),
		cmocka_unit_test_setup_teardown(who_is_over_it_waits_for_what_it_owes, make, drop),
		cmocka_unit_test_setup_teardown(a_party_may_have_a_rate_of_its_own, make, drop),
		cmocka_unit_test_setup_teardown(coming_again_gains_nothing, make, drop),
		cmocka_unit_test_setup_teardown(is_told_once_in_a_while_and_counted_each_time, make, drop),
		cmocka_unit_test_setup_teardown(a_reload_brings_another_rate_and_forgives_nothing, make, drop),
		cmocka_unit_test_setup_teardown(without_a_limit_nobody_waits, make, drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

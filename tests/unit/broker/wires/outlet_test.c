#include "unit/broker/hub_fixture.h"

#include "broker/wires/outlet.h"

enum { VERIFIERS = 2, MANY = 500 };

struct rig {
	struct loop *loop;
	struct wires *wires;
	struct wire *verifiers[VERIFIERS], *to_verifiers[VERIFIERS];
	struct outlet *outlet;
	int rooms;
};

static void on_room(void *ctx)
{
	struct rig *rig = ctx;
	rig->rooms++;
}

static int make(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	const struct wire_options small = {.high_water = 1};
	struct err err;
	rig->loop = loop_new();
	rig->wires = wires_new();
	for (unsigned i = 0; i < VERIFIERS; i++) {
		char endpoint[64];
		snprintf(endpoint, sizeof(endpoint), ENDPOINT_VERIFIER, i);
		pki_fixture_fine(wire_bind(rig->wires, WIRE_PULL, endpoint, &small, &rig->verifiers[i], &err), &err);
		pki_fixture_fine(wire_connect(rig->wires, WIRE_PUSH, endpoint, &small, &rig->to_verifiers[i], &err), &err);
	}
	rig->outlet = outlet_new(rig->loop, rig->to_verifiers, VERIFIERS, on_room, rig);
	*state = rig;
	return 0;
}

static int drop(void **state)
{
	struct rig *rig = *state;
	struct job *job;
	outlet_free(rig->outlet);
	for (unsigned i = 0; i < VERIFIERS; i++) {
		while ((job = job_take(rig->verifiers[i], 0)))
			job_free(job);
		wire_free(rig->verifiers[i]);
		wire_free(rig->to_verifiers[i]);
	}
	loop_free(rig->loop);
	wires_free(rig->wires);
	mem_free(rig);
	return 0;
}

static struct job *numbered(uint64_t link, int64_t number)
{
	struct job *job = job_new(JOB_ACK, link);
	job->number = number;
	return job;
}

static void gives_each_link_to_its_verifier(void **state)
{
	struct rig *rig = *state;
	for (uint64_t serial = 1; serial <= 4; serial++)
		assert_true(outlet_give(rig->outlet, numbered(job_link(5, serial), (int64_t)serial)));
	for (unsigned i = 0; i < 4; i++) {
		struct job *job = job_take(rig->verifiers[i % 2], 1000);
		assert_non_null(job);
		assert_int_equal(job->number % 2, i % 2);
		job_free(job);
	}
}

static void keeps_what_a_slow_verifier_cannot_take_and_its_order(void **state)
{
	struct rig *rig = *state;
	const uint64_t link = job_link(0, 2), other = job_link(0, 1);
	int64_t taken = 0;
	bool fitted = true;
	for (int i = 0; i < MANY; i++)
		fitted = outlet_give(rig->outlet, numbered(link, i));
	assert_false(fitted);
	assert_true(outlet_is_full(rig->outlet, link));
	assert_false(outlet_is_full(rig->outlet, other)); /* another verifier's */
	assert_false(outlet_is_idle(rig->outlet));
	for (int turns = 0; taken < MANY && turns < 100000; turns++) {
		struct job *job = job_take(rig->verifiers[0], 0);
		if (job) {
			assert_int_equal(job->number, taken++);
			job_free(job);
		} else {
			loop_run_once(rig->loop, 5);
		}
	}
	assert_int_equal(taken, MANY);
	assert_true(outlet_is_idle(rig->outlet));
	assert_int_equal(rig->rooms, 1);
}

static void tells_the_other_verifiers_whose_certificate_it_is(void **state)
{
	struct rig *rig = *state;
	struct hub_fixture hub;
	hub_fixture_new(&hub, &(struct hub_config){.listen = NULL});
	struct job *up = job_new(JOB_LINK_UP, job_link(0, 2));
	up->signer = pki_fixture_signer(&hub.pki, hub.snapshot->trust, POLICE "-sign", TRUST_SIGN_PARTY);
	outlet_tell_others(rig->outlet, up);
	assert_null(job_take(rig->verifiers[0], 0));
	struct job *told = job_take(rig->verifiers[1], 1000);
	assert_non_null(told);
	assert_int_equal(told->kind, JOB_LINK_UP);
	assert_int_equal(told->link, up->link);
	assert_ptr_equal(told->signer, up->signer);
	job_free(told);
	job_free(up);
	hub_fixture_done(&hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gives_each_link_to_its_verifier, make, drop),
		cmocka_unit_test_setup_teardown(keeps_what_a_slow_verifier_cannot_take_and_its_order, make, drop),
		cmocka_unit_test_setup_teardown(tells_the_other_verifiers_whose_certificate_it_is, make, drop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit/broker/hub_fixture.h"

#include "broker/wires/job.h"

static void names_every_kind(void **state)
{
	(void)state;
	for (int kind = 0; kind < JOB_KIND_COUNT; kind++) {
		assert_string_not_equal(job_kind_text((enum job_kind)kind), "unknown");
		for (int other = 0; other < kind; other++)
			assert_string_not_equal(job_kind_text((enum job_kind)kind), job_kind_text((enum job_kind)other));
	}
	assert_string_equal(job_kind_text(JOB_KIND_COUNT), "unknown");
}

static void keeps_gateway_and_serial_of_a_link_apart(void **state)
{
	(void)state;
	const uint64_t most = (UINT64_C(1) << 48) - 1;
	assert_int_equal(job_gateway(job_link(0, 1)), 0);
	assert_int_equal(job_gateway(job_link(63, most)), 63);
	assert_true(job_link(1, 5) != job_link(2, 5));
	assert_int_equal(job_verifier(job_link(3, 7), 4), 3);
	assert_int_equal(job_verifier(job_link(9, 8), 4), 0);
	assert_int_equal(job_verifier(job_link(2, most), 1), 0);
}

static void passes_ownership_with_the_pointer(void **state)
{
	struct wires *wires = wires_new();
	struct wire *pull = NULL, *push = NULL;
	struct err err;
	const struct wire_options one = {.high_water = 1};
	(void)state;
	assert_false(FAILED(wire_bind(wires, WIRE_PULL, "inproc://job-test", &one, &pull, &err)));
	assert_false(FAILED(wire_connect(wires, WIRE_PUSH, "inproc://job-test", &one, &push, &err)));
	struct job *given = job_new(JOB_SUBMIT, job_link(1, 2)), *same = given;
	assert_false(FAILED(job_give(push, &given, true, &err)));
	assert_null(given);
	struct job *taken = job_take(pull, 1000);
	assert_ptr_equal(taken, same);
	job_free(taken);
	assert_null(job_take(pull, 0));
	wire_free(push);
	wire_free(pull);
	wires_free(wires);
}

static void stays_with_its_owner_when_the_other_side_is_full(void **state)
{
	struct wires *wires = wires_new();
	struct wire *pull = NULL, *push = NULL;
	struct err err;
	const struct wire_options one = {.high_water = 1};
	(void)state;
	assert_false(FAILED(wire_bind(wires, WIRE_PULL, "inproc://job-full", &one, &pull, &err)));
	assert_false(FAILED(wire_connect(wires, WIRE_PUSH, "inproc://job-full", &one, &push, &err)));
	struct job *job = NULL;
	result r = OK;
	for (int i = 0; i < 100 && !FAILED(r); i++) {
		job = job_new(JOB_ACK, 0);
		r = job_give(push, &job, false, &err);
	}
	assert_int_equal(r.code, CODE_BUSY);
	assert_non_null(job);
	job_free(job);
	while ((job = job_take(pull, 0)))
		job_free(job);
	wire_free(push);
	wire_free(pull);
	wires_free(wires);
}

/* The leak checker is the judge. */
static void frees_all_that_it_holds(void **state)
{
	(void)state;
	struct job *job = job_new(JOB_SUBMIT, 1);
	job->frame = blob_new(BYTES_LIT("frame"));
	job->candidates = mem_array(2, sizeof(*job->candidates));
	job->count = 2;
	job->candidates[1].refusal = mem_alloc(sizeof(struct err));
	job_free(job);
	job = job_new(JOB_SUBMIT, 1); /* before the verifier: a count without candidates */
	job->count = 9;
	job_free(job);
	job_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_every_kind),
		cmocka_unit_test(keeps_gateway_and_serial_of_a_link_apart),
		cmocka_unit_test(passes_ownership_with_the_pointer),
		cmocka_unit_test(stays_with_its_owner_when_the_other_side_is_full),
		cmocka_unit_test(frees_all_that_it_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

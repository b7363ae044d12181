#include "unit/broker/hub_fixture.h"

#include "base/pack.h"
#include "broker/wires/job.h"

#include <unistd.h>

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

/* ── to and from another process ── */

static struct job *full_job(enum job_kind kind)
{
	struct job *job = job_new(kind, job_link(3, job_first_serial(9) + 4));
	bool has_why = kind == JOB_LINK_DOWN || kind == JOB_CLOSE || kind == JOB_READY;
	if (kind == JOB_MANDATE || kind == JOB_READY || kind == JOB_PULSE || kind == JOB_STOP)
		job->link = 0;
	if (kind == JOB_LINK_UP) {
		snprintf(job->party, sizeof(job->party), POLICE);
		snprintf(job->address, sizeof(job->address), "127.0.0.1:9");
		memset(job->fingerprint, 7, HASH_LEN);
		job->number = INT64_C(1) << 40; /* entries of the ledger */
	}
	if (kind == JOB_CREDIT || kind == JOB_SEND || kind == JOB_READY)
		job->number = 12;
	if (has_why)
		err_set(&job->why, CODE_REVOKED, "tls", "was revoked");
	if (kind == JOB_LINK_UP)
		job->frame = blob_new(BYTES_LIT("\x92\xc4\x01L\xc4\x01I"));
	else if (kind != JOB_LINK_DOWN && kind != JOB_CLOSE && kind != JOB_READY && kind != JOB_STOP && kind != JOB_CREDIT)
		job->frame = blob_new(BYTES_LIT("body"));
	return job;
}

static result cross(const struct job *job, enum job_origin origin, struct job **ret, struct err *err)
{
	struct buf head, scratch;
	struct bytes body;
	buf_init(&head, JOB_HEAD_MAX);
	buf_init(&scratch, 4096);
	*ret = NULL;
	job_pack(job, &head, &scratch, &body);
	result r = job_unpack(origin, buf_bytes(&head), body, ret, err);
	buf_done(&head);
	buf_done(&scratch);
	return r;
}

static void comes_out_of_another_process_as_it_went_in(void **state)
{
	static const enum job_kind inward[] = {JOB_LINK_UP, JOB_LINK_DOWN, JOB_SUBMIT, JOB_ACK, JOB_CREDIT, JOB_CERT_ASK, JOB_READY, JOB_PULSE,
	                                       JOB_STOP};
	static const enum job_kind outward[] = {JOB_SEND, JOB_CLOSE, JOB_MANDATE, JOB_PULSE, JOB_STOP};
	(void)state;
	for (size_t i = 0; i < sizeof(inward) / sizeof(*inward) + sizeof(outward) / sizeof(*outward); i++) {
		bool in = i < sizeof(inward) / sizeof(*inward);
		struct job *job = full_job(in ? inward[i] : outward[i - sizeof(inward) / sizeof(*inward)]), *other = NULL;
		struct err err;
		pki_fixture_fine(cross(job, in ? JOB_FROM_GATEWAY : JOB_FROM_CORE, &other, &err), &err);
		assert_int_equal(other->kind, job->kind);
		assert_int_equal(other->link, job->link);
		assert_int_equal(other->number, job->number);
		assert_string_equal(other->party, job->party);
		assert_string_equal(other->address, job->address);
		assert_memory_equal(other->fingerprint, job->fingerprint, HASH_LEN);
		assert_int_equal(other->why.code, job->why.code);
		assert_string_equal(other->why.reason, job->why.reason);
		assert_true(bytes_equal(blob_bytes(other->frame), blob_bytes(job->frame)));
		job_free(job);
		job_free(other);
	}
}

static void says_nothing_that_is_not_its_side_to_say(void **state)
{
	static const struct {
		enum job_kind kind;
		enum job_origin origin;
	} cases[] = {
		{JOB_SEND, JOB_FROM_GATEWAY},     {JOB_CLOSE, JOB_FROM_GATEWAY},   {JOB_MANDATE, JOB_FROM_GATEWAY}, {JOB_SNAPSHOT, JOB_FROM_GATEWAY},
		{JOB_ASK, JOB_FROM_GATEWAY},      {JOB_ANSWER, JOB_FROM_GATEWAY},  {JOB_GATEWAY, JOB_FROM_GATEWAY}, {JOB_COMMITTED, JOB_FROM_GATEWAY},
		{JOB_LINK_UP, JOB_FROM_CORE},     {JOB_SUBMIT, JOB_FROM_CORE},     {JOB_READY, JOB_FROM_CORE},      {JOB_SNAPSHOT, JOB_FROM_CORE},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct job *job = full_job(cases[i].kind), *other = NULL;
		struct err err;
		assert_int_equal(cross(job, cases[i].origin, &other, &err).code, CODE_MALFORMED);
		assert_null(other);
		job_free(job);
	}
}

/* A head as nine packed values, one of which is otherwise than a SUBMIT of link 5 would have it. */
static result read_with(size_t index, struct bytes value, struct bytes body, struct err *err)
{
	static const char *const usual[] = {"\x02", "\x05", "\xa0", "\xa0", "\xc4", "\x00", "\xa0", "\xa0", "\xa0"};
	struct buf head;
	struct job *job = NULL;
	buf_init(&head, 8192);
	pack_put_array(&head, 9);
	for (size_t i = 0; i < 9; i++) {
		if (i == index)
			buf_add(&head, value);
		else if (i == 4)
			buf_add(&head, bytes_of("\xc4\x00", 2));
		else
			buf_add(&head, bytes_of(usual[i], 1));
	}
	result r = job_unpack(JOB_FROM_GATEWAY, buf_bytes(&head), body, &job, err);
	job_free(job);
	buf_done(&head);
	return r;
}

static void refuses_a_head_that_is_not_exactly_one(void **state)
{
	const struct {
		size_t index;
		struct bytes value;
	} cases[] = {
		{0, BYTES_LIT("\x7f")},                 /* no such kind */
		{0, BYTES_LIT("\xff")},                 /* below none */
		{0, BYTES_LIT("\xa1x")},                /* text for a number */
		{1, BYTES_LIT("\xff")},                 /* a link below 0 */
		{2, BYTES_LIT("\xa1x")},                /* a party where none is said */
		{4, BYTES_LIT("\xc4\x01x")},            /* a fingerprint */
		{5, BYTES_LIT("\x01")},                 /* a number */
		{6, BYTES_LIT("\xa2ok")},               /* a code */
		{8, BYTES_LIT("\xa0\xa0")},             /* one value more */
	};
	struct err err;
	(void)state;
	pki_fixture_fine(read_with(9, BYTES_NONE, BYTES_LIT("x"), &err), &err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!FAILED(read_with(cases[i].index, cases[i].value, BYTES_LIT("x"), &err)))
			fail_msg("case %zu was accepted", i);
}

static void refuses_what_a_link_cannot_be(void **state)
{
	struct job *up = full_job(JOB_LINK_UP), *down = full_job(JOB_LINK_DOWN), *credit = full_job(JOB_CREDIT), *other = NULL;
	struct err err;
	(void)state;
	snprintf(up->party, sizeof(up->party), "CT Police");
	assert_true(FAILED(cross(up, JOB_FROM_GATEWAY, &other, &err)));
	snprintf(up->party, sizeof(up->party), POLICE);
	snprintf(up->address, sizeof(up->address), "a\nb");
	assert_true(FAILED(cross(up, JOB_FROM_GATEWAY, &other, &err)));
	snprintf(up->address, sizeof(up->address), "a");
	up->number = -2;
	assert_true(FAILED(cross(up, JOB_FROM_GATEWAY, &other, &err)));
	up->number = -1;
	blob_unref(up->frame);
	up->frame = blob_new(BYTES_LIT("\x90")); /* a chain of nothing */
	assert_true(FAILED(cross(up, JOB_FROM_GATEWAY, &other, &err)));
	down->why.code = CODE_OK;
	assert_true(FAILED(cross(down, JOB_FROM_GATEWAY, &other, &err)));
	credit->number = INT64_MAX;
	assert_true(FAILED(cross(credit, JOB_FROM_GATEWAY, &other, &err)));
	job_free(up);
	job_free(down);
	job_free(credit);
}

static void crosses_a_socket_as_bytes_and_refuses_other_messages(void **state)
{
	struct wires *wires = wires_new();
	struct wire *core = NULL, *gateway = NULL;
	struct pki_fixture folder;
	struct job *job = full_job(JOB_SUBMIT), *other = NULL;
	const struct bytes strange[] = {BYTES_LIT("a"), BYTES_LIT("b"), BYTES_LIT("c")};
	struct err err;
	char endpoint[256];
	(void)state;
	pki_fixture_new(&folder);
	snprintf(endpoint, sizeof(endpoint), ENDPOINT_PROCESS, folder.folder, 1U, 0U);
	pki_fixture_fine(wire_bind(wires, WIRE_PAIR, endpoint, NULL, &core, &err), &err);
	pki_fixture_fine(wire_connect(wires, WIRE_PAIR, endpoint, NULL, &gateway, &err), &err);
	pki_fixture_fine(job_give(gateway, &job, false, &err), &err);
	assert_null(job);
	assert_true(wire_wait(&core, 1, 10000));
	pki_fixture_fine(job_receive(core, JOB_FROM_GATEWAY, &other, &err), &err);
	assert_true(bytes_is(blob_bytes(other->frame), "body"));
	job_free(other);
	assert_int_equal(job_receive(core, JOB_FROM_GATEWAY, &other, &err).code, CODE_BUSY);
	for (size_t count = 1; count <= 3; count++) {
		pki_fixture_fine(wire_send(gateway, strange, count, &err), &err);
		assert_true(wire_wait(&core, 1, 10000));
		assert_int_equal(job_receive(core, JOB_FROM_GATEWAY, &other, &err).code, CODE_MALFORMED);
	}
	wire_hide(core);
	assert_int_not_equal(access(endpoint + strlen("ipc://"), F_OK), 0);
	wire_free(core);
	wire_free(gateway);
	wires_free(wires);
	pki_fixture_done(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_every_kind),
		cmocka_unit_test(keeps_gateway_and_serial_of_a_link_apart),
		cmocka_unit_test(passes_ownership_with_the_pointer),
		cmocka_unit_test(stays_with_its_owner_when_the_other_side_is_full),
		cmocka_unit_test(frees_all_that_it_holds),
		cmocka_unit_test(comes_out_of_another_process_as_it_went_in),
		cmocka_unit_test(says_nothing_that_is_not_its_side_to_say),
		cmocka_unit_test(refuses_a_head_that_is_not_exactly_one),
		cmocka_unit_test(refuses_what_a_link_cannot_be),
		cmocka_unit_test(crosses_a_socket_as_bytes_and_refuses_other_messages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "unit/broker/hub_fixture.h"

#include "base/metrics.h"
#include "base/pack.h"
#include "broker/warden/warden.h"

enum { VERIFIERS = 2, TURNS = 2000 };

/* One warden; the verifiers, main and the process are the test. */
struct rig {
	struct hub_fixture hub;
	struct wires *wires;
	struct wire *verifiers[VERIFIERS], *main, *in, *process;
	struct warden *warden;
	unsigned lives;
};

static void give(struct rig *rig, struct job *job)
{
	struct err err;
	pki_fixture_fine(job_give(rig->in, &job, true, &err), &err);
}

/* The next job of a wire, while the warden works. What it asks for by the clock may come in between on a slow machine. */
static struct job *next(struct rig *rig, struct wire *wire, enum job_kind kind)
{
	struct job *job = NULL;
	for (int i = 0; i < TURNS && !job; i++) {
		job = job_take(wire, 0);
		if (job && job->kind == JOB_PULSE && kind != JOB_PULSE) {
			job_free(job);
			job = NULL;
		}
		if (!job)
			warden_turn(rig->warden, 2);
	}
	if (!job || job->kind != kind)
		fail_msg("%s, expected %s", job ? job_kind_text(job->kind) : "nothing", job_kind_text(kind));
	return job;
}

static void expect(struct rig *rig, struct wire *wire, enum job_kind kind)
{
	job_free(next(rig, wire, kind));
}

static void expect_nothing(struct rig *rig, struct wire *wire)
{
	for (int i = 0; i < 5; i++)
		warden_turn(rig->warden, 1);
	struct job *job = job_take(wire, 0);
	if (job)
		fail_msg("%s, expected nothing", job_kind_text(job->kind));
}

/* What the process says. */
static void say(struct rig *rig, struct job *job)
{
	struct err err;
	pki_fixture_fine(job_give(rig->process, &job, true, &err), &err);
}

static void start_process(struct rig *rig)
{
	struct job *job = job_new(JOB_GATEWAY, 0);
	char endpoint[64];
	struct err err;
	wire_free(rig->process);
	rig->process = NULL;
	job->number = ++rig->lives;
	snprintf(endpoint, sizeof(endpoint), "inproc://process-%u", rig->lives);
	pki_fixture_fine(wire_bind(rig->wires, WIRE_PAIR, endpoint, NULL, &job->wire, &err), &err);
	pki_fixture_fine(wire_connect(rig->wires, WIRE_PAIR, endpoint, NULL, &rig->process, &err), &err);
	give(rig, job);
	expect(rig, rig->process, JOB_MANDATE);
	say(rig, job_new(JOB_READY, 0));
	expect(rig, rig->main, JOB_READY);
}

static int make(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct err err;
	char endpoint[64];
	hub_fixture_new(&rig->hub, &(struct hub_config){.limits = "links = 4;"});
	rig->wires = wires_new();
	for (unsigned i = 0; i < VERIFIERS; i++) {
		snprintf(endpoint, sizeof(endpoint), ENDPOINT_VERIFIER, i);
		pki_fixture_fine(wire_bind(rig->wires, WIRE_PULL, endpoint, &(struct wire_options){.high_water = 1}, &rig->verifiers[i], &err), &err);
	}
	pki_fixture_fine(wire_bind(rig->wires, WIRE_PULL, ENDPOINT_MAIN, NULL, &rig->main, &err), &err);
	pki_fixture_fine(warden_new(rig->wires, rig->hub.snapshot, 0, 1, VERIFIERS, &rig->warden, &err), &err);
	pki_fixture_fine(wire_connect(rig->wires, WIRE_PUSH, "inproc://gateway-0", NULL, &rig->in, &err), &err);
	start_process(rig);
	*state = rig;
	return 0;
}

static void drain(struct wire *wire)
{
	struct job *job;
	while ((job = job_take(wire, 0)))
		job_free(job);
}

static int drop(void **state)
{
	struct rig *rig = *state;
	drain(rig->process);
	warden_free(rig->warden);
	for (unsigned i = 0; i < VERIFIERS; i++) {
		drain(rig->verifiers[i]);
		wire_free(rig->verifiers[i]);
	}
	drain(rig->main);
	wire_free(rig->main);
	wire_free(rig->process);
	wire_free(rig->in);
	wires_free(rig->wires);
	hub_fixture_done(&rig->hub);
	mem_free(rig);
	return 0;
}

static uint64_t link_of(const struct rig *rig, uint64_t serial)
{
	return job_link(0, job_first_serial(rig->lives) + serial);
}

static struct job *up(uint64_t link)
{
	struct job *job = job_new(JOB_LINK_UP, link);
	snprintf(job->party, sizeof(job->party), POLICE);
	job->frame = blob_new(BYTES_LIT("\x91\xc4\x01x"));
	return job;
}

static struct job *with_frame(enum job_kind kind, uint64_t link)
{
	struct job *job = job_new(kind, link);
	job->frame = blob_new(BYTES_LIT("frame"));
	return job;
}

static void open_link(struct rig *rig, uint64_t link)
{
	say(rig, up(link));
	expect(rig, rig->verifiers[job_verifier(link, VERIFIERS)], JOB_LINK_UP);
	expect(rig, rig->verifiers[1 - job_verifier(link, VERIFIERS)], JOB_LINK_UP);
}

static void passes_what_comes_of_a_link_and_whose_it_is(void **state)
{
	struct rig *rig = *state;
	uint64_t link = link_of(rig, 2);
	open_link(rig, link);
	struct job *submit = with_frame(JOB_SUBMIT, link);
	snprintf(submit->party, sizeof(submit->party), BOARD); /* what it says now does not count */
	say(rig, submit);
	struct job *job = next(rig, rig->verifiers[job_verifier(link, VERIFIERS)], JOB_SUBMIT);
	assert_string_equal(job->party, POLICE);
	job_free(job);
	give(rig, with_frame(JOB_SEND, link));
	give(rig, with_frame(JOB_SEND, link + 2)); /* of a link that is gone */
	give(rig, job_new(JOB_CLOSE, link));
	expect(rig, rig->process, JOB_SEND);
	expect(rig, rig->process, JOB_CLOSE);
	struct job *down = job_new(JOB_LINK_DOWN, link);
	down->why.code = CODE_CLOSED;
	say(rig, down);
	expect(rig, rig->verifiers[job_verifier(link, VERIFIERS)], JOB_LINK_DOWN);
	give(rig, with_frame(JOB_SEND, link));
	expect_nothing(rig, rig->process);
}

static void expect_distrust(struct rig *rig)
{
	struct job *told = next(rig, rig->main, JOB_GATEWAY);
	assert_int_equal(told->number, rig->lives);
	assert_int_not_equal(told->why.code, CODE_OK);
	job_free(told);
}

static struct job *a_pulse(struct bytes packed)
{
	struct job *job = job_new(JOB_PULSE, 0);
	job->frame = blob_new(packed);
	return job;
}

static void ends_a_process_that_says_what_none_of_ours_would(void **state)
{
	struct rig *rig = *state;
	for (int i = 0; i < 9; i++) {
		uint64_t known = link_of(rig, 2);
		open_link(rig, known);
		struct job *const lies[] = {
			up(known),                                          /* announced twice */
			up(job_link(1, job_first_serial(rig->lives) + 3)),   /* of another thread */
			up(job_link(0, job_first_serial(rig->lives + 1) + 3)), /* of a process that is not yet */
			with_frame(JOB_SUBMIT, known + 2),                  /* of a link that does not stand */
			job_new(JOB_LINK_DOWN, known + 2),
			job_new(JOB_READY, 0),                              /* a second time */
			job_new(JOB_STOP, 0),                               /* though nobody said so */
			a_pulse(BYTES_LIT("\x91\x96\xa4main\xa0\xc0\xc0\xc2\x01")), /* a metric that is not its own */
			a_pulse(BYTES_LIT("\x91\x96\xacliaison_link\xa0\xc0\xc0\xc2\xff")), /* a counter that falls */
		};
		say(rig, lies[i]);
		for (int other = 0; other < 9; other++)
			if (other != i)
				job_free(lies[other]);
		expect_distrust(rig);
		expect(rig, rig->verifiers[job_verifier(known, VERIFIERS)], JOB_LINK_DOWN);
		drain(rig->verifiers[0]);
		drain(rig->verifiers[1]);
		start_process(rig);
	}
}

static void ends_a_process_that_announces_links_without_end(void **state)
{
	struct rig *rig = *state;
	for (uint64_t serial = 1; serial <= 9; serial++)
		say(rig, up(link_of(rig, serial)));
	for (int i = 0; i < 200; i++) {
		drain(rig->verifiers[0]);
		drain(rig->verifiers[1]);
		warden_turn(rig->warden, 1);
	}
	expect_distrust(rig);
}

static void ends_the_links_of_a_process_that_is_gone(void **state)
{
	struct rig *rig = *state;
	uint64_t first = link_of(rig, 2), second = link_of(rig, 4);
	open_link(rig, first);
	open_link(rig, second);
	struct job *gone = job_new(JOB_GATEWAY, 0);
	gone->number = rig->lives;
	give(rig, gone);
	for (int i = 0; i < 2; i++) {
		struct job *down = next(rig, rig->verifiers[job_verifier(first, VERIFIERS)], JOB_LINK_DOWN);
		assert_true(down->link == first || down->link == second);
		assert_string_equal(down->party, POLICE);
		assert_int_equal(down->why.code, CODE_STOPPING); /* not the recipient's fault: no attempt is counted */
		job_free(down);
	}
	give(rig, with_frame(JOB_SEND, first));
	start_process(rig);
	expect_nothing(rig, rig->process);
	open_link(rig, link_of(rig, 2));
	assert_int_not_equal(link_of(rig, 2), first);
}

static void counts_for_the_process_and_forgets_its_gauges(void **state)
{
	struct rig *rig = *state;
	struct metric *refused = metric_counter("liaison_link_test", "", NULL, NULL), *open = metric_gauge("liaison_link_gauge", "", NULL, NULL);
	say(rig, a_pulse(BYTES_LIT("\x92\x96\xb1liaison_link_test\xa0\xc0\xc0\xc2\x05\x96\xb2liaison_link_gauge\xa0\xc0\xc0\xc3\x03")));
	for (int i = 0; i < TURNS && metric_value(open) == 0; i++)
		warden_turn(rig->warden, 1);
	assert_int_equal(metric_value(refused), 5);
	assert_int_equal(metric_value(open), 3);
	start_process(rig);
	assert_int_equal(metric_value(refused), 5);
	assert_int_equal(metric_value(open), 0);
}

static void hands_the_next_snapshot_on_as_a_mandate(void **state)
{
	struct rig *rig = *state;
	struct job *job = job_new(JOB_SNAPSHOT, 0);
	struct mandate *mandate = NULL;
	struct err err;
	job->snapshot = hub_fixture_load(&rig->hub, 2);
	give(rig, job);
	job = next(rig, rig->process, JOB_MANDATE);
	pki_fixture_fine(mandate_unpack(blob_bytes(job->frame), &mandate, &err), &err);
	assert_int_equal(mandate->generation, 2);
	mandate_unref(mandate);
	job_free(job);
}

/* A verifier that takes nothing: the warden hears the process no more, and then all of it, in order. */
static void hears_no_more_than_the_verifiers_take_and_loses_nothing(void **state)
{
	enum { MANY = 3000 };
	struct rig *rig = *state;
	uint64_t link = link_of(rig, 2);
	int said = 0, heard = 0;
	open_link(rig, link);
	for (struct err err; said < MANY; said++) {
		struct job *job = job_new(JOB_CREDIT, link);
		job->number = said;
		if (FAILED(job_give(rig->process, &job, false, &err))) {
			job_free(job);
			break;
		}
		if (said < 10)
			warden_turn(rig->warden, 0);
	}
	assert_true(said < MANY);
	while (heard < said) {
		struct job *job = next(rig, rig->verifiers[job_verifier(link, VERIFIERS)], JOB_CREDIT);
		assert_int_equal(job->number, heard++);
		job_free(job);
	}
}

static void says_when_it_is_calm(void **state)
{
	struct rig *rig = *state;
	give(rig, job_new(JOB_STOP, 0));
	expect(rig, rig->process, JOB_STOP);
	say(rig, job_new(JOB_STOP, 0));
	expect(rig, rig->main, JOB_STOP);
	say(rig, job_new(JOB_STOP, 0));
	expect_nothing(rig, rig->main);
}

static void is_calm_without_a_process(void **state)
{
	struct rig *rig = *state;
	give(rig, job_new(JOB_GATEWAY, 0));
	give(rig, job_new(JOB_STOP, 0));
	expect(rig, rig->main, JOB_STOP);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(passes_what_comes_of_a_link_and_whose_it_is),
		TEST(ends_a_process_that_says_what_none_of_ours_would),
		TEST(ends_a_process_that_announces_links_without_end),
		TEST(ends_the_links_of_a_process_that_is_gone),
		TEST(counts_for_the_process_and_forgets_its_gauges),
		TEST(hands_the_next_snapshot_on_as_a_mandate),
		TEST(hears_no_more_than_the_verifiers_take_and_loses_nothing),
		TEST(says_when_it_is_calm),
		TEST(is_calm_without_a_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

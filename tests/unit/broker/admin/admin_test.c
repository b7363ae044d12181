#include "unit/broker/hub_fixture.h"

#include "broker/admin/admin.h"

#include <pthread.h>

enum { WAIT_MS = 20000 };

/* The admin thread with its control socket and feed; its router and main are the test. */
struct rig {
	struct hub_fixture hub;
	struct wires *wires;
	struct wire *router, *main, *to_admin, *dealer;
	struct store *store;
	struct admin *admin;
	pthread_t thread;
	char answer[65536];
};

static void *run(void *admin)
{
	admin_run(admin);
	return NULL;
}

static int make_with(void **state, int router_high_water)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	const struct wire_options options = {.high_water = router_high_water};
	struct store *reader = NULL;
	struct err err;
	hub_fixture_new(&rig->hub, &(struct hub_config){.listen = NULL});
	rig->wires = wires_new();
	pki_fixture_fine(store_memory_open(&rig->store, &err), &err);
	pki_fixture_fine(store_reader(rig->store, &reader, &err), &err);
	pki_fixture_fine(wire_bind(rig->wires, WIRE_PULL, ENDPOINT_ROUTER, &options, &rig->router, &err), &err);
	pki_fixture_fine(wire_bind(rig->wires, WIRE_PULL, ENDPOINT_MAIN, NULL, &rig->main, &err), &err);
	pki_fixture_fine(admin_new(rig->wires, rig->hub.snapshot, rig->hub.file, NULL, reader, &rig->admin, &err), &err);
	pki_fixture_fine(wire_connect(rig->wires, WIRE_PUSH, ENDPOINT_ADMIN, NULL, &rig->to_admin, &err), &err);
	pki_fixture_fine(wire_connect(rig->wires, WIRE_DEALER, rig->hub.snapshot->settings.control, NULL, &rig->dealer, &err), &err);
	assert_int_equal(pthread_create(&rig->thread, NULL, run, rig->admin), 0);
	*state = rig;
	return 0;
}

static int make(void **state)
{
	return make_with(state, 1000);
}

static void give(struct rig *rig, struct job *job)
{
	struct err err;
	pki_fixture_fine(job_give(rig->to_admin, &job, true, &err), &err);
}

static int drop(void **state)
{
	struct rig *rig = *state;
	struct job *job;
	give(rig, job_new(JOB_STOP, 0));
	pthread_join(rig->thread, NULL);
	while ((job = job_take(rig->router, 0)))
		job_free(job);
	admin_free(rig->admin);
	wire_free(rig->router);
	wire_free(rig->main);
	wire_free(rig->to_admin);
	wire_free(rig->dealer);
	wires_free(rig->wires);
	store_close(rig->store);
	hub_fixture_done(&rig->hub);
	mem_free(rig);
	return 0;
}

static void ask_frames(struct rig *rig, const struct bytes *frames, size_t count)
{
	struct err err;
	pki_fixture_fine(wire_send(rig->dealer, frames, count, &err), &err);
}

static void ask(struct rig *rig, const char *json)
{
	const struct bytes frame = bytes_text(json);
	ask_frames(rig, &frame, 1);
}

static const char *hear(struct rig *rig, size_t frames)
{
	struct wire_message message;
	struct err err;
	assert_true(wire_wait(&rig->dealer, 1, WAIT_MS));
	pki_fixture_fine(wire_receive(rig->dealer, &message, &err), &err);
	assert_int_equal(message.count, frames);
	const struct bytes json = message.frames[frames - 1];
	snprintf(rig->answer, sizeof(rig->answer), "%.*s", (int)json.len, (const char *)json.at);
	wire_message_done(&message);
	return rig->answer;
}

static void answer(struct rig *rig, const struct job *asked, const char *json)
{
	struct job *job = job_new(JOB_ANSWER, 0);
	struct buf packed;
	buf_init(&packed, 1 << 16);
	said_json(json, &packed);
	job->number = asked->number;
	job->frame = buf_take_blob(&packed);
	buf_done(&packed);
	give(rig, job);
}

static void expect_question(const struct job *job, const char *op)
{
	struct bytes value, text = BYTES_NONE;
	assert_non_null(job);
	assert_int_equal(job->kind, JOB_ASK);
	assert_true(pack_find(blob_bytes(job->frame), "op", &value) && pack_as_text(value, &text));
	assert_true(bytes_is(text, op));
}

static void asks_the_router_and_passes_its_answer_on(void **state)
{
	struct rig *rig = *state;
	ask(rig, "{\"op\":\"queues\"}");
	struct job *job = job_take(rig->router, WAIT_MS);
	expect_question(job, "queues");
	answer(rig, job, "{'queues':[{'party':'ct.x','count':3}]}");
	job_free(job);
	assert_string_equal(hear(rig, 1), "{\"queues\":[{\"party\":\"ct.x\",\"count\":3}]}");
}

static void answers_in_whatever_order_the_answers_come(void **state)
{
	struct rig *rig = *state;
	ask(rig, "{\"op\":\"queues\"}");
	ask(rig, "{\"op\":\"agencies\"}");
	struct job *first = job_take(rig->router, WAIT_MS), *second = job_take(rig->router, WAIT_MS);
	expect_question(first, "queues");
	expect_question(second, "agencies");
	answer(rig, second, "{'n':2}");
	answer(rig, second, "{'n':3}"); /* a second answer is nobody's */
	answer(rig, first, "{'n':1}");
	assert_string_equal(hear(rig, 1), "{\"n\":2}");
	assert_string_equal(hear(rig, 1), "{\"n\":1}");
	job_free(first);
	job_free(second);
}

static void completes_what_the_router_tells_of_the_status(void **state)
{
	struct rig *rig = *state;
	ask(rig, "{\"op\":\"status\"}");
	struct job *job = job_take(rig->router, WAIT_MS);
	answer(rig, job, "{'party':'ct.hub'}");
	job_free(job);
	assert_non_null(strstr(hear(rig, 1), "\"memory_bytes\":"));
	assert_non_null(strstr(rig->answer, "\"party\":\"ct.hub\""));
}

static void passes_the_routers_refusal_on_as_it_is(void **state)
{
	struct rig *rig = *state;
	ask(rig, "{\"op\":\"dead_show\",\"party\":\"ct.x\",\"id\":\"y\"}");
	struct job *job = job_take(rig->router, WAIT_MS);
	expect_question(job, "dead_list");
	answer(rig, job, "{'error':{'code':'usage','field':'/id','reason':'z'}}");
	job_free(job);
	assert_string_equal(hear(rig, 1), "{\"error\":{\"code\":\"usage\",\"field\":\"/id\",\"reason\":\"z\"}}");
}

static void has_main_reload(void **state)
{
	struct rig *rig = *state;
	ask(rig, "{\"op\":\"reload\"}");
	struct job *job = job_take(rig->main, WAIT_MS);
	expect_question(job, "reload");
	answer(rig, job, "{'generation':2}");
	job_free(job);
	assert_string_equal(hear(rig, 1), "{\"generation\":2}");
}

static void answers_by_itself_what_it_knows(void **state)
{
	struct rig *rig = *state;
	ask(rig, "{\"op\":\"check\"}");
	assert_string_equal(hear(rig, 1), "{\"faults\":[]}");
	ask(rig, "{\"op\":\"metrics\"}");
	assert_non_null(strstr(hear(rig, 1), "{\"metrics\":"));
	ask(rig, "{\"op\":\"ledger_head\"}");
	assert_non_null(strstr(hear(rig, 1), "\"code\":\"not_found\""));
	assert_null(job_take(rig->router, 0));
}

static void refuses_what_is_no_question(void **state)
{
	static const struct {
		const char *request, *code;
	} cases[] = {
		{"{\"op\":\"sing\"}", "\"code\":\"usage\""}, {"{}", "\"code\":\"usage\""},      {"{\"op\":7}", "\"code\":\"usage\""},
		{"[]", "\"code\":\"usage\""},                {"{", "\"code\":\"malformed\""}, {"", "\"code\":\"malformed\""},
		{"{\"op\":\"status\",\"op\":\"x\"}", "\"code\":\"malformed\""},
	};
	struct rig *rig = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		ask(rig, cases[i].request);
		if (!strstr(hear(rig, 1), cases[i].code))
			fail_msg("%s: %s", cases[i].request, rig->answer);
	}
}

static void answers_a_req_in_its_own_envelope(void **state)
{
	struct rig *rig = *state;
	const struct bytes frames[] = {BYTES_NONE, BYTES_LIT("{\"op\":\"check\"}")};
	ask_frames(rig, frames, 2);
	assert_string_equal(hear(rig, 2), "{\"faults\":[]}");
}

static void ignores_messages_of_too_many_frames(void **state)
{
	struct rig *rig = *state;
	const struct bytes frames[] = {BYTES_LIT("a"), BYTES_LIT("b"), BYTES_LIT("c")};
	ask_frames(rig, frames, 3);
	ask(rig, "{\"op\":\"check\"}");
	assert_string_equal(hear(rig, 1), "{\"faults\":[]}");
}

static int make_slow(void **state)
{
	return make_with(state, 1);
}

static void answers_busy_and_never_waits_for_the_router(void **state)
{
	enum { MANY = 400 };
	struct rig *rig = *state;
	/* More questions than may be open at once, of a router that takes none. */
	for (int i = 0; i < MANY; i++)
		ask(rig, "{\"op\":\"queues\"}");
	assert_non_null(strstr(hear(rig, 1), "\"code\":\"busy\""));
	ask(rig, "{\"op\":\"check\"}");
	do
		hear(rig, 1);
	while (strstr(rig->answer, "\"code\":\"busy\""));
	assert_string_equal(rig->answer, "{\"faults\":[]}");
}

static void keeps_its_sockets_to_its_own_user(void **state)
{
	static const char *const names[] = {"control", "events"};
	struct rig *rig = *state;
	struct stat status;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(stat(pki_fixture_path(&rig->hub.pki, names[i]), &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(asks_the_router_and_passes_its_answer_on),
		TEST(answers_in_whatever_order_the_answers_come),
		TEST(completes_what_the_router_tells_of_the_status),
		TEST(passes_the_routers_refusal_on_as_it_is),
		TEST(has_main_reload),
		TEST(answers_by_itself_what_it_knows),
		TEST(refuses_what_is_no_question),
		TEST(answers_a_req_in_its_own_envelope),
		TEST(ignores_messages_of_too_many_frames),
		cmocka_unit_test_setup_teardown(answers_busy_and_never_waits_for_the_router, make_slow, drop),
		TEST(keeps_its_sockets_to_its_own_user),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

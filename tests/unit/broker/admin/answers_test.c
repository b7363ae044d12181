#include "unit/broker/hub_fixture.h"

#include "base/metrics.h"
#include "broker/admin/answers.h"
#include "broker/ledger/ledger_inside.h"
#include "schemas/envelope.h"

struct rig {
	struct hub_fixture hub;
	struct store *store, *reader;
	struct answers answers;
	struct buf out;
};

static int make(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct err err;
	hub_fixture_new(&rig->hub, &(struct hub_config){.listen = NULL});
	pki_fixture_fine(store_memory_open(&rig->store, &err), &err);
	pki_fixture_fine(store_reader(rig->store, &rig->reader, &err), &err);
	rig->answers = (struct answers){.snapshot = rig->hub.snapshot, .file = rig->hub.file, .reader = rig->reader,
	                                .started_mono = clock_mono_ms()};
	buf_init(&rig->out, ANSWERS_MAX);
	*state = rig;
	return 0;
}

static int drop(void **state)
{
	struct rig *rig = *state;
	buf_done(&rig->out);
	store_close(rig->reader);
	store_close(rig->store);
	hub_fixture_done(&rig->hub);
	mem_free(rig);
	return 0;
}

static struct bytes text_of(const struct rig *rig, const char *pointer)
{
	struct bytes value, text = BYTES_NONE;
	struct err err;
	pki_fixture_fine(pack_scan(buf_bytes(&rig->out), &err), &err);
	if (!pack_pointer(buf_bytes(&rig->out), pointer, &value) || !pack_as_text(value, &text))
		fail_msg("no text at %s", pointer);
	return text;
}

static int64_t int_of(const struct rig *rig, const char *pointer)
{
	struct bytes value;
	int64_t number = 0;
	struct err err;
	pki_fixture_fine(pack_scan(buf_bytes(&rig->out), &err), &err);
	if (!pack_pointer(buf_bytes(&rig->out), pointer, &value) || !pack_as_int(value, &number))
		fail_msg("no number at %s", pointer);
	return number;
}

static void put_error_says_code_field_and_reason(void **state)
{
	struct rig *rig = *state;
	struct err why;
	err_set(&why, CODE_SCHEMA, "/dob", "not a date");
	answers_put_error(&why, &rig->out);
	assert_true(bytes_is(text_of(rig, "/error/code"), "schema"));
	assert_true(bytes_is(text_of(rig, "/error/field"), "/dob"));
	assert_true(bytes_is(text_of(rig, "/error/reason"), "not a date"));
}

static void puts_one_text_for_each_line(void **state)
{
	struct rig *rig = *state;
	answers_put_lines(BYTES_LIT("one\n\nthree\n"), &rig->out);
	assert_true(bytes_is(text_of(rig, "/0"), "one"));
	assert_true(bytes_is(text_of(rig, "/1"), ""));
	assert_true(bytes_is(text_of(rig, "/2"), "three"));
	buf_clear(&rig->out);
	answers_put_lines(BYTES_NONE, &rig->out);
	assert_true(bytes_equal(buf_bytes(&rig->out), BYTES_LIT("\x90")));
}

static void prints_the_metrics(void **state)
{
	struct rig *rig = *state;
	struct err err;
	metric_add(metric_counter("liaison_answers_test", "Of this test", NULL, NULL), 3);
	pki_fixture_fine(answers_metrics(&rig->answers, BYTES_NONE, &rig->out, &err), &err);
	struct bytes text = text_of(rig, "/metrics");
	assert_non_null(memmem(text.at, text.len, "liaison_answers_test_total 3", 28));
}

static void adds_to_the_routers_status_what_it_knows_itself(void **state)
{
	struct rig *rig = *state;
	struct buf told;
	struct err err;
	buf_init(&told, 4096);
	said_json("{'party':'ct.hub','links':4}", &told);
	pki_fixture_fine(answers_status(&rig->answers, BYTES_NONE, buf_bytes(&told), &rig->out, &err), &err);
	assert_int_equal(int_of(rig, "/links"), 4);
	assert_true(bytes_is(text_of(rig, "/version"), LIAISON_VERSION));
	assert_true(int_of(rig, "/memory_bytes") > 1 << 20);
	assert_true(int_of(rig, "/uptime_ms") >= 0);
	assert_int_equal(int_of(rig, "/index_behind"), -1);
	assert_int_equal(int_of(rig, "/head_size"), 0);
	assert_int_equal(int_of(rig, "/tls_until"), tls_not_after_ms(rig->hub.snapshot->tls));
	assert_int_equal(int_of(rig, "/crl_due"), trust_crl_due_ms(rig->hub.snapshot->trust));
	assert_true(FAILED(answers_status(&rig->answers, BYTES_NONE, BYTES_LIT("\x07"), &rig->out, &err)));
	buf_done(&told);
}

static void shows_the_last_signed_head(void **state)
{
	struct rig *rig = *state;
	const struct hash root = hash_of(BYTES_LIT("root"));
	struct buf head;
	struct err err;
	char hex[2 * HASH_LEN + 1];
	assert_int_equal(answers_ledger_head(&rig->answers, BYTES_NONE, &rig->out, &err).code, CODE_NOT_FOUND);
	buf_init(&head, HEAD_MAX);
	pki_fixture_fine(head_sign(rig->hub.snapshot->signing_key, signer_fingerprint(rig->hub.snapshot->signing), HUB, 9, &root, 1234,
	                           &head, &err), &err);
	pki_fixture_fine(store_begin(rig->store, &err), &err);
	pki_fixture_fine(store_note(rig->store, LEDGER_NOTE_HEAD, buf_bytes(&head), &err), &err);
	pki_fixture_fine(store_commit(rig->store, &err), &err);
	buf_clear(&rig->out);
	pki_fixture_fine(answers_ledger_head(&rig->answers, BYTES_NONE, &rig->out, &err), &err);
	assert_int_equal(int_of(rig, "/size"), 9);
	assert_int_equal(int_of(rig, "/at"), 1234);
	assert_true(bytes_is(text_of(rig, "/hub"), HUB));
	assert_int_equal(text_of(rig, "/root").len, sizeof(hex) - 1);
	buf_done(&head);
}

static void lists_the_faults_of_the_file_as_it_is_now(void **state)
{
	struct rig *rig = *state;
	struct err err;
	struct bytes fault;
	pki_fixture_fine(answers_check(&rig->answers, BYTES_NONE, &rig->out, &err), &err);
	assert_false(pack_pointer(buf_bytes(&rig->out), "/faults/0", &fault));
	hub_fixture_write(&rig->hub, &(struct hub_config){.limits = "credit = 0;"});
	buf_clear(&rig->out);
	pki_fixture_fine(answers_check(&rig->answers, BYTES_NONE, &rig->out, &err), &err);
	fault = text_of(rig, "/faults/0");
	assert_non_null(memmem(fault.at, fault.len, "limits.credit", 13));
}

static void asks_for_what_to_trace(void **state)
{
	static const struct {
		const char *request;
		enum code code;
	} cases[] = {
		{"{'op':'trace'}", CODE_USAGE},           {"{'what':''}", CODE_USAGE},          {"{'what':7}", CODE_USAGE},
		{"{'what':'a','most':0}", CODE_USAGE},    {"{'what':'a','most':'9'}", CODE_USAGE}, {"{'what':'a','most':99999}", CODE_USAGE},
		{"{'what':'a'}", CODE_BUSY} /* there is no index here */,
	};
	struct rig *rig = *state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf request;
		struct err err;
		buf_init(&request, 4096);
		said_json(cases[i].request, &request);
		assert_int_equal(answers_trace(&rig->answers, buf_bytes(&request), &rig->out, &err).code, cases[i].code);
		buf_done(&request);
	}
}

static void put_message(struct rig *rig, const struct said *said)
{
	static const uint8_t signer[HASH_LEN];
	const struct hash leaf = merkle_leaf(buf_bytes(&said->header));
	const struct envelope envelope = {.header = buf_bytes(&said->header), .parts = buf_bytes(&said->parts),
	                                  .statement = BYTES_LIT("s"),
	                                  .signature = BYTES_LIT("g"), .signer = signer, .path = BYTES_LIT("")};
	struct buf packed;
	struct err err;
	buf_init(&packed, SAID_MAX);
	envelope_encode(&envelope, &packed);
	const struct store_message stored = {.seq = 1, .id = said->id.at, .leaf = leaf.at, .accepted_at = 1,
	                                     .envelope = buf_bytes(&packed),
	                                     .verdict = BYTES_LIT("\x90")};
	pki_fixture_fine(store_begin(rig->store, &err), &err);
	pki_fixture_fine(store_put(rig->store, &stored, &err), &err);
	pki_fixture_fine(store_commit(rig->store, &err), &err);
	buf_done(&packed);
}

static void shows_a_dead_letter_with_its_header_and_without_its_content(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct buf told, request;
	struct err err;
	char id[UUID_TEXT_MAX], text[256];
	struct bytes value;
	said_make(&said, &(struct saying){.type = NULL});
	put_message(rig, &said);
	buf_init(&told, 4096);
	buf_init(&request, 4096);
	uuid_text(said.id.at, id);
	snprintf(text, sizeof(text), "{'dead':[{'id':'x'},{'id':'%s','reason':'no receipt'}]}", id);
	said_json(text, &told);
	snprintf(text, sizeof(text), "{'op':'dead_show','party':'ct.x','id':'%s'}", id);
	said_json(text, &request);
	pki_fixture_fine(answers_dead_show(&rig->answers, buf_bytes(&request), buf_bytes(&told), &rig->out, &err), &err);
	assert_true(bytes_is(text_of(rig, "/dead/reason"), "no receipt"));
	assert_true(bytes_is(text_of(rig, "/message/from"), POLICE));
	assert_false(pack_pointer(buf_bytes(&rig->out), "/message/body", &value));
	buf_clear(&told);
	said_json("{'dead':[]}", &told);
	assert_int_equal(answers_dead_show(&rig->answers, buf_bytes(&request), buf_bytes(&told), &rig->out, &err).code, CODE_NOT_FOUND);
	buf_done(&told);
	buf_done(&request);
	said_done(&said);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, drop)
	const struct CMUnitTest tests[] = {
		TEST(put_error_says_code_field_and_reason),
		TEST(puts_one_text_for_each_line),
		TEST(prints_the_metrics),
		TEST(adds_to_the_routers_status_what_it_knows_itself),
		TEST(shows_the_last_signed_head),
		TEST(lists_the_faults_of_the_file_as_it_is_now),
		TEST(asks_for_what_to_trace),
		TEST(shows_a_dead_letter_with_its_header_and_without_its_content),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

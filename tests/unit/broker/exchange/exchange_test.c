/* The room's catalogue entries, and the identifiers that it goes by. */
#include "unit/broker/exchange/exchange_fixture.h"

static void finds_each_identifier_of_a_message_once(void **state)
{
	struct buf main, subject;
	struct identifier ids[EXCHANGE_IDS_MAX];
	(void)state;
	buf_init(&main, FIXTURE_MAX);
	buf_init(&subject, FIXTURE_MAX);
	fixture_pack("{'person':{'ids':{'sid':'CT1','ssn':'123456789','oln':'7','ols':'CT','other':'x'},'name':'N'},'ids':{'ucn':'9'}}", &main);
	fixture_pack("{'sid':'CT1','doc_number':'00312845','nic':'W900000017','ols':'CT'}", &subject);
	const struct message message = {.subject = buf_bytes(&subject)};
	static const char *const expected[][3] = {{"doc_number", "00312845", ""}, {"sid", "CT1", ""}, {"ssn", "123456789", ""}, {"oln", "7", "CT"},
	                                          {"ucn", "9", ""}};
	assert_int_equal(exchange_ids(&message, buf_bytes(&main), ids, EXCHANGE_IDS_MAX), 5);
	for (size_t i = 0; i < 5; i++)
		assert_true(bytes_is(ids[i].kind, expected[i][0]) && bytes_is(ids[i].value, expected[i][1]) && bytes_is(ids[i].issuer, expected[i][2]));
	assert_int_equal(exchange_ids(&message, buf_bytes(&main), ids, 2), 2);
	assert_int_equal(exchange_ids(&message, BYTES_NONE, ids, EXCHANGE_IDS_MAX), 2);
	const struct message nothing = {.subject = BYTES_NONE};
	assert_int_equal(exchange_ids(&nothing, BYTES_NONE, ids, EXCHANGE_IDS_MAX), 0);
	buf_done(&main);
	buf_done(&subject);
}

static void has_nothing_to_do_when_nothing_is_kept(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(fixture_next(fixture), 0);
	fixture_wait(fixture, FIXTURE_DAY);
	fixture_sends(fixture, .type = "note/1", .from = OFFICE, .to = {POLICE});
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {NULL}, .main = "{'priority':'U'}"); /* goes to nobody */
	assert_int_equal(fixture_next(fixture), 0);
	assert_silent(fixture);
}

static void knows_no_exchange_that_was_not_opened(void **state)
{
	struct fixture *fixture = *state;
	struct uuid id = uuid_new();
	struct buf out;
	bool found = true;
	buf_init(&out, FIXTURE_MAX);
	assert_ok(exchange_show(fixture->exchange.store, id.at, &out, &found, &fixture->err));
	assert_false(found);
	buf_done(&out);
}

/* What the room says must be what the catalogue's own files allow. */
static void check_said(struct catalogue *catalogue, const char *type, const char *line)
{
	struct buf main;
	struct err err = {.reason = ""};
	const uint8_t hash[MESSAGE_HASH_LEN] = {0}, salt[MESSAGE_SALT_LEN] = {0};
	struct uuid id = uuid_new();
	const struct catalogue_type *found;
	buf_init(&main, FIXTURE_MAX);
	assert_ok(json_to_pack(bytes_text(line), &main, &err));
	const struct message message = {.id = id.at, .type = bytes_text(type), .from = BYTES_LIT("ct.hub"), .priority = 9,
	                                .parts = {{.name = BYTES_LIT("main"), .cls = BYTES_LIT("CJ"), .hash = hash}}, .parts_count = 1};
	const struct part part = {.name = BYTES_LIT("main"), .salt = salt, .bytes = buf_bytes(&main)};
	if (FAILED(catalogue_check(catalogue, &message, &part, 1, false, &found, &err)))
		fail_msg("%s: %s in %s", err.field, err.reason, line);
	buf_done(&main);
}

static void add_file(struct catalogue *catalogue, const char *name)
{
	struct buf text;
	struct err err = {.reason = ""};
	AUTO_FREE char *path = mem_printf("%s/schemas/catalogue/%s", LIAISON_SOURCE_DIR, name);
	assert_ok(file_read(path, FIXTURE_MAX, &text, &err));
	if (FAILED(catalogue_add(catalogue, name, buf_bytes(&text), &err)))
		fail_msg("%s: %s", err.field, err.reason);
	buf_done(&text);
}

static void says_what_its_types_allow(void **state)
{
	struct fixture *fixture = *state;
	struct catalogue *catalogue = catalogue_new();
	struct err err = {.reason = ""};
	static const char *const files[] = {"common.json", "alert-1.json", "exchange.complete-1.json"};
	for (size_t i = 0; i < 3; i++)
		add_file(catalogue, files[i]);
	if (FAILED(catalogue_finish(catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	fixture_sends(fixture, .type = "ask/1", .from = OFFICE, .to = {POLICE, TOWN}, .main = "{'priority':'U','request_no':1,'nic':'W900000017'}");
	struct uuid asked = fixture_uuid(fixture);
	fixture_sends(fixture, .type = "tell/1", .from = POLICE, .to = {OFFICE}, .re = asked.at, .main = "{'result':'HIT'}");
	fixture_wait(fixture, FIXTURE_DAY);
	AUTO_FREE char *said = bytes_dup_text(buf_bytes(&fixture->said));
	size_t count = 0;
	for (char *line = said, *end; (end = strchr(line, '\n')); line = end + 1, count++) {
		*end = 0;
		char *type = strchr(line, ' ') + 1, *main = strchr(type, ' ');
		*main++ = 0;
		check_said(catalogue, type, main);
	}
	assert_int_equal(count, 4); /* the sum, and alerts to three */
	catalogue_unref(catalogue);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_each_identifier_of_a_message_once),
		TEST(has_nothing_to_do_when_nothing_is_kept),
		TEST(knows_no_exchange_that_was_not_opened),
		TEST(says_what_its_types_allow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

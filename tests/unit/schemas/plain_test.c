#include "unit/schemas/sample.h"

#include "schemas/plain.h"

#define UUID_1 "'019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61'"
#define UUID_2 "'019c8f2a-6b7d-7c11-9a44-0f3b5e2d7a62'"
#define UUID_V4 "'019c8f2a-6b7d-4c10-9a44-0f3b5e2d7a61'"

static result read_json(const char *json, struct draft *draft, struct err *err)
{
	struct buf packed;
	buf_init(&packed, SAMPLE_MAX);
	sample_pack(json, &packed);
	result r = plain_read(buf_bytes(&packed), draft, err);
	buf_done(&packed); /* a draft owns its bytes */
	return r;
}

static void check_packed(struct bytes packed, const char *json)
{
	struct buf wanted, said;
	struct err err;
	buf_init(&wanted, SAMPLE_MAX);
	buf_init(&said, SAMPLE_MAX);
	sample_pack(json, &wanted);
	if (!bytes_equal(packed, buf_bytes(&wanted))) {
		assert_int_equal(json_from_pack(packed, 0, &said, &err).code, CODE_OK);
		fail_msg("%.*s", (int)said.len, (const char *)said.at);
	}
	buf_done(&wanted);
	buf_done(&said);
}

static void reads_the_least_that_a_draft_can_be(void **state)
{
	struct draft draft;
	struct err err;
	(void)state;
	assert_int_equal(read_json("{'type':'warrant.issue/1','body':{'a':1}}", &draft, &err).code, CODE_OK);
	assert_false(draft.has_id || draft.has_thread || draft.has_re);
	assert_true(bytes_is(draft.type, "warrant.issue/1"));
	assert_int_equal(draft.to_count, 0);
	assert_int_equal(draft.issued, 0);
	assert_int_equal(draft.expires, 0);
	assert_int_equal(draft.due, 0);
	assert_int_equal(draft.priority, -1);
	assert_int_equal(draft.subject.len, 0);
	assert_int_equal(draft.by.len, 0);
	assert_int_equal(draft.purpose.len, 0);
	assert_int_equal(draft.parts_count, 1);
	assert_true(bytes_is(draft.parts[0].name, "main"));
	assert_int_equal(draft.parts[0].cls.len, 0);
	check_packed(draft.parts[0].bytes, "{'a':1}");
	draft_done(&draft);
}

static void reads_everything_that_a_draft_can_say(void **state)
{
	struct draft draft;
	struct err err = {.reason = ""};
	(void)state;
	result r = read_json(
		"{'parts':{'clinical':{'c':1},'victim':[2]},'classes':{'clinical':'P2','main':'CHRI'},'approvals':[{'person':'x'}],'id'"
	    ":" UUID_1 ",'thread':" UUID_2 ",'re':" UUID_1 ",'to':['ct.police','role:fugitive'],'issued':'2026-03-02T09:12:00.412Z',"
		"'expires':'2026-03-03','due':'2026-03-02T04:12:00-05:00','priority':9,'subject':{'sid':'CT1'},'by':{'user':'jdoe'},"
		"'purpose':'C','consent':'c-17','body':{'a':1},'type':'warrant.issue/1'}",
		&draft, &err);
	if (FAILED(r))
		fail_msg("%s: %s", err.field, err.reason);
	char text[UUID_TEXT_MAX];
	assert_true(draft.has_id && draft.has_thread && draft.has_re);
	assert_string_equal(uuid_text(draft.id.at, text), "019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61");
	assert_string_equal(uuid_text(draft.thread.at, text), "019c8f2a-6b7d-7c11-9a44-0f3b5e2d7a62");
	assert_int_equal(draft.to_count, 2);
	assert_true(bytes_is(draft.to[1], "role:fugitive"));
	assert_int_equal(draft.issued, 1772442720412);
	assert_int_equal(draft.expires, 1772496000000);
	assert_int_equal(draft.due, 1772442720000);
	assert_int_equal(draft.priority, 9);
	check_packed(draft.subject, "{'sid':'CT1'}");
	check_packed(draft.by, "{'user':'jdoe'}");
	assert_true(bytes_is(draft.purpose, "C"));
	assert_true(bytes_is(draft.consent, "c-17"));
	static const struct {
		const char *name, *cls, *value;
	} parts[] = {
		{"main", "CHRI", "{'a':1}"},
		{"approvals", "CJ", "[{'person':'x'}]"},
		{"clinical", "P2", "{'c':1}"},
		{"victim", "", "[2]"},
	};
	assert_int_equal(draft.parts_count, 4);
	for (size_t i = 0; i < draft.parts_count; i++) {
		assert_true(bytes_is(draft.parts[i].name, parts[i].name));
		assert_true(bytes_is(draft.parts[i].cls, parts[i].cls));
		check_packed(draft.parts[i].bytes, parts[i].value);
	}
	draft_done(&draft);
	assert_int_equal(draft.parts_count, 0);
	draft_done(&draft);
}

static void takes_null_and_empty_maps_as_absent(void **state)
{
	struct draft draft;
	struct err err;
	(void)state;
	assert_int_equal(
		read_json("{'type':'a/1','body':{},'id':null,'thread':null,'re':null,'to':null,'subject':{},'by':null,'issued':null,"
	              "'priority':null,'approvals':null,'parts':null,'classes':null,'purpose':null}",
	              &draft, &err)
			.code,
		CODE_OK);
	assert_false(draft.has_id || draft.has_thread || draft.has_re);
	assert_int_equal(draft.priority, -1);
	assert_int_equal(draft.subject.len, 0);
	assert_int_equal(draft.parts_count, 1);
	draft_done(&draft);
}

static void refuses_odd_drafts_and_says_where(void **state)
{
#define LEAST "'type':'a/1','body':{}"
	static const struct {
		const char *json;
		enum code code;
		const char *field;
	} cases[] = {
		{"[]", CODE_MALFORMED, ""},
		{"{}", CODE_MALFORMED, "/type"},
		{"{'type':'a/1'}", CODE_MALFORMED, "/body"},
		{"{'type':'a/1','body':null}", CODE_MALFORMED, "/body"},
		{"{'type':null,'body':{}}", CODE_MALFORMED, "/type"},
		{"{'body':{}}", CODE_MALFORMED, "/type"},
		{"{'type':'a','body':{}}", CODE_MALFORMED, "/type"},
		{"{" LEAST ",'from':'ct'}", CODE_MALFORMED, "/from"},
		{"{" LEAST ",'op/':'send'}", CODE_MALFORMED, "/op~1"},
		{"{" LEAST ",'id':" UUID_V4 "}", CODE_MALFORMED, "/id"},
		{"{" LEAST ",'id':'x'}", CODE_MALFORMED, "/id"},
		{"{" LEAST ",'id':5}", CODE_MALFORMED, "/id"},
		{"{" LEAST ",'thread':" UUID_V4 "}", CODE_MALFORMED, "/thread"},
		{"{" LEAST ",'re':" UUID_V4 "}", CODE_MALFORMED, "/re"},
		{"{" LEAST ",'to':'ct'}", CODE_MALFORMED, "/to"},
		{"{" LEAST ",'to':['ct','Ct']}", CODE_MALFORMED, "/to/1"},
		{"{" LEAST ",'to':[5]}", CODE_MALFORMED, "/to/0"},
		{"{" LEAST ",'issued':5}", CODE_MALFORMED, "/issued"},
		{"{" LEAST ",'issued':'today'}", CODE_MALFORMED, "/issued"},
		{"{" LEAST ",'issued':'1970-01-01T00:00:00Z'}", CODE_MALFORMED, "/issued"},
		{"{" LEAST ",'expires':'2026-02-30'}", CODE_MALFORMED, "/expires"},
		{"{" LEAST ",'due':''}", CODE_MALFORMED, "/due"},
		{"{" LEAST ",'priority':10}", CODE_MALFORMED, "/priority"},
		{"{" LEAST ",'priority':-1}", CODE_MALFORMED, "/priority"},
		{"{" LEAST ",'priority':'5'}", CODE_MALFORMED, "/priority"},
		{"{" LEAST ",'subject':[]}", CODE_MALFORMED, "/subject"},
		{"{" LEAST ",'subject':{'sid':312845}}", CODE_MALFORMED, "/subject/sid"},
		{"{" LEAST ",'by':{'user':''}}", CODE_MALFORMED, "/by/user"},
		{"{" LEAST ",'purpose':''}", CODE_MALFORMED, "/purpose"},
		{"{" LEAST ",'purpose':'012345678901234567890123456789012'}", CODE_TOO_LARGE, "/purpose"},
		{"{" LEAST ",'consent':5}", CODE_MALFORMED, "/consent"},
		{"{" LEAST ",'approvals':{}}", CODE_MALFORMED, "/approvals"},
		{"{" LEAST ",'parts':[]}", CODE_MALFORMED, "/parts"},
		{"{" LEAST ",'parts':{'main':1}}", CODE_MALFORMED, "/parts/main"},
		{"{" LEAST ",'parts':{'approvals':[]}}", CODE_MALFORMED, "/parts/approvals"},
		{"{" LEAST ",'parts':{'a b':1}}", CODE_MALFORMED, "/parts"},
		{"{" LEAST ",'parts':{'':1}}", CODE_MALFORMED, "/parts"},
		{"{" LEAST ",'classes':[]}", CODE_MALFORMED, "/classes"},
		{"{" LEAST ",'classes':{'main':'cj'}}", CODE_MALFORMED, "/classes/main"},
		{"{" LEAST ",'classes':{'main':5}}", CODE_MALFORMED, "/classes/main"},
		{"{" LEAST ",'classes':{'clinical':'P2'}}", CODE_MALFORMED, "/classes/clinical"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct draft draft;
		struct err err = {.field = "none", .reason = ""};
		result r = read_json(cases[i].json, &draft, &err);
		if (r.code != cases[i].code || strcmp(err.field, cases[i].field) != 0)
			fail_msg("%s gave %s at %s: %s", cases[i].json, code_text(r.code), err.field, err.reason);
		draft_done(&draft);
	}
}

static void refuses_what_is_not_strict(void **state)
{
	static const char *const cases[] = {"", "\x80\xc0",
	                                    "\x82\xa4type\xa3"
	                                    "a/1\xa4type\xa3"
	                                    "a/1",
	                                    "\x81\x01\x02", "\x81"};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct draft draft;
		struct err err;
		assert_int_equal(plain_read(bytes_text(cases[i]), &draft, &err).code, CODE_MALFORMED);
		draft_done(&draft);
	}
}

static void takes_recipients_and_parts_up_to_the_limit(void **state)
{
	(void)state;
	for (size_t more = 0; more <= 1; more++) {
		struct buf json;
		struct draft draft;
		struct err err;
		enum code expected = more ? CODE_TOO_LARGE : CODE_OK;
		buf_init(&json, SAMPLE_MAX);
		buf_add_text(&json, "{'type':'a/1','body':{},'to':[");
		for (size_t i = 0; i < MESSAGE_TO_MAX + more; i++)
			buf_printf(&json, "%s'p%zu'", i ? "," : "", i);
		buf_add(&json, bytes_of("]}", 3));
		assert_int_equal(read_json((const char *)json.at, &draft, &err).code, expected);
		draft_done(&draft);
		buf_clear(&json);
		buf_add_text(&json, "{'type':'a/1','body':{},'parts':{");
		for (size_t i = 1; i < MESSAGE_PARTS_MAX + more; i++) /* the body is one too */
			buf_printf(&json, "%s'p%zu':1", i > 1 ? "," : "", i);
		buf_add(&json, bytes_of("}}", 3));
		assert_int_equal(read_json((const char *)json.at, &draft, &err).code, expected);
		draft_done(&draft);
		buf_done(&json);
	}
}

static const uint8_t salt[MESSAGE_SALT_LEN];
static const uint8_t signer[32] = {0xab, 0xcd};

static void write_json(const char *key, const char *json, const struct part *parts, size_t count, const uint8_t *by,
                       const char *expected)
{
	struct buf header, out;
	struct message message;
	struct err err = {.reason = ""};
	sample_header_with(key, json, &header);
	buf_init(&out, SAMPLE_MAX);
	if (FAILED(message_decode(buf_bytes(&header), &message, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	plain_write(&message, parts, count, by, &out);
	assert_int_equal(pack_scan(buf_bytes(&out), &err).code, CODE_OK);
	check_packed(buf_bytes(&out), expected);
	buf_done(&header);
	buf_done(&out);
}

#define HEAD \
	"'id':" UUID_1 ",'type':'warrant.issue/1','from':'ct.doc.parole.hartford','to':['ct.hartford.police','role:fugitive']," \
	"'issued':'2026-03-02T09:12:00.412Z'"
#define TAIL "'priority':8,'subject':{'doc_number':'00312845','sid':'CT01284417'}"
#define ALL_PARTS \
	"{'main':['CJ'," SAMPLE_HASH "],'approvals':['CJ'," SAMPLE_HASH "],'clinical':['P2'," SAMPLE_HASH \
	"],'victim':['VIC'," SAMPLE_HASH "]}"
#define NOTICE ",'notice':'42 CFR part 2 prohibits unauthorized disclosure of these records.'"
#define ALL_CLASSES "'classes':{'main':'CJ','approvals':'CJ','clinical':'P2','victim':'VIC'}"

static const struct part main_part = {{(const uint8_t *)"main", 4},
                                      salt,
                                      {(const uint8_t *)"\x81\xa1"
                                                        "a\x01",
                                       4}};

static void writes_a_message_with_its_body(void **state)
{
	(void)state;
	write_json(NULL, NULL, &main_part, 1, NULL, "{" HEAD "," TAIL ",'classes':{'main':'CJ'},'body':{'a':1}}");
	write_json("expires", "1772496000000", &main_part, 1, NULL,
	           "{" HEAD ",'expires':'2026-03-03T00:00:00.000Z'," TAIL ",'classes':{'main':'CJ'},'body':{'a':1}}");
	write_json("due", "1772496000000", &main_part, 1, NULL,
	           "{" HEAD ",'due':'2026-03-03T00:00:00.000Z'," TAIL ",'classes':{'main':'CJ'},'body':{'a':1}}");
	write_json("re", SAMPLE_ID_2, &main_part, 1, NULL,
	           "{" HEAD ",'priority':8,'re':" UUID_2
	           ",'subject':{'doc_number':'00312845','sid':'CT01284417'},'classes':{'main':'CJ'},'body':{'a':1}}");
	write_json("by", "{'user':'jdoe'}", &main_part, 1, NULL,
	           "{" HEAD "," TAIL ",'by':{'user':'jdoe'},'classes':{'main':'CJ'},'body':{'a':1}}");
	write_json("consent", "'c-1'", &main_part, 1, NULL,
	           "{" HEAD "," TAIL ",'consent':'c-1','classes':{'main':'CJ'},'body':{'a':1}}");
}

static void writes_approvals_other_parts_and_the_signer_under_keys_of_their_own(void **state)
{
	const struct part parts[] = {
		main_part,
		{BYTES_LIT("approvals"), salt, BYTES_LIT("\x91\xc0")},
		{BYTES_LIT("clinical"), salt, BYTES_LIT("\x01")},
		{BYTES_LIT("victim"), salt, BYTES_LIT("\x02")},
	};
	(void)state;
	write_json("parts", ALL_PARTS, parts, 4, signer,
	           "{" HEAD "," TAIL "," ALL_CLASSES ",'body':{'a':1},'approvals':[null],'parts':{'clinical':1,'victim':2}"
	           NOTICE ",'signer':'abcd000000000000000000000000000000000000000000000000000000000000'}");
}

static void names_the_parts_that_were_withheld(void **state)
{
	const struct part parts[] = {main_part, {BYTES_LIT("clinical"), salt, BYTES_LIT("\x01")}};
	(void)state;
	write_json("parts", ALL_PARTS, parts, 2, NULL,
	           "{" HEAD "," TAIL "," ALL_CLASSES ",'body':{'a':1},'parts':{'clinical':1},'withheld':['approvals','victim']" NOTICE "}");
	write_json(NULL, NULL, NULL, 0, NULL, "{" HEAD "," TAIL ",'classes':{'main':'CJ'},'withheld':['main']}");
}

static void names_the_parts_that_stayed_sealed(void **state)
{
	const struct part parts[] = {main_part, {BYTES_LIT("clinical"), salt, BYTES_LIT("\xc4\x03\x30\x01\x00")}};
	(void)state;
	write_json("parts", ALL_PARTS, parts, 2, NULL,
	           "{" HEAD "," TAIL "," ALL_CLASSES ",'body':{'a':1},'parts':{'clinical':{'$base64':'MAEA'}},'withheld':['approvals','victim'],"
	           "'sealed':['clinical']" NOTICE "}");
}

#define DEEP_15 "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"

static void writes_a_part_that_is_no_value_or_too_deep_as_bytes(void **state)
{
	const struct part odd = {BYTES_LIT("main"), salt, BYTES_LIT("\xc1")};
	const struct part none = {BYTES_LIT("main"), salt, BYTES_NONE};
	const struct part two = {BYTES_LIT("main"), salt, BYTES_LIT("\x01\x02")};
	const struct part deep = {BYTES_LIT("main"), salt, BYTES_LIT(DEEP_15 "\x91\x01")};
	const struct part fits = {BYTES_LIT("main"), salt, BYTES_LIT(DEEP_15 "\x01")};
	(void)state;
	write_json(NULL, NULL, &odd, 1, NULL, "{" HEAD "," TAIL ",'classes':{'main':'CJ'},'body':{'$base64':'wQ=='}}");
	write_json(NULL, NULL, &none, 1, NULL, "{" HEAD "," TAIL ",'classes':{'main':'CJ'},'body':{'$base64':''}}");
	write_json(NULL, NULL, &two, 1, NULL, "{" HEAD "," TAIL ",'classes':{'main':'CJ'},'body':{'$base64':'AQI='}}");
	write_json(NULL, NULL, &deep, 1, NULL,
	           "{" HEAD "," TAIL ",'classes':{'main':'CJ'},'body':{'$base64':'kZGRkZGRkZGRkZGRkZGRkQE='}}");
	write_json(NULL, NULL, &fits, 1, NULL, "{" HEAD "," TAIL ",'classes':{'main':'CJ'},'body':[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}");
}

static void another_part_is_one_level_deeper_than_the_body(void **state)
{
	const struct part deep[] = {main_part, {BYTES_LIT("x"), salt, BYTES_LIT(DEEP_15 "\x01")}};
	const struct part fits[] = {
		main_part, {BYTES_LIT("x"), salt, BYTES_LIT("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01")}};
	static const char both[] = "{'main':['CJ'," SAMPLE_HASH "],'x':['CJ'," SAMPLE_HASH "]}";
	(void)state;
	write_json("parts", both, deep, 2, NULL,
	           "{" HEAD "," TAIL
	           ",'classes':{'main':'CJ','x':'CJ'},'body':{'a':1},'parts':{'x':{'$base64':'kZGRkZGRkZGRkZGRkZGRAQ=='}}}");
	write_json("parts", both, fits, 2, NULL,
	           "{" HEAD "," TAIL ",'classes':{'main':'CJ','x':'CJ'},'body':{'a':1},'parts':{'x':[[[[[[[[[[[[[[1]]]]]]]]]]]]]]}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_least_that_a_draft_can_be),
		cmocka_unit_test(reads_everything_that_a_draft_can_say),
		cmocka_unit_test(takes_null_and_empty_maps_as_absent),
		cmocka_unit_test(refuses_odd_drafts_and_says_where),
		cmocka_unit_test(refuses_what_is_not_strict),
		cmocka_unit_test(takes_recipients_and_parts_up_to_the_limit),
		cmocka_unit_test(writes_a_message_with_its_body),
		cmocka_unit_test(writes_approvals_other_parts_and_the_signer_under_keys_of_their_own),
		cmocka_unit_test(names_the_parts_that_were_withheld),
		cmocka_unit_test(names_the_parts_that_stayed_sealed),
		cmocka_unit_test(writes_a_part_that_is_no_value_or_too_deep_as_bytes),
		cmocka_unit_test(another_part_is_one_level_deeper_than_the_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

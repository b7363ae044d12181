#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_answer.h"

static bool put(bool (*put_answer)(struct bytes, struct bytes, struct buf *), const char *json, struct buf *out)
{
	struct buf body;
	buf_init(&body, SAMPLE_BYTES_MAX);
	buf_init(out, SAMPLE_BYTES_MAX);
	sample_pack(json, &body);
	bool is_put = put_answer(buf_bytes(&body), BYTES_LIT("ct.doc"), out);
	buf_done(&body);
	return is_put;
}

static bool put_admin(struct bytes body, struct bytes from, struct buf *out)
{
	ncic_answer_put_admin(body, from, "CTDOC001G", out);
	return true;
}

static void has_a_line_for_each_outcome(void **state)
{
	static const char *const cases[][2] = {
	    {"{'result':'NO_RECORD'}", "NO RECORD\r\nFROM CT.DOC\r\n"},
	    {"{'result':'TOO_MANY'}", "TOO MANY RECORDS - ASK AGAIN WITH MORE\r\nFROM CT.DOC\r\n"},
	    {"{'result':'ACCESS_DENIED','note':'Ask the\\nclerk.'}", "ACCESS DENIED\r\nFROM CT.DOC\r\nASK THE\r\nCLERK.\r\n"},
	    {"{'result':'ERROR','responder':{'name':'Desk','ori':'CT0006400'}}",
	     "ERROR - THE QUERY WAS NOT ANSWERED\r\nFROM CT.DOC\r\n  DESK\r\n"},
	    {"{'result':'HIT','hits':[]}", "HIT\r\nFROM CT.DOC\r\n"},
	};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct buf out;
		assert_true(put(ncic_answer_put, cases[i][0], &out));
		if (!bytes_is(buf_bytes(&out), cases[i][1]))
			fail_msg("%.*s", (int)out.len, (const char *)out.at);
		buf_done(&out);
	}
}

static void puts_nothing_that_it_does_not_understand(void **state)
{
	static const char *const cases[] = {"{}", "{'result':'MAYBE'}", "{'result':1}", "{'result':'HIT','hits':'none'}",
	                                    "{'result':'HIT','hits':[{'extradition':'9'}]}"};
	(void)state;
	for (size_t i = 0; i < SAMPLE_COUNT(cases); i++) {
		struct buf out;
		assert_false(put(ncic_answer_put, cases[i], &out));
		buf_done(&out);
	}
}

static void wraps_the_fields_of_a_hit(void **state)
{
	struct buf out;
	(void)state;
	assert_true(put(ncic_answer_put,
	                "{'result':'HIT','hits':[{'person':{'name':{'family':'A','given':'B'},'marks':['SC L ARM','SC R ARM','SC "
	                "L HND','SC R HND','SC NECK',"
	                "'SC CHIN','SC BACK']}},{}]}",
	                &out));
	size_t width = 0;
	for (size_t i = 0; i < out.len; i++) {
		width = out.at[i] == '\n' ? 0 : width + 1;
		assert_true(width <= 74);
	}
	buf_add_byte(&out, 0);
	assert_non_null(strstr((const char *)out.at, "SMT/SC BACK\r\n"));
	assert_non_null(strstr((const char *)out.at, "HIT 2 OF 2"));
	buf_done(&out);
}

static void tells_who_says_an_administrative_message(void **state)
{
	struct buf out;
	(void)state;
	assert_true(put(put_admin, "{'text':'Radio check.','attention':'Desk'}", &out));
	assert_true(bytes_is(buf_bytes(&out), "FROM CT.DOC\r\nATTN DESK\r\n\r\nRADIO CHECK.\r\n"));
	buf_done(&out);
	assert_true(put(put_admin, "{'text':'A','from':{'name':'Doc Parole','ori':'CTDOC001G'}}", &out));
	assert_true(bytes_is(buf_bytes(&out), "FROM DOC PAROLE\r\n\r\nA\r\n"));
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(has_a_line_for_each_outcome),
	    cmocka_unit_test(puts_nothing_that_it_does_not_understand),
	    cmocka_unit_test(wraps_the_fields_of_a_hit),
	    cmocka_unit_test(tells_who_says_an_administrative_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

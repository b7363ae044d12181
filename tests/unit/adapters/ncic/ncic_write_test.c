#include "unit/adapters/ncic/ncic_sample.h"

#include "adapters/ncic/ncic_text.h"

static void check_text(struct sample_agency *agency, const char *type, const char *json, const char *tag, const char *expected)
{
	struct buf body, out;
	bool wrote = false;
	buf_init(&body, SAMPLE_BYTES_MAX);
	buf_init(&out, SAMPLE_BYTES_MAX);
	sample_pack(json, &body);
	sample_write(agency, type, buf_bytes(&body), tag, &out, &wrote);
	assert_int_equal(wrote, expected != NULL);
	if (expected && !bytes_is(buf_bytes(&out), expected))
		fail_msg("wrote\n%.*s\ninstead of\n%s", (int)out.len, (const char *)out.at, expected);
	if (!expected)
		assert_int_equal(out.len, 0);
	buf_done(&body);
	buf_done(&out);
}

#define ISSUE                                                                                                                    \
	"{'warrant_no':'PR-26-0017','nic':'W900000017','category':'PAROLE_REMAND','person':{'name':{'family':'Delgado-Pierce','" \
	"given':'Marcus',"                                                                                                       \
	"'middle':'Elliot'},'dob':'1988-04-17','sex':'M','race':'W','height':'511','weight':95,'hair':'BLK','birthplace':'NE',"  \
	"'ids':{'doc_number':'00312845','sid':'CT01284417'},'aliases':[{'family':'Pi\u00e9rce','given':'Marc'},{'family':'"      \
	"PIERCE','given':'MARC'}]},"                                                                                             \
	"'issuer':{'name':'DOC Parole','ori':'CTDOC001G','phone':'860.555.0142'},'authority':{'name':'Helen "                    \
	"Brandt','title':'Manager'},"                                                                                            \
	"'offense':{'code':'5011','original_code':'2299'},'warrant_date':'2026-05-11','extradition':'1','cautions':['00'],'oca'" \
	":'PV2600017',"                                                                                                          \
	"'no_bond':true,'last_known':{'town':'Hartford','state':'CT'},'remarks':'Order 26-0017. Seen\\non 9 "                    \
	"May_\u201cA\u201d'%s}"

static void writes_a_warrant_with_its_fields_in_order(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	char *json = mem_printf(ISSUE, "");
	check_text(&agency, "warrant.issue/1", json, "",
	           "EW.CTDOC001G.TXT\r\n"
	           "NIC/W900000017.NAM/DELGADO-PIERCE,MARCUS ELLIOT.AKA/PIERCE,MARC.SEX/M.RAC/W.\r\n"
	           "POB/NB.DOB/19880417.HGT/511.WGT/095.HAI/BLK.SID/CT01284417.MNU/OA-00312845.\r\n"
	           "OFF/5011.OOC/2299.DOW/20260511.OCA/PV2600017.WNO/PR-26-0017.EXL/1.CMC/00.NBD/Y.\r\n"
	           "CTY/HARTFORD.STA/CT.AUN/HELEN BRANDT.AUT/MANAGER.AGN/DOC PAROLE.\r\n"
	           "PHO/860 555 0142.MIS/ORDER 26-0017 SEEN ON 9 MAY \"A\".\r\n");
	mem_free(json);
	sample_close(&agency);
}

static void writes_nothing_when_a_field_cannot_say_it(void **state)
{
	static const char *const more[] = {
	    ",'vehicle':{'plate':'AB12345','plate_state':'CT','plate_year':'1850','plate_type':'PC'}",
	    ",'conditions_violated':'not a list'", ",'bail_amount':-1"};
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	for (size_t i = 0; i < SAMPLE_COUNT(more); i++) {
		char *json = mem_printf(ISSUE, more[i]);
		check_text(&agency, "warrant.issue/1", json, "", NULL);
		mem_free(json);
	}
	sample_close(&agency);
}

static void writes_the_steps_of_a_warrant(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	check_text(
	    &agency, "warrant.locate/1",
	    "{'nic':'W900000017','person_name':{'family':'Delgado','given':'M.'},'located_on':'2026-05-19','disposition':'EXTR',"
	    "'agency':{'name':'Hartford PD','ori':'CT0006400'},'hit':'4','case_no':'2026-0021907'}",
	    "",
	    "LW.CT0006400.TXT\r\nNIC/W900000017.NAM/DELGADO,M.DOL/20260519.DIS/EXTR.CNO/2026-0021907.HIT/4.\r\nAGN/HARTFORD "
	    "PD.\r\n");
	check_text(&agency, "warrant.clear/1",
	           "{'nic':'W900000017','warrant_no':'PR-26-0017','cleared_on':'2026-05-20','person_name':{'family':'Delgado','"
	           "given':'M'},"
	           "'agency':{'name':'DOC','ori':'CTDOC001G'},'reason':'Arrested in Hartford.'}",
	           "*0000000041",
	           "CW.CTDOC001G.*0000000041.TXT\r\nNIC/W900000017.NAM/DELGADO,M.WNO/PR-26-0017.DCL/20260520.AGN/DOC.\r\nMIS/"
	           "ARRESTED IN HARTFORD.\r\n");
	check_text(&agency, "warrant.cancel/1",
	           "{'nic':'W900000017','warrant_no':'PR-26-0017','cancelled_on':'2026-05-13','person_name':{'family':'Delgado','"
	           "given':'M'},"
	           "'agency':{'name':'DOC','ori':'CTDOC001G'},'reason':'NOT_WANTED','note':'Vacated'}",
	           "not a token",
	           "XW.CTDOC001G.TXT\r\nNIC/W900000017.NAM/DELGADO,M.WNO/PR-26-0017.DOC/20260513.RPS/NOT "
	           "WANTED.AGN/DOC.\r\nMIS/VACATED.\r\n");
	sample_close(&agency);
}

static void writes_the_answers_to_a_query_with_its_token(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	check_text(
	    &agency, "query.result/1",
	    "{'result':'HIT','hits':[{'warrant_no':'PR-26-0017','nic':'W900000017','person':{'name':{'family':'Delgado','given':'"
	    "M'},"
	    "'dob':'1988-04-17'},'offense':{'code':'5011','original_code':'2299'},'extradition':'1','cautions':['00','25'],"
	    "'issuer':{'name':'DOC Parole','ori':'CTDOC001G'},'warrant_date':'2026-05-11',"
	    "'confirm_with':{'name':'Fugitive Unit','ori':'CTDOC001G','phone':'860-555-0142'}}]}",
	    "*0000000041",
	    "QWR.CTDOC001G.CT0006400.*0000000041.TXT\r\nHIT\r\nFROM CT.DOC.PAROLE.HARTFORD\r\nHIT 1 OF 1 - CONFIRM WITH ORI CTDOC001G\r\n"
	    "CAUTION - ARMED AND DANGEROUS\r\nCAUTION - ESCAPE RISK\r\n"
	    "NIC/W900000017 NAM/DELGADO,M DOB/19880417 OFF/5011 OOC/2299 DOW/20260511\r\nWNO/PR-26-0017 EXL/1 CMC/00 CMC/25\r\n"
	    "EXTRADITION - FELONY, FULL EXTRADITION\r\nENTERED BY DOC PAROLE\r\nCONFIRM WITH FUGITIVE UNIT\r\n"
	    "  PHO/860-555-0142\r\nNO ARREST ON THIS ANSWER ALONE\r\n");
	check_text(&agency, "query.result/1", "{'result':'NO_RECORD'}", "*7",
	           "QWR.CT0000000.CT0006400.*7.TXT\r\nNO RECORD\r\nFROM CT.DOC.PAROLE.HARTFORD\r\n");
	check_text(&agency, "query.result/1",
	           "{'result':'TOO_MANY','responder':{'name':'State\u2019s desk','ori':'CTSP00000'},'note':'Be more precise.'}",
	           "",
	           "QWR.CTSP00000.CT0006400.TXT\r\nTOO MANY RECORDS - ASK AGAIN WITH MORE\r\nFROM CT.DOC.PAROLE.HARTFORD\r\n  "
	           "STATE'S DESK\r\nBE MORE PRECISE.\r\n");
	check_text(&agency, "query.result/1", "{'result':'ACCESS_DENIED'}", "",
	           "QWR.CT0000000.CT0006400.TXT\r\nACCESS DENIED\r\nFROM CT.DOC.PAROLE.HARTFORD\r\n");
	check_text(&agency, "query.result/1", "{'result':'PERHAPS'}", "", NULL);
	check_text(&agency, "query.result/1",
	           "{'result':'HIT','hits':[{'person':{'name':{'family':'\u674e','given':'\u660e'}}}]}", "", NULL);
	sample_close(&agency);
}

static void counts_hits_that_do_not_fit_into_one_text(void **state)
{
	struct sample_agency agency;
	struct buf json, body, out;
	bool wrote = false;
	(void)state;
	sample_open(&agency, "CT0006400");
	buf_init(&json, SAMPLE_BYTES_MAX);
	buf_init(&body, SAMPLE_BYTES_MAX);
	buf_init(&out, SAMPLE_BYTES_MAX);
	buf_add_text(&json, "{'result':'HIT','hits':[");
	for (int i = 0; i < 25; i++)
		buf_printf(&json,
		           "%s{'warrant_no':'W%d','person':{'name':{'family':'Delgado','given':'M'},'marks':['TAT L ARM','TAT R "
		           "ARM','TAT LF ARM','TAT RF ARM',"
		           "'SC L ARM','SC R ARM','SC L HND','SC R HND','SC NECK','SC CHIN','SC BACK','SC CHEST','SC HEAD','SC L "
		           "LEG','SC R LEG','SC NOSE']},"
		           "'offense':{'code':'5011','text':'%0120d'},'issuer':{'name':'DOC','ori':'CTDOC001G'},"
		           "'extradition':'1','cautions':['00','05','10','15','20','25'],'confirm_with':{'name':'%080d','ori':'"
		           "CTDOC001G'}}",
		           i ? "," : "", i, i, i);
	buf_add_text(&json, "]}");
	buf_add_byte(&json, 0);
	sample_pack((const char *)json.at, &body);
	sample_write(&agency, "query.result/1", buf_bytes(&body), "", &out, &wrote);
	assert_true(wrote);
	assert_true(out.len <= NCIC_TEXT_BYTES_MAX);
	buf_add_byte(&out, 0);
	assert_non_null(strstr((const char *)out.at, "HIT 10 OF 25"));
	assert_non_null(strstr((const char *)out.at, " MORE HITS ARE NOT LISTED - ASK AGAIN WITH MORE"));
	buf_done(&json);
	buf_done(&body);
	buf_done(&out);
	sample_close(&agency);
}

static void writes_an_administrative_message_as_free_text(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	check_text(&agency, "admin.message/1",
	           "{'text':'Lobby closed.\\nReport by phone\u2026\\n\\n','from':{'name':'DOC "
	           "Parole','ori':'CTDOC001G'},'attention':'All units'}",
	           "", "AM.CTDOC001G.CT0006400.TXT\r\nFROM DOC PAROLE\r\nATTN ALL UNITS\r\n\r\nLOBBY CLOSED.\r\nREPORT BY PHONE\r\n");
	check_text(&agency, "admin.message/1", "{'text':'Radio check'}", "",
	           "AM.CT0000000.CT0006400.TXT\r\nFROM CT.DOC.PAROLE.HARTFORD\r\n\r\nRADIO CHECK\r\n");
	sample_close(&agency);
}

static void has_no_word_for_other_types(void **state)
{
	struct sample_agency agency;
	(void)state;
	sample_open(&agency, "CT0006400");
	check_text(&agency, "release.notification/1", "{}", "", NULL);
	check_text(&agency, "query.driver/1", "{'requester':{'name':'A','ori':'CT0006400'},'oln':'1','ols':'CT'}", "", NULL);
	check_text(&agency, "query.wanted/1", "{'requester':{'name':'A','ori':'CT0006400'},'nic':'W900000017','more':1}", "", NULL);
	check_text(&agency, "receipt/1", "{}", "", NULL);
	sample_close(&agency);
}

static void fails_when_the_document_is_full(void **state)
{
	struct sample_agency agency;
	struct message message = {.type = BYTES_LIT("admin.message/1"), .from = BYTES_LIT("ct.doc")};
	struct buf body, out;
	struct err err;
	bool wrote = false;
	(void)state;
	sample_open(&agency, "CT0006400");
	buf_init(&body, SAMPLE_BYTES_MAX);
	buf_init(&out, 20);
	sample_pack("{'text':'Radio check'}", &body);
	struct kind_message passing = {.message = &message, .main = buf_bytes(&body), .tag = ""};
	result r = ncic_write(&agency.host, &passing, &out, &wrote, &err);
	assert_int_equal(r.code, CODE_TOO_LARGE);
	assert_false(wrote);
	buf_done(&body);
	buf_done(&out);
	sample_close(&agency);
}

/* ---- there and back ---- */

/* Reads a document and gives its type and body. */
static void read_body(struct sample_agency *agency, struct bytes document, struct buf *type, struct buf *body)
{
	struct kind_reading reading;
	struct bytes value = BYTES_NONE, text = BYTES_NONE;
	sample_read(agency, document, &reading);
	sample_print("read", &reading);
	assert_int_equal(reading.drafts_count, 1);
	assert_true(pack_pointer(buf_bytes(&reading.drafts[0].plain), "/type", &value) && pack_as_text(value, &text));
	buf_clear(type);
	buf_add(type, text);
	buf_add_byte(type, 0);
	assert_true(pack_pointer(buf_bytes(&reading.drafts[0].plain), "/body", &value));
	buf_clear(body);
	buf_add(body, value);
	kind_reading_done(&reading);
}

static void check_same(struct bytes before, struct bytes after)
{
	size_t steps = 10000;
	struct buf one, two;
	struct err err;
	if (value_equal(before, after, &steps))
		return;
	buf_init(&one, SAMPLE_BYTES_MAX);
	buf_init(&two, SAMPLE_BYTES_MAX);
	assert_false(FAILED(json_from_pack(before, 1, &one, &err)) || FAILED(json_from_pack(after, 1, &two, &err)));
	fail_msg("%.*s\nbecame\n%.*s", (int)one.len, (const char *)one.at, (int)two.len, (const char *)two.at);
}

/* Written, read and written again. */
static void go_round(struct sample_agency *agency, const char *type, struct bytes body, struct buf *text, struct buf *again)
{
	struct buf name;
	bool wrote = false;
	buf_init(&name, SAMPLE_BYTES_MAX);
	buf_clear(text);
	sample_write(agency, type, body, "", text, &wrote);
	assert_true(wrote);
	read_body(agency, buf_bytes(text), &name, again);
	assert_string_equal((const char *)name.at, type);
	buf_done(&name);
}

/* A body that came from a text is the same after another round; any other is from the second round on, once it is in the letters
 * of the text and a locate has the warrant number of the record. */
static void check_there_and_back(struct sample_agency *agency, const char *type, struct bytes body, bool is_from_text)
{
	struct buf texts[2], first, second;
	for (size_t i = 0; i < 2; i++)
		buf_init(&texts[i], SAMPLE_BYTES_MAX);
	buf_init(&first, SAMPLE_BYTES_MAX);
	buf_init(&second, SAMPLE_BYTES_MAX);
	go_round(agency, type, body, &texts[0], &first);
	go_round(agency, type, buf_bytes(&first), &texts[1], &second);
	check_same(buf_bytes(&first), buf_bytes(&second));
	if (is_from_text) {
		check_same(body, buf_bytes(&first));
		assert_true(bytes_equal(buf_bytes(&texts[0]), buf_bytes(&texts[1])));
	}
	for (size_t i = 0; i < 2; i++)
		buf_done(&texts[i]);
	buf_done(&first);
	buf_done(&second);
}

static void open_owner(struct sample_agency *agency, const char *ori, bool is_ours)
{
	sample_open(agency, ori);
	agency->host.agency = "AGENCY";
	sample_hold(agency, "W900000017", "active", is_ours, NULL);
	agency->records[0].name[0] = 0;
	buf_clear(&agency->bodies[0]);
	sample_pack("{}", &agency->bodies[0]);
	agency->records[0].body = buf_bytes(&agency->bodies[0]);
}

static void check_sample(const char *name)
{
	struct sample_agency agency;
	struct buf document, type, body;
	struct err err;
	char ori[10], *path = mem_printf("%s/valid/%s", SAMPLE_RECORDS, name);
	assert_false(FAILED(file_read(path, SAMPLE_BYTES_MAX, &document, &err)));
	buf_init(&type, SAMPLE_BYTES_MAX);
	buf_init(&body, SAMPLE_BYTES_MAX);
	sample_origin(buf_bytes(&document), ori);
	open_owner(&agency, ori, name[0] != 'L');
	read_body(&agency, buf_bytes(&document), &type, &body);
	check_there_and_back(&agency, (const char *)type.at, buf_bytes(&body), true);
	sample_close(&agency);
	buf_done(&document);
	buf_done(&type);
	buf_done(&body);
	mem_free(path);
}

static void reads_back_what_it_writes_of_every_sample(void **state)
{
	char **names = NULL;
	size_t count = 0, checked = 0;
	struct err err;
	(void)state;
	assert_false(FAILED(file_list(SAMPLE_RECORDS "/valid", ".ncic", &names, &count, &err)));
	for (size_t i = 0; i < count; i++)
		if (strchr("ELCX", names[i][0]) && (names[i][1] == 'W' || names[i][1] == 'T')) {
			check_sample(names[i]);
			checked++;
		}
	assert_true(checked >= 12);
	file_list_free(names, count);
}

/* The examples that come with the types, small letters and all: once in the letters of the text they no longer change. */
static void check_examples(const char *name, const char *ori_at)
{
	const struct catalogue_type *type = catalogue_find(sample_catalogue(), bytes_text(name));
	struct bytes valid, body, value, text;
	struct err err;
	assert_true(pack_pointer(buf_bytes(&type->source), "/examples/valid", &valid));
	struct pack_in in = pack_in(valid, &err);
	size_t count = pack_array(&in, "");
	assert_true(count > 0);
	for (size_t i = 0; i < count; i++) {
		struct sample_agency agency;
		char ori[10];
		assert_true(pack_find(pack_value(&in, ""), "body", &body));
		/* An entry for failing to appear has to name the original offense; the type does not ask for it. */
		if (pack_pointer(body, "/offense/code", &value) && pack_as_text(value, &text) && bytes_is(text, "5015"))
			continue;
		assert_true(pack_pointer(body, ori_at, &value) && pack_as_text(value, &text));
		snprintf(ori, sizeof(ori), "%.*s", (int)text.len, (const char *)text.at);
		open_owner(&agency, ori, strcmp(name, "warrant.locate/1") != 0);
		check_there_and_back(&agency, name, body, false);
		sample_close(&agency);
	}
}

static void reads_back_what_it_writes_of_the_catalogue_s_examples(void **state)
{
	(void)state;
	check_examples("warrant.issue/1", "/issuer/ori");
	check_examples("warrant.locate/1", "/agency/ori");
	check_examples("warrant.clear/1", "/agency/ori");
	check_examples("warrant.cancel/1", "/agency/ori");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(writes_a_warrant_with_its_fields_in_order),
	    cmocka_unit_test(writes_nothing_when_a_field_cannot_say_it),
	    cmocka_unit_test(writes_the_steps_of_a_warrant),
	    cmocka_unit_test(writes_the_answers_to_a_query_with_its_token),
	    cmocka_unit_test(counts_hits_that_do_not_fit_into_one_text),
	    cmocka_unit_test(writes_an_administrative_message_as_free_text),
	    cmocka_unit_test(has_no_word_for_other_types),
	    cmocka_unit_test(fails_when_the_document_is_full),
	    cmocka_unit_test(reads_back_what_it_writes_of_every_sample),
	    cmocka_unit_test(reads_back_what_it_writes_of_the_catalogue_s_examples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

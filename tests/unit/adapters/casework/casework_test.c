#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/casework/casework.h"
#include "base/file.h"
#include "base/mem.h"
#include "schemas/catalogue_trial.h"
#include "schemas/json.h"

enum { FIXTURE_MAX = 4 << 20 };

struct fixture {
	struct catalogue *catalogue;
	struct kind_host host;
	struct kind_reading reading;
};

static void fixture_init(struct fixture *fixture)
{
	struct err err = {.reason = ""};
	memset(fixture, 0, sizeof(*fixture));
	if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &fixture->catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	fixture->host = (struct kind_host){.party = "ct.doc.parole", .ori = "CTDOC001G", .agency = "DOC Parole", .catalogue = fixture->catalogue};
	kind_reading_init(&fixture->reading);
}

static void fixture_done(struct fixture *fixture)
{
	kind_reading_done(&fixture->reading);
	catalogue_unref(fixture->catalogue);
}

static void read_file(struct fixture *fixture, const char *name)
{
	struct buf document;
	struct err err = {.reason = ""};
	AUTO_FREE char *path = mem_printf("%s/tests/samples/casework/%s", LIAISON_SOURCE_DIR, name);
	if (FAILED(file_read(path, FIXTURE_MAX, &document, &err)))
		fail_msg("%s: %s", path, err.reason);
	casework_format.read(NULL, &fixture->host, buf_bytes(&document), &fixture->reading);
	buf_done(&document);
}

/* JSON with ' for ". */
static void read_text(struct fixture *fixture, const char *json)
{
	AUTO_FREE char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	kind_reading_done(&fixture->reading);
	casework_format.read(NULL, &fixture->host, bytes_text(text), &fixture->reading);
}

static void every_draft_of_a_referral_fits_the_catalogue(void **state)
{
	static const char *const types[] = {"referral.send/1", "plan.submit/1", "plan.approve/1", "attendance.report/1", "attendance.report/1",
	                                    "casenote.share/1", "discharge.report/1"};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_file(&fixture, "referral.case.json");
	assert_int_equal(fixture.reading.faults_count, 0);
	assert_int_equal(fixture.reading.drafts_count, sizeof(types) / sizeof(*types));
	for (size_t i = 0; i < fixture.reading.drafts_count; i++) {
		const struct catalogue_type *type = NULL;
		int64_t missing = 0;
		struct err err = {.reason = ""};
		if (FAILED(catalogue_trial_draft(fixture.catalogue, buf_bytes(&fixture.reading.drafts[i].plain), &type, &missing, &err)))
			fail_msg("%s: %s", err.field, err.reason);
		assert_string_equal(type->name, types[i]);
	}
	fixture_done(&fixture);
}

static void text_is(const struct fixture *fixture, size_t draft, const char *pointer, const char *expected)
{
	struct bytes value, text = BYTES_NONE;
	assert_true(draft < fixture->reading.drafts_count);
	if (!pack_pointer(buf_bytes(&fixture->reading.drafts[draft].plain), pointer, &value) || !pack_as_text(value, &text) || !bytes_is(text, expected))
		fail_msg("%s is %.*s, not %s", pointer, (int)text.len, (const char *)text.at, expected);
}

static void takes_what_each_session_says(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_file(&fixture, "referral.case.json");
	text_is(&fixture, 3, "/body/attended", "LATE");
	text_is(&fixture, 3, "/body/at", "2026-03-18T13:00:00-04:00");
	text_is(&fixture, 3, "/body/delivery", "VIDEO");
	text_is(&fixture, 4, "/body/no_session/reason", "LOGISTICS");
	text_is(&fixture, 6, "/body/reason", "GOALS_MET");
	text_is(&fixture, 6, "/body/discharged_on", "2026-06-05");
	text_is(&fixture, 2, "/body/plan_no", "REF-2026-002217-PLAN-1");
	fixture_done(&fixture);
}

static void a_licence_says_which_conditions_hold(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_file(&fixture, "licence.case.json");
	assert_int_equal(fixture.reading.drafts_count, 1);
	text_is(&fixture, 0, "/type", "board.conditions_change/1");
	text_is(&fixture, 0, "/body/add/0/kind", "STANDARD");
	text_is(&fixture, 0, "/body/add/2/category", "CURFEW");
	text_is(&fixture, 0, "/body/add/3/category", "OTHER");
	text_is(&fixture, 0, "/body/add/4/id", "B-1");
	fixture_done(&fixture);
}

static void refuses_with_a_pointer_and_a_line(void **state)
{
	static const struct {
		const char *json, *pointer, *reason;
		int line;
	} cases[] = {
		{"{", "", "line 1", 1},
		{"{'a': 1}", "", "is neither a referral nor a licence", 1},
		{"[]", NULL, NULL, 0},
		{"7", "", "is neither a referral nor a licence", 1},
		{"{'standardConditions': {}, 'additionalConditions': {}}", "", "lists conditions that may be set", 1},
		{"{'referral': [\n{'a': 1}]}", "/referral/0", "is neither a referral nor a licence", 2},
		{"{'referral_number': 'R-1',\n 'end_of_service_report': {\n'submitted_at': 'soon'}}", "/end_of_service_report/submitted_at", "is not a", 3},
		{"{'referral_number': 'R 1',\n 'service_provider_name': 'X', 'action_plans': [{'created_at': '1 February 2024, 9:00:00 am',\n"
		 "'number_of_sessions': 1, 'action_plan_activities': [{'description': 'x'}]}]}",
		 "/referral_number", "must be a referral number", 1},
		{"{'referral_number': 'R-1', 'appointment': [{'attended': 'PERHAPS'}]}", "/appointment/0/attended", "is a word that no code is known for", 1},
		{"{'referral_number': 'R-1', 'appointment': [{'attended': ['YES']}]}", "/appointment/0/attended", "is not one value", 1},
		{"{'referral_number': 'R-1', 'appointment': [{'attended': 'YES', 'duration_minutes': 1.5}]}", "/appointment/0/duration_minutes",
		 "is not one value", 1},
		{"{'referral_number': 'R-1', 'appointment': [\n{'attended': 'YES'}]}", "/appointment/0", "no attendance.report/1, because", 2},
	};
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		read_text(&fixture, cases[i].json);
		assert_int_equal(fixture.reading.drafts_count, 0);
		assert_int_equal(fixture.reading.faults_count > 0, cases[i].pointer != NULL);
		bool is_found = !cases[i].pointer;
		for (size_t k = 0; k < fixture.reading.faults_count; k++) {
			const struct kind_fault *fault = &fixture.reading.faults[k];
			is_found = is_found || (!strcmp(fault->err.field, cases[i].pointer) && strstr(fault->err.reason, cases[i].reason) &&
			                        fault->line == cases[i].line);
		}
		if (!is_found)
			fail_msg("%s: %d %s %s", cases[i].json, fixture.reading.faults[0].line, fixture.reading.faults[0].err.field,
			         fixture.reading.faults[0].err.reason);
	}
	fixture_done(&fixture);
}

static void lists_what_no_message_takes_but_not_what_says_nothing(void **state)
{
	struct fixture fixture;
	(void)state;
	fixture_init(&fixture);
	read_text(&fixture, "{'referral_number': 'R-1', 'crn': 'X1', 'empty': '', 'none': null, 'list': [{'a': 1}, {}], 'service_provider_name': 'P',"
	                    "'action_plans': [{'created_at': '2024-02-01T09:00:00Z', 'number_of_sessions': 6, 'action_plan_activities': [{'description': 'x'}]}]}");
	assert_int_equal(fixture.reading.faults_count, 0);
	assert_int_equal(fixture.reading.drafts_count, 1);
	assert_int_equal(fixture.reading.unmapped_count, 2);
	assert_string_equal(fixture.reading.unmapped[0], "/crn");
	assert_string_equal(fixture.reading.unmapped[1], "/list/0/a");
	fixture_done(&fixture);
}

static void tells_its_documents_from_drafts(void **state)
{
	static const struct {
		const char *json;
		bool is_casework;
	} cases[] = {
		{"{\"type\":\"x/1\",\"body\":{\"referral_number\":1}}", false}, {"{}", false}, {"[]", false}, {"1", false},
		{"{\"referral_number\":\"R\"}", true}, {"{\"content\":{\"referral\":[]}}", true}, {"[{\"licenceType\":\"AP\"}]", true},
		{"{\"standardConditions\":{},\"additionalConditions\":{}}", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct buf packed;
		struct err err = {.reason = ""};
		buf_init(&packed, FIXTURE_MAX);
		assert_int_equal(json_to_pack(bytes_text(cases[i].json), &packed, &err).code, CODE_OK);
		assert_int_equal(casework_is(buf_bytes(&packed)), cases[i].is_casework);
		buf_done(&packed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_draft_of_a_referral_fits_the_catalogue),
		cmocka_unit_test(takes_what_each_session_says),
		cmocka_unit_test(a_licence_says_which_conditions_hold),
		cmocka_unit_test(refuses_with_a_pointer_and_a_line),
		cmocka_unit_test(lists_what_no_message_takes_but_not_what_says_nothing),
		cmocka_unit_test(tells_its_documents_from_drafts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "care/care.h"
#include "unit/care/said.h"

static void a_doctor_without_a_fault_ends_with_0(void **state)
{
	(void)state;
	struct care *care = care_new("broker.cfg", false);
	care_say(care, CARE_FINE, "data", "/d", "", "%d MiB are left", 7);
	care_say(care, CARE_WARNING, "clock", "", "Run NTP.", "nothing keeps it right");
	said_begin();
	int code = care_end(care);
	const char *text = said_end();
	assert_int_equal(code, 0);
	assert_string_equal(text, "fine     data /d: 7 MiB are left\nwarning  clock: nothing keeps it right. Run NTP.\nbroker.cfg: 1 in order, 1 warnings, 0 faults\n");
}

static void a_fault_ends_with_1_and_with_what_to_do(void **state)
{
	(void)state;
	struct err why;
	result r = err_set(&why, CODE_CORRUPT, "/d/store.db", "page 3 is not what was written");
	assert_true(FAILED(r));
	struct care *care = care_new("broker.cfg", false);
	care_fault(care, "store", &why);
	said_begin();
	int code = care_end(care);
	const char *text = said_end();
	assert_int_equal(code, 1);
	assert_says(text, "fault    store /d/store.db: corrupt: page 3 is not what was written. ");
	assert_says(text, code_remedy(CODE_CORRUPT));
}

static void each_line_of_a_configurations_faults_is_one_of_its_own(void **state)
{
	(void)state;
	struct care *care = care_new("broker.cfg", false);
	care_config(care, BYTES_LIT("broker.cfg:3: one\nbroker.cfg:9: two"));
	said_begin();
	int code = care_end(care);
	const char *text = said_end();
	assert_int_equal(code, 1);
	assert_string_equal(text, "fault    configuration: broker.cfg:3: one\nfault    configuration: broker.cfg:9: two\nbroker.cfg: 0 in order, 0 warnings, 2 faults\n");
}

static void json_is_json_whatever_a_path_is_called(void **state)
{
	(void)state;
	struct care *care = care_new("a \"b\".cfg", true);
	care_say(care, CARE_FAULT, "store", "/d/\"x\"\n.db", "Restore it.", "gone");
	said_begin();
	int code = care_end(care);
	const char *text = said_end();
	assert_int_equal(code, 1);
	assert_says(text, "{\"file\": \"a \\\"b\\\".cfg\", \"faults\": 1, \"warnings\": 0, \"findings\": [");
	assert_says(text, "\"grade\": \"fault\"");
	assert_null(strstr(text, "\"x\"\n"));
}

static void json_without_a_finding_is_an_empty_list(void **state)
{
	(void)state;
	struct care *care = care_new("a.cfg", true);
	said_begin();
	int code = care_end(care);
	assert_string_equal(said_end(), "{\"file\": \"a.cfg\", \"faults\": 0, \"warnings\": 0, \"findings\": []}\n");
	assert_int_equal(code, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_doctor_without_a_fault_ends_with_0),
		cmocka_unit_test(a_fault_ends_with_1_and_with_what_to_do),
		cmocka_unit_test(each_line_of_a_configurations_faults_is_one_of_its_own),
		cmocka_unit_test(json_is_json_whatever_a_path_is_called),
		cmocka_unit_test(json_without_a_finding_is_an_empty_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

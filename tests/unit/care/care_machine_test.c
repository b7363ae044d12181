#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "care/care.h"
#include "unit/broker/scratch.h"
#include "unit/care/said.h"

static int set_up(void **state)
{
	struct scratch *scratch = mem_alloc(sizeof(*scratch));
	scratch_make(scratch);
	*state = scratch;
	return 0;
}

static int tear_down(void **state)
{
	scratch_remove(*state);
	mem_free(*state);
	return 0;
}

static struct care *begin(void)
{
	return care_new("f", false);
}

/* The exit code is the grade's: 1 for a fault. */
static void ends(struct care *care, bool is_fault, const char *part)
{
	said_begin();
	int code = care_end(care);
	const char *text = said_end();
	assert_says(text, part);
	if ((code == 1) != is_fault)
		fail_msg("exit %d: %s", code, text);
}

static void a_file_is_judged_by_who_may_read_and_change_it(void **state)
{
	static const struct {
		mode_t mode;
		bool secret, is_fault;
		const char *says;
	} cases[] = {
		{0600, true, false, "mode 0600"},   {0640, true, true, "others may read it (mode 0640)"}, {0604, true, true, "chmod 0600 it"},
		{0644, false, false, "mode 0644"},  {0664, false, true, "others may change it"},          {0602, false, true, "chmod go-w it"},
	};
	struct scratch *scratch = *state;
	char *path = scratch_path(scratch, "key");
	scratch_write(scratch, "key", BYTES_LIT("k"));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct care *care = begin();
		assert_int_equal(chmod(path, cases[i].mode), 0);
		care_file(care, "key", path, cases[i].secret);
		ends(care, cases[i].is_fault, cases[i].says);
	}
	mem_free(path);
}

static void what_is_not_there_is_a_fault_and_what_is_no_file_is_passed_over(void **state)
{
	struct care *care = begin();
	char *path = scratch_path(*state, "none");
	care_file(care, "key", path, true);
	ends(care, true, "Make it, or correct the setting.");
	care = begin();
	care_file(care, "key", "pkcs11:token=hub", true);
	care_file(care, "key", "credential:tls", true);
	ends(care, false, "f: 0 in order, 0 warnings, 0 faults");
	care = begin();
	care_folder(care, "data", path);
	ends(care, true, "No such file");
	mem_free(path);
}

static void a_folder_is_one_that_not_everybody_may_write_into(void **state)
{
	struct scratch *scratch = *state;
	char *path = scratch_path(scratch, "file");
	struct care *care = begin();
	care_folder(care, "data", scratch->folder);
	ends(care, false, "left on its disk");
	assert_int_equal(chmod(scratch->folder, 0777), 0);
	care = begin();
	care_folder(care, "data", scratch->folder);
	ends(care, true, "everybody may write into it. chmod o-w it.");
	assert_int_equal(chmod(scratch->folder, 01777), 0); /* as /tmp is */
	care = begin();
	care_folder(care, "data", scratch->folder);
	ends(care, false, "left on its disk");
	assert_int_equal(chmod(scratch->folder, 0700), 0);
	scratch_write(scratch, "file", BYTES_NONE);
	care = begin();
	care_folder(care, "data", path);
	ends(care, true, "this is no folder");
	mem_free(path);
}

static void a_socket_tells_a_running_program_from_one_that_ended(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *path = scratch_path(*state, "control"), *endpoint = mem_printf("ipc://%s", path);
	struct care *care = begin();
	assert_false(care_socket(care, "control", endpoint));
	ends(care, false, "nobody listens: the program is not running");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	care = begin();
	assert_true(care_socket(care, "control", endpoint));
	ends(care, false, "the program is running");
	close(fd);
	care = begin();
	assert_false(care_socket(care, "control", endpoint));
	ends(care, false, "left behind by a program that ended");
	care = begin();
	assert_false(care_socket(care, "control", "tcp://127.0.0.1:1") || care_socket(care, "control", NULL));
	ends(care, false, "f: 0 in order");
	mem_free(path);
	mem_free(endpoint);
}

static void an_address_that_cannot_be_reached_is_a_fault(void **state)
{
	(void)state;
	struct care *care = begin();
	care_dial(care, "hub", "127.0.0.1:1");
	ends(care, true, "fault    hub 127.0.0.1:1: it cannot be reached");
	care = begin();
	care_dial(care, "hub", "[::1]:1");
	ends(care, true, "fault    hub [::1]:1: it cannot be reached");
	care = begin();
	care_dial(care, "hub", "no port");
	ends(care, false, "f: 0 in order");
}

static void days_are_counted_before_something_ends(void **state)
{
	static const struct {
		int64_t days;
		bool is_fault;
		const char *says;
	} cases[] = {{-1, true, "it ended at"}, {2, false, "warning  certificate c: it ends in"}, {40, false, "fine     certificate c: good until"}};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct care *care = begin();
		care_until(care, "certificate", "c", clock_wall_ms() + cases[i].days * 24 * 3600 * 1000 + 1000, 30);
		ends(care, cases[i].is_fault, cases[i].says);
	}
	struct care *care = begin();
	care_until(care, "revocation list", "", 0, 3); /* none is configured */
	ends(care, false, "f: 0 in order");
}

static void a_database_that_was_in_use_and_is_gone_is_a_fault(void **state)
{
	struct scratch *scratch = *state;
	char *path = scratch_path(scratch, "store.db"), *lock = scratch_path(scratch, "store.lock");
	struct care *care = begin();
	assert_false(care_is_gone(care, "store", path, lock)); /* never made */
	scratch_write(scratch, "store.lock", BYTES_NONE);
	assert_false(care_is_gone(care, "store", path, lock)); /* opened, and not made */
	ends(care, false, "f: 0 in order");
	scratch_write(scratch, "store.lock", BYTES_LIT("made"));
	care = begin();
	assert_true(care_is_gone(care, "store", path, lock));
	ends(care, true, "restore it from a backup");
	scratch_write(scratch, "store.db", BYTES_NONE);
	care = begin();
	assert_true(care_is_gone(care, "store", path, lock)); /* empty is as good as gone */
	ends(care, true, "missing or empty");
	scratch_write(scratch, "store.db", BYTES_LIT("x"));
	care = begin();
	assert_false(care_is_gone(care, "store", path, lock));
	ends(care, false, "f: 0 in order");
	mem_free(path);
	mem_free(lock);
}

static void what_is_no_database_of_ours_is_a_fault(void **state)
{
	struct scratch *scratch = *state;
	char *path = scratch_path(scratch, "store.db");
	struct care *care = begin();
	assert_false(care_database(care, "store", path, 1, 1));
	ends(care, false, "not made yet");
	scratch_write(scratch, "store.db", BYTES_LIT("this is a letter and no database at all, but it is long enough to be taken for the beginning of one ............"));
	care = begin();
	assert_false(care_database(care, "store", path, 1, 1));
	ends(care, true, "fault    store");
	mem_free(path);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_file_is_judged_by_who_may_read_and_change_it),
		TEST(what_is_not_there_is_a_fault_and_what_is_no_file_is_passed_over),
		TEST(a_folder_is_one_that_not_everybody_may_write_into),
		TEST(a_socket_tells_a_running_program_from_one_that_ended),
		TEST(an_address_that_cannot_be_reached_is_a_fault),
		TEST(days_are_counted_before_something_ends),
		TEST(a_database_that_was_in_use_and_is_gone_is_a_fault),
		TEST(what_is_no_database_of_ours_is_a_fault),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

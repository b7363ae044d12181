/* What only a store on a disk has to promise: crashes, damage, full and failing disks, two openers. The promises that all stores
 * share are in tests/conformance/store_suite.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/syscall.h>

#include "base/uuid.h"
#include <sqlite3.h>

#include "broker/store/store.h"
#include "pages/pages.h"
#include "unit/broker/scratch.h"

/* The disk as the library sees it: these stand before libc's. */
static int sync_errno, write_errno;
static const char *sync_ending = ""; /* only of files whose path ends so */

static bool sync_fails(int fd)
{
	char link[64], path[512];
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t len = readlink(link, path, sizeof(path));
	size_t ending = strlen(sync_ending);
	return sync_errno != 0 && len >= (ssize_t)ending && memcmp(path + (size_t)len - ending, sync_ending, ending) == 0;
}

int fdatasync(int fd)
{
	if (!sync_fails(fd))
		return (int)syscall(SYS_fdatasync, fd);
	errno = sync_errno;
	return -1;
}

int fsync(int fd)
{
	if (!sync_fails(fd))
		return (int)syscall(SYS_fsync, fd);
	errno = sync_errno;
	return -1;
}

ssize_t pwrite64(int fd, const void *at, size_t len, off64_t offset)
{
	if (write_errno == 0)
		return syscall(SYS_pwrite64, fd, at, len, offset);
	errno = write_errno;
	return -1;
}

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)
#define assert_code(call, expected) assert_int_equal((call).code, (expected))

struct fixture {
	struct scratch live, crashed;
	struct store *store; /* on the live folder */
	struct err err;
};

static int set_up(void **state)
{
	struct fixture *fixture = mem_alloc(sizeof(*fixture));
	scratch_make(&fixture->live);
	scratch_make(&fixture->crashed);
	assert_ok(store_sqlite_open(fixture->live.folder, &fixture->store, &fixture->err));
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	sync_errno = 0;
	sync_ending = "";
	write_errno = 0;
	store_close(fixture->store);
	scratch_remove(&fixture->live);
	scratch_remove(&fixture->crashed);
	mem_free(fixture);
	return 0;
}

static result put_sized(struct store *store, int64_t seq, size_t size, struct err *err)
{
	uint8_t id[UUID_LEN] = {(uint8_t)(seq >> 24), (uint8_t)(seq >> 16), (uint8_t)(seq >> 8), (uint8_t)seq};
	uint8_t leaf[STORE_HASH_LEN] = {0};
	uint8_t *envelope = mem_alloc(size);
	struct store_queued queued = {.place = {1, 5, seq}, .queued_at = 1};
	memset(envelope, (int)(seq & 0xff), size);
	struct store_message message = {.seq = seq, .id = id, .leaf = leaf, .envelope = bytes_of(envelope, size)};
	result r = store_put(store, &message, err);
	mem_free(envelope);
	return FAILED(r) ? r : store_enqueue(store, &queued, err);
}

static void commit_message(struct fixture *fixture, int64_t seq)
{
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(put_sized(fixture->store, seq, 600, &fixture->err));
	assert_ok(store_commit(fixture->store, &fixture->err));
}

/* How many messages a folder's store has; they must be 1 … n, whole, and queued. */
static int64_t count_messages(struct store *store)
{
	struct err err;
	struct buf hold;
	int64_t last = 0;
	buf_init(&hold, 1 << 20);
	assert_ok(store_last_seq(store, &last, &err));
	for (int64_t seq = 1; seq <= last; seq++) {
		struct store_message message;
		struct store_queued queued;
		bool found = false;
		assert_ok(store_get(store, seq, &hold, &found, &message, &err));
		assert_true(found);
		assert_int_equal(message.envelope.len, 600);
		for (size_t i = 0; i < message.envelope.len; i++)
			assert_int_equal(message.envelope.at[i], seq & 0xff);
		assert_ok(store_queued_find(store, 1, seq, &found, &queued, &err));
		assert_true(found);
	}
	buf_done(&hold);
	return last;
}

static void close_live(struct fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
}

static void what_was_committed_outlives_a_restart(void **state)
{
	struct fixture *fixture = *state;
	for (int64_t seq = 1; seq <= 20; seq++)
		commit_message(fixture, seq);
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(put_sized(fixture->store, 21, 600, &fixture->err));
	close_live(fixture);
	assert_ok(store_sqlite_open(fixture->live.folder, &fixture->store, &fixture->err));
	assert_int_equal(count_messages(fixture->store), 20);
}

static void a_crash_at_any_moment_keeps_what_was_committed_and_no_more(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = NULL;
	for (int64_t seq = 1; seq <= 8; seq++)
		commit_message(fixture, seq);
	assert_ok(store_begin(fixture->store, &fixture->err));
	/* Larger than the page cache, so that uncommitted pages are in the log already. */
	for (int64_t seq = 9; seq < 40; seq++)
		assert_ok(put_sized(fixture->store, seq, 1 << 20, &fixture->err));
	assert_true(scratch_size(&fixture->live, "store.db-wal") > 4 << 20);
	scratch_copy(&fixture->live, &fixture->crashed);
	assert_ok(store_sqlite_open(fixture->crashed.folder, &store, &fixture->err));
	assert_int_equal(count_messages(store), 8);
	store_close(store);
}

static void a_log_cut_anywhere_leaves_a_whole_beginning(void **state)
{
	struct fixture *fixture = *state;
	struct buf log;
	int64_t before = -1, first = -1;
	for (int64_t seq = 1; seq <= 6; seq++)
		commit_message(fixture, seq);
	scratch_copy(&fixture->live, &fixture->crashed);
	scratch_read(&fixture->live, "store.db-wal", &log);
	for (size_t cut = 0; cut <= log.len; cut += 1371) {
		struct store *store = NULL;
		struct buf file;
		scratch_read(&fixture->live, "store.db", &file);
		scratch_write(&fixture->crashed, "store.db", buf_bytes(&file));
		scratch_write(&fixture->crashed, "store.db-wal", bytes_of(log.at, cut));
		if (scratch_has(&fixture->crashed, "store.db-mark")) /* the power cut took what nobody had synced */
			scratch_unlink(&fixture->crashed, "store.db-mark");
		buf_done(&file);
		result r = store_sqlite_open(fixture->crashed.folder, &store, &fixture->err);
		if (FAILED(r)) {
			/* Cut before the tables were made: nothing was promised yet, and nothing may be made up. */
			assert_int_equal(before, -1);
			assert_int_equal(r.code, CODE_CORRUPT);
			continue;
		}
		int64_t count = count_messages(store);
		first = first < 0 ? count : first;
		assert_true(count >= before);
		before = count;
		store_close(store);
	}
	assert_int_equal(first, 0);
	assert_in_range(before, 5, 6);
	buf_done(&log);
}

static void a_flipped_bit_in_the_log_is_found(void **state)
{
	struct fixture *fixture = *state;
	struct buf log;
	for (int64_t seq = 1; seq <= 6; seq++)
		commit_message(fixture, seq);
	scratch_copy(&fixture->live, &fixture->crashed);
	scratch_read(&fixture->live, "store.db-wal", &log);
	for (size_t at = 0; at < log.len; at += 2003) {
		struct store *store = NULL;
		log.at[at] ^= 0x10;
		scratch_write(&fixture->crashed, "store.db-wal", buf_bytes(&log));
		log.at[at] ^= 0x10;
		assert_code(store_sqlite_open(fixture->crashed.folder, &store, &fixture->err), CODE_CORRUPT);
		assert_non_null(strstr(fixture->err.field, "store.db-wal"));
	}
	scratch_write(&fixture->crashed, "store.db-wal", buf_bytes(&log)); /* nothing was altered meanwhile */
	struct store *store = NULL;
	assert_ok(store_sqlite_open(fixture->crashed.folder, &store, &fixture->err));
	assert_int_equal(count_messages(store), 6);
	store_close(store);
	buf_done(&log);
}

/* The file of 30 messages, everything checkpointed. */
static void closed_file(struct fixture *fixture, struct buf *ret)
{
	for (int64_t seq = 1; seq <= 30; seq++)
		commit_message(fixture, seq);
	close_live(fixture);
	scratch_copy(&fixture->live, &fixture->crashed);
	assert_false(scratch_has(&fixture->live, "store.db-wal"));
	scratch_read(&fixture->live, "store.db", ret);
}

/* The code of opening and then reading everything that there is. */
static enum code read_all(const char *folder, struct err *err)
{
	struct store *store = NULL;
	struct buf hold;
	int64_t last = 0;
	result r = store_sqlite_open(folder, &store, err);
	if (FAILED(r))
		return r.code;
	buf_init(&hold, 1 << 20);
	r = store_last_seq(store, &last, err);
	for (int64_t seq = 1; seq <= 30 && !FAILED(r); seq++) {
		struct store_message message;
		struct store_queued queued;
		bool found = false;
		r = store_get(store, seq, &hold, &found, &message, err);
		if (!FAILED(r) && found)
			r = store_find(store, hold.at, &hold, &found, &message, err);
		if (!FAILED(r))
			r = store_queued_find(store, 1, seq, &found, &queued, err);
	}
	bool found = false;
	if (!FAILED(r))
		r = store_row_get(store, STORE_RECORDS, BYTES_LIT("key"), &hold, &found, err);
	if (!FAILED(r))
		r = store_noted(store, "note", &hold, &found, err);
	buf_done(&hold);
	store_close(store);
	return r.code;
}

static void assert_names_the_file(const struct fixture *fixture, const struct scratch *scratch)
{
	char *path = scratch_path(scratch, "store.db");
	assert_string_equal(fixture->err.field, path);
	mem_free(path);
}

static void a_truncated_file_is_corrupt(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	closed_file(fixture, &file);
	for (size_t size = 0; size < file.len; size += 1731) {
		scratch_write(&fixture->crashed, "store.db", bytes_of(file.at, size));
		assert_int_equal(read_all(fixture->crashed.folder, &fixture->err), CODE_CORRUPT);
		assert_names_the_file(fixture, &fixture->crashed);
	}
	buf_done(&file);
}

static void a_missing_file_is_not_made_anew(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	closed_file(fixture, &file);
	buf_done(&file);
	scratch_unlink(&fixture->crashed, "store.db");
	assert_int_equal(read_all(fixture->crashed.folder, &fixture->err), CODE_CORRUPT);
	assert_names_the_file(fixture, &fixture->crashed);
	assert_false(scratch_has(&fixture->crashed, "store.db"));
}

static void a_damaged_page_is_corrupt_and_never_worse(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	size_t told = 0, pages = 0;
	closed_file(fixture, &file);
	/* The first bytes of each page say what it is. */
	for (size_t page = 0; page < file.len; page += 4096) {
		for (size_t i = 0; i < 8; i++)
			file.at[page + i] ^= 0x5a;
		scratch_write(&fixture->crashed, "store.db", buf_bytes(&file));
		for (size_t i = 0; i < 8; i++)
			file.at[page + i] ^= 0x5a;
		enum code code = read_all(fixture->crashed.folder, &fixture->err);
		assert_true(code == CODE_OK || code == CODE_CORRUPT); /* some pages are of tables that are empty here */
		told += code == CODE_CORRUPT;
		pages++;
		if (code == CODE_CORRUPT)
			assert_names_the_file(fixture, &fixture->crashed);
		if (page == 0)
			assert_int_equal(code, CODE_CORRUPT);
	}
	assert_true(told > pages / 2);
	buf_done(&file);
}

static void any_flipped_bit_is_survived(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	closed_file(fixture, &file);
	for (size_t at = 100; at < file.len; at += 331) {
		uint8_t bit = (uint8_t)(1u << (at % 8));
		file.at[at] ^= bit;
		scratch_write(&fixture->crashed, "store.db", buf_bytes(&file));
		file.at[at] ^= bit;
		enum code code = read_all(fixture->crashed.folder, &fixture->err);
		assert_true(code == CODE_OK || code == CODE_CORRUPT || code == CODE_TOO_LARGE);
	}
	buf_done(&file);
}

static bool folder_holds(const struct scratch *scratch, const char *name, const char *text)
{
	char path[256];
	struct buf file;
	struct err err;
	snprintf(path, sizeof(path), "%s/%s", scratch->folder, name);
	if (FAILED(file_read(path, 64 << 20, &file, &err)))
		return false;
	bool holds = file.len && memmem(file.at, file.len, text, strlen(text)) != NULL;
	buf_done(&file);
	return holds;
}

static void what_was_replaced_is_in_neither_file_after_the_commit(void **state)
{
	static const char secret[] = "the content that an order erases";
	static const uint8_t id[UUID_LEN] = {1}, leaf[STORE_HASH_LEN] = {2};
	struct fixture *fixture = *state;
	struct store *store = fixture->store;
	struct buf envelope;
	buf_init(&envelope, 1 << 20);
	while (envelope.len < 20000) /* some overflow pages */
		buf_add_text(&envelope, secret);
	struct store_message message = {.seq = 1000, .id = id, .leaf = leaf, .envelope = buf_bytes(&envelope), .verdict = BYTES_LIT("v")};
	assert_ok(store_begin(store, &fixture->err));
	assert_ok(store_put(store, &message, &fixture->err));
	assert_ok(store_commit(store, &fixture->err));
	assert_true(folder_holds(&fixture->live, "store.db", secret) || folder_holds(&fixture->live, "store.db-wal", secret));
	assert_ok(store_begin(store, &fixture->err));
	assert_ok(store_replace(store, 1000, BYTES_LIT("empty"), &fixture->err));
	assert_ok(store_commit(store, &fixture->err));
	assert_false(folder_holds(&fixture->live, "store.db", secret));
	assert_false(folder_holds(&fixture->live, "store.db-wal", secret));
	buf_done(&envelope);
}

static void change_header(const struct scratch *scratch, const char *text)
{
	sqlite3 *handle = NULL;
	char *path = scratch_path(scratch, "store.db");
	assert_int_equal(sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE, pages_vfs(true)), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	mem_free(path);
}

static void another_version_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	closed_file(fixture, &file);
	change_header(&fixture->crashed, "PRAGMA user_version=99");
	assert_int_equal(read_all(fixture->crashed.folder, &fixture->err), CODE_VERSION);
	assert_names_the_file(fixture, &fixture->crashed);
	buf_done(&file);
}

static void a_file_of_others_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct buf file;
	closed_file(fixture, &file);
	change_header(&fixture->crashed, "PRAGMA application_id=5");
	assert_int_equal(read_all(fixture->crashed.folder, &fixture->err), CODE_CORRUPT);
	scratch_write(&fixture->crashed, "store.db", BYTES_LIT("This is a text and no database, however long it may be.\n"));
	assert_int_equal(read_all(fixture->crashed.folder, &fixture->err), CODE_CORRUPT);
	assert_names_the_file(fixture, &fixture->crashed);
	buf_done(&file);
}

static void a_second_opener_is_told_that_it_is_busy(void **state)
{
	struct fixture *fixture = *state;
	struct store *second = NULL;
	commit_message(fixture, 1);
	assert_code(store_sqlite_open(fixture->live.folder, &second, &fixture->err), CODE_BUSY);
	assert_non_null(strstr(fixture->err.reason, "another broker"));
	commit_message(fixture, 2);
	close_live(fixture);
	assert_ok(store_sqlite_open(fixture->live.folder, &fixture->store, &fixture->err));
	assert_int_equal(count_messages(fixture->store), 2);
}

static void an_auditor_reads_beside_a_running_broker(void **state)
{
	struct fixture *fixture = *state;
	struct store *auditor = NULL;
	commit_message(fixture, 1);
	assert_ok(store_sqlite_read(fixture->live.folder, &auditor, &fixture->err));
	assert_int_equal(count_messages(auditor), 1);
	commit_message(fixture, 2);
	assert_int_equal(count_messages(auditor), 2);
	close_live(fixture);
	assert_int_equal(count_messages(auditor), 2);
	store_close(auditor);
	auditor = NULL;
	assert_ok(store_sqlite_read(fixture->live.folder, &auditor, &fixture->err));
	assert_int_equal(count_messages(auditor), 2);
	store_close(auditor);
}

static void reading_where_there_is_no_store_makes_none(void **state)
{
	struct fixture *fixture = *state;
	struct store *auditor = NULL;
	assert_code(store_sqlite_read(fixture->crashed.folder, &auditor, &fixture->err), CODE_NOT_FOUND);
	assert_false(scratch_has(&fixture->crashed, "store.db"));
	assert_false(scratch_has(&fixture->crashed, "store.lock"));
}

static void files_are_their_owners_alone(void **state)
{
	struct fixture *fixture = *state;
	static const char *const files[] = {"store.db", "store.db-wal", "store.db-shm", "store.lock"};
	struct stat status;
	commit_message(fixture, 1);
	for (size_t i = 0; i < 4; i++) {
		char *path = scratch_path(&fixture->live, files[i]);
		assert_int_equal(stat(path, &status), 0);
		assert_int_equal(status.st_mode & 0777, 0600);
		mem_free(path);
	}
}

static void a_lax_mode_is_tightened(void **state)
{
	struct fixture *fixture = *state;
	struct stat status;
	char *path = scratch_path(&fixture->live, "store.db");
	close_live(fixture);
	assert_int_equal(chmod(path, 0644), 0);
	assert_ok(store_sqlite_open(fixture->live.folder, &fixture->store, &fixture->err));
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	mem_free(path);
}

static void a_folder_is_made_for_the_owner_alone(void **state)
{
	struct fixture *fixture = *state;
	struct scratch inside;
	struct store *store = NULL;
	struct stat status;
	snprintf(inside.folder, sizeof(inside.folder), "%.50s/deep", fixture->crashed.folder);
	assert_ok(store_sqlite_open(inside.folder, &store, &fixture->err));
	assert_int_equal(stat(inside.folder, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
	store_close(store);
	scratch_remove(&inside);
}

static void a_folder_that_may_not_be_written_is_named(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = NULL;
	static const uid_t nobody = 65534;
	bool root = geteuid() == 0;
	if (root)
		assert_int_equal(chown(fixture->crashed.folder, nobody, nobody), 0);
	assert_int_equal(chmod(fixture->crashed.folder, 0500), 0);
	if (root)
		assert_int_equal(seteuid(nobody), 0);
	result r = store_sqlite_open(fixture->crashed.folder, &store, &fixture->err);
	if (root)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(chmod(fixture->crashed.folder, 0700), 0);
	assert_code(r, CODE_PERMISSION);
	assert_non_null(strstr(fixture->err.field, fixture->crashed.folder));
}

static void a_path_that_is_a_file_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct store *store = NULL;
	char *path = scratch_path(&fixture->crashed, "file");
	scratch_write(&fixture->crashed, "file", BYTES_LIT("x"));
	result r = store_sqlite_open(path, &store, &fixture->err);
	assert_true(FAILED(r) && code_class_of(r.code) == CODE_CLASS_FAULT);
	mem_free(path);
}

static void after_a_sync_that_failed_the_store_answers_io_for_ever(void **state)
{
	struct fixture *fixture = *state;
	struct store_message message;
	struct buf hold;
	bool found;
	int64_t last;
	buf_init(&hold, 4096);
	commit_message(fixture, 1);
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(put_sized(fixture->store, 2, 600, &fixture->err));
	sync_errno = EIO;
	assert_code(store_commit(fixture->store, &fixture->err), CODE_IO);
	assert_names_the_file(fixture, &fixture->live);
	/* The kernel reports a lost page once: a second try would succeed and mean nothing. */
	sync_errno = 0;
	assert_code(store_commit(fixture->store, &fixture->err), CODE_IO);
	store_rollback(fixture->store);
	assert_code(store_begin(fixture->store, &fixture->err), CODE_IO);
	assert_code(store_last_seq(fixture->store, &last, &fixture->err), CODE_IO);
	assert_code(store_get(fixture->store, 1, &hold, &found, &message, &fixture->err), CODE_IO);
	buf_done(&hold);
}

static void a_checkpoint_that_cannot_sync_is_noticed(void **state)
{
	struct fixture *fixture = *state;
	assert_ok(store_begin(fixture->store, &fixture->err));
	for (int64_t seq = 1; seq <= 5000; seq++)
		assert_ok(put_sized(fixture->store, seq, 1024, &fixture->err));
	sync_errno = EIO;
	sync_ending = "/store.db";
	/* The log is on the disk, so this one is good. */
	assert_ok(store_commit(fixture->store, &fixture->err));
	assert_code(store_begin(fixture->store, &fixture->err), CODE_IO);
	close_live(fixture);
	sync_errno = 0;
	assert_ok(store_sqlite_open(fixture->live.folder, &fixture->store, &fixture->err));
	int64_t last = 0;
	assert_ok(store_last_seq(fixture->store, &last, &fixture->err));
	assert_int_equal(last, 5000);
}

static void a_full_disk_is_told_and_survived(void **state)
{
	struct fixture *fixture = *state;
	commit_message(fixture, 1);
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(put_sized(fixture->store, 2, 600, &fixture->err));
	write_errno = ENOSPC;
	assert_code(store_commit(fixture->store, &fixture->err), CODE_FULL);
	assert_names_the_file(fixture, &fixture->live);
	store_rollback(fixture->store);
	write_errno = 0;
	assert_int_equal(count_messages(fixture->store), 1);
	commit_message(fixture, 2);
	close_live(fixture);
	assert_ok(store_sqlite_open(fixture->live.folder, &fixture->store, &fixture->err));
	assert_int_equal(count_messages(fixture->store), 2);
}

static void the_log_stays_small_while_others_read(void **state)
{
	struct fixture *fixture = *state;
	struct store *reader = NULL;
	int64_t last = 0;
	assert_ok(store_reader(fixture->store, &reader, &fixture->err));
	for (int64_t seq = 1; seq <= 20000;) {
		assert_ok(store_begin(fixture->store, &fixture->err));
		for (int i = 0; i < 200; i++)
			assert_ok(put_sized(fixture->store, seq++, 1024, &fixture->err));
		assert_ok(store_commit(fixture->store, &fixture->err));
		assert_ok(store_last_seq(reader, &last, &fixture->err));
		assert_int_equal(last, seq - 1);
	}
	assert_true(scratch_size(&fixture->live, "store.db") > 16 << 20);
	assert_true(scratch_size(&fixture->live, "store.db-wal") < 12 << 20);
	store_close(reader);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_was_committed_outlives_a_restart),
		TEST(a_crash_at_any_moment_keeps_what_was_committed_and_no_more),
		TEST(a_log_cut_anywhere_leaves_a_whole_beginning),
		TEST(a_flipped_bit_in_the_log_is_found),
		TEST(a_truncated_file_is_corrupt),
		TEST(a_missing_file_is_not_made_anew),
		TEST(a_damaged_page_is_corrupt_and_never_worse),
		TEST(any_flipped_bit_is_survived),
		TEST(what_was_replaced_is_in_neither_file_after_the_commit),
		TEST(another_version_is_refused),
		TEST(a_file_of_others_is_refused),
		TEST(a_second_opener_is_told_that_it_is_busy),
		TEST(an_auditor_reads_beside_a_running_broker),
		TEST(reading_where_there_is_no_store_makes_none),
		TEST(files_are_their_owners_alone),
		TEST(a_lax_mode_is_tightened),
		TEST(a_folder_is_made_for_the_owner_alone),
		TEST(a_folder_that_may_not_be_written_is_named),
		TEST(a_path_that_is_a_file_is_refused),
		TEST(after_a_sync_that_failed_the_store_answers_io_for_ever),
		TEST(a_checkpoint_that_cannot_sync_is_noticed),
		TEST(a_full_disk_is_told_and_survived),
		TEST(the_log_stays_small_while_others_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

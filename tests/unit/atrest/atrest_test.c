/* SQLite on sealed files, and what is done to them from outside. The layer is set up once a process, over a ring of two keys. */
#include "atrest/atrest.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"

enum { HEAD = 64, BLOCK = 4096 + VAULT_TRAILER_LEN };

static char folder[64];
static struct vault *ring, *other_ring;

static void fine(result outcome, const struct err *err)
{
	char line[600];
	if (FAILED(outcome))
		fail_msg("%s", err_text(err, line, sizeof(line)));
}

static const char *path_of(const char *name)
{
	static char paths[6][160];
	static int next;
	char *path = paths[next++ % 6];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void run(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static sqlite3 *open_with(const char *path, const char *vfs)
{
	sqlite3 *db = NULL;
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, vfs), SQLITE_OK);
	return db;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *statement = NULL;
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	int64_t answer = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
	sqlite3_finalize(statement);
	return answer;
}

#define FILL                                                                                                                     \
	"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT NOT NULL); CREATE INDEX t_name ON t(name);"                             \
	"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"                                           \
	" INSERT INTO t SELECT i, 'Quillfeather ' || i || hex(zeroblob(40)) FROM n;"

static bool holds(const char *path, const char *word)
{
	struct buf bytes;
	struct err err;
	fine(file_read(path, (size_t)1 << 26, &bytes, &err), &err);
	bool found = memmem(bytes.at, bytes.len, word, strlen(word)) != NULL;
	buf_done(&bytes);
	return found;
}

static int set_up(void **state)
{
	struct err err;
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/liaison-atrest-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	/* A plain file is made before there is a layer. */
	sqlite3 *db = open_with(path_of("plain.db"), NULL);
	run(db, "PRAGMA journal_mode = WAL;" FILL);
	sqlite3_close(db);
	fine(vault_make(path_of("ring"), NULL, &err), &err);
	fine(vault_load(path_of("ring"), &other_ring, &err), &err); /* of the old key alone */
	fine(vault_add(path_of("ring"), &err), &err);
	fine(vault_load(path_of("ring"), &ring, &err), &err);
	fine(atrest_setup(ring, &err), &err);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	vault_free(other_ring);
	vault_free(ring);
	return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void a_database_works_and_nothing_of_it_is_on_the_disk(void **state)
{
	static const char *const journals[] = {"WAL", "DELETE", "TRUNCATE", "PERSIST"};
	(void)state;
	for (size_t i = 0; i < sizeof(journals) / sizeof(*journals); i++) {
		char name[32], sql[64];
		snprintf(name, sizeof(name), "%s.db", journals[i]);
		snprintf(sql, sizeof(sql), "PRAGMA journal_mode = %s", journals[i]);
		sqlite3 *db = open_with(path_of(name), NULL);
		run(db, sql);
		run(db, FILL);
		AUTO_FREE char *log = mem_printf("%s/%s%s", folder, name, i == 0 ? "-wal" : "");
		assert_false(holds(log, "Quillfeather"));
		run(db, "BEGIN; UPDATE t SET name = name || 'x'; ROLLBACK; UPDATE t SET name = name || 'y' WHERE id % 7 = 0; DELETE FROM t WHERE id % 5 = 0; VACUUM");
		sqlite3_close(db);
		db = open_with(path_of(name), NULL);
		assert_int_equal(ask(db, "SELECT count(*) FROM t"), 2400);
		assert_int_equal(ask(db, "SELECT count(*) FROM t WHERE name LIKE '%y'"), 343);
		assert_int_equal(ask(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
		sqlite3_close(db);
		assert_false(holds(path_of(name), "Quillfeather"));
		assert_false(holds(path_of(name), "SQLite"));
	}
}

static void two_connections_see_one_database(void **state)
{
	(void)state;
	sqlite3 *writer = open_with(path_of("two.db"), NULL), *reader = open_with(path_of("two.db"), NULL);
	run(writer, "PRAGMA journal_mode = WAL; CREATE TABLE t(x)");
	run(reader, "PRAGMA journal_mode = WAL");
	for (int i = 1; i <= 50; i++) {
		run(writer, "INSERT INTO t VALUES (1)");
		assert_int_equal(ask(reader, "SELECT count(*) FROM t"), i);
		if (i % 20 == 0)
			run(i % 40 == 0 ? reader : writer, "PRAGMA wal_checkpoint(TRUNCATE)");
		run(reader, "INSERT INTO t SELECT 2 WHERE 0");
	}
	sqlite3_close(writer);
	sqlite3_close(reader);
}

/* What a power failure leaves is what the log had: a copy of the files while they are in use. */
static void a_copy_of_database_and_log_goes_on_from_the_last_commit(void **state)
{
	struct buf bytes;
	struct err err;
	(void)state;
	sqlite3 *db = open_with(path_of("live.db"), NULL);
	run(db, "PRAGMA journal_mode = WAL;" FILL "PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET name = 'late' WHERE id <= 100");
	static const char *const files[][2] = {{"live.db", "copy.db"}, {"live.db-wal", "copy.db-wal"}};
	for (int i = 0; i < 2; i++) {
		fine(file_read(path_of(files[i][0]), (size_t)1 << 26, &bytes, &err), &err);
		fine(file_write(path_of(files[i][1]), buf_bytes(&bytes), 0600, &err), &err);
		buf_done(&bytes);
	}
	sqlite3_close(db);
	/* The last frame of the log is cut in the middle. */
	struct stat about;
	assert_int_equal(stat(path_of("copy.db-wal"), &about), 0);
	db = open_with(path_of("copy.db"), NULL);
	assert_int_equal(ask(db, "SELECT count(*) FROM t WHERE name = 'late'"), 100);
	sqlite3_close(db);
}

static void patch(const char *path, off_t at, const uint8_t *bytes, size_t len)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, at), (ssize_t)len);
	close(fd);
}

static void make(const char *name)
{
	sqlite3 *db = open_with(path_of(name), NULL);
	run(db, FILL);
	sqlite3_close(db);
}

static int integrity(const char *name)
{
	sqlite3 *db = open_with(path_of(name), NULL);
	int rc = sqlite3_exec(db, "SELECT sum(length(name)) FROM t NOT INDEXED; SELECT count(*) FROM t INDEXED BY t_name WHERE name > ''", NULL, NULL, NULL);
	sqlite3_close(db);
	return rc;
}

static void a_flipped_bit_anywhere_in_a_page_is_noticed(void **state)
{
	static const off_t places[] = {0, 1, 100, 4095, 4096, 4096 + 8, 4096 + 24, 4096 + 47};
	(void)state;
	make("flip.db");
	assert_int_equal(integrity("flip.db"), SQLITE_OK);
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		uint8_t byte = 0, flipped;
		off_t at = HEAD + 20 * (off_t)BLOCK + places[i];
		int fd = open(path_of("flip.db"), O_RDONLY | O_CLOEXEC);
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		close(fd);
		flipped = byte ^ 0x10;
		patch(path_of("flip.db"), at, &flipped, 1);
		assert_int_not_equal(integrity("flip.db"), SQLITE_OK);
		patch(path_of("flip.db"), at, &byte, 1);
	}
	assert_int_equal(integrity("flip.db"), SQLITE_OK);
}

static void pages_cannot_be_exchanged_within_a_file_or_between_files(void **state)
{
	uint8_t one[BLOCK], two[BLOCK];
	(void)state;
	make("left.db");
	make("right.db");
	int fd = open(path_of("left.db"), O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, one, BLOCK, HEAD + 20 * (off_t)BLOCK), BLOCK);
	assert_int_equal(pread(fd, two, BLOCK, HEAD + 21 * (off_t)BLOCK), BLOCK);
	close(fd);
	patch(path_of("left.db"), HEAD + 20 * (off_t)BLOCK, two, BLOCK);
	assert_int_not_equal(integrity("left.db"), SQLITE_OK);
	patch(path_of("left.db"), HEAD + 20 * (off_t)BLOCK, one, BLOCK);
	assert_int_equal(integrity("left.db"), SQLITE_OK);
	patch(path_of("right.db"), HEAD + 20 * (off_t)BLOCK, one, BLOCK); /* the same rows, in the same place, of another file */
	assert_int_not_equal(integrity("right.db"), SQLITE_OK);
}

static void a_plain_database_is_sealed_once_and_then_left_alone(void **state)
{
	struct atrest_count count;
	struct err err;
	bool is_done = false;
	(void)state;
	fine(atrest_look(path_of("plain.db"), ring, &count, &err), &err);
	assert_int_equal(count.state, ATREST_PLAIN);
	assert_true(holds(path_of("plain.db"), "Quillfeather"));
	fine(atrest_may_open(path_of("plain.db"), NULL, &err), &err);
	fine(atrest_seal_file(path_of("plain.db"), ring, &is_done, &err), &err);
	assert_true(is_done);
	assert_false(holds(path_of("plain.db"), "Quillfeather"));
	assert_int_not_equal(access(path_of("plain.db.sealing"), F_OK), 0);
	fine(atrest_look(path_of("plain.db"), ring, &count, &err), &err);
	assert_int_equal(count.state, ATREST_SEALED);
	assert_int_equal(count.by_key[0], count.blocks);
	fine(atrest_seal_file(path_of("plain.db"), ring, &is_done, &err), &err);
	assert_false(is_done);
	sqlite3 *db = open_with(path_of("plain.db"), NULL);
	assert_int_equal(ask(db, "SELECT count(*) FROM t"), 3000);
	sqlite3_close(db);
	fine(atrest_look(path_of("nowhere.db"), ring, &count, &err), &err);
	assert_int_equal(count.state, ATREST_ABSENT);
}

static void a_sealed_database_says_what_key_it_lacks(void **state)
{
	struct err err;
	(void)state;
	make("mine.db");
	fine(atrest_may_open(path_of("mine.db"), ring, &err), &err);
	assert_int_equal(atrest_may_open(path_of("mine.db"), NULL, &err).code, CODE_KEY);
	assert_non_null(strstr(err.reason, "no key is set"));
	assert_int_equal(atrest_may_open(path_of("mine.db"), other_ring, &err).code, CODE_KEY);
	assert_non_null(strstr(err.reason, "not in the ring"));
	struct atrest_count count;
	fine(atrest_look(path_of("mine.db"), other_ring, &count, &err), &err);
	assert_int_equal(count.by_others, count.blocks);
}

static void a_database_in_use_is_not_converted(void **state)
{
	struct err err;
	bool is_done = false;
	sqlite3 *db = NULL;
	(void)state;
	assert_int_equal(sqlite3_open_v2(path_of("busy.db"), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "unix"), SQLITE_OK);
	run(db, "PRAGMA journal_mode = WAL;" FILL "BEGIN IMMEDIATE");
	assert_int_equal(atrest_seal_file(path_of("busy.db"), ring, &is_done, &err).code, CODE_BUSY);
	assert_false(is_done);
	sqlite3_close(db);
}

static void there_is_one_ring_in_a_process(void **state)
{
	struct vault *second = NULL;
	struct err err;
	(void)state;
	fine(vault_load(path_of("ring"), &second, &err), &err);
	assert_int_equal(atrest_setup(second, &err).code, CODE_USAGE);
}

/* Said, not judged: what a page costs. */
static void what_a_page_costs_is_printed(void **state)
{
	enum { ROUNDS = 2000 };
	static uint8_t page[4096], trailer[VAULT_TRAILER_LEN];
	struct vault_hand *hand = vault_hand_new(ring);
	struct err err;
	(void)state;
	int64_t begin = clock_mono_ms();
	for (int i = 0; i < ROUNDS; i++)
		fine(vault_hand_seal(hand, BYTES_LIT("x"), page, sizeof(page), page, trailer, &err), &err);
	print_message("sealing a page of 4096 bytes: %.2f us\n", (double)(clock_mono_ms() - begin) * 1000 / ROUNDS);
	vault_hand_free(hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_database_works_and_nothing_of_it_is_on_the_disk),
		cmocka_unit_test(two_connections_see_one_database),
		cmocka_unit_test(a_copy_of_database_and_log_goes_on_from_the_last_commit),
		cmocka_unit_test(a_flipped_bit_anywhere_in_a_page_is_noticed),
		cmocka_unit_test(pages_cannot_be_exchanged_within_a_file_or_between_files),
		cmocka_unit_test(a_plain_database_is_sealed_once_and_then_left_alone),
		cmocka_unit_test(a_sealed_database_says_what_key_it_lacks),
		cmocka_unit_test(a_database_in_use_is_not_converted),
		cmocka_unit_test(there_is_one_ring_in_a_process),
		cmocka_unit_test(what_a_page_costs_is_printed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}

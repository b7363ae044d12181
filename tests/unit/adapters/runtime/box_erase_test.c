/* Erasure in the adapter's own file: what is destroyed, what stays, and that the disk has forgotten it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/broker/scratch.h"

#include "adapters/runtime/box.h"
#include "base/clock.h"
#include "base/log.h"
#include "schemas/envelope.h"
#include "schemas/message.h"

#define SECRET "what the order erases"
#define OTHER "what it leaves alone"

struct desk {
	struct scratch scratch;
	struct box *box;
	struct buf hold;
};

static void fine(result r, const struct err *err)
{
	char line[600];
	if (FAILED(r))
		fail_msg("%s", err_text(err, line, sizeof(line)));
}

static int set_up(void **state)
{
	struct desk *desk = mem_alloc(sizeof(*desk));
	struct err err;
	log_setup("box_erase_test", LOG_ERROR, LOG_FORMAT_AUTO);
	clock_freeze(1800000000000);
	scratch_make(&desk->scratch);
	buf_init(&desk->hold, 1 << 20);
	fine(box_open(desk->scratch.folder, NULL, &desk->box, &err), &err);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;
	box_close(desk->box);
	buf_done(&desk->hold);
	scratch_remove(&desk->scratch);
	clock_release();
	mem_free(desk);
	return 0;
}

static void pack_parts(const char *text, struct buf *main, struct buf *out)
{
	static const uint8_t salt[MESSAGE_SALT_LEN] = {1};
	buf_init(main, 4096);
	buf_init(out, 8192);
	pack_put_map(main, 1);
	pack_put_str(main, "text");
	pack_put_str(main, text);
	const struct part part = {BYTES_LIT("main"), salt, buf_bytes(main)};
	part_encode_all(&part, 1, out);
}

static void commit(struct desk *desk)
{
	struct err err;
	fine(box_commit(desk->box, &err), &err);
}

static void put_record(struct desk *desk, const char *number, struct bytes body)
{
	struct kind_record record = {.kind = "warrant", .state = "active", .owner = "ct.doc", .body = body};
	struct err err;
	snprintf(record.number, sizeof(record.number), "%s", number);
	fine(box_put_record(desk->box, &record, &err), &err);
}

/* An own message that the hub has judged, or has not; and a record made of it. */
static void put_out(struct desk *desk, const struct uuid *id, const char *text, bool judged)
{
	struct buf main, parts;
	struct err err;
	int64_t seq = 0;
	pack_parts(text, &main, &parts);
	const struct box_out out = {.id = id->at, .priority = 5, .header = bytes_of(id->at, UUID_LEN), .parts = buf_bytes(&parts), .tag = BYTES_LIT(""), .created = 7};
	fine(box_put_out(desk->box, &out, &seq, &err), &err);
	if (judged)
		fine(box_judged(desk->box, id->at, true, BYTES_LIT("verdict"), &err), &err);
	put_record(desk, text, buf_bytes(&main));
	buf_done(&main);
	buf_done(&parts);
}

static void put_in(struct desk *desk, const struct uuid *id, const char *text)
{
	static const uint8_t leaf[BOX_HASH_LEN] = {9}, signer[32] = {3};
	struct buf main, parts, envelope;
	struct err err;
	pack_parts(text, &main, &parts);
	buf_init(&envelope, 65536);
	const struct envelope sealed = {.header = bytes_of(id->at, UUID_LEN), .parts = buf_bytes(&parts), .statement = BYTES_LIT("s"),
	                                .signature = BYTES_LIT("s"), .signer = signer};
	envelope_encode(&sealed, &envelope);
	const struct box_in in = {.id = id->at, .leaf = leaf, .envelope = buf_bytes(&envelope), .tag = BYTES_LIT("")};
	fine(box_put_in(desk->box, &in, &err), &err);
	buf_done(&main);
	buf_done(&parts);
	buf_done(&envelope);
}

/* In these tests a header is the id alone. */
static bool is_meant(void *ctx, struct bytes header)
{
	const struct uuid *ids = ctx;
	return !memcmp(header.at, ids[0].at, UUID_LEN) || !memcmp(header.at, ids[1].at, UUID_LEN);
}

static bool folder_holds(const struct desk *desk, const char *text)
{
	static const char *const names[] = {"adapter.db", "adapter.db-wal"};
	bool holds = false;
	for (size_t i = 0; i < 2; i++) {
		char path[256];
		struct buf file;
		struct err err;
		snprintf(path, sizeof(path), "%s/%s", desk->scratch.folder, names[i]);
		if (FAILED(file_read(path, 64 << 20, &file, &err)))
			continue;
		holds |= file.len && memmem(file.at, file.len, text, strlen(text)) != NULL;
		buf_done(&file);
	}
	return holds;
}

static bool keep_count(void *ctx, const struct kind_record *record)
{
	(void)record;
	(*(size_t *)ctx)++;
	return true;
}

static size_t records(struct desk *desk, const char *number)
{
	size_t count = 0;
	struct err err;
	fine(box_each_record(desk->box, "warrant", "number", number, keep_count, &count, &err), &err);
	return count;
}

static void parts_deliveries_and_records_of_what_is_meant_are_gone_from_the_disk(void **state)
{
	struct desk *desk = *state;
	struct uuid meant[2] = {uuid_new(), uuid_new()}, other = uuid_new(), another = uuid_new();
	struct box_out out;
	struct box_in in;
	struct err err;
	bool found = false;
	int64_t erased = 0, waiting = 0, unhanded = 0;
	put_out(desk, &meant[0], SECRET, true);
	put_in(desk, &meant[1], SECRET);
	put_out(desk, &other, OTHER, true);
	put_in(desk, &another, OTHER);
	commit(desk);
	assert_true(folder_holds(desk, SECRET));
	fine(box_erase(desk->box, is_meant, meant, &erased, &err), &err);
	commit(desk);
	assert_int_equal(erased, 2);
	assert_false(folder_holds(desk, SECRET));
	assert_true(folder_holds(desk, OTHER));
	fine(box_find_out(desk->box, meant[0].at, &desk->hold, &found, &out, &err), &err);
	assert_true(found && bytes_equal(out.parts, BYTES_LIT("\x90")) && out.state == BOX_ACCEPTED && bytes_is(out.verdict, "verdict"));
	fine(box_find_in(desk->box, meant[1].at, &desk->hold, &found, &in, &err), &err);
	assert_true(found && in.envelope.len == 0 && in.handed); /* known, so that it does not come twice, and never handed over */
	fine(box_counts(desk->box, &waiting, &unhanded, &err), &err);
	assert_int_equal(unhanded, 1);
	assert_int_equal(records(desk, SECRET), 0);
	assert_int_equal(records(desk, OTHER), 1);
	fine(box_erase(desk->box, is_meant, meant, &erased, &err), &err);
	assert_int_equal(erased, 0);
}

static void what_the_hub_has_not_judged_is_later_than_the_order(void **state)
{
	struct desk *desk = *state;
	struct uuid meant[2] = {uuid_new(), uuid_new()};
	struct err err;
	int64_t erased = 0;
	put_out(desk, &meant[0], SECRET, false);
	commit(desk);
	fine(box_erase(desk->box, is_meant, meant, &erased, &err), &err);
	assert_int_equal(erased, 0);
	assert_int_equal(records(desk, SECRET), 1);
}

static void an_erasure_that_is_undone_has_erased_nothing(void **state)
{
	struct desk *desk = *state;
	struct uuid meant[2] = {uuid_new(), uuid_new()};
	struct err err, why = {.code = CODE_IO};
	int64_t erased = 0;
	put_in(desk, &meant[0], SECRET);
	commit(desk);
	fine(box_erase(desk->box, is_meant, meant, &erased, &err), &err);
	assert_int_equal(erased, 1);
	box_undo(desk->box, &why);
	assert_true(FAILED(box_commit(desk->box, &err)));
	assert_true(folder_holds(desk, SECRET));
	fine(box_erase(desk->box, is_meant, meant, &erased, &err), &err);
	commit(desk);
	assert_int_equal(erased, 1);
	assert_false(folder_holds(desk, SECRET));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(parts_deliveries_and_records_of_what_is_meant_are_gone_from_the_disk),
		TEST(what_the_hub_has_not_judged_is_later_than_the_order),
		TEST(an_erasure_that_is_undone_has_erased_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

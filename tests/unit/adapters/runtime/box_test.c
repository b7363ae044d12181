#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>

#include <sqlite3.h>

#include "unit/broker/scratch.h"

#include "adapters/runtime/box.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/uuid.h"
#include "pages/pages.h"
#include "schemas/json.h"

struct desk {
	struct scratch scratch, copy;
	struct box *box;
	struct buf hold;
};

static void fine(result r, const struct err *err)
{
	char line[600];
	if (FAILED(r))
		fail_msg("%s", err_text(err, line, sizeof(line)));
}

static void open_box(struct desk *desk)
{
	struct err err;
	fine(box_open(desk->scratch.folder, NULL, &desk->box, &err), &err);
}

static int set_up(void **state)
{
	struct desk *desk = mem_alloc(sizeof(*desk));
	log_setup("box_test", LOG_ERROR, LOG_FORMAT_AUTO);
	clock_freeze(1800000000000);
	scratch_make(&desk->scratch);
	scratch_make(&desk->copy);
	buf_init(&desk->hold, 1 << 20);
	open_box(desk);
	*state = desk;
	return 0;
}

static int tear_down(void **state)
{
	struct desk *desk = *state;
	box_close(desk->box);
	buf_done(&desk->hold);
	scratch_remove(&desk->scratch);
	scratch_remove(&desk->copy);
	clock_release();
	mem_free(desk);
	return 0;
}

static void commit(struct desk *desk)
{
	struct err err;
	fine(box_commit(desk->box, &err), &err);
}

static result put_out(struct box *box, const struct uuid *id, int64_t priority, bool is_receipt)
{
	struct err err;
	int64_t seq = 0;
	struct box_out out = {.id = id->at, .priority = priority, .is_receipt = is_receipt, .header = BYTES_LIT("header"), .parts = BYTES_LIT("parts"),
	                      .tag = BYTES_LIT("tag"), .created = 7};
	return box_put_out(box, &out, &seq, &err);
}

static result put_in(struct box *box, const struct uuid *id, bool refused)
{
	static const uint8_t leaf[BOX_HASH_LEN] = {9};
	struct err err;
	struct box_in in = {.id = id->at, .leaf = leaf, .envelope = BYTES_LIT("envelope"), .tag = BYTES_LIT("tag"), .refused = refused};
	return box_put_in(box, &in, &err);
}

static bool has_out(struct desk *desk, struct box *box, const struct uuid *id, struct box_out *ret)
{
	struct err err;
	bool found = false;
	fine(box_find_out(box, id->at, &desk->hold, &found, ret, &err), &err);
	return found;
}

static bool has_note(struct desk *desk, struct box *box, const char *name)
{
	struct err err;
	bool found = false;
	fine(box_noted(box, name, &desk->hold, &found, &err), &err);
	return found;
}

static void put_note(struct desk *desk, const char *name)
{
	struct err err;
	fine(box_note(desk->box, name, BYTES_LIT("value"), &err), &err);
}

static void join_name(void *ctx, struct bytes name)
{
	buf_add(ctx, name);
	buf_add_byte(ctx, ' ');
}

static void expect_notes(struct desk *desk, const char *prefix, const char *names)
{
	struct err err;
	struct buf joined;
	buf_init(&joined, 1024);
	fine(box_each_note(desk->box, prefix, join_name, &joined, &err), &err);
	assert_true(bytes_is(buf_bytes(&joined), names));
	buf_done(&joined);
}

/* What a death at this moment would leave, opened. */
static struct box *open_copy(struct desk *desk)
{
	struct box *box = NULL;
	struct err err;
	scratch_copy(&desk->scratch, &desk->copy);
	fine(box_open(desk->copy.folder, NULL, &box, &err), &err);
	return box;
}

static void a_death_before_the_commit_leaves_nothing_and_after_it_everything(void **state)
{
	struct desk *desk = *state;
	struct uuid first = uuid_new(), second = uuid_new();
	struct box_out out;
	assert_int_equal(put_out(desk->box, &first, 5, false).code, CODE_OK);
	commit(desk);
	assert_int_equal(put_out(desk->box, &second, 5, false).code, CODE_OK);
	put_note(desk, "second");
	struct box *copy = open_copy(desk);
	assert_true(has_out(desk, copy, &first, &out));
	assert_false(has_out(desk, copy, &second, &out));
	assert_false(has_note(desk, copy, "second"));
	box_close(copy);
	commit(desk);
	copy = open_copy(desk);
	assert_true(has_out(desk, copy, &second, &out));
	assert_true(has_note(desk, copy, "second"));
	box_close(copy);
}

static void what_is_reopened_is_what_was_closed(void **state)
{
	struct desk *desk = *state;
	struct uuid id = uuid_new();
	struct box_out out;
	assert_int_equal(put_out(desk->box, &id, 8, true).code, CODE_OK);
	box_close(desk->box); /* commits */
	open_box(desk);
	assert_true(has_out(desk, desk->box, &id, &out));
	assert_memory_equal(out.id, id.at, UUID_LEN);
	assert_true(out.priority == 8 && out.is_receipt && out.state == BOX_WAITING && out.created == 7);
	assert_true(bytes_is(out.header, "header") && bytes_is(out.parts, "parts") && bytes_is(out.tag, "tag") && out.verdict.len == 0);
}

static void a_second_adapter_on_the_same_folder_is_told_so(void **state)
{
	struct desk *desk = *state;
	struct box *second = NULL;
	struct err err;
	assert_int_equal(box_open(desk->scratch.folder, NULL, &second, &err).code, CODE_BUSY);
	assert_null(second);
	put_note(desk, "still");
	commit(desk);
}

static void a_file_that_is_no_database_is_corrupt(void **state)
{
	struct desk *desk = *state;
	struct box *box = NULL;
	struct err err;
	char junk[4096];
	memset(junk, 'j', sizeof(junk));
	scratch_write(&desk->copy, "adapter.db", bytes_of((const uint8_t *)junk, sizeof(junk)));
	assert_int_equal(box_open(desk->copy.folder, NULL, &box, &err).code, CODE_CORRUPT);
}

static void a_box_that_is_gone_or_empty_is_not_made_anew(void **state)
{
	struct desk *desk = *state;
	struct box *box = NULL;
	struct err err;
	box_close(desk->box);
	desk->box = NULL;
	scratch_copy(&desk->scratch, &desk->copy);
	scratch_write(&desk->copy, "adapter.db", BYTES_NONE);
	assert_int_equal(box_open(desk->copy.folder, NULL, &box, &err).code, CODE_CORRUPT);
	scratch_unlink(&desk->copy, "adapter.db");
	assert_int_equal(box_open(desk->copy.folder, NULL, &box, &err).code, CODE_CORRUPT);
	assert_non_null(strstr(err.reason, "in use before"));
	assert_false(scratch_has(&desk->copy, "adapter.db"));
}

static void run(sqlite3 *handle, const char *text)
{
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
}

/* As the first format was: SQLite's pages as they are. */
static void a_box_of_the_first_format_gets_checksums_and_keeps_what_it_holds(void **state)
{
	struct desk *desk = *state;
	struct err err;
	sqlite3 *handle = NULL;
	enum pages_kind kind;
	char *path = scratch_path(&desk->copy, "adapter.db"), *from = scratch_path(&desk->scratch, "adapter.db"), *text;
	put_note(desk, "kept");
	box_close(desk->box);
	desk->box = NULL;
	assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
	text = sqlite3_mprintf("PRAGMA journal_mode=WAL; ATTACH %Q AS now", from);
	run(handle, text);
	sqlite3_free(text);
	sqlite3_stmt *each = NULL;
	assert_int_equal(sqlite3_prepare_v2(handle, "SELECT sql FROM now.sqlite_schema WHERE sql IS NOT NULL", -1, &each, NULL), SQLITE_OK);
	while (sqlite3_step(each) == SQLITE_ROW)
		run(handle, (const char *)sqlite3_column_text(each, 0));
	sqlite3_finalize(each);
	run(handle, "INSERT INTO note SELECT * FROM now.note; PRAGMA application_id=1279869250; PRAGMA user_version=1");
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	fine(pages_look(path, &kind, &err), &err);
	assert_int_equal(kind, PAGES_PLAIN);
	fine(box_open(desk->copy.folder, NULL, &desk->box, &err), &err);
	assert_true(has_note(desk, desk->box, "kept"));
	fine(pages_look(path, &kind, &err), &err);
	assert_int_equal(kind, PAGES_CHECKED);
	mem_free(path);
	mem_free(from);
}

/* ---- after ---- */

struct told {
	struct box *box;
	int64_t numbers[16];
	size_t count;
	enum code why;
};

static void tell(void *ctx, int64_t number, const struct err *why)
{
	struct told *told = ctx;
	told->numbers[told->count++] = number;
	told->why = why ? why->code : CODE_OK;
}

static void tell_and_write(void *ctx, int64_t number, const struct err *why)
{
	struct told *told = ctx;
	struct err err;
	tell(ctx, number, why);
	fine(box_note(told->box, "from the call", BYTES_LIT("value"), &err), &err);
	box_after(told->box, tell, told, number + 1);
}

static void what_is_put_off_runs_once_in_order_after_the_commit(void **state)
{
	struct desk *desk = *state;
	struct told told = {.why = CODE_COUNT};
	put_note(desk, "one");
	for (int64_t i = 0; i < 3; i++)
		box_after(desk->box, tell, &told, i);
	assert_int_equal(told.count, 0);
	commit(desk);
	assert_int_equal(told.count, 3);
	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(told.numbers[i], i);
	assert_int_equal(told.why, CODE_OK);
	commit(desk);
	assert_int_equal(told.count, 3);
}

static void what_a_call_writes_and_puts_off_belongs_to_the_next_commit(void **state)
{
	struct desk *desk = *state;
	struct told told = {.box = desk->box};
	box_after(desk->box, tell_and_write, &told, 10);
	commit(desk);
	assert_int_equal(told.count, 1);
	struct box *copy = open_copy(desk);
	assert_false(has_note(desk, copy, "from the call"));
	box_close(copy);
	commit(desk);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.numbers[1], 11);
	copy = open_copy(desk);
	assert_true(has_note(desk, copy, "from the call"));
	box_close(copy);
}

static void whoever_goes_away_is_not_called(void **state)
{
	struct desk *desk = *state;
	struct told gone = {.count = 0}, stays = {.count = 0};
	box_after(desk->box, tell, &gone, 1);
	box_after(desk->box, tell, &stays, 2);
	box_forget(desk->box, &gone);
	commit(desk);
	assert_int_equal(gone.count, 0);
	assert_int_equal(stays.count, 1);
}

static void an_undone_turn_leaves_nothing_refuses_more_and_is_told(void **state)
{
	struct desk *desk = *state;
	struct told told = {.why = CODE_OK};
	struct err why, err;
	put_note(desk, "before");
	commit(desk);
	put_note(desk, "undone");
	box_after(desk->box, tell, &told, 1);
	assert_int_equal(err_set(&why, CODE_DUPLICATE_CONFLICT, "/id", "taken").code, CODE_DUPLICATE_CONFLICT);
	box_undo(desk->box, &why);
	assert_int_equal(box_note(desk->box, "too late", BYTES_LIT("value"), &err).code, CODE_DUPLICATE_CONFLICT);
	assert_int_equal(box_commit(desk->box, &err).code, CODE_DUPLICATE_CONFLICT);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.why, CODE_DUPLICATE_CONFLICT);
	assert_true(has_note(desk, desk->box, "before"));
	assert_false(has_note(desk, desk->box, "undone"));
	assert_false(has_note(desk, desk->box, "too late"));
	put_note(desk, "next"); /* the next turn is a turn like any other */
	commit(desk);
	assert_true(has_note(desk, desk->box, "next"));
}

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes == RLIM_INFINITY ? limit.rlim_max : bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_commit_that_the_disk_refuses_undoes_the_turn_and_tells_so(void **state)
{
	struct desk *desk = *state;
	struct told told = {.why = CODE_OK};
	struct err err;
	uint8_t *large = mem_alloc(300000);
	put_note(desk, "before");
	commit(desk);
	signal(SIGXFSZ, SIG_IGN);
	limit_files((rlim_t)scratch_size(&desk->scratch, "adapter.db-wal") + 8192);
	result r = box_note(desk->box, "large", bytes_of(large, 300000), &err);
	box_after(desk->box, tell, &told, 1);
	result committed = box_commit(desk->box, &err);
	limit_files(RLIM_INFINITY);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(r.code, CODE_OK);
	assert_int_equal(code_class_of(committed.code), CODE_CLASS_FAULT);
	assert_int_equal(told.count, 1);
	assert_int_equal(told.why, committed.code);
	assert_false(has_note(desk, desk->box, "large"));
	assert_true(has_note(desk, desk->box, "before"));
	put_note(desk, "next");
	commit(desk);
	assert_true(has_note(desk, desk->box, "next"));
	mem_free(large);
}

/* ---- outbox ---- */

struct order {
	uint8_t ids[16][UUID_LEN];
	size_t count, most;
};

static bool note_out(void *ctx, const struct box_out *out)
{
	struct order *order = ctx;
	memcpy(order->ids[order->count++], out->id, UUID_LEN);
	return order->count < order->most;
}

static void the_outbox_is_in_sending_order_and_stops_where_it_is_told(void **state)
{
	static const int64_t priorities[] = {3, 9, 3, 5};
	static const size_t expected[] = {1, 3, 0, 2};
	struct desk *desk = *state;
	struct uuid ids[4];
	struct err err;
	for (size_t most = 2; most <= 4; most += 2) {
		struct order order = {.most = most};
		for (size_t i = 0; most == 2 && i < 4; i++) {
			ids[i] = uuid_new();
			assert_int_equal(put_out(desk->box, &ids[i], priorities[i], false).code, CODE_OK);
		}
		fine(box_each_waiting(desk->box, NULL, note_out, &order, &err), &err);
		assert_int_equal(order.count, most);
		for (size_t i = 0; i < most; i++)
			assert_memory_equal(order.ids[i], ids[expected[i]].at, UUID_LEN);
	}
}

static void an_id_is_taken_once(void **state)
{
	struct desk *desk = *state;
	struct uuid id = uuid_new();
	assert_int_equal(put_out(desk->box, &id, 5, false).code, CODE_OK);
	assert_int_equal(put_out(desk->box, &id, 5, false).code, CODE_DUPLICATE);
	commit(desk);
	assert_int_equal(put_out(desk->box, &id, 5, false).code, CODE_DUPLICATE);
	commit(desk);
}

static void a_verdict_ends_the_waiting_and_takes_receipts_away(void **state)
{
	struct desk *desk = *state;
	struct uuid accepted = uuid_new(), refused = uuid_new(), receipt = uuid_new();
	struct box_out out;
	struct err err;
	int64_t waiting = 0, unhanded = 0;
	assert_int_equal(put_out(desk->box, &accepted, 5, false).code, CODE_OK);
	assert_int_equal(put_out(desk->box, &refused, 5, false).code, CODE_OK);
	assert_int_equal(put_out(desk->box, &receipt, 5, true).code, CODE_OK);
	fine(box_counts(desk->box, &waiting, &unhanded, &err), &err);
	assert_int_equal(waiting, 3);
	fine(box_judged(desk->box, accepted.at, true, BYTES_LIT("yes"), &err), &err);
	fine(box_judged(desk->box, refused.at, false, BYTES_LIT("no"), &err), &err);
	fine(box_judged(desk->box, receipt.at, true, BYTES_LIT("yes"), &err), &err);
	fine(box_judged(desk->box, accepted.at, false, BYTES_LIT("later"), &err), &err); /* the first verdict stands */
	assert_true(has_out(desk, desk->box, &accepted, &out) && out.state == BOX_ACCEPTED && bytes_is(out.verdict, "yes"));
	assert_true(has_out(desk, desk->box, &refused, &out) && out.state == BOX_REFUSED && bytes_is(out.verdict, "no"));
	assert_false(has_out(desk, desk->box, &receipt, &out));
	fine(box_counts(desk->box, &waiting, &unhanded, &err), &err);
	assert_int_equal(waiting, 0);
}

/* ---- inbox ---- */

struct arrivals {
	uint8_t ids[16][UUID_LEN];
	int64_t seqs[16];
	size_t count;
};

static bool note_in(void *ctx, const struct box_in *in)
{
	struct arrivals *arrivals = ctx;
	memcpy(arrivals->ids[arrivals->count], in->id, UUID_LEN);
	arrivals->seqs[arrivals->count++] = in->seq;
	return true;
}

static void deliveries_are_handed_over_in_order_of_arrival_and_each_once(void **state)
{
	struct desk *desk = *state;
	struct uuid ids[3] = {uuid_new(), uuid_new(), uuid_new()}, refused = uuid_new();
	struct arrivals all = {.count = 0}, rest = {.count = 0}, left = {.count = 0};
	struct err err;
	bool was_waiting = false;
	assert_int_equal(put_in(desk->box, &ids[2], false).code, CODE_OK);
	assert_int_equal(put_in(desk->box, &refused, true).code, CODE_OK);
	assert_int_equal(put_in(desk->box, &ids[0], false).code, CODE_OK);
	assert_int_equal(put_in(desk->box, &ids[1], false).code, CODE_OK);
	assert_int_equal(put_in(desk->box, &ids[1], false).code, CODE_DUPLICATE);
	assert_int_equal(put_in(desk->box, &refused, false).code, CODE_DUPLICATE);
	commit(desk);
	fine(box_each_unhanded(desk->box, 0, note_in, &all, &err), &err);
	assert_int_equal(all.count, 3);
	assert_memory_equal(all.ids[0], ids[2].at, UUID_LEN);
	assert_memory_equal(all.ids[1], ids[0].at, UUID_LEN);
	fine(box_each_unhanded(desk->box, all.seqs[0], note_in, &rest, &err), &err);
	assert_int_equal(rest.count, 2);
	fine(box_handed(desk->box, ids[2].at, &was_waiting, &err), &err);
	assert_true(was_waiting);
	fine(box_handed(desk->box, ids[2].at, &was_waiting, &err), &err);
	assert_false(was_waiting);
	fine(box_handed(desk->box, refused.at, &was_waiting, &err), &err);
	assert_false(was_waiting);
	fine(box_each_unhanded(desk->box, 0, note_in, &left, &err), &err);
	assert_int_equal(left.count, 2);
}

static void count_outcome(void *ctx, const struct box_outcome *outcome)
{
	assert_true(bytes_is(outcome->what, "received"));
	++*(size_t *)ctx;
}

static void an_outcome_is_filed_once(void **state)
{
	struct desk *desk = *state;
	struct uuid of = uuid_new(), id = uuid_new();
	struct box_outcome outcome = {.of = of.at, .id = id.at, .recipient = BYTES_LIT("ct.board"), .what = BYTES_LIT("received"),
	                              .code = BYTES_LIT("ok"), .at = 5, .envelope = BYTES_LIT("proof")};
	struct err err;
	bool is_new = false;
	size_t count = 0;
	fine(box_put_outcome(desk->box, &outcome, &is_new, &err), &err);
	assert_true(is_new);
	fine(box_put_outcome(desk->box, &outcome, &is_new, &err), &err);
	assert_false(is_new);
	struct uuid other = uuid_new();
	outcome.id = other.at; /* said again, after the hub had gone on from an older copy */
	fine(box_put_outcome(desk->box, &outcome, &is_new, &err), &err);
	assert_false(is_new);
	fine(box_each_outcome(desk->box, of.at, count_outcome, &count, &err), &err);
	assert_int_equal(count, 1);
	fine(box_each_outcome(desk->box, id.at, count_outcome, &count, &err), &err);
	assert_int_equal(count, 1);
}

static bool receipt_waits(struct desk *desk, const struct uuid *of)
{
	struct err err;
	bool waits = false;
	fine(box_receipt_waits(desk->box, of->at, &waits, &err), &err);
	return waits;
}

static void a_receipt_waits_until_the_hub_has_judged_it(void **state)
{
	struct desk *desk = *state;
	struct uuid of = uuid_new(), other = uuid_new(), id = uuid_new();
	char tag[UUID_TEXT_MAX];
	struct err err;
	int64_t seq = 0;
	struct box_out out = {.id = id.at, .is_receipt = true, .header = BYTES_LIT("header"), .parts = BYTES_LIT("parts"), .tag = bytes_text(uuid_text(of.at, tag))};
	assert_false(receipt_waits(desk, &of));
	fine(box_put_out(desk->box, &out, &seq, &err), &err);
	assert_true(receipt_waits(desk, &of));
	assert_false(receipt_waits(desk, &other));
	fine(box_judged(desk->box, id.at, true, BYTES_LIT("verdict"), &err), &err);
	assert_false(receipt_waits(desk, &of));
	struct uuid message = uuid_new(); /* its tag is its sender's own word */
	out.id = message.at;
	out.is_receipt = false;
	fine(box_put_out(desk->box, &out, &seq, &err), &err);
	assert_false(receipt_waits(desk, &of));
}

static void a_source_is_known_once_it_was_put(void **state)
{
	struct desk *desk = *state;
	struct err err;
	bool known = true;
	fine(box_source_known(desk->box, BYTES_LIT("key"), &known, &err), &err);
	assert_false(known);
	for (int i = 0; i < 2; i++)
		fine(box_put_source(desk->box, BYTES_LIT("key"), &err), &err);
	fine(box_source_known(desk->box, BYTES_LIT("key"), &known, &err), &err);
	assert_true(known);
}

static void pruning_keeps_what_waits_and_the_ids_of_what_was_handed_over(void **state)
{
	struct desk *desk = *state;
	struct uuid waiting = uuid_new(), judged = uuid_new(), handed = uuid_new(), unhanded = uuid_new();
	struct box_out out;
	struct box_in in;
	struct err err;
	bool found = false;
	assert_int_equal(put_out(desk->box, &waiting, 5, false).code, CODE_OK);
	assert_int_equal(put_out(desk->box, &judged, 5, false).code, CODE_OK);
	assert_int_equal(put_in(desk->box, &handed, false).code, CODE_OK);
	assert_int_equal(put_in(desk->box, &unhanded, false).code, CODE_OK);
	fine(box_judged(desk->box, judged.at, true, BYTES_LIT("yes"), &err), &err);
	fine(box_handed(desk->box, handed.at, &found, &err), &err);
	fine(box_prune(desk->box, clock_wall_ms(), &err), &err); /* not older than that */
	assert_true(has_out(desk, desk->box, &judged, &out));
	fine(box_prune(desk->box, clock_wall_ms() + 1, &err), &err);
	assert_true(has_out(desk, desk->box, &waiting, &out));
	assert_false(has_out(desk, desk->box, &judged, &out));
	fine(box_find_in(desk->box, handed.at, &desk->hold, &found, &in, &err), &err);
	assert_true(found && in.handed && in.envelope.len == 0);
	assert_int_equal(put_in(desk->box, &handed, false).code, CODE_DUPLICATE);
	fine(box_find_in(desk->box, unhanded.at, &desk->hold, &found, &in, &err), &err);
	assert_true(found && !in.handed && bytes_is(in.envelope, "envelope"));
}

/* ---- records ---- */

static bool keep_record(void *ctx, const struct kind_record *record)
{
	struct kind_record *kept = ctx;
	*kept = *record;
	kept->body = BYTES_NONE;
	return false;
}

static void records_are_found_by_each_of_their_identifiers(void **state)
{
	static const struct {
		const char *by, *value;
		bool found;
	} cases[] = {
		{"number", "W-1", true}, {"nic", "W123456789", true}, {"name", "RIVERA,ALEX", true}, {"ucn", "UCN1", true}, {"sid", "SID1", true},
		{"doc_number", "DOC1", true}, {"ssn", "123-45-6789", true}, {"number", "W-2", false}, {"nic", "", false}, {"ucn", "SID1", false},
		{"thread", "01020304-0000-0000-0000-000000000000", true}, {"thread", "01020305-0000-0000-0000-000000000000", false},
	};
	struct desk *desk = *state;
	struct kind_record record = {.kind = "warrant", .number = "W-1", .nic = "W123456789", .state = "active", .owner = "ct.board", .is_ours = true,
	                             .thread = {1, 2, 3, 4}, .name = "RIVERA,ALEX", .dob = "1990-02-03"};
	struct buf body;
	struct err err;
	buf_init(&body, 4096);
	fine(json_to_pack(BYTES_LIT("{\"person\":{\"ids\":{\"ucn\":\"UCN1\",\"sid\":\"SID1\",\"doc_number\":\"DOC1\",\"ssn\":\"123-45-6789\"}}}"), &body, &err),
	     &err);
	record.body = buf_bytes(&body);
	fine(box_put_record(desk->box, &record, &err), &err);
	snprintf(record.state, sizeof(record.state), "cleared"); /* replaced, not added */
	fine(box_put_record(desk->box, &record, &err), &err);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct kind_record kept = {.kind = ""};
		fine(box_each_record(desk->box, "warrant", cases[i].by, cases[i].value, keep_record, &kept, &err), &err);
		if ((kept.kind[0] != 0) != cases[i].found)
			fail_msg("by %s %s", cases[i].by, cases[i].value);
		if (kept.kind[0])
			assert_string_equal(kept.state, "cleared");
	}
	struct kind_record kept = {.kind = ""};
	fine(box_each_record(desk->box, "referral", "number", "W-1", keep_record, &kept, &err), &err);
	assert_string_equal(kept.kind, "");
	assert_int_equal(box_each_record(desk->box, "warrant", "colour", "red", keep_record, &kept, &err).code, CODE_USAGE);
	buf_done(&body);
}

/* ---- the loop ---- */

static void a_turn_of_the_loop_is_one_transaction(void **state)
{
	struct desk *desk = *state;
	struct loop *loop = loop_new();
	struct told told = {.why = CODE_COUNT};
	struct err err;
	box_close(desk->box);
	fine(box_open(desk->scratch.folder, loop, &desk->box, &err), &err);
	put_note(desk, "one");
	put_note(desk, "two");
	box_after(desk->box, tell, &told, 1);
	struct box *copy = open_copy(desk);
	assert_false(has_note(desk, copy, "one"));
	box_close(copy);
	loop_run_once(loop, 0);
	assert_int_equal(told.count, 1);
	copy = open_copy(desk);
	assert_true(has_note(desk, copy, "one"));
	assert_true(has_note(desk, copy, "two"));
	box_close(copy);
	loop_free(loop);
}

static void notes_are_found_by_what_they_begin_with_and_can_be_dropped(void **state)
{
	struct desk *desk = *state;
	struct err err;
	put_note(desk, "fate:2");
	put_note(desk, "fate:1");
	put_note(desk, "fat");
	put_note(desk, "fatf");
	put_note(desk, "file:1");
	expect_notes(desk, "fate:", "fate:1 fate:2 ");
	fine(box_note_drop(desk->box, "fate:1", &err), &err);
	fine(box_note_drop(desk->box, "fate:3", &err), &err);
	expect_notes(desk, "fate:", "fate:2 ");
	expect_notes(desk, "", "fat fate:2 fatf file:1 ");
}

int main(void)
{
#define BOX_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		BOX_TEST(notes_are_found_by_what_they_begin_with_and_can_be_dropped),
		BOX_TEST(a_death_before_the_commit_leaves_nothing_and_after_it_everything),
		BOX_TEST(what_is_reopened_is_what_was_closed),
		BOX_TEST(a_second_adapter_on_the_same_folder_is_told_so),
		BOX_TEST(a_file_that_is_no_database_is_corrupt),
		BOX_TEST(a_box_that_is_gone_or_empty_is_not_made_anew),
		BOX_TEST(a_box_of_the_first_format_gets_checksums_and_keeps_what_it_holds),
		BOX_TEST(what_is_put_off_runs_once_in_order_after_the_commit),
		BOX_TEST(what_a_call_writes_and_puts_off_belongs_to_the_next_commit),
		BOX_TEST(whoever_goes_away_is_not_called),
		BOX_TEST(an_undone_turn_leaves_nothing_refuses_more_and_is_told),
		BOX_TEST(a_commit_that_the_disk_refuses_undoes_the_turn_and_tells_so),
		BOX_TEST(the_outbox_is_in_sending_order_and_stops_where_it_is_told),
		BOX_TEST(an_id_is_taken_once),
		BOX_TEST(a_verdict_ends_the_waiting_and_takes_receipts_away),
		BOX_TEST(deliveries_are_handed_over_in_order_of_arrival_and_each_once),
		BOX_TEST(an_outcome_is_filed_once),
		BOX_TEST(a_receipt_waits_until_the_hub_has_judged_it),
		BOX_TEST(a_source_is_known_once_it_was_put),
		BOX_TEST(pruning_keeps_what_waits_and_the_ids_of_what_was_handed_over),
		BOX_TEST(records_are_found_by_each_of_their_identifiers),
		BOX_TEST(a_turn_of_the_loop_is_one_transaction),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

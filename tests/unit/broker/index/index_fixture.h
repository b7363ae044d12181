/* A store, a ledger to fill, an index of it and a view; entries as the router writes them. Included after cmocka.h. */
#ifndef TESTS_UNIT_BROKER_INDEX_INDEX_FIXTURE_H
#define TESTS_UNIT_BROKER_INDEX_INDEX_FIXTURE_H

#include <string.h>

#include "base/mem.h"
#include "base/uuid.h"
#include "broker/index/index.h"
#include "unit/broker/scratch.h"

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)
#define assert_code(call, expected) assert_int_equal((call).code, (expected))

#define OFFICE "ct.doc.parole"
#define POLICE "ct.police"
#define CLINIC "ct.clinic"
#define HUB "ct.hub"

enum { ROWS_MAX = 16 };

struct fixture {
	struct scratch scratch;
	struct store *store;
	struct key *key;
	struct ledger *ledger;
	struct index *index;
	struct index_view *view;
	struct buf detail;
	struct buf rows[ROWS_MAX];
	size_t rows_count;
	struct err err;
};

static inline struct store *reader_of(struct fixture *fixture)
{
	struct store *reader = NULL;
	assert_ok(store_reader(fixture->store, &reader, &fixture->err));
	return reader;
}

static inline void open_index(struct fixture *fixture)
{
	assert_ok(index_open(fixture->scratch.folder, reader_of(fixture), &fixture->index, &fixture->err));
}

static inline void open_ledger(struct fixture *fixture)
{
	static const uint8_t fingerprint[HASH_LEN] = {1};
	assert_ok(store_sqlite_open(fixture->scratch.folder, &fixture->store, &fixture->err));
	assert_ok(ledger_open(fixture->store, HUB, fixture->key, fingerprint, &fixture->ledger, &fixture->err));
}

static inline void open_view(struct fixture *fixture)
{
	assert_ok(index_view_open(fixture->scratch.folder, reader_of(fixture), &fixture->view, &fixture->err));
}

static inline void close_view(struct fixture *fixture)
{
	index_view_close(fixture->view);
	fixture->view = NULL;
}

static inline int set_up(void **state)
{
	struct fixture *fixture = mem_alloc(sizeof(*fixture));
	scratch_make(&fixture->scratch);
	assert_ok(key_new(KEY_P256, 0, &fixture->key, &fixture->err));
	open_ledger(fixture);
	open_index(fixture);
	open_view(fixture);
	buf_init(&fixture->detail, 1 << 16);
	for (size_t i = 0; i < ROWS_MAX; i++)
		buf_init(&fixture->rows[i], 1 << 16);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;
	index_view_close(fixture->view);
	index_close(fixture->index);
	ledger_close(fixture->ledger);
	store_close(fixture->store);
	key_unref(fixture->key);
	buf_done(&fixture->detail);
	for (size_t i = 0; i < ROWS_MAX; i++)
		buf_done(&fixture->rows[i]);
	scratch_remove(&fixture->scratch);
	mem_free(fixture);
	return 0;
}

/* Id number n: apart from the others in its first digits already. */
static inline struct uuid id_of(uint8_t n)
{
	struct uuid id = {{n, 0x96, 0xf3, 0xa2, 0x4b, n, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n}};
	return id;
}

static inline void append(struct fixture *fixture, const struct ledger_entry *entry)
{
	int64_t number;
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(ledger_append(fixture->ledger, entry, &number, &fixture->err));
	assert_ok(ledger_seal(fixture->ledger, &fixture->err));
	assert_ok(store_commit(fixture->store, &fixture->err));
	ledger_committed(fixture->ledger);
}

static inline struct buf *start_detail(struct fixture *fixture, size_t pairs)
{
	buf_clear(&fixture->detail);
	pack_put_map(&fixture->detail, pairs);
	return &fixture->detail;
}

static inline void put_text(struct buf *out, const char *key, const char *text)
{
	pack_put_str(out, key);
	pack_put_str(out, text);
}

static inline void put_int(struct buf *out, const char *key, int64_t integer)
{
	pack_put_str(out, key);
	pack_put_int(out, integer);
}

static inline void put_id(struct buf *out, const char *key, uint8_t n)
{
	struct uuid id = id_of(n);
	pack_put_str(out, key);
	pack_put_bin(out, bytes_of(id.at, UUID_LEN));
}

static inline void record(struct fixture *fixture, enum ledger_kind kind, uint8_t n, const char *party, const char *type, int64_t at)
{
	static const uint8_t leaf[HASH_LEN] = {7};
	struct uuid id = id_of(n);
	struct ledger_entry entry = {.at = at,
	                             .kind = kind,
	                             .id = id.at,
	                             .leaf = leaf,
	                             .party = bytes_text(party),
	                             .type = bytes_text(type),
	                             .detail = buf_bytes(&fixture->detail)};
	append(fixture, &entry);
}

/* Message n of a conversation, accepted for one or two recipients (the second may be NULL). re 0: none. */
static inline void accept(struct fixture *fixture, uint8_t n, uint8_t thread, uint8_t re, const char *first, const char *second,
                   const char *sid)
{
	struct buf *out = start_detail(fixture, 4 + (re ? 1u : 0u) + (sid ? 1u : 0u));
	const char *to[] = {first, second};
	pack_put_str(out, "to");
	pack_put_array(out, second ? 2 : 1);
	for (int i = 0; i < (second ? 2 : 1); i++) {
		pack_put_array(out, 2);
		pack_put_str(out, to[i]);
		pack_put_str(out, "agreement");
	}
	put_id(out, "thread", thread);
	put_int(out, "issued", 1000 + n);
	put_int(out, "signed_at", 1100 + n);
	if (re)
		put_id(out, "re", re);
	if (sid) {
		pack_put_str(out, "subject");
		pack_put_map(out, 2);
		put_text(out, "sid", sid);
		put_text(out, "docket", "HHD-1");
	}
	record(fixture, LEDGER_ACCEPTED, n, OFFICE, "warrant.issue/1", 1200 + n);
}

static inline void receipt(struct fixture *fixture, uint8_t n, uint8_t of, const char *party, const char *disposition, const char *code)
{
	struct buf *out = start_detail(fixture, 7);
	put_id(out, "of", of);
	put_text(out, "disposition", disposition);
	put_text(out, "code", code);
	put_text(out, "reason", code[0] == 'o' ? "" : "because");
	put_int(out, "sent_at", 1300);
	put_int(out, "received_at", 1301);
	put_int(out, "attempts", 2);
	record(fixture, LEDGER_RECEIPT, n, party, "receipt/1", 1302);
}

static inline void ended(struct fixture *fixture, enum ledger_kind kind, uint8_t n, const char *recipient, const char *code)
{
	struct buf *out = start_detail(fixture, 3);
	put_text(out, "recipient", recipient);
	put_text(out, "code", code);
	put_text(out, "reason", code[0] ? "because" : "");
	record(fixture, kind, n, OFFICE, "warrant.issue/1", 1400);
}

static inline void acked(struct fixture *fixture, uint8_t n, const char *recipient)
{
	struct buf *out = start_detail(fixture, 2);
	put_text(out, "recipient", recipient);
	put_int(out, "sent_at", 1500);
	record(fixture, LEDGER_ACKED, n, recipient, "", 1501);
}

static inline void refused(struct fixture *fixture, uint8_t n, const char *code)
{
	struct buf *out = start_detail(fixture, 3);
	put_text(out, "code", code);
	put_text(out, "field", "/subject");
	put_text(out, "reason", "because");
	record(fixture, LEDGER_REFUSED, n, POLICE, "warrant.clear/1", 1600);
}

static inline void catch_up(struct fixture *fixture)
{
	bool more = true;
	for (int i = 0; i < 100 && more; i++)
		assert_ok(index_catch_up(fixture->index, 3, &more, &fixture->err));
	assert_false(more);
}

static inline void keep_row(void *ctx, struct bytes row)
{
	struct fixture *fixture = ctx;
	struct err err;
	assert_ok(pack_scan(row, &err));
	assert_true(fixture->rows_count < ROWS_MAX);
	struct buf *kept = &fixture->rows[fixture->rows_count++];
	buf_clear(kept);
	buf_add(kept, row);
}

static inline result trace(struct fixture *fixture, const char *what, size_t most)
{
	fixture->rows_count = 0;
	return index_trace(fixture->view, bytes_text(what), most, keep_row, fixture, &fixture->err);
}

static inline result trace_id(struct fixture *fixture, uint8_t n)
{
	char text[UUID_TEXT_MAX];
	struct uuid id = id_of(n);
	return trace(fixture, uuid_text(id.at, text), 100);
}

static inline void assert_text(struct fixture *fixture, size_t row, const char *pointer, const char *expected)
{
	struct bytes value, text = BYTES_NONE;
	bool there = pack_pointer(buf_bytes(&fixture->rows[row]), pointer, &value);
	assert_int_equal(there, expected != NULL);
	if (!there)
		return;
	assert_true(pack_as_text(value, &text));
	AUTO_FREE char *got = bytes_dup_text(text);
	assert_string_equal(got, expected);
}

static inline void assert_id(struct fixture *fixture, size_t row, const char *pointer, uint8_t n)
{
	char text[UUID_TEXT_MAX];
	struct uuid id = id_of(n);
	assert_text(fixture, row, pointer, uuid_text(id.at, text));
}

/* 0: the key must not be there. */
static inline void assert_number(struct fixture *fixture, size_t row, const char *pointer, int64_t expected)
{
	struct bytes value;
	int64_t got = 0;
	bool there = pack_pointer(buf_bytes(&fixture->rows[row]), pointer, &value);
	assert_int_equal(there, expected != 0);
	assert_true(!there || pack_as_int(value, &got));
	assert_int_equal(got, expected);
}

static inline void assert_rows(struct fixture *fixture, const uint8_t *ids, size_t count)
{
	assert_int_equal(fixture->rows_count, count);
	for (size_t i = 0; i < count; i++)
		assert_id(fixture, i, "/id", ids[i]);
}

static inline int64_t behind(struct fixture *fixture)
{
	int64_t entries = -1;
	assert_ok(index_behind(fixture->view, &entries, &fixture->err));
	return entries;
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif

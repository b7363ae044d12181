/* A ledger on a store in memory. Included after cmocka.h. */
#ifndef TESTS_UNIT_BROKER_LEDGER_LEDGER_FIXTURE_H
#define TESTS_UNIT_BROKER_LEDGER_LEDGER_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "broker/ledger/ledger.h"

#define HUB "ct.hub"

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)
#define assert_code(call, expected) assert_int_equal((call).code, (expected))

struct fixture {
	struct store *store;
	struct ledger *ledger;
	struct key *key;
	uint8_t fingerprint[HASH_LEN];
	struct buf hold;
	int64_t last_seq;
	struct err err;
};

static inline int set_up(void **state)
{
	struct fixture *fixture = mem_alloc(sizeof(*fixture));
	memset(fixture->fingerprint, 0x11, HASH_LEN);
	assert_ok(key_new(KEY_P256, 0, &fixture->key, &fixture->err));
	assert_ok(store_memory_open(&fixture->store, &fixture->err));
	assert_ok(ledger_open(fixture->store, HUB, fixture->key, fixture->fingerprint, &fixture->ledger, &fixture->err));
	buf_init(&fixture->hold, 1 << 20);
	*state = fixture;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *fixture = *state;
	ledger_close(fixture->ledger);
	store_close(fixture->store);
	key_unref(fixture->key);
	buf_done(&fixture->hold);
	mem_free(fixture);
	return 0;
}

static inline void begin(struct fixture *fixture)
{
	assert_ok(store_begin(fixture->store, &fixture->err));
}

static inline void commit(struct fixture *fixture)
{
	assert_ok(ledger_seal(fixture->ledger, &fixture->err));
	assert_ok(store_commit(fixture->store, &fixture->err));
	ledger_committed(fixture->ledger);
}

static inline void roll_back(struct fixture *fixture)
{
	store_rollback(fixture->store);
	ledger_rolled_back(fixture->ledger);
}

static inline int64_t append(struct fixture *fixture, int64_t at)
{
	struct ledger_entry entry = {.at = at, .kind = LEDGER_LINK_UP, .party = BYTES_LIT("ct.doc")};
	int64_t number = -1;
	assert_ok(ledger_append(fixture->ledger, &entry, &number, &fixture->err));
	return number;
}

static inline void append_and_commit(struct fixture *fixture, int count)
{
	begin(fixture);
	for (int i = 0; i < count; i++)
		append(fixture, 1000 + i);
	commit(fixture);
}

static inline void sign(struct fixture *fixture)
{
	begin(fixture);
	assert_ok(ledger_sign(fixture->ledger, 777, &fixture->err));
	commit(fixture);
}

/* Opens the ledger again on the same store, as a restart does. */
static inline result reopen(struct fixture *fixture)
{
	ledger_close(fixture->ledger);
	fixture->ledger = NULL;
	return ledger_open(fixture->store, HUB, fixture->key, fixture->fingerprint, &fixture->ledger, &fixture->err);
}

static inline struct bytes stored_entry(struct fixture *fixture, struct store *store, int64_t number)
{
	bool found = false;
	assert_ok(store_ledger_get(store, number, &fixture->hold, &found, &fixture->err));
	assert_true(found);
	return buf_bytes(&fixture->hold);
}

static inline void note(struct fixture *fixture, const char *name, struct bytes value)
{
	begin(fixture);
	assert_ok(store_note(fixture->store, name, value, &fixture->err));
	assert_ok(store_commit(fixture->store, &fixture->err));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

#endif

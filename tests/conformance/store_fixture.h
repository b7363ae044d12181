/* What every store promises is asked of each: the stores, what the questions share, and their order. Included after cmocka.h. */
#ifndef TESTS_CONFORMANCE_STORE_FIXTURE_H
#define TESTS_CONFORMANCE_STORE_FIXTURE_H

#include <string.h>

#include "broker/store/store.h"
#include "unit/broker/scratch.h"

struct implementation {
	const char *name;
	bool on_disk;
};

static const struct implementation implementations[] = {{"sqlite", true}, {"memory", false}};

struct suite {
	const struct implementation *implementation;
	struct scratch scratch;
	struct store *store;
	struct buf hold;
	struct err err;
};

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)
#define assert_code(call, expected) assert_int_equal((call).code, (expected))

static inline void open_store(const struct implementation *implementation, const struct scratch *scratch, struct store **ret)
{
	struct err err = {.code = CODE_OK};
	if (implementation->on_disk)
		assert_ok(store_sqlite_open(scratch->folder, ret, &err));
	else
		assert_ok(store_memory_open(ret, &err));
}

static inline int set_up(void **state)
{
	struct suite *suite = mem_alloc(sizeof(*suite));
	suite->implementation = *state;
	scratch_make(&suite->scratch);
	open_store(suite->implementation, &suite->scratch, &suite->store);
	buf_init(&suite->hold, 1 << 20);
	*state = suite;
	return 0;
}

static inline int tear_down(void **state)
{
	struct suite *suite = *state;
	store_close(suite->store);
	scratch_remove(&suite->scratch);
	buf_done(&suite->hold);
	mem_free(suite);
	return 0;
}

static inline void begin(struct suite *suite)
{
	assert_ok(store_begin(suite->store, &suite->err));
}

static inline void commit(struct suite *suite)
{
	assert_ok(store_commit(suite->store, &suite->err));
}

/* Ids that rise with n, as UUIDv7 do. */
static inline const uint8_t *id_of(int64_t n)
{
	static uint8_t id[UUID_LEN];
	memset(id, 0x70, sizeof(id));
	for (int i = 0; i < 8; i++)
		id[i] = (uint8_t)((uint64_t)n >> (56 - 8 * i));
	return id;
}

static inline const uint8_t *hash_for(int64_t n)
{
	static uint8_t hash[STORE_HASH_LEN];
	memset(hash, (int)(n & 0xff), sizeof(hash));
	return hash;
}

static inline struct store_message message_of(int64_t seq)
{
	return (struct store_message){.seq = seq,
	                              .id = id_of(seq),
	                              .leaf = hash_for(seq),
	                              .accepted_at = 1000 + seq,
	                              .entry = 2 * seq,
	                              .envelope = BYTES_LIT("envelope"),
	                              .verdict = BYTES_LIT("verdict")};
}

static inline void put(struct suite *suite, int64_t seq)
{
	struct store_message message = message_of(seq);
	assert_ok(store_put(suite->store, &message, &suite->err));
}

static inline struct store_queued queued_of(int64_t recipient, int64_t priority, int64_t seq)
{
	return (struct store_queued){.place = {.recipient = recipient, .priority = priority, .seq = seq},
	                             .queued_at = 5000 + seq,
	                             .wants_receipt = true};
}

static inline void enqueue(struct suite *suite, int64_t recipient, int64_t priority, int64_t seq)
{
	struct store_queued queued = queued_of(recipient, priority, seq);
	assert_ok(store_enqueue(suite->store, &queued, &suite->err));
}

static inline bool dequeue(struct suite *suite, int64_t recipient, int64_t priority, int64_t seq)
{
	struct store_place place = {.recipient = recipient, .priority = priority, .seq = seq};
	bool removed = false;
	assert_ok(store_dequeue(suite->store, &place, &removed, &suite->err));
	return removed;
}

static inline struct store_queue_state state_of(struct suite *suite, int64_t recipient)
{
	struct store_queue_state state = {-1, -1};
	assert_ok(store_queue_state(suite->store, recipient, &state, &suite->err));
	return state;
}

static inline bool knows(struct suite *suite, int64_t seq)
{
	struct store_message message;
	bool found = false;
	assert_ok(store_get(suite->store, seq, &suite->hold, &found, &message, &suite->err));
	return found;
}

#define PROMISE(fn) {#fn, fn}

struct promise {
	const char *name;
	CMUnitTestFunction fn;
};

enum { PROMISES_MAX = 64 };

/* Runs all of them for one store after the other; the exit code. */
static inline int ask_all(const struct promise *promises, size_t count)
{
	int failed = 0;
	assert_true(count <= PROMISES_MAX);
	for (size_t i = 0; i < sizeof(implementations) / sizeof(*implementations); i++) {
		struct CMUnitTest tests[PROMISES_MAX];
		char names[PROMISES_MAX][128];
		for (size_t j = 0; j < count; j++) {
			snprintf(names[j], sizeof(names[j]), "%s: %s", implementations[i].name, promises[j].name);
			tests[j] = (struct CMUnitTest){names[j], promises[j].fn, set_up, tear_down, (void *)(uintptr_t)&implementations[i]};
		}
		failed += _cmocka_run_group_tests(implementations[i].name, tests, count, NULL, NULL);
	}
	return failed != 0;
}

#endif

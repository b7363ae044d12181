#include "broker/store/store_sqlite.h"

#include <string.h>

#include "base/mem.h"

/* Numbers of parties are given from 1 on; what lies beyond is counted anew each time it is asked for. */
enum { TALLIES_MAX = 1 << 17 };

void store_sqlite_forget(struct store_sqlite *sqlite)
{
	for (size_t i = 0; i < sqlite->tallies_count; i++)
		sqlite->tallies[i].known = false;
}

static int64_t urgency_of(const struct store_place *place)
{
	return 9 - place->priority;
}

/* The tally of a recipient if it is known. */
static struct store_sqlite_tally *tally_of(struct store *store, int64_t recipient)
{
	struct store_sqlite *sqlite = (struct store_sqlite *)store;
	if (store->readonly || recipient < 0 || (size_t)recipient >= sqlite->tallies_count || !sqlite->tallies[recipient].known)
		return NULL;
	return &sqlite->tallies[recipient];
}

static void tally_in(struct store *store, const struct store_queued *queued)
{
	struct store_sqlite_tally *tally = tally_of(store, queued->place.recipient);
	if (!tally)
		return;
	struct store_sqlite_level *level = &tally->levels[queued->place.priority];
	bool is_front = level->count == 0 || queued->place.seq < level->front_seq;
	level->count++;
	if (is_front) {
		level->front_seq = queued->place.seq;
		level->front_at = queued->queued_at;
	}
}

static void tally_out(struct store *store, const struct store_place *place)
{
	struct store_sqlite_tally *tally = tally_of(store, place->recipient);
	if (!tally)
		return;
	struct store_sqlite_level *level = &tally->levels[place->priority];
	level->count--;
	if (level->front_seq == place->seq)
		level->front_seq = 0;
}

static void bind_place(struct sqlite3_stmt *statement, int at, const struct store_place *place)
{
	database_bind_int(statement, at, place->recipient);
	database_bind_int(statement, at + 1, urgency_of(place));
	database_bind_int(statement, at + 2, place->seq);
}

static void read_queued(struct sqlite3_stmt *statement, struct store_queued *ret)
{
	*ret = (struct store_queued){
		.place = {.recipient = database_int(statement, 0),
	                  .priority = database_int(statement, 1),
	                  .seq = database_int(statement, 2)},
		.attempts = database_int(statement, 3),
		.expires = database_int(statement, 4),
		.queued_at = database_int(statement, 5),
		.wants_receipt = database_int(statement, 6) != 0,
		.withheld = database_int(statement, 7),
		.consent = database_int(statement, 8),
	};
}

static result read_all_queued(struct store *store, struct sqlite3_stmt *statement, struct store_queued *ret, size_t *ret_count,
                              struct err *err)
{
	bool row = true;
	size_t count = 0;
	for (;;) {
		TRY(database_step(store_sqlite_database(store), statement, &row, err));
		if (!row)
			break;
		read_queued(statement, &ret[count++]);
	}
	*ret_count = count;
	return OK;
}

static result set_expiry(struct store *store, enum store_sqlite_statement which, int64_t at, const struct store_place *place,
                         struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, which, &statement, err));
	database_bind_int(statement, 1, at);
	bind_place(statement, 2, place);
	return database_run(store_sqlite_database(store), statement, err);
}

result store_sqlite_enqueue(struct store *store, const struct store_queued *queued, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_ENQUEUE, &statement, err));
	bind_place(statement, 1, &queued->place);
	database_bind_int(statement, 4, queued->attempts);
	database_bind_int(statement, 5, queued->expires);
	database_bind_int(statement, 6, queued->queued_at);
	database_bind_int(statement, 7, queued->wants_receipt);
	database_bind_int(statement, 8, queued->withheld);
	database_bind_int(statement, 9, queued->consent);
	TRY(database_run(store_sqlite_database(store), statement, err));
	tally_in(store, queued);
	return queued->expires ? set_expiry(store, SQL_EXPIRES, queued->expires, &queued->place, err) : OK;
}

result store_sqlite_dequeue(struct store *store, const struct store_place *place, bool *ret_removed, struct err *err)
{
	struct sqlite3_stmt *statement;
	int64_t expires = 0;
	bool row = false;
	*ret_removed = false;
	TRY(store_sqlite_query(store, SQL_DEQUEUE, &statement, err));
	bind_place(statement, 1, place);
	TRY(database_step(store_sqlite_database(store), statement, &row, err));
	if (!row)
		return OK;
	expires = database_int(statement, 0);
	TRY(database_run(store_sqlite_database(store), statement, err));
	tally_out(store, place);
	*ret_removed = true;
	return expires ? set_expiry(store, SQL_EXPIRES_NOT, expires, place, err) : OK;
}

result store_sqlite_queued_find(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_queued *ret,
                                struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = false;
	TRY(store_sqlite_query(store, SQL_QUEUED_FIND, &statement, err));
	database_bind_int(statement, 1, recipient);
	database_bind_int(statement, 2, seq);
	TRY(database_step(store_sqlite_database(store), statement, &row, err));
	*ret_found = row;
	if (!row)
		return OK;
	read_queued(statement, ret);
	database_end(statement);
	return OK;
}

result store_sqlite_queue_next(struct store *store, int64_t recipient, const struct store_place *after, struct store_queued *ret,
                               size_t max, size_t *ret_count, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_QUEUE_NEXT, &statement, err));
	database_bind_int(statement, 1, recipient);
	database_bind_int(statement, 2, after ? urgency_of(after) : -1);
	database_bind_int(statement, 3, after ? after->seq : 0);
	database_bind_int(statement, 4, (int64_t)max);
	return read_all_queued(store, statement, ret, ret_count, err);
}

static result load_tally(struct store *store, int64_t recipient, struct store_sqlite_tally *tally, struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = true;
	memset(tally, 0, sizeof(*tally));
	TRY(store_sqlite_query(store, SQL_QUEUE_LEVELS, &statement, err));
	database_bind_int(statement, 1, recipient);
	for (;;) {
		TRY(database_step(store_sqlite_database(store), statement, &row, err));
		if (!row)
			break;
		int64_t priority = 9 - database_int(statement, 0);
		if (priority < 0 || priority >= STORE_SQLITE_PRIORITIES) {
			database_end(statement);
			return err_set(err, CODE_CORRUPT, "queue", "the queue of party %lld has a priority out of range",
			               (long long)recipient);
		}
		tally->levels[priority] = (struct store_sqlite_level){.count = database_int(statement, 1),
		                                                      .front_seq = database_int(statement, 2),
		                                                      .front_at = database_int(statement, 3)};
	}
	tally->known = true;
	return OK;
}

/* The front of a priority, when the one that was known has left. */
static result find_front(struct store *store, int64_t recipient, int64_t priority, struct store_sqlite_level *level,
                         struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = false;
	TRY(store_sqlite_query(store, SQL_QUEUE_FRONT, &statement, err));
	database_bind_int(statement, 1, recipient);
	database_bind_int(statement, 2, 9 - priority);
	TRY(database_step(store_sqlite_database(store), statement, &row, err));
	if (!row)
		return err_set(err, CODE_CORRUPT, "queue", "the queue of party %lld lost a place", (long long)recipient);
	level->front_seq = database_int(statement, 0);
	level->front_at = database_int(statement, 1);
	database_end(statement);
	return OK;
}

/* Where the tally of a recipient is kept: NULL for a reader, which does not see the writer's changes, and beyond the bound. */
static struct store_sqlite_tally *tally_room(struct store *store, int64_t recipient)
{
	struct store_sqlite *sqlite = (struct store_sqlite *)store;
	if (store->readonly || recipient < 0 || recipient >= TALLIES_MAX)
		return NULL;
	if ((size_t)recipient >= sqlite->tallies_count) {
		size_t count = (size_t)recipient + 16;
		sqlite->tallies = mem_grow(sqlite->tallies, count, sizeof(*sqlite->tallies));
		memset(&sqlite->tallies[sqlite->tallies_count], 0, (count - sqlite->tallies_count) * sizeof(*sqlite->tallies));
		sqlite->tallies_count = count;
	}
	return &sqlite->tallies[recipient];
}

result store_sqlite_queue_state(struct store *store, int64_t recipient, struct store_queue_state *ret, struct err *err)
{
	struct store_sqlite_tally fresh, *tally = tally_room(store, recipient);
	if (!tally) {
		tally = &fresh;
		fresh.known = false;
	}
	if (!tally->known)
		TRY(load_tally(store, recipient, tally, err));
	memset(ret, 0, sizeof(*ret));
	for (int64_t priority = 0; priority < STORE_SQLITE_PRIORITIES; priority++) {
		struct store_sqlite_level *level = &tally->levels[priority];
		if (level->count == 0)
			continue;
		if (level->front_seq == 0)
			TRY(find_front(store, recipient, priority, level, err));
		ret->count += level->count;
		if (ret->oldest_at == 0 || level->front_at < ret->oldest_at)
			ret->oldest_at = level->front_at;
	}
	return OK;
}

result store_sqlite_attempted(struct store *store, const struct store_place *place, int64_t attempts, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_ATTEMPTED, &statement, err));
	database_bind_int(statement, 1, attempts);
	bind_place(statement, 2, place);
	return database_run(store_sqlite_database(store), statement, err);
}

result store_sqlite_withhold(struct store *store, const struct store_place *place, int64_t withheld, int64_t consent,
                             struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_WITHHOLD, &statement, err));
	database_bind_int(statement, 1, withheld);
	database_bind_int(statement, 2, consent);
	bind_place(statement, 3, place);
	return database_run(store_sqlite_database(store), statement, err);
}

result store_sqlite_expired(struct store *store, int64_t now, struct store_queued *ret, size_t max, size_t *ret_count,
                            struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_EXPIRED, &statement, err));
	database_bind_int(statement, 1, now);
	database_bind_int(statement, 2, (int64_t)max);
	return read_all_queued(store, statement, ret, ret_count, err);
}

result store_sqlite_next_expiry(struct store *store, int64_t *ret_at, struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = false;
	*ret_at = 0;
	TRY(store_sqlite_query(store, SQL_NEXT_EXPIRY, &statement, err));
	TRY(database_step(store_sqlite_database(store), statement, &row, err));
	if (row) {
		*ret_at = database_int(statement, 0);
		database_end(statement);
	}
	return OK;
}

result store_sqlite_bury(struct store *store, const struct store_dead *dead, struct err *err)
{
	struct sqlite3_stmt *statement;
	TRY(store_sqlite_query(store, SQL_BURY, &statement, err));
	database_bind_int(statement, 1, dead->place.seq);
	database_bind_int(statement, 2, dead->place.recipient);
	database_bind_int(statement, 3, dead->place.priority);
	database_bind_int(statement, 4, dead->since);
	database_bind_text(statement, 5, bytes_text(code_text(dead->code)));
	database_bind_text(statement, 6, bytes_text(dead->reason));
	database_bind_int(statement, 7, dead->withheld);
	database_bind_int(statement, 8, dead->consent);
	return database_run(store_sqlite_database(store), statement, err);
}

static result read_dead(struct sqlite3_stmt *statement, struct store_dead *ret, struct err *err)
{
	struct bytes code = database_bytes(statement, 4), reason = database_bytes(statement, 5);
	ret->place = (struct store_place){.recipient = database_int(statement, 1),
	                                  .priority = database_int(statement, 2),
	                                  .seq = database_int(statement, 0)};
	ret->since = database_int(statement, 3);
	ret->withheld = database_int(statement, 6);
	ret->consent = database_int(statement, 7);
	if (!code_from_text((const char *)code.at, code.len, &ret->code) || reason.len >= sizeof(ret->reason))
		return err_set(err, CODE_CORRUPT, "dead", "the dead letter %lld of party %lld is damaged",
		               (long long)ret->place.seq, (long long)ret->place.recipient);
	memcpy(ret->reason, reason.len ? (const void *)reason.at : "", reason.len);
	ret->reason[reason.len] = 0;
	return OK;
}

result store_sqlite_dead_next(struct store *store, int64_t recipient, int64_t after_seq, struct store_dead *ret, size_t max,
                              size_t *ret_count, int64_t *ret_following, struct err *err)
{
	struct sqlite3_stmt *statement;
	size_t count = 0;
	bool row = true;
	result r = OK;
	*ret_following = 0;
	TRY(store_sqlite_query(store, SQL_DEAD_NEXT, &statement, err));
	database_bind_int(statement, 1, after_seq);
	database_bind_int(statement, 2, recipient);
	database_bind_int(statement, 3, (int64_t)max + 1);
	while (!FAILED(r)) {
		TRY(database_step(store_sqlite_database(store), statement, &row, err));
		if (!row)
			break;
		if (count == max) {
			*ret_following = database_int(statement, 0);
			break;
		}
		r = read_dead(statement, &ret[count++], err);
	}
	if (row)
		database_end(statement);
	*ret_count = count;
	return r;
}

result store_sqlite_exhume(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_dead *ret,
                           struct err *err)
{
	struct sqlite3_stmt *statement;
	bool row = false;
	TRY(store_sqlite_query(store, SQL_DEAD_GET, &statement, err));
	database_bind_int(statement, 1, seq);
	database_bind_int(statement, 2, recipient);
	TRY(database_step(store_sqlite_database(store), statement, &row, err));
	*ret_found = row;
	if (!row)
		return OK;
	result r = read_dead(statement, ret, err);
	database_end(statement);
	TRY(r);
	TRY(store_sqlite_query(store, SQL_EXHUME, &statement, err));
	database_bind_int(statement, 1, seq);
	database_bind_int(statement, 2, recipient);
	return database_run(store_sqlite_database(store), statement, err);
}

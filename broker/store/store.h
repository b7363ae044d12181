/* The store: what must be durable before a verdict is given, and nothing more. One interface, two implementations behind the same tests:
 * SQLite (one file, WAL, synchronous=FULL) and a memory twin. One writer: the router's thread, which groups whatever has arrived
 * into one transaction. Numbers (`seq`, ledger entries) are assigned by the writer and only grow.
 *
 * Every call may fail with io, full or corrupt; after a failure inside a transaction only store_rollback is allowed. A commit whose sync
 * failed is never retried: the store answers io from then on and the program must stop. */
#ifndef BROKER_STORE_STORE_H
#define BROKER_STORE_STORE_H

#include "base/bytes.h"
#include "base/uuid.h"

enum { STORE_HASH_LEN = 32, STORE_PARTY_MAX = 104 };

struct store;

/* A message that was accepted. Views are borrowed during a call. */
struct store_message {
	int64_t seq;
	const uint8_t *id;   /* UUID_LEN */
	const uint8_t *leaf; /* STORE_HASH_LEN */
	int64_t accepted_at; /* ms */
	int64_t entry;       /* index in the ledger of its acceptance */
	struct bytes envelope;
	struct bytes verdict; /* packed, so that a duplicate gets the very same */
};

/* A place in a recipient's queue: higher priority first, then seq. */
struct store_place {
	int64_t recipient; /* number of the party */
	int64_t priority;  /* 0–9 */
	int64_t seq;
};

struct store_queued {
	struct store_place place;
	int64_t attempts;   /* deliveries begun before */
	int64_t expires;    /* ms; 0: never */
	int64_t queued_at;  /* ms */
	bool wants_receipt; /* otherwise an ACK of the link settles it */
	int64_t withheld;   /* bit i: the header's part i is not delivered */
	int64_t consent;    /* bit i: part i is delivered only as long as the message's consent holds */
};

struct store_dead {
	struct store_place place;
	int64_t since;
	int64_t withheld, consent; /* as they were in the queue, and will be if it goes back there */
	enum code code;
	char reason[ERR_REASON_MAX];
};

struct store_queue_state {
	int64_t count;
	int64_t oldest_at; /* ms; 0: empty */
};

/* folder is made if needed; NULL for memory. version when the file is of another version of the format. */
RESULT store_sqlite_open(const char *folder, struct store **ret, struct err *err);
RESULT store_memory_open(struct store **ret, struct err *err);
void store_close(struct store *store);
int store_sqlite_version(void); /* of the format that is written */

RESULT store_begin(struct store *store, struct err *err);
RESULT store_commit(struct store *store, struct err *err); /* returns once it is on disk */
void store_rollback(struct store *store);

/* Numbers of parties, given once and kept for ever. Writes when new: inside a transaction. */
RESULT store_party(struct store *store, const char *party, int64_t *ret_number, struct err *err);
/* The largest seq so far, 0 when empty. */
RESULT store_last_seq(struct store *store, int64_t *ret_seq, struct err *err);

RESULT store_put(struct store *store, const struct store_message *message, struct err *err);
/* Finds by id (16 bytes). *ret_found false: unknown. ret's views point into *hold, which the caller buf_inits and reuses. */
RESULT store_find(struct store *store, const uint8_t *id, struct buf *hold, bool *ret_found, struct store_message *ret, struct err *err);
RESULT store_get(struct store *store, int64_t seq, struct buf *hold, bool *ret_found, struct store_message *ret, struct err *err);
/* Puts another envelope in the place of a message's: the same header, parts destroyed. What was there is overwritten on the disk. not_found. */
RESULT store_replace(struct store *store, int64_t seq, struct bytes envelope, struct err *err);

RESULT store_enqueue(struct store *store, const struct store_queued *queued, struct err *err);
/* Removes; *ret_removed false: it was not there (settled before). */
RESULT store_dequeue(struct store *store, const struct store_place *place, bool *ret_removed, struct err *err);
/* The place of a message in a recipient's queue; the caller knows seq, not the priority. */
RESULT store_queued_find(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_queued *ret, struct err *err);
/* Up to max places in queue order that come after *after (NULL: from the front). */
RESULT store_queue_next(struct store *store, int64_t recipient, const struct store_place *after, struct store_queued *ret, size_t max,
                        size_t *ret_count, struct err *err);
RESULT store_queue_state(struct store *store, int64_t recipient, struct store_queue_state *ret, struct err *err);
RESULT store_attempted(struct store *store, const struct store_place *place, int64_t attempts, struct err *err);
/* Sets both masks of a place; not there: fine. */
RESULT store_withhold(struct store *store, const struct store_place *place, int64_t withheld, int64_t consent, struct err *err);
/* Up to max queued places whose expiry is at or before now. */
RESULT store_expired(struct store *store, int64_t now, struct store_queued *ret, size_t max, size_t *ret_count, struct err *err);
/* The earliest expiry of anything queued; 0: none. */
RESULT store_next_expiry(struct store *store, int64_t *ret_at, struct err *err);

RESULT store_bury(struct store *store, const struct store_dead *dead, struct err *err); /* the place must have been dequeued */
/* Up to max dead letters after seq (0: from the start) of a recipient (0: all), by seq. */
RESULT store_dead_next(struct store *store, int64_t recipient, int64_t after_seq, struct store_dead *ret, size_t max, size_t *ret_count,
                       struct err *err);
RESULT store_exhume(struct store *store, int64_t recipient, int64_t seq, bool *ret_found, struct store_dead *ret, struct err *err); /* removes */

/* Who has a part in a conversation: everyone who sent or was sent a message of it. */
RESULT store_thread_join(struct store *store, const uint8_t *thread, int64_t party, struct err *err); /* again is fine */
RESULT store_thread_parties(struct store *store, const uint8_t *thread, int64_t *ret, size_t max, size_t *ret_count, struct err *err);
RESULT store_party_name(struct store *store, int64_t number, char into[static STORE_PARTY_MAX], struct err *err); /* not_found */

/* Chains of signers (DER, packed array of bin), kept so that what is stored can be verified for ever. */
RESULT store_put_chain(struct store *store, const uint8_t *fingerprint, struct bytes chain, struct err *err); /* again is fine */
RESULT store_chain(struct store *store, const uint8_t *fingerprint, struct buf *hold, bool *ret_found, struct err *err);

/* The ledger's entries (0, 1, 2 …) and what its tree needs to go on. */
RESULT store_ledger_put(struct store *store, int64_t number, struct bytes entry, struct err *err);
RESULT store_ledger_get(struct store *store, int64_t number, struct buf *hold, bool *ret_found, struct err *err);
RESULT store_ledger_size(struct store *store, int64_t *ret_size, struct err *err);
/* Small named values: the tree's frontier, the last signed head. */
RESULT store_note(struct store *store, const char *name, struct bytes value, struct err *err);
RESULT store_noted(struct store *store, const char *name, struct buf *hold, bool *ret_found, struct err *err);

/* Rows: what the hub's rules keep (records, persons, exchanges, deadlines, consents …), each rule in a space of its own. Keys are ordered as
 * bytes; the space's owner decides what they and the values are. too_large: a space, key or value beyond the bounds. */
enum store_space {
	STORE_RECORDS = 1,   /* broker/record */
	STORE_RECORD_NAMES,
	STORE_PERSONS,
	STORE_PERSON_NAMES,
	STORE_HELD,
	STORE_DEADLINES,     /* broker/exchange */
	STORE_EXCHANGES,
	STORE_SUBSCRIPTIONS,
	STORE_CONSENTS,      /* broker/consent */
	STORE_ERASED,
	STORE_TREE,          /* broker/ledger: full subtrees of the ledger's tree */
	STORE_SPACE_COUNT
};
enum { STORE_KEY_MAX = 512, STORE_VALUE_MAX = 1024 * 1024 };
RESULT store_row_put(struct store *store, enum store_space space, struct bytes key, struct bytes value, struct err *err); /* replaces */
RESULT store_row_get(struct store *store, enum store_space space, struct bytes key, struct buf *hold, bool *ret_found, struct err *err); /* hold: the value */
/* The first row after `after` (BYTES_NONE: from the start) whose key starts with prefix; *key and *value view into hold, and `after` may too. */
RESULT store_row_next(struct store *store, enum store_space space, struct bytes prefix, struct bytes after, struct buf *hold, bool *ret_found,
                      struct bytes *ret_key, struct bytes *ret_value, struct err *err);
/* How many rows have a key that starts with prefix. */
RESULT store_row_count(struct store *store, enum store_space space, struct bytes prefix, int64_t *ret_count, struct err *err);
RESULT store_row_drop(struct store *store, enum store_space space, struct bytes key, struct err *err); /* not there: fine */

/* A second, read-only view for another thread (index, audit): sees what was committed. Only find, get, chain, ledger_*, noted, party_name, queue_*, dead_next,
 * row_get, row_next, row_count. */
RESULT store_reader(struct store *store, struct store **ret, struct err *err);
/* Opens the files of a folder read-only while a broker may be running: `liaison ledger verify`. */
RESULT store_sqlite_read(const char *folder, struct store **ret, struct err *err);

#endif

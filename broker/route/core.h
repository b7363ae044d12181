/* What the files of this room share: the router's state. Nobody outside includes it. Thread: router. */
#ifndef BROKER_ROUTE_CORE_H
#define BROKER_ROUTE_CORE_H

#include "base/metrics.h"
#include "broker/ledger/ledger.h"
#include "broker/wires/job.h"
#include "schemas/grant.h"

struct calendar;
struct session;

enum {
	CORE_DOUBTFUL_MAX = 256,
	CORE_HEAD_MS = 1000 /* a new signed head at most so often */
};

/* A frame that leaves once the group is committed. */
struct outgoing {
	uint64_t link;
	struct blob *frame;
	int64_t credit; /* submit credit that goes back with it */
};

/* A delivery that may leave directly, because its message is at hand and nothing waits before it. */
struct fresh {
	struct store_queued queued;
	struct blob *envelope;
};

struct core {
	struct wires *wires;
	struct wire *in;
	struct wire **gateways;
	unsigned gateways_count;
	struct wire *index, *admin;
	struct store *store;
	struct ledger *ledger;
	struct snapshot *snapshot;

	struct session *by_link, *by_party; /* uthash heads */
	int64_t last_seq;
	bool in_transaction, wants_head;
	int64_t head_signed_at;
	int64_t turned_away_minute, turned_away_count; /* entries of refused links in the present minute */
	int64_t heads_due; /* monotonic: when heads go out next */
	int64_t next_expiry; /* ms; 0: none; -1: ask the store */
	int64_t started_at;
	struct err trouble; /* why nothing can be stored at present: full, or token; CODE_OK: all is well */
	struct calendar *calendar; /* of the snapshot */
	struct grant_days days;    /* the same, as consents read it */
	int64_t next_deadline;     /* ms; 0: none; -1: ask the store */
	bool wants_review;         /* held messages: what stood against some of them may be gone, because of the message review_by */
	uint8_t review_by[UUID_LEN];

	/* The present group. */
	struct outgoing *outgoing;
	size_t outgoing_count, outgoing_cap;
	struct fresh *fresh;
	size_t fresh_count, fresh_cap;
	struct store_place doubtful[CORE_DOUBTFUL_MAX]; /* deliveries whose consent was found gone: of the next group */
	size_t doubtful_count;
	bool may_erase; /* an order to erase may have messages left to look at; true at the start */
	struct buf events; /* packed maps, one after the other */
	size_t events_count;
	struct buf scratch, hold, envelope;

	struct metric *accepted, *receipts, *duplicates, *delivered, *redelivered, *expired, *dead, *groups, *commit_us, *decide_us, *group_size, *heads, *late, *unrecorded;
};

/* Opens the group's transaction if it is not open yet. */
RESULT core_write(struct core *core, struct err *err);
void core_send(struct core *core, uint64_t link, struct blob *frame, int64_t credit); /* takes the frame */
void core_fresh(struct core *core, const struct store_queued *queued, struct blob *envelope); /* refs the envelope */
/* Appends an entry to the ledger and, as an event, to the feed. */
RESULT core_record(struct core *core, const struct ledger_entry *entry, int64_t *ret_number, struct err *err);
/* Keeps a signer's chain, so that what it signed can be verified for ever. */
RESULT core_note_chain(struct core *core, const struct signer *signer, struct err *err);
/* Forgets what the present group would have sent. */
void core_forget_group(struct core *core);

#endif

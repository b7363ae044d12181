/* Sessions: the router's view of the links that are open, what is on its way over each, and what may still be sent. One session a party:
 * the newest link wins. Thread: router. */
#ifndef BROKER_ROUTE_SESSION_H
#define BROKER_ROUTE_SESSION_H

#include "broker/route/core.h"

#include <uthash.h>

enum { SESSION_FLIGHT_MAX = 1024 };

/* A delivery that was sent over the link and is not settled. */
struct flight {
	struct store_queued queued;
	int64_t bytes;
	int64_t sent_at, sent_mono; /* wall for the record, monotonic for redelivery */
};

struct session {
	uint64_t link;
	char party[TRUST_NAME_MAX];
	char address[64];
	int64_t number;    /* of the party in the store */
	int64_t since;     /* wall ms */
	int64_t certificate_until;
	int64_t credit;    /* deliveries the adapter will still take */
	struct flight *flights; /* unordered; grows with use, so that an idle link costs little */
	size_t flights_count, flights_cap;
	int64_t flight_bytes;
	bool backlog;      /* the store may hold places that are not in flight */
	bool hears_heads;  /* its version of the link knows HEAD */
	int64_t head_size; /* of the last head that went over the link */
	uint8_t head_signer[HASH_LEN];
	bool alone;        /* a suspect is in flight: nothing else goes with it */
	UT_hash_handle by_link, by_party;
};

struct session *session_of_link(const struct core *core, uint64_t link);   /* NULL: gone */
struct session *session_of_party(const struct core *core, const char *party);

/* A link came up: closes an older one of the party (superseded), sends WELCOME, notes the chain. */
RESULT session_up(struct core *core, struct job *job, struct err *err);
/* A link went: what was in flight goes back to the queue with one attempt more. */
RESULT session_down(struct core *core, uint64_t link, const struct err *why, struct err *err);
void session_free_all(struct core *core);

struct flight *session_flight(struct session *session, int64_t seq); /* NULL: not in flight */
void session_landed(struct session *session, struct flight *flight);  /* settled: forget it */
void session_launch(struct session *session, const struct store_queued *queued, size_t bytes);

#endif

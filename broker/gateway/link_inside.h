/* What the files of a link share; nobody else includes this. Thread: its gateway's. */
#ifndef BROKER_GATEWAY_LINK_INSIDE_H
#define BROKER_GATEWAY_LINK_INSIDE_H

#include "base/mem.h"
#include "broker/gateway/link.h"
#include "certs/channel.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(at, size) mem_free(at)
#include <uthash.h>

struct link {
	struct link_home *home;
	uint64_t id;
	struct sockaddr_storage from;
	enum link_state state;
	struct channel *channel;
	struct loop_timer *timer; /* the greeting's limit, then heartbeats */
	struct loop_timer *hold;  /* until it is read on; NULL: never was held */
	struct door_source *source;  /* while it is a stranger */
	struct tally_party *tally;   /* once it is greeted */
	char party[TRUST_NAME_MAX]; /* empty until it said HELLO */
	struct signer *signer;      /* its signing certificate, from then on */
	int64_t known;       /* entries of the ledger that it has seen a head of; -1: it does not hear of heads */
	int64_t credit;      /* messages that it may still submit */
	int64_t heartbeat_ms;
	int64_t heard_at;    /* monotonic */
	size_t unfinished;   /* bytes of a frame that has begun, at the last heartbeat */
	int unanswered;      /* heartbeats */
	bool is_announced;   /* the router was told and has not been told of the end */
	bool was_open, is_over;
	bool is_paused; /* its verifier is behind */
	bool is_held;   /* its party is over its rate */
	UT_hash_handle hh;
	TAILQ_ENTRY(link) stranger;
};

/* link_door.c: from the connection to the greeting. Enters the door and the list of strangers; somebody makes room when it is
 * full. rate, busy, closed. */
RESULT link_door_enter(struct link *link, int fd, struct err *err);
void link_door_leave(struct link *link);
void link_door_renew(struct link_home *home); /* after a reload */

#endif

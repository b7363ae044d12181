/* One connection of an adapter, from the handshake to the end: a state, a table of what each event does in it, and one
 * function that moves. Thread: its gateway's. */
#ifndef BROKER_GATEWAY_LINK_H
#define BROKER_GATEWAY_LINK_H

#include <sys/queue.h>

#include "base/log.h"
#include "base/metrics.h"
#include "broker/gateway/door.h"
#include "broker/gateway/tally.h"
#include "broker/wires/mandate.h"
#include "broker/gateway/refusals.h"
#include "broker/wires/outlet.h"

enum link_state {
	LINK_HANDSHAKE, /* TLS */
	LINK_HELLO,     /* waiting for its first word */
	LINK_GREETED,   /* its first word was good; waiting for the router's WELCOME */
	LINK_OPEN,
	LINK_CLOSING,   /* what is queued still goes out */
	LINK_CLOSED,
	LINK_STATE_COUNT
};

enum link_event {
	LINK_ON_SECURED, /* the handshake succeeded */
	LINK_ON_HELLO,   /* a HELLO; in state HELLO one that was judged good */
	LINK_ON_WELCOME, /* a frame of the router, which begins with WELCOME */
	LINK_ON_WORK,    /* a frame that only an open link may bring */
	LINK_ON_BYE,     /* the adapter says goodbye */
	LINK_ON_REFUSE,  /* this side ends it, for a reason */
	LINK_ON_GONE,    /* the connection is over */
	LINK_EVENT_COUNT
};

enum link_action {
	LINK_DO_NOTHING,   /* it means nothing here */
	LINK_DO_AWAIT,     /* HELLO has to come within limits.handshake_ms */
	LINK_DO_GREET,     /* the router is told; WELCOME has to come within limits.handshake_ms */
	LINK_DO_BEGIN,     /* WELCOME goes out; heartbeats begin */
	LINK_DO_PASS,      /* a frame of the router goes out */
	LINK_DO_WORK,      /* a frame of the adapter goes to the verifier */
	LINK_DO_HANG_UP,   /* no word more; closed */
	LINK_DO_DISMISS,   /* BYE with the reason, then closed */
	LINK_DO_BREAK_OFF, /* the same, for a frame out of turn */
	LINK_DO_BURY,      /* forgotten */
	LINK_ACTION_COUNT
};

struct link_row {
	enum link_state state;
	enum link_event event;
	enum link_state next;
	enum link_action action;
};

/* The table's row; there is one for every pair. */
const struct link_row *link_row(enum link_state state, enum link_event event);
const char *link_state_text(enum link_state state);
const char *link_event_text(enum link_event event);

struct link;

/* What the links of a gateway share. The gateway fills in loop, mandate, outlet and the burst of refusals, then opens it, and
 * replaces the mandate. */
struct link_home {
	struct loop *loop;
	struct mandate *mandate;
	struct outlet *outlet;
	struct link *by_id; /* uthash head */
	size_t count;       /* all that are not closed */
	TAILQ_HEAD(, link) strangers; /* not greeted yet, oldest first */
	struct door *door;
	int shakes; /* steps of handshakes left in this turn of the loop */
	struct tally *tally;
	struct log_gate refusals; /* strangers can cause these lines */
	struct refusals *turned_away; /* for the record; NULL: none is kept */
	struct metric *open;
};

void link_home_open(struct link_home *home);
void link_home_close(struct link_home *home); /* frees all links at once, without a word */
/* Takes over a connected socket, or refuses it, which is counted and logged. The link enters itself into its home and leaves it
 * when it is closed. When too many are at the handshake, one makes room. */
void link_accept(struct link_home *home, uint64_t id, int fd);
struct link *link_find(const struct link_home *home, uint64_t id); /* NULL: gone */
/* A frame of the router for it, with the submit credit that goes back. Borrowed. */
void link_send(struct link *link, const struct job *job);
/* Ends it: BYE with the reason where it can still be said. */
void link_dismiss(struct link *link, const struct err *why);
/* All of them, for example because the broker stops. */
void link_dismiss_all(struct link_home *home, const struct err *why);
/* After a reload: the present limits hold, and everyone whom the present mandate would refuse is dismissed. */
void link_rejudge_all(struct link_home *home);
/* A verifier has room again: links that wait for it are read on. */
void link_resume_all(struct link_home *home);
/* Frees all at once, without a word. */
void link_free_all(struct link_home *home);
/* Counts and logs one that was refused; also what never became a link. party and address may be NULL. */
void link_refused(struct link_home *home, const char *party, const char *address, const struct err *why);

#endif

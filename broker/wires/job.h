/* Every message between the broker's threads: one enumeration, one struct, one free. A job's ownership passes with its pointer.
 *
 *   gateway → verifier → router   LINK_UP  SUBMIT  ACK  CREDIT  CERT_ASK  LINK_DOWN  (all of one link by one verifier: in order)
 *   router → gateway              SEND  CLOSE
 *   verifier → gateway            CLOSE (a frame in which nothing can be answered)
 *   gateway → every verifier      LINK_UP (of a link that another verifier serves: whose signing certificate it is)
 *   main → everybody              SNAPSHOT  STOP
 *   gateway, router → main        STOP (no links are left; the store failed: `why`)
 *   admin ⇄ main                  ASK → ANSWER (reload)
 *   admin ⇄ router                ASK → ANSWER
 *   router → index, admin         COMMITTED (index: look; admin: publish the event)
 */
#ifndef BROKER_WIRES_JOB_H
#define BROKER_WIRES_JOB_H

#include "base/wire.h"
#include "broker/config/snapshot.h"
#include "certs/proof.h"
#include "schemas/frame.h"

enum job_kind {
	JOB_LINK_UP,
	JOB_LINK_DOWN,
	JOB_SUBMIT,
	JOB_ACK,
	JOB_CREDIT,
	JOB_CERT_ASK,
	JOB_SEND,
	JOB_CLOSE,
	JOB_SNAPSHOT,
	JOB_STOP,
	JOB_ASK,
	JOB_ANSWER,
	JOB_COMMITTED,
	JOB_KIND_COUNT
};

/* One message of a SUBMIT, judged by a verifier. Views point into job->frame. */
struct candidate {
	struct message message; /* decoded; of one that could not be, only header and id: without an id no job passes the verifier */
	struct bytes parts;     /* packed */
	struct bytes main;      /* the main part's bytes; may be empty */
	struct hash leaf;
	uint64_t index;
	struct hash path[PROOF_PATH_MAX];
	size_t path_len;
	const struct catalogue_type *type; /* of job->snapshot; NULL when refused before it was known */
	struct err *refusal;               /* NULL: nothing against it so far */
	int64_t signed_at;
};

struct job {
	enum job_kind kind;
	uint64_t link; /* gateway number in the upper 16 bits, a serial never used again below */
	char party[TRUST_NAME_MAX];
	struct blob *frame;         /* SUBMIT, ACK, CERT_ASK: as it came; SEND: to go; ASK, ANSWER, COMMITTED: packed */
	struct candidate *candidates; /* SUBMIT after the verifier */
	size_t count;               /* of candidates; SUBMIT before the verifier: of messages */
	struct bytes statement, signature; /* SUBMIT: views into frame */
	struct signer *signer;      /* LINK_UP: signing certificate of the party; SUBMIT: same */
	struct snapshot *snapshot;  /* SNAPSHOT: the new one; SUBMIT: under which it was judged */
	int64_t number;             /* CREDIT: deliveries; SEND: submit credit given back with this frame; ASK, ANSWER: who asks; LINK_UP: entries of the
	                             * ledger that the adapter has verified, -1: its version of the link knows no heads */
	struct err why;             /* CLOSE, LINK_DOWN */
	char address[64];           /* LINK_UP */
	uint8_t fingerprint[HASH_LEN]; /* LINK_UP: of the TLS certificate */
	int64_t at_us;              /* monotonic: when it came in */
};

struct job *job_new(enum job_kind kind, uint64_t link);
void job_free(struct job *job); /* NULL is fine */
const char *job_kind_text(enum job_kind kind);
unsigned job_gateway(uint64_t link); /* number of the gateway that has the link */
uint64_t job_link(unsigned gateway, uint64_t serial); /* the other way */
unsigned job_verifier(uint64_t link, unsigned verifiers); /* number of the verifier that serves the link, always the same */

/* Endpoints; gateways and verifiers are numbered from 0. */
#define ENDPOINT_VERIFIER "inproc://verifier-%u" /* PULL bound by the verifier, gateways PUSH */
#define ENDPOINT_ROUTER "inproc://router"        /* PULL bound by the router; verifiers, admin and main PUSH */
#define ENDPOINT_GATEWAY "inproc://gateway-%u"   /* PULL bound by the gateway; router and main PUSH */
#define ENDPOINT_INDEX "inproc://index"          /* PULL bound by the index thread; router and main PUSH; full: it is told already */
#define ENDPOINT_ADMIN "inproc://admin"          /* PULL bound by admin; router and main PUSH */
#define ENDPOINT_MAIN "inproc://main"            /* PULL bound by main; gateways, the router's thread and admin PUSH */

RESULT job_give(struct wire *wire, struct job **job, bool wait, struct err *err); /* takes it when it succeeds */
struct job *job_take(struct wire *wire, int wait_ms);

#endif

/* Every message between the broker's threads and with its gateway process: one enumeration, one struct, one free. A job's ownership
 * passes with its pointer; to and from the gateway process its bytes are copied (job_code.c).
 *
 *   gateway → warden → verifier → router   LINK_UP  SUBMIT  ACK  CREDIT  CERT_ASK  LINK_DOWN  (all of one link by one verifier: in order)
 *   gateway → warden → verifier → router   REFUSED (links that never were: for the record)
 *   router → warden → gateway    SEND  CLOSE
 *   verifier → warden → gateway  CLOSE (a frame in which nothing can be answered; who signs is not believed)
 *   warden → every verifier      LINK_UP (of a link that another verifier serves: whose signing certificate it is)
 *   warden → gateway             MANDATE  PULSE  STOP
 *   gateway → warden             READY  PULSE  STOP
 *   main → everybody             SNAPSHOT  STOP
 *   main ⇄ warden                GATEWAY (→ a process was started, on this wire; it is gone  ← end it: `why`)
 *   warden, router → main        READY  STOP (no links are left; the store failed: `why`)
 *   admin ⇄ main                 ASK → ANSWER (reload)
 *   admin ⇄ router               ASK → ANSWER
 *   router → index, admin        COMMITTED (index: look; admin: publish the event)
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
	JOB_MANDATE,
	JOB_READY,
	JOB_PULSE,
	JOB_GATEWAY,
	JOB_REFUSED,
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
	uint64_t link; /* gateway number in the upper 16 bits, a serial never used again below; without a link: the gateway's number alone */
	char party[TRUST_NAME_MAX];
	struct blob *frame;         /* SUBMIT, ACK, CERT_ASK: as it came; SEND: to go; ASK, ANSWER, COMMITTED, PULSE, REFUSED: packed; MANDATE: packed, a secret;
	                               LINK_UP without signer: packed chain of the signing certificate, as the gateway process says */
	struct candidate *candidates; /* SUBMIT after the verifier */
	size_t count;               /* of candidates; SUBMIT before the verifier: of messages */
	struct bytes statement, signature; /* SUBMIT: views into frame */
	struct signer *signer;      /* LINK_UP: signing certificate of the party; SUBMIT: same */
	struct snapshot *snapshot;  /* SNAPSHOT: the new one; SUBMIT: under which it was judged */
	int64_t number;             /* CREDIT: deliveries; SEND: submit credit given back with this frame; ASK, ANSWER: who asks; READY: generation of the
	                               mandate; GATEWAY: incarnation of the process; LINK_UP: entries of the ledger that the adapter has verified, -1: its
	                               version of the link knows no heads */
	struct err why;             /* CLOSE, LINK_DOWN, READY (what it could not do), GATEWAY */
	char address[64];           /* LINK_UP */
	uint8_t fingerprint[HASH_LEN]; /* LINK_UP: of the TLS certificate */
	int64_t at_us;              /* monotonic: when it came in */
	struct wire *wire;          /* GATEWAY: to the process, the taker's to free; NULL: it is gone */
};

struct job *job_new(enum job_kind kind, uint64_t link);
void job_free(struct job *job); /* NULL is fine */
const char *job_kind_text(enum job_kind kind);
unsigned job_gateway(uint64_t link); /* number of the gateway that has the link */
uint64_t job_link(unsigned gateway, uint64_t serial); /* the other way */
/* Serials of a gateway process begin behind this, so that no other of its kind ever had them. */
uint64_t job_first_serial(uint32_t incarnation);
uint32_t job_incarnation(uint64_t link);
unsigned job_verifier(uint64_t link, unsigned verifiers); /* number of the verifier that serves the link, always the same */

/* Endpoints; gateways and verifiers are numbered from 0. */
#define ENDPOINT_VERIFIER "inproc://verifier-%u" /* PULL bound by the verifier, wardens PUSH */
#define ENDPOINT_ROUTER "inproc://router"        /* PULL bound by the router; verifiers, admin and main PUSH */
#define ENDPOINT_GATEWAY "inproc://gateway-%u"   /* PULL bound by its warden; router, verifiers and main PUSH */
#define ENDPOINT_INDEX "inproc://index"          /* PULL bound by the index thread; router and main PUSH; full: it is told already */
#define ENDPOINT_ADMIN "inproc://admin"          /* PULL bound by admin; router and main PUSH */
#define ENDPOINT_MAIN "inproc://main"            /* PULL bound by main; wardens, the router's thread and admin PUSH */
#define ENDPOINT_PROCESS "ipc://%s/gateway-%u-%u" /* PAIR bound by the core, connected by the gateway process: folder, incarnation, number */

/* Takes the job when it succeeds. busy when the other side is full and wait is false. To another process it never waits. */
RESULT job_give(struct wire *wire, struct job **job, bool wait, struct err *err);
struct job *job_take(struct wire *wire, int wait_ms); /* between threads */

/* The side of the wire that a job comes from. */
enum job_origin { JOB_FROM_CORE, JOB_FROM_GATEWAY };
/* Takes the next of a wire between the two processes (or threads that play them): busy when there is none yet, closed, and malformed
 * for whatever is no job that this side may send. */
RESULT job_receive(struct wire *wire, enum job_origin origin, struct job **ret, struct err *err);

enum { JOB_HEAD_MAX = 2048 };
/* The two frames of a job for another process: the head is appended, *ret_body is a view into the job or into scratch. */
void job_pack(const struct job *job, struct buf *head, struct buf *scratch, struct bytes *ret_body);
/* Strict; the body is copied. malformed. */
RESULT job_unpack(enum job_origin origin, struct bytes head, struct bytes body, struct job **ret, struct err *err);
/* The chain in the frame of a LINK_UP, leaf first; views. malformed. */
RESULT job_chain(const struct job *job, struct bytes ret[static TRUST_CHAIN_MAX], size_t *ret_count, struct err *err);

#endif

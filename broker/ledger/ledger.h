/* The ledger: every decision, in order, under one Merkle tree whose head the hub signs. An entry is msgpack
 *   [1, number, at, kind, id, leaf, party, type, {detail}]
 * kind is its text; id and leaf are nil where no message is meant; party is who caused it. A leaf of the tree is merkle_leaf(entry).
 * Thread: the router's; reading functions take any store. */
#ifndef BROKER_LEDGER_LEDGER_H
#define BROKER_LEDGER_LEDGER_H

#include "base/pack.h"
#include "broker/store/store.h"
#include "certs/head.h"

enum ledger_kind {
	LEDGER_STARTED,     /* the hub started: detail version */
	LEDGER_STOPPED,
	LEDGER_RELOADED,    /* configuration, certificates or lists were taken over: detail hash of each file */
	LEDGER_LINK_UP,     /* detail address, certificate */
	LEDGER_LINK_DOWN,   /* detail code, reason */
	LEDGER_LINK_REFUSED, /* links that never were: party, or none; detail address, code, reason, count, since, until */
	LEDGER_ACCEPTED,    /* detail to [[party, agreement]…], verdict (its SHA-256), withheld [[party, part, code]…], thread, re, subject, issued, signed_at, verified_us */
	LEDGER_HELD,        /* kept and not delivered: detail as of accepted, and interlock, reason; `to` is who would have received it */
	LEDGER_LET_THROUGH, /* a held message goes on its way: detail to, because: resolved or override, by: id of the message that did it, reason */
	LEDGER_REFUSED,     /* detail code, field, reason */
	LEDGER_RECEIPT,     /* a recipient's receipt was accepted: detail of, disposition, code, sent_at, received_at, attempts */
	LEDGER_ACKED,       /* a receipt or notice reached its addressee for good: detail recipient, sent_at */
	LEDGER_EXPIRED,     /* for one recipient: detail recipient */
	LEDGER_DEAD,        /* detail recipient, code, reason, attempts */
	LEDGER_REQUEUED,    /* by the operator: detail recipient */
	LEDGER_DISCARDED,   /* by the operator: detail recipient, reason */
	LEDGER_WITHHELD,    /* from one recipient since it was accepted: detail recipient, parts, code, reason */
	LEDGER_ERASED,      /* a message's parts were destroyed: detail order (id of record.erase/1), parts, reason; party: who ordered it */
	LEDGER_KIND_COUNT
};

/* The note of the store that holds the newest signed head (certs/head.h), and the size that no note exceeds. */
#define LEDGER_NOTE_HEAD "ledger.head"
enum { LEDGER_NOTE_MAX = 4096 };

const char *ledger_kind_text(enum ledger_kind kind); /* "accepted" */

/* Views over the entry's bytes. */
struct ledger_entry {
	int64_t number, at;
	enum ledger_kind kind;
	const uint8_t *id, *leaf; /* NULL: none */
	struct bytes party, type;
	struct bytes detail; /* packed map */
};

/* ret holds views over `in`. malformed when it is no entry. */
RESULT ledger_entry_decode(struct bytes in, struct ledger_entry *ret, struct err *err);

struct ledger;

/* Opens on a store and checks that the noted frontier fits the number of entries: corrupt otherwise. Subtrees that an older version did not keep, or that
 * do not fit, are computed from all entries. key and fingerprint: the hub's signing key; ledger_sign_with replaces them on a reload. */
RESULT ledger_open(struct store *store, const char *hub, struct key *key, const uint8_t *fingerprint, struct ledger **ret, struct err *err);
void ledger_sign_with(struct ledger *ledger, struct key *key, const uint8_t *fingerprint);
void ledger_close(struct ledger *ledger);
/* Appends within the caller's transaction; entry->number is assigned (and returned). The tree moves on only with ledger_committed. */
RESULT ledger_append(struct ledger *ledger, const struct ledger_entry *entry, int64_t *ret_number, struct err *err);
/* Puts the frontier into the transaction: call once before each store_commit that had appends. */
RESULT ledger_seal(struct ledger *ledger, struct err *err);
void ledger_committed(struct ledger *ledger);
void ledger_rolled_back(struct ledger *ledger);
int64_t ledger_size(const struct ledger *ledger); /* entries, with those of the open transaction */
/* Signs the present head; kept for ledger_head and noted in the store within the caller's transaction. */
RESULT ledger_sign(struct ledger *ledger, int64_t at, struct err *err);
/* Computes the subtrees that proofs are made of anew from all entries, within the caller's transaction: after ledger_prove found them damaged. corrupt: the
 * entries are not those that the tree is of. */
RESULT ledger_rebuild_tree(struct ledger *ledger, struct err *err);
struct bytes ledger_head(const struct ledger *ledger); /* the last signed head; borrowed until the next ledger_sign; may be empty */

/* What any store can be asked; entries of the open transaction count. Both read some hundred rows at most, however long the ledger is. */
RESULT ledger_root_at(struct store *store, uint64_t size, struct hash *ret, struct err *err); /* usage: there are not so many entries */
/* Appends the proof (hashes one after the other) that the first new_size entries begin with the first old_size, and checks it. corrupt: subtrees that
 * are kept do not fit together. */
RESULT ledger_prove(struct store *store, uint64_t old_size, uint64_t new_size, struct buf *out, struct err *err);

/* One thing that is wrong. */
struct ledger_finding {
	int64_t entry;     /* -1: of no single entry */
	const char *where; /* "entry 17", "head", "frontier", "tree", "queue", "against" … */
	enum code code;
	const char *reason;
};

/* What is looked at, and whom to believe. All zero: everything but signatures. */
struct ledger_asking {
	const struct trust *trust; /* whose certificates count: with it the signatures of originators, persons and the hub are checked */
	const struct signer *hub;  /* who must have signed the head; NULL: whoever is the hub by its certificate in the store */
	struct bytes against;      /* a signed head that somebody else has kept, its signature checked by the caller: the ledger must continue it; empty: none */
	int64_t since;             /* entries before are not looked at: their subtrees are believed, and neither queues nor the number of messages are compared */
	bool quick;                /* the tree and the heads alone, no messages */
	void (*found)(void *ctx, const struct ledger_finding *finding); /* of each finding; NULL: only the first is told, as the error */
	void *ctx;
};

struct ledger_report {
	int64_t entries;    /* that were read */
	int64_t messages;   /* whose leaf, parts, path, statement and verdict were compared with the envelope that is stored */
	int64_t receipts;   /* of these */
	int64_t erased;     /* of these, those whose parts were erased, as an entry says */
	int64_t signatures; /* of messages, found right under certificates that were good when they were signed and accepted */
	int64_t persons;    /* signatures of persons, likewise */
	int64_t signers, signers_expired, signers_revoked; /* certificates met; of these, those that have expired or were revoked since */
	int64_t open, dead, held; /* deliveries that the record leaves open, as dead letters and held: each is where it should be */
	int64_t subtrees;   /* that proofs are made of, compared */
	int64_t head_size;  /* of the signed head */
	int64_t head_at;    /* ms; 0: no head */
	int64_t against_size; /* -1: none */
	int64_t findings;
	int64_t bad_entry;  /* first that is wrong, -1: none */
	struct hash root;
};
/* Rebuilds the tree from the entries and compares it with the frontier, the kept subtrees, the signed head and the head of somebody else; each accepted
 * message with what is stored of it; signatures, receipts, persons; and what the record leaves open with the queues. Goes on after a finding. OK: nothing
 * was found; otherwise the first finding. io, busy: it could not be looked at. */
RESULT ledger_audit(struct store *store, const struct ledger_asking *asking, struct ledger_report *ret, struct err *err);
/* The same without signatures but the head's (hub may be NULL: not that either). */
RESULT ledger_verify(struct store *store, const struct signer *hub, struct ledger_report *ret, struct err *err);

#endif

/* What the hub knows of records (warrants, releases, holds …: the lifecycles of the catalogue) and of the persons they are about.
 * All of it is in rows of the store, written in the router's transaction. Thread: the router's; record_show* any reader of the
 * store.
 *
 * A record is what its steps make of it, in the order in which they were signed and not in that of their arrival: each step is
 * kept with the moves that its type had when it was accepted, and a late one is put in its place and everything after it is
 * judged anew. A person is a set of identifiers. What identifiers one message has are of one person, unless they are known as
 * those of several: then nothing is merged, the message concerns all of them, and somebody should say identity.merge/1. Names and
 * dates of birth only ever make a candidate.
 *
 * A type that moves `each` record (a denied confirmation releases the holds that rest on the hit) speaks of every record under
 * any of the keys that the message has, but for those that go by another value under one of them; and of those that come to be
 * known later, if their own step was signed before: such a message is kept for them.
 *
 * For each message, in this order: record_judge; record_blockers if its type has an interlock; record_apply when it is accepted
 * (not while it is held: then both again when it is let through); record_plan_done. */
#ifndef BROKER_RECORD_RECORD_H
#define BROKER_RECORD_RECORD_H

#include "broker/store/store.h"
#include "schemas/catalogue.h"
#include "schemas/identifier.h"

enum {
	RECORD_EVENTS_MAX = 256, /* steps that a record keeps; older ones only as the state they led to */
	RECORD_NAMES_MAX = 32,   /* of one record */
	RECORD_IDS_MAX = 32,     /* of one message */
	RECORD_STEPS_MAX = 80,   /* of one message: one for each lifecycle, or for each record that it speaks of */
	RECORD_PERSONS_MAX = 64  /* of one message or record */
};

/* A message, as it is asked about. Everything is lent, and must outlive the plan that is made of it. */
struct record_question {
	const struct catalogue *catalogue;
	const struct catalogue_type *type;
	const struct message *message;
	struct bytes main; /* packed main part; may be empty */
	const char *from;  /* party */
	int64_t signed_at; /* ms; its place among the steps */
	int64_t now;       /* ms */
};

struct record; /* a row, unpacked: for this room only */

/* What a message does to one record. */
struct record_step {
	const struct catalogue_lifecycle *lifecycle;
	const char *key, *name; /* the identifier that it was found by: "warrant_no", "W900000017" */
	const char *owner;      /* party that entered it, once the step is made */
	const char *was;        /* state before: "none" for a new record */
	const char *to;         /* state that the message sets; NULL: it is optional here and does not fit, nothing happens */
	const char *now;        /* state after; not `to` if it is overtaken */
	bool is_overtaken;      /* steps that were signed later are on file and decide; by the one that set `now`: */
	const char *over_type, *over_from;
	int64_t over_at;        /* ms, signed */
	const uint8_t *over_id; /* UUID_LEN */
	struct record *record;
};

/* What follows from a message if it is accepted. Owns what it points to, but for the catalogue's. */
struct record_plan {
	struct record_step steps[RECORD_STEPS_MAX];
	size_t steps_count;
	struct identifier ids[RECORD_IDS_MAX]; /* that the message has; views into it */
	int64_t ids_person[RECORD_IDS_MAX];   /* whom they belong to; 0 and -1: nobody yet */
	size_t ids_count;
	int64_t persons[RECORD_PERSONS_MAX]; /* that it concerns, as far as they are known already; merged ones by the number that
	                                        stays */
	size_t persons_count;
	char conflict[ERR_REASON_MAX]; /* its identifiers are those of several persons; empty: they are not */
};

/* Judges the steps that the message's type makes. Writes nothing. *plan is set whatever the result is: record_plan_done it; ids
 * and persons also after a refusal. A message that fits no condition of a lifecycle's moves has nothing to do with it.
 * lifecycle: the record is not on file, its state does not allow the step, or a step that was signed later could not have
 * followed; the reason says which record, its state, who set it and when, and what is allowed by whom; the field is /subject/KEY
 * (or /parts/main/KEY). authority: another party would be allowed to; the field is /from. Otherwise faults of the store. */
RESULT record_judge(struct store *store, const struct record_question *question, struct record_plan *plan, struct err *err);
/* Writes what was judged, right after it: the records, their names, the persons that they are of, and what identifiers belong
 * together. Inside a transaction. */
RESULT record_apply(struct store *store, const struct record_question *question, struct record_plan *plan, struct err *err);
void record_plan_done(struct record_plan *plan); /* a zeroed one is fine, and so is again */

/* A record as others see it; lent during the call. */
struct record_seen {
	const struct catalogue_lifecycle *lifecycle;
	const struct catalogue_state *state;
	const char *key, *name;  /* its first name: "nic", "W123456789" */
	const char *owner;       /* party that entered it */
	int64_t since;           /* ms: when the step that set the state was signed */
	const char *type, *from; /* that step */
	const uint8_t *id;       /* UUID_LEN: its message */
	struct bytes map;        /* packed {lifecycle, state, names {KEY: text}, owner, since: date-time}: as alert/1 has it */
};
/* A failure ends the walk, and is its result. The store may be written to meanwhile. */
typedef result (*record_seen_fn)(void *ctx, const struct record_seen *seen, struct err *err);

/* Every record that stands against the message: in a state that blocks the interlock, and of one of its persons, named by its
 * subject, or moved by it (these in the state that its plan leaves them in). Each once. */
RESULT record_blockers(struct store *store, const struct record_question *question, const struct record_plan *plan,
                       const char *interlock, record_seen_fn fn, void *ctx, struct err *err);
/* Records in such a state of persons who share no identifier with the message but a name and the date of birth. They never block:
 * a human looks at them. */
RESULT record_candidates(struct store *store, const struct record_question *question, const struct record_plan *plan,
                         const char *interlock, record_seen_fn fn, void *ctx, struct err *err);

/* All identifiers that are known of the message's persons, its own included, each once. Views are borrowed during a call. */
typedef result (*record_id_fn)(void *ctx, const struct identifier *id, struct err *err);
RESULT record_ids(struct store *store, const struct record_plan *plan, record_id_fn fn, void *ctx, struct err *err);

/* Two identities are one person from now on: everybody that the ids of `merge` belong to becomes who those of `keep` belong to.
 * keep and merge are packed maps of kind to text; unknown ids become that person's. *ret_changed false: it was so already.
 * schema: one of them has no identifier. Inside a transaction. */
struct record_merger {
	struct bytes keep, merge;
	const char *who;   /* party that says so */
	const uint8_t *id; /* UUID_LEN: its message */
	int64_t at;        /* ms, signed */
};
RESULT record_merge(struct store *store, const struct record_merger *merger, bool *ret_changed, struct err *err);

/* Forgets identifiers of persons, and the names and dates of birth by which those persons are alike: from then on nobody is found
 * by them. Records stay, under their own numbers; of those in a state that blocks something fn hears, because nothing is held for
 * the person any more. Inside a transaction. */
RESULT record_erase(struct store *store, const struct catalogue *catalogue, const struct identifier *ids, size_t ids_count,
                    record_seen_fn fn, void *ctx, struct err *err);

/* For people who ask. One packed map for each record of that name (several agencies may use the same number), times as texts:
 *   {lifecycle, state, title, terminal, owner, since, names {KEY: [text…]}, persons [number…],
 *    history [{signed_at, type, from, id, to or note}…], forgotten?}
 * history is in the order of signing; a step without effect has a note instead of the state it sets; forgotten counts older
 * steps. Nothing is called for a name that is unknown. */
typedef void (*record_row_fn)(void *ctx, struct bytes row);
RESULT record_show(struct store *store, const struct catalogue *catalogue, const char *lifecycle, const char *key,
                   struct bytes value, record_row_fn fn, void *ctx, struct err *err);
/* Records in the order in which they were begun, after number `after`, of one lifecycle (NULL: all) and in one state (NULL: any).
 * One packed map for each: {number, blocks [interlock…], lifecycle, state, names, owner, since}. At most `max` of them, and no more than
 * RECORD_LIST_LOOKS are looked at. *ret_next: the number to go on after; 0: that was all. */
enum { RECORD_LIST_LOOKS = 20000 };
struct record_filter {
	const char *lifecycle, *state;
	int64_t after;
	size_t max;
};
RESULT record_list(struct store *store, const struct catalogue *catalogue, const struct record_filter *filter, record_row_fn fn, void *ctx,
                   int64_t *ret_next, struct err *err);
/* The number of the person that an identifier is of; 0: nobody's. */
RESULT record_person_of(struct store *store, const struct identifier *id, int64_t *ret_person, struct err *err);
/* Appends one packed map of a person, by an identifier:
 *   {person, ids [[kind, value]…], merged [{at, who, id, person}…], records [as of record_list…]} */
RESULT record_show_person(struct store *store, const struct catalogue *catalogue, const struct identifier *id, struct buf *out, bool *ret_found, struct err *err);

#endif

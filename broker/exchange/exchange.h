/* What the hub keeps track of for its parties: deadlines (an answer is owed), exchanges (a request's answers are collected and
 * summed up), numbered requests (the second only after the first) and subscriptions (who is told of a person). All of it is in
 * rows of the store, written in the router's transaction, and so is there after a restart. The room sends nothing itself: it asks
 * its host to. Thread: router.
 *
 * For each message that is not a receipt or of the hub itself, the router calls, once its recipients are decided,
 *   exchange_judge   before it is accepted: a refusal, or nothing; and
 *   exchange_accept  when it is accepted. A message that is held back is accepted here when it is let through.
 * Besides, exchange_run when the instant of exchange_next has come. */
#ifndef BROKER_EXCHANGE_EXCHANGE_H
#define BROKER_EXCHANGE_EXCHANGE_H

#include "broker/exchange/calendar.h"
#include "broker/store/store.h"
#include "schemas/identifier.h"

enum { EXCHANGE_IDS_MAX = 32, EXCHANGE_SUBSCRIPTION_DAYS_MAX = 400, EXCHANGE_SUBSCRIBERS_MAX = 1024, EXCHANGE_KEPT_DAYS = 30 };

#define EXCHANGE_ALERT_TYPE "alert/1"
#define EXCHANGE_COMPLETE_TYPE "exchange.complete/1"
#define EXCHANGE_NO_ANSWER "NO_ANSWER"
/* Attribute of a party: who is told when it does not answer, or is not answered. Commas separate several. */
#define EXCHANGE_SUPERVISOR "supervisor"
/* Role of those who are told of a third request without an answer. */
#define EXCHANGE_CONTROL_ROLE "control_terminal"

/* Who sends. say signs and queues a message of the hub, settled by the link's ACK; everything it is given is borrowed. It is only
 * ever given parties of the settings. */
struct exchange_host {
	void *ctx;
	RESULT (*say)
	(void *ctx, const char *to_party, const char *type, struct bytes main_part, const uint8_t *re, const uint8_t *thread,
	 struct bytes subject, int64_t priority, struct err *err);
	/* May be NULL: hears of a deadline that falls into a year without any holiday configured. */
	void (*uncovered)(void *ctx, const char *type, int64_t year);
};

/* Everything the functions work with; all of it lent. Made anew whenever the configuration is. */
struct exchange {
	struct store *store;
	const struct catalogue *catalogue;
	const struct settings *settings;
	const struct calendar *calendar;
	struct exchange_host host;
};

struct exchange_message {
	const struct message *message;
	const struct catalogue_type *type;
	struct bytes main;             /* packed main part; may be empty */
	const char *const *recipients; /* parties that it goes to; those that may send an answer owe one */
	size_t recipients_count;
	const struct identifier *ids; /* of the person it is about: exchange_ids, and what is known to be the same person's */
	size_t ids_count;
	int64_t now; /* of its acceptance, wall ms */
};

/* The identifiers that a message itself has, each once: of its header's subject and of /person/ids and /ids of its main part.
 * Views into both. At most max. Returns how many. */
size_t exchange_ids(const struct message *message, struct bytes main, struct identifier *ret, size_t max);

/* Whether it may be accepted; writes nothing. lifecycle: a second or third request (/request_no) without the one before it, of
 * the same sender, /nic, and conversation or /oca. Of a subscription: schema (until is past, or more than
 * EXCHANGE_SUBSCRIPTION_DAYS_MAX days ahead, or before from), not_found, authority (another party's), duplicate_conflict (an id
 * that another party uses). Otherwise faults of the store. */
RESULT exchange_judge(const struct exchange *exchange, const struct exchange_message *message, struct err *err);
/* Notes what it answers, opens what it asks for, keeps or ends its subscription. Says what is now complete. A message that is
 * judged wrong fails as there. Inside a transaction. */
RESULT exchange_accept(const struct exchange *exchange, const struct exchange_message *message, struct err *err);

/* What is known of an exchange: a packed map like exchange.complete/1's main part and {from, due}, without `closed_at` and `because` while it is
 * open; answers that came too late are marked `late`. Kept for EXCHANGE_KEPT_DAYS after it closed. Writes nothing. */
RESULT exchange_show(struct store *store, const uint8_t *id, struct buf *out, bool *ret_found, struct err *err);

/* Does at most max of what is due at `now`, and says so: overdue deadlines (each once, also after a restart), exchanges that
 * close unanswered, subscriptions that end, what is kept no longer. More may be left: exchange_next is then not after now. Inside
 * a transaction. */
RESULT exchange_run(const struct exchange *exchange, int64_t now, size_t max, struct err *err);
/* When exchange_run has next to be called; 0: not as far as is known. Writes nothing. */
RESULT exchange_next(struct store *store, int64_t *ret_at, struct err *err);

/* An erased message: nothing is owed for it any more, its exchange names nobody, and a subscription that it made ends. main: its
 * packed main part, before it is destroyed. Inside a transaction. */
RESULT exchange_erase_message(const struct exchange *exchange, const struct message *message, struct bytes main, struct err *err);
/* Takes identifiers out of deadlines and subscriptions; a subscription that has none left ends. Inside a transaction. */
RESULT exchange_erase_ids(struct store *store, const struct identifier *ids, size_t ids_count, struct err *err);

/* For people who ask; they write nothing. A packed map is given for each row after the key `after` (empty: from the start) that is
 * wanted, at most `max`, and no more than EXCHANGE_LIST_LOOKS are looked at. What is to be given as `after` to go on is written
 * to `next`; nothing: that was all. */
enum { EXCHANGE_LIST_LOOKS = 20000 };
struct exchange_listing {
	struct bytes after;
	size_t max;
	void (*fn)(void *ctx, struct bytes row);
	void *ctx;
	struct buf *next;
};
/* {id, type, from, subject?, request_no?, due, overdue, owing [{party, due, told}…]}; due: the soonest. */
RESULT exchange_list_deadlines(struct store *store, bool overdue_only, int64_t now, const struct exchange_listing *listing, struct err *err);
/* As exchange_show has them, and {from, due}. */
RESULT exchange_list(struct store *store, bool open_only, const struct exchange_listing *listing, struct err *err);
/* {subscription_id, party, from, until, topics, ids} */
RESULT exchange_list_subscriptions(struct store *store, const struct exchange_listing *listing, struct err *err);
/* How many there are. Deadlines: those that were told to be overdue and are owed still. Exchanges: open ones. */
struct exchange_counts {
	int64_t overdue, open, subscriptions;
};
RESULT exchange_count(struct store *store, struct exchange_counts *ret, struct err *err);

/* Who subscribed to the topic for any of the identifiers, at `now`; each party once, at most EXCHANGE_SUBSCRIBERS_MAX. Writes
 * nothing. */
typedef void (*exchange_subscriber_fn)(void *ctx, const char *party);
RESULT exchange_subscribers(struct store *store, const char *topic, const struct identifier *ids, size_t ids_count, int64_t now,
                            exchange_subscriber_fn fn, void *ctx, struct err *err);

#endif

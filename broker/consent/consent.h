/* Consents to disclose (42 CFR 2.31 and 2.35): what patients have granted and revoked, as the hub was told by consent.grant/1 and consent.revoke/1.
 * Kept in rows of the store, for ever: a grant is never changed, only revoked. Thread: the router's, or any reader of the
 * store. */
#ifndef BROKER_CONSENT_CONSENT_H
#define BROKER_CONSENT_CONSENT_H

#include "base/pack.h"
#include "broker/store/store.h"
#include "schemas/grant.h"

enum { CONSENT_ID_MAX = 128, CONSENT_MAIN_MAX = 65536 };

/* What a consent says about one disclosure. Only CONSENT_HOLDS allows it; CONSENT_RECIPIENT stands against that recipient alone, the others against all. */
enum consent_state {
	CONSENT_HOLDS,
	CONSENT_NONE,      /* the message names none */
	CONSENT_UNKNOWN,   /* not granted here */
	CONSENT_EARLY,     /* not yet effective */
	CONSENT_EXPIRED,
	CONSENT_REVOKED,
	CONSENT_DISCLOSER, /* does not name who wants to disclose */
	CONSENT_RECIPIENT, /* does not name the recipient */
	CONSENT_PERSON,    /* is that of another person */
	CONSENT_STATE_COUNT
};
const char *consent_state_text(enum consent_state state); /* for reasons: "has been revoked" */

/* Keeps a grant: main is the packed main part of consent.grant/1. duplicate_conflict: another grant has that id; the same one again is fine, and does not
 * undo a revocation. Inside a transaction. */
RESULT consent_grant(struct store *store, const char *by, int64_t at, struct bytes main, struct err *err);
/* Ends one: main is the packed main part of consent.revoke/1, or of consent.expire/1. not_found; authority: neither granted by that party nor is it a discloser that the grant
 * names; consent: a grant under 2.35 is revoked before the day from which it can be. Again is fine: the earlier time stays. Inside a transaction. */
RESULT consent_revoke(struct store *store, const char *by, int64_t at, struct bytes main, const struct grant_days *days, struct err *err);

/* The same judgements, and nothing is written. */
RESULT consent_check_grant(struct store *store, struct bytes main, struct err *err);
RESULT consent_check_revoke(struct store *store, const char *by, int64_t at, struct bytes main, const struct grant_days *days, struct err *err);
/* Erases the consent that such a main part granted: from then on it is unknown. Inside a transaction; not there: fine. */
RESULT consent_forget(struct store *store, struct bytes main, struct err *err);

/* A consent as it was read; init, load as often as wanted, done. */
struct consent {
	struct buf hold;
	bool is_named, is_known; /* the message names one; it was granted here */
	struct bytes main;       /* of the grant; views into hold */
	struct bytes by;         /* who granted it */
	int64_t granted_at;
	int64_t revoked_at;      /* ms; 0: never */
};
void consent_init(struct consent *consent);
void consent_done(struct consent *consent);
/* id: the header's `consent`; may be empty. Fails only with a fault of the store. */
RESULT consent_load(struct store *store, struct bytes id, struct consent *ret, struct err *err);

/* For people who ask: the consent after the id `after` (empty: the first) in the order of ids, as consent_load does. *ret_id views into the consent. */
RESULT consent_next(struct store *store, struct bytes after, struct consent *ret, struct bytes *ret_id, bool *ret_found, struct err *err);
/* What it is at an instant, whoever discloses to whom. */
enum consent_state consent_state_at(const struct consent *consent, const struct grant_days *days, int64_t now);

/* One disclosure that is asked about. */
struct consent_question {
	const struct consent *consent;
	const char *discloser;
	struct bytes subject; /* packed map of the message's identifiers, may be empty: an identifier that the grant has too must be the same */
	int64_t now;          /* wall ms */
	const struct grant_days *days; /* the hub's calendar; NULL: UTC */
};
/* Pure. ctx is a const struct consent_question, so that this fits agreement_question.consent. recipient NULL: whether it holds for anybody. */
enum consent_state consent_judge(void *ctx, const char *recipient);

#endif

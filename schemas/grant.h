/* What a consent to disclose says: the packed main part of consent.grant/1. Thread: any, pure. */
#ifndef SCHEMAS_GRANT_H
#define SCHEMAS_GRANT_H

#include "schemas/message.h"

#define GRANT_TYPE "consent.grant/1"
#define GRANT_REVOKE_TYPE "consent.revoke/1"
#define GRANT_EXPIRE_TYPE "consent.expire/1" /* the event that ends it has come */
/* 42 CFR 2.32(a)(2): goes with every disclosure. */
#define GRANT_NOTICE "42 CFR part 2 prohibits unauthorized disclosure of these records."

enum { GRANT_PARTY_MAX = 104 };

struct bytes grant_id(struct bytes main); /* of a grant or a revocation; empty when there is none */
/* Where days begin and end: reads a date, or a date-time, as wall ms; of a date that day's first millisecond, or its last one. NULL: by UTC. */
struct grant_days {
	bool (*read)(void *ctx, struct bytes text, bool is_end_of_day, int64_t *ret);
	void *ctx;
};
bool grant_has_begun(struct bytes main, const struct grant_days *days, int64_t now);
bool grant_has_ended(struct bytes main, const struct grant_days *days, int64_t now); /* by its own last day */
bool grant_names_discloser(struct bytes main, struct bytes party);
bool grant_names_recipient(struct bytes main, struct bytes party);
/* The recipients one after the other: index 0, 1 …; false when there are no more. */
bool grant_recipient(struct bytes main, size_t index, struct bytes *ret);
/* Whether an identifier that the grant's person and a message's subject both have tells them apart, and none says that they are the same. */
bool grant_is_other_person(struct bytes main, struct bytes subject);
/* Before which time a justice-referral consent (42 CFR 2.35) cannot be revoked, in ms; 0: it can be at any time. */
int64_t grant_revocable_from(struct bytes main, const struct grant_days *days);
/* A revocation's own time; 0 when it says none. */
int64_t grant_revoked_at(struct bytes revocation);
/* Whether it tells of the event that the grant ends with, and is no change of mind. */
bool grant_ends_by_event(struct bytes revocation);

#endif

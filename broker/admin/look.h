/* What the operator looks at: records, persons, held messages, deadlines, exchanges, subscriptions and consents, as the store's rows have them. Pure
 * readers. Lists come in pages: a request may have {limit: 1 to LOOK_LIMIT_MAX, after: the `next` of the page before}; the answer has {rows: [map…]}
 * and, if there is more, {next}. A page may have fewer rows than its limit, and still a next one, where few of those looked at were wanted.
 * Each answer says what was looked at, without naming anybody ({looked_at: "person 17"}): it goes to the log. Thread: admin. */
#ifndef BROKER_ADMIN_LOOK_H
#define BROKER_ADMIN_LOOK_H

#include "broker/admin/answers.h"

enum { LOOK_LIMIT = 100, LOOK_LIMIT_MAX = 1000 };

/* {what: a number of a record, or KEY=NUMBER} → rows as of record_show. not_found. */
RESULT look_record_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* {lifecycle?, state?} → rows as of record_list. not_found: no such lifecycle or state. */
RESULT look_record_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* {who: "KIND=VALUE"} → {person} as of record_show_person. not_found. */
RESULT look_person_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* → rows {id, type, from, at, expires, interlock, reason, recipients}. */
RESULT look_held_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* {id} → {held: such a row with subject, records: those that stand against it now, overrides: [{type, roles, signatures, originators}…]}. not_found. */
RESULT look_held_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* {overdue?: true} → rows as of exchange_list_deadlines. */
RESULT look_deadline_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* {id} → {exchange}. not_found. {open?: true} → rows. Both as of exchange_show. */
RESULT look_exchange_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
RESULT look_exchange_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
RESULT look_subscription_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
/* → rows {consent_id, by, granted_at, revoked_at, state, disclosers, recipients, effective, expires_on}; {id} → {consent: such a row with the whole grant}. */
RESULT look_consent_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);
RESULT look_consent_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err);

/* For status and metrics. */
struct look_counts {
	int64_t held, overdue, open, subscriptions;
};
RESULT look_count(const struct answers *answers, struct look_counts *ret, struct err *err);

#endif

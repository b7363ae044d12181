/* Alerts: what the hub tells agencies of its own accord, at once and signed: that something is held, let through, overdue, overtaken, or that two records may
 * be of the same person. The main part is alert/1 of the catalogue. Thread: router, inside the group's transaction. */
#ifndef BROKER_ROUTE_ALERT_H
#define BROKER_ROUTE_ALERT_H

#include "broker/route/mail.h"

#define ALERT_TYPE "alert/1"

struct alert {
	const char *event;
	const struct message *of;     /* the message that it is about; NULL: none */
	struct bytes interlock;       /* its name, or empty */
	struct bytes record;          /* packed map {lifecycle, state, names, owner, since}, or empty */
	enum code code;
	const char *reason;
};

/* Only to a party that is enrolled; to any other it is no alert. Identifiers of `of` go with it in the subject, its content does not. */
RESULT alert_send(struct core *core, const struct alert *alert, const char *to, struct err *err);
RESULT alert_to_party(struct core *core, const struct alert *alert, struct bytes to, struct err *err);

#endif

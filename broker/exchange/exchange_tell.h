/* What is said of a deadline that has passed. Thread: router. */
#ifndef BROKER_EXCHANGE_EXCHANGE_TELL_H
#define BROKER_EXCHANGE_EXCHANGE_TELL_H

#include "broker/exchange/exchange.h"

/* The third request of a kind that nobody answers goes to whoever controls the network. */
enum { EXCHANGE_TELL_LAST_REQUEST = 3 };

struct exchange_overdue {
	const uint8_t *id, *thread; /* UUID_LEN, of the message that began it */
	struct bytes type, from, subject;
	int64_t due, at;           /* wall ms */
	int64_t request_no;        /* 0: not a numbered request */
	const struct bytes *owing; /* parties */
	size_t owing_count;
};

/* alert/1 to the originator and to its supervisors, to each party that owes and to its supervisors; of a third request the
 * supervisors and control terminals hear that it is escalated. Each of them once. */
RESULT exchange_tell_overdue(const struct exchange *exchange, const struct exchange_overdue *overdue, struct err *err);

#endif

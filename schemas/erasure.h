/* What an order to erase is about: the packed main part of record.erase/1. Thread: any, pure. */
#ifndef SCHEMAS_ERASURE_H
#define SCHEMAS_ERASURE_H

#include "schemas/message.h"

#define ERASURE_TYPE "record.erase/1"

/* Views over the main part. */
struct erasure {
	struct bytes messages; /* packed array of ids as text, or empty */
	struct bytes ids;      /* packed map of identifiers, or empty */
	bool has_thread;
	struct uuid thread;
};

void erasure_read(struct bytes main, struct erasure *ret);
/* The messages that it names, one after the other: index 0, 1 …; false when there are no more. */
bool erasure_message(const struct erasure *erasure, size_t index, struct uuid *ret);
/* Whether there is something to look for: a conversation, or identifiers. */
bool erasure_searches(const struct erasure *erasure);
/* Whether a message is named, is of the conversation, or has one of the identifiers in its subject. */
bool erasure_is_about(const struct erasure *erasure, const struct message *message);
/* What no order erases: receipts and notices, which say nothing of anybody, and the orders, which show that they were given. */
bool erasure_spares(const struct message *message);

#endif

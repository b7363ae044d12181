/* The draft of a message that a text without a fault becomes. Thread: the adapter's loop. */
#ifndef ADAPTERS_NCIC_NCIC_DRAFT_H
#define ADAPTERS_NCIC_NCIC_DRAFT_H

#include "adapters/ncic/ncic_record.h"

struct ncic_draft {
	const struct kind_host *host;
	struct kind_reading *into;
	const struct ncic_keys_key *key; /* NULL: not known */
	struct ncic_text text;
	struct ncic_record record;                  /* that the text is about, if it is about one */
	struct bytes to[NCIC_TEXT_DESTS_MAX]; /* parties behind the destinations */
};

/* Whether the text is about a warrant that was entered before. */
bool ncic_draft_is_change(const struct ncic_draft *draft);
/* Adds the draft; what no place takes is listed. The text must have been judged. */
void ncic_draft_put(struct ncic_draft *draft);

#endif

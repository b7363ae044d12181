/* The warrant that a text speaks of, among the records held here, and who may do what with it. Thread: the adapter's loop. */
#ifndef ADAPTERS_NCIC_NCIC_RECORD_H
#define ADAPTERS_NCIC_NCIC_RECORD_H

#include "adapters/ncic/ncic_keys.h"

struct ncic_record {
	struct kind_record record; /* its body is `body` */
	struct buf body;
	size_t count; /* 0: not found */
};

void ncic_record_init(struct ncic_record *record);
void ncic_record_done(struct ncic_record *record);
/* Finds it by the text's NIC, an open one before one that is closed. Faults: not on file, closed, not this agency's to change,
 * another name or warrant number. Nothing happens when the NIC itself is at fault. */
void ncic_record_check(const struct kind_host *host, const struct ncic_keys_key *key, struct ncic_text *text,
	                   struct ncic_record *record, struct kind_reading *into);

#endif

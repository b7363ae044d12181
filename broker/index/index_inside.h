/* What the index's files share: index.c (the file, and its place in the ledger), index_fill.c (entries become rows), index_view.c
 * (questions). Thread: the index's for the writer, the reader's own for a view. */
#ifndef BROKER_INDEX_INDEX_INSIDE_H
#define BROKER_INDEX_INDEX_INSIDE_H

#include "broker/index/index.h"
#include "broker/store/database.h"

enum { INDEX_APPLICATION = 0x4c494149, INDEX_VERSION = 3, INDEX_WRITER_CACHE_KIB = 8192, INDEX_ENTRY_MAX = 1 << 20 };

enum index_statement {
	INDEX_STATE,
	INDEX_OPENED,
	INDEX_MOVED,
	INDEX_CLOSED,
	INDEX_ACCEPT,
	INDEX_REFUSE,
	INDEX_SUBJECT,
	INDEX_HOP,
	INDEX_RECEIVED,
	INDEX_RECEIPT,
	INDEX_RECEIPT_ACKED,
	INDEX_NOTICE_ACKED,
	INDEX_HOP_ENDED,
	INDEX_HELD,
	INDEX_LET_THROUGH,
	INDEX_HOP_LATER,
	INDEX_WITHHELD,
	INDEX_ERASED,
	INDEX_STATEMENT_COUNT
};

extern const char index_schema[];
extern const char *const index_statements[INDEX_STATEMENT_COUNT];

/* Writes what an entry says into the tables, within the caller's transaction. corrupt: the database; a detail that lacks
 * something is taken as it is, because the ledger cannot be mended. */
RESULT index_fill(struct database *database, const struct ledger_entry *entry, struct err *err);

#endif

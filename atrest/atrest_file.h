/* The VFS's files. Only atrest*.c include this. Thread: a file is its connection's. */
#ifndef ATREST_ATREST_FILE_H
#define ATREST_ATREST_FILE_H

#include "atrest/atrest_inside.h"

struct atrest_file {
	sqlite3_file base; /* what SQLite sees; must be the first */
	struct vault_hand *hand;
	struct atrest_head head;
	bool is_plain;   /* left alone */
	bool has_head;   /* on the disk */
	uint8_t segment[ATREST_SEGMENT_MAX], scratch[ATREST_PAGE];
	/* The file of the system's VFS follows, see atrest_file_inner. */
};

sqlite3_file *atrest_file_inner(struct atrest_file *file);
/* After the inner one is open. kind: of a new one. */
int atrest_file_open(struct atrest_file *file, const struct vault *vault, enum atrest_kind kind, bool stays_plain);

#endif

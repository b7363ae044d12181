/* How a sealed file lies on the disk. Only atrest*.c include this.
 *
 * A head of 64 bytes, never sealed: the mark, the kind, an id of its own. Then segments, each sealed by itself with its trailer behind it, and bound to file, kind and
 * number. A database is segments of 4096 bytes. A write-ahead log is what SQLite writes to one, piece by piece: its header of 32 bytes, then for each frame a header of
 * 24 and a page of 4096; so a write never touches what an earlier one made durable. */
#ifndef ATREST_ATREST_INSIDE_H
#define ATREST_ATREST_INSIDE_H

#include <sqlite3.h>

#include "atrest/atrest.h"

enum {
	ATREST_HEAD = 64,
	ATREST_FILE_ID = 16,
	ATREST_PAGE = 4096,
	ATREST_SEGMENT_MAX = ATREST_PAGE + VAULT_TRAILER_LEN,
	ATREST_WAL_HEADER = 32,
	ATREST_FRAME_HEADER = 24
};

enum atrest_kind { ATREST_BLOCKS = 'B', ATREST_LOG = 'L' };

struct atrest_segment {
	uint64_t number;
	int64_t logical, physical;
	int len;
};

struct atrest_head {
	enum atrest_kind kind;
	uint8_t id[ATREST_FILE_ID];
};

struct atrest_segment atrest_segment_at(enum atrest_kind kind, int64_t logical);
int64_t atrest_logical_size(enum atrest_kind kind, int64_t physical);
void atrest_head_write(const struct atrest_head *head, uint8_t into[static ATREST_HEAD]);
/* False: these are not the first bytes of a sealed file. */
bool atrest_head_read(const uint8_t from[static ATREST_HEAD], struct atrest_head *ret);
void atrest_head_new(enum atrest_kind kind, struct atrest_head *ret);
bool atrest_is_plain(struct bytes first); /* of a database or a log of SQLite's */
/* What a segment is bound to. */
enum { ATREST_ABOUT = ATREST_FILE_ID + 1 + 8 };
struct bytes atrest_about(const struct atrest_head *head, uint64_t number, uint8_t into[static ATREST_ABOUT]);

#endif

/* The disk as every SQLite file of ours has it: each page ends with a checksum over itself and its number, which is verified whenever the page is
 * read; each frame of the write-ahead log is verified against the checksum that SQLite gave it, also long after it was written; and a
 * small file beside the log (NAME-mark) remembers how far the log was synced, so that a log that lost its middle, its end or itself does
 * not pass for one that was never longer. SQLite by itself takes a damaged frame for the end of the log, and what was acknowledged behind it is gone in
 * silence.
 *
 * A file that is damaged is named with the page or the frame; nothing is ever mended or removed here. Thread: any; what a thread's last damage
 * was is kept for each thread. */
#ifndef PAGES_PAGES_H
#define PAGES_PAGES_H

#include "base/bytes.h"

struct sqlite3;

enum { PAGES_BYTES = 4096 };

enum pages_kind {
	PAGES_EMPTY,   /* no file, or nothing in it */
	PAGES_CHECKED, /* with checksums */
	PAGES_PLAIN,   /* SQLite's, of a time before there were checksums */
	PAGES_ALIEN    /* not such a file, or too damaged to tell */
};

/* What the file says of itself in its first bytes. io, permission. */
RESULT pages_look(const char *path, enum pages_kind *ret, struct err *err);

/* How many bytes of pages it holds, whatever it takes of the disk; 0 when there is no file. */
RESULT pages_size(const char *path, int64_t *ret, struct err *err);

/* The name to give to sqlite3_open_v2. with_mark: what is committed must not be lost, and exactly one connection of one process opens the file for
 * writing; the log is checked when that connection opens it. */
const char *pages_vfs(bool with_mark);
/* Checksums for the pages of the empty file that was opened; before the first table is made. Returns SQLite's code. */
int pages_claim(struct sqlite3 *handle);

/* The error that goes with SQLite's code, with the path as its field: a page's or a frame's damage if there was one on this thread. full is only what
 * happened before a sync. */
result pages_failure(struct sqlite3 *handle, const char *path, int sqlite_code, struct err *err);

/* Gives checksums to a plain file that nobody has open: writes another one beside it, verifies both, and renames. Needs as much space as the file
 * has. corrupt, full, io. */
RESULT pages_renew(const char *path, struct err *err);

/* Reads every page of a file, and its log, whether it is in use or not. *ret_pages: how many of them were whole. corrupt names the first that is not. */
RESULT pages_check(const char *path, int64_t *ret_pages, struct err *err);

/* SQLite's own check: do tables, keys and the list of free pages fit together? Reads, also a file in use. */
RESULT pages_integrity(const char *path, struct err *err);
/* The two numbers that a program stamps its files with: whose they are, and of which format. corrupt when there is no header. */
RESULT pages_stamp(const char *path, int *ret_application, int *ret_version, struct err *err);

/* A copy of the file as it stands at this moment, also while others write to it; `to` must not exist, and is on the disk when this returns. */
RESULT pages_copy(const char *path, const char *to, struct err *err);

#endif

/* Inside the room: pages.c (the layer beneath SQLite), pages_log.c (the log and its mark), pages_sum.c (checksums), pages_file.c (whole files). */
#ifndef PAGES_PAGES_INSIDE_H
#define PAGES_PAGES_INSIDE_H

#include <sqlite3.h>

#include "pages/pages.h"

enum {
	PAGES_RESERVED = 8, /* at the end of each page */
	PAGES_LOG_HEADER = 32,
	PAGES_FRAME_HEADER = 24,
	PAGES_FRAME_BYTES = PAGES_FRAME_HEADER + PAGES_BYTES,
	PAGES_SALT = 8,
	PAGES_BOOT = 16,
	PAGES_MARK_BYTES = 64
};

/* A page's checksum: CRC-64 over its number and its contents, seeded so that zeros do not fit. */
uint64_t pages_sum(const uint8_t *page, uint32_t number);
void pages_sum_put(uint8_t *page, uint32_t number);
bool pages_sum_fits(const uint8_t *page, uint32_t number);
uint64_t pages_crc(uint64_t crc, const uint8_t *at, size_t len);

uint32_t pages_get32(const uint8_t *at); /* big-endian, as SQLite writes it */
void pages_put32(uint8_t *at, uint32_t value); /* the other way */

/* Notes a damage for this thread; pages_failure takes it. */
void pages_note_damage(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool pages_take_damage(struct err *err);

/* How far the log is known to be synced. */
struct pages_mark {
	uint8_t salt[PAGES_SALT];
	uint32_t frames;  /* the last frame that was committed and synced */
	bool is_copied;   /* all of them stand in the database file, and are synced there */
	bool is_of_today; /* of this life of the machine: nothing that was written since can have been lost */
};

struct pages_log {
	char *path;
	int mark_fd;
	struct pages_mark mark;
	uint8_t salt[PAGES_SALT]; /* as this connection wrote or found it */
	uint32_t commit_frame;    /* the last header with a commit */
	uint32_t header_frame;    /* of which the header was just written */
	uint32_t loose_from;      /* from here on, frames of the open transaction do not fit their checksums; 0: all do */
};

typedef int (*pages_read_fn)(void *ctx, void *into, int amount, int64_t offset);

/* Opens the log's mark and checks the log against it; on damage it is noted and an SQLite code returned. */
int pages_log_open(struct pages_log *log, const char *path, pages_read_fn read, void *ctx, int64_t size);
void pages_log_close(struct pages_log *log);
/* The log without a mark, or with one that is only read: `path` is the log's. */
int pages_log_check(const char *path, pages_read_fn read, void *ctx, int64_t size);
/* What is about to be written to it. */
int pages_log_written(struct pages_log *log, const uint8_t *at, int amount, int64_t offset);
int pages_log_synced(struct pages_log *log);
/* Everything in the log stands in the database file. */
int pages_log_copied(struct pages_log *log);
/* May it be cut or removed? Makes sure that the mark says so first. */
int pages_log_release(struct pages_log *log);
/* The same for a log that is closed already. */
int pages_log_release_path(const char *path);
/* The page that was just read from there; *log may be NULL for readers. */
int pages_log_verify(const struct pages_log *log, const char *path, const uint8_t *page, int64_t offset, pages_read_fn read, void *ctx);

#endif

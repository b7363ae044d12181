/* Heads of the ledger as JSON files, as people hand them to each other. One thread. */
#ifndef CLI_HEAD_FILES_H
#define CLI_HEAD_FILES_H

#include "certs/head_file.h"

enum { HEAD_FILES_MAX = 4 * HEAD_FILE_MAX };

/* Reads a file into *packed (initialised by this; buf_done it): one head, or both heads of what an adapter has kept as evidence. */
RESULT head_files_read(const char *path, struct buf *packed, struct head_file ret[static 2], size_t *ret_count, struct err *err);
/* Writes a packed head (head_file_put) as JSON. */
RESULT head_files_write(const char *path, struct bytes packed, struct err *err);
/* "4100 entries, root 98c9…, signed 2026-03-02T09:12:00.412Z" */
const char *head_files_text(const struct head *head, char *into, size_t size);

#endif

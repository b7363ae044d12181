/* What rests on the disk, sealed: every SQLite file that this process opens from then on is encrypted and authenticated, page by page, the write-ahead log as
 * well, by a VFS beneath SQLite. So nothing above it knows: rows, keys of rows, indexes, free pages and temporary files are all covered, and
 * so is whatever a room stores tomorrow. A file that is plain stays as it is until atrest_seal_file has made a sealed one of it. Thread: main, before others run. */
#ifndef ATREST_ATREST_H
#define ATREST_ATREST_H

#include "certs/vault.h"

/* Takes over the vault, for the life of the process. Once only. */
RESULT atrest_setup(struct vault *vault, struct err *err);

enum atrest_state { ATREST_ABSENT, ATREST_PLAIN, ATREST_SEALED };
struct atrest_count {
	enum atrest_state state;
	uint64_t blocks;                     /* of 4096 bytes */
	uint64_t by_key[VAULT_KEYS_MAX];     /* in the order of the ring */
	uint64_t by_others;                  /* keys that are not in the ring */
};
/* What a database consists of, its log left out. vault may be NULL. io, permission. */
RESULT atrest_look(const char *path, const struct vault *vault, struct atrest_count *ret, struct err *err);
/* For programs at their start: a database that is sealed cannot be opened without a key, or without its own. key. */
RESULT atrest_may_open(const char *path, const struct vault *vault, struct err *err);
/* Makes a sealed file of a plain one, or seals one anew with the first key where it is not: beside it, then renamed; what it was is overwritten. Its log is merged first.
 * Does nothing where nothing is to be done. busy when a program has it open. After atrest_setup. *ret_done: something was done. */
RESULT atrest_seal_file(const char *path, const struct vault *vault, bool *ret_done, struct err *err);

/* All that a program does at its start, before it opens anything: loads the ring (key NULL: none), and seals those of the folder's databases that are plain. */
struct atrest_began {
	char key[2 * VAULT_ID_LEN + 1]; /* the id of the one that seals; empty: nothing is sealed */
	size_t sealed;                  /* databases that were plain until now */
};
RESULT atrest_begin(const char *key, const char *folder, const char *const *names, size_t count, struct atrest_began *ret, struct err *err);
/* The same for a command that only reads: nothing is sealed, and a database (a path; it may be absent) that is sealed with no key, or none of the ring, is refused. key. */
RESULT atrest_begin_reading(const char *key, const char *const *paths, size_t count, struct err *err);

#endif

/* What `liaison doctor`, `backup` and `restore` of both programs share: findings, the machine around a program, copies of its files. It only reads but
 * where a copy is made; it prints, because it runs in the programs' own commands. Thread: main. */
#ifndef CARE_CARE_H
#define CARE_CARE_H

#include "base/bytes.h"
#include "certs/hash.h"

/* ── findings ── */

enum care_grade { CARE_FINE, CARE_WARNING, CARE_FAULT };
struct care;

/* file: the configuration that is looked at. */
struct care *care_new(const char *file, bool json);
/* One line: about what (`store`), which of them (a path; may be empty), what was found, and what to do about it (empty when fine). */
void care_say(struct care *care, enum care_grade grade, const char *about, const char *which, const char *remedy, const char *format, ...)
	__attribute__((format(printf, 6, 7)));
/* A fault, with its code's remedy. */
void care_fault(struct care *care, const char *about, const struct err *why);
/* Each line of the text is a fault of the configuration. */
void care_config(struct care *care, struct bytes faults);
/* Prints everything, frees it, and gives the exit code: 0 without a fault, 1 otherwise. Warnings alone are 0. */
int care_end(struct care *care);

/* ── the machine ── */

void care_clock(struct care *care); /* is it set by NTP, and can it be right? */
/* Is it there, whose is it, who else may, how much space has its disk? */
void care_folder(struct care *care, const char *about, const char *path);
/* Is it there, whose is it, and may others read it or (secret) look at all? A key that is named by a URI is passed over. */
void care_file(struct care *care, const char *about, const char *path, bool secret);
/* An ipc:// endpoint: does anybody listen, or was it left behind? Others are passed over. True: somebody listens. */
bool care_socket(struct care *care, const char *about, const char *endpoint);
/* Does anybody listen at host:port? */
void care_dial(struct care *care, const char *about, const char *address);
/* until: ms, 0: not known; a warning from so many days before on. */
void care_until(struct care *care, const char *about, const char *which, int64_t until_ms, int64_t notice_days);
/* A fault when the lock file remembers a database that is missing or empty now. True: so it is. */
bool care_is_gone(struct care *care, const char *about, const char *path, const char *lock);
/* Every page's checksum, the log, and SQLite's own check of its tables. application and version: as the file's header must say. True: it is whole. */
bool care_database(struct care *care, const char *about, const char *path, int application, int version);

/* ── copies ── */

/* What a copy says of itself. */
struct care_copy {
	const char *what;  /* "hub", "adapter" */
	const char *party;
	const char *database; /* "store.db" */
	int64_t made_at;
	int64_t ledger_size; /* -1: none */
	struct hash ledger_root;
};

/* Copies a database into a folder that is made for it, also while it is in use, verifies the copy, and writes copy->made_at. */
RESULT care_copy_database(const char *data, const char *folder, struct care_copy *copy, struct err *err);
/* Adds a file to the copy under its own name. not_found is fine where optional. */
RESULT care_copy_file(const char *path, const char *folder, bool optional, struct err *err);
/* Ends a copy: manifest.json with each file's length and SHA-256. */
RESULT care_copy_end(const char *folder, const struct care_copy *copy, struct err *err);
/* Holds a copy against its manifest: files, checksums, pages. *ret's texts are those that were expected. corrupt, usage. */
RESULT care_copy_check(const char *folder, const char *what, const char *party, const char *database, struct care_copy *ret, struct err *err);
/* Puts the database of a checked copy into a data folder in which there is none. usage when there is one. */
RESULT care_copy_restore(const char *folder, const char *data, const char *database, struct err *err);

#endif

/* Configuration: a table says what there is, a file in libconfig's grammar says what is wanted, a struct of the program's own
 * receives it. The file is checked whole before anything is applied: every fault is listed with file:line and a remedy, unknown
 * settings are refused, and what --print prints parses again. Thread: any; a loaded struct is immutable by agreement.
 *
 * Sizes and durations are quoted text ("64 MiB", "30 s"), because libconfig wraps large integers in silence. */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include "base/bytes.h"

enum conf_kind {
	CONF_TEXT,     /* char *          */
	CONF_PATH,     /* char *; relative ones are taken from the folder of the configuration file */
	CONF_INT,      /* int64_t         */
	CONF_SIZE,     /* int64_t, bytes  */
	CONF_DURATION, /* int64_t, ms     */
	CONF_BOOL,     /* bool            */
	CONF_CHOICE,   /* int: the index in `choices` */
	CONF_TEXTS,    /* struct conf_texts: an array or list of strings */
	CONF_PAIRS,    /* struct conf_pairs: a group whose names are free, all values text */
	CONF_GROUP,    /* the sub-struct itself, at offset */
	CONF_LIST      /* struct conf_list of sub-structs: a list of groups */
};

enum conf_flag {
	CONF_REQUIRED = 1,  /* an error when absent */
	CONF_SECRET = 2,    /* masked by conf_print */
	CONF_NO_RELOAD = 4, /* conf_changed reports it: needs a restart */
	CONF_IS_PATH = 8,   /* TEXTS: each is a path, as in CONF_PATH */
	CONF_OR_URI = 16    /* PATH: or something that another keeps: a value that begins with "pkcs11:" or "credential:" stays as it is */
};

struct conf_texts {
	char **at;
	size_t count;
};

struct conf_pair {
	char *name;
	char *value;
	int line;
};

struct conf_pairs {
	struct conf_pair *at;
	size_t count;
};

struct conf_list {
	void *at; /* count structs of the sub-table's size, one after the other */
	size_t count;
};

struct conf_place {
	const char *file;
	int line;
};

struct conf_faults;
struct conf_table;

/* Judges one value beyond kind and range: adds what is wrong to *faults. `value` points at the field in the struct. */
typedef void (*conf_check_fn)(const void *value, struct conf_place place, const char *path, struct conf_faults *faults);

struct conf_field {
	const char *name;
	enum conf_kind kind;
	size_t offset;
	unsigned flags;               /* enum conf_flag */
	const char *fallback;         /* as it would be written, without quotes; NULL: zero/NULL/empty */
	int64_t min, max;             /* INT, SIZE, DURATION; both 0: any that is not negative */
	const char *const *choices;   /* CHOICE: NULL-terminated */
	const struct conf_table *sub; /* GROUP, LIST */
	conf_check_fn check;          /* may be NULL */
	const char *help;             /* one line, printed by conf_print as a comment */
};

struct conf_table {
	const struct conf_field *fields;
	size_t count;
	size_t size;            /* of the struct */
	size_t line_offset;     /* where an int with the group's own line goes, or SIZE_MAX */
	conf_check_fn check;    /* over the whole struct once its fields are right; may be NULL */
};

#define CONF_NO_LINE ((size_t)-1)

/* Every fault of one load, in the order of the file. */
struct conf_faults {
	struct buf text; /* "file:line: path: what is wrong; remedy\n"… */
	size_t count;
};

void conf_faults_init(struct conf_faults *faults);
void conf_faults_done(struct conf_faults *faults);
/* Adds a line about `path` (may be empty) at the place. */
void conf_fault(struct conf_faults *faults, struct conf_place place, const char *path, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* Reads `file` into `into` (table->size bytes, zeroed by this). On failure `into` owns nothing, *faults lists every fault and
 * the result is config (or io when the file cannot be read). */
RESULT conf_load(const struct conf_table *table, const char *file, void *into, struct conf_faults *faults);
/* The same of a file that has more settings at its top than the table: those are passed over. */
RESULT conf_load_part(const struct conf_table *table, const char *file, void *into, struct conf_faults *faults);
void conf_free(const struct conf_table *table, void *loaded);
/* The effective values with help as comments and secrets masked, in the same grammar; the printout loads again. */
void conf_print(const struct conf_table *table, const void *loaded, struct buf *out);
/* Calls fn for every path that is set, folders and files alike. */
void conf_paths(const struct conf_table *table, const void *loaded, void (*fn)(const char *path, void *ctx), void *ctx);
/* Names of NO_RELOAD settings that differ, comma-separated, into *out; false when there are none. */
bool conf_changed(const struct conf_table *table, const void *old, const void *now, struct buf *out);

#endif

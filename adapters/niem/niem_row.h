/* What a kind of document says where: rows, each an element and the field that it is, for both directions. A new kind of
 * document is a table of rows, in niem_tables*.c, and a line in niem_kinds.c.
 *
 * Paths are those of niem_tree.h, with alternatives between " | ", of which the first is written. One may begin with '^' (from
 * the root, not from the group), '=' (written only), '?' (only when there is one); "." is the group itself.
 * Thread: any; constant. */
#ifndef ADAPTERS_NIEM_NIEM_ROW_H
#define ADAPTERS_NIEM_NIEM_ROW_H

#include <stdbool.h>
#include <stddef.h>

enum niem_how {
	NIEM_TEXT,
	NIEM_UPPER,     /* in capitals */
	NIEM_SQUEEZE,   /* capitals and digits only: a plate, a VIN */
	NIEM_DIGITS,    /* without hyphens and spaces */
	NIEM_ID,        /* capitals; what the schema does not take goes to the person's other_ids, as the kind `more` */
	NIEM_ID_DIGITS, /* the same, of digits */
	NIEM_WORD,      /* a code, or a word for it (niem_words.h) */
	NIEM_KNOWN,     /* the same, only when the word is known */
	NIEM_STATE,     /* a state's two letters, or its name */
	NIEM_DATE,      /* also of a date and time */
	NIEM_YEAR,      /* of a date */
	NIEM_STAMP,     /* date and time; a zone that is left out is the agency's */
	NIEM_WHEN,      /* the element holds a date or a date and time: the pointer gets "on" or "at" */
	NIEM_INT,
	NIEM_NUMBER,
	NIEM_FLAG,
	NIEM_HEIGHT,    /* a measure */
	NIEM_WEIGHT,    /* a measure */
	NIEM_STREET,    /* in one piece or in several */
	NIEM_COLOR,     /* one or two, BLU or BLU/WHI; the row's element has both */
	NIEM_FULL_NAME, /* of a person, as one text: in one piece or in several */
	NIEM_GROUP,     /* an element of elements: the rows in `sub` */
	NIEM_REF,       /* refers to the element with the id `more`; said when the field at the pointer is there */
	NIEM_CONST,     /* the field is always `more`, whether an element says it or, without a path, none does */
	NIEM_DEFAULT,   /* no element: the field is `more` when nothing else said it */
	NIEM_COPY       /* no element: the field is what the one at `more` is when nothing else said it */
};

enum niem_flag {
	NIEM_HARD = 1, /* what does not fit the schema is a fault, not something to be listed */
	NIEM_READ = 2, /* never written: another row says it */
	NIEM_ALSO = 4  /* another row may take the same element */
};

struct niem_rows;

struct niem_row {
	const char *path;    /* niem_tree.h; alternatives with " | " between them, of which the first is written */
	const char *pointer; /* in the group; "/name/-" is one more element of a list for each element that there is */
	enum niem_how how;
	unsigned flags;
	const char *more; /* of TEXT, UPPER and WORD: the field that takes what does not fit here ("/code" beside it, "^/x" of the
	                     message) */
	const struct niem_rows *sub;
};

struct niem_rows {
	const struct niem_row *at;
	size_t count;
};

/* A kind of document. */
struct niem_kind {
	const char *root;   /* local name */
	const char *within; /* a path that must be there ("x:NotifyingArrest"); NULL: none */
	const char *base;   /* where the rows begin: the first of these that there is, or the root; NULL: the root */
	const char *type;
	const struct niem_rows *rows;
	const char *fallback; /* "/file=STATE": a field that is set when the message does not fit without it */
	const char *once;     /* what there may be only one of, below the root */
	const char *same;     /* paths that lead to one and the same element, as far as they lead anywhere */
	const char *also;     /* further root names that are read as this one, with " | " between them */
	const char *needs;    /* a field without which a message is not written as this */
	bool is_read_only;
};

/* For a root and what is in it: the kinds in the order in which they are tried. */
extern const struct niem_kind niem_kinds[];
extern const size_t niem_kinds_count;

/* The path of the row for a field, for whom it is missing: appended pieces of the groups. False: no row. */
bool niem_row_path(const struct niem_rows *rows, const char *pointer, char *into, size_t size);
/* The next alternative of a path, NUL-terminated; false behind the last. */
bool niem_row_alternative(const char **paths, char *into, size_t size);

#endif

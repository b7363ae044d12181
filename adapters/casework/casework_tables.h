/* Which field of a case document is which field of which message. Immutable. */
#ifndef ADAPTERS_CASEWORK_CASEWORK_TABLES_H
#define ADAPTERS_CASEWORK_CASEWORK_TABLES_H

#include <stddef.h>

enum casework_how {
	CASEWORK_TEXT,
	CASEWORK_NUMBER_OF, /* an identifier: capitals */
	CASEWORK_INT,
	CASEWORK_FLAG,
	CASEWORK_STAMP,
	CASEWORK_DATE,
	CASEWORK_CODE,   /* by the row's words; a word that is not among them is a fault */
	CASEWORK_KNOWN,  /* the same, but other words are passed over */
	CASEWORK_THERE,  /* the row's first word when something is there */
	CASEWORK_ALL     /* the row's second word when every value at `from` is its first */
};

/* `from`: JSON pointers relative to the item, the first that says something; "^" begins one that is relative to the whole case; one "*" stands
 * for each element of a list, and then for its place in `to`; "=TEXT" is that text, "LIST/ *=TEXT" that text for every element, with its place from 1
 * for a "@" at the end; "=@agency" and "=@ori" are the adapter's own, "=@plan" a number made of the case's and the item's place. The first row that
 * gives a field gives it. */
struct casework_row {
	const char *from, *to;
	enum casework_how how;
	const char *words; /* "WORD=CODE WORD=CODE" */
};

struct casework_message {
	const char *type;
	const char *each;  /* pointer to the list whose elements are items; "": the case itself */
	const char *wants; /* made only when one of these says something; NULL: always */
	const struct casework_row *rows;
	size_t count;
};

extern const struct casework_message casework_of_referral[], casework_of_licence[];
extern const size_t casework_of_referral_count, casework_of_licence_count;

#endif

/* A message on its way from a document: a tree of fields, each with the element that it was taken from, until it is packed.
 * Thread: any, pure. */
#ifndef ADAPTERS_NIEM_NIEM_DRAFT_H
#define ADAPTERS_NIEM_NIEM_DRAFT_H

#include "base/bytes.h"

struct niem_row;

enum niem_draft_kind { NIEM_DRAFT_MAP, NIEM_DRAFT_LIST, NIEM_DRAFT_TEXT, NIEM_DRAFT_INT, NIEM_DRAFT_NUMBER, NIEM_DRAFT_FLAG };

enum { NIEM_DRAFT_SOURCES_MAX = 6 };

struct niem_draft {
	enum niem_draft_kind kind;
	char *name; /* in its map; NULL in a list */
	char *text; /* of a leaf */
	const struct niem_row *row;
	void *sources[NIEM_DRAFT_SOURCES_MAX]; /* elements of the tree */
	size_t sources_count;
	struct niem_draft *above, *first, *last, *next;
};

struct niem_draft *niem_draft_new(void); /* an empty map */
void niem_draft_free(struct niem_draft *root);
/* By a pointer ("/name/family", "/charges/0"), or NULL. "" is the draft itself. */
struct niem_draft *niem_draft_find(struct niem_draft *from, const char *pointer);
/* Makes the maps on the way and, at the end, a field of that kind; a last token of "-" is one more element of a list. NULL
 * when a leaf is there already. */
struct niem_draft *niem_draft_make(struct niem_draft *from, const char *pointer, enum niem_draft_kind kind);
/* Takes it out, and what above it is empty then, as far as `keep`, which stays. */
void niem_draft_drop(struct niem_draft *draft, const struct niem_draft *keep);
/* Whether a leaf below it was taken from an element. */
bool niem_draft_says(const struct niem_draft *draft);
size_t niem_draft_count(const struct niem_draft *draft); /* of a map or list */
void niem_draft_pack(const struct niem_draft *draft, struct buf *out);

#endif

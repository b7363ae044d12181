/* What one element says, as the text of a field. Thread: the adapter's loop. */
#ifndef ADAPTERS_NIEM_NIEM_TURN_H
#define ADAPTERS_NIEM_NIEM_TURN_H

#include "adapters/niem/niem.h"
#include "adapters/niem/niem_draft.h"
#include "adapters/niem/niem_row.h"
#include "adapters/niem/niem_tree.h"

struct niem_said {
	char *text; /* owned; NULL: nothing */
	enum niem_draft_kind kind;
	const char *ending; /* of the pointer: "on", "at", or "" */
	const char
	    *why; /* what is wrong with it, of a text that is not like what it must be; then it is as the document says it */
	xmlNode *sources[NIEM_DRAFT_SOURCES_MAX];
	size_t sources_count;
};

/* False when the element says nothing that this row can take. */
bool niem_turn_read(struct niem_tree *tree, const struct niem_row *row, const struct niem_options *options, xmlNode *element,
                    struct niem_said *ret);

#endif

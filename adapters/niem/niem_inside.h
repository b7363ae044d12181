/* What niem_read.c and niem_judge.c share: a document while it becomes a draft. */
#ifndef ADAPTERS_NIEM_NIEM_INSIDE_H
#define ADAPTERS_NIEM_NIEM_INSIDE_H

#include "adapters/niem/niem_draft.h"
#include "adapters/niem/niem_row.h"
#include "adapters/niem/niem_tree.h"

enum { NIEM_LOST_MAX = 64, NIEM_BODY_MAX = 4 << 20 };

/* What was taken out of a field of the message, for when the field is missing then. */
struct niem_lost {
	char token[ERR_FIELD_MAX]; /* the field of the message: the first token of the pointer */
	char pointer[ERR_FIELD_MAX];
	char path[ERR_FIELD_MAX];
	char reason[ERR_REASON_MAX];
	int line;
	bool is_said; /* as a fault */
};

struct niem_reading {
	const struct kind_host *host;
	struct kind_reading *into;
	const struct niem_kind *kind;
	xmlNode *base;
	struct niem_draft *draft;
	struct niem_lost lost[NIEM_LOST_MAX];
	size_t lost_count;
	size_t faults;
	bool fell_back;
};

/* Says that the field of a draft is wrong: its line and its path in the document. */
void niem_judge_fault(struct niem_reading *reading, const struct niem_draft *draft, const char *reason);
/* Holds the draft against the catalogue: what does not fit is taken out and given back to the list, or is a fault where it must
 * fit. */
void niem_judge(struct niem_reading *reading);

#endif

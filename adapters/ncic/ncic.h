/* NCIC-style text as a document format: read and written without any state of an agency. Read so, a text may be anybody's, and no
 * record is asked for; an adapter of the police adds both (adapters/police). Thread: any. */
#ifndef ADAPTERS_NCIC_NCIC_H
#define ADAPTERS_NCIC_NCIC_H

#include "adapters/kind/kind.h"

/* `state` is a const struct conf_pairs: which party stands behind an ORI or a state; or NULL. */
extern const struct kind_format ncic_format;

#endif

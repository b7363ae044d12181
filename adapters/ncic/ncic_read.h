/* NCIC-style text, read into plain drafts. Either every field is right and there is one draft, or there are faults (all of
 * them, each with its line and its tag) and none. Which key becomes which type: ncic_keys.c; what goes without saying:
 * ncic_imply.h; what a record system answers: ncic_answered.h.
 *
 * Read for an agency (the host can be asked for records), the header's ORI must be the agency's own, destinations must be
 * known, and a warrant is modified, supplemented, cleared and cancelled by the agency that entered it and located by any
 * other; it is found by NIC among the records held here. Read for nobody (host->each is NULL), a text may be anybody's.
 * Thread: the adapter's loop. */
#ifndef ADAPTERS_NCIC_NCIC_READ_H
#define ADAPTERS_NCIC_NCIC_READ_H

#include "adapters/kind/kind.h"

/* directory: which party stands behind an ORI or a state, for the destinations of a header. */
void ncic_read(const struct conf_pairs *directory, const struct kind_host *host, struct bytes document,
	           struct kind_reading *into);

#endif

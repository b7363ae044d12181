/* NCIC-style text that an agency sends, read into plain drafts. Either every field is right and there is one draft, or there are
 * faults (all of them, each with its line and its tag) and none.
 *
 *   EW… ET…  warrant.issue/1    LW  warrant.locate/1    CW  warrant.clear/1    XW  warrant.cancel/1
 *   QW QWA   query.wanted/1     AM  admin.message/1     all other keys are judged as strictly and then refused: unknown_type
 *
 * What a message must say and the public field list has no tag for may be said with local tags (ncic_fields.c). An entry that
 * does not is read so: warrant number = OCA; category by OFF and EXL; authority = the agency; last known town = UNKNOWN, in the
 * state of the ORI; a license without a state = that state's. The header's ORI must be the agency's own. A warrant is cleared and
 * cancelled by the agency that entered it and located by any other; it is found by NIC among the records held here. Thread: the
 * adapter's loop. */
#ifndef ADAPTERS_POLICE_NCIC_READ_H
#define ADAPTERS_POLICE_NCIC_READ_H

#include "adapters/kind/kind.h"

/* directory: which party stands behind an ORI or a state, for the destinations of a header. */
void ncic_read(const struct conf_pairs *directory, const struct kind_host *host, struct bytes document,
	           struct kind_reading *into);

#endif

/* Drafts and examples judged by the catalogue without being sent, so that whoever writes one learns what is wrong with it. Thread: any, pure. */
#ifndef SCHEMAS_CATALOGUE_TRIAL_H
#define SCHEMAS_CATALOGUE_TRIAL_H

#include "schemas/catalogue.h"

/* Judges a packed draft in the plain form (schemas/plain.h). Signatures of persons that are still missing are no fault; *ret_missing counts
 * them. Fields as those of plain_read and catalogue_check: the body is "/parts/main". */
RESULT catalogue_trial_draft(const struct catalogue *catalogue, struct bytes packed, const struct catalogue_type **ret_type, int64_t *ret_missing,
                             struct err *err);
/* Appends an example of the type's file (packed) as a draft. Where the type wants somebody to be named and the example names nobody, a stand-in is. */
void catalogue_trial_put(const struct catalogue_type *type, struct bytes example, struct buf *out);
/* Judges all examples of a type: there is a valid one and two that are not; each valid one is accepted, and each of the others refused with its
 * `code` at its `field`. Every fault is said, with the field "FILE: /examples/…". */
void catalogue_trial_examples(const struct catalogue *catalogue, const struct catalogue_type *type, catalogue_fault_fn say, void *ctx);

#endif

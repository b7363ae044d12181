/* What the files of the catalogue say of each other: types, lifecycles, states and pointers that they name must be there. Only catalogue.c calls it.
 * Thread: any, pure. */
#ifndef SCHEMAS_CATALOGUE_LINKS_H
#define SCHEMAS_CATALOGUE_LINKS_H

#include "schemas/catalogue.h"

/* Where "$ref" finds definitions. */
struct catalogue_links {
	const struct catalogue *catalogue;
	validator_document_fn documents;
	void *ctx;
};

/* Every file must be in the catalogue, sorted. malformed with the JSON pointer in the file of the type, or of the lifecycle. */
RESULT catalogue_links_type(const struct catalogue_links *links, const struct catalogue_type *type, struct err *err);
RESULT catalogue_links_lifecycle(const struct catalogue_links *links, const struct catalogue_lifecycle *lifecycle, struct err *err);

#endif

/* The main part of a message that is put together from fields. Thread: any, pure. */
#ifndef ADAPTERS_KIND_BODY_H
#define ADAPTERS_KIND_BODY_H

#include "base/pack.h"

struct body_field {
	const char *pointer; /* no pointer may be above another */
	struct bytes value;  /* packed */
};

/* Appends the map. Elements of a list are those that are there, in the order of the fields, whatever their indexes. */
void body_put(const struct body_field *fields, size_t count, struct buf *out);

#endif

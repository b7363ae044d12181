/* Identifiers of persons: which keys of common.json's `ids`, and of a header's subject, say who somebody is. The one list of them. Thread: any, pure. */
#ifndef SCHEMAS_IDENTIFIER_H
#define SCHEMAS_IDENTIFIER_H

#include "schemas/message.h"

struct identifier {
	struct bytes kind, value; /* "sid", "CT01284417" */
	struct bytes issuer;      /* of an `oln` the state that gave it, without which it is nobody's; otherwise empty */
};

bool identifier_equal(const struct identifier *a, const struct identifier *b);
/* Adds the identifiers of a packed map that are not there yet to the `count` of ret. Returns how many there are then, at most max. Views into the map;
 * kinds are texts of the program. Values of 1 to MESSAGE_TEXT_MAX bytes; anything else is no identifier. */
size_t identifier_read(struct bytes map, struct identifier *ret, size_t max, size_t count);
/* Reads "KIND=VALUE", of a driver's license "oln=STATE VALUE", as people type it. usage. */
RESULT identifier_parse(struct bytes text, struct identifier *ret, struct err *err);

#endif

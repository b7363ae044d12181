/* Party names: dotted, lower case, most general label first: ct.doc.parole.hartford. Thread: any, pure. */
#ifndef SCHEMAS_PARTY_H
#define SCHEMAS_PARTY_H

#include "base/bytes.h"

enum { PARTY_MAX = 96 };

/* 1 to 8 labels of [a-z0-9_-], 1 to 32 each, PARTY_MAX in all. malformed otherwise. */
RESULT party_check(struct bytes name, const char *field, struct err *err);
/* An address of a message: a party, or role:NAME with NAME one label. */
RESULT party_check_address(struct bytes address, const char *field, struct err *err);
bool party_is_role(struct bytes address, struct bytes *ret_role);

#endif

/* A look at a document before the XML library reads it, in one pass: the library compares each attribute of an element with all before it, so that one
 * element with all the attributes that a document has room for would hold the adapter up for minutes. Thread: any, pure. */
#ifndef ADAPTERS_NIEM_NIEM_CROWD_H
#define ADAPTERS_NIEM_NIEM_CROWD_H

#include "base/bytes.h"

enum { NIEM_CROWD_MAX = 256 };

/* True when a tag has more than NIEM_CROWD_MAX attributes, with its line. What merely looks like a tag, in a comment, is counted too. */
bool niem_crowd_is(struct bytes document, int *ret_line);

#endif

/* JSON and strict msgpack, both ways. Objects keep their order; a bin is {"$base64": "…"}; floats stay floats. jansson behind it.
 * Thread: any, pure. */
#ifndef SCHEMAS_JSON_H
#define SCHEMAS_JSON_H

#include "base/pack.h"

/* Parses exactly one JSON value (UTF-8, no duplicate keys, depth <= 16, integers within int64) and appends it packed.
 * malformed with "line L, column C: …" in the reason. */
RESULT json_to_pack(struct bytes json, struct buf *out, struct err *err);
/* Appends the JSON text of a packed value that has been scanned; indent 0 is one line. */
RESULT json_from_pack(struct bytes packed, int indent, struct buf *out, struct err *err);

#endif

/* Which field of the text is which place of a message, both ways from one table, so that what is written is read back the same.
 * "ORI" in a table is the header's. Thread: any, pure. */
#ifndef ADAPTERS_POLICE_NCIC_MAP_H
#define ADAPTERS_POLICE_NCIC_MAP_H

#include "adapters/police/ncic_text.h"
#include "adapters/police/ncic_turn.h"

enum ncic_map_flag {
	NCIC_MAP_LIST = 1,  /* each time the field stands is an element */
	NCIC_MAP_ALWAYS = 2 /* a list that is there even if empty */
};

/* Rows whose places share a beginning stand together; of several rows with one place the first that fits is taken. */
struct ncic_map_row {
	const char *tag;
	const char *place; /* JSON pointer into the body */
	enum ncic_turn turn;
	unsigned flags; /* enum ncic_map_flag */
};

enum { NCIC_MAP_ROWS_MAX = 80 };

struct ncic_map {
	const struct ncic_map_row *rows;
	size_t count;
	const char *mke; /* of what is written; NULL: only read, or part of an answer */
	const char *ori; /* the place of the header's ORI */
};

/* Of a message's type; NULL when it is not made of fields. */
const struct ncic_map *ncic_map_find(struct bytes type);
/* Of one hit in the answer to a query. */
const struct ncic_map *ncic_map_of_hit(void);
/* Puts the packed body that the fields say; what no place takes is listed in into->unmapped. The fields must have passed their
 * edits. */
void ncic_map_put(const struct ncic_map *map, struct ncic_text *text, struct buf *out, struct kind_reading *into);

typedef void (*ncic_map_each_fn)(void *ctx, const char *tag, struct bytes value);
/* Gives every field of a body, in the order of writing. False when the body says something that no field can; what was given
 * before is void. */
bool ncic_map_say(const struct ncic_map *map, struct bytes body, ncic_map_each_fn each, void *ctx);

#endif

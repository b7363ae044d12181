/* Which field of the text is which place of a message, both ways from one table, so that what is written is read back the same.
 * "ORI" in a table is the header's. Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_MAP_H
#define ADAPTERS_NCIC_NCIC_MAP_H

#include "adapters/ncic/ncic_text.h"
#include "adapters/ncic/ncic_turn.h"

enum ncic_map_flag {
	NCIC_MAP_LIST = 1,    /* each time the field stands is an element */
	NCIC_MAP_ALWAYS = 2,  /* a list that is there even if empty */
	NCIC_MAP_KEY = 4,     /* said by the message key, not by a field */
	NCIC_MAP_HEADER = 8,  /* said by the message's header, not by its body */
	NCIC_MAP_DELETED = 16 /* the places below "/changes" whose fields were left blank */
};

/* Tags in small letters are no fields: "dst" and "ctl" are the header's destinations and control token, the others what the
 * message key says (ncic_keys.h, implied). Rows whose places share a beginning stand together; of several rows with one place the
 * first that fits is taken. */
struct ncic_map_row {
	const char *tag;
	const char *place; /* JSON pointer into the body */
	enum ncic_turn turn;
	unsigned flags; /* enum ncic_map_flag */
};

enum { NCIC_MAP_ROWS_MAX = 96, NCIC_MAP_PLACE_MAX = 128 };

struct ncic_map {
	const struct ncic_map_row *rows;
	size_t count;
	const char *ori; /* the place of the header's ORI */
};

/* Of a message's type; NULL when it is not made of fields. */
const struct ncic_map *ncic_map_find(struct bytes type);
/* Of one hit in the answer to a query. */
const struct ncic_map *ncic_map_of_hit(void);
/* Of one hit as a record system tells it. */
const struct ncic_map *ncic_map_of_answer(void);
/* Puts the packed body that the fields say; what no place takes is listed in into->unmapped. The fields must have passed their
 * edits. */
void ncic_map_put(const struct ncic_map *map, struct ncic_text *text, struct buf *out, struct kind_reading *into);

typedef void (*ncic_map_each_fn)(void *ctx, const char *tag, struct bytes value);
/* Gives every field of a body, in the order of writing. False when the body says something that no field can; what was given
 * before is void. */
bool ncic_map_say(const struct ncic_map *map, struct bytes body, ncic_map_each_fn each, void *ctx);

/* Whether every value of the body has a row; what has none would be lost in the text. */
bool ncic_map_covers(const struct ncic_map *map, struct bytes body);
/* What the message key must say of a body, as ncic_keys.h lists it: "juv=Y alr=ARMED". */
void ncic_map_say_key(const struct ncic_map *map, struct bytes body, struct buf *out);

#endif

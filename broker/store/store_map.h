/* An ordered map of bytes to bytes with one transaction at a time: what the memory twin keeps its tables in. Writes go to a layer
 * of their own that is merged or dropped as a whole; the committed layer can be read by itself meanwhile. Thread: one. */
#ifndef BROKER_STORE_STORE_MAP_H
#define BROKER_STORE_STORE_MAP_H

#include "base/bytes.h"

struct store_map_row;

struct store_map_layer {
	struct store_map_row **rows; /* sorted by key */
	size_t count, cap;
};

struct store_map {
	struct store_map_layer committed, pending;
};

/* A row as it is read; borrowed until the next change of the map. */
struct store_map_found {
	struct bytes key, value;
};

void store_map_done(struct store_map *map);
void store_map_set(struct store_map *map, struct bytes key, struct bytes value); /* both are copied */
void store_map_remove(struct store_map *map, struct bytes key);
void store_map_commit(struct store_map *map);
void store_map_rollback(struct store_map *map);

/* committed_only: as if the open transaction were not there. */
bool store_map_get(const struct store_map *map, struct bytes key, bool committed_only, struct store_map_found *ret);
/* The first row whose key is after `key` (or is `key`, if it may be); BYTES_NONE is before all. */
bool store_map_next(const struct store_map *map, struct bytes key, bool or_equal, bool committed_only,
                    struct store_map_found *ret);
/* The last row. Only for maps that nothing is removed from. */
bool store_map_last(const struct store_map *map, bool committed_only, struct store_map_found *ret);

#endif

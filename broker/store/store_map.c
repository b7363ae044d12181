#include "broker/store/store_map.h"

#include <string.h>

#include "base/mem.h"

struct store_map_row {
	size_t key_len, value_len;
	bool removed; /* only in the pending layer */
	uint8_t bytes[];
};

static struct bytes key_of(const struct store_map_row *row)
{
	return bytes_of(row->bytes, row->key_len);
}

static struct store_map_row *new_row(struct bytes key, struct bytes value, bool removed)
{
	struct store_map_row *row = mem_alloc(sizeof(*row) + key.len + value.len);
	row->key_len = key.len;
	row->value_len = value.len;
	row->removed = removed;
	memcpy(row->bytes, key.at, key.len);
	if (value.len)
		memcpy(row->bytes + key.len, value.at, value.len);
	return row;
}

/* The place of the first row at or after key. */
static size_t place_of(const struct store_map_layer *layer, struct bytes key, bool *ret_equal)
{
	size_t low = 0, high = layer->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (bytes_order(key_of(layer->rows[middle]), key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_equal = low < layer->count && bytes_order(key_of(layer->rows[low]), key) == 0;
	return low;
}

/* Takes the row over. */
static void layer_set(struct store_map_layer *layer, struct store_map_row *row)
{
	bool equal = false;
	size_t place = place_of(layer, key_of(row), &equal);
	if (equal) {
		mem_free(layer->rows[place]);
		layer->rows[place] = row;
		return;
	}
	if (layer->count == layer->cap) {
		layer->cap = layer->cap ? 2 * layer->cap : 16;
		layer->rows = mem_grow(layer->rows, layer->cap, sizeof(struct store_map_row *));
	}
	memmove(&layer->rows[place + 1], &layer->rows[place], (layer->count - place) * sizeof(struct store_map_row *));
	layer->rows[place] = row;
	layer->count++;
}

static void layer_remove(struct store_map_layer *layer, struct bytes key)
{
	bool equal = false;
	size_t place = place_of(layer, key, &equal);
	if (!equal)
		return;
	mem_free(layer->rows[place]);
	layer->count--;
	memmove(&layer->rows[place], &layer->rows[place + 1], (layer->count - place) * sizeof(struct store_map_row *));
}

static void layer_clear(struct store_map_layer *layer)
{
	for (size_t i = 0; i < layer->count; i++)
		mem_free(layer->rows[i]);
	layer->count = 0;
}

void store_map_done(struct store_map *map)
{
	layer_clear(&map->committed);
	layer_clear(&map->pending);
	mem_free(map->committed.rows);
	mem_free(map->pending.rows);
	memset(map, 0, sizeof(*map));
}

void store_map_set(struct store_map *map, struct bytes key, struct bytes value)
{
	layer_set(&map->pending, new_row(key, value, false));
}

void store_map_remove(struct store_map *map, struct bytes key)
{
	layer_set(&map->pending, new_row(key, BYTES_NONE, true));
}

void store_map_commit(struct store_map *map)
{
	for (size_t i = 0; i < map->pending.count; i++) {
		struct store_map_row *row = map->pending.rows[i];
		if (!row->removed) {
			layer_set(&map->committed, row);
			continue;
		}
		layer_remove(&map->committed, key_of(row));
		mem_free(row);
	}
	map->pending.count = 0;
}

void store_map_rollback(struct store_map *map)
{
	layer_clear(&map->pending);
}

static bool found(const struct store_map_row *row, struct store_map_found *ret)
{
	ret->key = key_of(row);
	ret->value = bytes_of(row->bytes + row->key_len, row->value_len);
	return true;
}

bool store_map_get(const struct store_map *map, struct bytes key, bool committed_only, struct store_map_found *ret)
{
	bool equal = false;
	if (!committed_only) {
		size_t place = place_of(&map->pending, key, &equal);
		if (equal)
			return !map->pending.rows[place]->removed && found(map->pending.rows[place], ret);
	}
	size_t place = place_of(&map->committed, key, &equal);
	return equal && found(map->committed.rows[place], ret);
}

static const struct store_map_row *layer_next(const struct store_map_layer *layer, struct bytes key, bool or_equal)
{
	bool equal = false;
	size_t place = place_of(layer, key, &equal);
	if (equal && !or_equal)
		place++;
	return place < layer->count ? layer->rows[place] : NULL;
}

bool store_map_next(const struct store_map *map, struct bytes key, bool or_equal, bool committed_only,
                    struct store_map_found *ret)
{
	for (;;) {
		const struct store_map_row *row = layer_next(&map->committed, key, or_equal);
		const struct store_map_row *newer = committed_only ? NULL : layer_next(&map->pending, key, or_equal);
		if (newer && (!row || bytes_order(key_of(newer), key_of(row)) <= 0))
			row = newer;
		if (!row)
			return false;
		if (!row->removed)
			return found(row, ret);
		key = key_of(row);
		or_equal = false;
	}
}

bool store_map_last(const struct store_map *map, bool committed_only, struct store_map_found *ret)
{
	const struct store_map_layer *layer = !committed_only && map->pending.count ? &map->pending : &map->committed;
	return layer->count && found(layer->rows[layer->count - 1], ret);
}

#include "broker/store/store_memory.h"

result store_memory_row_put(struct store *store, enum store_space space, struct bytes key, struct bytes value, struct err *err)
{
	(void)err;
	store_map_set(store_memory_rows(store, space), key, value);
	return OK;
}

result store_memory_row_get(struct store *store, enum store_space space, struct bytes key, struct buf *hold, bool *ret_found,
                            struct err *err)
{
	struct store_map_found there;
	*ret_found = store_map_get(store_memory_rows(store, space), key, store->readonly, &there);
	return *ret_found ? store_hold(hold, there.value, "row", err) : OK;
}

result store_memory_row_next(struct store *store, enum store_space space, struct bytes from, bool or_equal, struct buf *hold,
                             bool *ret_found, size_t *ret_key_len, struct err *err)
{
	struct store_map_found there;
	*ret_found = store_map_next(store_memory_rows(store, space), from, or_equal, store->readonly, &there);
	if (!*ret_found)
		return OK;
	*ret_key_len = there.key.len;
	buf_clear(hold);
	buf_add(hold, there.key);
	buf_add(hold, there.value);
	return buf_check(hold, "row", err);
}

result store_memory_row_count(struct store *store, enum store_space space, struct bytes from, struct bytes to, int64_t *ret_count,
                              struct err *err)
{
	const struct store_map *rows = store_memory_rows(store, space);
	struct store_map_found there;
	(void)err;
	*ret_count = 0;
	for (bool found = store_map_next(rows, from, true, store->readonly, &there); found && bytes_order(there.key, to) < 0;
	     found = store_map_next(rows, there.key, false, store->readonly, &there))
		++*ret_count;
	return OK;
}

result store_memory_row_drop(struct store *store, enum store_space space, struct bytes key, struct err *err)
{
	(void)err;
	store_map_remove(store_memory_rows(store, space), key);
	return OK;
}

/* The memory twin, as its own files see it: store_memory.c (all but the rows), store_memory_rows.c. Thread: the store's. */
#ifndef BROKER_STORE_STORE_MEMORY_H
#define BROKER_STORE_STORE_MEMORY_H

#include "broker/store/store_map.h"
#include "broker/store/store_ops.h"

/* Where a space's rows are. */
struct store_map *store_memory_rows(struct store *store, enum store_space space);

/* store_memory_rows.c's share of the operations. */
RESULT store_memory_row_put(struct store *store, enum store_space space, struct bytes key, struct bytes value, struct err *err);
RESULT store_memory_row_get(struct store *store, enum store_space space, struct bytes key, struct buf *hold, bool *ret_found,
                            struct err *err);
RESULT store_memory_row_next(struct store *store, enum store_space space, struct bytes from, bool or_equal, struct buf *hold,
                             bool *ret_found, size_t *ret_key_len, struct err *err);
RESULT store_memory_row_count(struct store *store, enum store_space space, struct bytes from, struct bytes to, int64_t *ret_count,
                              struct err *err);
RESULT store_memory_row_drop(struct store *store, enum store_space space, struct bytes key, struct err *err);

#endif

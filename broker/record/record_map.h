/* Records as packed maps, for alerts and for people. Only record*.c use it. Thread: any, pure. */
#ifndef BROKER_RECORD_RECORD_MAP_H
#define BROKER_RECORD_RECORD_MAP_H

#include "broker/record/record_row.h"

/* {lifecycle, state, names {KEY: text}, owner, since}; `key` and `name` where the record has none yet. */
void record_map_brief(const struct record *record, const char *key, const char *name, struct buf *out);
/* {number, blocks [interlock…]} and what the brief one has. */
void record_map_listed(const struct record *record, const struct catalogue *catalogue, struct buf *out);
/* As record_show has it. */
void record_map_whole(const struct record *record, const struct catalogue *catalogue, struct buf *out);
/* NULL: the catalogue does not know the lifecycle or the state any more. */
const struct catalogue_lifecycle *record_map_lifecycle(const struct record *record, const struct catalogue *catalogue);
const struct catalogue_state *record_map_state(const struct record *record, const struct catalogue *catalogue);
/* Calls with the record as others see it; `key` and `name` where it has no name yet. Its state is set. */
RESULT record_map_seen(const struct record *record, const struct catalogue *catalogue, const char *key, const char *name,
                       record_seen_fn fn, void *ctx, struct err *err);
void record_map_time(struct buf *out, int64_t at);

#endif

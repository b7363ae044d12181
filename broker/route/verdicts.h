/* The verdicts of one job in the making: packed one after the other, then framed together. Thread: router. */
#ifndef BROKER_ROUTE_VERDICTS_H
#define BROKER_ROUTE_VERDICTS_H

#include "broker/route/core.h"

struct verdicts {
	struct buf packed;
	struct bytes *each;
	size_t *starts;
	size_t count;
};

void verdicts_init(struct verdicts *verdicts, size_t most);
void verdicts_done(struct verdicts *verdicts);
/* A new verdict: the caller packs it into verdicts->packed. */
void verdicts_begin(struct verdicts *verdicts);
/* The last one, packed. */
struct bytes verdicts_last(const struct verdicts *verdicts);
/* All of them leave in one frame when the group is committed, with as much credit. */
void verdicts_send(struct verdicts *verdicts, struct core *core, uint64_t link);

#endif

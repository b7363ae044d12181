/* What each party may submit: messages and bytes a second. Nobody is refused: whoever is over it is not read on until it is within
 * again, so that the peer's own sending stops; told by a line in the log and a counter. A party's tally outlives its links: coming
 * again gains nothing. Thread: its gateway's. */
#ifndef BROKER_GATEWAY_TALLY_H
#define BROKER_GATEWAY_TALLY_H

#include "broker/wires/mandate.h"

struct tally; /* of all parties */
struct tally_party;

struct tally *tally_new(struct mandate *mandate); /* ref'd */
void tally_free(struct tally *tally); /* NULL is fine */
void tally_set(struct tally *tally, struct mandate *mandate); /* after a reload; ref'd */
struct tally_party *tally_of(struct tally *tally, const char *party, int64_t now_us); /* stays as long as the tally */
/* Counts what came; how long, in ms, nothing more should be read of it. 0: read on. */
int64_t tally_count(struct tally_party *party, int64_t messages, int64_t bytes, int64_t now_us);

#endif

/* The door of a gateway: how many may be at it at once and how fast they may come, in all and from one address, so that no host
 * starves the others. An address from which a party came in lately is known: it has its own share, and a storm of strangers does
 * not use it up. An IPv6 network of 64 bits counts as one address. What the door remembers is bounded. Thread: its gateway's. */
#ifndef BROKER_GATEWAY_DOOR_H
#define BROKER_GATEWAY_DOOR_H

#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"

struct door;
struct door_source; /* an address */

struct door_limits {
	int64_t at_once, source_at_once; /* not greeted yet */
	int64_t rate, source_rate;       /* handshakes a second; 0: no limit */
};

enum {
	DOOR_BURST_S = 4,       /* so many seconds' worth may come at once, after a pause */
	DOOR_SOURCES_MAX = 4096 /* addresses that are remembered */
};

struct door *door_new(const struct door_limits *limits);
void door_free(struct door *door); /* NULL is fine */
void door_set(struct door *door, const struct door_limits *limits); /* after a reload */
/* One comes from there: rate or busy when its address has used its share up, or strangers theirs. *ret_source is good until
 * door_leave. */
RESULT door_enter(struct door *door, const struct sockaddr_storage *from, int64_t now_us, struct door_source **ret_source,
                  struct err *err);
void door_leave(struct door *door, struct door_source *source); /* greeted, or gone */
void door_know(struct door *door, const struct sockaddr_storage *from, int64_t now_us); /* a party came in from there */
bool door_is_overfull(const struct door *door); /* somebody has to make room */
size_t door_weight(const struct door_source *source); /* whose is largest makes room: who has most at the door, strangers first */

#endif

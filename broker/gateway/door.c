#include "broker/gateway/door.h"

#include "base/mem.h"
#include "broker/gateway/pace.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/queue.h>

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(at, size) mem_free(at)
#include <uthash.h>

enum { NETWORK_BYTES = 8 }; /* of an IPv6 address: what a site is given at least */

/* What is compared: nothing in it but the address. */
struct address {
	uint8_t family;
	uint8_t at[NETWORK_BYTES];
};

struct door_source {
	struct address address;
	struct pace pace;
	size_t waiting;
	bool is_known;
	UT_hash_handle hh;
	TAILQ_ENTRY(door_source) by_use;
};

struct door {
	struct door_limits limits;
	struct pace pace;
	size_t waiting;
	struct door_source *sources;
	TAILQ_HEAD(uses, door_source) uses; /* longest ago first */
};

static struct address address_of(const struct sockaddr_storage *from)
{
	struct address address = {.family = (uint8_t)from->ss_family};
	struct sockaddr_in four;
	struct sockaddr_in6 six;
	memcpy(&four, from, sizeof(four));
	memcpy(&six, from, sizeof(six));
	if (from->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
		address.family = AF_INET;
		memcpy(address.at, six.sin6_addr.s6_addr + sizeof(six.sin6_addr) - sizeof(four.sin_addr), sizeof(four.sin_addr));
	} else if (from->ss_family == AF_INET6) {
		memcpy(address.at, six.sin6_addr.s6_addr, NETWORK_BYTES);
	} else if (from->ss_family == AF_INET) {
		memcpy(address.at, &four.sin_addr, sizeof(four.sin_addr));
	}
	return address;
}

static void forget(struct door *door, struct door_source *source)
{
	TAILQ_REMOVE(&door->uses, source, by_use);
	HASH_DEL(door->sources, source);
	mem_free(source);
}

/* The one that was used longest ago goes; one that is known only when there is no other. Fewer wait than are remembered. */
static void make_room(struct door *door)
{
	struct door_source *source, *known = NULL;
	TAILQ_FOREACH(source, &door->uses, by_use) {
		if (source->waiting > 0)
			continue;
		if (!source->is_known) {
			forget(door, source);
			return;
		}
		known = known ? known : source;
	}
	if (known)
		forget(door, known);
}

static struct door_source *source_at(struct door *door, const struct sockaddr_storage *from, int64_t now_us)
{
	struct address address = address_of(from);
	struct door_source *source = NULL;
	HASH_FIND(hh, door->sources, &address, sizeof(address), source);
	if (source) {
		TAILQ_REMOVE(&door->uses, source, by_use);
	} else {
		if (HASH_COUNT(door->sources) >= DOOR_SOURCES_MAX)
			make_room(door);
		source = mem_alloc(sizeof(*source));
		source->address = address;
		pace_init(&source->pace, door->limits.source_rate, door->limits.source_rate * DOOR_BURST_S, now_us);
		HASH_ADD(hh, door->sources, address, sizeof(source->address), source);
	}
	TAILQ_INSERT_TAIL(&door->uses, source, by_use);
	return source;
}

struct door *door_new(const struct door_limits *limits)
{
	struct door *door = mem_alloc(sizeof(*door));
	door->limits = *limits;
	pace_init(&door->pace, limits->rate, limits->rate * DOOR_BURST_S, 0);
	TAILQ_INIT(&door->uses);
	return door;
}

void door_free(struct door *door)
{
	struct door_source *source;
	if (!door)
		return;
	while ((source = TAILQ_FIRST(&door->uses)))
		forget(door, source);
	mem_free(door);
}

void door_set(struct door *door, const struct door_limits *limits)
{
	struct door_source *source;
	pace_set(&door->pace, limits->rate, limits->rate * DOOR_BURST_S, door->pace.at_us);
	TAILQ_FOREACH(source, &door->uses, by_use)
		pace_set(&source->pace, limits->source_rate, limits->source_rate * DOOR_BURST_S, source->pace.at_us);
	door->limits = *limits;
}

result door_enter(struct door *door, const struct sockaddr_storage *from, int64_t now_us, struct door_source **ret_source,
                  struct err *err)
{
	struct door_source *source = source_at(door, from, now_us);
	const struct door_limits *limits = &door->limits;
	if (source->waiting >= (size_t)limits->source_at_once)
		return err_set(err, CODE_BUSY, "limits.source_handshakes", "%zu of this address are at the handshake already", source->waiting);
	if (!pace_take(&source->pace, 1, now_us))
		return err_set(err, CODE_RATE, "limits.source_handshake_rate", "this address begins more than %lld handshakes a second",
		               (long long)limits->source_rate);
	if (!source->is_known && !pace_take(&door->pace, 1, now_us))
		return err_set(err, CODE_RATE, "limits.handshake_rate", "strangers begin more than %lld handshakes a second",
		               (long long)limits->rate);
	source->waiting++;
	door->waiting++;
	*ret_source = source;
	return OK;
}

void door_leave(struct door *door, struct door_source *source)
{
	source->waiting--;
	door->waiting--;
}

void door_know(struct door *door, const struct sockaddr_storage *from, int64_t now_us)
{
	source_at(door, from, now_us)->is_known = true;
}

bool door_is_overfull(const struct door *door)
{
	return door->waiting > (size_t)door->limits.at_once;
}

size_t door_weight(const struct door_source *source)
{
	return source->waiting * 2 + (source->is_known ? 0 : 1);
}

#include "base/uuid.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/text.h"

enum { COUNTER_BITS = 12, SEED_MASK = 0x7ff }; /* the counter starts in its lower half, so that there is room to count */

/* ms << 12 | counter of the newest one. Milliseconds have 48 bits, so that both fit. */
static _Atomic uint64_t newest;

static void fill_random(uint8_t *into, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t got = getrandom(into + done, len - done, 0);
		if (got > 0)
			done += (size_t)got;
		else if (errno != EINTR)
			abort(); /* no entropy source at all: an id that may repeat is worse than none */
	}
}

/* RFC 9562 §6.2 method 1: a counter in rand_a, seeded anew each millisecond; within one, or when the clock steps back, it
 * counts, and when it is full it carries into the milliseconds. */
static uint64_t next_stamp(unsigned seed)
{
	int64_t wall = clock_wall_ms();
	uint64_t fresh = (uint64_t)(wall < 0 ? 0 : wall) << COUNTER_BITS | (seed & SEED_MASK);
	uint64_t last = atomic_load_explicit(&newest, memory_order_relaxed);
	uint64_t next = 0;
	do {
		bool is_later = fresh >> COUNTER_BITS > last >> COUNTER_BITS;
		next = is_later ? fresh : last + 1;
	} while (!atomic_compare_exchange_weak_explicit(&newest, &last, next, memory_order_relaxed, memory_order_relaxed));
	return next;
}

struct uuid uuid_new(void)
{
	uint8_t random[10];
	fill_random(random, sizeof random);
	uint64_t stamp = next_stamp((unsigned)random[0] << 8 | random[1]);
	uint64_t ms = stamp >> COUNTER_BITS;
	struct uuid uuid;
	for (size_t i = 0; i < 6; i++)
		uuid.at[i] = (uint8_t)(ms >> (40 - 8 * i));
	uuid.at[6] = (uint8_t)(0x70 | (stamp >> 8 & 0x0f));
	uuid.at[7] = (uint8_t)stamp;
	memcpy(uuid.at + 8, random + 2, 8);
	uuid.at[8] = (uint8_t)(0x80 | (uuid.at[8] & 0x3f));
	return uuid;
}

bool uuid_is_v7(const uint8_t at[static UUID_LEN])
{
	return at[6] >> 4 == 7 && at[8] >> 6 == 2;
}

int64_t uuid_ms(const uint8_t at[static UUID_LEN])
{
	int64_t ms = 0;
	for (size_t i = 0; i < 6; i++)
		ms = ms << 8 | at[i];
	return ms;
}

static bool has_dash_before(size_t byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

char *uuid_text(const uint8_t at[static UUID_LEN], char into[static UUID_TEXT_MAX])
{
	char *to = into;
	for (size_t i = 0; i < UUID_LEN; i++) {
		if (has_dash_before(i))
			*to++ = '-';
		text_hex(bytes_of(at + i, 1), to);
		to += 2;
	}
	return into;
}

RESULT uuid_parse(struct bytes text, struct uuid *ret, struct err *err)
{
	if (text.len != UUID_TEXT_MAX - 1)
		return err_set(err, CODE_MALFORMED, "", "not a UUID: it has %zu characters, not 36", text.len);
	struct uuid uuid;
	const uint8_t *from = text.at;
	for (size_t i = 0; i < UUID_LEN; i++) {
		if (has_dash_before(i) && *from++ != '-')
			return err_set(err, CODE_MALFORMED, "", "not a UUID: it is not grouped as 8-4-4-4-12");
		if (FAILED(text_unhex(bytes_of(from, 2), &uuid.at[i], 1, NULL)))
			return err_set(err, CODE_MALFORMED, "", "not a UUID: character %td is not a hexadecimal digit", from - text.at);
		from += 2;
	}
	*ret = uuid;
	return OK;
}

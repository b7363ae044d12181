#include "broker/gateway/tally.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "broker/gateway/pace.h"

#include <stdio.h>
#include <string.h>

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(at, size) mem_free(at)
#include <uthash.h>

enum { TALLY_QUIET_US = 60000000 /* held back again after so long is told again */ };

struct tally_party {
	struct tally *tally;
	char name[TRUST_NAME_MAX];
	struct pace messages, bytes;
	int64_t held_at_us; /* the last time */
	bool was_held;
	UT_hash_handle hh;
};

struct tally {
	struct mandate *mandate;
	struct tally_party *parties;
	struct metric *held, *held_ms;
};

/* A party that is not enrolled any more keeps what holds for everybody. */
static void paces_of(const struct tally *tally, const char *name, int64_t *ret_messages, int64_t *ret_bytes)
{
	const struct settings_limits *limits = &tally->mandate->limits;
	const struct mandate_party *party = mandate_party(tally->mandate, bytes_text(name));
	*ret_messages = party && party->rate ? party->rate : limits->rate;
	*ret_bytes = party && party->rate_bytes ? party->rate_bytes : limits->rate_bytes;
}

static int64_t burst_of(const struct tally *tally, int64_t rate)
{
	int64_t burst = rate * tally->mandate->limits.burst_ms / 1000;
	return burst > 0 ? burst : 1;
}

struct tally *tally_new(struct mandate *mandate)
{
	struct tally *tally = mem_alloc(sizeof(*tally));
	tally->mandate = mandate_ref(mandate);
	tally->held = metric_counter("liaison_link_held", "Times that a party was read no further because it submits faster than it may", NULL, NULL);
	tally->held_ms = metric_counter("liaison_link_held_ms", "Milliseconds for which parties were read no further for that", NULL, NULL);
	return tally;
}

void tally_free(struct tally *tally)
{
	struct tally_party *party, *next;
	if (!tally)
		return;
	HASH_ITER(hh, tally->parties, party, next) {
		HASH_DEL(tally->parties, party);
		mem_free(party);
	}
	mandate_unref(tally->mandate);
	mem_free(tally);
}

void tally_set(struct tally *tally, struct mandate *mandate)
{
	struct tally_party *party, *next;
	int64_t messages, bytes;
	mandate_unref(tally->mandate);
	tally->mandate = mandate_ref(mandate);
	HASH_ITER(hh, tally->parties, party, next) {
		paces_of(tally, party->name, &messages, &bytes);
		pace_set(&party->messages, messages, burst_of(tally, messages), party->messages.at_us);
		pace_set(&party->bytes, bytes, burst_of(tally, bytes), party->bytes.at_us);
	}
}

struct tally_party *tally_of(struct tally *tally, const char *name, int64_t now_us)
{
	struct tally_party *party = NULL;
	int64_t messages, bytes;
	HASH_FIND_STR(tally->parties, name, party);
	if (party)
		return party;
	party = mem_alloc(sizeof(*party));
	party->tally = tally;
	snprintf(party->name, sizeof(party->name), "%s", name);
	paces_of(tally, name, &messages, &bytes);
	pace_init(&party->messages, messages, burst_of(tally, messages), now_us);
	pace_init(&party->bytes, bytes, burst_of(tally, bytes), now_us);
	HASH_ADD_STR(tally->parties, name, party);
	return party;
}

static void tell(struct tally_party *party, int64_t now_us)
{
	bool is_new = !party->was_held || now_us - party->held_at_us > TALLY_QUIET_US;
	party->was_held = true;
	party->held_at_us = now_us;
	if (is_new)
		log_event(LOG_WARNING, "party_held", LOG_TEXT("party", party->name), LOG_CODE(CODE_RATE),
		          LOG_INT("messages_a_second", party->messages.rate), LOG_INT("bytes_a_second", party->bytes.rate),
		          LOG_TEXT("reason", "it submits faster than it may and is read no faster than that"));
}

int64_t tally_count(struct tally_party *party, int64_t messages, int64_t bytes, int64_t now_us)
{
	pace_spend(&party->messages, messages, now_us);
	pace_spend(&party->bytes, bytes, now_us);
	int64_t for_messages = pace_wait_ms(&party->messages, now_us), for_bytes = pace_wait_ms(&party->bytes, now_us);
	int64_t wait_ms = for_messages > for_bytes ? for_messages : for_bytes;
	if (wait_ms > 0) {
		tell(party, now_us);
		metric_add(party->tally->held, 1);
		metric_add(party->tally->held_ms, wait_ms);
	}
	return wait_ms;
}

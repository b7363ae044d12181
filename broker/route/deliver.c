#include "broker/route/deliver.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/route/hold.h"
#include "broker/route/notify.h"
#include "broker/route/withhold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DELIVER_FRAME_MESSAGES = 256, DELIVER_EXPIRE_BATCH = 256, DELIVER_SUSPECT_ATTEMPTS = 2 };

/* One DELIVER frame in the making. */
struct parcel {
	struct core *core;
	struct session *session;
	struct bytes envelopes[DELIVER_FRAME_MESSAGES];
	struct blob *held[DELIVER_FRAME_MESSAGES];
	size_t count;
	size_t bytes;
	bool has_doubtful; /* something was left behind */
};

static void parcel_send(struct parcel *parcel)
{
	struct core *core = parcel->core;
	if (parcel->count == 0)
		return;
	buf_clear(&core->envelope);
	frame_deliver_encode(parcel->envelopes, parcel->count, &core->envelope);
	core_send(core, parcel->session->link, blob_new(buf_bytes(&core->envelope)), 0);
	for (size_t i = 0; i < parcel->count; i++)
		blob_unref(parcel->held[i]);
	metric_add(core->delivered, (int64_t)parcel->count);
	parcel->count = 0;
	parcel->bytes = 0;
}

static bool window_open(const struct core *core, const struct session *session)
{
	const struct settings *settings = &core->snapshot->settings;
	return session->credit > 0 && session->flights_count < SESSION_FLIGHT_MAX && !session->alone &&
	       (int64_t)session->flights_count < settings->limits.window_messages && session->flight_bytes < settings->limits.window_bytes;
}

static void parcel_put(struct parcel *parcel, const struct store_queued *queued, struct blob *envelope)
{
	struct session *session = parcel->session;
	struct bytes bytes = blob_bytes(envelope);
	size_t limit = (size_t)parcel->core->snapshot->settings.limits.frame_bytes;
	if (parcel->count == DELIVER_FRAME_MESSAGES || (parcel->count && parcel->bytes + bytes.len + 64 > limit))
		parcel_send(parcel);
	parcel->envelopes[parcel->count] = bytes;
	parcel->held[parcel->count++] = blob_ref(envelope);
	parcel->bytes += bytes.len + 16;
	session_launch(session, queued, bytes.len);
}

/* Without what its recipient may not see. A delivery whose consent has gone stays where it is until that is on the record. */
static result parcel_add(struct parcel *parcel, const struct store_queued *queued, struct blob *envelope, struct err *err)
{
	struct core *core = parcel->core;
	bool gone = false;
	TRY(withhold_is_gone(core, queued, parcel->session->party, blob_bytes(envelope), &gone, err));
	if (gone) {
		withhold_doubt(core, &queued->place);
		parcel->has_doubtful = true;
		return OK;
	}
	if (!queued->withheld) {
		parcel_put(parcel, queued, envelope);
		return OK;
	}
	struct buf thinned;
	buf_init(&thinned, core->envelope.max);
	result r = withhold_encode(blob_bytes(envelope), queued->withheld, &thinned, err);
	if (!FAILED(r)) {
		struct blob *left = buf_take_blob(&thinned);
		parcel_put(parcel, queued, left);
		blob_unref(left);
	}
	buf_done(&thinned);
	return r;
}

/* By recipient, and for each in the order of its queue. */
static int compare_fresh(const void *left, const void *right)
{
	const struct store_place *a = &((const struct fresh *)left)->queued.place, *b = &((const struct fresh *)right)->queued.place;
	if (a->recipient != b->recipient)
		return a->recipient < b->recipient ? -1 : 1;
	if (a->priority != b->priority)
		return a->priority > b->priority ? -1 : 1;
	return (a->seq > b->seq) - (a->seq < b->seq);
}

static size_t first_fresh_of(const struct core *core, int64_t recipient)
{
	size_t from = 0, to = core->fresh_count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (core->fresh[middle].queued.place.recipient < recipient)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

result deliver_fresh(struct core *core, struct err *err)
{
	struct session *session, *next;
	int64_t now = clock_wall_ms();
	if (core->fresh_count)
		qsort(core->fresh, core->fresh_count, sizeof(*core->fresh), compare_fresh);
	HASH_ITER(by_link, core->by_link, session, next) {
		struct parcel parcel = {.core = core, .session = session};
		result r = OK;
		for (size_t i = first_fresh_of(core, session->number); i < core->fresh_count && !FAILED(r); i++) {
			const struct store_queued *queued = &core->fresh[i].queued;
			if (queued->place.recipient != session->number)
				break;
			/* The same group may have taken it out again. */
			if (queued->expires && queued->expires <= now)
				continue;
			if (session->backlog || !window_open(core, session))
				session->backlog = true;
			else
				r = parcel_add(&parcel, queued, core->fresh[i].envelope, err);
			session->backlog |= parcel.has_doubtful;
		}
		parcel_send(&parcel);
		TRY(r);
	}
	return OK;
}

static result add_stored(struct parcel *parcel, const struct store_queued *queued, struct err *err)
{
	struct core *core = parcel->core;
	struct store_message message;
	bool found = false;
	TRY(store_get(core->store, queued->place.seq, &core->hold, &found, &message, err));
	if (!found)
		return err_set(err, CODE_CORRUPT, "", "message %lld is queued but not stored", (long long)queued->place.seq);
	struct blob *envelope = blob_new(message.envelope);
	result r = parcel_add(parcel, queued, envelope, err);
	blob_unref(envelope);
	return r;
}

/* A message that was at hand when its link broke before goes alone, so that it cannot take others down with it. */
static bool must_wait_alone(const struct session *session, const struct store_queued *queued)
{
	return queued->attempts >= DELIVER_SUSPECT_ATTEMPTS && session->flights_count > 0;
}

static result refill(struct core *core, struct session *session, struct err *err)
{
	static const size_t step = 2 * SESSION_FLIGHT_MAX;
	struct parcel parcel = {.core = core, .session = session};
	struct store_queued *queued = mem_array(step, sizeof(*queued));
	size_t count = 0, asked = session->flights_count + DELIVER_FRAME_MESSAGES;
	int64_t now = clock_wall_ms();
	result r = store_queue_next(core->store, session->number, NULL, queued, asked, &count, err);
	size_t i = 0;
	for (; !FAILED(r) && i < count && window_open(core, session); i++) {
		if (session_flight(session, queued[i].place.seq) || (queued[i].expires && queued[i].expires <= now))
			continue;
		if (must_wait_alone(session, &queued[i]))
			break;
		r = add_stored(&parcel, &queued[i], err);
		if (parcel.has_doubtful)
			break; /* what comes after it waits, so that the order stays */
		session->alone = queued[i].attempts >= DELIVER_SUSPECT_ATTEMPTS;
	}
	parcel_send(&parcel);
	if (!FAILED(r) && i == count && count < asked && !session->alone && !parcel.has_doubtful)
		session->backlog = false;
	mem_free(queued);
	return r;
}

/* Reading the queue costs as much as the window is long, so it waits until there is room for a good part of it. */
static bool worth_refilling(const struct core *core, const struct session *session)
{
	int64_t window = core->snapshot->settings.limits.window_messages;
	return session->backlog && window_open(core, session) && (int64_t)session->flights_count <= window / 2;
}

result deliver_backlog(struct core *core, struct err *err)
{
	struct session *session, *next;
	HASH_ITER(by_link, core->by_link, session, next)
		while (worth_refilling(core, session)) {
			size_t before = session->flights_count;
			TRY(refill(core, session, err));
			if (session->flights_count == before)
				break;
		}
	return OK;
}

static result bury(struct core *core, const struct session *session, const struct flight *flight, const char *why, struct err *err)
{
	struct store_dead dead = {.place = flight->queued.place, .since = clock_wall_ms(), .withheld = flight->queued.withheld,
	                          .consent = flight->queued.consent, .code = CODE_UNDELIVERABLE};
	bool removed = false;
	snprintf(dead.reason, sizeof(dead.reason), "%s, %lld times over", why, (long long)flight->queued.attempts + 1);
	TRY(store_dequeue(core->store, &dead.place, &removed, err));
	if (!removed)
		return OK; /* it ended otherwise meanwhile */
	TRY(store_bury(core->store, &dead, err));
	metric_add(core->dead, 1);
	return notify_lost(core, &dead.place, session->party, NOTICE_DEAD_LETTERED, CODE_UNDELIVERABLE, dead.reason, err);
}

result deliver_failed(struct core *core, struct session *session, struct flight *flight, const char *why, struct err *err)
{
	int64_t attempts = flight->queued.attempts + 1;
	TRY(core_write(core, err));
	if (attempts >= core->snapshot->settings.limits.attempts)
		TRY(bury(core, session, flight, why, err));
	else
		TRY(store_attempted(core->store, &flight->queued.place, attempts, err));
	session_landed(session, flight);
	session->backlog = true;
	return OK;
}

static result retry_session(struct core *core, struct session *session, int64_t now, struct err *err)
{
	for (size_t i = session->flights_count; i-- > 0;) {
		struct flight *flight = &session->flights[i];
		if (now - flight->sent_mono < core->snapshot->settings.limits.redeliver_ms)
			continue;
		metric_add(core->redelivered, 1);
		TRY(deliver_failed(core, session, flight, "no receipt came", err));
		session->credit++; /* the adapter gives none back for what it never answered */
	}
	return OK;
}

result deliver_overdue(struct core *core, struct err *err)
{
	struct session *session, *next;
	int64_t now = clock_mono_ms();
	HASH_ITER(by_link, core->by_link, session, next)
		TRY(retry_session(core, session, now, err));
	return OK;
}

static result expire_one(struct core *core, const struct store_queued *queued, struct err *err)
{
	char party[STORE_PARTY_MAX];
	bool removed = false;
	TRY(store_party_name(core->store, queued->place.recipient, party, err));
	TRY(store_dequeue(core->store, &queued->place, &removed, err));
	struct session *session = session_of_party(core, party);
	struct flight *flight = session ? session_flight(session, queued->place.seq) : NULL;
	if (flight)
		session_landed(session, flight);
	metric_add(core->expired, 1);
	return notify_lost(core, &queued->place, party, NOTICE_EXPIRED, CODE_EXPIRED, "not received before its expiry", err);
}

/* Of what is queued, and of what is held. */
static result soonest_expiry(struct core *core, int64_t now, struct err *err)
{
	int64_t held = 0;
	TRY(hold_expire(core, now, &held, err));
	TRY(store_next_expiry(core->store, &core->next_expiry, err));
	if (held && (core->next_expiry == 0 || held < core->next_expiry))
		core->next_expiry = held;
	return OK;
}

result deliver_expire(struct core *core, struct err *err)
{
	struct store_queued due[DELIVER_EXPIRE_BATCH];
	size_t count = 0;
	int64_t now = clock_wall_ms();
	if (core->next_expiry < 0)
		TRY(soonest_expiry(core, now, err));
	if (core->next_expiry == 0 || core->next_expiry > now)
		return OK;
	TRY(core_write(core, err));
	TRY(store_expired(core->store, now, due, DELIVER_EXPIRE_BATCH, &count, err));
	for (size_t i = 0; i < count; i++)
		TRY(expire_one(core, &due[i], err));
	core->next_expiry = -1;
	return OK;
}

static int64_t soonest_retry(const struct core *core, int64_t most)
{
	const struct session *session, *next;
	int64_t now = clock_mono_ms();
	HASH_ITER(by_link, core->by_link, session, next)
		for (size_t i = 0; i < session->flights_count; i++) {
			int64_t left = session->flights[i].sent_mono + core->snapshot->settings.limits.redeliver_ms - now;
			if (left < most)
				most = left;
		}
	return most;
}

int64_t deliver_wait_ms(const struct core *core, int64_t most)
{
	most = soonest_retry(core, most);
	if (core->next_expiry < 0 || core->doubtful_count)
		most = 0;
	else if (core->next_expiry > 0 && core->next_expiry - clock_wall_ms() < most)
		most = core->next_expiry - clock_wall_ms();
	return most < 0 ? 0 : most;
}

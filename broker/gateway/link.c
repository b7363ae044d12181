#include "broker/gateway/link.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/gateway/hello.h"
#include "broker/gateway/intake.h"
#include "certs/channel.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(at, size) mem_free(at)
#include <uthash.h>

enum {
	LINK_UNANSWERED_MAX = 3,
	LINK_QUEUE_SLACK_BYTES = 8 << 20, /* verdicts and the like, beside the deliveries that the window allows */
	LINK_BYE_MAX = 1024,
	LINK_NUMBER_MAX = 32
};

struct link {
	struct link_home *home;
	uint64_t id;
	enum link_state state;
	struct channel *channel;
	struct loop_timer *timer; /* the greeting's limit, then heartbeats */
	char party[TRUST_NAME_MAX]; /* empty until it said HELLO */
	struct signer *signer;      /* its signing certificate, from then on */
	int64_t known;       /* entries of the ledger that it has seen a head of; -1: it does not hear of heads */
	int64_t credit;      /* messages that it may still submit */
	int64_t heartbeat_ms;
	int64_t heard_at;    /* monotonic */
	int unanswered;      /* heartbeats */
	bool is_announced;   /* the router was told and has not been told of the end */
	bool was_open, is_over, is_paused;
	UT_hash_handle hh;
	TAILQ_ENTRY(link) stranger;
};

/* What came with an event. */
struct input {
	const struct err *why;
	const struct job *job; /* of the router */
	enum frame_kind kind;  /* of the adapter */
	struct bytes frame;
};

/* ── the table ── */

#define ROW(state_, event_, next_, action_) {LINK_##state_, LINK_ON_##event_, LINK_##next_, LINK_DO_##action_}

static const struct link_row rows[] = {
	ROW(HANDSHAKE, SECURED, HELLO, AWAIT),      ROW(HANDSHAKE, HELLO, HANDSHAKE, NOTHING),  ROW(HANDSHAKE, WELCOME, HANDSHAKE,
	                                                                                            NOTHING),
	ROW(HANDSHAKE, WORK, HANDSHAKE, NOTHING),   ROW(HANDSHAKE, BYE, HANDSHAKE, NOTHING),    ROW(HANDSHAKE, REFUSE, CLOSING, HANG_UP),
	ROW(HANDSHAKE, GONE, CLOSED, BURY),

	ROW(HELLO, SECURED, HELLO, NOTHING),        ROW(HELLO, HELLO, GREETED, GREET),          ROW(HELLO, WELCOME, HELLO, NOTHING),
	ROW(HELLO, WORK, CLOSING, BREAK_OFF),       ROW(HELLO, BYE, CLOSING, HANG_UP),          ROW(HELLO, REFUSE, CLOSING, DISMISS),
	ROW(HELLO, GONE, CLOSED, BURY),

	ROW(GREETED, SECURED, GREETED, NOTHING),    ROW(GREETED, HELLO, CLOSING, BREAK_OFF),    ROW(GREETED, WELCOME, OPEN, BEGIN),
	ROW(GREETED, WORK, CLOSING, BREAK_OFF),     ROW(GREETED, BYE, CLOSING, HANG_UP),        ROW(GREETED, REFUSE, CLOSING, DISMISS),
	ROW(GREETED, GONE, CLOSED, BURY),

	ROW(OPEN, SECURED, OPEN, NOTHING),          ROW(OPEN, HELLO, CLOSING, BREAK_OFF),       ROW(OPEN, WELCOME, OPEN, PASS),
	ROW(OPEN, WORK, OPEN, WORK),                ROW(OPEN, BYE, CLOSING, HANG_UP),           ROW(OPEN, REFUSE, CLOSING, DISMISS),
	ROW(OPEN, GONE, CLOSED, BURY),

	ROW(CLOSING, SECURED, CLOSING, NOTHING),    ROW(CLOSING, HELLO, CLOSING, NOTHING),      ROW(CLOSING, WELCOME, CLOSING, NOTHING),
	ROW(CLOSING, WORK, CLOSING, NOTHING),       ROW(CLOSING, BYE, CLOSING, NOTHING),        ROW(CLOSING, REFUSE, CLOSING, NOTHING),
	ROW(CLOSING, GONE, CLOSED, BURY),

	ROW(CLOSED, SECURED, CLOSED, NOTHING),      ROW(CLOSED, HELLO, CLOSED, NOTHING),        ROW(CLOSED, WELCOME, CLOSED, NOTHING),
	ROW(CLOSED, WORK, CLOSED, NOTHING),         ROW(CLOSED, BYE, CLOSED, NOTHING),          ROW(CLOSED, REFUSE, CLOSED, NOTHING),
	ROW(CLOSED, GONE, CLOSED, NOTHING),
};

static const char *const state_names[LINK_STATE_COUNT] = {"handshake", "hello", "greeted", "open", "closing", "closed"};
static const char *const event_names[LINK_EVENT_COUNT] = {"secured", "hello", "welcome", "work", "bye", "refuse", "gone"};

const struct link_row *link_row(enum link_state state, enum link_event event)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].state == state && rows[i].event == event)
			return &rows[i];
	return NULL;
}

const char *link_state_text(enum link_state state)
{
	return state_names[state];
}

const char *link_event_text(enum link_event event)
{
	return event_names[event];
}

/* ── the end of a link, for the record ── */

void link_refused(struct link_home *home, const char *party, const char *address, const struct err *why)
{
	int64_t held = 0;
	metric_add(metric_counter("liaison_links_refused", "Links refused before they were open, by code", "code",
	                          code_text(why->code)), 1);
	if (home->turned_away)
		refusals_note(home->turned_away, party, address, why);
	if (log_gate_pass(&home->refusals, &held))
		log_event(LOG_WARNING, "link_refused", LOG_TEXT("party", party ? party : ""), LOG_TEXT("address", address ? address : ""),
		          LOG_REASON(why), LOG_INT("held_back", held));
}

/* Whom the handshake or HELLO has named so far; empty: nobody. */
static const char *party_of(const struct link *link)
{
	const struct signer *peer = link->channel ? channel_peer(link->channel) : NULL;
	if (link->party[0])
		return link->party;
	return peer ? signer_party(peer) : "";
}

static void tell_router_down(struct link *link, const struct err *why)
{
	if (!link->is_announced)
		return;
	struct job *job = job_new(JOB_LINK_DOWN, link->id);
	memcpy(job->party, link->party, sizeof(job->party));
	job->why = *why;
	job->at_us = clock_mono_us();
	link->is_announced = false;
	outlet_give(link->home->outlet, job);
}

/* Once, when it is certain that the link ends. */
static void note_end(struct link *link, const struct err *why)
{
	if (link->is_over)
		return;
	link->is_over = true;
	if (link->was_open) {
		metric_add(link->home->open, -1);
		log_event(LOG_NOTICE, "link_down", LOG_TEXT("party", link->party), LOG_TEXT("address", channel_address(link->channel)),
		          LOG_REASON(why));
	} else if (why->code != CODE_STOPPING) {
		link_refused(link->home, party_of(link), channel_address(link->channel), why);
	}
	tell_router_down(link, why);
}

/* ── actions ── */

static void leave_strangers(struct link *link)
{
	TAILQ_REMOVE(&link->home->strangers, link, stranger);
	link->home->strangers_count--;
}

static void free_link(struct link *link)
{
	HASH_DEL(link->home->by_id, link);
	link->home->count--;
	channel_free(link->channel);
	loop_timer_free(link->timer);
	signer_unref(link->signer);
	mem_free(link);
}

static void send_frame(struct link *link, struct bytes frame)
{
	struct err why;
	if (FAILED(channel_send(link->channel, frame, &why)))
		link_dismiss(link, &why);
}

static void do_nothing(struct link *link, const struct input *input)
{
	(void)link;
	(void)input;
}

static void do_await(struct link *link, const struct input *input)
{
	(void)input;
	loop_timer_set(link->timer, link->home->mandate->limits.handshake_ms, 0);
}

static void do_greet(struct link *link, const struct input *input)
{
	struct job *job = job_new(JOB_LINK_UP, link->id);
	(void)input;
	memcpy(job->party, link->party, sizeof(job->party));
	job->signer = signer_ref(link->signer);
	snprintf(job->address, sizeof(job->address), "%s", channel_address(link->channel));
	memcpy(job->fingerprint, signer_fingerprint(channel_peer(link->channel)), HASH_LEN);
	job->number = link->known;
	job->at_us = clock_mono_us();
	link->is_announced = true;
	loop_timer_set(link->timer, link->home->mandate->limits.handshake_ms, 0);
	outlet_tell_others(link->home->outlet, job);
	outlet_give(link->home->outlet, job);
}

/* What WELCOME grants is what counts, also when a reload has changed the limits meanwhile. */
static void do_begin(struct link *link, const struct input *input)
{
	struct bytes frame = blob_bytes(input->job->frame);
	struct frame_welcome welcome;
	struct err why;
	link->was_open = true;
	metric_add(link->home->open, 1);
	if (FAILED(frame_welcome_decode(frame, &welcome, &why))) {
		link_dismiss(link, &why);
		return;
	}
	link->credit = welcome.credit;
	link->heartbeat_ms = welcome.heartbeat_ms;
	loop_timer_set(link->timer, link->heartbeat_ms, link->heartbeat_ms);
	log_event(LOG_NOTICE, "link_up", LOG_TEXT("party", link->party), LOG_TEXT("address", channel_address(link->channel)),
	          LOG_INT("credit", link->credit));
	send_frame(link, frame);
}

/* A frame that carries one number: CREDIT, PING, PONG. */
static result send_number(struct link *link, enum frame_kind kind, int64_t number, struct err *err)
{
	struct buf frame;
	buf_init(&frame, LINK_NUMBER_MAX);
	if (kind == FRAME_CREDIT)
		frame_credit_encode(number, &frame);
	else
		frame_ping_encode(kind, number, &frame);
	result r = channel_send(link->channel, buf_bytes(&frame), err);
	buf_done(&frame);
	return r;
}

static void do_pass(struct link *link, const struct input *input)
{
	struct err why;
	send_frame(link, blob_bytes(input->job->frame));
	if (input->job->number == 0 || link->state != LINK_OPEN)
		return;
	link->credit += input->job->number;
	if (FAILED(send_number(link, FRAME_CREDIT, input->job->number, &why)))
		link_dismiss(link, &why);
}

static void send_pong(struct link *link, struct bytes ping)
{
	int64_t nonce = 0;
	struct err why;
	result r = frame_ping_decode(ping, &nonce, &why);
	if (!FAILED(r))
		r = send_number(link, FRAME_PONG, nonce, &why);
	/* Where the queue is full the peer hears from us anyhow. */
	if (FAILED(r) && r.code != CODE_BUSY)
		link_dismiss(link, &why);
}

static result take_work(struct link *link, const struct input *input, struct job **ret, struct err *err)
{
	struct job *job = NULL;
	TRY(intake_job(input->kind, input->frame, link->home->mandate->limits.batch, link->id, link->party, &job, err));
	if (job->kind == JOB_SUBMIT && (int64_t)job->count > link->credit) {
		result r = err_set(err, CODE_CREDIT, "", "%zu messages were submitted with credit for %lld", job->count,
		                   (long long)link->credit);
		job_free(job);
		return r;
	}
	if (job->kind == JOB_SUBMIT)
		link->credit -= (int64_t)job->count;
	*ret = job;
	return OK;
}

static void do_work(struct link *link, const struct input *input)
{
	struct job *job = NULL;
	struct err why;
	if (input->kind == FRAME_PONG)
		return;
	if (input->kind == FRAME_PING) {
		send_pong(link, input->frame);
		return;
	}
	if (FAILED(take_work(link, input, &job, &why))) {
		link_dismiss(link, &why);
		return;
	}
	if (!outlet_give(link->home->outlet, job)) {
		link->is_paused = true;
		channel_pause(link->channel, true);
	}
}

static void do_hang_up(struct link *link, const struct input *input)
{
	note_end(link, input->why);
	channel_close(link->channel, input->why);
}

static void do_dismiss(struct link *link, const struct input *input)
{
	struct buf bye;
	struct err unsaid;
	buf_init(&bye, LINK_BYE_MAX);
	frame_bye_encode(input->why->code, input->why->reason, &bye);
	if (FAILED(channel_send(link->channel, buf_bytes(&bye), &unsaid)))
		log_event(LOG_DEBUG, "goodbye_unsaid", LOG_TEXT("party", link->party), LOG_REASON(&unsaid));
	buf_done(&bye);
	do_hang_up(link, input);
}

static void do_break_off(struct link *link, const struct input *input)
{
	struct err why;
	struct input broken = {.why = &why};
	err_set(&why, CODE_PROTOCOL, "frame", "%s came out of turn", frame_kind_text(input->kind));
	do_dismiss(link, &broken);
}

static void do_bury(struct link *link, const struct input *input)
{
	note_end(link, input->why);
	free_link(link);
}

static void (*const actions[LINK_ACTION_COUNT])(struct link *, const struct input *) = {
	[LINK_DO_NOTHING] = do_nothing, [LINK_DO_AWAIT] = do_await,     [LINK_DO_GREET] = do_greet,     [LINK_DO_BEGIN] = do_begin,
	[LINK_DO_PASS] = do_pass,       [LINK_DO_WORK] = do_work,       [LINK_DO_HANG_UP] = do_hang_up, [LINK_DO_DISMISS] = do_dismiss,
	[LINK_DO_BREAK_OFF] = do_break_off, [LINK_DO_BURY] = do_bury,
};

static bool is_stranger(enum link_state state)
{
	return state == LINK_HANDSHAKE || state == LINK_HELLO;
}

/* The only place that assigns the state. The link may be gone afterwards. */
static void link_enter(struct link *link, enum link_event event, const struct input *input)
{
	const struct link_row *row = link_row(link->state, event);
	if (row->next != row->state) {
		log_event(LOG_DEBUG, "link_state", LOG_INT("link", link->id), LOG_TEXT("from", state_names[row->state]),
		          LOG_TEXT("event", event_names[event]), LOG_TEXT("to", state_names[row->next]));
		if (is_stranger(row->state) && !is_stranger(row->next))
			leave_strangers(link);
		if (row->next == LINK_CLOSING)
			loop_timer_set(link->timer, -1, 0);
	}
	link->state = row->next;
	actions[row->action](link, input);
}

/* ── events ── */

static void on_open(void *ctx, struct signer *peer)
{
	(void)peer;
	link_enter(ctx, LINK_ON_SECURED, &(struct input){.why = NULL});
}

static void on_closed(void *ctx, const struct err *why)
{
	link_enter(ctx, LINK_ON_GONE, &(struct input){.why = why});
}

static void take_hello(struct link *link, struct bytes frame)
{
	struct err why;
	if (link->state == LINK_HELLO) {
		if (FAILED(hello_judge(link->home->mandate, channel_peer(link->channel), frame, &link->signer, &link->known, &why))) {
			link_dismiss(link, &why);
			return;
		}
		snprintf(link->party, sizeof(link->party), "%s", signer_party(link->signer));
	}
	link_enter(link, LINK_ON_HELLO, &(struct input){.kind = FRAME_HELLO});
}

static void take_bye(struct link *link, struct bytes frame)
{
	struct bytes reason = BYTES_NONE;
	enum code code = CODE_CLOSED;
	struct err why, said;
	if (FAILED(frame_bye_decode(frame, &code, &reason, &why))) {
		link_dismiss(link, &why);
		return;
	}
	AUTO_FREE char *text = bytes_dup_text(reason);
	err_set(&said, code == CODE_OK ? CODE_CLOSED : code, "peer", "%s", text);
	link_enter(link, LINK_ON_BYE, &(struct input){.why = &said});
}

static void on_frame(void *ctx, struct bytes frame)
{
	struct link *link = ctx;
	enum frame_kind kind = FRAME_KIND_COUNT;
	struct err why;
	link->heard_at = clock_mono_ms();
	link->unanswered = 0;
	if (FAILED(frame_kind_of(frame, &kind, &why)))
		link_dismiss(link, &why);
	else if (kind == FRAME_HELLO)
		take_hello(link, frame);
	else if (kind == FRAME_BYE)
		take_bye(link, frame);
	else
		link_enter(link, LINK_ON_WORK, &(struct input){.kind = kind, .frame = frame});
}

static const struct channel_events channel_events = {.on_open = on_open, .on_frame = on_frame, .on_closed = on_closed};

/* Certificates expire while links stand. */
static result check_expiry(const struct link *link, struct err *err)
{
	int64_t now = clock_wall_ms();
	if (signer_not_after_ms(channel_peer(link->channel)) < now)
		return err_set(err, CODE_CERTIFICATE, "tls", "the TLS certificate has expired");
	if (signer_not_after_ms(link->signer) < now)
		return err_set(err, CODE_CERTIFICATE, "signing", "the signing certificate has expired");
	return OK;
}

static result beat(struct link *link, struct err *err)
{
	TRY(check_expiry(link, err));
	if (link->is_paused || clock_mono_ms() - link->heard_at < link->heartbeat_ms)
		return OK;
	if (link->unanswered == LINK_UNANSWERED_MAX)
		return err_set(err, CODE_TIMEOUT, "", "%d heartbeats were not answered", LINK_UNANSWERED_MAX);
	link->unanswered++;
	result r = send_number(link, FRAME_PING, clock_mono_ms(), err);
	return r.code == CODE_BUSY ? OK : r; /* the channel's own limit judges a peer that takes nothing */
}

static void on_timer(void *ctx)
{
	struct link *link = ctx;
	struct err why;
	result r = OK;
	if (link->state == LINK_HELLO)
		r = err_set(&why, CODE_TIMEOUT, "", "HELLO did not come in time");
	else if (link->state == LINK_GREETED)
		r = err_set(&why, CODE_TIMEOUT, "", "the router did not answer in time");
	else if (link->state == LINK_OPEN)
		r = beat(link, &why);
	if (FAILED(r))
		link_dismiss(link, &why);
}

/* ── what the gateway does ── */

result link_accept(struct link_home *home, uint64_t id, int fd, struct err *err)
{
	const struct settings_limits *most = &home->mandate->limits;
	const struct channel_limits limits = {
		.frame_max = (size_t)most->frame_bytes,
		.queue_max = (size_t)(most->window_bytes + 2 * most->frame_bytes + LINK_QUEUE_SLACK_BYTES),
		.handshake_ms = most->handshake_ms,
		.stall_ms = most->stall_ms,
	};
	struct link *link = mem_alloc(sizeof(*link));
	link->home = home;
	link->id = id;
	link->heard_at = clock_mono_ms();
	result r = channel_accept(home->loop, home->mandate->tls, fd, &limits, &channel_events, link, &link->channel, err);
	if (FAILED(r)) {
		mem_free(link);
		return r;
	}
	link->timer = loop_timer_new(home->loop, on_timer, link);
	HASH_ADD(hh, home->by_id, id, sizeof(link->id), link);
	home->count++;
	TAILQ_INSERT_TAIL(&home->strangers, link, stranger);
	home->strangers_count++;
	return OK;
}

struct link *link_find(const struct link_home *home, uint64_t id)
{
	struct link *link = NULL;
	HASH_FIND(hh, home->by_id, &id, sizeof(id), link);
	return link;
}

void link_send(struct link *link, const struct job *job)
{
	link_enter(link, LINK_ON_WELCOME, &(struct input){.job = job});
}

void link_dismiss(struct link *link, const struct err *why)
{
	link_enter(link, LINK_ON_REFUSE, &(struct input){.why = why});
}

void link_dismiss_all(struct link_home *home, const struct err *why)
{
	struct link *link, *next;
	HASH_ITER(hh, home->by_id, link, next)
		link_dismiss(link, why);
}

static result rejudge(const struct link *link, struct err *err)
{
	if (link->state == LINK_CLOSING)
		return OK;
	/* Who is still at the handshake is judged by the old trust: it has to come again. */
	TRY(channel_rejudge(link->channel, link->home->mandate->trust, err));
	return link->signer ? hello_rejudge(link->home->mandate, link->signer, err) : OK;
}

void link_rejudge_all(struct link_home *home)
{
	struct link *link, *next;
	struct err why;
	HASH_ITER(hh, home->by_id, link, next)
		if (FAILED(rejudge(link, &why)))
			link_dismiss(link, &why);
}

void link_resume_all(struct link_home *home)
{
	struct link *link, *next;
	HASH_ITER(hh, home->by_id, link, next) {
		if (!link->is_paused || outlet_is_full(home->outlet, link->id))
			continue;
		link->is_paused = false;
		link->heard_at = clock_mono_ms();
		channel_pause(link->channel, false);
	}
}

void link_evict_stranger(struct link_home *home)
{
	struct link *oldest = TAILQ_FIRST(&home->strangers);
	struct err why;
	if (!oldest)
		return;
	err_set(&why, CODE_BUSY, "", "too many handshakes at once; the oldest made room");
	link_dismiss(oldest, &why);
}

void link_free_all(struct link_home *home)
{
	struct link *link, *next;
	HASH_ITER(hh, home->by_id, link, next) {
		if (is_stranger(link->state))
			leave_strangers(link);
		if (link->was_open && !link->is_over)
			metric_add(home->open, -1);
		free_link(link);
	}
}

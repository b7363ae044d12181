#include "broker/gateway/link.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/gateway/hello.h"
#include "broker/gateway/intake.h"
#include "broker/gateway/link_inside.h"
#include "certs/channel.h"
#include "certs/socket.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	LINK_UNANSWERED_MAX = 3,
	LINK_QUEUE_SLACK_BYTES = 8 << 20, /* verdicts and the like, beside the deliveries that the window allows */
	LINK_BYE_MAX = 1024,
	LINK_GREETING_MAX = 40960,     /* HELLO with four certificates of the largest; nobody unknown has more of our memory */
	LINK_TRICKLE_BYTES = 16384,    /* of a frame between two heartbeats: less, and it does not count as coming */
	LINK_NUMBER_MAX = 32
};

/* What came with an event. */
struct input {
	const struct err *why;
	const struct job *job; /* of the router */
	enum frame_kind kind;  /* of the adapter */
	struct bytes frame;
};

/* ── the end of a link, for the record ── */

void link_refused(struct link_home *home, const char *party, const char *address, const struct err *why)
{
	int64_t held = 0;
	metric_add(metric_counter("liaison_links_refused", "Links refused before they were open, by code", "code",
	                          code_text(why->code)), 1);
	/* Of a full disk the router has told already, and everybody tries again and again. */
	if (why->code == CODE_FULL)
		return;
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

static void free_link(struct link *link)
{
	HASH_DEL(link->home->by_id, link);
	link->home->count--;
	channel_free(link->channel);
	loop_timer_free(link->timer);
	if (link->hold)
		loop_timer_free(link->hold);
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
	link->tally = tally_of(link->home->tally, link->party, clock_mono_us());
	channel_frame_max(link->channel, (size_t)link->home->mandate->limits.frame_bytes);
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
	door_know(link->home->door, &link->from, clock_mono_us());
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

static void rest(struct link *link)
{
	channel_pause(link->channel, link->is_paused || link->is_held);
}

static void on_held(void *ctx)
{
	struct link *link = ctx;
	link->is_held = false;
	link->heard_at = clock_mono_ms();
	rest(link);
}

/* A frame without messages costs as much as one message: somebody has to look at it, too. */
static void count_work(struct link *link, const struct job *job, struct bytes frame)
{
	int64_t messages = job && job->kind == JOB_SUBMIT ? (int64_t)job->count : 1;
	int64_t wait_ms = tally_count(link->tally, messages, (int64_t)frame.len, clock_mono_us());
	if (wait_ms == 0)
		return;
	link->is_held = true;
	if (!link->hold)
		link->hold = loop_timer_new(link->home->loop, on_held, link);
	loop_timer_set(link->hold, wait_ms, 0);
	rest(link);
}

static void do_work(struct link *link, const struct input *input)
{
	struct job *job = NULL;
	struct err why;
	if (input->kind == FRAME_PONG || input->kind == FRAME_PING)
		count_work(link, NULL, input->frame);
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
	count_work(link, job, input->frame);
	if (!outlet_give(link->home->outlet, job)) {
		link->is_paused = true;
		rest(link);
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

static void stop_timers(struct link *link)
{
	loop_timer_set(link->timer, -1, 0);
	if (link->hold)
		loop_timer_set(link->hold, -1, 0);
}

/* The only place that assigns the state. The link may be gone afterwards. */
static void link_enter(struct link *link, enum link_event event, const struct input *input)
{
	const struct link_row *row = link_row(link->state, event);
	if (row->next != row->state) {
		log_event(LOG_DEBUG, "link_state", LOG_INT("link", link->id), LOG_TEXT("from", link_state_text(row->state)),
		          LOG_TEXT("event", link_event_text(event)), LOG_TEXT("to", link_state_text(row->next)));
		if (is_stranger(row->state) && !is_stranger(row->next))
			link_door_leave(link);
		if (row->next == LINK_CLOSING)
			stop_timers(link);
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

/* Of a frame that takes longer than a heartbeat on a slow line; a few bytes now and then are no frame that comes. */
static bool is_coming(struct link *link)
{
	size_t before = link->unfinished;
	link->unfinished = channel_unfinished(link->channel);
	return link->unfinished >= before + LINK_TRICKLE_BYTES;
}

static result ask(struct link *link, struct err *err)
{
	result r = send_number(link, FRAME_PING, clock_mono_ms(), err);
	return r.code == CODE_BUSY ? OK : r; /* the channel's own limit judges a peer that takes nothing */
}

static result beat(struct link *link, struct err *err)
{
	TRY(check_expiry(link, err));
	bool is_slow_frame = is_coming(link);
	/* Whoever is not read cannot be heard: it is only to know that we are here. */
	if (link->is_paused || link->is_held)
		return ask(link, err);
	if (clock_mono_ms() - link->heard_at < link->heartbeat_ms)
		return OK;
	if (is_slow_frame)
		link->unanswered = 0;
	if (link->unanswered == LINK_UNANSWERED_MAX && link->unfinished)
		return err_set(err, CODE_TIMEOUT, "", "a frame was begun and came too slowly; %zu bytes of it are here", link->unfinished);
	if (link->unanswered == LINK_UNANSWERED_MAX)
		return err_set(err, CODE_TIMEOUT, "", "%d heartbeats were not answered", LINK_UNANSWERED_MAX);
	link->unanswered++;
	return ask(link, err);
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

static result open_channel(struct link *link, int fd, struct err *err)
{
	const struct settings_limits *most = &link->home->mandate->limits;
	const struct channel_limits limits = {
		.frame_max = LINK_GREETING_MAX,
		.queue_max = (size_t)(most->window_bytes + 2 * most->frame_bytes + LINK_QUEUE_SLACK_BYTES),
		.handshake_ms = most->handshake_ms,
		.shakes = &link->home->shakes,
		.stall_ms = most->stall_ms,
	};
	return channel_accept(link->home->loop, link->home->mandate->tls, fd, &limits, &channel_events, link, &link->channel, err);
}

static result take_in(struct link *link, int fd, struct err *err)
{
	result r = link_door_enter(link, fd, err);
	if (FAILED(r)) {
		close(fd);
		return r;
	}
	r = open_channel(link, fd, err);
	if (FAILED(r))
		link_door_leave(link);
	return r;
}

void link_accept(struct link_home *home, uint64_t id, int fd)
{
	char address[SOCKET_TEXT_MAX];
	struct err why;
	struct link *link = mem_alloc(sizeof(*link));
	link->home = home;
	link->id = id;
	link->heard_at = clock_mono_ms();
	if (FAILED(take_in(link, fd, &why))) {
		socket_text((struct sockaddr *)&link->from, sizeof(link->from), address);
		link_refused(home, NULL, address, &why);
		mem_free(link);
		return;
	}
	link->timer = loop_timer_new(home->loop, on_timer, link);
	HASH_ADD(hh, home->by_id, id, sizeof(link->id), link);
	home->count++;
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
	link_door_renew(home);
	tally_set(home->tally, home->mandate);
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
		rest(link);
	}
}

void link_free_all(struct link_home *home)
{
	struct link *link, *next;
	HASH_ITER(hh, home->by_id, link, next) {
		if (is_stranger(link->state))
			link_door_leave(link);
		if (link->was_open && !link->is_over)
			metric_add(home->open, -1);
		free_link(link);
	}
}

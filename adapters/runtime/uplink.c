#include "adapters/runtime/uplink.h"

#include "adapters/runtime/history.h"
#include "adapters/runtime/receiver.h"
#include "adapters/runtime/sender.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/channel.h"

#include <stdio.h>
#include <string.h>

enum { UPLINK_SILENT_BEATS = 3, UPLINK_FRAME_MAX = 16 << 20, UPLINK_QUEUE_MAX = 16 << 20 };

struct uplink {
	struct office *office;
	enum uplink_state state;
	struct channel *channel;
	struct loop_resolve *resolving;
	unsigned dials;
	struct loop_timer *timer; /* dial, or heartbeat while open */
	char host[256];
	int port;
	struct frame_welcome welcome;
	struct buf welcome_bytes;
	int64_t credit;
	int64_t grant;       /* deliveries to be given back at the end of the turn */
	int64_t backoff_ms;
	int64_t heard_at;    /* monotonic */
	bool leaving;        /* goodbye was said: no more dialling */
	struct err last_error;
	struct metric *connected, *failures;
};

static const char *const state_names[UPLINK_STATE_COUNT] = {"waiting", "resolving", "connecting", "greeting", "open", "closing"};

/* {state, event} → next; what is not listed leaves the state as it is. */
static const struct {
	enum uplink_state state;
	enum uplink_event event;
	enum uplink_state next;
} next_states[] = {
	{UPLINK_WAITING, UPLINK_DIAL, UPLINK_RESOLVING},
	{UPLINK_RESOLVING, UPLINK_RESOLVED, UPLINK_CONNECTING},
	{UPLINK_RESOLVING, UPLINK_FAILED, UPLINK_WAITING},
	{UPLINK_CONNECTING, UPLINK_OPENED, UPLINK_GREETING},
	{UPLINK_CONNECTING, UPLINK_FAILED, UPLINK_WAITING},
	{UPLINK_GREETING, UPLINK_WELCOMED, UPLINK_OPEN},
	{UPLINK_GREETING, UPLINK_FAILED, UPLINK_WAITING},
	{UPLINK_OPEN, UPLINK_FAILED, UPLINK_WAITING},
	{UPLINK_CONNECTING, UPLINK_LEFT, UPLINK_CLOSING},
	{UPLINK_GREETING, UPLINK_LEFT, UPLINK_CLOSING},
	{UPLINK_OPEN, UPLINK_LEFT, UPLINK_CLOSING},
	{UPLINK_CLOSING, UPLINK_FAILED, UPLINK_WAITING},
};

enum uplink_state uplink_next(enum uplink_state state, enum uplink_event event)
{
	for (size_t i = 0; i < sizeof(next_states) / sizeof(*next_states); i++)
		if (next_states[i].state == state && next_states[i].event == event)
			return next_states[i].next;
	return state;
}

/* The only place that assigns the state; false: the event means nothing now. */
static bool enter(struct uplink *uplink, enum uplink_event event)
{
	enum uplink_state next = uplink_next(uplink->state, event);
	if (next == uplink->state)
		return false;
	log_event(LOG_DEBUG, "uplink_state", LOG_TEXT("from", state_names[uplink->state]), LOG_TEXT("to", state_names[next]));
	uplink->state = next;
	metric_set(uplink->connected, next == UPLINK_OPEN);
	return true;
}

/* Full jitter over the upper half: a thousand adapters that lost the same hub do not come back as one wave. */
static int64_t jittered(int64_t ms)
{
	uint32_t random = 0;
	hash_random((uint8_t *)&random, sizeof(random));
	return ms / 2 + (int64_t)(random % (uint32_t)(ms / 2 + 1));
}

static void dial_later(struct uplink *uplink)
{
	const struct options *options = uplink->office->options;
	if (uplink->leaving)
		return;
	loop_timer_set(uplink->timer, jittered(uplink->backoff_ms), 0);
	uplink->backoff_ms = uplink->backoff_ms * 2 < options->limits.backoff_most_ms ? uplink->backoff_ms * 2 : options->limits.backoff_most_ms;
}

static void lost(struct uplink *uplink, const struct err *why)
{
	bool was_open = uplink->state == UPLINK_OPEN;
	uplink->last_error = *why;
	metric_add(uplink->failures, 1);
	log_event(why->code == CODE_CLOSED || why->code == CODE_STOPPING ? LOG_INFO : LOG_WARNING, was_open ? "uplink_lost" : "uplink_failed",
	          LOG_TEXT("hub", uplink->office->options->hub.address), LOG_REASON(why));
	enter(uplink, UPLINK_FAILED);
	if (was_open) {
		sender_link_down(uplink->office->sender);
		receiver_link_down(uplink->office->receiver);
	}
	dial_later(uplink);
}

static void on_closed(void *ctx, const struct err *why)
{
	struct uplink *uplink = ctx;
	channel_free(uplink->channel);
	uplink->channel = NULL;
	/* What the hub said goodbye with explains more than that the connection then closed. */
	struct err said = uplink->last_error;
	lost(uplink, uplink->state == UPLINK_CLOSING && said.code != CODE_OK ? &said : why);
}

static void leave(struct uplink *uplink, const struct err *why)
{
	struct buf frame;
	struct err ignored;
	if (!enter(uplink, UPLINK_LEFT))
		return;
	uplink->last_error = *why;
	sender_link_down(uplink->office->sender);
	receiver_link_down(uplink->office->receiver);
	buf_init(&frame, 1024);
	frame_bye_encode(why->code, why->reason, &frame);
	if (FAILED(channel_send(uplink->channel, buf_bytes(&frame), &ignored)))
		log_event(LOG_DEBUG, "goodbye_unsaid", LOG_REASON(&ignored));
	buf_done(&frame);
	channel_close(uplink->channel, why);
}

static void on_open(void *ctx, struct signer *peer)
{
	struct uplink *uplink = ctx;
	struct frame_hello hello = {.version = FRAME_VERSION, .party = bytes_text(uplink->office->options->party),
	                            .software = BYTES_LIT("liaison-adapter " LIAISON_VERSION),
	                            .known = history_known(uplink->office->history)};
	struct buf frame;
	struct err why;
	(void)peer;
	if (!enter(uplink, UPLINK_OPENED))
		return;
	hello.chain_count = signer_chain(uplink->office->papers.signing, hello.chain);
	buf_init(&frame, FRAME_CHAIN_MAX * FRAME_CERT_MAX + 1024);
	frame_hello_encode(&hello, &frame);
	if (FAILED(channel_send(uplink->channel, buf_bytes(&frame), &why)))
		leave(uplink, &why);
	buf_done(&frame);
	loop_timer_set(uplink->timer, uplink->office->options->limits.handshake_ms, 0);
}

static result on_welcome(struct uplink *uplink, struct bytes frame, struct err *err)
{
	buf_clear(&uplink->welcome_bytes);
	buf_add(&uplink->welcome_bytes, frame);
	TRY(buf_check(&uplink->welcome_bytes, "welcome", err));
	TRY(frame_welcome_decode(buf_bytes(&uplink->welcome_bytes), &uplink->welcome, err));
	if (uplink->welcome.version != FRAME_VERSION)
		return err_set(err, CODE_VERSION, "/1", "the hub answers in version %lld of the link, which proves nothing of its ledger",
		               (long long)uplink->welcome.version);
	if (!bytes_is(uplink->welcome.hub, uplink->office->options->hub.party))
		return err_set(err, CODE_NOT_YOUR_PARTY, "hub", "the hub calls itself by another name than the configuration");
	TRY(receiver_hub_chain(uplink->office->receiver, uplink->welcome.chain, uplink->welcome.chain_count, err));
	TRY(history_welcome(uplink->office->history, &uplink->welcome, err));
	if (!enter(uplink, UPLINK_WELCOMED))
		return err_set(err, CODE_PROTOCOL, "welcome", "WELCOME came out of turn");
	uplink->credit = uplink->welcome.credit;
	uplink->backoff_ms = uplink->office->options->limits.backoff_least_ms;
	uplink->last_error.code = CODE_OK;
	loop_timer_set(uplink->timer, uplink->welcome.heartbeat_ms, uplink->welcome.heartbeat_ms);
	log_event(LOG_NOTICE, "uplink_open", LOG_TEXT("hub", uplink->office->options->hub.party),
	          LOG_TEXT("address", uplink->office->options->hub.address), LOG_INT("credit", uplink->credit));
	receiver_link_up(uplink->office->receiver);
	sender_link_up(uplink->office->sender);
	return OK;
}

static result on_ping(struct uplink *uplink, struct bytes frame, struct err *err)
{
	int64_t nonce = 0;
	struct buf pong;
	TRY(frame_ping_decode(frame, &nonce, err));
	buf_init(&pong, 64);
	frame_ping_encode(FRAME_PONG, nonce, &pong);
	result r = channel_send(uplink->channel, buf_bytes(&pong), err);
	buf_done(&pong);
	return r;
}

static result on_bye(struct uplink *uplink, struct bytes frame, struct err *err)
{
	struct bytes reason;
	enum code code = CODE_CLOSED;
	struct err why;
	char text[ERR_REASON_MAX];
	TRY(frame_bye_decode(frame, &code, &reason, err));
	snprintf(text, sizeof(text), "%.*s", (int)(reason.len < 300 ? reason.len : 300), reason.len ? (const char *)reason.at : "");
	result said = err_set(&why, code, "hub", "%s", text);
	if (FAILED(said) && enter(uplink, UPLINK_LEFT)) {
		uplink->last_error = why;
		sender_link_down(uplink->office->sender);
		receiver_link_down(uplink->office->receiver);
		channel_close(uplink->channel, &why);
	}
	return OK;
}

static result on_head(struct uplink *uplink, struct bytes frame, struct err *err)
{
	struct frame_head head;
	TRY(frame_head_decode(frame, &head, err));
	if (head.chain_count)
		TRY(receiver_hub_chain(uplink->office->receiver, head.chain, head.chain_count, err));
	return history_head(uplink->office->history, &head, err);
}

static result on_credit(struct uplink *uplink, struct bytes frame, struct err *err)
{
	int64_t more = 0;
	TRY(frame_credit_decode(frame, &more, err));
	uplink->credit += more;
	sender_wake(uplink->office->sender);
	return OK;
}

static result take_frame(struct uplink *uplink, enum frame_kind kind, struct bytes frame, struct err *err)
{
	if (kind == FRAME_BYE)
		return on_bye(uplink, frame, err);
	if (uplink->state == UPLINK_GREETING)
		return kind == FRAME_WELCOME ? on_welcome(uplink, frame, err) : err_set(err, CODE_PROTOCOL, "frame", "the hub did not begin with WELCOME");
	switch (kind) {
	case FRAME_VERDICT:
		return sender_verdicts(uplink->office->sender, frame, err);
	case FRAME_DELIVER:
		return receiver_deliver(uplink->office->receiver, frame, err);
	case FRAME_CERT:
		return receiver_cert(uplink->office->receiver, frame, err);
	case FRAME_HEAD:
		return on_head(uplink, frame, err);
	case FRAME_CREDIT:
		return on_credit(uplink, frame, err);
	case FRAME_PING:
		return on_ping(uplink, frame, err);
	case FRAME_PONG:
		return OK;
	case FRAME_HELLO:
	case FRAME_WELCOME:
	case FRAME_SUBMIT:
	case FRAME_ACK:
	case FRAME_CERT_ASK:
	case FRAME_BYE:
	case FRAME_KIND_COUNT:
		break;
	}
	return err_set(err, CODE_PROTOCOL, "frame", "a hub does not send %s", frame_kind_text(kind));
}

static void on_frame(void *ctx, struct bytes frame)
{
	struct uplink *uplink = ctx;
	enum frame_kind kind = FRAME_KIND_COUNT;
	struct err why;
	uplink->heard_at = clock_mono_ms();
	if (uplink->state == UPLINK_CLOSING)
		return;
	result r = frame_kind_of(frame, &kind, &why);
	if (!FAILED(r))
		r = take_frame(uplink, kind, frame, &why);
	if (!FAILED(r))
		return;
	/* Such a hub is seldom another one in a second. */
	if (r.code == CODE_HISTORY)
		uplink->backoff_ms = uplink->office->options->limits.backoff_most_ms;
	leave(uplink, &why);
}

static const struct channel_events channel_events = {.on_open = on_open, .on_frame = on_frame, .on_closed = on_closed};

/* A host with several addresses is tried at another one each time. */
static void on_resolved(void *ctx, const struct loop_address *addresses, size_t count, const struct err *why)
{
	struct uplink *uplink = ctx;
	const struct options *options = uplink->office->options;
	const struct channel_limits limits = {.frame_max = UPLINK_FRAME_MAX, .queue_max = UPLINK_QUEUE_MAX,
	                                      .handshake_ms = options->limits.handshake_ms, .stall_ms = options->limits.stall_ms};
	const char *name = options->hub.name && options->hub.name[0] ? options->hub.name : uplink->host;
	struct err failed;
	uplink->resolving = NULL;
	if (count == 0) {
		lost(uplink, why);
		return;
	}
	const struct loop_address *address = &addresses[uplink->dials++ % count];
	enter(uplink, UPLINK_RESOLVED);
	if (FAILED(channel_connect(uplink->office->loop, uplink->office->papers.tls, (const struct sockaddr *)&address->at, address->len, name,
	                           options->hub.party, &limits, &channel_events, uplink, &uplink->channel, &failed)))
		lost(uplink, &failed);
}

static void beat(struct uplink *uplink)
{
	struct buf ping;
	struct err why;
	int64_t silent = clock_mono_ms() - uplink->heard_at;
	result r;
	if (silent >= UPLINK_SILENT_BEATS * uplink->welcome.heartbeat_ms)
		r = err_set(&why, CODE_TIMEOUT, "hub", "nothing was heard for %lld ms", (long long)silent);
	else {
		buf_init(&ping, 64);
		frame_ping_encode(FRAME_PING, clock_mono_ms(), &ping);
		r = channel_send(uplink->channel, buf_bytes(&ping), &why);
		buf_done(&ping);
	}
	if (FAILED(r) && r.code != CODE_BUSY)
		leave(uplink, &why);
}

static void on_timer(void *ctx)
{
	struct uplink *uplink = ctx;
	struct err why;
	switch (uplink->state) {
	case UPLINK_WAITING:
		if (box_has_trouble(uplink->office->box, &uplink->last_error)) {
			dial_later(uplink); /* nothing could be taken */
			break;
		}
		if (enter(uplink, UPLINK_DIAL))
			uplink->resolving = loop_resolve(uplink->office->loop, uplink->host, uplink->port, on_resolved, uplink);
		break;
	case UPLINK_GREETING:
		if (FAILED(err_set(&why, CODE_TIMEOUT, "hub", "the hub did not answer HELLO")))
			leave(uplink, &why);
		break;
	case UPLINK_OPEN:
		beat(uplink);
		break;
	case UPLINK_RESOLVING:
	case UPLINK_CONNECTING:
	case UPLINK_CLOSING:
	case UPLINK_STATE_COUNT:
		break;
	}
}

static void on_turn(void *ctx)
{
	struct uplink *uplink = ctx;
	struct buf frame;
	struct err why;
	if (uplink->grant == 0 || uplink->state != UPLINK_OPEN)
		return;
	buf_init(&frame, 64);
	frame_credit_encode(uplink->grant, &frame);
	if (!FAILED(channel_send(uplink->channel, buf_bytes(&frame), &why)))
		uplink->grant = 0;
	buf_done(&frame);
}

static void split_address(struct uplink *uplink)
{
	const char *address = uplink->office->options->hub.address, *colon = strrchr(address, ':');
	size_t len = colon ? (size_t)(colon - address) : strlen(address);
	int64_t port = 7400;
	struct err ignored;
	if (len > 1 && address[0] == '[' && address[len - 1] == ']') {
		address++;
		len -= 2;
	}
	snprintf(uplink->host, sizeof(uplink->host), "%.*s", (int)len, address);
	if (colon && FAILED(text_int(bytes_text(colon + 1), 1, 65535, &port, &ignored)))
		port = 7400; /* the configuration's check has refused anything else */
	uplink->port = (int)port;
}

struct uplink *uplink_new(struct office *office)
{
	struct uplink *uplink = mem_alloc(sizeof(*uplink));
	uplink->office = office;
	uplink->backoff_ms = office->options->limits.backoff_least_ms;
	uplink->timer = loop_timer_new(office->loop, on_timer, uplink);
	uplink->connected = metric_gauge("liaison_uplink_open", "1 while the link to the hub is open", NULL, NULL);
	uplink->failures = metric_counter("liaison_uplink_failures", "Links that failed or were lost", NULL, NULL);
	buf_init(&uplink->welcome_bytes, FRAME_CHAIN_MAX * FRAME_CERT_MAX + 8192);
	split_address(uplink);
	loop_on_turn(office->loop, on_turn, uplink);
	return uplink;
}

void uplink_free(struct uplink *uplink)
{
	if (!uplink)
		return;
	loop_resolve_cancel(uplink->resolving);
	channel_free(uplink->channel);
	loop_timer_free(uplink->timer);
	buf_done(&uplink->welcome_bytes);
	mem_free(uplink);
}

void uplink_start(struct uplink *uplink)
{
	loop_timer_set(uplink->timer, 0, 0);
}

void uplink_goodbye(struct uplink *uplink)
{
	struct err why;
	uplink->leaving = true;
	loop_resolve_cancel(uplink->resolving);
	uplink->resolving = NULL;
	loop_timer_set(uplink->timer, -1, 0);
	if (FAILED(err_set(&why, CODE_STOPPING, "", "the adapter is going down")))
		leave(uplink, &why);
}

/* Both of the hub's certificates: the one that it shows on the link, and the one that signs what it says there. */
static result rejudge_hub(const struct uplink *uplink, struct err *err)
{
	TRY(channel_rejudge(uplink->channel, uplink->office->papers.trust, err));
	return receiver_hub_chain(uplink->office->receiver, uplink->welcome.chain, uplink->welcome.chain_count, err);
}

void uplink_renewed(struct uplink *uplink, bool is_new_self)
{
	struct err why;
	if (!is_new_self && uplink->state == UPLINK_OPEN) {
		if (FAILED(rejudge_hub(uplink, &why)))
			leave(uplink, &why);
		return;
	}
	uplink->backoff_ms = uplink->office->options->limits.backoff_least_ms;
	if (FAILED(err_set(&why, CODE_STOPPING, "", "the adapter takes new certificates into use")))
		leave(uplink, &why);
}

void uplink_give_up(struct uplink *uplink, const struct err *why)
{
	leave(uplink, why);
}

bool uplink_is_open(const struct uplink *uplink)
{
	return uplink->state == UPLINK_OPEN;
}

const char *uplink_state_text(enum uplink_state state)
{
	return state_names[state];
}

enum uplink_state uplink_state(const struct uplink *uplink)
{
	return uplink->state;
}

const struct err *uplink_last_error(const struct uplink *uplink)
{
	return &uplink->last_error;
}

const struct frame_welcome *uplink_welcome(const struct uplink *uplink)
{
	return &uplink->welcome;
}

int64_t uplink_credit(const struct uplink *uplink)
{
	return uplink->credit;
}

void uplink_spend(struct uplink *uplink, int64_t messages)
{
	uplink->credit -= messages;
}

result uplink_send(struct uplink *uplink, struct bytes frame, struct err *err)
{
	if (uplink->state != UPLINK_OPEN)
		return err_set(err, CODE_CLOSED, "hub", "the link to the hub is down");
	return channel_send(uplink->channel, frame, err);
}

void uplink_grant(struct uplink *uplink, int64_t deliveries)
{
	uplink->grant += deliveries;
}

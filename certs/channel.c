#include "certs/channel.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/incoming.h"
#include "certs/outgoing.h"
#include "certs/socket.h"
#include "certs/stream.h"

enum {
	RECORD_BYTES = 16384,  /* what one TLS record holds */
	TURN_BYTES = 131072,   /* read or written for one channel in one turn, so that it does not starve the others */
	READ_COST_BYTES = 512, /* what a read counts at least: tiny records must not buy more of a turn */
	LINGER_MS = 1000
};

/* Only ever forward. */
enum channel_state {
	CHANNEL_CONNECTING,
	CHANNEL_SHAKING,
	CHANNEL_OPEN,
	CHANNEL_FLUSHING,  /* closed by this side: what is queued still goes out, what comes in is dropped */
	CHANNEL_LINGERING, /* all was said; closing a socket with unread bytes would destroy it before the peer has read it */
	CHANNEL_CLOSED
};

struct channel {
	struct loop *loop;
	struct tls *tls;
	struct stream *stream;
	struct loop_fd *watch;
	struct loop_timer *timer; /* handshake, stall, flushing or lingering: never two of them */
	struct loop_task *task;   /* the end of the turn */
	struct channel_events events;
	struct channel_limits limits;
	void *ctx;
	struct incoming in;
	struct outgoing out;
	struct err *why;   /* the first cause of the end */
	char *server_name; /* until the stream is made */
	char *hub;
	enum channel_state state;
	int fd;
	unsigned depth;      /* of our own calls: memory stays until the last returns */
	unsigned want;       /* what the descriptor is watched for */
	unsigned read_want;  /* what reading waits for: TLS may have to write first */
	unsigned write_want; /* what writing waits for; 0 when nothing is held up */
	bool paused;
	bool more;    /* bytes are at hand that the descriptor does not announce */
	bool refused; /* channel_send said busy */
	bool timing;  /* the timer measures a stall */
	bool told;    /* on_closed was called */
	bool freed;
	char address[SOCKET_TEXT_MAX];
};

/* --- the watch, the task and the timer --- */

static bool reads(const struct channel *channel)
{
	return (channel->state == CHANNEL_OPEN && !channel->paused) || channel->state == CHANNEL_FLUSHING;
}

static unsigned wanted(const struct channel *channel)
{
	switch (channel->state) {
	case CHANNEL_CONNECTING:
		return LOOP_WRITE;
	case CHANNEL_SHAKING:
		return channel->read_want;
	case CHANNEL_OPEN:
	case CHANNEL_FLUSHING:
		return (reads(channel) ? channel->read_want : 0) | channel->write_want;
	case CHANNEL_LINGERING:
		return LOOP_READ;
	case CHANNEL_CLOSED:
		break;
	}
	return 0;
}

static void watch_again(struct channel *channel)
{
	unsigned want = wanted(channel);

	if (channel->watch == NULL || want == channel->want)
		return;
	channel->want = want;
	loop_fd_want(channel->watch, want);
}

static void destroy(struct channel *channel)
{
	incoming_done(&channel->in);
	outgoing_done(&channel->out);
	tls_unref(channel->tls);
	mem_free(channel->why);
	mem_free(channel->server_name);
	mem_free(channel->hub);
	mem_free(channel);
}

static void leave(struct channel *channel)
{
	channel->depth--;
	if (!channel->freed)
		watch_again(channel);
	else if (channel->depth == 0)
		destroy(channel);
}

static void again(struct channel *channel)
{
	if (channel->task != NULL)
		loop_task_set(channel->task);
}

/* Lets go of the descriptor and what hangs on it. */
static void release(struct channel *channel)
{
	channel->state = CHANNEL_CLOSED;
	loop_fd_free(channel->watch);
	channel->watch = NULL;
	loop_timer_free(channel->timer);
	channel->timer = NULL;
	stream_free(channel->stream);
	channel->stream = NULL;
	if (channel->fd >= 0)
		close(channel->fd);
	channel->fd = -1;
}

/* --- the end --- */

static void blame(struct channel *channel, const struct err *why)
{
	if (channel->why != NULL)
		return;
	channel->why = mem_alloc(sizeof(*channel->why));
	*channel->why = *why;
}

static void finish(struct channel *channel)
{
	release(channel);
	again(channel);
}

static void linger(struct channel *channel)
{
	int64_t limit = channel->limits.stall_ms < LINGER_MS ? channel->limits.stall_ms : LINGER_MS;

	if (shutdown(channel->fd, SHUT_WR) != 0) {
		finish(channel);
		return;
	}
	outgoing_done(&channel->out);
	channel->state = CHANNEL_LINGERING;
	loop_timer_set(channel->timer, limit, 0);
}

static void discard(struct channel *channel)
{
	uint8_t chunk[RECORD_BYTES];

	for (size_t taken = 0; taken < TURN_BYTES; taken += sizeof(chunk)) {
		ssize_t got = recv(channel->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			finish(channel);
			return;
		}
	}
}

/* What to do with a step that is not DONE, while reading, writing or shaking hands. */
static void stop(struct channel *channel, enum stream_step step, const struct err *why)
{
	blame(channel, why);
	stream_goodbye(channel->stream);
	if (step == STREAM_GONE)
		finish(channel);
	else
		linger(channel);
}

static void fail(struct channel *channel, const struct err *why)
{
	blame(channel, why);
	stream_goodbye(channel->stream);
	linger(channel);
}

static void tell_closed(struct channel *channel)
{
	if (channel->told)
		return;
	channel->told = true;
	channel->events.on_closed(channel->ctx, channel->why);
}

static void on_timer(void *ctx)
{
	struct channel *channel = ctx;
	struct err err;

	channel->depth++;
	channel->timing = false;
	if (channel->state == CHANNEL_CONNECTING)
		err_set(&err, CODE_TIMEOUT, "", "no connection within %lld ms", (long long)channel->limits.handshake_ms);
	else if (channel->state == CHANNEL_SHAKING)
		err_set(&err, CODE_TIMEOUT, "", "no handshake within %lld ms", (long long)channel->limits.handshake_ms);
	else
		err_set(&err, CODE_TIMEOUT, "", "the peer took nothing for %lld ms, %zu bytes wait",
		        (long long)channel->limits.stall_ms, channel_queued(channel));
	blame(channel, &err);
	finish(channel);
	leave(channel);
}

/* --- reading --- */

static bool deliver(void *ctx, struct bytes frame)
{
	struct channel *channel = ctx;

	channel->events.on_frame(channel->ctx, frame);
	return reads(channel) && channel->state == CHANNEL_OPEN;
}

static void take(struct channel *channel, struct bytes more)
{
	struct err err;

	if (channel->state == CHANNEL_OPEN && FAILED(incoming_take(&channel->in, more, deliver, channel, &err)) &&
	    !channel->freed)
		fail(channel, &err);
}

static bool read_record(struct channel *channel, size_t *cost)
{
	uint8_t chunk[RECORD_BYTES];
	struct err err;
	size_t got = 0;

	enum stream_step step = stream_read(channel->stream, chunk, sizeof(chunk), &got, &err);
	channel->read_want = step == STREAM_WANT_WRITE ? LOOP_WRITE : LOOP_READ;
	if (step == STREAM_DONE) {
		*cost += got > READ_COST_BYTES ? got : READ_COST_BYTES;
		take(channel, bytes_of(chunk, got));
		return true;
	}
	if (step == STREAM_FAILED || step == STREAM_GONE)
		stop(channel, step, &err);
	return false;
}

static void read_some(struct channel *channel)
{
	size_t cost = 0;

	channel->more = false;
	if (incoming_holds(&channel->in))
		take(channel, BYTES_NONE);
	while (reads(channel) && cost < TURN_BYTES) {
		if (!read_record(channel, &cost))
			break;
	}
	if (reads(channel) && stream_pending(channel->stream)) {
		channel->more = true;
		again(channel);
	}
}

/* --- writing --- */

static void emptied(struct channel *channel)
{
	channel->write_want = 0;
	if (channel->state == CHANNEL_FLUSHING) {
		stream_goodbye(channel->stream);
		linger(channel);
		return;
	}
	if (channel->timing)
		loop_timer_set(channel->timer, -1, 0);
	channel->timing = false;
	if (channel->refused && channel->state == CHANNEL_OPEN) {
		channel->refused = false;
		if (channel->events.on_drained != NULL)
			channel->events.on_drained(channel->ctx);
	}
}

/* False when it goes no further in this turn. */
static bool write_record(struct channel *channel, size_t *moved)
{
	struct err err;
	size_t wrote = 0;

	enum stream_step step = stream_write(channel->stream, outgoing_next(&channel->out, RECORD_BYTES), &wrote, &err);
	if (step == STREAM_DONE) {
		outgoing_wrote(&channel->out, wrote);
		*moved += wrote;
		return true;
	}
	if (step == STREAM_WANT_READ || step == STREAM_WANT_WRITE)
		channel->write_want = step == STREAM_WANT_READ ? LOOP_READ : LOOP_WRITE;
	else
		stop(channel, step, &err);
	return false;
}

static void flush(struct channel *channel)
{
	size_t moved = 0;

	channel->write_want = 0;
	while (outgoing_waiting(&channel->out) > 0 && moved < TURN_BYTES) {
		if (!write_record(channel, &moved))
			break;
	}
	if (channel->state != CHANNEL_OPEN && channel->state != CHANNEL_FLUSHING)
		return;
	if (outgoing_waiting(&channel->out) == 0) {
		emptied(channel);
		return;
	}
	if (channel->write_want == 0)
		again(channel);
	if (channel->state == CHANNEL_OPEN && (moved > 0 || !channel->timing)) {
		channel->timing = true;
		loop_timer_set(channel->timer, channel->limits.stall_ms, 0);
	}
}

/* --- becoming open --- */

static void opened(struct channel *channel)
{
	loop_timer_set(channel->timer, -1, 0);
	channel->state = CHANNEL_OPEN;
	channel->read_want = LOOP_READ;
	channel->more = true;
	again(channel);
	channel->events.on_open(channel->ctx, stream_peer(channel->stream));
}

static void shake(struct channel *channel)
{
	struct err err;

	if (channel->limits.shakes != NULL && (*channel->limits.shakes)-- <= 0)
		return; /* in one of the next turns: the descriptor stays ready */
	enum stream_step step = stream_handshake(channel->stream, &err);
	if (step == STREAM_DONE)
		opened(channel);
	else if (step == STREAM_WANT_READ || step == STREAM_WANT_WRITE)
		channel->read_want = step == STREAM_WANT_READ ? LOOP_READ : LOOP_WRITE;
	else
		stop(channel, step, &err);
}

static RESULT start_stream(struct channel *channel, struct err *err)
{
	TRY(stream_new(channel->tls, channel->fd, channel->server_name, channel->hub, &channel->stream, err));
	channel->state = CHANNEL_SHAKING;
	channel->read_want = LOOP_READ;
	return OK;
}

static void connect_or_fail(struct channel *channel)
{
	struct err err;

	result made = socket_connected(channel->fd, channel->address, &err);
	if (!FAILED(made))
		made = start_stream(channel, &err);
	if (FAILED(made)) {
		blame(channel, &err);
		finish(channel);
		return;
	}
	shake(channel);
}

static void on_ready(void *ctx, unsigned ready)
{
	struct channel *channel = ctx;

	channel->depth++;
	switch (channel->state) {
	case CHANNEL_CONNECTING:
		connect_or_fail(channel);
		break;
	case CHANNEL_SHAKING:
		shake(channel);
		break;
	case CHANNEL_OPEN:
	case CHANNEL_FLUSHING:
		if (reads(channel) && (ready & channel->read_want) != 0)
			read_some(channel);
		if ((ready & channel->write_want) != 0 && (channel->state == CHANNEL_OPEN || channel->state == CHANNEL_FLUSHING))
			flush(channel);
		break;
	case CHANNEL_LINGERING:
		discard(channel);
		break;
	case CHANNEL_CLOSED:
		break;
	}
	leave(channel);
}

static void on_task(void *ctx)
{
	struct channel *channel = ctx;

	channel->depth++;
	if (channel->more && reads(channel))
		read_some(channel);
	if (channel->write_want == 0 && (channel->state == CHANNEL_OPEN || channel->state == CHANNEL_FLUSHING))
		flush(channel);
	if (channel->state == CHANNEL_CLOSED && !channel->freed)
		tell_closed(channel);
	leave(channel);
}

/* --- making one --- */

static struct channel *channel_new(struct loop *loop, struct tls *tls, int fd, const struct channel_limits *limits,
                                   const struct channel_events *events, void *ctx)
{
	struct channel *channel = mem_alloc(sizeof(*channel));

	channel->loop = loop;
	channel->tls = tls_ref(tls);
	channel->fd = fd;
	channel->limits = *limits;
	channel->events = *events;
	channel->ctx = ctx;
	incoming_init(&channel->in, limits->frame_max, RECORD_BYTES);
	outgoing_init(&channel->out, limits->queue_max);
	return channel;
}

/* The loop hears of the channel only when nothing can fail any more. */
static void start(struct channel *channel, struct channel **ret)
{
	channel->task = loop_task_new(channel->loop, on_task, channel);
	channel->timer = loop_timer_new(channel->loop, on_timer, channel);
	loop_timer_set(channel->timer, channel->limits.handshake_ms, 0);
	channel->watch = loop_fd_new(channel->loop, channel->fd, on_ready, channel);
	watch_again(channel);
	*ret = channel;
}

static RESULT accepted(struct channel *channel, struct err *err)
{
	TRY(socket_accepted(channel->fd, channel->address, err));
	return start_stream(channel, err);
}

result channel_accept(struct loop *loop, struct tls *tls, int fd, const struct channel_limits *limits,
                      const struct channel_events *events, void *ctx, struct channel **ret, struct err *err)
{
	struct channel *channel = channel_new(loop, tls, fd, limits, events, ctx);
	result made = accepted(channel, err);

	if (FAILED(made)) {
		channel_free(channel);
		return made;
	}
	start(channel, ret);
	return OK;
}

result channel_connect(struct loop *loop, struct tls *tls, const struct sockaddr *address, socklen_t address_len,
                       const char *server_name, const char *hub, const struct channel_limits *limits,
                       const struct channel_events *events, void *ctx, struct channel **ret, struct err *err)
{
	struct channel *channel = channel_new(loop, tls, -1, limits, events, ctx);
	result begun = socket_connect(address, address_len, &channel->fd, err);

	if (FAILED(begun)) {
		channel_free(channel);
		return begun;
	}
	socket_text(address, address_len, channel->address);
	channel->server_name = mem_text(server_name);
	channel->hub = mem_text(hub);
	channel->state = CHANNEL_CONNECTING;
	start(channel, ret);
	return OK;
}

/* --- what the owner does --- */

result channel_send(struct channel *channel, struct bytes frame, struct err *err)
{
	if (channel->state != CHANNEL_OPEN)
		return err_set(err, CODE_CLOSED, "", "the channel is %s",
		               channel->state < CHANNEL_OPEN ? "not open yet" : "closed");
	result added = outgoing_add(&channel->out, frame, err);
	if (added.code == CODE_BUSY)
		channel->refused = true;
	else if (!FAILED(added))
		again(channel);
	return added;
}

size_t channel_queued(const struct channel *channel)
{
	return outgoing_waiting(&channel->out);
}

void channel_pause(struct channel *channel, bool paused)
{
	channel->paused = paused;
	if (!paused) {
		channel->more = true;
		again(channel);
	}
	watch_again(channel);
}

void channel_frame_max(struct channel *channel, size_t bytes)
{
	incoming_frame_max(&channel->in, bytes, RECORD_BYTES);
}

size_t channel_unfinished(const struct channel *channel)
{
	return incoming_waiting(&channel->in);
}

void channel_close(struct channel *channel, const struct err *why)
{
	struct err none;

	if (channel->state > CHANNEL_OPEN)
		return;
	if (why == NULL)
		err_set(&none, CODE_CLOSED, "", "closed by this side");
	channel->depth++;
	blame(channel, why != NULL ? why : &none);
	if (channel->state == CHANNEL_OPEN) {
		channel->state = CHANNEL_FLUSHING;
		loop_timer_set(channel->timer, channel->limits.stall_ms, 0);
		again(channel);
	} else {
		finish(channel);
	}
	leave(channel);
}

void channel_free(struct channel *channel)
{
	if (channel == NULL || channel->freed)
		return;
	channel->freed = true;
	release(channel);
	loop_task_free(channel->task);
	channel->task = NULL;
	if (channel->depth == 0)
		destroy(channel);
}

const struct signer *channel_peer(const struct channel *channel)
{
	bool known = channel->stream != NULL && channel->state >= CHANNEL_OPEN;
	return known ? stream_peer(channel->stream) : NULL;
}

const char *channel_address(const struct channel *channel)
{
	return channel->address;
}

result channel_rejudge(const struct channel *channel, const struct trust *trust, struct err *err)
{
	const struct signer *peer = channel_peer(channel);

	/* One who is still at the handshake is judged by the old trust: let it come again. */
	if (peer == NULL)
		return err_set(err, CODE_CLOSED, "", "the channel is not open: there is nobody to judge");
	return trust_rejudge(trust, peer, tls_serves(channel->tls) ? TRUST_TLS_PARTY : TRUST_TLS_HUB, clock_wall_ms(), false,
	                     err);
}

/* The channel: opaque frames over mutual TLS 1.3 on a non-blocking socket, 4-byte big-endian length before each. It is opened
 * only when the peer's certificate was judged for its purpose by the tls's trust; its length limit is checked before anything is
 * allocated; what waits to be written is bounded. Frames sent within one turn of the loop leave in as few TLS records as they
 * fit. Thread: its loop's.
 *
 * Life: handshake → open → closed. on_closed is called exactly once, last, never from inside channel_send or channel_close. A
 * client is open before the server has judged it (RFC 8446 §2): a refusal of its certificate comes with on_closed, soon after
 * on_open. All callbacks may free the channel. A paused channel does not notice that its peer went. The program must ignore
 * SIGPIPE (daemon_prepare does). */
#ifndef CERTS_CHANNEL_H
#define CERTS_CHANNEL_H

#include <sys/socket.h>

#include "base/loop.h"
#include "certs/tls.h"

struct channel;

struct channel_limits {
	size_t frame_max;     /* bytes of one frame received; more is too_large and closes */
	size_t queue_max;     /* bytes waiting to be written; beyond, channel_send answers busy */
	int64_t handshake_ms; /* until it must be open */
	int *shakes;          /* steps of handshakes that may still be made in this turn of the loop: the owner sets it anew in each; NULL: any number */
	int64_t stall_ms;     /* bytes waiting and none could be written for so long: timeout */
};

struct channel_events {
	void (*on_open)(void *ctx, struct signer *peer); /* borrowed; signer_ref to keep */
	void (*on_frame)(void *ctx, struct bytes frame); /* borrowed during the call */
	void (*on_drained)(void *ctx);                   /* the queue is empty again after channel_send said busy; may be NULL */
	void (*on_closed)(void *ctx, const struct err *why); /* closed: peer went in good order; timeout, tls, certificate,
	                                                        revoked, too_large, protocol, io … */
};

/* Takes over a connected, non-blocking socket (it is closed by the channel, also when this fails). */
RESULT channel_accept(struct loop *loop, struct tls *tls, int fd, const struct channel_limits *limits,
                      const struct channel_events *events, void *ctx, struct channel **ret, struct err *err);
/* Connects. server_name: the DNS name or IP that the hub's certificate must carry; hub: the party its URI must carry. */
RESULT channel_connect(struct loop *loop, struct tls *tls, const struct sockaddr *address, socklen_t address_len,
                       const char *server_name, const char *hub, const struct channel_limits *limits,
                       const struct channel_events *events, void *ctx, struct channel **ret, struct err *err);
/* Queues one frame (copied). busy: the queue is full, nothing was taken; too_large: it never fits queue_max; closed. */
RESULT channel_send(struct channel *channel, struct bytes frame, struct err *err);
size_t channel_queued(const struct channel *channel);     /* bytes waiting */
void channel_pause(struct channel *channel, bool paused); /* backpressure: no on_frame while paused */
/* From now on, the most bytes of a frame received, for example once the peer is known. */
void channel_frame_max(struct channel *channel, size_t bytes);
size_t channel_unfinished(const struct channel *channel); /* bytes of a frame that has begun and is not whole yet */
/* Sends what is queued and a close_notify, then closes (within stall_ms); on_closed comes with `why` (copied; NULL: closed). */
void channel_close(struct channel *channel, const struct err *why);
/* Frees; before on_closed was called it closes hard and on_closed is not called any more. */
void channel_free(struct channel *channel);
const struct signer *channel_peer(const struct channel *channel); /* NULL before open */
const char *channel_address(const struct channel *channel);       /* "127.0.0.1:41234" of the peer */
/* Judges the peer again by another trust: after a reload. closed before it is open: whoever is still at the handshake is judged
 * by the old trust, so close it and let it come again. */
RESULT channel_rejudge(const struct channel *channel, const struct trust *trust, struct err *err);

#endif

#include "adapters/runtime/plainly.h"
#include "adapters/runtime/port_http_inside.h"

#include "base/mem.h"

enum { POLL_BYTES = 8 << 20, POLL_BYTES_MAX = 64 << 20, POLL_LOANS_MAX = 1000 };

static result give(void *ctx, struct bytes envelope, struct err *err)
{
	struct port_http_visit *visit = ctx;
	struct buf plain;
	buf_init(&plain, POLL_BYTES_MAX);
	result r = plainly_delivery(visit->port->office, envelope, &plain, err);
	if (!FAILED(r)) {
		buf_add(&visit->messages, buf_bytes(&plain));
		visit->messages_count++;
		if (visit->messages.len >= POLL_BYTES)
			lending_grant(visit->borrower, 1); /* the one that is being given */
	}
	buf_done(&plain);
	return r;
}

/* give never says closed: a connection that ends is told by its link. */
static void gone(void *ctx)
{
	(void)ctx;
}

static const struct lending_events events = {give, gone};

static void on_waited(void *ctx)
{
	port_http_poll_answer(ctx);
}

void port_http_poll_begin(struct port_http_visit *visit, int64_t wait_s, int64_t most)
{
	struct port_http *port = visit->port;
	int64_t left = POLL_LOANS_MAX - (int64_t)lending_count(port->lending);
	buf_init(&visit->messages, (size_t)2 * POLL_BYTES_MAX);
	visit->messages_count = 0;
	visit->is_polling = true;
	visit->borrower = lending_join(port->lending, &events, visit, port->office->options->ports.https.lease_ms);
	lending_grant(visit->borrower, left < most ? left : most);
	port_http_deliver(port);
	if (!visit->is_polling)
		return;
	if (wait_s == 0) {
		port_http_poll_answer(visit);
		return;
	}
	visit->waiting = loop_timer_new(port->office->loop, on_waited, visit);
	loop_timer_set(visit->waiting, wait_s * 1000, 0);
}

static void stop_waiting(struct port_http_visit *visit)
{
	if (visit->waiting)
		loop_timer_free(visit->waiting);
	visit->waiting = NULL;
	visit->is_polling = false;
}

void port_http_poll_answer(struct port_http_visit *visit)
{
	struct buf packed;
	if (!visit->is_polling)
		return;
	stop_waiting(visit);
	lending_grant(visit->borrower, 0);
	buf_init(&packed, (size_t)2 * POLL_BYTES_MAX);
	pack_put_map(&packed, 1);
	pack_put_str(&packed, "messages");
	pack_put_array(&packed, visit->messages_count);
	pack_put_raw(&packed, buf_bytes(&visit->messages));
	buf_done(&visit->messages);
	port_http_routes_answer(visit, 200, NULL, buf_bytes(&packed));
	buf_done(&packed);
}

static void leave(struct port_http_visit *visit, bool gives_back)
{
	stop_waiting(visit);
	buf_done(&visit->messages);
	if (visit->borrower)
		lending_leave(visit->borrower, gives_back);
	visit->borrower = NULL;
}

void port_http_poll_answered(struct port_http_visit *visit)
{
	leave(visit, false);
}

void port_http_poll_gone(struct port_http_visit *visit)
{
	leave(visit, true);
}

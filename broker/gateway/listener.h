/* The socket that adapters connect to. Every gateway has one of its own on the same address (SO_REUSEPORT): the kernel
 * shares the connections out. Thread: its loop's. */
#ifndef BROKER_GATEWAY_LISTENER_H
#define BROKER_GATEWAY_LISTENER_H

#include "base/loop.h"

struct listener;

/* A connection, non-blocking; it is the callee's to close. */
typedef void (*listener_fn)(void *ctx, int fd);

/* address: "0.0.0.0:7400", "[::]:7400", "hub.example:7400"; port 0 picks a free one. Accepts once the loop runs. not_found
 * or io, busy when the address is in use. */
RESULT listener_new(struct loop *loop, const char *address, listener_fn fn, void *ctx, struct listener **ret, struct err *err);
void listener_free(struct listener *listener); /* NULL is fine; nothing is accepted after this */
int listener_port(const struct listener *listener);

#endif

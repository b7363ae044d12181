/* The socket that adapters connect to. Every gateway has one of its own on the same address (SO_REUSEPORT): the kernel
 * shares the connections out. Thread: its loop's. */
#ifndef BROKER_GATEWAY_LISTENER_H
#define BROKER_GATEWAY_LISTENER_H

#include "base/loop.h"

struct listener;

/* A connection, non-blocking; it is the callee's to close. */
typedef void (*listener_fn)(void *ctx, int fd);

/* Takes over a socket that listens, non-blocking. Accepts once the loop runs. */
struct listener *listener_new(struct loop *loop, int fd, listener_fn fn, void *ctx);
void listener_free(struct listener *listener); /* NULL is fine; nothing is accepted after this */

#endif

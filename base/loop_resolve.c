#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "base/loop_inside.h"
#include "base/mem.h"

enum { ADDRESSES_MAX = 16 };

struct loop_resolve {
	uv_getaddrinfo_t request;
	struct loop *loop;
	struct loop_task *answer; /* there is nobody to ask: the host is an address, or asking failed at once */
	struct addrinfo *known;
	int status;
	loop_resolve_fn fn;
	void *ctx;
	char *host;
	LIST_ENTRY(loop_resolve) all;
	bool is_cancelled;
};

static void forget_resolve(struct loop_resolve *resolve)
{
	if (resolve->known)
		freeaddrinfo(resolve->known);
	loop_task_free(resolve->answer);
	mem_free(resolve->host);
	mem_free(resolve);
}

static void explain_resolve(const struct loop_resolve *resolve, int status, struct err *err)
{
	if (status == UV_EAI_NONAME || status == UV_EAI_NODATA || status >= 0)
		err_set(err, CODE_NOT_FOUND, "", "no host is known by the name %s", resolve->host);
	else if (status == UV_EAI_AGAIN)
		err_set(err, CODE_TIMEOUT, "", "no name server answers what %s is", resolve->host);
	else
		err_set(err, CODE_IO, "", "%s cannot be looked up: %s", resolve->host, uv_strerror(status));
}

static void answer_resolve(struct loop_resolve *resolve, int status, const struct addrinfo *found)
{
	struct loop_address addresses[ADDRESSES_MAX] = {0};
	struct err err;
	size_t count = 0;

	for (; status == 0 && found && count < ADDRESSES_MAX; found = found->ai_next) {
		if (found->ai_addrlen > sizeof addresses->at)
			continue;
		memcpy(&addresses[count].at, found->ai_addr, found->ai_addrlen);
		addresses[count++].len = found->ai_addrlen;
	}
	if (count == 0)
		explain_resolve(resolve, status, &err);
	LIST_REMOVE(resolve, all);
	resolve->fn(resolve->ctx, addresses, count, count == 0 ? &err : NULL);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
	struct loop_resolve *resolve = request->data;

	resolve->loop->has_work = true;
	if (!resolve->is_cancelled)
		answer_resolve(resolve, status, found);
	uv_freeaddrinfo(found);
	forget_resolve(resolve);
}

static void on_known(void *ctx)
{
	struct loop_resolve *resolve = ctx;

	answer_resolve(resolve, resolve->status, resolve->known);
	forget_resolve(resolve);
}

/* Tries the host as an address first, so that a program that names none starts no threads for asking. */
static void ask(struct loop_resolve *resolve, const char *host, const char *service)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};

	if (getaddrinfo(host, service, &hints, &resolve->known) != 0) {
		resolve->known = NULL;
		resolve->request.data = resolve;
		hints.ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG;
		resolve->status = uv_getaddrinfo(&resolve->loop->uv, &resolve->request, on_resolved, host, service, &hints);
		if (resolve->status >= 0)
			return;
	}
	resolve->answer = loop_task_new(resolve->loop, on_known, resolve);
	loop_task_set(resolve->answer);
}

struct loop_resolve *loop_resolve(struct loop *loop, const char *host, int port, loop_resolve_fn fn, void *ctx)
{
	struct loop_resolve *resolve = mem_alloc(sizeof *resolve);
	char service[16];

	resolve->loop = loop;
	resolve->fn = fn;
	resolve->ctx = ctx;
	resolve->host = mem_text(host);
	LIST_INSERT_HEAD(&loop->resolves, resolve, all);
	snprintf(service, sizeof service, "%d", port);
	ask(resolve, host, service);
	return resolve;
}

void loop_resolve_cancel(struct loop_resolve *resolve)
{
	if (!resolve)
		return;
	LIST_REMOVE(resolve, all);
	if (resolve->answer) {
		forget_resolve(resolve);
		return;
	}
	resolve->is_cancelled = true;
	uv_cancel((uv_req_t *)&resolve->request); /* when it is too late for that, on_resolved drops the answer */
}

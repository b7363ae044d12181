#include "broker/verify/verifier.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "broker/verify/judge.h"

#include <stdio.h>
#include <string.h>

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(at, size) mem_free(at)
#include <uthash.h>

enum { VERIFIER_HIGH_WATER = 32, VERIFIER_HOLDERS_MAX = 8192 };

/* A link that this verifier serves. */
struct client {
	uint64_t link;
	struct signer *signer;
	struct err *distrust; /* of the present trust; the gateway is closing the link */
	UT_hash_handle hh;
};

/* Whose signing certificate a fingerprint is, of all links of the broker. */
struct holder {
	uint8_t fingerprint[HASH_LEN];
	char party[TRUST_NAME_MAX];
	UT_hash_handle hh;
};

struct verifier {
	unsigned number, verifiers, gateways;
	struct wire *in, *router;
	struct wire **out; /* to the gateways */
	struct snapshot *snapshot;
	struct client *clients;
	struct holder *holders; /* oldest first */
	bool is_stopping;
	struct metric *verify_us, *messages;
};

/* ── who is who ── */

static void note_holder(struct verifier *verifier, const struct signer *signer)
{
	struct holder *holder = NULL;
	HASH_FIND(hh, verifier->holders, signer_fingerprint(signer), HASH_LEN, holder);
	if (holder)
		return;
	if (HASH_COUNT(verifier->holders) == VERIFIER_HOLDERS_MAX) {
		struct holder *oldest = verifier->holders;
		HASH_DEL(verifier->holders, oldest);
		mem_free(oldest);
	}
	holder = mem_alloc(sizeof(*holder));
	memcpy(holder->fingerprint, signer_fingerprint(signer), HASH_LEN);
	snprintf(holder->party, sizeof(holder->party), "%s", signer_party(signer));
	HASH_ADD(hh, verifier->holders, fingerprint, HASH_LEN, holder);
}

static const char *whose(void *ctx, const uint8_t *fingerprint)
{
	const struct verifier *verifier = ctx;
	struct holder *holder = NULL;
	HASH_FIND(hh, verifier->holders, fingerprint, HASH_LEN, holder);
	return holder ? holder->party : NULL;
}

static struct client *find_client(const struct verifier *verifier, uint64_t link)
{
	struct client *client = NULL;
	HASH_FIND(hh, verifier->clients, &link, sizeof(link), client);
	return client;
}

static void free_client(struct verifier *verifier, struct client *client)
{
	HASH_DEL(verifier->clients, client);
	signer_unref(client->signer);
	mem_free(client->distrust);
	mem_free(client);
}

static void note_client(struct verifier *verifier, const struct job *job)
{
	struct client *client = mem_alloc(sizeof(*client));
	client->link = job->link;
	client->signer = signer_ref(job->signer);
	HASH_ADD(hh, verifier->clients, link, sizeof(client->link), client);
}

/* ── jobs ── */

static void give(struct wire *wire, struct job *job)
{
	struct err ignored;
	if (FAILED(job_give(wire, &job, true, &ignored)))
		job_free(job); /* the wires were shut down */
}

static void order_close(struct verifier *verifier, uint64_t link, const struct err *why)
{
	unsigned gateway = job_gateway(link);
	if (gateway >= verifier->gateways)
		return;
	struct job *job = job_new(JOB_CLOSE, link);
	job->why = *why;
	give(verifier->out[gateway], job);
}

static void take_submit(struct verifier *verifier, struct job *job)
{
	const struct client *client = find_client(verifier, job->link);
	int64_t before = clock_mono_us();
	struct err why;
	if (!client) { /* its link is down already */
		job_free(job);
		return;
	}
	const struct judge judge = {.snapshot = verifier->snapshot, .signer = client->signer, .party = signer_party(client->signer),
	                            .distrust = client->distrust, .whose = whose, .ctx = verifier, .now = clock_wall_ms()};
	if (FAILED(judge_submit(&judge, job, &why))) {
		order_close(verifier, job->link, &why);
		job_free(job);
		return;
	}
	metric_observe_us(verifier->verify_us, clock_mono_us() - before);
	metric_add(verifier->messages, (int64_t)job->count);
	give(verifier->router, job);
}

/* A gateway process is not believed: its party must be enrolled, and what it calls the party's signing certificate is judged here. */
static RESULT judge_link(const struct verifier *verifier, struct job *job, struct err *err)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t count = 0;
	if (job->signer)
		return OK;
	TRY(job_chain(job, chain, &count, err));
	TRY(trust_judge(verifier->snapshot->trust, chain, count, TRUST_SIGN_PARTY, clock_wall_ms(), false, &job->signer, err));
	if (strcmp(signer_party(job->signer), job->party) != 0)
		return err_set(err, CODE_NOT_YOUR_PARTY, "certificates", "the signing certificate is of %s", signer_party(job->signer));
	if (!snapshot_party(verifier->snapshot, bytes_text(job->party)))
		return err_set(err, CODE_NOT_ENROLLED, "party", "%s is not enrolled at this hub", job->party);
	return OK;
}

static void take_link_up(struct verifier *verifier, struct job *job)
{
	struct err why;
	if (FAILED(judge_link(verifier, job, &why))) {
		if (job_verifier(job->link, verifier->verifiers) == verifier->number)
			order_close(verifier, job->link, &why);
		job_free(job);
		return;
	}
	note_holder(verifier, job->signer);
	if (job_verifier(job->link, verifier->verifiers) != verifier->number) {
		job_free(job);
		return;
	}
	note_client(verifier, job);
	give(verifier->router, job);
}

static void take_link_down(struct verifier *verifier, struct job *job)
{
	struct client *client = find_client(verifier, job->link);
	if (client)
		free_client(verifier, client);
	give(verifier->router, job);
}

/* A client that was distrusted before stays so until it has come again. */
static void rejudge(const struct verifier *verifier, struct client *client)
{
	struct err why;
	if (client->distrust ||
	    !FAILED(trust_rejudge(verifier->snapshot->trust, client->signer, TRUST_SIGN_PARTY, clock_wall_ms(), false, &why)))
		return;
	client->distrust = mem_alloc(sizeof(*client->distrust));
	*client->distrust = why;
}

static void take_snapshot(struct verifier *verifier, struct job *job)
{
	struct client *client, *next;
	snapshot_unref(verifier->snapshot);
	verifier->snapshot = snapshot_ref(job->snapshot);
	HASH_ITER(hh, verifier->clients, client, next)
		rejudge(verifier, client);
	job_free(job);
}

static void take_job(struct verifier *verifier, struct job *job)
{
	switch (job->kind) {
	case JOB_SUBMIT:
		take_submit(verifier, job);
		return;
	case JOB_LINK_UP:
		take_link_up(verifier, job);
		return;
	case JOB_LINK_DOWN:
		take_link_down(verifier, job);
		return;
	case JOB_ACK:
	case JOB_CREDIT:
	case JOB_CERT_ASK:
	case JOB_REFUSED:
		give(verifier->router, job);
		return;
	case JOB_SNAPSHOT:
		take_snapshot(verifier, job);
		return;
	case JOB_STOP:
		verifier->is_stopping = true;
		break;
	case JOB_SEND:
	case JOB_CLOSE:
	case JOB_ASK:
	case JOB_ANSWER:
	case JOB_COMMITTED:
	case JOB_MANDATE:
	case JOB_READY:
	case JOB_PULSE:
	case JOB_GATEWAY:
	case JOB_KIND_COUNT:
		break;
	}
	job_free(job);
}

bool verifier_turn(struct verifier *verifier)
{
	struct job *job = job_take(verifier->in, 0);
	if (job)
		take_job(verifier, job);
	return job != NULL;
}

void verifier_run(struct verifier *verifier)
{
	while (!verifier->is_stopping) {
		struct job *job = job_take(verifier->in, -1);
		if (job)
			take_job(verifier, job);
		else if (wire_is_shut(verifier->in))
			return;
	}
	while (verifier_turn(verifier)) /* the gateways have ended: what is there is all there will be */
		continue;
}

/* ── life ── */

static result connect_all(struct verifier *verifier, struct wires *wires, struct err *err)
{
	const struct wire_options options = {.high_water = VERIFIER_HIGH_WATER};
	char endpoint[64];
	snprintf(endpoint, sizeof(endpoint), ENDPOINT_VERIFIER, verifier->number);
	TRY(wire_bind(wires, WIRE_PULL, endpoint, &options, &verifier->in, err));
	TRY(wire_connect(wires, WIRE_PUSH, ENDPOINT_ROUTER, &options, &verifier->router, err));
	verifier->out = mem_array(verifier->gateways + 1, sizeof(*verifier->out));
	for (unsigned i = 0; i < verifier->gateways; i++) {
		snprintf(endpoint, sizeof(endpoint), ENDPOINT_GATEWAY, i);
		TRY(wire_connect(wires, WIRE_PUSH, endpoint, &options, &verifier->out[i], err));
	}
	return OK;
}

result verifier_new(struct wires *wires, struct snapshot *snapshot, unsigned number, unsigned verifiers, unsigned gateways,
                    struct verifier **ret,
                    struct err *err)
{
	struct verifier *verifier = mem_alloc(sizeof(*verifier));
	verifier->number = number;
	verifier->verifiers = verifiers;
	verifier->gateways = gateways;
	verifier->snapshot = snapshot_ref(snapshot);
	verifier->verify_us = metric_histogram_us("liaison_verify_us", "Time to judge a batch", NULL, NULL);
	verifier->messages = metric_counter("liaison_messages_verified", "Messages judged", NULL, NULL);
	result r = connect_all(verifier, wires, err);
	if (FAILED(r)) {
		verifier_free(verifier);
		return r;
	}
	*ret = verifier;
	return OK;
}

static void free_tables(struct verifier *verifier)
{
	struct client *client, *next_client;
	struct holder *holder, *next_holder;
	HASH_ITER(hh, verifier->clients, client, next_client)
		free_client(verifier, client);
	HASH_ITER(hh, verifier->holders, holder, next_holder) {
		HASH_DEL(verifier->holders, holder);
		mem_free(holder);
	}
}

void verifier_free(struct verifier *verifier)
{
	struct job *job;
	if (!verifier)
		return;
	while (verifier->in && (job = job_take(verifier->in, 0)))
		job_free(job);
	free_tables(verifier);
	for (unsigned i = 0; verifier->out && i < verifier->gateways; i++)
		wire_free(verifier->out[i]);
	wire_free(verifier->in);
	wire_free(verifier->router);
	mem_free(verifier->out);
	snapshot_unref(verifier->snapshot);
	mem_free(verifier);
}

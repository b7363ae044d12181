#include "broker/route/session.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "broker/route/deliver.h"
#include "broker/route/heads.h"

#include <string.h>

struct session *session_of_link(const struct core *core, uint64_t link)
{
	struct session *session = NULL;
	HASH_FIND(by_link, core->by_link, &link, sizeof(link), session);
	return session;
}

struct session *session_of_party(const struct core *core, const char *party)
{
	struct session *session = NULL;
	HASH_FIND(by_party, core->by_party, party, (unsigned)strlen(party), session);
	return session;
}

struct flight *session_flight(struct session *session, int64_t seq)
{
	for (size_t i = 0; i < session->flights_count; i++)
		if (session->flights[i].queued.place.seq == seq)
			return &session->flights[i];
	return NULL;
}

void session_landed(struct session *session, struct flight *flight)
{
	session->flight_bytes -= flight->bytes;
	*flight = session->flights[--session->flights_count];
	if (session->flights_count == 0)
		session->alone = false;
}

void session_launch(struct session *session, const struct store_queued *queued, size_t bytes)
{
	if (session->flights_count == session->flights_cap) {
		session->flights_cap = session->flights_cap ? 2 * session->flights_cap : 8;
		session->flights = mem_grow(session->flights, session->flights_cap, sizeof(*session->flights));
	}
	session->flights[session->flights_count++] = (struct flight){
		.queued = *queued,
		.bytes = (int64_t)bytes,
		.sent_at = clock_wall_ms(),
		.sent_mono = clock_mono_ms(),
	};
	session->flight_bytes += (int64_t)bytes;
	session->credit--;
}

static void session_remove(struct core *core, struct session *session)
{
	HASH_DELETE(by_link, core->by_link, session);
	HASH_DELETE(by_party, core->by_party, session);
	mem_free(session->flights);
	mem_free(session);
}

/* What was on its way when the link went may have been what broke it: each counts as a delivery that failed, unless the link ended in good order. */
static result return_flights(struct core *core, struct session *session, const struct err *why, struct err *err)
{
	if (why->code == CODE_STOPPING || why->code == CODE_SUPERSEDED || why->code == CODE_HISTORY)
		return OK;
	while (session->flights_count)
		TRY(deliver_failed(core, session, &session->flights[session->flights_count - 1], "the link broke during the delivery", err));
	return OK;
}

static result record_link(struct core *core, enum ledger_kind kind, const struct session *session, const struct err *why, struct err *err)
{
	struct buf detail;
	buf_init(&detail, 2048);
	pack_put_map(&detail, why ? 3 : 1);
	pack_put_str(&detail, "address");
	pack_put_str(&detail, session->address);
	if (why) {
		pack_put_str(&detail, "code");
		pack_put_str(&detail, code_text(why->code));
		pack_put_str(&detail, "reason");
		pack_put_str(&detail, why->reason);
	}
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = kind, .party = bytes_text(session->party), .detail = buf_bytes(&detail)};
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

result session_down(struct core *core, uint64_t link, const struct err *why, struct err *err)
{
	struct session *session = session_of_link(core, link);
	if (!session)
		return OK;
	if (why->code == CODE_HISTORY)
		log_event(LOG_ERROR, "history_disputed", LOG_TEXT("party", session->party), LOG_TEXT("address", session->address), LOG_REASON(why));
	TRY(return_flights(core, session, why, err));
	TRY(record_link(core, LEDGER_LINK_DOWN, session, why, err));
	session_remove(core, session);
	return OK;
}

static void order_close(struct core *core, uint64_t link, enum code code, const char *reason)
{
	struct job *job = job_new(JOB_CLOSE, link);
	struct err ignored;
	result closed = err_set(&job->why, code, "", "%s", reason);
	if (FAILED(closed) && FAILED(job_give(core->gateways[job_gateway(link)], &job, true, &ignored)))
		job_free(job);
}

static result supersede(struct core *core, const char *party, struct err *err)
{
	struct session *older = session_of_party(core, party);
	struct err why;
	if (!older)
		return OK;
	order_close(core, older->link, CODE_SUPERSEDED, "another link of the same party took over");
	result superseded = err_set(&why, CODE_SUPERSEDED, "", "another link of the same party took over");
	return FAILED(superseded) ? session_down(core, older->link, &why, err) : OK;
}

static result send_welcome(struct core *core, struct session *session, int64_t known, struct err *err)
{
	const struct settings *settings = &core->snapshot->settings;
	struct buf proof;
	struct frame_welcome welcome = {
		.hub = bytes_text(settings->party),
		.frame_max = settings->limits.frame_bytes,
		.message_max = settings->limits.message_bytes,
		.batch_max = settings->limits.batch,
		.heartbeat_ms = settings->limits.heartbeat_ms,
		.credit = settings->limits.credit,
	};
	welcome.chain_count = signer_chain(core->snapshot->signing, welcome.chain);
	buf_init(&proof, FRAME_PROOF_MAX);
	result r = heads_greet(core, session, known, &welcome, &proof, err);
	if (!FAILED(r)) {
		buf_clear(&core->scratch);
		frame_welcome_encode(&welcome, &core->scratch);
		core_send(core, session->link, blob_new(buf_bytes(&core->scratch)), 0);
	}
	buf_done(&proof);
	return r;
}

/* A past that cannot be proven is nothing to greet with. */
static result greet(struct core *core, struct session *session, int64_t known, struct err *err)
{
	struct err why;
	result r = send_welcome(core, session, known, &why);
	if (r.code == CODE_CORRUPT) {
		log_event(LOG_ERROR, "ledger_corrupt", LOG_TEXT("party", session->party), LOG_REASON(&why));
		order_close(core, session->link, r.code, "the hub's ledger is damaged");
		return OK;
	}
	if (FAILED(r) && err)
		*err = why;
	return r;
}

result session_up(struct core *core, struct job *job, struct err *err)
{
	int64_t number = 0;
	TRY(core_write(core, err));
	TRY(supersede(core, job->party, err));
	TRY(store_party(core->store, job->party, &number, err));
	TRY(core_note_chain(core, job->signer, err));
	struct session *session = mem_alloc(sizeof(*session));
	session->link = job->link;
	memcpy(session->party, job->party, sizeof(session->party));
	memcpy(session->address, job->address, sizeof(session->address));
	session->number = number;
	session->since = clock_wall_ms();
	session->certificate_until = signer_not_after_ms(job->signer);
	session->backlog = true;
	HASH_ADD(by_link, core->by_link, link, sizeof(session->link), session);
	HASH_ADD_KEYPTR(by_party, core->by_party, session->party, (unsigned)strlen(session->party), session);
	TRY(greet(core, session, job->number, err));
	return record_link(core, LEDGER_LINK_UP, session, NULL, err);
}

void session_free_all(struct core *core)
{
	struct session *session, *next;
	HASH_ITER(by_link, core->by_link, session, next)
		session_remove(core, session);
}

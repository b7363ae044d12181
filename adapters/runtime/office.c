#include "adapters/runtime/office.h"

#include "adapters/runtime/history.h"
#include "adapters/runtime/port_http.h"
#include "adapters/runtime/port_http_access.h"
#include "adapters/runtime/port_spool.h"
#include "adapters/runtime/port_zmq.h"
#include "adapters/runtime/receiver.h"
#include "adapters/runtime/sealing.h"
#include "adapters/runtime/sender.h"
#include "adapters/runtime/uplink.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "certs/fips.h"

#include <string.h>

enum { OFFICE_CHORES_MS = 10000, OFFICE_EXPIRY_WARNING_DAYS = 30, OFFICE_GOODBYE_MS = 3000 };

/* ---- papers ---- */

static void fault(struct conf_faults *faults, const char *file, const char *path, const struct err *why)
{
	conf_fault(faults, (struct conf_place){.file = file, .line = 0}, path, "%s%s%s; %s", why->field, why->field[0] ? ": " : "", why->reason,
	           code_remedy(why->code));
}

static void load_signing(const struct options *options, struct office_papers *ret, struct conf_faults *faults, const char *file)
{
	struct err why;
	if (FAILED(key_load(options->signing.key, &ret->signing_key, &why)))
		fault(faults, file, "signing.key", &why);
	if (FAILED(trust_judge_file(ret->trust, options->signing.certificate, TRUST_SIGN_PARTY, clock_wall_ms(), &ret->signing, &why))) {
		fault(faults, file, "signing.certificate", &why);
		return;
	}
	if (strcmp(signer_party(ret->signing), options->party) != 0)
		conf_fault(faults, (struct conf_place){.file = file}, "signing.certificate", "it is that of %s, not of %s; use this party's own",
		           signer_party(ret->signing), options->party);
	if (ret->signing_key && !signer_owns_key(ret->signing, ret->signing_key))
		conf_fault(faults, (struct conf_place){.file = file}, "signing.key", "it does not belong to signing.certificate; use the pair that was issued");
}

result office_papers_load(const struct options *options, struct office_papers *ret, struct conf_faults *faults, const char *file)
{
	struct err why;
	size_t before = faults->count;
	memset(ret, 0, sizeof(*ret));
	if (FAILED(fips_setup(fips_mode_of(options->fips, options->fips_module == 0), &why)))
		fault(faults, file, "fips", &why);
	if (FAILED(catalogue_load(options->catalogue, &ret->catalogue, &why)))
		fault(faults, file, "catalogue", &why);
	if (FAILED(trust_load((const char *const *)options->tls.ca.at, options->tls.ca.count, (const char *const *)options->tls.crl.at,
	                      options->tls.crl.count, &ret->trust, &why)))
		fault(faults, file, "tls.ca", &why);
	if (ret->trust && FAILED(tls_client_new(options->tls.certificate, options->tls.key, ret->trust, &ret->tls, &why)))
		fault(faults, file, "tls.certificate", &why);
	if (ret->trust)
		load_signing(options, ret, faults, file);
	if (ret->trust && FAILED(sealing_load(options, ret->trust, &ret->sealing, &why)))
		fault(faults, file, "sealing", &why);
	if (FAILED(port_http_access_load(options, &ret->https, &why)))
		fault(faults, file, "ports.https", &why);
	if (faults->count == before)
		return OK;
	office_papers_done(ret);
	return (result){CODE_CONFIG};
}

void office_papers_done(struct office_papers *papers)
{
	sealing_free(papers->sealing);
	port_http_access_free(papers->https);
	catalogue_unref(papers->catalogue);
	tls_unref(papers->tls);
	trust_unref(papers->trust);
	key_unref(papers->signing_key);
	signer_unref(papers->signing);
	memset(papers, 0, sizeof(*papers));
}

/* ---- life ---- */

/* Once a day, as long as it is near its end. */
static void warn_of_end(const char *which, int64_t until, int64_t now)
{
	int64_t left = until - now;
	if (left < OFFICE_EXPIRY_WARNING_DAYS * 86400000LL && now / 86400000 != (now - OFFICE_CHORES_MS) / 86400000)
		log_event(LOG_WARNING, "certificate_expires", LOG_TEXT("which", which), LOG_INT("days", left / 86400000));
}

static void on_chores(void *ctx)
{
	struct office *office = ctx;
	struct err why;
	int64_t now = clock_wall_ms();
	if (FAILED(box_prune(office->box, now - office->options->limits.retention_ms, &why)))
		log_event(LOG_ERROR, "prune_failed", LOG_REASON(&why));
	if (office->port_zmq)
		port_zmq_probe(office->port_zmq);
	warn_of_end("signing", signer_not_after_ms(office->papers.signing), now);
	if (office->papers.sealing)
		warn_of_end("sealing", sealing_until_ms(office->papers.sealing), now);
}

static int hand_over_of(const struct options *options)
{
	if (options->ports.hand_over != HAND_OVER_AUTO)
		return options->ports.hand_over;
	if (options->ports.spool)
		return HAND_OVER_SPOOL;
	if (options->ports.zmq[0])
		return HAND_OVER_ZMQ;
	return options->ports.https.listen[0] ? HAND_OVER_HTTPS : HAND_OVER_NONE;
}

static result open_ports(struct office *office, struct err *err)
{
	const struct options *options = office->options;
	office->hand_over = hand_over_of(options);
	if (options->ports.zmq[0])
		TRY(port_zmq_new(office, options->ports.zmq, &office->port_zmq, err));
	if (options->ports.https.listen[0])
		TRY(port_http_new(office, &office->port_http, err));
	if (options->ports.spool)
		TRY(port_spool_new(office, options->ports.spool, options->ports.spool_format, office->hand_over == HAND_OVER_SPOOL, &office->port_spool,
		                   err));
	return OK;
}

/* What cannot be kept must not be taken: the hub keeps it, in order, until there is room. */
static void on_trouble(void *ctx, const struct err *why)
{
	struct office *office = ctx;
	if (office->uplink)
		uplink_give_up(office->uplink, why);
}

static result open_all(struct office *office, const void *settings, struct err *err)
{
	const struct options *options = office->options;
	TRY(box_open(options->data, office->loop, &office->box, err));
	office->host = (struct kind_host){.ctx = office->box, .party = options->party, .ori = options->ori, .agency = options->title,
	                                  .answers = options->answer_queries, .catalogue = office->papers.catalogue, .put = box_put_record,
	                                  .each = box_each_record};
	if (office->kind->open)
		TRY(office->kind->open(settings, &office->host, &office->kind_state, err));
	TRY(history_new(office, &office->history, err));
	office->uplink = uplink_new(office);
	box_on_trouble(office->box, on_trouble, office);
	office->sender = sender_new(office);
	office->receiver = receiver_new(office);
	TRY(open_ports(office, err));
	office->chores = loop_timer_new(office->loop, on_chores, office);
	loop_timer_set(office->chores, OFFICE_CHORES_MS, OFFICE_CHORES_MS);
	uplink_start(office->uplink);
	return OK;
}

result office_new(const struct options *options, const struct kind *kind, const void *settings, struct office_papers *papers, struct office **ret,
                  struct err *err)
{
	struct office *office = mem_alloc(sizeof(*office));
	office->options = options;
	office->kind = kind;
	office->papers = *papers;
	memset(papers, 0, sizeof(*papers));
	office->started_at = clock_wall_ms();
	office->loop = loop_new();
	office->wires = wires_new();
	result r = open_all(office, settings, err);
	if (FAILED(r)) {
		office_free(office);
		return r;
	}
	*ret = office;
	return OK;
}

void office_renew(struct office *office, struct office_papers *papers)
{
	struct office_papers old = office->papers;
	office->papers = *papers;
	memset(papers, 0, sizeof(*papers));
	office->host.catalogue = office->papers.catalogue;
	receiver_renewed(office->receiver);
	uplink_renewed(office->uplink, !tls_shows_same(old.tls, office->papers.tls) ||
	                               memcmp(signer_fingerprint(old.signing), signer_fingerprint(office->papers.signing), HASH_LEN) != 0);
	if (office->port_http)
		port_http_renewed(office->port_http);
	office_papers_done(&old);
}

static void say_goodbye(struct office *office)
{
	int64_t until = clock_mono_ms() + OFFICE_GOODBYE_MS;
	struct err ignored;
	if (FAILED(box_commit(office->box, &ignored)))
		log_event(LOG_ERROR, "box_failed", LOG_REASON(&ignored));
	uplink_goodbye(office->uplink);
	while (uplink_state(office->uplink) == UPLINK_CLOSING && clock_mono_ms() < until)
		loop_run_once(office->loop, 50);
}

void office_free(struct office *office)
{
	if (!office)
		return;
	if (office->uplink && office->sender && office->receiver)
		say_goodbye(office);
	loop_timer_free(office->chores);
	port_zmq_free(office->port_zmq);
	office->port_zmq = NULL;
	port_spool_free(office->port_spool);
	office->port_spool = NULL;
	port_http_free(office->port_http);
	office->port_http = NULL;
	if (office->box)
		box_on_trouble(office->box, NULL, NULL);
	uplink_free(office->uplink);
	history_free(office->history);
	sender_free(office->sender);
	receiver_free(office->receiver);
	if (office->kind_state && office->kind->close)
		office->kind->close(office->kind_state);
	box_close(office->box);
	loop_free(office->loop);
	wires_free(office->wires);
	office_papers_done(&office->papers);
	mem_free(office);
}

/* ---- word between the parts ---- */

static void wake_sender(void *ctx, int64_t number, const struct err *why)
{
	struct office *office = ctx;
	(void)number;
	if (!why)
		sender_wake(office->sender);
}

void office_tell_sender(struct office *office)
{
	box_after(office->box, wake_sender, office, 0);
}

void office_tell_ports(struct office *office)
{
	if (office->port_zmq && office->hand_over == HAND_OVER_ZMQ)
		port_zmq_deliver(office->port_zmq);
	if (office->port_http && office->hand_over == HAND_OVER_HTTPS)
		port_http_deliver(office->port_http);
	if (office->port_spool)
		port_spool_deliver(office->port_spool);
}

struct fate {
	struct office *office;
	uint8_t id[UUID_LEN];
};

static void tell_fate(void *ctx, int64_t number, const struct err *why)
{
	struct fate *fate = ctx;
	(void)number;
	if (!why && fate->office->port_zmq)
		port_zmq_fate(fate->office->port_zmq, fate->id);
	mem_free(fate);
}

void office_tell_fate(struct office *office, const uint8_t *id)
{
	struct fate *fate = mem_alloc(sizeof(*fate));
	if (office->port_spool)
		port_spool_fate(office->port_spool, id);
	fate->office = office;
	memcpy(fate->id, id, UUID_LEN);
	box_after(office->box, tell_fate, fate, 0);
}

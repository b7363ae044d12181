/* The office: what all files of the runtime share. One adapter, one party, one loop, one thread. Data flows one way in each direction:
 *   port or kind → compose → outbox → sender → uplink            uplink → receiver → inbox → kind → port
 * Included by the runtime's own files and by adapters/main.c. */
#ifndef ADAPTERS_RUNTIME_OFFICE_H
#define ADAPTERS_RUNTIME_OFFICE_H

#include "adapters/kind/kind.h"
#include "adapters/runtime/box.h"
#include "adapters/runtime/options.h"
#include "base/metrics.h"
#include "base/wire.h"
#include "certs/proof.h"
#include "certs/tls.h"

struct history;
struct uplink;
struct sender;
struct receiver;
struct port_zmq;
struct port_spool;
struct port_http;
struct port_http_access;
struct sealing;

/* What a reload replaces: immutable and whole. */
struct office_papers {
	struct catalogue *catalogue;
	struct trust *trust;
	struct tls *tls;
	struct key *signing_key;
	struct signer *signing; /* our own certificate, of our own party */
	struct port_http_access *https; /* NULL: no such port */
	struct sealing *sealing; /* NULL: nothing is sealed or opened here */
};

struct office {
	const struct options *options;
	struct loop *loop;
	struct wires *wires;
	struct box *box;
	struct office_papers papers;
	const struct kind *kind;
	void *kind_state;
	struct kind_host host;
	struct history *history;
	struct uplink *uplink;
	struct sender *sender;
	struct receiver *receiver;
	struct port_zmq *port_zmq;
	struct port_spool *port_spool;
	struct port_http *port_http;
	struct loop_timer *chores;
	int64_t started_at;
	int hand_over; /* enum options_hand_over, decided */
};

/* Loads certificates, keys, lists and the catalogue, and checks that they are of this party. All faults at once. */
RESULT office_papers_load(const struct options *options, struct office_papers *ret, struct conf_faults *faults, const char *file);
void office_papers_done(struct office_papers *papers);

/* Opens everything and starts to dial. `settings` is the kind's own group. */
RESULT office_new(const struct options *options, const struct kind *kind, const void *settings, struct office_papers *papers, struct office **ret,
                  struct err *err);
/* Takes over new papers: the next batch is signed, the next link made with them. */
void office_renew(struct office *office, struct office_papers *papers);
void office_free(struct office *office); /* says goodbye to the hub first */

/* Something new is in the outbox (after its commit) or in the inbox. */
void office_tell_sender(struct office *office);
void office_tell_ports(struct office *office);
/* A verdict or an outcome of an own message: to whoever asked to be told. In the turn that writes it. */
void office_tell_fate(struct office *office, const uint8_t *id);

#endif

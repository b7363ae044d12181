/* All that a gateway knows: what the core has checked and hands to it, as bytes, at the start and at every reload. A gateway reads no
 * file, so nothing can differ between what was checked and what is used. Immutable and counted. Thread: any. */
#ifndef BROKER_WIRES_MANDATE_H
#define BROKER_WIRES_MANDATE_H

#include "broker/config/settings.h"
#include "certs/tls.h"

struct snapshot;

struct mandate_party {
	char *name;
	int64_t rate, rate_bytes; /* a second; 0: as limits has it */
};

struct mandate {
	int64_t generation;
	int64_t gateways; /* that share what limits allows */
	int64_t links; /* connections at once, of this gateway: its share of limits.links */
	int log_level, log_format;
	struct settings_limits limits;
	struct tls *tls;
	struct trust *trust;
	struct mandate_party *parties; /* sorted by name */
	size_t parties_count;
};

enum { MANDATE_MAX = 256 << 20 };

/* Appends the packed value, which is a secret: it holds the key of TLS. gateways: how many share the links. */
RESULT mandate_pack(const struct snapshot *snapshot, unsigned gateways, struct buf *out, struct err *err);
RESULT mandate_unpack(struct bytes packed, struct mandate **ret, struct err *err);
struct mandate *mandate_ref(struct mandate *mandate);
void mandate_unref(struct mandate *mandate); /* NULL is fine */
const struct mandate_party *mandate_party(const struct mandate *mandate, struct bytes name); /* NULL: it is not enrolled */
bool mandate_names(const struct mandate *mandate, struct bytes party); /* it is enrolled */

#endif

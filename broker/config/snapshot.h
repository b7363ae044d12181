/* What all threads of the broker share: one immutable, counted snapshot of the configuration, the catalogue, the trust and
 * the agreements, compiled. A reload builds another whole; whoever holds the old one finishes with it. Thread: any. */
#ifndef BROKER_CONFIG_SNAPSHOT_H
#define BROKER_CONFIG_SNAPSHOT_H

#include "broker/config/settings.h"
#include "certs/key.h"
#include "certs/tls.h"
#include "schemas/catalogue.h"

struct snapshot_party {
	const char *name;
	const struct settings_party *settings;
};

/* One element of an agreement's `to`. */
enum snapshot_target_kind { TARGET_PARTY, TARGET_PATTERN, TARGET_ROLE, TARGET_THREAD, TARGET_ORIGINATOR, TARGET_SUBSCRIBER };
struct snapshot_target {
	enum snapshot_target_kind kind;
	char *name;      /* party, pattern or role */
	char *attribute; /* NULL: no condition */
	char *pointer;   /* JSON pointer into the main part */
};

struct snapshot_agreement {
	const struct settings_agreement *settings;
	struct snapshot_target *targets;
	size_t targets_count;
};

struct snapshot {
	struct settings settings;
	struct catalogue *catalogue;
	struct trust *trust;
	struct tls *tls;
	struct key *signing_key;
	struct signer *signing; /* the hub's own certificate */
	struct snapshot_party *parties; /* sorted by name */
	size_t parties_count;
	struct snapshot_agreement *agreements;
	size_t agreements_count;
	int64_t generation; /* 1, 2 … */
};

/* Loads and checks everything that the file names: all faults at once, each with file:line and a remedy. */
RESULT snapshot_load(const char *file, int64_t generation, struct snapshot **ret, struct conf_faults *faults);
struct snapshot *snapshot_ref(struct snapshot *snapshot);
void snapshot_unref(struct snapshot *snapshot);

const struct snapshot_party *snapshot_party(const struct snapshot *snapshot, struct bytes name); /* NULL: not enrolled */
bool snapshot_has_role(const struct snapshot_party *party, struct bytes role);
/* Whether a party fits a `from` entry: its name, a pattern, role:NAME. */
bool snapshot_fits(const struct snapshot_party *party, const char *selector);
/* Whether one of the comma-separated values of the attribute is `value` (without regard to case). */
bool snapshot_attribute_is(const struct snapshot_party *party, const char *attribute, struct bytes value);

#endif

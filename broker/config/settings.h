/* The broker's configuration file, as a struct. See docs/operate.md for each setting. Thread: loaded by main, then immutable. */
#ifndef BROKER_CONFIG_SETTINGS_H
#define BROKER_CONFIG_SETTINGS_H

#include "base/conf.h"

struct settings_party {
	char *party;
	struct conf_texts roles;
	/* town = "Hartford, West Hartford": what agreements may match content against; commas separate alternatives */
	struct conf_pairs attributes;
	char *title;
	char *ori;
	int64_t rate, rate_bytes; /* 0: as limits has it */
	int line;
};

struct settings_agreement {
	char *name;
	struct conf_texts from;    /* PARTY, PATTERN with *, role:NAME */
	struct conf_texts types;   /* TYPE, or a pattern with * */
	/* ADDRESS [ATTRIBUTE=/POINTER]; or thread (everyone who has a part in the conversation), or originator (of the message that is
	 * answered), or subscriber (who subscribed to the person that it is about) */
	struct conf_texts to;
	struct conf_texts classes; /* that the recipients are cleared for; empty: the classes PUB and CJ */
	bool consent;              /* classes beyond PUB and CJ only under the consent that the message names; P2 always */
	bool route;                /* an unaddressed message goes to all of `to`; false: only whoever is addressed */
	int line;
};

struct settings_limits {
	int64_t frame_bytes, message_bytes, batch, credit, window_messages, window_bytes, links;
	int64_t handshake_ms, stall_ms, heartbeat_ms, clock_skew_ms;
	int64_t handshakes, source_handshakes;         /* at once: in all, from one address */
	int64_t handshake_rate, source_handshake_rate; /* a second; 0: no limit */
	int64_t rate, rate_bytes, burst_ms;            /* of a party, a second; 0: no limit */
	int64_t attempts;      /* deliveries to a recipient before a message is a dead letter */
	int64_t redeliver_ms;  /* no receipt for so long: delivered again */
	int64_t heads_ms;      /* the ledger's head goes to each link so often at most */
};

struct settings {
	char *party; /* the hub's own */
	char *listen; /* host:port */
	char *data;   /* folder */
	char *catalogue; /* folder */
	char *control, *events; /* wire endpoints */
	char *gateway_user;     /* that the gateway changes to when the broker is root; empty: nobody */
	struct {
		char *certificate, *key;
		struct conf_texts ca, crl;
	} tls;
	struct {
		char *certificate, *key;
	} signing;
	struct {
		char *key; /* NULL: the disk is written plain */
	} at_rest;
	bool fips;
	int fips_module; /* 0: required */
	struct settings_limits limits;
	struct {
		bool on;
		struct conf_texts read, write; /* more folders */
	} sandbox;
	struct {
		int64_t gateways, verifiers; /* 0 verifiers: one for each core */
	} threads;
	struct {
		char *timezone;            /* a name of the system's zones, or a rule as POSIX writes it */
		struct conf_texts holidays; /* dates that are no business days */
	} calendar;
	struct {
		int level, format;
	} log;
	struct conf_list parties;    /* struct settings_party */
	struct conf_list agreements; /* struct settings_agreement */
};

extern const struct conf_table settings_table;

#endif

/* The adapter's configuration file, as a struct; each kind adds a group of its own. See docs/connect-an-agency.md. Thread: loaded by main, then immutable. */
#ifndef ADAPTERS_RUNTIME_OPTIONS_H
#define ADAPTERS_RUNTIME_OPTIONS_H

#include "base/conf.h"

enum options_hand_over { HAND_OVER_AUTO, HAND_OVER_SPOOL, HAND_OVER_ZMQ, HAND_OVER_NONE, HAND_OVER_HTTPS };

struct options {
	char *party;
	char *kind;
	char *title; /* the agency's name, as messages carry it */
	char *ori;
	char *data;  /* folder */
	char *catalogue;
	struct {
		char *address; /* host:port */
		char *party;   /* of the hub */
		char *name;    /* DNS name or IP that its certificate must carry; empty: the host of the address */
	} hub;
	struct {
		char *certificate, *key;
		struct conf_texts ca, crl;
	} tls;
	struct {
		char *certificate, *key;
	} signing;
	struct {
		char *certificate, *key; /* NULL: nothing is sealed or opened here */
		char *partners;          /* folder of *.pem; NULL: none */
	} sealing;
	struct {
		char *key; /* NULL: the disk is written plain */
	} at_rest;
	bool fips;
	int fips_module; /* 0: required */
	struct {
		char *zmq;   /* endpoint; empty: none */
		char *spool; /* folder; empty: none */
		char *spool_format; /* what deliveries are written as where the kind can; empty: json */
		int hand_over; /* enum options_hand_over */
		struct {
			char *listen;            /* IP:port; empty: none */
			char *certificate, *key; /* NULL: plain HTTP */
			struct conf_texts ca, crl;
			struct conf_texts clients, names;
			char *token_file;
			int64_t lease_ms, patience_ms, connections;
		} https;
	} ports;
	struct {
		int64_t batch, window_messages, message_bytes, document_bytes, inbox_waiting;
		int64_t backoff_least_ms, backoff_most_ms, handshake_ms, stall_ms, retention_ms;
	} limits;
	bool answer_queries;
	struct {
		bool on;
		struct conf_texts read, write; /* more folders */
	} sandbox;
	struct {
		int level, format;
	} log;
};

/* The table of `struct options` with, for each kind given, a CONF_GROUP of its name at `offsets[i]`; free with options_table_free. */
struct conf_table *options_table_new(const char *const *kinds, const struct conf_table *const *tables, const size_t *offsets, size_t count,
                                     size_t size);
void options_table_free(struct conf_table *table);

#endif

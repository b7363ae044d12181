/* What the files of an audit share. Thread: any; one audit is one thread's. */
#ifndef BROKER_LEDGER_AUDIT_H
#define BROKER_LEDGER_AUDIT_H

#include "broker/ledger/ledger_inside.h"
#include "certs/proof.h"

struct audit_signers;
struct audit_deliveries;

struct audit {
	struct store *store;
	const struct ledger_asking *asking;
	struct ledger_report *report;
	struct err first; /* finding; code OK: none yet */
	struct merkle_frontier noted, rebuilt;
	struct head head, against;
	bool has_head, has_against, has_tree;
	char hub[TRUST_NAME_MAX]; /* as the head or an entry says; empty: not known */
	struct proof_cache *proofs;
	struct audit_signers *signers;       /* NULL: no signature is checked */
	struct audit_deliveries *deliveries; /* NULL: not compared */
	struct buf entry, message, other;
};

/* Notes a finding. entry -1: of none, `where` says what of; otherwise where may be NULL. */
void audit_found(struct audit *audit, int64_t entry, const char *where, enum code code, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* A store that answers corrupt is a finding; anything else is passed on. */
RESULT audit_read(struct audit *audit, int64_t entry, result r, const struct err *why, struct err *err);

/* An accepted, held or receipted message against what is stored. *ret_seq: its place in the store, 0: not there. */
RESULT audit_message(struct audit *audit, const struct ledger_entry *entry, int64_t *ret_seq, struct err *err);

/* Certificates as the store has them, judged by the asking's trust. */
struct audit_signers *audit_signers_new(struct audit *audit);
void audit_signers_free(struct audit_signers *signers);
/* The holder of a fingerprint, whose certificate must have been good for the purpose at all of both times. Borrowed. certificate, revoked. */
RESULT audit_signer(struct audit_signers *signers, const uint8_t *fingerprint, enum trust_purpose purpose, int64_t signed_at, int64_t accepted_at,
                    struct signer **ret, struct err *err);

/* What the record leaves open. seq: of the entry's message, where it has one. */
struct audit_deliveries *audit_deliveries_new(struct audit *audit);
void audit_deliveries_free(struct audit_deliveries *deliveries);
void audit_deliveries_note(struct audit_deliveries *deliveries, const struct ledger_entry *entry, int64_t seq);
/* Erased messages, whose parts are gone: what check_message left to be explained. */
void audit_deliveries_gone(struct audit_deliveries *deliveries, const struct ledger_entry *entry);
/* Compares with queues, dead letters and held messages. next: the first entry that was not noted yet; a running broker adds some meanwhile. */
RESULT audit_deliveries_compare(struct audit_deliveries *deliveries, int64_t next, struct err *err);

#endif

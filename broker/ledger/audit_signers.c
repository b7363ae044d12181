#include <string.h>
#include <uthash.h>

#include "base/clock.h"
#include "base/mem.h"
#include "broker/ledger/audit.h"

enum { SIGNERS_CHAIN_MAX = 1 << 16, SIGNERS_CERT_MAX = 8192 };

static const int64_t strides_ms[] = {INT64_C(24) * 3600 * 1000, 3600 * 1000, 60 * 1000, 1000};

/* A certificate in one use. It was good at `from` and at `until`, so at every time between: validity is an interval, and what was revoked later still stands. */
struct acquaintance {
	struct {
		uint8_t fingerprint[HASH_LEN];
		int purpose;
	} key;
	struct signer *signer; /* NULL: never found good */
	struct err why;
	int64_t from, until;
	UT_hash_handle hh;
};

struct audit_signers {
	struct audit *audit;
	struct acquaintance *known;
	struct buf hold;
};

struct audit_signers *audit_signers_new(struct audit *audit)
{
	struct audit_signers *signers = mem_alloc(sizeof(*signers));
	signers->audit = audit;
	buf_init(&signers->hold, SIGNERS_CHAIN_MAX);
	return signers;
}

void audit_signers_free(struct audit_signers *signers)
{
	struct acquaintance *known, *next;
	if (!signers)
		return;
	HASH_ITER(hh, signers->known, known, next) {
		HASH_DEL(signers->known, known);
		signer_unref(known->signer);
		mem_free(known);
	}
	buf_done(&signers->hold);
	mem_free(signers);
}

static result read_chain(struct audit_signers *signers, const uint8_t *fingerprint, struct bytes chain[static TRUST_CHAIN_MAX], size_t *ret_count,
                         struct err *err)
{
	struct err ignored;
	bool found = false;
	TRY(store_chain(signers->audit->store, fingerprint, &signers->hold, &found, err));
	if (!found)
		return err_set(err, CODE_CERTIFICATE, "", "the certificate of the signer is not stored");
	struct pack_in in = pack_in_scanned(buf_bytes(&signers->hold), &ignored);
	size_t count = pack_array(&in, "");
	if (in.failed || count == 0 || count > TRUST_CHAIN_MAX)
		return err_set(err, CODE_CERTIFICATE, "", "the stored certificate of the signer is damaged");
	for (*ret_count = 0; *ret_count < count; ++*ret_count)
		chain[*ret_count] = pack_bin(&in, "", SIGNERS_CERT_MAX);
	struct hash hash = hash_of(chain[0]);
	if (FAILED(pack_end(&in)) || !hash_equal(&hash, fingerprint))
		return err_set(err, CODE_CERTIFICATE, "", "the stored certificate is not that of the signer");
	return OK;
}

/* What has become of it since is said, and takes nothing from what it signed. */
static void note_present(struct audit_signers *signers, const struct acquaintance *known)
{
	struct ledger_report *report = signers->audit->report;
	struct err why;
	int64_t now = clock_wall_ms();
	result r = trust_rejudge(signers->audit->asking->trust, known->signer, (enum trust_purpose)known->key.purpose, now, false, &why);
	report->signers_revoked += r.code == CODE_REVOKED;
	report->signers_expired += signer_not_after_ms(known->signer) < now;
}

static void meet(struct audit_signers *signers, struct acquaintance *known, int64_t at)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	size_t count = 0;
	result r = read_chain(signers, known->key.fingerprint, chain, &count, &known->why);
	if (!FAILED(r))
		r = trust_judge(signers->audit->asking->trust, chain, count, (enum trust_purpose)known->key.purpose, at, true, &known->signer, &known->why);
	if (FAILED(r))
		return;
	signers->audit->report->signers++;
	known->from = known->until = at;
	note_present(signers, known);
}

static bool is_good(const struct audit_signers *signers, const struct acquaintance *known, int64_t at, struct err *err)
{
	return !FAILED(trust_rejudge(signers->audit->asking->trust, known->signer, (enum trust_purpose)known->key.purpose, at, true, err));
}

/* Entries come in the order of time: a certificate is judged for a good while ahead, not for each message. */
static result cover(const struct audit_signers *signers, struct acquaintance *known, int64_t at, struct err *err)
{
	struct err ignored;
	int64_t now = clock_wall_ms();
	if (at >= known->from && at <= known->until)
		return OK;
	if (!is_good(signers, known, at, err))
		return (result){err->code};
	if (at < known->from) {
		known->from = at;
		return OK;
	}
	known->until = at;
	if (at < now && is_good(signers, known, now, &ignored))
		known->until = now;
	for (size_t i = 0; i < sizeof(strides_ms) / sizeof(*strides_ms) && known->until == at; i++)
		if (is_good(signers, known, at + strides_ms[i], &ignored))
			known->until = at + strides_ms[i];
	return OK;
}

result audit_signer(struct audit_signers *signers, const uint8_t *fingerprint, enum trust_purpose purpose, int64_t signed_at, int64_t accepted_at,
                    struct signer **ret, struct err *err)
{
	struct acquaintance *known = NULL, probe;
	memset(&probe.key, 0, sizeof(probe.key));
	memcpy(probe.key.fingerprint, fingerprint, HASH_LEN);
	probe.key.purpose = (int)purpose;
	HASH_FIND(hh, signers->known, &probe.key, sizeof(probe.key), known);
	if (!known) {
		known = mem_alloc(sizeof(*known));
		known->key = probe.key;
		HASH_ADD(hh, signers->known, key, sizeof(known->key), known);
	}
	if (!known->signer)
		meet(signers, known, signed_at); /* what was not good for one message may be for another */
	if (!known->signer) {
		*err = known->why;
		return (result){known->why.code};
	}
	TRY(cover(signers, known, signed_at, err));
	TRY(cover(signers, known, accepted_at, err));
	*ret = known->signer;
	return OK;
}

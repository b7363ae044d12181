#include "adapters/runtime/sealing.h"

#include "adapters/kind/consents.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/seal.h"
#include "schemas/grant.h"
#include "schemas/pointer.h"

#include <stdio.h>
#include <string.h>

enum { SEALING_PART_MAX = SEAL_BYTES_MAX + (1 << 20) };

struct sealing {
	struct key *key;
	struct signer *own;
	struct signer **partners;
	size_t partners_count;
	const struct trust *trust; /* borrowed from the papers */
};

/* ---- certificates ---- */

static result load_own(struct sealing *sealing, const struct options *options, const struct trust *trust, struct err *err)
{
	if (!options->sealing.key)
		return err_set(err, CODE_CONFIG, "sealing.key", "the certificate is there and its key is not; name both");
	TRY(key_load(options->sealing.key, &sealing->key, err));
	if (key_is_on_token(sealing->key))
		return err_set(err, CODE_KEY, options->sealing.key, "a sealing key opens what is sealed, and keys on tokens only sign here; name a file");
	TRY(trust_judge_file(trust, options->sealing.certificate, TRUST_SEAL, clock_wall_ms(), &sealing->own, err));
	if (strcmp(signer_party(sealing->own), options->party) != 0)
		return err_set(err, CODE_CONFIG, options->sealing.certificate, "it is that of %s, not of %s; use this party's own",
		               signer_party(sealing->own), options->party);
	if (!signer_owns_key(sealing->own, sealing->key))
		return err_set(err, CODE_CONFIG, options->sealing.key, "it does not belong to sealing.certificate; use the pair that was issued");
	return OK;
}

static void load_partner(struct sealing *sealing, const char *folder, const char *name, const struct trust *trust)
{
	struct err why;
	AUTO_FREE char *path = mem_printf("%s/%s", folder, name);
	if (FAILED(trust_judge_file(trust, path, TRUST_SEAL, clock_wall_ms(), &sealing->partners[sealing->partners_count], &why)))
		log_event(LOG_WARNING, "partner_not_believed", LOG_TEXT("file", path), LOG_REASON(&why));
	else
		sealing->partners_count++;
}

static result load_partners(struct sealing *sealing, const char *folder, const struct trust *trust, struct err *err)
{
	char **names = NULL;
	size_t count = 0;
	TRY(file_list(folder, ".pem", &names, &count, err));
	sealing->partners = mem_array(count + 1, sizeof(*sealing->partners));
	for (size_t i = 0; i < count; i++)
		load_partner(sealing, folder, names[i], trust);
	file_list_free(names, count);
	return OK;
}

result sealing_load(const struct options *options, const struct trust *trust, struct sealing **ret, struct err *err)
{
	*ret = NULL;
	if (!options->sealing.certificate)
		return OK;
	struct sealing *sealing = mem_alloc(sizeof(*sealing));
	sealing->trust = trust;
	result r = load_own(sealing, options, trust, err);
	if (!FAILED(r) && options->sealing.partners)
		r = load_partners(sealing, options->sealing.partners, trust, err);
	if (FAILED(r)) {
		sealing_free(sealing);
		return r;
	}
	*ret = sealing;
	return OK;
}

void sealing_free(struct sealing *sealing)
{
	if (!sealing)
		return;
	for (size_t i = 0; i < sealing->partners_count; i++)
		signer_unref(sealing->partners[i]);
	mem_free(sealing->partners);
	signer_unref(sealing->own);
	key_unref(sealing->key);
	mem_free(sealing);
}

int64_t sealing_until_ms(const struct sealing *sealing)
{
	return sealing ? signer_not_after_ms(sealing->own) : 0;
}

/* Of several certificates of a party the one that lasts longest, as long as it holds now. NULL: none does. */
static struct signer *partner(const struct sealing *sealing, struct bytes party)
{
	struct signer *best = NULL;
	struct err ignored;
	int64_t now = clock_wall_ms();
	for (size_t i = 0; i < sealing->partners_count; i++) {
		struct signer *signer = sealing->partners[i];
		bool later = !best || signer_not_after_ms(signer) > signer_not_after_ms(best);
		if (later && bytes_is(party, signer_party(signer)) && !FAILED(trust_rejudge(sealing->trust, signer, TRUST_SEAL, now, false, &ignored)))
			best = signer;
	}
	return best;
}

/* ---- closing ---- */

static result check_grant(const struct office *office, const struct message *message, struct bytes grant, bool found, bool revoked, struct err *err)
{
	int64_t now = clock_wall_ms();
	const char *why = NULL;
	if (!found)
		why = "is not known here: the grant must have been sent or received by this adapter";
	else if (revoked)
		why = "has been revoked";
	else if (!grant_has_begun(grant, NULL, now))
		why = "is not yet effective";
	else if (grant_has_ended(grant, NULL, now))
		why = "has expired";
	else if (!grant_names_discloser(grant, bytes_text(office->options->party)))
		why = "does not name this party as one that may disclose";
	else if (grant_is_other_person(grant, message->subject))
		why = "is that of another person";
	return why ? err_set(err, CODE_CONSENT, "/consent", "the consent %s", why) : OK;
}

static result close_for(const struct sealing *sealing, struct bytes grant, struct bytes plain, struct buf *der, struct err *err)
{
	struct signer *to[SEAL_RECIPIENTS_MAX];
	struct bytes party;
	char shown[GRANT_PARTY_MAX + 1];
	size_t count = 1;
	to[0] = sealing->own;
	for (size_t i = 0; grant_recipient(grant, i, &party); i++) {
		if (bytes_is(party, signer_party(sealing->own)))
			continue;
		struct signer *signer = partner(sealing, party);
		if (!signer)
			return err_set(err, CODE_CONSENT, "/consent", "there is no sealing certificate of %s that can be used; put it into sealing.partners",
			               text_safe(party, shown, sizeof(shown)));
		if (count == SEAL_RECIPIENTS_MAX)
			return err_set(err, CODE_CONSENT, "/consent", "the consent names more than %d recipients", SEAL_RECIPIENTS_MAX - 1);
		to[count++] = signer;
	}
	return seal_close(to, count, plain, der, err);
}

static result close_part(struct office *office, const struct message *message, struct bytes plain, struct buf *grant, struct buf *der, struct err *err)
{
	bool found = false, revoked = false;
	if (!message->consent.len)
		return err_set(err, CODE_CONSENT, "/consent", "a part of class P2 is disclosed under a consent; name it");
	if (!office->papers.sealing)
		return err_set(err, CODE_CONSENT, "/consent", "a part of class P2 must be sealed, and the configuration has no sealing certificate");
	TRY(consents_find(&office->host, message->consent, grant, &found, &revoked, err));
	TRY(check_grant(office, message, buf_bytes(grant), found, revoked, err));
	return close_for(office->papers.sealing, buf_bytes(grant), plain, der, err);
}

result sealing_close(struct office *office, const struct message *message, const struct part *part, struct buf *out, struct err *err)
{
	struct buf grant, der;
	buf_init(&grant, (size_t)16 << 20);
	buf_init(&der, SEALING_PART_MAX);
	result r = close_part(office, message, part->bytes, &grant, &der, err);
	if (!FAILED(r)) {
		buf_clear(out);
		pack_put_bin(out, buf_bytes(&der));
		r = buf_check(out, "/parts", err);
	}
	buf_done(&grant);
	buf_done(&der);
	return r;
}

/* ---- opening ---- */

result sealing_open(const struct office *office, struct bytes part, struct buf *out, bool *ret_opened, struct err *err)
{
	const struct sealing *sealing = office->papers.sealing;
	struct bytes der = part_sealed(part);
	*ret_opened = false;
	if (!sealing || !der.len)
		return OK;
	result r = seal_open(sealing->own, sealing->key, der, out, err);
	if (r.code == CODE_NOT_FOUND)
		return OK;
	*ret_opened = !FAILED(r);
	return r;
}

result sealing_open_all(const struct office *office, struct part *parts, size_t count, struct buf *hold, struct err *err)
{
	char place[ERR_FIELD_MAX];
	for (size_t i = 0; i < count; i++) {
		bool opened = false;
		if (!part_is_sealed(parts[i].bytes))
			continue;
		buf_init(&hold[i], SEALING_PART_MAX);
		result r = sealing_open(office, parts[i].bytes, &hold[i], &opened, err);
		if (FAILED(r)) {
			err_prefix(err, pointer_key("/parts", parts[i].name, place));
			return r;
		}
		if (opened)
			parts[i].bytes = buf_bytes(&hold[i]);
	}
	return OK;
}

void sealing_done(struct buf *hold, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (hold[i].at)
			mem_wipe(hold[i].at, hold[i].cap);
		buf_done(&hold[i]);
	}
}

/* An authority and whom it certifies, for tests: made with certs/pki in a folder of its own under /tmp. Everything ends the test
 * on failure.
 *
 *   struct pki_fixture pki;
 *   pki_fixture_new(&pki);
 *   pki_fixture_hub(&pki, "ct.hub");                              hub-tls.pem/.key (localhost, 127.0.0.1, ::1), hub-sign.pem/.key
 *   pki_fixture_party(&pki, "ct.police.hartford");                ct.police.hartford-tls.…, ct.police.hartford-sign.…
 *   pki_fixture_person(&pki, "ct.board", "m.alvarez", "chair");   m.alvarez.…
 *   struct trust *trust = pki_fixture_trust(&pki);
 *   … pki_fixture_path(&pki, "ct.police.hartford-tls.pem") …
 *   pki_fixture_done(&pki); */
#ifndef TESTS_UNIT_CERTS_PKI_FIXTURE_H
#define TESTS_UNIT_CERTS_PKI_FIXTURE_H

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "certs/key.h"
#include "certs/pki.h"
#include "certs/trust.h"

enum { PKI_FIXTURE_PATHS = 256 };

#define PKI_FIXTURE_DAY_MS ((int64_t)24 * 60 * 60 * 1000)

struct pki_fixture {
	char folder[64];    /* all files lie here */
	char authority[80]; /* the authority's folder */
	char *paths[PKI_FIXTURE_PATHS];
	size_t paths_count;
};

static inline void pki_fixture_fine(result outcome, const struct err *err)
{
	char line[600];

	if (FAILED(outcome))
		fail_msg("%s", err_text(err, line, sizeof(line)));
}

/* folder/name; lasts as long as the fixture. */
static inline const char *pki_fixture_path(struct pki_fixture *pki, const char *name)
{
	if (pki->paths_count == PKI_FIXTURE_PATHS)
		fail_msg("more paths than the fixture keeps");
	return pki->paths[pki->paths_count++] = mem_printf("%s/%s", pki->folder, name);
}

/* One that certifies nobody yet. kind: of the authority's own key. */
static inline void pki_fixture_new_of(struct pki_fixture *pki, enum key_kind kind)
{
	struct err err;

	*pki = (struct pki_fixture){.folder = "/tmp/liaison-pki-XXXXXX"};
	if (mkdtemp(pki->folder) == NULL)
		fail_msg("no folder for the test's authority");
	snprintf(pki->authority, sizeof(pki->authority), "%s/ca", pki->folder);
	pki_fixture_fine(pki_init(pki->authority, "Test authority", kind, 0, &err), &err);
}

static inline void pki_fixture_new(struct pki_fixture *pki)
{
	pki_fixture_new_of(pki, KEY_P256);
}

static inline int pki_fixture_remove(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
	(void)stat;
	(void)kind;
	(void)walk;
	return remove(path);
}

static inline void pki_fixture_done(struct pki_fixture *pki)
{
	nftw(pki->folder, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	for (size_t i = 0; i < pki->paths_count; i++)
		mem_free(pki->paths[i]);
	*pki = (struct pki_fixture){0};
}

/* Writes folder/name.pem and folder/name.key. */
static inline void pki_fixture_issue(struct pki_fixture *pki, const struct pki_subject *subject, const char *name)
{
	struct err err;

	pki_fixture_fine(pki_issue(pki->authority, subject, pki_fixture_path(pki, name), &err), &err);
}

static inline void pki_fixture_issue_as(struct pki_fixture *pki, enum trust_purpose purpose, const char *party, const char *name)
{
	static const char *const hosts[] = {"localhost", "127.0.0.1", "::1"};
	const struct pki_subject subject = {.purpose = purpose, .party = party, .hosts = hosts, .hosts_count = 3, .key = KEY_P256};

	pki_fixture_issue(pki, &subject, name);
}

static inline void pki_fixture_hub(struct pki_fixture *pki, const char *hub)
{
	pki_fixture_issue_as(pki, TRUST_TLS_HUB, hub, "hub-tls");
	pki_fixture_issue_as(pki, TRUST_SIGN_HUB, hub, "hub-sign");
}

static inline void pki_fixture_party(struct pki_fixture *pki, const char *party)
{
	char name[160];

	snprintf(name, sizeof(name), "%s-tls", party);
	pki_fixture_issue_as(pki, TRUST_TLS_PARTY, party, name);
	snprintf(name, sizeof(name), "%s-sign", party);
	pki_fixture_issue_as(pki, TRUST_SIGN_PARTY, party, name);
}

static inline void pki_fixture_person(struct pki_fixture *pki, const char *party, const char *person, const char *role)
{
	const struct pki_subject subject = {
		.purpose = TRUST_SIGN_PERSON, .party = party, .person = person, .role = role, .key = KEY_P256};

	pki_fixture_issue(pki, &subject, person);
}

/* name: of the certificate, without ending. reason: as in RFC 5280. */
static inline void pki_fixture_revoke(struct pki_fixture *pki, const char *name, const char *reason)
{
	struct err err;

	AUTO_FREE char *file = mem_printf("%s.pem", name);
	pki_fixture_fine(pki_revoke(pki->authority, pki_fixture_path(pki, file), reason, &err), &err);
}

/* The authority and its revocation list as they are now. */
static inline struct trust *pki_fixture_trust(struct pki_fixture *pki)
{
	const char *ca = pki_fixture_path(pki, "ca/ca.pem"), *crl = pki_fixture_path(pki, "ca/crl.pem");
	struct trust *trust = NULL;
	struct err err;

	pki_fixture_fine(trust_load(&ca, 1, &crl, 1, &trust, &err), &err);
	return trust;
}

static inline struct signer *pki_fixture_signer(struct pki_fixture *pki, const struct trust *trust, const char *name,
                                                enum trust_purpose purpose)
{
	struct signer *signer = NULL;
	struct err err;

	AUTO_FREE char *file = mem_printf("%s.pem", name);
	pki_fixture_fine(trust_judge_file(trust, pki_fixture_path(pki, file), purpose, clock_wall_ms(), &signer, &err), &err);
	return signer;
}

static inline struct key *pki_fixture_key(struct pki_fixture *pki, const char *name)
{
	struct key *key = NULL;
	struct err err;

	AUTO_FREE char *file = mem_printf("%s.key", name);
	pki_fixture_fine(key_load(pki_fixture_path(pki, file), &key, &err), &err);
	return key;
}

#endif

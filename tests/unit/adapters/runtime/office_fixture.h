/* An office without a loop, for tests of what composes, judges and tells: a box and the catalogue of the tree, an authority that has certified two
 * parties and a hub. Everything ends the test on failure. */
#ifndef TESTS_UNIT_ADAPTERS_RUNTIME_OFFICE_FIXTURE_H
#define TESTS_UNIT_ADAPTERS_RUNTIME_OFFICE_FIXTURE_H

#include "unit/certs/pki_fixture.h"

#include "adapters/runtime/compose.h"
#include "adapters/runtime/office.h"
#include "base/log.h"
#include "certs/merkle.h"
#include "certs/proof.h"
#include "schemas/envelope.h"
#include "schemas/json.h"

#define DESK_HUB "ct.hub"
#define DESK_HERE "ct.hartford.police"
#define DESK_THERE "ct.doc.parole"

enum { DESK_MAX = 1 << 20, DESK_LATER_MS = 1000 };

struct desk {
	struct pki_fixture pki;
	struct options options;
	struct kind kind;
	struct office office;
	struct buf hold;
	char here[32], there[32], hub[32];
};

/* The authority is made once for a program of tests: keys take their time. */
static struct pki_fixture desk_pki;

static inline int desk_make_pki(void **state)
{
	(void)state;
	log_setup("test", LOG_ERROR, LOG_FORMAT_AUTO);
	pki_fixture_new(&desk_pki);
	pki_fixture_hub(&desk_pki, DESK_HUB);
	pki_fixture_party(&desk_pki, DESK_HERE);
	pki_fixture_party(&desk_pki, DESK_THERE);
	return 0;
}

static inline int desk_drop_pki(void **state)
{
	(void)state;
	pki_fixture_done(&desk_pki);
	return 0;
}

static inline void desk_fine(result r, const struct err *err)
{
	char line[600];
	if (FAILED(r))
		fail_msg("%s", err_text(err, line, sizeof(line)));
}

static inline int desk_set_up(void **state)
{
	struct desk *desk = mem_alloc(sizeof(*desk));
	struct err err;
	char folder[] = "/tmp/liaison-desk-XXXXXX";
	if (!mkdtemp(folder))
		fail_msg("no folder for the desk");
	snprintf(desk->here, sizeof(desk->here), DESK_HERE);
	snprintf(desk->hub, sizeof(desk->hub), DESK_HUB);
	desk->options.party = desk->here;
	desk->options.title = desk->here;
	desk->options.hub.party = desk->hub;
	desk->options.data = mem_text(folder);
	desk->options.limits.message_bytes = 65536;
	desk->kind.name = "police";
	desk->office.options = &desk->options;
	desk->office.kind = &desk->kind;
	desk_fine(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &desk->office.papers.catalogue, &err), &err);
	desk_fine(box_open(folder, NULL, &desk->office.box, &err), &err);
	desk->office.papers.trust = pki_fixture_trust(&desk_pki);
	buf_init(&desk->hold, DESK_MAX);
	*state = desk;
	return 0;
}

static inline int desk_tear_down(void **state)
{
	struct desk *desk = *state;
	box_forget(desk->office.box, &desk->office); /* there is no sender to be told */
	box_close(desk->office.box);
	catalogue_unref(desk->office.papers.catalogue);
	trust_unref(desk->office.papers.trust);
	nftw(desk->options.data, pki_fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	mem_free(desk->options.data);
	buf_done(&desk->hold);
	mem_free(desk);
	clock_release();
	return 0;
}

/* Packed, into desk->hold. */
static inline struct bytes desk_json(struct desk *desk, const char *json)
{
	struct err err;
	buf_clear(&desk->hold);
	desk_fine(json_to_pack(bytes_text(json), &desk->hold, &err), &err);
	return buf_bytes(&desk->hold);
}

static inline result desk_compose(struct desk *desk, const char *json, struct uuid *ret_id, bool *ret_duplicate, struct err *err)
{
	return compose_plain(&desk->office, desk_json(desk, json), "tag", ret_id, ret_duplicate, err);
}

static inline void desk_commit(struct desk *desk)
{
	struct err err;
	box_forget(desk->office.box, &desk->office);
	desk_fine(box_commit(desk->office.box, &err), &err);
}

/* As it stands in the outbox; *ret lasts as long as `hold`. */
static inline void desk_find(struct desk *desk, const struct uuid *id, struct buf *hold, struct box_out *ret)
{
	struct err err;
	bool found = false;
	buf_init(hold, DESK_MAX);
	desk_fine(box_find_out(desk->office.box, id->at, hold, &found, ret, &err), &err);
	assert_true(found);
}

/* An envelope of one message, as the hub would deliver it. signer: "ct.doc.parole-sign". */
static inline void desk_envelope(const char *signer, struct bytes header, struct bytes parts, int64_t signed_at, struct buf *out)
{
	struct trust *trust = pki_fixture_trust(&desk_pki);
	struct signer *who = pki_fixture_signer(&desk_pki, trust, signer, strcmp(signer, "hub-sign") ? TRUST_SIGN_PARTY : TRUST_SIGN_HUB);
	struct key *key = pki_fixture_key(&desk_pki, signer);
	struct hash leaf = merkle_leaf(header);
	struct buf statement, signature;
	struct err err;
	buf_init(&statement, PROOF_STATEMENT_MAX);
	buf_init(&signature, ENVELOPE_SIGNATURE_MAX);
	desk_fine(proof_sign(key, &leaf, 1, signed_at, &statement, &signature, &err), &err);
	envelope_encode(&(struct envelope){.header = header, .parts = parts, .statement = buf_bytes(&statement), .signature = buf_bytes(&signature),
	                                   .signer = signer_fingerprint(who)},
	                out);
	buf_done(&statement);
	buf_done(&signature);
	key_unref(key);
	signer_unref(who);
	trust_unref(trust);
}

#define DESK_TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)

#endif

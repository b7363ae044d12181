/* What the hub delivers, judged as the recipient does it: signed by another party's certificate, which the recipient knows. */
#define EDIT_MUTATOR
#include "fuzz/spoken.h"
#include "fuzz/desk.h"

#include "adapters/runtime/judge.h"

static struct desk *desk;
static struct judge *judge;
static struct signer *there;
static struct key *key;
static int64_t now;

static void leave(void)
{
	judge_free(judge);
	signer_unref(there);
	key_unref(key);
	desk_close(desk);
}

static void begin(void)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	struct err err;
	if (desk)
		return;
	desk = desk_open();
	judge = judge_new(&desk->office);
	there = pki_fixture_signer(&desk_pki, desk->office.papers.trust, DESK_THERE "-sign", TRUST_SIGN_PARTY);
	key = pki_fixture_key(&desk_pki, DESK_THERE "-sign");
	now = clock_wall_ms();
	clock_freeze(now);
	size_t count = signer_chain(there, chain);
	desk_fine(judge_learn(judge, signer_fingerprint(there), chain, count, &err), &err);
	desk_commit(desk);
	atexit(leave);
}

static void judge_bytes(struct bytes envelope)
{
	struct judged judged;
	struct err err = {.code = CODE_OK};
	bool is_unknown = false;
	if (FAILED(judge_envelope(judge, envelope, &judged, &is_unknown, &err))) {
		fuzz_must(err.code != CODE_OK && err.reason[0] && err.code != CODE_IO);
		return;
	}
	/* The hub may have withheld parts, all of them even; it may not have added any. */
	fuzz_must(!is_unknown && bytes_is(judged.message.from, DESK_THERE) && judged.parts_count <= judged.message.parts_count);
}

static void deliver(struct bytes header, struct bytes parts, const struct spoken *spoken)
{
	struct hash leaf = merkle_leaf(header);
	struct buf statement, signature, out;
	struct err err;
	buf_init(&statement, PROOF_STATEMENT_MAX);
	buf_init(&signature, ENVELOPE_SIGNATURE_MAX);
	buf_init(&out, FUZZ_OUT_MAX);
	desk_fine(proof_sign(key, &leaf, 1, now, &statement, &signature, &err), &err);
	envelope_encode(&(struct envelope){.header = header, .parts = parts, .statement = buf_bytes(&statement), .signature = buf_bytes(&signature),
	                                   .signer = signer_fingerprint(there)},
	                &out);
	if (spoken->how & SPOKEN_EDIT_AFTER)
		edit_play(&out, spoken->edits, SPOKEN_EDITS_MAX);
	judge_bytes(buf_bytes(&out));
	buf_done(&statement);
	buf_done(&signature);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spoken spoken;
	struct buf header, parts;
	struct err ignored;
	begin();
	judge_bytes(bytes_of(data, size));
	if (!spoken_read(bytes_of(data, size), &spoken))
		return 0;
	struct pack_in in = pack_in(spoken.say, &ignored);
	if (pack_array(&in, "") == 0)
		return 0;
	if (spoken_make(desk->office.papers.catalogue, &spoken, pack_value(&in, ""), DESK_THERE, now, &header, &parts))
		deliver(buf_bytes(&header), buf_bytes(&parts), &spoken);
	buf_done(&header);
	buf_done(&parts);
	return 0;
}

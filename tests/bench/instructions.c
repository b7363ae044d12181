/* The pure steps of a message's way, one each, FEW and then MANY times, for callgrind to count: what is not inside `measured` is
 * preparation. What the libraries do inside a step is counted with it, but for signatures, which are made before and found in the cache. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/broker/hub_fixture.h"

#include "broker/route/agreement.h"

enum { BATCH = 16, CACHE = 64, FEW = 10, MANY = 60 };

static struct hub_fixture hub;
static struct said said[BATCH];
static struct buf submit, packed_envelope, packed_body, json_body, statement, signature;
static struct key *key;
static struct signer *signer;
static struct proof_cache *cache;
static struct message message;
static struct part parts[MESSAGE_PARTS_MAX];
static size_t parts_count;
static struct envelope envelope;

static const char agreements[] =
	"{ name = \"warrants\"; from = [ \"role:parole_office\" ]; types = [ \"warrant.*\" ]; to = [ \"role:police town=/last_known/town\" ];"
	" classes = [ \"CJ\", \"CJI\" ]; route = true; },\n"
	"{ name = \"mail\"; from = [ \"*\" ]; types = [ \"admin.message/1\" ]; to = [ \"*\" ]; }\n";

static void fine_or_die(result r, const struct err *err)
{
	if (!FAILED(r))
		return;
	fprintf(stderr, "%s: %s: %s\n", code_text(err->code), err->field, err->reason);
	exit(1);
}

/* ── the steps ── */

static void step_submit(void)
{
	struct frame_submit frame;
	struct frame_message one;
	struct err err;
	fine_or_die(frame_submit_decode(buf_bytes(&submit), &frame, &err), &err);
	while (frame_submit_next(&frame, &one))
		;
}

static void step_header(void)
{
	struct message decoded;
	struct part found[MESSAGE_PARTS_MAX];
	size_t count = 0;
	struct err err;
	fine_or_die(message_decode(buf_bytes(&said[0].header), &decoded, &err), &err);
	fine_or_die(part_decode_all(buf_bytes(&said[0].parts), found, &count, &err), &err);
}

static void step_envelope(void)
{
	struct envelope decoded;
	struct err err;
	fine_or_die(envelope_decode(buf_bytes(&packed_envelope), &decoded, &err), &err);
}

static void step_proof(void)
{
	struct hash leaf = merkle_leaf(envelope.header);
	struct err err;
	fine_or_die(proof_check_one(cache, signer, envelope.statement, envelope.signature, &leaf, (uint64_t)envelope.index, envelope.path, NULL, &err), &err);
}

static void step_validate(void)
{
	const struct catalogue_type *type = NULL;
	struct err err;
	fine_or_die(catalogue_check(hub.snapshot->catalogue, &message, parts, parts_count, false, &type, &err), &err);
}

static void step_agreement(void)
{
	struct agreement_recipient found[8];
	struct agreement_question question = {.from = snapshot_party(hub.snapshot, message.from), .message = &message, .main = parts[0].bytes};
	size_t count = 0;
	struct err err;
	fine_or_die(agreement_decide(hub.snapshot, &question, found, 8, &count, &err), &err);
}

static void step_json(void)
{
	struct buf out;
	struct err err;
	buf_init(&out, 1 << 16);
	fine_or_die(json_to_pack(buf_bytes(&json_body), &out, &err), &err);
	buf_done(&out);
}

static const struct {
	const char *name;
	void (*run)(void);
} steps[] = {
	{"submit", step_submit},     {"header", step_header},       {"envelope", step_envelope}, {"proof", step_proof},
	{"validate", step_validate}, {"agreement", step_agreement}, {"json", step_json},
};

/* Its name is what callgrind looks for; called by a pointer that the compiler cannot see through, so that there is one of it. */
static void measured(void (*run)(void), long times)
{
	for (long i = 0; i < times; i++)
		run();
}
static void (*volatile const measure)(void (*run)(void), long times) = measured;

/* ── what they need ── */

static void make_envelope(void)
{
	struct hash leaves[BATCH], path[64];
	static uint8_t flat[PROOF_PATH_MAX * HASH_LEN];
	size_t len = 0;
	struct err err;
	buf_init(&statement, 1024);
	buf_init(&signature, 2048);
	for (size_t i = 0; i < BATCH; i++)
		leaves[i] = merkle_leaf(buf_bytes(&said[i].header));
	fine_or_die(proof_sign(key, leaves, BATCH, clock_wall_ms(), &statement, &signature, &err), &err);
	merkle_path(leaves, BATCH, 0, path, &len);
	for (size_t i = 0; i < len; i++)
		memcpy(flat + i * HASH_LEN, path[i].at, HASH_LEN);
	envelope = (struct envelope){.header = buf_bytes(&said[0].header), .parts = buf_bytes(&said[0].parts), .statement = buf_bytes(&statement),
	                             .signature = buf_bytes(&signature), .signer = signer_fingerprint(signer), .path = bytes_of(flat, len * HASH_LEN)};
	envelope_encode(&envelope, &packed_envelope);
}

static void read_into(const char *file, struct buf *ret)
{
	struct err err;
	fine_or_die(file_read(file, SAID_MAX, ret, &err), &err);
}

/* A warrant as the catalogue's own example has it. */
static void make_all(const char *body, const char *subject)
{
	struct buf subject_json;
	struct err err;
	read_into(body, &json_body);
	read_into(subject, &subject_json);
	char *subject_text = bytes_dup_text(buf_bytes(&subject_json));
	buf_init(&packed_body, SAID_MAX);
	buf_init(&packed_envelope, SAID_MAX);
	fine_or_die(json_to_pack(buf_bytes(&json_body), &packed_body, &err), &err);
	hub_fixture_new(&hub, &(struct hub_config){.agreements = agreements});
	for (size_t i = 0; i < BATCH; i++)
		said_make(&said[i], &(struct saying){.type = "warrant.issue/1", .from = OFFICE, .subject = subject_text, .packed = buf_bytes(&packed_body)});
	fine_or_die(message_decode(buf_bytes(&said[0].header), &message, &err), &err);
	fine_or_die(part_decode_all(buf_bytes(&said[0].parts), parts, &parts_count, &err), &err);
	key = pki_fixture_key(&hub.pki, POLICE "-sign");
	signer = pki_fixture_signer(&hub.pki, hub.snapshot->trust, POLICE "-sign", TRUST_SIGN_PARTY);
	said_submit(said, BATCH, key, signer_fingerprint(signer), 0, &submit);
	make_envelope();
	cache = proof_cache_new(CACHE);
	step_proof();
	mem_free(subject_text);
	buf_done(&subject_json);
}

static void drop_all(void)
{
	struct buf *const bufs[] = {&submit, &packed_envelope, &packed_body, &json_body, &statement, &signature};
	for (size_t i = 0; i < sizeof(bufs) / sizeof(*bufs); i++)
		buf_done(bufs[i]);
	for (size_t i = 0; i < BATCH; i++)
		said_done(&said[i]);
	proof_cache_free(cache);
	signer_unref(signer);
	key_unref(key);
	hub_fixture_done(&hub);
}

/* Each call of `measured` is one count; its order is that of the table. */
int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "Usage: bench_instructions BODY.json SUBJECT.json\n");
		return 2;
	}
	make_all(argv[1], argv[2]);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		measure(steps[i].run, FEW);
		measure(steps[i].run, MANY);
	}
	drop_all();
	return 0;
}

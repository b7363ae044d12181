/* A real router with the memory store and a real ledger; gateways, verifiers and the clock are the test's. Everything ends the test on failure. */
#ifndef TESTS_SCENARIO_RIG_H
#define TESTS_SCENARIO_RIG_H

#include "unit/broker/hub_fixture.h"

#include "broker/ledger/ledger.h"
#include "broker/route/router.h"
#include "schemas/receipt.h"

enum { SENT_MAX = 256, SECOND = 1000, ATTEMPTS = 3, REDELIVER_MS = 60 * SECOND };

struct rig {
	struct hub_fixture hub;
	struct trust *trust;
	struct store *store;
	struct ledger *ledger;
	struct wires *wires;
	struct wire *to_router, *gateway, *index, *admin;
	struct router *router;
	struct job *sent[SENT_MAX]; /* what the router gave to the gateway */
	size_t sent_count;
	uint64_t links;
	int64_t signed_at; /* of what is submitted; 0: now */
};

static const char rig_agreements[] =
	"{ name = \"talk\"; from = [ \"*\" ]; types = [ \"admin.message/1\" ]; to = [ \"" BOARD "\" ]; route = true; },\n"
	"{ name = \"wanted\"; from = [ \"" BOARD "\" ]; types = [ \"warrant.issue/1\" ]; to = [ \"role:police town=/last_known/town\" ];"
	"  classes = [ \"CJ\", \"CJI\" ]; route = true; }\n";

static inline void fine(result r, const struct err *err)
{
	pki_fixture_fine(r, err);
}

static inline void start_router(struct rig *rig)
{
	const struct wire_options options = {.high_water = 4096};
	struct err err;
	rig->wires = wires_new();
	fine(wire_bind(rig->wires, WIRE_PULL, "inproc://gateway-0", &options, &rig->gateway, &err), &err);
	fine(wire_bind(rig->wires, WIRE_PULL, ENDPOINT_INDEX, &options, &rig->index, &err), &err);
	fine(wire_bind(rig->wires, WIRE_PULL, ENDPOINT_ADMIN, &options, &rig->admin, &err), &err);
	fine(ledger_open(rig->store, HUB, rig->hub.snapshot->signing_key, signer_fingerprint(rig->hub.snapshot->signing), &rig->ledger, &err), &err);
	fine(router_new(rig->wires, rig->store, rig->ledger, rig->hub.snapshot, 1, &rig->router, &err), &err);
	fine(wire_connect(rig->wires, WIRE_PUSH, ENDPOINT_ROUTER, &options, &rig->to_router, &err), &err);
}

static inline void forget_sent(struct rig *rig)
{
	for (size_t i = 0; i < rig->sent_count; i++)
		job_free(rig->sent[i]);
	rig->sent_count = 0;
}

static inline void drain(struct wire *wire)
{
	struct job *job;
	while ((job = job_take(wire, 0)))
		job_free(job);
}

static inline void stop_router(struct rig *rig)
{
	forget_sent(rig);
	drain(rig->gateway);
	drain(rig->index);
	drain(rig->admin);
	wire_free(rig->to_router);
	router_free(rig->router);
	wire_free(rig->gateway);
	wire_free(rig->index);
	wire_free(rig->admin);
	ledger_close(rig->ledger);
	wires_free(rig->wires);
}

/* parties: those with certificates, up to a NULL. */
static inline int rig_set_up_as(void **state, const struct hub_config *config, const char *const *parties)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct err err;
	hub_fixture_make(&rig->hub);
	for (size_t i = 0; parties[i]; i++)
		pki_fixture_party(&rig->hub.pki, parties[i]);
	hub_fixture_write(&rig->hub, config);
	rig->hub.snapshot = hub_fixture_load(&rig->hub, 1);
	rig->trust = pki_fixture_trust(&rig->hub.pki);
	clock_freeze(clock_wall_ms());
	fine(store_memory_open(&rig->store, &err), &err);
	start_router(rig);
	*state = rig;
	return 0;
}

/* limits: of the configuration, as text. */
static inline int rig_set_up(void **state, const char *limits)
{
	static const char *const parties[] = {POLICE, BOARD, NULL};
	return rig_set_up_as(state, &(struct hub_config){.agreements = rig_agreements, .limits = limits}, parties);
}

#define RIG_LIMITS "attempts = 3; redeliver_ms = \"60 s\";"

static inline int set_up(void **state)
{
	return rig_set_up(state, RIG_LIMITS);
}

static inline int tear_down(void **state)
{
	struct rig *rig = *state;
	stop_router(rig);
	store_close(rig->store);
	trust_unref(rig->trust);
	hub_fixture_done(&rig->hub);
	clock_release();
	mem_free(rig);
	return 0;
}

/* One group, and what it sent. */
static inline void turn(struct rig *rig)
{
	struct err err;
	struct job *job;
	fine(router_turn(rig->router, &err), &err);
	while ((job = job_take(rig->gateway, 0))) {
		assert_true(rig->sent_count < SENT_MAX);
		rig->sent[rig->sent_count++] = job;
	}
}

static inline void give(struct rig *rig, struct job *job)
{
	struct err err;
	fine(job_give(rig->to_router, &job, true, &err), &err);
}

static inline struct signer *signer_of(struct rig *rig, const char *party)
{
	char name[160];
	struct signer *signer = NULL;
	struct err err;
	snprintf(name, sizeof(name), "%s-sign.pem", party);
	fine(trust_judge_file(rig->trust, pki_fixture_path(&rig->hub.pki, name), TRUST_SIGN_PARTY, clock_wall_ms(), &signer, &err), &err);
	return signer;
}

static inline uint64_t link_up(struct rig *rig, const char *party, int64_t credit)
{
	struct job *up = job_new(JOB_LINK_UP, job_link(0, ++rig->links));
	uint64_t link = up->link;
	snprintf(up->party, sizeof(up->party), "%s", party);
	up->signer = signer_of(rig, party);
	give(rig, up);
	struct job *more = job_new(JOB_CREDIT, link);
	more->number = credit;
	give(rig, more);
	turn(rig);
	return link;
}

static inline void link_down(struct rig *rig, uint64_t link, enum code code)
{
	struct job *down = job_new(JOB_LINK_DOWN, link);
	down->why.code = code;
	give(rig, down);
	turn(rig);
}

static inline int64_t signing_time(const struct rig *rig)
{
	return rig->signed_at ? rig->signed_at : clock_wall_ms();
}

static inline void sign(struct rig *rig, const char *party, const struct said *said, struct buf *statement, struct buf *signature)
{
	char name[160];
	struct hash leaf = merkle_leaf(buf_bytes(&said->header));
	struct err err;
	snprintf(name, sizeof(name), "%s-sign", party);
	struct key *key = pki_fixture_key(&rig->hub.pki, name);
	buf_init(statement, PROOF_STATEMENT_MAX);
	buf_init(signature, KEY_SIGNATURE_MAX);
	fine(proof_sign(key, &leaf, 1, signing_time(rig), statement, signature, &err), &err);
	key_unref(key);
}

/* A SUBMIT of one message as a verifier would have judged it; it goes with the next turn. */
static inline void give_submit(struct rig *rig, uint64_t link, const char *party, const struct said *said, const struct err *refusal)
{
	struct job *job = job_new(JOB_SUBMIT, link);
	struct err err;
	struct buf statement, signature, all;
	sign(rig, party, said, &statement, &signature);
	buf_init(&all, SAID_MAX);
	buf_add(&all, buf_bytes(&said->header));
	buf_add(&all, buf_bytes(&said->parts));
	buf_add(&all, buf_bytes(&statement));
	buf_add(&all, buf_bytes(&signature));
	job->frame = buf_take_blob(&all);
	const uint8_t *at = blob_bytes(job->frame).at;
	job->candidates = mem_array(1, sizeof(*job->candidates));
	job->count = 1;
	job->statement = bytes_of(at + said->header.len + said->parts.len, statement.len);
	job->signature = bytes_of(job->statement.at + statement.len, signature.len);
	buf_done(&statement);
	buf_done(&signature);
	buf_done(&all);
	job->signer = signer_of(rig, party);
	job->snapshot = snapshot_ref(rig->hub.snapshot);
	snprintf(job->party, sizeof(job->party), "%s", party);
	struct candidate *candidate = &job->candidates[0];
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 0;
	fine(message_decode(bytes_of(at, said->header.len), &candidate->message, &err), &err);
	candidate->parts = bytes_of(at + said->header.len, said->parts.len);
	fine(part_decode_all(candidate->parts, parts, &count, &err), &err);
	candidate->main = parts[0].bytes;
	candidate->leaf = merkle_leaf(candidate->message.header);
	candidate->type = catalogue_find(rig->hub.snapshot->catalogue, candidate->message.type);
	candidate->signed_at = signing_time(rig);
	if (refusal) {
		candidate->refusal = mem_alloc(sizeof(*candidate->refusal));
		*candidate->refusal = *refusal;
	}
	give(rig, job);
}

static inline void submit(struct rig *rig, uint64_t link, const char *party, const struct said *said)
{
	give_submit(rig, link, party, said, NULL);
	turn(rig);
}

/* The verdict on a message among what was sent to a link. */
static inline struct frame_verdict verdict_on(struct rig *rig, uint64_t link, const uint8_t *id)
{
	struct frame_verdicts verdicts;
	struct frame_verdict verdict;
	struct err err;
	enum frame_kind kind;
	for (size_t i = rig->sent_count; i-- > 0;) {
		struct job *job = rig->sent[i];
		if (job->kind != JOB_SEND || job->link != link || FAILED(frame_kind_of(blob_bytes(job->frame), &kind, &err)) || kind != FRAME_VERDICT)
			continue;
		fine(frame_verdicts_decode(blob_bytes(job->frame), &verdicts, &err), &err);
		while (frame_verdicts_next(&verdicts, &verdict))
			if (!memcmp(verdict.id, id, UUID_LEN))
				return verdict;
	}
	fail_msg("no verdict");
	return (struct frame_verdict){0};
}

/* How often a message was delivered to a link, in what was sent since forget_sent; the types in order are noted in `order`. */
static inline size_t deliveries_of(struct rig *rig, uint64_t link, const uint8_t *id)
{
	struct frame_deliver deliver;
	struct envelope envelope;
	struct message message;
	struct bytes bytes;
	struct err err;
	enum frame_kind kind;
	size_t count = 0;
	for (size_t i = 0; i < rig->sent_count; i++) {
		struct job *job = rig->sent[i];
		if (job->kind != JOB_SEND || job->link != link || FAILED(frame_kind_of(blob_bytes(job->frame), &kind, &err)) || kind != FRAME_DELIVER)
			continue;
		fine(frame_deliver_decode(blob_bytes(job->frame), &deliver, &err), &err);
		while (frame_deliver_next(&deliver, &bytes)) {
			fine(envelope_decode(bytes, &envelope, &err), &err);
			fine(message_decode(envelope.header, &message, &err), &err);
			count += id == NULL || !memcmp(message.id, id, UUID_LEN);
		}
	}
	return count;
}

/* The first delivery of a type to a link; views last until forget_sent. */
static inline bool find_delivery(struct rig *rig, uint64_t link, const char *type, struct message *ret, struct bytes *ret_main)
{
	static struct part parts[MESSAGE_PARTS_MAX];
	struct frame_deliver deliver;
	struct envelope envelope;
	struct bytes bytes;
	struct err err;
	enum frame_kind kind;
	size_t count = 0;
	for (size_t i = 0; i < rig->sent_count; i++) {
		struct job *job = rig->sent[i];
		if (job->kind != JOB_SEND || job->link != link || FAILED(frame_kind_of(blob_bytes(job->frame), &kind, &err)) || kind != FRAME_DELIVER)
			continue;
		fine(frame_deliver_decode(blob_bytes(job->frame), &deliver, &err), &err);
		while (frame_deliver_next(&deliver, &bytes)) {
			fine(envelope_decode(bytes, &envelope, &err), &err);
			fine(message_decode(envelope.header, ret, &err), &err);
			if (!bytes_is(ret->type, type))
				continue;
			fine(part_decode_all(envelope.parts, parts, &count, &err), &err);
			*ret_main = parts[0].bytes;
			return true;
		}
	}
	return false;
}

static inline void say(struct said *said, const struct saying *saying)
{
	said_make(said, saying);
}

/* A receipt of `party` for a message; twisted: of another hash. */
static inline void say_receipt(struct said *receipt, const char *party, const struct said *of, bool twisted)
{
	struct receipt content = {.received = true, .code = CODE_OK, .at = clock_wall_ms()};
	struct hash leaf = merkle_leaf(buf_bytes(&of->header));
	struct message message = {.priority = 5};
	struct part part;
	uint8_t salt[MESSAGE_SALT_LEN] = {1};
	struct buf main;
	struct err err;
	memcpy(content.of, of->id.at, UUID_LEN);
	memcpy(content.hash, leaf.at, HASH_LEN);
	content.hash[0] ^= twisted;
	buf_init(&main, SAID_MAX);
	buf_init(&receipt->header, SAID_MAX);
	buf_init(&receipt->parts, SAID_MAX);
	receipt_encode(&content, &main);
	part = (struct part){BYTES_LIT("main"), salt, buf_bytes(&main)};
	struct hash hash = hash_of_two(bytes_of(salt, sizeof(salt)), part.bytes);
	receipt->id = uuid_new();
	message.id = receipt->id.at;
	message.type = BYTES_LIT(RECEIPT_TYPE);
	message.from = bytes_text(party);
	message.issued = clock_wall_ms();
	message.re = of->id.at;
	message.parts[0] = (struct message_part){BYTES_LIT("main"), BYTES_LIT("CJ"), hash.at};
	message.parts_count = 1;
	fine(message_encode(&message, &receipt->header, &err), &err);
	part_encode_all(&part, 1, &receipt->parts);
	buf_done(&main);
}

/* Ids that were delivered to a link since forget_sent, in order. */
enum { IDS_MAX = 64 };
struct ids {
	uint8_t at[IDS_MAX][UUID_LEN];
	size_t count;
};

static inline struct ids delivered_to(struct rig *rig, uint64_t link)
{
	struct ids ids = {.count = 0};
	struct frame_deliver deliver;
	struct envelope envelope;
	struct message message;
	struct bytes bytes;
	struct err err;
	enum frame_kind kind;
	for (size_t i = 0; i < rig->sent_count; i++) {
		struct job *job = rig->sent[i];
		if (job->kind != JOB_SEND || job->link != link || FAILED(frame_kind_of(blob_bytes(job->frame), &kind, &err)) || kind != FRAME_DELIVER)
			continue;
		fine(frame_deliver_decode(blob_bytes(job->frame), &deliver, &err), &err);
		while (frame_deliver_next(&deliver, &bytes)) {
			assert_true(ids.count < IDS_MAX);
			fine(envelope_decode(bytes, &envelope, &err), &err);
			fine(message_decode(envelope.header, &message, &err), &err);
			memcpy(ids.at[ids.count++], message.id, UUID_LEN);
		}
	}
	return ids;
}

/* Whether a link was told to close, and with which code. */
static inline bool was_closed(struct rig *rig, uint64_t link, enum code code)
{
	for (size_t i = 0; i < rig->sent_count; i++)
		if (rig->sent[i]->kind == JOB_CLOSE && rig->sent[i]->link == link && rig->sent[i]->why.code == code)
			return true;
	return false;
}

static inline void give_credit(struct rig *rig, uint64_t link, int64_t credit)
{
	struct job *more = job_new(JOB_CREDIT, link);
	more->number = credit;
	give(rig, more);
	turn(rig);
}

static inline void acknowledge(struct rig *rig, uint64_t link, const uint8_t *id)
{
	struct job *job = job_new(JOB_ACK, link);
	struct bytes ids = bytes_of(id, UUID_LEN);
	struct buf frame;
	buf_init(&frame, 256);
	frame_ack_encode(&ids, 1, &frame);
	job->frame = buf_take_blob(&frame);
	buf_done(&frame);
	give(rig, job);
	turn(rig);
}

/* What the router answered an operator's question; job_free it. NULL: nothing yet. */
static inline struct job *take_answer(struct rig *rig)
{
	struct job *job;
	while ((job = job_take(rig->admin, 0)) && job->kind != JOB_ANSWER)
		job_free(job);
	return job;
}

/* question: JSON, ' for ". */
static inline void give_question(struct rig *rig, const char *question)
{
	struct job *job = job_new(JOB_ASK, 0);
	struct buf packed;
	buf_init(&packed, 4096);
	said_json(question, &packed);
	job->frame = buf_take_blob(&packed);
	buf_done(&packed);
	give(rig, job);
}

static inline struct job *ask(struct rig *rig, const char *question)
{
	give_question(rig, question);
	turn(rig);
	struct job *answer = take_answer(rig);
	assert_non_null(answer);
	return answer;
}

static inline int64_t number_at(const struct job *answer, const char *pointer)
{
	struct bytes value;
	int64_t number = 0;
	if (!pack_pointer(blob_bytes(answer->frame), pointer, &value) || !pack_as_int(value, &number))
		fail_msg("no number at %s", pointer);
	return number;
}

static inline void expect_text_at(const struct job *answer, const char *pointer, const char *expected)
{
	struct bytes value, text = BYTES_NONE;
	if (!pack_pointer(blob_bytes(answer->frame), pointer, &value) || !pack_as_text(value, &text))
		fail_msg("no text at %s", pointer);
	if (!bytes_is(text, expected))
		fail_msg("%s is %.*s, not %s", pointer, (int)text.len, (const char *)text.at, expected);
}

#endif

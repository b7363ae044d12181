/* A real router with the memory store and a real ledger; gateways, verifiers and the clock are the test's. */
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
};

static const char agreements[] =
	"{ name = \"talk\"; from = [ \"*\" ]; types = [ \"admin.message/1\" ]; to = [ \"" BOARD "\" ]; route = true; },\n"
	"{ name = \"wanted\"; from = [ \"" BOARD "\" ]; types = [ \"warrant.issue/1\" ]; to = [ \"role:police town=/last_known/town\" ];"
	"  classes = [ \"CJ\", \"CJI\" ]; route = true; }\n";

static void fine(result r, const struct err *err)
{
	pki_fixture_fine(r, err);
}

static void start_router(struct rig *rig)
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

static void forget_sent(struct rig *rig)
{
	for (size_t i = 0; i < rig->sent_count; i++)
		job_free(rig->sent[i]);
	rig->sent_count = 0;
}

static void drain(struct wire *wire)
{
	struct job *job;
	while ((job = job_take(wire, 0)))
		job_free(job);
}

static void stop_router(struct rig *rig)
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

static int set_up(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct err err;
	hub_fixture_make(&rig->hub);
	pki_fixture_party(&rig->hub.pki, POLICE);
	pki_fixture_party(&rig->hub.pki, BOARD);
	hub_fixture_write(&rig->hub, &(struct hub_config){.agreements = agreements,
	                                                  .limits = "attempts = 3; redeliver_ms = \"60 s\";"});
	rig->hub.snapshot = hub_fixture_load(&rig->hub, 1);
	rig->trust = pki_fixture_trust(&rig->hub.pki);
	clock_freeze(clock_wall_ms());
	fine(store_memory_open(&rig->store, &err), &err);
	start_router(rig);
	*state = rig;
	return 0;
}

static int tear_down(void **state)
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
static void turn(struct rig *rig)
{
	struct err err;
	struct job *job;
	fine(router_turn(rig->router, &err), &err);
	while ((job = job_take(rig->gateway, 0))) {
		assert_true(rig->sent_count < SENT_MAX);
		rig->sent[rig->sent_count++] = job;
	}
}

static void give(struct rig *rig, struct job *job)
{
	struct err err;
	fine(job_give(rig->to_router, &job, true, &err), &err);
}

static struct signer *signer_of(struct rig *rig, const char *party)
{
	char name[160];
	struct signer *signer = NULL;
	struct err err;
	snprintf(name, sizeof(name), "%s-sign.pem", party);
	fine(trust_judge_file(rig->trust, pki_fixture_path(&rig->hub.pki, name), TRUST_SIGN_PARTY, clock_wall_ms(), &signer, &err), &err);
	return signer;
}

static uint64_t link_up(struct rig *rig, const char *party, int64_t credit)
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

static void link_down(struct rig *rig, uint64_t link, enum code code)
{
	struct job *down = job_new(JOB_LINK_DOWN, link);
	down->why.code = code;
	give(rig, down);
	turn(rig);
}

static void sign(struct rig *rig, const char *party, const struct said *said, struct buf *statement, struct buf *signature)
{
	char name[160];
	struct hash leaf = merkle_leaf(buf_bytes(&said->header));
	struct err err;
	snprintf(name, sizeof(name), "%s-sign", party);
	struct key *key = pki_fixture_key(&rig->hub.pki, name);
	buf_init(statement, PROOF_STATEMENT_MAX);
	buf_init(signature, KEY_SIGNATURE_MAX);
	fine(proof_sign(key, &leaf, 1, clock_wall_ms(), statement, signature, &err), &err);
	key_unref(key);
}

/* A SUBMIT of one message as a verifier would have judged it. */
static void submit(struct rig *rig, uint64_t link, const char *party, const struct said *said)
{
	struct job *job = job_new(JOB_SUBMIT, link);
	struct err err;
	const struct catalogue *catalogue = rig->hub.snapshot->catalogue;
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
	candidate->type = catalogue_find(catalogue, candidate->message.type);
	candidate->signed_at = clock_wall_ms();
	give(rig, job);
	turn(rig);
}

/* The verdict on a message among what was sent to a link. */
static struct frame_verdict verdict_on(struct rig *rig, uint64_t link, const uint8_t *id)
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
static size_t deliveries_of(struct rig *rig, uint64_t link, const uint8_t *id)
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
static bool find_delivery(struct rig *rig, uint64_t link, const char *type, struct message *ret, struct bytes *ret_main)
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

static void say(struct said *said, const struct saying *saying)
{
	said_make(said, saying);
}

/* A receipt of `party` for a message; twisted: of another hash. */
static void say_receipt(struct said *receipt, const char *party, const struct said *of, bool twisted)
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

/* ---- the scenarios ---- */

static void an_accepted_message_is_delivered_receipted_and_its_originator_told(void **state)
{
	struct rig *rig = *state;
	struct said said, receipt;
	struct message message;
	struct bytes main;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	struct frame_verdict verdict = verdict_on(rig, police, said.id.at);
	struct frame_recipient recipient;
	assert_int_equal(verdict.code, CODE_OK);
	assert_true(verdict.entry >= 0 && !verdict.duplicate);
	assert_true(frame_verdict_recipient(&verdict, &recipient));
	assert_true(bytes_is(recipient.party, BOARD) && recipient.connected);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
	say_receipt(&receipt, BOARD, &said, false);
	submit(rig, board, BOARD, &receipt);
	assert_int_equal(verdict_on(rig, board, receipt.id.at).code, CODE_OK);
	assert_true(find_delivery(rig, police, RECEIPT_TYPE, &message, &main));
	forget_sent(rig);
	clock_turn(10 * REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, NULL), 0); /* settled: never again */
	said_done(&said);
	said_done(&receipt);
}

static void a_duplicate_gets_the_original_verdict_and_other_bytes_a_conflict(void **state)
{
	struct rig *rig = *state;
	struct said said, twin;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	int64_t entry = verdict_on(rig, police, said.id.at).entry;
	forget_sent(rig);
	submit(rig, police, POLICE, &said);
	struct frame_verdict again = verdict_on(rig, police, said.id.at);
	assert_int_equal(again.code, CODE_OK);
	assert_true(again.duplicate);
	assert_int_equal(again.entry, entry);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	say(&twin, &(struct saying){.body = "{'text':'Something else.'}"});
	struct message message;
	struct err err;
	fine(message_decode(buf_bytes(&twin.header), &message, &err), &err);
	memcpy(twin.header.at + (message.id - twin.header.at), said.id.at, UUID_LEN);
	submit(rig, police, POLICE, &twin);
	assert_int_equal(verdict_on(rig, police, said.id.at).code, CODE_DUPLICATE_CONFLICT);
	said_done(&said);
	said_done(&twin);
}

static void what_no_agreement_allows_is_refused_and_on_the_record(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10);
	int64_t before = ledger_size(rig->ledger);
	say(&said, &(struct saying){.type = "release.rescind/1"});
	submit(rig, police, POLICE, &said);
	assert_int_equal(verdict_on(rig, police, said.id.at).code, CODE_NO_AGREEMENT);
	assert_int_equal(ledger_size(rig->ledger), before + 1);
	said_done(&said);
}

static void content_chooses_the_recipients(void **state)
{
	struct rig *rig = *state;
	struct said here, elsewhere;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&here, &(struct saying){.type = "warrant.issue/1", .from = BOARD, .body = "{'last_known':{'town':'hartford'}}"});
	submit(rig, board, BOARD, &here);
	assert_int_equal(verdict_on(rig, board, here.id.at).code, CODE_OK);
	assert_int_equal(deliveries_of(rig, police, here.id.at), 1);
	say(&elsewhere, &(struct saying){.type = "warrant.issue/1", .from = BOARD, .body = "{'last_known':{'town':'Norwich'}}"});
	submit(rig, board, BOARD, &elsewhere);
	assert_int_equal(verdict_on(rig, board, elsewhere.id.at).code, CODE_NO_RECIPIENT);
	said_done(&here);
	said_done(&elsewhere);
}

static void silence_is_answered_by_delivering_again_and_at_last_by_a_dead_letter_and_a_notice(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	struct notice notice;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
		assert_int_equal(deliveries_of(rig, board, said.id.at), attempt);
		clock_turn(REDELIVER_MS - 1);
		turn(rig);
		assert_int_equal(deliveries_of(rig, board, said.id.at), attempt); /* not yet */
		clock_turn(1);
		turn(rig);
	}
	assert_int_equal(deliveries_of(rig, board, said.id.at), ATTEMPTS);
	clock_turn(REDELIVER_MS);
	turn(rig);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	fine(notice_decode(main, &notice, &err), &err);
	assert_int_equal(notice.event, NOTICE_DEAD_LETTERED);
	assert_memory_equal(notice.of, said.id.at, UUID_LEN);
	assert_string_equal(notice.recipient, BOARD);
	forget_sent(rig);
	clock_turn(10 * REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	said_done(&said);
}

static void a_message_that_breaks_its_link_each_time_is_buried(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	uint64_t police = link_up(rig, POLICE, 10), board = 0;
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
		forget_sent(rig);
		board = link_up(rig, BOARD, 10);
		assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
		link_down(rig, board, CODE_CLOSED);
	}
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	forget_sent(rig);
	board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	said_done(&said);
}

static void a_link_that_ends_in_good_order_counts_against_nothing(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	for (int i = 0; i < 2 * ATTEMPTS; i++) {
		forget_sent(rig);
		uint64_t board = link_up(rig, BOARD, 10);
		assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
		link_down(rig, board, CODE_STOPPING);
	}
	said_done(&said);
}

static void what_is_past_its_expiry_is_taken_out_and_its_originator_told(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct message message;
	struct bytes main;
	struct notice notice;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10);
	say(&said, &(struct saying){.expires = clock_wall_ms() + 3600 * SECOND});
	submit(rig, police, POLICE, &said);
	clock_turn(3600 * SECOND - 1);
	turn(rig);
	assert_false(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	clock_turn(1);
	turn(rig);
	turn(rig);
	assert_true(find_delivery(rig, police, NOTICE_TYPE, &message, &main));
	fine(notice_decode(main, &notice, &err), &err);
	assert_int_equal(notice.event, NOTICE_EXPIRED);
	uint64_t board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 0);
	said_done(&said);
}

static void credit_bounds_what_is_on_its_way_and_nothing_waits_for_ever(void **state)
{
	enum { MANY = 20, CREDIT = 3 };
	struct rig *rig = *state;
	struct said said[MANY];
	uint64_t police = link_up(rig, POLICE, 100), board = link_up(rig, BOARD, CREDIT);
	for (int i = 0; i < MANY; i++) {
		say(&said[i], &(struct saying){0});
		submit(rig, police, POLICE, &said[i]);
	}
	assert_int_equal(deliveries_of(rig, board, NULL), CREDIT);
	struct job *more = job_new(JOB_CREDIT, board);
	more->number = MANY;
	give(rig, more);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, NULL), MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(deliveries_of(rig, board, said[i].id.at), 1);
		said_done(&said[i]);
	}
}

static void receipts_settle_only_what_was_delivered_to_their_party(void **state)
{
	struct rig *rig = *state;
	struct said said, forged, foreign;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	say_receipt(&forged, BOARD, &said, true);
	submit(rig, board, BOARD, &forged);
	assert_int_equal(verdict_on(rig, board, forged.id.at).code, CODE_SCHEMA);
	say_receipt(&foreign, POLICE, &said, false);
	submit(rig, police, POLICE, &foreign);
	assert_int_equal(verdict_on(rig, police, foreign.id.at).code, CODE_NOT_FOUND);
	clock_turn(REDELIVER_MS);
	turn(rig);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 2); /* it is still open */
	said_done(&said);
	said_done(&forged);
	said_done(&foreign);
}

static void the_newest_link_of_a_party_wins_and_takes_over_what_was_in_flight(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t police = link_up(rig, POLICE, 10), first = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	assert_int_equal(deliveries_of(rig, first, said.id.at), 1);
	uint64_t second = link_up(rig, BOARD, 10);
	bool closed = false;
	for (size_t i = 0; i < rig->sent_count; i++)
		closed |= rig->sent[i]->kind == JOB_CLOSE && rig->sent[i]->link == first && rig->sent[i]->why.code == CODE_SUPERSEDED;
	assert_true(closed);
	assert_int_equal(deliveries_of(rig, second, said.id.at), 1);
	said_done(&said);
}

static void a_restart_delivers_what_was_queued_and_knows_what_was_said(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct ledger_report report;
	struct err err;
	uint64_t police = link_up(rig, POLICE, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	stop_router(rig);
	start_router(rig);
	police = link_up(rig, POLICE, 10);
	uint64_t board = link_up(rig, BOARD, 10);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
	submit(rig, police, POLICE, &said);
	assert_true(verdict_on(rig, police, said.id.at).duplicate);
	fine(ledger_verify(rig->store, rig->hub.snapshot->signing, &report, &err), &err);
	assert_int_equal(report.bad_entry, -1);
	said_done(&said);
}

int main(void)
{
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENARIO(an_accepted_message_is_delivered_receipted_and_its_originator_told),
		SCENARIO(a_duplicate_gets_the_original_verdict_and_other_bytes_a_conflict),
		SCENARIO(what_no_agreement_allows_is_refused_and_on_the_record),
		SCENARIO(content_chooses_the_recipients),
		SCENARIO(silence_is_answered_by_delivering_again_and_at_last_by_a_dead_letter_and_a_notice),
		SCENARIO(a_message_that_breaks_its_link_each_time_is_buried),
		SCENARIO(a_link_that_ends_in_good_order_counts_against_nothing),
		SCENARIO(what_is_past_its_expiry_is_taken_out_and_its_originator_told),
		SCENARIO(credit_bounds_what_is_on_its_way_and_nothing_waits_for_ever),
		SCENARIO(receipts_settle_only_what_was_delivered_to_their_party),
		SCENARIO(the_newest_link_of_a_party_wins_and_takes_over_what_was_in_flight),
		SCENARIO(a_restart_delivers_what_was_queued_and_knows_what_was_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

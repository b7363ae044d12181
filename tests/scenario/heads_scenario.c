/* Heads of the ledger on their way to the adapters; and what a link may still say when it is over. */
#include "scenario/rig.h"

#include "base/log.h"

enum { HEADS_MS = 60 * SECOND };

/* What an adapter makes of the heads that come over its link, as docs/protocol.md says. */
struct believer {
	struct signer *hub;
	struct head head;
	bool any;
};

static void take_chain(struct rig *rig, struct believer *believer, const struct bytes *chain, size_t count)
{
	struct err err;
	if (count == 0)
		return;
	signer_unref(believer->hub);
	believer->hub = NULL;
	fine(trust_judge(rig->trust, chain, count, TRUST_SIGN_HUB, clock_wall_ms(), false, &believer->hub, &err), &err);
}

static void take_head(struct believer *believer, struct bytes bytes, struct bytes proof)
{
	struct head head;
	struct err err;
	fine(head_check(believer->hub, bytes, &head, &err), &err);
	if (believer->any)
		assert_true(merkle_consistent(believer->head.size, &believer->head.root, head.size, &head.root, proof.at, proof.len / HASH_LEN));
	believer->head = head;
	believer->any = true;
}

/* All frames that were sent to a link since forget_sent; answers how many HEADs there were. */
static size_t hear(struct rig *rig, uint64_t link, struct believer *believer, int64_t *ret_version)
{
	size_t heads = 0;
	for (size_t i = 0; i < rig->sent_count; i++) {
		struct frame_welcome welcome;
		struct frame_head frame;
		enum frame_kind kind;
		struct err err;
		if (rig->sent[i]->kind != JOB_SEND || rig->sent[i]->link != link)
			continue;
		struct bytes bytes = blob_bytes(rig->sent[i]->frame);
		fine(frame_kind_of(bytes, &kind, &err), &err);
		if (kind == FRAME_WELCOME) {
			fine(frame_welcome_decode(bytes, &welcome, &err), &err);
			*ret_version = welcome.version;
			take_chain(rig, believer, welcome.chain, welcome.chain_count);
			take_head(believer, welcome.head, welcome.proof);
		}
		if (kind == FRAME_HEAD) {
			heads++;
			fine(frame_head_decode(bytes, &frame, &err), &err);
			assert_int_equal(frame.from, believer->head.size);
			take_chain(rig, believer, frame.chain, frame.chain_count);
			take_head(believer, frame.head, frame.proof);
		}
	}
	return heads;
}

static uint64_t link_up_knowing(struct rig *rig, const char *party, int64_t known)
{
	struct job *up = job_new(JOB_LINK_UP, job_link(0, ++rig->links));
	uint64_t link = up->link;
	snprintf(up->party, sizeof(up->party), "%s", party);
	up->signer = signer_of(rig, party);
	up->number = known;
	give(rig, up);
	turn(rig);
	return link;
}

static void talk(struct rig *rig, uint64_t link, int count)
{
	for (int i = 0; i < count; i++) {
		struct said said;
		say(&said, &(struct saying){0});
		submit(rig, link, POLICE, &said);
		said_done(&said);
	}
}

static void welcome_goes_on_from_what_the_adapter_knows(void **state)
{
	struct rig *rig = *state;
	struct believer believer = {.any = false};
	int64_t version = 0;
	uint64_t police = link_up_knowing(rig, POLICE, 0);
	hear(rig, police, &believer, &version);
	assert_int_equal(version, 2);
	for (int round = 0; round < 4; round++) {
		talk(rig, police, 30);
		clock_turn(2 * SECOND);
		forget_sent(rig);
		police = link_up_knowing(rig, POLICE, (int64_t)believer.head.size);
		uint64_t before = believer.head.size;
		hear(rig, police, &believer, &version);
		assert_true(believer.head.size > before);
	}
	signer_unref(believer.hub);
}

static void heads_follow_growth_and_nothing_else_and_not_too_often(void **state)
{
	struct rig *rig = *state;
	struct believer believer = {.any = false};
	int64_t version = 0;
	uint64_t police = link_up_knowing(rig, POLICE, 0);
	turn(rig);
	hear(rig, police, &believer, &version);
	forget_sent(rig);
	talk(rig, police, 3);
	assert_int_equal(hear(rig, police, &believer, &version), 0); /* not so soon */
	clock_turn(HEADS_MS);
	turn(rig);
	assert_int_equal(hear(rig, police, &believer, &version), 1);
	assert_int_equal(believer.head.size, ledger_size(rig->ledger));
	forget_sent(rig);
	for (int i = 0; i < 3; i++) {
		clock_turn(HEADS_MS);
		turn(rig);
	}
	assert_int_equal(hear(rig, police, &believer, &version), 0); /* nothing has happened */
	talk(rig, police, 1);
	clock_turn(HEADS_MS);
	turn(rig);
	assert_int_equal(hear(rig, police, &believer, &version), 1);
	signer_unref(believer.hub);
}

static void an_adapter_of_version_one_hears_no_heads(void **state)
{
	struct rig *rig = *state;
	struct believer believer = {.any = false};
	int64_t version = 0;
	uint64_t police = link_up_knowing(rig, POLICE, -1);
	talk(rig, police, 3);
	clock_turn(HEADS_MS);
	turn(rig);
	assert_int_equal(hear(rig, police, &believer, &version), 0);
	assert_int_equal(version, 1);
	signer_unref(believer.hub);
}

static int said_behind;

static void listen(const char *line, size_t len, void *ctx)
{
	(void)ctx;
	said_behind += memmem(line, len, "history_behind", 14) != NULL;
}

static void a_hub_that_knows_less_than_its_agency_says_so_itself(void **state)
{
	struct rig *rig = *state;
	struct believer believer = {.any = false};
	int64_t version = 0;
	said_behind = 0;
	log_capture(listen, NULL);
	uint64_t police = link_up_knowing(rig, POLICE, 1000);
	log_capture(NULL, NULL);
	assert_int_equal(said_behind, 1);
	hear(rig, police, &believer, &version);
	assert_true(believer.head.size < 1000);
	signer_unref(believer.hub);
}

static void a_renewed_signing_certificate_signs_the_next_head_and_comes_along(void **state)
{
	struct rig *rig = *state;
	struct believer believer = {.any = false};
	int64_t version = 0;
	uint8_t before[HASH_LEN];
	uint64_t police = link_up_knowing(rig, POLICE, 0);
	hear(rig, police, &believer, &version);
	memcpy(before, believer.head.signer, HASH_LEN);
	forget_sent(rig);
	pki_fixture_issue_as(&rig->hub.pki, TRUST_SIGN_HUB, HUB, "hub-sign-2");
	hub_fixture_write(&rig->hub, &(struct hub_config){.agreements = rig_agreements, .limits = RIG_LIMITS,
	                                                  .signing = "certificate = \"hub-sign-2.pem\"; key = \"hub-sign-2.key\";"});
	struct job *job = job_new(JOB_SNAPSHOT, 0);
	job->snapshot = hub_fixture_load(&rig->hub, 2);
	give(rig, job);
	/* In the same group: WELCOME shows the new certificate, and so must its head. */
	struct believer board = {.any = false};
	uint64_t other = link_up_knowing(rig, BOARD, 0);
	hear(rig, other, &board, &version);
	assert_memory_not_equal(board.head.signer, before, HASH_LEN);
	clock_turn(HEADS_MS);
	turn(rig);
	assert_int_equal(hear(rig, police, &believer, &version), 1);
	assert_memory_equal(believer.head.signer, board.head.signer, HASH_LEN);
	signer_unref(believer.hub);
	signer_unref(board.hub);
}

static void a_restart_goes_on_from_the_same_past(void **state)
{
	struct rig *rig = *state;
	struct believer believer = {.any = false};
	int64_t version = 0;
	uint64_t police = link_up_knowing(rig, POLICE, 0);
	talk(rig, police, 40);
	clock_turn(HEADS_MS);
	turn(rig);
	hear(rig, police, &believer, &version);
	stop_router(rig);
	start_router(rig);
	police = link_up_knowing(rig, POLICE, (int64_t)believer.head.size);
	hear(rig, police, &believer, &version);
	signer_unref(believer.hub);
}

/* ---- links that are over ---- */

static void a_batch_of_a_link_that_was_superseded_is_void(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t first = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10), second = link_up(rig, POLICE, 10);
	int64_t entries = ledger_size(rig->ledger);
	forget_sent(rig);
	say(&said, &(struct saying){0});
	submit(rig, first, POLICE, &said);
	assert_int_equal(ledger_size(rig->ledger), entries);
	assert_int_equal(rig->sent_count, 0);
	submit(rig, second, POLICE, &said);
	struct frame_verdict verdict = verdict_on(rig, second, said.id.at);
	assert_int_equal(verdict.code, CODE_OK);
	assert_false(verdict.duplicate);
	assert_int_equal(deliveries_of(rig, board, said.id.at), 1);
	said_done(&said);
}

static void receipts_acknowledgements_and_credit_of_an_old_link_are_void(void **state)
{
	struct rig *rig = *state;
	struct said said, receipt;
	struct store_queue_state queue;
	struct err err;
	int64_t number = 0;
	uint64_t police = link_up(rig, POLICE, 10), first = link_up(rig, BOARD, 10);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	assert_int_equal(deliveries_of(rig, first, said.id.at), 1);
	uint64_t second = link_up(rig, BOARD, 0);
	forget_sent(rig);
	say_receipt(&receipt, BOARD, &said, false);
	submit(rig, first, BOARD, &receipt);
	give_credit(rig, first, 5);
	acknowledge(rig, first, said.id.at);
	assert_int_equal(deliveries_of(rig, second, NULL), 0); /* the new link has granted nothing yet */
	fine(store_begin(rig->store, &err), &err);
	fine(store_party(rig->store, BOARD, &number, &err), &err);
	fine(store_queue_state(rig->store, number, &queue, &err), &err);
	fine(store_commit(rig->store, &err), &err);
	assert_int_equal(queue.count, 1);
	give_credit(rig, second, 5);
	assert_int_equal(deliveries_of(rig, second, said.id.at), 1);
	submit(rig, second, BOARD, &receipt); /* and what was void is said again */
	assert_int_equal(verdict_on(rig, second, receipt.id.at).code, CODE_OK);
	said_done(&said);
	said_done(&receipt);
}

/* Through duplicates, another link, a restart, the end of the delivery, and a fault in between. */
static void the_entry_that_a_verdict_names_never_changes(void **state)
{
	struct rig *rig = *state;
	struct said said, receipt;
	struct ledger_entry entry;
	struct err err;
	bool found = false;
	uint64_t police = link_up(rig, POLICE, 10), board = link_up(rig, BOARD, 10);
	talk(rig, police, 2);
	say(&said, &(struct saying){0});
	submit(rig, police, POLICE, &said);
	int64_t number = verdict_on(rig, police, said.id.at).entry;
	for (int round = 0; round < 4; round++) {
		forget_sent(rig);
		if (round == 1)
			police = link_up(rig, POLICE, 10);
		if (round == 2) {
			say_receipt(&receipt, BOARD, &said, false);
			submit(rig, board, BOARD, &receipt);
			said_done(&receipt);
		}
		if (round == 3) {
			stop_router(rig);
			start_router(rig);
			police = link_up(rig, POLICE, 10);
		}
		talk(rig, police, 2);
		submit(rig, police, POLICE, &said);
		struct frame_verdict again = verdict_on(rig, police, said.id.at);
		assert_true(again.duplicate);
		assert_int_equal(again.entry, number);
	}
	struct buf hold;
	buf_init(&hold, 1 << 20);
	fine(store_ledger_get(rig->store, number, &hold, &found, &err), &err);
	fine(ledger_entry_decode(buf_bytes(&hold), &entry, &err), &err);
	assert_memory_equal(entry.id, said.id.at, UUID_LEN);
	assert_int_equal(entry.kind, LEDGER_ACCEPTED);
	buf_done(&hold);
	said_done(&said);
}

/* ---- links that never were ---- */

static void give_refusals(struct rig *rig, const char *json)
{
	struct job *job = job_new(JOB_REFUSED, 0);
	struct buf packed;
	buf_init(&packed, 1 << 20);
	said_json(json, &packed);
	job->frame = buf_take_blob(&packed);
	buf_done(&packed);
	give(rig, job);
	turn(rig);
}

static void refused_links_are_on_the_record(void **state)
{
	struct rig *rig = *state;
	struct ledger_entry entry;
	struct buf hold;
	struct bytes value;
	struct err err;
	bool found = false;
	int64_t number = ledger_size(rig->ledger), count = 0;
	give_refusals(rig, "[['10.0.0.7','ct.hartford.police','revoked','was revoked on Monday',5,1000,2000],['10.0.0.8','','tls','no certificate',1,1000,1000]]");
	assert_int_equal(ledger_size(rig->ledger), number + 2);
	buf_init(&hold, 4096);
	fine(store_ledger_get(rig->store, number, &hold, &found, &err), &err);
	fine(ledger_entry_decode(buf_bytes(&hold), &entry, &err), &err);
	assert_int_equal(entry.kind, LEDGER_LINK_REFUSED);
	assert_true(bytes_is(entry.party, POLICE));
	assert_true(pack_find(entry.detail, "count", &value) && pack_as_int(value, &count));
	assert_int_equal(count, 5);
	buf_done(&hold);
}

/* A gateway that was taken over could say anything; it cannot fill the ledger. */
static void whatever_a_gateway_says_of_them_the_ledger_takes_so_many_a_minute(void **state)
{
	struct rig *rig = *state;
	static const char *const nonsense[] = {"[]", "{}", "'x'", "[[1]]", "[['10.0.0.7','CT','tls','',1,1,1]]", "[['a','ct','fine','',1,1,1]]",
	                                       "[['a','ct','tls','',0,1,1]]"};
	int64_t number = ledger_size(rig->ledger);
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(*nonsense); i++)
		give_refusals(rig, nonsense[i]);
	assert_int_equal(ledger_size(rig->ledger), number);
	for (int i = 0; i < 300; i++)
		give_refusals(rig, "[['10.0.0.7','','tls','',1,1,1]]");
	assert_int_equal(ledger_size(rig->ledger), number + 128);
	clock_turn(60 * SECOND);
	give_refusals(rig, "[['10.0.0.7','','tls','',1,1,1]]");
	assert_int_equal(ledger_size(rig->ledger), number + 129);
}

int main(void)
{
#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		SCENARIO(welcome_goes_on_from_what_the_adapter_knows),
		SCENARIO(heads_follow_growth_and_nothing_else_and_not_too_often),
		SCENARIO(an_adapter_of_version_one_hears_no_heads),
		SCENARIO(a_hub_that_knows_less_than_its_agency_says_so_itself),
		SCENARIO(a_renewed_signing_certificate_signs_the_next_head_and_comes_along),
		SCENARIO(a_restart_goes_on_from_the_same_past),
		SCENARIO(a_batch_of_a_link_that_was_superseded_is_void),
		SCENARIO(receipts_acknowledgements_and_credit_of_an_old_link_are_void),
		SCENARIO(the_entry_that_a_verdict_names_never_changes),
		SCENARIO(refused_links_are_on_the_record),
		SCENARIO(whatever_a_gateway_says_of_them_the_ledger_takes_so_many_a_minute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Disclosure by part: clearances, consents that end while a message is queued, and erasure. The router is the real one; what the hub's rules keep is
 * written into its store between two groups. */
#include "scenario/rig.h"

#include "broker/consent/consent.h"
#include "broker/route/erase.h"

#define CLINIC "org.bridgeport.recovery"
#define CONSENT "C-2026-0117"

enum { PARTS = 3, CLINICAL = 2, VICTIM = 4 }; /* bits */

static const char agreements[] =
	"{ name = \"reports\"; from = [ \"" CLINIC "\" ]; types = [ \"admin.message/1\" ]; to = [ \"" OFFICE "\", \"" BOARD "\" ];"
	"  classes = [ \"CJ\", \"P2\" ]; route = true; },\n"
	"{ name = \"victims\"; from = [ \"" CLINIC "\" ]; types = [ \"admin.message/1\" ]; to = [ \"" POLICE "\" ];"
	"  classes = [ \"CJ\", \"VIC\" ]; route = true; },\n"
	"{ name = \"consents\"; from = [ \"" CLINIC "\" ]; types = [ \"consent.*\" ]; to = [ \"" OFFICE "\" ]; route = true; }\n";

static const char parties[] = HUB_PARTIES ", { party = \"" CLINIC "\"; roles = [ \"community\" ]; }\n";

static int set_up_disclosure(void **state)
{
	struct rig *rig = mem_alloc(sizeof(*rig));
	struct err err;
	static const char *const names[] = {POLICE, BOARD, OFFICE, CLINIC};
	hub_fixture_make(&rig->hub);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		pki_fixture_party(&rig->hub.pki, names[i]);
	hub_fixture_write(&rig->hub, &(struct hub_config){.agreements = agreements, .parties = parties, .limits = RIG_LIMITS});
	rig->hub.snapshot = hub_fixture_load(&rig->hub, 1);
	rig->trust = pki_fixture_trust(&rig->hub.pki);
	clock_freeze(clock_wall_ms());
	fine(store_memory_open(&rig->store, &err), &err);
	start_router(rig);
	*state = rig;
	return 0;
}

static void day_text(int64_t at, char into[static CLOCK_TEXT_MAX])
{
	clock_text(at, into);
	into[10] = 0;
}

/* Grants for OFFICE alone, from yesterday; days: until how many days from now. */
static void give_consent(struct rig *rig, int64_t days)
{
	char json[600], from[CLOCK_TEXT_MAX], until[CLOCK_TEXT_MAX];
	struct buf main;
	struct err err;
	int64_t now = clock_wall_ms();
	day_text(now - PKI_FIXTURE_DAY_MS, from);
	day_text(now + days * PKI_FIXTURE_DAY_MS, until);
	snprintf(json, sizeof(json),
	         "{'consent_id':'" CONSENT "','disclosers':['" CLINIC "'],'recipients':['" OFFICE "'],'effective':'%s','expires_on':'%s'}", from, until);
	buf_init(&main, 4096);
	said_json(json, &main);
	fine(store_begin(rig->store, &err), &err);
	fine(consent_grant(rig->store, CLINIC, now, buf_bytes(&main), &err), &err);
	fine(store_commit(rig->store, &err), &err);
	buf_done(&main);
}

static void end_consent(struct rig *rig)
{
	struct buf main;
	struct err err;
	buf_init(&main, 4096);
	said_json("{'consent_id':'" CONSENT "'}", &main);
	fine(store_begin(rig->store, &err), &err);
	fine(consent_revoke(rig->store, CLINIC, clock_wall_ms(), buf_bytes(&main), NULL, &err), &err);
	fine(store_commit(rig->store, &err), &err);
	buf_done(&main);
}

/* main CJ, clinical P2, victim VIC. consent NULL: none is named. */
static void say_report(struct said *said, const char *consent)
{
	struct message message = {.priority = 5};
	struct part parts[PARTS];
	struct hash hashes[PARTS];
	uint8_t salts[PARTS][MESSAGE_SALT_LEN];
	size_t count = 0;
	struct buf body, subject;
	struct err err;
	buf_init(&body, 4096);
	buf_init(&subject, 4096);
	buf_init(&said->header, SAID_MAX);
	buf_init(&said->parts, SAID_MAX);
	said_json("{'text':'Attended all sessions.'}", &body);
	said_json("{'doc_number':'00312845'}", &subject);
	said->id = uuid_new();
	message.id = said->id.at;
	message.type = BYTES_LIT("admin.message/1");
	message.from = BYTES_LIT(CLINIC);
	message.issued = clock_wall_ms();
	message.consent = bytes_text(consent);
	message.subject = buf_bytes(&subject);
	said_add_part(&message, parts, &count, hashes, salts, "main", "CJ", buf_bytes(&body));
	said_add_part(&message, parts, &count, hashes, salts, "clinical", "P2", BYTES_LIT("\xc4\x03\x30\x01\x00"));
	said_add_part(&message, parts, &count, hashes, salts, "victim", "VIC", buf_bytes(&body));
	fine(message_encode(&message, &said->header, &err), &err);
	part_encode_all(parts, count, &said->parts);
	buf_done(&body);
	buf_done(&subject);
}

/* The parts of the last delivery of a message to a link, as bits; -1: none. Whatever came along, the header is the one that was signed and the path leads to
 * the statement. */
static int delivered_parts(struct rig *rig, uint64_t link, const struct said *said)
{
	struct frame_deliver deliver;
	struct envelope envelope;
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	struct bytes bytes;
	struct err err;
	enum frame_kind kind;
	size_t count = 0;
	int found = -1;
	for (size_t i = 0; i < rig->sent_count; i++) {
		struct job *job = rig->sent[i];
		if (job->kind != JOB_SEND || job->link != link || FAILED(frame_kind_of(blob_bytes(job->frame), &kind, &err)) || kind != FRAME_DELIVER)
			continue;
		fine(frame_deliver_decode(blob_bytes(job->frame), &deliver, &err), &err);
		while (frame_deliver_next(&deliver, &bytes)) {
			struct proof_statement statement;
			struct hash root;
			fine(envelope_decode(bytes, &envelope, &err), &err);
			fine(message_decode(envelope.header, &message, &err), &err);
			if (memcmp(message.id, said->id.at, UUID_LEN) != 0)
				continue;
			struct hash leaf = merkle_leaf(envelope.header);
			assert_true(bytes_equal(envelope.header, buf_bytes(&said->header)));
			fine(proof_statement_decode(envelope.statement, &statement, &err), &err);
			assert_true(merkle_root_from_path(&leaf, (uint64_t)envelope.index, statement.count, envelope.path.at, envelope.path.len / HASH_LEN, &root));
			assert_true(hash_equal(&root, statement.root.at));
			fine(part_decode_all(envelope.parts, parts, &count, &err), &err);
			found = 0;
			for (size_t p = 0; p < message.parts_count; p++) {
				const struct part *part = part_find(parts, count, message.parts[p].name);
				if (!part)
					continue;
				struct hash hash = hash_of_two(bytes_of(part->salt, MESSAGE_SALT_LEN), part->bytes);
				assert_true(hash_equal(&hash, message.parts[p].hash));
				found |= 1 << p;
			}
		}
	}
	return found;
}

/* The number of entries of a kind about a message; the last one's detail is copied into `detail`. */
static size_t entries_of(struct rig *rig, enum ledger_kind kind, const uint8_t *id, struct buf *detail)
{
	size_t count = 0;
	struct buf hold;
	struct err err;
	buf_init(&hold, 1 << 20);
	for (int64_t i = 0; i < ledger_size(rig->ledger); i++) {
		struct ledger_entry entry;
		bool found = false;
		fine(store_ledger_get(rig->store, i, &hold, &found, &err), &err);
		fine(ledger_entry_decode(buf_bytes(&hold), &entry, &err), &err);
		if (!found || entry.kind != kind || !entry.id || memcmp(entry.id, id, UUID_LEN) != 0)
			continue;
		count++;
		buf_clear(detail);
		buf_add(detail, entry.detail);
	}
	buf_done(&hold);
	return count;
}

static void expect_text(const struct buf *detail, const char *pointer, const char *expected)
{
	struct bytes value, text;
	if (!pack_pointer(buf_bytes(detail), pointer, &value) || !pack_as_text(value, &text) || !bytes_is(text, expected))
		fail_msg("%s is not %s", pointer, expected);
}

static void each_recipient_gets_the_parts_that_it_is_cleared_for(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct buf detail;
	uint64_t clinic = link_up(rig, CLINIC, 10), office = link_up(rig, OFFICE, 10), board = link_up(rig, BOARD, 10), police = link_up(rig, POLICE, 10);
	buf_init(&detail, 1 << 16);
	give_consent(rig, 30);
	say_report(&said, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	assert_int_equal(verdict_on(rig, clinic, said.id.at).code, CODE_OK);
	assert_int_equal(delivered_parts(rig, office, &said), 1 | CLINICAL);
	assert_int_equal(delivered_parts(rig, board, &said), 1); /* cleared for the class, and not named by the consent */
	assert_int_equal(delivered_parts(rig, police, &said), 1 | VICTIM);
	assert_int_equal(entries_of(rig, LEDGER_ACCEPTED, said.id.at, &detail), 1);
	struct bytes list;
	struct err err;
	assert_true(pack_find(buf_bytes(&detail), "withheld", &list));
	struct pack_in in = pack_in(list, &err);
	assert_int_equal(pack_array(&in, "withheld"), 4); /* office: victim; board: clinical, victim; police: clinical */
	buf_done(&detail);
	said_done(&said);
}

static void a_consent_that_is_revoked_stops_what_is_queued(void **state)
{
	struct rig *rig = *state;
	struct said said, receipt;
	struct buf detail;
	uint64_t clinic = link_up(rig, CLINIC, 10);
	buf_init(&detail, 1 << 16);
	give_consent(rig, 30);
	say_report(&said, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	assert_int_equal(verdict_on(rig, clinic, said.id.at).code, CODE_OK);
	end_consent(rig);
	forget_sent(rig);
	uint64_t office = link_up(rig, OFFICE, 10);
	turn(rig);
	assert_int_equal(delivered_parts(rig, office, &said), 1);
	assert_int_equal(entries_of(rig, LEDGER_WITHHELD, said.id.at, &detail), 1);
	expect_text(&detail, "/recipient", OFFICE);
	expect_text(&detail, "/parts/0", "clinical");
	expect_text(&detail, "/code", "consent");
	expect_text(&detail, "/reason", "the consent has been revoked");
	say_receipt(&receipt, OFFICE, &said, false);
	submit(rig, office, OFFICE, &receipt);
	assert_int_equal(verdict_on(rig, office, receipt.id.at).code, CODE_OK);
	said_done(&receipt);
	buf_done(&detail);
	said_done(&said);
}

static void a_consent_that_expires_meanwhile_counts_as_well(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct buf detail;
	uint64_t clinic = link_up(rig, CLINIC, 10);
	buf_init(&detail, 1 << 16);
	give_consent(rig, 2);
	say_report(&said, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	clock_turn(4 * PKI_FIXTURE_DAY_MS);
	forget_sent(rig);
	uint64_t office = link_up(rig, OFFICE, 10);
	turn(rig);
	assert_int_equal(delivered_parts(rig, office, &said), 1);
	assert_int_equal(entries_of(rig, LEDGER_WITHHELD, said.id.at, &detail), 1);
	expect_text(&detail, "/reason", "the consent has expired");
	buf_done(&detail);
	said_done(&said);
}

static void a_day_of_a_consent_ends_at_midnight_where_the_hub_is(void **state)
{
	struct rig *rig = *state;
	struct said said;
	int64_t late = clock_wall_ms() / PKI_FIXTURE_DAY_MS * PKI_FIXTURE_DAY_MS + PKI_FIXTURE_DAY_MS + 3 * 3600 * SECOND; /* late evening of the day before */
	uint64_t clinic = link_up(rig, CLINIC, 10);
	clock_turn(late - clock_wall_ms());
	give_consent(rig, -1);
	say_report(&said, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	assert_int_equal(verdict_on(rig, clinic, said.id.at).code, CODE_OK);
	said_done(&said);
	clock_turn(3 * 3600 * SECOND);
	say_report(&said, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	assert_int_equal(verdict_on(rig, clinic, said.id.at).code, CODE_CONSENT);
	said_done(&said);
}

/* Grants and revokes as the clinic does it. */
static void say_consent(struct rig *rig, uint64_t clinic, const char *kind, const char *body)
{
	struct said said;
	say(&said, &(struct saying){.from = CLINIC, .type = kind, .subject = "{'consent_id':'" CONSENT "'}", .body = body});
	submit(rig, clinic, CLINIC, &said);
	struct frame_verdict verdict = verdict_on(rig, clinic, said.id.at);
	if (verdict.code != CODE_OK)
		fail_msg("%s: %.*s", kind, (int)verdict.reason.len, (const char *)verdict.reason.at);
	said_done(&said);
}

static void a_revocation_that_is_sent_stops_what_waits_also_after_a_restart(void **state)
{
	struct rig *rig = *state;
	struct said said;
	char body[300], day[CLOCK_TEXT_MAX];
	uint64_t clinic = link_up(rig, CLINIC, 10);
	day_text(clock_wall_ms() - 2 * PKI_FIXTURE_DAY_MS, day);
	snprintf(body, sizeof(body), "{'consent_id':'" CONSENT "','disclosers':['" CLINIC "'],'recipients':['" OFFICE "'],'effective':'%s'}", day);
	say_consent(rig, clinic, "consent.grant/1", body);
	say_report(&said, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	clock_turn(SECOND);
	say_consent(rig, clinic, "consent.revoke/1", "{'consent_id':'" CONSENT "'}");
	stop_router(rig);
	start_router(rig);
	uint64_t office = link_up(rig, OFFICE, 10);
	turn(rig);
	assert_int_equal(delivered_parts(rig, office, &said), 1);
	said_done(&said);
}

static void a_delivery_that_is_made_again_is_judged_again(void **state)
{
	struct rig *rig = *state;
	struct said said;
	uint64_t clinic = link_up(rig, CLINIC, 10), office = link_up(rig, OFFICE, 10);
	give_consent(rig, 30);
	say_report(&said, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	assert_int_equal(delivered_parts(rig, office, &said), 1 | CLINICAL);
	forget_sent(rig);
	end_consent(rig);
	link_down(rig, office, CODE_CLOSED);
	office = link_up(rig, OFFICE, 10);
	turn(rig);
	assert_int_equal(delivered_parts(rig, office, &said), 1);
	said_done(&said);
}

static void what_waits_for_the_record_keeps_its_place(void **state)
{
	struct rig *rig = *state;
	struct said said[3];
	uint64_t clinic = link_up(rig, CLINIC, 10);
	give_consent(rig, 30);
	for (size_t i = 0; i < 3; i++) {
		say_report(&said[i], CONSENT);
		submit(rig, clinic, CLINIC, &said[i]);
	}
	end_consent(rig);
	forget_sent(rig);
	uint64_t office = link_up(rig, OFFICE, 10);
	for (size_t i = 0; i < 3; i++)
		turn(rig);
	struct ids ids = delivered_to(rig, office);
	assert_int_equal(ids.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_memory_equal(ids.at[i], said[i].id.at, UUID_LEN);
		assert_int_equal(delivered_parts(rig, office, &said[i]), 1);
		said_done(&said[i]);
	}
}

static void a_dead_letter_that_is_queued_again_says_no_more_than_before(void **state)
{
	struct rig *rig = *state;
	struct said said;
	char question[300], id[UUID_TEXT_MAX];
	uint64_t clinic = link_up(rig, CLINIC, 10), police = link_up(rig, POLICE, 10), office = link_up(rig, OFFICE, 10);
	give_consent(rig, 30);
	say_report(&said, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	for (int i = 0; i < ATTEMPTS; i++) {
		clock_turn(REDELIVER_MS);
		turn(rig);
	}
	forget_sent(rig);
	end_consent(rig);
	static const char *const parties_of[] = {POLICE, OFFICE};
	for (size_t i = 0; i < 2; i++) {
		snprintf(question, sizeof(question), "{'op':'dead_requeue','party':'%s','id':'%s'}", parties_of[i], uuid_text(said.id.at, id));
		struct job *answer = ask(rig, question);
		assert_int_equal(number_at(answer, "/requeued"), 1);
		job_free(answer);
	}
	turn(rig);
	turn(rig);
	assert_int_equal(delivered_parts(rig, police, &said), 1 | VICTIM);
	assert_int_equal(delivered_parts(rig, office, &said), 1);
	said_done(&said);
}

static void without_a_consent_that_holds_the_message_is_refused(void **state)
{
	static const char *const consents[] = {NULL, "C-unheard-of", CONSENT};
	struct rig *rig = *state;
	uint64_t clinic = link_up(rig, CLINIC, 10);
	give_consent(rig, 30);
	end_consent(rig);
	for (size_t i = 0; i < 3; i++) {
		struct said said;
		say_report(&said, consents[i]);
		submit(rig, clinic, CLINIC, &said);
		struct frame_verdict verdict = verdict_on(rig, clinic, said.id.at);
		assert_int_equal(verdict.code, CODE_CONSENT);
		assert_true(bytes_is(verdict.field, "/consent"));
		said_done(&said);
	}
}

/* ── erasure ── */

/* The router's state; its struct begins with it. */
static struct core *core_of(struct rig *rig)
{
	return (struct core *)(void *)rig->router;
}

/* An order as if it had just been accepted as the newest message. json: ' for ". */
static void order_erasure(struct rig *rig, const char *json)
{
	struct uuid id = uuid_new();
	const struct message order = {.id = id.at, .from = BYTES_LIT(BOARD), .type = BYTES_LIT("record.erase/1")};
	struct buf main;
	struct err err;
	int64_t last = 0;
	buf_init(&main, 4096);
	said_json(json, &main);
	fine(store_last_seq(rig->store, &last, &err), &err);
	fine(erase_begin(core_of(rig), &order, last + 1, buf_bytes(&main), &err), &err);
	turn(rig);
	turn(rig);
	buf_done(&main);
}

static size_t stored_parts(struct rig *rig, const struct said *said)
{
	struct store_message stored;
	struct envelope envelope;
	struct part parts[MESSAGE_PARTS_MAX];
	struct buf hold;
	struct err err;
	bool found = false;
	size_t count = 0;
	buf_init(&hold, 1 << 20);
	fine(store_find(rig->store, said->id.at, &hold, &found, &stored, &err), &err);
	assert_true(found);
	fine(envelope_decode(stored.envelope, &envelope, &err), &err);
	assert_true(bytes_equal(envelope.header, buf_bytes(&said->header)));
	fine(part_decode_all(envelope.parts, parts, &count, &err), &err);
	buf_done(&hold);
	return count;
}

static void expect_ledger_verifies(struct rig *rig, int64_t erased)
{
	struct ledger_report report;
	struct store *reader = NULL;
	struct err err;
	fine(store_reader(rig->store, &reader, &err), &err);
	fine(ledger_verify(reader, NULL, &report, &err), &err);
	assert_int_equal(report.erased, erased);
	store_close(reader);
}

static void an_order_destroys_the_parts_and_takes_out_what_is_queued(void **state)
{
	struct rig *rig = *state;
	struct said said, other;
	struct buf detail;
	struct message notice;
	struct bytes main;
	char order[200], id[UUID_TEXT_MAX];
	uint64_t clinic = link_up(rig, CLINIC, 20);
	buf_init(&detail, 1 << 16);
	give_consent(rig, 30);
	say_report(&said, CONSENT);
	say_report(&other, CONSENT);
	submit(rig, clinic, CLINIC, &said);
	submit(rig, clinic, CLINIC, &other);
	forget_sent(rig);
	snprintf(order, sizeof(order), "{'messages':['%s']}", uuid_text(said.id.at, id));
	order_erasure(rig, order);
	assert_int_equal(stored_parts(rig, &said), 0);
	assert_int_equal(stored_parts(rig, &other), PARTS);
	assert_int_equal(entries_of(rig, LEDGER_ERASED, said.id.at, &detail), 1);
	assert_int_equal(entries_of(rig, LEDGER_DISCARDED, said.id.at, &detail), 3);
	assert_true(find_delivery(rig, clinic, NOTICE_TYPE, &notice, &main));
	forget_sent(rig);
	uint64_t office = link_up(rig, OFFICE, 10);
	assert_int_equal(deliveries_of(rig, office, said.id.at), 0);
	assert_int_equal(deliveries_of(rig, office, other.id.at), 1);
	expect_ledger_verifies(rig, 1);
	order_erasure(rig, order); /* again: there is nothing left to do */
	assert_int_equal(entries_of(rig, LEDGER_ERASED, said.id.at, &detail), 1);
	buf_done(&detail);
	said_done(&said);
	said_done(&other);
}

static void an_order_finds_what_is_about_a_person_also_after_a_restart(void **state)
{
	struct rig *rig = *state;
	struct said said[3], plain;
	struct uuid order_id = uuid_new();
	const struct message order = {.id = order_id.at, .from = BYTES_LIT(BOARD)};
	struct buf main;
	struct err err;
	int64_t last = 0;
	uint64_t clinic = link_up(rig, CLINIC, 20);
	give_consent(rig, 30);
	for (size_t i = 0; i < 3; i++) {
		say_report(&said[i], CONSENT);
		submit(rig, clinic, CLINIC, &said[i]);
	}
	say(&plain, &(struct saying){.from = CLINIC});
	submit(rig, clinic, CLINIC, &plain);
	buf_init(&main, 4096);
	said_json("{'ids':{'doc_number':'00312845'}}", &main);
	fine(store_last_seq(rig->store, &last, &err), &err);
	fine(store_begin(rig->store, &err), &err);
	core_of(rig)->in_transaction = true;
	fine(erase_begin(core_of(rig), &order, last + 1, buf_bytes(&main), &err), &err);
	fine(ledger_seal(rig->ledger, &err), &err);
	fine(store_commit(rig->store, &err), &err);
	ledger_committed(rig->ledger);
	core_of(rig)->in_transaction = false;
	stop_router(rig); /* before a turn that would look for anything */
	start_router(rig);
	turn(rig);
	turn(rig);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(stored_parts(rig, &said[i]), 0);
		said_done(&said[i]);
	}
	assert_int_equal(stored_parts(rig, &plain), 1);
	expect_ledger_verifies(rig, 3);
	buf_done(&main);
	said_done(&plain);
}

static void parts_that_are_missing_without_an_order_are_noticed(void **state)
{
	struct rig *rig = *state;
	struct said said;
	struct ledger_report report;
	struct store *reader = NULL;
	struct store_message stored;
	struct envelope envelope;
	struct buf hold, emptied;
	struct err err;
	bool found = false;
	uint64_t clinic = link_up(rig, CLINIC, 10);
	say(&said, &(struct saying){.from = CLINIC});
	submit(rig, clinic, CLINIC, &said);
	buf_init(&hold, 1 << 20);
	buf_init(&emptied, 1 << 20);
	fine(store_find(rig->store, said.id.at, &hold, &found, &stored, &err), &err);
	fine(envelope_decode(stored.envelope, &envelope, &err), &err);
	envelope.parts = BYTES_LIT("\x90");
	envelope_encode(&envelope, &emptied);
	fine(store_begin(rig->store, &err), &err);
	fine(store_replace(rig->store, stored.seq, buf_bytes(&emptied), &err), &err);
	fine(store_commit(rig->store, &err), &err);
	fine(store_reader(rig->store, &reader, &err), &err);
	assert_int_equal(ledger_verify(reader, NULL, &report, &err).code, CODE_CORRUPT);
	assert_non_null(strstr(err.reason, "erased"));
	store_close(reader);
	buf_done(&hold);
	buf_done(&emptied);
	said_done(&said);
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up_disclosure, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(each_recipient_gets_the_parts_that_it_is_cleared_for),
		SCENARIO(a_consent_that_is_revoked_stops_what_is_queued),
		SCENARIO(a_consent_that_expires_meanwhile_counts_as_well),
		SCENARIO(a_day_of_a_consent_ends_at_midnight_where_the_hub_is),
		SCENARIO(a_revocation_that_is_sent_stops_what_waits_also_after_a_restart),
		SCENARIO(a_delivery_that_is_made_again_is_judged_again),
		SCENARIO(what_waits_for_the_record_keeps_its_place),
		SCENARIO(a_dead_letter_that_is_queued_again_says_no_more_than_before),
		SCENARIO(without_a_consent_that_holds_the_message_is_refused),
		SCENARIO(an_order_destroys_the_parts_and_takes_out_what_is_queued),
		SCENARIO(an_order_finds_what_is_about_a_person_also_after_a_restart),
		SCENARIO(parts_that_are_missing_without_an_order_are_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The rig with the agencies that the rules of the field are about, all of them connected, and short ways to say what they say. */
#ifndef TESTS_SCENARIO_RULES_RIG_H
#define TESTS_SCENARIO_RULES_RIG_H

#include "scenario/rig.h"

#define JAIL "ct.doc.facility.osborn"
#define TOWN "ct.newhaven.police"
#define CHIEF "ct.doc.parole.chief"
#define CONTROL "ct.dps.collect"

#define MINUTE (INT64_C(60) * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

/* Nobody gives receipts here, and nothing becomes a dead letter. */
#define RULES_LIMITS "attempts = 1000; redeliver_ms = \"1 d\";"

static const char rules_parties[] =
	"{ party = \"" POLICE "\"; roles = [ \"police\" ]; attributes = { supervisor = \"" CHIEF "\"; }; },\n"
	"{ party = \"" TOWN "\"; roles = [ \"police\" ]; },\n"
	"{ party = \"" BOARD "\"; roles = [ \"parole_board\" ]; },\n"
	"{ party = \"" OFFICE "\"; roles = [ \"parole_office\" ]; attributes = { supervisor = \"" CHIEF "\"; }; },\n"
	"{ party = \"" JAIL "\"; roles = [ \"facility\" ]; },\n"
	"{ party = \"" CHIEF "\"; roles = [ \"supervisor\" ]; },\n"
	"{ party = \"" CONTROL "\"; roles = [ \"control_terminal\" ]; }\n";

static const char rules_agreements[] =
	"{ name = \"rules\"; from = [ \"*\" ]; types = [ \"warrant.*\", \"release.*\", \"custody.*\", \"identity.*\", \"interlock.*\", \"record.*\","
	" \"remand.*\", \"board.*\", \"subscription.*\", \"consent.*\" ]; to = [ \"" OFFICE "\", \"" JAIL "\", \"" BOARD "\" ];"
	" classes = [ \"CJ\", \"CJI\" ]; route = true; },\n"
	"{ name = \"hits\"; from = [ \"" POLICE "\", \"" TOWN "\", \"" JAIL "\" ]; types = [ \"hit.*\" ]; to = [ \"" OFFICE "\" ];"
	" classes = [ \"CJ\", \"CJI\" ]; route = true; },\n"
	"{ name = \"answers\"; from = [ \"*\" ]; types = [ \"hit.confirm_response/1\", \"query.result/1\" ]; to = [ \"originator\" ];"
	" classes = [ \"CJ\", \"CJI\" ]; route = true; },\n"
	"{ name = \"queries\"; from = [ \"*\" ]; types = [ \"query.wanted/1\" ]; to = [ \"" OFFICE "\", \"" TOWN "\", \"" JAIL "\" ];"
	" classes = [ \"CJ\", \"CJI\" ]; route = true; },\n"
	"{ name = \"subscribed\"; from = [ \"*\" ]; types = [ \"arrest.*\", \"contact.*\", \"release.notification/1\" ]; to = [ \"subscriber\" ];"
	" classes = [ \"CJ\", \"CJI\" ]; route = true; }\n";

static const char *const rules_names[] = {POLICE, TOWN, BOARD, OFFICE, JAIL, CHIEF, CONTROL, NULL};

enum { RULES_PARTIES = 7 };
/* Their links, in the order of rules_names. One program runs one scenario at a time. */
static uint64_t rules_links[RULES_PARTIES];

static inline uint64_t link_of(const char *party)
{
	for (size_t i = 0; rules_names[i]; i++)
		if (!strcmp(rules_names[i], party))
			return rules_links[i];
	fail_msg("%s is nobody here", party);
	return 0;
}

static inline void connect_everybody(struct rig *rig)
{
	for (size_t i = 0; rules_names[i]; i++)
		rules_links[i] = link_up(rig, rules_names[i], 1000);
}

static inline void restart(struct rig *rig)
{
	stop_router(rig);
	start_router(rig);
	connect_everybody(rig);
	turn(rig);
	forget_sent(rig);
}

/* The Monday after `at`, noon in Connecticut: a year without summer time is enough here. */
static inline int64_t monday_after(int64_t at)
{
	int64_t day = at / DAY + 1;
	while ((day + 3) % 7 != 0) /* the epoch began on a Thursday */
		day++;
	return day * DAY + 17 * HOUR;
}

static inline void day_of(int64_t at, char into[static CLOCK_TEXT_MAX])
{
	clock_text(at, into);
	into[10] = 0;
}

/* The clock stands on a Monday at noon; the Wednesday of the week after is a holiday. */
static inline int set_up_rules(void **state)
{
	char holiday[CLOCK_TEXT_MAX], head[200];
	int64_t monday = monday_after(clock_wall_ms());
	day_of(monday + 9 * DAY, holiday);
	snprintf(head, sizeof(head), "calendar = { timezone = \"EST5\"; holidays = [ \"%s\" ]; };\n", holiday);
	const struct hub_config config = {.agreements = rules_agreements, .parties = rules_parties, .limits = RULES_LIMITS, .head = head};
	int failed = rig_set_up_as(state, &config, rules_names);
	clock_turn(monday - clock_wall_ms());
	connect_everybody(*state);
	forget_sent(*state);
	return failed;
}

/* What became of something that was said. */
struct told {
	struct uuid id;
	enum code code;
	char field[ERR_FIELD_MAX], reason[ERR_REASON_MAX];
};

static inline struct told tell_saying(struct rig *rig, const struct saying *saying)
{
	struct told told;
	struct said said;
	said_make(&said, saying);
	submit(rig, link_of(saying->from), saying->from, &said);
	struct frame_verdict verdict = verdict_on(rig, link_of(saying->from), said.id.at);
	told.id = said.id;
	told.code = verdict.code;
	snprintf(told.field, sizeof(told.field), "%.*s", (int)verdict.field.len, verdict.field.len ? (const char *)verdict.field.at : "");
	snprintf(told.reason, sizeof(told.reason), "%.*s", (int)verdict.reason.len, verdict.reason.len ? (const char *)verdict.reason.at : "");
	said_done(&said);
	return told;
}

#define tell(rig, party, kind, ...) tell_saying((rig), &(struct saying){.from = (party), .type = (kind), __VA_ARGS__})

static inline void accepted(const struct told *told)
{
	if (told->code != CODE_OK)
		fail_msg("%s at %s: %s", code_text(told->code), told->field, told->reason);
}

#define tells(rig, party, kind, ...)                                              \
	do {                                                                      \
		struct told told_ = tell((rig), (party), (kind), __VA_ARGS__);    \
		accepted(&told_);                                                 \
	} while (0)

static inline void wait_for(struct rig *rig, int64_t by_ms)
{
	clock_turn(by_ms);
	for (int again = 0; again < 3; again++)
		turn(rig);
}

static inline bool is_new(struct ids *seen, const uint8_t *id)
{
	for (size_t i = 0; i < seen->count; i++)
		if (!memcmp(seen->at[i], id, UUID_LEN))
			return false;
	assert_true(seen->count < IDS_MAX);
	memcpy(seen->at[seen->count++], id, UUID_LEN);
	return true;
}

/* How many messages of a type whose main part has this text at a pointer (NULL: any) a party was handed since forget_sent. */
static inline size_t heard(struct rig *rig, const char *party, const char *type, const char *pointer, const char *text)
{
	struct part parts[MESSAGE_PARTS_MAX];
	struct frame_deliver deliver;
	struct envelope envelope;
	struct message message;
	struct ids seen = {.count = 0};
	struct bytes bytes, value, is;
	struct err err;
	enum frame_kind kind;
	size_t count = 0, parts_count = 0;
	for (size_t i = 0; i < rig->sent_count; i++) {
		struct job *job = rig->sent[i];
		if (job->kind != JOB_SEND || job->link != link_of(party) || FAILED(frame_kind_of(blob_bytes(job->frame), &kind, &err)) ||
		    kind != FRAME_DELIVER)
			continue;
		fine(frame_deliver_decode(blob_bytes(job->frame), &deliver, &err), &err);
		while (frame_deliver_next(&deliver, &bytes)) {
			fine(envelope_decode(bytes, &envelope, &err), &err);
			fine(message_decode(envelope.header, &message, &err), &err);
			if (!bytes_is(message.type, type))
				continue;
			fine(part_decode_all(envelope.parts, parts, &parts_count, &err), &err);
			if (!pointer || (pack_pointer(parts[0].bytes, pointer, &value) && pack_as_text(value, &is) && bytes_is(is, text)))
				count += is_new(&seen, message.id);
		}
	}
	return count;
}

/* Everything that a party was handed since forget_sent is received there. */
static inline void settle(struct rig *rig, const char *party)
{
	struct frame_deliver deliver;
	struct envelope envelope;
	struct message message;
	struct bytes bytes;
	struct err err;
	enum frame_kind kind;
	for (size_t i = 0, count = rig->sent_count; i < count; i++) {
		struct job *job = rig->sent[i];
		if (job->kind != JOB_SEND || job->link != link_of(party) || FAILED(frame_kind_of(blob_bytes(job->frame), &kind, &err)) ||
		    kind != FRAME_DELIVER)
			continue;
		fine(frame_deliver_decode(blob_bytes(job->frame), &deliver, &err), &err);
		while (frame_deliver_next(&deliver, &bytes)) {
			struct said of, receipt;
			fine(envelope_decode(bytes, &envelope, &err), &err);
			fine(message_decode(envelope.header, &message, &err), &err);
			if (bytes_is(message.type, RECEIPT_TYPE) || bytes_is(message.type, NOTICE_TYPE)) {
				acknowledge(rig, link_of(party), message.id);
				continue;
			}
			memcpy(of.id.at, message.id, UUID_LEN);
			buf_init(&of.header, SAID_MAX);
			buf_add(&of.header, envelope.header);
			say_receipt(&receipt, party, &of, false);
			submit(rig, link_of(party), party, &receipt);
			said_done(&receipt);
			buf_done(&of.header);
		}
	}
}

static inline size_t alerts(struct rig *rig, const char *party, const char *event)
{
	return heard(rig, party, "alert/1", "/event", event);
}

static inline size_t rows_in(struct rig *rig, enum store_space space)
{
	struct bytes key = BYTES_NONE, value;
	struct buf hold;
	struct err err;
	bool found = true;
	size_t count = 0;
	buf_init(&hold, STORE_KEY_MAX + STORE_VALUE_MAX);
	for (;;) {
		fine(store_row_next(rig->store, space, BYTES_NONE, key, &hold, &found, &key, &value, &err), &err);
		if (!found)
			break;
		count++;
	}
	buf_done(&hold);
	return count;
}

static inline void expect_sound_ledger(struct rig *rig)
{
	struct ledger_report report;
	struct err err;
	fine(ledger_verify(rig->store, rig->hub.snapshot->signing, &report, &err), &err);
	assert_int_equal(report.bad_entry, -1);
}

#endif

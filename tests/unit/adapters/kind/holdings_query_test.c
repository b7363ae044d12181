#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/kind/holdings.h"
#include "base/mem.h"
#include "schemas/json.h"

enum { SHELF_MAX = 32, BODY_MAX = 1 << 20 };

/* The records of an agency as its adapter keeps them: replaced by kind, number and owner. */
struct shelf {
	struct kind_host host;
	struct kind_record records[SHELF_MAX];
	struct buf bodies[SHELF_MAX];
	size_t count;
};

static result put(void *ctx, const struct kind_record *record, struct err *err)
{
	struct shelf *shelf = ctx;
	size_t i = 0;
	(void)err;
	while (i < shelf->count && (strcmp(shelf->records[i].kind, record->kind) != 0 || strcmp(shelf->records[i].number, record->number) != 0 ||
	                            strcmp(shelf->records[i].owner, record->owner) != 0))
		i++;
	assert_true(i < SHELF_MAX);
	struct buf body;
	buf_init(&body, BODY_MAX);
	buf_add(&body, record->body);
	if (i < shelf->count)
		buf_done(&shelf->bodies[i]);
	shelf->bodies[i] = body;
	shelf->records[i] = *record;
	shelf->records[i].body = buf_bytes(&shelf->bodies[i]);
	shelf->count += i == shelf->count;
	return OK;
}

static bool is_by(const struct kind_record *record, const char *by, const char *value)
{
	struct bytes at, text;
	char *pointer = mem_printf("/person/ids/%s", by);
	bool is_id = pack_pointer(record->body, pointer, &at) && pack_as_text(at, &text) && bytes_is(text, value);
	mem_free(pointer);
	return is_id || (!strcmp(by, "number") && !strcmp(record->number, value)) || (!strcmp(by, "nic") && !strcmp(record->nic, value)) ||
	       (!strcmp(by, "name") && !strcmp(record->name, value));
}

static result each(void *ctx, const char *kind, const char *by, const char *value, bool (*fn)(void *, const struct kind_record *), void *fn_ctx,
                   struct err *err)
{
	struct shelf *shelf = ctx;
	(void)err;
	for (size_t i = 0; i < shelf->count; i++)
		if (!strcmp(shelf->records[i].kind, kind) && is_by(&shelf->records[i], by, value) && !fn(fn_ctx, &shelf->records[i]))
			break;
	return OK;
}

static void open_shelf(struct shelf *shelf)
{
	memset(shelf, 0, sizeof(*shelf));
	shelf->host = (struct kind_host){.ctx = shelf, .party = "ct.doc", .ori = "CTDOC001G", .agency = "DOC", .answers = true, .put = put, .each = each};
}

static void close_shelf(struct shelf *shelf)
{
	for (size_t i = 0; i < shelf->count; i++)
		buf_done(&shelf->bodies[i]);
}

static void pack_json(const char *json, struct buf *out)
{
	struct err err = {.reason = ""};
	char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	buf_init(out, BODY_MAX);
	if (FAILED(json_to_pack(bytes_text(text), out, &err)))
		fail_msg("%s in %s", err.reason, text);
	mem_free(text);
}

static uint8_t last_id;

/* Lets a message pass, ours or from another agency, and gives what was answered. */
static void pass(struct shelf *shelf, const char *type, const char *json, bool is_ours, struct kind_reading *answers)
{
	uint8_t id[UUID_LEN] = {[6] = 0x70, [8] = 0x80, [15] = ++last_id};
	struct buf body, subject;
	struct err err = {.reason = ""};
	pack_json(json, &body);
	pack_json("{'hit_id':'W900000017-MA0130100'}", &subject);
	struct message message = {.id = id, .type = bytes_text(type), .from = is_ours ? BYTES_LIT("ct.doc") : BYTES_LIT("ct.hartford.police"),
	                          .subject = buf_bytes(&subject)};
	struct kind_message passing = {.message = &message, .main = buf_bytes(&body), .is_ours = is_ours, .tag = ""};
	kind_reading_init(answers);
	if (FAILED(holdings_pass(&shelf->host, &passing, true, answers, &err)))
		fail_msg("%s", err.reason);
	buf_done(&body);
	buf_done(&subject);
}

static void passes(struct shelf *shelf, const char *type, const char *json, bool is_ours)
{
	struct kind_reading answers;
	pass(shelf, type, json, is_ours, &answers);
	assert_int_equal(answers.drafts_count, 0);
	kind_reading_done(&answers);
}

static void answers_with(struct shelf *shelf, const char *type, const char *json, const char *pointer, const char *expected)
{
	struct kind_reading answers;
	struct bytes value, text = BYTES_NONE;
	pass(shelf, type, json, false, &answers);
	assert_int_equal(answers.drafts_count, 1);
	bool has = pack_pointer(buf_bytes(&answers.drafts[0].plain), pointer, &value) && pack_as_text(value, &text);
	if (has != (expected != NULL) || (has && !bytes_is(text, expected)))
		fail_msg("%s of %s: %.*s instead of %s", pointer, type, (int)text.len, text.len ? (const char *)text.at : "", expected ? expected : "nothing");
	kind_reading_done(&answers);
}

#define WARRANT                                                                                                                          \
	"{'warrant_no':'PR-1','person':{'name':{'family':'Delgado','given':'Marcus'},'dob':'1988-04-17','ids':{'sid':'CT1'}},"           \
	"'offense':{'code':'5011'},'extradition':'1','cautions':[],'issuer':{'name':'DOC','ori':'CTDOC001G'},'warrant_date':'2026-05-11'," \
	"'vehicle':{'plate':'AB12345','plate_state':'CT','plate_year':'2027','plate_type':'PC','vin':'1HGCM82633A004352'}}"
#define BY_SID "{'person':{'name':{'family':'X','given':'Y'},'ids':{'sid':'CT1'}}}"

static void follows_a_warrant_through_its_states(void **state)
{
	static const struct {
		const char *type, *body;
		bool is_ours;
		const char *state, *result;
	} steps[] = {
	    {"warrant.accepted/1", "{'warrant_no':'PR-1','nic':'W900000017'}", false, "entered", "HIT"},
	    {"warrant.modify/1", "{'warrant_no':'PR-1','status':'STAYED'}", false, "entered", "HIT"},
	    {"warrant.modify/1", "{'warrant_no':'PR-1','status':'STAYED'}", true, "stayed", "NO_RECORD"},
	    {"warrant.modify/1", "{'warrant_no':'PR-1','status':'ACTIVE'}", true, "active", "HIT"},
	    {"warrant.modify/1", "{'warrant_no':'PR-1','validated_on':'2026-05-14'}", true, "active", "HIT"},
	    {"warrant.locate/1", "{'nic':'W900000017','disposition':'NOEX'}", false, "active", "HIT"},
	    {"warrant.locate/1", "{'nic':'W900000017','disposition':'EXTR'}", false, "located", "HIT"},
	    {"warrant.locate/1", "{'nic':'W900000017','disposition':'EXTR','hit':'3'}", false, "lodged", "HIT"},
	    {"warrant.served/1", "{'warrant_no':'PR-1'}", false, "served", "NO_RECORD"},
	    {"warrant.clear/1", "{'nic':'W900000017'}", false, "served", "NO_RECORD"},
	    {"warrant.clear/1", "{'nic':'W900000017'}", true, "cleared", "NO_RECORD"},
	};
	struct shelf shelf;
	(void)state;
	open_shelf(&shelf);
	passes(&shelf, "warrant.issue/1", WARRANT, true);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		passes(&shelf, steps[i].type, steps[i].body, steps[i].is_ours);
		for (size_t r = 0; r < shelf.count; r++)
			if (!strcmp(shelf.records[r].kind, "warrant"))
				assert_string_equal(shelf.records[r].state, steps[i].state);
		answers_with(&shelf, "query.wanted/1", BY_SID, "/body/result", steps[i].result);
	}
	close_shelf(&shelf);
}

static void says_the_number_that_a_switch_gave(void **state)
{
	struct shelf shelf;
	(void)state;
	open_shelf(&shelf);
	passes(&shelf, "warrant.issue/1", WARRANT, true);
	answers_with(&shelf, "query.wanted/1", BY_SID, "/body/hits/0/nic", NULL);
	passes(&shelf, "warrant.accepted/1", "{'warrant_no':'PR-1','nic':'W900000017'}", false);
	answers_with(&shelf, "query.person/1", BY_SID, "/body/hits/0/nic", "W900000017");
	answers_with(&shelf, "query.person/1", BY_SID, "/body/hits/0/confirm_with/ori", "CTDOC001G");
	close_shelf(&shelf);
}

static void finds_a_warrant_by_the_vehicle_in_it_while_it_lives(void **state)
{
	struct shelf shelf;
	(void)state;
	open_shelf(&shelf);
	passes(&shelf, "warrant.issue/1", WARRANT, true);
	answers_with(&shelf, "query.vehicle/1", "{'plate':'AB12345','plate_state':'CT'}", "/body/hits/0/warrant_no", "PR-1");
	answers_with(&shelf, "query.vehicle/1", "{'vin':'1HGCM82633A004352'}", "/body/hits/0/warrant_no", "PR-1");
	answers_with(&shelf, "query.vehicle/1", "{'plate':'AB12345','plate_state':'MA'}", "/body/result", "NO_RECORD");
	passes(&shelf, "warrant.cancel/1", "{'warrant_no':'PR-1'}", true);
	answers_with(&shelf, "query.vehicle/1", "{'plate':'AB12345','plate_state':'CT'}", "/body/result", "NO_RECORD");
	close_shelf(&shelf);
}

static void tells_who_supervises_a_person_and_nobody_else_s(void **state)
{
	static const char entry[] = "{'nic':'C900000004','kind':'PROBATION','oca':'PS1','person':{'name':{'family':'Delgado','given':'Marcus'},"
	                            "'dob':'1988-04-17','ids':{'sid':'CT1'}},'agency':{'name':'DOC','ori':'CTDOC001G'}}";
	struct shelf shelf;
	(void)state;
	open_shelf(&shelf);
	passes(&shelf, "supervised_release.enter/1", entry, true);
	answers_with(&shelf, "query.supervision/1", "{'sid':'CT1'}", "/body/records/0/kind", "PROBATION");
	answers_with(&shelf, "query.supervision/1", "{'sid':'CT1','kinds':['PAROLE']}", "/body/result", "NO_RECORD");
	answers_with(&shelf, "query.supervision/1", "{'person':{'name':{'family':'DELGADO','given':'MARCUS'},'dob':'1988-04-17'}}",
	             "/body/records/0/supervision_id", "PS1");
	answers_with(&shelf, "query.supervision/1", "{'person':{'name':{'family':'DELGADO','given':'MARCUS'},'dob':'1988-04-18'}}", "/body/result",
	             "NO_RECORD");
	passes(&shelf, "supervised_release.cancel/1", "{'nic':'C900000004'}", true);
	answers_with(&shelf, "query.supervision/1", "{'sid':'CT1'}", "/body/result", "NO_RECORD");
	passes(&shelf, "supervised_release.enter/1", entry, false);
	answers_with(&shelf, "query.supervision/1", "{'sid':'CT1'}", "/body/result", "NO_RECORD");
	close_shelf(&shelf);
}

static void keeps_a_question_for_confirmation_by_its_number(void **state)
{
	struct shelf shelf;
	(void)state;
	open_shelf(&shelf);
	passes(&shelf, "hit.confirm_request/1", "{'nic':'W900000017','request_no':1}", false);
	assert_int_equal(shelf.count, 1);
	assert_string_equal(shelf.records[0].kind, "hit");
	assert_string_equal(shelf.records[0].number, "W900000017-MA0130100");
	assert_int_equal(shelf.records[0].message[15], last_id);
	close_shelf(&shelf);
}

static void gives_up_on_more_than_ten(void **state)
{
	struct shelf shelf;
	(void)state;
	open_shelf(&shelf);
	for (int i = 0; i < 11; i++) {
		char *body = mem_printf("{'warrant_no':'PR-%d','person':{'name':{'family':'A','given':'B'},'ids':{'sid':'CT1'}}}", i);
		passes(&shelf, "warrant.issue/1", body, true);
		mem_free(body);
	}
	answers_with(&shelf, "query.wanted/1", BY_SID, "/body/result", "TOO_MANY");
	close_shelf(&shelf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(follows_a_warrant_through_its_states),
	    cmocka_unit_test(says_the_number_that_a_switch_gave),
	    cmocka_unit_test(finds_a_warrant_by_the_vehicle_in_it_while_it_lives),
	    cmocka_unit_test(tells_who_supervises_a_person_and_nobody_else_s),
	    cmocka_unit_test(keeps_a_question_for_confirmation_by_its_number),
	    cmocka_unit_test(gives_up_on_more_than_ten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

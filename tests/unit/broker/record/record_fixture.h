/* What the tests of records share: a small catalogue, a store in memory, and messages that are said and judged. */
#ifndef TESTS_UNIT_BROKER_RECORD_FIXTURE_H
#define TESTS_UNIT_BROKER_RECORD_FIXTURE_H

#include "unit/schemas/sample.h"

#include <stdio.h>

#include "broker/record/record.h"
#include "broker/store/store_ops.h"

#define assert_ok(call) assert_int_equal((call).code, CODE_OK)

#define TYPE_OF(name, more, properties)                                                                                          \
	"{'type':'" name                                                                                                         \
	"','title':'T','description':'D','originators':['any'],'subject':[],'priority':1,'answers':['answer/1']," more           \
	"'parts':{'main':{'class':'CJ','required':true,'schema':{'type':'object','properties':{'person':{},'ids':{}," properties \
	"'x':{}},"                                                                                                               \
	"'additionalProperties':false}}}}"
#define STEP_OF(name, lifecycle, optional, moves)                                                                                \
	TYPE_OF(name, "'lifecycle':[{'name':'" lifecycle "','optional':" optional ",'moves':[" moves "]}],",                     \
	        "'how':{'enum':['NEW','OLD']},")

static const char *const record_fixture_files[] = {
    "{'lifecycle':'warrant','title':'Warrant','description':'D','keys':[{'name':'nic'},{'name':'warrant_no','per_owner':true}],'"
    "states':{"
    "'active':{'title':'Issued','blocks':['release']},'entered':{'title':'On file','blocks':['release']},"
    "'located':{'title':'Found','blocks':['release']},'served':{'title':'Served'},'cleared':{'title':'Closed','terminal':true},"
    "'cancelled':{'title':'Withdrawn','terminal':true}}}",
    STEP_OF("w.issue/1", "warrant", "false", "{'from':['none'],'to':'active'}"),
    STEP_OF("w.enter/1", "warrant", "false", "{'from':['active'],'to':'entered','by':'other'}"),
    STEP_OF("w.modify/1", "warrant", "false",
            "{'from':['active'],'to':'active','by':'owner'},{'from':['entered'],'to':'entered','by':'owner'}"),
    STEP_OF("w.locate/1", "warrant", "false",
            "{'from':['active','entered'],'to':'located','by':'other','when':{'/how':['NEW']}}"),
    STEP_OF("w.serve/1", "warrant", "false", "{'from':['active','entered','located'],'to':'served'}"),
    STEP_OF("w.clear/1", "warrant", "false", "{'from':['served'],'to':'cleared','by':'owner'}"),
    STEP_OF("w.cancel/1", "warrant", "false", "{'from':['active','entered','located'],'to':'cancelled','by':'owner'}"),
    "{'lifecycle':'release','title':'Release','description':'D','keys':[{'name':'authority_ref'},{'name':'doc_number'}],'states':"
    "{"
    "'authorized':{'title':'Authorized'},'deferred':{'title':'Deferred','blocks':['release']},"
    "'rescinded':{'title':'Rescinded','blocks':['release']},'released':{'title':'Carried "
    "out'},'closed':{'title':'Closed','terminal':true}}}",
    TYPE_OF("r.authorize/1",
            "'interlock':'release','lifecycle':[{'name':'release','optional':true,'moves':[{'from':['none','authorized','"
            "deferred'],'to':'authorized'}]}],",
            ""),
    STEP_OF("r.defer/1", "release", "false", "{'from':['none','authorized','deferred'],'to':'deferred'}"),
    STEP_OF("r.rescind/1", "release", "false", "{'from':['none','authorized','deferred'],'to':'rescinded'}"),
    STEP_OF("r.carry_out/1", "release", "true", "{'from':['authorized'],'to':'released'}"),
    STEP_OF("r.close/1", "release", "false", "{'from':['rescinded','released'],'to':'closed'}"),
    TYPE_OF("answer/1", "", "'result':{'type':'string'},"),
    TYPE_OF("ask/1", "'exchange':'/result',", ""),
    TYPE_OF("plain/1", "", ""),
};

#define A "ct.doc.parole"
#define B "ct.hartford.police"
#define C "ct.state.police"

struct record_fixture {
	struct store *store;
	struct catalogue *catalogue;
	struct err err;
};

/* 2026-05-01, and whole days from there. */
static inline int64_t day(int64_t n)
{
	return INT64_C(1777593600000) + n * 86400000;
}

static inline struct catalogue *record_fixture_catalogue(void)
{
	struct err err = {.reason = ""};
	struct catalogue *catalogue = catalogue_new();
	for (size_t i = 0; i < sizeof(record_fixture_files) / sizeof(*record_fixture_files); i++) {
		AUTO_FREE char *name = mem_printf("%zu.json", i);
		AUTO_FREE char *text = mem_text(record_fixture_files[i]);
		for (char *at = text; *at; at++)
			if (*at == '\'')
				*at = '"';
		if (FAILED(catalogue_add(catalogue, name, bytes_text(text), &err)))
			fail_msg("%s: %s", err.field, err.reason);
	}
	if (FAILED(catalogue_finish(catalogue, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	return catalogue;
}

/* The catalogue is made once, because some tests begin anew hundreds of times. */
static inline int record_fixture_up(void **state)
{
	static struct catalogue *catalogue;
	struct record_fixture *fixture = mem_alloc(sizeof(*fixture));
	if (!catalogue)
		catalogue = record_fixture_catalogue();
	fixture->catalogue = catalogue_ref(catalogue);
	assert_ok(store_memory_open(&fixture->store, &fixture->err));
	*state = fixture;
	return 0;
}

static inline int record_fixture_down(void **state)
{
	struct record_fixture *fixture = *state;
	store_close(fixture->store);
	catalogue_unref(fixture->catalogue);
	mem_free(fixture);
	return 0;
}

/* A message: subject and main as JSON with ' for ", NULL is an empty one. n makes its id. */
struct said {
	const char *type, *from, *subject, *main;
	int64_t day;
	int n;
};

struct asked {
	struct buf subject, main;
	uint8_t id[UUID_LEN];
	struct message message;
	struct record_question question;
	struct record_plan plan;
};

static inline result ask(struct record_fixture *fixture, const struct said *said, struct asked *asked)
{
	memset(asked, 0, sizeof(*asked));
	buf_init(&asked->subject, SAMPLE_MAX);
	buf_init(&asked->main, SAMPLE_MAX);
	sample_pack(said->subject ? said->subject : "{}", &asked->subject);
	sample_pack(said->main ? said->main : "{}", &asked->main);
	asked->id[0] = 1;
	for (int i = 0; i < 4; i++)
		asked->id[UUID_LEN - 1 - i] = (uint8_t)(said->n >> (8 * i));
	asked->message = (struct message){.id = asked->id,
	                                  .type = bytes_text(said->type),
	                                  .from = bytes_text(said->from),
	                                  .subject = buf_bytes(&asked->subject)};
	asked->question = (struct record_question){.catalogue = fixture->catalogue,
	                                           .message = &asked->message,
	                                           .main = buf_bytes(&asked->main),
	                                           .type = catalogue_find(fixture->catalogue, bytes_text(said->type)),
	                                           .from = said->from,
	                                           .signed_at = day(said->day),
	                                           .now = day(said->day)};
	assert_non_null(asked->question.type);
	fixture->err = (struct err){.code = CODE_OK};
	return record_judge(fixture->store, &asked->question, &asked->plan, &fixture->err);
}

static inline void asked_done(struct asked *asked)
{
	record_plan_done(&asked->plan);
	buf_done(&asked->subject);
	buf_done(&asked->main);
}

static inline void write_plan(struct record_fixture *fixture, struct asked *asked)
{
	assert_ok(store_begin(fixture->store, &fixture->err));
	assert_ok(record_apply(fixture->store, &asked->question, &asked->plan, &fixture->err));
	assert_ok(store_commit(fixture->store, &fixture->err));
}

/* Judges, and writes what follows. The code of the refusal, or ok. */
static inline enum code say(struct record_fixture *fixture, const struct said *said)
{
	struct asked asked;
	result r = ask(fixture, said, &asked);
	if (!FAILED(r))
		write_plan(fixture, &asked);
	asked_done(&asked);
	return r.code;
}

#define say_fine(fixture, ...)                                                                                                   \
	do {                                                                                                                     \
		const struct said said_ = __VA_ARGS__;                                                                           \
		if (say((fixture), &said_) != CODE_OK)                                                                           \
			fail_msg("%s: %s: %s", said_.type, (fixture)->err.field, (fixture)->err.reason);                         \
	} while (0)

#define assert_has(text, part)                                                                                                   \
	do {                                                                                                                     \
		if (!strstr((text), (part)))                                                                                     \
			fail_msg("no \"%s\" in: %s", (part), (text));                                                            \
	} while (0)

/* ---- what is on file ---- */

struct shown {
	size_t count;
	char state[64], owner[128];
	char json[65536]; /* all of them */
};

static inline void note_row(void *ctx, struct bytes row)
{
	struct shown *shown = ctx;
	struct bytes value, text;
	struct buf json;
	struct err err = {.reason = ""};
	assert_ok(pack_scan(row, &err));
	assert_true(pack_find(row, "state", &value) && pack_as_text(value, &text));
	snprintf(shown->state, sizeof(shown->state), "%.*s", (int)text.len, (const char *)text.at);
	assert_true(pack_find(row, "owner", &value) && pack_as_text(value, &text));
	snprintf(shown->owner, sizeof(shown->owner), "%.*s", (int)text.len, text.len ? (const char *)text.at : "");
	buf_init(&json, sizeof(shown->json) - 1);
	assert_ok(json_from_pack(row, 0, &json, &err));
	size_t used = strlen(shown->json);
	snprintf(shown->json + used, sizeof(shown->json) - used, "%.*s\n", (int)json.len, (const char *)json.at);
	buf_done(&json);
	shown->count++;
}

static inline void show(struct record_fixture *fixture, const char *lifecycle, const char *key, const char *value,
                        struct shown *shown)
{
	memset(shown, 0, sizeof(*shown));
	assert_ok(
	    record_show(fixture->store, fixture->catalogue, lifecycle, key, bytes_text(value), note_row, shown, &fixture->err));
}

static inline void assert_state(struct record_fixture *fixture, const char *lifecycle, const char *key, const char *value,
                                const char *expected)
{
	struct shown shown;
	show(fixture, lifecycle, key, value, &shown);
	assert_int_equal(shown.count, expected ? 1 : 0);
	if (expected)
		assert_string_equal(shown.state, expected);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, record_fixture_up, record_fixture_down)

#endif

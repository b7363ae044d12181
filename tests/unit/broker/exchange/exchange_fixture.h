/* A room of exchanges with a catalogue, parties and a calendar of its own, and an ear for what it says. Everything ends the test on failure. */
#ifndef TESTS_UNIT_BROKER_EXCHANGE_EXCHANGE_FIXTURE_H
#define TESTS_UNIT_BROKER_EXCHANGE_EXCHANGE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "broker/exchange/exchange.h"
#include "schemas/json.h"
#include "unit/broker/scratch.h"

#define BOARD "ct.bopp"
#define JAIL "ct.doc.osborn"
#define OFFICE "ct.doc.parole"
#define CHIEF "ct.doc.chief"
#define POLICE "ct.police"
#define TOWN "ct.town.police"
#define CONTROL "ct.state.control"
#define VICTIMS "ct.victims"

enum { FIXTURE_MAX = 1 << 20 };

#define FIXTURE_MINUTE INT64_C(60000)
#define FIXTURE_HOUR (60 * FIXTURE_MINUTE)
#define FIXTURE_DAY (24 * FIXTURE_HOUR)

#define assert_code(call, expected) assert_int_equal((call).code, (expected))
#define assert_ok(call) assert_code(call, CODE_OK)

#define FIXTURE_TYPE(name, from, answers, more, properties)                                                                                \
	"{'type':'" name "','title':'T','description':'D','originators':['" from "'],'subject':[],'priority':1,'answers':[" answers "]," more \
	"'parts':{'main':{'class':'CJ','required':true,'schema':{'type':'object','properties':{" properties "}}}}}"
#define FIXTURE_PERSON "'person':{'type':'object','properties':{'ids':{'type':'object'}}}"

static const char *const fixture_types[] = {
	FIXTURE_TYPE("ask/1", "any", "'tell/1'",
                     "'exchange':'/result','expiry':'1d','due':{'within':[{'when':{'/priority':['U']},'within':'10min'},{'within':'1h'}],"
                     "'rearm':{'type':'tell/1','when':{'/result':['P']},'hours':'/hours'}},",
                     "'priority':{'enum':['U','R']},'request_no':{'type':'integer'},'nic':{'type':'string'},'oca':{'type':'string'}"),
	FIXTURE_TYPE("tell/1", "police", "", "", "'result':{'type':'string'},'hours':{'type':'integer'}"),
	FIXTURE_TYPE("remand/1", "any", "", "'due':{'within':'14 business days','from':'/at','met_by':['hearing/1'],'link':'person'},",
                     "'at':{'type':'string'}," FIXTURE_PERSON),
	FIXTURE_TYPE("hearing/1", "parole_board", "", "", FIXTURE_PERSON),
	FIXTURE_TYPE("talk/1", "any", "", "'due':{'within':'2h','met_by':['done/1'],'link':'thread'},", ""),
	FIXTURE_TYPE("done/1", "any", "", "", ""),
	FIXTURE_TYPE("open/1", "any", "'tell/1'", "'exchange':'/result','expiry':'2d',", ""),
	FIXTURE_TYPE("note/1", "any", "", "", ""),
	FIXTURE_TYPE("sub/1", "any", "", "'hub':'subscribe',", "'subscription_id':{'type':'string'}"),
	FIXTURE_TYPE("renew/1", "any", "", "'hub':'renew',", "'subscription_id':{'type':'string'}"),
	FIXTURE_TYPE("unsub/1", "any", "", "'hub':'unsubscribe',", "'subscription_id':{'type':'string'}"),
};

struct fixture {
	struct exchange exchange;
	struct settings settings;
	struct catalogue *catalogue;
	struct calendar *calendar;
	struct scratch scratch; /* folder empty: the store is in memory */
	struct buf said, warned;
	int64_t said_count;
	struct uuid last; /* id of the last message */
	struct err err;
};

static inline void fixture_pack(const char *json, struct buf *out)
{
	struct err err = {.reason = ""};
	AUTO_FREE char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	if (FAILED(json_to_pack(bytes_text(text), out, &err)))
		fail_msg("%s: %s in %s", err.field, err.reason, text);
}

static inline int64_t fixture_at(const char *time)
{
	int64_t ms = 0;
	assert_ok(clock_parse(bytes_text(time), &ms, NULL));
	return ms;
}

/* Everything that was said, a line each: "TO TYPE JSON". */
static inline result fixture_say(void *ctx, const char *to, const char *type, struct bytes main, const uint8_t *re, const uint8_t *thread,
                                 struct bytes subject, int64_t priority, struct err *err)
{
	struct fixture *fixture = ctx;
	(void)subject;
	assert_non_null(re);
	assert_non_null(thread);
	assert_int_equal(priority, 9);
	buf_printf(&fixture->said, "%s %s ", to, type);
	TRY(json_from_pack(main, 0, &fixture->said, err));
	buf_add_text(&fixture->said, "\n");
	fixture->said_count++;
	return OK;
}

static inline void fixture_uncovered(void *ctx, const char *type, int64_t year)
{
	buf_printf(&((struct fixture *)ctx)->warned, "%s %lld\n", type, (long long)year);
}

/* Whether a line was said to a party that has the words in it. */
static inline bool fixture_heard(struct fixture *fixture, const char *to, const char *words)
{
	bool found = false;
	AUTO_FREE char *said = bytes_dup_text(buf_bytes(&fixture->said));
	for (char *line = said, *end; !found && (end = strchr(line, '\n')); line = end + 1) {
		*end = 0;
		found = !strncmp(line, to, strlen(to)) && line[strlen(to)] == ' ' && strstr(line, words);
	}
	return found;
}

static inline void fixture_forget(struct fixture *fixture)
{
	buf_clear(&fixture->said);
	fixture->said_count = 0;
}

#define assert_heard(fixture, to, words)                                                                                                \
	do {                                                                                                                            \
		if (!fixture_heard(fixture, to, words))                                                                                 \
			fail_msg("%s did not hear %s in: %.*s", to, words, (int)(fixture)->said.len, (const char *)(fixture)->said.at); \
	} while (0)
#define assert_silent(fixture)                                                                                      \
	do {                                                                                                        \
		if ((fixture)->said_count)                                                                          \
			fail_msg("was said: %.*s", (int)(fixture)->said.len, (const char *)(fixture)->said.at); \
	} while (0)

static struct conf_pair fixture_supervisors[] = {{.name = (char *)(uintptr_t) "supervisor", .value = (char *)(uintptr_t) CHIEF, .line = 1}};
static char *fixture_roles[][1] = {{(char *)(uintptr_t) "parole_board"}, {(char *)(uintptr_t) "facility"},    {(char *)(uintptr_t) "parole_office"},
                                   {(char *)(uintptr_t) "police"},       {(char *)(uintptr_t) "police"},      {(char *)(uintptr_t) "control_terminal"},
                                   {(char *)(uintptr_t) "victims"},      {(char *)(uintptr_t) "parole_office"}};
static struct settings_party fixture_parties[] = {
	{.party = (char *)(uintptr_t)BOARD, .roles = {fixture_roles[0], 1}},
	{.party = (char *)(uintptr_t)JAIL, .roles = {fixture_roles[1], 1}},
	{.party = (char *)(uintptr_t)OFFICE, .roles = {fixture_roles[2], 1}, .attributes = {fixture_supervisors, 1}},
	{.party = (char *)(uintptr_t)POLICE, .roles = {fixture_roles[3], 1}},
	{.party = (char *)(uintptr_t)TOWN, .roles = {fixture_roles[4], 1}},
	{.party = (char *)(uintptr_t)CONTROL, .roles = {fixture_roles[5], 1}},
	{.party = (char *)(uintptr_t)VICTIMS, .roles = {fixture_roles[6], 1}},
	{.party = (char *)(uintptr_t)CHIEF, .roles = {fixture_roles[7], 1}},
};
static char *fixture_holidays[] = {(char *)(uintptr_t) "2026-05-25", (char *)(uintptr_t) "2026-12-25"};

static inline struct catalogue *fixture_catalogue(void)
{
	struct catalogue *catalogue = catalogue_new();
	struct err err = {.reason = ""};
	for (size_t i = 0; i < sizeof(fixture_types) / sizeof(*fixture_types); i++) {
		AUTO_FREE char *name = mem_printf("%zu.json", i);
		AUTO_FREE char *text = mem_text(fixture_types[i]);
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

static inline void fixture_open(struct fixture *fixture, bool on_disk)
{
	*fixture = (struct fixture){.catalogue = fixture_catalogue()};
	fixture->settings.parties = (struct conf_list){fixture_parties, sizeof(fixture_parties) / sizeof(*fixture_parties)};
	fixture->settings.calendar.timezone = (char *)(uintptr_t) "EST5EDT,M3.2.0,M11.1.0";
	fixture->settings.calendar.holidays = (struct conf_texts){fixture_holidays, 2};
	assert_ok(calendar_new(&fixture->settings, &fixture->calendar, &fixture->err));
	buf_init(&fixture->said, FIXTURE_MAX);
	buf_init(&fixture->warned, FIXTURE_MAX);
	fixture->exchange = (struct exchange){.catalogue = fixture->catalogue, .settings = &fixture->settings, .calendar = fixture->calendar};
	fixture->exchange.host = (struct exchange_host){fixture, fixture_say, fixture_uncovered};
	if (on_disk) {
		scratch_make(&fixture->scratch);
		assert_ok(store_sqlite_open(fixture->scratch.folder, &fixture->exchange.store, &fixture->err));
	} else {
		assert_ok(store_memory_open(&fixture->exchange.store, &fixture->err));
	}
	assert_ok(store_begin(fixture->exchange.store, &fixture->err));
}

/* The store goes, as at the end of the program, and comes back. */
static inline void fixture_restart(struct fixture *fixture)
{
	assert_ok(store_commit(fixture->exchange.store, &fixture->err));
	store_close(fixture->exchange.store);
	assert_ok(store_sqlite_open(fixture->scratch.folder, &fixture->exchange.store, &fixture->err));
	assert_ok(store_begin(fixture->exchange.store, &fixture->err));
}

static inline void fixture_close(struct fixture *fixture)
{
	store_rollback(fixture->exchange.store);
	store_close(fixture->exchange.store);
	if (fixture->scratch.folder[0])
		scratch_remove(&fixture->scratch);
	calendar_free(fixture->calendar);
	catalogue_unref(fixture->catalogue);
	buf_done(&fixture->said);
	buf_done(&fixture->warned);
}

static inline int fixture_set_up(void **state)
{
	struct fixture *fixture = mem_alloc(sizeof(*fixture));
	clock_freeze(1772442720412);
	fixture_open(fixture, false);
	*state = fixture;
	return 0;
}

static inline int fixture_tear_down(void **state)
{
	fixture_close(*state);
	mem_free(*state);
	clock_release();
	return 0;
}

struct fixture_message {
	const char *type, *from, *to[4]; /* NULL-terminated */
	const char *main;                /* JSON with ' for " */
	const char *subject;
	const uint8_t *re, *thread;
	int64_t due, expires;
};

/* Judges, and accepts what may be accepted, at the frozen clock's now. */
static inline enum code fixture_send(struct fixture *fixture, const struct fixture_message *given)
{
	struct buf main, subject;
	struct identifier ids[EXCHANGE_IDS_MAX];
	fixture->last = uuid_new();
	buf_init(&main, FIXTURE_MAX);
	buf_init(&subject, FIXTURE_MAX);
	fixture_pack(given->main ? given->main : "{}", &main);
	if (given->subject)
		fixture_pack(given->subject, &subject);
	struct message message = {.id = fixture->last.at, .type = bytes_text(given->type), .from = bytes_text(given->from), .re = given->re,
	                          .thread = given->thread, .due = given->due, .expires = given->expires, .subject = buf_bytes(&subject), .priority = 1};
	struct exchange_message passing = {.message = &message, .type = catalogue_find(fixture->catalogue, message.type), .main = buf_bytes(&main),
	                                   .recipients = given->to, .ids = ids, .now = clock_wall_ms()};
	assert_non_null(passing.type);
	while (passing.recipients_count < 4 && given->to[passing.recipients_count])
		passing.recipients_count++;
	passing.ids_count = exchange_ids(&message, passing.main, ids, EXCHANGE_IDS_MAX);
	result r = exchange_judge(&fixture->exchange, &passing, &fixture->err);
	if (!FAILED(r))
		assert_ok(exchange_accept(&fixture->exchange, &passing, &fixture->err));
	buf_done(&main);
	buf_done(&subject);
	return r.code;
}

#define fixture_sends(fixture, ...) assert_int_equal(fixture_send(fixture, &(struct fixture_message){__VA_ARGS__}), CODE_OK)

/* Turns the clock and runs what is due, more often than needed. */
static inline void fixture_wait(struct fixture *fixture, int64_t by_ms)
{
	clock_turn(by_ms);
	for (int again = 0; again < 3; again++)
		assert_ok(exchange_run(&fixture->exchange, clock_wall_ms(), 100, &fixture->err));
}

static inline int64_t fixture_next(struct fixture *fixture)
{
	int64_t at = -1;
	assert_ok(exchange_next(fixture->exchange.store, &at, &fixture->err));
	return at;
}

static inline struct uuid fixture_uuid(const struct fixture *fixture)
{
	return fixture->last;
}

#endif

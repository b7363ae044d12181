/* Who may send what to whom. The snapshot is built by hand: five parties, and the agreements of each case. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "broker/route/agreement.h"
#include "schemas/json.h"

#define BOARD "ct.board"
#define DOC "ct.doc"
#define HARTFORD "ct.police.hartford"
#define NORWICH "ct.police.norwich"
#define PROVIDER "org.provider"

enum { PARTIES = 5, AGREEMENTS_MAX = 3, TARGETS_MAX = 3, TEXTS_MAX = 4 /* with the NULL */ };

/* One agreement of a case; lists end with NULL. */
struct rule {
	const char *name;
	const char *from[TEXTS_MAX], *types[TEXTS_MAX], *classes[TEXTS_MAX];
	struct aim {
		enum snapshot_target_kind kind;
		const char *name, *attribute, *pointer;
	} to[TARGETS_MAX];
	size_t to_count;
	bool route, consent;
};

struct hub {
	struct conf_pair towns[2];
	struct settings_party parties[PARTIES];
	struct snapshot_party enrolled[PARTIES];
	struct settings_agreement settings[AGREEMENTS_MAX];
	struct snapshot_agreement agreements[AGREEMENTS_MAX];
	struct snapshot_target targets[AGREEMENTS_MAX][TARGETS_MAX];
	struct snapshot snapshot;
	struct message message;
	struct buf main;
	struct agreement_recipient recipients[PARTIES];
	size_t count;
	struct err err;
};

/* The settings' texts are not const, because whoever reads a configuration frees them; here nobody does. */
static char *own(const char *text)
{
	return (char *)(uintptr_t)text;
}

static const char *const hartford_roles[] = {"police", NULL}, *const norwich_roles[] = {"police", "detention", NULL},
	                 *const doc_roles[] = {"facility", NULL}, *const board_roles[] = {"parole_board", NULL},
	                 *const provider_roles[] = {"provider", NULL};

static struct conf_texts texts(const char *const *from)
{
	struct conf_texts ret = {.at = (char **)(uintptr_t)from};
	while (from[ret.count])
		ret.count++;
	return ret;
}

static void make(struct hub *hub, const struct rule *rules, size_t count)
{
	*hub = (struct hub){.parties = {
		{.party = own(BOARD), .roles = texts(board_roles)},
		{.party = own(DOC), .roles = texts(doc_roles)},
		{.party = own(HARTFORD), .roles = texts(hartford_roles)},
		{.party = own(NORWICH), .roles = texts(norwich_roles)},
		{.party = own(PROVIDER), .roles = texts(provider_roles)},
	}};
	hub->towns[0] = (struct conf_pair){.name = own("town"), .value = own("Hartford, West Hartford")};
	hub->towns[1] = (struct conf_pair){.name = own("town"), .value = own("Norwich")};
	hub->parties[2].attributes = (struct conf_pairs){&hub->towns[0], 1};
	hub->parties[3].attributes = (struct conf_pairs){&hub->towns[1], 1};
	for (size_t i = 0; i < PARTIES; i++)
		hub->enrolled[i] = (struct snapshot_party){hub->parties[i].party, &hub->parties[i]};
	for (size_t i = 0; i < count; i++) {
		const struct rule *rule = &rules[i];
		hub->settings[i] = (struct settings_agreement){.name = own(rule->name), .from = texts(rule->from), .types = texts(rule->types),
		                                               .classes = texts(rule->classes), .route = rule->route, .consent = rule->consent};
		hub->agreements[i] = (struct snapshot_agreement){&hub->settings[i], hub->targets[i], rule->to_count};
		for (size_t t = 0; t < rule->to_count; t++)
			hub->targets[i][t] = (struct snapshot_target){rule->to[t].kind, own(rule->to[t].name), own(rule->to[t].attribute), own(rule->to[t].pointer)};
	}
	hub->snapshot.parties = hub->enrolled;
	hub->snapshot.parties_count = PARTIES;
	hub->snapshot.agreements = hub->agreements;
	hub->snapshot.agreements_count = count;
	hub->message.parts[0] = (struct message_part){.name = BYTES_LIT("main"), .cls = BYTES_LIT("CJ")};
	hub->message.parts_count = 1;
	buf_init(&hub->main, 4096);
}

static void say_json(struct hub *hub, const char *json)
{
	struct err err;
	buf_clear(&hub->main);
	assert_int_equal(json_to_pack(bytes_text(json), &hub->main, &err).code, CODE_OK);
}

/* A consent that holds for BOARD alone, unless told otherwise. */
struct say_consent {
	enum consent_state state;
	size_t asked;
};

static enum consent_state judge(void *ctx, const char *recipient)
{
	struct say_consent *say = ctx;
	say->asked++;
	if (say->state != CONSENT_HOLDS)
		return say->state;
	return recipient && !strcmp(recipient, BOARD) ? CONSENT_HOLDS : CONSENT_RECIPIENT;
}

struct ask {
	const char *from, *type;
	const char *to[3]; /* ends with NULL; none: unaddressed */
	const char *const *thread;
	size_t thread_count;
	const char *originator;
	const char *const *subscribers;
	size_t subscribers_count;
	struct say_consent *consent;
	const struct catalogue_type *definition;
};

static enum code decide(struct hub *hub, const struct ask *ask)
{
	hub->message.type = bytes_text(ask->type);
	hub->message.to_count = 0;
	for (size_t i = 0; i < 3 && ask->to[i]; i++)
		hub->message.to[hub->message.to_count++] = bytes_text(ask->to[i]);
	const struct agreement_question question = {
		.from = snapshot_party(&hub->snapshot, bytes_text(ask->from)),
		.message = &hub->message,
		.main = buf_bytes(&hub->main),
		.thread = ask->thread,
		.thread_count = ask->thread_count,
		.originator = ask->originator,
		.subscribers = ask->subscribers,
		.subscribers_count = ask->subscribers_count,
		.type = ask->definition,
		.consent = ask->consent ? judge : NULL,
		.consent_ctx = ask->consent,
	};
	hub->count = 0;
	return agreement_decide(&hub->snapshot, &question, hub->recipients, PARTIES, &hub->count, &hub->err).code;
}

static bool reaches(const struct hub *hub, const char *party)
{
	size_t times = 0;
	for (size_t i = 0; i < hub->count; i++)
		times += !strcmp(hub->recipients[i].party->name, party);
	assert_true(times <= 1);
	return times == 1;
}

#define TO(...) .to = {__VA_ARGS__}, .to_count = sizeof((struct aim[]){__VA_ARGS__}) / sizeof(struct aim)
#define NAMED(party) {.kind = TARGET_PARTY, .name = party}
#define LIKE(pattern) {.kind = TARGET_PATTERN, .name = pattern}
#define ROLE(role) {.kind = TARGET_ROLE, .name = role}

static void what_no_agreement_speaks_of_is_denied(void **state)
{
	struct hub hub;
	const struct rule rule = {.name = "one", .from = {DOC}, .types = {"release.push/1"}, TO(NAMED(BOARD)), .route = true};
	static const struct {
		struct ask ask;
		enum code code;
		const char *field;
	} cases[] = {
		{{.from = HARTFORD, .type = "release.push/1", .to = {BOARD}}, CODE_NO_AGREEMENT, "/type"},   /* another sender */
		{{.from = DOC, .type = "release.rescind/1", .to = {BOARD}}, CODE_NO_AGREEMENT, "/type"},     /* another type */
		{{.from = DOC, .type = "release.push/10", .to = {BOARD}}, CODE_NO_AGREEMENT, "/type"},       /* another version */
		{{.from = DOC, .type = "release.push/1", .to = {HARTFORD}}, CODE_NO_AGREEMENT, "/to"},       /* another recipient */
		{{.from = DOC, .type = "release.push/1", .to = {BOARD, HARTFORD}}, CODE_NO_AGREEMENT, "/to"}, /* one allowed, one not: all or nothing */
		{{.from = DOC, .type = "release.push/1", .to = {"role:police"}}, CODE_NO_AGREEMENT, "/to"},
		{{.from = DOC, .type = "release.push/1", .to = {"ct.nobody"}}, CODE_NO_RECIPIENT, "/to"},    /* not enrolled */
		{{.from = DOC, .type = "release.push/1", .to = {"role:astronaut"}}, CODE_NO_RECIPIENT, "/to"},
		{{.from = DOC, .type = "release.push/1", .to = {BOARD}}, CODE_OK, ""},
		{{.from = DOC, .type = "release.push/1"}, CODE_OK, ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		make(&hub, &rule, 1);
		enum code code = decide(&hub, &cases[i].ask);
		if (code != cases[i].code)
			fail_msg("case %zu: %s", i, code_text(code));
		if (code != CODE_OK)
			assert_string_equal(hub.err.field, cases[i].field);
		else
			assert_true(hub.count == 1 && reaches(&hub, BOARD));
		buf_done(&hub.main);
	}
}

static void without_any_agreement_nothing_goes(void **state)
{
	struct hub hub;
	(void)state;
	make(&hub, NULL, 0);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "release.push/1", .to = {BOARD}}), CODE_NO_AGREEMENT);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "release.push/1"}), CODE_NO_AGREEMENT);
	buf_done(&hub.main);
}

static void senders_fit_by_name_by_pattern_and_by_role(void **state)
{
	static const struct {
		const char *from[TEXTS_MAX];
		bool doc, hartford, norwich;
	} cases[] = {
		{{DOC}, true, false, false},
		{{"ct.*"}, true, true, true},
		{{"ct.police.*"}, false, true, true},
		{{"role:police"}, false, true, true},
		{{"role:detention"}, false, false, true},
		{{"role:detention", DOC}, true, false, true},
		{{"*"}, true, true, true},
		{{"ct.do"}, false, false, false},
		{{"role:polic"}, false, false, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hub hub;
		struct rule rule = {.name = "one", .types = {"*"}, TO(NAMED(BOARD)), .route = true};
		memcpy(rule.from, cases[i].from, sizeof(rule.from));
		make(&hub, &rule, 1);
		const bool expected[] = {cases[i].doc, cases[i].hartford, cases[i].norwich};
		static const char *const from[] = {DOC, HARTFORD, NORWICH};
		for (size_t f = 0; f < 3; f++)
			if ((decide(&hub, &(struct ask){.from = from[f], .type = "a/1"}) == CODE_OK) != expected[f])
				fail_msg("case %zu: %s", i, from[f]);
		buf_done(&hub.main);
	}
}

static void a_pattern_or_a_role_reaches_all_that_fit_and_an_address_narrows_it(void **state)
{
	struct hub hub;
	const struct rule rules[] = {
		{.name = "pattern", .from = {DOC}, .types = {"a/1"}, TO(LIKE("ct.police.*")), .route = true},
		{.name = "role", .from = {DOC}, .types = {"b/1"}, TO(ROLE("detention"), NAMED(PROVIDER)), .route = true},
	};
	(void)state;
	make(&hub, rules, 2);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_OK);
	assert_true(hub.count == 2 && reaches(&hub, HARTFORD) && reaches(&hub, NORWICH));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "b/1"}), CODE_OK);
	assert_true(hub.count == 2 && reaches(&hub, NORWICH) && reaches(&hub, PROVIDER));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {NORWICH}}), CODE_OK);
	assert_true(hub.count == 1 && reaches(&hub, NORWICH));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {"role:detention"}}), CODE_OK);
	assert_true(hub.count == 1 && reaches(&hub, NORWICH));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {"role:police", NORWICH}}), CODE_OK);
	assert_true(hub.count == 2 && reaches(&hub, HARTFORD) && reaches(&hub, NORWICH)); /* each once */
	buf_done(&hub.main);
}

static void content_chooses_by_an_attribute_without_regard_to_case(void **state)
{
	static const struct {
		const char *main;
		bool hartford, norwich;
	} cases[] = {
		{"{\"last_known\":{\"town\":\"hartford\"}}", true, false},
		{"{\"last_known\":{\"town\":\"WEST HARTFORD\"}}", true, false},
		{"{\"last_known\":{\"town\":\"Norwich\"}}", false, true},
		{"{\"last_known\":{\"town\":\"Hart\"}}", false, false},
		{"{\"last_known\":{\"town\":\"\"}}", false, false},
		{"{\"last_known\":{\"town\":7}}", false, false},
		{"{\"last_known\":{}}", false, false},
		{"{\"town\":\"Norwich\"}", false, false},
	};
	struct hub hub;
	const struct rule rule = {.name = "town", .from = {BOARD}, .types = {"warrant.*"}, .route = true,
	                          TO({.kind = TARGET_ROLE, .name = "police", .attribute = "town", .pointer = "/last_known/town"})};
	(void)state;
	make(&hub, &rule, 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		say_json(&hub, cases[i].main);
		enum code code = decide(&hub, &(struct ask){.from = BOARD, .type = "warrant.issue/1"});
		if (code != (cases[i].hartford || cases[i].norwich ? CODE_OK : CODE_NO_RECIPIENT))
			fail_msg("case %zu: %s", i, code_text(code));
		assert_true(reaches(&hub, HARTFORD) == cases[i].hartford && reaches(&hub, NORWICH) == cases[i].norwich);
	}
	say_json(&hub, cases[0].main); /* an address does not get around the condition */
	assert_int_equal(decide(&hub, &(struct ask){.from = BOARD, .type = "warrant.issue/1", .to = {NORWICH}}), CODE_NO_AGREEMENT);
	buf_clear(&hub.main); /* withheld: nothing to match by */
	assert_int_equal(decide(&hub, &(struct ask){.from = BOARD, .type = "warrant.issue/1"}), CODE_NO_RECIPIENT);
	buf_done(&hub.main);
}

static void thread_reaches_those_who_have_a_part_in_the_conversation(void **state)
{
	static const char *const names[] = {HARTFORD, DOC, "ct.gone"};
	struct hub hub;
	const struct rule rule = {.name = "talk", .from = {"*"}, .types = {"a/1"}, TO({.kind = TARGET_THREAD}), .route = true};
	(void)state;
	make(&hub, &rule, 1);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .thread = names, .thread_count = 3}), CODE_OK);
	assert_true(hub.count == 1 && reaches(&hub, HARTFORD)); /* not the sender, not who has left */
	assert_int_equal(decide(&hub, &(struct ask){.from = BOARD, .type = "a/1", .thread = names, .thread_count = 3}), CODE_OK);
	assert_true(hub.count == 2 && reaches(&hub, HARTFORD) && reaches(&hub, DOC));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_NO_RECIPIENT);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {BOARD}, .thread = names, .thread_count = 3}), CODE_NO_AGREEMENT);
	buf_done(&hub.main);
}

static void originator_reaches_whom_the_message_answers(void **state)
{
	struct hub hub;
	const struct rule rule = {.name = "answer", .from = {"*"}, .types = {"a/1"}, TO({.kind = TARGET_ORIGINATOR}), .route = true};
	(void)state;
	make(&hub, &rule, 1);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .originator = NORWICH}), CODE_OK);
	assert_true(hub.count == 1 && reaches(&hub, NORWICH));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {NORWICH}, .originator = NORWICH}), CODE_OK);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {HARTFORD}, .originator = NORWICH}), CODE_NO_AGREEMENT);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_NO_RECIPIENT);
	buf_done(&hub.main);
}

static void a_sender_is_never_its_own_recipient(void **state)
{
	struct hub hub;
	const struct rule rules[] = {
		{.name = "police", .from = {"*"}, .types = {"a/1"}, TO(ROLE("police")), .route = true},
		{.name = "detention", .from = {"*"}, .types = {"b/1"}, TO(ROLE("detention")), .route = true},
	};
	(void)state;
	make(&hub, rules, 2);
	assert_int_equal(decide(&hub, &(struct ask){.from = HARTFORD, .type = "a/1"}), CODE_OK);
	assert_true(hub.count == 1 && reaches(&hub, NORWICH));
	assert_int_equal(decide(&hub, &(struct ask){.from = NORWICH, .type = "b/1"}), CODE_NO_RECIPIENT);
	assert_int_equal(decide(&hub, &(struct ask){.from = NORWICH, .type = "b/1", .to = {NORWICH}}), CODE_NO_RECIPIENT);
	assert_int_equal(decide(&hub, &(struct ask){.from = NORWICH, .type = "a/1", .to = {NORWICH, HARTFORD}}), CODE_OK);
	assert_true(hub.count == 1 && reaches(&hub, HARTFORD));
	buf_done(&hub.main);
}

static void only_an_agreement_that_routes_takes_an_unaddressed_message(void **state)
{
	struct hub hub;
	const struct rule rules[] = {
		{.name = "addressed", .from = {DOC}, .types = {"a/1"}, TO(NAMED(BOARD))},
		{.name = "routed", .from = {DOC}, .types = {"b/*"}, TO(NAMED(HARTFORD)), .route = true},
		{.name = "more", .from = {DOC}, .types = {"b/1"}, TO(NAMED(BOARD))},
	};
	(void)state;
	make(&hub, rules, 3);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_NO_RECIPIENT);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {BOARD}}), CODE_OK);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "b/1"}), CODE_OK);
	assert_true(hub.count == 1 && reaches(&hub, HARTFORD));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "b/1", .to = {BOARD, HARTFORD}}), CODE_OK);
	assert_int_equal(hub.count, 2);
	buf_done(&hub.main);
}

static void add_part(struct hub *hub, const char *name, const char *cls)
{
	hub->message.parts[hub->message.parts_count++] = (struct message_part){.name = bytes_text(name), .cls = bytes_text(cls)};
}

static void a_recipient_must_be_cleared_for_the_class_of_a_required_part(void **state)
{
	static const struct {
		const char *classes[TEXTS_MAX];
		const char *main;
		enum code code;
	} cases[] = {
		{{NULL}, "CJ", CODE_OK},
		{{NULL}, "PUB", CODE_OK},
		{{NULL}, "CJI", CODE_NOT_CLEARED},
		{{"CJI"}, "CJI", CODE_OK},
		{{"CJI"}, "CJ", CODE_NOT_CLEARED}, /* a list names all */
		{{"P"}, "P2", CODE_NOT_CLEARED},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hub hub;
		struct rule rule = {.name = "one", .from = {DOC}, .types = {"a/1"}, TO(NAMED(BOARD)), .route = true};
		memcpy(rule.classes, cases[i].classes, sizeof(rule.classes));
		make(&hub, &rule, 1);
		hub.message.parts[0].cls = bytes_text(cases[i].main);
		enum code code = decide(&hub, &(struct ask){.from = DOC, .type = "a/1"});
		if (code != cases[i].code)
			fail_msg("case %zu: %s", i, code_text(code));
		if (code != CODE_OK)
			assert_string_equal(hub.err.field, "/parts/main");
		buf_done(&hub.main);
	}
}

static void other_parts_are_withheld_from_whom_their_class_is_not_for(void **state)
{
	const struct rule rules[] = {
		{.name = "victims", .from = {DOC}, .types = {"a/1"}, .classes = {"CJ", "VIC"}, TO(NAMED(BOARD)), .route = true},
		{.name = "health", .from = {DOC}, .types = {"a/1"}, .classes = {"CJ", "PHI"}, TO(NAMED(PROVIDER)), .route = true},
		{.name = "police", .from = {DOC}, .types = {"a/1"}, TO(NAMED(HARTFORD)), .route = true},
	};
	static const struct {
		const char *party;
		int64_t withheld;
	} expected[] = {{BOARD, 4}, {PROVIDER, 2}, {HARTFORD, 6}};
	struct hub hub;
	(void)state;
	make(&hub, rules, 3);
	add_part(&hub, "victim", "VIC");
	add_part(&hub, "medical", "PHI");
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_OK);
	assert_int_equal(hub.count, 3);
	for (size_t i = 0; i < 3; i++)
		for (size_t r = 0; r < hub.count; r++) {
			if (strcmp(hub.recipients[r].party->name, expected[i].party) != 0)
				continue;
			assert_int_equal(hub.recipients[r].withheld, expected[i].withheld);
			assert_int_equal(hub.recipients[r].consent, 0);
			for (size_t p = 0; p < 3; p++)
				assert_int_equal(hub.recipients[r].why[p], expected[i].withheld & (1 << p) ? AGREEMENT_NOT_CLEARED : AGREEMENT_GIVEN);
		}
	buf_done(&hub.main);
}

static void clearances_of_several_agreements_add_up_in_any_order(void **state)
{
	const struct rule narrow = {.name = "narrow", .from = {DOC}, .types = {"a/1"}, .classes = {"CJ"}, TO(NAMED(BOARD)), .route = true};
	const struct rule wide = {.name = "wide", .from = {DOC}, .types = {"a/1"}, .classes = {"VIC"}, TO(NAMED(BOARD)), .route = true};
	const struct rule orders[2][2] = {{narrow, wide}, {wide, narrow}};
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct hub hub;
		make(&hub, orders[i], 2);
		add_part(&hub, "victim", "VIC");
		add_part(&hub, "medical", "PHI");
		assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_OK);
		assert_int_equal(hub.count, 1);
		assert_int_equal(hub.recipients[0].withheld, 4);
		buf_done(&hub.main);
	}
}

/* P2 rests on the consent whatever the agreement says; other classes where it asks for one, and where no other agreement gives them freely. */
static void what_rests_on_a_consent_is_told(void **state)
{
	struct say_consent say = {.state = CONSENT_HOLDS};
	const struct rule rules[] = {
		{.name = "clinic", .from = {DOC}, .types = {"a/1", "b/1"}, .classes = {"CJ", "PHI", "P2"}, .consent = true, TO(NAMED(BOARD)), .route = true},
		{.name = "health", .from = {DOC}, .types = {"b/1"}, .classes = {"PHI"}, TO(NAMED(BOARD)), .route = true},
	};
	struct hub hub;
	(void)state;
	make(&hub, rules, 2);
	add_part(&hub, "medical", "PHI");
	add_part(&hub, "clinical", "P2");
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .consent = &say}), CODE_OK);
	assert_int_equal(hub.recipients[0].withheld, 0);
	assert_int_equal(hub.recipients[0].consent, 6);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "b/1", .consent = &say}), CODE_OK);
	assert_int_equal(hub.recipients[0].consent, 4);
	buf_done(&hub.main);
}

static void a_consent_that_does_not_name_a_recipient_withholds_from_that_one_alone(void **state)
{
	struct say_consent say = {.state = CONSENT_HOLDS};
	const struct rule rule = {.name = "clinic", .from = {DOC}, .types = {"a/1"}, .classes = {"CJ", "P2"}, TO(NAMED(BOARD), NAMED(PROVIDER)),
	                          .route = true};
	struct hub hub;
	(void)state;
	make(&hub, &rule, 1);
	add_part(&hub, "clinical", "P2");
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .consent = &say}), CODE_OK);
	assert_int_equal(hub.count, 2);
	for (size_t i = 0; i < 2; i++) {
		bool is_board = !strcmp(hub.recipients[i].party->name, BOARD);
		assert_int_equal(hub.recipients[i].withheld, is_board ? 0 : 2);
		assert_int_equal(hub.recipients[i].consent, is_board ? 2 : 0);
		assert_int_equal(hub.recipients[i].why[1], is_board ? AGREEMENT_GIVEN : AGREEMENT_NO_CONSENT);
	}
	hub.message.parts[0].cls = BYTES_LIT("P2"); /* without the main part there is nothing to say */
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {PROVIDER}, .consent = &say}), CODE_CONSENT);
	assert_string_equal(hub.err.field, "/parts/main");
	assert_non_null(strstr(hub.err.reason, PROVIDER));
	buf_done(&hub.main);
}

static void a_consent_that_holds_for_nobody_is_the_originators_to_mend(void **state)
{
	static const enum consent_state states[] = {CONSENT_NONE, CONSENT_UNKNOWN, CONSENT_EARLY, CONSENT_EXPIRED, CONSENT_REVOKED, CONSENT_DISCLOSER,
	                                            CONSENT_PERSON};
	const struct rule rule = {.name = "clinic", .from = {DOC}, .types = {"a/1"}, .classes = {"CJ", "P2"}, TO(NAMED(BOARD)), .route = true};
	struct hub hub;
	(void)state;
	make(&hub, &rule, 1);
	add_part(&hub, "clinical", "P2");
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		struct say_consent say = {.state = states[i]};
		assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .consent = &say}), CODE_CONSENT);
		assert_string_equal(hub.err.field, "/consent");
		assert_non_null(strstr(hub.err.reason, consent_state_text(states[i])));
	}
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_CONSENT); /* nobody to ask */
	buf_done(&hub.main);
}

static void no_consent_is_asked_where_nobody_is_cleared_for_what_rests_on_it(void **state)
{
	struct say_consent say = {.state = CONSENT_REVOKED};
	const struct rule rule = {.name = "plain", .from = {DOC}, .types = {"a/1"}, TO(NAMED(BOARD)), .route = true};
	struct hub hub;
	(void)state;
	make(&hub, &rule, 1);
	add_part(&hub, "clinical", "P2");
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .consent = &say}), CODE_OK);
	assert_int_equal(hub.recipients[0].withheld, 2);
	assert_int_equal(say.asked, 0);
	buf_done(&hub.main);
}

static void the_catalogue_says_which_parts_are_required(void **state)
{
	static char main_name[] = "main", victim_name[] = "victim";
	struct catalogue_part parts[] = {{.name = main_name, .required = true}, {.name = victim_name, .required = true}};
	const struct catalogue_type type = {.parts = parts, .parts_count = 2};
	const struct rule rule = {.name = "plain", .from = {DOC}, .types = {"a/1"}, TO(NAMED(BOARD)), .route = true};
	struct hub hub;
	(void)state;
	make(&hub, &rule, 1);
	add_part(&hub, "victim", "VIC");
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_OK);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .definition = &type}), CODE_NOT_CLEARED);
	assert_string_equal(hub.err.field, "/parts/victim");
	buf_done(&hub.main);
}

static void subscriber_reaches_those_who_subscribed(void **state)
{
	static const char *const names[] = {NORWICH, BOARD, "ct.gone"};
	struct hub hub;
	const struct rule rule = {.name = "told", .from = {DOC}, .types = {"a/*"}, TO({.kind = TARGET_SUBSCRIBER}), .route = true};
	(void)state;
	make(&hub, &rule, 1);
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .subscribers = names, .subscribers_count = 3}), CODE_OK);
	assert_true(hub.count == 2 && reaches(&hub, NORWICH) && reaches(&hub, BOARD));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_NO_RECIPIENT);
	assert_true(agreement_needs_subscribers(&hub.snapshot, BYTES_LIT("a/2")));
	assert_false(agreement_needs_subscribers(&hub.snapshot, BYTES_LIT("b/1")));
	assert_false(agreement_needs_thread(&hub.snapshot, BYTES_LIT("a/2")));
	buf_done(&hub.main);
}

static void one_recipient_who_is_not_cleared_stops_the_message_for_all(void **state)
{
	const struct rule rules[] = {
		{.name = "police", .from = {DOC}, .types = {"a/1"}, .classes = {"CJI"}, TO(ROLE("police")), .route = true},
		{.name = "provider", .from = {DOC}, .types = {"a/1"}, TO(NAMED(PROVIDER)), .route = true},
	};
	struct hub hub;
	(void)state;
	make(&hub, rules, 2);
	hub.message.parts[0].cls = BYTES_LIT("CJI");
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1"}), CODE_NOT_CLEARED);
	assert_non_null(strstr(hub.err.reason, PROVIDER));
	assert_int_equal(decide(&hub, &(struct ask){.from = DOC, .type = "a/1", .to = {"role:police"}}), CODE_OK);
	assert_int_equal(hub.count, 2);
	buf_done(&hub.main);
}

static void more_recipients_than_there_is_room_for_are_refused(void **state)
{
	struct hub hub;
	const struct rule rule = {.name = "all", .from = {"*"}, .types = {"*"}, TO(LIKE("*")), .route = true};
	(void)state;
	make(&hub, &rule, 1);
	hub.message.type = BYTES_LIT("a/1");
	const struct agreement_question question = {.from = &hub.enrolled[0], .message = &hub.message};
	assert_int_equal(agreement_decide(&hub.snapshot, &question, hub.recipients, PARTIES - 2, &hub.count, &hub.err).code, CODE_TOO_LARGE);
	assert_int_equal(agreement_decide(&hub.snapshot, &question, hub.recipients, PARTIES - 1, &hub.count, &hub.err).code, CODE_OK);
	assert_int_equal(hub.count, PARTIES - 1);
	buf_done(&hub.main);
}

static void the_conversation_is_needed_only_where_an_agreement_of_the_type_speaks_of_it(void **state)
{
	struct hub hub;
	const struct rule rules[] = {
		{.name = "plain", .from = {"*"}, .types = {"a/1"}, TO(ROLE("police"))},
		{.name = "talk", .from = {"*"}, .types = {"b/*"}, TO(NAMED(BOARD), {.kind = TARGET_THREAD})},
		{.name = "answer", .from = {"*"}, .types = {"c/1"}, TO({.kind = TARGET_ORIGINATOR})},
	};
	(void)state;
	make(&hub, rules, 3);
	assert_false(agreement_needs_thread(&hub.snapshot, BYTES_LIT("a/1")));
	assert_true(agreement_needs_thread(&hub.snapshot, BYTES_LIT("b/2")));
	assert_true(agreement_needs_thread(&hub.snapshot, BYTES_LIT("c/1")));
	assert_false(agreement_needs_thread(&hub.snapshot, BYTES_LIT("c/2")));
	buf_done(&hub.main);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_agreement_speaks_of_is_denied),
		cmocka_unit_test(without_any_agreement_nothing_goes),
		cmocka_unit_test(senders_fit_by_name_by_pattern_and_by_role),
		cmocka_unit_test(a_pattern_or_a_role_reaches_all_that_fit_and_an_address_narrows_it),
		cmocka_unit_test(content_chooses_by_an_attribute_without_regard_to_case),
		cmocka_unit_test(thread_reaches_those_who_have_a_part_in_the_conversation),
		cmocka_unit_test(originator_reaches_whom_the_message_answers),
		cmocka_unit_test(a_sender_is_never_its_own_recipient),
		cmocka_unit_test(only_an_agreement_that_routes_takes_an_unaddressed_message),
		cmocka_unit_test(a_recipient_must_be_cleared_for_the_class_of_a_required_part),
		cmocka_unit_test(other_parts_are_withheld_from_whom_their_class_is_not_for),
		cmocka_unit_test(clearances_of_several_agreements_add_up_in_any_order),
		cmocka_unit_test(what_rests_on_a_consent_is_told),
		cmocka_unit_test(a_consent_that_does_not_name_a_recipient_withholds_from_that_one_alone),
		cmocka_unit_test(a_consent_that_holds_for_nobody_is_the_originators_to_mend),
		cmocka_unit_test(no_consent_is_asked_where_nobody_is_cleared_for_what_rests_on_it),
		cmocka_unit_test(the_catalogue_says_which_parts_are_required),
		cmocka_unit_test(subscriber_reaches_those_who_subscribed),
		cmocka_unit_test(one_recipient_who_is_not_cleared_stops_the_message_for_all),
		cmocka_unit_test(more_recipients_than_there_is_room_for_are_refused),
		cmocka_unit_test(the_conversation_is_needed_only_where_an_agreement_of_the_type_speaks_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

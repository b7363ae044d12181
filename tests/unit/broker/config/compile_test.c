#include "unit/broker/hub_fixture.h"

#include "broker/config/compile.h"

/* Parties and agreements compiled by themselves: no certificate is needed. */
struct compiled {
	struct hub_fixture hub;
	struct snapshot snapshot;
	struct conf_faults faults;
};

static void compile(struct compiled *compiled, const struct hub_config *config, struct catalogue *catalogue)
{
	struct conf_faults *faults = &compiled->faults;
	*compiled = (struct compiled){.hub = {.pki = {.folder = "/tmp/liaison-compile-XXXXXX"}}};
	assert_non_null(mkdtemp(compiled->hub.pki.folder));
	hub_fixture_write(&compiled->hub, config);
	conf_faults_init(faults);
	if (FAILED(conf_load(&settings_table, compiled->hub.file, &compiled->snapshot.settings, faults)))
		fail_msg("%.*s", (int)faults->text.len, (const char *)faults->text.at);
	compiled->snapshot.catalogue = catalogue;
	compile_parties(&compiled->snapshot, compiled->hub.file, faults);
	compile_agreements(&compiled->snapshot, compiled->hub.file, faults);
	buf_add_byte(&faults->text, 0);
}

static void done(struct compiled *compiled)
{
	compile_free(&compiled->snapshot);
	conf_free(&settings_table, &compiled->snapshot.settings);
	conf_faults_done(&compiled->faults);
	pki_fixture_done(&compiled->hub.pki);
}

static int load_catalogue(void **state)
{
	struct err err;
	struct catalogue *catalogue = NULL;
	pki_fixture_fine(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &catalogue, &err), &err);
	*state = catalogue;
	return 0;
}

static int free_catalogue(void **state)
{
	catalogue_unref(*state);
	return 0;
}

static void takes_targets_apart(void **state)
{
	static const struct {
		const char *to;
		enum snapshot_target_kind kind;
		const char *name, *attribute, *pointer;
	} cases[] = {
		{POLICE, TARGET_PARTY, POLICE, NULL, NULL},
		{"ct.*", TARGET_PATTERN, "ct.*", NULL, NULL},
		{"role:police", TARGET_ROLE, "police", NULL, NULL},
		{"thread", TARGET_THREAD, "thread", NULL, NULL},
		{"originator", TARGET_ORIGINATOR, "originator", NULL, NULL},
		{"subscriber", TARGET_SUBSCRIBER, "subscriber", NULL, NULL},
		{"subscriber town=/town", TARGET_SUBSCRIBER, "subscriber", "town", "/town"},
		{"role:police town=/destination/town", TARGET_ROLE, "police", "town", "/destination/town"},
		{"*  town=/a~1b", TARGET_PATTERN, "*", "town", "/a~1b"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct compiled compiled;
		char agreement[256];
		snprintf(agreement, sizeof(agreement), "{ name = \"a\"; from = [ \"*\" ]; types = [ \"warrant.*\" ]; to = [ \"%s\" ]; }",
		         cases[i].to);
		compile(&compiled, &(struct hub_config){.agreements = agreement}, *state);
		if (compiled.faults.count)
			fail_msg("%s", (const char *)compiled.faults.text.at);
		const struct snapshot_target *target = compiled.snapshot.agreements[0].targets;
		assert_int_equal(target->kind, cases[i].kind);
		assert_string_equal(target->name, cases[i].name);
		assert_int_equal(!target->attribute, !cases[i].attribute);
		if (cases[i].attribute) {
			assert_string_equal(target->attribute, cases[i].attribute);
			assert_string_equal(target->pointer, cases[i].pointer);
		}
		done(&compiled);
	}
}

#define AGREEMENT(from, types, to) "{ name = \"a\"; from = [ \"" from "\" ]; types = [ \"" types "\" ]; to = [ \"" to "\" ]; }"

static void names_what_fits_nothing(void **state)
{
	static const struct {
		struct hub_config config;
		const char *fault;
	} cases[] = {
		{{.agreements = AGREEMENT("ct.nobody", "*", "*")}, ": agreements[0]: from: \"ct.nobody\" is not enrolled"},
		{{.agreements = AGREEMENT("ma.*", "*", "*")}, "from: no party fits \"ma.*\""},
		{{.agreements = AGREEMENT("role:judge", "*", "*")}, "from: no party has the role \"judge\""},
		{{.agreements = AGREEMENT("*", "warrant.isue/1", "*")}, "types: \"warrant.isue/1\" is not in the catalogue"},
		{{.agreements = AGREEMENT("*", "weather.*", "*")}, "types: \"weather.*\" is not in the catalogue"},
		{{.agreements = AGREEMENT("*", "*", "ct.nobody")}, "to: \"ct.nobody\" is not enrolled"},
		{{.agreements = AGREEMENT("*", "*", "role:judge")}, "to: no party has the role \"judge\""},
		{{.agreements = AGREEMENT("*", "*", "")}, "names nobody"},
		{{.agreements = AGREEMENT("*", "*", "* town")}, "is no condition"},
		{{.agreements = AGREEMENT("*", "*", "* town=destination")}, "is no condition"},
		{{.agreements = AGREEMENT("*", "*", "* town=/a~2")}, "is no condition"},
		{{.agreements = AGREEMENT("*", "*", "* =/a")}, "is no condition"},
		{{.agreements = AGREEMENT("*", "*", "* county=/a")}, "no party has the attribute \"county\""},
		{{.agreements = AGREEMENT("*", "*", "*") ",\n" AGREEMENT("*", "*", "*")},
		 ": agreements[1]: \"a\" is the name of the agreement in line"},
		{{.parties = HUB_PARTIES ", { party = \"" POLICE "\"; roles = [ \"police\" ]; }"}, POLICE " is enrolled already in line"},
		{{.parties = HUB_PARTIES ", { party = \"" HUB "\"; roles = [ \"police\" ]; }"}, HUB " is the hub itself"},
		{{.parties = HUB_PARTIES ", { party = \"thread\"; roles = [ \"police\" ]; }"}, "\"thread\" is a word of agreements"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct compiled compiled;
		compile(&compiled, &cases[i].config, *state);
		if (!strstr((const char *)compiled.faults.text.at, cases[i].fault) ||
		    !strstr((const char *)compiled.faults.text.at, "broker.cfg:"))
			fail_msg("expected: %s\ngot: %s", cases[i].fault, (const char *)compiled.faults.text.at);
		done(&compiled);
	}
}

static void sorts_parties_by_name(void **state)
{
	struct compiled compiled;
	compile(&compiled, &(struct hub_config){.listen = NULL}, *state);
	assert_string_equal(compiled.snapshot.parties[0].name, BOARD);
	assert_string_equal(compiled.snapshot.parties[1].name, OFFICE);
	assert_string_equal(compiled.snapshot.parties[2].name, POLICE);
	done(&compiled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_targets_apart),
		cmocka_unit_test(names_what_fits_nothing),
		cmocka_unit_test(sorts_parties_by_name),
	};
	return cmocka_run_group_tests(tests, load_catalogue, free_catalogue);
}

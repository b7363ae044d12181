#include "unit/broker/hub_fixture.h"

/* The hub's file needs no certificates to be read. */
static void write_file(struct hub_fixture *hub, const struct hub_config *config)
{
	*hub = (struct hub_fixture){.pki = {.folder = "/tmp/liaison-settings-XXXXXX"}};
	assert_non_null(mkdtemp(hub->pki.folder));
	hub_fixture_write(hub, config);
}

static result load(struct hub_fixture *hub, struct settings *settings, struct conf_faults *faults)
{
	conf_faults_init(faults);
	return conf_load(&settings_table, hub->file, settings, faults);
}

static void reads_a_file_and_fills_in_what_it_leaves_out(void **state)
{
	struct hub_fixture hub;
	struct settings settings;
	struct conf_faults faults;
	(void)state;
	write_file(&hub, &(struct hub_config){.limits = "credit = 17; heartbeat_ms = \"3 s\";"});
	if (FAILED(load(&hub, &settings, &faults)))
		fail_msg("%.*s", (int)faults.text.len, (const char *)faults.text.at);
	assert_string_equal(settings.party, HUB);
	assert_int_equal(settings.limits.credit, 17);
	assert_int_equal(settings.limits.heartbeat_ms, 3000);
	assert_int_equal(settings.limits.batch, 1024);
	assert_int_equal(settings.threads.gateways, 1);
	assert_string_equal(settings.calendar.timezone, "EST5EDT,M3.2.0,M11.1.0");
	assert_int_equal(settings.calendar.holidays.count, 0);
	assert_int_equal(settings.parties.count, 3);
	const struct settings_party *party = settings.parties.at;
	assert_string_equal(party->party, POLICE);
	assert_true(party->line > 0);
	assert_true(settings.tls.ca.at[0][0] == '/');
	conf_free(&settings_table, &settings);
	conf_faults_done(&faults);
	pki_fixture_done(&hub.pki);
}

static void prints_what_it_loads_again(void **state)
{
	struct hub_fixture hub;
	struct settings settings, again;
	struct conf_faults faults;
	struct buf printed, changed;
	struct err err;
	(void)state;
	write_file(&hub, &(struct hub_config){.limits = "credit = 17;"});
	assert_false(FAILED(load(&hub, &settings, &faults)));
	buf_init(&printed, 1 << 20);
	buf_init(&changed, 1024);
	conf_print(&settings_table, &settings, &printed);
	assert_int_equal(file_write(hub.file, buf_bytes(&printed), 0600, &err).code, CODE_OK);
	if (FAILED(load(&hub, &again, &faults)))
		fail_msg("%.*s", (int)faults.text.len, (const char *)faults.text.at);
	assert_int_equal(again.limits.credit, 17);
	assert_int_equal(again.agreements.count, settings.agreements.count);
	assert_false(conf_changed(&settings_table, &settings, &again, &changed));
	conf_free(&settings_table, &settings);
	conf_free(&settings_table, &again);
	conf_faults_done(&faults);
	buf_done(&printed);
	buf_done(&changed);
	pki_fixture_done(&hub.pki);
}

static void names_every_fault_with_its_line(void **state)
{
	static const struct {
		struct hub_config config;
		const char *fault;
	} cases[] = {
		{{.listen = "7400"}, "broker.cfg:2: listen: \"7400\" is no address"},
		{{.listen = "::1:7400"}, "write one like"},
		{{.listen = "host:99999"}, "is no address to listen on"},
		{{.head = "lisen = \"x\";\n"}, "did you mean listen"},
		{{.limits = "credit = 0;"}, "limits.credit: is 0; write a value from 1"},
		{{.limits = "credit = 3000000000;"}, "broker.cfg:9: credit: 3000000000 does not fit"},
		{{.limits = "frame_bytes = \"1 MiB\"; message_bytes = \"1 MiB\";"}, "does not fit into frame_bytes"},
		{{.limits = "window_bytes = \"64 KiB\"; message_bytes = \"128 KiB\";"}, "does not fit into window_bytes"},
		{{.limits = "heartbeat_ms = 15;"}, "write it in quotes with its unit"},
		{{.log = "level = \"loud\";"}, "log.level: \"loud\" is not a choice"},
		{{.head = "calendar = { timezone = \"America/Hartford\"; };\n"}, "calendar.timezone: there is no time zone \"America/Hartford\""},
		{{.head = "calendar = { timezone = \"../etc\"; };\n"}, "is neither a zone's name nor a rule; name one like America/New_York"},
		{{.head = "calendar = { holidays = [ \"2026-02-30\" ]; };\n"}, "calendar.holidays: \"2026-02-30\" is no date; write one like 2026-11-26"},
		{{.head = "calendar = { holidays = [ \"2026-12-25T00:00:00Z\" ]; };\n"}, "is no date"},
		{{.head = "calendar = { holidays = [ \"2026-12-25\", \"2026-01-01\", \"2026-12-25\" ]; };\n"}, "\"2026-12-25\" is there twice"},
		{{.parties = "{ party = \"ct.x\"; roles = [ \"police\" ]; attributes = { supervisor = \"ct.x, ct.y\"; }; }"},
		 "parties.attributes.supervisor: \"ct.y\" is none of the parties"},
		{{.tls = "certificate = \"a\"; ca = [ \"b\" ];"}, "tls.key: is missing"},
		{{.tls = "certificate = \"a\"; key = \"k\"; ca = [ ];"}, "tls.ca: is empty"},
		{{.parties = "{ party = \"CT.Police\"; roles = [ \"police\" ]; }"}, "is no party name"},
		{{.parties = "{ party = \"ct.x\"; roles = [ \"Police\" ]; }"}, "\"Police\" is no role"},
		{{.parties = "{ party = \"ct.x\"; roles = [ \"police\", \"police\" ]; }"}, "is there twice"},
		{{.parties = "{ party = \"ct.x\"; roles = [ \"any\" ]; }"}, "has a meaning of its own"},
		{{.parties = "{ party = \"ct.x\"; roles = [ \"hub\" ]; }"}, "has a meaning of its own"},
		{{.parties = "{ party = \"ct.x\"; roles = [ ]; }"}, "parties[0].roles: is empty"},
		{{.parties = "{ party = \"ct.x\"; roles = [ \"police\" ]; attributes = { town = \" , \"; }; }"}, "town says nothing"},
		{{.agreements = "{ name = \"x\"; from = [ \"*\" ]; types = [ \"*\" ]; to = [ \"*\" ]; classes = [ \"SECRET\" ]; }"},
		 "\"SECRET\" is no sensitivity class"},
		{{.agreements = "{ name = \"x\"; from = [ \"*\" ]; types = [ \"*\" ]; }"}, "agreements[0].to: is missing"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hub_fixture hub;
		struct settings settings;
		struct conf_faults faults;
		write_file(&hub, &cases[i].config);
		assert_int_equal(load(&hub, &settings, &faults).code, CODE_CONFIG);
		buf_add_byte(&faults.text, 0);
		if (!strstr((const char *)faults.text.at, cases[i].fault))
			fail_msg("expected: %s\ngot: %s", cases[i].fault, (const char *)faults.text.at);
		conf_faults_done(&faults);
		pki_fixture_done(&hub.pki);
	}
}

static void refuses_endpoints_that_leave_the_host_or_coincide(void **state)
{
	static const struct {
		const char *from, *to, *fault;
	} cases[] = {
		{"control = \"ipc://", "control = \"tcp://10.0.0.1:5/", "is no local endpoint"},
		{"/events\"", "/control\"", "events: is the endpoint of control too"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct hub_fixture hub;
		struct settings settings;
		struct conf_faults faults;
		struct buf text, changed;
		struct err err;
		write_file(&hub, &(struct hub_config){.listen = NULL});
		assert_int_equal(file_read(hub.file, 1 << 20, &text, &err).code, CODE_OK);
		buf_add_byte(&text, 0);
		char *at = strstr((char *)text.at, cases[i].from);
		assert_non_null(at);
		buf_init(&changed, 1 << 20);
		buf_add(&changed, bytes_of(text.at, (size_t)(at - (char *)text.at)));
		buf_add_text(&changed, cases[i].to);
		buf_add_text(&changed, at + strlen(cases[i].from));
		assert_int_equal(file_write(hub.file, buf_bytes(&changed), 0600, &err).code, CODE_OK);
		assert_int_equal(load(&hub, &settings, &faults).code, CODE_CONFIG);
		buf_add_byte(&faults.text, 0);
		if (!strstr((const char *)faults.text.at, cases[i].fault))
			fail_msg("expected: %s\ngot: %s", cases[i].fault, (const char *)faults.text.at);
		conf_faults_done(&faults);
		buf_done(&text);
		buf_done(&changed);
		pki_fixture_done(&hub.pki);
	}
}

static void says_which_changes_need_a_restart(void **state)
{
	struct hub_fixture hub;
	struct settings before, after;
	struct conf_faults faults;
	struct buf names;
	(void)state;
	write_file(&hub, &(struct hub_config){.limits = "credit = 5;"});
	assert_false(FAILED(load(&hub, &before, &faults)));
	conf_faults_done(&faults);
	hub_fixture_write(&hub, &(struct hub_config){.listen = "127.0.0.1:7401", .limits = "credit = 6;"});
	assert_false(FAILED(load(&hub, &after, &faults)));
	conf_faults_done(&faults);
	buf_init(&names, 1024);
	assert_true(conf_changed(&settings_table, &before, &after, &names));
	assert_true(bytes_is(buf_bytes(&names), "listen"));
	buf_done(&names);
	conf_free(&settings_table, &before);
	conf_free(&settings_table, &after);
	pki_fixture_done(&hub.pki);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_file_and_fills_in_what_it_leaves_out),
		cmocka_unit_test(prints_what_it_loads_again),
		cmocka_unit_test(names_every_fault_with_its_line),
		cmocka_unit_test(refuses_endpoints_that_leave_the_host_or_coincide),
		cmocka_unit_test(says_which_changes_need_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

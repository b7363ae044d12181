/* The adapter's configuration: what the least of it gives, and what is refused, each at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/broker/scratch.h"

#include "adapters/runtime/options.h"

#define LEAST \
	"party = \"ct.hartford.police\"; kind = \"police\"; data = \"data\"; hub = { address = \"hub:7400\"; party = \"ct.hub\"; };\n" \
	"tls = { certificate = \"a\"; key = \"b\"; ca = [\"c\"]; }; signing = { certificate = \"d\"; key = \"e\"; };\n"

struct loaded {
	struct scratch scratch;
	struct conf_table *table;
	struct options options;
	struct conf_faults faults;
	bool fine;
};

static void load(struct loaded *loaded, struct bytes text)
{
	scratch_make(&loaded->scratch);
	scratch_write(&loaded->scratch, "adapter.cfg", text);
	char *path = scratch_path(&loaded->scratch, "adapter.cfg");
	loaded->table = options_table_new(NULL, NULL, NULL, 0, sizeof(loaded->options));
	conf_faults_init(&loaded->faults);
	loaded->fine = !FAILED(conf_load(loaded->table, path, &loaded->options, &loaded->faults));
	buf_add_byte(&loaded->faults.text, 0);
	mem_free(path);
}

static void unload(struct loaded *loaded)
{
	if (loaded->fine)
		conf_free(loaded->table, &loaded->options);
	conf_faults_done(&loaded->faults);
	options_table_free(loaded->table);
	scratch_remove(&loaded->scratch);
}

static void the_least_that_is_needed_has_all_defaults(void **state)
{
	struct loaded loaded;
	(void)state;
	load(&loaded, BYTES_LIT(LEAST));
	if (!loaded.fine)
		fail_msg("%s", (const char *)loaded.faults.text.at);
	assert_string_equal(loaded.options.party, "ct.hartford.police");
	assert_string_equal(loaded.options.ports.zmq, "");
	assert_string_equal(loaded.options.ports.https.listen, "");
	assert_null(loaded.options.ports.spool);
	assert_null(loaded.options.ports.https.token_file);
	assert_int_equal(loaded.options.ports.hand_over, HAND_OVER_AUTO);
	assert_int_equal(loaded.options.ports.https.lease_ms, 60000);
	assert_int_equal(loaded.options.ports.https.connections, 64);
	assert_int_equal(loaded.options.limits.message_bytes, 1 << 20);
	assert_true(loaded.options.answer_queries);
	unload(&loaded);
}

static void every_choice_of_hand_over_is_the_one_that_is_meant(void **state)
{
	static const struct {
		const char *text;
		enum options_hand_over choice;
	} choices[] = {{"auto", HAND_OVER_AUTO}, {"spool", HAND_OVER_SPOOL}, {"zmq", HAND_OVER_ZMQ}, {"https", HAND_OVER_HTTPS}, {"none", HAND_OVER_NONE}};
	(void)state;
	for (size_t i = 0; i < sizeof(choices) / sizeof(*choices); i++) {
		struct loaded loaded;
		char *text = mem_printf("%sports = { hand_over = \"%s\"; https = { listen = \"127.0.0.1:1\"; }; };", LEAST, choices[i].text);
		load(&loaded, bytes_text(text));
		assert_true(loaded.fine);
		assert_int_equal(loaded.options.ports.hand_over, choices[i].choice);
		unload(&loaded);
		mem_free(text);
	}
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
#define HTTPS(more) LEAST "ports = { https = { listen = \"127.0.0.1:1\"; " more " }; };"
	static const struct {
		const char *text, *says; /* NULL: fine */
	} cases[] = {
		{"", "party"},
		{LEAST "party = \"ct.other\";", "adapter.cfg:3"},
		{"party = \"Not A Party\";", "party: not a party name"},
		{LEAST "ori = \"CT64\";", "ori: not an ORI"},
		{LEAST "ori = \"CT0006400\";", NULL},
		{LEAST "colour = \"red\";", "colour: is not a setting"},
		{LEAST "ports = { smtp = \"x\"; };", "ports.smtp"},
		{LEAST "ports = { hand_over = \"fax\"; };", "ports.hand_over"},
		{LEAST "ports = { hand_over = \"https\"; };", "ports.hand_over: it names the HTTPS port, and there is none"},
		{LEAST "limits = { batch = 0; };", "limits.batch"},
		{LEAST "limits = { message_bytes = \"17 MiB\"; };", "limits.message_bytes"},
		{HTTPS(""), NULL},
		{HTTPS("token_file = \"t\";"), NULL},
		{HTTPS("certificate = \"c\"; key = \"k\";"), NULL},
		{HTTPS("certificate = \"c\"; key = \"k\"; ca = [\"a\"]; clients = [\"x\"];"), NULL},
		{HTTPS("certificate = \"c\";"), "ports.https.key: a certificate and its key belong together"},
		{HTTPS("key = \"k\";"), "ports.https.key: a certificate and its key belong together"},
		{HTTPS("ca = [\"a\"];"), "ports.https.ca: there are no client certificates without TLS"},
		{HTTPS("clients = [\"a\"];"), "ports.https.clients: nobody vouches"},
		{HTTPS("crl = [\"a\"];"), "ports.https.crl: these are lists of authorities that are not named"},
		{HTTPS("lease = \"1 ms\";"), "ports.https.lease"},
		{HTTPS("connections = 0;"), "ports.https.connections"},
		{LEAST "ports = { https = { listen = \"0.0.0.0:1\"; }; };", "ports.https.listen: it is not loopback"},
		{LEAST "ports = { https = { listen = \"10.0.0.1:1\"; certificate = \"c\"; key = \"k\"; token_file = \"t\"; }; };", "ports.https.listen: it is not loopback"},
		{LEAST "ports = { https = { listen = \"[::]:1\"; certificate = \"c\"; key = \"k\"; ca = [\"a\"]; }; };", NULL},
		{LEAST "ports = { https = { listen = \"example.org:1\"; }; };", "ports.https.listen: not an IP address"},
		{LEAST "ports = { https = { listen = \"8443\"; }; };", "ports.https.listen: not an address"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct loaded loaded;
		load(&loaded, bytes_text(cases[i].text));
		if (loaded.fine != (cases[i].says == NULL) || (cases[i].says && !strstr((const char *)loaded.faults.text.at, cases[i].says)))
			fail_msg("%s: %s", cases[i].text, (const char *)loaded.faults.text.at);
		unload(&loaded);
	}
}

/* What newcomers copy must work as it stands. */
static void takes_the_group_that_is_shipped_as_an_example(void **state)
{
	struct loaded loaded;
	struct buf example, text;
	struct err err;
	(void)state;
	assert_int_equal(file_read(LIAISON_SOURCE_DIR "/deploy/examples/police-https.cfg", 65536, &example, &err).code, CODE_OK);
	buf_init(&text, 65536);
	buf_add_text(&text, LEAST);
	buf_add(&text, buf_bytes(&example));
	load(&loaded, buf_bytes(&text));
	if (!loaded.fine)
		fail_msg("%s", (const char *)loaded.faults.text.at);
	assert_int_equal(loaded.options.ports.hand_over, HAND_OVER_HTTPS);
	assert_int_equal(loaded.options.ports.https.lease_ms, 120000);
	assert_int_equal(loaded.options.ports.https.clients.count, 1);
	unload(&loaded);
	buf_done(&example);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_least_that_is_needed_has_all_defaults),
		cmocka_unit_test(every_choice_of_hand_over_is_the_one_that_is_meant),
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(takes_the_group_that_is_shipped_as_an_example),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

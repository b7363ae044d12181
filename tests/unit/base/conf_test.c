#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/mem.h"

struct web {
	char *listen;
	int64_t port;
	int line;
};

struct party {
	char *name;
	int64_t window;
	struct conf_texts types;
	int line;
};

struct sample {
	char *name;
	char *key;
	char *password;
	int64_t threads;
	int64_t offset;
	int64_t largest;
	int64_t timeout;
	bool is_strict;
	int level;
	struct conf_texts roles;
	struct conf_pairs columns;
	struct web web;
	struct conf_list parties;
};

static const char *const levels[] = {"debug", "info", "warning", NULL};

static void check_name(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const char *name = *(char *const *)value;

	if (strchr(name, ' '))
		conf_fault(faults, place, path, "\"%s\" has a blank; take it out", name);
}

static void check_party(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct party *party = value;

	if (party->types.count == 0 && party->window > 100)
		conf_fault(faults, place, path, "has a window and no types; add types");
}

static const struct conf_field web_fields[] = {
	{.name = "listen", .kind = CONF_TEXT, .offset = offsetof(struct web, listen), .flags = CONF_REQUIRED, .help = "address"},
	{.name = "port", .kind = CONF_INT, .offset = offsetof(struct web, port), .fallback = "443", .min = 1, .max = 65535},
};

static const struct conf_table web_table = {web_fields, 2, sizeof(struct web), offsetof(struct web, line), NULL};

static const struct conf_field party_fields[] = {
	{.name = "name", .kind = CONF_TEXT, .offset = offsetof(struct party, name), .flags = CONF_REQUIRED, .check = check_name},
	{.name = "window", .kind = CONF_INT, .offset = offsetof(struct party, window), .fallback = "64", .flags = CONF_NO_RELOAD},
	{.name = "types", .kind = CONF_TEXTS, .offset = offsetof(struct party, types)},
};

static const struct conf_table party_table = {party_fields, 3, sizeof(struct party), offsetof(struct party, line), check_party};

static const struct conf_field fields[] = {
	{.name = "name", .kind = CONF_TEXT, .offset = offsetof(struct sample, name), .flags = CONF_REQUIRED, .check = check_name,
	 .help = "what it is called"},
	{.name = "key", .kind = CONF_PATH, .offset = offsetof(struct sample, key), .fallback = "keys/hub.key",
	 .flags = CONF_NO_RELOAD},
	{.name = "password", .kind = CONF_TEXT, .offset = offsetof(struct sample, password), .flags = CONF_SECRET},
	{.name = "threads", .kind = CONF_INT, .offset = offsetof(struct sample, threads), .fallback = "2", .min = 1, .max = 64,
	 .flags = CONF_NO_RELOAD},
	{.name = "offset", .kind = CONF_INT, .offset = offsetof(struct sample, offset), .min = INT64_MIN, .max = INT64_MAX},
	{.name = "largest", .kind = CONF_SIZE, .offset = offsetof(struct sample, largest), .fallback = "1 MiB", .min = 1024,
	 .max = 67108864},
	{.name = "timeout", .kind = CONF_DURATION, .offset = offsetof(struct sample, timeout), .fallback = "30s"},
	{.name = "strict", .kind = CONF_BOOL, .offset = offsetof(struct sample, is_strict), .fallback = "true"},
	{.name = "level", .kind = CONF_CHOICE, .offset = offsetof(struct sample, level), .fallback = "info", .choices = levels},
	{.name = "roles", .kind = CONF_TEXTS, .offset = offsetof(struct sample, roles), .fallback = "sender, receiver"},
	{.name = "columns", .kind = CONF_PAIRS, .offset = offsetof(struct sample, columns)},
	{.name = "web", .kind = CONF_GROUP, .offset = offsetof(struct sample, web), .sub = &web_table},
	{.name = "parties", .kind = CONF_LIST, .offset = offsetof(struct sample, parties), .sub = &party_table},
};

static const struct conf_table table = {fields, sizeof fields / sizeof fields[0], sizeof(struct sample), CONF_NO_LINE, NULL};

static char folder[64];
static char file[96];
static struct conf_faults faults;
static struct sample loaded;

static void write_file(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *to = fopen(path, "w");
	assert_non_null(to);
	assert_int_equal(fwrite(text, 1, strlen(text), to), strlen(text));
	assert_int_equal(fclose(to), 0);
}

static int set_up(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/liaison-conf-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/hub.cfg", folder);
	conf_faults_init(&faults);
	return 0;
}

static void remove_file(const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	unlink(path);
}

static int tear_down(void **state)
{
	(void)state;
	conf_faults_done(&faults);
	conf_free(&table, &loaded);
	remove_file("hub.cfg");
	remove_file("more.cfg");
	remove_file("again.cfg");
	return rmdir(folder);
}

/* The faults with the folder taken out of each line: "hub.cfg:3: threads: …"; owned. */
static char *faults_text(void)
{
	struct buf out;
	AUTO_FREE char *all = mem_text_n(faults.text.at, faults.text.len);

	buf_init(&out, 1024 * 1024);
	for (char *at = all; *at;) {
		size_t skip = strncmp(at, folder, strlen(folder)) == 0 ? strlen(folder) + 1 : 0;
		buf_add(&out, bytes_of(at + (skip ? skip : 0), skip ? 0 : 1));
		at += skip ? skip : 1;
	}
	char *text = mem_text_n(out.at, out.len);
	buf_done(&out);
	return text;
}

static enum code load(const char *text)
{
	write_file("hub.cfg", text);
	conf_free(&table, &loaded);
	conf_faults_done(&faults);
	conf_faults_init(&faults);
	result read = conf_load(&table, file, &loaded, &faults);
	return read.code;
}

static void must_load(const char *text)
{
	if (load(text) != CODE_OK) {
		AUTO_FREE char *why = faults_text();
		fail_msg("%s", why);
	}
}

static void must_fault(const char *text, const char *expected)
{
	static const struct sample nothing;

	assert_int_equal(load(text), CODE_CONFIG);
	AUTO_FREE char *found = faults_text();
	assert_string_equal(found, expected);
	size_t lines = 0;
	for (const char *at = found; *at; at++)
		lines += *at == '\n';
	assert_int_equal(faults.count, lines);
	assert_memory_equal(&loaded, &nothing, sizeof nothing);
}

static const char whole[] = "# the hub\n"
			    "name = \"ct.hub\";\n"
			    "key = \"/etc/liaison/hub.key\";\n"
			    "password = \"secret \\\"word\\\"\";\n"
			    "threads = 8;\n"
			    "offset = -3000000000L;\n"
			    "largest = \"64 KiB\";\n"
			    "timeout = \"90 s\";\n"
			    "strict = false;\n"
			    "level = \"warning\";\n"
			    "roles = [ \"a\", \"b \\\\ \\\"c\\\"\\n\\t\\x01\", \"ä\" ];\n"
			    "columns: { SID = \"sid\"; last_name = \"name.last\"; };\n"
			    "web: { listen = \"127.0.0.1\"; };\n"
			    "parties = (\n"
			    "  { name = \"ct.doc\"; types = (\"warrant.issue/1\"); },\n"
			    "  { name = \"ct.parole\";\n"
			    "    window = 0x10; }\n"
			    ");\n";

static void reads_every_kind(void **state)
{
	(void)state;
	must_load(whole);
	assert_string_equal(loaded.name, "ct.hub");
	assert_string_equal(loaded.key, "/etc/liaison/hub.key");
	assert_string_equal(loaded.password, "secret \"word\"");
	assert_int_equal(loaded.threads, 8);
	assert_true(loaded.offset == -3000000000);
	assert_int_equal(loaded.largest, 65536);
	assert_int_equal(loaded.timeout, 90000);
	assert_false(loaded.is_strict);
	assert_int_equal(loaded.level, 2);
	assert_int_equal(loaded.roles.count, 3);
	assert_string_equal(loaded.roles.at[1], "b \\ \"c\"\n\t\x01");
	assert_int_equal(loaded.columns.count, 2);
	assert_string_equal(loaded.columns.at[1].name, "last_name");
	assert_string_equal(loaded.columns.at[1].value, "name.last");
	assert_int_equal(loaded.columns.at[1].line, 12);
	assert_string_equal(loaded.web.listen, "127.0.0.1");
	assert_int_equal(loaded.web.port, 443);
	assert_int_equal(loaded.web.line, 13);
	assert_int_equal(loaded.parties.count, 2);
	const struct party *parties = loaded.parties.at;
	assert_string_equal(parties[0].types.at[0], "warrant.issue/1");
	assert_int_equal(parties[0].window, 64);
	assert_int_equal(parties[0].line, 15);
	assert_int_equal(parties[1].window, 16);
	assert_int_equal(parties[1].line, 16);
}

static void falls_back_where_nothing_is_written(void **state)
{
	char key[128];

	(void)state;
	must_load("name = \"x\";");
	snprintf(key, sizeof key, "%s/keys/hub.key", folder);
	assert_string_equal(loaded.key, key);
	assert_null(loaded.password);
	assert_int_equal(loaded.threads, 2);
	assert_int_equal(loaded.offset, 0);
	assert_int_equal(loaded.largest, 1048576);
	assert_int_equal(loaded.timeout, 30000);
	assert_true(loaded.is_strict);
	assert_int_equal(loaded.level, 1);
	assert_int_equal(loaded.roles.count, 2);
	assert_string_equal(loaded.roles.at[0], "sender");
	assert_string_equal(loaded.roles.at[1], "receiver");
	assert_null(loaded.web.listen); /* what is required in an optional group is not when the group is left out */
	assert_int_equal(loaded.web.port, 443);
	assert_int_equal(loaded.web.line, 0);
	assert_int_equal(loaded.parties.count, 0);
}

static void takes_relative_paths_from_the_folder_of_the_file(void **state)
{
	char expected[160], cwd[4096];

	(void)state;
	must_load("name = \"x\"; key = \"../k\";");
	snprintf(expected, sizeof expected, "%s/../k", folder);
	assert_string_equal(loaded.key, expected);
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_int_equal(chdir(folder), 0);
	conf_free(&table, &loaded);
	result read = conf_load(&table, "hub.cfg", &loaded, &faults);
	assert_int_equal(chdir(cwd), 0);
	assert_false(FAILED(read));
	assert_string_equal(loaded.key, expected);
}

/* ── faults ── */

static void names_the_line_and_the_remedy_of_every_kind_of_fault(void **state)
{
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"\n\nthreads = 1;", "hub.cfg:1: name: is missing; add it: what it is called\n"},
		{"name = \"x\";\nthreds = 1;",
		 "hub.cfg:2: threds: is not a setting, did you mean threads? Correct it or take it out\n"},
		{"name = \"x\";\nThreads = 1;",
		 "hub.cfg:2: Threads: is not a setting, did you mean threads? Correct it or take it out\n"},
		{"name = \"x\";\ncolour = 1;", "hub.cfg:2: colour: is not a setting; take it out\n"},
		{"name = 5;", "hub.cfg:1: name: is not text; write it in quotes\n"},
		{"name = \"\";", "hub.cfg:1: name: is empty; write what it is called\n"},
		{"name = \"a b\";", "hub.cfg:1: name: \"a b\" has a blank; take it out\n"},
		{"name = \"a b\\n\\x1b[2J\";", "hub.cfg:1: name: \"a b\\x0a\\x1b[2J\" has a blank; take it out\n"},
		{"name = \"x\";\nkey = \"\";", "hub.cfg:2: key: is empty; write a value\n"},
		{"name = \"x\";\npassword = 12345;", "hub.cfg:2: password: is not text; write it in quotes\n"},
		{"name = \"x\";\nthreads = \"4\";",
		 "hub.cfg:2: threads: is not a whole number; write it without quotes and fraction\n"},
		{"name = \"x\";\nthreads = 4.0;",
		 "hub.cfg:2: threads: is not a whole number; write it without quotes and fraction\n"},
		{"name = \"x\";\nthreads = 0;", "hub.cfg:2: threads: is 0; write a value from 1 to 64\n"},
		{"name = \"x\";\n\nthreads = 65;", "hub.cfg:3: threads: is 65; write a value from 1 to 64\n"},
		{"name = \"x\";\nthreads = 3000000000L;", "hub.cfg:2: threads: is 3000000000; write a value from 1 to 64\n"},
		{"name = \"x\";\nlargest = 65536;",
		 "hub.cfg:2: largest: is not a size; write it in quotes with its unit, such as \"64 MiB\"\n"},
		{"name = \"x\";\nlargest = \"100\";", "hub.cfg:2: largest: is 100; write a value from 1KiB to 64MiB\n"},
		{"name = \"x\";\nlargest = \"65 MiB\";", "hub.cfg:2: largest: is 65MiB; write a value from 1KiB to 64MiB\n"},
		{"name = \"x\";\ntimeout = 30;",
		 "hub.cfg:2: timeout: is not a duration; write it in quotes with its unit, such as \"30 s\"\n"},
		{"name = \"x\";\nstrict = \"yes\";",
		 "hub.cfg:2: strict: is neither true nor false; write true or false without quotes\n"},
		{"name = \"x\";\nstrict = 1;",
		 "hub.cfg:2: strict: is neither true nor false; write true or false without quotes\n"},
		{"name = \"x\";\nlevel = 1;", "hub.cfg:2: level: is not text; write one of the choices in quotes\n"},
		{"name = \"x\";\nlevel = \"warn\";",
		 "hub.cfg:2: level: \"warn\" is not a choice, did you mean \"warning\"? "
		 "Write one of \"debug\", \"info\", \"warning\"\n"},
		{"name = \"x\";\nlevel = \"loud\";",
		 "hub.cfg:2: level: \"loud\" is not a choice; write one of \"debug\", \"info\", \"warning\"\n"},
		{"name = \"x\";\nroles = \"a\";",
		 "hub.cfg:2: roles: is not a list of texts; write it like [ \"one\", \"two\" ]\n"},
		{"name = \"x\";\nroles = (\"a\",\n1,\n\"b\",\n2);",
		 "hub.cfg:3: roles[1]: is not text; write it in quotes\nhub.cfg:5: roles[3]: is not text; write it in quotes\n"},
		{"name = \"x\";\ncolumns = [];",
		 "hub.cfg:2: columns: is not a group of texts; write it like { name = \"value\"; }\n"},
		{"name = \"x\";\ncolumns: {\nSID = 5;\n};", "hub.cfg:3: columns.SID: is not text; write it in quotes\n"},
		{"name = \"x\";\nweb = 5;", "hub.cfg:2: web: is not a group; write it like { name = value; }\n"},
		{"name = \"x\";\nweb: {\nport = 0;\n};",
		 "hub.cfg:2: web.listen: is missing; add it: address\n"
		 "hub.cfg:3: web.port: is 0; write a value from 1 to 65535\n"},
		{"name = \"x\";\nparties = {};",
		 "hub.cfg:2: parties: is not a list of groups; write it like ( { name = value; }, { name = value; } )\n"},
		{"name = \"x\";\nparties = (\n5,\n{ nam = \"y\"; });",
		 "hub.cfg:3: parties[0]: is not a group; write it like { name = value; }\n"
		 "hub.cfg:4: parties[1].name: is missing; add it: it is required\n"
		 "hub.cfg:4: parties[1].nam: is not a setting, did you mean name? Correct it or take it out\n"},
		{"name = \"x\";\nparties = ({ name = \"y\"; },\n{ name = \"z\";\n window = 101; });",
		 "hub.cfg:3: parties[1]: has a window and no types; add types\n"},
		{"name = \"x\";\nparties = ({ name = \"y\"; window = -1; });",
		 "hub.cfg:2: parties[0].window: is -1; write 0 or more\n"},
		{"name = \"x\";\nname = \"y\";", "hub.cfg:2: a name that this group has already; keep one of the two\n"},
		{"name = \"x\";\nthreads = ;\n",
		 "hub.cfg:2: syntax error; look for a missing quote, bracket or ';' here or in the line before\n"},
		{"name = \"x\";\nstrict = yes;\n",
		 "hub.cfg:2: syntax error; look for a missing quote, bracket or ';' here or in the line before\n"},
		{"\n name = \"x;\nthreads = 1;\n",
		 "hub.cfg:2: a text begins here and does not end in this file; close it with a quote\n"},
		{"name = \"x\";\n\n/* why\n",
		 "hub.cfg:3: a comment begins here and does not end in this file; close it with */\n"},
		{"name = \"\xff\";\n", "hub.cfg: is not UTF-8; save it as UTF-8\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		must_fault(rows[i].text, rows[i].expected);
}

static void refuses_every_number_that_would_wrap(void **state)
{
	static const struct {
		const char *written;
		const char *what; /* NULL: it is fine */
	} rows[] = {
		{"2147483647", NULL},
		{"-2147483648", NULL},
		{"2147483648", "2147483648 does not fit in 32 bits; write 2147483648L if you mean it"},
		{"3000000000", "3000000000 does not fit in 32 bits; write 3000000000L if you mean it"},
		{"4294967296", "4294967296 does not fit in 32 bits; write 4294967296L if you mean it"},
		{"-2147483649", "-2147483649 does not fit in 32 bits; write -2147483649L if you mean it"},
		{"0xFFFFFFFFF", "0xFFFFFFFFF does not fit in 32 bits; write 0xFFFFFFFFFL if you mean it"},
		{"0x80000000", "0x80000000 does not fit in 32 bits; write 0x80000000L if you mean it"},
		{"0x7fffffff", NULL},
		{"99999999999999999999999",
		 "99999999999999999999999 does not fit in 32 bits; write 99999999999999999999999L if you mean it"},
		{"3000000000L", NULL},
		{"9223372036854775807L", NULL},
		{"-9223372036854775808L", NULL},
		{"9223372036854775808L", "9223372036854775808L does not fit in 64 bits; write a smaller number"},
		{"0xFFFFFFFFFFFFFFFFFL", "0xFFFFFFFFFFFFFFFFFL does not fit in 64 bits; write a smaller number"},
		{"010", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		AUTO_FREE char *text = mem_printf("name = \"x\";\noffset = %s;\n", rows[i].written);
		AUTO_FREE char *expected = rows[i].what ? mem_printf("hub.cfg:2: offset: %s\n", rows[i].what) : NULL;
		if (expected)
			must_fault(text, expected);
		else
			must_load(text);
	}
	must_load("name = \"x\";\noffset = -9223372036854775808L;");
	assert_true(loaded.offset == INT64_MIN);
	must_load("name = \"x\";\noffset = 9223372036854775807L;");
	assert_true(loaded.offset == INT64_MAX);
}

static void does_not_take_numbers_for_wrapped_where_none_are_read(void **state)
{
	(void)state;
	must_load("# 3000000000\n// 3000000000\n/* 3000000000\n 3000000000 */ name = \"x\"; "
	          "password = \"3000000000 \\\" 3000000000\n3000000000\";\n"
	          "columns: { c3000000000 = \"x\"; c-3000000000 = \"x\"; };\n");
	assert_string_equal(loaded.columns.at[0].name, "c3000000000");
}

static void lists_all_faults_at_once_in_the_order_of_the_file(void **state)
{
	(void)state;
	must_fault("colour = 1;\n"
	           "threads = 100;\n"
	           "web: {\n"
	           "  port = 3000000000;\n"
	           "  lisen = \"x\";\n"
	           "};\n"
	           "timeout = \"soon\";\n",
	           "hub.cfg:1: name: is missing; add it: what it is called\n"
	           "hub.cfg:1: colour: is not a setting; take it out\n"
	           "hub.cfg:2: threads: is 100; write a value from 1 to 64\n"
	           "hub.cfg:3: web.listen: is missing; add it: address\n"
	           "hub.cfg:4: port: 3000000000 does not fit in 32 bits; write 3000000000L if you mean it\n"
	           "hub.cfg:5: web.lisen: is not a setting, did you mean listen? Correct it or take it out\n"
	           "hub.cfg:7: timeout: \"soon\" is not a duration; write it in quotes with its unit, such as \"30 s\""
	           " (not written as 250 ms, 30 s, 10 min, 1 h or 2 d)\n");
}

static void never_shows_a_secret_in_a_fault(void **state)
{
	(void)state;
	assert_int_equal(load("name = \"x\";\npassword = [ \"hush\" ];\nthreads = 0;\n"), CODE_CONFIG);
	AUTO_FREE char *found = faults_text();
	assert_null(strstr(found, "hush"));
}

static void answers_io_when_the_file_cannot_be_read(void **state)
{
	(void)state;
	result missing = conf_load(&table, "/tmp/liaison/none.cfg", &loaded, &faults);
	assert_int_equal(missing.code, CODE_IO);
	assert_int_equal(faults.count, 1);
	AUTO_FREE char *found = faults_text();
	assert_memory_equal(found, "/tmp/liaison/none.cfg: cannot read", 34);
	result directory = conf_load(&table, folder, &loaded, &faults);
	assert_int_equal(directory.code, CODE_IO);
}

static void faults_of_a_second_load_come_after_those_of_the_first(void **state)
{
	(void)state;
	assert_int_equal(load("threads = 0;"), CODE_CONFIG);
	write_file("hub.cfg", "name = \"x\";\n\ncolour = 1;");
	result again = conf_load(&table, file, &loaded, &faults);
	assert_true(FAILED(again));
	AUTO_FREE char *found = faults_text();
	assert_string_equal(found, "hub.cfg:1: name: is missing; add it: what it is called\n"
	                           "hub.cfg:1: threads: is 0; write a value from 1 to 64\n"
	                           "hub.cfg:3: colour: is not a setting; take it out\n");
}

/* ── includes ── */

static void includes_other_files_and_names_them_in_faults(void **state)
{
	(void)state;
	write_file("more.cfg", "threads = 4;\n@include \"again.cfg\"\n");
	write_file("again.cfg", "level = \"debug\";");
	must_load("name = \"x\";\n  @include \"more.cfg\" # comment\ntimeout = \"1 s\";\n");
	assert_int_equal(loaded.threads, 4);
	assert_int_equal(loaded.level, 0);
	assert_int_equal(loaded.timeout, 1000);
	write_file("again.cfg", "\nlevel = \"loud\";\nport = 3000000000;");
	must_fault("name = \"x\";\n@include \"more.cfg\"\ntimeout = 1;\n",
	           "again.cfg:2: level: \"loud\" is not a choice; write one of \"debug\", \"info\", \"warning\"\n"
	           "again.cfg:3: port: 3000000000 does not fit in 32 bits; write 3000000000L if you mean it\n"
	           "again.cfg:3: port: is not a setting; take it out\n"
	           "hub.cfg:3: timeout: is not a duration; write it in quotes with its unit, such as \"30 s\"\n");
	write_file("again.cfg", "\n\nlevel = ;");
	must_fault("name = \"x\";\n@include \"more.cfg\"\n",
	           "again.cfg:3: syntax error; look for a missing quote, bracket or ';' here or in the line before\n");
}

static void an_absolute_include_is_taken_as_it_is(void **state)
{
	(void)state;
	write_file("more.cfg", "threads = 4;\n");
	AUTO_FREE char *text = mem_printf("name = \"x\";\n@include \"%s/more.cfg\"\n", folder);
	must_load(text);
	assert_int_equal(loaded.threads, 4);
}

static void says_where_an_include_goes_wrong(void **state)
{
	(void)state;
	assert_int_equal(load("name = \"x\";\n\n@include \"none.cfg\"\n"), CODE_CONFIG);
	AUTO_FREE char *missing = faults_text();
	assert_memory_equal(missing, "hub.cfg:3: @include: cannot read none.cfg: ", 43);
	assert_int_equal(load("name = \"x\";\n@include \".\"\n"), CODE_CONFIG);
	AUTO_FREE char *directory = faults_text();
	assert_memory_equal(directory, "hub.cfg:2: @include: cannot read .: ", 36);
	must_fault("name = \"x\";\n@include \"hub.cfg\"\n", "hub.cfg:2: @include: 8 files deep; does a file include itself?\n");
	write_file("more.cfg", "threads = 1;\n/* open\n");
	must_fault("name = \"x\";\n@include \"more.cfg\"\n*/\n",
	           "more.cfg:2: a comment begins here and does not end in this file; close it with */\n");
}

static void does_not_include_from_texts_and_comments(void **state)
{
	(void)state;
	must_load("/*\n@include \"none.cfg\"\n*/\n# @include \"none.cfg\"\nname = \"x\"; "
	          "password = \"x\n@include \\\"none.cfg\\\"\n\";");
}

/* ── printing ── */

static char *print(const struct sample *sample)
{
	struct buf out;

	buf_init(&out, 1024 * 1024);
	conf_print(&table, sample, &out);
	char *text = mem_text_n(out.at, out.len);
	buf_done(&out);
	return text;
}

static void prints_values_with_help_and_masks_secrets(void **state)
{
	(void)state;
	must_load(whole);
	AUTO_FREE char *text = print(&loaded);
	assert_string_equal(text, "# what it is called\n"
	                          "name = \"ct.hub\";\n"
	                          "key = \"/etc/liaison/hub.key\";\n"
	                          "password = \"********\";\n"
	                          "threads = 8;\n"
	                          "offset = -3000000000L;\n"
	                          "largest = \"64KiB\";\n"
	                          "timeout = \"90s\";\n"
	                          "strict = false;\n"
	                          "# one of: debug | info | warning\n"
	                          "level = \"warning\";\n"
	                          "roles = [ \"a\", \"b \\\\ \\\"c\\\"\\x0a\\x09\\x01\", \"ä\" ];\n"
	                          "columns: {\n"
	                          "\tSID = \"sid\";\n"
	                          "\tlast_name = \"name.last\";\n"
	                          "};\n"
	                          "web: {\n"
	                          "\t# address\n"
	                          "\tlisten = \"127.0.0.1\";\n"
	                          "\tport = 443;\n"
	                          "};\n"
	                          "parties = ({\n"
	                          "\tname = \"ct.doc\";\n"
	                          "\twindow = 64;\n"
	                          "\ttypes = [ \"warrant.issue/1\" ];\n"
	                          "}, {\n"
	                          "\tname = \"ct.parole\";\n"
	                          "\twindow = 16;\n"
	                          "\ttypes = [];\n"
	                          "});\n");
}

static void what_is_printed_loads_again_to_the_same(void **state)
{
	static const char *const texts[] = {
		whole,
		"name = \"x\";",
		"name = \"x\"; roles = []; columns: {}; parties = (); web: { listen = \"l\"; port = 1; };",
		"name = \"x\"; key = \"relative\"; largest = \"1025\"; timeout = \"0ms\"; offset = 9223372036854775807L;",
		"name = \"x\"; timeout = \"2 d\"; offset = -9223372036854775808L; threads = 0x10;",
		"name = \"tab\\tquote\\\"back\\\\slash\\x7f#//*/\";",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		must_load(texts[i]);
		AUTO_FREE char *first = print(&loaded);
		char *key = mem_text(loaded.key);
		must_load(first);
		AUTO_FREE char *second = print(&loaded);
		assert_string_equal(first, second);
		assert_string_equal(loaded.key, key);
		mem_free(key);
	}
	must_load("name = \"tab\\tquote\\\"back\\\\slash\\x7f#//*/\";");
	AUTO_FREE char *text = print(&loaded);
	must_load(text);
	assert_string_equal(loaded.name, "tab\tquote\"back\\slash\x7f#//*/");
}

/* ── reloading ── */

static void tells_which_settings_need_a_restart(void **state)
{
	static const struct {
		const char *now, *expected;
	} rows[] = {
		{"name = \"x\"; parties = ({ name = \"a\"; });", ""},
		{"name = \"y\"; timeout = \"1 s\"; parties = ({ name = \"b\"; types = [\"t\"]; });", ""},
		{"name = \"x\"; threads = 3; parties = ({ name = \"a\"; });", "threads"},
		{"name = \"x\"; key = \"/other\"; threads = 3; parties = ({ name = \"a\"; window = 1; });",
		 "key, threads, parties[0].window"},
		{"name = \"x\"; parties = ({ name = \"a\"; }, { name = \"b\"; window = 5; });", ""},
		{"name = \"x\";", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf out;
		buf_init(&out, 1000);
		must_load(rows[i].now);
		struct sample now = loaded;
		memset(&loaded, 0, sizeof loaded);
		must_load("name = \"x\"; parties = ({ name = \"a\"; });");
		assert_int_equal(conf_changed(&table, &loaded, &now, &out), rows[i].expected[0] != '\0');
		assert_true(bytes_is(buf_bytes(&out), rows[i].expected));
		conf_free(&table, &now);
		buf_done(&out);
	}
}

static void compares_whole_groups_and_lists_that_need_a_restart(void **state)
{
	static const struct conf_field whole_fields[] = {
		{.name = "web", .kind = CONF_GROUP, .offset = offsetof(struct sample, web), .sub = &web_table,
		 .flags = CONF_NO_RELOAD},
		{.name = "parties", .kind = CONF_LIST, .offset = offsetof(struct sample, parties), .sub = &party_table,
		 .flags = CONF_NO_RELOAD},
		{.name = "columns", .kind = CONF_PAIRS, .offset = offsetof(struct sample, columns), .flags = CONF_NO_RELOAD},
		{.name = "roles", .kind = CONF_TEXTS, .offset = offsetof(struct sample, roles), .flags = CONF_NO_RELOAD},
	};
	static const struct conf_table whole_table = {whole_fields, 4, sizeof(struct sample), CONF_NO_LINE, NULL};
	static const struct {
		const char *now, *expected;
	} rows[] = {
		{"web: { listen = \"a\"; };\n\nparties = ({ name = \"p\"; });\ncolumns: { a = \"b\"; };\nroles = [\"r\"];", ""},
		{"web: { listen = \"b\"; };\nparties = ({ name = \"p\"; });\ncolumns: { a = \"b\"; };\nroles = [\"r\"];", "web"},
		{"web: { listen = \"a\"; };\nparties = ({ name = \"q\"; });\ncolumns: { a = \"c\"; };\nroles = [\"r\"];",
		 "parties, columns"},
		{"web: { listen = \"a\"; };\nparties = ();\ncolumns: { b = \"b\"; };\nroles = [\"r\", \"s\"];",
		 "parties, columns, roles"},
		{"", "web, parties, columns, roles"},
	};
	struct sample old, now;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct buf out;
		buf_init(&out, 1000);
		write_file("hub.cfg", rows[0].now);
		assert_false(FAILED(conf_load(&whole_table, file, &old, &faults)));
		write_file("hub.cfg", rows[i].now);
		assert_false(FAILED(conf_load(&whole_table, file, &now, &faults)));
		conf_changed(&whole_table, &old, &now, &out);
		assert_true(bytes_is(buf_bytes(&out), rows[i].expected));
		conf_free(&whole_table, &old);
		conf_free(&whole_table, &now);
		buf_done(&out);
	}
}

/* ── tables ── */

static void a_wrong_fallback_is_found_by_the_first_load(void **state)
{
	static const struct {
		enum conf_kind kind;
		const char *fallback;
	} rows[] = {
		{CONF_INT, "many"},      {CONF_INT, "7"},    {CONF_SIZE, "large"},
		{CONF_DURATION, "soon"}, {CONF_BOOL, "yes"}, {CONF_CHOICE, "none"},
	};

	(void)state;
	write_file("hub.cfg", "");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		int64_t into = 0;
		const struct conf_field field = {
			.name = "f", .kind = rows[i].kind, .fallback = rows[i].fallback, .choices = levels, .min = 1, .max = 5};
		const struct conf_table one = {&field, 1, sizeof into, CONF_NO_LINE, NULL};
		assert_true(FAILED(conf_load(&one, file, &into, &faults)));
		assert_int_equal(faults.count, i + 1);
	}
}

static void a_required_list_must_not_be_empty(void **state)
{
	static const enum conf_kind kinds[] = {CONF_TEXTS, CONF_PAIRS, CONF_LIST};
	static const char *const texts[] = {"f = [];", "f: {};", "f = ();"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct conf_list into;
		const struct conf_field field = {
			.name = "f", .kind = kinds[i], .flags = CONF_REQUIRED, .sub = &party_table, .help = "some"};
		const struct conf_table one = {&field, 1, sizeof into, CONF_NO_LINE, NULL};
		write_file("hub.cfg", texts[i]);
		conf_faults_done(&faults);
		conf_faults_init(&faults);
		assert_true(FAILED(conf_load(&one, file, &into, &faults)));
		AUTO_FREE char *found = faults_text();
		assert_string_equal(found, "hub.cfg:1: f: is empty; write at least one: some\n");
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_every_kind),
		TEST(falls_back_where_nothing_is_written),
		TEST(takes_relative_paths_from_the_folder_of_the_file),
		TEST(names_the_line_and_the_remedy_of_every_kind_of_fault),
		TEST(refuses_every_number_that_would_wrap),
		TEST(does_not_take_numbers_for_wrapped_where_none_are_read),
		TEST(lists_all_faults_at_once_in_the_order_of_the_file),
		TEST(never_shows_a_secret_in_a_fault),
		TEST(answers_io_when_the_file_cannot_be_read),
		TEST(faults_of_a_second_load_come_after_those_of_the_first),
		TEST(includes_other_files_and_names_them_in_faults),
		TEST(an_absolute_include_is_taken_as_it_is),
		TEST(says_where_an_include_goes_wrong),
		TEST(does_not_include_from_texts_and_comments),
		TEST(prints_values_with_help_and_masks_secrets),
		TEST(what_is_printed_loads_again_to_the_same),
		TEST(tells_which_settings_need_a_restart),
		TEST(compares_whole_groups_and_lists_that_need_a_restart),
		TEST(a_wrong_fallback_is_found_by_the_first_load),
		TEST(a_required_list_must_not_be_empty),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

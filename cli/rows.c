/* Commands that look at what the hub's rules keep: records, persons, held messages, deadlines, exchanges, subscriptions, consents. */
#include "cli/cli.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { LOOK_OPTIONS_MAX = 8, LOOK_LIMIT_MAX = 1000 };

#define COLUMNS(array) array, sizeof(array) / sizeof(*(array))

/* What is asked beside the question itself. */
struct look {
	struct cli *cli;
	const char *op;
	const char *pairs[LOOK_OPTIONS_MAX][2];
	size_t count;
	const char *flag;  /* NULL: none */
	int64_t limit;     /* 0: the hub's own */
};

static void put_question(const struct look *look, struct buf *out)
{
	cli_put_op(out, look->op, look->count + (look->flag ? 1 : 0) + (look->limit ? 1 : 0));
	for (size_t i = 0; i < look->count; i++)
		cli_put_text(out, look->pairs[i][0], look->pairs[i][1]);
	if (look->flag) {
		pack_put_str(out, look->flag);
		pack_put_bool(out, true);
	}
	if (look->limit) {
		pack_put_str(out, "limit");
		pack_put_int(out, look->limit);
	}
}

static void add(struct look *look, const char *key, const char *value)
{
	if (!value || look->count == LOOK_OPTIONS_MAX)
		return;
	look->pairs[look->count][0] = key;
	look->pairs[look->count++][1] = value;
}

static int ask(const struct look *look, struct buf *ret)
{
	struct buf question;
	put_question(look, &question);
	return cli_ask(look->cli, &question, ret);
}

/* --limit and --after, and --NAME of each name; false: a mistake, which has been told. */
static bool read_options(struct look *look, int *argc, char **argv, const char *const *names)
{
	const char *limit = NULL, *after = NULL, *value;
	char option[40];
	bool bad = false;
	struct err ignored;
	cli_option(argc, argv, "--limit", &limit, &bad);
	cli_option(argc, argv, "--after", &after, &bad);
	for (; names && *names; names++) {
		value = NULL;
		snprintf(option, sizeof(option), "--%s", *names);
		cli_option(argc, argv, option, &value, &bad);
		add(look, *names, value);
	}
	add(look, "after", after);
	return !bad && (!limit || !FAILED(text_int(bytes_text(limit), 1, LOOK_LIMIT_MAX, &look->limit, &ignored)));
}

static void tell_next(const struct buf *answer)
{
	struct bytes value, next;
	if (pack_find(buf_bytes(answer), "next", &value) && pack_as_text(value, &next))
		fprintf(stderr, "there is more: --after %.*s\n", (int)next.len, (const char *)next.at);
}

static int list(const struct look *look, const struct show_column *columns, size_t count, const char *empty)
{
	struct buf answer;
	int code = ask(look, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!look->cli->json) {
		show_table(cli_list_in(&answer, "rows"), columns, count, empty);
		tell_next(&answer);
	}
	buf_done(&answer);
	return EXIT_FINE;
}

static struct bytes at(struct bytes value, const char *pointer)
{
	struct bytes found;
	return pack_pointer(value, pointer, &found) ? found : BYTES_NONE;
}

/* A map as "key: value" lines: identifiers, names of a record. */
static void show_texts(const char *title, struct bytes map)
{
	struct err ignored;
	struct pack_in in = pack_in(map, &ignored);
	for (size_t left = map.len ? pack_map(&in, "") : 0; left > 0 && !in.failed; left--) {
		const struct show_column column = {"", "", SHOW_TEXT};
		char cell[256], safe[64];
		struct bytes key = pack_text(&in, "", SIZE_MAX), value = pack_value(&in, "");
		show_cell(value, &column, cell, sizeof(cell));
		printf("%s %s=%s\n", title, text_safe(key, safe, sizeof(safe)), cell);
	}
}

/* ── records ── */

static const struct show_column record_columns[] = {{"LIFECYCLE", "/lifecycle", SHOW_TEXT}, {"STATE", "/state", SHOW_TEXT},
                                                    {"NAMES", "/names", SHOW_MAP},          {"OWNER", "/owner", SHOW_TEXT},
                                                    {"SINCE", "/since", SHOW_TEXT},         {"BLOCKS", "/blocks", SHOW_LIST}};

static void show_record(struct bytes row)
{
	static const struct show_column columns[] = {{"record of", "/lifecycle", SHOW_TEXT}, {"state", "/state", SHOW_TEXT}, {"meaning", "/title", SHOW_TEXT},
	                                             {"since", "/since", SHOW_TEXT},         {"entered by", "/owner", SHOW_TEXT},
	                                             {"over", "/terminal", SHOW_YES},        {"names", "/names", SHOW_MAP},
	                                             {"persons", "/persons", SHOW_LIST}};
	static const struct show_column steps[] = {{"SIGNED", "/signed_at", SHOW_TEXT}, {"TYPE", "/type", SHOW_TEXT}, {"BY", "/from", SHOW_TEXT},
	                                           {"SETS", "/to", SHOW_TEXT},          {"MESSAGE", "/id", SHOW_TEXT}};
	show_pairs(row, COLUMNS(columns));
	show_table(at(row, "/history"), COLUMNS(steps), "no steps");
}

static int record_show(struct look *look)
{
	struct buf answer;
	struct err ignored;
	int code = ask(look, &answer);
	if (code != EXIT_FINE)
		return code;
	struct pack_in in = pack_in(cli_list_in(&answer, "rows"), &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed && !look->cli->json; i++) {
		if (i)
			putchar('\n');
		show_record(pack_value(&in, ""));
	}
	buf_done(&answer);
	return EXIT_FINE;
}

int cli_record(struct cli *cli, int argc, char **argv)
{
	static const char *const names[] = {"lifecycle", "state", NULL};
	struct look look = {.cli = cli};
	if (!read_options(&look, &argc, argv, names) || !cli_words(argc, argv, 1, 2))
		return cli_usage("record", "show NUMBER, or list; --limit takes a number up to 1000");
	if (!strcmp(argv[1], "list") && argc == 2) {
		look.op = "record_list";
		return list(&look, COLUMNS(record_columns), "there are no such records");
	}
	if (strcmp(argv[1], "show") != 0 || argc != 3)
		return cli_usage("record", "show NUMBER, or list");
	look.op = "record_show";
	add(&look, "what", argv[2]);
	return record_show(&look);
}

/* ── persons ── */

static void show_person(struct bytes person)
{
	static const struct show_column ids[] = {{"KIND", "/0", SHOW_TEXT}, {"NUMBER", "/1", SHOW_TEXT}};
	static const struct show_column mergers[] = {{"MERGED", "/at", SHOW_TEXT}, {"BY", "/who", SHOW_TEXT}, {"PERSON", "/person", SHOW_COUNT}, {"MESSAGE", "/id", SHOW_TEXT}};
	static const struct show_column number[] = {{"person", "/person", SHOW_COUNT}};
	show_pairs(person, COLUMNS(number));
	show_table(at(person, "/ids"), COLUMNS(ids), "no identifiers");
	putchar('\n');
	show_table(at(person, "/merged"), COLUMNS(mergers), "no identities were merged");
	putchar('\n');
	show_table(at(person, "/records"), COLUMNS(record_columns), "no records");
}

int cli_person(struct cli *cli, int argc, char **argv)
{
	struct look look = {.cli = cli, .op = "person_show"};
	struct buf answer;
	if (!cli_words(argc, argv, 2, 2) || strcmp(argv[1], "show") != 0)
		return cli_usage("person", "show KIND=NUMBER, such as doc_number=00312845");
	add(&look, "who", argv[2]);
	int code = ask(&look, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!cli->json)
		show_person(at(buf_bytes(&answer), "/person"));
	buf_done(&answer);
	return EXIT_FINE;
}

/* ── held messages ── */

static int held_show(struct look *look)
{
	static const struct show_column columns[] = {{"message", "/held/id", SHOW_TEXT},          {"type", "/held/type", SHOW_TEXT},
	                                             {"from", "/held/from", SHOW_TEXT},           {"would go to", "/held/recipients", SHOW_LIST},
	                                             {"held since", "/held/at", SHOW_TIME},       {"until", "/held/expires", SHOW_TIME},
	                                             {"interlock", "/held/interlock", SHOW_TEXT}, {"because", "/held/reason", SHOW_TEXT}};
	static const struct show_column overrides[] = {{"OVERRIDE BY", "/type", SHOW_TEXT}, {"SIGNATURES", "/signatures", SHOW_COUNT},
	                                               {"OF ONE WHO IS", "/roles", SHOW_LIST}, {"SENT BY", "/originators", SHOW_LIST}};
	struct buf answer;
	int code = ask(look, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!look->cli->json) {
		show_pairs(buf_bytes(&answer), COLUMNS(columns));
		show_texts("about", at(buf_bytes(&answer), "/held/subject"));
		putchar('\n');
		show_table(cli_list_in(&answer, "records"), record_columns, sizeof(record_columns) / sizeof(*record_columns) - 1, "no record stands against it now");
		putchar('\n');
		show_table(cli_list_in(&answer, "overrides"), COLUMNS(overrides), "the catalogue has no type that overrides");
	}
	buf_done(&answer);
	return EXIT_FINE;
}

int cli_held(struct cli *cli, int argc, char **argv)
{
	static const struct show_column columns[] = {{"ID", "/id", SHOW_TEXT},   {"TYPE", "/type", SHOW_TEXT},      {"FROM", "/from", SHOW_TEXT},
	                                             {"SINCE", "/at", SHOW_TIME}, {"UNTIL", "/expires", SHOW_TIME}, {"WHY", "/reason", SHOW_TEXT}};
	struct look look = {.cli = cli};
	if (!read_options(&look, &argc, argv, NULL) || !cli_words(argc, argv, 1, 2))
		return cli_usage("held", "list, or show ID");
	if (!strcmp(argv[1], "list") && argc == 2) {
		look.op = "held_list";
		return list(&look, COLUMNS(columns), "nothing is held");
	}
	if (strcmp(argv[1], "show") != 0 || argc != 3)
		return cli_usage("held", "list, or show ID");
	look.op = "held_show";
	add(&look, "id", argv[2]);
	return held_show(&look);
}

/* ── deadlines, exchanges, subscriptions ── */

int cli_deadline(struct cli *cli, int argc, char **argv)
{
	static const struct show_column columns[] = {{"DUE", "/due", SHOW_TIME},   {"OVERDUE", "/overdue", SHOW_YES}, {"TYPE", "/type", SHOW_TEXT},
	                                             {"FROM", "/from", SHOW_TEXT}, {"OWED BY", "/owing", SHOW_PARTIES}, {"MESSAGE", "/id", SHOW_TEXT}};
	struct look look = {.cli = cli, .op = "deadline_list"};
	look.flag = cli_flag(&argc, argv, "--overdue") ? "overdue" : NULL;
	if (!read_options(&look, &argc, argv, NULL) || !cli_words(argc, argv, 1, 1) || strcmp(argv[1], "list") != 0)
		return cli_usage("deadline", "list [--overdue]");
	return list(&look, COLUMNS(columns), look.flag ? "nothing is overdue" : "nothing is owed");
}

static int exchange_show(struct look *look)
{
	static const struct show_column columns[] = {{"request", "/exchange/of", SHOW_TEXT}, {"type", "/exchange/type", SHOW_TEXT}, {"from", "/exchange/from", SHOW_TEXT},
	                                             {"opened", "/exchange/opened_at", SHOW_TEXT}, {"due", "/exchange/due", SHOW_TEXT},
	                                             {"closed", "/exchange/closed_at", SHOW_TEXT}, {"because", "/exchange/because", SHOW_TEXT}};
	static const struct show_column answers[] = {{"PARTY", "/party", SHOW_TEXT}, {"OUTCOME", "/outcome", SHOW_TEXT}, {"AT", "/at", SHOW_TEXT},
	                                             {"LATE", "/late", SHOW_YES},    {"MESSAGE", "/id", SHOW_TEXT}};
	struct buf answer;
	int code = ask(look, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!look->cli->json) {
		show_pairs(buf_bytes(&answer), COLUMNS(columns));
		show_table(at(buf_bytes(&answer), "/exchange/answers"), COLUMNS(answers), "nobody was asked");
	}
	buf_done(&answer);
	return EXIT_FINE;
}

int cli_exchange(struct cli *cli, int argc, char **argv)
{
	static const struct show_column columns[] = {{"REQUEST", "/of", SHOW_TEXT},     {"TYPE", "/type", SHOW_TEXT}, {"FROM", "/from", SHOW_TEXT},
	                                             {"OPENED", "/opened_at", SHOW_TEXT}, {"DUE", "/due", SHOW_TEXT},
	                                             {"CLOSED", "/closed_at", SHOW_TEXT}, {"ASKED", "/answers", SHOW_PARTIES}};
	struct look look = {.cli = cli};
	look.flag = cli_flag(&argc, argv, "--open") ? "open" : NULL;
	if (!read_options(&look, &argc, argv, NULL) || !cli_words(argc, argv, 1, 2))
		return cli_usage("exchange", "list [--open], or show ID");
	if (!strcmp(argv[1], "list") && argc == 2) {
		look.op = "exchange_list";
		return list(&look, COLUMNS(columns), "no exchange is kept");
	}
	if (strcmp(argv[1], "show") != 0 || argc != 3 || look.flag)
		return cli_usage("exchange", "list [--open], or show ID");
	look.op = "exchange_show";
	add(&look, "id", argv[2]);
	return exchange_show(&look);
}

int cli_subscription(struct cli *cli, int argc, char **argv)
{
	static const struct show_column columns[] = {{"SUBSCRIPTION", "/subscription_id", SHOW_TEXT}, {"PARTY", "/party", SHOW_TEXT},
	                                             {"TOPICS", "/topics", SHOW_LIST},                {"FROM", "/from", SHOW_TIME},
	                                             {"UNTIL", "/until", SHOW_TIME},                  {"PERSON", "/ids", SHOW_MAP}};
	struct look look = {.cli = cli, .op = "subscription_list"};
	if (!read_options(&look, &argc, argv, NULL) || !cli_words(argc, argv, 1, 1) || strcmp(argv[1], "list") != 0)
		return cli_usage("subscription", "list");
	return list(&look, COLUMNS(columns), "there are no subscriptions");
}

/* ── consents ── */

static int consent_show(struct look *look)
{
	static const struct show_column columns[] = {{"consent", "/consent/consent_id", SHOW_TEXT},    {"granted by", "/consent/by", SHOW_TEXT},
	                                             {"granted", "/consent/granted_at", SHOW_TIME},    {"revoked", "/consent/revoked_at", SHOW_TIME},
	                                             {"it", "/consent/state", SHOW_TEXT},              {"effective", "/consent/effective", SHOW_TEXT},
	                                             {"expires on", "/consent/expires_on", SHOW_TEXT}, {"disclosers", "/consent/disclosers", SHOW_LIST},
	                                             {"recipients", "/consent/recipients", SHOW_LIST}, {"purpose", "/consent/grant/purpose", SHOW_TEXT},
	                                             {"information", "/consent/grant/info", SHOW_LIST}};
	struct buf answer;
	int code = ask(look, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!look->cli->json) {
		show_pairs(buf_bytes(&answer), COLUMNS(columns));
		show_texts("person", at(buf_bytes(&answer), "/consent/grant/person/ids"));
	}
	buf_done(&answer);
	return EXIT_FINE;
}

int cli_consent(struct cli *cli, int argc, char **argv)
{
	static const struct show_column columns[] = {{"CONSENT", "/consent_id", SHOW_TEXT},  {"GRANTED BY", "/by", SHOW_TEXT},       {"IT", "/state", SHOW_TEXT},
	                                             {"FROM", "/effective", SHOW_TEXT},      {"UNTIL", "/expires_on", SHOW_TEXT},
	                                             {"DISCLOSERS", "/disclosers", SHOW_LIST}, {"RECIPIENTS", "/recipients", SHOW_LIST}};
	struct look look = {.cli = cli};
	if (!read_options(&look, &argc, argv, NULL) || !cli_words(argc, argv, 1, 2))
		return cli_usage("consent", "list, or show ID");
	if (!strcmp(argv[1], "list") && argc == 2) {
		look.op = "consent_list";
		return list(&look, COLUMNS(columns), "no consent was granted here");
	}
	if (strcmp(argv[1], "show") != 0 || argc != 3)
		return cli_usage("consent", "list, or show ID");
	look.op = "consent_show";
	add(&look, "id", argv[2]);
	return consent_show(&look);
}

/* Commands that ask the hub's control socket. */
#include "cli/cli.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

void cli_put_op(struct buf *out, const char *op, size_t pairs)
{
	buf_init(out, 65536);
	pack_put_map(out, pairs + 1);
	pack_put_str(out, "op");
	pack_put_str(out, op);
}

void cli_put_text(struct buf *out, const char *key, const char *text)
{
	pack_put_str(out, key);
	pack_put_str(out, text);
}

int cli_ask(struct cli *cli, struct buf *question, struct buf *ret)
{
	struct err why;
	result r = talk_hub(cli, buf_bytes(question), ret, &why);
	buf_done(question);
	if (FAILED(r)) {
		buf_done(ret);
		return cli_fail(&why);
	}
	if (cli->json)
		show_json(buf_bytes(ret));
	return EXIT_FINE;
}

struct bytes cli_list_in(const struct buf *answer, const char *key)
{
	struct bytes list;
	return pack_find(buf_bytes(answer), key, &list) ? list : BYTES_NONE;
}

static int table(struct cli *cli, const char *op, const char *key, const struct show_column *columns, size_t count, const char *empty)
{
	struct buf question, answer;
	cli_put_op(&question, op, 0);
	int code = cli_ask(cli, &question, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!cli->json)
		show_table(cli_list_in(&answer, key), columns, count, empty);
	buf_done(&answer);
	return EXIT_FINE;
}

static int adapter_status(struct cli *cli)
{
	static const struct show_column columns[] = {
		{"party", "/party", SHOW_TEXT},       {"kind", "/kind", SHOW_TEXT},         {"title", "/title", SHOW_TEXT},
		{"hub", "/hub", SHOW_TEXT},           {"uplink", "/uplink", SHOW_TEXT},     {"trouble", "/error/reason", SHOW_TEXT},
		{"to send", "/waiting", SHOW_COUNT},  {"to hand over", "/unhanded", SHOW_COUNT}, {"started", "/started_at", SHOW_TEXT},
		{"certificate until", "/certificate_until", SHOW_TEXT}, {"version", "/version", SHOW_TEXT}};
	struct talk *talk = NULL;
	struct buf question;
	struct bytes answer, status;
	struct err why;
	cli_put_op(&question, "status", 0);
	result r = talk_open(cli->port, &talk, &why);
	if (!FAILED(r))
		r = talk_ask(talk, buf_bytes(&question), cli->timeout_ms, &answer, &why);
	buf_done(&question);
	if (!FAILED(r) && pack_find(answer, "status", &status)) {
		if (cli->json)
			show_json(status);
		else
			show_pairs(status, columns, sizeof(columns) / sizeof(*columns));
	}
	talk_close(talk);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

int cli_status(struct cli *cli, int argc, char **argv)
{
	static const struct show_column columns[] = {
		{"hub", "/party", SHOW_TEXT},          {"version", "/version", SHOW_TEXT},      {"up since", "/started_at", SHOW_TIME},
		{"configuration", "/generation", SHOW_COUNT}, {"agencies", "/parties", SHOW_COUNT}, {"connected", "/links", SHOW_COUNT},
		{"accepted", "/accepted", SHOW_COUNT}, {"receipts", "/receipts", SHOW_COUNT},   {"duplicates", "/duplicates", SHOW_COUNT},
		{"queued", "/queued", SHOW_COUNT},     {"oldest queued", "/oldest_at", SHOW_AGE}, {"held", "/held", SHOW_COUNT},
		{"overdue deadlines", "/deadlines_overdue", SHOW_COUNT}, {"open exchanges", "/exchanges_open", SHOW_COUNT}, {"subscriptions", "/subscriptions", SHOW_COUNT},
		 {"ledger entries", "/ledger_size", SHOW_COUNT},
		{"commit p99, us", "/commit_p99_us", SHOW_COUNT}, {"resident", "/memory_bytes", SHOW_BYTES}};
	struct buf question, answer;
	if (!cli_words(argc, argv, 0, 0))
		return cli_usage("status", "takes no words");
	if (cli->port)
		return adapter_status(cli);
	cli_put_op(&question, "status", 0);
	int code = cli_ask(cli, &question, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!cli->json)
		show_pairs(buf_bytes(&answer), columns, sizeof(columns) / sizeof(*columns));
	buf_done(&answer);
	return EXIT_FINE;
}

int cli_agencies(struct cli *cli, int argc, char **argv)
{
	static const struct show_column columns[] = {{"PARTY", "/party", SHOW_TEXT},      {"ROLES", "/roles", SHOW_LIST},
	                                             {"CONNECTED", "/connected", SHOW_YES}, {"FOR", "/since", SHOW_AGE},
	                                             {"FROM", "/address", SHOW_TEXT},     {"QUEUED", "/queued", SHOW_COUNT},
	                                             {"OLDEST", "/oldest_at", SHOW_AGE},  {"CERTIFICATE UNTIL", "/certificate_until", SHOW_TIME}};
	if (!cli_words(argc, argv, 0, 0))
		return cli_usage("agencies", "takes no words");
	return table(cli, "agencies", "agencies", columns, sizeof(columns) / sizeof(*columns), "no agency is enrolled");
}

int cli_queues(struct cli *cli, int argc, char **argv)
{
	static const struct show_column columns[] = {{"PARTY", "/party", SHOW_TEXT},
	                                             {"QUEUED", "/count", SHOW_COUNT},
	                                             {"IN FLIGHT", "/in_flight", SHOW_COUNT},
	                                             {"OLDEST", "/oldest_at", SHOW_AGE},
	                                             {"CONNECTED", "/connected", SHOW_YES}};
	if (!cli_words(argc, argv, 0, 0))
		return cli_usage("queues", "takes no words");
	return table(cli, "queues", "queues", columns, sizeof(columns) / sizeof(*columns), "no agency is enrolled");
}

static const struct show_column dead_columns[] = {{"PARTY", "/party", SHOW_TEXT}, {"ID", "/id", SHOW_TEXT},
                                                  {"TYPE", "/type", SHOW_TEXT},   {"FROM", "/from", SHOW_TEXT},
                                                  {"SINCE", "/since", SHOW_TIME}, {"WHY", "/reason", SHOW_TEXT}};

/* The rows whose id begins with `id`. */
static void pick(struct bytes rows, const char *id, struct buf *out)
{
	struct err ignored;
	struct pack_in in = pack_in(rows, &ignored);
	size_t count = pack_array(&in, ""), picked = 0;
	struct buf kept;
	buf_init(&kept, rows.len + 16);
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes row = pack_value(&in, ""), value, text;
		if (pack_find(row, "id", &value) && pack_as_text(value, &text) && bytes_starts(text, id)) {
			pack_put_raw(&kept, row);
			picked++;
		}
	}
	pack_put_array(out, picked);
	pack_put_raw(out, buf_bytes(&kept));
	buf_done(&kept);
}

static int dead_show(struct cli *cli, const char *id)
{
	struct buf question, answer, picked;
	bool json = cli->json;
	cli_put_op(&question, "dead_list", 0);
	cli->json = false;
	int code = cli_ask(cli, &question, &answer);
	if (code != EXIT_FINE)
		return code;
	buf_init(&picked, answer.max);
	pick(cli_list_in(&answer, "dead"), id, &picked);
	if (json)
		show_json(buf_bytes(&picked));
	else
		show_table(buf_bytes(&picked), dead_columns, sizeof(dead_columns) / sizeof(*dead_columns), "no dead letter has that id");
	code = picked.at[0] == 0x90 ? EXIT_FAILED : EXIT_FINE;
	buf_done(&picked);
	buf_done(&answer);
	return code;
}

static int dead_change(struct cli *cli, const char *op, const char *party, const char *id, const char *reason)
{
	struct buf question, answer;
	cli_put_op(&question, op, reason ? 3 : 2);
	cli_put_text(&question, "party", party);
	cli_put_text(&question, "id", id);
	if (reason)
		cli_put_text(&question, "reason", reason);
	int code = cli_ask(cli, &question, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!cli->json)
		printf("%s for %s: %s\n", id, party, !strcmp(op, "dead_requeue") ? "queued again" : "discarded; its originator is told");
	buf_done(&answer);
	return EXIT_FINE;
}

int cli_dead(struct cli *cli, int argc, char **argv)
{
	const char *reason = NULL;
	bool bad = false;
	cli_option(&argc, argv, "--reason", &reason, &bad);
	if (bad || !cli_words(argc, argv, 1, 3))
		return cli_usage("dead", "what about the dead letters?");
	if (!strcmp(argv[1], "list") && argc == 2)
		return table(cli, "dead_list", "dead", dead_columns, sizeof(dead_columns) / sizeof(*dead_columns), "there are no dead letters");
	if (!strcmp(argv[1], "show") && argc == 3)
		return dead_show(cli, argv[2]);
	if (!strcmp(argv[1], "requeue") && argc == 4)
		return dead_change(cli, "dead_requeue", argv[2], argv[3], NULL);
	if (!strcmp(argv[1], "discard") && argc == 4)
		return dead_change(cli, "dead_discard", argv[2], argv[3], reason);
	return cli_usage("dead", "list, show ID, requeue PARTY ID, or discard PARTY ID");
}

int cli_reload(struct cli *cli, int argc, char **argv)
{
	struct buf question, answer;
	struct bytes value;
	int64_t generation = 0;
	if (!cli_words(argc, argv, 0, 0))
		return cli_usage("reload", "takes no words");
	cli_put_op(&question, "reload", 0);
	int code = cli_ask(cli, &question, &answer);
	if (code != EXIT_FINE)
		return code;
	if (!cli->json && pack_find(buf_bytes(&answer), "generation", &value) && pack_as_int(value, &generation))
		printf("reloaded: configuration %lld is in force\n", (long long)generation);
	else if (!cli->json)
		printf("reloaded\n");
	buf_done(&answer);
	return EXIT_FINE;
}

static void print_metrics(const struct cli *cli, struct bytes answer)
{
	struct bytes value, text;
	if (!cli->json && pack_find(answer, "metrics", &value) && pack_as_text(value, &text))
		printf("%.*s", (int)text.len, (const char *)text.at);
}

static int adapter_metrics(struct cli *cli)
{
	struct talk *talk = NULL;
	struct buf question;
	struct bytes answer = BYTES_NONE;
	struct err why;
	cli_put_op(&question, "metrics", 0);
	result r = talk_open(cli->port, &talk, &why);
	if (!FAILED(r))
		r = talk_ask(talk, buf_bytes(&question), cli->timeout_ms, &answer, &why);
	buf_done(&question);
	if (!FAILED(r) && cli->json)
		show_json(answer);
	if (!FAILED(r))
		print_metrics(cli, answer);
	talk_close(talk);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

int cli_metrics(struct cli *cli, int argc, char **argv)
{
	struct buf question, answer;
	if (!cli_words(argc, argv, 0, 0))
		return cli_usage("metrics", "takes no words");
	if (cli->port)
		return adapter_metrics(cli);
	cli_put_op(&question, "metrics", 0);
	int code = cli_ask(cli, &question, &answer);
	if (code != EXIT_FINE)
		return code;
	print_metrics(cli, buf_bytes(&answer));
	buf_done(&answer);
	return EXIT_FINE;
}

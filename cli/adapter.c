/* What an adapter knows of the hub's ledger. */
#include "cli/cli.h"

#include "base/mem.h"
#include "cli/head_files.h"

#include <stdio.h>
#include <string.h>

/* Asks the adapter's port; *ret lives in the talk, which is closed by the caller. */
static result ask_history(const struct cli *cli, struct talk **talk, struct bytes *ret, struct err *err)
{
	struct buf question;
	if (!cli->port)
		return err_set(err, CODE_USAGE, "", "name the adapter's port: --port ENDPOINT");
	buf_init(&question, 256);
	pack_put_map(&question, 1);
	pack_put_str(&question, "op");
	pack_put_str(&question, "history");
	result r = talk_open(cli->port, talk, err);
	if (!FAILED(r))
		r = talk_ask(*talk, buf_bytes(&question), cli->timeout_ms, ret, err);
	buf_done(&question);
	return r;
}

static result show_head(const struct cli *cli, struct bytes packed, const char *out, struct err *err)
{
	struct head_file file;
	char text[256];
	TRY(head_file_read(packed, &file, err));
	if (out)
		TRY(head_files_write(out, packed, err));
	if (cli->json)
		show_json(packed);
	else
		printf("%s: %s\n%s%s%s", file.says.hub, head_files_text(&file.says, text, sizeof(text)), out ? out : "", out ? " holds it\n" : "", "");
	return OK;
}

static const struct show_column journal_columns[] = {{"WHEN", "/at", SHOW_TEXT}, {"WHAT", "/what", SHOW_TEXT}, {"BY", "/by", SHOW_TEXT}, {"WHY", "/why", SHOW_TEXT}};

static int tell(struct cli *cli, bool head_only, const char *out)
{
	struct talk *talk = NULL;
	struct bytes answer = BYTES_NONE, head = BYTES_NONE, journal = BYTES_NONE;
	struct err why;
	result r = ask_history(cli, &talk, &answer, &why);
	if (!FAILED(r) && (!pack_find(answer, "head", &head) || !pack_find(answer, "journal", &journal)))
		r = err_set(&why, CODE_PROTOCOL, "", "the adapter does not tell");
	if (!FAILED(r) && head_only)
		r = show_head(cli, head, out, &why);
	else if (!FAILED(r) && cli->json)
		show_json(journal);
	else if (!FAILED(r))
		show_table(journal, journal_columns, sizeof(journal_columns) / sizeof(*journal_columns), "every head went on from the one before");
	talk_close(talk);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

int cli_adapter(struct cli *cli, int argc, char **argv)
{
	const char *out = NULL;
	bool bad = false;
	if (argc > 1 && !strcmp(argv[1], "accept-history")) {
		char *name = mem_text("liaison-adapter");
		argv[0] = name;
		cli_become(name, argv);
		mem_free(name);
		return EXIT_FAILED;
	}
	cli_option(&argc, argv, "--out", &out, &bad);
	if (bad || !cli_words(argc, argv, 1, 1) || (strcmp(argv[1], "head") != 0 && strcmp(argv[1], "history") != 0))
		return cli_usage("adapter", "head, history or accept-history?");
	return tell(cli, !strcmp(argv[1], "head"), out);
}

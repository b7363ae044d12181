/* Commands that the programs themselves carry out, because they know their own files: doctor, backup, restore. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/mem.h"

#include <string.h>

enum { UPKEEP_ARGUMENTS = 8 };

static int carry_out(struct cli *cli, const char *command, int argc, char **argv, bool wants_folder)
{
	const char *file = NULL;
	bool bad = false, keys = wants_folder && cli_flag(&argc, argv, "--keys");
	struct err why;
	bool is_adapter = false;
	char config[] = "-c", json[] = "--json", with_keys[] = "--keys";
	if (!cli_option(&argc, argv, "-c", &file, &bad) || bad || !cli_words(argc, argv, wants_folder, wants_folder))
		return cli_usage(command, wants_folder ? "takes -c CONFIG and one folder" : "takes -c CONFIG and nothing else");
	if (FAILED(cli_is_adapter(file, &is_adapter, &why)))
		return cli_fail(&why);
	AUTO_FREE char *program = mem_text(is_adapter ? "liaison-adapter" : "liaison-broker"), *name = mem_text(command), *path = mem_text(file);
	char *child[UPKEEP_ARGUMENTS] = {program, name, config, path, NULL};
	int count = 4;
	if (cli->json && !wants_folder)
		child[count++] = json;
	if (keys)
		child[count++] = with_keys;
	if (wants_folder)
		child[count++] = argv[1];
	cli_become(program, child);
	return EXIT_FAILED;
}

int cli_doctor(struct cli *cli, int argc, char **argv)
{
	return carry_out(cli, "doctor", argc, argv, false);
}

int cli_backup(struct cli *cli, int argc, char **argv)
{
	return carry_out(cli, "backup", argc, argv, true);
}

int cli_restore(struct cli *cli, int argc, char **argv)
{
	return carry_out(cli, "restore", argc, argv, true);
}

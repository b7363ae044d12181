#include "cli/cli.h"

#include "base/text.h"
#include "certs/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct cli_command cli_commands[] = {
	{"send", "FILE…", "send drafts through an adapter's port and wait for verdicts (and receipts: --wait received)", cli_send},
	{"receive", "[--count N] [--no-ack]", "take deliveries from an adapter's port", cli_receive},
	{"approve", "FILE --certificate PEM --key KEY --ca PEM", "put a person's signature under a draft", cli_approve},
	{"status", "[--port ENDPOINT]", "how the hub is, or an adapter", cli_status},
	{"agencies", "", "who is enrolled, who is connected", cli_agencies},
	{"queues", "", "what waits for whom", cli_queues},
	{"dead", "list | show ID | requeue PARTY ID | discard PARTY ID [--reason TEXT]", "dead letters", cli_dead},
	{"record", "show NUMBER | KEY=NUMBER | list [--lifecycle NAME] [--state NAME]", "records: what state they are in, who set it, their history", cli_record},
	{"person", "show KIND=NUMBER", "who somebody is: identifiers, merged identities, records", cli_person},
	{"held", "list | show ID", "messages that an interlock holds, and what stands against them", cli_held},
	{"deadline", "list [--overdue]", "answers that are owed", cli_deadline},
	{"exchange", "list [--open] | show ID", "requests, and who has answered what", cli_exchange},
	{"subscription", "list", "who is told of whom", cli_subscription},
	{"consent", "list | show ID", "consents to disclose", cli_consent},
	{"trace", "ID | THREAD | SUBJECT", "a message's or a person's whole way, with times", cli_trace},
	{"watch", "[PREFIX]", "events as they happen", cli_watch},
	{"metrics", "[--port ENDPOINT]", "the hub's metrics in the OpenMetrics format, or an adapter's", cli_metrics},
	{"reload", "", "have the hub read its configuration, certificates and lists again", cli_reload},
	{"convert", "FILE [--from FORMAT] [--to FORMAT]", "a document of the field as messages, or messages as a document; nothing is sent", cli_convert},
	{"check", "CONFIG", "check a broker's or an adapter's configuration", cli_check},
	{"doctor", "-c CONFIG", "everything that can be wrong with a broker or an adapter, and what to do about it", cli_doctor},
	{"backup", "-c CONFIG [--keys] FOLDER", "copy a broker's or an adapter's database while it runs", cli_backup},
	{"restore", "-c CONFIG FOLDER", "put such a copy back, where there is none", cli_restore},
	{"ledger", "verify FOLDER [--ca PEM] [--crl PEM] [--hub-certificate PEM] [--against HEADFILE] [--since N] [--quick] | head FOLDER [--size N] [--out FILE] |"
	           " compare HEADFILE [HEADFILE] --ca PEM", "check the record against everything that signed it; its head; whether heads fit together", cli_ledger},
	{"adapter", "head [--out FILE] | history | accept-history -c CONFIG --size N --root HEX --by WHO --why TEXT",
	 "what an adapter knows of the hub's ledger, and an operator's decision to go on from another", cli_adapter},
	{"evidence", "ID --data FOLDER --out FOLDER", "write out one message so that stock openssl can check it", cli_evidence},
	{"vault", "new FILE [--wrap URI] | rotate -c CONFIG | status -c CONFIG", "the keys that seal what rests on the disk", cli_vault},
	{"pki", "init | issue | sign | renew | revoke | crl | list | show …", "the hub's own certificate authority", cli_pki},
	{"catalogue", "list | show NAME | example TYPE [--invalid N] | check FILE", "the types that may be sent; what is wrong with a draft",
	 cli_catalogue},
	{NULL, NULL, NULL, NULL},
};

static void help(FILE *out)
{
	fprintf(out, "Usage: liaison COMMAND …\n\n");
	for (const struct cli_command *command = cli_commands; command->name; command++)
		fprintf(out, "  %-10s %s\n             %s\n", command->name, command->arguments, command->summary);
	fprintf(out, "\nOptions of every command:\n"
	             "  --json              one JSON value instead of text\n"
	             "  --control ENDPOINT  the hub's control socket (LIAISON_CONTROL, ipc:///run/liaison/control)\n"
	             "  --port ENDPOINT     an adapter's port (LIAISON_PORT, ipc:///run/liaison/port)\n"
	             "  --catalogue FOLDER  the catalogue (LIAISON_CATALOGUE)\n"
	             "  --at-rest KEY       the ring of keys that seals a hub's data (LIAISON_AT_REST)\n"
	             "  --timeout DURATION  how long to wait for an answer (10 s)\n\n"
	             "Exit: 0 done, 1 the answer is no, 2 wrong usage, 3 wrong configuration, 4 refused, 5 not reached or no answer in time.\n");
}

int cli_fail(const struct err *why)
{
	fprintf(stderr, "liaison: %s%s%s: %s\n", why->field, why->field[0] ? ": " : "", code_text(why->code), why->reason);
	fprintf(stderr, "         %s\n", code_remedy(why->code));
	if (why->code == CODE_TIMEOUT || why->code == CODE_CLOSED)
		return EXIT_UNREACHED;
	if (why->code == CODE_USAGE)
		return EXIT_USAGE;
	if (why->code == CODE_CONFIG)
		return EXIT_CONFIG;
	return code_class_of(why->code) == CODE_CLASS_REFUSAL ? EXIT_REFUSED : EXIT_FAILED;
}

int cli_usage(const char *name, const char *problem)
{
	fprintf(stderr, "liaison %s: %s\n", name, problem);
	for (const struct cli_command *command = cli_commands; command->name; command++)
		if (!strcmp(command->name, name))
			fprintf(stderr, "Usage: liaison %s %s\n", name, command->arguments);
	return EXIT_USAGE;
}

static void take_out(int *argc, char **argv, int at, int count)
{
	for (int i = at; i + count < *argc; i++)
		argv[i] = argv[i + count];
	*argc -= count;
}

bool cli_option(int *argc, char **argv, const char *name, const char **ret_value, bool *ret_bad)
{
	size_t len = strlen(name);
	for (int i = 1; i < *argc; i++) {
		if (!strncmp(argv[i], name, len) && argv[i][len] == '=') {
			*ret_value = argv[i] + len + 1;
			take_out(argc, argv, i, 1);
			return true;
		}
		if (strcmp(argv[i], name) != 0)
			continue;
		if (i + 1 == *argc) {
			*ret_bad = true;
			return false;
		}
		*ret_value = argv[i + 1];
		take_out(argc, argv, i, 2);
		return true;
	}
	return false;
}

bool cli_flag(int *argc, char **argv, const char *name)
{
	for (int i = 1; i < *argc; i++)
		if (!strcmp(argv[i], name)) {
			take_out(argc, argv, i, 1);
			return true;
		}
	return false;
}

bool cli_words(int argc, char **argv, int least, int most)
{
	for (int i = 1; i < argc; i++)
		if (argv[i][0] == '-' && argv[i][1])
			return false;
	return argc - 1 >= least && argc - 1 <= most;
}

static const char *from_environment(const char *name, const char *fallback)
{
	const char *value = getenv(name);
	return value && value[0] ? value : fallback;
}

static bool take_common(struct cli *cli, int *argc, char **argv)
{
	const char *timeout = "10 s";
	struct err why;
	bool bad = false;
	*cli = (struct cli){
		.control = from_environment("LIAISON_CONTROL", "ipc:///run/liaison/control"),
		.port = from_environment("LIAISON_PORT", NULL),
		.catalogue = from_environment("LIAISON_CATALOGUE", LIAISON_CATALOGUE),
		.at_rest = from_environment("LIAISON_AT_REST", NULL),
	};
	cli->json = cli_flag(argc, argv, "--json");
	cli_option(argc, argv, "--control", &cli->control, &bad);
	cli_option(argc, argv, "--port", &cli->port, &bad);
	cli_option(argc, argv, "--catalogue", &cli->catalogue, &bad);
	cli_option(argc, argv, "--at-rest", &cli->at_rest, &bad);
	cli_option(argc, argv, "--timeout", &timeout, &bad);
	if (bad || FAILED(text_duration(bytes_text(timeout), &cli->timeout_ms, &why))) {
		fprintf(stderr, "liaison: %s\n", bad ? "an option lacks its value" : "--timeout takes a duration such as \"10 s\"");
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct cli cli;
	guard_setup(); /* a command is over before anything of it could be swapped out; that it is wiped is what counts */
	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))) {
		help(stdout);
		return EXIT_FINE;
	}
	if (argc >= 2 && !strcmp(argv[1], "--version")) {
		printf("liaison %s\n", LIAISON_VERSION);
		return EXIT_FINE;
	}
	if (!take_common(&cli, &argc, argv))
		return EXIT_USAGE;
	for (const struct cli_command *command = cli_commands; argc >= 2 && command->name; command++) {
		if (strcmp(argv[1], command->name) != 0)
			continue;
		if (argc == 3 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h"))) {
			printf("Usage: liaison %s %s\n  %s\n", command->name, command->arguments, command->summary);
			return EXIT_FINE;
		}
		return command->run(&cli, argc - 1, argv + 1);
	}
	if (argc >= 2)
		fprintf(stderr, "liaison: there is no command \"%s\"\n\n", argv[1]);
	help(stderr);
	return EXIT_USAGE;
}

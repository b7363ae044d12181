/* What the commands of `liaison` share: the way to the hub's control socket or to an adapter's port, and the way to the terminal. One thread. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/daemon.h"
#include "base/pack.h"
#include "base/wire.h"

/* The options that every command takes, taken out of argv before it sees it. */
struct cli {
	bool json;           /* --json: one JSON value on stdout */
	const char *control; /* --control ENDPOINT, LIAISON_CONTROL */
	const char *port;    /* --port ENDPOINT, LIAISON_PORT: of an adapter */
	const char *catalogue; /* --catalogue FOLDER, LIAISON_CATALOGUE */
	const char *at_rest; /* --at-rest KEY, LIAISON_AT_REST: the ring of keys of a folder of data; NULL: it is plain */
	int64_t timeout_ms;  /* --timeout DURATION */
};

/* argv[0] is the command's name. Answers with an exit code of base/daemon.h. */
typedef int (*cli_fn)(struct cli *cli, int argc, char **argv);

struct cli_command {
	const char *name;
	const char *arguments;
	const char *summary;
	cli_fn run;
};

/* All of them, in the order of the help; ends with a NULL name. */
extern const struct cli_command cli_commands[];

/* The commands, each as a cli_fn; cli/main.c says what they take. */
int cli_pki(struct cli *cli, int argc, char **argv);
int cli_vault(struct cli *cli, int argc, char **argv);
int cli_approve(struct cli *cli, int argc, char **argv);
int cli_catalogue(struct cli *cli, int argc, char **argv);
int cli_check(struct cli *cli, int argc, char **argv);
int cli_doctor(struct cli *cli, int argc, char **argv);
int cli_backup(struct cli *cli, int argc, char **argv);
int cli_restore(struct cli *cli, int argc, char **argv);
int cli_convert(struct cli *cli, int argc, char **argv);
int cli_adapter(struct cli *cli, int argc, char **argv);
int cli_ledger(struct cli *cli, int argc, char **argv);
int cli_evidence(struct cli *cli, int argc, char **argv);
int cli_status(struct cli *cli, int argc, char **argv);
int cli_agencies(struct cli *cli, int argc, char **argv);
int cli_queues(struct cli *cli, int argc, char **argv);
int cli_dead(struct cli *cli, int argc, char **argv);
int cli_record(struct cli *cli, int argc, char **argv);
int cli_person(struct cli *cli, int argc, char **argv);
int cli_held(struct cli *cli, int argc, char **argv);
int cli_deadline(struct cli *cli, int argc, char **argv);
int cli_exchange(struct cli *cli, int argc, char **argv);
int cli_subscription(struct cli *cli, int argc, char **argv);
int cli_consent(struct cli *cli, int argc, char **argv);
int cli_trace(struct cli *cli, int argc, char **argv);
int cli_watch(struct cli *cli, int argc, char **argv);
int cli_reload(struct cli *cli, int argc, char **argv);
int cli_metrics(struct cli *cli, int argc, char **argv);
int cli_send(struct cli *cli, int argc, char **argv);
int cli_receive(struct cli *cli, int argc, char **argv);

/* Before a store is opened: with --at-rest, sealed files can be read from then on. key when it is sealed and no key, or another, was given. */
RESULT cli_open_rest(const struct cli *cli, const char *folder, struct err *err);

/* "liaison: …" on stderr; returns the exit code that fits the error. */
int cli_fail(const struct err *why);
int cli_usage(const char *command, const char *problem);
/* Takes `--name VALUE` or `--name` (value NULL) out of argv; false: not there. A missing value is reported by *ret_bad. */
bool cli_option(int *argc, char **argv, const char *name, const char **ret_value, bool *ret_bad);
bool cli_flag(int *argc, char **argv, const char *name);
/* Whose configuration is it: an adapter's, or a broker's? */
RESULT cli_is_adapter(const char *file, bool *ret, struct err *err);
/* Becomes another of Liaison's programs; returns only when it is not installed, which it says. */
void cli_become(const char *program, char **argv);
/* What is left must be exactly `count` words and no option. */
bool cli_words(int argc, char **argv, int least, int most);

/* A conversation with a ROUTER: JSON out, packed in. */
struct talk;
RESULT talk_open(const char *endpoint, struct talk **ret, struct err *err);
void talk_close(struct talk *talk);
RESULT talk_say(struct talk *talk, struct bytes packed, struct err *err);
/* The next frame as packed value; timeout when nothing came in time. *ret lives in the talk until the next call. */
RESULT talk_hear(struct talk *talk, int64_t wait_ms, struct bytes *ret, struct err *err);
/* Says and hears once; an {error} answer becomes the error. */
RESULT talk_ask(struct talk *talk, struct bytes packed, int64_t wait_ms, struct bytes *ret, struct err *err);
/* Asks the hub's control socket one thing. The answer is the caller's to buf_done. */
RESULT talk_hub(const struct cli *cli, struct bytes packed, struct buf *ret, struct err *err);

/* A question to the hub: {op, …} with `pairs` more to come; the caller puts those. */
void cli_put_op(struct buf *out, const char *op, size_t pairs);
void cli_put_text(struct buf *out, const char *key, const char *text);
/* Asks, and shows JSON if that is wanted; EXIT_FINE: *ret is the answer, to be shown and buf_done. The question is done. */
int cli_ask(struct cli *cli, struct buf *question, struct buf *ret);
struct bytes cli_list_in(const struct buf *answer, const char *key);

/* Output */
void show_json(struct bytes packed);
/* {"key": "value", …} from pairs of texts. */
void show_json_texts(const char *const (*pairs)[2], size_t count);
struct show_column {
	const char *title;
	const char *pointer; /* into the row */
	enum { SHOW_TEXT, SHOW_COUNT, SHOW_TIME, SHOW_AGE, SHOW_YES, SHOW_LIST, SHOW_BYTES, SHOW_MAP, SHOW_PARTIES } kind;
};
/* Rows (a packed array of maps) as an aligned table; `empty` is said when there are none. */
void show_table(struct bytes rows, const struct show_column *columns, size_t count, const char *empty);
/* One map as "title: value" lines. */
void show_pairs(struct bytes map, const struct show_column *columns, size_t count);
void show_cell(struct bytes row, const struct show_column *column, char *into, size_t size);
bool show_is_colour(void);

#endif

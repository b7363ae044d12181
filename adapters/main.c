#include "adapters/community/community.h"
#include "adapters/csv/csv_read.h"
#include "adapters/facility/facility.h"
#include "adapters/interstate/interstate.h"
#include "adapters/parole_board/parole_board.h"
#include "adapters/parole_office/parole_office.h"
#include "adapters/police/police.h"
#include "adapters/probation/probation.h"
#include "adapters/runtime/history.h"
#include "adapters/runtime/office.h"
#include "adapters/upkeep/adapter_upkeep.h"
#include "atrest/atrest.h"
#include "base/daemon.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/guard.h"
#include "sandbox/sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct kind *const kinds[] = {&facility_kind, &parole_board_kind, &parole_office_kind, &police_kind,
                                           &community_kind, &probation_kind, &interstate_kind};
enum { KINDS = sizeof(kinds) / sizeof(*kinds), GROUPS = KINDS + 1, CSV = KINDS, SETTINGS_ALIGN = 16, FORMATS_MAX = 8 };

/* The options, and behind them each kind's own group and what exports mean. */
struct layout {
	struct conf_table *table;
	size_t offsets[GROUPS];
};

static struct layout layout_new(void)
{
	struct layout layout;
	const char *names[GROUPS];
	const struct conf_table *tables[GROUPS];
	size_t size = (sizeof(struct options) + SETTINGS_ALIGN - 1) / SETTINGS_ALIGN * SETTINGS_ALIGN;
	for (size_t i = 0; i < GROUPS; i++) {
		names[i] = i == CSV ? "csv" : kinds[i]->name;
		tables[i] = i == CSV ? &csv_settings_table : kinds[i]->settings;
		layout.offsets[i] = size;
		size += tables[i] ? (tables[i]->size + SETTINGS_ALIGN - 1) / SETTINGS_ALIGN * SETTINGS_ALIGN : 0;
	}
	layout.table = options_table_new(names, tables, layout.offsets, GROUPS, size);
	return layout;
}

static const struct kind *find_kind(const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i]->name, name)) {
			*ret_index = i;
			return kinds[i];
		}
	return NULL;
}

struct program {
	enum guard_state keys;
	struct daemon_options arguments;
	bool accepts_history; /* the command accept-history: decides and ends */
	struct history_decision decision;
	int upkeep;         /* 0: none, 1: doctor, 2: backup, 3: restore */
	const char *folder; /* of a copy */
	bool json, with_keys;
	struct layout layout;
	struct options *options;
	struct kind kind; /* with the formats that every kind has */
	struct kind_format formats[FORMATS_MAX];
	const void *settings;
	struct csv_plan *plan; /* NULL: nothing is told of exports */
	struct office *office;
	struct sandbox *sandbox;
};

static void take_kind(struct program *program, const struct kind *kind)
{
	program->kind = *kind;
	for (size_t i = 0; i < kind->formats_count && i < FORMATS_MAX - 1; i++)
		program->formats[i] = kind->formats[i];
	program->formats[kind->formats_count] = csv_format;
	program->kind.formats = program->formats;
	program->kind.formats_count = kind->formats_count + 1;
}

/* What --check looks at beyond the file itself: certificates, keys, the catalogue, and whether it knows what is said of exports. */
static bool load_papers(const struct program *program, const struct options *options, struct office_papers *ret, struct csv_plan **ret_plan,
                        struct buf *ret_faults)
{
	const struct csv_settings *csv = (const void *)((const char *)program->options + program->layout.offsets[CSV]);
	struct conf_faults faults;
	*ret_plan = NULL;
	conf_faults_init(&faults);
	result r = office_papers_load(options, ret, &faults, program->arguments.config);
	if (!FAILED(r) && csv->type) {
		r = csv_plan_new(csv, ret->catalogue, program->arguments.config, ret_plan, &faults);
		if (FAILED(r))
			office_papers_done(ret);
	}
	buf_add(ret_faults, buf_bytes(&faults.text));
	conf_faults_done(&faults);
	return !FAILED(r);
}

static void log_lines(enum log_level level, const char *event, struct bytes lines)
{
	while (lines.len) {
		const uint8_t *end = memchr(lines.at, '\n', lines.len);
		size_t len = end ? (size_t)(end - lines.at) : lines.len;
		log_event(level, event, LOG_BYTES("fault", bytes_of(lines.at, len)));
		lines = bytes_of(lines.at + len + (end != NULL), lines.len - len - (end != NULL));
	}
}

static void on_hangup(void *ctx)
{
	struct program *program = ctx;
	struct office_papers papers;
	struct csv_plan *plan;
	struct buf faults;
	struct conf_faults conf;
	struct options *fresh = mem_alloc(program->layout.table->size);
	daemon_notify("RELOADING=1");
	buf_init(&faults, (size_t)1 << 20);
	conf_faults_init(&conf);
	if (FAILED(conf_load(program->layout.table, program->arguments.config, fresh, &conf))) {
		log_lines(LOG_ERROR, "reload_refused", buf_bytes(&conf.text));
	} else if (conf_changed(program->layout.table, program->options, fresh, &faults)) {
		log_event(LOG_ERROR, "reload_refused", LOG_BYTES("restart_for", buf_bytes(&faults)));
		conf_free(program->layout.table, fresh);
	} else if (!load_papers(program, fresh, &papers, &plan, &faults)) {
		log_lines(LOG_ERROR, "reload_refused", buf_bytes(&faults));
		conf_free(program->layout.table, fresh);
	} else {
		log_setup("liaison-adapter", (enum log_level)fresh->log.level, (enum log_format)fresh->log.format);
		office_renew(program->office, &papers);
		program->office->host.csv = plan;
		csv_plan_free(program->plan);
		program->plan = plan;
		conf_free(program->layout.table, fresh);
		log_event(LOG_NOTICE, "reloaded", LOG_TEXT("party", program->options->party));
	}
	buf_done(&faults);
	conf_faults_done(&conf);
	mem_free(fresh);
	daemon_notify("READY=1");
}

static void on_stop(void *ctx)
{
	struct program *program = ctx;
	daemon_notify("STOPPING=1");
	log_event(LOG_NOTICE, "stopping", LOG_TEXT("party", program->options->party));
	loop_stop(program->office->loop);
}

/* Before the box is opened. */
static RESULT begin_rest(const struct options *options, struct err *err)
{
	static const char *const files[] = {"adapter.db"};
	struct atrest_began began;
	TRY(atrest_begin(options->at_rest.key, options->data, files, 1, &began, err));
	if (began.key[0])
		log_event(LOG_INFO, "at_rest_sealed", LOG_TEXT("key", began.key), LOG_INT("sealed_now", began.sealed));
	else
		log_event(LOG_INFO, "at_rest_plain", LOG_TEXT("data", options->data));
	return OK;
}

static void allow_path(const char *path, void *ctx)
{
	const struct program *program = ctx;
	const char *spool = program->options->ports.spool;
	if (!sandbox_allow_key(program->sandbox, path) && strcmp(path, program->options->data) != 0 && !(spool && !strcmp(path, spool))) /* what lies beside these is nobody's business */
		sandbox_allow_beside(program->sandbox, path);
}

/* What a later configuration may name lies beside what this one names, or in a folder of the settings. Before there is a second
 * thread. */
static result close_files(struct program *program, struct err *err)
{
	const struct options *options = program->options;
	struct sandbox *sandbox = program->sandbox = sandbox_new(SANDBOX_ADAPTER, options->sandbox.on);
	TRY(file_make_folder(options->data, 0700, err));
	if (options->ports.spool && options->ports.spool[0])
		TRY(file_make_folder(options->ports.spool, 0770, err));
	sandbox_allow_system(sandbox);
	sandbox_allow_beside(sandbox, program->arguments.config);
	conf_paths(program->layout.table, options, allow_path, program);
	sandbox_allow(sandbox, options->data, SANDBOX_WRITE);
	sandbox_allow(sandbox, options->ports.spool, SANDBOX_WRITE);
	sandbox_allow_socket(sandbox, options->ports.zmq);
	for (size_t i = 0; i < options->sandbox.read.count; i++)
		sandbox_allow(sandbox, options->sandbox.read.at[i], SANDBOX_READ);
	for (size_t i = 0; i < options->sandbox.write.count; i++)
		sandbox_allow(sandbox, options->sandbox.write.at[i], SANDBOX_WRITE);
	return sandbox_close_files(sandbox, err);
}

/* The files first, then what needs threads, then the calls. */
static result open_office(struct program *program, struct office_papers *papers, struct err *err)
{
	result r = begin_rest(program->options, err); /* what it reads is out of reach behind the next line */
	if (!FAILED(r))
		r = close_files(program, err);
	if (FAILED(r)) {
		office_papers_done(papers);
		return r;
	}
	TRY(office_new(program->options, &program->kind, program->settings, papers, &program->office, err));
	r = sandbox_close_calls(program->sandbox, err);
	if (FAILED(r))
		office_free(program->office);
	return r;
}

static int serve(struct program *program, struct office_papers *papers)
{
	struct err why;
	if (FAILED(open_office(program, papers, &why))) {
		log_event(LOG_ERROR, "cannot_start", LOG_REASON(&why));
		return why.code == CODE_CONFIG ? EXIT_CONFIG : EXIT_FAILED;
	}
	program->office->host.csv = program->plan;
	struct loop_signal *signals[] = {loop_signal_new(program->office->loop, SIGHUP, on_hangup, program),
	                                 loop_signal_new(program->office->loop, SIGTERM, on_stop, program),
	                                 loop_signal_new(program->office->loop, SIGINT, on_stop, program)};
	daemon_heed_signals();
	sandbox_log(program->sandbox);
	log_event(LOG_NOTICE, "started", LOG_TEXT("party", program->options->party), LOG_TEXT("kind", program->kind.name),
	          LOG_TEXT("version", LIAISON_VERSION));
	daemon_notify("READY=1");
	loop_run(program->office->loop);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		loop_signal_free(signals[i]);
	bool has_failed = box_has_failed(program->office->box, &why);
	if (has_failed)
		log_event(LOG_ERROR, "storage_failed", LOG_REASON(&why), LOG_TEXT("remedy", code_remedy(why.code)));
	office_free(program->office);
	log_event(LOG_NOTICE, "stopped", LOG_TEXT("party", program->options->party));
	return has_failed ? EXIT_FAILED : EXIT_FINE;
}

/* ---- accept-history ---- */

/* Takes `name VALUE` out of the arguments; NULL: not there. */
static const char *take_option(int *argc, char **argv, const char *name)
{
	for (int i = 1; i + 1 < *argc; i++) {
		if (strcmp(argv[i], name) != 0)
			continue;
		const char *value = argv[i + 1];
		for (int j = i; j + 2 < *argc; j++)
			argv[j] = argv[j + 2];
		*argc -= 2;
		return value;
	}
	return NULL;
}

/* doctor | backup FOLDER | restore FOLDER, taken out of the arguments. False: something is wrong with it. */
static bool take_upkeep(struct program *program, int *argc, char **argv)
{
	static const char *const names[] = {"", "doctor", "backup", "restore"};
	int kept = 1;
	for (int i = 1; *argc > 1 && i < 4; i++)
		if (!strcmp(argv[1], names[i]))
			program->upkeep = i;
	if (program->upkeep == 0)
		return true;
	for (int i = 2; i < *argc; i++) {
		if (!strcmp(argv[i], "--json"))
			program->json = true;
		else if (!strcmp(argv[i], "--keys"))
			program->with_keys = true;
		else if (argv[i][0] == '-' || !strcmp(argv[i - 1], "-c"))
			argv[kept++] = argv[i];
		else
			program->folder = argv[i];
	}
	*argc = kept;
	argv[kept] = NULL;
	if ((program->upkeep > 1) == (program->folder != NULL))
		return true;
	fprintf(stderr, "Usage: liaison-adapter doctor -c FILE [--json] | backup -c FILE [--keys] FOLDER | restore -c FILE FOLDER\n");
	return false;
}

static int do_upkeep(const struct program *program)
{
	const char *file = program->arguments.config;
	if (program->upkeep == 1)
		return adapter_upkeep_doctor(file, program->options, program->json);
	return program->upkeep == 2 ? adapter_upkeep_backup(file, program->options, program->folder, program->with_keys)
	                            : adapter_upkeep_restore(program->options, program->folder);
}

/* False: the command is there and something is wrong with it. */
static bool take_command(struct program *program, int *argc, char **argv)
{
	struct history_decision *decision = &program->decision;
	const char *size = NULL;
	struct err why;
	program->accepts_history = *argc > 1 && !strcmp(argv[1], "accept-history");
	if (!program->accepts_history)
		return true;
	for (int i = 1; i + 1 < *argc; i++)
		argv[i] = argv[i + 1];
	(*argc)--;
	size = take_option(argc, argv, "--size");
	decision->root_hex = take_option(argc, argv, "--root");
	decision->by = take_option(argc, argv, "--by");
	decision->why = take_option(argc, argv, "--why");
	if (size && decision->root_hex && decision->by && decision->why && !FAILED(text_int(bytes_text(size), 0, INT64_MAX, &decision->size, &why)))
		return true;
	fprintf(stderr, "Usage: liaison-adapter accept-history -c FILE --size ENTRIES --root HEX --by WHO --why TEXT\n");
	return false;
}

/* The box is this program's alone, so the adapter has to be stopped: nobody decides behind its back. */
static int accept_history(struct program *program)
{
	const struct history_decision *decision = &program->decision;
	struct box *box = NULL;
	struct err why;
	result r = begin_rest(program->options, &why);
	if (!FAILED(r))
		r = box_open(program->options->data, NULL, &box, &why);
	if (!FAILED(r))
		r = history_accept(box, decision, &why);
	box_close(box);
	if (FAILED(r)) {
		fprintf(stderr, "liaison-adapter: %s%s%s: %s\n", why.field, why.field[0] ? ": " : "", code_text(why.code), why.reason);
		if (why.code == CODE_BUSY)
			fprintf(stderr, "Stop the adapter of %s first.\n", program->options->party);
		return why.code == CODE_USAGE ? EXIT_USAGE : EXIT_FAILED;
	}
	printf("%s goes on from the %lld entries with root %s; decided by %s\n", program->options->party, (long long)decision->size, decision->root_hex,
	       decision->by);
	return EXIT_FINE;
}

/* The configuration is right: what it names must be, too. */
static int run(struct program *program)
{
	struct office_papers papers;
	struct buf faults;
	size_t index = 0;
	const struct kind *kind = find_kind(program->options->kind, &index);
	if (!kind) {
		fprintf(stderr, "%s: kind: no such kind \"%s\"; there are facility, parole_board, parole_office, police, community, probation, interstate\n",
		        program->arguments.config, program->options->kind);
		return EXIT_CONFIG;
	}
	if (program->accepts_history)
		return accept_history(program);
	if (program->upkeep)
		return do_upkeep(program);
	take_kind(program, kind);
	program->settings = (const char *)program->options + program->layout.offsets[index];
	buf_init(&faults, (size_t)1 << 20);
	bool fine = load_papers(program, program->options, &papers, &program->plan, &faults);
	if (!fine)
		fprintf(stderr, "%.*s", (int)faults.len, (const char *)faults.at);
	buf_done(&faults);
	if (!fine)
		return EXIT_CONFIG;
	if (program->arguments.check) {
		office_papers_done(&papers);
		printf("%s: the configuration, its certificates and its catalogue are in order\n", program->arguments.config);
		return EXIT_FINE;
	}
	log_setup("liaison-adapter", (enum log_level)program->options->log.level, (enum log_format)program->options->log.format);
	if (guard_text(program->keys))
		log_event(LOG_WARNING, "keys_not_locked", LOG_TEXT("reason", guard_text(program->keys)));
	return serve(program, &papers);
}

int main(int argc, char **argv)
{
	const enum guard_state keys = guard_setup();
	struct program program;
	int code = EXIT_FINE;
	memset(&program, 0, sizeof(program));
	program.keys = keys;
	if (!take_upkeep(&program, &argc, argv) || !take_command(&program, &argc, argv))
		return EXIT_USAGE;
	if (!daemon_arguments(argc, argv, "liaison-adapter", "connects one agency's systems with the hub", &program.arguments, &code))
		return code;
	daemon_prepare();
	program.layout = layout_new();
	program.options = mem_alloc(program.layout.table->size);
	/* --check goes on from the file to what it names. */
	struct daemon_options loading = program.arguments;
	loading.check = false;
	if (daemon_config(&loading, program.layout.table, program.options, &code)) {
		code = run(&program);
		sandbox_free(program.sandbox);
		csv_plan_free(program.plan);
		conf_free(program.layout.table, program.options);
	}
	mem_free(program.options);
	options_table_free(program.layout.table);
	return code;
}

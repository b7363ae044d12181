/* The catalogue: what there is, examples to start from, and what is wrong with a file of it, or with a draft. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/catalogue_trial.h"
#include "schemas/json.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { ROWS_MAX_BYTES = 4 << 20, FILE_MAX_BYTES = 1 << 20 };

#define USAGE "list, show NAME, example TYPE [--invalid N], or check FILE"

/* ---- list ---- */

static void put_texts(struct buf *out, const char *key, char *const *texts, size_t count)
{
	pack_put_str(out, key);
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_str(out, texts[i]);
}

static void put_pair(struct buf *out, const char *key, const char *text)
{
	pack_put_str(out, key);
	pack_put_str(out, text);
}

static void put_moves(struct buf *out, const struct catalogue_type *type)
{
	pack_put_str(out, "lifecycles");
	pack_put_array(out, type->moves_count);
	for (size_t i = 0; i < type->moves_count; i++)
		pack_put_str(out, type->moves[i].lifecycle);
}

static void put_types(const struct catalogue *catalogue, struct buf *rows)
{
	for (size_t i = 0; i < catalogue_count(catalogue); i++) {
		const struct catalogue_type *type = catalogue_at(catalogue, i);
		pack_put_map(rows, 5);
		put_pair(rows, "type", type->name);
		put_pair(rows, "title", type->title);
		pack_put_str(rows, "priority");
		pack_put_int(rows, type->priority);
		put_texts(rows, "originators", type->originators, type->originators_count);
		put_moves(rows, type);
	}
}

static void put_lifecycles(const struct catalogue *catalogue, struct buf *rows)
{
	for (size_t i = 0; i < catalogue_lifecycles_count(catalogue); i++) {
		const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle_at(catalogue, i);
		pack_put_map(rows, 3);
		put_pair(rows, "lifecycle", lifecycle->name);
		put_pair(rows, "title", lifecycle->title);
		pack_put_str(rows, "states");
		pack_put_array(rows, lifecycle->states_count);
		for (size_t n = 0; n < lifecycle->states_count; n++)
			pack_put_str(rows, lifecycle->states[n].name);
	}
}

static int list(const struct cli *cli, const struct catalogue *catalogue)
{
	static const struct show_column types[] = {{"TYPE", "/type", SHOW_TEXT},
	                                           {"PRIORITY", "/priority", SHOW_COUNT},
	                                           {"FROM", "/originators", SHOW_LIST},
	                                           {"MOVES", "/lifecycles", SHOW_LIST},
	                                           {"WHAT", "/title", SHOW_TEXT}};
	static const struct show_column lifecycles[] = {
		{"LIFECYCLE", "/lifecycle", SHOW_TEXT}, {"STATES", "/states", SHOW_LIST}, {"WHAT", "/title", SHOW_TEXT}};
	struct buf rows;
	buf_init(&rows, ROWS_MAX_BYTES);
	pack_put_array(&rows, catalogue_count(catalogue) + (cli->json ? catalogue_lifecycles_count(catalogue) : 0));
	put_types(catalogue, &rows);
	if (cli->json) {
		put_lifecycles(catalogue, &rows);
		show_json(buf_bytes(&rows));
		buf_done(&rows);
		return EXIT_FINE;
	}
	show_table(buf_bytes(&rows), types, sizeof(types) / sizeof(*types), "the catalogue has no types");
	buf_clear(&rows);
	pack_put_array(&rows, catalogue_lifecycles_count(catalogue));
	put_lifecycles(catalogue, &rows);
	printf("\n");
	show_table(buf_bytes(&rows), lifecycles, sizeof(lifecycles) / sizeof(*lifecycles), "the catalogue has no lifecycles");
	buf_done(&rows);
	return EXIT_FINE;
}

/* ---- show, example ---- */

static int unknown(const struct cli *cli, const char *name)
{
	struct err why;
	result r = err_set(&why, CODE_UNKNOWN_TYPE, name, "no such type in %s", cli->catalogue);
	return FAILED(r) ? cli_fail(&why) : EXIT_FAILED;
}

/* A type, or a lifecycle: those have no version. */
static int show(const struct cli *cli, const struct catalogue *catalogue, const char *name)
{
	const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle(catalogue, name);
	const struct catalogue_type *type = catalogue_find(catalogue, bytes_text(name));
	if (!type && !lifecycle)
		return unknown(cli, name);
	show_json(buf_bytes(type ? &type->source : &lifecycle->source));
	return EXIT_FINE;
}

/* A draft that can be sent as it stands, or one that is refused and why. */
static int show_example(const struct cli *cli, const struct catalogue *catalogue, const char *name, const char *invalid)
{
	char pointer[64];
	int64_t number = 1;
	struct bytes example;
	struct buf draft;
	const struct catalogue_type *type = catalogue_find(catalogue, bytes_text(name));
	if (!type)
		return unknown(cli, name);
	if (invalid && FAILED(text_int(bytes_text(invalid), 1, INT32_MAX, &number, NULL)))
		return cli_usage("catalogue", "--invalid takes a number: 1 is the first");
	snprintf(pointer, sizeof(pointer), "/examples/%s/%lld", invalid ? "invalid" : "valid", (long long)number - 1);
	if (!pack_pointer(buf_bytes(&type->source), pointer, &example)) {
		fprintf(stderr, "liaison: %s has no such example\n", name);
		return EXIT_FAILED;
	}
	buf_init(&draft, ROWS_MAX_BYTES);
	catalogue_trial_put(type, example, &draft);
	show_json(buf_bytes(&draft));
	buf_done(&draft);
	return EXIT_FINE;
}

/* ---- check ---- */

/* What was found; with --json the rows are shown at the end. */
struct finding {
	bool json;
	size_t faults;
	struct buf rows;
};

/* The field of a fault is "FILE: /pointer". */
static void say(void *ctx, const struct err *fault)
{
	struct finding *finding = ctx;
	const char *colon = strstr(fault->field, ": ");
	size_t file = colon ? (size_t)(colon - fault->field) : strlen(fault->field);
	finding->faults++;
	if (!finding->json) {
		printf("%s%s%s: %s\n", fault->field, colon && colon[2] ? ": " : colon ? "" : ": ", code_text(fault->code), fault->reason);
		return;
	}
	pack_put_map(&finding->rows, 4);
	pack_put_str(&finding->rows, "file");
	pack_put_text(&finding->rows, bytes_of(fault->field, file));
	put_pair(&finding->rows, "field", colon ? colon + 2 : "");
	put_pair(&finding->rows, "code", code_text(fault->code));
	put_pair(&finding->rows, "reason", fault->reason);
}

static void say_of(struct finding *finding, const char *file, struct err *fault)
{
	AUTO_FREE char *prefix = mem_printf("%s: ", file);
	err_prefix(fault, prefix);
	say(finding, fault);
}

static int conclude(struct finding *finding, const char *fine)
{
	if (finding->json) {
		struct buf all;
		buf_init(&all, 2 * (size_t)ROWS_MAX_BYTES);
		pack_put_array(&all, finding->faults);
		pack_put_raw(&all, buf_bytes(&finding->rows));
		show_json(buf_bytes(&all));
		buf_done(&all);
	} else if (finding->faults == 0) {
		printf("%s\n", fine);
	}
	buf_done(&finding->rows);
	return finding->faults == 0 ? EXIT_FINE : EXIT_FAILED;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static void add_file(struct finding *finding, struct catalogue *catalogue, const char *path)
{
	struct buf contents;
	struct err why;
	if (FAILED(file_read(path, FILE_MAX_BYTES, &contents, &why)) || FAILED(catalogue_add(catalogue, path, buf_bytes(&contents), &why)))
		say(finding, &why);
	buf_done(&contents);
}

/* All of a folder but a file of that name. */
static result add_folder(struct finding *finding, struct catalogue *catalogue, const char *folder, const char *except, struct err *err)
{
	char **names;
	size_t count;
	TRY(file_list(folder, ".json", &names, &count, err));
	for (size_t i = 0; i < count; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", folder, names[i]);
		if (!except || strcmp(names[i], except) != 0)
			add_file(finding, catalogue, path);
	}
	file_list_free(names, count);
	return count > 0 ? OK : err_set(err, CODE_CONFIG, folder, "holds no *.json, so there is no catalogue");
}

/* The files of a catalogue together; `only`: the examples of that file alone. */
static int check_files(struct finding *finding, struct catalogue *catalogue, const char *only)
{
	char fine[128];
	size_t before = finding->faults;
	catalogue_finish_all(catalogue, say, finding);
	for (size_t i = 0; i < catalogue_count(catalogue) && finding->faults == before; i++) {
		const struct catalogue_type *type = catalogue_at(catalogue, i);
		if (!only || strcmp(type->file, only) == 0)
			catalogue_trial_examples(catalogue, type, say, finding);
	}
	snprintf(fine, sizeof(fine), "%zu types and %zu lifecycles: no faults", catalogue_count(catalogue), catalogue_lifecycles_count(catalogue));
	return conclude(finding, fine);
}

static int check_draft(struct finding *finding, const struct cli *cli, const char *path, struct bytes draft)
{
	struct catalogue *catalogue = NULL;
	const struct catalogue_type *type = NULL;
	struct err why;
	int64_t missing = 0;
	char fine[256] = "";
	if (FAILED(catalogue_load(cli->catalogue, &catalogue, &why))) {
		buf_done(&finding->rows);
		return cli_fail(&why);
	}
	if (FAILED(catalogue_trial_draft(catalogue, draft, &type, &missing, &why)))
		say_of(finding, base_name(path), &why);
	else if (missing > 0)
		snprintf(fine, sizeof(fine), "a %s; it still needs the signatures of %lld persons: liaison approve", type->name, (long long)missing);
	else
		snprintf(fine, sizeof(fine), "a %s, no faults", type->name);
	catalogue_unref(catalogue);
	return conclude(finding, fine);
}

/* A file of the catalogue is judged among those of --catalogue, in the place of the one of its name. */
static int check_file(struct finding *finding, const struct cli *cli, const char *path)
{
	struct buf contents, packed;
	struct bytes unused;
	struct err why;
	buf_init(&packed, FILE_MAX_BYTES);
	result r = file_read(path, FILE_MAX_BYTES, &contents, &why);
	if (!FAILED(r))
		r = json_to_pack(buf_bytes(&contents), &packed, &why);
	buf_done(&contents);
	int code = EXIT_FAILED;
	if (FAILED(r)) {
		if (r.code == CODE_MALFORMED)
			say_of(finding, base_name(path), &why);
		code = r.code == CODE_MALFORMED ? conclude(finding, "") : cli_fail(&why);
	} else if (pack_find(buf_bytes(&packed), "type", &unused) && !pack_find(buf_bytes(&packed), "originators", &unused)) {
		code = check_draft(finding, cli, path, buf_bytes(&packed));
	} else {
		struct catalogue *catalogue = catalogue_new();
		add_file(finding, catalogue, path);
		r = add_folder(finding, catalogue, cli->catalogue, base_name(path), &why);
		code = FAILED(r) ? cli_fail(&why) : check_files(finding, catalogue, base_name(path));
		catalogue_unref(catalogue);
	}
	buf_done(&packed);
	return code;
}

static int check(const struct cli *cli, const char *path)
{
	struct finding finding = {.json = cli->json};
	struct stat about;
	struct err why;
	int code;
	buf_init(&finding.rows, ROWS_MAX_BYTES);
	if (stat(path, &about) == 0 && S_ISDIR(about.st_mode)) {
		struct catalogue *catalogue = catalogue_new();
		result r = add_folder(&finding, catalogue, path, NULL, &why);
		code = FAILED(r) ? cli_fail(&why) : check_files(&finding, catalogue, NULL);
		catalogue_unref(catalogue);
	} else {
		code = check_file(&finding, cli, path);
	}
	buf_done(&finding.rows);
	return code;
}

int cli_catalogue(struct cli *cli, int argc, char **argv)
{
	struct catalogue *catalogue = NULL;
	const char *invalid = NULL;
	struct err why;
	bool bad = false;
	bool takes_number = cli_option(&argc, argv, "--invalid", &invalid, &bad);
	if (bad || !cli_words(argc, argv, 1, 2) || (argc == 2) != !strcmp(argv[1], "list") || (takes_number && strcmp(argv[1], "example") != 0))
		return cli_usage("catalogue", USAGE);
	if (!strcmp(argv[1], "check"))
		return check(cli, argv[2]);
	if (argc == 3 && strcmp(argv[1], "show") != 0 && strcmp(argv[1], "example") != 0)
		return cli_usage("catalogue", USAGE);
	if (FAILED(catalogue_load(cli->catalogue, &catalogue, &why)))
		return cli_fail(&why);
	int code = argc == 2                     ? list(cli, catalogue)
	           : !strcmp(argv[1], "show")    ? show(cli, catalogue, argv[2])
	                                         : show_example(cli, catalogue, argv[2], invalid);
	catalogue_unref(catalogue);
	return code;
}

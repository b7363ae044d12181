/* `liaison convert`: a document of the field becomes messages, or messages become a document, by the code that the adapters run. */
#include "cli/cli.h"

#include "adapters/casework/casework.h"
#include "adapters/csv/csv_read.h"
#include "adapters/ncic/ncic.h"
#include "adapters/niem/niem.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "schemas/catalogue_trial.h"
#include "schemas/json.h"
#include "schemas/json_line.h"
#include "schemas/pointer.h"

#include <stdio.h>
#include <string.h>

enum { CONVERT_FILE_MAX = 64 << 20, CONVERT_PACKED_MAX = 256 << 20, CONVERT_OUT_MAX = 256 << 20, CONVERT_LINE_MAX = 512 };

#define FROM_NAMES "json, ncic, niem, csv or casework"
#define TO_NAMES "json, ncic or niem"

static const char convert_help[] =
	"Usage: liaison convert FILE [--from FORMAT] [--to FORMAT] [--config CONFIG] [--ori ORI] [--agency NAME]\n"
	"  Reads FILE (- for standard input) and writes it in another form to standard output.\n"
	"  --from FORMAT    " FROM_NAMES "; by the file's name or its first letters if not given\n"
	"  --to FORMAT      " TO_NAMES "; json if not given\n"
	"  --config CONFIG  an adapter's configuration: what the columns of csv mean, and whose document it is\n"
	"  --ori, --agency  whose document it is, where the form does not say so\n"
	"Nothing is sent and nobody is asked. Exits with 0, or with 1 and a line for each fault on standard error:\n"
	"FILE:LINE: FIELD: code: reason. What the messages have no field for is listed there, too.\n";

/* The forms of documents: what the adapters read and write. JSON drafts are read here. */
static const struct kind_format *const formats[] = {&ncic_format, &niem_format, &csv_format, &casework_format};
enum { FORMATS = sizeof(formats) / sizeof(*formats) };

/* What is read of an adapter's configuration; everything else in it is the adapter's affair. */
struct borrowed {
	char *party, *title, *ori;
	struct csv_settings csv;
};

static const struct conf_field borrowed_fields[] = {
	{.name = "party", .kind = CONF_TEXT, .offset = offsetof(struct borrowed, party), .fallback = ""},
	{.name = "title", .kind = CONF_TEXT, .offset = offsetof(struct borrowed, title), .fallback = ""},
	{.name = "ori", .kind = CONF_TEXT, .offset = offsetof(struct borrowed, ori), .fallback = ""},
	{.name = "csv", .kind = CONF_GROUP, .offset = offsetof(struct borrowed, csv), .sub = &csv_settings_table},
};
static const struct conf_table borrowed_table = {borrowed_fields, sizeof(borrowed_fields) / sizeof(*borrowed_fields), sizeof(struct borrowed),
                                                 CONF_NO_LINE, NULL};

struct conversion {
	const char *file;
	const char *config; /* NULL: none */
	struct borrowed borrowed;
	struct csv_plan *plan;
	struct buf document;
	const struct kind_format *from, *to; /* NULL: JSON */
	bool is_list;                        /* JSON: an array of drafts */
	struct kind_host host;
	struct kind_reading reading;
	struct buf out;
	size_t faults;
};

/* ---- which format ---- */

static bool format_named(const char *name, const struct kind_format **ret)
{
	*ret = NULL;
	for (size_t i = 0; i < FORMATS; i++)
		if (!strcmp(formats[i]->name, name))
			*ret = formats[i];
	return *ret || !strcmp(name, "json");
}

static bool ends_with(const char *text, const char *ending)
{
	size_t len = strlen(text), more = strlen(ending);
	return len >= more && !strcmp(text + len - more, ending);
}

/* By the name, and where that says nothing, by the first letter: XML, JSON, and everything else is text of a switch. */
static const struct kind_format *format_of(const char *file, struct bytes document)
{
	const struct kind_format *named;
	size_t blank = 0;
	for (size_t i = 0; i < FORMATS; i++)
		if (ends_with(file, formats[i]->ending))
			return formats[i];
	if (ends_with(file, ".json"))
		return NULL;
	while (blank < document.len && strchr(" \t\r\n", document.at[blank]) && document.at[blank])
		blank++;
	uint8_t first = blank < document.len ? document.at[blank] : 0;
	bool is_xml = first == '<' || first == 0xef || first == 0xfe || first == 0xff, is_json = first == '{' || first == '[';
	return format_named(is_xml ? "niem" : is_json ? "json" : "ncic", &named) ? named : NULL;
}

/* ---- faults ---- */

static void say_fault(struct conversion *conversion, int line, const struct err *why)
{
	char reason[2 * ERR_REASON_MAX], field[2 * ERR_FIELD_MAX];
	text_safe(bytes_text(why->reason), reason, sizeof(reason));
	text_safe(bytes_text(why->field[0] ? why->field : "/"), field, sizeof(field));
	fprintf(stderr, "%s:%d: %s: %s: %s\n", conversion->file, line > 0 ? line : 1, field, code_text(why->code), reason);
	conversion->faults++;
}

static void say_reading(struct conversion *conversion)
{
	const struct kind_reading *reading = &conversion->reading;
	char safe[CONVERT_LINE_MAX];
	for (size_t i = 0; i < reading->faults_count; i++)
		say_fault(conversion, reading->faults[i].line, &reading->faults[i].err);
	for (size_t i = 0; i < reading->unmapped_count; i++)
		fprintf(stderr, "%s: not mapped: %s\n", conversion->file, text_safe(bytes_text(reading->unmapped[i]), safe, sizeof(safe)));
}

/* ---- in ---- */

static void read_drafts(struct conversion *conversion, struct bytes packed)
{
	struct pack_in in = pack_in(packed, NULL), peek = in;
	conversion->is_list = pack_next(&peek, "").kind == PACK_ARRAY;
	size_t count = conversion->is_list ? pack_array(&in, "") : 1;
	for (size_t i = 0; i < count && !in.failed; i++)
		buf_add(kind_reading_draft(&conversion->reading, NULL), pack_value(&in, ""));
}

static void read_json(struct conversion *conversion)
{
	struct buf packed;
	struct err why;
	buf_init(&packed, CONVERT_PACKED_MAX);
	if (FAILED(json_to_pack(buf_bytes(&conversion->document), &packed, &why)))
		say_fault(conversion, json_line_of(&why), &why);
	else if (casework_is(buf_bytes(&packed)))
		conversion->from = &casework_format;
	else
		read_drafts(conversion, buf_bytes(&packed));
	buf_done(&packed);
}

/* Where the field of a judgement stands in the document that was read: the main part is "body" in a draft. */
static int line_of(const struct conversion *conversion, size_t index, const char *field)
{
	char place[2 * ERR_FIELD_MAX], above[32] = "";
	bool is_main = !strncmp(field, "/parts/main", 11) && (field[11] == '/' || !field[11]);
	if (conversion->from)
		return 1;
	if (conversion->is_list)
		snprintf(above, sizeof(above), "/%zu", index);
	snprintf(place, sizeof(place), "%s%s%s", above, is_main ? "/body" : "", is_main ? field + 11 : field);
	return json_line(buf_bytes(&conversion->document), place);
}

static void judge_draft(struct conversion *conversion, size_t index)
{
	const struct buf *plain = &conversion->reading.drafts[index].plain;
	const struct catalogue_type *type;
	struct err why;
	int64_t missing = 0;
	char above[ERR_FIELD_MAX];
	result r = buf_check(plain, "", &why);
	if (!FAILED(r))
		r = catalogue_trial_draft(conversion->host.catalogue, buf_bytes(plain), &type, &missing, &why);
	if (!FAILED(r) && missing > 0)
		fprintf(stderr, "%s: a %s still needs the signatures of %lld persons: liaison approve\n", conversion->file, type->name,
		        (long long)missing);
	if (!FAILED(r))
		return;
	int line = line_of(conversion, index, why.field);
	if (conversion->reading.drafts_count > 1)
		err_prefix(&why, pointer_index("", index, above));
	say_fault(conversion, line, &why);
}

/* Every draft is held to the catalogue, whatever it was read from. */
static void read_document(struct conversion *conversion)
{
	struct kind_reading *reading = &conversion->reading;
	if (!conversion->from)
		read_json(conversion); /* or a case system's JSON, which its shape tells */
	if (conversion->from)
		conversion->from->read(NULL, &conversion->host, buf_bytes(&conversion->document), reading);
	if (reading->drafts_count == 0 && reading->faults_count == 0 && conversion->faults == 0)
		kind_reading_fault(reading, 0, CODE_MALFORMED, "", "the document holds no message");
	say_reading(conversion);
	for (size_t i = 0; i < reading->drafts_count && reading->faults_count == 0; i++)
		judge_draft(conversion, i);
}

/* ---- out ---- */

static void write_json(struct conversion *conversion)
{
	const struct kind_reading *reading = &conversion->reading;
	struct buf all;
	struct err why;
	buf_init(&all, CONVERT_PACKED_MAX);
	if (conversion->is_list || reading->drafts_count > 1)
		pack_put_array(&all, reading->drafts_count);
	for (size_t i = 0; i < reading->drafts_count; i++)
		pack_put_raw(&all, buf_bytes(&reading->drafts[i].plain));
	if (FAILED(buf_check(&all, "", &why)) || FAILED(json_from_pack(buf_bytes(&all), 2, &conversion->out, &why)))
		say_fault(conversion, 0, &why);
	buf_add_byte(&conversion->out, '\n');
	buf_done(&all);
}

/* A draft as the message that it would become. Its id and time are made up where it has none, as an adapter would; who sends it is not. */
static void make_message(const struct draft *draft, const struct uuid *id, struct message *message, struct part *parts)
{
	static const uint8_t no_hash[MESSAGE_HASH_LEN], no_salt[MESSAGE_SALT_LEN];
	memset(message, 0, sizeof(*message));
	message->id = id->at;
	message->type = draft->type;
	message->issued = draft->issued ? draft->issued : clock_wall_ms();
	message->expires = draft->expires;
	message->due = draft->due;
	message->priority = draft->priority;
	message->thread = draft->has_thread ? draft->thread.at : NULL;
	message->re = draft->has_re ? draft->re.at : NULL;
	message->subject = draft->subject;
	message->by = draft->by;
	message->purpose = draft->purpose;
	message->consent = draft->consent;
	memcpy(message->to, draft->to, draft->to_count * sizeof(*draft->to));
	message->to_count = draft->to_count;
	message->parts_count = draft->parts_count;
	for (size_t i = 0; i < draft->parts_count; i++) {
		const struct draft_part *part = &draft->parts[i];
		message->parts[i] = (struct message_part){.name = part->name, .cls = part->cls, .hash = no_hash};
		parts[i] = (struct part){.name = part->name, .salt = no_salt, .bytes = part->bytes};
	}
}

static result write_draft(struct conversion *conversion, const struct draft *draft, const char *tag, struct err *err)
{
	struct uuid id = draft->has_id ? draft->id : uuid_new();
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	bool wrote = false;
	make_message(draft, &id, &message, parts);
	const struct part *main = part_find(parts, draft->parts_count, BYTES_LIT("main"));
	const struct kind_message passing = {.message = &message, .parts = parts, .parts_count = draft->parts_count,
	                                     .main = main ? main->bytes : BYTES_NONE, .is_ours = true, .tag = tag};
	TRY(conversion->to->write(NULL, &conversion->host, &passing, &conversion->out, &wrote, err));
	if (!wrote)
		return err_set(err, CODE_UNKNOWN_TYPE, "/type", "%s has no word for a %.*s", conversion->to->name, (int)draft->type.len,
		               (const char *)draft->type.at);
	return buf_check(&conversion->out, "", err);
}

static void write_documents(struct conversion *conversion)
{
	const struct kind_reading *reading = &conversion->reading;
	for (size_t i = 0; i < reading->drafts_count; i++) {
		struct draft draft;
		struct err why = {.code = CODE_OK};
		result r = plain_read(buf_bytes(&reading->drafts[i].plain), &draft, &why);
		if (!FAILED(r))
			r = write_draft(conversion, &draft, reading->drafts[i].tag, &why);
		if (FAILED(r))
			say_fault(conversion, line_of(conversion, i, why.field), &why);
		draft_done(&draft);
	}
}

/* ---- the command ---- */

static result read_input(struct buf *ret, struct err *err)
{
	uint8_t *room;
	size_t len = 1;
	buf_init(ret, CONVERT_FILE_MAX);
	while (len > 0 && (room = buf_room(ret, BUFSIZ))) {
		len = fread(room, 1, BUFSIZ, stdin);
		buf_grew(ret, len);
	}
	return ferror(stdin) ? err_errno(err, "", "read") : buf_check(ret, "", err);
}

static bool read_file(struct conversion *conversion)
{
	struct err why;
	bool is_input = !strcmp(conversion->file, "-");
	result r = is_input ? read_input(&conversion->document, &why) : file_read(conversion->file, CONVERT_FILE_MAX, &conversion->document, &why);
	if (!FAILED(r))
		return true;
	why.field[0] = 0; /* it is the file, which the line begins with */
	say_fault(conversion, 0, &why);
	return false;
}

static void convert(struct conversion *conversion)
{
	read_document(conversion);
	if (conversion->faults == 0 && conversion->to)
		write_documents(conversion);
	else if (conversion->faults == 0)
		write_json(conversion);
	if (conversion->faults == 0)
		fwrite(conversion->out.at, 1, conversion->out.len, stdout);
}

/* False when the configuration has faults, which have been said. */
static bool read_config(struct conversion *conversion, struct catalogue *catalogue)
{
	struct conf_faults faults;
	struct borrowed *borrowed = &conversion->borrowed;
	conf_faults_init(&faults);
	bool is_fine = !FAILED(conf_load_part(&borrowed_table, conversion->config, borrowed, &faults));
	if (is_fine && borrowed->csv.type)
		is_fine = !FAILED(csv_plan_new(&borrowed->csv, catalogue, conversion->config, &conversion->plan, &faults));
	fprintf(stderr, "%.*s", (int)faults.text.len, faults.text.len ? (const char *)faults.text.at : "");
	conf_faults_done(&faults);
	if (!is_fine)
		return false;
	struct kind_host *host = &conversion->host;
	host->csv = conversion->plan;
	host->party = borrowed->party;
	host->ori = host->ori[0] ? host->ori : borrowed->ori;
	host->agency = host->agency[0] ? host->agency : borrowed->title;
	return true;
}

static int run(const struct cli *cli, struct conversion *conversion, bool is_told)
{
	struct catalogue *catalogue = NULL;
	struct err why;
	int code = EXIT_CONFIG;
	if (FAILED(catalogue_load(cli->catalogue, &catalogue, &why)))
		return cli_fail(&why);
	conversion->host.catalogue = catalogue;
	niem_prepare();
	kind_reading_init(&conversion->reading);
	buf_init(&conversion->out, CONVERT_OUT_MAX);
	if (conversion->config && !read_config(conversion, catalogue)) {
		code = EXIT_CONFIG;
	} else if (!read_file(conversion)) {
		code = EXIT_FAILED;
	} else {
		if (!is_told)
			conversion->from = format_of(conversion->file, buf_bytes(&conversion->document));
		if (conversion->from == &csv_format && !conversion->plan) {
			code = cli_usage("convert", conversion->config ? "the configuration has no group csv, which says what the columns mean"
			                                               : "csv needs --config CONFIG, which says what the columns mean");
		} else {
			convert(conversion);
			code = conversion->faults ? EXIT_FAILED : EXIT_FINE;
		}
	}
	csv_plan_free(conversion->plan);
	conf_free(&borrowed_table, &conversion->borrowed);
	kind_reading_done(&conversion->reading);
	buf_done(&conversion->out);
	buf_done(&conversion->document);
	catalogue_unref(catalogue);
	return code;
}

int cli_convert(struct cli *cli, int argc, char **argv)
{
	const char *from = NULL, *to = NULL, *ori = "", *agency = "";
	bool bad = false;
	struct conversion conversion = {.faults = 0};
	if (cli_flag(&argc, argv, "--help")) {
		fputs(convert_help, stdout);
		return EXIT_FINE;
	}
	cli_option(&argc, argv, "--from", &from, &bad);
	cli_option(&argc, argv, "--to", &to, &bad);
	cli_option(&argc, argv, "--config", &conversion.config, &bad);
	cli_option(&argc, argv, "--ori", &ori, &bad);
	cli_option(&argc, argv, "--agency", &agency, &bad);
	if (bad || !cli_words(argc, argv, 1, 1))
		return cli_usage("convert", "takes one FILE, and nothing else that it does not know");
	if (from && !format_named(from, &conversion.from))
		return cli_usage("convert", "--from takes " FROM_NAMES);
	if (to && (!format_named(to, &conversion.to) || (conversion.to && !conversion.to->write)))
		return cli_usage("convert", "--to takes " TO_NAMES);
	conversion.file = argv[1];
	conversion.host = (struct kind_host){.party = "", .ori = ori, .agency = agency}; /* nobody to ask for records */
	return run(cli, &conversion, from != NULL);
}

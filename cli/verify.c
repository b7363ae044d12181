/* The ledger's files: whether they hold, what their head is, and whether heads fit together. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "broker/ledger/ledger.h"
#include "cli/head_files.h"

#include <stdio.h>
#include <string.h>

enum { LEDGER_FINDINGS_SHOWN = 200, LEDGER_FINDINGS_BYTES = 1 << 20 };

static result load_trust(const char *ca, const char *crl, struct trust **ret, struct err *err)
{
	return trust_load(&ca, 1, &crl, crl ? 1 : 0, ret, err);
}

/* ---- verify ---- */

struct findings {
	struct buf packed; /* maps, one after the other */
	size_t count;
	bool json;
};

static void on_found(void *ctx, const struct ledger_finding *finding)
{
	struct findings *findings = ctx;
	if (findings->count == LEDGER_FINDINGS_SHOWN)
		return;
	findings->count++;
	pack_put_map(&findings->packed, 4);
	pack_put_str(&findings->packed, "entry");
	pack_put_int(&findings->packed, finding->entry);
	pack_put_str(&findings->packed, "where");
	pack_put_str(&findings->packed, finding->where);
	pack_put_str(&findings->packed, "code");
	pack_put_str(&findings->packed, code_text(finding->code));
	pack_put_str(&findings->packed, "reason");
	pack_put_str(&findings->packed, finding->reason);
	if (!findings->json)
		printf("%s: %s: %s\n", finding->where, code_text(finding->code), finding->reason);
}

static void put_number(struct buf *out, const char *key, int64_t number)
{
	pack_put_str(out, key);
	pack_put_int(out, number);
}

static void put_report(const struct ledger_report *report, const struct ledger_asking *asking, const struct findings *findings, struct buf *out)
{
	char root[2 * HASH_LEN + 1];
	const struct {
		const char *key;
		int64_t number;
	} numbers[] = {{"entries", report->entries}, {"messages", report->messages}, {"receipts", report->receipts}, {"erased", report->erased},
	               {"signatures", report->signatures}, {"persons", report->persons}, {"signers", report->signers},
	               {"signers_expired", report->signers_expired}, {"signers_revoked", report->signers_revoked}, {"open", report->open},
	               {"dead", report->dead}, {"held", report->held}, {"subtrees", report->subtrees}, {"head_size", report->head_size},
	               {"against_size", report->against_size}, {"findings_count", report->findings}};
	size_t count = sizeof(numbers) / sizeof(*numbers);
	buf_init(out, LEDGER_FINDINGS_BYTES + 8192);
	pack_put_map(out, count + 6);
	for (size_t i = 0; i < count; i++)
		put_number(out, numbers[i].key, numbers[i].number);
	pack_put_str(out, "root");
	pack_put_str(out, text_hex(hash_bytes(&report->root), root));
	pack_put_str(out, "signature_checked");
	pack_put_bool(out, asking->trust || asking->hub);
	pack_put_str(out, "signatures_checked");
	pack_put_bool(out, asking->trust && !asking->quick);
	pack_put_str(out, "queues_checked");
	pack_put_bool(out, !asking->quick && !asking->since);
	put_number(out, "since", asking->since);
	pack_put_str(out, "findings");
	pack_put_array(out, findings->count);
	pack_put_raw(out, buf_bytes(&findings->packed));
}

static const struct show_column report_columns[] = {{"entries", "/entries", SHOW_COUNT},
                                                    {"messages compared", "/messages", SHOW_COUNT},
                                                    {"of these receipts", "/receipts", SHOW_COUNT},
                                                    {"erased, as recorded", "/erased", SHOW_COUNT},
                                                    {"signatures checked", "/signatures_checked", SHOW_YES},
                                                    {"signatures that hold", "/signatures", SHOW_COUNT},
                                                    {"of persons", "/persons", SHOW_COUNT},
                                                    {"certificates", "/signers", SHOW_COUNT},
                                                    {"expired since", "/signers_expired", SHOW_COUNT},
                                                    {"revoked since", "/signers_revoked", SHOW_COUNT},
                                                    {"deliveries open", "/open", SHOW_COUNT},
                                                    {"dead letters", "/dead", SHOW_COUNT},
                                                    {"held", "/held", SHOW_COUNT},
                                                    {"subtrees compared", "/subtrees", SHOW_COUNT},
                                                    {"signed head covers", "/head_size", SHOW_COUNT},
                                                    {"its signature checked", "/signature_checked", SHOW_YES},
                                                    {"root", "/root", SHOW_TEXT}};

/* What was left out is said with what holds. */
static void print_verdict(const struct ledger_report *report, const struct ledger_asking *asking)
{
	if (report->findings > LEDGER_FINDINGS_SHOWN)
		printf("… %lld findings in all\n", (long long)report->findings);
	if (report->findings)
		return;
	printf("the ledger verifies\n");
	if (asking->quick)
		printf("only the tree and its heads were looked at (--quick): no message was compared\n");
	else if (!asking->trust)
		printf("NO signature of an originator was checked: give --ca with the authority that you trust\n");
	if (asking->since)
		printf("entries before %lld were not read (--since)\n", (long long)asking->since);
	if (report->against_size >= 0)
		printf("it goes on from the %lld entries of the head that was handed in\n", (long long)report->against_size);
}

struct verify_options {
	const char *folder, *ca, *crl, *certificate, *against, *since;
	bool quick;
};

static result read_against(const char *path, const struct trust *trust, struct buf *packed, struct bytes *ret, struct err *err)
{
	struct head_file files[2];
	size_t count = 0;
	TRY(head_files_read(path, packed, files, &count, err));
	if (trust)
		TRY(head_file_check(trust, &files[0], err));
	*ret = files[0].head;
	return OK;
}

static result prepare(const struct verify_options *options, struct ledger_asking *asking, struct trust **trust, struct signer **hub, struct buf *head,
                      struct err *err)
{
	asking->quick = options->quick;
	if (options->since)
		TRY(text_int(bytes_text(options->since), 0, INT64_MAX, &asking->since, err));
	if (options->ca)
		TRY(load_trust(options->ca, options->crl, trust, err));
	asking->trust = *trust;
	if (options->certificate)
		TRY(trust_judge_file(*trust, options->certificate, TRUST_SIGN_HUB, clock_wall_ms(), hub, err));
	asking->hub = *hub;
	return options->against ? read_against(options->against, *trust, head, &asking->against, err) : OK;
}

static int verify(struct cli *cli, const struct verify_options *options)
{
	struct findings findings = {.json = cli->json};
	struct ledger_asking asking = {.found = on_found, .ctx = &findings};
	struct ledger_report report = {.findings = 0};
	struct store *store = NULL;
	struct trust *trust = NULL;
	struct signer *hub = NULL;
	struct buf head, shown;
	struct err why;
	buf_init(&head, HEAD_FILES_MAX);
	buf_init(&findings.packed, LEDGER_FINDINGS_BYTES);
	result r = prepare(options, &asking, &trust, &hub, &head, &why);
	if (!FAILED(r))
		r = cli_open_rest(cli, options->folder, &why);
	if (!FAILED(r))
		r = store_sqlite_read(options->folder, &store, &why);
	if (!FAILED(r))
		r = ledger_audit(store, &asking, &report, &why);
	if (!FAILED(r) || report.findings) {
		put_report(&report, &asking, &findings, &shown);
		if (cli->json)
			show_json(buf_bytes(&shown));
		else
			show_pairs(buf_bytes(&shown), report_columns, sizeof(report_columns) / sizeof(*report_columns));
		if (!cli->json)
			print_verdict(&report, &asking);
		buf_done(&shown);
	}
	store_close(store);
	signer_unref(hub);
	trust_unref(trust);
	buf_done(&head);
	buf_done(&findings.packed);
	int code = FAILED(r) ? cli_fail(&why) : EXIT_FINE;
	return report.findings ? EXIT_FAILED : code; /* it ran, and the answer is no, whatever the first finding's code is */
}

static int cli_verify(struct cli *cli, int argc, char **argv)
{
	struct verify_options options = {.folder = NULL};
	bool bad = false;
	cli_option(&argc, argv, "--hub-certificate", &options.certificate, &bad);
	cli_option(&argc, argv, "--ca", &options.ca, &bad);
	cli_option(&argc, argv, "--crl", &options.crl, &bad);
	cli_option(&argc, argv, "--against", &options.against, &bad);
	cli_option(&argc, argv, "--since", &options.since, &bad);
	options.quick = cli_flag(&argc, argv, "--quick");
	if (bad || !cli_words(argc, argv, 2, 2))
		return cli_usage("ledger", "verify takes a folder");
	if ((options.certificate || options.crl) && !options.ca)
		return cli_usage("ledger", "--hub-certificate and --crl need --ca");
	options.folder = argv[2];
	return verify(cli, &options);
}

/* ---- head ---- */

static result put_chain_and_head(struct store *store, struct buf *out, struct err *err)
{
	struct bytes chain[TRUST_CHAIN_MAX];
	struct buf head, hold;
	struct head says;
	struct err ignored;
	bool found = false;
	size_t count = 0;
	buf_init(&head, LEDGER_NOTE_MAX);
	buf_init(&hold, HEAD_FILE_MAX);
	result r = store_noted(store, LEDGER_NOTE_HEAD, &head, &found, err);
	if (!FAILED(r) && !found)
		r = err_set(err, CODE_NOT_FOUND, "", "the ledger has no signed head yet");
	if (!FAILED(r))
		r = head_decode(buf_bytes(&head), &says, err);
	if (!FAILED(r))
		r = store_chain(store, says.signer, &hold, &found, err);
	struct pack_in in = pack_in(buf_bytes(&hold), &ignored);
	size_t listed = !FAILED(r) && found ? pack_array(&in, "") : 0;
	for (; count < listed && count < TRUST_CHAIN_MAX && !in.failed; count++)
		chain[count] = pack_bin(&in, "", HEAD_FILE_MAX);
	if (!FAILED(r))
		r = head_file_put(buf_bytes(&head), chain, count, out, err);
	buf_done(&head);
	buf_done(&hold);
	return r;
}

/* The root that the first entries had: to compare with the head of somebody who has seen so many. */
static int show_root(struct cli *cli, struct store *store, const char *text)
{
	char root[2 * HASH_LEN + 1];
	struct hash hash;
	struct err why;
	int64_t size = 0;
	result r = text_int(bytes_text(text), 0, INT64_MAX, &size, &why);
	if (!FAILED(r))
		r = ledger_root_at(store, (uint64_t)size, &hash, &why);
	if (FAILED(r))
		return cli_fail(&why);
	const char *const pairs[][2] = {{"size", text}, {"root", text_hex(hash_bytes(&hash), root)}};
	if (cli->json)
		show_json_texts(pairs, sizeof(pairs) / sizeof(*pairs));
	else
		printf("%s entries, root %s\n", text, root);
	return EXIT_FINE;
}

static int show_head(struct cli *cli, struct store *store, const char *out)
{
	struct buf packed;
	struct head_file file;
	struct err why;
	char text[256];
	buf_init(&packed, HEAD_FILE_MAX);
	result r = put_chain_and_head(store, &packed, &why);
	if (!FAILED(r))
		r = head_file_read(buf_bytes(&packed), &file, &why);
	if (!FAILED(r) && out)
		r = head_files_write(out, buf_bytes(&packed), &why);
	if (!FAILED(r) && cli->json)
		show_json(buf_bytes(&packed));
	else if (!FAILED(r))
		printf("%s: %s\n", file.says.hub, head_files_text(&file.says, text, sizeof(text)));
	buf_done(&packed);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

static int cli_head(struct cli *cli, int argc, char **argv)
{
	const char *size = NULL, *out = NULL;
	struct store *store = NULL;
	struct err why;
	bool bad = false;
	cli_option(&argc, argv, "--size", &size, &bad);
	cli_option(&argc, argv, "--out", &out, &bad);
	if (bad || !cli_words(argc, argv, 2, 2) || (size && out))
		return cli_usage("ledger", "head takes a folder, and --size or --out");
	if (FAILED(cli_open_rest(cli, argv[2], &why)) || FAILED(store_sqlite_read(argv[2], &store, &why)))
		return cli_fail(&why);
	int code = size ? show_root(cli, store, size) : show_head(cli, store, out);
	store_close(store);
	return code;
}

/* ---- compare ---- */

static const char *judge_two(const struct head *one, const struct head *other)
{
	if (strcmp(one->hub, other->hub) != 0)
		return "different_hubs";
	if (one->size != other->size)
		return "different_sizes";
	return hash_equal(&one->root, other->root.at) ? "same" : "forked";
}

static int tell_two(struct cli *cli, const struct head_file *files, size_t count)
{
	char one[256], other[256] = "";
	const char *verdict = count == 2 ? judge_two(&files[0].says, &files[1].says) : "signed";
	head_files_text(&files[0].says, one, sizeof(one));
	if (count == 2)
		head_files_text(&files[1].says, other, sizeof(other));
	const char *const pairs[][2] = {{"verdict", verdict}, {"first", one}, {"second", other}};
	bool forked = !strcmp(verdict, "forked");
	if (cli->json) {
		show_json_texts(pairs, count == 2 ? 3 : 2);
		return forked ? EXIT_FAILED : EXIT_FINE;
	}
	printf("%s: %s\n", files[0].says.hub, one);
	if (count == 2)
		printf("%s: %s\n", files[1].says.hub, other);
	if (!strcmp(verdict, "same"))
		printf("the same ledger\n");
	else if (forked)
		printf("FORKED: the hub has signed two different ledgers of one size. This is proof against it.\n");
	else if (!strcmp(verdict, "different_sizes"))
		printf("of different sizes: have the hub's operator run liaison ledger verify --against with the smaller one,\n"
		       "or compare its root with liaison ledger head --size %llu\n",
		       (unsigned long long)(files[0].says.size < files[1].says.size ? files[0].says.size : files[1].says.size));
	else if (count == 2)
		printf("heads of different hubs have nothing in common\n");
	return forked ? EXIT_FAILED : EXIT_FINE;
}

static int cli_compare(struct cli *cli, int argc, char **argv)
{
	const char *ca = NULL, *crl = NULL;
	struct head_file files[4];
	struct buf packed[2];
	struct trust *trust = NULL;
	struct err why;
	size_t count = 0, more = 0;
	bool bad = false;
	cli_option(&argc, argv, "--ca", &ca, &bad);
	cli_option(&argc, argv, "--crl", &crl, &bad);
	if (bad || !ca || !cli_words(argc, argv, 2, 3))
		return cli_usage("ledger", "compare takes one or two heads, and --ca");
	buf_init(&packed[1], HEAD_FILES_MAX);
	result r = head_files_read(argv[2], &packed[0], files, &count, &why);
	if (!FAILED(r) && argc == 4) {
		r = head_files_read(argv[3], &packed[1], files + 1, &more, &why); /* the first of each */
		count = 2;
	}
	if (!FAILED(r))
		r = load_trust(ca, crl, &trust, &why);
	for (size_t i = 0; i < count && !FAILED(r); i++)
		r = head_file_check(trust, &files[i], &why);
	int code = FAILED(r) ? cli_fail(&why) : tell_two(cli, files, count);
	trust_unref(trust);
	buf_done(&packed[0]);
	buf_done(&packed[1]);
	return code;
}

int cli_ledger(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name;
		cli_fn run;
	} commands[] = {{"verify", cli_verify}, {"head", cli_head}, {"compare", cli_compare}};
	for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(cli, argc, argv);
	return cli_usage("ledger", "verify, head or compare?");
}

/* `liaison pki`: the hub's own certificate authority, and `liaison approve`: a person's signature. */
#include "certs/pki.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "certs/fips.h"
#include "base/text.h"
#include "certs/approval.h"
#include "cli/cli.h"
#include "schemas/json.h"
#include "schemas/plain.h"

#include <stdio.h>
#include <string.h>

enum { PKI_HOSTS_MAX = 16, APPROVE_FILE_MAX = 16 << 20 };

static const char pki_help[] =
	"Usage: liaison pki …\n"
	"  init FOLDER [--title TEXT] [--key p256|p384|ed25519|rsa] [--days N]\n"
	"  issue FOLDER --out PREFIX  --tls PARTY | --signing PARTY | --sealing PARTY | --hub-tls PARTY --host NAME… | --hub-signing PARTY |\n"
	"                             --person PARTY ID ROLE      [--key KIND] [--days N]\n"
	"  sign FOLDER REQUEST.csr --out FILE.pem  --tls PARTY | --signing PARTY | …\n"
	"  renew FOLDER CERT.pem --out PREFIX [--same-key] [--days N]\n"
	"  revoke FOLDER CERT.pem|SERIAL [--reason keyCompromise|superseded|cessationOfOperation|…]\n"
	"  crl FOLDER [--days N]\n"
	"  list FOLDER\n"
	"  show FILE.pem\n";

static int usage(const char *problem)
{
	fprintf(stderr, "liaison pki: %s\n%s", problem, pki_help);
	return EXIT_USAGE;
}

/* Options of all the subcommands; what a subcommand does not know is left in argv and refused there. */
struct pki_options {
	struct pki_subject subject;
	const char *hosts[PKI_HOSTS_MAX];
	const char *out, *title, *reason;
	int64_t lifetime_ms;
	bool same_key, has_subject, bad, json;
};

static void take_subject(struct pki_options *options, int *argc, char **argv)
{
	static const struct {
		const char *option;
		enum trust_purpose purpose;
	} kinds[] = {{"--tls", TRUST_TLS_PARTY}, {"--signing", TRUST_SIGN_PARTY}, {"--hub-tls", TRUST_TLS_HUB}, {"--hub-signing", TRUST_SIGN_HUB}, {"--sealing", TRUST_SEAL}};
	const char *value = NULL;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (cli_option(argc, argv, kinds[i].option, &value, &options->bad)) {
			options->bad |= options->has_subject;
			options->has_subject = true;
			options->subject.purpose = kinds[i].purpose;
			options->subject.party = value;
		}
	for (int i = 1; i + 3 < *argc; i++)
		if (!strcmp(argv[i], "--person")) {
			options->bad |= options->has_subject;
			options->has_subject = true;
			options->subject.purpose = TRUST_SIGN_PERSON;
			options->subject.party = argv[i + 1];
			options->subject.person = argv[i + 2];
			options->subject.role = argv[i + 3];
			for (int at = i; at + 4 < *argc; at++)
				argv[at] = argv[at + 4];
			*argc -= 4;
			break;
		}
}

static bool take_options(struct pki_options *options, int *argc, char **argv)
{
	const char *value = NULL;
	struct err ignored;
	memset(options, 0, sizeof(*options));
	options->subject.key = KEY_P256;
	options->subject.rsa_bits = 3072;
	options->title = "Liaison hub authority";
	options->reason = "unspecified";
	take_subject(options, argc, argv);
	while (options->subject.hosts_count < PKI_HOSTS_MAX && cli_option(argc, argv, "--host", &value, &options->bad))
		options->hosts[options->subject.hosts_count++] = value;
	options->subject.hosts = options->hosts;
	if (cli_option(argc, argv, "--key", &value, &options->bad))
		options->bad |= !key_kind_from_text(value, &options->subject.key);
	if (cli_option(argc, argv, "--days", &value, &options->bad)) {
		int64_t days = 0;
		options->bad |= FAILED(text_int(bytes_text(value), 1, 36500, &days, &ignored));
		options->lifetime_ms = options->subject.lifetime_ms = days * 86400000;
	}
	cli_option(argc, argv, "--out", &options->out, &options->bad);
	cli_option(argc, argv, "--title", &options->title, &options->bad);
	cli_option(argc, argv, "--reason", &options->reason, &options->bad);
	options->same_key = cli_flag(argc, argv, "--same-key");
	return !options->bad;
}

static int done(const struct pki_options *options, result r, const struct err *why, const char *what, const char *where)
{
	const char *const pairs[][2] = {{"done", what}, {"of", where}};
	if (FAILED(r))
		return cli_fail(why);
	if (options->json)
		show_json_texts(pairs, sizeof(pairs) / sizeof(*pairs));
	else
		printf("%s %s\n", what, where);
	return EXIT_FINE;
}

static int pki_do_init(struct pki_options *options, char **argv)
{
	struct err why;
	int64_t lifetime = options->lifetime_ms ? options->lifetime_ms : 3650LL * 86400000;
	return done(options, pki_init(argv[1], options->title, options->subject.key, lifetime, &why), &why, "authority made in", argv[1]);
}

static int pki_do_issue(struct pki_options *options, char **argv)
{
	struct err why;
	if (!options->out || !options->has_subject)
		return usage("issue needs --out and for whom");
	return done(options, pki_issue(argv[1], &options->subject, options->out, &why), &why, "issued", options->out);
}

static int pki_do_sign(struct pki_options *options, char **argv)
{
	struct err why;
	if (!options->out || !options->has_subject)
		return usage("sign needs --out and for whom");
	return done(options, pki_sign_request(argv[1], &options->subject, argv[2], options->out, &why), &why, "signed", options->out);
}

static int pki_do_renew(struct pki_options *options, char **argv)
{
	struct err why;
	if (!options->out)
		return usage("renew needs --out");
	return done(options, pki_renew(argv[1], argv[2], !options->same_key, options->lifetime_ms, options->out, &why), &why, "renewed into", options->out);
}

static int pki_do_revoke(struct pki_options *options, char **argv)
{
	struct err why;
	return done(options, pki_revoke(argv[1], argv[2], options->reason, &why), &why,
	            "revoked; give crl.pem to the hub and the adapters and reload them:", argv[2]);
}

static int pki_do_crl(struct pki_options *options, char **argv)
{
	struct err why;
	return done(options, pki_crl(argv[1], options->lifetime_ms, &why), &why, "list written in", argv[1]);
}

struct listing {
	struct buf rows; /* packed; only for JSON */
	size_t count;
	bool json;
};

static void put_entry(struct buf *out, const struct pki_entry *entry, const char *until)
{
	const char status[] = {entry->status, 0};
	pack_put_map(out, 5);
	pack_put_str(out, "status");
	pack_put_str(out, status);
	pack_put_str(out, "until");
	pack_put_str(out, until);
	pack_put_str(out, "serial");
	pack_put_str(out, entry->serial);
	pack_put_str(out, "name");
	pack_put_str(out, entry->name);
	pack_put_str(out, "reason");
	pack_put_str(out, entry->reason);
}

static void print_entry(void *ctx, const struct pki_entry *entry)
{
	struct listing *listing = ctx;
	char until[CLOCK_TEXT_MAX];
	clock_text(entry->not_after_ms, until);
	listing->count++;
	if (listing->json)
		put_entry(&listing->rows, entry, until);
	else
		printf("%c  %.10s  %-34s  %s%s%s\n", entry->status, until, entry->serial, entry->name, entry->reason[0] ? "  " : "", entry->reason);
}

static int pki_do_list(struct pki_options *options, char **argv)
{
	struct listing listing = {.json = options->json};
	struct buf all;
	struct err why;
	buf_init(&listing.rows, (size_t)64 << 20);
	result r = pki_each(argv[1], print_entry, &listing, &why);
	if (!FAILED(r) && options->json) {
		buf_init(&all, (size_t)65 << 20);
		pack_put_array(&all, listing.count);
		pack_put_raw(&all, buf_bytes(&listing.rows));
		show_json(buf_bytes(&all));
		buf_done(&all);
	}
	buf_done(&listing.rows);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

static int pki_do_show(struct pki_options *options, char **argv)
{
	struct buf out;
	struct err why;
	buf_init(&out, (size_t)1 << 20);
	result r = pki_show(argv[1], &out, &why);
	buf_add_byte(&out, 0);
	const char *const pairs[][2] = {{"file", argv[1]}, {"text", (const char *)out.at}};
	if (!FAILED(r) && options->json)
		show_json_texts(pairs, sizeof(pairs) / sizeof(*pairs));
	else if (!FAILED(r))
		printf("%s", (const char *)out.at);
	buf_done(&out);
	return FAILED(r) ? cli_fail(&why) : EXIT_FINE;
}

int cli_pki(struct cli *cli, int argc, char **argv)
{
	static const struct {
		const char *name;
		int words;
		int (*run)(struct pki_options *options, char **argv);
	} commands[] = {{"init", 1, pki_do_init},     {"issue", 1, pki_do_issue}, {"sign", 2, pki_do_sign}, {"renew", 2, pki_do_renew},
	                {"revoke", 2, pki_do_revoke}, {"crl", 1, pki_do_crl},     {"list", 1, pki_do_list}, {"show", 1, pki_do_show}};
	struct pki_options options;
	if (argc < 2)
		return usage("what is to be done?");
	bool fips = cli_flag(&argc, argv, "--fips");
	if (!take_options(&options, &argc, argv))
		return usage("an option is wrong or lacks its value");
	options.json = cli->json;
	struct err why;
	if (fips && FAILED(fips_setup(FIPS_ALGORITHMS, &why)))
		return cli_fail(&why);
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return cli_words(argc - 1, argv + 1, commands[i].words, commands[i].words) ? commands[i].run(&options, argv + 1)
			                                                                          : usage("wrong words or an unknown option");
	return usage("there is no such subcommand");
}

/* ---- approve ---- */

/* The draft with one approval more. */
static void write_approved(struct bytes draft, struct bytes approval, struct buf *out)
{
	struct err ignored;
	struct pack_in in = pack_in(draft, &ignored);
	size_t count = pack_map(&in, ""), already = 0;
	struct bytes approvals = BYTES_NONE, list;
	bool has = pack_find(draft, "approvals", &approvals);
	pack_put_map(out, count + (has ? 0u : 1u));
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes key = pack_text(&in, "", 1024), value = pack_value(&in, "");
		if (bytes_is(key, "approvals"))
			continue;
		pack_put_text(out, key);
		pack_put_raw(out, value);
	}
	pack_put_str(out, "approvals");
	struct pack_in old = pack_in(has ? approvals : BYTES_LIT("\x90"), &ignored);
	already = pack_array(&old, "");
	pack_put_array(out, already + 1);
	list = bytes_of(old.at, (size_t)(old.end - old.at));
	pack_put_raw(out, list);
	pack_put_raw(out, approval);
}

/* The person's chain as PEM: read without an authority, because it is only quoted here; who relies on it judges it. */
static result approve(struct bytes draft, const char *certificate, const char *key_file, const char *ca, struct buf *out, struct err *err)
{
	struct draft read;
	struct key *key = NULL;
	struct trust *trust = NULL;
	struct signer *person = NULL;
	struct buf approval;
	buf_init(&approval, (size_t)1 << 18);
	result r = plain_read(draft, &read, err);
	if (!FAILED(r))
		r = key_load(key_file, &key, err);
	if (!FAILED(r))
		r = trust_load(&ca, 1, NULL, 0, &trust, err);
	if (!FAILED(r))
		r = trust_judge_file(trust, certificate, TRUST_SIGN_PERSON, clock_wall_ms(), &person, err);
	if (!FAILED(r) && !signer_owns_key(person, key))
		r = err_set(err, CODE_KEY, key_file, "the key does not belong to the certificate");
	if (!FAILED(r))
		r = approval_sign(key, person, read.type, read.parts[0].bytes, clock_wall_ms(), &approval, err);
	if (!FAILED(r))
		write_approved(draft, buf_bytes(&approval), out);
	draft_done(&read);
	key_unref(key);
	signer_unref(person);
	trust_unref(trust);
	buf_done(&approval);
	return r;
}

static result approve_file(const char *file, const char *certificate, const char *key, const char *ca, struct err *err)
{
	struct buf json, packed, out, text;
	buf_init(&packed, APPROVE_FILE_MAX);
	buf_init(&out, APPROVE_FILE_MAX);
	buf_init(&text, APPROVE_FILE_MAX * 2);
	result r = file_read(file, APPROVE_FILE_MAX, &json, err);
	if (!FAILED(r))
		r = json_to_pack(buf_bytes(&json), &packed, err);
	if (!FAILED(r))
		r = approve(buf_bytes(&packed), certificate, key, ca, &out, err);
	if (!FAILED(r))
		r = json_from_pack(buf_bytes(&out), 2, &text, err);
	if (!FAILED(r))
		r = file_write(file, buf_bytes(&text), 0640, err);
	buf_done(&json);
	buf_done(&packed);
	buf_done(&out);
	buf_done(&text);
	return r;
}

int cli_approve(struct cli *cli, int argc, char **argv)
{
	const char *certificate = NULL, *key = NULL, *ca = NULL;
	struct err why;
	bool bad = false;
	cli_option(&argc, argv, "--certificate", &certificate, &bad);
	cli_option(&argc, argv, "--key", &key, &bad);
	cli_option(&argc, argv, "--ca", &ca, &bad);
	if (bad || !certificate || !key || !ca || !cli_words(argc, argv, 1, 1))
		return cli_usage("approve", "needs a draft, --certificate, --key and --ca");
	result r = approve_file(argv[1], certificate, key, ca, &why);
	if (FAILED(r))
		return cli_fail(&why);
	const char *const pairs[][2] = {{"approved", argv[1]}, {"certificate", certificate}};
	if (cli->json)
		show_json_texts(pairs, sizeof(pairs) / sizeof(*pairs));
	else
		printf("%s is approved by the holder of %s\n", argv[1], certificate);
	return EXIT_FINE;
}

/* Commands that need no running program: configurations, evidence. */
#include "cli/cli.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "broker/store/store.h"
#include "certs/hash.h"
#include "schemas/envelope.h"
#include "schemas/json.h"
#include "schemas/message.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- check ---- */

/* Whether a line begins with the name of a setting. */
static bool has_setting(struct bytes text, const char *name)
{
	size_t len = strlen(name);
	while (text.len) {
		const uint8_t *end = memchr(text.at, '\n', text.len);
		size_t line = end ? (size_t)(end - text.at) + 1 : text.len, at = 0;
		while (at < line && (text.at[at] == ' ' || text.at[at] == '\t'))
			at++;
		if (line - at > len && !memcmp(text.at + at, name, len) && strchr(" \t=:", text.at[at + len]))
			return true;
		text = bytes_of(text.at + line, text.len - line);
	}
	return false;
}

/* The program beside this one, or on the path. Does not return when it is there. */
void cli_become(const char *program, char **argv)
{
	char self[4096];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 64);
	char *slash = NULL;
	if (len > 0) {
		self[len] = 0;
		slash = strrchr(self, '/');
	}
	if (slash) {
		snprintf(slash + 1, 64, "%s", program);
		execv(self, argv);
	}
	execvp(program, argv);
	fprintf(stderr, "liaison: %s is not installed\n", program);
}

static void put_lines(struct bytes text, struct buf *out)
{
	struct buf rows;
	size_t count = 0;
	buf_init(&rows, text.len * 2 + 64);
	while (text.len) {
		const uint8_t *end = memchr(text.at, '\n', text.len);
		size_t line = end ? (size_t)(end - text.at) : text.len;
		if (line) {
			pack_put_text(&rows, bytes_of(text.at, line));
			count++;
		}
		line += end != NULL;
		text = bytes_of(text.at + line, text.len - line);
	}
	pack_put_array(out, count);
	pack_put_raw(out, buf_bytes(&rows));
	buf_done(&rows);
}

/* Everything that a child says, and its exit code. */
static int hear_child(pid_t child, int fd, struct buf *said)
{
	int status = 0;
	ssize_t got = 1;
	while (got > 0) {
		uint8_t *room = buf_room(said, 4096);
		got = room ? read(fd, room, 4096) : 0;
		if (got > 0)
			buf_grew(said, (size_t)got);
	}
	close(fd);
	return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

static int check_as_json(const char *program, const char *file, char **argv)
{
	int ends[2], code = EXIT_FAILED;
	struct buf said, shown;
	if (pipe(ends) != 0)
		return EXIT_FAILED;
	pid_t child = fork();
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		cli_become(program, argv);
		_exit(EXIT_FAILED);
	}
	close(ends[1]);
	buf_init(&said, (size_t)1 << 20);
	buf_init(&shown, (size_t)4 << 20);
	if (child > 0)
		code = hear_child(child, ends[0], &said);
	pack_put_map(&shown, 4);
	pack_put_str(&shown, "file");
	pack_put_str(&shown, file);
	pack_put_str(&shown, "program");
	pack_put_str(&shown, program);
	pack_put_str(&shown, "in_order");
	pack_put_bool(&shown, code == EXIT_FINE);
	pack_put_str(&shown, "faults");
	put_lines(code == EXIT_FINE ? BYTES_NONE : buf_bytes(&said), &shown);
	show_json(buf_bytes(&shown));
	buf_done(&said);
	buf_done(&shown);
	return code;
}

/* The programs check their own configurations, so that there is one reading of it; which one it is shows in the file: only adapters have a kind. */
result cli_is_adapter(const char *file, bool *ret, struct err *err)
{
	struct buf contents;
	result r = file_read(file, (size_t)4 << 20, &contents, err);
	*ret = !FAILED(r) && has_setting(buf_bytes(&contents), "kind");
	buf_done(&contents);
	return r;
}

int cli_check(struct cli *cli, int argc, char **argv)
{
	struct err why;
	bool adapter = false;
	if (!cli_words(argc, argv, 1, 1))
		return cli_usage("check", "takes one file");
	if (FAILED(cli_is_adapter(argv[1], &adapter, &why)))
		return cli_fail(&why);
	const char *program = adapter ? "liaison-adapter" : "liaison-broker";
	char check[] = "--check", option[] = "-c", *name = mem_text(program);
	char *child[] = {name, check, option, argv[1], NULL};
	int code = EXIT_FAILED;
	if (cli->json)
		code = check_as_json(program, argv[1], child);
	else
		cli_become(program, child);
	mem_free(name);
	return code;
}

/* ---- evidence ---- */

enum { EVIDENCE_CERT_MAX = 8192 };

static result write_one(const char *folder, const char *name, struct bytes contents, struct err *err)
{
	char *path = mem_printf("%s/%s", folder, name);
	result r = file_write(path, contents, 0644, err);
	mem_free(path);
	return r;
}

static result write_certificates(struct store *store, const uint8_t *signer, const char *folder, struct err *err)
{
	struct buf hold, pem;
	bool found = false;
	buf_init(&hold, (size_t)1 << 18);
	buf_init(&pem, (size_t)1 << 18);
	result r = store_chain(store, signer, &hold, &found, err);
	struct pack_in in = pack_in(buf_bytes(&hold), err);
	size_t count = found ? pack_array(&in, "chain") : 0;
	for (size_t i = 0; i < count && !in.failed && !FAILED(r); i++) {
		struct buf base64;
		buf_init(&base64, (size_t)1 << 16);
		text_base64(pack_bin(&in, "chain", EVIDENCE_CERT_MAX), &base64);
		buf_add_text(&pem, "-----BEGIN CERTIFICATE-----\n");
		for (size_t at = 0; at < base64.len; at += 64) {
			buf_add(&pem, bytes_of(base64.at + at, base64.len - at < 64 ? base64.len - at : 64));
			buf_add_text(&pem, "\n");
		}
		buf_add_text(&pem, "-----END CERTIFICATE-----\n");
		buf_done(&base64);
	}
	if (!FAILED(r))
		r = write_one(folder, "signer.pem", buf_bytes(&pem), err);
	buf_done(&hold);
	buf_done(&pem);
	return r;
}

static result write_parts(struct bytes packed, const char *folder, struct err *err)
{
	struct part parts[MESSAGE_PARTS_MAX];
	size_t count = 0;
	TRY(part_decode_all(packed, parts, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct buf salted, json;
		char name[80];
		buf_init(&salted, parts[i].bytes.len + MESSAGE_SALT_LEN);
		buf_init(&json, (size_t)64 << 20);
		buf_add(&salted, bytes_of(parts[i].salt, MESSAGE_SALT_LEN));
		buf_add(&salted, parts[i].bytes);
		snprintf(name, sizeof(name), "part-%.*s.salted", (int)parts[i].name.len, (const char *)parts[i].name.at);
		result r = write_one(folder, name, buf_bytes(&salted), err);
		if (!FAILED(r))
			r = json_from_pack(parts[i].bytes, 2, &json, err);
		snprintf(name, sizeof(name), "part-%.*s.json", (int)parts[i].name.len, (const char *)parts[i].name.at);
		if (!FAILED(r))
			r = write_one(folder, name, buf_bytes(&json), err);
		buf_done(&salted);
		buf_done(&json);
		TRY(r);
	}
	return OK;
}

/* The path as text, and the leaf that openssl computes from leaf.bin: what is needed to climb from the header to the root in the statement. */
static result write_path(const struct envelope *envelope, const char *folder, struct err *err)
{
	struct buf text, leaf;
	buf_init(&text, 8192);
	buf_init(&leaf, envelope->header.len + 1);
	buf_printf(&text, "index %lld\n", (long long)envelope->index);
	for (size_t at = 0; at + HASH_LEN <= envelope->path.len; at += HASH_LEN) {
		char hex[2 * HASH_LEN + 1];
		buf_printf(&text, "%s\n", text_hex(bytes_of(envelope->path.at + at, HASH_LEN), hex));
	}
	buf_add_byte(&leaf, 0);
	buf_add(&leaf, envelope->header);
	result r = write_one(folder, "path.txt", buf_bytes(&text), err);
	if (!FAILED(r))
		r = write_one(folder, "leaf.bin", buf_bytes(&leaf), err);
	buf_done(&text);
	buf_done(&leaf);
	return r;
}

static result write_evidence(struct store *store, const struct uuid *id, const char *folder, struct err *err)
{
	struct store_message message;
	struct envelope envelope;
	struct buf hold;
	bool found = false;
	buf_init(&hold, (size_t)72 << 20);
	result r = store_find(store, id->at, &hold, &found, &message, err);
	if (!FAILED(r) && !found)
		r = err_set(err, CODE_NOT_FOUND, "", "no message of this id was accepted");
	if (!FAILED(r))
		r = envelope_decode(message.envelope, &envelope, err);
	if (!FAILED(r))
		r = file_make_folder(folder, 0755, err);
	if (!FAILED(r))
		r = write_one(folder, "header.msgpack", envelope.header, err);
	if (!FAILED(r))
		r = write_one(folder, "statement.msgpack", envelope.statement, err);
	if (!FAILED(r))
		r = write_one(folder, "statement.sig", envelope.signature, err);
	if (!FAILED(r))
		r = write_path(&envelope, folder, err);
	if (!FAILED(r))
		r = write_parts(envelope.parts, folder, err);
	if (!FAILED(r))
		r = write_certificates(store, envelope.signer, folder, err);
	buf_done(&hold);
	return r;
}

int cli_evidence(struct cli *cli, int argc, char **argv)
{
	const char *data = NULL, *out = NULL;
	struct store *store = NULL;
	struct uuid id;
	struct err why;
	bool bad = false;
	cli_option(&argc, argv, "--data", &data, &bad);
	cli_option(&argc, argv, "--out", &out, &bad);
	if (bad || !data || !out || !cli_words(argc, argv, 1, 1))
		return cli_usage("evidence", "needs an id, --data and --out");
	result r = uuid_parse(bytes_text(argv[1]), &id, &why);
	if (!FAILED(r))
		r = cli_open_rest(cli, data, &why);
	if (!FAILED(r))
		r = store_sqlite_read(data, &store, &why);
	if (!FAILED(r))
		r = write_evidence(store, &id, out, &why);
	store_close(store);
	if (FAILED(r))
		return cli_fail(&why);
	const char *const pairs[][2] = {{"id", argv[1]}, {"folder", out}};
	if (cli->json) {
		show_json_texts(pairs, sizeof(pairs) / sizeof(*pairs));
		return EXIT_FINE;
	}
	printf("%s holds header, parts, statement, signature, path and certificate of %s\n", out, argv[1]);
	printf("check the signature:\n"
	       "  openssl x509 -in %s/signer.pem -noout -pubkey > %s/signer.pub\n"
	       "  openssl dgst -sha256 -verify %s/signer.pub -signature %s/statement.sig %s/statement.msgpack\n",
	       out, out, out, out, out);
	return EXIT_FINE;
}

#include "adapters/runtime/port_http_access.h"

#include "adapters/runtime/port_http_address.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/hash.h"

#include <string.h>
#include <sys/stat.h>

enum { TOKEN_LEAST = 16, TOKEN_MOST = 512, TOKEN_FILE_MAX = 1024 };

struct names {
	char **at;
	size_t count;
};

struct port_http_access {
	struct tls *tls;
	struct names clients, hosts;
	bool has_token;
	struct hash token; /* of it: compared in the same time whatever was sent */
};

static void copy_names(const struct conf_texts *from, struct names *into)
{
	into->at = mem_array(from->count + 4, sizeof(*into->at));
	for (size_t i = 0; i < from->count; i++)
		into->at[into->count++] = mem_text(from->at[i]);
}

static void free_names(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		mem_free(names->at[i]);
	mem_free(names->at);
}

/* ---- loading ---- */

static bool same_file(const char *a, const char *b)
{
	struct stat of_a, of_b;
	return stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

static bool same_contents(const char *a, const char *b)
{
	struct buf of_a, of_b;
	struct err ignored;
	result r = file_read(a, (size_t)4 << 20, &of_a, &ignored), s = file_read(b, (size_t)4 << 20, &of_b, &ignored);
	bool same = !FAILED(r) && !FAILED(s) && bytes_equal(buf_bytes(&of_a), buf_bytes(&of_b));
	buf_done(&of_a);
	buf_done(&of_b);
	return same;
}

/* The hub's authority vouches for every agency of the state: with it, those that may come must be named. */
static result check_clients(const struct options *options, struct err *err)
{
	const struct conf_texts *own = &options->ports.https.ca, *hub = &options->tls.ca;
	for (size_t i = 0; i < own->count && options->ports.https.clients.count == 0; i++)
		for (size_t j = 0; j < hub->count; j++)
			if (same_file(own->at[i], hub->at[j]) || same_contents(own->at[i], hub->at[j]))
				return err_set(err, CODE_CONFIG, "ports.https.clients",
				               "%s vouches for other agencies, too; name the clients that may come, or set ca to an authority of your own", own->at[i]);
	return OK;
}

static result load_tls(const struct options *options, struct port_http_access *access, struct err *err)
{
	struct trust *trust = NULL;
	const struct conf_texts *ca = &options->ports.https.ca, *crl = &options->ports.https.crl;
	if (!options->ports.https.certificate)
		return OK;
	TRY(check_clients(options, err));
	if (ca->count)
		TRY(trust_load((const char *const *)ca->at, ca->count, (const char *const *)crl->at, crl->count, &trust, err));
	result r = tls_web_new(options->ports.https.certificate, options->ports.https.key, trust, &access->tls, err);
	trust_unref(trust);
	return r;
}

static struct bytes line_of(struct bytes text)
{
	while (text.len && (text.at[text.len - 1] == '\n' || text.at[text.len - 1] == '\r'))
		text.len--;
	return text;
}

static result read_token(const char *path, struct port_http_access *access, struct err *err)
{
	struct stat about;
	struct buf file;
	if (stat(path, &about) != 0)
		return err_errno(err, path, "stat");
	if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return err_set(err, CODE_PERMISSION, path, "others than its owner may use the token (mode %03o); set it to 600", (unsigned)about.st_mode & 0777U);
	TRY(file_read(path, TOKEN_FILE_MAX, &file, err));
	struct bytes token = line_of(buf_bytes(&file));
	bool fits = token.len >= TOKEN_LEAST && token.len <= TOKEN_MOST;
	for (size_t i = 0; fits && i < token.len; i++)
		fits = token.at[i] > ' ' && token.at[i] < 0x7f;
	access->token = hash_of(token);
	access->has_token = fits;
	mem_wipe(file.at, file.len);
	buf_done(&file);
	return fits ? OK : err_set(err, CODE_CONFIG, path, "a token is one line of %d to %d visible characters", TOKEN_LEAST, TOKEN_MOST);
}

static void add_own_hosts(const struct options *options, struct names *hosts)
{
	static const char *const loopback[] = {"localhost", "127.0.0.1", "::1"};
	struct port_http_address address;
	struct err ignored;
	if (FAILED(port_http_address_parse(options->ports.https.listen, &address, &ignored)))
		return;
	for (size_t i = 0; i < sizeof(loopback) / sizeof(*loopback) && (address.is_loopback || address.is_any); i++)
		hosts->at[hosts->count++] = mem_text(loopback[i]);
	if (!address.is_any)
		hosts->at[hosts->count++] = bytes_dup_text(port_http_address_host(bytes_text(options->ports.https.listen)));
}

result port_http_access_load(const struct options *options, struct port_http_access **ret, struct err *err)
{
	*ret = NULL;
	if (!options->ports.https.listen[0])
		return OK;
	struct port_http_access *access = mem_alloc(sizeof(*access));
	copy_names(&options->ports.https.clients, &access->clients);
	copy_names(&options->ports.https.names, &access->hosts);
	add_own_hosts(options, &access->hosts);
	result r = load_tls(options, access, err);
	if (!FAILED(r) && options->ports.https.token_file)
		r = read_token(options->ports.https.token_file, access, err);
	if (FAILED(r)) {
		port_http_access_free(access);
		return r;
	}
	*ret = access;
	return OK;
}

void port_http_access_free(struct port_http_access *access)
{
	if (!access)
		return;
	tls_unref(access->tls);
	free_names(&access->clients);
	free_names(&access->hosts);
	mem_wipe(&access->token, sizeof(access->token));
	mem_free(access);
}

struct tls *port_http_access_tls(const struct port_http_access *access)
{
	return access->tls;
}

/* ---- judging ---- */

static bool is_client(const struct port_http_access *access, const struct stream *stream)
{
	for (size_t i = 0; i < access->clients.count; i++)
		if (stream && stream_peer_is(stream, access->clients.at[i]))
			return true;
	return access->clients.count == 0;
}

/* A name that anybody can point here (DNS rebinding) is none of ours. */
static bool is_host(const struct port_http_access *access, struct bytes value)
{
	struct bytes host = port_http_address_host(value);
	for (size_t i = 0; i < access->hosts.count; i++)
		if (text_equal_nocase(host, bytes_text(access->hosts.at[i])))
			return true;
	return false;
}

/* Only a browser sends these, for a page; no page is served here, so that it is another's, but for one of the very same origin. */
static bool is_of_foreign_page(const struct port_http_head *head, bool has_tls)
{
	const char *scheme = has_tls ? "https://" : "http://";
	struct bytes origin = head->origin, site = head->fetch_site;
	if (site.at && !bytes_is(site, "same-origin") && !bytes_is(site, "none"))
		return true;
	if (!origin.at)
		return false;
	size_t len = strlen(scheme);
	return !bytes_starts(origin, scheme) || !bytes_equal(bytes_of(origin.at + len, origin.len - len), head->host);
}

static bool has_token(const struct port_http_access *access, const struct port_http_head *head)
{
	static const char scheme[] = "Bearer ";
	struct bytes shown = head->authorization;
	uint8_t differs = 0;
	if (!access->has_token)
		return true;
	if (shown.len < sizeof(scheme) || !text_equal_nocase(bytes_of(shown.at, sizeof(scheme) - 1), bytes_text(scheme)))
		return false;
	struct hash hash = hash_of(bytes_of(shown.at + sizeof(scheme) - 1, shown.len - (sizeof(scheme) - 1)));
	for (size_t i = 0; i < sizeof(hash.at); i++)
		differs |= (uint8_t)(hash.at[i] ^ access->token.at[i]);
	return differs == 0;
}

static result refuse(int status, int *ret_status, struct err *err, const char *field, const char *reason)
{
	*ret_status = status;
	return err_set(err, CODE_FORBIDDEN, field, "%s", reason);
}

result port_http_access_judge(const struct port_http_access *access, const struct stream *stream, const struct port_http_head *head, int *ret_status,
                              struct err *err)
{
	if (!is_client(access, stream))
		return refuse(403, ret_status, err, "", "the client's certificate carries none of the names in ports.https.clients");
	if (!is_host(access, head->host))
		return refuse(421, ret_status, err, "host", "the port is not known by that name; ports.https.names lists further ones");
	if (is_of_foreign_page(head, stream != NULL))
		return refuse(403, ret_status, err, "origin", "web pages do not use this port");
	if (!has_token(access, head))
		return refuse(401, ret_status, err, "authorization", "the request must show the port's token: Authorization: Bearer TOKEN");
	return OK;
}

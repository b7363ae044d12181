/* What this machine can do at most of the things that a message cannot do without, each bare, with nothing around it. One line of JSON.
 *
 *   bench_limits fdatasync FOLDER   4 KiB appended to a file there and synced, per second
 *   bench_limits row FOLDER         µs for one row of 1 KiB in a large transaction of SQLite, in order of its key, without a sync
 *   bench_limits record PREFIX      µs to write 1 KiB to a TLS 1.3 link, and to read it there, in records of 16 KiB over a socket; PREFIX.pem and PREFIX.key
 *   bench_limits hash               µs for SHA-256 of 1 KiB */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/mem.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LIMITS_US = 1000000, LIMITS_ROWS = 100000, LIMITS_KIB = 1024, LIMITS_RECORD = 16 * LIMITS_KIB, LIMITS_PAGE = 4096 };

static int fdatasync_rate(const char *folder)
{
	AUTO_FREE char *path = mem_printf("%s/fdatasync.bin", folder);
	char block[LIMITS_PAGE];
	int64_t syncs = 0, began = clock_mono_us(), until = began + LIMITS_US;
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
	if (fd < 0)
		return 1;
	memset(block, 1, sizeof(block));
	while (clock_mono_us() < until && write(fd, block, sizeof(block)) == (ssize_t)sizeof(block) && fdatasync(fd) == 0)
		syncs++;
	printf("{\"per_second\": %.0f}\n", (double)syncs * 1e6 / (double)(clock_mono_us() - began));
	close(fd);
	unlink(path);
	return syncs > 0 ? 0 : 1;
}

static bool insert_rows(sqlite3 *db)
{
	static const char kib[LIMITS_KIB];
	sqlite3_stmt *insert = NULL;
	bool ok = sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE t (seq INTEGER PRIMARY KEY, body BLOB); BEGIN", NULL, NULL, NULL)
	          == SQLITE_OK && sqlite3_prepare_v2(db, "INSERT INTO t VALUES (?1, ?2)", -1, &insert, NULL) == SQLITE_OK;
	for (int i = 0; ok && i < LIMITS_ROWS; i++) {
		sqlite3_bind_int(insert, 1, i);
		sqlite3_bind_blob(insert, 2, kib, sizeof(kib), SQLITE_STATIC);
		ok = sqlite3_step(insert) == SQLITE_DONE && sqlite3_reset(insert) == SQLITE_OK;
	}
	sqlite3_finalize(insert);
	return ok && sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
}

static int row_cost(const char *folder)
{
	AUTO_FREE char *path = mem_printf("%s/rows.db", folder);
	sqlite3 *db = NULL;
	bool ok = sqlite3_open(path, &db) == SQLITE_OK;
	int64_t began = clock_mono_us();
	ok = ok && insert_rows(db);
	if (ok)
		printf("{\"us\": %.3f}\n", (double)(clock_mono_us() - began) / LIMITS_ROWS);
	sqlite3_close(db);
	unlink(path);
	return ok ? 0 : 1;
}

static SSL *end_of_link(SSL_CTX *context, int fd, bool is_server)
{
	SSL *ssl = SSL_new(context);
	SSL_set_fd(ssl, fd);
	if (is_server)
		SSL_set_accept_state(ssl);
	else
		SSL_set_connect_state(ssl);
	return ssl;
}

/* Both ends in one thread: what one of them wrote stands in the socket when the other reads. */
static bool handshake(SSL *client, SSL *server)
{
	for (int i = 0; i < 10; i++) {
		int a = SSL_do_handshake(client), b = SSL_do_handshake(server);
		if (a == 1 && b == 1)
			return true;
	}
	return false;
}

static bool read_all(SSL *ssl, char *into, size_t len)
{
	size_t got = 0, more = 0;
	while (got < len && SSL_read_ex(ssl, into + got, len - got, &more) == 1)
		got += more;
	return got == len;
}

static bool records(SSL *client, SSL *server)
{
	static char out[LIMITS_RECORD], in[LIMITS_RECORD];
	int64_t count = 0, began = clock_mono_us(), until = began + LIMITS_US;
	size_t wrote = 0;
	while (clock_mono_us() < until) {
		if (SSL_write_ex(client, out, sizeof(out), &wrote) != 1 || !read_all(server, in, sizeof(in)))
			return false;
		count++;
	}
	printf("{\"us\": %.3f}\n", (double)(clock_mono_us() - began) / (double)(count * LIMITS_RECORD / LIMITS_KIB));
	return true;
}

static int record_cost(const char *prefix)
{
	AUTO_FREE char *certificate = mem_printf("%s.pem", prefix), *key = mem_printf("%s.key", prefix);
	SSL_CTX *context = SSL_CTX_new(TLS_method());
	int fds[2];
	SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
	bool ok = SSL_CTX_use_certificate_chain_file(context, certificate) == 1 && SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1 &&
	          socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0;
	if (ok) {
		SSL *client = end_of_link(context, fds[0], false), *server = end_of_link(context, fds[1], true);
		ok = handshake(client, server) && records(client, server);
		SSL_free(client);
		SSL_free(server);
		close(fds[0]);
		close(fds[1]);
	}
	SSL_CTX_free(context);
	return ok ? 0 : 1;
}

static int hash_cost(void)
{
	static const char kib[LIMITS_KIB];
	uint8_t digest[EVP_MAX_MD_SIZE];
	int64_t count = 0, began = clock_mono_us(), until = began + LIMITS_US;
	EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool ok = true;
	for (; ok && clock_mono_us() < until; count++)
		ok = EVP_DigestInit_ex2(context, sha256, NULL) == 1 && EVP_DigestUpdate(context, kib, sizeof(kib)) == 1 &&
		     EVP_DigestFinal_ex(context, digest, NULL) == 1;
	if (ok)
		printf("{\"us\": %.3f}\n", (double)(clock_mono_us() - began) / (double)count);
	EVP_MD_CTX_free(context);
	EVP_MD_free(sha256);
	return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	if (argc == 3 && !strcmp(what, "fdatasync"))
		return fdatasync_rate(argv[2]);
	if (argc == 3 && !strcmp(what, "row"))
		return row_cost(argv[2]);
	if (argc == 3 && !strcmp(what, "record"))
		return record_cost(argv[2]);
	if (argc == 2 && !strcmp(what, "hash"))
		return hash_cost();
	fprintf(stderr, "Usage: bench_limits fdatasync FOLDER | row FOLDER | record PREFIX | hash\n");
	return 2;
}

#include "certs/hash.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "certs/openssl.h"

struct contexts {
	EVP_MD_CTX *hashing;
	EVP_MD_CTX *signing;
};

static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static pthread_key_t ends; /* frees a thread's contexts when it ends */
static EVP_MD *sha256, *sha384;
static _Thread_local struct contexts *mine;

static void contexts_free(void *at)
{
	struct contexts *contexts = at;

	EVP_MD_CTX_free(contexts->hashing);
	EVP_MD_CTX_free(contexts->signing);
	mem_free(contexts);
}

static void prepare(void)
{
	sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
	sha384 = EVP_MD_fetch(NULL, "SHA2-384", NULL);
	if (sha256 == NULL || sha384 == NULL || pthread_key_create(&ends, contexts_free) != 0)
		abort();
}

static struct contexts *contexts(void)
{
	if (mine != NULL)
		return mine;
	pthread_once(&prepared, prepare);
	mine = mem_alloc(sizeof(*mine));
	mine->hashing = EVP_MD_CTX_new();
	mine->signing = EVP_MD_CTX_new();
	if (mine->hashing == NULL || mine->signing == NULL || pthread_setspecific(ends, mine) != 0)
		abort();
	return mine;
}

const EVP_MD *hash_sha256(void)
{
	pthread_once(&prepared, prepare);
	return sha256;
}

const EVP_MD *hash_sha384(void)
{
	pthread_once(&prepared, prepare);
	return sha384;
}

EVP_MD_CTX *hash_signing_context(void)
{
	return contexts()->signing;
}

struct hash hash_of(struct bytes bytes)
{
	return hash_of_two(bytes, BYTES_NONE);
}

/* A hash cannot fail but for a broken library, and an unhashed message must never pass for a hashed one. */
struct hash hash_of_two(struct bytes first, struct bytes second)
{
	EVP_MD_CTX *context = contexts()->hashing;
	struct hash hash;

	if (!EVP_DigestInit_ex2(context, sha256, NULL) || (first.len > 0 && !EVP_DigestUpdate(context, first.at, first.len)) ||
	    (second.len > 0 && !EVP_DigestUpdate(context, second.at, second.len)) || !EVP_DigestFinal_ex(context, hash.at, NULL))
		abort();
	return hash;
}

result hash_of_file(const char *path, struct hash *ret, int64_t *ret_bytes, struct err *err)
{
	enum { STEP = 1 << 16 };
	EVP_MD_CTX *context = contexts()->hashing;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t got = 1;

	*ret_bytes = 0;
	if (fd < 0)
		return err_errno(err, path, "open");
	AUTO_FREE uint8_t *step = mem_alloc(STEP);
	if (!EVP_DigestInit_ex2(context, sha256, NULL))
		abort();
	while ((got = read(fd, step, STEP)) > 0) {
		if (!EVP_DigestUpdate(context, step, (size_t)got))
			abort();
		*ret_bytes += got;
	}
	result r = got == 0 ? OK : err_errno(err, path, "read");
	close(fd);
	if (!EVP_DigestFinal_ex(context, ret->at, NULL))
		abort();
	return r;
}

bool hash_equal(const struct hash *a, const uint8_t *b)
{
	return memcmp(a->at, b, HASH_LEN) == 0;
}

struct bytes hash_bytes(const struct hash *hash)
{
	return bytes_of(hash->at, HASH_LEN);
}

void hash_random(uint8_t *into, size_t len)
{
	if (len > 0 && RAND_bytes_ex(NULL, into, len, 0) != 1)
		abort();
}

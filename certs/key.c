#include "certs/key.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "certs/guard.h"
#include "certs/openssl.h"
#include "certs/secret_file.h"
#include "certs/token_key.h"
#include "certs/token_uri.h"

enum { KEY_FILE_MAX = 16384, KEY_RSA_BITS = 3072 };

struct key {
	atomic_uint count;
	EVP_PKEY *pkey;
	enum key_kind kind;
	struct token_key *token; /* NULL: the key is in memory */
};

/* Takes over pkey, also on failure. */
static RESULT adopt(EVP_PKEY *pkey, const char *field, struct key **ret, struct err *err)
{
	enum key_kind kind;
	result judged = signature_kind(pkey, &kind, err);

	if (FAILED(judged)) {
		EVP_PKEY_free(pkey);
		err_prefix(err, field);
		return judged;
	}
	struct key *key = mem_alloc(sizeof(*key));
	atomic_init(&key->count, 1);
	key->pkey = pkey;
	key->kind = kind;
	*ret = key;
	return OK;
}

/* --- files --- */

/* A daemon must never ask a terminal; an encrypted key is only noticed. */
static int on_passphrase(char *into, int size, int writing, void *asked)
{
	(void)into;
	(void)size;
	(void)writing;
	*(bool *)asked = true;
	return -1;
}

static RESULT parse(struct bytes pem, const char *path, struct key **ret, struct err *err)
{
	bool asked = false;
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);
	EVP_PKEY *pkey = bio != NULL ? PEM_read_bio_PrivateKey(bio, NULL, on_passphrase, &asked) : NULL;

	BIO_free(bio);
	if (pkey == NULL && asked)
		return err_set(err, CODE_KEY, path, "is encrypted; give the key unencrypted, in a file of mode 600");
	if (pkey == NULL)
		return err_set(err, CODE_KEY, path, "holds no private key in PEM");
	return adopt(pkey, path, ret, err);
}

static RESULT load_token(const char *uri, struct key **ret, struct err *err)
{
	struct token_key *token = NULL;
	EVP_PKEY *pkey = NULL;

	TRY(token_key_open(uri, &token, &pkey, err));
	result adopted = adopt(pkey, uri, ret, err);
	if (FAILED(adopted))
		token_key_unref(token);
	else
		(*ret)->token = token;
	return adopted;
}

/* A file may name a token in place of holding the key: its first line is the URI. */
static RESULT load_named(struct bytes text, struct key **ret, struct err *err)
{
	const uint8_t *end = memchr(text.at, '\n', text.len);
	AUTO_FREE char *uri = mem_text_n(text.at, end != NULL ? (size_t)(end - text.at) : text.len);

	return load_token(uri, ret, err);
}

result key_load(const char *name, struct key **ret, struct err *err)
{
	struct secret_file file;

	if (token_uri_is(name))
		return load_token(name, ret, err);
	TRY(secret_file_read(name, "key", KEY_FILE_MAX, &file, err));
	ERR_set_mark();
	result loaded = bytes_starts(file.bytes, "pkcs11:") ? load_named(file.bytes, ret, err) : parse(file.bytes, name, ret, err);
	ERR_pop_to_mark();
	secret_file_done(&file);
	guard_scrub_stack();
	return loaded;
}

static RESULT write_all(int fd, struct bytes bytes, const char *path, struct err *err)
{
	while (bytes.len > 0) {
		ssize_t wrote = write(fd, bytes.at, bytes.len);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return err_errno(err, path, "cannot write the key");
		bytes = bytes_of(bytes.at + wrote, bytes.len - (size_t)wrote);
	}
	return fsync(fd) == 0 ? OK : err_errno(err, path, "cannot write the key");
}

static RESULT write_file(const char *path, struct bytes pem, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);

	if (fd < 0 && errno == EEXIST)
		return err_set(err, CODE_USAGE, path, "exists already; a key is never overwritten");
	if (fd < 0)
		return err_errno(err, path, "cannot write the key");
	result wrote = write_all(fd, pem, path, err);
	close(fd);
	if (FAILED(wrote))
		unlink(path);
	return wrote;
}

result key_save(const struct key *key, const char *path, struct err *err)
{
	char *at = NULL;
	if (key->token != NULL)
		return err_set(err, CODE_KEY, path, "the key does not leave its token");
	BIO *bio = BIO_new(BIO_s_secmem()); /* wiped by the library when freed */

	ERR_set_mark();
	bool encoded = bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1;
	ERR_pop_to_mark();
	long len = encoded ? BIO_get_mem_data(bio, &at) : 0;
	result saved =
		len > 0 ? write_file(path, bytes_of(at, (size_t)len), err) : err_set(err, CODE_KEY, path, "the key cannot be encoded");
	BIO_free(bio);
	return saved;
}

/* --- life --- */

static EVP_PKEY *generate(enum key_kind kind, int rsa_bits)
{
	switch (kind) {
	case KEY_P256:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	case KEY_P384:
		return EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
	case KEY_ED25519:
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	case KEY_RSA:
		return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)(rsa_bits > 0 ? rsa_bits : KEY_RSA_BITS));
	}
	return NULL;
}

result key_new(enum key_kind kind, int rsa_bits, struct key **ret, struct err *err)
{
	/* Judged before the work: a wrong size may take minutes. */
	if (kind == KEY_RSA && rsa_bits != 0 && (rsa_bits < 2048 || rsa_bits > 8 * KEY_SIGNATURE_MAX))
		return err_set(err, CODE_KEY, "", "RSA of %d bits; 2048 to %d are in use", rsa_bits, 8 * KEY_SIGNATURE_MAX);
	ERR_set_mark();
	EVP_PKEY *pkey = generate(kind, rsa_bits);
	ERR_pop_to_mark();
	if (pkey == NULL)
		return err_set(err, CODE_KEY, "", "no key could be made");
	return adopt(pkey, "", ret, err);
}

struct key *key_ref(struct key *key)
{
	atomic_fetch_add_explicit(&key->count, 1, memory_order_relaxed);
	return key;
}

void key_unref(struct key *key)
{
	if (key == NULL || atomic_fetch_sub_explicit(&key->count, 1, memory_order_acq_rel) != 1)
		return;
	EVP_PKEY_free(key->pkey); /* wipes what is private */
	token_key_unref(key->token);
	mem_free(key);
}

enum key_kind key_kind(const struct key *key)
{
	return key->kind;
}

bool key_kind_from_text(const char *text, enum key_kind *ret)
{
	static const char *const names[] = {[KEY_P256] = "p256", [KEY_P384] = "p384", [KEY_ED25519] = "ed25519", [KEY_RSA] = "rsa"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (strcmp(names[i], text) == 0) {
			*ret = (enum key_kind)i;
			return true;
		}
	}
	return false;
}

result key_sign(const struct key *key, struct bytes message, uint8_t into[static KEY_SIGNATURE_MAX], size_t *ret_len,
                struct err *err)
{
	if (key->token != NULL)
		return token_key_sign(key->token, key->kind, message, into, ret_len, err);
	EVP_MD_CTX *context = hash_signing_context();
	size_t len = KEY_SIGNATURE_MAX;

	ERR_set_mark();
	bool signed_ =
		signature_begin_sign(context, key->pkey, key->kind) && EVP_DigestSign(context, into, &len, message.at, message.len) > 0;
	/* The thread's context must not keep a private key alive that its owner let go. */
	EVP_MD_CTX_reset(context);
	ERR_pop_to_mark();
	if (!signed_)
		return err_set(err, CODE_KEY, "", "the key does not sign");
	*ret_len = len;
	return OK;
}

bool key_is_on_token(const struct key *key)
{
	return key->token != NULL;
}

void *key_pkey(const struct key *key)
{
	return key->pkey;
}

/* Prints proof.json: batches of messages with their trees, statements, paths and signatures. `make_proof_vectors FOLDER proof` takes
 * keys and kept signatures from FOLDER. Ed25519 signs anew and must give the same each time; what the other kinds sign differs each
 * time, so their signatures are kept in FOLDER/KIND.signatures, one line of hex for each batch, and are only checked.
 * `make_proof_vectors FOLDER KIND` prints such a file anew.
 *
 * Keys are read with the library itself: files in a checkout cannot have the mode that Liaison insists on. */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"
#include "certs/openssl.h"
#include "certs/proof.h"

static const char *const kinds[] = {"ed25519", "p256", "p384", "rsa"};
static const size_t sizes[] = {1, 2, 3, 7, 8};

enum { KINDS = sizeof(kinds) / sizeof(*kinds), BATCHES = sizeof(sizes) / sizeof(*sizes), MESSAGES_MAX = 8 };

static _Noreturn void give_up(const char *what, const char *why)
{
	fprintf(stderr, "make_proof_vectors: %s: %s\n", what, why);
	exit(1);
}

static void fine(const char *what, result outcome, const struct err *err)
{
	if (FAILED(outcome))
		give_up(what, err->reason);
}

/* --- a batch --- */

struct batch {
	struct hash leaves[MESSAGES_MAX];
	size_t count;
	struct proof_statement says;
	struct buf statement;
};

static void message_text(size_t batch, size_t index, char into[static 64])
{
	snprintf(into, 64, "message %zu of batch %zu", index, batch);
}

static struct batch make_batch(size_t number)
{
	struct batch batch = {.count = sizes[number]};
	char text[64];

	for (size_t i = 0; i < batch.count; i++) {
		message_text(number, i, text);
		batch.leaves[i] = merkle_leaf(bytes_text(text));
	}
	batch.says.root = merkle_root(batch.leaves, batch.count);
	batch.says.count = batch.count;
	batch.says.signed_at = INT64_C(1767225600000) + (int64_t)number;
	buf_init(&batch.statement, PROOF_STATEMENT_MAX);
	proof_statement_encode(&batch.says, &batch.statement);
	return batch;
}

/* --- signatures --- */

static EVP_PKEY *load_key(const char *folder, const char *kind)
{
	AUTO_FREE char *path = mem_printf("%s/%s.key", folder, kind);
	FILE *file = fopen(path, "r");
	EVP_PKEY *key = file != NULL ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;

	if (key == NULL)
		give_up(path, "holds no key");
	fclose(file);
	return key;
}

static void sign(const char *folder, const char *kind, struct bytes statement, struct buf *out)
{
	EVP_PKEY *key = load_key(folder, kind);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t made[KEY_SIGNATURE_MAX];
	size_t len = sizeof(made);
	enum key_kind key_kind;
	struct err err;

	fine(kind, signature_kind(key, &key_kind, &err), &err);
	if (!signature_begin_sign(context, key, key_kind) || EVP_DigestSign(context, made, &len, statement.at, statement.len) <= 0)
		give_up(kind, "does not sign");
	buf_add(out, bytes_of(made, len));
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
}

static struct bytes line_of(struct bytes text, size_t number)
{
	for (;; number--) {
		const uint8_t *end = text.len > 0 ? memchr(text.at, '\n', text.len) : NULL;
		if (end == NULL)
			give_up("signatures", "are too few");
		if (number == 0)
			return bytes_of(text.at, (size_t)(end - text.at));
		text = bytes_of(end + 1, text.len - (size_t)(end + 1 - text.at));
	}
}

static void kept_signature(const char *folder, const char *kind, size_t number, struct buf *out)
{
	AUTO_FREE char *path = mem_printf("%s/%s.signatures", folder, kind);
	struct buf file;
	struct err err;

	fine(path, file_read(path, 65536, &file, &err), &err);
	struct bytes line = line_of(buf_bytes(&file), number);
	uint8_t *room = line.len / 2 <= KEY_SIGNATURE_MAX ? buf_room(out, line.len / 2) : NULL;
	if (room == NULL)
		give_up(path, "holds a line that is too long");
	fine(path, text_unhex(line, room, line.len / 2, &err), &err);
	buf_grew(out, line.len / 2);
	buf_done(&file);
}

/* --- printing --- */

static void print_hex(const char *before, struct bytes bytes, const char *after)
{
	AUTO_FREE char *hex = mem_alloc(2 * bytes.len + 1);

	printf("%s\"%s\"%s", before, text_hex(bytes, hex), after);
}

static void print_signature(const char *folder, const struct signer *signer, const char *kind, const struct batch *batch,
                            size_t number, bool is_last)
{
	struct buf signature;
	struct err err;

	buf_init(&signature, KEY_SIGNATURE_MAX);
	if (strcmp(kind, "ed25519") == 0)
		sign(folder, kind, buf_bytes(&batch->statement), &signature);
	else
		kept_signature(folder, kind, number, &signature);
	fine(kind,
	     proof_check_batch(signer, buf_bytes(&batch->statement), buf_bytes(&signature), batch->leaves, batch->count, NULL, &err),
	     &err);
	printf("    \"%s\": ", kind);
	print_hex("", buf_bytes(&signature), is_last ? "\n" : ",\n");
	buf_done(&signature);
}

static void print_message(const struct batch *batch, size_t number, size_t index)
{
	struct hash path[64];
	size_t len = 0;
	char text[64];

	message_text(number, index, text);
	merkle_path(batch->leaves, batch->count, index, path, &len);
	printf("    {\"text\": \"%s\", ", text);
	print_hex("\"leaf\": ", hash_bytes(&batch->leaves[index]), ", ");
	print_hex("\"path\": ", bytes_of(path, len * HASH_LEN), index + 1 < batch->count ? "},\n" : "}\n");
}

static void print_batch(const char *folder, struct signer *const *signers, size_t number)
{
	struct batch batch = make_batch(number);

	printf("  {\n   \"name\": \"a batch of %zu\",\n   \"count\": %zu,\n   \"signed_at\": %lld,\n", batch.count, batch.count,
	       (long long)batch.says.signed_at);
	print_hex("   \"root\": ", hash_bytes(&batch.says.root), ",\n");
	print_hex("   \"statement\": ", buf_bytes(&batch.statement), ",\n   \"messages\": [\n");
	for (size_t i = 0; i < batch.count; i++)
		print_message(&batch, number, i);
	printf("   ],\n   \"signatures\": {\n");
	for (size_t i = 0; i < KINDS; i++)
		print_signature(folder, signers[i], kinds[i], &batch, number, i + 1 == KINDS);
	printf("   }\n  }%s\n", number + 1 < BATCHES ? "," : "");
	buf_done(&batch.statement);
}

static void print_certificates(struct signer *const *signers)
{
	printf(" \"certificates\": {\n");
	for (size_t i = 0; i < KINDS; i++) {
		printf("  \"%s\": {\"file\": \"keys/%s.pem\", \"party\": \"%s\", ", kinds[i], kinds[i], signer_party(signers[i]));
		print_hex("\"fingerprint\": ", bytes_of(signer_fingerprint(signers[i]), HASH_LEN), i + 1 < KINDS ? "},\n" : "}\n");
	}
	printf(" },\n");
}

static void print_all(const char *folder)
{
	AUTO_FREE char *ca = mem_printf("%s/ca.pem", folder);
	const char *const authority[] = {ca};
	struct signer *signers[KINDS] = {NULL};
	struct trust *trust = NULL;
	struct err err;

	fine(ca, trust_load(authority, 1, NULL, 0, &trust, &err), &err);
	for (size_t i = 0; i < KINDS; i++) {
		AUTO_FREE char *path = mem_printf("%s/%s.pem", folder, kinds[i]);
		fine(path, trust_judge_file(trust, path, TRUST_SIGN_PARTY, INT64_C(1767225600000), &signers[i], &err), &err);
	}
	printf("{\n \"about\": \"Batch proofs. leaf: SHA-256(0x00, text). path: concatenated hashes, the leaf's sibling first. Each "
	       "kind of key "
	       "signs the same statement: ECDSA over SHA-256 (p256) and SHA-384 (p384) in DER, Ed25519, RSA-PSS with SHA-256 and a "
	       "salt of 32. "
	       "fingerprint: SHA-256 of the certificate in DER; keys/ca.pem issued them all.\",\n");
	print_certificates(signers);
	printf(" \"good\": [\n");
	for (size_t i = 0; i < BATCHES; i++)
		print_batch(folder, signers, i);
	printf(" ]\n}\n");
	for (size_t i = 0; i < KINDS; i++)
		signer_unref(signers[i]);
	trust_unref(trust);
}

static void print_signatures(const char *folder, const char *kind)
{
	for (size_t i = 0; i < BATCHES; i++) {
		struct batch batch = make_batch(i);
		struct buf signature;
		buf_init(&signature, KEY_SIGNATURE_MAX);
		sign(folder, kind, buf_bytes(&batch.statement), &signature);
		AUTO_FREE char *hex = mem_alloc(2 * signature.len + 1);
		printf("%s\n", text_hex(buf_bytes(&signature), hex));
		buf_done(&signature);
		buf_done(&batch.statement);
	}
}

int main(int argc, char **argv)
{
	if (argc != 3)
		give_up("usage", "make_proof_vectors FOLDER proof|KIND");
	if (strcmp(argv[2], "proof") == 0)
		print_all(argv[1]);
	else
		print_signatures(argv[1], argv[2]);
	return 0;
}

/* Prints head.json: a ledger of a few entries, its roots, consistency proofs between its sizes, and signed heads. `make_head_vectors FOLDER head` takes the
 * Ed25519 key from FOLDER, because it signs the same each time.
 *
 * The key is read with the library itself: files in a checkout cannot have the mode that Liaison insists on. */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"
#include "certs/head.h"
#include "certs/openssl.h"
#include "certs/tree.h"

enum { ENTRIES = 13 };

static const struct {
	uint64_t from, to;
} pairs[] = {{1, 2}, {3, 7}, {4, 7}, {6, 8}, {7, 13}, {8, 13}, {12, 13}, {13, 13}, {0, 5}};

enum { PAIRS = sizeof(pairs) / sizeof(*pairs) };

static struct hash leaves[ENTRIES];

static _Noreturn void give_up(const char *what, const char *why)
{
	fprintf(stderr, "make_head_vectors: %s: %s\n", what, why);
	exit(1);
}

static void print_hex(const char *before, struct bytes bytes, const char *after)
{
	AUTO_FREE char *hex = mem_alloc(2 * bytes.len + 1);
	printf("%s\"%s\"%s", before, text_hex(bytes, hex), after);
}

static void sign(const char *folder, struct bytes statement, struct buf *out)
{
	AUTO_FREE char *path = mem_printf("%s/ed25519.key", folder);
	FILE *file = fopen(path, "r");
	EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, NULL, NULL) : NULL;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t made[KEY_SIGNATURE_MAX];
	size_t len = sizeof(made);
	if (!key || EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 || EVP_DigestSign(context, made, &len, statement.at, statement.len) != 1)
		give_up(path, "does not sign");
	buf_add(out, bytes_of(made, len));
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	fclose(file);
}

static void put_statement(uint64_t size, const struct hash *root, struct buf *out)
{
	pack_put_array(out, 6);
	pack_put_str(out, "liaison-head");
	pack_put_int(out, 1);
	pack_put_str(out, "ct.hub");
	pack_put_int(out, (int64_t)size);
	pack_put_bin(out, hash_bytes(root));
	pack_put_int(out, INT64_C(1767225600000) + (int64_t)size);
}

static void print_head(const char *folder, const struct signer *signer, uint64_t size, const char *after)
{
	struct hash root = merkle_root(leaves, (size_t)size);
	struct buf statement, signature, packed;
	struct head says;
	struct err err;
	buf_init(&statement, 256);
	buf_init(&signature, KEY_SIGNATURE_MAX);
	buf_init(&packed, HEAD_MAX);
	put_statement(size, &root, &statement);
	sign(folder, buf_bytes(&statement), &signature);
	pack_put_array(&packed, 3);
	pack_put_bin(&packed, buf_bytes(&statement));
	pack_put_bin(&packed, buf_bytes(&signature));
	pack_put_bin(&packed, bytes_of(signer_fingerprint(signer), HASH_LEN));
	if (FAILED(head_decode(buf_bytes(&packed), &says, &err)) || FAILED(signer_check(signer, buf_bytes(&statement), buf_bytes(&signature), &err)))
		give_up("head", err.reason);
	printf("  {\"name\": \"the head of %llu entries\", \"size\": %llu, \"at\": %lld,\n", (unsigned long long)size, (unsigned long long)size,
	       (long long)says.at);
	print_hex("   \"root\": ", hash_bytes(&root), ",\n");
	print_hex("   \"statement\": ", buf_bytes(&statement), ",\n");
	print_hex("   \"head\": ", buf_bytes(&packed), "}");
	printf("%s\n", after);
	buf_done(&statement);
	buf_done(&signature);
	buf_done(&packed);
}

static result node_of(void *ctx, unsigned level, uint64_t index, struct hash *ret, struct err *err)
{
	(void)ctx;
	(void)err;
	*ret = merkle_root(leaves + (index << level), (size_t)1 << level);
	return OK;
}

static void print_proof(uint64_t from, uint64_t to, const char *after)
{
	struct hash proof[TREE_PROOF_MAX], old_root = merkle_root(leaves, (size_t)from), new_root = merkle_root(leaves, (size_t)to);
	size_t len = 0;
	struct err err;
	if (FAILED(tree_consistency(node_of, NULL, from, to, proof, &len, &err)) || !merkle_consistent(from, &old_root, to, &new_root, proof[0].at, len))
		give_up("proof", "does not hold");
	printf("  {\"name\": \"from %llu to %llu\", \"from\": %llu, \"to\": %llu,\n", (unsigned long long)from, (unsigned long long)to,
	       (unsigned long long)from, (unsigned long long)to);
	print_hex("   \"old_root\": ", hash_bytes(&old_root), ",\n");
	print_hex("   \"new_root\": ", hash_bytes(&new_root), ",\n");
	print_hex("   \"proof\": ", bytes_of(proof, len * HASH_LEN), "}");
	printf("%s\n", after);
}

static struct signer *load_signer(const char *folder)
{
	AUTO_FREE char *ca = mem_printf("%s/ca.pem", folder);
	AUTO_FREE char *path = mem_printf("%s/ed25519.pem", folder);
	const char *const authority[] = {ca};
	struct trust *trust = NULL;
	struct signer *signer = NULL;
	struct err err;
	if (FAILED(trust_load(authority, 1, NULL, 0, &trust, &err)) ||
	    FAILED(trust_judge_file(trust, path, TRUST_SIGN_PARTY, INT64_C(1767225600000), &signer, &err)))
		give_up(folder, err.reason);
	trust_unref(trust);
	return signer;
}

int main(int argc, char **argv)
{
	if (argc != 3 || strcmp(argv[2], "head") != 0)
		give_up("usage", "make_head_vectors FOLDER head");
	struct signer *signer = load_signer(argv[1]);
	printf("{\n \"about\": \"A ledger whose entries are the texts 'entry 0', 'entry 1' and so on, its heads, signed by keys/ed25519.pem, and the proofs that a longer "
	       "one begins with a shorter one.\",\n \"entries\": %d,\n \"good\": [\n",
	       ENTRIES);
	for (size_t i = 0; i < ENTRIES; i++) {
		AUTO_FREE char *text = mem_printf("entry %zu", i);
		leaves[i] = merkle_leaf(bytes_text(text));
	}
	print_head(argv[1], signer, 7, ",");
	print_head(argv[1], signer, ENTRIES, "");
	printf(" ],\n \"proofs\": [\n");
	for (size_t i = 0; i < PAIRS; i++)
		print_proof(pairs[i].from, pairs[i].to, i + 1 < PAIRS ? "," : "");
	printf(" ]\n}\n");
	signer_unref(signer);
	return 0;
}

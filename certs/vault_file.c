#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"
#include "certs/hash.h"
#include "certs/secret_file.h"
#include "certs/token.h"
#include "certs/vault_inside.h"

enum { FILE_MAX = 16384, WRAPPED_LEN = TOKEN_GCM_NONCE + VAULT_KEY_LEN + TOKEN_GCM_TAG, LINE_MAX = 1024 };

#define FIRST_LINE "liaison-vault 1"

/* A ring, and who seals its keys. */
struct ring {
	struct vault *vault;
	char *wrap; /* NULL: nobody */
	struct token *token;
};

static void ring_done(struct ring *ring)
{
	vault_free(ring->vault);
	token_close(ring->token);
	mem_free(ring->wrap);
}

static bool take_line(struct bytes *rest, struct bytes *ret)
{
	if (rest->len == 0)
		return false;
	const uint8_t *end = memchr(rest->at, '\n', rest->len);
	size_t len = end != NULL ? (size_t)(end - rest->at) : rest->len;
	*ret = bytes_of(rest->at, len);
	*rest = end != NULL ? bytes_of(end + 1, rest->len - len - 1) : BYTES_NONE;
	return true;
}

static struct bytes after(struct bytes line, const char *word)
{
	size_t len = strlen(word);

	return bytes_starts(line, word) ? bytes_of(line.at + len, line.len - len) : BYTES_NONE;
}

/* ---- keys on a token ---- */

/* What is sealed there is bound to the id, so that keys cannot be exchanged. */
static RESULT unwrap(struct token *token, const uint8_t *id, const uint8_t wrapped[static WRAPPED_LEN], uint8_t into[static VAULT_KEY_LEN], struct err *err)
{
	size_t len = 0;
	uint8_t *opened = secret_alloc(WRAPPED_LEN);
	result r = token_seal(token, true, wrapped, bytes_of(id, VAULT_ID_LEN), bytes_of(wrapped + TOKEN_GCM_NONCE, WRAPPED_LEN - TOKEN_GCM_NONCE), opened,
	                      WRAPPED_LEN, &len, err);

	if (!FAILED(r) && len != VAULT_KEY_LEN)
		r = err_set(err, CODE_KEY, token_shown(token), "what it opened is no key");
	if (!FAILED(r))
		memcpy(into, opened, VAULT_KEY_LEN);
	secret_free(opened, WRAPPED_LEN);
	return r;
}

static RESULT wrap(struct token *token, const struct vault_key *key, uint8_t into[static WRAPPED_LEN], struct err *err)
{
	size_t len = 0;

	hash_random(into, TOKEN_GCM_NONCE);
	TRY(token_seal(token, false, into, bytes_of(key->id, VAULT_ID_LEN), bytes_of(key->key, VAULT_KEY_LEN), into + TOKEN_GCM_NONCE,
	               WRAPPED_LEN - TOKEN_GCM_NONCE, &len, err));
	return len == WRAPPED_LEN - TOKEN_GCM_NONCE ? OK : err_set(err, CODE_TOKEN, token_shown(token), "it sealed the key in another form");
}

/* ---- reading ---- */

static RESULT take_key(struct ring *ring, struct bytes text, const char *name, struct err *err)
{
	uint8_t wrapped[WRAPPED_LEN];
	struct vault *vault = ring->vault;
	size_t len = ring->token != NULL ? WRAPPED_LEN : VAULT_KEY_LEN;

	if (vault->count == VAULT_KEYS_MAX)
		return err_set(err, CODE_KEY, name, "has more than %d keys", VAULT_KEYS_MAX);
	struct vault_key *key = &vault->keys[vault->count];
	size_t id_len = (size_t)2 * VAULT_ID_LEN;
	bool is_read = text.len == id_len + 1 + 2 * len && text.at[id_len] == ' ' &&
	               !FAILED(text_unhex(bytes_of(text.at, id_len), key->id, VAULT_ID_LEN, NULL)) &&
	               !FAILED(text_unhex(bytes_of(text.at + id_len + 1, 2 * len), ring->token != NULL ? wrapped : key->key, len, NULL));
	if (!is_read)
		return err_set(err, CODE_KEY, name, "its key number %zu is damaged", vault->count + 1);
	if (ring->token != NULL)
		TRY(unwrap(ring->token, key->id, wrapped, key->key, err));
	vault->count++;
	return OK;
}

static RESULT take_wrap(struct ring *ring, struct bytes uri, const char *name, struct err *err)
{
	if (ring->token != NULL || ring->vault->count > 0)
		return err_set(err, CODE_KEY, name, "says a second time, or too late, who seals its keys");
	ring->wrap = bytes_dup_text(uri);
	return token_open(ring->wrap, TOKEN_SECRET, &ring->token, err);
}

static RESULT parse(struct bytes text, const char *name, struct ring *ring, struct err *err)
{
	struct bytes line;

	if (!take_line(&text, &line) || !bytes_is(line, FIRST_LINE))
		return err_set(err, CODE_KEY, name, "is no key ring; liaison vault new makes one");
	while (take_line(&text, &line)) {
		struct bytes key = after(line, "key "), uri = after(line, "wrap ");
		if (key.len > 0)
			TRY(take_key(ring, key, name, err));
		else if (uri.len > 0)
			TRY(take_wrap(ring, uri, name, err));
		else if (line.len > 0)
			return err_set(err, CODE_KEY, name, "has a line that is neither a key nor a wrap");
	}
	return ring->vault->count > 0 ? OK : err_set(err, CODE_KEY, name, "has no key");
}

static RESULT read_ring(const char *name, struct ring *ret, struct err *err)
{
	struct secret_file file;

	*ret = (struct ring){.wrap = NULL};
	TRY(secret_file_read(name, "key ring", FILE_MAX, &file, err));
	ret->vault = vault_inside_new();
	result r = parse(file.bytes, name, ret, err);
	secret_file_done(&file);
	if (FAILED(r))
		ring_done(ret);
	return r;
}

result vault_load(const char *name, struct vault **ret, struct err *err)
{
	struct ring ring;

	TRY(read_ring(name, &ring, err));
	*ret = ring.vault;
	ring.vault = NULL;
	ring_done(&ring);
	return OK;
}

/* ---- writing ---- */

static RESULT print_key(const struct ring *ring, const struct vault_key *key, char *text, size_t *len, struct err *err)
{
	uint8_t wrapped[WRAPPED_LEN];
	const uint8_t *shown = key->key;
	size_t shown_len = VAULT_KEY_LEN;

	if (ring->token != NULL) {
		TRY(wrap(ring->token, key, wrapped, err));
		shown = wrapped;
		shown_len = WRAPPED_LEN;
	}
	memcpy(text + *len, "key ", 4);
	text_hex(bytes_of(key->id, VAULT_ID_LEN), text + *len + 4);
	text[*len + 4 + 2 * VAULT_ID_LEN] = ' ';
	text_hex(bytes_of(shown, shown_len), text + *len + 5 + 2 * VAULT_ID_LEN);
	*len += 5 + 2 * (VAULT_ID_LEN + shown_len);
	text[(*len)++] = '\n';
	return OK;
}

static RESULT write_ring(const struct ring *ring, const char *path, struct err *err)
{
	char *text = secret_alloc(FILE_MAX);
	size_t len = (size_t)snprintf(text, LINE_MAX, "%s\n%s%s%s", FIRST_LINE, ring->wrap != NULL ? "wrap " : "", ring->wrap != NULL ? ring->wrap : "",
	                              ring->wrap != NULL ? "\n" : "");
	result r = len < LINE_MAX ? OK : err_set(err, CODE_KEY, path, "the URI is too long");

	for (size_t i = 0; i < ring->vault->count && !FAILED(r); i++)
		r = print_key(ring, &ring->vault->keys[i], text, &len, err);
	if (!FAILED(r))
		r = file_write(path, bytes_of(text, len), 0600, err);
	secret_free(text, FILE_MAX);
	return r;
}

static void draw_first(struct vault *vault)
{
	memmove(&vault->keys[1], &vault->keys[0], vault->count * sizeof(vault->keys[0]));
	hash_random(vault->keys[0].id, VAULT_ID_LEN);
	hash_random(vault->keys[0].key, VAULT_KEY_LEN);
	vault->count++;
}

static RESULT find_or_make(struct ring *ring, const char *uri, struct err *err)
{
	struct err ignored;

	ring->wrap = mem_text(uri);
	if (!FAILED(token_open(uri, TOKEN_SECRET, &ring->token, &ignored)))
		return OK;
	TRY(token_make_secret(uri, err));
	return token_open(uri, TOKEN_SECRET, &ring->token, err);
}

result vault_make(const char *path, const char *wrap_uri, struct err *err)
{
	struct ring ring = {.wrap = NULL};

	if (access(path, F_OK) == 0)
		return err_set(err, CODE_USAGE, path, "exists already; a key ring is never overwritten");
	ring.vault = vault_inside_new();
	draw_first(ring.vault);
	result r = wrap_uri != NULL ? find_or_make(&ring, wrap_uri, err) : OK;
	if (!FAILED(r))
		r = write_ring(&ring, path, err);
	ring_done(&ring);
	return r;
}

result vault_add(const char *path, struct err *err)
{
	struct ring ring;

	TRY(read_ring(path, &ring, err));
	result r = OK;
	if (ring.vault->count == VAULT_KEYS_MAX)
		r = err_set(err, CODE_USAGE, path, "has %d keys already; finish the rotation, which takes the old ones out", VAULT_KEYS_MAX);
	else
		draw_first(ring.vault);
	if (!FAILED(r))
		r = write_ring(&ring, path, err);
	ring_done(&ring);
	return r;
}

result vault_keep_first(const char *path, struct err *err)
{
	struct ring ring;

	TRY(read_ring(path, &ring, err));
	ring.vault->count = 1;
	result r = write_ring(&ring, path, err);
	ring_done(&ring);
	return r;
}

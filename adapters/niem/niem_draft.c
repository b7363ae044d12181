#include "adapters/niem/niem_draft.h"

#include "base/mem.h"
#include "base/pack.h"
#include "base/text.h"

#include <string.h>

struct niem_draft *niem_draft_new(void)
{
	return mem_alloc(sizeof(struct niem_draft));
}

/* Fields of a message are at most as deep as the tables are. */
void niem_draft_free(struct niem_draft *root)
{
	if (!root)
		return;
	for (struct niem_draft *at = root->first, *next; at; at = next) {
		next = at->next;
		niem_draft_free(at);
	}
	mem_free(root->name);
	mem_free(root->text);
	mem_free(root);
}

static struct niem_draft *child(const struct niem_draft *above, struct bytes token)
{
	struct err ignored;
	int64_t index = -1;
	if (above->kind == NIEM_DRAFT_LIST && FAILED(text_int(token, 0, INT32_MAX, &index, &ignored)))
		return NULL;
	for (struct niem_draft *at = above->first; at; at = at->next)
		if (above->kind == NIEM_DRAFT_LIST ? index-- == 0 : bytes_is(token, at->name))
			return at;
	return NULL;
}

static struct bytes next_token(const char **pointer)
{
	const char *at = *pointer + 1;
	size_t len = strcspn(at, "/");
	*pointer = at + len;
	return bytes_of(at, len);
}

struct niem_draft *niem_draft_find(struct niem_draft *from, const char *pointer)
{
	while (from && *pointer)
		from = child(from, next_token(&pointer));
	return from;
}

static struct niem_draft *add(struct niem_draft *above, struct bytes token)
{
	struct niem_draft *draft = niem_draft_new();
	draft->above = above;
	if (above->kind != NIEM_DRAFT_LIST)
		draft->name = mem_text_n(token.at, token.len);
	if (above->last)
		above->last->next = draft;
	else
		above->first = draft;
	above->last = draft;
	return draft;
}

struct niem_draft *niem_draft_make(struct niem_draft *from, const char *pointer, enum niem_draft_kind kind)
{
	while (*pointer) {
		struct bytes token = next_token(&pointer);
		struct niem_draft *found = child(from, token);
		bool is_end = !*pointer;
		if (is_end && found && kind != NIEM_DRAFT_MAP)
			return NULL;
		if (!found) {
			found = add(from, token);
			found->kind = is_end ? kind : !strcmp(pointer, "/-") ? NIEM_DRAFT_LIST : NIEM_DRAFT_MAP;
		}
		from = found;
	}
	return from;
}

static void unlink_draft(struct niem_draft *draft)
{
	struct niem_draft *above = draft->above, *before = NULL;
	for (struct niem_draft *at = above->first; at != draft; at = at->next)
		before = at;
	if (before)
		before->next = draft->next;
	else
		above->first = draft->next;
	if (above->last == draft)
		above->last = before;
}

void niem_draft_drop(struct niem_draft *draft, const struct niem_draft *keep)
{
	while (draft->above && draft != keep) {
		struct niem_draft *above = draft->above;
		unlink_draft(draft);
		niem_draft_free(draft);
		if (above->first)
			return;
		draft = above;
	}
}

bool niem_draft_says(const struct niem_draft *draft)
{
	if (draft->sources_count)
		return true;
	for (const struct niem_draft *at = draft->first; at; at = at->next)
		if (niem_draft_says(at))
			return true;
	return false;
}

size_t niem_draft_count(const struct niem_draft *draft)
{
	size_t count = 0;
	for (const struct niem_draft *at = draft->first; at; at = at->next)
		count++;
	return count;
}

/* A decimal number of at most 15 digits: a whole number over a power of ten, so that it is as exact as a double can be. */
static bool decimal(const char *text, int64_t *ret_digits, int64_t *ret_scale)
{
	struct err ignored;
	const char *point = strchr(text, '.');
	size_t len = strlen(text), fraction = point ? len - (size_t)(point - text) - 1 : 0;
	char digits[24];
	if (len == 0 || len > 16 || text[len - 1] == '.')
		return false;
	memcpy(digits, text, len - fraction - (point != NULL));
	memcpy(digits + len - fraction - (point != NULL), text + len - fraction, fraction);
	for (*ret_scale = 1; fraction; fraction--)
		*ret_scale *= 10;
	return !FAILED(text_int(bytes_of(digits, len - (point != NULL)), INT64_MIN, INT64_MAX, ret_digits, &ignored));
}

static void pack_leaf(const struct niem_draft *draft, struct buf *out)
{
	int64_t digits = 0, scale = 1;
	bool is_number =
	    (draft->kind == NIEM_DRAFT_INT || draft->kind == NIEM_DRAFT_NUMBER) && decimal(draft->text, &digits, &scale);
	if (draft->kind == NIEM_DRAFT_FLAG && (!strcmp(draft->text, "true") || !strcmp(draft->text, "false")))
		pack_put_bool(out, draft->text[0] == 't');
	else if (is_number && digits % scale == 0)
		pack_put_int(out, digits / scale);
	else if (is_number && draft->kind == NIEM_DRAFT_NUMBER)
		pack_put_float(out, (double)digits / (double)scale);
	else
		pack_put_str(out, draft->text);
}

void niem_draft_pack(const struct niem_draft *draft, struct buf *out)
{
	if (draft->kind == NIEM_DRAFT_MAP)
		pack_put_map(out, niem_draft_count(draft));
	else if (draft->kind == NIEM_DRAFT_LIST)
		pack_put_array(out, niem_draft_count(draft));
	else
		pack_leaf(draft, out);
	for (const struct niem_draft *at = draft->first; at; at = at->next) {
		if (at->name)
			pack_put_str(out, at->name);
		niem_draft_pack(at, out);
	}
}

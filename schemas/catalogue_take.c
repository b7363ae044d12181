#include "schemas/catalogue_take.h"

#include "base/mem.h"
#include "schemas/pointer.h"

#include <stdio.h>
#include <string.h>

static void want_keys(struct pack_in *in, const char *place, const struct catalogue_take_key *keys, size_t count, uint32_t found)
{
	char at[ERR_FIELD_MAX];
	for (size_t k = 0; k < count; k++)
		if (keys[k].is_required && !(found >> k & 1))
			pack_fail(in, CODE_MALFORMED, pointer_key(place, bytes_text(keys[k].name), at), "is required");
}

void catalogue_take_map(struct pack_in *in, const char *place, const struct catalogue_take_key *keys, size_t count, void *into)
{
	char at[ERR_FIELD_MAX];
	size_t pairs = pack_map(in, place);
	uint32_t found = 0;
	for (size_t i = 0; i < pairs && !in->failed; i++) {
		size_t k = 0;
		struct bytes name = pack_text(in, place, SIZE_MAX);
		pointer_key(place, name, at);
		while (k < count && !bytes_is(name, keys[k].name))
			k++;
		if (in->failed)
			return;
		if (k == count) {
			pack_fail(in, CODE_MALFORMED, at, "is not a key of this file");
			return;
		}
		found |= UINT32_C(1) << k;
		keys[k].take(in, at, into);
	}
	want_keys(in, place, keys, count, found);
}

char *catalogue_take_text(struct pack_in *in, const char *place, size_t max)
{
	struct bytes text = pack_text(in, place, max);
	if (!in->failed && text.len == 0)
		pack_fail(in, CODE_MALFORMED, place, "is empty");
	return in->failed ? NULL : bytes_dup_text(text);
}

void catalogue_take_texts(struct pack_in *in, const char *place, size_t max, size_t text_max, char ***ret, size_t *ret_count)
{
	char at[ERR_FIELD_MAX];
	size_t count = pack_array(in, place);
	if (!in->failed && count > max)
		pack_fail(in, CODE_MALFORMED, place, "has too many entries");
	if (in->failed || count == 0)
		return;
	*ret = mem_array(count, sizeof(**ret));
	for (size_t i = 0; i < count && !in->failed; i++) {
		char *text = catalogue_take_text(in, pointer_index(place, i, at), text_max);
		if (!text)
			return;
		(*ret)[(*ret_count)++] = text;
		for (size_t k = 0; k < i; k++)
			if (strcmp((*ret)[k], text) == 0)
				pack_fail(in, CODE_MALFORMED, at, "is there twice");
	}
}

void catalogue_take_free(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		mem_free(texts[i]);
	mem_free(texts);
}

size_t catalogue_take_word(struct pack_in *in, const char *place, const char *const *words)
{
	char reason[ERR_REASON_MAX] = "must be one of";
	struct bytes text = pack_text(in, place, SIZE_MAX);
	size_t len = strlen(reason);
	for (size_t i = 0; words[i] && !in->failed; i++) {
		if (bytes_is(text, words[i]))
			return i;
		int more = snprintf(reason + len, sizeof(reason) - len, "%s %s", i > 0 ? "," : "", words[i]);
		len = more > 0 && (size_t)more < sizeof(reason) - len ? len + (size_t)more : sizeof(reason) - 1;
	}
	pack_fail(in, CODE_MALFORMED, place, reason);
	return 0;
}

static size_t bounded(struct pack_in *in, const char *place, size_t count, size_t max)
{
	if (!in->failed && count == 0)
		pack_fail(in, CODE_MALFORMED, place, "is empty");
	else if (!in->failed && count > max)
		pack_fail(in, CODE_MALFORMED, place, "has too many entries");
	return in->failed ? 0 : count;
}

size_t catalogue_take_array(struct pack_in *in, const char *place, size_t max)
{
	size_t count = pack_array(in, place);
	return bounded(in, place, count, max);
}

size_t catalogue_take_pairs(struct pack_in *in, const char *place, size_t max)
{
	size_t count = pack_map(in, place);
	return bounded(in, place, count, max);
}

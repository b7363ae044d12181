#include "schemas/catalogue_lifecycle.h"

#include "base/mem.h"
#include "schemas/catalogue_take.h"
#include "schemas/pointer.h"

#include <string.h>

enum { TITLE_MAX = 80, DESCRIPTION_MAX = 2000, KEYS_MAX = 16, STATES_MAX = 64, BLOCKS_MAX = 16 };

static bool is_word(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");
	return len > 0 && len <= MESSAGE_NAME_MAX && name[len] == '\0' && strcmp(name, CATALOGUE_NONE) != 0;
}

static void take_name(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_lifecycle *lifecycle = into;
	lifecycle->name = catalogue_take_text(in, place, MESSAGE_NAME_MAX);
	if (lifecycle->name && !is_word(lifecycle->name))
		pack_fail(in, CODE_MALFORMED, place, "a lifecycle's name is lower-case letters, digits and _");
}

static void take_title(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_lifecycle *)into)->title = catalogue_take_text(in, place, TITLE_MAX);
}

static void take_description(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_lifecycle *)into)->description = catalogue_take_text(in, place, DESCRIPTION_MAX);
}

/* ---- keys ---- */

static void take_key_name(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_key *key = into;
	struct err why;
	key->name = catalogue_take_text(in, place, MESSAGE_NAME_MAX);
	if (key->name && FAILED(message_check_name(bytes_text(key->name), place, &why)))
		pack_fail(in, CODE_MALFORMED, place, why.reason);
}

static void take_key_per_owner(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_key *)into)->is_per_owner = pack_bool(in, place);
}

static void take_keys(struct pack_in *in, const char *place, void *into)
{
	static const struct catalogue_take_key keys[] = {{"name", take_key_name, true}, {"per_owner", take_key_per_owner, false}};
	struct catalogue_lifecycle *lifecycle = into;
	char at[ERR_FIELD_MAX];
	size_t count = catalogue_take_array(in, place, KEYS_MAX);
	if (count == 0)
		return;
	lifecycle->keys = mem_array(count, sizeof(*lifecycle->keys));
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct catalogue_key *key = &lifecycle->keys[lifecycle->keys_count++];
		catalogue_take_map(in, pointer_index(place, i, at), keys, sizeof(keys) / sizeof(*keys), key);
		for (size_t k = 0; k < i && !in->failed; k++)
			if (strcmp(lifecycle->keys[k].name, key->name) == 0)
				pack_fail(in, CODE_MALFORMED, at, "is there twice");
	}
}

/* ---- states ---- */

static void take_state_title(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_state *)into)->title = catalogue_take_text(in, place, TITLE_MAX);
}

static void take_state_terminal(struct pack_in *in, const char *place, void *into)
{
	((struct catalogue_state *)into)->is_terminal = pack_bool(in, place);
}

static void take_state_blocks(struct pack_in *in, const char *place, void *into)
{
	struct catalogue_state *state = into;
	catalogue_take_texts(in, place, BLOCKS_MAX, MESSAGE_NAME_MAX, &state->blocks, &state->blocks_count);
}

static void take_states(struct pack_in *in, const char *place, void *into)
{
	static const struct catalogue_take_key keys[] = {
		{"title", take_state_title, true}, {"terminal", take_state_terminal, false}, {"blocks", take_state_blocks, false}};
	struct catalogue_lifecycle *lifecycle = into;
	char at[ERR_FIELD_MAX];
	size_t count = catalogue_take_pairs(in, place, STATES_MAX);
	if (count == 0)
		return;
	lifecycle->states = mem_array(count, sizeof(*lifecycle->states));
	for (size_t i = 0; i < count && !in->failed; i++) {
		struct catalogue_state *state = &lifecycle->states[lifecycle->states_count++];
		struct bytes name = pack_text(in, place, SIZE_MAX);
		pointer_key(place, name, at);
		state->name = in->failed ? NULL : bytes_dup_text(name);
		if (state->name && (strlen(state->name) != name.len || !is_word(state->name)))
			pack_fail(in, CODE_MALFORMED, at, "a state's name is lower-case letters, digits and _, and not none");
		catalogue_take_map(in, at, keys, sizeof(keys) / sizeof(*keys), state);
	}
}

result catalogue_lifecycle_read(struct buf *packed, struct catalogue_lifecycle **ret, struct err *err)
{
	static const struct catalogue_take_key keys[] = {{"lifecycle", take_name, true},
	                                                 {"title", take_title, true},
	                                                 {"description", take_description, true},
	                                                 {"keys", take_keys, true},
	                                                 {"states", take_states, true}};
	struct catalogue_lifecycle *lifecycle = mem_alloc(sizeof(*lifecycle));
	struct pack_in in = pack_in(buf_bytes(packed), err);
	catalogue_take_map(&in, "", keys, sizeof(keys) / sizeof(*keys), lifecycle);
	result r = pack_end(&in);
	if (FAILED(r)) {
		catalogue_lifecycle_free(lifecycle);
		return r;
	}
	lifecycle->source = *packed;
	*packed = (struct buf){0};
	*ret = lifecycle;
	return OK;
}

void catalogue_lifecycle_free(struct catalogue_lifecycle *lifecycle)
{
	if (!lifecycle)
		return;
	for (size_t i = 0; i < lifecycle->keys_count; i++)
		mem_free(lifecycle->keys[i].name);
	for (size_t i = 0; i < lifecycle->states_count; i++) {
		mem_free(lifecycle->states[i].name);
		mem_free(lifecycle->states[i].title);
		catalogue_take_free(lifecycle->states[i].blocks, lifecycle->states[i].blocks_count);
	}
	mem_free(lifecycle->keys);
	mem_free(lifecycle->states);
	mem_free(lifecycle->name);
	mem_free(lifecycle->title);
	mem_free(lifecycle->description);
	mem_free(lifecycle->file);
	buf_done(&lifecycle->source);
	mem_free(lifecycle);
}

const struct catalogue_state *catalogue_state(const struct catalogue_lifecycle *lifecycle, const char *name)
{
	for (size_t i = 0; i < lifecycle->states_count; i++)
		if (strcmp(lifecycle->states[i].name, name) == 0)
			return &lifecycle->states[i];
	return NULL;
}

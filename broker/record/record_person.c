#include "broker/record/record_person.h"

#include <string.h>

/* ---- identifiers ---- */

static bool text_at(struct bytes map, const char *key, struct bytes *ret)
{
	struct bytes value;
	struct err ignored;
	return pack_find(map, key, &value) && pack_as_text(value, ret) &&
	       !FAILED(message_check_text(*ret, MESSAGE_TEXT_MAX, "", &ignored));
}

static void add_id(struct record_row_key *key, const struct identifier *id)
{
	record_row_key_text(key, id->kind);
	record_row_key_text(key, id->issuer);
	record_row_key_text(key, id->value);
}

static struct record_row_key key_of_id(const struct identifier *id)
{
	struct record_row_key key = {.len = 0};
	record_row_key_add(&key, BYTES_LIT("i"));
	add_id(&key, id);
	return key;
}

static struct record_row_key key_of(char what, int64_t person)
{
	struct record_row_key key = {.len = 0};
	record_row_key_add(&key, bytes_of(&what, 1));
	record_row_key_number(&key, person);
	return key;
}

static result get_number(struct store *store, enum store_space space, const struct record_row_key *key, int64_t *ret,
                         struct err *err)
{
	struct buf hold;
	bool found = false;
	buf_init(&hold, 64);
	*ret = 0;
	result r = store_row_get(store, space, record_row_key_view(key), &hold, &found, err);
	if (!FAILED(r) && found && (!pack_as_int(buf_bytes(&hold), ret) || *ret <= 0))
		r = err_set(err, CODE_CORRUPT, "person", "the number of a person is damaged");
	buf_done(&hold);
	return r;
}

result record_person_root(struct store *store, int64_t person, int64_t *ret_root, struct err *err)
{
	int64_t next = person;
	/* Whoever is merged becomes one with a chain that ends, so a chain is no longer than there are persons; a damaged one
	   must not turn for ever. */
	for (int64_t steps = 0; next != 0; steps++) {
		struct record_row_key key = key_of('m', next);
		person = next;
		if (steps == INT16_MAX)
			return err_set(err, CODE_CORRUPT, "person", "person %lld was merged in a circle", (long long)person);
		TRY(get_number(store, STORE_PERSONS, &key, &next, err));
	}
	*ret_root = person;
	return OK;
}

result record_person_find(struct store *store, const struct identifier *id, int64_t *ret_person, struct err *err)
{
	struct record_row_key key = key_of_id(id);
	TRY(get_number(store, STORE_PERSON_NAMES, &key, ret_person, err));
	return *ret_person ? record_person_root(store, *ret_person, ret_person, err) : OK;
}

result record_person_new(struct store *store, int64_t *ret_person, struct err *err)
{
	return record_row_number(store, STORE_PERSONS, ret_person, err);
}

/* Most of what is said of a person has been said before. */
static result put_once(struct store *store, enum store_space space, const struct record_row_key *key, struct err *err)
{
	struct buf hold;
	bool found = false;
	buf_init(&hold, 64);
	result r = store_row_get(store, space, record_row_key_view(key), &hold, &found, err);
	if (!FAILED(r) && !found)
		r = store_row_put(store, space, record_row_key_view(key), BYTES_NONE, err);
	buf_done(&hold);
	return r;
}

result record_person_add(struct store *store, int64_t person, const struct identifier *id, struct err *err)
{
	struct record_row_key name = key_of_id(id), own = key_of('i', person);
	struct buf number;
	buf_init(&number, 64);
	pack_put_int(&number, person);
	result r = store_row_put(store, STORE_PERSON_NAMES, record_row_key_view(&name), buf_bytes(&number), err);
	buf_done(&number);
	TRY(r);
	add_id(&own, id);
	return put_once(store, STORE_PERSONS, &own, err);
}

result record_person_link(struct store *store, int64_t person, int64_t record, struct err *err)
{
	struct record_row_key key = key_of('r', person);
	record_row_key_number(&key, record);
	return put_once(store, STORE_PERSONS, &key, err);
}

/* ---- walking ---- */

void record_person_walk(struct record_person_walk *walk, struct store *store, char what, int64_t person)
{
	*walk = (struct record_person_walk){.store = store, .prefix = key_of(what, person)};
	buf_init(&walk->hold, STORE_KEY_MAX + 4096);
}

result record_person_walk_next(struct record_person_walk *walk, bool *ret_found, struct err *err)
{
	struct bytes whole;
	TRY(store_row_next(walk->store, STORE_PERSONS, record_row_key_view(&walk->prefix), record_row_key_view(&walk->after),
	                   &walk->hold, ret_found, &whole, &walk->value, err));
	if (!*ret_found)
		return OK;
	walk->after.len = 0;
	record_row_key_add(&walk->after, whole);
	walk->key = bytes_of(whole.at + walk->prefix.len, whole.len - walk->prefix.len);
	return OK;
}

void record_person_walk_done(struct record_person_walk *walk)
{
	buf_done(&walk->hold);
}

static bool cut_text(struct bytes *rest, struct bytes *ret)
{
	const uint8_t *end = rest->len ? memchr(rest->at, 0, rest->len) : NULL;
	if (!end)
		return false;
	*ret = bytes_of(rest->at, (size_t)(end - rest->at));
	*rest = bytes_of(end + 1, rest->len - ret->len - 1);
	return true;
}

bool record_person_walk_id(const struct record_person_walk *walk, struct identifier *ret)
{
	struct bytes rest = walk->key;
	return cut_text(&rest, &ret->kind) && cut_text(&rest, &ret->issuer) && cut_text(&rest, &ret->value) && rest.len == 0;
}

/* ---- names and dates of birth ---- */

enum { NAME_PART_MAX = 100, NAMES_MAX = 1 + 20 };

/* Clerks type names as they like. */
static void add_name_part(struct record_row_key *key, struct bytes text)
{
	uint8_t upper[NAME_PART_MAX];
	size_t len = 0;
	for (size_t i = 0; i < text.len && len < sizeof(upper); i++) {
		uint8_t byte = text.at[i];
		if (byte > ' ' && byte != '-' && byte != '\'' && byte != '.')
			upper[len++] = byte >= 'a' && byte <= 'z' ? (uint8_t)(byte - 'a' + 'A') : byte;
	}
	record_row_key_text(key, bytes_of(upper, len));
}

static bool name_prefix(struct bytes name, struct bytes born, struct record_row_key *ret)
{
	struct bytes family, given;
	if (!text_at(name, "family", &family) || !text_at(name, "given", &given))
		return false;
	ret->len = 0;
	record_row_key_add(ret, BYTES_LIT("n"));
	add_name_part(ret, family);
	add_name_part(ret, given);
	record_row_key_text(ret, born);
	return true;
}

/* What the message's person is called, aliases too, each with the date of birth. */
static size_t name_prefixes(struct bytes main, struct record_row_key ret[static NAMES_MAX])
{
	struct bytes person, born, name, aliases;
	struct err ignored;
	size_t count = 0;
	if (main.len == 0 || !pack_find(main, "person", &person) || !text_at(person, "dob", &born))
		return 0;
	if (pack_find(person, "name", &name))
		count += name_prefix(name, born, &ret[count]);
	if (!pack_find(person, "aliases", &aliases))
		return count;
	struct pack_in in = pack_in(aliases, &ignored);
	for (size_t left = pack_array(&in, "aliases"); left > 0 && !in.failed && count < NAMES_MAX; left--)
		count += name_prefix(pack_value(&in, "alias"), born, &ret[count]);
	return count;
}

static result alike(struct store *store, const struct record_row_key *prefix, record_person_fn fn, void *ctx, struct err *err)
{
	struct record_row_key after = {.len = 0};
	struct bytes key, value;
	struct buf hold;
	bool found = true;
	result r = OK;
	buf_init(&hold, 2 * STORE_KEY_MAX);
	while (!FAILED(r) && found) {
		r = store_row_next(store, STORE_PERSON_NAMES, record_row_key_view(prefix), record_row_key_view(&after), &hold,
		                   &found, &key, &value, err);
		if (FAILED(r) || !found)
			break;
		after.len = 0;
		record_row_key_add(&after, key);
		r = fn(ctx, record_row_number_at_end(key), err);
	}
	buf_done(&hold);
	return r;
}

result record_person_alike(struct store *store, struct bytes main, record_person_fn fn, void *ctx, struct err *err)
{
	struct record_row_key prefixes[NAMES_MAX];
	size_t count = name_prefixes(main, prefixes);
	for (size_t i = 0; i < count; i++)
		TRY(alike(store, &prefixes[i], fn, ctx, err));
	return OK;
}

static result apply_names(struct store *store, struct bytes main, int64_t person, struct err *err)
{
	struct record_row_key prefixes[NAMES_MAX];
	size_t count = name_prefixes(main, prefixes);
	for (size_t i = 0; i < count; i++) {
		struct record_row_key own = key_of('l', person);
		record_row_key_add(&own, record_row_key_view(&prefixes[i]));
		record_row_key_number(&prefixes[i], person);
		TRY(put_once(store, STORE_PERSON_NAMES, &prefixes[i], err));
		TRY(put_once(store, STORE_PERSONS, &own, err));
	}
	return OK;
}

/* ---- forgetting ---- */

static result drop(struct store *store, enum store_space space, const struct record_row_key *key, struct err *err)
{
	return store_row_drop(store, space, record_row_key_view(key), err);
}

result record_person_forget_id(struct store *store, const struct identifier *id, struct err *err)
{
	struct record_row_key name = key_of_id(id);
	int64_t person = 0;
	TRY(get_number(store, STORE_PERSON_NAMES, &name, &person, err));
	TRY(drop(store, STORE_PERSON_NAMES, &name, err));
	for (int64_t steps = 0; person != 0 && steps < INT16_MAX; steps++) { /* whoever it was merged into has it too */
		struct record_row_key own = key_of('i', person), next = key_of('m', person);
		add_id(&own, id);
		TRY(drop(store, STORE_PERSONS, &own, err));
		TRY(get_number(store, STORE_PERSONS, &next, &person, err));
	}
	return OK;
}

result record_person_forget_names(struct store *store, int64_t person, struct err *err)
{
	struct record_person_walk walk;
	bool found = true;
	result r = OK;
	record_person_walk(&walk, store, 'l', person);
	while (!FAILED(r) && found) {
		struct record_row_key name = {.len = 0}, own = key_of('l', person);
		r = record_person_walk_next(&walk, &found, err);
		if (FAILED(r) || !found)
			break;
		record_row_key_add(&name, walk.key);
		record_row_key_number(&name, person);
		record_row_key_add(&own, walk.key);
		r = drop(store, STORE_PERSON_NAMES, &name, err);
		if (!FAILED(r))
			r = drop(store, STORE_PERSONS, &own, err);
	}
	record_person_walk_done(&walk);
	return r;
}

/* ---- the message's person ---- */

static void add_person(struct record_plan *plan, int64_t person)
{
	for (size_t i = 0; i < plan->persons_count; i++)
		if (plan->persons[i] == person)
			return;
	if (plan->persons_count < RECORD_PERSONS_MAX)
		plan->persons[plan->persons_count++] = person;
}

#define TEXT(bytes) (int)(bytes).len, (const char *)(bytes).at

static void set_conflict(struct record_plan *plan, const struct identifier *a, const struct identifier *b, const char *why)
{
	struct err text;
	if (plan->conflict[0])
		return;
	result r = err_set(&text, CODE_OK, "", "%.*s %.*s and %.*s %.*s %s", TEXT(a->kind), TEXT(a->value), TEXT(b->kind),
	                   TEXT(b->value), why);
	if (!FAILED(r))
		memcpy(plan->conflict, text.reason, sizeof(plan->conflict));
}

static bool kind_in(const struct identifier *ids, size_t count, const struct identifier *id, size_t *ret_at)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(ids[i].kind, id->kind) && bytes_equal(ids[i].issuer, id->issuer)) {
			*ret_at = i;
			return true;
		}
	return false;
}

/* A person has one number of a kind. A second one is known of somebody only once both are merged. */
static result has_another(struct store *store, int64_t person, const struct identifier *id, bool *ret, struct err *err)
{
	struct record_person_walk walk;
	struct identifier known;
	bool found = true;
	result r = OK;
	*ret = false;
	record_person_walk(&walk, store, 'i', person);
	while (!FAILED(r) && found && !*ret) {
		r = record_person_walk_next(&walk, &found, err);
		*ret = !FAILED(r) && found && record_person_walk_id(&walk, &known) && bytes_equal(known.kind, id->kind) &&
		       bytes_equal(known.issuer, id->issuer);
	}
	record_person_walk_done(&walk);
	return r;
}

/* ids_person: whom each identifier belongs to; 0: it becomes the one known person's, or the new one's; -1: it must be somebody
 * else's. */
static result judge_unknown(struct store *store, struct record_plan *plan, size_t which, struct err *err)
{
	const struct identifier *id = &plan->ids[which];
	size_t other = 0;
	bool is_taken = plan->persons_count > 1;
	if (kind_in(plan->ids, which, id, &other)) {
		set_conflict(plan, &plan->ids[other], id, "cannot both be the same person's");
		is_taken = true;
	}
	if (plan->persons_count == 1 && !is_taken) {
		TRY(has_another(store, plan->persons[0], id, &is_taken, err));
		for (size_t i = 0; is_taken && i < plan->ids_count; i++)
			if (plan->ids_person[i] > 0)
				set_conflict(plan, &plan->ids[i], id,
				             "come together, but that person is known by another number of the kind");
	}
	plan->ids_person[which] = is_taken ? -1 : 0;
	return OK;
}

static result judge_ids(struct store *store, struct record_plan *plan, struct err *err)
{
	size_t first = 0;
	for (size_t i = 0; i < plan->ids_count; i++) {
		TRY(record_person_find(store, &plan->ids[i], &plan->ids_person[i], err));
		if (plan->ids_person[i] == 0)
			continue;
		if (plan->persons_count == 0)
			first = i;
		else if (plan->ids_person[i] != plan->ids_person[first])
			set_conflict(plan, &plan->ids[first], &plan->ids[i], "are known as those of two persons");
		add_person(plan, plan->ids_person[i]);
	}
	for (size_t i = 0; i < plan->ids_count; i++)
		if (plan->ids_person[i] == 0)
			TRY(judge_unknown(store, plan, i, err));
	return OK;
}

/* Whether a record is, as far as is known, somebody else's than the message's. */
static result compare_record(struct store *store, struct record_plan *plan, const struct record_step *step, struct err *err)
{
	struct record_person_walk walk;
	struct identifier id;
	bool is_known = false;
	for (size_t i = 0; i < step->record->persons_count; i++) {
		int64_t root = 0;
		bool found = false;
		TRY(record_person_root(store, step->record->persons[i], &root, err));
		for (size_t p = 0; p < plan->persons_count; p++)
			if (plan->persons[p] == root)
				return OK;
		record_person_walk(&walk, store, 'i', root);
		result r = record_person_walk_next(&walk, &found, err);
		is_known |= !FAILED(r) && found && record_person_walk_id(&walk, &id);
		record_person_walk_done(&walk);
		TRY(r);
	}
	if (!is_known || plan->conflict[0])
		return OK;
	struct err text;
	result r = err_set(&text, CODE_OK, "", "%.*s %.*s is not of the person that %s %s was about so far",
	                   TEXT(plan->ids[0].kind), TEXT(plan->ids[0].value), step->lifecycle->name, step->name);
	memcpy(plan->conflict, text.reason, sizeof(plan->conflict));
	return r;
}

result record_person_judge(struct store *store, const struct record_question *question, struct record_plan *plan, struct err *err)
{
	struct bytes map;
	plan->ids_count = identifier_read(question->message->subject, plan->ids, RECORD_IDS_MAX, 0);
	if (question->main.len && pack_pointer(question->main, "/person/ids", &map))
		plan->ids_count = identifier_read(map, plan->ids, RECORD_IDS_MAX, plan->ids_count);
	if (question->main.len && pack_find(question->main, "ids", &map))
		plan->ids_count = identifier_read(map, plan->ids, RECORD_IDS_MAX, plan->ids_count);
	return judge_ids(store, plan, err);
}

result record_person_compare(struct store *store, struct record_plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->steps_count && plan->ids_count > 0; i++)
		if (plan->steps[i].to)
			TRY(compare_record(store, plan, &plan->steps[i], err));
	return OK;
}

/* A question, or an order to the hub, does not say who somebody is. */
static bool teaches(const struct record_question *question, const struct record_plan *plan)
{
	for (size_t i = 0; i < plan->steps_count; i++)
		if (plan->steps[i].to)
			return true;
	return !question->type->exchange &&
	       (question->type->hub == CATALOGUE_HUB_NOTHING || question->type->hub == CATALOGUE_HUB_GRANT);
}

static result apply_ids(struct store *store, struct record_plan *plan, struct err *err)
{
	int64_t home = plan->persons_count > 0 ? plan->persons[0] : 0, stranger = 0;
	for (size_t i = 0; i < plan->ids_count; i++) {
		int64_t *person = plan->ids_person[i] < 0 ? &stranger : &home;
		if (plan->ids_person[i] > 0)
			continue;
		if (*person == 0)
			TRY(record_person_new(store, person, err));
		TRY(record_person_add(store, *person, &plan->ids[i], err));
		plan->ids_person[i] = *person;
		add_person(plan, *person);
	}
	return OK;
}

/* A record of somebody without any identifier: a person all the same, so that the name and the date of birth lead to it. */
static result apply_nameless(struct store *store, const struct record_question *question, struct record_plan *plan,
                             struct err *err)
{
	struct record_row_key prefixes[NAMES_MAX];
	int64_t person = 0;
	bool moves = false;
	for (size_t i = 0; i < plan->steps_count; i++) {
		moves |= plan->steps[i].to != NULL;
		for (size_t p = 0; plan->steps[i].to && p < plan->steps[i].record->persons_count; p++) {
			TRY(record_person_root(store, plan->steps[i].record->persons[p], &person, err));
			add_person(plan, person);
		}
	}
	if (!moves || plan->persons_count > 0 || name_prefixes(question->main, prefixes) == 0)
		return OK;
	TRY(record_person_new(store, &person, err));
	add_person(plan, person);
	return OK;
}

result record_person_apply(struct store *store, const struct record_question *question, struct record_plan *plan, struct err *err)
{
	if (!teaches(question, plan))
		return OK;
	TRY(apply_ids(store, plan, err));
	if (plan->ids_count == 0)
		TRY(apply_nameless(store, question, plan, err));
	for (size_t i = 0; i < plan->persons_count; i++)
		TRY(apply_names(store, question->main, plan->persons[i], err));
	return OK;
}

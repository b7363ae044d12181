#include "adapters/ncic/ncic_map.h"

#include "adapters/ncic/ncic_fields.h"
#include "base/mem.h"

#include <string.h>

/* ---- fields to a body ---- */

#define CHANGES "/changes"

struct putting {
	const struct ncic_map *map;
	struct ncic_text *text;
	struct buf *out;
	bool is_live[NCIC_MAP_ROWS_MAX]; /* the row has something to say, and no row before it says the same place */
	bool is_deleted[NCIC_MAP_ROWS_MAX];
	bool is_used[NCIC_TEXT_FIELDS_MAX];
};

static bool same_place_before(const struct putting *putting, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (putting->is_live[i] && !strcmp(putting->map->rows[i].place, putting->map->rows[row].place))
			return true;
	return false;
}

static bool is_deletion(const struct ncic_map_row *row, const struct ncic_text_field *field)
{
	return field->value.len == 0 && !strcmp(field->tag, row->tag) && !strncmp(row->place, CHANGES, strlen(CHANGES));
}

/* What the header of the message says is not lost, though no place of the body takes it. */
static void use_header(struct putting *putting, const struct ncic_map_row *row)
{
	for (size_t f = 0; f < putting->text->fields_count; f++)
		if (!strcmp(putting->text->fields[f].tag, row->tag))
			putting->is_used[f] = true;
}

/* A blank field takes away what its rows would have changed. */
static bool choose_deletions(struct putting *putting)
{
	bool has_any = false;
	for (size_t i = 0; i < putting->map->count; i++)
		for (size_t f = 0; f < putting->text->fields_count; f++)
			if (is_deletion(&putting->map->rows[i], &putting->text->fields[f]))
				has_any = putting->is_deleted[i] = putting->is_used[f] = true;
	return has_any;
}

static void choose_rows(struct putting *putting)
{
	bool has_deletions = choose_deletions(putting);
	for (size_t i = 0; i < putting->map->count; i++) {
		const struct ncic_map_row *row = &putting->map->rows[i];
		if (same_place_before(putting, i) || putting->is_deleted[i])
			continue;
		if (row->flags & NCIC_MAP_DELETED)
			putting->is_live[i] = has_deletions;
		if (row->flags & (NCIC_MAP_DELETED | NCIC_MAP_HEADER)) {
			use_header(putting, row);
			continue;
		}
		putting->is_live[i] = (row->flags & NCIC_MAP_ALWAYS) != 0;
		for (size_t f = 0; f < putting->text->fields_count; f++) {
			const struct ncic_text_field *field = &putting->text->fields[f];
			if (strcmp(field->tag, row->tag) != 0 || !ncic_turn_fits(row->turn, field->value))
				continue;
			putting->is_live[i] = putting->is_used[f] = true;
		}
	}
}

/* The name at a depth of a place: of "/person/ids/sid" at 1, "ids". */
static struct bytes name_at(const char *place, size_t depth)
{
	for (; depth; depth--)
		place = strchr(place + 1, '/');
	return bytes_of(place + 1, strcspn(place + 1, "/"));
}

static bool ends_at(const char *place, size_t depth)
{
	struct bytes name = name_at(place, depth);
	return name.at[name.len] == 0;
}

static void put_deletions(struct putting *putting)
{
	size_t count = 0;
	for (size_t i = 0; i < putting->map->count; i++)
		count += putting->is_deleted[i];
	pack_put_array(putting->out, count);
	for (size_t i = 0; i < putting->map->count; i++)
		if (putting->is_deleted[i])
			pack_put_str(putting->out, putting->map->rows[i].place + strlen(CHANGES));
}

static void put_row(struct putting *putting, const struct ncic_map_row *row)
{
	bool is_list = (row->flags & NCIC_MAP_LIST) != 0;
	size_t count = 0;
	if (row->flags & NCIC_MAP_DELETED) {
		put_deletions(putting);
		return;
	}
	for (size_t f = 0; f < putting->text->fields_count; f++)
		count += putting->is_used[f] && !strcmp(putting->text->fields[f].tag, row->tag);
	if (is_list)
		pack_put_array(putting->out, count);
	for (size_t f = 0; f < putting->text->fields_count; f++)
		if (putting->is_used[f] && !strcmp(putting->text->fields[f].tag, row->tag)) {
			ncic_turn_put(row->turn, putting->text->fields[f].value, putting->out);
			if (!is_list)
				return;
		}
}

/* The end of the run of rows from `from` that share the name at this depth. */
static size_t run_end(const struct ncic_map *map, size_t from, size_t to, size_t depth)
{
	struct bytes name = name_at(map->rows[from].place, depth);
	size_t end = from + 1;
	while (end < to && bytes_equal(name_at(map->rows[end].place, depth), name))
		end++;
	return end;
}

static size_t first_live(const struct putting *putting, size_t from, size_t to)
{
	while (from < to && !putting->is_live[from])
		from++;
	return from;
}

static void put_rows(struct putting *putting, size_t from, size_t to, size_t depth)
{
	const struct ncic_map *map = putting->map;
	size_t count = 0;
	for (size_t i = first_live(putting, from, to); i < to; i = first_live(putting, run_end(map, i, to, depth), to))
		count++;
	pack_put_map(putting->out, count);
	for (size_t i = first_live(putting, from, to); i < to;) {
		size_t end = run_end(map, i, to, depth);
		pack_put_text(putting->out, name_at(map->rows[i].place, depth));
		if (ends_at(map->rows[i].place, depth))
			put_row(putting, &map->rows[i]);
		else
			put_rows(putting, i, end, depth + 1);
		i = first_live(putting, end, to);
	}
}

static void list_unused(const struct putting *putting, struct kind_reading *into)
{
	for (size_t f = 0; f < putting->text->fields_count; f++) {
		const struct ncic_text_field *field = &putting->text->fields[f];
		if (putting->is_used[f])
			continue;
		char *what = mem_printf("%s/%.*s", field->tag, (int)field->value.len,
		                        field->value.len ? (const char *)field->value.at : "");
		kind_reading_unmapped(into, what);
		mem_free(what);
	}
}

void ncic_map_put(const struct ncic_map *map, struct ncic_text *text, struct buf *out, struct kind_reading *into)
{
	struct putting putting = {.map = map, .text = text, .out = out};
	choose_rows(&putting);
	put_rows(&putting, 0, map->count, 0);
	list_unused(&putting, into);
}

/* ---- a body to fields ---- */

struct saying {
	const struct ncic_map *map;
	struct bytes body;
	bool is_said[NCIC_MAP_ROWS_MAX];
	bool has_value[NCIC_MAP_ROWS_MAX];
	ncic_map_each_fn each;
	void *ctx;
	struct buf value;
	size_t deleted; /* places that blanks take away */
};

static bool say_one(struct saying *saying, const struct ncic_map_row *row, struct bytes packed)
{
	const struct ncic_fields_rule *rule = ncic_fields_find(row->tag);
	buf_clear(&saying->value);
	if (!rule || !ncic_turn_say(row->turn, packed, rule, &saying->value))
		return false;
	saying->each(saying->ctx, row->tag, buf_bytes(&saying->value));
	return true;
}

/* Two elements that read the same in these letters are said once. */
static bool is_repeated(const struct saying *saying, const struct ncic_map_row *row, struct bytes list, size_t index)
{
	const struct ncic_fields_rule *rule = ncic_fields_find(row->tag);
	struct err ignored;
	struct pack_in in = pack_in(list, &ignored);
	struct buf one;
	bool is_found = false;
	(void)pack_array(&in, "");
	buf_init(&one, NCIC_TEXT_BYTES_MAX);
	for (size_t i = 0; i < index && !is_found; i++) {
		buf_clear(&one);
		is_found = ncic_turn_say(row->turn, pack_value(&in, ""), rule, &one) &&
		           bytes_equal(buf_bytes(&one), buf_bytes(&saying->value));
	}
	buf_done(&one);
	return is_found;
}

static bool say_list(struct saying *saying, const struct ncic_map_row *row, struct bytes list)
{
	const struct ncic_fields_rule *rule = ncic_fields_find(row->tag);
	struct err ignored;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "");
	if (in.failed || count > rule->repeats)
		return false;
	for (size_t i = 0; i < count; i++) {
		buf_clear(&saying->value);
		if (!ncic_turn_say(row->turn, pack_value(&in, ""), rule, &saying->value))
			return false;
		if (!is_repeated(saying, row, list, i))
			saying->each(saying->ctx, row->tag, buf_bytes(&saying->value));
	}
	return !in.failed;
}

static void say_row(struct saying *saying, size_t index)
{
	const struct ncic_map_row *row = &saying->map->rows[index];
	struct bytes packed;
	for (size_t i = 0; i < saying->map->count; i++)
		if (saying->is_said[i] && !strcmp(saying->map->rows[i].place, row->place))
			return;
	if (!pack_pointer(saying->body, row->place, &packed)) {
		saying->is_said[index] = true;
		return;
	}
	for (size_t i = 0; i < saying->map->count; i++)
		if (saying->has_value[i] && !strcmp(saying->map->rows[i].tag, row->tag))
			return; /* the field stands once, and another place has taken it */
	if (row->flags & NCIC_MAP_LIST)
		saying->is_said[index] = say_list(saying, row, packed);
	else
		saying->is_said[index] = say_one(saying, row, packed);
	saying->has_value[index] = saying->is_said[index];
}

/* Some rows say the same place; some are said by the header, by the message's key, or by blanks. */
static bool all_said(const struct saying *saying)
{
	for (size_t i = 0; i < saying->map->count; i++) {
		const struct ncic_map_row *row = &saying->map->rows[i];
		bool is_said = saying->is_said[i] || !ncic_fields_find(row->tag);
		for (size_t j = 0; j < saying->map->count && !is_said; j++)
			is_said = saying->is_said[j] && !strcmp(row->place, saying->map->rows[j].place);
		if (!is_said)
			return false;
	}
	return true;
}

static bool lists_text(struct bytes list, const char *wanted)
{
	struct err ignored;
	struct bytes text;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++)
		if (pack_as_text(pack_value(&in, ""), &text) && bytes_is(text, wanted))
			return true;
	return false;
}

/* Whether everything that this tag would take away is to be. */
static bool is_all_deleted(const struct ncic_map *map, struct bytes list, const char *tag, size_t *ret_count)
{
	*ret_count = 0;
	for (size_t i = 0; i < map->count; i++) {
		const struct ncic_map_row *row = &map->rows[i];
		if (strcmp(row->tag, tag) != 0 || strncmp(row->place, CHANGES, strlen(CHANGES)) != 0)
			continue;
		if (!lists_text(list, row->place + strlen(CHANGES)))
			return false;
		(*ret_count)++;
	}
	return *ret_count > 0;
}

static void say_blank(struct saying *saying, const char *tag)
{
	struct bytes list;
	size_t count;
	if (!pack_find(saying->body, "delete", &list) || !is_all_deleted(saying->map, list, tag, &count))
		return;
	saying->deleted += count;
	saying->each(saying->ctx, tag, BYTES_NONE);
}

static bool all_deleted(const struct saying *saying)
{
	struct bytes list;
	struct err ignored;
	if (!pack_find(saying->body, "delete", &list))
		return true;
	struct pack_in in = pack_in(list, &ignored);
	return pack_array(&in, "") == saying->deleted && !in.failed;
}

bool ncic_map_say(const struct ncic_map *map, struct bytes body, ncic_map_each_fn each, void *ctx)
{
	struct saying saying = {.map = map, .body = body, .each = each, .ctx = ctx};
	buf_init(&saying.value, NCIC_TEXT_BYTES_MAX);
	for (size_t f = 0; f < ncic_fields_count(); f++) {
		const char *tag = ncic_fields_at(f)->tag;
		for (size_t i = 0; i < map->count; i++)
			if (!strcmp(map->rows[i].tag, tag))
				say_row(&saying, i);
		say_blank(&saying, tag);
	}
	buf_done(&saying.value);
	return all_said(&saying) && all_deleted(&saying);
}

/* ---- what no row takes ---- */

static bool is_place(const struct ncic_map *map, const char *path)
{
	for (size_t i = 0; i < map->count; i++)
		if (!strcmp(map->rows[i].place, path))
			return true;
	return false;
}

static bool covers(const struct ncic_map *map, struct bytes value, char *path, size_t len)
{
	struct err ignored;
	struct pack_in in = pack_in(value, &ignored);
	if (is_place(map, path))
		return true;
	size_t count = pack_map(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		struct bytes key = pack_text(&in, "", NCIC_MAP_PLACE_MAX);
		struct bytes inside = pack_value(&in, "");
		if (in.failed || len + 1 + key.len >= NCIC_MAP_PLACE_MAX)
			return false;
		path[len] = '/';
		memcpy(path + len + 1, key.at, key.len);
		path[len + 1 + key.len] = 0;
		if (!covers(map, inside, path, len + 1 + key.len))
			return false;
	}
	path[len] = 0;
	return !in.failed && (len == 0 || count > 0);
}

bool ncic_map_covers(const struct ncic_map *map, struct bytes body)
{
	char path[NCIC_MAP_PLACE_MAX] = "";
	return covers(map, body, path, 0);
}

/* ---- what the key says ---- */

static void put_key(const char *tag, struct bytes text, struct buf *out)
{
	buf_printf(out, "%s%s=%.*s", out->len ? " " : "", tag, (int)text.len, (const char *)text.at);
}

static void say_key_list(const char *tag, struct bytes list, struct buf *out)
{
	struct err ignored;
	struct bytes text;
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++)
		if (pack_as_text(pack_value(&in, ""), &text))
			put_key(tag, text, out);
}

static bool is_true(struct bytes value)
{
	struct err ignored;
	struct pack_in in = pack_in(value, &ignored);
	struct pack_item item = pack_next(&in, "");
	return !in.failed && item.kind == PACK_BOOL && item.truth;
}

void ncic_map_say_key(const struct ncic_map *map, struct bytes body, struct buf *out)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct ncic_map_row *row = &map->rows[i];
		struct bytes value, text;
		if (!(row->flags & NCIC_MAP_KEY) || !pack_pointer(body, row->place, &value))
			continue;
		if (row->flags & NCIC_MAP_LIST)
			say_key_list(row->tag, value, out);
		else if (pack_as_text(value, &text))
			put_key(row->tag, text, out);
		else if (is_true(value))
			put_key(row->tag, BYTES_LIT("Y"), out);
	}
}

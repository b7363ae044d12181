#include "adapters/police/ncic_map.h"

#include "adapters/police/ncic_fields.h"
#include "base/mem.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* clang-format off */
#define PERSON \
	{"NAM", "/person/name", NCIC_TURN_NAME, 0}, \
	{"DOB", "/person/dob", NCIC_TURN_DATE, 0}, \
	{"SEX", "/person/sex", NCIC_TURN_TEXT, 0}, \
	{"RAC", "/person/race", NCIC_TURN_TEXT, 0}, \
	{"ETN", "/person/ethnicity", NCIC_TURN_TEXT, 0}, \
	{"HGT", "/person/height", NCIC_TURN_TEXT, 0}, \
	{"WGT", "/person/weight", NCIC_TURN_WEIGHT, 0}, \
	{"EYE", "/person/eyes", NCIC_TURN_TEXT, 0}, \
	{"HAI", "/person/hair", NCIC_TURN_TEXT, 0}, \
	{"SKN", "/person/skin", NCIC_TURN_TEXT, 0}, \
	{"SMT", "/person/marks", NCIC_TURN_TEXT, NCIC_MAP_LIST}, \
	{"POB", "/person/birthplace", NCIC_TURN_PLACE, 0}, \
	{"MNU", "/person/ids/doc_number", NCIC_TURN_INMATE, 0}, \
	{"SID", "/person/ids/sid", NCIC_TURN_TEXT, 0}, \
	{"FBI", "/person/ids/ucn", NCIC_TURN_TEXT, 0}, \
	{"SOC", "/person/ids/ssn", NCIC_TURN_TEXT, 0}, \
	{"OLN", "/person/ids/oln", NCIC_TURN_TEXT, 0}, \
	{"OLS", "/person/ids/ols", NCIC_TURN_STATE, 0}, \
	{"AKA", "/person/aliases", NCIC_TURN_NAME, NCIC_MAP_LIST}

#define AGENCY(place) \
	{"AGN", place "/name", NCIC_TURN_TEXT, 0}, \
	{"ORI", place "/ori", NCIC_TURN_TEXT, 0}, \
	{"PHO", place "/phone", NCIC_TURN_TEXT, 0}, \
	{"AGO", place "/officer", NCIC_TURN_TEXT, 0}, \
	{"AGU", place "/unit", NCIC_TURN_TEXT, 0}

#define OFFENSE \
	{"OFF", "/offense/code", NCIC_TURN_TEXT, 0}, \
	{"OOC", "/offense/original_code", NCIC_TURN_TEXT, 0}, \
	{"OFT", "/offense/text", NCIC_TURN_TEXT, 0}, \
	{"EXL", "/extradition", NCIC_TURN_LIMIT, 0}, \
	{"DOW", "/warrant_date", NCIC_TURN_DATE, 0}

static const struct ncic_map_row issue_rows[] = {
	{"WNO", "/warrant_no", NCIC_TURN_TEXT, 0},
	{"NIC", "/nic", NCIC_TURN_TEXT, 0},
	{"CAT", "/category", NCIC_TURN_CATEGORY, 0},
	PERSON,
	AGENCY("/issuer"),
	{"AUN", "/authority/name", NCIC_TURN_TEXT, 0},
	{"AUT", "/authority/title", NCIC_TURN_TEXT, 0},
	OFFENSE,
	{"CMC", "/cautions", NCIC_TURN_TEXT, NCIC_MAP_LIST | NCIC_MAP_ALWAYS},
	{"OCA", "/oca", NCIC_TURN_TEXT, 0},
	{"CVI", "/conditions_violated", NCIC_TURN_TEXT, NCIC_MAP_LIST},
	{"NBD", "/no_bond", NCIC_TURN_FLAG, 0},
	{"BAL", "/bail_amount", NCIC_TURN_MONEY, 0},
	{"SNA", "/last_known/street", NCIC_TURN_TEXT, 0},
	{"APT", "/last_known/unit", NCIC_TURN_TEXT, 0},
	{"CTY", "/last_known/town", NCIC_TURN_TEXT, 0},
	{"STA", "/last_known/state", NCIC_TURN_STATE, 0},
	{"ZIP", "/last_known/zip", NCIC_TURN_TEXT, 0},
	{"MIS", "/remarks", NCIC_TURN_TEXT, 0},
	{"LIC", "/vehicle/plate", NCIC_TURN_TEXT, 0},
	{"LIS", "/vehicle/plate_state", NCIC_TURN_STATE, 0},
	{"LIY", "/vehicle/plate_year", NCIC_TURN_TEXT, 0},
	{"LIT", "/vehicle/plate_type", NCIC_TURN_TEXT, 0},
	{"VIN", "/vehicle/vin", NCIC_TURN_TEXT, 0},
	{"VYR", "/vehicle/year", NCIC_TURN_YEAR, 0},
	{"VMA", "/vehicle/make", NCIC_TURN_TEXT, 0},
	{"VMO", "/vehicle/model", NCIC_TURN_TEXT, 0},
	{"VST", "/vehicle/style", NCIC_TURN_TEXT, 0},
	{"VCO", "/vehicle/color", NCIC_TURN_TEXT, 0},
};

static const struct ncic_map_row locate_rows[] = {
	{"WNO", "/warrant_no", NCIC_TURN_TEXT, 0},
	{"NIC", "/nic", NCIC_TURN_TEXT, 0},
	{"NAM", "/person_name", NCIC_TURN_NAME, 0},
	{"DOL", "/located_on", NCIC_TURN_DATE, 0},
	{"DIS", "/disposition", NCIC_TURN_TEXT, 0},
	AGENCY("/agency"),
	{"HIT", "/hit", NCIC_TURN_TEXT, 0},
	{"LCA", "/case_no", NCIC_TURN_TEXT, 0},
	{"CNO", "/case_no", NCIC_TURN_TEXT, 0},
	{"MIS", "/note", NCIC_TURN_TEXT, 0},
};

static const struct ncic_map_row clear_rows[] = {
	{"WNO", "/warrant_no", NCIC_TURN_TEXT, 0},
	{"NIC", "/nic", NCIC_TURN_TEXT, 0},
	{"NAM", "/person_name", NCIC_TURN_NAME, 0},
	{"DCL", "/cleared_on", NCIC_TURN_DATE, 0},
	AGENCY("/agency"),
	{"RPS", "/reason", NCIC_TURN_TEXT, 0},
	{"MIS", "/reason", NCIC_TURN_TEXT, 0},
};

static const struct ncic_map_row cancel_rows[] = {
	{"WNO", "/warrant_no", NCIC_TURN_TEXT, 0},
	{"NIC", "/nic", NCIC_TURN_TEXT, 0},
	{"NAM", "/person_name", NCIC_TURN_NAME, 0},
	{"DOC", "/cancelled_on", NCIC_TURN_DATE, 0},
	AGENCY("/agency"),
	{"RPS", "/reason", NCIC_TURN_TEXT, 0},
	{"RSN", "/reason", NCIC_TURN_TEXT, 0},
	{"MIS", "/note", NCIC_TURN_TEXT, 0},
};

static const struct ncic_map_row query_rows[] = {
	PERSON,
	{"NIC", "/nic", NCIC_TURN_TEXT, 0},
	AGENCY("/requester"),
	{"ATN", "/attention", NCIC_TURN_TEXT, 0},
	{"PUR", "/purpose", NCIC_TURN_TEXT, 0},
};

/* The issuer is told in words of its own. */
static const struct ncic_map_row hit_rows[] = {
	{"WNO", "/warrant_no", NCIC_TURN_TEXT, 0},
	{"NIC", "/nic", NCIC_TURN_TEXT, 0},
	PERSON,
	OFFENSE,
	{"CMC", "/cautions", NCIC_TURN_TEXT, NCIC_MAP_LIST},
};
/* clang-format on */

static const struct {
	const char *type;
	struct ncic_map map;
} maps[] = {
	{"warrant.issue/1", {issue_rows, COUNT(issue_rows), "EW", "/issuer/ori"}},
	{"warrant.locate/1", {locate_rows, COUNT(locate_rows), "LW", "/agency/ori"}},
	{"warrant.clear/1", {clear_rows, COUNT(clear_rows), "CW", "/agency/ori"}},
	{"warrant.cancel/1", {cancel_rows, COUNT(cancel_rows), "XW", "/agency/ori"}},
	{"query.wanted/1", {query_rows, COUNT(query_rows), NULL, "/requester/ori"}},
};

static const struct ncic_map hit_map = {hit_rows, COUNT(hit_rows), NULL, "/issuer/ori"};

const struct ncic_map *ncic_map_find(struct bytes type)
{
	for (size_t i = 0; i < COUNT(maps); i++)
		if (bytes_is(type, maps[i].type))
			return &maps[i].map;
	return NULL;
}

const struct ncic_map *ncic_map_of_hit(void)
{
	return &hit_map;
}

/* ---- fields to a body ---- */

struct putting {
	const struct ncic_map *map;
	struct ncic_text *text;
	struct buf *out;
	bool is_live[NCIC_MAP_ROWS_MAX]; /* the row has something to say, and no row before it says the same place */
	bool is_used[NCIC_TEXT_FIELDS_MAX];
};

static bool same_place_before(const struct putting *putting, size_t row)
{
	for (size_t i = 0; i < row; i++)
		if (putting->is_live[i] && !strcmp(putting->map->rows[i].place, putting->map->rows[row].place))
			return true;
	return false;
}

static void choose_rows(struct putting *putting)
{
	for (size_t i = 0; i < putting->map->count; i++) {
		const struct ncic_map_row *row = &putting->map->rows[i];
		if (same_place_before(putting, i))
			continue;
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

static void put_row(struct putting *putting, const struct ncic_map_row *row)
{
	bool is_list = (row->flags & NCIC_MAP_LIST) != 0;
	size_t count = 0;
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
	ncic_map_each_fn each;
	void *ctx;
	struct buf value;
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
	if (!pack_pointer(saying->body, row->place, &packed))
		saying->is_said[index] = true;
	else if (row->flags & NCIC_MAP_LIST)
		saying->is_said[index] = say_list(saying, row, packed);
	else
		saying->is_said[index] = say_one(saying, row, packed);
}

static bool all_said(const struct saying *saying)
{
	for (size_t i = 0; i < saying->map->count; i++) {
		bool is_said = saying->is_said[i] || !strcmp(saying->map->rows[i].tag, "ORI");
		for (size_t j = 0; j < saying->map->count && !is_said; j++)
			is_said = saying->is_said[j] && !strcmp(saying->map->rows[i].place, saying->map->rows[j].place);
		if (!is_said)
			return false;
	}
	return true;
}

bool ncic_map_say(const struct ncic_map *map, struct bytes body, ncic_map_each_fn each, void *ctx)
{
	struct saying saying = {.map = map, .body = body, .each = each, .ctx = ctx};
	buf_init(&saying.value, NCIC_TEXT_BYTES_MAX);
	for (size_t f = 0; f < ncic_fields_count(); f++)
		for (size_t i = 0; i < map->count; i++)
			if (!strcmp(map->rows[i].tag, ncic_fields_at(f)->tag))
				say_row(&saying, i);
	buf_done(&saying.value);
	return all_said(&saying);
}

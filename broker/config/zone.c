#include "broker/config/zone.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define ZONE_FOLDER "/usr/share/zoneinfo"

enum {
	FILE_BYTES_MAX = 256 * 1024,
	NAME_LEN_MAX = 128,
	HEADER_LEN = 44,
	TYPE_LEN = 6,   /* of one local time type: offset, is dst, abbreviation */
	LEAP_LEN_1 = 8, /* of one leap second with times of four bytes */
	LEAP_LEN_2 = 12,
	HOUR_S = 3600,
	DAY_S = 86400,
	RULE_HOURS_MAX = 167
};

/* A day of each year and the time on it, as POSIX writes them: Mm.w.d, Jn or n. */
struct change {
	char kind; /* 'M', 'J' or '0' */
	int64_t month, week, day;
	int64_t time_s;
};

struct rule {
	int64_t standard_s, summer_s; /* offsets */
	bool has_summer;
	struct change begins, ends;
};

struct zone {
	size_t count; /* of changes that the file lists */
	int64_t *at;
	int64_t *offset;  /* from at[i] on */
	int64_t first_s;  /* before the first */
	struct rule rule; /* after the last */
};

/* ── days ── */

/* Counted in eras of 400 years that begin in March, so that a leap day is a year's last. */
int64_t zone_days(struct zone_date date)
{
	int64_t year = date.year - (date.month <= 2);
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t of_era = year - era * 400;
	int64_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct zone_date zone_date_of(int64_t days)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	int64_t of_era = shifted - era * 146097;
	int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
	int64_t month = (5 * of_year + 2) / 153;
	struct zone_date date = {.month = month < 10 ? month + 3 : month - 9, .day = of_year - (153 * month + 2) / 5 + 1};
	date.year = year + era * 400 + (date.month <= 2);
	return date;
}

bool zone_read_date(struct bytes text, int64_t *ret_days)
{
	struct zone_date date;
	if (text.len != 10 || text.at[4] != '-' || text.at[7] != '-' ||
	    FAILED(text_int(bytes_of(text.at, 4), 0, 9999, &date.year, NULL)) ||
	    FAILED(text_int(bytes_of(text.at + 5, 2), 1, 12, &date.month, NULL)) ||
	    FAILED(text_int(bytes_of(text.at + 8, 2), 1, 31, &date.day, NULL)))
		return false;
	*ret_days = zone_days(date);
	struct zone_date again = zone_date_of(*ret_days);
	return again.month == date.month && again.day == date.day;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* ── a rule as POSIX writes it ── */

struct cursor {
	const char *at;
	bool failed;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool take(struct cursor *in, char c)
{
	if (in->failed || *in->at != c)
		return false;
	in->at++;
	return true;
}

static void want(struct cursor *in, char c)
{
	if (!take(in, c))
		in->failed = true;
}

static int64_t take_number(struct cursor *in, int64_t min, int64_t max)
{
	int64_t number = 0;
	const char *start = in->at;
	while (!in->failed && is_digit(*in->at) && in->at - start < 4)
		number = number * 10 + (*in->at++ - '0');
	if (in->at == start || number < min || number > max)
		in->failed = true;
	return number;
}

static void skip_abbreviation(struct cursor *in)
{
	const char *start = in->at;
	if (take(in, '<')) {
		while (is_alpha(*in->at) || is_digit(*in->at) || *in->at == '+' || *in->at == '-')
			in->at++;
		want(in, '>');
	} else {
		while (is_alpha(*in->at))
			in->at++;
	}
	if (in->at - start < 3)
		in->failed = true;
}

static int64_t take_time(struct cursor *in, int64_t hours_max)
{
	int64_t sign = take(in, '-') ? -1 : 1;
	if (sign > 0)
		take(in, '+');
	int64_t seconds = take_number(in, 0, hours_max) * HOUR_S;
	if (take(in, ':'))
		seconds += take_number(in, 0, 59) * 60;
	if (take(in, ':'))
		seconds += take_number(in, 0, 59);
	return sign * seconds;
}

static struct change take_change(struct cursor *in)
{
	struct change change = {.kind = '0', .time_s = 2 * HOUR_S};
	want(in, ',');
	if (take(in, 'M')) {
		change.kind = 'M';
		change.month = take_number(in, 1, 12);
		want(in, '.');
		change.week = take_number(in, 1, 5);
		want(in, '.');
		change.day = take_number(in, 0, 6);
	} else {
		change.kind = take(in, 'J') ? 'J' : '0';
		change.day = take_number(in, change.kind == 'J', 365);
	}
	if (take(in, '/'))
		change.time_s = take_time(in, RULE_HOURS_MAX);
	return change;
}

/* Offsets are written west of Greenwich; they are kept east of it. */
static bool read_rule(const char *text, struct rule *ret)
{
	struct cursor in = {.at = text};
	memset(ret, 0, sizeof(*ret));
	skip_abbreviation(&in);
	ret->standard_s = -take_time(&in, 24);
	ret->summer_s = ret->standard_s + HOUR_S;
	if (!in.failed && *in.at) {
		ret->has_summer = true;
		skip_abbreviation(&in);
		if (!in.failed && *in.at != ',')
			ret->summer_s = -take_time(&in, 24);
		ret->begins = take_change(&in);
		ret->ends = take_change(&in);
	}
	return !in.failed && !*in.at;
}

static int64_t day_of_change(const struct change *change, int64_t year)
{
	int64_t first = zone_days((struct zone_date){year, 1, 1});
	bool is_leap = zone_days((struct zone_date){year + 1, 1, 1}) - first == 366;
	if (change->kind == '0')
		return first + change->day;
	if (change->kind == 'J')
		return first + change->day - 1 + (is_leap && change->day > 59);
	int64_t month = zone_days((struct zone_date){year, change->month, 1});
	int64_t next =
	    change->month == 12 ? first + (is_leap ? 366 : 365) : zone_days((struct zone_date){year, change->month + 1, 1});
	int64_t weekday = ((month + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; 0 is Sunday */
	int64_t day = month + (change->day - weekday + 7) % 7 + (change->week - 1) * 7;
	return day < next ? day : day - 7;
}

static int64_t rule_offset(const struct rule *rule, int64_t utc_s)
{
	if (!rule->has_summer)
		return rule->standard_s;
	int64_t year = zone_date_of(floor_div(utc_s + rule->standard_s, DAY_S)).year;
	int64_t begins = day_of_change(&rule->begins, year) * DAY_S + rule->begins.time_s - rule->standard_s;
	int64_t ends = day_of_change(&rule->ends, year) * DAY_S + rule->ends.time_s - rule->summer_s;
	bool is_summer = begins < ends ? utc_s >= begins && utc_s < ends : utc_s >= begins || utc_s < ends;
	return is_summer ? rule->summer_s : rule->standard_s;
}

/* ── the zone's file ── */

struct counts {
	size_t utc, standard, leaps, times, types, chars;
};

static uint64_t big_endian(const uint8_t *at, size_t len)
{
	uint64_t value = 0;
	for (size_t i = 0; i < len; i++)
		value = value << 8 | at[i];
	return value;
}

static bool read_header(struct bytes file, struct counts *ret)
{
	if (file.len < HEADER_LEN || memcmp(file.at, "TZif", 4) != 0 || file.at[4] < '2')
		return false;
	size_t *into[] = {&ret->utc, &ret->standard, &ret->leaps, &ret->times, &ret->types, &ret->chars};
	for (size_t i = 0; i < sizeof(into) / sizeof(*into); i++) {
		*into[i] = (size_t)big_endian(file.at + 20 + 4 * i, 4);
		if (*into[i] > FILE_BYTES_MAX)
			return false;
	}
	return true;
}

static size_t block_len(const struct counts *counts, size_t time_len, size_t leap_len)
{
	return counts->times * (time_len + 1) + counts->types * TYPE_LEN + counts->chars + counts->leaps * leap_len +
	       counts->standard + counts->utc;
}

static int64_t type_offset(const uint8_t *type)
{
	return (int64_t)(int32_t)(uint32_t)big_endian(type, 4);
}

static bool read_changes(const uint8_t *block, const struct counts *counts, struct zone *zone)
{
	const uint8_t *indexes = block + counts->times * 8, *types = indexes + counts->times;
	if (!counts->types)
		return false;
	zone->first_s = type_offset(types);
	zone->count = counts->times;
	zone->at = mem_array(counts->times + 1, sizeof(*zone->at));
	zone->offset = mem_array(counts->times + 1, sizeof(*zone->offset));
	for (size_t i = 0; i < counts->times; i++) {
		if (indexes[i] >= counts->types)
			return false;
		zone->at[i] = (int64_t)big_endian(block + 8 * i, 8);
		zone->offset[i] = type_offset(types + (size_t)indexes[i] * TYPE_LEN);
		if (i && zone->at[i] <= zone->at[i - 1])
			return false;
	}
	return true;
}

/* The footer is the rule for all that comes after the listed changes, between two line ends. */
static bool read_footer(struct bytes rest, struct rule *ret)
{
	char text[NAME_LEN_MAX];
	const uint8_t *end = rest.len > 1 && rest.at[0] == '\n' ? memchr(rest.at + 1, '\n', rest.len - 1) : NULL;
	if (!end || (size_t)(end - rest.at) > sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(end - rest.at - 1), (const char *)rest.at + 1);
	return read_rule(text, ret);
}

static bool read_file(struct bytes file, struct zone *zone)
{
	struct counts counts;
	if (!read_header(file, &counts))
		return false;
	size_t skip = HEADER_LEN + block_len(&counts, 4, LEAP_LEN_1);
	if (skip > file.len || !read_header(bytes_of(file.at + skip, file.len - skip), &counts))
		return false;
	size_t block = skip + HEADER_LEN, footer = block + block_len(&counts, 8, LEAP_LEN_2);
	return footer <= file.len && read_changes(file.at + block, &counts, zone) &&
	       read_footer(bytes_of(file.at + footer, file.len - footer), &zone->rule);
}

/* ── the zone ── */

static bool is_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/";
	size_t len = strlen(name);
	return len > 0 && len <= NAME_LEN_MAX && strspn(name, allowed) == len && name[0] != '/';
}

static result open_file(const char *name, struct zone *zone, struct err *err)
{
	char path[sizeof(ZONE_FOLDER) + NAME_LEN_MAX + 2];
	struct buf file;
	struct err why;
	snprintf(path, sizeof(path), ZONE_FOLDER "/%s", name);
	if (FAILED(file_read(path, FILE_BYTES_MAX, &file, &why)))
		return err_set(err, CODE_CONFIG, "", "there is no time zone \"%s\" in " ZONE_FOLDER, name);
	bool is_good = read_file(buf_bytes(&file), zone);
	buf_done(&file);
	return is_good ? OK : err_set(err, CODE_CONFIG, "", "%s is no zone file with a rule for the years to come", path);
}

result zone_open(const char *name, struct zone **ret, struct err *err)
{
	struct zone *zone = mem_alloc(sizeof(*zone));
	result r = OK;
	bool is_rule = strlen(name) <= NAME_LEN_MAX && read_rule(name, &zone->rule);
	if (is_rule)
		zone->first_s = zone->rule.standard_s;
	else
		r = is_name(name) ? open_file(name, zone, err)
		                  : err_set(err, CODE_CONFIG, "", "\"%.64s\" is neither a zone's name nor a rule", name);
	if (FAILED(r)) {
		zone_free(zone);
		return r;
	}
	*ret = zone;
	return OK;
}

void zone_free(struct zone *zone)
{
	if (!zone)
		return;
	mem_free(zone->at);
	mem_free(zone->offset);
	mem_free(zone);
}

int64_t zone_offset(const struct zone *zone, int64_t utc_s)
{
	size_t low = 0, high = zone->count;
	if (!zone->count || utc_s >= zone->at[zone->count - 1])
		return rule_offset(&zone->rule, utc_s);
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->at[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? zone->offset[low - 1] : zone->first_s;
}

int64_t zone_utc(const struct zone *zone, int64_t local_s)
{
	int64_t before = zone_offset(zone, local_s - DAY_S), after = zone_offset(zone, local_s + DAY_S);
	int64_t early = local_s - (before > after ? before : after), late = local_s - (before > after ? after : before);
	return zone_offset(zone, late) == local_s - late ? late : zone_offset(zone, early) == local_s - early ? early : late;
}

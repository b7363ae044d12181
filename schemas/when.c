#include "schemas/when.h"

#include <stdio.h>
#include <string.h>

enum { FORMAT_MAX = 32, SUMMER_KNOWN_FROM = 1987, SUMMER_LONGER_FROM = 2007 };

/* A cursor over a format: what it asks for next. */
struct token {
	char letter; /* 0: the literal in `literal` */
	size_t len;
	char literal;
};

static struct token token_next(const char **format, const char *letters)
{
	char letter = **format;
	struct token token = {.letter = 0, .len = 1, .literal = letter};
	if (letter == 'A' && (*format)[1] == 'P' && strchr(letters, 'A')) {
		*format += 2;
		return (struct token){.letter = 'A', .len = 2};
	}
	if (strchr(letters, letter)) {
		token = (struct token){.letter = letter, .len = strspn(*format, (const char[]){letter, 0})};
		*format += token.len;
		return token;
	}
	(*format)++;
	return token;
}

/* Each letter at most once, in a length that it may have: "Y4M12D12" reads Y of 4, M of 1 or 2. */
static const char *format_fault(const char *format, const char *letters, const char *lengths, const char *required)
{
	char seen[8] = "";
	if (!format || !*format || strlen(format) > FORMAT_MAX)
		return "is empty or too long";
	while (*format) {
		struct token token = token_next(&format, letters);
		if (!token.letter &&
		    ((token.literal >= 'A' && token.literal <= 'Z') || (token.literal >= 'a' && token.literal <= 'z') ||
		     (token.literal >= '0' && token.literal <= '9')))
			return "holds a letter or digit that stands for nothing";
		if (!token.letter)
			continue;
		if (strchr(seen, token.letter))
			return "asks for the same thing twice";
		seen[strlen(seen)] = token.letter;
		const char *of = strchr(lengths, token.letter) + 1;
		size_t digits = strspn(of, "1234");
		if (token.len > 9 || !memchr(of, (int)('0' + token.len), digits))
			return "has a run of letters of a length that is not known";
	}
	for (; *required; required++)
		if (!strchr(seen, *required))
			return "does not ask for all that is needed";
	return NULL;
}

const char *when_date_format_fault(const char *format)
{
	return format_fault(format, "YMD", "Y4M12D12", "YMD");
}

const char *when_time_format_fault(const char *format)
{
	return format_fault(format, "HMSA", "H12M2S2A2", "HM");
}

/* Exactly len digits, or one or two where len is 1. */
static bool read_digits(struct bytes *text, size_t len, int *ret)
{
	size_t most = len == 1 ? 2 : len, count = 0;
	*ret = 0;
	while (count < most && count < text->len && text->at[count] >= '0' && text->at[count] <= '9')
		*ret = *ret * 10 + (text->at[count++] - '0');
	if (count == 0 || count < len)
		return false;
	*text = bytes_of(text->at + count, text->len - count);
	return true;
}

static bool read_half(struct bytes *text, int *ret)
{
	if (text->len < 2 || (text->at[1] | 0x20) != 'm' || ((text->at[0] | 0x20) != 'a' && (text->at[0] | 0x20) != 'p'))
		return false;
	*ret = (text->at[0] | 0x20) == 'p';
	*text = bytes_of(text->at + 2, text->len - 2);
	return true;
}

/* Fills values[i] for letters[i]. */
static bool read_by(const char *format, struct bytes text, const char *letters, int *values)
{
	while (*format) {
		struct token token = token_next(&format, letters);
		if (token.letter == 'A') {
			if (!read_half(&text, &values[strchr(letters, 'A') - letters]))
				return false;
		} else if (token.letter) {
			if (!read_digits(&text, token.len, &values[strchr(letters, token.letter) - letters]))
				return false;
		} else if (text.len == 0 || text.at[0] != (uint8_t)token.literal) {
			return false;
		} else {
			text = bytes_of(text.at + 1, text.len - 1);
		}
	}
	return text.len == 0;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && is_leap);
}

bool when_date(const char *format, struct bytes text, struct when_date *ret)
{
	int values[3] = {0, 0, 0};
	if (!read_by(format, text, "YMD", values))
		return false;
	*ret = (struct when_date){values[0], values[1], values[2]};
	return ret->year >= 1 && ret->month >= 1 && ret->month <= 12 && ret->day >= 1 &&
	       ret->day <= days_of(ret->year, ret->month);
}

bool when_time(const char *format, struct bytes text, struct when_time *ret)
{
	int values[4] = {0, 0, 0, -1};
	if (!read_by(format, text, "HMSA", values))
		return false;
	*ret = (struct when_time){values[0], values[1], values[2]};
	if (values[3] >= 0) {
		if (ret->hour < 1 || ret->hour > 12)
			return false;
		ret->hour = ret->hour % 12 + 12 * values[3];
	}
	return ret->hour <= 23 && ret->minute <= 59 && ret->second <= 59;
}

/* ---- zones ---- */

static bool offset_zone(const char *name, struct when_zone *ret)
{
	int values[2] = {0, 0};
	if ((name[0] != '-' && name[0] != '+') || !read_by("HH:MM", bytes_text(name + 1), "HM", values) || values[0] > 14 ||
	    values[1] > 59)
		return false;
	*ret = (struct when_zone){(name[0] == '-' ? -1 : 1) * (values[0] * 60 + values[1]), false};
	return true;
}

bool when_zone(const char *name, struct when_zone *ret)
{
	static const struct {
		const char *name;
		int offset_minutes;
		bool has_summer;
	} zones[] = {
		{"America/New_York", -300, true},  {"America/Detroit", -300, true},    {"America/Chicago", -360, true},
		{"America/Denver", -420, true},    {"America/Phoenix", -420, false},   {"America/Los_Angeles", -480, true},
		{"America/Anchorage", -540, true}, {"Pacific/Honolulu", -600, false},  {"America/Puerto_Rico", -240, false},
		{"Pacific/Guam", 600, false},      {"Pacific/Pago_Pago", -660, false}, {"UTC", 0, false},
	};
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++)
		if (!strcmp(name, zones[i].name)) {
			*ret = (struct when_zone){zones[i].offset_minutes, zones[i].has_summer};
			return true;
		}
	return offset_zone(name, ret);
}

/* 0: Sunday. */
static int weekday(int year, int month, int day)
{
	static const int shift[] = {0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4};
	int of = month < 3 ? year - 1 : year;
	return (of + of / 4 - of / 100 + of / 400 + shift[month - 1] + day) % 7;
}

/* The nth Sunday (from 1), or the last one for 0. */
static int sunday(int year, int month, int nth)
{
	int first = 1 + (7 - weekday(year, month, 1)) % 7;
	if (nth)
		return first + 7 * (nth - 1);
	while (first + 7 <= days_of(year, month))
		first += 7;
	return first;
}

/* Minutes since the year began, in months of 31 days: good for comparing only. */
static int within_year(int month, int day, int hour, int minute)
{
	return ((month * 31 + day) * 24 + hour) * 60 + minute;
}

/* -1: the clocks skip that time. */
static int is_summer(struct when_date date, struct when_time time)
{
	bool is_longer = date.year >= SUMMER_LONGER_FROM;
	int from_month = is_longer ? 3 : 4, to_month = is_longer ? 11 : 10;
	int from_day = sunday(date.year, from_month, is_longer ? 2 : 1), to_day = sunday(date.year, to_month, is_longer ? 1 : 0);
	int at = within_year(date.month, date.day, time.hour, time.minute);
	if (at >= within_year(from_month, from_day, 2, 0) && at < within_year(from_month, from_day, 3, 0))
		return -1;
	return at >= within_year(from_month, from_day, 3, 0) && at < within_year(to_month, to_day, 2, 0);
}

const char *when_stamp(const struct when_zone *zone, struct when_date date, struct when_time time,
                       char into[static WHEN_TEXT_MAX])
{
	int summer = zone->has_summer ? is_summer(date, time) : 0;
	if (zone->has_summer && date.year < SUMMER_KNOWN_FROM)
		return "is before 1987, when the clocks of the zone followed other rules";
	if (summer < 0)
		return "does not exist: the clocks go forward over it";
	int offset = zone->offset_minutes + 60 * summer, size = offset < 0 ? -offset : offset;
	snprintf(into, WHEN_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d%c%02d:%02d", date.year % 10000, date.month % 100,
	         date.day % 100, time.hour % 100, time.minute % 100, time.second % 100, offset < 0 ? '-' : '+', size / 60 % 100,
	         size % 60);
	return NULL;
}

char *when_date_text(struct when_date date, char into[static WHEN_TEXT_MAX])
{
	snprintf(into, WHEN_TEXT_MAX, "%04d-%02d-%02d", date.year % 10000, date.month % 100, date.day % 100);
	return into;
}

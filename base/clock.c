#include "base/clock.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

enum { DAYS_TO_EPOCH = 719162, MS_OF_DAY = 86400000 }; /* days from 0001-01-01 to 1970-01-01 */

#define NOT_FROZEN INT64_MIN
#define FIRST_MS (-(int64_t)DAYS_TO_EPOCH * MS_OF_DAY) /* 0001-01-01T00:00:00.000Z */
#define LAST_MS INT64_C(253402300799999)               /* 9999-12-31T23:59:59.999Z */

/* One number, so that no thread can see half of a change. */
static _Atomic int64_t frozen_at = NOT_FROZEN;

static int64_t machine_us(clockid_t which)
{
	struct timespec now = {0};
	clock_gettime(which, &now);
	return (int64_t)now.tv_sec * 1000000 + (int64_t)now.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
	int64_t frozen = atomic_load(&frozen_at);
	return frozen == NOT_FROZEN ? machine_us(CLOCK_REALTIME) / 1000 : frozen;
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

int64_t clock_mono_us(void)
{
	int64_t frozen = atomic_load(&frozen_at);
	return frozen == NOT_FROZEN ? machine_us(CLOCK_MONOTONIC) : frozen * 1000;
}

void clock_freeze(int64_t wall_ms)
{
	atomic_store(&frozen_at, wall_ms);
}

void clock_turn(int64_t by_ms)
{
	int64_t frozen = atomic_load(&frozen_at);
	while (frozen != NOT_FROZEN && !atomic_compare_exchange_weak(&frozen_at, &frozen, frozen + by_ms))
		continue;
}

void clock_release(void)
{
	atomic_store(&frozen_at, NOT_FROZEN);
}

static bool is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return days[month - 1] + (month == 2 && is_leap(year));
}

/* Days from 1970-01-01 to the first day of a year of the Gregorian calendar, continued backwards. */
static int64_t year_start(int64_t year)
{
	int64_t before = year - 1;
	return before * 365 + before / 4 - before / 100 + before / 400 - DAYS_TO_EPOCH;
}

struct date {
	int64_t year;
	int month, day;
};

static int64_t date_days(struct date date)
{
	int64_t days = year_start(date.year) + date.day - 1;
	for (int month = 1; month < date.month; month++)
		days += month_days(date.year, month);
	return days;
}

static struct date date_of_days(int64_t days)
{
	/* By the calendar's mean year this is the year or the one before. */
	int64_t guess = (days + DAYS_TO_EPOCH) * 400 / 146097;
	struct date date = {.year = guess < 1 ? 1 : guess, .month = 1};
	while (year_start(date.year + 1) <= days)
		date.year++;
	int left = (int)(days - year_start(date.year));
	while (left >= month_days(date.year, date.month))
		left -= month_days(date.year, date.month++);
	date.day = left + 1;
	return date;
}

/* Floor, also before 1970. */
static int64_t days_of_ms(int64_t ms)
{
	return (ms >= 0 ? ms : ms - (MS_OF_DAY - 1)) / MS_OF_DAY;
}

char *clock_text(int64_t wall_ms, char into[static CLOCK_TEXT_MAX])
{
	if (wall_ms < FIRST_MS)
		wall_ms = FIRST_MS;
	if (wall_ms > LAST_MS)
		wall_ms = LAST_MS;
	int64_t days = days_of_ms(wall_ms);
	struct date date = date_of_days(days);
	int ms = (int)(wall_ms - days * MS_OF_DAY);
	snprintf(into, CLOCK_TEXT_MAX, "%04" PRId64 "-%02d-%02dT%02d:%02d:%02d.%03dZ", date.year, date.month, date.day, ms / 3600000,
	         ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
	return into;
}

/* What is read of the text so far; the first thing that is not as expected is kept in `wrong`. */
struct cursor {
	struct bytes left;
	const char *wrong;
};

static uint8_t peek(const struct cursor *cursor)
{
	return cursor->left.len == 0 ? 0 : cursor->left.at[0];
}

static void skip(struct cursor *cursor)
{
	cursor->left.at++;
	cursor->left.len--;
}

static void wrong(struct cursor *cursor, const char *why)
{
	if (cursor->wrong == NULL)
		cursor->wrong = why;
	cursor->left = BYTES_NONE;
}

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static int number(struct cursor *cursor, int digits, int min, int max, const char *why)
{
	int value = 0;
	for (int i = 0; i < digits; i++) {
		if (!is_digit(peek(cursor))) {
			wrong(cursor, why);
			return min;
		}
		value = value * 10 + (peek(cursor) - '0');
		skip(cursor);
	}
	if (value < min || value > max) {
		wrong(cursor, why);
		return min;
	}
	return value;
}

static void expect(struct cursor *cursor, char either, char or)
{
	uint8_t next = peek(cursor);
	if (next != 0 && (next == (uint8_t)either || next == (uint8_t)or))
		skip(cursor);
	else
		wrong(cursor, "it is not written as 2026-03-01T09:15:00Z");
}

static struct date read_date(struct cursor *cursor)
{
	struct date date;
	date.year = number(cursor, 4, 1, 9999, "the year is not one of 0001 to 9999");
	expect(cursor, '-', '-');
	date.month = number(cursor, 2, 1, 12, "the month is not one of 01 to 12");
	expect(cursor, '-', '-');
	date.day = number(cursor, 2, 1, month_days(date.year, date.month), "the month has no such day");
	return date;
}

/* Milliseconds; digits beyond the third are read and let go. */
static int read_fraction(struct cursor *cursor)
{
	if (peek(cursor) != '.')
		return 0;
	skip(cursor);
	int ms = 0;
	int scale = 100;
	if (!is_digit(peek(cursor)))
		wrong(cursor, "the fraction of a second has no digits");
	for (; is_digit(peek(cursor)); skip(cursor), scale /= 10)
		ms += (peek(cursor) - '0') * scale;
	return ms;
}

static int64_t read_offset_ms(struct cursor *cursor)
{
	uint8_t sign = peek(cursor);
	if (sign != '+' && sign != '-') {
		if (sign == 0)
			wrong(cursor, "the offset from UTC is missing");
		expect(cursor, 'Z', 'z');
		return 0;
	}
	skip(cursor);
	int hours = number(cursor, 2, 0, 23, "the offset's hours are not 00 to 23");
	expect(cursor, ':', ':');
	int minutes = number(cursor, 2, 0, 59, "the offset's minutes are not 00 to 59");
	int64_t offset = (int64_t)(hours * 60 + minutes) * 60000;
	return sign == '-' ? -offset : offset;
}

/* A leap second is the last of June or December in UTC (RFC 3339 §5.7); here it is the first second of what follows. */
static bool is_after_leap_second(int64_t ms)
{
	int64_t days = days_of_ms(ms);
	struct date date = date_of_days(days);
	return ms - days * MS_OF_DAY < 1000 && date.day == 1 && (date.month == 1 || date.month == 7);
}

static int64_t read_time(struct cursor *cursor, int64_t day_ms)
{
	expect(cursor, 'T', 't');
	int hour = number(cursor, 2, 0, 23, "the hour is not one of 00 to 23");
	expect(cursor, ':', ':');
	int minute = number(cursor, 2, 0, 59, "the minute is not one of 00 to 59");
	expect(cursor, ':', ':');
	int second = number(cursor, 2, 0, 60, "the second is not one of 00 to 60");
	int ms = read_fraction(cursor);
	int64_t offset = read_offset_ms(cursor);
	int64_t at = day_ms + (int64_t)hour * 3600000 + (int64_t)minute * 60000 + (int64_t)second * 1000 + ms - offset;
	if (cursor->wrong == NULL && (at < FIRST_MS || at > LAST_MS))
		wrong(cursor, "in UTC it is not in the years 0001 to 9999");
	else if (cursor->wrong == NULL && second == 60 && !is_after_leap_second(at))
		wrong(cursor, "there is no leap second then");
	return at;
}

RESULT clock_parse(struct bytes text, int64_t *ret_wall_ms, struct err *err)
{
	struct cursor cursor = {.left = text};
	struct date date = read_date(&cursor);
	int64_t at = date_days(date) * MS_OF_DAY;
	if (cursor.wrong == NULL && cursor.left.len > 0)
		at = read_time(&cursor, at);
	if (cursor.wrong == NULL && cursor.left.len > 0)
		wrong(&cursor, "something follows the time");
	if (cursor.wrong != NULL)
		return err_set(err, CODE_MALFORMED, "", "not a date or time: %s", cursor.wrong);
	*ret_wall_ms = at;
	return OK;
}

#include "broker/exchange/calendar.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/config/zone.h"

#include <stdlib.h>

enum { DAY_S = 86400, DAY_MS = DAY_S * 1000 };

struct calendar {
	struct zone *zone;
	int64_t *holidays; /* days since 1970-01-01, sorted */
	size_t holidays_count;
};

static int order_days(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
	return (left > right) - (left < right);
}

static result read_holidays(const struct conf_texts *dates, struct calendar *calendar, struct err *err)
{
	calendar->holidays = mem_array(dates->count + 1, sizeof(*calendar->holidays));
	for (size_t i = 0; i < dates->count; i++)
		if (!zone_read_date(bytes_text(dates->at[i]), &calendar->holidays[calendar->holidays_count++]))
			return err_set(err, CODE_CONFIG, "calendar.holidays", "\"%.40s\" is no date", dates->at[i]);
	qsort(calendar->holidays, calendar->holidays_count, sizeof(*calendar->holidays), order_days);
	return OK;
}

result calendar_new(const struct settings *settings, struct calendar **ret, struct err *err)
{
	struct calendar *calendar = mem_alloc(sizeof(*calendar));
	result r = zone_open(settings->calendar.timezone, &calendar->zone, err);
	if (FAILED(r))
		err_prefix(err, "calendar.timezone");
	else
		r = read_holidays(&settings->calendar.holidays, calendar, err);
	if (FAILED(r)) {
		calendar_free(calendar);
		return r;
	}
	*ret = calendar;
	return OK;
}

void calendar_free(struct calendar *calendar)
{
	if (!calendar)
		return;
	zone_free(calendar->zone);
	mem_free(calendar->holidays);
	mem_free(calendar);
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t local_day(const struct calendar *calendar, int64_t at)
{
	int64_t utc_s = floor_div(at, 1000);
	return floor_div(utc_s + zone_offset(calendar->zone, utc_s), DAY_S);
}

/* The last millisecond before the next day's first: so a day of 23 or 25 hours has its own end. */
static int64_t end_of_day(const struct calendar *calendar, int64_t day)
{
	return zone_utc(calendar->zone, (day + 1) * DAY_S) * 1000 - 1;
}

static bool is_business_day(const struct calendar *calendar, int64_t day)
{
	int64_t weekday = ((day + 4) % 7 + 7) % 7;
	return weekday != 0 && weekday != 6 &&
	       !bsearch(&day, calendar->holidays, calendar->holidays_count, sizeof(*calendar->holidays), order_days);
}

int64_t calendar_after(const struct calendar *calendar, const struct catalogue_span *span, int64_t from)
{
	if (!span->business_days)
		return from + span->ms;
	int64_t day = local_day(calendar, from);
	int64_t left = span->business_days < CALENDAR_BUSINESS_DAYS_MAX ? span->business_days : CALENDAR_BUSINESS_DAYS_MAX;
	while (left > 0)
		left -= is_business_day(calendar, ++day);
	return end_of_day(calendar, day);
}

result calendar_read(const struct calendar *calendar, struct bytes text, bool is_end_of_day, int64_t *ret, struct err *err)
{
	int64_t day;
	if (!zone_read_date(text, &day))
		return clock_parse(text, ret, err);
	*ret = is_end_of_day ? end_of_day(calendar, day) : end_of_day(calendar, day - 1) + 1;
	return OK;
}

int64_t calendar_year(const struct calendar *calendar, int64_t at)
{
	return zone_date_of(local_day(calendar, at)).year;
}

bool calendar_is_covered(const struct calendar *calendar, int64_t at)
{
	int64_t year = calendar_year(calendar, at);
	for (size_t i = 0; i < calendar->holidays_count; i++)
		if (zone_date_of(calendar->holidays[i]).year == year)
			return true;
	return false;
}

/* The hub's calendar: business days in one zone, with the holidays of the configuration. A span of N business days counts the day
 * of the event as day 0, leaves out Saturdays, Sundays and holidays, and ends with the last millisecond of the Nth business day,
 * local time. Thread: built by one thread, then immutable. */
#ifndef BROKER_EXCHANGE_CALENDAR_H
#define BROKER_EXCHANGE_CALENDAR_H

#include "broker/config/settings.h"
#include "schemas/catalogue.h"

enum { CALENDAR_BUSINESS_DAYS_MAX = 3660 };

struct calendar;

/* From the group `calendar`. config, with the setting as the field, for what the settings' own check would refuse. */
RESULT calendar_new(const struct settings *settings, struct calendar **ret, struct err *err);
void calendar_free(struct calendar *calendar); /* NULL is fine */

/* When a span that begins at an instant (wall ms) ends. More than CALENDAR_BUSINESS_DAYS_MAX counts as that many. */
int64_t calendar_after(const struct calendar *calendar, const struct catalogue_span *span, int64_t from);
/* An RFC 3339 date-time; or a date, which is that day's first millisecond, or its last one, local time. malformed. */
RESULT calendar_read(const struct calendar *calendar, struct bytes text, bool is_end_of_day, int64_t *ret, struct err *err);
/* Whether any holiday is configured in the local year of an instant: a deadline in a year without them may come days too early.
 */
bool calendar_is_covered(const struct calendar *calendar, int64_t at);
/* Local year of an instant, for the words of a warning. */
int64_t calendar_year(const struct calendar *calendar, int64_t at);

#endif

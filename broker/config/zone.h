/* Time zones, for the hub's calendar. libc converts to another zone only by way of the environment, which all threads share; so
 * the zone's own file is read here (RFC 8536), or a rule as POSIX writes it, and every conversion is a pure function of it.
 * Thread: built by one thread, then immutable. */
#ifndef BROKER_CONFIG_ZONE_H
#define BROKER_CONFIG_ZONE_H

#include "base/bytes.h"

struct zone;

/* A name of the system's zone folder ("America/New_York"), or a rule ("EST5EDT,M3.2.0,M11.1.0"). config with the reason. */
RESULT zone_open(const char *name, struct zone **ret, struct err *err);
void zone_free(struct zone *zone); /* NULL is fine */

/* Local time less UTC at an instant, in seconds. */
int64_t zone_offset(const struct zone *zone, int64_t utc_s);
/* The instant of a local time; the later one where there are two, the one after the gap where there is none. */
int64_t zone_utc(const struct zone *zone, int64_t local_s);

struct zone_date {
	int64_t year, month, day; /* 1–12, 1–31 */
};

/* Days since 1970-01-01 of the Gregorian calendar, and back. */
int64_t zone_days(struct zone_date date);
struct zone_date zone_date_of(int64_t days);
/* "2026-11-26" and nothing else; false for a day that there is not. */
bool zone_read_date(struct bytes text, int64_t *ret_days);

#endif

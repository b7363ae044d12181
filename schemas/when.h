/* Dates and times as agencies' systems write them, by a format of the configuration, and the zone that they leave out.
 *   dates  YYYY, MM or M, DD or D, and anything else as itself: "MM/DD/YYYY"
 *   times  HH or H, MM, SS, AP (AM or PM), and anything else as itself: "HH:MM", "H:MM AP"
 * Zones are an offset ("-05:00") or one of the names of the United States, with the rules for summer time since 1987. Thread:
 * any, pure. */
#ifndef SCHEMAS_WHEN_H
#define SCHEMAS_WHEN_H

#include "base/bytes.h"

enum { WHEN_TEXT_MAX = 40 };

struct when_date {
	int year, month, day;
};

struct when_time {
	int hour, minute, second;
};

struct when_zone {
	int offset_minutes; /* of standard time */
	bool has_summer;
};

/* What is wrong with the format, or NULL. */
const char *when_date_format_fault(const char *format);
const char *when_time_format_fault(const char *format);
/* False when the text is not in the format, or no such day or time exists. */
bool when_date(const char *format, struct bytes text, struct when_date *ret);
bool when_time(const char *format, struct bytes text, struct when_time *ret);
bool when_zone(const char *name, struct when_zone *ret);
/* RFC 3339 with the zone's offset at that time. Where clocks go back and an hour comes twice, it is the first. What is wrong, or
 * NULL. */
const char *when_stamp(const struct when_zone *zone, struct when_date date, struct when_time time,
                       char into[static WHEN_TEXT_MAX]);
char *when_date_text(struct when_date date, char into[static WHEN_TEXT_MAX]); /* YYYY-MM-DD; returns into */

#endif

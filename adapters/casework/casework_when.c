#include "adapters/casework/casework_when.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const char own_zone[] = "America/New_York";
static const char bad_stamp[] = "is not a time like 2024-01-15T10:30:00-05:00 or 15 January 2024, 10:30:00 am";
static const char bad_date[] = "is not a date like 2024-01-15 or 15 January 2024";

/* "15 January 2024" at the start; the rest stays in *text. */
static bool take_words(struct bytes *text, struct when_date *ret)
{
	static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
	                                     "July",    "August",   "September", "October", "November", "December"};
	char plain[WHEN_TEXT_MAX];
	size_t day = 0;
	while (day < text->len && text->at[day] >= '0' && text->at[day] <= '9')
		day++;
	for (size_t i = 0; i < 12; i++) {
		size_t len = strlen(months[i]), whole = day + 1 + len + 5;
		if (day == 0 || day > 2 || text->len < whole || text->at[day] != ' ' ||
		    !text_equal_nocase(bytes_of(text->at + day + 1, len), bytes_text(months[i])))
			continue;
		snprintf(plain, sizeof(plain), "%.*s/%zu/%.4s", (int)day, (const char *)text->at, i + 1, (const char *)text->at + day + 1 + len + 1);
		if (text->at[day + 1 + len] != ' ' || !when_date("D/M/YYYY", bytes_text(plain), ret))
			return false;
		*text = bytes_of(text->at + whole, text->len - whole);
		return true;
	}
	return false;
}

static bool take_iso(struct bytes *text, struct when_date *ret)
{
	if (text->len < 10 || !when_date("YYYY-MM-DD", bytes_of(text->at, 10), ret))
		return false;
	*text = bytes_of(text->at + 10, text->len - 10);
	return true;
}

/* A fraction of a second says nothing here. */
static bool take_clock(struct bytes text, struct when_time *ret)
{
	size_t digits = 0;
	if (text.len > 9 && text.at[8] == '.') {
		while (9 + digits < text.len && text.at[9 + digits] >= '0' && text.at[9 + digits] <= '9')
			digits++;
		if (digits == 0 || 9 + digits != text.len)
			return false;
		text.len = 8;
	}
	return when_time("HH:MM:SS", text, ret) || when_time("HH:MM", text, ret);
}

static bool has_zone(struct bytes text)
{
	return text.len >= 20 && (text.at[text.len - 1] == 'Z' || (text.at[text.len - 3] == ':' && strchr("+-", text.at[text.len - 6])));
}

const char *casework_when_stamp(struct bytes text, char into[static WHEN_TEXT_MAX])
{
	struct bytes rest = text;
	struct when_date date;
	struct when_time time;
	struct when_zone zone;
	when_zone(own_zone, &zone);
	if (take_words(&rest, &date)) {
		if (!bytes_starts(rest, ", ") || !when_time("H:MM:SS AP", bytes_of(rest.at + 2, rest.len - 2), &time))
			return bad_stamp;
		return when_stamp(&zone, date, time, into);
	}
	if (!take_iso(&rest, &date) || rest.len < 6 || rest.at[0] != 'T')
		return bad_stamp;
	if (has_zone(text) && text.len < WHEN_TEXT_MAX) {
		snprintf(into, WHEN_TEXT_MAX, "%.*s", (int)text.len, (const char *)text.at);
		return NULL; /* for the schema to judge */
	}
	return take_clock(bytes_of(rest.at + 1, rest.len - 1), &time) ? when_stamp(&zone, date, time, into) : bad_stamp;
}

const char *casework_when_date(struct bytes text, char into[static WHEN_TEXT_MAX])
{
	struct bytes rest = text;
	struct when_date date;
	char ignored[WHEN_TEXT_MAX];
	if (!take_words(&rest, &date) && !take_iso(&rest, &date))
		return bad_date;
	if (rest.len && casework_when_stamp(text, ignored))
		return bad_date;
	when_date_text(date, into);
	return NULL;
}

#include "schemas/format.h"

#include <string.h>

/* A cursor over text; failure is sticky. */
struct eye {
	const uint8_t *at, *end;
	bool failed;
};

static int digits(struct eye *eye, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++, eye->at++) {
		if (eye->failed || eye->at == eye->end || *eye->at < '0' || *eye->at > '9') {
			eye->failed = true;
			return 0;
		}
		value = value * 10 + (*eye->at - '0');
	}
	return value;
}

/* Takes the next character if it is one of these. */
static char one_of(struct eye *eye, const char *these)
{
	if (eye->failed || eye->at == eye->end || *eye->at == 0 || !strchr(these, *eye->at)) {
		eye->failed = true;
		return 0;
	}
	return (char)*eye->at++;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static void date(struct eye *eye)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = digits(eye, 4);
	one_of(eye, "-");
	int month = digits(eye, 2);
	one_of(eye, "-");
	int day = digits(eye, 2);
	if (eye->failed || month < 1 || month > 12 || day < 1 || day > days[month - 1] + (month == 2 && is_leap(year)))
		eye->failed = true;
}

static void fraction(struct eye *eye)
{
	if (eye->at == eye->end || *eye->at != '.')
		return;
	eye->at++;
	digits(eye, 1);
	while (eye->at < eye->end && *eye->at >= '0' && *eye->at <= '9')
		eye->at++;
}

static void time_with_zone(struct eye *eye)
{
	int hour = digits(eye, 2);
	one_of(eye, ":");
	int minute = digits(eye, 2);
	one_of(eye, ":");
	int second = digits(eye, 2);
	fraction(eye);
	char zone = one_of(eye, "zZ+-");
	int offset = 0;
	if (zone == '+' || zone == '-') {
		int hours = digits(eye, 2);
		one_of(eye, ":");
		int minutes = digits(eye, 2);
		if (hours > 23 || minutes > 59)
			eye->failed = true;
		offset = (zone == '-' ? 1 : -1) * (hours * 60 + minutes);
	}
	int utc = (hour * 60 + minute + offset + 2 * 1440) % 1440;
	if (hour > 23 || minute > 59 || second > 60 || (second == 60 && utc != 1439))
		eye->failed = true;
}

static void uuid(struct eye *eye)
{
	static const int groups[] = {8, 4, 4, 4, 12};
	for (size_t group = 0; group < 5; group++) {
		if (group > 0)
			one_of(eye, "-");
		for (int i = 0; i < groups[group]; i++)
			one_of(eye, "0123456789abcdefABCDEF");
	}
}

/* What an address in practice looks like, not all that RFC 5321 allows: no quotes, no brackets. */
static void email(struct eye *eye)
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~";
	static const char label[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	const char *allowed = word;
	bool in_domain = false;
	one_of(eye, word);
	while (!eye->failed && eye->at < eye->end) {
		if (*eye->at == '@' && !in_domain) {
			in_domain = true;
			allowed = label;
		} else if (*eye->at != '.') {
			one_of(eye, allowed);
			continue;
		}
		eye->at++;
		one_of(eye, allowed);
	}
	if (!in_domain)
		eye->failed = true;
}

bool format_find(struct bytes name, enum format *ret)
{
	static const char *const names[FORMAT_COUNT] = {"date", "date-time", "uuid", "email"};
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (!bytes_is(name, names[i]))
			continue;
		*ret = (enum format)i;
		return true;
	}
	return false;
}

bool format_fits(enum format format, struct bytes text)
{
	struct eye eye = {.at = text.at, .end = text.len ? text.at + text.len : text.at};
	switch (format) {
	case FORMAT_DATE:
		date(&eye);
		break;
	case FORMAT_DATE_TIME:
		date(&eye);
		one_of(&eye, "Tt");
		time_with_zone(&eye);
		break;
	case FORMAT_UUID:
		uuid(&eye);
		break;
	case FORMAT_EMAIL:
		email(&eye);
		break;
	case FORMAT_COUNT:
		break;
	}
	return !eye.failed && eye.at == eye.end;
}

const char *format_words(enum format format)
{
	static const char *const words[FORMAT_COUNT] = {
		"a date like 2026-03-01",
		"a date and time with its zone, like 2026-03-01T09:30:00-05:00",
		"a UUID like 019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61",
		"an e-mail address like clerk@example.org",
	};
	return words[format];
}

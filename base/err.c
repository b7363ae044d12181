#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *text;
	enum code_class class;
	const char *who;
	const char *remedy;
} codes[CODE_COUNT] = {
#define CODE(symbol, text, class, who, remedy) [CODE_##symbol] = {text, CODE_CLASS_##class, who, remedy},
#include "base/codes.def"
#undef CODE
};

/* Bytes that a UTF-8 sequence with this first byte has; 1 for what is no first byte. */
static size_t sequence_len(unsigned char first)
{
	if (first >= 0xf0)
		return 4;
	if (first >= 0xe0)
		return 3;
	return first >= 0xc0 ? 2 : 1;
}

/* Field and reason travel to other parties as text: a cut must not leave half a character, which they would refuse. */
static void trim_half_character(char *text, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char byte = (unsigned char)text[len - back];
		if ((byte & 0xc0) == 0x80)
			continue;
		if (sequence_len(byte) > back)
			text[len - back] = '\0';
		return;
	}
}

static void put(char *into, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);
	memcpy(into, text, len);
	into[len] = '\0';
	trim_half_character(into, len);
}

result err_set(struct err *err, enum code code, const char *field, const char *format, ...)
{
	if (err == NULL)
		return (result){code};
	/* By way of a second one: field and the arguments may point into *err itself. */
	struct err next = {.code = code};
	char reason[ERR_REASON_MAX];
	va_list arguments;
	va_start(arguments, format);
	if (vsnprintf(reason, sizeof reason, format, arguments) < 0)
		reason[0] = '\0';
	va_end(arguments);
	put(next.field, sizeof next.field, field == NULL ? "" : field);
	put(next.reason, sizeof next.reason, reason);
	*err = next;
	return (result){code};
}

void err_prefix(struct err *err, const char *prefix)
{
	if (err == NULL || prefix == NULL)
		return;
	char whole[2 * ERR_FIELD_MAX];
	snprintf(whole, sizeof whole, "%.*s%s", ERR_FIELD_MAX, prefix, err->field);
	put(err->field, sizeof err->field, whole);
}

static enum code code_of_errno(int number)
{
	switch (number) {
	case ENOSPC:
	case EDQUOT:
		return CODE_FULL;
	case EACCES:
	case EPERM:
		return CODE_PERMISSION;
	default:
		return CODE_IO;
	}
}

result err_errno(struct err *err, const char *field, const char *what)
{
	int number = errno;
	char space[128];
	const char *words = strerror_r(number, space, sizeof space);
	return err_set(err, code_of_errno(number), field, "%s: %s", what, words);
}

const char *err_text(const struct err *err, char *into, size_t size)
{
	if (size == 0)
		return into;
	bool has_field = err->field[0] != '\0';
	bool has_reason = err->reason[0] != '\0';
	char whole[ERR_FIELD_MAX + ERR_REASON_MAX + 64];
	snprintf(whole, sizeof whole, "%s%s%s%s%s", code_text(err->code), has_field ? ": " : "", err->field, has_reason ? ": " : "",
	         err->reason);
	put(into, size, whole);
	return into;
}

static bool is_code(enum code code)
{
	return (unsigned)code < CODE_COUNT;
}

const char *code_text(enum code code)
{
	return is_code(code) ? codes[code].text : "unknown";
}

bool code_from_text(const char *text, size_t len, enum code *ret)
{
	for (size_t i = 0; i < CODE_COUNT; i++) {
		if (strlen(codes[i].text) == len && memcmp(codes[i].text, text, len) == 0) {
			*ret = (enum code)i;
			return true;
		}
	}
	return false;
}

enum code_class code_class_of(enum code code)
{
	return is_code(code) ? codes[code].class : CODE_CLASS_NONE;
}

const char *code_who(enum code code)
{
	return is_code(code) ? codes[code].who : "";
}

const char *code_remedy(enum code code)
{
	return is_code(code) ? codes[code].remedy : "";
}

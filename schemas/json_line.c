#include "schemas/json_line.h"

#include "base/text.h"

#include <string.h>

enum { LINE_TOKEN_MAX = 256 };

struct place {
	const uint8_t *at, *end;
	int line;
};

static void skip_blank(struct place *place)
{
	for (; place->at < place->end && strchr(" \t\r\n", *place->at) && *place->at; place->at++)
		place->line += *place->at == '\n';
}

static uint8_t next(struct place *place)
{
	skip_blank(place);
	return place->at < place->end ? *place->at : 0;
}

/* A string, without its quotes and as it is written. */
static struct bytes take_string(struct place *place)
{
	const uint8_t *start = ++place->at;
	while (place->at < place->end && *place->at != '"')
		place->at += *place->at == '\\' && place->at + 1 < place->end ? 2 : 1;
	struct bytes text = bytes_of(start, (size_t)(place->at - start));
	place->at += place->at < place->end;
	return text;
}

static void skip_value(struct place *place)
{
	int depth = 0;
	do {
		uint8_t c = next(place);
		if (place->at >= place->end)
			return;
		if (c == '"') {
			take_string(place);
			continue;
		}
		depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
		place->at++;
		bool is_word = !strchr("{}[],:", c);
		while (is_word && place->at < place->end && !strchr("{}[],: \t\r\n", *place->at))
			place->at++;
	} while (depth > 0);
}

/* The pointer's next token as it would be written in JSON, but for letters that JSON may write in two ways. */
static size_t take_token(const char **pointer, char into[static LINE_TOKEN_MAX])
{
	size_t len = 0;
	const char *at = *pointer + 1;
	for (; *at && *at != '/'; at++) {
		char c = *at == '~' && at[1] == '0' ? '~' : *at == '~' && at[1] == '1' ? '/' : *at;
		at += *at == '~' && (at[1] == '0' || at[1] == '1');
		if ((c == '"' || c == '\\') && len < LINE_TOKEN_MAX - 1)
			into[len++] = '\\';
		if (len < LINE_TOKEN_MAX - 1)
			into[len++] = c;
	}
	into[len] = 0;
	*pointer = at;
	return len;
}

/* Goes to the member's value; *ret_line is where its name stands. */
static bool find_member(struct place *place, struct bytes name, int *ret_line)
{
	place->at++;
	while (next(place) == '"') {
		int line = place->line;
		bool is_it = bytes_equal(take_string(place), name);
		if (next(place) != ':')
			return false;
		place->at++;
		if (is_it) {
			*ret_line = line;
			return true;
		}
		skip_value(place);
		if (next(place) != ',')
			return false;
		place->at++;
	}
	return false;
}

static bool find_element(struct place *place, struct bytes index, int *ret_line)
{
	int64_t count = 0;
	struct err ignored;
	if (FAILED(text_int(index, 0, INT32_MAX, &count, &ignored)))
		return false;
	place->at++;
	for (int64_t i = 0; i < count; i++) {
		if (next(place) == ']')
			return false;
		skip_value(place);
		if (next(place) != ',')
			return false;
		place->at++;
	}
	if (next(place) == ']' || place->at >= place->end)
		return false;
	*ret_line = place->line;
	return true;
}

int json_line(struct bytes json, const char *pointer)
{
	struct place place = {json.at, json.at + json.len, 1};
	int line = 1;
	bool found = true;
	if (json.len >= 3 && bytes_starts(json, "\xef\xbb\xbf"))
		place.at += 3;
	next(&place);
	line = place.line;
	while (found && *pointer == '/') {
		char token[LINE_TOKEN_MAX];
		struct bytes name = bytes_of(token, take_token(&pointer, token));
		uint8_t c = next(&place);
		found = c == '{' ? find_member(&place, name, &line) : c == '[' && find_element(&place, name, &line);
	}
	return line;
}

int json_line_of(const struct err *err)
{
	const char *digits = err->reason + 5;
	struct err ignored;
	int64_t line = 1;
	if (strncmp(err->reason, "line ", 5) != 0 ||
	    FAILED(text_int(bytes_of(digits, strspn(digits, "0123456789")), 1, INT32_MAX, &line, &ignored)))
		return 1;
	return (int)line;
}

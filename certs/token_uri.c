#include "certs/token_uri.h"

#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "certs/secret_file.h"

#define SCHEME "pkcs11:"

bool token_uri_is(const char *text)
{
	return strncmp(text, SCHEME, strlen(SCHEME)) == 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The bytes of a value without its percent signs; false when it does not fit or is cut. */
static bool decode(struct bytes value, uint8_t *into, size_t size, size_t *ret_len)
{
	size_t len = 0;

	for (size_t i = 0; i < value.len; i++) {
		int byte = value.at[i];
		if (byte == '%') {
			bool is_whole = value.len - i > 2;
			int high = is_whole ? hex_digit((char)value.at[i + 1]) : -1, low = is_whole ? hex_digit((char)value.at[i + 2]) : -1;
			if (high < 0 || low < 0)
				return false;
			byte = high * 16 + low;
			i += 2;
		}
		if (len == size)
			return false;
		into[len++] = (uint8_t)byte;
	}
	*ret_len = len;
	return true;
}

struct attribute {
	const char *name;
	size_t offset;
	bool is_query;
};

static const struct attribute attributes[] = {
	{"token", offsetof(struct token_uri, token), false},
	{"manufacturer", offsetof(struct token_uri, manufacturer), false},
	{"model", offsetof(struct token_uri, model), false},
	{"serial", offsetof(struct token_uri, serial), false},
	{"object", offsetof(struct token_uri, object), false},
	{"module-path", offsetof(struct token_uri, module), true},
	{"pin-source", offsetof(struct token_uri, pin_source), true},
};

static RESULT take_text(const struct attribute *attribute, struct bytes value, struct token_uri *uri, struct err *err)
{
	char *into = (char *)uri + attribute->offset;
	size_t len = 0;

	if (into[0] != '\0')
		return err_set(err, CODE_KEY, uri->shown, "%s is there twice", attribute->name);
	if (!decode(value, (uint8_t *)into, TOKEN_URI_TEXT_MAX - 1, &len) || memchr(into, '\0', len) != NULL || len == 0)
		return err_set(err, CODE_KEY, uri->shown, "%s cannot be read; write 1 to %d characters, others than letters, digits and -._ as %%XX",
		               attribute->name, TOKEN_URI_TEXT_MAX - 1);
	into[len] = '\0';
	return OK;
}

static RESULT take_id(struct bytes value, struct token_uri *uri, struct err *err)
{
	if (uri->id_len > 0 || !decode(value, uri->id, sizeof(uri->id), &uri->id_len) || uri->id_len == 0)
		return err_set(err, CODE_KEY, uri->shown, "id cannot be read, or is there twice; write its bytes as %%XX");
	return OK;
}

/* Values are never repeated: one of them may be a PIN. */
static RESULT take_attribute(struct bytes pair, bool is_query, struct token_uri *uri, struct err *err)
{
	const uint8_t *equals = pair.len > 0 ? memchr(pair.at, '=', pair.len) : NULL;
	struct bytes name = bytes_of(pair.at, equals != NULL ? (size_t)(equals - pair.at) : pair.len);
	struct bytes value = equals != NULL ? bytes_of(equals + 1, pair.len - name.len - 1) : BYTES_NONE;

	if (bytes_is(name, "pin-value"))
		return err_set(err, CODE_KEY, uri->shown, "a PIN does not belong into the URI; put it into a file of mode 600 and give pin-source=/path");
	if (bytes_is(name, "type") && !is_query)
		return bytes_is(value, "private") ? OK : err_set(err, CODE_KEY, uri->shown, "its type is not private");
	if (bytes_is(name, "id") && !is_query)
		return take_id(value, uri, err);
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		if (attributes[i].is_query == is_query && bytes_is(name, attributes[i].name))
			return take_text(&attributes[i], value, uri, err);
	return err_set(err, CODE_KEY, uri->shown, "has an attribute that is not known; write token, serial, model, manufacturer, object, id, type, and after"
	                                          " the ? module-path and pin-source");
}

static RESULT take_all(struct bytes rest, char separator, bool is_query, struct token_uri *uri, struct err *err)
{
	while (rest.len > 0) {
		const uint8_t *end = memchr(rest.at, separator, rest.len);
		size_t len = end != NULL ? (size_t)(end - rest.at) : rest.len;
		TRY(take_attribute(bytes_of(rest.at, len), is_query, uri, err));
		rest = end != NULL ? bytes_of(end + 1, rest.len - len - 1) : BYTES_NONE;
	}
	return OK;
}

static RESULT check(struct token_uri *uri, struct err *err)
{
	static const char file[] = "file:";
	char *source = uri->pin_source;

	if (uri->object[0] == '\0' && uri->id_len == 0)
		return err_set(err, CODE_KEY, uri->shown, "names no key; give object=LABEL or id=%%XX");
	if (strncmp(source, file, strlen(file)) == 0)
		memmove(source, source + strlen(file), strlen(source + strlen(file)) + 1);
	if (source[0] != '\0' && source[0] != '/' && !secret_file_is_credential(source))
		return err_set(err, CODE_KEY, uri->shown, "pin-source is neither a whole path nor credential:NAME");
	if (uri->module[0] != '\0' && uri->module[0] != '/')
		return err_set(err, CODE_KEY, uri->shown, "module-path is no whole path");
	return OK;
}

result token_uri_parse(const char *text, struct token_uri *ret, struct err *err)
{
	struct token_uri uri = {.id_len = 0};

	if (!token_uri_is(text))
		return err_set(err, CODE_KEY, "", "is no URI of a token; it begins with " SCHEME);
	struct bytes path = bytes_text(text + strlen(SCHEME)), query = BYTES_NONE;
	const uint8_t *mark = path.len > 0 ? memchr(path.at, '?', path.len) : NULL;
	if (mark != NULL) {
		query = bytes_of(mark + 1, path.len - (size_t)(mark - path.at) - 1);
		path.len = (size_t)(mark - path.at);
	}
	/* A PIN that was put into the wrong half must not be shown either. */
	bool shows_pin = memmem(path.at, path.len, "pin-", 4) != NULL;
	size_t shown = strlen(SCHEME) + (shows_pin ? 0 : path.len);
	if (shown >= sizeof(uri.shown))
		return err_set(err, CODE_KEY, SCHEME, "is too long");
	memcpy(uri.shown, text, shown);
	TRY(take_all(path, ';', false, &uri, err));
	TRY(take_all(query, '&', true, &uri, err));
	TRY(check(&uri, err));
	*ret = uri;
	return OK;
}

result token_uri_pin(const struct token_uri *uri, char into[static TOKEN_URI_PIN_MAX], size_t *ret_len, struct err *err)
{
	struct secret_file file;

	*ret_len = 0;
	if (uri->pin_source[0] == '\0')
		return OK;
	TRY(secret_file_read(uri->pin_source, "PIN", TOKEN_URI_PIN_MAX, &file, err));
	size_t len = file.bytes.len;
	const uint8_t *end = len > 0 ? memchr(file.bytes.at, '\n', len) : NULL;
	if (end != NULL)
		len = (size_t)(end - file.bytes.at);
	if (len > 0 && len < TOKEN_URI_PIN_MAX) {
		memcpy(into, file.bytes.at, len);
		into[len] = '\0';
		*ret_len = len;
	}
	secret_file_done(&file);
	if (*ret_len == 0)
		return err_set(err, CODE_KEY, uri->pin_source, "its first line is no PIN");
	return OK;
}

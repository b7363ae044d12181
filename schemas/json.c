#include "schemas/json.h"

#include "base/mem.h"
#include "base/text.h"
#include "schemas/pointer.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE64_KEY "$base64"

/* jansson's words end in a quotation of the input, and what is in a body must not get into a log. */
static result refuse_syntax(const json_error_t *fault, struct err *err)
{
	char reason[JSON_ERROR_TEXT_LENGTH];
	snprintf(reason, sizeof(reason), "%s", fault->text);
	char *quotation = strstr(reason, " near ");
	if (quotation)
		*quotation = '\0';
	return err_set(err, CODE_MALFORMED, "", "line %d, column %d: %s", fault->line, fault->column, reason);
}

static result put_value(const json_t *value, int depth, struct buf *out, struct err *err);

static struct bytes string_of(const json_t *value)
{
	return bytes_of(json_string_value(value), json_string_length(value));
}

static result put_array(const json_t *array, int depth, struct buf *out, struct err *err)
{
	char place[ERR_FIELD_MAX];
	size_t count = json_array_size(array);
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++) {
		result r = put_value(json_array_get(array, i), depth + 1, out, err);
		if (FAILED(r)) {
			err_prefix(err, pointer_index("", i, place));
			return r;
		}
	}
	return OK;
}

static result put_base64(const json_t *text, struct buf *out, struct err *err)
{
	struct buf raw;
	if (!json_is_string(text))
		return err_set(err, CODE_MALFORMED, "", "the value of %s is not text", BASE64_KEY);
	buf_init(&raw, json_string_length(text));
	result r = text_unbase64(string_of(text), &raw, err);
	if (FAILED(r))
		r = err_set(err, CODE_MALFORMED, "", "is not base64 with padding");
	else
		pack_put_bin(out, buf_bytes(&raw));
	buf_done(&raw);
	return r;
}

static result put_object(json_t *object, int depth, struct buf *out, struct err *err)
{
	char place[ERR_FIELD_MAX];
	const char *key;
	json_t *value;
	if (json_object_size(object) == 1 && (value = json_object_get(object, BASE64_KEY)))
		return put_base64(value, out, err);
	pack_put_map(out, json_object_size(object));
	json_object_foreach (object, key, value) {
		pack_put_str(out, key);
		result r = put_value(value, depth + 1, out, err);
		if (FAILED(r)) {
			err_prefix(err, pointer_key("", bytes_text(key), place));
			return r;
		}
	}
	return OK;
}

static result put_value(const json_t *value, int depth, struct buf *out, struct err *err)
{
	/* The recursion's own bound; the scan of what was written judges the depth. */
	if (depth > PACK_DEPTH_MAX + 1)
		return err_set(err, CODE_MALFORMED, "", "is nested deeper than %d", PACK_DEPTH_MAX);
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return put_object((json_t *)(uintptr_t)value, depth, out, err);
	case JSON_ARRAY:
		return put_array(value, depth, out, err);
	case JSON_STRING:
		pack_put_text(out, string_of(value));
		return OK;
	case JSON_INTEGER:
		pack_put_int(out, json_integer_value(value));
		return OK;
	case JSON_REAL:
		pack_put_float(out, json_real_value(value));
		return OK;
	case JSON_TRUE:
	case JSON_FALSE:
		pack_put_bool(out, json_is_true(value));
		return OK;
	case JSON_NULL:
		pack_put_nil(out);
		return OK;
	}
	return err_set(err, CODE_MALFORMED, "", "is of no known kind");
}

result json_to_pack(struct bytes json, struct buf *out, struct err *err)
{
	json_error_t fault;
	size_t start = out->len;
	const char *text = json.len ? (const char *)json.at : "";
	json_t *value = json_loadb(text, json.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &fault);
	if (!value)
		return refuse_syntax(&fault, err);
	result r = put_value(value, 0, out, err);
	json_decref(value);
	if (!FAILED(r))
		r = buf_check(out, "", err);
	if (!FAILED(r))
		r = pack_scan(buf_from(out, start), err);
	if (FAILED(r))
		out->len = start;
	return r;
}

/* Where the text goes and how it is set. */
struct printer {
	struct buf *out;
	int indent;
	int depth;
};

static void new_line(struct printer *printer)
{
	if (printer->indent > 0)
		buf_printf(printer->out, "\n%*s", printer->indent * printer->depth, "");
}

/* The shortest decimal that reads back as the same number, with a point or an exponent, so that it stays a float. */
static void print_float(struct printer *printer, double number, struct pack_in *in)
{
	char text[40];
	if (!isfinite(number)) {
		pack_fail(in, CODE_MALFORMED, "", "is a number that JSON cannot say");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	buf_add_text(printer->out, text);
	if (!strpbrk(text, ".e"))
		buf_add_text(printer->out, ".0");
}

static void print_value(struct printer *printer, struct pack_in *in);

static void print_array(struct printer *printer, size_t count, struct pack_in *in)
{
	buf_add_byte(printer->out, '[');
	printer->depth++;
	for (size_t i = 0; i < count && !in->failed; i++) {
		if (i > 0)
			buf_add_byte(printer->out, ',');
		new_line(printer);
		print_value(printer, in);
	}
	printer->depth--;
	if (count > 0)
		new_line(printer);
	buf_add_byte(printer->out, ']');
}

static void print_map(struct printer *printer, size_t count, struct pack_in *in)
{
	buf_add_byte(printer->out, '{');
	printer->depth++;
	for (size_t i = 0; i < count && !in->failed; i++) {
		if (i > 0)
			buf_add_byte(printer->out, ',');
		new_line(printer);
		text_json(pack_text(in, "", SIZE_MAX), printer->out);
		buf_add_text(printer->out, printer->indent > 0 ? ": " : ":");
		print_value(printer, in);
	}
	printer->depth--;
	if (count > 0)
		new_line(printer);
	buf_add_byte(printer->out, '}');
}

static void print_bin(struct printer *printer, struct bytes bytes)
{
	buf_add_text(printer->out, printer->indent > 0 ? "{\"" BASE64_KEY "\": \"" : "{\"" BASE64_KEY "\":\"");
	text_base64(bytes, printer->out);
	buf_add_text(printer->out, "\"}");
}

static void print_value(struct printer *printer, struct pack_in *in)
{
	struct pack_item item = pack_next(in, "");
	if (printer->depth > PACK_DEPTH_MAX)
		pack_fail(in, CODE_MALFORMED, "", "is nested too deep");
	if (in->failed)
		return;
	switch (item.kind) {
	case PACK_NIL:
		buf_add_text(printer->out, "null");
		break;
	case PACK_BOOL:
		buf_add_text(printer->out, item.truth ? "true" : "false");
		break;
	case PACK_INT:
		buf_printf(printer->out, "%lld", (long long)item.integer);
		break;
	case PACK_FLOAT:
		print_float(printer, item.number, in);
		break;
	case PACK_TEXT:
		text_json(item.bytes, printer->out);
		break;
	case PACK_BIN:
		print_bin(printer, item.bytes);
		break;
	case PACK_ARRAY:
		print_array(printer, item.count, in);
		break;
	case PACK_MAP:
		print_map(printer, item.count, in);
		break;
	}
}

result json_from_pack(struct bytes packed, int indent, struct buf *out, struct err *err)
{
	size_t start = out->len;
	struct pack_in in = pack_in(packed, err);
	struct printer printer = {.out = out, .indent = indent};
	print_value(&printer, &in);
	result r = pack_end(&in);
	if (!FAILED(r))
		r = buf_check(out, "", err);
	if (FAILED(r))
		out->len = start;
	return r;
}

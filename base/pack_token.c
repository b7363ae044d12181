#include "base/pack_token.h"

#include <string.h>

enum form { FORM_NIL, FORM_FALSE, FORM_TRUE, FORM_UNSIGNED, FORM_SIGNED, FORM_FLOAT, FORM_TEXT, FORM_BIN, FORM_ARRAY, FORM_MAP,
            FORM_EXTENSION, FORM_UNUSED };

/* What the first bytes 0xc0 to 0xdf announce, and how many bytes of number or length follow. */
static const struct {
	uint8_t form, width;
} forms[32] = {
	{FORM_NIL, 0},       {FORM_UNUSED, 0},    {FORM_FALSE, 0},     {FORM_TRUE, 0},      {FORM_BIN, 1},       {FORM_BIN, 2},
	{FORM_BIN, 4},       {FORM_EXTENSION, 0}, {FORM_EXTENSION, 0}, {FORM_EXTENSION, 0}, {FORM_FLOAT, 4},     {FORM_FLOAT, 8},
	{FORM_UNSIGNED, 1},  {FORM_UNSIGNED, 2},  {FORM_UNSIGNED, 4},  {FORM_UNSIGNED, 8},  {FORM_SIGNED, 1},    {FORM_SIGNED, 2},
	{FORM_SIGNED, 4},    {FORM_SIGNED, 8},    {FORM_EXTENSION, 0}, {FORM_EXTENSION, 0}, {FORM_EXTENSION, 0}, {FORM_EXTENSION, 0},
	{FORM_EXTENSION, 0}, {FORM_TEXT, 1},      {FORM_TEXT, 2},      {FORM_TEXT, 4},      {FORM_ARRAY, 2},     {FORM_ARRAY, 4},
	{FORM_MAP, 2},       {FORM_MAP, 4},
};

static uint64_t big_endian(const uint8_t *at, size_t width)
{
	uint64_t number = 0;
	for (size_t i = 0; i < width; i++)
		number = number << 8 | at[i];
	return number;
}

static int64_t sign_extend(uint64_t number, size_t width)
{
	unsigned shift = 64 - 8 * (unsigned)width;
	return (int64_t)(number << shift) >> shift;
}

static double float_of(uint64_t bits, size_t width)
{
	if (width == 4) {
		uint32_t half = (uint32_t)bits;
		float single = 0;
		memcpy(&single, &half, sizeof single);
		return single;
	}
	double number = 0;
	memcpy(&number, &bits, sizeof number);
	return number;
}

/* Text and bytes must be there; so must at least one byte for each element that an array or a map announces. */
static const char *take_sized(const uint8_t **at, const uint8_t *end, enum pack_kind kind, uint64_t len, struct pack_item *ret)
{
	size_t left = (size_t)(end - *at);
	ret->kind = kind;
	if (kind == PACK_ARRAY || kind == PACK_MAP) {
		ret->count = (size_t)len;
		return len > (kind == PACK_MAP ? left / 2 : left) ? "it announces more elements than bytes are left" : NULL;
	}
	if (len > left)
		return "it ends too early";
	ret->bytes = bytes_of(*at, (size_t)len);
	*at += len;
	return NULL;
}

static const char *take_int(enum form form, uint64_t number, size_t width, struct pack_item *ret)
{
	ret->kind = PACK_INT;
	if (form == FORM_UNSIGNED && number > INT64_MAX)
		return "the integer is beyond 64 bits with sign";
	ret->integer = form == FORM_SIGNED ? sign_extend(number, width) : (int64_t)number;
	return NULL;
}

static const char *take_long(const uint8_t **at, const uint8_t *end, uint8_t first, struct pack_item *ret)
{
	enum form form = (enum form)forms[first - 0xc0].form;
	size_t width = forms[first - 0xc0].width;
	if ((size_t)(end - *at) < width)
		return "it ends too early";
	uint64_t number = big_endian(*at, width);
	*at += width;
	switch (form) {
	case FORM_NIL:
		ret->kind = PACK_NIL;
		return NULL;
	case FORM_FALSE:
	case FORM_TRUE:
		*ret = (struct pack_item){.kind = PACK_BOOL, .truth = form == FORM_TRUE};
		return NULL;
	case FORM_UNSIGNED:
	case FORM_SIGNED:
		return take_int(form, number, width, ret);
	case FORM_FLOAT:
		*ret = (struct pack_item){.kind = PACK_FLOAT, .number = float_of(number, width)};
		return NULL;
	case FORM_TEXT:
		return take_sized(at, end, PACK_TEXT, number, ret);
	case FORM_BIN:
		return take_sized(at, end, PACK_BIN, number, ret);
	case FORM_ARRAY:
		return take_sized(at, end, PACK_ARRAY, number, ret);
	case FORM_MAP:
		return take_sized(at, end, PACK_MAP, number, ret);
	case FORM_EXTENSION:
		return "extension types are not used";
	case FORM_UNUSED:
		break;
	}
	return "0xc1 begins no value";
}

const char *pack_token(const uint8_t **at, const uint8_t *end, struct pack_item *ret)
{
	if (*at == end)
		return "it ends too early";
	uint8_t first = *(*at)++;
	if (first < 0x80 || first >= 0xe0) {
		*ret = (struct pack_item){.kind = PACK_INT, .integer = (int8_t)first};
		return NULL;
	}
	if (first >= 0xc0)
		return take_long(at, end, first, ret);
	if (first >= 0xa0)
		return take_sized(at, end, PACK_TEXT, first & 0x1f, ret);
	return take_sized(at, end, first >= 0x90 ? PACK_ARRAY : PACK_MAP, first & 0x0f, ret);
}

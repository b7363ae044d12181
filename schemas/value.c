#include "schemas/value.h"

#include <math.h>

/* The first double beyond int64, and the first of those between which there are no fractions. */
#define TWO_TO_63 9223372036854775808.0
#define TWO_TO_53 9007199254740992.0

static bool is_whole(double number)
{
	return number >= TWO_TO_53 || number <= -TWO_TO_53 || (double)(int64_t)number == number;
}

bool value_number(struct pack_item item, struct value_number *ret)
{
	if (item.kind == PACK_INT) {
		*ret = (struct value_number){.is_integer = true, .integer = item.integer, .number = (double)item.integer};
		return true;
	}
	if (item.kind != PACK_FLOAT || !isfinite(item.number))
		return false;
	*ret = (struct value_number){.number = item.number};
	if (item.number >= -TWO_TO_63 && item.number < TWO_TO_63 && is_whole(item.number)) {
		ret->is_integer = true;
		ret->integer = (int64_t)item.number;
	}
	return true;
}

bool value_is_whole(const struct value_number *number)
{
	return number->is_integer || is_whole(number->number);
}

/* An integer against a float that is not one: rounding the integer to a double could make unequal ones equal. */
static int order_mixed(int64_t integer, double number)
{
	if (number >= TWO_TO_63)
		return -1;
	if (number < -TWO_TO_63)
		return 1;
	/* It has a fraction, so cutting that off goes towards 0 and never meets a number that is equal. */
	int64_t cut = (int64_t)number;
	if (integer == cut)
		return number > 0 ? -1 : 1;
	return integer < cut ? -1 : 1;
}

int value_order(const struct value_number *a, const struct value_number *b)
{
	if (a->is_integer && b->is_integer)
		return a->integer < b->integer ? -1 : a->integer > b->integer;
	if (a->is_integer)
		return order_mixed(a->integer, b->number);
	if (b->is_integer)
		return -order_mixed(b->integer, a->number);
	return a->number < b->number ? -1 : a->number > b->number;
}

bool value_is_multiple(const struct value_number *of, const struct value_number *by)
{
	if (of->is_integer && by->is_integer)
		return by->integer != 0 && (by->integer == -1 || of->integer % by->integer == 0);
	double times = of->number / by->number;
	if (times >= TWO_TO_53 || times <= -TWO_TO_53)
		return isfinite(times);
	int64_t nearest = (int64_t)(times + (times < 0 ? -0.5 : 0.5));
	double off = times - (double)nearest, size = times < 0 ? -times : times;
	return (off < 0 ? -off : off) <= 1e-9 * (size < 1 ? 1 : size) && (nearest != 0 || of->number == 0);
}

static bool step(size_t *steps)
{
	if (*steps == 0)
		return false;
	--*steps;
	return true;
}

static bool arrays_equal(struct pack_in *a, struct pack_in *b, size_t count, size_t *steps)
{
	for (size_t i = 0; i < count; i++)
		if (!value_equal(pack_value(a, ""), pack_value(b, ""), steps))
			return false;
	return true;
}

/* Looks a key up among count pairs; counted as steps, since a stranger chooses how many there are. */
static bool find(struct pack_in in, size_t count, struct bytes key, struct bytes *ret, size_t *steps)
{
	for (size_t i = 0; i < count && step(steps); i++) {
		struct pack_item name = pack_next(&in, "");
		*ret = pack_value(&in, "");
		if (name.kind == PACK_TEXT && bytes_equal(name.bytes, key))
			return true;
	}
	return false;
}

static bool maps_equal(struct pack_in *a, const struct pack_in *b, size_t count, size_t *steps)
{
	for (size_t i = 0; i < count; i++) {
		struct pack_item key = pack_next(a, "");
		struct bytes mine = pack_value(a, ""), other;
		if (key.kind != PACK_TEXT || !find(*b, count, key.bytes, &other, steps) || !value_equal(mine, other, steps))
			return false;
	}
	return true;
}

static bool same_number(struct pack_item a, struct pack_item b)
{
	struct value_number x, y;
	return value_number(a, &x) && value_number(b, &y) && value_order(&x, &y) == 0;
}

bool value_equal(struct bytes a, struct bytes b, size_t *steps)
{
	struct err unused;
	struct pack_in in_a = pack_in(a, &unused), in_b = pack_in(b, &unused);
	struct pack_item x = pack_next(&in_a, ""), y = pack_next(&in_b, "");
	if (!step(steps) || in_a.failed || in_b.failed)
		return false;
	if (x.kind == PACK_FLOAT || y.kind == PACK_FLOAT)
		return same_number(x, y);
	if (x.kind != y.kind)
		return false;
	switch (x.kind) {
	case PACK_NIL:
		return true;
	case PACK_BOOL:
		return x.truth == y.truth;
	case PACK_INT:
		return x.integer == y.integer;
	case PACK_TEXT:
	case PACK_BIN:
		return bytes_equal(x.bytes, y.bytes);
	case PACK_ARRAY:
		return x.count == y.count && arrays_equal(&in_a, &in_b, x.count, steps);
	case PACK_MAP:
		return x.count == y.count && maps_equal(&in_a, &in_b, x.count, steps);
	case PACK_FLOAT:
		break;
	}
	return false;
}

/* Packed values as JSON Schema compares them: 1 and 1.0 are the same number, the order of a map's keys says nothing. Thread: any,
 * pure. */
#ifndef SCHEMAS_VALUE_H
#define SCHEMAS_VALUE_H

#include "base/pack.h"

/* A number that is exact where it is an integer. */
struct value_number {
	bool is_integer; /* `integer` holds it, also for a float like 2.0 that fits */
	int64_t integer;
	double number;
};

/* False when the item is no number, or none that JSON has (NaN, infinity). */
bool value_number(struct pack_item item, struct value_number *ret);
/* Whether it is a whole number; also true for one like 1e300. */
bool value_is_whole(const struct value_number *number);
/* Below 0, 0, above 0; exact, also between an integer and a float. */
int value_order(const struct value_number *a, const struct value_number *b);
/* `by` must be above 0. Floats are given the benefit of their last digits: 0.0075 is a multiple of 0.0001. False when the
 * quotient is beyond a double. */
bool value_is_multiple(const struct value_number *of, const struct value_number *by);

/* Counts down by one for each value that is compared; at 0 it answers false, and the caller must not believe the answer. */
bool value_equal(struct bytes a, struct bytes b, size_t *steps);

#endif

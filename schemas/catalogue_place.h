/* What the main part of a type may have at a JSON pointer, for those who fill it from documents of another form. Thread: any, pure. */
#ifndef SCHEMAS_CATALOGUE_PLACE_H
#define SCHEMAS_CATALOGUE_PLACE_H

#include "schemas/catalogue.h"

enum catalogue_place_kind {
	CATALOGUE_PLACE_TEXT = 1,
	CATALOGUE_PLACE_INT = 2,
	CATALOGUE_PLACE_NUMBER = 4,
	CATALOGUE_PLACE_BOOL = 8,
	CATALOGUE_PLACE_MAP = 16,
	CATALOGUE_PLACE_LIST = 32
};

struct catalogue_place {
	unsigned kinds;    /* enum catalogue_place_kind; 0: the schema does not say */
	bool is_code;      /* one of a list */
	bool is_date;      /* YYYY-MM-DD */
	bool is_date_time; /* RFC 3339 */
	bool is_required;  /* in every message of the type */
};

/* False when no message of the type can have anything there. */
bool catalogue_place(const struct catalogue *catalogue, const struct catalogue_type *type, const char *pointer, struct catalogue_place *ret);
/* Judges values of that place alone; *ret is NULL where the schema of the place cannot stand alone. The catalogue must outlive it. */
RESULT catalogue_place_validator(const struct catalogue *catalogue, const struct catalogue_type *type, const char *pointer,
                                 struct validator **ret, struct err *err);
/* Calls `missing` for every pointer that a message must have when it has something at or below those for which `has` is true, and that is
 * not among them. What depends on values (if, anyOf) is not looked at. */
void catalogue_place_missing(const struct catalogue *catalogue, const struct catalogue_type *type, bool (*has)(void *ctx, const char *pointer),
                             void (*missing)(void *ctx, const char *pointer), void *ctx);

#endif

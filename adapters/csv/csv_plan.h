/* The settings of `csv`, checked against the catalogue: what every column becomes. Thread: made by one thread, then immutable. */
#ifndef ADAPTERS_CSV_CSV_PLAN_H
#define ADAPTERS_CSV_CSV_PLAN_H

#include "adapters/csv/csv_settings.h"
#include "schemas/catalogue_place.h"
#include "schemas/when.h"

enum { CSV_PLAN_FIELDS_MAX = 256, CSV_POINTER_MAX = 96, CSV_CODE_MAX = 64 };

/* "CODE = WORD, WORD" taken apart. */
struct csv_word {
	char *code;
	char *words; /* with commas between them */
};

/* A field of the message, from a column or a constant. */
struct csv_field {
	char pointer[CSV_POINTER_MAX];
	const char *column; /* NULL: a constant */
	const char *time;   /* a second column; NULL: none */
	const char *value;  /* of a constant */
	struct csv_word *words;
	size_t words_count;
	struct catalogue_place place;
	struct validator *validator; /* NULL: only the whole can be judged */
	bool is_subject;             /* an identifier of the header; `pointer` is then /NAME */
};

struct csv_plan {
	const struct csv_settings *settings; /* must outlive it */
	struct catalogue *catalogue;         /* counted */
	const struct catalogue_type *type;
	const struct validator *main;
	struct when_zone zone;
	char delimiter;
	struct csv_field fields[CSV_PLAN_FIELDS_MAX];
	size_t count;
};

/* Every fault of the settings goes into *faults, with the line in `file`: a type, field or code that the catalogue does not know, a field that the
 * type wants and nobody gives. config when there is any; otherwise *ret is freed with csv_plan_free. */
RESULT csv_plan_new(const struct csv_settings *settings, struct catalogue *catalogue, const char *file, struct csv_plan **ret, struct conf_faults *faults);
void csv_plan_free(struct csv_plan *plan); /* NULL is fine */

#endif

/* What conf.c, conf_fault.c and conf_print.c share: fields as places in a struct, and faults put in order. */
#ifndef BASE_CONF_INSIDE_H
#define BASE_CONF_INSIDE_H

#include "base/conf.h"
#include "base/conf_source.h"

enum { CONF_NUMBER_TEXT_MAX = 32 };

extern const char CONF_MASK[]; /* what stands for a secret */

static inline void *conf_at(void *base, const struct conf_field *field)
{
	return (char *)base + field->offset;
}

static inline const void *conf_at_const(const void *base, const struct conf_field *field)
{
	return (const char *)base + field->offset;
}

static inline const void *conf_element(const struct conf_list *list, const struct conf_table *table, size_t index)
{
	return (const char *)list->at + index * table->size;
}

/* "64MiB", "30s", "12": as the field's kind is written, without quotes. Returns into. */
char *conf_number_text(enum conf_kind kind, int64_t number, char into[static CONF_NUMBER_TEXT_MAX]);
/* Where the group's own line goes, or NULL when the table keeps none. */
const int *conf_line_of(const struct conf_table *table, const void *base);

/* "Did you mean": keeps the closer of `known` and *best in *best; only what is close enough to be a slip of `written` counts. */
void conf_consider(const char *written, const char *known, const char **best);
/* Puts the faults whose text begins at `from` in the order of the source: numbers are judged before settings, and missing
 * settings before written ones, but people read from top to bottom. */
void conf_faults_sort(const struct conf_source *source, struct conf_faults *faults, size_t from);

#endif

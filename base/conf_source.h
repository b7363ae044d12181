/* The text of a configuration with its @include files put in place, which remembers the file and line that each of its lines came
 * from. For conf.c only. libconfig could include by itself, but it ends the program on a folder, takes paths from the wrong place
 * and wraps large numbers in silence; all three are seen here first. */
#ifndef BASE_CONF_SOURCE_H
#define BASE_CONF_SOURCE_H

#include "base/conf.h"

struct conf_source_line {
	size_t file;
	int line;
	bool has_bad_number; /* reported; what libconfig makes of it is noise */
};

struct conf_source {
	struct buf text; /* NUL-terminated */
	char **files;    /* in the order in which they were opened */
	size_t file_count;
	struct conf_source_line *lines;
	size_t line_count;
	size_t line_room;
};

/* Fills *source; conf_source_done in any case. Adds what is wrong to *faults. False when there is nothing that could be parsed;
 * *ret_code is then io or config. */
bool conf_source_read(struct conf_source *source, const char *file, struct conf_faults *faults, enum code *ret_code);
void conf_source_done(struct conf_source *source);
/* Where a line of the text (from 1) came from; borrowed from the source. */
struct conf_place conf_source_place(const struct conf_source *source, int line);
bool conf_source_has_bad_number(const struct conf_source *source, int line);
/* The text's line that came from there, or 0. */
int conf_source_line_of(const struct conf_source *source, struct bytes file, int64_t line);
/* The folder that relative paths are taken from, absolute when the machine tells; owned. */
char *conf_source_folder(const char *file);

#endif

/* The long code lists of NCIC-style text, each in pieces that end with NULL: codes parted by a bar, words behind an equals sign.
 * No piece is longer than what any compiler takes as one literal. Thread: any, constant. */
#ifndef ADAPTERS_NCIC_NCIC_TABLES_H
#define ADAPTERS_NCIC_NCIC_TABLES_H

extern const char *const ncic_tables_makes[];
extern const char *const ncic_tables_offenses[];
extern const char *const ncic_tables_marks[];
extern const char *const ncic_tables_styles[];
extern const char *const ncic_tables_colors[];

#endif

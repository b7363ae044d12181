/* The fields of NCIC-style text: each tag with its edit. Their order here is the order in which they are written, so that the
 * same message is always the same text. Tags marked "local" are ours: they carry what a message says and the public field list
 * has no tag for; the list of the rest follows public descriptions. Thread: any, pure. */
#ifndef ADAPTERS_NCIC_NCIC_FIELDS_H
#define ADAPTERS_NCIC_NCIC_FIELDS_H

#include "adapters/ncic/ncic_codes.h"
#include "adapters/ncic/ncic_text.h"

struct ncic_fields_rule;
/* NULL: the value is fine; else why not. */
typedef const char *(*ncic_fields_edit_fn)(const struct ncic_fields_rule *rule, struct bytes value);

struct ncic_fields_rule {
	const char *tag;
	const char *words;          /* "date of birth" */
	uint16_t min, max;          /* characters */
	uint8_t repeats;            /* how often it may stand */
	ncic_fields_edit_fn edit;   /* asked only about values of fitting length */
	enum ncic_codes_list codes; /* for edits by a list */
};

const struct ncic_fields_rule *ncic_fields_find(const char *tag); /* NULL: no such tag */
size_t ncic_fields_count(void);
const struct ncic_fields_rule *ncic_fields_at(size_t index);
/* NULL when the value passes the edit; else what is wrong, in words. A blank value is judged like any other. */
const char *ncic_fields_judge(const struct ncic_fields_rule *rule, struct bytes value);
/* Running text may be cut to its limit when it is written; a code may not. */
bool ncic_fields_is_running(const struct ncic_fields_rule *rule);
/* Judges every field of a text, and how often each stands; marks the bad ones. may_blank: blank fields mean "delete" and are
 * fine. */
void ncic_fields_check(struct ncic_text *text, bool may_blank, struct kind_reading *into);
/* CCYYMMDD is a day of the calendar. */
bool ncic_fields_is_date(struct bytes value);

#endif

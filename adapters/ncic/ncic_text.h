/* The wire form of NCIC-style text: a header, "TXT", and either fields or free text.
 *
 *   EW.CTDOC001G.TXT CRLF NAM/TESTCASE,JORDAN.SEX/M.…        what agencies send
 *   AM.CTDOC001G.CT0006400,CT0009300.*0000000041.TXT CRLF …  with destinations and a control token
 *
 * Strict: line ends are CR LF and stand only behind a period, no period within a value, no letter outside the set, no field that
 * is left open. It knows no field's meaning. Two more forms come from switches and are only recognized: the delivered one (two
 * lines with clocks before TXT) and the answer of a native line (1L01…).
 *
 * This emulates the public grammar of such messages ("NCIC-style"); it claims no conformance with any system. Thread: any, pure.
 */
#ifndef ADAPTERS_NCIC_NCIC_TEXT_H
#define ADAPTERS_NCIC_NCIC_TEXT_H

#include "adapters/kind/kind.h"

enum {
	NCIC_TEXT_BYTES_MAX = 20000,
	NCIC_TEXT_FIELDS_MAX = 256,
	NCIC_TEXT_DESTS_MAX = 8, /* kept; keys allow fewer */
	NCIC_TEXT_ORI_LEN = 9,
	NCIC_TEXT_TAG_LEN = 3,
	NCIC_TEXT_CONTROL_MAX = 10
};

/* The numbers that precede a reason, as switches print them. */
enum ncic_text_error {
	NCIC_TEXT_NO_NUMBER = 0,
	NCIC_TEXT_HEADER = 1,
	NCIC_TEXT_KEY = 2,
	NCIC_TEXT_NO_TXT = 3,
	NCIC_TEXT_BIRTH = 5,
	NCIC_TEXT_FORMAT = 22
};

enum ncic_text_form {
	NCIC_TEXT_SENT,      /* by an agency */
	NCIC_TEXT_DELIVERED, /* by a switch, with clocks */
	NCIC_TEXT_ANSWERED   /* by a record system, 1L01… */
};

struct ncic_text_field {
	char tag[NCIC_TEXT_TAG_LEN + 1];
	struct bytes value; /* a view of the document; empty: left blank */
	int line;
	bool is_bad; /* a fault has been found in it */
};

struct ncic_text {
	enum ncic_text_form form;
	char mke[5];
	char ori[NCIC_TEXT_ORI_LEN + 1];
	char dests[NCIC_TEXT_DESTS_MAX][NCIC_TEXT_ORI_LEN + 1];
	size_t dests_count;
	char control[NCIC_TEXT_CONTROL_MAX + 2]; /* with its asterisk, or empty */
	struct bytes body;                       /* behind TXT */
	int body_line;
	struct ncic_text_field fields[NCIC_TEXT_FIELDS_MAX];
	size_t fields_count;
};

/* Adds a fault whose reason reads ".05. DOB: not a real date". */
void ncic_text_fault(struct kind_reading *into, int line, enum code code, enum ncic_text_error number, const char *field,
	                 const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Reads the header and finds the body; false when there is none to read on in. Faults go to `into`; what was read well is in
 * *text either way. */
bool ncic_text_open(struct bytes document, struct ncic_text *text, struct kind_reading *into);
/* Reads the body as fields. */
void ncic_text_read_fields(struct ncic_text *text, struct kind_reading *into);
/* Looks through a body of free text: periods and line ends are fine there. */
void ncic_text_check_free(const struct ncic_text *text, struct kind_reading *into);

/* The field with that tag, or NULL; the nth (from 0) of a repeated one. */
struct ncic_text_field *ncic_text_find(struct ncic_text *text, const char *tag, size_t nth);
/* Its value when it is there, not blank and without a fault, else empty. */
struct bytes ncic_text_value(struct ncic_text *text, const char *tag);
/* Adds a field that the text implies; the value is borrowed. Nothing happens when the text is full. */
void ncic_text_add(struct ncic_text *text, const char *tag, struct bytes value);

/* Whether a value may hold that character. */
bool ncic_text_allows(uint8_t character);
bool ncic_text_is_ori(struct bytes text);
/* "*" and 1 to 10 capital letters or digits. */
bool ncic_text_is_control(struct bytes text);

#endif

/* The authority's register, index.txt in the format that stock openssl keeps: a line for each certificate, six fields between tabs:
 * status, expiry, revocation ("date" or "date,reason"), serial, file, subject. Thread: one. */
#ifndef CERTS_PKI_INDEX_H
#define CERTS_PKI_INDEX_H

#include "base/bytes.h"

struct pki_row {
	char status;   /* V or R; an expired one says V until somebody looks (stock openssl writes E) */
	char *expiry;  /* YYMMDDHHMMSSZ, or with four digits for the year */
	char *revoked; /* empty while valid */
	char *serial;  /* upper-case hex */
	char *file;    /* relative to the folder, or "unknown" */
	char *subject;
};

struct pki_index {
	struct pki_row *at;
	size_t count;
};

/* corrupt with file:line; io. */
RESULT pki_index_read(const char *folder, struct pki_index *ret, struct err *err);
RESULT pki_index_write(const char *folder, const struct pki_index *index, struct err *err);
void pki_index_done(struct pki_index *index);
/* Copies the texts. */
void pki_index_add(struct pki_index *index, const struct pki_row *row);
/* Upper or lower case, with or without colons. May be NULL. */
struct pki_row *pki_index_find(const struct pki_index *index, const char *serial);
void pki_index_revoke(struct pki_row *row, int64_t at_ms, const char *reason);

/* The form of the register: YYMMDDHHMMSSZ until 2049. Returns into. */
enum { PKI_INDEX_TIME_MAX = 24 };
char *pki_index_time(int64_t ms, char into[static PKI_INDEX_TIME_MAX]);
int64_t pki_index_time_ms(const char *text, size_t len); /* 0 when it is none */

/* Reasons of RFC 5280 §5.3.1 that this authority gives, letters in any case; NULL otherwise. "" and NULL are "unspecified". */
const char *pki_index_reason(const char *text, int *ret_number);
const char *pki_index_reason_text(long number); /* NULL when this authority does not give it */

#endif

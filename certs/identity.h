/* Whom a certificate names: the text of its URI, taken apart. Thread: any, pure. */
#ifndef CERTS_IDENTITY_H
#define CERTS_IDENTITY_H

#include "certs/trust.h"

enum identity_kind { IDENTITY_PARTY, IDENTITY_HUB, IDENTITY_PERSON };

enum { IDENTITY_PARTY_MAX = 96, IDENTITY_PERSON_MAX = 64, IDENTITY_ROLE_MAX = 32, IDENTITY_URI_MAX = 224 };

struct identity {
	enum identity_kind kind;
	char party[TRUST_NAME_MAX];
	char person[IDENTITY_PERSON_MAX + 1]; /* empty unless a person */
	char role[IDENTITY_ROLE_MAX + 1];
};

/* Exactly the syntax of certs/trust.h. certificate. */
RESULT identity_parse(struct bytes uri, struct identity *ret, struct err *err);
/* The other way. Returns into. */
const char *identity_uri(const struct identity *identity, char into[static IDENTITY_URI_MAX]);
enum identity_kind identity_kind_for(enum trust_purpose purpose);
/* Dotted lower-case labels of [a-z0-9_-], 1 to 32 each, 1 to 8 of them, at most max in all. */
bool identity_is_name(struct bytes name, size_t max);

#endif

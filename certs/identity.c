#include "certs/identity.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "certs/openssl.h"

enum { LABEL_MAX = 32, LABELS_MAX = 8 };

#define PREFIX "urn:liaison:"

static const char *const kinds[] = {[IDENTITY_PARTY] = "party:", [IDENTITY_HUB] = "hub:", [IDENTITY_PERSON] = "person:"};

/* --- the text --- */

static bool is_label_byte(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

bool identity_is_name(struct bytes name, size_t max)
{
	size_t labels = 1, in_label = 0;

	if (name.len > max)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		if (name.at[i] == '.') {
			if (in_label == 0)
				return false;
			labels++;
			in_label = 0;
		} else if (!is_label_byte(name.at[i]) || ++in_label > LABEL_MAX) {
			return false;
		}
	}
	return in_label > 0 && labels <= LABELS_MAX;
}

static bool take_name(struct bytes *rest, size_t max, char *into)
{
	const uint8_t *colon = memchr(rest->at, ':', rest->len);
	struct bytes name = bytes_of(rest->at, colon != NULL ? (size_t)(colon - rest->at) : rest->len);
	size_t taken = name.len + (colon != NULL ? 1 : 0);

	if (!identity_is_name(name, max))
		return false;
	memcpy(into, name.at, name.len);
	into[name.len] = '\0';
	*rest = bytes_of(rest->at + taken, rest->len - taken);
	return true;
}

static bool take_kind(struct bytes *rest, enum identity_kind *ret)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t len = strlen(kinds[i]);
		if (bytes_starts(*rest, kinds[i])) {
			*ret = (enum identity_kind)i;
			*rest = bytes_of(rest->at + len, rest->len - len);
			return true;
		}
	}
	return false;
}

static bool take_apart(struct bytes uri, struct identity *into)
{
	struct bytes rest = bytes_of(uri.at + strlen(PREFIX), uri.len - strlen(PREFIX));

	/* A colon at the end would be taken for a separator. */
	if (rest.len == 0 || rest.at[rest.len - 1] == ':' || !take_kind(&rest, &into->kind) ||
	    !take_name(&rest, IDENTITY_PARTY_MAX, into->party))
		return false;
	if (into->kind != IDENTITY_PERSON)
		return rest.len == 0;
	if (!take_name(&rest, IDENTITY_PERSON_MAX, into->person) || !take_name(&rest, IDENTITY_ROLE_MAX, into->role))
		return false;
	return rest.len == 0 && strchr(into->role, '.') == NULL;
}

result identity_parse(struct bytes uri, struct identity *ret, struct err *err)
{
	struct identity identity = {0};
	char shown[IDENTITY_URI_MAX];

	if (!bytes_starts(uri, PREFIX) || !take_apart(uri, &identity))
		return err_set(err, CODE_CERTIFICATE, "", "its holder's name is outside the syntax: %s",
		               text_safe(uri, shown, sizeof(shown)));
	*ret = identity;
	return OK;
}

const char *identity_uri(const struct identity *identity, char into[static IDENTITY_URI_MAX])
{
	bool is_person = identity->kind == IDENTITY_PERSON;

	snprintf(into, IDENTITY_URI_MAX, "%s%s%s%s%s%s%s", PREFIX, kinds[identity->kind], identity->party, is_person ? ":" : "",
	         identity->person, is_person ? ":" : "", identity->role);
	return into;
}

enum identity_kind identity_kind_for(enum trust_purpose purpose)
{
	switch (purpose) {
	case TRUST_TLS_PARTY:
	case TRUST_SIGN_PARTY:
	case TRUST_SEAL:
		return IDENTITY_PARTY;
	case TRUST_TLS_HUB:
	case TRUST_SIGN_HUB:
		return IDENTITY_HUB;
	case TRUST_SIGN_PERSON:
		return IDENTITY_PERSON;
	}
	return IDENTITY_PARTY;
}

/* --- the certificate --- */

/* Scheme and namespace of a URN are compared without case (RFC 8141 §3.1): URN:LIAISON:… is one of ours, and then outside the
 * syntax. */
static bool is_ours(struct bytes uri)
{
	return uri.len >= strlen(PREFIX) && strncasecmp((const char *)uri.at, PREFIX, strlen(PREFIX)) == 0;
}

static RESULT find_uri(const GENERAL_NAMES *names, struct bytes *ret, struct err *err)
{
	size_t found = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_URI)
			continue;
		const ASN1_IA5STRING *text = name->d.uniformResourceIdentifier;
		struct bytes uri = bytes_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
		if (uri.len > 0 && memchr(uri.at, '\0', uri.len) != NULL)
			return err_set(err, CODE_CERTIFICATE, "", "a URI in its subjectAltName holds a NUL byte");
		if (!is_ours(uri))
			continue;
		*ret = uri;
		found++;
	}
	if (found == 0)
		return err_set(err, CODE_CERTIFICATE, "", "names no holder: there is no " PREFIX "… URI in its subjectAltName");
	if (found > 1)
		return err_set(err, CODE_CERTIFICATE, "", "names %zu holders; exactly one " PREFIX "… URI is allowed", found);
	return OK;
}

result identity_of(const X509 *certificate, struct identity *ret, struct err *err)
{
	struct bytes uri = BYTES_NONE;

	ERR_set_mark();
	/* NULL also when the extension is there twice or damaged. */
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	ERR_pop_to_mark();
	result found = find_uri(names, &uri, err);
	if (!FAILED(found))
		found = identity_parse(uri, ret, err);
	GENERAL_NAMES_free(names);
	return found;
}

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "certs/openssl.h"

enum { HOSTS_MAX = 32, HOST_LEN_MAX = 253 };

const char *pki_subject_purpose(enum trust_purpose purpose)
{
	switch (purpose) {
	case TRUST_TLS_PARTY:
		return "party TLS";
	case TRUST_TLS_HUB:
		return "hub TLS";
	case TRUST_SIGN_PARTY:
		return "party signing";
	case TRUST_SIGN_HUB:
		return "hub signing";
	case TRUST_SIGN_PERSON:
		return "person signing";
	case TRUST_SEAL:
		return "party sealing";
	}
	return "";
}

/* --- what is asked for --- */

static bool is_host_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-';
}

/* RFC 1123 §2.1, without wildcards. */
static bool is_dns_name(const char *host)
{
	size_t label = 0, len = strlen(host);

	if (len == 0 || len > HOST_LEN_MAX)
		return false;
	for (const char *at = host; *at != '\0'; at++) {
		if (*at == '.' && label == 0)
			return false;
		if (*at != '.' && (!is_host_byte(*at) || ++label > 63))
			return false;
		if (*at == '.')
			label = 0;
	}
	return label > 0;
}

static bool is_host(const char *host)
{
	uint8_t address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1 || is_dns_name(host);
}

static RESULT check_hosts(const struct pki_subject *subject, struct err *err)
{
	char shown[64];

	if (subject->hosts_count == 0 || subject->hosts_count > HOSTS_MAX)
		return err_set(err, CODE_USAGE, "hosts", "1 to %d names or addresses are needed, under which the hub is reached",
		               HOSTS_MAX);
	for (size_t i = 0; i < subject->hosts_count; i++) {
		if (!is_host(subject->hosts[i]))
			return err_set(err, CODE_USAGE, "hosts", "\"%s\" is neither a DNS name (wildcards are not allowed) nor an IP address",
			               text_safe(bytes_text(subject->hosts[i]), shown, sizeof(shown)));
	}
	return OK;
}

static RESULT check_person(const struct pki_subject *subject, struct err *err)
{
	struct bytes person = bytes_text(subject->person), role = bytes_text(subject->role);

	if (!identity_is_name(person, IDENTITY_PERSON_MAX))
		return err_set(err, CODE_USAGE, "person", "a person's id is 1 to %d of a-z 0-9 _ - with single dots, such as m.alvarez",
		               IDENTITY_PERSON_MAX);
	if (!identity_is_name(role, IDENTITY_ROLE_MAX) || memchr(role.at, '.', role.len) != NULL)
		return err_set(err, CODE_USAGE, "role", "a role is 1 to %d of a-z 0-9 _ -, such as board_chair", IDENTITY_ROLE_MAX);
	return OK;
}

result pki_subject_check(const struct pki_subject *subject, struct err *err)
{
	if (!identity_is_name(bytes_text(subject->party), IDENTITY_PARTY_MAX))
		return err_set(err, CODE_USAGE, "party",
		               "a party is labels of a-z 0-9 _ - with dots between, such as ct.doc.parole.hartford");
	if (subject->lifetime_ms < 0 || subject->not_before_ms < 0)
		return err_set(err, CODE_USAGE, "lifetime", "is negative");
	if (subject->purpose == TRUST_SIGN_PERSON)
		return check_person(subject, err);
	if (subject->purpose == TRUST_TLS_HUB)
		return check_hosts(subject, err);
	if (subject->purpose == TRUST_SEAL && subject->key == KEY_ED25519)
		return err_set(err, CODE_USAGE, "key", "an Ed25519 key only signs; seal with p256, p384 or rsa");
	return OK;
}

/* --- what was issued --- */

struct pki_holder {
	struct pki_subject subject;
	struct identity identity;
	char *hosts[HOSTS_MAX];
	size_t hosts_count;
};

static char *address_text(const ASN1_OCTET_STRING *address)
{
	char text[INET6_ADDRSTRLEN] = "";
	int family = ASN1_STRING_length(address) == 4 ? AF_INET : ASN1_STRING_length(address) == 16 ? AF_INET6 : 0;

	if (family == 0 || inet_ntop(family, ASN1_STRING_get0_data(address), text, sizeof(text)) == NULL)
		return NULL;
	return mem_text(text);
}

static void collect_hosts(struct pki_holder *holder, const GENERAL_NAMES *names)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names) && holder->hosts_count < HOSTS_MAX; i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		char *host = NULL;
		if (name->type == GEN_DNS)
			host = mem_text_n(ASN1_STRING_get0_data(name->d.dNSName), (size_t)ASN1_STRING_length(name->d.dNSName));
		else if (name->type == GEN_IPADD)
			host = address_text(name->d.iPAddress);
		if (host != NULL)
			holder->hosts[holder->hosts_count++] = host;
	}
}

static enum trust_purpose purpose_of(X509 *certificate, enum identity_kind kind)
{
	bool is_tls = (X509_get_extension_flags(certificate) & EXFLAG_XKUSAGE) != 0;
	bool signs = (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) != 0;

	switch (kind) {
	case IDENTITY_PARTY:
		return is_tls ? TRUST_TLS_PARTY : signs ? TRUST_SIGN_PARTY : TRUST_SEAL;
	case IDENTITY_HUB:
		return is_tls ? TRUST_TLS_HUB : TRUST_SIGN_HUB;
	case IDENTITY_PERSON:
		return TRUST_SIGN_PERSON;
	}
	return TRUST_SIGN_PARTY;
}

static RESULT fill(struct pki_holder *holder, X509 *certificate, struct err *err)
{
	struct err why;
	EVP_PKEY *key = X509_get0_pubkey(certificate);

	TRY(identity_of(certificate, &holder->identity, err));
	if (key == NULL)
		return err_set(err, CODE_CERTIFICATE, "", "its key cannot be read");
	if (FAILED(signature_kind(key, &holder->subject.key, &why)))
		return err_set(err, CODE_CERTIFICATE, "", "its key %s", why.reason);
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	collect_hosts(holder, names);
	GENERAL_NAMES_free(names);
	holder->subject.rsa_bits = holder->subject.key == KEY_RSA ? EVP_PKEY_get_bits(key) : 0;
	holder->subject.purpose = purpose_of(certificate, holder->identity.kind);
	holder->subject.party = holder->identity.party;
	holder->subject.person = holder->identity.person;
	holder->subject.role = holder->identity.role;
	holder->subject.hosts = (const char *const *)holder->hosts;
	holder->subject.hosts_count = holder->hosts_count;
	return trust_check_usage(certificate, holder->subject.purpose, err);
}

result pki_holder_of(X509 *certificate, struct pki_holder **ret, struct err *err)
{
	struct pki_holder *holder = mem_alloc(sizeof(*holder));

	ERR_set_mark();
	result filled = fill(holder, certificate, err);
	ERR_pop_to_mark();
	if (FAILED(filled)) {
		pki_holder_free(holder);
		return filled;
	}
	*ret = holder;
	return OK;
}

const struct pki_subject *pki_holder_subject(const struct pki_holder *holder)
{
	return &holder->subject;
}

void pki_holder_free(struct pki_holder *holder)
{
	if (holder == NULL)
		return;
	for (size_t i = 0; i < holder->hosts_count; i++)
		mem_free(holder->hosts[i]);
	mem_free(holder);
}

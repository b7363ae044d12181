#include "schemas/party.h"

enum { PARTY_LABEL_MAX = 32, PARTY_LABELS_MAX = 8 };

#define ROLE_PREFIX "role:"

static bool is_label_byte(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_' || byte == '-';
}

static result check_label(struct bytes label, const char *field, struct err *err)
{
	if (label.len == 0)
		return err_set(err, CODE_MALFORMED, field, "a name has an empty label");
	if (label.len > PARTY_LABEL_MAX)
		return err_set(err, CODE_MALFORMED, field, "a label of a name is longer than %d", PARTY_LABEL_MAX);
	for (size_t i = 0; i < label.len; i++) {
		if (!is_label_byte(label.at[i]))
			return err_set(err, CODE_MALFORMED, field, "a name is made of a-z, 0-9, _ and -, with dots between its labels");
	}
	return OK;
}

result party_check(struct bytes name, const char *field, struct err *err)
{
	size_t labels = 0;
	size_t start = 0;
	if (name.len > PARTY_MAX)
		return err_set(err, CODE_MALFORMED, field, "a name is longer than %d", PARTY_MAX);
	for (size_t i = 0; i <= name.len; i++) {
		if (i < name.len && name.at[i] != '.')
			continue;
		if (++labels > PARTY_LABELS_MAX)
			return err_set(err, CODE_MALFORMED, field, "a name has more than %d labels", PARTY_LABELS_MAX);
		TRY(check_label(bytes_of(name.at + start, i - start), field, err));
		start = i + 1;
	}
	return OK;
}

result party_check_address(struct bytes address, const char *field, struct err *err)
{
	struct bytes role;
	if (party_is_role(address, &role))
		return check_label(role, field, err);
	return party_check(address, field, err);
}

bool party_is_role(struct bytes address, struct bytes *ret_role)
{
	size_t prefix = sizeof(ROLE_PREFIX) - 1;
	if (!bytes_starts(address, ROLE_PREFIX))
		return false;
	*ret_role = bytes_of(address.at + prefix, address.len - prefix);
	return true;
}

#include "schemas/grant.h"

#include "base/clock.h"
#include "base/text.h"
#include "schemas/pointer.h"

#include <string.h>

enum { GRANT_VALUE_MAX = 512 };

static const int64_t day_ms = INT64_C(86400000);

static bool read_text(struct bytes map, const char *pointer, struct bytes *ret)
{
	struct bytes value;
	return map.len && pack_pointer(map, pointer, &value) && pack_as_text(value, ret) && ret->len;
}

/* A day or an instant as ms; false: not there, or no time. */
static bool read_time(struct bytes map, const char *pointer, int64_t *ret)
{
	struct bytes text;
	struct err ignored;
	return read_text(map, pointer, &text) && !FAILED(clock_parse(text, ret, &ignored));
}

static bool read_day(struct bytes map, const char *pointer, const struct grant_days *days, bool is_end_of_day, int64_t *ret)
{
	struct bytes text;
	if (days)
		return read_text(map, pointer, &text) && days->read(days->ctx, text, is_end_of_day, ret);
	if (!read_time(map, pointer, ret))
		return false;
	*ret += is_end_of_day ? day_ms - 1 : 0;
	return true;
}

struct bytes grant_id(struct bytes main)
{
	struct bytes id;
	return read_text(main, "/consent_id", &id) ? id : BYTES_NONE;
}

bool grant_has_begun(struct bytes main, const struct grant_days *days, int64_t now)
{
	int64_t at = 0;
	return read_day(main, "/effective", days, false, &at) && now >= at;
}

bool grant_has_ended(struct bytes main, const struct grant_days *days, int64_t now)
{
	int64_t at = 0;
	return read_day(main, "/expires_on", days, true, &at) && now > at;
}

static bool party_at(struct bytes main, const char *list, size_t index, struct bytes *ret)
{
	struct bytes packed;
	struct err ignored;
	if (!main.len || !pack_find(main, list, &packed))
		return false;
	struct pack_in in = pack_in(packed, &ignored);
	size_t count = pack_array(&in, list);
	for (size_t i = 0; i < count && i <= index && !in.failed; i++)
		*ret = pack_text(&in, list, GRANT_PARTY_MAX);
	return index < count && !in.failed;
}

static bool list_has(struct bytes main, const char *list, struct bytes party)
{
	struct bytes named;
	for (size_t i = 0; party_at(main, list, i, &named); i++)
		if (bytes_equal(named, party))
			return true;
	return false;
}

bool grant_names_discloser(struct bytes main, struct bytes party)
{
	return list_has(main, "disclosers", party);
}

bool grant_names_recipient(struct bytes main, struct bytes party)
{
	return list_has(main, "recipients", party);
}

bool grant_recipient(struct bytes main, size_t index, struct bytes *ret)
{
	return party_at(main, "recipients", index, ret);
}

bool grant_is_other_person(struct bytes main, struct bytes subject)
{
	struct err ignored;
	struct bytes ids;
	bool differs = false;
	if (!main.len || !subject.len || !pack_pointer(main, "/person/ids", &ids))
		return false;
	struct pack_in in = pack_in(subject, &ignored);
	size_t count = pack_map(&in, "subject");
	for (size_t i = 0; i < count && !in.failed; i++) {
		char pointer[ERR_FIELD_MAX];
		struct bytes name = pack_text(&in, "subject", MESSAGE_NAME_MAX), value = pack_text(&in, "subject", GRANT_VALUE_MAX), granted;
		if (in.failed || !read_text(ids, pointer_key("", name, pointer), &granted))
			continue;
		if (text_equal_nocase(granted, value))
			return false;
		differs = true;
	}
	return differs;
}

int64_t grant_revocable_from(struct bytes main, const struct grant_days *days)
{
	struct bytes basis;
	int64_t at = 0;
	bool is_referral = read_text(main, "/legal_basis", &basis) && bytes_is(basis, "2.35");
	return is_referral && read_day(main, "/revocable_on", days, false, &at) ? at : 0;
}

int64_t grant_revoked_at(struct bytes revocation)
{
	int64_t at = 0;
	return read_time(revocation, "/revoked_at", &at) && at > 0 ? at : 0;
}

bool grant_ends_by_event(struct bytes revocation)
{
	struct bytes event;
	return read_text(revocation, "/event", &event);
}

#include "broker/consent/consent.h"

#include "base/clock.h"
#include "base/text.h"
#include "schemas/grant.h"

#include <string.h>

/* A row: [1, by, granted_at, main, revoked_at, revoked_by], under the consent's id. */
enum { ROW_VERSION = 1, ROW_MAX = CONSENT_MAIN_MAX + 512, PARTY_TEXT_MAX = STORE_PARTY_MAX };

static const char *const state_texts[CONSENT_STATE_COUNT] = {
	[CONSENT_HOLDS] = "holds",
	[CONSENT_NONE] = "is not named by the message",
	[CONSENT_UNKNOWN] = "has not been granted here",
	[CONSENT_EARLY] = "is not yet effective",
	[CONSENT_EXPIRED] = "has expired",
	[CONSENT_REVOKED] = "has been revoked",
	[CONSENT_DISCLOSER] = "does not name who discloses",
	[CONSENT_RECIPIENT] = "does not name the recipient",
	[CONSENT_PERSON] = "is that of another person",
};

const char *consent_state_text(enum consent_state state)
{
	return state_texts[state];
}

void consent_init(struct consent *consent)
{
	memset(consent, 0, sizeof(*consent));
	buf_init(&consent->hold, ROW_MAX + STORE_KEY_MAX);
}

void consent_done(struct consent *consent)
{
	buf_done(&consent->hold);
}

static result read_row(struct consent *ret, struct bytes row, struct err *err)
{
	struct err why;
	struct pack_in in = pack_in(row, &why);
	pack_array_of(&in, "", 6);
	pack_int(&in, "version", ROW_VERSION, ROW_VERSION);
	ret->by = pack_text(&in, "by", PARTY_TEXT_MAX);
	ret->granted_at = pack_int(&in, "granted_at", INT64_MIN, INT64_MAX);
	ret->main = pack_value(&in, "main");
	ret->revoked_at = pack_int(&in, "revoked_at", INT64_MIN, INT64_MAX);
	pack_text(&in, "revoked_by", PARTY_TEXT_MAX);
	if (FAILED(pack_end(&in)))
		return err_set(err, CODE_CORRUPT, "consents", "the row of a consent is damaged: %s", why.reason);
	return OK;
}

result consent_load(struct store *store, struct bytes id, struct consent *ret, struct err *err)
{
	ret->is_named = id.len > 0;
	ret->is_known = false;
	if (!ret->is_named || id.len > CONSENT_ID_MAX)
		return OK;
	TRY(store_row_get(store, STORE_CONSENTS, id, &ret->hold, &ret->is_known, err));
	if (!ret->is_known)
		return OK;
	return read_row(ret, buf_bytes(&ret->hold), err);
}

result consent_next(struct store *store, struct bytes after, struct consent *ret, struct bytes *ret_id, bool *ret_found, struct err *err)
{
	struct bytes value;
	ret->is_named = true;
	TRY(store_row_next(store, STORE_CONSENTS, BYTES_NONE, after, &ret->hold, ret_found, ret_id, &value, err));
	ret->is_known = *ret_found;
	return *ret_found ? read_row(ret, value, err) : OK;
}

static result write_row(struct store *store, struct bytes id, const struct consent *consent, const char *revoked_by, struct err *err)
{
	struct buf row;
	buf_init(&row, ROW_MAX);
	pack_put_array(&row, 6);
	pack_put_int(&row, ROW_VERSION);
	pack_put_text(&row, consent->by);
	pack_put_int(&row, consent->granted_at);
	pack_put_raw(&row, consent->main);
	pack_put_int(&row, consent->revoked_at);
	pack_put_str(&row, revoked_by);
	result r = buf_check(&row, "/parts/main", err);
	if (!FAILED(r))
		r = store_row_put(store, STORE_CONSENTS, id, buf_bytes(&row), err);
	buf_done(&row);
	return r;
}

static result read_id(struct bytes main, struct bytes *ret, struct err *err)
{
	*ret = grant_id(main);
	if (!ret->len || ret->len > CONSENT_ID_MAX)
		return err_set(err, CODE_SCHEMA, "/parts/main/consent_id", "a text of 1 to %d bytes is wanted", CONSENT_ID_MAX);
	return OK;
}

/* *ret_known: the very same grant is there already. */
static result judge_grant(struct store *store, struct bytes main, struct consent *known, struct bytes *ret_id, bool *ret_known, struct err *err)
{
	char shown[CONSENT_ID_MAX + 8];
	if (main.len > CONSENT_MAIN_MAX)
		return err_set(err, CODE_TOO_LARGE, "/parts/main", "a consent has at most %d bytes", CONSENT_MAIN_MAX);
	TRY(read_id(main, ret_id, err));
	TRY(consent_load(store, *ret_id, known, err));
	*ret_known = known->is_known && bytes_equal(known->main, main);
	if (known->is_known && !*ret_known)
		return err_set(err, CODE_DUPLICATE_CONFLICT, "/parts/main/consent_id", "another consent was granted as %s; give this one an id of its own",
		               text_safe(*ret_id, shown, sizeof(shown)));
	return OK;
}

result consent_check_grant(struct store *store, struct bytes main, struct err *err)
{
	struct bytes id;
	struct consent known;
	bool is_known = false;
	consent_init(&known);
	result r = judge_grant(store, main, &known, &id, &is_known, err);
	consent_done(&known);
	return r;
}

result consent_grant(struct store *store, const char *by, int64_t at, struct bytes main, struct err *err)
{
	const struct consent grant = {.main = main, .by = bytes_text(by), .granted_at = at};
	struct bytes id;
	struct consent known;
	bool is_known = false;
	consent_init(&known);
	result r = judge_grant(store, main, &known, &id, &is_known, err);
	if (!FAILED(r) && !is_known)
		r = write_row(store, id, &grant, "", err);
	consent_done(&known);
	return r;
}

static result may_revoke(const struct consent *consent, const char *by, int64_t revoked_at, struct bytes main, const struct grant_days *days,
                         struct err *err)
{
	char day[CLOCK_TEXT_MAX];
	int64_t from = grant_revocable_from(consent->main, days);
	if (!bytes_is(consent->by, by) && !grant_names_discloser(consent->main, bytes_text(by)))
		return err_set(err, CODE_AUTHORITY, "/from", "%s neither granted this consent nor is a discloser that it names", by);
	if (revoked_at < from && !grant_ends_by_event(main))
		return err_set(err, CODE_CONSENT, "/parts/main/revoked_at", "a consent under 42 CFR 2.35 that can be revoked from %.10s on",
		               clock_text(from, day));
	return OK;
}

static result judge_revocation(struct store *store, const char *by, struct bytes main, int64_t revoked_at, const struct grant_days *days,
                               struct consent *known, struct bytes *ret_id, struct err *err)
{
	char shown[CONSENT_ID_MAX + 8];
	TRY(read_id(main, ret_id, err));
	TRY(consent_load(store, *ret_id, known, err));
	if (!known->is_known)
		return err_set(err, CODE_NOT_FOUND, "/parts/main/consent_id", "no consent %s was granted here", text_safe(*ret_id, shown, sizeof(shown)));
	return may_revoke(known, by, revoked_at, main, days, err);
}

static int64_t revoked_at_of(struct bytes main, int64_t at)
{
	return grant_revoked_at(main) ? grant_revoked_at(main) : at;
}

result consent_check_revoke(struct store *store, const char *by, int64_t at, struct bytes main, const struct grant_days *days, struct err *err)
{
	struct bytes id;
	struct consent known;
	consent_init(&known);
	result r = judge_revocation(store, by, main, revoked_at_of(main, at), days, &known, &id, err);
	consent_done(&known);
	return r;
}

result consent_revoke(struct store *store, const char *by, int64_t at, struct bytes main, const struct grant_days *days, struct err *err)
{
	struct bytes id;
	struct consent known;
	int64_t revoked_at = revoked_at_of(main, at);
	consent_init(&known);
	result r = judge_revocation(store, by, main, revoked_at, days, &known, &id, err);
	bool is_earlier = !FAILED(r) && (!known.revoked_at || revoked_at < known.revoked_at);
	if (is_earlier) {
		known.revoked_at = revoked_at;
		r = write_row(store, id, &known, by, err);
	}
	consent_done(&known);
	return r;
}

result consent_forget(struct store *store, struct bytes main, struct err *err)
{
	struct bytes id;
	struct err ignored;
	if (FAILED(read_id(main, &id, &ignored)))
		return OK;
	return store_row_drop(store, STORE_CONSENTS, id, err);
}

/* ── judging ── */

enum consent_state consent_state_at(const struct consent *consent, const struct grant_days *days, int64_t now)
{
	if (!consent->is_named)
		return CONSENT_NONE;
	if (!consent->is_known)
		return CONSENT_UNKNOWN;
	if (consent->revoked_at && consent->revoked_at <= now)
		return CONSENT_REVOKED;
	if (!grant_has_begun(consent->main, days, now))
		return CONSENT_EARLY;
	return grant_has_ended(consent->main, days, now) ? CONSENT_EXPIRED : CONSENT_HOLDS;
}

enum consent_state consent_judge(void *ctx, const char *recipient)
{
	const struct consent_question *question = ctx;
	const struct consent *consent = question->consent;
	enum consent_state state = consent_state_at(consent, question->days, question->now);
	if (state != CONSENT_HOLDS)
		return state;
	if (!grant_names_discloser(consent->main, bytes_text(question->discloser)))
		return CONSENT_DISCLOSER;
	if (grant_is_other_person(consent->main, question->subject))
		return CONSENT_PERSON;
	if (recipient && !grant_names_recipient(consent->main, bytes_text(recipient)))
		return CONSENT_RECIPIENT;
	return CONSENT_HOLDS;
}

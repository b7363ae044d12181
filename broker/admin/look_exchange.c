#include "broker/admin/look.h"

#include "base/clock.h"
#include "broker/admin/look_page.h"
#include "broker/consent/consent.h"
#include "broker/exchange/exchange.h"

/* ── deadlines, exchanges, subscriptions ── */

static struct exchange_listing listing_of(struct look_page *page)
{
	return (struct exchange_listing){.after = buf_bytes(&page->after), .max = page->limit, .fn = look_page_add, .ctx = page, .next = &page->next};
}

result look_deadline_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct look_page page;
	result r = look_page_begin(request, &page, err);
	const struct exchange_listing listing = listing_of(&page);
	if (!FAILED(r))
		r = exchange_list_deadlines(answers->reader, look_flag(request, "overdue"), clock_wall_ms(), &listing, err);
	if (!FAILED(r))
		r = look_page_put(&page, "deadlines", out, err);
	look_page_done(&page);
	return r;
}

result look_exchange_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct look_page page;
	result r = look_page_begin(request, &page, err);
	const struct exchange_listing listing = listing_of(&page);
	if (!FAILED(r))
		r = exchange_list(answers->reader, look_flag(request, "open"), &listing, err);
	if (!FAILED(r))
		r = look_page_put(&page, "exchanges", out, err);
	look_page_done(&page);
	return r;
}

result look_exchange_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct uuid id;
	struct buf row;
	bool found = false;
	TRY(look_id(request, &id, err));
	buf_init(&row, ANSWERS_MAX - 65536);
	result r = exchange_show(answers->reader, id.at, &row, &found, err);
	if (!FAILED(r) && !found)
		r = err_set(err, CODE_NOT_FOUND, "/id", "no exchange of that id, or it ended more than %d days ago", EXCHANGE_KEPT_DAYS);
	if (!FAILED(r))
		look_put_one("exchange", buf_bytes(&row), "1 exchange", out);
	buf_done(&row);
	return r;
}

result look_subscription_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct look_page page;
	result r = look_page_begin(request, &page, err);
	const struct exchange_listing listing = listing_of(&page);
	if (!FAILED(r))
		r = exchange_list_subscriptions(answers->reader, &listing, err);
	if (!FAILED(r))
		r = look_page_put(&page, "subscriptions", out, err);
	look_page_done(&page);
	return r;
}

/* ── consents ── */

static bool read_day(void *ctx, struct bytes text, bool is_end_of_day, int64_t *ret)
{
	struct err ignored;
	return !FAILED(calendar_read(ctx, text, is_end_of_day, ret, &ignored));
}

static void put_found(struct buf *out, struct bytes main, const char *key)
{
	struct bytes value;
	pack_put_str(out, key);
	if (pack_find(main, key, &value))
		pack_put_raw(out, value);
	else
		pack_put_nil(out);
}

static const char *state_text(const struct consent *consent, const struct calendar *calendar)
{
	const struct grant_days days = {read_day, (void *)(uintptr_t)calendar};
	return consent_state_text(consent_state_at(consent, &days, clock_wall_ms()));
}

static void put_consent(const struct consent *consent, struct bytes id, const struct calendar *calendar, bool whole, struct buf *out)
{
	static const char *const keys[] = {"disclosers", "recipients", "effective", "expires_on"};
	pack_put_map(out, whole ? 10 : 9);
	look_put_text(out, "consent_id", id);
	look_put_text(out, "by", consent->by);
	look_put_number(out, "granted_at", consent->granted_at);
	look_put_number(out, "revoked_at", consent->revoked_at);
	look_put_text(out, "state", bytes_text(state_text(consent, calendar)));
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		put_found(out, consent->main, keys[i]);
	if (whole) {
		pack_put_str(out, "grant");
		pack_put_raw(out, consent->main);
	}
}

static result list_consents(struct store *reader, const struct calendar *calendar, struct look_page *page, struct err *err)
{
	struct consent consent;
	struct bytes id;
	bool found = true;
	result r = OK;
	consent_init(&consent);
	while (!FAILED(r)) {
		r = consent_next(reader, buf_bytes(&page->after), &consent, &id, &found, err);
		if (FAILED(r) || !found)
			break;
		if (page->count == page->limit) {
			buf_add(&page->next, buf_bytes(&page->after));
			break;
		}
		put_consent(&consent, id, calendar, false, &page->rows);
		page->count++;
		buf_clear(&page->after);
		buf_add(&page->after, id);
	}
	consent_done(&consent);
	return r;
}

result look_consent_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct look_page page;
	struct calendar *calendar = NULL;
	TRY(calendar_new(&answers->snapshot->settings, &calendar, err));
	result r = look_page_begin(request, &page, err);
	if (!FAILED(r))
		r = list_consents(answers->reader, calendar, &page, err);
	if (!FAILED(r))
		r = look_page_put(&page, "consents", out, err);
	look_page_done(&page);
	calendar_free(calendar);
	return r;
}

static result show_consent(const struct answers *answers, struct bytes id, const struct calendar *calendar, struct buf *out, struct err *err)
{
	struct consent consent;
	struct buf row;
	consent_init(&consent);
	buf_init(&row, ANSWERS_MAX - 65536);
	result r = consent_load(answers->reader, id, &consent, err);
	if (!FAILED(r) && !consent.is_known)
		r = err_set(err, CODE_NOT_FOUND, "/id", "no consent of that id was granted here");
	if (!FAILED(r)) {
		put_consent(&consent, id, calendar, true, &row);
		look_put_one("consent", buf_bytes(&row), "1 consent", out);
	}
	buf_done(&row);
	consent_done(&consent);
	return r;
}

result look_consent_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct calendar *calendar = NULL;
	struct bytes id;
	if (!look_text(request, "id", &id))
		return err_set(err, CODE_USAGE, "/id", "name the consent");
	TRY(calendar_new(&answers->snapshot->settings, &calendar, err));
	result r = show_consent(answers, id, calendar, out, err);
	calendar_free(calendar);
	return r;
}

#include "adapters/ncic/ncic_turn.h"

#include "adapters/ncic/ncic_letters.h"
#include "adapters/ncic/ncic_name.h"
#include "base/pack.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Where the text has other letters than messages, which have the post's. */
static const char *const states[][2] = {{"NB", "NE"}, {"GM", "GU"}, {"AM", "AS"}, {"MK", "MP"}};
enum { STATES = sizeof(states) / sizeof(*states), TEXT_SIDE = 0, MESSAGE_SIDE = 1, TURN_NUMBER_MAX = 24 };

static struct bytes other_side(struct bytes letters, int from)
{
	for (size_t i = 0; i < STATES; i++)
		if (bytes_is(letters, states[i][from]))
			return bytes_text(states[i][1 - from]);
	return letters;
}

/* The letters mean one thing on this side and another on that: the country NE is not Nebraska. */
static bool is_ambiguous(struct bytes letters, int side)
{
	return !bytes_equal(other_side(letters, 1 - side), letters);
}

/* Messages know the states, the capital's district and the inhabited territories. */
static bool is_known_state(struct bytes letters)
{
	static const char uninhabited[] = "BK CG HO JI JR KI MH MW PL VL WK";
	char name[3] = {0};
	memcpy(name, letters.at, 2);
	return ncic_codes_has(NCIC_CODES_STATE, letters) && !strstr(uninhabited, name);
}

static bool is_inmate(struct bytes value)
{
	if (!bytes_starts(value, "OA-") || value.len < 8 || value.len > 11)
		return false;
	for (size_t i = 3; i < value.len; i++)
		if (value.at[i] < '0' || value.at[i] > '9')
			return false;
	return true;
}

bool ncic_turn_fits(enum ncic_turn turn, struct bytes value)
{
	if (turn == NCIC_TURN_STATE)
		return value.len == 2 && is_known_state(value);
	if (turn == NCIC_TURN_PLACE)
		return !is_ambiguous(value, TEXT_SIDE);
	if (turn == NCIC_TURN_NUMBER)
		return !is_inmate(value);
	return turn != NCIC_TURN_INMATE || is_inmate(value);
}

/* ---- from the text ---- */

static int64_t number(struct bytes value)
{
	int64_t sum = 0;
	for (size_t i = 0; i < value.len; i++)
		sum = sum * 10 + (value.at[i] - '0');
	return sum;
}

static void put_date(struct bytes value, struct buf *out)
{
	char date[11];
	snprintf(date, sizeof(date), "%.4s-%.2s-%.2s", (const char *)value.at, (const char *)value.at + 4,
	         (const char *)value.at + 6);
	pack_put_str(out, date);
}

static void put_money(struct bytes value, struct buf *out)
{
	const uint8_t *hyphen = memchr(value.at, '-', value.len);
	size_t dollars = hyphen ? (size_t)(hyphen - value.at) : value.len;
	int64_t cents = hyphen ? number(bytes_of(hyphen + 1, 2)) : 0;
	if (cents == 0)
		pack_put_int(out, number(bytes_of(value.at, dollars)));
	else
		pack_put_float(out, (double)(number(bytes_of(value.at, dollars)) * 100 + cents) / 100);
}

static void put_category(struct bytes value, struct buf *out)
{
	char name[32];
	size_t len = value.len < sizeof(name) ? value.len : sizeof(name);
	for (size_t i = 0; i < len; i++)
		name[i] = (char)(value.at[i] == ' ' ? '_' : value.at[i]);
	pack_put_text(out, bytes_of(name, len));
}

void ncic_turn_put(enum ncic_turn turn, struct bytes value, struct buf *out)
{
	switch (turn) {
	case NCIC_TURN_TEXT:
	case NCIC_TURN_NUMBER:
		pack_put_text(out, value);
		return;
	case NCIC_TURN_DATE:
		put_date(value, out);
		return;
	case NCIC_TURN_NAME:
		ncic_name_put(value, out);
		return;
	case NCIC_TURN_WEIGHT:
	case NCIC_TURN_YEAR:
	case NCIC_TURN_COUNT:
		pack_put_int(out, number(value));
		return;
	case NCIC_TURN_FLAG:
		pack_put_bool(out, bytes_is(value, "Y"));
		return;
	case NCIC_TURN_MONEY:
		put_money(value, out);
		return;
	case NCIC_TURN_STATE:
	case NCIC_TURN_PLACE:
		pack_put_text(out, other_side(value, TEXT_SIDE));
		return;
	case NCIC_TURN_CATEGORY:
		put_category(value, out);
		return;
	case NCIC_TURN_INMATE:
		pack_put_text(out, bytes_of(value.at + 3, value.len - 3));
		return;
	case NCIC_TURN_LIMIT:
		pack_put_text(out, bytes_of(value.at + value.len - 1, 1));
		return;
	}
}

/* ---- from a message ---- */

static bool say_date(struct bytes text, struct buf *out)
{
	if (text.len != 10)
		return false;
	buf_add(out, bytes_of(text.at, 4));
	buf_add(out, bytes_of(text.at + 5, 2));
	buf_add(out, bytes_of(text.at + 8, 2));
	return true;
}

static bool say_number(struct bytes packed, int width, struct buf *out)
{
	int64_t value = 0;
	if (!pack_as_int(packed, &value) || value < 0)
		return false;
	buf_printf(out, "%0*lld", width, (long long)value);
	return true;
}

static bool say_money(struct bytes packed, struct buf *out)
{
	struct err ignored;
	struct pack_in in = pack_in(packed, &ignored);
	struct pack_item item = pack_next(&in, "");
	double amount = item.kind == PACK_INT ? (double)item.integer : item.kind == PACK_FLOAT ? item.number : -1;
	if (in.failed || !(amount >= 0 && amount <= 1e8))
		return false;
	int64_t cents = (int64_t)(amount * 100 + 0.5);
	buf_printf(out, "%lld", (long long)(cents / 100));
	if (cents % 100)
		buf_printf(out, "-%02lld", (long long)(cents % 100));
	return true;
}

static bool say_flag(struct bytes packed, struct buf *out)
{
	struct err ignored;
	struct pack_in in = pack_in(packed, &ignored);
	struct pack_item item = pack_next(&in, "");
	if (item.kind != PACK_BOOL)
		return false;
	buf_add_text(out, item.truth ? "Y" : "N");
	return true;
}

static bool say_name(struct bytes packed, struct buf *out)
{
	char name[NCIC_NAME_MAX + 1];
	if (!ncic_name_say(packed, name))
		return false;
	buf_add_text(out, name);
	return true;
}

static void cut_running(size_t began, size_t max, struct buf *out)
{
	if (out->len - began > max)
		out->len = began + max;
	while (out->len > began && out->at[out->len - 1] == ' ')
		out->len--;
}

static bool say_text(enum ncic_turn turn, struct bytes packed, const struct ncic_fields_rule *rule, struct buf *out)
{
	struct bytes text;
	size_t began = out->len;
	if (!pack_as_text(packed, &text))
		return false;
	if (turn == NCIC_TURN_DATE)
		return say_date(text, out);
	if (turn == NCIC_TURN_NUMBER && is_inmate(text))
		return false; /* it would be read back as another thing */
	if ((turn == NCIC_TURN_STATE || turn == NCIC_TURN_PLACE) && is_ambiguous(text, MESSAGE_SIDE))
		return false;
	if (turn == NCIC_TURN_STATE || turn == NCIC_TURN_PLACE)
		text = other_side(text, MESSAGE_SIDE);
	if (turn == NCIC_TURN_INMATE)
		buf_add_text(out, "OA-");
	ncic_letters_put(text, out);
	if (ncic_fields_is_running(rule))
		cut_running(began, rule->max, out);
	return true;
}

static bool say(enum ncic_turn turn, struct bytes packed, const struct ncic_fields_rule *rule, struct buf *out)
{
	switch (turn) {
	case NCIC_TURN_NAME:
		return say_name(packed, out);
	case NCIC_TURN_WEIGHT:
		return say_number(packed, 3, out);
	case NCIC_TURN_YEAR:
		return say_number(packed, 4, out);
	case NCIC_TURN_COUNT:
		return say_number(packed, 1, out);
	case NCIC_TURN_FLAG:
		return say_flag(packed, out);
	case NCIC_TURN_MONEY:
		return say_money(packed, out);
	case NCIC_TURN_TEXT:
	case NCIC_TURN_DATE:
	case NCIC_TURN_STATE:
	case NCIC_TURN_PLACE:
	case NCIC_TURN_CATEGORY:
	case NCIC_TURN_INMATE:
	case NCIC_TURN_LIMIT:
	case NCIC_TURN_NUMBER:
		return say_text(turn, packed, rule, out);
	}
	return false;
}

bool ncic_turn_say(enum ncic_turn turn, struct bytes packed, const struct ncic_fields_rule *rule, struct buf *out)
{
	size_t began = out->len;
	if (say(turn, packed, rule, out) && !ncic_fields_judge(rule, buf_from(out, began)))
		return true;
	out->len = began;
	return false;
}

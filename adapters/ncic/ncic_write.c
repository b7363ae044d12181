#include "adapters/ncic/ncic_write.h"

#include "adapters/ncic/ncic_answer.h"
#include "adapters/ncic/ncic_imply.h"
#include "adapters/ncic/ncic_map.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { WRITE_LINE_MAX = 80, WRITE_BODY_MAX = 16 << 20 };

static struct bytes text_at(struct bytes body, const char *pointer)
{
	struct bytes value, text;
	return pointer && pack_pointer(body, pointer, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

/* The ORI that a header names: the one that the message says, else zeros in this agency's state, which are nobody's. */
static void origin_of(const struct kind_host *host, struct bytes said, char into[static NCIC_TEXT_ORI_LEN + 1])
{
	if (ncic_text_is_ori(said))
		snprintf(into, NCIC_TEXT_ORI_LEN + 1, "%.*s", (int)said.len, (const char *)said.at);
	else
		snprintf(into, NCIC_TEXT_ORI_LEN + 1, "%.2s0000000", host->ori && host->ori[0] ? host->ori : "US");
}

/* MKE.ORI.[destination.][*control.]TXT; a token of ours that cannot stand in a header did not come from one. */
static void put_header(const struct kind_message *message, const char *mke, const char *ori, const char *dest, struct buf *out)
{
	buf_printf(out, "%s.%s.", mke, ori);
	if (dest && dest[0])
		buf_printf(out, "%s.", dest);
	if (message->tag && ncic_text_is_control(bytes_text(message->tag)))
		buf_printf(out, "%s.", message->tag);
	buf_add_text(out, "TXT\r\n");
}

/* ---- fields ---- */

/* The fields of a body, whose values stand in one piece behind each other until all are there. */
struct gathered {
	struct ncic_text *text;
	struct buf values;
	size_t at[NCIC_TEXT_FIELDS_MAX];
	bool is_full;
};

static void gather(void *ctx, const char *tag, struct bytes value)
{
	struct gathered *gathered = ctx;
	if (gathered->text->fields_count == NCIC_TEXT_FIELDS_MAX) {
		gathered->is_full = true;
		return;
	}
	gathered->at[gathered->text->fields_count] = gathered->values.len;
	buf_add(&gathered->values, value);
	ncic_text_add(gathered->text, tag, value);
}

static void settle(struct gathered *gathered)
{
	for (size_t i = 0; i < gathered->text->fields_count; i++)
		gathered->text->fields[i].value = bytes_of(gathered->values.at + gathered->at[i], gathered->text->fields[i].value.len);
}

static void put_fields(const struct ncic_text *text, struct buf *out)
{
	size_t began = out->len;
	for (size_t i = 0; i < text->fields_count; i++) {
		const struct ncic_text_field *field = &text->fields[i];
		if (out->len > began && out->len - began + field->value.len + 5 > WRITE_LINE_MAX) {
			buf_add_text(out, "\r\n");
			began = out->len;
		}
		buf_printf(out, "%s/", field->tag);
		buf_add(out, field->value);
		buf_add_byte(out, '.');
	}
	buf_add_text(out, "\r\n");
}

/* What the text's header names: what the message says that it named, else this agency. */
static bool put_dests(const struct kind_host *host, const struct ncic_keys_key *key, struct bytes body, struct buf *out)
{
	struct bytes list, dest;
	struct err ignored;
	if (key->dests_max == 0)
		return true;
	if (!pack_find(body, "destinations", &list)) {
		if (key->dests_min && !(host->ori && host->ori[0]))
			return false;
		if (key->dests_min)
			buf_printf(out, "%s.", host->ori);
		return true;
	}
	struct pack_in in = pack_in(list, &ignored);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && !in.failed; i++) {
		bool is_text = pack_as_text(pack_value(&in, ""), &dest);
		if (!is_text || i >= key->dests_max || (key->dests && (dest.len == 2) != (key->dests == 'S')))
			return false;
		buf_printf(out, "%s%.*s", i ? "," : "", (int)dest.len, (const char *)dest.at);
	}
	if (count)
		buf_add_byte(out, '.');
	return !in.failed && count >= key->dests_min;
}

static void put_control(const struct kind_message *message, struct buf *out)
{
	struct bytes said = text_at(message->main, "/control");
	if (said.len)
		buf_printf(out, "*%.*s.", (int)said.len, (const char *)said.at);
	else if (message->tag && ncic_text_is_control(bytes_text(message->tag)))
		buf_printf(out, "%s.", message->tag);
}

/* The body, and what of the message's header a field says. */
static void put_augmented(const struct kind_message *message, struct buf *out)
{
	struct err ignored;
	struct bytes attention = text_at(message->message->by, "/attention"), purpose = message->message->purpose;
	struct pack_in in = pack_in(message->main, &ignored);
	size_t count = pack_map(&in, "");
	pack_put_map(out, count + (attention.len ? 1u : 0u) + (purpose.len ? 1u : 0u));
	for (size_t i = 0; i < count && !in.failed; i++) {
		pack_put_text(out, pack_text(&in, "", SIZE_MAX));
		pack_put_raw(out, pack_value(&in, ""));
	}
	if (attention.len) {
		pack_put_str(out, "header attention");
		pack_put_text(out, attention);
	}
	if (purpose.len) {
		pack_put_str(out, "header purpose");
		pack_put_text(out, purpose);
	}
}

static bool write_text(const struct kind_host *host, const struct kind_message *message, const struct ncic_map *map,
	                   const struct ncic_keys_key *key, struct buf *out)
{
	struct gathered gathered = {.text = mem_alloc(sizeof(*gathered.text))};
	struct buf body;
	*gathered.text = (struct ncic_text){.form = NCIC_TEXT_SENT};
	buf_init(&gathered.values, 4 * NCIC_TEXT_BYTES_MAX);
	buf_init(&body, WRITE_BODY_MAX);
	put_augmented(message, &body);
	origin_of(host, text_at(message->main, map->ori), gathered.text->ori);
	buf_printf(out, "%s.%s.", key->mke, gathered.text->ori);
	bool is_fine = put_dests(host, key, message->main, out) && ncic_map_say(map, buf_bytes(&body), gather, &gathered);
	put_control(message, out);
	buf_add_text(out, "TXT\r\n");
	if (is_fine && !gathered.is_full) {
		settle(&gathered);
		ncic_imply_not(gathered.text, key, ncic_imply_agency(host, gathered.text->ori));
		put_fields(gathered.text, out);
	}
	is_fine = is_fine && !gathered.is_full;
	buf_done(&gathered.values);
	buf_done(&body);
	mem_free(gathered.text);
	return is_fine;
}

static bool write_fields(const struct kind_host *host, const struct kind_message *message, const struct ncic_map *map,
	                     struct buf *out)
{
	struct buf implied;
	buf_init(&implied, WRITE_LINE_MAX * 4);
	ncic_map_say_key(map, message->main, &implied);
	const struct ncic_keys_key *key = ncic_keys_for(message->message->type, buf_bytes(&implied));
	buf_done(&implied);
	return key && ncic_map_covers(map, message->main) && write_text(host, message, map, key, out);
}

/* ---- words ---- */

static bool write_answer(const struct kind_host *host, const struct kind_message *message, struct buf *out)
{
	char ori[NCIC_TEXT_ORI_LEN + 1];
	struct bytes said = text_at(message->main, "/responder/ori");
	if (said.len == 0)
		said = text_at(message->main, "/hits/0/confirm_with/ori");
	origin_of(host, said, ori);
	put_header(message, "QWR", ori, host->ori, out);
	return ncic_answer_put(message->main, message->message->from, out);
}

/* ER and SM, as a switch says them; AM of anybody else. */
static bool write_admin(const struct kind_host *host, const struct kind_message *message, struct buf *out)
{
	char ori[NCIC_TEXT_ORI_LEN + 1];
	struct bytes error = text_at(message->main, "/error"), status = text_at(message->main, "/status");
	const struct ncic_keys_key *key = ncic_keys_find(error.len ? "ER" : status.len ? "SM" : "AM");
	origin_of(host, text_at(message->main, "/from/ori"), ori);
	buf_printf(out, "%s.%s.", key->mke, ori);
	if (!put_dests(host, key, message->main, out))
		return false;
	put_control(message, out);
	buf_add_text(out, "TXT\r\n");
	if (error.len || status.len)
		buf_printf(out, ".%.2s. ", (const char *)(error.len ? error.at : status.at));
	ncic_answer_put_admin(message->main, message->message->from, ncic_imply_agency(host, ori), out);
	return true;
}

result ncic_write(const struct kind_host *host, const struct kind_message *message, struct buf *out, bool *ret_wrote,
	              struct err *err)
{
	struct bytes type = message->message->type;
	const struct ncic_map *map = ncic_map_find(type);
	size_t began = out->len;
	bool wrote = false;
	if (bytes_is(type, "query.result/1"))
		wrote = write_answer(host, message, out);
	else if (bytes_is(type, "admin.message/1"))
		wrote = write_admin(host, message, out);
	else if (map)
		wrote = write_fields(host, message, map, out);
	TRY(buf_check(out, "document", err));
	if (!wrote || out->len - began > NCIC_TEXT_BYTES_MAX) {
		wrote = false;
		out->len = began;
	}
	*ret_wrote = wrote;
	return OK;
}

#include "adapters/police/ncic_write.h"

#include "adapters/police/ncic_answer.h"
#include "adapters/police/ncic_map.h"

#include <stdio.h>
#include <string.h>

enum { WRITE_LINE_MAX = 80 };

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

struct wrapped {
	struct buf *out;
	size_t began;
};

static void put_field(void *ctx, const char *tag, struct bytes value)
{
	struct wrapped *wrapped = ctx;
	size_t used = wrapped->out->len - wrapped->began;
	if (used && used + value.len + 5 > WRITE_LINE_MAX) {
		buf_add_text(wrapped->out, "\r\n");
		wrapped->began = wrapped->out->len;
	}
	buf_printf(wrapped->out, "%s/", tag);
	buf_add(wrapped->out, value);
	buf_add_byte(wrapped->out, '.');
}

static bool write_fields(const struct kind_host *host, const struct kind_message *message, const struct ncic_map *map,
	                     struct buf *out)
{
	char ori[NCIC_TEXT_ORI_LEN + 1];
	origin_of(host, text_at(message->main, map->ori), ori);
	put_header(message, map->mke, ori, NULL, out);
	struct wrapped wrapped = {out, out->len};
	if (!ncic_map_say(map, message->main, put_field, &wrapped))
		return false;
	buf_add_text(out, "\r\n");
	return true;
}

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

static bool write_admin(const struct kind_host *host, const struct kind_message *message, struct buf *out)
{
	char ori[NCIC_TEXT_ORI_LEN + 1];
	origin_of(host, text_at(message->main, "/from/ori"), ori);
	put_header(message, "AM", ori, host->ori, out);
	ncic_answer_put_admin(message->main, message->message->from, out);
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
	else if (map && map->mke)
		wrote = write_fields(host, message, map, out);
	TRY(buf_check(out, "document", err));
	if (!wrote || out->len - began > NCIC_TEXT_BYTES_MAX) {
		wrote = false;
		out->len = began;
	}
	*ret_wrote = wrote;
	return OK;
}

#include "broker/admin/look_page.h"

#include "base/text.h"

#include <string.h>

bool look_text(struct bytes request, const char *key, struct bytes *ret)
{
	struct bytes value;
	return pack_find(request, key, &value) && pack_as_text(value, ret) && ret->len > 0;
}

bool look_flag(struct bytes request, const char *key)
{
	struct bytes value;
	struct err ignored;
	if (!pack_find(request, key, &value))
		return false;
	struct pack_in in = pack_in(value, &ignored);
	return pack_bool(&in, key) && !in.failed;
}

result look_id(struct bytes request, struct uuid *ret, struct err *err)
{
	struct bytes text;
	struct err ignored;
	if (!look_text(request, "id", &text) || FAILED(uuid_parse(text, ret, &ignored)))
		return err_set(err, CODE_USAGE, "/id", "name the whole id of a message");
	return OK;
}

void look_put_text(struct buf *out, const char *key, struct bytes text)
{
	pack_put_str(out, key);
	pack_put_text(out, text);
}

void look_put_number(struct buf *out, const char *key, int64_t number)
{
	pack_put_str(out, key);
	pack_put_int(out, number);
}

static result read_cursor(struct bytes request, struct buf *out, struct err *err)
{
	struct bytes text;
	struct err ignored;
	uint8_t key[LOOK_CURSOR_MAX / 2];
	if (!look_text(request, "after", &text))
		return OK;
	if (text.len % 2 || text.len > sizeof(key) * 2 || FAILED(text_unhex(text, key, text.len / 2, &ignored)))
		return err_set(err, CODE_USAGE, "/after", "is not the `next` of an answer");
	buf_add(out, bytes_of(key, text.len / 2));
	return OK;
}

result look_page_begin(struct bytes request, struct look_page *page, struct err *err)
{
	struct bytes value;
	int64_t limit = LOOK_LIMIT;
	*page = (struct look_page){.count = 0};
	buf_init(&page->after, LOOK_CURSOR_MAX);
	buf_init(&page->next, LOOK_CURSOR_MAX);
	buf_init(&page->rows, ANSWERS_MAX - 65536);
	if (pack_find(request, "limit", &value) && (!pack_as_int(value, &limit) || limit < 1 || limit > LOOK_LIMIT_MAX))
		return err_set(err, CODE_USAGE, "/limit", "is not a number from 1 to %d", LOOK_LIMIT_MAX);
	page->limit = (size_t)limit;
	return read_cursor(request, &page->after, err);
}

void look_page_done(struct look_page *page)
{
	buf_done(&page->after);
	buf_done(&page->next);
	buf_done(&page->rows);
}

void look_page_add(void *ctx, struct bytes row)
{
	struct look_page *page = ctx;
	pack_put_raw(&page->rows, row);
	page->count++;
}

result look_page_put(const struct look_page *page, const char *what, struct buf *out, struct err *err)
{
	struct buf looked;
	char hex[LOOK_CURSOR_MAX * 2 + 1];
	TRY(buf_check(&page->rows, "/limit", err));
	buf_init(&looked, 256);
	buf_printf(&looked, "%zu %s", page->count, what);
	pack_put_map(out, page->next.len ? 3 : 2);
	pack_put_str(out, "rows");
	pack_put_array(out, page->count);
	pack_put_raw(out, buf_bytes(&page->rows));
	if (page->next.len)
		look_put_text(out, "next", bytes_text(text_hex(buf_bytes(&page->next), hex)));
	look_put_text(out, "looked_at", buf_bytes(&looked));
	buf_done(&looked);
	return OK;
}

void look_put_one(const char *key, struct bytes value, const char *looked_at, struct buf *out)
{
	pack_put_map(out, 2);
	pack_put_str(out, key);
	pack_put_raw(out, value);
	look_put_text(out, "looked_at", bytes_text(looked_at));
}

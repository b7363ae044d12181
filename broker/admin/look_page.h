/* What the files of look share: requests, pages, and fields. Only look*.c use it. Thread: admin. */
#ifndef BROKER_ADMIN_LOOK_PAGE_H
#define BROKER_ADMIN_LOOK_PAGE_H

#include "broker/admin/look.h"

enum { LOOK_CURSOR_MAX = 1100 };

/* A page in the making. */
struct look_page {
	size_t limit;
	struct buf after; /* key; or a number's digits */
	struct buf rows, next;
	size_t count;
};
/* usage. Everything else of the page is released by look_page_done, whatever the result is. */
RESULT look_page_begin(struct bytes request, struct look_page *page, struct err *err);
void look_page_done(struct look_page *page);
void look_page_add(void *ctx, struct bytes row); /* a record_row_fn and an exchange_listing's fn; ctx is the page */
/* {rows, next?, looked_at: "COUNT WHAT"}. */
RESULT look_page_put(const struct look_page *page, const char *what, struct buf *out, struct err *err);

/* {key: value, looked_at}, value packed. */
void look_put_one(const char *key, struct bytes value, const char *looked_at, struct buf *out);
bool look_text(struct bytes request, const char *key, struct bytes *ret);
bool look_flag(struct bytes request, const char *key);
RESULT look_id(struct bytes request, struct uuid *ret, struct err *err); /* /id; usage */
void look_put_text(struct buf *out, const char *key, struct bytes text);
void look_put_number(struct buf *out, const char *key, int64_t number);

#endif

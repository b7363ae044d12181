#include "cli/head_files.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/pack.h"
#include "base/text.h"
#include "schemas/json.h"

#include <stdio.h>

static result read_all(struct bytes packed, struct head_file ret[static 2], size_t *ret_count, struct err *err)
{
	struct bytes known, offered;
	*ret_count = 1;
	if (!pack_find(packed, "known", &known))
		return head_file_read(packed, &ret[0], err);
	TRY(head_file_read(known, &ret[0], err));
	if (!pack_find(packed, "offered", &offered) || offered.at[0] == 0xc0) /* nil: none was shown */
		return OK;
	*ret_count = 2;
	return head_file_read(offered, &ret[1], err);
}

result head_files_read(const char *path, struct buf *packed, struct head_file ret[static 2], size_t *ret_count, struct err *err)
{
	struct buf json;
	struct err why;
	buf_init(packed, HEAD_FILES_MAX);
	result r = file_read(path, 2 * HEAD_FILES_MAX, &json, err);
	if (!FAILED(r))
		r = json_to_pack(buf_bytes(&json), packed, err);
	buf_done(&json);
	TRY(r);
	r = read_all(buf_bytes(packed), ret, ret_count, &why);
	return FAILED(r) ? err_set(err, r.code, path, "%s%s%s", why.field, why.field[0] ? ": " : "", why.reason) : OK;
}

result head_files_write(const char *path, struct bytes packed, struct err *err)
{
	struct buf json;
	buf_init(&json, 2 * HEAD_FILES_MAX);
	result r = json_from_pack(packed, 2, &json, err);
	if (!FAILED(r))
		r = file_write(path, buf_bytes(&json), 0644, err);
	buf_done(&json);
	return r;
}

const char *head_files_text(const struct head *head, char *into, size_t size)
{
	char root[2 * HASH_LEN + 1], at[CLOCK_TEXT_MAX];
	snprintf(into, size, "%llu entries, root %s, signed %s", (unsigned long long)head->size, text_hex(hash_bytes(&head->root), root),
	         clock_text(head->at, at));
	return into;
}

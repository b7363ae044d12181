/* What the tests of schemas share: packed values written as JSON with ' for ", and a header whose keys can be changed one by one.
 */
#ifndef TESTS_UNIT_SCHEMAS_SAMPLE_H
#define TESTS_UNIT_SCHEMAS_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "schemas/json.h"
#include "schemas/message.h"

enum { SAMPLE_MAX = 1 << 20 };

#define SAMPLE_ID "{'$base64':'AZyPKmt9fBCaRA87Xi16YQ=='}"    /* 019c8f2a-6b7d-7c10-9a44-0f3b5e2d7a61 */
#define SAMPLE_ID_2 "{'$base64':'AZyPKmt9fBGaRA87Xi16Yg=='}"  /* …-7c11-…62 */
#define SAMPLE_ID_V4 "{'$base64':'AZyPKmt9TBCaRA87Xi16YQ=='}" /* 019c8f2a-6b7d-4c10-9a44-0f3b5e2d7a61 */
#define SAMPLE_HASH "{'$base64':'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='}"
#define SAMPLE_HASH_SHORT "{'$base64':'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg=='}"
#define SAMPLE_SALT "{'$base64':'AAECAwQFBgcICQoLDA0ODw=='}"
#define SAMPLE_MAIN "{'main':['CJ'," SAMPLE_HASH "]}"

/* Appends the packed value. */
static inline void sample_pack(const char *json, struct buf *out)
{
	struct err err = {.reason = ""};
	char *text = mem_text(json);
	for (char *at = text; *at; at++) {
		if (*at == '\'')
			*at = '"';
	}
	result r = json_to_pack(bytes_text(text), out, &err);
	if (FAILED(r))
		fail_msg("%s: %s in %s", err.field, err.reason, text);
	mem_free(text);
}

struct sample_key {
	const char *name;
	const char *json;
};

static const struct sample_key sample_header[] = {
	{"v", "1"},
	{"id", SAMPLE_ID},
	{"type", "'warrant.issue/1'"},
	{"from", "'ct.doc.parole.hartford'"},
	{"to", "['ct.hartford.police','role:fugitive']"},
	{"issued", "1772442720412"},
	{"priority", "8"},
	{"subject", "{'doc_number':'00312845','sid':'CT01284417'}"},
	{"parts", SAMPLE_MAIN},
};

/* A packed header with `key` as given instead: NULL leaves it out, a key that is not there is added. */
static inline void sample_header_with(const char *key, const char *json, struct buf *out)
{
	struct buf text;
	bool is_there = false;
	buf_init(&text, SAMPLE_MAX);
	buf_init(out, SAMPLE_MAX);
	buf_add_byte(&text, '{');
	for (size_t i = 0; i < sizeof(sample_header) / sizeof(*sample_header); i++) {
		bool is_it = key && strcmp(key, sample_header[i].name) == 0;
		is_there = is_there || is_it;
		if (is_it && !json)
			continue;
		buf_printf(&text, "%s'%s':%s", text.len > 1 ? "," : "", sample_header[i].name, is_it ? json : sample_header[i].json);
	}
	if (key && json && !is_there)
		buf_printf(&text, ",'%s':%s", key, json);
	buf_add_byte(&text, '}');
	buf_add_byte(&text, '\0');
	sample_pack((const char *)text.at, out);
	buf_done(&text);
}

/* `count` times the character. */
static inline void sample_run(struct buf *out, char character, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_add_byte(out, (uint8_t)character);
}

#endif

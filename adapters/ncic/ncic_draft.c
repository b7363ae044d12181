#include "adapters/ncic/ncic_draft.h"

#include "adapters/ncic/ncic_imply.h"
#include "adapters/ncic/ncic_map.h"

#include <stdio.h>
#include <string.h>

enum { DRAFT_BODY_MAX = 1 << 20, DRAFT_ATTENTION_MAX = 48, DRAFT_NAME_MAX = 80, DRAFT_HIT_ID_MAX = 24 };

bool ncic_draft_is_change(const struct ncic_draft *draft)
{
	const struct ncic_keys_key *key = draft->key;
	return key && key->type && !strncmp(key->type, "warrant.", 8) && !(key->flags & NCIC_KEYS_ENTRY);
}

static bool is_history(const struct ncic_draft *draft)
{
	return (draft->key->flags & NCIC_KEYS_PERSON) != 0;
}

static bool is_query(const struct ncic_draft *draft)
{
	return !strncmp(draft->key->type, "query.", 6);
}

/* ---- what stands around the body ---- */

struct pair {
	const char *key;
	struct bytes value;
};

/* Puts those pairs that have a value as a map under `name`; nothing when none has. */
static size_t put_pairs(const char *name, const struct pair *pairs, size_t count, struct buf *out)
{
	size_t present = 0;
	for (size_t i = 0; i < count; i++)
		present += pairs[i].value.len > 0;
	if (present == 0)
		return 0;
	pack_put_str(out, name);
	pack_put_map(out, present);
	for (size_t i = 0; i < count; i++)
		if (pairs[i].value.len) {
			pack_put_str(out, pairs[i].key);
			pack_put_text(out, pairs[i].value);
		}
	return 1;
}

static struct bytes text_at(struct bytes body, const char *pointer)
{
	struct bytes value, text;
	return pack_pointer(body, pointer, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

/* A confirmation is known by the record and by who asks: the sender of the question, the first who is answered. */
static struct bytes hit_id(const struct ncic_draft *draft, struct bytes nic, char into[static DRAFT_HIT_ID_MAX])
{
	bool is_answer = !strcmp(draft->key->type, "hit.confirm_response/1");
	const char *asker = is_answer ? draft->text.dests[0] : draft->text.ori;
	into[0] = 0;
	if ((draft->key->flags & NCIC_KEYS_CONFIRM) && strlen(asker) == NCIC_TEXT_ORI_LEN)
		snprintf(into, DRAFT_HIT_ID_MAX, "%.*s-%s", (int)nic.len, (const char *)nic.at, asker);
	return bytes_text(into);
}

/* Of whom it is: the identifiers of the entry, also where the text itself has none. */
static size_t put_subject(const struct ncic_draft *draft, struct bytes body, struct buf *out)
{
	struct bytes person = ncic_draft_is_change(draft) ? draft->record.record.body : body;
	struct bytes nic = text_at(body, "/nic"), sid = text_at(body, "/sid"), ucn = text_at(body, "/ucn");
	char id[DRAFT_HIT_ID_MAX];
	const struct pair pairs[] = {
	    {"hit_id", hit_id(draft, nic, id)},
	    {"warrant_no", text_at(body, "/warrant_no")},
	    {"nic", nic},
	    {"sid", sid.len ? sid : text_at(person, "/person/ids/sid")},
	    {"ucn", ucn.len ? ucn : text_at(person, "/person/ids/ucn")},
	    {"doc_number", text_at(person, "/person/ids/doc_number")},
	};
	return put_pairs("subject", pairs, sizeof(pairs) / sizeof(*pairs), out);
}

/* Criminal history is asked for by somebody: the text names the person in one field, which stands for who asks and for whom. */
static size_t put_by(struct ncic_draft *draft, struct buf *out)
{
	struct bytes attention = ncic_text_value(&draft->text, "ATN"), ori = bytes_text(draft->text.ori);
	const struct pair history[] = {{"id", attention}, {"ori", ori}, {"attention", attention}};
	const struct pair other[] = {{"ori", ori}, {"name", attention}};
	if (is_history(draft))
		return put_pairs("by", history, 3, out);
	return is_query(draft) ? put_pairs("by", other, 2, out) : 0;
}

static size_t put_purpose(struct ncic_draft *draft, struct buf *out)
{
	if (!is_history(draft))
		return 0;
	pack_put_str(out, "purpose");
	pack_put_text(out, ncic_text_value(&draft->text, "PUR"));
	return 1;
}

static size_t put_id(const char *key, const uint8_t *id, struct buf *out)
{
	char text[UUID_TEXT_MAX];
	pack_put_str(out, key);
	pack_put_str(out, uuid_text(id, text));
	return 1;
}

/* Several destinations may be one party. */
static size_t put_to(const struct ncic_draft *draft, struct buf *out)
{
	struct bytes parties[NCIC_TEXT_DESTS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < draft->text.dests_count && i < NCIC_TEXT_DESTS_MAX; i++) {
		bool is_known = draft->to[i].len == 0;
		for (size_t k = 0; k < count; k++)
			is_known = is_known || bytes_equal(parties[k], draft->to[i]);
		if (!is_known)
			parties[count++] = draft->to[i];
	}
	if (count == 0)
		return 0;
	pack_put_str(out, "to");
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_text(out, parties[i]);
	return 1;
}

/* ---- what it answers ---- */

static bool is_empty(const uint8_t *id)
{
	static const uint8_t none[UUID_LEN];
	return !memcmp(id, none, UUID_LEN);
}

struct asked {
	uint8_t thread[UUID_LEN], message[UUID_LEN];
};

static bool keep_asked(void *ctx, const struct kind_record *record)
{
	struct asked *asked = ctx;
	if (record->is_ours)
		return true;
	memcpy(asked->thread, record->thread, UUID_LEN);
	memcpy(asked->message, record->message, UUID_LEN);
	return false;
}

/* The record that is changed, or the question that is confirmed. */
static void find_asked(const struct ncic_draft *draft, struct bytes body, struct asked *asked)
{
	char id[DRAFT_HIT_ID_MAX];
	struct err ignored;
	if (ncic_draft_is_change(draft) && draft->record.count) {
		memcpy(asked->thread, draft->record.record.thread, UUID_LEN);
		memcpy(asked->message, draft->record.record.message, UUID_LEN);
		return;
	}
	if (strcmp(draft->key->type, "hit.confirm_response/1") != 0 || !draft->host->each)
		return;
	hit_id(draft, text_at(body, "/nic"), id);
	if (FAILED(draft->host->each(draft->host->ctx, "hit", "number", id, keep_asked, asked, &ignored)))
		memset(asked, 0, sizeof(*asked));
}

static size_t put_asked(const struct ncic_draft *draft, struct bytes body, struct buf *out)
{
	struct asked asked = {{0}, {0}};
	find_asked(draft, body, &asked);
	if (is_empty(asked.thread))
		return 0;
	return put_id("thread", asked.thread, out) + put_id("re", asked.message, out);
}

static void put_around(struct ncic_draft *draft, struct bytes body)
{
	struct buf members;
	struct buf *out = kind_reading_draft(draft->into, draft->text.control);
	size_t count = 2;
	buf_init(&members, DRAFT_BODY_MAX);
	count += put_to(draft, &members);
	count += put_subject(draft, body, &members);
	count += put_by(draft, &members);
	count += put_purpose(draft, &members);
	count += put_asked(draft, body, &members);
	pack_put_map(out, count);
	pack_put_str(out, "type");
	pack_put_str(out, draft->key->type);
	buf_add(out, buf_bytes(&members));
	pack_put_str(out, "body");
	pack_put_raw(out, body);
	buf_done(&members);
}

/* ---- free text ---- */

/* The next line without its end; *rest begins behind it. */
static struct bytes cut_line(struct bytes *rest)
{
	const uint8_t *end = rest->len ? memchr(rest->at, '\n', rest->len) : NULL;
	struct bytes line = end ? bytes_of(rest->at, (size_t)(end - rest->at)) : *rest;
	*rest = end ? bytes_of(end + 1, rest->len - line.len - 1) : BYTES_NONE;
	if (line.len && line.at[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Lines like FROM NAME and ATTN NAME with an empty line behind them speak of the message, not for it. */
static void take_heading(struct bytes *body, struct bytes *from, struct bytes *attention)
{
	struct bytes rest = *body, line = cut_line(&rest);
	if (bytes_starts(line, "FROM ") && line.len > 5 && line.len - 5 <= DRAFT_NAME_MAX && line.at[5] != ' ') {
		*from = bytes_of(line.at + 5, line.len - 5);
		line = cut_line(&rest);
	}
	if (bytes_starts(line, "ATTN ") && line.len > 5 && line.len - 5 <= DRAFT_ATTENTION_MAX && line.at[5] != ' ') {
		*attention = bytes_of(line.at + 5, line.len - 5);
		line = cut_line(&rest);
	}
	if (line.len == 0 && rest.len && (from->len || attention->len))
		*body = rest;
	else
		*from = *attention = BYTES_NONE;
}

/* Line ends become single characters; lines at the end that say nothing go. */
static void put_lines(struct bytes body, struct buf *out)
{
	struct buf lines;
	buf_init(&lines, NCIC_TEXT_BYTES_MAX);
	for (size_t i = 0; i < body.len; i++)
		if (body.at[i] != '\r')
			buf_add_byte(&lines, body.at[i]);
	while (lines.len && lines.at[lines.len - 1] <= ' ')
		lines.len--;
	pack_put_text(out, buf_bytes(&lines));
	buf_done(&lines);
}

static void put_texts(const char *key, const struct ncic_text *text, struct buf *out)
{
	pack_put_str(out, key);
	pack_put_array(out, text->dests_count);
	for (size_t i = 0; i < text->dests_count; i++)
		pack_put_str(out, text->dests[i]);
}

static void put_pair(const char *key, struct bytes value, struct buf *out)
{
	pack_put_str(out, key);
	pack_put_text(out, value);
}

static void put_free(struct ncic_draft *draft, struct buf *out)
{
	struct bytes body = draft->text.body, from = BYTES_NONE, attention = BYTES_NONE;
	bool is_error = !strcmp(draft->key->mke, "ER"), is_switch = (draft->key->flags & NCIC_KEYS_SWITCH) != 0;
	struct bytes number = is_switch ? bytes_of(body.at + 1, 2) : BYTES_NONE;
	bool has_dests = draft->text.dests_count > 0 && draft->text.dests_count <= 5, has_control = draft->text.control[0] != 0;
	if (is_switch)
		body = bytes_of(body.at + 5, body.len - 5);
	else
		take_heading(&body, &from, &attention);
	if (from.len == 0)
		from = bytes_text(ncic_imply_agency(draft->host, draft->text.ori));
	pack_put_map(out, 2 + (has_dests ? 1u : 0u) + (has_control ? 1u : 0u) + (attention.len ? 1u : 0u) + (is_switch ? 1u : 0u));
	if (has_dests)
		put_texts("destinations", &draft->text, out);
	if (has_control)
		put_pair("control", bytes_text(draft->text.control + 1), out);
	if (attention.len)
		put_pair("attention", attention, out);
	if (is_switch)
		put_pair(is_error ? "error" : "status", number, out);
	pack_put_str(out, "text");
	put_lines(body, out);
	pack_put_str(out, "from");
	pack_put_map(out, 2);
	put_pair("name", from, out);
	put_pair("ori", bytes_text(draft->text.ori), out);
}

/* ---- fields ---- */

/* What key and header say, as fields that only the map knows. */
static void add_unwritten(struct ncic_draft *draft)
{
	struct ncic_text *text = &draft->text;
	char tag[NCIC_TEXT_TAG_LEN + 1];
	for (const char *at = draft->key->implied; *at;) {
		size_t len = strcspn(at, " ");
		snprintf(tag, sizeof(tag), "%.3s", at);
		ncic_text_add(text, tag, bytes_of(at + 4, len - 4));
		at += len + (at[len] == ' ');
	}
	if (!is_query(draft) && !(draft->key->flags & NCIC_KEYS_CONFIRM))
		return;
	for (size_t i = 0; i < text->dests_count && i < NCIC_TEXT_DESTS_MAX; i++)
		ncic_text_add(text, "dst", bytes_text(text->dests[i]));
	if (text->control[0])
		ncic_text_add(text, "ctl", bytes_text(text->control + 1));
}

void ncic_draft_put(struct ncic_draft *draft)
{
	struct buf body;
	buf_init(&body, DRAFT_BODY_MAX);
	if (draft->key->flags & NCIC_KEYS_FREE) {
		put_free(draft, &body);
	} else {
		const char *agency = ncic_imply_agency(draft->host, draft->text.ori);
		ncic_imply(&draft->text, draft->key, agency, draft->record.record.number);
		ncic_imply_no_foreign(&draft->text, draft->key, draft->into);
		add_unwritten(draft);
		ncic_map_put(ncic_map_find(bytes_text(draft->key->type)), &draft->text, &body, draft->into);
	}
	put_around(draft, buf_bytes(&body));
	buf_done(&body);
}

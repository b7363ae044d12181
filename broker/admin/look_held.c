#include "broker/admin/look.h"

#include "base/clock.h"
#include "base/mem.h"
#include "broker/admin/look_page.h"
#include "broker/record/held.h"
#include "broker/record/record.h"
#include "certs/proof.h"
#include "schemas/envelope.h"

#include <stdio.h>
#include <string.h>

enum { HELD_STORED_MAX = 72 << 20, HELD_ROWS_MAX = 1 << 20 };

/* A held message with what is stored of it, in buffers of its own. */
struct looked {
	struct held held;
	struct buf row, hold;
	struct store_message stored;
	struct envelope envelope;
	struct message message;
	char from[STORE_PARTY_MAX];
};

static void looked_init(struct looked *looked)
{
	memset(looked, 0, sizeof(*looked));
	buf_init(&looked->row, STORE_VALUE_MAX + STORE_KEY_MAX);
	buf_init(&looked->hold, HELD_STORED_MAX);
}

static void looked_done(struct looked *looked)
{
	buf_done(&looked->row);
	buf_done(&looked->hold);
}

static result unpack(struct store *reader, struct looked *looked, struct err *err)
{
	bool found = false;
	TRY(store_get(reader, looked->held.seq, &looked->hold, &found, &looked->stored, err));
	if (!found)
		return err_set(err, CODE_CORRUPT, "held", "message %lld is held but not stored", (long long)looked->held.seq);
	TRY(envelope_decode(looked->stored.envelope, &looked->envelope, err));
	TRY(message_decode(looked->envelope.header, &looked->message, err));
	snprintf(looked->from, sizeof(looked->from), "%.*s", (int)looked->message.from.len, (const char *)looked->message.from.at);
	return OK;
}

static void put_recipients(const struct held *held, struct buf *out)
{
	struct held_recipient recipient;
	struct err ignored;
	struct pack_in in = pack_in(held->recipients, &ignored);
	size_t count = pack_array(&in, "recipients");
	pack_put_str(out, "recipients");
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_str(out, held_next_recipient(&in, &recipient) ? recipient.party : "");
}

static void put_held(const struct looked *looked, bool with_subject, struct buf *out)
{
	const struct held *held = &looked->held;
	char id[UUID_TEXT_MAX];
	bool has_subject = with_subject && looked->message.subject.len > 0;
	pack_put_map(out, has_subject ? 9 : 8);
	look_put_text(out, "id", bytes_text(uuid_text(held->id, id)));
	look_put_text(out, "type", looked->message.type);
	look_put_text(out, "from", looked->message.from);
	look_put_number(out, "at", held->at);
	look_put_number(out, "expires", held->expires);
	look_put_text(out, "interlock", held->interlock);
	look_put_text(out, "reason", held->reason);
	put_recipients(held, out);
	if (has_subject) {
		pack_put_str(out, "subject");
		pack_put_raw(out, looked->message.subject);
	}
}

/* ── the list ── */

static result list_held(const struct answers *answers, struct look_page *page, struct looked *looked, struct err *err)
{
	uint8_t after[UUID_LEN];
	bool has_after = page->after.len == UUID_LEN, found = true;
	if (has_after)
		memcpy(after, page->after.at, UUID_LEN);
	else if (page->after.len)
		return err_set(err, CODE_USAGE, "/after", "is not the `next` of an answer");
	for (;;) {
		TRY(held_next(answers->reader, has_after ? after : NULL, &looked->row, &found, &looked->held, err));
		if (!found)
			return OK;
		if (page->count == page->limit)
			break;
		memcpy(after, looked->held.id, UUID_LEN);
		has_after = true;
		TRY(unpack(answers->reader, looked, err));
		put_held(looked, false, &page->rows);
		page->count++;
	}
	buf_add(&page->next, bytes_of(after, UUID_LEN));
	return OK;
}

result look_held_list(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct looked *looked = mem_alloc(sizeof(*looked));
	struct look_page page;
	looked_init(looked);
	result r = look_page_begin(request, &page, err);
	if (!FAILED(r))
		r = list_held(answers, &page, looked, err);
	if (!FAILED(r))
		r = look_page_put(&page, "held messages", out, err);
	look_page_done(&page);
	looked_done(looked);
	mem_free(looked);
	return r;
}

/* ── one ── */

static result add_seen(void *ctx, const struct record_seen *seen, struct err *err)
{
	(void)err;
	look_page_add(ctx, seen->map);
	return OK;
}

/* A message may have been refused in the meantime, and its plan says all the same whose it is. */
static result add_standing(const struct answers *answers, const struct looked *looked, struct look_page *page, struct err *err)
{
	struct part parts[MESSAGE_PARTS_MAX];
	struct proof_statement statement;
	struct record_plan plan;
	struct err why;
	size_t count = 0;
	const struct catalogue *catalogue = answers->snapshot->catalogue;
	TRY(part_decode_all(looked->envelope.parts, parts, &count, err));
	TRY(proof_statement_decode(looked->envelope.statement, &statement, err));
	const struct part *main = part_find(parts, count, BYTES_LIT("main"));
	const struct record_question question = {.catalogue = catalogue, .type = catalogue_find(catalogue, looked->message.type), .message = &looked->message,
	                                         .main = main ? main->bytes : BYTES_NONE, .from = looked->from, .signed_at = statement.signed_at,
	                                         .now = clock_wall_ms()};
	if (!question.type || !question.type->interlock)
		return OK;
	result r = record_judge(answers->reader, &question, &plan, &why);
	if (!FAILED(r) || code_class_of(r.code) != CODE_CLASS_FAULT)
		r = record_blockers(answers->reader, &question, &plan, question.type->interlock, add_seen, page, err);
	else
		*err = why;
	record_plan_done(&plan);
	return r;
}

static void put_texts(struct buf *out, const char *key, char *const *texts, size_t count)
{
	pack_put_str(out, key);
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_str(out, texts[i]);
}

/* Who may let it through: the types that do that, as the catalogue has them. */
static void put_overrides(const struct catalogue *catalogue, struct buf *out)
{
	size_t count = 0;
	for (size_t i = 0; i < catalogue_count(catalogue); i++)
		count += catalogue_at(catalogue, i)->hub == CATALOGUE_HUB_OVERRIDE;
	pack_put_array(out, count);
	for (size_t i = 0; i < catalogue_count(catalogue); i++) {
		const struct catalogue_type *type = catalogue_at(catalogue, i);
		if (type->hub != CATALOGUE_HUB_OVERRIDE)
			continue;
		pack_put_map(out, 4);
		look_put_text(out, "type", bytes_text(type->name));
		look_put_number(out, "signatures", type->persons);
		put_texts(out, "roles", type->person_roles, type->person_roles_count);
		put_texts(out, "originators", type->originators, type->originators_count);
	}
}

static result show_held(const struct answers *answers, struct looked *looked, struct look_page *page, struct buf *out, struct err *err)
{
	TRY(unpack(answers->reader, looked, err));
	TRY(add_standing(answers, looked, page, err));
	pack_put_map(out, 4);
	pack_put_str(out, "held");
	put_held(looked, true, out);
	pack_put_str(out, "records");
	pack_put_array(out, page->count);
	pack_put_raw(out, buf_bytes(&page->rows));
	pack_put_str(out, "overrides");
	put_overrides(answers->snapshot->catalogue, out);
	look_put_text(out, "looked_at", BYTES_LIT("1 held message"));
	return OK;
}

result look_held_show(const struct answers *answers, struct bytes request, struct buf *out, struct err *err)
{
	struct looked *looked = mem_alloc(sizeof(*looked));
	struct look_page page;
	struct uuid id;
	bool found = false;
	looked_init(looked);
	result r = look_page_begin(request, &page, err);
	if (!FAILED(r))
		r = look_id(request, &id, err);
	if (!FAILED(r))
		r = held_get(answers->reader, id.at, &looked->row, &found, &looked->held, err);
	if (!FAILED(r) && !found)
		r = err_set(err, CODE_NOT_FOUND, "/id", "no message of that id is held");
	if (!FAILED(r))
		r = show_held(answers, looked, &page, out, err);
	look_page_done(&page);
	looked_done(looked);
	mem_free(looked);
	return r;
}

#include "adapters/facility/release.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { RELEASE_BODY_MAX = 1 << 20 };

static const char *const id_pointers[] = {"/person/ids/doc_number", "/person/ids/sid", "/person/ids/ucn"};
enum { IDS = sizeof(id_pointers) / sizeof(*id_pointers) };

/* What the schema asks for, and something that it takes there. */
static const struct {
	const char *pointer, *stand_in;
} required[] = {
	{"/person/name/family", "X"}, {"/person/name/given", "X"}, {"/released_at", "2000-01-01T00:00:00Z"},
	{"/facility/name", "X"},      {"/reason", "OTHER"},        {"/destination/town", "X"},
	{"/destination/state", "CT"},
};
enum { REQUIRED = sizeof(required) / sizeof(*required) };

/* ---- fields ---- */

void release_init(struct release *release)
{
	memset(release, 0, sizeof(*release));
}

static void field_done(struct release_field *field)
{
	mem_free(field->text);
	mem_free(field->source);
}

void release_clear(struct release *release)
{
	for (size_t i = 0; i < release->count; i++)
		field_done(&release->at[i]);
	release->count = release->faults = 0;
	release->has_bad_id = false;
}

void release_done(struct release *release)
{
	release_clear(release);
	mem_free(release->at);
	release_init(release);
}

static struct release_field *find(const struct release *release, const char *pointer)
{
	for (size_t i = 0; i < release->count; i++)
		if (!strcmp(release->at[i].pointer, pointer))
			return &release->at[i];
	return NULL;
}

bool release_add(struct release *release, const char *pointer, struct bytes text, int line, const char *source)
{
	if (text.len == 0 || release->count == RELEASE_FIELDS_MAX || strlen(pointer) >= RELEASE_POINTER_MAX ||
	    find(release, pointer))
		return false;
	if (release->count == release->room) {
		release->room = release->room ? release->room * 2 : 32;
		release->at = mem_grow(release->at, release->room, sizeof(*release->at));
	}
	struct release_field *field = &release->at[release->count++];
	memset(field, 0, sizeof(*field));
	snprintf(field->pointer, sizeof(field->pointer), "%s", pointer);
	field->text = mem_text_n(text.at, text.len);
	field->source = mem_text(source);
	field->line = line;
	return true;
}

const char *release_text(const struct release *release, const char *pointer)
{
	const struct release_field *field = find(release, pointer);
	return field ? field->text : NULL;
}

static void drop(struct release *release, const char *pointer)
{
	struct release_field *field = find(release, pointer);
	if (!field)
		return;
	field_done(field);
	release->count--;
	memmove(field, field + 1, (size_t)(&release->at[release->count] - field) * sizeof(*field));
}

static const char *stand_in_for(const char *pointer)
{
	const char *last = strrchr(pointer, '/');
	for (size_t i = 0; i < REQUIRED; i++)
		if (!strcmp(required[i].pointer, pointer))
			return required[i].stand_in;
	bool is_item = !strncmp(pointer, "/person/aliases/", 16) || !strncmp(pointer, "/charges/", 9);
	if (is_item && (!strcmp(last, "/family") || !strcmp(last, "/given") || !strcmp(last, "/statute")))
		return "X";
	return NULL;
}

/* In the place of what is wrong: what fits, or nothing where nothing is asked for. */
static void stand_in(struct release *release, const char *pointer)
{
	const char *text = stand_in_for(pointer);
	for (size_t i = 0; i < IDS; i++)
		release->has_bad_id = release->has_bad_id || !strcmp(id_pointers[i], pointer);
	drop(release, pointer);
	if (text)
		release_add(release, pointer, bytes_text(text), 0, NULL);
	/* One asks for the other. */
	if (!strcmp(pointer, "/person/ids/oln"))
		drop(release, "/person/ids/ols");
	if (!strcmp(pointer, "/person/ids/ols"))
		drop(release, "/person/ids/oln");
}

void release_fault(struct release *release, const char *pointer, int line, const char *source, struct kind_reading *into,
                   const char *format, ...)
{
	char reason[ERR_REASON_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(reason, sizeof(reason), format, arguments);
	va_end(arguments);
	kind_reading_fault(into, line, CODE_SCHEMA, source, "%s", reason);
	release->faults++;
	stand_in(release, pointer);
}

void release_default_facility(struct release *release, const struct facility_settings *settings, const struct kind_host *host)
{
	if (release_text(release, "/facility/name"))
		return;
	bool is_titled = settings->name && settings->name[0];
	release_add(release, "/facility/name", bytes_text(is_titled ? settings->name : host->agency), 0, "facility.name");
	release_add(release, "/facility/code", bytes_text(settings->code), 0, "facility.code");
	release_add(release, "/facility/ori", bytes_text(host->ori), 0, "ori");
}

/* ---- the body ---- */

static size_t token_len(const char *token)
{
	return strcspn(token, "/");
}

/* The next token of a field below `above` ("/person/name" → "family"), or NULL when it is not below. */
static const char *token_below(const struct release_field *field, const char *above)
{
	size_t len = strlen(above);
	return !strncmp(field->pointer, above, len) && field->pointer[len] == '/' ? field->pointer + len + 1 : NULL;
}

/* The token of the field at `index` when no field before it has the same. */
static const char *first_token(const struct release *release, size_t index, const char *above)
{
	const char *token = token_below(&release->at[index], above);
	for (size_t i = 0; token && i < index; i++) {
		const char *before = token_below(&release->at[i], above);
		if (before && token_len(before) == token_len(token) && !strncmp(before, token, token_len(token)))
			return NULL;
	}
	return token;
}

static void put_leaf(const struct release_field *field, struct buf *out)
{
	const char *last = strrchr(field->pointer, '/');
	struct err err;
	int64_t number = 0;
	bool is_number = !strcmp(last, "/weight") || !strcmp(last, "/count");
	if (is_number && !FAILED(text_int(bytes_text(field->text), 0, INT32_MAX, &number, &err)))
		pack_put_int(out, number);
	else
		pack_put_str(out, field->text);
}

static void put_level(const struct release *release, const char *above, struct buf *out)
{
	size_t count = 0;
	bool is_list = false;
	for (size_t i = 0; i < release->count; i++) {
		const char *token = first_token(release, i, above);
		count += token != NULL;
		is_list = is_list || (token && token[0] >= '0' && token[0] <= '9');
	}
	if (is_list)
		pack_put_array(out, count);
	else
		pack_put_map(out, count);
	for (size_t i = 0; i < release->count; i++) {
		const char *token = first_token(release, i, above);
		char below[RELEASE_POINTER_MAX];
		if (!token)
			continue;
		if (!is_list)
			pack_put_text(out, bytes_of(token, token_len(token)));
		snprintf(below, sizeof(below), "%s/%.*s", above, (int)token_len(token), token);
		if (!strcmp(below, release->at[i].pointer))
			put_leaf(&release->at[i], out);
		else
			put_level(release, below, out);
	}
}

void release_body(const struct release *release, struct buf *out)
{
	put_level(release, "", out);
}

/* ---- judging ---- */

static const struct validator *validator_of(const struct kind_host *host)
{
	const struct catalogue_type *type = host->catalogue ? catalogue_find(host->catalogue, BYTES_LIT(RELEASE_TYPE)) : NULL;
	for (size_t i = 0; type && i < type->parts_count; i++)
		if (!strcmp(type->parts[i].name, "main"))
			return type->parts[i].validator;
	return NULL;
}

static result run(const struct release *release, const struct validator *validator, struct err *err)
{
	struct buf body;
	buf_init(&body, RELEASE_BODY_MAX);
	release_body(release, &body);
	result r = buf_check(&body, "", err);
	if (!FAILED(r))
		r = validator_run(validator, buf_bytes(&body), err);
	buf_done(&body);
	return r;
}

static void need(struct release *release, const struct release_place *place, struct kind_reading *into)
{
	for (size_t i = 0; i < REQUIRED; i++)
		if (!find(release, required[i].pointer))
			release_fault(release, required[i].pointer, place->line, place->source(place->ctx, required[i].pointer),
			              into, "%s", place->missing);
	bool has_id = release->has_bad_id;
	for (size_t i = 0; i < IDS; i++)
		has_id = has_id || find(release, id_pointers[i]);
	if (!has_id)
		release_fault(release, id_pointers[0], place->line, place->source(place->ctx, id_pointers[0]), into,
		              "%s, and so are the state's and the FBI's number; a release needs at least one of the three",
		              place->missing);
}

bool release_judge(struct release *release, const struct kind_host *host, const struct release_place *place,
                   struct kind_reading *into)
{
	const struct validator *validator = validator_of(host);
	struct err err;
	need(release, place, into);
	/* The validator names its first fault only: that field is made good, and the rest is judged again. */
	for (size_t turns = release->count + 1; validator && turns > 0 && FAILED(run(release, validator, &err)); turns--) {
		struct release_field *field = find(release, err.field);
		if (!field || !field->source) {
			kind_reading_fault(into, place->line, err.code, err.field, "%s", err.reason);
			release->faults++;
			break;
		}
		AUTO_FREE char *source = mem_text(field->source);
		release_fault(release, err.field, field->line, source, into, "%s", err.reason);
	}
	return release->faults == 0;
}

bool release_fits(const struct kind_host *host, const char *pointer, const char *text)
{
	const struct validator *validator = validator_of(host);
	struct release release;
	struct err err;
	release_init(&release);
	release_add(&release, pointer, bytes_text(text), 0, "");
	for (size_t i = 0; i < REQUIRED; i++)
		release_add(&release, required[i].pointer, bytes_text(required[i].stand_in), 0, NULL);
	/* A licence is nothing without its state, a charge without its statute. */
	if (!strncmp(pointer, "/person/ids/ol", 14)) {
		release_add(&release, "/person/ids/oln", BYTES_LIT("X"), 0, NULL);
		release_add(&release, "/person/ids/ols", BYTES_LIT("CT"), 0, NULL);
	}
	if (!strncmp(pointer, "/charges/0/", 11))
		release_add(&release, "/charges/0/statute", BYTES_LIT("X"), 0, NULL);
	bool fits = !validator || !FAILED(run(&release, validator, &err));
	release_done(&release);
	return fits;
}

/* ---- drafts ---- */

static void put_subject(const struct release *release, struct buf *out)
{
	size_t count = 0;
	for (size_t i = 0; i < IDS; i++)
		count += find(release, id_pointers[i]) != NULL;
	pack_put_map(out, count);
	for (size_t i = 0; i < IDS; i++) {
		const char *text = release_text(release, id_pointers[i]);
		if (!text)
			continue;
		pack_put_str(out, strrchr(id_pointers[i], '/') + 1);
		pack_put_str(out, text);
	}
}

void release_draft(const struct release *release, struct kind_reading *into)
{
	const char *tag = NULL;
	for (size_t i = 0; i < IDS && !tag; i++)
		tag = release_text(release, id_pointers[i]);
	struct buf *out = kind_reading_draft(into, tag);
	pack_put_map(out, 3);
	pack_put_str(out, "type");
	pack_put_str(out, RELEASE_TYPE);
	pack_put_str(out, "subject");
	put_subject(release, out);
	pack_put_str(out, "body");
	release_body(release, out);
}

void release_drop_drafts(struct kind_reading *reading)
{
	for (size_t i = 0; i < reading->drafts_count; i++)
		buf_done(&reading->drafts[i].plain);
	reading->drafts_count = 0;
}

#include "adapters/police/ncic_read.h"

#include "adapters/police/ncic_fields.h"
#include "adapters/police/ncic_keys.h"
#include "adapters/police/ncic_map.h"
#include "adapters/police/ncic_record.h"
#include "base/mem.h"

#include <string.h>

enum { READ_BODY_MAX = 1 << 20, READ_FREE_MAX = 4000 };

struct reading {
	const struct conf_pairs *directory;
	const struct kind_host *host;
	struct kind_reading *into;
	const struct ncic_keys_key *key; /* NULL: the key is not known */
	struct ncic_text text;
	struct ncic_record record;
	struct bytes to[NCIC_TEXT_DESTS_MAX];
	char state[3]; /* of the ORI */
};

/* ---- judging ---- */

static void check_origin(struct reading *reading)
{
	const char *ori = reading->text.ori;
	if (ori[0] && strcmp(ori, reading->host->ori) != 0)
		ncic_text_fault(reading->into, 1, CODE_NOT_YOUR_PARTY, NCIC_TEXT_HEADER, "ORI",
		                "%s is not this agency, which is %s", ori,
		                reading->host->ori[0] ? reading->host->ori : "without an ORI in its configuration");
}

static void check_key(struct reading *reading)
{
	const char *mke = reading->text.mke;
	reading->key = ncic_keys_find(mke);
	if (mke[0] && !reading->key)
		ncic_text_fault(reading->into, 1, CODE_UNKNOWN_TYPE, NCIC_TEXT_KEY, "MKE", "no such message key: %s", mke);
	else if (reading->key && (reading->key->flags & NCIC_KEYS_SWITCH))
		ncic_text_fault(reading->into, 1, CODE_UNKNOWN_TYPE, NCIC_TEXT_KEY, "MKE", "%s is said by switches, not to them",
		                mke);
	else if (reading->key && !reading->key->type)
		ncic_text_fault(reading->into, 1, CODE_UNKNOWN_TYPE, NCIC_TEXT_KEY, "MKE",
		                "this key has no message type here yet: %s", mke);
}

static struct bytes party_of(const struct conf_pairs *directory, const char *dest)
{
	for (size_t i = 0; directory && i < directory->count; i++)
		if (!strcmp(directory->at[i].name, dest))
			return bytes_text(directory->at[i].value);
	return BYTES_NONE;
}

static void check_dests(struct reading *reading)
{
	const struct ncic_text *text = &reading->text;
	ncic_keys_check_dests(reading->key, text, reading->into);
	for (size_t i = 0; i < text->dests_count && i < NCIC_TEXT_DESTS_MAX && reading->key->type; i++) {
		reading->to[i] = party_of(reading->directory, text->dests[i]);
		if (reading->to[i].len == 0)
			ncic_text_fault(reading->into, 1, CODE_NO_RECIPIENT, NCIC_TEXT_HEADER, "DST",
			                "no party is known for %s; police.directory lists them", text->dests[i]);
	}
}

static void check_free(struct reading *reading)
{
	const struct bytes body = reading->text.body;
	size_t letters = 0;
	ncic_text_check_free(&reading->text, reading->into);
	for (size_t i = 0; i < body.len; i++)
		letters += body.at[i] > ' ';
	if (letters == 0)
		ncic_text_fault(reading->into, 2, CODE_SCHEMA, NCIC_TEXT_FORMAT, "TXT", "nothing is said");
	if (body.len > READ_FREE_MAX)
		ncic_text_fault(reading->into, 2, CODE_TOO_LARGE, NCIC_TEXT_FORMAT, "TXT", "%zu characters; at most %d", body.len,
		                (int)READ_FREE_MAX);
}

static bool is_change(const struct ncic_keys_key *key)
{
	return key->type && !strncmp(key->type, "warrant.", 8) && !(key->flags & NCIC_KEYS_ENTRY);
}

static bool is_query(const struct ncic_keys_key *key)
{
	return key->type && !strcmp(key->type, "query.wanted/1");
}

/* A last known address needs a state that messages know: the one that is said, or the ORI's. */
static void check_state(struct reading *reading)
{
	const struct ncic_text_field *said = ncic_text_find(&reading->text, "STA", 0);
	if (said && (said->is_bad || ncic_turn_fits(NCIC_TURN_STATE, said->value)))
		return;
	if (said)
		ncic_text_fault(reading->into, said->line, CODE_SCHEMA, NCIC_TEXT_FORMAT, "STA", "nobody lives there");
	else if (reading->text.ori[0] && !ncic_turn_fits(NCIC_TURN_STATE, bytes_of(reading->text.ori, 2)))
		ncic_text_fault(reading->into, 0, CODE_SCHEMA, NCIC_TEXT_FORMAT, "STA", "missing: the ORI begins with no state");
}

static void check_fields(struct reading *reading)
{
	struct ncic_text *text = &reading->text;
	ncic_text_read_fields(text, reading->into);
	ncic_fields_check(text, reading->key && (reading->key->flags & NCIC_KEYS_MODIFY), reading->into);
	if (!reading->key)
		return;
	ncic_keys_check(reading->key, text, reading->into);
	if (reading->key->flags & NCIC_KEYS_ENTRY)
		check_state(reading);
	if (is_change(reading->key))
		ncic_record_check(reading->host, reading->key, text, &reading->record, reading->into);
	if (is_query(reading->key) && !ncic_text_find(text, "NAM", 0) && !ncic_text_find(text, "NIC", 0))
		ncic_text_fault(reading->into, 0, CODE_UNKNOWN_TYPE, NCIC_TEXT_KEY,
		                ncic_text_find(text, "VIN", 0) ? "VIN" : "LIC",
		                "a query by vehicle alone has no message type here yet");
}

/* What switches and record systems say is recognized, but nobody sends it on. */
static void check_foreign(struct reading *reading)
{
	bool is_answer = reading->text.form == NCIC_TEXT_ANSWERED;
	ncic_text_check_free(&reading->text, reading->into);
	if (!is_answer && !ncic_keys_find(reading->text.mke))
		ncic_text_fault(reading->into, 1, CODE_UNKNOWN_TYPE, NCIC_TEXT_KEY, "MKE", "no such message key: %s",
		                reading->text.mke);
	else
		ncic_text_fault(reading->into, 1, CODE_UNKNOWN_TYPE, NCIC_TEXT_KEY, "MKE", "%s has no message type here",
		                is_answer ? "the answer of a record system" : "what a switch has delivered");
}

static void check(struct reading *reading)
{
	if (reading->text.form != NCIC_TEXT_SENT) {
		check_foreign(reading);
		return;
	}
	check_origin(reading);
	check_key(reading);
	if (reading->key && (reading->key->flags & NCIC_KEYS_FREE))
		check_free(reading);
	else
		check_fields(reading);
	if (reading->key)
		check_dests(reading);
}

/* ---- what the text implies ---- */

static void imply(struct reading *reading, const char *tag, const char *value)
{
	if (!ncic_text_find(&reading->text, tag, 0))
		ncic_text_add(&reading->text, tag, bytes_text(value));
}

/* A set of fields of which one cannot be said in a message: none is. */
static void give_up(struct reading *reading, const char *const *tags, size_t count)
{
	struct ncic_text *text = &reading->text;
	size_t kept = 0;
	for (size_t i = 0; i < text->fields_count; i++) {
		struct ncic_text_field *field = &text->fields[i];
		bool is_given_up = false;
		for (size_t t = 0; t < count; t++)
			is_given_up = is_given_up || !strcmp(field->tag, tags[t]);
		if (!is_given_up) {
			text->fields[kept++] = *field;
			continue;
		}
		char *what = mem_printf("%s/%.*s", field->tag, (int)field->value.len, (const char *)field->value.at);
		kind_reading_unmapped(reading->into, what);
		mem_free(what);
	}
	text->fields_count = kept;
}

static void imply_states(struct reading *reading)
{
	static const char *const license[] = {"OLN", "OLS"}, *const plate[] = {"LIC", "LIS", "LIY", "LIT"};
	struct ncic_text *text = &reading->text;
	if (ncic_text_find(text, "OLN", 0))
		imply(reading, "OLS", reading->state);
	if (ncic_text_find(text, "OLN", 0) && !ncic_turn_fits(NCIC_TURN_STATE, ncic_text_value(text, "OLS")))
		give_up(reading, license, 2);
	if (ncic_text_find(text, "LIC", 0) && !ncic_turn_fits(NCIC_TURN_STATE, ncic_text_value(text, "LIS")))
		give_up(reading, plate, 4);
}

static const char *category_of(struct ncic_text *text)
{
	struct bytes offense = ncic_text_value(text, "OFF"), limit = ncic_text_value(text, "EXL");
	if (bytes_is(offense, "5012"))
		return "VIOLATION OF PROBATION";
	if (bytes_is(offense, "5015"))
		return "BENCH WARRANT";
	if (bytes_is(offense, "5011") || bytes_is(offense, "5013") || bytes_is(offense, "5014"))
		return "PAROLE REMAND";
	return limit.len && limit.at[0] >= 'A' ? "MISDEMEANOR ARREST" : "FELONY ARREST";
}

static const char *agency_of(const struct kind_host *host)
{
	return host->agency && host->agency[0] ? host->agency : host->ori;
}

static void imply_entry(struct reading *reading)
{
	struct ncic_text *text = &reading->text;
	if (!ncic_text_find(text, "WNO", 0))
		ncic_text_add(text, "WNO", ncic_text_value(text, "OCA"));
	imply(reading, "CAT", category_of(text));
	imply(reading, "AUN", agency_of(reading->host));
	imply(reading, "AUT", "ENTERING AGENCY");
	imply(reading, "CTY", "UNKNOWN");
	imply(reading, "STA", reading->state);
}

static void imply_all(struct reading *reading)
{
	memcpy(reading->state, reading->text.ori, 2);
	imply(reading, "ORI", reading->text.ori);
	imply(reading, "AGN", agency_of(reading->host));
	imply_states(reading);
	if (reading->key->flags & NCIC_KEYS_ENTRY)
		imply_entry(reading);
	if (is_change(reading->key))
		imply(reading, "WNO", reading->record.record.number);
	if (!strcmp(reading->key->type, "warrant.cancel/1") && !ncic_text_find(&reading->text, "RPS", 0))
		imply(reading, "RSN", "NOT STATED");
}

/* ---- the draft ---- */

struct pair {
	const char *key;
	struct bytes value;
};

/* Puts those pairs that have a value as a map under `name`; nothing when none has. */
static bool put_pairs(const char *name, const struct pair *pairs, size_t count, struct buf *out)
{
	size_t present = 0;
	for (size_t i = 0; i < count; i++)
		present += pairs[i].value.len > 0;
	if (present == 0)
		return false;
	pack_put_str(out, name);
	pack_put_map(out, present);
	for (size_t i = 0; i < count; i++)
		if (pairs[i].value.len) {
			pack_put_str(out, pairs[i].key);
			pack_put_text(out, pairs[i].value);
		}
	return true;
}

static struct bytes text_at(struct bytes body, const char *pointer)
{
	struct bytes value, text;
	return pack_pointer(body, pointer, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

/* Of whom it is: the identifiers of the entry, also where the text itself has none. */
static bool put_subject(const struct reading *reading, struct bytes body, struct buf *out)
{
	struct bytes person = is_change(reading->key) ? reading->record.record.body : body;
	const struct pair pairs[] = {
	    {"warrant_no", text_at(body, "/warrant_no")},
	    {"nic", text_at(body, "/nic")},
	    {"sid", text_at(person, "/person/ids/sid")},
	    {"ucn", text_at(person, "/person/ids/ucn")},
	    {"doc_number", text_at(person, "/person/ids/doc_number")},
	};
	return put_pairs("subject", pairs, sizeof(pairs) / sizeof(*pairs), out);
}

static bool put_by(struct reading *reading, struct buf *out)
{
	const struct pair pairs[] = {{"ori", bytes_text(reading->text.ori)}, {"name", ncic_text_value(&reading->text, "ATN")}};
	return is_query(reading->key) && put_pairs("by", pairs, 2, out);
}

static void put_id(const char *key, const uint8_t *id, struct buf *out)
{
	char text[UUID_TEXT_MAX];
	pack_put_str(out, key);
	pack_put_str(out, uuid_text(id, text));
}

/* Several destinations may be one party. */
static size_t put_to(const struct reading *reading, struct buf *out)
{
	struct bytes parties[NCIC_TEXT_DESTS_MAX];
	size_t count = 0;
	for (size_t i = 0; i < reading->text.dests_count; i++) {
		bool is_known = false;
		for (size_t k = 0; k < count; k++)
			is_known = is_known || bytes_equal(parties[k], reading->to[i]);
		if (!is_known)
			parties[count++] = reading->to[i];
	}
	if (count == 0)
		return 0;
	pack_put_str(out, "to");
	pack_put_array(out, count);
	for (size_t i = 0; i < count; i++)
		pack_put_text(out, parties[i]);
	return 1;
}

static void put_draft(struct reading *reading, struct bytes body)
{
	struct buf members;
	struct buf *draft = kind_reading_draft(reading->into, reading->text.control);
	size_t count = 2;
	buf_init(&members, READ_BODY_MAX);
	count += put_to(reading, &members);
	count += put_subject(reading, body, &members);
	count += put_by(reading, &members);
	if (is_change(reading->key)) {
		put_id("thread", reading->record.record.thread, &members);
		put_id("re", reading->record.record.message, &members);
		count += 2;
	}
	pack_put_map(draft, count);
	pack_put_str(draft, "type");
	pack_put_str(draft, reading->key->type);
	buf_add(draft, buf_bytes(&members));
	pack_put_str(draft, "body");
	pack_put_raw(draft, body);
	buf_done(&members);
}

/* Free text becomes lines of text; those at the end that say nothing go. */
static void put_free(const struct reading *reading, struct buf *out)
{
	struct buf lines;
	const struct bytes body = reading->text.body;
	buf_init(&lines, NCIC_TEXT_BYTES_MAX);
	for (size_t i = 0; i < body.len; i++)
		if (body.at[i] != '\r')
			buf_add_byte(&lines, body.at[i]);
	while (lines.len && lines.at[lines.len - 1] <= ' ')
		lines.len--;
	pack_put_map(out, 2);
	pack_put_str(out, "text");
	pack_put_text(out, buf_bytes(&lines));
	pack_put_str(out, "from");
	pack_put_map(out, 2);
	pack_put_str(out, "name");
	pack_put_str(out, agency_of(reading->host));
	pack_put_str(out, "ori");
	pack_put_str(out, reading->text.ori);
	buf_done(&lines);
}

static void draft(struct reading *reading)
{
	struct buf body;
	buf_init(&body, READ_BODY_MAX);
	if (reading->key->flags & NCIC_KEYS_FREE) {
		put_free(reading, &body);
	} else {
		imply_all(reading);
		ncic_map_put(ncic_map_find(bytes_text(reading->key->type)), &reading->text, &body, reading->into);
	}
	put_draft(reading, buf_bytes(&body));
	buf_done(&body);
}

void ncic_read(const struct conf_pairs *directory, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	struct reading *reading = mem_alloc(sizeof(*reading));
	size_t faults = into->faults_count;
	*reading = (struct reading){.directory = directory, .host = host, .into = into};
	ncic_record_init(&reading->record);
	if (ncic_text_open(document, &reading->text, into))
		check(reading);
	if (into->faults_count == faults)
		draft(reading);
	ncic_record_done(&reading->record);
	mem_free(reading);
}

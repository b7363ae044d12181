#include "adapters/ncic/ncic_read.h"

#include "adapters/ncic/ncic_answered.h"
#include "adapters/ncic/ncic_draft.h"
#include "adapters/ncic/ncic_fields.h"
#include "adapters/ncic/ncic_imply.h"
#include "adapters/ncic/ncic_map.h"
#include "base/mem.h"

#include <string.h>

enum { READ_FREE_MAX = 4000 };

/* ---- judging ---- */

/* Where there are no records to ask, a text is only turned into another form: it may be anybody's. */
static bool is_alone(const struct kind_host *host)
{
	return !host->each;
}

static void check_origin(const struct kind_host *host, const struct ncic_text *text, struct kind_reading *into)
{
	if (text->ori[0] && strcmp(text->ori, host->ori) != 0)
		ncic_text_fault(into, 1, CODE_NOT_YOUR_PARTY, NCIC_TEXT_HEADER, "ORI", "%s is not this agency, which is %s", text->ori,
		                host->ori[0] ? host->ori : "without an ORI in its configuration");
}

/* Errors come from one place only, and status from switches. */
static bool is_of_switch(const struct ncic_text *text)
{
	return !strcmp(text->mke, "ER") ? !strcmp(text->ori, "NL0000000")
	                                : text->form == NCIC_TEXT_DELIVERED || !strncmp(text->ori, "NL", 2);
}

static void check_key(struct ncic_draft *draft)
{
	const char *mke = draft->text.mke;
	draft->key = ncic_keys_find(mke);
	if (mke[0] && !draft->key)
		ncic_text_fault(draft->into, 1, CODE_UNKNOWN_TYPE, NCIC_TEXT_KEY, "MKE", "no such message key: %s", mke);
	else if (draft->key && (!draft->key->type || ((draft->key->flags & NCIC_KEYS_SWITCH) && !is_of_switch(&draft->text))))
		ncic_text_fault(draft->into, 1, CODE_UNKNOWN_TYPE, NCIC_TEXT_KEY, "MKE", "%s is said by switches, not to them", mke);
}

static struct bytes party_of(const struct conf_pairs *directory, const char *dest)
{
	for (size_t i = 0; directory && i < directory->count; i++)
		if (!strcmp(directory->at[i].name, dest))
			return bytes_text(directory->at[i].value);
	return BYTES_NONE;
}

static void check_dests(const struct conf_pairs *directory, struct ncic_draft *draft)
{
	const struct ncic_text *text = &draft->text;
	if (text->form == NCIC_TEXT_SENT && !(draft->key->flags & NCIC_KEYS_SWITCH))
		ncic_keys_check_dests(draft->key, text, draft->into);
	for (size_t i = 0; i < text->dests_count && i < NCIC_TEXT_DESTS_MAX && !is_alone(draft->host); i++) {
		draft->to[i] = party_of(directory, text->dests[i]);
		if (draft->to[i].len == 0)
			ncic_text_fault(draft->into, 1, CODE_NO_RECIPIENT, NCIC_TEXT_HEADER, "DST",
			                "no party is known for %s; police.directory lists them", text->dests[i]);
	}
}

/* ".nn. TEXT", as switches number what they say. */
static void check_numbered(const struct ncic_text *text, struct kind_reading *into)
{
	struct bytes body = text->body;
	bool is_fine = body.len > 5 && body.at[0] == '.' && body.at[1] >= '0' && body.at[1] <= '9' && body.at[2] >= '0' &&
	               body.at[2] <= '9' && body.at[3] == '.' && body.at[4] == ' ' && body.at[5] > ' ';
	if (!is_fine)
		ncic_text_fault(into, text->body_line, CODE_SCHEMA, NCIC_TEXT_FORMAT, "TXT",
		                "does not begin with a number like .22. and words");
}

static void check_free(struct ncic_draft *draft)
{
	const struct bytes body = draft->text.body;
	size_t letters = 0;
	ncic_text_check_free(&draft->text, draft->into);
	for (size_t i = 0; i < body.len; i++)
		letters += body.at[i] > ' ';
	if (letters == 0)
		ncic_text_fault(draft->into, 2, CODE_SCHEMA, NCIC_TEXT_FORMAT, "TXT", "nothing is said");
	if (body.len > READ_FREE_MAX)
		ncic_text_fault(draft->into, 2, CODE_TOO_LARGE, NCIC_TEXT_FORMAT, "TXT", "%zu characters; at most %d", body.len,
		                (int)READ_FREE_MAX);
	if (letters && draft->key && (draft->key->flags & NCIC_KEYS_SWITCH))
		check_numbered(&draft->text, draft->into);
}

/* A last known address needs a state that messages know: the one that is said, or the ORI's. */
static void check_state(struct ncic_draft *draft)
{
	const struct ncic_text_field *said = ncic_text_find(&draft->text, "STA", 0);
	if (said && (said->is_bad || ncic_turn_fits(NCIC_TURN_STATE, said->value)))
		return;
	if (said)
		ncic_text_fault(draft->into, said->line, CODE_SCHEMA, NCIC_TEXT_FORMAT, "STA", "nobody lives there");
	else if (draft->text.ori[0] && !ncic_turn_fits(NCIC_TURN_STATE, bytes_of(draft->text.ori, 2)))
		ncic_text_fault(draft->into, 0, CODE_SCHEMA, NCIC_TEXT_FORMAT, "STA", "missing: the ORI begins with no state");
}

/* A license or a plate whose place no message can say is left out of the message; it cannot be all that the person or the
 * vehicle is known by. */
static void check_places(struct ncic_draft *draft)
{
	struct ncic_text *text = &draft->text;
	bool is_vehicle = !strcmp(draft->key->mke, "QV");
	struct bytes license = ncic_text_value(text, "OLS"), plate = ncic_text_value(text, "LIS");
	if (license.len == 0)
		license = bytes_of(text->ori, 2);
	bool is_license_void = ncic_text_find(text, "OLN", 0) && text->ori[0] && !ncic_turn_fits(NCIC_TURN_STATE, license);
	bool is_plate_void = plate.len && !ncic_turn_fits(is_vehicle ? NCIC_TURN_PLACE : NCIC_TURN_STATE, plate);
	const char *without = is_license_void && is_plate_void ? "OLN LIC" : is_license_void ? "OLN" : is_plate_void ? "LIC" : "";
	if (!without[0] || !ncic_keys_has_one(draft->key, text, "") || ncic_keys_has_one(draft->key, text, without))
		return;
	const char *tag = is_license_void ? "OLS" : "LIS";
	const struct ncic_text_field *field = ncic_text_find(text, tag, 0);
	ncic_text_fault(draft->into, field ? field->line : 0, CODE_SCHEMA, NCIC_TEXT_FORMAT, tag,
	                "messages do not know this place, and nothing else is said to know it by");
}

/* The key that a text turns out to be: who asks for a wanted person by plate alone asks for the vehicle. */
static void settle_key(struct ncic_draft *draft)
{
	bool is_wanted = draft->key && draft->key->type && !strcmp(draft->key->type, "query.wanted/1");
	if (is_wanted && !ncic_text_find(&draft->text, "NAM", 0) && !ncic_text_find(&draft->text, "NIC", 0))
		draft->key = ncic_keys_find("QV");
}

static void check_fields(struct ncic_draft *draft)
{
	struct ncic_text *text = &draft->text;
	ncic_text_read_fields(text, draft->into);
	ncic_fields_check(text, draft->key && (draft->key->flags & NCIC_KEYS_MODIFY), draft->into);
	if (!draft->key)
		return;
	ncic_keys_check(draft->key, text, draft->into);
	settle_key(draft);
	if (draft->key->flags & NCIC_KEYS_ENTRY)
		check_state(draft);
	check_places(draft);
	if (!is_alone(draft->host) && ncic_draft_is_change(draft))
		ncic_record_check(draft->host, draft->key, text, &draft->record, draft->into);
}

static void check(const struct conf_pairs *directory, struct ncic_draft *draft)
{
	check_key(draft);
	if (!is_alone(draft->host) && !(draft->key && (draft->key->flags & NCIC_KEYS_SWITCH)))
		check_origin(draft->host, &draft->text, draft->into);
	if (draft->key && (draft->key->flags & NCIC_KEYS_FREE))
		check_free(draft);
	else
		check_fields(draft);
	if (draft->key)
		check_dests(directory, draft);
}

void ncic_read(const struct conf_pairs *directory, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	struct ncic_draft *draft = mem_alloc(sizeof(*draft));
	size_t faults = into->faults_count;
	*draft = (struct ncic_draft){.host = host, .into = into};
	ncic_record_init(&draft->record);
	bool is_open = ncic_text_open(document, &draft->text, into);
	bool is_answer = is_open && draft->text.form == NCIC_TEXT_ANSWERED;
	if (is_answer)
		ncic_text_check_free(&draft->text, into);
	else if (is_open)
		check(directory, draft);
	if (into->faults_count == faults && is_answer)
		ncic_answered_put(&draft->text, into);
	else if (into->faults_count == faults)
		ncic_draft_put(draft);
	ncic_record_done(&draft->record);
	mem_free(draft);
}

#include "unit/schemas/sample.h"

#include <stdio.h>

#include "base/file.h"
#include "schemas/catalogue.h"

#define FOLDER LIAISON_SOURCE_DIR "/schemas/catalogue"

static struct catalogue *shipped;

static int load_shipped(void **state)
{
	struct err err = {.reason = ""};
	(void)state;
	if (FAILED(catalogue_load(FOLDER, &shipped, &err)))
		fail_msg("%s: %s", err.field, err.reason);
	return 0;
}

static int unload_shipped(void **state)
{
	(void)state;
	catalogue_unref(shipped);
	return 0;
}

/* ---- a message of a type, whose pieces the tests change ---- */

struct case_message {
	struct message message;
	struct part parts[MESSAGE_PARTS_MAX];
	size_t parts_count;
	struct buf packed[4];
};

static struct bytes pack_into(struct buf *out, const char *json)
{
	buf_init(out, SAMPLE_MAX);
	sample_pack(json, out);
	return buf_bytes(out);
}

static void add_part(struct case_message *made, const char *name, const char *cls, struct bytes bytes)
{
	made->message.parts[made->message.parts_count++] =
		(struct message_part){.name = bytes_text(name), .cls = bytes_text(cls)};
	made->parts[made->parts_count++] = (struct part){.name = bytes_text(name), .bytes = bytes};
}

static const char *class_of(const struct catalogue_type *type, const char *part)
{
	for (size_t i = 0; i < type->parts_count; i++)
		if (strcmp(type->parts[i].name, part) == 0)
			return type->parts[i].cls;
	return NULL;
}

/* As the type asks for it, with that subject and body (packed). */
static void make(struct case_message *made, const struct catalogue_type *type, struct bytes subject, struct bytes body)
{
	*made = (struct case_message){
		.message = {.type = bytes_text(type->name), .priority = type->priority, .subject = subject}};
	if (type->wants_by)
		made->message.by = pack_into(&made->packed[0], "{'user':'okafor','ori':'CT0006400'}");
	add_part(made, "main", class_of(type, "main"), body);
	if (type->persons > 0)
		add_part(made, "approvals", "CJ", pack_into(&made->packed[1], "['not judged here']"));
}

static void unmake(struct case_message *made)
{
	for (size_t i = 0; i < 4; i++)
		buf_done(&made->packed[i]);
}

static result check(const struct case_message *made, bool allow_withheld, struct err *err)
{
	const struct catalogue_type *type = NULL;
	result r = catalogue_check(shipped, &made->message, made->parts, made->parts_count, allow_withheld, &type, err);
	if (!FAILED(r))
		assert_ptr_equal(type, catalogue_find(shipped, made->message.type));
	return r;
}

/* ---- the shipped files ---- */

static struct bytes text_at(struct bytes value, const char *key)
{
	struct bytes at, text = BYTES_NONE;
	if (!pack_find(value, key, &at) || !pack_as_text(at, &text))
		fail_msg("an example has no text %s", key);
	return text;
}

static void check_example(const struct catalogue_type *type, struct bytes example, bool is_valid)
{
	struct case_message made;
	struct bytes subject, body;
	struct err err = {.field = "", .reason = ""};
	struct bytes note = text_at(example, "note");
	assert_true(pack_find(example, "subject", &subject));
	assert_true(pack_find(example, "body", &body));
	make(&made, type, subject, body);
	result r = check(&made, false, &err);
	unmake(&made);
	if (is_valid && FAILED(r))
		fail_msg("%s: %.*s: %s: %s", type->name, (int)note.len, (const char *)note.at, err.field, err.reason);
	if (is_valid)
		return;
	if (!bytes_is(text_at(example, "code"), code_text(r.code)) || !bytes_is(text_at(example, "field"), err.field))
		fail_msg("%s: %.*s: %s: %s: %s", type->name, (int)note.len, (const char *)note.at, code_text(r.code), err.field,
		         err.reason);
	assert_true(strlen(err.reason) > 5);
}

static void check_examples(const struct catalogue_type *type, const char *pointer, bool is_valid)
{
	struct bytes list;
	assert_true(pack_pointer(buf_bytes(&type->source), pointer, &list));
	struct pack_in in = pack_in(list, NULL);
	size_t count = pack_array(&in, "");
	assert_in_range(count, 2, 100);
	for (size_t i = 0; i < count; i++)
		check_example(type, pack_value(&in, ""), is_valid);
}

static void takes_every_valid_example_and_names_the_fault_of_every_invalid_one(void **state)
{
	(void)state;
	assert_int_equal(catalogue_count(shipped), 15);
	for (size_t i = 0; i < catalogue_count(shipped); i++) {
		check_examples(catalogue_at(shipped, i), "/examples/valid", true);
		check_examples(catalogue_at(shipped, i), "/examples/invalid", false);
	}
	assert_null(catalogue_at(shipped, 15));
}

static void names_each_file_after_its_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < catalogue_count(shipped); i++) {
		struct buf contents;
		struct err err;
		AUTO_FREE char *path = mem_printf("%s/%s.json", FOLDER, catalogue_at(shipped, i)->name);
		*strrchr(path, '/') = '-';
		assert_false(FAILED(file_read(path, SAMPLE_MAX, &contents, &err)));
		buf_done(&contents);
	}
}

static void reads_what_a_file_says_of_its_type(void **state)
{
	const struct catalogue_type *query = catalogue_find(shipped, BYTES_LIT("query.wanted/1"));
	const struct catalogue_type *release = catalogue_find(shipped, BYTES_LIT("release.authorize/1"));
	const struct catalogue_type *referral = catalogue_find(shipped, BYTES_LIT("referral.send/1"));
	(void)state;
	assert_non_null(query);
	assert_int_equal(query->due_ms, 600000);
	assert_int_equal(query->expiry_ms, 3600000);
	assert_true(query->wants_by);
	assert_int_equal(query->priority, 9);
	assert_string_equal(query->answers[0], "query.result/1");
	assert_int_equal(query->subject_count, 0);
	assert_int_equal(query->persons, 0);
	assert_int_equal(release->persons, 2);
	assert_string_equal(release->person_roles[1], "board_member");
	assert_string_equal(release->originators[0], "parole_board");
	assert_int_equal(release->expiry_ms, 0);
	assert_false(release->wants_by);
	assert_string_equal(class_of(referral, "clinical"), "P2");
	assert_null(catalogue_find(shipped, BYTES_LIT("query.wanted")));
	assert_null(catalogue_find(shipped, BYTES_LIT("zzz/1")));
	assert_null(catalogue_find(shipped, BYTES_NONE));
}

/* ---- the header ---- */

static const char *const referral =
	"{'referral_id':'REF-1','person':{'name':{'family':'Peña','given':'José'},'dob':'1979-02-28'},'service':'MH',"
	"'mandatory':false,'legal_basis':'VOLUNTARY','reason':'He asks for it.','officer':{'name':'Parole','ori':'CTDOC001G'}}";

static void expect(struct case_message *made, bool allow_withheld, enum code code, const char *field, const char *reason)
{
	struct err err = {.field = "", .reason = ""};
	result r = check(made, allow_withheld, &err);
	if (r.code != code || strcmp(err.field, field) != 0 || strcmp(err.reason, reason) != 0)
		fail_msg("wanted %s: %s: %s; got %s: %s: %s", code_text(code), field, reason, code_text(r.code), err.field,
		         err.reason);
	unmake(made);
}

static void make_referral(struct case_message *made)
{
	struct buf subject, body;
	struct bytes subject_bytes = pack_into(&subject, "{'referral_id':'REF-1'}"), body_bytes = pack_into(&body, referral);
	make(made, catalogue_find(shipped, BYTES_LIT("referral.send/1")), subject_bytes, body_bytes);
	made->packed[2] = subject;
	made->packed[3] = body;
}

static void refuses_a_type_that_it_does_not_know(void **state)
{
	struct case_message made;
	(void)state;
	make_referral(&made);
	made.message.type = BYTES_LIT("referral.send/2");
	expect(&made, false, CODE_UNKNOWN_TYPE, "/type", "referral.send/2 is no type of the catalogue");
}

static void refuses_parts_that_are_not_the_types(void **state)
{
	struct case_message made;
	(void)state;
	make_referral(&made);
	add_part(&made, "victim", "VIC", BYTES_LIT("\x80"));
	expect(&made, false, CODE_SCHEMA, "/parts/victim", "is not a part of referral.send/1");
	make_referral(&made);
	add_part(&made, "approvals", "CJ", BYTES_LIT("\x80"));
	expect(&made, false, CODE_SCHEMA, "/parts/approvals", "is not a part of referral.send/1");
	make_referral(&made);
	made.message.parts[0].cls = BYTES_LIT("PUB");
	expect(&made, false, CODE_SCHEMA, "/parts/main", "must be of class CJ");
	make_referral(&made);
	add_part(&made, "clinical", "PHI", BYTES_LIT("\x80"));
	expect(&made, false, CODE_SCHEMA, "/parts/clinical", "must be of class P2");
	make_referral(&made);
	made.message.parts_count = 0;
	made.parts_count = 0;
	add_part(&made, "clinical", "P2", BYTES_LIT("\x80"));
	expect(&made, false, CODE_SCHEMA, "/parts/main", "is required");
}

static void judges_every_part_that_came_along(void **state)
{
	struct case_message made;
	(void)state;
	make_referral(&made);
	add_part(&made, "clinical", "P2", BYTES_LIT("\x80"));
	expect(&made, false, CODE_SCHEMA, "/parts/clinical/notice", "is required");
	make_referral(&made);
	made.parts[0].bytes = BYTES_LIT("\x81\xa1"
	                                "a");
	struct err err = {.field = ""};
	assert_int_equal(check(&made, false, &err).code, CODE_MALFORMED);
	assert_memory_equal(err.field, "/parts/main", 11);
	unmake(&made);
	make_referral(&made);
	made.parts[made.parts_count++] = (struct part){.name = BYTES_LIT("clinical"), .bytes = BYTES_LIT("\x80")};
	expect(&made, false, CODE_SCHEMA, "/parts/clinical", "is not in the header");
}

static void lets_a_part_be_withheld_only_where_that_is_allowed(void **state)
{
	struct case_message made;
	(void)state;
	make_referral(&made);
	made.message.parts[made.message.parts_count++] =
		(struct message_part){.name = BYTES_LIT("clinical"), .cls = BYTES_LIT("P2")};
	expect(&made, true, CODE_OK, "", "");
	make_referral(&made);
	made.message.parts[made.message.parts_count++] =
		(struct message_part){.name = BYTES_LIT("clinical"), .cls = BYTES_LIT("P2")};
	expect(&made, false, CODE_SCHEMA, "/parts/clinical", "is in the header and did not come along");
}

static void wants_an_identifier_in_the_subject(void **state)
{
	struct case_message made;
	struct buf other;
	(void)state;
	make_referral(&made);
	made.message.subject = BYTES_NONE;
	expect(&made, false, CODE_SCHEMA, "/subject", "must have referral_id");
	make_referral(&made);
	made.message.subject = pack_into(&other, "{'sid':'CT1'}");
	expect(&made, false, CODE_SCHEMA, "/subject", "must have referral_id");
	buf_done(&other);
	make_referral(&made);
	made.message.subject = pack_into(&other, "{'referral_id':''}");
	expect(&made, false, CODE_SCHEMA, "/subject", "must have referral_id");
	buf_done(&other);
}

static void wants_the_one_on_whose_behalf_a_query_is_asked(void **state)
{
	struct case_message made;
	struct buf body;
	(void)state;
	make(&made, catalogue_find(shipped, BYTES_LIT("query.wanted/1")), BYTES_NONE,
	     pack_into(&body, "{'nic':'W900000017','requester':{'name':'Hartford PD','ori':'CT0006400'}}"));
	made.message.by = BYTES_NONE;
	expect(&made, false, CODE_SCHEMA, "/by", "is required: on whose behalf it is asked");
	buf_done(&body);
}

static void wants_the_signatures_of_persons_where_the_type_does(void **state)
{
	const struct catalogue_type *type = catalogue_find(shipped, BYTES_LIT("release.authorize/1"));
	struct bytes example, subject, body;
	struct case_message made;
	(void)state;
	assert_true(pack_pointer(buf_bytes(&type->source), "/examples/valid/0", &example));
	assert_true(pack_find(example, "subject", &subject));
	assert_true(pack_find(example, "body", &body));
	make(&made, type, subject, body);
	made.message.parts_count = made.parts_count = 1;
	expect(&made, false, CODE_AUTHORITY, "/parts/approvals",
	       "is required: release.authorize/1 needs the signatures of 2 persons");
	make(&made, type, subject, body);
	made.message.parts[1].cls = BYTES_LIT("PUB");
	expect(&made, false, CODE_SCHEMA, "/parts/approvals", "must be of class CJ");
	make(&made, type, subject, body);
	made.parts[1].bytes = BYTES_LIT("\x91");
	struct err err = {.field = ""};
	assert_int_equal(check(&made, false, &err).code, CODE_MALFORMED);
	unmake(&made);
}

/* ---- loading ---- */

static void counts_those_who_hold_it(void **state)
{
	struct catalogue *catalogue = catalogue_new();
	(void)state;
	assert_ptr_equal(catalogue_ref(catalogue), catalogue);
	catalogue_unref(catalogue);
	assert_int_equal(catalogue_count(catalogue), 0);
	catalogue_unref(catalogue);
	catalogue_unref(NULL);
}

/* Adds the file ('…' for "…") and finishes. */
static result build(struct catalogue *catalogue, const char *name, const char *json, struct err *err)
{
	char *text = mem_text(json);
	for (char *at = text; *at; at++)
		if (*at == '\'')
			*at = '"';
	result r = catalogue_add(catalogue, name, bytes_text(text), err);
	mem_free(text);
	return r;
}

#define HEAD "'title':'T','description':'D','originators':['any'],'subject':[],'priority':1"
#define PARTS "'parts':{'main':{'class':'CJ','required':true,'schema':true}}"

static void refuses_faults_of_all_files_together(void **state)
{
	static const struct {
		const char *first, *second;
		enum code code;
		const char *field, *reason;
	} cases[] = {
		{"{'type':'a/1'," HEAD ",'answers':['b/1']," PARTS "}", NULL, CODE_MALFORMED, "a/1: /answers/0",
	         "b/1 is no type of the catalogue"},
		{"{'type':'a/1'," HEAD ",'answers':[]," PARTS "}", "{'type':'a/1'," HEAD ",'answers':[]," PARTS "}",
	         CODE_MALFORMED, "second.json/type", "a/1 is there already"},
		{"{'type':'a/1'," HEAD ",'answers':[],'parts':{'main':{'class':'CJ','required':true,'schema':{'typ':'object'}}}}",
	         NULL, CODE_SCHEMA, "a/1: /parts/main/schema/typ", "is not a keyword that is supported"},
		{"{'type':'a/1'," HEAD
	         ",'answers':[],'parts':{'main':{'class':'CJ','required':true,'schema':{'$ref':'common#/$defs/x'}}}}",
	         NULL, CODE_SCHEMA, "a/1: /parts/main/schema/$ref", "there is no document of that name"},
		{"{'$defs':{'x':{'type':'strin'}}}", NULL, CODE_SCHEMA, "first/$defs/x/type",
	         "must be a type's name or a list of them"},
		{"{'$defs':{}}", "{'$defs':{}}", CODE_OK, NULL, NULL},
		{"{", NULL, CODE_MALFORMED, "first.json", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct err err = {.field = "", .reason = ""};
		struct catalogue *catalogue = catalogue_new();
		result r = build(catalogue, "first.json", cases[i].first, &err);
		if (!FAILED(r) && cases[i].second)
			r = build(catalogue, "second.json", cases[i].second, &err);
		if (!FAILED(r))
			r = catalogue_finish(catalogue, &err);
		catalogue_unref(catalogue);
		if (r.code != cases[i].code || (cases[i].field && strcmp(err.field, cases[i].field) != 0) ||
		    (cases[i].reason && strcmp(err.reason, cases[i].reason) != 0))
			fail_msg("%zu: %s: %s: %s", i, code_text(r.code), err.field, err.reason);
	}
}

static void refuses_definitions_of_one_name_twice(void **state)
{
	struct err err = {.reason = ""};
	struct catalogue *catalogue = catalogue_new();
	(void)state;
	assert_false(FAILED(build(catalogue, "a/common.json", "{'$defs':{}}", &err)));
	assert_int_equal(build(catalogue, "b/common.json", "{'$defs':{}}", &err).code, CODE_MALFORMED);
	assert_string_equal(err.reason, "there are definitions of that name already");
	catalogue_unref(catalogue);
}

static void refuses_a_folder_that_holds_no_catalogue(void **state)
{
	struct err err = {.reason = ""};
	struct catalogue *catalogue = NULL;
	(void)state;
	assert_int_equal(catalogue_load(LIAISON_SOURCE_DIR "/schemas", &catalogue, &err).code, CODE_CONFIG);
	assert_true(FAILED(catalogue_load(LIAISON_SOURCE_DIR "/nowhere", &catalogue, &err)));
	assert_null(catalogue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_every_valid_example_and_names_the_fault_of_every_invalid_one),
		cmocka_unit_test(names_each_file_after_its_type),
		cmocka_unit_test(reads_what_a_file_says_of_its_type),
		cmocka_unit_test(refuses_a_type_that_it_does_not_know),
		cmocka_unit_test(refuses_parts_that_are_not_the_types),
		cmocka_unit_test(judges_every_part_that_came_along),
		cmocka_unit_test(lets_a_part_be_withheld_only_where_that_is_allowed),
		cmocka_unit_test(wants_an_identifier_in_the_subject),
		cmocka_unit_test(wants_the_one_on_whose_behalf_a_query_is_asked),
		cmocka_unit_test(wants_the_signatures_of_persons_where_the_type_does),
		cmocka_unit_test(counts_those_who_hold_it),
		cmocka_unit_test(refuses_faults_of_all_files_together),
		cmocka_unit_test(refuses_definitions_of_one_name_twice),
		cmocka_unit_test(refuses_a_folder_that_holds_no_catalogue),
	};
	return cmocka_run_group_tests(tests, load_shipped, unload_shipped);
}

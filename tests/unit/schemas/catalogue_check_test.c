#include "unit/schemas/sample.h"

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

/* A type of the shipped catalogue that wants keys of `by` and a purpose. */
static void make_history(struct case_message *made, const char *by, const char *purpose)
{
	struct bytes example, subject, body;
	const struct catalogue_type *type = catalogue_find(shipped, BYTES_LIT("query.history_index/1"));
	assert_non_null(type);
	assert_true(pack_pointer(buf_bytes(&type->source), "/examples/valid/0", &example));
	assert_true(pack_find(example, "subject", &subject));
	assert_true(pack_find(example, "body", &body));
	make(made, type, subject, body);
	buf_done(&made->packed[0]);
	made->message.by = by ? pack_into(&made->packed[0], by) : BYTES_NONE;
	made->message.purpose = bytes_text(purpose);
}

static void wants_the_keys_of_by_that_the_type_names(void **state)
{
	static const struct {
		const char *by, *field, *reason;
	} cases[] = {
		{NULL, "/by", "is required: on whose behalf it is asked"},
		{"{'ori':'CT0006400','attention':'X'}", "/by/id", "is required by query.history_index/1"},
		{"{'id':'A','attention':'X'}", "/by/ori", "is required by query.history_index/1"},
		{"{'id':'A','ori':'CT0006400'}", "/by/attention", "is required by query.history_index/1"},
		{"{'id':'','ori':'CT0006400','attention':'X'}", "/by/id", "is required by query.history_index/1"},
		{"{'id':7,'ori':'CT0006400','attention':'X'}", "/by/id", "is required by query.history_index/1"},
		{"{'id':'A','ori':'CT0006400','attention':'X','more':'fine'}", "", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct case_message made;
		make_history(&made, cases[i].by, "C");
		expect(&made, false, cases[i].field[0] ? CODE_SCHEMA : CODE_OK, cases[i].field, cases[i].reason);
	}
}

static void wants_one_of_the_purposes_that_the_type_names(void **state)
{
	static const char by[] = "{'id':'A','ori':'CT0006400','attention':'X'}";
	static const char *const wrong[] = {NULL, "", "Z", "c", "CC"};
	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct case_message made;
		make_history(&made, by, wrong[i]);
		expect(&made, false, CODE_PURPOSE, "/purpose", "must be one of A, C, D, F, H, I, J, S, V, X");
	}
	struct case_message made;
	make_history(&made, by, "J");
	expect(&made, false, CODE_OK, "", "");
}

static void takes_any_purpose_where_the_type_names_none(void **state)
{
	struct case_message made;
	(void)state;
	make_referral(&made);
	made.message.purpose = BYTES_LIT("whatever");
	expect(&made, false, CODE_OK, "", "");
}

static void lets_only_parts_of_class_p2_travel_sealed(void **state)
{
	static const struct {
		const char *name, *cls;
		struct bytes bytes;
		enum code code;
		const char *field;
	} cases[] = {
		{"clinical", "P2", {(const uint8_t *)"\xc4\x03\x30\x01\x00", 5}, CODE_OK, ""},
		{"clinical", "P2", {(const uint8_t *)"\xc4\x03\x31\x01\x00", 5}, CODE_SCHEMA, "/parts/clinical"}, /* no SEQUENCE */
		{"clinical", "P2", {(const uint8_t *)"\xc4\x00", 2}, CODE_SCHEMA, "/parts/clinical"},
		{"clinical", "P2", {(const uint8_t *)"\xa3\x30\x01\x00", 4}, CODE_SCHEMA, "/parts/clinical"}, /* text */
		{"clinical", "P2", {(const uint8_t *)"\xc4\x03\x30\x01\x00\xc0", 6}, CODE_MALFORMED, "/parts/clinical"},
		{"main", "CJ", {(const uint8_t *)"\xc4\x03\x30\x01\x00", 5}, CODE_SCHEMA, "/parts/main"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct case_message made;
		struct err err = {.field = ""};
		make_referral(&made);
		if (strcmp(cases[i].name, "main") == 0)
			made.parts[0].bytes = cases[i].bytes;
		else
			add_part(&made, cases[i].name, cases[i].cls, cases[i].bytes);
		result r = check(&made, false, &err);
		unmake(&made);
		if (r.code != cases[i].code || strcmp(err.field, cases[i].field) != 0)
			fail_msg("%zu: %s: %s: %s", i, code_text(r.code), err.field, err.reason);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_a_type_that_it_does_not_know),
		cmocka_unit_test(refuses_parts_that_are_not_the_types),
		cmocka_unit_test(judges_every_part_that_came_along),
		cmocka_unit_test(lets_a_part_be_withheld_only_where_that_is_allowed),
		cmocka_unit_test(wants_an_identifier_in_the_subject),
		cmocka_unit_test(wants_the_one_on_whose_behalf_a_query_is_asked),
		cmocka_unit_test(wants_the_keys_of_by_that_the_type_names),
		cmocka_unit_test(wants_one_of_the_purposes_that_the_type_names),
		cmocka_unit_test(takes_any_purpose_where_the_type_names_none),
		cmocka_unit_test(wants_the_signatures_of_persons_where_the_type_does),
		cmocka_unit_test(lets_only_parts_of_class_p2_travel_sealed),
	};
	return cmocka_run_group_tests(tests, load_shipped, unload_shipped);
}

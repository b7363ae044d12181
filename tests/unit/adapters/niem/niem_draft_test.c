#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "adapters/niem/niem_draft.h"
#include "base/mem.h"
#include "schemas/json.h"

static struct niem_draft *put(struct niem_draft *from, const char *pointer, enum niem_draft_kind kind, const char *text)
{
	struct niem_draft *field = niem_draft_make(from, pointer, kind);
	if (field && text)
		field->text = mem_text(text);
	return field;
}

static void is_packed_as(const struct niem_draft *draft, const char *json)
{
	struct buf packed, text;
	struct err err = {.reason = ""};
	buf_init(&packed, 1 << 16);
	buf_init(&text, 1 << 16);
	niem_draft_pack(draft, &packed);
	if (FAILED(json_from_pack(buf_bytes(&packed), 0, &text, &err)))
		fail_msg("%s", err.reason);
	buf_add_byte(&text, 0);
	assert_string_equal((const char *)text.at, json);
	buf_done(&packed);
	buf_done(&text);
}

static void packs_each_kind_as_what_it_is(void **state)
{
	struct niem_draft *root = niem_draft_new();
	(void)state;
	put(root, "/name/family", NIEM_DRAFT_TEXT, "Doe");
	put(root, "/count", NIEM_DRAFT_INT, "3");
	put(root, "/odd", NIEM_DRAFT_INT, "three");
	put(root, "/amount", NIEM_DRAFT_NUMBER, "250.00");
	put(root, "/half", NIEM_DRAFT_NUMBER, "0.5");
	put(root, "/much", NIEM_DRAFT_NUMBER, "1e99");
	put(root, "/yes", NIEM_DRAFT_FLAG, "true");
	put(root, "/maybe", NIEM_DRAFT_FLAG, "maybe");
	is_packed_as(root, "{\"name\":{\"family\":\"Doe\"},\"count\":3,\"odd\":\"three\",\"amount\":250,\"half\":0.5,\"much\":"
	                   "\"1e99\",\"yes\":true,\"maybe\":"
	                   "\"maybe\"}");
	niem_draft_free(root);
}

static void adds_to_a_list_each_time(void **state)
{
	struct niem_draft *root = niem_draft_new(), *item = NULL;
	(void)state;
	put(root, "/marks/-", NIEM_DRAFT_TEXT, "A");
	put(root, "/marks/-", NIEM_DRAFT_TEXT, "B");
	item = put(root, "/charges/-", NIEM_DRAFT_MAP, NULL);
	put(item, "/text", NIEM_DRAFT_TEXT, "C");
	put(root, "/empty", NIEM_DRAFT_LIST, NULL);
	is_packed_as(root, "{\"marks\":[\"A\",\"B\"],\"charges\":[{\"text\":\"C\"}],\"empty\":[]}");
	assert_string_equal(niem_draft_find(root, "/charges/0/text")->text, "C");
	assert_string_equal(niem_draft_find(root, "/marks/1")->text, "B");
	assert_null(niem_draft_find(root, "/marks/2"));
	assert_null(niem_draft_find(root, "/marks/x"));
	assert_null(niem_draft_make(root, "/marks/0", NIEM_DRAFT_TEXT));
	niem_draft_free(root);
}

static void takes_out_what_is_empty_then_and_keeps_what_is_asked_for(void **state)
{
	struct niem_draft *root = niem_draft_new(), *person = NULL;
	(void)state;
	person = put(root, "/person", NIEM_DRAFT_MAP, NULL);
	niem_draft_drop(put(person, "/name/family", NIEM_DRAFT_TEXT, "Doe"), person);
	is_packed_as(root, "{\"person\":{}}");
	niem_draft_drop(put(person, "/name/family", NIEM_DRAFT_TEXT, "Doe"), NULL);
	is_packed_as(root, "{}");
	niem_draft_free(root);
}

static void says_something_when_a_field_has_a_source(void **state)
{
	struct niem_draft *root = niem_draft_new();
	int element = 0;
	(void)state;
	struct niem_draft *field = put(root, "/ids/sid", NIEM_DRAFT_TEXT, "CT1");
	assert_false(niem_draft_says(root));
	field->sources[field->sources_count++] = &element;
	assert_true(niem_draft_says(root));
	niem_draft_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(packs_each_kind_as_what_it_is),
	    cmocka_unit_test(adds_to_a_list_each_time),
	    cmocka_unit_test(takes_out_what_is_empty_then_and_keeps_what_is_asked_for),
	    cmocka_unit_test(says_something_when_a_field_has_a_source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

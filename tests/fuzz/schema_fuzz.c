/* A schema and a value of a stranger's making: JSON [schema, value, {name: document}?]. Nothing may go wrong but an answer of the
 * codes that the headers promise; and whatever compiles answers the same twice. */
#include <string.h>

#include "base/mem.h"
#define EDIT_MUTATOR
#define EDIT_JSON
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/json.h"
#include "schemas/validator.h"

static struct bytes document(void *ctx, struct bytes name)
{
	const struct bytes *documents = ctx;
	struct bytes found = BYTES_NONE;
	AUTO_FREE char *text = bytes_dup_text(name);
	return strlen(text) == name.len && pack_find(*documents, text, &found) ? found : BYTES_NONE;
}

static void run_twice(const struct validator *validator, struct bytes value)
{
	struct err first = {.field = "", .reason = ""}, second = first;
	result a = validator_run(validator, value, &first), b = validator_run(validator, value, &second);
	fuzz_must(a.code == b.code && strcmp(first.field, second.field) == 0 && strcmp(first.reason, second.reason) == 0);
	fuzz_must(a.code == CODE_OK || (a.code == CODE_SCHEMA && first.code == CODE_SCHEMA && first.reason[0] != '\0'));
}

static void judge(struct bytes packed)
{
	struct err err = {.field = "", .reason = ""};
	struct validator *validator = NULL;
	struct bytes documents = BYTES_NONE;
	struct pack_in in = pack_in(packed, NULL);
	size_t count = pack_array(&in, "");
	if (in.failed || count < 2)
		return;
	struct bytes schema = pack_value(&in, ""), value = pack_value(&in, "");
	if (count > 2)
		documents = pack_value(&in, "");
	result r = validator_compile(schema, document, &documents, &validator, &err);
	if (FAILED(r)) {
		fuzz_must(r.code == err.code && (r.code == CODE_SCHEMA || r.code == CODE_MALFORMED) && !validator);
		return;
	}
	run_twice(validator, value);
	validator_free(validator);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf packed;
	struct err err;
	buf_init(&packed, FUZZ_OUT_MAX);
	if (!FAILED(json_to_pack(bytes_of(data, size), &packed, &err)) && !FAILED(buf_check(&packed, "", &err)))
		judge(buf_bytes(&packed));
	buf_done(&packed);
	return 0;
}

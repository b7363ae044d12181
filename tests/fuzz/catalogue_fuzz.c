/* Files of a catalogue: JSON [file, file, …], added together and finished. Nothing may go wrong but an answer of malformed or schema; what is accepted
 * is whole, and finishing tells the same as asking for all faults. */
#include <string.h>

#include "base/mem.h"
#define EDIT_MUTATOR
#define EDIT_JSON
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/catalogue_trial.h"
#include "schemas/json.h"

enum { FILES_MAX = 8 };

static void count_fault(void *ctx, const struct err *fault)
{
	fuzz_must(fault->reason[0] != '\0' && strstr(fault->field, ": ") != NULL);
	++*(size_t *)ctx;
}

static bool add_all(struct catalogue *catalogue, struct bytes files)
{
	struct pack_in in = pack_in(files, NULL);
	size_t count = pack_array(&in, "");
	bool is_fine = !in.failed;
	for (size_t i = 0; i < count && i < FILES_MAX && !in.failed; i++) {
		struct buf json;
		struct err err = {.reason = ""};
		AUTO_FREE char *name = mem_printf("file%zu.json", i);
		buf_init(&json, FUZZ_OUT_MAX);
		result r = json_from_pack(pack_value(&in, ""), 0, &json, &err);
		if (!FAILED(r))
			r = catalogue_add(catalogue, name, buf_bytes(&json), &err);
		fuzz_must(!FAILED(r) || err.reason[0] != '\0');
		is_fine = is_fine && !FAILED(r);
		buf_done(&json);
	}
	return is_fine;
}

/* Every type and state that is named must be there. */
static void must_be_whole(const struct catalogue *catalogue)
{
	for (size_t i = 0; i < catalogue_count(catalogue); i++) {
		const struct catalogue_type *type = catalogue_at(catalogue, i);
		fuzz_must(catalogue_find(catalogue, bytes_text(type->name)) == type);
		for (size_t k = 0; k < type->due.met_by_count; k++)
			fuzz_must(catalogue_find(catalogue, bytes_text(type->due.met_by[k])) != NULL);
		for (size_t k = 0; k < type->moves_count; k++) {
			const struct catalogue_lifecycle *lifecycle = catalogue_lifecycle(catalogue, type->moves[k].lifecycle);
			fuzz_must(lifecycle != NULL);
			for (size_t m = 0; m < type->moves[k].moves_count; m++)
				fuzz_must(catalogue_state(lifecycle, type->moves[k].moves[m].to) != NULL);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf packed;
	struct err err = {.reason = ""};
	size_t faults = 0;
	struct catalogue *first = catalogue_new(), *second = catalogue_new();
	buf_init(&packed, FUZZ_OUT_MAX);
	if (!FAILED(json_to_pack(bytes_of(data, size), &packed, &err)) && !FAILED(buf_check(&packed, "", &err)) &&
	    add_all(first, buf_bytes(&packed)) && add_all(second, buf_bytes(&packed))) {
		bool is_fine = !FAILED(catalogue_finish(first, &err));
		catalogue_finish_all(second, count_fault, &faults);
		fuzz_must(is_fine == (faults == 0));
		if (is_fine)
			must_be_whole(first);
		for (size_t i = 0; is_fine && i < catalogue_count(first); i++)
			catalogue_trial_examples(first, catalogue_at(first, i), count_fault, &faults);
	}
	buf_done(&packed);
	catalogue_unref(first);
	catalogue_unref(second);
	return 0;
}

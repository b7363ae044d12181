/* Documents of case systems: drafts or faults, never both, and never a draft that the catalogue refuses. */
#include "adapters/casework/casework.h"
#define EDIT_MUTATOR
#define EDIT_JSON
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/catalogue_trial.h"

static const struct catalogue *catalogue(void)
{
	static struct catalogue *loaded;
	struct err err;
	if (!loaded && FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &loaded, &err)))
		abort();
	return loaded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kind_host host = {.party = "ct.doc.parole", .ori = "CTDOC001G", .agency = "DOC Parole", .catalogue = catalogue()};
	struct kind_reading reading;
	struct err err;
	kind_reading_init(&reading);
	casework_format.read(NULL, &host, bytes_of(data, size), &reading);
	fuzz_must(reading.faults_count == 0 || reading.drafts_count == 0);
	for (size_t i = 0; i < reading.drafts_count; i++) {
		const struct catalogue_type *type;
		int64_t missing;
		fuzz_must(!FAILED(catalogue_trial_draft(host.catalogue, buf_bytes(&reading.drafts[i].plain), &type, &missing, &err)));
	}
	kind_reading_done(&reading);
	return 0;
}

/* XML documents: drafts or faults, never both. What makes a draft fits the catalogue, and, where its type has a document, what is
 * written reads back to the same body. */
#include "adapters/niem/niem.h"
#include "fuzz/fuzz.h"
#include "schemas/value.h"

static const uint8_t an_id[UUID_LEN] = {1};

static const struct catalogue *catalogue(void)
{
	static struct catalogue *loaded;
	struct err err;
	if (!loaded) {
		niem_prepare();
		if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &loaded, &err)))
			abort();
	}
	return loaded;
}

static void read_document(struct bytes document, struct kind_reading *reading)
{
	const struct niem_options options = {.facility_name = "Osborn", .facility_code = "OCI", .zone = "America/New_York"};
	const struct kind_host host = {.party = "ct.doc.osborn", .ori = "", .agency = "", .catalogue = catalogue()};
	kind_reading_init(reading);
	niem_read(&options, &host, document, reading);
	fuzz_must((reading->faults_count == 0) == (reading->drafts_count == 1));
}

static void check_again(struct bytes type, struct bytes body)
{
	struct message message = {.type = type, .id = an_id, .issued = 1};
	const struct kind_message passing = {.message = &message, .main = body, .tag = ""};
	struct kind_reading reading;
	struct buf out;
	struct err err;
	struct bytes again = BYTES_NONE;
	size_t steps = 1000000;
	bool wrote = false;
	buf_init(&out, FUZZ_OUT_MAX);
	fuzz_must(!FAILED(niem_write(&passing, &out, &wrote, &err)));
	if (wrote) {
		read_document(buf_bytes(&out), &reading);
		fuzz_must(reading.drafts_count == 1 && pack_find(buf_bytes(&reading.drafts[0].plain), "body", &again));
		fuzz_must(value_equal(body, again, &steps));
		kind_reading_done(&reading);
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kind_reading reading;
	struct bytes value = BYTES_NONE, type = BYTES_NONE, body = BYTES_NONE;
	struct err err;
	read_document(bytes_of(data, size), &reading);
	if (reading.drafts_count) {
		struct bytes plain = buf_bytes(&reading.drafts[0].plain);
		fuzz_must(!FAILED(pack_scan(plain, &err)));
		fuzz_must(pack_find(plain, "type", &value) && pack_as_text(value, &type) && pack_find(plain, "body", &body));
		const struct catalogue_type *found = catalogue_find(catalogue(), type);
		fuzz_must(found && !FAILED(validator_run(found->parts[0].validator, body, &err)));
		check_again(type, body);
	}
	kind_reading_done(&reading);
	return 0;
}

/* Release reports in XML: drafts or faults, never both. What makes a draft fits the catalogue, and, written as a report of our
 * own, reads back to the same body. */
#include "adapters/facility/niem.h"
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

static void read_report(struct bytes document, struct kind_reading *reading)
{
	struct facility_settings settings = {
		.name = (char[]){"Osborn"}, .code = (char[]){"OCI"}, .zone = (char[]){"America/New_York"}};
	const struct kind_host host = {.party = "ct.doc.osborn", .ori = "", .agency = "", .catalogue = catalogue()};
	kind_reading_init(reading);
	niem_read(&settings, &host, document, reading);
	fuzz_must((reading->faults_count == 0) == (reading->drafts_count == 1));
}

static void check_again(struct bytes body)
{
	struct message message = {.type = BYTES_LIT("release.notification/1"), .id = an_id, .issued = 1};
	const struct kind_message passing = {.message = &message, .main = body};
	struct kind_reading reading;
	struct buf out;
	struct err err;
	struct bytes again = BYTES_NONE;
	size_t steps = 1000000;
	bool wrote = false;
	buf_init(&out, FUZZ_OUT_MAX);
	fuzz_must(!FAILED(niem_write(&passing, &out, &wrote, &err)));
	if (wrote) {
		read_report(buf_bytes(&out), &reading);
		fuzz_must(reading.drafts_count == 1 && pack_find(buf_bytes(&reading.drafts[0].plain), "body", &again));
		fuzz_must(value_equal(body, again, &steps));
		kind_reading_done(&reading);
	}
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kind_reading reading;
	struct bytes body;
	struct err err;
	read_report(bytes_of(data, size), &reading);
	if (reading.drafts_count) {
		const struct catalogue_type *type = catalogue_find(catalogue(), BYTES_LIT("release.notification/1"));
		fuzz_must(!FAILED(pack_scan(buf_bytes(&reading.drafts[0].plain), &err)));
		fuzz_must(pack_find(buf_bytes(&reading.drafts[0].plain), "body", &body));
		fuzz_must(!FAILED(validator_run(type->parts[0].validator, body, &err)));
		check_again(body);
	}
	kind_reading_done(&reading);
	return 0;
}

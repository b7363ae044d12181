/* Exports: the first byte picks the delimiter. What is read as rows must be the same rows when they are written with every cell
 * in quotes; and the reader of releases gives drafts or faults, never both and never a draft that the catalogue refuses. */
#include <string.h>

#include "adapters/facility/csv.h"
#include "adapters/facility/mapping.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"

static struct conf_pair columns[] = {
	{(char[]){"doc_number"}, (char[]){"NO"}, 1},        {(char[]){"person_family"}, (char[]){"LAST"}, 1},
	{(char[]){"person_given"}, (char[]){"FIRST"}, 1},   {(char[]){"person_dob"}, (char[]){"DOB"}, 1},
	{(char[]){"released_on"}, (char[]){"DAY"}, 1},      {(char[]){"released_at_time"}, (char[]){"TIME"}, 1},
	{(char[]){"reason"}, (char[]){"WHY"}, 1},           {(char[]){"destination_town"}, (char[]){"TOWN"}, 1},
	{(char[]){"destination_state"}, (char[]){"ST"}, 1}, {(char[]){"note"}, (char[]){"NOTE"}, 1},
};

static const struct catalogue *catalogue(void)
{
	static struct catalogue *loaded;
	struct err err;
	if (!loaded && FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &loaded, &err)))
		abort();
	return loaded;
}

/* False when a row was bad. */
static bool write_rows(struct bytes document, char delimiter, struct buf *out)
{
	struct csv csv;
	struct csv_row *row = mem_alloc(sizeof(*row));
	struct err err = {.code = CODE_OK};
	enum csv_step step;
	bool fine = true;
	csv_open(&csv, document, delimiter);
	while ((step = csv_next(&csv, row, &err)) != CSV_END) {
		fine = fine && step == CSV_ROW;
		fuzz_must(step == CSV_ROW || (err.reason[0] && (err.code == CODE_MALFORMED || err.code == CODE_TOO_LARGE)));
		for (size_t i = 0; step == CSV_ROW && i < row->count; i++) {
			if (i)
				buf_add_byte(out, (uint8_t)delimiter);
			buf_add_byte(out, '"');
			for (size_t j = 0; j < row->cells[i].len; j++) {
				if (row->cells[i].at[j] == '"')
					buf_add_byte(out, '"');
				buf_add_byte(out, row->cells[i].at[j]);
			}
			buf_add_byte(out, '"');
		}
		buf_add_text(out, "\r\n");
	}
	csv_done(&csv);
	mem_free(row);
	return fine;
}

static void check_rows(struct bytes document, char delimiter)
{
	struct buf first, second;
	buf_init(&first, FUZZ_OUT_MAX);
	buf_init(&second, FUZZ_OUT_MAX);
	if (write_rows(document, delimiter, &first)) {
		fuzz_must(write_rows(buf_bytes(&first), delimiter, &second));
		fuzz_must(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
	}
	buf_done(&first);
	buf_done(&second);
}

static void check_releases(struct bytes document, const char *delimiter)
{
	struct facility_settings settings = {
		.name = (char[]){"Osborn"}, .code = (char[]){"OCI"}, .zone = (char[]){"America/New_York"}};
	const struct kind_host host = {.party = "ct.doc.osborn", .ori = "", .agency = "", .catalogue = catalogue()};
	const struct catalogue_type *type = catalogue_find(host.catalogue, BYTES_LIT("release.notification/1"));
	struct kind_reading reading;
	struct err err;
	settings.csv.delimiter = mem_text(delimiter);
	settings.csv.dates = mem_text("M/D/YYYY");
	settings.csv.times = mem_text("HH:MM");
	settings.csv.columns = (struct conf_pairs){columns, sizeof(columns) / sizeof(*columns)};
	kind_reading_init(&reading);
	mapping_read(&settings, &host, document, &reading);
	fuzz_must(reading.faults_count == 0 || reading.drafts_count == 0);
	for (size_t i = 0; i < reading.drafts_count; i++) {
		struct bytes body;
		fuzz_must(!FAILED(pack_scan(buf_bytes(&reading.drafts[i].plain), &err)));
		fuzz_must(pack_find(buf_bytes(&reading.drafts[i].plain), "body", &body));
		fuzz_must(!FAILED(validator_run(type->parts[0].validator, body, &err)));
	}
	kind_reading_done(&reading);
	mem_free(settings.csv.delimiter);
	mem_free(settings.csv.dates);
	mem_free(settings.csv.times);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const delimiters[] = {",", ";", "|", "\t"};
	if (size == 0)
		return 0;
	const char *delimiter = delimiters[data[0] % 4];
	check_rows(bytes_of(data + 1, size - 1), delimiter[0]);
	check_releases(bytes_of(data + 1, size - 1), delimiter);
	return 0;
}

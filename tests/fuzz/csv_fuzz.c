/* Exports: the first byte picks the delimiter. What is read as rows must be the same rows when they are written with every cell
 * in quotes; and the reader of messages gives drafts or faults, never both and never a draft that the catalogue refuses. */
#include <string.h>

#include "adapters/csv/csv.h"
#include "adapters/csv/csv_read.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"

static struct csv_column columns[] = {
	{.field = (char[]){"/person/ids/doc_number"}, .column = (char[]){"NO"}},
	{.field = (char[]){"/person/name/family"}, .column = (char[]){"LAST"}},
	{.field = (char[]){"/person/name/given"}, .column = (char[]){"FIRST"}},
	{.field = (char[]){"/person/dob"}, .column = (char[]){"DOB"}},
	{.field = (char[]){"/released_at"}, .column = (char[]){"DAY"}, .time = (char[]){"TIME"}},
	{.field = (char[]){"/reason"}, .column = (char[]){"WHY"}},
	{.field = (char[]){"/destination/town"}, .column = (char[]){"TOWN"}},
	{.field = (char[]){"/destination/state"}, .column = (char[]){"ST"}},
	{.field = (char[]){"/note"}, .column = (char[]){"NOTE"}},
};
static struct csv_constant constants[] = {{.field = (char[]){"/facility/name"}, .value = (char[]){"Osborn"}}};

static char no_time[] = "";

static const struct csv_plan *plan_of(size_t delimiter)
{
	static char delimiters[4][2] = {",", ";", "|", "\t"}, type[] = "release.notification/1", dates[] = "M/D/YYYY", times[] = "HH:MM",
	            zone[] = "America/New_York";
	static struct csv_settings settings[4];
	static struct csv_plan *plans[4];
	struct catalogue *catalogue;
	struct conf_faults faults;
	struct err err;
	if (plans[delimiter])
		return plans[delimiter];
	settings[delimiter] = (struct csv_settings){
		.type = type, .delimiter = delimiters[delimiter], .dates = dates, .times = times,
		.zone = zone, .columns = {columns, sizeof(columns) / sizeof(*columns)}, .constants = {constants, 1}};
	for (size_t i = 0; i < sizeof(columns) / sizeof(*columns); i++)
		columns[i].time = columns[i].time ? columns[i].time : no_time;
	conf_faults_init(&faults);
	if (FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &catalogue, &err)) ||
	    FAILED(csv_plan_new(&settings[delimiter], catalogue, "fuzz", &plans[delimiter], &faults)))
		abort();
	conf_faults_done(&faults);
	catalogue_unref(catalogue);
	return plans[delimiter];
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

static void check_messages(struct bytes document, const struct csv_plan *plan)
{
	struct kind_reading reading;
	struct err err;
	kind_reading_init(&reading);
	csv_read(plan, document, &reading);
	fuzz_must(reading.faults_count == 0 || reading.drafts_count == 0);
	for (size_t i = 0; i < reading.drafts_count; i++) {
		struct bytes body;
		fuzz_must(!FAILED(pack_scan(buf_bytes(&reading.drafts[i].plain), &err)));
		fuzz_must(pack_find(buf_bytes(&reading.drafts[i].plain), "body", &body));
		fuzz_must(!FAILED(validator_run(plan->main, body, &err)));
	}
	kind_reading_done(&reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const struct csv_plan *plan = plan_of(data[0] % 4);
	check_rows(bytes_of(data + 1, size - 1), plan->delimiter);
	check_messages(bytes_of(data + 1, size - 1), plan);
	return 0;
}

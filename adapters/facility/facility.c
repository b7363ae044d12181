#include "adapters/facility/facility.h"

#include "adapters/facility/facility_settings.h"
#include "adapters/facility/mapping.h"
#include "adapters/facility/niem.h"
#include "adapters/facility/release.h"
#include "adapters/facility/terms.h"
#include "adapters/kind/holdings.h"

#include <string.h>

/* What only the catalogue can judge: the codes that the settings speak of. */
static result check_codes(const struct facility_settings *settings, const struct kind_host *host, struct err *err)
{
	static const char *const pointers[] = {"/reason", "/person/sex", "/person/race", "/person/ethnicity"};
	for (size_t i = 0; i < sizeof(pointers) / sizeof(*pointers); i++) {
		const struct conf_pairs *pairs = terms_pairs(&settings->values, pointers[i]);
		for (size_t j = 0; j < pairs->count; j++)
			if (!release_fits(host, pointers[i], pairs->at[j].name))
				return err_set(err, CODE_CONFIG, "facility.values",
				               "line %d: %s is no code of %s in the catalogue", pairs->at[j].line,
				               pairs->at[j].name, pointers[i]);
	}
	if (settings->name[0] && !release_fits(host, "/facility/name", settings->name))
		return err_set(err, CODE_CONFIG, "facility.name", "is not a name of one line and at most 80 characters");
	if (settings->code[0] && !release_fits(host, "/facility/code", settings->code))
		return err_set(err, CODE_CONFIG, "facility.code", "%s is not a code of at most 12 capital letters or digits",
		               settings->code);
	return OK;
}

static bool names_facility(const struct facility_settings *settings)
{
	for (size_t i = 0; i < settings->csv.columns.count; i++)
		if (!strcmp(settings->csv.columns.at[i].name, "facility_name"))
			return true;
	return settings->name[0];
}

static result open_facility(const void *settings, const struct kind_host *host, void **ret_state, struct err *err)
{
	const struct facility_settings *facility = settings;
	niem_prepare();
	TRY(check_codes(facility, host, err));
	if (facility->csv.columns.count && !names_facility(facility) && !host->agency[0])
		return err_set(err, CODE_CONFIG, "facility.name",
		               "nothing names the facility; write its name here, or the adapter's title");
	*ret_state = (void *)(uintptr_t)settings;
	return OK;
}

static void read_csv(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	mapping_read(state, host, document, into);
}

static void read_niem(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	niem_read(state, host, document, into);
}

static result write_niem(void *state, const struct kind_host *host, const struct kind_message *message, struct buf *out,
                         bool *ret_wrote, struct err *err)
{
	(void)state;
	(void)host;
	return niem_write(message, out, ret_wrote, err);
}

static result pass(void *state, const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers,
                   struct err *err)
{
	(void)state;
	return holdings_pass(host, message, host->answers, answers, err);
}

static const struct kind_format formats[] = {
	{.name = "csv", .ending = ".csv", .read = read_csv},
	{.name = "niem", .ending = ".xml", .read = read_niem, .write = write_niem},
};

const struct kind facility_kind = {.name = "facility",
                                   .settings = &facility_settings_table,
                                   .open = open_facility,
                                   .formats = formats,
                                   .formats_count = sizeof(formats) / sizeof(*formats),
                                   .pass = pass};

#include "adapters/facility/facility.h"

#include "adapters/facility/facility_settings.h"
#include "adapters/facility/terms.h"
#include "adapters/kind/holdings.h"
#include "adapters/niem/niem.h"
#include "schemas/catalogue_place.h"

#include <string.h>

#define RELEASE_TYPE "release.notification/1"
enum { TEXT_MAX = 4096 };

/* Whether the catalogue takes the text there; true where there is no catalogue to ask. */
static bool fits(const struct kind_host *host, const char *pointer, const char *text)
{
	const struct catalogue_type *type = host->catalogue ? catalogue_find(host->catalogue, BYTES_LIT(RELEASE_TYPE)) : NULL;
	struct validator *validator = NULL;
	struct buf value;
	struct err ignored;
	if (!type || FAILED(catalogue_place_validator(host->catalogue, type, pointer, &validator, &ignored)))
		return true;
	buf_init(&value, TEXT_MAX);
	pack_put_str(&value, text);
	bool answer = !value.overflow && (!validator || !FAILED(validator_run(validator, buf_bytes(&value), &ignored)));
	buf_done(&value);
	validator_free(validator);
	return answer;
}

/* What only the catalogue can judge: the codes that the settings speak of. */
static result check_codes(const struct facility_settings *settings, const struct kind_host *host, struct err *err)
{
	static const char *const pointers[] = {"/reason", "/person/sex", "/person/race", "/person/ethnicity"};
	for (size_t i = 0; i < sizeof(pointers) / sizeof(*pointers); i++) {
		const struct conf_pairs *pairs = terms_pairs(&settings->values, pointers[i]);
		for (size_t j = 0; j < pairs->count; j++)
			if (!fits(host, pointers[i], pairs->at[j].name))
				return err_set(err, CODE_CONFIG, "facility.values",
				               "line %d: %s is no code of %s in the catalogue", pairs->at[j].line,
				               pairs->at[j].name, pointers[i]);
	}
	if (settings->name[0] && !fits(host, "/facility/name", settings->name))
		return err_set(err, CODE_CONFIG, "facility.name", "is not a name of one line and at most 80 characters");
	if (settings->code[0] && !fits(host, "/facility/code", settings->code))
		return err_set(err, CODE_CONFIG, "facility.code", "%s is not a code of at most 12 capital letters or digits",
		               settings->code);
	return OK;
}

static result open_facility(const void *settings, const struct kind_host *host, void **ret_state, struct err *err)
{
	const struct facility_settings *facility = settings;
	niem_prepare();
	TRY(check_codes(facility, host, err));
	*ret_state = (void *)(uintptr_t)settings;
	return OK;
}

static bool own_code(void *ctx, const char *pointer, struct bytes word, char into[static NIEM_CODE_MAX])
{
	const struct facility_settings *settings = ctx;
	return terms_code(&settings->values, pointer, word, into);
}

static void read_niem(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	struct facility_settings *settings = state;
	const struct niem_options options = {.facility_name = settings->name, .facility_code = settings->code, .zone = settings->zone,
	                                     .code = own_code, .ctx = settings};
	niem_read(&options, host, document, into);
}

static result pass(void *state, const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers,
                   struct err *err)
{
	(void)state;
	return holdings_pass(host, message, host->answers, answers, err);
}

static const struct kind_format formats[] = {
	{.name = "niem", .ending = ".xml", .read = read_niem, .write = niem_format_write},
};

const struct kind facility_kind = {.name = "facility",
                                   .settings = &facility_settings_table,
                                   .open = open_facility,
                                   .formats = formats,
                                   .formats_count = sizeof(formats) / sizeof(*formats),
                                   .pass = pass};

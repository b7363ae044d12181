#include "adapters/police/police.h"

#include "adapters/kind/holdings.h"
#include "adapters/ncic/ncic.h"
#include "adapters/ncic/ncic_text.h"
#include "base/mem.h"
#include "schemas/party.h"

#include <string.h>

struct police_settings {
	struct conf_pairs directory;
};

struct police {
	const struct police_settings *settings;
};

static bool is_state(struct bytes name)
{
	return name.len == 2 && name.at[0] >= 'A' && name.at[0] <= 'Z' && name.at[1] >= 'A' && name.at[1] <= 'Z';
}

static void check_directory(const void *value, struct conf_place place, const char *path, struct conf_faults *faults)
{
	const struct conf_pairs *directory = value;
	struct err why;
	for (size_t i = 0; i < directory->count; i++) {
		const struct conf_pair *pair = &directory->at[i];
		struct bytes name = bytes_text(pair->name);
		place.line = pair->line;
		if (!ncic_text_is_ori(name) && !is_state(name))
			conf_fault(faults, place, path,
			           "%s is neither an ORI nor a state; write CT0006400 = \"ct.hartford.police\"", pair->name);
		if (FAILED(party_check_address(bytes_text(pair->value), "", &why)))
			conf_fault(faults, place, path, "%s: %s", pair->name, why.reason);
	}
}

static const struct conf_field fields[] = {
	{.name = "directory",
	 .kind = CONF_PAIRS,
	 .offset = offsetof(struct police_settings, directory),
	 .flags = CONF_NO_RELOAD,
	 .check = check_directory,
	 .help = "which party or role stands behind an ORI or a state, for the destinations of messages"},
};
static const struct conf_table settings_table = {fields, sizeof(fields) / sizeof(*fields), sizeof(struct police_settings),
	                                             CONF_NO_LINE, NULL};

static result open_police(const void *settings, const struct kind_host *host, void **ret_state, struct err *err)
{
	struct police *police = mem_alloc(sizeof(*police));
	(void)host;
	(void)err;
	police->settings = settings;
	*ret_state = police;
	return OK;
}

static void read_text(void *state, const struct kind_host *host, struct bytes document, struct kind_reading *into)
{
	const struct police *police = state;
	const struct conf_pairs *directory = police && police->settings ? &police->settings->directory : NULL;
	ncic_format.read((void *)(uintptr_t)directory, host, document, into);
}

static result pass(void *state, const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers,
	               struct err *err)
{
	(void)state;
	return holdings_pass(host, message, host->answers, answers, err);
}

static result write_text(void *state, const struct kind_host *host, const struct kind_message *message, struct buf *out,
	                     bool *ret_wrote, struct err *err)
{
	(void)state;
	return ncic_format.write(NULL, host, message, out, ret_wrote, err);
}

static const struct kind_format formats[] = {{.name = "ncic", .ending = ".ncic", .read = read_text, .write = write_text}};

const struct kind police_kind = {
	.name = "police",
	.settings = &settings_table,
	.open = open_police,
	.close = mem_free,
	.formats = formats,
	.formats_count = sizeof(formats) / sizeof(*formats),
	.pass = pass,
};

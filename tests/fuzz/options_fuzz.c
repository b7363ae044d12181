/* An adapter's configuration, with the groups of kinds and of exports. */
#include "adapters/csv/csv_settings.h"
#include "adapters/police/police.h"
#include "adapters/runtime/options.h"
#include "fuzz/printed.h"

enum { GROUPS = 2, ROOM = 4096 };

static const struct conf_table *table(void)
{
	static struct conf_table *made;
	static const char *const names[GROUPS] = {"police", "csv"};
	static const size_t offsets[GROUPS] = {ROOM, 2 * ROOM};
	const struct conf_table *tables[GROUPS] = {police_kind.settings, &csv_settings_table};
	if (!made)
		made = options_table_new(names, tables, offsets, GROUPS, (size_t)3 * ROOM);
	return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	printed_again(table(), (size_t)3 * ROOM, bytes_of(data, size));
	return 0;
}

/* An adapter's configuration, with the groups of kinds and of exports: what is printed loads again, and prints the same. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "adapters/csv/csv_settings.h"
#include "adapters/police/police.h"
#include "adapters/runtime/options.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "fuzz/libconfig_leak.h"

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

static bool load(struct bytes text, struct buf *out)
{
	void *options = mem_alloc((size_t)3 * ROOM);
	struct conf_faults faults;
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);
	fuzz_must(fd >= 0 && write(fd, text.at, text.len) == (ssize_t)text.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	conf_faults_init(&faults);
	bool loaded = !FAILED(conf_load(table(), path, options, &faults));
	fuzz_must(loaded == (faults.count == 0));
	if (loaded) {
		conf_print(table(), options, out);
		conf_free(table(), options);
	}
	conf_faults_done(&faults);
	mem_free(options);
	close(fd);
	return loaded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first, second;
	if (size > 65536 || memmem(data, size, "@include", 8))
		return 0; /* a fuzzer must not read other files */
	buf_init(&first, FUZZ_OUT_MAX);
	buf_init(&second, FUZZ_OUT_MAX);
	if (load(bytes_of(data, size), &first)) {
		fuzz_must(load(buf_bytes(&first), &second));
		fuzz_must(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
	}
	buf_done(&first);
	buf_done(&second);
	return 0;
}

#include "base/conf.h"
#include "base/mem.h"
#include "broker/config/settings.h"
#include "fuzz/fuzz.h"
#include "fuzz/libconfig_leak.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Loads text as a broker's configuration; what loads is printed into *out. */
static bool load(struct bytes text, struct buf *out)
{
	struct settings *settings = mem_alloc(sizeof(*settings));
	struct conf_faults faults;
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);
	fuzz_must(fd >= 0 && write(fd, text.at, text.len) == (ssize_t)text.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	conf_faults_init(&faults);
	bool loaded = !FAILED(conf_load(&settings_table, path, settings, &faults));
	fuzz_must(loaded == (faults.count == 0));
	if (loaded) {
		conf_print(&settings_table, settings, out);
		conf_free(&settings_table, settings);
	}
	conf_faults_done(&faults);
	mem_free(settings);
	close(fd);
	return loaded;
}

/* What is printed loads again, and prints the same. */
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

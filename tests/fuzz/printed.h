/* Configuration: what is printed loads again, and prints the same. */
#ifndef TESTS_FUZZ_PRINTED_H
#define TESTS_FUZZ_PRINTED_H

#include "base/conf.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "fuzz/libconfig_leak.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Loads text into a struct of so many bytes; what loads is printed into *out. */
static inline bool printed_load(const struct conf_table *table, size_t bytes, struct bytes text, struct buf *out)
{
	void *settings = mem_alloc(bytes);
	struct conf_faults faults;
	char path[64];
	int fd = memfd_create("config", MFD_CLOEXEC);
	fuzz_must(fd >= 0 && write(fd, text.at, text.len) == (ssize_t)text.len);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	conf_faults_init(&faults);
	bool loaded = !FAILED(conf_load(table, path, settings, &faults));
	fuzz_must(loaded == (faults.count == 0));
	if (loaded) {
		conf_print(table, settings, out);
		conf_free(table, settings);
	}
	conf_faults_done(&faults);
	mem_free(settings);
	close(fd);
	return loaded;
}

static inline void printed_again(const struct conf_table *table, size_t bytes, struct bytes text)
{
	struct buf first, second;
	if (text.len > 65536 || memmem(text.at, text.len, "@include", 8))
		return; /* a fuzzer must not read other files */
	buf_init(&first, FUZZ_OUT_MAX);
	buf_init(&second, FUZZ_OUT_MAX);
	if (printed_load(table, bytes, text, &first)) {
		fuzz_must(printed_load(table, bytes, buf_bytes(&first), &second));
		fuzz_must(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
	}
	buf_done(&first);
	buf_done(&second);
}

#endif

/* Runs every file of the folders that are given through a fuzz target, without a fuzzer. Nothing to run is a failure. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"

enum { INPUT_MAX = 16 << 20 };

static bool replay_file(const char *folder, const char *name)
{
	struct buf contents;
	struct err err = {.reason = ""};
	AUTO_FREE char *path = mem_printf("%s/%s", folder, name);
	if (FAILED(file_read(path, INPUT_MAX, &contents, &err))) {
		fprintf(stderr, "%s: %s\n", path, err.reason);
		return false;
	}
	/* A copy of the very size, so that a sanitizer sees a read behind its end. */
	uint8_t *exact = mem_grow(NULL, contents.len ? contents.len : 1, 1);
	if (contents.len)
		memcpy(exact, contents.at, contents.len);
	LLVMFuzzerTestOneInput(exact, contents.len);
	mem_free(exact);
	buf_done(&contents);
	return true;
}

static size_t replay_folder(const char *folder)
{
	char **names = NULL;
	size_t count = 0;
	size_t done = 0;
	struct err err = {.reason = ""};
	if (FAILED(file_list(folder, "", &names, &count, &err))) {
		fprintf(stderr, "%s: %s\n", folder, err.reason);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		done += replay_file(folder, names[i]);
	file_list_free(names, count);
	return done == count ? done : 0;
}

int main(int argc, char **argv)
{
	size_t total = 0;
	bool is_complete = argc > 1;
	for (int i = 1; i < argc; i++) {
		size_t done = replay_folder(argv[i]);
		is_complete = is_complete && done > 0;
		total += done;
	}
	printf("%zu inputs replayed\n", total);
	return is_complete ? 0 : 1;
}

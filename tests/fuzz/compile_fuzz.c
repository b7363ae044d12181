/* A hub's parties and agreements as the configuration writes them, against the real catalogue: faults with a place, or something whole that routes. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "broker/config/compile.h"
#include "fuzz/fuzz.h"
#include "fuzz/libconfig_leak.h"

static const char least[] =
	"party = \"ct.hub\"; listen = \"127.0.0.1:0\"; data = \"d\"; tls = { certificate = \"a\"; key = \"b\"; ca = [\"c\"]; };\n"
	"signing = { certificate = \"d\"; key = \"e\"; };\n";

static struct catalogue *catalogue(void)
{
	static struct catalogue *loaded;
	struct err err;
	if (!loaded)
		fuzz_must(!FAILED(catalogue_load(LIAISON_SOURCE_DIR "/schemas/catalogue", &loaded, &err)));
	return loaded;
}

static void look_at(const struct snapshot *snapshot)
{
	for (size_t i = 0; i < snapshot->parties_count; i++) {
		const struct snapshot_party *party = &snapshot->parties[i];
		fuzz_must(snapshot_party(snapshot, bytes_text(party->name)) == party);
		fuzz_must(snapshot_fits(party, party->name) && snapshot_fits(party, "*"));
		(void)snapshot_attribute_is(party, "town", BYTES_LIT("Hartford"));
	}
	for (size_t i = 0; i < snapshot->agreements_count; i++)
		for (size_t k = 0; k < snapshot->agreements[i].targets_count; k++)
			fuzz_must(snapshot->agreements[i].targets[k].kind <= TARGET_SUBSCRIBER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct snapshot *snapshot;
	struct conf_faults faults;
	char path[64];
	int fd;
	if (size > 65536 || memmem(data, size, "@include", 8))
		return 0; /* a fuzzer must not read other files */
	fd = memfd_create("config", MFD_CLOEXEC);
	fuzz_must(fd >= 0 && write(fd, least, sizeof(least) - 1) > 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	snapshot = mem_alloc(sizeof(*snapshot));
	conf_faults_init(&faults);
	if (!FAILED(conf_load(&settings_table, path, &snapshot->settings, &faults))) {
		snapshot->catalogue = catalogue();
		compile_parties(snapshot, "file", &faults);
		compile_agreements(snapshot, "file", &faults);
		fuzz_must(faults.count == 0 || faults.text.len > 0);
		if (faults.count == 0)
			look_at(snapshot);
		compile_free(snapshot);
		conf_free(&settings_table, &snapshot->settings);
	}
	conf_faults_done(&faults);
	mem_free(snapshot);
	close(fd);
	return 0;
}

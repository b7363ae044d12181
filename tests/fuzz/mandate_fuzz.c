/* What the core hands to a gateway process. The input is a list of edits to a mandate of the test's own, because a real one holds a private key; and is read as a
 * mandate itself. */
#include "fuzz/edit.h"
#include "unit/broker/hub_fixture.h"

static struct hub_fixture hub;
static struct buf whole;

static void leave(void)
{
	buf_done(&whole);
	hub_fixture_done(&hub);
}

static void begin(void)
{
	if (hub.snapshot)
		return;
	hub_fixture_new(&hub, &(struct hub_config){.listen = NULL});
	hub_fixture_pack(hub.snapshot, &whole);
	atexit(leave);
}

static void read_mandate(struct bytes packed)
{
	struct mandate *mandate = NULL;
	struct err err = {.code = CODE_OK};
	if (FAILED(mandate_unpack(packed, &mandate, &err))) {
		fuzz_must(err.code != CODE_OK && err.reason[0] && !mandate);
		return;
	}
	fuzz_must(mandate->trust && mandate->tls && mandate->gateways > 0);
	for (size_t i = 0; i < mandate->parties_count; i++)
		fuzz_must(mandate->parties[i].name != NULL);
	(void)mandate_names(mandate, BYTES_LIT(POLICE));
	mandate_unref(mandate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf edited;
	begin();
	read_mandate(bytes_of(data, size));
	buf_init(&edited, FUZZ_OUT_MAX);
	buf_add(&edited, buf_bytes(&whole));
	edit_play(&edited, bytes_of(data, size), 8);
	read_mandate(buf_bytes(&edited));
	buf_done(&edited);
	return 0;
}

#include "broker/wires/mandate.h"

#include "base/mem.h"
#include "base/pack.h"
#include "broker/config/snapshot.h"
#include "certs/fips.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { MANDATE_FIELDS = 11, MANDATE_LEVEL_MAX = 16, MANDATE_LINKS_MAX = INT32_MAX, MANDATE_GATEWAYS_MAX = 1024, MANDATE_PARTIES_MAX = 1000000 };

struct counted {
	atomic_uint count;
	struct mandate mandate;
};

static struct counted *counted_of(struct mandate *mandate)
{
	return (struct counted *)(void *)((char *)mandate - offsetof(struct counted, mandate));
}

struct mandate *mandate_ref(struct mandate *mandate)
{
	atomic_fetch_add_explicit(&counted_of(mandate)->count, 1, memory_order_relaxed);
	return mandate;
}

void mandate_unref(struct mandate *mandate)
{
	if (!mandate || atomic_fetch_sub_explicit(&counted_of(mandate)->count, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < mandate->parties_count; i++)
		mem_free(mandate->parties[i].name);
	mem_free(mandate->parties);
	tls_unref(mandate->tls);
	trust_unref(mandate->trust);
	mem_free(counted_of(mandate));
}

static int order_name(const void *key, const void *element)
{
	return bytes_order(*(const struct bytes *)key, bytes_text(((const struct mandate_party *)element)->name));
}

const struct mandate_party *mandate_party(const struct mandate *mandate, struct bytes name)
{
	if (mandate->parties_count == 0)
		return NULL;
	return bsearch(&name, mandate->parties, mandate->parties_count, sizeof(*mandate->parties), order_name);
}

bool mandate_names(const struct mandate *mandate, struct bytes party)
{
	return mandate_party(mandate, party) != NULL;
}

/* The limits cross as they are: both processes are of one build, which the first field says. */
result mandate_pack(const struct snapshot *snapshot, unsigned gateways, struct buf *out, struct err *err)
{
	const struct settings *settings = &snapshot->settings;
	pack_put_array(out, MANDATE_FIELDS);
	pack_put_str(out, LIAISON_VERSION);
	pack_put_int(out, snapshot->generation);
	pack_put_int(out, gateways);
	pack_put_int(out, (settings->limits.links + gateways - 1) / gateways);
	pack_put_int(out, settings->log.level);
	pack_put_int(out, settings->log.format);
	pack_put_bin(out, bytes_of(&settings->limits, sizeof(settings->limits)));
	pack_put_int(out, fips_mode_of(settings->fips, settings->fips_module == 0));
	trust_pack(snapshot->trust, out);
	TRY(tls_pack(snapshot->tls, out, err));
	pack_put_array(out, snapshot->parties_count);
	for (size_t i = 0; i < snapshot->parties_count; i++) {
		pack_put_array(out, 3);
		pack_put_str(out, snapshot->parties[i].name);
		pack_put_int(out, snapshot->parties[i].settings->rate);
		pack_put_int(out, snapshot->parties[i].settings->rate_bytes);
	}
	return buf_check(out, "mandate", err);
}

static void take_parties(struct mandate *mandate, struct pack_in *in)
{
	size_t count = pack_array(in, "parties");
	if (count > MANDATE_PARTIES_MAX)
		pack_fail(in, CODE_MALFORMED, "parties", "are too many");
	if (in->failed)
		return;
	mandate->parties = mem_array(count + 1, sizeof(*mandate->parties));
	for (size_t i = 0; i < count && !in->failed; i++) {
		pack_array_of(in, "parties", 3);
		struct bytes name = pack_text(in, "parties", TRUST_NAME_MAX);
		int64_t rate = pack_int(in, "rate", 0, INT64_MAX), rate_bytes = pack_int(in, "rate_bytes", 0, INT64_MAX);
		if (!in->failed)
			mandate->parties[mandate->parties_count++] = (struct mandate_party){bytes_dup_text(name), rate, rate_bytes};
	}
}

static RESULT take_all(struct mandate *mandate, struct pack_in *in, struct err *err)
{
	pack_array_of(in, "", MANDATE_FIELDS);
	struct bytes version = pack_text(in, "version", ERR_FIELD_MAX);
	if (!in->failed && !bytes_is(version, LIAISON_VERSION))
		pack_fail(in, CODE_VERSION, "version", "the gateway and the core are of different versions");
	mandate->generation = pack_int(in, "generation", 0, INT64_MAX);
	mandate->gateways = pack_int(in, "gateways", 1, MANDATE_GATEWAYS_MAX);
	mandate->links = pack_int(in, "links", 0, MANDATE_LINKS_MAX);
	mandate->log_level = (int)pack_int(in, "level", 0, MANDATE_LEVEL_MAX);
	mandate->log_format = (int)pack_int(in, "format", 0, MANDATE_LEVEL_MAX);
	const uint8_t *limits = pack_bin_of(in, "limits", sizeof(mandate->limits));
	if (limits)
		memcpy(&mandate->limits, limits, sizeof(mandate->limits));
	enum fips_mode fips = (enum fips_mode)pack_int(in, "fips", FIPS_OFF, FIPS_MODULE);
	struct bytes trust = pack_value(in, "trust"), tls = pack_value(in, "tls");
	if (in->failed)
		return (result){err->code};
	TRY(fips_setup(fips, err));
	TRY(trust_unpack(trust, &mandate->trust, err));
	TRY(tls_server_unpack(tls, mandate->trust, &mandate->tls, err));
	take_parties(mandate, in);
	return pack_end(in);
}

result mandate_unpack(struct bytes packed, struct mandate **ret, struct err *err)
{
	struct counted *counted = mem_alloc(sizeof(*counted));
	struct pack_in in = pack_in(packed, err);
	atomic_init(&counted->count, 1);
	result r = take_all(&counted->mandate, &in, err);
	if (FAILED(r)) {
		mandate_unref(&counted->mandate);
		return r;
	}
	*ret = &counted->mandate;
	return OK;
}

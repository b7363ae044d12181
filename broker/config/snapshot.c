#include "broker/config/snapshot.h"

#include "base/clock.h"
#include "base/mem.h"
#include "certs/fips.h"
#include "base/text.h"
#include "broker/config/compile.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct counted {
	atomic_uint count;
	struct snapshot snapshot;
};

static struct counted *counted_of(struct snapshot *snapshot)
{
	return (struct counted *)(void *)((char *)snapshot - offsetof(struct counted, snapshot));
}

struct snapshot *snapshot_ref(struct snapshot *snapshot)
{
	atomic_fetch_add_explicit(&counted_of(snapshot)->count, 1, memory_order_relaxed);
	return snapshot;
}

void snapshot_unref(struct snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub_explicit(&counted_of(snapshot)->count, 1, memory_order_acq_rel) != 1)
		return;
	compile_free(snapshot);
	catalogue_unref(snapshot->catalogue);
	signer_unref(snapshot->signing);
	key_unref(snapshot->signing_key);
	tls_unref(snapshot->tls);
	trust_unref(snapshot->trust);
	conf_free(&settings_table, &snapshot->settings);
	mem_free(counted_of(snapshot));
}

/* ── looking things up ── */

static int order_name(const void *key, const void *element)
{
	const struct bytes *name = key;
	const struct snapshot_party *party = element;
	return bytes_order(*name, bytes_text(party->name));
}

const struct snapshot_party *snapshot_party(const struct snapshot *snapshot, struct bytes name)
{
	return bsearch(&name, snapshot->parties, snapshot->parties_count, sizeof(*snapshot->parties), order_name);
}

bool snapshot_has_role(const struct snapshot_party *party, struct bytes role)
{
	for (size_t i = 0; i < party->settings->roles.count; i++)
		if (bytes_is(role, party->settings->roles.at[i]))
			return true;
	return false;
}

bool snapshot_fits(const struct snapshot_party *party, const char *selector)
{
	if (bytes_starts(bytes_text(selector), "role:"))
		return snapshot_has_role(party, bytes_text(selector + strlen("role:")));
	return text_match(selector, bytes_text(party->name));
}

static struct bytes trimmed(const char *at, size_t len)
{
	while (len && (at[0] == ' ' || at[0] == '\t')) {
		at++;
		len--;
	}
	while (len && (at[len - 1] == ' ' || at[len - 1] == '\t'))
		len--;
	return bytes_of(at, len);
}

bool snapshot_attribute_is(const struct snapshot_party *party, const char *attribute, struct bytes value)
{
	const struct conf_pairs *pairs = &party->settings->attributes;
	const struct bytes wanted = trimmed((const char *)value.at, value.len);
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->at[i].name, attribute) != 0)
			continue;
		for (const char *at = pairs->at[i].value; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
			struct bytes one = trimmed(at, strcspn(at, ","));
			if (one.len && text_equal_nocase(one, wanted))
				return true;
		}
	}
	return false;
}

/* ── loading ── */

struct load {
	struct snapshot *snapshot;
	const char *file;
	struct conf_faults *faults;
};

/* What a file that the configuration names has against it. */
static void file_fault(const struct load *load, const char *setting, const struct err *why)
{
	struct conf_place place = {load->file, 0};
	conf_fault(load->faults, place, setting, "%s%s%s; %s", why->field, why->field[0] ? ": " : "", why->reason,
	           code_remedy(why->code));
}

static void load_trust(const struct load *load)
{
	struct snapshot *snapshot = load->snapshot;
	const struct settings *settings = &snapshot->settings;
	struct err why;
	if (FAILED(trust_load((const char *const *)settings->tls.ca.at, settings->tls.ca.count,
	                      (const char *const *)settings->tls.crl.at,
	                      settings->tls.crl.count, &snapshot->trust, &why)))
		file_fault(load, "tls", &why);
}

/* That the hub would be believed by its own adapters, and is who the configuration says. */
static void check_own(const struct load *load, const char *setting, const char *path, enum trust_purpose purpose,
                      struct signer **ret)
{
	struct err why;
	if (FAILED(trust_judge_file(load->snapshot->trust, path, purpose, clock_wall_ms(), ret, &why))) {
		file_fault(load, setting, &why);
		return;
	}
	if (strcmp(signer_party(*ret), load->snapshot->settings.party) != 0)
		conf_fault(load->faults, (struct conf_place){load->file, 0}, setting,
		           "%s is of %s, not of %s; correct party or have the certificate issued",
		           path, signer_party(*ret), load->snapshot->settings.party);
}

static void load_tls(const struct load *load)
{
	struct snapshot *snapshot = load->snapshot;
	const struct settings *settings = &snapshot->settings;
	struct signer *own = NULL;
	struct err why;
	if (FAILED(tls_server_new(settings->tls.certificate, settings->tls.key, snapshot->trust, &snapshot->tls, &why)))
		file_fault(load, "tls", &why);
	else
		check_own(load, "tls.certificate", settings->tls.certificate, TRUST_TLS_HUB, &own);
	signer_unref(own);
}

static void load_signing(const struct load *load)
{
	struct snapshot *snapshot = load->snapshot;
	const struct settings *settings = &snapshot->settings;
	struct err why;
	if (FAILED(key_load(settings->signing.key, &snapshot->signing_key, &why)))
		file_fault(load, "signing.key", &why);
	check_own(load, "signing.certificate", settings->signing.certificate, TRUST_SIGN_HUB, &snapshot->signing);
	if (snapshot->signing && snapshot->signing_key && !signer_owns_key(snapshot->signing, snapshot->signing_key))
		conf_fault(load->faults, (struct conf_place){load->file, 0}, "signing.key",
		           "%s is not the key of the certificate in %s; name the two that belong together",
		           settings->signing.key, settings->signing.certificate);
}

static void load_all(const struct load *load)
{
	struct snapshot *snapshot = load->snapshot;
	struct err why;
	load_trust(load);
	if (snapshot->trust) {
		load_tls(load);
		load_signing(load);
	}
	if (FAILED(catalogue_load(snapshot->settings.catalogue, &snapshot->catalogue, &why)))
		file_fault(load, "catalogue", &why);
	compile_parties(snapshot, load->file, load->faults);
	compile_agreements(snapshot, load->file, load->faults);
}

result snapshot_load(const char *file, int64_t generation, struct snapshot **ret, struct conf_faults *faults)
{
	struct counted *counted = mem_alloc(sizeof(*counted));
	struct load load = {.snapshot = &counted->snapshot, .file = file, .faults = faults};
	size_t before = faults->count;
	atomic_init(&counted->count, 1);
	counted->snapshot.generation = generation;
	result r = conf_load(&settings_table, file, &counted->snapshot.settings, faults);
	if (FAILED(r)) {
		mem_free(counted);
		return r;
	}
	struct err why;
	if (FAILED(fips_setup(fips_mode_of(counted->snapshot.settings.fips, counted->snapshot.settings.fips_module == 0), &why)))
		file_fault(&load, "fips", &why);
	load_all(&load);
	if (faults->count != before) {
		snapshot_unref(&counted->snapshot);
		return err_set(NULL, CODE_CONFIG, file, "the configuration has faults");
	}
	*ret = &counted->snapshot;
	return OK;
}

#include "certs/fips.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdatomic.h>

static atomic_int current = FIPS_OFF;

/* The provider "base" reads and writes keys, which a validated module does not. Both stay loaded. */
static RESULT load_module(struct err *err)
{
	ERR_set_mark();
	bool is_loaded = OSSL_PROVIDER_load(NULL, "fips") != NULL && OSSL_PROVIDER_load(NULL, "base") != NULL && EVP_default_properties_enable_fips(NULL, 1) == 1;
	ERR_pop_to_mark();
	if (is_loaded)
		return OK;
	return err_set(err, CODE_CONFIG, "fips",
	               "OpenSSL has no provider \"fips\" here (Debian ships none): install a validated module and activate it in openssl.cnf, or set fips_module = \"none\" "
	               "for the algorithms alone");
}

result fips_setup(enum fips_mode mode, struct err *err)
{
	if ((int)mode == atomic_load(&current))
		return OK;
	if (atomic_load(&current) != FIPS_OFF)
		return err_set(err, CODE_USAGE, "fips", "it cannot be changed while the program runs");
	if (mode == FIPS_MODULE)
		TRY(load_module(err));
	atomic_store(&current, (int)mode);
	return OK;
}

bool fips_is_on(void)
{
	return atomic_load_explicit(&current, memory_order_relaxed) != FIPS_OFF;
}

enum fips_mode fips_mode_of(bool is_on, bool wants_module)
{
	if (!is_on)
		return FIPS_OFF;
	return wants_module ? FIPS_MODULE : FIPS_ALGORITHMS;
}

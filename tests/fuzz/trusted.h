/* The authority of the test vectors, for targets that judge certificates: what is not issued by it never gets far. */
#ifndef TESTS_FUZZ_TRUSTED_H
#define TESTS_FUZZ_TRUSTED_H

#include "certs/trust.h"
#include "fuzz/fuzz.h"

#define TRUSTED_KEYS LIAISON_SOURCE_DIR "/tests/vectors/keys/"

enum { TRUSTED_AT_S = 1767225600 }; /* 2026-01-01, when the vectors begin */

/* Loaded once and kept. */
static inline const struct trust *trusted(void)
{
	static const char *const ca = TRUSTED_KEYS "ca.pem";
	static struct trust *trust;

	if (trust == NULL)
		fuzz_must(!FAILED(trust_load(&ca, 1, NULL, 0, &trust, NULL)));
	return trust;
}

#endif

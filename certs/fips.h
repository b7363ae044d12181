/* Only what FIPS 140 knows as approved: a switch for the whole process, turned on before anything of this room is used, and never off again.
 *
 *   TLS           suites with AES-GCM; groups P-256, P-384, P-521; handshakes signed by ECDSA or RSA-PSS with SHA-256 or SHA-384
 *   certificates  keys on P-256 or P-384, or RSA of 2048 bits and more; signed with SHA-2; the same of every authority above
 *   messages      signed by such keys. Ed25519 is approved (FIPS 186-5), but no validated OpenSSL 3.0 module has it: it is refused
 *
 * Whether a validated module computes them is another matter: FIPS_MODULE asks OpenSSL for its provider "fips", and refuses to go on without. Thread: any; fips_setup main. */
#ifndef CERTS_FIPS_H
#define CERTS_FIPS_H

#include "base/err.h"

enum fips_mode {
	FIPS_OFF,
	FIPS_ALGORITHMS, /* the algorithms alone, computed by whatever OpenSSL has */
	FIPS_MODULE      /* computed by the provider "fips" */
};

/* config, with what to do, when there is no such provider. The same mode again is fine; usage when it is another. */
RESULT fips_setup(enum fips_mode mode, struct err *err);
bool fips_is_on(void);
/* Of a configuration's `fips` and `fips_module`. */
enum fips_mode fips_mode_of(bool is_on, bool wants_module);

#endif

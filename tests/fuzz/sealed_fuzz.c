#include "certs/seal.h"
#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/trusted.h"
#include "schemas/message.h"

/* What strangers call sealed, opened with a certificate of the vectors and a key that is not its own: whatever stands in it, nothing comes out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct key *key;
	static struct signer *own;
	struct bytes in = bytes_of(data, size), der = part_sealed(in);
	struct err err = {.code = CODE_OK};
	struct buf opened;

	if (key == NULL) {
		fuzz_must(!FAILED(key_new(KEY_P256, 0, &key, NULL)));
		fuzz_must(!FAILED(trust_judge_file(trusted(), TRUSTED_KEYS "p256.pem", TRUST_SIGN_PARTY, (int64_t)TRUSTED_AT_S * 1000, &own, NULL)));
	}
	fuzz_must(part_is_sealed(in) == (der.len > 0));
	buf_init(&opened, SEAL_BYTES_MAX);
	fuzz_must(!FAILED(seal_check(in, &err)) || err.reason[0] != '\0');
	fuzz_must(FAILED(seal_open(own, key, in, &opened, &err)));
	fuzz_must(err.reason[0] != '\0' && opened.len == 0);
	buf_done(&opened);
	fuzz_must(der.len == 0 || !FAILED(seal_check(der, &err)) || err.reason[0] != '\0');
	return 0;
}

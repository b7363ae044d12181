#include "fuzz/trusted.h"

static void judge(struct bytes in, enum trust_purpose purpose)
{
	struct signer *signer = NULL;
	struct bytes chain[TRUST_CHAIN_MAX];
	struct err err = {.code = CODE_OK};

	if (FAILED(trust_judge(trusted(), &in, 1, purpose, (int64_t)TRUSTED_AT_S * 1000, false, &signer, &err))) {
		fuzz_must(err.code == CODE_CERTIFICATE && err.reason[0] != '\0' && signer == NULL);
		return;
	}
	fuzz_must(signer_party(signer)[0] != '\0' && signer_chain(signer, chain) == 1);
	/* What was admitted is admitted again from the bytes that are kept of it. */
	fuzz_must(!FAILED(trust_rejudge(trusted(), signer, purpose, (int64_t)TRUSTED_AT_S * 1000, true, &err)));
	fuzz_must(FAILED(signer_check(signer, in, in, &err)));
	signer_unref(signer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (int purpose = TRUST_TLS_PARTY; purpose <= TRUST_SIGN_PERSON; purpose++)
		judge(bytes_of(data, size), (enum trust_purpose)purpose);
	return 0;
}

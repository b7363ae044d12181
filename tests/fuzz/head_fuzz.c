#include <string.h>

#include "certs/head.h"
#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/trusted.h"

static struct signer *hub(void)
{
	static struct signer *signer;

	if (signer == NULL)
		fuzz_must(!FAILED(
			trust_judge_file(trusted(), TRUSTED_KEYS "hub.pem", TRUST_SIGN_HUB, (int64_t)TRUSTED_AT_S * 1000, &signer, NULL)));
	return signer;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct head decoded = {.size = 0}, checked = {.size = 0};
	struct err err;
	bool is_head = !FAILED(head_decode(in, &decoded, &err));
	bool is_signed = !FAILED(head_check(hub(), in, &checked, &err));

	fuzz_must(!is_signed || (is_head && decoded.size == checked.size && strcmp(checked.hub, signer_party(hub())) == 0));
	fuzz_must(!is_head || memchr(decoded.hub, '\0', sizeof(decoded.hub)) != NULL);
	return 0;
}

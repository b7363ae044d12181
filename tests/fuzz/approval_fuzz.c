#include "base/clock.h"
#include "certs/approval.h"
#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/trusted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const chair[] = {"board_chair"};
	const struct approval_rule one = {.persons = 1, .roles = chair, .roles_count = 1}, none = {.persons = 0};
	struct bytes in = bytes_of(data, size), type = BYTES_LIT("release.authorize/1"), content = BYTES_LIT("content");
	struct err err = {.code = CODE_OK};

	clock_freeze((int64_t)TRUSTED_AT_S * 1000);
	bool is_signed = !FAILED(approval_check(trusted(), in, "ct.board", type, content, &one, &err));
	fuzz_must(is_signed || err.reason[0] != '\0');
	/* Who satisfies a rule satisfies a weaker one, and nobody's signature fits another content. */
	fuzz_must(!is_signed || !FAILED(approval_check(trusted(), in, "ct.board", type, content, &none, &err)));
	fuzz_must(FAILED(approval_check(trusted(), in, "ct.board", type, BYTES_LIT("another"), &one, &err)));
	return 0;
}

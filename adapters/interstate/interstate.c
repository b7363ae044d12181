#include "adapters/interstate/interstate.h"

#include "adapters/kind/holdings.h"

static result pass(void *state, const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers, struct err *err)
{
	(void)state;
	return holdings_pass(host, message, host->answers, answers, err);
}

const struct kind interstate_kind = {.name = "interstate", .pass = pass};

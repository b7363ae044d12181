#include "adapters/probation/probation.h"

#include "adapters/casework/casework.h"
#include "adapters/kind/holdings.h"
#include "adapters/niem/niem.h"

static result pass(void *state, const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers, struct err *err)
{
	(void)state;
	return holdings_pass(host, message, host->answers, answers, err);
}

static const struct kind_format formats[] = {NIEM_FORMAT, CASEWORK_FORMAT};

const struct kind probation_kind = {.name = "probation", .formats = formats, .formats_count = sizeof(formats) / sizeof(*formats), .pass = pass};

#include "adapters/parole_board/parole_board.h"

#include "adapters/casework/casework.h"
#include "adapters/kind/holdings.h"

static result pass(void *state, const struct kind_host *host, const struct kind_message *message, struct kind_reading *answers, struct err *err)
{
	(void)state;
	return holdings_pass(host, message, host->answers, answers, err);
}

static const struct kind_format formats[] = {CASEWORK_FORMAT};

const struct kind parole_board_kind = {.name = "parole_board", .formats = formats, .formats_count = 1, .pass = pass};

#include "adapters/runtime/erasing.h"

#include "base/log.h"
#include "schemas/erasure.h"

static bool fits(void *ctx, struct bytes header)
{
	const struct erasure *erasure = ctx;
	struct message message;
	struct err ignored;
	return !FAILED(message_decode(header, &message, &ignored)) && !erasure_spares(&message) && erasure_is_about(erasure, &message);
}

result erasing_pass(struct office *office, const struct kind_message *message, struct err *err)
{
	struct erasure erasure;
	int64_t erased = 0;
	if (!bytes_is(message->message->type, ERASURE_TYPE))
		return OK;
	erasure_read(message->main, &erasure);
	TRY(box_erase(office->box, fits, &erasure, &erased, err));
	log_event(LOG_NOTICE, "erased", LOG_UUID("order", message->message->id), LOG_INT("messages", erased));
	return OK;
}

#include "schemas/erasure.h"

#include "base/text.h"
#include "schemas/receipt.h"

#include <stdio.h>
#include <string.h>

enum { ERASURE_VALUE_MAX = 512 };

void erasure_read(struct bytes main, struct erasure *ret)
{
	struct bytes value, text;
	struct err ignored;
	memset(ret, 0, sizeof(*ret));
	if (!main.len)
		return;
	if (pack_find(main, "messages", &value))
		ret->messages = value;
	if (pack_find(main, "ids", &value))
		ret->ids = value;
	ret->has_thread = pack_find(main, "thread", &value) && pack_as_text(value, &text) && !FAILED(uuid_parse(text, &ret->thread, &ignored));
}

bool erasure_message(const struct erasure *erasure, size_t index, struct uuid *ret)
{
	struct err ignored;
	if (!erasure->messages.len)
		return false;
	struct pack_in in = pack_in(erasure->messages, &ignored);
	size_t count = pack_array(&in, "messages");
	struct bytes text = BYTES_NONE;
	for (size_t i = 0; i < count && i <= index && !in.failed; i++)
		text = pack_text(&in, "messages", UUID_TEXT_MAX);
	return index < count && !in.failed && !FAILED(uuid_parse(text, ret, &ignored));
}

bool erasure_searches(const struct erasure *erasure)
{
	return erasure->has_thread || erasure->ids.len > 0;
}

static bool has_identifier(const struct erasure *erasure, const struct message *message)
{
	struct err ignored;
	if (!erasure->ids.len || !message->subject.len)
		return false;
	struct pack_in in = pack_in(erasure->ids, &ignored);
	size_t count = pack_map(&in, "ids");
	for (size_t i = 0; i < count && !in.failed; i++) {
		char key[MESSAGE_NAME_MAX + 1];
		struct bytes name = pack_text(&in, "ids", MESSAGE_NAME_MAX), id = pack_text(&in, "ids", ERASURE_VALUE_MAX), value;
		if (in.failed)
			break;
		snprintf(key, sizeof(key), "%.*s", (int)name.len, (const char *)name.at);
		if (message_subject(message, key, &value) && text_equal_nocase(value, id))
			return true;
	}
	return false;
}

bool erasure_is_about(const struct erasure *erasure, const struct message *message)
{
	struct uuid named;
	for (size_t i = 0; erasure_message(erasure, i, &named); i++)
		if (!memcmp(named.at, message->id, UUID_LEN))
			return true;
	if (erasure->has_thread && !memcmp(erasure->thread.at, message_thread(message), UUID_LEN))
		return true;
	return has_identifier(erasure, message);
}

bool erasure_spares(const struct message *message)
{
	return bytes_is(message->type, RECEIPT_TYPE) || bytes_is(message->type, NOTICE_TYPE) || bytes_is(message->type, ERASURE_TYPE);
}

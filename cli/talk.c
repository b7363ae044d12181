#include "cli/cli.h"

#include "base/clock.h"
#include "base/mem.h"
#include "schemas/json.h"

#include <stdio.h>

enum { TALK_MAX = 64 << 20 };

struct talk {
	struct wires *wires;
	struct wire *wire;
	char *endpoint;
	struct buf text, packed;
};

result talk_open(const char *endpoint, struct talk **ret, struct err *err)
{
	struct talk *talk = mem_alloc(sizeof(*talk));
	const struct wire_options options = {.max_bytes = TALK_MAX, .linger_ms = 500};
	talk->wires = wires_new();
	talk->endpoint = mem_text(endpoint);
	buf_init(&talk->text, TALK_MAX);
	buf_init(&talk->packed, TALK_MAX);
	result r = wire_connect(talk->wires, WIRE_DEALER, endpoint, &options, &talk->wire, err);
	if (FAILED(r)) {
		talk_close(talk);
		return r;
	}
	*ret = talk;
	return OK;
}

void talk_close(struct talk *talk)
{
	if (!talk)
		return;
	wire_free(talk->wire);
	wires_free(talk->wires);
	buf_done(&talk->text);
	buf_done(&talk->packed);
	mem_free(talk->endpoint);
	mem_free(talk);
}

result talk_say(struct talk *talk, struct bytes packed, struct err *err)
{
	buf_clear(&talk->text);
	TRY(json_from_pack(packed, 0, &talk->text, err));
	TRY(buf_check(&talk->text, "", err));
	struct bytes frame = buf_bytes(&talk->text);
	return wire_send(talk->wire, &frame, 1, err);
}

static result take(struct talk *talk, struct bytes *ret, struct err *err)
{
	struct wire_message message;
	TRY(wire_receive(talk->wire, &message, err));
	buf_clear(&talk->packed);
	result r = message.count ? json_to_pack(message.frames[message.count - 1], &talk->packed, err)
	                         : err_set(err, CODE_PROTOCOL, talk->endpoint, "an empty answer");
	wire_message_done(&message);
	TRY(r);
	*ret = buf_bytes(&talk->packed);
	return buf_check(&talk->packed, "", err);
}

result talk_hear(struct talk *talk, int64_t wait_ms, struct bytes *ret, struct err *err)
{
	int64_t until = clock_mono_ms() + wait_ms;
	for (;;) {
		int64_t left = wait_ms < 0 ? 1000 : until - clock_mono_ms();
		result r = take(talk, ret, err);
		if (!FAILED(r) || r.code != CODE_BUSY)
			return r;
		if (wait_ms >= 0 && left <= 0)
			return err_set(err, CODE_TIMEOUT, talk->endpoint, "nobody answered; is it running, and may you use its socket?");
		wire_wait(&talk->wire, 1, (int)(left > 1000 ? 1000 : left));
	}
}

static struct bytes text_in(struct bytes map, const char *key)
{
	struct bytes value, text;
	return pack_find(map, key, &value) && pack_as_text(value, &text) ? text : BYTES_NONE;
}

static result as_error(struct bytes answer, struct err *err)
{
	struct bytes error;
	enum code code = CODE_USAGE;
	char field[ERR_FIELD_MAX];
	if (!pack_find(answer, "error", &error))
		return OK;
	struct bytes name = text_in(error, "code"), at = text_in(error, "field"), reason = text_in(error, "reason");
	if (!name.len)
		return OK;
	if (!code_from_text((const char *)name.at, name.len, &code))
		code = CODE_PROTOCOL;
	char *place = bytes_dup_text(at);
	snprintf(field, sizeof(field), "%s", place);
	mem_free(place);
	return err_set(err, code, field, "%.*s", (int)reason.len, reason.len ? (const char *)reason.at : "");
}

result talk_ask(struct talk *talk, struct bytes packed, int64_t wait_ms, struct bytes *ret, struct err *err)
{
	TRY(talk_say(talk, packed, err));
	TRY(talk_hear(talk, wait_ms, ret, err));
	return as_error(*ret, err);
}

result talk_hub(const struct cli *cli, struct bytes packed, struct buf *ret, struct err *err)
{
	struct talk *talk = NULL;
	struct bytes answer;
	buf_init(ret, TALK_MAX);
	TRY(talk_open(cli->control, &talk, err));
	result r = talk_ask(talk, packed, cli->timeout_ms, &answer, err);
	if (!FAILED(r))
		buf_add(ret, answer);
	talk_close(talk);
	return r;
}

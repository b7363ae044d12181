#include "broker/route/alert.h"

#include "base/clock.h"

#include <stdio.h>

enum { ALERT_MAX = 32 * 1024, ALERT_PRIORITY = 9 };

static void put_text(struct buf *out, const char *key, struct bytes text)
{
	if (text.len == 0)
		return;
	pack_put_str(out, key);
	pack_put_text(out, text);
}

static void put_main(const struct alert *alert, struct buf *out)
{
	char id[UUID_TEXT_MAX], at[CLOCK_TEXT_MAX];
	bool has_reason = alert->reason[0] != 0;
	pack_put_map(out, 3 + (alert->of ? 2u : 0u) + (alert->interlock.len ? 1u : 0u) + (alert->record.len ? 1u : 0u) + (has_reason ? 1u : 0u));
	put_text(out, "event", bytes_text(alert->event));
	if (alert->of) {
		put_text(out, "of", bytes_text(uuid_text(alert->of->id, id)));
		put_text(out, "type", alert->of->type);
	}
	put_text(out, "interlock", alert->interlock);
	if (alert->record.len) {
		pack_put_str(out, "record");
		pack_put_raw(out, alert->record);
	}
	put_text(out, "code", bytes_text(code_text(alert->code)));
	put_text(out, "reason", bytes_text(alert->reason));
	put_text(out, "at", bytes_text(clock_text(clock_wall_ms(), at)));
}

result alert_send(struct core *core, const struct alert *alert, const char *to, struct err *err)
{
	struct buf main;
	if (!snapshot_party(core->snapshot, bytes_text(to)))
		return OK;
	buf_init(&main, ALERT_MAX);
	put_main(alert, &main);
	const struct mail mail = {.type = ALERT_TYPE, .to = to, .main = buf_bytes(&main), .priority = ALERT_PRIORITY, .wants_receipt = true,
	                          .re = alert->of ? alert->of->id : NULL, .thread = alert->of ? message_thread(alert->of) : NULL,
	                          .subject = alert->of ? alert->of->subject : BYTES_NONE};
	result r = buf_check(&main, ALERT_TYPE, err);
	if (!FAILED(r))
		r = mail_send(core, &mail, err);
	buf_done(&main);
	return r;
}

result alert_to_party(struct core *core, const struct alert *alert, struct bytes to, struct err *err)
{
	char party[TRUST_NAME_MAX];
	snprintf(party, sizeof(party), "%.*s", (int)to.len, to.len ? (const char *)to.at : "");
	return alert_send(core, alert, party, err);
}

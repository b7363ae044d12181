#include "broker/record/held.h"

#include <stdio.h>

/* [1, seq, at, expires, priority, interlock, reason, [[party, agreement, withheld, consent]…]] */
enum { HELD_VERSION = 1, HELD_FIELDS = 8 };

result held_put(struct store *store, const struct held *held, struct err *err)
{
	struct buf row;
	buf_init(&row, STORE_VALUE_MAX);
	pack_put_array(&row, HELD_FIELDS);
	pack_put_int(&row, HELD_VERSION);
	pack_put_int(&row, held->seq);
	pack_put_int(&row, held->at);
	pack_put_int(&row, held->expires);
	pack_put_int(&row, held->priority);
	pack_put_text(&row, held->interlock);
	pack_put_text(&row, held->reason);
	pack_put_raw(&row, held->recipients);
	result r = buf_check(&row, "held", err);
	if (!FAILED(r))
		r = store_row_put(store, STORE_HELD, bytes_of(held->id, UUID_LEN), buf_bytes(&row), err);
	buf_done(&row);
	return r;
}

static result read_row(struct bytes key, struct bytes value, struct held *ret, struct err *err)
{
	struct pack_in in = pack_in(value, err);
	pack_array_of(&in, "held", HELD_FIELDS);
	pack_int(&in, "version", HELD_VERSION, HELD_VERSION);
	ret->id = key.at;
	ret->seq = pack_int(&in, "seq", 1, INT64_MAX);
	ret->at = pack_int(&in, "at", 0, MESSAGE_TIME_MAX);
	ret->expires = pack_int(&in, "expires", 0, MESSAGE_TIME_MAX);
	ret->priority = pack_int(&in, "priority", 0, 9);
	ret->interlock = pack_text(&in, "interlock", MESSAGE_NAME_MAX);
	ret->reason = pack_text(&in, "reason", ERR_REASON_MAX);
	ret->recipients = pack_value(&in, "recipients");
	return key.len == UUID_LEN ? pack_end(&in) : err_set(err, CODE_CORRUPT, "held", "a held message without an id");
}

result held_get(struct store *store, const uint8_t *id, struct buf *hold, bool *ret_found, struct held *ret, struct err *err)
{
	TRY(store_row_get(store, STORE_HELD, bytes_of(id, UUID_LEN), hold, ret_found, err));
	return *ret_found ? read_row(bytes_of(id, UUID_LEN), buf_bytes(hold), ret, err) : OK;
}

result held_next(struct store *store, const uint8_t *after, struct buf *hold, bool *ret_found, struct held *ret, struct err *err)
{
	struct bytes key, value;
	TRY(store_row_next(store, STORE_HELD, BYTES_NONE, after ? bytes_of(after, UUID_LEN) : BYTES_NONE, hold, ret_found, &key, &value, err));
	return *ret_found ? read_row(key, value, ret, err) : OK;
}

void held_put_recipient(struct buf *out, const struct held_recipient *recipient)
{
	pack_put_array(out, 4);
	pack_put_str(out, recipient->party);
	pack_put_text(out, recipient->agreement);
	pack_put_int(out, recipient->withheld);
	pack_put_int(out, recipient->consent);
}

bool held_next_recipient(struct pack_in *in, struct held_recipient *ret)
{
	if (in->failed)
		return false;
	pack_array_of(in, "recipients", 4);
	struct bytes party = pack_text(in, "recipients", STORE_PARTY_MAX - 1);
	ret->agreement = pack_text(in, "recipients", SIZE_MAX);
	ret->withheld = pack_int(in, "recipients", 0, INT64_MAX);
	ret->consent = pack_int(in, "recipients", 0, INT64_MAX);
	snprintf(ret->party, sizeof(ret->party), "%.*s", (int)party.len, in->failed ? "" : (const char *)party.at);
	return !in->failed;
}

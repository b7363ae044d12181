#include "broker/route/turned_away.h"

#include "base/clock.h"
#include "schemas/party.h"

enum { TURNED_AWAY_ROWS = 64, TURNED_AWAY_ADDRESS = 64, TURNED_AWAY_REASON = 160, TURNED_AWAY_DETAIL = 1024, MINUTE_MS = 60000 };

struct row {
	struct bytes address, party, code, reason;
	int64_t count, since, until;
};

static bool read_row(struct pack_in *in, struct row *ret)
{
	struct err ignored;
	enum code code;
	pack_array_of(in, "", 7);
	ret->address = pack_text(in, "", TURNED_AWAY_ADDRESS);
	ret->party = pack_text(in, "", PARTY_MAX);
	ret->code = pack_text(in, "", ERR_FIELD_MAX);
	ret->reason = pack_text(in, "", TURNED_AWAY_REASON);
	ret->count = pack_int(in, "", 1, INT64_MAX);
	ret->since = pack_int(in, "", 0, INT64_MAX);
	ret->until = pack_int(in, "", 0, INT64_MAX);
	return !in->failed && code_from_text((const char *)ret->code.at, ret->code.len, &code) &&
	       (ret->party.len == 0 || !FAILED(party_check(ret->party, "party", &ignored)));
}

static void put_detail(const struct row *row, struct buf *out)
{
	pack_put_map(out, 6);
	pack_put_str(out, "address");
	pack_put_text(out, row->address);
	pack_put_str(out, "code");
	pack_put_text(out, row->code);
	pack_put_str(out, "reason");
	pack_put_text(out, row->reason);
	pack_put_str(out, "count");
	pack_put_int(out, row->count);
	pack_put_str(out, "since");
	pack_put_int(out, row->since);
	pack_put_str(out, "until");
	pack_put_int(out, row->until);
}

static result record(struct core *core, const struct row *row, struct err *err)
{
	struct buf detail;
	buf_init(&detail, TURNED_AWAY_DETAIL);
	put_detail(row, &detail);
	struct ledger_entry entry = {.at = clock_wall_ms(), .kind = LEDGER_LINK_REFUSED, .party = row->party, .detail = buf_bytes(&detail)};
	result r = core_record(core, &entry, NULL, err);
	buf_done(&detail);
	return r;
}

static bool has_room(struct core *core)
{
	int64_t minute = clock_mono_ms() / MINUTE_MS;
	if (minute != core->turned_away_minute) {
		core->turned_away_minute = minute;
		core->turned_away_count = 0;
	}
	return core->turned_away_count++ < TURNED_AWAY_MINUTE;
}

result turned_away_record(struct core *core, const struct job *job, struct err *err)
{
	struct row row;
	struct err why;
	struct pack_in in = pack_in_scanned(blob_bytes(job->frame), &why);
	size_t count = pack_array(&in, "");
	for (size_t i = 0; i < count && i < TURNED_AWAY_ROWS && read_row(&in, &row); i++) {
		if (!has_room(core)) {
			metric_add(core->unrecorded, row.count);
			continue;
		}
		TRY(record(core, &row, err));
	}
	return OK;
}

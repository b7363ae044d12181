#include "broker/gateway/refusals.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

enum { REFUSALS_SOON_MS = 1000, REFUSALS_PAUSE_MS = 60000, REFUSALS_ADDRESS_MAX = 64, REFUSALS_PARTY_MAX = 104, REFUSALS_REASON_MAX = 160,
       REFUSALS_BYTES = 32768 };

struct row {
	char address[REFUSALS_ADDRESS_MAX], party[REFUSALS_PARTY_MAX], reason[REFUSALS_REASON_MAX];
	enum code code;
	int64_t count, since, until;
};

struct refusals {
	struct loop_timer *timer;
	refusals_fn tell;
	void *ctx;
	struct row rows[REFUSALS_ROWS + 1]; /* the last is that of all others */
	size_t count;
	int64_t told_at; /* monotonic */
	bool is_armed;
};

static void on_timer(void *ctx)
{
	refusals_flush(ctx);
}

struct refusals *refusals_new(struct loop *loop, refusals_fn tell, void *ctx)
{
	struct refusals *refusals = mem_alloc(sizeof(*refusals));
	refusals->tell = tell;
	refusals->ctx = ctx;
	refusals->told_at = clock_mono_ms() - REFUSALS_PAUSE_MS;
	refusals->timer = loop_timer_new(loop, on_timer, refusals);
	return refusals;
}

void refusals_free(struct refusals *refusals)
{
	if (!refusals)
		return;
	loop_timer_free(refusals->timer);
	mem_free(refusals);
}

/* Without its port, which is another one each time. */
static void copy_address(const char *address, char into[static REFUSALS_ADDRESS_MAX])
{
	const char *colon = address ? strrchr(address, ':') : NULL;
	snprintf(into, REFUSALS_ADDRESS_MAX, "%.*s", colon ? (int)(colon - address) : 0, address ? address : "");
}

static struct row *row_of(struct refusals *refusals, const char *party, const char *address, enum code code)
{
	char host[REFUSALS_ADDRESS_MAX];
	copy_address(address, host);
	for (size_t i = 0; i < refusals->count; i++) {
		struct row *row = &refusals->rows[i];
		if (row->code == code && !strcmp(row->address, host) && !strcmp(row->party, party))
			return row;
	}
	if (refusals->count >= REFUSALS_ROWS) {
		refusals->count = REFUSALS_ROWS + 1;
		return &refusals->rows[REFUSALS_ROWS];
	}
	struct row *row = &refusals->rows[refusals->count++];
	memcpy(row->address, host, sizeof(row->address));
	snprintf(row->party, sizeof(row->party), "%s", party);
	return row;
}

static void arm(struct refusals *refusals)
{
	int64_t pause = refusals->told_at + REFUSALS_PAUSE_MS - clock_mono_ms();
	if (refusals->is_armed)
		return;
	refusals->is_armed = true;
	loop_timer_set(refusals->timer, pause > REFUSALS_SOON_MS ? pause : REFUSALS_SOON_MS, 0);
}

void refusals_note(struct refusals *refusals, const char *party, const char *address, const struct err *why)
{
	struct row *row = row_of(refusals, party ? party : "", address, why->code);
	row->until = clock_wall_ms();
	if (row->count++ == 0) {
		row->since = row->until;
		row->code = why->code;
		text_safe(bytes_text(why->reason), row->reason, sizeof(row->reason));
	}
	arm(refusals);
}

static void put_row(const struct row *row, struct buf *out)
{
	pack_put_array(out, 7);
	pack_put_str(out, row->address);
	pack_put_str(out, row->party);
	pack_put_str(out, code_text(row->code));
	pack_put_str(out, row->reason);
	pack_put_int(out, row->count);
	pack_put_int(out, row->since);
	pack_put_int(out, row->until);
}

void refusals_flush(struct refusals *refusals)
{
	struct buf packed;
	refusals->is_armed = false;
	if (refusals->count == 0)
		return;
	buf_init(&packed, REFUSALS_BYTES);
	pack_put_array(&packed, refusals->count);
	for (size_t i = 0; i < refusals->count; i++)
		put_row(&refusals->rows[i], &packed);
	refusals->tell(refusals->ctx, buf_bytes(&packed));
	buf_done(&packed);
	memset(refusals->rows, 0, sizeof(refusals->rows));
	refusals->count = 0;
	refusals->told_at = clock_mono_ms();
}

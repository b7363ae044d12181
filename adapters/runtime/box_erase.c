#include "adapters/runtime/box_sql.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "schemas/envelope.h"
#include "schemas/message.h"

/* Rows are found while a statement over their table is open, and changed after. */
struct doomed {
	int64_t seq;
	struct blob *main; /* what records were made of; NULL: none came along */
};

struct doom {
	box_fits_fn fits;
	void *ctx;
	struct doomed *rows;
	size_t count, cap;
};

static struct blob *main_of(struct bytes packed)
{
	struct part parts[MESSAGE_PARTS_MAX];
	struct err ignored;
	size_t count = 0;
	if (FAILED(part_decode_all(packed, parts, &count, &ignored)))
		return NULL;
	const struct part *main = part_find(parts, count, BYTES_LIT("main"));
	return main ? blob_new(main->bytes) : NULL;
}

static void consider(struct doom *doom, int64_t seq, struct bytes header, struct bytes parts)
{
	if (!doom->fits(doom->ctx, header))
		return;
	if (doom->count == doom->cap) {
		doom->cap = doom->cap ? 2 * doom->cap : 16;
		doom->rows = mem_grow(doom->rows, doom->cap, sizeof(*doom->rows));
	}
	doom->rows[doom->count++] = (struct doomed){.seq = seq, .main = main_of(parts)};
}

static void doom_done(struct doom *doom)
{
	for (size_t i = 0; i < doom->count; i++)
		blob_unref(doom->rows[i].main);
	mem_free(doom->rows);
}

static result find_out(struct box *box, struct doom *doom, struct err *err)
{
	sqlite3_stmt *s = box_statement(box, BOX_SQL_ERASE_EACH_OUT, err);
	int step = SQLITE_DONE;
	if (!s)
		return (result){err->code};
	while ((step = sqlite3_step(s)) == SQLITE_ROW)
		consider(doom, sqlite3_column_int64(s, 0), box_column(s, 1), box_column(s, 2));
	result r = step == SQLITE_DONE ? OK : box_failed(box, err);
	sqlite3_reset(s);
	return r;
}

static result find_in(struct box *box, struct doom *doom, struct err *err)
{
	sqlite3_stmt *s = box_statement(box, BOX_SQL_ERASE_EACH_IN, err);
	struct envelope envelope;
	struct err ignored;
	int step = SQLITE_DONE;
	if (!s)
		return (result){err->code};
	while ((step = sqlite3_step(s)) == SQLITE_ROW)
		if (!FAILED(envelope_decode(box_column(s, 1), &envelope, &ignored)))
			consider(doom, sqlite3_column_int64(s, 0), envelope.header, envelope.parts);
	result r = step == SQLITE_DONE ? OK : box_failed(box, err);
	sqlite3_reset(s);
	return r;
}

static result destroy_record(struct box *box, const struct doomed *row, struct err *err)
{
	if (!row->main)
		return OK;
	sqlite3_stmt *s = box_writer(box, BOX_SQL_ERASE_RECORD, err);
	if (!s)
		return (result){err->code};
	box_bind(s, 1, blob_bytes(row->main));
	return box_done(box, s, err);
}

static result destroy(struct box *box, enum box_sql which, const struct doomed *row, struct err *err)
{
	sqlite3_stmt *s = box_writer(box, which, err);
	if (!s)
		return (result){err->code};
	sqlite3_bind_int64(s, 1, row->seq);
	if (which == BOX_SQL_ERASE_IN)
		sqlite3_bind_int64(s, 2, clock_wall_ms());
	TRY(box_done(box, s, err));
	return destroy_record(box, row, err);
}

static result erase_from(struct box *box, enum box_sql which, const struct doom *found, int64_t *ret_erased, struct err *err)
{
	struct doom doom = *found;
	result r = which == BOX_SQL_ERASE_IN ? find_in(box, &doom, err) : find_out(box, &doom, err);
	for (size_t i = 0; i < doom.count && !FAILED(r); i++)
		r = destroy(box, which, &doom.rows[i], err);
	*ret_erased += (int64_t)doom.count;
	doom_done(&doom);
	return r;
}

result box_erase(struct box *box, box_fits_fn fits, void *ctx, int64_t *ret_erased, struct err *err)
{
	const struct doom doom = {.fits = fits, .ctx = ctx};
	*ret_erased = 0;
	TRY(erase_from(box, BOX_SQL_ERASE_OUT, &doom, ret_erased, err));
	TRY(erase_from(box, BOX_SQL_ERASE_IN, &doom, ret_erased, err));
	if (*ret_erased)
		box->must_scrub = true; /* what was overwritten must not stay in the log either */
	return OK;
}

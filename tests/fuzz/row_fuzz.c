/* Rows of the hub's store and of the adapter's box, read back: whatever a disk makes of them they are read, or said to be damaged. The first byte says which. */
#define EDIT_MUTATOR
#define EDIT_SKIP 1
#include "fuzz/edit.h"

#include "broker/consent/consent.h"
#include "broker/exchange/exchange_deadline_row.h"
#include "broker/ledger/ledger_inside.h"
#include "broker/record/record_row.h"
#include "certs/head_file.h"
#include "schemas/grant.h"

enum { ROW_KINDS = 9 };

static const uint8_t id[UUID_LEN] = {1, 2, 3, 4, 5, 6, 0x77, 8, 0x99};

static struct store *store(void)
{
	static struct store *opened;
	struct err err;
	if (!opened)
		fuzz_must(!FAILED(store_memory_open(&opened, &err)));
	return opened;
}

static void begin_with(enum store_space space, struct bytes key, struct bytes value)
{
	struct err err;
	fuzz_must(!FAILED(store_begin(store(), &err)) && !FAILED(store_row_put(store(), space, key, value, &err)));
}

static bool again_entry(struct bytes in, struct buf *out)
{
	struct ledger_entry entry;
	struct err err;
	if (FAILED(ledger_entry_decode(in, &entry, &err)))
		return false;
	fuzz_must((unsigned)entry.kind < LEDGER_KIND_COUNT && entry.number >= 0 && entry.party.len <= LEDGER_PARTY_MAX);
	return !FAILED(ledger_entry_encode(&entry, out, &err));
}

static bool again_frontier(struct bytes in, struct buf *out)
{
	struct merkle_frontier frontier;
	struct err err;
	if (FAILED(ledger_frontier_decode(in, &frontier, &err)))
		return false;
	ledger_frontier_encode(&frontier, out);
	return true;
}

static void check_record(struct bytes in)
{
	struct record_row_key key = {.len = 0};
	struct record *record = NULL;
	struct err err = {.code = CODE_OK};
	record_row_key_add(&key, BYTES_LIT("r"));
	record_row_key_number(&key, 1);
	begin_with(STORE_RECORDS, record_row_key_view(&key), in);
	if (FAILED(record_row_load(store(), 1, &record, &err)))
		fuzz_must(err.code == CODE_CORRUPT && err.reason[0] && !record);
	else
		fuzz_must(record->names_count <= RECORD_NAMES_MAX && record->persons_count <= RECORD_PERSONS_MAX && record->state.at);
	/* What was read is written, and read again. */
	if (record) {
		struct record *again = NULL;
		fuzz_must(!FAILED(record_row_save(store(), record, &err)) && !FAILED(record_row_load(store(), 1, &again, &err)));
		fuzz_must(bytes_equal(again->state, record->state) && again->names_count == record->names_count);
		record_row_free(again);
	}
	record_row_free(record);
	store_rollback(store());
}

static void check_deadline(struct bytes in)
{
	struct exchange_deadline deadline;
	struct exchange_key key = exchange_row_key('d');
	struct err err = {.code = CODE_OK};
	bool found = false;
	exchange_row_key_raw(&key, bytes_of(id, UUID_LEN));
	exchange_deadline_row_init(&deadline);
	begin_with(STORE_DEADLINES, exchange_row_key_bytes(&key), in);
	if (FAILED(exchange_deadline_row_load(store(), id, &deadline, &found, &err)))
		fuzz_must(err.code == CODE_CORRUPT && err.reason[0]);
	else
		fuzz_must(!found || deadline.ids_count <= EXCHANGE_IDS_MAX);
	exchange_deadline_row_done(&deadline);
	store_rollback(store());
}

static void take_row(void *ctx, struct bytes row)
{
	struct err err;
	++*(size_t *)ctx;
	fuzz_must(!FAILED(pack_scan(row, &err)));
}

/* For an operator: rows that read are listed, and one that does not is named. */
static void check_listed(struct bytes in, enum store_space space, char kind)
{
	struct exchange_key key = exchange_row_key(kind);
	struct buf next;
	struct err err = {.code = CODE_OK};
	size_t rows = 0;
	const struct exchange_listing listing = {.max = 8, .fn = take_row, .ctx = &rows, .next = &next};
	buf_init(&next, STORE_KEY_MAX);
	if (space == STORE_SUBSCRIPTIONS)
		exchange_row_key_text(&key, BYTES_LIT("S-1"));
	else
		exchange_row_key_raw(&key, bytes_of(id, UUID_LEN));
	begin_with(space, exchange_row_key_bytes(&key), in);
	result r = space == STORE_EXCHANGES       ? exchange_list(store(), false, &listing, &err)
	           : space == STORE_SUBSCRIPTIONS ? exchange_list_subscriptions(store(), &listing, &err)
	                                          : exchange_list_deadlines(store(), false, 1, &listing, &err);
	fuzz_must(!FAILED(r) || (err.code == CODE_CORRUPT && err.reason[0]));
	store_rollback(store());
	buf_done(&next);
}

static void check_consent(struct bytes in)
{
	struct consent consent;
	struct err err = {.code = CODE_OK};
	struct bytes named = BYTES_NONE;
	bool found = false;
	consent_init(&consent);
	begin_with(STORE_CONSENTS, BYTES_LIT("C-1"), in);
	if (FAILED(consent_load(store(), BYTES_LIT("C-1"), &consent, &err))) {
		fuzz_must(err.code == CODE_CORRUPT && err.reason[0]);
	} else {
		const struct consent_question question = {.consent = &consent, .discloser = "ct.a", .now = 1};
		fuzz_must((unsigned)consent_state_at(&consent, NULL, 1) < CONSENT_STATE_COUNT);
		fuzz_must((unsigned)consent_judge((void *)(uintptr_t)&question, "ct.b") < CONSENT_STATE_COUNT);
	}
	(void)FAILED(consent_next(store(), BYTES_NONE, &consent, &named, &found, &err));
	consent_done(&consent);
	store_rollback(store());
}

static void check_head_file(struct bytes in)
{
	struct head_file file;
	struct buf out, second;
	struct err err = {.code = CODE_OK};
	if (FAILED(head_file_read(in, &file, &err))) {
		fuzz_must(err.code != CODE_OK && err.reason[0]);
		return;
	}
	buf_init(&out, HEAD_FILE_MAX * 2);
	buf_init(&second, HEAD_FILE_MAX * 2);
	fuzz_must(!FAILED(head_file_put(file.head, file.chain, file.chain_count, &out, &err)));
	fuzz_must(!FAILED(head_file_read(buf_bytes(&out), &file, &err)));
	fuzz_must(!FAILED(head_file_put(file.head, file.chain, file.chain_count, &second, &err)));
	fuzz_must(bytes_equal(buf_bytes(&out), buf_bytes(&second)));
	buf_done(&out);
	buf_done(&second);
}

/* A grant is kept as it was signed: everything of it is asked of bytes that somebody else chose. */
static void check_grant(struct bytes in)
{
	struct bytes recipient;
	struct err err;
	size_t count = 0;
	if (FAILED(pack_scan(in, &err)))
		return;
	while (count < 100 && grant_recipient(in, count, &recipient))
		fuzz_must(++count && (recipient.len > GRANT_PARTY_MAX || grant_names_recipient(in, recipient)));
	fuzz_must(!grant_is_other_person(in, BYTES_NONE));
	fuzz_must(grant_revocable_from(in, NULL) >= 0 || grant_revoked_at(in) != 0 || !grant_ends_by_event(in));
	(void)grant_has_begun(in, NULL, 1);
	(void)grant_has_ended(in, NULL, 1);
	(void)grant_names_discloser(in, BYTES_LIT("ct.a"));
	(void)grant_id(in);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > STORE_VALUE_MAX)
		return 0;
	struct bytes in = bytes_of(data + 1, size - 1);
	switch (data[0] % ROW_KINDS) {
	case 0:
		fuzz_again(again_entry, in);
		break;
	case 1:
		fuzz_again(again_frontier, in);
		break;
	case 2:
		check_record(in);
		break;
	case 3:
		check_deadline(in);
		check_listed(in, STORE_DEADLINES, 'd');
		break;
	case 4:
		check_listed(in, STORE_EXCHANGES, 'x');
		break;
	case 5:
		check_listed(in, STORE_SUBSCRIPTIONS, 's');
		break;
	case 6:
		check_consent(in);
		break;
	case 7:
		check_head_file(in);
		break;
	default:
		check_grant(in);
	}
	return 0;
}

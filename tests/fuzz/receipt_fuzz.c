#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/receipt.h"

/* Not by fuzz_again: a time is written in full, so that the first encoding may be longer than what came. */
static void check_receipt(struct bytes in)
{
	struct receipt receipt, again;
	struct buf out, second;
	struct err err;
	if (FAILED(receipt_decode(in, &receipt, &err)))
		return;
	fuzz_must(receipt.received == (receipt.code == CODE_OK) && receipt.at > 0);
	buf_init(&out, FUZZ_OUT_MAX);
	buf_init(&second, FUZZ_OUT_MAX);
	receipt_encode(&receipt, &out);
	fuzz_must(!FAILED(receipt_decode(buf_bytes(&out), &again, &err)));
	fuzz_must(again.at == receipt.at && again.code == receipt.code);
	receipt_encode(&again, &second);
	fuzz_must(bytes_equal(buf_bytes(&out), buf_bytes(&second)));
	buf_done(&out);
	buf_done(&second);
}

static void check_notice(struct bytes in)
{
	struct notice notice, again;
	struct buf out, second;
	struct err err;
	if (FAILED(notice_decode(in, &notice, &err)))
		return;
	buf_init(&out, FUZZ_OUT_MAX);
	buf_init(&second, FUZZ_OUT_MAX);
	notice_encode(&notice, &out);
	fuzz_must(!FAILED(notice_decode(buf_bytes(&out), &again, &err)));
	fuzz_must(again.at == notice.at && again.event == notice.event);
	notice_encode(&again, &second);
	fuzz_must(bytes_equal(buf_bytes(&out), buf_bytes(&second)));
	buf_done(&out);
	buf_done(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_receipt(bytes_of(data, size));
	check_notice(bytes_of(data, size));
	return 0;
}

/* NCIC-style text, of an agency and of nobody in particular. Whatever it is, there are faults or drafts, never both; what fields say is
 * written, and read again the same. */
#include "adapters/ncic/ncic_read.h"
#include "adapters/ncic/ncic_write.h"
#include "base/clock.h"
#include "base/mem.h"
#include "fuzz/fuzz.h"
#include "schemas/plain.h"
#include "schemas/value.h"

#include <stdio.h>
#include <string.h>

enum { FUZZ_TEXT_MAX = 1 << 20, FUZZ_STEPS = 1 << 20 };

/* One record for every NIC, the agency's own or another's. */
static result each(void *ctx, const char *kind, const char *by, const char *value, bool (*fn)(void *, const struct kind_record *),
	               void *fn_ctx, struct err *err)
{
	struct kind_record record = {
	    .number = "PR-26-0017", .state = "active", .is_ours = *(bool *)ctx, .body = BYTES_LIT("\x80")};
	(void)kind;
	(void)by;
	(void)err;
	snprintf(record.nic, sizeof(record.nic), "%s", value);
	record.thread[6] = record.message[6] = 0x70;
	record.thread[8] = record.message[8] = 0x80;
	(void)fn(fn_ctx, &record);
	return OK;
}

/* The header's ORI, whatever it is, is the agency's. */
static void origin(struct bytes text, char into[static 10])
{
	const uint8_t *dot = text.len ? memchr(text.at, '.', text.len) : NULL;
	size_t left = dot ? text.len - (size_t)(dot + 1 - text.at) : 0;
	snprintf(into, 10, "%.*s", left < 9 ? (int)left : 9, dot ? (const char *)dot + 1 : "");
}

static bool read_draft(struct kind_host *host, struct bytes text, struct kind_reading *reading, struct draft *draft)
{
	static struct conf_pair pairs[] = {{(char *)(uintptr_t) "CT", (char *)(uintptr_t) "role:police", 1},
	                                   {(char *)(uintptr_t) "CT0009300", (char *)(uintptr_t) "ct.newhaven.police", 2}};
	struct conf_pairs directory = {pairs, 2};
	struct err err;
	kind_reading_init(reading);
	ncic_read(&directory, host, text, reading);
	fuzz_must((reading->drafts_count == 1) == (reading->faults_count == 0));
	if (reading->drafts_count == 0)
		return false;
	fuzz_must(!FAILED(pack_scan(buf_bytes(&reading->drafts[0].plain), &err)));
	fuzz_must(!FAILED(plain_read(buf_bytes(&reading->drafts[0].plain), draft, &err)));
	return true;
}

static void write_and_read_again(struct kind_host *host, const struct draft *draft)
{
	struct message message = {.type = draft->type, .from = BYTES_LIT("ct.doc"), .by = draft->by, .purpose = draft->purpose};
	struct kind_message passing = {.message = &message, .main = draft->parts[0].bytes, .tag = ""};
	struct kind_reading reading;
	struct draft *again = mem_alloc(sizeof(*again));
	struct buf text;
	struct err err;
	bool wrote = false;
	size_t steps = FUZZ_STEPS;
	buf_init(&text, FUZZ_TEXT_MAX);
	fuzz_must(!FAILED(ncic_write(host, &passing, &text, &wrote, &err)));
	bool is_words = bytes_is(draft->type, "admin.message/1");
	fuzz_must(wrote || is_words);
	if (!is_words) {
		fuzz_must(read_draft(host, buf_bytes(&text), &reading, again));
		fuzz_must(bytes_equal(draft->type, again->type));
		fuzz_must(value_equal(draft->parts[0].bytes, again->parts[0].bytes, &steps) || steps == 0);
		kind_reading_done(&reading);
		draft_done(again);
	}
	buf_done(&text);
	mem_free(again);
}

static void judge(struct kind_host *host, struct bytes text)
{
	static struct draft draft;
	struct kind_reading reading;
	if (read_draft(host, text, &reading, &draft)) {
		if (!bytes_starts(text, "1L01"))
			write_and_read_again(host, &draft);
		draft_done(&draft);
	}
	kind_reading_done(&reading);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char ori[10];
	bool is_ours = size && data[0] != 'L';
	struct kind_host host = {.ctx = &is_ours,
	                         .party = "ct.hartford.police",
	                         .ori = ori,
	                         .agency = "HARTFORD POLICE",
	                         .answers = true,
	                         .each = each};
	struct kind_host nobody = {.party = "", .ori = "", .agency = ""};
	clock_freeze(INT64_C(1780315200000));
	origin(bytes_of(data, size), ori);
	judge(&host, bytes_of(data, size));
	judge(&nobody, bytes_of(data, size));
	return 0;
}

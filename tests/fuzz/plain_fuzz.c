#define EDIT_MUTATOR
#include "fuzz/edit.h"
#include "fuzz/fuzz.h"
#include "schemas/json.h"
#include "schemas/plain.h"

#include <string.h>

static const uint8_t bytes_32[32] = {1, 2, 3, 4, 5, 6, 0x77, 8, 0x99};

static struct message message_of(const struct draft *draft)
{
	struct message message = {
		.id = draft->has_id ? draft->id.at : bytes_32,
		.type = draft->type,
		.from = BYTES_LIT("ct.doc"),
		.to_count = draft->to_count,
		.issued = draft->issued ? draft->issued : 1,
		.expires = draft->expires,
		.due = draft->due,
		.priority = draft->priority < 0 ? 5 : draft->priority,
		.thread = draft->has_thread ? draft->thread.at : NULL,
		.re = draft->has_re ? draft->re.at : NULL,
		.subject = draft->subject,
		.by = draft->by,
		.purpose = draft->purpose,
		.consent = draft->consent,
		.parts_count = draft->parts_count,
	};
	memcpy(message.to, draft->to, sizeof(message.to));
	for (size_t i = 0; i < draft->parts_count; i++) {
		struct bytes cls = draft->parts[i].cls.len ? draft->parts[i].cls : BYTES_LIT("CJ");
		message.parts[i] = (struct message_part){draft->parts[i].name, cls, bytes_32};
	}
	return message;
}

/* Every part stands in what is said exactly as the draft had it. */
static void check_parts(const struct draft *draft, struct bytes plain)
{
	struct bytes value, parts;
	for (size_t i = 0; i < draft->parts_count; i++) {
		const struct draft_part *part = &draft->parts[i];
		char name[MESSAGE_NAME_MAX + 1] = {0};
		memcpy(name, part->name.at, part->name.len);
		if (i == 0)
			fuzz_must(pack_find(plain, "body", &value));
		else if (bytes_is(part->name, "approvals"))
			fuzz_must(pack_find(plain, "approvals", &value));
		else
			fuzz_must(pack_find(plain, "parts", &parts) && pack_find(parts, name, &value));
		fuzz_must(bytes_equal(value, part->bytes));
	}
}

static void check_draft(const struct draft *draft)
{
	struct buf header, plain;
	struct part parts[MESSAGE_PARTS_MAX];
	struct message message = message_of(draft);
	struct message decoded;
	struct err err;
	fuzz_must(draft->parts_count > 0 && bytes_is(draft->parts[0].name, "main"));
	for (size_t i = 0; i < draft->parts_count; i++)
		parts[i] = (struct part){draft->parts[i].name, bytes_32, draft->parts[i].bytes};
	buf_init(&header, FUZZ_OUT_MAX);
	buf_init(&plain, FUZZ_OUT_MAX);
	/* A recipient named twice or too large a whole is only seen here. */
	if (!FAILED(message_encode(&message, &header, &err))) {
		fuzz_must(!FAILED(message_decode(buf_bytes(&header), &decoded, &err)));
		plain_write(&decoded, parts, draft->parts_count, bytes_32, &plain);
		fuzz_must(!FAILED(pack_scan(buf_bytes(&plain), &err)));
		check_parts(draft, buf_bytes(&plain));
		fuzz_must(!pack_find(buf_bytes(&plain), "withheld", &(struct bytes){NULL, 0}));
	}
	buf_done(&header);
	buf_done(&plain);
}

static void check(struct bytes packed)
{
	static struct draft draft;
	struct err err;
	if (!FAILED(plain_read(packed, &draft, &err)))
		check_draft(&draft);
	draft_done(&draft);
}

/* The input is a packed draft, or the JSON of one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf packed;
	struct err err;
	check(bytes_of(data, size));
	buf_init(&packed, FUZZ_OUT_MAX);
	if (!FAILED(json_to_pack(bytes_of(data, size), &packed, &err)))
		check(buf_bytes(&packed));
	buf_done(&packed);
	return 0;
}

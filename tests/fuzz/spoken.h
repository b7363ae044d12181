/* Messages that are made of what a fuzzer says in the plain form, with the hashes that fit, so that what it says gets past the proof to whatever judges the
 * content. A message may be edited before it is hashed, before it is signed, or after. */
#ifndef TESTS_FUZZ_SPOKEN_H
#define TESTS_FUZZ_SPOKEN_H

#include "certs/hash.h"
#include "fuzz/edit.h"
#include "schemas/catalogue.h"
#include "schemas/plain.h"

enum spoken_how { SPOKEN_EDIT_HEADER = 1, SPOKEN_EDIT_PARTS = 2, SPOKEN_EDIT_AFTER = 4, SPOKEN_HOWS = 8, SPOKEN_EDITS_MAX = 4 };

/* What a fuzzer says: packed {how, edits, say: [plain…]}. Views. */
struct spoken {
	int64_t how;
	struct bytes edits, say;
};

static inline bool spoken_read(struct bytes packed, struct spoken *ret)
{
	struct bytes value;
	struct err ignored;
	*ret = (struct spoken){.how = 0};
	if (FAILED(pack_scan(packed, &ignored)) || !pack_find(packed, "say", &ret->say))
		return false;
	if (pack_find(packed, "how", &value) && pack_as_int(value, &ret->how))
		ret->how = (int64_t)((uint64_t)ret->how % SPOKEN_HOWS);
	if (pack_find(packed, "edits", &value)) {
		struct pack_in in = pack_in(value, &ignored);
		ret->edits = pack_bin(&in, "", 64);
	}
	return true;
}

static inline struct bytes spoken_class(const struct catalogue_type *type, const struct draft_part *part)
{
	for (size_t i = 0; !part->cls.len && type && i < type->parts_count; i++)
		if (bytes_is(part->name, type->parts[i].name))
			return bytes_text(type->parts[i].cls);
	return part->cls.len ? part->cls : BYTES_LIT("CJ");
}

static inline void spoken_header(const struct draft *draft, const char *from, int64_t now, struct message *message)
{
	static const uint8_t id[UUID_LEN] = {1, 2, 3, 4, 5, 6, 0x77, 8, 0x99};
	message->id = draft->has_id ? draft->id.at : id;
	message->type = draft->type;
	message->from = bytes_text(from);
	memcpy(message->to, draft->to, sizeof(message->to));
	message->to_count = draft->to_count;
	message->issued = draft->issued ? draft->issued : now;
	message->expires = draft->expires;
	message->due = draft->due;
	message->priority = draft->priority < 0 ? 5 : draft->priority;
	message->thread = draft->has_thread ? draft->thread.at : NULL;
	message->re = draft->has_re ? draft->re.at : NULL;
	message->subject = draft->subject;
	message->by = draft->by;
	message->purpose = draft->purpose;
	message->consent = draft->consent;
}

static inline bool spoken_bind(const struct catalogue *catalogue, const struct draft *draft, const char *from, int64_t now, struct buf *header,
                               struct buf *parts)
{
	static const uint8_t salt[MESSAGE_SALT_LEN];
	const struct catalogue_type *type = catalogue_find(catalogue, draft->type);
	struct message message = {.parts_count = draft->parts_count};
	struct part bound[MESSAGE_PARTS_MAX];
	struct hash hashes[MESSAGE_PARTS_MAX];
	struct err ignored;
	spoken_header(draft, from, now, &message);
	for (size_t i = 0; i < draft->parts_count; i++) {
		hashes[i] = hash_of_two(bytes_of(salt, MESSAGE_SALT_LEN), draft->parts[i].bytes);
		bound[i] = (struct part){draft->parts[i].name, salt, draft->parts[i].bytes};
		message.parts[i] = (struct message_part){draft->parts[i].name, spoken_class(type, &draft->parts[i]), hashes[i].at};
	}
	part_encode_all(bound, draft->parts_count, parts);
	return !FAILED(message_encode(&message, header, &ignored));
}

/* False when it cannot be said at all. Both bufs are initialised, and the caller's to end. */
static inline bool spoken_make(const struct catalogue *catalogue, const struct spoken *spoken, struct bytes plain, const char *from, int64_t now,
                               struct buf *header, struct buf *parts)
{
	static struct draft draft;
	struct err ignored;
	struct buf said;
	buf_init(header, FUZZ_OUT_MAX);
	buf_init(parts, FUZZ_OUT_MAX);
	buf_init(&said, FUZZ_OUT_MAX);
	buf_add(&said, plain);
	bool done = !FAILED(plain_read(buf_bytes(&said), &draft, &ignored)) && spoken_bind(catalogue, &draft, from, now, header, parts);
	if (done && (spoken->how & SPOKEN_EDIT_HEADER))
		edit_play(header, spoken->edits, SPOKEN_EDITS_MAX);
	if (done && (spoken->how & SPOKEN_EDIT_PARTS))
		edit_play(parts, spoken->edits, SPOKEN_EDITS_MAX);
	draft_done(&draft);
	buf_done(&said);
	return done;
}

#endif

#include <string.h>

#include "atrest/atrest_inside.h"
#include "certs/hash.h"

enum {
	FRAME_LOGICAL = ATREST_FRAME_HEADER + ATREST_PAGE,
	FRAME_PHYSICAL = FRAME_LOGICAL + 2 * VAULT_TRAILER_LEN,
	FRAMES_FROM = ATREST_HEAD + ATREST_WAL_HEADER + VAULT_TRAILER_LEN
};

static const uint8_t mark[16] = "liaison sealed\x01";

static struct atrest_segment block_at(int64_t logical)
{
	int64_t block = logical / ATREST_PAGE;

	return (struct atrest_segment){(uint64_t)block, block * ATREST_PAGE, ATREST_HEAD + block * ATREST_SEGMENT_MAX, ATREST_PAGE};
}

static struct atrest_segment piece_at(int64_t logical)
{
	if (logical < ATREST_WAL_HEADER)
		return (struct atrest_segment){0, 0, ATREST_HEAD, ATREST_WAL_HEADER};
	int64_t frame = (logical - ATREST_WAL_HEADER) / FRAME_LOGICAL, from = ATREST_WAL_HEADER + frame * FRAME_LOGICAL;
	int64_t physical = FRAMES_FROM + frame * FRAME_PHYSICAL;
	if (logical - from < ATREST_FRAME_HEADER)
		return (struct atrest_segment){1 + 2 * (uint64_t)frame, from, physical, ATREST_FRAME_HEADER};
	return (struct atrest_segment){2 + 2 * (uint64_t)frame, from + ATREST_FRAME_HEADER, physical + ATREST_FRAME_HEADER + VAULT_TRAILER_LEN, ATREST_PAGE};
}

struct atrest_segment atrest_segment_at(enum atrest_kind kind, int64_t logical)
{
	return kind == ATREST_LOG ? piece_at(logical) : block_at(logical);
}

int64_t atrest_logical_size(enum atrest_kind kind, int64_t physical)
{
	if (kind == ATREST_BLOCKS) {
		/* What is left of a block that was cut is no page, and must not pass for none either. */
		int64_t within = physical <= ATREST_HEAD ? 0 : physical - ATREST_HEAD, rest = within % ATREST_SEGMENT_MAX;
		return within / ATREST_SEGMENT_MAX * ATREST_PAGE + (rest < ATREST_PAGE ? rest : ATREST_PAGE - 1);
	}
	if (physical < FRAMES_FROM)
		return 0;
	int64_t rest = (physical - FRAMES_FROM) % FRAME_PHYSICAL;
	return ATREST_WAL_HEADER + (physical - FRAMES_FROM) / FRAME_PHYSICAL * FRAME_LOGICAL +
	       (rest >= ATREST_FRAME_HEADER + VAULT_TRAILER_LEN ? ATREST_FRAME_HEADER : 0);
}

void atrest_head_write(const struct atrest_head *head, uint8_t into[static ATREST_HEAD])
{
	memset(into, 0, ATREST_HEAD);
	memcpy(into, mark, sizeof(mark));
	into[sizeof(mark)] = (uint8_t)head->kind;
	memcpy(into + sizeof(mark) + 1, head->id, ATREST_FILE_ID);
}

bool atrest_head_read(const uint8_t from[static ATREST_HEAD], struct atrest_head *ret)
{
	if (memcmp(from, mark, sizeof(mark)) != 0)
		return false;
	ret->kind = (enum atrest_kind)from[sizeof(mark)];
	memcpy(ret->id, from + sizeof(mark) + 1, ATREST_FILE_ID);
	return ret->kind == ATREST_BLOCKS || ret->kind == ATREST_LOG;
}

void atrest_head_new(enum atrest_kind kind, struct atrest_head *ret)
{
	ret->kind = kind;
	hash_random(ret->id, sizeof(ret->id));
}

bool atrest_is_plain(struct bytes first)
{
	return bytes_starts(first, "SQLite format 3") || bytes_starts(first, "\x37\x7f\x06\x82") || bytes_starts(first, "\x37\x7f\x06\x83");
}

struct bytes atrest_about(const struct atrest_head *head, uint64_t number, uint8_t into[static ATREST_ABOUT])
{
	memcpy(into, head->id, ATREST_FILE_ID);
	into[ATREST_FILE_ID] = (uint8_t)head->kind;
	for (int i = ATREST_ABOUT - 1; i > ATREST_FILE_ID; i--, number >>= 8)
		into[i] = (uint8_t)(number & 0xff);
	return bytes_of(into, ATREST_ABOUT);
}
